"""Exact numbers in generated code: integer expressions with a factor known before any event arrives.

A `Scaled` stands for the number `code * num / den`. Only `code` is text of the generated module; the factor is folded
while emitting, so that a percentage of points costs one multiplication and one division, and sums, comparisons and
clips meet at a common denominator. Nothing is ever a float.
"""

from __future__ import annotations

from math import gcd, lcm

import msgspec

from rules_engine.ir import RoundingMode


class Scaled(msgspec.Struct, frozen=True):
    """The number `code * num / den`, `den` > 0, in lowest terms. `code` is an integer expression that binds as tightly
    as a name or a call; `positive` says that the number is known not to be negative."""

    code: str
    num: int = 1
    den: int = 1
    positive: bool = False

    @property
    def constant(self) -> bool:
        return self.code == "1"


def constant(num: int, den: int = 1) -> Scaled:
    """A number known while emitting."""
    common = gcd(num, den) or 1
    return Scaled("1", num // common, den // common, num >= 0)


ZERO = constant(0)


def text(value: Scaled, den: int) -> str:
    """The integer expression `value * den`; `den` is a multiple of the value's own denominator."""
    assert den % value.den == 0
    factor = value.num * (den // value.den)
    if value.constant:
        return str(factor) if factor >= 0 else f"({factor})"
    if factor == 1:
        return value.code
    return f"{value.code} * {factor}" if factor >= 0 else f"{value.code} * ({factor})"


def wrap(code: str) -> str:
    """Brackets round an expression that is more than a name, a number or a call."""
    simple = code.replace("_", "a").isalnum()
    return code if simple else f"({code})"


def common(values: list[Scaled]) -> int:
    """The least common denominator."""
    return lcm(*(value.den for value in values)) if values else 1


def add(values: list[Scaled]) -> Scaled:
    """A sum."""
    if len(values) == 1:
        return values[0]
    den = common(values)
    if all(value.constant for value in values):
        return constant(sum(value.num * (den // value.den) for value in values), den)
    code = " + ".join(text(value, den) for value in values)
    return Scaled(f"({code})", 1, den, all(value.positive for value in values))


def mul(left: Scaled, right: Scaled) -> Scaled:
    """A product."""
    num, den = left.num * right.num, left.den * right.den
    shared = gcd(num, den) or 1
    num, den = num // shared, den // shared
    if left.constant or right.constant:
        code = right.code if left.constant else left.code
    else:
        code = f"({wrap(left.code)} * {wrap(right.code)})"
    return Scaled(code, num, den, left.positive and right.positive)


def steps(value: Scaled) -> Scaled:
    """Whole steps, cut towards zero."""
    if value.den == 1:
        return value
    if value.constant:
        whole = abs(value.num) // value.den
        return constant(whole if value.num >= 0 else -whole)
    inner = text(Scaled(value.code, value.num), 1)
    if value.positive:
        return Scaled(f"({inner} // {value.den})", positive=True)
    return Scaled(f"cut({inner}, {value.den})")


def rounded(value: Scaled, mode: RoundingMode) -> Scaled:
    """Rounded to a whole number as written."""
    if value.den == 1:
        return value
    inner, den = text(Scaled(value.code, value.num), 1), value.den
    if value.positive and mode == "down":
        return Scaled(f"({inner} // {den})", positive=True)
    if value.positive and mode == "half up":
        if den % 2 == 0:
            return Scaled(f"(({inner} + {den // 2}) // {den})", positive=True)
        return Scaled(f"(({inner} * 2 + {den}) // {2 * den})", positive=True)
    return Scaled(f"round_ratio({inner}, {den}, {mode!r})", positive=value.positive)


def whole(value: Scaled) -> str:
    """The integer expression of a number that is whole by its making."""
    assert value.den == 1, value
    return text(value, 1)


def compared(op: str, left: Scaled, right: Scaled) -> str:
    """A comparison, at the common denominator."""
    python = {"=": "==", "!=": "!="}.get(op, op)
    den = common([left, right])
    return f"{text(left, den)} {python} {text(right, den)}"


def extreme(function: str, values: list[Scaled]) -> Scaled:
    """`min` or `max` of numbers."""
    den = common(values)
    some = any if function == "max" else all
    code = ", ".join(text(value, den) for value in values)
    return Scaled(f"{function}({code})", 1, den, some(value.positive for value in values))
