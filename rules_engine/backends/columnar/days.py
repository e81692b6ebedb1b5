"""What follows from a local day alone, worked out once for each day that a batch has and looked up by its number.

In: questions (is the day in this period, which occurrence holds it, where does that end, the day moved by a span), and
the days of a batch. Out: a matrix, a row a question and a column a day. The answers are those of `occurrences.py`, so
every period of the language works that hangs on no fact and starts at no time of day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from rules_engine import ir
from rules_engine.backends.columnar.batch import Batch, Ints
from rules_engine.backends.columnar.layout import Layout
from rules_engine.backends.columnar.tape import MISSING, SLOT_NEXT, UNKNOWN
from rules_engine.backends.reference import World, duration_unit
from rules_engine.calendar import Duration, add_duration, subtract_duration
from rules_engine.occurrences import (
    EDGES,
    Context,
    contains,
    occurrence,
    occurrences,
)
from rules_engine.periods import Calendar, LastCalendar

SPAN_MAX = 60_000
"""How many days a table may span; a day further away is not worked out."""

Question = tuple[Any, ...]


class Days:
    """The answers so far: `table` has a row a question and a column a day, from the day `base` on."""

    def __init__(self, core: ir.Program, world: World, questions: Iterable[Question]) -> None:
        self.core, self.periods, self.calendar = core, world.periods, world.calendar
        self.questions = tuple(questions)
        self.base = 0
        self.table: Ints = np.zeros((len(self.questions), 0), np.int64)
        self.mark: Callable[[Ints, Ints, int], None] = mark
        self._known = np.zeros(0, np.bool_)
        self._ends = [row for row, each in enumerate(self.questions) if each[0] in ("edge", "moved")]

    def cover(self, batch: Batch, layout: Layout, rows: Ints) -> None:
        """Work out the days that a batch has, and those with which something ends that `rows` of memory hold or that
        the batch may grant."""
        if not len(batch.day):
            return
        low, last = int(batch.day.min()), int(batch.day.max())
        columns = [batch.day, *(batch.fields[row] for row in layout.day_fields)]
        columns += [batch.lines[row] for row in layout.day_line_fields]
        columns += [batch.facts[row] for row in layout.day_facts]
        if layout.holdings:
            due = rows[rows[:, SLOT_NEXT] <= last]
            for each in layout.holdings:
                until = due[due[:, each.slot] != MISSING, each.slot + 1]
                columns.append(until[until <= last])
        middle = (low + last) // 2
        first, beyond = min(low, middle - SPAN_MAX // 2 + 1), max(last + 1, middle + SPAN_MAX // 2)
        wanted = np.zeros(beyond - first, np.int64)
        for column in columns:
            self.mark(wanted, column, first)
        places = np.flatnonzero(wanted) + first
        self._reach(int(places[0]), int(places[-1]))
        self._answer(places[~self._known[places - self.base]] - self.base, last)

    def _answer(self, places: Ints, last: int) -> None:
        """Answer for some days, then for those that answers lead to up to the last one."""
        waiting = {int(place) + self.base for place in places}
        while waiting:
            found = set()
            for day in sorted(waiting):
                for row, question in enumerate(self.questions):
                    value = self.answer(question, day)
                    self.table[row, day - self.base] = MISSING if value is None else value
                self._known[day - self.base] = True
                found |= {int(self.table[row, day - self.base]) for row in self._ends}
            ahead = {day for day in found if day != MISSING and self.base <= day <= last}
            waiting = {day for day in ahead if not self._known[day - self.base]}

    def _reach(self, low: int, high: int) -> None:
        """Make the table span these days."""
        if not self.table.shape[1]:
            self.base, old = low, 0
        else:
            low, old = min(low, self.base), self.base - min(low, self.base)
            high = max(high, self.base + self.table.shape[1] - 1)
            self.base = low
        if high - low + 1 == self.table.shape[1]:
            return
        table = np.full((len(self.questions), high - low + 1), UNKNOWN, np.int64)
        known = np.zeros(high - low + 1, np.bool_)
        table[:, old : old + self.table.shape[1]] = self.table
        known[old : old + len(self._known)] = self._known
        self.table, self._known = table, known

    def answer(
        self, question: Question, day: int | None, context: Context | None = None, instant: int | None = None
    ) -> int | None:
        """What is asked of a day; a question about a day that another question finds stands round that one. Periods
        that hang on a fact need a context with it, those that start at a time of day the event's instant."""
        kind, inner, *rest = question
        within = day if inner is None else self.answer(inner, day, context, instant)
        return None if within is None else self._asked(kind, rest, within, context or self.calendar, instant)

    def _asked(self, kind: str, rest: list[Any], day: int, context: Context, instant: int | None) -> int | None:
        match kind, rest:
            case "in", [name]:
                return int(contains(self.periods[name].period, day, context, instant))
            case "key", [name]:
                found = occurrence(self.periods[name].period, day, context, instant)
                return None if found is None else found.first_day
            case "before", [name]:
                found = occurrence(self.periods[name].period, day, context, instant)
                return None if found is None else self._before(name, found.first_day, context)
            case "since", [count, unit]:
                return subtract_duration(day, Duration(count, duration_unit(unit))) + 1
            case "unit", [unit]:
                found = occurrence(Calendar(duration_unit(unit)), day, context)
                return None if found is None else found.first_day
            case "last", [count, unit]:
                found = occurrence(LastCalendar(count, duration_unit(unit)), day, context)
                return None if found is None else found.first_day
            case "edge", [edge, later, name]:
                return EDGES[edge, later](self.periods[name].period, day, context, instant)
            case "reached", [count, unit]:
                return _reached(day, Duration(count, duration_unit(unit)))
            case "moved", [count, unit]:
                return add_duration(day, Duration(count, duration_unit(unit)))
        raise AssertionError(kind)

    def _before(self, name: str, first_day: int, context: Context) -> int | None:
        reach = 1
        while reach <= 36_525 * 2:
            found = [
                each.first_day for each in occurrences(self.periods[name].period, first_day - reach, first_day, context)
            ]
            if found:
                return found[-1]
            reach *= 2
        return None


def _reached(day: int, span: Duration) -> int:
    """The last day from which a span does not reach beyond a day."""
    found = subtract_duration(day, span)
    while add_duration(found, span) > day:
        found -= 1
    while add_duration(found + 1, span) <= day:
        found += 1
    return found


def mark(wanted: Ints, days: Ints, first: int) -> None:
    """Mark those of some days that are among the wanted ones, which begin with the first."""
    inside = days[(days >= first) & (days < first + len(wanted))]
    wanted[inside - first] = 1
