"""What a state says on a day, asked from outside: tracks, tier, balances and periods, as the interpreter reads them."""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.reference import lives, reading, times
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.world import World
from rules_engine.calendar import day_start
from rules_engine.event import Event, Facts
from rules_engine.state import State


class Readings:
    """Readings of one member's state on a day; with an event, those that depend on it too."""

    def __init__(self, world: World, facts: Facts, state: State, day: int, event: Event | None = None) -> None:
        run = Run(world, facts, state)
        run.today = run.standing = day
        run.instant = day_start(day, world.zone)
        if event is not None:
            run.event, run.fields, run.lines = event, event.fields, event.lines
            run.member, run.instant = event.member, event.instant
        self._run = run
        self._env = Env(run)
        self._day = day

    def track(self, track: ir.TrackDef) -> int:
        """A track in the occurrence that holds the day."""
        return reading.track_value(track, self._day, self._env)

    def occurrence_key(self, track: ir.TrackDef) -> int | None:
        """Under which day the state keeps a track's occurrence."""
        return times.key_of(track.window, self._day, self._env)

    def limit_key(self, limit: ir.LimitDef) -> int | None:
        """Under which occurrence a limit counts on the day; of a limit that goes by the event's own day."""
        return times.key_of(limit.scope.window, self._day, self._env)

    def held(self) -> int:
        """The rung held on the day."""
        return reading.held(self._run, self._day)

    def balance(self, unit: str) -> int:
        """What is live and not pending of a unit."""
        return reading.balance(unit, False, self._run)

    def period_before(self, period: str) -> int | None:
        """The first day of the occurrence before the one that holds the day."""
        found = times.occurrence_of(period, self._day, self._env)
        return None if found is None else times.last_before(period, found.first_day, self._env)

    def expires(self, unit: ir.UnitDef) -> int | None:
        """The last valid day of units given on the day, as far as it is known then; None: without end."""
        return lives.unit_expires(unit, self._env)
