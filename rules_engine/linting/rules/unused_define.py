"""L308: a define that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.unused import removed, unused
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for file, node in unused(view, tree.DefineDecl):
        yield Found(file, node.name.span, {"name": node.name.text}, fix=removed(view, file, node))


LINT = Lint(
    "L308",
    "unused-define",
    "a define that nobody uses",
    "nobody uses the define `{name}`",
    "take it out, or use it where its text stands",
    "A name that nobody reads is a leftover. The condition that it names may stand elsewhere, spelt out, and be changed there alone.",
    bad="""\
define regular = visits >= 10

earn "Regular" { on purchase   when visits >= 12   give 10 points }
""",
    good="""\
define regular = visits >= 10

earn "Regular" { on purchase   when regular   give 10 points }
""",
    find=_find,
    fixes=True,
)
