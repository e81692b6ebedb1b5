"""Events: `decode(raw, program)` gives an `Event`, or every reason why it is none.

The kind stands in `event`, unless the caller names it. What is not optional must be sent, lists included (`[]` for
none); null is absent. An event declared without lines is one line, made of its own fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from rules_engine import ir
from rules_engine.calendar import day_start, format_date, local_day
from rules_engine.decoding.currencies import currency_of, from_mapping
from rules_engine.decoding.faults import Place, Wrong, clean, fault, hint, listed, shown
from rules_engine.decoding.fields import TEXT_MAX, World, filled, read, world_of
from rules_engine.decoding.pricing import check_price, priced
from rules_engine.decoding.records import Record, read_record
from rules_engine.decoding.scheduled import read_scheduled
from rules_engine.event import Event, FieldValue
from rules_engine.outcome import Fault

_NOWHERE = Place("the event")
_KEPT_MAX = 8

FAULTS_MAX: Final = 100
"""With so many faults no further lines are looked at."""


class Reader(msgspec.Struct, frozen=True):
    """A program prepared for decoding: its events by name, and what reading values needs."""

    program: ir.Program
    events: dict[str, ir.EventDef]
    world: World
    priced: frozenset[str]


_kept: dict[int, Reader] = {}


def reader_of(program: ir.Program) -> Reader:
    """The reader of a program, kept for the latest few programs; it holds the program, so its id stays its own."""
    found = _kept.get(id(program))
    if found is None:
        for old in list(_kept)[: 1 - _KEPT_MAX]:
            _kept.pop(old, None)
        events = {event.name: event for event in program.events}
        found = Reader(program, events, world_of(program), priced(program))
        _kept[id(program)] = found
    return found


def decode(raw: object, program: ir.Program, kind: str | None = None) -> Event | tuple[Fault, ...]:
    """The event that a host sent, or all its faults. `kind` names the event where `raw` has no key `event`."""
    reader = reader_of(program)
    if not isinstance(raw, Mapping):
        return (fault("V100", _NOWHERE, "", found=shown(raw), form='`{"event": "...", ...}`'),)
    name = raw.get("event", kind)
    if name is None:
        return (fault("V101", _NOWHERE, "event", known=listed(reader.events)),)
    if not isinstance(name, str):
        return (fault("V105", _NOWHERE, "event", found=shown(name), form=f"one of {listed(reader.events)}"),)
    definition = reader.events.get(name)
    if definition is None:
        word = clean(name)
        return (fault("V102", _NOWHERE, "event", found=word, hint=hint(word, reader.events, "events")),)
    if definition.schedule is not None:
        return read_scheduled(raw, definition, reader.world)
    return _event(raw, definition, reader)


def names_sent(raw: object, program: ir.Program) -> tuple[str, str]:
    """The kind and the id of an event that is refused, as far as they can be read; one that could be of no event is
    cut short, since a refusal never repeats megabytes."""
    if not isinstance(raw, Mapping):
        return "", ""
    name = raw.get("event")
    definition = next((each for each in program.events if each.name == name), None)
    number = raw.get(definition.identified_by) if definition is not None else None
    return _brief(name), _brief(number)


def _brief(sent: object) -> str:
    if not isinstance(sent, str):
        return ""
    return sent if len(sent) <= TEXT_MAX and sent.isprintable() else clean(sent)


def reading(field: ir.FieldDef, program: ir.Program) -> Callable[[object], FieldValue]:
    """A function that reads one field's values as `decode` does; it raises `Wrong` or `ValueFault`."""
    world = world_of(program)
    return lambda value: read(field, value, world)


def _event(raw: Mapping[Any, Any], definition: ir.EventDef, reader: Reader) -> Event | tuple[Fault, ...]:
    faults: list[Fault] = []
    place = Place(definition.name)
    also = ("event", "lines") if definition.lines is not None else ("event",)
    fields = read_record(raw, definition.fields, reader.world, place, faults, also)
    lines = _lines(raw.get("lines"), definition, reader.world, faults) if definition.lines is not None else (fields,)
    _named(definition, fields, faults)
    several = len(definition.currencies) > 1
    currency = currency_of(raw, raw.get("lines"), definition, from_mapping, faults) if several else ""
    event = finish(definition, reader, fields, lines, currency, faults)
    return tuple(faults) if event is None else event


def finish(
    definition: ir.EventDef,
    reader: Reader,
    fields: Record,
    lines: tuple[Record, ...],
    currency: str,
    faults: list[Fault],
) -> Event | None:
    """What concerns the event as a whole: ids of lines, its date, the terms, its money. None where there are faults."""
    if definition.lines is not None:
        _ids_differ(lines, definition, faults)
    if definition.name in reader.priced and not faults:
        check_price(definition, fields, lines, currency, reader.world, faults)
    dated = fields[definition.dated_by]
    if not isinstance(dated, int):
        if not faults:
            faults.append(fault("V104", Place(definition.name), definition.dated_by, form="the event's date"))
        return None
    day, instant = _moment(dated, definition, reader.world.zone)
    if outside(day, reader.program.header):
        faults.append(_outside(day, definition, reader.program.header))
    if faults:
        return None
    member = fields.get(definition.owner)
    owner = None if member is None else str(member)
    number = str(fields[definition.identified_by])
    return Event(definition.name, number, owner, day, instant, fields, lines, currency)


def _named(definition: ir.EventDef, fields: Record, faults: list[Fault]) -> None:
    """An event's id is never empty."""
    try:
        if fields.get(definition.identified_by) == "":
            filled("")
    except Wrong as error:
        faults.append(fault(error.code, Place(definition.name), definition.identified_by, form="the event's id"))


def _moment(dated: int, definition: ir.EventDef, zone: str) -> tuple[int, int]:
    """The local day and the instant of an event."""
    kind = next(field.kind for field in definition.fields if field.name == definition.dated_by)
    return (local_day(dated, zone), dated) if kind == "instant" else (dated, day_start(dated, zone))


def outside(day: int, header: ir.Header) -> bool:
    """Whether a day lies outside the terms that the header writes."""
    since, until = header.terms_from, header.terms_until
    return (since is not None and day < since) or (until is not None and day > until)


def _outside(day: int, definition: ir.EventDef, header: ir.Header) -> Fault:
    since, until = header.terms_from, header.terms_until
    words = [f"from {format_date(since)}"] if since is not None else []
    words += [f"until {format_date(until)}"] if until is not None else []
    place = Place(definition.name)
    return fault("V119", place, definition.dated_by, found=format_date(day), terms=" ".join(words))


def _lines(sent: object, definition: ir.EventDef, world: World, faults: list[Fault]) -> tuple[Record, ...]:
    assert definition.lines is not None
    place, low, high = Place(definition.name), definition.lines.low, definition.lines.high
    if sent is None:
        faults.append(fault("V104", place, "lines", form="a list of lines, `[]` for none"))
        return ()
    if not isinstance(sent, list | tuple):
        faults.append(fault("V105", place, "lines", found=shown(sent), form="a list of lines"))
        return ()
    if not low <= len(sent) <= high:
        faults.append(fault("V117", place, "lines", found=str(len(sent)), low=str(low), high=str(high)))
        return ()
    lines: list[Record] = []
    for number, each in enumerate(sent, 1):
        lines.append(_line(each, number, definition, world, faults))
        if len(faults) >= FAULTS_MAX:
            break
    return tuple(lines)


def _line(sent: object, number: int, definition: ir.EventDef, world: World, faults: list[Fault]) -> Record:
    assert definition.lines is not None
    place = Place(definition.name, number)
    if not isinstance(sent, Mapping):
        faults.append(fault("V100", place, "", found=shown(sent), form="an object of the line's fields"))
        return {}
    return read_record(sent, definition.lines.fields, world, place, faults)


def _ids_differ(lines: tuple[Record, ...], definition: ir.EventDef, faults: list[Fault]) -> None:
    name = definition.line_id_field
    if not name:
        return
    first: dict[object, int] = {}
    for number, line in enumerate(lines, 1):
        found = line.get(name)
        if found is None:
            continue
        if found in first:
            place = Place(definition.name, number)
            faults.append(fault("V118", place, name, found=clean(str(found)), other=str(first[found])))
        first.setdefault(found, number)
