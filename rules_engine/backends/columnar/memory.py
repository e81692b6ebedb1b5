"""What is remembered of members while a history is scored: a row of whole numbers each, and the awards of units.

In: states, or nothing for a new member. Out: states again, exactly those that scoring row by row leads to. The slots of
a row are described in `tape.py`. Lots of units whose balances no rule reads are made from awards, when they are asked
for; those of the others stand in a `Store`.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from rules_engine import ir
from rules_engine.backends.columnar import remembering
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Awards, Batch, Flags, Ints, Results, Small
from rules_engine.backends.columnar.layout import Counter, Layout
from rules_engine.backends.columnar.settling import Settling
from rules_engine.backends.columnar.tape import Tape
from rules_engine.backends.columnar.walking.store import LOT_MAX, Store
from rules_engine.state import Holding, Lot, MatchState, State, add_lot, copied


class Bag(NamedTuple):
    """What was given, by member, then in the order of events; `event` numbers the events of a run."""

    member: Ints
    event: Ints
    day: Ints
    give: Ints
    given: Ints
    pending: Ints
    expires: Ints


class Aside(msgspec.Struct, frozen=True):
    """What of a member's state nothing that goes by columns reads or moves."""

    matches: dict[str, list[MatchState]]
    settled: dict[str, int]
    since: int | None = None
    books: State | None = None
    """Tracks, limits and what belongs to them that only kinds of event read which go by rows."""


BOOKS: Final = ("tracks", "limits", "keys", "streaks", "seen", "keyed")
"""What a state keeps of tracks and limits."""
MERGED: Final = 2**22
"""How many awards may wait before equal ones are put together."""


class Memory:
    """The members of a run, by number. `rows` has a row for each."""

    def __init__(self, layout: Layout, core: ir.Program, tape: Tape, lots: bool = True) -> None:
        self.layout, self.core, self.lots = layout, core, lots
        self._new = np.full(tape.slots, ops.MISSING, np.int64)
        self._new[ops.SLOT_NEXT], self._new[ops.SLOT_SEQUENCE] = ops.FOREVER, 0
        self.rows: Ints = np.zeros((0, tape.slots), np.int64)
        self.store = Store(layout.stored, layout.sources, tape)
        self.store.settling = Settling(core) if layout.since >= 0 else None
        self.aside: dict[int, Aside] = {}
        stored = set(layout.stored)
        self._waits: Flags = np.array([give.unit not in stored for give in layout.gives], np.bool_)
        self.texts: remembering.Words | None = None
        self.bags: list[Bag] = []
        self.given: dict[int, list[Lot]] = {}
        self._unread: list[tuple[int, Small, Ints, Awards]] = []
        self._events = self._waiting = 0
        self._room = MERGED

    def grow(self, members: int) -> None:
        """Make room for so many members in all."""
        have = len(self.rows)
        if members > have:
            room = np.empty((max(members, 2 * have), len(self._new)), np.int64)
            room[:have] = self.rows
            room[have:] = self._new
            self.rows = room
            self.store.grow(len(room))

    # ---- lots ----

    def note(self, batch: Batch, results: Results) -> None:
        """Keep what a batch gave: as it stands, until somebody asks."""
        if self.lots and len(results.awards.event) and self._waits.any():
            self._unread.append((self._events, batch.member, batch.day, results.awards))
            self._waiting += len(results.awards.event)
        self._events += len(batch.kind)
        self.store.events = self._events
        if self._waiting > self._room:
            self._merge()

    def _read(self) -> None:
        """Put what was kept as it stood into bags."""
        self.bags += [_by_member(bag) for bag in self._waited()]

    def _waited(self) -> list[Bag]:
        """What was kept as it stood, in the order of events."""
        found = []
        for first, members, days, awards in self._unread:
            some = np.flatnonzero((awards.given != 0) & self._waits[awards.give])
            events = awards.event[some]
            columns = (
                members[events], first + events, days[events], awards.give[some], awards.given[some],
                awards.pending[some], awards.expires[some],
            )  # fmt: skip
            found.append(Bag(*(column.astype(np.int64) for column in columns)))
        self._unread = []
        return found

    def _merge(self) -> None:
        """Put equal lots together and forget those that have ended: what is kept does not grow with the events. The
        next time is when as many again are waiting."""
        self.bags += self._waited()
        self._waiting = 0
        if not self.bags:
            return
        found = Bag(*map(np.concatenate, zip(*self.bags, strict=True)))
        left = (found.expires == ops.MISSING) | (found.expires >= self.rows[found.member, ops.SLOT_DAY])
        found = Bag(*(column[left] for column in found))
        keys = (found.member, found.day, found.give, found.pending, found.expires)
        order, first = _grouped(keys)
        sums = np.add.reduceat(found.given[order], first) if len(first) else found.given
        event = np.minimum.reduceat(found.event[order], first) if len(first) else found.event
        kept = Bag(*(column[order[first]] for column in found))
        self.bags = [kept._replace(given=sums, event=event)]
        self._room = max(MERGED, len(sums))

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
        lots = [lot for lot in lots if lot.expires is None or lot.expires >= day]
        stored = self.store.lots_of(member, day) if self.lots else []
        return sorted([*lots, *stored], key=_standing) if stored else lots

    # ---- states ----

    def state_of(self, member: int) -> State:
        """The state of a member as it stands."""
        row, layout = self.rows[member], self.layout
        day = _plain(row[ops.SLOT_DAY])
        state = State(day=day)
        state.tracks = self._counters(row, layout.tracks)
        state.limits = self._counters(row, layout.limits)
        remembering.tell(row, layout, self.texts, state)
        held = [(int(row[each.slot + 2]), each) for each in layout.holdings if row[each.slot] != ops.MISSING]
        for _, each in sorted(held, key=lambda one: one[0]):
            until = int(row[each.slot + 1])
            last = None if until == ops.FOREVER else until
            state.holdings.append(Holding(each.tier, int(row[each.slot]), last, each.reason))
        state.lots = self._lots(member, ops.MISSING if day is None else day)
        state.debts = {unit: int(row[slot]) for unit, slot in layout.debts if row[slot] not in (ops.MISSING, 0)}
        aside = self.aside.get(member)
        if aside is not None:
            _put_back(aside, state)
        if layout.since >= 0:
            state.since = _plain(row[layout.since])
        state.lots = self._still_there(row, state.lots)
        state.last = {event: int(row[slot]) for event, slot in layout.last if row[slot] != ops.MISSING}
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

    def due_by(self, until: int) -> Ints:
        """The members for whom something that happens by itself may be due up to a day."""
        since = self.layout.since
        if since < 0:
            return np.zeros(0, np.int64)
        seen, due = self.rows[:, since] != ops.MISSING, self.rows[:, since + 1]
        return np.flatnonzero(seen & (due <= until))

    def _still_there(self, row: Ints, lots: list[Lot]) -> list[Lot]:
        """Lots without those that are gone for want of some events."""
        gone = {name: (int(row[slot]), bool(apart)) for name, slot, apart in self.layout.spans}
        if not gone:
            return lots
        never = (ops.MISSING, False)

        def stays(lot: Lot) -> bool:
            day, apart = gone.get(lot.unit, never)
            return lot.earned > day or (apart and lot.expires is not None)

        return [lot for lot in lots if stays(lot)]

    def take(self, member: int, state: State) -> bool:
        """Begin with a state; False where these rows cannot hold it."""
        layout, row = self.layout, self._new.copy()
        rest = remembering.take(row, layout, self.texts, state)
        if rest is None:
            return False
        state = rest
        if not self._put_aside(member, state, row):
            return False
        if state.day is not None:
            row[ops.SLOT_DAY] = state.day
        held = self._taken(row, state.tracks, layout.tracks) and self._taken(row, state.limits, layout.limits)
        if not held or not self._take_holdings(row, state):
            return False
        known = {give.unit for give in layout.gives} | {unit.name for unit in self.core.units}
        if any(lot.unit not in known or lot.holder for lot in state.lots):
            return False
        if not _slots(row, state.debts, dict(layout.debts)) or not _slots(row, state.last, dict(layout.last)):
            return False
        stored = [lot for lot in state.lots if lot.unit in layout.stored]
        if any(lot.facts or lot.left > LOT_MAX for lot in stored):
            return False
        self.rows[member] = row
        self.store.take(member, stored)
        others_lots = [lot for lot in state.lots if lot.unit not in layout.stored]
        if others_lots:
            self.given[member] = others_lots
        return True

    def _put_aside(self, member: int, state: State, row: Ints) -> bool:
        """What only waits: matches that have ended, what was settled, and what nothing that goes by columns reads."""
        since, own = self.layout.since, None
        if any(each.status == "trial" for found in state.matches.values() for each in found):
            return False
        if since < 0:
            if state.settled:
                return False
            own = state.since
        elif state.since is not None:
            if any(track.by is not None or track.by_line for track in self.core.tracks):
                return False
            row[since] = state.since
            self.store.settled[member] = dict(state.settled)
        elif state.settled or state.day is not None:
            return False
        books = self._unknown(state)
        if state.matches or state.settled or own is not None or books is not None:
            self.aside[member] = Aside(state.matches, state.settled, own, books)
        return True

    def _unknown(self, state: State) -> State | None:
        """What is kept of tracks and limits that the layout does not have; what blocks hold was taken before."""
        tracks, limits = ({each.key for each in known} for known in (self.layout.tracks, self.layout.limits))
        found = State(
            tracks={key: values for key, values in state.tracks.items() if key not in tracks},
            limits={key: values for key, values in state.limits.items() if key not in limits},
            keys=state.keys,
            streaks=state.streaks,
            seen=state.seen,
            keyed=state.keyed,
        )
        return None if found == State() else copied(found)

    @staticmethod
    def _taken(row: Ints, values: dict[str, dict[int, int]], counters: tuple[Counter, ...]) -> bool:
        known = {each.key: each for each in counters}
        for key, found in values.items():
            each = known.get(key)
            if each is None:  # put aside
                continue
            if len(found) > each.pairs or any(abs(value) > 2**50 for value in found.values()):
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
        found |= {f"store.{name}": column for name, column in self.store.arrays().items()}
        given = msgspec.json.encode({str(member): lots for member, lots in self.given.items()})
        aside = msgspec.json.encode({str(member): each for member, each in self.aside.items()})
        return {**found, "given": np.frombuffer(given, np.uint8), "aside": np.frombuffer(aside, np.uint8)}

    def load(self, arrays: dict[str, Any]) -> None:
        """Go on from what `arrays` gave."""
        self.rows = np.ascontiguousarray(arrays["rows"])
        self._events, self.bags = int(arrays["events"][0]), []
        own = {name.removeprefix("store."): each for name, each in arrays.items() if name.startswith("store.")}
        self.store.load(own, len(self.rows))
        self.store.events = self._events
        if "lots.member" in arrays:
            self.bags = [Bag(*(arrays[f"lots.{name}"] for name in Bag._fields))]
            self._room = max(MERGED, len(self.bags[0].member))
        found = msgspec.json.decode(bytes(arrays["given"]), type=dict[str, list[Lot]])
        self.given = {int(member): lots for member, lots in found.items()}
        aside = msgspec.json.decode(bytes(arrays["aside"]), type=dict[str, Aside])
        self.aside = {int(member): each for member, each in aside.items()}
        self.store.settled = {member: dict(each.settled) for member, each in self.aside.items()}


def _put_back(aside: Aside, state: State) -> None:
    """What waited beside a member's row is part of the state again."""
    state.matches, state.settled, state.since = dict(aside.matches), dict(aside.settled), aside.since
    if aside.books is not None:
        kept = copied(aside.books)
        for name in BOOKS:
            getattr(state, name).update(getattr(kept, name))


def _standing(lot: Lot) -> tuple[int, str, bool, int, int]:
    """Where a lot stands in a state; those of one place stay as they come."""
    return lot.earned, lot.unit, lot.expires is None, lot.expires or 0, lot.pending or 0


def _slots(row: Ints, values: dict[str, int], slots: dict[str, int]) -> bool:
    """Put values by name into their slots; False where one has none."""
    for name, value in values.items():
        if name not in slots or value > LOT_MAX:
            return False
        row[slots[name]] = value
    return True


def _grouped(keys: tuple[Ints, ...]) -> tuple[Ints, Ints]:
    """An order in which rows with equal keys stand side by side, by the first key, and where each group begins in it.
    Keys that fit are one number."""
    lows = [_low(key) for key in keys]
    widths = [max(int(key.max(initial=low)), low) - low + 2 for key, low in zip(keys, lows, strict=True)]
    if math.prod(widths) < 2**62:
        packed = np.zeros(len(keys[0]), np.int64)
        for key, low, width in zip(keys, lows, widths, strict=True):
            packed = packed * width + np.where(key == ops.MISSING, 0, key - low + 1)
        order = np.argsort(packed)
        same = packed[order]
        return order, np.flatnonzero(np.concatenate([[True], same[1:] != same[:-1]]) if len(same) else same)
    order = np.lexsort(keys[::-1])
    several = np.stack(keys)[:, order]
    changes = (several[:, 1:] != several[:, :-1]).any(axis=0)
    return order, np.flatnonzero(np.concatenate([[True], changes]))


def _low(key: Ints) -> int:
    """The least that is there."""
    there = key[key != ops.MISSING]
    return int(there.min()) if len(there) else 0


def _by_member(bag: Bag) -> Bag:
    order = np.argsort(bag.member, kind="stable")
    return Bag(*(column[order] for column in bag))


def _plain(value: Any) -> int | None:
    return None if value == ops.MISSING else int(value)
