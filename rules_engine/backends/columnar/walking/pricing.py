"""What an event costs beside its lines, for many events at once: shipping, tax, charges and gifts.

In: the events that stand at an op, and its row. Out: registers, and rows of results. Tax comes after offers, rounded
for each line, or for each unit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar import terms
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.tape import AMOUNT_MAX, MISSING
from rules_engine.backends.columnar.walking.general import entries_of, runs_of, take, values_of
from rules_engine.backends.columnar.walking.numbering import Row, divided
from rules_engine.backends.columnar.walking.piece import Here

if TYPE_CHECKING:
    from rules_engine.backends.columnar.walking.chunks import Walk

BILLION = 10**9


def _shipped(_: Walk, here: Here, row: Row) -> None:
    amount = here.read(row[2])
    amount = np.where(amount == MISSING, 0, amount)
    here.write(ops.SHIP, amount)
    size = here.summed(np.abs(here.vector(ops.COST))) + np.abs(amount)
    here.piece.fail(here.numbers[size > row[4]], ops.UNSAFE)


# ---- tax


def _taxed(walk: Walk, here: Here, row: Row) -> None:
    """The tax of each entry at its own rate, added up."""
    _, d, a, b, include, mode, by_unit, _ = row
    of = terms.OF_LINES if b < 0 else terms.OF_SHIPPING if a < 0 else terms.OF_BOTH
    off = entries_of(here, -1, of, 0)
    rates = values_of(off, a, b)
    rates = np.where(rates == MISSING, 0, rates)
    cost = values_of(off, ops.COST, ops.SHIP)
    large = np.maximum(rates, BILLION)
    off.fail_entries(np.abs(cost) > AMOUNT_MAX // large, ops.UNSAFE)
    if by_unit:
        runs = runs_of(walk, off)
        used = np.arange(len(runs.sizes))[:, None] < runs.counts
        each = _tax(runs.values, np.broadcast_to(rates, runs.values.shape), include, mode)
        tax = (np.where(used, each, 0) * runs.sizes).sum(axis=0)
    else:
        tax = _tax(cost, rates, include, mode)
    here.write(d, off.summed(tax))


def _tax(amount: Ints, rate: Ints, include: int, mode: int) -> Ints:
    """The tax of amounts: with prices that include it the net is rounded, and tax is the rest."""
    if include:
        return amount - divided(amount * BILLION, BILLION + rate, mode)
    return divided(amount * rate, BILLION, mode)


# ---- prices


def _prices(walk: Walk, here: Here, row: Row) -> None:
    piece, (_, _, a, b, _, on_top, _, _) = here.piece, row
    cost = here.vector(ops.COST)
    walk.cost[piece.lines[here.lines]] = cost
    events = piece.events[here.numbers]
    shipped = np.zeros(len(here), np.int64) if b < 0 else here.summed(np.where(here.chosen(b), cost, 0))
    tax = np.zeros(len(here), np.int64) if a < 0 else here.read(a)
    net, shipping, charges = here.read(ops.PAID) - shipped, here.read(ops.SHIP) + shipped, here.read(ops.CHARGED)
    walk.priced[events] = 1
    walk.net[events], walk.shipping[events], walk.charges[events], walk.tax[events] = net, shipping, charges, tax
    walk.total[events] = net + shipping + charges + (tax if on_top else 0)


# ---- rules with several effects, charges, gifts


def _rule(walk: Walk, here: Here, row: Row) -> None:
    walk.emitted.marks[row[4]] = walk.emitted.mark()
    if row[5]:
        off = entries_of(here, -1, terms.OF_LINES, 0)
        runs_of(walk, off)
        here.piece.acting[row[4]] = here.piece.runs.of(np.arange(len(here.piece.lines)))


def _acted(walk: Walk, here: Here, row: Row) -> None:
    """What a rule told stays where it acted."""
    chosen = np.ones(here.piece.count, np.bool_)
    chosen[here.numbers] = here.read(row[2]) != 0
    emitted = walk.emitted
    emitted.keep_of(emitted.marks[row[4]], emitted.mark(), here.piece.events, chosen)


def _charge(walk: Walk, here: Here, row: Row) -> None:
    amount = here.read(row[2])
    some = amount > 0
    walk.emitted.charges.add(here.piece.events[here.numbers[some]], row[4], amount[some])
    here.write(ops.CHARGED, here.read(ops.CHARGED) + np.where(some, amount, 0))
    here.write(row[1], some)


def _gift(walk: Walk, here: Here, row: Row) -> None:
    sku = here.read(row[2])
    some = sku != MISSING
    walk.emitted.gifts.add(here.piece.events[here.numbers[some]], row[4], sku[some])
    here.write(row[1], some)


# ---- shares of a whole


def _quotient(_: Walk, here: Here, row: Row) -> None:
    found, wrong = _divided(here.read(row[2]), row)
    here.write(row[1], found)
    here.piece.fail(here.numbers[wrong], ops.UNSAFE)


def _quotients(_: Walk, here: Here, row: Row) -> None:
    found, wrong = _divided(here.vector(row[2]), row)
    here.lay(row[1], found)
    if wrong.any():
        here.piece.fail(here.numbers[np.unique(here.of_line[wrong])], ops.UNSAFE)


def _divided(values: Ints, row: Row) -> tuple[Ints, Flags]:
    """Quotients, and which of them are not whole, or too large."""
    found = values // row[4]
    wrong: Flags = (found * row[4] != values) | (np.abs(found) > row[6])
    return np.where(wrong, 0, found), wrong


STEPS: Final[dict[int, Callable[[Walk, Here, Row], None]]] = {
    ops.SHIPPED: _shipped,
    ops.TAKE: take,
    ops.TAXED: _taxed,
    ops.PRICES: _prices,
    ops.RULE: _rule,
    ops.ACTED: _acted,
    ops.CHARGE: _charge,
    ops.GIFT: _gift,
    ops.QUOTIENT: _quotient,
    ops.QUOTIENTS: _quotients,
}
"""By op, what it does."""
