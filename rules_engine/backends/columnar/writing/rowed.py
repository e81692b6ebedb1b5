"""Constants that rules of one shape differ in, as nodes of the core and as ops: each rule has a row of a table.

In: a rule that stands for its shape, in which such nodes stand for constants. Out: registers that hold what the row of
each event says. `R[ROW]` is the row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.terms import SET_MOST, SET_SHIFT
from rules_engine.backends.columnar.writing.arithmetic import Flag, Number
from rules_engine.backends.columnar.writing.making import NotColumnar
from rules_engine.backends.columnar.writing.spans import Span

if TYPE_CHECKING:
    from rules_engine.backends.columnar.writing.scene import Scene


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
