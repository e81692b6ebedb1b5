"""Prices held as they were: the basket that offers left on an event once, made again from its outcome.

For a guest's purchase that is credited to a member later: what was paid does not change, and earns, tracks and rewards
read every money base as it was then.
"""

from __future__ import annotations

import msgspec

from rules_engine.backends.reference.bringing import Costs, priced
from rules_engine.backends.reference.carrier import STAGES, Basket, Runs, joined, zipped
from rules_engine.backends.reference.money import open_basket, price
from rules_engine.backends.reference.run import Run
from rules_engine.outcome import Outcome, Part


def hold(outcome: Outcome, run: Run) -> None:
    """Open the event's basket and take off what its outcome says was taken off, stage by stage."""
    kind = run.event_kind()
    assert kind is not None
    if kind.name not in run.world.offered:
        if run.world.picks and kind.list_field:
            open_basket(run)
        return
    open_basket(run)
    for stage in STAGES:
        for discount in outcome.discounts:
            for part in discount.parts if discount.stage == stage else ():
                _take_off(part, run)
        _end_stage(run)
    found = outcome.price
    if found is not None and [line.net for line in price(run).lines] != [line.net for line in found.lines]:
        priced(run, [Costs(line.list, line.net, line.net) for line in found.lines])


def _take_off(part: Part, run: Run) -> None:
    assert run.basket is not None
    lines = list(run.basket.lines)
    pieces = zipped(lines[part.line], part.runs)
    lines[part.line] = joined((count, msgspec.structs.replace(unit, now=unit.now - off)) for count, unit, off in pieces)
    run.basket = Basket(tuple(lines))


def _end_stage(run: Run) -> None:
    """What each unit costs after a stage is known from then on."""
    assert run.basket is not None
    run.basket = Basket(tuple(_ended(runs) for runs in run.basket.lines))


def _ended(runs: Runs) -> Runs:
    return tuple((count, msgspec.structs.replace(unit, after=(*unit.after, unit.now))) for count, unit in runs)
