"""A small algebra of documents: what may break where, and the lines that come out.

In: a document built by the printers. Out: lines of at most `WIDTH` columns where the text allows it. A document is a
string, or a node that knows its text on one line (`flat`, or None where a line end is certain), so that what fits is
written at once and only what does not fit is taken apart:

- `Cat` sets its parts side by side;
- `Fill` sets a blank between its parts, or a new line where the next part would not fit; it takes no more lines than it
  must, and these as even as can be;
- `Nest` moves new lines inside it to the right;
- `Choice` is on one line if it fits, else the other document;
- `Note` is a comment: it waits for the end of the line it stands on;
- `HARD` ends a line.

A `Fill` may ask for less than `WIDTH`: whatever holds it is taken apart where it passes that column.

Rendering keeps its own stack, so depth does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, assert_never

import msgspec

WIDTH = 140
"""Columns of a line, comments at its end not counted."""

FLAT_MAX = 4000
"""Characters of what is tried on one line: far more than any line has."""


class Cat(msgspec.Struct, frozen=True):
    """Parts side by side."""

    parts: tuple[Doc, ...]
    flat: str | None
    width: int = WIDTH


class Fill(msgspec.Struct, frozen=True):
    """Parts with a blank or a new line between two of them."""

    parts: tuple[Doc, ...]
    flat: str | None
    width: int = WIDTH


class Nest(msgspec.Struct, frozen=True):
    """New lines inside stand further to the right."""

    indent: int
    doc: Doc
    flat: str | None
    width: int = WIDTH


class Choice(msgspec.Struct, frozen=True):
    """One line if it fits, else `broken`."""

    flat: str
    broken: Doc
    width: int = WIDTH


class Note(msgspec.Struct, frozen=True):
    """A comment at the end of the line."""

    text: str
    flat: None = None


class Hard(msgspec.Struct, frozen=True):
    """A certain line end."""

    flat: None = None


Doc = str | Cat | Fill | Nest | Choice | Note | Hard

HARD = Hard()


class Line(NamedTuple):
    """A finished line: its text, and the comments at its end."""

    text: str
    note: str


def flat(doc: Doc) -> str | None:
    """The document on one line, or None where it must break."""
    return doc if isinstance(doc, str) else doc.flat


def first_sign(doc: Doc) -> str:
    """The first character of a document, or an empty text."""
    while not isinstance(doc, str):
        match doc:
            case Choice():
                doc = doc.flat
            case Nest():
                doc = doc.doc
            case Cat() | Fill():
                doc = next((part for part in doc.parts if part != ""), "")
            case Note() | Hard():
                return ""
            case _:
                assert_never(doc)
    return doc[:1]


def cat(*parts: Doc) -> Doc:
    """Parts side by side; strings become one string.

    >>> cat("up to ", "5")
    'up to 5'
    """
    strings = [part for part in parts if isinstance(part, str)]
    if len(strings) == len(parts):
        return "".join(strings)
    return Cat(parts, _joined("", [flat(part) for part in parts]), _narrowest(parts))


def _narrowest(parts: Iterable[Doc]) -> int:
    """The fewest columns that one of the parts asks for."""
    return min((part.width for part in parts if isinstance(part, Cat | Fill | Nest)), default=WIDTH)


def fill(parts: Iterable[Doc], width: int = WIDTH) -> Doc:
    """Parts with a blank between, or a new line where the next does not fit in so many columns."""
    kept = tuple(part for part in parts if part != "")
    if len(kept) == 1:
        return kept[0]
    return Fill(kept, _joined(" ", [flat(part) for part in kept]), min(width, _narrowest(kept)))


def _joined(between: str, texts: list[str | None]) -> str | None:
    """The texts as one; None where one of them must break, or where all together must, since a chain of documents one
    inside the other would hold the text of each."""
    known = [text for text in texts if text is not None]
    if len(known) < len(texts) or sum(map(len, known)) > FLAT_MAX:
        return None
    return between.join(known)


def in_one_line(doc: Doc) -> str:
    """The document on one line, a blank for each line end."""
    text = flat(doc)
    return " ".join(line.text.strip() for line in render(doc)) if text is None else text


def commas(parts: Sequence[Doc], width: int = WIDTH) -> Doc:
    """`a, b, c`, broken after a comma where it is too long."""
    return fill([*(cat(part, ",") for part in parts[:-1]), *parts[-1:]], width)


def nest(indent: int, doc: Doc) -> Doc:
    """The document with its new lines further to the right."""
    return doc if isinstance(doc, str) else Nest(indent, doc, doc.flat, _narrowest((doc,)))


def render(doc: Doc, width: int = WIDTH) -> list[Line]:
    """The lines of a document."""
    page = _Page()
    # Each entry: the column of new lines, the columns needed behind it on the same line, the document.
    stack: list[tuple[int, int, Doc | _Rest]] = [(0, 0, doc)]
    while stack:
        indent, after, top = stack.pop()
        if isinstance(top, str):
            page.write(top)
        elif isinstance(top, Note):
            page.notes.append(top.text)
        elif isinstance(top, Hard):
            page.end(indent)
        elif isinstance(top, _Rest):
            _next_of_fill(stack, page, indent, after, top)
        elif top.flat is not None and page.column + len(top.flat) + after <= min(width, top.width):
            page.write(top.flat)
        else:
            _open(stack, page.column, indent, after, top, width)
    page.end(0)
    return page.lines


def _open(
    stack: list[tuple[int, int, Doc | _Rest]],
    column: int,
    indent: int,
    after: int,
    doc: Cat | Fill | Nest | Choice,
    width: int,
) -> None:
    """Take apart a document that does not fit on the line."""
    match doc:
        case Nest():
            stack.append((indent + doc.indent, after, doc.doc))
        case Choice():
            stack.append((indent, after, doc.broken))
        case Cat():
            for part in reversed(doc.parts):
                stack.append((indent, after, part))
                after = after + len(part) if isinstance(part, str) else 0
        case Fill():
            if doc.parts:
                columns = _even(doc.parts, column, indent, after, min(width, doc.width))
                stack.append((indent, after, _Rest(doc.parts, 1, columns)))
                stack.append((indent, after if len(doc.parts) == 1 else 0, doc.parts[0]))
        case _:
            assert_never(doc)


def _next_of_fill(stack: list[tuple[int, int, Doc | _Rest]], page: _Page, indent: int, after: int, rest: _Rest) -> None:
    if rest.at == len(rest.parts):
        return
    part = rest.parts[rest.at]
    behind = after if rest.at == len(rest.parts) - 1 else 0
    text = flat(part)
    if text is not None and page.column + 1 + len(text) + behind <= rest.width:
        page.write(" ")
    else:
        page.end(indent)
    stack.append((indent, after, _Rest(rest.parts, rest.at + 1, rest.width)))
    stack.append((indent, behind, part))


class _Rest(msgspec.Struct, frozen=True):
    """What is left of a `Fill`: its parts from `at` on, and the columns it may take."""

    parts: tuple[Doc, ...]
    at: int
    width: int


def _even(parts: tuple[Doc, ...], column: int, indent: int, after: int, width: int) -> int:
    """The least columns in which the parts take as few lines as they do in `width`."""
    texts = [flat(part) for part in parts]
    lengths = [len(text) for text in texts if text is not None]
    if len(lengths) < len(texts) or (column + lengths[0] > width and not isinstance(parts[0], str)):
        return width  # A part breaks by itself: what is written in more lines is laid out as it was.
    lengths[-1] += after
    lines = _lines_needed(lengths, column, indent, width)
    least, most = max(lengths) + indent, width
    if least > width:
        return width
    while least < most:
        middle = (least + most) // 2
        if _lines_needed(lengths, column, indent, middle) <= lines:
            most = middle
        else:
            least = middle + 1
    return most


def _lines_needed(lengths: Sequence[int], column: int, indent: int, width: int) -> int:
    lines, at = 1, column + lengths[0]
    for length in lengths[1:]:
        if at + 1 + length <= width:
            at += 1 + length
        else:
            lines, at = lines + 1, indent + length
    return lines


class _Page:
    """The lines so far and the one being written."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.column = 0
        self.notes: list[str] = []
        self._parts: list[str] = []

    def write(self, text: str) -> None:
        self._parts.append(text)
        self.column += len(text)

    def end(self, indent: int) -> None:
        self.lines.append(Line("".join(self._parts).rstrip(), "  ".join(self.notes)))
        self._parts = [" " * indent]
        self.column = indent
        self.notes = []
