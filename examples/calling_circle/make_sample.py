"""Make `sample.ndjson` and `sample_members.ndjson`: six friends, who brought whom, and two months of calls.

    python examples/calling_circle/make_sample.py [FOLDER]

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
START = datetime.fromisoformat("2027-03-01T07:00:00+00:00")
NUMBERS = {"ana": "0701", "bo": "0702", "cy": "0703", "di": "0704", "eve": "0705", "fay": "0706"}
BROUGHT = {"bo": "ana", "cy": "ana", "di": "bo", "fay": "cy"}
OTHERS = ("0151", "0161", "0141", "0131")
MEMBERS = {
    "ana": {"number": "0701", "circle": ["0702", "0703", "0151", "0704", "0705", "0706"]},
    "bo": {"number": "0702", "circle": ["0701"]},
    "cy": {"number": "0703", "circle": ["0701", "0706"]},
    "di": {"number": "0704", "circle": []},
    "eve": {"number": "0705", "circle": ["0701", "0702"]},
    "fay": {"number": "0706", "circle": ["0703"]},
}


def events(dice: random.Random) -> Iterator[Event]:
    """Everybody signs up, calls, and has a bill of 15 pounds in April and in May."""
    for number, member in enumerate(NUMBERS, 1):
        joined = {"event": "sign_up", "contract": f"C-{number}", "customer": member, "joined_on": "2027-03-01"}
        yield joined | ({"referrer": BROUGHT[member]} if member in BROUGHT else {})
        for month in ("2027-04", "2027-05"):
            billed = {"event": "bill", "invoice": f"{month}-{member}", "payer": member, "billed_on": f"{month}-06"}
            yield billed | {"amount": "15.00"}
    for number in range(1, 81):
        yield call(dice, f"R-{number:02}")


def call(dice: random.Random, record: str) -> Event:
    """Two calls in three are to a customer."""
    caller = dice.choice(list(NUMBERS))
    started = START + timedelta(days=dice.randrange(61), minutes=dice.randrange(15 * 60))
    made: Event = {"event": "call", "record": record, "caller": caller, "started": started.isoformat()}
    if dice.random() < 0.67:
        callee = dice.choice([each for each in NUMBERS if each != caller])
        made |= {"on_net": True, "callee": callee, "exchange": NUMBERS[callee]}
    else:
        made |= {"on_net": False, "exchange": dice.choice(OTHERS)}
    return made | {"minutes": dice.choice((5, 12, 25, 40, 75, 120))}


def moment(event: Event) -> str:
    """When an event happens."""
    return str(event.get("started") or event.get("joined_on") or event.get("billed_on"))


def main(arguments: list[str]) -> None:
    """Write the sample."""
    folder = Path(arguments[0]) if arguments else HERE
    found = sorted(events(random.Random(7)), key=moment)
    (folder / "sample.ndjson").write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in found))
    lines = (orjson.dumps({"member": member, **facts}) + b"\n" for member, facts in MEMBERS.items())
    (folder / "sample_members.ndjson").write_bytes(b"".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
