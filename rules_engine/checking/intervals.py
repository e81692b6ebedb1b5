"""What is known of a number before any event arrives: an interval that holds all its values.

In: a core expression, and the intervals of what it reads. Out: the least and the greatest value, None where there is no
end, or none that is known. Interval arithmetic: each operation takes the intervals of its parts to one that holds every
result; it may be too wide where the same field stands twice, and is never too narrow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from math import ceil, floor

from rules_engine import ir
from rules_engine.checking.core import field_key, rows_of

Bounds = tuple[int | None, int | None]
"""The least and the greatest whole number, None where there is none."""

End = Fraction | int | None
Interval = tuple[End, End]
Reads = Mapping[str, Interval]
"""By `field_key`; tracks as `track NAME`, balances as `balance UNIT`, the number of the key at hand as `each`, money on
lines as `prices`, the pieces of a line as `quantity`, how many lines there are as `lines`, what a rule gave as
`award RULE`."""

ANY: Interval = (None, None)


def bounds(node: ir.Expr, reads: Reads) -> Bounds:
    """The least and greatest value, made wider to whole numbers."""
    low, high = interval(node, reads)
    return None if low is None else floor(low), None if high is None else ceil(high)


def interval(node: ir.Expr | ir.Stop, reads: Reads) -> Interval:  # noqa: C901 - one arm for each kind of node
    """The interval of a number."""
    match node:
        case ir.Num(num=top, den=bottom):
            return Fraction(top, bottom), Fraction(top, bottom)
        case ir.Field() | ir.LineField() | ir.MemberField() | ir.PersonField():
            return reads.get(field_key(node), ANY)
        case ir.TrackRead(track=name) | ir.KeyFold(track=name, op="sum"):
            return reads.get(f"track {name}", ANY)
        case ir.KeyValue():
            return reads.get("each", ANY)
        case ir.BalanceRead(unit=name):
            return reads.get(f"balance {name}", ANY)
        case ir.KeyFold() | ir.UsedRead() | ir.TurnedSum(field=""):
            return 0, None
        case ir.AwardRead(rule=rule) | ir.AwardPart(rule=rule):
            return reads.get(f"award {rule}", (0, None))
        case ir.LineQuantity():
            return reads.get("quantity", (0, None))
        case ir.Fold(op="count" | "distinct"):
            return reads.get("lines", (0, None))
        case ir.LineMoney() | ir.Basis():
            return reads.get("prices", (0, None))
        case ir.Picked(base=base):
            return reads.get("prices", (0, None)) if base is not None else (0, None)
        case ir.PerCurrency(amounts=amounts):
            return _either([interval(amount, reads) for _, amount in amounts])
        case ir.Fold(value=ir.Node() as value) | ir.LineKeys(value=value):
            return _product(interval(value, reads), reads.get("lines", (0, None)))
        case ir.Add(parts=parts):
            return _sum([interval(part, reads) for part in parts])
        case ir.Mul(left=left, right=right):
            return _product(interval(left, reads), interval(right, reads))
        case ir.Steps(value=value) | ir.Round(value=value):
            low, high = interval(value, reads)
            return None if low is None else floor(low), None if high is None else ceil(high)
        case ir.Clip(value=value, low=low_end, high=high_end):
            found = interval(value, reads)
            found = found if low_end is None else _larger(found, interval(low_end, reads))
            return found if high_end is None else _smaller(found, interval(high_end, reads))
        case ir.Largest(items=(first, *others)):
            found = interval(first, reads)
            for each in others:
                found = _larger(found, interval(each, reads))
            return found
        case ir.Choose():
            return _either([interval(row, reads) for row in rows_of(node)])
        case _:
            return ANY


def _sum(parts: list[Interval]) -> Interval:
    lows, highs = zip(*parts, strict=True)
    return _all_known(lows, sum), _all_known(highs, sum)


def _either(parts: list[Interval]) -> Interval:
    if not parts:
        return ANY
    lows, highs = zip(*parts, strict=True)
    return _all_known(lows, min), _all_known(highs, max)


def _all_known(ends: Iterable[End], join: Callable[[list[Fraction | int]], Fraction | int]) -> End:
    found = list(ends)
    known = [end for end in found if end is not None]
    return join(known) if len(known) == len(found) else None


def _product(left: Interval, right: Interval) -> Interval:
    """With all four ends known, of their products; else two factors that are not negative, or a constant."""
    if left[0] is not None and left[1] is not None and right[0] is not None and right[1] is not None:
        corners = [one * other for one in left for other in right if one is not None and other is not None]
        return min(corners), max(corners)
    if left[0] is not None and left[0] == left[1]:
        return _times(left[0], right)
    if right[0] is not None and right[0] == right[1]:
        return _times(right[0], left)
    if left[0] is not None and right[0] is not None and left[0] >= 0 and right[0] >= 0:
        return left[0] * right[0], None
    if right[0] is not None and right[0] >= 0 and left[1] is not None and left[1] <= 0:
        return None, 0
    return ANY


def _times(factor: Fraction | int, found: Interval) -> Interval:
    low, high = (None if end is None else factor * end for end in found)
    if factor == 0:
        return 0, 0
    return (low, high) if factor > 0 else (high, low)


def _larger(left: Interval, right: Interval) -> Interval:
    lows = [end for end in (left[0], right[0]) if end is not None]
    return max(lows, default=None), _all_known((left[1], right[1]), max)


def _smaller(left: Interval, right: Interval) -> Interval:
    highs = [end for end in (left[1], right[1]) if end is not None]
    return _all_known((left[0], right[0]), min), min(highs, default=None)
