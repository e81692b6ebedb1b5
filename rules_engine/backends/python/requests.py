"""Bytes in: requests decoded straight into typed structs, of the plainest types that JSON has.

In: a program. Out: a decoder of `{"event": {...}, "member": {...}, "state": {...}, "shared": {...}}`. The structs only
see to it that keys are known and that texts are texts; bounds, dates and amounts are checked by the generated function
that loads them. What the decoder refuses is read again by the slow one, which says why.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rules_engine import ir
from rules_engine.calendar import END_DAY, FIRST_DAY
from rules_engine.decoding import attribute, never_settled, tracks_by_part
from rules_engine.state import AMOUNT_MAX, STATE_VERSION, Shared, State

_PLAIN: dict[str, Any] = {
    "text": str, "date": str, "time": str, "instant": str, "flag": bool, "count": int, "rate": str, "money": str,
    "unit": str | int, "choice": str, "member": str, "codes": list[str], "list": list[str | int | bool], "tier": str,
}  # fmt: skip


def event_type(event: ir.EventDef) -> type[msgspec.Struct]:
    """The struct of an event, tagged with its name; `lines` is a list of structs."""
    fields = [_field(field) for field in event.fields]
    if event.lines is not None:
        line = msgspec.defstruct(
            f"{event.name}_line", [_field(f) for f in event.lines.fields],
            kw_only=True, forbid_unknown_fields=True, gc=False,
        )  # fmt: skip
        fields.append(("lines", list[line], msgspec.field()))  # type: ignore[valid-type]
    return msgspec.defstruct(
        event.name, fields, kw_only=True, forbid_unknown_fields=True, gc=False, tag=event.name, tag_field="event"
    )


def _field(field: ir.FieldDef) -> tuple[str, Any, Any]:
    kind = _PLAIN[field.kind]
    if field.optional:
        return attribute(field.name), kind | None, msgspec.field(default=None, name=field.name)
    return attribute(field.name), kind, msgspec.field(name=field.name)


class SentState(State, frozen=False, kw_only=True, forbid_unknown_fields=True):
    """A state as a request holds it: its version must be there, and nothing that a state has not."""

    version: int


class Names(msgspec.Struct, frozen=True):
    """What a state of a program may name; tracks by the part that speaks of them, units that remember nothing."""

    tracks: dict[str, frozenset[str]]
    units: frozenset[str]
    tiers: frozenset[str]
    renamed: bool


def names_of(core: ir.Program) -> Names:
    """The names of a program; `renamed` where some have an old name that a state may still hold."""
    ladder = core.tiers
    return Names(
        tracks_by_part(track for track in core.tracks if track.owner == "member"),
        frozenset(unit.name for unit in core.units if unit.owner == "member" and not unit.remembers),
        frozenset(rung.name for rung in ladder.rungs) if ladder is not None else frozenset(),
        any([t.was for t in core.tracks] + [r.was for r in core.rules] + [m.was for m in core.matches]),
    )


def plain_state(state: State, names: Names) -> bool:
    """Whether a state is plainly one that this program stored. Any doubt is for the slow decoder, which says what is
    wrong, or finds that nothing is."""
    if state.version != STATE_VERSION or names.renamed or state.keys or state.streaks or state.matches:
        return False
    if state.keyed or state.debts or any(never_settled(state)):
        return False
    if not (names.tracks["tracks"] >= state.tracks.keys() and names.tracks["seen"] >= state.seen.keys()):
        return False
    days = [day for day in (state.day, state.since, *state.last.values(), *state.settled.values()) if day is not None]
    for counted in (state.tracks, state.seen, state.limits):
        for values in counted.values():
            days += values
            if not all(-AMOUNT_MAX <= value <= AMOUNT_MAX for value in values.values()):
                return False
    if any(value < 0 for values in state.limits.values() for value in values.values()):
        return False
    if sum([lot.left for lot in state.lots]) > AMOUNT_MAX:
        return False
    for lot in state.lots:
        days += [lot.earned, lot.earned if lot.pending is None else lot.pending]
        days.append(lot.earned if lot.expires is None else lot.expires)
        if lot.unit not in names.units or lot.holder or not 0 <= lot.left <= AMOUNT_MAX:
            return False
    for held in state.holdings:
        until = held.start if held.until is None else held.until
        days += [held.start, until]
        if held.tier not in names.tiers or until < held.start - 1:
            return False
    return not days or (min(days) >= FIRST_DAY and max(days) < END_DAY)


class SentShared(Shared, frozen=False, kw_only=True, forbid_unknown_fields=True):
    """Shared counters as a request holds them: their version must be there, and nothing that they have not."""

    version: int


def plain_shared(shared: Shared) -> bool:
    """Whether shared counters are plainly ones that were stored; any doubt is for the slow decoder."""
    if shared.version != STATE_VERSION:
        return False
    days: list[int] = []
    for values in shared.limits.values():
        days += values
        if not all(0 <= value <= AMOUNT_MAX for value in values.values()):
            return False
    return not days or (min(days) >= FIRST_DAY and max(days) < END_DAY)


def decoders(types: dict[str, type[msgspec.Struct]]) -> tuple[Any, Any]:
    """The decoders of events alone, and of whole requests."""
    union: Any = None
    for each in types.values():
        union = each if union is None else union | each
    request = msgspec.defstruct(
        "request",
        [
            ("event", union),
            ("member", dict[str, Any] | None, msgspec.field(default=None)),
            ("state", SentState | None, msgspec.field(default=None)),
            ("shared", SentShared | None, msgspec.field(default=None)),
        ],
        forbid_unknown_fields=True,
        gc=False,
    )
    return msgspec.json.Decoder(union), msgspec.json.Decoder(request)
