"""A file cut into declarations, before anything is parsed.

In: the text. Out: `Cut`, the text with its comments blanked out (every offset stays), the comments, and a stretch for
each declaration. A declaration begins where a line begins with a declaration's word, so an open bracket or quote
spoils one declaration and never the next. No clause begins with such a word.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from rules_engine.source import Span
from rules_engine.tree import Comment

KINDS = (
    "language", "use", "program", "period", "define", "table", "unit", "event", "member", "track", "tiers", "match",
    "group", "holdout", "redeem", "earn", "reward", "test",
)  # fmt: skip
OFFERS = ("catalogue offer", "item offer", "basket offer", "shipping offer")

_START = re.compile(
    r"^(?:use[ \t]+[A-Za-z_]\w*[ \t]*(?:#.*)?$"
    rf"|(?:{'|'.join(kind for kind in KINDS if kind != 'use')})\b(?![ \t]*[:.])"
    r"|(?:catalogue|item|basket|shipping)[ \t]+offer\b)",
    re.MULTILINE,
)
_QUOTED_OR_COMMENT = re.compile(r"\"[^\"\n]*(?:\"|$)|#[^\n]*", re.MULTILINE)


class Cut(NamedTuple):
    """A file's text without comments, its comments, and where its declarations stand."""

    text: str
    comments: tuple[Comment, ...]
    stretches: tuple[Span, ...]
    """The first may be what stands before any declaration: see `head`."""

    head: Span | None
    """Text before the first declaration that is not blank."""


def cut(text: str, start: int = 0, end: int | None = None) -> Cut:
    """Cut a file, or a stretch of it."""
    end = len(text) if end is None else end
    text = cut_ends(text)
    comments: list[Comment] = []
    if "#" in text:
        text = _blanked(text, comments, start, end)
    starts = [found.start() for found in _START.finditer(text, start, end) if _at_line_start(text, found.start())]
    bounds = [*starts, end]
    stretches = tuple(pairwise(bounds))
    first = bounds[0]
    head = (start, first) if text[start:first].strip("\ufeff \t\n") else None
    return Cut(text, tuple(comments), stretches, head)


def stretches(text: str) -> tuple[Span, ...]:
    """The whole text in parts that can be read alone: what stands before the first declaration, then each of them."""
    found = cut(text).stretches
    first = found[0][0] if found else len(text)
    return ((0, first), *(each for each in found if each[1] > each[0])) if first else found


def cut_ends(text: str) -> str:
    """The text with all line ends `\\n`, and no byte order mark; every offset stays."""
    if "\r" in text:
        text = text.replace("\r\n", " \n").replace("\r", "\n")
    return "\n" + text[1:] if text.startswith("\ufeff") else text


def _at_line_start(text: str, at: int) -> bool:
    """`^` also matches where a search begins in the middle of a line."""
    return at == 0 or text[at - 1] == "\n"


def _blanked(text: str, comments: list[Comment], start: int, end: int) -> str:
    pieces: list[str] = []
    at = 0
    for found in _QUOTED_OR_COMMENT.finditer(text, start, end):
        if found[0][0] != "#":
            continue
        line = text.rfind("\n", 0, found.start()) + 1
        own = not text[line : found.start()].strip()
        comments.append(Comment(found.span(), found[0].rstrip(), own))
        pieces.append(text[at : found.start()])
        pieces.append(" " * (found.end() - found.start()))
        at = found.end()
    return "".join(pieces) + text[at:]
