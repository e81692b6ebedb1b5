"""Values: literals, arithmetic and everything else that is not a condition, with their dimensions.

In: an expression and its environment. Out: `Typed`: a type, a core expression, and how it spreads over lines. Nothing
here raises on a tree. This module is also the door of the room's expression half: its `__all__` is what declarations
use.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Final, assert_never

from rules_engine import ir, tree
from rules_engine.calendar import parse_date, parse_time
from rules_engine.checking import (
    bases,
    conditions,
    dates,
    keyed,
    measures,
    monies,
    names,
    rates,
    slips,
    tables,
    unknowns,
)
from rules_engine.checking.core import add, mul, negative, num, ratio, value_of, written
from rules_engine.checking.env import Env
from rules_engine.checking.typed import Typed, scaled, unknown
from rules_engine.diagnostics import Fix
from rules_engine.solving import Value
from rules_engine.types import (
    COUNT,
    DATE,
    FLAG,
    INSTANT,
    PLAIN,
    RATE,
    TEXT,
    TIME,
    Choice,
    Money,
    Ratio,
    Type,
    Unit,
    Unknown,
    alike,
    common,
    describe,
    is_number,
    product,
    scale,
    total,
)
from rules_engine.values import ValueFault

CONSTANT_DIGITS: Final = 300
CONSTANT_MAX: Final = 10**CONSTANT_DIGITS
"""What written numbers may come to when they are multiplied."""


def value(node: tree.Expr, env: Env, expected: Type | None = None) -> Typed:
    """The value of an expression; `expected` lends bare words and numbers their meaning."""
    match node:
        case tree.Path():
            return names.resolve(node, env, expected)
        case (
            tree.Number()
            | tree.Percent()
            | tree.MoneyLit()
            | tree.QuantityLit()
            | tree.Text()
            | tree.DateLit()
            | tree.TimeLit()
            | tree.InstantLit()
            | tree.Flag()
        ):
            return literal(node, env, expected)
        case tree.Today() | tree.LaterDate() | tree.EdgeDate():
            return Typed(DATE, dates.date(node, env))
        case tree.TableBy():
            return tables.value_table(node, env, expected)
        case tree.Negate() | tree.Binary() | tree.Plus() | tree.Bracket() | tree.LargestOf():
            return _arithmetic(node, env, expected)
        case (
            tree.Has()
            | tree.Not()
            | tree.Both()
            | tree.Either()
            | tree.Compare()
            | tree.Is()
            | tree.In()
            | tree.InFirst()
            | tree.IsMultiple()
            | tree.Reaches()
            | tree.DateTest()
        ):
            return Typed(FLAG, conditions.condition(node, env))
        case _:
            return _read(node, env)


Read = (
    tree.Across
    | tree.Each
    | tree.Mark
    | tree.Rung
    | tree.TierOf
    | tree.Basis
    | tree.AfterStage
    | tree.Of
    | tree.SumOf
    | tree.CountOf
    | tree.DistinctOf
    | tree.StreakOf
    | tree.EdgeDay
    | tree.TopOf
    | tree.FlowOf
    | tree.BalanceOf
    | tree.PreviousOf
    | tree.CalendarOf
    | tree.Selection
    | tree.ListOf
    | tree.Per
)


def _read(node: Read, env: Env) -> Typed:
    """What is measured, looked up or remembered."""
    match node:
        case tree.BalanceOf() | tree.PreviousOf() | tree.FlowOf() | tree.Each() | tree.TopOf():
            return _remembered(node, env)
        case tree.Per():
            return rates.per(node, env)
        case tree.Of():
            return measures.of(node, env)
        case tree.SumOf() | tree.CountOf() | tree.DistinctOf():
            return measures.line_fold(node, env)
        case tree.Across():
            return rates.across(node, env)
        case tree.TierOf(which=which):
            return names.tier_read(which, node, env)
        case tree.Mark():
            return _mark(node, env)
        case tree.Rung():
            env.report("T320", node, what="rung", where="this place", note="it is a table's key: `by rung { ... }`")
        case tree.StreakOf() | tree.EdgeDay():
            env.report("T331", node, what="a streak" if isinstance(node, tree.StreakOf) else "a first or last day")
        case tree.Selection():
            env.report("T305", node, found="a selection of lines", wanted="a value")
        case tree.ListOf():
            return monies.amounts(node, env)
        case tree.Basis() | tree.AfterStage():
            return bases.basis(node, env)
        case tree.CalendarOf():
            period = "`period birth_month = calendar month of member.birthday every year`"
            mend = f"declare the period and ask `today in birth_month`: {period}"
            env.never(node, "a calendar unit as a value", mend)
        case _:
            assert_never(node)
    return unknown(env.at(node))


def _remembered(node: tree.BalanceOf | tree.PreviousOf | tree.FlowOf | tree.Each | tree.TopOf, env: Env) -> Typed:
    """What a member has, or had, of units and in tracks."""
    match node:
        case tree.BalanceOf() | tree.PreviousOf():
            return measures.remembered(node, env)
        case tree.FlowOf():
            return measures.used(node, env)
        case tree.Each():
            return keyed.each(node, env)
        case tree.TopOf():
            at = node.span[0]
            env.report("T387", node, fix=Fix("write `sum of` before it", (at, at), "sum of "))
            return unknown(env.at(node))


def _mark(node: tree.Mark, env: Env) -> Typed:
    if env.mark is None:
        env.report("T320", node, what="mark", where="this place", note="it is known inside `for each mark of`")
        return unknown(env.at(node))
    return Typed(env.mark, ir.MarkRead(env.at(node)))


# ---- literals ----

Literal_ = (
    tree.Number
    | tree.Percent
    | tree.MoneyLit
    | tree.QuantityLit
    | tree.Text
    | tree.DateLit
    | tree.TimeLit
    | tree.InstantLit
    | tree.Flag
)


def literal(node: Literal_, env: Env, expected: Type | None = None) -> Typed:
    """A value written out, in the scale of its type."""
    at = env.at(node)
    match node:
        case tree.Number(text=text):
            return _number(node, text, env, expected)
        case tree.Percent(text=text):
            return Typed(RATE, _percent(text, at))
        case tree.MoneyLit():
            return _money(node, env)
        case tree.QuantityLit():
            return _quantity(node, env)
        case tree.Text(value=text):
            return _text(node, text, env, expected)
        case tree.DateLit(text=text):
            return _parsed(parse_date, text, DATE, node, env)
        case tree.TimeLit(text=text):
            return _parsed(parse_time, text, TIME, node, env)
        case tree.InstantLit(text=text):
            moment = dates.local_moment(text, node, env)
            return unknown(at) if moment is None else Typed(INSTANT, ir.Num(at, moment))
        case tree.Flag(value=yes):
            return Typed(FLAG, ir.Flg(at, yes))
        case _:
            assert_never(node)


def _percent(text: str, at: ir.Origin) -> ir.Num:
    share = written(text)
    return ratio(share.numerator, share.denominator * 100, at)


def _number(node: tree.Number, text: str, env: Env, expected: Type | None) -> Typed:
    exact = written(text)
    if isinstance(expected, (Money, Unit)) and not exact:
        return Typed(expected, num(0, env.at(node)))
    if isinstance(expected, (Money, Unit)):
        called = expected.name if isinstance(expected, Unit) and exact == 1 else _called_unit(expected)
        mend = f"{text} {called}"
        env.report("T308", node, text=text, mend=mend, fix=Fix(f"write `{mend}`", node.span, mend))
        return Typed(expected, num(exact * scale(expected), env.at(node)))
    return Typed(COUNT if exact.denominator == 1 else RATE, num(exact, env.at(node)))


def _called_unit(kind: Money | Unit) -> str:
    if isinstance(kind, Unit):
        return kind.plural
    return kind.several[0] if kind.several else kind.currency


def _money(node: tree.MoneyLit, env: Env) -> Typed:
    currency = env.context.currency(node.currency)
    if currency is None:
        known = ", ".join(env.context.header().currencies) or "none"
        env.report("N214", node, name=node.currency, known=known)
        return unknown(env.at(node))
    kind = Money(node.currency, currency.decimals)
    return _scaled(node, node.text, kind, env, env.fine == "all")


def _quantity(node: tree.QuantityLit, env: Env) -> Typed:
    kind = names.unit_type(node.unit, env, node.text)
    if kind is None:
        return unknown(env.at(node))
    return _scaled(node, node.text, kind, env, env.fine != "")


def _scaled(node: tree.MoneyLit | tree.QuantityLit, text: str, kind: Money | Unit, env: Env, fine: bool) -> Typed:
    exact = written(text) * scale(kind)
    if exact.denominator != 1 and not fine:
        places = f"{describe(kind)} has {kind.decimals} decimals" if kind.decimals else f"{describe(kind)} are whole"
        env.report("T313", node, text=text, reason=places)
    return Typed(kind, num(exact, env.at(node)))


def _text(node: tree.Text, text: str, env: Env, expected: Type | None) -> Typed:
    if isinstance(expected, Choice) and text in expected.values:
        return Typed(expected, ir.Txt(env.at(node), text))
    return Typed(TEXT, ir.Txt(env.at(node), text))


def _parsed(parse: Callable[[str], int], text: str, kind: Type, node: tree.Node, env: Env) -> Typed:
    try:
        return Typed(kind, ir.Num(env.at(node), parse(text)))
    except ValueFault as fault:
        env.report("T326", node, found=f"`{text}`", note=fault.reason)
        return unknown(env.at(node))


def constant_of(node: tree.Expr, kind: Type, env: Env) -> Fraction | Value | None:
    """A value written out where one of that type is needed: numbers as fractions; reports anything else."""
    found = value(node, env.unguarded(), kind)
    if isinstance(found.type, Unknown) or isinstance(kind, Unknown):
        return None
    if not alike(found.type, kind):
        note = slips.time_beside_day(kind, found.type)
        env.report("T302", node, left=describe(kind), right=describe(found.type), note=note)
        return None
    if isinstance(kind, Choice) and isinstance(found.expr, ir.Txt) and found.expr.value not in kind.values:
        unknowns.unknown_value(tree.Name(node.span, found.expr.value), kind, env)
        return None
    match found.expr:
        case ir.Num():
            return value_of(found.expr)
        case ir.Txt(value=text):
            return text
        case ir.Flg(value=yes):
            return yes
        case _:
            env.report("T325", node, what="this", wanted="a value written out", note="")
            return None


# ---- arithmetic ----

Arithmetic = tree.Negate | tree.Binary | tree.Plus | tree.Bracket | tree.LargestOf


def _arithmetic(node: Arithmetic, env: Env, expected: Type | None) -> Typed:
    at = env.at(node)
    match node:
        case tree.Negate(value=inner):
            found = number(inner, env, expected)
            return Typed(found.type, negative(found.expr, at))
        case tree.Plus(parts=parts):
            return _sum([number(part, env, expected) for part in parts], list(parts), node, env, "plus")
        case tree.Binary():
            return _chain(node, env, expected)
        case tree.Bracket(value=inner, mods=mods):
            return rates.bracket(inner, mods, node, env, expected)
        case tree.LargestOf(items=items):
            return _largest(items, node, env, expected)
        case _:
            raise AssertionError(node)


def number(node: tree.Expr, env: Env, expected: Type | None = None) -> Typed:
    """A value that can be added and scaled; reports anything else."""
    found = value(node, env, expected)
    if is_number(found.type) or isinstance(found.type, Ratio):
        return found
    env.report("T305", node, found=_called(node, found.type), wanted="an amount")
    return unknown(env.at(node))


def _called(node: tree.Expr, kind: Type) -> str:
    return f"`{node.text}`, {describe(kind)}," if isinstance(node, tree.Path) else describe(kind)


def _chain(node: tree.Binary, env: Env, expected: Type | None) -> Typed:
    """`a + b - c * d`: the left spine of a chain, from its first operand on; chains may be long."""
    spine: list[tree.Binary] = []
    first: tree.Expr = node
    while isinstance(first, tree.Binary):
        spine.append(first)
        first = first.left
    only_sums = all(link.op in "+-" for link in spine)
    found = number(first, env, expected if only_sums else None)
    for link in reversed(spine):
        found = _linked(found, link, env, expected)
        if isinstance(found.expr, ir.Num) and max(abs(found.expr.num), found.expr.den) >= CONSTANT_MAX:
            env.report("M148", link, reason=f"a number of more than {CONSTANT_DIGITS} digits is too long")
            return unknown(env.at(node))
    return found


def _linked(one: Typed, node: tree.Binary, env: Env, expected: Type | None) -> Typed:
    """One more operand on the right of a chain."""
    match node.op:
        case "*":
            return _times(one, number(node.right, env), node, env)
        case "/":
            return _divided(one, node.right, node, env)
        case "+" | "-":
            return _plus_minus(one, node, env, expected)


def _plus_minus(one: Typed, node: tree.Binary, env: Env, expected: Type | None) -> Typed:
    lent = one.type if isinstance(one.type, (Money, Unit)) else expected
    other = number(node.right, env, lent)
    if node.op == "-":
        at = env.at(node)
        other = Typed(other.type, negative(other.expr, at), scaled(other.shares, ir.Num(at, -1), at))
    return _sum([one, other], [node.left, node.right], node, env, node.op)


def _sum(parts: list[Typed], nodes: list[tree.Expr], node: tree.Expr, env: Env, word: str) -> Typed:
    parts = _levelled(parts, nodes, env)
    kind = parts[0].type
    for part, node_of in zip(parts[1:], nodes[1:], strict=True):
        joined = total(kind, part.type)
        if joined is None:
            if not monies.apart(kind, part.type, nodes[0], node_of, env):
                _report_sum(kind, part.type, node_of, word, env)
            return unknown(env.at(node))
        kind = joined
    shares = tuple(share for part in parts for share in part.shares)
    if word == "plus" and not all(part.shares for part in parts):
        shares = ()
    return Typed(kind, add([part.expr for part in parts], env.at(node)), shares)


def _levelled(parts: list[Typed], nodes: list[tree.Expr], env: Env) -> list[Typed]:
    """Where one part is of several currencies, all become so."""
    wanted = next((part.type for part in parts if isinstance(part.type, Money) and part.type.several), None)
    if wanted is None:
        return parts
    return [monies.lifted(part, wanted, each, env) for part, each in zip(parts, nodes, strict=True)]


def _report_sum(left: Type, right: Type, node: tree.Expr, word: str, env: Env) -> None:
    note = ""
    if isinstance(left, Unit) and isinstance(right, Money):
        note = (
            f"say how many {left.plural} the money is worth, for example `1 {left.name} per 1 {right.currency} of ...`"
        )
    elif isinstance(right, Unit) and isinstance(left, Money):
        note = (
            f"say how many {right.plural} the money is worth, for example `1 {right.name} per 1 {left.currency} of ...`"
        )
    elif isinstance(left, (Money, Unit)) and isinstance(right, PLAIN):
        note = f"give it a unit: {describe(left)}"
    verb = "taken from" if word == "-" else "added to"
    env.report("T301", node, right=describe(right), verb=verb, left=describe(left), note=note)


def _times(one: Typed, other: Typed, node: tree.Expr, env: Env) -> Typed:
    kind = product(one.type, other.type)
    at = env.at(node)
    if kind is None:
        env.report("T303", node, left=describe(one.type), right=describe(other.type))
        return unknown(at)
    shares = (*scaled(one.shares, other.expr, at), *scaled(other.shares, one.expr, at))
    if one.shares and other.shares:
        shares = ()
    return Typed(kind, mul(one.expr, other.expr, at), shares)


def _divided(one: Typed, right: tree.Expr, node: tree.Expr, env: Env) -> Typed:
    at = env.at(node)
    by = number(right, env)
    divisor = value_of(by.expr)
    if isinstance(one.type, Unknown) or isinstance(by.type, Unknown):
        return unknown(at)
    if not divisor:
        env.report("T304", right)
        return unknown(at)
    factor = num(1 / divisor, at)
    if isinstance(by.type, PLAIN):
        kind = RATE if isinstance(one.type, PLAIN) else one.type
        return Typed(kind, mul(factor, one.expr, at), scaled(one.shares, factor, at))
    if alike(one.type, by.type):
        return Typed(RATE, mul(factor, one.expr, at), scaled(one.shares, factor, at))
    env.report("T303", node, left=describe(one.type), right=f"1 divided by {describe(by.type)}")
    return unknown(at)


def _largest(items: tuple[tree.Expr, ...], node: tree.Expr, env: Env, expected: Type | None) -> Typed:
    found = _levelled([number(item, env, expected) for item in items], list(items), env)
    kind = found[0].type
    for one, item in zip(found[1:], items[1:], strict=True):
        if monies.apart(kind, one.type, items[0], item, env):
            return unknown(env.at(node))
        if not alike(kind, one.type):
            env.report("T302", item, left=describe(kind), right=describe(one.type))
            return unknown(env.at(node))
        kind = common(kind, one.type) or kind
    return Typed(kind, ir.Largest(env.at(node), tuple(one.expr for one in found)))
