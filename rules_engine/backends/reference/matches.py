"""Status matches: another programme's tier is lent for a trial, and kept by who earns it.

A match begins with an event. Its trial is judged after every later event, if it already holds, and finally at the end
of its last day. What the judgement reads of the first event was stored with the match.
"""

from __future__ import annotations

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import limits
from rules_engine.backends.reference.expressions import NoAmount, NoAward, day, number, truth
from rules_engine.backends.reference.limits import Taken
from rules_engine.backends.reference.rules import NotApplied
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.tiers import end, fall
from rules_engine.backends.reference.trace import RuleNoted, noting
from rules_engine.event import FieldValue
from rules_engine.state import Holding, HoldingBegan, MatchMoved, MatchState


def begin(run: Run) -> None:
    """Every match that this kind of event may begin."""
    assert run.event is not None
    for match in run.world.core.matches:
        if run.event.name in match.events:
            _begin(match, run)


def _begin(match: ir.MatchDef, run: Run) -> None:
    noted = RuleNoted(match)
    if run.trace is not None:
        run.trace.rules.append(noted)
    with noting(run.trace, noted.inner):
        try:
            _start(match, Env(run))
        except NoAward:
            noted.why = "no award"
        except NoAmount:
            noted.why = "no amount"
        except NotApplied as reason:
            noted.why, noted.failed, noted.limit = reason.why, reason.failed, reason.limit
    if run.trace is not None:
        noted.limits, run.trace.limits = run.trace.limits, []


def _start(match: ir.MatchDef, env: Env) -> None:
    """The matched tier, at most `up_to`, is held to the end of the trial."""
    run, tiers = env.run, env.run.world.core.tiers
    assert tiers is not None
    if run.member is None:
        raise NotApplied("no member")
    if not truth(match.dates, env):
        raise NotApplied("outside its dates", match.dates)
    if not truth(match.when, env):
        raise NotApplied("condition", match.when)
    rung = int(number(match.rung, env))
    rung = rung if match.up_to is None else min(rung, match.up_to)
    last = day(match.trial, env)
    if rung < 1 or last is None:
        raise NotApplied("no award")
    _take(match, env)
    tier = tiers.rungs[rung].name
    facts = {name: _plain(run.fields[name]) for name in match.facts}
    run.record(MatchMoved(match.key, None, MatchState(tier, run.today, last, "trial", facts)))
    run.record(HoldingBegan(Holding(tier, run.standing, last, match.key), None))


def _take(match: ir.MatchDef, env: Env) -> None:
    taken = Taken()
    for limit in match.limits:
        if not limits.time_left(limit, taken, env):
            raise NotApplied("limit reached", limit=limit)
    for limit in match.limits:
        limits.take_time(limit, taken, env)
    limits.commit(taken, env.run)


def _plain(value: FieldValue) -> int | str | bool | None:
    assert not isinstance(value, tuple)
    return value


# ---- judging ----


def judge_early(run: Run) -> None:
    """After an event: a trial whose goal is already met ends, and the matched tier is kept from this day on."""
    for match, trial in _trials(run):
        rung = run.world.rungs[trial.tier]
        if trial.start <= run.today <= trial.trial_until and _holds(match, trial, rung, rung, run):
            _keep(match, trial, rung, run, run.standing)


def judge_at_end(last_day: int, run: Run) -> None:
    """At the end of a trial's last day: what was earned is kept, else the match's own `then` follows."""
    tiers = run.world.core.tiers
    for match, trial in _trials(run):
        if trial.trial_until > last_day:
            continue
        matched = run.world.rungs[trial.tier]
        rungs = range(matched, 0, -1) if match.graded else (matched,)
        kept = next((rung for rung in rungs if _holds(match, trial, rung, matched, run)), None)
        if kept is not None:
            _keep(match, trial, kept, run, last_day + 1)
            continue
        _end(match, trial, "ended", last_day, run)
        if tiers is not None:
            with run.reading(trial.facts, match.events[0]):
                fall(match.fall, matched, run, last_day + 1)


def _trials(run: Run) -> list[tuple[ir.MatchDef, MatchState]]:
    states = run.state.matches
    return [
        (match, trial)
        for match in run.world.core.matches
        for trial in states.get(match.key, ())
        if trial.status == "trial"
    ]


def _holds(match: ir.MatchDef, trial: MatchState, rung: int, matched: int, run: Run) -> bool:
    with run.reading(trial.facts, match.events[0]), noting(run.trace, []):
        return truth(match.keep, Env(run, rung=rung, matched=matched))


def _keep(match: ir.MatchDef, trial: MatchState, rung: int, run: Run, begins: int) -> None:
    """The kept tier is held for the match's life, worked out on the day of the judgement, and at least to the trial's
    last day."""
    tiers = run.world.core.tiers
    assert tiers is not None
    with run.reading(trial.facts, match.events[0]), noting(run.trace, []), run.beginning(begins):
        until = day(match.life, Env(run, matched=run.world.rungs[trial.tier]))
    _end(match, trial, "kept", begins - 1, run)
    until = until if until is None else max(until, trial.trial_until)
    if until is None or until >= begins:
        run.record(HoldingBegan(Holding(tiers.rungs[rung].name, begins, until, match.key), None))


def _end(match: ir.MatchDef, trial: MatchState, status: str, last_day: int, run: Run) -> None:
    run.record(MatchMoved(match.key, trial, msgspec.structs.replace(trial, status=status)))
    lent = (trial.tier, match.key, trial.trial_until)
    for holding in [each for each in run.state.holdings if (each.tier, each.reason, each.until) == lent][:1]:
        end(holding, last_day, run)
