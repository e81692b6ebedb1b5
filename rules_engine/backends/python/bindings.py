"""What generated functions may name besides steps and their own constants: settings, and the slow roads."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import Any, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.backends import Evaluation
from rules_engine.backends.python.memos import HOURS, MINUTES, Days, remember
from rules_engine.backends.python.offers_units import NormalCodes
from rules_engine.backends.python.quiet import Advance, moves_on, quiet_check
from rules_engine.backends.python.requests import SentFacts, facts_of
from rules_engine.backends.reference import Reference
from rules_engine.calendar import Duration, add_duration, day_start, local_day
from rules_engine.decoding import Wrong, decode, decode_facts, names_sent
from rules_engine.event import Event, Facts
from rules_engine.outcome import (
    NO_FACTS,
    Award,
    Charge,
    Discount,
    EventRefused,
    Gift,
    LinePrice,
    Outcome,
    Part,
    People,
    Price,
    Refused,
    Said,
    Told,
    ToldAward,
    ToldDiscount,
    ToldWithOffers,
    totals_of,
)
from rules_engine.state import Advanced, LastDay, LimitUsed, MarkSeen, Seen, Shared, State, StreakMet, TrackMoved
from rules_engine.values import round_ratio

Evaluate: TypeAlias = Callable[[Event, Facts, State, Shared | None], Evaluation]

_NAMES: dict[str, Any] = {
    each.__name__: each
    for each in (
        Advanced, Award, Charge, Discount, Evaluation, Gift, LastDay, LimitUsed, LinePrice, MarkSeen, Outcome, Part,
        Price, Said, Seen, StreakMet, TrackMoved, local_day, remember, repeat, round_ratio,
        totals_of, Told, ToldAward, ToldDiscount, ToldWithOffers,
    )
}  # fmt: skip


def bindings(
    core: ir.Program, reference: Reference, asked: Reference, fingerprint: str, zones: str, evaluate: Evaluate
) -> dict[str, Any]:
    """The name space of a program's module."""
    ladder = core.tiers
    names = tuple(rung.name for rung in ladder.rungs) if ladder is not None else ()
    silent = not any(rule.says for rule in core.rules)
    nobody = Evaluation((), (), (), {}, False, ())
    sent = Sent(core, reference, fingerprint, zones, evaluate)
    zone = core.header.zone or "UTC"
    return _NAMES | {
        "ZONE": zone,
        "days_of": Days(zone),
        "FINGERPRINT": fingerprint,
        "ZONES": zones,
        "REMAINDER": core.header.remainder,
        "TIERS": names,
        "RUNGS": {name: place for place, name in enumerate(names)},
        "NONE": {},
        "NO_FACTS": NO_FACTS,
        "hours": HOURS,
        "minutes": MINUTES,
        "NEW": State(),
        "NOTHING": Shared(),
        "CODES": NormalCodes(),
        "ONE": ({},),
        "REFUSALS": (KeyError, TypeError, ValueError, AttributeError, Wrong),
        "over": _over(reference),
        "slow_sent": sent.score,
        "advance": moves_on(reference),
        "advance_sent": sent.advance,
        "guest": (lambda *_: nobody) if silent else reference.evaluate,
        "quiet": quiet_check(core, asked.world),
        "start_of_day": lambda day: day_start(day, zone),
        "add_time": _add_time,
    }


def _over(reference: Reference) -> Callable[[State, People | None], Evaluate]:
    """What hands an event to the reference, with the state and the people that it came with."""

    def over(came: State, people: People | None) -> Evaluate:
        return lambda event, facts, _state, shared: reference.evaluate(event, facts, came, shared, people)

    return over


def _add_time(day: int | None, number: int, unit: Any) -> int | None:
    return None if day is None else add_duration(day, Duration(number, unit))


class Sent:
    """The slow road for what a host sends: the decoder says what is wrong with it, or takes it to be scored."""

    def __init__(
        self, core: ir.Program, reference: Reference, fingerprint: str, zones: str, evaluate: Evaluate
    ) -> None:
        self.core = core
        self.evaluate = evaluate
        self.fingerprint = fingerprint
        self.zones = zones
        self.move = moves_on(reference)
        self.placed = reference.placed

    def score(self, event: object, facts: object, state: State | None, shared: Shared | None = None) -> Outcome:
        """Decode and score; raises `EventRefused` with every reason."""
        decoded = self._event(event)
        known = self._facts(decoded, facts)
        stands = State() if state is None else state
        decoded = self.placed(decoded, known, stands)
        found = self.evaluate(decoded, known, stands, shared)
        return found.outcome(decoded, self.fingerprint, self.zones)

    def advance(self, facts: object, state: State, day: int) -> Advance | None:
        """Time moves to a day, for facts as a host sends them."""
        known = decode_facts(_facts(facts), self.core)
        return self.move(known, state, day) if isinstance(known, dict) else None

    def _event(self, sent: object) -> Event:
        if isinstance(sent, Event):
            return sent
        found = decode(msgspec.to_builtins(sent) if isinstance(sent, msgspec.Struct) else sent, self.core)
        if isinstance(found, Event):
            return found
        raise EventRefused(Refused(*_names(sent, self.core), found)) from None

    def _facts(self, event: Event, sent: object) -> Facts:
        if event.member is None:
            return {}
        facts = decode_facts(_facts(sent), self.core)
        if isinstance(facts, dict):
            return facts
        raise EventRefused(Refused(event.name, event.id, facts)) from None


def _facts(sent: object) -> object:
    """Facts as a host sends them."""
    if sent is None:
        return {}
    return facts_of(sent) if isinstance(sent, SentFacts) else sent


def _names(sent: object, core: ir.Program) -> tuple[str, str]:
    """The kind and the id of a refused event, as far as they can be read."""
    sent = msgspec.to_builtins(sent) if isinstance(sent, msgspec.Struct) else sent
    return names_sent(sent, core)
