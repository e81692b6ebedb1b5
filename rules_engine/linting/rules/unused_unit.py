"""L312: a unit that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.unused import unused
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for file, node in unused(view, tree.UnitDecl):
        yield Found(file, node.name.span, {"name": node.name.text})


LINT = Lint(
    "L312",
    "unused-unit",
    "a unit that nobody uses",
    "nobody uses the unit `{name}`",
    "take it out, or write the rule that gives it",
    "No rule gives it and none takes it, so every balance of it is zero.",
    bad="""\
unit mile, miles { rounded down   lasts forever }

earn "Base" { on purchase   give 1 point per 1 GBP of net }
""",
    good="""\
unit mile, miles { rounded down   lasts forever }

earn "Base" { on purchase   give 1 mile per 1 GBP of net }
""",
    find=_find,
)
