"""What a unit is worth in the money of a program, or of an event that comes back."""

from __future__ import annotations

from rules_engine import ir
from rules_engine.returning.bought import Bought
from rules_engine.worth import Worth, worth_by


def worth_of(bought: Bought, unit: str) -> Worth | None:
    """What a unit is worth in the money of an event; None where the program says nothing, or more than one thing."""
    return worth_in(bought.currency, unit, bought.terms.core)


def worth_in(currency: str, unit: str, core: ir.Program) -> Worth | None:
    """The same in any currency of a program."""
    definition = next(each for each in core.units if each.name == unit)
    return worth_by(currency, definition, core.rules, core.header.currencies)
