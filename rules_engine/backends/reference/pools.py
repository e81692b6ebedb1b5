"""Pools: the household's state, whose it is, and how time moves it along.

Units, limits and tracks of a household stand in its own state, which is named by the member's fact; a member without
one is a pool of one. What lapses there does so with the first event of any of its members.
"""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.reference import people
from rules_engine.backends.reference.lots import last_day
from rules_engine.backends.reference.run import Run
from rules_engine.backends.reference.world import World
from rules_engine.state import Advanced, LastDay, LotLapsed


def has_pool(world: World) -> bool:
    """Whether something of the program stands with households."""
    return world.pooled


def enter(run: Run, day: int) -> None:
    """Name the member's household and move its time to a day."""
    if run.member is None or not has_pool(run.world):
        return
    with run.looking():
        named = run.facts.get(run.world.core.household) if run.world.core.household else None
    run.household = str(named) if named else run.member
    state = run.pool.state
    ends = [(last_day(lot, run), lot) for lot in state.lots]
    ended = [(last, lot) for last, lot in ends if last is not None and last < day]
    for last, lot in sorted(ended, key=lambda each: each[0]):
        run.pool.record(LotLapsed(lot, last))
    if state.day is None or state.day < day:
        run.pool.record(Advanced(state.day, day))


def is_elsewhere(effect: ir.GiveDef | ir.TurnDef, run: Run) -> bool:
    """Whether an effect gives a unit of a household to a member of another, whose pool is not at hand. Raises
    `EventRefused` where that member's facts are not."""
    gives = (effect.into, *effect.more) if isinstance(effect, ir.TurnDef) else (effect,)
    return any(_is_elsewhere(give, run) for give in gives)


def _is_elsewhere(give: ir.GiveDef, run: Run) -> bool:
    named = run.fields.get(give.to) if give.to else None
    units = {give.unit, *(row.unit for row in give.split)}
    if named is None or named == run.member or all(run.world.units[unit].owner == "member" for unit in units):
        return False
    theirs = people.fact(give.to, run.world.core.household, run) if run.world.core.household else None
    return (str(theirs) if theirs else str(named)) != run.household


def note_day(run: Run, event: str, day: int) -> None:
    """Remember the last day of a kind of event, where the life of a household's unit counts from it."""
    waited = {
        name for unit in run.world.core.units if unit.owner == "household" for life in unit.lives
        for name in life.after_last
    }  # fmt: skip
    before = run.pool.state.last.get(event)
    if run.household and event in waited and (before is None or before < day):
        run.pool.record(LastDay(event, before, day))
