"""The corpus of mistakes: programs that are wrong, each with its findings on the offending lines.

A line of `corpus/errors/*.rules` that is wrong ends in `# ! CODE message`; a second finding on the same line follows as
another `# ! CODE message`. `pytest --update-golden` writes what the checker says now; review the difference.
`corpus/rendered/*.txt` hold some findings as a terminal shows them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from rules_engine.checking import Checked, check
from rules_engine.codes import CODES
from rules_engine.diagnostics import render
from rules_engine.folders import Folder
from rules_engine.source import Source

HERE = Path(__file__).parent
ERRORS = HERE / "corpus" / "errors"
RENDERED = HERE / "corpus" / "rendered"
MARK = re.compile(r"[ \t]*# ! .*$", re.MULTILINE)
CASES = sorted(ERRORS.glob("*.rules"))
SHOWN = sorted(each.stem for each in RENDERED.glob("*.txt"))


def checked(path: Path, text: str) -> Checked:
    return check([Source(path.name, text)], Folder(path.parent))


def annotated(path: Path, text: str) -> str:
    """The text with every finding behind its line."""
    findings = defaultdict(list)
    result = checked(path, text)
    for each in result.diagnostics:
        source = result.sources[each.source]
        row = source.place(each.span[0]).line if each.source == path.name else 1
        findings[row].append(f"# ! {each.code} {each.message}")
    lines = MARK.sub("", text).split("\n")
    return "\n".join("  ".join([line, *findings[row]]) for row, line in enumerate(lines, 1))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_finding_stands_on_its_line(path: Path, update_golden: bool) -> None:
    text = path.read_text(encoding="utf-8")
    actual = annotated(path, text)
    if update_golden and actual != text:
        path.write_text(actual, encoding="utf-8")
        return
    assert actual == text


@pytest.mark.parametrize("name", SHOWN)
def test_findings_as_a_terminal_shows_them(name: str, update_golden: bool) -> None:
    path, golden = ERRORS / f"{name}.rules", RENDERED / f"{name}.txt"
    result = checked(path, MARK.sub("", path.read_text(encoding="utf-8")))
    shown = "\n\n".join(render(each, result.sources.get(each.source)) for each in result.diagnostics) + "\n"
    if update_golden:
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


def cases_of_codes() -> set[str]:
    return {code for path in CASES for code in re.findall(r"# ! ([A-Z]\d+)", path.read_text(encoding="utf-8"))}


def test_every_code_has_a_case() -> None:
    """The checker's codes stand in the corpus; those of text, files, events and runs of tests in some test."""
    others = (path for path in HERE.rglob("*") if path.suffix in (".py", ".json", ".rules", ".txt"))
    tests = "".join(path.read_text(encoding="utf-8") for path in others if path.is_file())
    elsewhere = {code for code in CODES if (code[0] in "PVFL" or code.startswith("X5")) and code in tests}
    assert sorted(CODES.keys() - cases_of_codes() - elsewhere) == []


def test_every_case_is_of_a_code() -> None:
    assert cases_of_codes() <= CODES.keys()
