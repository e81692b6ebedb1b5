"""The general effect of an offer, for many events at once: floors, shipping, every split and mode of odd units.

In: the events that stand at `TAKE`, and what it takes. Out: what `taking_off.taken` then cuts to limits and takes off.
The order is the reference's: the amount of each element; `up to`, whole steps; room; lines, then the units of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar import terms
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.walking.numbering import COMPARED, Row, divided
from rules_engine.backends.columnar.walking.picking import picked
from rules_engine.backends.columnar.walking.piece import Here
from rules_engine.backends.columnar.walking.taking_off import Off, parted, taken
from rules_engine.backends.columnar.walking.units import Runs, cut_runs, open_runs, parts_of_units, spread_units

if TYPE_CHECKING:
    from rules_engine.backends.columnar.walking.chunks import Walk


def take(walk: Walk, here: Here, row: Row) -> None:
    """One effect."""
    what = walk.pool[row[6] : row[6] + terms.TAKE_WIDTH].tolist()
    taking = Taking(walk, here, row, what)
    by_grain = {terms.BY_UNIT: taking.units, terms.BY_LINE: taking.lines, terms.BY_TOTAL: taking.total}
    wanted, short = by_grain[what[terms.TAKE_GRAIN]]()
    if what[terms.TAKE_RAISES]:
        after = here.read(ops.PAID) - taking.off.total
        after = after + here.read(ops.SHIP) if what[terms.TAKE_RAISES] > 1 else after
        taking.off.fail(after > what[terms.TAKE_MOST], ops.UNSAFE)
    taken(walk, taking.off, wanted, row, short, bool(what[terms.TAKE_TELLS]))


class Taking:
    """An effect at work: its entries, what they cost, and their room."""

    def __init__(self, walk: Walk, here: Here, row: Row, what: list[int]) -> None:
        self.walk, self.here, self.what = walk, here, what
        effect = walk.effects[row[4]]
        self.steps, self.high = effect[ops.EFFECT_STEPS], effect[ops.EFFECT_HIGH]
        self.mode = walk.tape.remainder
        self.off = entries_of(here, row[3], what[terms.TAKE_OF], self.mode)
        self.cost = self.values(ops.COST, ops.SHIP)
        self.size = self.values(ops.SIZE, -1, 1)
        self.floor = self.values(what[terms.TAKE_FLOOR], -1)
        self.room = np.maximum(self.cost - self.floor, 0)
        self.marks: Ints | None = None
        if what[terms.TAKE_PICK] >= 0:
            self._pick()

    def _pick(self) -> None:
        """Entries are what is picked of lines: what that costs, lists at, how many units it is."""
        off, walk = self.off, self.walk
        pick = walk.pool[self.what[terms.TAKE_PICK] : self.what[terms.TAKE_PICK] + terms.PICK_WIDTH].tolist()
        runs = runs_of(walk, off)
        acting = runs if pick[6] < 0 else walk.piece.acting[pick[6]].of(off.lines)
        by = None if pick[5] < 0 else self.values(pick[5], -1)
        if pick[0] == terms.PICK_WHERE:
            self.runs, self.marks = runs, self._holds(runs, pick)
        else:
            self.runs, self.marks, failed = picked(pick, runs, acting, off.owners, by)
            off.fail_entries(failed, ops.RAGGED)
        size = self.size
        self.size = (self.runs.sizes * self.marks).sum(axis=0)
        self.cost = (self.runs.sizes * self.marks * self.runs.values).sum(axis=0)
        self.listed = self.values(ops.LIST, -1) // np.maximum(size, 1) * self.size
        self.each_floor = self.floor // np.maximum(size, 1)
        self.room = (self.runs.sizes * self.marks * np.maximum(self.runs.values - self.each_floor, 0)).sum(axis=0)

    def _holds(self, runs: Runs, pick: list[int]) -> Ints:
        """1 where units stand for which every comparison of what they cost holds."""
        each = self.values(ops.LIST, -1) // np.maximum(self.size, 1)
        found: Flags = np.arange(len(runs.sizes))[:, None] < runs.counts
        for now, listed, more, how in self.walk.pool[pick[2] : pick[2] + 4 * pick[3]].reshape(-1, 4).tolist():
            found &= COMPARED[how](runs.values * now + each * listed + more, 0)
        return found.astype(np.int64)

    def _rated(self, cost: Ints, listed: Ints) -> Ints:
        """What is taken off elements that cost and listed at so much."""
        now, base, more, den, mode, prices = self.what[terms.TAKE_RATES : terms.TAKE_RATES + 6]
        amount = divided(np.maximum(cost * now + listed * base + more, 0), den, mode)
        return np.maximum(cost - amount if prices else amount, 0)

    def values(self, vector: int, register: int, other: int = 0) -> Ints:
        """A vector on the lines of the entries, a register for shipping; another number where there is none."""
        return values_of(self.off, vector, register, other)

    # ---- the three grains: what is wanted, and where room cut

    def lines(self) -> tuple[Ints, Flags]:
        """An amount off each line."""
        off, what = self.off, self.what
        if self.marks is None:
            off.parts = np.maximum(self.values(what[terms.TAKE_AMOUNT], what[terms.TAKE_SHIP_AMOUNT]), 0)
        else:
            off.parts = np.where(self.size > 0, self._rated(self.cost, self.listed), 0)
        wanted = self._clipped()
        room = self.room
        if what[terms.TAKE_LEAST] >= 0 or what[terms.TAKE_SHIP_LEAST] >= 0:
            least = self.values(what[terms.TAKE_LEAST], what[terms.TAKE_SHIP_LEAST])
            room = np.minimum(room, np.maximum(self.cost - least, 0))
        short = self._short(off.parts > room)
        off.parts = np.minimum(off.parts, room)
        self._to_units()
        return wanted, short

    def total(self) -> tuple[Ints, Flags]:
        """An amount off all entries together."""
        off, what, here = self.off, self.what, self.here
        some = off.summed((self.size > 0).astype(np.int64)) > 0
        if self.marks is None:
            wanted = np.where(some, np.maximum(here.read(what[terms.TAKE_AMOUNT]), 0), 0)
        else:
            wanted = np.where(some, self._rated(off.summed(self.cost), off.summed(self.listed)), 0)
            wanted = np.minimum(wanted, np.maximum(here.read(self.high), 0)) if self.high >= 0 else wanted
        amount = wanted // self.steps * self.steps if self.steps else wanted
        room = off.summed(self.room)
        if what[terms.TAKE_LEAST] >= 0:
            room = np.minimum(room, np.maximum(off.summed(self.cost) - here.read(what[terms.TAKE_LEAST]), 0))
        short: Flags = amount > room
        weights = self.room if self._plain() else self._weights()
        off.parts, unsafe = parted(self.mode, np.minimum(amount, room), weights, self.room, off.owners, off.rank)
        off.fail(unsafe, ops.UNSAFE)
        self._to_units()
        return wanted, short

    def units(self) -> tuple[Ints, Flags]:
        """An amount off each unit, or a price for it."""
        off, what = self.off, self.what
        now, listed, more, den, mode, prices = what[terms.TAKE_RATES : terms.TAKE_RATES + 6]
        runs = runs_of(self.walk, off) if self.marks is None else self.runs
        each = self.values(ops.LIST, what[terms.TAKE_SHIP_AMOUNT]) // np.maximum(self.values(ops.SIZE, -1, 1), 1)
        used = np.arange(len(runs.sizes))[:, None] < runs.counts
        used = used if self.marks is None else used & (self.marks > 0)
        amount = divided(np.maximum(runs.values * now + each * listed + more, 0), den, mode)
        if prices:
            amount = runs.values - amount
        amount = np.where(used, amount if what[terms.TAKE_RAISES] else np.maximum(amount, 0), 0)
        wanted = off.summed((amount * runs.sizes).sum(axis=0))
        room = np.maximum(runs.values - self.floor // np.maximum(self.values(ops.SIZE, -1, 1), 1), 0)
        short = self._short((amount > room).any(axis=0))
        off.units = runs.of(np.arange(len(off.lines)))
        off.units.values = np.where(amount > room, room, amount)
        wanted = self._clipped_units(wanted, short)
        off.parts = (off.units.values * off.units.sizes).sum(axis=0)
        return wanted, short

    # ---- what they share

    def _plain(self) -> bool:
        """Whether weights are caps."""
        what = self.what
        return what[terms.TAKE_SPLIT] == terms.IN_PROPORTION and what[terms.TAKE_FLOOR] < 0

    def _weights(self) -> Ints:
        """What entries weigh."""
        what, cost = self.what, np.maximum(self.cost, 0)
        match what[terms.TAKE_SPLIT]:
            case terms.EVENLY:
                return self.size
            case terms.WITH_TAX:
                factor = self.values(what[terms.TAKE_FACTOR], what[terms.TAKE_SHIP_FACTOR])
                self.off.fail_entries(cost > ops.AMOUNT_MAX // np.maximum(factor, 1), ops.UNSAFE)
                return cost * factor
            case _:
                return cost

    def _short(self, entries: Flags) -> Flags:
        return self.off.summed(entries.astype(np.int64)) > 0

    def _clipped(self) -> Ints:
        """`up to` and whole steps, over all entries; what is wanted."""
        off = self.off
        wanted = off.total
        if self.high >= 0:
            room = np.maximum(self.here.read(self.high), 0)
            cutting = wanted > room
            if cutting.any():
                off.cut(room, cutting)
                wanted = np.where(cutting, room, wanted)
        if self.steps:
            whole = wanted // self.steps * self.steps
            cutting = whole != wanted
            if cutting.any():
                off.cut(whole, cutting)
        return wanted

    def _clipped_units(self, wanted: Ints, short: Flags) -> Ints:
        """`up to` and whole steps of all units together; what is wanted. Where room cut too, the event is not done."""
        if self.high >= 0:
            room = np.maximum(self.here.read(self.high), 0)
            self._cut_units(room, wanted > room, short)
            wanted = np.minimum(wanted, room)
        if self.steps:
            whole = wanted // self.steps * self.steps
            self._cut_units(whole, (wanted > 0) & (whole != wanted), short)
        return wanted

    def _cut_units(self, room: Ints, cutting: Flags, short: Flags) -> None:
        off = self.off
        assert off.units is not None
        off.fail(cutting & short, ops.RAGGED)
        entries = np.flatnonzero(cutting[off.owners])
        if len(entries):
            units, failed, unsafe = cut_runs(off.units.of(entries), off.owners[entries], room, self.mode)
            off.units.put(entries, units)
            off.fail(unsafe, ops.UNSAFE)
            some = np.zeros(len(off.lines), np.bool_)
            some[entries] = failed
            off.fail_entries(some, ops.RAGGED)

    def _to_units(self) -> None:
        """What lines have taken off falls on their units, where somebody asks for units."""
        if not self.walk.by_unit:
            return
        off, what = self.off, self.what
        if self.marks is not None:
            runs, evenly = self.runs, what[terms.TAKE_SPLIT] == terms.EVENLY
            weights = (np.ones_like(runs.values) if evenly else np.maximum(runs.values, 0)) * self.marks
            caps = np.maximum(runs.values - self.each_floor, 0)
            off.units, failed = parts_of_units(off.parts, runs, weights, caps, self.mode)
            off.fail_entries(failed, ops.RAGGED)
            return
        runs = runs_of(self.walk, off)
        if self._plain() and not self.mode and not (self.cost < 0).any():
            off.units, failed = spread_units(off.parts, runs)
        else:
            evenly = what[terms.TAKE_SPLIT] == terms.EVENLY
            weights = np.ones_like(runs.values) if evenly else np.maximum(runs.values, 0)
            caps = runs.values - self.floor // self.size
            off.units, failed = parts_of_units(off.parts, runs, weights, caps, self.mode)
        off.fail_entries(failed, ops.RAGGED)


def entries_of(here: Here, mask: int, of: int, mode: int) -> Off:
    """Lines that are chosen and have units, and the shipping of the event's own field; by event, in the order of
    ties."""
    owners, lines, rank = (np.zeros(0, np.int64) for _ in range(3))
    if of != terms.OF_SHIPPING:
        places = np.flatnonzero(here.chosen(mask) & (here.vector(ops.SIZE) > 0))
        owners, lines = here.of_line[places], places if isinstance(here.lines, slice) else here.lines[places]
        rank = here.piece.rank[lines]
    if of != terms.OF_LINES:
        owners = np.concatenate([owners, np.arange(len(here))])
        lines = np.concatenate([lines, np.full(len(here), -1)])
        rank = np.concatenate([rank, here.sizes])
    order = np.lexsort((rank, owners))
    return Off(here, owners[order], lines[order], rank[order], np.zeros(len(order), np.int64), mode)


def values_of(off: Off, vector: int, register: int, other: int = 0) -> Ints:
    """A vector on the lines of entries, a register for shipping; another number where there is none (below 0)."""
    piece = off.here.piece
    found = np.full(len(off.lines), other, np.int64)
    own = off.lines < 0
    if vector >= 0:
        found[~own] = piece.vectors[vector, off.lines[~own]]
    if register >= 0:
        found[own] = piece.registers[register, off.here.numbers[off.owners[own]]]
    return found


def runs_of(walk: Walk, off: Off) -> Runs:
    """The runs of units of entries."""
    piece, own = off.here.piece, off.lines < 0
    goods, vectors = np.flatnonzero(~own), off.here.piece.vectors
    lines = off.lines[goods]
    failed = open_runs(piece.runs, lines, vectors[ops.COST, lines], vectors[ops.SIZE, lines], walk.tape.remainder)
    found = Runs(len(off.lines))
    found.put(goods, piece.runs.of(lines))
    ships = np.flatnonzero(own)
    found.counts[ships], found.sizes[0, ships] = 1, 1
    found.values[0, ships] = values_of(off, -1, ops.SHIP)[ships]
    some = np.zeros(len(off.lines), np.bool_)
    some[goods] = failed[lines]
    off.fail_entries(some, ops.RAGGED)
    return found
