"""The engine as tests need it: the interpreter, since it is the meaning, and its readings of a state.

Tests run decoded events whose facts may be guarded (`told.py`), so they go past the boundary of `Program.score`, which
the test's own events have passed already.
"""

from __future__ import annotations

from functools import cached_property

import msgspec

from rules_engine import ir
from rules_engine.backends import Evaluation
from rules_engine.backends.reference import Passed, Readings, Reference, Trace, World
from rules_engine.event import Event, Facts
from rules_engine.outcome import People
from rules_engine.state import Shared, State
from rules_engine.workbench.coverage import Coverage, Heard


class Asked(msgspec.Struct, frozen=True):
    """Everything that one event is scored from."""

    event: Event
    facts: Facts
    state: State
    shared: Shared
    people: People


class Engine:
    """One program, ready to score decoded events and to be asked about states."""

    def __init__(self, core: ir.Program, coverage: Coverage | None = None) -> None:
        self.core = core
        self.coverage = coverage

    @cached_property
    def reference(self) -> Reference:
        """The interpreter, without the part of the receipt that lists what rules might have read of a member."""
        reference = Reference(self.core)
        reference.world = self._world
        return reference

    @cached_property
    def _world(self) -> World:
        return msgspec.structs.replace(Reference(self.core).world, reads={event.name: () for event in self.core.events})

    def evaluate(self, asked: Asked) -> Evaluation:
        """What the event does; raises `EventRefused`."""
        event, facts, state, shared, people = msgspec.structs.astuple(asked)
        if self.coverage is None:
            return self.reference.evaluate(event, facts, state, shared, people)
        trace = Heard()
        try:
            return self.reference.traced(event, facts, state, trace, shared, people)
        finally:
            self.coverage.hear(trace)

    def fate(self, key: str, asked: Asked) -> str:
        """Why an offer did not act on an event, in the words of the trace; empty where it acted."""
        trace = Trace()
        self.reference.traced(asked.event, asked.facts, asked.state, trace, asked.shared, asked.people)
        return next((each.why for each in reversed(trace.offers) if each.offer.key == key), "")

    def advance(self, facts: Facts, state: State, to_day: int) -> Passed:
        """What the passing of time does."""
        if self.coverage is None:
            return self.reference.advance(facts, state, to_day)
        trace = Heard()
        passed = self.reference.advance(facts, state, to_day, trace)
        self.coverage.hear(trace)
        return passed

    def readings(
        self,
        facts: Facts,
        state: State,
        day: int,
        event: Event | None = None,
        people: People | None = None,
        member: str | None = None,
    ) -> Readings:
        """A state on a day, and the pool beside it."""
        return Readings(self._world, facts, state, day, event, people, member)

    def held(self, facts: Facts, state: State, day: int) -> str:
        """The tier held on a day."""
        tiers = self.core.tiers
        return "" if tiers is None else tiers.rungs[self.readings(facts, state, day).held()].name

    def expires(self, unit: ir.UnitDef, facts: Facts, state: State, day: int) -> int | None:
        """The last valid day of units given on a day."""
        return self.readings(facts, state, day).expires(unit)
