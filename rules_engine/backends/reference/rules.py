"""Redeems, earns and rewards: whether a rule acts on an event, and what it then gives and takes.

A rule is asked, in this order: is its code presented; is there a member; is it inside its dates; is its thing presented
and owned; does its condition hold; was a mark reached, is there a key; what does each effect want; what do the limits
let through. What is taken is gone at once, and comes back where the rule is cancelled; what a rule gives becomes a lot
at the end of its stage.

Rules come in an order in which each follows those it reads; redeems in the order of their stage. In a group, or an
order of redeems, that takes the first, those after one that gave or took something are not asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from rules_engine import ir
from rules_engine.allocation import spread
from rules_engine.backends.reference import awarding, carrying, keyed, limits, pools, presented, taking, tender
from rules_engine.backends.reference.acts import Act, Meter, NotApplied, meter_of, record, saved
from rules_engine.backends.reference.allotment import line_keys
from rules_engine.backends.reference.amounts import formed, stepped
from rules_engine.backends.reference.codes import codes_of
from rules_engine.backends.reference.expressions import NoAmount, NoAward, truth
from rules_engine.backends.reference.holdouts import is_held_out
from rules_engine.backends.reference.reading import seen_before, track_value
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.telling import note_acts
from rules_engine.backends.reference.trace import Noted, RuleNoted, noting
from rules_engine.backends.reference.world import World
from rules_engine.outcome import Payment, Said, Taken
from rules_engine.state import AMOUNT_MAX

__all__ = ["NotApplied", "end_stage", "in_order", "run_stage", "serve"]

GROUP = "group "


def run_stage(kind: str, run: Run) -> None:
    """All rules of a stage that this kind of event triggers, then what they gave comes in."""
    first, taken = len(run.awards), len(run.taken)
    winners: dict[str, str] = {}
    assert run.event is not None
    for member, rule in in_order(kind, run.event.name, run.world):
        serve(member, rule, winners, run)
    end_stage(first, taken, run)


TENDER = "tender"


def end_stage(first: int, taken: int, run: Run) -> None:
    """What a stage gave comes in, and what it took is gone: the awards and takings from these numbers on."""
    if run.member is not None:
        awarding.receive(first, run)
    _use_up(taken, run)


def serve(member: str, rule: ir.RuleDef, winners: dict[str, str], run: Run) -> None:
    """One rule at its turn, unless the group or the order of redeems that it belongs to has been served."""
    by, group = _lost(member, rule, winners, run)
    if by:
        if run.trace is not None:
            run.trace.rules.append(RuleNoted(rule, "lost", by=by, group=group))
    elif _apply(rule, run):
        winners.setdefault(rule.group, rule.key)
        winners.setdefault(TENDER, member if rule.kind == "redeem" else "")
        winners.setdefault(member, rule.key)


def in_order(kind: str, name: str, world: World) -> list[tuple[str, ir.RuleDef]]:
    """The rules of a stage of a kind of event in their order, each with the member of the order of redeems that it
    belongs to."""
    core = world.core
    mine = [rule for rule in core.rules if rule.kind == kind and name in rule.events]
    found: list[tuple[str, ir.RuleDef]] = []
    for member in core.tender if kind == "redeem" else ():
        group = world.groups.get(member.removeprefix(GROUP)) if member.startswith(GROUP) else None
        keys = (member,) if group is None else group.order
        found += [(member, rule) for key in keys for rule in mine if rule.key == key]
    named = {rule.key for _, rule in found}
    return [*found, *((rule.key, rule) for rule in mine if rule.key not in named)]


def _lost(member: str, rule: ir.RuleDef, winners: dict[str, str], run: Run) -> tuple[str, str]:
    """The rule that was served first where only the first is, and in which group; empty where none was."""
    group = run.world.groups.get(rule.group)
    if group is not None and group.choice == "first" and rule.group in winners:
        return winners[rule.group], rule.group
    ahead = winners.get(TENDER, "")
    if rule.kind == "redeem" and run.world.core.tender_choice == "first" and ahead and ahead != member:
        return winners[ahead], TENDER
    return "", ""


def _use_up(start: int, run: Run) -> None:
    """What the stage took is seen by the stages after it."""
    for each in run.taken[start:]:
        if each.how != "turn" or run.world.rules[each.rule].kind == "redeem":
            run.used[each.unit] = run.used.get(each.unit, 0) + each.taken
    run.taking.clear()
    run.unseen = {}


def _apply(rule: ir.RuleDef, run: Run) -> bool:
    """One rule: its awards, takings and messages are noted in the run. Whether it gave or took something."""
    noted = RuleNoted(rule)
    if run.trace is not None:
        run.trace.rules.append(noted)
    env, acts, back = Env(run, code=_code(rule, run)), list[Act](), saved(run) if _takes(rule) else None
    run.unseen = _unseen(rule, run)
    with noting(run.trace, noted.inner):
        try:
            turns = _turns(rule, env)
            acts = _wanted(rule, turns, env)
            _something(acts)
            noted.held_out = is_held_out(rule.key, env)
            if not noted.held_out:
                _serve(rule, turns, acts, env)
            elif _takes(rule):
                _serve(rule, turns, acts, env, trial=True)
                _withhold(acts)
        except NoAward:
            noted.why = "no award"
        except NoAmount:
            noted.why = "no amount"
        except NotApplied as reason:
            noted.why, noted.failed, noted.limit = reason.why, reason.failed, reason.limit
            noted.held_out = False
            _cancel(acts, reason.limit)
        if back is not None and (noted.why or noted.held_out):
            back()
    acted = not noted.why and not noted.held_out and (not acts or any(act.acted for act in acts))
    if env.code:
        why = noted.why or ("held out" if noted.held_out else "limit reached")
        run.coded.append((env.code, rule.key, "" if acted else why))
    note_acts(noted, acts, run)
    _record(rule, acts, noted.held_out, run)
    return acted and bool(acts)


def _code(rule: ir.RuleDef, run: Run) -> str:
    """The code that sets a rule off: the first presented one that its limits by times leave room for."""
    own = codes_of(rule, run) if rule.code is not None else []
    with run.trying():
        free = [code for code in own if run.member is None or _has_times(rule, Env(run, code=code))]
    return (free or own or [""])[0]


def _has_times(rule: ir.RuleDef, env: Env) -> bool:
    by_times, _ = limits.limits_of(rule, env)
    return all(limits.time_left(limit, limits.Taken(), env) for limit in by_times)


def _takes(rule: ir.RuleDef) -> bool:
    return any(isinstance(each, ir.DeductDef | ir.TurnDef | ir.AcceptDef) for each in rule.effects)


def _unseen(rule: ir.RuleDef, run: Run) -> dict[str, int]:
    """What other rules took in this stage that this one does not see: all but the earlier ones of its ordered group, or
    of the order of redeems."""
    found: dict[str, int] = {}
    for key, unit, count in run.taking:
        together = rule.kind == "redeem" or (rule.group and run.world.rules[key].group == rule.group)
        if not together:
            found[unit] = found.get(unit, 0) + count
    return found


def _turns(rule: ir.RuleDef, env: Env) -> list[Env]:
    """One turn, or one for each mark that this event reached, or for each key; raises `NotApplied`."""
    run = env.run
    if rule.code is not None and not env.code:
        raise NotApplied("code not presented")
    if run.member is None and (rule.effects or rule.limits or rule.loop is not None or rule.thing is not None):
        raise NotApplied("no member")
    if not truth(rule.dates, env):
        raise NotApplied("outside its dates", rule.dates)
    absent = "" if rule.thing is None else presented.missing(rule.thing, env)
    if absent:
        raise NotApplied(absent)
    if not truth(rule.when, env):
        raise NotApplied("condition", rule.when)
    match rule.loop:
        case None:
            return [env]
        case ir.MarksDef() as loop:
            return _marks(loop, env)
        case ir.KeysDef() as loop:
            turns = keyed.turns(loop, env)
            if not turns:
                raise NotApplied("no key")
            return turns


def _marks(loop: ir.MarksDef, env: Env) -> list[Env]:
    track = env.run.world.tracks[loop.track]
    seen, now = seen_before(track, env), track_value(track, env.run.today, env)
    marks = [mark for mark in sorted(loop.marks) if seen < mark <= now]
    if not marks:
        raise NotApplied("no mark reached")
    return [msgspec.structs.replace(env, mark=mark) for mark in marks]


def _wanted(rule: ir.RuleDef, turns: Sequence[Env], env: Env) -> list[Act]:
    """What every effect wants in every turn."""
    acts = []
    for turn, at in enumerate(turns):
        for effect in rule.effects:
            if isinstance(effect, ir.GiveDef | ir.TurnDef) and pools.is_elsewhere(effect, env.run):
                raise NotApplied("another household")
            inner: list[Noted] = []
            with noting(env.run.trace, inner):
                acts.append(Act(rule.key, effect, turn, at, formed(effect, at), inner))
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


def _serve(rule: ir.RuleDef, turns: Sequence[Env], acts: list[Act], env: Env, trial: bool = False) -> None:
    """Cut what is wanted to the room of all limits, turn by turn; raises `NotApplied` where a cut cancels the rule. In
    a trial nothing is kept of it."""
    by_times, by_amount = limits.limits_of(rule, env)
    meter, said = meter_of(rule, by_amount), list[Said]()
    for turn, at in enumerate(turns):
        own = [act for act in acts if act.turn == turn and act.wanted.amount]
        if rule.effects and not own:
            continue
        full = next((limit for limit in by_times if not limits.time_left(limit, meter.taken, at)), None)
        if full is not None:
            _shut(own, full)
            continue
        for act in own:
            _do(act, meter)
        if not own or any(act.acted for act in own):
            for limit in by_times:
                limits.take_time(limit, meter.taken, at)
            said += [Said(rule.key, text) for text in rule.says]
    acted = not acts or any(act.acted for act in acts)
    if not acted and not any(act.cut_by for act in acts):
        raise NotApplied("nothing to give")
    if not trial:
        _finish(rule, acts, acted, meter, env)
        env.run.said += said


def _finish(rule: ir.RuleDef, acts: list[Act], acted: bool, meter: Meter, env: Env) -> None:
    """A rule has acted: its limits count, what it carries is carried, its thing is taken."""
    limits.commit(meter.taken, env.run)
    for act in acts:
        if isinstance(act.effect, ir.CarryDef) and act.given:
            carrying.carry(act.effect, act.given, env.run)
    if rule.thing is not None and acted:
        parts = presented.hand_in(rule.key, rule.thing, env)
        env.run.taken.append(Taken(rule.key, rule.thing.unit, "presented", rule.thing.count, rule.thing.count, parts))


def _do(act: Act, meter: Meter) -> None:
    """One effect in one turn."""
    match act.effect:
        case ir.GiveDef() as give:
            _cut(give, act, meter)
        case ir.DeductDef() as effect:
            taking.deduct(effect, act, meter)
        case ir.TurnDef() as effect:
            taking.turn(effect, act, meter)
        case ir.AcceptDef() as effect:
            tender.accept(effect, act, meter)
        case ir.CarryDef():
            act.given = act.wanted.amount


def _shut(acts: list[Act], limit: ir.LimitDef) -> None:
    """A turn for which no time is left."""
    if limit.or_nothing or not acts or any(_or_nothing(act.effect) for act in acts):
        raise NotApplied("limit reached", limit=limit)
    for act in acts:
        act.cut_by = limit.key


def _or_nothing(effect: ir.ActDef) -> bool:
    match effect:
        case ir.TurnDef(into=into):
            return into.or_nothing
        case ir.CarryDef():
            return False
        case _:
            return effect.or_nothing


def _cut(give: ir.GiveDef, act: Act, meter: Meter) -> None:
    """Whole steps, the limits of the effect's unit one after the other, whole steps again.

    An amount without weight on any line falls on no day of a line, so a limit by such days does not reach it.
    """
    env, lined = act.at, any(act.wanted.weights)
    own = [limit for limit in meter.by_amount if limit.unit == give.unit and (lined or not limit.scope.by_line)]
    (parts, keys), counted = _parts(give, act, own, env), meter.counter(give)
    for limit in own:
        after = limits.cut(limit, parts, keys, counted, env)
        if sum(after) < sum(parts):
            act.cut("limit", limit)
            if limit.or_nothing or give.or_nothing:
                raise NotApplied("limit reached", limit=limit)
        parts = after
    act.given = stepped(sum(parts), give)
    if act.given < sum(parts):
        parts = spread(act.given, parts, None, keys, env.run.world.core.header.remainder)
    for limit in own:
        limits.take_amount(limit, parts, counted, env)


def _parts(give: ir.GiveDef, act: Act, own: list[ir.LimitDef], env: Env) -> tuple[list[int], list[Any]]:
    """One part, or one for each line where a limit goes by a day of the line."""
    amount = stepped(act.wanted.amount, give)
    kind = env.run.event_kind()
    assert kind is not None
    if not act.wanted.weights or not any(limit.scope.by_line for limit in own):
        return [amount], [0]
    keys = line_keys(kind, env.run.lines)
    return spread(amount, act.wanted.weights, None, keys, env.run.world.core.header.remainder), keys


def _cancel(acts: list[Act], limit: ir.LimitDef | None) -> None:
    """`or nothing`: one cut, and the whole rule gives and takes nothing."""
    for act in acts:
        act.given = act.taken = act.value = 0
        act.parts, act.gifts = (), ()
        act.cut_by = limit.key if limit is not None else ""


def _withhold(acts: list[Act]) -> None:
    """A member who is held out: it stays known what would have been taken, nothing is given."""
    for act in acts:
        act.given, act.gifts, act.cut_by = 0, (), ""


# ---- what comes of it ----


def _record(rule: ir.RuleDef, acts: list[Act], held_out: bool, run: Run) -> None:
    """What the outcome says of a rule: awards, and what was taken of what it asked for. Of a member who is held out it
    says what would have been."""
    for act in acts:
        match act.effect:
            case ir.AcceptDef(unit=unit):
                if act.wanted.amount:
                    run.taken.append(record(act, unit, "accept", held_out))
                if held_out and act.taken:
                    run.payments.append(Payment(rule.key, unit, act.wanted.amount, 0, 0, (), True))
            case ir.DeductDef(unit=unit) if act.asked:
                run.taken.append(record(act, unit, "deduct", held_out))
            case ir.TurnDef(unit=unit) if act.asked:
                run.taken.append(record(act, unit, "turn", held_out))
            case _:
                continue
    awarding.awarded(rule, acts, held_out, run)
