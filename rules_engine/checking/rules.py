"""Earns, redeems and rewards: their clauses, limits and groups.

In: a rule's declaration and the context of the check. Out: `ir.RuleDef`, or None after an error. What other rules think
of it (a group's list, a holdout, a circle of reads) is checked for the whole program, in `program`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, assert_never

from rules_engine import ir, tree
from rules_engine.checking.consents import group_of, return_of, warn
from rules_engine.checking.elaboration import (
    Env,
    acts,
    code_source,
    condition,
    dates,
    env_for,
    loop,
    narrowed,
    price_names,
    priced_events,
    sent,
    thing,
)
from rules_engine.checking.env import STAGE_WORDS
from rules_engine.checking.infos import GroupInfo, RuleInfo, TrackInfo
from rules_engine.checking.limits import Owner, limit_defs
from rules_engine.checking.refused import of_rule
from rules_engine.checking.tracks import known_events
from rules_engine.diagnostics import Fix

if TYPE_CHECKING:
    from rules_engine.checking.context import Context


def rule_def(declared: tree.RuleDecl, context: Context) -> ir.RuleDef | None:
    """The rule, or None after an error."""
    found = of_rule(declared)
    if found is not None:
        context.never(*found)
        return None
    kind = KINDS[declared.kind]
    events = known_events(declared.on, context)
    env = env_for(context, events, kind)
    if kind == "redeem" and sent(declared.title, "a redeem", env):
        _paid(declared, env)
    when = condition(declared.when, env) if declared.when is not None else None
    env = narrowed(env, declared.when)
    span = dates(declared.dates, env) if declared.dates is not None else None
    code, presented = trigger(declared.trigger, env)
    looped, inner = _loop(declared.loop, env)
    effects = _effects(declared, context, inner)
    key = declared.name.text if declared.name else declared.title.value
    limits = limit_defs(declared.limits, _owner(key, declared, effects, inner), context, inner)
    _carried_once(effects, limits, declared, context)
    group = group_of(declared, context)
    _idle_priority(declared, group, context)
    on_return = return_of(declared, context)
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
        looped,
        effects,
        limits,
        group,
        award_reads((when, span, looped, effects), declared, context),
        tuple(each.text.value for each in declared.effects if isinstance(each, tree.Say)),
        context.at(declared),
        presented,
        on_return,
        code,
    )


def _carried_once(
    effects: tuple[ir.ActDef, ...], limits: tuple[ir.LimitDef, ...], declared: tree.RuleDecl, context: Context
) -> None:
    """A period ends for each member of a household, and what the household keeps is carried over once."""
    if any(limit.owner == "household" and limit.times == 1 for limit in limits):
        return
    for effect, written in zip(
        effects, (each for each in declared.effects if not isinstance(each, tree.Say)), strict=False
    ):
        info = context.find(effect.track) if isinstance(effect, ir.CarryDef) else None
        if isinstance(info, TrackInfo) and info.node.household:
            per = f" per {info.window.period}" if info.window is not None and info.window.period else ""
            fix = context.insert("carry once", declared.span[1] - 1, f"  once per household{per} ")
            context.report("M283", written, name=info.name, per=per, fix=fix)


def _idle_priority(declared: tree.RuleDecl, group: str, context: Context) -> None:
    """A priority says nothing where the order goes by something else."""
    if declared.priority is None:
        return
    info = context.find(group) if group else None
    row = next((each for each in context.header().stacking if each.stage == "tender"), None)
    policy = (
        info.node.policy if isinstance(info, GroupInfo) else row.policy if row and declared.kind == "redeem" else None
    )
    if policy is None or policy.priority is None:
        stage = "the tender stage" if declared.kind == "redeem" else "an order of earns and rewards outside groups"
        what = f"`{group}`" if group else stage
        warn("M237", declared.title, context, title=declared.title.value, what=what)


KINDS: dict[tree.RuleKind, Literal["earn", "redeem", "reward"]] = {
    "earn": "earn",
    "redeem": "redeem",
    "reward": "reward",
}


def _paid(declared: tree.RuleDecl, env: Env) -> None:
    """Where something is accepted there must be something to pay."""
    if any(isinstance(each, tree.Accept) for each in declared.effects):
        priced_events(declared.title, env)


def trigger(node: tree.Trigger | None, env: Env) -> tuple[ir.CodeDef | None, ir.ThingDef | None]:
    """What sets an earn, a redeem or a reward off besides its conditions: a code, or something presented."""
    match node:
        case tree.WithCode(code=code):
            return code_source(code, env), None
        case tree.WithThing():
            return None, thing(node, env)
        case tree.Automatic():
            fix = Fix("leave `automatic` out", node.span, "")
            env.report("M292", node, kind=STAGE_WORDS[env.stage], fix=fix)
        case None:
            pass
    return None, None


def _loop(node: tree.Loop | None, env: Env) -> tuple[ir.MarksDef | ir.KeysDef | None, Env]:
    if node is not None and env.stage == "redeem":
        name = node.name.text if isinstance(node, tree.EachOf) else "mark"
        env.report("T416", node, name=name, why="a redeem pays once, for the whole event")
        return None, env
    return (None, env) if node is None else loop(node, env) or (None, env)


def _effects(declared: tree.RuleDecl, context: Context, env: Env) -> tuple[ir.ActDef, ...]:
    if not declared.effects:
        context.report("M178", declared.title, title=declared.title.value)
    return acts(declared.effects, env)


def _owner(key: str, declared: tree.RuleDecl, effects: tuple[ir.ActDef, ...], env: Env) -> Owner:
    """What limits of the rule may count: units that it gives or takes, and the money that they pay."""
    counted = {unit for each in effects for unit in units_of(each)}
    if any(isinstance(each, ir.AcceptDef) for each in effects):
        counted |= {name for event in env.events for name in price_names(event)}
    units = None if env.context.failed else frozenset(counted)
    lines = all(isinstance(each, ir.GiveDef) and bool(each.shares) for each in effects)
    given = {each.to for each in effects if isinstance(each, ir.GiveDef)}
    given |= {each.into.to for each in effects if isinstance(each, ir.TurnDef)}
    return Owner(key, units, lines, (declared.when,), to=given.pop() if len(given) == 1 else "")


def units_of(effect: ir.ActDef) -> tuple[str, ...]:
    """The units that an effect gives or takes."""
    match effect:
        case ir.GiveDef(split=rows):
            return tuple(row.unit for row in rows) or (effect.unit,)
        case ir.TurnDef(into=into, more=more):
            return (effect.unit, into.unit, *(each.unit for each in more))
        case ir.CarryDef():
            return ()
        case ir.DeductDef() | ir.AcceptDef():
            return (effect.unit,)
        case _:
            assert_never(effect)


# ---- reads ----


def award_reads(core: object, declared: tree.RuleDecl | tree.MatchDecl, context: Context) -> tuple[str, ...]:
    """The keys of the rules whose awards are read, each of an earlier stage or of the same."""
    if not context.awards:
        return ()
    reads: dict[str, ir.Origin] = {}
    for node in ir.records(core):
        if isinstance(node, (ir.AwardRead, ir.AwardPart)):
            reads.setdefault(node.rule, node.at)
    if isinstance(declared, tree.RuleDecl):
        _only_earlier(reads, declared, context)
    return tuple(sorted(reads))


def _only_earlier(reads: dict[str, ir.Origin], declared: tree.RuleDecl, context: Context) -> None:
    if declared.kind == "reward":
        return
    for key, at in reads.items():
        info = context.symbols.names.get(key) or context.symbols.titles.get(key)
        if isinstance(info, RuleInfo) and info.kind == "reward":
            context.report("M181", (at.start, at.end), title=info.title)
