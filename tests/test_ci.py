"""Hooks and pipelines: their files fit their schemas, and what they run is run, in a project with a history in git."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from check_jsonschema.cli import main as check_jsonschema
from click.testing import CliRunner
from ruamel.yaml import YAML

from rules_engine import Source
from rules_engine.cli import rules
from rules_engine.formatting import format_source
from rules_engine.parsing import parse

ROOT = Path(__file__).resolve().parent.parent
CI = ROOT / "examples" / "ci"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
RULES = """language 1

program "Kiosk" {
  currency GBP, rounded half up
}

unit star, stars {
  rounded down
  lasts for 24 months
}

event visit dated by came_on of customer identified by number {
  number: text
  customer: member
  came_on: date
  pieces: count up to 1_000
}

earn "Stars" {
  on        visit
  give      10 stars per 1 of pieces
  at most   5_000 stars per member per calendar year
}

test "ten stars a piece" {
  when  visit { customer: "a"  came_on: 2027-03-02  pieces: 3 }
  then  "Stars" 30 stars and nothing else
}

test "no more than the limit" {
  when  visit { customer: "a"  came_on: 2027-03-02  pieces: 900 }
  then  "Stars" 5_000 stars and nothing else
}
"""


def env(**more: str) -> dict[str, str]:
    """Where the command of this environment is found, and nobody's settings of git are."""
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "NO_COLOR": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **{f"GIT_{who}_{what}": "ci@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        **more,
    }


pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not there")


def yaml(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text())


def shell(script: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A script as a runner runs it; what would install the package says its version instead."""
    script = re.sub(r"^pip install rules-engine$", "rules --version", script, flags=re.MULTILINE)
    assert "pip" not in script
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=cwd,
        env=env(**more),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def git(cwd: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=cwd, env=env(), capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A program with its history: a commit on the main branch, one behind it on a branch that gives a little more."""
    folder = tmp_path / "project"
    (folder / "programme").mkdir(parents=True)
    (folder / "history").mkdir()
    source = Source("kiosk.rules", RULES)
    (folder / "programme" / "kiosk.rules").write_text(format_source(source, parse(source)))
    rows = [
        {"event": "visit", "number": str(n), "customer": f"c{n % 7}", "came_on": "2027-01-05", "pieces": n}
        for n in range(50)
    ]
    (folder / "history" / "events.ndjson").write_text("\n".join(map(json.dumps, rows)) + "\n")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "the program")
    git(folder, "checkout", "--quiet", "-b", "more")
    return folder


def change(project: Path, old: str, new: str) -> None:
    path = project / "programme" / "kiosk.rules"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    git(project, "commit", "--quiet", "-a", "-m", "a change")


# ---- schemas ----


@pytest.mark.parametrize(("name", "schema"), [("github", "vendor.github-workflows"), ("gitlab", "vendor.gitlab-ci")])
def test_pipelines_fit_their_schemas(name: str, schema: str, tmp_path: Path) -> None:
    def checked(path: Path) -> int:
        return CliRunner().invoke(check_jsonschema, ["--builtin-schema", schema, str(path)]).exit_code

    assert checked(CI / f"{name}.yml") == 0
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((CI / f"{name}.yml").read_text().replace("runs-on:", "run-on:").replace("script:", "scripts:"))
    assert checked(wrong) == 1


def test_what_a_pipeline_installs_is_enough() -> None:
    """None of these rooms needs more than the package alone brings, NumPy above all."""
    code = (
        "import importlib.util as util; found = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'numpy' else found(name, *more)\n"
        "import rules_engine.feeds, rules_engine.workbench, rules_engine.linting, rules_engine.comparing, sys\n"
        "assert 'numpy' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ---- GitHub ----


def steps() -> dict[str, dict[str, Any]]:
    """The steps that run something, by name."""
    return {each["name"]: each for each in yaml(CI / "github.yml")["jobs"]["rules"]["steps"] if "run" in each}


def compared(project: Path, tmp_path: Path) -> tuple[int, str]:
    """How the step that compares ends, and what it writes on the page of the run."""
    step, summary = steps()["Compare"], tmp_path / "summary.md"
    assert step["env"] == {"BASE": "${{ github.event.pull_request.base.sha }}"}
    done = shell(step["run"], project, BASE=git(project, "rev-parse", "main"), GITHUB_STEP_SUMMARY=str(summary))
    return done.returncode, summary.read_text()


def test_the_steps_for_github(project: Path, tmp_path: Path) -> None:
    change(project, "5_000 stars per member", "5_100 stars per member")
    for name, step in steps().items():
        if name != "Compare":
            done = shell(step["run"], project)
            assert done.returncode == (name == "Test"), f"{name}: {done.stdout}{done.stderr}"
    log = json.loads((project / "rules.sarif").read_text())
    assert log["version"] == "2.1.0"
    report = ET.parse(project / "rules-tests.xml").getroot()
    assert [len(report.findall(f".//{what}")) for what in ("testcase", "failure")] == [2, 1]
    code, summary = compared(project, tmp_path)
    assert code == 0
    assert "`5_000 stars" not in summary
    assert "at most 5_000 stars per member per calendar year` → `at most 5_100" in summary
    assert "50 read = 50 scored + 0 rejected" in summary


def test_a_mistake_stands_beside_its_line(project: Path) -> None:
    change(project, "10 stars", "10 stasr")
    done = shell(steps()["Check"]["run"], project)
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=programme/kiosk.rules,line=21,")


# ---- GitLab ----


def test_the_steps_for_gitlab(project: Path) -> None:
    """What checks, lints and tests is to the letter what was run above; what compares is run here."""
    file = yaml(CI / "gitlab.yml")
    jobs = {name: job for name, job in file.items() if isinstance(job, dict) and "script" in job}
    run = {
        line.removesuffix(" --format github")
        for name, step in steps().items()
        for line in step["run"].splitlines()
        if name != "Compare"
    }
    assert run == {
        *file["default"]["before_script"],
        *(line for name in ("check", "lint", "test") for line in jobs[name]["script"]),
    }
    assert set(jobs) == {"check", "lint", "test", "compare"}
    base = git(project, "rev-parse", "main")
    change(project, "10 stars", "12 stars")
    job = jobs["compare"]
    assert shell("\n".join(job["script"]), project, CI_MERGE_REQUEST_DIFF_BASE_SHA=base).returncode == 1
    assert "**beyond the limit**: more than `10%` changed" in shell("\n".join(job["after_script"]), project).stdout
    assert all((project / path).is_file() for path in job["artifacts"]["paths"])


# ---- pre-commit ----


def hooks() -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in yaml(HOOKS)}


def test_the_hooks_are_those_that_are_told_of() -> None:
    assert list(hooks()) == ["rules-fmt", "rules-check", "rules-lint", "rules-test"]
    known = {"id", "name", "description", "entry", "language", "files", "args", "pass_filenames", "require_serial"}
    for each in hooks().values():
        assert set(each) <= known
        assert each["language"] == "python"
        assert re.search(each["files"], "programme/a.rules")
        assert not re.search(each["files"], "a.rules.md")


def hooked(hook: dict[str, Any], project: Path, args: list[str] | None = None) -> int:
    """Run a hook as pre-commit does: its entry, its arguments, the files that match."""
    files = [name for name in git(project, "ls-files").split("\n") if re.search(hook["files"], name)]
    entry: list[str] = hook["entry"].split()
    words = [*entry[1:], *(hook.get("args", []) if args is None else args)]
    words += files if hook.get("pass_filenames", True) else []
    assert entry[0] == "rules"
    with chdir(project):
        return CliRunner().invoke(rules, words).exit_code


def test_each_hook_lets_a_sound_program_pass_and_stops_another(project: Path) -> None:
    ends = {
        name: hooked(hook, project, None if name == "rules-fmt" else ["programme/"]) for name, hook in hooks().items()
    }
    assert ends == {"rules-fmt": 0, "rules-check": 0, "rules-lint": 0, "rules-test": 0}
    change(project, "10 stars", "11 stars")
    assert hooked(hooks()["rules-test"], project, ["programme/"]) == 1
    change(project, "11 stars", "11 stasr")
    assert hooked(hooks()["rules-check"], project / "programme") == 1, "without arguments, the folder at hand"


@pytest.mark.long
@pytest.mark.skipif(shutil.which("pre-commit", path=env()["PATH"]) is None, reason="pre-commit is not installed")
def test_pre_commit_takes_the_hooks(project: Path, tmp_path: Path) -> None:
    """The real thing, out of a copy of this repository, with an environment of its own."""
    taken = tmp_path / "taken"
    shutil.copytree(
        ROOT, taken, ignore=shutil.ignore_patterns(".*cache*", ".venv", ".git", "__pycache__", "tests", "benchmarks")
    )
    git(taken, "init", "--quiet")
    git(taken, "add", ".")
    git(taken, "commit", "--quiet", "-m", "a copy")
    (project / "kiosk.rules").write_text((project / "programme" / "kiosk.rules").read_text())
    git(project, "add", ".")
    for name in hooks():
        done = subprocess.run(
            ["pre-commit", "try-repo", str(taken), name, "--all-files"],
            cwd=project,
            env=env(PRE_COMMIT_HOME=str(tmp_path / "home")),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Passed" in done.stdout
