"""Make `sample.ndjson`, a hundred and twenty orders of the festival, and `sample_members.csv`, who ordered.

    python examples/marketplace/make_sample.py [FOLDER]

The same seed gives the same files, byte for byte. The codes of the series were made once, by
`rules codes FRIEND --count 40 --seed 11 -o friends.csv`. Three orders are broken on purpose: a price with three
decimals, a kind of goods that is not there, and an order that is sent twice.
"""

from __future__ import annotations

import csv
import random
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import orjson

Event = dict[str, Any]
HERE = Path(__file__).parent
OPENING = datetime.fromisoformat("2027-10-30T09:00:00+08:00")
MEMBERS = 40
ORDERS = 120


class Product(NamedTuple):
    """What a shop sells."""

    id: str
    shop: str
    category: str
    joins: bool
    brand_day: bool
    price: str
    least: str = ""


PRODUCTS = (
    Product("rose-shampoo", "Petal", "shampoo", True, False, "45.00"),
    Product("pine-shampoo", "Petal", "shampoo", True, False, "39.90"),
    Product("clay-shampoo", "Kiln", "shampoo", False, False, "52.00", "20.00"),
    Product("dew-serum", "Petal", "serum", True, True, "168.00", "120.00"),
    Product("mist-serum", "Kiln", "serum", True, False, "119.00"),
    Product("walnuts", "Orchard", "snacks", True, False, "18.80"),
    Product("plum-chips", "Orchard", "snacks", True, False, "12.50"),
    Product("rice-crisps", "Teahouse", "snacks", False, False, "9.90"),
    Product("oolong", "Teahouse", "tea", False, False, "28.00"),
    Product("jasmine", "Orchard", "tea", True, False, "22.00"),
    Product("kite", "Skyline", "toys", True, True, "99.00"),
    Product("shuttlecock", "Skyline", "toys", True, True, "10.50"),
    Product("drum", "Skyline", "toys", True, False, "230.00"),
    Product("loom", "Kiln", "toys", True, True, "410.00", "330.00"),
    Product("card-100", "Skyline", "gift_card", True, False, "100.00"),
)
WEIGHTS = (5, 5, 3, 4, 3, 7, 7, 5, 5, 5, 4, 4, 3, 2, 2)


def members(dice: random.Random) -> dict[str, str]:
    """The tier of every member."""
    return {f"m-{number:02}": "Gold" if dice.random() < 0.3 else "Basic" for number in range(1, MEMBERS + 1)}


def events(dice: random.Random) -> list[Event]:
    """Every order, in the order of time; the first of a member often comes with the public code."""
    with (HERE / "friends.csv").open(encoding="utf-8") as text:
        friends = [row["code"] for row in csv.DictReader(text)][:16]
    moments = sorted(moment(dice) for _ in range(ORDERS))
    seen: set[str] = set()
    found = []
    for number, at in enumerate(moments, 1):
        member = f"m-{dice.randrange(1, MEMBERS + 1):02}"
        codes = presented(dice, friends, first=member not in seen)
        found.append(order(dice, f"L-{number:03}", member, at, codes))
        seen.add(member)
    found[20]["lines"][0]["price"] = "12.345"
    found[50]["lines"][0]["category"] = "furniture"
    found[80]["order_no"] = found[79]["order_no"]
    return found


def moment(dice: random.Random) -> datetime:
    """Most orders are of the two weeks around the festival, some of the three weeks behind."""
    days = dice.randrange(14) if dice.random() < 0.85 else dice.randrange(14, 35)
    return OPENING + timedelta(days=days, minutes=dice.randrange(24 * 60))


def presented(dice: random.Random, friends: list[str], *, first: bool) -> list[str]:
    """What a customer types: codes in any spelling, and some that are not there."""
    typed = []
    if dice.random() < (0.7 if first else 0.2):
        typed.append(dice.choice(("HELLO20", "hello 20", "Hello-20")))
    if dice.random() < 0.2:
        typed.append(dice.choice((str.upper, str.lower))(dice.choice(friends)))
    if dice.random() < 0.05:
        typed.append("SINGLES11")
    dice.shuffle(typed)
    return typed


def order(dice: random.Random, number: str, member: str, at: datetime, codes: list[str]) -> Event:
    """One order of one to five things."""
    chosen = sorted(set(dice.choices(PRODUCTS, WEIGHTS, k=dice.randrange(1, 6))))
    return {
        "event": "purchase",
        "order_no": number,
        "customer": member,
        "ordered_at": at.isoformat(),
        "codes": codes,
        "postage": dice.choice(("6.00", "8.00", "12.00")),
        "lines": [line(dice, product) for product in chosen],
    }


def line(dice: random.Random, product: Product) -> Event:
    """One thing, mostly one piece of it, now and then many."""
    fields: Event = {**product._asdict(), "pieces": dice.choice((1, 1, 1, 2, 2, 3, 5))}
    if not product.least:
        del fields["least"]
    return fields


def main(arguments: list[str]) -> None:
    """Write the sample."""
    folder = Path(arguments[0]) if arguments else HERE
    dice = random.Random(338)
    who = members(dice)
    text = "".join(f"{member},{tier}\n" for member, tier in who.items())
    (folder / "sample_members.csv").write_text("member,tier\n" + text, encoding="utf-8")
    (folder / "sample.ndjson").write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events(dice)))


if __name__ == "__main__":
    main(sys.argv[1:])
