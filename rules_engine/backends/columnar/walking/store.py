"""The lots of members while a history is scored, for the units whose balances a program reads or takes from.

In: what stages gave and took, event by event. Out: what is there on a day, which lots are used first, and states again.
Lots of one member stand together in a block of an arena, in no order, with room to grow; a block that is full moves to
a larger one, and on the way lots that are used up or have lapsed are left out and equal ones are put together. So what
is kept grows with what members have, not with their events.

A piece works on a `View` of its members' lots; only what events that are done changed comes back.
"""

from __future__ import annotations

from threading import Lock
from typing import Any, Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.settling import Settling
from rules_engine.backends.columnar.tape import FOREVER, MISSING, Tape
from rules_engine.backends.columnar.walking.piece import Piece, running, stretches
from rules_engine.event import Facts
from rules_engine.state import Lot, State

UNIT, LEFT, EARNED, PENDING, EXPIRES, SOURCE, TURN = range(7)
"""The rows of the arena: the unit's number, what is left, the day it was earned, the last days (`MISSING`: not pending;
`FOREVER`: for good), the number of its source, and its turn among those that are alike but for their source."""
FIELDS: Final = 7
SOURCES_MAX: Final = 2**20
"""A turn is the number of the event (times 4) and of the stage, times this, and the place of the rule among sources."""
FIRST_ROOM: Final = 4
LOT_MAX: Final = 2**40
"""A larger lot is left to the rows, so that sums of lots fit."""


class Store:
    """The lots of all members. `sources` are the rules that gave them, by number."""

    def __init__(self, units: tuple[str, ...], sources: tuple[str, ...], tape: Tape) -> None:
        self.units, self.sources = units, list(sources)
        self.numbers = {name: place for place, name in enumerate(sources)}
        self.ranks = np.argsort(np.argsort(np.array(sources))) if sources else np.zeros(0, np.int64)
        self.arena: Ints = np.zeros((FIELDS, 0), np.int64)
        self.used = 0
        self.start, self.count, self.room = np.zeros((3, 0), np.int64)
        self.events = 0
        self.units_rows: Ints = tape.units
        self.settling: Settling | None = None
        self.settled: dict[int, dict[str, int]] = {}
        self._lock = Lock()

    def grow(self, members: int) -> None:
        """Make room for so many members in all."""
        more = members - len(self.start)
        if more > 0:
            self.start, self.count, self.room = (
                np.concatenate([each, np.zeros(more, np.int64)]) for each in (self.start, self.count, self.room)
            )

    def again(self, member: int, since: int, values: list[int]) -> int:
        """The first day that is too late for a member who came with a state."""
        assert self.settling is not None
        pairs = zip(self.settling.names, values, strict=True)
        facts: Facts = {name: None if value == MISSING else value for name, value in pairs}
        return self.settling.after(State(since=since, settled=self.settled.get(member, {})), facts)

    def opened(self, piece: Piece) -> View:
        """The lots of a piece's members."""
        with self._lock:
            members = np.maximum(piece.member, 0)
            sizes = np.where(piece.member >= 0, self.count[members], 0)
            at = stretches(self.start[members], sizes)
            lane = np.repeat(np.arange(piece.count), sizes)
            return View(piece, self, at - self.start[members][lane], lane, self.arena[:, at])

    def keep(self, view: View, done: Flags) -> None:
        """What the events of a piece that are done made of their members' lots."""
        with self._lock:
            moved = view.moved & done[view.lane] & (view.at >= 0)
            at = self.start[view.piece.member[view.lane[moved]]] + view.at[moved]
            self.arena[LEFT, at] = view.data[LEFT, moved]
            new = (view.at < 0) & done[view.lane]
            if new.any():
                order = np.flatnonzero(new)
                order = order[np.argsort(view.lane[order], kind="stable")]
                members = view.piece.member[view.lane[order]]
                self.add(members, view.data[:, order])

    def add(self, members: Ints, lots: Ints) -> None:
        """Add lots to their members' blocks; `members` has equal ones side by side."""
        starts = np.flatnonzero(np.concatenate([[True], members[1:] != members[:-1]]))
        owners, sizes = members[starts], np.diff(np.append(starts, len(members)))
        full = self.count[owners] + sizes > self.room[owners]
        if full.any():
            self._moved(owners[full], sizes[full])
        at = stretches(self.start[owners] + self.count[owners], sizes)
        self.arena[:, at] = lots
        self.count[owners] += sizes

    def _moved(self, owners: Ints, more: Ints) -> None:
        """Give blocks more room, at the end of the arena; there they have only what is still there."""
        at = stretches(self.start[owners], self.count[owners])
        of = np.repeat(np.arange(len(owners)), self.count[owners])
        lots = self.arena[:, at]
        reached = np.full(len(owners), MISSING, np.int64)
        latest = lots[EARNED]
        np.maximum.at(reached, of, latest)
        there = (lots[LEFT] > 0) & (lots[EXPIRES] >= reached[of])
        of, lots = joined(of[there], lots[:, there])
        sizes = np.bincount(of, minlength=len(owners))
        room = np.maximum(FIRST_ROOM, sizes + more + (sizes + more) // 2)
        need = int(room.sum())
        if self.used + need > self.arena.shape[1]:
            self._packed(need, owners)
        starts = self.used + running(room)[:-1]
        self.start[owners], self.count[owners], self.room[owners] = starts, sizes, room
        self.arena[:, stretches(starts, sizes)] = lots
        self.used += need

    def _packed(self, need: int, without: Ints) -> None:
        """Put the blocks together, without those of some members, and make room behind them."""
        stays = self.room > 0
        stays[without] = False
        members = np.flatnonzero(stays)
        room = self.room[members]
        total = int(room.sum())
        arena = np.zeros((FIELDS, max(1024, (total + need) * 3 // 2)), np.int64)
        starts = running(room)[:-1]
        arena[:, stretches(starts, self.count[members])] = self.arena[
            :, stretches(self.start[members], self.count[members])
        ]
        self.start[members], self.arena, self.used = starts, arena, total

    # ---- states ----

    def lots_of(self, member: int, day: int) -> list[Lot]:
        """The lots of a member that are left on a day, in the order in which a state has those of one unit."""
        if member >= len(self.start):
            return []
        block = slice(self.start[member], self.start[member] + self.count[member])
        lots = self.arena[:, block]
        lots = lots[:, (lots[LEFT] > 0) & (lots[EXPIRES] >= day)]
        _, lots = joined(np.zeros(lots.shape[1], np.int64), lots)
        order = np.lexsort((lots[TURN], np.maximum(lots[PENDING], 0), lots[EXPIRES], lots[UNIT], lots[EARNED]))
        return [
            Lot(
                self.units[unit], left, earned, None if pending == MISSING else pending,
                None if expires == FOREVER else expires, self.sources[source],
            )
            for unit, left, earned, pending, expires, source, _ in lots[:, order].T.tolist()
        ]  # fmt: skip

    def take(self, member: int, lots: list[Lot]) -> None:
        """Begin with the lots of a state; they stand before all that come."""
        rows = []
        for place, lot in enumerate(lots):
            source = self.numbers.setdefault(lot.source, len(self.sources))
            if source == len(self.sources):
                self.sources.append(lot.source)
            pending = MISSING if lot.pending is None else lot.pending
            expires = FOREVER if lot.expires is None else lot.expires
            rows.append((self.units.index(lot.unit), lot.left, lot.earned, pending, expires, source, place - 2**40))
        if rows:
            self.add(np.full(len(rows), member, np.int64), np.array(rows, np.int64).T)

    def arrays(self) -> dict[str, Any]:
        """Everything as arrays."""
        members = np.flatnonzero(self.count > 0)
        return {
            "members": members,
            "counts": self.count[members],
            "lots": self.arena[:, stretches(self.start[members], self.count[members])],
            "sources": np.frombuffer("\n".join(self.sources).encode(), np.uint8),
        }

    def load(self, arrays: dict[str, Any], members: int) -> None:
        """Go on from what `arrays` gave."""
        text = bytes(arrays["sources"]).decode()
        self.sources = text.split("\n") if text else []
        self.numbers = {name: place for place, name in enumerate(self.sources)}
        self.start, self.count, self.room = np.zeros((3, members), np.int64)
        self.arena, self.used = np.ascontiguousarray(arrays["lots"]), arrays["lots"].shape[1]
        own, counts = arrays["members"], arrays["counts"]
        self.start[own], self.count[own], self.room[own] = running(counts)[:-1], counts, counts


def joined(of: Ints, lots: Ints) -> tuple[Ints, Ints]:
    """Lots of some owners, side by side, equal ones put together: they have the first turn of these."""
    if not len(of):
        return of, lots
    keys = (lots[SOURCE], lots[PENDING], lots[EXPIRES], lots[EARNED], lots[UNIT], of)
    order = np.lexsort((lots[TURN], *keys))
    same = np.stack(keys)[:, order]
    first = np.flatnonzero(np.concatenate([[True], (same[:, 1:] != same[:, :-1]).any(axis=0)]))
    found = lots[:, order[first]]
    found[LEFT] = np.add.reduceat(lots[LEFT, order], first)
    return of[order[first]], found


class View:
    """The lots of a piece: `at` is where each stands in its block (-1: it is new), `lane` whose it is, ascending among
    those of the arena. `unseen` is what a stage took by unit, which its rules go on
    seeing; `booked` says where what comes in has the order of stages."""

    def __init__(self, piece: Piece, store: Store, at: Ints, lane: Ints, data: Ints) -> None:
        self.piece, self.store = piece, store
        self.at, self.lane, self.data = at, lane, data
        self.moved: Flags = np.zeros(len(at), np.bool_)
        self.booked: Flags = np.zeros(piece.count, np.bool_)
        self.unseen: Ints = np.zeros((len(store.units), piece.count), np.int64)

    def live(self, unit: int, chosen: Flags, pending: bool) -> Ints:
        """The places of a unit's lots that are there, of chosen events, on the day of each."""
        data, day = self.data, self.piece.registers[ops.DAY][self.lane]
        found = (data[UNIT] == unit) & chosen[self.lane] & (data[LEFT] > 0) & (data[EXPIRES] >= day)
        _, _, gone, apart = self.store.units_rows[unit].tolist()
        if gone >= 0:
            found &= (data[EARNED] > self.piece.memory[gone, self.lane]) | ((data[EXPIRES] < FOREVER) & bool(apart))
        if not pending:
            found &= data[PENDING] < day
        return np.flatnonzero(found)

    def sums(self, unit: int, chosen: Flags, pending: bool) -> Ints:
        """What each event's member has of a unit."""
        places = self.live(unit, chosen, pending)
        found = np.zeros(self.piece.count, np.int64)
        np.add.at(found, self.lane[places], self.data[LEFT, places])
        return found

    def take(self, unit: int, wanted: Ints, soonest: bool) -> Ints:
        """Take so many units of each member from the lots that may be used, in the order of use; what was not there."""
        places = self.live(unit, wanted > 0, False)
        lots, lane = self.data[:, places], self.lane[places]
        turn = _first_turns(lane, lots)
        ends, earned = lots[EXPIRES], lots[EARNED]
        keys = (ends, earned) if soonest else (earned, ends)
        # Of equal lots, which are one, the latest goes first: so the first, by which they stand, goes last.
        order = np.lexsort((-lots[TURN], turn, np.maximum(lots[PENDING], 0), keys[1], keys[0], lane))
        places, lane, left = places[order], lane[order], lots[LEFT, order]
        before = running(left)
        starts = np.searchsorted(lane, np.arange(self.piece.count + 1))
        ahead = before[:-1] - before[starts[lane]] if len(lane) else left
        some = np.clip(wanted[lane] - ahead, 0, left)
        self.data[LEFT, places] -= some
        self.moved[places] |= some > 0
        found: Ints = wanted - np.diff(running(some)[starts])
        return found

    def bring(self, lane: Ints, lots: Ints) -> None:
        """New lots come in."""
        self.at = np.concatenate([self.at, np.full(len(lane), -1, np.int64)])
        self.lane = np.concatenate([self.lane, lane])
        self.data = np.concatenate([self.data, lots], axis=1)
        self.moved = np.concatenate([self.moved, np.zeros(len(lane), np.bool_)])


def _first_turns(of: Ints, lots: Ints) -> Ints:
    """The first turn of the lots that are equal to each."""
    if not len(of):
        return of
    keys = (lots[SOURCE], lots[PENDING], lots[EXPIRES], lots[EARNED], of)
    order = np.lexsort((lots[TURN], *keys))
    same = np.stack(keys)[:, order]
    first = np.concatenate([[True], (same[:, 1:] != same[:, :-1]).any(axis=0)])
    starts = np.flatnonzero(first)
    found = np.empty(len(of), np.int64)
    found[order] = lots[TURN, order[starts]][np.cumsum(first) - 1]
    return found
