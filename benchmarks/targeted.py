"""Does a call cost what matches, or what exists? 10 to 10,000 targeted rules, of which a basket meets the same nine.

In: the programs and baskets of `targeted_rules`. Two yardsticks, both on trusted integers, without checks, receipts or
an outcome: *dictionaries by hand* look up articles, brands, segments and countries, as somebody would who knows these
rules and no others; *a chain by hand* asks every rule in turn. All answers are compared first, to the last point and
penny.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import orjson

from benchmarks import targeted_rules
from benchmarks.tables import Cell, Table
from benchmarks.timing import Run, Timed, measured
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.source import Source

SIZES = (10, 100, 1_000, 10_000)
CHAIN_MAX = 1_000
"""A chain of more rules would only take long."""

Answer: TypeAlias = tuple[dict[str, int], dict[str, int]]
"""Pennies off by offer, points by earn."""


class Basket(NamedTuple):
    """A basket as integers: the day of the month, and of each line its article, brand, pieces and price in pennies."""

    month: int
    day: int
    channel: str
    country: str
    segment: str
    lines: list[tuple[str, str, int, int]]


class Rule(NamedTuple):
    """A rule by hand: what it is, what it is about, its numbers."""

    place: int
    title: str
    kind: int
    about: str
    turn: int


def run(rounds: int = 5, count: int = 400, sizes: Sequence[int] = SIZES) -> list[Table]:
    """Compare the answers, then the times."""
    sent = [targeted_rules.basket(number) for number in range(count)]
    texts = [orjson.dumps(each) for each in sent]
    trusted = [_trusted(each) for each in sent]
    runs: dict[str, Run] = {}
    for size in sizes:
        program = load([Source("targeted.rules", targeted_rules.text(size))])
        rules = [_rule(place, number) for place, number in enumerate(targeted_rules.order(size))]
        ways = {"dictionaries": _by_dictionaries(rules), "chain": _by_chain(rules)}
        for event, basket in zip(sent[:40], trusted, strict=False):
            expected = _told(program, event)
            assert all(way(basket) == expected for way in ways.values()), (size, event)
        runs[f"ours {size}"] = Run(lambda: [orjson.loads(each) for each in texts], partial(_scored, program))
        runs[f"dictionaries {size}"] = Run(lambda: trusted, ways["dictionaries"])
        if size <= CHAIN_MAX:
            runs[f"chain {size}"] = Run(lambda: trusted, ways["chain"])
    return [_table(measured(runs, rounds), sizes)]


def _scored(program: Program, event: dict[str, Any]) -> object:
    return program.score(event, targeted_rules.FACTS)


def _told(program: Program, event: dict[str, Any]) -> Answer:
    outcome = program.score(event, targeted_rules.FACTS)
    return (
        {each.rule: each.given for each in outcome.discounts},
        {each.rule: each.given for each in outcome.awards},
    )


def _table(times: dict[str, Timed], sizes: Sequence[int]) -> Table:
    ours = {size: times[f"ours {size}"] for size in sizes}
    least = ours[min(sizes)].median
    rows: list[list[Cell]] = []
    for size in sizes:
        chain = times.get(f"chain {size}")
        hand = times[f"dictionaries {size}"]
        mine = ours[size]
        rows.append([
            f"{size:,}", mine.median, mine.spread, mine.median / least, hand.median, mine.median / hand.median,
            "-" if chain is None else chain.median,
        ])  # fmt: skip
    columns = ["rules", "ours, us", "+-", "to the fewest", "dictionaries by hand, us", "ours to these", "a chain, us"]
    notes = [
        "`Program.score` on a dictionary: every field checked, whole outcomes. By hand: trusted integers, sums only.",
        "A basket of five lines meets nine rules, however many there are.",
    ]
    growth = ours[max(sizes)].median / least
    return Table("Targeted rules", columns, rows, notes, measured={"growth": growth})


# ---- by hand


def _trusted(event: dict[str, Any]) -> Basket:
    lines = [
        (line["sku"], line["brand"], line["pieces"], int(line["price"].replace(".", ""))) for line in event["lines"]
    ]
    sent = event["bought_at"]
    segment = targeted_rules.FACTS["segment"]
    return Basket(int(sent[5:7]), int(sent[8:10]), event["channel"], event["country"], segment, lines)


def _rule(place: int, number: int) -> Rule:
    """The same rule as `targeted_rules.rule` writes."""
    kind, turn = number % 10, number // 10
    if kind < 4:
        return Rule(place, f"Article {number}", 0, f"S{number}", turn)
    if kind < 6:
        return Rule(place, f"Brand {number}", 4, f"B{number}", turn)
    word, about = {
        6: ("Segment", f"G{turn}"), 7: ("Country", f"C{turn}"), 8: ("Window", f"S{number - 8}"),
        9: ("Threshold", f"G{turn}"),
    }[kind]  # fmt: skip
    return Rule(place, f"{word} {number}", kind, about, turn)


def _by_dictionaries(rules: Sequence[Rule]) -> Callable[[Basket], Answer]:
    """Each rule under what it is about."""
    tables: dict[int, dict[str, list[Rule]]] = {kind: {} for kind in (0, 4, 6, 7, 8, 9)}
    for rule in rules:
        tables[rule.kind].setdefault(rule.about, []).append(rule)
    offers, brands, windows = tables[0], tables[4], tables[8]
    segments, countries, thresholds = tables[6], tables[7], tables[9]

    def score(basket: Basket) -> Answer:
        skus = dict.fromkeys([line[0] for line in basket.lines])
        found = [rule for sku in skus for rule in offers.get(sku, ())]
        earns = [rule for brand in dict.fromkeys([line[1] for line in basket.lines]) for rule in brands.get(brand, ())]
        earns += [rule for sku in skus for rule in windows.get(sku, ())]
        earns += [*segments.get(basket.segment, ()), *thresholds.get(basket.segment, ())]
        earns += countries.get(basket.country, ())
        return _answer(sorted(found), sorted(earns), basket)

    return score


def _by_chain(rules: Sequence[Rule]) -> Callable[[Basket], Answer]:
    """All rules, one after the other."""
    offers = [rule for rule in rules if not rule.kind]
    earns = [rule for rule in rules if rule.kind]
    return lambda basket: _answer(offers, earns, basket)


def _answer(offers: Sequence[Rule], earns: Sequence[Rule], basket: Basket) -> Answer:
    """What rules give that may match."""
    costs = [pieces * price for _, _, pieces, price in basket.lines]
    off: dict[str, int] = {}
    for rule in offers:
        given = 0
        for place, (sku, _, pieces, _) in enumerate(basket.lines):
            if sku == rule.about:
                each = (costs[place] // pieces * (5 + rule.turn % 20) * 2 + 100) // 200
                given += each * pieces
                costs[place] -= each * pieces
        if given:
            off[rule.title] = given
    net = sum(costs)
    points: dict[str, int] = {}
    for rule in earns:
        given = _points(rule, basket, costs, net)
        if given:
            points[rule.title] = given
    return off, points


def _points(rule: Rule, basket: Basket, costs: Sequence[int], net: int) -> int:
    turn = rule.turn
    match rule.kind:
        case 4:
            mine = sum([cost for line, cost in zip(basket.lines, costs, strict=True) if line[1] == rule.about])
            return (2 + turn % 3) * (mine // 100)
        case 6:
            return 50 + turn % 50 if basket.segment == rule.about and basket.channel == "app" else 0
        case 7:
            return 10 + turn % 50 if basket.country == rule.about and net >= (20 + turn % 9) * 100 else 0
        case 8:
            if not (3, 1 + turn % 28) <= (basket.month, basket.day) <= (4, 1 + turn % 28):
                return 0
            mine = sum([cost for line, cost in zip(basket.lines, costs, strict=True) if line[0] == rule.about])
            return 2 * (mine // 100)
        case _:
            return 5 + turn % 20 if basket.segment == rule.about and net >= (5 + turn % 20) * 100 else 0
