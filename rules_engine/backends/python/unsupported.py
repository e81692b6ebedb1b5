"""Which kinds of event are handed to the reference, and why.

A few constructs are rare at a checkout and intricate: they are not generated. An event that meets one of them is scored
by the reference, which is exact and slow; `Python.delegated` names these kinds of event and the reason for each.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.backends.python.offers_plain import reasons as offers_reasons
from rules_engine.periods import is_timed


def reason(program: ir.Program, event: ir.EventDef, reads: tuple[tuple[str, str], ...]) -> str:
    """Why a kind of event is not generated; empty where it is."""
    return next(_reasons(program, event, reads), "")


def _reasons(program: ir.Program, event: ir.EventDef, reads: tuple[tuple[str, str], ...]) -> Iterator[str]:
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
    for limit in _offered(program, event):
        why = _window(limit.scope.window, program)
        if why or (limit.scope.by is not None and limit.scope.window.kind in ("rolling", "last", "trial")):
            yield f"the limit {limit.key} {why or 'moves with another day'}"
    for limit in _limits(program, event):
        if limit.owner != "member" or limit.keys:
            yield f"the limit {limit.key} is not the member's alone"
        why = _window(limit.scope.window, program)
        if why or (limit.scope.by is not None and limit.scope.window.kind in ("rolling", "last", "trial")):
            yield f"the limit {limit.key} {why or 'moves with another day'}"


def _tracks(program: ir.Program, event: ir.EventDef, reads: tuple[tuple[str, str], ...]) -> Iterator[ir.TrackDef]:
    read = {name for kind, name in reads if kind in ("track", "previous")}
    marked = {rule.loop.track for rule in program.rules if rule.loop is not None}
    marked |= {node.track for node in ir.walk(program.rules) if isinstance(node, ir.Reaches)}
    for track in program.tracks:
        moved = event.name in track.events or (track.given and not track.events)
        if moved or track.name in read or track.name in marked:
            yield track


def _track(track: ir.TrackDef, program: ir.Program) -> str:
    if track.kind in ("distinct", "streak") and track.by is not None:
        return "moves with another day"
    if track.by is not None and track.window.kind in ("rolling", "last", "trial"):
        return "moves with another day"
    return _window(track.window, program)


def _window(window: ir.Window, program: ir.Program) -> str:
    if window.kind != "period":
        return ""
    found = next(period for period in program.periods if period.name == window.period)
    if is_timed(found.period):
        return "goes by a period with a time of day"
    if found.anchor is not None and not isinstance(found.anchor, ir.MemberField):
        return "goes by a period that hangs on the event"
    return ""


def _limits(program: ir.Program, event: ir.EventDef) -> Iterator[ir.LimitDef]:
    groups = {group.name: group for group in program.groups}
    for rule in program.rules:
        if event.name in rule.events:
            yield from rule.limits
            if rule.group in groups:
                yield from groups[rule.group].limits


def _offered(program: ir.Program, event: ir.EventDef) -> Iterator[ir.LimitDef]:
    """The limits that offers meet."""
    groups = {group.name: group for group in program.offer_groups}
    for offer in program.offers:
        if event.name in offer.events:
            yield from offer.limits
            if offer.group in groups:
                yield from groups[offer.group].limits
