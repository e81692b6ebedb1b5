"""The one currency of an event that may come in several: every amount in it says its own, and all must say the same.

In: what was sent, as a mapping or a typed struct, and a way to read a field of it. Out: the currency, empty where the
event has no money in it; two currencies are a fault at the first amount that differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from rules_engine import ir
from rules_engine.decoding.faults import Place, fault
from rules_engine.outcome import Fault
from rules_engine.values import Money

Get = Callable[[Any, str], object]


def currency_of(sent: Any, lines: object, definition: ir.EventDef, get: Get, faults: list[Fault]) -> str:
    """The currency of an event; amounts that are no money of a currency taken are somebody else's fault."""
    found, first = "", ""
    for place, field, value in _moneys(sent, lines, definition, get):
        currency = _said(value)
        if not isinstance(currency, str) or all(currency != each.currency for each in _bounds(field)):
            continue
        if not found:
            found, first = currency, place.words(field.name)
        elif currency != found:
            faults.append(fault("V154", place, field.name, found=f"`{currency}`", other=first, currency=f"`{found}`"))
            break
    return found


def _said(value: object) -> object:
    """What an amount says of its currency."""
    if isinstance(value, Mapping):
        return value.get("currency")
    return value.currency if isinstance(value, Money) else getattr(value, "currency", None)


def _moneys(sent: Any, lines: object, definition: ir.EventDef, get: Get) -> Iterator[tuple[Place, ir.FieldDef, object]]:
    """Every amount of the event, then of its lines in their order."""
    yield from _of_record(sent, Place(definition.name), definition.fields, get)
    if definition.lines is None or not isinstance(lines, list | tuple):
        return
    fields = [field for field in definition.lines.fields if _bounds(field)]
    for number, line in enumerate(lines, 1):
        yield from _of_record(line, Place(definition.name, number), fields, get)


def _of_record(
    sent: Any, place: Place, fields: Iterable[ir.FieldDef], get: Get
) -> Iterator[tuple[Place, ir.FieldDef, object]]:
    for field in fields:
        if _bounds(field):
            value = get(sent, field.name)
            for each in value if isinstance(value, list | tuple) else (value,):
                yield place, field, each


def _bounds(field: ir.FieldDef) -> tuple[ir.CurrencyBounds, ...]:
    return field.bounds or (field.item.bounds if field.item is not None else ())


def from_mapping(sent: Any, name: str) -> object:
    """A field of what was sent as a mapping, None where it is none."""
    return sent.get(name) if isinstance(sent, Mapping) else None
