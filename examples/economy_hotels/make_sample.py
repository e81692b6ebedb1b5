"""Make `sample.ndjson`: eight guests, and the nights of a year and a quarter.

    python examples/economy_hotels/make_sample.py [FOLDER]

The same seed gives the same files, byte for byte.
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
FIRST = date(2027, 3, 1)
GUESTS = {"mei": 16, "jun": 9, "bao": 6, "hua": 4, "lei": 3, "fang": 2, "wen": 1}
RATES = ((199, 169), (159, 135), (119, 98), (259, 219))


def events(dice: random.Random) -> Iterator[Event]:
    """Nights of members, most of them booked alone, some with a coupon; two of a passer-by, and one for points."""
    for guest, count in GUESTS.items():
        days = sorted(dice.sample(range(380), count))
        for number, day in enumerate(days, 1):
            yield stay(dice, guest, f"{guest}-{number:02}", FIRST + timedelta(days=day), first=number == 1)
    for number, day in enumerate((33, 220), 1):
        yield stay(dice, None, f"passer-by-{number}", FIRST + timedelta(days=day), first=True)
    yield {"event": "night_for_points", "folio": "mei-free", "guest": "mei", "night": "2028-03-20"}


def stay(dice: random.Random, guest: str | None, folio: str, night: date, *, first: bool) -> Event:
    """One night; in twelve bookings one does not come."""
    rack, member = dice.choice(RATES)
    made: Event = {"event": "stay", "folio": folio, "night": night.isoformat()} | ({"guest": guest} if guest else {})
    channel = dice.choices(("web", "app", "desk", "call_centre"), (4, 5, 2, 1))[0]
    status = "no_show" if not first and dice.random() < 0.08 else "stayed"
    made |= {"channel": channel, "status": status, "prepaid": dice.random() < 0.4}
    made |= {"rack_rate": f"{rack}.00", "member_rate": f"{member}.00"}
    return made | ({"presented": 1} if guest and not first and dice.random() < 0.5 else {})


def moment(event: Event) -> str:
    """When an event happens."""
    return str(event["night"])


def main(arguments: list[str]) -> None:
    """Write the sample."""
    folder = Path(arguments[0]) if arguments else HERE
    found = sorted(events(random.Random(11)), key=moment)
    (folder / "sample.ndjson").write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in found))


if __name__ == "__main__":
    main(sys.argv[1:])
