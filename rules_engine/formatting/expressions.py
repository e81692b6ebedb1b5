"""Printers of words, dates, periods, measures and expressions.

Brackets are set where the tree needs them and nowhere else. Two rules decide. A part that binds less tightly than its
place asks for is bracketed (`LEVELS`). And since a `where` reads on as far as it can, an expression that ends in one is
bracketed wherever more of the same expression follows (`open_end`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rules_engine import tree
from rules_engine.formatting.document import Doc, Fill, cat, commas, fill, first_sign
from rules_engine.formatting.literals import day_month, duration, number, ordinal, quoted
from rules_engine.formatting.printer import NodePrinter, Printer

OR, AND, NOT, TEST, PLUS, PART, SUM, PRODUCT, UNARY, ATOM, PRIMARY = range(11)
"""How tightly a node binds. Conditions come first: an amount inside one starts at `SUM`."""

LEVELS: Mapping[type[tree.Node], int] = {
    tree.Either: OR,
    tree.Both: AND,
    tree.Not: NOT,
    tree.Has: TEST,
    tree.Compare: TEST,
    tree.Is: TEST,
    tree.In: TEST,
    tree.InFirst: TEST,
    tree.IsMultiple: TEST,
    tree.Reaches: TEST,
    tree.DateTest: TEST,
    tree.Plus: PLUS,
    tree.Per: PART,
    tree.Negate: UNARY,
    tree.Name: PRIMARY,
    tree.Path: PRIMARY,
    tree.Number: PRIMARY,
    tree.Percent: PRIMARY,
    tree.MoneyLit: PRIMARY,
    tree.QuantityLit: PRIMARY,
    tree.Text: PRIMARY,
    tree.DateLit: PRIMARY,
    tree.TimeLit: PRIMARY,
    tree.InstantLit: PRIMARY,
    tree.Flag: PRIMARY,
    tree.Today: PRIMARY,
    tree.Mark: PRIMARY,
    tree.Rung: PRIMARY,
    tree.Each: PRIMARY,
    tree.TableBy: PRIMARY,
    tree.Across: PRIMARY,
    tree.LaterDate: PRIMARY,
    tree.EdgeDate: PRIMARY,
    tree.Basis: PRIMARY,
    tree.AfterStage: PRIMARY,
    tree.TierOf: PRIMARY,
    tree.CalendarOf: PRIMARY,
    tree.Bracket: PRIMARY,
    tree.ListOf: PRIMARY,
}


def level(node: tree.Node) -> int:
    """How tightly a node binds."""
    if isinstance(node, tree.Binary):
        return SUM if node.op in "+-" else PRODUCT
    if isinstance(node, tree.Per) and node.step is None:
        return ATOM
    return LEVELS.get(type(node), ATOM)


_LAST_PART: Mapping[type[tree.Node], Callable[[Any], tree.Node | None]] = {
    tree.Of: lambda node: node.selection,
    tree.SumOf: lambda node: node.where or node.measure,
    tree.CountOf: lambda node: node.where or node.of,
    tree.DistinctOf: lambda node: node.selection,
    tree.Per: lambda node: node.measure or node.step,
    tree.Binary: lambda node: node.right,
    tree.Plus: lambda node: node.parts[-1],
    tree.Not: lambda node: node.value,
    tree.Both: lambda node: node.parts[-1],
    tree.Either: lambda node: node.parts[-1],
    tree.Compare: lambda node: node.right,
    tree.Is: lambda node: node.right,
    tree.In: lambda node: node.right,
    tree.Reaches: lambda node: node.bound,
    tree.Negate: lambda node: node.value,
}


def open_end(node: tree.Node | None) -> bool:
    """Whether the text of a node ends in a `where`, which would read on into what follows."""
    while node is not None:
        if isinstance(node, tree.Selection | tree.TopOf) and node.where is not None:
            return True
        if isinstance(node, tree.CountOf | tree.SumOf) and node.where is not None:
            return True
        last = _LAST_PART.get(type(node))
        node = last(node) if last is not None else None
    return False


def operand(p: Printer, node: tree.Node, least: int, last: bool = True) -> Doc:
    """A part of an expression, bracketed if it binds less tightly than `least`, or reads on and is not `last`.

    `least` 0 takes whatever stands alone; parts of conditions take no amounts that bind less than a sum.
    """
    own = level(node)
    misplaced = own < least or (own in (PLUS, PART) and 0 < least < PLUS)
    if not misplaced and (last or not open_end(node)):
        return p(node)
    if not misplaced and isinstance(node, tree.CountOf) and isinstance(node.of, tree.Selection):
        return cat("count of (", p(node.of), ")")
    return cat("(", p(node), ")")


# ---- words and literals ----


def _instant(text: str) -> str:
    return text.replace("T", " ")


def _later(p: Printer, node: tree.LaterDate) -> Doc:
    if node.base is None:
        return f"{duration(node.length)} later"
    return cat(duration(node.length), " after " if node.sign == 1 else " before ", p(node.base))


def _edge(p: Printer, node: tree.EdgeDate) -> Doc:
    return cat(
        f"{node.edge} of ",
        "next " if node.next else "",
        p(node.period),
        f" {duration(node.later)} later" if node.later else "",
    )


def dates(p: Printer, node: tree.Dates) -> tuple[str, Doc]:
    """The first word of `from ... until ... by ...`, and what follows it."""
    words: list[Doc] = []
    if node.start is not None:
        words += ["from", p(node.start)]
        if node.start_time is not None:
            words += ["at", p(node.start_time)]
    if node.end is not None:
        words += [node.end_word or "until", p(node.end)]
        if node.end_time is not None:
            words += ["at", p(node.end_time)]
    if node.by is not None:
        words += ["by", p(node.by)]
    first = words[0] if words and isinstance(words[0], str) else ""
    return first, fill(_pairs(words[1:]))


def _pairs(words: list[Doc]) -> list[Doc]:
    """A word stays with what follows it: `D`, `until E`, `by F`."""
    return [words[0], *(cat(words[at], " ", words[at + 1]) for at in range(1, len(words) - 1, 2))] if words else []


def _dates(p: Printer, node: tree.Dates) -> Doc:
    first, rest = dates(p, node)
    return cat(first, " ", rest)


def _lasts_for(_: Printer, node: tree.LastsFor) -> Doc:
    text = f"for {duration(node.length)}"
    if node.after_last:
        return f"{text} after last {' or '.join(name.text for name in node.after_last)}"
    return f"{text} after {node.after.text}" if node.after is not None else text


# ---- selections and measures ----


def _pick_n(_: Printer, node: tree.PickN) -> Doc:
    per = f" per full {number(node.per_full)}" if node.per_full is not None else ""
    return f"the {node.which} {number(node.count)}{per}"


def _selection(p: Printer, node: tree.Selection) -> Doc:
    if isinstance(node.pick, tree.PickUnits):
        return where(p, p(node.pick), node.where)
    what = f"the turned {node.unit.text}" if node.what == "turned" and node.unit is not None else str(node.what)
    if node.what == "units" and isinstance(node.pick, tree.PickN) and node.pick.count == 1:
        what = "unit"
    return where(p, cat(p(node.pick), " ", what) if node.pick is not None else what, node.where)


def where(p: Printer, head: Doc, condition: tree.Expr | None) -> Doc:
    """`head where condition`."""
    return head if condition is None else cat(head, " where ", p(condition))


def _count(p: Printer, node: tree.CountOf) -> Doc:
    return where(p, cat("count of ", p(node.of)) if node.of is not None else "count", node.where)


def _distinct(p: Printer, node: tree.DistinctOf) -> Doc:
    head = f"distinct {node.path.text}"
    return cat(head, " of ", p(node.selection)) if node.selection is not None else head


def _top(p: Printer, node: tree.TopOf) -> Doc:
    head: Doc = f"top {number(node.count)} of {node.of.text}"
    if node.selection is not None and node.measure is not None:
        head = cat(head, " of ", p(node.selection), " by ", operand(p, node.measure, ATOM, last=False))
    return where(p, cat(head, f" ties by {node.ties.text}"), node.where)


def _flow(_: Printer, node: tree.FlowOf) -> Doc:
    rules = f" by {' or '.join(rule.text for rule in node.rules)}" if node.rules else ""
    return f"{node.which} {node.unit.text}{rules}"


# ---- operators ----


def _binary(p: Printer, node: tree.Binary) -> Doc:
    own = level(node)
    parts = [operand(p, node.left, own, last=False), cat(node.op, " ", operand(p, node.right, own + 1))]
    return fill(parts)


def _plus(p: Printer, node: tree.Plus) -> Doc:
    return _joined(p, node.parts, "plus", PART)


def _negate(p: Printer, node: tree.Negate) -> Doc:
    # A sign before a figure would be the number's own.
    value = operand(p, node.value, UNARY)
    return cat("-(", p(node.value), ")") if first_sign(value).isdigit() else cat("-", value)


def _joined(p: Printer, parts: tuple[tree.Expr, ...], word: str, least: int) -> Doc:
    docs = [operand(p, part, least, last=part is parts[-1]) for part in parts]
    return fill([docs[0], *(cat(f"{word} ", doc) for doc in docs[1:])])


def _per(p: Printer, node: tree.Per) -> Doc:
    if node.step is None:
        amount = operand(p, node.amount, PRIMARY, last=False)
        return cat(amount, " of ", operand(p, node.measure, ATOM)) if node.measure is not None else amount
    step = cat(" per full " if node.full else " per ", operand(p, node.step, PRIMARY))
    measure = cat(" of ", operand(p, node.measure, ATOM)) if node.measure is not None else ""
    return cat(operand(p, node.amount, SUM, last=False), step, measure)


def _compare(p: Printer, node: tree.Compare) -> Doc:
    return cat(operand(p, node.left, SUM, last=False), f" {node.op} ", operand(p, node.right, SUM))


def _is(p: Printer, node: tree.Is) -> Doc:
    word = " is not " if node.negated else " is "
    return cat(operand(p, node.left, SUM, last=False), word, operand(p, node.right, SUM))


def _in(p: Printer, node: tree.In) -> Doc:
    word = " not in " if node.negated else " in "
    return cat(operand(p, node.left, SUM, last=False), word, operand(p, node.right, SUM))


def _in_first(p: Printer, node: tree.InFirst) -> Doc:
    word = " not in first " if node.negated else " in first "
    return cat(operand(p, node.left, SUM, last=False), f"{word}{number(node.count)} of {node.path.text}")


def _is_multiple(p: Printer, node: tree.IsMultiple) -> Doc:
    word = " is not multiple of " if node.negated else " is multiple of "
    return cat(operand(p, node.left, SUM, last=False), f"{word}{number(node.factor)}")


def _reaches(p: Printer, node: tree.Reaches) -> Doc:
    return cat(operand(p, node.left, SUM, last=False), " reaches ", operand(p, node.bound, SUM))


def _date_test(p: Printer, node: tree.DateTest) -> Doc:
    return cat(operand(p, node.left, SUM, last=False), f" {node.word} ", p(node.date))


EFFECT = 120
"""Columns of an amount with its modifiers."""


def modified(p: Printer, head: Doc, mods: tuple[tree.Mod, ...]) -> Doc:
    """An amount and its modifiers, `of each line` without a comma."""
    # The parts of a sum stand beside the modifiers, so that lines break between either.
    parts: list[Doc] = [*head.parts] if isinstance(head, Fill) else [head]
    last = len(parts) - 1
    for mod in mods:
        if isinstance(mod, tree.OfEachLine):
            parts[-1] = cat(parts[-1], " ", p(mod))
        else:
            parts.append(p(mod))
    return fill([*parts[:last], *(cat(part, ",") for part in parts[last:-1]), parts[-1]], EFFECT)


def _bracket(p: Printer, node: tree.Bracket) -> Doc:
    return cat("(", modified(p, p(node.value), node.mods), ")")


PRINTERS: Mapping[type[tree.Node], NodePrinter] = {
    tree.Name: lambda _, node: node.text,
    tree.Path: lambda _, node: node.text,
    tree.Number: lambda _, node: number(node.text),
    tree.Percent: lambda _, node: f"{number(node.text)}%",
    tree.MoneyLit: lambda _, node: f"{number(node.text)} {node.currency}",
    tree.QuantityLit: lambda _, node: f"{number(node.text)} {node.unit.text}",
    tree.Text: lambda _, node: quoted(node),
    tree.DateLit: lambda _, node: node.text,
    tree.TimeLit: lambda _, node: node.text,
    tree.InstantLit: lambda _, node: _instant(node.text),
    tree.Flag: lambda _, node: "yes" if node.value else "no",
    tree.Duration: lambda _, node: duration(node),
    tree.DayMonth: lambda _, node: day_month(node),
    tree.CalendarSpan: lambda _, node: f"calendar {node.unit}",
    tree.Lifetime: lambda *_: "lifetime",
    tree.Rolling: lambda _, node: duration(node.length),
    tree.LastCalendar: lambda _, node: f"the last {number(node.count)} calendar {node.unit}{'s' * (node.count != 1)}",
    tree.TrialOf: lambda _, node: f"trial of {node.match.text}",
    tree.PeriodRef: lambda _, node: node.name.text,
    tree.Today: lambda *_: "today",
    tree.LaterDate: _later,
    tree.EdgeDate: _edge,
    tree.Dates: _dates,
    tree.Forever: lambda *_: "forever",
    tree.LastsUntil: lambda p, node: cat("until ", p(node.date)),
    tree.LastsFor: _lasts_for,
    tree.PickN: _pick_n,
    tree.PickEvery: lambda _, node: f"every {ordinal(node.position)} of {number(node.of)}",
    tree.PickUnits: lambda _, node: f"units {number(node.first)} to {number(node.last)} of each line",
    tree.Selection: _selection,
    tree.Each: lambda *_: "each",
    tree.Mark: lambda *_: "mark",
    tree.Rung: lambda *_: "rung",
    tree.TierOf: lambda _, node: f"{node.which} tier",
    tree.Tag: lambda _, node: f"tag {node.name.text}",
    tree.AfterStage: lambda _, node: f"after {node.stage}{f' {node.tax} tax' if node.tax is not None else ''}",
    tree.Basis: lambda _, node: f"{node.name.text} {node.tax} tax",
    tree.Of: lambda p, node: cat(p(node.measure), " of ", p(node.selection)),
    tree.SumOf: lambda p, node: where(p, cat("sum of ", operand(p, node.measure, ATOM)), node.where),
    tree.CountOf: _count,
    tree.DistinctOf: _distinct,
    tree.StreakOf: lambda p, node: cat("streak of ", p(node.period)),
    tree.EdgeDay: lambda _, node: f"{node.which} day",
    tree.LargestOf: lambda p, node: cat("largest of (", commas([p(item) for item in node.items]), ")"),
    tree.TopOf: _top,
    tree.FlowOf: _flow,
    tree.BalanceOf: lambda _, node: f"balance of {node.unit.text}{', pending included' * node.pending}",
    tree.PreviousOf: lambda _, node: f"previous {node.track.text}",
    tree.CalendarOf: lambda _, node: f"calendar {node.unit} of {node.path.text}",
    tree.ListOf: lambda p, node: cat("(", commas([p(item) for item in node.items]), ")"),
    tree.Negate: _negate,
    tree.Binary: _binary,
    tree.Plus: _plus,
    tree.Per: _per,
    tree.Bracket: _bracket,
    tree.Not: lambda p, node: cat("not ", operand(p, node.value, NOT)),
    tree.Both: lambda p, node: _joined(p, node.parts, "and", NOT),
    tree.Either: lambda p, node: _joined(p, node.parts, "or", AND),
    tree.Has: lambda _, node: f"has {node.path.text}",
    tree.Compare: _compare,
    tree.Is: _is,
    tree.In: _in,
    tree.InFirst: _in_first,
    tree.IsMultiple: _is_multiple,
    tree.Reaches: _reaches,
    tree.DateTest: _date_test,
}
