"""Generated programs that own and pay, played once and written down: what each event found, what came of it.

In: a seed. Out: a `Played`: the program, its members, every event with the states before and after it, and how it
ended. The laws of owning are asked of these.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from rules_engine import ir
from rules_engine.backends import Evaluation
from rules_engine.backends.reference import Reference, evaluation
from rules_engine.backends.reference.run import Run
from rules_engine.event import Event, Facts
from rules_engine.outcome import EventRefused, Outcome, People, Refused
from rules_engine.scoring import Accounts, Company, Program, ties_of
from rules_engine.state import Shared, State, copied
from tests.histories import History, history
from tests.strategies import seeded
from tests.trials import attempt, core_of, decoded


@dataclass(frozen=True)
class Step:
    """One event that was scored: what it found, what came of it, and the run's own states at its end."""

    event: Event
    facts: Facts
    state: State
    people: People
    shared: Shared
    found: Evaluation
    outcome: Outcome
    ended: State
    pool: State
    others: dict[str, State]


@dataclass
class Played:
    """A program and its history, scored."""

    seed: int
    core: ir.Program
    told: History
    program: Program
    steps: list[Step] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    states: dict[str, State] = field(default_factory=dict)
    pools: dict[str, State] = field(default_factory=dict)
    shared: Shared = field(default_factory=Shared)

    @property
    def units(self) -> dict[str, ir.UnitDef]:
        """The units by name."""
        return {unit.name: unit for unit in self.core.units}

    def household(self, member: str) -> str:
        """Whose pool a member's is."""
        return self.told.members.get(member, {}).get(self.core.household) or member

    def owner(self, unit: str, member: str) -> str:
        """Under whom a member's units of a kind stand."""
        return f"household {self.household(member)}" if self.units[unit].owner == "household" else member

    def books(self) -> Iterator[tuple[str, State]]:
        """Every state at the end, members' and households'."""
        yield from self.states.items()
        yield from ((f"household {name}", state) for name, state in self.pools.items())


class _Writer:
    """Scores for a company, and writes down what it sees."""

    def __init__(self, played: Played, reference: Reference) -> None:
        self.core, self.played, self.reference = played.core, played, reference

    def facts(self, event: Event, sent: object) -> Facts:
        """The facts of an event's member."""
        return self.played.program.facts(event, sent)

    def people(self, event: Event, others: Mapping[str, Any] | None) -> People | None:
        """The other people of an event."""
        return self.played.program.people(event, others)

    def due_events(self, member: str, facts: object, state: State, until: int) -> tuple[Event, ...]:
        """What is due."""
        return self.played.program.due_events(member, facts, state, until)

    def outcome(
        self, event: Event, facts: Facts, state: State, shared: Shared | None, people: People | None
    ) -> Outcome:
        """The outcome, once written down."""
        people, runs = people or People(), list[Run]()

        def kept(*given: Any) -> Run:
            runs.append(Run(*given))
            return runs[-1]

        before = copied(state)
        known = People(
            people.facts,
            {name: copied(each) for name, each in people.states.items()},
            None if people.pool is None else copied(people.pool),
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(evaluation, "Run", kept)
            found = attempt(self.reference, event, facts, state, shared, people)
        if isinstance(found, Refused):
            raise EventRefused(found)
        outcome, run = found.outcome(event, self.played.program.fingerprint, self.played.program.zones), runs[0]
        others = {name: book.state for name, book in run.others.items() if book.changes}
        counters = Shared({name: dict(used) for name, used in (shared or Shared()).limits.items()})
        self.played.steps.append(
            Step(event, facts, before, known, counters, found, outcome, run.state, run.pool.state, others)
        )
        return outcome


def played(seed: int, events: int = 14) -> Played:
    """The program of a seed, and its history."""
    core = core_of(seeded(seed, "owning"))
    reference = Reference(core)
    book = Played(seed, core, history(core, Random(seed), events), Program(core, backend=reference))

    def known(state: object, owner: str) -> State:
        assert isinstance(state, State), owner
        return state

    accounts = Accounts(book.states, known), Accounts(book.pools, known)
    company = Company(_Writer(book, reference), ties_of(core), book.told.members, *accounts)
    for event, _ in decoded(core, book.told):
        settled = company.due_before(event, book.shared, book.shared)
        book.refused += [each for each in settled if isinstance(each, Refused)]
        with contextlib.suppress(EventRefused):
            company.score(event, book.shared, book.shared)
    return book
