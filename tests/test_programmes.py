"""Published programmes in the rule language: each rule file holds the cases of its programme as tests.

They run on both evaluators. The index accounts for every programme; where the list it was made from is there, the two
are compared, and the number of tests with the number of cases.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from rules_engine import ir, tree
from rules_engine.backends import Backend, Evaluation
from rules_engine.backends.python import Python
from rules_engine.backends.reference import Reference
from rules_engine.formatting import format_source
from rules_engine.parsing import parse
from rules_engine.pipeline import check, load
from rules_engine.source import Source
from rules_engine.state import State
from rules_engine.workbench import TestCase, run_tests
from rules_engine.workbench.engine import Asked, Engine
from tests import corpus_report
from tests.corpus_report import ENTRIES, PROGRAMMES, cases_in, entries, faults, main, report, rows, rule_lines

FILES = sorted(PROGRAMMES.glob("*.rules"))
BACKENDS: dict[str, Callable[[ir.Program], Backend]] = {"reference": Reference, "python": Python}


def _named(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("path", FILES, ids=_named)
def test_every_case_comes_out(path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = check(path)
    assert checked.diagnostics == ()
    program = load(path)
    backend = BACKENDS[name](program.core)

    def evaluate(engine: Engine, asked: Asked) -> Evaluation:
        return backend.evaluate(asked.event, asked.facts, asked.state, asked.shared, asked.people)

    monkeypatch.setattr(Engine, "evaluate", evaluate)
    tests = [entry.declaration for entry in checked.tests]
    cases = [TestCase(Source.read(path), test) for test in tests if isinstance(test, tree.TestDecl)]
    assert cases
    assert [finding.data for result in run_tests(program, cases) for finding in result.findings] == []


@pytest.mark.parametrize("path", FILES, ids=_named)
def test_the_file_is_formatted(path: Path) -> None:
    source = Source.read(path)
    assert format_source(source, parse(source)) == source.text


@pytest.mark.parametrize("path", FILES, ids=_named)
def test_tests_have_names_of_their_own(path: Path) -> None:
    titles = [test.title.value for test in cases_in(path)]
    assert sorted(set(titles)) == sorted(titles)


# ---- what no test of a rule file can name ----


@pytest.mark.parametrize(
    ("points", "flights", "own", "tier", "paths"),
    [
        (12_500, 36, 30, "Platinum", {"platinum_flights"}),
        (12_500, 35, 30, "Gold", {"gold_points", "gold_flights"}),
        (30_000, 60, 3, None, set()),
        (24_000, 10, 4, "Premier_1K", {"top_points"}),
    ],
)
def test_holdings_say_by_which_paths_a_tier_was_reached(
    points: int, flights: int, own: int, tier: str | None, paths: set[str]
) -> None:
    program = load(PROGRAMMES / "united-premier-2024.rules")
    activity = {"event": "activity", "row": "1", "flyer": "m", "posted_on": "2024-12-01"}
    outcome = program.score({**activity, "pqp": points, "pqf": flights, "united_segments": own}, {})
    state = program.apply(State(), outcome)
    assert {holding.reason for holding in state.holdings if holding.tier == tier} == paths
    assert [change.after for change in outcome.tiers] == ([tier] if tier else [])


def test_a_match_that_is_refused_says_why() -> None:
    program = load(PROGRAMMES / "delta-status-match-challenge.rules")
    request = {"event": "match_request", "request": "1", "flyer": "m", "processed_on": "2016-07-01"}
    facts = {"own_tier": "General"}
    borrowed = {**request, "source": "matched", "comparable": "Platinum"}
    assert "source is earned" in program.explain(borrowed, facts).text("challenge")
    earned = {**request, "source": "earned", "comparable": "Gold"}
    before = program.score({**earned, "request": "0", "processed_on": "2013-07-02"}, facts)
    state = program.apply(State(), before)
    assert "once per member per 3 years" in program.explain(earned, facts, state).text("challenge")


# ---- the index ----


def test_everything_is_accounted_for() -> None:
    index = rows()
    assert faults(index, None) == []
    assert len(index) == 73


def test_the_index_agrees_with_the_list() -> None:
    listed = entries()
    if listed is None:
        pytest.skip(f"the list of programmes is not here: put it at ../shared/corpus/{ENTRIES.name} to compare")
    assert faults(rows(), listed) == []
    for entry in listed:
        path = PROGRAMMES / f"{entry.id}.rules"
        if path.exists():
            assert len(cases_in(path)) >= len(entry.cases), entry.id


def test_a_programme_that_is_forgotten_fails() -> None:
    index = rows()
    assert any("without a row" in fault for fault in faults([row for row in index if row.status == "next"], None))
    listed = entries()
    if listed is not None:
        assert f"{index[0].id}: not accounted for" in faults(index[1:], listed)


def test_the_report_ends_with_the_count(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    last = capsys.readouterr().out.splitlines()[-1]
    exact = len(FILES)
    assert last == report(rows())[-1] == f"{exact} of 73 exact, {73 - exact} next"


def test_the_report_works_without_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(corpus_report, "ENTRIES", tmp_path / "programmes.jsonl")
    assert main() == 0
    assert capsys.readouterr().out.startswith("the list of programmes is not here")


def test_programmes_stay_small() -> None:
    assert median(rule_lines(path) for path in FILES) <= 45
