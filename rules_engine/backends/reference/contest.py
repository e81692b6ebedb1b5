"""A contest: every member of a stage or group starts from the same basket, and each unit, line or the whole of it goes
to the one that takes most off there. In: what each member made of the basket. Out: who won what, the basket that
follows, and of those who lost to whom, where, and whether by less or by order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from rules_engine.backends.reference.budgets import recounted
from rules_engine.backends.reference.carrier import Act, Basket, Runs, Unit, joined, zipped
from rules_engine.backends.reference.trace import Ahead, Lost, OfferNoted
from rules_engine.outcome import Discount, Part


class Tried(msgspec.Struct, frozen=True):
    """What a member made of the basket from which all start, and its rules' fates."""

    basket: Basket
    acts: tuple[Act, ...]
    notes: tuple[OfferNoted, ...]


Won = tuple[tuple[tuple[int, int], ...], ...]
"""By line, runs over its units of the number of the member that won them; -1 where none changed them."""


def winners_of(start: Basket, tried: Sequence[Tried], per: str) -> Won:
    """Who takes most off each unit, or each line; of equal ones the first."""
    found = []
    for line, runs in enumerate(start.lines):
        after = [each.basket.lines[line] for each in tried]
        if per == "unit":
            won = [(count, _best_unit(unit, units)) for count, unit, units in _abreast(runs, after)]
        else:
            best = largest([_cost(runs) - _cost(own) if _is_changed(runs, own) else None for own in after])
            won = [(count, best) for count, _ in runs]
        found.append(joined(won))
    return tuple(found)


def _best_unit(unit: Unit, units: Sequence[Unit]) -> int:
    return largest([unit.now - each.now if each.changed != unit.changed else None for each in units])


def largest(discounts: Sequence[int | None]) -> int:
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


def merged(start: Basket, tried: Sequence[Tried], won: Won) -> Basket:
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


# ---- who lost ----


class Loss(msgspec.Struct, frozen=True):
    """What a member lost: the rule that was served before it, and how; empty where it lost nothing."""

    by: str = ""
    how: Ahead = ""


def losses_of_all(tried: Sequence[Tried], best: int) -> list[Loss]:
    """What each member lost where the whole basket goes to one."""
    if best < 0:
        return [Loss()] * len(tried)
    by, cost = tried[best].acts[0].rule.key, tried[best].basket.cost
    return [Loss() if place == best else Loss(by, _ahead(each.basket.cost, cost)) for place, each in enumerate(tried)]


def losses_of(start: Basket, tried: Sequence[Tried], won: Won, per: str, ranks: Sequence[int]) -> list[Loss]:
    """What each member lost of what it changed, the first of it in the order of line ids; else what was won first."""
    lines = sorted(range(len(start.lines)), key=ranks.__getitem__)
    return [_loss(place, lines, start, tried, won, per) for place in range(len(tried))]


def _loss(place: int, lines: Sequence[int], start: Basket, tried: Sequence[Tried], won: Won, per: str) -> Loss:
    for line in lines:
        own = tried[place].basket.lines[line]
        rows = [(count, one.changed != two.changed) for count, one, two in zipped(start.lines[line], own)]
        for _, changed, (winner, how) in zipped(rows, _verdicts(place, line, tried, won, per)):
            if changed and how:
                return Loss(tried[winner].acts[0].rule.key, how)
    winners = [winner for line in lines for _, winner in won[line] if winner not in (-1, place)]
    return Loss(tried[winners[0]].acts[0].rule.key) if winners else Loss()


def lost_parts(place: int, rule: str, effect: int, tried: Sequence[Tried], won: Won, per: str) -> tuple[Lost, ...]:
    """On which lines an effect of a rule lost what it would have changed, and to which rules."""
    discounts = [each for act in tried[place].acts if act.rule.key == rule for each in act.discounts]
    found: dict[Lost, None] = {}
    for part in (part for each in discounts if each.effect == effect for part in each.parts):
        verdicts = _verdicts(place, part.line, tried, won, per)
        for _, off, (winner, how) in zipped(part.runs, verdicts):
            if off and how:
                found[Lost(part.line, _rule_on(part.line, tried[winner]), how)] = None
    return tuple(found)


def _verdicts(place: int, line: int, tried: Sequence[Tried], won: Won, per: str) -> list[tuple[int, tuple[int, Ahead]]]:
    """By runs over the units of a line: who won, and where that is another member, how it came before this one."""
    found: list[tuple[int, tuple[int, Ahead]]] = []
    after = [each.basket.lines[line] for each in tried]
    rows = [(count, units) for count, _, units in _abreast(after[place], after)]
    for count, units, winner in zipped(rows, won[line]):
        how: Ahead = ""
        if winner not in (-1, place):
            if per == "basket":
                how = _ahead(tried[place].basket.cost, tried[winner].basket.cost)
            elif per == "line":
                how = _ahead(_cost(after[place]), _cost(after[winner]))
            else:
                how = _ahead(units[place].now, units[winner].now)
        found.append((count, (winner, how)))
    return found


def _ahead(own: int, other: int) -> Ahead:
    """How a member came before another, by what each makes the same things cost."""
    return "took as much" if own == other else "took more"


def _rule_on(line: int, winner: Tried) -> str:
    """The first rule of a member that changed a line."""
    changed = {rule for _, unit in winner.basket.lines[line] for rule in unit.changed}
    return next((act.rule.key for act in winner.acts if act.rule.key in changed), winner.acts[0].rule.key)
