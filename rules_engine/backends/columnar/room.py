"""The room that a walk works in, and the state that its loops are handed.

In: a tape, and who walks. Out: arrays with room for a piece, used again for the next one; addresses of all of them in
`state`; and `on`, which goes on over the tape for as long as ops have loops.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rules_engine.backends.columnar import state as at
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Batch, Flags, Ints
from rules_engine.backends.columnar.driving import advance
from rules_engine.backends.columnar.emitting import WIDTHS, Block, Emitted, Table
from rules_engine.backends.columnar.jit import compiled
from rules_engine.backends.columnar.loops_lines import LINE_LOOPS
from rules_engine.backends.columnar.loops_memory import MEMORY_LOOPS
from rules_engine.backends.columnar.loops_numbers import NUMBER_LOOPS
from rules_engine.backends.columnar.loops_offers import BY_UNIT, OFFER_LOOPS
from rules_engine.backends.columnar.loops_rows import ROW_LINE_LOOPS, ROW_LOOPS
from rules_engine.backends.columnar.opening import close_piece, deal, in_order, open_piece
from rules_engine.backends.columnar.piece import Piece
from rules_engine.backends.columnar.state import MORE, NEVER, READ_LINES, STATE, TEMPORARIES
from rules_engine.backends.columnar.tape import Tape

if TYPE_CHECKING:
    from rules_engine.backends.columnar.chunks import Told

OPS: Final = 256
LAST_NUMBER: Final = ops.VECTOR + ops.LOADED
FLOW: Final = (ops.END, ops.NEXT, ops.FAIL, ops.JUMP, ops.UNLESS, ops.WHERE, ops.UNLESS_IS)
"""What the driver does itself."""


NEED_LINES: Final = {**LINE_LOOPS, **ROW_LINE_LOOPS}
LOOPS: Final = {**NEED_LINES, **MEMORY_LOOPS, **OFFER_LOOPS, **ROW_LOOPS}
TABLES: Final = ((at.AWARDS, "awards"), (at.DISCOUNTS, "discounts"), (at.TIERS, "tiers"), (at.CODES, "codes"))
ROWS: Final = 4_096
"""For how many rows of results there is room at first,"""
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
        self.sort = compiled(in_order).ctypes
        self.open, self.close = compiled(open_piece).ctypes, compiled(close_piece).ctypes
        self.by_unit = self.table.copy()
        self.by_unit[list(BY_UNIT)] = 0
        self.addresses = _address(self.table), _address(self.by_unit)
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

    def in_order(self, events: Ints, done: Flags) -> Ints:
        """The places of rows in the order of their events, without those of events that are not done."""
        flags, into = done.astype(np.int64), np.empty(len(events), np.int64)
        starts = np.zeros(len(done), np.int64)
        numbers = np.array([len(events), *map(_address, (events, flags, starts)), len(done), _address(into)], np.int64)
        return into[: self.sort(_address(numbers), 0)]


class Room:
    """One thread's room."""

    def __init__(
        self,
        loops: Loops,
        tape: Tape,
        batch: Batch,
        days: Ints,
        base: int,
        memory: Ints,
        gone: Ints,
        told: Told,
        emitted: Emitted,
    ) -> None:
        self.loops, self.emitted = loops, emitted
        self.looped: list[bool] = loops.looped
        self.state = np.zeros(STATE, np.int64)
        self.address = self.state.ctypes.data
        self.kept: dict[int, Any] = {}
        self.registers_count, self.vectors_count = max(tape.registers, ops.REGISTERS), max(tape.vectors, ops.VECTORS)
        self.slots = tape.slots
        self.lanes = self.lines = -1
        self.put(at.CODE, loops.code)
        self.put(at.POOL, loops.pool)
        for place, name in ((at.LIMITS, "limits"), (at.TRACKS, "tracks"), (at.EFFECTS, "effects"), (at.GIVES, "gives")):
            self.put(place, loops.tables[name])
            self.state[place + 1] = loops.tables[name].shape[1]
        self.put(at.HOLDINGS, loops.holdings)
        self.state[at.HOLDING_COUNT] = len(loops.holdings)
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
        self.last: dict[int, tuple[Block, int, int]] = {}
        self.mine: dict[int, list[tuple[Block, int, int]]] = {place: [] for place, _ in TABLES}
        self.flushed = dict.fromkeys((place for place, _ in TABLES), 0)
        for place, name in TABLES:
            self._make_room(place, name, ROWS + PER_EVENT.get(name, 0) * len(batch.kind))
        self._fates(0)

    def _make_room(self, place: int, name: str, rows: int) -> None:
        """A new stretch for the rows of a table."""
        self.put(place, np.empty((WIDTHS[name], rows), np.int64))
        self.state[place + at.AT], self.state[place + at.ROOM] = 0, rows
        self.flushed[place] = 0
        self.last.pop(place, None)

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
        wanted = int(self.state[at.WANTED])
        for place, name in TABLES:
            have = int(self.state[place + at.ROOM])
            if self.state[place + at.AT] + wanted > have:
                self._flush()
                self._make_room(place, name, 2 * max(have, wanted))
        if self.state[at.FATES + at.AT] + wanted > self.state[at.FATES + at.ROOM]:
            self._fates(wanted)

    def _flush(self) -> None:
        """Hand on the rows that loops made, as blocks."""
        for place, name in TABLES:
            start, end = self.flushed[place], int(self.state[place + at.AT])
            if end > start:
                table: Table = getattr(self.emitted, name)
                table.blocks.append(list(self.kept[place][:, start:end]))
                self.mine[place].append((table.blocks[-1], start, end))
                self.flushed[place] = end

    def _joined(self) -> None:
        """Make one block of what a piece handed on and what the one before did, where nothing stands between them."""
        for place, name in TABLES:
            mine, table = self.mine[place], getattr(self.emitted, name)
            if len(mine) == 1 and table.blocks[-1] is mine[0][0]:
                block, start, end = mine[0]
                before, first, until = self.last.get(place, (None, 0, -1))
                if until == start and len(table.blocks) > 1 and table.blocks[-2] is before:
                    block, start = list(self.kept[place][:, first:end]), first
                    table.blocks[-2:] = [block]
                self.last[place] = block, start, end
            else:
                self.last.pop(place, None)
            mine.clear()

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
        self.kept[-1] = pairs
        self.put(at.RAGGED, np.array([[each.ctypes.data for each in pair] for pair in pairs] or [[0, 0]], np.int64))

    def deal(self, order: Ints, classes: Ints, most: int, size: int, members: int) -> list[tuple[int, int]]:
        """Deal events out to pieces: where each piece begins and ends in `dealt`."""
        filled = np.zeros((len(order) + 2) * most, np.int64)
        self.dealt, pieces = np.empty((2, len(order)), np.int64)
        arrays = (order, self.kept[at.BATCH_MEMBERS], classes)
        more = (np.full(members, -1, np.int64), filled, pieces, np.arange(most), self.dealt)
        numbers = np.array([len(order), *map(_address, arrays), most, size, *map(_address, more)], np.int64)
        found = self.loops.deal(_address(numbers), 0)
        starts: list[int] = filled[: found + 1].tolist()
        return [(start, end) for start, end in pairwise(starts) if end > start]

    def open(self, start: int, end: int, by_unit: bool, row: int) -> bool:
        """Begin a piece of what was dealt: its events all begin at a row. True where days pass first for some."""
        state, events = self.state, self.dealt[start:end]
        self.reserve(end - start, int(self.sizes[events].sum()))
        state[at.COUNT], state[at.START] = end - start, row
        state[at.EVENTS] = _address(self.dealt) + 8 * start
        state[at.LOOPS] = self.loops.addresses[by_unit]
        self.looped = self.loops.looped_by_unit if by_unit else self.loops.looped
        state[at.FATES + at.AT] = 0
        passes = bool(self.loops.open(self.address, 0))
        self.piece = Piece(self.batch, events, self)
        return passes

    def close(self, joins: bool) -> None:
        """Keep what the events of a piece leave behind; with `joins` blocks of results may be put together."""
        self.loops.close(self.address, 0)
        if joins:
            self._joined()

    def reserve(self, lanes: int, lines: int) -> None:
        """Have room for so many events and lines."""
        if lanes <= self.lanes and lines <= self.lines:
            return
        self.lanes, self.lines = lanes, lines = max(lanes, self.lanes, 1), max(lines + lines // 8, self.lines, 1)
        wide = max(lanes, lines, 16) + 1
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
        self._flush()
        if stopped < 0:
            return -1, frame[:0], NEVER
        lanes: Ints = self.kept[at.LANE_BUFFER] if state[at.LANES] == state[at.LANE_BUFFER] else self.places
        return stopped, lanes[: state[at.ACTIVE]].copy(), int(state[at.NEXT_JOIN])
