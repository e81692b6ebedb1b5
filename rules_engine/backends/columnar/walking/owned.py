"""The tape's ops on what members own, for many events at once: balances, what may be taken, what is taken and given.

In: the events that stand at a row, and the row. Out: registers, the lots of their members (`store.View`), debts in
memory, and what was taken and paid among the results.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.tape import FOREVER, MISSING
from rules_engine.backends.columnar.walking import keeping
from rules_engine.backends.columnar.walking.numbering import Row, divided
from rules_engine.backends.columnar.walking.piece import Here
from rules_engine.backends.columnar.walking.spreading import spread_lines
from rules_engine.backends.columnar.walking.store import (
    EARNED,
    EXPIRES,
    LEFT,
    LOT_MAX,
    PENDING,
    SOURCE,
    SOURCES_MAX,
    TURN,
    UNIT,
    View,
)

if TYPE_CHECKING:
    from rules_engine.backends.columnar.walking.chunks import Walk

HELD_MAX: Final = 2**50


def _view(walk: Walk, here: Here) -> View:
    """The lots of the piece, opened when somebody first asks."""
    piece = here.piece
    if piece.lots is None:
        assert walk.store is not None, "a tape that reads lots is run with them"
        piece.lots = walk.store.opened(piece)
    return piece.lots


def _chosen(here: Here) -> Flags:
    found = np.zeros(here.piece.count, np.bool_)
    found[here.events] = True
    return found


def _debt(walk: Walk, here: Here, unit: int) -> Ints:
    """What each owes of a unit."""
    slot = int(walk.units[unit][ops.UNIT_DEBT])
    if slot < 0:
        return np.zeros(len(here), np.int64)
    owed = here.slot(slot)
    return np.where(owed == MISSING, 0, owed)


def _balance(walk: Walk, here: Here, row: Row) -> None:
    unit, view = row[4], _view(walk, here)
    found = view.sums(unit, _chosen(here), bool(row[5] & 1))[here.events] - _debt(walk, here, unit)
    if not row[5] & 2:
        found = found + view.unseen[unit, here.events]
    here.write(row[1], found)
    here.piece.fail(here.numbers[np.abs(found) > HELD_MAX], ops.FULL)


def _available(walk: Walk, here: Here, row: Row) -> None:
    """What may be taken: never more than there is above the floor, debts taken off."""
    unit, view = row[4], _view(walk, here)
    have = view.sums(unit, _chosen(here), False)[here.events]
    above = have - _debt(walk, here, unit) - row[6]
    here.write(row[1], above if row[5] else np.maximum(np.minimum(have, above), 0))
    here.piece.fail(here.numbers[have > HELD_MAX], ops.FULL)


def _let_through(walk: Walk, here: Here, row: Row) -> None:
    _, d, a, cut, k, _, count, _ = row
    asked = here.read(a).copy()
    for number in walk.pool[k : k + count].tolist():
        limit = walk.limits[number]
        before = keeping.used(here, limit, walk.keys(here, limit[ops.LIMIT_DAYS]))
        room = np.where(before == MISSING, asked, np.maximum(limit[ops.LIMIT_ROOM] - before, 0))
        cutting = room < asked
        asked = np.minimum(asked, room)
        here.write(cut, np.where(cutting, number, here.read(cut)))
    here.write(d, asked)


def _use(walk: Walk, here: Here, row: Row) -> None:
    _, _, a, slot, unit, k, count, _ = row
    uses = here.read(a) > 0
    here = here.part(uses)
    if not len(here):
        return
    view, wanted = _view(walk, here), here.read(a)
    each = np.zeros(here.piece.count, np.int64)
    each[here.events] = wanted
    missing = view.take(unit, each, bool(walk.units[unit][ops.UNIT_SOONEST]))[here.events]
    view.unseen[unit, here.events] += wanted
    slot = int(walk.units[unit][ops.UNIT_DEBT])
    if slot >= 0:
        owed = _debt(walk, here, unit) + missing
        here.piece.memory[slot, here.events] = owed
        here.piece.fail(here.numbers[owed > HELD_MAX], ops.FULL)
    for number in walk.pool[k : k + count].tolist():
        limit = walk.limits[number]
        keeping.use(here, limit, walk.keys(here, limit[ops.LIMIT_DAYS]), wanted)


def _taken(walk: Walk, here: Here, row: Row) -> None:
    _, d, a, b, k, cut, held, _ = row
    here = here.part(here.read(d) > 0)
    if len(here):
        events = here.piece.events[here.numbers]
        walk.emitted.taken.add(events, k, here.read(a).copy(), here.read(b).copy(), here.read(cut).copy(), held)


def _turned(walk: Walk, here: Here, row: Row) -> None:
    """An award for units that were turned: what limits cut of the units stands on it."""
    _, d, a, b, k, pending, expires, _ = row
    here = here.part(here.read(a) > 0)
    if not len(here):
        return
    wanted, given = here.read(a).copy(), here.read(b).copy()
    ends = [np.where(given != 0, here.read(each), MISSING) if each >= 0 else MISSING for each in (pending, expires)]
    events = here.piece.events[here.numbers]
    walk.emitted.awards.add(events, walk.gives[k][ops.GIVES], wanted, given, here.read(d).copy(), 0, *ends)


def _receive(walk: Walk, here: Here, row: Row) -> None:
    """What a stage gave comes in, and what it took is gone."""
    _, _, _, _, booked, stage, _, _ = row
    if not len(walk.units):
        return
    view, piece, store = _view(walk, here), here.piece, walk.store
    assert store is not None
    view.unseen[:, here.events] = 0
    slots = [(unit, int(each[ops.UNIT_DEBT])) for unit, each in enumerate(walk.units) if each[ops.UNIT_DEBT] >= 0]
    view.booked[here.events] |= bool(booked)
    for owing, _ in slots:
        view.booked[here.events] |= _debt(walk, here, owing) > 0
    blocks = walk.emitted.awards.blocks[walk.received :]
    walk.received += len(blocks)
    columns = _come(blocks, walk.kept_gives)
    if columns is None:
        return
    events, unit, source, given, pending, expires = columns
    lane = np.minimum(np.searchsorted(piece.events, events), piece.count - 1)
    mine = _chosen(here)[lane] & (piece.events[lane] == events)
    lane, unit, source, given, pending, expires = (each[mine] for each in (lane, unit, source, given, pending, expires))
    if not len(lane):
        return
    expires = np.where(expires == MISSING, FOREVER, expires)
    piece.fail(lane[given > LOT_MAX], ops.FULL)
    rank = store.ranks[source]
    for own, memory in slots:
        given = _paid_back(piece.memory, memory, own, lane, unit, given, np.lexsort((rank, expires, lane)))
    lots = np.empty((7, len(lane)), np.int64)
    lots[UNIT], lots[LEFT], lots[EARNED], lots[PENDING] = unit, given, piece.registers[ops.DAY][lane], pending
    lots[EXPIRES], lots[SOURCE] = expires, source
    order = (store.events + piece.events[lane]) * 4 + np.where(view.booked[lane], stage, 0)
    lots[TURN] = order * SOURCES_MAX + rank
    view.bring(lane, lots)


def _come(blocks: list[list[Ints]], kept: Ints) -> tuple[Ints, ...] | None:
    """The awards of kept units: their events, unit, source, how many, last days."""
    found: list[list[Ints]] = []
    for events, give, _, given, _, _, pending, expires in blocks:
        gives = np.broadcast_to(give, events.shape)
        some = np.flatnonzero((kept[gives, 0] >= 0) & (np.broadcast_to(given, events.shape) > 0))
        if len(some):
            rest = [np.broadcast_to(each, events.shape)[some] for each in (given, pending, expires)]
            found.append([events[some], kept[gives[some], 0], kept[gives[some], 1], *rest])
    if not found:
        return None
    return tuple(np.concatenate(each).astype(np.int64) for each in zip(*found, strict=True))


def _paid_back(memory: Ints, slot: int, own: int, lane: Ints, unit: Ints, given: Ints, order: Ints) -> Ints:
    """What is owed of a unit is paid first, of what comes in in its order; what is left of each."""
    order = order[unit[order] == own]
    owed = np.where(memory[slot] == MISSING, 0, memory[slot])
    if not len(order) or not owed[lane[order]].any():
        return given
    some, of = given[order], lane[order]
    before = np.cumsum(some) - some
    starts = np.flatnonzero(np.concatenate([[True], of[1:] != of[:-1]]))
    before -= np.repeat(before[starts], np.diff(np.append(starts, len(of))))
    paid = np.clip(owed[of] - before, 0, some)
    left = given.copy()
    left[order] -= paid
    np.subtract.at(owed, of, paid)
    memory[slot, np.unique(of)] = owed[np.unique(of)]
    return left


def _pay(walk: Walk, here: Here, row: Row) -> None:
    """An amount is paid of what is still to pay, by the one allocation."""
    _, unpaid, a, _, k, offered, taken, _ = row
    here = here.part(here.read(a) > 0)
    if not len(here):
        return
    weights, paid = here.vector(unpaid), here.read(a)
    places = np.flatnonzero(weights > 0)
    lines = places if isinstance(here.lines, slice) else here.lines[places]
    parts = np.zeros(len(weights), np.int64)
    parts[places] = spread_lines(paid, weights[places], here.of_line[places], here.piece.rank[lines])
    here.lay(unpaid, weights - parts)
    events = here.piece.events[here.numbers]
    walk.emitted.payments.add(events, k, here.read(offered).copy(), here.read(taken).copy(), paid.copy())


def _units_for(walk: Walk, here: Here, row: Row) -> None:
    """Halving, for all at once: what units are worth grows with them."""
    _, d, a, b, k, beyond, _, _ = row
    num, den, mode, step = walk.pool[k : k + 4].tolist()
    count, cap = here.read(a).copy(), here.read(b)
    low, high = np.zeros(len(here), np.int64), count // step
    while (low < high).any():
        middle = (low + high) // 2
        worth = divided(middle * (step * num), den, mode)
        reached = worth > cap if beyond else worth >= cap
        low, high = np.where(reached | (low >= high), low, middle + 1), np.where(reached & (low < high), middle, high)
    found = (low - 1 if beyond else low) * step
    here.write(d, np.where(divided(count * num, den, mode) <= cap, count, found))


def _span(walk: Walk, here: Here, row: Row) -> None:
    _, _, table, _, slot, k, count, _ = row
    reached = walk.keys(here, table)
    last = np.full(len(here), MISSING, np.int64)
    for each in walk.pool[k : k + count].tolist():
        last = np.maximum(last, here.slot(each))
    gone = np.where(last <= reached, np.maximum(here.slot(slot), reached), here.slot(slot))
    here.piece.memory[slot, here.events] = gone


def _due(walk: Walk, here: Here, row: Row) -> None:
    """Whoever is seen for the first time has time up to the first event that happens by itself."""
    slot, piece = row[4], here.piece
    assert walk.store is not None
    assert walk.store.settling is not None
    due, day = here.slot(slot + 1), here.read(ops.DAY)
    piece.fail(here.numbers[(due != MISSING) & (day >= due)], ops.BY_ITSELF)
    new = here.part((due == MISSING) & (piece.member[here.events] >= 0))
    if not len(new):
        return
    since = np.where(new.slot(slot) == MISSING, new.read(ops.DAY), new.slot(slot))
    members = piece.member[new.events]
    columns = [piece.batch.facts[each, members] for each in walk.pool[row[5] : row[5] + row[6]].tolist()]
    again = new.slot(slot) != MISSING
    found = np.array(walk.store.settling.firsts(since, columns), np.int64)
    for place in np.flatnonzero(again).tolist():
        found[place] = walk.store.again(int(members[place]), int(since[place]), [int(each[place]) for each in columns])
    piece.memory[slot, new.events], piece.memory[slot + 1, new.events] = since, found
    piece.fail(new.numbers[again & (new.read(ops.DAY) >= found)], ops.BY_ITSELF)


def _note_day(_: Walk, here: Here, row: Row) -> None:
    here.piece.memory[row[4], here.events] = np.maximum(here.slot(row[4]), here.read(ops.DAY))


STEPS: Final[dict[int, Callable[[Walk, Here, Row], None]]] = {
    ops.BALANCE: _balance,
    ops.AVAILABLE: _available,
    ops.LET_THROUGH: _let_through,
    ops.USE: _use,
    ops.TAKEN: _taken,
    ops.TURNED: _turned,
    ops.RECEIVE: _receive,
    ops.PAY: _pay,
    ops.UNITS_FOR: _units_for,
    ops.SPAN: _span,
    ops.DUE: _due,
    ops.NOTE_DAY: _note_day,
}
"""By op, what it does."""
