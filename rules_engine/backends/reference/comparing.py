"""Comparisons of values: bounds, tests of table rows, conditions."""

from __future__ import annotations

from fractions import Fraction
from typing import assert_never

from rules_engine import ir
from rules_engine.backends.reference.run import Val


def clipped(value: Fraction, low: Fraction | None, high: Fraction | None) -> Fraction:
    """Not below `low`, then not above `high`."""
    if low is not None and value < low:
        value = low
    return high if high is not None and value > high else value


def passes(test: ir.InTest | ir.RangeTest, key: Val) -> bool:
    """Whether a key passes the test of a row."""
    match test:
        case ir.InTest(values=values):
            return key in values
        case ir.RangeTest(low=low, high=high):
            assert isinstance(key, int | Fraction)
            return (low is None or low <= key) and (high is None or key < high)
        case _:
            assert_never(test)


def compare(op: str, left: Val, right: Val) -> bool:
    """A day that never comes lies after every day."""
    if left is None or right is None:
        ends = {"=": left == right, "!=": left != right, "<": left is not None, "<=": right is None}
        return ends[op] if op in ends else not ends["<=" if op == ">" else "<"]
    match op:
        case "=":
            return left == right
        case "!=":
            return left != right
    assert isinstance(left, int | Fraction)
    assert isinstance(right, int | Fraction)
    match op:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case _:
            assert op == ">="
            return left >= right
