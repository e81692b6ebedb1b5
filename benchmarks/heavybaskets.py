"""A seeded stream of distinct five-line baskets for `heavy.rules`, and the members who buy them."""

from __future__ import annotations

from random import Random
from typing import Any

from benchmarks import baskets
from benchmarks.heavyhand import CODE, Clock, Memory
from rules_engine.calendar import civil, day_of, format_date, parse_date
from rules_engine.state import Holding, State

SPRING = frozenset(range(day_of(2027, 3, 1), day_of(2027, 5, 31) + 1))


def heavy(count: int, lines: int = 5, seed: int = 11) -> list[dict[str, Any]]:
    """Baskets as a host sends them; all texts are made anew, so that no hash is remembered from elsewhere."""
    rng = Random(seed)
    return [_basket(number, lines, rng) for number in range(count)]


def _basket(number: int, lines: int, rng: Random) -> dict[str, Any]:
    month, day = rng.randint(1, 12), rng.randint(1, 28)
    return {
        "event": "purchase",
        "order_no": f"order-{number:07d}",
        "bought_at": f"2027-{month:02d}-{day:02d}T{rng.randint(8, 20):02d}:{rng.randint(0, 59):02d}:00+00:00",
        "customer": f"member-{rng.randint(1, 5000)}",
        "channel": rng.choice(("web", "app", "store")),
        "codes": [CODE] if rng.random() < 0.5 else [],
        "lines": [_line(number, rng) for number in range(lines)],
    }


def _line(number: int, rng: Random) -> dict[str, Any]:
    return {
        "sku": f"sku-{rng.randint(1, 4000)}-{number}",
        "category": rng.choice(baskets.CATEGORIES),
        "for_day": format_date(day_of(2027, rng.randint(2, 6), rng.randint(1, 28))),
        "pieces": rng.choice((1, 1, 1, 2, 3)),
        "price": f"{rng.randint(1, 60)}.{rng.choice((0, 25, 49, 50, 95, 99)):02d}",
    }


def state(number: int, day: int) -> State:
    """A member's state in the year of a day, as it was left by earlier events."""
    year, month, _ = civil(day)
    tier = ("Blue", "Silver", "Gold")[number % 3]
    spend = (20_000, 80_000, 260_000)[number % 3]
    holdings = [] if tier == "Blue" else [Holding(tier, day_of(year, 1, 1), day_of(year + 1, 12, 31), tier)]
    limits: dict[str, dict[int, int]] = {}
    if number % 2:
        limits["Toys: point per calendar month"] = {day_of(year, month, 1): 100}
        limits["Toys down: GBP per calendar month"] = {day_of(year, month, 1): 3200}
    if number % 5 == 0:
        limits["Hello ten: times per lifetime"] = {0: 1}
    return State(day=day - 1, tracks={"spend": {day_of(year, 1, 1): spend}}, limits=limits, holdings=holdings)


def trusted(basket: dict[str, Any]) -> dict[str, Any]:
    """A basket with its amounts and days as integers, as a hand-written function would be given it."""
    sent = baskets.trusted(basket)
    return {**sent, "lines": [{**line, "for_day": parse_date(line["for_day"])} for line in sent["lines"]]}


def clock(day: int) -> Clock:
    """What a day is, for the hand-written function."""
    year, month, _ = civil(day)
    return Clock(day_of(year, 1, 1), day_of(year, month, 1), SPRING)


def memory(number: int, day: int) -> Memory:
    """The same state as `state`, for the hand-written function."""
    kept = state(number, day)
    toys = kept.limits.get("Toys: point per calendar month", {})
    toys_down = kept.limits.get("Toys down: GBP per calendar month", {})
    used = kept.limits.get("Hello ten: times per lifetime", {})
    tier = kept.holdings[0].tier if kept.holdings else "Blue"
    return Memory(tier, kept.tracks["spend"], toys, toys_down, used.get(0, 0))
