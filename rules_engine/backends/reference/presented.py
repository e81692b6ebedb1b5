"""Presented things: tickets and vouchers that an event hands in so that a rule acts, and that it takes where it did.

What an event presents is handed in once: of two rules that ask for one ticket each, the second needs another.
"""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.reference import lots
from rules_engine.backends.reference.acts import use
from rules_engine.backends.reference.lots import Parts
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.taking import usable
from rules_engine.outcome import Taken


def missing(thing: ir.ThingDef, env: Env) -> str:
    """Why a rule that asks for a thing does not act: `not presented`, `too few`; empty where it may."""
    run = env.run
    shown = _shown(thing, run)
    if run.member is None or shown <= 0:
        return "not presented"
    found = usable(thing.unit, thing.where, env)
    for other in _reserved(thing.unit, run):
        theirs = [lot for lot in found if lot in usable(thing.unit, other.where, env)]
        gone = {id(lot): count for lot, count in lots.plan(thing.unit, other.count, theirs, run)}
        found = [lots.less(lot, gone.get(id(lot), 0)) for lot in found]
    have = lots.available(thing.unit, found, run)
    return "too few" if min(shown, have) < thing.count else ""


def _shown(thing: ir.ThingDef, run: Run) -> int:
    """What the event presents in the thing's field, less what was taken for it."""
    sent = run.fields.get(thing.field)
    assert sent is None or isinstance(sent, int)
    waiting = sum(other.count for other in _reserved(thing.unit, run) if other.field == thing.field)
    return (sent or 0) - run.handed.get(thing.field, 0) - waiting


def _reserved(unit: str, run: Run) -> list[ir.ThingDef]:
    """The things of offers that acted on this event; they are taken when all offers are done."""
    acts = run.basket.acts if run.offering and run.basket is not None else ()
    return [act.rule.thing for act in acts if act.rule.thing is not None and act.rule.thing.unit == unit]


def hand_in(rule: str, thing: ir.ThingDef, env: Env) -> Parts:
    """Take what a rule asked for, in order of use."""
    run = env.run
    run.handed[thing.field] = run.handed.get(thing.field, 0) + thing.count
    return use(rule, thing.unit, thing.count, usable(thing.unit, thing.where, env), run)


def commit(run: Run) -> None:
    """Once all offers are done: the things of those that acted are taken, those of members held out are noted."""
    assert run.basket is not None
    env = Env(run)
    for act in run.basket.acts:
        thing = act.rule.thing
        if thing is not None:
            parts = hand_in(act.rule.key, thing, env)
            run.taken.append(Taken(act.rule.key, thing.unit, "presented", thing.count, thing.count, parts))
            run.used[thing.unit] = run.used.get(thing.unit, 0) + thing.count
    for noted in run.offers:
        thing = noted.offer.thing
        if thing is not None and noted.held_out:
            run.taken.append(Taken(noted.offer.key, thing.unit, "presented", thing.count, 0, (), True))
    run.taking.clear()
    run.unseen = {}
