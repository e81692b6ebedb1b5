"""`heavy.rules` as a careful engineer would write it by hand: the whole answer, and no checks.

In and out, and what is taken for granted, as in `handwritten_whole`; so is what is rare or long. A few short lines
stand in both, since a call for them would make what is measured slower. The prices of a line's units are kept only
where they differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.handwritten_whole import (
    BONUS,
    PENNIES,
    RUNGS,
    Day,
    Hand,
    arrived,
    closed,
    costs_of,
    day_of,
    rung_of,
    toy_points,
)
from rules_engine.outcome import Award, CodeUse, Discount, LinePrice, Outcome, Part, Price
from rules_engine.state import LimitUsed, State

CODE = "HELLO10"
HELLO = "Hello ten: times per lifetime"
TOYS_DOWN = "Toys down: GBP per calendar month"

Runs = tuple[tuple[int, int], ...]


class _Spring(dict[str, bool]):
    """Dates that were met: whether they lie in spring."""

    def __missing__(self, text: str) -> bool:
        self[text] = text[5:7] in {"03", "04", "05"}
        return self[text]


_SPRING = _Spring()


def heavy(fingerprint: str, zones: str) -> Hand:
    """The function for `heavy.rules`; it writes these two into its outcomes, as the engine does."""

    def score(event: Any, facts: Mapping[str, Any], state: State) -> Outcome:
        today = day_of(event.bought_at)
        holdings, changes, tiers = arrived(state, today.day)
        tier = RUNGS[rung_of(holdings)] if holdings else "Blue"
        spend = state.tracks["spend"].get(today.year, 0) if "spend" in state.tracks else 0
        basket = _Basket([], [], [], [], [], [])
        toys: list[int] = []
        books: list[int] = []
        season: list[int] = []
        lists, costs, pieces = basket.lists, basket.costs, basket.pieces
        for place, line in enumerate(event.lines):
            count = line.pieces
            cost = PENNIES[line.price] * count
            lists.append(cost)
            pieces.append(count)
            basket.keys.append(line.sku)
            category = line.category
            if category == "toys":
                toys.append(place)
            elif category == "books":
                books.append(place)
            if _SPRING[line.for_day]:
                season.append(place)
        costs += lists
        basket.units.extend([None] * len(lists))
        used: list[LimitUsed] = []
        codes = _offers(event, basket, toys, books, season, state.limits, today, used)
        net, plan, weights = sum(costs), facts["plan"], tuple(costs)
        awards: list[Award] = []
        base = net // 100
        if base:
            awards.append(Award("base", "point", base, base, weights))
            bonus = base * BONUS[tier] // 100
            if bonus:
                awards.append(Award("Tier bonus", "point", bonus, bonus, weights))
        if toys:
            worth = sum([costs[place] for place in toys])
            if worth >= 100:
                toy_points(worth, costs_of("toys", event.lines, costs), state.limits, today, awards, used)
        if plan == "plus" and base >= 10:
            given = min(base // 10, 200)
            awards.append(Award("Plus members", "point", given, given, weights))
        closed(state, holdings, today, tier, spend, net, used, changes, tiers)
        prices = tuple([LinePrice(before, after, 0) for before, after in zip(lists, costs, strict=True)])
        return Outcome(
            "purchase",
            event.order_no,
            event.customer,
            today.day,
            tuple(awards),
            tuple(tiers),
            {event.customer: tuple(changes)},
            {"member.plan": plan, "tier": tier, "track spend": spend},
            fingerprint,
            zones,
            price=Price("GBP", prices, net, 0, 0, 0, net),
            discounts=tuple(basket.discounts),
            codes=codes,
        )

    return score


class _Basket(NamedTuple):
    """By line: what it costs before and after offers, its pieces, its id, the costs of its units where they differ."""

    lists: list[int]
    costs: list[int]
    pieces: list[int]
    keys: list[str]
    units: list[Runs | None]
    discounts: list[Discount]


def _offers(
    event: Any,
    basket: _Basket,
    toys: list[int],
    books: list[int],
    season: list[int],
    limits: dict[str, dict[int, int]],
    today: Day,
    used: list[LimitUsed],
) -> tuple[CodeUse, ...]:
    """All offers in their order; what became of the codes."""
    costs = basket.costs
    if toys:
        _toys_down(basket, toys, event.lines, limits, today, used)
    if season:
        _season(basket, season)
    total, everywhere = sum(costs), range(len(costs))
    thirty = (sum([costs[place] for place in books]) * 3 + 5) // 10 if books else 0
    if total >= 8000 and thirty <= 1000:
        total -= _off(basket, "Ten off", 1000, everywhere)
    elif thirty:
        total -= _off(basket, "Books 30", thirty, books)
    if total >= 6000:
        total -= _off(basket, "Spend 60", 500, everywhere)
    if not event.codes:
        return ()
    return tuple([_code(code, basket, total, limits, used) for code in event.codes])


def _code(code: str, basket: _Basket, total: int, limits: dict[str, dict[int, int]], used: list[LimitUsed]) -> CodeUse:
    if code != CODE:
        return CodeUse(code, (), "unknown code", "not valid")
    if HELLO in limits and limits[HELLO].get(0, 0):
        return CodeUse(code, (), "used up", "already used")
    ten = min((total + 5) // 10, 2000)
    if not ten:
        return CodeUse(code, (), "nothing to give", "not for this order")
    _off(basket, "Hello ten", ten, range(len(basket.costs)))
    used.insert(0, LimitUsed(HELLO, 0, 0, 1))
    return CodeUse(code, ("Hello ten",))


def _toys_down(
    basket: _Basket,
    toys: list[int],
    lines: Sequence[Any],
    limits: dict[str, dict[int, int]],
    today: Day,
    used: list[LimitUsed],
) -> None:
    """15% off each toy, at most 40 GBP a month."""
    _, costs, pieces, keys, units, discounts = basket
    offs = [(PENNIES[lines[place].price] * 15 + 50) // 100 for place in toys]
    weights = [off * pieces[place] for off, place in zip(offs, toys, strict=True)]
    wanted = sum(weights)
    if not wanted:
        return
    before = limits[TOYS_DOWN].get(today.month, 0) if TOYS_DOWN in limits else 0
    room = max(4000 - before, 0)
    if wanted <= room:
        parts = [Part(place, ((pieces[place], off),)) for off, place in zip(offs, toys, strict=True) if off]
        for weight, place in zip(weights, toys, strict=True):
            costs[place] -= weight
        discounts.append(Discount("Toys down", "item", 0, wanted, wanted, tuple(parts)))
        used.append(LimitUsed(TOYS_DOWN, today.month, before, before + wanted))
        return
    if not room:
        return
    parts = []
    for part, place in zip(split_by(room, weights, [keys[place] for place in toys]), toys, strict=True):
        if part:
            parts.append(_off_line(part, place, costs, pieces, units))
    used.append(LimitUsed(TOYS_DOWN, today.month, before, before + room))
    discounts.append(Discount("Toys down", "item", 0, wanted, room, tuple(parts), cut_by=TOYS_DOWN))


def _season(basket: _Basket, season: list[int]) -> None:
    """10% of the list price off each line for a day in spring."""
    lists, costs, pieces, _, units, discounts = basket
    off, asked, parts = 0, 0, []
    for place in season:
        tenth = (lists[place] + 5) // 10
        part = min(tenth, costs[place])
        asked += tenth
        if part:
            off += part
            parts.append(_off_line(part, place, costs, pieces, units))
    if off:
        discounts.append(Discount("Season", "item", 0, asked, off, tuple(parts)))


def _off(basket: _Basket, rule: str, amount: int, places: Sequence[int]) -> int:
    """An amount off the total of some lines, in proportion to what they cost."""
    _, costs, pieces, keys, units, discounts = basket
    weights = [costs[place] for place in places]
    shares = split_by(amount, weights, [keys[place] for place in places])
    parts = []
    for share, place in zip(shares, places, strict=True):
        if share and pieces[place] == 1:
            costs[place] -= share
            parts.append(Part(place, ((1, share),)))
        elif share:
            parts.append(_off_line(share, place, costs, pieces, units))
    discounts.append(Discount(rule, "basket", 0, amount, amount, tuple(parts)))
    return amount


def _off_line(amount: int, place: int, costs: list[int], pieces: list[int], units: list[Runs | None]) -> Part:
    """An amount off a line, over its units in proportion to what each costs."""
    count, cost = pieces[place], costs[place]
    costs[place] = cost - amount
    if count == 1:
        return Part(place, ((1, amount),))
    runs = units[place]
    if runs is None:
        each = amount // count
        odd = amount - each * count
        if not odd:
            return Part(place, ((count, each),))
        cost //= count
        units[place] = ((odd, cost - each - 1), (count - odd, cost - each))
        return Part(place, ((odd, each + 1), (count - odd, each)))
    shares, units[place] = off_runs(amount, cost, runs)
    return Part(place, shares)


def off_runs(amount: int, cost: int, runs: Runs) -> tuple[Runs, Runs]:
    """The same where units differ in price: what comes off each, and what each costs after it, both in runs."""
    shares = [amount * unit // cost for _, unit in runs]
    odd = amount - sum([run[0] * share for run, share in zip(runs, shares, strict=True)])
    more = [0] * len(runs)
    if odd:
        for at in sorted(range(len(runs)), key=[(-(amount * unit % cost), -unit) for _, unit in runs].__getitem__):
            more[at] = min(odd, runs[at][0])
            odd -= more[at]
    off: list[tuple[int, int]] = []
    left: list[tuple[int, int]] = []
    for (many, unit), share, ups in zip(runs, shares, more, strict=True):
        if ups:
            _longer(off, ups, share + 1)
            _longer(left, ups, unit - share - 1)
        if ups < many:
            _longer(off, many - ups, share)
            _longer(left, many - ups, unit - share)
    return tuple(off), tuple(left)


def _longer(runs: list[tuple[int, int]], count: int, value: int) -> None:
    """Equal neighbours are counted together."""
    if runs and runs[-1][1] == value:
        runs[-1] = (runs[-1][0] + count, value)
    else:
        runs.append((count, value))


def split_by(amount: int, weights: Sequence[int], keys: Sequence[str]) -> list[int]:
    """An amount in proportion to weights; odd pennies to the largest remainders, then larger weight, then by key."""
    total = sum(weights)
    if not total:
        return [0] * len(weights)
    shares = [amount * weight // total for weight in weights]
    odd = amount - sum(shares)
    if odd:
        lefts = [-(amount * weight % total) for weight in weights]
        rows = sorted(zip(lefts, [-weight for weight in weights], keys, range(len(weights)), strict=True))
        for row in rows[:odd]:
            shares[row[3]] += 1
    return shares
