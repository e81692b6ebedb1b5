"""What an event comes to: the money of its lines after offers, and the tax on it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from rules_engine import ir
from rules_engine.outcome import LinePrice
from tests import oracles
from tests.model.words import Unit


def prices(
    core: ir.Program, kind: ir.EventDef, units: Sequence[Unit], costs: Sequence[int], lines: int
) -> list[LinePrice]:
    """Each line's price, the event's own shipping last."""
    found = []
    for line in range(lines + bool(kind.shipping_field)):
        mine = [unit for unit in units if unit.line == line]
        listed, net = sum(unit.list for unit in mine), sum(costs[unit.number] for unit in mine)
        found.append(LinePrice(listed, net, tax(core.header, mine, costs)))
    return found


def tax(header: ir.Header, units: Sequence[Unit], costs: Sequence[int]) -> int:
    """The tax of a line: of each unit, or of all of it."""
    if not units or header.tax_rounding is None:
        return 0
    rate, mode = units[0].rate, header.tax_rounding
    amounts = [costs[unit.number] for unit in units]
    if header.tax_per == "line":
        amounts = [sum(amounts)]
    if header.prices == "include":
        return sum(amount - oracles.rounded(Fraction(amount) / (1 + rate), mode) for amount in amounts)
    return sum(oracles.rounded(amount * rate, mode) for amount in amounts)
