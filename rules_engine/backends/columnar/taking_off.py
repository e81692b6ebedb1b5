"""What offers take off, for many events at once: `offering.py` in NumPy.

In: the events that stand at an op, what each wants to take off, and the carrier: what each line costs and, where
somebody asks for units, their runs. Out: the carrier lowered, limits counted, discounts among the results.

An effect works on entries: the lines of events that take something off, event by event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rules_engine.backends.columnar import keeping
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.numbering import Row, divided
from rules_engine.backends.columnar.piece import Here, totals
from rules_engine.backends.columnar.spreading import spread_lines
from rules_engine.backends.columnar.tape import MISSING
from rules_engine.backends.columnar.units import Runs, lower, spread_units

if TYPE_CHECKING:
    from rules_engine.backends.columnar.chunks import Walk


class Off:
    """What an effect takes off entries: their places among the lines of `here`, and how much."""

    def __init__(self, here: Here, places: Ints, parts: Ints, units: Runs | None = None) -> None:
        self.here = here
        self.places = places
        self.parts = parts
        self.units = units

    @property
    def owners(self) -> Ints:
        """The event of each entry, among those here."""
        return self.here.of_line[self.places]

    @property
    def lines(self) -> Ints:
        """The place of each entry's line in the piece."""
        lines = self.here.lines
        return self.places if isinstance(lines, slice) else lines[self.places]

    @property
    def total(self) -> Ints:
        """What each event has taken off in all."""
        offsets = np.searchsorted(self.owners, np.arange(len(self.here) + 1))
        return totals(self.parts, offsets)

    def cut(self, room: Ints, cutting: Flags) -> None:
        """Cut what some events take off to some room: in proportion to it."""
        owners = self.owners
        places = np.flatnonzero(cutting[owners] & (self.parts > 0))
        self.parts = self.parts.copy()
        rank = self.here.piece.rank[self.lines[places]]
        self.parts[places] = spread_lines(room, self.parts[places], owners[places], rank)

    def of(self, chosen: Flags) -> Off:
        """The same of some events."""
        entries = np.flatnonzero(chosen[self.owners])
        here = self.here.part(chosen)
        numbers = np.cumsum(chosen) - 1
        owners = self.owners[entries]
        places = self.places[entries] - self.here.offsets[owners] + here.offsets[numbers[owners]]
        units = None if self.units is None else self.units.of(entries)
        return Off(here, places, self.parts[entries], units)


# ---- the three kinds of effect


def take_lines(walk: Walk, here: Here, row: Row) -> None:
    """An amount off each line."""
    amounts = np.where(here.chosen(row[3]) & (here.vector(ops.SIZE) > 0), np.maximum(here.vector(row[2]), 0), 0)
    wanted = here.summed(amounts)
    places = np.flatnonzero(amounts)
    off = Off(here, places, amounts[places])
    high = walk.effects[row[4]][ops.EFFECT_HIGH]
    if high >= 0:
        room = np.maximum(here.read(high), 0)
        cutting = wanted > room
        if cutting.any():
            off.cut(room, cutting)
            wanted = np.where(cutting, room, wanted)
    off.parts = np.minimum(off.parts, here.vector(ops.COST)[places])
    _taken(walk, off, wanted, row)


def take_total(walk: Walk, here: Here, row: Row) -> None:
    """An amount off some lines together."""
    weights = here.vector(ops.COST)
    weights = weights if row[3] < 0 else np.where(here.chosen(row[3]), weights, 0)
    wanted = here.read(row[2])
    total = np.minimum(wanted, here.summed(weights))
    places = np.flatnonzero((weights > 0) & (total > 0)[here.of_line])
    lines = places if isinstance(here.lines, slice) else here.lines[places]
    parts = spread_lines(total, weights[places], here.of_line[places], here.piece.rank[lines])
    _taken(walk, Off(here, places, parts), wanted, row)


def pick_total(walk: Walk, here: Here, row: Row) -> None:
    """Of some totals the one that takes most off, the first of equal ones."""
    _, d, _, _, k, _, count, _ = row
    entries = walk.pool[k : k + 3 * count].reshape(count, 3).tolist()
    most, picked = np.zeros(len(here), np.int64), np.full(len(here), -1, np.int64)
    cost = here.vector(ops.COST)
    for place, (wanted, mask, _) in enumerate(entries):
        left = here.read(ops.PAID) if mask < 0 else here.summed(np.where(here.chosen(mask), cost, 0))
        takes = np.minimum(here.read(wanted), left)
        picked, most = np.where(takes > most, place, picked), np.maximum(takes, most)
    here.write(d, 0)
    for place, (wanted, mask, effect) in enumerate(entries):
        some = here.part(picked == place)
        if len(some):
            take_total(walk, some, [ops.TAKE_TOTAL, d, wanted, mask, effect, 0, 0, 0])


def take_units(walk: Walk, here: Here, row: Row) -> None:
    """An amount off each unit, or a price for it."""
    now, listed, more, den, mode, prices = walk.pool[row[6] : row[6] + 6].tolist()
    places = np.flatnonzero(here.chosen(row[3]) & (here.vector(ops.SIZE) > 0))
    off = Off(here, places, np.zeros(len(places), np.int64))
    runs = walk.runs(off.lines)
    each = here.vector(ops.LIST)[places] // here.vector(ops.SIZE)[places]
    units = Runs(len(places))
    wanted = np.zeros(len(places), np.int64)
    for place in range(runs.most):
        used = place < runs.counts
        cost, size = runs.values[place], np.where(used, runs.sizes[place], 0)
        amount = divided(np.maximum(cost * now + each * listed + more, 0), den, mode)
        amount = np.maximum(cost - amount, 0) if prices else amount
        wanted += amount * size
        amount = np.minimum(amount, cost)
        units.push(used, size, amount)
        off.parts += amount * size
    offsets = np.searchsorted(off.owners, np.arange(len(here) + 1))
    off.units = units
    _taken(walk, off, totals(wanted, offsets), row)


# ---- limits, then the carrier, then the results


def _taken(walk: Walk, off: Off, wanted: Ints, row: Row) -> None:
    """Cut to limits, take off, and say so; R[d] says where a price changed."""
    total = off.total
    acting = total > 0
    off.here.write(row[1], acting)
    if not acting.any():
        return
    if not acting.all():
        off, wanted, total = off.of(acting), wanted[acting], total[acting]
    if walk.by_unit and off.units is None:
        units, failed = spread_units(off.parts, walk.runs(off.lines))
        off.units = units
        _fail(off, failed)
    cut = np.full(len(off.here), -1, np.int64)
    limits = walk.limits_of(walk.effects[row[4]], ops.EFFECT_LIMITS)
    keys = [walk.keys(off.here, limit[ops.LIMIT_DAYS]) for _, limit in limits]
    for (number, limit), key in zip(limits, keys, strict=True):
        before = keeping.used(off.here, limit, key)
        room = np.maximum(limit[ops.LIMIT_ROOM] - before, 0)
        cutting = (before != MISSING) & (total > room)
        if cutting.any():
            off.cut(room, cutting)
            _units_cut(off, cutting)
            total, cut = np.where(cutting, room, total), np.where(cutting, number, cut)
    alive: Flags = (total > 0) & (off.here.piece.why[off.here.numbers] == 0)
    off.here.write(row[1], alive)
    for (_, limit), key in zip(limits, keys, strict=True):
        keeping.use(off.here.part(alive), limit, key[alive], total[alive])
    if alive.any():
        _lowered(walk, off if alive.all() else off.of(alive), wanted[alive], total[alive], cut[alive], row)


def _units_cut(off: Off, cutting: Flags) -> None:
    """Where lines were cut: the units' amounts before are weights and caps."""
    if off.units is None:
        return
    places = np.flatnonzero(cutting[off.owners] & (off.units.counts > 0))
    units, failed = spread_units(off.parts[places], off.units.of(places))
    off.units.put(places, units)
    some = np.zeros(len(off.places), np.bool_)
    some[places] = failed
    _fail(off, some)


def _fail(off: Off, failed: Flags) -> None:
    if failed.any():
        off.here.piece.fail(off.here.numbers[np.unique(off.owners[failed])], ops.RAGGED)


def _lowered(walk: Walk, off: Off, wanted: Ints, total: Ints, cut: Ints, row: Row) -> None:
    """The carrier, and the discount of each event."""
    piece = off.here.piece
    taken = np.flatnonzero(off.parts > 0)
    lines = off.lines[taken]
    piece.vectors[ops.COST, lines] -= off.parts[taken]
    piece.registers[ops.PAID, off.here.events] -= total
    effect = walk.effects[row[4]][ops.EFFECT]
    block = walk.emitted.take_off(piece.events[off.here.numbers], effect, wanted, total, cut, 0)
    if off.units is None:
        return
    units = off.units.of(taken)
    runs, failed = lower(piece.runs.of(lines), units)
    piece.runs.put(lines, runs)
    some = np.zeros(len(off.places), np.bool_)
    some[taken] = failed
    _fail(off, some)
    if walk.wants_parts:
        numbers = lines - piece.offsets[piece.line_event[lines]]
        _told(walk, block, off.owners[taken], numbers, units)


def _told(walk: Walk, block: int, rows: Ints, lines: Ints, units: Runs) -> None:
    """Runs of equal amounts, those of nothing left out; line by line."""
    merged = Runs(len(lines))
    before = np.zeros(len(lines), np.int64)
    for place in range(units.most):
        used = (place < units.counts) & (units.sizes[place] > 0)
        each, size = units.values[place], units.sizes[place]
        longer = used & (each > 0) & (each == before)
        at = np.flatnonzero(longer)
        merged.sizes[merged.counts[at] - 1, at] += size[at]
        merged.push(used & (each > 0) & ~longer, size, each)
        before = np.where(used, each, before)
    owners = np.repeat(np.arange(len(lines)), merged.counts)
    starts = np.cumsum(merged.counts) - merged.counts
    runs = np.arange(len(owners)) - starts[owners]
    walk.emitted.add_parts(block, rows[owners], lines[owners], merged.sizes[runs, owners], merged.values[runs, owners])


# ---- the best of a group


class Trial:
    """A group that tries its members: everything as it was before, and as the best of them left it."""

    def __init__(self, walk: Walk, here: Here) -> None:
        self.here = here
        self.before = Kept(walk, here)
        self.best = Kept(walk, here)
        self.counted = here.piece.counted
        self.paid = here.read(ops.PAID).copy()
        self.off = np.full(len(here), -1, np.int64)
        self.winner = np.full(walk.piece.count, -1, np.int64)
        self.member = 0
        self.marks: list[tuple[int, int]] = [(0, len(walk.emitted.discounts.blocks))]


class Kept:
    """What events had at one moment: what their lines cost, the runs of units, their memory."""

    def __init__(self, walk: Walk, here: Here) -> None:
        piece = here.piece
        self.cost = here.vector(ops.COST).copy()
        self.memory = piece.memory[:, here.events].copy()
        self.runs = piece.runs.of(np.arange(len(piece.lines))[here.lines]) if walk.by_unit else None

    def take(self, other: Kept, here: Here, chosen: Flags, counted: bool) -> None:
        """Have of some events what another had."""
        of_line = chosen[here.of_line]
        self.cost = np.where(of_line, other.cost, self.cost)
        if counted:
            self.memory[:, chosen] = other.memory[:, chosen]
        if self.runs is not None and other.runs is not None:
            lines = np.flatnonzero(of_line)
            self.runs.put(lines, other.runs.of(lines))

    def put_back(self, here: Here, counted: bool) -> None:
        """Let the events have it again."""
        here.lay(ops.COST, self.cost)
        if counted:
            here.piece.memory[:, here.events] = self.memory
        if self.runs is not None:
            here.piece.runs.put(np.arange(len(here.piece.lines))[here.lines], self.runs)


def begin(walk: Walk, here: Here, _: Row) -> None:
    """A group begins to try its members."""
    walk.trials.append(Trial(walk, here))


def tried(walk: Walk, here: Here, row: Row) -> None:
    """A member was tried; after the last the best of them stands."""
    trial = walk.trials[-1]
    acted = np.zeros(walk.piece.count, np.bool_)
    acted[here.numbers] = here.read(row[2]) != 0
    own = trial.here
    off = trial.paid - own.read(ops.PAID)
    better: Flags = acted[own.numbers] & (off > trial.off)
    counted = walk.piece.counted != trial.counted
    if better.any():
        trial.best.take(Kept(walk, own), own, better, counted)
    trial.off = np.where(better, off, trial.off)
    trial.winner[own.numbers[better]] = trial.member
    trial.member += 1
    trial.before.put_back(own, counted)
    own.write(ops.PAID, trial.paid)
    if row[6]:
        trial.before.take(trial.best, own, trial.off >= 0, counted)
        trial.before.put_back(own, counted)
        own.write(ops.PAID, trial.paid - np.maximum(trial.off, 0))
        _settled(walk, trial)
        walk.trials.pop()
    else:
        trial.marks.append((trial.member, len(walk.emitted.discounts.blocks)))


def _settled(walk: Walk, trial: Trial) -> None:
    """Of the discounts of the members that were tried only the winner's stay."""
    ends = [start for _, start in trial.marks[1:]] + [len(walk.emitted.discounts.blocks)]
    for (member, start), end in zip(trial.marks, ends, strict=True):
        for block in range(start, end):
            events = np.searchsorted(walk.piece.events, walk.emitted.discounts.blocks[block][0])
            walk.emitted.keep(block, trial.winner[events] == member)
