"""Make `sample.ndjson`: six guests and a year of stays, and the nights that they buy with points.

    python examples/hotel_group/make_sample.py [FOLDER]

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
FIRST = date(2027, 1, 8)
GUESTS = {"regular": 14, "winter": 6, "summer": 5, "family": 5, "once": 1}
MONTHS = {"winter": (0, 50, 300, 350), "summer": (140, 240)}
RATES = (79, 95, 120, 145)


def events(dice: random.Random) -> Iterator[Event]:
    """The stays of each guest, some paid in part with points, and four bookings of award nights."""
    for guest, count in GUESTS.items():
        for number in range(1, count + 1):
            yield stay(dice, guest, f"{guest}-{number:02}")
    yield stay(dice, None, "walk-in")
    for guest, day, category, nights in (
        ("regular", date(2027, 9, 20), 3, 5),
        ("regular", date(2027, 12, 1), 1, 2),
        ("family", date(2027, 12, 5), 2, 3),
        ("once", date(2027, 12, 6), 1, 1),
    ):
        yield award_stay(guest, day, category, nights)


def arrival(dice: random.Random, guest: str | None) -> date:
    """Some guests come in winter, some in summer."""
    season = MONTHS.get(guest or "", (0, 350))
    low = dice.randrange(0, len(season), 2)
    return FIRST + timedelta(days=dice.randrange(season[low], season[low + 1]))


def stay(dice: random.Random, guest: str | None, folio: str) -> Event:
    """One to four nights, breakfast, now and then a better room; regular guests present what they have."""
    first, nights, rate = arrival(dice, guest), dice.randrange(1, 5), dice.choice(RATES)
    lines: list[Event] = [
        {
            "id": f"n{night}",
            "kind": "room",
            "night": (first + timedelta(days=night)).isoformat(),
            "amount": f"{rate}.00",
        }
        for night in range(nights)
    ]
    lines.append({"id": "breakfast", "kind": "food", "amount": f"{12 * nights}.50"})
    if dice.random() < 0.4:
        lines.append({"id": "suite", "kind": "upgrade", "amount": "45.00"})
    made: Event = {"event": "stay", "folio": folio, "check_out": (first + timedelta(days=nights)).isoformat()}
    made |= {"upgrade_free": dice.random() < 0.7, "lines": lines} | ({"guest": guest} if guest else {})
    if guest == "regular":
        made |= {"presented": 1}
    if guest in ("regular", "family") and dice.random() < 0.4:
        made |= {"desk_points": dice.choice((1_000, 2_700, 5_000))}
    return made


def award_stay(guest: str, day: date, category: int, nights: int) -> Event:
    """Nights for points, from ten days after the booking."""
    dates = [{"night": (day + timedelta(days=10 + night)).isoformat()} for night in range(nights)]
    made = {"event": "award_stay", "folio": f"{guest}-{day}", "guest": guest, "booked_on": day.isoformat()}
    return {**made, "category": category, "lines": dates}


def moment(event: Event) -> str:
    """When an event happens."""
    return str(event.get("check_out") or event.get("booked_on"))


def main(arguments: list[str]) -> None:
    """Write the sample."""
    folder = Path(arguments[0]) if arguments else HERE
    found = sorted(events(random.Random(4)), key=moment)
    (folder / "sample.ndjson").write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in found))


if __name__ == "__main__":
    main(sys.argv[1:])
