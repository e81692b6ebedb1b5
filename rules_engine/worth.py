"""What a unit is worth in money where it is missing: at the one rate at which the program accepts it, else what it
counts.

In: a currency, a unit, and what accepts it. Out: `Worth`, or None where the program says nothing, or more than one
thing. Returns ask for it, and so does the checker, so that no return has to be refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import msgspec

from rules_engine import ir
from rules_engine.values import round_fraction


class Worth(msgspec.Struct, frozen=True):
    """The value of one scaled unit in minor units of money, exact, and how a value is rounded."""

    each: Fraction
    rounding: ir.RoundingMode

    def of(self, count: int) -> int:
        """The value of so many."""
        return round_fraction(self.each * count, self.rounding)


def worth_by(
    currency: str, unit: ir.UnitDef, rules: Iterable[ir.RuleDef], currencies: Iterable[ir.Currency]
) -> Worth | None:
    """What a unit is worth in a currency, or in the unit that an event is priced in."""
    if unit.name == currency:
        return Worth(Fraction(1), "down")
    accepts = [
        effect
        for rule in rules
        for effect in rule.effects
        if isinstance(effect, ir.AcceptDef) and effect.unit == unit.name and effect.rate
    ]
    rates = {_constant(effect.worth, currency) for effect in accepts}
    if len(rates) == 1:
        (rate,) = rates
        if rate is not None:
            return Worth(rate, accepts[0].rounding)
    money = next((each for each in currencies if each.code == currency), None)
    if unit.currency != currency or money is None:
        return None
    return Worth(Fraction(10**money.decimals, 10**unit.decimals), money.rounding)


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
