"""What a unit is worth in money where it is missing: at the one rate at which the program accepts it, else what it
counts."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from rules_engine import ir
from rules_engine.returning.bought import Bought
from rules_engine.values import round_fraction


class Worth(msgspec.Struct, frozen=True):
    """The value of one scaled unit in minor units of money, exact, and how a value is rounded."""

    each: Fraction
    rounding: ir.RoundingMode

    def of(self, count: int) -> int:
        """The value of so many."""
        return round_fraction(self.each * count, self.rounding)


def worth_of(bought: Bought, unit: str) -> Worth | None:
    """What a unit is worth in the money of an event; None where the program says nothing, or more than one thing."""
    if unit == bought.currency:
        return Worth(Fraction(1), "down")
    return worth_in(bought.currency, unit, bought.terms.core)


def worth_in(currency: str, unit: str, core: ir.Program) -> Worth | None:
    """The same in any currency of a program."""
    accepts = [
        effect
        for rule in core.rules
        for effect in rule.effects
        if isinstance(effect, ir.AcceptDef) and effect.unit == unit and effect.rate
    ]
    rates = {rate for effect in accepts for rate in [_constant(effect.worth, currency)]}
    if len(rates) == 1:
        (rate,) = rates
        if rate is not None:
            return Worth(rate, accepts[0].rounding)
    definition = next(each for each in core.units if each.name == unit)
    money = next((each for each in core.header.currencies if each.code == currency), None)
    if definition.currency != currency or money is None:
        return None
    return Worth(Fraction(10**money.decimals, 10**definition.decimals), money.rounding)


def _constant(value: ir.Expr, currency: str) -> Fraction | None:
    match value:
        case ir.Num(num=num, den=den):
            return Fraction(num, den)
        case ir.PerCurrency(amounts=amounts):
            return next((Fraction(part.num, part.den) for code, part in amounts if code == currency), None)
        case ir.Mul(left=left, right=right):
            first, second = _constant(left, currency), _constant(right, currency)
            return None if first is None or second is None else first * second
        case _:
            return None
