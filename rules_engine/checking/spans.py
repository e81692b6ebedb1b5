"""Declared periods: from a span as written to the record that the calendar evaluates.

In: a `period` declaration and the context of the check. Out: `periods.Period`, or None after an error. Anchors stand by
their words (`member.joined`, `2027-01-04`): whoever evaluates gives their days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from rules_engine import periods, tree
from rules_engine.calendar import MONTHS, WEEKDAYS, parse_date, parse_time
from rules_engine.checking.context import calendar_unit, duration
from rules_engine.checking.imports import host_period
from rules_engine.checking.infos import BrokenInfo, PeriodInfo
from rules_engine.values import ValueFault

if TYPE_CHECKING:
    from rules_engine.checking.context import Context

NESTING_MAX: Final = 20
_MONTHS: Final = {name[:cut].casefold(): at for at, full in enumerate(MONTHS, 1) for cut in (3, 9) for name in (full,)}
_DAYS: Final = {name.casefold(): at for at, name in enumerate(WEEKDAYS)}


def period_of(declared: tree.PeriodDecl, context: Context) -> periods.Period | None:
    """The period that a declaration describes."""
    base = _base(declared, context)
    removed = [_span(each, context) for each in declared.excepts]
    if base is None or None in removed:
        return None
    taken = tuple(each for each in removed if each is not None)
    return periods.Named(declared.name.text, periods.Except(base, taken) if taken else base)


def _base(declared: tree.PeriodDecl, context: Context) -> periods.Period | None:
    if not isinstance(declared.span_, tree.HostSpan):
        return _span(declared.span_, context)
    try:
        return host_period(declared.name.text, declared.span_, context)
    except ValueFault as fault:
        context.report("M120", declared.span_, reason=fault.reason)
        return None


def anchors_of(declared: tree.PeriodDecl) -> tuple[tree.Path | tree.DateLit, ...]:
    """The dates that the occurrences hang on, as written."""
    found: list[tree.Path | tree.DateLit] = []
    for span in (declared.span_, *declared.excepts):
        match span:
            case tree.EverySpan(anchor=anchor) | tree.AroundSpan(anchor=anchor):
                found.append(anchor)
            case tree.CalendarOfSpan(anchor=anchor) | tree.OnceSpan(anchor=anchor):
                found.append(anchor)
            case tree.FixedSpan(dates=dates):
                found += [each for each in (dates.start, dates.end) if isinstance(each, tree.Path)]
            case _:
                pass
    return tuple(found)


def _span(span: tree.PeriodSpan, context: Context) -> periods.Period | None:
    try:
        return _made(span, context)
    except ValueFault as fault:
        context.report("M120", span, reason=fault.reason)
        return None


def _made(span: tree.PeriodSpan, context: Context) -> periods.Period | None:
    match span:
        case tree.AnnualSpan(first=first, last=last):
            return _annual(first, last, context)
        case tree.DailySpan(start=start, end=end):
            return periods.Daily(parse_time(start.text), parse_time(end.text))
        case tree.EverySpan(length=length, anchor=anchor):
            every = duration(length)
            return periods.Every(every.count, every.unit, anchor.text)
        case tree.AroundSpan(before=before, after=after, anchor=anchor):
            return periods.Around(duration(before), duration(after), anchor.text)
        case tree.CalendarOfSpan(unit=unit, anchor=anchor):
            return periods.UnitOf(calendar_unit(unit), anchor.text)
        case tree.MonthDaysSpan(days=days):
            return periods.MonthDays(days)
        case tree.WeekdaysSpan(days=days):
            return _weekdays(days, context)
        case tree.OnceSpan(length=length, anchor=anchor):
            return periods.Once(duration(length), anchor.text)
        case tree.FixedSpan(dates=dates):
            return _fixed(dates, context)
        case tree.NamedSpan(name=name):
            return _named(name, context)
        case tree.HostSpan():
            raise AssertionError("read from its file")
        case _:
            assert_never(span)


def month_of(name: tree.Name, context: Context) -> int | None:
    """The number of a month, by its name or its first three letters."""
    found = _MONTHS.get(name.text.casefold())
    if found is None:
        context.unknown("month", name, MONTHS)
    return found


def weekday_of(name: tree.Name, context: Context) -> int | None:
    """The number of a day of the week, 0 for Monday."""
    found = _DAYS.get(name.text.casefold())
    if found is None:
        context.unknown("day of the week", name, WEEKDAYS)
    return found


def _annual(first: tree.DayMonth, last: tree.DayMonth, context: Context) -> periods.Period | None:
    start, end = month_of(first.month, context), month_of(last.month, context)
    return periods.Annual(start, first.day, end, last.day) if start and end else None


def _weekdays(days: tuple[tree.Name, ...], context: Context) -> periods.Period | None:
    numbers = [weekday_of(each, context) for each in days]
    known = tuple(sorted({each for each in numbers if each is not None}))
    return periods.Weekdays(known) if None not in numbers else None


def _fixed(dates: tree.Dates, context: Context) -> periods.Period | None:
    if dates.by is not None:
        context.report("M122", dates.by)
    if dates_crossed(dates, context):
        return None
    first, last = _edge(dates.start, context), _edge(dates.end, context)
    if (dates.start is not None and first is None) or (dates.end is not None and last is None):
        return None
    start_time = parse_time(dates.start_time.text) if dates.start_time else None
    end_time = parse_time(dates.end_time.text) if dates.end_time else None
    return periods.Fixed(first, last, dates.end_word != "before", start_time, end_time)


def dates_crossed(dates: tree.Dates, context: Context) -> bool:
    """Whether written dates end before they start, which is reported: nothing could ever lie in them."""
    if not isinstance(dates.start, tree.DateLit) or not isinstance(dates.end, tree.DateLit):
        return False
    try:
        start, last = parse_date(dates.start.text), parse_date(dates.end.text)
        start_time = parse_time(dates.start_time.text) if dates.start_time else 0
        end_time = parse_time(dates.end_time.text) if dates.end_time else 0
    except ValueFault:
        return False  # reported where the date is read
    whole_day = dates.end_word == "until" and dates.end_time is None
    begins, ends = (start, start_time), (last + 1 if whole_day else last, end_time)
    if begins < ends or (begins == ends and dates.end_word == "until" and not whole_day):
        return False
    word = "on" if dates.end_word == "until" else "before"
    end = f"{word} {_at(dates.end, dates.end_time)}"
    context.report("M124", dates, start=_at(dates.start, dates.start_time), end=end)
    return True


def _at(date: tree.DateLit, time: tree.TimeLit | None) -> str:
    return date.text if time is None else f"{date.text} at {time.text}"


def _edge(date: tree.DateExpr | None, context: Context) -> int | str | None:
    match date:
        case None:
            return None
        case tree.DateLit(text=text):
            return parse_date(text)
        case tree.Path():
            return date.text
        case _:
            context.report("M123", date)
            return None


def _named(name: tree.Name, context: Context) -> periods.Period | None:
    found = context.find(name.text)
    match found:
        case PeriodInfo(period=period):
            context.failed |= period is None
            return period
        case BrokenInfo():
            context.failed = True
        case None:
            context.unknown("period", name, context.names(PeriodInfo))
        case _:
            context.report("N104", name, name=name.text, wanted="a period", labels=context.place(name.text))
    return None
