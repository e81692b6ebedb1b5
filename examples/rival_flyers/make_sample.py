"""Make `sample.ndjson`: eight flyers, each named by what becomes of them.

    python examples/rival_flyers/make_sample.py [FOLDER]

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
FIRST = date(2027, 1, 4)
FLYERS: dict[str, tuple[Event, tuple[int, ...]]] = {
    "two-for-one": ({"carrier": "British Midland", "miles_flown": 12_400}, (3_451, 346, 3_451)),
    "not-a-british-rival": ({"carrier": "Far Air", "miles_flown": 80_000}, (3_451,)),
    "too-few-miles": ({"carrier": "Dan-Air", "miles_flown": 9_999}, (3_451,)),
    "gold-to-gold": ({"rival_tier": "Black"}, (3_451, 3_451, 3_451)),
    "gold-to-silver": ({"rival_tier": "Gold"}, (3_451, 3_451)),
    "gold-to-nothing": ({"rival_tier": "Gold"}, (346,)),
    "both-offers": ({"carrier": "British Airways", "miles_flown": 61_000, "rival_tier": "Silver"}, (3_451, 5_500)),
    "matched-elsewhere": ({"rival_tier": "Gold", "source": "matched"}, (3_451,)),
}
FARES = {346: 96, 3_451: 412, 5_500: 690}


def events(dice: random.Random) -> Iterator[Event]:
    """Each shows something, and flies within 80 days of it; who has a ticket brings someone on the first flight."""
    for flyer, (shown, distances) in FLYERS.items():
        day = FIRST + timedelta(days=dice.randrange(60))
        yield {**proof(flyer, day), **shown}
        flown = sorted(day + timedelta(days=dice.randrange(7, 80)) for _ in distances)
        for number, (on, distance) in enumerate(zip(flown, distances, strict=True), 1):
            yield flight(flyer, number, on, distance, together=number == 1 and "carrier" in shown)


def proof(flyer: str, day: date) -> Event:
    """What everybody sends in, before what is special of them."""
    sent = {
        "event": "proof",
        "request": f"{flyer}-proof",
        "flyer": flyer,
        "shown_on": day.isoformat(),
        "verified": True,
    }
    rival = {"source": "earned", "carrier": "Rival Air", "programme": "Rival Club", "rival_tier": "Blue"}
    return {**sent, **rival, "miles_flown": 4_000}


def flight(flyer: str, number: int, day: date, distance: int, *, together: bool) -> Event:
    """A flight alone, or with a companion, for whom a ticket is presented."""
    seats = ("self", "companion") if together else ("self",)
    lines = [
        {"id": f"{who} {kind}", "who": who, "kind": kind, "amount": f"{amount}.00"}
        for who in seats
        for kind, amount in (("fare", FARES[distance]), ("taxes", 88))
    ]
    made: Event = {"event": "flight", "coupon": f"{flyer}-{number}", "flyer": flyer, "flown_on": day.isoformat()}
    return made | {"distance": distance, "lines": lines} | ({"presented": 1} if together else {})


def moment(event: Event) -> str:
    """When an event happens."""
    return str(event.get("shown_on") or event.get("flown_on"))


def main(arguments: list[str]) -> None:
    """Write the sample."""
    folder = Path(arguments[0]) if arguments else HERE
    found = sorted(events(random.Random(3)), key=moment)
    (folder / "sample.ndjson").write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in found))


if __name__ == "__main__":
    main(sys.argv[1:])
