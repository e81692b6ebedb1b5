"""Tracks: what an event adds to each, and how they move, once, between earns and the judging of tiers.

`contributions` is worked out before anything else happens, from the tracks as they were, so that `across` slices
exactly what will be added. Tracks that count what rules give move twice: after the earns, and after the rewards, whose
gifts are first seen by the next event.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import times
from rules_engine.backends.reference.expressions import day, evaluate, number, on_lines, truth
from rules_engine.backends.reference.reading import rises_again, seen_key, track_value
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.trace import noting
from rules_engine.outcome import Award
from rules_engine.state import AMOUNT_MAX, KeySeen, MarkSeen, StreakMet, TrackDropped, TrackMoved


def contributions(run: Run) -> dict[str, dict[int, int]]:
    """What the event adds to each sum and count, by occurrence; tracks of gifts have an entry once the event moves
    them.
    """
    found = {}
    for track in run.world.core.tracks:
        if track.kind in ("sum", "count") and _moved_by(track, run):
            found[track.name] = {} if track.given else _added(track, Env(run))
    return found


def bases(run: Run) -> dict[str, dict[int, int]]:
    """What each track is before the event where the event adds to it: a moving window as it stands today, else the
    occurrence."""
    env = Env(run)
    return {name: {key: _base(run.world.tracks[name], key, env) for key in keys} for name, keys in run.added.items()}


def _base(track: ir.TrackDef, key: int, env: Env) -> int:
    if times.moves(track.window):
        return track_value(track, env.run.today, env)
    return env.run.state.tracks.get(track.key, {}).get(key, 0)


def _moved_by(track: ir.TrackDef, run: Run) -> bool:
    """Whether this event is one that the track is `on`, and its `where` holds."""
    assert run.event is not None
    if run.member is None or not (run.event.name in track.events or (track.given and not track.events)):
        return False
    with noting(run.trace, []):
        return truth(track.where, Env(run))


def _added(track: ir.TrackDef, env: Env) -> dict[int, int]:
    with noting(env.run.trace, []):
        if not track.by_line:
            value = Fraction(1) if track.value is None else number(track.value, env)
            key = _key(track, env)
            return {} if key is None else {key: _whole(value)}
        sums: dict[int, int] = {}
        for on in on_lines(env):
            key = _key(track, on) if truth(track.line_where, on) else None
            if key is not None:
                value = Fraction(1) if track.value is None else number(track.value, on)
                sums[key] = sums.get(key, 0) + _whole(value)
        return sums


def _whole(value: Fraction) -> int:
    assert value.denominator == 1, "a track counts whole minor units"
    return value.numerator


def _key(track: ir.TrackDef, env: Env) -> int | None:
    """The occurrence that this event, or line, belongs to; None where its day is absent or in none."""
    when = env.run.today if track.by is None else day(track.by, env)
    return None if when is None else times.key_of(track.window, when, env)


# ---- moving ----


class Met(msgspec.Struct, frozen=True):
    """What an event brings to the tracks that are no sums: new values with their occurrences, and streaks to step."""

    values: tuple[tuple[ir.TrackDef, list[tuple[int, str]]], ...]
    streaks: tuple[ir.TrackDef, ...]


def met(run: Run) -> Met:
    """Like `contributions`, from everything as it was before the event."""
    env, core = Env(run), run.world.core
    moved = [track for track in core.tracks if track.kind in ("distinct", "streak") and _moved_by(track, run)]
    values = tuple((track, _met(track, env)) for track in moved if track.kind == "distinct")
    return Met(values, tuple(track for track in moved if track.kind == "streak"))


def move(brought: Met, run: Run) -> None:
    """The one move: this event, and what its earns gave."""
    env = Env(run)
    for name, added in run.added.items():
        _add(run.world.tracks[name], added, env)
    move_given(run.awards, run)
    for track, seen in brought.values:
        _see(track, seen, env)
    for track in brought.streaks:
        _step(track, env)


def move_given(awards: Iterable[Award], run: Run) -> None:
    """Add what rules gave to the tracks that count it."""
    env = Env(run)
    given = list(awards)
    for name in run.added:
        track = run.world.tracks[name]
        if track.given:
            total = sum(
                each.given
                for each in given
                if each.unit == track.given and (not track.rules or each.rule in track.rules)
            )
            key = _key(track, env)
            if key is not None:
                _add(track, {key: total}, env)


def _add(track: ir.TrackDef, added: dict[int, int], env: Env) -> None:
    run = env.run
    for key, count in sorted(added.items()):
        before = run.state.tracks.get(track.key, {}).get(key, 0)
        if abs(before + count) > AMOUNT_MAX:
            raise run.refused("V150", track.name, track=track.name)
        if count:
            run.record(TrackMoved(track.key, key, before, before + count))


def _met(track: ir.TrackDef, env: Env) -> list[tuple[int, str]]:
    """The values of a `distinct` track on this event, with their occurrences, in order, each once."""
    assert track.value is not None
    found = []
    with noting(env.run.trace, []):
        for on in on_lines(env):
            value = evaluate(track.value, on) if truth(track.line_where, on) else None
            key = _key(track, on) if value is not None else None
            if key is not None:
                found.append((key, _text(value)))
    return sorted(set(found))


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, int | Fraction) else str(value)


def _see(track: ir.TrackDef, met: list[tuple[int, str]], env: Env) -> None:
    run = env.run
    for key, value in met:
        if value not in run.state.keys.get(track.key, {}).get(key, ()):
            run.record(KeySeen(track.key, key, value))
    if track.keys_max and track_value(track, run.today, env) > track.keys_max:
        raise run.refused("V151", track.name, track=track.name, high=str(track.keys_max))


def _step(track: ir.TrackDef, env: Env) -> None:
    """A streak: one more if the period before was met, the same within one period, else it starts again at 1."""
    run = env.run
    when = run.today if track.by is None else day(track.by, env)
    key = None if when is None else times.key_of(track.window, when, env)
    found = None if when is None else times.occurrence_of(track.streak, when, env)
    if key is None or found is None:
        return
    met = run.state.streaks.get(track.key, {}).get(key)
    before = run.state.tracks.get(track.key, {}).get(key, 0)
    if met is not None and met >= found.first_day:
        return
    unbroken = met is not None and met == times.last_before(track.streak, found.first_day, env)
    run.record(StreakMet(track.key, key, met, found.first_day))
    if before != (after := before + 1 if unbroken else 1):
        run.record(TrackMoved(track.key, key, before, after))


# ---- marks ----


def opening(run: Run) -> dict[str, int]:
    """What the marked tracks are before the event."""
    return {track.name: track_value(track, run.today, Env(run)) for track in _marked(run)}


def _marked(run: Run) -> tuple[ir.TrackDef, ...]:
    assert run.event is not None
    return run.world.marked[run.event.name]


def see(run: Run) -> None:
    """Remember the highest that this reward stage saw of an occurrence, unless it is still 0 and was never seen."""
    env = Env(run)
    for track in _marked(run):
        key = None if rises_again(track) else seen_key(track, env)
        if key is None:
            continue
        before, now = run.state.seen.get(track.key, {}).get(key), track_value(track, run.today, env)
        if now if before is None else now > before:
            run.record(MarkSeen(track.key, key, before, now))


def tidy(run: Run) -> None:
    """Drop, of the tracks that moved, the occurrences that nothing can read any more."""
    moved = {change.track for change in run.changes if isinstance(change, TrackMoved | KeySeen)}
    for track in run.world.core.tracks:
        if track.key in moved:
            values = run.state.tracks.get(track.key, {})
            sizes = {key: len(found) for key, found in run.state.keys.get(track.key, {}).items()}
            for key in times.outdated(track.window, values | sizes, Env(run)):
                run.record(TrackDropped(track.key, key, (values | sizes)[key]))
