"""Scoring from what a receipt keeps is scoring from everything: the law that `work out again` rests on.

In generated programs of every kind all events are made returnable and all rules are worked out again. Each event, and
some of it, is then scored twice: with everything that is known, and with the facts, states and counters of the opening
alone. Nothing that a return asks of that may differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest
from msgspec.structs import replace

from rules_engine import ir
from rules_engine.backends import Evaluation
from rules_engine.backends.reference import Reference
from rules_engine.event import Event, Facts
from rules_engine.outcome import People, Refused
from rules_engine.state import LimitUsed, Shared, State
from tests.books import played
from tests.histories import history
from tests.strategies import Of, seeded
from tests.trials import after, attempt, core_of, decoded

AGAIN = ir.ReturnDef("work out again", "forgiven")
ASKED = ("awards", "payments", "discounts", "charges", "gifts", "codes", "price", "reserved")


def returnable(core: ir.Program) -> ir.Program:
    """The same program, where everything may come back and is worked out again."""
    return replace(
        core,
        events=tuple(replace(each, returnable=each.schedule is None) for each in core.events),
        rules=tuple(replace(each, on_return=AGAIN) for each in core.rules),
        offers=tuple(replace(each, on_return=AGAIN) for each in core.offers),
    )


Known = tuple[Event, Facts, State, Shared | None, People | None]


def known(seed: int, of: Of) -> Iterator[tuple[Reference, Known]]:
    """Events, and everything that is known as they are scored."""
    if of == "owning":
        book = played(seed, 8)
        reference = Reference(returnable(book.core))
        for step in book.steps:
            yield reference, (step.event, step.facts, step.state, step.shared, step.people)
        return
    core = core_of(seeded(seed, of))
    reference, states, shared = Reference(returnable(core)), dict[str, State](), Shared()
    for event, facts in decoded(core, history(core, Random(seed), 8)):
        state = states.get(event.member or "", State())
        found = attempt(reference, event, facts, state, shared)
        if isinstance(found, Refused):
            continue
        yield reference, (event, facts, state, Shared({name: dict(used) for name, used in shared.limits.items()}), None)
        shared.reserve(found.reserved)
        if event.member is not None:
            states[event.member] = after(state, event, found)


@pytest.mark.parametrize(
    ("of", "seeds"), [("visits", range(9800, 9822)), ("orders", range(9800, 9812)), ("owning", range(9800, 9816))]
)
def test_an_opening_is_as_good_as_everything(of: Of, seeds: range) -> None:
    compared = Counter[str]()
    for seed in seeds:
        rng = Random(seed)
        for reference, (event, facts, state, shared, people) in known(seed, of):
            if event.posted is not None:
                continue
            whole = attempt(reference, event, facts, state, shared, people)
            assert isinstance(whole, Evaluation)
            opening = whole.opening
            if opening is None:
                continue
            for some in (event, _some_of(event, rng)):
                one = attempt(reference, some, facts, state, shared, people)
                two = attempt(reference, some, opening.facts, opening.state, opening.shared, opening.people)
                assert _asked(two, reference.core) == _asked(one, reference.core), (seed, event.id)
                compared["part" if some is not event else "whole"] += 1
                compared["act"] += isinstance(one, Evaluation) and bool(one.awards or one.discounts)
    assert min(compared.values()) > 20, compared


def _some_of(event: Event, rng: Random) -> Event:
    """An event with some of its lines."""
    return replace(event, lines=tuple(line for line in event.lines if rng.random() < 0.6))


def _asked(found: Evaluation | Refused, core: ir.Program) -> object:
    """What a return asks of an evaluation: not which lots were used, and of changes the counters of rules alone."""
    if isinstance(found, Refused):
        return found
    parts = {name: getattr(found, name) for name in ASKED}
    parts["awards"] = tuple(replace(each, booked=False) for each in found.awards)  # how they are written down
    taken = [replace(each, lots=()) for each in found.taken]
    moved = (found.changes, found.pool, *(changes for _, changes in sorted(found.others.items())))
    matched = {limit.key for match in core.matches for limit in match.limits}
    counters = [
        [each for each in changes if isinstance(each, LimitUsed) and each.limit not in matched] for changes in moved
    ]
    return parts, taken, [each for each in counters if each]
