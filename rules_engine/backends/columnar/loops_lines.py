"""The ops between lines and numbers as loops, and those that price an event.

In: the state and the row, by their addresses. Out: 0; 1 where NumPy has to do it.
"""

# ruff: noqa: ARG001 - all loops are called alike
# mypy: disable-error-code="no-untyped-call, no-any-return, untyped-decorator"

from __future__ import annotations

from typing import Final

import numpy as np

from rules_engine.backends.columnar import state as at
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.jit import helper, inlined, ints
from rules_engine.backends.columnar.loops_numbers import not_above
from rules_engine.backends.columnar.tape import COST, LIST, MISSING, PAID, SIZE, UNSAFE

D, A, B, K, M, N = 1, 2, 3, 4, 5, 6


@inlined
def register(state: int, number: int) -> int:
    """Where a register is."""
    return ints(state)[at.REGISTERS] + 8 * ints(state)[at.REGISTER_ROOM] * number


@inlined
def vector(state: int, number: int) -> int:
    """Where a vector is."""
    return ints(state)[at.VECTORS] + 8 * ints(state)[at.VECTOR_ROOM] * number


@inlined
def line_field(state: int, number: int) -> int:
    """Where a field of the batch's lines is."""
    return ints(state)[at.LINE_FIELDS] + 8 * ints(state)[at.LINE_FIELDS_WIDE] * number


@helper
def summed(state: int, to: int) -> None:
    """The sums of the numbers in the second temporary, which begin at 1, over the lines of each lane."""
    s = ints(state)
    lanes, out, starts = ints(s[at.LANES]), ints(register(state, to)), ints(s[at.STARTS])
    running = ints(s[at.TEMPORARY] + 8 * s[at.TEMPORARY_ROOM])
    total = 0
    running[0] = 0
    for x in range(s[at.LINE_COUNT]):
        total += running[x + 1]
        running[x + 1] = total
    for x in range(s[at.ACTIVE]):
        out[lanes[x]] = running[starts[x + 1]] - running[starts[x]]


@inlined
def terms(state: int) -> int:
    """Where what is to be summed goes."""
    return ints(state)[at.TEMPORARY] + 8 * ints(state)[at.TEMPORARY_ROOM] + 8


def sum_lines(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    values, places, out = ints(vector(state, r[A])), ints(s[at.LINE_PLACES]), ints(terms(state))
    if r[B] >= 0:
        mask = ints(vector(state, r[B]))
        for x in range(s[at.LINE_COUNT]):
            out[x] = values[places[x]] if mask[places[x]] != 0 else 0
    else:
        for x in range(s[at.LINE_COUNT]):
            out[x] = values[places[x]]
    summed(state, r[D])
    return 0


def sum_at(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    values, places, out, lines = (
        ints(vector(state, r[A])), ints(s[at.LINE_PLACES]), ints(terms(state)), ints(s[at.LINES]),
    )  # fmt: skip
    field, k = ints(line_field(state, r[B])), r[K]
    for x in range(s[at.LINE_COUNT]):
        out[x] = values[places[x]] if field[lines[places[x]]] == k else 0
    summed(state, r[D])
    return 0


def count_lines(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    if r[B] < 0:
        lanes, starts, found = ints(s[at.LANES]), ints(s[at.STARTS]), ints(register(state, r[D]))
        for x in range(s[at.ACTIVE]):
            found[lanes[x]] = starts[x + 1] - starts[x]
        return 0
    mask, places, out = ints(vector(state, r[B])), ints(s[at.LINE_PLACES]), ints(terms(state))
    for x in range(s[at.LINE_COUNT]):
        out[x] = mask[places[x]]
    summed(state, r[D])
    return 0


def spread_out(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    places, lanes, values = ints(s[at.LINE_PLACES]), ints(s[at.LINE_LANES]), ints(register(state, r[A]))
    out = ints(vector(state, r[D]))
    for x in range(s[at.LINE_COUNT]):
        out[places[x]] = values[lanes[places[x]]]
    return 0


def field_is(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    places, lines, out = ints(s[at.LINE_PLACES]), ints(s[at.LINES]), ints(vector(state, r[D]))
    field, k = ints(line_field(state, r[B])), r[K]
    for x in range(s[at.LINE_COUNT]):
        out[places[x]] = np.int64(field[lines[places[x]]] == k)
    return 0


def after(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    if r[D] >= 0:
        places, out, cost = ints(s[at.LINE_PLACES]), ints(vector(state, r[D])), ints(vector(state, COST))
        for x in range(s[at.LINE_COUNT]):
            out[places[x]] = cost[places[x]]
    return 0


@helper
def amounts(state: int, row: int) -> None:
    """What each line costs at first; an absent amount counts as 0, an absent size as 1."""
    s, r = ints(state), ints(row)
    places, lines, prices = ints(s[at.LINE_PLACES]), ints(s[at.LINES]), ints(line_field(state, r[A]))
    cost, listed, sizes = ints(vector(state, COST)), ints(vector(state, LIST)), ints(vector(state, SIZE))
    pieces, each, keeps = ints(line_field(state, max(r[B], 0))), r[M], r[N]
    for x in range(s[at.LINE_COUNT]):
        place = places[x]
        line = lines[place]
        amount, size = prices[line], 1
        if amount == MISSING:
            amount = 0
        if r[B] >= 0:
            size = pieces[line]
            if size == MISSING:
                size = 1
            if each:
                amount *= size
        if size <= 0 and keeps == 0:
            amount = 0
        cost[place] = listed[place] = amount
        sizes[place] = size


def priced(state: int, row: int) -> int:
    s, k = ints(state), ints(row)[K]
    amounts(state, row)
    cost, lanes, offsets = ints(vector(state, COST)), ints(s[at.LANES]), ints(s[at.OFFSETS])
    paid, why = ints(register(state, PAID)), ints(s[at.WHY])
    for x in range(s[at.ACTIVE]):
        lane = lanes[x]
        total = size = 0
        for line in range(offsets[lane], offsets[lane + 1]):
            total += cost[line]
            size += abs(cost[line])
        paid[lane] = total
        if size > k:
            why[lane] = UNSAFE
            s[at.FAILED] = 1
    return 0


def has_code(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    lanes, events, out = ints(s[at.LANES]), ints(s[at.EVENTS]), ints(register(state, r[D]))
    pair = ints(s[at.RAGGED] + 16 * r[M])
    offsets, items, pool = ints(pair[0]), ints(pair[1]), s[at.POOL] + 8 * r[K]
    known = ints(pool)
    for x in range(s[at.ACTIVE]):
        event = events[lanes[x]]
        found = -1
        first = offsets[event]
        for place in range(first, offsets[event + 1]):
            above = not_above(pool, r[N], items[place])
            if above > 0 and known[above - 1] == items[place]:
                found = place - first
                break
        out[lanes[x]] = found
    return 0


def costs(state: int, row: int) -> int:
    s = ints(state)
    places, lines, cost, told = (
        ints(s[at.LINE_PLACES]), ints(s[at.LINES]), ints(vector(state, COST)), ints(s[at.COSTS]),
    )  # fmt: skip
    for x in range(s[at.LINE_COUNT]):
        told[lines[places[x]]] = cost[places[x]]
    lanes, events, paid = ints(s[at.LANES]), ints(s[at.EVENTS]), ints(register(state, PAID))
    net, total, has_price = ints(s[at.NET]), ints(s[at.TOTAL]), ints(s[at.PRICED])
    for x in range(s[at.ACTIVE]):
        event = events[lanes[x]]
        net[event] = total[event] = paid[lanes[x]]
        has_price[event] = 1
    return 0


LINE_LOOPS: Final = {
    ops.SPREAD_OUT: spread_out,
    ops.SUM: sum_lines,
    ops.COUNT: count_lines,
    ops.PRICED: priced,
    ops.HAS_CODE: has_code,
    ops.SUM_AT: sum_at,
    ops.FIELD_IS: field_is,
    ops.AFTER: after,
    ops.COSTS: costs,
}
"""By op its loop."""
