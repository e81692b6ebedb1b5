"""Turn hotel bookings into stays: a line for each night, and a guest for each booking.

    python examples/hotel/prepare.py [--data DIR | --sample] --out stays.ndjson

The data names no guests: its authors removed them. THE GUESTS HERE ARE OURS, dealt by a seeded rule so that every run
deals the same ones. A number is drawn from SHA-256 of the seed and the booking's row number; then

- a booking marked as a repeated guest's belongs to one of 150 regulars,
- of the others one in four belongs to nobody who is a member,
- and the rest belong to 24,000 occasional members.

A stay's nights run from its arrival, each at the booking's average daily rate.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec

from examples.replay import data_folder, options
from rules_engine.feeds import Read, events_file, read_events, read_mapping

HERE = Path(__file__).parent
SEED = "seaview-1"
REGULARS, OCCASIONALS, OUTSIDERS_ONE_IN = 150, 24_000, 4


def bookings(data: Path | None) -> Iterator[Read]:
    """The bookings of the real data, or of the sample; cancellations and no-shows are set aside by the mapping."""
    mapping = read_mapping(HERE / "mapping.toml")
    path = events_file(mapping, data) if data is not None else HERE / "sample.csv"
    return read_events(path, mapping=mapping, ids={"booking": "folio"})


def stays(reads: Iterable[Read]) -> Iterator[Read]:
    """Make a stay of each booking; what was set aside or is faulty passes through, so that it is counted."""
    for read in reads:
        if read.event is None:
            yield read
        else:
            yield msgspec.structs.replace(read, kind="stay", event=msgspec.json.encode(stay(read.fields())))


def stay(booking: dict[str, Any]) -> dict[str, Any]:
    """The stay of one booking."""
    check_in = date.fromisoformat(booking["arrival"])
    nights = booking["weekend_nights"] + booking["week_nights"]
    days = [(check_in + timedelta(days=day)).isoformat() for day in range(nights + 1)]
    return {
        "event": "stay",
        "folio": booking["folio"],
        "guest": guest(booking["folio"], booking["repeated"]),
        "hotel": booking["hotel"],
        "check_in": days[0],
        "check_out": days[-1],
        "lines": [{"night": day, "amount": booking["rate"]} for day in days[:-1]],
    }


def guest(folio: str, repeated: bool) -> str | None:
    """The guest of a booking by the rule above, or None for one who is no member."""
    drawn = int.from_bytes(hashlib.sha256(f"{SEED}:{folio}".encode()).digest()[:8])
    if repeated:
        return f"regular-{drawn % REGULARS + 1:03}"
    if drawn % OUTSIDERS_ONE_IN == 0:
        return None
    return f"guest-{drawn // OUTSIDERS_ONE_IN % OCCASIONALS + 1:05}"


def main(arguments: list[str]) -> None:
    """Write the stays as NDJSON."""
    about = "Turn hotel bookings into stays, a line for each night."
    chosen = options(about, "hotel_bookings", Path("out/stays.ndjson")).parse_args(arguments)
    data = data_folder(chosen, "hotel_bookings")
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with chosen.out.open("wb") as file:
        for read in stays(bookings(data)):
            if read.event is not None:
                file.write(read.event + b"\n")
                written += 1
    print(f"{written:,} stays written to {chosen.out}")


if __name__ == "__main__":
    main(sys.argv[1:])
