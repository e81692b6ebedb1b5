"""L103: a code that everybody may use as often as they like."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        code, trigger = rule.core.code, rule.node.trigger
        public = code is not None and (code.texts or code.column)
        if public and not view.limits(rule) and isinstance(trigger, tree.WithCode):
            yield Found(rule.file, trigger.span, {"title": rule.title})


LINT = Lint(
    "L103",
    "code-without-limit",
    "a public code without a limit",
    'whoever knows the code of "{title}" can use it as often as they like',
    "write a limit, such as `once per member`, `once per code in total` or `at most 500 times in total`",
    "A code that was printed or sent is on a coupon site the same evening. Only a limit says how often one customer can "
    "use it and what the whole campaign can cost.",
    bad="""\
basket offer "Spring" {
  on        purchase
  from      2027-03-01 until 2027-05-31
  with      code "SPRING"
  take      5 GBP off the total of lines
}
""",
    good="""\
basket offer "Spring" {
  on        purchase
  from      2027-03-01 until 2027-05-31
  with      code "SPRING"
  when      has customer
  take      5 GBP off the total of lines
  once      per member
}
""",
    find=_find,
)
