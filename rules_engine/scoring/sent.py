"""What a host sends, before anything is known of it: shapes that requests have, and words for what cannot be taken."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from rules_engine import ir
from rules_engine.decoding import Other, Place, fault, shown
from rules_engine.outcome import EventRefused, Fault, Refused

Others = Mapping[str, Other | Mapping[str, object]]
"""Other people by member id: an `Other`, or a dictionary `{"member": {...}, "state": {...}}`."""

REQUEST = frozenset({"event", "member", "state", "shared", "others", "pool"})


def in_place(passed: object, kind: type, name: str, wanted: str) -> None:
    """What is moved along in place has to be what can be moved."""
    if passed is not None and not isinstance(passed, kind):
        raise TypeError(f"`{name}` is moved along in place, so it must be {wanted}, not {shown(passed)}")


def stored_values(stored: object, what: str, kind: str) -> object:
    """What a host stored, as JSON values."""
    try:
        return orjson.loads(stored) if isinstance(stored, bytes | str) else stored
    except orjson.JSONDecodeError:
        wrong = fault("V105", Place(what), "", found="read", form=f"what `{kind}.to_json` gave, or nothing")
        raise EventRefused(Refused("", "", (wrong,))) from None


def refused(sent: object, faults: tuple[Fault, ...], core: ir.Program) -> Refused:
    """A refusal with as much of a name as what was sent admits."""
    if isinstance(sent, bytes):
        try:
            sent = orjson.loads(sent)
        except orjson.JSONDecodeError:
            sent = None
    if not isinstance(sent, Mapping):
        return Refused("", "", faults)
    name = sent.get("event")
    kind = next((event for event in core.events if event.name == name), None)
    id_sent = sent.get(kind.identified_by) if kind is not None else None
    return Refused(name if isinstance(name, str) else "", id_sent if isinstance(id_sent, str) else "", faults)
