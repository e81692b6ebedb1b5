"""`carry A into T`: the occurrence of a track after the one at hand opens with A more.

What is carried is not given: no limit by amount counts it, and no mark fires for it, since the opening counts as seen.
"""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.reference import times
from rules_engine.backends.reference.comparing import clipped
from rules_engine.backends.reference.expressions import amount, number
from rules_engine.backends.reference.reading import rises_again, track_book
from rules_engine.backends.reference.run import Env, Run
from rules_engine.occurrences import next_occurrence
from rules_engine.state import AMOUNT_MAX, MarkSeen, TrackMoved
from rules_engine.values import round_fraction


def wanted(carry: ir.CarryDef, env: Env) -> int:
    """What is to be carried: not below, not above what is written, then rounded as is written, else as the track's unit
    says, else down; 0 where no occurrence follows."""
    track = env.run.world.tracks[carry.track]
    if _next(track, env) is None:
        return 0
    exact = clipped(number(carry.value, env), amount(carry.low, env), amount(carry.high, env))
    unit = env.run.world.units.get(track.unit)
    return round_fraction(exact, carry.rounding or (unit.rounding if unit is not None else None) or "down")


def carry(effect: ir.CarryDef, count: int, run: Run) -> None:
    """Open the next occurrence with so much more; raises `EventRefused` where the track cannot hold it."""
    track = run.world.tracks[effect.track]
    book, at = track_book(track, run), _next(track, Env(run))
    if at is None or not count:
        return
    before = book.state.tracks.get(track.key, {}).get(at, 0)
    if abs(before + count) > AMOUNT_MAX:
        raise run.refused("V150", track.name, track=track.name)
    book.record(TrackMoved(track.key, at, before, before + count))
    if track.name in run.world.asked and not rises_again(track):
        seen = book.state.seen.get(track.key, {}).get(at)
        book.record(MarkSeen(track.key, at, seen, (before if seen is None else seen) + count))


def _next(track: ir.TrackDef, env: Env) -> int | None:
    """The first day of the occurrence after the one that holds the day at hand; None where none comes."""
    if track.window.kind != "period":
        return None
    period = env.run.world.periods[track.window.period].period
    found = times.context(period, env)
    follows = None if found is None else next_occurrence(period, env.run.today, found, env.run.instant)
    return None if follows is None else follows.first_day
