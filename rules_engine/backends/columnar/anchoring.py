"""What follows from a day and from facts: occurrences of periods that hang on a fact, or start at a time of day.

In: questions as `days.py` asks them, with columns of the days (or instants) and of the facts that they hang on. Out: a
column of answers. Each different pair of facts and day is worked out once, by `occurrences.py` itself; where the answer
holds for a whole occurrence, it is remembered for all days of that.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from rules_engine.backends.columnar.batch import Ints
from rules_engine.backends.columnar.days import Days, Question
from rules_engine.backends.columnar.tape import MISSING
from rules_engine.backends.reference import World
from rules_engine.calendar import local_day
from rules_engine.occurrences import Context, occurrence
from rules_engine.periods import Except, LastCalendar, Named, Period, Rolling, anchors, is_timed


def hangs(world: World, period: str) -> bool:
    """Whether a period hangs on a fact, or starts at a time of day."""
    found = world.periods[period].period
    return bool(anchors(found)) or is_timed(found)


REMEMBERED: Final = 2**20
"""So many answers are kept; then it is begun anew."""

Asked: TypeAlias = tuple[Question, str]
"""A question, and what it is asked of: a `day`, or an `instant`."""
Span: TypeAlias = tuple[int, int, int]
"""From a day on, before a day: the answer."""


def periods_of(question: Question | None) -> tuple[str, ...]:
    """The periods that a question is about, the inner ones first."""
    if question is None:
        return ()
    kind, inner, *rest = question
    own = (rest[-1],) if kind in ("in", "key", "before", "edge") else ()
    return (*periods_of(inner), *own)


class Answers:
    """The answers of one program so far."""

    def __init__(self, world: World, asked: Sequence[Asked]) -> None:
        self.world, self.asked = world, tuple(asked)
        self._days = Days(world.core, world, ())
        self._facts = [self.facts(question) for question, _ in asked]
        self._timed = [self.timed(question) for question, _ in asked]
        self._known: dict[tuple[int, ...], int] = {}
        self._spans: dict[tuple[int, ...], list[Span]] = {}

    def _period(self, name: str) -> Period:
        return self.world.periods[name].period

    def facts(self, question: Question | None) -> tuple[str, ...]:
        """The keys of the anchors that a question hangs on, sorted."""
        return tuple(sorted({key for name in periods_of(question) for key in anchors(self._period(name))}))

    def timed(self, question: Question | None) -> bool:
        """Whether a question hangs on the event's instant."""
        return any(is_timed(self._period(name)) for name in periods_of(question))

    # ---- many at once

    def answers(self, number: int, columns: Sequence[Ints]) -> Ints:
        """Answers to a question: columns of the days (or instants), of its facts, and of the event's instants where it
        is timed and asked of a day. What is absent has no answer."""
        present = np.ones(len(columns[0]), np.bool_)
        for column in columns:
            present &= column != MISSING
        some = np.flatnonzero(present)
        found = np.full(len(columns[0]), MISSING, np.int64)
        if self.asked[number][0][0] == "in":
            found[:] = 0
        own = [column[some] for column in columns]
        places = together(own)
        first, of_place = np.unique(places, return_index=True, return_inverse=True)[1:]
        rows = np.stack([column[first] for column in own], axis=1).tolist() if len(some) else []
        found[some] = np.array([self._one(number, row) for row in rows], np.int64)[of_place]
        return found

    def _one(self, number: int, row: list[int]) -> int:
        moment, *rest = row
        key = (number, *rest)
        spans = self._spans.get(key)
        if spans is not None:
            place = bisect_right(spans, moment, key=lambda span: span[0]) - 1
            if place >= 0 and spans[place][0] <= moment < spans[place][1]:
                return spans[place][2]
        known = self._known.get((*key, moment))
        return self._work_out(number, moment, rest) if known is None else known

    def _work_out(self, number: int, moment: int, rest: list[int]) -> int:
        question, of = self.asked[number]
        keys, base = self._facts[number], self.world.calendar
        context = Context(base.zone, base.weeks_start, base.leap_day, dict(zip(keys, rest, strict=False)))
        instant = moment if of == "instant" else rest[len(keys)] if self._timed[number] else None
        day = local_day(moment, base.zone) if of == "instant" else moment
        value = self._days.answer(question, day, context, instant)
        answer = MISSING if value is None else value
        if len(self._known) + len(self._spans) > REMEMBERED:
            self._known, self._spans = {}, {}
        span = None if of == "instant" or self._timed[number] else self._same(question, day, context)
        if span is None:
            self._known[number, *rest, moment] = answer
        else:
            insort(self._spans.setdefault((number, *rest), []), (*span, answer))
        return answer

    def _same(self, question: Question, day: int, context: Context) -> tuple[int, int] | None:
        """The days for which the answer is the same: those of the occurrence that holds the day."""
        kind, inner, *rest = question
        if kind not in ("in", "key", "before", "edge") or inner is not None:
            return None
        period = self._period(rest[-1])
        while isinstance(period, Named):
            period = period.body
        if isinstance(period, Except | Rolling | LastCalendar):
            return None
        found = occurrence(period, day, context)
        return None if found is None else (found.first_day, found.end_day)

    # ---- local days

    def local_days(self, instants: Ints) -> Ints:
        """The local days of some instants: the same in a whole quarter of an hour, unless midnight lies inside."""
        quarters, places = np.unique(np.where(instants == MISSING, 0, instants) // QUARTER, return_inverse=True)
        zone = self.world.zone
        first = np.array([local_day(each * QUARTER, zone) for each in quarters.tolist()], np.int64)
        last = np.array([local_day(each * QUARTER + QUARTER - 1, zone) for each in quarters.tolist()], np.int64)
        found = first[places]
        for place in np.flatnonzero((first != last)[places] & (instants != MISSING)).tolist():
            found[place] = local_day(int(instants[place]), zone)
        return np.where(instants == MISSING, MISSING, found)


QUARTER: Final = 900


def together(columns: Sequence[Ints]) -> Ints:
    """One number for each row of some columns, equal where the rows are."""
    found = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        values, places = np.unique(column, return_inverse=True)
        found = np.unique(found * len(values) + places, return_inverse=True)[1]
    return found


def as_answers(found: Any) -> Answers:
    """The answers that a tape carries."""
    assert isinstance(found, Answers)
    return found
