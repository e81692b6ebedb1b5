"""Parquet, read and written in batches through pyarrow, which is imported only here.

Columns become text exactly: decimals with their digits, dates and instants in ISO form, whole numbers as they are. A
float column is refused with the mend, because it has lost the exact amount before it came to us. A time without a zone
is refused unless a mapping reads it, since only a mapping can say which zone is meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rules_engine.feeds.files import Replacement, reading, reason
from rules_engine.feeds.grouping import encoded, fault
from rules_engine.feeds.records import FeedError, Read
from rules_engine.feeds.tables import Table

if TYPE_CHECKING:
    from rules_engine.feeds.writers import Column

BATCH_ROWS = 1 << 14


def pyarrow() -> Any:
    """Return the pyarrow module, or say how to get it."""
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.parquet
    except ImportError:
        raise FeedError("Parquet files need pyarrow: install `rules-engine[parquet]`") from None
    return pyarrow


def parquet_table(path: Path, used: Sequence[str], null: str) -> Table:
    """Open the columns that a mapping uses as a table of text; `null` stands for what is missing."""
    pa, file = pyarrow(), _opened(path)
    names = tuple(file.schema_arrow.names)
    wanted = tuple(name for name in names if name in used)
    for name in wanted:
        _check(pa, name, file.schema_arrow.field(name).type, local_times=True)
        if pa.types.is_nested(file.schema_arrow.field(name).type):
            raise FeedError(f"column `{name}` of `{path.name}` is nested, and a mapping reads single values only")
    rows = _text_rows(path, file, wanted, null)
    if len(wanted) == len(names):
        return Table(names, rows)
    places = [wanted.index(name) if name in wanted else None for name in names]
    return Table(names, ([null if place is None else row[place] for place in places] for row in rows))


def _text_rows(path: Path, file: Any, wanted: tuple[str, ...], null: str) -> Iterator[list[str]]:
    pa = pyarrow()
    with reading(path, pa.ArrowException), file:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(wanted)):
            columns = [_text(pa, batch.column(name)).to_pylist() for name in wanted]
            for row in zip(*columns, strict=True):
                yield [null if cell is None else cell for cell in row]


def parquet_events(path: Path, event: str | None, ids: Mapping[str, str]) -> Iterator[Read]:
    """Return an event for each row; a column of lists of structs gives its lines."""
    pa, file = pyarrow(), _opened(path)
    schema = file.schema_arrow
    if "event" not in schema.names and event is None:
        raise FeedError(f"`{path.name}` has no column `event` to name the type of each row, and no mapping was given")
    for field in schema:
        _check(pa, field.name, field.type, local_times=False)
    return _rows_as_events(path, file, event, ids)


def _rows_as_events(path: Path, file: Any, event: str | None, ids: Mapping[str, str]) -> Iterator[Read]:
    for number, record in enumerate(parquet_records(path, file), 1):
        kind = record.pop("event", None) or event
        if kind is None:
            found = fault("no-event", f"row {number} does not name its type: `event` is empty", "event", number)
            yield Read(number=number, rows=1, fault=found)
            continue
        key = record.get(ids[kind]) if kind in ids else None
        body = encoded({"event": kind, **record})
        yield Read(number=number, rows=1, kind=kind, event=body, key=None if key is None else str(key))


def parquet_records(path: Path, file: Any = None) -> Iterator[dict[str, Any]]:
    """Yield each row as a dictionary of JSON values without what is missing."""
    pa = pyarrow()
    if file is None:
        file = _opened(path)
        for field in file.schema_arrow:
            _check(pa, field.name, field.type, local_times=False)
    with reading(path, pa.ArrowException), file:
        names = file.schema_arrow.names
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            columns = [_values(pa, batch.column(name)) for name in names]
            for row in zip(*columns, strict=True):
                yield {name: value for name, value in zip(names, row, strict=True) if value is not None}


def _opened(path: Path) -> Any:
    pa = pyarrow()
    try:
        return pa.parquet.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise FeedError(f"`{path}` cannot be read as Parquet: {reason(error)}") from None


def _check(pa: Any, name: str, kind: Any, local_times: bool) -> None:
    """Refuse what cannot become an exact value."""
    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_floating(kind):
        mend = "cast it to a decimal, such as decimal128(18, 2), or to text where it is made"
        raise FeedError(f"column `{name}` holds floating-point numbers, which are not exact: {mend}")
    if types.is_timestamp(kind) and kind.tz is None and not local_times:
        raise FeedError(f"column `{name}` holds times without a zone: store them in UTC, or name the zone in a mapping")
    if types.is_list(kind) or types.is_large_list(kind):
        _check(pa, f"{name}[]", kind.value_type, local_times)
    elif types.is_struct(kind):
        for field in kind:
            _check(pa, f"{name}.{field.name}", field.type, local_times)
    elif not _is_plain(types, kind):
        raise FeedError(f"column `{name}` is of type `{kind}`, which an event cannot hold")


def _is_plain(types: Any, kind: Any) -> bool:
    tests = ("string", "large_string", "boolean", "integer", "decimal", "date", "timestamp", "time", "null")
    return any(getattr(types, f"is_{test}")(kind) for test in tests)


def _text(pa: Any, column: Any) -> Any:
    """Return a column of single values as text."""
    types, kind = pa.types, column.type
    if types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if types.is_timestamp(kind):
        if kind.unit != "s":
            try:
                column = column.cast(pa.timestamp("s", kind.tz))
            except pa.ArrowInvalid:  # parts of a second: left for whoever reads the event to refuse
                kind = column.type
        if kind.tz is None:
            return pa.compute.strftime(column, "%Y-%m-%d %H:%M:%S")
        column = column.cast(pa.timestamp(column.type.unit, "UTC"))
        return pa.compute.binary_join_element_wise(pa.compute.strftime(column, "%Y-%m-%dT%H:%M:%S"), "Z", "")
    if types.is_date64(kind):
        column = column.cast(pa.date32())
    return column.cast(pa.string())


def _values(pa: Any, column: Any) -> list[Any]:
    """Return a column, nested or not, as JSON values."""
    types, kind = pa.types, column.type
    if types.is_list(kind) or types.is_large_list(kind):
        flat = _values(pa, column.flatten())
        lengths = pa.compute.list_value_length(column).to_pylist()
        made, start = [], 0
        for length in lengths:
            made.append(None if length is None else flat[start : start + length])
            start += length or 0
        return made
    if types.is_struct(kind):
        names = [field.name for field in kind]
        inner = [_values(pa, part) for part in column.flatten()]
        rows = zip(*inner, strict=True) if inner else iter([()] * len(column))
        records = [{n: v for n, v in zip(names, row, strict=True) if v is not None} for row in rows]
        return [record if valid else None for record, valid in zip(records, column.is_valid().to_pylist(), strict=True)]
    if types.is_integer(kind) or types.is_boolean(kind):
        return list(column.to_pylist())
    return list(_text(pa, column).to_pylist())


class ParquetSink:
    """Rows to a Parquet file, a batch at a time; the types come from the columns, not from the values."""

    def __init__(self, replacement: Replacement, columns: tuple[Column, ...]) -> None:
        self._pa = pa = pyarrow()
        kinds = {"text": lambda _: pa.string(), "integer": lambda _: pa.int64()}
        kinds["decimal"] = lambda column: pa.decimal128(38, column.decimals)
        self._schema = pa.schema([(column.name, kinds[column.kind](column)) for column in columns])
        self._writer = pa.parquet.ParquetWriter(replacement.stream, self._schema, compression="zstd")
        self.rows: list[Sequence[str | int | None]] = []

    def write(self, rows: Sequence[Sequence[str | int | None]]) -> None:
        """Write a batch of rows."""
        pa = self._pa
        columns = zip(*rows, strict=True)
        arrays = []
        for field, values in zip(self._schema, columns, strict=True):
            plain = pa.int64() if pa.types.is_integer(field.type) else pa.string()
            texts = values if plain == pa.int64() else [None if v is None else str(v) for v in values]
            arrays.append(pa.array(texts, plain).cast(field.type))
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))

    def close(self) -> None:
        """Write what stands at the end of a Parquet file."""
        self._writer.close()
