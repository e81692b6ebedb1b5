"""What an event brings to tracks, at prices that are given: for returns, which ask it of the pieces that are kept.

Only tracks that can be worked out from the event and its member's facts have an entry; those that read other tracks,
balances or awards have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.allocation import spread_runs
from rules_engine.backends.reference import keyed, times
from rules_engine.backends.reference.carrier import Basket, Runs, joined, size_of, zipped
from rules_engine.backends.reference.expressions import day, number, on_lines, truth
from rules_engine.backends.reference.money import open_basket
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.world import World
from rules_engine.event import Event, Facts
from rules_engine.outcome import Value
from rules_engine.state import State

Brought: TypeAlias = dict[tuple[int | None, str], int]
"""What an event brings to a track, by occurrence (None: the event's own) and by key."""

STATEFUL: Final = (
    ir.TrackRead, ir.BalanceRead, ir.AwardRead, ir.AwardPart, ir.UsedRead, ir.PersonField, ir.KeyFold, ir.KeyValue,
    ir.Across, ir.Reaches,
)  # fmt: skip


class Costs(msgspec.Struct, frozen=True):
    """What a line cost at list, after offers, and in money."""

    list: int
    net: int
    paid: int


def brought(
    world: World, event: Event, before: dict[str, Value], state: State, costs: Sequence[Costs]
) -> dict[str, Brought]:
    """What the event brings to each sum and count of it; `before` is what was known of its member, `state` the state
    that has its trials."""
    run = _run(world, event, before, state)
    priced(run, costs)
    found = {}
    for track in world.core.tracks:
        if track.kind in ("sum", "count") and event.name in track.events and not track.given and not track.used:
            reads = ir.walk((track.value, track.where, track.line_where, track.by, track.by_key))
            if not any(isinstance(node, STATEFUL) for node in reads):
                found[track.name] = _brought(track, Env(run)) if truth(track.where, Env(run)) else {}
    return found


def _brought(track: ir.TrackDef, env: Env) -> Brought:
    if track.by_key is not None:
        found = keyed.added(track, lambda each, at: _occurrence(each, at) if each.by_line else 0, env)
        return {(at if track.by_line else None, key): count for (at, key), count in found.items()}
    if not track.by_line:
        return {(None, ""): int(number(track.value, env)) if track.value is not None else 1}
    sums: Brought = {}
    for on in on_lines(env):
        at = _occurrence(track, on) if truth(track.line_where, on) else None
        if at is not None:
            value = 1 if track.value is None else int(number(track.value, on))
            sums[at, ""] = sums.get((at, ""), 0) + value
    return sums


def _occurrence(track: ir.TrackDef, env: Env) -> int | None:
    when = day(track.by, env) if track.by is not None else env.run.today
    return None if when is None else times.key_of(track.window, when, env)


def _run(world: World, event: Event, before: dict[str, Value], state: State) -> Run:
    run = Run(world, facts_of(world, before), state)
    run.event, run.member, run.source = event, event.member, event.name
    run.fields, run.lines = event.fields, event.lines
    run.today, run.instant = event.day, event.instant
    run.posted = run.standing = event.day
    tier = before.get("tier")
    run.held = world.rungs.get(tier, 0) if isinstance(tier, str) else 0
    kind = world.events[event.name]
    run.currency = event.currency or kind.currency or kind.priced_unit
    return run


def facts_of(world: World, before: dict[str, Value]) -> Facts:
    """The facts among what an outcome says of the time before it; those that it does not say are absent."""
    found: Facts = dict.fromkeys(world.facts)
    for name, value in before.items():
        fact = world.facts.get(name.removeprefix("member.")) if name.startswith("member.") else None
        if fact is not None:
            listed = fact.kind in ("list", "codes") and isinstance(value, str)
            found[fact.name] = _items(str(value), fact) if listed else value
    return found


def _items(text: str, fact: ir.FieldDef) -> tuple[int | str, ...]:
    items = text.split(", ") if text else []
    plain = fact.item is not None and fact.item.kind in ("count", "date", "money", "unit", "rate", "instant", "time")
    return tuple(int(item) if plain else item for item in items)


def priced(run: Run, costs: Sequence[Costs]) -> None:
    """The basket with each line's units at what the line costs."""
    open_basket(run)
    assert run.basket is not None
    lines = (_line(runs, cost, run) for runs, cost in zip(run.basket.lines, costs, strict=True))
    run.basket = Basket(tuple(lines)).acting


def _line(runs: Runs, cost: Costs, run: Run) -> Runs:
    remainder, size = run.world.core.header.remainder, size_of(runs)
    listed = None if any(unit.list is None for _, unit in runs) else sum(count * unit.now for count, unit in runs)
    if cost.list == cost.net == cost.paid == listed:
        return runs  # nothing was taken off, and nothing paid

    def even(amount: int) -> list[tuple[int, int]]:
        if size and amount % size == 0:
            return [(size, amount // size)]
        return [*spread_runs(amount, [(size, 1, None)], remainder)] if size else []

    pairs = joined((count, (listed, net)) for count, listed, net in zipped(even(cost.list), even(cost.net)))
    priced = joined((count, (*pair, paid)) for count, pair, paid in zipped(pairs, even(cost.paid)))
    return joined(
        (count, msgspec.structs.replace(unit, list=own[0], now=own[1], paid=own[2]))
        for count, unit, own in zipped(runs, priced)
    )
