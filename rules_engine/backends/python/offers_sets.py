"""Sets of units, in whole numbers: formed from rows of pieces, and turned into the elements of effects.

In: for each part of a set a row of pieces in its order, and how many units it takes. Out: sets, each with what its
parts took, in the order in which they are formed; a part takes what the rule has not used yet. Cursors only move on.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import accumulate, chain
from typing import TypeAlias

from rules_engine.backends.python.offers_pieces import Element, Piece, Spans, elements
from rules_engine.backends.python.offers_shares import Runs
from rules_engine.backends.python.offers_units import Uneven, runs_of

Span: TypeAlias = tuple[int, int, int, int]
"""Units of a line that a set takes: its number, the first place, how many, and by how much the next set's lie on."""

Batch: TypeAlias = tuple[int, list[list[Span]], bool]
"""Equal sets: how many, what each part of the first one takes, and whether it is partial."""

Taken: TypeAlias = list[tuple[int, int, int, Piece]]
"""Units for a part, as (line, first place, how many, the piece they are of)."""

Used: TypeAlias = dict[tuple[int, int], int]
"""How many units of a piece, by its line and first place, are used."""


def ordered(row: list[Piece], how: str) -> list[Piece]:
    """Units in order of what they cost; ties stay in the order of lines."""
    if how == "cheapest":
        return sorted(row, key=lambda piece: piece[3])
    return sorted(row, key=lambda piece: -piece[3]) if how == "dearest" else row


def form_sets(
    rows: Sequence[list[Piece]],
    counts: Sequence[int],
    times: int | None,
    partial: bool,
    per_line: bool,
    ranks: Sequence[int],
) -> list[Batch]:
    """All sets, over the basket or line by line, at most `times` of them each."""
    used: Used = {}
    if not per_line:
        return list(_form(rows, counts, times, partial, used))
    by_line: dict[int, list[list[Piece]]] = {}
    for place, row in enumerate(rows):
        for piece in row:
            by_line.setdefault(piece[0], [[] for _ in rows])[place].append(piece)
    lines = sorted(by_line, key=ranks.__getitem__)
    return [batch for line in lines for batch in _form(by_line[line], counts, times, partial, used)]


def first_sets(sets: Sequence[Batch], times: int) -> list[Batch]:
    """The first so many sets."""
    found = []
    for count, parts, partial in sets:
        if times > 0:
            found.append((min(times, count), parts, partial))
        times -= count
    return found


def count_sets(sets: Sequence[Batch], full: bool = False) -> int:
    """How many sets there are, or how many full ones."""
    return sum([count for count, _, partial in sets if not (full and partial)])


def _form(
    rows: Sequence[list[Piece]], counts: Sequence[int], times: int | None, partial: bool, used: Used
) -> Iterator[Batch]:
    cursors = [0] * len(rows)
    left = times
    while left is None or left > 0:
        taken = [
            _take(row, count, place, cursors, used) for place, (row, count) in enumerate(zip(rows, counts, strict=True))
        ]
        if any(_size(part) < count for part, count in zip(taken, counts, strict=True)):
            for line, _, count, piece in chain.from_iterable(taken):
                used[line, piece[1]] -= count
            break
        batch = _batch(taken, used, left)
        yield batch
        left = None if left is None else left - batch[0]
    if partial and (left is None or left > 0):
        cursors = [0] * len(rows)
        last: list[Taken] = [[] for _ in rows]
        for place, (row, count) in enumerate(zip(rows, counts, strict=True)):
            last[place] = _take(row, count, place, cursors, used)
            if _size(last[place]) < count:
                break
        if last[0]:
            yield 1, [[(line, start, count, 0) for line, start, count, _ in part] for part in last], True


def _take(row: list[Piece], count: int, place: int, cursors: list[int], used: Used) -> Taken:
    found = []
    while count and cursors[place] < len(row):
        piece = row[cursors[place]]
        line, base, size, _ = piece
        start = used.get((line, base), 0)
        more = min(count, size - start)
        if more:
            found.append((line, base + start, more, piece))
            used[line, base] = start + more
            count -= more
        if count:
            cursors[place] += 1
    return found


def _size(part: Taken) -> int:
    return sum([each[2] for each in part])


def _batch(taken: Sequence[Taken], used: Used, left: int | None) -> Batch:
    """One set was formed: so are as many more as find the same."""
    steps: Used = {}
    sizes: Used = {}
    for line, _, count, piece in chain.from_iterable(taken):
        key = line, piece[1]
        steps[key] = steps.get(key, 0) + count
        sizes[key] = piece[2]
    more = min([(sizes[key] - used[key]) // step for key, step in steps.items()])
    if left is not None:
        more = min(more, left - 1)
    for key, step in steps.items():
        used[key] += more * step
    parts = [[(line, start, count, steps[line, piece[1]]) for line, start, count, piece in part] for part in taken]
    return 1 + more, parts, False


def claimed(sets: Sequence[Batch]) -> tuple[tuple[int, int, int], ...]:
    """All units of sets, as (line, first place, how many)."""
    return tuple([span[:3] for times, parts, _ in sets for span in _all_units(times, parts)])


# ---- elements


def of_sets(
    sets: Sequence[Batch],
    place: int | None,
    grain: str,
    lines: Collection[int] | None,
    ranks: Sequence[int],
    cost: Sequence[int],
    sizes: Sequence[int],
    uneven: Uneven,
) -> list[Element]:
    """The elements of an effect: of a part in each set, by its place; beside the parts (None) each full set, or the
    units and lines of all sets. They are of some lines only, where `lines` names them."""
    runs = _Known(cost, sizes, uneven)
    if place is None and grain != "set":
        whole = [span for times, parts, _ in sets for span in _of_lines(_all_units(times, parts), lines)]
        return elements(grain, [piece[:4] for piece in _now(whole, ranks, runs)])
    found: list[Element] = []
    for times, parts, partial in sets:
        if place is None and partial:
            continue
        spans = _of_lines(chain.from_iterable(parts) if place is None else parts[place], lines)
        for count, own in _alike(times, spans, ranks, runs):
            found += _grained(grain, count, own)
    return found


def _of_lines(spans: Iterable[Span], lines: Collection[int] | None) -> list[Span]:
    return [span for span in spans if lines is None or span[0] in lines]


def _all_units(times: int, parts: Sequence[Sequence[Span]]) -> Iterator[Span]:
    """All units of equal sets: what a set takes of one piece stands together, and so do the sets."""
    inside = 0
    for line, start, count, step in sorted(chain.from_iterable(parts)):
        if not inside:
            yield line, start, max(step * times, count), 0
        inside = (inside + count) % step if step else 0


def laid_out(
    sets: Sequence[Batch], cost: Sequence[int], sizes: Sequence[int], uneven: Uneven
) -> Callable[[int, Spans], Spans]:
    """Units of one line that stand together, are of sets and cost the same are alike: what an effect takes off some of
    them is kept with the larger amounts first. A span counts for the units that are alike where it starts."""
    mine: dict[int, list[tuple[int, int]]] = {}
    for times, parts, _ in sets:
        for line, start, count, _ in _all_units(times, parts):
            mine.setdefault(line, []).append((start, start + count))

    def lay(line: int, spans: Spans) -> Spans:
        starts, ends = _stretches(mine[line], runs_of(line, cost, sizes, uneven))
        off: list[dict[int, int]] = [{} for _ in starts]
        for start, count, amount in spans:
            bag = off[bisect_right(starts, start) - 1]
            bag[amount] = bag.get(amount, 0) + count
        found = []
        for start, end, bag in zip(starts, ends, off, strict=True):
            bag[0] = bag.get(0, 0) + end - start - sum(bag.values())
            for amount in sorted(bag, reverse=True):
                found.append((start, bag[amount], amount))
                start += bag[amount]
        return found

    return lay


def _stretches(spans: list[tuple[int, int]], runs: Iterable[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Where stretches of units that are of some spans and cost the same start and end."""
    starts: list[int] = []
    ends: list[int] = []
    cuts = [*accumulate([count for count, _ in runs])]
    borders = set(cuts)
    reached = -1
    for start, end in sorted(spans):
        if start != reached or start in borders:
            starts.append(start)
            ends.append(start)
        for cut in cuts[bisect_right(cuts, start) : bisect_left(cuts, end)]:
            ends[-1] = cut
            starts.append(cut)
            ends.append(cut)
        reached = ends[-1] = end
    return starts, ends


Now: TypeAlias = tuple[int, int, int, int, int]
"""A piece as it is now, and by how much the next set's lies on."""


class _Known(dict[int, tuple[Runs, list[int]]]):
    """What the units of lines cost now, and where each run ends."""

    def __init__(self, cost: Sequence[int], sizes: Sequence[int], uneven: Uneven) -> None:
        super().__init__()
        self.cost, self.sizes, self.uneven = cost, sizes, uneven

    def __missing__(self, line: int) -> tuple[Runs, list[int]]:
        runs = runs_of(line, self.cost, self.sizes, self.uneven)
        found = self[line] = runs, [*accumulate([count for count, _ in runs])]
        return found


def _alike(times: int, spans: Sequence[Span], ranks: Sequence[int], runs: _Known) -> Iterator[tuple[int, list[Now]]]:
    """Equal sets as they are now: neighbours are together as long as each of their spans lies in one run."""
    turn = 0
    while turn < times:
        here = [(line, start + turn * step, count, step) for line, start, count, step in spans]
        now = _now(here, ranks, runs)
        more = times - turn
        if more > 1:
            more = min([_lasting(span, more, runs) for span in here], default=more)
        yield more, now
        turn += more


def _lasting(span: Span, times: int, runs: _Known) -> int:
    """How many sets, this one and those after it, have their span in the same run; 1 where it lies in several."""
    line, start, count, step = span
    if not step:
        return 1
    ends = runs[line][1]
    end = ends[bisect_right(ends, start)]
    return min(times, max(1, (end - start - count) // step + 1))


def _now(spans: Iterable[Span], ranks: Sequence[int], runs: _Known) -> list[Now]:
    """Units as they are now, in the order of lines."""
    found: list[Now] = []
    for line, first, size, step in spans:
        own, ends = runs[line]
        low, last = first, first + size
        place = bisect_right(ends, first)
        while low < last:
            high = min(ends[place], last)
            found.append((line, low, high - low, own[place][1], step))
            low, place = high, place + 1
    return sorted(found, key=lambda piece: (ranks[piece[0]], piece[1]))


def _grained(grain: str, times: int, own: Sequence[Now]) -> Iterator[Element]:
    """The elements of a grain among the units of equal sets."""
    if grain == "unit":
        for line, start, count, each, step in own:
            if times == 1 or step == count:
                yield times * count, [(line, start, 1, each)], (1,)
            else:
                for place in range(start, start + count):
                    yield times, [(line, place, 1, each)], (step,)
    elif grain == "line":
        lines: dict[int, list[Now]] = {}
        for piece in own:
            lines.setdefault(piece[0], []).append(piece)
        for some in lines.values():
            yield _element(times, some)
    elif own:
        yield _element(times, own)


def _element(times: int, own: Sequence[Now]) -> Element:
    return times, [piece[:4] for piece in own], tuple([piece[4] for piece in own])
