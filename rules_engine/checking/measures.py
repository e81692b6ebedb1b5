"""Measures: money bases, sums over lines, tracks, balances, awards of other rules, rates of a measure, slices of a track.

In: a measure as written and its environment. Out: a typed value with its shares: the weights by which an amount made of it
spreads over lines. On a line (inside `where`, or under `of each line`) a base or a field is read there; on the event it is
the sum over the lines.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import msgspec

from rules_engine import ir, tree
from rules_engine.diagnostics import Fix, nearest
from rules_engine.types import (
    COUNT,
    UNKNOWN,
    Choice,
    Count,
    Date,
    Money,
    Rate,
    Ratio,
    Text,
    Type,
    Unit,
    Unknown,
    alike,
    applied,
    common,
    describe,
    is_number,
    scale,
)

from . import amounts, conditions, expressions, folds, names, tables
from .core import Bounds, integral, mul, num, value_of
from .env import STAGE_WORDS, Env, narrowed
from .infos import RuleInfo, TrackInfo
from .typed import Typed, scaled, unknown

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


def _summed(line: Typed, where: ir.Expr | None, at: ir.Origin) -> Typed:
    """The sum of a line value over the lines where a condition holds."""
    return Typed(line.type, ir.Fold(at, "sum", line.expr, where), (ir.Share(line.expr, where, None),))


def of(node: tree.Of, env: Env) -> Typed:
    """`net of lines where F`, `base of lines where F`, `distance of lines`."""
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
    if env.line:
        env.report("T320", selection, what="of lines", where="a text about one line")
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
    lined = amounts.has_lines(info, env)
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
    kinds = amounts.award_types(info, env)
    if len(kinds) > 1:
        env.report("T332", path, name=path.text, units=" and ".join(describe(kind) for kind in kinds))
        return None
    if not kinds:
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


# ---- rates ----


def per(node: tree.Per, env: Env) -> Typed:
    """`10 points per 1 GBP of net`, `1 point per full 5 GBP of paid`, `25% of base`."""
    rate = expressions.number(node.amount, env.finer("all"))
    at = env.at(node)
    step = _step(node, env)
    if isinstance(rate.type, Unknown) or (node.step is not None and step is None):
        return _measured_anyway(node, env)
    if node.measure is None:
        return _ratio(rate, step, node, env)
    measure = expressions.number(node.measure, env.finer(""))
    if isinstance(measure.type, Unknown):
        return unknown(at)
    if step is None:
        return _share_of(rate, measure, node, env)
    if not alike(step.type, measure.type):
        env.report("T309", node, step=words(node.step), left=describe(step.type), right=describe(measure.type))
        return unknown(at)
    if isinstance(rate.type, Ratio):
        env.report("T303", node, left=describe(rate.type), right=describe(measure.type))
        return unknown(at)
    return _stepped(rate, step, measure, _needs_steps(node, step, measure, env), at)


def _measured_anyway(node: tree.Per, env: Env) -> Typed:
    if node.measure is not None:
        expressions.value(node.measure, env.finer(""))
    return unknown(env.at(node))


def _step(node: tree.Per, env: Env) -> Typed | None:
    """The step: an amount written out, above zero."""
    if node.step is None:
        return None
    found = expressions.number(node.step, env.finer("all"))
    size = value_of(found.expr)
    if isinstance(found.type, Unknown):
        return None
    if size is None or size <= 0:
        env.report("T325", node.step, what="the step", wanted="an amount above zero, written out")
        return None
    return found


def _ratio(rate: Typed, step: Typed | None, node: tree.Per, env: Env) -> Typed:
    if step is None:
        return rate
    if node.full:
        note = "say of what: `per full 5 GBP of net`"
        env.report("T309", node, step=words(node.step), left=describe(step.type), right="not said", note=note)
        return unknown(env.at(node))
    size = value_of(step.expr) or Fraction(1)
    at = env.at(node)
    return Typed(Ratio(rate.type, step.type), mul(num(1 / size, at), rate.expr, at))


def _share_of(rate: Typed, measure: Typed, node: tree.Per, env: Env) -> Typed:
    """A percentage or a ratio of a measure."""
    kind = applied(rate.type, measure.type)
    at = env.at(node)
    if kind is None and isinstance(rate.type, Ratio):
        env.report("T309", node, step="1", left=describe(rate.type.per), right=describe(measure.type))
        return unknown(at)
    if kind is None:
        note = f"write `{describe(rate.type)} per ... of`" if is_number(rate.type) else ""
        env.report("T303", node, left=describe(rate.type), right=describe(measure.type), note=note)
        return unknown(at)
    shares = scaled(measure.shares, without_stop(rate.expr), at)
    return Typed(kind, mul(rate.expr, measure.expr, at), shares)


def _stepped(rate: Typed, step: Typed, measure: Typed, full: bool, at: ir.Origin) -> Typed:
    size = value_of(step.expr) or Fraction(1)
    times = mul(num(1 / size, at), measure.expr, at)
    shares = scaled(measure.shares, mul(num(1 / size, at), without_stop(rate.expr), at), at)
    if full:
        times = ir.Steps(at, times)
    return Typed(rate.type, mul(rate.expr, times, at), shares)


def _needs_steps(node: tree.Per, step: Typed, measure: Typed, env: Env) -> bool:
    """Whole steps of 1 of a whole number are the number itself."""
    return node.full and not (value_of(step.expr) == 1 and integral(measure.expr, tables.rate_keys(env)))


def without_stop(rate: ir.Expr) -> ir.Expr:
    """A rate as a weight: where the rule stops there is nothing to spread."""
    if not isinstance(rate, ir.Choose):
        return rate
    rows = tuple(
        ir.ChooseRow(row.tests, ir.Num(row.value.at, 0) if isinstance(row.value, ir.Stop) else without_stop(row.value))
        for row in rate.rows
    )
    return ir.Choose(rate.at, rate.keys, rows)


def words(node: tree.Node | None) -> str:
    """A value written out, as it is written."""
    match node:
        case tree.MoneyLit(text=text, currency=currency):
            return f"{text} {currency}"
        case tree.QuantityLit(text=text, unit=unit):
            return f"{text} {unit.text}"
        case tree.Number(text=text):
            return text
        case tree.Percent(text=text):
            return f"{text}%"
        case _:
            return "this"


# ---- slices of a track ----


def across(node: tree.Across, env: Env) -> Typed:
    """`across groceries { from 0 USD: 6%  from 6_000 USD: 1% }`: each part of the contribution at its row's rate."""
    at = env.at(node)
    info = conditions.track_named(tree.Path(node.track.span, (node.track,)), env)
    if info is None:
        return unknown(at)
    measure = track_read(info, tree.Path(node.track.span, (node.track,)), env)
    if isinstance(measure.type, Unknown) or not _own_contribution(info, node, env):
        return unknown(at)
    starts: list[int] = []
    found: list[Typed] = []
    for row in node.rows:
        bound = _bound(row, measure.type, env)
        rate = None if bound is None else _slice_rate(row, measure.type, env)
        if bound is None or rate is None:
            return unknown(at)
        starts.append(bound)
        found.append(rate)
    if not _ascending(starts, info, node, env):
        return unknown(at)
    kind = _slice_type(found, measure.type, node, env)
    if kind is None:
        return unknown(at)
    value = ir.Across(at, info.name, tuple(starts), tuple(rate.expr for rate in found))
    return Typed(kind, value, folds.contribution(info, node, env))


def _slice_type(rates: list[Typed], measure: Type, node: tree.Across, env: Env) -> Type | None:
    """What all rows give, applied to the track's measure; a row of `nothing` fits everywhere."""
    kind: Type = UNKNOWN
    for rate, row in zip(rates, node.rows, strict=True):
        given = applied(rate.type, measure) or UNKNOWN
        if common(kind, given) is None:
            env.report("T321", row.value, left=describe(kind), right=describe(given))
            return None
        kind = common(kind, given) or kind
    return kind


def _own_contribution(info: TrackInfo, node: tree.Across, env: Env) -> bool:
    """The track must be moved by this very event, by an amount."""
    missing = next((event.name for event in env.events if event.name not in info.events), None)
    note = ""
    if info.given:
        note = f"it adds up what rules give, which is not known while they give it; `{info.name}` must add up money or counts"
    elif info.kind not in ("sum", "count"):
        note = "it is not a sum"
    elif missing is not None:
        note = f"`{missing}` does not move it"
    if note:
        env.report("T324", node, name=info.name, note=note, labels=env.context.place(info.name))
    return not note


def _bound(row: tree.Row, kind: Type, env: Env) -> int | None:
    if len(row.cells) != 1 or not isinstance(row.cells[0], tree.FromCell):
        env.report("C407", row, note="each row says `from` and an amount")
        return None
    bound = row.cells[0].bound
    found = expressions.constant_of(bound, kind, env)
    if isinstance(found, Fraction) and found.denominator == 1:
        return int(found)
    if found is not None:
        env.report("T313", bound, text=words(bound), reason=f"{describe(kind)} is counted in whole numbers")
    return None


def _slice_rate(row: tree.Row, kind: Type, env: Env) -> Typed | None:
    if isinstance(row.value, tree.NothingValue):
        return Typed(UNKNOWN, ir.Num(env.at(row), 0))
    if isinstance(row.value, (tree.NoAward, tree.TheRest, tree.Forever, tree.LastsUntil, tree.LastsFor)):
        env.report("C407", row, note="each row gives a rate")
        return None
    found = expressions.number(row.value, env.finer("all"))
    if isinstance(found.type, Unknown):
        return None
    if (not isinstance(found.type, Rate) and applied(found.type, kind) is None) or isinstance(found.type, (Unit, Money)):
        env.report("C407", row.value, note=f"a row gives a rate such as `5%` or `1 point per 1 ...`: {describe(kind)}")
        return None
    return found


def _ascending(starts: list[int], info: TrackInfo, node: tree.Across, env: Env) -> bool:
    if any(later <= earlier for earlier, later in zip(starts, starts[1:], strict=False)):
        env.report("C407", node, note="each row starts higher than the one before")
        return False
    lowest = folds.lowest(info, env) or 0
    if starts[0] > lowest:
        env.report("C407", node.rows[0], note=f"the first row starts at the lowest value of `{info.name}`, {lowest}")
        return False
    return True


# ---- brackets ----


def bracket(inner: tree.Expr, mods: tuple[tree.Mod, ...], node: tree.Bracket, env: Env, expected: Type | None) -> Typed:
    """`(A, up to B, rounded down)`: limits are compared exactly, then it is rounded if it says so."""
    found = expressions.value(inner, env, expected)
    if not mods:
        return found
    if not is_number(found.type):
        env.report("T305", inner, found=describe(found.type), wanted="an amount")
        return unknown(env.at(node))
    low: ir.Expr | None = None
    high: ir.Expr | None = None
    mode: ir.RoundingMode | None = None
    for mod in mods:
        match mod:
            case tree.UpTo(bound=bound):
                high = limit(bound, found.type, env)
            case tree.NeverBelow(bound=bound):
                low = limit(bound, found.type, env)
            case tree.Rounded():
                mode = mod.mode
            case _:
                env.report("T323", mod, what="this modifier", note="inside brackets stand `up to`, `never below` and a rounding")
    return _limited(found, low, high, mode, env.at(node))


def _limited(
    found: Typed, low: ir.Expr | None, high: ir.Expr | None, mode: ir.RoundingMode | None, at: ir.Origin
) -> Typed:
    expr = found.expr if low is None and high is None else ir.Clip(at, found.expr, low, high)
    return Typed(found.type, expr if mode is None else ir.Round(at, expr, mode), found.shares)


def limit(bound: tree.Expr, kind: Type, env: Env) -> ir.Expr | None:
    """A bound of the same dimension as what it bounds."""
    found = expressions.number(bound, env.finer(""), kind)
    if isinstance(found.type, Unknown):
        return None
    if not alike(found.type, kind) and not _same_money(found.type, kind):
        env.report("T302", bound, left=describe(kind), right=describe(found.type))
        return None
    return found.expr


def _same_money(left: Type, right: Type) -> bool:
    """A unit that counts money may be bounded by money, and the other way about."""
    return _money_code(left) == _money_code(right) != ""


def _money_code(kind: Type) -> str:
    return kind.currency if isinstance(kind, (Money, Unit)) else ""


__all__ = ["Literal", "Node", "msgspec", "nearest", "scale"]
