"""What offers do to units, in whole numbers: amounts spread over lines and over the units of a line, and taken off.

In: lists that a generated function keeps over the lines of an event: `cost`, what each line costs now; `sizes`, how
many units it has; and `uneven`, the runs (units, what each costs) of those few lines whose units do not all cost the
same, by line. Out: parts, what is taken off each line, as an outcome has them. Quantity costs nothing, and a line whose
units are all alike is two whole numbers.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import starmap
from typing import Any, TypeAlias

from rules_engine.allocation import joined, spread, spread_runs
from rules_engine.backends.python.offers_shares import Runs, divided, largest
from rules_engine.decoding import CODE_MAX, UNPRINTABLE
from rules_engine.outcome import CodeUse, Part, refused_code
from rules_engine.spelling import normal_code
from rules_engine.values import round_ratio

Uneven: TypeAlias = dict[int, Runs]
Row: TypeAlias = tuple[int, Runs]
"""A part as JSON tells it: a line, and what is off its units."""


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
    if odd == "largest":
        return largest(amount, weights, lines, keys)
    return weights if amount == sum(weights) else _shares_within(amount, weights, weights, lines, keys, odd)


def shares_above(
    amount: int,
    lines: Sequence[int],
    cost: Sequence[int],
    sizes: Sequence[int],
    uneven: Uneven,
    keys: Sequence[Any],
    odd: Any,
    floors: Sequence[int] | None,
) -> list[int]:
    """An amount, not above what lines have above their floors, in proportion to what they cost."""
    if len(lines) == 1:
        return [amount]
    if floors is not None:
        return _shares_to_floors(amount, lines, cost, sizes, uneven, keys, odd, floors)
    weights = list(cost) if len(lines) == len(cost) else list(map(cost.__getitem__, lines))
    return shares(amount, weights, lines, keys, odd)


def _shares_to_floors(
    amount: int,
    lines: Sequence[int],
    cost: Sequence[int],
    sizes: Sequence[int],
    uneven: Uneven,
    keys: Sequence[Any],
    odd: Any,
    floors: Sequence[int],
) -> list[int]:
    """The same where lines may have floors."""
    weights = [cost[line] for line in lines]
    if not any(floors[line] for line in lines):
        return shares(amount, weights, lines, keys, odd)
    rooms = [room_of(line, cost, sizes, uneven, floors[line]) for line in lines]
    total = sum(weights)
    if odd == "largest" and all(
        amount * each < room * total for each, room in zip(weights, rooms, strict=True) if each
    ):
        return shares(amount, weights, lines, keys, odd)
    return _shares_within(amount, weights, rooms, lines, keys, odd)


def _shares_within(
    amount: int, weights: list[int], rooms: list[int], lines: Sequence[int], keys: Sequence[Any], odd: Any
) -> list[int]:
    """Shares that pass no room."""
    return spread(amount, weights, rooms, [keys[line] for line in lines], odd)


def room_of(line: int, cost: Sequence[int], sizes: Sequence[int], uneven: Uneven, floor: int) -> int:
    """What the units of a line have above its floor."""
    if not floor:
        return cost[line]
    if line in uneven:
        return sum([count * max(0, each - floor) for count, each in uneven[line]])
    return max(0, cost[line] - sizes[line] * floor)


def rooms_of(
    lines: Iterable[int], cost: Sequence[int], sizes: Sequence[int], uneven: Uneven, floors: Sequence[int]
) -> int:
    """What all units of some lines have above their floors."""
    return sum([room_of(line, cost, sizes, uneven, floors[line]) for line in lines])


def sum_at(amounts: Sequence[int], lines: Iterable[int]) -> int:
    """What some lines come to."""
    return sum(map(amounts.__getitem__, lines))


def parts_sum(parts: Iterable[Part]) -> int:
    """What parts come to."""
    return sum([part.amount for part in parts])


def any_units(sizes: Sequence[int], lines: Iterable[int]) -> bool:
    """Whether some lines have a unit."""
    return any(sizes[line] for line in lines)


def of_units(amount: int, size: int, each: int, odd: Any, floor: int = 0) -> Runs:
    """An amount over units that cost the same, as runs."""
    if size == 1:
        return ((1, amount),)
    part, more = divmod(amount, size)
    if not more:
        return ((size, part),)
    if odd == "largest" or odd == "first":
        return ((more, part + 1), (size - more, part))
    return _above(amount, ((size, each),), odd, floor)


def part_of(
    line: int, amount: int, cost: list[int], sizes: Sequence[int], uneven: Uneven, odd: Any, floor: int = 0
) -> Part:
    """Take an amount, not above what a line has above its floor, off its units, in proportion to what they cost."""
    return Part(*row_of(line, amount, cost, sizes, uneven, odd, floor))


def row_of(
    line: int, amount: int, cost: list[int], sizes: Sequence[int], uneven: Uneven, odd: Any, floor: int = 0
) -> Row:
    """The same, and its part as JSON tells it."""
    size, before = sizes[line], cost[line]
    cost[line] = before - amount
    if size == 1:
        return line, ((1, amount),)
    units = uneven.get(line)
    if units is None:
        each = before // size
        part = amount // size
        more = amount - part * size
        if not more:
            return line, ((size, part),)
        if odd == "largest" or odd == "first":
            uneven[line] = ((more, each - part - 1), (size - more, each - part))
            return line, ((more, part + 1), (size - more, part))
        units = ((size, each),)
    elif odd == "largest" and not (floor and _reaches(amount, units, before, floor)):
        off, left = divided(amount, units, before)
        if len(left) == 1:
            del uneven[line]
        else:
            uneven[line] = left
        return line, off
    off = _above(amount, units, odd, floor)
    uneven[line] = units
    _lower(line, off, uneven)
    return line, off


def _reaches(amount: int, units: Runs, total: int, floor: int) -> bool:
    """Whether what falls on some unit reaches down to a floor, so that others carry more than their share."""
    return any(amount * each >= (each - floor) * total for _, each in units)


def _above(amount: int, units: Runs, odd: Any, floor: int) -> Runs:
    """An amount over units in proportion to what they cost, none of them below a floor."""
    return tuple(spread_runs(amount, [(count, each, max(0, each - floor)) for count, each in units], odd))


def parts_of_total(
    amount: int,
    lines: Sequence[int],
    cost: list[int],
    sizes: Sequence[int],
    uneven: Uneven,
    keys: Sequence[Any],
    odd: Any,
    floors: Sequence[int] | None = None,
) -> tuple[Part, ...]:
    """Take an amount, not above what they cost, off some lines, in proportion to what they cost."""
    return tuple(starmap(Part, rows_of_total(amount, lines, cost, sizes, uneven, keys, odd, floors)))


def rows_of_total(
    amount: int,
    lines: Sequence[int],
    cost: list[int],
    sizes: Sequence[int],
    uneven: Uneven,
    keys: Sequence[Any],
    odd: Any,
    floors: Sequence[int] | None = None,
) -> list[Row]:
    """The same, and the parts as JSON tells them."""
    if odd != "largest" or floors is not None:
        return _rows_above(amount, lines, cost, sizes, uneven, keys, odd, floors)
    if len(lines) == 1:
        each = [amount]
    else:
        weights = cost[:] if len(lines) == len(cost) else list(map(cost.__getitem__, lines))
        each = largest(amount, weights, lines, keys)
    found: list[Row] = []
    for line, share in zip(lines, each):  # noqa: B905 - as many of one as of the other
        if share:
            size, before = sizes[line], cost[line]
            cost[line] = before - share
            if size == 1:
                found.append((line, ((1, share),)))
            elif line in uneven:
                runs, left = divided(share, uneven[line], before)
                if len(left) > 1:
                    uneven[line] = left
                else:
                    del uneven[line]
                found.append((line, runs))
            else:
                part = share // size
                more = share - part * size
                if more:
                    rest = before // size - part
                    uneven[line] = ((more, rest - 1), (size - more, rest))
                    found.append((line, ((more, part + 1), (size - more, part))))
                else:
                    found.append((line, ((size, part),)))
    return found


def _rows_above(
    amount: int,
    lines: Sequence[int],
    cost: list[int],
    sizes: Sequence[int],
    uneven: Uneven,
    keys: Sequence[Any],
    odd: Any,
    floors: Sequence[int] | None,
) -> list[Row]:
    """The same with floors, or with odd pennies elsewhere."""
    each = shares_above(amount, lines, cost, sizes, uneven, keys, odd, floors)
    return [
        row_of(line, share, cost, sizes, uneven, odd, floors[line] if floors else 0)
        for line, share in zip(lines, each, strict=True)
        if share
    ]


def parts_off_total(
    amount: int,
    lines: Sequence[int],
    cost: list[int],
    sizes: Sequence[int],
    uneven: Uneven,
    keys: Sequence[Any],
    odd: Any,
    floors: Sequence[int] | None = None,
) -> list[Part]:
    """The same parts, but nothing is taken off yet."""
    found = shares_above(amount, lines, cost, sizes, uneven, keys, odd, floors)
    return [
        part_off(line, share, cost, sizes, uneven, odd, floors[line] if floors else 0)
        for line, share in zip(lines, found, strict=True)
        if share
    ]


def lowered(parts: Iterable[Part], cost: list[int], sizes: Sequence[int], uneven: Uneven) -> None:
    """Take parts off their lines."""
    for part in parts:
        line, runs = part.line, part.runs
        if line in uneven:
            cost[line] -= part.amount
            _lower(line, runs, uneven)
        elif len(runs) == 1:
            count, off = runs[0]
            cost[line] -= count * off
        else:
            before = cost[line]
            uneven[line] = _left(runs, before // sizes[line])
            cost[line] = before - part.amount


def _left(off: Runs, each: int) -> Runs:
    """What units that cost the same cost once something is off."""
    return tuple([(count, each - less) for count, less in off])


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


def _cut_runs(amount: int, runs: Runs, total: int, odd: Any, floor: int = 0) -> Runs:
    """Runs cut to an amount."""
    if len(runs) == 1:
        return of_units(amount, runs[0][0], runs[0][1], odd, floor)
    if odd == "largest" and not (floor and _reaches(amount, runs, total, floor)):
        return divided(amount, runs, total)[0]
    return _above(amount, runs, odd, floor)


def part_off(
    line: int, amount: int, cost: list[int], sizes: Sequence[int], uneven: Uneven, odd: Any, floor: int = 0
) -> Part:
    """An amount off the units of a line, in proportion to what they cost; nothing moves yet."""
    return Part(line, _cut_runs(amount, runs_of(line, cost, sizes, uneven), cost[line], odd, floor))


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

Asked: TypeAlias = tuple[str, str, Container[str], str | None, str | None]


class NormalCodes(dict[str, str]):
    """Codes in normal spelling, empty for what is no code; remembered, and emptied when there are many."""

    def __missing__(self, code: str) -> str:
        if len(self) >= KEPT_MAX:
            self.clear()
        found = self[code] = "" if _no_code(code) else normal_code(code)
        return found


def _no_code(code: str) -> str:
    """Why a text cannot be a code at all; empty where it can."""
    if len(code) > CODE_MAX:
        return "too long"
    if not normal_code(code):
        return "blank"
    return "unprintable" if UNPRINTABLE in code else ""


def codes_that_count(codes: Sequence[str], normals: NormalCodes) -> dict[str, str]:
    """The codes that count, by their normal spelling, as each was presented first."""
    found: dict[str, str] = {}
    for code in codes:
        normal = normals[code]
        if normal and normal not in found:
            found[normal] = code
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
    codes: Sequence[str], presented: dict[str, str], asked: Sequence[Asked], known: Iterable[Container[str]]
) -> tuple[CodeUse, ...]:
    """What became of each code; `presented` are those that count. `asked` has, of each rule with codes, in the order in
    which they were asked, its key, its title, its codes, why it did not act (empty: it acted), and the code that set it
    off. `known` are the codes of all rules."""
    found = []
    counting = iter(presented.items())
    normal, first = next(counting, _NO_MORE)
    for code in codes:
        if code != first:
            found.append(refused_code(code, _no_code(code) or "presented before"))
            continue
        found.append(_use(normal, code, asked, known))
        normal, first = next(counting, _NO_MORE)
    return tuple(found)


_NO_MORE = ("", None)


def _use(normal: str, code: str, asked: Sequence[Asked], known: Iterable[Container[str]]) -> CodeUse:
    """What became of a code that counts."""
    acted = []
    for key, _, _, why, by in asked:
        if by == normal and why == "":
            acted.append(key)
    if acted:
        return CodeUse(code, tuple(acted))
    for _, title, texts, why, _ in asked:
        if normal in texts:
            return refused_code(code, why or f"lost to {title}")
    for some in known:
        if normal in some:
            return refused_code(code, "not for this event")
    return refused_code(code, "unknown code")
