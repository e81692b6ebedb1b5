"""Sets of units, in whole numbers: formed from rows of pieces, and turned into the elements of effects.

In: for each part of a set a row of pieces in its order, and how many units it takes. Out: sets, each with what its
parts took, in the order in which they are formed; a part takes what the rule has not used yet. Cursors only move on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeAlias

from rules_engine.backends.python.offers_pieces import Element, Piece, elements
from rules_engine.backends.python.offers_units import Uneven, runs_of

Span: TypeAlias = tuple[int, int, int]
"""Units of a line: its number, the first place, how many."""

Formed: TypeAlias = tuple[list[list[Span]], bool]
"""What each part of a set took, and whether the set is partial."""

Used: TypeAlias = dict[tuple[int, int], int]


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
) -> list[Formed]:
    """All sets, over the basket or line by line, at most `times` of them each."""
    used: Used = {}
    if not per_line:
        return list(_form(rows, counts, times, partial, used))
    lines = sorted({piece[0] for row in rows for piece in row}, key=ranks.__getitem__)
    by_line = [[[piece for piece in row if piece[0] == line] for row in rows] for line in lines]
    return list(chain.from_iterable(_form(own, counts, times, partial, used) for own in by_line))


def _form(
    rows: Sequence[list[Piece]], counts: Sequence[int], times: int | None, partial: bool, used: Used
) -> Iterator[Formed]:
    cursors = [0] * len(rows)
    left = times
    while left is None or left > 0:
        taken = [
            _take(row, count, place, cursors, used) for place, (row, count) in enumerate(zip(rows, counts, strict=True))
        ]
        if any(_size(part) < count for part, count in zip(taken, counts, strict=True)):
            for line, start, count, base in chain.from_iterable(taken):
                del start
                used[line, base] -= count
            break
        yield _plain(taken), False
        left = None if left is None else left - 1
    if partial and (left is None or left > 0):
        cursors = [0] * len(rows)
        last: list[list[tuple[int, int, int, int]]] = [[] for _ in rows]
        for place, (row, count) in enumerate(zip(rows, counts, strict=True)):
            last[place] = _take(row, count, place, cursors, used)
            if _size(last[place]) < count:
                break
        if last[0]:
            yield _plain(last), True


def _take(row: list[Piece], count: int, place: int, cursors: list[int], used: Used) -> list[tuple[int, int, int, int]]:
    """Units for a part, as (line, first place, how many, where their piece begins)."""
    found = []
    while count and cursors[place] < len(row):
        line, base, size, _ = row[cursors[place]]
        start = used.get((line, base), 0)
        more = min(count, size - start)
        if more:
            found.append((line, base + start, more, base))
            used[line, base] = start + more
            count -= more
        if count:
            cursors[place] += 1
    return found


def _size(part: Iterable[tuple[int, int, int, int]]) -> int:
    return sum([each[2] for each in part])


def _plain(taken: Sequence[Sequence[tuple[int, int, int, int]]]) -> list[list[Span]]:
    return [[each[:3] for each in part] for part in taken]


# ---- elements


def of_part(
    sets: Sequence[Formed],
    place: int,
    grain: str,
    lines: Collection[int] | None,
    ranks: Sequence[int],
    cost: Sequence[int],
    sizes: Sequence[int],
    uneven: Uneven,
) -> list[Element]:
    """The elements that an effect of a part has in each set; of some lines only, where `lines` names them."""
    found: list[Element] = []
    for parts, _ in sets:
        found += elements(grain, _now(parts[place], lines, ranks, cost, sizes, uneven))
    return found


def of_sets(
    sets: Sequence[Formed],
    grain: str,
    lines: Collection[int] | None,
    ranks: Sequence[int],
    cost: Sequence[int],
    sizes: Sequence[int],
    uneven: Uneven,
) -> list[Element]:
    """The elements of an effect beside the parts: each full set, or the units and lines of all sets."""
    if grain == "set":
        whole = [[span for part in parts for span in part] for parts, partial in sets if not partial]
        found = [(1, _now(spans, lines, ranks, cost, sizes, uneven)) for spans in whole]
        return [each for each in found if each[1]]
    spans = [span for parts, _ in sets for part in parts for span in part]
    return elements(grain, _now(spans, lines, ranks, cost, sizes, uneven))


def _now(
    spans: Iterable[Span],
    lines: Collection[int] | None,
    ranks: Sequence[int],
    cost: Sequence[int],
    sizes: Sequence[int],
    uneven: Uneven,
) -> list[Piece]:
    """Units as they are now, in the order of lines."""
    found: list[Piece] = []
    for line, first, size in spans:
        if lines is not None and line not in lines:
            continue
        start, end = 0, first + size
        for count, each in runs_of(line, cost, sizes, uneven):
            low, high = max(start, first), min(start + count, end)
            if low < high:
                found.append((line, low, high - low, each))
            start += count
    return sorted(found, key=lambda piece: (ranks[piece[0]], piece[1]))
