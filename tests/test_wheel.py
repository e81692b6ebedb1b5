"""The package as a user installs it: built, put into an empty environment, run from another folder.

Nothing comes from the network. The build uses the hatchling that is installed here (`--no-isolation`), and the new
environment reads its dependencies from this one's site-packages through a `.pth` file; the package itself can come only
from the wheel, because this project is installed here by a `.pth` of its own, and the `.pth` of a `.pth` is not read.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import rules_engine
from rules_engine.starting import KINDS

ROOT = Path(__file__).resolve().parent.parent
WANTED = (
    "rules_engine/parsing/table.json",
    "rules_engine/parsing/rules.lark",
    "rules_engine/py.typed",
    "rules_engine/pages/page.css",
    *(
        f"rules_engine/starting/templates/{kind}/{name}"
        for kind in KINDS
        for name in ("programme.rules", "event.json", "member.json")
    ),
    *(f"rules_engine/starting/templates/common/{name}" for name in ("README.md", "rules.yml", "gitignore")),
    "rules_engine/vocabulary/shop.rules",
    "rules_engine/vocabulary/hotel.rules",
    "rules_engine/vocabulary/airline.rules",
    "rules_engine/vocabulary/card.rules",
    "rules_engine/vocabulary/telecom.rules",
)
LEFT_OUT = (".mypy_cache", "__pycache__", "tests/", ".venv", "benchmarks/")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel that is built from it."""
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `rules` command of an environment that has only the wheel."""
    home = tmp_path_factory.mktemp("env")
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    (wheel,) = built.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install"]
    done = subprocess.run(
        [*pip, "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check", str(wheel)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin" / "rules"


def test_the_wheel_has_what_runs_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert not [each for each in WANTED if each not in names]
    assert not [name for name in names if any(part in name for part in LEFT_OUT)]
    assert len(names) == len(set(names)), "a file is in it twice"


def test_the_sdist_has_what_builds(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.split("/", 1)[1] for name in opened.getnames() if "/" in name}
    assert {"grammar/rules.lark", "README.md", "CHANGELOG.md", "pyproject.toml"} <= names
    assert not [name for name in names if any(part in name for part in LEFT_OUT)]


def test_it_runs_from_another_folder(installed: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "status_match", tmp_path / "programme")
    (tmp_path / "small.rules").write_text(
        'language 1\nuse shop\nprogram "Small" { currency GBP, rounded half up   timezone "Europe/London" }\n'
    )
    assert "no mistakes found" in _run(installed, tmp_path, "check", "programme", "small.rules")
    assert "passed" in _run(installed, tmp_path, "test", "programme")
    assert "event purchase" in _run(installed, tmp_path, "vocabulary", "shop")
    assert _run(installed, tmp_path, "--version").strip() == rules_engine.__version__


def test_it_is_the_installed_package_that_runs(installed: Path, tmp_path: Path) -> None:
    code = "import rules_engine; print(rules_engine.__file__)"
    shown = subprocess.run(
        [installed.parent / "python", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert shown.startswith(str(installed.parent.parent))


def test_pygments_finds_the_lexer_of_the_installed_package(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "small.rules").write_text("use shop\n")
    command = [str(installed.parent / "python"), "-m", "pygments", "-f", "html", "small.rules"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert '<span class="kd">use</span>' in shown


def _run(rules: Path, folder: Path, *args: str) -> str:
    done = subprocess.run([rules, *args], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
