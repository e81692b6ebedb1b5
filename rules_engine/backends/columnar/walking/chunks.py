"""The walker: it takes the events of a batch over the tape, many at a time.

In: a tape, a batch, memory. Out: `Results`, and memory moved along. Each op is a function in NumPy; where numba is
installed, many are loops that it compiled, which do the same.

No two events of one member can be worked on at once. So the events of a batch are taken in rounds: the first of each
member, then the second of each, and so on; guests are nobody's. A round is cut into pieces of 4,096 events, whose
columns fit into the cache. All events of a piece walk the tape together: at each row stand those that got there, and
where a row asks something, they part. Jumps go forward only, so it is enough to take the rows in their order and to
remember who waits at which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Batch, Flags, Ints, Results, Small
from rules_engine.backends.columnar.loops.state import NEVER
from rules_engine.backends.columnar.tape import MISSING, SLOT_DAY, SLOT_NEXT, UNKNOWN, Tape
from rules_engine.backends.columnar.walking import keeping, numbering
from rules_engine.backends.columnar.walking.calling import Calling, section
from rules_engine.backends.columnar.walking.emitting import COLUMNS, Emitted, Rows
from rules_engine.backends.columnar.walking.giving import STEPS as GIVING
from rules_engine.backends.columnar.walking.numbering import NUMBERS, Reader, Row
from rules_engine.backends.columnar.walking.piece import Here, Piece
from rules_engine.backends.columnar.walking.rowing import ROWED
from rules_engine.backends.columnar.walking.store import Store
from rules_engine.backends.columnar.walking.taking_off import Trial
from rules_engine.backends.columnar.walking.telling import Told
from rules_engine.backends.columnar.walking.units import Runs, open_runs

if TYPE_CHECKING:
    from rules_engine.backends.columnar.loops.room import Loops, Room
    from rules_engine.backends.columnar.walking.gathering import Gathering

PIECE = 4_096
"""How many events a piece has: as many as make what Python does for each row small."""
LANES: Final = 1_024
"""The same with loops, where a row costs next to nothing: as many as the cache holds."""
STEPS: Final = {**GIVING, **ROWED}
"""What each op does that is neither a number nor flow."""


class Chunks:
    """The evaluator of one tape. `days` are the rows of what follows from a day, from the day `base` on."""

    def __init__(self, tape: Tape, loops: bool = False) -> None:
        self.tape = tape
        self.loops = loops_of(tape) if loops else None
        self.rooms: list[Room] = []
        self.calling = Calling(tape)
        self.code: list[Row] = tape.code.tolist()
        self.limits: list[Row] = tape.limits.tolist()
        self.tracks: list[Row] = tape.tracks.tolist()
        self.effects: list[Row] = tape.effects.tolist()
        self.gives: list[Row] = tape.gives.tolist()

    def run(
        self, batch: Batch, days: Ints, base: int, memory: Ints, gone: Ints, wants_parts: bool, threads: int = 1,
        store: Store | None = None,
    ) -> Results:  # fmt: skip
        """Score a batch; `memory`, `gone` and `store` are moved along. Each thread has members of its own."""
        orders = [np.arange(len(batch.kind))]
        if threads > 1:
            orders = [np.flatnonzero(batch.member % threads == thread) for thread in range(threads)]
        told = Told(batch)
        walks = [Walk(self, batch, days, base, memory, gone, wants_parts, told, order, store) for order in orders]
        if len(walks) == 1:
            walks[0].through()
            return self._told(walks, told, map)
        with ThreadPoolExecutor(len(walks)) as pool:
            list(pool.map(Walk.through, walks))
            return self._told(walks, told, pool.map)

    def _told(self, walks: list[Walk], told: Told, each: Callable[..., Iterable[None]]) -> Results:
        """What walks came to, in order; `each` calls a function for every walk."""
        first, *others = emitted = [walk.emitted for walk in walks]
        rows: dict[str, Rows] = {}
        if self.loops is not None:
            gathering = gathering_of(self.loops, told.done, emitted)
            list(each(gathering.count, range(len(walks))))
            gathering.begin()
            list(each(gathering.put, range(len(walks))))
            rows = gathering.rows
        for other in others:
            first.join(other)
        if self.loops is None:
            rows = {name: getattr(first, name).sorted(told.done != 0) for name in COLUMNS}
        self.rooms += [walk.room.left() for walk in walks if walk.room is not None]
        return told.results(first, rows, None if self.loops is None else self.loops.parts)


class Walk:
    """Some events of one batch, all those of their members."""

    def __init__(
        self, chunks: Chunks, batch: Batch, days: Ints, base: int, memory: Ints, gone: Ints, wants_parts: bool,
        told: Told, order: Ints, store: Store | None = None,
    ) -> None:  # fmt: skip
        self.code, self.tape, self.pool, self.calling = chunks.code, chunks.tape, chunks.tape.pool, chunks.calling
        self.limits, self.tracks = chunks.limits, chunks.tracks
        self.effects, self.gives = chunks.effects, chunks.gives
        ladder = chunks.tape.ladder
        self.ladder = ladder
        self.holdings = np.zeros((0, 2), np.int64) if ladder is None else ladder.holdings
        self.by_unit = False
        self.batch, self.days, self.base = batch, days, base
        self.memory, self.gone, self.wants_parts = memory, gone, wants_parts
        self.order = order
        self.store, self.received = store, 0
        self.units, self.kept_gives = chunks.tape.units, chunks.tape.kept_gives
        self.emitted = Emitted()
        self.done, self.why, self.priced, self.cost = told.done, told.why, told.priced, told.cost
        self.net, self.total, self.tax = told.net, told.total, told.tax
        self.shipping, self.charges = told.shipping, told.charges
        self.piece: Piece
        self.trials: list[Trial] = []
        self.room = room_of(self, chunks, told)
        self.resume: Ints = np.zeros(0, np.int64)
        self.frame: Ints = np.zeros(0, np.int64)
        self.join = NEVER

    def through(self) -> None:
        """Every piece."""
        if self.room is not None:
            self._dealt(self.room)
            return
        by_unit = self.tape.by_unit[self.batch.kind] != 0
        if self.wants_parts:
            by_unit[:] = True
        for turn in rounds(self.batch.member[self.order]):
            events = self.order[turn]
            for self.by_unit in (False, True):
                some = events[by_unit[events] == self.by_unit]
                for start in range(0, len(some), PIECE):
                    self._piece(some[start : start + PIECE])

    def _dealt(self, room: Room) -> None:
        """Every piece, as loops deal and walk them: all events of one begin at the same row."""
        tape, kind = self.tape, self.batch.kind
        on_the_way = self.wants_parts and not room.notes
        units = np.ones(len(tape.by_unit), np.int64) if on_the_way else (tape.by_unit != 0).astype(np.int64)
        by_kind = np.stack([2 * tape.entries + units, 2 * tape.guests + units])
        keys, numbers = np.unique(by_kind, return_inverse=True)
        numbers = numbers.reshape(by_kind.shape).astype(np.int64)
        classes = numbers[0][kind]
        guests = self.batch.member < 0
        if guests.any():
            classes = np.where(guests, numbers[1][kind], classes)
        room.deal(self.order, classes, keys // 2, keys % 2, min(PIECE, LANES))
        while not room.through():
            self._met(room)
        room.flush()

    def _met(self, room: Room) -> None:
        """Go on with a piece where loops left it, to its end."""
        self.piece, row, self.by_unit = room.piece, room.row, room.by_unit
        self.resume, self.frame = room.resume[: self.piece.count], room.places[: self.piece.count]
        if room.passes:
            self._late_starters(row)
            self._run()
        else:
            row, numbers, self.join = room.stopped(row)
            self._run(Here(self.piece, numbers), row)
        self._kept()

    def _late_starters(self, row: int) -> None:
        """Let days pass for those who have one on which a holding ends; then all are where their event begins."""
        piece = self.piece
        waits = np.flatnonzero((self.resume == NEVER) & (piece.why == 0))
        self._pass_time(waits)
        self._start(waits[piece.why[waits] == 0])
        self.frame, self.join = np.arange(piece.count), NEVER
        self.wait(row, np.flatnonzero(piece.why == 0))

    def _start(self, numbers: Ints) -> None:
        """What events find on their day."""
        piece, here = self.piece, Here(self.piece, numbers)
        day = self.batch.day[piece.events[numbers]]
        here.write(ops.DAY, day)
        piece.memory[SLOT_DAY, here.events] = day
        rungs = keeping.held_rungs(here, self.holdings, day)
        here.write(ops.TIER, np.where(piece.member[numbers] < 0, 0, rungs))

    # ---- one piece

    def _piece(self, events: Ints) -> None:
        events = self._may(events)
        if not len(events):
            return
        self.piece = piece = Piece(self.batch, events).lay(self.tape, self.memory)
        self.resume = np.full(piece.count, NEVER, np.int64)
        reached = piece.memory[SLOT_DAY]
        piece.fail(np.flatnonzero((reached != MISSING) & (piece.registers[ops.DAY] < reached)), ops.LATE)
        ends = piece.memory[SLOT_NEXT]
        piece.fail(np.flatnonzero((piece.why == 0) & (ends < self.batch.day[events]) & self._unknown(ends)), ops.FAR)
        self._pass_time(np.flatnonzero(piece.why == 0))
        started = np.flatnonzero(piece.why == 0)
        if len(started):
            self._start(started)
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
            last = piece.registers[ops.DAY, numbers] = piece.memory[SLOT_NEXT, numbers]
            here = Here(piece, numbers)
            here.write(ops.TIER, keeping.held_rungs(here, self.holdings, last))
            self._walk({self.tape.ends: numbers})

    def _finish(self) -> None:
        """Keep the memory of those that are done; the others' members go on by rows."""
        piece = self.piece
        done = self._kept()
        self.done[piece.events[done]] = 1
        self.why[piece.events] = piece.why
        known = piece.member >= 0
        self.gone[piece.member[~done & known]] = 1
        self.memory[piece.member[done & known]] = piece.memory.T[done & known]
        self.priced[piece.events[~done]] = 0

    def _kept(self) -> Flags:
        """Who is done; their lots are kept."""
        piece = self.piece
        done: Flags = (piece.ended != 0) & (piece.why == 0)
        if piece.lots is not None and self.store is not None:
            self.store.keep(piece.lots, done)
        return done

    # ---- the flow

    def wait(self, row: int, numbers: Ints) -> None:
        """Let events go on at a row further on."""
        if len(numbers):
            self.resume[numbers] = row
            self.join = min(self.join, row)

    def _walk(self, starts: dict[int, Ints]) -> None:
        """Let all events of a piece walk from where they start; those that start nowhere stay."""
        self.frame, self.join = np.arange(self.piece.count), NEVER
        self.resume[:] = NEVER
        for row, numbers in starts.items():
            self.wait(row, numbers)
        self._run()

    def inside(self, pc: int, numbers: Ints) -> None:
        """Let some events walk a piece of code to its end, before all others go on."""
        before = self.frame, self.join
        self.frame, self.join = np.ascontiguousarray(numbers), NEVER
        self.wait(pc, numbers)
        self._run()
        self.frame, self.join = before

    def _arrived(self, pc: int) -> Here:
        """The events that stand at a row; and the next row where others join them."""
        rows = self.resume[self.frame]
        stand = rows <= pc
        later = rows[~stand]
        self.join = int(later.min()) if len(later) else NEVER
        numbers = self.frame[stand]
        failed = self.piece.why[numbers] != 0
        if failed.any():
            self.resume[numbers[failed]] = NEVER
            numbers = numbers[~failed]
        return Here(self.piece, numbers)

    def _run(self, here: Here | None = None, pc: int = NEVER) -> None:
        """From the first row where some wait, or from a row that some have come to, until nobody in the frame goes
        on."""
        if here is not None:
            here, pc = self._step(here, pc), pc + 1
        while True:
            if here is None or not len(here):
                pc = self.join
                if pc == NEVER:
                    return
            if pc >= self.join:
                here = self._arrived(pc)
                continue
            if self.room is not None and self.room.looped[pc]:
                pc, numbers, self.join = self.room.on(pc, self.frame)
                if pc < 0:
                    return
                here = Here(self.piece, numbers)
            assert here is not None
            here, pc = self._step(here, pc), pc + 1

    def _step(self, here: Here, pc: int) -> Here | None:
        """One row; who goes straight on."""
        row = self.code[pc]
        op = row[0]
        went: Here | None = here
        if op < ops.CONST:
            went = FLOW[op](self, here, row)
        elif op <= NUMBERS_LAST:
            self._number(here, row)
        else:
            STEPS[op](self, here, row)
            if op == ops.FALLS:
                self.resume[here.numbers] = NEVER
                return None
        if self.piece.failed and went is not None:
            failed = self.piece.why[went.numbers] != 0
            self.resume[went.numbers[failed]] = NEVER
            went = went.part(~failed)
            self.piece.failed = False
        return went

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


def loops_of(tape: Tape) -> Loops:
    """The loops of a tape, compiled."""
    from rules_engine.backends.columnar.loops.room import Loops

    return Loops(tape)


def room_of(walk: Walk, chunks: Chunks, told: Told) -> Room | None:
    """Room for a walk with loops: one that another walk left, or a new one."""
    if chunks.loops is None:
        return None
    from rules_engine.backends.columnar.loops.room import Room

    try:
        room = chunks.rooms.pop()
    except IndexError:
        room = Room(chunks.loops, chunks.tape)
    room.enter(walk.batch, walk.days, walk.base, walk.memory, walk.gone, told, walk.emitted, walk.wants_parts)
    return room


def gathering_of(loops: Loops, done: Ints, emitted: list[Emitted]) -> Gathering:
    """What puts the rows of walks in order."""
    from rules_engine.backends.columnar.walking.gathering import Gathering

    return Gathering(loops, done, emitted)


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
    walk.piece.ended[here.events] = 1
    walk.resume[here.events] = NEVER


def _next(walk: Walk, here: Here, _: Row) -> None:
    walk.resume[here.events] = NEVER


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


def _fail(walk: Walk, here: Here, row: Row) -> None:
    walk.piece.fail(here.numbers, row[4])
    walk.resume[here.events] = NEVER
    walk.piece.failed = False


FLOW: Final[dict[int, Callable[[Walk, Here, Row], Here | None]]] = {
    ops.END: _end,
    ops.JUMP: _jump,
    ops.UNLESS: lambda walk, here, row: _parted(walk, here, row, here.read(row[2]) == 0),
    ops.WHERE: lambda walk, here, row: _parted(walk, here, row, here.read(row[2]) != 0),
    ops.UNLESS_IS: _unless_is,
    ops.SECTION: section,
    ops.NEXT: _next,
    ops.FAIL: _fail,
}
