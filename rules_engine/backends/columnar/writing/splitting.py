"""`split into`: an award that comes in several units, as ops.

In: an award and the register of an amount of it. Out: the registers of what falls on each row of its split.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing.arithmetic import Number, bounded, constant, divided, times, whole
from rules_engine.backends.columnar.writing.expressions import number

if TYPE_CHECKING:
    from rules_engine.backends.columnar.writing.scene import Scene


def parts(give: ir.GiveDef, amount: int, on: Scene) -> list[int]:
    """An amount over the rows of a split: each row's share, never more than is left; the last takes the rest. Without a
    split it is all of it."""
    if not give.split:
        return [amount]
    units = on.drawing.world.units
    scales = {row.unit: 10 ** units[row.unit].decimals for row in give.split}
    own = 10 ** units[give.unit].decimals
    common = lcm(own, *scales.values())
    left = _scaled(_number(amount, on), common // own, on)
    last = next((row for row in give.split if row.share is None), give.split[-1])
    found: dict[int, int] = {}
    for row in (*(each for each in give.split if each is not last), last):
        scale = scales[row.unit]
        part = room = divided(times(left, _ratio(Fraction(scale, common)), on), "down", on)
        if row is not last and row.share is not None:
            mode = row.rounding or units[row.unit].rounding or "down"
            exact = times(_number(amount, on), _ratio(Fraction(scale, own)), on)
            part = bounded(divided(times(exact, number(row.share, on), on), mode, on), room, "least", on)
        found[id(row)] = whole(part, 1, on).at
        taken = _scaled(_number(found[id(row)], on), common // scale, on)
        left = Number(on.make.scalar(ops.LINEAR, left.at, taken.at, 1, -1), 1, 1, left.span)
    return [found[id(row)] for row in give.split]


def _number(amount: int, on: Scene) -> Number:
    return Number(amount, 1, 1, on.guards_held())


def _ratio(value: Fraction) -> Number:
    return constant(value.numerator, value.denominator)


def _scaled(found: Number, factor: int, on: Scene) -> Number:
    return whole(times(found, constant(factor), on), 1, on)
