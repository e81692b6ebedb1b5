"""Order of use and paying at a rate, against oracles that try one unit after another."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any

import pytest

from rules_engine.backends import Evaluation
from rules_engine.backends.reference import Reference, Trace
from rules_engine.calendar import format_date, parse_date
from rules_engine.decoding import decode
from rules_engine.event import Event, Facts
from rules_engine.outcome import People
from rules_engine.state import Lot, State
from tests.oracles import exact_shares, paid_with, rounded, used_first
from tests.trials import core_of

TODAY = parse_date("2027-03-01")
HOLDERS = ("a", "b", "c", "m")
TEXT = """language 1
program "Shop" {{ currency GBP, rounded {mode}   split in proportion, odd pennies to the largest remainder }}
unit point, points {{ rounded down   lasts forever   {use}   balance at least {floor} points }}
event visit dated by at of who identified by ref {{
  ref: text   who: member   at: date   n: count up to 900   points_in: points? up to 900
  cost: money up to 100 GBP as list
}}
member {{ staff: flag   family: text? as household }}
reward "Spend" {{ on visit   when n > 0   deduct 1 point * n }}
unit gram, grams {{
  held by household, apart   rounded down   lasts forever   use in proportion to balance   {least}
}}
reward "Melt" {{ on visit   when n > 0   deduct 1 gram * n }}
redeem "Pay" {{
  on visit   accept points_in, in steps of {steps} points{first}, worth {worth} GBP per {per} points{more}
}}
"""


@cache
def reference(**words: Any) -> Reference:
    """A small shop."""
    known: dict[str, Any] = {
        "mode": "down",
        "use": "",
        "floor": 0,
        "steps": 1,
        "worth": 1,
        "per": 100,
        "more": "",
        "first": "",
    }
    return Reference(core_of(TEXT.format(**{"least": "balance at least 0", **known, **words})))


def visit(
    made: Reference, lots: list[Lot], pool: State | None = None, trace: Trace | None = None, **fields: Any
) -> Evaluation:
    """A visit of a member who has some lots."""
    sent = {"event": "visit", "ref": "v", "who": "m", "at": format_date(TODAY), "n": 0, "cost": "0.00", **fields}
    event = decode(sent, made.core)
    assert isinstance(event, Event), event
    facts: Facts = {"staff": False, "family": "H"}
    if trace is not None:
        return made.traced(event, facts, State(lots=lots), trace, None, People(pool=pool))
    return made.evaluate(event, facts, State(lots=lots), None, People(pool=pool))


@pytest.mark.parametrize("use", ["oldest first", "soonest first"])
def test_units_are_used_one_by_one(use: str) -> None:
    """Lots of a few days, so that ties are many."""
    made = reference(use=f"use {use}")
    rng = Random(use)
    for _ in range(300):
        rows = [
            (rng.randint(1, 5), TODAY - rng.randint(0, 3), rng.choice((None, None, TODAY, TODAY + 1, TODAY + 2)))
            for _ in range(rng.randint(1, 7))
        ]
        lots = [Lot("point", left, earned, None, last, f"r{place}") for place, (left, earned, last) in enumerate(rows)]
        count = rng.randint(1, sum(left for left, _, _ in rows))
        found = visit(made, lots, n=count)
        taken = next(each for each in found.taken if each.unit == "point")
        by_lot = {lot.source: some for lot, some in taken.lots}
        assert [by_lot.get(f"r{place}", 0) for place in range(len(rows))] == used_first(rows, use, count)


@pytest.mark.parametrize("least", ["balance at least 0", ""])
def test_a_pool_is_used_in_proportion(least: str) -> None:
    """Each holder gives within one unit of their exact share of what is there, by what they have less what they owe."""
    made, rng = reference(least=least), Random(least)
    for _ in range(300):
        lots = [
            Lot("gram", rng.randint(1, 60), TODAY - rng.randint(0, 3), None, None, "gift", {}, rng.choice(HOLDERS))
            for _ in range(rng.randint(1, 6))
        ]
        debts = {} if least else {f"gram {holder}": rng.randint(1, 30) for holder in rng.sample(HOLDERS, 2)}
        have = Counter({holder: sum(lot.left for lot in lots if lot.holder == holder) for holder in HOLDERS})
        count = rng.randint(1, have.total() + (0 if least else 20))
        found = visit(made, [], State(lots=lots, debts=debts), n=count)
        taken = next((each for each in found.taken if each.unit == "gram"), None)
        assert taken is not None
        assert taken.taken == count
        shares = Counter(dict[str, int]())
        for lot, some in taken.lots:
            shares[lot.holder] += some
        weights = [max(0, have[holder] - debts.get(f"gram {holder}", 0)) for holder in HOLDERS]
        exact = exact_shares(count, weights, [have[holder] for holder in HOLDERS])
        assert all(abs(shares[holder] - share) < 1 for holder, share in zip(HOLDERS, exact, strict=True)), (lots, count)


@pytest.mark.parametrize("seed", range(30))
def test_a_payment_takes_no_more_than_it_needs(seed: int) -> None:
    """Rates with remainders, steps, caps, `never beyond`, every way of rounding."""
    rng = Random(seed)
    mode = rng.choice(("down", "up", "half up", "half even"))
    cents, per, steps, floor = (
        rng.randint(1, 900),
        rng.randint(1, 40),
        rng.choice((1, 1, 2, 3, 7, 10)),
        rng.choice((0, 5)),
    )
    beyond, most = rng.random() < 0.5, rng.choice((None, None, rng.randint(1, 600)))
    all_offered, all_worth = rng.random() < 0.25, rng.random() < 0.25
    more = "" if most is None else f", up to {most / 100:.2f} GBP"
    more += ("" if beyond else ", never beyond") + (", or nothing" if all_worth else "")
    made = reference(
        mode=mode, use="", floor=floor, steps=steps, worth=f"{cents / 100:.2f}", per=per, more=more,
        first=", or nothing" if all_offered else "",
    )  # fmt: skip

    def value(units: int) -> int:
        return rounded(Fraction(cents * units, per), mode)

    for _ in range(40):
        have, offered = rng.randint(0, 300), rng.randint(1, 300)
        usable = min(offered, max(0, have - floor))
        whole = usable // steps * steps
        cost = min(10_000, rng.choice((0, 1, rng.randint(1, 3000), rng.randint(1, 3000), value(whole), most or 1)))
        room = cost if most is None else min(cost, most)
        lots = [Lot("point", have, TODAY - 9, None, None, "gift")] if have else []
        trace = Trace()
        found = visit(made, lots, trace=trace, points_in=offered, cost=f"{cost / 100:.2f}")
        taken = [(each.taken, each.value) for each in found.payments]
        wanted = paid_with(value, usable, room, steps, beyond)
        less = value(offered) > wanted[1]
        cancelled = (all_offered and (wanted[0] < offered or less)) or (all_worth and less)
        assert taken == ([wanted] if wanted[1] and not cancelled else []), (have, offered, cost)
        cuts = ["balance"] if usable < offered else []
        cuts += ["steps"] if whole < usable else []
        bound = "room" if most is None or most >= cost else "up to"
        cuts += [bound] if value(whole) > room else []
        assert [list(each.cuts) for rule in trace.rules for each in rule.takes if each.taken] == [cuts] * len(taken)


TILL = """language 1
program "Till" {
  currency GBP, rounded half up   split in proportion, odd pennies to the largest remainder
  stacking { tender: all in order "First", "Food" }
}
unit point, points { rounded down   lasts forever   balance at least 0 }
unit star, stars { rounded down   lasts forever }
event sale dated by at of who identified by ref {
  ref: text   who: member   at: date   one: points? up to 9_000   two: points? up to 9_000
  lines 0 to 6 {
    key: text as id   kind: food | toy   pieces: count up to 9 as quantity   price: money up to 99 GBP as list each
  }
}
item offer "Half" { on sale   automatic   take 50% of current off each unit where kind is food at the cheapest 1 }
redeem "First" { on sale   accept one, worth 1 GBP per 100 points }
redeem "Food" { on sale   accept two, worth 1 GBP per 100 points, up to net of lines where kind is food }
earn "Cheapest" { on sale   give 1 star per 0.01 GBP of (paid of the cheapest 1 unit) }
"""


@pytest.mark.parametrize("seed", range(12))
def test_two_payments_share_a_bill(seed: int) -> None:
    """The first pays all lines in proportion, the second what is left of chosen ones; what is paid in money of a piece
    is its part of what is left of its line."""
    rng, made = Random(seed), Reference(core_of(TILL))
    for _ in range(12):
        rows = [(f"l{at}", rng.choice(("food", "toy")), rng.randint(1, 3), rng.randint(1, 900)) for at in range(3)]
        lines = [{"key": key, "kind": kind, "pieces": n, "price": f"{p / 100:.2f}"} for key, kind, n, p in rows]
        one, two = rng.randint(1, 2500), rng.randint(1, 2500)
        sent = {
            "event": "sale",
            "ref": "s",
            "who": "m",
            "at": format_date(TODAY),
            "one": one,
            "two": two,
            "lines": lines,
        }
        event = decode(sent, made.core)
        assert isinstance(event, Event), event
        found = made.evaluate(event, {}, State(lots=[Lot("point", 9_000, TODAY - 9, None, None, "gift")]))
        assert found.price is not None
        left = [line.net for line in found.price.lines]
        paid = {each.rule: each for each in found.payments}
        for rule, offered in (("First", one), ("Food", two)):
            rooms = [
                rest if rule == "First" or kind == "food" else 0 for rest, (_, kind, *_) in zip(left, rows, strict=True)
            ]
            value = min(offered, sum(rooms))
            parts = paid[rule].parts[:3] if rule in paid else (0, 0, 0)
            assert sum(parts) == value
            exact = exact_shares(value, rooms, rooms)
            assert all(abs(part - share) < 1 for part, share in zip(parts, exact, strict=True)), (rows, one, two)
            left = [rest - part for rest, part in zip(left, parts, strict=True)]
        _paid_pieces(found, rows, left)


def _paid_pieces(found: Evaluation, rows: list[tuple[str, str, int, int]], left: list[int]) -> None:
    """What is paid of the piece that costs least is its part, by what it costs, of what is left of its line."""
    off = Counter[int]()
    for each in found.discounts:
        for part in each.parts:
            off[part.line] += part.amount
    stars = sum(each.given for each in found.awards)
    pieces = [(price - off[place], place) for place, (*_, price) in enumerate(rows)]
    pieces += [(price, place) for place, (_, _, count, price) in enumerate(rows) if count > 1]
    least = [(cost, place) for cost, place in pieces if cost == min(pieces)[0]]
    lines = [price * count - off[place] for place, (_, _, count, price) in enumerate(rows)]
    shares = [Fraction(cost * left[place], lines[place]) for cost, place in least if lines[place]]
    assert any(abs(stars - share) < 1 for share in shares) or not shares, (rows, left, stars)
