"""Earns and rewards: whether a rule acts on an event, and what it then gives.

A rule is asked, in this order: is there a member; is it inside its dates; does its condition hold; was a mark reached;
what does each effect want; what do the limits let through. What a rule gives becomes a lot at the end of its stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from rules_engine import ir
from rules_engine.allocation import spread
from rules_engine.backends.reference import limits
from rules_engine.backends.reference.allotment import line_keys
from rules_engine.backends.reference.amounts import Wanted, facts_of, wanted
from rules_engine.backends.reference.expressions import NoAmount, NoAward, truth
from rules_engine.backends.reference.holdouts import is_held_out
from rules_engine.backends.reference.limits import Taken
from rules_engine.backends.reference.lives import expires, pending_until
from rules_engine.backends.reference.reading import seen_before, track_value
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.trace import GiveNoted, Noted, RuleNoted, noting
from rules_engine.outcome import Award, Said
from rules_engine.state import AMOUNT_MAX, Lot, add_lot


class NotApplied(Exception):  # noqa: N818 - control flow of the interpreter, never seen outside
    """A rule does not act, and why; `limit` is the one that cut a rule with `or nothing`."""

    def __init__(self, why: str, failed: ir.Expr | None = None, limit: ir.LimitDef | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.failed = failed
        self.limit = limit


class Act(msgspec.Struct):
    """One effect in one turn of a rule: what it wants, what it gives, which limit cut it last."""

    give: ir.GiveDef
    turn: int
    mark: int | None
    wanted: Wanted
    inner: list[Noted]
    given: int = 0
    cut_by: str = ""


def run_stage(kind: str, run: Run) -> None:
    """All rules of a stage that this kind of event triggers, in an order in which each comes after those it reads."""
    assert run.event is not None
    lots: list[Lot] = []
    for rule in run.world.core.rules:
        if rule.kind == kind and run.event.name in rule.events:
            lots += _apply(rule, run)
    for lot in lots:
        add_lot(run.state.lots, lot)


def _apply(rule: ir.RuleDef, run: Run) -> list[Lot]:
    """One rule: its awards and messages are noted in the run, its lots handed back."""
    noted = RuleNoted(rule)
    if run.trace is not None:
        run.trace.rules.append(noted)
    env, acts = Env(run), list[Act]()
    with noting(run.trace, noted.inner):
        try:
            turns = _turns(rule, env)
            acts = _wanted(rule, turns, env)
            _something(acts)
            noted.held_out = is_held_out(rule.key, env)
            if not noted.held_out:
                _serve(rule, turns, acts, env)
        except NoAward:
            noted.why = "no award"
        except NoAmount:
            noted.why = "no amount"
        except NotApplied as reason:
            noted.why, noted.failed, noted.limit = reason.why, reason.failed, reason.limit
            _cancel(acts, reason.limit)
    _note_gives(noted, acts, run)
    return _awarded(rule, acts, noted.held_out, run)


def _turns(rule: ir.RuleDef, env: Env) -> list[Env]:
    """One turn, or one for each mark that this event reached, in ascending order; raises `NotApplied`."""
    run = env.run
    if run.member is None and (rule.gives or rule.limits or rule.loop is not None):
        raise NotApplied("no member")
    if not truth(rule.dates, env):
        raise NotApplied("outside its dates", rule.dates)
    if not truth(rule.when, env):
        raise NotApplied("condition", rule.when)
    if rule.loop is None:
        return [env]
    track = run.world.tracks[rule.loop.track]
    seen, now = seen_before(track, env), track_value(track, run.today, env)
    marks = [mark for mark in sorted(rule.loop.marks) if seen < mark <= now]
    if not marks:
        raise NotApplied("no mark reached")
    return [msgspec.structs.replace(env, mark=mark) for mark in marks]


def _wanted(rule: ir.RuleDef, turns: Sequence[Env], env: Env) -> list[Act]:
    """What every effect wants in every turn."""
    acts = []
    for turn, at in enumerate(turns):
        for give in rule.gives:
            inner: list[Noted] = []
            with noting(env.run.trace, inner):
                acts.append(Act(give, turn, at.mark, wanted(give, at), inner))
            if acts[-1].wanted.amount > AMOUNT_MAX:
                raise env.run.refused("V153", "", rule=rule.key)
    return acts


def _something(acts: Sequence[Act]) -> None:
    """Raise `NotApplied` where effects want nothing at all."""
    if acts and all(act.wanted.exact is None for act in acts):
        raise NotApplied("nothing offered")
    if acts and not any(act.wanted.amount for act in acts):
        raise NotApplied("nothing to give")


# ---- limits ----


def _serve(rule: ir.RuleDef, turns: Sequence[Env], acts: list[Act], env: Env) -> None:
    """Cut what is wanted to the room of all limits, turn by turn; raises `NotApplied` where a cut cancels the rule."""
    by_times, by_amount = limits.limits_of(rule, env)
    taken, said = Taken(), list[Said]()
    for turn in range(len(turns)):
        own = [act for act in acts if act.turn == turn and act.wanted.amount]
        if rule.gives and not own:
            continue
        full = next((limit for limit in by_times if not limits.time_left(limit, taken, env)), None)
        if full is not None:
            _shut(own, full)
            continue
        for act in own:
            _cut(act, by_amount, taken, env)
        if not own or any(act.given for act in own):
            for limit in by_times:
                limits.take_time(limit, taken, env)
            said += [Said(rule.key, text) for text in rule.says]
    limits.commit(taken, env.run)
    env.run.said += said


def _shut(acts: list[Act], limit: ir.LimitDef) -> None:
    """A turn for which no time is left."""
    if limit.or_nothing or not acts or any(act.give.or_nothing for act in acts):
        raise NotApplied("limit reached", limit=limit)
    for act in acts:
        act.cut_by = limit.key


def _cut(act: Act, by_amount: list[ir.LimitDef], taken: Taken, env: Env) -> None:
    """Whole steps, the limits of the effect's unit one after the other, whole steps again.

    An amount without weight on any line falls on no day of a line, so a limit by such days does not reach it.
    """
    lined = any(act.wanted.weights)
    own = [limit for limit in by_amount if limit.unit == act.give.unit and (lined or not limit.scope.by_line)]
    parts, keys = _parts(act, own, env)
    for limit in own:
        after = limits.cut(limit, parts, keys, taken, env)
        if sum(after) < sum(parts):
            act.cut_by = limit.key
            if limit.or_nothing or act.give.or_nothing:
                raise NotApplied("limit reached", limit=limit)
        parts = after
    act.given = _stepped(sum(parts), act.give)
    if act.given < sum(parts):
        parts = spread(act.given, parts, None, keys, env.run.world.core.header.remainder)
    for limit in own:
        limits.take_amount(limit, parts, taken, env)


def _parts(act: Act, own: list[ir.LimitDef], env: Env) -> tuple[list[int], list[Any]]:
    """One part, or one for each line where a limit goes by a day of the line."""
    amount = _stepped(act.wanted.amount, act.give)
    kind = env.run.event_kind()
    assert kind is not None
    if not act.wanted.weights or not any(limit.scope.by_line for limit in own):
        return [amount], [0]
    keys = line_keys(kind, env.run.lines)
    return spread(amount, act.wanted.weights, None, keys, env.run.world.core.header.remainder), keys


def _stepped(amount: int, give: ir.GiveDef) -> int:
    return amount if give.steps is None else amount // give.steps * give.steps


def _cancel(acts: list[Act], limit: ir.LimitDef | None) -> None:
    """`or nothing`: one cut, and the whole rule gives nothing."""
    for act in acts:
        act.given = 0
        act.cut_by = limit.key if limit is not None else ""


# ---- what comes of it ----


def _awarded(rule: ir.RuleDef, acts: list[Act], held_out: bool, run: Run) -> list[Lot]:
    """An award for each effect that wanted something, and a lot for each that gives something."""
    lots = []
    for act in acts:
        if not act.wanted.amount:
            continue
        award = Award(
            rule=rule.key,
            unit=act.give.unit,
            wanted=act.wanted.amount,
            given=act.given,
            weights=act.wanted.weights,
            held_out=held_out,
            cut_by=act.cut_by,
        )
        if act.given:
            award = _lasting(award, act.give, Env(run, mark=act.mark))
            lots.append(award.lot(run.today))
        run.awards.append(award)
    return lots


def _lasting(award: Award, give: ir.GiveDef, env: Env) -> Award:
    """The award with its last days and with what it remembers."""
    with noting(env.run.trace, []):
        pending, ends, facts = pending_until(give, env), expires(give, env), facts_of(give, env)
    return msgspec.structs.replace(award, pending=pending, expires=ends, facts=facts)


def _note_gives(noted: RuleNoted, acts: list[Act], run: Run) -> None:
    if run.trace is not None:
        noted.limits, run.trace.limits = run.trace.limits, []
        noted.gives = [
            GiveNoted(
                act.give, act.turn, act.mark, act.wanted.exact, act.wanted.amount, act.given, act.cut_by, act.inner
            )
            for act in acts
        ]
