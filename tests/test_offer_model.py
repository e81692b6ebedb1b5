"""The reference against a second reading of the same decision, which knows neither runs nor shortcuts."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from rules_engine import ir
from rules_engine.backends import Evaluation
from rules_engine.backends.reference import Reference
from rules_engine.backends.reference.advancing import advance
from rules_engine.backends.reference.expressions import NoMember as TheirNoMember
from rules_engine.backends.reference.expressions import evaluate
from rules_engine.backends.reference.holdouts import is_held_out
from rules_engine.backends.reference.reading import held
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.world import prepare
from rules_engine.event import Event, Facts
from rules_engine.outcome import Refused
from rules_engine.state import LimitUsed, Shared, State
from tests.exercised import Index, limit_key
from tests.histories import history
from tests.model import Unread, played
from tests.model.pricing import prices
from tests.model.words import Ask, NoMember
from tests.strategies import seeded
from tests.trials import attempt, core_of, decoded

SHARDS = 4
PROGRAMS = 45


def by_unit(kind: ir.EventDef, event: Event, found: Evaluation) -> dict[tuple[str, int], dict[int, int]]:
    """What each effect takes off each unit; the units of all lines counted through."""
    lines = event.lines if kind.lines is not None else (event.fields,)
    pieces = [int(str(line[kind.quantity_field])) if kind.quantity_field else 1 for line in lines]
    starts = [sum(pieces[:line]) for line in range(len(pieces) + 1)]
    made: dict[tuple[str, int], dict[int, int]] = {}
    for each in found.discounts:
        units: Counter[int] = Counter()
        for part in each.parts:
            amounts = [amount for count, amount in part.runs for _ in range(count)]
            assert len(amounts) == (pieces[part.line] if part.line < len(pieces) else 1)
            for place, amount in enumerate(amounts):
                units[starts[part.line] + place] += amount
        kept = {unit: amount for unit, amount in units.items() if amount}
        if kept:
            assert (each.rule, each.effect) not in made
            made[each.rule, each.effect] = kept
    return made


def opened(core: ir.Program, event: Event, facts: Facts) -> Run:
    """The moment of an event, for what the model does not read itself."""
    run = Run(prepare(core), facts, State())
    list(advance(run, event.day))
    run.event, run.member, run.source = event, event.member, event.name
    run.fields, run.lines = event.fields, event.lines
    run.today, run.instant, run.standing = event.day, event.instant, event.day
    run.held = held(run, run.standing)
    run.offering = True
    return run


def asking(run: Run) -> Ask:
    """What the reference says of days and of what is remembered."""

    def ask(expr: ir.Expr, line: int | None) -> Any:
        try:
            return evaluate(expr, Env(run) if line is None else Env(run).on(line))
        except TheirNoMember as missing:
            raise NoMember from missing

    return ask


def counters(core: ir.Program, found: Evaluation) -> dict[str, int]:
    """By how much the counters of offers moved."""
    index = Index(core)
    mine = {limit.key for offer in core.offers for limit in offer.limits}
    mine |= {limit.key for group in core.offer_groups for limit in group.limits}
    moved = [each for each in (*found.changes, *found.reserved) if isinstance(each, LimitUsed)]
    return {each.limit: each.after - each.before for each in moved if limit_key(index, each.limit) in mine}


def differs(core: ir.Program, event: Event, facts: Facts, found: Evaluation) -> str:
    """Where the two readings differ, if they do."""
    kind = next(each for each in core.events if each.name == event.name)
    run = opened(core, event, facts)
    model, units = played(core, event, facts, asking(run), lambda rule: is_held_out(rule, Env(run)))
    mine = {key: {unit: part for unit, part in parts.items() if part} for key, parts in model.parts.items()}
    mine = {key: parts for key, parts in mine.items() if parts}
    theirs = by_unit(kind, event, found)
    if mine != theirs:
        return f"parts\nmodel {mine}\nfound {theirs}"
    fees = [(each.rule, each.label, each.amount) for each in found.charges]
    if sorted(model.charges) != sorted(fees):
        return f"charges\nmodel {model.charges}\nfound {fees}"
    gifts = [(each.rule, each.sku, each.count) for each in found.gifts]
    if sorted(model.gifts) != sorted(gifts):
        return f"gifts\nmodel {model.gifts}\nfound {gifts}"
    counted = {counter: count for counter, count in model.used.items() if count and " per event" not in counter}
    moved = counters(core, found)
    if counted != moved:
        return f"counters\nmodel {counted}\nfound {moved}"
    if found.price is not None:
        count = len(event.lines) if kind.lines is not None else 1
        lines = prices(core, kind, units, model.cost.now, count)
        if lines != list(found.price.lines):
            return f"prices\nmodel {lines}\nfound {found.price.lines}"
    return ""


def trial(seed: int, events: int = 10) -> tuple[int, int, str]:
    """How many events of a program both read, how many the model does not, and where they differ first."""
    core = core_of(seeded(seed, "orders"))
    reference, read, unread = Reference(core), 0, 0
    for event, facts in decoded(core, history(core, Random(seed), events)):
        found = attempt(reference, event, facts, State(), Shared())
        if isinstance(found, Refused):
            continue
        try:
            wrong = differs(core, event, facts, found)
        except Unread:
            unread += 1
            continue
        if wrong:
            return read, unread, f"seed {seed}, event {event.id}: {wrong}"
        read += 1
    return read, unread, ""


@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_reference_is_what_the_decision_says(shard: int) -> None:
    """Every part on every unit, every fee and gift, every line's price and tax."""
    read = unread = 0
    for seed in range(shard * PROGRAMS, (shard + 1) * PROGRAMS):
        some, more, wrong = trial(seed)
        assert not wrong, wrong
        read, unread = read + some, unread + more
    assert read > unread, (read, unread)
