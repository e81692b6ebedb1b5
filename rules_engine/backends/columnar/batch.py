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
    fields that are lists. The rows of `fields`, `lines`, `facts` and `holdouts` are those of the layout."""

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


class Prices(NamedTuple):
    """By event what it costs (-1 of `priced`: it has no price), by line what the line costs."""

    priced: Small
    net: Ints
    shipping: Ints
    charges: Ints
    tax: Ints
    total: Ints
    cost: Ints


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
