"""Make `sample.ndjson`: twenty cards of a tea house, from March to October.

    python examples/stored_value/make_sample.py [FOLDER]

The same seed gives the same files, byte for byte.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

Event = dict[str, Any]
HERE = Path(__file__).parent
HOLDERS = [f"h-{number:02}" for number in range(1, 21)]
OPENING = datetime.fromisoformat("2027-03-01T10:00:00+08:00")
DAYS = 240
MENU = (
    ("puer", "tea", "48.00"),
    ("oolong", "tea", "36.00"),
    ("jasmine", "tea", "22.00"),
    ("cake", "food", "26.00"),
    ("noodles", "food", "38.00"),
    ("tin", "gift", "128.00"),
)


def events(dice: random.Random) -> Iterator[Event]:
    """Everybody pays in, drinks, pays in again from time to time, and some exchange points or close the card."""
    for holder in HOLDERS:
        usual = dice.choice(("200", "500", "1000"))
        yield top_up(holder, 0, OPENING, usual)
        moments = sorted(
            OPENING + timedelta(minutes=dice.randrange(DAYS * 24 * 6) * 10) for _ in range(dice.randrange(4, 16))
        )
        for number, at in enumerate((at.replace(hour=11 + at.hour % 10) for at in moments), 1):
            yield bill(dice, holder, number, at)
            if number % 4 == 0:
                yield top_up(holder, number, at + timedelta(minutes=5), usual)
                yield {"event": "exchange", "request": f"{holder}-{number}", "holder": holder, "asked_on": day(at)}
        if dice.random() < 0.15:
            end = OPENING + timedelta(days=DAYS)
            yield {"event": "closing", "request": f"{holder}-end", "holder": holder, "closed_on": day(end)}


def top_up(holder: str, number: int, at: datetime, amount: str) -> Event:
    """Money paid in."""
    return {"event": "top_up", "receipt": f"{holder}-{number}", "holder": holder, "paid_on": day(at), "amount": amount}


def bill(dice: random.Random, holder: str, number: int, at: datetime) -> Event:
    """Some cups, and a coupon at hand."""
    ordered = sorted(set(dice.choices(MENU, weights=(4, 5, 5, 4, 3, 1), k=dice.choice((1, 2, 2, 3)))))
    lines = [
        {"id": name, "kind": kind, "cups": dice.choice((1, 1, 2)) if kind == "tea" else 1, "price": price}
        for name, kind, price in ordered
    ]
    told = {"event": "bill", "number": f"{holder}-{number}", "holder": holder}
    return {**told, "closed_at": at.isoformat(), "presented": 1, "lines": lines}


def day(at: datetime) -> str:
    """The day of a moment."""
    return at.date().isoformat()


def main(arguments: list[str]) -> None:
    """Write the sample."""
    folder = Path(arguments[0]) if arguments else HERE
    (folder / "sample.ndjson").write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events(random.Random(8))))


if __name__ == "__main__":
    main(sys.argv[1:])
