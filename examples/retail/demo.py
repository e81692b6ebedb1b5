"""Score the orders of a gift shop, show where the points went, and explain one order.

    python examples/retail/demo.py [--data DIR]

With the "Online Retail" data set under DIR, or beside the project, it runs on 541,909 real order lines; without it, on
the small sample that stands here.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

from examples.replay import Replay, Sums, announce, data_folder, refused
from rules_engine.calendar import format_date
from rules_engine.feeds import Read, events_file, read_events, read_mapping
from rules_engine.outcome import Outcome
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.state import State

HERE = Path(__file__).parent
TIERS = ("Bronze", "Silver", "Gold")


class Report:
    """The sums that the demo shows, and the order it explains: the one in which the most rules had a say."""

    def __init__(self, program: Program) -> None:
        self.titles = {rule.key: rule.title for rule in program.core.rules}
        self.by_rule, self.by_tier, self.by_month = Sums(), Sums(), Sums()
        self.orders: dict[str, list[Read]] = {}
        self.told: tuple[int, int] = (0, 0)
        self.chosen = ""

    def add(self, read: Read, outcome: Outcome) -> None:
        """Count one order."""
        points = outcome.totals.get("point", 0)
        for award in outcome.awards:
            self.by_rule.add(self.titles[award.rule], award.given)
        self.by_tier.add(str(outcome.before["tier"]) if outcome.member else "guests", points)
        self.by_month.add(format_date(outcome.day)[:7], points)
        if outcome.member is not None:
            self.orders.setdefault(outcome.member, []).append(read)
        worth_telling = (len(outcome.awards) + any(award.cut_by for award in outcome.awards), -read.rows)
        if worth_telling > self.told:
            self.told, self.chosen = worth_telling, outcome.id

    def text(self) -> str:
        """The three tables."""
        tiers = [tier for tier in (*TIERS, "guests") if tier in self.by_tier.events]
        rules = [title for title in self.titles.values() if title in self.by_rule.events]
        tables = (
            self.by_rule.table("points by rule", rules),
            self.by_tier.table("points by tier", tiers),
            self.by_month.table("points by month"),
        )
        return "\n\n".join(tables)

    def explanation(self, program: Program) -> str:
        """Why the chosen order got what it got: the customer's earlier orders lead to the state it met."""
        orders = next(reads for reads in self.orders.values() if any(read.key == self.chosen for read in reads))
        state = State()
        for read in orders:
            assert read.event is not None
            event = orjson.loads(read.event)
            if read.key == self.chosen:
                return program.explain(event, {}, state).text()
            state = program.apply(state, program.score(event, {}, state))
        raise AssertionError("the chosen order is among its customer's orders")


def reads_of(program: Program, data: Path | None) -> Iterator[Read]:
    """The orders of the real data, or of the sample."""
    mapping = read_mapping(HERE / "mapping.toml")
    path = events_file(mapping, data) if data is not None else HERE / "sample.csv"
    return read_events(path, mapping=mapping, ids={"purchase": "order_no"})


def main(arguments: list[str]) -> None:
    """Run the demo."""
    parser = argparse.ArgumentParser(description="Score the orders of a gift shop and explain one of them.")
    parser.add_argument("--data", type=Path, help="the folder that holds online_retail/")
    data = data_folder(parser.parse_args(arguments).data, "online_retail")
    started = time.perf_counter()
    program = load(HERE)
    print(f"{program.core.header.title}: {len(program.core.rules)} rules, fingerprint {program.fingerprint[:12]}")
    announce("Online Retail", data)
    replay, report = Replay(program), Report(program)
    for read, outcome in replay.run(reads_of(program, data)):
        report.add(read, outcome)
    seconds = time.perf_counter() - started
    print(f"\n{replay.tally.summary()}\n")
    if replay.refusals:
        print(refused(replay.refusals) + "\n")
    print(report.text())
    rows = replay.tally.read.rows
    print(f"\n{rows:,} rows in {seconds:.1f} seconds, {rows / seconds:,.0f} a second")
    print(f"\nwhy order {report.chosen} got what it got:\n")
    print(report.explanation(program))


if __name__ == "__main__":
    main(sys.argv[1:])
