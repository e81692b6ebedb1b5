"""Calendar look-ups for generated code: small functions that remember their latest answers.

In: a period or a window. Out: a function of a day (and of anchors, where the period hangs on facts). Occurrences come
from `occurrences`, which every evaluator shares; a memory in front of it makes the common question cost one dictionary
look-up. A memory that grows large is emptied.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.calendar import Duration, local_day, subtract_duration
from rules_engine.occurrences import (
    EDGES,
    Context,
    contains,
    occurrence,
    occurrences,
)
from rules_engine.periods import Calendar, LastCalendar, Period, anchors, is_timed

KEPT_MAX = 100_000

DayOf: TypeAlias = Callable[..., Any]
"""A remembered look-up; its arguments are days, and what it gives is a day, a flag or None."""


def remembered(ask: DayOf) -> DayOf:
    """A function of days that remembers its answers; emptied when it holds many."""
    memory: dict[Any, Any] = {}

    def answer(*days: int | None) -> Any:
        found = memory.get(days, memory)
        if found is memory:
            if len(memory) >= KEPT_MAX:
                memory.clear()
            found = memory[days] = ask(*days)
        return found

    return answer


class Remembered(dict[Any, Any]):
    """The answers of a function of one day, by the day: asking what is known costs one look-up. Emptied when it holds
    many."""

    def __init__(self, ask: DayOf) -> None:
        super().__init__()
        self.ask = ask

    def __missing__(self, day: int | None) -> Any:
        if len(self) >= KEPT_MAX:
            self.clear()
        found = self[day] = self.ask(day)
        return found


def _context(period: Period, base: Context, days: tuple[int | None, ...]) -> Context | None:
    if not days:
        return base
    if any(day is None for day in days):
        return None
    return msgspec.structs.replace(base, anchors=dict(zip(anchors(period), days, strict=True)))


def inside(period: Period, base: Context, instant: bool) -> DayOf:
    """Whether a day (or an instant) lies in a period; false where an anchor is absent."""

    def ask(value: int, *days: int | None) -> bool:
        found = _context(period, base, days)
        if found is None:
            return False
        if instant:
            return contains(period, local_day(value, found.zone), found, value)
        return contains(period, value, found)

    return ask if instant else remembered(ask)


def first_day(period: Period, base: Context) -> DayOf:
    """The first day of the occurrence that holds a day; None where there is none, or an anchor is absent."""

    def ask(day: int | None, *days: int | None) -> int | None:
        found = _context(period, base, days)
        held = None if found is None or day is None else occurrence(period, day, found)
        return None if held is None else held.first_day

    return remembered(ask)


def before(period: Period, base: Context) -> DayOf:
    """The first day of the occurrence before the one that starts on a day; looked for as far as a century back."""

    def ask(first_day: int | None, *days: int | None) -> int | None:
        found = _context(period, base, days)
        reach = 1
        while found is not None and first_day is not None and reach <= 36_525 * 2:
            starts = [each.first_day for each in occurrences(period, first_day - reach, first_day, found)]
            if starts:
                return starts[-1]
            reach *= 2
        return None

    return remembered(ask)


def edge(period: Period, which: Literal["start", "end"], following: bool, base: Context) -> DayOf:
    """A first or last day of an occurrence of a period; takes the day, the event's instant, and anchors."""
    look = EDGES[which, following]
    if is_timed(period):

        def at(day: int | None, instant: int, *days: int | None) -> int | None:
            found = _context(period, base, days)
            return None if found is None or day is None else look(period, day, found, instant)

        return at

    def ask(day: int | None, *days: int | None) -> int | None:
        found = _context(period, base, days)
        return None if found is None or day is None else look(period, day, found)

    known = remembered(ask)

    def on(day: int | None, _instant: int, *days: int | None) -> int | None:
        result: int | None = known(day, *days)
        return result

    return on


def since(window: ir.Window, base: Context) -> DayOf:
    """The first day whose key a moving window counts on a day."""
    if window.kind == "rolling":
        span = Duration(window.count, window.unit)  # type: ignore[arg-type]
        return remembered(lambda day: subtract_duration(day, span) + 1)
    months = LastCalendar(window.count, window.unit)  # type: ignore[arg-type]

    def ask(day: int) -> int:
        found = occurrence(months, day, base)
        assert found is not None
        return found.first_day

    return remembered(ask)


def unit_start(unit: ir.TimeUnit, base: Context) -> DayOf:
    """The first day of the calendar unit that holds a day."""
    calendar = Calendar(unit)  # type: ignore[arg-type]

    def ask(day: int) -> int:
        found = occurrence(calendar, day, base)
        assert found is not None
        return found.first_day

    return remembered(ask)
