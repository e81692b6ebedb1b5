"""Counting what a program did over a history: units and money, by rule, by tier, by month, and by holdout.

In: outcomes, one at a time, and at the end the states. Out: whole numbers of scaled units and minor units of money; no
outcome is kept. What is given, taken or lapsed of a unit is counted where it happened, so that at any time

    issued - used - expired = outstanding - owed.

A unit is issued and used on the day of its event (of a scheduled event: when it is posted), and expires on the last day
of its lot. Lots whose last day has passed when the history ends have expired, though no event has met them since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import Readings, Reference
from rules_engine.calendar import format_date
from rules_engine.decoding import decode_facts
from rules_engine.event import Event
from rules_engine.feeds import Read
from rules_engine.outcome import Outcome, People
from rules_engine.state import Advanced, Change, Holding, HoldingBegan, HoldingEnded, Lot, LotLapsed, State, apply
from rules_engine.workbench.memory import Memory
from rules_engine.workbench.replaying import sent_event

if TYPE_CHECKING:
    from rules_engine.scoring import Program

GUESTS = "guests"

Key: TypeAlias = tuple[str, ...]


class Ledger:
    """Sums by row and column."""

    def __init__(self) -> None:
        self.rows: dict[Key, dict[str, int]] = {}

    def add(self, row: Key, column: str, amount: int) -> None:
        """Add to one sum."""
        columns = self.rows.setdefault(row, {})
        columns[column] = columns.get(column, 0) + amount

    def of(self, row: Key, column: str) -> int:
        """One sum."""
        return self.rows.get(row, {}).get(column, 0)


class Person(msgspec.Struct):
    """What one member did: how many events, and the revenue of them by currency."""

    events: int = 0
    revenue: dict[str, int] = {}


class Counts:
    """What one run over a history comes to. Rows are (unit or currency,), and (rule, tier or month; unit or
    currency)."""

    def __init__(self, program: Program, members: Mapping[str, object]) -> None:
        self.program = program
        self.core = program.core
        self.members = members
        self.totals, self.rules, self.tiers, self.months = Ledger(), Ledger(), Ledger(), Ledger()
        self.standings = Standings(self.core, members)
        self.people: dict[str, Person] = {}
        self.sides: tuple[dict[bool, Ledger], ...] = ()
        self.first: int | None = None
        self.last: int | None = None
        self._unpriced = {event.name: event for event in self.core.events if _sells(event, self.core)}

    # ---- one event ----

    def add(self, read: Read | None, outcome: Outcome) -> None:
        """Count one outcome; `read` is the event of the file that it is of, None for one that happens by itself."""
        day = outcome.day if outcome.posted is None else outcome.posted
        self.first = day if self.first is None else min(day, self.first)
        self.last = day if self.last is None else max(day, self.last)
        place = self.standings.before(outcome), format_date(day)[:7]
        self._money(read, outcome, place)
        self._units(outcome, place)
        for row in _acted(outcome):
            self.rules.add(row, "acted", 1)
        for change in _changes(outcome):
            if isinstance(change, LotLapsed):
                self._expire(change.lot, change.day)

    def _book(self, column: str, of: str, amount: int, place: Key, rule: str = "") -> None:
        tier, month = place
        self.totals.add((of,), column, amount)
        self.tiers.add((tier, of), column, amount)
        self.months.add((month, of), column, amount)
        if rule:
            self.rules.add((rule, of), column, amount)

    def _money(self, read: Read | None, outcome: Outcome, place: Key) -> None:
        currency, revenue = self._revenue(read, outcome)
        if currency:
            self._book("revenue", currency, revenue, place)
            self._book("events", currency, 1, place)
        for discount in outcome.discounts:
            if discount.held_out:
                self.rules.add((discount.rule, currency), "withheld", discount.wanted)
            elif discount.given:
                self._book("discounts", currency, discount.given, place, discount.rule)
        for charge in outcome.charges:
            self._book("charged", currency, charge.amount, place, charge.rule)
        for payment in outcome.payments:
            if payment.value and not payment.held_out:
                self._book("paid", currency, payment.value, place, payment.rule)
        if outcome.member is not None and read is not None and self.core.holdouts:
            person = self.people.setdefault(outcome.member, Person())
            person.events += 1
            if currency:
                person.revenue[currency] = person.revenue.get(currency, 0) + revenue

    def _revenue(self, read: Read | None, outcome: Outcome) -> tuple[str, int]:
        """The net of a priced event; of one that nothing prices, the money that it comes with."""
        if outcome.price is not None:
            return outcome.price.currency, outcome.price.net
        kind = self._unpriced.get(outcome.event)
        if kind is None or read is None:
            return "", 0
        event = self.program.event(sent_event(read))
        return event.currency or kind.currency, _listed(event, kind)

    def _units(self, outcome: Outcome, place: Key) -> None:
        for award in outcome.awards:
            if award.held_out:
                self.rules.add((award.rule, award.unit), "withheld", award.wanted)
            elif award.given:
                self._book("issued", award.unit, award.given, place, award.rule)
        for taken in outcome.taken:
            if taken.taken and not taken.held_out:
                self._book("used", taken.unit, taken.taken, place, taken.rule)

    def _expire(self, lot: Lot, day: int) -> None:
        self.totals.add((lot.unit,), "expired", lot.left)
        self.rules.add((lot.source, lot.unit), "expired", lot.left)
        self.months.add((format_date(day)[:7], lot.unit), "expired", lot.left)

    # ---- the end ----

    def close(self, memory: Memory, until: int | None) -> None:
        """Count what is left in the states, once time has come to the last day, and who was kept out."""
        ends = [each for each in (self.last, until) if each is not None]
        day, world = max(ends, default=0), Reference(self.core).world
        for state in memory.states.values():
            self._left(state, Readings(world, {}, state, day), day)
        for state in memory.pools.values():
            self._left(state, Readings(world, {}, State(), day, people=People(pool=state)), day)
        sides: tuple[dict[bool, Ledger], ...] = tuple({True: Ledger(), False: Ledger()} for _ in self.core.holdouts)
        for member in sorted({*self.members, *self.people}) if sides else ():
            facts = decode_facts(self.members.get(member) or {}, self.core)
            if not isinstance(facts, dict):
                continue
            readings = Readings(world, facts, memory.states.get(member, State()), day, member=member)
            for holdout, ledgers in zip(self.core.holdouts, sides, strict=True):
                self._side(member, ledgers[readings.kept_out(holdout)])
        self.sides = sides

    def _left(self, state: State, readings: Readings, day: int) -> None:
        for lot in state.lots:
            last = readings.last_day(lot)
            if last is not None and last < day:
                self._expire(lot, last)
            else:
                self.totals.add((lot.unit,), "outstanding", lot.left)
        for name, owed in state.debts.items():
            self.totals.add((name.split(" ", 1)[0],), "owed", owed)

    def _side(self, member: str, side: Ledger) -> None:
        person = self.people.get(member, Person())
        side.add(("",), "members", 1)
        side.add(("",), "events", person.events)
        for currency, revenue in person.revenue.items():
            for power, name in enumerate(("revenue", "squares", "cubes"), 1):
                side.add((currency,), name, revenue**power)


class Standings:
    """The tier that each member held before an event: holdings followed from outcome to outcome, up to the day that the
    event reached. Guests and programs without a ladder have none."""

    def __init__(self, core: ir.Program, members: Mapping[str, object]) -> None:
        self.ladder = core.tiers
        self.rungs = [] if core.tiers is None else [rung.name for rung in core.tiers.rungs]
        self.members = members
        self.holdings: dict[str, list[Holding]] = {}
        self.reached: dict[str, int] = {}

    def before(self, outcome: Outcome) -> str:
        """The tier before an outcome, which is followed then."""
        member = outcome.member
        if member is None:
            return GUESTS
        if self.ladder is None:
            return ""
        if self.ladder.from_host:
            facts = self.members.get(member)
            return str((facts.get("tier") if isinstance(facts, Mapping) else None) or self.rungs[0])
        changes = outcome.changes.get(member, ())
        days = [(number, change.after) for number, change in enumerate(changes) if isinstance(change, Advanced)]
        self.reached[member] = max([outcome.day, self.reached.get(member, outcome.day), *(day for _, day in days)])
        day = outcome.day if outcome.posted is not None else self.reached[member]
        split = max((number + 1 for number, reached in days if reached <= day), default=0)
        held = self._follow(self.holdings.get(member, []), changes[:split])
        live = [each for each in held if each.start <= day and (each.until is None or day <= each.until)]
        self._keep(member, self._follow(held, changes[split:]))
        return self.rungs[max((self.rungs.index(each.tier) for each in live), default=0)]

    def _follow(self, held: list[Holding], changes: Iterable[Change]) -> list[Holding]:
        mine = [each for each in changes if isinstance(each, HoldingBegan | HoldingEnded)]
        return apply(State(holdings=held), mine).holdings if mine else held

    def _keep(self, member: str, held: list[Holding]) -> None:
        if held:
            self.holdings[member] = held
        else:
            self.holdings.pop(member, None)


def _changes(outcome: Outcome) -> Iterator[Change]:
    for changes in outcome.changes.values():
        yield from changes
    yield from outcome.pool


def _acted(outcome: Outcome) -> set[Key]:
    """The rules that gave or took something, each with the units and the currency in which it did."""
    found: set[Key] = {(each.rule, each.unit) for each in outcome.awards if each.given}
    found |= {(each.rule, each.unit) for each in outcome.taken if each.taken and not each.held_out}
    if outcome.price is not None:
        rules = {each.rule for each in outcome.discounts if each.given} | {each.rule for each in outcome.charges}
        rules |= {each.rule for each in outcome.gifts}
        rules |= {each.rule for each in outcome.payments if each.value and not each.held_out}
        found |= {(rule, outcome.price.currency) for rule in rules}
    return found


# ---- money of events that nothing prices ----


def _sells(event: ir.EventDef, core: ir.Program) -> bool:
    return bool(event.list_field) and event.schedule is None and not ir.is_priced(core, event)


def _listed(event: Event, kind: ir.EventDef) -> int:
    """The money that an event comes with, over all its lines."""
    lines = event.lines if kind.lines is not None else (event.fields,)
    return sum(_whole(line.get(kind.list_field)) * _pieces(line, kind) for line in lines)


def _pieces(line: Mapping[str, object], kind: ir.EventDef) -> int:
    return _whole(line.get(kind.quantity_field)) if kind.list_each and kind.quantity_field else 1


def _whole(value: object) -> int:
    assert value is None or isinstance(value, int)
    return value or 0
