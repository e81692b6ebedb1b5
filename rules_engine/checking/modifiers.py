"""Modifiers of what earns, redeems and rewards do: `, up to 500 points`, `, in steps of 10 coins`, `, to referrer`.

In: an effect's modifiers as written, the unit that they are about, and the environment. Out: core expressions. Which
modifier fits which effect is one table; one that belongs elsewhere is reported with its home.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, TypeAlias, TypeVar

from rules_engine import ir, tree
from rules_engine.checking import dates, expressions, keys, names, rates, remembering, unknowns
from rules_engine.checking.core import integral
from rules_engine.checking.env import Env
from rules_engine.checking.infos import UnitInfo
from rules_engine.diagnostics import Fix
from rules_engine.types import Unit, Unknown, alike, describe

M = TypeVar("M", bound=tree.Node)

Bound: TypeAlias = tree.UpTo | tree.NeverBelow | tree.OnlyFrom
"""The modifiers that compare an amount with another."""

Verb: TypeAlias = Literal["give", "deduct", "turn", "accept", "worth", "carry"]
"""What is modified. What stands behind `worth` is about its value, what stands before about what is offered."""

FITTING: dict[type[tree.Node], tuple[Verb, ...]] = {
    tree.UpTo: ("give", "deduct", "turn", "accept", "worth", "carry"),
    tree.NeverBelow: ("give", "deduct", "turn", "carry"),
    tree.NeverBeyond: ("worth",),
    tree.OnlyFrom: ("give", "deduct", "turn", "accept"),
    tree.InSteps: ("give", "deduct", "turn", "accept"),
    tree.Rounded: ("give", "deduct", "turn", "worth", "carry"),
    tree.PendingUntil: ("give", "turn"),
    tree.Lasting: ("give", "turn"),
    tree.ToWhom: ("give", "turn"),
    tree.InUnit: ("give", "deduct", "turn"),
    tree.WithFact: ("give", "turn"),
    tree.OrNothing: ("give", "deduct", "turn", "accept", "worth"),
    tree.OfEachLine: ("give",),
    tree.SplitHow: ("give",),
    tree.Ordered: (),
}
"""The effects that each modifier can modify."""

ELSEWHERE: dict[type[tree.Node], tuple[str, str]] = {
    tree.UpTo: ("`up to`", ""),
    tree.NeverBelow: ("`never below`", "it belongs to what is given or taken"),
    tree.NeverBeyond: ("`never beyond`", "it belongs to `accept`, behind a rate"),
    tree.OnlyFrom: ("`only from`", "it belongs to `accept`, before `worth`"),
    tree.InSteps: ("`in steps of`", "it belongs to `accept`, before `worth`"),
    tree.Rounded: ("a rounding", "it belongs to a worth, or to what is given or taken"),
    tree.PendingUntil: ("`pending until`", "it belongs to `give`"),
    tree.Lasting: ("`lasting`", "it belongs to `give`"),
    tree.ToWhom: ("`to`", "it belongs to `give`"),
    tree.InUnit: ("`in`", "it belongs to what is given or taken"),
    tree.WithFact: ("`with`", "it belongs to `give`"),
    tree.OrNothing: ("`or nothing`", ""),
    tree.OfEachLine: ("`of each line`", "it belongs to `give`"),
    tree.SplitHow: ("a split", "it belongs to `give`: `, split into { cash: 40%  dream: the rest }`"),
    tree.Ordered: ("an order", "units are used in the order that their unit says: `use oldest first`"),
}
"""How messages call a modifier that stands where it does not belong, and where it does."""


def modifier(mods: tuple[tree.Mod, ...], kind: type[M]) -> M | None:
    """The modifier of a kind, if it is written."""
    for each in mods:
        if isinstance(each, kind):
            return each
    return None


def fitting(mods: tuple[tree.Mod, ...], verb: Verb, env: Env) -> None:
    """Report modifiers that belong to another effect, or that stand twice."""
    seen: set[type[tree.Node]] = set()
    for each in mods:
        kind = type(each)
        if verb not in FITTING[kind] or (isinstance(each, tree.SplitHow) and each.how != "into"):
            what, note = ELSEWHERE[kind]
            env.report("T323", each, what=what, note=note)
        elif kind in seen and not isinstance(each, tree.WithFact):
            env.report("T323", each, what="a second modifier of this kind", note="keep one of them")
        seen.add(kind)


def bound(mods: tuple[tree.Mod, ...], kind: type[Bound], unit: Unit, env: Env) -> ir.Expr | None:
    """A bound in a unit, if it is written."""
    found = modifier(mods, kind)
    return None if found is None else rates.limit(found.bound, unit, env)


def steps(mods: tuple[tree.Mod, ...], unit: Unit, env: Env) -> int | None:
    """`in steps of 10 coins`: the size of a step, in scaled units."""
    found = modifier(mods, tree.InSteps)
    if found is None:
        return None
    size = expressions.constant_of(found.step, unit, env)
    if isinstance(size, Fraction) and size > 0:
        return int(size)
    if size is not None:
        env.report("T325", found.step, what="the step", wanted="an amount above zero")
    return None


def rounding(mods: tuple[tree.Mod, ...]) -> ir.RoundingMode | None:
    """The rounding that is written on an effect."""
    found = modifier(mods, tree.Rounded)
    return None if found is None else found.mode


def pending(mods: tuple[tree.Mod, ...], env: Env) -> ir.Expr | None:
    """`pending until D`: the last day on which what is given does not count yet."""
    found = modifier(mods, tree.PendingUntil)
    return None if found is None else dates.date(found.date, env)


def lasting(mods: tuple[tree.Mod, ...], env: Env) -> ir.Expr | None:
    """`lasting for 30 days`: the last day of what is given."""
    found = modifier(mods, tree.Lasting)
    return None if found is None else dates.life(found.life, env)


def facts(mods: tuple[tree.Mod, ...], units: tuple[Unit, ...], env: Env) -> tuple[tuple[str, ir.Expr], ...]:
    """`with milestone: mark`: what each of the units remembers of this award."""
    made: list[tuple[str, ir.Expr]] = []
    for each in mods:
        if isinstance(each, tree.WithFact):
            found = [_fact(each, unit, env) for unit in units]
            made += [] if not found or found[0] is None else [(each.name.text, found[0])]
    return tuple(made)


def _fact(mod: tree.WithFact, unit: Unit, env: Env) -> ir.Expr | None:
    info = env.context.find(unit.name)
    fields = {field.name: field for field in info.remembers} if isinstance(info, UnitInfo) else {}
    field = fields.get(mod.name.text)
    if field is None:
        known = ", ".join(fields) or "nothing"
        unknowns.report_unknown("N219", mod.name, env, fields, unit=unit.name, values=known)
        return None
    kind = names.type_of_field(field, env)
    found = expressions.value(mod.value, env, kind)
    if isinstance(found.type, Unknown):
        return None
    if not alike(kind, found.type):
        env.report("T305", mod.value, found=describe(found.type), wanted=describe(kind))
        return None
    remembering.bounded(mod.value, found.expr, field, env)
    return found.expr


def rounding_said(effect: tree.Node, parts: list[ir.Expr], unit: Unit, env: Env) -> None:
    """An amount that can come to a fraction needs a rounding, on the rule or on the unit."""
    info = env.context.find(unit.name)
    declared = info.rounding if isinstance(info, UnitInfo) else None
    if declared is not None or env.muted or may_be_whole(parts, env):
        return
    fix = Fix("write `, rounded down`", (effect.span[1], effect.span[1]), ", rounded down")
    env.report("T314", effect, unit=unit.name, rule=env.context.subject or "this rule", fix=fix)


def may_be_whole(parts: list[ir.Expr], env: Env) -> bool:
    """Whether amounts are whole whatever an event says."""
    known = keys.rate_keys(env)
    return all(integral(part, known) for part in parts)
