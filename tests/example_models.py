"""The terms of two examples once more, by hand: plain loops that share nothing with the engine, to compare it with.

Each model gives, for every event by its id, what each rule gave; rules that gave nothing are left out.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from examples.hotel.prepare import guest

Given = dict[str, dict[str, int]]


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a file of columns."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as text:
        yield from csv.DictReader(text)


def one_year(day: date, years: int) -> date:
    """The same day of another year; 29 February becomes the 28th where there is none."""
    day_of_month = 28 if (day.month, day.day) == (2, 29) and (day.year + years) % 4 else day.day
    return date(day.year + years, day.month, day_of_month)


# ---- the shop ----


def shop(orders: Path, not_goods: Path, pieces_max: int = 100_000) -> Given:
    """What each order of the shop gets."""
    services = {row["stock_code"] for row in rows(not_goods)}
    found: dict[str, dict[str, Any]] = {}
    left_out: set[str] = set()
    for row in rows(orders):
        number, pieces = row["InvoiceNo"], int(row["Quantity"])
        if number[0] in "CA" or not 0 <= pieces <= pieces_max:
            left_out.add(number)
            continue
        moment = _moment(row["InvoiceDate"])
        order = found.setdefault(number, {"moment": moment, "customer": row["CustomerID"], "pence": 0})
        amount = (pieces * Decimal(row["UnitPrice"])).quantize(Decimal("0.01"), ROUND_HALF_UP)
        order["pence"] += 0 if row["StockCode"] in services else int(amount * 100)
    customers: dict[str, _Customer] = defaultdict(_Customer)
    given: Given = {}
    for number, order in sorted(found.items(), key=lambda each: each[1]["moment"]):
        if number not in left_out:
            customer = customers[order["customer"]] if order["customer"] else None
            given[number] = customer.buys(order["moment"].date(), order["pence"]) if customer else {}
    return given


@cache
def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%m/%d/%Y %H:%M")


class _Customer:
    def __init__(self) -> None:
        self.spent: list[tuple[date, int]] = []
        self.until = {1: date.min, 2: date.min}
        self.bonuses: Counter[tuple[int, int]] = Counter()

    def buys(self, day: date, pence: int) -> dict[str, int]:
        base = pence // 100
        tier = max((rung for rung, until in self.until.items() if until >= day), default=0)
        given = {"base": base}
        given["off_season_bonus"] = self._bonus(day, base if day.month <= 4 else 0)
        given["tier_bonus"] = self._bonus(day, base * (0, 25, 50)[tier] // 100)
        self.spent.append((day, pence))
        given["Tenth order"] = 250 if len(self.spent) == 10 else 0
        in_a_year = sum(amount for bought, amount in self.spent if one_year(day, -1) < bought)
        for rung, pounds in ((1, 1_000), (2, 5_000)):
            if in_a_year >= pounds * 100:
                self.until[rung] = one_year(day, 1) - timedelta(days=1)
        return {rule: points for rule, points in given.items() if points}

    def _bonus(self, day: date, wanted: int) -> int:
        month = (day.year, day.month)
        points = min(wanted, 1_000 - self.bonuses[month])
        self.bonuses[month] += points
        return points


# ---- the hotels ----


def hotels(bookings: Path) -> Given:
    """What each stay gets."""
    stays: list[tuple[date, str, str | None, date, int, int]] = []
    for number, row in enumerate(rows(bookings), 1):
        cents = int(Decimal(row["adr"]) * 100)
        if row["reservation_status"] != "Check-Out" or cents < 0:
            continue
        text = f"{row['arrival_date_year']} {row['arrival_date_month']} {row['arrival_date_day_of_month']}"
        check_in = datetime.strptime(text, "%Y %B %d").date()
        nights = int(row["stays_in_weekend_nights"]) + int(row["stays_in_week_nights"])
        member = guest(str(number), row["is_repeated_guest"] == "1")
        stays.append((check_in + timedelta(days=nights), str(number), member, check_in, nights, cents))
    guests: dict[str, _Guest] = defaultdict(_Guest)
    given: Given = {}
    for check_out, folio, member, check_in, nights, cents in sorted(stays, key=lambda stay: (stay[0], int(stay[1]))):
        given[folio] = guests[member].stays(check_in, check_out, nights, cents) if member else {}
    return given


class _Guest:
    def __init__(self) -> None:
        self.nights: Counter[int] = Counter()
        self.until = {1: 0, 2: 0}  # the last year of Silver and of Gold
        self.seasons: Counter[int] = Counter()

    def stays(self, check_in: date, check_out: date, nights: int, cents: int) -> dict[str, int]:
        if self.until[2] < check_out.year and self.until[2] >= self.until[1]:
            self.until[1] = self.until[2] + 1 if self.until[2] else 0  # Gold that ends leaves Silver for a year
        tier = max((rung for rung, year in self.until.items() if year >= check_out.year), default=0)
        base = nights * cents // 10
        given = {"base": base, "Tier bonus": base * (0, 10, 25)[tier] // 100}
        given["Double points off season"] = self._doubled(check_in, nights, base)
        self.nights[check_out.year] += nights
        for rung, wanted in ((1, 10), (2, 25)):
            if self.nights[check_out.year] >= wanted:
                self.until[rung] = check_out.year + 1
        return {rule: points for rule, points in given.items() if points}

    def _doubled(self, check_in: date, nights: int, base: int) -> int:
        """The points of the nights in the season: base in equal parts, the odd points to the first nights."""
        given = 0
        for place in range(nights):
            night = check_in + timedelta(days=place)
            if night.month in (11, 12, 1, 2):
                season = night.year + (night.month >= 11)
                points = min(base // nights + (place < base % nights), 5_000 - self.seasons[season])
                self.seasons[season] += points
                given += points
        return given
