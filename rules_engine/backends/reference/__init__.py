"""The reference: what a program means, as plainly as it can be said, in exact fractions. It also explains.

In: a program, and events one at a time. Out: evaluations, and traces of how they came about. Every other backend is
tested against this one; read `evaluation` first, then `expressions`.
"""

from __future__ import annotations

from functools import cached_property

import msgspec

from rules_engine import ir
from rules_engine.backends import Evaluation, Score
from rules_engine.backends.reference.advancing import advance as _advance
from rules_engine.backends.reference.allotment import parts_of
from rules_engine.backends.reference.evaluation import evaluate as _evaluate
from rules_engine.backends.reference.readings import Readings
from rules_engine.backends.reference.receipts import opening as _opening
from rules_engine.backends.reference.run import Run, Val
from rules_engine.backends.reference.times import duration_unit
from rules_engine.backends.reference.trace import (
    EffectNoted,
    Ending,
    GiveNoted,
    LimitNoted,
    Noted,
    OfferNoted,
    RuleNoted,
    Slice,
    StageNoted,
    Trace,
    TrackNoted,
    WayNoted,
)
from rules_engine.backends.reference.world import World, prepare
from rules_engine.event import Event, Facts
from rules_engine.outcome import Opening, TierChange
from rules_engine.state import Change, Shared, State


class Passed(msgspec.Struct, frozen=True):
    """What the passing of time does: what ended and on which day, the changes of state, the changes of tier."""

    endings: tuple[Ending, ...]
    changes: tuple[Change, ...]
    tiers: tuple[TierChange, ...]


class Reference:
    """The interpreter of one program."""

    name = "reference"
    score: Score | None = None

    def __init__(self, core: ir.Program) -> None:
        self.core = core

    @cached_property
    def world(self) -> World:
        """The program by name; prepared when it is first needed, since another backend may never need it."""
        return prepare(self.core)

    def evaluate(self, event: Event, facts: Facts, state: State, shared: Shared | None = None) -> Evaluation:
        """Score a decoded event; raises `EventRefused` where a track cannot hold it, or where no offer prices it."""
        return _evaluate(self.world, event, facts, state, None, shared)

    def opening(self, event: Event, facts: Facts, state: State, shared: Shared | None = None) -> Opening | None:
        """What a return needs of the time before an event."""
        return _opening(self.world, event, facts, state, shared)

    def typed(self, struct: type) -> None:
        """The interpreter decodes structs like any other event."""

    def opened(self, content: bytes) -> object | None:  # noqa: ARG002
        """The interpreter takes decoded events only."""
        return None

    def score_json(self, content: bytes) -> bytes | None:  # noqa: ARG002
        """The interpreter has no quick way."""
        return None

    def advance(self, facts: Facts, state: State, to_day: int, trace: Trace | None = None) -> Passed:
        """Move a member's time to a day: everything that ends before it."""
        run = Run(self.world, facts, state, trace)
        endings = tuple(_advance(run, to_day))
        return Passed(endings, tuple(run.changes), tuple(run.tiers))

    def traced(
        self, event: Event, facts: Facts, state: State, trace: Trace, shared: Shared | None = None
    ) -> Evaluation:
        """Score and note everything in a trace; the same evaluation as without."""
        return _evaluate(self.world, event, facts, state, trace, shared)


__all__ = [
    "EffectNoted",
    "Ending",
    "GiveNoted",
    "LimitNoted",
    "Noted",
    "OfferNoted",
    "Passed",
    "Readings",
    "Reference",
    "RuleNoted",
    "Slice",
    "StageNoted",
    "Trace",
    "TrackNoted",
    "Val",
    "WayNoted",
    "World",
    "duration_unit",
    "parts_of",
]
