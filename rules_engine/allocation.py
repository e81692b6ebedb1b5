"""The one allocation: an amount spread over entries by weight, under caps, without losing or making a minor unit.

In come an amount in minor units, a weight for each entry and, where there are any, caps; out come the parts, whole
numbers that add up to the amount, or to all the room there is where the caps leave less. Lines, units of a line, capped
discounts, shipping, awards and shared pools are all split here, so a receipt can be recomputed with one rule.

1. The amount is cut to the room: the sum of the caps of entries that have weight. An entry without weight gets nothing.
2. Water is poured. In proportion to weight, entry i would get amount * w_i / W. The entries are sorted by cap / weight,
   the order in which they would fill up; while the first of them gets its whole cap or more, it gets the cap and leaves
   with it, and the rest share what is left. What remains are entries whose exact shares lie below their caps.
3. Exact shares become whole numbers. Each is rounded down, and a few odd minor units, fewer than there are entries, are
   left over. An exact share below a whole cap, rounded up, is still not above it, so an odd unit always fits.
   - `largest`: one each to those with the largest remainders; ties go to the larger weight, then to the lower key.
   - `first`: one each to the entries in order of key.
   - `last`: all to the last entry in order of key, as far as its cap goes, then to the one before it.
   - `running`: the running total of exact shares in order of key is rounded half up, and a part is what the rounded
     total grows by.

Keys are the ids of the lines, so that the order in which lines arrive moves nothing; without keys, entries go by their
position. Shares are never divided: step 2 compares cross products, and remainders are remainders of one division by W.

A negative amount is the mirror of the positive one, so that what is taken back is what was given. Weights and caps
below zero count as zero: a line that was credited carries no part of a discount. If no entry has weight, all parts are
zero.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal, get_args

Remainder = Literal["largest", "first", "last", "running"]
REMAINDERS: Final[tuple[Remainder, ...]] = get_args(Remainder)


def spread(
    amount: int,
    weights: Sequence[int],
    caps: Sequence[int] | None = None,
    keys: Sequence[Any] | None = None,
    remainder: Remainder = "largest",
) -> list[int]:
    """The parts of `amount`, one for each weight and in the order of the weights; all in the same minor unit.

    The parts add up to the amount, or to the sum of the caps of entries with weight where that is less in magnitude.
    Keys are comparable and all different; `remainder` says who gets the odd minor units.

    >>> spread(329, [1099, 1099, 1099]), spread(399, [1999, 1, 1999])
    ([110, 110, 109], [200, 0, 199])
    >>> spread(-329, [1099, 1099, 1099]), spread(100, [1, 1, 1], caps=[10, 40, 90])
    ([-110, -110, -109], [10, 40, 50])
    """
    if amount < 0:
        return [-part for part in spread(-amount, weights, caps, keys, remainder)]
    if len(weights) == 1:
        return [_single(amount, weights[0], caps)]
    if min(weights, default=0) < 0:
        weights = [max(weight, 0) for weight in weights]
    if caps is None:
        return _shared(amount, weights, keys, remainder)
    return _capped(amount, weights, caps, keys, remainder)


def _single(amount: int, weight: int, caps: Sequence[int] | None) -> int:
    if weight <= 0:
        return 0
    return amount if caps is None else min(amount, max(caps[0], 0))


def _capped(
    amount: int, weights: Sequence[int], caps: Sequence[int], keys: Sequence[Any] | None, remainder: Remainder
) -> list[int]:
    """Steps 1 and 2: cut to the room and fill the entries that reach their caps; the rest share freely."""
    caps = [cap if cap > 0 and weight > 0 else 0 for cap, weight in zip(caps, weights, strict=True)]
    amount = min(amount, sum(caps))
    total = sum(weights)
    if all(amount * weight < cap * total for weight, cap in zip(weights, caps, strict=True) if weight):
        return _shared(amount, weights, keys, remainder, caps)
    return _filled(amount, total, weights, caps, keys, remainder)


def _filled(
    amount: int, total: int, weights: Sequence[int], caps: list[int], keys: Sequence[Any] | None, remainder: Remainder
) -> list[int]:
    """Two different ratios cap / weight differ by at least 1 / scale, so scaled and rounded down they sort exactly."""
    scale = max(weights) ** 2
    parts = [0] * len(weights)
    open_entries = sorted(
        (i for i, weight in enumerate(weights) if weight), key=lambda i: caps[i] * scale // weights[i]
    )
    filled = 0
    for i in open_entries:
        if amount * weights[i] < caps[i] * total:
            break
        parts[i] = caps[i]
        amount -= caps[i]
        total -= weights[i]
        filled += 1
    rest = sorted(open_entries[filled:])
    if rest:
        rest_keys = None if keys is None else [keys[i] for i in rest]
        shares = _shared(amount, [weights[i] for i in rest], rest_keys, remainder, [caps[i] for i in rest])
        for i, share in zip(rest, shares, strict=True):
            parts[i] = share
    return parts


def _shared(
    amount: int,
    weights: Sequence[int],
    keys: Sequence[Any] | None,
    remainder: Remainder,
    caps: Sequence[int] | None = None,
) -> list[int]:
    """Step 3: shares in proportion to weight, made whole. Caps, where given, lie above the exact shares."""
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)
    if remainder == "running":
        return _running(amount, total, weights, keys)
    products = [amount * weight for weight in weights]
    parts = [product // total for product in products]
    odd = amount - sum(parts)
    if odd == 0:
        return parts
    if remainder == "largest":
        left = [product % total for product in products]
        _one_each(parts, odd, _by_remainder(left, weights, keys))
        return parts
    order = [i for i in _by_key(len(weights), keys) if weights[i]]
    if remainder == "first":
        _one_each(parts, odd, order)
    else:
        _all_to_last(parts, odd, order, caps)
    return parts


def _by_remainder(left: list[int], weights: Sequence[int], keys: Sequence[Any] | None) -> list[int]:
    """Three stable sorts, the least important first, are faster than one by a key of three."""
    order = _by_key(len(left), keys)
    order.sort(key=weights.__getitem__, reverse=True)
    order.sort(key=left.__getitem__, reverse=True)
    return order


def _by_key(count: int, keys: Sequence[Any] | None) -> list[int]:
    return list(range(count)) if keys is None else sorted(range(count), key=keys.__getitem__)


def _one_each(parts: list[int], odd: int, order: list[int]) -> None:
    for i in order[:odd]:
        parts[i] += 1


def _all_to_last(parts: list[int], odd: int, order: list[int], caps: Sequence[int] | None) -> None:
    for i in reversed(order):
        more = odd if caps is None else min(odd, caps[i] - parts[i])
        parts[i] += more
        odd -= more


def _running(amount: int, total: int, weights: Sequence[int], keys: Sequence[Any] | None) -> list[int]:
    parts = [0] * len(weights)
    reached = given = 0
    for i in _by_key(len(weights), keys):
        reached += amount * weights[i]
        rounded = (2 * reached + total) // (2 * total)
        parts[i] = rounded - given
        given = rounded
    return parts
