"""What once was, held: the basket that offers left on an event, and what redeems paid of it.

For a guest's purchase that is credited to a member later: what was paid does not change, and earns, tracks and rewards
read every money base as it was then. For a return that works rules out again: redeems do not act anew on the pieces
that are kept, they have paid what is not undone of what they paid.
"""

from __future__ import annotations

import msgspec

from rules_engine.backends.reference import lots
from rules_engine.backends.reference.bringing import Costs, priced
from rules_engine.backends.reference.carrier import STAGES, Basket, Runs, joined, zipped
from rules_engine.backends.reference.money import open_basket, price
from rules_engine.backends.reference.run import Run
from rules_engine.outcome import Outcome, Part, Payment, Taken


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


class Spent(msgspec.Struct, frozen=True):
    """What redeems paid and took, as far as it is not undone; the parts of payments are those of the pieces kept."""

    payments: tuple[Payment, ...] = ()
    taken: tuple[Taken, ...] = ()


def spend(spent: Spent, run: Run) -> None:
    """Redeems as they acted: what they paid is paid, and what they took is gone."""
    run.payments += spent.payments
    for each in spent.taken:
        found = lots.usable(each.unit, run)
        some = min(each.taken, sum(lot.left for lot in found))
        parts = lots.take(each.unit, some, found, run) if some else ()
        run.taken.append(msgspec.structs.replace(each, lots=parts))
        run.used[each.unit] = run.used.get(each.unit, 0) + each.taken


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
