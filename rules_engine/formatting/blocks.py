"""A head and its clauses in braces: on one line where the user wrote it so and it fits, else one clause on a line.

Clauses stand below each other with their bodies aligned: a clause's first words are padded to the block's column.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rules_engine import tree
from rules_engine.formatting.document import HARD, WIDTH, Choice, Doc, cat, flat, nest
from rules_engine.formatting.printer import Entry, Printer
from rules_engine.formatting.tables import field_lines, spaced
from rules_engine.source import Span


class Clause(msgspec.Struct, frozen=True):
    """First words and body of a clause. `hangs`: its further lines align with the body, else with the first words."""

    span: Span
    words: str
    body: Doc = ""
    hangs: bool = True


def joined(clause: Clause) -> Doc:
    """A clause on one line."""
    return cat(clause.words, " ", clause.body) if clause.words and clause.body != "" else clause.words or clause.body


def stacked(clauses: Sequence[Clause], column: int) -> list[Entry]:
    """Clauses on lines of their own, their bodies at a column counted from the first word."""
    return [_entry(clause, column) for clause in clauses]


def _entry(clause: Clause, column: int) -> Entry:
    if clause.body == "":
        return Entry(clause.span, clause.words)
    words = f"{clause.words} ".ljust(column) if clause.words else ""
    return Entry(clause.span, cat(words, nest((column or len(words)) if clause.hangs else 0, clause.body)))


def block(p: Printer, head: str, clauses: Sequence[Clause], bounds: Span, column: int = 0) -> Doc:
    """`head { clauses }`; `bounds` are the end of the head and the end of the block in the user's text."""
    return braces(p, head, [joined(clause) for clause in clauses], stacked(clauses, column), bounds)


def fields(p: Printer, head: str, nodes: Sequence[tree.Node], bounds: Span, indent: int) -> Doc:
    """`head { fields }`; `indent` is the column of fields on lines of their own."""
    return braces(p, head, [p(node) for node in nodes], field_lines(p, nodes, indent), bounds)


def braces(
    p: Printer,
    head: str,
    inline: Sequence[Doc],
    entries: Sequence[Entry],
    bounds: Span,
    limit: int = WIDTH,
) -> Doc:
    """`head { ... }` with what it holds on one line, or as entries on lines of their own."""
    start, end = bounds
    if not entries and not p.commented(start, end):
        return f"{head} {{}}"
    open_lines = cat(head, " {", nest(2, p.lines(entries, start, end)), HARD, "}")
    if p.commented(start, end) or p.broke(start, min((entry.span[0] for entry in entries), default=end)):
        return open_lines
    one_line = flat(cat(head, " { ", *spaced(inline), " }"))
    if one_line is None or (len(one_line) > limit and not p.one_line):
        return open_lines
    return Choice(one_line, open_lines)
