"""Some events that are worked on together by NumPy: their registers, lines and memory, as columns.

In: a batch, the numbers of some of its events, no two of one member, and memory. Out: a `Piece`, and `Here`, the events
of a piece that stand at one row of the tape. Lines of events stand one after the other, so a sum over the lines of an
event is a difference of running sums, which is exact in int64 even where a running sum wraps round.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Batch, Flags, Ints
from rules_engine.backends.columnar.tape import FOREVER, MISSING, Tape
from rules_engine.backends.columnar.walking.units import Runs

if TYPE_CHECKING:
    from rules_engine.backends.columnar.loops.room import Room
    from rules_engine.backends.columnar.walking.store import View

Where: TypeAlias = Ints | slice
"""Places of events or lines in a piece; a slice means all of them."""
ALL = slice(None)


class Piece:
    """Events by their numbers in the batch, and all that the tape works on."""

    def __init__(self, batch: Batch, events: Ints, room: Room | None = None) -> None:
        self.batch = batch
        self.events = events
        self.count = len(events)
        self.counted = 0
        self.failed = False
        self.saved: dict[int, list[Ints]] = {}
        self.fates: list[tuple[Ints, int, Ints, Ints]] = []
        self.lots: View | None = None
        self.acting: dict[int, Runs] = {}
        if room is not None:
            self._in(room)

    def _in(self, room: Room) -> None:
        """Have what loops laid out in a room."""
        count = self.count
        self.member, self.why, self.ended = room.member[:count], room.why[:count], room.ended[:count]
        self.offsets = room.offsets[: count + 1]
        lines = int(self.offsets[count])
        self.lines, self.line_event = room.lines_at[:lines], room.line_event[:lines]
        self.registers, self.vectors = room.registers[:, :count], room.vectors[:, :lines]
        self.memory = room.memory[:count].T

    def lay(self, tape: Tape, memory: Ints) -> Piece:
        """Lay out what belongs to the events."""
        batch, events = self.batch, self.events
        self.member = batch.member[events].astype(np.int64)
        sizes = batch.offsets[events + 1] - batch.offsets[events]
        self.offsets = running(sizes)
        self.lines = stretches(batch.offsets[events], sizes)
        self.line_event = np.repeat(np.arange(self.count), sizes)
        self.registers = np.zeros((max(tape.registers, ops.REGISTERS), self.count), np.int64)
        self.vectors = np.zeros((max(tape.vectors, ops.VECTORS), len(self.lines)), np.int64)
        rows = memory[np.maximum(self.member, 0)] if len(memory) else np.zeros((self.count, tape.slots), np.int64)
        self.memory = rows.T
        self.registers[ops.DAY] = batch.day[events]
        self.registers[ops.INSTANT] = batch.instant[events]
        self.registers[ops.LINES] = sizes
        self.memory[ops.SLOT_DAY, self.member < 0], self.memory[ops.SLOT_NEXT, self.member < 0] = MISSING, FOREVER
        self.why, self.ended = np.zeros((2, self.count), np.int64)
        return self

    @cached_property
    def rank(self) -> Ints:
        """The rank of each line."""
        found: Ints = self.batch.rank[self.lines]
        return found

    @cached_property
    def runs(self) -> Runs:
        """The runs of units of every line; made when somebody asks for units."""
        return Runs(len(self.lines))

    def fail(self, events: Ints, reason: int) -> None:
        """These events are not done."""
        if len(events):
            self.why[events] = reason
            self.failed = True


class Here:
    """The events of a piece that stand at one row of the tape, ascending."""

    def __init__(self, piece: Piece, numbers: Ints) -> None:
        self.piece = piece
        self.numbers = numbers
        self.whole = len(numbers) == piece.count
        self.events: Where = ALL if self.whole else numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def part(self, chosen: Flags) -> Here:
        """Those of them that are chosen."""
        return Here(self.piece, self.numbers[chosen])

    @cached_property
    def sizes(self) -> Ints:
        """How many lines each has."""
        return np.diff(self.piece.offsets) if self.whole else self.piece.registers[ops.LINES, self.numbers]

    @cached_property
    def offsets(self) -> Ints:
        """Where the lines of each begin among theirs."""
        return self.piece.offsets if self.whole else running(self.sizes)

    @cached_property
    def lines(self) -> Where:
        """The places of their lines in the piece."""
        return ALL if self.whole else stretches(self.piece.offsets[self.numbers], self.sizes)

    @cached_property
    def of_line(self) -> Ints:
        """Of each of their lines, the place of its event among them."""
        return self.piece.line_event if self.whole else np.repeat(np.arange(len(self.numbers)), self.sizes)

    def read(self, register: int) -> Ints:
        """A register of each."""
        return self.piece.registers[register, self.events]

    def write(self, register: int, values: Ints | Flags | int) -> None:
        """Write a register of each."""
        self.piece.registers[register, self.events] = values

    def vector(self, number: int) -> Ints:
        """A vector, on their lines."""
        return self.piece.vectors[number, self.lines]

    def lay(self, number: int, values: Ints | Flags | int) -> None:
        """Write a vector on their lines."""
        self.piece.vectors[number, self.lines] = values

    def chosen(self, number: int) -> Flags:
        """On which of their lines a vector is not 0; number -1: on all."""
        if number < 0:
            return np.ones(len(self.of_line), np.bool_)
        found: Flags = self.vector(number) != 0
        return found

    def summed(self, values: Ints) -> Ints:
        """The sum over the lines of each."""
        return totals(values, self.offsets)

    def slot(self, number: int) -> Ints:
        """A slot of memory of each."""
        return self.piece.memory[number, self.events]


def running(sizes: Ints) -> Ints:
    """Where stretches of these sizes begin, and where the last ends."""
    found = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=found[1:])
    return found


def stretches(starts: Ints, sizes: Ints) -> Ints:
    """All places of some stretches, one after the other."""
    before = running(sizes)
    return np.arange(before[-1]) + np.repeat(starts - before[:-1], sizes)


def totals(values: Ints, offsets: Ints) -> Ints:
    """The sums of stretches that begin at `offsets`."""
    found = running(values)[offsets]
    return np.diff(found)
