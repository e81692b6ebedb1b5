"""Whether the rows of a table are disjoint and complete, with a witness where they are not.

In: rows, one test a key, and the domain of each key. Out: the first two rows that overlap with values on which both hold,
or values on which no row holds.

**Overlap** looks at two rows at a time: they overlap where their tests share a value on every key.

**Gap** goes key by key. The domain of a key is cut into pieces; on each piece some rows are left. Two pieces with the
same rows left are the same question for the keys that follow, so questions are remembered by (key, rows left). The number
of questions is bounded by the number of different sets of rows, not by the product of the domains; beyond a stated number
the proof is given up and says so.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from rules_engine.ir import InTest, Test

from .domains import Domain, Value, holds, pieces, shared

Row: TypeAlias = tuple[Test, ...]

QUESTIONS_MAX = 20_000
"""How many questions a proof may ask before it is given up."""


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
    for second, row in enumerate(rows):
        for first in range(second):
            values = _meet(rows[first], row, domains)
            if values is not None:
                return Overlap(first, second, values)
    return None


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

    def search(key: int, left: frozenset[int]) -> tuple[Value, ...] | None:
        for value in pieces(domains[key], [rows[number][key] for number in sorted(left)]):
            rest = ask(key + 1, frozenset(number for number in left if holds(rows[number][key], value)))
            if rest is not None:
                return (value, *rest)
        return None

    found = ask(0, frozenset(range(len(rows))))
    return None if found is None else Gap(found)


def impossible(rows: list[Row], domains: list[Domain]) -> tuple[int, int] | None:
    """The first row and key whose test holds for no value of the key."""
    for number, row in enumerate(rows):
        for key, (test, domain) in enumerate(zip(row, domains, strict=True)):
            if not any(holds(test, value) for value in pieces(domain, [test])):
                return number, key
    return None
