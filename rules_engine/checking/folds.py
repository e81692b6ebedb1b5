"""Folds of tracks: what a track adds up, on which lines, and what type comes of it.

In: a track's declaration. Out: the pieces of `ir.TrackDef` that expressions make up. A track's type is asked for by
readers without reporting anything; a track that is defined through itself has an unknown type there.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from rules_engine import ir, tree
from rules_engine.checking import conditions, dates, expressions, keys, measures, names, unknowns
from rules_engine.checking.context import Context
from rules_engine.checking.core import integral
from rules_engine.checking.env import Env, env_for, narrowed
from rules_engine.checking.infos import BrokenInfo, RuleInfo, TrackInfo
from rules_engine.checking.typed import Typed
from rules_engine.types import (
    COUNT,
    UNKNOWN,
    Money,
    Type,
    Unit,
    Unknown,
    describe,
    is_number,
)

FoldKind = Literal["sum", "count", "distinct", "streak"]


class FoldParts(msgspec.Struct, frozen=True):
    """The pieces of a `TrackDef`, and the type of its value."""

    kind: FoldKind
    type: Type
    value: ir.Expr | None = None
    where: ir.Expr | None = None
    line_where: ir.Expr | None = None
    given: str = ""
    rules: tuple[str, ...] = ()
    streak: str = ""
    keys_max: int = 0
    by: ir.Expr | None = None
    by_line: bool = False
    shares: tuple[ir.Share, ...] = ()

    @property
    def unit(self) -> str:
        """How the value is shown: a currency, a unit's name, or empty for a count."""
        match self.type:
            case Money(currency=currency):
                return currency
            case Unit(name=name):
                return name
            case _:
                return ""

    @property
    def decimals(self) -> int:
        """The decimals of the value."""
        return self.type.decimals if isinstance(self.type, (Money, Unit)) else 0


def fold(node: tree.TrackDecl, env: Env) -> FoldParts | None:
    """What a track adds up; None after an error."""
    if node.household:
        env.not_yet(node, "a track of a household")
        return None
    if node.key is not None:
        env.not_yet(node, "a track by key")
        return None
    where = None if node.where is None else conditions.condition(node.where, env)
    inner = narrowed(env, node.where).unguarded()
    parts = _parts(node, inner)
    if parts is None:
        return None
    by = None if node.by is None else dates.day_field(node.by, inner)
    if node.by is not None and by is None:
        return None
    parts = msgspec.structs.replace(parts, where=where)
    return parts if by is None else _by(parts, *by, node, env)


def _by(parts: FoldParts, day: ir.Expr, by_line: bool, node: tree.TrackDecl, env: Env) -> FoldParts | None:
    """The day that finds the occurrence; where each line has its own, the sum is taken line by line."""
    if not by_line:
        return msgspec.structs.replace(parts, by=day)
    value = parts.value
    if not isinstance(value, ir.Fold) or value.op == "distinct":
        assert node.by is not None
        env.report("T334", node.by, name=node.by.text)
        return None
    line = ir.Num(value.at, 1) if value.value is None else value.value
    return msgspec.structs.replace(parts, by=day, by_line=True, value=line, line_where=value.where)


def _parts(node: tree.TrackDecl, env: Env) -> FoldParts | None:
    match node.fold:
        case tree.SumOf(measure=tree.FlowOf() as flow):
            return _given(flow, env)
        case tree.SumOf(measure=tree.TopOf()):
            expressions.value(node.fold, env)
            return None
        case tree.SumOf() | tree.Of() | tree.Path() | tree.Per() | tree.Binary() | tree.Bracket():
            return _sum(node.fold, env)
        case tree.CountOf(of=None):
            return FoldParts("count", COUNT)
        case tree.CountOf():
            found = expressions.value(node.fold, env)
            return None if isinstance(found.type, Unknown) else _with_value("count", found)
        case tree.DistinctOf():
            return _distinct(node, node.fold, env)
        case tree.StreakOf(period=period):
            used = None if env.muted else env.context.when(period)
            return (
                None if used is None and not env.muted else FoldParts("streak", COUNT, streak=used.name if used else "")
            )
        case tree.EdgeDay():
            env.not_yet(node.fold, "a first or last day as a track")
        case _:
            env.report("T335", node.fold)
    return None


def _with_value(kind: FoldKind, found: Typed) -> FoldParts:
    return FoldParts(kind, found.type, value=found.expr, shares=found.shares)


def _sum(node: tree.Expr, env: Env) -> FoldParts | None:
    if not isinstance(node, tree.SumOf):
        env.report("T335", node)
        return None
    found = expressions.value(node, env)
    if isinstance(found.type, Unknown):
        return None
    if not is_number(found.type):
        env.report("T305", node, found=describe(found.type), wanted="an amount")
        return None
    if isinstance(found.type, Money) and found.type.several:
        env.report("T347", node, events=env.event_words(), known=" or ".join(found.type.several))
        return None if not env.muted else _with_value("sum", found)
    if not integral(found.expr, keys.rate_keys(env)):
        env.report("T336", node, what=describe(found.type))
    return _with_value("sum", found)


def _given(flow: tree.FlowOf, env: Env) -> FoldParts | None:
    """`sum of given cashback by a or b`."""
    if flow.which == "used":
        env.not_yet(flow, "what members used, as a track,")
        return None
    kind = names.unit_type(flow.unit, env)
    if kind is None:
        return None
    keys = [_rule_key(rule, env) for rule in flow.rules]
    if any(key is None for key in keys):
        return None
    return FoldParts("sum", kind, given=kind.name, rules=tuple(key for key in keys if key is not None))


def _rule_key(name: tree.Name, env: Env) -> str | None:
    info = env.context.find(name.text)
    if isinstance(info, RuleInfo):
        return info.key
    if isinstance(info, BrokenInfo):
        env.fail()
    elif info is None:
        rules = [each for each in env.context.names() if isinstance(env.context.find(each), RuleInfo)]
        unknowns.report_unknown("N201", name, env, rules)
    else:
        unknowns.wrong_kind(name, info, "a rule", env)
    return None


def _distinct(node: tree.TrackDecl, fold: tree.DistinctOf, env: Env) -> FoldParts | None:
    found = measures.distinct(fold, env)
    if node.keys_max is None:
        env.report("T337", fold, name=node.name.text)
    if found is None:
        return None
    value, where = found
    return FoldParts("distinct", COUNT, value=value, line_where=where, keys_max=node.keys_max or 0)


# ---- what readers ask ----


def fold_type(node: tree.TrackDecl, context: Context) -> Type:
    """The type of a track's value."""
    events = tuple(each.name.text for each in node.on if isinstance(each, tree.EventSource))
    return _type_of(node, env_for(context, events, "track").silent(node.name.text))


def track_type(info: TrackInfo, env: Env) -> Type:
    """The same for whoever reads the track."""
    if info.kind in ("count", "distinct", "streak"):
        return COUNT
    memo = ("track", info.name)
    if memo not in env.memo:
        silent = _silent(info, env)
        env.memo[memo] = UNKNOWN if silent is None else _type_of(info.node, silent)
    found: Type = env.memo[memo]
    return found


def _silent(info: TrackInfo, env: Env) -> Env | None:
    if info.name in env.resolving or env.too_deep:
        return None
    inner = env_for(env.context, info.events, "track")
    return msgspec.structs.replace(inner, resolving=env.resolving, memo=env.memo).silent(info.name)


def _type_of(node: tree.TrackDecl, silent: Env) -> Type:
    parts = _parts(node, _trusting(silent))
    return UNKNOWN if parts is None else parts.type


def _trusting(silent: Env) -> Env:
    return msgspec.structs.replace(silent, owner_known=True)


def lowest(info: TrackInfo, env: Env) -> int | None:
    """The least value that a track can have; None: it has no lower end."""
    if info.given or info.kind in ("count", "distinct", "streak"):
        return 0
    silent = _silent(info, env)
    parts = None if silent is None else _parts(info.node, _trusting(silent))
    if silent is None or parts is None or parts.value is None:
        return None
    low = keys.bounds_of(parts.value, silent)[0]
    return 0 if low is not None and low >= 0 else None


def contribution(info: TrackInfo, node: tree.Node, env: Env) -> tuple[ir.Share, ...]:
    """How an event's own contribution to a track spreads over its lines, as read at a node.

    The conditions on lines matter here, so the text is really read; what is wrong in it is the track's own finding.
    """
    if info.name in env.resolving:
        return ()
    inner = env_for(env.context, info.events, "track")
    inner = msgspec.structs.replace(inner, resolving=env.resolving, memo=env.memo)
    inner = narrowed(inner, info.node.where).inside(info.name, node)
    quiet, env.context.quiet = env.context.quiet, True
    try:
        parts = _parts(info.node, inner)
    finally:
        env.context.quiet = quiet
    return () if parts is None else parts.shares
