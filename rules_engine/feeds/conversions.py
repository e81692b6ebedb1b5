"""From the text of a cell to the value of a field: numbers, dates, instants and products, exactly or not at all.

A conversion is a function from text to a value; it raises `ValueError` with the reason where the text does not fit.
Money stays decimal text from end to end, and arithmetic on it is done in whole numbers of its last digit. Files repeat
themselves (prices, dates, codes), so every conversion is remembered in a bounded `Memo`, whose hits cost one look-up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import TypeVar
from zoneinfo import ZoneInfo

from rules_engine.calendar import check_zone
from rules_engine.values import Rounding, round_ratio

FORMATS = ("decimal", "flag", "integer", "list", "money", "text")

Key = TypeVar("Key")
Made = TypeVar("Made")
Value = str | int | bool | list[str] | dict[str, str]
Conversion = Callable[[str], Value]

_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,18})?", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_TOKEN = re.compile(r"YYYY|MMMM|MMM|MM|M|DD|D|HH|H|SS|Z|.", re.DOTALL)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_LETTER_T = "T"  # of ISO 8601, between date and time
_MEMO_MAX = 1 << 13


class Memo(dict[Key, Made]):
    """A dictionary that makes what it lacks, and starts afresh when it has grown too large.

    >>> memo = Memo(len)
    >>> memo["three"], memo
    (5, {'three': 5})
    """

    __slots__ = ("make", "size_max")

    def __init__(self, make: Callable[[Key], Made], size_max: int = _MEMO_MAX) -> None:
        super().__init__()
        self.make = make
        self.size_max = size_max

    def __missing__(self, key: Key) -> Made:
        made = self.make(key)
        if len(self) >= self.size_max:
            self.clear()
        self[key] = made
        return made


def tens(exponent: int) -> int:
    """Return 10 to a power that is not negative."""
    return int(10**exponent)


def scaled(text: str) -> tuple[int, int]:
    """Return a decimal as a whole number and how many of its digits stand behind the point.

    >>> scaled("-12.340")
    (-12340, 3)
    """
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(f"`{text}` is not a number like `12.34`")
    whole, _, fraction = text.partition(".")
    return int(whole + fraction), len(fraction)


def rounded(number: int, places: int, decimals: int, rounding: Rounding | None) -> int:
    """Return a number with `places` digits behind the point as one with `decimals`.

    >>> rounded(2345, 3, 2, "half up"), rounded(-2345, 3, 2, "half up"), rounded(2345, 3, 2, "half even")
    (235, -235, 234)
    """
    if places <= decimals:
        return number * tens(decimals - places)
    step = tens(places - decimals)
    if rounding is not None:
        return round_ratio(number, step, rounding)
    if number % step:
        raise ValueError("has more decimals than the mapping says; write `rounding` there if they may be cut")
    return number // step


def pointed(number: int, decimals: int) -> str:
    """Return a whole number of last digits as decimal text.

    >>> pointed(-5, 2), pointed(1230, 2), pointed(7, 0)
    ('-0.05', '12.30', '7')
    """
    digits = str(abs(number)).rjust(decimals + 1, "0")
    sign = "-" if number < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else sign + digits


def integer(text: str) -> int:
    """Return a whole number; `6.0` is none, and neither is `1_000`."""
    if _INTEGER.fullmatch(text) is None:
        raise ValueError(f"`{text}` is not a whole number")
    return int(text)


def flag(text: str) -> bool:
    """Return what `true` or `false` says."""
    if text not in ("true", "false"):
        raise ValueError(f"`{text}` is neither `true` nor `false`")
    return text == "true"


def listed(text: str) -> list[str]:
    """Return the texts between semicolons: the codes of an order in one cell.

    >>> listed("SPRING20; hello-10"), listed("")
    (['SPRING20', 'hello-10'], [])
    """
    return [part for each in text.split(";") if (part := each.strip())]


def money(text: str) -> Value:
    """Return an amount that says its currency; another text stays as it is, for whoever reads the event to refuse.

    >>> money("12.34 GBP"), money("12.34")
    ({'amount': '12.34', 'currency': 'GBP'}, '12.34')
    """
    amount, _, currency = text.rpartition(" ")
    return {"amount": amount.strip(), "currency": currency} if amount.strip() else text


def decimal(decimals: int | None, rounding: Rounding | None) -> Conversion:
    """Return the conversion to decimal text, with that many decimals if they are given.

    >>> decimal(2, "half up")("4.255"), decimal(2, None)("3"), decimal(None, None)("1.5")
    ('4.26', '3.00', '1.5')
    """

    def convert(text: str) -> str:
        number, places = scaled(text)
        if decimals is None:
            return text
        try:
            return pointed(rounded(number, places, decimals, rounding), decimals)
        except ValueError as error:
            raise ValueError(f"`{text}` {error}") from None

    return convert


def product(decimals: int, rounding: Rounding) -> Callable[[tuple[str, ...]], str]:
    """Return the conversion of several numbers to their product, rounded once.

    >>> product(2, "half up")(("3", "0.855"))
    '2.57'
    """
    factor: Memo[str, tuple[int, int]] = Memo(scaled)

    def convert(texts: tuple[str, ...]) -> str:
        number, places = 1, 0
        for text in texts:
            value, behind = factor[text]
            number *= value
            places += behind
        return pointed(rounded(number, places, decimals, rounding), decimals)

    return convert


def translation(values: Mapping[str, Value]) -> Conversion:
    """Return the conversion by a table; text that is not in it is a fault."""

    def convert(text: str) -> Value:
        try:
            return values[text]
        except KeyError:
            close = get_close_matches(text, list(values), n=1)
            hint = f"; the nearest there is `{close[0]}`" if close else ""
            raise ValueError(f"`{text}` is not among the mapping's `values`{hint}") from None

    return convert


def moment(pattern: str, zone: str | None, repeated_hour: str | None) -> Conversion:
    """Return the conversion of dates written after a pattern; with hours in it, to an RFC 3339 instant of the zone.

    >>> moment("M/D/YYYY H:MM", "Europe/London", None)("7/4/2011 8:26")
    '2011-07-04T08:26:00+01:00'
    >>> moment("DD.MM.YYYY", None, None)("31.12.2011")
    '2011-12-31'
    """
    shape, timed = _shape(pattern)
    local = None if zone is None else zone_of(zone)

    def convert(text: str) -> str:
        found = shape.fullmatch(text)
        if found is None:
            raise ValueError(f"`{text}` is not written as `{pattern}`")
        parts = found.groupdict()
        month = _MONTHS_BY_NAME[parts["name"].lower()] if "name" in parts else int(parts["month"])
        try:
            if not timed:
                return date(int(parts["year"]), month, int(parts["day"])).isoformat()
            hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
            naive = datetime(int(parts["year"]), month, int(parts["day"]), hour, minute, second)
        except ValueError:
            raise ValueError(f"`{text}` is no date of the calendar") from None
        if "offset" in parts:
            return naive.isoformat() + parts["offset"]
        assert local is not None, "a mapping with local times has a zone"
        return _instant(naive, local, repeated_hour, text).isoformat()

    return convert


def _instant(naive: datetime, zone: ZoneInfo, repeated_hour: str | None, text: str) -> datetime:
    """Return the instant of a local time, refusing what the change of the clocks leaves open."""
    first, second = naive.replace(tzinfo=zone), naive.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != naive:
        raise ValueError(f"`{text}` does not exist in {zone.key}: the clocks were put forward over it")
    if repeated_hour is None:
        raise ValueError(
            f"`{text}` happened twice in {zone.key}, where the clocks were put back; "
            'say `repeated_hour = "first"` or `"second"` in the mapping'
        )
    return first if repeated_hour == "first" else second


_MONTHS_BY_NAME = {name.lower(): number for number, name in enumerate(_MONTHS, 1)}
_MONTHS_BY_NAME |= {name[:3].lower(): number for number, name in enumerate(_MONTHS, 1)}
_PARTS = {
    "YYYY": ("year", "[0-9]{4}"),
    "MMMM": ("name", "|".join(_MONTHS)),
    "MMM": ("name", "|".join(name[:3] for name in _MONTHS)),
    "MM": ("month", "[0-9]{2}"),
    "M": ("month", "[0-9]{1,2}"),
    "DD": ("day", "[0-9]{2}"),
    "D": ("day", "[0-9]{1,2}"),
    "HH": ("hour", "[0-9]{2}"),
    "H": ("hour", "[0-9]{1,2}"),
    "SS": ("second", "[0-9]{2}"),
    "Z": ("offset", r"Z|[+-][0-9]{2}:[0-9]{2}"),
}


@cache
def _shape(pattern: str) -> tuple[re.Pattern[str], bool]:
    """Return the regular expression of a pattern, and whether it has a time of day; `MM` behind `H` is minutes."""
    seen: set[str] = set()
    parts = []
    for token in _TOKEN.findall(pattern):
        if token not in _PARTS:
            if token.isalpha() and token != _LETTER_T:
                raise ValueError(f"the letter `{token}` of `{pattern}` stands for nothing")
            parts.append(re.escape(token))
            continue
        name, shape = _PARTS[token]
        if name == "month" and "hour" in seen:
            name, shape = "minute", "[0-9]{2}"
        if name in seen:
            raise ValueError(f"`{pattern}` says the {name} twice")
        seen.add(name)
        parts.append(f"(?P<{name}>{shape})")
    if not {"year", "day"} <= seen or not seen & {"month", "name"}:
        raise ValueError(f"`{pattern}` lacks the year (`YYYY`), the month (`M`) or the day (`D`)")
    if ("hour" in seen) != ("minute" in seen) or ("second" in seen and "hour" not in seen):
        raise ValueError(f"`{pattern}` has hours (`H`) without minutes (`MM`) behind them, or the reverse")
    if "offset" in seen and "hour" not in seen:
        raise ValueError(f"`{pattern}` has an offset (`Z`) but no time of day")
    return re.compile("".join(parts), re.ASCII | re.IGNORECASE), "hour" in seen


def format_problem(pattern: str) -> str | None:
    """Return what is wrong with a `format`, or None."""
    if pattern in FORMATS:
        return None
    if "Y" not in pattern:
        close = get_close_matches(pattern, FORMATS, n=1)
        hint = f"did you mean `{close[0]}`?" if close else "write `integer`, `decimal`, `text` or a pattern of a date"
        return f"`{pattern}` is no format; {hint}"
    try:
        _shape(pattern)
    except ValueError as error:
        return str(error)
    return None


def number_problem(text: str) -> str | None:
    """Return why a text is no number, or None."""
    try:
        scaled(text)
    except ValueError as error:
        return str(error)
    return None


@cache
def zone_of(name: str) -> ZoneInfo:
    """Return a time zone from the tzdata package, so that every machine reads the same clocks."""
    *folders, last = check_zone(name).split("/")
    place = resources.files(".".join(("tzdata", "zoneinfo", *folders)))
    with place.joinpath(last).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def zone_problem(name: str) -> str | None:
    """Return why a name is no time zone, or None."""
    try:
        check_zone(name)
    except ValueError as error:
        return str(error)
    return None
