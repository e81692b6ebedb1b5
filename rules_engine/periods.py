"""Periods: every form in which a rule file can name a stretch of days, as frozen records.

In comes what the checker has read and resolved; the records are data, can be compared, hashed and serialised, and know
nothing of dates beyond refusing what cannot be meant (30 February, a window longer than a year). Here too are the
questions that a checker asks before any event is there: which facts a period hangs on, which settings of the header it
needs, whether a day can lie outside it, and how it is written. What a period holds is asked in `occurrences`.

An anchor (`from member.joined`) is an opaque key: whoever evaluates gives its day.
"""

from collections.abc import Iterator
from typing import Final, Literal, assert_never, get_args

import msgspec

from rules_engine.calendar import (
    FIRST_DAY,
    MONTHS,
    WEEKDAYS,
    Duration,
    DurationUnit,
    civil,
    day_of,
    format_date,
    format_time,
    month_days,
)
from rules_engine.values import ValueFault

CalendarUnit = Literal["day", "week", "month", "quarter", "year"]
CALENDAR_UNITS: Final[tuple[CalendarUnit, ...]] = get_args(CalendarUnit)


# ---- the forms


class Annual(msgspec.Struct, frozen=True, tag=True):
    """`1 Nov to 28 Feb every year`, both days included; `last_day` 0 is `end of` that month. It may wrap New Year."""

    first_month: int
    first_day: int
    last_month: int
    last_day: int

    def __post_init__(self) -> None:
        for month, day in ((self.first_month, self.first_day), (self.last_month, self.last_day or 1)):
            if not 1 <= month <= 12 or not 1 <= day <= month_days(2000, month):
                raise ValueFault(f"there is no {day} {MONTHS[month - 1] if 1 <= month <= 12 else 'in that month'}")


class Daily(msgspec.Struct, frozen=True, tag=True):
    """`23:00 to 07:00 every day` in seconds since midnight; the end is excluded and may be next morning."""

    start_seconds: int
    end_seconds: int

    def __post_init__(self) -> None:
        if self.start_seconds == self.end_seconds:
            raise ValueFault("a daily span must end at another time than it starts; for the whole day leave it out")


class Every(msgspec.Struct, frozen=True, tag=True):
    """`every 1 year from member.joined`: equal stretches counted from the anchor, before it as well as after it."""

    count: int
    unit: DurationUnit
    anchor: str

    def __post_init__(self) -> None:
        _at_least_one(self.count)


class Around(msgspec.Struct, frozen=True, tag=True):
    """`7 days before to 7 days after member.birthday every year`, both ends included: 15 days."""

    before: Duration
    after: Duration
    anchor: str

    def __post_init__(self) -> None:
        longest = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
        if sum(each.count * longest[each.unit] for each in (self.before, self.after)) + 1 > 365:
            raise ValueFault("a window round an anniversary must be shorter than a year")


class UnitOf(msgspec.Struct, frozen=True, tag=True):
    """`calendar month of member.birthday every year`."""

    unit: CalendarUnit
    anchor: str


class MonthDays(msgspec.Struct, frozen=True, tag=True):
    """`day 8, 18, 28 of every month`; a month without such a day has none. Days in a row are one occurrence."""

    days: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.days or not all(1 <= day <= 31 for day in self.days):
            raise ValueFault("days of a month run from 1 to 31")


class Weekdays(msgspec.Struct, frozen=True, tag=True):
    """`Friday, Saturday of every week`, 0 for Monday to 6 for Sunday. Days in a row are one occurrence."""

    days: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.days or not all(0 <= day <= 6 for day in self.days):
            raise ValueFault("days of a week run from Monday to Sunday")
        if len(set(self.days)) == 7:
            raise ValueFault("all seven days of the week are every day; write `calendar week`")


class Once(msgspec.Struct, frozen=True, tag=True):
    """`6 months from member.opened_on`: one stretch, the anchor's day counted."""

    duration: Duration
    anchor: str


class Fixed(msgspec.Struct, frozen=True, tag=True):
    """`from D [at T] until D`, `from D [at T] before D [at T]`; an end that is None is open.

    A date is a day, or the key of an anchor in the context. `until` sets `last_included`; times are seconds since
    midnight by the clock.
    """

    first: int | str | None
    last: int | str | None
    last_included: bool = True
    first_seconds: int | None = None
    last_seconds: int | None = None

    def __post_init__(self) -> None:
        if self.last_included and self.last_seconds is not None:
            raise ValueFault("`until` includes the whole day; with a time write `before`")
        if isinstance(self.first, int) and isinstance(self.last, int):
            start, end = (self.first, self.first_seconds or 0), (self.last + self.last_included, self.last_seconds or 0)
            if start >= end:
                raise ValueFault("the period ends before it starts")


class Calendar(msgspec.Struct, frozen=True, tag=True):
    """`calendar month`: whole days, weeks, months, quarters or years of the calendar."""

    unit: CalendarUnit


class Lifetime(msgspec.Struct, frozen=True, tag=True):
    """`lifetime`: one occurrence without end."""


class Rolling(msgspec.Struct, frozen=True, tag=True):
    """A bare duration, `12 months`: the window (day - duration, day] of whole local days, another for each day."""

    duration: Duration

    def __post_init__(self) -> None:
        _at_least_one(self.duration.count)


class LastCalendar(msgspec.Struct, frozen=True, tag=True):
    """`the last 3 calendar months`: the current one and those before it."""

    count: int
    unit: CalendarUnit

    def __post_init__(self) -> None:
        _at_least_one(self.count)


class Trial(msgspec.Struct, frozen=True, tag=True):
    """`trial of challenge`: the stretches of days that the context gives for that match."""

    match: str


class Host(msgspec.Struct, frozen=True, tag=True):
    """`from host`: stretches [first day, end day) that the host supplies, in order and without overlap."""

    name: str
    spans: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        ends = [FIRST_DAY, *(end for _, end in self.spans)]
        if any(not before <= first < end for before, (first, end) in zip(ends, self.spans, strict=False)):
            raise ValueFault(f"the days of `{self.name}` must be in order, not empty and without overlap")


class Named(msgspec.Struct, frozen=True, tag=True):
    """A period under the name that the rule file gives it."""

    name: str
    body: "Period"


class Except(msgspec.Struct, frozen=True, tag=True):
    """`base except ...`: the occurrences of the base without the days of the others."""

    base: "Period"
    removed: "tuple[Period, ...]"


Period = (
    Annual | Daily | Every | Around | UnitOf | MonthDays | Weekdays | Once | Fixed
    | Calendar | Lifetime | Rolling | LastCalendar | Trial | Host | Named | Except
)  # fmt: skip


def _at_least_one(count: int) -> None:
    if count < 1:
        raise ValueFault("a period lasts at least 1 of its unit")


# ---- what the checker asks


def unwrapped(period: Period) -> Period:
    """The base span, without its name and without what `except` takes out: the one that makes the occurrences."""
    while isinstance(period, (Named, Except)):
        period = period.body if isinstance(period, Named) else period.base
    return period


def _parts(period: Period) -> Iterator[Period]:
    match period:
        case Named(body=body):
            yield from _parts(body)
        case Except(base=base, removed=removed):
            for each in (base, *removed):
                yield from _parts(each)
        case _:
            yield period


def anchors(period: Period) -> tuple[str, ...]:
    """The keys of the anchors that the context must give, sorted."""
    return tuple(sorted({key for part in _parts(period) for key in _own_anchors(part)}))


def _own_anchors(period: Period) -> tuple[str, ...]:
    match period:
        case Every(anchor=key) | Around(anchor=key) | UnitOf(anchor=key) | Once(anchor=key):
            return (key,)
        case Fixed(first=first, last=last):
            return tuple(each for each in (first, last) if isinstance(each, str))
        case _:
            return ()


def needs_weeks_start(period: Period) -> bool:
    """Whether the header must say on which day weeks start."""
    return any(isinstance(part, (Calendar, LastCalendar, UnitOf)) and part.unit == "week" for part in _parts(period))


def needs_leap_day(period: Period) -> bool:
    """Whether the header must say what 29 February counts as in years that lack it."""
    return any(_meets_leap_day(part) for part in _parts(period))


def _meets_leap_day(period: Period) -> bool:
    match period:
        case Annual():
            return (2, 29) in ((period.first_month, period.first_day), (period.last_month, period.last_day))
        case Every(unit=unit, anchor=anchor):
            return unit == "year" and _may_be_leap_day(anchor)
        case UnitOf(unit=unit, anchor=anchor):
            return unit in ("day", "week") and _may_be_leap_day(anchor)
        case Around(anchor=anchor):
            return _may_be_leap_day(anchor)
        case _:
            return False


def _may_be_leap_day(anchor: str) -> bool:
    """Whether an anchor is a fact, or a written 29 February."""
    return not anchor[:4].isdigit() or anchor.endswith("-02-29")


def is_timed(period: Period) -> bool:
    """Whether the period starts or ends at a time of day, so that an instant is needed to look it up."""
    return any(
        isinstance(part, Daily)
        or (isinstance(part, Fixed) and not (part.first_seconds is None and part.last_seconds is None))
        for part in _parts(period)
    )


def covers_every_day(period: Period) -> bool:
    """Whether no day can lie outside, so that `per P` needs neither `by` nor `when today in P`.

    >>> covers_every_day(Annual(3, 1, 2, 0)), covers_every_day(Annual(3, 1, 2, 28)), covers_every_day(Calendar("week"))
    (True, False, True)
    """
    match period:
        case Calendar() | Lifetime() | Rolling() | LastCalendar() | Every():
            return True
        case Named(body=body):
            return covers_every_day(body)
        case Except(base=base, removed=removed):
            return not removed and covers_every_day(base)
        case UnitOf(unit=unit):
            return unit == "year"
        case Fixed(first=first, last=last):
            return first is None and last is None
        case Annual():
            return _covers_the_year(period)
        case Daily() | Around() | MonthDays() | Weekdays() | Once() | Trial() | Host():
            return False
        case _:
            assert_never(period)


def _covers_the_year(span: Annual) -> bool:
    """In a leap year, where every date exists, the day after the last must be the first."""
    last = day_of(2000, span.last_month, span.last_day or month_days(2000, span.last_month))
    return civil(last + 1)[1:] == (span.first_month, span.first_day)


# ---- in the words of a rule file


def describe(period: Period) -> str:  # noqa: C901 - one arm for each form
    """The period as a rule file writes it; anchors stand by their keys.

    >>> describe(Except(Annual(11, 1, 2, 28), (Annual(12, 20, 1, 3),)))
    '1 Nov to 28 Feb every year except 20 Dec to 3 Jan every year'
    """
    match period:
        case Annual():
            last = _day_month(period.last_day, period.last_month)
            return f"{_day_month(period.first_day, period.first_month)} to {last} every year"
        case Daily(start_seconds=start, end_seconds=end):
            return f"{format_time(start)} to {format_time(end)} every day"
        case Every(count=count, unit=unit, anchor=anchor):
            return f"every {Duration(count, unit)} from {anchor}"
        case Around(before=before, after=after, anchor=anchor):
            return f"{before} before to {after} after {anchor} every year"
        case UnitOf(unit=unit, anchor=anchor):
            return f"calendar {unit} of {anchor} every year"
        case MonthDays(days=days):
            return f"day {', '.join(map(str, days))} of every month"
        case Weekdays(days=days):
            return f"{', '.join(WEEKDAYS[day] for day in days)} of every week"
        case Once(duration=duration, anchor=anchor):
            return f"{duration} from {anchor}"
        case Fixed():
            return _describe_fixed(period)
        case Calendar(unit=unit):
            return f"calendar {unit}"
        case Lifetime():
            return "lifetime"
        case Rolling(duration=duration):
            return str(duration)
        case LastCalendar(count=count, unit=unit):
            return f"the last {count} calendar {unit}{'' if count == 1 else 's'}"
        case Trial(match=name):
            return f"trial of {name}"
        case Host():
            return "from host"
        case Named(name=name):
            return name
        case Except(base=base, removed=removed):
            return " except ".join(map(describe, (base, *removed)))
        case _:
            assert_never(period)


def _day_month(day: int, month: int) -> str:
    return f"{day or 'end of'} {MONTHS[month - 1][:3]}"


def _describe_fixed(span: Fixed) -> str:
    words = []
    if span.first is not None:
        words.append(f"from {_date_words(span.first, span.first_seconds)}")
    if span.last is not None:
        words.append(f"{'until' if span.last_included else 'before'} {_date_words(span.last, span.last_seconds)}")
    return " ".join(words) or "lifetime"


def _date_words(date: int | str, seconds: int | None) -> str:
    day = date if isinstance(date, str) else format_date(date)
    return day if seconds is None else f"{day} at {format_time(seconds)}"
