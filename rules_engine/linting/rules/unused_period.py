"""L309: a period that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.unused import removed, unused
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for file, node in unused(view, tree.PeriodDecl):
        yield Found(file, node.name.span, {"name": node.name.text}, fix=removed(view, file, node))


LINT = Lint(
    "L309",
    "unused-period",
    "a period that nobody uses",
    "nobody uses the period `{name}`",
    "take it out, or write `when today in {name}` where it was meant",
    "A season that no rule asks about changes nothing, however carefully its days were chosen.",
    bad="""\
period spring = 1 Mar to 31 May every year

earn "Spring" { on purchase   give 1 point per 1 GBP of net }
""",
    good="""\
period spring = 1 Mar to 31 May every year

earn "Spring" { on purchase   when today in spring   give 1 point per 1 GBP of net }
""",
    find=_find,
    fixes=True,
)
