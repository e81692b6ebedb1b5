"""Sell the sample's orders one at a time, as a till would, take back what comes back, and explain one order.

    python examples/shop/run.py [FOLDER]

The engine keeps nothing. The till does: the state of each member, and for each order what was sent, what came out and
what has come back of it: the receipt.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from rules_engine.feeds import read_events, read_members
from rules_engine.outcome import EventRefused, Outcome
from rules_engine.pipeline import load
from rules_engine.returns import Return
from rules_engine.scoring import Program
from rules_engine.state import State

HERE = Path(__file__).parent
RETURNS_ON = "2027-12-31"
Event = Mapping[str, Any]
Pieces = Mapping[str | int, int]


@dataclass
class Sold:
    """The receipt of an order: what was sent, the state its member was in, what came out, and what has come back."""

    event: Event
    state: State
    outcome: Outcome
    returns: list[Return] = field(default_factory=list)


@dataclass
class Till:
    """What the shop keeps."""

    program: Program
    members: Mapping[str, Mapping[str, Any]]
    states: dict[str, State] = field(default_factory=dict)
    sold: dict[str, Sold] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def sell(self, event: Event) -> None:
        """Score an order, and keep its receipt."""
        member = event.get("customer", "")
        state = self.states.get(member, State())
        try:
            outcome = self.program.score(event, self.members.get(member), state)
        except EventRefused as refusal:
            self.refused[event["order_no"]] = refusal.faults[0].message
            return
        self.sold[outcome.id] = Sold(event, state, outcome)
        if member:
            self.states[member] = self.program.apply(state, outcome)

    def take_back(self, order: str, pieces: Pieces) -> Return:
        """Take pieces of an order back; the receipt says what they are worth."""
        sold = self.sold[order]
        state = self.states.get(sold.outcome.member or "")
        back = self.program.give_back(
            sold.event, sold.outcome, pieces, earlier=sold.returns, state=state, on=RETURNS_ON
        )
        sold.returns.append(back)
        if state is not None:
            self.states[sold.outcome.member or ""] = self.program.apply(state, back)
        return back


def sell_all(folder: Path = HERE) -> tuple[Till, list[tuple[str, Pieces, Return]]]:
    """Sell a folder's orders in the order of time, then take back what comes back of them."""
    till = Till(load(HERE), read_members(folder / "sample_members.csv"))
    for read in read_events(folder / "sample.ndjson"):
        till.sell({"event": read.kind, **read.fields()})
    asked = [orjson.loads(line) for line in (folder / "sample_returns.ndjson").read_bytes().splitlines()]
    return till, [
        (each["order_no"], each["returned"], till.take_back(each["order_no"], each["returned"])) for each in asked
    ]


# ---- the summary ----


def pounds(pence: int) -> str:
    """Pence as pounds."""
    return f"{'-' if pence < 0 else ''}{abs(pence) // 100:,}.{abs(pence) % 100:02}"


def counts(till: Till) -> Iterator[str]:
    """Where each order went."""
    read, scored, rejected = len(till.sold) + len(till.refused), len(till.sold), len(till.refused)
    yield f"{read} orders read = {scored} scored + {rejected} rejected"
    for order, why in till.refused.items():
        yield f"  {order}: {why}"


def by_rule(till: Till) -> Iterator[str]:
    """What each rule took off, and in how many orders."""
    orders, pence, gifts = Counter[str](), Counter[str](), Counter[str]()
    for sold in till.sold.values():
        for discount in sold.outcome.discounts:
            pence[discount.rule] += discount.given
            orders[discount.rule] += bool(discount.given)
        for gift in sold.outcome.gifts:
            gifts[gift.sku] += gift.count
    yield f"{'taken off by rule':20} {'orders':>6} {'GBP':>10}"
    for offer in till.program.core.offers:
        if offer.key in pence:
            yield f"{offer.title:20} {orders[offer.key]:6} {pounds(pence[offer.key]):>10}"
    yield from (f"and {count} {sku} given" for sku, count in gifts.items())


def by_tier(till: Till) -> Iterator[str]:
    """What the members of each tier paid and earned."""
    orders, paid, tax, points = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for sold in till.sold.values():
        outcome, price = sold.outcome, sold.outcome.price
        assert price is not None
        tier = str(outcome.before["tier"]) if outcome.member is not None else "guests"
        orders[tier] += 1
        paid[tier] += price.total
        tax[tier] += price.tax
        points[tier] += outcome.totals.get("point", 0)
    rungs = till.program.core.tiers.rungs if till.program.core.tiers else ()
    yield f"{'paid by tier':12} {'orders':>6} {'GBP':>10} {'of it tax':>10} {'points':>7}"
    for tier in ["guests", *(rung.name for rung in rungs)]:
        if orders[tier]:
            yield f"{tier:12} {orders[tier]:6} {pounds(paid[tier]):>10} {pounds(tax[tier]):>10} {points[tier]:7,}"


def by_return(returned: list[tuple[str, Pieces, Return]]) -> Iterator[str]:
    """What came back, what was paid back for it, and what was taken back of discounts that were worked out again."""
    yield f"{'returned':44} {'refund':>8} {'missing':>8}  worked out again"
    for order, pieces, back in returned:
        what = f"{order}: " + ", ".join(f"{count} {sku}" for sku, count in pieces.items())
        again = [
            f"{taken.rule} {pounds(taken.amount)}"
            for taken in back.taken
            if taken.policy == "work out again" and taken.amount
        ]
        missing = sum(short.amount for short in back.shortfalls)
        yield f"{what:44} {pounds(back.refund):>8} {pounds(missing):>8}  {', '.join(again)}".rstrip()


# ---- one order ----


def explained(till: Till) -> tuple[str, str]:
    """The order in which most rules acted, and why it costs what it costs."""
    chosen = max(
        till.sold.values(), key=lambda sold: (len(acted(sold.outcome)), -len(sold.event["lines"]), sold.outcome.id)
    )
    facts = till.members.get(chosen.event.get("customer", ""))
    return chosen.outcome.id, till.program.explain(chosen.event, facts, chosen.state).text()


def acted(outcome: Outcome) -> set[str]:
    """The rules that gave something."""
    offers = {discount.rule for discount in outcome.discounts if discount.given} | {gift.rule for gift in outcome.gifts}
    return offers | {award.rule for award in outcome.awards if award.given}


def main(arguments: list[str]) -> None:
    """Run the example."""
    till, returned = sell_all(Path(arguments[0]) if arguments else HERE)
    parts = (counts(till), by_rule(till), by_tier(till), by_return(returned))
    print("\n\n".join("\n".join(part) for part in parts))
    order, why = explained(till)
    print(f"\nwhy order {order} costs what it costs:\n\n{why}")


if __name__ == "__main__":
    main(sys.argv[1:])
