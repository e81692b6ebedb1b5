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
from rules_engine.checking.env import Env, asked_once, env_for, narrowed
from rules_engine.checking.infos import BrokenInfo, RuleInfo, TableInfo, TrackInfo
from rules_engine.checking.schedules import event_names
from rules_engine.checking.typed import Typed
from rules_engine.types import (
    COUNT,
    DATE,
    UNKNOWN,
    Choice,
    Count,
    Date,
    Member,
    Money,
    Text,
    Type,
    Unit,
    Unknown,
    describe,
    is_number,
)

FoldKind = Literal["sum", "count", "distinct", "streak", "first day", "last day"]

KEYS_MAX = 10_000
"""How many keys a track may be declared with."""

KEYED = (Text, Choice, Count, Date, Member)
"""What a track can be kept by."""


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
    used: str = ""
    by_key: ir.Expr | None = None
    key_line: bool = False

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
    where = None if node.where is None else conditions.condition(node.where, env)
    inner = narrowed(env, node.where).unguarded()
    parts = _parts(node, inner)
    if parts is None:
        return None
    by = None if node.by is None else dates.day_field(node.by, inner)
    if node.by is not None and by is None:
        return None
    keyed = msgspec.structs.replace(parts, where=where)
    dated = keyed if by is None else _by(keyed, *by, node, env)
    return dated if dated is None or node.key is None else _keyed(dated, node.key, node, inner)


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


# ---- keys ----


def _keyed(parts: FoldParts, path: tree.Path, node: tree.TrackDecl, env: Env) -> FoldParts | None:
    """The same for each value of a key: of the event, or of its lines, whose own values are added up then."""
    on_lines = _of_lines(path, env)
    what = _not_keyed(parts, on_lines)
    if what:
        env.report("M275", node.fold, what=what)
        return None
    found = names.resolve(path, _line_env(node, env) if on_lines else env)
    if isinstance(found.type, Unknown):
        return None
    if not isinstance(found.type, KEYED):
        wanted = "a text, a choice, a number, a day or a member"
        env.report("T305", path, found=f"`{path.text}`, {describe(found.type)},", wanted=wanted)
        return None
    parts = msgspec.structs.replace(parts, by_key=found.expr, key_line=on_lines, keys_max=keys_max(node, env))
    if not on_lines or parts.by_line:
        return parts
    assert isinstance(parts.value, ir.Fold), "what has no lines is not kept by a key of theirs"
    line = ir.Num(parts.value.at, 1) if parts.value.value is None else parts.value.value
    return msgspec.structs.replace(parts, value=line, line_where=parts.value.where)


def _not_keyed(parts: FoldParts, on_lines: bool) -> str:
    """What a fold is called that has no number for each key; empty where it has."""
    if parts.given or parts.used:
        return "what is given or used"
    if parts.kind not in ("sum", "count"):
        return {"distinct": "a number of different things", "streak": "a streak"}.get(parts.kind, f"a {parts.kind}")
    if not on_lines or parts.by_line:
        return ""
    if parts.value is None:
        return "a count of events, by a field of their lines,"
    plain = isinstance(parts.value, ir.Fold) and parts.value.op != "distinct" and parts.value.of == "lines"
    return "" if plain else "a sum that is not one of the lines alone"


def _of_lines(path: tree.Path, env: Env) -> bool:
    """Whether a key is read on lines: a field of theirs, or what a table has for one."""
    if len(path.parts) > 1:
        return False
    hit = names.find_field(path.parts[0], msgspec.structs.replace(env.on_lines(), muted=True))
    if hit is not None:
        return hit.line
    info = env.context.find(path.text)
    return isinstance(info, TableInfo) and info.key is not None and _of_lines(info.key, env)


def _line_env(node: tree.TrackDecl, env: Env) -> Env:
    """The lines that a fold reads, with what its own `where` proves of them."""
    chosen = next((each for each in tree.walk(node.fold) if isinstance(each, tree.Selection)), None)
    return narrowed(env.on_lines().unguarded(), None if chosen is None else chosen.where)


def keys_max(node: tree.TrackDecl, env: Env) -> int:
    """How many keys a track remembers, as it says."""
    most = node.keys_max
    if most is not None and not 1 <= most <= KEYS_MAX:
        env.report(
            "M276", node.name, name=node.name.text, most=f"{KEYS_MAX:_}", key=node.key.text if node.key else "KEY"
        )
    return most or 0


def key_type(info: TrackInfo, env: Env) -> Type:
    """The type of a track's key, for whoever reads it."""
    memo = ("key", info.name)
    if memo not in env.memo:
        silent = _silent(info, env)
        env.memo[memo] = UNKNOWN if silent is None else _key_type(info.node, _trusting(silent))
    found: Type = env.memo[memo]
    return found


def _key_type(node: tree.TrackDecl, env: Env) -> Type:
    if node.key is None:
        return UNKNOWN
    return names.resolve(node.key, env.on_lines() if _of_lines(node.key, env) else env).type


# ---- what is added up ----


def _parts(node: tree.TrackDecl, env: Env) -> FoldParts | None:
    match node.fold:
        case tree.SumOf(measure=tree.FlowOf() as flow):
            return _flow(flow, env)
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
        case tree.EdgeDay(which=which):
            return _edge_day(which, node, env)
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


def _edge_day(which: Literal["first", "last"], node: tree.TrackDecl, env: Env) -> FoldParts | None:
    """`first day`: the day of the first of its events, by the event's own date."""
    if node.by is not None:
        env.report("M277", node.by, why="is the event's own day, so that `by` says nothing", mend="leave `by` out")
        return None
    if isinstance(node.per, (tree.Rolling, tree.LastCalendar, tree.TrialOf)):
        why = "is kept per period or for a lifetime, not in a window that moves"
        env.report("M277", node.per, why=why, mend="write `per lifetime`, or `per calendar year`")
        return None
    return FoldParts("first day" if which == "first" else "last day", DATE)


def _flow(flow: tree.FlowOf, env: Env) -> FoldParts | None:
    """`sum of given cashback by a or b`, `sum of used points`."""
    kind = names.unit_type(flow.unit, env)
    if kind is None:
        return None
    keys = [_rule_key(rule, env) for rule in flow.rules]
    if any(key is None for key in keys):
        return None
    rules = tuple(key for key in keys if key is not None)
    if flow.which == "used":
        return FoldParts("sum", kind, used=kind.name, rules=rules)
    return FoldParts("sum", kind, given=kind.name, rules=rules)


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
    return FoldParts("distinct", COUNT, value=value, line_where=where, keys_max=keys_max(node, env))


# ---- what readers ask ----


def fold_type(node: tree.TrackDecl, context: Context) -> Type:
    """The type of a track's value."""
    events = event_names(node.on, context.symbols.events)
    return _type_of(node, env_for(context, events, "track").silent(node.name.text))


def track_type(info: TrackInfo, env: Env) -> Type:
    """The same for whoever reads the track."""
    if info.kind in ("count", "distinct", "streak"):
        return COUNT
    if info.kind in ("first day", "last day"):
        return DATE
    return asked_once(("track", info.name), env, lambda asking: _track_type(info, asking))


def _track_type(info: TrackInfo, env: Env) -> Type:
    silent = _silent(info, env)
    return UNKNOWN if silent is None else _type_of(info.node, silent)


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
    parts = _read_again(info, node, env)[0]
    return () if parts is None else parts.shares


def _read_again(info: TrackInfo, node: tree.Node, env: Env) -> tuple[FoldParts | None, ir.Expr | None]:
    """What a track adds up and where, as read at a node; nothing is reported, and nothing is read in a circle."""
    if info.name in env.resolving:
        return None, None
    inner = env_for(env.context, info.events, "track")
    inner = msgspec.structs.replace(inner, resolving=env.resolving, memo=env.memo).inside(info.name, node)
    where = info.node.where
    quiet, env.context.quiet = env.context.quiet, True
    try:
        return _parts(info.node, narrowed(inner, where)), None if where is None else conditions.condition(where, inner)
    finally:
        env.context.quiet = quiet


def unknown_then(info: TrackInfo, node: tree.Node, env: Env) -> str:
    """What a track adds up, or asks, that is not known yet while offers act or redeems pay; empty if all of it is."""
    parts, where = _read_again(info, node, env)
    for each in ir.walk((None if parts is None else parts.value, where)):
        match each:
            case ir.LineMoney(base=base) if base == "paid" or (env.stage == "offer" and base not in ("list", "was")):
                return base
            case ir.LineMoney(base="list") if env.offer == "catalogue" and any(e.priced_by_offers for e in env.events):
                return "list"
            case ir.UsedRead(unit=unit):
                return f"used {unit}"
            case _:
                continue
    return ""
