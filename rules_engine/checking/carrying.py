"""Carrying over: `carry nights - 10 into nights, never below 0, up to 60`.

In: the effect as written and the environment. Out: `ir.CarryDef`. What is carried is of the track's own measure, and
the track has a next occurrence to open.
"""

from __future__ import annotations

from typing import Final

from rules_engine import ir, tree
from rules_engine.checking import conditions, expressions, folds, modifiers, monies, rates
from rules_engine.checking.env import Env
from rules_engine.checking.infos import TrackInfo, UnitInfo
from rules_engine.diagnostics import Fix
from rules_engine.types import Type, Unit, Unknown, alike, describe

NO_NEXT: Final = {
    "lifetime": "it runs for a lifetime, so nothing comes after it",
    "rolling": "a rolling window has no next one",
    "last": "a rolling window has no next one",
    "trial": "a trial has no next one",
}


def carry(effect: tree.Carry, env: Env) -> ir.CarryDef | None:
    """What a track's next occurrence opens with; None after an error."""
    modifiers.fitting(effect.mods, "carry", env)
    info = conditions.track_named(tree.Path(effect.track.span, (effect.track,)), env)
    if info is None:
        return None
    why = _why_not(info)
    if why:
        env.report("T407", effect.track, name=info.name, why=why)
        return None
    kind = folds.track_type(info, env)
    found = monies.lifted(expressions.number(effect.amount, env, kind), kind, effect.amount, env)
    if isinstance(found.type, Unknown) or isinstance(kind, Unknown):
        return None
    if not alike(found.type, kind):
        env.report("T408", effect.amount, found=describe(found.type), name=info.name, wanted=describe(kind))
        return None
    low, high = _bound(effect, tree.NeverBelow, kind, env), _bound(effect, tree.UpTo, kind, env)
    mode = modifiers.rounding(effect.mods)
    if mode is None:
        _whole(effect, [part for part in (found.expr, low, high) if part is not None], kind, env)
    return ir.CarryDef(info.name, found.expr, low, high, env.at(effect), mode)


def _why_not(info: TrackInfo) -> str:
    if info.kind not in ("sum", "count"):
        return "only a sum or a count opens with something"
    if info.by_key:
        return "it keeps a number for each key"
    return NO_NEXT.get(info.window.kind, "") if info.window is not None else ""


def _bound(effect: tree.Carry, kind: type[tree.UpTo | tree.NeverBelow], unit: Type, env: Env) -> ir.Expr | None:
    found = modifiers.modifier(effect.mods, kind)
    return None if found is None else rates.limit(found.bound, unit, env)


def _whole(effect: tree.Carry, parts: list[ir.Expr], kind: Type, env: Env) -> None:
    """What can come to a fraction needs a rounding."""
    info = env.context.find(kind.name) if isinstance(kind, Unit) else None
    if modifiers.may_be_whole(parts, env) or (isinstance(info, UnitInfo) and info.rounding is not None):
        return
    end = effect.span[1]
    fix = Fix("write `, rounded down`", (end, end), ", rounded down")
    unit = describe(kind).removeprefix("a ")
    env.report("T314", effect, unit=unit, rule=env.context.subject or "this rule", fix=fix)
