"""Make `sample.csv` and `sample_members.csv`: two years of a hundred made-up flyers, in the airline's columns.

    python examples/airline/make_sample.py [FOLDER]

The same seed gives the same files, byte for byte. "Points Accumulated" is worked out here by the airline's rule,
without the engine, so that the two can be compared. As in the real data some members have two rows in every month, and
rows do not come in the order of time.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

COLUMNS = ("Loyalty Number", "Year", "Month", "Total Flights", "Distance", "Points Accumulated")
MEMBER_COLUMNS = ("Loyalty Number", "Province", "Loyalty Card")
CARDS = {"Star": Decimal("1.08"), "Nova": Decimal("1.25"), "Aurora": Decimal("1.5")}
MONTHS = tuple((year, month) for year in (2017, 2018) for month in range(1, 13))
CAMPAIGN = ((2018, 2), (2018, 3), (2018, 4))
PROVINCES = ("Ontario", "British Columbia", "Quebec", "Alberta")

Row = tuple[str | int, ...]


def rows(seed: int = 1) -> tuple[list[Row], list[Row]]:
    """The rows of activity and those of members."""
    dice = random.Random(seed)
    members = [(100_018 + 7_919 * place, dice.choice(PROVINCES), dice.choice(tuple(CARDS))) for place in range(100)]
    activity: list[Row] = []
    for year, month in dice.sample(MONTHS, len(MONTHS)):
        for place, (number, _, card) in enumerate(members):
            for _ in range(2 if place % 40 == 0 else 1):
                flights = max(0, dice.randrange(-10, 20))
                distance = flights * dice.randrange(100, 400)
                activity.append((number, year, month, flights, distance, points(distance, card, (year, month))))
    return activity, list(members)


def points(distance: int, card: str, month: tuple[int, int]) -> str:
    """What the airline books: a point for 10 km, more by card in the campaign, not rounded again."""
    booked = Decimal(distance // 10)
    if month in CAMPAIGN:
        booked *= CARDS[card]
    return str(int(booked)) if booked == int(booked) else str(booked.normalize())


def write(path: Path, columns: Row, found: Iterable[Row]) -> None:
    """Write one file, as the real ones are written: a mark of the encoding first, and lines that end in CR LF."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(found)


def main(arguments: list[str]) -> None:
    """Write the sample."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parent
    activity, members = rows()
    write(folder / "sample.csv", COLUMNS, activity)
    write(folder / "sample_members.csv", MEMBER_COLUMNS, members)


if __name__ == "__main__":
    main(sys.argv[1:])
