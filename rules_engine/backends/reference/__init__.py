"""The reference: what a program means, as plainly as it can be said, in exact fractions. It also explains.

In: a program, and events one at a time. Out: evaluations, and traces of how they came about. Every other backend is
tested against this one; read `evaluation` first, then `expressions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import msgspec

from rules_engine import ir
from rules_engine.backends import Evaluation, Score
from rules_engine.backends.reference.advancing import advance as _advance
from rules_engine.backends.reference.ahead import Ahead, ahead_of
from rules_engine.backends.reference.allotment import line_keys, parts_of
from rules_engine.backends.reference.bringing import Brought, Costs, facts_of
from rules_engine.backends.reference.bringing import brought as _brought
from rules_engine.backends.reference.evaluation import evaluate as _evaluate
from rules_engine.backends.reference.holding import Spent
from rules_engine.backends.reference.holdouts import hashed
from rules_engine.backends.reference.outlook import Lack, Outlook, PathNoted, Standing
from rules_engine.backends.reference.outlook import outlook as _outlook
from rules_engine.backends.reference.placing import placed as _placed
from rules_engine.backends.reference.pools import has_pool
from rules_engine.backends.reference.reach import denied, refusers
from rules_engine.backends.reference.readings import Readings
from rules_engine.backends.reference.receipts import opening as _opening
from rules_engine.backends.reference.reversing import Gone, Reversal
from rules_engine.backends.reference.rules import in_order
from rules_engine.backends.reference.run import Run, Val
from rules_engine.backends.reference.schedules import due as _due
from rules_engine.backends.reference.schedules import scheduled as _scheduled
from rules_engine.backends.reference.steps import Steps
from rules_engine.backends.reference.times import duration_unit
from rules_engine.backends.reference.trace import (
    CarryNoted,
    EffectNoted,
    Ending,
    GiveNoted,
    LimitNoted,
    Noted,
    OfferNoted,
    RuleNoted,
    Slice,
    StageNoted,
    TakenNoted,
    Trace,
    TrackNoted,
    WayNoted,
)
from rules_engine.backends.reference.world import World, prepare
from rules_engine.event import Event, Facts
from rules_engine.outcome import Opening, Outcome, People, TierChange, Value
from rules_engine.state import Change, Shared, State


class Passed(msgspec.Struct, frozen=True):
    """What the passing of time does: what ended and on which day, the changes of state, the changes of tier."""

    endings: tuple[Ending, ...]
    changes: tuple[Change, ...]
    tiers: tuple[TierChange, ...]


class Reference:
    """The interpreter of one program."""

    name = "reference"
    score: Score | None = None

    def __init__(self, core: ir.Program, asked: ir.Program | None = None) -> None:
        self.core = core
        self._asked = asked

    @cached_property
    def world(self) -> World:
        """The program by name; prepared when it is first needed, since another backend may never need it. What hangs on
        no constant of a rule is `asked` of a program with some rules of each shape."""
        return prepare(self.core, self._asked)

    @cached_property
    def ahead(self) -> tuple[Ahead, ...] | None:
        """What each schedule brings next, remembered; None where only a closer look can tell."""
        return ahead_of(self.world)

    def evaluate(
        self, event: Event, facts: Facts, state: State, shared: Shared | None = None, people: People | None = None
    ) -> Evaluation:
        """Score a decoded event; raises `EventRefused` where a track cannot hold it, or where no offer prices it."""
        return _evaluate(self.world, event, facts, state, None, shared, people)

    def credited(
        self, event: Event, facts: Facts, state: State, shared: Shared | None, people: People | None, outcome: Outcome
    ) -> Evaluation:
        """What an event gives its member at the prices of an outcome: offers and redeems do not act again."""
        return _evaluate(self.world, event, facts, state, None, shared, people, outcome)

    def again(self, event: Event, opening: Opening, spent: Spent) -> Evaluation:
        """An event as things stood before it, where redeems have paid and taken what they did; for returns."""
        known = opening.facts, opening.state, None, opening.shared, opening.people
        return _evaluate(self.world, event, *known, spent=spent)

    def opening(
        self, event: Event, facts: Facts, state: State, shared: Shared | None = None, people: People | None = None
    ) -> Opening | None:
        """What a return needs of the time before an event."""
        return _opening(self.world, event, facts, state, shared, people)

    def brought(
        self, event: Event, before: dict[str, Value], state: State, costs: Sequence[Costs]
    ) -> dict[str, Brought]:
        """What an event brings to tracks, its lines at given prices; for returns."""
        return _brought(self.world, event, before, state, costs)

    def reversal(
        self, event: Event, before: dict[str, Value], state: State, people: People, household: str, on: int
    ) -> Reversal:
        """The states of those whom an event touched, for a return to move; `before` is what its outcome says of the
        time before it."""
        return Reversal(self.world, event, facts_of(self.world, before), state, people, household, on)

    def typed(self, struct: type) -> None:
        """The interpreter decodes structs like any other event."""

    def opened(self, content: bytes) -> object | None:  # noqa: ARG002
        """The interpreter takes decoded events only."""
        return None

    def score_json(self, content: bytes) -> bytes | None:  # noqa: ARG002
        """The interpreter has no quick way."""
        return None

    def advance(self, facts: Facts, state: State, to_day: int, trace: Trace | None = None) -> Passed:
        """Move a member's time to a day: everything that ends before it."""
        run = Run(self.world, facts, state, trace)
        endings = tuple(_advance(run, to_day))
        return Passed(endings, tuple(run.changes), tuple(run.tiers))

    def due_events(self, facts: Facts, state: State, until: int, member: str = "") -> tuple[Event, ...]:
        """The scheduled events of a member that are not settled and posted by a day, in the order in which they are to
        be scored."""
        if self.ahead is not None and all(until < each.next(facts, state, state.since).posted for each in self.ahead):
            return ()
        return _due(self._waiting(facts, state, member), until)

    def scheduled(self, name: str, facts: Facts, state: State, occurrence: int, member: str = "") -> Event | None:
        """The scheduled event of the occurrence that starts on a day; None where none starts then, or where the fact
        that its period hangs on is absent."""
        return _scheduled(self.world.events[name], occurrence, self._waiting(facts, state, member))

    def _waiting(self, facts: Facts, state: State, member: str) -> Run:
        run = Run(self.world, facts, state)
        run.member = member
        return run

    def placed(self, event: Event, facts: Facts, state: State) -> Event:
        """The event as it is scored: a scheduled one that a host sent gets its moment and the day it is posted. Raises
        `EventRefused` where it cannot happen."""
        if event.occurrence is None or event.posted is not None:
            return event
        return _placed(self, event, facts, state)

    def outlook(self, facts: Facts, state: State, day: int, member: str = "", pool: State | None = None) -> Outlook:
        """How a member stands on a day that the state has reached."""
        return _outlook(self.world, facts, state, day, member, pool)

    def traced(
        self,
        event: Event,
        facts: Facts,
        state: State,
        trace: Trace,
        shared: Shared | None = None,
        people: People | None = None,
    ) -> Evaluation:
        """Score and note everything in a trace; the same evaluation as without."""
        return _evaluate(self.world, event, facts, state, trace, shared, people)


__all__ = [
    "Ahead",
    "Brought",
    "CarryNoted",
    "Costs",
    "EffectNoted",
    "Ending",
    "GiveNoted",
    "Gone",
    "Lack",
    "LimitNoted",
    "Noted",
    "OfferNoted",
    "Outlook",
    "Passed",
    "PathNoted",
    "Readings",
    "Reference",
    "Reversal",
    "RuleNoted",
    "Slice",
    "Spent",
    "StageNoted",
    "Standing",
    "Steps",
    "TakenNoted",
    "Trace",
    "TrackNoted",
    "Val",
    "WayNoted",
    "World",
    "denied",
    "duration_unit",
    "has_pool",
    "hashed",
    "in_order",
    "line_keys",
    "parts_of",
    "refusers",
]
