"""A guest's purchase credited to a member later: what was paid stays, and the member gets what it earns.

In: the event, its stored outcome, and the member as it is now. Out: an outcome of the member for the same event, which
takes the place of the stored one: its price, discounts, charges, gifts and codes are those that were stored, everything
else is what earns, tracks, tiers, matches and rewards make of it now. The event keeps its day: it comes late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from msgspec.structs import replace

from rules_engine import ir
from rules_engine.decoding import Place, fault
from rules_engine.event import Event
from rules_engine.outcome import EventRefused, Outcome, Refused
from rules_engine.state import State

if TYPE_CHECKING:
    from rules_engine.backends.reference import Reference
    from rules_engine.scoring.program import Program


Known: TypeAlias = tuple[object, Any, Any, Any, Any]
"""What is known of the member: facts, state, shared counters, other people, the household's state."""


def credit(program: Program, reference: Reference, event: Event, outcome: object, member: str, known: Known) -> Outcome:
    """The member's outcome; raises `EventRefused` where the event had a member, or the outcome is none of it."""
    stored = read_outcome(outcome, event)
    _admit(program, event, stored, member)
    facts, state, shared, others, pool = known
    mine = replace(event, member=member, fields={**event.fields, _kind(program.core, event).owner: member})
    found = reference.credited(
        mine,
        program.facts(mine, facts),
        State() if state is None else program.checked_state(state),
        None if shared is None else program.checked_shared(shared),
        program.people(mine, others, pool),
        stored,
    )
    kept = {name: getattr(stored, name) for name in ("price", "discounts", "charges", "gifts", "codes")}
    return replace(found.outcome(mine, program.fingerprint, stored.zones), **kept)


def _kind(core: ir.Program, event: Event) -> ir.EventDef:
    return next(kind for kind in core.events if kind.name == event.name)


def _admit(program: Program, event: Event, outcome: Outcome, member: str) -> None:
    """Raise `EventRefused` with the reason why an event cannot be credited."""
    core, fingerprint = program.core, program.fingerprint
    rules: tuple[ir.OfferDef | ir.RuleDef, ...] = (*core.offers, *core.rules)
    policies = [rule.on_return for rule in rules if event.name in rule.events and rule.on_return is not None]
    again = any(each.policy == "work out again" for each in policies)
    whose = outcome.member or event.member
    if not member:
        _refuse(event, member, "there is no member", "say whose it is")
    if whose is not None:
        _refuse(event, member, f"it is of `{whose}`", "credit only what a guest bought, once")
    if (outcome.event, outcome.id) != (event.name, event.id):
        what = f"the outcome is of {outcome.event} `{outcome.id}`"
        _refuse(event, member, what, "send the event as it was scored, and what `score` gave for it")
    if outcome.fingerprint != fingerprint:
        _refuse(event, member, "another version of the program scored it", "credit it with that version")
    if again and _kind(core, event).returnable:
        _refuse(event, member, "its returns work rules out again as they were for a guest", "let returns be `by share`")


def _refuse(event: Event, member: str, reason: str, advice: str) -> None:
    named = f"{event.name} `{event.id}`"
    wrong = fault("V183", Place(event.name), "", event=named, found=f"`{member}`", reason=reason, advice=advice)
    raise EventRefused(Refused(event.name, event.id, (wrong,)))


def read_outcome(sent: object, event: Event) -> Outcome:
    """A stored outcome, as it was made or as its `to_json` gave it; raises `EventRefused`."""
    if isinstance(sent, Outcome):
        return sent
    try:
        if isinstance(sent, str | bytes):
            return msgspec.json.decode(sent, type=Outcome)
        return msgspec.convert(sent, Outcome, str_keys=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        form = "what `score` gave, or its JSON"
        wrong = fault("V177", Place("the outcome"), "", reason="it has not the shape of an outcome", form=form)
        raise EventRefused(Refused(event.name, event.id, (wrong,))) from None
