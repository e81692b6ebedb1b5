"""Small makers of core nodes: constants folded where they meet, wholeness read off.

In: core expressions. Out: core expressions, or what is known of their values before any event arrives.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd

from rules_engine import ir


def num(value: Fraction | int, at: ir.Origin) -> ir.Num:
    """An exact number."""
    return ir.Num(at, value.numerator, value.denominator)


def written(text: str) -> Fraction | int:
    """The number that a text of digits writes; most are whole, and need no fraction.

    >>> written("12"), written("-0.5")
    (12, Fraction(-1, 2))
    """
    return int(text) if text.isdecimal() else Fraction(text)


def ratio(num: int, den: int, at: ir.Origin) -> ir.Num:
    """`num / den` in lowest terms; `den` is above zero."""
    common = gcd(num, den)
    return ir.Num(at, num // common, den // common)


def value_of(node: ir.Expr) -> Fraction | None:
    """The number of a constant."""
    return Fraction(node.num, node.den) if isinstance(node, ir.Num) else None


def mul(left: ir.Expr, right: ir.Expr, at: ir.Origin) -> ir.Expr:
    """A product; constants are multiplied here and stand on the left."""
    if isinstance(right, ir.Num) and not isinstance(left, ir.Num):
        left, right = right, left
    if not isinstance(left, ir.Num):
        return ir.Mul(at, left, right)
    if isinstance(right, ir.Num):
        return ratio(left.num * right.num, left.den * right.den, at)
    if isinstance(right, ir.Mul) and isinstance(right.left, ir.Num):
        return mul(ratio(left.num * right.left.num, left.den * right.left.den, at), right.right, at)
    return right if left.num == left.den else ir.Mul(at, left, right)


def add(parts: list[ir.Expr], at: ir.Origin) -> ir.Expr:
    """A sum; sums inside are opened, constants added up."""
    flat: list[ir.Expr] = []
    constant = Fraction(0)
    for part in parts:
        for each in part.parts if isinstance(part, ir.Add) else (part,):
            if isinstance(each, ir.Num):
                constant += Fraction(each.num, each.den)
            else:
                flat.append(each)
    if constant or not flat:
        flat.append(num(constant, at))
    return flat[0] if len(flat) == 1 else ir.Add(at, tuple(flat))


def negative(part: ir.Expr, at: ir.Origin) -> ir.Expr:
    """The opposite of a number."""
    if isinstance(part, ir.Add):
        return add([negative(each, at) for each in part.parts], at)
    return mul(num(-1, at), part, at)


def both(parts: list[ir.Expr], at: ir.Origin) -> ir.Expr:
    """All of some conditions; none means always."""
    flat = [each for part in parts for each in (part.parts if isinstance(part, ir.All) else (part,))]
    kept = [part for part in flat if not (isinstance(part, ir.Flg) and part.value)]
    if not kept:
        return ir.Flg(at, True)
    return kept[0] if len(kept) == 1 else ir.All(at, tuple(kept))


def negated(condition: ir.Expr, no: bool, at: ir.Origin) -> ir.Expr:
    """The opposite of a condition where the text says `not`."""
    return ir.Not(at, condition) if no else condition


def rows_of(node: ir.Choose) -> list[ir.Expr]:
    """The values of a table, without `no award`."""
    return [row.value for row in node.rows if not isinstance(row.value, ir.Stop)]


def integral(node: ir.Expr, rates: frozenset[str]) -> bool:
    """Whether a number is whole on every event, as its shape tells; `rates` are the fields that are fractions."""
    match node:
        case ir.Num(den=den):
            return den == 1
        case ir.PerCurrency(amounts=amounts):
            return all(amount.den == 1 for _, amount in amounts)
        case ir.LineMoney(side=side) | ir.Basis(side=side) | ir.Picked(side=side):
            return side == ""
        case ir.Field() | ir.LineField() | ir.MemberField() | ir.PersonField():
            return field_key(node) not in rates
        case ir.LotField(name=name) | ir.TurnedSum(field=name):
            return f"lot {name}" not in rates
        case ir.Mul(left=left, right=right):
            return integral(left, rates) and integral(right, rates)
        case ir.Add(parts=parts) | ir.Largest(items=parts):
            return all(integral(part, rates) for part in parts)
        case ir.Clip(value=value, low=low, high=high):
            return all(integral(part, rates) for part in (value, low, high) if part is not None)
        case ir.Choose():
            return all(integral(row, rates) for row in rows_of(node))
        case ir.Fold(op="sum", value=value) if value is not None:
            return integral(value, rates)
        case ir.LineKeys(value=value):
            return integral(value, rates)
        case ir.Across(rates=slices):
            return all(integral(rate, rates) for rate in slices)
        case _:
            return True


def field_key(node: ir.Field | ir.LineField | ir.MemberField | ir.PersonField) -> str:
    """What a field is called in a table of bounds; a fact is the same of whomever it is read."""
    prefix = {ir.Field: "field", ir.LineField: "line", ir.MemberField: "member", ir.PersonField: "member"}[type(node)]
    return f"{prefix} {node.name}"
