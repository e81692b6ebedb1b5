"""What has to hold of an event for a rule to do anything at all.

In: a rule. Out: facts that all hold where it acts, and those of a code that is presented, whose rule has to be asked so
that the code can be told what came of it. A rule that is not found leaves no trace in any outcome.
"""

from __future__ import annotations

from collections.abc import Iterable

from rules_engine import ir
from rules_engine.planning.conditions import Needed, Scope, either, holding, never, positive
from rules_engine.planning.subjects import Key, Subject


def acting(rule: ir.OfferDef | ir.RuleDef, scope: Scope, columns: dict[str, tuple[str, ...]]) -> tuple[Needed, ...]:
    """The facts that hold wherever a rule acts. `columns` are the codes of imported columns, in normal spelling."""
    if rule.code is not None:
        return _code(rule.code, rule.at, columns)
    asked = (*holding(rule.dates, scope), *holding(rule.when, scope), *_thing(rule.thing))
    if isinstance(rule, ir.OfferDef):
        return (*asked, *_offered(rule, scope))
    return (*asked, *_given(rule, scope))


def _code(code: ir.CodeDef, at: ir.Origin, columns: dict[str, tuple[str, ...]]) -> tuple[Needed, ...]:
    """The codes that set a rule off. Those of a member are not known beforehand."""
    if code.fact is not None:
        return ()
    return (Key(Subject("code"), "one of", (*code.texts, *columns.get(code.column, ())), at=at),)


def _thing(thing: ir.ThingDef | None) -> tuple[Needed, ...]:
    if thing is None:
        return ()
    return (Key(Subject("event", thing.field), "within", low=1, at=thing.at),)


# ---- offers


def _offered(rule: ir.OfferDef, scope: Scope) -> tuple[Needed, ...]:
    if rule.sets is not None:
        parts = rule.sets.parts[:1] if rule.sets.partial else rule.sets.parts
        return tuple(each for part in parts for each in holding(part.where, scope, of_line=True))
    return either([_taken(effect, scope) for effect in rule.effects], rule.at)


def _taken(effect: ir.EffectDef, scope: Scope) -> tuple[Needed, ...]:
    match effect:
        case ir.DiscountDef(select=select, verb=verb, value=value):
            lines = holding(select.where, scope, of_line=True) if select.of == "lines" else ()
            return (*lines, *positive(value, scope, of_line=True)) if verb == "take" else lines
        case ir.ChargeDef(value=value):
            return positive(value, scope)
        case _:
            return ()


# ---- earns, redeems, rewards


def _given(rule: ir.RuleDef, scope: Scope) -> tuple[Needed, ...]:
    keys: Iterable[Needed] = ()
    if isinstance(rule.loop, ir.KeysDef) and rule.loop.key is not None:
        keys = holding(rule.loop.where, scope, of_line=True)
    if not rule.effects:
        return tuple(keys)
    return (*keys, *either([_wanted(effect, scope) for effect in rule.effects], rule.at))


def _wanted(effect: ir.ActDef, scope: Scope) -> tuple[Needed, ...]:
    match effect:
        case ir.GiveDef(value=value, low=low, each_line=each_line, line_where=where):
            if low is not None and not never(low):
                return ()
            lines = holding(where, scope, of_line=True) if each_line else ()
            return (*lines, *positive(value, scope, of_line=each_line))
        case ir.DeductDef(value=value, low=low):
            return () if low is not None and not never(low) else positive(value, scope)
        case ir.TurnDef(amount=amount):
            return positive(amount, scope)
        case ir.AcceptDef(offered=offered):
            return positive(offered, scope)
        case ir.CarryDef():
            return ()
