"""Paying with units: `accept coins_offered, in steps of 10 coins, worth 1 CNY per 100 coins, up to 50% of net`.

In: the effect as written and the environment. Out: `ir.AcceptDef`. What is offered is an amount of one unit. Its worth
is a rate of that unit, which fits itself to what is left to pay, or an amount, which does not. The lines that the
limit of the worth reads are those that are paid.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rules_engine import ir, tree
from rules_engine.checking import expressions, modifiers, monies, names, picking, rates, turning
from rules_engine.checking.env import Env
from rules_engine.checking.infos import DefineInfo, UnitInfo
from rules_engine.checking.lots import lots_where
from rules_engine.checking.typed import Typed
from rules_engine.types import Money, Ratio, Type, Unit, Unknown, describe


def accept(effect: tree.Accept, env: Env) -> ir.AcceptDef | None:
    """What a redeem accepts and what it is worth; None after an error."""
    modifiers.fitting(effect.mods, "accept", env)
    modifiers.fitting(effect.worth_mods, "worth", env)
    found, unit = turning.taken(effect.amount, env)
    worth = None if unit is None else _worth(effect, unit, env)
    if unit is None or worth is None:
        return None
    if any(event.lines is not None or event.shipping_field for event in env.events):
        env.context.need("split", effect)
    beyond = modifiers.modifier(effect.worth_mods, tree.NeverBeyond)
    if beyond is not None and not worth.rate:
        env.report("T323", beyond, what="`never beyond`", note="it belongs to a rate: an amount is taken whole")
    cap = modifiers.modifier(effect.worth_mods, tree.UpTo)
    high = None if cap is None else _money(cap.bound, worth.paid, env)
    pays, known = _pays(cap, env)
    if not known or (cap is not None and high is None):
        return None
    return ir.AcceptDef(
        unit=unit.name,
        offered=found.expr,
        where=lots_where(effect.where, unit, env),
        only_from=modifiers.bound(effect.mods, tree.OnlyFrom, unit, env),
        high=modifiers.bound(effect.mods, tree.UpTo, unit, env),
        steps=modifiers.steps(effect.mods, unit, env) or 1,
        rate=worth.rate,
        worth=worth.expr,
        rounding=modifiers.rounding(effect.worth_mods) or monies.money_rounding(env),
        cap=high,
        never_beyond=beyond is not None,
        whole=modifiers.modifier(effect.worth_mods, tree.OrNothing) is not None,
        or_nothing=modifiers.modifier(effect.mods, tree.OrNothing) is not None,
        pays=pays,
        at=env.at(effect),
    )


# ---- worth ----


class Worth(msgspec.Struct, frozen=True):
    """A worth: whether it is a rate, its core expression, and the type of what is paid."""

    rate: bool
    expr: ir.Expr
    paid: Type


def _worth(effect: tree.Accept, unit: Unit, env: Env) -> Worth | None:
    """The worth of one scaled unit, or of all that is offered, in what the events are paid in."""
    paid = _paid_in(effect, env)
    silent = expressions.value(effect.worth, env.silent("worth").finer("all"), paid)
    if paid is None or isinstance(silent.type, Unknown):
        if paid is not None:
            expressions.value(effect.worth, env.finer("all"), paid)
        return None
    if not isinstance(silent.type, Ratio):
        amount = _amount(effect, silent, paid, unit, env)
        return None if amount is None else Worth(False, amount, paid)
    found = expressions.value(effect.worth, env.finer("all"), paid)
    if silent.type.per != unit:
        env.report("T403", effect.worth, found=describe(silent.type.per), unit=unit.plural)
        return None
    value = _in_kind(Typed(silent.type.of, found.expr), paid, effect, unit, env)
    return None if value is None else Worth(True, value, paid)


def _paid_in(effect: tree.Accept, env: Env) -> Type | None:
    """What the events are paid in: their money, or the unit that they are priced in; reports events without."""
    units = {event.priced_unit for event in env.events}
    if units and "" not in units:
        info = env.context.find(units.pop()) if len(units) == 1 else None
        return names.type_of_unit(info) if isinstance(info, UnitInfo) else None
    kind = monies.money_of_events(env)
    if kind is None:
        monies.money(effect.worth, env)
    return kind


def _amount(effect: tree.Accept, silent: Typed, paid: Type, unit: Unit, env: Env) -> ir.Expr | None:
    if isinstance(silent.type, (Money, Unit)):
        found = expressions.value(effect.worth, env, paid)
        return _in_kind(found, paid, effect, unit, env)
    expressions.value(effect.worth, env, paid)
    if not env.context.failed:
        _no_worth(silent.type, paid, effect, unit, env)
    return None


def _no_worth(found: Type, paid: Type, effect: tree.Accept, unit: Unit, env: Env) -> None:
    one = f"1 {_code(paid)} per 100 {unit.plural}"
    env.report("T402", effect.worth, found=describe(found), events=env.event_words(), wanted=describe(paid), rate=one)


def _in_kind(found: Typed, paid: Type, effect: tree.Accept, unit: Unit, env: Env) -> ir.Expr | None:
    """A worth in what the events are paid in; on events in several currencies one of them is lifted."""
    kind = found.type
    if isinstance(kind, Unknown):
        return None
    if isinstance(kind, Money) and isinstance(paid, Money):
        lifted = monies.lifted(found, paid, effect.worth, env)
        if isinstance(lifted.type, Money) and _same(lifted.type, paid):
            return lifted.expr
        if isinstance(lifted.type, Unknown):
            return None
        env.report("T404", effect.worth, found=describe(kind), events=env.event_words(), wanted=describe(paid))
        return None
    if kind == paid:
        return found.expr
    _no_worth(kind, paid, effect, unit, env)
    return None


def _same(left: Money, right: Money) -> bool:
    return (left.currency, left.several) == (right.currency, right.several)


def _code(paid: Type) -> str:
    if isinstance(paid, Money):
        return paid.several[0] if paid.several else paid.currency
    return paid.plural if isinstance(paid, Unit) else "GBP"


def _money(bound: tree.Expr, paid: Type, env: Env) -> ir.Expr | None:
    """The limit of a worth, in what the events are paid in."""
    if isinstance(paid, Money):
        found = monies.money(bound, env)
        return None if isinstance(found.type, Unknown) else found.expr
    return rates.limit(bound, paid, env)


# ---- which lines are paid ----


def _pays(cap: tree.UpTo | None, env: Env) -> tuple[ir.Selection | None, bool]:
    """The lines that the limit reads, if it says `of lines`; and whether that is clear."""
    if cap is None:
        return None, True
    read = list(_measures(cap.bound, env))
    if not read:
        return None, True
    (first, inner), *others = read
    if any(not tree.same(each.selection, first.selection) for each, _ in others):
        env.report("T419", cap)
        return None, False
    found = picking.selection(first.selection, inner)
    return (None, False) if found is None else (found[0], True)


def _measures(node: tree.Expr, env: Env) -> Iterator[tuple[tree.Of, Env]]:
    """The measures of lines that a text reads, those of defines included, each with where it stands."""
    for each in tree.walk(node):
        if isinstance(each, tree.Of):
            yield each, env
        if isinstance(each, tree.Path) and len(each.parts) == 1 and names.find_field(each.parts[0], env) is None:
            info = env.context.find(each.text)
            if isinstance(info, DefineInfo) and info.node is not None and info.name not in env.resolving:
                yield from _measures(info.node, env.inside(info.name, each))
