"""Parquet, read and written in batches through pyarrow.

Columns become text exactly, as `tables` reads them: decimals with their digits, dates and instants in ISO form, whole
numbers as they are. A time without a zone is refused unless a mapping reads it, since only a mapping can say which zone
is meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rules_engine.feeds.files import Replacement, reading, reason
from rules_engine.feeds.grouping import encoded, fault
from rules_engine.feeds.records import FeedError, Read
from rules_engine.feeds.tables import Table
from rules_engine.tables import check_schema, check_type, pyarrow, records, text

if TYPE_CHECKING:
    from rules_engine.tables import Column

BATCH_ROWS = 1 << 14


def parquet_table(path: Path, used: Sequence[str], null: str) -> Table:
    """Open the columns that a mapping uses as a table of text; `null` stands for what is missing."""
    pa, file = pyarrow(), _opened(path)
    names = tuple(file.schema_arrow.names)
    wanted = tuple(name for name in names if name in used)
    for name in wanted:
        check_type(pa, name, file.schema_arrow.field(name).type, local_times=True)
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
            columns = [text(pa, batch.column(name)).to_pylist() for name in wanted]
            for row in zip(*columns, strict=True):
                yield [null if cell is None else cell for cell in row]


def parquet_events(path: Path, event: str | None, ids: Mapping[str, str]) -> Iterator[Read]:
    """Return an event for each row; a column of lists of structs gives its lines."""
    file = _opened(path)
    check_schema(file.schema_arrow, event, f"`{path.name}`")
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
            check_type(pa, field.name, field.type, local_times=False)
    with reading(path, pa.ArrowException), file:
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            yield from records(batch)


def _opened(path: Path) -> Any:
    pa = pyarrow()
    try:
        return pa.parquet.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise FeedError(f"`{path}` cannot be read as Parquet: {reason(error)}") from None


class ParquetSource:
    """The rows of a Parquet file as record batches, as often as they are asked for. Texts of which there are few
    different ones are read as dictionaries; with `plain` none are, for rows that are to be sorted."""

    def __init__(self, path: Path, plain: bool = False) -> None:
        self.path = path
        with _opened(path) as file:
            self.schema = file.schema_arrow
            self.rows: int = file.metadata.num_rows
            self._coded = [] if plain else _coded(file.metadata)
        if self._coded:
            with self._file(self._coded) as file:
                self.schema = file.schema_arrow

    def batches(self, rows: int, columns: list[str] | None = None, skip: int = 0) -> Iterator[Any]:
        """All rows behind the first `skip`, or some columns of them, as record batches of at most so many rows."""
        pa = pyarrow()
        with reading(self.path, pa.ArrowException), self._file(self._coded) as file:
            groups = list(range(file.num_row_groups))
            while groups and skip >= file.metadata.row_group(groups[0]).num_rows:
                skip -= file.metadata.row_group(groups.pop(0)).num_rows
            found = self._grouped(file, rows, groups, columns) if self._coded else _plainly(file, rows, groups, columns)
            for batch in found:
                if skip < batch.num_rows:
                    yield batch.slice(skip) if skip else batch
                skip = max(0, skip - batch.num_rows)

    def _grouped(self, file: Any, rows: int, groups: list[int], columns: list[str] | None) -> Iterator[Any]:
        """Each row group by itself, since a dictionary is that of its group. A group whose dictionary was given up in
        the middle cannot be read so inside of lists: what is left of it is read as plain texts."""
        pa = pyarrow()
        for group in groups:
            done = 0
            try:
                for batch in _plainly(file, rows, [group], columns):
                    yield batch
                    done += batch.num_rows
            except pa.ArrowNotImplementedError:
                with self._file([]) as plain:
                    for batch in _plainly(plain, rows, [group], columns):
                        if done < batch.num_rows:
                            yield batch.slice(done) if done else batch
                        done = max(0, done - batch.num_rows)

    def _file(self, coded: list[str]) -> Any:
        try:
            return pyarrow().parquet.ParquetFile(self.path, read_dictionary=coded, pre_buffer=True)
        except (OSError, pyarrow().ArrowException) as error:
            raise FeedError(f"`{self.path}` cannot be read as Parquet: {reason(error)}") from None


def _plainly(file: Any, rows: int, groups: list[int], columns: list[str] | None) -> Iterator[Any]:
    """Batches read by one thread: more of them get new memory for each, which costs more than they gain."""
    return iter(file.iter_batches(rows, groups, columns, use_threads=False))


_GROUP_ROWS = 1 << 14
_CODED_BYTES = 6
"""A text that takes no more bytes than this on average stands in a dictionary."""


def _coded(metadata: Any) -> list[str]:
    """The columns of text that are worth reading as dictionaries."""
    if metadata.num_rows < _GROUP_ROWS * metadata.num_row_groups or not metadata.num_row_groups:
        return []  # groups of few rows are read several at once
    group = metadata.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    texts = [
        each for number, each in enumerate(columns) if str(metadata.schema.column(number).logical_type) == "String"
    ]
    short = [each for each in texts if each.total_uncompressed_size <= _CODED_BYTES * each.num_values]
    return [each.path_in_schema for each in short if each.has_dictionary_page]


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
