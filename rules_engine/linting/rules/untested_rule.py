"""L701: a rule that no test has act."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.dates import acts_on
from rules_engine.linting.naming import titled
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.tested import called, events_of, missed, rule_at
from rules_engine.linting.view import View, key_of


def _find(view: View) -> Iterator[Found]:
    if not _unnamed(view):
        return
    never = {rule.key for rule in view.rules if acts_on(rule.core, view.core.header).empty}
    for each in missed(view, "rule"):
        node = rule_at(view, each.at)
        if isinstance(node, (tree.RuleDecl, tree.MatchDecl)) and key_of(node) not in never:
            event = events_of(node) or "purchase"
            yield Found(each.at.file, node.title.span, {"called": called(node), "title": each.title, "event": event})


def _unnamed(view: View) -> bool:
    """Whether there is a rule of which no test expects anything: only then the tests have to be run."""
    named = {each.title: key_of(each.node) for each in titled(view)}
    seen = set[str]()
    for _, test in view.tests:
        for each in (each for step in test.steps for each in step.expect):
            if isinstance(each, tree.ExpectTakes) or (isinstance(each, tree.ExpectRule) and each.status is None):
                name = each.rule.text if isinstance(each.rule, tree.Name) else each.rule.value
                seen.add(named.get(name, name))
    return not set(named.values()) <= seen


LINT = Lint(
    "L701",
    "untested-rule",
    "a rule that acts in no test",
    "no test has {called} act",
    'begin with `test "{title}" {{ when {event} {{ ... }}   then {called} ... }}`, or see `rules test --suggest`',
    "What a rule gives when it acts is not pinned down anywhere. A slip in it is found by customers.",
    bad="""\
language 1
use shop

program "Corner Shop Club" { currency GBP, rounded half up   timezone "Europe/London" }

unit point, points { rounded down   lasts forever }

earn "Base" as base { on purchase   give 1 point per 1 GBP of net }

earn "On the phone" as phone { on purchase   when net >= 50 GBP   give 20 points }

test "five pounds" {
  given member {}
  when  purchase { bought_at: 2027-03-01 10:00
    lines | sku   | pieces | price    |
          | "tea" | 1      | 5.00 GBP | }
  then  base 5 points
}
""",
    good="""\
language 1
use shop

program "Corner Shop Club" { currency GBP, rounded half up   timezone "Europe/London" }

unit point, points { rounded down   lasts forever }

earn "Base" as base { on purchase   give 1 point per 1 GBP of net }

earn "On the phone" as phone { on purchase   when net >= 50 GBP   give 20 points }

test "five pounds" {
  given member {}
  when  purchase { bought_at: 2027-03-01 10:00
    lines | sku   | pieces | price    |
          | "tea" | 1      | 5.00 GBP | }
  then  base 5 points
}

test "fifty pounds" {
  given member {}
  when  purchase { bought_at: 2027-03-01 10:00
    lines | sku   | pieces | price     |
          | "tea" | 1      | 50.00 GBP | }
  then  base 50 points, phone 20 points
}
""",
    find=_find,
)
