"""What a state holds, held against what its program keeps: what lots remember, how tracks are kept, what was settled.

In: a state of the right shape and a program. Out: the parts that the program cannot go on from, each with the reason.
Nothing of a state vanishes unseen: a number that the program would no longer look at is named here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

from rules_engine import ir
from rules_engine.calendar import END_DAY, FIRST_DAY, format_date
from rules_engine.decoding.faults import Place, Wrong, clean, fault, listed, shown
from rules_engine.decoding.fields import TEXT_MAX, VALUE_MAX, bounds_of, read, world_of
from rules_engine.decoding.keys import declared, is_key, key_kind
from rules_engine.occurrences import Context, occurrence
from rules_engine.outcome import Fault, Value
from rules_engine.periods import Calendar
from rules_engine.state import Lot, State
from rules_engine.values import ValueFault

Broken: TypeAlias = tuple[str, str]
"""A part that cannot be: where, and why."""

# ---- what lots remember ----

_DAY_SECONDS: Final = 86_400
_NUMBERS: Final = {
    "date": (FIRST_DAY, END_DAY - 1),
    "time": (0, _DAY_SECONDS - 1),
    "instant": (FIRST_DAY * _DAY_SECONDS, END_DAY * _DAY_SECONDS - 1),
}
_WORDS: Final = {"date": "a day as a number", "instant": "an instant as a number", "time": "a time in seconds"}


def misfit(field: ir.FieldDef, value: Value, program: ir.Program) -> str:
    """Why a lot cannot remember a value under a field, in the words of the state; empty where it can."""
    match field.kind:
        case "text" | "member" | "choice" | "flag":
            return "" if _reads(field, value, program) else _not(value, _said(field))
        case _:
            low, high = _bounds(field, program)
            if type(value) is not int or not low <= value <= high:
                return _not(value, _WORDS.get(field.kind, f"a whole number from {low} to {high}"))
            return ""


def _reads(field: ir.FieldDef, value: Value, program: ir.Program) -> bool:
    try:
        read(field, value, world_of(program))
    except (Wrong, ValueFault):
        return False
    return True


def _bounds(field: ir.FieldDef, program: ir.Program) -> tuple[int, int]:
    if field.kind == "tier":
        return 0, len(program.tiers.rungs) - 1 if program.tiers is not None else -1
    return _NUMBERS.get(field.kind) or bounds_of(field)


def _said(field: ir.FieldDef) -> str:
    match field.kind:
        case "choice":
            return f"one of {listed(field.choices)}"
        case "flag":
            return "true or false"
        case _:
            return f"text of at most {field.high or TEXT_MAX} characters"


def _not(value: Value, wanted: str) -> str:
    return f"it is {shown(value)}, and must be {wanted}"


def wrong_facts(lots: Iterable[Lot], program: ir.Program) -> Iterator[Broken]:
    """What lots remember that their units do not, or not so."""
    fields = {unit.name: {field.name: field for field in unit.remembers} for unit in program.units}
    for number, lot in enumerate(lots):
        for name, value in lot.facts.items():
            field = fields.get(lot.unit, {}).get(name)
            if field is None:
                reason = f"a lot of `{clean(lot.unit)}` remembers no such fact"
            else:
                reason = "" if value is None else misfit(field, value, program)
            if reason:
                yield f"lots[{number}].facts.{clean(name)}", reason


def too_many(lots: Iterable[Lot]) -> Iterator[Broken]:
    """Units whose lots come to more than an amount can hold."""
    sums: dict[str, int] = {}
    for lot in lots:
        sums[lot.unit] = sums.get(lot.unit, 0) + lot.left
    for unit, left in sums.items():
        if left > VALUE_MAX:
            yield "lots", f"the lots of `{clean(unit)}` come to more than an amount can hold"


# ---- how tracks are kept ----

Shape: TypeAlias = Literal["one number", "a day", "a streak", "different values", "a number for each key"]
_PARTS: Final[dict[Shape, tuple[str, ...]]] = {
    "one number": ("tracks", "seen"),
    "a day": ("tracks",),
    "a streak": ("tracks", "streaks", "seen"),
    "different values": ("keys", "seen"),
    "a number for each key": ("keyed",),
}
"""Where a state keeps a track, by what the track is."""
_PART_OF: Final[dict[str, Shape]] = {
    "tracks": "one number", "streaks": "a streak", "keys": "different values", "seen": "one number",
    "keyed": "a number for each key",
}  # fmt: skip


def shape_of(track: ir.TrackDef) -> Shape:
    """What a track keeps."""
    if track.by_key is not None:
        return "a number for each key"
    match track.kind:
        case "distinct":
            return "different values"
        case "streak":
            return "a streak"
        case "first day" | "last day":
            return "a day"
        case "sum" | "count":
            return "one number"


def tracks_by_part(tracks: Iterable[ir.TrackDef]) -> dict[str, frozenset[str]]:
    """The keys of the tracks that each part of a state may speak of."""
    shapes = {track.key: shape_of(track) for track in tracks}
    return {part: frozenset(key for key in shapes if part in _PARTS[shapes[key]]) for part in _PART_OF}


def kept_otherwise(state: State, program: ir.Program, place: Place) -> Iterator[Fault]:
    """Tracks of which the state keeps something that the program does not look at, or more keys than it holds."""
    for track in program.tracks:
        shape = shape_of(track)
        for part, was in _PART_OF.items():
            if part not in _PARTS[shape] and _days(state, part, track.key):
                yield fault("V134", place, f"track {clean(track.key)}", track=clean(track.key), was=was, now=shape)
                break
        most = max((len(values) for values in state.keyed.get(track.key, {}).values()), default=0)
        if track.by_key is not None and track.keys_max and most > track.keys_max:
            data = {"track": clean(track.key), "found": str(most), "high": str(track.keys_max)}
            yield fault("V135", place, f"track {clean(track.key)}", **data)


def wrong_keys(state: State, program: ir.Program) -> Iterator[Broken]:
    """Keys that are none of their track's."""
    if not state.keyed:
        return
    fields = declared(program)
    for track in program.tracks:
        kind = "text" if track.by_key is None else key_kind(track, fields)
        for values in state.keyed.get(track.key, {}).values():
            for word in values:
                if not is_key(word, kind):
                    wanted = "`yes` or `no`" if kind == "flag" else "a number"
                    yield f"keyed.{clean(track.key)}.{clean(word)}", f"a key of this track is {wanted}"


def _days(state: State, part: str, track: str) -> dict[int, object]:
    by_track: dict[str, dict[int, object]] = getattr(state, part)
    return by_track.get(track, {})


# ---- what was settled ----

_EDGE: Final = re.compile(r"(?:end|start) of (.+?)(?:, settled after .*)?$", re.DOTALL)
_FIXED: Final[dict[str, Calendar]] = {
    "calendar day": Calendar("day"), "calendar month": Calendar("month"), "calendar quarter": Calendar("quarter"),
    "calendar year": Calendar("year"),
}  # fmt: skip
"""Periods whose days no program can choose, nor another version of it."""


def never_settled(state: State) -> Iterator[Broken]:
    """Schedules that are none, and days on which no such period begins. One that the program does not have may be that
    of a rule that is gone, and a period that is declared may have had other days: they are kept."""
    for name, day in state.settled.items():
        edge = _EDGE.match(name)
        if edge is None:
            yield f"settled.{clean(name)}", "a schedule is called `end of` or `start of` a period"
        elif FIRST_DAY <= day < END_DAY and not _begins(_FIXED.get(edge[1]), day):
            yield f"settled.{clean(name)}", f"no {edge[1]} begins on {format_date(day)}"


def _begins(period: Calendar | None, day: int) -> bool:
    found = None if period is None else occurrence(period, day, Context())
    return found is None or found.first_day == day
