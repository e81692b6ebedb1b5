"""Whether nothing ends between a state and an event, so that the generated function may score it as it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from rules_engine import ir
from rules_engine.backends.python import clock
from rules_engine.backends.reference import Reference, World
from rules_engine.calendar import Duration, add_duration
from rules_engine.event import Facts
from rules_engine.outcome import TierChange
from rules_engine.periods import anchors
from rules_engine.state import Change, State, apply


def quiet_check(core: ir.Program, world: World) -> Callable[[State, int], bool]:
    """A function that tells whether a state may be scored on a day without a lot or trial ending before, or a review.

    Holdings and late events the generated function looks at itself.
    """
    ladder = core.tiers
    review = None
    if ladder is not None and ladder.review:
        period = world.periods[ladder.review].period
        if anchors(period):
            return lambda _state, _day: False
        review = clock.edge(period, "end", False, world.calendar)
    mortal = may_lapse(core)
    waiting = {unit.name: life for unit in core.units for life in unit.lives if life.after_last}

    def quiet(state: State, day: int) -> bool:
        reached = state.day
        if reached is not None and review is not None and day > reached:
            end = review(reached, 0)
            if end is not None and end < day:
                return False
        for trials in state.matches.values():
            for trial in trials:
                if trial.status == "trial":
                    return False
        return not state.lots or not mortal or _lots_last(state, day, waiting)

    return quiet


def may_lapse(core: ir.Program) -> bool:
    """Whether anything that is given can lapse."""
    lives = [life for unit in core.units for life in unit.lives if not isinstance(life.day, ir.Forever)]
    return bool(lives) or any(give.life is not None for rule in core.rules for give in rule.gives)


def _lots_last(state: State, day: int, waiting: dict[str, ir.UnitLife]) -> bool:
    """Whether no lot ends before a day."""
    for lot in state.lots:
        if lot.expires is not None and lot.expires < day:
            return False
        life = waiting.get(lot.unit)
        if life is not None:
            last = max([lot.earned, *(state.last[event] for event in life.after_last if event in state.last)])
            span = Duration(life.count, life.unit)  # type: ignore[arg-type]
            if add_duration(last, span) - 1 < day:
                return False
    return True


Advance: TypeAlias = tuple[State, list[Change], tuple[TierChange, ...]]
"""A state moved on to a day, the changes that led there, and the changes of tier on the way."""


def moves_on(reference: Reference) -> Callable[[Facts, State, int], Advance | None]:
    """A function that moves a state on to a day; None for a late event, or where a trial, or a tier that was held,
    needs the reference."""

    def move(facts: Facts, state: State, day: int) -> Advance | None:
        if state.day is not None and day < state.day:
            return None
        if any(trial.status == "trial" for trials in state.matches.values() for trial in trials):
            return None
        found = reference.advance(facts, state, day)
        moved = apply(state, found.changes)
        if not all(each.reason for each in moved.holdings):  # kept for what is not settled yet
            return None
        return moved, list(found.changes), found.tiers

    return move
