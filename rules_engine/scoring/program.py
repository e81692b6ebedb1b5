"""A program that is ready to score: the face that hosts see.

In: events, members' facts and states, as a host sends them. Out: outcomes, or the reasons why an event is refused. The
program is immutable: threads share it, and the same call always gives the same outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

import msgspec

from rules_engine import ir
from rules_engine import state as states_
from rules_engine.backends import Backend, Score
from rules_engine.backends.reference import Reference, parts_of
from rules_engine.calendar import zone_version
from rules_engine.decoding import (
    States,
    decode,
    decode_facts,
    decode_json,
    decode_people,
    decode_shared,
    decode_state,
    event_schema,
    event_struct,
    owners_of,
    scheduled_form,
    shared_counters,
)
from rules_engine.event import Event, Facts
from rules_engine.outcome import Award, EventRefused, Outcome, People, Refused, applied
from rules_engine.returns import Return, moved_on, restored
from rules_engine.scoring.days import Advance, Day, Due, day_number, due_until
from rules_engine.scoring.previewed import Preview
from rules_engine.scoring.requests import score_request
from rules_engine.scoring.sent import Others, day_sent, of_this_state, refused, stored_values
from rules_engine.scoring.streams import score_many
from rules_engine.scoring.tabled import score_table
from rules_engine.source import Source
from rules_engine.state import Change, LotLapsed, Shared, State
from rules_engine.values import format_decimal

if TYPE_CHECKING:
    from rules_engine.scoring.migrating import Migration
    from rules_engine.scoring.nearly import Near
    from rules_engine.scoring.told import Explanation

_YEAR_DAYS = 366


class Program:
    """A compiled program. Made by `rules_engine.load`, or from a core. `score` is the one call that matters; `advance`
    and `due` are for days on which nothing happens, `explain` for the question why.

    >>> print(program.explain(order, member).text().splitlines()[1])
    ├─ "Points": 5 points  (shop.rules:8)
    """

    __slots__ = (
        "_by_type",
        "_known",
        "_lock",
        "_owners",
        "_reference",
        "_score",
        "_states",
        "_types",
        "backend",
        "core",
        "fingerprint",
        "sources",
        "zones",
    )

    def __init__(
        self,
        core: ir.Program,
        sources: Mapping[str, Source] | None = None,
        backend: Backend | None = None,
        fingerprint: str = "",
    ) -> None:
        self.core = core
        self.sources = dict(sources or {})
        if not fingerprint:
            from rules_engine.lowering import fingerprint as digest

            fingerprint = digest(core)
        self.fingerprint = fingerprint
        self.zones = zone_version() if core.header.zone else ""
        shared = getattr(backend, "reference", None)
        self._reference = shared if isinstance(shared, Reference) else Reference(core)
        self.backend: Backend = backend or self._reference
        self._types: dict[str, type[msgspec.Struct]] = {}
        self._owners = owners_of(core)
        self._states: States = self._owners.members
        self._known = self._states.kept
        self._lock = Lock()
        self._score: Score = self.backend.score or self._score_decoded
        self._by_type: dict[type, Score] = getattr(self.backend, "by_type", {})

    # ---- events ----

    def score(
        self,
        event: object,
        member: object = None,
        state: State | Mapping[str, object] | None = None,
        shared: Shared | Mapping[str, object] | None = None,
        others: Others | None = None,  # filling in what may only be named costs more than all else here
        pool: State | Mapping[str, object] | None = None,
    ) -> Outcome:
        """The outcome of one event: time moves to its day, then its rules run. Nothing that was passed in is changed.

        `event` is a dictionary `{"event": "purchase", ...}`, a decoded `Event` or a struct of `event_struct`; `member`
        the member's facts as the rule file declares them; `state` what `apply` gave last (None: a new member);
        `shared` what the whole programme has used of the limits that all members share (None: nothing yet). `others`
        are, by member id, the people whom fields of the event or of the member name, as far as rules read their facts
        or give to them; `pool` is the state of the member's household (None: nothing yet). Of the event's own member
        `member` and `state` hold, whatever `others` say.
        States and shared counters may also be the plain values that their `to_json` gave. Raises `EventRefused` with
        every reason.
        """
        known: State | None = None
        if state is not None:
            kept = self._known(id(state))
            known = None if kept is None else kept()
            if known is not state:
                known = self.checked_state(state)
        if others is None and pool is None:
            score = self._by_type.get(type(event), self._score)
            return score(event, member, known, None if shared is None else self.checked_shared(shared))
        counters = None if shared is None else self.checked_shared(shared)
        decoded = self.event(event)
        facts, people = self.facts(decoded, member), self.people(decoded, others, pool)
        return self.outcome(decoded, facts, State() if known is None else known, counters, people)

    def score_checked(self, event: object, member: object, state: State | None, shared: Shared | None) -> Outcome:
        """The same for a state and shared counters that were checked before."""
        return self._score(event, member, state, shared)

    def checked_state(self, state: object, who: str = "") -> State:
        """A state of whatever origin, to go on from; one made in Python is held against this program as a stored one
        is. Raises `EventRefused`, which says whose it is where `who` does."""
        if not isinstance(state, State):
            return self.state(state)
        found = self._states.sound(state, who)
        if isinstance(found, State):
            return found
        raise EventRefused(Refused("", "", found))

    def checked_pool(self, pool: object, household: str = "") -> State:
        """A household's state of whatever origin; raises `EventRefused`."""
        found = self._owners.pools.read(pool, household)
        if isinstance(found, State):
            return found
        raise EventRefused(Refused("", "", found))

    def due_events(self, member: str, facts: object, state: State, until: int) -> tuple[Event, ...]:
        """The scheduled events of a member that are posted up to a day and not scored yet, in their order; raises
        `EventRefused` for facts that cannot be read."""
        return self._reference.due_events(self._facts_alone(facts), state, until, member)

    def _check_people(self, event: Event, people: People) -> None:
        """People of an outcome that was made in Python."""
        owners = self._owners
        found = [owners.members.read(state, who) for who, state in people.states.items()]
        found += [] if people.pool is None else [owners.pools.read(people.pool)]
        faults = tuple(fault for each in found if isinstance(each, tuple) for fault in each)
        if faults:
            raise EventRefused(Refused(event.name, event.id, faults))

    def checked_shared(self, shared: object, mend: bool = False) -> Shared:
        """Shared counters of whatever origin. Those made in Python may be many: each is checked where it is read, so
        that the scoring of an event may raise `EventRefused` for them. With `mend` those that can be read, but are not
        as the engine makes them, are put right in place."""
        if not isinstance(shared, Shared):
            return self.shared(shared)
        return shared_counters(shared, self.shared, mend)

    def _score_decoded(self, event: object, member: object, state: State | None, shared: Shared | None) -> Outcome:
        decoded = self.event(event)
        facts = self.facts(decoded, member)
        return self.outcome(decoded, facts, State() if state is None else state, shared)

    def outcome(
        self, event: Event, facts: Facts, state: State, shared: Shared | None = None, people: People | None = None
    ) -> Outcome:
        """The outcome of an event, facts, states and shared counters that were decoded before."""
        placed = self._reference.placed(event, facts, state)
        return self.backend.evaluate(placed, facts, state, shared, people).outcome(placed, self.fingerprint, self.zones)

    def event(self, sent: object) -> Event:
        """An event as it is scored; raises `EventRefused`."""
        if isinstance(sent, Event):
            return sent
        if isinstance(sent, msgspec.Struct):
            sent = msgspec.to_builtins(sent)  # a struct that was made by hand was never checked
        if isinstance(sent, bytes | bytearray | memoryview):
            decoded = decode_json(bytes(sent), self.core)
        else:
            decoded = decode(sent, self.core)
        if isinstance(decoded, Event):
            return decoded
        raise EventRefused(refused(sent, decoded, self.core))

    def facts(self, event: Event, sent: object) -> Facts:
        """The facts of an event's member, decoded; a guest has none. Raises `EventRefused`."""
        if event.member is None:
            return {}
        facts = decode_facts({} if sent is None else sent, self.core)
        if isinstance(facts, dict):
            return facts
        raise EventRefused(Refused(event.name, event.id, facts))

    def people(self, event: Event, others: Others | None, pool: object = None) -> People | None:
        """The other people of an event and the pool of its household, decoded; None where there are none. Raises
        `EventRefused`."""
        if others is None and pool is None:
            return None
        people = decode_people(others, pool, self._owners)
        if isinstance(people, People):
            return people
        raise EventRefused(Refused(event.name, event.id, people))

    def score_json(self, content: bytes) -> bytes:
        """Bytes to bytes: `{"event": {...}, "member": {...}, "state": {...}, "shared": {...}, "others": {...},
        "pool": {...}}` to an outcome, or to `{"event", "id", "faults"}` where the event is refused. All but the event
        may be left out."""
        try:
            found = self.backend.score_json(content)
        except EventRefused as reason:
            return msgspec.json.encode(reason.refused)
        return found if found is not None else score_request(self, content)

    score_many = score_many
    score_table = score_table

    def explain(
        self,
        event: object,
        member: object = None,
        state: State | Mapping[str, object] | None = None,
        shared: Shared | Mapping[str, object] | None = None,
        *,
        others: Others | None = None,
        pool: State | Mapping[str, object] | None = None,
    ) -> Explanation:
        """Why an event gives what it gives; raises `EventRefused` as `score` does."""
        return self.explain_decoded(*self._decoded(event, member, state, shared, others, pool))

    def explain_decoded(
        self, event: Event, facts: Facts, state: State, shared: Shared | None = None, people: People | None = None
    ) -> Explanation:
        """The same for what was decoded before."""
        from rules_engine.scoring.explaining import explain

        return explain(self, self._reference, self._reference.placed(event, facts, state), facts, state, shared, people)

    def near(
        self,
        event: object,
        member: object = None,
        state: State | Mapping[str, object] | None = None,
        shared: Shared | Mapping[str, object] | None = None,
        *,
        others: Others | None = None,
        pool: State | Mapping[str, object] | None = None,
    ) -> Near:
        """What an event nearly got, and what to change for it; raises `EventRefused` as `score` does."""
        return self.near_decoded(*self._decoded(event, member, state, shared, others, pool))

    def near_decoded(
        self, event: Event, facts: Facts, state: State, shared: Shared | None = None, people: People | None = None
    ) -> Near:
        """The same for what was decoded before."""
        from rules_engine.scoring.nearing import near_misses

        return near_misses(self, self._reference, event, facts, state, shared, people)

    def _decoded(
        self, event: object, member: object, state: object, shared: object, others: Others | None, pool: object
    ) -> tuple[Event, Facts, State, Shared | None, People | None]:
        decoded, known = self.event(event), State() if state is None else self.checked_state(state)
        facts, people = self.facts(decoded, member), self.people(decoded, others, pool)
        return decoded, facts, known, None if shared is None else self.checked_shared(shared), people

    # ---- returns ----

    def give_back(
        self,
        event: object,
        outcome: Outcome | Mapping[str, object] | bytes | str,
        returned: Mapping[str | int, int],
        *,
        earlier: Sequence[Return | Mapping[str, object] | bytes | str] = (),
        state: State | Mapping[str, object] | None = None,
        on: Day | None = None,
        others: Others | None = None,
        pool: State | Mapping[str, object] | None = None,
    ) -> Return:
        """What is taken back where pieces of an event come back: worked out from its outcome, whatever happened since.

        `event` is as it was scored, `outcome` what `score` gave for it, `earlier` every return of it so far; the last
        two may also be what their `to_json` gave. `returned` has, by a line's id or its number counted from 1, how many
        pieces come back now (`shipping`: that of the event's own field, which comes back with the last goods). Where
        units or tracks move, `state` is the member's now, `on` the day, `pool` and `others` are those whom it touched;
        `apply` makes the states after it. Raises `EventRefused` with every reason, and nothing is given back then.
        """
        from rules_engine.returning import Now, Terms, give_back

        scored = self.event(event.encode() if isinstance(event, str) else event)
        if isinstance(outcome, Outcome) and outcome.opening is not None and outcome.fingerprint == self.fingerprint:
            self.checked_state(outcome.opening.state)
            self.shared(outcome.opening.shared)
            self._check_people(scored, outcome.opening.people)
        known = None if state is None else self.checked_state(state)
        people = self.people(scored, others, pool) or People()
        now = Now(day_sent(on, scored), known, people)
        terms = Terms(self.core, self.fingerprint, self.backend.evaluate, self._reference)
        return give_back(terms, scored, outcome, returned, earlier, now)

    # ---- time ----

    def advance(self, member: object, state: State | None, to: Day) -> Advance:
        """Move a member's time to a day: trials are judged, holdings end, lots lapse. Raises `EventRefused` for facts
        that cannot be read. `score` does this by itself."""
        state = State() if state is None else self.checked_state(state)
        found = self._reference.advance(self._facts_alone(member), state, day_number(to))
        lapsed = tuple(change for change in found.changes if isinstance(change, LotLapsed))
        return Advance(states_.apply(state, found.changes), found.changes, found.tiers, lapsed)

    def due(self, member: object, state: State | None, until: Day) -> tuple[Due, ...]:
        """What is due up to a day, in order, if nothing else happened: what `advance` would do, so that a host knows
        when to call it, and the scheduled events to score (`scheduled`). `score_many` does both by itself."""
        state = State() if state is None else self.checked_state(state)
        return due_until(self._reference, self._facts_alone(member), state, day_number(until))

    def preview(
        self,
        member: object,
        state: State | Mapping[str, object] | None,
        on: Day,
        *,
        until: Day | None = None,
        who: str = "",
        pool: State | Mapping[str, object] | None = None,
    ) -> Preview:
        """How a member stands on a day, if nothing happens before, and what comes next: what is missing for higher
        tiers, balances, what is pending and what lapses, and what is due up to another day (None: within a year).
        `pool` is the state of the household, `who` the member's id, which pools kept apart ask for. Raises
        `EventRefused` for facts and states that cannot be read."""
        from rules_engine.scoring.previewing import preview

        facts, day = self._facts_alone(member), day_number(on)
        moved = self.advance(member, None if state is None else self.checked_state(state), day).state
        day = max(day, day if moved.day is None else moved.day)
        last = day + _YEAR_DAYS if until is None else day_number(until)
        shared = None if pool is None else self.checked_pool(pool)
        return preview(self, self._reference, facts, moved, (day, last), who, shared)

    def scheduled(self, member: str, due: Due) -> dict[str, object]:
        """What to score for a scheduled event that `due` lists of a member; raises `ValueError` for anything else."""
        if due.occurrence is None:
            raise ValueError(f"a {due.kind} is no event: `advance` does it, and `score` before the next event")
        return scheduled_form(member, due.what, due.occurrence)

    def state(self, stored: object, *, pool: bool = False) -> State:
        """A state that a host stored (`State.to_json`), read back and held against this program; None: a new member's.
        With `pool` it is a household's. Raises `EventRefused` where this program cannot go on from it."""
        readers = self._owners.pools if pool else self._states
        state = decode_state(stored_values(stored, "the pool" if pool else "the state", "State"), self.core, pool=pool)
        if isinstance(state, State):
            readers.keep(state)
            return state
        raise EventRefused(Refused("", "", state))

    def shared(self, stored: object) -> Shared:
        """Shared counters that a host stored (`Shared.to_json`), read back; None: nothing was used yet. Counters that
        this program does not know are kept, since several programs may use one store. Raises `EventRefused`."""
        shared = decode_shared(stored_values(stored, "the shared counters", "Shared"), self.core)
        if isinstance(shared, Shared):
            return shared
        raise EventRefused(Refused("", "", shared))

    def migrate(
        self, state: State | Mapping[str, object] | None, old: Program, who: str = "", *, pool: bool = False
    ) -> Migration:
        """A state carried from another version of this program, and what became of its parts. Names follow `was`; `who`
        says whose it is in messages, `pool` that it is a household's. Raises `EventRefused` where it cannot be."""
        from rules_engine.scoring.migrating import carried

        return carried(old.core, self.core, old._owners.pools if pool else old._owners.members, state, who)

    # ---- identity ----

    def merge(
        self, one: State | Mapping[str, object], other: State | Mapping[str, object], member: object = None,
        other_member: object = None,
    ) -> State:  # fmt: skip
        """The state of two members who are one: what both have added up, what both reached kept; `member` and
        `other_member` are their facts. Raises `EventRefused` where something is due of one, or they cannot be one."""
        from rules_engine.scoring.merging import merge

        facts = self._facts_alone(member), self._facts_alone(other_member)
        return merge(self._reference, (self.checked_state(one), self.checked_state(other)), facts)

    def credit(
        self,
        event: object,
        outcome: Outcome | Mapping[str, object] | bytes | str,
        member: str,
        facts: object = None,
        state: State | Mapping[str, object] | None = None,
        shared: Shared | Mapping[str, object] | None = None,
        *,
        others: Others | None = None,
        pool: State | Mapping[str, object] | None = None,
    ) -> Outcome:
        """The outcome of a guest's event that is credited to a member later, from the outcome that it had: what was
        paid stays, the member gets what it earns. Raises `EventRefused` where the event had a member already."""
        from rules_engine.scoring.crediting import credit

        return credit(self, self._reference, self.event(event), outcome, member, (facts, state, shared, others, pool))

    def _facts_alone(self, sent: object) -> Facts:
        facts = decode_facts({} if sent is None else sent, self.core)
        if isinstance(facts, dict):
            return facts
        raise EventRefused(Refused("", "", facts))

    def apply(
        self, state: State | None, changed: Outcome | Return | Iterable[Change], *, owner: str | None = None
    ) -> State:
        """The state after an outcome, a return, or changes; the state given is left as it is. It is that of the event's
        member or, with `owner`, of another whom it touched (a key of `outcome.changes`, of `returned.others`). A return
        is of the state from which it was worked out; raises `ValueError` where what is taken is not there."""
        good = state is None or self._states.known(state)
        state = State() if state is None else state
        with of_this_state():
            if isinstance(changed, Return):
                return restored(state, changed, owner)
            if not isinstance(changed, Outcome):
                return states_.apply(state, changed)
            own = owner is None or owner == changed.member
            after = applied(state, changed) if own else states_.apply(state, changed.changes.get(owner or "", ()))
        if good and changed.fingerprint == self.fingerprint:
            self._states.keep(after)
        return after

    def apply_pool(self, pool: State | None, changed: Outcome | Return) -> State:
        """The state of the household `changed.household` after an outcome or a return; the one given is left as it
        is."""
        pool = State() if pool is None else pool
        with of_this_state():
            return moved_on(pool, changed.pool) if isinstance(changed, Return) else states_.apply(pool, changed.pool)

    # ---- words ----

    def event_schema(self, name: str) -> dict[str, Any]:
        """The JSON Schema of an event."""
        return event_schema(self.core, name)

    def event_type(self, name: str) -> type[msgspec.Struct]:
        """The typed event of a name: a struct whose fields are those of the rule file, texts as in JSON. `score` takes
        instances of it, checked like any other event. The same name gives the same type; raises `KeyError`."""
        with self._lock:
            found = self._types.get(name)
            if found is None:
                if all(event.name != name for event in self.core.events):
                    raise KeyError(name)
                found = event_struct(self.core, name)
                msgspec.json.Decoder(found)  # what msgspec finds out about a type is not safe where threads race for it
                self._types[name] = found
                self.backend.typed(found)
        return found

    def unit(self, name: str) -> ir.UnitDef:
        """A unit by its name or plural; raises `KeyError`."""
        found = next((unit for unit in self.core.units if name in (unit.name, unit.plural)), None)
        if found is None:
            raise KeyError(
                f"there is no unit `{name}`; the units are {', '.join(unit.name for unit in self.core.units)}"
            )
        return found

    def format_amount(self, unit: str, amount: int) -> str:
        """An amount as a person reads it: `412 points`, `3.20 cashback`."""
        found = self.unit(unit)
        one = amount == 10**found.decimals
        return f"{format_decimal(amount, found.decimals)} {found.name if one or not found.plural else found.plural}"

    def parts(self, event: object, award: Award) -> list[int]:
        """What an award gave on each line of its event, by the one allocation; empty for an award without lines."""
        decoded = self.event(event)
        kind = next(each for each in self.core.events if each.name == decoded.name)
        return parts_of(award, kind, decoded.lines, self.core.header)
