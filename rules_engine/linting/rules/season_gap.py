"""L205: two seasons that leave a single day between them."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.records import Found, Lint
from rules_engine.linting.seasons import covered, day_words, side_by_side, stretches
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    found = stretches(view)
    for one, other in side_by_side(found, 1):
        day = one.last + 1
        if not covered(day, tuple(each for each in found if each.series == one.series)):
            shown = day_words(one, day)
            label = view.label(one.file, one.span, "ends the day before")
            yield Found(other.file, other.span, {"one": one.name, "other": other.name, "day": shown}, (label,))


LINT = Lint(
    "L205",
    "season-gap",
    "one day between two seasons",
    "`{day}` lies between {one} and {other}, and in neither",
    "let one of them begin or end a day nearer, or say in an `# allow` why the day is left out",
    "Two seasons with one day between them were most often meant to join: somebody wrote the first day after, or "
    "counted the last day out. On that one day customers get neither.",
    bad="""\
period low = 1 Nov to 14 Mar every year

period high = 16 Mar to 31 Oct every year

earn "Low" { on purchase   when today in low   give 20 points }

earn "High" { on purchase   when today in high   give 10 points }
""",
    good="""\
period low = 1 Nov to 14 Mar every year

period high = 15 Mar to 31 Oct every year

earn "Low" { on purchase   when today in low   give 20 points }

earn "High" { on purchase   when today in high   give 10 points }
""",
    find=_find,
)
