"""L601: titles that differ only in what is easily overlooked."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.naming import Titled, plain, titled
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    before: dict[str, Titled] = {}
    for each in titled(view):
        letters = plain(each.title)
        other = before.setdefault(letters, each)
        if letters and other is not each:
            label = view.label(other.file, other.node.title.span, "the other one")
            yield Found(each.file, each.node.title.span, {"one": each.title, "other": other.title}, (label,))


LINT = Lint(
    "L601",
    "titles-alike",
    "titles that look the same",
    '"{one}" and "{other}" differ only in case, blanks or signs',
    "say in the titles what tells the two rules apart",
    "On a receipt and in a report the two are one. Whoever asks about one of them is told about the other.",
    bad="""\
earn "Double points" { on purchase   when channel is web   give 10 points }

earn "Double-Points" { on purchase   when channel is app   give 20 points }
""",
    good="""\
earn "Double points online" { on purchase   when channel is web   give 10 points }

earn "Double points in the app" { on purchase   when channel is app   give 20 points }
""",
    find=_find,
)
