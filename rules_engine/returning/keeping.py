"""The pieces that are kept, scored alone as things stood before the event: what `work out again` compares with.

In: what was bought, and how many pieces of each line have come back. Out: what every rule gives on the rest. Nothing
is scored where no rule is worked out again, or nothing is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from rules_engine import ir
from rules_engine.backends.reference import Reference, Spent
from rules_engine.event import Event, FieldValue
from rules_engine.returning.bought import Bought, Given, given_of, units_of, whole
from rules_engine.returning.standings import everything, first_parts


def given_on_kept(bought: Bought, counts: Sequence[int]) -> Given:
    """What rules give on the pieces that are kept."""
    if not bought.again or everything(bought, counts):
        return Given()
    opening = bought.outcome.opening
    assert opening is not None, "an event that may be worked out again keeps its opening"
    event, places = kept_event(bought, counts)
    found = bought.terms.evaluate(event, opening.facts, opening.state, opening.shared, opening.people)
    return given_of(found, found.changes, found.others, places)


def given_again(bought: Bought, counts: Sequence[int], kept: Given, spent: Spent) -> Given:
    """The same, where redeems do not act anew on the pieces that are kept: what they paid there they have paid."""
    opening = bought.outcome.opening
    if opening is None or not bought.again or everything(bought, counts) or not (spent.payments or spent.taken):
        return kept
    event, places = kept_event(bought, counts)
    reference = bought.terms.reference or Reference(bought.terms.core)
    found = reference.again(event, opening, spent)
    return given_of(found, found.changes, found.others, places)


def kept_event(bought: Bought, counts: Sequence[int]) -> tuple[Event, list[int]]:
    """The event with the pieces that are kept, and the places that its lines had."""
    event, kind = bought.event, bought.kind
    lines = event.lines
    places = [place for place in range(len(lines)) if counts[place] < bought.lines[place].units or not counts[place]]
    kept = tuple(_line(kind, lines[place], counts[place]) for place in places)
    fields = kept[0] if kind.lines is None and kept else event.fields
    own_shipping = len(bought.lines) > len(lines)
    if own_shipping and counts[-1]:
        field = next(field for field in kind.fields if field.name == kind.shipping_field)
        fields = {**fields, kind.shipping_field: None if field.optional else 0}
    return replace(event, fields=fields, lines=kept), [*places, *([len(lines)] if own_shipping else [])]


def _line(kind: ir.EventDef, line: dict[str, FieldValue], count: int) -> dict[str, FieldValue]:
    """A line without the first `count` of its pieces."""
    if not count:
        return line
    units = units_of(kind, line)
    return {**line, **_amounts(kind, line, units, count), kind.quantity_field: units - count}


def _amounts(kind: ir.EventDef, line: Mapping[str, FieldValue], units: int, count: int) -> dict[str, FieldValue]:
    """The money of the line's pieces that are kept, where it is declared for all of them together."""
    if kind.list_each:
        return {}
    names = [
        name for name in (kind.list_field, kind.was_field, kind.floor_field) if name and line.get(name) is not None
    ]
    return {name: whole(line, name) - first_parts(whole(line, name), units, count) for name in names}
