"""Score the stays of two hotels, with double points for each night of the off season.

    python examples/hotel/run.py [--data DIR | --sample]

With the "Hotel booking demand" data set under DIR, or beside the project, it runs on 119,390 real bookings; without it,
on the small sample that stands here. `prepare.py` says how a booking becomes a stay.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from examples.hotel.prepare import bookings, stays
from examples.replay import Replay, Sums, data_folder, options, refused, tiers, titles
from rules_engine.calendar import format_date
from rules_engine.pipeline import load
from rules_engine.scoring import Program

HERE = Path(__file__).parent


Summary = dict[str, Sums]
"""By rule, by tier and by the month of check-out."""


def summary(program: Program, data: Path | None) -> tuple[Replay, Summary]:
    """Score the stays and sum up."""
    replay, names = Replay(program), titles(program)
    sums = {"points by rule": Sums(), "points by tier": Sums(), "points by month": Sums()}
    for _, outcome in replay.run(stays(bookings(data))):
        points = outcome.totals.get("point", 0)
        for award in (award for award in outcome.awards if award.given):
            sums["points by rule"].add(names[award.rule], award.given)
        sums["points by tier"].add(str(outcome.before["tier"]) if outcome.member else "no member", points)
        sums["points by month"].add(format_date(outcome.day)[:7], points)
    return replay, sums


def main(arguments: list[str]) -> None:
    """Run the example."""
    about = "Score the stays of two hotels, with double points for each night of the off season."
    data = data_folder(options(about, "hotel_bookings").parse_args(arguments), "hotel_bookings")
    started = time.perf_counter()
    program = load(HERE / "hotel.rules")
    replay, sums = summary(program, data)
    seconds = time.perf_counter() - started
    print(f"\n{replay.tally.summary()}\n")
    if replay.refusals:
        print(refused(replay.refusals) + "\n")
    order = [*titles(program).values(), *tiers(program)]
    print("\n\n".join(found.table(head, order) for head, found in sums.items()))
    print(f"\n{replay.tally.read.rows:,} bookings in {seconds:.1f} seconds")


if __name__ == "__main__":
    main(sys.argv[1:])
