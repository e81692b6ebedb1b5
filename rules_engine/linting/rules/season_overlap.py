"""L206: two seasons that share a single day."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.records import Found, Lint
from rules_engine.linting.seasons import day_words, side_by_side, stretches
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for one, other in side_by_side(stretches(view), -1):
        if one.first < one.last and other.first < other.last:
            shown = day_words(one, one.last)
            label = view.label(one.file, one.span, "ends on that day")
            yield Found(other.file, other.span, {"one": one.name, "other": other.name, "day": shown}, (label,))


LINT = Lint(
    "L206",
    "season-overlap",
    "one day in two seasons",
    "`{day}` lies in {one} and in {other}",
    "written dates include both ends: let one of them begin or end a day later",
    "Written dates include their last day. Who writes the same day as the end of one season and the beginning of the"
    " next has both on that day, and both are given.",
    bad="""\
earn "Spring" { on purchase   from 2027-03-01 until 2027-06-01   give 10 points }

earn "Summer" { on purchase   from 2027-06-01 until 2027-08-31   give 20 points }
""",
    good="""\
earn "Spring" { on purchase   from 2027-03-01 before 2027-06-01   give 10 points }

earn "Summer" { on purchase   from 2027-06-01 until 2027-08-31   give 20 points }
""",
    find=_find,
)
