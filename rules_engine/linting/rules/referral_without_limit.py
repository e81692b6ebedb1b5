"""L108: an award to somebody else, as often as it is asked."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        if isinstance(rule.core, ir.RuleDef) and not view.limits(rule):
            for give in rule.core.gives:
                if give.to and isinstance(give.value, ir.Num):
                    yield Found(rule.file, (give.at.start, give.at.end), {"title": rule.title, "to": give.to})


LINT = Lint(
    "L108",
    "referral-without-limit",
    "an award to another member without a limit",
    '"{title}" gives to `{to}` as often as somebody names them',
    "write a limit, such as `at most 10 times per {to}` or `once per member`",
    "Whoever is named gets the award, and naming costs nothing: referrals are the first thing that is farmed. A limit on the "
    "one who receives is what makes it not worth the trouble.",
    bad="""\
earn "Friend" { on purchase   when has friend   give 500 points, to friend }
""",
    good="""\
earn "Friend" {
  on        purchase
  when      has friend and has customer
  give      500 points, to friend
  once      per member
}
""",
    find=_find,
)
