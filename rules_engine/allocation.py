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
   - `last rounded`: in order of key every share is rounded half up, but never above what is left; the last entry takes
     what is left as far as its cap goes, then the one before it.
   - `running`: the running total of exact shares in order of key is rounded half up, and a part is what the rounded
     total grows by.

Keys are the ids of the lines, so that the order in which lines arrive moves nothing; without keys, entries go by their
position. Shares are never divided: step 2 compares cross products, and remainders are remainders of one division by W.

A negative amount is the mirror of the positive one, so that what is taken back is what was given. Weights and caps
below zero count as zero: a line that was credited carries no part of a discount. If no entry has weight, all parts are
zero.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal, TypeVar, get_args

Remainder = Literal["largest", "first", "last", "last rounded", "running"]
REMAINDERS: Final[tuple[Remainder, ...]] = get_args(Remainder)
Item = TypeVar("Item")


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
    if remainder == "last rounded":
        return _last_rounded(amount, total, weights, keys, caps)
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


def _last_rounded(
    amount: int, total: int, weights: Sequence[int], keys: Sequence[Any] | None, caps: Sequence[int] | None
) -> list[int]:
    parts = [0] * len(weights)
    order = [i for i in _by_key(len(weights), keys) if weights[i]]
    left = amount
    for i in order[:-1]:
        parts[i] = min((2 * amount * weights[i] + total) // (2 * total), left)
        left -= parts[i]
    _all_to_last(parts, left, order, caps)
    return parts


# ---- runs of equal entries ----

Run = tuple[int, int, int | None]
"""So many equal entries, the weight of each, the cap of each (None: no cap)."""


def spread_runs(amount: int, runs: Sequence[Run], remainder: Remainder = "largest") -> list[tuple[int, int]]:
    """What `spread` gives for equal entries written as runs, as runs of (count, part of each).

    Entries are keyed by their place. The cost is that of the runs, however many entries they hold; only `running`,
    which scatters odd units over a run, may give many runs for one. Either all runs have caps or none has.

    >>> spread_runs(1000, [(3, 1099, None)]), spread_runs(100, [(2, 5000, 10), (10_000, 1, 1)])
    ([(1, 334), (2, 333)], [(2, 10), (80, 1), (9920, 0)])
    """
    if amount < 0:
        return [(count, -part) for count, part in spread_runs(-amount, runs, remainder)]
    runs = [(count, max(weight, 0), cap if cap is None else max(cap, 0)) for count, weight, cap in runs if count]
    capped = [(count, weight, cap) for count, weight, cap in runs if cap is not None]
    filled = _filled_runs(min(amount, sum(n * cap for n, weight, cap in capped if weight)), capped) if capped else set()
    parts = [[(count, cap or 0)] if place in filled else [(count, 0)] for place, (count, _, cap) in enumerate(runs)]
    rest = [place for place, (_, weight, _) in enumerate(runs) if weight and place not in filled]
    if capped:
        amount = min(amount, sum(count * cap for count, weight, cap in capped if weight))
    left = amount - sum(count * part for place in filled for count, part in parts[place])
    for place, found in zip(rest, _shared_runs(left, [runs[place] for place in rest], remainder), strict=True):
        parts[place] = found
    return joined(run for found in parts for run in found)


def joined(runs: Iterable[tuple[int, Item]]) -> list[tuple[int, Item]]:
    """Runs with equal neighbours made one, empty ones left out."""
    found: list[tuple[int, Item]] = []
    for count, item in runs:
        if found and found[-1][1] == item:
            found[-1] = (found[-1][0] + count, item)
        elif count:
            found.append((count, item))
    return found


def _filled_runs(amount: int, runs: Sequence[tuple[int, int, int]]) -> set[int]:
    """The places of the runs that reach their caps. Equal entries reach them together: where one fills, what is left
    for the others has the same ratio of amount to weight as before or more."""
    total = sum(count * weight for count, weight, _ in runs)
    scale = max((weight for _, weight, _ in runs), default=0) ** 2
    filled: set[int] = set()
    order = (place for place, (_, weight, _) in enumerate(runs) if weight)
    for place in sorted(order, key=lambda place: runs[place][2] * scale // runs[place][1]):
        count, weight, cap = runs[place]
        if amount * weight < cap * total:
            break
        filled.add(place)
        amount -= count * cap
        total -= count * weight
    return filled


def _shared_runs(amount: int, runs: Sequence[Run], remainder: Remainder) -> list[list[tuple[int, int]]]:
    """Step 3, run by run: all weights are positive, and caps lie above the exact shares."""
    total = sum(count * weight for count, weight, _ in runs)
    if remainder == "running":
        return _running_runs(amount, total, runs)
    if remainder == "last rounded":
        return _last_rounded_runs(amount, total, runs)
    parts = [amount * weight // total for _, weight, _ in runs]
    odd = amount - sum(count * part for (count, _, _), part in zip(runs, parts, strict=True))
    found = [[(count, part)] for (count, _, _), part in zip(runs, parts, strict=True)]
    if remainder == "last":
        return _last_runs(found, odd, runs)
    order = list(range(len(runs)))
    if remainder == "largest":
        order.sort(key=lambda place: (-(amount * runs[place][1] % total), -runs[place][1]))
    for place in order:
        count, part = found[place][0]
        more = min(odd, count)
        found[place] = [(more, part + 1), (count - more, part)]
        odd -= more
    return found


def _last_runs(found: list[list[tuple[int, int]]], odd: int, runs: Sequence[Run]) -> list[list[tuple[int, int]]]:
    """All to the last entry as far as its cap goes, then to the one before it."""
    after: list[list[tuple[int, int]]] = []
    for own, (_, _, cap) in zip(reversed(found), reversed(runs), strict=True):
        parts: list[tuple[int, int]] = []
        for count, part in reversed(own):
            room = odd if cap is None else cap - part
            full = min(count, odd // room) if room else 0
            more = min(odd - full * room, room) if full < count else 0
            parts += [(full, part + room)]
            parts += [(1, part + more), (count - full - 1, part)] if full < count else []
            odd -= full * room + more
        after.append(parts[::-1])
    return after[::-1]


def _last_rounded_runs(amount: int, total: int, runs: Sequence[Run]) -> list[list[tuple[int, int]]]:
    """The last entry of all comes to nothing at first, so that what is left goes to it."""
    found = []
    left = amount
    for place, (count, weight, _) in enumerate(runs):
        others = count - 1 if place + 1 == len(runs) else count
        share = (2 * amount * weight + total) // (2 * total)
        full = min(others, left // share) if share else others
        left -= full * share
        more = left if full < others else 0
        left -= more
        found.append([(full, share), (min(1, others - full), more), (max(0, count - full - min(1, others - full)), 0)])
    return _last_runs(found, left, runs)


def _running_runs(amount: int, total: int, runs: Sequence[Run]) -> list[list[tuple[int, int]]]:
    """Within a run every entry gets its share rounded down, and now and then one more, as the rounded total grows."""
    found = []
    reached = given = 0
    for count, weight, _ in runs:
        share, over = divmod(amount * weight, total)
        inside: list[tuple[int, int]] = []
        done = 0
        while over and done < count:
            # The next entry whose rounded total passes what whole shares give.
            ahead = 2 * total * (given + 1) - 2 * (reached + done * total * share) - total
            step = -(-(ahead - 2 * done * over) // (2 * over))
            if step > count - done:
                break
            inside += [(step - 1, share), (1, share + 1)]
            given += step * share + 1
            done += step
        inside.append((count - done, share))
        given += (count - done) * share
        reached += count * amount * weight
        found.append(inside)
    return found
