"""L704: a limit that no test reaches."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.records import Found, Lint
from rules_engine.linting.tested import called, missed, rule_at
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    times = {limit.at: limit.times for rule in view.rules for limit in rule.core.limits}
    for each in missed(view, "limit"):
        node = rule_at(view, each.at)
        if each.side == "reached" and node is not None:
            used = times.get(each.at)
            begin = f"begin with `given {called(node)} used {used} time{'' if used == 1 else 's'}`" if used else ""
            yield Found(each.at.file, (each.at.start, each.at.end), {"called": called(node)}, note=begin)


LINT = Lint(
    "L704",
    "limit-never-reached",
    "a limit that no test reaches",
    "no test reaches this limit of {called}",
    "add a test that asks for more than the limit leaves",
    "A limit is there to stop what it stops, and only a test that is stopped shows that it counts for the right "
    "person over the right time.",
    bad="""\
language 1
use shop

program "Corner Shop Club" { currency GBP, rounded half up   timezone "Europe/London" }

unit point, points { rounded down   lasts forever }

earn "Gift" as gift { on purchase   give 20 points   once per member }

test "the first" {
  given member {}
  when  purchase { bought_at: 2027-03-01 10:00
    lines | sku   | pieces | price    |
          | "tea" | 1      | 5.00 GBP | }
  then  gift 20 points
}
""",
    good="""\
language 1
use shop

program "Corner Shop Club" { currency GBP, rounded half up   timezone "Europe/London" }

unit point, points { rounded down   lasts forever }

earn "Gift" as gift { on purchase   give 20 points   once per member }

test "the first" {
  given member {}
  when  purchase { bought_at: 2027-03-01 10:00
    lines | sku   | pieces | price    |
          | "tea" | 1      | 5.00 GBP | }
  then  gift 20 points
  when  purchase { bought_at: 2027-03-02 10:00
    lines | sku   | pieces | price    |
          | "tea" | 1      | 5.00 GBP | }
  then  gift not applied
}
""",
    find=_find,
    asked=True,
)
