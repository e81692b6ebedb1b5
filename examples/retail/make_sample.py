"""Make `sample.csv`: a year of orders of eleven made-up customers, in the columns of the "Online Retail" data set.

    python examples/retail/make_sample.py [FILE.csv]

The same seed gives the same file, byte for byte. It holds what makes the real data hard: guests, bad debt, stock
write-offs, postage, a price in tenths of a penny, an invoice split in two places, one stamped a minute apart, and one
order too large to be true; and cancellations that do not say what they cancel: orders as a whole or in part, in the
same minute or weeks later, more pieces than one order had, or than all of them, and goods that nobody bought.
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
Invoice = tuple[datetime, list[Row]]


def rows(seed: int = 1) -> list[Row]:
    """The rows of the sample, in the order of time but for one invoice."""
    dice = random.Random(seed)
    invoices: list[Invoice] = []
    moment = FIRST
    for number in range(500001, 500111):
        moment += timedelta(minutes=dice.randrange(1_000, 8_600))
        moment = moment.replace(hour=dice.randrange(8, 18))
        customer = dice.randrange(12)
        code = str(12340 + customer) if customer < 11 else ""
        country = COUNTRIES[customer % len(COUNTRIES)]
        pieces = (1, 2, 4, 12, 24, 48)[min(5, customer // 2)] * dice.randrange(1, 4)
        invoices.append((moment, order(dice, str(number), moment, pieces, code, country)))
    invoices += cancelled(random.Random(seed + 1), invoices)
    invoices.sort(key=lambda invoice: invoice[0])
    return odd([row for _, found in invoices for row in found])


def order(dice: random.Random, number: str, moment: datetime, pieces: int, customer: str, country: str) -> list[Row]:
    """One order: one to five goods, and postage abroad."""
    chosen = dice.sample(GOODS, dice.randrange(1, 6))
    found = [row(number, goods, pieces * dice.randrange(1, 4), moment, customer, country) for goods in chosen]
    if country != "United Kingdom":
        found.append(row(number, ("POST", "POSTAGE", "18.00"), 1, moment, customer, country))
    return found


def cancelled(dice: random.Random, invoices: list[Invoice]) -> list[Invoice]:
    """Cancellations of one order in four: of all its lines, or of one; of all pieces, of half, or of three times as
    many."""
    found = []
    for number, (moment, rows) in enumerate(dice.sample(invoices, len(invoices) // 4), 500201):
        moment += timedelta(minutes=dice.choice((0, 12, 1_500, 30_000)))
        times = dice.choice((2, 2, 1, 6))
        lines = rows if dice.randrange(2) else dice.sample(rows, 1)
        found.append((moment, [_cancelled(line, f"C{number}", moment, times) for line in lines]))
    return found


def _cancelled(line: Row, number: str, moment: datetime, times: int) -> Row:
    """A row that cancels a line of an order, so many times half of it."""
    _, code, description, pieces, _, price, customer, country = line
    return row(number, (code, description, price), -max(1, int(pieces) * times // 2), moment, customer, country)


def row(number: str, goods: tuple[str, str, str], pieces: int, moment: datetime, customer: str, country: str) -> Row:
    """One row of the file, its time written as the data set does."""
    code, description, price = goods
    stamp = f"{moment.month}/{moment.day}/{moment.year} {moment.hour}:{moment.minute:02}"
    return (number, code, description, str(pieces), stamp, price, customer, country)


def odd(found: list[Row]) -> list[Row]:
    """The same rows, with the oddities of the real data."""
    uk, none = "United Kingdom", ""
    moment = FIRST + timedelta(days=100)
    found.insert(39, row("C500906", GOODS[0], -250_000, moment + timedelta(minutes=16), "12345", uk))
    found.insert(40, row("C500900", ("D", "Discount", "27.50"), -1, moment, "12343", uk))
    found.insert(41, row("500901", GOODS[3], -30, moment, none, uk))
    found.insert(42, row("A500902", ("B", "Adjust bad debt", "-120.50"), 1, moment, none, uk))
    found.insert(43, row("500903", ("85123A", "HEART HOLDER", "0.001"), 1_500, moment, "12343", uk))
    found.insert(44, row("500904", GOODS[0], 250_000, moment, "12345", uk))
    found.insert(45, row("500905", GOODS[2], 12, moment, "12346", uk))
    found.insert(46, row("500905", GOODS[4], 12, moment + timedelta(minutes=1), "12346", uk))
    found.append(row("500903", GOODS[5], 12, moment, "12343", uk))
    found.append(row("500903", GOODS[5], 24, moment, "12343", uk))
    for number, pieces in (("C500907", -30), ("C500908", -600), ("C500909", -12)):
        found.append(row(number, GOODS[5], pieces, moment + timedelta(days=1), "12343", uk))
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
