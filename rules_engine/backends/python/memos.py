"""Remembered readings of texts that come again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rules_engine import ir
from rules_engine.calendar import local_day, parse_date, parse_instant, parse_time
from rules_engine.decoding import reading
from rules_engine.values import RATE_DECIMALS_MAX, parse_decimal, parse_rate

KEPT_MAX = 100_000
TEXT_MAX = 64


_READERS: dict[str, Callable[[int], Callable[[str], int]]] = {
    "amount": lambda decimals: lambda text: parse_decimal(text, decimals),
    "rate": lambda _: lambda text: read_scaled_rate(text),
    "date": lambda _: parse_date,
    "time": lambda _: parse_time,
}


class Memo(dict[str, int]):
    """Texts and the numbers they mean; a new one is read strictly, and one out of bounds or no text at all is refused.

    Emptied when it grows large.

    >>> prices = Memo("amount", 2, 0, 5000)
    >>> prices["12.50"]
    1250
    """

    def __init__(self, kind: str, decimals: int, low: int, high: int) -> None:
        super().__init__()
        self.read = _READERS[kind](decimals)
        self.low = low
        self.high = high

    def __missing__(self, text: str) -> int:
        if type(text) is not str or len(text) > TEXT_MAX:
            raise ValueError(text)
        value = self.read(text)
        if (self.low or self.high) and not self.low <= value <= self.high:
            raise ValueError(text)
        if len(self) >= KEPT_MAX:
            self.clear()
        self[text] = value
        return value


def remember(texts: set[str], text: str) -> None:
    """Note a text that passed; the set is emptied when it grows large."""
    if len(texts) >= KEPT_MAX:
        texts.clear()
    texts.add(text)


def read_scaled_rate(text: str) -> int:
    """A rate as billionths; one with more decimals is refused."""
    num, den = parse_rate(text)
    scaled, rest = divmod(num * int(10**RATE_DECIMALS_MAX), den)
    if rest:
        raise ValueError(text)
    return scaled


class Hours(dict[str, int]):
    """The seconds at which hours begin, by how an instant begins: `2027-03-31T18`. Emptied when it grows large."""

    def __missing__(self, text: str) -> int:
        if len(text) != 13 or text[10] != "T":
            raise ValueError(text)
        if len(self) >= KEPT_MAX:
            self.clear()
        found = self[text] = parse_date(text[:10]) * 86_400 + parse_time(text[11:] + ":00")
        return found


class Minutes(dict[str, int]):
    """The seconds of an hour and the offset, as an instant goes on: `:30:00Z`, `:30:00+02:00`. `-00:00` says that the
    offset is unknown. Emptied when it grows large."""

    def __missing__(self, text: str) -> int:
        if len(text) > TEXT_MAX or text[:1] != ":" or text[6:] == "-00:00":
            raise ValueError(text)
        if len(self) >= KEPT_MAX:
            self.clear()
        found = self[text] = parse_time("00" + text[:6]) + parse_instant("1970-01-02T00:00:00" + text[6:]) - 86_400
        return found


HOURS, MINUTES = Hours(), Minutes()
"""The parts of an instant as texts write it: they repeat, so each is remembered."""


class Days(dict[int, int]):
    """Local days by quarter of an hour, for a zone. Since 1973 no zone is off by less than that, so a local day never
    begins inside one; what is earlier is worked out each time."""

    def __init__(self, zone: str) -> None:
        super().__init__()
        self.zone = zone

    def __missing__(self, quarter: int) -> int:
        day = local_day(quarter * 900, self.zone)
        if quarter * 900 < _SINCE or local_day(quarter * 900 + 899, self.zone) != day:
            raise KeyError(quarter)
        if len(self) >= KEPT_MAX:
            self.clear()
        self[quarter] = day
        return day


_SINCE = 94_694_400  # 1973-01-01


def read_list(field: ir.FieldDef, program: ir.Program) -> Callable[[object], Any]:
    """A function that reads a list or codes as the decoder does."""
    return reading(field, program)


class CodeLists(dict[tuple[str, ...], Any]):
    """Lists of codes as they were sent, and what they mean; emptied when there are many. Of lists that are not taken as
    they were sent, with a code that is too long, none is kept."""

    def __init__(self, field: ir.FieldDef, program: ir.Program) -> None:
        super().__init__()
        self.read = reading(field, program)

    def __missing__(self, sent: tuple[str, ...]) -> Any:
        found = self.read(list(sent))
        if found == sent:
            if len(self) >= KEPT_MAX:
                self.clear()
            self[sent] = found
        return found
