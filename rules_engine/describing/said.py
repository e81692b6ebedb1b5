"""A programme page before it has a form: sections of sentences, tables and lists, each with the place it comes from.

Texts are plain, but for two marks of this room: what stands between them is quoted from the rule file as it is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

OPEN: Final = "\ue000"
CLOSE: Final = "\ue001"


class Item(msgspec.Struct, frozen=True):
    """A sentence, and the line of the rule file that it comes from."""

    text: str
    place: str = ""
    inner: tuple[str, ...] = ()


class Sentences(msgspec.Struct, frozen=True, tag=True):
    """Paragraphs, or a list of points."""

    items: tuple[Item, ...]
    listed: bool = True


class Grid(msgspec.Struct, frozen=True, tag=True):
    """A table; the first column names the rows."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Entry(msgspec.Struct, frozen=True, tag=True):
    """A rule with its title: a first sentence, then points."""

    title: str
    key: str
    place: str
    points: tuple[str, ...]


class Bar(msgspec.Struct, frozen=True):
    """A row of the calendar: a name, and the days of the year (from 0) on which it runs, as [first, end) spans."""

    name: str
    spans: tuple[tuple[int, int], ...]


class Year(msgspec.Struct, frozen=True, tag=True):
    """A year's calendar."""

    year: int
    bars: tuple[Bar, ...]


Block: TypeAlias = Sentences | Grid | Entry | Year


class Section(msgspec.Struct, frozen=True):
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Block, ...]


class Page(msgspec.Struct, frozen=True):
    """A whole programme page."""

    title: str
    sections: tuple[Section, ...]


def quoted(text: str) -> str:
    """A text of the rule file, marked as such.

    >>> parts(f"gives {quoted('1 point')}", str.upper, str.title)
    'GIVES 1 Point'
    """
    return f"{OPEN}{bare(text)}{CLOSE}"


def bare(text: str) -> str:
    """A user's text without the marks of this room."""
    return text.replace(OPEN, "").replace(CLOSE, "")


def parts(text: str, plain: Callable[[str], str], code: Callable[[str], str]) -> str:
    """A marked text with each of its parts in a form."""
    pieces = text.split(OPEN)
    shown = [plain(pieces[0])]
    for piece in pieces[1:]:
        inside, _, after = piece.partition(CLOSE)
        shown += [code(inside), plain(after)]
    return "".join(shown)
