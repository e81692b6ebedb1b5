"""How offers of a stage or group go together: all, the first, the best of them, the best together.

A member is a rule or a group. What a member does is a basket that follows from another, so trying one is running it,
and choosing is going on with one of the baskets, or with the parts of several.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from rules_engine import ir
from rules_engine.backends.reference.budgets import recounted
from rules_engine.backends.reference.carrier import Act, Basket, Runs, Unit, joined, zipped
from rules_engine.backends.reference.codes import codes_of, presented
from rules_engine.backends.reference.offers import ask
from rules_engine.backends.reference.reach import Reach, denied, first_come
from rules_engine.backends.reference.run import Run
from rules_engine.backends.reference.trace import OfferNoted
from rules_engine.outcome import Discount, Part
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
                OfferNoted(rule, "lost", winner, name) if lost else OfferNoted(rule, "code not presented")
            )


# ---- best ----


class Tried(msgspec.Struct, frozen=True):
    """What a member made of the basket from which all start, and its rules' fates."""

    basket: Basket
    acts: tuple[Act, ...]
    notes: tuple[OfferNoted, ...]


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
        best = _largest([start.cost - each.basket.cost if each.acts else None for each in tried])
        run.basket = start if best < 0 else tried[best].basket
        winners = [tried[best].acts[0].rule.key if best >= 0 else ""] * len(tried)
    else:
        won = _winners(start, tried, policy.per)
        run.basket = _merged(start, tried, won)
        ranks = [place.rank for place in run.places]
        winners = [_winner_over(place, start, tried, won, ranks) for place in range(len(tried))]
    kept = {act.rule.key: act for act in run.basket.acts[len(start.acts) :]}
    for each, winner in zip(tried, winners, strict=True):
        for fate in each.notes:
            if not fate.why:
                _settle(fate, kept, winner, name)


Won = tuple[tuple[tuple[int, int], ...], ...]
"""By line, runs over its units of the number of the member that won them; -1 where none changed them."""


def _winners(start: Basket, tried: Sequence[Tried], per: str) -> Won:
    found = []
    for line, runs in enumerate(start.lines):
        after = [each.basket.lines[line] for each in tried]
        if per == "unit":
            won = [(count, _best_unit(unit, units)) for count, unit, units in _abreast(runs, after)]
        else:
            best = _largest([_cost(runs) - _cost(own) if _is_changed(runs, own) else None for own in after])
            won = [(count, best) for count, _ in runs]
        found.append(joined(won))
    return tuple(found)


def _best_unit(unit: Unit, units: Sequence[Unit]) -> int:
    return _largest([unit.now - each.now if each.changed != unit.changed else None for each in units])


def _largest(discounts: Sequence[int | None]) -> int:
    """The number of the largest, the first of equal ones; -1 where there is none."""
    found = -1
    for place, discount in enumerate(discounts):
        if discount is not None and (found < 0 or discount > (discounts[found] or 0)):
            found = place
    return found


def _abreast(runs: Runs, others: Sequence[Runs]) -> Iterator[tuple[int, Unit, tuple[Unit, ...]]]:
    """The units of a line beside what each member made of them."""
    rows: list[tuple[int, tuple[Unit, tuple[Unit, ...]]]] = [(count, (unit, ())) for count, unit in runs]
    for other in others:
        rows = [(count, (unit, (*found, each))) for count, (unit, found), each in zipped(rows, other)]
    return ((count, unit, found) for count, (unit, found) in rows)


def _cost(runs: Runs) -> int:
    return sum(count * unit.now for count, unit in runs)


def _is_changed(before: Runs, after: Runs) -> bool:
    return any(one.changed != two.changed for _, one, two in zipped(before, after))


def _merged(start: Basket, tried: Sequence[Tried], won: Won) -> Basket:
    """Each unit as its winner left it; of the acts, what was won."""
    winners = {place for runs in won for _, place in runs}
    acts = [
        kept
        for place, each in enumerate(tried)
        if place in winners
        for act in each.acts
        if (kept := _kept(act, place, tried, won)) is not None
    ]
    keys = frozenset(act.rule.key for act in acts)
    lines = []
    for line, runs in enumerate(start.lines):
        found = []
        rows = [(count, (unit, units)) for count, unit, units in _abreast(runs, [t.basket.lines[line] for t in tried])]
        for count, (unit, units), place in zipped(rows, won[line]):
            claims = unit.claimed.union(*(each.claimed & keys for each in units))
            taken = unit if place < 0 else units[place]
            found.append((count, msgspec.structs.replace(taken, claimed=claims)))
        lines.append(joined(found))
    return Basket(tuple(lines), (*start.acts, *acts))


def _kept(act: Act, place: int, tried: Sequence[Tried], won: Won) -> Act | None:
    """What a rule did where its member won; None where it changed units, but none there. A rule of the member that
    changed none at all keeps its charges and gifts."""
    discounts = tuple(_kept_discount(each, place, won) for each in act.discounts)
    key, basket = act.rule.key, tried[place].basket
    if basket.is_changed_by(key) and not _changed_there(key, place, basket, won):
        return None
    took = tuple(recounted(each, discounts) for each in act.took)
    return msgspec.structs.replace(act, discounts=discounts, took=took)


def _kept_discount(discount: Discount, place: int, won: Won) -> Discount:
    parts = []
    for part in discount.parts:
        runs = joined(
            (count, off if winner == place else 0) for count, off, winner in zipped(part.runs, won[part.line])
        )
        if any(off for _, off in runs):
            parts.append(Part(part.line, runs))
    return msgspec.structs.replace(discount, given=sum(part.amount for part in parts), parts=tuple(parts))


def _changed_there(rule: str, place: int, basket: Basket, won: Won) -> bool:
    return any(
        winner == place and rule in unit.changed
        for runs, winners in zip(basket.lines, won, strict=True)
        for _, unit, winner in zipped(runs, winners)
    )


def _winner_over(place: int, start: Basket, tried: Sequence[Tried], won: Won, ranks: Sequence[int]) -> str:
    """The rule that won what a member changed first, else what was won first, in the order of line ids."""
    lines = sorted(range(len(start.lines)), key=ranks.__getitem__)
    for line in lines:
        runs = start.lines[line]
        own = tried[place].basket.lines[line]
        rows = [(count, one.changed != two.changed) for count, one, two in zipped(runs, own)]
        for _, changed, winner in zipped(rows, won[line]):
            if changed and winner not in (-1, place):
                return tried[winner].acts[0].rule.key
    winners = [winner for line in lines for _, winner in won[line] if winner not in (-1, place)]
    return tried[winners[0]].acts[0].rule.key if winners else ""


def _settle(noted: OfferNoted, kept: dict[str, Act], winner: str, name: str) -> None:
    """The fate of a rule that acted while it was tried."""
    act = kept.get(noted.offer.key)
    given = {} if act is None else {each.effect: each.given for each in act.discounts}
    if act is None:
        noted.why, noted.by, noted.group = ("lost", winner, name) if winner else ("nothing to give", "", "")
    for effect in noted.effects:
        if act is None or isinstance(effect.effect, ir.DiscountDef):
            left = given.get(effect.number, 0)
            if act is not None and left < effect.given:
                effect.cut, effect.cut_by = "lost", winner
            effect.given = left


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
            asked = len(run.offers)
            _together((member,), reach, start, run)
            for fate in run.offers[asked:]:
                if not fate.why:
                    _settle(fate, {}, winner, name)
    run.basket = chosen


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
