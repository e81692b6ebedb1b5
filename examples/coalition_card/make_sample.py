"""Make `sample.ndjson` and `sample_members.csv`: half a year of twelve people in seven households.

    python examples/coalition_card/make_sample.py [FOLDER]

The same seed gives the same files, byte for byte. One receipt is sent twice, on purpose.
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
HOUSEHOLDS = {
    "ada": "hill road 7",
    "ben": "hill road 7",
    "cleo": "mill lane 2",
    "dan": "mill lane 2",
    "eve": "mill lane 2",
    "finn": "quay 11",
    "gwen": "quay 11",
    "hal": "the green 4",
    "iris": "the green 4",
    "jack": "",
    "kim": "",
    "lou": "",
}
PARTNERS = ("grocer", "fuel", "pharmacy", "cinema")
FIRST = date(2027, 1, 2)


def events(dice: random.Random) -> Iterator[Event]:
    """Everybody shops; now and then the household pays with points, or sends some to the airline."""
    for person in HOUSEHOLDS:
        days = sorted(dice.randrange(200) for _ in range(dice.randrange(8, 20)))
        for number, day in enumerate(days, 1):
            sent = purchase(dice, person, number, FIRST + timedelta(days=day))
            yield sent
            if (person, number) == ("kim", 3):
                yield sent
        if person in ("ben", "finn"):
            on = (FIRST + timedelta(days=201)).isoformat()
            yield {"event": "transfer", "request": f"{person}-1", "customer": person, "asked_on": on, "sent": "600"}


def purchase(dice: random.Random, person: str, number: int, day: date) -> Event:
    """A receipt of one of the partners."""
    partner = dice.choices(PARTNERS, weights=(6, 3, 2, 1))[0]
    found: Event = {"event": "purchase", "receipt": f"{person}-{number}", "customer": person, "partner": partner}
    found["bought_on"] = day.isoformat()
    if partner == "grocer" and dice.random() < 0.25:
        found["offered"] = dice.choice(("500", "1000"))
    cost = {"grocer": dice.randrange(800, 12_000), "fuel": 0, "pharmacy": dice.randrange(300, 4_000), "cinema": 1_250}
    litres = dice.randrange(20, 55) if partner == "fuel" else 0
    pence = cost[partner] + litres * 148
    found["lines"] = [{"kind": "goods", "litres": litres, "amount": f"{pence // 100}.{pence % 100:02}"}]
    if partner == "grocer" and dice.random() < 0.2:
        found["lines"].append({"kind": "lottery", "litres": 0, "amount": "4.00"})
    return found


def main(arguments: list[str]) -> None:
    """Write the sample."""
    folder = Path(arguments[0]) if arguments else HERE
    text = "".join(f"{person},{household}\n" for person, household in HOUSEHOLDS.items())
    (folder / "sample_members.csv").write_text("member,household\n" + text, encoding="utf-8")
    (folder / "sample.ndjson").write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events(random.Random(9))))


if __name__ == "__main__":
    main(sys.argv[1:])
