"""Limits that are more than a plain counter, as ops on blocks of entries.

In: a limit and a scene. Out: registers of what it leaves, and rows that count what is taken of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing import tracking
from rules_engine.backends.columnar.writing.arithmetic import (
    on_lines,
    whole,
)
from rules_engine.backends.columnar.writing.expressions import number
from rules_engine.backends.columnar.writing.making import NotColumnar
from rules_engine.backends.columnar.writing.tracking import (
    TODAY,
    Block,
    block,
    occurrence,
    register,
    room,
)

if TYPE_CHECKING:
    from rules_engine.backends.columnar.writing.drawing import Drawing
    from rules_engine.backends.columnar.writing.scene import Scene

# ---- limits


def is_plain_limit(limit: ir.LimitDef, drawing: Drawing) -> bool:
    """Whether a limit simply counts for a member by an occurrence of the event's day."""
    scope = limit.scope
    simple = limit.owner == "member" and not limit.keys and scope.by is None and not scope.by_line
    known = scope.window.kind in ("lifetime", "period", "rolling") and scope.window.unit not in tracking.HOURS
    return simple and known and not tracking.hangs_on_facts(scope.window, drawing)


class Limited(msgspec.Struct, frozen=True):
    """A limit at work: the registers of its occurrence, its window, its key (-1: none)."""

    number: int
    block: Block
    at: int
    since: int
    key: int


def limited(limit: ir.LimitDef, on: Scene) -> Limited:
    """A limit that is more than a plain counter, for the event at hand."""
    where, scope = on.where, limit.scope
    if limit.owner == "shared":
        raise NotColumnar(f"{where}: all members share a limit")
    if limit.owner != "member" or (scope.by_line and (scope.by is None or scope.window.kind in ("rolling", "last"))):
        raise NotColumnar(f"{where}: a limit is not simply per member and period")
    if limit.keys:
        raise NotColumnar(f"{where}: a limit counts for each value of a field")
    ahead = scope.by is not None
    found = block("limit", limit.key, "", room(scope.window, ahead), 0, on.drawing)
    if scope.by_line:
        line = on.on_line()
        assert scope.by is not None
        at = on_lines(whole(occurrence(scope.window, number(scope.by, line), line), 1, line), line).at
    else:
        day = TODAY if scope.by is None else number(scope.by, on)
        at = register(occurrence(scope.window, day, on), on)
    most = limit.times if limit.times is not None else limit.amount
    assert most is not None
    number_of = on.drawing.kept_limit(limit.key, found.slot, most)
    return Limited(number_of, found, at, tracking.since(scope.window, on), -1)


def left(limit: ir.LimitDef, own: Limited, on: Scene) -> int:
    """The register of what a limit leaves."""
    make, most = on.make, limit.times if limit.times is not None else limit.amount
    assert most is not None
    moves = own.since >= 0
    at = make.scalar(ops.OR_ZERO, own.at)
    if moves and limit.scope.by is not None:
        raise NotColumnar(f"{on.where}: a limit by a day of a field is kept for the last days")
    used = make.scalar(ops.KEPT_SUM, own.since if moves else at, k=own.block.at, m=2 if moves else 0)
    room_left = make.scalar(ops.LINEAR, used, k=-1, n=most)
    if moves or limit.scope.window.kind == "lifetime":
        return room_left
    free = make.scalar(ops.CONST, k=ops.AMOUNT_MAX)
    return make.scalar(ops.CHOOSE, make.scalar(ops.HAS, own.at), room_left, n=free)


def take(own: Limited, amount: int, on: Scene) -> None:
    """Count what is given, or a time."""
    on.make.put(ops.KEPT_ADD, 0, amount, own.at, own.block.at, -1, own.since)
