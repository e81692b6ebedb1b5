"""Tracks: what an event adds to each, and how they move, once, between earns and the judging of tiers.

`contributions` is worked out before anything else happens, from the tracks as they were, so that `across` slices
exactly what will be added. Tracks that count what rules give move twice: after the earns, and after the rewards, whose
gifts are first seen by the next event; so do those that count what events take.

An occurrence that is settled does not move any more: what an event would have added to it is left out, and the event is
late.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import keyed, schedules, times
from rules_engine.backends.reference.expressions import day, evaluate, number, on_lines, truth
from rules_engine.backends.reference.keyed import KeyCounts
from rules_engine.backends.reference.reading import keeps_day, rises_again, seen_key, track_book, track_value
from rules_engine.backends.reference.run import Book, Env, Run
from rules_engine.backends.reference.trace import noting
from rules_engine.outcome import Award, Taken
from rules_engine.state import AMOUNT_MAX, KeyMoved, KeySeen, MarkSeen, StreakMet, TrackDropped, TrackMoved


def contributions(run: Run, only: frozenset[str] | None = None) -> dict[str, dict[int, int]]:
    """What the event adds to each sum and count, or to some of them, by occurrence; tracks of what is given or taken
    have an entry once the event moves them. Tracks by key stand apart, see `met`.
    """
    found = {}
    for track in run.world.core.tracks:
        if only is not None and track.name not in only:
            continue
        if track.kind in ("sum", "count") and track.by_key is None and _moved_by(track, run):
            found[track.name] = {} if _of_units(track) else _added(track, Env(run))
    return found


def _of_units(track: ir.TrackDef) -> bool:
    """Whether a track counts what rules give or take."""
    return bool(track.given or track.used)


def bases(run: Run) -> dict[str, dict[int, int]]:
    """What each track is before the event where the event adds to it: a moving window as it stands today, else the
    occurrence."""
    env = Env(run)
    return {name: {key: _base(run.world.tracks[name], key, env) for key in keys} for name, keys in run.added.items()}


def _base(track: ir.TrackDef, key: int, env: Env) -> int:
    if times.moves(track.window):
        return track_value(track, env.run.today, env)
    return _at(track, key, env.run)


def _at(track: ir.TrackDef, key: int, run: Run) -> int:
    return track_book(track, run).state.tracks.get(track.key, {}).get(key, 0)


def _moved_by(track: ir.TrackDef, run: Run) -> bool:
    """Whether this event is one that the track is `on`, and its `where` holds."""
    assert run.event is not None
    if run.member is None or not (run.event.name in track.events or (_of_units(track) and not track.events)):
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
    """The occurrence that this event, or line, belongs to; None where its day is absent, in none, or in one that is
    settled. What a scheduled event gives or takes belongs to the day it is posted, but of a track per its own period to
    the occurrence that it is of."""
    run = env.run
    posted = _of_units(track) and not schedules.is_own(track.window, run)
    when = day(track.by, env) if track.by is not None else run.posted if posted else run.today
    found = None if when is None else times.key_of(track.window, when, env)
    if found is None or not schedules.is_closed(track, found, run):
        return found
    run.late = True
    return None


# ---- moving ----


class Met(msgspec.Struct, frozen=True):
    """What an event brings to the tracks that are no sums: new values with their occurrences, streaks to step, what is
    added for each key, the occurrences whose first or last day it may be."""

    values: tuple[tuple[ir.TrackDef, list[tuple[int, str]]], ...]
    streaks: tuple[ir.TrackDef, ...]
    keyed: tuple[tuple[ir.TrackDef, KeyCounts], ...]
    days: tuple[tuple[ir.TrackDef, int], ...]


def met(run: Run) -> Met:
    """Like `contributions`, from everything as it was before the event."""
    env, core = Env(run), run.world.core
    moved = [track for track in core.tracks if _stands_apart(track) and _moved_by(track, run)]
    values = tuple((track, _met(track, env)) for track in moved if track.kind == "distinct")
    streaks = tuple(track for track in moved if track.kind == "streak")
    with noting(run.trace, []):
        by_key = tuple((track, keyed.added(track, _key, env)) for track in moved if track.by_key is not None)
        days = tuple((track, _key(track, env)) for track in moved if keeps_day(track))
    return Met(values, streaks, by_key, tuple((track, at) for track, at in days if at is not None))


def _stands_apart(track: ir.TrackDef) -> bool:
    return track.by_key is not None or track.kind not in ("sum", "count")


def move(brought: Met, run: Run) -> None:
    """The one move: this event, and what its earns gave."""
    env = Env(run)
    for name, added in run.added.items():
        _add(run.world.tracks[name], added, env)
    move_given(run.awards, run, run.taken)
    for track, counts in brought.keyed:
        keyed.add(track, counts, run)
    for track, at in brought.days:
        _note_day(track, at, run)
    for track, seen in brought.values:
        _see(track, seen, env)
    for track in brought.streaks:
        _step(track, env)


def move_given(awards: Iterable[Award], run: Run, taken: Iterable[Taken] = ()) -> None:
    """Add what rules gave the event's member, and what they took, to the tracks that count it."""
    env = Env(run)
    given = [(each.unit, each.rule, each.given) for each in awards if not each.to]
    used = [(each.unit, each.rule, each.taken) for each in taken]
    for name in run.added:
        track = run.world.tracks[name]
        if _of_units(track):
            total = _total(track, given if track.given else used)
            key = _key(track, env)
            if key is not None:
                _add(track, {key: total}, env)


def _total(track: ir.TrackDef, moved: Iterable[tuple[str, str, int]]) -> int:
    """What moved of a track's unit, by the rules that it names."""
    unit = track.given or track.used
    return sum(count for each, rule, count in moved if each == unit and (not track.rules or rule in track.rules))


def _add(track: ir.TrackDef, added: dict[int, int], env: Env) -> None:
    run = env.run
    for key, count in sorted(added.items()):
        before = _at(track, key, run)
        if abs(before + count) > AMOUNT_MAX:
            raise run.refused("V150", track.name, track=track.name)
        if count:
            track_book(track, run).record(TrackMoved(track.key, key, before, before + count))


def _note_day(track: ir.TrackDef, at: int, run: Run) -> None:
    """The first or the last day of events in an occurrence."""
    days = track_book(track, run).state.tracks.get(track.key, {})
    before, when = days.get(at), run.today
    if before is None or (when < before if track.kind == "first day" else when > before):
        track_book(track, run).record(TrackMoved(track.key, at, before or 0, when))


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
    run, book = env.run, track_book(track, env.run)
    for key, value in met:
        if value not in book.state.keys.get(track.key, {}).get(key, ()):
            book.record(KeySeen(track.key, key, value))
    if track.keys_max and track_value(track, run.today, env) > track.keys_max:
        raise run.refused("V151", track.name, track=track.name, high=str(track.keys_max))


def _step(track: ir.TrackDef, env: Env) -> None:
    """A streak: one more if the period before was met, the same within one period, else it starts again at 1."""
    run, book = env.run, track_book(track, env.run)
    when = run.today if track.by is None else day(track.by, env)
    key = _key(track, env)
    found = None if when is None else times.occurrence_of(track.streak, when, env)
    if key is None or found is None:
        return
    met = book.state.streaks.get(track.key, {}).get(key)
    before = _at(track, key, run)
    if met is not None and met >= found.first_day:
        return
    unbroken = met is not None and met == times.last_before(track.streak, found.first_day, env)
    book.record(StreakMet(track.key, key, met, found.first_day))
    if before != (after := before + 1 if unbroken else 1):
        book.record(TrackMoved(track.key, key, before, after))


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
        book = track_book(track, run)
        before, now = book.state.seen.get(track.key, {}).get(key), track_value(track, run.today, env)
        if now if before is None else now > before:
            book.record(MarkSeen(track.key, key, before, now))


def tidy(run: Run) -> None:
    """Drop, of the tracks that moved, the occurrences that nothing can read any more: no scheduled event either that is
    yet to come and reads them as of a day that has passed."""
    env, moved = Env(run), {id(book): _moved(book) for book in (run.book, run.pool)}
    read_from: int | None = None  # looked for where something is old: what is read of the past only keeps more
    for track in run.world.core.tracks:
        book = track_book(track, run)
        if track.key not in moved[id(book)]:
            continue
        values = _kept(track, run)
        if not times.outdated(track.window, values, env):
            continue
        read_from = schedules.horizon(run) if read_from is None else read_from
        for key in times.outdated(track.window, values, env, read_from):
            book.record(TrackDropped(track.key, key, values[key]))


def _moved(book: Book) -> set[str]:
    """The tracks that moved in a book."""
    return {change.track for change in book.changes if isinstance(change, _MOVES)}


_MOVES: Final = (TrackMoved, KeySeen, KeyMoved)


def _kept(track: ir.TrackDef, run: Run) -> dict[int, int]:
    """What is kept of a track, as one number for each occurrence."""
    state = track_book(track, run).state
    sizes = {key: len(found) for key, found in state.keys.get(track.key, {}).items()}
    sums = {key: sum(found.values()) for key, found in state.keyed.get(track.key, {}).items()}
    return state.tracks.get(track.key, {}) | sizes | sums
