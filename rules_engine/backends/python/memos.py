"""Remembered readings of texts that come again and again, and quick strict readings of those that do not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from rules_engine import ir
from rules_engine.calendar import parse_date, parse_time
from rules_engine.decoding import reading
from rules_engine.values import RATE_DECIMALS_MAX, parse_decimal, parse_rate

KEPT_MAX = 100_000
TEXT_MAX = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


def quick_instant(text: str) -> int:
    """An instant written `2027-03-31T18:30:00+02:00` or with `Z`; any other form is left to the strict reader.

    >>> quick_instant("1970-01-02T00:00:00Z")
    86400
    """
    if (
        type(text) is not str
        or not text.isascii()
        or text[4:17:3] != "--T::"
        or text[11:13] > "23"
        or not (text[19:] == "Z" or (len(text) == 25 and text[22] == ":" and text[19:] != "-00:00"))
    ):
        raise ValueError(text)
    passed = datetime.fromisoformat(text) - _EPOCH
    return passed.days * 86_400 + passed.seconds


def read_list(field: ir.FieldDef, program: ir.Program) -> Callable[[object], Any]:
    """A function that reads a list or codes as the decoder does."""
    return reading(field, program)


_READERS: dict[str, Callable[[int], Callable[[str], int]]] = {
    "amount": lambda decimals: lambda text: parse_decimal(text, decimals),
    "rate": lambda _: read_scaled_rate,
    "date": lambda _: parse_date,
    "time": lambda _: parse_time,
}
