"""Make `sample.csv`: a year of orders of eleven made-up customers, in the columns of the "Online Retail" data set.

    python examples/retail/make_sample.py [FILE.csv]

The same seed gives the same file, byte for byte. It holds what makes the real data hard: guests, cancellations, bad
debt, stock write-offs, postage, a price in tenths of a penny, an invoice split in two places, one stamped a minute
apart, and one order too large to be true.
"""

from __future__ import annotations

import csv
import random
import sys
from datetime import datetime, timedelta
from pathlib import Path

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
GOODS = (
    ("85123A", "WHITE HANGING HEART T-LIGHT HOLDER", "2.55"),
    ("22423", "REGENCY CAKESTAND 3 TIER", "12.75"),
    ("47566", "PARTY BUNTING", "4.95"),
    ("20725", "LUNCH BAG RED RETROSPOT", "1.65"),
    ("84879", "ASSORTED COLOUR BIRD ORNAMENT", "1.69"),
    ("22720", "SET OF 3 CAKE TINS PANTRY DESIGN", "4.95"),
    ("23203", "JUMBO BAG VINTAGE DOILY", "2.08"),
    ("21212", "PACK OF 72 RETROSPOT CAKE CASES", "0.55"),
    ("85099B", "JUMBO BAG RED RETROSPOT", "1.95"),
)
COUNTRIES = ("United Kingdom", "United Kingdom", "United Kingdom", "France", "EIRE")
FIRST = datetime(2010, 12, 1, 8, 0)

Row = tuple[str, ...]


def rows(seed: int = 1) -> list[Row]:
    """The rows of the sample, in the order of time but for one invoice."""
    dice = random.Random(seed)
    found: list[Row] = []
    moment = FIRST
    for number in range(500001, 500111):
        moment += timedelta(minutes=dice.randrange(1_000, 8_600))
        moment = moment.replace(hour=dice.randrange(8, 18))
        customer = dice.randrange(12)
        code = str(12340 + customer) if customer < 11 else ""
        country = COUNTRIES[customer % len(COUNTRIES)]
        pieces = (1, 2, 4, 12, 24, 48)[min(5, customer // 2)] * dice.randrange(1, 4)
        found += order(dice, str(number), moment, pieces, code, country)
    return odd(found)


def order(dice: random.Random, number: str, moment: datetime, pieces: int, customer: str, country: str) -> list[Row]:
    """One order: one to five goods, and postage abroad."""
    chosen = dice.sample(GOODS, dice.randrange(1, 6))
    found = [row(number, goods, pieces * dice.randrange(1, 4), moment, customer, country) for goods in chosen]
    if country != "United Kingdom":
        found.append(row(number, ("POST", "POSTAGE", "18.00"), 1, moment, customer, country))
    return found


def row(number: str, goods: tuple[str, str, str], pieces: int, moment: datetime, customer: str, country: str) -> Row:
    """One row of the file, its time written as the data set does."""
    code, description, price = goods
    stamp = f"{moment.month}/{moment.day}/{moment.year} {moment.hour}:{moment.minute:02}"
    return (number, code, description, str(pieces), stamp, price, customer, country)


def odd(found: list[Row]) -> list[Row]:
    """The same rows, with the oddities of the real data."""
    uk, none = "United Kingdom", ""
    moment = FIRST + timedelta(days=100)
    found.insert(40, row("C500900", GOODS[1], -2, moment, "12343", uk))
    found.insert(41, row("500901", GOODS[3], -30, moment, none, uk))
    found.insert(42, row("A500902", ("B", "Adjust bad debt", "-120.50"), 1, moment, none, uk))
    found.insert(43, row("500903", ("85123A", "HEART HOLDER", "0.001"), 1_500, moment, "12343", uk))
    found.insert(44, row("500904", GOODS[0], 250_000, moment, "12345", uk))
    found.insert(45, row("500905", GOODS[2], 12, moment, "12346", uk))
    found.insert(46, row("500905", GOODS[4], 12, moment + timedelta(minutes=1), "12346", uk))
    found.append(row("500903", GOODS[5], 12, moment, "12343", uk))
    return found


def main(arguments: list[str]) -> None:
    """Write the sample."""
    path = Path(arguments[0]) if arguments else Path(__file__).parent / "sample.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows())


if __name__ == "__main__":
    main(sys.argv[1:])
