"""The ops on constants that rules of one shape differ in, for many events at once: `R[ROW]` is the row of an event."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.terms import SET_MOST, SET_SHIFT
from rules_engine.backends.columnar.walking.numbering import Row
from rules_engine.backends.columnar.walking.piece import Here

if TYPE_CHECKING:
    from rules_engine.backends.columnar.walking.chunks import Walk


def _value(walk: Walk, here: Here, row: Row) -> None:
    here.write(row[1], walk.pool[row[4] + here.read(ops.ROW)])


def _field_is(_: Walk, here: Here, row: Row) -> None:
    here.lay(row[1], _field(here, row[3]) == here.read(row[2])[here.of_line])


def _sum_at(_: Walk, here: Here, row: Row) -> None:
    chosen = _field(here, row[3]) == here.read(row[4])[here.of_line]
    here.write(row[1], here.summed(np.where(chosen, here.vector(row[2]), 0)))


def _field(here: Here, row: int) -> Ints:
    found: Ints = here.piece.batch.lines[row, here.piece.lines[here.lines]]
    return found


def _among(walk: Walk, here: Here, row: Row) -> None:
    here.write(row[1], _met(walk, here.read(row[2]), here.read(ops.ROW), row))


def _among_lines(walk: Walk, here: Here, row: Row) -> None:
    here.lay(row[1], _met(walk, here.vector(row[2]), here.read(ops.ROW)[here.of_line], row))


def _met(walk: Walk, values: Ints, rows: Ints, row: Row) -> Flags:
    sets = walk.pool[row[4] : row[4] + row[6]]
    near = (values >= -SET_MOST) & (values <= SET_MOST)
    wanted = rows * SET_SHIFT + np.where(near, values, 0)
    found: Flags = near & (sets[np.minimum(np.searchsorted(sets, wanted), row[6] - 1)] == wanted)
    return found


ROWED: Final[dict[int, Callable[[Walk, Here, Row], None]]] = {
    ops.ROW_VALUE: _value,
    ops.ROW_FIELD_IS: _field_is,
    ops.ROW_SUM_AT: _sum_at,
    ops.ROW_AMONG: _among,
    ops.ROW_AMONG_LINES: _among_lines,
}
"""By op, what it does."""
