"""Offers: their trigger, condition, sets, effects and limits.

In: an offer's declaration and the context of the check. Out: `ir.OfferDef`, or None after an error. With which others
it may act is in `consents`, in which order in `stages`, whether an order is missing in `overlaps`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine import ir, tree
from rules_engine.checking.consents import OFFERS, consent_of, group_of, return_of
from rules_engine.checking.effects import Place, effects
from rules_engine.checking.elaboration import (
    Env,
    code_source,
    condition,
    dates,
    env_for,
    narrowed,
    priced_events,
    sent,
    thing,
)
from rules_engine.checking.limits import Owner, limit_defs
from rules_engine.checking.refused import of_rule
from rules_engine.checking.sets import sets
from rules_engine.checking.tracks import known_events
from rules_engine.diagnostics import Fix

if TYPE_CHECKING:
    from rules_engine.checking.context import Context


def offer_def(declared: tree.RuleDecl, context: Context) -> ir.OfferDef | None:
    """The offer, or None after an error."""
    found = of_rule(declared)
    if found is not None:
        context.never(*found)
        return None
    stage = OFFERS[declared.kind]
    events = known_events(declared.on, context)
    env = env_for(context, events, "offer", offer=stage)
    if sent(declared.title, "an offer", env):
        priced_events(declared.title, env)
    span = dates(declared.dates, env) if declared.dates is not None else None
    code, presented = _trigger(declared, env)
    when = condition(declared.when, env) if declared.when is not None else None
    inner = narrowed(env, declared.when)
    formed = _sets(declared, Place(stage, True), inner)
    made = effects(declared.effects, Place(stage, formed is not None), inner)
    if not declared.effects and not context.failed and not (formed and any(part.effects for part in formed.parts)):
        context.report("M178", declared.title, title=declared.title.value)
    key = declared.name.text if declared.name else declared.title.value
    owner = Owner(key, None, False, (declared.when,), True, formed is not None, code is not None)
    limits = limit_defs(declared.limits, owner, context, inner)
    group = group_of(declared, context)
    consent = consent_of(declared, context)
    on_return = return_of(declared, context)
    if context.failed:
        return None
    return ir.OfferDef(
        key,
        declared.title.value,
        declared.was.value if declared.was else "",
        stage,
        events,
        span,
        code,
        when,
        formed,
        made,
        limits,
        group,
        consent,
        on_return,
        (),
        tuple(each.text.value for each in declared.effects if isinstance(each, tree.Say)),
        context.at(declared),
        presented,
    )


def _trigger(declared: tree.RuleDecl, env: Env) -> tuple[ir.CodeDef | None, ir.ThingDef | None]:
    """What sets an offer off: nothing but its conditions, a code, or something presented; one must be written."""
    match declared.trigger:
        case tree.WithCode(code=code):
            return code_source(code, env), None
        case tree.WithThing() as trigger:
            return None, thing(trigger, env)
        case None:
            at = _before_when(declared)
            fix = Fix("write `automatic`", (at, at), "automatic   ")
            env.report("M220", declared.title, title=declared.title.value, fix=fix)
        case _:
            pass
    return None, None


def _before_when(declared: tree.RuleDecl) -> int:
    """Where a trigger belongs: after the events and dates."""
    clauses = (declared.when, declared.loop, *declared.effects)
    first = next((each for each in clauses if each is not None), None)
    if first is None:
        return declared.span[1] - 1
    return first.span[0] - len("when ") if first is declared.when else first.span[0]


def _sets(declared: tree.RuleDecl, place: Place, env: Env) -> ir.SetsDef | None:
    return sets(declared.loop, place, env) if isinstance(declared.loop, tree.EverySet) else None
