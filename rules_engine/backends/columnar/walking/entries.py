"""What is remembered by occurrence, beyond the counters of `keeping.py`: the tape's ops on blocks of entries.

In: the events that stand at a row of the tape, with the memory of their members. Out: that memory, moved along. A block
is described in `tape.py`. What has no room makes its event not done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.anchoring import together
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.tape import MISSING
from rules_engine.backends.columnar.walking.numbering import Row
from rules_engine.backends.columnar.walking.piece import Here
from rules_engine.backends.columnar.walking.sharing import share_lines

if TYPE_CHECKING:
    from rules_engine.backends.columnar.walking.chunks import Walk

HELD: Final = 2**50
"""What an entry holds at most, in magnitude."""


class Block:
    """A block of entries of each event's member: `days`, `values` and `keys` have a row an entry."""

    def __init__(self, walk: Walk, here: Here, place: int) -> None:
        self.here = here
        self.slot, self.room, self.width, self.most = walk.pool[place : place + 4].tolist()
        end = self.slot + self.room * self.width
        memory = here.piece.memory[self.slot : end][:, here.events]
        self.entries = memory.reshape(self.room, self.width, len(here))
        self.days, self.values = self.entries[:, 0], self.entries[:, 1]
        self.keys = self.entries[:, 2] if self.width > 2 else self.days

    def place(self, at: Ints, keys: Ints | None = None) -> tuple[Ints, Flags, Flags]:
        """Where the entry of each stands, or a free one; whether it is new, and whether there is neither."""
        same = self.days == at
        if keys is not None:
            same &= self.keys == keys
        met, free = same.any(axis=0), (self.days == MISSING).any(axis=0)
        place = np.where(met, same.argmax(axis=0), (self.days == MISSING).argmax(axis=0))
        return place, ~met, ~met & ~free

    def write(self, place: Ints, chosen: Flags, *columns: Ints) -> None:
        """Write the entries of the chosen."""
        numbers = self.here.numbers[chosen]
        for at, column in enumerate(columns):
            self.here.piece.memory[self.slot + place[chosen] * self.width + at, numbers] = column[chosen]

    def forget(self, gone: Flags) -> None:
        """Free entries: `gone` has a row an entry."""
        for entry in range(self.room):
            self.here.piece.memory[self.slot + entry * self.width, self.here.numbers[gone[entry]]] = MISSING


def tidy(walk: Walk, here: Here, place: int, since: int) -> None:
    """Forget what nobody can read any more."""
    block, day = Block(walk, here, place), here.read(ops.DAY)
    held = (block.days != MISSING) & (block.days <= day)
    if since >= 0:
        block.forget(held & (block.days < here.read(since)))
        return
    newest = np.where(held, block.days, MISSING).max(axis=0)
    second = np.where(held & (block.days < newest), block.days, MISSING).max(axis=0)
    block.forget(held & (block.days < second))


def turns(owners: Ints, columns: list[Ints], sums: Ints | None = None) -> Iterator[tuple[Ints, list[Ints], Ints]]:
    """Different rows of some columns of each event, one of each event at a turn: the events, the columns, and what the
    rows add up to."""
    if not len(owners):
        return
    same = together([owners, *columns])
    first, of_row = np.unique(same, return_index=True, return_inverse=True)[1:]
    added = np.zeros(len(first), np.int64)
    np.add.at(added, of_row, 1 if sums is None else sums)
    order = np.lexsort((*(column[first] for column in reversed(columns)), owners[first]))
    rows = first[order]
    starts = np.concatenate([[True], np.diff(owners[rows]) != 0])
    turn = np.arange(len(rows)) - np.maximum.accumulate(np.where(starts, np.arange(len(rows)), 0))
    for number in range(int(turn.max()) + 1):
        some = rows[turn == number]
        yield owners[some], [column[some] for column in columns], added[order][turn == number]


# ---- sums and counts


def _sum(walk: Walk, here: Here, row: Row) -> None:
    block, at = Block(walk, here, row[4]), here.read(row[2])
    here.write(row[1], np.where(_counted(block, at, row[5], here), block.values, 0).sum(axis=0))


def _counted(block: Block, at: Ints, how: int, here: Here) -> Flags:
    """Which entries count for an occurrence, or in a window that begins with a day."""
    held: Flags = (block.days != MISSING) & (at != MISSING)
    if how == 0:
        held &= block.days == at
        return held
    held &= block.days >= at
    if how == 1:
        held &= block.days <= here.read(ops.DAY)
    return held


def _add(walk: Walk, here: Here, row: Row) -> None:
    keys = here.read(row[5]) if row[5] >= 0 else None
    _grow(walk, here, row, here.read(row[2]), here.read(row[3]), keys)


def _grow(walk: Walk, here: Here, row: Row, more: Ints, at: Ints, keys: Ints | None) -> None:
    """Add to an entry of each; where nothing is added only a new key counts."""
    counts = (at != MISSING) & ((more != 0) | (row[1] == 1))
    counts &= keys != MISSING if keys is not None else True
    here, more, at = here.part(counts), more[counts], at[counts]
    keys = None if keys is None else keys[counts]
    if not len(here):
        return
    here.piece.counted += 1
    block = Block(walk, here, row[4])
    place, new, full = block.place(at, keys)
    before = np.where(new, 0, block.values[np.minimum(place, block.room - 1), np.arange(len(here))])
    full |= np.abs(before + more) > HELD
    moves = ~full & (new | (more != 0))
    block.write(place, moves, at, before + more, *([] if keys is None else [keys]))
    if block.most:
        full |= _too_many(walk, here, row[4], at, row[6])
    here.piece.fail(here.numbers[full], ops.FULL)
    tidy(walk, here.part(moves), row[4], row[6])


def _too_many(walk: Walk, here: Here, place: int, at: Ints, since: int) -> Flags:
    """Where an occurrence, or a window, has more keys than its track may have."""
    block = Block(walk, here, place)
    same = (block.days != MISSING) & ((block.days == at) | (since >= 0))
    found: Flags = _different(same, block.keys) > block.most
    return found


def _different(held: Flags, keys: Ints) -> Ints:
    """How many different keys the chosen entries have."""
    found = np.zeros(held.shape[1], np.int64)
    for entry in range(len(held)):
        before = (held[:entry] & (keys[:entry] == keys[entry])).any(axis=0)
        found += held[entry] & ~before
    return found


def _add_lines(walk: Walk, here: Here, row: Row) -> None:
    values, at = here.vector(row[2]), here.vector(row[3])
    keys = here.vector(row[5]) if row[5] >= 0 else None
    counts = at != MISSING if keys is None else (at != MISSING) & (keys != MISSING)
    columns = [at[counts]] if keys is None else [at[counts], keys[counts]]
    if np.abs(values).max(initial=0) > HELD:
        here.piece.fail(here.numbers[np.unique(here.of_line[np.abs(values) > HELD])], ops.UNSAFE)
        return
    for owners, found, sums in turns(here.of_line[counts], columns, values[counts]):
        _grow(walk, Here(here.piece, here.numbers[owners]), row, sums, found[0], None if keys is None else found[1])


def _get(walk: Walk, here: Here, row: Row) -> None:
    block, at, how = Block(walk, here, row[4]), here.read(row[2]), row[5]
    held = _counted(block, at, 1 if how else 0, here)
    worst = MISSING if how != 1 else -MISSING - 1
    values = np.where(held, block.values, worst)
    found = values.min(axis=0) if how == 1 else values.max(axis=0)
    here.write(row[1], np.where(held.any(axis=0), found, MISSING))


def _raise(walk: Walk, here: Here, row: Row) -> None:
    value, at, how = here.read(row[2]), here.read(row[3]), row[5]
    counts = at != MISSING
    here, value, at = here.part(counts), value[counts], at[counts]
    block = Block(walk, here, row[4])
    place, new, full = block.place(at)
    before = block.values[np.minimum(place, block.room - 1), np.arange(len(here))]
    moves = np.where(new, (value != 0) | (how > 0), value < before if how == 1 else value > before)
    here.piece.counted += 1
    here.piece.fail(here.numbers[full & moves], ops.FULL)
    moves &= ~full
    block.write(place, moves, at, value)
    if how:
        tidy(walk, here.part(moves), row[4], row[6])


def _forget(walk: Walk, here: Here, row: Row) -> None:
    own, other = Block(walk, here, row[4]), Block(walk, here, row[6])
    gone = own.days != MISSING
    for entry in range(own.room):
        gone[entry] &= ~(other.days == own.days[entry]).any(axis=0)
    own.forget(gone)


def _room_lines(walk: Walk, here: Here, row: Row) -> None:
    at, found = here.vector(row[2]), np.full(len(here.of_line), ops.AMOUNT_MAX, np.int64)
    own = Here(here.piece, here.numbers)
    block = Block(walk, own, row[4])
    for days, values in zip(block.days, block.values, strict=True):
        same = (days[here.of_line] == at) & (at != MISSING)
        found = np.where(same, row[5] - values[here.of_line], found)
    here.lay(row[1], np.where((at != MISSING) & (found == ops.AMOUNT_MAX), row[5], found))


def _cut_lines(walk: Walk, here: Here, row: Row) -> None:
    parts, room = here.vector(row[2]), np.maximum(here.vector(row[5]), 0)
    if not len(parts):
        return
    groups = together([here.of_line, here.vector(row[3])])
    asked = np.zeros(int(groups.max()) + 1, np.int64)
    np.add.at(asked, groups, parts)
    rooms = np.zeros(len(asked), np.int64)
    rooms[groups] = room
    some = np.flatnonzero((asked > rooms)[groups] & (parts > 0))
    found = np.where((asked > rooms)[groups], 0, parts)
    rank = here.piece.rank[here.lines]
    cut, unsafe = share_lines(rooms, groups[some], rank[some], parts[some], None, walk.tape.remainder)
    found[some] = cut
    here.piece.fail(here.numbers[np.unique(here.of_line[unsafe[groups]])], ops.UNSAFE)
    here.lay(row[1], found)


# ---- different values


def _see(walk: Walk, here: Here, row: Row) -> None:
    chosen = here.chosen(row[5]) & (here.vector(row[2]) != MISSING) & (here.vector(row[3]) != MISSING)
    block = Block(walk, here, row[4])
    number = np.where(block.days == MISSING, 0, block.values).max(axis=0) + 1
    columns = [here.vector(row[3])[chosen], here.vector(row[2])[chosen]]
    for owners, (at, values), _ in turns(here.of_line[chosen], columns):
        some = Here(here.piece, here.numbers[owners])
        some.piece.counted += 1
        own = Block(walk, some, row[4])
        place, new, full = own.place(at, values)
        own.write(place, new & ~full, at, number[owners], values)
        full |= _too_many(walk, some, row[4], at, row[6])
        some.piece.fail(some.numbers[full], ops.FULL)
        tidy(walk, some.part(new & ~full), row[4], row[6])


def _many(walk: Walk, here: Here, row: Row) -> None:
    block = Block(walk, here, row[4])
    held = _counted(block, here.read(row[2]), row[5], here)
    here.write(row[1], _different(held, block.keys) if row[5] else held.sum(axis=0))


# ---- streaks


def _step(walk: Walk, here: Here, row: Row) -> None:
    first, at, before = here.read(row[2]), here.read(row[3]), here.read(row[5])
    counts = (first != MISSING) & (at != MISSING)
    here, first, at, before = here.part(counts), first[counts], at[counts], before[counts]
    here.piece.counted += 1
    block = Block(walk, here, row[4])
    place, new, full = block.place(at)
    own = np.minimum(place, block.room - 1), np.arange(len(here))
    met, count = block.keys[own], np.where(new, 0, block.values[own])
    moves = new | (met < first)
    here.piece.fail(here.numbers[full & moves], ops.FULL)
    moves &= ~full
    after = np.where(~new & (met == before), count + 1, 1)
    block.write(place, moves, at, after, first)
    tidy(walk, here.part(moves & (after != count)), row[4], row[6])


def _streak(walk: Walk, here: Here, row: Row) -> None:
    first, at, before = here.read(row[2]), here.read(row[3]), here.read(row[5])
    block = Block(walk, here, row[4])
    same = (block.days == at) & (at != MISSING)
    value, met = (np.where(same, column, MISSING).max(axis=0) for column in (block.values, block.keys))
    unbroken = same.any(axis=0) & ((first == MISSING) | (met >= first) | (met == before))
    here.write(row[1], np.where(unbroken, value, 0))


# ---- by key


def _key_fold(walk: Walk, here: Here, row: Row) -> None:
    block, top = Block(walk, here, row[4]), row[6]
    held = _counted(block, here.read(row[2]), 1 if row[3] >= 0 else 0, here)
    values, first = np.where(held, block.values, 0), held.copy()
    for entry in range(block.room if row[3] >= 0 else 0):
        for other in range(entry + 1, block.room):
            same = held[entry] & held[other] & (block.keys[entry] == block.keys[other])
            values[entry] += np.where(same & first[entry], values[other], 0)
            first[other] &= ~same
    count = first.sum(axis=0)
    if row[5]:
        here.write(row[1], count if top < 0 else np.minimum(count, top))
        return
    if top < 0:
        here.write(row[1], np.where(first, values, 0).sum(axis=0))
        return
    ranked = -np.sort(np.where(first, -values, -MISSING - 1), axis=0)
    taken = np.arange(block.room)[:, None] < np.minimum(count, top)
    here.write(row[1], np.where(taken, ranked, 0).sum(axis=0))


# ---- memory put back


def _blocks(walk: Walk, row: Row) -> list[slice]:
    found = []
    for number in range(row[6]):
        slot, width = walk.pool[row[4] + 2 * number : row[4] + 2 * number + 2].tolist()
        found.append(slice(slot, slot + width))
    return found


def _saved(walk: Walk, here: Here, row: Row) -> None:
    walk.piece.saved[row[4]] = [here.piece.memory[each].copy() for each in _blocks(walk, row)]


def _undone(walk: Walk, here: Here, row: Row) -> None:
    for each, before in zip(_blocks(walk, row), walk.piece.saved[row[4]], strict=True):
        here.piece.memory[each, here.events] = before[:, here.events]


STEPS: Final[dict[int, Callable[[Walk, Here, Row], None]]] = {
    ops.KEPT_SUM: _sum,
    ops.KEPT_ADD: _add,
    ops.KEPT_ADD_LINES: _add_lines,
    ops.ROOM_LINES: _room_lines,
    ops.CUT_LINES: _cut_lines,
    ops.KEPT_GET: _get,
    ops.KEPT_RAISE: _raise,
    ops.KEPT_FORGET: _forget,
    ops.KEPT_SEE: _see,
    ops.KEPT_MANY: _many,
    ops.STREAK_STEP: _step,
    ops.STREAK_READ: _streak,
    ops.KEY_FOLD: _key_fold,
    ops.SAVED: _saved,
    ops.UNDONE: _undone,
}
"""By op, what it does."""
