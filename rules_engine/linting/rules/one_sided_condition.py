"""L705: a condition that tests have only seen hold, or only fail."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.tested import missed
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    gone = {each.at for each in missed(view, "rule")}
    joined = {(file, node.span) for kind in (tree.Both, tree.Either, tree.Not) for file, node in view.nodes(kind)}
    for each in missed(view, "condition"):
        place = each.at.start, each.at.end
        inside = any(rule.file == each.at.file and rule.start <= each.at.start < rule.end for rule in gone)
        if (each.at.file, place) not in joined and not inside:
            side = "hold" if each.side == "holds" else "fail"
            yield Found(each.at.file, place, {"words": view.words(each.at), "side": side})


LINT = Lint(
    "L705",
    "one-sided-condition",
    "a condition that tests see from one side",
    "no test has `{words}` {side}",
    "add a test on the other side of it, as near to the bound as an event can be",
    "Tests that are all on one side of a threshold pass with any threshold. The mistake that is made is to be off by"
    " one, or by a penny.",
    bad="""\
language 1
use shop

program "Corner Shop Club" { currency GBP, rounded half up   timezone "Europe/London" }

unit point, points { rounded down   lasts forever }

earn "Spring" as spring { on purchase   when net >= 50 GBP   give 20 points }

test "fifty pounds" {
  given member {}
  when  purchase { bought_at: 2027-03-01 10:00
    lines | sku   | pieces | price     |
          | "tea" | 1      | 50.00 GBP | }
  then  spring 20 points
}
""",
    good="""\
language 1
use shop

program "Corner Shop Club" { currency GBP, rounded half up   timezone "Europe/London" }

unit point, points { rounded down   lasts forever }

earn "Spring" as spring { on purchase   when net >= 50 GBP   give 20 points }

test "fifty pounds" {
  given member {}
  when  purchase { bought_at: 2027-03-01 10:00
    lines | sku   | pieces | price     |
          | "tea" | 1      | 50.00 GBP | }
  then  spring 20 points
}

test "a penny short" {
  given member {}
  when  purchase { bought_at: 2027-03-01 10:00
    lines | sku   | pieces | price     |
          | "tea" | 1      | 49.99 GBP | }
  then  spring not applied
}
""",
    find=_find,
    asked=True,
)
