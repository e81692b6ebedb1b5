"""Reading a state: tracks, what marks have seen, balances, the tier. Nothing here moves anything."""

from __future__ import annotations

from collections.abc import Sequence

from rules_engine import ir
from rules_engine.backends.reference import times
from rules_engine.backends.reference.run import Env, Run
from rules_engine.state import Holding, Lot, State


def track_value(track: ir.TrackDef, day: int, env: Env, previous: bool = False) -> int:
    """A track as it stands, in the occurrence that holds a day (or the one before); 0 where there is none."""
    if track.kind == "distinct":
        return len(_different(track, day, env, previous))
    if times.moves(track.window):
        values = env.run.state.tracks.get(track.key, {})
        return sum(values[key] for key in window_keys(track.window, values, day, env))
    key = times.previous_key(track.window, day, env) if previous else times.key_of(track.window, day, env)
    if key is None:
        return 0
    if track.kind == "streak" and not previous and not _unbroken(track, key, day, env):
        return 0
    return env.run.state.tracks.get(track.key, {}).get(key, 0)


def window_keys(window: ir.Window, values: dict[int, int] | dict[int, list[str]], day: int, env: Env) -> list[int]:
    """The keys that a moving window counts on a day: (day - span, day]."""
    since = times.keys_back(window, day, env)
    assert since is not None
    return [key for key in values if since <= key <= day]


def _different(track: ir.TrackDef, day: int, env: Env, previous: bool) -> set[str]:
    values = env.run.state.keys.get(track.key, {})
    if times.moves(track.window):
        return {value for key in window_keys(track.window, values, day, env) for value in values[key]}
    key = times.previous_key(track.window, day, env) if previous else times.key_of(track.window, day, env)
    return set(values.get(key, ())) if key is not None else set()


def _unbroken(track: ir.TrackDef, key: int, day: int, env: Env) -> bool:
    """A streak is 0 once a whole period was missed: the last one met is the day's own, or the one before."""
    met = env.run.state.streaks.get(track.key, {}).get(key)
    found = times.occurrence_of(track.streak, day, env)
    if met is None:
        return False
    if found is None:
        return True
    return met >= found.first_day or met == times.last_before(track.streak, found.first_day, env)


def rises_again(track: ir.TrackDef) -> bool:
    """Whether a track has no occurrences in which a mark fires once: a window that moves, or a streak. It may fall by
    itself, and then reaches a mark again."""
    return times.moves(track.window) or track.kind == "streak"


def seen_key(track: ir.TrackDef, env: Env) -> int | None:
    """Under which key it is remembered what marks have seen of a track."""
    return times.key_of(track.window, env.run.today, env)


def seen_before(track: ir.TrackDef, env: Env) -> int:
    """The highest that a reward stage saw in the occurrence; where none did, or where a track rises again, what the
    track was before this event."""
    if rises_again(track):
        return env.run.opening[track.name]
    key = seen_key(track, env)
    if key is None:
        return 0
    seen = env.run.state.seen.get(track.key, {}).get(key)
    return env.run.opening[track.name] if seen is None else seen


def balance(unit: str, pending: bool, run: Run) -> int:
    """What a member has of a unit: live lots, pending ones only if asked for."""
    return sum(
        lot.left
        for lot in run.state.lots
        if lot.unit == unit and _live(lot, run) and (pending or not _pending(lot, run.standing))
    )


def _pending(lot: Lot, day: int) -> bool:
    return lot.pending is not None and day <= lot.pending


def _live(lot: Lot, run: Run) -> bool:
    until = last_day(lot, run)
    return until is None or run.standing <= until


def last_day(lot: Lot, run: Run) -> int | None:
    """The last day on which a lot is valid: its own, and what its unit counts from the last of some events.

    Such a span counts from the day the lot was earned if that is later than the last of those events.
    """
    unit = run.world.units[lot.unit]
    spans = [life for life in unit.lives if life.after_last]
    if not spans:
        return lot.expires
    days = [_after_last(life, lot, run.state) for life in spans]
    if len(spans) == len(unit.lives):
        return whichever(unit, days) if lot.expires is None else lot.expires
    return whichever(unit, [lot.expires, *days])


def _after_last(life: ir.UnitLife, lot: Lot, state: State) -> int:
    start = max([lot.earned, *(state.last[event] for event in life.after_last if event in state.last)])
    return times.moved(start, life.count, life.unit) - 1


def whichever(unit: ir.UnitDef, days: Sequence[int | None]) -> int | None:
    """The first or the last of several ends; None is no end, so it is the last of all."""
    ends = [day for day in days if day is not None]
    if unit.whichever == "last" and len(ends) < len(days):
        return None
    if not ends:
        return None
    return min(ends) if unit.whichever == "first" else max(ends)


def live_holdings(run: Run, day: int) -> list[Holding]:
    """The holdings that hold on a day."""
    return [each for each in run.state.holdings if each.start <= day and (each.until is None or day <= each.until)]


def held(run: Run, day: int) -> int:
    """The highest rung held on a day; the first rung is everyone's."""
    tiers = run.world.core.tiers
    if tiers is not None and tiers.from_host:
        rung = run.facts.get("tier")
        assert rung is None or isinstance(rung, int)
        return rung or 0
    return max((run.world.rungs[each.tier] for each in live_holdings(run, day)), default=0)
