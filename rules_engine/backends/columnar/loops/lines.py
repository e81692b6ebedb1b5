"""The ops between lines and numbers as loops, and those that price an event.

In: the state and the row, by their addresses. Out: 0; 1 where NumPy has to do it.
"""

# ruff: noqa: ARG001 - all loops are called alike
# mypy: disable-error-code="no-untyped-call, no-any-return, untyped-decorator"

from __future__ import annotations

from typing import Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.loops import state as at
from rules_engine.backends.columnar.loops.jit import helper, inlined, ints
from rules_engine.backends.columnar.loops.numbers import not_above
from rules_engine.backends.columnar.tape import COST, LIST, MISSING, PAID, SIZE, UNSAFE

D, A, B, K, M, N = 1, 2, 3, 4, 5, 6
SMALL: Final = 2**31
"""Below it, what the lines of a piece cost can be added up."""


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


@inlined
def most_are_here(state: int) -> bool:
    """Whether so many lanes are here that it is quicker to go over all lines of the piece than from lane to lane."""
    return 2 * ints(state)[at.ACTIVE] > ints(state)[at.COUNT]


@helper
def between(state: int, to: int) -> None:
    """For each lane here, what the running sums of all lines of the piece come to over its lines."""
    s = ints(state)
    lanes, offsets, out = ints(s[at.LANES]), ints(s[at.OFFSETS]), ints(register(state, to))
    running = ints(s[at.TEMPORARY] + 8 * s[at.TEMPORARY_ROOM])
    running[0] = 0
    for x in range(s[at.ACTIVE]):
        lane = lanes[x]
        out[lane] = running[offsets[lane + 1]] - running[offsets[lane]]


@helper
def add_up(state: int, to: int, values: int, mask: int, whole: int) -> None:
    """The sums of a vector over the lines of each lane, where the mask is not 0, or `whole` is 1."""
    s, value, chosen = ints(state), ints(values), ints(mask)
    lanes, offsets, running, out = ints(s[at.LANES]), ints(s[at.OFFSETS]), ints(terms(state)), ints(register(state, to))
    if most_are_here(state):
        total = np.int64(0)
        for line in range(offsets[s[at.COUNT]]):
            total += value[line] if chosen[line] | whole else 0
            running[line] = total
        between(state, to)
        return
    for x in range(s[at.ACTIVE]):
        lane, total = lanes[x], np.int64(0)
        for line in range(offsets[lane], offsets[lane + 1]):
            total += value[line] if chosen[line] | whole else 0
        out[lane] = total


def sum_lines(state: int, row: int) -> int:
    r = ints(row)
    add_up(state, r[D], vector(state, r[A]), vector(state, max(r[B], 0)), np.int64(r[B] < 0))
    return 0


def sum_at(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    value, lanes, offsets, lines = ints(vector(state, r[A])), ints(s[at.LANES]), ints(s[at.OFFSETS]), ints(s[at.LINES])
    field, k, running, out = ints(line_field(state, r[B])), r[K], ints(terms(state)), ints(register(state, r[D]))
    if most_are_here(state):
        total = np.int64(0)
        for line in range(offsets[s[at.COUNT]]):
            total += value[line] if field[lines[line]] == k else 0
            running[line] = total
        between(state, r[D])
        return 0
    for x in range(s[at.ACTIVE]):
        lane, total = lanes[x], np.int64(0)
        for line in range(offsets[lane], offsets[lane + 1]):
            total += value[line] if field[lines[line]] == k else 0
        out[lane] = total
    return 0


def count_lines(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    if r[B] >= 0:
        add_up(state, r[D], vector(state, r[B]), vector(state, r[B]), np.int64(1))
        return 0
    lanes, offsets, found = ints(s[at.LANES]), ints(s[at.OFFSETS]), ints(register(state, r[D]))
    for x in range(s[at.ACTIVE]):
        found[lanes[x]] = offsets[lanes[x] + 1] - offsets[lanes[x]]
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


@helper
def priced_lanes(state: int, most: int) -> None:
    """What the lines of each lane cost together. Only where all lines here may come to more than `most` in magnitude is
    it asked lane by lane."""
    s = ints(state)
    cost, lanes, places, starts = (
        ints(vector(state, COST)), ints(s[at.LANES]), ints(s[at.LINE_PLACES]), ints(s[at.STARTS]),
    )  # fmt: skip
    paid, why, running, total, bits = ints(register(state, PAID)), ints(s[at.WHY]), ints(terms(state)), 0, np.int64(0)
    for x in range(s[at.LINE_COUNT]):
        own = cost[places[x]]
        bits |= abs(own)
        total += own
        running[x] = total
    running = ints(terms(state) - 8)
    running[0] = 0
    for x in range(s[at.ACTIVE]):
        paid[lanes[x]] = running[starts[x + 1]] - running[starts[x]]
    if 0 <= bits < SMALL and bits * s[at.LINE_COUNT] <= most:
        return
    for x in range(s[at.ACTIVE]):
        size = 0
        for line in range(starts[x], starts[x + 1]):
            size += abs(cost[places[line]])
        if size > most:
            why[lanes[x]] = UNSAFE
            s[at.FAILED] = 1


def priced(state: int, row: int) -> int:
    amounts(state, row)
    priced_lanes(state, ints(row)[K])
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
    ops.PRICED: priced,
    ops.HAS_CODE: has_code,
    ops.FIELD_IS: field_is,
    ops.AFTER: after,
    ops.COSTS: costs,
}
"""By op its loop, of those that are told the lines of the lanes here."""
LANE_LOOPS: Final = {
    ops.SUM: sum_lines,
    ops.COUNT: count_lines,
    ops.SUM_AT: sum_at,
}
"""The same of those that find them."""
