"""Scheduled events on the wire: `{"event": "end of billing_cycle", "member": "m-7", "occurrence": "2027-01-05"}`.

In: such an object, made by `Program.scheduled`. Out: an `Event` that says whose it is and which occurrence's edge, by
its first day. Of which day that is, and when it is posted, hangs on the member's facts: `Program.score` works it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rules_engine import ir
from rules_engine.calendar import day_start, format_date
from rules_engine.decoding.faults import Place
from rules_engine.decoding.fields import World
from rules_engine.decoding.records import read_record
from rules_engine.event import Event
from rules_engine.outcome import Fault

FIELDS: Final = (ir.FieldDef("member", "member"), ir.FieldDef("occurrence", "date"))
"""Whose it is, and the first day of the occurrence whose edge it is."""


def read_scheduled(raw: Mapping[Any, Any], definition: ir.EventDef, world: World) -> Event | tuple[Fault, ...]:
    """The event, not yet dated, or all faults."""
    faults: list[Fault] = []
    values = read_record(raw, FIELDS, world, Place(definition.name), faults, ("event",))
    if faults:
        return tuple(faults)
    member, day = values["member"], values["occurrence"]
    assert isinstance(member, str)
    assert isinstance(day, int)
    number = f"{definition.name} {format_date(day)} of {member}"
    return Event(definition.name, number, member, day, day_start(day, world.zone), {}, (), occurrence=day)


def sent_fields(definition: ir.EventDef) -> tuple[ir.FieldDef, ...]:
    """The fields that a host sends of an event."""
    return definition.fields if definition.schedule is None else FIELDS


def scheduled_form(member: str, name: str, occurrence: int) -> dict[str, object]:
    """What to send for a scheduled event."""
    return {"event": name, "member": member, "occurrence": format_date(occurrence)}
