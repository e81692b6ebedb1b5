"""Tracks by key: what an event adds for each key, and loops over keys."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias

from rules_engine import ir
from rules_engine.backends.reference import keys, times
from rules_engine.backends.reference.expressions import evaluate, number, on_lines, truth
from rules_engine.backends.reference.reading import key_values, track_book
from rules_engine.backends.reference.run import Env, Key, Run
from rules_engine.state import AMOUNT_MAX, KeyMoved

KeyCounts: TypeAlias = dict[tuple[int, str], int]
"""What is added, by occurrence and key."""


# ---- moving ----


def added(track: ir.TrackDef, occurrence: Callable[[ir.TrackDef, Env], int | None], env: Env) -> KeyCounts:
    """What an event adds to a track by key: once, or for each line where the track asks lines. What has no key, or
    falls into no occurrence, adds nothing."""
    by_line = track.key_line or track.by_line
    places = [on for on in on_lines(env) if truth(track.line_where, on)] if by_line else [env]
    found: KeyCounts = {}
    for on in places:
        key = None if track.by_key is None else evaluate(track.by_key, on)
        at = None if key is None else occurrence(track, on if track.by_line else env)
        if at is not None:
            value = Fraction(1) if track.value is None else number(track.value, on)
            assert value.denominator == 1, "a track counts whole minor units"
            place = at, keys.word(key)
            found[place] = found.get(place, 0) + value.numerator
    return found


def add(track: ir.TrackDef, counts: KeyCounts, run: Run) -> None:
    """Move a track; raises `EventRefused` where it would hold more keys than it declares, or too large a number."""
    book = track_book(track, run)
    for (at, key), count in sorted(counts.items()):
        before = book.state.keyed.get(track.key, {}).get(at, {}).get(key)
        after = (before or 0) + count
        if abs(after) > AMOUNT_MAX:
            raise run.refused("V150", track.name, track=track.name)
        if before is None or count:
            book.record(KeyMoved(track.key, at, key, before, after))
    if track.keys_max and any(_held(track, at, run) > track.keys_max for at in {at for at, _ in counts}):
        raise run.refused("V151", track.name, track=track.name, high=str(track.keys_max))


def _held(track: ir.TrackDef, at: int, run: Run) -> int:
    """How many keys a track holds in an occurrence, or in a moving window on the latest day that may be asked about."""
    if times.moves(track.window):
        return len(key_values(track, max(at, run.standing), Env(run)))
    return len(track_book(track, run).state.keyed.get(track.key, {}).get(at, {}))


# ---- loops ----


def turns(loop: ir.KeysDef, env: Env) -> list[Env]:
    """One turn for each key: of the event's lines, or of a track; ascending, or in the order that is written."""
    found = _of_lines(loop, env) if loop.key is not None else _of_track(loop, env)
    if loop.ordering is not None and loop.ordering.by is not None:
        by, descending = loop.ordering.by, loop.ordering.descending
        if isinstance(by, ir.KeyRead):
            return found[::-1] if descending else found
        found.sort(key=lambda at: number(by, at) * (-1 if descending else 1))
    return found


def _of_track(loop: ir.KeysDef, env: Env) -> list[Env]:
    values = key_values(env.run.world.tracks[loop.track], env.run.today, env)
    return [at for at in (env.at(key, value) for key, value in values.items()) if truth(loop.where, at)]


def _of_lines(loop: ir.KeysDef, env: Env) -> list[Env]:
    assert loop.key is not None
    found: set[Key] = set()
    for on in on_lines(env):
        key = evaluate(loop.key, on) if truth(loop.where, on) else None
        if key is not None:
            assert not isinstance(key, tuple)
            found.add(key)
    return [env.at(key) for key in keys.ascending(found)]
