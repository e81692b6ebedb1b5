"""The retail example once more, by hand: what its orders earn, what its cancellations cancel, and what they take back.

It reads the rows itself and shares nothing with the engine or the example but the text of their terms, and looks
through whole lists where they keep accounts, so that it is slow and plain.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

from tests.example_models import Given, one_year, rows, share

GUEST, NOT_BOUGHT, TOO_MANY = "a guest's", "not bought before", "more than was left"
REJECTED = "its order was rejected"
TakenBack = list[tuple[str, str, dict[str, int]]]
"""For each return the cancellation, the order, and the points taken back by rule."""


@dataclass
class Bought:
    """A line of an order: so many pieces, how many are still kept, and what it cost in pence."""

    sku: str
    pieces: int
    pence: int
    goods: bool
    kept: int


@dataclass
class Invoice:
    """An order or a cancellation; what it gave, and what was taken back of that, lie with it."""

    number: str
    moment: datetime
    customer: str
    lines: list[Bought]
    rows: list[int]
    given: dict[str, int] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)


@dataclass
class History:
    """What became of a file: what each order got, each return took back, and each customer has in the end; and of the
    cancelled rows how many pieces went back, and how many did not for which reason."""

    given: Given
    taken: TakenBack
    points: Counter[str]
    back: dict[int, int]
    unmatched: dict[int, dict[str, int]]


def history(path: Path, not_goods: Path, with_returns: bool = True, pieces_max: int = 100_000) -> History:
    """Everything that happens in a file of invoices; without returns, as if nothing had been cancelled."""
    services = {row["stock_code"] for row in rows(not_goods)}
    invoices: dict[str, Invoice] = {}
    for place, row in enumerate(rows(path), 1):
        moment, pieces = _moment(row["InvoiceDate"]), int(row["Quantity"])
        invoice = invoices.setdefault(row["InvoiceNo"], Invoice(row["InvoiceNo"], moment, row["CustomerID"], [], []))
        pence = (pieces * Decimal(row["UnitPrice"])).quantize(Decimal("0.01"), ROUND_HALF_UP) * 100
        line = Bought(row["StockCode"], pieces, int(pence), row["StockCode"] not in services, pieces)
        invoice.lines.append(line)
        invoice.rows.append(place)
    shop = _Shop({each.number for each in invoices.values() if any(line.pieces > pieces_max for line in each.lines)})
    for each in sorted(invoices.values(), key=lambda each: (each.moment, each.number[0] == "C")):
        if each.number[0] == "C" and with_returns:
            shop.cancels(each)
        elif each.number[0] not in "AC" and all(line.pieces > 0 for line in each.lines):
            shop.sells(each)
    return shop.history


@cache
def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%m/%d/%Y %H:%M")


class _Shop:
    def __init__(self, rejected: set[str]) -> None:
        self.rejected = rejected
        self.customers: dict[str, _Customer] = defaultdict(_Customer)
        self.history = History({}, [], Counter(), {}, defaultdict(dict))

    def sells(self, order: Invoice) -> None:
        customer = self.customers[order.customer]
        if order.customer:
            customer.orders.append(order)
        if order.number in self.rejected:
            return
        if order.customer:
            order.given = customer.buys(order.moment.date(), order)
            self.history.points[order.customer] += sum(order.given.values())
        self.history.given[order.number] = order.given

    def cancels(self, cancellation: Invoice) -> None:
        customer = self.customers[cancellation.customer]
        orders = customer.orders[::-1] if cancellation.customer else []
        touched: list[Invoice] = []
        for row, line in zip(cancellation.rows, cancellation.lines, strict=True):
            left = -line.pieces
            self.history.back[row] = 0
            for order, bought in ((one, each) for one in orders for each in reversed(one.lines)):
                some = min(left, bought.kept) if bought.sku == line.sku else 0
                if not some:
                    continue
                bought.kept -= some
                left -= some
                if order.number in self.rejected:
                    why = self.history.unmatched[row]
                    why[REJECTED] = why.get(REJECTED, 0) + some
                    continue
                self.history.back[row] += some
                if not any(order is each for each in touched):
                    touched.append(order)
            if left:
                known = any(each.sku == line.sku for order in orders for each in order.lines)
                why_not = (TOO_MANY if known else NOT_BOUGHT) if cancellation.customer else GUEST
                self.history.unmatched[row][why_not] = left
        for order in touched:
            taken = customer.gives_back(order)
            self.history.points[order.customer] -= sum(taken.values())
            self.history.taken.append((cancellation.number, order.number, taken))


class _Customer:
    def __init__(self) -> None:
        self.orders: list[Invoice] = []
        self.spent: dict[str, tuple[date, int]] = {}
        self.count = self.most = 0
        self.until = {1: date.min, 2: date.min}
        self.bonuses: Counter[tuple[int, int]] = Counter()

    def buys(self, day: date, order: Invoice) -> dict[str, int]:
        pence = sum(line.pence for line in order.lines if line.goods)
        base = pence // 100
        tier = max((rung for rung, until in self.until.items() if until >= day), default=0)
        given = {"base": base}
        given["off_season_bonus"] = self._bonus(day, base if day.month <= 4 else 0)
        given["tier_bonus"] = self._bonus(day, base * (0, 25, 50)[tier] // 100)
        self.count += 1
        given["Tenth order"] = 250 if self.most < 10 <= self.count else 0
        self.most = max(self.most, self.count)
        self.spent[order.number] = day, pence
        in_a_year = sum(amount for bought, amount in self.spent.values() if one_year(day, -1) < bought)
        for rung, pounds in ((1, 1_000), (2, 5_000)):
            if in_a_year >= pounds * 100:
                self.until[rung] = one_year(day, 1) - timedelta(days=1)
        return {rule: points for rule, points in given.items() if points}

    def _bonus(self, day: date, wanted: int) -> int:
        month = (day.year, day.month)
        points = min(wanted, 1_000 - self.bonuses[month])
        self.bonuses[month] += points
        return points

    def gives_back(self, order: Invoice) -> dict[str, int]:
        """What the pieces that have come back by now take with them, less what was taken before."""
        goods = {
            (line.sku, line.pieces, line.pence, place): line for place, line in enumerate(order.lines) if line.goods
        }
        day, _ = self.spent[order.number]
        self.spent[order.number] = day, sum(line.pence - _first(line.pence, line) for line in goods.values())
        if not any(line.kept for line in order.lines):
            self.count -= 1
        taken = {}
        for rule, points in order.given.items():
            if rule != "Tenth order":
                parts = share(points, {key: line.pence for key, line in goods.items()})
                back = sum(_first(part, goods[key]) for key, part in parts.items())
                taken[rule] = back - order.taken[rule]
                order.taken[rule] = back
        return {rule: points for rule, points in taken.items() if points}


def _first(amount: int, line: Bought) -> int:
    """What of an amount lies on the pieces of a line that came back: odd ones lie on the first pieces."""
    back = line.pieces - line.kept
    return amount // line.pieces * back + min(amount % line.pieces, back)
