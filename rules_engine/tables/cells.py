"""Columns of values as whole numbers: the canonical values of `ir.py`, all of a column at once.

In: an Arrow column and the declaration of its field. Out: `Cells`: an int64 for each value, and where it is one that
the row path would take. A column of texts is read once for each different text, by the decoder itself; whole numbers,
decimals, dates, instants, times and flags are read at once; whatever else may be sent goes to the decoder one by one.
So what is taken here is what the decoder takes, to the last value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rules_engine import ir
from rules_engine.calendar import DAY_SECONDS, END_DAY, FIRST_DAY
from rules_engine.currencies import CURRENCY_DECIMALS
from rules_engine.decoding import TEXT_MAX, Wrong, bounds_of, reading
from rules_engine.event import FieldValue
from rules_engine.tables.arrow import pyarrow, values
from rules_engine.tables.texts import NOWHERE, Flags, Ints, Pool, only_plain, words
from rules_engine.values import RATE_DECIMALS_MAX, ValueFault

MISSING = -(2**63)
"""What stands for an absent optional."""

_MEMO_MAX = 1 << 16
_NONE = object()
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_SAFE = 2**62
_DIGITS = 38
_DIGITS_SAFE = 18
"""Decimals of so many digits have no upper word of their own, if they are what their type says."""


class Cells(NamedTuple):
    """A value for each row, and where the row path would take what was sent; where it would not, the value says
    nothing."""

    values: Ints
    good: Flags


class Cell:
    """How one field's columns are read."""

    __slots__ = ("field", "high", "known", "pool", "read", "scale")

    def __init__(self, field: ir.FieldDef, program: ir.Program, pool: Pool) -> None:
        self.field = field
        self.pool = pool
        self.read = reading(field, program)
        self.known: dict[str, int | None] = {}
        self.scale = _scale(field, program)
        self.high = field.high or TEXT_MAX

    def one(self, sent: object) -> int | None:
        """The number of a value that was sent, None where it is refused."""
        try:
            return self.number(self.read(sent))
        except (Wrong, ValueFault):
            return None

    def number(self, value: FieldValue) -> int:
        """The number that stands for a canonical value."""
        if isinstance(value, str):
            return self.pool.code(value)
        assert not isinstance(value, tuple)
        return MISSING if value is None else int(value)

    def cells(self, column: Any) -> Cells:
        """All values of a column."""
        pa = pyarrow("tables")
        way = _way(pa, self, column.type)
        found = way(pa, self, column)
        if not column.null_count and not getattr(getattr(column, "dictionary", None), "null_count", 0):
            return found
        given = _given(column)
        return Cells(np.where(given, found.values, MISSING), np.where(given, found.good, self.field.optional))

    def texts(self, column: Any) -> Cells:
        """A column of texts: each different one is read once."""
        if self.pool is NOWHERE and self.field.kind in ("text", "member") and only_plain(column, self.high):
            return Cells(np.zeros(len(column), np.int64), np.ones(len(column), np.bool_))
        places, different = words(column)
        if len(self.known) > _MEMO_MAX:
            self.known.clear()
        known = self.known
        listed: list[Any] = [known.get(text, _NONE) for text in different]  # type: ignore[arg-type]
        if _NONE in listed:
            for at, text in enumerate(different):
                if listed[at] is _NONE:
                    listed[at] = None if text is None else self.one(text)
                    if text is not None:
                        known[text] = listed[at]
        if None not in listed:
            found = np.array([*listed, MISSING], np.int64)[places]
            return Cells(found, np.asarray(places >= 0) if column.null_count else np.ones(len(found), np.bool_))
        good = np.array([*(each is not None for each in listed), False], np.bool_)
        return Cells(np.array([*(each or 0 for each in listed), MISSING], np.int64)[places], good[places])


def _scale(field: ir.FieldDef, program: ir.Program) -> int:
    """How many decimals the numbers of a field count in."""
    if field.kind == "rate":
        return RATE_DECIMALS_MAX
    if field.kind == "money":
        known = {each.code: each.decimals for each in program.header.currencies}
        code = field.unit or next(iter(known), "")
        return known.get(code, CURRENCY_DECIMALS.get(code, field.decimals))
    return {unit.name: unit.decimals for unit in program.units}.get(field.unit, field.decimals)


def absent(field: ir.FieldDef, rows: int) -> Cells:
    """What a column says that is not there."""
    return Cells(np.full(rows, MISSING, np.int64), np.full(rows, field.optional, np.bool_))


Way = Callable[[Any, Cell, Any], Cells]


def _given(column: Any) -> Flags:
    """Where a column has a value; a dictionary may hold none at a place, too."""
    found: Flags = column.is_valid().to_numpy(zero_copy_only=False)
    dictionary = getattr(column, "dictionary", None)
    if dictionary is not None and dictionary.null_count:
        places = column.indices.fill_null(0).to_numpy(zero_copy_only=False)
        found = found & dictionary.is_valid().to_numpy(zero_copy_only=False)[places]
    return found


def _way(pa: Any, cell: Cell, kind: Any) -> Way:
    """How a column of a type is read for a field."""
    types, field = pa.types, cell.field
    wanted = field.kind
    if types.is_dictionary(kind):
        inner = kind.value_type
        return _texts if types.is_string(inner) or types.is_large_string(inner) else _each
    if types.is_string(kind) or types.is_large_string(kind):
        return _texts
    if types.is_null(kind):
        return lambda _, cell, column: absent(cell.field, len(column))
    if types.is_integer(kind) and (wanted == "count" or (wanted == "unit" and not cell.scale)):
        return _whole_numbers
    if types.is_decimal(kind) and wanted in ("money", "unit", "rate") and not field.bounds:
        return _decimals
    if types.is_date(kind) and wanted == "date":
        return _dates
    if types.is_timestamp(kind) and wanted == "instant":
        return _instants
    if types.is_time32(kind) and kind.unit == "s" and wanted == "time":
        return lambda pa, _, column: _plain(column.cast(pa.int32()))
    if types.is_boolean(kind) and wanted == "flag":
        return lambda pa, _, column: _plain(column.cast(pa.int8()))
    return _each


def _texts(pa: Any, cell: Cell, column: Any) -> Cells:  # noqa: ARG001
    return cell.texts(column)


def _each(pa: Any, cell: Cell, column: Any) -> Cells:
    """Whatever else: one by one, as the row path sends it."""
    found = np.full(len(column), MISSING, np.int64)
    good = np.zeros(len(column), np.bool_)
    for at, sent in enumerate(values(pa, column)):
        number = None if sent is None else cell.one(sent)
        if number is not None:
            found[at], good[at] = number, True
    return Cells(found, good)


def _ints(column: Any, kind: Any = np.int64) -> Any:
    filled = column.fill_null(0) if column.null_count else column
    return filled.to_numpy(zero_copy_only=False).astype(kind, copy=False)


def _plain(column: Any) -> Cells:
    found = _ints(column)
    return Cells(found, np.ones(len(found), np.bool_))


def _whole_numbers(pa: Any, cell: Cell, column: Any) -> Cells:
    low, high = bounds_of(cell.field)
    if pa.types.is_uint64(column.type):
        wide = _ints(column, np.uint64)
        return _within(np.minimum(wide, np.uint64(_SAFE)).astype(np.int64), np.asarray(wide < _SAFE), low, high)
    found = _ints(column)
    return _within(found, np.ones(len(found), np.bool_), low, high)


def _within(found: Ints, good: Flags, low: int, high: int) -> Cells:
    if not len(found) or (low <= int(found.min()) and int(found.max()) <= high):
        return Cells(found, good)
    return Cells(found, good & (found >= low) & (found <= high))


def _decimals(pa: Any, cell: Cell, column: Any) -> Cells:
    """Exact decimals, by their digits; more places than are allowed are refused, even where they are zeros."""
    kind = column.type
    if kind.scale < 0 or kind.precision > _DIGITS:
        return _each(pa, cell, column)
    if kind.scale > cell.scale:
        return Cells(np.zeros(len(column), np.int64), np.zeros(len(column), np.bool_))
    if not pa.types.is_decimal128(kind):
        column = column.cast(pa.decimal128(kind.precision, kind.scale))
    _, content = column.buffers()
    pairs = np.frombuffer(content, np.int64, 2 * len(column), 16 * column.offset).reshape(-1, 2)
    found, upper = np.ascontiguousarray(pairs[:, 0]), pairs[:, 1]
    factor = 10 ** (cell.scale - kind.scale)
    low, high = bounds_of(cell.field)
    good = np.ones(len(found), np.bool_)
    if kind.precision > _DIGITS_SAFE or not np.array_equal(upper, found >> 63):
        good = np.asarray(upper == found >> 63)
    most = _SAFE // factor
    if len(found) and (int(found.min()) < -most or int(found.max()) > most):
        good &= (found <= most) & (found >= -most)
    if not good.all():
        found = np.where(good, found, 0)
    return _within(found * factor if factor != 1 else found, good, low, high)


def _dates(pa: Any, cell: Cell, column: Any) -> Cells:  # noqa: ARG001
    if not pa.types.is_date32(column.type):
        column = column.cast(pa.date32())
    found = _ints(column.cast(pa.int32()))
    return _within(found, np.ones(len(found), np.bool_), FIRST_DAY, END_DAY - 1)


def _instants(pa: Any, cell: Cell, column: Any) -> Cells:  # noqa: ARG001
    unit = _UNITS[column.type.unit]
    found = _ints(column.cast(pa.int64()))
    seconds = found if unit == 1 else found // unit
    good = np.ones(len(found), np.bool_) if unit == 1 else np.asarray(seconds * unit == found)
    return _within(seconds, good, FIRST_DAY * DAY_SECONDS, END_DAY * DAY_SECONDS - 1)
