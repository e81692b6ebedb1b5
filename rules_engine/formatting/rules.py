"""Printers of rules and matches: the clauses in the language's order, bodies aligned.

A rule stays on one line where the user wrote it so and it takes no more than `SHORT` columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from rules_engine import tree
from rules_engine.formatting.blocks import Clause, braces, joined, stacked
from rules_engine.formatting.clauses import consent, dates_clause, effect, limit, loop, on_return, sources, trigger
from rules_engine.formatting.document import Doc, cat
from rules_engine.formatting.literals import names, quoted
from rules_engine.formatting.printer import NodePrinter, Printer
from rules_engine.formatting.titles import head_end, titled
from rules_engine.source import Span

SHORT = 110
"""Columns that a rule on one line may take."""

BODY = 10
"""The column of a clause's body, counted from its first word."""


def words(node: tree.Node, first: str, body: Doc) -> Clause:
    """A clause that is a node."""
    return Clause(node.span, first, body)


def _on(p: Printer, on: Sequence[tree.EventRef]) -> list[Clause]:
    return [Clause((on[0].span[0], on[-1].span[1]), "on", sources(p, on))] if on else []


def _rule(p: Printer, node: tree.RuleDecl) -> Doc:
    clauses = _on(p, node.on)
    if node.dates is not None:
        clauses.append(dates_clause(p, node.dates))
    if node.trigger is not None:
        clauses.append(trigger(p, node.trigger))
    if node.when is not None:
        clauses.append(words(node.when, "when", p(node.when)))
    if node.loop is not None:
        clauses.append(loop(p, node.loop))
    clauses += [effect(p, each) for each in node.effects]
    clauses += [limit(p, each) for each in node.limits]
    if node.group is not None:
        clauses.append(words(node.group, "competes in", node.group.text))
    if node.tag is not None:
        clauses.append(words(node.tag, "tag", node.tag.text))
    if node.priority is not None:
        clauses.append(Clause(_priority_span(p, node, clauses), "priority", str(node.priority)))
    if node.consent is not None:
        clauses.append(consent(node.consent))
    if node.on_return is not None:
        clauses.append(words(node.on_return, "on return", on_return(node.on_return)))
    return _body(p, titled(node.kind, node), node, clauses)


def _priority_span(p: Printer, node: tree.RuleDecl, before: Sequence[Clause]) -> Span:
    """Where `priority` stands: a number has no span of its own."""
    last = max((clause.span[1] for clause in before), default=head_end(node))
    at = max(p.text.find("priority", last, node.span[1]), last)
    return at, at


def _match(p: Printer, node: tree.MatchDecl) -> Doc:
    clauses = _on(p, node.on)
    if node.dates is not None:
        clauses.append(dates_clause(p, node.dates))
    if node.when is not None:
        clauses.append(words(node.when, "when", p(node.when)))
    if node.matches is not None:
        clauses.append(words(node.matches, "matches", _matches(p, node.matches)))
    if node.trial is not None:
        clauses.append(words(node.trial, "trial", p(node.trial.life)))
    if node.keep is not None:
        clauses.append(words(node.keep, "keep", cat(f"{node.keep.what} tier if ", p(node.keep.condition))))
    if node.lasts is not None:
        clauses.append(words(node.lasts, "lasts", p(node.lasts.life)))
    if node.then is not None:
        clauses.append(words(node.then, "then", p(node.then.fall)))
    clauses += [limit(p, each) for each in node.limits]
    return _body(p, titled("match", node), node, clauses)


def _matches(p: Printer, node: tree.Matches) -> Doc:
    return cat(p(node.table), f", up to {node.up_to.text}" if node.up_to is not None else "")


def _body(p: Printer, head: str, node: tree.RuleDecl | tree.MatchDecl, clauses: Sequence[Clause]) -> Doc:
    inline = [joined(clause) for clause in clauses]
    bounds = (head_end(node), node.span[1])
    return braces(p, head, inline, stacked(clauses, BODY), bounds, limit=SHORT)


def _fall(_: Printer, node: tree.Fall) -> Doc:
    if node.what == "tier" and node.tier is not None:
        return node.tier.text
    if node.what == "down":
        return f"{node.down} tier{'' if node.down == 1 else 's'} down"
    return "the earned tier" if node.down is None else f"the earned tier, at most {node.down} down"


def _group(p: Printer, node: tree.GroupDecl) -> Doc:
    clauses = [Clause(node.policy.span, "", p(node.policy)), *(_group_clause(p, each) for each in node.clauses)]
    head = f"group {node.name.text}"
    bounds = (node.name.span[1], node.span[1])
    return braces(p, head, [joined(clause) for clause in clauses], stacked(clauses, 0), bounds)


def _group_clause(p: Printer, node: tree.GroupClause) -> Clause:
    match node:
        case tree.Consent():
            return consent(node)
        case tree.Limit():
            return limit(p, node)
        case tree.SharesClaims():
            return words(node, "shares claims", "")
        case tree.AtMostRules():
            return words(node, f"at most {node.count} rules", "")
        case tree.ExclusiveFirst():
            return words(node, "exclusive ones first", "")
        case _:
            assert_never(node)


def _holdout(p: Printer, node: tree.HoldoutDecl) -> Doc:
    rules = ", ".join(names(node.rules))
    if node.where is not None:
        return cat("holdout members where ", p(node.where), f", from {rules}")
    percent = p(node.percent) if node.percent is not None else ""
    salt = f" salt {quoted(node.salt)}" if node.salt is not None else ""
    return cat("holdout ", percent, f" of members{salt} from {rules}")


def _way(p: Printer, node: tree.Way) -> Doc:
    name = f" as {node.name.text}" if node.name is not None else ""
    lasts = cat(", lasts ", p(node.lasts)) if node.lasts is not None else ""
    return cat("when ", p(node.condition), name, lasts)


PRINTERS: Mapping[type[tree.Node], NodePrinter] = {
    tree.RuleDecl: _rule,
    tree.MatchDecl: _match,
    tree.Matches: lambda p, node: cat("matches ", _matches(p, node)),
    tree.TrialFor: lambda p, node: cat("trial ", p(node.life)),
    tree.KeepIf: lambda p, node: cat(f"keep {node.what} tier if ", p(node.condition)),
    tree.Lasts: lambda p, node: cat("lasts ", p(node.life)),
    tree.Then: lambda p, node: cat("then ", p(node.fall)),
    tree.Fall: _fall,
    tree.GroupDecl: _group,
    tree.SharesClaims: lambda p, node: joined(_group_clause(p, node)),
    tree.AtMostRules: lambda p, node: joined(_group_clause(p, node)),
    tree.ExclusiveFirst: lambda p, node: joined(_group_clause(p, node)),
    tree.HoldoutDecl: _holdout,
    tree.Way: _way,
}
