"""What offers take off, for many events at once.

In: the events that stand at an op, what each wants to take off, and the carrier: what each line costs and, where
somebody asks for units, their runs. Out: the carrier lowered, limits counted, discounts among the results.

An effect works on entries: the lines of events that take something off, event by event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.tape import MISSING
from rules_engine.backends.columnar.walking import keeping
from rules_engine.backends.columnar.walking.numbering import Row, divided
from rules_engine.backends.columnar.walking.piece import Here, totals
from rules_engine.backends.columnar.walking.sharing import share_lines
from rules_engine.backends.columnar.walking.spreading import spread_lines
from rules_engine.backends.columnar.walking.units import Runs, lower, parts_of_units, spread_units

if TYPE_CHECKING:
    from rules_engine.backends.columnar.walking.chunks import Walk


class Off:
    """What an effect takes off entries, event by event: the event of each among those here, its line (the place in the
    piece; -1: the shipping of the event's own field), its rank, and how much. `mode` says who gets odd units."""

    def __init__(
        self, here: Here, owners: Ints, lines: Ints, rank: Ints, parts: Ints, mode: int, units: Runs | None = None
    ) -> None:
        self.here = here
        self.owners, self.lines, self.rank = owners, lines, rank
        self.parts = parts
        self.mode = mode
        self.units = units

    @property
    def total(self) -> Ints:
        """What each event has taken off in all."""
        return self.summed(self.parts)

    def summed(self, values: Ints) -> Ints:
        """The sums of values of entries, by event."""
        return totals(values, np.searchsorted(self.owners, np.arange(len(self.here) + 1)))

    def cut(self, room: Ints, cutting: Flags) -> None:
        """Cut what some events take off to some room: in proportion to it. What raises a price stays."""
        owners = self.owners
        places = np.flatnonzero(cutting[owners] & (self.parts > 0))
        parts = self.parts[places]
        self.parts = self.parts.copy()
        found, unsafe = parted(self.mode, room, parts, parts, owners[places], self.rank[places])
        self.parts[places] = found
        self.fail(unsafe, ops.UNSAFE)

    def fail(self, events: Flags, reason: int) -> None:
        """Some events are not done."""
        if events.any():
            self.here.piece.fail(self.here.numbers[events], reason)

    def fail_entries(self, entries: Flags, reason: int) -> None:
        """The events of some entries are not done."""
        if entries.any():
            self.here.piece.fail(self.here.numbers[np.unique(self.owners[entries])], reason)

    def of(self, chosen: Flags) -> Off:
        """The same of some events."""
        entries = np.flatnonzero(chosen[self.owners])
        numbers = np.cumsum(chosen) - 1
        units = None if self.units is None else self.units.of(entries)
        columns = (self.lines[entries], self.rank[entries], self.parts[entries])
        return Off(self.here.part(chosen), numbers[self.owners[entries]], *columns, self.mode, units)


def on_lines(here: Here, places: Ints, parts: Ints) -> Off:
    """An amount off some of the lines of events, given by their places among theirs."""
    lines = places if isinstance(here.lines, slice) else here.lines[places]
    return Off(here, here.of_line[places], lines, here.piece.rank[lines], parts, 0)


def parted(mode: int, amounts: Ints, weights: Ints, caps: Ints, owners: Ints, rank: Ints) -> tuple[Ints, Flags]:
    """Amounts of events over entries; and the events whose numbers are not proved safe. Where caps are the weights and
    odd units go to the largest remainders there is a shorter way, which needs no look at numbers."""
    if mode or caps is not weights:
        return share_lines(amounts, owners, rank, weights, caps, mode)
    parts, some = np.zeros(len(weights), np.int64), np.flatnonzero(weights)
    parts[some] = spread_lines(amounts, weights[some], owners[some], rank[some])
    return parts, np.zeros(len(amounts), np.bool_)


# ---- the three kinds of effect


def take_lines(walk: Walk, here: Here, row: Row) -> None:
    """An amount off each line."""
    amounts = np.where(here.chosen(row[3]) & (here.vector(ops.SIZE) > 0), np.maximum(here.vector(row[2]), 0), 0)
    wanted = here.summed(amounts)
    places = np.flatnonzero(amounts)
    off = on_lines(here, places, amounts[places])
    high = walk.effects[row[4]][ops.EFFECT_HIGH]
    if high >= 0:
        room = np.maximum(here.read(high), 0)
        cutting = wanted > room
        if cutting.any():
            off.cut(room, cutting)
            wanted = np.where(cutting, room, wanted)
    off.parts = np.minimum(off.parts, here.vector(ops.COST)[places])
    taken(walk, off, wanted, row)


def take_total(walk: Walk, here: Here, row: Row) -> None:
    """An amount off some lines together."""
    weights = here.vector(ops.COST)
    weights = weights if row[3] < 0 else np.where(here.chosen(row[3]), weights, 0)
    wanted = here.read(row[2])
    total = np.minimum(wanted, here.summed(weights))
    places = np.flatnonzero((weights > 0) & (total > 0)[here.of_line])
    off = on_lines(here, places, weights[places])
    off.parts = spread_lines(total, off.parts, off.owners, off.rank)
    taken(walk, off, wanted, row)


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
    if row[7]:
        own = row[6] + 6 * here.read(ops.ROW)[here.of_line[places]]
        now, listed, more, den = walk.pool[own], walk.pool[own + 1], walk.pool[own + 2], walk.pool[own + 3]
    off = on_lines(here, places, np.zeros(len(places), np.int64))
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
    off.units = units
    taken(walk, off, off.summed(wanted), row)


# ---- limits, then the carrier, then the results


def taken(walk: Walk, off: Off, wanted: Ints, row: Row, short: Flags | None = None, tells: bool = False) -> None:
    """Cut to limits, take off, and say so; R[d] says where a price changed. Whole steps count again for events where
    room or limits cut (`short`). With `tells` it is said too where nothing was given of what was wanted."""
    piece, effect = off.here.piece, walk.effects[row[4]]
    acting = _acts(off)
    off.here.write(row[1], acting)
    if tells:
        none = ~acting & (wanted > 0)
        events = piece.events[off.here.numbers[none]]
        walk.emitted.take_off(events, effect[ops.EFFECT], wanted[none], 0, -1, 0)
    if not acting.any():
        return
    if not acting.all():
        off, wanted, short = off.of(acting), wanted[acting], None if short is None else short[acting]
    if walk.by_unit and off.units is None:
        units, failed = spread_units(off.parts, walk.runs(off.lines))
        off.units = units
        off.fail_entries(failed, ops.RAGGED)
    cut, limits = _limited(walk, off, effect)
    if effect[ops.EFFECT_STEPS] and short is not None:
        _stepped(off, effect[ops.EFFECT_STEPS], short | (cut >= 0))
    alive: Flags = _acts(off) & (piece.why[off.here.numbers] == 0)
    off.here.write(row[1], alive)
    takes = off.summed(np.maximum(off.parts, 0))[alive]
    for limit, key in limits:
        keeping.use(off.here.part(alive), limit, key[alive], takes)
    if tells:
        none = ~alive & (wanted > 0)
        events = piece.events[off.here.numbers[none]]
        walk.emitted.take_off(events, effect[ops.EFFECT], wanted[none], 0, cut[none], 0)
    if alive.any():
        _lowered(walk, off if alive.all() else off.of(alive), wanted[alive], cut[alive], row)


def _acts(off: Off) -> Flags:
    """Which events have a price changed."""
    found: Flags = off.summed(np.abs(off.parts)) > 0
    return found


def _limited(walk: Walk, off: Off, effect: Row) -> tuple[Ints, list[tuple[Row, Ints]]]:
    """Cut to the room of each limit: the last one that cut, and the limits with the occurrences of each event."""
    cut = np.full(len(off.here), -1, np.int64)
    limits = walk.limits_of(effect, ops.EFFECT_LIMITS)
    keys = [walk.keys(off.here, limit[ops.LIMIT_DAYS]) for _, limit in limits]
    for (number, limit), key in zip(limits, keys, strict=True):
        before = keeping.used(off.here, limit, key)
        room = np.maximum(limit[ops.LIMIT_ROOM] - before, 0)
        cutting = (before != MISSING) & (off.summed(np.maximum(off.parts, 0)) > room)
        if cutting.any():
            off.cut(room, cutting)
            _units_cut(off, cutting)
            cut = np.where(cutting, number, cut)
    return cut, [(limit, key) for (_, limit), key in zip(limits, keys, strict=True)]


def _stepped(off: Off, steps: int, short: Flags) -> None:
    """Whole steps again."""
    total = off.total
    cutting: Flags = short & (total > 0) & (total % steps != 0)
    if cutting.any():
        off.cut(total // steps * steps, cutting)
        _units_cut(off, cutting)


def _units_cut(off: Off, cutting: Flags) -> None:
    """Where lines were cut: the units' amounts before are weights and caps."""
    if off.units is None:
        return
    places = np.flatnonzero(cutting[off.owners] & (off.units.counts > 0))
    before = off.units.of(places)
    units, failed = parts_of_units(off.parts[places], before, before.values, before.values, off.mode)
    off.units.put(places, units)
    some = np.zeros(len(off.lines), np.bool_)
    some[places] = failed
    off.fail_entries(some, ops.RAGGED)


def _lowered(walk: Walk, off: Off, wanted: Ints, cut: Ints, row: Row) -> None:
    """The carrier, and the discount of each event."""
    piece = off.here.piece
    own = off.lines < 0
    goods = np.flatnonzero((off.parts != 0) & ~own)
    lines = off.lines[goods]
    piece.vectors[ops.COST, lines] -= off.parts[goods]
    piece.registers[ops.PAID, off.here.events] -= off.summed(np.where(own, 0, off.parts))
    if own.any():
        piece.registers[ops.SHIP, off.here.numbers[off.owners[own]]] -= off.parts[own]
    effect = walk.effects[row[4]][ops.EFFECT]
    block = walk.emitted.take_off(piece.events[off.here.numbers], effect, wanted, off.total, cut, 0)
    if off.units is None:
        return
    units = off.units.of(goods)
    runs, failed = lower(piece.runs.of(lines), units)
    piece.runs.put(lines, runs)
    some = np.zeros(len(off.lines), np.bool_)
    some[goods] = failed
    off.fail_entries(some, ops.RAGGED)
    if walk.wants_parts:
        some = off.parts != 0
        first = piece.offsets[off.here.numbers[off.owners]]
        last = piece.registers[ops.LINES, off.here.numbers[off.owners]]
        numbers = np.where(own, last, off.lines - first)
        order = np.flatnonzero(some)
        order = order[np.lexsort((numbers[order], off.owners[order]))]
        _told(walk, block, off.owners[order], numbers[order], off.units.of(order))


def _told(walk: Walk, block: int, rows: Ints, lines: Ints, units: Runs) -> None:
    """Runs of equal amounts, those of nothing left out; line by line."""
    merged = Runs(len(lines))
    before = np.zeros(len(lines), np.int64)
    for place in range(units.most):
        used = (place < units.counts) & (units.sizes[place] > 0)
        each, size = units.values[place], units.sizes[place]
        longer = used & (each != 0) & (each == before)
        at = np.flatnonzero(longer)
        merged.sizes[merged.counts[at] - 1, at] += size[at]
        merged.push(used & (each != 0) & ~longer, size, each)
        before = np.where(used, each, before)
    owners = np.repeat(np.arange(len(lines)), merged.counts)
    starts = np.cumsum(merged.counts) - merged.counts
    runs = np.arange(len(owners)) - starts[owners]
    walk.emitted.add_parts(block, rows[owners], lines[owners], merged.sizes[runs, owners], merged.values[runs, owners])


# ---- the best of a group


class Trial:
    """A group that tries its members: everything as it was before, and as the best of them left it."""

    def __init__(self, walk: Walk, here: Here, sums: tuple[int, ...]) -> None:
        self.here = here
        self.registers = sums
        self.before = Kept(walk, here)
        self.best = Kept(walk, here)
        self.counted = here.piece.counted
        self.sums = self.found = self.now(here)
        self.off = np.full(len(here), -ops.AMOUNT_MAX)
        self.winner = np.full(walk.piece.count, -1, np.int64)
        self.member = 0
        self.marks: list[tuple[int, tuple[int, ...]]] = [(0, walk.emitted.mark())]

    def now(self, here: Here) -> Ints:
        """What lines cost, and where it is told what shipping does and what was charged."""
        return np.stack([here.read(register) for register in self.registers])

    def put(self, sums: Ints) -> None:
        """Let the events have it again."""
        for register, values in zip(self.registers, sums, strict=True):
            self.here.write(register, values)


SUMS = (ops.PAID, ops.SHIP, ops.CHARGED)


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


def begin(walk: Walk, here: Here, row: Row) -> None:
    """A group begins to try its members."""
    walk.trials.append(Trial(walk, here, SUMS if row[5] else SUMS[:1]))


def tried(walk: Walk, here: Here, row: Row) -> None:
    """A member was tried; after the last the best of them stands."""
    trial = walk.trials[-1]
    acted = np.zeros(walk.piece.count, np.bool_)
    acted[here.numbers] = here.read(row[2]) != 0
    own = trial.here
    now = trial.now(own)
    off = (trial.sums - now)[:2].sum(axis=0)
    better: Flags = acted[own.numbers] & (off > trial.off)
    counted = walk.piece.counted != trial.counted
    if better.any():
        trial.best.take(Kept(walk, own), own, better, counted)
        trial.found = np.where(better, now, trial.found)
    trial.off = np.where(better, off, trial.off)
    trial.winner[own.numbers[better]] = trial.member
    trial.member += 1
    if row[6]:
        won: Flags = trial.winner[own.numbers] >= 0
        trial.before.take(trial.best, own, won, counted)
        trial.put(np.where(won, trial.found, trial.sums))
        _settled(walk, trial)
        walk.trials.pop()
    else:
        trial.put(trial.sums)
        trial.marks.append((trial.member, walk.emitted.mark()))
    trial.before.put_back(own, counted)


def _settled(walk: Walk, trial: Trial) -> None:
    """Of what the members that were tried told only the winner's stays."""
    ends = [mark for _, mark in trial.marks[1:]] + [walk.emitted.mark()]
    for (member, start), end in zip(trial.marks, ends, strict=True):
        walk.emitted.keep_of(start, end, walk.piece.events, trial.winner == member)
