"""What events come to, gathered as columns while NumPy walks the tape; in the order of events at the end.

In: rows as the tape's ops make them, many events at once. Out: `Results`. Rows that are made while a group tries its
members are kept with the number of the member, and only the winner's stay. Rows of events that are not done are left
out.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from rules_engine.backends.columnar.batch import Awards, Codes, Discounts, Flags, Ints, Parts, Tiers

Columns = list[Ints]
Block = list[Any]
"""Columns, the events first; a number stands for as many of it."""

WIDTHS: Final = {"awards": 8, "discounts": 6, "tiers": 5, "codes": 4}
"""How many columns the rows of a table have, their event first."""


class Table:
    """Rows of one table: blocks of columns, the event first."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.blocks: list[Block] = []

    def add(self, events: Ints, *columns: Ints | Flags | int) -> None:
        """Add a row for each event."""
        if len(events):
            self.blocks.append([events, *columns])

    def sorted(self, done: Flags) -> tuple[Columns, Ints]:
        """The columns in the order of events, of those that are done; and where each row went (-1: nowhere)."""
        if not self.blocks:
            return [np.zeros(0, np.int64)] * self.width, np.zeros(0, np.int64)
        columns = [_joined(self.blocks, place) for place in range(self.width)]
        kept = np.flatnonzero(done[columns[0]])
        order = kept[np.argsort(columns[0][kept], kind="stable")]
        went = np.full(len(columns[0]), -1, np.int64)
        went[order] = np.arange(len(order))
        return [column[order] for column in columns], went


def _joined(blocks: list[Block], place: int) -> Ints:
    """One column of all blocks, one after the other."""
    found = np.empty(sum(len(block[0]) for block in blocks), np.int64)
    at = 0
    for block in blocks:
        found[at : at + len(block[0])] = block[place]
        at += len(block[0])
    return found


class Emitted:
    """The rows of a batch."""

    def __init__(self) -> None:
        self.awards = Table(WIDTHS["awards"])
        self.discounts = Table(WIDTHS["discounts"])
        self.tiers = Table(WIDTHS["tiers"])
        self.codes = Table(WIDTHS["codes"])
        self.parts: list[tuple[int, Ints, Ints, Ints, Ints]] = []

    def take_off(self, events: Ints, *columns: Ints | int) -> int:
        """Add discounts, a row an event; the number of their block."""
        self.discounts.add(events, *columns)
        return len(self.discounts.blocks) - 1

    def add_parts(self, block: int, rows: Ints, lines: Ints, units: Ints, each: Ints) -> None:
        """Runs of equal units that rows of a block of discounts took something off."""
        self.parts.append((block, rows, lines, units, each))

    def keep(self, block: int, chosen: Flags) -> None:
        """Of a block of discounts keep the chosen rows, and their parts."""
        if chosen.all():
            return
        self.discounts.blocks[block] = [
            column if isinstance(column, int) else column[chosen] for column in self.discounts.blocks[block]
        ]
        numbers = np.cumsum(chosen) - 1
        for place, (own, rows, *columns) in enumerate(self.parts):
            if own == block:
                kept = chosen[rows]
                lines, units, each = (column[kept] for column in columns)
                self.parts[place] = own, numbers[rows[kept]], lines, units, each


def discounts_of(emitted: Emitted, done: Flags) -> tuple[Discounts, Parts]:
    """The discounts and their parts."""
    (event, effect, wanted, given, cut, held), went = emitted.discounts.sorted(done)
    small = np.int32
    found = Discounts(event.astype(small), effect.astype(small), wanted, given, cut.astype(small), held.astype(small))
    starts = np.cumsum([0, *(len(block[0]) for block in emitted.discounts.blocks)])
    if not emitted.parts:
        none = np.zeros(0, np.int64)
        return found, Parts(none, none.astype(small), none, none)
    number = np.concatenate([went[starts[block] + rows] for block, rows, *_ in emitted.parts])
    line, units, each = (np.concatenate([part[place] for part in emitted.parts]) for place in (2, 3, 4))
    kept = np.flatnonzero(number >= 0)
    order = kept[np.argsort(number[kept], kind="stable")]
    return found, Parts(number[order], line[order].astype(small), units[order], each[order])


def awards_of(table: Table, done: Flags) -> Awards:
    """The awards."""
    found, _ = table.sorted(done)
    event, give, wanted, given, cut, held, pending, expires = found
    small = np.int32
    return Awards(
        event.astype(small), give.astype(small), wanted, given, cut.astype(small), held.astype(small), pending, expires
    )


def tiers_of(table: Table, done: Flags) -> Tiers:
    """The changes of tier."""
    (event, before, after, since, reason), _ = table.sorted(done)
    small = np.int32
    return Tiers(event.astype(small), before.astype(small), after.astype(small), since, reason.astype(small))


def codes_of(table: Table, done: Flags) -> Codes:
    """What became of presented codes."""
    found, _ = table.sorted(done)
    return Codes(*(column.astype(np.int32) for column in found))
