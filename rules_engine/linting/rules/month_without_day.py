"""L215: a period of days of the month that some months do not have."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.calendar import MONTHS, month_days
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View

COMMON_YEAR = 2027


def _find(view: View) -> Iterator[Found]:
    for file, declared in view.all(tree.PeriodDecl):
        span = declared.span_
        if isinstance(span, tree.MonthDaysSpan):
            late = [day for day in span.days if day > 28]
            # Who names every day up to the 31st means the end of the month, however long it is.
            if late and not set(range(29, 32)) <= set(span.days):
                day = max(late)
                short = [name for number, name in enumerate(MONTHS, 1) if month_days(COMMON_YEAR, number) < day]
                yield Found(file, span.span, {"day": str(day), "months": _list(short), "name": declared.name.text})


def _list(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


LINT = Lint(
    "L215",
    "month-without-day",
    "a day that some months do not have",
    "`{name}` asks for day {day}, which {months} do not have",
    "name a day up to the 28th; for a month's last day let the rule act `on end of calendar month`",
    "A month that is too short for the day has no such day at all: nothing moves to its last day. A monthly bonus on"
    " the 31st comes seven times a year.",
    bad="""\
period payday = day 31 of every month

earn "Payday" { on purchase   when today in payday   give 10 points }
""",
    good="""\
period payday = day 28 of every month

earn "Payday" { on purchase   when today in payday   give 10 points }
""",
    find=_find,
)
