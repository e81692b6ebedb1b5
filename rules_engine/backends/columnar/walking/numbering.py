"""The tape's ops on numbers, for many events at once: one function an op, the same for registers and for vectors.

In: the events that stand at a row of the tape, and the row. Out: the numbers that it writes. An op on vectors is
`VECTOR` higher than the same on registers, so `NUMBERS` has both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.tape import AMOUNT_MAX, MISSING, UNKNOWN
from rules_engine.backends.columnar.walking.piece import Here, stretches

Row: TypeAlias = list[int]
"""op, d, a, b, k, m, n, t."""
Values: TypeAlias = Any
"""Whole numbers, flags, or one number for all."""


class Reader:
    """Where an op reads: registers of events, or vectors of their lines."""

    def __init__(self, here: Here, pool: Ints, days: Ints, first_day: int, vector: bool) -> None:
        self.here = here
        self.pool = pool
        self.days = days
        self.first_day = first_day
        self.vector = vector

    def __call__(self, number: int) -> Ints:
        return self.here.vector(number) if self.vector else self.here.read(number)

    def fail(self, wrong: Flags, reason: int) -> None:
        """These events, or the events of these lines, are not done."""
        if wrong.any():
            places = np.unique(self.here.of_line[wrong]) if self.vector else np.flatnonzero(wrong)
            self.here.piece.fail(self.here.numbers[places], reason)

    def stretch(self, row: Row) -> Ints:
        """pool[k : k + n]."""
        return self.pool[row[4] : row[4] + row[6]]


COMPARED: Final[tuple[Callable[[Ints, Values], Flags], ...]] = (
    lambda a, b: a == b,
    lambda a, b: a != b,
    lambda a, b: a < b,
    lambda a, b: a <= b,
    lambda a, b: a > b,
    lambda a, b: a >= b,
)
"""By the numbers of `COMPARES`."""


def divided(values: Ints, den: int | Ints, mode: int) -> Ints:
    """Quotients, rounded on the magnitude."""
    if mode == 0 and (not values.size or values.min() >= 0):
        return values // den
    size = np.abs(values)
    whole = size // den
    if mode:
        rest = size - whole * den
        match mode:
            case 1:
                whole += rest > 0
            case 2:
                whole += 2 * rest >= den
            case _:
                whole += (2 * rest > den) | ((2 * rest == den) & (whole % 2 == 1))
    return np.where(values < 0, -whole, whole)


def among(values: Ints, stretch: Ints) -> Flags:
    """Which values are in a sorted stretch."""
    found: Flags
    if len(stretch) <= 4:
        found = np.zeros(len(values), np.bool_)
        for each in stretch:
            found |= values == each
        return found
    places = np.minimum(np.searchsorted(stretch, values), len(stretch) - 1)
    found = stretch[places] == values
    return found


def _linear(read: Reader, row: Row) -> Values:
    _, _, a, b, k, m, n, _ = row
    found = read(a) if k == 1 else read(a) * k
    if b >= 0 and m:
        found = found + (read(b) if m == 1 else read(b) * m)
    return found + n if n else found


def _times(read: Reader, row: Row) -> Values:
    left, right = read(row[2]), read(row[3])
    if row[4]:
        size = np.maximum(np.abs(right), 1)
        read.fail(np.abs(left) > AMOUNT_MAX // size, ops.UNSAFE)
    return left * right


def _table(read: Reader, row: Row) -> Values:
    _, _, a, _, k, m, n, _ = row
    values = read(a)
    places = values - m
    inside = (values >= m) & (places < n)
    return read.pool[k + np.where(inside, places, n)]


def _of_day(read: Reader, row: Row) -> Values:
    days = read(row[2])
    absent = days == MISSING
    places = days - read.first_day
    inside = (days >= read.first_day) & (places < read.days.shape[1])
    found = read.days[row[4], np.where(inside, places, 0)]
    known = inside & (found != UNKNOWN)
    if not known.all():
        read.fail(~known & ~absent, ops.FAR)
        return np.where(known, found, MISSING)
    return found


def _choose(read: Reader, row: Row) -> Values:
    return np.where(read(row[2]) != 0, read(row[3]), read(row[6]))


def _listed(read: Reader, row: Row) -> Values:
    """Whether a value is among the items of a list of its event, one turn for each place in the lists."""
    here, values = read.here, read(row[2])
    offsets, items = here.piece.batch.ragged[row[4]]
    events = here.piece.events[here.numbers]
    starts, sizes = offsets[events], offsets[events + 1] - offsets[events]
    if row[6] >= 0:
        sizes = np.minimum(sizes, row[6])
    if read.vector:
        starts, sizes = starts[here.of_line], sizes[here.of_line]
    found = np.zeros(len(values), np.bool_)
    for place in range(int(sizes.max()) if len(sizes) else 0):
        some = np.flatnonzero(sizes > place)
        found[some] |= items[starts[some] + place] == values[some]
    return found


def _loaded(read: Reader, row: Row) -> Values:
    piece, k = read.here.piece, row[4]
    if read.vector:
        return piece.batch.lines[k, piece.lines[read.here.lines]]
    if row[5]:
        return piece.batch.facts[k, piece.member[read.here.events]]
    return piece.batch.fields[k, piece.events[read.here.events]]


NUMBERS: Final[dict[int, Callable[[Reader, Row], Values]]] = {
    ops.CONST: lambda _, row: row[4],
    ops.COPY: lambda read, row: read(row[2]),
    ops.LINEAR: _linear,
    ops.TIMES: _times,
    ops.DIVIDE: lambda read, row: divided(read(row[2]) * row[6] if row[6] != 1 else read(row[2]), row[4], row[5]),
    ops.LEAST: lambda read, row: np.minimum(read(row[2]), read(row[3])),
    ops.MOST: lambda read, row: np.maximum(read(row[2]), read(row[3])),
    ops.AT_MOST: lambda read, row: np.minimum(read(row[2]), row[4]),
    ops.AT_LEAST: lambda read, row: np.maximum(read(row[2]), row[4]),
    ops.COMPARE: lambda read, row: COMPARED[row[5]](read(row[2]), read(row[3])),
    ops.IS: lambda read, row: COMPARED[row[5]](read(row[2]), row[4]),
    ops.AND: lambda read, row: read(row[2]) & read(row[3]),
    ops.OR: lambda read, row: read(row[2]) | read(row[3]),
    ops.NOT: lambda read, row: 1 - read(row[2]),
    ops.AMONG: lambda read, row: among(read(row[2]), read.stretch(row)),
    ops.HAS: lambda read, row: read(row[2]) != MISSING,
    ops.OR_ZERO: lambda read, row: np.where(read(row[2]) == MISSING, 0, read(row[2])),
    ops.TABLE: _table,
    ops.STEP: lambda read, row: np.searchsorted(read.stretch(row), read(row[2]), side="right"),
    ops.OF_DAY: _of_day,
    ops.MULTIPLE: lambda read, row: read(row[2]) % row[4] == 0,
    ops.CHOOSE: _choose,
    ops.LISTED: _listed,
    ops.LOADED: _loaded,
}
"""By op, what it writes."""


def ragged_of(here: Here, number: int) -> tuple[Ints, Ints, Ints]:
    """The items of a ragged field of the events: of each its event among them and its place there, and the items."""
    offsets, items = here.piece.batch.ragged[number]
    events = here.piece.events[here.numbers]
    sizes = offsets[events + 1] - offsets[events]
    places = stretches(offsets[events], sizes)
    owner = np.repeat(np.arange(len(events)), sizes)
    return owner, places - offsets[events][owner], items[places]
