"""Earns and rewards: their clauses, limits and groups.

In: a rule's declaration and the context of the check. Out: `ir.RuleDef`, or None after an error. What other rules think
of it (a group's list, a holdout, a circle of reads) is checked for the whole program, in `program`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from rules_engine import ir, tree
from rules_engine.checking.consents import group_of
from rules_engine.checking.elaboration import Env, condition, dates, env_for, give, marks, narrowed
from rules_engine.checking.infos import RuleInfo
from rules_engine.checking.limits import Owner, limit_defs
from rules_engine.checking.not_yet import of_rule
from rules_engine.checking.tracks import known_events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules_engine.checking.context import Context


def rule_def(declared: tree.RuleDecl, context: Context) -> ir.RuleDef | None:
    """The rule, or None after an error."""
    found = of_rule(declared)
    if found is not None:
        context.not_yet(*found)
        return None
    kind: Literal["earn", "reward"] = "earn" if declared.kind == "earn" else "reward"
    events = known_events(declared.on, context)
    env = env_for(context, events, kind)
    when = condition(declared.when, env) if declared.when is not None else None
    env = narrowed(env, declared.when)
    span = dates(declared.dates, env) if declared.dates is not None else None
    loop, inner = _loop(declared.loop, env)
    gives = _gives(declared, context, inner)
    key = declared.name.text if declared.name else declared.title.value
    units = None if context.failed else frozenset(each.unit for each in gives)
    owner = Owner(key, units, all(each.shares for each in gives), (declared.when,))
    limits = limit_defs(declared.limits, owner, context, env)
    group = group_of(declared, context)
    if context.failed:
        return None
    return ir.RuleDef(
        key,
        declared.title.value,
        declared.was.value if declared.was else "",
        kind,
        events,
        span,
        when,
        loop,
        gives,
        limits,
        group,
        award_reads((when, span, gives), declared, context),
        tuple(each.text.value for each in declared.effects if isinstance(each, tree.Say)),
        context.at(declared),
    )


def _loop(loop: tree.Loop | None, env: Env) -> tuple[ir.MarksDef | None, Env]:
    if not isinstance(loop, tree.EachMark):
        return None, env
    return marks(loop, env) or (None, env)


def _gives(declared: tree.RuleDecl, context: Context, env: Env) -> tuple[ir.GiveDef, ...]:
    if not declared.effects:
        context.report("M178", declared.title, title=declared.title.value)
    for effect in declared.effects:
        if isinstance(effect, (tree.Take, tree.Price, tree.Charge, tree.AddFree)):
            verb = "add" if isinstance(effect, tree.AddFree) else type(effect).__name__.lower()
            context.report("T374", effect, verb=verb, kind="an earn" if declared.kind == "earn" else "a reward")
    made = [give(each, env) for each in declared.effects if isinstance(each, tree.Give)]
    return tuple(each for each in made if each is not None)


# ---- reads ----


def award_reads(core: object, declared: tree.RuleDecl | tree.MatchDecl, context: Context) -> tuple[str, ...]:
    """The keys of the rules whose awards are read, each of an earlier stage or of the same."""
    if not any(_is_rule(name, context) for table, name in context.reads if table in ("name", "title")):
        return ()
    reads: dict[str, ir.Origin] = {}
    for node in nodes(core):
        if isinstance(node, (ir.AwardRead, ir.AwardPart)):
            reads.setdefault(node.rule, node.at)
    if isinstance(declared, tree.RuleDecl):
        _only_earlier(reads, declared, context)
    return tuple(sorted(reads))


def _is_rule(name: str, context: Context) -> bool:
    return isinstance(context.symbols.names.get(name), RuleInfo) or name in context.symbols.titles


def _only_earlier(reads: dict[str, ir.Origin], declared: tree.RuleDecl, context: Context) -> None:
    if declared.kind == "reward":
        return
    for key, at in reads.items():
        info = context.symbols.names.get(key) or context.symbols.titles.get(key)
        if isinstance(info, RuleInfo) and info.kind == "reward":
            context.report("M181", (at.start, at.end), title=info.title)


def nodes(core: object) -> Iterator[Any]:
    """All structs of a core, parents first."""
    stack: list[object] = [core]
    while stack:
        top = stack.pop()
        if isinstance(top, msgspec.Struct):
            yield top
            stack.extend(getattr(top, each) for each in top.__struct_fields__ if each != "at")
        elif isinstance(top, tuple):
            stack.extend(top)
