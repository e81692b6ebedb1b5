"""Printers of everything that stands in aligned columns: tables `by ... { }`, fields in braces, the lines of a test.

What the user wrote on one line stays on one line where it fits. Else a table has one row per line, or, where the user
set the same number of rows on each line, stays that matrix; fields keep the lines they were given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from rules_engine import tree
from rules_engine.formatting.document import HARD, WIDTH, Choice, Doc, cat, commas, flat, in_one_line, nest
from rules_engine.formatting.expressions import SUM, open_end, operand
from rules_engine.formatting.literals import number
from rules_engine.formatting.printer import Entry, NodePrinter, Printer

GAP = "   "
"""Between two things that share a line."""

N = TypeVar("N", bound=tree.Node)

FAR = 12
"""Fields align with those of the line above unless that moves one by more than this."""


# ---- tables ----


def _key(p: Printer, node: tree.Key) -> Doc:
    value = operand(p, node.value, SUM, last=node.within is None and node.rounds is None)
    if node.within is not None:
        return cat(value, " in ", p(node.within))
    return cat(value, f" in rounds of {number(node.rounds)}") if node.rounds is not None else value


def _cells(p: Printer, row: tree.Row) -> list[str]:
    return [p.words(cell) for cell in row.cells] or ["otherwise"]


def _one_of(p: Printer, node: tree.OneOfCell) -> Doc:
    return " or ".join(in_one_line(operand(p, value, SUM)) for value in node.values)


def _row(p: Printer, node: tree.Row) -> Doc:
    return cat(", ".join(_cells(p, node)), ": ", _value(p, node))


def _value(p: Printer, row: tree.Row) -> Doc:
    """What a row gives; a `where` at its end is bracketed, so that it does not read on into the next row."""
    return cat("(", p(row.value), ")") if open_end(row.value) else p(row.value)


def _labels(p: Printer, rows: Sequence[tree.Row]) -> list[str]:
    """The keys of rows that stand below each other, cells and colons aligned."""
    cells = [_cells(p, row) for row in rows]
    widths: dict[int, int] = {}
    for row in cells:
        for at, cell in enumerate(row[:-1]):
            widths[at] = max(widths.get(at, 0), len(cell) + 2)
    labels = ["".join([*(f"{cell},".ljust(widths[at]) for at, cell in enumerate(row[:-1])), row[-1]]) for row in cells]
    return [f"{label}:" for label in labels]


def _aligned(p: Printer, rows: Sequence[tree.Row]) -> list[Doc]:
    """Rows below each other, their values aligned."""
    labels = _labels(p, rows)
    width = max(map(len, labels)) + 1
    return [cat(label.ljust(width), nest(2, _value(p, row))) for label, row in zip(labels, rows, strict=True)]


def table(p: Printer, head: Doc, rows: Sequence[tree.Row], start: int, end: int) -> Doc:
    """`head { rows }`; `start` and `end` bound what lies between head and closing brace."""
    docs = [p(row) for row in rows]
    inline = cat("{ ", *spaced(docs), " }")
    entries = _matrix(p, rows, start) or [
        Entry(row.span, doc) for row, doc in zip(rows, _aligned(p, rows), strict=True)
    ]
    one_line = flat(inline)
    if one_line is not None and not p.broke(start, end):
        # Two forms: whoever renders decides by the columns that are left.
        return cat(head, " ", Choice(one_line, _braced(p, entries, start, start)))
    return cat(head, " ", _braced(p, entries, start, end))


def spaced(docs: Sequence[Doc]) -> list[Doc]:
    """Documents on one line, a gap between each two."""
    parts: list[Doc] = []
    for doc in docs:
        parts += [GAP, doc] if parts else [doc]
    return parts


def _braced(p: Printer, entries: Sequence[Entry], start: int, end: int) -> Doc:
    return cat("{", nest(2, p.lines(entries, start, end)), HARD, "}")


def _matrix(p: Printer, rows: Sequence[tree.Row], start: int) -> list[Entry] | None:
    """Rows as the user set them side by side, the same number on each line but the last."""
    if not rows or not p.broke(start, rows[0].span[0]):
        return None
    lines = split_lines(p, rows)
    across = len(lines[0])
    if across < 2 or len(lines) < 2 or any(len(line) != across for line in lines[:-1]) or len(lines[-1]) > across:
        return None
    columns: list[list[str]] = []
    for at in range(across):
        below = [line[at] for line in lines if len(line) > at and not line[at].otherwise]
        docs = iter(_aligned(p, below)) if below else iter(())
        texts = [flat(p(line[at]) if line[at].otherwise else next(docs)) for line in lines if len(line) > at]
        if None in texts:
            return None
        columns.append([text for text in texts if text is not None])
    texts_by_line = [[columns[at][row] for at in range(len(line))] for row, line in enumerate(lines)]
    return [
        Entry((line[0].span[0], line[-1].span[1]), text)
        for line, text in zip(lines, align(texts_by_line, far=WIDTH), strict=True)
    ]


def _table_by(p: Printer, node: tree.TableBy) -> Doc:
    head = commas([p(key) for key in node.keys])
    return table(p, cat("by ", head), node.rows, node.keys[-1].span[1] if node.keys else node.span[0], node.span[1])


def _across(p: Printer, node: tree.Across) -> Doc:
    return table(p, f"across {node.track.text}", node.rows, node.track.span[1], node.span[1])


# ---- cells on lines ----


def split_lines(p: Printer, nodes: Sequence[N]) -> list[list[N]]:
    """Nodes by the lines they were written on."""
    lines: list[list[N]] = []
    for node in nodes:
        if lines and not p.broke(lines[-1][-1].span[1], node.span[0]):
            lines[-1].append(node)
        else:
            lines.append([node])
    return lines


def align(lines: list[list[str]], far: int = FAR) -> list[str]:
    """Lines of cells, each column below the other where no cell moves further than `far`.

    >>> align([["a: text", "b: date"], ["long: text", "c: date"]])
    ['a: text      b: date', 'long: text   c: date']
    """
    lines = [list(line) for line in lines]
    for at in range(max(map(len, lines), default=0)):
        widths = [len(line[at]) for line in lines if len(line) > at + 1]
        if not widths or max(widths) - min(widths) > far:
            break
        for line in lines:
            if len(line) > at + 1:
                line[at] = line[at].ljust(max(widths))
    return [GAP.join(line) for line in lines]


FIELDS = 132
"""Columns of a line of fields."""


def field_lines(p: Printer, nodes: Sequence[tree.Node], indent: int) -> list[Entry]:
    """Fields on the lines the user gave them, wrapped where a line is too long, then aligned."""
    lines: list[list[tree.Node]] = []
    for line in split_lines(p, nodes):
        width = indent
        for at, node in enumerate(line):
            width += len(p.words(node)) + len(GAP)
            if at == 0 or width - len(GAP) > FIELDS:
                lines.append([])
                width = indent + len(p.words(node)) + len(GAP)
            lines[-1].append(node)
    texts = [[p.words(node) for node in line] for line in lines]
    aligned = align(texts)
    if any(indent + len(text) > FIELDS for text in aligned):
        aligned = [GAP.join(line) for line in texts]
    spans = [(line[0].span[0], line[-1].span[1]) for line in lines]
    return [Entry(span, text) for span, text in zip(spans, aligned, strict=True)]


PRINTERS: Mapping[type[tree.Node], NodePrinter] = {
    tree.AnyCell: lambda *_: "any",
    tree.FromCell: lambda p, node: cat("from ", operand(p, node.bound, SUM)),
    tree.OneOfCell: _one_of,
    tree.NothingValue: lambda *_: "nothing",
    tree.NoAward: lambda *_: "no award",
    tree.TheRest: lambda *_: "the rest",
    tree.Row: _row,
    tree.Key: _key,
    tree.TableBy: _table_by,
    tree.Across: _across,
}
