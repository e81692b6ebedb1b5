"""Numbers and flags of a tape: what is worked out, and the arithmetic on it.

In: numbers that are registers times a known fraction. Out: others. Rows of code are written only where something has to
be worked out event by event; what is known is folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor, lcm
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing.spans import SAFE, Span, added, hull, product

if TYPE_CHECKING:
    from rules_engine.backends.columnar.writing.scene import Scene

Held: TypeAlias = "Flag | bool"
FLAG = Span(0, 1)
DAYS = Span(-(10**7), 10**7)
"""What days can be."""
FLIPPED: Final = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Number(msgspec.Struct, frozen=True):
    """`value * num / den`: the register `at`, or vector; without one (`at` -1) just the fraction. `span` is what the
    register holds; `total` what it adds up to over lines. `maybe`: it can be absent. `day`: it is a
    day as the event has it, so that it is among those worked out."""

    at: int
    num: int
    den: int
    span: Span
    lined: bool = False
    total: Span | None = None
    maybe: bool = False
    day: bool = False

    @property
    def fixed(self) -> bool:
        """Whether it is a constant."""
        return self.at < 0


class Flag(msgspec.Struct, frozen=True):
    """A condition worked out: a register, or a vector, that is 1 or 0."""

    at: int
    lined: bool = False


def constant(num: int, den: int = 1) -> Number:
    """A number that is known."""
    return Number(-1, num, den, Span(1, 1))


def plain(found: Number, on: Scene) -> Number:
    """The same, 0 where it is absent."""
    if not found.maybe:
        return found
    at = on.op(ops.OR_ZERO, found.lined, found.at)
    return msgspec.structs.replace(found, at=at, span=found.span.with_zero(), maybe=False)


def narrow(found: Number, most: int, on: Scene) -> Number:
    """The same, which is looked at where it is not proved to be at most so large in magnitude."""
    if found.fixed or found.span.size <= most:
        return found
    make = on.make
    if found.lined:
        at = make.vector(ops.GUARDED_LINES, found.at, k=most)
    else:
        at = make.scalar(ops.GUARDED, found.at, k=most)
    return msgspec.structs.replace(found, at=at, span=found.span.inside(most))


def on_lines(found: Number, on: Scene) -> Number:
    """A number as a vector."""
    if found.lined:
        return found
    if found.fixed:
        at = on.make.vector(ops.CONST + ops.VECTOR, k=found.num)
        return Number(at, 1, found.den, Span(found.num, found.num), True)
    return msgspec.structs.replace(found, at=on.make.vector(ops.SPREAD_OUT, found.at), lined=True)


def whole(found: Number, den: int, on: Scene) -> Number:
    """The number times `den` / itself as an integer in a register of its own: `value * den`, a multiple of its own."""
    factor = found.num * (den // found.den)
    if found.fixed:
        at = on.make.scalar(ops.CONST, k=factor)
        return Number(at, 1, den, Span(factor, factor))
    if factor == 1:
        return msgspec.structs.replace(found, num=1, den=den)
    found = narrow(found, SAFE // max(abs(factor), 1), on)
    span = on.safe(found.span.scaled(factor))
    return Number(on.op(ops.LINEAR, found.lined, found.at, k=factor), 1, den, span, found.lined, _scaled(found, factor))


def _scaled(found: Number, factor: int) -> Span | None:
    return None if found.total is None else found.total.scaled(factor)


def total(parts: Sequence[Number], on: Scene) -> Number:
    """The sum."""
    parts = [plain(part, on) for part in parts]
    den = lcm(*(part.den for part in parts))
    fixed = sum(part.num * (den // part.den) for part in parts if part.fixed)
    moving = [part for part in parts if not part.fixed]
    if not moving:
        return constant(fixed, den)
    lined = any(part.lined for part in moving)
    moving = [on_lines(part, on) if lined else part for part in moving]
    room = (SAFE - abs(fixed)) // len(moving)
    if added(*(part.span.scaled(part.num * (den // part.den)) for part in moving), Span(fixed, fixed)).size > SAFE:
        moving = [narrow(part, room // max(abs(part.num) * (den // part.den), 1), on) for part in moving]
    first, *rest = moving
    factor = first.num * (den // first.den)
    span = on.safe(added(first.span.scaled(factor), Span(fixed, fixed)))
    if not rest and not fixed:
        return first
    if not rest:
        return Number(on.op(ops.LINEAR, lined, first.at, k=factor, n=fixed), 1, den, span, lined)
    at = first.at
    for place, part in enumerate(rest):
        other = part.num * (den // part.den)
        span = on.safe(added(span, part.span.scaled(other)))
        at = on.op(ops.LINEAR, lined, at, part.at, 1 if place else factor, other, 0 if place else fixed)
    return Number(at, 1, den, span, lined)


def times(left: Number, right: Number, on: Scene) -> Number:
    """The product; what is known folds into the factor."""
    left, right = plain(left, on), plain(right, on)
    num, den = left.num * right.num, left.den * right.den
    if left.fixed or right.fixed:
        found = right if left.fixed else left
        return msgspec.structs.replace(found, num=num, den=den) if num else constant(0)
    lined = left.lined or right.lined
    if lined:
        left, right = on_lines(left, on), on_lines(right, on)
    span = product(left.span, right.span)
    at = on.op(ops.TIMES, lined, left.at, right.at, k=0 if span.fits else 1)
    return Number(at, num, den, span if span.fits else Span(-SAFE, SAFE), lined)


def divided(found: Number, mode: str, on: Scene) -> Number:
    """Rounded to a whole number."""
    found = plain(found, on)
    if found.fixed:
        return constant(_rounded(found.num, found.den, mode))
    if found.den == 1:
        return found
    found = narrow(found, SAFE // max(abs(found.num), 1), on)
    span = on.safe(found.span.scaled(found.num))
    at = on.op(ops.DIVIDE, found.lined, found.at, k=found.den, m=ops.MODES[mode], n=found.num)
    return Number(at, 1, 1, Span(span.low // found.den, -(-span.high // found.den)), found.lined)


def _rounded(num: int, den: int, mode: str) -> int:
    size, rest = divmod(abs(num), den)
    up = {"down": False, "up": rest > 0, "half up": 2 * rest >= den,
          "half even": 2 * rest > den or (2 * rest == den and size % 2 == 1)}[mode]  # fmt: skip
    return (size + up) * (1 if num >= 0 else -1)


def bounded(found: Number, bound: Number, how: str, on: Scene) -> Number:
    """The `most` of two numbers, or the `least`."""
    found, bound = plain(found, on), plain(bound, on)
    if found.fixed and bound.fixed:
        pick = max if how == "most" else min
        den = lcm(found.den, bound.den)
        return constant(pick(found.num * (den // found.den), bound.num * (den // bound.den)), den)
    if found.fixed:
        found, bound = bound, found
    den = lcm(found.den, bound.den)
    found = whole(found, den, on)
    if bound.fixed:
        limit = bound.num * (den // bound.den)
        op = ops.AT_LEAST if how == "most" else ops.AT_MOST
        at, other = on.op(op, found.lined, found.at, k=limit), Span(limit, limit)
    else:
        bound = whole(bound, den, on)
        lined = found.lined or bound.lined
        if lined:
            found, bound = on_lines(found, on), on_lines(bound, on)
        op = ops.MOST if how == "most" else ops.LEAST
        at, other = on.op(op, lined, found.at, bound.at), bound.span
    span = hull(found.span, other)
    kept = (
        Span(max(found.span.low, other.low), span.high)
        if how == "most"
        else Span(span.low, min(found.span.high, other.high))
    )
    return Number(at, 1, den, kept, found.lined)


def either(holds: Held, value: Number, other: Number, on: Scene) -> Number:
    """One number where a condition holds, the other where it does not."""
    if isinstance(holds, bool):
        return value if holds else other
    den = lcm(value.den, other.den)
    value, other = whole(value, den, on), whole(other, den, on)
    at, lined = holds.at, holds.lined or value.lined or other.lined
    if lined:
        value, other, at = on_lines(value, on), on_lines(other, on), lined_flag(holds, on)
    span, maybe = hull(value.span, other.span), value.maybe or other.maybe
    return Number(on.op(ops.CHOOSE, lined, at, value.at, n=other.at), 1, den, span, lined, maybe=maybe)


def compared(op: str, left: Number, right: Number, on: Scene) -> Held:
    """A comparison; with a constant it needs no arithmetic."""
    if left.fixed and not right.fixed:
        return compared(FLIPPED[op], right, left, on)
    if right.fixed:
        found = against(op, left, right)
        if isinstance(found, bool):
            return found
        op, bound = found
        return Flag(on.op(ops.IS, left.lined, left.at, k=bound, m=ops.COMPARES[op]), left.lined)
    den = lcm(left.den, right.den)
    if left.num != 1 or right.num != 1 or left.den != right.den:
        left, right = plain(left, on), plain(right, on)
    left, right = whole(left, den, on), whole(right, den, on)
    lined = left.lined or right.lined
    if lined:
        left, right = on_lines(left, on), on_lines(right, on)
    return Flag(on.op(ops.COMPARE, lined, left.at, right.at, m=ops.COMPARES[op]), lined)


def against(op: str, left: Number, right: Number) -> tuple[str, int] | bool:
    """A comparison of a number with a constant as one of its register with a whole number."""
    if left.fixed:
        one, two = left.num * right.den, right.num * left.den
        return {"=": one == two, "!=": one != two, "<": one < two, "<=": one <= two, ">": one > two,
                ">=": one >= two}[op]  # fmt: skip
    num, den = right.num * left.den, right.den * left.num
    if den < 0:
        op, num, den = FLIPPED[op], -num, -den
    if op in ("=", "!="):
        return (op, num // den) if num % den == 0 else op == "!="
    bound = Fraction(num, den)
    return op, ceil(bound) if op in (">=", "<") else floor(bound)


def both(parts: Sequence[Held], on: Scene) -> Held:
    """Whether all hold."""
    if any(part is False for part in parts):
        return False
    flags = [part for part in parts if isinstance(part, Flag)]
    if not flags:
        return True
    # What concerns the event alone is put together first, so that it is asked once.
    found = None
    for lined in (False, True):
        for part in (each for each in flags if each.lined == lined):
            if found is None:
                found = part
            elif found.lined or part.lined:
                found = Flag(on.op(ops.AND, True, lined_flag(found, on), part.at), True)
            else:
                found = Flag(on.op(ops.AND, False, found.at, part.at))
    assert found is not None
    return found


def opposite(held: Held, on: Scene) -> Held:
    """Whether it does not hold."""
    if isinstance(held, bool):
        return not held
    return Flag(on.op(ops.NOT, held.lined, held.at), held.lined)


def lined_flag(held: Flag, on: Scene) -> int:
    """The vector of a flag of each line; a flag of the event is the same on all."""
    return held.at if held.lined else on.make.vector(ops.SPREAD_OUT, held.at)
