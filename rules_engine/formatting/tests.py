"""Printers of tests in rule files: what is given, what happens, what must come out; lines as an aligned table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from rules_engine import tree
from rules_engine.formatting.blocks import Clause, block, fields, joined
from rules_engine.formatting.document import HARD, WIDTH, Doc, cat, commas, flat, nest
from rules_engine.formatting.literals import number, quoted
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
    match node.act:
        case tree.OnDate():
            act = words(node.act, "on", p(node.act.date))
        case tree.ReturnStep():
            act = words(node.act, "when", cat("returned ", commas(_returned(node.act))))
        case tree.EventStep():
            act = Clause(node.act.span, "when", p(node.act), hangs=False)
        case _:
            assert_never(node.act)
    expected = commas([p(each) for each in node.expect])
    if node.nothing_else:
        expected = cat(expected, " and nothing else")
    span = (node.expect[0].span[0], node.span[1]) if node.expect else (node.span[1], node.span[1])
    return [act, Clause(span, "then", expected)]


def _returned(node: tree.ReturnStep) -> list[Doc]:
    """What is returned; nothing named is everything."""
    return [_item(item) for item in node.items] or ["everything"]


def _item(node: tree.Returned) -> Doc:
    if node.line is None:
        return "shipping"
    return f"{'all' if node.count is None else number(node.count)} of line {quoted(node.line)}"


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


def _given_used(p: Printer, node: tree.GivenUsed) -> Doc:
    if node.amount is not None:
        used = p(node.amount)
    else:
        used = "once" if node.times == 1 else f"{number(node.times or 0)} times"
    code = f" with code {quoted(node.code)}" if node.code is not None else ""
    return cat(_named(node.rule), " used ", used, code, _person(node.person))


def _given_balance(p: Printer, node: tree.GivenBalance) -> Doc:
    return cat("balance ", p(node.value), _person(node.person), *(cat(", ", p(mod)) for mod in node.mods))


def _person(who: tree.Text | None) -> str:
    return "" if who is None else f" of {quoted(who)}"


def _track(p: Printer, node: tree.GivenTrack | tree.ExpectTrack) -> Doc:
    key = cat(" ", p(node.key)) if node.key is not None else ""
    value = p(node.value) if node.value is not None else "absent"
    return cat(f"track {node.track.text}", key, _person(node.person), " ", value)


def _expect_balance(p: Printer, node: tree.ExpectBalance) -> Doc:
    pending = ", pending included" if node.pending else ""
    return cat(f"balance of {node.unit.text}{pending}", _person(node.person), " ", p(node.value))


def _named(rule: tree.Name | tree.Text) -> str:
    return rule.text if isinstance(rule, tree.Name) else quoted(rule)


def _expect_rule(p: Printer, node: tree.ExpectRule) -> Doc:
    if node.value is None:
        return f"{_named(node.rule)} {node.status}"
    place = cat(" ", p(node.place)) if node.place is not None else ""
    return cat(_named(node.rule), " ", p(node.value), place)


def _on_part(_: Printer, node: tree.OnPart) -> Doc:
    if node.line is None:
        return "on shipping"
    line = f"line {quoted(node.line)}"
    return f"on {line}" if node.unit is None else f"on unit {number(node.unit)} of {line}"


def _expect_code(_: Printer, node: tree.ExpectCode) -> Doc:
    why = f" because {quoted(node.because)}" if node.because is not None else ""
    return f"code {quoted(node.code)} {'applied' if node.applied else 'refused'}{why}"


def _tier_until(_: Printer, node: tree.TierUntil) -> Doc:
    return f"{node.tier.text} until {node.until.text}" if node.until is not None else node.tier.text


PRINTERS: Mapping[type[tree.Node], NodePrinter] = {
    tree.TestDecl: _test,
    tree.TierUntil: _tier_until,
    tree.FieldValue: lambda p, node: cat(f"{node.name.text}: ", p(node.value)),
    tree.GivenMember: _given_member,
    tree.GivenTrack: _track,
    tree.GivenBalance: _given_balance,
    tree.LotFrom: lambda _, node: f"from {_named(node.rule)}",
    tree.LotEarned: lambda _, node: f"earned on {node.date.text}",
    tree.GivenUsed: _given_used,
    tree.LineRow: lambda p, node: _row(p, node),
    tree.EventStep: _event,
    tree.OnDate: lambda p, node: cat("on ", p(node.date)),
    tree.Returned: lambda _, node: _item(node),
    tree.ReturnStep: lambda _, node: cat("when returned ", commas(_returned(node))),
    tree.OnPart: _on_part,
    tree.ExpectRule: _expect_rule,
    tree.ExpectTakes: lambda p, node: cat(_named(node.rule), " takes ", p(node.value)),
    tree.ExpectPrice: lambda p, node: cat(f"{node.what} ", p(node.value)),
    tree.ExpectLine: lambda p, node: cat(f"line {quoted(node.line)} ", p(node.value)),
    tree.ExpectGift: lambda _, node: f"gift {number(node.count)} {quoted(node.sku)}",
    tree.ExpectCode: _expect_code,
    tree.ExpectTier: lambda _, node: f"tier {node.tier.text}",
    tree.ExpectBalance: _expect_balance,
    tree.ExpectTrack: _track,
    tree.ExpectRefused: lambda *_: "refused",
    tree.Step: lambda p, node: cat(*spaced([joined(clause) for clause in _step(p, node)])),
}
