"""Make `sample.ndjson` and `sample_members.csv`: a year of six card holders, two of each plan.

    python examples/credit_card/make_sample.py [FOLDER]

The same seed gives the same files, byte for byte. Ann cooks for many, and Bob buys a boat.
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
HOLDERS = {
    "ann": ("2025-05-20", "2027-01-05", "everyday"),
    "bob": ("2027-01-12", "2027-01-12", "everyday"),
    "cat": ("2026-09-15", "2027-01-15", "rotating"),
    "dov": ("2026-12-28", "2027-01-28", "rotating"),
    "eli": ("2024-02-29", "2027-01-29", "custom"),
    "fay": ("2027-02-03", "2027-02-03", "custom"),
}
SHOPS = ("grocery", "gas", "restaurants", "transit", "streaming", "travel", "online", "drugstore", "books")
WEIGHTS = (9, 4, 5, 2, 1, 2, 4, 2, 3)
QUARTERS = ("2027-01-02", "2027-04-01", "2027-07-09", "2027-10-01")


def events(dice: random.Random) -> Iterator[Event]:
    """Everybody buys, some ask for the quarter's categories, and cashback pays a bill in June and in December."""
    for holder, (opened, _, plan) in HOLDERS.items():
        first = max(date(2027, 1, 2), date.fromisoformat(opened))
        days = sorted(dice.randrange((date(2027, 12, 28) - first).days) for _ in range(45))
        for number, day in enumerate(days, 1):
            yield purchase(dice, f"{holder}-{number}", holder, first + timedelta(days=day))
        if plan == "rotating":
            for number, on in enumerate(QUARTERS[: 4 if holder == "cat" else 2], 1):
                yield {"event": "activation", "reference": f"{holder}-{number}", "holder": holder, "activated_on": on}
        for on in ("2027-06-30", "2027-12-30"):
            bill = {"event": "bill", "reference": f"{holder}-{on}", "holder": holder, "billed_on": on}
            yield {**bill, "offered": "500", "amount": f"{dice.randrange(100, 900)}.00"}


def purchase(dice: random.Random, reference: str, holder: str, day: date) -> Event:
    """One purchase; a few of them are large."""
    category = dice.choices(SHOPS, WEIGHTS)[0]
    cents = int(dice.lognormvariate(9.5, 0.9)) * (4 if (holder, category) == ("ann", "grocery") else 1)
    if reference == "bob-2":
        category, cents = "boats", 310_000
    sent = {"event": "purchase", "reference": reference, "holder": holder, "posted_on": day.isoformat()}
    return {**sent, "category": category, "amount": f"{cents // 100}.{cents % 100:02}"}


def main(arguments: list[str]) -> None:
    """Write the sample."""
    folder = Path(arguments[0]) if arguments else HERE
    text = "".join(f"{holder},{','.join(known)}\n" for holder, known in HOLDERS.items())
    (folder / "sample_members.csv").write_text("member,opened_on,cycle_start,plan\n" + text, encoding="utf-8")
    (folder / "sample.ndjson").write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events(random.Random(11))))


if __name__ == "__main__":
    main(sys.argv[1:])
