"""Events between the edges of periods: whether a generated function may score one although things happen by themselves.

In: a program with scheduled events, and a kind of event that somebody sends. Out: a function that tells, of a state and
a day, whether all that was due is settled and whether the event touches nothing that is; then no occurrence has to be
kept for later, and none is closed. Everything else is for the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from rules_engine import ir
from rules_engine.backends.python.function import Function
from rules_engine.backends.python.quoting import const
from rules_engine.backends.reference import Ahead, World
from rules_engine.event import Facts
from rules_engine.state import State

Settled: TypeAlias = Callable[[State, int, Facts], bool]


def unsettled(world: World, ahead: tuple[Ahead, ...] | None, event: ir.EventDef) -> Iterator[str]:
    """Why an event is not generated in a program with scheduled events."""
    if world.schedules and ahead is None:
        yield "a scheduled event goes by an unusual period"
    for track in world.core.tracks:
        if moves(track, event) and track.by is not None and closing(track, world):
            yield f"the track {track.name} goes by another day, and may be settled there"


def moves(track: ir.TrackDef, event: ir.EventDef) -> bool:
    """Whether an event may move a track."""
    return event.name in track.events or (bool(track.given or track.used) and not track.events)


def closing(track: ir.TrackDef, world: World) -> tuple[str, ...]:
    """The scheduled events that settle a track's occurrences."""
    return world.closing[track.window.period] if track.window.kind == "period" else ()


def check(function: Function, world: World, ahead: tuple[Ahead, ...]) -> str:
    """Code that holds where a state and a day may be scored at once; empty where nothing happens by itself."""
    if not ahead:
        return ""
    tracks = [track for track in world.core.tracks if moves(track, function.event)]
    closed = frozenset(name for track in tracks for name in closing(track, world))
    name = function.module.share("settled", closed, "", lambda: settled_check(world, ahead, closed))
    facts = sorted({fact for each in ahead for fact in each.facts})
    values = ", ".join(f"{const(fact)}: {function.member_field(fact).code}" for fact in facts)
    return f"{name}(state, day, {{{values}}})"


def settled_check(world: World, ahead: tuple[Ahead, ...], closed: frozenset[str]) -> Settled:
    """The function: no edge that has passed is left to settle, and of the schedules that close what the event moves the
    day lies behind what they settled last."""
    places = [(each.next, kind.name in closed) for each, kind in zip(ahead, world.schedules, strict=True)]

    def is_settled(state: State, day: int, facts: Facts) -> bool:
        since = day if state.since is None else state.since
        for ask, closes in places:
            found = ask(facts, state, since)
            if found.day < day or (closes and day < found.opened):
                return False
        return True

    return is_settled
