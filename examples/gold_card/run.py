"""Follow two members of the store through a year, or those named, sum up by rule, and say what the coupon brought.

    python examples/gold_card/run.py [MEMBER ...]

Whoever was kept out of the coupon is in the results with what would have been given, so the two groups are counted from
them alone.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from examples.diary import Diary, keep, left, pages, sums
from rules_engine.calendar import format_date

HERE = Path(__file__).parent
UNTIL = "2028-01-01"


def lift(diary: Diary) -> Iterator[str]:
    """What members with and without the coupon spent in the quarters in which they were gold."""
    groups: dict[tuple[str | None, str], bool] = {}
    spent: Counter[tuple[str | None, str]] = Counter()
    for outcome in diary.outcomes:
        key = outcome.member, quarter(outcome.day)
        for award in outcome.awards:
            if award.rule == "posted":
                groups[key] = award.held_out
        if outcome.event == "purchase" and outcome.price is not None:
            spent[key] += outcome.price.net
    yield f"{'gold members in a quarter':30} {'count':>5}  {'spent by each':>13}"
    for name, kept_out in (("sent the coupon", False), ("kept out of it", True)):
        keys = [key for key, held in groups.items() if held == kept_out]
        each = sum(spent[key] for key in keys) // max(1, len(keys))
        yield f"{name:30} {len(keys):5}  {each // 100:10,}.{each % 100:02}"


def quarter(day: int) -> str:
    """The quarter of a day, as 2027-2."""
    year, month, _ = format_date(day).split("-")
    return f"{year}-{(int(month) + 2) // 3}"


def main(arguments: list[str]) -> None:
    """Run the example."""
    diary = keep(HERE, UNTIL)
    parts = (pages(diary, *(arguments or ["g-10", "g-24"])), sums(diary), lift(diary), left(diary))
    print("\n\n".join("\n".join(lines) for lines in parts))


if __name__ == "__main__":
    main(sys.argv[1:])
