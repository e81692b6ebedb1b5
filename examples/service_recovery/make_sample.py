"""Make `sample.ndjson` and `sample_members.csv`: a year of ten flyers for whom not everything went well.

    python examples/service_recovery/make_sample.py [FOLDER]

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
FLYERS = [f"f-{number:02}" for number in range(1, 11)]
REASONS = ("cold meal", "lost toy", "broken screen", "rude word", "")


def events(dice: random.Random) -> Iterator[Event]:
    """Everybody flies; every third flight goes wrong, and sometimes an agent says sorry."""
    for flyer in FLYERS:
        days = sorted(dice.sample(range(340), dice.randrange(3, 10)))
        for number, day in enumerate(days, 1):
            on = FIRST + timedelta(days=day)
            yield from flown(dice, flyer, f"{flyer}-{number}", on)
            if dice.random() < 0.35:
                yield mishap(dice, flyer, f"{flyer}-{number}", on)
            if dice.random() < 0.35:
                yield gesture(dice, flyer, f"{flyer}-{number}", on + timedelta(days=1))


def flown(dice: random.Random, flyer: str, coupon: str, on: date) -> Iterator[Event]:
    """A flight with the member's number, or one that was booked as a guest and is claimed later, now and then twice."""
    amount = str(dice.randrange(40, 600)) + dice.choice((".00", ".50", ".99"))
    flight: Event = {"event": "flight", "coupon": coupon, "flown_on": on.isoformat(), "amount": amount}
    if dice.random() < 0.8:
        yield flight | {"flyer": flyer} | ({"vouchers_offered": "100"} if dice.random() < 0.5 else {})
        return
    yield flight
    for number in range(dice.choice((1, 1, 2))):
        later = (on + timedelta(days=dice.randrange(5, 40))).isoformat()
        claim = {
            "event": "claim",
            "request": f"{coupon}-{number}",
            "flyer": flyer,
            "claimed_on": later,
            "coupon": coupon,
        }
        yield claim | {"flown_on": on.isoformat(), "amount": amount}


def mishap(dice: random.Random, flyer: str, case: str, on: date) -> Event:
    """What went wrong, and whether it was the airline's fault."""
    what = dice.choice(("delay", "delay", "delay", "cancelled", "bag_late", "downgraded"))
    minutes = dice.choice((45, 75, 190, 320)) if what == "delay" else 0
    told = {"event": "mishap", "case_no": case, "flyer": flyer, "happened_on": on.isoformat()}
    return {**told, "what": what, "minutes": minutes, "our_fault": dice.random() < 0.8}


def gesture(dice: random.Random, flyer: str, case: str, on: date) -> Event:
    """What an agent wants to give, mostly with a reason."""
    role = dice.choice(("care", "care", "supervisor"))
    told = {"event": "gesture", "case_no": f"{case}-sorry", "flyer": flyer, "made_on": on.isoformat(), "role": role}
    reason = dice.choice(REASONS)
    asked = dice.choice(("500", "1500", "4000", "12000"))
    return {**told, "agent": f"{role}-{dice.randrange(1, 4)}", "asked": asked} | ({"reason": reason} if reason else {})


def main(arguments: list[str]) -> None:
    """Write the sample."""
    folder = Path(arguments[0]) if arguments else HERE
    text = "".join(f"{flyer},{'Gold' if number % 4 == 0 else 'Blue'}\n" for number, flyer in enumerate(FLYERS))
    (folder / "sample_members.csv").write_text("member,tier\n" + text, encoding="utf-8")
    (folder / "sample.ndjson").write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events(random.Random(13))))


if __name__ == "__main__":
    main(sys.argv[1:])
