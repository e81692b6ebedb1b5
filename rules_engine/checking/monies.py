"""Money of events that come in several currencies, and amounts that do not go together.

In: typed values and their environment. Out: values of the events' money, or a finding.

On an event that comes in several currencies, an amount is of whichever it comes in. What is written in one of them,
`10 GBP`, or in several, `(10 GBP, 12 USD)`, becomes an `ir.PerCurrency`; what is counted in one of them, such as a fact
of the member, is multiplied with a 1 of that currency. In both cases a rule has no amount in the others and is then not
applied.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from rules_engine import ir, tree
from rules_engine.checking import bases, expressions, names
from rules_engine.checking.core import num, value_of
from rules_engine.checking.env import Env
from rules_engine.checking.infos import UnitInfo
from rules_engine.checking.roles import below_zero
from rules_engine.checking.typed import Typed, unknown
from rules_engine.diagnostics import Fix
from rules_engine.types import Money, Rate, Ratio, Type, Unit, Unknown, describe, taxed_apart


def money_of_events(env: Env) -> Money | Unit | None:
    """What the events are priced in: the money that they come in, without a tax side, or a unit; None where they have
    no price, or each its own."""
    units = {event.priced_unit for event in env.events}
    if units - {""}:
        info = env.context.find(units.pop()) if len(units) == 1 else None
        return names.type_of_unit(info) if isinstance(info, UnitInfo) else None
    codes = {event.currencies for event in env.events}
    if len(codes) != 1 and all(len(each) == 1 for each in codes):
        return None
    several = tuple(sorted({code for each in codes for code in each}))
    if not several or () in codes:
        return None
    if len(several) > 1:
        return Money("", 0, "", several)
    currency = env.context.currency(several[0])
    return None if currency is None else Money(currency.code, currency.decimals)


def price_names(event: ir.EventDef) -> tuple[str, ...]:
    """What the amounts of an event may be of: the currencies that it may come in, or the unit that it is priced in."""
    return (event.priced_unit,) if event.priced_unit else event.currencies


# ---- one of several ----


def lifted(found: Typed, wanted: Type, node: tree.Node, env: Env) -> Typed:
    """Money of one currency where the money of events in several is wanted; anything else stays as it is."""
    if isinstance(found.type, Ratio) and isinstance(wanted, Ratio):
        return _lifted_ratio(found, found.type, wanted, env.at(node))
    if not isinstance(found.type, Money) or not isinstance(wanted, Money):
        return found
    if not wanted.several or found.type.several:
        return found
    code = found.type.currency
    if not comes_in(code, wanted, node, env) or not _for_all((code,), wanted, node, env):
        return unknown(env.at(node))
    kind = Money("", 0, found.type.side, wanted.several)
    return Typed(kind, _times_one(found.expr, code, env.at(node)), found.shares)


def comes_in(code: str, wanted: Money, node: tree.Node, env: Env) -> bool:
    """Whether the events may come in a currency; reports where they never do."""
    if code in wanted.several:
        return True
    known = " or ".join(wanted.several)
    env.report("T346", node, currency=code, events=env.event_words(), known=known, example=_example(wanted))
    return False


def _for_all(codes: Iterable[str], wanted: Money, node: tree.Node, env: Env) -> bool:
    """Outside rules nothing can be "not applied", so there must be an amount for every currency."""
    missing = [each for each in wanted.several if each not in set(codes)]
    if not missing or env.stage not in NO_RULES:
        return True
    note = f"write an amount for each: `{_example(wanted)}`"
    env.report("T354", node, events=env.event_words(), missing=" or ".join(missing), note=note)
    return False


NO_RULES: Final = ("track", "tier")


def _example(wanted: Money) -> str:
    return "(" + ", ".join(f"10 {each}" for each in wanted.several) + ")"


def _times_one(expr: ir.Expr, code: str, at: ir.Origin) -> ir.Expr:
    """An amount of one currency: a constant becomes its only part."""
    if isinstance(expr, ir.Num):
        return ir.PerCurrency(at, ((code, expr),))
    return ir.Mul(at, ir.PerCurrency(at, ((code, ir.Num(at, 1)),)), expr)


def _lifted_ratio(found: Typed, ratio: Ratio, wanted: Ratio, at: ir.Origin) -> Typed:
    if not isinstance(ratio.per, Money) or not isinstance(wanted.per, Money) or ratio.per.several:
        return found
    if ratio.per.currency not in wanted.per.several:
        return found
    kind = Ratio(ratio.of, Money("", 0, ratio.per.side, wanted.per.several))
    return Typed(kind, _times_one(found.expr, ratio.per.currency, at), found.shares)


def level(one: Typed, other: Typed, left: tree.Node, right: tree.Node, env: Env) -> tuple[Typed, Typed]:
    """Two values that meet: where one is of several currencies, the other becomes so."""
    return lifted(one, other.type, left, env), lifted(other, one.type, right, env)


def rows_lifted(values: list[Typed], env: Env, expected: Type | None) -> list[Typed]:
    """Rows of a table on an event that comes in several currencies: all become amounts of the event where such are
    expected, where they are in different currencies, and where they are rates of money."""
    codes = {kind.currency for kind in (_money_in(value.type) for value in values) if kind is not None}
    rates = any(isinstance(value.type, Ratio) for value in values)
    wanted = money_of_events(env)
    if not isinstance(wanted, Money) or not wanted.several:
        return values
    if len(codes) < 2 and not rates and not (isinstance(expected, Money) and expected.several):
        return values
    return [_row_lifted(value, wanted) for value in values]


def _row_lifted(value: Typed, wanted: Money) -> Typed:
    kind, at = value.type, value.expr.at
    money = _money_in(kind)
    if money is None or money.several or money.currency not in wanted.several:
        return value
    expr = _times_one(value.expr, money.currency, at)
    several = Money("", 0, money.side, wanted.several)
    if isinstance(kind, Ratio):
        found = Ratio(kind.of, several) if isinstance(kind.per, Money) else Ratio(several, kind.per)
        return Typed(found, expr, value.shares)
    return Typed(several, expr, value.shares)


def _money_in(kind: Type) -> Money | None:
    if isinstance(kind, Ratio):
        kind = kind.per if isinstance(kind.per, Money) else kind.of
    return kind if isinstance(kind, Money) else None


def inverse(step: ir.Expr, at: ir.Origin) -> ir.Expr | None:
    """One divided by an amount that is written out; None where it is not, or is not above zero."""
    if isinstance(step, ir.PerCurrency):
        parts = [(code, value_of(each)) for code, each in step.amounts]
        if any(size is None or size <= 0 for _, size in parts):
            return None
        return ir.PerCurrency(at, tuple((code, num(1 / size, at)) for code, size in parts if size))
    return ir.Num(at, step.den, step.num) if isinstance(step, ir.Num) and step.num > 0 else None


def amounts(node: tree.ListOf, env: Env) -> Typed:
    """`(10 GBP, 12 USD)`: an amount for each currency that the event may come in."""
    wanted = money_of_events(env)
    found = [expressions.value(item, env) for item in node.items]
    if any(isinstance(each.type, Unknown) for each in found):
        return unknown(env.at(node))
    if not all(isinstance(each.type, Money) and isinstance(each.expr, ir.Num) for each in found):
        env.report("T305", node, found="a list", wanted="a value")
        return unknown(env.at(node))
    if not isinstance(wanted, Money) or not wanted.several:
        return _not_several(node, found, wanted if isinstance(wanted, Money) else None, env)
    parts: dict[str, ir.Num] = {}
    for item, each in zip(node.items, found, strict=True):
        assert isinstance(each.type, Money)
        assert isinstance(each.expr, ir.Num)
        code = each.type.currency
        if not comes_in(code, wanted, item, env):
            return unknown(env.at(node))
        if code in parts:
            env.report("T345", item, currency=code)
        parts[code] = each.expr
    if not _for_all(parts, wanted, node, env):
        return unknown(env.at(node))
    return Typed(wanted, ir.PerCurrency(env.at(node), tuple(sorted(parts.items()))))


def _not_several(node: tree.ListOf, found: list[Typed], wanted: Money | None, env: Env) -> Typed:
    if wanted is None:
        env.report("T305", node, found="a list of amounts", wanted="a value")
        return unknown(env.at(node))
    fitting = [item for item, each in zip(node.items, found, strict=True) if each.type == wanted]
    fix = None
    if len(fitting) == 1 and isinstance(fitting[0], tree.MoneyLit):
        text = f"{fitting[0].text} {fitting[0].currency}"
        fix = Fix(f"write `{text}`", node.span, text)
    env.report("T344", node, fix=fix, events=env.event_words(), currency=wanted.currency)
    return unknown(env.at(node))


# ---- amounts of offers ----


def money(node: tree.Expr, env: Env) -> Typed:
    """An amount of the events' money, on the tax side of their prices, or of the unit that they are priced in; anything
    else is reported."""
    wanted = money_of_events(env)
    at = env.at(node)
    if wanted is None:
        return _no_money(node, env)
    found = expressions.value(node, env, wanted)
    if isinstance(wanted, Unit) and found.type == wanted:
        return found
    if isinstance(found.type, Money) and isinstance(wanted, Money):
        return _fitting(found, found.type, wanted, node, env)
    if isinstance(found.type, (Rate, Ratio)):
        fix = Fix("write `of current`", (node.span[1], node.span[1]), " of current")
        what = "the percentage" if isinstance(found.type, Rate) else "this rate"
        mend = "`of net` (after offers)" if env.stage == "redeem" else "`of current` (what it costs now)"
        env.report("T349", node, what=what, fix=fix if env.element else None, mend=mend)
    elif not isinstance(found.type, Unknown):
        env.report("T305", node, found=describe(found.type), wanted=describe(wanted))
    return unknown(at)


def priced_events(node: tree.Node, env: Env) -> None:
    """Report events that offers cannot be on: without a price, or with prices or numbers of pieces below zero."""
    for event in env.events:
        if not price_names(event):
            env.report("N216", node, name="a price", where=f"`{event.name}`", note="no field of it is money")
        below = below_zero(event)
        if below:
            labels = env.context.place(event.name, f"`{below}` may be negative")
            env.report("M199", node, name=event.name, field=below, labels=labels)


def _no_money(node: tree.Expr, env: Env) -> Typed:
    if env.broken or not env.events:
        env.fail()
    else:
        if not all(map(price_names, env.events)):
            env.fail()  # reported where the offer names its events
        else:
            kinds = kinds_of_prices(env)
            env.report("N218", node, name="this amount", kinds=kinds)
    return unknown(env.at(node))


def kinds_of_prices(env: Env) -> str:
    """What each event is priced in: `GBP on `purchase`, point on `award_stay``."""
    return ", ".join(f"{' or '.join(price_names(event))} on `{event.name}`" for event in env.events)


def _fitting(found: Typed, kind: Money, wanted: Money, node: tree.Expr, env: Env) -> Typed:
    if not wanted.several and kind.currency != wanted.currency:
        example = f"10 {wanted.currency}"
        own, events = wanted.currency, env.event_words()
        env.report("T346", node, events=events, currency=kind.currency, known=own, example=example)
        return unknown(env.at(node))
    side = bases.price_side(env)
    if kind.side and side and kind.side != side:
        prices = f"{side} tax"
        fix = _as(node, replace(wanted, side=side))
        env.report("T350", node, found=describe(kind), wanted=prices, mend=prices, fix=fix)
        return unknown(env.at(node))
    return lifted(found, wanted, node, env)


def constant_money(node: tree.Expr, env: Env) -> tuple[str, int] | None:
    """An amount of money that is written out: its currency and its minor units. Of events that are priced in a unit an
    amount of that: the unit and its scaled number."""
    found = expressions.number(node, env)
    if isinstance(found.type, Unknown):
        return None
    if isinstance(found.type, Unit) and found.type == money_of_events(env):
        if isinstance(found.expr, ir.Num) and found.expr.den == 1:
            return found.type.name, found.expr.num
        env.report("T325", node, what="this amount", wanted="an amount written out")
    elif not isinstance(found.type, Money):
        env.report("T305", node, found=describe(found.type), wanted="money")
    elif not isinstance(found.expr, ir.Num) or found.expr.den != 1:
        env.report("T325", node, what="this amount", wanted="an amount of one currency, written out")
    else:
        return found.type.currency, found.expr.num
    return None


def money_rounding(env: Env) -> ir.RoundingMode:
    """How the header rounds the currencies of the events; how a unit rounds itself, where they are priced in one."""
    units = [env.context.find(event.priced_unit) for event in env.events if event.priced_unit]
    for unit in units:
        if isinstance(unit, UnitInfo) and unit.rounding is not None:
            return unit.rounding
    currencies = env.context.header().currencies
    codes = [code for event in env.events for code in event.currencies if code in currencies]
    return currencies[codes[0]].rounding if codes else "half up"


# ---- with and without tax ----


def apart(left: Type, right: Type, one: tree.Node, other: tree.Node, env: Env) -> bool:
    """Report two amounts of which one is with tax and the other without; whether they are."""
    if isinstance(left, Ratio):
        left = left.per
    if isinstance(right, Ratio):
        right = right.per
    if not taxed_apart(left, right):
        return False
    assert isinstance(left, Money)
    fix = _as(other, left) or _as(one, right)
    env.report("T340", other, left=_called(one, left), right=_called(other, right), fix=fix)
    return True


def _as(node: tree.Node, kind: Type) -> Fix | None:
    """The mend that reads a bare base, or one with its side written, on the other side of tax."""
    side = f"{kind.side} tax" if isinstance(kind, Money) else ""
    match node:
        case tree.Path(parts=(name,)):
            return Fix(f"write `{name.text} {side}`", node.span, f"{name.text} {side}")
        case tree.Basis(name=name):
            return Fix(f"write `{name.text} {side}`", node.span, f"{name.text} {side}")
        case tree.Of(measure=measure) | tree.Per(measure=tree.Node() as measure):
            return _as(measure, kind)
        case _:
            return None


def _called(node: tree.Node, kind: Type) -> str:
    match node:
        case tree.Path():
            return f"`{node.text}`, {describe(kind)},"
        case tree.Basis(name=name, tax=tax):
            return f"`{name.text} {tax} tax`"
        case tree.Of(measure=measure):
            return _called(measure, kind)
        case _:
            return describe(kind)
