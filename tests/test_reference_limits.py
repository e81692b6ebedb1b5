"""Limits: cut to fit in the order of the text, by times and by amount, alone and in groups, over time and lines."""

from __future__ import annotations

import pytest

from rules_engine.outcome import Outcome
from rules_engine.scoring import Program
from rules_engine.state import LimitUsed, Shared, State
from tests.playing import Guest, day, given, program

BASE = 'earn "Base" as base {{ on stay  give 10 points per 1 GBP of net  {} }}\n'


def _wanted(outcome: Outcome) -> list[tuple[str, int, int, str]]:
    return [(each.rule, each.wanted, each.given, each.cut_by) for each in outcome.awards]


def test_an_amount_is_cut_to_the_room() -> None:
    guest = Guest(program(BASE.format("at most 150 points per member per calendar month")))
    key = "base: point per calendar month"
    assert _wanted(guest.stay("2027-03-01", "10")) == [("base", 100, 100, "")]
    assert _wanted(guest.stay("2027-03-31", "10")) == [("base", 100, 50, key)]
    assert _wanted(guest.stay("2027-03-31", "10")) == [("base", 100, 0, key)]
    assert _wanted(guest.stay("2027-04-01", "10")) == [("base", 100, 100, "")]
    assert guest.state.limits[key] == {day("2027-03-01"): 150, day("2027-04-01"): 100}


def test_times() -> None:
    guest = Guest(program(BASE.format("at most 2 times per member per calendar year")))
    found = [sum(given(guest.stay(f"2027-03-0{n}", "1")).values()) for n in (1, 2, 3)]
    assert found == [10, 10, 0]
    assert given(guest.stay("2028-03-01", "1")) == {"base": 10}


def test_once() -> None:
    guest = Guest(program(BASE.format("once per member")))
    assert [bool(given(guest.stay(out, "1"))) for out in ("2027-03-01", "2027-03-02", "2037-03-02")] == [
        True,
        False,
        False,
    ]


def test_an_event_that_gives_nothing_uses_no_time() -> None:
    guest = Guest(program(BASE.format("once per member")))
    assert given(guest.stay("2027-03-01")) == {}
    assert given(guest.stay("2027-03-02", "1")) == {"base": 10}


def test_or_nothing_cancels_the_whole_rule() -> None:
    rules = """
earn "A" as a {
  on stay  give 5 points  give 10 points per 1 GBP of net
  at most 105 points per member per calendar year, or nothing
}
"""
    guest = Guest(program(rules))
    key = "a: point per calendar year"
    assert _wanted(guest.stay("2027-03-01", "11")) == [("a", 5, 0, key), ("a", 110, 0, key)]
    assert guest.state.limits == {}
    assert "limit reached" in guest.told
    assert given(guest.stay("2027-03-01", "10")) == {"a": 105}


def test_effects_are_served_in_written_order() -> None:
    rules = """
earn "A" as a {
  on stay  give 5 points  give 10 points per 1 GBP of net
  at most 50 points per member per calendar year
}
"""
    guest = Guest(program(rules))
    assert [each.given for each in guest.stay("2027-03-01", "10").awards] == [5, 45]
    assert [each.given for each in guest.stay("2027-03-01", "10").awards] == [0, 0]


def test_steps_are_taken_before_and_after_limits() -> None:
    rules = """
earn "A" as a {
  on stay  give 10 points per 1 GBP of net, in steps of 20 points
  at most 150 points per member per calendar year
}
"""
    guest = Guest(program(rules))
    assert [(each.wanted, each.given) for each in guest.stay("2027-03-01", "11").awards] == [(110, 100)]
    assert [(each.wanted, each.given) for each in guest.stay("2027-03-01", "11").awards] == [(110, 40)]
    assert guest.state.limits["a: point per calendar year"] == {day("2027-01-01"): 140}


def test_times_are_asked_before_amounts_and_the_group_last() -> None:
    rules = (
        'earn "A" as a { on stay  give 100 points  at most 80 points per member per calendar year  competes in both }\n'
        'earn "B" as b { on stay  give 100 points  once per member  competes in both }\n'
        'group both { all in order "A", "B"  at most 120 points per member per calendar year }'
    )
    guest = Guest(program(rules))
    assert given(guest.stay("2027-03-01")) == {"a": 80, "b": 40}
    assert given(guest.stay("2027-03-02")) == {}
    assert given(guest.stay("2028-03-02")) == {"a": 80}


def test_rolling_limits() -> None:
    guest = Guest(program(BASE.format("at most 100 points per member per 30 days")))
    assert given(guest.stay("2027-03-01", "6")) == {"base": 60}
    assert given(guest.stay("2027-03-30", "6")) == {"base": 40}
    assert given(guest.stay("2027-03-31", "6")) == {"base": 60}
    assert given(guest.stay("2027-03-31", "6")) == {}


def test_a_late_event_finds_no_room_that_is_gone() -> None:
    guest = Guest(program(BASE.format("once per member per 3 years")))
    assert given(guest.stay("2027-03-01", "1")) == {"base": 10}
    assert given(guest.stay("2026-03-01", "1")) == {}


SEASON = "period off_peak = 1 Nov to 28 Feb every year except 20 Dec to 3 Jan every year\n"
DOUBLE = (
    'earn "Base" as base { on stay  give 10 points per 1 GBP of net of lines where kind in (room, food) }\n'
    'earn "Double" as double { on stay  give 100% of base of lines where has night and night in off_peak\n'
    "  at most 1_500 points per member per off_peak by night }"
)


def test_a_limit_by_night_groups_the_parts_of_an_award() -> None:
    """Two nights of one season and one of the next; food has no night and is outside the measure."""
    guest = Guest(program(SEASON + DOUBLE))
    outcome = guest.stay("2027-11-03", "room 2027-02-27 100", "room 2027-02-28 100", "room 2027-11-01 120", "food 50")
    assert given(outcome) == {"base": 3700, "double": 1500 + 1200}
    assert guest.state.limits == {
        "double: point per off_peak by night": {day("2026-11-01"): 1500, day("2027-11-01"): 1200}
    }


def test_the_example_of_the_language() -> None:
    """A stay straddles the end of the season: two nights count double, the third does not."""
    guest = Guest(program(SEASON + DOUBLE.replace("1_500", "5_000")))
    outcome = guest.stay("2027-03-02", "room 2027-02-27 100", "room 2027-02-28 100", "room 2027-03-01 120")
    assert given(outcome) == {"base": 3200, "double": 2000}


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_counters_of_passed_occurrences_are_dropped(kept: int) -> None:
    guest = Guest(program(BASE.format("at most 150 points per member per calendar month")))
    for month in range(1, kept + 1):
        guest.stay(f"2027-0{month}-01", "1")
    (counts,) = guest.state.limits.values()
    assert len(counts) == min(kept, 2)


def test_room_for_all_but_one() -> None:
    guest = Guest(program(BASE.format("at most 99 points per member per calendar month")))
    assert given(guest.stay("2027-03-01", "10")) == {"base": 99}


def test_turns_of_one_rule_share_the_room_of_a_day() -> None:
    rules = """
track nights = count of lines, on stay, per calendar year
reward "M" as m {
  on stay  for each mark of nights at 1, 2, 3
  give 20 points
  at most 2 times per member per 1 day  at most 30 points per member per 1 day
}
"""
    guest = Guest(program(rules))
    assert [each.given for each in guest.stay("2027-03-01", "1", "1", "1").awards] == [20, 10, 0]


def test_a_limit_of_one_unit_does_not_cut_another() -> None:
    rules = """
unit cash counts GBP { rounded half up  lasts forever }
earn "A" as a { on stay  give 10% of net, in cash  give 500 points  at most 1 cash per member per calendar year }
"""
    outcome = Guest(program(rules)).stay("2027-03-01", "100")
    assert [(each.unit, each.given) for each in outcome.awards] == [("cash", 100), ("point", 500)]


def test_a_rule_that_amounts_cut_to_nothing_uses_no_time() -> None:
    rules = BASE.format("at most 2 times per member per calendar year  at most 10 points per member per calendar month")
    guest = Guest(program(rules))
    found = [given(guest.stay(out, "1")) for out in ("2027-03-01", "2027-03-02", "2027-04-01", "2027-05-01")]
    assert found == [{"base": 10}, {}, {"base": 10}, {}]


def test_a_limit_in_total_is_of_all_members() -> None:
    """The second of two rules of one group sees what the first has reserved, the next member what both have."""
    rules = """
earn "A" as a { on stay  give 10 points  competes in both }
earn "B" as b { on stay  give 10 points  at most 12 points in total per calendar year  competes in both }
group both { all in order "A", "B"  at most 25 points in total }
"""
    ready, shared = program(rules), Shared()
    first, second = (_reserving(ready, guest, shared) for guest in ("x", "y"))
    assert _wanted(first) == [("a", 10, 10, ""), ("b", 10, 10, "")]
    assert first.reserved == (
        LimitUsed("both: point in total", 0, 0, 10),
        LimitUsed("b: point in total per calendar year", day("2027-01-01"), 0, 10),
        LimitUsed("both: point in total", 0, 10, 20),
    )
    assert _wanted(second) == [("a", 10, 5, "both: point in total"), ("b", 10, 0, "both: point in total")]
    assert shared.limits["both: point in total"] == {0: 25}
    assert not any(isinstance(change, LimitUsed) for change in first.changes["x"])


def _reserving(ready: Program, guest: str, shared: Shared) -> Outcome:
    sent = {"event": "stay", "folio": guest, "guest": guest, "out": "2027-03-01", "brand": "city", "lines": []}
    outcome = ready.score(sent, None, State(), shared=shared)
    assert ready.explain(sent, None, State(), shared).outcome == outcome
    shared.reserve(outcome.reserved)
    return outcome
