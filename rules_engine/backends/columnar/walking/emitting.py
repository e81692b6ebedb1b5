"""What events come to, gathered as columns while NumPy walks the tape; in the order of events at the end.

In: rows as the tape's ops make them, many events at once. Out: `Results`. Rows that are made while a group tries its
members are kept with the number of the member, and only the winner's stay. Rows of events that are not done are left
out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from rules_engine.backends.columnar.batch import Flags, Ints, Parts

Columns = list[Any]
Block = list[Any]
"""Columns, the events first; a number stands for as many of it."""
Rows = tuple[Columns, Ints]
"""Columns in the order of events; and where each row went (-1: nowhere)."""

NARROW, WIDE = np.int32, np.int64
COLUMNS: Final = {
    "awards": (NARROW, NARROW, WIDE, WIDE, NARROW, NARROW, WIDE, WIDE),
    "discounts": (NARROW, NARROW, WIDE, WIDE, NARROW, NARROW),
    "tiers": (NARROW, NARROW, NARROW, WIDE, NARROW),
    "codes": (NARROW, NARROW, NARROW, NARROW),
    "charges": (NARROW, NARROW, WIDE),
    "gifts": (NARROW, NARROW, WIDE),
    "taken": (NARROW, NARROW, WIDE, WIDE, NARROW, NARROW),
    "payments": (NARROW, NARROW, WIDE, WIDE, WIDE),
    "said": (NARROW, NARROW),
}
"""The columns of each table, as `batch.py` describes them: their event first."""
WIDTHS: Final = {name: len(kinds) for name, kinds in COLUMNS.items()}
NOTES: Final = 6
"""How many columns notes of what is taken off lines have (`loops/units.py`)."""
PartsOf = Callable[[Ints, Ints, Columns], Parts]
"""By note the number of its discount (-1: not done), by discount its event, the other columns: what they come to."""


def in_order(events: Ints, done: Flags) -> Ints:
    """The places of rows in the order of their events, without those of events that are not done."""
    kept = np.flatnonzero(done[events])
    found: Ints = kept[np.argsort(events[kept], kind="stable")]
    return found


class Table:
    """Rows of one table: blocks of columns, the event first."""

    def __init__(self, name: str) -> None:
        self.kinds = COLUMNS[name]
        self.width = len(self.kinds)
        self.blocks: list[Block] = []

    def add(self, events: Ints, *columns: Ints | Flags | int) -> None:
        """Add a row for each event."""
        if len(events):
            self.blocks.append([events, *columns])

    def sorted(self, done: Flags) -> Rows:
        """Those of events that are done, in the order of events."""
        if not self.blocks:
            return [np.zeros(0, kind) for kind in self.kinds], np.zeros(0, np.int64)
        columns = [_joined(self.blocks, place) for place in range(self.width)]
        order = in_order(columns[0], done)
        went = np.full(len(columns[0]), -1, np.int64)
        went[order] = np.arange(len(order))
        return [column[order].astype(kind) for column, kind in zip(columns, self.kinds, strict=True)], went


def _joined(blocks: list[Block], place: int) -> Ints:
    """One column of all blocks, one after the other."""
    if len(blocks) == 1 and isinstance(blocks[0][place], np.ndarray) and blocks[0][place].dtype == np.int64:
        only: Ints = blocks[0][place]
        return only
    found = np.empty(sum(len(block[0]) for block in blocks), np.int64)
    at = 0
    for block in blocks:
        found[at : at + len(block[0])] = block[place]
        at += len(block[0])
    return found


class Emitted:
    """The rows of a batch."""

    def __init__(self) -> None:
        self.awards = Table("awards")
        self.discounts = Table("discounts")
        self.tiers = Table("tiers")
        self.codes = Table("codes")
        self.charges = Table("charges")
        self.gifts = Table("gifts")
        self.marks: dict[int, Mark] = {}
        self.taken = Table("taken")
        self.payments = Table("payments")
        self.said = Table("said")
        self.parts: list[tuple[int, Ints, Ints, Ints, Ints]] = []
        self.notes: list[tuple[int, Ints]] = []

    def join(self, other: Emitted) -> None:
        """Take in the rows of other events."""
        before = len(self.discounts.blocks)
        self.parts += [(part[0] + before, *part[1:]) for part in other.parts]
        rows = sum(len(block[0]) for block in self.discounts.blocks)
        self.notes += [(rows + first, columns) for first, columns in other.notes]
        for own, more in zip(vars(self).values(), vars(other).values(), strict=True):
            if isinstance(own, Table):
                own.blocks += more.blocks

    def take_off(self, events: Ints, *columns: Ints | int) -> int:
        """Add discounts, a row an event; the number of their block."""
        self.discounts.add(events, *columns)
        return len(self.discounts.blocks) - 1

    def add_parts(self, block: int, rows: Ints, lines: Ints, units: Ints, each: Ints) -> None:
        """Runs of equal units that rows of a block of discounts took something off."""
        self.parts.append((block, rows, lines, units, each))

    def mark(self) -> Mark:
        """How much offers have told so far."""
        return tuple(len(getattr(self, name).blocks) for name in TOLD if hasattr(self, name))

    def keep_of(self, start: Mark, end: Mark, events: Ints, chosen: Flags) -> None:
        """Of what offers told between two marks keep that of the chosen ones of some events, which ascend."""
        tables = [getattr(self, name) for name in TOLD if hasattr(self, name)]
        for table, first, last in zip(tables, start, end, strict=True):
            for block in range(first, last):
                kept: Flags = chosen[np.searchsorted(events, table.blocks[block][0])]
                if not kept.all():
                    columns = table.blocks[block]
                    table.blocks[block] = [each if isinstance(each, int) else each[kept] for each in columns]
                    if table is self.discounts:
                        self._keep_parts(block, kept)

    def _keep_parts(self, block: int, chosen: Flags) -> None:
        """Of the parts of a block of discounts keep those of the chosen rows."""
        numbers = np.cumsum(chosen) - 1
        for place, (own, rows, *columns) in enumerate(self.parts):
            if own == block:
                kept = chosen[rows]
                lines, units, each = (column[kept] for column in columns)
                self.parts[place] = own, numbers[rows[kept]], lines, units, each


Mark = tuple[int, ...]
TOLD: Final = ("discounts", "charges", "gifts", "said")
"""The tables that offers tell in."""


def parts_of(emitted: Emitted, discounts: Rows, noted: PartsOf | None) -> Parts:
    """The parts of discounts; `noted` finds them out of what loops noted."""
    (event, *_), went = discounts
    if emitted.notes:
        assert noted is not None, "only loops note what is taken off lines"
        numbers = np.concatenate([went[first + columns[0]] for first, columns in emitted.notes])
        columns = [np.concatenate([each[place] for _, each in emitted.notes]) for place in range(1, NOTES)]
        return noted(numbers, event.astype(WIDE), columns)
    starts = np.cumsum([0, *(len(block[0]) for block in emitted.discounts.blocks)])
    if not emitted.parts:
        none = np.zeros(0, np.int64)
        return Parts(none, none.astype(NARROW), none, none)
    number = np.concatenate([went[starts[block] + rows] for block, rows, *_ in emitted.parts])
    line, units, each = (np.concatenate([part[place] for part in emitted.parts]) for place in (2, 3, 4))
    kept = np.flatnonzero(number >= 0)
    order = kept[np.argsort(number[kept], kind="stable")]
    return Parts(number[order], line[order].astype(NARROW), units[order], each[order])
