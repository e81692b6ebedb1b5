"""The printer that all node printers share: the documents of the nodes below, the user's line breaks, the comments.

In: a node, and where a file is formatted its source and comments. Out: documents. A node's document is made after those
of all nodes below it, so that a printer asks for its children's documents and nothing recurses however deep the text
nests. Comments are claimed by the innermost list of entries that stands on lines of its own; a comment anywhere else
inside an entry goes to that entry's end.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from rules_engine import tree
from rules_engine.formatting.document import HARD, Doc, Note, cat, in_one_line
from rules_engine.source import Span

NodePrinter = Callable[["Printer", Any], Doc]

_BLANK_LINE = re.compile(r"\n[ \t]*\n")


class Entry(msgspec.Struct, frozen=True):
    """Something on a line of its own: where its text was, its document, and how far in comments before it stand."""

    span: Span
    doc: Doc
    margin: int = 0


class Comments(msgspec.Struct, frozen=True):
    """The comments of one entry: lines before it, and what stands at its end."""

    before: list[str]
    behind: list[str]


class Printer:
    """Documents by node for one tree. Without a text every node prints as if it had been written on one line."""

    def __init__(
        self, printers: Mapping[type[tree.Node], NodePrinter], text: str = "", comments: Sequence[tree.Comment] = ()
    ) -> None:
        self.text = text
        self.one_line = not text
        """Whether everything stands on one line, however long."""
        self.heads: dict[Span, int] = {}
        """By declaration: how wide its head is set, so that the signs behind heads align."""
        self._printers = printers
        self._docs: dict[int, Doc] = {}
        self._comments = comments
        self._starts = [comment.span[0] for comment in comments]
        self._claimed: set[int] = set()

    def print(self, root: tree.Node) -> Doc:
        """The document of a node, made from the leaves up."""
        printers, docs = self._printers, self._docs
        for node in reversed(list(tree.walk(root))):
            docs[id(node)] = printers[type(node)](self, node)
        return docs[id(root)]

    def __call__(self, node: tree.Node) -> Doc:
        """The document of a node below the one being printed."""
        return self._docs[id(node)]

    def words(self, node: tree.Node) -> str:
        """The text of a node on one line; only for nodes that hold no table broken over lines."""
        return in_one_line(self._docs[id(node)])

    # ---- the user's line breaks ----

    def broke(self, start: int, end: int) -> bool:
        """Whether the user wrote a line end between two offsets."""
        return self.text.find("\n", start, end) >= 0

    def blank(self, start: int, end: int) -> bool:
        """Whether the user left a blank line between two offsets."""
        return start < end and _BLANK_LINE.search(self.text, start, end) is not None

    # ---- comments ----

    def claim(self, start: int, end: int) -> list[tree.Comment]:
        """The comments between two offsets that nobody has claimed."""
        found = []
        for at in range(bisect_left(self._starts, start), len(self._comments)):
            comment = self._comments[at]
            if comment.span[0] >= end:
                break
            if at not in self._claimed:
                self._claimed.add(at)
                found.append(comment)
        return found

    def comments_between(self, start: int, end: int) -> Sequence[tree.Comment]:
        """The comments between two offsets, claimed or not."""
        return self._comments[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def commented(self, start: int, end: int) -> bool:
        """Whether a comment stands between two offsets."""
        return bool(self.comments_between(start, end))

    def lines(self, entries: Sequence[Entry], start: int, end: int, beside: bool = False) -> Doc:
        """Entries on lines of their own, each after a line end; comments and blank lines kept.

        `start` and `end` bound the text between the braces; with `beside` the first entry follows the opening brace.
        """
        opening, comments, closing = self._attach(entries, start, end)
        parts: list[Doc] = [Note(text) for text in opening]
        last_end = start
        for at, (entry, own) in enumerate(zip(entries, comments, strict=True)):
            if at > 0 and self.blank(last_end, self._first_comment(last_end, entry.span[0])):
                parts.append(HARD)
            for text in own.before:
                parts += [HARD, " " * entry.margin + text]
            parts += [" " if beside and at == 0 else HARD, entry.doc, *(Note(text) for text in own.behind)]
            last_end = entry.span[1]
        for text in closing:
            parts += [HARD, text]
        return cat(*parts)

    def _first_comment(self, start: int, end: int) -> int:
        """The first comment on its own line between two offsets, else the second of them."""
        return next((each.span[0] for each in self.comments_between(start, end) if each.own_line), end)

    def _attach(self, entries: Sequence[Entry], start: int, end: int) -> tuple[list[str], list[Comments], list[str]]:
        """Comments at the opening brace, of each entry, and before the closing brace."""
        opening: list[str] = []
        closing: list[str] = []
        owned = [Comments([], []) for _ in entries]
        order = sorted(range(len(entries)), key=lambda at: entries[at].span)
        starts = [entries[at].span[0] for at in order]
        for comment in self.claim(start, end):
            behind = bisect_left(starts, comment.span[0]) - 1
            inside = behind >= 0 and comment.span[0] < entries[order[behind]].span[1]
            if inside or (not comment.own_line and behind >= 0):
                owned[order[behind]].behind.append(comment.text)
            elif not comment.own_line:
                opening.append(comment.text)
            elif behind + 1 < len(order):
                owned[order[behind + 1]].before.append(comment.text)
            else:
                closing.append(comment.text)
        return opening, owned, closing
