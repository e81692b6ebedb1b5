"""Which values of a member the rules of each kind of event can read: worked out from the program alone.

A rule that the event triggers is read with all it holds, its group's limits and its holdouts; a track that the event
moves, with its condition; every path of the ladder and every `keep`, because any event may judge them. A period that
hangs on a fact brings that fact along, and so does the window of a track or limit.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.periods import anchors

Read: TypeAlias = tuple[str, str]
"""What is read, and its name: `("track", "nights")`, `("previous", "nights")`, `("keys", "usage")` and
`("previous keys", "usage")` of a track by key, `("tier", "")`, `("balance", "point")`, `("pending", "point")`,
`("member", "joined")`, `("person", "callee.plan")`."""


def reads_of(core: ir.Program, keys: dict[str, ir.Expr]) -> dict[str, tuple[Read, ...]]:
    """The reads of each kind of event, sorted; `keys` are the anchors' expressions."""
    return {event.name: tuple(sorted(_of_event(event.name, core, keys))) for event in core.events}


def _of_event(event: str, core: ir.Program, keys: dict[str, ir.Expr]) -> set[Read]:
    found: set[Read] = set()
    for part in ir.records(_triggered(event, core)):
        found |= _own_reads(part)
        for period in _periods(part, core):
            found |= _anchor_reads(period, core, keys)
    schedule = next(each.schedule for each in core.events if each.name == event)
    return found if schedule is None else found | _anchor_reads(schedule.period, core, keys)


def _triggered(event: str, core: ir.Program) -> tuple[object, ...]:
    rules = tuple(rule for rule in core.rules if event in rule.events)
    offers = tuple(offer for offer in core.offers if event in offer.events)
    names = {rule.key for rule in rules} | {offer.key for offer in offers}
    offer_groups = tuple(group for group in core.offer_groups if group.name in {offer.group for offer in offers})
    groups = tuple(group for group in core.groups if group.name in {rule.group for rule in rules})
    holdouts = tuple(each for each in core.holdouts if names & set(each.rules))
    tracks = tuple(track for track in core.tracks if event in track.events or (_of_units(track) and not track.events))
    matches = tuple(match if event in match.events else (match.keep, match.life) for match in core.matches)
    ladder = core.tiers
    tiers = (ladder,) if ladder is not None and (not ladder.review or _asks_earned((*rules, *offers))) else ()
    return rules, groups, offers, offer_groups, holdouts, tracks, matches, tiers


def _of_units(track: ir.TrackDef) -> bool:
    return bool(track.given or track.used)


def _asks_earned(rules: tuple[ir.RuleDef | ir.OfferDef, ...]) -> bool:
    return any(isinstance(node, ir.TierRead) and node.which == "earned" for node in ir.walk(rules))


def _own_reads(part: msgspec.Struct) -> set[Read]:
    match part:
        case ir.TrackRead(track=name, previous=previous):
            return {("previous" if previous else "track", name)}
        case ir.Across(track=name) | ir.Reaches(track=name) | ir.MarksDef(track=name):
            return {("track", name)}
        case ir.KeyFold(track=name, previous=previous):
            return {("previous keys" if previous else "keys", name)}
        case ir.KeysDef(track=name) if name:
            return {("keys", name)}
        case ir.PersonField(person=person, name=name):
            return {("person", f"{person}.{name}")}
        case ir.BalanceRead(unit=unit, pending=pending):
            return {("pending" if pending else "balance", unit)}
        case ir.TierRead(which=which) if which != "matched":
            return {("tier", "")}
        case ir.MemberField(name=name):
            return {("member", name)}
        case ir.TiersDef():
            return {("tier", "")}
        case _:
            return set()


def _periods(part: msgspec.Struct, core: ir.Program) -> tuple[str, ...]:
    match part:
        case ir.InPeriod(period=name) | ir.EdgeDay(period=name):
            return (name,)
        case ir.Window(kind="period", period=name):
            return (name,)
        case ir.TrackDef(streak=name) if name:
            return (name,)
        case (
            ir.TrackRead(track=name)
            | ir.Across(track=name)
            | ir.Reaches(track=name)
            | ir.MarksDef(track=name)
            | ir.KeyFold(track=name)
            | ir.KeysDef(track=name)
            | ir.CarryDef(track=name)
        ) if name:
            track = next(track for track in core.tracks if track.name == name)
            own = (track.window.period,) if track.window.kind == "period" else ()
            return (*own, track.streak) if track.streak else own
        case _:
            return ()


def _anchor_reads(period: str, core: ir.Program, keys: dict[str, ir.Expr]) -> set[Read]:
    definition = next(each for each in core.periods if each.name == period)
    exprs = tuple(keys[key] for key in anchors(definition.period))
    return {("member", node.name) for node in ir.walk(exprs) if isinstance(node, ir.MemberField)}
