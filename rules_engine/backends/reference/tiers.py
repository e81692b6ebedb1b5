"""The ladder: which paths hold, what they grant, and what follows a holding that ends.

A tier is not a value that is set; it is the highest of the holdings that are live. So a trial, a tier for life and a
soft landing are all holdings, and nothing has to be put back when one of them ends.

A holding that has ended is forgotten, unless a scheduled event is yet to come that reads the tier as of one of its
days: until then it is kept without a reason, and nothing prolongs it or ends it again.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import schedules
from rules_engine.backends.reference.expressions import day, earned, way_holds
from rules_engine.backends.reference.reading import held, live_holdings
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.trace import Noted, WayNoted, noting
from rules_engine.outcome import TierChange
from rules_engine.state import Holding, HoldingBegan, HoldingEnded


def judge(tiers: ir.TiersDef, run: Run, begins: int) -> None:
    """Judge every path of every rung; each that holds grants, or prolongs, the holding of its rung."""
    for place in range(1, len(tiers.rungs)):
        _judge_rung(place, tiers, run, begins)


def _judge_rung(place: int, tiers: ir.TiersDef, run: Run, begins: int) -> None:
    rung, env = tiers.rungs[place], Env(run)
    for way in rung.ways:
        inner: list[Noted] = []
        with noting(run.trace, inner):
            holds = way_holds(way, tiers, env)
        if run.trace is not None:
            run.trace.ways.append(WayNoted(place, way, run.today, holds, inner))
        if holds:
            with noting(run.trace, []), run.beginning(_counted_from(begins, run)):
                until = day(way.life if way.life is not None else tiers.life, env)
            grant(Holding(rung.name, begins, until, way.name or rung.name), run)


def _counted_from(begins: int, run: Run) -> int:
    """The day from which a life is counted: the first of the holding, or, on a scheduled event, the day it is as of, so
    that what settles late does not last longer for it."""
    return begins if run.event is None or run.event.occurrence is None else run.event.day


def grant(holding: Holding, run: Run) -> None:
    """Grant a holding, or prolong the one of the same tier and reason; an end never comes nearer."""
    if holding.until is not None and holding.until < holding.start:
        return
    same = [each for each in run.state.holdings if (each.tier, each.reason) == (holding.tier, holding.reason)]
    if not same:
        run.record(HoldingBegan(holding, None))
    elif is_later(holding.until, same[-1].until):
        run.record(HoldingBegan(msgspec.structs.replace(same[-1], until=holding.until), same[-1]))


def is_later(until: int | None, other: int | None) -> bool:
    """Whether an end comes after another; None is no end."""
    return other is not None and (until is None or until > other)


def end_holdings(last_day: int, run: Run) -> None:
    """End the holdings whose last day this is; where the tier goes down with one, what was written follows it.

    That is the `then` of the ladder, or for a holding that a match gave, the `then` of the match.
    """
    live = [each for each in run.state.holdings if each.reason]
    ended = [each for each in live if each.until is not None and each.until <= last_day]
    for holding in ended:
        end(holding, last_day, run)
    falls = {match.key: match.fall for match in run.world.core.matches}
    tiers = run.world.core.tiers
    for holding in sorted(ended, key=lambda each: run.world.rungs[each.tier], reverse=True):
        rule = falls.get(holding.reason, tiers.fall if tiers is not None else None)
        if rule is not None:
            fall(rule, run.world.rungs[holding.tier], run, last_day + 1)


def end(holding: Holding, last_day: int, run: Run) -> None:
    """End a holding with a day; what it was is kept while something is to be read as of one of its days."""
    last = last_day if holding.until is None else min(last_day, holding.until)
    if schedules.is_read(holding.start, last, run):
        run.record(HoldingBegan(msgspec.structs.replace(holding, until=last, reason=""), holding))
    else:
        run.record(HoldingEnded(holding))


def tidy(run: Run) -> None:
    """Forget the holdings that have ended and that nothing reads any more."""
    for past in [each for each in run.state.holdings if not each.reason]:
        assert past.until is not None
        if not schedules.is_read(past.start, past.until, run):
            run.record(HoldingEnded(past))


def fall(rule: ir.FallDef, rung: int, run: Run, begins: int) -> None:
    """What follows the end of a holding of a rung, judged as of `today`; nothing, where as much is held anyway."""
    tiers = run.world.core.tiers
    assert tiers is not None
    with noting(run.trace, []):
        target = _landing(rule, rung, Env(run))
        if target <= held(run, begins):
            return
        if rule.what == "earned" and target == earned(Env(run)):
            _judge_rung(target, tiers, run, begins)
            return
        with run.beginning(begins):
            until = day(tiers.life, Env(run))
    grant(Holding(tiers.rungs[target].name, begins, until, f"after {tiers.rungs[rung].name}"), run)


def _landing(rule: ir.FallDef, rung: int, env: Env) -> int:
    match rule.what:
        case "earned":
            return earned(env) if rule.down is None else max(earned(env), rung - rule.down)
        case "down":
            return rung - (rule.down or 1)
        case "tier":
            return rule.tier or 0
        case _:
            assert_never(rule.what)


def note_change(before: int, since: int, run: Run) -> None:
    """Note that the held tier is another from a day on, and the holding that carries it: the first that begins then."""
    tiers, after = run.world.core.tiers, held(run, since)
    if tiers is None or after == before:
        return
    names = [rung.name for rung in tiers.rungs]
    carriers = [each for each in live_holdings(run, since) if each.tier == names[after]]
    carriers.sort(key=lambda each: each.start != since)
    run.tiers.append(
        TierChange(names[before], names[after], since, carriers[0].reason if carriers else f"after {names[before]}")
    )
