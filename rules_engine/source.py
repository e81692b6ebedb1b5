"""The text of a rule file and places in it.

In: a path or a text. Out: `Source`, whose offsets count characters from the start of the file. A place is a `Span`,
a pair of offsets, so that nodes stay small; lines and columns are computed only when a person is shown something.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

Span = tuple[int, int]
"""Start and end offset, the end excluded."""

NOWHERE: Span = (0, 0)


class Place(NamedTuple):
    """A line and a column as editors count them, both from 1."""

    line: int
    column: int


class Source:
    """One rule file: its name as the user wrote it, and its text.

    >>> source = Source("shop.rules", "language 1\\nuse shop\\n")
    >>> source.place(15)
    Place(line=2, column=5)
    >>> source.line(2)
    'use shop'
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    @classmethod
    def read(cls, path: Path | str) -> Source:
        """Read a file as UTF-8; raises OSError, or UnicodeDecodeError for bytes that are no text."""
        return cls(str(path), Path(path).read_bytes().decode("utf-8-sig").replace("\r\n", "\n"))

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        at = self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts

    def place(self, offset: int) -> Place:
        """The line and column of an offset."""
        row = bisect_right(self._starts, min(offset, len(self.text))) - 1
        return Place(row + 1, min(offset, len(self.text)) - self._starts[row] + 1)

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its end."""
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[start:end]

    def slice(self, span: Span) -> str:
        """The text at a span."""
        return self.text[span[0] : span[1]]
