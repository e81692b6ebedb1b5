"""Which rules of a section the values of events call, for many events at once: `sections.py` in NumPy.

In: a tape, and the events that stand at a section. Out: for each rule that is called by any of them its block and those
events, in the order of the blocks.
"""

from __future__ import annotations

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Ints
from rules_engine.backends.columnar.numbering import ragged_of
from rules_engine.backends.columnar.piece import Here, stretches
from rules_engine.backends.columnar.tape import Tape


class Calling:
    """The sections of a tape."""

    def __init__(self, tape: Tape) -> None:
        self.pool = tape.pool
        self.sections: list[list[int]] = tape.sections.tolist()
        self.keys: list[list[int]] = tape.keys.tolist()
        self.blocks: list[int] = tape.blocks.tolist()

    def called(self, section: int, here: Here) -> list[tuple[int, Ints]]:
        """Blocks, ascending, with the events that call them."""
        first, count, _, always, always_count = self.sections[section]
        owners, blocks = [], []
        for key in self.keys[first : first + count]:
            found = self._met(key, here)
            owners.append(found[0])
            blocks.append(found[1])
        for block in self.pool[always : always + always_count].tolist():
            owners.append(np.arange(len(here)))
            blocks.append(np.full(len(here), block, np.int64))
        if not owners:
            return []
        pairs = np.unique(np.concatenate(blocks) * len(here) + np.concatenate(owners))
        of_pair = pairs // len(here)
        starts = np.flatnonzero(np.concatenate([np.ones(min(1, len(pairs)), np.bool_), np.diff(of_pair) != 0]))
        events = here.numbers[pairs - of_pair * len(here)]
        return list(zip(of_pair[starts].tolist(), np.split(events, starts[1:]), strict=True)) if len(pairs) else []

    def _met(self, key: list[int], here: Here) -> tuple[Ints, Ints]:
        """Which events meet which values of a key: events, blocks."""
        where, row, low, values, starts = key
        owners, found = _values(where, row, here)
        places = found - low
        inside = np.flatnonzero((found >= low) & (places < values))
        places = places[inside]
        begins, ends = self.pool[starts + places], self.pool[starts + places + 1]
        sizes = ends - begins
        return np.repeat(owners[inside], sizes), self.pool[stretches(starts + values + 1 + begins, sizes)]


def _values(where: int, row: int, here: Here) -> tuple[Ints, Ints]:
    """The values that a key looks at, and whose they are."""
    piece, own = here.piece, np.arange(len(here))
    match where:
        case ops.KEY_LINE:
            return here.of_line, piece.batch.lines[row, piece.lines[here.lines]]
        case ops.KEY_EVENT:
            return own, piece.batch.fields[row, piece.events[here.events]]
        case ops.KEY_FACT:
            return own, piece.batch.facts[row, piece.member[here.events]]
        case _:
            owners, _, items = ragged_of(here, row)
            return owners, items
