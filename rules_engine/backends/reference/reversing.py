"""Units and tracks on their way back: how a return moves the states of those whom an event moved.

Three things happen, in this order. What an award had paid off of a debt is owed again. Units that rules took come back
into the lots from which they were taken; of lots whose last day has passed they are lost. Then what is taken back of an
award leaves the award's own lot, and after it other lots that count, in order of use, as far as the unit may fall; what
is still missing is the caller's to settle, or becomes a debt. An award whose last day has passed is not taken back:
what was left of it has lapsed, and nothing tells how much that was.

A track goes down in the occurrence that the event moved, as long as that is kept and not settled; else in the one that
holds the day of the return. A window that moves along has lost what it has left behind. Where everything that a track
adds is above zero, it does not fall below zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import lives, lots, schedules, times
from rules_engine.backends.reference.reading import track_book
from rules_engine.backends.reference.run import Book, Env, Run
from rules_engine.backends.reference.world import World
from rules_engine.calendar import day_start
from rules_engine.event import Event, Facts
from rules_engine.outcome import People
from rules_engine.state import (
    AMOUNT_MAX,
    Change,
    DebtMoved,
    KeyDropped,
    KeyMoved,
    Lot,
    LotAdded,
    LotRestored,
    LotTaken,
    State,
    TrackMoved,
    same_lot,
)


class Gone(msgspec.Struct, frozen=True):
    """What became of units that are taken back: they left lots, are missing, or are dropped."""

    taken: int
    missing: int
    forgiven: int


class Reversal:
    """The states of those whom an event touched, as a return moves them on a day. What is done is done at once."""

    def __init__(
        self, world: World, event: Event, facts: Facts, state: State, people: People, household: str, on: int
    ) -> None:
        self.event, self.people, self.on = event, people, on
        self.run = _run(world, event, facts, state, people, on)
        self.run.household = household
        self.runs: dict[str, Run] = {}

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes of the event's member."""
        return tuple(self.run.book.changes)

    @property
    def pool(self) -> tuple[Change, ...]:
        """The changes of the household."""
        return tuple(self.run.pool.changes)

    @property
    def others(self) -> dict[str, tuple[Change, ...]]:
        """The changes of other members."""
        return {who: tuple(run.book.changes) for who, run in self.runs.items() if run.book.changes}

    def check(self, units: Iterable[str]) -> None:
        """Raise `EventRefused` where somebody would hold or owe more of a unit than an amount can be."""
        books = [self.run.book, self.run.pool, *(run.book for run in self.runs.values())]
        for unit in sorted(set(units)):
            if any(lots.is_overfull(unit, book) for book in books):
                reason = f"it would leave more of `{unit}`, or more of it owed, than an amount can hold"
                raise self.run.refused("V170", "", event=f"{self.event.name} `{self.event.id}`", reason=reason)

    # ---- units ----

    def owe_again(self, lot: Lot, to: str, count: int) -> None:
        """What an award had paid off of a debt is owed again; `lot` is the award as it was given."""
        self._owe(lot.unit, lot.holder, count, lots.book_of(lot.unit, self._run_of(lot.unit, to)))

    def take_back(self, lot: Lot, to: str, count: int, may_owe: bool) -> Gone:
        """Take back units of an award. With `may_owe` what is missing becomes a debt, down to the least balance
        of the unit."""
        run = self._run_of(lot.unit, to)
        book, left = lots.book_of(lot.unit, run), count
        if self._has_lapsed(lot, run):
            return Gone(0, 0, count)
        for own in [each for each in book.state.lots if same_lot(each, lot)]:
            left -= _take(own, min(own.left, left), book)
        seen = _as(run, to)
        found = lots.usable(lot.unit, seen)
        some = min(left, lots.available(lot.unit, found, seen))
        if some:
            lots.take(lot.unit, some, found, seen)
        left -= some
        if not may_owe:
            return Gone(count - left, left, 0)
        most = left if run.world.units[lot.unit].floor is None else max(0, lots.above(lot.unit, seen))
        owed = min(left, most)
        self._owe(lot.unit, lot.holder, owed, book)
        return Gone(count - left, owed, left - owed)

    def give_more(self, lot: Lot, to: str) -> bool:
        """Give what a rule gives more on what is kept, as if it had been given with the event; whether it was given, as
        it is not where it would have lapsed since."""
        run = self._run_of(lot.unit, to)
        if self._has_lapsed(lot, run):
            return False
        lots.bring(lot, lots.book_of(lot.unit, run))
        return True

    def restore(self, rule: str, unit: str, parts: Sequence[tuple[Lot, int]], owed: int) -> int:
        """Put units back into the lots from which they were taken, and work off what was owed for them; where that has
        been paid since, they are a new lot. Returns how many are lost."""
        book, lost = lots.book_of(unit, self.run), 0
        for lot, count in parts:
            if self._has_lapsed(lot, self.run):
                lost += count
            else:
                book.record(LotRestored(msgspec.structs.replace(lot, left=count)))
        holder = lots.holder_of(unit, self.run)
        name = lots.debt_key(unit, holder)
        debt = book.state.debts.get(name, 0)
        if min(debt, owed):
            book.record(DebtMoved(name, debt, debt - min(debt, owed)))
        if owed > debt:
            until = lives.unit_expires(self.run.world.units[unit], Env(self.run))
            book.record(LotAdded(Lot(unit, owed - debt, self.on, None, until, rule, {}, holder)))
        return lost

    def _owe(self, unit: str, holder: str, count: int, book: Book) -> None:
        name = lots.debt_key(unit, holder)
        before = book.state.debts.get(name, 0)
        if count:
            book.record(DebtMoved(name, before, before + count))

    def _has_lapsed(self, lot: Lot, run: Run) -> bool:
        last = lots.last_day(lot, run)
        return last is not None and last < run.standing

    def _run_of(self, unit: str, to: str) -> Run:
        """Where an award to somebody stands; raises `EventRefused` where their state was not passed in."""
        if not to or self.run.world.units[unit].owner == "household":
            return self.run
        if to not in self.runs:
            state = self.run.book_of(to).state
            self.runs[to] = _run(self.run.world, msgspec.structs.replace(self.event, member=to), {}, state, People(),
                                 self.on)  # fmt: skip
        return self.runs[to]

    # ---- tracks ----

    def lower(self, name: str, occurrence: int, key: str, amount: int, fresh: bool) -> None:
        """Take off a track what comes back of what an event added in an occurrence; a key that is `fresh` came with the
        event, and goes where nothing is left of it."""
        run = self.run
        track = run.world.tracks[name]
        book = track_book(track, run)
        at = self._place(track, occurrence, book)
        if at is None:
            return
        if track.by_key is not None:
            held = book.state.keyed.get(track.key, {}).get(at, {}).get(key)
            after = _lowered(track, held or 0, amount, run)
            if held is not None and not after and fresh and at == occurrence:
                book.record(KeyDropped(track.key, at, key, held))
            elif after != (held or 0):
                book.record(KeyMoved(track.key, at, key, held, after))
            return
        before = book.state.tracks.get(track.key, {}).get(at, 0)
        after = _lowered(track, before, amount, run)
        if abs(after) > AMOUNT_MAX:
            raise run.refused("V150", track.name, track=track.name)
        if after != before:
            book.record(TrackMoved(track.key, at, before, after))

    def drop(self, name: str, occurrence: int, key: str) -> None:
        """Forget a key that came with an event of which everything has come back, where nothing was added to it."""
        track = self.run.world.tracks[name]
        book = track_book(track, self.run)
        if book.state.keyed.get(track.key, {}).get(occurrence, {}).get(key) == 0:
            book.record(KeyDropped(track.key, occurrence, key, 0))

    def _place(self, track: ir.TrackDef, occurrence: int, book: Book) -> int | None:
        """Where a track is lowered: None where nothing that is kept has what was added."""
        kept = book.state.keyed if track.by_key is not None else book.state.tracks
        is_kept = occurrence in kept.get(track.key, {})
        if track.window.kind != "period":
            return occurrence if is_kept else None
        if is_kept and not schedules.is_closed(track, occurrence, self.run):
            return occurrence
        return times.key_of(track.window, self.on, Env(self.run))


def _run(world: World, event: Event, facts: Facts, state: State, people: People, on: int) -> Run:
    run = Run(world, facts, state, None, None, people)
    run.event, run.member, run.source = event, event.member, event.name
    run.fields, run.lines = event.fields, event.lines
    run.today = run.posted = on
    run.instant = day_start(on, world.zone)
    run.standing = max(on, state.day or on)
    return run


def _as(run: Run, to: str) -> Run:
    """The same books, seen by another member of the pool."""
    if not to or to == run.member:
        return run
    seen = Run(run.world, run.facts, State())
    seen.book, seen.state, seen.changes, seen.pool = run.book, run.state, run.changes, run.pool
    seen.member, seen.household, seen.standing = to, run.household, run.standing
    return seen


def _take(lot: Lot, count: int, book: Book) -> int:
    if count:
        book.record(LotTaken(lot, count))
    return count


def _lowered(track: ir.TrackDef, before: int, amount: int, run: Run) -> int:
    after = before - amount
    if amount <= 0 or after >= 0 or _may_be_negative(track, run):
        return after
    return min(before, 0)


def _may_be_negative(track: ir.TrackDef, run: Run) -> bool:
    """Whether an event can add less than nothing: whether some field that the track adds up may be below zero."""
    world = run.world
    read = list(ir.walk(track.value))
    names = {node.name for node in read if isinstance(node, ir.Field | ir.LineField)}
    money = any(isinstance(node, ir.LineMoney | ir.Picked) for node in read)
    for event in (world.events[name] for name in track.events):
        own = names | ({event.list_field} if money else set())
        fields = (*event.fields, *(event.lines.fields if event.lines is not None else ()))
        if any(field.name in own and field.low < 0 for field in fields):
            return True
    return any(isinstance(node, ir.Num) and node.num < 0 for node in read)
