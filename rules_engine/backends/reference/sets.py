"""Forming sets: parts take units, each in its own order, from what the rule has not used yet.

A set is formed if every part is full. The next set takes the same units of the same pieces as long as they last, so
equal sets are formed together, as many as there are. Cursors only move on: a piece that is used up stays so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from rules_engine.backends.reference.carrier import Piece, Runs, size_of, within, zipped


class Batch(msgspec.Struct, frozen=True):
    """Equal sets: what each part of the first one takes; the pieces' steps lead to the next set. A partial set is one
    whose parts are not all full."""

    times: int
    parts: tuple[tuple[Piece, ...], ...]
    partial: bool = False

    @property
    def units(self) -> list[Piece]:
        """All units of its sets: what a set takes of one piece stands together, and so do the sets."""
        found: list[Piece] = []
        inside = 0
        for piece in sorted((each for part in self.parts for each in part), key=lambda each: (each.line, each.start)):
            if not inside:
                found.append(
                    msgspec.structs.replace(piece, count=max(1, self.times) * max(piece.step, piece.count), step=0)
                )
            inside = (inside + piece.count) % piece.step if piece.step else 0
        return found

    def cut(self, times: int) -> Batch:
        """So many of its sets."""
        return Batch(times, self.parts, self.partial)


Span = tuple[int, int, int]
"""So much off each of some units of a line: where they start, how many, how much."""


class Mixed:
    """Units of one line that stand together, are of a rule's sets and cost the same: they are alike, so what is taken
    off some of them is kept with the larger amounts first."""

    def __init__(self, start: int, count: int) -> None:
        self.start, self.count = start, count
        self.off: Counter[int] = Counter()

    def spans(self) -> list[Span]:
        """What each of them has taken off."""
        self.off[0] += self.count - self.off.total()
        found = []
        start = self.start
        for amount, count in sorted(self.off.items(), reverse=True):
            found.append((start, count, amount))
            start += count
        return found


def laid_out(
    batches: Sequence[Batch], lines: Sequence[Runs], spans: Mapping[int, Sequence[Span]]
) -> dict[int, list[Span]]:
    """Amounts on alike units of sets, the larger first, by line."""
    mine: dict[int, list[Span]] = {}
    for piece in (piece for batch in batches for piece in batch.units):
        mine.setdefault(piece.line, []).append((piece.start, piece.count, 1))
    return {line: _mixed(mine[line], lines[line], some) for line, some in spans.items()}


def _mixed(mine: Sequence[Span], runs: Runs, spans: Sequence[Span]) -> list[Span]:
    """The same for one line, of which some units are of sets. A span counts for the units that are alike where it
    starts."""
    found: list[Mixed] = []
    end, key = -1, None
    marks = within(mine, size_of(runs))
    start = 0
    for count, unit, mark in zipped(runs, marks):
        if mark and end == start and key == (unit.now, unit.floor):
            found[-1].count += count
        elif mark:
            found.append(Mixed(start, count))
        start += count
        end, key = (start if mark else -1), (unit.now, unit.floor)
    starts = [each.start for each in found]
    for first, count, amount in spans:
        found[bisect_right(starts, first) - 1].off[amount] += count
    return [span for each in found for span in each.spans()]


Used = dict[tuple[int, int], int]
"""How many units of a piece, by its line and start, are used."""


class _Row:
    """The pieces that a part may take, in its order, and how far it has come."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = pieces
        self.cursor = 0


def form(
    rows: Sequence[Sequence[Piece]], counts: Sequence[int], times: int | None, partial: bool, used: Used
) -> list[Batch]:
    """Sets of parts that take `counts` units of their `rows`, at most `times` of them; `used` counts what they used.

    Rows hold the same pieces where parts may take the same units.
    """
    parts = [_Row(row) for row in rows]
    left = times
    found: list[Batch] = []
    while left is None or left > 0:
        taken = [_take(part, count, used) for part, count in zip(parts, counts, strict=True)]
        full = all(sum(count for _, _, count in each) == count for each, count in zip(taken, counts, strict=True))
        if not full:
            _put_back(taken, used)
            break
        batch = _batch(taken, used, left)
        found.append(batch)
        left = None if left is None else left - batch.times
    if partial and (left is None or left > 0):
        found += _partial(parts, counts, used)
    return found


_Taken = list[tuple[Piece, int, int]]
"""Of pieces: from where on, how many."""


def _take(part: _Row, count: int, used: Used) -> _Taken:
    found = []
    while count and part.cursor < len(part.pieces):
        piece = part.pieces[part.cursor]
        start = used.get((piece.line, piece.start), 0)
        more = min(count, piece.count - start)
        if more:
            found.append((piece, start, more))
            used[piece.line, piece.start] = start + more
            count -= more
        if count:
            part.cursor += 1
    return found


def _put_back(taken: Sequence[_Taken], used: Used) -> None:
    for piece, _, count in (each for part in taken for each in part):
        used[piece.line, piece.start] -= count


def _batch(taken: Sequence[_Taken], used: Used, left: int | None) -> Batch:
    """One set was formed: so are as many more as find the same."""
    steps: Used = {}
    for piece, _, count in (each for part in taken for each in part):
        steps[piece.line, piece.start] = steps.get((piece.line, piece.start), 0) + count
    sizes = {(piece.line, piece.start): piece.count for part in taken for piece, _, _ in part}
    more = min((sizes[key] - used[key]) // step for key, step in steps.items())
    if left is not None:
        more = min(more, left - 1)
    for key, step in steps.items():
        used[key] += more * step
    parts = tuple(
        tuple(
            msgspec.structs.replace(piece.part(start, count), step=steps[piece.line, piece.start])
            for piece, start, count in part
        )
        for part in taken
    )
    return Batch(1 + more, parts)


def _partial(parts: Sequence[_Row], counts: Sequence[int], used: Used) -> list[Batch]:
    """One more set of what is left, as far as it goes: a part begins where those before it are full."""
    taken: list[_Taken] = [[] for _ in parts]
    for place, (part, count) in enumerate(zip(parts, counts, strict=True)):
        fresh = _Row(part.pieces)
        taken[place] = _take(fresh, count, used)
        if sum(more for _, _, more in taken[place]) < count:
            break
    if not taken[0]:
        return []
    return [Batch(1, tuple(tuple(piece.part(start, count) for piece, start, count in part) for part in taken), True)]
