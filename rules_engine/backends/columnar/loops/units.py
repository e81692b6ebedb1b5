"""What offers take off each unit, behind the walk: loops note what is taken off lines, and this finds it out.

In: while loops walk, a row for each line that a discount takes something off (`note`). Out: `Parts`, the same that is
found where units are asked for on the way (`units.py`), run by run: whoever walks need not look at units. What limits
cut is noted twice, before (`FORMER`) and after; then the units' amounts before are weights and caps.
"""

# mypy: disable-error-code="no-untyped-call, no-any-return, untyped-decorator, return-value"

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rules_engine.backends.columnar.batch import Ints, Parts
from rules_engine.backends.columnar.loops import state as at
from rules_engine.backends.columnar.loops.jit import helper, ints
from rules_engine.backends.columnar.loops.lines import vector
from rules_engine.backends.columnar.tape import COST, SIZE

(N_DISCOUNT, N_LINE, N_PART, N_COST, N_SIZE, N_FORMER) = range(6)
"""A row of notes: its discount among those of the room, the line of the event, how much of what it cost, its units, 1
where a limit cut it then. There are `emitting.NOTES` columns."""
(ROWS, NUMBER, OF_EVENT, LINE, PART, OLD, UNITS, FORMER) = range(8)
(STAMP, COUNTS, SIZES, VALUES, WIDE, OFF, TOLD, TOLD_WIDE, TOLD_ROOM) = range(8, 17)
"""What `parted` is told: notes in the order of discounts; by line the event it is of now and its runs, so many at most;
room for what is taken off units, three times; room for what is told."""


@helper
def note(state: int, row: int, line: int, first: int, part: int, former: int) -> None:
    """A discount, by its row of the table, takes something off a line of the piece, whose event's begin at `first`."""
    s = ints(state)
    table, wide, place = ints(s[at.PARTS]), s[at.PARTS + at.ROOM], s[at.PARTS + at.AT]
    table[place + N_DISCOUNT * wide], table[place + N_LINE * wide] = row, line - first
    table[place + N_PART * wide], table[place + N_COST * wide] = part, ints(vector(state, COST))[line]
    table[place + N_SIZE * wide], table[place + N_FORMER * wide] = ints(vector(state, SIZE))[line], former
    s[at.PARTS + at.AT] = place + 1


@helper
def note_all(state: int, row: int, first: int, size: int, parts: int, former: int) -> None:
    """The same of all lines of an event, from their parts."""
    part = ints(parts)
    for j in range(size):
        if part[j] != 0:
            note(state, row, first + j, first, part[j], former)


@helper
def opened(numbers: int, line: int, cost: int, size: int) -> None:
    """The runs of a line: its units cost the same, and odd pennies go to the first ones."""
    s = ints(numbers)
    counts, sizes, values = ints(s[COUNTS]), ints(s[SIZES]), ints(s[VALUES])
    at_run, found = line * s[WIDE], 0
    if size > 0:
        sign = -1 if cost < 0 else 1
        each = abs(cost) // size
        more = abs(cost) - each * size
        if more > 0:
            sizes[at_run], values[at_run] = more, sign * (each + 1)
            found = 1
        sizes[at_run + found], values[at_run + found] = size - more, sign * each
        found += 1
    counts[line] = found


@helper
def spread(amount: int, count: int, sizes: int, weights: int, to_sizes: int, to_values: int) -> int:
    """An amount over units in runs, by weights that are caps too: how many runs that are."""
    size, weight, found_size, found_value = ints(sizes), ints(weights), ints(to_sizes), ints(to_values)
    total = 0
    for r in range(count):
        total += size[r] * weight[r]
    full, below, odd, found = amount >= total, max(total, 1), amount, 0
    if not full:
        for r in range(count):
            odd -= size[r] * (amount * weight[r] // below)
    for r in range(count):
        if full:
            found_size[found], found_value[found] = size[r], weight[r]
            found += 1
            continue
        part = amount * weight[r] // below
        rest, before = amount * weight[r] - part * total, 0
        for other in range(count):
            theirs = amount * weight[other] - amount * weight[other] // below * total
            first = weight[other] > weight[r] or (weight[other] == weight[r] and other < r)
            if other != r and (theirs > rest or (theirs == rest and first)):
                before += size[other]
        more = min(max(odd - before, 0), size[r])
        if more > 0:
            found_size[found], found_value[found] = more, part + 1
            found += 1
        if size[r] > more:
            found_size[found], found_value[found] = size[r] - more, part
            found += 1
    return found


@helper
def lowered(numbers: int, line: int, count: int, off_sizes: int, off_values: int, spare: int) -> None:
    """Take amounts in runs off the units of a line."""
    s = ints(numbers)
    wide, counts = s[WIDE], ints(s[COUNTS])
    own_sizes, own_values = ints(s[SIZES] + 8 * line * wide), ints(s[VALUES] + 8 * line * wide)
    off_size, off_value, new_sizes, new_values = ints(off_sizes), ints(off_values), ints(spare), ints(spare + 8 * wide)
    r, t, found = 0, 0, 0
    left, more = own_sizes[0], off_size[0] if count else 0
    while r < counts[line]:
        both = min(left, more) if t < count else left
        if both > 0:
            value = own_values[r] - (off_value[t] if t < count else 0)
            if found and new_values[found - 1] == value:
                new_sizes[found - 1] += both
            else:
                new_sizes[found], new_values[found] = both, value
                found += 1
        left -= both
        if t < count:
            more -= both
            if more == 0:
                t += 1
                more = off_size[t] if t < count else 0
        if left == 0:
            r += 1
            left = own_sizes[r] if r < counts[line] else 0
    for run in range(found):
        own_sizes[run], own_values[run] = new_sizes[run], new_values[run]
    counts[line] = found


@helper
def told(numbers: int, rows: int, discount: int, line: int, count: int, sizes: int, values: int) -> int:
    """Say the runs of equal amounts, those of nothing left out, behind so many rows; how many there are then."""
    s, size, value = ints(numbers), ints(sizes), ints(values)
    table, wide, before = ints(s[TOLD]), s[TOLD_WIDE], 0
    for r in range(count):
        if size[r] == 0:
            continue
        if value[r] != 0 and value[r] == before:
            table[rows - 1 + 2 * wide] += size[r]
        elif value[r] != 0:
            table[rows], table[rows + wide], table[rows + 2 * wide], table[rows + 3 * wide] = (
                discount, line, size[r], value[r],
            )  # fmt: skip
            rows += 1
        before = value[r]
    return rows


def parted(numbers: int, _: int) -> int:
    """What notes come to: how many rows are told; -1 where there is no room for them."""
    s = ints(numbers)
    number, of_event, line, part = ints(s[NUMBER]), ints(s[OF_EVENT]), ints(s[LINE]), ints(s[PART])
    old, units, former, stamp = ints(s[OLD]), ints(s[UNITS]), ints(s[FORMER]), ints(s[STAMP])
    wide, rows, count, before = s[WIDE], 0, 0, -1
    off, other, spare = s[OFF], s[OFF] + 16 * wide, s[OFF] + 32 * wide
    for x in range(s[ROWS]):
        own = line[x]
        if stamp[own] != of_event[x]:
            stamp[own] = of_event[x]
            opened(numbers, own, old[x], units[x])
        if before >= 0 and number[before] == number[x] and line[before] == own:
            off, other = other, off
            count = spread(part[x], count, other, other + 8 * wide, off, off + 8 * wide)
        else:
            runs = 8 * own * wide
            count = spread(part[x], ints(s[COUNTS])[own], s[SIZES] + runs, s[VALUES] + runs, off, off + 8 * wide)
        before = x if former[x] else -1
        if former[x]:
            continue
        if rows + count > s[TOLD_ROOM]:
            return -1
        lowered(numbers, own, count, off, off + 8 * wide, spare)
        rows = told(numbers, rows, number[x], own, count, off, off + 8 * wide)
    return rows


def parts_of(loop: Callable[[int, int], int], limits: int, event: Ints, notes: list[Ints]) -> Parts:
    """What notes in the order of their discounts come to: by discount its event; `limits` are the most that one has."""
    if notes[N_FORMER].any():
        order = np.lexsort((notes[N_LINE], notes[N_DISCOUNT]))
        notes = [column[order] for column in notes]
    number, line = notes[N_DISCOUNT], notes[N_LINE]
    of_event = event[number]
    lines, most = int(line.max(initial=0)) + 1, int(np.bincount(event).max(initial=0))
    wide = 3 + most * (1 + limits)  # each note makes one more run at most, of the two that a line begins with
    room = 2 * len(number) + wide
    while True:
        told = np.empty((4, room), np.int64)
        work = (np.full(lines, -1), np.zeros(lines, np.int64), *np.zeros((2, lines, wide), np.int64))
        spare = np.zeros((3, 2, wide), np.int64)
        held = (number, of_event, *notes[1:], *work)
        at_each = (*(each.ctypes.data for each in held), wide, spare.ctypes.data, told.ctypes.data)
        given = np.array([len(number), *at_each, room, room], np.int64)
        rows = loop(given.ctypes.data, 0)
        if rows >= 0:
            discount, at_line, size, each = told[:, :rows]
            return Parts(discount, at_line.astype(np.int32), size, each)
        room *= 2
