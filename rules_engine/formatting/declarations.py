"""Printers of all declarations but rules, matches and tests: header, periods, units, events, tracks, tiers and more."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import assert_never

from rules_engine import tree
from rules_engine.formatting.blocks import Clause, block, braces, fields, joined, stacked
from rules_engine.formatting.clauses import on_return, sources
from rules_engine.formatting.document import HARD, Choice, Doc, cat, commas, fill, flat, in_one_line, nest
from rules_engine.formatting.expressions import SUM, operand, where
from rules_engine.formatting.literals import day_month, duration, names, number, quoted
from rules_engine.formatting.printer import Entry, NodePrinter, Printer
from rules_engine.formatting.rules import BODY, words
from rules_engine.formatting.tables import FIELDS, field_lines, spaced
from rules_engine.formatting.titles import signed

SETTING = 11
"""The column of a setting's body in the header."""


# ---- the header ----


def _setting(p: Printer, node: tree.Setting) -> Clause:
    match node:
        case tree.Currencies():
            return words(node, "currency", _currencies(node))
        case tree.Zone():
            return words(node, "timezone", quoted(node.name))
        case tree.WeekStart():
            return words(node, "weeks", f"start {node.day.text}")
        case tree.LeapDay():
            return words(node, f"29 February counts as {day_month(node.counts_as)}", "")
        case tree.Prices():
            return words(node, "prices", "include tax" if node.include else "exclude tax")
        case tree.TaxRounding():
            return words(node, "tax", f"rounded {node.rounding} per {node.per}")
        case tree.SplitPolicy():
            to = {"largest": "the largest remainder", "last rounded": "the last after rounding"}.get(node.to, node.to)
            return words(node, "split", f"{node.how}, odd {node.odd.text} to {to}")
        case tree.Terms():
            return words(node, "terms", p(node.dates))
        case tree.ReturnsPolicy():
            return words(node, "returns", on_return(node.policy))
        case tree.Stacking():
            return Clause(node.span, "stacking", _stages(p, node), hangs=False)
        case _:
            assert_never(node)


def _currencies(node: tree.Currencies) -> str:
    codes = [name.text if places is None else f"{name.text} to {places} decimals" for name, places in node.codes]
    return ", ".join([*codes, f"rounded {node.rounding}"])


def _stages(p: Printer, node: tree.Stacking) -> Doc:
    width = max((len(row.stage) for row in node.rows), default=0) + 2
    entries = [Entry(row.span, cat(f"{row.stage}:".ljust(width), nest(width, p(row.policy)))) for row in node.rows]
    start, end = node.span
    broken = cat("{", nest(2, p.lines(entries, start, end)), HARD, "}")
    one_line = flat(cat("{ ", *spaced([p(row) for row in node.rows]), " }"))
    return broken if one_line is None or p.broke(start, end) else Choice(one_line, broken)


def _policy(_: Printer, node: tree.Policy) -> Doc:
    head = f"{node.choice} per {node.per}" if node.per is not None else node.choice
    if node.of_codes:
        return f"{head} in order of codes"
    if node.priority is not None:
        return f"{head} by priority {node.priority} first"
    return cat(f"{head} in order ", commas(list(names(node.order)))) if node.order else head


# ---- periods, definitions, tables ----


def _signed(p: Printer, node: tree.Declaration, body: Doc) -> Doc:
    """`head = body`, the sign below those of the neighbours, further lines below the body."""
    head = f"{(signed(node) or '').ljust(p.heads.get(node.span, 0))} = "
    return cat(head, nest(len(head), body))


def _period(p: Printer, node: tree.PeriodDecl) -> Doc:
    return _signed(p, node, commas([p(node.span_)]) if not node.excepts else _excepts(p, node))


def _excepts(p: Printer, node: tree.PeriodDecl) -> Doc:
    return cat(p(node.span_), *(cat(" except ", p(span)) for span in node.excepts))


def _table(p: Printer, node: tree.TableDecl) -> Doc:
    if node.table is not None:
        return cat(f"table {node.name.text} ", p(node.table))
    key = node.key.text if node.key is not None else ""
    return f"table {node.name.text} by {key} from {quoted(node.file) if node.file is not None else ''}"


# ---- units, events, members ----


def _unit_clauses(p: Printer, node: tree.UnitClause) -> list[Clause]:
    match node:
        case tree.Rounded():
            return [words(node, "rounded", node.mode)]
        case tree.HeldBy():
            return [words(node, "held by", f"{node.who}, apart" if node.apart else node.who)]
        case tree.PendingUntil():
            return [words(node, "pending", cat("until ", p(node.date)))]
        case tree.UseOrder():
            return [words(node, "use", node.order)]
        case tree.UnitClauseLasts():
            clauses = [words(life, "lasts", p(life)) for life in node.lives[:-1]]
            end = f", whichever is {node.whichever}" if node.whichever is not None else ""
            return [*clauses, words(node.lives[-1], "lasts", cat(p(node.lives[-1]), end))]
        case tree.BalanceFloor():
            return [words(node, "balance", cat("at least ", operand(p, node.bound, SUM, last=False)))]
        case tree.Remembers():
            return [words(node, "remembers", cat(*spaced([p(field) for field in node.fields])))]
        case _:
            assert_never(node)


def _unit(p: Printer, node: tree.UnitDecl) -> Doc:
    head = f"unit {node.name.text}" + (f", {node.plural.text}" if node.plural is not None else "")
    match node.counts:
        case None:
            pass
        case tree.Name():
            head += f" counts {node.counts.text}"
        case int():
            head += f" counts {node.counts} decimals"
        case word:
            head += f" counts {word}"
    last = node.plural or node.name
    clauses = [clause for each in node.clauses for clause in _unit_clauses(p, each)]
    return block(p, head, clauses, (last.span[1], node.span[1]), BODY)


def _type(p: Printer, node: tree.TypeRef) -> Doc:
    if node.list_of is not None:
        return cat(f"list of up to {number(node.list_max or 0)} ", p(node.list_of))
    return node.name.text if node.name is not None else " | ".join(names(node.choices))


def _field(p: Printer, node: tree.FieldDecl) -> Doc:
    return cat(
        f"{node.name.text}: ",
        p(node.type),
        "?" if node.optional else "",
        cat(" from ", p(node.low)) if node.low is not None else "",
        cat(" up to ", p(node.high), *(cat(" or ", p(high)) for high in node.highs)) if node.high is not None else "",
        f" as {node.role}" if node.role is not None else "",
    )


def _event(p: Printer, node: tree.EventDecl) -> Doc:
    head = (
        f"event {node.name.text} dated by {node.dated_by.text} of {node.owner.text}"
        f" identified by {node.identified_by.text}"
    )
    if node.priced_by_offers:
        head += " priced by offers" + (f" in {node.priced_in.text}" if node.priced_in is not None else "")
    if node.returnable:
        head += " returnable"
    inline = [p(field) for field in node.fields]
    entries = field_lines(p, node.fields, 2)
    if node.lines is not None:
        inline.append(p(node.lines))
        entries.append(Entry(node.lines.span, p(node.lines)))
    return braces(p, head, inline, entries, ((node.priced_in or node.identified_by).span[1], node.span[1]), FIELDS)


def _lines(p: Printer, node: tree.LinesDecl) -> Doc:
    return fields(p, f"lines {number(node.low)} to {number(node.high)}", node.fields, node.span, 4)


def _track(p: Printer, node: tree.TrackDecl) -> Doc:
    fold = operand(p, node.fold, SUM, last=node.keys_max is None)
    if node.keys_max is not None:
        key = f" by {node.key.text}" if node.key is not None else ""
        fold = cat(fold, f"{key} up to {number(node.keys_max)} keys")
    parts = [fold]
    if node.on:
        parts.append(where(p, cat("on ", sources(p, node.on)), node.where))
    by = f" by {node.by.text}" if node.by is not None else ""
    parts.append(cat("per ", p(node.per), by, " of household" if node.household else ""))
    return _signed(p, node, commas(parts))


# ---- tiers ----


def _tiers(p: Printer, node: tree.TiersDecl) -> Doc:
    head = "tiers from host" if node.from_host else "tiers"
    followers = (*node.rungs[1:], None)
    clauses = [
        Clause(rung.span, rung.name.text, _ways(p, rung, bare_next=after is not None and not after.ways))
        for rung, after in zip(node.rungs, followers, strict=True)
    ]
    clauses += [_tier_clause(p, each) for each in node.clauses]
    column = max([BODY, *(len(rung.name.text) + 1 for rung in node.rungs if rung.ways)])
    inline = [joined(clause) for clause in clauses]
    return braces(p, head, inline, stacked(clauses, column), (node.span[0] + len("tiers"), node.span[1]))


PATHS = 115
"""Columns of a line of paths to a tier."""


_NUMBER_LAST = re.compile(r"(?:(?<![\w.:\-])|(?<=[\s(])-)\d[\d_]*(?:\.\d+)?$")


def _ways(p: Printer, node: tree.RungDecl, *, bare_next: bool = False) -> Doc:
    """The paths to a tier: broken before `or when` where the user did so, and where a line would be too long.

    A number before the bare name of the next tier would read as an amount of a unit: its condition keeps its brackets.
    """
    lines: list[list[Doc]] = []
    for at, way in enumerate(node.ways):
        if at == 0 or p.broke(node.ways[at - 1].span[1], way.span[0]):
            lines.append([])
        words = p(way)
        if bare_next and at == len(node.ways) - 1 and _NUMBER_LAST.search(in_one_line(words)):
            words = cat("when (", p(way.condition), ")")
        path = words if at == 0 else cat("or ", words)
        lines[-1].append(path if at == len(node.ways) - 1 else cat(path, ","))
    parts = [part for line in lines for part in (HARD, fill(line, PATHS))]
    return cat(*parts[1:]) if parts else ""


def _rung(p: Printer, node: tree.RungDecl) -> Doc:
    return joined(Clause(node.span, node.name.text, _ways(p, node)))


def _tier_clause(p: Printer, node: tree.TierClause) -> Clause:
    match node:
        case tree.EveryTierNeeds():
            return words(node, "every tier needs", p(node.condition))
        case tree.Judged():
            return words(node, "judged", "after every event" if node.on is None else cat("on ", p(node.on)))
        case tree.Counts():
            return words(node, "counts", "at once" if node.at_once else "from the next event")
        case tree.Lasts():
            return words(node, "lasts", p(node.life))
        case tree.Then():
            return words(node, "then", p(node.fall))
        case _:
            assert_never(node)


def _one_line(clauses: Sequence[Clause]) -> Doc:
    return cat(*spaced([joined(clause) for clause in clauses]))


def _a_setting(p: Printer, node: tree.Setting) -> Doc:
    return joined(_setting(p, node))


def _a_unit_clause(p: Printer, node: tree.UnitClause) -> Doc:
    return _one_line(_unit_clauses(p, node))


def _a_tier_clause(p: Printer, node: tree.TierClause) -> Doc:
    return joined(_tier_clause(p, node))


def _program(p: Printer, node: tree.Program) -> Doc:
    settings = [_setting(p, setting) for setting in node.settings]
    return block(p, f"program {quoted(node.title)}", settings, (node.title.span[1], node.span[1]), SETTING)


PRINTERS: Mapping[type[tree.Node], NodePrinter] = {
    tree.Language: lambda _, node: f"language {node.version}",
    tree.Use: lambda _, node: f"use {node.name.text}",
    tree.Program: _program,
    tree.Currencies: _a_setting,
    tree.Zone: _a_setting,
    tree.WeekStart: _a_setting,
    tree.LeapDay: _a_setting,
    tree.Prices: _a_setting,
    tree.TaxRounding: _a_setting,
    tree.SplitPolicy: _a_setting,
    tree.Terms: _a_setting,
    tree.ReturnsPolicy: _a_setting,
    # Without the lines of its own that the header gives it: those claim its comments.
    tree.Stacking: lambda p, node: cat("stacking { ", *spaced([p(row) for row in node.rows]), " }"),
    tree.StageRow: lambda p, node: cat(f"{node.stage}: ", p(node.policy)),
    tree.Policy: _policy,
    tree.PeriodDecl: _period,
    tree.AnnualSpan: lambda _, node: f"{day_month(node.first)} to {day_month(node.last)} every year",
    tree.DailySpan: lambda p, node: cat(p(node.start), " to ", p(node.end), " every day"),
    tree.EverySpan: lambda p, node: cat(f"every {duration(node.length)} from ", p(node.anchor)),
    tree.AroundSpan: lambda _, node: (
        f"{duration(node.before)} before to {duration(node.after)} after {node.anchor.text} every year"
    ),
    tree.CalendarOfSpan: lambda _, node: f"calendar {node.unit} of {node.anchor.text} every year",
    tree.MonthDaysSpan: lambda _, node: f"day {', '.join(map(str, node.days))} of every month",
    tree.WeekdaysSpan: lambda _, node: f"{', '.join(names(node.days))} of every week",
    tree.OnceSpan: lambda _, node: f"{duration(node.length)} from {node.anchor.text}",
    tree.FixedSpan: lambda p, node: p(node.dates),
    tree.NamedSpan: lambda _, node: node.name.text,
    tree.HostSpan: lambda *_: "from host",
    tree.Column: lambda _, node: f"column {quoted(node.column)} of {quoted(node.file)}",
    tree.DefineDecl: lambda p, node: _signed(p, node, p(node.value)),
    tree.TableDecl: _table,
    tree.UnitDecl: _unit,
    tree.HeldBy: _a_unit_clause,
    tree.UseOrder: _a_unit_clause,
    tree.UnitClauseLasts: _a_unit_clause,
    tree.BalanceFloor: _a_unit_clause,
    tree.Remembers: _a_unit_clause,
    tree.TypeRef: _type,
    tree.FieldDecl: _field,
    tree.EventDecl: _event,
    tree.LinesDecl: _lines,
    tree.MemberDecl: lambda p, node: fields(p, "member", node.fields, (node.span[0] + 6, node.span[1]), 2),
    tree.TrackDecl: _track,
    tree.TiersDecl: _tiers,
    tree.RungDecl: _rung,
    tree.EveryTierNeeds: _a_tier_clause,
    tree.Judged: _a_tier_clause,
    tree.Counts: _a_tier_clause,
}
