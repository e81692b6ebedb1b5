"""The rows that walks with loops came to, put in the order of events: each thread puts its own.

In: what walks emitted, and which events are done. Out: the columns of each table, and where each row went. First all
count how many rows their events have (`count`), then it is clear where those of each event begin (`begin`), then all
put their rows there (`put`). An event belongs to one walk, so no two write at one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rules_engine.backends.columnar.batch import Ints
from rules_engine.backends.columnar.walking.emitting import COLUMNS, NARROW, Block, Columns, Emitted, Rows

if TYPE_CHECKING:
    from rules_engine.backends.columnar.loops.room import Loops


class Gathering:
    """The tables of some walks over one batch."""

    def __init__(self, loops: Loops, done: Ints, walks: Sequence[Emitted]) -> None:
        self.loops, self.done = loops, done
        self.blocks: dict[str, list[list[Block]]] = {
            name: [getattr(each, name).blocks for each in walks] for name in COLUMNS
        }
        self.next = {name: np.zeros(len(done), np.int64) for name, blocks in self.blocks.items() if any(blocks)}
        self.sizes = {name: [_rows(blocks) for blocks in self.blocks[name]] for name in self.next}
        self.rows: dict[str, Rows] = {}

    def count(self, walk: int) -> None:
        """Count the rows of the events of a walk."""
        for name, following in self.next.items():
            for block in self.blocks[name][walk]:
                self._run(self.loops.count_rows, len(block[0]), _whole(block, 0), self.done, following)

    def begin(self) -> None:
        """All are counted: room for the columns, and where the rows of each event begin."""
        for name, kinds in COLUMNS.items():
            total = 0
            if name in self.next:
                following = self.next[name]
                ends = np.cumsum(following)
                total = int(ends[-1])
                np.subtract(ends, following, out=following)
            went = np.empty(sum(self.sizes.get(name, ())), np.int64)
            self.rows[name] = [np.empty(total, kind) for kind in kinds], went

    def put(self, walk: int) -> None:
        """Put the rows of a walk where they go."""
        for name, following in self.next.items():
            columns, went = self.rows[name]
            first = sum(self.sizes[name][:walk])
            for block in self.blocks[name][walk]:
                count = len(block[0])
                self._put(block, following, columns, went[first : first + count])
                first += count

    def _put(self, block: Block, following: Ints, columns: Columns, went: Ints) -> None:
        count, events = len(block[0]), _whole(block, 0)
        self._run(self.loops.place_rows, count, events, self.done, following, went)
        for place, into in enumerate(columns):
            column = events if place == 0 else _whole(block, place)
            self._run(self.loops.put_column, count, events, self.done, following, went, column, into)

    @staticmethod
    def _run(loop: Any, count: int, *arrays: Any) -> None:
        """Call a loop; the arrays live as long as it runs."""
        narrow = int(arrays[-1].dtype == NARROW)
        places = [each.ctypes.data for each in arrays]
        numbers = np.array([count, *places, *[0] * (6 - len(places)), narrow], np.int64)
        loop(numbers.ctypes.data, 0)


def _rows(blocks: list[Block]) -> int:
    return sum(len(block[0]) for block in blocks)


def _whole(block: Block, place: int) -> Ints:
    """A column of a block, its numbers one after the other."""
    return np.ascontiguousarray(np.broadcast_to(block[place], len(block[0])), np.int64)
