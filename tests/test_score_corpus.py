"""The corpus of scoring: rule files whose own tests hold, and how their events are explained.

Each `corpus/score/NAME.rules` runs its tests. `NAME.ndjson` holds events of one member, each with the member's facts;
`NAME.txt` is what is said about them, one after the other. `pytest --update-golden` writes it; review the difference.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rules_engine import tree
from rules_engine.pipeline import check, load
from rules_engine.scoring import Program
from rules_engine.state import State
from rules_engine.workbench import TestCase, run_tests

CASES = sorted((Path(__file__).parent / "corpus" / "score").glob("*.rules"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_tests_of_the_file_hold(path: Path) -> None:
    checked = check(path)
    assert checked.diagnostics == ()
    cases = [
        TestCase(checked.files[entry.file].source, entry.declaration)
        for entry in checked.tests
        if isinstance(entry.declaration, tree.TestDecl)
    ]
    failed = [finding.message for result in run_tests(load(path), cases) for finding in result.findings]
    assert cases
    assert failed == []


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_how_it_is_explained(path: Path, update_golden: bool) -> None:
    program, golden = load(path), path.with_suffix(".txt")
    state, told = State(), []
    for line in path.with_suffix(".ndjson").read_text(encoding="utf-8").splitlines():
        sent = json.loads(line)
        explanation = program.explain(sent["event"], sent.get("member"), state)
        told.append(explanation.text())
        if explanation.member is not None:
            state = program.apply(state, explanation.outcome)
    text = "\n\n".join(told) + "\n"
    if update_golden:
        golden.write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_both_evaluators_say_the_same(path: Path) -> None:
    program = load(path)
    slow, state = Program(program.core), State()
    for line in path.with_suffix(".ndjson").read_text(encoding="utf-8").splitlines():
        sent = json.loads(line)
        outcome = program.score(sent["event"], sent.get("member"), state)
        assert outcome == slow.score(sent["event"], sent.get("member"), state)
        state = program.apply(state, outcome)
