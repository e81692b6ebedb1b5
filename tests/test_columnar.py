"""The columnar back end agrees with the reference and with generated Python, by both engines, and does not pass by
falling back: a list of what it must have met stands here."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from rules_engine.backends.columnar import Columnar
from tests.columnar_trials import always_taken_again, columnar_trial, columnar_trials, engines, play_columns
from tests.exercised import held_by
from tests.histories import history
from tests.straight_programs import straight_program
from tests.strategies import Of
from tests.trials import Finding, core_of

pytest.importorskip("numpy")

MET = (
    "AFTER", "AMONG", "CHANGED", "CHOOSE", "CODED", "COMPARE", "COSTS", "COUNT", "DIVIDE", "FALLS", "FATE",
    "GIVE", "GIVE_NOTHING", "GRANT", "HAS", "HAS_CODE", "LISTED", "LOADED", "MOVE", "MULTIPLE", "OF_DAY", "PRICED",
    "SECTION", "STEP", "SUM", "TABLE", "TAKE_LINES", "TAKE_TIMES", "TAKE_TOTAL", "TAKE_UNITS", "TIMES", "TIMES_LEFT",
    "TRACK",
)  # fmt: skip
"""Ops of the tape that straight programs must have met; `BEST` and `TRIED`, which few groups need, are met by random
tapes."""


def test_straight_programs_are_scored_alike_by_columns() -> None:
    met = columnar_trials(range(26), "straight")
    missing = [op for op in MET if not met[f"op {op}"]]
    assert not missing, missing
    assert met["by columns"] > met["why this kind of event has no columnar form"]
    assert met["by columns"] > 200


RARE = {
    "basis after item", "fall tier", "give with several shares", "money catalogue", "node AwardPart", "node Clip",
    "node Largest", "node TierRead", "order dearest", "period Except", "period MonthDays",
    "period Weekdays", "pick cheapest", "pick units", "previous track", "tier held", "split evenly", "PickEvery",
    "said", "event of a guest", "tier up", "tier down", "limit by date", "money with",
}  # fmt: skip
"""What hardly any other generated program that goes by columns has."""


def test_programs_of_rarer_words_are_scored_alike_by_columns() -> None:
    met = columnar_trials(range(16), "ranging")
    missing = RARE - held_by(met, ("numpy",))
    assert not missing, missing
    assert met["by columns"] > 200


@pytest.mark.parametrize("of", ["visits", "orders", "plain", "owning"])
def test_programs_with_something_of_everything_fall_back_and_stay_right(of: Of) -> None:
    columnar_trials(range(8), of)


FOUND = [
    (1000010, "visits"),  # a balance that a holdout alone reads
    (1000230, "straight"),  # a history had a price for no pieces
    (1000295, "visits"),  # what is said to a guest
    (1001897, "priced"),  # the order in which offers speak, where codes say it
    (1002538, "visits"),  # how long a tier lasts by the tier that ends
    (1009132, "visits"),  # units that had lapsed before they were given
]


@pytest.mark.parametrize(("seed", "of"), FOUND)
def test_what_a_long_run_found(seed: int, of: str) -> None:
    assert not isinstance(columnar_trial(seed, Counter(), engines()[-1:], of), Finding)


@pytest.mark.parametrize("name", ["batch", "heavy"])
def test_the_programs_of_the_benchmarks(name: str) -> None:
    core, met = core_of(Path(f"benchmarks/{name}.rules").read_text()), Counter[str]()
    for engine in engines():
        told = history(core, Random(7), 40)
        play_columns(core, told, engine, met, Random(7))
    assert met["by columns"] > 20


def test_every_number_of_a_member_is_taken_again_from_a_state() -> None:
    """A run that goes on from states ends where one run ends: with every batch in a new memory."""
    assert always_taken_again(map(straight_program, range(8)))["by columns"] > 20


def test_an_engine_that_is_asked_for_is_the_one_that_runs() -> None:
    core = core_of(straight_program(0))
    assert Columnar(core, "numpy").engine == "numpy"
    assert Columnar(core, "auto").engine in ("numba", "numpy")
