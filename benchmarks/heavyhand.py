"""The ten rules of `heavy.rules` as a careful engineer would write them by hand, for trusted input.

In: a basket whose amounts are integers already, the member's plan, tier and what is remembered. Out: what each offer
takes off which units, what each line costs, the awards, what became of the codes, the movements of what is remembered.
There is no validation, no text, no receipt and nothing to explain.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from benchmarks.heavyhand_whole import off_runs, split_by


class Memory(NamedTuple):
    """What is remembered of a member: tier, spend by year, toy points and toy discounts by month, uses of the code."""

    tier: str
    spend: dict[int, int]
    toys: dict[int, int]
    toys_down: dict[int, int]
    hello: int


class Clock(NamedTuple):
    """What the day of a basket is: its year and month (as their first day); the days that lie in spring."""

    year: int
    month: int
    spring: frozenset[int]


class Answer(NamedTuple):
    """What a basket comes to. A discount is a rule, an amount and, for each line, its number and runs of units."""

    discounts: list[tuple[str, int, list[tuple[int, list[tuple[int, int]]]]]]
    costs: list[int]
    net: int
    awards: list[tuple[str, int]]
    code: str
    moved: dict[str, tuple[int, int]]
    tier: str


BONUS = {"Silver": 25, "Gold": 50}
CODE = "HELLO10"


def off_units(amount: int, pieces: int, units: Any) -> tuple[list[tuple[int, int]], Any]:
    """An amount off the units of a line, in proportion to what they cost: runs of it, and the units after it."""
    if pieces == 1:
        return [(1, amount)], [(1, units[0][1] - amount)]
    if len(units) == 1:
        each, odd = divmod(amount, pieces)
        cost = units[0][1]
        if not odd:
            return [(pieces, each)], [(pieces, cost - each)]
        return [(odd, each + 1), (pieces - odd, each)], [(odd, cost - each - 1), (pieces - odd, cost - each)]
    off, left = off_runs(amount, sum([count * cost for count, cost in units]), tuple(units))
    return list(off), left


def score(basket: dict[str, Any], plan: str, memory: Memory, clock: Clock) -> Answer:
    """The whole answer for one basket."""
    lines = basket["lines"]
    costs, units, toys, books, keys = [], [], [], [], []
    total = 0
    spring = clock.spring
    season = []
    for place, line in enumerate(lines):
        pieces, price = line["pieces"], line["price"]
        cost = pieces * price
        total += cost
        costs.append(cost)
        units.append([(pieces, price)])
        keys.append(line["sku"])
        category = line["category"]
        if category == "toys":
            toys.append(place)
        elif category == "books":
            books.append(place)
        if line["for_day"] in spring:
            season.append((place, (cost + 5) // 10))
    discounts: list[Any] = []
    moved: dict[str, tuple[int, int]] = {}
    if toys:
        total -= _toys_down(lines, toys, costs, units, keys, memory, clock, discounts, moved)
    if season:
        off, parts = 0, []
        for place, wanted in season:
            if wanted > costs[place]:
                wanted = costs[place]
            runs, units[place] = off_units(wanted, lines[place]["pieces"], units[place])
            costs[place] -= wanted
            off += wanted
            parts.append((place, runs))
        discounts.append(("Season", off, parts))
        total -= off
    chosen = sum([costs[place] for place in books])
    thirty = (chosen * 3 + 5) // 10
    everywhere = range(len(lines))
    if total >= 8000 and thirty <= 1000:
        total -= _off_total("Ten off", 1000, everywhere, lines, costs, units, keys, discounts)
    elif thirty:
        total -= _off_total("Books 30", thirty, books, lines, costs, units, keys, discounts)
    if total >= 6000:
        total -= _off_total("Spend 60", 500, everywhere, lines, costs, units, keys, discounts)
    code = ""
    if CODE in basket["codes"]:
        if memory.hello:
            code = "used up"
        else:
            ten = min((total + 5) // 10, 2000)
            if ten:
                total -= _off_total("Hello ten", ten, everywhere, lines, costs, units, keys, discounts)
                moved["hello"] = (0, 1)
                code = "applied"
    awards: list[tuple[str, int]] = []
    base = total // 100
    if base:
        awards.append(("base", base))
        bonus = base * BONUS.get(memory.tier, 0) // 100
        if bonus:
            awards.append(("Tier bonus", bonus))
    points = sum([costs[place] for place in toys]) // 100 * 3
    if points:
        used = memory.toys.get(clock.month, 0)
        points = min(points, 500 - used)
        if points > 0:
            awards.append(("Toys", points))
            moved["toys"] = (clock.month, used + points)
    if plan == "plus":
        plus = min(base // 10, 200)
        if plus:
            awards.append(("Plus members", plus))
    spend = memory.spend.get(clock.year, 0) + total
    moved["spend"] = (clock.year, spend)
    tier = memory.tier
    if spend >= 200000:
        tier = "Gold"
    elif spend >= 50000 and tier != "Gold":
        tier = "Silver"
    return Answer(discounts, costs, total, awards, code, moved, tier)


def _toys_down(
    lines: Any, toys: Any, costs: Any, units: Any, keys: Any, memory: Memory, clock: Clock, discounts: Any, moved: Any
) -> int:
    """15% off each toy, at most 40 GBP a month."""
    offs = [(lines[place]["price"] * 15 + 50) // 100 for place in toys]
    wanted = sum([off * lines[place]["pieces"] for off, place in zip(offs, toys, strict=True)])
    if not wanted:
        return 0
    used = memory.toys_down.get(clock.month, 0)
    given: int = min(wanted, max(4000 - used, 0))
    if not given:
        discounts.append(("Toys down", 0, []))
        return 0
    moved["toys down"] = (clock.month, used + given)
    parts = []
    if given == wanted:
        for off, place in zip(offs, toys, strict=True):
            pieces = lines[place]["pieces"]
            if off:
                parts.append((place, [(pieces, off)]))
                units[place] = [(pieces, lines[place]["price"] - off)]
                costs[place] -= off * pieces
    else:
        weights = [off * lines[place]["pieces"] for off, place in zip(offs, toys, strict=True)]
        cut = split_by(given, weights, [keys[place] for place in toys])
        for part, place in zip(cut, toys, strict=True):
            if part:
                runs, units[place] = off_units(part, lines[place]["pieces"], units[place])
                parts.append((place, runs))
                costs[place] -= part
    discounts.append(("Toys down", given, parts))
    return given


def _off_total(rule: str, amount: int, places: Any, lines: Any, costs: Any, units: Any, keys: Any, found: Any) -> int:
    """An amount off the total of some lines."""
    weights = [costs[place] for place in places]
    amount = min(amount, sum(weights))
    if not amount:
        return 0
    parts = []
    for place, part in zip(places, split_by(amount, weights, [keys[place] for place in places]), strict=True):
        if part:
            runs, units[place] = off_units(part, lines[place]["pieces"], units[place])
            costs[place] -= part
            parts.append((place, runs))
    found.append((rule, amount, parts))
    return amount
