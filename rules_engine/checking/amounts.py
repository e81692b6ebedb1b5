"""Amounts that rules give, limits, marks, and values of tests.

In: an effect with its modifiers and its environment. Out: `ir.GiveDef`. An amount has one unit: its own, or the one that
`in UNIT` names where money is given in a unit that counts that money. What can come to a fraction needs a rounding,
written on the rule or on the unit. An optional that is given alone is discharged: absent, nothing is offered.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec

from rules_engine import ir, tree
from rules_engine.diagnostics import Fix
from rules_engine.types import (
    Codes,
    Count,
    Instant,
    ListOf,
    Member,
    Money,
    Rate,
    Text,
    Type,
    Unit,
    Unknown,
    describe,
)

from . import conditions, dates, expressions, measures, names, tables
from .context import Context
from .core import integral
from .env import STAGE_WORDS, Env, env_for, narrowed
from .infos import RuleInfo, TrackInfo, UnitInfo
from .typed import Typed, lean, unknown


def give(effect: tree.Give, env: Env) -> ir.GiveDef | None:
    """An award with all its modifiers; None after an error."""
    if effect.verb == "deduct":
        env.not_yet(effect, "`deduct`")
        return None
    mods = _Mods(effect.mods, env)
    if not mods.evaluated():
        return None
    inner, line_where = _grain(effect, env)
    found = _amount(effect.amount, inner.finer("units"))
    unit = _unit(effect, found, mods, env)
    if unit is None:
        return None
    return _built(effect, found, unit, mods, inner, line_where, env)


def _built(
    effect: tree.Give, found: Typed, unit: Unit, mods: _Mods, inner: Env, line_where: ir.Expr | None, env: Env
) -> ir.GiveDef | None:
    low, high, only_from = (mods.bound(kind, unit, inner) for kind in (tree.NeverBelow, tree.UpTo, tree.OnlyFrom))
    each_line = mods.one(tree.OfEachLine) is not None
    shares = (ir.Share(found.expr, line_where, None),) if each_line else lean(found.shares)
    rounding = mods.one(tree.Rounded)
    _rounded(effect, [found.expr, low, high], unit, rounding, env)
    return ir.GiveDef(
        unit=unit.name,
        value=found.expr,
        rounding=None if rounding is None else rounding.mode,
        low=low,
        high=high,
        steps=_steps(mods.one(tree.InSteps), unit, env),
        only_from=only_from,
        each_line=each_line,
        line_where=line_where,
        shares=shares,
        pending=_pending(mods.one(tree.PendingUntil), env),
        life=_lasting(mods.one(tree.Lasting), env),
        facts=_facts(mods, env),
        or_nothing=mods.one(tree.OrNothing) is not None,
        at=env.at(effect),
    )


class _Mods:
    """The modifiers of an amount by their kind."""

    def __init__(self, mods: tuple[tree.Mod, ...], env: Env) -> None:
        self.mods = mods
        self.env = env

    def one[M: tree.Node](self, kind: type[M]) -> M | None:
        """The modifier of a kind; a second one of the same kind is an error."""
        found = [mod for mod in self.mods if isinstance(mod, kind)]
        return found[0] if found else None
