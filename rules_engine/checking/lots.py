"""What lots remember: `where choice.milestone is 40`, and sums over what an effect turns.

In: a filter over lots, a path `unit.fact`, a measure of the turned units, and the environment. Out: `ir.LotField` and
`ir.TurnedSum` with their types. Besides the facts that a unit `remembers`, each of its lots knows the rule that gave
it, as `source`.
"""

from __future__ import annotations

from msgspec.structs import replace

from rules_engine import ir, tree
from rules_engine.checking import amounts, conditions, names, unknowns
from rules_engine.checking.env import Env
from rules_engine.checking.infos import RuleInfo, UnitInfo
from rules_engine.checking.typed import Typed, unknown
from rules_engine.types import COUNT, NUMBERS, Choice, Type, Unit, Unknown, describe

SOURCE = "source"


def lots_where(where: tree.Expr | None, unit: Unit, env: Env) -> ir.Expr | None:
    """`where` over the lots of a unit."""
    if where is None:
        return None
    return conditions.condition(where, replace(env.off_lines(), lot=unit.name, guard=None))


def lot_field(path: tree.Path, info: UnitInfo, env: Env) -> Typed:
    """`choice.milestone`: what the lot at hand remembers, `points.source`: the rule that gave it."""
    at = env.at(path)
    if env.lot != info.name:
        if env.lot:
            own = env.context.find(env.lot)
            chosen = own.plural or own.name if isinstance(own, UnitInfo) else env.lot
            env.report("T413", path, name=path.text, found=info.plural or info.name, unit=chosen)
        else:
            env.report("T414", path, name=path.text)
        return unknown(at)
    kind = _fact(path.parts[1], info, env)
    if kind is None:
        return unknown(at)
    names.require(path, may_lack(path.parts[1].text, info, env), env)
    return Typed(kind, ir.LotField(at, path.parts[1].text))


def has_lot_field(path: tree.Path, info: UnitInfo, env: Env) -> ir.Expr:
    """`has choice.milestone`: whether the lot at hand remembers it."""
    at = env.at(path)
    optional = may_lack(path.parts[1].text, info, env)
    found = lot_field(path, info, env.with_proven(frozenset({path.text})))
    if isinstance(found.type, Unknown):
        return ir.Flg(at, True)
    if not optional:
        env.report("T311", path, name=path.text)
        return ir.Flg(at, True)
    return ir.Has(at, found.expr)


def may_lack(name: str, info: UnitInfo, env: Env) -> bool:
    """Whether some lot may not remember a fact: it is optional, or some rule gives the unit without it. Who only asks
    for types is not told."""
    if name == SOURCE or env.muted:
        return False
    key = ("lacks", info.name, name)
    if key not in env.memo:
        optional = any(each.optional for each in info.remembers if each.name == name)
        env.memo[key] = optional or any(_gives_without(rule, name, info, env) for rule in _givers(env))
    found: bool = env.memo[key]
    return found


def _givers(env: Env) -> list[RuleInfo]:
    """The rules that may give units."""
    rules = [env.context.titled(title) for title in env.context.titles()]
    return [each for each in rules if isinstance(each, RuleInfo) and each.kind in ("earn", "reward")]


def _gives_without(rule: RuleInfo, name: str, info: UnitInfo, env: Env) -> bool:
    """Whether an award of a rule may be of the unit and leave a fact out."""
    effects = [each for each in rule.node.effects if isinstance(each, (tree.Give, tree.Turn))]
    lacking = tuple(each for each in effects if not _says(each, name))
    return bool(lacking) and info.name in amounts.award_units(replace(rule.node, effects=lacking), env.context)


def _says(effect: tree.Give | tree.Turn, name: str) -> bool:
    return any(isinstance(each, tree.WithFact) and each.name.text == name for each in effect.mods)


def _fact(name: tree.Name, info: UnitInfo, env: Env) -> Type | None:
    """The type of a remembered fact; an unknown one is reported."""
    field = next((each for each in info.remembers if each.name == name.text), None)
    if field is not None:
        return names.type_of_field(field, env)
    if name.text == SOURCE:
        return Choice(_sources(env), SOURCE)

    known = [each.name for each in info.remembers]
    unknowns.report_unknown("N219", name, env, (*known, SOURCE), unit=info.name, values=", ".join((*known, SOURCE)))
    return None


def _sources(env: Env) -> tuple[str, ...]:
    """The keys of the rules that may give units."""
    return tuple(sorted(each.key for each in _givers(env)))


def turned_sum(measure: tree.Path | None, selection: tree.Selection, env: Env) -> Typed:
    """`sum of paid of the turned vouchers`, `count of the turned vouchers` (no measure)."""
    at = env.at(selection)
    assert selection.unit is not None
    kind = names.unit_type(selection.unit, env)
    if kind is None:
        return unknown(at)
    if env.turned != kind.name:
        env.report("T415", selection, name=kind.plural)
        return unknown(at)
    if selection.where is not None:
        env.report("T323", selection.where, what="`where`", note="it stands behind the units that are turned")
        return unknown(at)
    if measure is None:
        return Typed(kind if kind.decimals else COUNT, ir.TurnedSum(at))
    info = env.context.find(kind.name)
    if not isinstance(info, UnitInfo):
        return unknown(at)
    found = _fact(measure.parts[-1], info, env)
    if found is None or not names.require(measure, may_lack(measure.parts[-1].text, info, env), env):
        return unknown(at)
    if not isinstance(found, NUMBERS):
        env.report("T305", measure, found=f"`{measure.text}`, {describe(found)},", wanted="an amount")
        return unknown(at)
    return Typed(found, ir.TurnedSum(at, measure.parts[-1].text))
