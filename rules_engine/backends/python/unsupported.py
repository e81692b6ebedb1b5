"""Which kinds of event are handed to the reference, and why.

A few constructs are rare at a checkout and intricate: they are not generated. An event that meets one of them is scored
by the reference, which is exact and slow; `Python.delegated` names these kinds of event and the reason for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules_engine import ir
from rules_engine.backends.python.offers_plain import reasons as offers_reasons
from rules_engine.backends.python.owning_plain import reasons as owning_reasons
from rules_engine.backends.reference import Reference
from rules_engine.periods import is_timed


def reason(event: ir.EventDef, reference: Reference) -> str:
    """Why a kind of event is not generated; empty where it is."""
    return next(_reasons(event, reference), "")


def _reasons(event: ir.EventDef, reference: Reference) -> Iterator[str]:
    program, reads = reference.core, reference.world.reads[event.name]
    yield from owning_reasons(event, list(_tracks(program, event, reads)), reference)
    yield from offers_reasons(program, event)
    for match in program.matches:
        if event.name in match.events:
            yield f'it may begin the match "{match.title}"'
    for track in _tracks(program, event, reads):
        why = _track(track, program)
        if why:
            yield f"the track {track.name} {why}"
    for rule in program.rules:
        if event.name in rule.events and rule.loop is not None and not rule.gives:
            yield f'the rule "{rule.title}" only says something for each mark'
    for limit in _limits(program.offers, program.offer_groups, event):
        yield from _of_limit(limit, program)
    for limit in _limits(program.rules, program.groups, event):
        if limit.owner != "member" or limit.keys:
            yield f"the limit {limit.key} is not the member's alone"
        yield from _of_limit(limit, program)


def _tracks(program: ir.Program, event: ir.EventDef, reads: tuple[tuple[str, str], ...]) -> Iterator[ir.TrackDef]:
    read = {name for kind, name in reads if kind in ("track", "previous")}
    marked = {rule.loop.track for rule in program.rules if isinstance(rule.loop, ir.MarksDef)}
    marked |= {node.track for node in ir.walk(program.rules) if isinstance(node, ir.Reaches)}
    for track in program.tracks:
        moved = event.name in track.events or (track.given and not track.events)
        if moved or track.name in read or track.name in marked:
            yield track


def _track(track: ir.TrackDef, program: ir.Program) -> str:
    if track.by is not None and (track.kind in ("distinct", "streak") or track.window.kind in _MOVING):
        return "moves with another day"
    return _window(track.window, program)


def _of_limit(limit: ir.LimitDef, program: ir.Program) -> Iterator[str]:
    why, scope = _window(limit.scope.window, program), limit.scope
    if why or (scope.by is not None and scope.window.kind in _MOVING):
        yield f"the limit {limit.key} {why or 'moves with another day'}"


_MOVING = ("rolling", "last", "trial")
"""Windows that move with the day."""


def _window(window: ir.Window, program: ir.Program) -> str:
    if window.kind != "period":
        return ""
    found = next(period for period in program.periods if period.name == window.period)
    if is_timed(found.period):
        return "goes by a period with a time of day"
    if found.anchor is not None and not isinstance(found.anchor, ir.MemberField):
        return "goes by a period that hangs on the event"
    return ""


def _limits(
    rules: Iterable[ir.RuleDef | ir.OfferDef], groups: Iterable[ir.GroupDef | ir.OfferGroupDef], event: ir.EventDef
) -> Iterator[ir.LimitDef]:
    """The limits that the rules of an event meet: their own, and those of their groups."""
    shared = {group.name: group.limits for group in groups}
    for rule in rules:
        if event.name in rule.events:
            yield from rule.limits
            yield from shared.get(rule.group, ())
