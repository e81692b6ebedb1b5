"""The tape in NumPy: what the kernel does, for installations without numba.

In: a tape, a batch, memory. Out: the same `Results` as the kernel's, row for row, and the same memory.

No two events of one member can be worked on at once. So the events of a batch are taken in rounds: the first of each
member, then the second of each, and so on; guests are nobody's. A round is cut into pieces of 4,096 events, whose
columns fit into the cache. All events of a piece walk the tape together: at each row stand those that got there, and
where a row asks something, they part. Jumps go forward only, so it is enough to take the rows in their order and to
remember who waits at which.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Final

import numpy as np

from rules_engine.backends.columnar import keeping, numbering
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Batch, Flags, Ints, Prices, Results, Small
from rules_engine.backends.columnar.calling import Calling
from rules_engine.backends.columnar.emitting import Emitted, awards_of, codes_of, discounts_of, tiers_of
from rules_engine.backends.columnar.giving import STEPS
from rules_engine.backends.columnar.numbering import NUMBERS, Reader, Row
from rules_engine.backends.columnar.piece import Here, Piece
from rules_engine.backends.columnar.taking_off import Trial
from rules_engine.backends.columnar.tape import MISSING, SLOT_DAY, SLOT_NEXT, UNKNOWN, Tape
from rules_engine.backends.columnar.units import Runs, open_runs

PIECE = 4_096


class Chunks:
    """The evaluator of one tape. `days` are the rows of what follows from a day, from the day `base` on."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.calling = Calling(tape)
        self.code: list[Row] = tape.code.tolist()
        self.limits: list[Row] = tape.limits.tolist()
        self.tracks: list[Row] = tape.tracks.tolist()
        self.effects: list[Row] = tape.effects.tolist()
        self.gives: list[Row] = tape.gives.tolist()

    def run(self, batch: Batch, days: Ints, base: int, memory: Ints, gone: Ints, wants_parts: bool) -> Results:
        """Score a batch; `memory` and `gone` are moved along."""
        return Walk(self, batch, days, base, memory, gone, wants_parts).results()


class Walk:
    """One batch."""

    def __init__(
        self, chunks: Chunks, batch: Batch, days: Ints, base: int, memory: Ints, gone: Ints, wants_parts: bool
    ) -> None:
        self.code, self.tape, self.pool, self.calling = chunks.code, chunks.tape, chunks.tape.pool, chunks.calling
        self.limits, self.tracks = chunks.limits, chunks.tracks
        self.effects, self.gives = chunks.effects, chunks.gives
        ladder = chunks.tape.ladder
        self.ladder = ladder
        self.holdings = np.zeros((0, 2), np.int64) if ladder is None else ladder.holdings
        self.by_unit = False
        self.batch, self.days, self.base = batch, days, base
        self.memory, self.gone, self.wants_parts = memory, gone, wants_parts
        events = len(batch.kind)
        self.emitted = Emitted()
        self.done = np.zeros(events, np.bool_)
        self.why = np.zeros(events, np.int16)
        self.priced = np.zeros(events, np.int32)
        self.net, self.total, self.tax, self.shipping, self.charges = np.zeros((5, events), np.int64)
        self.cost = np.zeros(batch.lines.shape[1] if batch.lines.ndim == 2 else 0, np.int64)
        self.piece: Piece
        self.trials: list[Trial] = []
        self.waiting: dict[int, list[Ints]] = {}
        self.rows: list[int] = []

    def results(self) -> Results:
        """Every round, then the rows in the order of events."""
        by_unit = self.tape.by_unit[self.batch.kind] != 0
        if self.wants_parts:
            by_unit[:] = True
        for events in rounds(self.batch.member):
            for self.by_unit in (False, True):
                some = events[by_unit[events] == self.by_unit]
                for start in range(0, len(some), PIECE):
                    self._piece(some[start : start + PIECE])
        emitted, done = self.emitted, self.done
        discounts, parts = discounts_of(emitted, done)
        return Results(
            done, self.why, awards_of(emitted.awards, done), discounts, parts, tiers_of(emitted.tiers, done),
            codes_of(emitted.codes, done),
            Prices(self.priced, self.net, self.shipping, self.charges, self.tax, self.total, self.cost),
        )  # fmt: skip

    # ---- one piece

    def _piece(self, events: Ints) -> None:
        events = self._may(events)
        if not len(events):
            return
        self.piece = piece = Piece(self.batch, events, self.tape, self.memory)
        reached = piece.memory[SLOT_DAY]
        piece.fail(np.flatnonzero((reached != MISSING) & (piece.registers[ops.DAY] < reached)), ops.LATE)
        ends = piece.memory[SLOT_NEXT]
        piece.fail(np.flatnonzero((piece.why == 0) & (ends < self.batch.day[events]) & self._unknown(ends)), ops.FAR)
        self._pass_time(np.flatnonzero(piece.why == 0))
        started = np.flatnonzero(piece.why == 0)
        if len(started):
            here = Here(piece, started)
            day = self.batch.day[events[started]]
            here.write(ops.DAY, day)
            piece.memory[SLOT_DAY, here.events] = day
            rungs = keeping.held_rungs(here, self.holdings, day)
            here.write(ops.TIER, np.where(piece.member[started] < 0, 0, rungs))
            entries = self._entries(events)[started]
            self._walk({int(pc): started[entries == pc] for pc in np.unique(entries)})
        self._finish()

    def _unknown(self, days: Ints) -> Flags:
        """Which days nobody worked out."""
        if not len(self.days):
            return days < self.base
        places = np.clip(days - self.base, 0, self.days.shape[1] - 1)
        found: Flags = (days < self.base) | (self.days[0, places] == UNKNOWN)
        return found

    def _may(self, events: Ints) -> Ints:
        """Those that may be scored: of members who still go by columns, of kinds that have a form."""
        member = self.batch.member[events]
        why = np.where(self._gone(member), ops.GONE, 0)
        formless = (why == 0) & (self._entries(events) < 0)
        why = np.where(formless, np.where(member < 0, ops.GUEST, ops.KIND), why)
        self.why[events] = why
        refused = (why != 0) & (member >= 0)
        self.gone[member[refused]] = 1
        kept: Ints = events[why == 0]
        return kept

    def _entries(self, events: Ints) -> Ints:
        """Where the work of each begins; below 0 where it has no columnar form."""
        kind = self.batch.kind[events]
        return np.where(self.batch.member[events] < 0, self.tape.guests[kind], self.tape.entries[kind])

    def _gone(self, member: Small) -> Flags:
        found = np.zeros(len(member), np.bool_)
        known = member >= 0
        found[known] = self.gone[member[known]] != 0
        return found

    def _pass_time(self, numbers: Ints) -> None:
        """Every day before the event's on which a holding ends, one after the other."""
        piece = self.piece
        while True:
            ending = piece.memory[SLOT_NEXT, numbers] < self.batch.day[piece.events[numbers]]
            numbers = numbers[ending & (piece.why[numbers] == 0)]
            if not len(numbers):
                return
            piece.registers[ops.DAY, numbers] = piece.memory[SLOT_NEXT, numbers]
            self._walk({self.tape.ends: numbers})

    def _finish(self) -> None:
        """Keep the memory of those that are done; the others' members go on by rows."""
        piece = self.piece
        done = piece.ended & (piece.why == 0)
        self.done[piece.events[done]] = True
        self.why[piece.events] = piece.why
        known = piece.member >= 0
        self.gone[piece.member[~done & known]] = 1
        self.memory[piece.member[done & known]] = piece.memory.T[done & known]
        self.priced[piece.events[~done]] = 0

    # ---- the flow

    def wait(self, row: int, numbers: Ints) -> None:
        """Let events go on at a row further on."""
        if len(numbers):
            if row not in self.waiting:
                self.waiting[row] = []
                heapq.heappush(self.rows, row)
            self.waiting[row].append(numbers)

    def _walk(self, starts: dict[int, Ints]) -> None:
        for row, numbers in starts.items():
            self.wait(row, numbers)
        while self.rows:
            self._run(self.rows[0])

    def _arrived(self, pc: int, here: Here | None) -> Here:
        """The events at a row, with those that waited for it there."""
        if not self.rows or self.rows[0] != pc:
            assert here is not None
            return here
        heapq.heappop(self.rows)
        found = self.waiting.pop(pc)
        if here is not None:
            found.append(here.numbers)
        numbers = found[0] if len(found) == 1 else np.sort(np.concatenate(found))
        return Here(self.piece, numbers[self.piece.why[numbers] == 0])

    def _run(self, pc: int) -> None:
        """From a row on, for as long as some go straight on."""
        here: Here | None = None
        while True:
            here = self._arrived(pc, here)
            if not len(here):
                return
            row = self.code[pc]
            op = row[0]
            if op < ops.CONST:
                here = FLOW[op](self, here, row)
                if here is None:
                    return
            elif op <= NUMBERS_LAST:
                self._number(here, row)
            else:
                STEPS[op](self, here, row)
                if op == ops.FALLS:
                    return
            if self.piece.failed:
                here = here.part(self.piece.why[here.numbers] == 0)
                self.piece.failed = False
            pc += 1

    def _number(self, here: Here, row: Row) -> None:
        vector = row[0] >= ops.VECTOR + ops.CONST
        found = NUMBERS[row[0] - ops.VECTOR if vector else row[0]](
            Reader(here, self.tape.pool, self.days, self.base, vector), row
        )
        (here.lay if vector else here.write)(row[1], found)

    def runs(self, lines: Ints) -> Runs:
        """The runs of units of some lines of the piece, apart."""
        vectors = self.piece.vectors
        open_runs(self.piece.runs, lines, vectors[ops.COST, lines], vectors[ops.SIZE, lines])
        return self.piece.runs.of(lines)

    def limits_of(self, row: Row, place: int) -> list[tuple[int, Row]]:
        """The limits of an effect or an award, with their numbers: `row` says at `place` where they stand."""
        numbers = self.pool[row[place] : row[place] + row[place + 1]].tolist()
        return [(number, self.limits[number]) for number in numbers]

    def keys(self, here: Here, table: int) -> Ints:
        """The occurrence of each event's day in a row of `days`; a lifetime's is 0."""
        if table < 0:
            return np.zeros(len(here), np.int64)
        found: Ints = self.days[table, here.read(ops.DAY) - self.base]
        return found


NUMBERS_LAST: Final = ops.VECTOR + ops.LOADED


def rounds(member: Small) -> list[Ints]:
    """The events of a batch, no two of one member together, each member's in their order. Guests come first."""
    order = np.argsort(member, kind="stable")
    sorted_members = member[order]
    starts = np.flatnonzero(np.concatenate([np.ones(min(1, len(order)), np.bool_), np.diff(sorted_members) != 0]))
    sizes = np.diff(np.append(starts, len(order)))
    turn = np.arange(len(order)) - np.repeat(starts, sizes)
    turn[sorted_members < 0] = 0
    by_turn = np.lexsort((order, turn))
    ends = np.flatnonzero(np.diff(turn[by_turn])) + 1
    return [order[each] for each in np.split(by_turn, ends)]


# ---- flow


def _end(walk: Walk, here: Here, _: Row) -> None:
    walk.piece.ended[here.events] = True


def _jump(walk: Walk, here: Here, row: Row) -> None:
    walk.wait(row[7], here.numbers)


def _parted(walk: Walk, here: Here, row: Row, leave: Flags) -> Here | None:
    """Some leave for another row, the others go straight on."""
    if not leave.any():
        return here
    walk.wait(row[7], here.numbers[leave])
    return None if leave.all() else here.part(~leave)


def _unless_is(walk: Walk, here: Here, row: Row) -> Here | None:
    return _parted(walk, here, row, ~numbering.COMPARED[row[5]](here.read(row[2]), row[4]))


def _section(walk: Walk, here: Here, row: Row) -> None:
    """Every rule that an event's values call; the blocks of rules stand one after the other, before the end."""
    calls = walk.calling.called(row[4], here)
    for block, numbers in calls:
        walk.wait(walk.calling.blocks[block], numbers)
    walk.wait(row[7], here.numbers)


def _fail(walk: Walk, here: Here, row: Row) -> None:
    walk.piece.fail(here.numbers, row[4])
    walk.piece.failed = False


FLOW: Final[dict[int, Callable[[Walk, Here, Row], Here | None]]] = {
    ops.END: _end,
    ops.JUMP: _jump,
    ops.UNLESS: lambda walk, here, row: _parted(walk, here, row, here.read(row[2]) == 0),
    ops.WHERE: lambda walk, here, row: _parted(walk, here, row, here.read(row[2]) != 0),
    ops.UNLESS_IS: _unless_is,
    ops.SECTION: _section,
    ops.NEXT: lambda *_: None,
    ops.FAIL: _fail,
}
