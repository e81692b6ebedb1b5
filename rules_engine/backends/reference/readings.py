"""What a state says on a day, asked from outside: tracks, tier, balances and periods, as the interpreter reads them."""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.reference import keys, lives, reading, times
from rules_engine.backends.reference.holdouts import keeps_out
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.world import World
from rules_engine.calendar import day_start
from rules_engine.event import Event, Facts
from rules_engine.outcome import People
from rules_engine.state import Lot, State


class Readings:
    """Readings of one member's state on a day, and of the pool among the people; with an event, those that depend on it
    too."""

    def __init__(
        self,
        world: World,
        facts: Facts,
        state: State,
        day: int,
        event: Event | None = None,
        people: People | None = None,
        member: str | None = None,
    ) -> None:
        run = Run(world, facts, state, people=people)
        run.member = member
        run.today = run.standing = day
        run.instant = day_start(day, world.zone)
        if event is not None:
            run.event, run.fields, run.lines = event, event.fields, event.lines
            run.member, run.instant = event.member, event.instant
        self._run = run
        self._env = Env(run)
        self._day = day

    def track(self, track: ir.TrackDef) -> int | None:
        """A track in the occurrence that holds the day; by key, the sum of its numbers. None: it has no value."""
        return reading.track_read(track, self._day, self._env)

    def keyed(self, track: ir.TrackDef) -> dict[str, int]:
        """What a track by key holds for each, as a state writes keys."""
        return {keys.word(key): value for key, value in reading.key_values(track, self._day, self._env).items()}

    def occurrence_key(self, track: ir.TrackDef) -> int | None:
        """Under which day the state keeps a track's occurrence."""
        return times.key_of(track.window, self._day, self._env)

    def limit_key(self, limit: ir.LimitDef) -> int | None:
        """Under which occurrence a limit counts on the day; of a limit that goes by the event's own day."""
        return times.key_of(limit.scope.window, self._day, self._env)

    def held(self) -> int:
        """The rung held on the day."""
        return reading.held(self._run, self._day)

    def kept_out(self, holdout: ir.HoldoutDef) -> bool:
        """Whether a holdout keeps the member out on the day."""
        return keeps_out(holdout, self._env)

    def last_day(self, lot: Lot) -> int | None:
        """The last day on which a lot of the member, or of the pool, is valid, as far as it is known on the day."""
        return reading.last_day(lot, self._run)

    def balance(self, unit: str, pending: bool = False) -> int:
        """What is live of a unit, less what is owed; pending lots only if asked for."""
        return reading.balance(unit, pending, self._run)

    def period_before(self, period: str) -> int | None:
        """The first day of the occurrence before the one that holds the day."""
        found = times.occurrence_of(period, self._day, self._env)
        return None if found is None else times.last_before(period, found.first_day, self._env)

    def expires(self, unit: ir.UnitDef) -> int | None:
        """The last valid day of units given on the day, as far as it is known then; None: without end."""
        return lives.unit_expires(unit, self._env)
