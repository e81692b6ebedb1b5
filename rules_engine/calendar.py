"""Days, instants and time zones as integers: month arithmetic, parsing, and what a local clock shows.

A *day* is a count of days since 1970-01-01 in the proleptic Gregorian calendar; an *instant* is a count of seconds
since 1970-01-01T00:00:00Z. Both are plain integers, so the rest of the engine compares and subtracts them and never
holds a date object. Nothing here reads a clock.

Months. Adding months keeps the day of the month and clamps it to the month's end: 31 January and one month is
28 February, or the 29th in a leap year. A yearly anchor on 29 February is the one case where a programme chooses, and
it chooses in words: in years that lack that day it counts as 28 February or as 1 March.

Zones. Zone data is read from the tzdata package and never from the machine, so that an outcome can be recomputed
elsewhere; `zone_version` says which data that was. Most days have one offset from midnight to midnight, so the offset
of a day is remembered and only days on which a clock is changed are looked up instant by instant.

A clock that is put forward skips some times and a clock that is put back shows some twice. One rule settles both: a
local time means the first instant at which the clock shows that time or a later one. So a skipped 01:30 is the moment
of the change, a doubled 01:30 is the earlier one, and a day that starts with a change starts there. Days of 23 and 25
hours come out right because a day runs from its own first instant to the first instant of the next.

The calendar repeats after 400 years, weekdays included (146,097 days). Dates outside the years 1 to 9999 are moved
into them by whole cycles, so the arithmetic here has no range in which it fails.
"""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, get_args

import msgspec

from rules_engine.values import ValueFault

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DurationUnit = Literal["day", "week", "month", "quarter", "year"]
DURATION_UNITS: Final[tuple[DurationUnit, ...]] = get_args(DurationUnit)
LeapDay = Literal["28 February", "1 March"]

DAY_SECONDS: Final = 86_400
FIRST_DAY: Final = -719_162  # 0001-01-01
END_DAY: Final = 2_932_897  # 10000-01-01, the day after the last date that can be written
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_CYCLE_DAYS: Final = 146_097
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MONTH_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_UNIT_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_UNIT_DAYS: Final = {"day": 1, "week": 7}

_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME: Final = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?")
_HOUR: Final = "(?:[01][0-9]|2[0-3])"
_INSTANT: Final = re.compile(
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{_HOUR}:[0-5][0-9]:[0-5][0-9](?:Z|\+{_HOUR}:[0-5][0-9]|-(?!00:00){_HOUR}:[0-5][0-9])"
)
_INSTANT_SHAPE: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?([.,][0-9]+.*)?"
)


# ---- days and months


def civil(day: int) -> tuple[int, int, int]:
    """The year, month and day of the month of a day.

    >>> civil(0), civil(-1), civil(20_636)
    ((1970, 1, 1), (1969, 12, 31), (2026, 7, 2))
    """
    cycle, rest = divmod(day - FIRST_DAY, _CYCLE_DAYS)
    found = date.fromordinal(rest + 1)
    return found.year + 400 * cycle, found.month, found.day


def day_of(year: int, month: int, day_of_month: int) -> int:
    """The day that has this date; the date must exist.

    >>> day_of(1970, 1, 1), day_of(2027, 3, 1)
    (0, 20878)
    """
    cycle, rest = divmod(year - 1, 400)
    return date(rest + 1, month, day_of_month).toordinal() + cycle * _CYCLE_DAYS + FIRST_DAY - 1


def is_leap(year: int) -> bool:
    """Whether the year has a 29 February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_days(year: int, month: int) -> int:
    """How many days the month has.

    >>> month_days(2028, 2), month_days(2100, 2)
    (29, 28)
    """
    return 29 if month == 2 and is_leap(year) else _MONTH_DAYS[month - 1]


def month_number(day: int) -> int:
    """Months since January of the year 0, for arithmetic on whole months: `12 * year + month - 1`."""
    year, month, _ = civil(day)
    return 12 * year + month - 1


def month_start(number: int) -> int:
    """The first day of a month given by its `month_number`."""
    year, month = divmod(number, 12)
    return day_of(year, month + 1, 1)


def weekday(day: int) -> int:
    """0 for Monday to 6 for Sunday.

    >>> WEEKDAYS[weekday(0)]
    'Thursday'
    """
    return (day + 3) % 7


def week_start(day: int, weeks_start: int) -> int:
    """The first day of the week that holds `day`, where weeks start on weekday `weeks_start` (0 is Monday)."""
    return day - (weekday(day) - weeks_start) % 7


def add_months(day: int, months: int) -> int:
    """The same day of the month some months later, or earlier; clamped to the month's end.

    >>> format_date(add_months(parse_date("2027-01-31"), 1)), format_date(add_months(parse_date("2027-03-31"), -1))
    ('2027-02-28', '2027-02-28')
    """
    year, month, day_of_month = civil(day)
    year, month = divmod(12 * year + month - 1 + months, 12)
    return day_of(year, month + 1, min(day_of_month, month_days(year, month + 1)))


def anniversary(anchor: int, year: int, leap_day: LeapDay | None) -> int:
    """The day in `year` on which the anchor recurs; `leap_day` says what 29 February counts as where it is lacking.

    >>> born = parse_date("2000-02-29")
    >>> [format_date(anniversary(born, 2027, each)) for each in ("28 February", "1 March")]
    ['2027-02-28', '2027-03-01']
    """
    _, month, day_of_month = civil(anchor)
    return yearly_day(year, month, day_of_month, leap_day)


def yearly_day(year: int, month: int, day_of_month: int, leap_day: LeapDay | None) -> int:
    """A day and month in a given year, 29 February as `leap_day` says where the year lacks it."""
    if month == 2 and day_of_month == 29 and not is_leap(year):
        assert leap_day is not None, "a recurring 29 February needs the setting for years that lack it"
        return day_of(year, 2, 28) if leap_day == "28 February" else day_of(year, 3, 1)
    return day_of(year, month, day_of_month)


class Duration(msgspec.Struct, frozen=True):
    """A whole number of days, weeks, months, quarters or years.

    >>> str(Duration(1, "week")), str(Duration(24, "month"))
    ('1 week', '24 months')
    """

    count: int
    unit: DurationUnit

    def __str__(self) -> str:
        return f"{self.count} {self.unit}" if self.count == 1 else f"{self.count} {self.unit}s"


def add_duration(day: int, duration: Duration) -> int:
    """The day that lies a duration later. A span that lasts a duration from X is [X, X + duration): X counts.

    >>> format_date(add_duration(parse_date("2028-02-29"), Duration(1, "year")))
    '2029-02-28'
    """
    months = _UNIT_MONTHS.get(duration.unit)
    if months is None:
        return day + duration.count * _UNIT_DAYS[duration.unit]
    return add_months(day, duration.count * months)


def subtract_duration(day: int, duration: Duration) -> int:
    """The day that lies a duration earlier, months clamped to the month's end."""
    return add_duration(day, Duration(-duration.count, duration.unit))


# ---- text


def parse_date(text: str) -> int:
    """A date written exactly `YYYY-MM-DD` as a day. Raises `ValueFault`.

    >>> parse_date("1970-01-02")
    1
    >>> parse_date("2027-02-29")
    Traceback (most recent call last):
    rules_engine.values.ValueFault: `2027-02-29` does not exist: February 2027 has 28 days
    """
    if isinstance(text, str) and _DATE.fullmatch(text):
        with suppress(ValueError):
            return date.fromisoformat(text).toordinal() - _EPOCH_ORDINAL
    raise ValueFault(_why_not_date(text))


def _why_not_date(text: object) -> str:
    found = _DATE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return f"`{text}` is not a date; a date is written `2027-03-31`"
    year, month = int(found[1]), int(found[2])
    if not 1 <= month <= 12:
        return f"`{text}` does not exist: months run from 01 to 12"
    if year == 0:
        return f"`{text}` does not exist: the first year is 0001"
    return f"`{text}` does not exist: {MONTHS[month - 1]} {year} has {month_days(year, month)} days"


def format_date(day: int) -> str:
    """The date of a day as `YYYY-MM-DD`: the inverse of `parse_date`."""
    year, month, day_of_month = civil(day)
    return f"{year:04d}-{month:02d}-{day_of_month:02d}"


def parse_time(text: str) -> int:
    """A time of day, `HH:MM` or `HH:MM:SS`, as seconds since midnight by the clock. Raises `ValueFault`.

    >>> parse_time("23:00"), parse_time("07:30:15")
    (82800, 27015)
    """
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueFault(f"`{text}` is not a time; a time is written `07:30`, or `07:30:15`")
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3] or 0)
    if hours == 24:
        raise ValueFault(f"`{text}` does not exist: a day ends at 00:00 of the next")
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueFault(f"`{text}` does not exist: times run from 00:00:00 to 23:59:59")
    return hours * 3600 + minutes * 60 + seconds


def format_time(seconds: int) -> str:
    """Seconds since midnight as `HH:MM`, with `:SS` only where there are any: the inverse of `parse_time`."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}" + (f":{rest:02d}" if rest else "")


def parse_instant(text: str) -> int:
    """An instant in RFC 3339 with an offset, to the second, such as `2027-03-31T18:30:00+02:00`. Raises `ValueFault`.

    `Z` and `+00:00` are the same; `-00:00` is refused, because there it means that the local offset is unknown.

    >>> parse_instant("1970-01-01T01:00:00+01:00")
    0
    """
    if isinstance(text, str) and _INSTANT.fullmatch(text):
        with suppress(ValueError):
            elapsed = datetime.fromisoformat(text) - _EPOCH
            return elapsed.days * DAY_SECONDS + elapsed.seconds
    raise ValueFault(_why_not_instant(text))


def _why_not_instant(text: object) -> str:
    found = _INSTANT_SHAPE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return f"`{text}` is not an instant; an instant is written `2027-03-31T18:30:00+02:00`"
    if found[4]:
        return f"`{text}` has fractions of a second; instants are to the second"
    if found[3] is None:
        return f"`{text}` has no offset; write `{text}Z` or `{text}+02:00`"
    try:
        parse_date(found[1])
        parse_time(found[2])
    except ValueFault as fault:
        return f"`{text}` is not an instant: {fault.reason}"
    if found[3] == "-00:00":
        return f"`{text}` has the offset `-00:00`, which means unknown; write `Z` or `+00:00`"
    return f"`{text}` has an offset that does not exist"


def format_instant(instant: int, zone: str = "UTC") -> str:
    """An instant in RFC 3339, as the clock of `zone` shows it: the inverse of `parse_instant`.

    Where the offset of a historic zone has seconds, which RFC 3339 cannot write, the instant is given in UTC.

    >>> format_instant(0), format_instant(0, "Asia/Tokyo")
    ('1970-01-01T00:00:00Z', '1970-01-01T09:00:00+09:00')
    """
    offset = offset_at(instant, zone)
    if offset % 60:
        offset = 0
    day, seconds = divmod(instant + offset, DAY_SECONDS)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    shift = f"{'-' if offset < 0 else '+'}{abs(offset) // 3600:02d}:{abs(offset) // 60 % 60:02d}" if offset else "Z"
    return f"{format_date(day)}T{clock}{shift}"


# ---- zones


def zone_version() -> str:
    """The version of the tzdata package that every zone here is read from."""
    from importlib import import_module

    return str(import_module("tzdata").__version__)


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """Every zone name that is known, sorted."""
    return tuple(sorted(_tzdata("zones").decode("ascii").split()))


def check_zone(name: str) -> str:
    """The name itself if it is a zone. Raises `ValueFault`, with the nearest name where one is near.

    >>> check_zone("Europe/Lodnon")
    Traceback (most recent call last):
    rules_engine.values.ValueFault: `Europe/Lodnon` is not a time zone; did you mean `Europe/London`?
    """
    if name not in zone_names():
        from difflib import get_close_matches

        near = get_close_matches(name, zone_names(), n=1)
        hint = f"did you mean `{near[0]}`?" if near else "a zone is written `Europe/London`"
        raise ValueFault(f"`{name}` is not a time zone; {hint}")
    return name


def local_day(instant: int, zone: str) -> int:
    """The day that the clock of `zone` shows at an instant.

    >>> format_date(local_day(parse_instant("2027-06-30T23:30:00Z"), "Europe/London"))
    '2027-07-01'
    """
    return (instant + offset_at(instant, zone)) // DAY_SECONDS


def day_start(day: int, zone: str) -> int:
    """The first instant of a local day; the next day's start minus this one is 23, 24 or 25 hours.

    >>> spring = parse_date("2027-03-28")
    >>> (day_start(spring + 1, "Europe/London") - day_start(spring, "Europe/London")) // 3600
    23
    """
    return local_instant(day, 0, zone)


def offset_at(instant: int, zone: str) -> int:
    """How many seconds the clock of `zone` is ahead of UTC at an instant."""
    steady = _steady_offset(instant // DAY_SECONDS, zone)
    return _offset(instant, zone) if steady is None else steady


@lru_cache(maxsize=8192)
def local_instant(day: int, seconds: int, zone: str) -> int:
    """The first instant at which the clock of `zone` shows that day and time, or a later one.

    >>> doubled = local_instant(parse_date("2027-10-31"), parse_time("01:30"), "Europe/London")
    >>> skipped = local_instant(parse_date("2027-03-28"), parse_time("01:30"), "Europe/London")
    >>> format_instant(doubled, "Europe/London"), format_instant(skipped, "Europe/London")
    ('2027-10-31T01:30:00+01:00', '2027-03-28T02:00:00+01:00')
    """
    wall = day * DAY_SECONDS + seconds
    naive = datetime(1970, 1, 1, tzinfo=_zone(zone)) + timedelta(seconds=wall - _beyond(day) * DAY_SECONDS)
    first, second = _seconds_of(naive), _seconds_of(naive.replace(fold=1))
    if first >= second:  # an ordinary time, or one of two: the earlier
        return wall - first
    before, after = wall - second, wall - first  # a skipped time: find the change between these two instants
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(middle, zone) == first:
            before = middle
        else:
            after = middle
    return after


@lru_cache(maxsize=16_384)
def _steady_offset(utc_day: int, zone: str) -> int | None:
    """The offset that holds all through a UTC day, or None where the clock is changed on it."""
    first = _offset(utc_day * DAY_SECONDS, zone)
    return first if first == _offset((utc_day + 1) * DAY_SECONDS - 1, zone) else None


def _offset(instant: int, zone: str) -> int:
    instant -= _beyond(instant // DAY_SECONDS) * DAY_SECONDS
    return _seconds_of((_EPOCH + timedelta(seconds=instant)).astimezone(_zone(zone)))


def _beyond(day: int) -> int:
    """How many days, in whole cycles, a day lies outside the years that a date object can hold."""
    if day < FIRST_DAY + 2:
        return (day - FIRST_DAY - 2) // _CYCLE_DAYS * _CYCLE_DAYS
    return -((END_DAY - 3 - day) // _CYCLE_DAYS) * _CYCLE_DAYS if day > END_DAY - 3 else 0


def _seconds_of(moment: datetime) -> int:
    offset = moment.utcoffset()
    assert offset is not None
    return offset.days * DAY_SECONDS + offset.seconds


@lru_cache(maxsize=1024)
def _zone(name: str) -> "ZoneInfo":
    from io import BytesIO
    from zoneinfo import ZoneInfo

    return ZoneInfo.from_file(BytesIO(_tzdata(f"zoneinfo/{check_zone(name)}")), key=name)


def _tzdata(name: str) -> bytes:
    from pkgutil import get_data

    found = get_data("tzdata", name)
    assert found is not None
    return found
