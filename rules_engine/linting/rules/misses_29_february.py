"""L207: a yearly period that ends on 28 February and so leaves out a day in leap years."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.dates import SAMPLE, context, fixed, terms
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.seasons import leap_day_in, leap_years
from rules_engine.linting.view import View
from rules_engine.occurrences import contains
from rules_engine.periods import Annual, unwrapped

LEAP_YEAR = 2028


def _find(view: View) -> Iterator[Found]:
    days, ctx = terms(view.core.header), context(view.core.header)
    first = days.first if days.first is not None else SAMPLE[0]
    last = days.last if days.last is not None else max(first, SAMPLE[1])
    if not leap_years(first, last):
        return
    periods = {each.name: each.period for each in view.core.periods}
    others = [each for each in periods.values() if fixed(each) and isinstance(unwrapped(each), Annual)]
    if any(contains(each, leap_day_in(LEAP_YEAR), ctx) for each in others):
        return
    for file, declared in view.all(tree.PeriodDecl):
        match declared.span_:
            case tree.AnnualSpan(last=tree.DayMonth(day=28, month=month)) if month.text.lower().startswith("feb"):
                yield Found(file, declared.span_.last.span, {"name": declared.name.text})


LINT = Lint(
    "L207",
    "misses-29-february",
    "a period that leaves 29 February out",
    "`{name}` ends on 28 Feb, so in a leap year 29 Feb lies outside",
    "write `end of Feb`, which is the 28th or the 29th",
    "Every fourth year February has a day more. A season that ends on the 28th leaves it out, and the season that "
    "begins on 1 March does not have it either: on that day a member gets what nobody meant.",
    bad="""\
period winter = 1 Dec to 28 Feb every year

earn "Winter" { on purchase   when today in winter   give 10 points }
""",
    good="""\
period winter = 1 Dec to end of Feb every year

earn "Winter" { on purchase   when today in winter   give 10 points }
""",
    find=_find,
)
