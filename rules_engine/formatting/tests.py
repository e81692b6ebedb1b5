"""Printers of tests in rule files: what is given, what happens, what must come out; lines as an aligned table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rules_engine import tree
from rules_engine.formatting.blocks import Clause, block, fields, joined
from rules_engine.formatting.document import HARD, WIDTH, Doc, cat, commas, flat, nest
from rules_engine.formatting.literals import quoted
from rules_engine.formatting.printer import Entry, NodePrinter, Printer
from rules_engine.formatting.rules import words
from rules_engine.formatting.tables import field_lines, spaced

STEP = 6
"""The column of what follows `given`, `when`, `then`, `on`."""

BESIDE = 6
"""The column of lines beside the word `lines`."""

INDENT = 4
"""The column of fields and lines below an event."""


def _test(p: Printer, node: tree.TestDecl) -> Doc:
    clauses = [Clause(given.span, "given", p(given), hangs=False) for given in node.given]
    for step in node.steps:
        clauses += _step(p, step)
    return block(p, f"test {quoted(node.title)}", clauses, (node.title.span[1], node.span[1]), STEP)


def _step(p: Printer, node: tree.Step) -> list[Clause]:
    if isinstance(node.act, tree.OnDate):
        act = words(node.act, "on", p(node.act.date))
    else:
        act = Clause(node.act.span, "when", p(node.act), hangs=False)
    expected = commas([p(each) for each in node.expect])
    if node.nothing_else:
        expected = cat(expected, " and nothing else")
    span = (node.expect[0].span[0], node.span[1]) if node.expect else (node.span[1], node.span[1])
    return [act, Clause(span, "then", expected)]


def _given_member(p: Printer, node: tree.GivenMember) -> Doc:
    head = f"member {quoted(node.who)}" if node.who is not None else "member"
    start = node.who.span[1] if node.who is not None else node.span[0]
    return fields(p, head, node.facts, (start, node.span[1]), INDENT)


def _event(p: Printer, node: tree.EventStep) -> Doc:
    start, end = node.event.span[1], node.span[1]
    if not node.columns:
        return fields(p, node.event.text, node.fields, (start, end), INDENT)
    table = _cells(p, node)
    if p.one_line:
        inside = spaced([*map(p, node.fields), f"lines {' '.join(table)}"])
        return cat(node.event.text, " { ", *inside, " }")
    entries = field_lines(p, node.fields, INDENT)
    beside = len(entries) == 1 and not p.broke(start, node.fields[0].span[0]) and _fits(node, entries[0])
    spans = [(node.columns[0].span[0], node.columns[-1].span[1]), *(row.span for row in node.rows)]
    rows = [Entry(span, text) for span, text in zip(spans, table, strict=True)]
    rows[0] = Entry(rows[0].span, f"lines {rows[0].doc}")
    rows[1:] = [Entry(row.span, f"{' ' * BESIDE}{row.doc}", BESIDE) for row in rows[1:]]
    if _ends_in_comment(p, rows[-1], end):
        return cat(node.event.text, " {", nest(2, p.lines([*entries, *rows], start, end, beside)), HARD, "}")
    rows[-1] = Entry(rows[-1].span, cat(rows[-1].doc, " }"), rows[-1].margin)
    return cat(node.event.text, " {", nest(2, p.lines([*entries, *rows], start, end, beside)))


def _fits(node: tree.EventStep, entry: Entry) -> bool:
    text = flat(entry.doc)
    return text is not None and INDENT + STEP + len(node.event.text) + len(text) <= WIDTH


def _ends_in_comment(p: Printer, last: Entry, end: int) -> bool:
    """Whether comments on lines of their own stand between the last row and the closing brace."""
    return any(comment.own_line for comment in p.comments_between(last.span[1], end))


def _cells(p: Printer, node: tree.EventStep) -> list[str]:
    """The rows of the table, the header first, cells aligned."""
    rows = [[column.text for column in node.columns]]
    rows += [[p.words(cell) if cell is not None else "" for cell in row.cells] for row in node.rows]
    widths = [max(len(row[at]) for row in rows if at < len(row)) for at in range(max(map(len, rows)))]
    if p.one_line:
        widths = [0] * len(widths)
    return [_line(row, widths) for row in rows]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=False))
    return "".join(f"| {cell} " for cell in cells) + "|"


def _row(p: Printer, node: tree.LineRow) -> Doc:
    cells = [p.words(cell) if cell is not None else "" for cell in node.cells]
    return _line(cells, [0] * len(cells))


def _expect_rule(p: Printer, node: tree.ExpectRule) -> Doc:
    rule = node.rule.text if isinstance(node.rule, tree.Name) else quoted(node.rule)
    return cat(rule, " ", p(node.value)) if node.value is not None else f"{rule} {node.status}"


def _tier_until(_: Printer, node: tree.TierUntil) -> Doc:
    return f"{node.tier.text} until {node.until.text}" if node.until is not None else node.tier.text


PRINTERS: Mapping[type[tree.Node], NodePrinter] = {
    tree.TestDecl: _test,
    tree.TierUntil: _tier_until,
    tree.FieldValue: lambda p, node: cat(f"{node.name.text}: ", p(node.value)),
    tree.GivenMember: _given_member,
    tree.GivenTrack: lambda p, node: cat(f"track {node.track.text} ", p(node.value)),
    tree.GivenBalance: lambda p, node: cat("balance ", p(node.value)),
    tree.LineRow: lambda p, node: _row(p, node),
    tree.EventStep: _event,
    tree.OnDate: lambda p, node: cat("on ", p(node.date)),
    tree.ExpectRule: _expect_rule,
    tree.ExpectNet: lambda p, node: cat("net ", p(node.value)),
    tree.ExpectTier: lambda _, node: f"tier {node.tier.text}",
    tree.ExpectBalance: lambda p, node: cat(f"balance of {node.unit.text} ", p(node.value)),
    tree.ExpectTrack: lambda p, node: cat(f"track {node.track.text} ", p(node.value)),
    tree.ExpectRefused: lambda *_: "refused",
    tree.Step: lambda p, node: cat(*spaced([joined(clause) for clause in _step(p, node)])),
}
