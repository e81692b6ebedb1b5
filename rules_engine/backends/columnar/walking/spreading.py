"""The one allocation for many events at once, in NumPy: odd units to the largest remainders.

In: entries that stand event by event, their weights, and an amount for each event. Out: parts, whole numbers that add
up to the amount. What `allocation.spread` gives with the weights as caps: who gets the whole sum fills every entry.

An event has fewer odd units than entries, so they are given one after the other: each turn finds the best entry of
every event that has one left, by remainder, then weight, then rank. Most events have one or two. Where sums stay below
2^31, remainder and weight are one number.
"""

from __future__ import annotations

import numpy as np

from rules_engine.backends.columnar.batch import Flags, Ints

PACKED = 2**31


def spread_lines(amounts: Ints, weights: Ints, of_entry: Ints, rank: Ints) -> Ints:
    """The parts of entries whose weights are above 0. `amounts` and the sums of weights go by event, `of_entry` is the
    event of each entry, ascending; no amount is above the sum of its event's weights."""
    if not len(weights):
        return weights
    starts = first_of_each(of_entry)
    sizes = lengths(starts, len(weights))
    wanted, totals = amounts[of_entry[starts]], sums(weights, starts)
    products = np.repeat(wanted, sizes) * weights
    total = np.repeat(totals, sizes)
    parts = (products.view(np.uint64) // total.view(np.uint64)).view(np.int64)
    odd = wanted - sums(parts, starts)
    if odd.any():
        rests = products - parts * total
        _give_odd(odd, parts, rests, weights, rank, np.repeat(odd, sizes), starts, int(totals.max()))
    return parts


def _give_odd(
    odd: Ints, parts: Ints, rests: Ints, weights: Ints, rank: Ints, odd_of: Ints, starts: Ints, most: int
) -> None:
    """Give odd units, one at a time, to the entries with the largest remainders."""
    groups = np.repeat(np.arange(len(starts)), lengths(starts, len(parts)))
    entries = np.flatnonzero((odd_of > 0) & (rests > 0))
    packed = most < PACKED
    key = rests[entries] * PACKED + weights[entries] if packed else rests[entries]
    group, left = groups[entries], odd[groups[entries]]
    while len(entries):
        begins = first_of_each(group)
        sizes = lengths(begins, len(entries))
        best = np.flatnonzero(key == np.repeat(np.maximum.reduceat(key, begins), sizes))
        if len(best) > len(begins):
            others = (rank,) if packed else (-weights, rank)
            best = _first(best, group, [each[entries] for each in others])
        parts[entries[best]] += 1
        left = left - 1
        key[best] = 0
        stays = (left > 0) & (key > 0)
        entries, key, group, left = entries[stays], key[stays], group[stays], left[stays]


def _first(places: Ints, group: Ints, orders: list[Ints]) -> Ints:
    """Of each group the place that stands first by some orders, one after the other."""
    for order in orders:
        own = order[places]
        starts = first_of_each(group[places])
        if len(starts) == len(places):
            return places
        lowest = np.minimum.reduceat(own, starts)
        places = places[own == np.repeat(lowest, lengths(starts, len(places)))]
    return places[first_of_each(group[places])]


def first_of_each(groups: Ints) -> Ints:
    """Where each group of equal neighbours begins."""
    changes: Flags = np.empty(len(groups), np.bool_)
    changes[:1] = True
    np.not_equal(groups[1:], groups[:-1], out=changes[1:])
    return np.flatnonzero(changes)


def lengths(starts: Ints, end: int) -> Ints:
    """How long stretches are that begin at `starts`; the last ends at `end`."""
    found = np.empty(len(starts), np.int64)
    found[:-1] = starts[1:] - starts[:-1]
    found[-1:] = end - starts[-1:]
    return found


def sums(values: Ints, starts: Ints) -> Ints:
    """The sums of stretches."""
    before = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=before[1:])
    ends = np.append(starts[1:], len(values))
    found: Ints = before[ends] - before[starts]
    return found
