"""The evaluators: rooms that take a program and an event and say what is given.

`reference` is the meaning: small, exact, slow, and it explains. `python` writes a function for the program and
compiles it. Both give the same `Evaluation`; a test holds them to it.

A backend may be *fused*: its `score` then takes what the host sent (a dictionary, a decoded `Event` or a typed struct)
and does boundary checks and scoring in one function. Where `score` is None, the program decodes first and calls
`evaluate`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import msgspec

from rules_engine.event import Event, Facts
from rules_engine.outcome import (
    Award,
    Charge,
    CodeUse,
    Discount,
    Gift,
    Opening,
    Outcome,
    Payment,
    People,
    Price,
    Said,
    Taken,
    TierChange,
    Value,
)
from rules_engine.state import Change, LimitUsed, Shared, State


class Evaluation(msgspec.Struct, frozen=True):
    """What one event does to its member: `Outcome` without the names of event, program and zones."""

    awards: tuple[Award, ...]
    tiers: tuple[TierChange, ...]
    changes: tuple[Change, ...]
    before: dict[str, Value]
    late: bool
    said: tuple[Said, ...] = ()
    price: Price | None = None
    discounts: tuple[Discount, ...] = ()
    charges: tuple[Charge, ...] = ()
    gifts: tuple[Gift, ...] = ()
    codes: tuple[CodeUse, ...] = ()
    reserved: tuple[LimitUsed, ...] = ()
    opening: Opening | None = None
    payments: tuple[Payment, ...] = ()
    taken: tuple[Taken, ...] = ()
    household: str = ""
    pool: tuple[Change, ...] = ()
    others: dict[str, tuple[Change, ...]] = {}

    def outcome(self, event: Event, fingerprint: str, zones: str) -> Outcome:
        """The outcome of an event that came to this."""
        changes = {event.member: self.changes, **self.others} if event.member is not None else {}
        return Outcome(
            event.name, event.id, event.member, event.day, self.awards, self.tiers, changes, self.before,
            fingerprint, zones, self.late, self.said, self.price, self.discounts, self.charges, self.gifts,
            self.codes, self.reserved, self.opening, self.payments, self.taken, self.household, self.pool,
            event.posted,
        )  # fmt: skip


Score: TypeAlias = Callable[[object, object, State | None, Shared | None], Outcome]
"""Event, facts, state and shared counters as a host sends them -> outcome; raises `EventRefused`."""


class Backend(Protocol):
    """One evaluator, made for one program; immutable, so threads share it."""

    @property
    def name(self) -> str:
        """How it is called: `reference`, `python`."""
        ...

    @property
    def score(self) -> Score | None:
        """The fused way from what a host sends to an outcome, or None."""
        ...

    def typed(self, struct: type) -> None:
        """Take events of this struct by the quick way, if there is one; its tag names their kind."""
        ...

    def opened(self, content: bytes) -> object | None:
        """The event in JSON text as a plain struct that `score` takes, or None where it cannot be read so."""
        ...

    def score_json(self, content: bytes) -> bytes | None:
        """A quick way from bytes to bytes, or None where there is none for this request. Raises `EventRefused`."""
        ...

    def evaluate(
        self, event: Event, facts: Facts, state: State, shared: Shared | None = None, people: People | None = None
    ) -> Evaluation:
        """Score a decoded event: time moves to the event's day, then every stage runs. The states are left as they are.

        Raises `EventRefused` where a track would pass 2^62 or hold more different values than it declares.
        """
        ...


__all__ = ["Backend", "Evaluation", "Score"]
