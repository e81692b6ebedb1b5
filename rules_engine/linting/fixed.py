"""Awards and discounts of a fixed amount, with the limits that count them: what two lints look at."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rules_engine import ir
from rules_engine.linting.view import Rule, View
from rules_engine.values import format_decimal


class Fixed(msgspec.Struct, frozen=True):
    """A fixed amount that a rule gives each time it acts: scaled, of a unit or a currency."""

    amount: int
    unit: str
    or_nothing: bool


def fixed_awards(view: View) -> Iterator[tuple[Rule, Fixed, ir.LimitDef]]:
    """Rules that give one fixed amount, with each limit of their own that counts what it is of."""
    for rule in view.rules:
        fixed = _fixed(rule, view) if rule.core.limits else None
        for limit in rule.core.limits if fixed is not None else ():
            if fixed is not None and limit.amount is not None and limit.unit == fixed.unit:
                yield rule, fixed, limit


def shown(amount: int, unit: str, view: View) -> str:
    """An amount as a person writes it: `300 points`, `2.50 GBP`."""
    found = view.units.get(unit)
    if found is not None:
        return (
            f"{format_decimal(amount, found.decimals)} {found.name if amount == 10**found.decimals else found.plural}"
        )
    decimals = next(each.decimals for each in view.core.header.currencies if each.code == unit)
    return f"{format_decimal(amount, decimals)} {unit}"


def _fixed(rule: Rule, view: View) -> Fixed | None:
    """The one fixed amount of a rule, where it gives no other."""
    match rule.core:
        case ir.RuleDef(loop=None, effects=(ir.GiveDef(value=ir.Num(num=num, den=1)) as give,)) if num > 0:
            plain = not give.each_line and not give.split and give.high is None and give.low is None
            return Fixed(num, give.unit, give.or_nothing) if plain else None
        case ir.OfferDef(sets=None, effects=(ir.DiscountDef(value=ir.Num(num=num, den=1)) as take,)) if num > 0:
            currencies = {view.events[name].currency for name in rule.core.events}
            plain = take.verb == "take" and take.grain == "total" and take.high is None
            return Fixed(num, currencies.pop(), take.or_nothing) if plain and len(currencies) == 1 else None
        case _:
            return None
