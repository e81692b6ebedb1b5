"""L602: a title that no receipt can show."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.naming import titled
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View

MOST = 48
"""The characters of the widest line that till printers of 80 mm print."""


def _find(view: View) -> Iterator[Found]:
    for each in titled(view):
        if len(each.title) > MOST:
            yield Found(each.file, each.node.title.span, {"count": str(len(each.title)), "most": str(MOST)})


LINT = Lint(
    "L602",
    "long-title",
    "a title too long for a receipt",
    "this title has {count} characters, and a line of a receipt has {most}",
    "keep the title short, and say the rest with `say` or in a comment",
    "The title is what receipts, apps and reports show of a rule. Tills cut it where the line ends, most often "
    "before the words that matter.",
    bad="""\
earn "Double points on everything that you buy online in the first week" { on purchase   give 10 points }
""",
    good="""\
# Double points on everything that is bought online in the first week.
earn "First week online" { on purchase   give 10 points }
""",
    find=_find,
)
