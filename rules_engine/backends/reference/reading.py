"""Reading a state: tracks, what marks have seen, balances, the tier. Nothing here moves anything.

A track of the household is read in the household's state, every other in the member's.
"""

from __future__ import annotations

from collections.abc import Iterable

from rules_engine import ir
from rules_engine.backends.reference import keys, times
from rules_engine.backends.reference.lots import balance, last_day, whichever
from rules_engine.backends.reference.run import Book, Env, Key, Run
from rules_engine.state import Holding

__all__ = [
    "balance",
    "held",
    "keeps_day",
    "key_values",
    "last_day",
    "live_holdings",
    "rises_again",
    "seen_before",
    "seen_key",
    "track_book",
    "track_read",
    "track_value",
    "whichever",
    "window_keys",
]


def track_book(track: ir.TrackDef, run: Run) -> Book:
    """Where a track is kept."""
    return run.pool if track.owner == "household" else run.book


def track_value(track: ir.TrackDef, day: int, env: Env, previous: bool = False) -> int:
    """A track as it stands, in the occurrence that holds a day (or the one before); 0 where there is none. A track by
    key is the sum over its keys."""
    if track.by_key is not None:
        return sum(key_values(track, day, env, previous).values())
    if track.kind == "distinct":
        return len(_different(track, day, env, previous))
    if keeps_day(track):
        return track_read(track, day, env, previous) or 0
    values = _values(track, env)
    if times.moves(track.window):
        return sum(values[key] for key in window_keys(track.window, values, day, env))
    key = _occurrence_key(track, day, env, previous)
    if key is None:
        return 0
    if track.kind == "streak" and not previous and not _unbroken(track, key, day, env):
        return 0
    return values.get(key, 0)


def track_read(track: ir.TrackDef, day: int, env: Env, previous: bool = False) -> int | None:
    """The same, as rules read it: a first or last day is absent where there was none."""
    if not keeps_day(track):
        return track_value(track, day, env, previous)
    values = _values(track, env)
    if times.moves(track.window):
        places = window_keys(track.window, values, day, env)
    else:
        key = _occurrence_key(track, day, env, previous)
        places = [] if key is None or key not in values else [key]
    days = [values[place] for place in places]
    return (min if track.kind == "first day" else max)(days, default=None)


def keeps_day(track: ir.TrackDef) -> bool:
    """Whether a track keeps the first or the last day of something."""
    return track.kind in ("first day", "last day")


def _values(track: ir.TrackDef, env: Env) -> dict[int, int]:
    return track_book(track, env.run).state.tracks.get(track.key, {})


def _occurrence_key(track: ir.TrackDef, day: int, env: Env, previous: bool) -> int | None:
    return times.previous_key(track.window, day, env) if previous else times.key_of(track.window, day, env)


def key_values(track: ir.TrackDef, day: int, env: Env, previous: bool = False) -> dict[Key, int]:
    """What a track by key holds for each, in the occurrence that holds a day, or the one before; keys ascending."""
    kept = track_book(track, env.run).state.keyed.get(track.key, {})
    if times.moves(track.window):
        places = window_keys(track.window, kept, day, env)
    else:
        place = _occurrence_key(track, day, env, previous)
        places = [] if place is None or place not in kept else [place]
    found: dict[str, int] = {}
    for at in places:
        for written, value in kept[at].items():
            found[written] = found.get(written, 0) + value
    values = {keys.meant(written, track, env.run.world): value for written, value in found.items()}
    return {key: values[key] for key in keys.ascending(values)}


def window_keys(window: ir.Window, values: Iterable[int], day: int, env: Env) -> list[int]:
    """The keys that a moving window counts on a day: (day - span, day]."""
    since = times.keys_back(window, day, env)
    assert since is not None
    return [key for key in values if since <= key <= day]


def _different(track: ir.TrackDef, day: int, env: Env, previous: bool) -> set[str]:
    values = track_book(track, env.run).state.keys.get(track.key, {})
    if times.moves(track.window):
        return {value for key in window_keys(track.window, values, day, env) for value in values[key]}
    key = _occurrence_key(track, day, env, previous)
    return set(values.get(key, ())) if key is not None else set()


def _unbroken(track: ir.TrackDef, key: int, day: int, env: Env) -> bool:
    """A streak is 0 once a whole period was missed: the last one met is the day's own, or the one before."""
    met = track_book(track, env.run).state.streaks.get(track.key, {}).get(key)
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
    seen = track_book(track, env.run).state.seen.get(track.key, {}).get(key)
    return env.run.opening[track.name] if seen is None else seen


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
