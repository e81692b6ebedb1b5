"""Rules without a columnar form among rules that have one: an event goes by rows where such a rule may act, and no
other; things that are presented; what a state keeps that columns do not know.

Histories and comparisons are those of `columnar_trials.py`.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Literal

import pytest

from rules_engine import Source, load
from rules_engine.backends.columnar import Columnar
from rules_engine.state import Lot, State
from tests.columnar_trials import play_columns
from tests.histories import history

HEADER = """language 1
program "Leaving" {
  currency   GBP, rounded half up
  timezone   "Europe/London"
  split      in proportion, odd pennies to the largest remainder
  stacking   { item: all in order "Set", "Plain"   basket: %s }
}
unit point, points { rounded down   lasts forever }
unit coupon, coupons counts pieces { lasts for 60 days   use soonest first   balance at least 0 }
event purchase dated by bought_on of customer identified by order_no {
  order_no: text   bought_on: date   customer: member%s   codes: codes up to 2   presented: coupons? up to 30
  lines 0 to 6 { sku: text as id   kind: tea | cake   pieces: count up to 9 as quantity
                 price: money up to 90 GBP as list each }
}
event visit dated by seen_on of customer identified by no { no: text   seen_on: date   customer: member }
earn "Points" as base { on purchase  give 1 point per full 1 GBP of net }
reward "Coupons" { on visit  give 2 coupons }
item offer "Plain" { on purchase  automatic  take 10%% of current off each line where kind is tea }
"""
TEN = 'basket offer "Ten" as ten { on purchase  with %s  when current >= 20 GBP  take 3 GBP off the total of lines }\n'
TWO = 'basket offer "Two" { on purchase  with 1 coupon  take 2 GBP off the total of lines }\n'
LEFT = 'earn "Left" { on purchase  give 1 point per 1 coupon of balance of coupons }\n'
SET = (
    'item offer "Set" { on purchase  automatic\n'
    "  for every set of { 2 units where kind is cake, dearest first\n"
    "    1 unit where kind is cake, cheapest first: take 100% of current off each unit } }\n"
)
CODE = 'basket offer "Code" { on purchase  with code "TEN5"  take 5 GBP off the total of lines }\n'
FIVE = 'basket offer "Five" { on purchase  automatic  when current >= 40 GBP  take 5 GBP off the total of lines }\n'
SHARED = 'earn "First" { on purchase  when net >= 30 GBP  give 5 points  at most 20 times in total }\n'
FIRST = "first per basket in order "

PLAIN = 'item offer "Set" { on purchase  automatic  take 5% of current off each line where kind is cake }\n'
PROGRAMS = {
    "presented": ('all in order "Ten"', "", PLAIN + TEN % "1 coupon" + LEFT, ""),
    "two presented": ('all in order "Ten"', "?", PLAIN + TEN % "2 coupons" + LEFT, ""),
    "one is met twice": ('all in order "Ten", "Two"', "", PLAIN + TEN % "1 coupon" + TWO, "presented"),
    "sets": ('all in order "Five"', "?", SET + FIVE, "sets are formed"),
    "shared": ('all in order "Five"', "", PLAIN + FIVE + SHARED, "all members share a limit"),
    "codes": (FIRST + '"Code", "Five"', "", PLAIN + CODE + FIVE, "with codes takes the first"),
    "the best": ('best per unit in order "Five", "Ten"', "", PLAIN + FIVE + TEN % "1 coupon", "chosen per unit"),
}


def _program(name: str) -> Source:
    stacking, guest, rules, _ = PROGRAMS[name]
    return Source("leaving.rules", HEADER % (stacking, guest) + rules)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_what_may_act_leaves_and_what_is_done_is_the_same(name: str, engine: Literal["numpy", "numba"]) -> None:
    if engine == "numba":
        pytest.importorskip("numba")
    core, met = load([_program(name)]).core, Counter[str]()
    why = PROGRAMS[name][3]
    columnar = Columnar(core, engine)
    assert "purchase" not in columnar.refused
    assert [each for each in columnar.watched.get("purchase", ()) if why and why in each] or not why
    for seed in range(8):
        play_columns(core, history(core, Random(seed), 25), engine, met, Random(seed))
    assert met["by columns"] > 30
    left = sum(count for key, count in met.items() if why and key.startswith("why") and why in key)
    assert left > 2 if why else not any(met[f"why {each}"] for each in columnar.reasons[11:])


# ---- what columns do not know of a state


def test_what_columns_do_not_know_of_a_state_waits_and_comes_back() -> None:
    core = load([_program("presented")]).core
    columnar = Columnar(core, "numpy")
    state = State(
        day=20_000,
        since=19_000,
        tracks={"unknown": {0: 7}},
        limits={"other: times": {19_990: 2}},
        keys={"unknown too": {0: ["a"]}},
        keyed={"by key": {0: {"a": 3}}},
        lots=[Lot("coupon", 2, 19_990, None, 20_050, "Coupons")],
    )
    memory = columnar.memory()
    memory.grow(2)
    assert memory.take(0, state)
    assert memory.state_of(0) == state
    again = columnar.memory()
    again.load(memory.arrays())
    assert again.state_of(0) == state
    assert again.state_of(1) == State()
