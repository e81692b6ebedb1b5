"""What events come to, gathered as columns while NumPy walks the tape; in the order of events at the end.

In: rows as the tape's ops make them, many events at once. Out: `Results`. Rows that are made while a group tries its
members are kept with the number of the member, and only the winner's stay. Rows of events that are not done are left
out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from rules_engine.backends.columnar.batch import (
    Awards,
    Charges,
    Codes,
    Discounts,
    Flags,
    Gifts,
    Ints,
    Parts,
    Payments,
    Said,
    Tiers,
    Used,
)

Columns = list[Ints]
Block = list[Any]
"""Columns, the events first; a number stands for as many of it."""

WIDTHS: Final = {
    "awards": 8,
    "discounts": 6,
    "tiers": 5,
    "codes": 4,
    "charges": 3,
    "gifts": 3,
    "taken": 6,
    "payments": 5,
    "said": 2,
}
"""How many columns the rows of a table have, their event first."""


def in_order(events: Ints, done: Flags) -> Ints:
    """The places of rows in the order of their events, without those of events that are not done."""
    kept = np.flatnonzero(done[events])
    found: Ints = kept[np.argsort(events[kept], kind="stable")]
    return found


class Table:
    """Rows of one table: blocks of columns, the event first."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.blocks: list[Block] = []
        self.ordering: Callable[[Ints, Flags], Ints] = in_order

    def add(self, events: Ints, *columns: Ints | Flags | int) -> None:
        """Add a row for each event."""
        if len(events):
            self.blocks.append([events, *columns])

    def sorted(self, done: Flags) -> tuple[Columns, Ints]:
        """The columns in the order of events, of those that are done; and where each row went (-1: nowhere)."""
        if not self.blocks:
            return [np.zeros(0, np.int64)] * self.width, np.zeros(0, np.int64)
        columns = [_joined(self.blocks, place) for place in range(self.width)]
        order = self.ordering(columns[0], done)
        went = np.full(len(columns[0]), -1, np.int64)
        went[order] = np.arange(len(order))
        return [column[order] for column in columns], went


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
        self.awards = Table(WIDTHS["awards"])
        self.discounts = Table(WIDTHS["discounts"])
        self.tiers = Table(WIDTHS["tiers"])
        self.codes = Table(WIDTHS["codes"])
        self.charges = Table(WIDTHS["charges"])
        self.gifts = Table(WIDTHS["gifts"])
        self.marks: dict[int, Mark] = {}
        self.taken = Table(WIDTHS["taken"])
        self.payments = Table(WIDTHS["payments"])
        self.said = Table(WIDTHS["said"])
        self.parts: list[tuple[int, Ints, Ints, Ints, Ints]] = []

    def join(self, other: Emitted) -> None:
        """Take in the rows of other events."""
        before = len(self.discounts.blocks)
        self.parts += [(part[0] + before, *part[1:]) for part in other.parts]
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


def used_of(table: Table, done: Flags) -> Used:
    """What was taken."""
    (event, taking, wanted, taken, cut, held), _ = table.sorted(done)
    small = np.int32
    return Used(event.astype(small), taking.astype(small), wanted, taken, cut.astype(small), held.astype(small))


def payments_of(table: Table, done: Flags) -> Payments:
    """What was paid."""
    (event, taking, offered, taken, value), _ = table.sorted(done)
    return Payments(event.astype(np.int32), taking.astype(np.int32), offered, taken, value)


def said_of(table: Table, done: Flags) -> Said:
    """The messages."""
    (event, text), _ = table.sorted(done)
    return Said(event.astype(np.int32), text.astype(np.int32))


def charges_of(table: Table, done: Flags) -> Charges:
    """What rules charged."""
    (event, charge, amount), _ = table.sorted(done)
    return Charges(event.astype(np.int32), charge.astype(np.int32), amount)


def gifts_of(table: Table, done: Flags) -> Gifts:
    """What rules added for nothing."""
    (event, gift, sku), _ = table.sorted(done)
    return Gifts(event.astype(np.int32), gift.astype(np.int32), sku)
