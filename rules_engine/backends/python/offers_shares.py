"""Amounts in proportion, odd units to the largest remainders: over lines, and over the units of a line.

In: amounts, weights, and runs (units, what each costs). Out: shares, whole, that add up; and for the units of a line
both what is off and what they cost then, as runs. It gives what `allocation.spread` gives where no share can pass its
weight, and is quick in the usual case, where remainders differ at the cut: then neither weights nor keys are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

Runs: TypeAlias = tuple[tuple[int, int], ...]


def largest(amount: int, weights: list[int], lines: Sequence[int], keys: Sequence[Any]) -> list[int]:
    """An amount, not above the sum of the weights of lines, in proportion. `weights` may be given back."""
    total = sum(weights)
    if amount == total:
        return weights
    parts, left, rest = [], [], amount  # in one loop, since what a comprehension borrows costs all the function
    for weight in weights:
        product = amount * weight
        part = product // total
        parts.append(part)
        left.append(product - part * total)
        rest -= part
    if not rest:
        return parts
    if rest == 1:
        most = max(left)
        if left.count(most) == 1:
            parts[left.index(most)] += 1
            return parts
    else:
        ordered = sorted(left)
        least = ordered[-rest]
        if ordered[-rest - 1] != least:
            for place, odd in enumerate(left):
                if odd >= least:
                    parts[place] += 1
            return parts
    return _by_keys(rest, parts, left, weights, lines, keys)


def _by_keys(
    rest: int, parts: list[int], left: list[int], weights: list[int], lines: Sequence[int], keys: Sequence[Any]
) -> list[int]:
    """Remainders tie at the cut: larger weights go first, then by key."""
    order = sorted(range(len(left)), key=lambda place: keys[lines[place]])
    order.sort(key=weights.__getitem__, reverse=True)
    order.sort(key=left.__getitem__, reverse=True)
    for place in order[:rest]:
        parts[place] += 1
    return parts


def divided(amount: int, units: Runs, total: int) -> tuple[Runs, Runs]:
    """An amount over units in proportion to what they cost: what is off, and what the units cost then, as runs. `total`
    is what the units cost together, and not below the amount."""
    if len(units) == 2:
        (first, one), (second, other) = units
        part, left = divmod(amount * one, total)
        another, over = divmod(amount * other, total)
        rest = amount - part * first - another * second
        more = extra = 0
        if rest:
            if left > over or (left == over and one >= other):
                more = min(rest, first)
                extra = rest - more
            else:
                extra = min(rest, second)
                more = rest - extra
        return _joined(
            (
                (more, part + 1, one),
                (first - more, part, one),
                (extra, another + 1, other),
                (second - extra, another, other),
            )
        )
    return _joined(_divided(amount, units, total))


def _divided(amount: int, units: Runs, total: int) -> list[tuple[int, int, int]]:
    """The same for any number of runs, as (units, off each, cost of each before)."""
    shared = [divmod(amount * each, total) for _, each in units]
    rest = amount - sum([part * count for (part, _), (count, _) in zip(shared, units, strict=True)])
    more = [0] * len(units)
    if rest:
        for place in sorted(range(len(units)), key=lambda place: (-shared[place][1], -units[place][1])):
            more[place] = min(rest, units[place][0])
            rest -= more[place]
            if not rest:
                break
    found = []
    for (count, each), (part, _), extra in zip(units, shared, more, strict=True):
        found += [(extra, part + 1, each), (count - extra, part, each)]
    return found


def _joined(rows: Iterable[tuple[int, int, int]]) -> tuple[Runs, Runs]:
    """What is off and what is left, as runs: equal neighbours are one."""
    off: list[tuple[int, int]] = []
    left: list[tuple[int, int]] = []
    last_off = last_left = None
    for count, part, each in rows:
        if count:
            rest = each - part
            if part == last_off:
                off[-1] = (off[-1][0] + count, part)
            else:
                off.append((count, part))
                last_off = part
            if rest == last_left:
                left[-1] = (left[-1][0] + count, rest)
            else:
                left.append((count, rest))
                last_left = rest
    return tuple(off), tuple(left)
