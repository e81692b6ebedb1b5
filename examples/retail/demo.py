"""Score the orders of a gift shop, take back what is cancelled, show where the points went, and explain one order.

    python examples/retail/demo.py [--data DIR | --sample]

With the "Online Retail" data set under DIR, or beside the project, it runs on 541,909 real order lines; without it, on
the small sample that stands here. `prepare.py` says which orders the cancellations cancel.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from examples.replay import Books, Replay, Sums, data_folder, options, refused, tiers, titles
from examples.retail.prepare import Back, Matching, cancellations, match, orders
from rules_engine.calendar import format_date
from rules_engine.event import Event
from rules_engine.feeds import Read
from rules_engine.outcome import Outcome
from rules_engine.pipeline import load
from rules_engine.returns import Return
from rules_engine.scoring import Program
from rules_engine.state import State

HERE = Path(__file__).parent


@dataclass
class Sold:
    """The receipt of an order: what was sent, what came out, and what has come back."""

    event: bytes
    outcome: Outcome
    returns: list[Return] = field(default_factory=list)


class Shop:
    """Scores orders and takes back what is cancelled, in one order of time; in the same minute, orders come first.

    What goes back is given in that order too. Receipts are kept of orders of which something will come back. `returned`
    is what was taken back; of orders that were `rejected` nothing can be.
    """

    def __init__(self, program: Program, backs: Iterable[Back]) -> None:
        self.program, self.replay = program, Replay(program)
        self.waiting = deque(backs)
        self.returning = {back.order_no for back in self.waiting}
        self.sold: dict[str, Sold] = {}
        self.returned: list[Return] = []
        self.rejected: set[str] = set()

    def run(self, reads: Iterable[Read]) -> Iterator[tuple[Read, Outcome]]:
        """Yield each order that was scored, with its outcome; what is cancelled before it was taken back by then."""
        for read, outcome in self.replay.run(sorted(reads, key=_moment), self._before):
            if outcome.id in self.returning:
                assert read.event is not None
                self.sold[outcome.id] = Sold(read.event, outcome)
            yield read, outcome

    def _before(self, read: Read) -> None:
        self.take_back(_moment(read))

    def take_back(self, until: datetime | None = None) -> None:
        """Take back what is cancelled before a moment; without one, all the rest."""
        while self.waiting and (until is None or self.waiting[0].cancelled_at < until):
            back = self.waiting.popleft()
            if back.order_no in self.sold:
                self._take_back(back, self.sold[back.order_no])
            else:
                self.rejected.add(back.order_no)

    def _take_back(self, back: Back, sold: Sold) -> None:
        states, on = self.replay.states, back.cancelled_at.date().isoformat()
        found = self.program.give_back(
            sold.event, sold.outcome, back.returned, earlier=sold.returns, state=states[back.customer], on=on
        )
        states[back.customer] = self.program.apply(states[back.customer], found)
        sold.returns.append(found)
        self.returned.append(found)


class _Head(msgspec.Struct):
    bought_at: datetime


_HEAD = msgspec.json.Decoder(_Head)


def _moment(read: Read) -> datetime:
    """The moment of an order; what is no order comes first, to be counted."""
    return datetime.min.replace(tzinfo=UTC) if read.event is None else _HEAD.decode(read.event).bought_at


class Report:
    """The sums that the demo shows, and the order that it explains: the shortest in which the most rules applied and a
    limit cut."""

    def __init__(self, program: Program) -> None:
        self.titles, self.tiers = titles(program), tiers(program)
        self.by_rule, self.by_tier, self.by_month, self.back = Sums(), Sums(), Sums(), Sums()
        self.books = Books()
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
        self.books.add(outcome)
        if outcome.member is not None:
            self.orders.setdefault(outcome.member, []).append(read)
        worth = (len(applied), any(award.cut_by for award in applied), -read.rows)
        if worth > self.most:
            self.most, self.chosen = worth, outcome.id

    def take_back(self, returned: Return) -> None:
        """Count one return."""
        self.books.take_back(returned)
        for each in returned.units:
            self.back.add(self.titles[each.rule], each.amount)

    def text(self, matching: Matching) -> str:
        """The tables."""
        rules = list(self.titles.values())
        tables = (
            self.by_rule.table("points by rule", rules),
            self.by_tier.table("points by tier", self.tiers),
            self.by_month.table("points by month"),
            matching.table(),
            self.back.table("points taken back", rules),
        )
        return "\n\n".join(tables)

    def met(self, program: Program, matching: Matching) -> tuple[Event, State]:
        """The chosen order and the state that it met: what its customer had bought and given back before led to it."""
        reads = next(reads for reads in self.orders.values() if any(read.key == self.chosen for read in reads))
        place = next(place for place, read in enumerate(reads) if read.key == self.chosen)
        shop = Shop(program, matching.backs)
        customers = [outcome.member for _, outcome in shop.run(reads[:place])]
        shop.take_back(_moment(reads[place]))
        event = program.event(reads[place].event)
        return event, shop.replay.states[customers[0] or ""] if customers else State()


def main(arguments: list[str]) -> None:
    """Run the demo; ends with 1 where a balance does not add up."""
    about = "Score the orders of a gift shop, take back what is cancelled, and explain one order."
    chosen = options(about, "online_retail").parse_args(arguments)
    started = time.perf_counter()
    program = load(HERE)
    print(f"{program.core.header.title}: {len(program.core.rules)} rules, fingerprint {program.fingerprint[:12]}")
    data = data_folder(chosen, "online_retail")
    reads = list(orders(data))
    matching = match(reads, cancellations(data))
    shop, report = Shop(program, matching.backs), Report(program)
    for read, outcome in shop.run(reads):
        report.add(read, outcome)
    shop.take_back()
    for returned in shop.returned:
        report.take_back(returned)
    matching = matching.without(shop.rejected)
    matching.check()
    seconds = time.perf_counter() - started
    replay = shop.replay
    print(f"\n{replay.tally.summary()}\n")
    if replay.refusals:
        print(refused(replay.refusals) + "\n")
    print(report.text(matching))
    if wrong := report.books.wrong(replay.states):
        sys.exit("\n".join(["balances do not add up:", *wrong]))
    print(f"\nbalances add up for all {len(replay.states):,} members: {report.books.text(replay.states)}")
    rows = replay.tally.read.rows
    print(f"\n{rows:,} rows in {seconds:.1f} seconds, {rows / seconds:,.0f} a second")
    print(f"\nwhy order {report.chosen} got what it got:\n")
    event, state = report.met(program, matching)
    print(program.explain(event, {}, state).text())


if __name__ == "__main__":
    main(sys.argv[1:])
