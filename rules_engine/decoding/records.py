"""A whole record (an event, one of its lines, a member's facts): every field read, every fault collected."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from rules_engine import ir
from rules_engine.decoding.faults import Place, Wrong, clean, fault, hint, shown
from rules_engine.decoding.fields import World, clean_reason, form, read
from rules_engine.event import FieldValue
from rules_engine.outcome import Fault
from rules_engine.values import ValueFault

Record = dict[str, FieldValue]

UNKNOWN_MAX: Final = 20
"""So many fields that are not declared are told of one record."""


def read_record(
    raw: Mapping[Any, Any],
    fields: tuple[ir.FieldDef, ...],
    world: World,
    place: Place,
    faults: list[Fault],
    also: tuple[str, ...] = (),
) -> Record:
    """The canonical values of all fields; faults go to `faults`. `also` are further names that the record may have."""
    values: Record = {}
    for field in fields:
        sent = raw.get(field.name)
        if sent is None:
            values[field.name] = None
            if not field.optional:
                faults.append(fault("V104", place, field.name, form=form(field, world)))
            continue
        try:
            values[field.name] = read(field, sent, world)
        except (Wrong, ValueFault) as error:
            values[field.name] = None
            faults.append(of_error(error, place, field, world))
    if len(raw) > len(fields) or any(name not in values for name in raw):
        faults += _unknown(raw, (*values, *also), place)
    return values


def of_error(error: Wrong | ValueFault, place: Place, field: ir.FieldDef, world: World) -> Fault:
    """The fault of a field's error."""
    if isinstance(error, ValueFault):
        return fault("V106", place, field.name, reason=clean_reason(error.reason), form=form(field, world))
    return fault(error.code, place, field.name, **{"form": form(field, world), **error.data})


def _unknown(raw: Mapping[Any, Any], known: tuple[str, ...], place: Place) -> list[Fault]:
    names = list(islice((name for name in raw if name not in known), UNKNOWN_MAX))
    words = [clean(name) if isinstance(name, str) else shown(name) for name in names]
    return [fault("V103", place, word, hint=hint(word, known, "fields")) for word in words]
