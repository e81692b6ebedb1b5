"""How a member stands on a day, and what is in sight: the paths upwards, judged as of now, and each unit's lots.

In: a member's facts and state, moved to the day, and the pool of the household. Out: `Outlook`. Nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import lots
from rules_engine.backends.reference.expressions import truth
from rules_engine.backends.reference.reading import held, live_holdings
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.trace import Noted, Trace, noting
from rules_engine.backends.reference.world import World
from rules_engine.calendar import day_start
from rules_engine.event import Facts
from rules_engine.outcome import People
from rules_engine.state import Lot, State


class Standing(msgspec.Struct, frozen=True):
    """A unit: what may be used of it, what is owed, and the lots that are not over, each with its last day as far as it
    is known now."""

    unit: str
    balance: int
    owed: int
    lots: tuple[tuple[Lot, int | None], ...]


Lack: TypeAlias = tuple[Noted, bool]
"""A part of a condition that is not as it has to be, what it read, and what it has to be."""
Lacks: TypeAlias = tuple[tuple[Lack, ...], ...]
"""Alternatives, and of each all that lacks; one of which nothing lacks: it is so already."""

_NOTHING: Final[Lacks] = ((),)
_SHOWN_MAX: Final = 16


class PathNoted(msgspec.Struct, frozen=True):
    """A path to a rung, and what lacks for it."""

    rung: int
    way: ir.WayDef
    lacks: Lacks


class Outlook(msgspec.Struct, frozen=True):
    """The rung that is held and its last day (None: for good, or the first rung), every path to a higher one, and the
    units in their order."""

    held: int
    until: int | None
    paths: tuple[PathNoted, ...]
    units: tuple[Standing, ...]


def outlook(world: World, facts: Facts, state: State, day: int, member: str, pool: State | None) -> Outlook:
    """How a member stands on a day that the state has reached."""
    run = Run(world, facts, state, Trace(), people=People(pool=pool))
    run.member = member
    run.today = run.standing = run.posted = day
    run.instant = day_start(day, world.zone)
    run.held = held(run, day)
    tiers = world.core.tiers
    own = "" if tiers is None else tiers.rungs[run.held].name
    ends = [each.until for each in live_holdings(run, day) if each.tier == own]
    until = None if not ends or None in ends else max(each for each in ends if each is not None)
    return Outlook(run.held, until, tuple(_paths(run)), tuple(_standing(name, run) for name in world.units))


def _paths(run: Run) -> list[PathNoted]:
    """The paths to the rungs above the held one."""
    tiers, found = run.world.core.tiers, list[PathNoted]()
    if tiers is None or tiers.from_host:
        return found
    for place in range(run.held + 1, len(tiers.rungs)):
        for way in tiers.rungs[place].ways:
            lacks = _lacks(way.condition, True, run)
            if way.needs and tiers.needs is not None:  # which reads nothing that a path's own guards stand before
                lacks = _each_with(lacks, _lacks(tiers.needs, True, run))
            found.append(PathNoted(place, way, lacks))
    return found


# ---- what lacks ----


def _lacks(node: ir.Expr, sought: bool, run: Run) -> Lacks:
    """What lacks so that a condition holds, or does not. Unlike a judgement, which stops at the first part that decides
    it, this looks at every part that can be read."""
    match node:
        case ir.Not(value=value):
            return _lacks(value, not sought, run)
        case ir.All(parts=parts):
            return _together(parts, sought, run) if sought else _one_of(parts, sought, run)
        case ir.Any(parts=parts):
            return _one_of(parts, sought, run) if sought else _together(parts, sought, run)
        case _:
            inner: list[Noted] = []
            with noting(run.trace, inner):
                holds = truth(node, Env(run))
            return _NOTHING if holds is sought else (((inner[-1], sought),),)


def _one_of(parts: Iterable[ir.Expr], sought: bool, run: Run) -> Lacks:
    """One part is enough; what stands behind one that is so already is not looked at."""
    found: list[tuple[Lack, ...]] = []
    for part in parts:
        lacks = _lacks(part, sought, run)
        if lacks == _NOTHING:
            return _NOTHING
        found += lacks
    return tuple(found[:_SHOWN_MAX])


def _together(parts: Iterable[ir.Expr], sought: bool, run: Run) -> Lacks:
    """All parts are needed; what stands behind a guard that is not there cannot be read."""
    found: Lacks = _NOTHING
    for part in parts:
        lacks = _lacks(part, sought, run)
        found = _each_with(found, lacks)
        if lacks != _NOTHING and any(isinstance(each, ir.Has | ir.HasMember) for each in ir.walk(part)):
            break
    return found


def _each_with(some: Lacks, others: Lacks) -> Lacks:
    """Every alternative of some with every one of others."""
    return tuple((*one, *other) for one in some for other in others)[:_SHOWN_MAX]


# ---- units ----


def _standing(unit: str, run: Run) -> Standing:
    holder, state = lots.holder_of(unit, run), lots.book_of(unit, run).state
    own = [(lot, lots.last_day(lot, run)) for lot in state.lots if lot.unit == unit and lot.holder == holder]
    live = tuple((lot, last) for lot, last in own if last is None or last >= run.standing)
    owed = state.debts.get(lots.debt_key(unit, holder), 0)
    return Standing(unit, lots.balance(unit, False, run), owed, live)
