"""What goes into the columnar back end and what comes out of it: columns, and nothing else.

In: nothing; those who read files fill a `Batch`. Out: `Results`, in the order of events.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


class Batch(NamedTuple):
    """Some events in scoring order. `kind` and `member` are numbers (-1: a guest); line j of event i is at
    `offsets[i] + j`; `rank` orders lines by what ties go by, equal ones by place. `ragged` has (offsets, values) of
    fields that are lists. The rows of `fields`, `lines`, `facts` and `holdouts` are those of the layout.
    `line_lists` and `fact_lists` have (offsets, values) of lists of lines, and of members."""

    kind: Small
    member: Small
    day: Ints
    instant: Ints
    fields: Ints
    offsets: Ints
    lines: Ints
    rank: Ints
    ragged: tuple[tuple[Ints, Ints], ...]
    facts: Ints
    holdouts: Ints
    line_lists: tuple[tuple[Ints, Ints], ...] = ()
    fact_lists: tuple[tuple[Ints, Ints], ...] = ()


class Awards(NamedTuple):
    """A row an award: its event, its number on the layout, amounts, the limit that cut it (-1: none), whether the
    member is held out, its last days (`MISSING`: none)."""

    event: Small
    give: Small
    wanted: Ints
    given: Ints
    cut: Small
    held: Small
    pending: Ints
    expires: Ints


class Discounts(NamedTuple):
    """A row an effect that took something off: its event, its number on the layout, amounts, the limit that cut it."""

    event: Small
    effect: Small
    wanted: Ints
    given: Ints
    cut: Small
    held: Small


class Parts(NamedTuple):
    """A row a run of equal units that a discount took something off: the number of the discount, the line, how many
    units, how much off each."""

    discount: Ints
    line: Small
    units: Ints
    each: Ints


class Tiers(NamedTuple):
    """A row a change of the held rung: its event, the rungs, the first day on the new one, its reason on the layout."""

    event: Small
    before: Small
    after: Small
    since: Ints
    reason: Small


class Codes(NamedTuple):
    """A row for each rule that a presented code set off, or one with rule -1 and the reason why it set off none: event,
    place among the presented codes, rule on the layout, reason."""

    event: Small
    place: Small
    rule: Small
    reason: Small


class Charges(NamedTuple):
    """A row a charge: its event, its number among `layout.charges`, how much."""

    event: Small
    charge: Small
    amount: Ints


class Gifts(NamedTuple):
    """A row a gift: its event, its number among `layout.gifts`, the code of its text."""

    event: Small
    gift: Small
    sku: Ints


NO_CHARGES = Charges(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64))
NO_GIFTS = Gifts(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64))


class Prices(NamedTuple):
    """By event what it costs (`priced` is 1 where it has a price), by line what the line costs. What the shipping of
    the event's own field costs is among `shipping` only."""

    priced: Small
    net: Ints
    shipping: Ints
    charges: Ints
    tax: Ints
    total: Ints
    cost: Ints


class Used(NamedTuple):
    """A row for what a rule took of a unit: its event, its number among the layout's takings, how much it asked for
    before limits, how much it took, the limit that cut it (-1: none), whether the member is held out."""

    event: Small
    taking: Small
    wanted: Ints
    taken: Ints
    cut: Small
    held: Small


class Payments(NamedTuple):
    """A row a payment: its event, its number among the layout's takings, units offered and taken, minor units paid."""

    event: Small
    taking: Small
    offered: Ints
    taken: Ints
    value: Ints


class Said(NamedTuple):
    """A row a message: its event, its number on the layout."""

    event: Small
    text: Small


_NO_INTS: Ints = np.zeros(0, np.int64)
_NO_SMALL: Small = np.zeros(0, np.int32)
NO_USED = Used(_NO_SMALL, _NO_SMALL, _NO_INTS, _NO_INTS, _NO_SMALL, _NO_SMALL)
NO_SAID = Said(_NO_SMALL, _NO_SMALL)
NO_PAYMENTS = Payments(_NO_SMALL, _NO_SMALL, _NO_INTS, _NO_INTS, _NO_INTS)


class Results(NamedTuple):
    """What a batch came to. An event that is not `done` has nothing in the other columns, and `why` says why."""

    done: Flags
    why: npt.NDArray[np.int16]
    awards: Awards
    discounts: Discounts
    parts: Parts
    tiers: Tiers
    codes: Codes
    prices: Prices
    used: Used = NO_USED
    payments: Payments = NO_PAYMENTS
    charges: Charges = NO_CHARGES
    gifts: Gifts = NO_GIFTS
    said: Said = NO_SAID
