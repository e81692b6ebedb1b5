"""Columns of lists: a field that is a list of values, and the lines of events.

In: an Arrow column of lists. Out: how many items each row has, all items one after the other, and where the row path
would take what was sent.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rules_engine import ir
from rules_engine.decoding import reading
from rules_engine.tables.arrow import pyarrow
from rules_engine.tables.cells import MISSING, Cell, Cells
from rules_engine.tables.texts import Flags, Ints, Pool, words

_NO_PLACES: Ints = np.zeros(0, np.int64)


class Items(NamedTuple):
    """The items of each row: how many there are, all of them, and where the list is as it should be. Presented codes
    are kept as they were read, too: `sent` has the different ones, `spelt` the place of each there."""

    counts: Ints
    values: Ints
    good: Flags
    sent: list[str]
    spelt: Ints


class Lists:
    """How the columns of one field that is a list are read."""

    __slots__ = ("cell", "codes", "field", "known", "pool", "read")

    def __init__(self, field: ir.FieldDef, program: ir.Program, pool: Pool) -> None:
        self.field = field
        self.pool = pool
        self.codes = field.kind == "codes"
        self.cell = Cell(field.item or ir.FieldDef(field.name, "text"), program, pool)
        self.read = reading(field, program)
        self.known: dict[str, tuple[str, int]] = {}

    def items(self, column: Any) -> Items:
        """The items of all rows."""
        pa = pyarrow("tables")
        rows = len(column)
        counts, good, flat = opened(pa, column, self.field.optional)
        if flat is None:
            return Items(counts, np.zeros(0, np.int64), good, [], _NO_PLACES)
        good = good & (counts <= self.field.high)
        if self.codes:
            found, sent, spelt = self._presented(pa, flat)
        else:
            found, sent, spelt = self.cell.cells(flat), [], _NO_PLACES
        bad = fails(found.good & (found.values != MISSING), counts)
        return Items(counts, found.values, good & ~bad if rows else good, sent, spelt)

    def _presented(self, pa: Any, flat: Any) -> tuple[Cells, list[str], Ints]:
        """Presented codes: in normal spelling as numbers, and as the event has them."""
        if not is_text(pa, flat.type):
            nothing = np.zeros(len(flat), np.int64)
            return Cells(nothing, nothing != 0), [""], nothing
        places, different = words(flat)
        numbers, texts = np.full(len(different) + 1, MISSING, np.int64), list[str]()
        for at, text in enumerate(different):
            shown, numbers[at] = ("", MISSING) if text is None else self._code(text)
            texts.append(shown)
        texts.append("")
        return Cells(numbers[places], numbers[places] != MISSING), texts, places % len(texts)

    def _code(self, text: str) -> tuple[str, int]:
        found = self.known.get(text)
        if found is None:
            read = self.read([text])
            assert isinstance(read, tuple)
            found = self.known[text] = str(read[0]), self.pool.presented(str(read[0]))
        return found


def is_text(pa: Any, kind: Any) -> bool:
    """Whether a type is one of texts, plain or of a dictionary."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def opened(pa: Any, column: Any, optional: bool) -> tuple[Ints, Flags, Any]:
    """How many items each row has, where there is a list (or may be none), and all items; None for them where the
    column has no lists at all."""
    kind, rows = column.type, len(column)
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        missing = column.is_null().to_numpy(zero_copy_only=False)
        return np.zeros(rows, np.int64), missing & optional, None
    counts = pa.compute.list_value_length(column)
    good = np.ones(rows, np.bool_)
    if column.null_count:
        given = column.is_valid().to_numpy(zero_copy_only=False)
        counts, good = counts.fill_null(0), given | optional
    return counts.to_numpy(zero_copy_only=False).astype(np.int64), good, column.flatten()


def fails(good: Flags, counts: Ints) -> Flags:
    """In which rows some item is not good; `counts` says how many items each row has."""
    found = np.zeros(len(counts), np.bool_)
    if not good.all():
        found[np.repeat(np.arange(len(counts)), counts)[~good]] = True
    return found


def starts_of(counts: Ints) -> Ints:
    """Where each row's items start, and behind them where the last one's end."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])


def ranges(starts: Ints, counts: Ints) -> Ints:
    """`starts[i], starts[i] + 1, ...`, `counts[i]` of them, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.asarray(np.arange(total) + np.repeat(starts - (ends - counts), counts))
