"""The kernel's steps that loop: dividing, spreading amounts, counters in memory. Compiled by numba, once.

In: plain arrays. Out: what they are filled with. They do what `allocation.py` and the reference do, in int64; who calls
them has seen that nothing passes 2^62.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return, return-value"

from __future__ import annotations

import numpy as np

from rules_engine.backends.columnar.arrays import (
    COUNTED,
    OFF_EACH,
    OFF_SIZE,
    OFFS,
    PART,
    REST,
    RUN_COST,
    RUN_SIZE,
    SPARE_COST,
    SPARE_SIZE,
    WEIGHT,
)
from rules_engine.backends.columnar.batch import Ints
from rules_engine.backends.columnar.jit import compiled
from rules_engine.backends.columnar.tape import MISSING, RUNS_MAX

EXACT = 2**52


@compiled
def quotient(value: int, by: int) -> int:
    """A number not below 0 divided by a positive one, rounded down. Doubles divide several times faster than whole
    numbers: up to 2^52 both are exact in them, and what is rounded wrongly is off by one, which the rest shows."""
    if value >= EXACT:
        return np.int64(np.uint64(value) // np.uint64(by))
    found = np.int64(np.float64(value) / np.float64(by))
    rest = value - found * by
    if rest < 0:
        return found - 1
    return found + 1 if rest >= by else found


@compiled
def divided(value: int, den: int, mode: int) -> int:
    """A quotient, rounded on the magnitude."""
    size = -value if value < 0 else value
    whole = quotient(size, den)
    if mode != 0:
        rest = size - whole * den
        if (
            (mode == 1 and rest > 0)
            or (mode == 2 and 2 * rest >= den)
            or (mode == 3 and (2 * rest > den or (2 * rest == den and whole & 1)))
        ):
            whole += 1
    return -whole if value < 0 else whole


@compiled
def compared(left: int, right: int, how: int) -> bool:
    """A comparison by its number."""
    if how == 0:
        return left == right
    if how == 1:
        return left != right
    if how == 2:
        return left < right
    if how == 3:
        return left <= right
    if how == 4:
        return left > right
    return left >= right


@compiled
def among(pool: Ints, start: int, count: int, value: int) -> int:
    """The place of a value in a sorted stretch of the pool; -1 where it is not there."""
    low, high = start, start + count
    while low < high:
        middle = (low + high) >> 1
        if pool[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low if low < start + count and pool[low] == value else -1


@compiled
def steps_of(pool: Ints, start: int, count: int, value: int) -> int:
    """How many of a sorted stretch of the pool are not above a value."""
    low, high = start, start + count
    while low < high:
        middle = (low + high) >> 1
        if pool[middle] <= value:
            low = middle + 1
        else:
            high = middle
    return low - start


# ---- the one allocation ----

# What is spread stands in rows of `room`: arrays are handed on whole, since a view of one costs two atomic counts.


@compiled
def spread(amount: int, total: int, count: int, room: Ints, rank: Ints, first: int) -> None:
    """An amount over lines, from their weights to their parts: the weights are caps too, `total` is their sum. Odd
    units go to the largest remainders, ties to the larger weight, then to the lower rank."""
    if amount >= total:
        for j in range(count):
            room[PART, j] = room[WEIGHT, j]
        return
    odd = amount
    for j in range(count):
        product = amount * room[WEIGHT, j]
        part = quotient(product, total)
        room[PART, j] = part
        room[REST, j] = product - part * total
        odd -= part
    while odd > 0:
        best, most = 0, -1
        for j in range(count):
            rest = room[REST, j]
            if rest > most:
                best, most = j, rest
            elif rest == most:
                weight, other = room[WEIGHT, j], room[WEIGHT, best]
                if weight > other or (weight == other and rank[first + j] < rank[first + best]):
                    best = j
        room[PART, best] += 1
        room[REST, best] = -1
        odd -= 1


@compiled
def spread_units(amount: int, count: int, j: int, runs: Ints, from_size: int, from_weight: int) -> int:
    """An amount over the units of a line, from runs of (size, weight) in two planes of `runs` to runs in the planes
    `OFF_SIZE` and `OFF_EACH`. The weights are caps too. How many runs came of it; -1: more than there is room for."""
    total = 0
    for s in range(count):
        total += runs[from_size, j, s] * runs[from_weight, j, s]
    made = 0
    if amount >= total:
        for s in range(count):
            runs[OFF_SIZE, j, s], runs[OFF_EACH, j, s] = runs[from_size, j, s], runs[from_weight, j, s]
        return count
    if count == 1:
        size = runs[from_size, j, 0]
        part = divided(amount, size, 0)
        more = amount - part * size
        if more:
            runs[OFF_SIZE, j, 0], runs[OFF_EACH, j, 0] = more, part + 1
            made = 1
        runs[OFF_SIZE, j, made], runs[OFF_EACH, j, made] = size - more, part
        return made + 1
    odd = amount
    for s in range(count):
        odd -= runs[from_size, j, s] * divided(amount * runs[from_weight, j, s], total, 0)
    # How many of each run get one more: by remainder, then by weight, then by place.
    for s in range(count):
        size, weight = runs[from_size, j, s], runs[from_weight, j, s]
        part = divided(amount * weight, total, 0)
        rest = amount * weight - part * total
        before = 0
        for other in range(count):
            theirs = runs[from_weight, j, other]
            left = amount * theirs - divided(amount * theirs, total, 0) * total
            if left > rest or (left == rest and (theirs > weight or (theirs == weight and other < s))):
                before += runs[from_size, j, other]
        more = min(max(odd - before, 0), size)
        if made + 2 > RUNS_MAX:
            return -1
        if more:
            runs[OFF_SIZE, j, made], runs[OFF_EACH, j, made] = more, part + 1
            made += 1
        if size > more:
            runs[OFF_SIZE, j, made], runs[OFF_EACH, j, made] = size - more, part
            made += 1
    return made


# ---- the units of a line ----


@compiled
def opened(j: int, cost: int, size: int, room: Ints, runs: Ints) -> None:
    """The runs of a line that has none written yet: its units cost the same, the first ones one more."""
    if room[COUNTED, j] > 0 or size <= 0:
        return
    each = divided(cost, size, 0)
    more = cost - each * size
    made = 0
    if more:
        runs[RUN_SIZE, j, 0], runs[RUN_COST, j, 0] = more, each + 1
        made = 1
    runs[RUN_SIZE, j, made], runs[RUN_COST, j, made] = size - more, each
    room[COUNTED, j] = made + 1


@compiled
def lowered(j: int, room: Ints, runs: Ints) -> bool:
    """Take the amounts of a line off its units; false where that makes too many runs."""
    found = r = s = 0
    count, made = room[COUNTED, j], room[OFFS, j]
    left = runs[RUN_SIZE, j, 0]
    more = runs[OFF_SIZE, j, 0] if made else 0
    while r < count:
        both = min(left, more) if s < made else left
        each = runs[RUN_COST, j, r] - (runs[OFF_EACH, j, s] if s < made else 0)
        if both > 0:
            if found and runs[SPARE_COST, j, found - 1] == each:
                runs[SPARE_SIZE, j, found - 1] += both
            else:
                if found == RUNS_MAX:
                    return False
                runs[SPARE_SIZE, j, found], runs[SPARE_COST, j, found] = both, each
                found += 1
        left -= both
        more -= both
        if left == 0:
            r += 1
            left = runs[RUN_SIZE, j, r] if r < count else 0
        if s < made and more == 0:
            s += 1
            more = runs[OFF_SIZE, j, s] if s < made else 0
    for r in range(found):
        runs[RUN_SIZE, j, r], runs[RUN_COST, j, r] = runs[SPARE_SIZE, j, r], runs[SPARE_COST, j, r]
    room[COUNTED, j] = found
    return True


# ---- counters in memory ----


@compiled
def used(row: Ints, rows: Ints, at: int, days: Ints, place: int) -> int:
    """What a counter (row `at` of `rows`) holds in the occurrence, or in the window, of a day; `MISSING` where that day
    is in none."""
    slot, table, room = rows[at, 0], rows[at, 1], rows[at, 3]
    key = days[table, place] if table >= 0 else 0
    if key == MISSING:
        return MISSING
    if room == 0:
        return counted(row, slot, key)
    total = 0
    for s in range(slot, slot + 2 * room, 2):
        if row[s] != MISSING and row[s] >= key:
            total += row[s + 1]
    return total


@compiled
def use(row: Ints, rows: Ints, at: int, days: Ints, place: int, day: int, more: int) -> bool:
    """Count some more on a day; false where a window has more days than there is room for."""
    slot, table, room = rows[at, 0], rows[at, 1], rows[at, 3]
    key = days[table, place] if table >= 0 else 0
    if key == MISSING:
        return True
    if room == 0:
        count(row, slot, key, more)
        return True
    free = -1
    for s in range(slot, slot + 2 * room, 2):
        if row[s] != MISSING and row[s] < key:
            row[s] = MISSING
        if row[s] == day:
            row[s + 1] += more
            return _forgotten(row, s + 2, slot + 2 * room, key)
        if row[s] == MISSING and free < 0:
            free = s
    if free < 0:
        return False
    row[free], row[free + 1] = day, more
    return True


@compiled
def _forgotten(row: Ints, start: int, end: int, since: int) -> bool:
    """Forget the days before one; true."""
    for s in range(start, end, 2):
        if row[s] != MISSING and row[s] < since:
            row[s] = MISSING
    return True


@compiled
def counted(row: Ints, slot: int, key: int) -> int:
    """What a counter holds for an occurrence."""
    if row[slot] == key:
        return row[slot + 1]
    if row[slot + 2] == key:
        return row[slot + 3]
    return 0


@compiled
def count(row: Ints, slot: int, key: int, more: int) -> None:
    """Count some more for an occurrence; the newest two are kept."""
    if row[slot] == key:
        row[slot + 1] += more
    elif row[slot] == MISSING or key > row[slot]:
        row[slot + 2], row[slot + 3] = row[slot], row[slot + 1]
        row[slot], row[slot + 1] = key, more
    elif row[slot + 2] == key:
        row[slot + 3] += more
    elif row[slot + 2] == MISSING or key > row[slot + 2]:
        row[slot + 2], row[slot + 3] = key, more
