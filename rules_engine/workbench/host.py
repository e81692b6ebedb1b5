"""The host of a test: it keeps everybody's facts and states, and scores as a stream does.

What is due before an event is scored before it, other people and the pool of a household are passed in, and everybody
whom an event touches is moved along: all of that is `Company`'s, the same that keeps the owners of a stream. A test
only keeps, beside it, from what each event was scored, so that what came out can be explained.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from rules_engine import ir
from rules_engine.backends.reference import Passed, Readings
from rules_engine.decoding import Other, decode_facts
from rules_engine.event import Event, Facts
from rules_engine.outcome import Outcome, People, Refused
from rules_engine.returns import Return
from rules_engine.scoring import Accounts, Company, Explanation, Program, ties_of
from rules_engine.state import Shared, State, apply, copied
from rules_engine.workbench.engine import Asked, Engine
from rules_engine.workbench.given import Cast
from rules_engine.workbench.sold import Sold

Others = Mapping[str, Other | Mapping[str, object]]


class Host:
    """Everybody of one test as it goes on."""

    def __init__(self, engine: Engine, program: Program, cast: Cast) -> None:
        self.engine = engine
        self.rules = program
        self.cast = cast
        self.asked: list[Asked] = []
        self.sent: Event | None = None
        members = {who: member.raw for who, member in cast.members.items()}
        states, pools = Accounts(cast.states, _as_it_is), Accounts(cast.pools, _as_it_is)
        self.company = Company(self, ties_of(engine.core), members, states, pools)

    # ---- what a stream asks of a program ----

    @property
    def core(self) -> ir.Program:
        """The program's core."""
        return self.engine.core

    def facts(self, event: Event, sent: object) -> Facts:  # noqa: ARG002 - a test's facts were decoded before
        """The facts of an event's member, guarded."""
        return self.cast.member(event.member).facts

    def people(self, event: Event, others: Others | None) -> People | None:  # noqa: ARG002
        """The facts of other people, guarded."""
        return People({who: self.cast.member(who).facts for who in others or ()})

    def outcome(
        self, event: Event, facts: Facts, state: State, shared: Shared | None = None, people: People | None = None
    ) -> Outcome:
        """What an event does; from what it was scored is kept."""
        placed = self.engine.reference.placed(event, facts, state)
        asked = Asked(placed, facts, copied(state), _counters(shared), _kept(people))
        self.asked.append(asked)
        return self.engine.evaluate(asked).outcome(placed, self.rules.fingerprint, self.rules.zones)

    def due_events(self, member: str, facts: object, state: State, until: int) -> tuple[Event, ...]:  # noqa: ARG002
        """What of a member happens by itself up to a day."""
        return self.engine.reference.due_events(self.cast.member(member).facts, state, until, member)

    # ---- what a test does ----

    def before(self, event: Event) -> tuple[Refused, ...]:
        """Score what is due before an event; says what of it was refused."""
        found = self.company.due_before(event, self.cast.shared, self.cast.shared)
        return tuple(each for each in found if isinstance(each, Refused))

    def score(self, event: Event, plain: Event) -> Outcome:
        """Score an event, and move everybody along; raises `EventRefused`. `plain` is the event without guard."""
        self.asked.clear()
        self.sent = plain
        return self.company.score(event, self.cast.shared, self.cast.shared)

    def receipt(self) -> Outcome:
        """The outcome of the last event as a host stores it, with what rules might have read of the member: a return
        asks it again. What the test left out nothing has asked for, so it is the same outcome otherwise."""
        asked = self.asked[-1]
        assert self.sent is not None
        facts = {} if self.sent.member is None else self._plain(self.sent.member)
        people = structs.replace(asked.people, facts={who: self._plain(who) for who in asked.people.facts})
        return self.rules.outcome(self.sent, facts, asked.state, asked.shared, people)

    def until(self, day: int) -> tuple[list[Outcome | Refused], dict[str, Passed]]:
        """Score what is due up to a day, and move everybody's time to it; what time alone did, by member."""
        self.asked.clear()
        found = list(self.company.settle(tuple(self.cast.states), day, self.cast.shared, self.cast.shared))
        passed = {}
        for who, state in self.cast.states.items():
            moved = passed[who] = self.engine.advance(self.cast.member(who).facts, state, day)
            self.cast.states[who] = apply(state, moved.changes)
        return found, passed

    def give_back(self, sold: Sold, pieces: dict[str | int, int]) -> Return:
        """What comes back of an event on the day that its member has reached; raises `EventRefused`."""
        event, found = sold.event, sold.found
        state = None if event.member is None else self.state(event.member)
        on = event.day if state is None else max(event.day, state.day or event.day)
        others = {award.to: Other(None, self.state(award.to)) for award in found.awards if award.to}
        pool = self.cast.pools.get(found.household, State()) if found.household else None
        return self.rules.give_back(
            event, found, pieces, earlier=sold.returns, state=state, on=on, others=others, pool=pool
        )

    def take_back(self, member: str | None, back: Return) -> None:
        """Move everybody along by what came of a return."""
        if member is not None:
            self.cast.states[member] = self.rules.apply(self.state(member), back)
        for who in back.others:
            self.cast.states[who] = self.rules.apply(self.state(who), back, owner=who)
        if back.household:
            self.cast.pools[back.household] = self.rules.apply_pool(self.cast.pools.get(back.household), back)
        self.cast.shared.reserve(back.reserved)

    # ---- what a test looks at ----

    def state(self, who: str | None) -> State:
        """The state of a member; a new one of whom nothing was seen."""
        return self.cast.states.get(who or "", State())

    def readings(self, who: str | None, day: int, event: Event | None = None) -> Readings:
        """What the states of a member and of their household say on a day."""
        facts, people = self.cast.member(who).facts, People()
        if who is not None and self.company.ties.pooled:
            people = People(pool=self.cast.pools.get(self.company.household(who, facts)))
        return self.engine.readings(facts, self.state(who), day, event, people, who)

    def fate(self, key: str) -> str:
        """Why an offer did not act on the last event, in the words of the trace; empty where it acted."""
        return self.engine.fate(key, self.asked[-1]) if self.asked else ""

    def why(self, rule: str) -> str:
        """The explanation of a rule, on the last event of the step that it was asked on; empty where there was none."""
        found = self.told(rule)
        return "" if found is None else found.text(rule).strip()

    def told(self, rule: str = "") -> Explanation | None:
        """What is explained of the last event of the step, or of the last one that a rule was asked on."""
        for asked in reversed(self.asked):
            found = self._explained(asked)
            keys = [*(each.rule for each in found.rules), *(each.rule for each in found.offers)]
            if not rule or rule in keys:
                return found
        return None

    def _explained(self, asked: Asked) -> Explanation:
        sent = asked.event if asked.event.occurrence is not None or self.sent is None else self.sent
        facts = {} if sent.member is None else self._plain(sent.member)
        people = structs.replace(asked.people, facts={who: self._plain(who) for who in asked.people.facts})
        return self.rules.explain_decoded(sent, facts, asked.state, asked.shared, people)

    def _plain(self, who: str) -> Facts:
        """Facts without guard; what the test left out has a value that nobody asks for."""
        found = decode_facts(self.cast.member(who).raw, self.core)
        assert isinstance(found, dict), found
        return found


def _as_it_is(state: object, _: str) -> State:
    assert isinstance(state, State)
    return state


def _counters(shared: Shared | None) -> Shared:
    """The counters as they are now."""
    return Shared() if shared is None else Shared({key: dict(counts) for key, counts in shared.limits.items()})


def _kept(people: People | None) -> People:
    """Other people as they are now."""
    if people is None:
        return People()
    states = {who: copied(state) for who, state in people.states.items()}
    return People(people.facts, states, None if people.pool is None else copied(people.pool))
