"""What a host sends, before anything is known of it: shapes that requests have, and words for what cannot be taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import orjson

from rules_engine import ir
from rules_engine.decoding import Other, Place, fault, names_sent, shown
from rules_engine.event import Event
from rules_engine.outcome import EventRefused, Fault, Refused
from rules_engine.scoring.days import Day, day_number
from rules_engine.values import ValueFault

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


def day_sent(on: Day | None, event: Event) -> int | None:
    """The day of a return; raises `EventRefused` for what is none."""
    try:
        return None if on is None else day_number(on)
    except ValueFault as reason:
        wrong = fault("V106", Place("the return"), "on", reason=str(reason), form="a date such as `2027-03-31`")
        raise EventRefused(Refused(event.name, event.id, (wrong,))) from None


@contextmanager
def of_this_state() -> Iterator[None]:
    """Apply changes; raises `ValueError`, in words, where what they take is not in the state that was given."""
    try:
        yield
    except (ValueError, KeyError):
        raise ValueError(
            "these changes were worked out from another state than the one given: what they take is not there"
        ) from None


def refused(sent: object, faults: tuple[Fault, ...], core: ir.Program) -> Refused:
    """A refusal with as much of a name as what was sent admits."""
    if isinstance(sent, bytes):
        try:
            sent = orjson.loads(sent)
        except orjson.JSONDecodeError:
            sent = None
    return Refused(*names_sent(sent, core), faults)
