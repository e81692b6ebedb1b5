"""The ten rules of `batch.rules` over columns, by hand in NumPy: a chunk of events at a time, or all at once.

In: integers (`batch_data.History`), nothing is checked. Out: what each rule gives each event, what each event and each
line costs, and what is remembered of each member. The year must be one: then the tier follows from what was spent.

Splitting. A line's share is rounded down, and the odd pennies of an event go to its lines in the order of remainder,
cost and article. One sort of one whole number a line does it: event, remainder, cost and the article's place in its
basket lie side by side in its bits, and what is sorted by event first stands where the event's lines stand. Quotients
are taken of doubles: products stay below 2 to the 53, and no quotient of ours lies that close below a whole number.

State. What a member had before an event is a running sum over the member's events. Events are sorted by member, stably;
the sum is taken over all and begun anew where the member, or the month, is another. The cap on toys is the running sum
cut off, and the code acts at its first use.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from benchmarks.batch_data import CATEGORIES, CHANNELS, SKUS, History
from rules_engine.calendar import civil, day_of

Array = np.ndarray[Any, np.dtype[Any]]

RULES = (
    "Season",
    "Ten off",
    "Books 30",
    "Spend 60",
    "Hello ten",
    "base",
    "Tier bonus",
    "Toys",
    "Grocery in the store",
    "Plus members",
)
SEASON, TEN, BOOKS, SPEND, HELLO, BASE, TIER, TOYS, GROCERY, PLUS = range(10)
_GROCERY, _TOYS, _BOOKS, _FASHION = (CATEGORIES.index(name) for name in ("grocery", "toys", "books", "fashion"))
_APP, _STORE = CHANNELS.index("app"), CHANNELS.index("store")
_BY_TEXT = np.argsort(np.argsort(np.array([f"sku-{number}" for number in range(SKUS)])))
CAP, SILVER, GOLD = 500, 50_000, 200_000


class Memory(NamedTuple):
    """By member: pennies spent this year, points for toys and the first day of the month they count for, code used."""

    spend: Array
    toys: Array
    month: Array
    hello: Array


class Answer(NamedTuple):
    """What each rule (row) gives each event (column), in pennies or points; what events and lines cost after offers."""

    given: Array
    net: Array
    costs: Array


def memory(members: int) -> Memory:
    """Of nobody anything is remembered."""
    spend, toys, month = np.zeros((3, members), dtype=np.int64)
    return Memory(spend, toys, month, np.zeros(members, dtype=bool))


class Days(NamedTuple):
    """By day, from the first of the history: the first day of its month, and whether it lies in spring."""

    first: int
    month: Array
    spring: Array


def days(found: History) -> Days:
    """What follows from a day alone, for every day that occurs."""
    first, last = int(found.day[0]), int(found.for_day.max(initial=int(found.day[-1])))
    dates = [civil(day) for day in range(first, last + 1)]
    month = np.array([day_of(year, month, 1) for year, month, _ in dates], dtype=np.int64)
    return Days(first, month, np.array([3 <= month <= 5 for _, month, _ in dates]))


def article_ranks(found: History) -> Array:
    """For each line the place of its article among all, in the order of their texts."""
    return _BY_TEXT[found.sku]


def score(found: History, kept: Memory, chunk: int = 4096) -> Answer:
    """All events, so many at a time; what is remembered is moved along in place."""
    answer = Answer(
        np.zeros((10, found.events), dtype=np.int64),
        np.empty(found.events, dtype=np.int64),
        np.empty(len(found.sku), dtype=np.int64),
    )
    known = days(found)
    for first in range(0, found.events, chunk):
        _chunk(found, first, min(first + chunk, found.events), known, kept, answer)
    return answer


def _chunk(found: History, first: int, last: int, known: Days, kept: Memory, answer: Answer) -> None:
    begin, end = int(found.offsets[first]), int(found.offsets[last])
    member, given = found.member[first:last], answer.given[:, first:last]
    lines = Lines(found, first, last)
    cost = found.price[begin:end] * found.pieces[begin:end]
    category, channel = found.category[begin:end], found.channel[first:last]
    spring = known.spring[found.for_day[begin:end] - known.first] & (category == _FASHION)
    season = np.where(spring, (cost + 5) // 10, 0)
    given[SEASON] = lines.sums(season)
    cost -= season
    _basket(given, lines, cost, category == _BOOKS, channel == _APP)
    total = lines.sums(cost)
    ten = np.where(found.code[first:last] & ~kept.hello[member], np.minimum((total + 5) // 10, 2000), 0)
    _first_only(ten, member)
    kept.hello[member[ten > 0]] = True
    given[HELLO] = ten
    lines.take(ten, cost, total)
    net = total - ten
    answer.net[first:last] = net
    answer.costs[begin:end] = cost
    toys = lines.sums(np.where(category == _TOYS, cost, 0)) // 100 * 3
    grocery = lines.sums(np.where(category == _GROCERY, cost, 0)) // 200
    month = known.month[found.day[first:last] - known.first]
    _earn(given, net, toys, np.where(channel == _STORE, grocery, 0), found.plan[member], member, month, kept)


def _basket(given: Array, lines: Lines, cost: Array, books: Array, app: Array) -> None:
    """The best of two, then five pounds off sixty."""
    total = lines.sums(cost)
    ten = np.where(total >= 12_000, 1000, 0)
    books_cost = np.where(books, cost, 0)
    books_total = lines.sums(books_cost)
    thirty = np.where(app, (books_total * 3 + 5) // 10, 0)
    given[TEN] = ten = np.where(ten >= thirty, ten, 0)
    given[BOOKS] = thirty = np.where(ten > 0, 0, thirty)
    lines.take(ten, cost, total)
    lines.take(thirty, cost, books_total, books_cost)
    total -= ten + thirty
    given[SPEND] = five = np.where(total >= 6000, 500, 0)
    lines.take(five, cost, total)


def _first_only(amount: Array, member: Array) -> None:
    """Of the amounts of one member only the first stays."""
    some = np.flatnonzero(amount)
    _, first = np.unique(member[some], return_index=True)
    later = np.ones(len(some), dtype=bool)
    later[first] = False
    amount[some[later]] = 0


def _earn(
    given: Array, net: Array, toys: Array, grocery: Array, plan: Array, member: Array, month: Array, kept: Memory
) -> None:
    base = net // 100
    given[BASE] = base
    order = np.argsort(member, kind="stable")
    who = member[order]
    before = _running(net[order], _begins(who), kept.spend[who])
    kept.spend[who] = before + net[order]
    rate = np.where(before >= GOLD, 50, np.where(before >= SILVER, 25, 0))
    given[TIER][order] = base[order] * rate // 100
    order = order[toys[order] > 0]
    who, months, wanted = member[order], month[order], toys[order]
    used = np.where(kept.month[who] == months, kept.toys[who], 0)
    before = _running(wanted, _begins(who) | _begins(months), used)
    given[TOYS][order] = np.clip(CAP - before, 0, wanted)
    kept.toys[who] = np.minimum(before + wanted, CAP)
    kept.month[who] = months
    given[GROCERY] = grocery
    given[PLUS] = np.where(plan > 0, np.minimum(base // 10, 200), 0)


def _begins(values: Array) -> Array:
    """Where a run of equal values begins."""
    begins = np.ones(len(values), dtype=bool)
    begins[1:] = values[1:] != values[:-1]
    return begins


def _running(values: Array, begins: Array, at_first: Array) -> Array:
    """What ran up before each value, anew from where a run begins."""
    before = np.cumsum(values) - values
    starts = np.flatnonzero(begins)
    run = np.cumsum(begins) - 1
    found: Array = before + (at_first[starts] - before[starts])[run]
    return found


class Lines:
    """The lines of a chunk: whose they are, and their order of articles."""

    def __init__(self, found: History, first: int, last: int) -> None:
        offsets = found.offsets[first : last + 1]
        sizes = np.diff(offsets)
        self.starts = offsets[:-1] - offsets[0]
        self.event = np.repeat(np.arange(last - first), sizes)
        self.by_article = np.argsort(self.event * SKUS + _BY_TEXT[found.sku[offsets[0] : offsets[-1]]])
        self.place = np.empty_like(self.by_article)
        self.place[self.by_article] = np.arange(len(self.event)) - self.starts[self.event]
        self.bits = int(sizes.max()).bit_length()

    def sums(self, values: Array) -> Array:
        """By event."""
        found: Array = np.add.reduceat(values, self.starts)
        return found

    def take(self, amount: Array, cost: Array, total: Array, weights: Array | None = None) -> None:
        """Take an amount for each event off its lines' costs, in proportion to their weights: the costs themselves, or
        the costs of some lines and 0 for others. `total` is what the weights come to."""
        line = np.flatnonzero((amount > 0)[self.event])
        if not len(line):
            return
        event = self.event[line]
        weight = (cost if weights is None else weights)[line]
        product, whole = amount[event] * weight, total[event]
        share = (product / whole).astype(np.int64)
        left = product - share * whole
        cost[line] -= share
        wide, deep = int(weight.max()).bit_length(), int(whole.max()).bit_length()
        assert int(event[-1]).bit_length() + wide + deep + self.bits < 64
        key = (event << deep) + (1 << deep) - 1 - left
        key = (((key << wide) + (1 << wide) - 1 - weight) << self.bits) + self.place[line]
        key.sort()
        starts = np.flatnonzero(_begins(event))
        odd = amount[event[starts]] - np.add.reduceat(share, starts)
        rank = np.arange(len(line)) - np.repeat(starts, np.diff(starts, append=len(line)))
        some = np.flatnonzero(rank < np.repeat(odd, np.diff(starts, append=len(line))))
        cost[self.by_article[self.starts[event[some]] + (key[some] & ((1 << self.bits) - 1))]] -= 1
