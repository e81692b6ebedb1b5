"""Which units: the order in which they stand in a row, and the picked ones of a row.

In: pieces of lines. Out: pieces, in the order of lines. Ties go by the rank of the line, then by the place in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, TypeAlias, assert_never

from rules_engine import ir
from rules_engine.backends.reference.carrier import Piece

Worth: TypeAlias = Callable[[ir.Expr, int], Any]
"""The value of an expression on a line; values of one expression can be compared."""


def ordered(pieces: Iterable[Piece], ordering: ir.Ordering, ranks: Sequence[int], worth: Worth) -> list[Piece]:
    """Pieces in the order in which their units stand in a row."""
    found = sorted(pieces, key=lambda piece: (ranks[piece.line], piece.start))
    match ordering.how:
        case "line":
            return found
        case "cheapest":
            return sorted(found, key=lambda piece: piece.unit.acting)
        case "dearest":
            return sorted(found, key=lambda piece: -piece.unit.acting)
        case "sorted":
            by = ordering.by
            assert by is not None
            return sorted(found, key=lambda piece: worth(by, piece.line), reverse=ordering.descending)
        case _:
            assert_never(ordering.how)


def picked(pieces: Iterable[Piece], pick: ir.Pick | None, ranks: Sequence[int], worth: Worth) -> list[Piece]:
    """The picked units of some, in the order of lines."""
    row = ordered(pieces, _BY_LINE, ranks, worth)
    match pick:
        case None:
            return row
        case ir.PickSome(of="unit"):
            found = _some_units(row, pick, ranks, worth)
        case ir.PickSome():
            found = _some_lines(row, pick, ranks)
        case ir.PickEvery(place=place, of=of, ordering=ordering):
            found = list(_every(ordered(row, ordering, ranks, worth), place, of))
        case ir.PickSpan(first=first, last=last):
            found = [piece for own in by_line(row).values() for piece in _span(own, first, last)]
        case _:
            assert_never(pick)
    return ordered(found, _BY_LINE, ranks, worth)


_BY_LINE = ir.Ordering("line")


def size(pieces: Iterable[Piece]) -> int:
    """How many units pieces hold."""
    return sum(piece.count for piece in pieces)


def by_line(row: Iterable[Piece]) -> dict[int, list[Piece]]:
    """The pieces of each line, in their order."""
    found: dict[int, list[Piece]] = {}
    for piece in row:
        found.setdefault(piece.line, []).append(piece)
    return found


def _some_units(row: list[Piece], pick: ir.PickSome, ranks: Sequence[int], worth: Worth) -> list[Piece]:
    total = size(row)
    count = _count(pick, total)
    if pick.which == "cheapest" or pick.which == "dearest":
        row = ordered(row, ir.Ordering(pick.which), ranks, worth)
    return _span(row, total - count + 1, total) if pick.which == "last" else _span(row, 1, count)


def _some_lines(row: list[Piece], pick: ir.PickSome, ranks: Sequence[int]) -> list[Piece]:
    """Lines in order of what their units in the row cost together."""
    costs: dict[int, int] = {}
    for piece in row:
        costs[piece.line] = costs.get(piece.line, 0) + piece.count * piece.unit.acting
    sign = {"cheapest": 1, "dearest": -1}.get(pick.which, 0)
    lines = sorted(costs, key=lambda line: (sign * costs[line], ranks[line]))
    count = _count(pick, len(lines))
    chosen = set(lines[max(0, len(lines) - count) :] if pick.which == "last" else lines[:count])
    return [piece for piece in row if piece.line in chosen]


def _count(pick: ir.PickSome, total: int) -> int:
    return min(total, pick.count if pick.per_full is None else total // pick.per_full * pick.count)


def _span(row: Iterable[Piece], first: int, last: int) -> list[Piece]:
    """The units of a row from one place to another, counted from 1."""
    found = []
    before = 0
    for piece in row:
        start, end = max(0, first - 1 - before), min(piece.count, last - before)
        if start < end:
            found.append(piece.part(start, end - start))
        before += piece.count
    return found


def _every(row: Iterable[Piece], place: int, of: int) -> Iterator[Piece]:
    """The units at one place of every group of `of`. Neighbours of one line that cost the same are alike: of them,
    those at the first place of a group stand together at the start, then those at the second place, and so on."""
    before = 0
    for _, alike in groupby(row, key=lambda piece: (piece.line, piece.unit.acting)):
        own = list(alike)
        after = before + size(own)
        first, last = (_up_to(each, of, after) - _up_to(each, of, before) for each in (place - 1, place))
        yield from _span(own, first + 1, last)
        before = after


def _up_to(place: int, of: int, count: int) -> int:
    """How many of the first so many units of a row stand at one of the first places of a group of `of`."""
    return count // of * place + min(count % of, place)
