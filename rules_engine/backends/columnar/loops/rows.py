"""The ops that read the rows of shapes, as loops.

In: the state and the row, by their addresses. Out: 0.
"""

# mypy: disable-error-code="no-untyped-call, no-any-return"

from __future__ import annotations

from typing import Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.loops import state as at
from rules_engine.backends.columnar.loops.jit import ints
from rules_engine.backends.columnar.loops.lines import line_field, register, summed, terms, vector
from rules_engine.backends.columnar.loops.numbers import not_above
from rules_engine.backends.columnar.tape import ROW
from rules_engine.backends.columnar.terms import SET_MOST, SET_SHIFT

D, A, B, K, N = 1, 2, 3, 4, 6


def row_value(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    lanes, rows, out = ints(s[at.LANES]), ints(register(state, ROW)), ints(register(state, r[D]))
    column = ints(s[at.POOL] + 8 * r[K])
    for x in range(s[at.ACTIVE]):
        out[lanes[x]] = column[rows[lanes[x]]]
    return 0


def row_field_is(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    places, lines, out = ints(s[at.LINE_PLACES]), ints(s[at.LINES]), ints(vector(state, r[D]))
    field, wanted, lanes = ints(line_field(state, r[B])), ints(register(state, r[A])), ints(s[at.LINE_LANES])
    for x in range(s[at.LINE_COUNT]):
        place = places[x]
        out[place] = np.int64(field[lines[place]] == wanted[lanes[place]])
    return 0


def row_sum_at(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    values, places, out, lines = (
        ints(vector(state, r[A])), ints(s[at.LINE_PLACES]), ints(terms(state)), ints(s[at.LINES]),
    )  # fmt: skip
    field, wanted, lanes = ints(line_field(state, r[B])), ints(register(state, r[K])), ints(s[at.LINE_LANES])
    for x in range(s[at.LINE_COUNT]):
        place = places[x]
        out[x] = values[place] if field[lines[place]] == wanted[lanes[place]] else 0
    summed(state, r[D])
    return 0


def row_among(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    lanes, rows = ints(s[at.LANES]), ints(register(state, ROW))
    values, out = ints(register(state, r[A])), ints(register(state, r[D]))
    pool = s[at.POOL] + 8 * r[K]
    sets = ints(pool)
    for x in range(s[at.ACTIVE]):
        lane = lanes[x]
        value, found = values[lane], np.int64(0)
        if -SET_MOST <= value <= SET_MOST:
            wanted = rows[lane] * SET_SHIFT + value
            above = not_above(pool, r[N], wanted)
            found = np.int64(above > 0 and sets[above - 1] == wanted)
        out[lane] = found
    return 0


def row_among_lines(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    places, lanes, rows = ints(s[at.LINE_PLACES]), ints(s[at.LINE_LANES]), ints(register(state, ROW))
    values, out = ints(vector(state, r[A])), ints(vector(state, r[D]))
    pool = s[at.POOL] + 8 * r[K]
    sets = ints(pool)
    for x in range(s[at.LINE_COUNT]):
        place = places[x]
        value, found = values[place], np.int64(0)
        if -SET_MOST <= value <= SET_MOST:
            wanted = rows[lanes[place]] * SET_SHIFT + value
            above = not_above(pool, r[N], wanted)
            found = np.int64(above > 0 and sets[above - 1] == wanted)
        out[place] = found
    return 0


ROW_LOOPS: Final = {ops.ROW_VALUE: row_value, ops.ROW_AMONG: row_among}
"""By op its loop."""
ROW_LINE_LOOPS: Final = {
    ops.ROW_FIELD_IS: row_field_is,
    ops.ROW_SUM_AT: row_sum_at,
    ops.ROW_AMONG_LINES: row_among_lines,
}
"""The same of those that need lines."""
