"""The one allocation for many amounts at once, in every mode: over lines, over units in runs, with caps or without.

In: an amount of each owner, and its entries: so many equal ones, the weight of each, the cap of each. Out: what each
gets, as runs. What `allocation.spread_runs` gives, owner by owner; with entries of one each it is `allocation.spread`.
`spreading.py` does the commonest case (lines, largest remainders, weights that are caps) in less time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rules_engine.allocation import REMAINDERS
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.tape import AMOUNT_MAX

LARGEST, FIRST, LAST, LAST_ROUNDED, RUNNING = range(len(REMAINDERS))
"""The modes by their places in `allocation.REMAINDERS`."""


class Entries(NamedTuple):
    """Entries owner by owner, each owner's in the order of their keys: whose, how many, the weight and cap of each."""

    owner: Ints
    size: Ints
    weight: Ints
    cap: Ints | None


class Shares(NamedTuple):
    """What entries get: a row for each run of equal parts, entry by entry, in their order; none of no length."""

    entry: Ints
    size: Ints
    part: Ints


def share(amounts: Ints, entries: Entries, mode: int) -> tuple[Shares, Flags]:
    """The shares, and the owners whose numbers are too large to be proved safe: these get nothing. Amounts, weights and
    caps are not below 0."""
    owner, count, weight, cap = entries
    offsets = np.searchsorted(owner, np.arange(len(amounts) + 1))
    weighty = (weight > 0) & (count > 0)
    large = np.maximum(amounts, 1 if cap is None else _most(cap, offsets))
    unsafe: Flags = large > AMOUNT_MAX // np.maximum(totals(np.where(weighty, count * weight, 0), offsets), 1)
    weighty &= ~unsafe[owner]
    part = np.zeros(len(owner), np.int64)
    if cap is None:
        left, total = amounts, totals(np.where(weighty, count * weight, 0), offsets)
    else:
        cap = np.where(weighty, cap, 0)
        left, total = _filled(np.minimum(amounts, totals(count * cap, offsets)), entries, cap, weighty, part, offsets)
    places = np.flatnonzero(weighty)
    others = np.flatnonzero(~weighty)
    rest = _Rest(places, owner[places], count[places], weight[places], None if cap is None else cap[places])
    found = _whole(rest, left, total, mode)
    return _in_order([(others, count[others], part[others]), *found]), unsafe


def share_lines(
    amounts: Ints, owner: Ints, rank: Ints, weight: Ints, cap: Ints | None, mode: int
) -> tuple[Ints, Flags]:
    """The same over entries of one each, whatever their order in an owner; keys are ranks."""
    order = np.lexsort((rank, owner))
    ones = np.ones(len(owner), np.int64)
    entries = Entries(owner[order], ones, weight[order], None if cap is None else cap[order])
    shares, unsafe = share(amounts, entries, mode)
    parts = np.zeros(len(owner), np.int64)
    parts[order[shares.entry]] = shares.part
    return parts, unsafe


def totals(values: Ints, offsets: Ints) -> Ints:
    """The sums of stretches that begin at `offsets`."""
    running = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=running[1:])
    return np.diff(running[offsets])


def _most(values: Ints, offsets: Ints) -> Ints:
    """The largest of each stretch, 1 at least."""
    found = np.ones(len(offsets) - 1, np.int64)
    np.maximum.at(found, np.repeat(np.arange(len(found)), np.diff(offsets)), values)
    return found


def _filled(
    left: Ints, entries: Entries, cap: Ints, weighty: Flags, part: Ints, offsets: Ints
) -> tuple[Ints, Ints]:  # fmt: skip
    """Water is poured: entries that reach their caps leave with them, all at once, as long as there are any. What is
    left for the others, and their weight; `part` and `weighty` are moved along."""
    owner, count, weight, _ = entries
    while True:
        total = totals(np.where(weighty, count * weight, 0), offsets)
        full = weighty & (left[owner] * weight >= cap * total[owner])
        if not full.any():
            return left, total
        part[full] = cap[full]
        left = left - totals(np.where(full, count * cap, 0), offsets)
        weighty &= ~full


class _Rest(NamedTuple):
    """The entries that have not reached their caps."""

    place: Ints
    owner: Ints
    size: Ints
    weight: Ints
    cap: Ints | None


Run = tuple[Ints, Ints, Ints]
"""Entries, how many of each, the part of each."""


def _whole(rest: _Rest, amounts: Ints, weights: Ints, mode: int) -> list[Run]:
    """Exact shares made whole numbers."""
    if not len(rest.place):
        return []
    offsets = np.searchsorted(rest.owner, np.arange(len(amounts) + 1))
    amount, total = amounts[rest.owner], np.maximum(weights[rest.owner], 1)
    products = amount * rest.weight
    parts, rests = np.divmod(products, total)
    if mode == RUNNING:
        return _running(rest, products, total, offsets)
    if mode == LAST_ROUNDED:
        return _last_rounded(rest, amount, parts + (2 * rests >= total), amounts, offsets)
    odd = amounts - totals(rest.size * parts, offsets)
    if mode == LAST:
        return _to_last(rest.place, rest.owner, rest.size, parts, rest.cap, odd)
    order = np.lexsort((-rest.weight, -rests, rest.owner)) if mode == LARGEST else np.arange(len(parts))
    more = np.zeros(len(parts), np.int64)
    more[order] = np.clip(odd[rest.owner] - before_each(rest.size[order], offsets), 0, rest.size[order])
    return [(rest.place, more, parts + 1), (rest.place, rest.size - more, parts)]


def before_each(values: Ints, offsets: Ints) -> Ints:
    """The sums of what stands before each in its stretch."""
    if not len(values):
        return values
    running = np.cumsum(values) - values
    sizes = np.diff(offsets)
    starts = running[np.minimum(offsets[:-1], len(values) - 1)]
    found: Ints = running - np.repeat(starts, sizes)
    return found


def _to_last(place: Ints, owner: Ints, count: Ints, part: Ints, cap: Ints | None, odd: Ints) -> list[Run]:
    """All odd units to the last entry as far as its cap goes, then to the one before it."""
    some = np.flatnonzero(count > 0)
    place, owner, count, part = place[some], owner[some], count[some], part[some]
    offsets = np.searchsorted(owner, np.arange(len(odd) + 1))
    if cap is None:
        full = np.zeros(len(place), np.int64)
        more = np.where(np.append(owner[1:] != owner[:-1], np.ones(min(1, len(owner)), np.bool_)), odd[owner], 0)
        room = full
    else:
        room = cap[some] - part
        rooms = count * room
        left = np.maximum(odd[owner] - (totals(rooms, offsets)[owner] - before_each(rooms, offsets) - rooms), 0)
        full = np.where(room > 0, np.minimum(count, left // np.maximum(room, 1)), 0)
        more = np.where(full < count, np.minimum(left - full * room, room), 0)
    one = np.minimum(count - full, 1)
    return [_beside(place, (count - full - one, part), (one, part + more), (full, part + room))]


def _last_rounded(rest: _Rest, amount: Ints, shares: Ints, amounts: Ints, offsets: Ints) -> list[Run]:
    """Shares rounded half up, never above what is left; the last entry of all takes what is left."""
    is_last = np.append(rest.owner[1:] != rest.owner[:-1], True)
    others = rest.size - is_last
    left = np.maximum(amount - before_each(others * shares, offsets), 0)
    full = np.where(shares > 0, np.minimum(others, left // np.maximum(shares, 1)), others)
    left = left - full * shares
    one = np.minimum(others - full, 1)
    more = np.where(one > 0, left, 0)
    odd = amounts - totals(full * shares + more, offsets)
    nothing = np.zeros(len(full), np.int64)
    places, counts, parts = _beside(rest.place, (full, shares), (one, more), (rest.size - full - one, nothing))
    caps = None if rest.cap is None else np.repeat(rest.cap, 3)
    return _to_last(places, np.repeat(rest.owner, 3), counts, parts, caps, odd)


def _beside(place: Ints, *runs: tuple[Ints, Ints]) -> Run:
    """Several runs of each entry, one after the other."""
    counts, parts = (np.stack([run[column] for run in runs], axis=1).ravel() for column in (0, 1))
    return np.repeat(place, len(runs)), counts, parts


def _running(rest: _Rest, products: Ints, total: Ints, offsets: Ints) -> list[Run]:
    """Each gets what the rounded running total of exact shares grows by."""
    entry = np.repeat(np.arange(len(rest.place)), rest.size)
    nth = np.arange(len(entry)) - np.repeat(np.cumsum(rest.size) - rest.size, rest.size) + 1
    before = before_each(rest.size * products, offsets)
    parts, rests = np.divmod(before[entry] + nth * products[entry], total[entry])
    reached = parts + (2 * rests >= total[entry])
    owner = rest.owner[entry]
    first = np.append(np.ones(min(1, len(owner)), np.bool_), owner[1:] != owner[:-1])
    grown = np.where(first, reached, reached - np.append(np.zeros(min(1, len(reached)), np.int64), reached[:-1]))
    return [(rest.place[entry], np.ones(len(entry), np.int64), grown)]


def _in_order(runs: list[Run]) -> Shares:
    """Runs entry by entry, those of an entry in the order in which they were made; equal neighbours are one."""
    place, count, part = (np.concatenate([run[column] for run in runs]) for column in range(3))
    order = np.argsort(place, kind="stable")
    order = order[count[order] > 0]
    place, count, part = place[order], count[order], part[order]
    if not len(place):
        return Shares(place, count, part)
    first = np.append(True, (place[1:] != place[:-1]) | (part[1:] != part[:-1]))
    heads = np.flatnonzero(first)
    return Shares(place[heads], np.add.reduceat(count, heads), part[heads])
