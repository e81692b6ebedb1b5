"""Printers of what rules are made of: modifiers, effects, grains, loops, limits, sources of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from rules_engine import tree
from rules_engine.formatting.blocks import Clause, joined
from rules_engine.formatting.document import HARD, Choice, Doc, cat, commas, fill, flat, nest
from rules_engine.formatting.expressions import PLUS, PRIMARY, SUM, dates, modified, open_end, operand, where
from rules_engine.formatting.literals import duration, names, number, quoted
from rules_engine.formatting.printer import Entry, NodePrinter, Printer
from rules_engine.formatting.tables import spaced, table

# ---- modifiers ----


def _ordered(_: Printer, node: tree.Ordered) -> Doc:
    if node.by is None:
        return f"{node.how} first"
    return f"sorted by {node.by.text} highest first" if node.descending else f"sorted by {node.by.text}"


def _split(p: Printer, node: tree.SplitHow) -> Doc:
    if node.how != "into":
        return f"split {node.how}"
    start = node.rows[0].span[0] if node.rows else node.span[0]
    return table(p, "split into", node.rows, min(node.span[0], start), node.span[1])


# ---- where an amount is formed ----


def _grain(p: Printer, node: tree.Grain) -> Doc:
    if node.what == "total" and node.selection is not None:
        return cat("the total of ", p(node.selection))
    head = where(p, f"each {node.what}", node.where)
    return cat(head, " at ", p(node.pick)) if node.pick is not None else head


# ---- effects: the first words and what follows them ----


def effect(p: Printer, node: tree.Effect) -> Clause:
    """An effect as a clause."""
    match node:
        case tree.Take():
            amount = operand(p, node.amount, PLUS)
            comma = "," if open_end(node.amount) else ""
            return _clause(node, "take", modified(p, cat(amount, comma, " off ", p(node.grain)), node.mods))
        case tree.Price():
            return _clause(
                node, "price", modified(p, cat(p(node.grain), " at ", operand(p, node.amount, PLUS)), node.mods)
            )
        case tree.Charge():
            return _clause(node, "charge", cat(operand(p, node.amount, PLUS), f" as {quoted(node.label)}"))
        case tree.AddFree():
            what = quoted(node.sku) if isinstance(node.sku, tree.Text) else node.sku.text
            return _clause(node, "add", f"{number(node.count)} {what} free")
        case tree.Say():
            return _clause(node, "say", quoted(node.text))
        case tree.Accept():
            return _clause(node, "accept", _accept(p, node))
        case tree.Give():
            each_line = any(isinstance(mod, tree.OfEachLine) for mod in node.mods)
            return _clause(node, node.verb, modified(p, operand(p, node.amount, PLUS, last=not each_line), node.mods))
        case tree.Turn():
            return _clause(node, "turn", _turn(p, node))
        case tree.Carry():
            head = fill([operand(p, node.amount, PLUS), f"into {node.track.text}"])
            return _clause(node, "carry", modified(p, head, node.mods))
        case _:
            assert_never(node)


def _clause(node: tree.Node, words: str, body: Doc) -> Clause:
    return Clause(node.span, words, body)


def _accept(p: Printer, node: tree.Accept) -> Doc:
    head = where(p, _offered(p, node.amount), node.where)
    parts = [head, *map(p, node.mods), cat("worth ", operand(p, node.worth, PLUS)), *map(p, node.worth_mods)]
    return commas(parts)


def _turn(p: Printer, node: tree.Turn) -> Doc:
    head = where(p, cat("every full " if node.every_full else "", _offered(p, node.amount)), node.where)
    return modified(p, fill([head, cat("into ", operand(p, node.into, PLUS))]), node.mods)


_OFFERED = (
    *(tree.Path, tree.Today, tree.Each, tree.Mark, tree.Rung, tree.Flag),
    *(tree.Number, tree.Percent, tree.MoneyLit, tree.QuantityLit, tree.Text),
    *(tree.DateLit, tree.TimeLit, tree.InstantLit),
    *(tree.Bracket, tree.ListOf, tree.TableBy, tree.BalanceOf),
)


def _offered(p: Printer, node: tree.Expr) -> Doc:
    """What is handed in: a word, a literal, a table, a balance; anything else in brackets."""
    return p(node) if isinstance(node, _OFFERED) else cat("(", p(node), ")")


# ---- triggers, loops, sets ----


def trigger(p: Printer, node: tree.Trigger) -> Clause:
    """What sets a rule off beside its event."""
    match node:
        case tree.Automatic():
            return _clause(node, "automatic", "")
        case tree.WithCode():
            code = quoted(node.code) if isinstance(node.code, tree.Text) else f"from {node.code.text}"
            return _clause(node, "with", f"code {code}")
        case tree.WithThing():
            source = f" from {node.source.text}" if node.source is not None else ""
            return _clause(node, "with", where(p, cat(p(node.thing), source), node.where))
        case _:
            assert_never(node)


def loop(p: Printer, node: tree.Loop) -> Clause:
    """A rule's loop as a clause."""
    match node:
        case tree.EachOf():
            parts: list[Doc] = [cat(f"{node.name.text} of ", p(node.over))]
            return _clause(node, "for each", commas(parts + ([p(node.order)] if node.order is not None else [])))
        case tree.EachMark():
            head = f"mark of {node.track.text} at"
            return _clause(node, "for each", fill([head, commas([operand(p, mark, SUM) for mark in node.marks])]))
        case tree.EverySet():
            how = "every" if node.times is None else "once" if node.times == 1 else f"up to {number(node.times)}"
            words = "once for" if node.times == 1 else f"for {how}"
            sets = "sets" if node.times is not None and node.times > 1 else "set"
            return Clause(node.span, f"{words} {sets}", p(node.set), hangs=False)
        case _:
            assert_never(node)


def _set_of(p: Printer, node: tree.SetOf) -> Doc:
    head = f"per {node.per} of {{" if node.per is not None else "of {"
    tail = " the last set may be partial" if node.partial else ""
    heads = [f"{number(part.count)} {'unit' if part.count == 1 else 'units'}" for part in node.parts]
    width = max(map(len, heads), default=0)
    inline = cat(head, " ", *spaced([_part(p, part, words) for part, words in zip(node.parts, heads, strict=True)]))
    entries = [
        Entry(part.span, _part(p, part, words.ljust(width) if part.where is not None else words))
        for part, words in zip(node.parts, heads, strict=True)
    ]
    start, end = node.span
    broken = cat(head, nest(2, p.lines(entries, start, end)), HARD, "}", tail)
    one_line = flat(cat(inline, " }", tail))
    return broken if one_line is None or p.broke(start, end) else Choice(one_line, broken)


def _part(p: Printer, node: tree.SetPart, words: str) -> Doc:
    head = where(p, words, node.where)
    whole = cat(head, ", ", p(node.order)) if node.order is not None else head
    return cat(whole, ": ", p(node.effect)) if node.effect is not None else whole


# ---- limits, consent, returns ----


def limit(p: Printer, node: tree.Limit) -> Clause:
    """A limit as a clause: `once ...` or `at most ...`."""
    parts: list[Doc] = []
    if node.amount is not None:
        parts.append(operand(p, node.amount, SUM, last=False))
    elif node.sets is not None:
        parts.append(f"{number(node.sets)} sets")
    elif node.times is not None and node.times != 1:
        parts.append(f"{number(node.times)} times")
    parts += [p(scope) for scope in node.scopes]
    once = node.times == 1 and node.amount is None and node.sets is None
    words, nothing = ("once" if once else "at most"), (", or nothing" if node.or_nothing else "")
    return _clause(node, words, cat(fill(parts), nothing)) if parts else _clause(node, words + nothing, "")


def _scope(p: Printer, node: tree.Scope) -> Doc:
    if isinstance(node.what, str):
        what: Doc = node.what if node.what == "in total" else f"per {node.what}"
    else:
        what = cat("per ", p(node.what))
    return cat(what, f" by {node.by.text}") if node.by is not None else what


def consent(node: tree.Consent) -> Clause:
    """`combines with ...` as a clause."""
    what = commas(list(names(node.names))) if node.what == "these" else node.what
    return _clause(node, "combines with", cat(what, f" on the same {node.on}") if node.on is not None else what)


def on_return(node: tree.OnReturn) -> str:
    """`by share, shortfall off balance`."""
    return f"{node.policy}, shortfall {node.shortfall}" if node.shortfall is not None else node.policy


# ---- events that set a rule off ----


def sources(p: Printer, on: Sequence[tree.EventRef]) -> Doc:
    """`stay or award_stay`; `settled after` stands once, behind all of them."""
    refs = [_edge(p, ref) if isinstance(ref, tree.EdgeSource) else p.words(ref) for ref in on]
    settled = next((ref.settled for ref in on if isinstance(ref, tree.EdgeSource) and ref.settled is not None), None)
    return " or ".join(refs) + (f", settled after {duration(settled)}" if settled is not None else "")


def _edge(p: Printer, node: tree.EdgeSource) -> str:
    return f"{node.edge} of {p.words(node.period)}"


def dates_clause(p: Printer, node: tree.Dates) -> Clause:
    """`from ... until ...` as a clause."""
    words, body = dates(p, node)
    return _clause(node, words, body)


PRINTERS: Mapping[type[tree.Node], NodePrinter] = {
    tree.UpTo: lambda p, node: cat("up to ", operand(p, node.bound, PLUS)),
    tree.NeverBelow: lambda p, node: cat("never below ", operand(p, node.bound, PLUS)),
    tree.NeverBeyond: lambda *_: "never beyond",
    tree.OnlyFrom: lambda p, node: cat("only from ", operand(p, node.bound, PLUS)),
    tree.InSteps: lambda p, node: cat("in steps of ", operand(p, node.step, PRIMARY)),
    tree.Rounded: lambda _, node: f"rounded {node.mode}",
    tree.Ordered: _ordered,
    tree.SplitHow: _split,
    tree.PendingUntil: lambda p, node: cat("pending until ", p(node.date)),
    tree.Lasting: lambda p, node: cat("lasting ", p(node.life)),
    tree.ToWhom: lambda _, node: f"to {node.path.text}",
    tree.InUnit: lambda _, node: f"in {node.unit.text}",
    tree.WithFact: lambda p, node: cat(f"with {node.name.text}: ", operand(p, node.value, SUM)),
    tree.OrNothing: lambda *_: "or nothing",
    tree.OfEachLine: lambda p, node: where(p, "of each line", node.where),
    tree.Grain: _grain,
    **{
        kind: lambda p, node: joined(effect(p, node))
        for kind in (
            tree.Take,
            tree.Price,
            tree.Charge,
            tree.AddFree,
            tree.Say,
            tree.Accept,
            tree.Give,
            tree.Turn,
            tree.Carry,
        )
    },
    tree.SetPart: lambda p, node: _part(p, node, f"{number(node.count)} {'unit' if node.count == 1 else 'units'}"),
    tree.SetOf: _set_of,
    **{kind: lambda p, node: joined(loop(p, node)) for kind in (tree.EachOf, tree.EachMark, tree.EverySet)},
    **{kind: lambda p, node: joined(trigger(p, node)) for kind in (tree.Automatic, tree.WithCode, tree.WithThing)},
    tree.Scope: _scope,
    tree.Limit: lambda p, node: joined(limit(p, node)),
    tree.Consent: lambda _, node: joined(consent(node)),
    tree.OnReturn: lambda _, node: f"on return {on_return(node)}",
    tree.EventSource: lambda _, node: node.name.text,
    tree.EdgeSource: lambda p, node: sources(p, (node,)),
    tree.AnyEvent: lambda *_: "any event",
}
