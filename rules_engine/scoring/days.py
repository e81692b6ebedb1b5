"""What the passing of time does to a member, and what is due when.

In: the interpreter, facts, a state, a day. Out: `Advance` and `Due`s, in the order in which they happen.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal

import msgspec

from rules_engine.backends.reference import Reference
from rules_engine.calendar import parse_date
from rules_engine.event import Facts
from rules_engine.outcome import TierChange
from rules_engine.state import Change, LotLapsed, State

Day = int | str | date
"""A day: days since 1970-01-01, `"2027-03-31"`, or a date."""


class Advance(msgspec.Struct, frozen=True):
    """What the passing of time did to a member: the state after it, how it got there, and what was lost.

    >>> later = program.advance(member, state, "2027-06-01")
    >>> later.state.lots, [(lapse.lot.left, lapse.lot.unit) for lapse in later.lapsed]
    ([], [(5, 'point')])
    """

    state: State
    changes: tuple[Change, ...]
    tiers: tuple[TierChange, ...]
    lapsed: tuple[LotLapsed, ...]


class Due(msgspec.Struct, frozen=True):
    """Something that is due on a day: a review of tiers, the end of a trial, of a holding, of a lot, which `advance` to
    that day or later will do; or an `event` that happens by itself and is to be scored (`Program.scheduled`).

    `what` names the period, the match, the tier, the unit or the event; `occurrence` is the first day of the one whose
    edge an event is.

    >>> [(due.kind, due.what) for due in program.due(member, state, "2027-12-31")]
    [('lapse', 'point'), ('tier', 'Gold')]
    """

    kind: Literal["review", "trial", "tier", "lapse", "event"]
    day: int
    what: str
    occurrence: int | None = None


def day_number(day: Day) -> int:
    """A day as days since 1970-01-01.

    >>> day_number("1970-01-02"), day_number(date(1970, 1, 3)), day_number(3)
    (1, 2, 3)
    """
    if isinstance(day, str):
        return parse_date(day)
    return day if isinstance(day, int) else day.toordinal() - date(1970, 1, 1).toordinal()


def due_until(reference: Reference, facts: Facts, state: State, until: int) -> tuple[Due, ...]:
    """What is due up to a day, if nothing else happened. At one day what ends a period comes first, then what ends with
    the day before, then what starts a period."""
    found = [
        (ending.day + 1, _ENDING, Due(ending.kind, ending.day + 1, ending.what))
        for ending in reference.advance(facts, state, until).endings
    ]
    if any(event.schedule is not None for event in reference.core.events):
        found += _events(reference, facts, state, until)
    return tuple(due for _, _, due in sorted(found, key=lambda each: each[:2]))


_END, _ENDING, _START = range(3)


def _events(reference: Reference, facts: Facts, state: State, until: int) -> Iterator[tuple[int, int, Due]]:
    kinds = {event.name: event.schedule for event in reference.core.events}
    for event in reference.due_events(facts, state, until):
        schedule = kinds[event.name]
        assert schedule is not None
        assert event.posted is not None
        rank = _END if schedule.edge == "end" else _START
        yield event.posted, rank, Due("event", event.posted, event.name, event.occurrence)
