"""`rules new`: every kind of project passes what its own CI file runs; nothing is overwritten."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from check_jsonschema.cli import main as check_jsonschema
from click.testing import CliRunner

import rules_engine
from rules_engine.cli import rules
from rules_engine.formatting import format_source
from rules_engine.parsing import parse
from rules_engine.source import Source
from rules_engine.starting import KINDS, CannotStart, folder_for, start

TITLE = "Birch & Finch's"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A project of each kind."""
    places = {kind: tmp_path_factory.mktemp("new") / kind for kind in KINDS}
    for kind, place in places.items():
        start(kind, TITLE, place)
    return places


def steps(place: Path) -> list[list[str]]:
    """What the CI file runs of this project's own commands."""
    lines = re.findall(r"^ +- run: (.+)$", (place / ".github/workflows/rules.yml").read_text(), re.M)
    return [shlex.split(line) for line in lines if line.startswith("rules ")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_project_passes_its_own_ci(kind: str, made: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made[kind])
    asked = steps(made[kind])
    assert [each[1] for each in asked] == ["check", "fmt", "lint", "test"]
    for words in asked:
        done = CliRunner().invoke(rules, words[1:])
        assert done.exit_code == 0, f"{words}: {done.output}"
        if words[1] in ("check", "lint"):
            assert "::" not in done.output, f"{words} says something: {done.output}"


def test_its_workflow_fits_the_schema(made: dict[str, Path]) -> None:
    workflow = str(made["empty"] / ".github/workflows/rules.yml")
    done = CliRunner().invoke(check_jsonschema, ["--builtin-schema", "vendor.github-workflows", workflow])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("kind", KINDS)
def test_what_its_readme_names_runs(kind: str, made: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made[kind])
    lines = [line for line in (made[kind] / "README.md").read_text().splitlines() if line.startswith("rules ")]
    assert len(lines) == 6
    for line in lines:
        done = CliRunner().invoke(rules, shlex.split(line, comments=True)[1:])
        assert done.exit_code == 0, f"{line}: {done.output}"


@pytest.mark.parametrize("kind", KINDS)
def test_its_event_is_scored(kind: str, made: dict[str, Path]) -> None:
    program = rules_engine.load(made[kind])
    facts, event = (orjson.loads((made[kind] / name).read_bytes()) for name in ("member.json", "event.json"))
    outcome = program.score(event, facts)
    assert outcome.awards, "the example event gives something"


@pytest.mark.parametrize("kind", KINDS)
def test_the_title_is_the_programmes(kind: str, made: dict[str, Path]) -> None:
    source = Source.read(made[kind] / "programme.rules")
    assert f'program "{TITLE}"' in source.text
    assert format_source(source, parse(source)) == source.text
    assert (made[kind] / "README.md").read_text().startswith(f"# {TITLE}\n")
    assert not any("New programme" in each.read_text() for each in made[kind].rglob("*") if each.is_file())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("kept")
    with pytest.raises(CannotStart, match="is not empty"):
        start("empty", "Kiosk", tmp_path / "mine")
    assert [each.name for each in (tmp_path / "mine").iterdir()] == ["notes.txt"]
    (tmp_path / "file").write_text("kept")
    with pytest.raises(CannotStart, match="is a file"):
        start("empty", "Kiosk", tmp_path / "file")
    (tmp_path / "bare").mkdir()
    assert start("empty", "Kiosk", tmp_path / "bare"), "an empty folder is fine"


@pytest.mark.parametrize("title", ["", "   ", 'a "b"', "a\\b", "a\nb", "<b>", "x" * 81, "`x`"])
def test_titles_that_cannot_stand_in_a_rule_file(title: str, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="a title has"):
        start("empty", title, tmp_path / "kiosk")
    assert not (tmp_path / "kiosk").exists()


@pytest.mark.parametrize("title", ["/srv/kiosk", "../kiosk", "./kiosk", "~/kiosk", "C:kiosk"])
def test_a_folder_is_no_title(title: str, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="looks like a folder"):
        start("empty", title, tmp_path / "kiosk")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("title", "folder"), [("Birch & Finch", "birch-finch"), ("Café 7", "caf-7"), ("../..", "programme")]
)
def test_folders_are_named_like_the_programme(title: str, folder: str) -> None:
    assert folder_for(title) == folder


def test_as_a_person_runs_it(tmp_path: Path) -> None:
    """Real processes: made, tested, made again and refused."""

    def run(*words: str, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        code = "import sys; sys.argv[0] = 'rules'; from rules_engine.cli import main; main()"
        return subprocess.run(
            [sys.executable, "-c", code, *words], cwd=cwd, capture_output=True, text=True, check=False
        )

    done = run("new", "shop", "Corner Shop")
    assert done.returncode == 0, done.stderr
    assert "made corner-shop/programme.rules" in done.stdout
    tested = run("test", ".", cwd=tmp_path / "corner-shop")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    again = run("new", "shop", "Corner Shop")
    assert again.returncode == 2
    assert again.stderr == "error: the folder `corner-shop` is not empty; name another with `--dir`\n"
