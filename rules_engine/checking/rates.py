"""Rates and limits of amounts: `10 points per 1 GBP of net`, `across T { ... }`, `(A, up to B)`.

In: an amount as written and its environment. Out: a typed value with its shares. A rate is multiplied with its
measure exactly; `per full` cuts to whole steps first; `across` gives each part of what an event adds to a track its
own rate.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from rules_engine import ir, tree
from rules_engine.checking import conditions, expressions, folds, keys, measures, monies
from rules_engine.checking.core import integral, mul, num, value_of
from rules_engine.checking.env import Env
from rules_engine.checking.infos import TrackInfo
from rules_engine.checking.typed import Typed, scaled, unknown
from rules_engine.types import (
    UNKNOWN,
    Money,
    Rate,
    Ratio,
    Type,
    Unit,
    Unknown,
    alike,
    applied,
    common,
    describe,
    is_number,
)


def per(node: tree.Per, env: Env) -> Typed:
    """`10 points per 1 GBP of net`, `1 point per full 5 GBP of paid`, `25% of base`, `(weight * pieces) of lines`."""
    match node:
        case tree.Per(step=None, amount=tree.Binary() | tree.Negate() | tree.LargestOf(), measure=tree.Selection()):
            return measures.over_lines(node, env)
        case _:
            pass
    rate = expressions.number(node.amount, env.finer("all"))
    at = env.at(node)
    step = _step(node, env)
    if isinstance(rate.type, Unknown) or (node.step is not None and step is None):
        return _measured_anyway(node, env)
    if node.measure is None:
        return _ratio(rate, step, node, env)
    if env.line and not env.element and isinstance(node.measure, tree.Of):
        env.report("T320", node.measure.selection, what="of lines", where="a rate on one line")
        return unknown(at)
    measure = expressions.number(node.measure, env.finer(""))
    if isinstance(measure.type, Unknown):
        return unknown(at)
    if step is None:
        return _share_of(rate, measure, node, env)
    step = monies.lifted(step, measure.type, node, env)
    if isinstance(step.type, Unknown) or monies.apart(step.type, measure.type, node, node.measure, env):
        return unknown(at)
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
    if isinstance(found.type, Unknown):
        return None
    if not isinstance(found.expr, ir.Num) or found.expr.num <= 0:
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
    if isinstance(rate.type, Ratio):
        rate = monies.lifted(rate, Ratio(rate.type.of, measure.type), node, env)
    kind = applied(rate.type, measure.type)
    at = env.at(node)
    if kind is None and monies.apart(rate.type, measure.type, node, node.measure or node, env):
        return unknown(at)
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
    one = monies.inverse(step.expr, at) or num(1, at)
    times = mul(one, measure.expr, at)
    shares = scaled(measure.shares, mul(one, without_stop(rate.expr), at), at)
    if full:
        times = ir.Steps(at, times)
    return Typed(rate.type, mul(rate.expr, times, at), shares)


def _needs_steps(node: tree.Per, step: Typed, measure: Typed, env: Env) -> bool:
    """Whole steps of 1 of a whole number are the number itself."""
    one = isinstance(step.expr, ir.Num) and step.expr.num == step.expr.den
    return node.full and not (one and integral(measure.expr, keys.rate_keys(env)))


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
    measure = measures.track_read(info, tree.Path(node.track.span, (node.track,)), env)
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
        note = "it adds up what rules give, which is not known while they give it"
    elif info.kind not in ("sum", "count"):
        note = "it is not a sum"
    elif missing is not None:
        note = f"`{missing}` does not move it"
    elif env.stage in ("offer", "redeem"):
        word = folds.unknown_then(info, node, env)
        act = "offers act" if env.stage == "offer" else "redeems pay"
        note = f"it adds up `{word}`, which is not known while {act}" if word else ""
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
    if (not isinstance(found.type, Rate) and applied(found.type, kind) is None) or isinstance(
        found.type, (Unit, Money)
    ):
        env.report("C407", row.value, note=f"a row gives a rate such as `5%` or `1 point per 1 ...`: {describe(kind)}")
        return None
    return found


def _ascending(starts: list[int], info: TrackInfo, node: tree.Across, env: Env) -> bool:
    if any(later <= earlier for earlier, later in pairwise(starts)):
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
                env.report(
                    "T323",
                    mod,
                    what="this modifier",
                    note="inside brackets stand `up to`, `never below` and a rounding",
                )
    return _limited(found, low, high, mode, env.at(node))


def _limited(
    found: Typed, low: ir.Expr | None, high: ir.Expr | None, mode: ir.RoundingMode | None, at: ir.Origin
) -> Typed:
    expr = found.expr if low is None and high is None else ir.Clip(at, found.expr, low, high)
    return Typed(found.type, expr if mode is None else ir.Round(at, expr, mode), found.shares)


def limit(bound: tree.Expr, kind: Type, env: Env) -> ir.Expr | None:
    """A bound of the same dimension as what it bounds."""
    found = expressions.number(bound, env.finer(""), kind)
    found = monies.lifted(found, kind, bound, env)
    if isinstance(found.type, Unknown) or monies.apart(kind, found.type, bound, bound, env):
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
