"""What is remembered of members while a history is scored: a row of whole numbers each, and the awards of units.

In: states, or nothing for a new member. Out: states again, exactly those that scoring row by row leads to. The slots of
a row are described in `tape.py`. No rule of a columnar program reads a balance, so lots are made from awards, when they
are asked for.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Awards, Batch, Ints, Results, Small
from rules_engine.backends.columnar.layout import Counter, Layout
from rules_engine.state import Holding, Lot, State, add_lot


class Bag(NamedTuple):
    """What was given, by member, then in the order of events; `event` numbers the events of a run."""

    member: Ints
    event: Ints
    day: Ints
    give: Ints
    given: Ints
    pending: Ints
    expires: Ints


MERGED: Final = 2**22
"""How many awards may wait before equal ones are put together."""


class Memory:
    """The members of a run, by number. `rows` has a row for each."""

    def __init__(self, layout: Layout, core: ir.Program, slots: int, lots: bool = True) -> None:
        self.layout, self.core, self.lots = layout, core, lots
        self._new = np.full(slots, ops.MISSING, np.int64)
        self._new[ops.SLOT_NEXT], self._new[ops.SLOT_SEQUENCE] = ops.FOREVER, 0
        self.rows: Ints = np.zeros((0, slots), np.int64)
        self.bags: list[Bag] = []
        self.given: dict[int, list[Lot]] = {}
        self._unread: list[tuple[int, Small, Ints, Awards]] = []
        self._events = self._waiting = 0

    def grow(self, members: int) -> None:
        """Make room for so many members in all."""
        have = len(self.rows)
        if members > have:
            room = np.empty((max(members, 2 * have), len(self._new)), np.int64)
            room[:have] = self.rows
            room[have:] = self._new
            self.rows = room

    # ---- lots ----

    def note(self, batch: Batch, results: Results) -> None:
        """Keep what a batch gave: as it stands, until somebody asks."""
        if self.lots and len(results.awards.event):
            self._unread.append((self._events, batch.member, batch.day, results.awards))
            self._waiting += len(results.awards.event)
        self._events += len(batch.kind)
        if self._waiting > MERGED:
            self._merge()

    def _read(self) -> None:
        """Put what was kept as it stood into bags."""
        for first, members, days, awards in self._unread:
            some = np.flatnonzero(awards.given)
            events = awards.event[some]
            columns = (
                members[events], first + events, days[events], awards.give[some], awards.given[some],
                awards.pending[some], awards.expires[some],
            )  # fmt: skip
            self.bags.append(_by_member(Bag(*(column.astype(np.int64) for column in columns))))
        self._unread = []

    def _merge(self) -> None:
        """Put equal lots together and forget those that have ended: what is kept does not grow with the events."""
        self._read()
        self._waiting = 0
        if not self.bags:
            return
        found = Bag(*map(np.concatenate, zip(*self.bags, strict=True)))
        left = (found.expires == ops.MISSING) | (found.expires >= self.rows[found.member, ops.SLOT_DAY])
        found = Bag(*(column[left] for column in found))
        order = np.lexsort((found.event, found.expires, found.pending, found.give, found.day, found.member))
        found = Bag(*(column[order] for column in found))
        keys = np.stack([found.member, found.day, found.give, found.pending, found.expires])
        first = np.flatnonzero(np.concatenate([[True], (keys[:, 1:] != keys[:, :-1]).any(axis=0)]))
        sums = np.add.reduceat(found.given, first) if len(first) else found.given
        kept = Bag(*(column[first] for column in found))
        self.bags = [_by_member(kept._replace(given=sums))]

    def _lots(self, member: int, day: int) -> list[Lot]:
        """The lots that are left on a day. Those of one event come in by rule, as an outcome that is applied has
        them."""
        lots: list[Lot] = list(self.given.get(member, ()))
        waiting: list[tuple[int, str, int, Lot]] = []
        self._read()
        for bag in self.bags:
            low, high = np.searchsorted(bag.member, [member, member + 1])
            for place in range(low, high):
                give = self.layout.gives[bag.give[place]]
                pending, expires = _plain(bag.pending[place]), _plain(bag.expires[place])
                lot = Lot(give.unit, int(bag.given[place]), int(bag.day[place]), pending, expires, give.rule)
                waiting.append((int(bag.event[place]), give.rule, len(waiting), lot))
        for _, _, _, lot in sorted(waiting, key=lambda each: each[:3]):
            add_lot(lots, lot)
        return [lot for lot in lots if lot.expires is None or lot.expires >= day]

    # ---- states ----

    def state_of(self, member: int) -> State:
        """The state of a member as it stands."""
        row, layout = self.rows[member], self.layout
        day = _plain(row[ops.SLOT_DAY])
        state = State(day=day)
        state.tracks = self._counters(row, layout.tracks)
        state.limits = self._counters(row, layout.limits)
        held = [(int(row[each.slot + 2]), each) for each in layout.holdings if row[each.slot] != ops.MISSING]
        for _, each in sorted(held, key=lambda one: one[0]):
            until = int(row[each.slot + 1])
            last = None if until == ops.FOREVER else until
            state.holdings.append(Holding(each.tier, int(row[each.slot]), last, each.reason))
        state.lots = self._lots(member, ops.MISSING if day is None else day)
        return state

    @staticmethod
    def _counters(row: Ints, counters: tuple[Counter, ...]) -> dict[str, dict[int, int]]:
        found: dict[str, dict[int, int]] = {}
        for each in counters:
            pairs = {int(row[each.slot + at]): int(row[each.slot + at + 1]) for at in range(0, 2 * each.pairs, 2)}
            pairs.pop(ops.MISSING, None)
            if pairs:
                found[each.key] = pairs
        return found

    def take(self, member: int, state: State) -> bool:
        """Begin with a state; False where these rows cannot hold it."""
        layout, row = self.layout, self._new.copy()
        others = (
            state.keys,
            state.streaks,
            state.seen,
            state.matches,
            state.last,
            state.settled,
            state.keyed,
            state.debts,
        )
        if any(others) or state.since is not None:
            return False
        if state.day is not None:
            row[ops.SLOT_DAY] = state.day
        held = self._taken(row, state.tracks, layout.tracks) and self._taken(row, state.limits, layout.limits)
        if not held or not self._take_holdings(row, state):
            return False
        known = {give.unit for give in layout.gives} | {unit.name for unit in self.core.units}
        if any(lot.unit not in known or lot.holder for lot in state.lots):
            return False
        self.rows[member] = row
        if state.lots:
            self.given[member] = list(state.lots)
        return True

    @staticmethod
    def _taken(row: Ints, values: dict[str, dict[int, int]], counters: tuple[Counter, ...]) -> bool:
        known = {each.key: each for each in counters}
        for key, found in values.items():
            each = known.get(key)
            if each is None or len(found) > each.pairs or any(abs(value) > 2**50 for value in found.values()):
                return False
            for at, (day, value) in enumerate(sorted(found.items(), reverse=True)):
                row[each.slot + 2 * at], row[each.slot + 2 * at + 1] = day, value
        return True

    def _take_holdings(self, row: Ints, state: State) -> bool:
        slots = {(each.tier, each.reason): each.slot for each in self.layout.holdings}
        for place, holding in enumerate(state.holdings):
            slot = slots.get((holding.tier, holding.reason))
            if slot is None or row[slot] != ops.MISSING:
                return False
            until = ops.FOREVER if holding.until is None else holding.until
            row[slot], row[slot + 1], row[slot + 2] = holding.start, until, place
            row[ops.SLOT_NEXT] = min(int(row[ops.SLOT_NEXT]), until)
        row[ops.SLOT_SEQUENCE] = len(state.holdings)
        return True

    # ---- to be kept on disk ----

    def arrays(self) -> dict[str, Any]:
        """Everything as arrays; lots of states that were taken as their JSON."""
        found: dict[str, Any] = {"rows": self.rows, "events": np.array([self._events])}
        self._merge()
        if self.bags:
            found |= {f"lots.{name}": column for name, column in zip(Bag._fields, self.bags[0], strict=True)}
        given = msgspec.json.encode({str(member): lots for member, lots in self.given.items()})
        return {**found, "given": np.frombuffer(given, np.uint8)}

    def load(self, arrays: dict[str, Any]) -> None:
        """Go on from what `arrays` gave."""
        self.rows = np.ascontiguousarray(arrays["rows"])
        self._events, self.bags = int(arrays["events"][0]), []
        if "lots.member" in arrays:
            self.bags = [Bag(*(arrays[f"lots.{name}"] for name in Bag._fields))]
        found = msgspec.json.decode(bytes(arrays["given"]), type=dict[str, list[Lot]])
        self.given = {int(member): lots for member, lots in found.items()}


def _by_member(bag: Bag) -> Bag:
    order = np.argsort(bag.member, kind="stable")
    return Bag(*(column[order] for column in bag))


def _plain(value: Any) -> int | None:
    return None if value == ops.MISSING else int(value)
