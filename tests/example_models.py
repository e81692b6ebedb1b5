"""The terms of three examples once more, by hand: plain loops that share nothing with the engine, to compare it with.

Each model gives, for every event by its id, what each rule gave; rules that gave nothing are left out. That of the
gift shop with its cancellations is `retail_model`.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

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


# ---- the marketplace ----

BUNDLE, HELLO_BUDGET, CREAMS = 39_90, 100_00, 6
FREE_POSTAGE = 88_00


def share(amount: int, weights: dict[Any, int]) -> dict[Any, int]:
    """An amount in proportion; odd cents go to the largest remainders, then to the larger weight, then by key."""
    whole = sum(weights.values()) or 1
    parts = {key: amount * weight // whole for key, weight in weights.items()}
    order = sorted(weights, key=lambda key: (-(amount * weights[key] % whole), -weights[key], key))
    for key in order[: amount - sum(parts.values())]:
        parts[key] += 1
    return parts


def half_up(amount: int, percent: int) -> int:
    """A percentage, rounded half up."""
    return (amount * percent + 50) // 100


def cents(text: str) -> int:
    """Money of two decimals as whole cents; raises `ValueError` for more decimals."""
    exact = Decimal(text) * 100
    if exact != int(exact):
        raise ValueError(text)
    return int(exact)


def events_of(path: Path, moment: str, number: str) -> list[dict[str, Any]]:
    """The events of a file in the order of time; an id that came before is left out."""
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found.sort(key=lambda event: datetime.fromisoformat(event[moment]))
    return list({event[number]: event for event in reversed(found)}.values())[::-1]


def marketplace(folder: Path) -> Given:
    """What each order of the festival is less, by rule, its coins, what is paid, and which codes were used (0 or 1)."""
    tiers = {row["member"]: row["tier"] for row in rows(folder / "sample_members.csv")}
    market = _Market({_plain(row["code"]) for row in rows(folder / "friends.csv")})
    given: Given = {}
    for event in events_of(folder / "sample.ndjson", "ordered_at", "order_no"):
        try:
            pieces = [piece for line in event["lines"] for piece in _Piece.all_of(line)]
        except ValueError:
            continue
        member, moment = event["customer"], datetime.fromisoformat(event["ordered_at"])
        found = market.sells(member, tiers[member] == "Gold", moment, pieces, event["codes"], cents(event["postage"]))
        given[event["order_no"]] = {rule: amount for rule, amount in found.items() if amount or rule[:5] == "code "}
    return given


def _plain(code: str) -> str:
    return code.upper().replace("-", "").replace(" ", "")


@dataclass
class _Piece:
    line: str
    kind: str
    joins: bool
    brand_day: bool
    price: int
    cost: int
    least: int

    @classmethod
    def all_of(cls, line: dict[str, Any]) -> list[_Piece]:
        """The pieces of a line; raises `ValueError` where the line is not a valid one."""
        if line["category"] not in ("shampoo", "serum", "snacks", "tea", "toys", "gift_card"):
            raise ValueError(line["category"])
        price, least = cents(line["price"]), cents(line.get("least", "0"))
        one = (line["id"], line["category"], line["joins"], line["brand_day"], price, price, least)
        return [cls(*one) for _ in range(line["pieces"])]

    def less(self, amount: int, stop: int = 0) -> int:
        """Take an amount off, as far as the piece's least price and another stop allow; what it was."""
        off = max(0, min(amount, self.cost - max(self.least, stop)))
        self.cost -= off
        return off


class _Market:
    def __init__(self, friends: set[str]) -> None:
        self.friends = friends
        self.hello, self.creams = HELLO_BUDGET, CREAMS
        self.orders: Counter[str] = Counter()
        self.doubled: Counter[tuple[str, int]] = Counter()
        self.had_cream: set[str] = set()

    def sells(
        self, member: str, gold: bool, moment: datetime, pieces: list[_Piece], codes: list[str], postage: int
    ) -> dict[str, int]:
        off = self._pieces(moment, pieces)
        goods = [piece for piece in pieces if piece.kind != "gift_card"]
        off |= _thresholds(moment, goods)
        room = sum(piece.cost - piece.least for piece in goods) - sum(off[rule] for rule in _THRESHOLDS)
        net = sum(piece.cost for piece in goods) - sum(off[rule] for rule in _THRESHOLDS)
        first = not self.orders[member] and sum(piece.price for piece in goods) >= 30_00
        hello = first and not any(off[rule] for rule in _THRESHOLDS) and moment.date() <= date(2027, 11, 30)
        used = self._codes(moment, codes, net, room, hello)
        off |= used
        net -= sum(amount for rule, amount in used.items() if rule[:5] != "code ")
        off["Cream with two serums"] = self._cream(member, pieces)
        free, less = postage if net >= FREE_POSTAGE else 0, min(postage, 6_00) if gold else 0
        off["Postage free from 88"], off["Gold postage"] = (free, 0) if free >= less else (0, less)
        cards = sum(piece.cost for piece in pieces if piece.kind == "gift_card")
        off["total"] = net + cards + postage - max(free, less)
        self.orders[member] += 1
        return off | self._coins(member, gold, moment.date(), net // 100)

    def _pieces(self, moment: datetime, pieces: list[_Piece]) -> dict[str, int]:
        off: Counter[str] = Counter()
        if date(2027, 11, 8) <= moment.date() <= date(2027, 11, 10):
            off["Brand day"] = sum(each.less(half_up(each.price, 12), 9_90) for each in pieces if each.brand_day)
        dearest = sorted(pieces, key=lambda piece: (-piece.cost, piece.line))
        snacks = [piece for piece in dearest if piece.kind == "snacks"]
        off["Tea and two snacks"], bundled = _bundles([each for each in dearest if each.kind == "tea"], snacks)
        shampoos = [piece for piece in dearest if piece.kind == "shampoo"]
        free = shampoos[len(shampoos) - len(shampoos) // 3 :]
        off["Three for two on shampoo"] = sum(piece.less(piece.cost) for piece in free)
        for place, piece in enumerate(snacks[bundled:]):
            off["Second half price, third 80% off"] += piece.less(half_up(piece.cost, (0, 50, 80)[place % 3]))
        return dict(off)

    def _codes(self, moment: datetime, codes: list[str], net: int, room: int, hello: bool) -> dict[str, int]:
        used = {f"code {code}": 0 for code in codes}
        for code in codes:
            if _plain(code) == "HELLO20" and hello:
                amount = min(half_up(net, 20), 15_00, room)
                if 0 < amount <= self.hello:
                    self.hello -= amount
                    return used | {"Hello 20": amount, f"code {code}": 1}
            if _plain(code) in self.friends and moment.date() >= date(2027, 11, 1):
                amount = min(half_up(net, 10), 30_00, room)
                if amount:
                    self.friends.remove(_plain(code))
                    return used | {"A friend's tenth": amount, f"code {code}": 1}
        return used

    def _cream(self, member: str, pieces: list[_Piece]) -> int:
        serums = sum(piece.kind == "serum" for piece in pieces)
        if serums < 2 or member in self.had_cream or not self.creams:
            return 0
        self.had_cream.add(member)
        self.creams -= 1
        return 1

    def _coins(self, member: str, gold: bool, day: date, coins: int) -> dict[str, int]:
        drawn = int.from_bytes(sha256(b"lantern-2027\0" + member.encode()).digest()[:8], "big") % 10_000
        doubled = 0
        if day.day in (8, 18, 28) and drawn >= 1_000:
            doubled = min(coins, 500 - self.doubled[member, day.month])
            self.doubled[member, day.month] += doubled
        return {"base": coins, "Gold share": coins // 2 if gold else 0, "Member day": doubled}


_THRESHOLDS = ("Every 300 less 50", "Spend and save")


def _bundles(teas: list[_Piece], snacks: list[_Piece]) -> tuple[int, int]:
    """What bundles of tea and two snacks are less, and how many snacks are in them: none where no bundle is cheaper."""
    total, bundles = 0, min(len(teas), len(snacks) // 2)
    for place in range(bundles):
        box = [teas[place], *snacks[2 * place : 2 * place + 2]]
        off = max(0, sum(piece.cost for piece in box) - BUNDLE)
        lines: Counter[str] = Counter()
        for piece in box:
            lines[piece.line] += piece.cost
        for line, part in share(off, lines).items():
            mine = [piece for piece in box if piece.line == line]
            for number, amount in share(part, {n: piece.cost for n, piece in enumerate(mine)}).items():
                mine[number].cost -= amount
        total += off
    return total, 2 * bundles if total else 0


def _thresholds(moment: datetime, goods: list[_Piece]) -> dict[str, int]:
    joined = [piece for piece in goods if piece.joins]
    every, spent = (
        min(50_00 * (sum(piece.cost for piece in joined) // 300_00), 300_00),
        sum(each.cost for each in goods),
    )
    opened = moment.replace(tzinfo=None) >= datetime(2027, 11, 1, 20) and moment.date() <= date(2027, 11, 11)
    every = min(every, sum(piece.cost - piece.least for piece in joined)) if opened else 0
    save = max(
        (off for bound, off in ((200_00, 20_00), (400_00, 60_00), (700_00, 120_00)) if spent >= bound), default=0
    )
    save = min(save, sum(piece.cost - piece.least for piece in goods))
    return dict(zip(_THRESHOLDS, (every, 0) if every >= save else (0, save), strict=True))


# ---- the shop with tiers ----


def tiered_shop(folder: Path) -> tuple[Given, list[int]]:
    """What each order is less, by rule, its points, tax and total; and what is paid back for each return."""
    shop = _Shop({row["member"]: row["birthday"] for row in rows(folder / "sample_members.csv")})
    given = {}
    for event in events_of(folder / "sample.ndjson", "bought_at", "order_no"):
        if all("vat" in line and line["pieces"] <= 1_000 for line in event["lines"]):
            found = shop.sells(event)
            given[event["order_no"]] = {rule: amount for rule, amount in found.items() if amount}
    returned = [json.loads(line) for line in (folder / "sample_returns.ndjson").read_text().splitlines()]
    return given, [shop.takes_back(each["order_no"], each["returned"]) for each in returned]


@dataclass
class _Basket:
    """An order as it is priced: in pence, by line."""

    tier: int
    lines: dict[str, dict[str, Any]]
    off: dict[str, dict[str, int]]
    delivery: int
    free: str

    @property
    def ten(self) -> int:
        return min(10_00 * (self.before_ten // 100_00), 50_00)

    @property
    def before_ten(self) -> int:
        return sum(self.costs.values())

    @property
    def costs(self) -> dict[str, int]:
        """What lines cost before ten off a hundred."""
        return {
            sku: line["pieces"] * cents(line["price"]) - sum(off[sku] for off in self.off.values())
            for sku, line in self.lines.items()
        }

    @property
    def total(self) -> int:
        return self.before_ten - self.ten + (0 if self.free else self.delivery)


class _Shop:
    def __init__(self, birthdays: dict[str, str]) -> None:
        self.birthdays = birthdays
        self.spent: Counter[str] = Counter()
        self.candles: set[str] = set()
        self.sold: dict[str, tuple[dict[str, Any], int, _Basket]] = {}
        self.returned: dict[str, Counter[str]] = defaultdict(Counter)
        self.paid_back: Counter[str] = Counter()

    def sells(self, event: dict[str, Any]) -> dict[str, int]:
        member, day = event.get("customer", ""), _london(event)
        tier = sum(self.spent[member] >= bound for bound in (150_00, 400_00, 800_00)) if member else -1
        basket = _priced(event, tier, {})
        self.sold[event["order_no"]] = event, tier, basket
        net = basket.before_ten - basket.ten
        given = {rule: sum(off.values()) for rule, off in basket.off.items()} | {"Ten off a hundred": basket.ten}
        if basket.free:
            given[basket.free] = basket.delivery
        if member:
            self.spent[member] += net
            given |= {"base": net // 100, "Tier points": net // 100 * max(0, tier - 1) // 4}
            given["Birthday candle"] = self._candle(member, tier, day)
        tens = share(basket.ten, basket.costs)
        taxes = [_tax(basket.costs[sku] - tens[sku], line["vat"]) for sku, line in basket.lines.items()]
        delivery = _tax(0 if basket.free else basket.delivery, event["delivery_vat"])
        return given | {"tax": sum(taxes) + delivery, "total": basket.total}

    def _candle(self, member: str, tier: int, day: date) -> int:
        born = self.birthdays[member]
        if not born or int(born[5:7]) != day.month or tier < 1 or member in self.candles:
            return 0
        self.candles.add(member)
        return 1

    def takes_back(self, order: str, pieces: dict[str, int]) -> int:
        """What is paid back: what was paid, less what the kept pieces cost, less what was paid back before."""
        event, tier, basket = self.sold[order]
        self.returned[order].update(pieces)
        back = self.returned[order]
        kept = _priced(event, tier, back)
        cost = sum(_kept(basket, sku, line, back[sku]) for sku, line in basket.lines.items()) - kept.ten
        if kept.lines:
            cost += 0 if kept.free else kept.delivery
        refund = max(0, basket.total - cost - self.paid_back[order])
        self.paid_back[order] += refund
        return refund


def _priced(event: dict[str, Any], tier: int, back: dict[str, int]) -> _Basket:
    """An order without what came back, as the terms price it; tier -1 is a guest's."""
    day = _london(event)
    lines = {
        line["sku"]: line | {"pieces": line["pieces"] - back.get(line["sku"], 0)}
        for line in event["lines"]
        if line["pieces"] > back.get(line["sku"], 0)
    }
    off: dict[str, dict[str, int]] = {"Member price": Counter(), "Winter sale": Counter(), "Tier discount": Counter()}
    for sku, line in lines.items():
        full = cents(line["price"])
        mine = full - cents(line["member_price"]) if tier >= 0 and "member_price" in line else 0
        sale = full - half_up(full, 70) if line["group"] == "clothing" and (day.year, day.month) == (2027, 1) else 0
        off["Winter sale" if sale > mine else "Member price"][sku] = line["pieces"] * max(sale, mine)
        if line["group"] != "outlet" and tier > 0:
            cost = line["pieces"] * (full - max(sale, mine))
            off["Tier discount"][sku] = half_up(cost, (0, 3, 5, 8)[tier])
    basket = _Basket(tier, lines, off, cents(event.get("delivery", "0")), "")
    net = basket.before_ten - basket.ten
    if tier >= 0 and net >= (50_00, 35_00, 20_00, 0)[tier]:
        basket.free = "Members' delivery"
    elif net >= 60_00:
        basket.free = "Free delivery"
    return basket


def _kept(basket: _Basket, sku: str, line: dict[str, Any], back: int) -> int:
    """What is left of a line's cost by share: its pieces are alike, odd pence of a discount lie on the first."""
    pieces: int = line["pieces"]
    full = cents(line["price"])
    left = sum(off[sku] - (off[sku] // pieces * back + min(back, off[sku] % pieces)) for off in basket.off.values())
    return (pieces - back) * full - left


def _tax(amount: int, vat: str) -> int:
    """The tax in an amount, of which the rest is rounded half up."""
    whole = 100 + int(vat.rstrip("%"))
    return amount - (200 * amount + whole) // (2 * whole)


def _london(event: dict[str, Any]) -> date:
    return datetime.fromisoformat(event["bought_at"]).astimezone(ZoneInfo("Europe/London")).date()
