"""The stages of offers on one event: catalogue, item, basket, shipping; then what they used of limits is kept.

An event whose kind no offer, no redeem, no tax, no shipping and no floor is about keeps its list price and has no
basket.
"""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.reference import budgets, money, presented
from rules_engine.backends.reference.carrier import STAGES
from rules_engine.backends.reference.choices import run_stage
from rules_engine.backends.reference.run import Run
from rules_engine.backends.reference.trace import StageNoted
from rules_engine.decoding import Place
from rules_engine.outcome import Said


def run_offers(run: Run) -> None:
    """Run all offers on the event at hand; raises `EventRefused` where offers make the price and one is missing."""
    kind = run.event_kind()
    assert kind is not None
    if kind.name not in run.world.offered:
        if run.world.picks and kind.list_field:
            money.open_basket(run)
        return
    money.open_basket(run)
    _note("list", run)
    run.offering = True
    for stage in STAGES:
        run_stage(stage, run)
        _note(stage, run)
    run.offering = False
    _check(kind, run)
    assert run.basket is not None
    budgets.commit(run.basket.acts, run)
    presented.commit(run)
    run.said += [Said(act.rule.key, text) for act in run.basket.acts for text in act.rule.says]
    if run.trace is not None:
        run.trace.offers = run.offers


def _check(kind: ir.EventDef, run: Run) -> None:
    place = money.unpriced(run)
    if place is not None:
        where = Place(kind.name, 0 if kind.lines is None else place.number + 1)
        raise run.refused("V162", where.path(""), where=where.words(""))


def _note(stage: str, run: Run) -> None:
    if run.trace is not None and run.basket is not None:
        prices = tuple(sum(count * unit.now for count, unit in runs) for runs in run.basket.lines)
        run.trace.stages.append(StageNoted(stage, prices))
