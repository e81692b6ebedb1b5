"""Types: what goes with what, in both orders, and how types are called."""

from __future__ import annotations

import doctest
from itertools import product as pairs

import pytest

from rules_engine import types
from rules_engine.types import (
    COUNT,
    DATE,
    FLAG,
    INSTANT,
    RATE,
    TEXT,
    TIER,
    TIME,
    UNKNOWN,
    Choice,
    Codes,
    ListOf,
    Member,
    Money,
    Ratio,
    Type,
    Unit,
)

GBP, USD = Money("GBP", 2), Money("USD", 2)
GROSS, NET = Money("GBP", 2, "with"), Money("GBP", 2, "without")
EITHER = Money("", 0, "", ("GBP", "USD"))
POINTS, CASH = Unit("point", "points", 0), Unit("cashback", "cashback", 2, "GBP")
ALL: tuple[Type, ...] = (
    UNKNOWN, GBP, USD, GROSS, NET, EITHER, POINTS, CASH, COUNT, RATE, TEXT, FLAG, DATE, INSTANT, TIME, TIER,
    Choice(("a", "b"), "kind"), Member(), Codes(), ListOf(TEXT), Ratio(POINTS, GBP),
)  # fmt: skip


@pytest.mark.parametrize(("left", "right", "total"), [
    (GBP, GBP, GBP), (POINTS, POINTS, POINTS), (COUNT, COUNT, COUNT), (COUNT, RATE, RATE),
    (GBP, USD, None), (GBP, POINTS, None), (GBP, CASH, None), (GBP, COUNT, None), (DATE, DATE, None),
    (TEXT, TEXT, None), (GROSS, GBP, GROSS), (NET, GBP, NET), (GROSS, NET, None), (EITHER, EITHER, EITHER),
    (EITHER, GBP, None), (GROSS, USD, None),
])  # fmt: skip
def test_sums(left: Type, right: Type, total: Type | None) -> None:
    assert types.total(left, right) == types.total(right, left) == total


@pytest.mark.parametrize(("left", "right", "product"), [
    (RATE, GBP, GBP), (COUNT, POINTS, POINTS), (COUNT, COUNT, COUNT), (RATE, COUNT, RATE), (GBP, GBP, None),
    (POINTS, GBP, None), (COUNT, DATE, None), (RATE, Ratio(POINTS, GBP), Ratio(POINTS, GBP)),
])  # fmt: skip
def test_products(left: Type, right: Type, product: Type | None) -> None:
    assert types.product(left, right) == types.product(right, left) == product


def test_rates_of_measures() -> None:
    assert types.applied(RATE, GBP) == GBP
    assert types.applied(Ratio(POINTS, GBP), GBP) == POINTS
    assert types.applied(Ratio(POINTS, GBP), USD) is None
    assert types.applied(POINTS, GBP) is None


@pytest.mark.parametrize("other", ALL, ids=lambda kind: type(kind).__name__)
def test_what_was_reported_fits_everywhere(other: Type) -> None:
    assert types.alike(UNKNOWN, other)
    assert types.alike(other, UNKNOWN)
    assert types.total(UNKNOWN, other) == types.product(UNKNOWN, other) == UNKNOWN
    assert types.common(UNKNOWN, other) == other


@pytest.mark.parametrize(("left", "right"), list(pairs(ALL, ALL)), ids=lambda kind: type(kind).__name__)
def test_comparing_looks_the_same_from_both_sides(left: Type, right: Type) -> None:
    assert types.alike(left, right) == types.alike(right, left)
    assert types.common(left, right) == types.common(right, left)
    if left == right:
        assert types.alike(left, right)


def test_every_type_has_words() -> None:
    words = [types.describe(kind) for kind in ALL]
    assert len(set(words)) == len(words)
    assert all(word == word.strip() and not word.endswith(".") for word in words)


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(types).failed == 0
