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
from rules_engine.decoding import TEXT_MAX, bounds_of, misfit

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
            yield from (f'the rule "{rule.title}" {why}' for why in _facts(rule, event, world))
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


def _facts(rule: ir.RuleDef, event: ir.EventDef, world: World) -> Iterator[str]:
    """Facts that a lot may not be able to remember, which refuses the event."""
    for give in rule.gives:
        fields = {field.name: field for field in world.units[give.unit].remembers}
        if not all(_fits(expr, fields[name], rule, event, world) for name, expr in give.facts):
            yield "lets lots remember what may be out of bounds"


def _fits(expr: ir.Expr, field: ir.FieldDef, rule: ir.RuleDef, event: ir.EventDef, world: World) -> bool:
    """Whether a fact is plainly one that its field can hold, whatever the event says."""
    match expr:
        case ir.Txt(value=value) | ir.Flg(value=value):
            return not misfit(field, value, world.core)
        case ir.Num(num=value, den=1):
            return field.kind != "rate" and not misfit(field, value, world.core)
        case ir.Field(name=name):
            sent = next((each for each in event.fields if each.name == name), None)
            return sent is not None and sent.kind == field.kind and _within(sent, field)
        case ir.MarkRead():
            marks = rule.loop.marks if isinstance(rule.loop, ir.MarksDef) else ()
            return field.kind != "rate" and not any(misfit(field, mark, world.core) for mark in marks)
        case _:
            return False


def _within(sent: ir.FieldDef, field: ir.FieldDef) -> bool:
    """Whether every value of a field is one of another of its kind."""
    match field.kind:
        case "date" | "time" | "instant" | "flag" | "tier":
            return True
        case "count" | "money" | "unit" | "rate":
            low, high = bounds_of(field)
            return not sent.bounds and low <= bounds_of(sent)[0] and bounds_of(sent)[1] <= high
        case "text":
            return (sent.high or TEXT_MAX) <= (field.high or TEXT_MAX)
        case "choice":
            return set(sent.choices) <= set(field.choices)
        case _:
            return False
