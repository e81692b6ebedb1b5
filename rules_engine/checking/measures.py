"""Measures: money bases, sums over lines, tracks, balances, awards of other rules, rates of a measure, slices of a
track.

In: a measure as written and its environment. Out: a typed value with its shares: the weights by which an amount made
of it spreads over lines. On a line (inside `where`, or under `of each line`) a base or a field is read there; on the
event it is the sum over the lines.
"""

from __future__ import annotations

from rules_engine import ir, tree
from rules_engine.checking import amounts, conditions, expressions, folds, names
from rules_engine.checking.env import STAGE_WORDS, Env, narrowed
from rules_engine.checking.infos import EventInfo, RuleInfo, TrackInfo
from rules_engine.checking.intervals import Bounds
from rules_engine.checking.typed import Typed, unknown, without_shares
from rules_engine.diagnostics import Fix
from rules_engine.types import (
    COUNT,
    Choice,
    Count,
    Date,
    Money,
    Text,
    Type,
    Unknown,
    describe,
    is_number,
)

Node = tree.Expr


# ---- money bases and folds over lines ----


def basis(name: tree.Name, env: Env) -> Typed:
    """`net`: on a line its money, on the event the total of its lines."""
    at = env.at(name)
    if name.text in names.OFFER_BASES:
        if name.text == "current" and env.stage != "offer":
            fix = Fix("write `net`", name.span, "net")
            env.report("N215", name, name=name.text, fix=fix)
        else:
            env.not_yet(name, f"the base `{name.text}`")
        return unknown(at)
    kind = _currency(name, env)
    if kind is None:
        return unknown(at)
    line = ir.LineMoney(at, name.text)
    return Typed(kind, line) if env.line else _summed(Typed(kind, line), None, at)


def _currency(name: tree.Name, env: Env) -> Money | None:
    """The one currency of the events at hand."""
    if not env.events:
        if env.broken:
            env.fail()
        else:
            env.report("N216", name, name=name.text, where=STAGE_WORDS[env.stage], note="it reads no event")
        return None
    bare = [event.name for event in env.events if not event.list_field]
    if any(_priced_by_offers(name, env) for name in bare):
        env.fail()
        return None
    if bare:
        note = f"`{bare[0]}` has no field that says `as list`"
        env.report("N216", name, name=name.text, where=f"`{bare[0]}`", note=note)
        return None
    codes = list(dict.fromkeys(event.currency for event in env.events))
    if len(codes) > 1:
        kinds = ", ".join(f"{event.currency} on `{event.name}`" for event in env.events)
        env.report("N218", name, name=name.text, kinds=kinds)
        return None
    currency = env.context.currency(codes[0])
    if currency is None:
        env.fail()
        return None
    return Money(codes[0], currency.decimals)


def _priced_by_offers(event: str, env: Env) -> bool:
    """Whether the event says so: that is not evaluated yet, which is reported there."""
    info = env.context.event(event)
    return isinstance(info, EventInfo) and (info.priced_by_offers or info.priced_in != "")


def _summed(line: Typed, where: ir.Expr | None, at: ir.Origin) -> Typed:
    """The sum of a line value over the lines where a condition holds."""
    return Typed(line.type, ir.Fold(at, "sum", line.expr, where), (ir.Share(line.expr, where, None),))


def of(node: tree.Of, env: Env) -> Typed:
    """`net of lines where F`, `base of lines where F`, `distance of lines`."""
    if env.line:
        return without_shares(of(node, env.off_lines()))
    at = env.at(node)
    lines = selected(node.selection, env)
    if lines is None:
        return unknown(at)
    where, inner = lines
    if isinstance(node.measure, (tree.Basis, tree.AfterStage)):
        env.not_yet(node.measure, "a money base with or without tax, or after a stage")
        return unknown(at)
    info = None if len(node.measure.parts) > 1 else _rule(node.measure, env)
    if info is not None:
        return _award_of_lines(info, node.measure, where, env)
    line = names.resolve(node.measure, inner)
    if isinstance(line.type, Unknown):
        return unknown(at)
    if not is_number(line.type):
        env.report("T305", node.measure, found=f"`{node.measure.text}`, {describe(line.type)},", wanted="an amount")
        return unknown(at)
    return _summed(line, where, at)


def selected(selection: tree.Selection, env: Env) -> tuple[ir.Expr | None, Env] | None:
    """The condition on lines of a selection, and the environment on such a line."""
    if selection.what != "lines" or selection.pick is not None:
        env.not_yet(selection, SELECTIONS.get(selection.what, "picking some of the lines"))
        return None
    return line_condition(selection.where, env)


SELECTIONS = {
    "lines and shipping": "a selection with shipping",
    "shipping": "a selection of shipping",
    "units": "a selection of units",
    "each": "`each` of a loop",
    "turned": "what was turned",
}


def line_condition(where: tree.Expr | None, env: Env) -> tuple[ir.Expr | None, Env]:
    """A `where` over lines, and the environment on a line where it holds."""
    inner = env.on_lines().unguarded()
    if where is None:
        return None, inner
    return conditions.condition(where, inner), narrowed(inner, where)


def line_fold(node: tree.SumOf | tree.CountOf | tree.DistinctOf, env: Env) -> Typed:
    """`sum of net of lines where F`, `count of lines where F`, `distinct sku of lines`."""
    if env.line and not isinstance(node, tree.SumOf):
        return without_shares(line_fold(node, env.off_lines()))
    match node:
        case tree.SumOf(measure=measure):
            return _sum_of(measure, node, env)
        case tree.CountOf(of=tree.Selection() as selection, where=None):
            return _count_lines(selection, node, env)
        case tree.CountOf(of=None):
            env.report("T331", node, what="a count of events")
        case tree.CountOf():
            env.not_yet(node, "a count over the keys of a track")
        case tree.DistinctOf():
            found = distinct(node, env)
            if found is not None:
                value, where = found
                return Typed(COUNT, ir.Fold(env.at(node), "distinct", value, where))
    return unknown(env.at(node))


def _sum_of(measure: tree.Expr, node: tree.SumOf, env: Env) -> Typed:
    """A field of the lines is summed; whatever is one number already stands for itself."""
    if isinstance(measure, tree.Path) and len(measure.parts) == 1 and not env.line:
        info = env.context.find(measure.text)
        if isinstance(info, TrackInfo) and info.by_key:
            env.not_yet(measure, "a sum over the keys of a track")
            return unknown(env.at(node))
        hit = names.find_field(measure.parts[0], env.on_lines())
        if hit is not None and hit.line:
            line = expressions.number(measure, env.on_lines().unguarded())
            return _summed(line, None, env.at(node))
    return expressions.number(measure, env)


def _count_lines(selection: tree.Selection, node: tree.CountOf, env: Env) -> Typed:
    lines = selected(selection, env)
    if lines is None:
        return unknown(env.at(node))
    at, where = env.at(node), lines[0]
    return Typed(COUNT, ir.Fold(at, "count", None, where), (ir.Share(ir.Num(at, 1), where, None),))


def distinct(node: tree.DistinctOf, env: Env) -> tuple[ir.Expr, ir.Expr | None] | None:
    """What `distinct` counts: a value on the lines, and the condition on them."""
    if node.selection is not None:
        lines = selected(node.selection, env)
        if lines is None:
            return None
        where, inner = lines
    else:
        where, inner = None, env.on_lines().unguarded()
    found = names.resolve(node.path, inner)
    if isinstance(found.type, Unknown):
        return None
    if not isinstance(found.type, (Text, Choice, Date, Count)):
        env.report("T305", node.path, found=describe(found.type), wanted="a text, a choice, a number or a date")
        return None
    return found.expr, where


# ---- awards of other rules ----


def _rule(path: tree.Path, env: Env) -> RuleInfo | None:
    """The rule that a name stands for, where no field has it."""
    if names.find_field(path.parts[0], env.on_lines()) is not None:
        return None
    info = env.context.find(path.text)
    return info if isinstance(info, RuleInfo) else None


def award_read(info: RuleInfo, path: tree.Path, env: Env) -> Typed:
    """`base`: what the rule gave; on a line the part that falls there."""
    kind = _award_type(info, path, env)
    at = env.at(path)
    if kind is None:
        return unknown(at)
    lined = amounts.award_of(info, env)[1]
    if env.line:
        if not lined:
            env.report("T322", path, name=path.text)
        return Typed(kind, ir.AwardPart(at, info.key))
    shares = (ir.Share(ir.AwardPart(at, info.key), None, None),) if lined else ()
    return Typed(kind, ir.AwardRead(at, info.key), shares)


def _award_type(info: RuleInfo, path: tree.Path, env: Env) -> Type | None:
    if env.stage not in ("earn", "reward", "offer"):
        note = (
            "a track reads it as `sum of given ...`" if env.stage == "track" else "only rules read other rules' awards"
        )
        env.report("T320", path, what=path.text, where=STAGE_WORDS[env.stage], note=note)
        return None
    if info.not_yet:
        env.not_yet(path, f"what `{info.title}` gives, {info.not_yet},")
        return None
    kinds = amounts.award_of(info, env)[0]
    if len(kinds) > 1:
        env.report("T332", path, name=path.text, units=" and ".join(describe(kind) for kind in kinds))
        return None
    if not kinds and env.memo.pop(("too deep",), False):
        env.report("N220", path, name=path.text)
    elif not kinds:
        env.fail()
    return kinds[0] if kinds else None


def _award_of_lines(info: RuleInfo, path: tree.Path, where: ir.Expr | None, env: Env) -> Typed:
    """The part of an award that falls on some lines."""
    whole = award_read(info, path, env)
    at = env.at(path)
    if isinstance(whole.type, Unknown):
        return whole
    if not whole.shares:
        env.report("T322", path, name=path.text, labels=env.context.place(path.text))
        return whole
    return whole if where is None else _summed(Typed(whole.type, ir.AwardPart(at, info.key)), where, at)


# ---- tracks and balances ----


def track_read(info: TrackInfo, node: tree.Expr, env: Env, *, previous: bool = False) -> Typed:
    """A track's value in the occurrence of the event's date."""
    at = env.at(node)
    if env.stage in ("life", "period"):
        env.report("T320", node, what=info.name, where=STAGE_WORDS[env.stage])
        return unknown(at)
    if info.not_yet:
        env.not_yet(node, f"the track `{info.name}`, {info.not_yet},")
        return unknown(at)
    return Typed(folds.track_type(info, env), ir.TrackRead(at, info.name, previous))


def track_bounds(name: str, env: Env) -> Bounds:
    """A track that only adds what is not negative is never below zero."""
    info = env.context.find(name)
    if not isinstance(info, TrackInfo):
        return None, None
    return folds.lowest(info, env), None


def remembered(node: tree.BalanceOf | tree.PreviousOf, env: Env) -> Typed:
    """`balance of points`, `previous nights`."""
    at = env.at(node)
    match node:
        case tree.BalanceOf(unit=name, pending=pending):
            kind = names.unit_type(name, env)
            if kind is not None and env.stage in ("life", "period"):
                env.report("T320", node, what=f"balance of {name.text}", where=STAGE_WORDS[env.stage])
            return unknown(at) if kind is None else Typed(kind, ir.BalanceRead(at, kind.name, pending))
        case tree.PreviousOf(track=name):
            path = tree.Path(name.span, (name,))
            info = conditions.track_named(path, env)
            if info is None:
                return unknown(at)
            if info.window is not None and info.window.kind != "period":
                env.report("T333", node, name=name.text, found=WINDOWS[info.window.kind])
            return track_read(info, path, env, previous=True)


WINDOWS = {
    "rolling": "a rolling window",
    "last": "a rolling window",
    "lifetime": "a lifetime",
    "trial": "a trial",
    "period": "a period",
}
