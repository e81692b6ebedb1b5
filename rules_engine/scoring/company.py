"""Everybody whom a stream's events touch: the states of all members and households, and what happens to them by itself.

Before an event is scored, whatever is due by then is scored: of its member, of those whom it gives to, and of those who
share the member's pool, in the order of the days on which it is posted. So a stream gives the same whether it is scored
in one piece or in several.

A scheduled event that is refused is told once, and its member's schedule waits for the next stream: what comes after it
would be out of turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, cast

import msgspec

from rules_engine import ir
from rules_engine.decoding import Other, decode_facts
from rules_engine.event import Event, Facts
from rules_engine.outcome import EventRefused, Outcome, People, Refused, applied_in_place
from rules_engine.state import Shared, State, apply_in_place


class Scorer(Protocol):
    """What scores decoded events and knows what is due: a `Program`, or something that stands in for one."""

    @property
    def core(self) -> ir.Program:
        """The program."""
        ...

    def facts(self, event: Event, sent: object) -> Facts:
        """The facts of an event's member, decoded; raises `EventRefused`."""
        ...

    def people(self, event: Event, others: Mapping[str, Other | Mapping[str, object]] | None) -> People | None:
        """The other people of an event, decoded; raises `EventRefused`."""
        ...

    def outcome(
        self, event: Event, facts: Facts, state: State, shared: Shared | None, people: People | None
    ) -> Outcome:
        """The outcome of a decoded event; raises `EventRefused`."""
        ...

    def due_events(self, member: str, facts: object, state: State, until: int) -> tuple[Event, ...]:
        """The scheduled events of a member that are posted up to a day and not scored yet, in their order."""
        ...


class Ties(msgspec.Struct, frozen=True):
    """What a program does beyond the event's own member: whose facts it reads and to whom it gives (names of fields, or
    `member.FACT`), whether households have pools, which events happen by themselves."""

    reads: frozenset[str]
    gives: frozenset[str]
    pooled: bool
    scheduled: dict[str, int]

    @property
    def any(self) -> bool:
        """Whether there is anything of the kind."""
        return bool(self.reads or self.gives or self.pooled or self.scheduled)


def ties_of(core: ir.Program) -> Ties:
    """The ties of a program."""
    rules = (core.rules, core.offers, core.groups, core.offer_groups, core.tracks, core.matches)
    found = list(ir.records(rules))
    limits = [each for each in found if isinstance(each, ir.LimitDef)]
    given = [each for each in found if isinstance(each, ir.GiveDef) and each.to]
    pooled = {unit.name for unit in core.units if unit.owner == "household"}
    reads = {each.person for each in found if isinstance(each, ir.PersonField)}
    reads |= {each.to for each in given if not pooled.isdisjoint((each.unit, *(row.unit for row in each.split)))}
    gives = {each.to for each in given} | {limit.other for limit in limits if limit.other}
    owners: set[str] = {unit.owner for unit in core.units}
    owners |= {track.owner for track in core.tracks} | {limit.owner for limit in limits}
    scheduled = {event.name: place for place, event in enumerate(core.events) if event.schedule is not None}
    return Ties(frozenset(reads), frozenset(gives), "household" in owners, scheduled)


class Accounts:
    """States by owner, moved along in place; one that came from the host is read when it is first met."""

    __slots__ = ("_met", "_read", "states")

    def __init__(self, states: dict[str, State], read: Callable[[object, str], State]) -> None:
        self.states = states
        self._read = read
        self._met: set[str] = set()

    def of(self, owner: str) -> State | None:
        """The state kept of an owner; raises `EventRefused` where it cannot be read."""
        state = self.states.get(owner)
        if state is None or owner in self._met:
            return state
        read = self.states[owner] = self._read(state, owner)
        self._met.add(owner)
        return read

    def met(self) -> dict[str, State]:
        """The states that were asked for, or made."""
        return {owner: self.states[owner] for owner in self._met}

    def made(self, owner: str) -> State:
        """The state of an owner, a new one where there is none."""
        state = self.of(owner)
        if state is None:
            state = self.states[owner] = State()
            self._met.add(owner)
        return state


class Company:
    """The owners of one stream: their states are moved along in place."""

    def __init__(
        self, program: Scorer, ties: Ties, members: Mapping[str, object], states: Accounts, pools: Accounts
    ) -> None:
        self.program = program
        self.ties = ties
        self.members = members
        self.states = states
        self.pools = pools
        self.stuck: set[str] = set()
        self.mates: dict[str, set[str]] | None = None

    # ---- one event ----

    def score(self, event: Event, shared: Shared, counters: Shared) -> Outcome:
        """Score an event that was decoded, and move everybody along; raises `EventRefused`."""
        facts = self.program.facts(event, None if event.member is None else self.members.get(event.member))
        state = State() if event.member is None else self.states.of(event.member) or State()
        outcome = self.program.outcome(event, facts, state, counters, self.people(event, facts))
        shared.reserve(outcome.reserved)
        self._apply(outcome)
        return outcome

    def people(self, event: Event, facts: Facts) -> People:
        """Everybody whom an event may ask or give to, as they stand; raises `EventRefused`."""
        known: dict[str, Facts] = {}
        for who in self._named(event, facts, self.ties.reads):
            found = self._facts(who, event)
            if found is not None:
                known[who] = found
        states = {who: self.states.of(who) or State() for who in self._named(event, facts, self.ties.gives)}
        pooled = self.ties.pooled and event.member is not None
        pool = self.pools.of(self.household(event.member or "", facts)) if pooled else None
        return People(known, states, pool)

    def _named(self, event: Event, facts: Facts, names: frozenset[str]) -> set[str]:
        """The others whom some fields and facts name."""
        found = {event.fields.get(name) for name in names}
        found |= {facts.get(name.removeprefix("member.")) for name in names if name.startswith("member.")}
        return {who for who in found if isinstance(who, str)} - {event.member or ""}

    def _facts(self, who: str, event: Event) -> Facts | None:
        """The facts of another; None where nothing is known of them. Raises `EventRefused` where they are wrong."""
        sent = self.members.get(who)
        if sent is None:
            found = decode_facts({}, self.program.core)
            return found if isinstance(found, dict) else None
        people = self.program.people(event, {who: Other(cast("Any", sent))})
        assert people is not None
        return people.facts[who]

    def household(self, member: str, facts: Facts) -> str:
        """The household of a member: the fact that names it, else the member alone."""
        named = facts.get(self.program.core.household)
        return named if isinstance(named, str) and named else member

    def _apply(self, outcome: Outcome) -> None:
        for owner, changes in outcome.changes.items():
            state = self.states.made(owner)
            if owner == outcome.member:
                applied_in_place(state, outcome)
            else:
                apply_in_place(state, changes)
        if outcome.pool:
            apply_in_place(self.pools.made(outcome.household), outcome.pool)

    # ---- what happens by itself ----

    def due_before(self, event: Event, shared: Shared, counters: Shared) -> Iterator[Outcome | Refused]:
        """Score what is due before an event, of everybody whom it touches."""
        if not self.ties.scheduled or event.member is None or event.occurrence is not None:
            return
        facts = self.program.facts(event, self.members.get(event.member))
        touched = {event.member, *self._named(event, facts, self.ties.gives)}
        if self.ties.pooled:
            touched |= self._mates(event.member, facts)
        yield from self.settle(touched, event.day, shared, counters)

    def settle(
        self, members: Iterable[str], until: int, shared: Shared, counters: Shared
    ) -> Iterator[Outcome | Refused]:
        """Score what is due of some members up to a day, in the order of the days on which it is posted."""
        due: list[tuple[tuple[int, ...], str, Event]] = []
        for member in sorted(set(members) - self.stuck):
            try:
                due += self._due(member, until)
            except EventRefused as reason:
                self.stuck.add(member)
                yield Refused(next(iter(self.ties.scheduled)), member, reason.faults)
        for _, member, event in sorted(due, key=lambda each: each[:2]):
            if member in self.stuck:
                continue
            try:
                yield self.score(event, shared, counters)
            except EventRefused as reason:
                self.stuck.add(member)
                yield reason.refused

    def _due(self, member: str, until: int) -> Iterator[tuple[tuple[int, ...], str, Event]]:
        state = self.states.of(member)
        if state is None or state.since is None:
            return
        for event in self.program.due_events(member, self.members.get(member), state, until):
            assert event.posted is not None
            assert event.occurrence is not None
            kind = self.program.core.events[self.ties.scheduled[event.name]]
            assert kind.schedule is not None
            order = (event.posted, int(kind.schedule.edge == "start"), self.ties.scheduled[event.name])
            yield (*order, event.occurrence), member, event

    def _mates(self, member: str, facts: Facts) -> set[str]:
        """Those who share the member's pool, as far as they were seen."""
        if self.mates is None:
            self.mates = {}
            for other in tuple(self.states.states):
                known = decode_facts(self.members.get(other) or {}, self.program.core)
                if isinstance(known, dict):
                    self.mates.setdefault(self.household(other, known), set()).add(other)
        mates = self.mates.setdefault(self.household(member, facts), set())
        mates.add(member)
        return mates
