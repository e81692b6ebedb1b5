"""The stories: each is a folder of examples with rules, tests, a sample, the generator that made it, and a page.

Every rule, row and limit is reached by its tests; the pages show what is printed; and of every unit what was given is
what was used, what lapsed and what is left.
"""

from __future__ import annotations

import filecmp
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from examples.diary import Diary, keep, titles
from rules_engine.backends.reference import Reference
from rules_engine.outcome import Outcome
from rules_engine.scoring import Program
from rules_engine.state import LotLapsed
from tests.told_pages import page_is_true, terms_hold

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
STORIES = (
    "airline_points", "calling_circle", "coalition_card", "credit_card", "economy_hotels", "gold_card", "grocery",
    "hotel_group", "rival_flyers", "service_recovery", "stored_value", "youth_network",
)  # fmt: skip


def _told(name: str, program: Program | None = None) -> Diary:
    return keep(EXAMPLES / name, import_module(f"examples.{name}.run").UNTIL, program)


@pytest.mark.parametrize("name", STORIES)
def test_the_terms_hold_what_their_tests_say(name: str) -> None:
    terms_hold(EXAMPLES / name, 100)


@pytest.mark.parametrize("name", STORIES)
def test_generators_make_the_samples(name: str, tmp_path: Path) -> None:
    import_module(f"examples.{name}.make_sample").main([str(tmp_path)])
    made = sorted(path.name for path in tmp_path.iterdir())
    assert made == sorted(path.name for path in (EXAMPLES / name).glob("sample*"))
    for file in made:
        assert filecmp.cmp(tmp_path / file, EXAMPLES / name / file, shallow=False)


@pytest.mark.parametrize("name", STORIES)
def test_what_their_pages_show_is_what_is_printed(name: str, tmp_path: Path, update_golden: bool) -> None:
    page_is_true(EXAMPLES / name / "README.md", tmp_path, update_golden)


@pytest.mark.parametrize("name", STORIES)
def test_the_reference_tells_the_same_story(name: str) -> None:
    diary = _told(name)
    program = diary.program
    slow = Program(program.core, program.sources, Reference(program.core), program.fingerprint)
    again = _told(name, slow)
    assert (again.results, again.ended, again.pools) == (diary.results, diary.ended, diary.pools)


@pytest.mark.parametrize("name", STORIES)
def test_every_rule_has_a_part_in_its_story(name: str) -> None:
    diary = _told(name)
    acted = {rule for outcome in diary.outcomes for rule in _acted(outcome)}
    assert titles(diary.program).keys() - acted == set()


def _acted(outcome: Outcome) -> set[str]:
    given = {award.rule for award in outcome.awards if award.given} | {
        each.rule for each in outcome.taken if each.taken
    }
    return given | {each.rule for each in outcome.discounts} | {each.rule for each in outcome.gifts}


@pytest.mark.parametrize("name", STORIES)
def test_of_every_unit_all_is_accounted_for(name: str) -> None:
    """Given, less used, less lapsed, less what is left, is nothing."""
    diary = _told(name)
    rest: Counter[str] = Counter()
    for outcome in diary.outcomes:
        for award in outcome.awards:
            rest[award.unit] += award.given
        for taken in outcome.taken:
            rest[taken.unit] -= taken.taken
        for changes in (*outcome.changes.values(), outcome.pool):
            for change in changes:
                if isinstance(change, LotLapsed):
                    rest[change.lot.unit] -= change.lot.left
    for ended in diary.ended.values():
        for lapse in ended.lapsed:
            rest[lapse.lot.unit] -= lapse.lot.left
    for state in (*(ended.state for ended in diary.ended.values()), *diary.pools.values()):
        for lot in state.lots:
            rest[lot.unit] -= lot.left
        for owed, debt in state.debts.items():
            rest[owed.partition(" ")[0]] += debt
    assert {unit: count for unit, count in rest.items() if count} == {}
