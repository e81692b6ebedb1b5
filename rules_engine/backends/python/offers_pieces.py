"""Effects that reach some units of lines, in whole numbers: picked units, floors, caps over elements, even splits.

In: the lists that a generated function keeps (see `offers_units`), and pieces: units of a line that stand together and
cost the same. Out: what an effect wants, and the parts that it can take. It does what the reference does with units,
step by step: elements are formed, their amounts are capped and cut to whole steps, each is cut to its room and spread
over its lines, then over the units of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import Any, TypeAlias

from rules_engine import ir
from rules_engine.allocation import joined, spread, spread_runs
from rules_engine.backends.python.offers_shares import Runs, divided
from rules_engine.backends.python.offers_units import Uneven, runs_of, zipped
from rules_engine.outcome import Part

Piece: TypeAlias = tuple[int, int, int, int]
"""Units of a line: its number, the first place (from 0), how many, what each costs."""

Element: TypeAlias = tuple[int, list[Piece], tuple[int, ...]]
"""What an amount is formed for, so many times over: the pieces of the first, and how far on those of the next lie."""

Spans: TypeAlias = list[tuple[int, int, int]]
"""So much off each of some units of a line: where they start, how many, how much."""

Placed: TypeAlias = tuple[int, int, int, int, int]
"""A piece, and what each of its units cost when the rule began to act: orders go by it."""


def ranked(keys: Sequence[Any] | None) -> list[int]:
    """The rank of each line by its key; the event's own shipping stands last."""
    if keys is None:
        return [0, 1]
    found = [0] * len(keys)
    for rank, line in enumerate(sorted(range(len(keys)), key=keys.__getitem__)):
        found[line] = rank
    return [*found, len(found)]


def chosen(
    lines: Iterable[int],
    cost: Sequence[int],
    sizes: Sequence[int],
    uneven: Uneven,
    ranks: Sequence[int],
    pick: ir.Pick | None,
    began: tuple[Sequence[int], Uneven] | None,
    shut: dict[int, Runs] | None = None,
) -> list[Piece]:
    """The units of some lines, or the picked ones of them, in the order of lines. `began` is what lines and units cost
    when the rule began to act, where that may differ."""
    row: list[Placed] = []
    for line in sorted(lines, key=ranks.__getitem__):
        start = 0
        runs = runs_of(line, cost, sizes, uneven)
        if began is None:
            for count, each in runs:
                row.append((line, start, count, each, each))
                start += count
            continue
        for count, each, acting in zipped(runs, runs_of(line, began[0], sizes, began[1])):
            row.append((line, start, count, each, acting))
            start += count
    if shut:
        row = [each for piece in row for each in _within_reach(piece, shut.get(piece[0]))]
    if pick is None:
        return [piece[:4] for piece in row]
    found = sorted(_picked(row, pick, ranks), key=lambda piece: (ranks[piece[0]], piece[1]))
    return [piece[:4] for piece in found]


def _within_reach(piece: Placed, shut: Runs | None) -> Iterator[Placed]:
    """The units of a piece that nothing keeps, of those of its line that are kept."""
    if shut is None:
        yield piece
        return
    line, first, size, each, acting = piece
    start = 0
    for count, kept in shut:
        low, high = max(start, first), min(start + count, first + size)
        if low < high and not kept:
            yield line, low, high - low, each, acting
        start += count


def _picked(row: list[Placed], pick: ir.Pick, ranks: Sequence[int]) -> Iterable[Placed]:
    match pick:
        case ir.PickSome(of="unit"):
            total = sum([piece[2] for piece in row])
            count = _count(pick, total)
            if pick.which == "last":
                return _span(row, total - count + 1, total)
            return _span(_ordered(row, pick.which), 1, count)
        case ir.PickSome():
            return _some_lines(row, pick, ranks)
        case ir.PickEvery(place=place, of=of, ordering=ordering):
            return _every(_ordered(row, ordering.how), place, of)
        case _:
            lines: dict[int, list[Placed]] = {}
            for piece in row:
                lines.setdefault(piece[0], []).append(piece)
            return chain.from_iterable([_span(own, pick.first, pick.last) for own in lines.values()])


def _count(pick: ir.PickSome, total: int) -> int:
    return min(total, pick.count if pick.per_full is None else total // pick.per_full * pick.count)


def _ordered(row: list[Placed], how: str) -> list[Placed]:
    """By what a unit cost; ties stay in the order of lines."""
    if how == "cheapest":
        return sorted(row, key=lambda piece: piece[4])
    return sorted(row, key=lambda piece: -piece[4]) if how == "dearest" else row


def _some_lines(row: list[Placed], pick: ir.PickSome, ranks: Sequence[int]) -> list[Placed]:
    costs: dict[int, int] = {}
    for line, _, count, _, acting in row:
        costs[line] = costs.get(line, 0) + count * acting
    sign = {"cheapest": 1, "dearest": -1}.get(pick.which, 0)
    lines = sorted(costs, key=lambda line: (sign * costs[line], ranks[line]))
    count = _count(pick, len(lines))
    kept = set(lines[max(0, len(lines) - count) :] if pick.which == "last" else lines[:count])
    return [piece for piece in row if piece[0] in kept]


def _span(row: Iterable[Placed], first: int, last: int) -> Iterator[Placed]:
    """The units of a row from one place to another, counted from 1."""
    before = 0
    for line, start, count, each, acting in row:
        low, high = max(0, first - 1 - before), min(count, last - before)
        if low < high:
            yield line, start + low, high - low, each, acting
        before += count


def _every(row: Iterable[Placed], place: int, of: int) -> Iterator[Placed]:
    """The units at one place of every group of `of`. Neighbours of one line that cost the same are alike: of them,
    those at the first place of a group stand together at the start, then those at the second place, and so on."""
    before = 0
    for _, alike in groupby(row, key=lambda piece: (piece[0], piece[4])):
        own = list(alike)
        after = before + sum([piece[2] for piece in own])
        first, last = (_up_to(each, of, after) - _up_to(each, of, before) for each in (place - 1, place))
        yield from _span(own, first + 1, last)
        before = after


def _up_to(place: int, of: int, count: int) -> int:
    """How many of the first so many units of a row stand at one of the first places of a group of `of`."""
    return count // of * place + min(count % of, place)


def elements(grain: str, pieces: list[Piece]) -> list[Element]:
    """The elements of a grain among units."""
    if grain == "unit":
        return [(count, [(line, start, 1, each)], (1,)) for line, start, count, each in pieces]
    if grain == "line":
        lines: dict[int, list[Piece]] = {}
        for piece in pieces:
            lines.setdefault(piece[0], []).append(piece)
        return [(1, own, (0,) * len(own)) for own in lines.values()]
    return [(1, pieces, (0,) * len(pieces))] if pieces else []


def off_units(units: Runs, least: int, amount: Any, *reads: Any) -> tuple[int, int, Runs]:
    """An amount formed for each unit of a line, from what it costs and what else it reads: what is wanted, what there
    is room for above the least that a unit may cost, and its runs."""
    wanted = given = 0
    found = []
    for count, each in units:
        off = max(0, amount(each, *reads))
        wanted += off * count
        off = min(off, max(0, each - least))
        given += off * count
        found.append((count, off))
    return wanted, given, tuple(joined(found))


Amount: TypeAlias = Callable[[list[Piece]], int]


def reading(amount: Callable[..., int], *reads: Any) -> Amount:
    """An amount of an element, with what else it reads."""
    return lambda own: amount(own, *reads)


def reaching(amount: Amount, least: int) -> Callable[[list[Element]], bool]:
    """Whether the amounts of all elements come to so much."""
    return lambda found: sum([times * amount(own) for times, own, _ in found]) >= least


def off_elements(
    found: list[Element],
    amount: Amount,
    high: int | None,
    steps: int | None,
    low: Amount | None,
    enough: Callable[[list[Element]], bool] | None,
    evenly: bool,
    floors: Sequence[int] | None,
    sizes: Sequence[int],
    ranks: Sequence[int],
    odd: Any,
    lay: Callable[[int, Spans], Spans] | None = None,
) -> tuple[int, list[Part], bool]:
    """What an effect wants, the parts that there is room for, and whether room cut it. `amount` is what an element is
    to have taken off, `low` the most that leaves it above its least price, `enough` whether all of them pass
    `only from`."""
    if enough is not None and not enough(found):
        return 0, [], False
    formed = [(each, amount(each[1])) for each in found]
    wanted = sum([each[0] * off for each, off in formed])
    if high is not None and wanted > high:
        formed, wanted = _shared(formed, high, odd), high
    if steps is not None and wanted > 0 and wanted % steps:
        formed = _shared(formed, wanted // steps * steps, odd)
    spans: dict[int, Spans] = {}
    short = False
    for each, off in formed:
        own = each[1]
        room = sum([count * _room(line, cost, floors) for line, _, count, cost in own])
        if low is not None:
            room = min(room, max(0, low(own)))
        if off > room:
            off, short = room, True
        if off:
            _spread(each, off, evenly, floors, spans, ranks, odd, lay is not None)
    if lay is not None:
        spans = {line: lay(line, some) for line, some in spans.items()}
    parts = [Part(line, _within(spans[line], sizes[line])) for line in sorted(spans)]
    return wanted, [part for part in parts if any(off for _, off in part.runs)], short


def _room(line: int, each: int, floors: Sequence[int] | None) -> int:
    return each if floors is None else max(0, each - floors[line])


def _shared(formed: list[tuple[Element, int]], total: int, odd: Any) -> list[tuple[Element, int]]:
    """The sum of the elements cut to a total: their amounts are weights and caps."""
    amounts = tuple([(each[0], off) for each, off in formed])
    rest = iter(_over_runs(total, amounts, amounts, sum([count * off for count, off in amounts]), odd))
    found = []
    more = part = 0
    for (times, own, steps), _ in formed:
        shift = 0
        while shift < times:
            while not more:
                more, part = next(rest)
            both = min(times - shift, more)
            here = [
                (line, start + shift * step, count, each)
                for (line, start, count, each), step in zip(own, steps, strict=True)
            ]
            found.append(((both, here, steps), part))
            shift, more = shift + both, more - both
    return found


def _over_runs(amount: int, weights: Runs, caps: Runs, total: int, odd: Any) -> Sequence[tuple[int, int]]:
    """An amount over runs of equal entries: `spread_runs`, quicker where weights are the caps and all are used."""
    if caps is weights and odd == "largest" and 0 < amount < total and all(each >= 0 for _, each in weights):
        return divided(amount, weights, total)[0]
    return spread_runs(amount, [(n, each, cap) for (n, each), (_, cap) in zip(weights, caps, strict=True)], odd)


def _spread(
    element: Element,
    off: int,
    evenly: bool,
    floors: Sequence[int] | None,
    spans: dict[int, Spans],
    ranks: Sequence[int],
    odd: Any,
    mixed: bool,
) -> None:
    """An amount on the units of an element: its lines first, then the units of each line."""
    times, own, steps = element
    if len(own) == 1 and own[0][2] == 1:
        line, start, _, _ = own[0]
        spans.setdefault(line, []).extend(_repeated([(start, 1, off)], times, steps[0], 1, mixed))
        return
    if off < 0 and not any(each > 0 for _, _, _, each in own):
        evenly = True
    if off > 0 and not evenly and floors is None and own[0][0] == own[-1][0]:
        units = tuple([(count, each) for _, _, count, each in own])
        rest = _laid(_over_runs(off, units, units, sum([count * each for count, each in units]), odd), own)
        for piece, step, laid in zip(own, steps, rest, strict=True):
            spans.setdefault(piece[0], []).extend(_repeated(laid, times, step, piece[2], mixed))
        return
    lines: dict[int, list[tuple[Piece, int]]] = {}
    for piece, step in zip(own, steps, strict=True):
        lines.setdefault(piece[0], []).append((piece, step))
    weights = [sum([piece[2] * (1 if evenly else piece[3]) for piece, _ in some]) for some in lines.values()]
    caps = None
    if off > 0:
        caps = [sum([piece[2] * _room(line, piece[3], floors) for piece, _ in lines[line]]) for line in lines]
    for line, share in zip(lines, spread(off, weights, caps, [ranks[line] for line in lines], odd), strict=True):
        some = sorted(lines[line], key=lambda each: each[0][1])
        runs = [
            (n, 1 if evenly else each, _room(line, each, floors) if off > 0 else None) for (_, _, n, each), _ in some
        ]
        rest = _laid(spread_runs(share, runs, odd), [piece for piece, _ in some])
        for (piece, step), laid in zip(some, rest, strict=True):
            spans.setdefault(line, []).extend(_repeated(laid, times, step, piece[2], mixed))


def _repeated(laid: Spans, times: int, step: int, size: int, mixed: bool) -> Spans:
    """What is laid on a piece of the first of equal elements, on those of all of them. Where units are laid out
    afterwards, it is enough to say of how many."""
    if times == 1:
        return laid
    if mixed:
        return [(start, count * times, amount) for start, count, amount in laid]
    if len(laid) == 1 and step == size:
        start, count, amount = laid[0]
        return [(start, count * times, amount)]
    return [(start + turn * step, count, amount) for turn in range(times) for start, count, amount in laid if amount]


def _laid(runs: Iterable[tuple[int, int]], pieces: Iterable[Piece]) -> Iterator[Spans]:
    """Runs over the units of some pieces: of each, as (start, count, amount)."""
    rest = iter(runs)
    more = part = 0
    for _, start, count, _ in pieces:
        found = []
        while count:
            while not more:
                more, part = next(rest)
            both = min(count, more)
            found.append((start, both, part))
            start, count, more = start + both, count - both, more - both
        yield found


def _within(spans: Spans, size: int) -> Runs:
    """Amounts at some places, as (start, count, amount), made runs over all units of a line of this size."""
    if len(spans) == 1 and spans[0][1] == size:
        return ((size, spans[0][2]),)
    runs: list[tuple[int, int]] = []
    reached = 0
    for start, count, amount in sorted(spans):
        runs += [(start - reached, 0), (count, amount)]
        reached = start + count
    return tuple(joined([*runs, (size - reached, 0)]))
