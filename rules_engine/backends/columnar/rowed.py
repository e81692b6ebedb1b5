"""Constants that rules of one shape differ in, as nodes of the core and as ops: each rule has a row of a table.

In: a rule that stands for its shape, in which such nodes stand for constants. Out: registers that hold what the row of
each event says. `R[ROW]` is the row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.arithmetic import Flag, Number
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.making import NotColumnar
from rules_engine.backends.columnar.numbering import Row
from rules_engine.backends.columnar.piece import Here
from rules_engine.backends.columnar.spans import Span

if TYPE_CHECKING:
    from rules_engine.backends.columnar.chunks import Walk
    from rules_engine.backends.columnar.scene import Scene

SET_SHIFT: Final = 2**40
"""The values of all rows' sets stand in one sorted stretch, each moved by so much for each row."""
SET_MOST: Final = 2**39 - 1
"""What lies further from 0 is in no such set."""


class RowNumber(ir.Node, frozen=True):
    """The number `pool[at_pool + row] / den`, or the code of a `text`; `low` and `high` are the least and the most."""

    at_pool: int
    den: int
    low: int
    high: int
    text: bool = False


class RowAmong(ir.Node, frozen=True):
    """Whether a value is among the constants of the row; all rows' are `count` numbers from `at_pool` on."""

    value: ir.Expr
    at_pool: int
    count: int


# ---- as rows of code


def row_number(expr: RowNumber, on: Scene) -> Number:
    """The number that the row of an event holds."""
    return Number(_register(expr, on), 1, expr.den, Span(expr.low, expr.high))


def _register(expr: RowNumber, on: Scene) -> int:
    key = ("row", expr.at_pool)
    found: int | None = on.make.kept.get(key)
    if found is None:
        found = on.make.kept[key] = on.make.scalar(ops.ROW_VALUE, k=expr.at_pool)
    return found


def row_field_is(column: int, expr: RowNumber, on: Scene) -> Flag:
    """Whether a field of each line is the text of the row."""
    return Flag(on.make.vector(ops.ROW_FIELD_IS, a=_register(expr, on), b=column), True)


def row_sum_at(each: int, column: int, expr: RowNumber, on: Scene) -> int:
    """The register of the sum of a vector over the lines on which a field is the text of the row."""
    return on.make.scalar(ops.ROW_SUM_AT, each, column, _register(expr, on))


def row_among(found: Number | None, expr: RowAmong, on: Scene) -> Flag:
    """Whether a value is among the constants of the row."""
    if found is None or found.fixed or found.num != 1 or found.den != 1:
        raise NotColumnar(f"{on.where}: a fraction is looked up in a list")
    if found.lined:
        return Flag(on.make.vector(ops.ROW_AMONG_LINES, found.at, k=expr.at_pool, n=expr.count), True)
    return Flag(on.make.scalar(ops.ROW_AMONG, found.at, k=expr.at_pool, n=expr.count))


def rows_of_sets(sets: list[list[int]]) -> list[int]:
    """The sets of all rows, as `ROW_AMONG` reads them; empty where a value lies too far from 0."""
    if any(abs(value) > SET_MOST for values in sets for value in values):
        return []
    return [row * SET_SHIFT + value for row, values in enumerate(sets) for value in sorted(set(values))]


# ---- as NumPy does them


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
