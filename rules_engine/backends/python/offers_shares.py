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
    parts, left = [], []  # in one loop, since what a comprehension borrows costs all the function
    for weight in weights:
        product = amount * weight
        parts.append(product // total)
        left.append(product % total)
    rest = sum(left) // total
    if not rest:
        return parts
    ordered = sorted(left)
    least = ordered[-rest]
    if ordered[-rest - 1] != least:
        if rest == 1:
            parts[left.index(least)] += 1
            return parts
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
        return _divided_two(amount, units, total)
    return _joined(_divided(amount, units, total))


def _divided_two(amount: int, units: Runs, total: int) -> tuple[Runs, Runs]:
    """The same for two runs: odd units fall on the one with the larger remainder, then on the dearer, first on the
    first. Either run may be all lowered by one more; then two runs stay two, or become one."""
    (first, one), (second, other) = units
    product, another_product = amount * one, amount * other
    part, another = product // total, another_product // total
    rest = amount - part * first - another * second
    if rest:
        left, over = product - part * total, another_product - another * total
        if left > over or (left == over and one >= other):
            if rest < first:
                return _first_cut(rest, first - rest, part, one, (second, another), other - another)
            part += 1
            rest -= first
            if rest:
                return _second_cut((first, part), one - part, rest, second - rest, another, other)
        else:
            if rest < second:
                return _second_cut((first, part), one - part, rest, second - rest, another, other)
            another += 1
            rest -= second
            if rest:
                return _first_cut(rest, first - rest, part, one, (second, another), other - another)
    one -= part
    other -= another
    return (
        ((first, part), (second, another)) if part != another else ((first + second, part),),
        ((first, one), (second, other)) if one != other else ((first + second, one),),
    )


def _first_cut(more: int, less: int, part: int, one: int, second: tuple[int, int], other: int) -> tuple[Runs, Runs]:
    """Of the first of two runs some units are lowered by one more: what is off, and what is left."""
    count, another = second
    one -= part
    return (
        ((more, part + 1), (less, part), second) if part != another else ((more, part + 1), (less + count, part)),
        ((more, one - 1), (less, one), (count, other)) if one != other else ((more, one - 1), (less + count, one)),
    )


def _second_cut(first: tuple[int, int], one: int, more: int, less: int, another: int, other: int) -> tuple[Runs, Runs]:
    """Of the second of two runs some units are lowered by one more: what is off, and what is left."""
    count, part = first
    above, other = another + 1, other - another
    below = other - 1
    return (
        (first, (more, above), (less, another)) if part != above else ((count + more, part), (less, another)),
        ((count, one), (more, below), (less, other)) if one != below else ((count + more, one), (less, other)),
    )


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
