"""L208: a row of a table by day that the rule's own dates never reach."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.dates import Days, acts_on
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import Rule, View


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        days = acts_on(rule.core, view.core.header)
        if days.empty or days == Days():
            continue
        for node in ir.walk(rule.core):
            if isinstance(node, ir.Choose) and _inside(node, rule):
                yield from _rows(node, rule, days)


def _inside(node: ir.Choose, rule: Rule) -> bool:
    """Whether the table stands in the rule itself: one with a name may have other readers."""
    start, end = rule.node.span
    return node.at.file == rule.file and start <= node.at.start < end


def _rows(table: ir.Choose, rule: Rule, days: Days) -> Iterator[Found]:
    for at, key in enumerate(table.keys):
        for row in table.rows if isinstance(key, ir.Today) else ():
            match row.tests[at]:
                case ir.RangeTest(low=low, high=high):
                    if days.both(Days(low, None if high is None else high - 1)).empty:
                        place = row.value.at
                        yield Found(place.file, (place.start, place.end), {"title": rule.title, "days": days.words})


LINT = Lint(
    "L208",
    "row-out-of-time",
    "a dated row that the rule never reaches",
    '"{title}" acts {days}, and this row is for other days',
    "take the row out, or mend the rule's dates",
    "The table changes its values on written days, and the rule that holds it is over, or has not begun, when this "
    "row would be read. Whoever reads the table believes in a value that nobody ever gets.",
    bad="""\
earn "First year" {
  on        purchase
  from      2027-01-01 until 2027-06-30
  give      by today { from 2027-01-01: 5 points   from 2027-07-01: 10 points   otherwise: nothing }
}
""",
    good="""\
earn "First year" {
  on        purchase
  from      2027-01-01 until 2027-12-31
  give      by today { from 2027-01-01: 5 points   from 2027-07-01: 10 points   otherwise: nothing }
}
""",
    find=_find,
)
