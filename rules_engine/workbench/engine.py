"""The engine as tests need it: the interpreter, since it is the meaning, and its readings of a state.

Tests run decoded events whose facts may be guarded (`told.py`), so they go past the boundary of `Program.score`, which
the test's own events have passed already.
"""

from __future__ import annotations

from functools import cached_property

import msgspec

from rules_engine import ir
from rules_engine.backends import Evaluation
from rules_engine.backends.reference import Reference, reading, times
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.world import World, prepare
from rules_engine.calendar import day_start
from rules_engine.event import Event, Facts
from rules_engine.state import State


class Engine:
    """One program, ready to score decoded events and to be asked about states."""

    def __init__(self, core: ir.Program) -> None:
        self.core = core

    @cached_property
    def reference(self) -> Reference:
        """The interpreter, without the part of the receipt that lists what rules might have read of a member."""
        reference = Reference(self.core)
        reference.world = self._world
        return reference

    @cached_property
    def _world(self) -> World:
        return msgspec.structs.replace(prepare(self.core), reads={event.name: () for event in self.core.events})

    def evaluate(self, event: Event, facts: Facts, state: State) -> Evaluation:
        """What the event does; raises `EventRefused`."""
        return self.reference.evaluate(event, facts, state)

    def _env(self, facts: Facts, state: State, day: int, event: Event | None = None) -> Env:
        run = Run(self._world, facts, state)
        run.today = run.standing = day
        run.instant = day_start(day, self.core.header.zone or "UTC")
        if event is not None:
            run.event, run.fields, run.lines = event, event.fields, event.lines
            run.member, run.instant = event.member, event.instant
        return Env(run)

    def track(self, track: ir.TrackDef, facts: Facts, state: State, day: int, event: Event | None) -> int:
        """A track in the occurrence that holds the day."""
        return reading.track_value(track, day, self._env(facts, state, day, event))

    def held(self, facts: Facts, state: State, day: int) -> str:
        """The tier held on a day."""
        assert self.core.tiers is not None
        return self.core.tiers.rungs[reading.held(self._env(facts, state, day).run, day)].name

    def balance(self, unit: str, facts: Facts, state: State, day: int) -> int:
        """What is live and not pending of a unit."""
        return reading.balance(unit, False, self._env(facts, state, day).run)

    def occurrence_key(self, track: ir.TrackDef, facts: Facts, state: State, day: int) -> int | None:
        """Under which day the state keeps a track's occurrence."""
        return times.key_of(track.window, day, self._env(facts, state, day))

    def period_before(self, period: str, facts: Facts, state: State, day: int) -> int | None:
        """The first day of the occurrence before the one that holds the day."""
        env = self._env(facts, state, day)
        found = times.occurrence_of(period, day, env)
        return None if found is None else times.last_before(period, found.first_day, env)
