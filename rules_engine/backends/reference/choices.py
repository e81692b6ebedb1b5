"""How offers of a stage or group go together: all, the first, the best of them, the best together.

A member is a rule or a group. What a member does is a basket that follows from another, so trying one is running it,
and choosing is going on with one of the baskets, or with the parts of several.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rules_engine import ir
from rules_engine.backends.reference.budgets import one_too_many
from rules_engine.backends.reference.carrier import Act, Basket
from rules_engine.backends.reference.codes import codes_of, presented
from rules_engine.backends.reference.contest import (
    Loss,
    Tried,
    Won,
    largest,
    losses_of,
    losses_of_all,
    lost_parts,
    merged,
    winners_of,
)
from rules_engine.backends.reference.offers import ask
from rules_engine.backends.reference.reach import Reach, denied, first_come
from rules_engine.backends.reference.run import Run
from rules_engine.backends.reference.trace import Ahead, EffectNoted, OfferNoted
from rules_engine.spelling import normal_code


def run_stage(stage: ir.Stage, run: Run) -> None:
    """All offers of a stage; then its prices are kept for later rules to read."""
    policy = run.world.policies[stage]
    _choose(policy, stage, (), run)
    assert run.basket is not None
    lines = tuple(
        tuple((count, msgspec.structs.replace(unit, after=(*unit.after, unit.now))) for count, unit in runs)
        for runs in run.basket.lines
    )
    run.basket = msgspec.structs.replace(run.basket, lines=lines)


def _choose(policy: ir.PolicyDef, name: str, reach: Reach, run: Run) -> None:
    """Run the members of a stage or group as its policy says."""
    members = _members(policy, run)
    match policy.choice:
        case "all":
            for member in members:
                _enter(member, reach, run)
        case "first":
            _first(members, policy, name, reach, run)
        case "best":
            _best(members, policy, name, reach, run)
        case "best together":
            _best_together(members, name, reach, run)


def _members(policy: ir.PolicyDef, run: Run) -> list[str]:
    """The members in the order in which they are asked, those on other kinds of event left out."""
    order = [name for name in policy.order if any(_is_on(rule, run) for rule in _rules(name, run))]
    if not policy.of_codes:
        return order
    codes = [normal_code(code) for code in presented(run)]

    def turn(name: str) -> int:
        rule = run.world.offers.get(name)
        if rule is None or rule.code is None:
            return -1
        own = codes_of(rule, run)
        return codes.index(own[0]) if own else len(codes)

    return sorted(order, key=turn)


def _rules(member: str, run: Run) -> tuple[ir.OfferDef, ...]:
    """The rules of a member."""
    if not member.startswith(GROUP):
        return (run.world.offers[member],)
    order = run.world.offer_groups[member.removeprefix(GROUP)].policy.order
    return tuple(rule for name in order for rule in _rules(name, run))


GROUP = "group "


def _is_on(rule: ir.OfferDef, run: Run) -> bool:
    return run.event is not None and run.event.name in rule.events


def _enter(member: str, reach: Reach, run: Run) -> None:
    if member.startswith(GROUP):
        name = member.removeprefix(GROUP)
        _choose(run.world.offer_groups[name].policy, name, reach, run)
    else:
        ask(run.world.offers[member], reach, run)


# ---- first ----


def _first(members: Sequence[str], policy: ir.PolicyDef, name: str, reach: Reach, run: Run) -> None:
    """Per basket the first that acted ends the group; else what a rule changed is out of the reach of later ones."""
    winner = ""
    for member in members:
        if winner:
            _note_lost(member, winner, name, run)
            continue
        before = _basket(run).acts
        _enter(member, reach, run)
        new = _basket(run).acts[len(before) :]
        if policy.per == "basket":
            winner = new[0].rule.key if new else ""
        else:
            reach = (*reach, *first_come(new, policy.per, name))


def _note_lost(member: str, winner: str, name: str, run: Run) -> None:
    """Rules that are not asked any more; of those that wait for a code it is said first whether it was there."""
    for rule in _rules(member, run):
        if _is_on(rule, run):
            lost = rule.code is None or codes_of(rule, run)
            run.offers.append(
                OfferNoted(rule, "lost", winner, name, "came first") if lost else OfferNoted(rule, "code not presented")
            )


# ---- best ----


def _best(members: Sequence[str], policy: ir.PolicyDef, name: str, reach: Reach, run: Run) -> None:
    """Every member from the same start; each unit, line or the basket goes to the one that takes most off there."""
    start = _basket(run)
    tried = []
    for member in members:
        noted = len(run.offers)
        run.basket = start
        _enter(member, reach, run)
        after = _basket(run)
        tried.append(Tried(after, after.acts[len(start.acts) :], tuple(run.offers[noted:])))
    if policy.per == "basket":
        best = largest([start.cost - each.basket.cost if each.acts else None for each in tried])
        won: Won = tuple(tuple((count, best) for count, _ in runs) for runs in start.lines)
        run.basket = start if best < 0 else tried[best].basket
        losses = losses_of_all(tried, best)
    else:
        won = _contest(start, tried, members, policy.per, name, run)
        losses = losses_of(start, tried, won, policy.per, [place.rank for place in run.places])
    kept = {act.rule.key: act for act in _basket(run).acts[len(start.acts) :]}
    for place, (each, loss) in enumerate(zip(tried, losses, strict=True)):
        for fate in each.notes:
            if not fate.why:
                for effect in _settle(fate, kept.get(fate.offer.key), loss, name):
                    effect.lost += lost_parts(place, fate.offer.key, effect.number, tried, won, policy.per)


def _contest(start: Basket, tried: list[Tried], members: Sequence[str], per: str, name: str, run: Run) -> Won:
    """Who wins what. Where winners go past what the group allows together, the last of them takes no part, and the
    others contest again."""
    group = run.world.offer_groups.get(name)
    while True:
        won = winners_of(start, tried, per)
        run.basket = basket = merged(start, tried, won)
        over = None if group is None else one_too_many(group, basket.acts[len(start.acts) :], run)
        if over is None:
            return won
        act, limit = over
        place = members.index(act.rule.key)
        for noted in tried[place].notes:
            noted.why, noted.limit = ("group is full" if limit is None else "limit reached"), limit
            noted.group = name if limit is None else ""
            for effect in noted.effects:
                effect.given = 0
        tried[place] = msgspec.structs.replace(tried[place], basket=start, acts=())


def _settle(noted: OfferNoted, kept: Act | None, loss: Loss, name: str) -> list[EffectNoted]:
    """The fate of a rule that acted while it was tried: what is kept of it, and which effects lost something."""
    given = {} if kept is None else {each.effect: each.given for each in kept.discounts}
    if kept is None and loss.by:
        noted.why, noted.by, noted.group, noted.how = "lost", loss.by, name, loss.how
    elif kept is None:
        noted.why = "nothing to give"
    lost = []
    for effect in noted.effects:
        if kept is None or isinstance(effect.effect, ir.DiscountDef):
            left = given.get(effect.number, 0)
            if left != effect.given and loss.by:
                effect.cut, effect.cut_by = "lost", loss.by
                lost.append(effect)
            effect.given = left
    return lost


# ---- best together ----


def _best_together(members: Sequence[str], name: str, reach: Reach, run: Run) -> None:
    """Of all subsets in which no two refuse each other, run as `all`, the one that takes most off: of equal ones that
    of fewer rules, then that of earlier rules. A subset goes on from what it made without its last member."""
    start = _basket(run)
    best: tuple[str, ...] = ()
    most = 0
    with run.trying():
        able = [member for member in members if _may_act(member, reach, start, run)]
        made = {best: start}
        for subset in _subsets(able, run)[1:]:
            made[subset] = _together(subset[-1:], reach, made[subset[:-1]], run)
            off = start.cost - made[subset].cost
            if off > most:
                best, most = subset, off
    chosen = _together(best, reach, start, run)
    winner = chosen.acts[len(start.acts)].rule.key if len(chosen.acts) > len(start.acts) else ""
    for member in members:
        if member not in best:
            asked, loss = len(run.offers), Loss(winner, _beaten(member, best, made))
            _together((member,), reach, start, run)
            for fate in run.offers[asked:]:
                if not fate.why:
                    _settle(fate, None, loss, name)
    run.basket = chosen


def _beaten(member: str, best: tuple[str, ...], made: dict[tuple[str, ...], Basket]) -> Ahead:
    """How the best subset came before all those that a member is in."""
    own = [subset for subset in made if member in subset and made[subset].cost == made[best].cost]
    if not own:
        return "took more together"
    return "took as much by fewer" if all(len(subset) > len(best) for subset in own) else "took as much together"


def _together(members: Sequence[str], reach: Reach, start: Basket, run: Run) -> Basket:
    """What some members make of a basket, one after the other."""
    run.basket = start
    for member in members:
        _enter(member, reach, run)
    return _basket(run)


def _may_act(member: str, reach: Reach, start: Basket, run: Run) -> bool:
    """Whether a member could act, whatever others do."""
    asked = len(run.offers)
    _together((member,), reach, start, run)
    return any(fate.why not in _NEVER for fate in run.offers[asked:])


_NEVER = ("code not presented", "outside its dates", "no member", "held out")


def _subsets(members: Sequence[str], run: Run) -> list[tuple[str, ...]]:
    """All subsets in which no two rules refuse each other for the basket: those of fewer, of earlier ones first."""
    found: list[tuple[int, ...]] = [()]
    for place, member in enumerate(members):
        found += [
            (*others, place) for others in found if not any(_refuse(member, members[other], run) for other in others)
        ]
    return [tuple(members[place] for place in subset) for subset in sorted(found, key=lambda each: (len(each), each))]


def _refuse(one: str, other: str, run: Run) -> bool:
    rules = run.world.offers
    return one in rules and other in rules and denied(rules[one], rules[other]) == "basket"


def _basket(run: Run) -> Basket:
    assert run.basket is not None
    return run.basket
