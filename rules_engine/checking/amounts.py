"""Amounts that rules give, limits, marks, and values of tests.

In: an effect with its modifiers and its environment. Out: `ir.GiveDef`. An amount has one unit: its own, or the one
that `in UNIT` names where money is given in a unit that counts that money. What can come to a fraction needs a
rounding, written on the rule or on the unit. An optional that is given alone is discharged: absent, nothing is
offered.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TypeVar

import msgspec

from rules_engine import ir, tree
from rules_engine.checking import conditions, dates, expressions, keys, measures, names, picking, rates, unknowns
from rules_engine.checking.context import Context
from rules_engine.checking.core import integral
from rules_engine.checking.env import STAGE_WORDS, Env, Stage, env_for, narrowed
from rules_engine.checking.infos import RuleInfo, UnitInfo
from rules_engine.checking.typed import Typed, lean, unknown
from rules_engine.diagnostics import Fix
from rules_engine.types import (
    Choice,
    Count,
    Date,
    Member,
    Money,
    Rate,
    Ratio,
    Text,
    Type,
    Unit,
    Unknown,
    alike,
    describe,
)

M = TypeVar("M", bound=tree.Node)


def give(effect: tree.Give, env: Env) -> ir.GiveDef | None:
    """An award with all its modifiers; None after an error."""
    if effect.verb == "deduct":
        env.not_yet(effect, "`deduct`")
        return None
    if not _evaluated(effect, env):
        return None
    inner, line_where = _grain(effect, env)
    found, unit = _in_unit(effect, inner)
    if unit is None:
        return None
    return _built(effect, found, unit, line_where, env)


def _built(effect: tree.Give, found: Typed, unit: Unit, line_where: ir.Expr | None, env: Env) -> ir.GiveDef:
    low = _bound(_mod(effect, tree.NeverBelow), unit, env)
    high = _bound(_mod(effect, tree.UpTo), unit, env)
    only_from = _bound(_mod(effect, tree.OnlyFrom), unit, env)
    each_line = _mod(effect, tree.OfEachLine) is not None
    rounding = _mod(effect, tree.Rounded)
    if rounding is None:
        _rounded(effect, [part for part in (found.expr, low, high) if part is not None], unit, env)
    return ir.GiveDef(
        unit=unit.name,
        value=found.expr,
        rounding=None if rounding is None else rounding.mode,
        low=low,
        high=high,
        steps=_steps(_mod(effect, tree.InSteps), unit, env),
        only_from=only_from,
        each_line=each_line,
        line_where=line_where,
        shares=(ir.Share(found.expr, line_where, None),) if each_line else lean(found.shares),
        pending=_pending(_mod(effect, tree.PendingUntil), env),
        life=_lasting(_mod(effect, tree.Lasting), env),
        facts=_facts(effect, unit, env),
        or_nothing=_mod(effect, tree.OrNothing) is not None,
        at=env.at(effect),
    )


# ---- modifiers ----


def _mod(effect: tree.Give, kind: type[M]) -> M | None:
    return next((mod for mod in effect.mods if isinstance(mod, kind)), None)


NOT_YET: dict[type[tree.Node], str] = {
    tree.ToWhom: "giving to somebody else",
    tree.Ordered: "an order of what is given",
    tree.SplitHow: "splitting what is given",
}


def _evaluated(effect: tree.Give, env: Env) -> bool:
    """Refuse modifiers that nothing runs yet, that belong elsewhere, or that stand twice."""
    seen: set[type[tree.Node]] = set()
    for mod in effect.mods:
        if type(mod) in NOT_YET:
            env.not_yet(mod, NOT_YET[type(mod)])
            return False
        if isinstance(mod, tree.NeverBeyond):
            env.report("T323", mod, what="`never beyond`", note="it belongs to `accept`")
        elif type(mod) in seen and not isinstance(mod, tree.WithFact):
            env.report("T323", mod, what="a second modifier of this kind", note="keep one of them")
        seen.add(type(mod))
    return True


def _grain(effect: tree.Give, env: Env) -> tuple[Env, ir.Expr | None]:
    """Where the amount is formed: on the event, or `of each line where F`."""
    each = _mod(effect, tree.OfEachLine)
    if each is None:
        return env, None
    where, inner = picking.line_condition(each.where, env)
    return inner, where


def _bound(mod: tree.UpTo | tree.NeverBelow | tree.OnlyFrom | None, unit: Unit, env: Env) -> ir.Expr | None:
    return None if mod is None else rates.limit(mod.bound, unit, env)


def _steps(mod: tree.InSteps | None, unit: Unit, env: Env) -> int | None:
    if mod is None:
        return None
    size = expressions.constant_of(mod.step, unit, env)
    if isinstance(size, Fraction) and size > 0:
        return int(size)
    if size is not None:
        env.report("T325", mod.step, what="the step", wanted="an amount above zero")
    return None


def _pending(mod: tree.PendingUntil | None, env: Env) -> ir.Expr | None:
    return None if mod is None else dates.date(mod.date, env)


def _lasting(mod: tree.Lasting | None, env: Env) -> ir.Expr | None:
    return None if mod is None else dates.life(mod.life, env)


def _facts(effect: tree.Give, unit: Unit, env: Env) -> tuple[tuple[str, ir.Expr], ...]:
    """`with milestone: mark`: what the unit remembers of this award."""
    info = env.context.find(unit.name)
    fields = {field.name: field for field in info.remembers} if isinstance(info, UnitInfo) else {}
    made: list[tuple[str, ir.Expr]] = []
    for mod in effect.mods:
        if isinstance(mod, tree.WithFact):
            found = _fact(mod, fields, unit, env)
            made += [] if found is None else [(mod.name.text, found)]
    return tuple(made)


def _fact(mod: tree.WithFact, fields: dict[str, ir.FieldDef], unit: Unit, env: Env) -> ir.Expr | None:
    field = fields.get(mod.name.text)
    if field is None:
        known = ", ".join(fields) or "nothing"
        unknowns.report_unknown("N219", mod.name, env, fields, unit=unit.name, values=known)
        return None
    kind = names.type_of_field(field, env)
    found = expressions.value(mod.value, env, kind)
    if not alike(kind, found.type):
        env.report("T302", mod.value, left=describe(kind), right=describe(found.type))
    return found.expr


# ---- the unit ----


def _in_unit(effect: tree.Give, env: Env) -> tuple[Typed, Unit | None]:
    """The amount in its unit; None where it has none, which was reported."""
    found = _amount(effect.amount, env.finer("units"))
    named = _mod(effect, tree.InUnit)
    unit = None if named is None else names.unit_type(named.unit, env)
    if isinstance(found.type, Unknown) or (named is not None and unit is None):
        return found, None
    if isinstance(found.type, Unit):
        if unit is not None and unit != found.type:
            assert named is not None
            env.report("T316", named, left=describe(found.type), right=describe(unit))
            return found, None
        return found, found.type
    if isinstance(found.type, Money):
        return found, _money_unit(effect, found.type, unit, env)
    _no_unit(effect, found.type, env)
    return found, None


def _money_unit(effect: tree.Give, kind: Money, unit: Unit | None, env: Env) -> Unit | None:
    """The unit that money is given in: it must count that money, and be named."""
    if kind.several:
        rates = "   ".join(f"{code}: 0.05 cashback per 1 {code}" for code in kind.several)
        env.report("T355", effect.amount, found=describe(kind), rates=rates)
        return None
    if unit is not None and unit.currency == kind.currency:
        return unit
    if unit is not None:
        env.report("T316", effect.amount, left=describe(kind), right=describe(unit))
        return None
    fitting = [info for info in _units(env) if info.currency == kind.currency]
    if fitting:
        text = f", in {fitting[0].name}"
        fix = Fix(f"write `{text}`", (effect.span[1], effect.span[1]), text)
        known = ", ".join(f"`{info.name}`" for info in fitting)
        env.report("T315", effect.amount, currency=kind.currency, fix=fix, note=f"units that count it: {known}")
    else:
        note = f"declare one: `unit cashback counts {kind.currency} {{ rounded half up   lasts forever }}`"
        env.report("T315", effect.amount, currency=kind.currency, note=note)
    return None


def _units(env: Env) -> list[UnitInfo]:
    found = {info.name: info for info in map(env.context.find, env.context.names()) if isinstance(info, UnitInfo)}
    return [found[name] for name in sorted(found)]


def _no_unit(effect: tree.Give, kind: Type, env: Env) -> None:
    """A bare number or percentage: of what?"""
    node = effect.amount
    if isinstance(kind, Rate) and isinstance(node, tree.Per):
        unit = next((mod.unit.text for mod in effect.mods if isinstance(mod, tree.InUnit)), "UNIT")
        example = f"write `1 {unit} * RATE per 1 of COUNT`"
        env.report("T305", node, found="a share of a count", wanted="an amount of a unit", note=example)
    elif isinstance(kind, Rate) or (isinstance(kind, Ratio) and isinstance(kind.of, Unit)):
        base = "net" if any(event.list_field for event in env.events) else ""
        fix = Fix(f"write `of {base}`", (node.span[1], node.span[1]), f" of {base}") if base else None
        what = "the percentage" if isinstance(kind, Rate) else "this rate"
        env.report("T307", node, fix=fix, what=what)
    elif isinstance(kind, Count):
        units = _units(env)
        example = units[0].plural or units[0].name if len(units) == 1 else ""
        fix = None
        if example and isinstance(node, tree.Number):
            fix = Fix(f"write `{node.text} {example}`", (node.span[1], node.span[1]), f" {example}")
        env.report("T308", node, text=node.text if isinstance(node, tree.Number) else "this number", fix=fix, mend="")
    else:
        env.report("T305", node, found=describe(kind), wanted="an amount of a unit")


def _amount(node: tree.Expr, env: Env) -> Typed:
    """An amount; an optional that stands alone gives nothing where it is absent."""
    path = node if isinstance(node, tree.Path) else None
    if path is None or path.text in env.proven or not names.may_lack(path, env):
        return expressions.value(node, env)
    found = expressions.value(path, env.with_proven(frozenset({path.text})))
    if isinstance(found.type, Unknown):
        return unknown(env.at(node))
    at = env.at(node)
    present = ir.ChooseRow((ir.InTest((True,)),), found.expr)
    absent = ir.ChooseRow((ir.AnyTest(),), ir.Num(at, 0))
    return Typed(found.type, ir.Choose(at, (ir.Has(at, found.expr),), (present, absent)))


def _rounded(effect: tree.Give, parts: list[ir.Expr], unit: Unit, env: Env) -> None:
    """An amount that can come to a fraction needs a rounding, on the rule or on the unit."""
    info = env.context.find(unit.name)
    declared = info.rounding if isinstance(info, UnitInfo) else None
    if declared is not None or env.muted:
        return
    rates = keys.rate_keys(env)
    if all(integral(part, rates) for part in parts):
        return
    fix = Fix("write `, rounded down`", (effect.span[1], effect.span[1]), ", rounded down")
    env.report("T314", effect, unit=unit.name, rule=env.context.subject or "this rule", fix=fix)


# ---- what other rules ask of a rule ----


def award_units(node: tree.RuleDecl, context: Context) -> tuple[str, ...]:
    """The units that a rule gives."""
    kinds = [found.type for found in _awards(node, _rule_env(node, context, _key(node)))]
    return tuple(dict.fromkeys(kind.name for kind in kinds if isinstance(kind, Unit)))


def award_has_lines(node: tree.RuleDecl, context: Context) -> bool:
    """Whether all that a rule gives can be spread over lines."""
    awards = _awards(node, _rule_env(node, context, _key(node)))
    return bool(awards) and all(award.shares for award in awards)


def award_of(info: RuleInfo, env: Env) -> tuple[list[Type], bool]:
    """The types of what a rule gives and whether it all has lines, for whoever reads it; nothing where it leads back
    to itself."""
    memo = ("award", info.key)
    if memo not in env.memo:
        silent = _silent(info, env)
        awards = [] if silent is None else _awards(info.node, silent)
        kinds = list(dict.fromkeys(found.type for found in awards))
        env.memo[memo] = kinds, bool(awards) and all(award.shares for award in awards)
    found: tuple[list[Type], bool] = env.memo[memo]
    return found


def _silent(info: RuleInfo, env: Env) -> Env | None:
    key = f"rule {info.key}"
    if key in env.resolving:
        return None
    if env.too_deep:
        env.memo[("too deep",)] = True
        return None
    inner = env_for(env.context, info.events, _stage(info.node), owner_known=True)
    return msgspec.structs.replace(inner, resolving=env.resolving, memo=env.memo).silent(key)


def _rule_env(node: tree.RuleDecl, context: Context, key: str) -> Env:
    events = tuple(each.name.text for each in node.on if isinstance(each, tree.EventSource))
    return env_for(context, events, _stage(node), owner_known=True).silent(f"rule {key}")


def _key(node: tree.RuleDecl) -> str:
    return node.name.text if node.name is not None else node.title.value


def _stage(node: tree.RuleDecl) -> Stage:
    return "earn" if node.kind == "earn" else "reward" if node.kind == "reward" else "offer"


def _awards(node: tree.RuleDecl, env: Env) -> list[Typed]:
    inner = narrowed(env, node.when)
    if isinstance(node.loop, tree.EachMark):
        found = marks(node.loop, inner)
        inner = inner if found is None else found[1]
    return [award for effect in node.effects if isinstance(effect, tree.Give) for award in _award(effect, inner)]


def _award(effect: tree.Give, env: Env) -> list[Typed]:
    inner, where = _grain(effect, env)
    found, unit = _in_unit(effect, inner)
    if unit is None:
        return []
    each = _mod(effect, tree.OfEachLine) is not None
    return [Typed(unit, found.expr, (ir.Share(found.expr, where, None),) if each else found.shares)]


# ---- what offers give and count by ----


def free_thing(node: tree.Text | tree.Path, env: Env) -> ir.Expr | None:
    """What is added free: a text, or a field with the customer's choice; absent, nothing is chosen."""
    if isinstance(node, tree.Text):
        if not node.value:
            env.report("T325", node, what="what is added", wanted="a name that is not empty")
        return ir.Txt(env.at(node), node.value)
    found = names.resolve(node, env.with_proven(frozenset({node.text})))
    if isinstance(found.type, Unknown):
        return None
    if not isinstance(found.type, (Text, Choice)):
        env.report("T305", node, found=f"`{node.text}`, {describe(found.type)},", wanted="a text")
        return None
    return found.expr


def limit_field(path: tree.Path, env: Env) -> ir.Expr | None:
    """What a limit `per PATH` counts by: a field of the event, or a fact of its member."""
    found = names.resolve(path, env)
    if isinstance(found.type, Unknown):
        return None
    if not isinstance(found.type, (Text, Choice, Member, Count, Date)):
        env.report("T305", path, found=f"`{path.text}`, {describe(found.type)},", wanted="a field to count by")
        return None
    return found.expr


# ---- marks and limits ----


def marks(node: tree.EachMark, env: Env) -> tuple[ir.MarksDef, Env] | None:
    """`for each mark of nights at 20, 30, 40`, and the environment inside."""
    if env.stage != "reward":
        note = "an event passes a mark only once its tracks have moved: make it a reward"
        env.report("T319", node, what="for each mark", where=STAGE_WORDS[env.stage], note=note)
        return None
    info = conditions.track_named(node.track, env)
    if info is None:
        return None
    read = measures.track_read(info, node.track, env)
    values = [expressions.constant_of(mark, read.type, env) for mark in node.marks]
    numbers = [int(value) for value in values if isinstance(value, Fraction) and value.denominator == 1]
    if isinstance(read.type, Unknown) or len(numbers) < len(node.marks):
        return None
    if any(later <= earlier for earlier, later in zip([0, *numbers], numbers, strict=False)):
        env.report("T325", node, what="marks", wanted="amounts above zero in ascending order")
        return None
    found = tuple(numbers)
    return ir.MarksDef(info.name, found), env.in_loop(read.type, found)


def limit_amount(node: tree.Expr, env: Env) -> tuple[str, int] | None:
    """`at most 5_000 points`: the unit and the amount."""
    found = expressions.number(node, env)
    if isinstance(found.type, Unknown):
        return None
    if not isinstance(found.type, Unit):
        env.report("T305", node, found=describe(found.type), wanted="an amount of a unit")
        return None
    if not isinstance(found.expr, ir.Num) or found.expr.den != 1:
        env.report("T325", node, what="a limit", wanted="an amount written out")
        return None
    return found.type.name, found.expr.num
