"""What members own, by columns and by rows: balances, taking, turning, paying, lives that events prolong, and who
leaves before something that happens by itself.

Histories and comparisons are those of `columnar_trials.py`. A store of lots is held against the list of a state.
"""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest

from rules_engine import Source, load
from rules_engine.backends.columnar import REASONS, Columnar
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Flags
from rules_engine.backends.columnar.tape import FOREVER, MISSING
from rules_engine.backends.columnar.walking.store import SOURCES_MAX, Store, View
from rules_engine.state import Lot, add_lot, take_lot
from tests.columnar_trials import play_columns
from tests.histories import History, history

HEADER = """language 1
program "Owning" {
  currency   GBP, rounded half up
  timezone   "Europe/London"
  split      in proportion, odd pennies to the largest remainder
}
unit point, points { rounded down   %s }
unit star, stars { rounded down   lasts forever }
event purchase dated by bought_on of customer identified by order_no {
  order_no: text   bought_on: date   customer: member   offered: points? up to 500
  lines 0 to 6 { sku: text as id   pieces: count up to 9 as quantity   price: money up to 90 GBP as list each }
}
event visit dated by seen_on of customer identified by no {
  no: text   seen_on: date   customer: member   rooms: count up to 9
}
member { joined: date?   plan: basic | plus }
earn "Points" as base { on purchase  give 1 point per full 1 GBP of net }
earn "Visits" as visits { on visit  give 7 points }
"""
OWED, SAFE = "lasts for 90 days", "lasts for 90 days   balance at least 0"

VISIT, BUY = 'reward "Take" { on visit  %s }\n', 'reward "Take" { on purchase  %s }\n'
PAY = 'redeem "Pay" { on purchase  accept %s }\n'
SEAT = "deduct 20 points * rooms  give 1 star"
RICH = "when balance of points, pending included >= 50 points  give 1 star"
HALF = "offered, in steps of 10 points, worth 1 GBP per 10 points, up to 50% of net"
BEYOND = "balance of points, in steps of 3 points, worth 0.70 GBP per 3 points, never beyond"
USED = 'earn "Back" { on purchase  give 1 star per full 10 points of used points }\n'
PAID = 'earn "More" { on purchase  give 1 star per full 10 GBP of paid }\n'
YEARLY = "deduct balance of points, in steps of 5 points  at most 40 points per member per calendar year"
SEEN = 'reward "See" { on visit  give 1 star per 5 points of balance of points }\n'
STAR = 'earn "Zest" { on visit  give 1 star }\n'
SHORT = 'earn "Bonus" { on visit  give 9 points, lasting for 30 days }\n'

PROGRAMS = {
    "owed": (OWED, VISIT % SEAT),
    "wholly or not": (SAFE, VISIT % f"{SEAT}  once per member per calendar month"),
    "a cut deduct": (SAFE, VISIT % YEARLY),
    "soonest first": (SAFE + "   use soonest first", SHORT + BUY % "deduct 25 points"),
    "blocks": (SAFE, VISIT % "when balance of points >= 60 points  turn every full 50 points into 2 stars"),
    "by size": (SAFE, VISIT % "turn balance of points into 1 star per 10 points"),
    "the whole amount": (SAFE, VISIT % "turn 40 points into 3 stars"),
    "paying": (SAFE, PAY % HALF + PAID),
    "never beyond": (SAFE, PAY % BEYOND),
    "all or nothing": (SAFE, PAY % "(30 points), or nothing, worth 0.10 GBP per 1 point"),
    "used": (SAFE, PAY % "offered, worth 1 GBP per 10 points" + USED),
    "pending": (SAFE + "   pending until 14 days later", VISIT % RICH + BUY.replace("Take", "Fee") % "deduct 5 points"),
    "what is taken is still seen": (SAFE, VISIT % "deduct 20 points" + SEEN),
    "stage by stage": (SAFE, VISIT % "turn every full 9 points into 2 stars" + STAR),
    "prolonged by a day": ("lasts for 1 day after last purchase   balance at least 0", VISIT % "deduct 3 points"),
    "prolonged": ("lasts for 60 days after last purchase   balance at least 0", VISIT % "deduct 10 points"),
    "a holdout alone reads it": (SAFE, "holdout members where balance of points >= 30 points, from base\n"),
    "prolonged, and nobody reads it": ("lasts for 2 months after last purchase or visit", ""),
}


def text_of(name: str) -> str:
    """A whole program."""
    lives, rules = PROGRAMS[name]
    return HEADER % lives + rules


@pytest.mark.parametrize("name", sorted(PROGRAMS))
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_columns_equal_rows(name: str, engine: str) -> None:
    if engine == "numba":
        pytest.importorskip("numba")
    core = load([Source("owning.rules", text_of(name))]).core
    assert Columnar(core, "numpy").refused == {}
    for seed in range(5):
        rng = Random(seed)
        assert play_columns(core, history(core, rng, 40), engine, Counter(), rng) > 0  # type: ignore[arg-type]


# ---- who leaves, and when

BY_ITSELF = 'earn "Closing" as closing { on end of calendar quarter, settled after 3 days  give 5 points }\n'
MATCH = """tiers {
  Blue
  Silver    when given_stars >= 90 stars
  counts    from the next event
  lasts     for 60 days
  then      the earned tier
}
track given_stars = sum of given stars, per lifetime
match "Trial" {
  on        visit
  when      rooms >= 7
  matches   by rooms { from 0: Silver }
  trial     for 30 days
  keep      matched tier if given_stars >= 5 stars
  lasts     for 60 days
  then      the earned tier
}
"""


def test_members_leave_at_the_first_event_after_one_that_happens_by_itself() -> None:
    core = load([Source("owning.rules", HEADER % OWED + BY_ITSELF)]).core
    columnar = Columnar(core, "numpy")
    assert list(columnar.refused.values()) == ["end of calendar quarter, settled after 3 days: it happens by itself"]
    met = Counter[str]()
    done = sum(play_columns(core, history(core, Random(seed), 30), "numpy", met, Random(seed)) for seed in range(6))
    assert done > 20
    assert met[f"why {REASONS[ops.BY_ITSELF]}"] > 3


def test_the_first_day_that_is_too_late_is_the_one_after_the_period() -> None:
    core = load([Source("owning.rules", HEADER % OWED + BY_ITSELF)]).core
    days = ("2027-03-30", "2027-03-31", "2027-04-01")
    events = [
        {"event": "visit", "no": str(number), "seen_on": day, "customer": "m-1", "rooms": 1}
        for number, day in enumerate(days)
    ]
    met = Counter[str]()
    play_columns(core, History({"m-1": {"plan": "basic"}}, tuple(events)), "numpy", met, Random(0))
    assert (met["by columns"], met[f"why {REASONS[ops.BY_ITSELF]}"]) == (2, 1)


def test_only_an_event_that_may_begin_a_match_makes_its_member_leave() -> None:
    core = load([Source("owning.rules", HEADER % OWED + MATCH)]).core
    assert Columnar(core, "numpy").refused == {}
    met = Counter[str]()
    done = sum(play_columns(core, history(core, Random(seed), 30), "numpy", met, Random(seed)) for seed in range(6))
    assert done > 20
    assert met[f"why {REASONS[ops.MATCH]}"] > 3


def test_what_may_meet_a_shared_limit_is_left_and_nothing_else() -> None:
    rule = 'earn "First" { on visit  give 5 points  at most 20 times in total }\n'
    columnar = Columnar(load([Source("owning.rules", HEADER % OWED + rule)]).core, "numpy")
    assert not columnar.refused
    assert columnar.watched == {"visit": ('"First": all members share a limit',)}


# ---- the store


class Stub:
    """A piece of one event a member, on a day."""

    def __init__(self, members: list[int], day: int) -> None:
        self.member, self.count = np.array(members), len(members)
        self.events = np.arange(self.count)
        self.registers = np.full((ops.REGISTERS, self.count), day)
        self.memory = np.full((8, self.count), MISSING)


class TapeStub:
    """A unit that is used oldest, or soonest, first."""

    def __init__(self, soonest: bool) -> None:
        self.units = np.array([[int(soonest), -1, -1, 0]])


@pytest.mark.parametrize("soonest", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_a_store_is_the_lots_of_a_state(seed: int, soonest: bool) -> None:
    rng, sources = Random(seed), ("a", "b", "c")
    store = Store(("point",), sources, TapeStub(soonest))  # type: ignore[arg-type]
    store.grow(3)
    states: list[list[Lot]] = [[], [], []]
    for number in range(60):
        day = 100 + number // 3
        view = store.opened(Stub([0, 1, 2], day))  # type: ignore[arg-type]
        done: Flags = np.array([rng.random() < 0.9 for _ in states])
        for member, lots in enumerate(states):
            states[member] = lots = [lot for lot in lots if lot.expires is None or lot.expires >= day]
            if rng.random() < 0.5:
                _given(view, lots if done[member] else [], member, day, number, rng)
        wanted = np.array([rng.choice((0, 0, 3, 20)) for _ in states])
        missing = view.take(0, wanted, soonest)
        for member in np.flatnonzero(done).tolist():
            left = _taken(states[member], int(wanted[member]), day, soonest)
            assert left == missing[member]
        store.keep(view, done)
        for member, lots in enumerate(states):
            assert store.lots_of(member, day) == lots


def _given(view: View, lots: list[Lot], member: int, day: int, number: int, rng: Random) -> None:
    """One lot comes in on both sides."""
    source, pending = rng.randrange(3), rng.choice((MISSING, day + 2))
    expires = rng.choice((FOREVER, day + 3, day + 9))
    turn = number * 4 * SOURCES_MAX + source
    view.bring(np.array([member]), np.array([[0], [7], [day], [pending], [expires], [source], [turn]]))
    last = None if expires == FOREVER else expires
    add_lot(lots, Lot("point", 7, day, None if pending == MISSING else pending, last, "abc"[source]))


def _taken(lots: list[Lot], count: int, day: int, soonest: bool) -> int:
    """Units are taken from a list of lots, in their order of use; what was not there."""

    def turn(lot: Lot) -> tuple[tuple[bool, int], ...]:
        ends, earned = (lot.expires is None, lot.expires or 0), (False, lot.earned)
        return (ends, earned) if soonest else (earned, ends)

    for lot in sorted((lot for lot in lots if lot.pending is None or lot.pending < day), key=turn):
        some = min(count, lot.left)
        if some:
            take_lot(lots, lot, some)
        count -= some
    return count
