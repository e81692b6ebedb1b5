"""A file read again after an edit: only the declarations that the edit touches.

In: a source, again and again. Out: `Reread`: the pieces of the file, each with what was read of it and how far it has
moved since. Texts before and after are compared from both ends; what stands on lines outside the stretch that differs
is taken over as it is, and nothing below the edit is moved before somebody looks at it. That is right because a file
is cut by lines: whether a line begins a declaration is told by that line alone, and comments and texts end with theirs.

Texts for which that does not hold (other line ends, a byte-order mark, too large ones) are read whole.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from operator import attrgetter
from typing import Final, NamedTuple, TypeVar

from msgspec.structs import replace

from rules_engine.diagnostics import Diagnostic
from rules_engine.parsing.cutting import Cut, cut
from rules_engine.parsing.lexing import BLANKS
from rules_engine.parsing.parser import DECLARATIONS_MAX, Broken, Parsed, Reading, parse
from rules_engine.parsing.shifting import shifted
from rules_engine.parsing.unseen import hidden, hides
from rules_engine.source import TEXT_MAX, Source, Span
from rules_engine.tree import Comment, Declaration, File, Node

T = TypeVar("T")

NESTED: Final = 150
"""So many signs that nest, in one piece: its tree may be too deep to be moved, and is moved at once or read again."""


class Piece:
    """A declaration, or what stands before the first: its text without comments, and what was read of it where it stood
    then."""

    __slots__ = ("broken", "comments", "deep", "findings", "hides", "nodes", "span", "text")

    def __init__(self, text: str, span: Span) -> None:
        self.text = text
        self.span = span
        self.nodes: tuple[Declaration, ...] = ()
        self.findings: tuple[Diagnostic, ...] = ()
        self.broken: tuple[Broken, ...] = ()
        self.comments: tuple[Comment, ...] = ()
        self.hides = False
        self.deep = sum(map(text.count, _NESTING)) > NESTED


_NESTING: Final = ("(", "+", "-", "*", "/", "not ", "{")


class Placed(NamedTuple):
    """Pieces in the order of the text, and how far each has moved since it was read."""

    pieces: list[Piece]
    moved: list[int]

    def of(self, take: Callable[[Piece], Iterable[T]]) -> Iterator[tuple[T, int]]:
        """What is taken of each piece, and how far it has moved."""
        return ((each, by) for piece, by in zip(*self, strict=True) for each in take(piece))


class Reread:
    """A file as it was read now. `parsed` is all of it where it stands; it is made when somebody asks for it."""

    def __init__(self, source: Source, placed: Placed, whole: Parsed | None) -> None:
        self.source = source
        self.placed = placed
        self.whole = whole

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the text."""
        if self.whole is not None:
            return self.whole.diagnostics
        unseen: Iterable[Diagnostic] = ()
        if any(piece.hides for piece in self.placed.pieces):
            unseen = hidden(self.source, self.source.text, (0, len(self.source.text)))
        found = [moved_finding(each, by) for each, by in self.placed.of(attrgetter("findings"))]
        return (*unseen, *found)

    @cached_property
    def broken(self) -> tuple[Broken, ...]:
        """The declarations that did not parse."""
        if self.whole is not None:
            return self.whole.broken
        return tuple(replace(each, span=moved_span(each.span, by)) for each, by in self.placed.of(attrgetter("broken")))

    @cached_property
    def parsed(self) -> Parsed:
        """The tree of the whole file."""
        if self.whole is not None:
            return self.whole
        nodes = tuple(moved_node(node, by) for node, by in self.placed.of(attrgetter("nodes")))
        comments = tuple(moved_node(each, by) for each, by in self.placed.of(attrgetter("comments")))
        return Parsed(File((0, len(self.source.text)), nodes, comments), self.diagnostics, self.broken)


class Reader:
    """Reads one file again and again."""

    def __init__(self) -> None:
        self._text: str | None = None
        self._placed = Placed([], [])

    def read(self, source: Source) -> Reread:
        """What a file says now."""
        text = source.text
        if "\r" in text or text.startswith("\ufeff") or len(text) > TEXT_MAX or "\0" in text:
            self._text = None
            return Reread(source, Placed([], []), parse(source))
        before, self._text = self._text, text
        if before is None:
            self._placed = self._stretch(source, 0, len(text), [])
        elif before != text:
            self._placed = self._again(source, before)
        if len(self._placed.pieces) > DECLARATIONS_MAX:
            self._text = None
            return Reread(source, Placed([], []), parse(source))
        return Reread(source, self._placed, None)

    def _again(self, source: Source, before: str) -> Placed:
        """The pieces before and after the edit as they were, and between them those that are read now."""
        text, (pieces, moved) = source.text, self._placed
        head = _common(before, text)
        tail = _common(before[head:][::-1], text[head:][::-1])
        places = range(len(pieces))
        line = text.rfind("\n", 0, head) + 1
        first = bisect_left(places, line, key=lambda at: pieces[at].span[1] + moved[at])
        end = before.find("\n", len(before) - tail) + 1
        last = bisect_left(places, end, key=lambda at: pieces[at].span[0] + moved[at]) if end else len(pieces)
        last = max(first, last)
        start = pieces[first - 1].span[1] + moved[first - 1] if first else 0
        stop = pieces[last].span[0] + moved[last] if last < len(pieces) else len(before)
        by = len(text) - len(before)
        middle = self._stretch(source, start, stop + by, pieces[first:last])
        after = Placed(pieces[last:], [each + by for each in moved[last:]] if by else moved[last:])
        if by and any(each.deep for each in after.pieces):
            after = self._settled(after, source)
        return Placed([*pieces[:first], *middle.pieces, *after.pieces], [*moved[:first], *middle.moved, *after.moved])

    def _settled(self, placed: Placed, source: Source) -> Placed:
        """Pieces that nest deeply are not left to be moved later."""
        found = Placed([], [])
        for piece, by in zip(*placed, strict=True):
            span = moved_span(piece.span, by)
            again = piece.deep and by != 0
            found.pieces.append(_read(source, cut(source.text, *span), span) if again else piece)
            found.moved.append(0 if again else by)
        return found

    def _stretch(self, source: Source, start: int, end: int, known: list[Piece]) -> Placed:
        """The pieces of a stretch; those whose text stood there before are not read again."""
        by_text = {each.text: each for each in known}
        pieces = cut(source.text, start, end)
        first = pieces.stretches[0][0] if pieces.stretches else end
        found = Placed([], [])
        for span in ((start, first), *pieces.stretches):
            if span[0] == span[1]:
                continue
            piece = by_text.get(pieces.text[slice(*span)].rstrip(BLANKS))
            again = piece is None or (piece.deep and piece.span[0] != span[0])
            found.moved.append(0 if piece is None or again else span[0] - piece.span[0])
            found.pieces.append(
                _read(source, pieces, span) if piece is None or again else _commented(piece, source, pieces, span)
            )
        return found


def _read(source: Source, pieces: Cut, span: Span) -> Piece:
    """What one piece of a stretch says."""
    piece = Piece(pieces.text[slice(*span)].rstrip(BLANKS), span)
    reading = Reading(source, pieces.text)
    if span == pieces.head:
        reading.head(span)
    elif pieces.stretches and span[0] >= pieces.stretches[0][0]:
        reading.stretch(span)
    piece.nodes, piece.findings, piece.broken = tuple(reading.nodes), tuple(reading.findings), tuple(reading.broken)
    piece.comments = _comments(pieces, span)
    piece.hides = hides(source.text, span)
    return piece


def _comments(pieces: Cut, span: Span) -> tuple[Comment, ...]:
    low = bisect_left(pieces.comments, span[0], key=lambda each: each.span[0])
    high = bisect_left(pieces.comments, span[1], key=lambda each: each.span[0])
    return pieces.comments[low:high]


def _commented(piece: Piece, source: Source, pieces: Cut, span: Span) -> Piece:
    """A piece that says the same, with the comments that stand in it now, told as if it had not moved."""
    by = piece.span[0] - span[0]
    same = Piece(piece.text, (piece.span[0], span[1] + by))
    same.nodes, same.findings, same.broken = piece.nodes, piece.findings, piece.broken
    same.hides = hides(source.text, span)
    same.comments = tuple(moved_node(each, by) for each in _comments(pieces, span))
    return same


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike, by halving."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


N = TypeVar("N", bound=Node)


def moved_node(node: N, by: int) -> N:
    """A node where it stands now."""
    found = shifted(node, by) if by else node
    assert found is not None, "what nests deeply is never left to be moved"
    return found


def moved_finding(finding: Diagnostic, by: int) -> Diagnostic:
    """A finding where its text stands now."""
    if not by:
        return finding
    fix = finding.fix and replace(finding.fix, span=moved_span(finding.fix.span, by))
    labels = tuple(replace(each, span=moved_span(each.span, by)) for each in finding.labels)
    return replace(finding, span=moved_span(finding.span, by), fix=fix, labels=labels)


def moved_span(span: Span, by: int) -> Span:
    """A stretch further on."""
    return span[0] + by, span[1] + by
