"""The ten rules of `checkout.rules` as a careful engineer would write them by hand, for trusted input.

In: a basket whose amounts are integers already, the member's plan, tier and what is remembered. Out: the same awards
and the same movements of what is remembered. There is no validation, no text, no receipt and nothing to explain.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Memory(NamedTuple):
    """What is remembered of a member: tier, spend by year, toy points by month, whether a first order counted."""

    tier: str
    spend: dict[int, int]
    toys: dict[int, int]
    first: int


class Clock(NamedTuple):
    """What the day of a basket is: its number, year, month (both as their first day), quiet season, weekend."""

    day: int
    year: int
    month: int
    quiet: bool
    weekend: bool


BONUS = {"Silver": 25, "Gold": 50}


def score(
    basket: dict[str, Any], plan: str, memory: Memory, clock: Clock
) -> tuple[list[tuple[str, str, int]], dict[str, tuple[int, int]], str]:
    """The awards (rule, unit, amount), the counters that moved, and the tier reached."""
    net = toys = books = grocery = 0
    for line in basket["lines"]:
        amount = line["price"] * line["pieces"]
        net += amount
        category = line["category"]
        if category == "toys":
            toys += amount
        elif category == "books":
            books += amount
        elif category == "grocery":
            grocery += amount
    awards: list[tuple[str, str, int]] = []
    moved: dict[str, tuple[int, int]] = {}
    channel = basket["channel"]
    base = net // 100
    if base:
        awards.append(("base", "point", base))
        bonus = base * BONUS.get(memory.tier, 0) // 100
        if bonus:
            awards.append(("Tier bonus", "point", bonus))
        if clock.quiet:
            awards.append(("Quiet season", "point", base))
    points = toys // 100 * 3
    if points:
        used = memory.toys.get(clock.month, 0)
        points = min(points, 500 - used)
        if points > 0:
            awards.append(("Toys", "point", points))
            moved["toys"] = (clock.month, used + points)
    if channel == "app" and books >= 100:
        awards.append(("Books in the app", "point", books // 100 * 2))
    if net >= 15000:
        awards.append(("Big basket", "point", 100))
    if basket["first"] and not memory.first:
        awards.append(("First order", "point", 250))
        moved["first"] = (0, 1)
    if clock.weekend and grocery >= 200:
        awards.append(("Weekend grocery", "point", grocery // 200))
    if channel == "store" and net >= 1000:
        awards.append(("Stamp card", "stamp", 1))
    if plan == "plus":
        plus = min(base // 10, 200)
        if plus:
            awards.append(("Plus members", "point", plus))
    spend = memory.spend.get(clock.year, 0) + net
    moved["spend"] = (clock.year, spend)
    tier = memory.tier
    if spend >= 200000:
        tier = "Gold"
    elif spend >= 50000 and tier != "Gold":
        tier = "Silver"
    return awards, moved, tier
