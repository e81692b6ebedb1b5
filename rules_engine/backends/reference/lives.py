"""Until when what is given is pending, and until when it is valid: the last days, both included."""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.reference.expressions import day
from rules_engine.backends.reference.reading import whichever
from rules_engine.backends.reference.run import Env


def pending_until(give: ir.GiveDef, env: Env) -> int | None:
    """The last day of being pending: as the rule says, else as the unit says."""
    unit = env.run.world.units[give.unit]
    return day(give.pending if give.pending is not None else unit.pending, env)


def expires(give: ir.GiveDef, env: Env) -> int | None:
    """The last valid day that is known when a lot is given; a span after the last of some events is counted later."""
    if give.life is not None:
        return day(give.life, env)
    return unit_expires(env.run.world.units[give.unit], env)


def unit_expires(unit: ir.UnitDef, env: Env) -> int | None:
    """The same where no rule says otherwise."""
    fixed = [life for life in unit.lives if not life.after_last]
    return whichever(unit, [day(life.day, env) for life in fixed]) if fixed else None
