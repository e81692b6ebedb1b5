"""The reference against oracles that remember everything and work everything out anew.

An oracle here keeps the whole history and no state: a track is the sum of what fell into its window, a limit's room
is what all earlier grants left, a tier is found by walking from day to day. They are slow and plain, and share no code
with the interpreter but the calendar.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given as example
from hypothesis import settings
from hypothesis import strategies as st

from rules_engine.calendar import add_months, civil, day_of, format_date, month_number, month_start
from rules_engine.scoring import Program
from rules_engine.state import State
from tests.playing import HEAD, MEMBER, Guest, day, given, program

FIRST = day("2027-01-01")
JOINED = day("2020-02-29")
FACTS = {"joined": "2020-02-29", "resident": True, "level": 1}


class Stay(NamedTuple):
    """One event of a history."""

    day: int
    pounds: int


HISTORIES = st.lists(st.builds(Stay, st.integers(0, 900), st.integers(0, 60)), min_size=1, max_size=14).map(
    lambda stays: [Stay(FIRST + each.day, each.pounds) for each in sorted(stays)]
)
quick = settings(max_examples=40, deadline=None)

# ---- tracks ----

WINDOWS = {
    "monthly": "calendar month",
    "quarterly": "calendar quarter",
    "yearly": "calendar year",
    "ever": "lifetime",
    "rolling": "45 days",
    "rolling_months": "2 months",
    "last": "the last 3 calendar months",
    "member_year": "membership_year",
}
TRACKS = program(
    MEMBER
    + "period membership_year = every 1 year from member.joined\n"
    + "".join(f"track {name} = sum of net, on stay, per {per}\n" for name, per in WINDOWS.items())
    + 'earn "A" as a { on stay  when '
    + " or ".join(f"{name} >= 1 GBP" for name in WINDOWS)
    + "  give 1 point }"
)


def _since(window: str, at: int) -> int:
    """The first day that a window holds, seen from a day."""
    year, month, _ = civil(at)
    match window:
        case "monthly":
            return day_of(year, month, 1)
        case "quarterly":
            return day_of(year, (month - 1) // 3 * 3 + 1, 1)
        case "yearly":
            return day_of(year, 1, 1)
        case "rolling":
            return at - 44
        case "rolling_months":
            return add_months(at, -2) + 1
        case "last":
            return month_start(month_number(at) - 2)
        case "member_year":
            starts = [day_of(each, 2, 29 if each % 4 == 0 else 28) for each in (year - 1, year)]
            return max(start for start in starts if start <= at)
        case _:
            return JOINED


@quick
@example(HISTORIES)
def test_tracks_are_sums_over_the_whole_history(history: list[Stay]) -> None:
    guest = Guest(TRACKS, FACTS, watched=False)
    for number, stay in enumerate(history):
        outcome = guest.stay(format_date(stay.day), str(stay.pounds))
        for window in WINDOWS:
            past = [each.pounds for each in history[:number] if _since(window, stay.day) <= each.day]
            assert outcome.before[f"track {window}"] == 100 * sum(past), (window, number)


@quick
@example(HISTORIES, st.data())
def test_a_late_event_moves_the_year_it_belongs_to(history: list[Stay], data: st.DataObject) -> None:
    """In any order of arrival, while the years are the newest two, the sums of years come out the same."""
    scored = program(
        "track yearly = sum of net, on stay, per calendar year\n"
        'earn "A" as a { on stay  when yearly >= 1 GBP or previous yearly >= 1 GBP  give 1 point }'
    )
    stays = [each for each in history if civil(each.day)[0] in (2027, 2028)]
    guest = Guest(scored, watched=False)
    for stay in data.draw(st.permutations(stays)):
        guest.stay(format_date(stay.day), str(stay.pounds))
    sums = {year: sum(100 * each.pounds for each in stays if civil(each.day)[0] == year) for year in (2027, 2028)}
    expected = {day_of(year, 1, 1): total for year, total in sums.items() if total}
    assert guest.state.tracks.get("yearly", {}) == expected


# ---- limits ----

LIMITED = program(
    """
earn "A" as a {
  on stay  give 10 points per 1 GBP of net
  at most 3 times per member per 45 days  at most 900 points per member per calendar month  competes in all_of
}
earn "B" as b {
  on stay  when net >= 20 GBP  give 250 points
  at most 600 points per member per 2 months, or nothing  competes in all_of
}
group all_of { all in order "A", "B"  at most 2_500 points per member per calendar year }
"""
)


class Grant(NamedTuple):
    """Something that was given."""

    day: int
    rule: str
    points: int


def _room(grants: list[Grant], rules: str, since: int, limit: int) -> int:
    return max(0, limit - sum(each.points for each in grants if each.rule in rules and each.day >= since))


def _granted(stay: Stay, past: list[Grant]) -> dict[str, int]:
    """What one event may give, from all that was ever given."""
    found: dict[str, int] = {}
    month, year = _since("monthly", stay.day), _since("yearly", stay.day)
    acted = [each for each in past if each.rule == "a" and each.day >= stay.day - 44]
    wanted = 10 * stay.pounds
    if wanted and len(acted) < 3:
        points = min(wanted, _room(past, "a", month, 900), _room(past, "ab", year, 2500))
        if points:
            found["a"] = points
    now = [*past, Grant(stay.day, "a", found.get("a", 0))]
    if stay.pounds >= 20 and _room(past, "b", add_months(stay.day, -2) + 1, 600) >= 250:
        points = min(250, _room(now, "ab", year, 2500))
        if points:
            found["b"] = points
    return found


@quick
@example(st.lists(st.builds(Stay, st.integers(0, 200), st.integers(0, 60)), min_size=1, max_size=20).map(sorted))
def test_limits_are_what_all_earlier_grants_leave(history: list[Stay]) -> None:
    guest = Guest(LIMITED, watched=False)
    past: list[Grant] = []
    for each in history:
        stay = Stay(FIRST + each.day, each.pounds)
        expected = _granted(stay, past)
        assert given(guest.stay(format_date(stay.day), str(stay.pounds))) == expected
        past += [Grant(stay.day, rule, points) for rule, points in expected.items()]


# ---- tiers ----

FALLS = ("then the earned tier", "then 1 tier down", "then the earned tier, at most 1 down", "then Silver")
LIVES = {"lasts until end of next calendar year": "year", "lasts for 3 months": "months"}


def _ladder(fall: str, life: str) -> Program:
    return program(
        "track nights = count of lines where kind is room, on stay, per calendar year\n"
        "tiers { Blue  Silver when nights >= 2  Gold when nights >= 4  Platinum when nights >= 6\n"
        f"  counts from the next event  {life}  {fall} }}"
    )


def _life(kind: str, at: int, begins: int) -> int:
    """The last day of a holding judged on a day that begins on another: only a span counts from where it begins."""
    if kind == "year":
        return day_of(civil(at)[0] + 1, 12, 31)
    return add_months(begins, 3) - 1


def _walk(stays: list[Stay], fall: str, kind: str, until: int) -> list[int]:
    """The rung held at the end of each day, walked one day at a time. A holding here is a rung, a source and an end."""
    ends: dict[tuple[int, str], int] = {}
    rungs = []
    for at in range(FIRST, until):
        for stay in (each for each in stays if each.day == at):
            done = [each for each in stays[: stays.index(stay) + 1] if civil(each.day)[0] == civil(at)[0]]
            nights = sum(each.pounds for each in done)
            for rung in (1, 2, 3):
                if nights >= 2 * rung:
                    ends[rung, "way"] = max(ends.get((rung, "way"), 0), _life(kind, at, at))
        held = max((rung for rung, _ in ends), default=0)
        rungs.append(held)
        earned = min(3, sum(each.pounds for each in stays if at >= each.day >= _since("yearly", at)) // 2)
        ends = {key: end for key, end in ends.items() if end > at}
        if max((rung for rung, _ in ends), default=0) < held:
            match fall:
                case "then the earned tier":
                    target, source = earned, "way"
                case "then 1 tier down":
                    target, source = held - 1, f"after {held}"
                case "then Silver":
                    target, source = 1, f"after {held}"
                case _:
                    target, source = max(earned, held - 1), f"after {held}"
            if target > max((rung for rung, _ in ends), default=0) and _life(kind, at, at + 1) > at:
                ends[target, source] = _life(kind, at, at + 1)
    return rungs


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("fall", FALLS)
@settings(max_examples=15, deadline=None)
@example(stays=st.lists(st.builds(Stay, st.integers(0, 700), st.integers(1, 4)), min_size=1, max_size=6))
def test_tiers_are_what_a_walk_from_day_to_day_finds(fall: str, life: str, stays: list[Stay]) -> None:
    history = [Stay(FIRST + each.day, each.pounds) for each in sorted(stays)]
    history = [each for place, each in enumerate(history) if each.day not in {other.day for other in history[:place]}]
    until = FIRST + 1500
    walked = _walk(history, fall, LIVES[life], until)
    guest = Guest(_ladder(fall, life), watched=False)
    for at, stay in zip([each.day for each in history[1:]] + [until], history, strict=True):
        guest.stay(format_date(stay.day), *["10"] * stay.pounds)
        state: State = guest.state
        for probe in sorted({stay.day, *range(stay.day, at, 29)}):
            rung = _rung(guest, state, probe)
            assert rung == walked[probe - FIRST], (format_date(probe), history)


def _rung(guest: Guest, state: State, at: int) -> int:
    names = ["Blue", "Silver", "Gold", "Platinum"]
    found = guest.program.advance(None, state, at).state
    return max((names.index(each.tier) for each in found.holdings if each.start <= at), default=0)


# ---- time ----

LIVELY = program(
    "track nights = count of lines where kind is room, on stay, per calendar year\n"
    "tiers { Blue  Silver when nights >= 2  Gold when nights >= 4\n"
    "  counts from the next event  lasts for 5 months  then 1 tier down }\n"
    'earn "Base" as base { on stay  give by tier { Gold: 3 points  Silver: 2 points  otherwise: 1 point } }\n'
    'earn "Rich" as rich { on stay  when balance of points >= 5 points  give 1 point }',
    HEAD.replace("rounded down   lasts forever", "rounded down   lasts for 4 months after last stay"),
)


@quick
@example(HISTORIES, st.lists(st.integers(0, 900), max_size=4))
def test_it_does_not_matter_when_time_is_moved(history: list[Stay], days: list[int]) -> None:
    """A host may advance a member as often as it likes, up to the next event: the next outcomes are the same."""
    plain, moved = (Guest(LIVELY, watched=False) for _ in range(2))
    reached = FIRST
    for stay in history:
        for at in sorted(FIRST + each for each in days):
            if reached <= at <= stay.day:
                moved.until(format_date(at))
        reached = stay.day
        outcomes = [guest.stay(format_date(stay.day), *["1"] * (stay.pounds % 4)) for guest in (plain, moved)]
        assert outcomes[0].awards == outcomes[1].awards
        assert plain.state == moved.state


@quick
@example(HISTORIES)
def test_scoring_changes_nothing_that_it_was_given(history: list[Stay]) -> None:
    guest = Guest(LIVELY, watched=False)
    for stay in history:
        before, encoded = guest.state, msgspec.json.encode(guest.state)
        guest.stay(format_date(stay.day), *["1"] * (stay.pounds % 4))
        assert msgspec.json.encode(before) == encoded
