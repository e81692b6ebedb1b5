"""Tables for lints: which rows stand beside each other, and whether what a row gives is less than what another gives.

In: core expressions of amounts. Out: an order of two amounts, or None where it hangs on what an event holds. Amounts
are compared part by part: `10% of base` is less than `25% of base` whatever `base` is, since no measure is below zero
that rules are written for. Where an amount reads nothing but one number it can be worked out for each value of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import floor
from typing import TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.linting.view import Rule, View
from rules_engine.lowering import meaning

Numbers: TypeAlias = dict[bytes, Fraction]
"""Values of reads, by what they mean."""


class Amount(msgspec.Struct, frozen=True):
    """A part of an effect that customers would rather have `more` of, or less: what is given or taken off, or its cap;
    the price that is set, what is deducted."""

    rule: Rule
    value: ir.Expr
    more: bool


def amounts(view: View) -> Iterator[Amount]:
    """What rules give, take off, charge, set as a price and deduct."""
    for rule in view.rules:
        for effect in effects(rule.core):
            match effect:
                case ir.GiveDef(value=value, high=high):
                    yield from (Amount(rule, each, True) for each in (value, high) if each is not None)
                case ir.DiscountDef(verb=verb, value=value, high=high):
                    yield Amount(rule, value, verb == "take")
                    if verb == "take" and high is not None:
                        yield Amount(rule, high, True)
                case ir.DeductDef(value=value) | ir.ChargeDef(value=value):
                    yield Amount(rule, value, False)
                case _:
                    pass


def effects(core: ir.RuleDef | ir.OfferDef) -> Iterator[ir.ActDef | ir.EffectDef]:
    """The effects of a rule, those inside sets too."""
    if isinstance(core, ir.OfferDef) and core.sets is not None:
        for part in core.sets.parts:
            yield from part.effects
    yield from core.effects


def tables_in(value: ir.Expr) -> Iterator[ir.Choose | ir.Across]:
    """The tables whose value moves an amount the same way: factors, summands and rows, and nothing that is taken
    off."""
    match value:
        case ir.Across():
            yield value
        case ir.Choose(rows=rows):
            yield value
            for row in rows:
                yield from tables_in(row.value) if not isinstance(row.value, ir.Stop) else ()
        case ir.Add(parts=parts) | ir.Largest(items=parts):
            for each in parts:
                yield from tables_in(each)
        case ir.Mul(left=left, right=right):
            if not _below_zero(left) and not _below_zero(right):
                yield from tables_in(left)
                yield from tables_in(right)
        case ir.Steps(value=inner) | ir.Round(value=inner) | ir.Clip(value=inner):
            yield from tables_in(inner)
        case _:
            return


def _below_zero(value: ir.Expr) -> bool:
    return isinstance(value, ir.Num) and value.num < 0


def passes(test: ir.Test, value: int) -> bool:
    """Whether a cell holds for a number."""
    match test:
        case ir.AnyTest():
            return True
        case ir.InTest(values=values):
            return value in values
        case ir.RangeTest(low=low, high=high):
            return (low is None or low <= value) and (high is None or value < high)


def row_for(table: ir.Choose, at: int, value: int, others: tuple[ir.Test, ...]) -> ir.ChooseRow | None:
    """The row of a value of the key at a place, beside the same cells of the other keys, or beside `any`."""
    for row in table.rows:
        beside = row.tests[:at] + row.tests[at + 1 :]
        fits = all(mine == other or isinstance(mine, ir.AnyTest) for mine, other in zip(beside, others, strict=True))
        if passes(row.tests[at], value) and fits:
            return row
    return None


def beside(table: ir.Choose, at: int) -> list[tuple[ir.Test, ...]]:
    """The cells that stand beside those of one key, each combination once."""
    return list(dict.fromkeys(row.tests[:at] + row.tests[at + 1 :] for row in table.rows))


# ---- less and more ----


def order(left: ir.Expr | ir.Stop, right: ir.Expr | ir.Stop) -> int | None:
    """1 where the second amount is more, -1 where it is less, 0 where they are the same; None where it depends.

    >>> at = ir.Origin(0, 0, 0)
    >>> base = ir.AwardRead(at, "base")
    >>> order(ir.Mul(at, ir.Num(at, 1, 4), base), ir.Mul(at, ir.Num(at, 1, 10), base))
    -1
    """
    if meaning(left) == meaning(right):
        return 0
    one, other = number(left, {}), number(right, {})
    if one is not None and other is not None:
        return (other > one) - (other < one)
    if one == 0 or other == 0:
        rest = right if one == 0 else left
        return (1 if one == 0 else -1) if _above_zero(rest) else None
    match left, right:
        case (ir.Mul(left=a, right=b), ir.Mul(left=c, right=d)):
            return _together([order(a, c), order(b, d)])
        case (ir.Add(parts=a), ir.Add(parts=b)) | (ir.Largest(items=a), ir.Largest(items=b)) if len(a) == len(b):
            return _together([order(x, y) for x, y in zip(a, b, strict=True)])
        case (ir.Steps(value=x), ir.Steps(value=y)) | (ir.Round(value=x), ir.Round(value=y)):
            return order(x, y)
        case (ir.Clip(value=x, low=None, high=h), ir.Clip(value=y, low=None, high=k)) if (
            h is not None and k is not None
        ):
            return _together([order(x, y), order(h, k)])
        case _:
            return None


def _together(found: list[int | None]) -> int | None:
    """One order from those of the parts, where no part is against another."""
    signs = set(found) - {0}
    return None if None in signs or len(signs) > 1 else signs.pop() if signs else 0


def _above_zero(value: ir.Expr | ir.Stop) -> bool:
    """Whether an amount is above zero wherever what it reads is."""
    match value:
        case ir.Num(num=num):
            return num > 0
        case ir.Mul(left=left, right=right):
            return _above_zero(left) and _above_zero(right)
        case ir.Add(parts=parts):
            return all(map(_above_zero, parts))
        case ir.Steps(value=inner) | ir.Round(value=inner):
            return _above_zero(inner)
        case ir.Choose() | ir.Clip() | ir.Stop():
            return False
        case _:
            return True


def number(value: ir.Expr | ir.Stop, known: Numbers) -> Fraction | None:
    """What an amount comes to where the values of its reads are known; None where one is not.

    >>> at = ir.Origin(0, 0, 0)
    >>> number(ir.Steps(at, ir.Num(at, 7, 2)), {})
    Fraction(3, 1)
    """
    if known and (found := known.get(meaning(value))) is not None:
        return found
    match value:
        case ir.Num(num=num, den=den):
            return Fraction(num, den)
        case ir.Stop():
            return Fraction(0)
        case ir.Add(parts=parts):
            found_parts = [number(each, known) for each in parts]
            return None if None in found_parts else sum((each for each in found_parts if each is not None), Fraction(0))
        case ir.Mul(left=left, right=right):
            one, other = number(left, known), number(right, known)
            return None if one is None or other is None else one * other
        case ir.Steps(value=inner):
            found = number(inner, known)
            return None if found is None else Fraction(floor(abs(found)) * (1 if found >= 0 else -1))
        case ir.Largest(items=items):
            found_items = [number(each, known) for each in items]
            return None if None in found_items else max(each for each in found_items if each is not None)
        case ir.Clip(value=inner, low=low, high=high):
            return _clipped(inner, low, high, known)
        case ir.Choose(keys=(key,), rows=rows):
            at = number(key, known)
            row = None if at is None else next((each for each in rows if passes(each.tests[0], floor(at))), None)
            return None if row is None else number(row.value, known)
        case _:
            return None


def _clipped(inner: ir.Expr, low: ir.Expr | None, high: ir.Expr | None, known: Numbers) -> Fraction | None:
    found = number(inner, known)
    for bound, keep in ((low, max), (high, min)):
        if bound is not None and found is not None:
            end = number(bound, known)
            found = None if end is None else keep(found, end)
    return found
