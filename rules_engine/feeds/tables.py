"""Any file as a table of text: a header and its rows, so that one plan turns them all into events.

A row that cannot be read is a `BadRow` in its place: it has no cells, so that it fails the check of its length, which
every row must pass anyway, and only then is asked for its reason.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final, TextIO

import msgspec
import orjson

from rules_engine.feeds.files import ending_of, open_bytes, reading, reason
from rules_engine.feeds.records import FeedError

CELL_MAX = 1 << 20
LINE_MAX = 1 << 24
"""Bytes of a line, or characters where lines are read as text; of a longer one no more is kept in memory."""


class BadRow(list[str]):
    """A row that could not be read, and why."""

    def __init__(self, message: str) -> None:
        super().__init__()
        self.message = message


class Table(msgspec.Struct, frozen=True):
    """The names of the columns, and the rows below them, read as they are asked for.

    `close` is for those who find the header wrong; whoever reads the rows to their end need not call it.
    """

    header: tuple[str, ...]
    rows: Iterator[list[str]]
    close: Callable[[], object] = tuple


def open_table(
    path: Path, used: Sequence[str] = (), *, null: str = "", delimiter: str = ",", encoding: str = "utf-8"
) -> Table:
    """Open a file as a table; `used` names the columns wanted from the files that have no header of plain text."""
    ending = ending_of(path)
    if ending == ".parquet":
        from rules_engine.feeds.parquet import parquet_table

        return parquet_table(path, used, null)
    if ending.startswith((".ndjson", ".jsonl")):
        return Table(tuple(used), _ndjson_rows(path, tuple(used), null))
    return csv_table(path, delimiter, encoding)


def csv_table(path: Path, delimiter: str = ",", encoding: str = "utf-8") -> Table:
    """Open a CSV file; bytes that are no text of the encoding come through marked, and fail where they are used."""
    encoding = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    file = io.TextIOWrapper(open_bytes(path), encoding=encoding, errors="surrogateescape", newline="")
    csv.field_size_limit(max(csv.field_size_limit(), CELL_MAX))
    reader = csv.reader(_BoundedLines(file), delimiter=delimiter, strict=True)
    try:
        with reading(path):
            header = next(filter(None, reader), None)
    except (csv.Error, UnicodeError) as error:
        file.close()
        raise FeedError(f"the header of `{path.name}` cannot be read: {reason(error)}") from None
    except BaseException:
        file.close()
        raise
    if header is None:
        file.close()
        raise FeedError(f"`{path.name}` is empty: its first line must name the columns")
    twice = sorted(name for name, count in Counter(header).items() if count > 1)
    if twice:
        file.close()
        raise FeedError(*(f"`{path.name}` has two columns called `{name}`" for name in twice))
    return Table(tuple(header), _csv_rows(path, file, reader), file.close)


class _BoundedLines:
    """The lines of a file of text; one that is too long is passed over and told as a fault of CSV."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(LINE_MAX + 1)
        if not line:
            raise StopIteration
        if len(line) <= LINE_MAX:
            return line
        while line and not line.endswith(("\n", "\r")):
            line = self._file.readline(LINE_MAX)
        raise csv.Error(f"a line is longer than {LINE_MAX:,} characters")


def _csv_rows(path: Path, file: TextIO, reader: Iterator[list[str]]) -> Iterator[list[str]]:
    with file, reading(path, UnicodeError):
        while True:
            try:
                yield from filter(None, reader)
            except csv.Error as error:
                yield BadRow(f"the row is not CSV: {reason(error)}")
            else:
                return


TOO_LONG: Final = b"\x00too long"


def why_no_json(line: bytes, error: Exception) -> str:
    """What is wrong with a line that is not JSON."""
    if line == TOO_LONG:
        return f"it is longer than {LINE_MAX:,} bytes"
    if isinstance(error, UnicodeDecodeError):
        return "it holds bytes that are no text"
    return "brackets stand in brackets too many times" if isinstance(error, RecursionError) else reason(error)


def json_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Return the lines of a file that are not blank, with their numbers; a missing file is refused at once."""
    return _lines(path, open_bytes(path))


def _lines(path: Path, stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    with stream as file, reading(path):
        first = _bounded(file).removeprefix(b"\xef\xbb\xbf")
        for number, line in enumerate(chain((first,), iter(lambda: _bounded(file), b"")), 1):
            stripped = line.strip()
            if stripped:
                yield number, stripped


def _bounded(file: BinaryIO) -> bytes:
    """The next line; one that is too long is read over, and something stands in its place that is no JSON."""
    line = file.readline(LINE_MAX + 1)
    if len(line) <= LINE_MAX:
        return line
    while line and not line.endswith(b"\n"):
        line = file.readline(LINE_MAX)
    return TOO_LONG + b"\n"


def _ndjson_rows(path: Path, used: tuple[str, ...], null: str) -> Iterator[list[str]]:
    for number, line in json_lines(path):
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield BadRow(f"line {number} is not JSON: {why_no_json(line, error)}")
            continue
        if not isinstance(found, dict):
            yield BadRow(f"line {number} is not a JSON object")
            continue
        try:
            yield [_cell(name, found.get(name), null) for name in used]
        except ValueError as error:
            yield BadRow(f"line {number}: {error}")


def _cell(name: str, value: object, null: str) -> str:
    """Return a JSON value as the text of a cell."""
    match value:
        case str():
            return value
        case None:
            return null
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            raise ValueError(f'`{name}` is the number {value}, which is not exact; send it as text: "{value}"')
        case _:
            raise ValueError(f"`{name}` holds a list or an object, and a mapping reads single values only")
