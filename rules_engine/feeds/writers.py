"""Rows out to a file of any ending, put in its place only when the run has succeeded.

The same rows can be written as CSV, NDJSON or Parquet. They are gathered and written in batches, and a `Writer` is a
`with` block: leaving it in good order puts the file in its place, an exception leaves what was there before.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from rules_engine.feeds.files import Replacement, ending_of, reason
from rules_engine.feeds.records import FeedError, Read
from rules_engine.tables import Column

Row = Sequence[str | int | None]

_BATCH_ROWS = 4096


def reject_row(read: Read, code: str | None = None, field: str | None = None, message: str | None = None) -> Row:
    """Return a row of rejects: the fault of the feed, or what the scorer said instead.

    >>> reject_row(Read(number=7, rows=1, key="A1"), "too-large", "amount", "`amount` is above 5,000 GBP")
    (7, 'A1', 'too-large', 'amount', '`amount` is above 5,000 GBP')
    """
    if read.fault is not None and code is None:
        code, field, message = read.fault.code, read.fault.field, read.fault.message
    return (read.number, read.key, code, field, message)


def open_writer(path: str | Path, columns: Sequence[str | Column]) -> Writer:
    """Return a writer of rows for a file; use it in a `with` block.

    The ending says the format; a folder that is missing is refused now. Two columns of one name are refused too.
    """
    path = Path(path)
    made = tuple(Column(column) if isinstance(column, str) else column for column in columns)
    names = [column.name for column in made]
    if len({*names}) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise FeedError(f"`{path.name}` would have two columns called `{twice}`")
    ending = ending_of(path)
    replacement = Replacement(path)
    try:
        if ending == ".parquet":
            from rules_engine.feeds.parquet import ParquetSink

            return Writer(replacement, ParquetSink(replacement, made), 1 << 15)
        return Writer(replacement, text_sink(path, replacement.stream, names), _BATCH_ROWS)
    except BaseException:
        replacement.discard()
        raise


class Writer:
    """Rows on their way to a file."""

    def __init__(self, replacement: Replacement, sink: Any, batch_rows: int) -> None:
        self._replacement = replacement
        self._sink = sink
        self._batch_rows = batch_rows
        self._rows: list[Row] = []

    def write(self, row: Row) -> None:
        """Take one row: text, whole numbers or None, in the order of the columns."""
        rows = self._rows
        rows.append(row)
        if len(rows) >= self._batch_rows:
            self._flush()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._drop()
            return
        try:
            self._flush()
            with self._named():
                self._sink.close()
                self._replacement.commit()
        except BaseException:
            self._drop()
            raise

    def _drop(self) -> None:
        with suppress(Exception):  # what stands at the end of the file is of no use, but its writer must be at rest
            self._sink.close()
        self._replacement.discard()

    def _flush(self) -> None:
        if self._rows:
            with self._named():
                self._sink.write(self._rows)
            self._rows = []

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Turn what the disk says into a `FeedError` that names the file."""
        try:
            yield
        except OSError as failed:
            raise FeedError(f"`{self._replacement.path}` cannot be written: {reason(failed)}") from None


def text_sink(path: Path, stream: Any, names: list[str], header: bool = True) -> Any:
    """What writes rows as lines of text to a stream of bytes, as the ending of a path says."""
    return _CsvSink(stream, names, header) if ending_of(path).startswith(".csv") else _JsonSink(stream, names)


class _CsvSink:
    """Rows as CSV: UTF-8, lines ended by LF, None as an empty cell."""

    def __init__(self, stream: Any, names: list[str], header: bool) -> None:
        self._text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=False)
        self._writer = csv.writer(self._text, lineterminator="\n")
        if header:
            self._writer.writerow(names)

    def write(self, rows: Sequence[Row]) -> None:
        self._writer.writerows(rows)

    def close(self) -> None:
        self._text.flush()
        self._text.detach()


class _JsonSink:
    """Rows as NDJSON: one object a line, a missing value as null."""

    def __init__(self, stream: Any, names: list[str]) -> None:
        self._write: Callable[[bytes], object] = stream.write
        self._names = names

    def write(self, rows: Sequence[Row]) -> None:
        names, dumps, line = self._names, orjson.dumps, orjson.OPT_APPEND_NEWLINE
        self._write(b"".join([dumps(dict(zip(names, row, strict=True)), option=line) for row in rows]))

    def close(self) -> None:
        """Nothing stands at the end of an NDJSON file."""
