"""The values that something can have, before any event arrives.

In: tests of a table. Out: which values they can hold for. A domain is a finite list, a range of whole numbers (days
and instants too), or open text. Sets of values are never written out where they are large: a domain is cut at the
constants that the tests mention, and one value stands for each piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias, assert_never

import msgspec

from rules_engine.ir import AnyTest, InTest, RangeTest, Test

Value: TypeAlias = str | int | bool
"""A text, a scaled number, a day, a rung, or a flag."""


class Values(msgspec.Struct, frozen=True):
    """One of these values."""

    values: tuple[Value, ...]


class Range(msgspec.Struct, frozen=True):
    """A whole number from `low` to `high`, both included; None: no end."""

    low: int | None = None
    high: int | None = None


class AnyText(msgspec.Struct, frozen=True):
    """Any text."""


Domain: TypeAlias = Values | Range | AnyText

FLAGS = Values((True, False))


def holds(test: Test, value: Value) -> bool:
    """Whether a test holds for a value."""
    match test:
        case AnyTest():
            return True
        case InTest(values=values):
            return value in values
        case RangeTest(low=low, high=high):
            assert isinstance(value, int)
            return (low is None or low <= value) and (high is None or value < high)
        case _:
            assert_never(test)


def within(domain: Domain, value: Value) -> bool:
    """Whether a value belongs to a domain."""
    match domain:
        case Values(values=values):
            return value in values
        case Range(low=low, high=high):
            return isinstance(value, int) and (low is None or low <= value) and (high is None or value <= high)
        case AnyText():
            return isinstance(value, str)
        case _:
            assert_never(domain)


def pieces(domain: Domain, tests: Iterable[Test]) -> list[Value]:
    """One value for each piece of a domain that no test cuts through; every value of a finite domain.

    >>> pieces(Range(0, None), [RangeTest(0, 10), RangeTest(10, None)])
    [0, 10]
    >>> pieces(AnyText(), [InTest(("J",))])
    ['X', 'J']
    """
    match domain:
        case Values(values=values):
            return list(values)
        case Range():
            return _cuts(domain, tests)
        case AnyText():
            named = [value for test in tests if isinstance(test, InTest) for value in test.values]
            return [_fresh(named), *dict.fromkeys(named)]
        case _:
            assert_never(domain)


def _cuts(domain: Range, tests: Iterable[Test]) -> list[Value]:
    ends = {end for test in tests for end in _ends(test)}
    low = domain.low
    if low is None:
        low = min(ends, default=domain.high or 0) - 1
    inside = (end for end in ends if end > low and (domain.high is None or end <= domain.high))
    return [low, *sorted(inside)] if domain.high is None or low <= domain.high else []


def _ends(test: Test) -> Iterator[int]:
    """The values at which a test begins to hold or not to hold."""
    match test:
        case AnyTest():
            return
        case InTest(values=values):
            for value in values:
                assert isinstance(value, int)
                yield from (value, value + 1)
        case RangeTest(low=low, high=high):
            yield from (end for end in (low, high) if end is not None)
        case _:
            assert_never(test)


def _fresh(named: list[Value]) -> str:
    """A text that is none of these."""
    letters = "XYZABCDEFGHIJKLMNOPQRSTUVW"
    return next((letter for letter in letters if letter not in named), "another text" + "'" * len(named))


def shared(left: Test, right: Test, domain: Domain) -> Value | None:
    """A value of the domain for which both tests hold.

    >>> shared(RangeTest(0, 10), RangeTest(5, None), Range(0, None))
    5
    """
    if isinstance(right, InTest):
        left, right = right, left
    if isinstance(left, InTest):
        return next((value for value in left.values if within(domain, value) and holds(right, value)), None)
    if isinstance(domain, Range):
        return _shared_number(left, right, domain)
    both = (left, right)
    return next((value for value in pieces(domain, both) if holds(left, value) and holds(right, value)), None)


def _shared_number(left: Test, right: Test, domain: Range) -> int | None:
    """The least number in both ranges, or one near their upper end where they have no lower one."""
    ranges = [test for test in (left, right) if isinstance(test, RangeTest)]
    lows = [low for low in (domain.low, *(test.low for test in ranges)) if low is not None]
    highs = [test.high - 1 for test in ranges if test.high is not None]
    highs += [domain.high] if domain.high is not None else []
    low, high = max(lows, default=None), min(highs, default=None)
    if low is None:
        return 0 if high is None else high
    return low if high is None or low <= high else None
