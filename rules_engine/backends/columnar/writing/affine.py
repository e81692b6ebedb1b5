"""Amounts of a unit that are a rate of what it costs or listed at, and something fixed: one op takes them off units.

In: an expression of the core. Out: its three factors, or None where it is not that simple.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec

from rules_engine import ir

LIST = frozenset({"list"})


class Affine(msgspec.Struct, frozen=True):
    """`now * what a unit costs + listed * what it listed at + fixed`."""

    now: Fraction
    listed: Fraction
    fixed: Fraction


def affine(expr: ir.Expr, listed: frozenset[str] = LIST) -> Affine | None:
    """An amount of a unit, where it is that simple; `listed` are the bases that are what it listed at."""
    zero = Fraction()
    match expr:
        case ir.Num(num=num, den=den):
            return Affine(zero, zero, Fraction(num, den))
        case ir.Basis(base="current" | "net", side=""):
            return Affine(Fraction(1), zero, zero)
        case ir.Basis(base=base, side="") if base in listed:
            return Affine(zero, Fraction(1), zero)
        case ir.Add(parts=parts):
            found = [affine(part, listed) for part in parts]
            if any(each is None for each in found):
                return None
            some = [each for each in found if each is not None]
            return Affine(
                sum((each.now for each in some), zero), sum((each.listed for each in some), zero),
                sum((each.fixed for each in some), zero),
            )  # fmt: skip
        case ir.Mul(left=left, right=right):
            one, two = affine(left, listed), affine(right, listed)
            if one is None or two is None:
                return None
            if one.now or one.listed:
                one, two = two, one
            if one.now or one.listed:
                return None
            return Affine(one.fixed * two.now, one.fixed * two.listed, one.fixed * two.fixed)
        case _:
            return None
