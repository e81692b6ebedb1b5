"""Score the sample of the festival, say where the money went, and explain one order.

    python examples/marketplace/run.py [FOLDER]

The folder holds `sample.ndjson` and `sample_members.csv`. What all members share of budgets and stocks is in one
`Shared`, what each member has reached in a `State` of their own; both move along as the orders are scored.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from rules_engine.feeds import read_events, read_members
from rules_engine.outcome import Outcome, Refused
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.state import Shared, State

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Festival:
    """A sample that was scored: the orders as sent, who ordered, the results in the order of time, and what is kept."""

    program: Program
    members: Mapping[str, Mapping[str, Any]]
    sent: tuple[bytes, ...]
    results: tuple[Outcome | Refused, ...]
    states: Mapping[str, State]
    shared: Shared

    @property
    def outcomes(self) -> list[Outcome]:
        """The orders that were scored."""
        return [result for result in self.results if isinstance(result, Outcome)]

    @property
    def refused(self) -> list[Refused]:
        """The orders that were rejected."""
        return [result for result in self.results if isinstance(result, Refused)]


def score(folder: Path = HERE) -> Festival:
    """Score a folder's sample."""
    program, states, shared = load(HERE), dict[str, State](), Shared()
    members = read_members(folder / "sample_members.csv")
    sent = tuple(read.event for read in read_events(folder / "sample.ndjson") if read.event is not None)
    results = tuple(program.score_many(sent, members, states, shared=shared))
    return Festival(program, members, sent, results, states, shared)


# ---- the summary ----


def yuan(fen: int) -> str:
    """Fen as yuan."""
    return f"{fen // 100:,}.{fen % 100:02}"


def counts(festival: Festival) -> Iterator[str]:
    """Where each order went."""
    read, scored, rejected = len(festival.sent), len(festival.outcomes), len(festival.refused)
    yield f"{read} orders read = {scored} scored + {rejected} rejected"
    for refused in festival.refused:
        yield f"  {refused.id}: {refused.faults[0].message}"


def by_rule(festival: Festival) -> Iterator[str]:
    """What each rule took off, and in how many orders."""
    orders, fen = Counter[str](), Counter[str]()
    for outcome in festival.outcomes:
        given = Counter[str]()
        for discount in outcome.discounts:
            given[discount.rule] += discount.given
        fen.update(given)
        orders.update(rule for rule, amount in given.items() if amount)
    yield f"{'taken off by rule':34} {'orders':>6} {'CNY':>10}"
    for offer in festival.program.core.offers:
        if offer.key in fen:
            yield f"{offer.title:34} {orders[offer.key]:6} {yuan(fen[offer.key]):>10}"


def answers(festival: Festival) -> Iterator[str]:
    """What became of the codes that were presented."""
    yield "codes"
    told = Counter(
        f"applied: {code.rules[0]}" if code.rules else f"refused: {code.reason}"
        for outcome in festival.outcomes
        for code in outcome.codes
    )
    for answer, times in sorted(told.items()):
        yield f"  {times:3} {answer}"


def left(festival: Festival) -> Iterator[str]:
    """What is left of what all members share."""
    yield "left of budgets and stocks"
    for offer in festival.program.core.offers:
        for limit in offer.limits:
            if limit.owner == "shared" and not limit.keys:
                used = festival.shared.limits.get(limit.key, {}).get(0, 0)
                if limit.times is not None:
                    yield f"  {offer.title}: {limit.times - used} of {limit.times} times"
                elif limit.amount is not None:
                    yield f"  {offer.title}: {yuan(limit.amount - used)} of {yuan(limit.amount)} CNY"


def totals(festival: Festival) -> Iterator[str]:
    """What was paid, added and given."""
    prices = [outcome.price for outcome in festival.outcomes if outcome.price is not None]
    gifts: Counter[str] = Counter()
    for outcome in festival.outcomes:
        for gift in outcome.gifts:
            gifts[gift.sku] += gift.count
    coins = sum(outcome.totals.get("coin", 0) for outcome in festival.outcomes)
    held = sum(award.held_out for outcome in festival.outcomes for award in outcome.awards)
    listed = sum(line.list for price in prices for line in price.lines)
    yield f"at list prices {yuan(listed)} CNY, paid {yuan(sum(price.total for price in prices))} CNY"
    yield ", ".join(f"{count} {sku}" for sku, count in gifts.items()) + " added free"
    yield f"{coins:,} coins; held out of member day: {held}"


# ---- one order ----


def explained(festival: Festival) -> tuple[str, str]:
    """The order in which most rules acted, and why it costs what it costs: with the state its member was in then."""
    chosen = max(festival.outcomes, key=lambda outcome: (len(acted(outcome)), bool(outcome.codes), outcome.id))
    state, shared = State(), Shared()
    for outcome in festival.outcomes[: festival.outcomes.index(chosen)]:
        shared.reserve(outcome.reserved)
        if outcome.member == chosen.member:
            state = festival.program.apply(state, outcome)
    sent = next(event for event in map(orjson.loads, festival.sent) if event["order_no"] == chosen.id)
    facts = festival.members[chosen.member or ""]
    return chosen.id, festival.program.explain(sent, facts, state, shared).text()


def acted(outcome: Outcome) -> set[str]:
    """The rules that gave something."""
    offers = {discount.rule for discount in outcome.discounts if discount.given} | {gift.rule for gift in outcome.gifts}
    return offers | {award.rule for award in outcome.awards if award.given}


def main(arguments: list[str]) -> None:
    """Run the example."""
    festival = score(Path(arguments[0]) if arguments else HERE)
    parts = (counts(festival), totals(festival), by_rule(festival), answers(festival), left(festival))
    print("\n\n".join("\n".join(part) for part in parts))
    order, why = explained(festival)
    print(f"\nwhy order {order} costs what it costs:\n\n{why}")


if __name__ == "__main__":
    main(sys.argv[1:])
