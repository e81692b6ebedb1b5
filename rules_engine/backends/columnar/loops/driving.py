"""From row to row of the tape in compiled code, for as long as the ops there have loops.

In: the state (`state.py`), with a row to begin on and the lanes that stand there. Out: the state, at a row whose op has
no loop, or at -1: no lane of the frame goes on. Jumps go forward only. `RESUME` has the row at which each lane goes on;
a lane stands at a row that is not before that. Lanes that went ahead are met at `NEXT_JOIN`, the first row where any
waits.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return, no-untyped-call"

from __future__ import annotations

from typing import Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.loops import state as at
from rules_engine.backends.columnar.loops.jit import call, helper, inlined, ints
from rules_engine.backends.columnar.loops.state import NEVER, READ_A, READ_B, READ_C, READ_INDEX, READ_LANE, READ_LINES
from rules_engine.backends.columnar.tape import MISSING

END, JUMP, UNLESS, WHERE, UNLESS_IS, NEXT, FAIL = (
    ops.END, ops.JUMP, ops.UNLESS, ops.WHERE, ops.UNLESS_IS, ops.NEXT, ops.FAIL,
)  # fmt: skip
LAST: Final = -1 - ops.MISSING
"""The last whole number."""
LAST_NUMBER, VECTOR = ops.VECTOR + ops.LOADED, ops.VECTOR
FIRST_NUMBER, FIRST_VECTOR = ops.CONST, ops.VECTOR + ops.CONST


@helper
def gathered(state: int) -> None:
    """The lanes of the frame that stand at the row, and the next row where others join."""
    s = ints(state)
    frame, resume, why, lanes = ints(s[at.FRAME]), ints(s[at.RESUME]), ints(s[at.WHY]), ints(s[at.LANE_BUFFER])
    pc, join, found = s[at.PC], NEVER, 0
    for x in range(s[at.FRAME_COUNT]):
        lane = frame[x]
        row = resume[lane]
        here = np.int64(row <= pc)
        lanes[found] = lane
        found += int(here & np.int64(why[lane] == 0))
        join = min(join, NEVER if here else row)
    s[at.NEXT_JOIN] = join
    stand(state, found)


@helper
def stand(state: int, found: int) -> None:
    """So many lanes of the buffer stand here."""
    s = ints(state)
    s[at.ACTIVE], s[at.HAS_LINES] = found, 0
    s[at.WHOLE] = 0
    s[at.LANES] = s[at.LANE_BUFFER]
    if found == s[at.COUNT]:
        s[at.WHOLE], s[at.LANES] = 1, s[at.ALL_LANES]
        s[at.LINE_COUNT], s[at.LINE_PLACES], s[at.STARTS] = ints(s[at.OFFSETS])[found], s[at.ALL_LINES], s[at.OFFSETS]
        s[at.HAS_LINES] = 1


@helper
def dropped(state: int) -> None:
    """Lanes that failed stand nowhere any more."""
    s = ints(state)
    lanes, buffer, why, resume = ints(s[at.LANES]), ints(s[at.LANE_BUFFER]), ints(s[at.WHY]), ints(s[at.RESUME])
    found = 0
    for x in range(s[at.ACTIVE]):
        lane = lanes[x]
        if why[lane] != 0:
            resume[lane] = NEVER
        else:
            buffer[found] = lane
            found += 1
    s[at.FAILED] = 0
    stand(state, found)


@helper
def find_lines(state: int) -> None:
    """The lines of the lanes that stand here."""
    s = ints(state)
    lanes, offsets = ints(s[at.LANES]), ints(s[at.OFFSETS])
    places, starts = ints(s[at.LINE_BUFFER]), ints(s[at.START_BUFFER])
    found = 0
    for x in range(s[at.ACTIVE]):
        starts[x] = found
        for line in range(offsets[lanes[x]], offsets[lanes[x] + 1]):
            places[found] = line
            found += 1
    starts[s[at.ACTIVE]] = found
    s[at.LINE_COUNT], s[at.LINE_PLACES], s[at.STARTS] = found, s[at.LINE_BUFFER], s[at.START_BUFFER]
    s[at.HAS_LINES] = 1


@helper
def part(state: int, row: int) -> None:
    """Which of the lanes here leave for another row, as a branch says: it stays who lies in a range, or outside of it.
    Without a branch of its own, since nobody can guess where each goes."""
    s, r = ints(state), ints(row)
    lanes, values, buffer, resume = (
        ints(s[at.LANES]), ints(register(state, r[2])), ints(s[at.LANE_BUFFER]), ints(s[at.RESUME]),
    )  # fmt: skip
    low, high, outside = staying(r[0], r[4], r[5])
    count, to, found = s[at.ACTIVE], r[7], 0
    for x in range(count):
        lane = lanes[x]
        value = values[lane]
        stays = (np.int64(value >= low) & np.int64(value <= high)) ^ outside
        buffer[found] = lane
        found += stays
        resume[lane] = resume[lane] if stays else to
    if found < count:
        s[at.NEXT_JOIN] = min(s[at.NEXT_JOIN], to)
        stand(state, found)


@helper
def staying(op: int, k: int, how: int) -> tuple[int, int, int]:
    """First and last of the numbers whose lanes stay at a branch; those outside where the third is 1."""
    if op == UNLESS:
        return 0, 0, 1
    if op == WHERE:
        return 0, 0, 0
    if how <= 1:
        return k, k, how
    if how == 2:
        return k, LAST, 1
    if how == 3:
        return MISSING, k, 0
    return (MISSING, k, 1) if how == 4 else (k, LAST, 0)


@inlined
def register(state: int, number: int) -> int:
    """Where a register is."""
    return ints(state)[at.REGISTERS] + 8 * ints(state)[at.REGISTER_ROOM] * number


@helper
def operand(state: int, number: int, vector: bool, spare: int) -> int:
    """Where the numbers of a register or vector here are, one after the other."""
    s = ints(state)
    found = s[at.REGISTERS] + 8 * s[at.REGISTER_ROOM] * number
    places = s[at.LANES]
    if vector:
        found, places = s[at.VECTORS] + 8 * s[at.VECTOR_ROOM] * number, s[at.LINE_PLACES]
    return taken(state, found, places, s[at.SIZE], spare)


@helper
def taken(state: int, found: int, places: int, count: int, spare: int) -> int:
    """The numbers at some places, one after the other: all of them where they are, others in a temporary."""
    s = ints(state)
    if s[at.WHOLE]:
        return found
    to = s[at.TEMPORARY] + 8 * s[at.TEMPORARY_ROOM] * spare
    source, target, place = ints(found), ints(to), ints(places)
    for x in range(count):
        target[x] = source[place[x]]
    return to


@helper
def number(state: int, row: int) -> None:
    """An op on numbers: what it reads is made ready, and what it writes is put where it belongs."""
    s, r = ints(state), ints(row)
    vector = r[0] >= FIRST_VECTOR
    base = r[0] - VECTOR if vector else r[0]
    reads = ints(s[at.LOOPS])[2 * base + 1]
    if vector and s[at.HAS_LINES] == 0:
        find_lines(state)
    s[at.SIZE] = s[at.LINE_COUNT] if vector else s[at.ACTIVE]
    places = s[at.LINE_PLACES] if vector else s[at.LANES]
    if reads & READ_A:
        s[at.A] = operand(state, r[2], vector, 0)
    if reads & READ_B and r[3] >= 0:
        s[at.B] = operand(state, r[3], vector, 1)
    if reads & READ_C:
        s[at.C] = operand(state, r[6], vector, 2)
    wrong = s[at.TEMPORARY] + 8 * s[at.TEMPORARY_ROOM] * 3
    s[at.INDEX] = wrong
    if reads & READ_INDEX:
        column = s[at.LINES] if vector else s[at.MEMBERS] if r[5] != 0 else s[at.EVENTS]
        s[at.INDEX] = taken(state, column, places, s[at.SIZE], 1)
    elif reads & READ_LANE:
        s[at.INDEX] = taken(state, s[at.LINE_LANES], places, s[at.SIZE], 1) if vector else s[at.LANES]
    to = s[at.VECTORS] + 8 * s[at.VECTOR_ROOM] * r[1] if vector else register(state, r[1])
    s[at.OUT] = to if s[at.WHOLE] else s[at.TEMPORARY]
    failed = call(ints(s[at.LOOPS])[2 * base], state, row)
    if not s[at.WHOLE]:
        source, target, place = ints(s[at.TEMPORARY]), ints(to), ints(places)
        for x in range(s[at.SIZE]):
            target[place[x]] = source[x]
    if failed:
        fail(state, failed, vector, wrong, places)


@helper
def fail(state: int, reason: int, vector: bool, wrong: int, places: int) -> None:
    """Lanes are not done: those of the lines, or those themselves, that went wrong."""
    s = ints(state)
    why, flags, place, of_line = ints(s[at.WHY]), ints(wrong), ints(places), ints(s[at.LINE_LANES])
    for x in range(s[at.SIZE]):
        if flags[x] != 0:
            why[of_line[place[x]] if vector else place[x]] = reason
    s[at.FAILED] = 1


@helper
def finish(state: int, reason: int, ended: int) -> None:
    """The lanes here go nowhere further: they are done, fail, or left the frame."""
    s = ints(state)
    lanes, resume, why, ends = ints(s[at.LANES]), ints(s[at.RESUME]), ints(s[at.WHY]), ints(s[at.ENDED])
    for x in range(s[at.ACTIVE]):
        resume[lanes[x]] = NEVER
        if reason:
            why[lanes[x]] = reason
        if ended:
            ends[lanes[x]] = 1
    s[at.ACTIVE] = 0


@helper
def ahead(state: int, row: int) -> None:
    """All lanes here go to a row further on."""
    s = ints(state)
    if row < s[at.NEXT_JOIN]:
        s[at.PC] = row
        return
    lanes, resume = ints(s[at.LANES]), ints(s[at.RESUME])
    for x in range(s[at.ACTIVE]):
        resume[lanes[x]] = row
    s[at.NEXT_JOIN] = min(s[at.NEXT_JOIN], row)
    s[at.ACTIVE] = 0


def advance(state: int, _: int) -> int:
    """Go on for as long as ops have loops; the row where it stopped."""
    s = ints(state)
    code, loops = s[at.CODE], ints(s[at.LOOPS])
    while True:
        if s[at.ACTIVE] == 0:
            s[at.PC] = s[at.NEXT_JOIN]
            if s[at.PC] == NEVER:
                return -1
        pc = s[at.PC]
        if pc >= s[at.NEXT_JOIN]:
            gathered(state)
            continue
        row = code + 64 * pc
        r = ints(row)
        op = r[0]
        if op == END:
            finish(state, 0, 1)
            continue
        if op == NEXT:
            finish(state, 0, 0)
            continue
        if op == FAIL:
            finish(state, r[4], 0)
            continue
        if op == JUMP:
            ahead(state, r[7])
            continue
        if UNLESS <= op <= UNLESS_IS:
            part(state, row)
            s[at.PC] = pc + 1
            continue
        loop = loops[2 * (op - VECTOR if FIRST_VECTOR <= op <= LAST_NUMBER else op)]
        if loop == 0:
            return pc
        if FIRST_NUMBER <= op <= LAST_NUMBER:
            number(state, row)
        else:
            if s[at.HAS_LINES] == 0 and loops[2 * op + 1] & READ_LINES:
                find_lines(state)
            s[at.ASKS] = call(loop, state, row)
            if s[at.ASKS]:
                return pc
        if s[at.FAILED]:
            dropped(state)
        s[at.PC] = pc + 1
