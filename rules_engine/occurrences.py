"""What a period holds: its occurrences, looked up by a local day or by an instant.

In come a period, a local day, and a `Context` with what the programme's header and the member's facts settle: the zone,
the weekday on which weeks start, what 29 February counts as, and the days of the anchors. Out come occurrences:
half-open stretches, keyed by their first day.

There are two kinds of period. Most are sets of whole local days. One that starts or ends at a time of day (`23:00 to
07:00 every day`, `from 2027-11-01 at 20:00 ...`) is a set of instants, and asking it about a day alone has no answer:
such questions take the instant too, and `periods.is_timed` tells which periods need it.

The algorithm is the same for all forms. `_around` lists, in order, a few occurrences of the base span near a day: for
certain the one that holds it, if there is one, and the first that starts after it. An occurrence is then found by
looking which of them holds the moment, and the next one is the first that starts later. `except` is no part of this: it
takes days out of a period and neither splits nor renames an occurrence, so it is asked last.

Spans that could overlap themselves are refused where they are made (a window round an anniversary that reaches a whole
year), or are cut at the start of the next (an annual span that ends on a moved 29 February). Hence a moment lies in one
occurrence at most.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Final, assert_never

import msgspec

from rules_engine.calendar import (
    END_DAY,
    FIRST_DAY,
    Duration,
    LeapDay,
    add_duration,
    add_months,
    anniversary,
    civil,
    day_of,
    day_start,
    local_instant,
    month_days,
    month_number,
    month_start,
    subtract_duration,
    week_start,
    yearly_day,
)
from rules_engine.periods import (
    Annual,
    Around,
    Calendar,
    CalendarUnit,
    Daily,
    Every,
    Except,
    Fixed,
    Host,
    LastCalendar,
    Lifetime,
    MonthDays,
    Named,
    Once,
    Period,
    Rolling,
    Trial,
    UnitOf,
    Weekdays,
    unwrapped,
)
from rules_engine.values import ValueFault

_WHOLE_MONTHS: Final[dict[str, int]] = {"month": 1, "quarter": 3, "year": 12}


# ---- what one asks


class Context(msgspec.Struct, frozen=True):
    """What a period needs to know besides itself.

    `weeks_start` is 0 for Monday to 6 for Sunday. Anchors are days by key; an anchor that a period names must be there,
    because the checker has made sure that the fact is present. Trials are [first day, end day) by match, in order.
    """

    zone: str = "UTC"
    weeks_start: int | None = None
    leap_day: LeapDay | None = None
    anchors: Mapping[str, int] = {}
    trials: Mapping[str, tuple[tuple[int, int], ...]] = {}


class Occurrence(msgspec.Struct, frozen=True):
    """The local days [first_day, end_day), or, of a timed period, the instants [starts_at, ends_at) on those days.

    The first day is its key, whatever `except` takes out.
    """

    first_day: int
    end_day: int
    starts_at: int | None = None
    ends_at: int | None = None

    def holds(self, day: int, instant: int | None = None) -> bool:
        """Whether a moment lies inside; the instant is needed where the occurrence is timed."""
        if self.starts_at is None or self.ends_at is None:
            return self.first_day <= day < self.end_day
        return self.starts_at <= _needed(instant) < self.ends_at

    def instants(self, zone: str) -> tuple[int, int]:
        """Its first instant and the first instant after it."""
        if self.starts_at is None or self.ends_at is None:
            return day_start(self.first_day, zone), day_start(self.end_day, zone)
        return self.starts_at, self.ends_at


def _needed(instant: int | None) -> int:
    if instant is None:
        raise ValueFault("this period starts or ends at a time of day, so a date alone cannot be looked up in it")
    return instant


def contains(period: Period, day: int, ctx: Context, instant: int | None = None) -> bool:
    """Whether the period holds a local day, or an instant where it is timed.

    `calendar month`, `lifetime` and windows hold every day; whether a day lies in *today's* month or window is
    `occurrence(period, today, ctx).holds(day)`.

    >>> from rules_engine.calendar import parse_date
    >>> weekend = Weekdays((4, 5))
    >>> [contains(weekend, parse_date(text), Context()) for text in ("2027-03-05", "2027-03-07")]
    [True, False]
    """
    return occurrence(period, day, ctx, instant) is not None


def occurrence(period: Period, day: int, ctx: Context, instant: int | None = None) -> Occurrence | None:
    """The occurrence that holds a moment, or None where the period does not hold it.

    Raises `ValueFault` where the period is timed and no instant is given.

    >>> from rules_engine.calendar import format_date, parse_date
    >>> off_peak = Annual(11, 1, 2, 28)
    >>> found = occurrence(off_peak, parse_date("2027-02-28"), Context())
    >>> format_date(found.first_day), format_date(found.end_day)
    ('2026-11-01', '2027-03-01')
    """
    match period:
        case Calendar(unit=unit):
            return _calendar_unit(unit, day, ctx)
        case Named(body=body):
            return occurrence(body, day, ctx, instant)
        case Except(base=base, removed=removed):
            found = occurrence(base, day, ctx, instant)
            if found is None or any(contains(each, day, ctx, instant) for each in removed):
                return None
            return found
        case _:
            return next((each for each in reversed(_around(period, day, ctx)) if each.holds(day, instant)), None)


def next_occurrence(period: Period, day: int, ctx: Context, instant: int | None = None) -> Occurrence | None:
    """The first occurrence that starts after a day, or after an instant where the period is timed; None if none does.

    The windows of a bare duration and of `the last N calendar months` are one for each day and have no next.

    >>> from rules_engine.calendar import format_date, parse_date
    >>> found = next_occurrence(Calendar("quarter"), parse_date("2027-02-28"), Context())
    >>> format_date(found.first_day)
    '2027-04-01'
    """
    base = unwrapped(period)
    if isinstance(base, (Rolling, LastCalendar)):
        return None
    for each in _around(base, day, ctx):
        if (each.first_day > day) if each.starts_at is None else (each.starts_at > _needed(instant)):
            return each
    return None


def current_or_next(period: Period, day: int, ctx: Context) -> Occurrence | None:
    """The occurrence that a day touches, else the next to come; None where none comes. Of a timed period it is the
    first that ends after the day's start. Windows of a bare duration have none.

    >>> from rules_engine.calendar import format_date, parse_date
    >>> found = current_or_next(Weekdays((4, 5)), parse_date("2027-03-07"), Context())
    >>> format_date(found.first_day)
    '2027-03-12'
    """
    base = unwrapped(period)
    if isinstance(base, (Rolling, LastCalendar)):
        return None
    return next((each for each in _around(base, day, ctx) if each.end_day > day), None)


def occurrences(period: Period, since: int, until: int, ctx: Context) -> Iterator[Occurrence]:
    """The occurrences that start on a day in [since, until), in order; none for windows, which are one for each day.

    >>> from rules_engine.calendar import format_date
    >>> days = [format_date(each.first_day) for each in occurrences(MonthDays((30,)), 20819, 20910, Context())]
    >>> days
    ['2027-01-30', '2027-03-30']
    """
    base = unwrapped(period)
    day = since - 1
    while not isinstance(base, (Rolling, LastCalendar)):
        found = next((each for each in _around(base, day, ctx) if each.first_day > day), None)
        if found is None or found.first_day >= until:
            return
        yield found
        day = found.first_day


def start_of(period: Period, day: int, ctx: Context, instant: int | None = None) -> int | None:
    """`start of P`: the first day of the occurrence that holds the moment, else of the next to come."""
    found = _current_or_next(period, day, ctx, instant)
    return None if found is None else found.first_day


def end_of(period: Period, day: int, ctx: Context, instant: int | None = None) -> int | None:
    """`end of P`: the last day of the occurrence that holds the moment, else of the next to come; None if none comes.

    >>> from rules_engine.calendar import format_date, parse_date
    >>> format_date(end_of(Calendar("year"), parse_date("2027-05-05"), Context()))
    '2027-12-31'
    """
    found = _current_or_next(period, day, ctx, instant)
    return None if found is None else found.end_day - 1


def end_of_next(period: Period, day: int, ctx: Context, instant: int | None = None) -> int | None:
    """`end of next P`: the last day of the first occurrence that starts later than the moment; None if none does."""
    found = next_occurrence(period, day, ctx, instant)
    return None if found is None else found.end_day - 1


def start_of_next(period: Period, day: int, ctx: Context, instant: int | None = None) -> int | None:
    """`start of next P`: the first day of the first occurrence that starts later than the moment."""
    found = next_occurrence(period, day, ctx, instant)
    return None if found is None else found.first_day


EDGES: Final = {
    ("start", False): start_of,
    ("end", False): end_of,
    ("start", True): start_of_next,
    ("end", True): end_of_next,
}
"""What `start of` and `end of` find, by the edge that is named and whether `next` stands before the period."""


def _current_or_next(period: Period, day: int, ctx: Context, instant: int | None) -> Occurrence | None:
    base = unwrapped(period)
    return occurrence(base, day, ctx, instant) or next_occurrence(base, day, ctx, instant)


# ---- the occurrences near a day


def _around(period: Period, day: int, ctx: Context) -> tuple[Occurrence, ...]:  # noqa: C901 - one arm for each form
    match period:
        case Annual():
            return _yearly(day, lambda year: _annual(period, year, ctx.leap_day))
        case Daily():
            return tuple(each for near in range(day - 2, day + 3) if (each := _daily(period, near, ctx)))
        case Every():
            return _every(period, day, ctx)
        case Around():
            return _yearly(day, lambda year: _window(period, year, ctx))
        case UnitOf():
            return _yearly(day, lambda year: _unit_of(period, year, ctx))
        case MonthDays(days=days):
            return _month_runs(days, month_number(day))
        case Weekdays(days=days):
            return _week_runs(days, day)
        case Once(duration=duration, anchor=key):
            anchor = ctx.anchors[key]
            return _some(Occurrence(anchor, add_duration(anchor, duration)))
        case Fixed():
            return _fixed(period, ctx)
        case Calendar(unit=unit):
            current = _calendar_unit(unit, day, ctx)
            return current, _calendar_unit(unit, current.end_day, ctx)
        case Lifetime():
            return (Occurrence(FIRST_DAY, END_DAY),)
        case Rolling(duration=duration):
            return (Occurrence(subtract_duration(day, duration) + 1, day + 1),)
        case LastCalendar():
            return (_last_calendar(period, day, ctx),)
        case Trial(match=name):
            return _neighbours(ctx.trials.get(name, ()), day)
        case Host(spans=spans):
            return _neighbours(spans, day)
        case Named() | Except():
            return _around(unwrapped(period), day, ctx)
        case _:
            assert_never(period)


def _some(found: Occurrence) -> tuple[Occurrence, ...]:
    return (found,) if found.first_day < found.end_day else ()


def _yearly(day: int, of_year: Callable[[int], Occurrence]) -> tuple[Occurrence, ...]:
    """One occurrence a year; it may start in the year before or after the one that names it."""
    year = civil(day)[0]
    return tuple(of_year(each) for each in range(year - 1, year + 3))


@lru_cache(maxsize=4096)
def _annual(span: Annual, year: int, leap_day: LeapDay | None) -> Occurrence:
    first = yearly_day(year, span.first_month, span.first_day, leap_day)
    following = yearly_day(year + 1, span.first_month, span.first_day, leap_day)
    wraps = (span.last_month, span.last_day or 31) < (span.first_month, span.first_day)
    last_year = year + 1 if wraps else year
    last_day = span.last_day or month_days(last_year, span.last_month)
    last = yearly_day(last_year, span.last_month, last_day, leap_day)
    return Occurrence(first, min(max(first, last) + 1, following))


def _daily(span: Daily, day: int, ctx: Context) -> Occurrence | None:
    last_day = day + 1 if span.end_seconds < span.start_seconds else day
    starts_at = local_instant(day, span.start_seconds, ctx.zone)
    ends_at = local_instant(last_day, span.end_seconds, ctx.zone)
    if starts_at >= ends_at:  # the clock skips all of it
        return None
    return Occurrence(day, last_day + (span.end_seconds > 0), starts_at, ends_at)


def _every(span: Every, day: int, ctx: Context) -> tuple[Occurrence, ...]:
    anchor, count = ctx.anchors[span.anchor], span.count
    if span.unit in ("day", "week"):
        step = count * (7 if span.unit == "week" else 1)
        first = day - (day - anchor) % step
        return Occurrence(first, first + step), Occurrence(first + step, first + 2 * step)
    if span.unit == "year":
        year = civil(anchor)[0]
        near = (civil(day)[0] - year) // count
        starts = [anniversary(anchor, year + turn * count, ctx.leap_day) for turn in range(near - 1, near + 4)]
    else:
        months = count * _WHOLE_MONTHS[span.unit]
        near = (month_number(day) - month_number(anchor)) // months
        starts = [add_months(anchor, turn * months) for turn in range(near - 1, near + 4)]
    return tuple(Occurrence(first, end) for first, end in pairwise(starts))


def _window(span: Around, year: int, ctx: Context) -> Occurrence:
    centre = anniversary(ctx.anchors[span.anchor], year, ctx.leap_day)
    return Occurrence(subtract_duration(centre, span.before), add_duration(centre, span.after) + 1)


def _unit_of(span: UnitOf, year: int, ctx: Context) -> Occurrence:
    """A birthday month is the month that the birthday names: there 29 February never moves to March."""
    anchor = ctx.anchors[span.anchor]
    if span.unit in ("day", "week"):
        return _calendar_unit(span.unit, anniversary(anchor, year, ctx.leap_day), ctx)
    return _calendar_unit(span.unit, day_of(year, civil(anchor)[1], 1), ctx)


def _calendar_unit(unit: CalendarUnit, day: int, ctx: Context) -> Occurrence:
    if unit == "day":
        return Occurrence(day, day + 1)
    if unit == "week":
        first = week_start(day, _weeks_start(ctx))
        return Occurrence(first, first + 7)
    months = _WHOLE_MONTHS[unit]
    number = month_number(day) // months * months
    return Occurrence(month_start(number), month_start(number + months))


def _weeks_start(ctx: Context) -> int:
    assert ctx.weeks_start is not None, "a week of the calendar needs the setting for the day it starts on"
    return ctx.weeks_start


def _last_calendar(span: LastCalendar, day: int, ctx: Context) -> Occurrence:
    current = _calendar_unit(span.unit, day, ctx)
    return Occurrence(subtract_duration(current.first_day, Duration(span.count - 1, span.unit)), current.end_day)


def _fixed(span: Fixed, ctx: Context) -> tuple[Occurrence, ...]:
    first, last = _dated(span.first, FIRST_DAY, ctx), _dated(span.last, END_DAY, ctx)
    end = last + 1 if span.last_included and span.last is not None else last
    if span.first_seconds is None and span.last_seconds is None:
        return _some(Occurrence(first, end))
    starts_at = local_instant(first, span.first_seconds or 0, ctx.zone)
    ends_at = local_instant(end, span.last_seconds or 0, ctx.zone)
    return (Occurrence(first, end + bool(span.last_seconds), starts_at, ends_at),) if starts_at < ends_at else ()


def _dated(date: int | str | None, open_end: int, ctx: Context) -> int:
    if date is None:
        return open_end
    return ctx.anchors[date] if isinstance(date, str) else date


@lru_cache(maxsize=4096)
def _month_runs(days: tuple[int, ...], month: int) -> tuple[Occurrence, ...]:
    """Runs of listed days inside this month and the two after it, cut at the month's end; 31 may be lacking in one."""
    found = []
    for number in range(month, month + 3):
        first = month_start(number)
        length = month_start(number + 1) - first
        found += [Occurrence(first + low - 1, first + min(high, length)) for low, high in _runs(days) if low <= length]
    return tuple(found)


@lru_cache(maxsize=4096)
def _week_runs(days: tuple[int, ...], day: int) -> tuple[Occurrence, ...]:
    """Runs of listed weekdays, this week and next; a week here starts on a day that is not listed, so no run is cut."""
    free = min(set(range(7)) - set(days))
    runs = _runs(tuple((each - free) % 7 for each in days))
    first = week_start(day, free)
    return tuple(Occurrence(first + turn + low, first + turn + high + 1) for turn in (0, 7) for low, high in runs)


def _runs(days: tuple[int, ...]) -> list[tuple[int, int]]:
    """The listed numbers as runs (lowest, highest) of neighbours."""
    found: list[tuple[int, int]] = []
    for day in sorted(set(days)):
        if found and found[-1][1] == day - 1:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def _neighbours(spans: tuple[tuple[int, int], ...], day: int) -> tuple[Occurrence, ...]:
    after = bisect_right(spans, day, key=lambda span: span[0])
    return tuple(Occurrence(first, end) for first, end in spans[max(after - 1, 0) : after + 1])
