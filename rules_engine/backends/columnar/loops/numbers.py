"""The ops on numbers as loops: one function an op, the same for registers and for vectors.

In: the state and the row, by their addresses. Out: 0, or why some are not done: those at which `INDEX` is then 1.
"""

# ruff: noqa: ARG001 - all loops are called alike
# mypy: disable-error-code="no-untyped-call, no-any-return, untyped-decorator"

from __future__ import annotations

from typing import Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.loops import state as at
from rules_engine.backends.columnar.loops.dividing import EXACT, divided
from rules_engine.backends.columnar.loops.jit import helper, inlined, ints
from rules_engine.backends.columnar.loops.state import READ_A, READ_B, READ_C, READ_INDEX, READ_LANE
from rules_engine.backends.columnar.tape import AMOUNT_MAX, FAR, MISSING, UNKNOWN, UNSAFE

K, M, N = 4, 5, 6


def const(state: int, row: int) -> int:
    s, value = ints(state), ints(row)[K]
    out = ints(s[at.OUT])
    for i in range(s[at.SIZE]):
        out[i] = value
    return 0


def copy(state: int, row: int) -> int:
    s = ints(state)
    a, out = ints(s[at.A]), ints(s[at.OUT])
    for i in range(s[at.SIZE]):
        out[i] = a[i]
    return 0


def linear(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    a, out, k, more = ints(s[at.A]), ints(s[at.OUT]), r[K], r[N]
    if r[3] >= 0:
        b, m = ints(s[at.B]), r[M]
        for i in range(s[at.SIZE]):
            out[i] = a[i] * k + b[i] * m + more
    else:
        for i in range(s[at.SIZE]):
            out[i] = a[i] * k + more
    return 0


def times(state: int, row: int) -> int:
    s = ints(state)
    a, b, out, wrong = ints(s[at.A]), ints(s[at.B]), ints(s[at.OUT]), ints(s[at.INDEX])
    failed = 0
    if ints(row)[K] == 1:
        for i in range(s[at.SIZE]):
            wrong[i] = np.int64(a[i] != 0 and abs(b[i]) > AMOUNT_MAX // abs(a[i]))
            failed |= wrong[i]
    for i in range(s[at.SIZE]):
        out[i] = a[i] * b[i]
    return UNSAFE if failed else 0


def divide(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    a, out, den, mode, more = ints(s[at.A]), ints(s[at.OUT]), r[K], r[M], r[N]
    bits = np.int64(0)
    for i in range(s[at.SIZE]):
        bits |= abs(a[i] * more)
    if 0 <= bits < EXACT and 0 < den < EXACT:
        divide_all(state, den, mode, more)
        return 0
    for i in range(s[at.SIZE]):
        out[i] = divided(a[i] * more, den, mode)
    return 0


@helper
def divide_all(state: int, den: int, mode: int, more: int) -> None:
    """The same where all are exact as doubles: a product with 1 / `den`, which is off by less than one, then put right
    by the rest. It goes up where twice the rest, and as much as the mode says, is more than `den`."""
    s = ints(state)
    a, out, rate = ints(s[at.A]), ints(s[at.OUT]), 1 / np.float64(den)
    bias, even = 0, np.int64(mode == 3)
    if mode != 3:
        bias = -den if mode == 0 else den - 1 if mode == 1 else 1
    for i in range(s[at.SIZE]):
        value = a[i] * more
        size = abs(value)
        whole = np.int64(np.float64(size) * rate)
        rest = size - whole * den
        off = np.int64(rest >= den) - np.int64(rest < 0)
        whole += off
        rest = rest - den if off > 0 else rest + den if off < 0 else rest
        whole += np.int64(2 * rest + bias + (whole & even) > den)
        out[i] = -whole if value < 0 else whole


def least(state: int, row: int) -> int:
    s = ints(state)
    a, b, out = ints(s[at.A]), ints(s[at.B]), ints(s[at.OUT])
    for i in range(s[at.SIZE]):
        out[i] = min(a[i], b[i])
    return 0


def most(state: int, row: int) -> int:
    s = ints(state)
    a, b, out = ints(s[at.A]), ints(s[at.B]), ints(s[at.OUT])
    for i in range(s[at.SIZE]):
        out[i] = max(a[i], b[i])
    return 0


def at_most(state: int, row: int) -> int:
    s, k = ints(state), ints(row)[K]
    a, out = ints(s[at.A]), ints(s[at.OUT])
    for i in range(s[at.SIZE]):
        out[i] = min(a[i], k)
    return 0


def at_least(state: int, row: int) -> int:
    s, k = ints(state), ints(row)[K]
    a, out = ints(s[at.A]), ints(s[at.OUT])
    for i in range(s[at.SIZE]):
        out[i] = max(a[i], k)
    return 0


def compare(state: int, row: int) -> int:
    s, how = ints(state), ints(row)[M]
    a, b, out, n = ints(s[at.A]), ints(s[at.B]), ints(s[at.OUT]), s[at.SIZE]
    if how == 0:
        for i in range(n):
            out[i] = np.int64(a[i] == b[i])
    elif how == 1:
        for i in range(n):
            out[i] = np.int64(a[i] != b[i])
    elif how == 2:
        for i in range(n):
            out[i] = np.int64(a[i] < b[i])
    elif how == 3:
        for i in range(n):
            out[i] = np.int64(a[i] <= b[i])
    elif how == 4:
        for i in range(n):
            out[i] = np.int64(a[i] > b[i])
    else:
        for i in range(n):
            out[i] = np.int64(a[i] >= b[i])
    return 0


def compare_to(state: int, row: int) -> int:
    s, how, k = ints(state), ints(row)[M], ints(row)[K]
    a, out, n = ints(s[at.A]), ints(s[at.OUT]), s[at.SIZE]
    if how == 0:
        for i in range(n):
            out[i] = np.int64(a[i] == k)
    elif how == 1:
        for i in range(n):
            out[i] = np.int64(a[i] != k)
    elif how == 2:
        for i in range(n):
            out[i] = np.int64(a[i] < k)
    elif how == 3:
        for i in range(n):
            out[i] = np.int64(a[i] <= k)
    elif how == 4:
        for i in range(n):
            out[i] = np.int64(a[i] > k)
    else:
        for i in range(n):
            out[i] = np.int64(a[i] >= k)
    return 0


def both(state: int, row: int) -> int:
    s = ints(state)
    a, b, out = ints(s[at.A]), ints(s[at.B]), ints(s[at.OUT])
    for i in range(s[at.SIZE]):
        out[i] = a[i] & b[i]
    return 0


def either(state: int, row: int) -> int:
    s = ints(state)
    a, b, out = ints(s[at.A]), ints(s[at.B]), ints(s[at.OUT])
    for i in range(s[at.SIZE]):
        out[i] = a[i] | b[i]
    return 0


def negated(state: int, row: int) -> int:
    s = ints(state)
    a, out = ints(s[at.A]), ints(s[at.OUT])
    for i in range(s[at.SIZE]):
        out[i] = 1 - a[i]
    return 0


@helper
def not_above(pool: int, count: int, value: int) -> int:
    """How many of a sorted stretch are not above a value."""
    numbers, low, high = ints(pool), 0, count
    while low < high:
        middle = (low + high) >> 1
        if numbers[middle] <= value:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def stretch(state: int, row: int) -> int:
    """Where the row's stretch of the pool is."""
    return ints(state)[at.POOL] + 8 * ints(row)[K]


def among(state: int, row: int) -> int:
    s, count, pool = ints(state), ints(row)[N], stretch(state, row)
    a, out, first = ints(s[at.A]), ints(s[at.OUT]), ints(pool)
    for i in range(s[at.SIZE]):
        place = not_above(pool, count, a[i])
        out[i] = np.int64(place > 0 and first[max(place, 1) - 1] == a[i])
    return 0


def has(state: int, row: int) -> int:
    s = ints(state)
    a, out = ints(s[at.A]), ints(s[at.OUT])
    for i in range(s[at.SIZE]):
        out[i] = np.int64(a[i] != MISSING)
    return 0


def or_zero(state: int, row: int) -> int:
    s = ints(state)
    a, out = ints(s[at.A]), ints(s[at.OUT])
    for i in range(s[at.SIZE]):
        out[i] = 0 if a[i] == MISSING else a[i]
    return 0


def table(state: int, row: int) -> int:
    s, low, count = ints(state), ints(row)[M], ints(row)[N]
    a, out, pool = ints(s[at.A]), ints(s[at.OUT]), ints(stretch(state, row))
    for i in range(s[at.SIZE]):
        place = a[i] - low
        out[i] = pool[place if a[i] >= low and place < count else count]
    return 0


def step(state: int, row: int) -> int:
    s, count, pool = ints(state), ints(row)[N], stretch(state, row)
    a, out = ints(s[at.A]), ints(s[at.OUT])
    for i in range(s[at.SIZE]):
        out[i] = not_above(pool, count, a[i])
    return 0


def of_day(state: int, row: int) -> int:
    s = ints(state)
    a, out, wrong, span, base = ints(s[at.A]), ints(s[at.OUT]), ints(s[at.INDEX]), s[at.DAYS_WIDE], s[at.BASE]
    days = ints(s[at.DAYS] + 8 * span * ints(row)[K])
    failed = 0
    for i in range(s[at.SIZE]):
        place = a[i] - base
        found = UNKNOWN
        if a[i] >= base and place < span:
            found = days[place]
        wrong[i] = 0
        if found == UNKNOWN:
            found = MISSING
            wrong[i] = np.int64(a[i] != MISSING)
            failed |= wrong[i]
        out[i] = found
    return FAR if failed else 0


def multiple(state: int, row: int) -> int:
    s, k = ints(state), ints(row)[K]
    a, out = ints(s[at.A]), ints(s[at.OUT])
    for i in range(s[at.SIZE]):
        out[i] = np.int64(a[i] % k == 0)
    return 0


def choose(state: int, row: int) -> int:
    s = ints(state)
    a, b, c, out = ints(s[at.A]), ints(s[at.B]), ints(s[at.C]), ints(s[at.OUT])
    for i in range(s[at.SIZE]):
        out[i] = b[i] if a[i] != 0 else c[i]
    return 0


def listed(state: int, row: int) -> int:
    s, most_items = ints(state), ints(row)[N]
    a, out, lanes, events = ints(s[at.A]), ints(s[at.OUT]), ints(s[at.INDEX]), ints(s[at.EVENTS])
    pair = ints(s[at.RAGGED] + 16 * ints(row)[K])
    offsets, items = ints(pair[0]), ints(pair[1])
    for i in range(s[at.SIZE]):
        event = events[lanes[i]]
        first, last = offsets[event], offsets[event + 1]
        if most_items >= 0:
            last = min(last, first + most_items)
        found = 0
        for place in range(first, last):
            if items[place] == a[i]:
                found = 1
        out[i] = found
    return 0


def loaded(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    out, index = ints(s[at.OUT]), ints(s[at.INDEX])
    if r[0] >= ops.VECTOR:
        column = ints(s[at.LINE_FIELDS] + 8 * s[at.LINE_FIELDS_WIDE] * r[K])
    elif r[M] != 0:
        column = ints(s[at.FACTS] + 8 * s[at.FACTS_WIDE] * r[K])
    else:
        column = ints(s[at.FIELDS] + 8 * s[at.FIELDS_WIDE] * r[K])
    for i in range(s[at.SIZE]):
        out[i] = column[index[i]]
    return 0


NUMBER_LOOPS: Final = {
    ops.CONST: (const, 0),
    ops.COPY: (copy, READ_A),
    ops.LINEAR: (linear, READ_A | READ_B),
    ops.TIMES: (times, READ_A | READ_B),
    ops.DIVIDE: (divide, READ_A),
    ops.LEAST: (least, READ_A | READ_B),
    ops.MOST: (most, READ_A | READ_B),
    ops.AT_MOST: (at_most, READ_A),
    ops.AT_LEAST: (at_least, READ_A),
    ops.COMPARE: (compare, READ_A | READ_B),
    ops.IS: (compare_to, READ_A),
    ops.AND: (both, READ_A | READ_B),
    ops.OR: (either, READ_A | READ_B),
    ops.NOT: (negated, READ_A),
    ops.AMONG: (among, READ_A),
    ops.HAS: (has, READ_A),
    ops.OR_ZERO: (or_zero, READ_A),
    ops.TABLE: (table, READ_A),
    ops.STEP: (step, READ_A),
    ops.OF_DAY: (of_day, READ_A),
    ops.MULTIPLE: (multiple, READ_A),
    ops.CHOOSE: (choose, READ_A | READ_B | READ_C),
    ops.LISTED: (listed, READ_A | READ_LANE),
    ops.LOADED: (loaded, READ_INDEX),
}
"""By op its loop, and what is made ready for it."""
