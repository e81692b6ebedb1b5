"""Parquet files of one schema put together without reading their rows: pages are copied, footers are joined.

In: finished files. Out: one file with all their row groups, in the order of the files. A Parquet file is pages, then a
footer that says at which byte each column of each row group begins, its length, and a mark. So the pages of a file can
stand behind those of another as they are, if the footer counts from its new place. The footer is a structure of Thrift
in the compact protocol: fields by number, each with its type; it is read as such, offsets are moved, and it is written
again. pyarrow joins such footers too, but cannot move offsets.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from rules_engine.tables import FeedError

_MARK: Final = b"PAR1"
_TAIL: Final = 8
_STOP, _TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 0, 1, 2, 3, 7, 8, 9, 10, 11, 12
_WHOLE: Final = (4, 5, 6)
_ROWS, _GROUPS = 3, 4
"""Fields of the footer: how many rows, the row groups."""
_COLUMNS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7
"""Fields of a row group."""
_CHUNK_OFFSET, _META, _INDEXES = 2, 3, (4, 5, 6, 7)
"""Fields of a column: where it is said to stand, what it is, and where its page indexes are, which are left out."""
_OFFSETS: Final = (9, 10, 11)
"""Fields of what a column is that count bytes from the start of the file: pages of data, of an index, a dictionary."""
_BLOOM: Final = (14, 15)

Fields = dict[int, tuple[int, Any]]
"""A structure: by number the type and the value of each field."""


def joined(parts: Sequence[Path], stream: BinaryIO) -> None:
    """Write the rows of all files to one; raises `FeedError` where a part is no whole Parquet file."""
    stream.write(_MARK)
    at, whole = len(_MARK), None
    for path in parts:
        with path.open("rb") as part:
            footer, pages = _footer(part, path)
            moved = _moved(footer, at - len(_MARK))
            part.seek(len(_MARK))
            _copied(part, stream, pages - len(_MARK))
            at += pages - len(_MARK)
        whole = moved if whole is None else _added(whole, moved)
    assert whole is not None, "there is nothing to join"
    for number, (_, group) in enumerate(whole[_GROUPS][1][1]):
        if _ORDINAL in group:
            group[_ORDINAL] = (group[_ORDINAL][0], number)
    written = bytearray()
    _write_struct(written, whole)
    stream.write(written + len(written).to_bytes(4, "little") + _MARK)


def _footer(part: BinaryIO, path: Path) -> tuple[Fields, int]:
    """The footer of a file, and where its pages end."""
    end = part.seek(0, 2)
    part.seek(max(0, end - _TAIL))
    tail = part.read(_TAIL)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != _MARK or end < _TAIL + length + len(_MARK):
        raise FeedError(f"`{path}` is broken or cut short: it is no whole Parquet file")
    part.seek(end - _TAIL - length)
    return _Reader(part.read(length)).struct(), end - _TAIL - length


def _copied(source: BinaryIO, target: BinaryIO, count: int) -> None:
    copied = _Limited(source, count)
    while some := copied.read(1 << 20):
        target.write(some)


class _Limited:
    """The next so many bytes of a stream."""

    def __init__(self, stream: BinaryIO, count: int) -> None:
        self.stream, self.left = stream, count

    def read(self, count: int = -1, /) -> bytes:
        """Some of them."""
        found = self.stream.read(min(count, self.left))
        self.left -= len(found)
        return found


def _moved(footer: Fields, shift: int) -> Fields:
    """The footer of a file whose pages stand so many bytes further on."""
    for _, group in footer[_GROUPS][1][1]:
        _shift(group, _GROUP_OFFSET, shift)
        for _, column in group[_COLUMNS][1][1]:
            _shift(column, _CHUNK_OFFSET, shift)
            for field in _INDEXES:
                column.pop(field, None)
            meta = column[_META][1]
            for field in _OFFSETS:
                _shift(meta, field, shift)
            for field in _BLOOM:
                meta.pop(field, None)
    return footer


def _shift(fields: Fields, number: int, shift: int) -> None:
    if number in fields and fields[number][1]:  # 0 is written where nothing is said
        fields[number] = (fields[number][0], fields[number][1] + shift)


def _added(whole: Fields, more: Fields) -> Fields:
    kind, groups = whole[_GROUPS][1]
    whole[_GROUPS] = (_LIST, (kind, groups + more[_GROUPS][1][1]))
    whole[_ROWS] = (whole[_ROWS][0], whole[_ROWS][1] + more[_ROWS][1])
    return whole


# ---- Thrift, compact ----


class _Reader:
    """Values out of bytes."""

    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def _byte(self) -> int:
        self.at += 1
        return self.content[self.at - 1]

    def _varint(self) -> int:
        found = shift = 0
        while True:
            byte = self._byte()
            found |= (byte & 0x7F) << shift
            if byte < 0x80:
                return found
            shift += 7

    def _zigzag(self) -> int:
        found = self._varint()
        return (found >> 1) ^ -(found & 1)

    def struct(self) -> Fields:
        """A structure, up to its stop."""
        found: Fields = {}
        last = 0
        while True:
            head = self._byte()
            if head == _STOP:
                return found
            last = last + (head >> 4) if head >> 4 else self._zigzag()
            kind = head & 15
            found[last] = (kind, kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind))

    def _value(self, kind: int) -> Any:
        if kind in _WHOLE:
            return self._zigzag()
        if kind == _STRUCT:
            return self.struct()
        if kind in (_TRUE, _FALSE, _BYTE):
            return self._byte()
        if kind in (_BINARY, _DOUBLE):
            length = 8 if kind == _DOUBLE else self._varint()
            self.at += length
            return self.content[self.at - length : self.at]
        assert kind in (_LIST, _SET), f"a footer has no type {kind}"
        head = self._byte()
        size, inner = head >> 4, head & 15
        size = self._varint() if size == 15 else size
        return inner, [(inner, self._value(inner)) for _ in range(size)]


def _write_struct(to: bytearray, fields: Fields) -> None:
    last = 0
    for number in sorted(fields):
        kind, value = fields[number]
        if kind in (_TRUE, _FALSE):
            kind = _TRUE if value else _FALSE
        if 0 < number - last < 16:
            to.append((number - last) << 4 | kind)
        else:
            to.append(kind)
            _write_varint(to, number << 1 if number >= 0 else (-number << 1) - 1)
        last = number
        if kind not in (_TRUE, _FALSE):
            _write(to, kind, value)
    to.append(_STOP)


def _write(to: bytearray, kind: int, value: Any) -> None:
    if kind in _WHOLE:
        _write_varint(to, value << 1 if value >= 0 else (-value << 1) - 1)
    elif kind == _STRUCT:
        _write_struct(to, value)
    elif kind in (_TRUE, _FALSE, _BYTE):
        to.append(value)
    elif kind in (_BINARY, _DOUBLE):
        if kind == _BINARY:
            _write_varint(to, len(value))
        to += value
    else:
        inner, items = value
        to.append(min(len(items), 15) << 4 | inner)
        if len(items) >= 15:
            _write_varint(to, len(items))
        for _, item in items:
            _write(to, inner, item)


def _write_varint(to: bytearray, value: int) -> None:
    while value >= 0x80:
        to.append(value & 0x7F | 0x80)
        value >>= 7
    to.append(value)
