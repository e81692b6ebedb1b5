"""The event of a step, sent the way a host would send it.

What the test leaves out: optional fields are absent, the owner is the given member, ids are made; any other required
field gets a value that the decoder takes, and is then taken out again, so that reading it ends the test.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rules_engine import ir, tree
from rules_engine.decoding import decode
from rules_engine.event import Event
from rules_engine.outcome import Fault
from rules_engine.workbench.given import ME, Cast
from rules_engine.workbench.told import Told
from rules_engine.workbench.wire import placeholder, wire


class Sent(msgspec.Struct, frozen=True):
    """An event as it would be sent, and the names that the test left out of it and of each of its lines."""

    raw: dict[str, Any]
    omitted: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


def sent(step: tree.EventStep, definition: ir.EventDef, number: int, cast: Cast) -> Sent:
    """What a host would send for a step; `number` counts the steps of the test and makes the event's id."""
    core = cast.core
    given = {field.name.text: field.value for field in step.fields}
    made = {definition.identified_by: f"{number}"}
    if cast.me is not None or not _optional(definition, definition.owner):
        made[definition.owner] = cast.me or ME
    currency = next((node.currency for node in tree.walk(step) if isinstance(node, tree.MoneyLit)), "")
    raw, omitted = _record(given, definition.fields, made, {definition.dated_by}, core, currency)
    raw["event"] = definition.name
    lines = []
    if definition.lines is not None:
        columns = [column.text for column in step.columns]
        raw["lines"] = []
        for place, row in enumerate(step.rows, 1):
            cells = {name: cell for name, cell in zip(columns, row.cells, strict=False) if cell is not None}
            line, left_out = _record(
                cells, definition.lines.fields, {definition.line_id_field: f"{place}"}, set(), core, currency
            )
            raw["lines"].append(line)
            lines.append(left_out)
    elif step.columns:
        raw["lines"] = []
    return Sent(raw, omitted, tuple(lines))


def _optional(definition: ir.EventDef, name: str) -> bool:
    return any(field.optional for field in definition.fields if field.name == name)


def _record(
    given: dict[str, Any],
    fields: tuple[ir.FieldDef, ...],
    made: dict[str, str],
    needed: set[str],
    core: ir.Program,
    currency: str,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The values of a record and the names it leaves out. Fields in `needed` are not made up."""
    known = {field.name: field for field in fields}
    raw = {name: wire(known.get(name, ir.FieldDef(name, "text")), value, core) for name, value in given.items()}
    omitted = []
    for name, field in known.items():
        if name in raw or (field.optional and name not in made) or name in needed:
            continue
        if name in made:
            raw[name] = made[name]
        else:
            raw[name] = placeholder(field, core, currency)
            if field.kind != "codes":
                omitted.append(name)
    return raw, tuple(omitted)


def decoded(what: Sent, core: ir.Program) -> Event | tuple[Fault, ...]:
    """The event, guarded where the test left something out; or why it is refused."""
    event = decode(what.raw, core)
    if not isinstance(event, Event):
        return event
    fields = Told(event.fields, what.omitted, event.name)
    if not what.lines and event.lines == (event.fields,):
        return msgspec.structs.replace(event, fields=fields, lines=(fields,))
    numbered = zip(event.lines, what.lines, strict=True)
    lines = tuple(Told(line, omitted, f"line {n} of {event.name}") for n, (line, omitted) in enumerate(numbered, 1))
    return msgspec.structs.replace(event, fields=fields, lines=lines)


def plain(what: Sent, core: ir.Program) -> Event:
    """The same event without guard."""
    event = decode(what.raw, core)
    assert isinstance(event, Event), event
    return event


def node_of(fault: Fault, step: tree.EventStep) -> tree.Node:
    """The place in the test that a fault speaks of."""
    if fault.field.startswith("lines["):
        row, _, name = fault.field.removeprefix("lines[").partition("].")
        columns = [column.text for column in step.columns]
        cells = step.rows[int(row.rstrip("]")) - 1].cells if row.rstrip("]").isdigit() else ()
        found = dict(zip(columns, cells, strict=False)).get(name)
        return found or step
    return next((field for field in step.fields if field.name.text == fault.field), step)
