"""What offers do to units, in whole numbers: amounts spread over lines and over the units of a line, and taken off.

In: lists that a generated function keeps over the lines of an event: `cost`, what each line costs now; `sizes`, how
many units it has; and `uneven`, the runs (units, what each costs) of those few lines whose units do not all cost the
same, by line. Out: parts, what is taken off each line, as an outcome has them. Quantity costs nothing, and a line whose
units are all alike is two whole numbers.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from rules_engine.allocation import joined, spread, spread_runs
from rules_engine.outcome import CodeUse, Part
from rules_engine.spelling import normal_code
from rules_engine.values import round_ratio

Runs: TypeAlias = tuple[tuple[int, int], ...]
Uneven: TypeAlias = dict[int, Runs]


def runs_of(line: int, cost: Sequence[int], sizes: Sequence[int], uneven: Uneven) -> Runs:
    """What the units of a line cost now."""
    found = uneven.get(line)
    if found is None:
        size = sizes[line]
        found = ((size, cost[line] // size),) if size else ()
    return found


def opened(cost: Sequence[int], sizes: Sequence[int], odd: Any) -> Uneven:
    """The lines whose amount does not fall evenly on their units."""
    return {
        line: tuple(spread_runs(cost[line], [(size, 1, None)], odd))
        for line, size in enumerate(sizes)
        if size > 1 and cost[line] % size
    }


def shares(amount: int, weights: list[int], lines: Sequence[int], keys: Sequence[Any], odd: Any) -> list[int]:
    """An amount, not above the sum of the weights of lines, in proportion: `spread` with the weights as caps."""
    if len(weights) == 1:
        return [amount]
    total = sum(weights)
    if amount == total:
        return weights
    if odd != "largest":
        return spread(amount, weights, weights, [keys[line] for line in lines], odd)
    products = [amount * weight for weight in weights]
    parts = [product // total for product in products]
    rest = amount - sum(parts)
    if rest:
        left = [product % total for product in products]
        if rest == 1:
            most = max(left)
            if left.count(most) == 1:
                parts[left.index(most)] += 1
                return parts
        _hand_out(rest, parts, left, weights, lines, keys)
    return parts


def _hand_out(
    rest: int, parts: list[int], left: list[int], weights: Sequence[int], lines: Sequence[int], keys: Sequence[Any]
) -> None:
    """One more for each of the largest remainders; weights and keys are looked at only where they decide."""
    order = sorted(range(len(left)), key=left.__getitem__, reverse=True)
    if left[order[rest - 1]] == left[order[rest]]:
        order.sort(key=lambda place: keys[lines[place]])
        order.sort(key=weights.__getitem__, reverse=True)
        order.sort(key=left.__getitem__, reverse=True)
    for place in order[:rest]:
        parts[place] += 1


def of_units(amount: int, size: int, each: int, odd: Any) -> Runs:
    """An amount over units that cost the same, as runs."""
    if size == 1:
        return ((1, amount),)
    part, more = divmod(amount, size)
    if not more:
        return ((size, part),)
    if odd == "largest" or odd == "first":
        return ((more, part + 1), (size - more, part))
    return tuple(spread_runs(amount, [(size, each, each)], odd))


def part_of(line: int, amount: int, cost: list[int], sizes: Sequence[int], uneven: Uneven, odd: Any) -> Part:
    """Take an amount, not above what a line costs, off its units, in proportion to what they cost."""
    size, before = sizes[line], cost[line]
    cost[line] = before - amount
    if size == 1:
        return Part(line, ((1, amount),))
    if line in uneven:
        if odd == "largest":
            off, left = divided(amount, uneven[line], before)
            if len(left) == 1:
                del uneven[line]
            else:
                uneven[line] = left
            return Part(line, off)
        off = tuple(spread_runs(amount, [(count, each, each) for count, each in uneven[line]], odd))
        _lower(line, off, uneven)
        return Part(line, off)
    each = before // size
    part, more = divmod(amount, size)
    if not more:
        return Part(line, ((size, part),))
    if odd == "largest" or odd == "first":
        uneven[line] = ((more, each - part - 1), (size - more, each - part))
        return Part(line, ((more, part + 1), (size - more, part)))
    off = tuple(spread_runs(amount, [(size, each, each)], odd))
    uneven[line] = ((size, each),)
    _lower(line, off, uneven)
    return Part(line, off)


def divided(amount: int, units: Runs, total: int) -> tuple[Runs, Runs]:
    """An amount over units in proportion to what they cost, odd units to the largest remainders: what is off, and what
    the units cost then, as runs. `total` is what the units cost together, and not below the amount."""
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
            if part == last_off:
                off[-1] = (off[-1][0] + count, part)
            else:
                off.append((count, part))
                last_off = part
            each -= part
            if each == last_left:
                left[-1] = (left[-1][0] + count, each)
            else:
                left.append((count, each))
                last_left = each
    return tuple(off), tuple(left)


def parts_of_total(
    amount: int,
    lines: Sequence[int],
    cost: list[int],
    sizes: Sequence[int],
    uneven: Uneven,
    keys: Sequence[Any],
    odd: Any,
) -> tuple[Part, ...]:
    """Take an amount, not above what they cost, off some lines, in proportion to what they cost."""
    found = []
    weights = [cost[line] for line in lines]
    for line, share in zip(lines, shares(amount, weights, lines, keys, odd), strict=True):
        if share:
            if sizes[line] == 1:
                cost[line] -= share
                found.append(Part(line, ((1, share),)))
            else:
                found.append(part_of(line, share, cost, sizes, uneven, odd))
    return tuple(found)


def parts_off_total(
    amount: int,
    lines: Sequence[int],
    cost: list[int],
    sizes: Sequence[int],
    uneven: Uneven,
    keys: Sequence[Any],
    odd: Any,
) -> list[Part]:
    """The same parts, but nothing is taken off yet."""
    weights = [cost[line] for line in lines]
    found = shares(amount, weights, lines, keys, odd)
    return [part_off(line, share, cost, sizes, uneven, odd) for line, share in zip(lines, found, strict=True) if share]


def lowered(parts: Iterable[Part], cost: list[int], sizes: Sequence[int], uneven: Uneven) -> None:
    """Take parts off their lines."""
    for part in parts:
        line, runs = part.line, part.runs
        if len(runs) == 1 and line not in uneven:
            count, off = runs[0]
            cost[line] -= count * off
            continue
        if line in uneven:
            cost[line] -= part.amount
            _lower(line, runs, uneven)
            continue
        before = cost[line]
        each = before // sizes[line]
        uneven[line] = tuple([(count, each - off) for count, off in runs])
        cost[line] = before - sum([count * off for count, off in runs])


def _lower(line: int, off: Runs, uneven: Uneven) -> None:
    """Keep what the units of a line cost once something is off."""
    runs = tuple(joined((count, each - less) for count, each, less in zipped(uneven[line], off)))
    if len(runs) == 1:
        del uneven[line]
    else:
        uneven[line] = runs


def zipped(left: Iterable[tuple[int, int]], right: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Two rows of runs over the same units, cut where either is."""
    others = iter(right)
    more = other = 0
    for count, each in left:
        while count:
            while not more:
                more, other = next(others)
            both = min(count, more)
            yield both, each, other
            count, more = count - both, more - both


def recut(given: int, parts: Sequence[Part], keys: Sequence[Any], odd: Any) -> tuple[Part, ...]:
    """Parts cut to an amount: over the lines, then over the units of each, with what they were as weights and caps."""
    weights = [part.amount for part in parts]
    cut = shares(given, weights, [part.line for part in parts], keys, odd)
    return tuple(
        [
            Part(part.line, _cut_runs(less, part.runs, weight, odd))
            for part, less, weight in zip(parts, cut, weights, strict=True)
            if less
        ]
    )


def _cut_runs(amount: int, runs: Runs, total: int, odd: Any) -> Runs:
    """Runs cut to an amount."""
    if len(runs) == 1:
        return of_units(amount, runs[0][0], runs[0][1], odd)
    if odd == "largest":
        return divided(amount, runs, total)[0]
    return tuple(spread_runs(amount, [(count, each, each) for count, each in runs], odd))


def part_off(line: int, amount: int, cost: list[int], sizes: Sequence[int], uneven: Uneven, odd: Any) -> Part:
    """An amount off the units of a line, in proportion to what they cost; nothing moves yet."""
    if line in uneven:
        return Part(line, _cut_runs(amount, uneven[line], cost[line], odd))
    size = sizes[line]
    return Part(line, of_units(amount, size, cost[line] // size, odd))


def off_units(units: Runs, amount: Any) -> tuple[int, int, Runs]:
    """An amount formed for each unit of a line: what is wanted, what there is room for, and its runs."""
    wanted = given = 0
    found = []
    for count, each in units:
        off = max(0, amount(each))
        wanted += off * count
        off = min(off, each)
        given += off * count
        found.append((count, off))
    return wanted, given, tuple(joined(found))


def ranked(keys: Sequence[Any] | None) -> list[int]:
    """The rank of each line by its key; the event's own shipping stands last."""
    if keys is None:
        return [0, 1]
    found = [0] * len(keys)
    for rank, line in enumerate(sorted(range(len(keys)), key=keys.__getitem__)):
        found[line] = rank
    return [*found, len(found)]


# ---- tax

BILLION = 10**9


def line_taxes(cost: Sequence[int], rates: Sequence[int], included: bool, mode: Any) -> list[int]:
    """The tax of each line, rounded once for each."""
    return [_tax(each, rate, included, mode) for each, rate in zip(cost, rates, strict=True)]


def unit_taxes(
    cost: Sequence[int], sizes: Sequence[int], uneven: Uneven, rates: Sequence[int], included: bool, mode: Any
) -> list[int]:
    """The tax of each line, rounded for each of its units."""
    return [
        sum([count * _tax(each, rate, included, mode) for count, each in runs_of(line, cost, sizes, uneven)])
        for line, rate in enumerate(rates)
    ]


def _tax(amount: int, rate: int, included: bool, mode: Any) -> int:
    """Prices without tax: the tax is the rounded product. Prices with tax: the net is rounded, the tax is the rest."""
    if included:
        return amount - round_ratio(amount * BILLION, BILLION + rate, mode)
    return round_ratio(amount * rate, BILLION, mode)


# ---- codes

_PUBLIC = {
    "unknown code": "not valid",
    "not before": "not yet valid",
    "ended on": "expired",
    "used up": "already used",
    "shut out": "does not combine",
    "lost to": "does not combine",
    "group is full": "does not combine",
}
"""The coarse words for those exact reasons that have their own, by how these begin."""


Asked: TypeAlias = tuple[str, str, Container[str], str | None, str | None]


class NormalCodes(dict[str, str]):
    """Codes in normal spelling, remembered; emptied when there are many."""

    def __missing__(self, code: str) -> str:
        if len(self) >= KEPT_MAX:
            self.clear()
        found = self[code] = normal_code(code)
        return found


KEPT_MAX = 100_000


def own_codes(value: Any) -> frozenset[str]:
    """The codes of a member's fact, which is a text, a list, or absent."""
    values = value if isinstance(value, tuple) else (value,)
    return frozenset([normal_code(str(each)) for each in values if each is not None])


def counter_of(key: str, *values: Any) -> str | None:
    """The name of the counter of these values; None where one is absent."""
    if None in values:
        return None
    return " ".join([key, *[str(each).lower() if isinstance(each, bool) else str(each) for each in values]])


def by_counter(changes: list[Any], start: int) -> None:
    """Sort what happened to limits, from a place on, by their counters."""
    changes[start:] = sorted(changes[start:], key=lambda each: (each.limit, each.occurrence))


def code_uses(
    presented: dict[str, str], asked: Sequence[Asked], known: Iterable[Container[str]]
) -> tuple[CodeUse, ...]:
    """What became of each presented code. `asked` has, of each rule with codes, in the order in which they were asked,
    its key, its title, its codes, why it did not act (empty: it acted), and the code that set it off. `known` are the
    codes of all rules."""
    found = []
    for normal, code in presented.items():
        acted = tuple([key for key, _, _, why, by in asked if why == "" and by == normal])
        if acted:
            found.append(CodeUse(code, acted))
            continue
        for _, title, texts, why, _ in asked:
            if normal in texts:
                reason = why or f"lost to {title}"
                break
        else:
            reason = "not for this event" if any(normal in some for some in known) else "unknown code"
        public = next((word for start, word in _PUBLIC.items() if reason.startswith(start)), "not for this order")
        found.append(CodeUse(code, (), reason, public))
    return tuple(found)
