"""A whole file: declarations and comments in their order, blank lines, signs and comments set below each other.

In: a source and its tree. Out: the text. A declaration that did not parse is left as it stands, so that formatting
never loses a word. Neighbours without a blank line between them are a run: their `=` signs align, so do the braces of
rules that stand on one line each, and so do comments at the ends of lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

import msgspec

from rules_engine import tree
from rules_engine.formatting import clauses, declarations, expressions, rules, tables, tests
from rules_engine.formatting.document import WIDTH, Choice, Doc, Line, Note, cat, flat, in_one_line, render
from rules_engine.formatting.printer import NodePrinter, Printer
from rules_engine.formatting.titles import braced, signed
from rules_engine.source import Span

PRINTERS: Mapping[type[tree.Node], NodePrinter] = {
    **expressions.PRINTERS,
    **tables.PRINTERS,
    **clauses.PRINTERS,
    **rules.PRINTERS,
    **declarations.PRINTERS,
    **tests.PRINTERS,
}
"""Every kind of node and what prints it."""

_BLANK_LINE = re.compile(r"\n[ \t]*\n")

_UNEVEN = 40
"""Comments stand below each other unless the lengths of their lines differ by more than this."""

_BEFORE_NOTE = 3
"""Blanks between a line and its comment."""


class Piece(msgspec.Struct, frozen=True):
    """A part of the file from top to bottom: a declaration, a comment on its own line, or text left as it stands."""

    span: Span
    what: tree.Declaration | tree.Comment | str


def to_text(node: tree.Node) -> str:
    """The canonical text of a node on one line, for messages and explanations; of a file, a line per declaration."""
    if isinstance(node, tree.File):
        return "\n".join(to_text(declaration) for declaration in node.declarations)
    if isinstance(node, tree.Comment):
        return node.text
    return in_one_line(Printer(PRINTERS).print(node))


def lay_out(text: str, file: tree.File) -> str:
    """The formatted text of a file; text outside its declarations stays as it is."""
    # Line ends of other systems and a byte order mark go; every offset stays.
    text = text.replace("\r\n", " \n").replace("\r", "\n")
    text = " " + text[1:] if text.startswith("\ufeff") else text
    comments = sorted(file.comments, key=lambda comment: comment.span)
    p = Printer(PRINTERS, text, comments)
    pieces = list(_pieces(p, file.declarations, len(text)))
    lines: list[str] = []
    for run in _runs(pieces, text):
        p.heads.update(_heads(run))
        if lines:
            lines.append("")
        lines += _with_notes([line for doc in _docs(p, run) for line in doc])
    return "\n".join(lines) + "\n" if lines else ""


def _pieces(p: Printer, parsed: Sequence[tree.Declaration], length: int) -> Iterator[Piece]:
    at = 0
    for declaration in parsed:
        yield from _between(p, at, declaration.span[0])
        yield Piece(declaration.span, declaration)
        at = declaration.span[1]
    yield from _between(p, at, length)


def _between(p: Printer, start: int, end: int) -> Iterator[Piece]:
    """What stands between two declarations: comments, and text that did not parse."""
    first = _first_word(p, start, end)
    if first < end:
        last = _last_word(p.text, first, end)
        yield from _comments(p, start, first)
        p.claim(first, last)
        yield Piece((first, last), p.text[first:last])
        start = last
    yield from _comments(p, start, end)


def _comments(p: Printer, start: int, end: int) -> Iterator[Piece]:
    for comment in p.comments_between(start, end):
        yield Piece(comment.span, comment)


def _first_word(p: Printer, start: int, end: int) -> int:
    """The first text between two offsets that is no comment, else the second of them."""
    comments = [*p.comments_between(start, end)]
    at = start
    for begin, stop in [*(comment.span for comment in comments), (end, end)]:
        found = re.search(r"\S", p.text[at:begin])
        if found is not None:
            return at + found.start()
        at = stop
    return end


def _last_word(text: str, start: int, end: int) -> int:
    """Where text left as it stands ends: comments and blank lines before the next declaration are not part of it."""
    lines = text[start:end].split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].startswith("#")):
        lines.pop()
    return start + len("\n".join(lines).rstrip())


# ---- runs ----


def _runs(pieces: Sequence[Piece], text: str) -> Iterator[list[Piece]]:
    """Pieces without a blank line between them."""
    run: list[Piece] = []
    for piece in pieces:
        if run and _BLANK_LINE.search(text, run[-1].span[1], piece.span[0]):
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


def _heads(run: Sequence[Piece]) -> Iterator[tuple[Span, int]]:
    """The heads before `=` of neighbours are as wide as the widest."""
    heads = [(piece.span, _head_of(piece, signed)) for piece in run if not isinstance(piece.what, tree.Comment)]
    for has_sign, group in groupby(heads, key=lambda each: each[1] is not None):
        if has_sign:
            known = [(span, head) for span, head in group if head is not None]
            width = max(len(head) for _, head in known)
            yield from ((span, width) for span, _ in known)


def _head_of(piece: Piece, head_of: Callable[[tree.Declaration], str | None]) -> str | None:
    return None if isinstance(piece.what, str | tree.Comment) else head_of(piece.what)


# ---- lines ----


def _docs(p: Printer, run: Sequence[Piece]) -> Iterator[list[Line]]:
    """The lines of each piece of a run."""
    docs = [_doc(p, piece) for piece in run]
    for one_line, group in groupby(zip(run, docs, strict=True), key=_stands_on_one_line):
        known = list(group)
        if one_line:
            yield from _side_by_side(p, known)
        else:
            yield from (_lines(p, piece, doc) for piece, doc in known)


def _stands_on_one_line(known: tuple[Piece, Doc]) -> bool:
    piece, doc = known
    return isinstance(doc, Choice) and _head_of(piece, braced) is not None


def _side_by_side(p: Printer, known: Sequence[tuple[Piece, Doc]]) -> Iterator[list[Line]]:
    """Rules on one line each: their braces stand below each other."""
    heads = [_head_of(piece, braced) or "" for piece, _ in known]
    width = max(map(len, heads))
    texts = [flat(doc) or "" for _, doc in known]
    padded = [head.ljust(width) + text[len(head) :] for head, text in zip(heads, texts, strict=True)]
    fits = all(len(text) <= WIDTH for text in padded)
    for (piece, doc), text in zip(known, padded, strict=True):
        yield _lines(p, piece, text if fits else doc)


def _doc(p: Printer, piece: Piece) -> Doc:
    return "" if isinstance(piece.what, str | tree.Comment) else p.print(piece.what)


def _lines(p: Printer, piece: Piece, doc: Doc) -> list[Line]:
    match piece.what:
        case str():
            return [Line(line.rstrip(), "") for line in piece.what.split("\n")]
        case tree.Comment():
            text = piece.what.text.rstrip()
            return [Line(text, "")] if piece.what.own_line else [Line("", text)]
        case _:
            return render(cat(doc, *(Note(comment.text) for comment in p.claim(*piece.span))))


def _with_notes(lines: Sequence[Line]) -> list[str]:
    """Lines with their comments, these below each other."""
    merged: list[Line] = []
    for line in lines:
        if not line.text and line.note and merged:
            # A comment behind the end of a declaration.
            last = merged[-1]
            merged[-1] = Line(last.text, f"{last.note}  {line.note}" if last.note else line.note)
        else:
            merged.append(line)
    columns: dict[int, int] = {}
    for cluster in _clusters([at for at, line in enumerate(merged) if line.note], merged):
        column = max(len(merged[at].text) for at in cluster) + _BEFORE_NOTE
        columns.update((at, column) for at in cluster)
    return [
        f"{line.text.ljust(columns[at])}{line.note.rstrip()}" if line.note else line.text
        for at, line in enumerate(merged)
    ]


def _clusters(rows: Sequence[int], lines: Sequence[Line]) -> Iterator[list[int]]:
    """Lines with comments, apart where their lengths are too uneven."""
    cluster: list[int] = []
    for at in rows:
        lengths = [len(lines[each].text) for each in (*cluster, at)]
        if cluster and max(lengths) - min(lengths) > _UNEVEN:
            yield cluster
            cluster = []
        cluster.append(at)
    if cluster:
        yield cluster
