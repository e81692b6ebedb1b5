"""Where owning, paying and settling ask for all offers as one step, and which kinds of event go beside a run.

In: a program and a kind of event. Out: reasons. Two things hang on the member and are looked at when an event comes:
whether anything is owed, which what is given pays first, and whether something that was due is not settled yet. The
plain generated function then hands the event to the one that goes beside a run.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.backends.python.owning_parts import asks_on_lines, asks_run, is_stepped, is_written, why_stepped
from rules_engine.backends.python.settling import moves, unsettled
from rules_engine.backends.reference import Reference, World, has_pool

OWNED = (ir.KeyFold, ir.LineKeys)
BASES = ("catalogue", "after item", "after basket", "after shipping")
"""What lines cost after a stage of offers; a step does not know it."""


def reasons(event: ir.EventDef, reference: Reference) -> Iterator[str]:
    """Why the offers of an event that owns, pays or settles go by one step."""
    world = reference.world
    program = world.core
    offers = tuple(offer for offer in program.offers if event.name in offer.events)
    for offer in offers:
        if offer.thing is not None and offer.code is not None:
            yield f'the offer "{offer.title}" asks for a presented thing and a code'
    parts = (offers, tuple(program.offer_groups), tuple(program.holdouts))
    if any(isinstance(node, OWNED) or asks_on_lines(node) for node in ir.walk(parts)):
        yield "an offer or a holdout reads tracks by key"
    if not ir.is_priced(program, event):
        return
    for rule in program.rules:
        if event.name in rule.events and any(True for _ in why_stepped(rule, event, world)):
            if _between(rule):
                yield f'the rule "{rule.title}" takes units, and reads what lines cost between offers'
            if rule.code is not None:
                yield f'the rule "{rule.title}" asks for a code beside offers'
    for track in program.tracks:
        if moves(track, event) and not is_written(track, world, event) and _between(track):
            yield f"the track {track.name} goes by steps, and reads what lines cost between offers"


def _between(part: object) -> bool:
    """Whether something reads what lines, or units of them, cost between offers."""
    return any(isinstance(node, ir.LineMoney | ir.Picked) and node.base in BASES for node in ir.walk(part))


def why_owning(event: ir.EventDef, reference: Reference) -> Iterator[str]:
    """Why an event goes beside a run of the reference."""
    world = reference.world
    program = world.core
    if event.schedule is not None:
        yield "it happens at an edge of a period"
    if has_pool(world):
        yield "households own something"
    yield from unsettled(world, reference.ahead, event)
    for track in _tracks(program, event, world.reads[event.name]):
        if not is_written(track, world, event):
            yield f"the track {track.name} is read or moved in an unusual way"
    for rule in program.rules:
        if event.name in rule.events:
            yield from (f'the rule "{rule.title}" {why}' for why in why_stepped(rule, event, world))
    for offer in program.offers:
        if event.name in offer.events and offer.thing is not None:
            yield f'the offer "{offer.title}" asks for a presented thing'
    for match in program.matches:
        if event.name in match.events:
            yield f'it may begin the match "{match.title}"'
    yield from _reads(event, world)


def _tracks(program: ir.Program, event: ir.EventDef, reads: tuple[tuple[str, str], ...]) -> Iterator[ir.TrackDef]:
    """The tracks that an event reads, moves, or sees marks of."""
    read = {name for kind, name in reads if kind in ("track", "previous")}
    marked = {rule.loop.track for rule in program.rules if isinstance(rule.loop, ir.MarksDef)}
    marked |= {node.track for node in ir.walk(program.rules) if isinstance(node, ir.Reaches)}
    for track in program.tracks:
        if moves(track, event) or track.name in read or track.name in marked:
            yield track


def _reads(event: ir.EventDef, world: World) -> Iterator[str]:
    """What every event may judge that only the reference reads."""
    program = world.core
    if is_stepped((program.tiers, program.groups, program.matches, program.units)):
        yield "tiers or groups read other people, tracks by key, or what was used"
    rules = tuple(rule for rule in program.rules if event.name in rule.events)
    offers = tuple(offer for offer in program.offers if event.name in offer.events)
    tracks = tuple(track for track in program.tracks if moves(track, event))
    if asks_run((rules, offers, tracks, program.tiers, program.groups, program.matches, tuple(program.holdouts))):
        yield "it reads other people, or what it used"
    if any(kind in ("keys", "previous keys", "person") for kind, _ in world.reads[event.name]):
        yield "it reads other people, or tracks by key"
