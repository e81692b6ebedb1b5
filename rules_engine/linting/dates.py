"""Days for lints: when a rule may act, on which days a period lies, what a worked-out day comes to.

In: core conditions, periods and days. Out: plain days, or None where a day hangs on a member or on an event. Nothing
here asks a clock: where a program has no terms and no dates, the days of eight whole years stand for all, since they
hold every date, a leap day, and each date on more than one weekday.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rules_engine import ir
from rules_engine.calendar import Duration, add_duration, day_of, format_date, local_day
from rules_engine.occurrences import EDGES, Context, contains
from rules_engine.periods import Except, LastCalendar, Lifetime, Named, Period, Rolling, Trial, anchors, is_timed

SAMPLE = (day_of(2027, 1, 1), day_of(2034, 12, 31))
"""Eight years; what recurs shows itself in them."""


class Days(msgspec.Struct, frozen=True):
    """From one day to another, both included; None: no end there."""

    first: int | None = None
    last: int | None = None

    @property
    def empty(self) -> bool:
        """Whether no day is among them.

        >>> Days(3, 3).empty, Days(4, 3).empty, Days(None, 3).empty
        (False, True, False)
        """
        return self.first is not None and self.last is not None and self.last < self.first

    def both(self, other: Days) -> Days:
        """The days that are among these and those.

        >>> Days(1, None).both(Days(3, 9))
        Days(first=3, last=9)
        """
        firsts = [each for each in (self.first, other.first) if each is not None]
        lasts = [each for each in (self.last, other.last) if each is not None]
        return Days(max(firsts, default=None), min(lasts, default=None))

    @property
    def words(self) -> str:
        """As a rule file writes them: `from 2027-01-01 until 2027-12-31`."""
        first = [f"from {format_date(self.first)}"] if self.first is not None else []
        last = [f"until {format_date(self.last)}"] if self.last is not None else []
        return " ".join([*first, *last]) or "on every day"


def context(header: ir.Header) -> Context:
    """What periods need to know of the program."""
    return Context(header.zone or "UTC", header.week_start, header.leap_day)


def terms(header: ir.Header) -> Days:
    """The days of the program's terms."""
    return Days(header.terms_from, header.terms_until)


def conjuncts(condition: ir.Expr | None) -> tuple[ir.Expr, ...]:
    """What must hold, part by part: `a and (b and c)` is a, b, c."""
    match condition:
        case None:
            return ()
        case ir.All(parts=parts):
            return tuple(inner for part in parts for inner in conjuncts(part))
        case _:
            return (condition,)


def days_of(condition: ir.Expr | None, header: ir.Header) -> Days:
    """The days of events on which a condition may hold, as far as written dates say; times of day widen to their
    day."""
    found = Days()
    for part in conjuncts(condition):
        match part:
            case ir.Cmp(op=op, left=ir.Today(), right=ir.Num(num=day)):
                found = found.both(_side(op, day))
            case ir.Cmp(op=op, left=ir.Now(), right=ir.Num(num=moment)) if header.zone is not None:
                found = found.both(_moment(op, moment, header.zone))
    return found


def _side(op: str, day: int) -> Days:
    match op:
        case ">=":
            return Days(day, None)
        case ">":
            return Days(day + 1, None)
        case "<=":
            return Days(None, day)
        case "<":
            return Days(None, day - 1)
        case "=":
            return Days(day, day)
        case _:
            return Days()


def _moment(op: str, moment: int, zone: str) -> Days:
    match op:
        case ">=" | ">":
            return Days(local_day(moment, zone), None)
        case "<=":
            return Days(None, local_day(moment, zone))
        case "<":
            return Days(None, local_day(moment - 1, zone))
        case _:
            return Days()


def acts_on(rule: ir.RuleDef | ir.OfferDef | ir.MatchDef, header: ir.Header) -> Days:
    """The days of events on which a rule may act: its own dates, those of its `when`, and the terms."""
    return terms(header).both(days_of(rule.dates, header)).both(days_of(rule.when, header))


def fixed(period: Period) -> bool:
    """Whether the days of a period are the same for everybody, and asked by the day alone."""
    windows = (Trial, Lifetime, Rolling, LastCalendar)
    return (
        not anchors(period) and not is_timed(period) and not any(isinstance(each, windows) for each in _spans(period))
    )


def _spans(period: Period) -> Iterator[Period]:
    match period:
        case Named(body=body):
            yield from _spans(body)
        case Except(base=base, removed=removed):
            for each in (base, *removed):
                yield from _spans(each)
        case _:
            yield period


def window(days: Days) -> range:
    """Days to try: all where they end, the sample from the first or up to the last where they are open at one end."""
    first, last = days.first, days.last
    length = SAMPLE[1] - SAMPLE[0]
    if first is None and last is None:
        return range(SAMPLE[0], SAMPLE[1] + 1)
    if first is None:
        assert last is not None
        return range(last - length, last + 1)
    return range(first, min(last if last is not None else first + length, first + 4 * length) + 1)


def lies_in(period: Period, days: Days, ctx: Context) -> bool:
    """Whether one of these days lies in a period that is `fixed`."""
    return any(contains(period, day, ctx) for day in window(days))


def day_value(node: ir.Expr, today: int, periods: dict[str, Period], ctx: Context) -> int | None:
    """What a day comes to for an event of `today`; None where it hangs on anything else.

    >>> at = ir.Origin(0, 0, 0)
    >>> day_value(ir.AddTime(at, ir.Today(at), 2, "week"), 100, {}, Context())
    114
    """
    match node:
        case ir.Num(num=num):
            return num
        case ir.Today():
            return today
        case ir.AddTime(day=day, count=count, unit=unit):
            found = day_value(day, today, periods, ctx)
            assert unit != "hour", "days move by days"
            assert unit != "minute", "days move by days"
            return None if found is None else add_duration(found, Duration(count, unit))
        case ir.EdgeDay(edge=edge, next=following, period=name, day=day):
            found, period = day_value(day, today, periods, ctx), periods.get(name)
            if found is None or period is None or not fixed(period):
                return None
            return EDGES[edge, following](period, found, ctx)
        case _:
            return None
