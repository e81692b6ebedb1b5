"""The room that a walk works in, and the state that its loops are handed.

In: a tape, and who walks. Out: arrays with room for a piece, used again for the next one; addresses of all of them in
`state`; and `on`, which goes on over the tape for as long as ops have loops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Batch, Ints, Parts
from rules_engine.backends.columnar.loops import state as at
from rules_engine.backends.columnar.loops.driving import advance
from rules_engine.backends.columnar.loops.jit import compiled
from rules_engine.backends.columnar.loops.lines import LANE_LOOPS, LINE_LOOPS
from rules_engine.backends.columnar.loops.memory import MEMORY_LOOPS
from rules_engine.backends.columnar.loops.numbers import NUMBER_LOOPS
from rules_engine.backends.columnar.loops.offers import BY_UNIT, OFFER_LOOPS, SHARING
from rules_engine.backends.columnar.loops.opening import (
    DONE,
    GROWS,
    NEXT_PIECE,
    PASSES,
    WALK_NEXT,
    WALK_ROW,
    deal,
    through,
)
from rules_engine.backends.columnar.loops.results import column_put, counted_rows, marked_days, placed_rows
from rules_engine.backends.columnar.loops.rows import ROW_LINE_LOOPS, ROW_LOOPS
from rules_engine.backends.columnar.loops.sections import SECTION_LOOPS
from rules_engine.backends.columnar.loops.sharing import SHARE_ROOM, shared
from rules_engine.backends.columnar.loops.state import MORE, NEVER, READ_LINES, SHARED, STATE, TEMPORARIES
from rules_engine.backends.columnar.loops.turning import Sections, Turning
from rules_engine.backends.columnar.loops.units import parted, parts_of
from rules_engine.backends.columnar.tape import Tape
from rules_engine.backends.columnar.walking.emitting import NOTES, WIDTHS, Columns, Emitted, Table
from rules_engine.backends.columnar.walking.piece import Piece

if TYPE_CHECKING:
    from rules_engine.backends.columnar.walking.telling import Told

OPS: Final = 256
UNITS_ON_THE_WAY: Final = (ops.TAKE_UNITS, ops.TAKE, ops.BEST, ops.TRIED, ops.RULE, ops.ACTED)
"""Ops that ask for units, or that let what was told go again: then units are looked at on the way."""
LAST_NUMBER: Final = ops.VECTOR + ops.LOADED
FLOW: Final = (ops.END, ops.NEXT, ops.FAIL, ops.JUMP, ops.UNLESS, ops.WHERE, ops.UNLESS_IS)
"""What the driver does itself."""


NEED_LINES: Final = {**LINE_LOOPS, **ROW_LINE_LOOPS}
LOOPS: Final = {**NEED_LINES, **LANE_LOOPS, **MEMORY_LOOPS, **OFFER_LOOPS, **ROW_LOOPS, **SECTION_LOOPS}
TABLES: Final = ((at.AWARDS, "awards"), (at.DISCOUNTS, "discounts"), (at.TIERS, "tiers"), (at.CODES, "codes"))
ROWS: Final = 4_096
"""For how many rows of results there is room at first,"""
OF_BATCH: Final = (
    at.DAYS, at.FIELDS, at.LINE_FIELDS, at.FACTS, at.HOLDOUTS, at.RANK, at.RAGGED, at.BATCH_OFFSETS,
    at.BATCH_MEMBERS, at.BATCH_DAYS, at.BATCH_INSTANTS, at.KEPT, at.GONE, at.DONE, at.TOLD_WHY, at.COSTS, at.NET,
    at.TOTAL, at.PRICED, at.PARTS,
)  # fmt: skip
"""What a room has of a batch."""
PER_EVENT: Final = {"awards": 4, "discounts": 2}
"""and how many more for each event. What is not used takes nothing."""


def _address(array: Ints) -> int:
    return int(array.ctypes.data)


class Loops:
    """The loops of one tape, compiled: `table` has the address of each op's and what it reads, `looped` by row of code
    whether its op has one."""

    def __init__(self, tape: Tape) -> None:
        self.table = np.zeros((OPS, 2), np.int64)
        found = set(np.unique(tape.code[:, 0]).tolist())
        for op, (loop, reads) in NUMBER_LOOPS.items():
            if op in found or op + ops.VECTOR in found:
                self.table[op] = compiled(loop).address, reads
        for op, each in LOOPS.items():
            if op in found:
                self.table[op] = compiled(each, op not in NEED_LINES).address, READ_LINES if op in NEED_LINES else 0
        self.advance, self.deal = compiled(advance).ctypes, compiled(deal, True).ctypes
        self.advance_address = compiled(advance).address
        self.through = compiled(through).ctypes
        self.count_rows, self.place_rows, self.put_column = (
            compiled(loop).ctypes for loop in (counted_rows, placed_rows, column_put)
        )
        self.mark_days = compiled(marked_days).ctypes
        self.parted = compiled(parted, True).ctypes
        self.limits = int(tape.effects[:, ops.EFFECT_COUNT].max(initial=0))
        wholly = not tape.by_unit.any() and not tape.effects[:, ops.EFFECT_STEPS].any()
        self.notes = wholly and not found & {*UNITS_ON_THE_WAY}
        if found & SHARING:
            self.table[SHARED] = compiled(shared).address, 0
        self.by_unit = self.table.copy()
        self.by_unit[list(BY_UNIT)] = 0
        self.addresses = _address(self.table), _address(self.by_unit)
        self.sections = Sections(tape, self.table[:, 0], self.by_unit[:, 0])
        ops_of = tape.code[:, 0]
        base = ops_of - np.where((ops_of >= ops.VECTOR + ops.CONST) & (ops_of <= LAST_NUMBER), ops.VECTOR, 0)
        self.looped, self.looped_by_unit = (
            ((table[base, 0] != 0) | np.isin(base, FLOW)).tolist() for table in (self.table, self.by_unit)
        )
        self.code = np.ascontiguousarray(tape.code)
        self.tables = {
            name: np.ascontiguousarray(getattr(tape, name)) for name in ("limits", "tracks", "effects", "gives")
        }
        self.pool = np.ascontiguousarray(tape.pool)
        self.holdings = (
            np.zeros((0, 2), np.int64) if tape.ladder is None else np.ascontiguousarray(tape.ladder.holdings)
        )

    def parts(self, numbers: Ints, event: Ints, columns: Columns) -> Parts:
        """What was noted of lines: by note the number of its discount, by discount its event."""
        kept = np.flatnonzero(numbers >= 0)
        order = kept[self.in_order(numbers[kept], len(event))]
        return parts_of(self.parted, self.limits, event, [each[order] for each in (numbers, *columns)])

    def in_order(self, numbers: Ints, count: int) -> Ints:
        """The places of some numbers below a count in ascending order, equal ones as they stand."""
        sizes = np.bincount(numbers, minlength=count)
        following, all_of, places = np.cumsum(sizes) - sizes, np.ones(count, np.int64), np.empty_like(numbers)
        told = np.array([len(numbers), *map(_address, (numbers, all_of, following, places)), 0, 0, 0], np.int64)
        self.place_rows(_address(told), 0)
        order = np.empty_like(places)
        order[places] = np.arange(len(places))
        return order

    def mark(self, wanted: Ints, days: Ints, first: int) -> None:
        """Mark those of some days that are among the wanted ones, which begin with the first."""
        days = np.ascontiguousarray(days, np.int64)
        numbers = np.array([len(days), _address(days), first, _address(wanted), len(wanted)], np.int64)
        self.mark_days(_address(numbers), 0)


class Room:
    """One thread's room."""

    def __init__(self, loops: Loops, tape: Tape) -> None:
        self.loops = loops
        self.looped: list[bool] = loops.looped
        self.state = np.zeros(STATE, np.int64)
        self.address = self.state.ctypes.data
        self.walk = np.zeros(10, np.int64)
        self.kept: dict[int, Any] = {}
        self.registers_count, self.vectors_count = max(tape.registers, ops.REGISTERS), max(tape.vectors, ops.VECTORS)
        self.slots = tape.slots
        self.turning = Turning(loops.sections, loops.advance_address, loops.addresses[0])
        self.put(at.SECTIONS, self.turning.state)
        self.lanes = self.lines = -1
        self.put(at.CODE, loops.code)
        self.put(at.POOL, loops.pool)
        for place, name in ((at.LIMITS, "limits"), (at.TRACKS, "tracks"), (at.EFFECTS, "effects"), (at.GIVES, "gives")):
            self.put(place, loops.tables[name])
            self.state[place + 1] = loops.tables[name].shape[1]
        self.put(at.HOLDINGS, loops.holdings)
        self.state[at.HOLDING_COUNT] = len(loops.holdings)
        self.last = np.full(0, -1, np.int64)
        self.flushed = dict.fromkeys((place for place, _ in TABLES), 0)
        self._fates(0)

    def enter(
        self, batch: Batch, days: Ints, base: int, memory: Ints, gone: Ints, told: Told, emitted: Emitted,
        wants_parts: bool = False,
    ) -> None:  # fmt: skip
        """Begin with a batch."""
        self.emitted = emitted
        self.put(at.DAYS, np.ascontiguousarray(days))
        self.state[at.DAYS_WIDE], self.state[at.BASE] = days.shape[1] if len(days) else 0, base
        self._batch(batch)
        self.batch, self.sizes = batch, np.diff(batch.offsets)
        for place, column in (
            (at.BATCH_OFFSETS, batch.offsets), (at.BATCH_MEMBERS, batch.member), (at.BATCH_DAYS, batch.day),
            (at.BATCH_INSTANTS, batch.instant),
        ):  # fmt: skip
            self.put(place, np.ascontiguousarray(column, np.int64))
        for place, column in (
            (at.KEPT, memory), (at.GONE, gone), (at.DONE, told.done), (at.TOLD_WHY, told.why), (at.COSTS, told.cost),
            (at.NET, told.net), (at.TOTAL, told.total), (at.PRICED, told.priced),
        ):  # fmt: skip
            self.put(place, column)
        self.members = len(memory)
        for place, name in TABLES:
            rows = ROWS + PER_EVENT.get(name, 0) * len(batch.kind)
            if self.state[place + at.ROOM] < rows:
                self._make_room(place, name, rows)
            self.state[place + at.AT] = self.flushed[place] = 0
        self.notes, self.handed, self.noted = wants_parts and self.loops.notes, 0, 0
        self.state[at.PARTS : at.PARTS + 3] = 0
        if self.notes:
            self._make_notes(ROWS + PER_EVENT["discounts"] * batch.lines.shape[1])

    def left(self) -> Room:
        """Leave the batch: what is its own is let go, the room is for others."""
        for place in OF_BATCH:
            self.kept.pop(place, None)
            self.state[place] = 0
        for name in ("batch", "emitted", "sizes", "dealt", "of_walk", "piece", "pairs"):
            vars(self).pop(name, None)
        return self

    def _make_notes(self, rows: int) -> None:
        """A new stretch for what is noted of lines."""
        self.put(at.PARTS, np.empty((NOTES, rows), np.int64))
        self.state[at.PARTS + at.AT], self.state[at.PARTS + at.ROOM], self.noted = 0, rows, 0

    def _make_room(self, place: int, name: str, rows: int) -> None:
        """A new stretch for the rows of a table."""
        self.put(place, np.empty((WIDTHS[name], rows), np.int64))
        self.state[place + at.AT], self.state[place + at.ROOM] = 0, rows
        self.flushed[place] = 0

    def _fates(self, more: int) -> None:
        """More room for what became of codes."""
        have = int(self.state[at.FATES + at.ROOM])
        fates = np.empty((2 * (have + more) + ROWS, 4), np.int64)
        if have:
            fates[:have] = self.kept[at.FATES]
        self.put(at.FATES, fates)
        self.state[at.FATES + at.ROOM] = len(fates)

    def _grow(self) -> None:
        """More room for results: as much as a loop asked for, everywhere."""
        self.turning.grow()
        wanted = int(self.state[at.WANTED])
        for place, name in TABLES:
            have = int(self.state[place + at.ROOM])
            if self.state[place + at.AT] + wanted > have:
                self.flush()
                self._make_room(place, name, 2 * max(have, wanted))
        if self.notes and self.state[at.PARTS + at.AT] + wanted > self.state[at.PARTS + at.ROOM]:
            self.flush()
            self._make_notes(2 * max(int(self.state[at.PARTS + at.ROOM]), wanted))
        if self.state[at.FATES + at.AT] + wanted > self.state[at.FATES + at.ROOM]:
            self._fates(wanted)

    def flush(self) -> None:
        """Hand on the rows that loops made, as blocks."""
        noted = int(self.state[at.PARTS + at.AT])
        if noted > self.noted:
            first = self.handed - self.flushed[at.DISCOUNTS]
            self.emitted.notes.append((first, self.kept[at.PARTS][:, self.noted : noted]))
            self.noted = noted
        self.handed += int(self.state[at.DISCOUNTS + at.AT]) - self.flushed[at.DISCOUNTS]
        for place, name in TABLES:
            start, end = self.flushed[place], int(self.state[place + at.AT])
            if end > start:
                table: Table = getattr(self.emitted, name)
                table.blocks.append(list(self.kept[place][:, start:end]))
                self.flushed[place] = end

    def put(self, place: int, array: Ints) -> None:
        """Note where an array is, and keep it there."""
        self.kept[place] = array
        self.state[place] = array.ctypes.data

    def _batch(self, batch: Batch) -> None:
        for place, column in (
            (at.FIELDS, batch.fields), (at.LINE_FIELDS, batch.lines), (at.FACTS, batch.facts),
            (at.HOLDOUTS, batch.holdouts),
        ):  # fmt: skip
            self.put(place, np.ascontiguousarray(column, np.int64))
            self.state[place + 1] = column.shape[1] if column.ndim == 2 else 0
        self.put(at.RANK, np.ascontiguousarray(batch.rank, np.int64))
        pairs = [[np.ascontiguousarray(each, np.int64) for each in pair] for pair in batch.ragged]
        self.pairs = pairs
        self.put(at.RAGGED, np.array([[each.ctypes.data for each in pair] for pair in pairs] or [[0, 0]], np.int64))

    def deal(self, order: Ints, classes: Ints, rows: Ints, by_unit: Ints, size: int) -> None:
        """Deal events out to pieces of a size, each of one class; events of a class begin at its row, and work by unit
        or not."""
        classes, rows = np.ascontiguousarray(classes, np.int64), np.ascontiguousarray(rows, np.int64)
        filled = np.zeros((len(order) + 2) * len(rows), np.int64)
        self.dealt, pieces = np.empty((2, len(order)), np.int64)
        if len(self.last) < self.members:
            self.last = np.full(self.members, -1, np.int64)
        opened, tables = np.arange(len(rows)), np.array(self.loops.addresses, np.int64)[by_unit]
        arrays = (order, self.kept[at.BATCH_MEMBERS], classes)
        more = (self.last, filled, pieces, opened, self.dealt)
        numbers = np.array([len(order), *map(_address, arrays), len(rows), size, *map(_address, more)], np.int64)
        found = self.loops.deal(_address(numbers), 0)
        starts = filled[: found + 1]
        before = np.concatenate([[0], np.cumsum(self.sizes[self.dealt])])
        self.reserve(int(np.diff(starts).max(initial=0)), int(np.diff(before[starts]).max(initial=0)))
        self.of_walk = starts, classes, rows, tables
        self.walk[:] = (
            NEXT_PIECE, 0, found, _address(starts), _address(self.dealt), _address(classes), _address(rows),
            _address(tables), self.loops.advance_address, 0,
        )  # fmt: skip

    def through(self) -> bool:
        """Go on over all pieces. True where nothing is left; else there is a `piece` that loops cannot finish: days
        pass first for some of it, who then begin at `row`, or it stopped at `row`."""
        while (why := self.loops.through(_address(self.walk), self.address)) == GROWS:
            self._grow()
        if why == DONE:
            return True
        self.flush()
        starts, *_ = self.of_walk
        start, end = starts[self.walk[WALK_NEXT] - 1 : self.walk[WALK_NEXT] + 1].tolist()
        self.by_unit = bool(self.state[at.LOOPS] == self.loops.addresses[1])
        self.looped = self.loops.looped_by_unit if self.by_unit else self.loops.looped
        self.piece = Piece(self.batch, self.dealt[start:end], self)
        self.piece.counted += 1
        self.passes = why == PASSES
        self.row = int(self.state[at.START] if self.passes else self.walk[WALK_ROW])
        return False

    def reserve(self, lanes: int, lines: int) -> None:
        """Have room for so many events and lines."""
        if lanes <= self.lanes and lines <= self.lines:
            return
        self.turning.reserve(max(lanes, self.lanes, 1))
        self.lanes, self.lines = lanes, lines = max(lanes, self.lanes, 1), max(lines + lines // 8, self.lines, 1)
        wide = max(lanes, lines, SHARE_ROOM) + 1
        self.member, self.why, self.ended = np.zeros((3, lanes), np.int64)
        self.offsets = np.zeros(lanes + 1, np.int64)
        self.lines_at, self.line_event = np.zeros((2, lines), np.int64)
        self.registers = np.zeros((self.registers_count, lanes), np.int64)
        self.vectors = np.zeros((self.vectors_count, lines), np.int64)
        self.memory = np.zeros((lanes, self.slots), np.int64)
        self.resume, self.newest = np.zeros((2, lanes), np.int64)
        self.places = np.arange(wide)
        for place, array in (
            (at.REGISTERS, self.registers), (at.VECTORS, self.vectors), (at.MEMORY, self.memory),
            (at.RESUME, self.resume), (at.FATE_NEWEST, self.newest), (at.ALL_LANES, self.places),
            (at.ALL_LINES, self.places), (at.MEMBERS, self.member), (at.WHY, self.why), (at.ENDED, self.ended),
            (at.OFFSETS, self.offsets), (at.LINES, self.lines_at), (at.LINE_LANES, self.line_event),
            (at.LANE_BUFFER, np.zeros(lanes, np.int64)), (at.LINE_BUFFER, np.zeros(lines, np.int64)),
            (at.START_BUFFER, np.zeros(lanes + 1, np.int64)), (at.TEMPORARY, np.zeros((TEMPORARIES, wide), np.int64)),
        ):  # fmt: skip
            self.put(place, array)
        self.state[at.REGISTER_ROOM], self.state[at.VECTOR_ROOM] = lanes, lines
        self.state[at.SLOTS], self.state[at.TEMPORARY_ROOM] = self.slots, wide

    def on(self, pc: int, frame: Ints) -> tuple[int, Ints, int]:
        """Go on from a row; the row where it stopped (-1: nobody goes on), who stands there, and the next row where
        others wait."""
        state = self.state
        state[at.PC] = state[at.NEXT_JOIN] = pc
        state[at.ACTIVE] = 1
        state[at.FRAME], state[at.FRAME_COUNT] = frame.ctypes.data, len(frame)
        while True:
            state[at.ASKS] = 0
            stopped = self.loops.advance(self.address, 0)
            if state[at.ASKS] != MORE:
                break
            self._grow()
        self.piece.counted += 1
        self.flush()
        return self.stopped(stopped) if stopped >= 0 else (-1, frame[:0], NEVER)

    def stopped(self, row: int) -> tuple[int, Ints, int]:
        """A row, who stands there, and the next row where others wait."""
        state = self.state
        lanes: Ints = self.kept[at.LANE_BUFFER] if state[at.LANES] == state[at.LANE_BUFFER] else self.places
        return row, lanes[: state[at.ACTIVE]].copy(), int(state[at.NEXT_JOIN])
