"""Marks of tracks, and rates that go across their bounds.

In: a track, what an event adds to it, and a scene. Out: what the track was before the event, what reward stages have
seen of it, and what each slice of what is added earns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing import tracking
from rules_engine.backends.columnar.writing.arithmetic import (
    Number,
    bounded,
    compared,
    constant,
    either,
    plain,
    times,
    total,
    whole,
)
from rules_engine.backends.columnar.writing.expressions import number
from rules_engine.backends.columnar.writing.making import NotColumnar
from rules_engine.backends.columnar.writing.spans import Span
from rules_engine.backends.columnar.writing.tracking import (
    HELD,
    TODAY,
    Block,
    block,
    block_of,
    is_counter,
    occurrence,
    read,
    register,
    room,
)

if TYPE_CHECKING:
    from rules_engine.backends.columnar.writing.drawing import Drawing
    from rules_engine.backends.columnar.writing.scene import Scene

# ---- rates across the bounds of a track


Sliced: TypeAlias = tuple[Number, Number]
"""What an event adds to a track, and what the track was before."""


def sliced(track: ir.TrackDef, moving: tracking.Moving, on: Scene) -> Sliced:
    """Of a track with a block."""
    make, at = on.make, moving.at
    if moving.value is None:
        raise NotColumnar(f"{on.where}: rates go across its bounds")
    if track.window.kind in ("rolling", "last"):
        before = make.scalar(ops.COPY, read(track, previous=False, on=on).at)
    else:
        before = make.scalar(ops.KEPT_SUM, at, k=block_of(track, on.drawing).at)
    own = make.scalar(ops.CHOOSE, make.scalar(ops.HAS, at), moving.value.at, n=make.scalar(ops.CONST))
    return Number(own, 1, 1, moving.value.span), Number(before, 1, 1, Span(-HELD, HELD))


def sliced_counter(track: ir.TrackDef, value: Number, on: Scene) -> Sliced:
    """Of a track with a counter of its own."""
    make, own = on.make, value.at
    before = make.scalar(ops.COPY, on.track(track.name, previous=False).at)
    if track.window.kind == "period":
        at = register(occurrence(track.window, TODAY, on), on)
        own = make.scalar(ops.CHOOSE, make.scalar(ops.HAS, at), own, n=make.scalar(ops.CONST))
    return Number(own, 1, 1, value.span), Number(before, 1, 1, Span(-HELD, HELD))


def across(expr: ir.Across, found: Sliced | None, on: Scene) -> Number:
    """Each part of what an event adds earns its row's rate; on the way back, the exact negative."""
    if found is None:
        return constant(0)
    own, before = found
    after = total([before, own], on)
    low, high = bounded(before, after, "least", on), bounded(before, after, "most", on)
    parts = []
    for place, rate in enumerate(expr.rates):
        start = low if place == 0 else bounded(low, constant(expr.bounds[place]), "most", on)
        last = place + 1 == len(expr.rates)
        end = high if last else bounded(high, constant(expr.bounds[place + 1]), "least", on)
        size = bounded(total([end, times(start, constant(-1), on)], on), constant(0), "most", on)
        # No part is larger than what the event adds.
        parts.append(times(msgspec.structs.replace(size, span=Span(0, own.span.size)), number(rate, on), on))
    found_sum = total(parts, on)
    back = compared("<", own, constant(0), on)
    return either(back, times(found_sum, constant(-1), on), found_sum, on)


# ---- marks


def rises_again(track: ir.TrackDef) -> bool:
    """Whether a track has no occurrences in which a mark fires once."""
    return track.window.kind in ("rolling", "last") or track.kind == "streak"


def seen_block(track: ir.TrackDef, drawing: Drawing) -> Block:
    """Where it is kept what reward stages saw of a track."""
    return block("seen", track.key, "", room(track.window, ahead=False) + 1, 0, drawing)


def open_marks(on: Scene) -> None:
    """What the marked tracks are before the event."""
    for track in on.drawing.world.marked[on.event.name]:
        if track.window.kind == "trial":
            raise NotColumnar(f"track `{track.name}`: it is kept while a match is on trial, and reaches a mark")
        found = plain(on.track(track.name, previous=False), on)
        on.openings[track.name] = on.make.scalar(ops.COPY, whole(found, 1, on).at)


def see(on: Scene) -> None:
    """Remember the highest that this reward stage saw of each occurrence."""
    for track in on.drawing.world.marked[on.event.name]:
        if rises_again(track):
            continue
        now = whole(plain(on.track(track.name, previous=False), on), 1, on).at
        at = register(occurrence(track.window, TODAY, on), on)
        on.make.put(ops.KEPT_RAISE, a=now, b=at, k=seen_block(track, on.drawing).at)


def forget(on: Scene) -> None:
    """What was seen of occurrences that are kept no more is forgotten with them."""
    drawing = on.drawing
    for track in drawing.world.marked[on.event.name]:
        if rises_again(track) or track.window.kind == "lifetime":
            continue
        if is_counter(track, drawing):
            slot, window = drawing.track_rows[drawing.track(track)][0], 2
            place = on.make.stretch((slot, window, 2, 0))
        else:
            place = block_of(track, drawing).at
        on.make.put(ops.KEPT_FORGET, k=seen_block(track, drawing).at, n=place)
