"""Typed decoding: for each event a generated struct, whose decoder in C checks types, choices, lengths and patterns.

`decode_json` reads bytes that way, and where anything is wrong has the slow decoder say what: the struct only has to
refuse whatever the slow decoder refuses, or leave it to `event_of`, which uses the same readers for single values.
Fields keep their names; one that is a word of Python has an underscore behind it (`from_`).
"""

from __future__ import annotations

import keyword
from functools import cache
from typing import Annotated, Any, Final, Literal

import msgspec
import orjson

from rules_engine import ir
from rules_engine.decoding.currencies import currency_of
from rules_engine.decoding.events import decode, finish, reader_of
from rules_engine.decoding.faults import Place, Wrong, fault
from rules_engine.decoding.fields import TEXT_MAX, World, bounds_of, decimals_of, item_of, read
from rules_engine.decoding.scheduled import sent_fields
from rules_engine.decoding.schemas import DATE, INSTANT, PLAIN_TEXT, TIME, decimal_pattern
from rules_engine.event import Event, FieldValue
from rules_engine.outcome import Fault
from rules_engine.values import ValueFault

_ASIS: Final = frozenset({"text", "member", "choice", "flag", "count"})
_FRESH: Final = frozenset({"instant", "codes", "list"})
_KEPT_MAX: Final = 8
_MEANINGS_MAX: Final = 8192


class MoneyObject(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """`{"amount": "12.34", "currency": "GBP"}`."""

    amount: str
    currency: str


class NoEvent(msgspec.Struct, tag="no event", tag_field="event", gc=False):
    """Beside the one event of a program, so that its name has to be sent like that of any other; nothing is one."""

    never: Annotated[int, msgspec.Meta(ge=1, le=0)]


@cache
def attribute(name: str) -> str:
    """The attribute that holds a field.

    >>> attribute("brand"), attribute("from")
    ('brand', 'from_')
    """
    return f"{name}_" if keyword.iskeyword(name) or name.startswith("_") else name


def event_struct(program: ir.Program, name: str) -> type[msgspec.Struct]:
    """The struct of the event called `name`; its attribute `lines` is a list of structs where the event has lines."""
    reader = reader_of(program)
    definition = reader.events[name]
    fields = [_attribute(field, reader.world, definition) for field in sent_fields(definition)]
    if definition.lines is not None:
        line = _struct(f"{name}_line", [_attribute(f, reader.world, definition) for f in definition.lines.fields])
        size = msgspec.Meta(min_length=definition.lines.low, max_length=definition.lines.high)
        fields.append(("lines", Annotated[list[line], size], msgspec.field()))  # type: ignore[valid-type]
    return _struct(name, fields, tag=name, tag_field="event")


def _struct(name: str, fields: list[tuple[str, Any, Any]], **options: Any) -> type[msgspec.Struct]:
    return msgspec.defstruct(name, fields, forbid_unknown_fields=True, kw_only=True, gc=False, **options)


def _attribute(field: ir.FieldDef, world: World, definition: ir.EventDef) -> tuple[str, Any, Any]:
    kind = _type(field, world, filled=field.name == definition.identified_by)
    if field.optional:
        return attribute(field.name), kind | None, msgspec.field(default=None, name=field.name)
    return attribute(field.name), kind, msgspec.field(name=field.name)


def _type(field: ir.FieldDef, world: World, filled: bool = False) -> Any:
    match field.kind:
        case "text" | "member":
            low = 1 if filled or field.kind == "member" else 0
            return _text(low, field.high or TEXT_MAX, PLAIN_TEXT)
        case "choice":
            return Literal[field.choices]
        case "tier":
            return Literal[world.rungs]
        case "flag":
            return bool
        case "count":
            low, high = bounds_of(field)
            return Annotated[int, msgspec.Meta(ge=low, le=high)]
        case "date":
            return _text(10, 10, DATE)
        case "time":
            return _text(5, 8, TIME)
        case "instant":
            return _text(20, 25, INSTANT)
        case "money":
            return MoneyObject if field.bounds else _decimal(field, world) | MoneyObject
        case "unit":
            text = _decimal(field, world)
            return text if decimals_of(field, world) else text | int
        case "rate":
            return Annotated[str, msgspec.Meta(max_length=64)]
        case "codes":
            return Annotated[list[str], msgspec.Meta(max_length=field.high)]
        case "list":
            return Annotated[list[_type(item_of(field), world)], msgspec.Meta(max_length=field.high)]  # type: ignore[misc]


def _text(low: int, high: int, pattern: str) -> Any:
    return Annotated[str, msgspec.Meta(min_length=low, max_length=high, pattern=pattern)]


def _decimal(field: ir.FieldDef, world: World) -> Any:
    return _text(1, 64, decimal_pattern(decimals_of(field, world), bounds_of(field)[0] < 0))


# ---- bytes to events ----


class Meanings(dict[Any, FieldValue]):
    """What was sent for a field and what it means, read once: prices and dates come again and again. Emptied when it
    grows large."""

    def __init__(self, field: ir.FieldDef, world: World) -> None:
        super().__init__()
        self.field, self.world = field, world

    def __missing__(self, sent: Any) -> FieldValue:
        meant = _value(self.field, sent, self.world)
        if len(self) >= _MEANINGS_MAX:
            self.clear()
        self[sent] = meant
        return meant


class Reading:
    """The same for a field whose values hardly repeat, or are lists."""

    def __init__(self, field: ir.FieldDef, world: World) -> None:
        self.field, self.world = field, world

    def __getitem__(self, sent: Any) -> FieldValue:
        return _value(self.field, sent, self.world)


Step = tuple[str, str, Meanings | Reading | None]
"""A field's name, its attribute, and what its values mean; None: they are canonical as they are."""


class Plan(msgspec.Struct, frozen=True):
    """How to read the struct of one event, and its lines."""

    definition: ir.EventDef
    fields: tuple[Step, ...]
    lines: tuple[Step, ...]


class Typed(msgspec.Struct, frozen=True):
    """A program's typed decoder: of all its events, told apart by `event`."""

    program: ir.Program
    decoder: Any
    plans: dict[str, Plan]


_kept: dict[int, Typed] = {}


def typed_of(program: ir.Program) -> Typed:
    """The typed decoder of a program, kept for the latest few programs."""
    found = _kept.get(id(program))
    if found is None:
        for old in list(_kept)[: 1 - _KEPT_MAX]:
            _kept.pop(old, None)
        sent = [event for event in program.events if event.schedule is None]
        union: Any = event_struct(program, sent[0].name) if sent else None
        for event in sent[1:]:
            union = union | event_struct(program, event.name)
        union = union | NoEvent if len(sent) == 1 else union
        plans = {event.name: _plan(event, reader_of(program).world) for event in sent}
        found = Typed(program, msgspec.json.Decoder(union), plans)
        _kept[id(program)] = found
    return found


def _plan(event: ir.EventDef, world: World) -> Plan:
    lines = event.lines.fields if event.lines is not None else ()
    return Plan(event, _steps(event.fields, world), _steps(lines, world))


def _steps(fields: tuple[ir.FieldDef, ...], world: World) -> tuple[Step, ...]:
    return tuple((each.name, attribute(each.name), _meanings(each, world)) for each in fields)


def _meanings(field: ir.FieldDef, world: World) -> Meanings | Reading | None:
    if field.kind in _ASIS:
        return None
    return (Reading if field.kind in _FRESH else Meanings)(field, world)


def decode_json(content: bytes, program: ir.Program) -> Event | tuple[Fault, ...]:
    """The event in JSON text that names its kind in `event`, or all its faults."""
    try:
        sent = typed_of(program).decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _diagnosed(content, program)
    event = event_of(sent, program)
    return event if event is not None else _diagnosed(content, program)


def _diagnosed(content: bytes, program: ir.Program) -> Event | tuple[Fault, ...]:
    try:
        raw = orjson.loads(content)
    except orjson.JSONDecodeError:
        return (fault("V100", Place("the event"), "", found="text that is no JSON", form="one JSON object"),)
    return decode(raw, program)


def event_of(sent: msgspec.Struct, program: ir.Program) -> Event | None:
    """The event of a decoded struct, or None where a value is wrong after all (the slow decoder says which)."""
    reader = reader_of(program)
    plan = typed_of(program).plans[sent.__struct_config__.tag]  # type: ignore[index]
    try:
        fields = _values(sent, plan.fields)
        if plan.definition.lines is None:
            lines: tuple[dict[str, FieldValue], ...] = (fields,)
        else:
            lines = tuple([_values(each, plan.lines) for each in sent.lines])  # type: ignore[attr-defined]
    except (Wrong, ValueFault):
        return None
    faults: list[Fault] = []
    several = len(plan.definition.currencies) > 1
    inner = getattr(sent, "lines", None) if several else None
    currency = currency_of(sent, inner, plan.definition, _attribute_of, faults) if several else ""
    return finish(plan.definition, reader, fields, lines, currency, faults)


def _attribute_of(sent: Any, name: str) -> object:
    return getattr(sent, attribute(name), None)


def _values(sent: Any, steps: tuple[Step, ...]) -> dict[str, FieldValue]:
    values: dict[str, FieldValue] = {}
    for name, place, meanings in steps:
        value = getattr(sent, place)
        values[name] = value if meanings is None or value is None else meanings[value]
    return values


def _value(field: ir.FieldDef, sent: Any, world: World) -> FieldValue:
    if type(sent) is MoneyObject:
        sent = {"amount": sent.amount, "currency": sent.currency}
    return read(field, sent, world)
