"""One evaluation under way: the event, the member, a working state, and what has been found so far.

The working state starts as a copy of the member's. Every change is recorded and applied to it at once, so that a stage
sees exactly what earlier stages made, and the changes handed back lead, applied in order, to that same state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.backends.reference.carrier import Basket, Element, Place
from rules_engine.backends.reference.trace import OfferNoted, Trace
from rules_engine.backends.reference.world import World
from rules_engine.calendar import FIRST_DAY, day_start
from rules_engine.codes import CODES
from rules_engine.event import Event, Facts, FieldValue
from rules_engine.outcome import Award, EventRefused, Fault, Payment, People, Price, Refused, Said, Taken, TierChange
from rules_engine.state import Change, LimitUsed, Lot, Shared, State, apply_in_place, copied

Val: TypeAlias = Fraction | int | str | bool | tuple[int | str, ...] | None
"""A value inside a rule: numbers are exact fractions or whole numbers, the rest as in events."""

Line: TypeAlias = Mapping[str, FieldValue]

Key: TypeAlias = Fraction | int | str | bool
"""A key of a track or of a group of lines."""


class Book:
    """The working state of one owner, and every change made to it, in order."""

    __slots__ = ("changes", "state")

    def __init__(self, state: State) -> None:
        self.state = copied(state)
        self.changes: list[Change] = []

    def record(self, change: Change) -> None:
        """Note a change and make it."""
        self.changes.append(change)
        apply_in_place(self.state, (change,))


class Run:
    """One evaluation.

    `fields` are those of an event of the kind `source`: of the event at hand, or, while a match is judged, what was
    stored of the event that began it. `today` and `instant` are the moment at which things are read: the event's, or
    the end of a day in `advance`. `standing` is the day on which holdings and balances are looked at: never before the
    day that the state has reached, so that a late event meets the state as it stands. `held` is the rung that the rules
    see, `added` what the event adds to each track by occurrence, `bases` what each track was there before, `opening`
    what marked tracks were before it. `posted` is the day on which what is given is earned.

    `book` is the member's (`state` and `changes` are its own), `pool` that of the `household`, `others` those of other
    members by id. `used` is what stages before this one took of each unit; `taking` what rules of this stage took, as
    (rule, unit, count), and `unseen` what of it the rule at work does not see in a balance. `came` has the lots as they
    were before anything was given; `booked` says that what the member is given stands among the changes, `counted` what
    limits of the event alone have counted, `handed` how much of what each field presents was taken, `coded` which codes
    set off which rules, and why these did not act.
    """

    __slots__ = (
        "added", "awards", "bases", "basket", "begins", "book", "booked", "came", "changes", "coded", "counted",
        "counters", "currency", "event", "facts", "fields", "handed", "held", "household", "instant", "late", "lines",
        "member", "offering", "offers", "opening", "others", "payments", "people", "places", "pool", "posted", "price",
        "reserved", "said", "shared", "source", "standing", "state", "taken", "taking", "tiers", "today", "trace",
        "unseen", "used", "world",
    )  # fmt: skip

    def __init__(
        self,
        world: World,
        facts: Facts,
        state: State,
        trace: Trace | None = None,
        shared: Shared | None = None,
        people: People | None = None,
        book: type[Book] = Book,
    ) -> None:
        self.world = world
        self.people = People() if people is None else people
        self.facts = facts
        self.book = book(state)
        self.state, self.changes = self.book.state, self.book.changes
        self.household = ""
        self.pool = Book(State() if self.people.pool is None else self.people.pool)
        self.others: dict[str, Book] = {}
        self.trace = trace
        self.event: Event | None = None
        self.member: str | None = None
        self.fields: Mapping[str, FieldValue] = {}
        self.source = ""
        self.lines: tuple[Line, ...] = ()
        self.today = self.instant = self.standing = self.held = self.posted = 0
        self.begins = FIRST_DAY
        self.late = False
        self.awards: list[Award] = []
        self.added: dict[str, dict[int, int]] = {}
        self.bases: dict[str, dict[int, int]] = {}
        self.opening: dict[str, int] = {}
        self.used: dict[str, int] = {}
        self.taking: list[tuple[str, str, int]] = []
        self.unseen: dict[str, int] = {}
        self.payments: list[Payment] = []
        self.taken: list[Taken] = []
        self.booked = False
        self.came: list[Lot] | None = None
        self.handed: dict[str, int] = {}
        self.tiers: list[TierChange] = []
        self.said: list[Said] = []
        self.shared = Shared() if shared is None else shared
        self.currency = ""
        self.offering = False
        self.basket: Basket | None = None
        self.places: tuple[Place, ...] = ()
        self.offers: list[OfferNoted] = []
        self.counters: dict[str, ir.LimitDef] = {}
        self.counted: dict[Any, int] = {}
        self.coded: list[tuple[str, str, str]] = []
        self.price: Price | None = None
        self.reserved: list[LimitUsed] = []

    def record(self, change: Change) -> None:
        """Note a change of the member's state and make it."""
        self.book.record(change)

    def book_of(self, member: str) -> Book:
        """The working state of a member by id: the event's own, or another's. Raises `EventRefused` where the host did
        not pass it in: its counters would be lost."""
        if member == self.member:
            return self.book
        if member not in self.others:
            if member not in self.people.states:
                field = next((name for name, value in self.fields.items() if value == member), "")
                raise self.refused("V166", field, path=field, person=member)
            self.others[member] = Book(self.people.states[member])
        return self.others[member]

    def award_of(self, rule: str) -> int:
        """What a rule gave on this event, over all its effects."""
        return sum(award.given for award in self.awards if award.rule == rule)

    def refused(self, code: str, field: str, **data: str) -> EventRefused:
        """The refusal of the event at hand."""
        assert self.event is not None
        fault = Fault(code, field, CODES[code].message.format_map(data))
        return EventRefused(Refused(self.event.name, self.event.id, (fault,)))

    @contextmanager
    def beginning(self, day: int) -> Iterator[None]:
        """Work out how long something lasts that begins on a day."""
        self.begins = day
        try:
            yield
        finally:
            self.begins = FIRST_DAY

    @contextmanager
    def earning(self) -> Iterator[None]:
        """Read the day on which what is given is earned as the day at hand."""
        before = self.today, self.instant
        if self.posted != self.today:
            self.today, self.instant = self.posted, day_start(self.posted, self.world.zone)
        try:
            yield
        finally:
            self.today, self.instant = before

    @contextmanager
    def reading(self, fields: Mapping[str, FieldValue], source: str) -> Iterator[None]:
        """Read fields of an earlier event for a while."""
        before = self.fields, self.source
        self.fields, self.source = fields, source
        try:
            yield
        finally:
            self.fields, self.source = before

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Try something without noting it."""
        before = self.trace, self.offers
        self.trace, self.offers = None, []
        try:
            yield
        finally:
            self.trace, self.offers = before

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look at facts that no rule may have asked for, without counting as a reader of them.

        In tests of rule files the facts are a dictionary that refuses to be read where a test left something out.
        """
        before = self.facts
        self.facts = dict(before)
        try:
            yield
        finally:
            self.facts = before

    def event_kind(self) -> ir.EventDef | None:
        """The declaration of the event at hand; None in `advance`."""
        return None if self.event is None else self.world.events[self.event.name]


class Env(msgspec.Struct, frozen=True):
    """Where an expression is read: a run, and inside loops the line, the mark, the rung or the key at hand (with what
    its track holds for it); in an offer the code that set it off and, in the amounts of its effects, the element that
    an amount is formed for; where units are taken the lot at hand, and what is being turned of which lots."""

    run: Run
    line: Line | None = None
    number: int = 0
    mark: int | None = None
    rung: int | None = None
    matched: int | None = None
    code: str = ""
    element: Element | None = None
    key: Key | None = None
    key_value: int = 0
    lot: Lot | None = None
    turned: tuple[tuple[Lot, int], ...] = ()

    def at(self, key: Key, value: int = 0) -> Env:
        """The same, at a key and what its track holds for it."""
        return msgspec.structs.replace(self, key=key, key_value=value)

    def on(self, number: int) -> Env:
        """The same, on the line with this number, counted from 0. The event's own shipping is a line without fields."""
        lines = self.run.lines
        return msgspec.structs.replace(self, line=lines[number] if number < len(lines) else {}, number=number)
