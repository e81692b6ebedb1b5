"""A seeded stream of distinct five-line baskets for `checkout.rules`, and the members who buy them."""

from __future__ import annotations

from random import Random
from typing import Any

from benchmarks.handwritten import Clock, Memory
from rules_engine.calendar import civil, day_of, local_day, parse_instant, weekday
from rules_engine.state import Holding, State

CATEGORIES = ("grocery", "toys", "home", "books", "fashion")
ZONE = "Europe/London"


def baskets(count: int, seed: int = 7) -> list[dict[str, Any]]:
    """Baskets as a host sends them; all texts are made anew, so that no hash is remembered from elsewhere."""
    rng = Random(seed)
    return [_basket(number, rng) for number in range(count)]


def _basket(number: int, rng: Random) -> dict[str, Any]:
    month, day = rng.randint(1, 12), rng.randint(1, 28)
    return {
        "event": "purchase",
        "order_no": f"order-{number:07d}",
        "bought_at": f"2027-{month:02d}-{day:02d}T{rng.randint(8, 20):02d}:{rng.randint(0, 59):02d}:00+00:00",
        "customer": f"member-{rng.randint(1, 5000)}",
        "channel": rng.choice(("web", "app", "store")),
        "first": rng.random() < 0.05,
        "lines": [_line(rng) for _ in range(5)],
    }


def _line(rng: Random) -> dict[str, Any]:
    return {
        "sku": f"sku-{rng.randint(1, 4000)}",
        "category": rng.choice(CATEGORIES),
        "pieces": rng.choice((1, 1, 1, 2, 3)),
        "price": f"{rng.randint(1, 30)}.{rng.choice((0, 25, 49, 50, 95, 99)):02d}",
    }


def facts(number: int) -> dict[str, Any]:
    """The facts of the member who buys basket `number`."""
    return {"joined": "2025-03-01", "plan": "plus" if number % 4 == 0 else "basic"}


def state(number: int, day: int) -> State:
    """A member's state in the year of a day, as it was left by earlier events."""
    year, month, _ = civil(day)
    tiers = ("Blue", "Silver", "Gold")
    tier = tiers[number % 3]
    spend = (20_000, 80_000, 260_000)[number % 3]
    holdings = [] if tier == "Blue" else [Holding(tier, day_of(year, 1, 1), day_of(year + 1, 12, 31), tier)]
    return State(
        day=day - 1,
        tracks={"spend": {day_of(year, 1, 1): spend}},
        limits={"Toys: point per calendar month": {day_of(year, month, 1): 100}} if number % 2 else {},
        holdings=holdings,
    )


def trusted(basket: dict[str, Any]) -> dict[str, Any]:
    """A basket with its amounts as integers, as a hand-written function would be given it."""
    lines = [{**line, "price": _minor(line["price"])} for line in basket["lines"]]
    return {**basket, "lines": lines}


def _minor(price: str) -> int:
    whole, part = price.split(".")
    return int(whole) * 100 + int(part)


def day_number(basket: dict[str, Any]) -> int:
    """The local day of a basket."""
    return local_day(parse_instant(basket["bought_at"]), ZONE)


def clock(day: int) -> Clock:
    """What a day is, for the hand-written function."""
    year, month, date = civil(day)
    quiet = (month == 1 and date >= 10) or month == 2
    return Clock(day, day_of(year, 1, 1), day_of(year, month, 1), quiet, weekday(day) >= 5)


def memory(number: int, day: int) -> Memory:
    """The same state as `state`, for the hand-written function."""
    kept = state(number, day)
    toys = kept.limits.get("Toys: point per calendar month", {})
    tier = kept.holdings[0].tier if kept.holdings else "Blue"
    return Memory(tier, kept.tracks["spend"], toys, 0)
