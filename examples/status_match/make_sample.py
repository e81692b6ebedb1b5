"""Make `sample.ndjson`: requests and flights of sixteen made-up flyers, two of every kind the terms tell apart.

    python examples/status_match/make_sample.py [FILE.ndjson]

The same seed gives the same file, byte for byte. A flyer's name says what becomes of them.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import orjson

Event = dict[str, Any]
FIRST = date(2027, 1, 4)


class Kind(NamedTuple):
    """What one kind of flyer shows, and flies while on trial."""

    name: str
    programme: str
    rival_tier: str
    carrier: str
    miles_flown: int
    verified: bool
    source: str
    flights: int
    distance: int


KINDS = (
    Kind("proves-gold", "Rival Club", "Black", "Rival Air", 80_000, True, "earned", 4, 2_600),
    Kind("proves-silver-only", "Rival Club", "Gold", "Rival Air", 60_000, True, "earned", 2, 2_900),
    Kind("proves-nothing", "Sky Circle", "Plus", "Sky Air", 30_000, True, "earned", 1, 1_400),
    Kind("never-flies", "Rival Club", "Silver", "British Midland", 12_000, True, "earned", 0, 0),
    Kind("brings-a-friend", "Executive", "Blue", "British Airways", 10_000, True, "earned", 1, 3_500),
    Kind("too-few-miles", "Executive", "Blue", "Dan-Air", 9_999, True, "earned", 1, 3_500),
    Kind("matched-before", "Rival Club", "Gold", "Rival Air", 50_000, True, "matched", 2, 3_000),
    Kind("shows-no-proof", "Rival Club", "Gold", "British Airways", 50_000, False, "earned", 2, 3_000),
)


def events(seed: int = 1) -> list[Event]:
    """Every event of the sample, in the order of time."""
    dice = random.Random(seed)
    found = [pair for kind in KINDS for place in (1, 2) for pair in story(dice, kind, place)]
    return [event for _, event in sorted(found, key=lambda pair: pair[0])]


def story(dice: random.Random, kind: Kind, place: int) -> Iterator[tuple[date, Event]]:
    """One flyer: a request, and flights within 80 days of it; the second of a kind asks again after 18 months."""
    flyer = f"{kind.name}-{place}"
    day = FIRST + timedelta(days=dice.randrange(60))
    asked = [day, day + timedelta(days=550)] if place == 2 else [day]
    for number, each in enumerate(asked, 1):
        yield each, request(kind, flyer, number, each)
    for number in range(1, kind.flights + 1):
        flown = day + timedelta(days=dice.randrange(1, 80))
        yield flown, flight(kind, flyer, number, flown)


def request(kind: Kind, flyer: str, number: int, day: date) -> Event:
    """A flyer asks for what rivals' flyers get."""
    return {
        "event": "match_request",
        "request": f"{flyer}-request-{number}",
        "flyer": flyer,
        "processed_on": day.isoformat(),
        "verified": kind.verified,
        "source": kind.source,
        "programme": kind.programme,
        "rival_tier": kind.rival_tier,
        "carrier": kind.carrier,
        "miles_flown": kind.miles_flown,
    }


def flight(kind: Kind, flyer: str, number: int, day: date) -> Event:
    """A flyer flies."""
    return {
        "event": "flight",
        "coupon": f"{flyer}-flight-{number}",
        "flyer": flyer,
        "flown_on": day.isoformat(),
        "distance": kind.distance,
    }


def main(arguments: list[str]) -> None:
    """Write the sample."""
    path = Path(arguments[0]) if arguments else Path(__file__).parent / "sample.ndjson"
    path.write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events()))


if __name__ == "__main__":
    main(sys.argv[1:])
