"""Make `sample.ndjson` and `sample_members.ndjson`: four of the young, and what they do in May and June.

    python examples/youth_network/make_sample.py [FOLDER]

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
START = datetime.fromisoformat("2027-05-02T08:00:00+08:00")
MEMBERS = {
    "lin": {"package": "couples", "partner": "hao"},
    "hao": {"package": "couples", "partner": "lin"},
    "kai": {"package": "gamer"},
    "yue": {"package": "campus"},
}


def events(dice: random.Random) -> Iterator[Event]:
    """Everybody starts in May, calls, writes, is billed and goes out; who has the points asks for credit."""
    for number, member in enumerate(MEMBERS, 1):
        yield {"event": "start", "contract": f"C-{number}", "customer": member, "started_on": "2027-05-01"}
        for month, amount in (("05", 380 + 40 * number), ("06", 180)):
            billed = {"event": "bill", "invoice": f"{month}-{member}", "payer": member, "billed_on": f"2027-{month}-28"}
            yield billed | {"amount": f"{amount}.90"}
        asked = {"event": "exchange", "request": f"X-{number}", "customer": member, "asked_on": "2027-06-15"}
        yield asked
    for number in range(1, 11):
        yield call(dice, f"N-{number:02}", dice.choice(("lin", "hao")), at_night=True)
    for number in range(1, 16):
        yield call(dice, f"D-{number:02}", dice.choice(list(MEMBERS)), at_night=False)
    for number in range(1, 36):
        sent = START + timedelta(days=dice.randrange(58), minutes=dice.randrange(900))
        writer = dice.choices(list(MEMBERS), (1, 1, 8, 2))[0]
        yield {"event": "text_message", "record": f"T-{number:02}", "caller": writer, "sent": sent.isoformat()}
    for number in range(1, 11):
        yield visit(dice, number)


def call(dice: random.Random, record: str, caller: str, *, at_night: bool) -> Event:
    """A couple talks at night, and long; by day everybody talks to anybody."""
    partner = MEMBERS[caller].get("partner")
    others = [each for each in MEMBERS if each != caller]
    callee = partner if at_night else dice.choice([*others, None])
    started = START + timedelta(
        days=dice.randrange(58), minutes=dice.randrange(915, 1_200) if at_night else dice.randrange(700)
    )
    made = {"event": "call", "record": record, "caller": caller, "started": started.isoformat()}
    minutes = dice.choice((60, 90, 130, 240)) if at_night else dice.choice((2, 5, 15))
    return made | ({"callee": callee} if callee else {}) | {"minutes": minutes}


def visit(dice: random.Random, number: int) -> Event:
    """Noodles, or a film."""
    visited = START + timedelta(days=dice.randrange(58))
    made = {"event": "visit", "receipt": f"V-{number:02}", "customer": dice.choice(list(MEMBERS))}
    partner, amount = dice.choice((("Noodle Bar", "58.00"), ("Silver Screen", "120.00"), ("Noodle Bar", "31.50")))
    return made | {"visited_on": visited.date().isoformat(), "partner": partner, "amount": amount}


def moment(event: Event) -> str:
    """When an event happens."""
    names = ("started", "sent", "started_on", "billed_on", "asked_on", "visited_on")
    return next(str(event[name]) for name in names if name in event)


def main(arguments: list[str]) -> None:
    """Write the sample."""
    folder = Path(arguments[0]) if arguments else HERE
    found = sorted(events(random.Random(4)), key=moment)
    (folder / "sample.ndjson").write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in found))
    lines = (orjson.dumps({"member": member, **facts}) + b"\n" for member, facts in MEMBERS.items())
    (folder / "sample_members.ndjson").write_bytes(b"".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
