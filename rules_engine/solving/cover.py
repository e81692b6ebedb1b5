"""Whether the rows of a table are disjoint and complete, with a witness where they are not.

In: rows, one test a key, and the domain of each key. Out: the first two rows that overlap with values on which both
hold, or values on which no row holds.

**Overlap** looks at two rows at a time: they overlap where their tests share a value on every key. Rows that list
values are compared only with those that list one of them too, or hold for more than a list.

**Gap** goes key by key. The domain of a key is cut into pieces; on each piece some rows are left. Two pieces with the
same rows left are the same question for the keys that follow, so questions are remembered by (key, rows left). The
number of questions is bounded by the number of different sets of rows, not by the product of the domains; beyond a
stated number the proof is given up and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from math import prod
from typing import TypeAlias

import msgspec

from rules_engine.ir import InTest, RangeTest, Test
from rules_engine.solving.domains import Domain, Range, Value, Values, holds, pieces, shared

Row: TypeAlias = tuple[Test, ...]

QUESTIONS_MAX = 20_000
"""How many questions a proof may ask before it is given up."""

WORK_MAX = 2_000_000
"""How many tests it may look at: some seconds."""


class Overlap(msgspec.Struct, frozen=True):
    """Two rows, by number, and values of the keys on which both hold."""

    first: int
    second: int
    values: tuple[Value, ...]


class Gap(msgspec.Struct, frozen=True):
    """Values of the keys on which no row holds."""

    values: tuple[Value, ...]


class TooLarge(Exception):  # noqa: N818 - no fault of anybody: the table asks more questions than are allowed
    """The proof was given up."""


def overlap(rows: list[Row], domains: list[Domain]) -> Overlap | None:
    """The first two rows that can both hold.

    >>> from rules_engine.ir import AnyTest
    >>> from .domains import AnyText
    >>> overlap([(InTest(("a", "b")),), (InTest(("b",)),)], [AnyText()])
    Overlap(first=0, second=1, values=('b',))
    """
    if len(domains) == 1 and all(isinstance(row[0], InTest) for row in rows):
        return _repeated(rows)
    if len(domains) == 1 and all(isinstance(row[0], RangeTest) for row in rows):
        return _next_to_each_other(rows, domains[0])
    earlier, work = _Earlier(len(domains)), 0
    for second, row in enumerate(rows):
        for first in earlier.like(row):
            work += sum(map(_cost, row, rows[first]))
            if work > WORK_MAX:
                raise TooLarge
            values = _meet(rows[first], row, domains)
            if values is not None:
                return Overlap(first, second, values)
        earlier.add(second, row)
    return None


class _Earlier:
    """The rows so far, key by key: those that list a value, and those that hold for more than a list."""

    def __init__(self, keys: int) -> None:
        self.count = 0
        self.listed: list[dict[Value, list[int]]] = [{} for _ in range(keys)]
        self.others: list[list[int]] = [[] for _ in range(keys)]

    def add(self, number: int, row: Row) -> None:
        """One row more."""
        self.count += 1
        for test, listed, others in zip(row, self.listed, self.others, strict=True):
            if isinstance(test, InTest):
                for value in test.values:
                    listed.setdefault(value, []).append(number)
            else:
                others.append(number)

    def like(self, row: Row) -> Iterable[int]:
        """The rows that can hold with a row, by the key that leaves the fewest, in order."""
        best: list[list[int]] | None = None
        fewest = self.count
        for test, listed, others in zip(row, self.listed, self.others, strict=True):
            if isinstance(test, InTest):
                found = [others, *(listed[value] for value in test.values if value in listed)]
                if sum(map(len, found)) < fewest:
                    best, fewest = found, sum(map(len, found))
        return range(self.count) if best is None else sorted({number for each in best for number in each})


def _cost(one: Test, other: Test) -> int:
    """About how many comparisons it takes to find what two tests share."""
    sizes = [len(each.values) for each in (one, other) if isinstance(each, InTest)]
    return 1 + prod(sizes) // 8


def _repeated(rows: list[Row]) -> Overlap | None:
    """The same for lists of values of one key, in one pass."""
    seen: dict[Value, int] = {}
    for number, (test,) in enumerate(rows):
        assert isinstance(test, InTest)
        for value in test.values:
            if value in seen and seen[value] != number:
                return Overlap(seen[value], number, (value,))
            seen[value] = number
    return None


def _next_to_each_other(rows: list[Row], domain: Domain) -> Overlap | None:
    """The same for ranges of one key: of those that hold at all, sorted by where they start, only neighbours need to be
    looked at."""
    held = [number for number, (test,) in enumerate(rows) if shared(test, test, domain) is not None]
    ordered = sorted(held, key=lambda number: _start(rows[number][0]))
    for one, other in pairwise(ordered):
        value = shared(rows[one][0], rows[other][0], domain)
        if value is not None:
            return Overlap(min(one, other), max(one, other), (value,))
    return None


def _start(test: Test) -> tuple[bool, int]:
    low = test.low if isinstance(test, RangeTest) else None
    return low is not None, low or 0


def _meet(left: Row, right: Row, domains: list[Domain]) -> tuple[Value, ...] | None:
    values: list[Value] = []
    for one, other, domain in zip(left, right, domains, strict=True):
        value = shared(one, other, domain)
        if value is None:
            return None
        values.append(value)
    return tuple(values)


def gap(rows: list[Row], domains: list[Domain]) -> Gap | None:
    """Values that no row covers; raises TooLarge.

    >>> from .domains import FLAGS, Range
    >>> from rules_engine.ir import AnyTest, RangeTest
    >>> gap([(InTest((True,)), AnyTest()), (AnyTest(), RangeTest(5, None))], [FLAGS, Range(0, 9)])
    Gap(values=(False, 0))
    """
    if len(domains) == 1 and isinstance(domains[0], Range):
        tests = [test for (test,) in rows if isinstance(test, RangeTest)]
        if len(tests) == len(rows):
            missing = _below_or_between(tests, domains[0])
            return None if missing is None else Gap((missing,))
    known: dict[tuple[int, frozenset[int]], tuple[Value, ...] | None] = {}

    def ask(key: int, left: frozenset[int]) -> tuple[Value, ...] | None:
        if key == len(domains):
            return None if left else ()
        question = (key, left)
        if question not in known:
            if len(known) >= QUESTIONS_MAX:
                raise TooLarge
            known[question] = None
            known[question] = search(key, left)
        return known[question]

    index = _Earlier(len(domains))
    for number, row in enumerate(rows):
        index.add(number, row)
    work = 0

    def search(key: int, left: frozenset[int]) -> tuple[Value, ...] | None:
        nonlocal work
        listed, others = index.listed[key], left.intersection(index.others[key])
        for value in pieces(domains[key], [rows[number][key] for number in sorted(left)]):
            work += len(others) + len(listed.get(value, ())) + 1
            if work > WORK_MAX:
                raise TooLarge
            held = {number for number in others if holds(rows[number][key], value)}
            rest = ask(key + 1, frozenset(held | left.intersection(listed.get(value, ()))))
            if rest is not None:
                return (value, *rest)
        return None

    found = ask(0, frozenset(range(len(rows))))
    return None if found is None else Gap(found)


def _below_or_between(tests: list[RangeTest], domain: Range) -> int | None:
    """The least number of a domain that no range holds, in one sweep over the sorted ranges."""
    ordered = sorted(tests, key=_start)
    if domain.low is None and (not ordered or ordered[0].low is not None):
        first = ordered[0].low if ordered else domain.high
        return (first or 0) - 1 if domain.high is None else min((first or 0) - 1, domain.high)
    reached = domain.low
    for test in ordered:
        if reached is not None and test.low is not None and test.low > reached:
            break
        if test.high is None:
            return None
        reached = test.high if reached is None else max(reached, test.high)
    assert reached is not None
    return reached if domain.high is None or reached <= domain.high else None


def impossible(rows: list[Row], domains: list[Domain]) -> tuple[int, int] | None:
    """The first row and key whose test holds for no value of the key."""
    finite = [frozenset(domain.values) if isinstance(domain, Values) else None for domain in domains]
    for number, row in enumerate(rows):
        for key, (test, domain, values) in enumerate(zip(row, domains, finite, strict=True)):
            if values is not None and isinstance(test, InTest):
                if values.isdisjoint(test.values):
                    return number, key
            elif not any(holds(test, value) for value in pieces(domain, [test])):
                return number, key
    return None
