"""JSON Schema of an event, draft 2020-12, for hosts that check or generate before they send.

It says what a schema can say: names, types, choices, lengths, patterns and the bounds of counts. The bounds of amounts
sent as text, real dates, and ids of lines that differ are in the descriptions; the decoder has the last word on them.
The patterns mean the same to a regular expression of JavaScript and of Python.
"""

from __future__ import annotations

from typing import Any, Final

from rules_engine import ir
from rules_engine.decoding.events import reader_of
from rules_engine.decoding.fields import (
    RATE_SCALE,
    TEXT_MAX,
    World,
    amount_in,
    bounds_of,
    decimals_of,
    item_of,
    said,
)
from rules_engine.decoding.scheduled import sent_fields
from rules_engine.values import RATE_DECIMALS_MAX

Schema = dict[str, Any]

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
END: Final = r"$(?!\n)"
PLAIN_TEXT: Final = r"^[^\u0000-\u001f\u007f-\u009f]*" + END
DATE: Final = r"^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])" + END
TIME: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?" + END
INSTANT: Final = (
    r"^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(Z|\+([01][0-9]|2[0-3]):[0-5][0-9]|-(?!00:00)([01][0-9]|2[0-3]):[0-5][0-9])" + END
)


def decimal_pattern(decimals: int, negative: bool, suffix: str = "") -> str:
    """The pattern of a decimal number with at most so many decimals."""
    part = rf"(\.[0-9]{{1,{decimals}}})?" if decimals else ""
    return rf"^{'-?' if negative else ''}[0-9]+{part}{suffix}" + END


def event_schema(program: ir.Program, name: str) -> Schema:
    """The schema of the event called `name`; raises KeyError where the program has none."""
    reader = reader_of(program)
    if name not in reader.events:
        raise KeyError(f"there is no event `{name}`; the events are {', '.join(reader.events)}")
    definition = reader.events[name]
    properties: Schema = {"event": {"const": name}}
    fields = sent_fields(definition)
    properties |= {field.name: _field(field, reader.world, definition) for field in fields}
    required = ["event", *_required(fields)]
    if definition.lines is not None:
        properties["lines"] = _lines(definition, reader.world)
        required.append("lines")
    return {"$schema": DRAFT, "title": name, "description": _about(definition), **_object(properties, required)}


def _about(definition: ir.EventDef) -> str:
    if definition.schedule is not None:
        return "scheduled: `occurrence` is the first day of the one whose edge it is"
    about = f"dated by `{definition.dated_by}`, of `{definition.owner}`, identified by `{definition.identified_by}`"
    if len(definition.currencies) > 1:
        about += "; all its money is in one currency"
    return about


def _object(properties: Schema, required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _required(fields: tuple[ir.FieldDef, ...]) -> list[str]:
    return [field.name for field in fields if not field.optional]


def _lines(definition: ir.EventDef, world: World) -> Schema:
    lines = definition.lines
    assert lines is not None
    fields = {field.name: _field(field, world, definition) for field in lines.fields}
    schema: Schema = {"type": "array", "minItems": lines.low, "maxItems": lines.high}
    if definition.line_id_field:
        schema["description"] = f"no two lines have the same `{definition.line_id_field}`"
    return {**schema, "items": _object(fields, _required(lines.fields))}


def _field(field: ir.FieldDef, world: World, definition: ir.EventDef) -> Schema:
    schema = _value(field, world)
    if field.name == definition.identified_by and field.kind == "text":
        schema["minLength"] = 1
    return {"anyOf": [schema, {"type": "null"}]} if field.optional else schema


def _value(field: ir.FieldDef, world: World) -> Schema:
    match field.kind:
        case "text":
            return _text(field)
        case "member":
            return {**_text(field), "minLength": 1}
        case "choice":
            return {"enum": list(field.choices)}
        case "tier":
            return {"enum": list(world.rungs)}
        case "flag":
            return {"type": "boolean"}
        case "count":
            low, high = bounds_of(field)
            return {"type": "integer", "minimum": low, "maximum": high}
        case "date":
            return {"type": "string", "format": "date", "pattern": DATE}
        case "time":
            return {"type": "string", "pattern": TIME}
        case "instant":
            return {"type": "string", "format": "date-time", "pattern": INSTANT}
        case "money":
            return _money(field, world)
        case "unit":
            return _unit(field, world)
        case "rate":
            return _rate(field, world)
        case "codes":
            about = "compared in capitals, without blanks and hyphens; one that cannot count is answered with a reason"
            return {"type": "array", "maxItems": field.high, "description": about, "items": {"type": "string"}}
        case "list":
            return _list(field, world)


def _text(field: ir.FieldDef) -> Schema:
    return {"type": "string", "maxLength": field.high or TEXT_MAX, "pattern": PLAIN_TEXT}


def _list(field: ir.FieldDef, world: World) -> Schema:
    return {"type": "array", "maxItems": field.high, "items": _value(item_of(field), world)}


def _decimal(field: ir.FieldDef, world: World) -> Schema:
    low, high = bounds_of(field)
    about = f"from {said(field, low, world)} to {said(field, high, world)}"
    pattern = decimal_pattern(decimals_of(field, world), low < 0)
    return {"type": "string", "maxLength": 64, "pattern": pattern, "description": about}


def _money(field: ir.FieldDef, world: World) -> Schema:
    if field.bounds:
        return {"anyOf": [_money_in(each) for each in field.bounds]}
    currency = field.unit or next(iter(world.currencies), "")
    amount = _decimal(field, world)
    full = _object({"amount": amount, "currency": {"const": currency}}, ["amount", "currency"])
    return {"anyOf": [amount, full]}


def _money_in(bounds: ir.CurrencyBounds) -> Schema:
    """Money of one of the currencies that a field takes."""
    about = f"from {amount_in(bounds, bounds.low)} to {amount_in(bounds, bounds.high)}"
    pattern = decimal_pattern(bounds.decimals, bounds.low < 0)
    amount = {"type": "string", "maxLength": 64, "pattern": pattern, "description": about}
    return _object({"amount": amount, "currency": {"const": bounds.currency}}, ["amount", "currency"])


def _unit(field: ir.FieldDef, world: World) -> Schema:
    text = _decimal(field, world)
    if decimals_of(field, world):
        return text
    low, high = bounds_of(field)
    return {"anyOf": [{"type": "integer", "minimum": low, "maximum": high}, text]}


def _rate(field: ir.FieldDef, world: World) -> Schema:
    low, high = bounds_of(field)
    about = f"from {said(field, low, world)} to {said(field, high, world)}"
    if high == RATE_SCALE * RATE_SCALE:
        about = f"not below {said(field, low, world)}"
    plain = decimal_pattern(RATE_DECIMALS_MAX, low < 0)
    percent = decimal_pattern(RATE_DECIMALS_MAX - 2, low < 0, "%")
    patterns = [{"pattern": plain}, {"pattern": percent}]
    return {"type": "string", "maxLength": 64, "description": about, "anyOf": patterns}
