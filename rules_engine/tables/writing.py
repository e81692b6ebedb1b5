"""Rows as Arrow tables: the columns that a scored file has, each row with the number of its event in front.

In: rows of decimal text, or columns that are numbers already. Out: tables of one schema, which are put in the order of
their numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rules_engine import ir
from rules_engine.tables.arrow import pyarrow
from rules_engine.tables.columns import EFFECT_COLUMNS, REJECT_COLUMNS, Column, Row
from rules_engine.tables.rows import Rows
from rules_engine.tables.texts import Ints

DIGITS = 38
NUMBER = "number"


class Part(NamedTuple):
    """What some rows came to: tables of results, of effects, of rejects."""

    rows: Any
    effects: Any
    rejects: Any


class Schemas(NamedTuple):
    """The schemas of the three tables of a program."""

    rows: Any
    effects: Any
    rejects: Any


def schemas(core: ir.Program) -> Schemas:
    """Their columns, as the writers of files have them, with the number of the event in front."""
    rejects = [column for column in REJECT_COLUMNS if column.name != "number"]
    return Schemas(schema_of(Rows(core).columns()), schema_of(EFFECT_COLUMNS), schema_of(rejects))


def schema_of(columns: Sequence[Column], numbered: bool = True, coded: bool = True) -> Any:
    """The Arrow schema of some columns, with the number of the event in front; where texts are `coded`, those that come
    again are held as dictionaries."""
    pa = pyarrow("tables")
    few = pa.dictionary(pa.int32(), pa.string())
    kinds: dict[str, Callable[[Column], Any]] = {
        "text": lambda column: few if coded and column.coded else pa.string(),
        "integer": lambda _: pa.int64(),
    }
    kinds["decimal"] = lambda column: pa.decimal128(DIGITS, column.decimals)
    found = [(column.name, kinds[column.kind](column)) for column in columns]
    return pa.schema([(NUMBER, pa.int64()), *found] if numbered else found)


def table_of(schema: Any, rows: Sequence[tuple[int, Row]]) -> Any:
    """Rows with the numbers of their events as a table."""
    pa = pyarrow("tables")
    if not rows:
        return schema.empty_table()
    columns = [[number for number, _ in rows], *zip(*(row for _, row in rows), strict=True)]
    arrays = []
    for field, values in zip(schema, columns, strict=True):
        if pa.types.is_integer(field.type):
            arrays.append(pa.array(values, pa.int64()))
        else:
            texts = pa.array([None if value is None else str(value) for value in values], pa.string())
            arrays.append(texts.dictionary_encode() if pa.types.is_dictionary(field.type) else texts.cast(field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def decimals(amounts: Ints, places: int, missing: Any = None) -> Any:
    """Whole numbers of the smallest unit as exact decimals, without going by text; `missing` flags those that are
    none."""
    pa = pyarrow("tables")
    pairs = np.empty((len(amounts), 2), np.int64)
    pairs[:, 0] = amounts
    pairs[:, 1] = amounts >> 63
    mask = None
    if missing is not None and missing.any():
        mask = pa.array(~missing).buffers()[1]
    return pa.Array.from_buffers(pa.decimal128(DIGITS, places), len(amounts), [mask, pa.py_buffer(pairs)])


def plain(table: Any) -> Any:
    """A table whose texts are texts, whatever held them."""
    pa = pyarrow("tables")
    kinds = [pa.string() if pa.types.is_dictionary(field.type) else field.type for field in table.schema]
    schema = pa.schema([(field.name, kind) for field, kind in zip(table.schema, kinds, strict=True)])
    return table if schema == table.schema else table.cast(schema)


def in_order(tables: Sequence[Any], schema: Any, places: Mapping[int, int] | None = None) -> Any:
    """Tables of one schema as one, in the order of their numbers, or of the places of these, what has none
    behind all; what is of one number stays as it stands."""
    pa = pyarrow("tables")
    whole = pa.concat_tables([schema.empty_table(), *tables])
    numbers = whole.column(NUMBER).to_numpy()
    if places is not None:
        numbers = np.array([places.get(number, len(places)) for number in numbers.tolist()], np.int64)
    if (numbers[1:] >= numbers[:-1]).all():
        return whole
    return whole.unify_dictionaries().take(pa.array(np.argsort(numbers, kind="stable")))


def merged(parts: Sequence[Any], schema: Any, window: int) -> Iterator[Any]:
    """Tables that are in order by themselves, each an iterator of batches, in order together: numbers from window to
    window. What is of one number stays in the order of the parts."""
    readers = [_Held(iter(part), schema) for part in parts]
    limit = window
    while any(reader.more() for reader in readers):
        tables = [reader.below(limit) for reader in readers]
        found = in_order([table for table in tables if table.num_rows], schema)
        if found.num_rows:
            yield found
        nearest = min((reader.next_number() for reader in readers if reader.more()), default=limit)
        limit = max(limit + window, nearest + 1)


class _Held:
    """The rest of one part, read as far as it was asked for."""

    def __init__(self, batches: Iterator[Any], schema: Any) -> None:
        self.batches = batches
        self.table = schema.empty_table()
        self.ended = False

    def more(self) -> bool:
        """Whether there are rows left."""
        while not self.table.num_rows and not self.ended:
            self._read()
        return bool(self.table.num_rows)

    def next_number(self) -> int:
        """The number of the next row."""
        return int(self.table.column(NUMBER)[0].as_py())

    def below(self, limit: int) -> Any:
        """The rows whose numbers are below a limit."""
        while not self.ended and (not self.table.num_rows or self.table.column(NUMBER)[-1].as_py() < limit):
            self._read()
        numbers = self.table.column(NUMBER).to_numpy()
        end = int(np.searchsorted(numbers, limit))
        found, self.table = self.table.slice(0, end), self.table.slice(end)
        return found

    def _read(self) -> None:
        pa = pyarrow("tables")
        batch = next(self.batches, None)
        self.ended = batch is None
        if batch is not None:
            self.table = pa.concat_tables([self.table, pa.Table.from_batches([batch]).cast(self.table.schema)])
