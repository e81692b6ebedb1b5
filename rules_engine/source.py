"""The text of a rule file and places in it.

In: a path or a text. Out: `Source`, whose offsets count characters from the start of the file. A place is a `Span`,
a pair of offsets, so that nodes stay small; lines and columns are computed only when a person is shown something.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

Span = tuple[int, int]
"""Start and end offset, the end excluded."""

NOWHERE: Span = (0, 0)

TEXT_MAX: Final = 8 * 2**20
"""Characters of one rule file, and bytes of all rule files of a program: ten times 10,000 rules."""

_LINE_END = re.compile(r"\r\n?|\n")


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
        """Read a file as UTF-8; raises OSError, or UnicodeDecodeError for bytes that are no text. Line ends of other
        systems become `\\n`, mixed ones too. See `TEXT_MAX` for how large it may be, which is the caller's to ask."""
        return cls.of_bytes(str(path), Path(path).read_bytes())

    @classmethod
    def of_bytes(cls, name: str, content: bytes) -> Source:
        """The same of the content of a file.

        >>> Source.of_bytes("shop.rules", b"language 1\\r\\nuse shop\\r").text
        'language 1\\nuse shop\\n'
        """
        text = content.decode("utf-8-sig")
        return cls(name, text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text)

    @cached_property
    def _starts(self) -> list[int]:
        if "\r" in self.text:
            return [0, *(found.end() for found in _LINE_END.finditer(self.text))]
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
        return self.text[start:end].removesuffix("\r")

    def slice(self, span: Span) -> str:
        """The text at a span."""
        return self.text[span[0] : span[1]]
