"""`# allow: CODE reason`: a comment that says of one place that a lint is wrong there, or that what it found is wanted.

In: the comments of a file. Out: which findings they silence. On the lines directly before a declaration a comment
speaks of the whole declaration; at the end of a line of it, of what begins on that line; on a line of its own inside
it, of the line below. A code may also be called by the lint's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from rules_engine import tree
from rules_engine.source import Source, Span

if TYPE_CHECKING:
    from rules_engine.linting.records import Found, Lint
    from rules_engine.linting.view import View

_ALLOW: Final = re.compile(r"#\s*allow:[ \t]*(?P<code>[^\s,;:]*)(?P<reason>.*)")


class Allow(msgspec.Struct, frozen=True):
    """One such comment: its place, the word that names a lint, the reason, where findings begin that it silences."""

    file: int
    span: Span
    word: str
    reason: str
    reach: Span


def allows(view: View) -> tuple[Allow, ...]:
    """All such comments of the files that are linted, in the order of the text."""
    return tuple(each for at in sorted(view.own) for each in _of_file(view, at))


def silences(allow: Allow, lint: Lint, found: Found) -> bool:
    """Whether a comment silences a finding. One without a reason silences nothing, and neither do findings about
    comments go away by comments."""
    if not allow.reason or lint.code.startswith("L0") or allow.word not in (lint.code, lint.name):
        return False
    return allow.file == found.file and allow.reach[0] <= found.span[0] < allow.reach[1]


def allowed(view: View, lint: Lint, found: Found) -> bool:
    """Whether some comment silences a finding."""
    return any(silences(each, lint, found) for each in view.allows)


def _of_file(view: View, at: int) -> Iterator[Allow]:
    file = view.checked.files[at]
    comments = {file.source.place(each.span[0]).line: each for each in file.parsed.file.comments}
    heads = {file.source.place(each.span[0]).line: each.span for each in file.parsed.file.declarations}
    for line, comment in comments.items():
        made = _ALLOW.match(comment.text)
        if made is not None:
            reach = _reach(file.source, line, comment, comments, heads)
            yield Allow(at, comment.span, made["code"], made["reason"].strip(" \t:,;-"), reach)


def _reach(
    source: Source, line: int, comment: tree.Comment, comments: dict[int, tree.Comment], heads: dict[int, Span]
) -> Span:
    """The declaration below, where only comments stand between; else the comment's line, or the line below it."""
    if not comment.own_line:
        return _line(source, line)
    below = line + 1
    while below in comments and comments[below].own_line:
        below += 1
    return heads.get(below) or _line(source, below)


def _line(source: Source, number: int) -> Span:
    lines = source.text.split("\n")
    start = sum(len(each) + 1 for each in lines[: number - 1])
    return start, start + len("".join(lines[number - 1 : number])) + 1
