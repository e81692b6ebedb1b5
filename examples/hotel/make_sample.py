"""Make `sample.csv`: three hundred made-up bookings, in those columns of "Hotel booking demand" that are read.

    python examples/hotel/make_sample.py [FILE.csv]

The same seed gives the same file, byte for byte. It holds cancellations, no-shows, stays without a night, stays across
the ends of the off season, 29 February 2016, and one negative rate.
"""

from __future__ import annotations

import csv
import random
import sys
from datetime import date, timedelta
from pathlib import Path

COLUMNS = (
    "hotel",
    "arrival_date_year",
    "arrival_date_month",
    "arrival_date_day_of_month",
    "stays_in_weekend_nights",
    "stays_in_week_nights",
    "is_repeated_guest",
    "adr",
    "reservation_status",
)
FIRST, DAYS = date(2015, 7, 1), 790
SUMMER = (6, 7, 8, 9)

Row = tuple[str | int, ...]


def rows(seed: int = 1) -> list[Row]:
    """The rows of the sample, in the order of arrival."""
    dice = random.Random(seed)
    arrivals = sorted(FIRST + timedelta(days=dice.randrange(DAYS)) for _ in range(295))
    found = [booking(dice, arrival) for arrival in arrivals]
    found.insert(3, row("City Hotel", date(2015, 7, 2), 0, 0, "0", "Check-Out"))
    found.insert(90, row("Resort Hotel", date(2016, 2, 27), 4, 1, "64.00", "Check-Out"))
    found.insert(91, row("Resort Hotel", date(2016, 2, 28), 7, 0, "59.5", "Check-Out"))
    found.insert(130, row("City Hotel", date(2016, 4, 30), 9, 0, "410.00", "Check-Out"))
    found.insert(200, row("Resort Hotel", date(2017, 3, 5), 10, 1, "-6.38", "Check-Out"))
    return found


def booking(dice: random.Random, arrival: date) -> Row:
    """One booking: dearer in summer, one in three cancelled, one in three by a guest who came before."""
    hotel = dice.choice(("City Hotel", "Resort Hotel"))
    cents = dice.randrange(9_000, 18_000) if arrival.month in SUMMER else dice.randrange(4_500, 9_500)
    repeated = int(dice.randrange(3) == 0)
    status = ("Check-Out", "Check-Out", "Canceled")[dice.randrange(3)] if dice.randrange(50) else "No-Show"
    return row(hotel, arrival, dice.randrange(1, 14), repeated, f"{cents // 100}.{cents % 100:02}", status)


def row(hotel: str, arrival: date, nights: int, repeated: int, rate: str, status: str) -> Row:
    """One row of the file; the nights of Friday and Saturday are counted apart, as the data set does."""
    days = [arrival + timedelta(days=day) for day in range(nights)]
    weekend = sum(day.weekday() in (4, 5) for day in days)
    month = arrival.strftime("%B")
    return (hotel, arrival.year, month, arrival.day, weekend, nights - weekend, repeated, rate, status)


def main(arguments: list[str]) -> None:
    """Write the sample."""
    path = Path(arguments[0]) if arguments else Path(__file__).parent / "sample.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows())


if __name__ == "__main__":
    main(sys.argv[1:])
