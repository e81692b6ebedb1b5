"""L216: a rule that acts at the edge of a period, on days among which there is no such edge."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.dates import Days, acts_on, context, fixed, window
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View
from rules_engine.occurrences import Context, occurrences
from rules_engine.periods import Period


def _find(view: View) -> Iterator[Found]:
    periods = {each.name: each.period for each in view.core.periods}
    ctx = context(view.core.header)
    for rule in view.rules:
        days = acts_on(rule.core, view.core.header)
        edges = [view.events[name].schedule for name in rule.core.events]
        if days.empty or days.first is None or days.last is None or rule.node.dates is None:
            continue
        found = [edge for edge in edges if edge is not None and fixed(periods[edge.period])]
        if len(found) == len(edges) and not any(_comes(edge, periods[edge.period], days, ctx) for edge in found):
            edge = found[0]
            data = {"title": rule.title, "days": days.words, "edge": f"{edge.edge} of {edge.period}"}
            yield Found(rule.file, rule.node.dates.span, data)


def _comes(edge: ir.ScheduleDef, period: Period, days: Days, ctx: Context) -> bool:
    """Whether an edge of the period falls on one of the days; an occurrence may have begun a year and more before."""
    tried = window(days)
    for each in occurrences(period, tried[0] - 400, tried[-1] + 1, ctx):
        if (each.first_day if edge.edge == "start" else each.end_day - 1) in tried:
            return True
    return False


LINT = Lint(
    "L216",
    "no-edge-in-dates",
    "dates among which the rule's day never comes",
    '"{title}" acts {days}, and no {edge} falls on one of these days',
    "mend its dates; the {edge} is the day that they are compared with",
    "The rule acts by itself at an edge of a period. Its dates are compared with that day and not with the days of "
    "the purchases before it, so a campaign that ends a day too early never pays.",
    bad="""\
reward "Year's thanks" { on end of calendar year   from 2027-01-01 until 2027-12-30   give 100 points }
""",
    good="""\
reward "Year's thanks" { on end of calendar year   from 2027-01-01 until 2027-12-31   give 100 points }
""",
    find=_find,
)
