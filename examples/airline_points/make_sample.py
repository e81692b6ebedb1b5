"""Make `sample.ndjson` and `sample_members.ndjson`: a family, two others, and a year of flights, hotels and cars.

    python examples/airline_points/make_sample.py [FOLDER]

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
FIRST = date(2027, 1, 5)
MEMBERS = {
    "ada": {"joined": "2024-02-01", "family": "the Okoros"},
    "chidi": {"joined": "2027-01-02", "family": "the Okoros"},
    "ben": {"joined": "2021-06-30"},
    "dora": {"joined": "2026-09-15"},
}
ROUTES = (214, 600, 1_470, 3_451, 5_500)


def events(dice: random.Random) -> Iterator[Event]:
    """Points in, in any order, and seats for points in autumn."""
    for number in range(1, 41):
        member = dice.choices(list(MEMBERS), (4, 3, 2, 1))[0]
        day = FIRST + timedelta(days=dice.randrange(230))
        yield dice.choices((flight, hotel_stay, car_rental), (4, 3, 2))[0](dice, f"A-{number:02}", member, day)
    for number, (member, offered, fare) in enumerate(
        (("ada", 20_000, "150.00"), ("chidi", 30_000, "412.00"), ("ben", 3_050, "96.00"), ("dora", 1_900, "96.00")), 1
    ):
        seat = {"event": "award_seat", "ticket": f"S-{number}", "flyer": member, "booked_on": f"2027-10-0{number}"}
        yield seat | {"points_offered": offered, "fare": fare}


def flight(dice: random.Random, number: str, member: str, day: date) -> Event:
    """A flight, in one of three cabins."""
    cabin = dice.choices(("economy", "premium", "business"), (5, 2, 1))[0]
    made = {"event": "flight", "coupon": number, "flyer": member, "flown_on": day.isoformat()}
    return made | {"cabin": cabin, "distance": dice.choice(ROUTES)}


def hotel_stay(dice: random.Random, number: str, member: str, day: date) -> Event:
    """A room, and what was eaten."""
    made = {"event": "hotel_stay", "folio": number, "guest": member, "check_out": day.isoformat()}
    lines = [{"kind": "room", "amount": f"{dice.randrange(45, 420)}.50"}, {"kind": "food", "amount": "24.00"}]
    return made | {"hotel": dice.choice(("Seaview", "Sparrow Inns")), "lines": lines}


def car_rental(dice: random.Random, number: str, member: str, day: date) -> Event:
    """A car for some days."""
    made = {"event": "car_rental", "contract": number, "driver": member, "returned_on": day.isoformat()}
    return made | {"class": dice.choice(("small", "large")), "days": dice.randrange(1, 13)}


def moment(event: Event) -> str:
    """When an event happens."""
    names = ("flown_on", "check_out", "returned_on", "booked_on")
    return next(str(event[name]) for name in names if name in event)


def main(arguments: list[str]) -> None:
    """Write the sample."""
    folder = Path(arguments[0]) if arguments else HERE
    found = sorted(events(random.Random(2)), key=moment)
    (folder / "sample.ndjson").write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in found))
    lines = (orjson.dumps({"member": member, **facts}) + b"\n" for member, facts in MEMBERS.items())
    (folder / "sample_members.ndjson").write_bytes(b"".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
