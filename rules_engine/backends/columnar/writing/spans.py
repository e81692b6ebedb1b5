"""Intervals of whole numbers: what an integer of the kernel can be, worked out before any event arrives.

In: the lowest and the highest value of what goes in. Out: a `Span` that holds every result. Python's integers have no
end, so a span is exact where the kernel's int64 would wrap round; `fits` says whether it could.

`Ranged` is a number `code * num / den` as generated Python folds it (`backends/python/numbers.py`): only `code` is
worked out event by event, the factor is known. `each` is the span of `code`, `total` that of its sum over some lines
of one event, which is narrower than so many times the widest where the sum is bounded by itself.
"""

from __future__ import annotations

from math import gcd, lcm
from typing import Final

import msgspec

SAFE: Final = 2**62
"""What every number in between stays within, in magnitude: two such numbers can be added in int64."""


class Span(msgspec.Struct, frozen=True):
    """All whole numbers from `low` to `high`, both included."""

    low: int
    high: int

    @property
    def size(self) -> int:
        """The largest magnitude."""
        return max(abs(self.low), abs(self.high))

    @property
    def fits(self) -> bool:
        """Whether int64 holds all of it, and the sum of any two."""
        return self.size <= SAFE

    def has(self, value: int) -> bool:
        """Whether a value lies in it."""
        return self.low <= value <= self.high

    def scaled(self, factor: int) -> Span:
        """Times a whole number."""
        ends = self.low * factor, self.high * factor
        return Span(min(ends), max(ends))

    def with_zero(self) -> Span:
        """With nothing among its values."""
        return Span(min(self.low, 0), max(self.high, 0))

    def some(self, count: int) -> Span:
        """The sum of any number of such values, at most `count`."""
        return self.with_zero().scaled(count)

    def inside(self, most: int) -> Span:
        """The part that is at most so large in magnitude."""
        return Span(min(max(self.low, -most), most), max(min(self.high, most), -most))

    def floored(self, den: int) -> Span:
        """Divided by a positive number, each way of rounding being at most one away from the other."""
        return Span(self.low // den, -(-self.high // den))


NOTHING: Final = Span(0, 0)


def added(*spans: Span) -> Span:
    """The sum of one value of each."""
    return Span(sum(each.low for each in spans), sum(each.high for each in spans))


def product(left: Span, right: Span) -> Span:
    """The product of one value of each."""
    ends = [one * other for one in (left.low, left.high) for other in (right.low, right.high)]
    return Span(min(ends), max(ends))


def hull(*spans: Span) -> Span:
    """A value of any of them."""
    return Span(min(each.low for each in spans), max(each.high for each in spans))


def not_below(value: Span, low: Span) -> Span:
    """The larger of two values."""
    return Span(max(value.low, low.low), max(value.high, low.high))


def not_above(value: Span, high: Span) -> Span:
    """The smaller of two values."""
    return Span(min(value.low, high.low), min(value.high, high.high))


class Ranged(msgspec.Struct, frozen=True):
    """The number `code * num / den`, `den` > 0. `total` spans the sum of `code` over some lines of one event."""

    each: Span
    total: Span
    num: int = 1
    den: int = 1

    def at(self, den: int) -> Span:
        """The whole number `value * den`; `den` is a multiple of the value's own."""
        return self.each.scaled(self.num * (den // self.den))

    def sum_at(self, den: int) -> Span:
        """The same of its sum over lines."""
        return self.total.scaled(self.num * (den // self.den))


def common(values: list[Ranged]) -> int:
    """The least common denominator."""
    return lcm(*(value.den for value in values)) if values else 1


def reduced(num: int, den: int) -> tuple[int, int]:
    """A ratio in lowest terms."""
    shared = gcd(num, den) or 1
    return num // shared, den // shared
