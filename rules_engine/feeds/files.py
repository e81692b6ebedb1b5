"""Files by their ending: opened for reading as a stream, and replaced as a whole when they are written.

A written file appears only when it is complete. Until then it has another name beside its place, so that a run which
fails leaves the former file as it was and no half of a new one.
"""

from __future__ import annotations

import gzip
import io
import os
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, cast

from rules_engine.feeds.records import FeedError

ENDINGS = (".csv", ".csv.gz", ".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz", ".parquet")

_CHUNK = 1 << 18


def ending_of(path: Path) -> str:
    """Return the ending that says how a file is written.

    >>> ending_of(Path("orders.2011.CSV.gz"))
    '.csv.gz'
    """
    name = path.name.lower()
    for ending in sorted(ENDINGS, key=len, reverse=True):
        if name.endswith(ending):
            return ending
    if path.is_dir():
        raise FeedError(f"`{path}` is a folder, not a file")
    raise FeedError(f"`{path.name}` does not end in one of {', '.join(ENDINGS)}, so its format is not known")


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading bytes, unpacked if its name ends in `.gz`."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise FeedError(f"`{path}` cannot be read: {reason(error)}") from None
    if path.name.lower().endswith(".gz"):
        return cast("BinaryIO", io.BufferedReader(_Unpacked(raw), _CHUNK))
    return raw


class _Unpacked(gzip.GzipFile):
    """A gzip stream that closes the file beneath it."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        super().__init__(fileobj=raw, mode="rb")

    def close(self) -> None:
        super().close()
        self._raw.close()


@contextmanager
def reading(path: Path, *faults: type[Exception]) -> Iterator[None]:
    """Turn the faults of a broken file, met while it is read, into a `FeedError` that names it."""
    caught: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, *faults)
    try:
        yield
    except caught as error:
        raise FeedError(f"`{path}` is broken or cut short: {reason(error)}") from None


def reason(error: BaseException) -> str:
    """Return what the operating system or an unpacker says, in the form of our messages."""
    text = (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def at_row(number: int, message: str) -> str:
    """Return a message that says once at which row of a file it stands.

    >>> at_row(3, "row 3: `x` is no number"), at_row(3, "`x` is missing")
    ('row 3: `x` is no number', 'row 3: `x` is missing')
    """
    said = message.startswith((f"row {number}:", f"row {number} ", f"line {number}:", f"line {number} "))
    return message if said else f"row {number}: {message}"


class Replacement:
    """A file being written beside its place: `commit` puts it there, `discard` leaves what was there."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        if self.path.is_dir():
            raise FeedError(f"`{path}` is a folder, not a file to write")
        if not self.path.parent.is_dir():
            raise FeedError(f"`{path}` cannot be written: there is no folder `{path.parent}`")
        self.partial = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}.partial")
        try:
            self._raw: IO[bytes] = self.partial.open("xb")
        except OSError as error:
            raise FeedError(f"`{path}` cannot be written: {reason(error)}") from None
        self.stream: IO[bytes] = self._raw
        if self.path.name.lower().endswith(".gz"):
            # no name and no time inside, so that equal rows give equal bytes
            packer = gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=self._raw, mtime=0)
            self.stream = cast("IO[bytes]", io.BufferedWriter(packer, _CHUNK))

    def commit(self) -> None:
        """Bring the bytes to the disk and the file to its place."""
        if self.stream is not self._raw:
            self.stream.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        self.partial.replace(self.path)

    def discard(self) -> None:
        """Remove what was written so far."""
        try:
            with suppress(Exception):  # a packer writes its end when it is closed, perhaps to a full disk
                self.stream.close()
            self._raw.close()
        finally:
            self.partial.unlink(missing_ok=True)


def replace_bytes(path: Path, content: bytes) -> None:
    """Write a whole file at once, or leave it as it was."""
    replacement = Replacement(path)
    try:
        replacement.stream.write(content)
        replacement.commit()
    except BaseException:
        replacement.discard()
        raise
