"""What an event must be like for offers and tax to be worked out on it: pieces for its money, and a price that an
amount can hold.

A floor above the price is no fault: it leaves an offer no room. Nor is a `was` below the price.
"""

from __future__ import annotations

from rules_engine import ir
from rules_engine.decoding.faults import Place, fault
from rules_engine.decoding.fields import VALUE_MAX, World, amount_in, said
from rules_engine.decoding.records import Record
from rules_engine.outcome import Fault


def priced(program: ir.Program) -> frozenset[str]:
    """The kinds of event whose money offers or tax are about."""
    return frozenset(event.name for event in program.events if ir.is_priced(program, event))


def check_price(
    definition: ir.EventDef, fields: Record, lines: tuple[Record, ...], currency: str, world: World, faults: list[Fault]
) -> None:
    """Faults of the money of a priced event, whose values are read already."""
    inside = definition.lines.fields if definition.lines is not None else definition.fields
    listed = next((field for field in inside if field.name == definition.list_field), None)
    total = 0
    for number, line in enumerate(lines, 1):
        place = Place(definition.name, number if definition.lines is not None else 0)
        pieces = line.get(definition.quantity_field, 1) if definition.quantity_field else 1
        amount = line.get(definition.list_field) if listed is not None else 0
        assert isinstance(pieces, int)
        assert isinstance(amount, int)
        if listed is not None and (pieces < 0 or (pieces == 0 and amount and not definition.list_each)):
            found = _said(listed, amount, currency, world)
            faults.append(fault("V163", place, definition.list_field, found=found, pieces=_pieces(pieces)))
        total += amount * pieces if definition.list_each else amount
    shipping = fields.get(definition.shipping_field) if definition.shipping_field else 0
    if total + (shipping if isinstance(shipping, int) else 0) > VALUE_MAX:
        faults.append(fault("V164", Place(definition.name), ""))


def _pieces(number: int) -> str:
    return "no pieces" if number == 0 else f"{number} pieces"


def _said(field: ir.FieldDef, amount: int, currency: str, world: World) -> str:
    bounds = next((each for each in field.bounds if each.currency == currency), None)
    return said(field, amount, world) if bounds is None else amount_in(bounds, amount)
