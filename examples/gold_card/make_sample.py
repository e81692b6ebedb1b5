"""Make `sample.ndjson`: a year of sixty members of a department store.

    python examples/gold_card/make_sample.py [FOLDER]

The same seed gives the same files, byte for byte. Who may get the coupon comes a little more often: the
sample makes that up, so that there is something to measure.
"""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson

Event = dict[str, Any]
HERE = Path(__file__).parent
MEMBERS = [f"g-{number:02}" for number in range(1, 61)]
GOODS = (
    ("coat", "fashion", "349.00"),
    ("shirt", "fashion", "79.00"),
    ("scarf", "fashion", "29.50"),
    ("lamp", "home", "145.00"),
    ("kettle", "home", "39.99"),
    ("scent", "beauty", "98.00"),
    ("cream", "beauty", "24.00"),
    ("tea", "food", "11.75"),
)


def events(dice: random.Random) -> Iterator[Event]:
    """Some come twice a month, some twice a year, and many of them park."""
    for member in MEMBERS:
        visits = dice.choice((2, 5, 8, 9)) + (0 if kept_out(member) else dice.choice((1, 2, 3)))
        for number, day in enumerate(sorted(dice.sample(range(365), visits)), 1):
            on = (date(2027, 1, 1) + timedelta(days=day)).isoformat()
            yield purchase(dice, member, f"{member}-{number}", on)
            if dice.random() < 0.4:
                parked = {"event": "parking", "ticket": f"{member}-{number}", "customer": member}
                yield {**parked, "left_on": on, "amount": "6.00"}


def kept_out(member: str) -> bool:
    """Whether a member is one of the fifth that never gets the coupon: by the same hash as the rules."""
    hashed = hashlib.sha256(b"gold-2027\0" + member.encode()).digest()
    return int.from_bytes(hashed[:8]) % 10_000 < 2_000


def purchase(dice: random.Random, member: str, receipt: str, on: str) -> Event:
    """A few things, some of them wrapped or altered, and the coupon at hand."""
    bought = sorted(set(dice.choices(GOODS, k=dice.choice((1, 2, 3)))))
    lines = [line(name, kind, price, dice.choice((1, 1, 1, 2))) for name, kind, price in bought]
    if dice.random() < 0.3:
        lines.append(line("wrap", "wrapping", "4.50", 1))
    if any(kind == "fashion" for _, kind, _ in bought) and dice.random() < 0.3:
        lines.append(line("hem", "alteration", "18.00", 1))
    return {
        "event": "purchase",
        "receipt": receipt,
        "customer": member,
        "bought_on": on,
        "presented": 1,
        "lines": lines,
    }


def line(name: str, kind: str, price: str, pieces: int) -> Event:
    """A line of the receipt."""
    return {"id": name, "kind": kind, "pieces": pieces, "price": price}


def main(arguments: list[str]) -> None:
    """Write the sample."""
    folder = Path(arguments[0]) if arguments else HERE
    (folder / "sample.ndjson").write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events(random.Random(7))))


if __name__ == "__main__":
    main(sys.argv[1:])
