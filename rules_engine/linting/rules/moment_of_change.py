"""L204: a written date and time that a clock change skips or shows twice."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.calendar import format_time, parse_date, parse_time
from rules_engine.linting.clocks import change_on
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    zone = view.core.header.zone
    for file, node in view.nodes(tree.Dates) if zone is not None else ():
        for date, time in ((node.start, node.start_time), (node.end, node.end_time)):
            if isinstance(date, tree.DateLit) and time is not None and zone is not None:
                yield from _moment(file, date, time, zone)


def _moment(file: int, date: tree.DateLit, time: tree.TimeLit, zone: str) -> Iterator[Found]:
    change = change_on(parse_date(date.text), zone)
    if change is not None and change.low <= parse_time(time.text) < change.high:
        said = f"is no time: the clock goes from {format_time(change.low)} to {format_time(change.high)}"
        if not change.forward:
            said = "comes twice, and the first is meant"
        yield Found(file, (date.span[0], time.span[1]), {"date": date.text, "time": time.text, "said": said})


LINT = Lint(
    "L204",
    "moment-of-change",
    "a moment at which clocks are changed",
    "`{date} at {time}` {said}",
    "write a time before or after the change",
    "A campaign that begins or ends at a time that does not exist on that day, or exists twice, begins or ends up to"
    " an hour from what its announcement says.",
    bad="""\
earn "Early start" { on purchase   from 2027-03-28 at 01:00 until 2027-04-30   give 5 points }
""",
    good="""\
earn "Early start" { on purchase   from 2027-03-28 at 02:00 until 2027-04-30   give 5 points }
""",
    find=_find,
)
