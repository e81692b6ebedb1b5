"""From an effect to the amount that is wanted, before any limit.

In this order: the exact value; nothing under `only from`; not below `low`, not above `high`, compared exactly; one
rounding, never past the cap. A negative amount is nothing to give.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import assert_never

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import carrying
from rules_engine.backends.reference.comparing import clipped
from rules_engine.backends.reference.expressions import NoAmount, amount, evaluate, number, on_lines, truth
from rules_engine.backends.reference.fields import canonical
from rules_engine.backends.reference.run import Env
from rules_engine.backends.reference.trace import noting
from rules_engine.decoding import misfit
from rules_engine.values import round_fraction


class Wanted(msgspec.Struct, frozen=True):
    """What an effect wants: exact (None: nothing was offered), whole, and its weights on the lines."""

    exact: Fraction | None
    amount: int
    weights: tuple[int, ...]


NOTHING = Wanted(None, 0, ())
"""Nothing was offered."""


def formed(effect: ir.ActDef, env: Env) -> Wanted:
    """What an effect wants, and of an award the receipt of how it falls on lines."""
    match effect:
        case ir.GiveDef():
            return NOTHING if effect.to and env.run.fields.get(effect.to) is None else wanted(effect, env)
        case ir.DeductDef():
            exact = amount(effect.value, env)
            return NOTHING if exact is None else Wanted(exact, max(0, _whole(exact, effect, env)), ())
        case ir.TurnDef(amount=value) | ir.AcceptDef(offered=value):
            exact = amount(value, env)
            offered = exact is not None and exact > 0
            return Wanted(exact, math.floor(exact), ()) if offered and exact is not None else NOTHING
        case ir.CarryDef():
            return Wanted(number(effect.value, env), carrying.wanted(effect, env), ())
        case _:
            assert_never(effect)


def wanted(give: ir.GiveDef, env: Env) -> Wanted:
    """The amount of an award and the receipt of how it falls on lines."""
    exact = _each_line(give, env) if give.each_line else amount(give.value, env)
    if exact is None:
        return NOTHING
    whole = max(0, _whole(exact, give, env))
    with noting(env.run.trace, []):
        return Wanted(exact, whole, weights(give, env) if whole else ())


def turned(give: ir.GiveDef, times: Fraction | None, env: Env) -> Wanted:
    """What is given for units that are turned: so many times an amount, or the amount as it stands."""
    exact = number(give.value, env) * (1 if times is None else times)
    return Wanted(exact, stepped(max(0, _whole(exact, give, env)), give), ())


def clips(give: ir.GiveDef, found: Wanted, env: Env) -> bool:
    """Whether `up to` or `in steps of` left less of a gift than its exact worth."""
    high = amount(give.high, env)
    exact = found.exact or Fraction()
    return (high is not None and exact > high) or (give.steps is not None and exact > found.amount)


def stepped(count: int, give: ir.GiveDef) -> int:
    """An amount in whole steps."""
    return count if give.steps is None else count // give.steps * give.steps


def _whole(exact: Fraction, effect: ir.GiveDef | ir.DeductDef, env: Env) -> int:
    least, low, high = amount(effect.only_from, env), amount(effect.low, env), amount(effect.high, env)
    if least is not None and exact < least:
        return 0
    whole = round_fraction(clipped(exact, low, high), rounding(effect, env) or "down")
    return whole if high is None else min(whole, math.floor(high))


def rounding(give: ir.GiveDef | ir.DeductDef, env: Env) -> ir.RoundingMode | None:
    """The effect's own rounding, else its unit's; None where the checker saw that amounts are whole."""
    return give.rounding or env.run.world.units[give.unit].rounding


def _each_line(give: ir.GiveDef, env: Env) -> Fraction:
    """`of each line`: formed and rounded on every line, then added."""
    mode = rounding(give, env) or "down"
    chosen = [on for on in on_lines(env) if truth(give.line_where, on)]
    return Fraction(sum(round_fraction(number(give.value, on), mode) for on in chosen))


def weights(give: ir.GiveDef, env: Env) -> tuple[int, ...]:
    """The measure on each line: the sum of the shares there, exact, times their least common denominator."""
    if not give.shares:
        return ()
    scales = [_scale(share, env) for share in give.shares]
    exact = [Fraction()] * len(env.run.lines)
    for on in on_lines(env):
        exact[on.number] = sum(
            (_share(share, on) * scale for share, scale in zip(give.shares, scales, strict=True)), Fraction()
        )
    common = math.lcm(*(weight.denominator for weight in exact))
    return tuple(int(weight * common) for weight in exact)


def _scale(share: ir.Share, env: Env) -> Fraction:
    """What a share counts for; one that is written for another currency than the event's counts for nothing."""
    try:
        return Fraction(1) if share.scale is None else number(share.scale, env)
    except NoAmount:
        return Fraction()


def _share(share: ir.Share, on: Env) -> Fraction:
    return number(share.value, on) if truth(share.where, on) else Fraction()


def facts_of(rule: str, give: ir.GiveDef, env: Env) -> dict[str, int | str | bool | None]:
    """The values that a lot remembers; raises `EventRefused` for one that its unit does not declare so."""
    run = env.run
    fields = {field.name: field for field in run.world.units[give.unit].remembers}
    found: dict[str, int | str | bool | None] = {}
    for name, expr in give.facts:
        value = canonical(evaluate(expr, env), fields[name])
        reason = "it is no whole number"
        if not isinstance(value, Fraction):
            reason = "" if value is None else misfit(fields[name], value, run.world.core)
            found[name] = value
        if reason:
            raise run.refused("V168", "", rule=rule, unit=give.unit, name=name, reason=reason)
    return found
