"""Amounts that rules give and take, and what their limits count.

In: an effect with its modifiers and its environment. Out: `ir.GiveDef`. An amount has one unit: its own, or the one
that `in UNIT` names where money is given in a unit that counts that money. What can come to a fraction needs a
rounding, written on the rule or on the unit. An optional that is given alone is discharged: absent, nothing is
offered.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from rules_engine import ir, tree
from rules_engine.checking import expressions, loops, modifiers, names, owning, picking, turning
from rules_engine.checking.context import Context
from rules_engine.checking.env import Env, Stage, asked_once, env_for, narrowed
from rules_engine.checking.infos import RuleInfo, UnitInfo
from rules_engine.checking.typed import Typed, lean, unknown
from rules_engine.diagnostics import Fix
from rules_engine.formatting import to_text
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
    describe,
)


def gives(effect: tree.Give, env: Env) -> tuple[ir.GiveDef, ...]:
    """The awards that an effect writes, one for each unit of its rows; those with errors left out."""
    modifiers.fitting(effect.mods, "give", env)
    parts = owning.by_unit(effect.amount, _grain(effect, env.silent("give"))[0])
    made = [give(replace(effect, amount=part), env) for part in parts]
    return tuple(each for each in made if each is not None)


def give(effect: tree.Give, env: Env) -> ir.GiveDef | None:
    """An award of one unit with all its modifiers; None after an error."""
    inner, line_where = _grain(effect, env)
    found, unit = in_unit(effect, effect.amount, effect.mods, inner)
    if unit is None:
        return None
    whose = owning.recipient(modifiers.modifier(effect.mods, tree.ToWhom), env)
    rows = owning.split(effect, unit, env)
    if whose is None or rows is None:
        return None
    each_line = modifiers.modifier(effect.mods, tree.OfEachLine) is not None
    shares = (ir.Share(found.expr, line_where, None),) if each_line else lean(found.shares)
    made = award(effect, effect.mods, Typed(unit, found.expr, shares), unit, env)
    return replace(made, each_line=each_line, line_where=line_where, to=whose, split=rows)


def award(
    effect: tree.Node, mods: tuple[tree.Mod, ...], found: Typed, unit: Unit, env: Env, *, remember: bool = True
) -> ir.GiveDef:
    """An award of an amount with the modifiers that all awards have; what is taken remembers nothing."""
    low, high = modifiers.bound(mods, tree.NeverBelow, unit, env), modifiers.bound(mods, tree.UpTo, unit, env)
    rounding = modifiers.rounding(mods)
    units = owning.given_units(mods, unit, env) if remember else ()
    if rounding is None:
        modifiers.rounding_said(effect, [part for part in (found.expr, low, high) if part is not None], unit, env)
    return ir.GiveDef(
        unit=unit.name,
        value=found.expr,
        rounding=rounding,
        low=low,
        high=high,
        steps=modifiers.steps(mods, unit, env),
        only_from=modifiers.bound(mods, tree.OnlyFrom, unit, env),
        each_line=False,
        line_where=None,
        shares=found.shares,
        pending=modifiers.pending(mods, env),
        life=modifiers.lasting(mods, env),
        facts=modifiers.facts(mods, units, env),
        or_nothing=modifiers.modifier(mods, tree.OrNothing) is not None,
        at=env.at(effect),
    )


def deduct(effect: tree.Give, env: Env) -> ir.DeductDef | None:
    """`deduct 50 points`: units taken from the member; None after an error."""
    modifiers.fitting(effect.mods, "deduct", env)
    found, unit = in_unit(effect, effect.amount, effect.mods, env)
    if unit is None:
        return None
    made = award(effect, effect.mods, found, unit, env, remember=False)
    return ir.DeductDef(
        made.unit,
        made.value,
        made.rounding,
        made.low,
        made.high,
        made.steps,
        made.only_from,
        None,
        made.or_nothing,
        made.at,
    )


def _grain(effect: tree.Give, env: Env) -> tuple[Env, ir.Expr | None]:
    """Where the amount is formed: on the event, or `of each line where F`."""
    each = modifiers.modifier(effect.mods, tree.OfEachLine)
    if each is None:
        return env, None
    if env.scheduled:
        env.report("T380", each, name="of each line", event=env.scheduled)
    where, inner = picking.line_condition(each.where, env)
    return inner, where


# ---- the unit ----


def in_unit(effect: tree.Node, amount: tree.Expr, mods: tuple[tree.Mod, ...], env: Env) -> tuple[Typed, Unit | None]:
    """An amount in its unit; None where it has none, which was reported."""
    found = offered(amount, env.finer("units"))
    named = modifiers.modifier(mods, tree.InUnit)
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
        if unit is None and not found.type.several:
            unit = owning.first_of_split(mods, env)
        return found, _money_unit(effect, amount, found.type, unit, env)
    _no_unit(amount, mods, found.type, env)
    return found, None


def _money_unit(effect: tree.Node, amount: tree.Expr, kind: Money, unit: Unit | None, env: Env) -> Unit | None:
    """The unit that money is given in: it must count that money, and be named."""
    if kind.several:
        rates = "   ".join(f"{code}: 0.05 cashback per 1 {code}" for code in kind.several)
        env.report("T355", amount, found=describe(kind), rates=rates)
        return None
    if unit is not None and unit.currency == kind.currency:
        return unit
    if unit is not None:
        env.report("T316", amount, left=describe(kind), right=describe(unit))
        return None
    fitting = [info for info in _units(env) if info.currency == kind.currency]
    if fitting:
        text = f", in {fitting[0].name}"
        fix = Fix(f"write `{text}`", (effect.span[1], effect.span[1]), text)
        known = ", ".join(f"`{info.name}`" for info in fitting)
        env.report("T315", amount, currency=kind.currency, fix=fix, note=f"units that count it: {known}")
    else:
        note = f"declare one: `unit cashback counts {kind.currency} {{ rounded half up   lasts forever }}`"
        env.report("T315", amount, currency=kind.currency, note=note)
    return None


def _units(env: Env) -> list[UnitInfo]:
    found = {info.name: info for info in map(env.context.find, env.context.names()) if isinstance(info, UnitInfo)}
    return [found[name] for name in sorted(found)]


def _no_unit(node: tree.Expr, mods: tuple[tree.Mod, ...], kind: Type, env: Env) -> None:
    """A bare number or percentage: of what?"""
    if isinstance(kind, Rate) and isinstance(node, tree.Per):
        unit = next((mod.unit.text for mod in mods if isinstance(mod, tree.InUnit)), "UNIT")
        example = f"write `1 {unit} * RATE per 1 of COUNT`"
        env.report("T305", node, found="a share of a count", wanted="an amount of a unit", note=example)
    elif isinstance(kind, Rate) or (isinstance(kind, Ratio) and isinstance(kind.of, Unit)):
        base = "net" if any(event.list_field for event in env.events) else ""
        fix = Fix(f"write `of {base}`", (node.span[1], node.span[1]), f" of {base}") if base else None
        what = "the percentage" if isinstance(kind, Rate) else "this rate"
        env.report("T307", node, fix=fix, what=what)
    elif isinstance(kind, Count):
        _count_alone(node, env)
    else:
        env.report("T305", node, found=describe(kind), wanted="an amount of a unit")


def _count_alone(node: tree.Expr, env: Env) -> None:
    """Report `give 10` and `give nights`: a number of what?"""
    units = sorted(_units(env), key=lambda info: info.currency)
    note = "" if units else "declare the unit: `unit point, points { rounded down   lasts forever }`"
    if len(units) > 1:
        others = ", ".join(f"`{info.plural or info.name}`" for info in units[1:])
        note = f"or in another unit: {others}"
    one, several = (units[0].name, units[0].plural or units[0].name) if units else ("point", "points")
    if isinstance(node, tree.Number):
        called = one if node.text == "1" else several
        end = (node.span[1], node.span[1])
        fix = Fix(f"write `{node.text} {called}`", end, f" {called}") if len(units) == 1 else None
        env.report("T308", node, text=node.text, mend=f"{node.text} {called}", fix=fix, note=note)
    else:
        words = to_text(node) if isinstance(node, (tree.Path, tree.Bracket)) else f"({to_text(node)})"
        env.report("T308", node, text=to_text(node), mend=f"1 {one} * {words}", note=note)


def offered(node: tree.Expr, env: Env) -> Typed:
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


# ---- what other rules ask of a rule ----


def award_units(node: tree.RuleDecl, context: Context) -> tuple[str, ...]:
    """The units that a rule gives."""
    kinds = [found.type for found in _awards(node, _rule_env(node, context, _key(node)))]
    return tuple(dict.fromkeys(kind.name for kind in kinds if isinstance(kind, Unit)))


def moved_units(node: tree.RuleDecl, context: Context) -> tuple[str, ...]:
    """The units that a rule gives or takes: what its limits can count."""
    env = _inside(node, _rule_env(node, context, _key(node)))
    taken = [kind for effect in node.effects for kind in _taken(effect, env)]
    return tuple(dict.fromkeys((*award_units(node, context), *taken)))


def _taken(effect: tree.Effect, env: Env) -> list[str]:
    match effect:
        case tree.Give(verb="deduct"):
            unit = in_unit(effect, effect.amount, effect.mods, env)[1]
        case tree.Turn() | tree.Accept():
            unit = turning.taken(effect.amount, env)[1]
        case _:
            unit = None
    return [] if unit is None else [unit.name]


def award_has_lines(node: tree.RuleDecl, context: Context) -> bool:
    """Whether all that a rule gives can be spread over lines."""
    awards = _awards(node, _rule_env(node, context, _key(node)))
    return bool(awards) and all(award.shares for award in awards)


def award_of(info: RuleInfo, env: Env) -> tuple[list[Type], bool]:
    """The types of what a rule gives and whether it all has lines, for whoever reads it; nothing where it leads back
    to itself."""
    return asked_once(("award", info.key), env, lambda asking: _award_of(info, asking))


def _award_of(info: RuleInfo, env: Env) -> tuple[list[Type], bool]:
    silent = _silent(info, env)
    awards = [] if silent is None else _awards(info.node, silent)
    kinds = list(dict.fromkeys(found.type for found in awards))
    return kinds, bool(awards) and all(award.shares for award in awards)


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
    info = context.rule(node.title)
    events = info.events if isinstance(info, RuleInfo) else ()
    return env_for(context, events, _stage(node), owner_known=True).silent(f"rule {key}")


def _key(node: tree.RuleDecl) -> str:
    return node.name.text if node.name is not None else node.title.value


def _stage(node: tree.RuleDecl) -> Stage:
    return STAGES.get(node.kind, "offer")


STAGES: dict[tree.RuleKind, Stage] = {"earn": "earn", "redeem": "redeem", "reward": "reward"}


def _awards(node: tree.RuleDecl, env: Env) -> list[Typed]:
    inner = _inside(node, env)
    return [award for effect in node.effects for award in _award(effect, inner)]


def _inside(node: tree.RuleDecl, env: Env) -> Env:
    """Where the effects of a rule stand."""
    inner = narrowed(env, node.when)
    found = None if node.loop is None else loops.loop(node.loop, inner)
    return inner if found is None else found[1]


def _award(effect: tree.Effect, env: Env) -> list[Typed]:
    match effect:
        case tree.Give(verb="give"):
            parts = owning.by_unit(effect.amount, _grain(effect, env)[0])
            return [found for part in parts for found in _given(replace(effect, amount=part), env)]
        case tree.Turn():
            return [Typed(kind, ir.Num(env.at(effect), 0)) for kind in turning.into_units(effect, env)]
        case _:
            return []


def _given(effect: tree.Give, env: Env) -> list[Typed]:
    inner, where = _grain(effect, env)
    found, unit = in_unit(effect, effect.amount, effect.mods, inner)
    each = modifiers.modifier(effect.mods, tree.OfEachLine) is not None
    shares = (ir.Share(found.expr, where, None),) if each else found.shares
    given = () if unit is None else owning.given_units(effect.mods, unit, env)
    return [Typed(each_unit, found.expr, shares) for each_unit in given]


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


# ---- limits ----


def limit_amount(node: tree.Expr, env: Env) -> tuple[str, int] | None:
    """`at most 5_000 points`: the unit and the amount; of a redeem also `at most 50 GBP`, of what is paid."""
    found = expressions.number(node, env)
    if isinstance(found.type, Unknown):
        return None
    kind = found.type
    if not isinstance(kind, Unit) and not (isinstance(kind, Money) and env.stage == "redeem"):
        note = "write it in a unit that the rule gives or takes, such as `at most 500 points`"
        env.report("T305", node, found=describe(kind), wanted="an amount of a unit", note=note)
        return None
    if not isinstance(found.expr, ir.Num) or found.expr.den != 1:
        env.report("T325", node, what="a limit", wanted="an amount written out")
        return None
    return kind.currency if isinstance(kind, Money) else kind.name, found.expr.num
