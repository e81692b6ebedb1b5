"""Turning units into others: `turn every full 50 points into 0.50 vouchers`, `turn 1 choice where ... into ...`.

In: the effect as written and the environment. Out: `ir.TurnDef`. What is turned is an amount of one unit; what it
becomes is an award of another, for each full block, for all of it, or in proportion: `into 3 credits per 1 voucher`.
"""

from __future__ import annotations

from msgspec.structs import replace

from rules_engine import ir, tree
from rules_engine.checking import amounts, modifiers, owning, rates
from rules_engine.checking.core import value_of
from rules_engine.checking.env import Env
from rules_engine.checking.lots import lots_where
from rules_engine.checking.typed import Typed
from rules_engine.types import Ratio, Type, Unit, Unknown, describe


def turn(effect: tree.Turn, env: Env) -> ir.TurnDef | None:
    """A turn with all its modifiers; None after an error."""
    modifiers.fitting(effect.mods, "turn", env)
    found, unit = taken(effect.amount, env)
    if unit is None or (effect.every_full and not _block(effect, found, env)):
        return None
    where = lots_where(effect.where, unit, env)
    whose = owning.recipient(modifiers.modifier(effect.mods, tree.ToWhom), env)
    if whose is None or _whole_steps(effect.into, env):
        return None
    inner = replace(env, turned=unit.name)
    parts = [replace(effect, into=part) for part in owning.by_unit(effect.into, inner)]
    found_parts = [_into(part, unit, inner) for part in parts]
    kinds = [kind for _, kind, _ in found_parts if kind is not None]
    if len(kinds) < len(parts):
        return None
    if unit in kinds and not whose:
        env.report("T405", effect, unit=unit.plural)
        return None
    made = [
        replace(amounts.award(part, part.mods, Typed(kind, into.expr), kind, inner), to=whose)
        for part, kind, (into, _, _) in zip(parts, kinds, found_parts, strict=True)
    ]
    proportional = found_parts[0][2]
    per = ir.Num(env.at(effect.into), 1) if proportional else None
    first, more = made[0], tuple(made[1:])
    return ir.TurnDef(unit.name, effect.every_full, found.expr, where, first, per, env.at(effect), more)


def taken(amount: tree.Expr, env: Env) -> tuple[Typed, Unit | None]:
    """What is offered or turned: an amount of a unit; None where it is something else, which is reported."""
    found = amounts.offered(amount, env)
    if isinstance(found.type, Unit):
        return found, found.type
    if not isinstance(found.type, Unknown):
        called = f"`{amount.text}`, {describe(found.type)}," if isinstance(amount, tree.Path) else describe(found.type)
        env.report("T305", amount, found=called, wanted="an amount of a unit")
    return found, None


def _block(effect: tree.Turn, found: Typed, env: Env) -> bool:
    """A block is written out, and above zero; it may be looked up."""
    parts = _rows(found.expr)
    if all((size := value_of(each)) is not None and size > 0 for each in parts):
        return True
    env.report("T325", effect.amount, what="a full block", wanted="an amount above zero, written out")
    return False


def _rows(block: ir.Expr) -> list[ir.Expr]:
    if not isinstance(block, ir.Choose):
        return [block]
    return [part for row in block.rows if not isinstance(row.value, ir.Stop) for part in _rows(row.value)]


# ---- what it becomes ----


def _whole_steps(into: tree.Expr, env: Env) -> bool:
    """Report `into 3 credits per full 100 vouchers`: the rest has to go somewhere."""
    if isinstance(into, tree.Per) and into.full and into.measure is None:
        env.report("T406", into, block=rates.words(into.step))
        return True
    return False


def _into(effect: tree.Turn, unit: Unit, env: Env) -> tuple[Typed, Unit | None, bool]:
    """The amount that is given, its unit, and whether it is in proportion to what is turned."""
    silent = amounts.offered(effect.into, env.silent("turn").finer("units"))
    if not isinstance(silent.type, Ratio):
        found, kind = amounts.in_unit(effect, effect.into, effect.mods, env)
        return found, kind, False
    found = amounts.offered(effect.into, env.finer("all"))
    kind = _of_ratio(effect, silent.type, unit, env)
    if kind is not None and effect.every_full:
        env.report("T323", effect.into, what="a rate", note="a full block is turned into an amount")
        kind = None
    return found, kind, True


def _of_ratio(effect: tree.Turn, ratio: Ratio, unit: Unit, env: Env) -> Unit | None:
    if ratio.per != unit:
        env.report("T403", effect.into, found=describe(ratio.per), unit=unit.plural)
        return None
    if isinstance(ratio.of, Unit):
        return ratio.of
    env.report("T305", effect.into, found=describe(ratio.of), wanted="an amount of a unit")
    return None


def into_units(effect: tree.Turn, env: Env) -> tuple[Type, ...]:
    """The units that a turn gives, for whoever reads it."""
    _, unit = taken(effect.amount, env)
    if unit is None:
        return ()
    inner = replace(env, turned=unit.name)
    parts = owning.by_unit(effect.into, inner)
    kinds = [_into(replace(effect, into=part), unit, inner)[1] for part in parts]
    return tuple(kind for kind in kinds if kind is not None)
