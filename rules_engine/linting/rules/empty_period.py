"""L214: a period that no day lies in."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.dates import context, fixed, lies_in, terms
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View
from rules_engine.periods import Fixed, Host, unwrapped


def _find(view: View) -> Iterator[Found]:
    periods = {each.name: each.period for each in view.core.periods}
    days, ctx = terms(view.core.header), context(view.core.header)
    for file, declared in view.all(tree.PeriodDecl):
        period = periods.get(declared.name.text)
        if period is None or not fixed(period) or isinstance(unwrapped(period), Host):
            continue
        asked = days
        if isinstance(base := unwrapped(period), Fixed) and isinstance(base.first, int):
            asked = days.both(type(days)(base.first, base.last if isinstance(base.last, int) else None))
        if asked.empty or not lies_in(period, asked, ctx):
            within = f"of the terms, {days.words}," if days != type(days)() else "of the calendar"
            yield Found(file, declared.name.span, {"name": declared.name.text, "within": within})


LINT = Lint(
    "L214",
    "empty-period",
    "a period without a day",
    "no day {within} lies in `{name}`",
    "mend its dates, or what `except` takes out of it",
    "What `except` takes out covers the whole of it, or its year is not one of the terms. A rule that asks for the "
    "period never acts, and a limit over it never counts.",
    bad="""\
period lent = 1 Mar to 31 Mar every year except 1 Feb to 30 Apr every year

earn "Lent" { on purchase   when today in lent   give 10 points }
""",
    good="""\
period lent = 1 Mar to 31 Mar every year except 1 Feb to 5 Mar every year

earn "Lent" { on purchase   when today in lent   give 10 points }
""",
    find=_find,
)
