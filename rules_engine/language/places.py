"""Places as editors count them: lines, and columns in UTF-16 units, both from 0.

In: the text of a file. Out: from an offset to a place and back. Rule files count characters; an editor counts what
Java and Windows call a character, of which an emoji has two. A column beyond the end of a line is the line's end, as
the protocol wants it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Literal, NamedTuple, TypeAlias

from rules_engine.source import Span


class Spot(NamedTuple):
    """A place in a file: line and column from 0, the column in UTF-16 units."""

    line: int
    column: int


class Location(NamedTuple):
    """A stretch of a named file."""

    source: str
    span: Span


class Edit(NamedTuple):
    """A text put in the place of a stretch of a file."""

    source: str
    span: Span
    text: str


Encoding: TypeAlias = Literal["utf-16", "utf-8", "utf-32"]
"""What an editor counts columns in. Those that ask for nothing count in UTF-16."""


class Lines:
    """Where the lines of a text begin.

    >>> lines = Lines("say \\U0001f600 here\\nnext")
    >>> lines.spot(6), lines.offset(Spot(0, 7)), lines.spot(12)
    (Spot(line=0, column=7), 6, Spot(line=1, column=1))
    """

    def __init__(self, text: str, encoding: Encoding = "utf-16") -> None:
        self.text = text
        self.encoding = encoding
        self.plain = encoding == "utf-32" or text.isascii()
        self.starts = [0, *(found.end() for found in _ENDS.finditer(text))]

    def spot(self, offset: int) -> Spot:
        """The place of an offset."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.starts, offset) - 1
        start = self.starts[line]
        return Spot(line, offset - start if self.plain else units(self.text[start:offset], self.encoding))

    def offset(self, spot: Spot) -> int:
        """The offset of a place; beyond the text it is the end."""
        if spot.line >= len(self.starts):
            return len(self.text)
        start = self.starts[spot.line]
        end = self.starts[spot.line + 1] - 1 if spot.line + 1 < len(self.starts) else len(self.text)
        if self.plain:
            return min(start + spot.column, end)
        left = spot.column
        for at in range(start, end):
            left -= units(self.text[at], self.encoding)
            if left < 0:
                return at
        return end


_ENDS = re.compile("\n")


def units(text: str, encoding: Encoding = "utf-16") -> int:
    """How many units of an encoding a text has.

    >>> units("a\u00e9\U0001f600"), units("a\u00e9\U0001f600", "utf-8")
    (4, 7)
    """
    match encoding:
        case "utf-16":
            return len(text) + sum(char > "\uffff" for char in text)
        case "utf-8":
            return len(text.encode("utf-8", "surrogatepass"))
        case "utf-32":
            return len(text)


def normal(text: str) -> str:
    """A text in which every line end is one `\\n`: the lines stay those that an editor counts.

    >>> normal("a\\r\\nb\\rc")
    'a\\nb\\nc'
    """
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
