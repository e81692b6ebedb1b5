"""L201: a rule asks for a period that none of its days lies in."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.dates import Days, acts_on, conjuncts, context, fixed, lies_in
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    periods = {each.name: each.period for each in view.core.periods}
    ctx = context(view.core.header)
    for rule in view.rules:
        days = acts_on(rule.core, view.core.header)
        if days.empty or days == Days():
            continue
        for part in conjuncts(rule.core.when):
            if isinstance(part, ir.InPeriod) and isinstance(part.value, ir.Today):
                period = periods[part.period]
                if fixed(period) and not lies_in(period, days, ctx):
                    data = {"title": rule.title, "days": days.words, "period": part.period}
                    yield Found(part.at.file, (part.at.start, part.at.end), data)


LINT = Lint(
    "L201",
    "period-never-met",
    "a period that the rule's dates never meet",
    '"{title}" acts {days}, and none of these days lies in `{period}`',
    "mend the dates or the period",
    "Two conditions on the day are written in two places, the rule's dates and a period, and no day passes both. The"
    " rule never acts, and neither of the two looks wrong by itself.",
    bad="""\
period summer = 1 Jun to 31 Aug every year

earn "Summer points" { on purchase   from 2027-09-01 until 2028-05-31   when today in summer   give 5 points }
""",
    good="""\
period summer = 1 Jun to 31 Aug every year

earn "Summer points" { on purchase   from 2027-08-01 until 2028-05-31   when today in summer   give 5 points }
""",
    find=_find,
)
