"""Where an event stands once so many of its pieces have come back: a function of how many, and of nothing else.

The pieces of a line are alike for a return. Of a line of n pieces, the first k of n even parts of its list price have
come back, and by each offer's own word

- `by share`: the first k of n even parts of what the offer took off the line are taken back with them;
- `keep`: nothing is taken back, the whole discount stays with what is kept;
- `work out again`: what the offer gave on the line, less what it gives there when the pieces that are kept are scored
  alone, as things stood before the event.

What is given back for goods, and for shipping, never passes what they cost. Once all goods have come back, shipping has
too, and each line stands at what it cost.

The tax that stays is the tax of what the kept pieces cost; the rest of a line's tax has come back. So partial returns
add up to the penny, whatever the rounding.

Charges, gifts and codes follow the policies of their offers. A charge or gift `by share` goes by the goods' pieces; one
that is kept stays. Counters are restored only of offers that are worked out again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from rules_engine import ir
from rules_engine.allocation import spread
from rules_engine.returning.bought import Beside, Bought, Counter, Given, Line
from rules_engine.values import round_ratio

RATE = 10**9
_Key = TypeVar("_Key")
_Moved = TypeVar("_Moved", Counter, Beside)


class Standing(msgspec.Struct, frozen=True):
    """What has come back so far: money and tax of each line, discounts by offer, charges, gifts, codes, counters."""

    nets: tuple[int, ...]
    taxes: tuple[int, ...]
    taken: dict[str, int]
    charges: dict[tuple[str, str], int]
    gifts: dict[tuple[str, str], int]
    codes: frozenset[str]
    used: dict[Counter, int]
    shared: dict[Counter, int]
    beside: dict[Beside, int]

    def value(self, bought: Bought) -> int:
        """All the money that has come back; below zero where what is kept costs more than was paid."""
        taxes = sum(self.taxes) if bought.taxed_on_top else 0
        return sum(self.nets) + taxes + sum(self.charges.values())


def everything(bought: Bought, counts: Sequence[int]) -> bool:
    """Whether all goods have come back; of an event without goods, all shipping."""
    goods = [(line.units, count) for line, count in zip(bought.lines, counts, strict=True) if not line.shipping]
    if not any(units for units, _ in goods):
        goods = [(line.units, count) for line, count in zip(bought.lines, counts, strict=True)]
    return all(units == count for units, count in goods)


def standing(bought: Bought, counts: Sequence[int], kept: Given) -> Standing:
    """Where the event stands; `kept` is what offers give on the pieces that are kept."""
    over = everything(bought, counts)
    taken = {rule: _taken(bought, rule, counts, kept) for rule in sorted({*bought.given.discounts, *kept.discounts})}
    nets = tuple(line.net for line in bought.lines) if over else _nets(bought, counts, taken, kept)
    share = (1, 1) if over else _share(bought, counts)
    mine = _restorable(bought)
    return Standing(
        nets=nets,
        taxes=tuple(_tax(bought, *each) for each in zip(bought.lines, counts, nets, strict=True)),
        taken={rule: sum(amounts) for rule, amounts in taken.items()},
        charges=_stood(bought, bought.given.charges, kept.charges, share, whole_only=False),
        gifts=_stood(bought, bought.given.gifts, kept.gifts, share, whole_only=True),
        codes=frozenset(_codes(bought, kept)),
        used=_restored(bought.given.used, kept.used, mine),
        shared=_restored(bought.given.shared, kept.shared, mine),
        beside=_restored(bought.given.beside, kept.beside, mine),
    )


def first_parts(amount: int, units: int, count: int) -> int:
    """The first `count` of as many even parts of an amount as there are units; odd minor units go to the first.

    >>> [first_parts(100, 3, count) for count in range(4)], first_parts(-100, 3, 1)
    ([0, 34, 67, 100], -34)
    """
    if amount < 0:
        return -first_parts(-amount, units, count)
    each, odd = divmod(amount, units) if units else (0, 0)
    return each * count + min(odd, count)


# ---- lines ----


def _taken(bought: Bought, rule: str, counts: Sequence[int], kept: Given) -> list[int]:
    """What is taken back of an offer, line by line."""
    given, again = bought.given.discounts.get(rule, {}), kept.discounts.get(rule, {})
    match bought.policy(rule).policy:
        case "by share":
            lines = enumerate(zip(bought.lines, counts, strict=True))
            return [first_parts(given.get(place, 0), line.units, count) for place, (line, count) in lines]
        case "work out again":
            return [given.get(place, 0) - again.get(place, 0) for place in range(len(bought.lines))]
        case _:
            return [0] * len(bought.lines)


def _nets(bought: Bought, counts: Sequence[int], taken: dict[str, list[int]], kept: Given) -> tuple[int, ...]:
    again = [rule for rule in taken if bought.policy(rule).policy == "work out again"]
    nets = [
        _by_share(bought, place, count, kept) - sum(taken[rule][place] for rule in again)
        for place, count in enumerate(counts)
    ]
    return _within(bought, _within(bought, nets, shipping=False), shipping=True)


def _by_share(bought: Bought, place: int, count: int, kept: Given) -> int:
    """The list price of the pieces that came back, less their share of discounts.

    With several offers on a line the odd pennies of one could make the next piece worth less than nothing; so it is the
    most that any first part of the pieces comes to. Prices that offers made are worked out again if those offers are.
    """
    line = bought.lines[place]
    rules = [rule for rule in bought.given.discounts if bought.policy(rule).policy == "by share"]
    off = [bought.given.discounts[rule].get(place, 0) for rule in rules]
    if _priced_again(bought):
        return line.list - kept.lists.get(place, 0) - sum(first_parts(amount, line.units, count) for amount in off)
    turns = {abs(amount) % line.units for amount in (line.list, *off)} if line.units and len(off) > 1 else set()
    reached = {count, *(turn for turn in (0, *turns) if turns and turn < count)}
    return max(
        first_parts(line.list, line.units, each) - sum(first_parts(amount, line.units, each) for amount in off)
        for each in reached
    )


def _priced_again(bought: Bought) -> bool:
    """Whether offers make the list prices of this kind of event, and all that do are worked out again."""
    if not bought.kind.priced_by_offers:
        return False
    makers = (offer for offer in bought.offers.values() if any(_prices(effect) for effect in offer.effects))
    return all(_is_again(offer) for offer in makers)


def _prices(effect: ir.EffectDef) -> bool:
    return isinstance(effect, ir.DiscountDef) and effect.verb == "price"


def _within(bought: Bought, nets: Sequence[int], shipping: bool) -> tuple[int, ...]:
    """No more than goods, or shipping, cost in all: what a kept discount leaves too much is taken off in proportion."""
    mine = [line.shipping == shipping for line in bought.lines]
    own = [max(0, net) if at else 0 for net, at in zip(nets, mine, strict=True)]
    short = sum(net for net, at in zip(nets, mine, strict=True) if at and net < 0)
    room = sum(line.net for line, at in zip(bought.lines, mine, strict=True) if at) - short
    cut = spread(min(room, sum(own)), own, own)
    return tuple(part if at and net > 0 else net for net, part, at in zip(nets, cut, mine, strict=True))


def _tax(bought: Bought, line: Line, count: int, net: int) -> int:
    """The tax of a line that has come back with `net`: all of it, less the tax of what is kept."""
    if net == line.net or not net:
        return line.tax if net == line.net else 0
    stays = max(0, line.net - net)
    header = bought.terms.core.header
    pieces = line.units - count if header.tax_per == "unit" else 1
    parts = spread(stays, [1] * pieces) if pieces > 1 else [stays]
    back = line.tax - sum(_tax_of(part, line.rate, header) for part in parts)
    return max(0, back) if net >= 0 else min(0, back)


def _tax_of(amount: int, rate: int, header: ir.Header) -> int:
    """The tax in an amount, or on top of it, rounded as the header says."""
    if not rate or not header.prices or header.tax_rounding is None:
        return 0
    if header.prices == "exclude":
        return round_ratio(amount * rate, RATE, header.tax_rounding)
    return amount - round_ratio(amount * RATE, RATE + rate, header.tax_rounding)


# ---- beside the lines ----


def _share(bought: Bought, counts: Sequence[int]) -> tuple[int, int]:
    """How many of the goods' pieces there are, and how many have come back."""
    goods = [(line.units, count) for line, count in zip(bought.lines, counts, strict=True) if not line.shipping]
    return sum(units for units, _ in goods), sum(count for _, count in goods)


def _stood(
    bought: Bought,
    given: dict[tuple[str, str], int],
    again: dict[tuple[str, str], int],
    share: tuple[int, int],
    whole_only: bool,
) -> dict[tuple[str, str], int]:
    """Of charges or gifts, what has come back; of things only whole ones."""
    found: dict[tuple[str, str], int] = {}
    units, count = share
    for key in sorted({*given, *again}):
        amount = given.get(key, 0)
        match bought.policy(key[0]).policy:
            case "by share" if whole_only:
                found[key] = amount * count // units if units else 0
            case "by share":
                found[key] = first_parts(amount, units, count)
            case "work out again":
                back = amount - again.get(key, 0)
                found[key] = max(0, back) if whole_only else back
            case _:
                pass
    return {key: amount for key, amount in found.items() if amount}


def _codes(bought: Bought, kept: Given) -> Iterable[str]:
    """The codes that set nothing off any more, of those that did."""
    for code, rules in bought.given.codes.items():
        if rules and not kept.codes.get(code) and all(rule in bought.again for rule in rules):
            yield code


def _restorable(bought: Bought) -> frozenset[str]:
    """The limits whose counters a return restores: those of rules that are worked out again, and those of groups all
    of whose rules are."""
    core = bought.terms.core
    rules: tuple[ir.OfferDef | ir.RuleDef, ...] = (*core.offers, *core.rules)
    again, mine = set(bought.again), {*bought.offers, *bought.rules}
    own = {limit.key for rule in rules if rule.key in again for limit in rule.limits}
    every = {limit.key for rule in rules for limit in rule.limits}
    groups: tuple[ir.OfferGroupDef | ir.GroupDef, ...] = (*core.offer_groups, *core.groups)
    for group in groups:
        limits = {limit.key for limit in group.limits}
        every |= limits
        members = [rule for rule in rules if rule.group == group.name and rule.key in mine]
        if all(_is_again(rule) for rule in members if isinstance(rule, ir.RuleDef)) and all(
            _is_again(rule) for rule in core.offers if rule.group == group.name
        ):
            own |= limits
    given = bought.given
    counters = {each[0] for moved in (given.used, given.shared, given.beside) for each in moved}
    return frozenset(name for name in counters if _limit_of(name, every) in own)


def _is_again(rule: ir.OfferDef | ir.RuleDef) -> bool:
    return rule.on_return is not None and rule.on_return.policy == "work out again"


def _limit_of(counter: str, limits: Iterable[str]) -> str:
    """The key of the limit that a counter is of: the values of its keys follow it."""
    fitting = [key for key in limits if counter == key or counter.startswith(f"{key} ")]
    return max(fitting, key=len, default="")


def _restored(given: dict[_Moved, int], again: dict[_Moved, int], mine: frozenset[str]) -> dict[_Moved, int]:
    back = {each: moved - again.get(each, 0) for each, moved in given.items() if each[0] in mine}
    return {each: amount for each, amount in back.items() if amount > 0}


def difference(now: dict[_Key, int], before: dict[_Key, int]) -> dict[_Key, int]:
    """What came since, by key; what stayed is left out."""
    keys = [*now, *(key for key in before if key not in now)]
    found = {key: now.get(key, 0) - before.get(key, 0) for key in keys}
    return {key: amount for key, amount in found.items() if amount}
