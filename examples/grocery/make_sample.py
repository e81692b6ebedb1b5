"""Make `sample.ndjson`: ten baskets a week from January to June, of eight shoppers and some guests.

    python examples/grocery/make_sample.py [FOLDER]

The same seed gives the same files, byte for byte. One basket has a kind of goods that is not there, on purpose.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson

Event = dict[str, Any]
HERE = Path(__file__).parent
FIRST = date(2027, 1, 4)
WEEKS = 26
SHELVES = (
    ("milk", "fresh", True, "1.45"),
    ("apples", "fresh", False, "2.80"),
    ("salmon", "fresh", False, "7.90"),
    ("beans", "pantry", True, "0.85"),
    ("rice", "pantry", False, "2.10"),
    ("oil", "pantry", True, "6.40"),
    ("arabica", "coffee", False, "5.25"),
    ("house blend", "coffee", True, "3.75"),
    ("towels", "home", True, "4.20"),
    ("candle", "home", False, "9.00"),
    ("ticket", "lottery", False, "2.50"),
)


def events(dice: random.Random) -> Iterator[Event]:
    """The baskets, in the order of time."""
    for week in range(WEEKS):
        for number, day in enumerate(sorted(dice.randrange(7) for _ in range(10)), 1):
            yield basket(dice, f"{week + 1}-{number}", FIRST + timedelta(days=7 * week + day))


def basket(dice: random.Random, receipt: str, day: date) -> Event:
    """A few lines; coupons and vouchers are shown whenever they might be there."""
    found: Event = {"event": "purchase", "receipt": receipt, "bought_on": day.isoformat(), "codes": []}
    if dice.random() < 0.9:
        found |= {"customer": f"s-{min(dice.choices(range(1, 9), k=2)):02}", "presented": 1}
        found |= {"codes": ["larder 5"]} if dice.random() < 0.1 else {}
        found |= {"vouchers_offered": "2.50"} if dice.random() < 0.1 else {}
    chosen = sorted(dice.sample(SHELVES, k=dice.randrange(2, 7)))
    found["lines"] = [
        {"id": name, "kind": kind, "own_brand": own, "pieces": dice.choice((1, 1, 2, 3)), "price": price}
        for name, kind, own, price in chosen
    ]
    if receipt == "9-9":
        found["lines"][0]["kind"] = "furniture"
    return found


def main(arguments: list[str]) -> None:
    """Write the sample."""
    folder = Path(arguments[0]) if arguments else HERE
    (folder / "sample.ndjson").write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events(random.Random(10))))


if __name__ == "__main__":
    main(sys.argv[1:])
