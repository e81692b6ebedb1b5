"""What each schedule brings a member next, remembered: most events come long before anything is due.

It hangs on the last occurrence settled, or, before there is one, on the day the member was first seen, and on the facts
that the period hangs on; on nothing else. So whoever asks again before any of these has changed gets the same answer.
"""

from __future__ import annotations

from typing import Final

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import schedules
from rules_engine.backends.reference.run import Run
from rules_engine.backends.reference.world import World
from rules_engine.calendar import END_DAY, FIRST_DAY
from rules_engine.event import Facts, FieldValue
from rules_engine.periods import (
    Annual,
    Around,
    Calendar,
    Every,
    Fixed,
    MonthDays,
    Once,
    UnitOf,
    Weekdays,
    anchors,
    is_timed,
    unwrapped,
)
from rules_engine.state import State

_KEPT_MAX: Final = 20_000


class Next(msgspec.Struct, frozen=True):
    """The day as of which a schedule happens next and the day it is posted, both `END_DAY` where it never does again;
    and the first day after the occurrence that is settled, `END_DAY` where that cannot be told."""

    day: int
    posted: int
    opened: int


class Ahead:
    """The memory of one schedule."""

    __slots__ = ("_found", "_kind", "_world", "facts")

    def __init__(self, kind: ir.EventDef, world: World) -> None:
        self._kind = kind
        self._world = world
        self._found: dict[tuple[object, ...], Next] = {}
        period = world.periods[_schedule(kind).period].period
        exprs = [world.anchors[key] for key in anchors(period)]
        self.facts = tuple(each.name for each in exprs if isinstance(each, ir.MemberField))

    def next(self, facts: Facts, state: State, since: int | None) -> Next:
        """What comes next for a member with these facts, who was first seen on a day."""
        settled = state.settled.get(self._kind.name)
        known = tuple([facts.get(name) for name in self.facts]) if self.facts else ()
        key = (settled, since if settled is None else None, known)
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= _KEPT_MAX:
                self._found.clear()
            found = self._found[key] = self._ask(dict(zip(self.facts, known, strict=True)), settled, since)
        return found

    def _ask(self, facts: dict[str, FieldValue], settled: int | None, since: int | None) -> Next:
        name = self._kind.name
        run = Run(self._world, facts, State(since=since, settled={} if settled is None else {name: settled}))
        event = schedules.upcoming(self._kind, run)
        opened = FIRST_DAY if settled is None else schedules.end_of(self._kind, settled, run)
        if event is None or event.posted is None:
            return Next(END_DAY, END_DAY, opened)
        return Next(event.day, event.posted, opened)


def ahead_of(world: World) -> tuple[Ahead, ...] | None:
    """The memories of all schedules; None where one goes by more than the state's `since` and `settled` and facts."""
    kinds = world.schedules
    return tuple(Ahead(kind, world) for kind in kinds) if all(_is_plain(kind, world) for kind in kinds) else None


def _is_plain(kind: ir.EventDef, world: World) -> bool:
    period = world.periods[_schedule(kind).period].period
    exprs = [world.anchors[key] for key in anchors(period)]
    if any(not isinstance(each, ir.MemberField | ir.Num) for each in exprs) or is_timed(period):
        return False
    return isinstance(unwrapped(period), _PLAIN)


_PLAIN: Final = (Annual, Around, Calendar, Every, Fixed, MonthDays, Once, UnitOf, Weekdays)
"""Periods whose occurrences follow from the calendar, and from facts."""


def _schedule(kind: ir.EventDef) -> ir.ScheduleDef:
    assert kind.schedule is not None, f"`{kind.name}` is sent"
    return kind.schedule
