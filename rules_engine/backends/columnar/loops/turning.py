"""What the loop of sections is handed: the tables of a tape's sections, and room for the pairs and turns of a piece.

In: a tape, and which ops have loops. Out: a state of its own, by places, as `state.py` has them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.tape import Tape
from rules_engine.backends.columnar.walking.emitting import WIDTHS

# fmt: off
(ADVANCE, TABLE, KEYS, GROUPS, ROWS, CODES, EMITS, SHAPED, LOOPED, LOOPED_BY_UNIT, BY_LINE) = range(11)
(PAIR_ROOM, PAIRS_WANTED, WAITS, DIFFERENT) = range(11, 15)
(OWNERS, HITS, PAIRS, PLACES, TOLD, TO, COPY, COUNTS) = range(15, 23)
(STARTS, HERE, NEXT, ENDS, WHO, FRAME, RANKS) = range(23, 30)
(LEFT, HEADS, PRESENT) = range(30, 33)
# fmt: on
TURNING: Final = 33
"""How many places there are: tables, by block, by piece of code, by section; how much room there is, and what is under
way; room by pair, by lane, by piece of code."""
PER_PAIR: Final = (OWNERS, HITS, PAIRS, PLACES, TOLD, TO, COPY, COUNTS)
PER_LANE: Final = (STARTS, HERE, NEXT, ENDS, WHO, FRAME, RANKS)
PER_CODE: Final = (LEFT, HEADS, PRESENT)
AWARD_WIDTH: Final = WIDTHS["awards"]
ROOMY: Final = 8
"""For how many pairs of a lane there is room at first."""

TELLING: Final = frozenset((
    ops.TAKE_LINES, ops.TAKE_TOTAL, ops.PICK_TOTAL, ops.FATE, ops.GIVE, ops.GIVE_NOTHING,
))  # fmt: skip
"""The ops that may add a row of results for each lane."""
QUIET: Final = frozenset((
    ops.JUMP, ops.UNLESS, ops.WHERE, ops.UNLESS_IS, ops.NEXT, ops.FAIL, ops.SPREAD_OUT, ops.SUM, ops.COUNT, ops.SUM_AT,
    ops.FIELD_IS, ops.HAS_CODE, ops.TRACK, ops.TIMES_LEFT, ops.TAKE_TIMES, ops.HELD_OUT, ops.ROW_VALUE,
    ops.ROW_FIELD_IS, ops.ROW_SUM_AT, ops.ROW_AMONG, ops.ROW_AMONG_LINES,
    *range(ops.CONST, ops.LOADED + 1), *range(ops.CONST + ops.VECTOR, ops.LOADED + ops.VECTOR + 1),
))  # fmt: skip
"""Those whose loops ask for nothing."""
FLOW_LAST: Final = ops.FAIL
TAKES_OFF: Final = 1
TAKES_NOTHING: Final = 2
"""A section whose ops all have loops, by whether it has offers: where somebody asks for units, these want more room."""


class Sections:
    """The sections of a tape, for their loop: by block the number of its piece of code and its row; by piece of code
    where it begins, how many rows of results it may add for a lane, and whether it is a shape's; by section whether all
    its ops have loops that never ask for NumPy."""

    def __init__(self, tape: Tape, has_loop: Ints, has_loop_by_unit: Ints) -> None:
        self.sections, self.keys = np.ascontiguousarray(tape.sections), np.ascontiguousarray(tape.keys)
        codes, first, groups = np.unique(tape.blocks[:, ops.BLOCK_CODE], return_index=True, return_inverse=True)
        self.groups, self.codes = groups.astype(np.int64).reshape(-1), codes.astype(np.int64)
        self.rows = np.ascontiguousarray(tape.blocks[:, ops.BLOCK_ROW])
        self.shaped = (self.rows[first] >= 0).astype(np.int64)
        op = tape.code[:, 0]
        tells = np.concatenate([[0], np.cumsum(np.isin(op, list(TELLING)))])
        nexts = np.append(np.flatnonzero(op == ops.NEXT), len(op))
        self.emits = (tells[nexts[np.searchsorted(nexts, self.codes)]] - tells[self.codes]).astype(np.int64)
        free = _free(tape)
        self.looped, self.looped_by_unit = (self._looped(tape, free, each) for each in (has_loop, has_loop_by_unit))

    def _looped(self, tape: Tape, free: Flags, has_loop: Ints) -> Ints:
        """By section whether all its code has loops."""
        op = tape.code[:, 0]
        base = op - np.where((op >= ops.CONST + ops.VECTOR) & (op <= ops.LOADED + ops.VECTOR), ops.VECTOR, 0)
        bad = np.concatenate([[0], np.cumsum(~(free & ((has_loop[base] != 0) | (op <= FLOW_LAST))))])
        takes = np.concatenate([[0], np.cumsum(np.isin(op, (ops.TAKE_LINES, ops.TAKE_TOTAL, ops.PICK_TOTAL)))])
        found = np.zeros(len(tape.sections), np.int64)
        for place in np.flatnonzero(op == ops.SECTION).tolist():
            row = tape.code[place]
            if bad[row[7]] == bad[place + 1]:
                found[row[4]] = TAKES_NOTHING if takes[row[7]] == takes[place + 1] else TAKES_OFF
        return found


def _free(tape: Tape) -> Flags:
    """The rows of code whose loops never ask for NumPy: offers in whole steps do."""
    op = tape.code[:, 0]
    found: Flags = np.isin(op, list(TELLING | QUIET))
    steps = tape.effects[:, ops.EFFECT_STEPS] != 0
    if steps.any():
        for place in np.flatnonzero(np.isin(op, (ops.TAKE_LINES, ops.TAKE_TOTAL))).tolist():
            found[place] &= not steps[tape.code[place, 4]]
        found &= op != ops.PICK_TOTAL
    return found


class Turning:
    """The room of one thread."""

    def __init__(self, sections: Sections, advance: int, by_line: int) -> None:
        self.state = np.zeros(TURNING, np.int64)
        self.state[ADVANCE], self.state[BY_LINE] = advance, by_line
        self.kept: dict[int, Ints] = {}
        for place, array in (
            (TABLE, sections.sections), (KEYS, sections.keys), (GROUPS, sections.groups), (ROWS, sections.rows),
            (CODES, sections.codes), (EMITS, sections.emits), (SHAPED, sections.shaped), (LOOPED, sections.looped),
            (LOOPED_BY_UNIT, sections.looped_by_unit),
        ):  # fmt: skip
            self._put(place, array)
        for place in PER_CODE:
            self._put(place, np.zeros(len(sections.codes), np.int64))

    def _put(self, place: int, array: Ints) -> None:
        self.kept[place] = array
        self.state[place] = array.ctypes.data

    def reserve(self, lanes: int) -> None:
        """Have room for so many lanes, and as many pairs as the loop asked for last."""
        for place in PER_LANE:
            self._put(place, np.zeros(lanes + 1, np.int64))
        self._pairs(max(ROOMY * lanes, int(self.state[PAIR_ROOM])))

    def grow(self) -> None:
        """More room for pairs, where the loop asked for it."""
        wanted = int(self.state[PAIRS_WANTED])
        if wanted > self.state[PAIR_ROOM]:
            self._pairs(2 * wanted)

    def _pairs(self, count: int) -> None:
        self.state[PAIR_ROOM] = count
        for place in PER_PAIR:
            self._put(place, np.empty(count + 2, np.int64))
