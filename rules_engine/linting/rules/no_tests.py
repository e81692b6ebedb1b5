"""L700: a program that has rules and no tests."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    count = len(view.rules)
    for file, node in view.all(tree.Program) if count and not view.tests else ():
        events = [name for rule in view.rules for name in rule.core.events if view.events[name].schedule is None]
        rules = f"{count} rule{'' if count == 1 else 's'}"
        yield Found(
            file, node.title.span, {"title": node.title.value, "rules": rules, "event": (events or ["event"])[0]}
        )


LINT = Lint(
    "L700",
    "no-tests",
    "a program without tests",
    "`{title}` has {rules} and not one test",
    'write one, `test "a first purchase" {{ given member {{}}   when {event} {{ ... }}   then ... }}`, or let '
    "`rules test --suggest` propose some",
    "A test says in the customer's terms what the program pays. Without one nobody knows that it still does after "
    "the next change.",
    bad="""\
language 1
use shop

program "Corner Shop Club" { currency GBP, rounded half up   timezone "Europe/London" }

unit point, points { rounded down   lasts forever }

earn "Base" as base { on purchase   give 1 point per 1 GBP of net }
""",
    good="""\
language 1
use shop

program "Corner Shop Club" { currency GBP, rounded half up   timezone "Europe/London" }

unit point, points { rounded down   lasts forever }

earn "Base" as base { on purchase   give 1 point per 1 GBP of net }

test "five pounds" {
  given member {}
  when  purchase { bought_at: 2027-03-01 10:00
    lines | sku   | pieces | price    |
          | "tea" | 1      | 5.00 GBP | }
  then  base 5 points
}
""",
    find=_find,
)
