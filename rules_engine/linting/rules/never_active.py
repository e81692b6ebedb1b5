"""L200: a rule whose days all lie outside the terms, or outside its own condition."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.dates import acts_on, days_of, terms
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    header = view.core.header
    for rule in view.rules:
        if not acts_on(rule.core, header).empty:
            continue
        dates, when = days_of(rule.core.dates, header), days_of(rule.core.when, header)
        own = dates.both(when)
        outside = f"the terms hold {terms(header).words}" if not own.empty else f"its `when` asks for days {when.words}"
        shown = dates if dates.first is not None or dates.last is not None else when
        span = (rule.node.dates or rule.node.when or rule.node.title).span
        yield Found(rule.file, span, {"title": rule.title, "days": shown.words, "outside": outside})


LINT = Lint(
    "L200",
    "never-active",
    "a rule on days that never come",
    '"{title}" acts {days}, and {outside}',
    "mend one of the two, or take the rule away",
    "The rule checks, its page shows it, and no event can ever meet it: the days on which it acts and the days on "
    "which events are scored have nothing in common. Most often a year was left behind when a campaign was copied.",
    bad="""\
language 1
use shop

program "Corner Shop" {
  currency   GBP, rounded half up
  timezone   "Europe/London"
  terms      from 2027-01-01 until 2027-12-31
}

unit point, points { rounded down   lasts for 24 months }

earn "Spring" { on purchase   from 2026-03-01 until 2026-05-31   give 1 point per 1 GBP of net }

test "a spring day" {
  given member {}
  when  purchase { bought_at: 2027-03-01 10:00
    lines | sku   | pieces | price    |
          | "tea" | 1      | 5.00 GBP | }
  then  "Spring" not applied
}
""",
    good="""\
language 1
use shop

program "Corner Shop" {
  currency   GBP, rounded half up
  timezone   "Europe/London"
  terms      from 2027-01-01 until 2027-12-31
}

unit point, points { rounded down   lasts for 24 months }

earn "Spring" { on purchase   from 2027-03-01 until 2027-05-31   give 1 point per 1 GBP of net }

test "a spring day" {
  given member {}
  when  purchase { bought_at: 2027-03-01 10:00
    lines | sku   | pieces | price    |
          | "tea" | 1      | 5.00 GBP | }
  then  "Spring" 5 points
}
""",
    find=_find,
)
