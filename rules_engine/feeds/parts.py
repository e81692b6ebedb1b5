"""A file that is written in parts, each of which is on the disk before it counts, and put together at the end.

In: Arrow tables. Out: parts in a folder beside the file; whole, they are one file of any ending, which can be put in
its place. A run that is killed goes on behind its last finished part.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol

from rules_engine import tables
from rules_engine.feeds.files import Replacement, ending_of, reason
from rules_engine.feeds.joining import joined
from rules_engine.feeds.records import FeedError
from rules_engine.feeds.writers import text_sink
from rules_engine.tables import Column, pyarrow

ROW_GROUP = 1 << 17


def parquet_writer(stream: Any, schema: Any) -> Any:
    """A writer of Parquet as this engine writes it. Types of columns stand in the file as Parquet has them: a text is a
    text, whether it was held as a dictionary or not. Ids hardly come again, so they get no dictionary; least and most
    are kept of what may be looked for by them: ids, members, numbers."""
    pa = pyarrow()
    named = [name for name in schema.names if name != _ID]
    bounded = [field.name for field in schema if not pa.types.is_dictionary(field.type)]
    return pa.parquet.ParquetWriter(
        stream, schema, compression="zstd", store_schema=False, use_dictionary=named, write_statistics=bounded,
        write_batch_size=_AT_ONCE,
    )  # fmt: skip


_ID = "event"
_AT_ONCE = 1 << 13
_NUMBERED_GROUP = 1 << 13
_MERGED_ROWS = 1 << 17
"""How many rows of all parts together are held while they are merged."""
_WINDOW = 1 << 12


class Output:
    """One file of rows on its way: `target` is where it will stand, None where nobody asked for it. Its tables have the
    number of the row that each row is of; it stands in the file only where the columns say so. Parts of rows that are
    not in order yet are `numbered`: they are Parquet, and have the number."""

    def __init__(self, target: Path | None, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self.keeps_number = columns[0].name == tables.NUMBER
        self._part: _Part | None = None
        self._numbered = False
        if target is None:
            self.target: Path | None = None
            return
        self.target = target.resolve()
        if self.target.is_dir():
            raise FeedError(f"`{target}` is a folder, not a file to write")
        if not self.target.parent.is_dir():
            raise FeedError(f"`{target}` cannot be written: there is no folder `{target.parent}`")
        self.parquet = ending_of(target) == ".parquet"
        self.folder = folder_of(self.target)

    def begin(self, name: str, numbered: bool = False, coded: bool = True) -> None:
        """Start a part; whatever of that name was there is gone. What is numbered is read again, as plain texts."""
        if self.target is None:
            return
        with self._named():
            self.folder.mkdir(exist_ok=True)
            path, self._numbered = self.folder / name, numbered
            if numbered or self.parquet:
                group = _NUMBERED_GROUP if numbered else ROW_GROUP
                schema = tables.schema_of(self.columns, numbered and not self.keeps_number, coded and not numbered)
                self._part = _ParquetPart(path, schema, group)
            else:
                self._part = _TextPart(path, self.target, self.columns)

    def write(self, table: Any) -> None:
        """Write some rows to the part at hand."""
        if self._part is None:
            return
        keep = self._numbered or self.keeps_number
        with self._named():
            self._part.write(table if keep else table.drop_columns([tables.NUMBER]))

    def merge(self, names: Sequence[str], schema: Any) -> str:
        """Parts that are numbered as one part that is in order; its name."""
        pa = pyarrow()
        files = [pa.parquet.ParquetFile(self.folder / name, pre_buffer=False) for name in names]
        self.begin("merged-0", coded=False)
        rows = max(1 << 8, _MERGED_ROWS // len(files))
        texts = tables.plain(schema.empty_table()).schema
        for table in tables.merged([file.iter_batches(batch_size=rows) for file in files], texts, _WINDOW):
            self.write(table)
        self.finish()
        return "merged-0"

    def finish(self) -> None:
        """Bring the part at hand to the disk."""
        if self._part is not None:
            with self._named():
                self._part.close()
            self._part = None

    def drop(self) -> None:
        """Leave the part at hand as it is, of no use."""
        part, self._part = self._part, None
        if part is not None:
            with suppress(Exception):  # what stands at the end of the part is of no use, but its writer must be at rest
                part.close()

    def remove(self) -> None:
        """Nothing of it is of use."""
        if self.target is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def whole(self, names: Sequence[str]) -> Path:
        """All parts as one file, in the folder."""
        assert self.target is not None
        paths = [self.folder / name for name in names]
        with self._named():
            if len(paths) == 1 and not self.target.name.lower().endswith(".gz"):
                return paths[0]
            if self.parquet:
                found = self.folder / "whole.parquet"
                with found.open("wb") as stream:
                    joined(paths, stream)
                    _synced(stream)
                return found
            return self._text(paths)

    def _text(self, paths: Sequence[Path]) -> Path:
        """Lines one after the other, packed where the name says so."""
        assert self.target is not None
        packed = Replacement(self.folder / f"whole{ending_of(self.target)}")
        try:
            for path in paths:
                with path.open("rb") as part:
                    shutil.copyfileobj(part, packed.stream, 1 << 20)
            packed.commit()
        except BaseException:
            packed.discard()
            raise
        return packed.path

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Turn what the disk says into a `FeedError` that names the file."""
        try:
            yield
        except OSError as failed:
            raise FeedError(f"`{self.target}` cannot be written: {reason(failed)}") from None


def folder_of(target: Path) -> Path:
    """Where the parts of a file stand."""
    return target.with_name(f".{target.name}.unfinished")


class _Part(Protocol):
    """A part being written."""

    def write(self, table: Any) -> None:
        """Write the rows of a table."""
        ...

    def close(self) -> None:
        """Write what is left; the part is on the disk then."""
        ...


class _ParquetPart:
    """Row groups of one size, whatever tables come."""

    def __init__(self, path: Path, schema: Any, group: int) -> None:
        self.stream: BinaryIO = path.open("wb")
        self.group = group
        self.writer = parquet_writer(self.stream, schema)
        self.schema = schema
        self.held: list[Any] = []
        self.rows = 0

    def write(self, table: Any) -> None:
        self.held.append(table if table.schema == self.schema else table.cast(self.schema))
        self.rows += table.num_rows
        if self.rows >= self.group:
            whole = pyarrow().concat_tables(self.held).unify_dictionaries()
            full = self.rows // self.group * self.group
            for start in range(0, full, self.group):
                self.writer.write_table(whole.slice(start, self.group), row_group_size=self.group)
            self.held, self.rows = [whole.slice(full)], self.rows - full

    def close(self) -> None:
        if self.rows:
            self.writer.write_table(pyarrow().concat_tables(self.held).unify_dictionaries(), row_group_size=self.group)
        self.writer.close()
        _closed(self.stream)


class _TextPart:
    """Lines of text; only the first part has a header, where there is one."""

    def __init__(self, path: Path, target: Path, columns: Sequence[Column]) -> None:
        self.stream: BinaryIO = path.open("wb")
        names = [column.name for column in columns]
        self.sink = text_sink(target, self.stream, names, header=path.name.endswith("-0"))

    def write(self, table: Any) -> None:
        rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
        if rows:
            self.sink.write(rows)

    def close(self) -> None:
        self.sink.close()
        _closed(self.stream)


def _closed(stream: IO[bytes]) -> None:
    """Close a part; it is on the disk first."""
    _synced(stream)
    stream.close()


def _synced(stream: IO[bytes]) -> None:
    stream.flush()
    os.fsync(stream.fileno())
