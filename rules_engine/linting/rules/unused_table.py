"""L310: a table that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.unused import removed, unused
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for file, node in unused(view, tree.TableDecl):
        yield Found(file, node.name.span, {"name": node.name.text}, fix=removed(view, file, node))


LINT = Lint(
    "L310",
    "unused-table",
    "a table that nobody uses",
    "nobody uses the table `{name}`",
    "take it out, or look it up where it was meant",
    "Rates in a table that nobody looks up are kept up for nothing, while the rates that count stand somewhere else.",
    bad="""\
table rate by channel { store: 1   web: 2   app: 3 }

earn "Base" { on purchase   give 1 point per 1 GBP of net }
""",
    good="""\
table rate by channel { store: 1   web: 2   app: 3 }

earn "Base" { on purchase   give 1 point * rate per 1 GBP of net }
""",
    find=_find,
    fixes=True,
)
