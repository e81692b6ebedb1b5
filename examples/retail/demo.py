"""Score the orders of a gift shop, show where the points went, and explain one order.

    python examples/retail/demo.py [--data DIR | --sample]

With the "Online Retail" data set under DIR, or beside the project, it runs on 541,909 real order lines; without it, on
the small sample that stands here.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

from examples.replay import Replay, Sums, data_folder, options, refused, tiers, titles
from rules_engine.calendar import format_date
from rules_engine.feeds import Read, events_file, read_events, read_mapping
from rules_engine.outcome import Outcome
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.state import State

HERE = Path(__file__).parent


class Report:
    """The sums that the demo shows, and the order that it explains: the shortest in which the most rules applied and a
    limit cut."""

    def __init__(self, program: Program) -> None:
        self.titles, self.tiers = titles(program), tiers(program)
        self.by_rule, self.by_tier, self.by_month = Sums(), Sums(), Sums()
        self.orders: dict[str, list[Read]] = {}
        self.most = (0, False, 0)
        self.chosen = ""

    def add(self, read: Read, outcome: Outcome) -> None:
        """Count one order."""
        points = outcome.totals.get("point", 0)
        applied = [award for award in outcome.awards if award.given]
        for award in applied:
            self.by_rule.add(self.titles[award.rule], award.given)
        self.by_tier.add(str(outcome.before["tier"]) if outcome.member else "guests", points)
        self.by_month.add(format_date(outcome.day)[:7], points)
        if outcome.member is not None:
            self.orders.setdefault(outcome.member, []).append(read)
        worth = (len(applied), any(award.cut_by for award in applied), -read.rows)
        if worth > self.most:
            self.most, self.chosen = worth, outcome.id

    def text(self) -> str:
        """The three tables."""
        tables = (
            self.by_rule.table("points by rule", list(self.titles.values())),
            self.by_tier.table("points by tier", self.tiers),
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


def reads_of(data: Path | None) -> Iterator[Read]:
    """The orders of the real data, or of the sample."""
    mapping = read_mapping(HERE / "mapping.toml")
    path = events_file(mapping, data) if data is not None else HERE / "sample.csv"
    return read_events(path, mapping=mapping, ids={"purchase": "order_no"})


def main(arguments: list[str]) -> None:
    """Run the demo."""
    about = "Score the orders of a gift shop, show where the points went, and explain one order."
    chosen = options(about, "online_retail").parse_args(arguments)
    started = time.perf_counter()
    program = load(HERE)
    print(f"{program.core.header.title}: {len(program.core.rules)} rules, fingerprint {program.fingerprint[:12]}")
    data = data_folder(chosen, "online_retail")
    replay, report = Replay(program), Report(program)
    for read, outcome in replay.run(reads_of(data)):
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
