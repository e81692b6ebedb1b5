"""What of owning, paying and settling is handed to the reference: which kinds of event, and why.

In: a program and a kind of event. Out: reasons. One table, which shrinks as more is generated. Two things hang on the
member and are looked at when an event comes: whether anything is owed, which what is given pays first, and whether
something that was due is not settled yet. The generated function then hands the event over itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from rules_engine import ir
from rules_engine.backends.python.settling import unsettled
from rules_engine.backends.reference import Reference, World, has_pool

NODES: tuple[tuple[type[ir.Node], str], ...] = (
    (ir.UsedRead, "reads what an event used"),
    (ir.PersonField, "reads another person's facts"),
    (ir.KeyFold, "folds over the keys of a track"),
    (ir.LineKeys, "groups lines by a key"),
)


def reasons(event: ir.EventDef, tracks: list[ir.TrackDef], reference: Reference) -> Iterator[str]:
    """Why an event that owns, pays or settles is not generated; `tracks` are those that it moves or reads."""
    world = reference.world
    program = world.core
    if event.schedule is not None:
        yield "it happens at an edge of a period"
        return
    if event.priced_unit:
        yield f"it is priced in {event.priced_unit}"
    if has_pool(world):
        yield "households own something"
    yield from unsettled(world, reference.ahead, event)
    for track in tracks:
        if track.by_key is not None or track.used or track.kind in ("first day", "last day"):
            yield f"the track {track.name} is by key, of days, or of what is used"
    for rule in program.rules:
        if event.name in rule.events:
            yield from (f'the rule "{rule.title}" {why}' for why in _rule(rule))
    for group in program.groups:
        if group.choice == "first" and any(
            each.key in group.order and event.name in each.events for each in program.rules
        ):
            yield f"the group {group.name} serves the first that gives something"
    for offer in program.offers:
        if event.name in offer.events and offer.thing is not None:
            yield f'the rule "{offer.title}" asks for a presented thing'
    yield from _reads(event, world)


def _reads(event: ir.EventDef, world: World) -> Iterator[str]:
    """What an event may read that is not generated: in its own rules, and in all that every event may judge."""
    program = world.core
    rules = tuple(rule for rule in program.rules if event.name in rule.events)
    offers = tuple(offer for offer in program.offers if event.name in offer.events)
    tracks = tuple(track for track in program.tracks if event.name in track.events)
    every = (program.tiers, program.groups, program.offer_groups, program.matches, program.holdouts, program.units)
    for node in ir.walk((rules, offers, tracks, every)):
        yield from (f"it {why}" for kind, why in NODES if isinstance(node, kind))
    if any(kind in ("keys", "previous keys", "person") for kind, _ in world.reads[event.name]):
        yield "it reads other people, or tracks by key"


def _rule(rule: ir.RuleDef) -> Iterator[str]:
    if rule.kind == "redeem":
        yield "takes units"
    if rule.thing is not None:
        yield "asks for a presented thing"
    if rule.code is not None:
        yield "asks for a code"
    if isinstance(rule.loop, ir.KeysDef):
        yield "acts for each key"
    for effect in rule.effects:
        match effect:
            case ir.GiveDef(to="", split=()):
                continue
            case ir.GiveDef():
                yield "gives to somebody else or several units"
            case ir.DeductDef() | ir.TurnDef() | ir.AcceptDef() | ir.CarryDef():
                yield "takes, turns or carries"
            case _:
                assert_never(effect)
