"""L104: a code that works for ever."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    if view.core.header.terms_until is not None:
        return
    for rule in view.rules:
        code, trigger, dates = rule.core.code, rule.node.trigger, rule.node.dates
        ends = dates is not None and dates.end is not None
        public = code is not None and (code.texts or code.column)
        if public and not ends and isinstance(trigger, tree.WithCode) and not _lapses(rule.node.when):
            yield Found(rule.file, trigger.span, {"title": rule.title})


def _lapses(when: tree.Expr | None) -> bool:
    """Whether the condition looks at the calendar in some other way."""
    return when is not None and any(isinstance(each, tree.Today | tree.DateTest) for each in tree.walk(when))


LINT = Lint(
    "L104",
    "code-without-end",
    "a code without a last day",
    'the code of "{title}" never ends',
    "write its days: `from 2027-03-01 until 2027-05-31`",
    "A campaign ends when it was announced to end; a code without a last day is found in an old letter and honoured years "
    "later.",
    bad="""\
basket offer "Spring" {
  on        purchase
  with      code "SPRING"
  when      has customer
  take      5 GBP off the total of lines
  once      per member
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
