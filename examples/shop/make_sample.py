"""Make `sample.ndjson`, a year of a small shop, `sample_members.csv`, its members, and `sample_returns.ndjson`.

    python examples/shop/make_sample.py [FOLDER]

The same seed gives the same files, byte for byte. Two orders are broken on purpose: one has no rate of tax, one has
more pieces than anybody buys.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import orjson

Event = dict[str, Any]
HERE = Path(__file__).parent
OPENING = datetime.fromisoformat("2027-01-02T09:00:00+00:00")
MEMBERS = 24
ORDERS = 120
RETURNS = 20


class Product(NamedTuple):
    """What the shop sells."""

    sku: str
    group: str
    vat: str
    price: str
    member_price: str = ""


PRODUCTS = (
    Product("scarf", "clothing", "20%", "19.99", "17.00"),
    Product("jumper", "clothing", "20%", "45.00"),
    Product("coat", "clothing", "20%", "129.00", "95.00"),
    Product("lamp", "home", "20%", "34.50", "29.95"),
    Product("mug", "home", "20%", "7.35"),
    Product("soap", "home", "20%", "3.25", "2.99"),
    Product("desk", "home", "20%", "249.00"),
    Product("atlas", "books", "0%", "27.99"),
    Product("novel", "books", "0%", "8.99", "7.49"),
    Product("vase", "outlet", "20%", "24.00"),
    Product("bowl", "outlet", "20%", "11.11"),
)
WEIGHTS = (6, 5, 3, 5, 8, 8, 2, 4, 7, 5, 5)


def members(dice: random.Random) -> dict[str, str]:
    """The birthday of every member; some keep it private."""
    found = {}
    for number in range(1, MEMBERS + 1):
        born = f"{dice.randrange(1955, 2008)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"
        found[f"c-{number:02}"] = born if dice.random() < 0.8 else ""
    return found


def events(dice: random.Random) -> list[Event]:
    """Every order of the year, in the order of time."""
    moments = sorted(OPENING + timedelta(minutes=dice.randrange(362 * 24 * 60)) for _ in range(ORDERS))
    found = [order(dice, f"B-{number:03}", moment) for number, moment in enumerate(moments, 1)]
    del found[30]["lines"][0]["vat"]
    found[60]["lines"][0]["pieces"] = 4_000
    return found


def order(dice: random.Random, number: str, moment: datetime) -> Event:
    """One order; some members come often, one order in six is a guest's, and some are fetched at the shop."""
    chosen = sorted(set(dice.choices(PRODUCTS, WEIGHTS, k=dice.choice((1, 1, 2, 3, 4)))))
    found: Event = {"event": "purchase", "order_no": number, "bought_at": moment.isoformat(), "delivery_vat": "20%"}
    if dice.random() < 5 / 6:
        found["customer"] = f"c-{min(dice.choices(range(1, MEMBERS + 1), k=3)):02}"
    if dice.random() < 0.85:
        found["delivery"] = "4.95"
    found["lines"] = [
        {name: value for name, value in product._asdict().items() if value}
        | {"pieces": dice.choice((1, 1, 1, 2, 2, 3))}
        for product in chosen
    ]
    return found


def returns(dice: random.Random, orders: list[Event]) -> Iterator[Event]:
    """Some pieces of some orders come back, and of every third of those orders everything in the end."""
    for number, event in enumerate(dice.sample([each for each in orders if len(each["lines"]) > 1], RETURNS)):
        one = dice.choice(event["lines"])
        some = dice.randrange(1, one["pieces"] + 1)
        yield {"order_no": event["order_no"], "returned": {one["sku"]: some}}
        if number % 3 == 0:
            rest = {line["sku"]: line["pieces"] - (some if line is one else 0) for line in event["lines"]}
            yield {"order_no": event["order_no"], "returned": {sku: count for sku, count in rest.items() if count}}


def main(arguments: list[str]) -> None:
    """Write the sample."""
    folder = Path(arguments[0]) if arguments else HERE
    dice = random.Random(12)
    who = members(dice)
    orders = events(dice)
    sound = [event for number, event in enumerate(orders) if number not in (30, 60)]
    text = "".join(f"{member},{born}\n" for member, born in who.items())
    (folder / "sample_members.csv").write_text("member,birthday\n" + text, encoding="utf-8")
    for name, found in (("sample.ndjson", orders), ("sample_returns.ndjson", list(returns(dice, sound)))):
        (folder / name).write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in found))


if __name__ == "__main__":
    main(sys.argv[1:])
