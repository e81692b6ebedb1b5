"""The colours of a text, as editors ask for them: five numbers a token, each place told from the one before.

In: a text, again and again as it is edited. Out: the numbers of all of it. A declaration that stands there as before is
not read again: its numbers are the same wherever it stands, but for the first token's distance from what is before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from rules_engine.highlighting import Kind, tokens
from rules_engine.language.places import Encoding, units
from rules_engine.parsing import stretches

LEGEND: Final = ("comment", "string", "number", "keyword", "class", "variable", "operator")
"""The kinds of tokens, by the names that themes of editors know."""

MODIFIERS: Final = ("declaration",)

_KINDS: Final[dict[Kind, tuple[int, int]]] = {
    "comment": (0, 0),
    "string": (1, 0),
    "number": (2, 0),
    "date": (2, 0),
    "currency": (2, 0),
    "declaration": (3, 1),
    "keyword": (3, 0),
    "title": (4, 0),
    "name": (5, 0),
    "operator": (6, 0),
}
"""By kind its place in the legend and its modifiers; brackets are left to the editor."""


class Piece(NamedTuple):
    """The numbers of a stretch of text, as if it stood alone: `first` and `last` are the places of its first and its
    last
    token, `lines` how many lines it goes down."""

    numbers: tuple[int, ...]
    first: tuple[int, int]
    last: tuple[int, int]
    lines: int


class Colours:
    """The numbers of one text as it is edited."""

    def __init__(self, encoding: Encoding = "utf-16") -> None:
        self.encoding = encoding
        self.known: dict[str, Piece] = {}

    def of(self, text: str) -> list[int]:
        """The numbers of the whole text.

        >>> Colours().of("use shop")
        [0, 0, 3, 3, 1, 0, 4, 4, 5, 0]
        """
        before, self.known = self.known, {}
        numbers: list[int] = []
        line, last = 0, (0, 0)
        for start, end in stretches(text):
            part = text[start:end]
            piece = before.get(part) or self.known.get(part) or self._read(part)
            self.known[part] = piece
            if piece.numbers:
                at = (line + piece.first[0], piece.first[1])
                numbers += (at[0] - last[0], at[1] - last[1] if at[0] == last[0] else at[1])
                numbers += piece.numbers[2:]
                last = line + piece.last[0], piece.last[1]
            line += piece.lines
        return numbers

    def _read(self, text: str) -> Piece:
        numbers: list[int] = []
        line, begin, last, first = 0, 0, (0, 0), None
        for start, end, kind in tokens(text):
            if kind not in _KINDS:
                continue
            while True:
                found = text.find("\n", begin, start)
                if found < 0:
                    break
                line, begin = line + 1, found + 1
            column = units(text[begin:start], self.encoding)
            where = (line, column)
            first = first or where
            sort, modifiers = _KINDS[kind]
            size = units(text[start:end], self.encoding)
            numbers += (line - last[0], column - last[1] if line == last[0] else column, size, sort, modifiers)
            last = where
        return Piece(tuple(numbers), first or (0, 0), last, text.count("\n"))


class Change(NamedTuple):
    """Numbers put in the place of others."""

    start: int
    gone: int
    numbers: list[int]


def difference(before: list[int], after: list[int]) -> Change:
    """The one stretch that differs between two lists of numbers, in whole tokens.

    >>> difference([1, 1, 1, 1, 1, 2, 2, 2, 2, 2], [1, 1, 1, 1, 1, 3, 2, 2, 2, 2])
    Change(start=5, gone=5, numbers=[3, 2, 2, 2, 2])
    """
    most = min(len(before), len(after)) // 5
    head = _alike(most, lambda low, high: before[low * 5 : high * 5] == after[low * 5 : high * 5])
    size, other = len(before), len(after)
    tail = _alike(
        most - head,
        lambda low, high: before[size - high * 5 : size - low * 5] == after[other - high * 5 : other - low * 5],
    )
    return Change(head * 5, size - (head + tail) * 5, after[head * 5 : other - tail * 5])


def _alike(most: int, same: Callable[[int, int], bool]) -> int:
    """How many tokens up to `most` are the same from an end on, by halving what is not known yet."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if same(low, middle) else (low, middle - 1)
    return low
