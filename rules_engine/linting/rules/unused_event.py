"""L313: a event that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.unused import unused
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for file, node in unused(view, tree.EventDecl, shown=tree.EventStep):
        yield Found(file, node.name.span, {"name": node.name.text})


LINT = Lint(
    "L313",
    "unused-event",
    "a event that nobody uses",
    "nobody uses the event `{name}`",
    "take it out, or write the rule that acts on it",
    "Whoever sends such events believes that something comes of them. They are decoded, checked, and nothing happens. An event that a test sends is left alone: it may be there to let time pass.",
    bad="""\
event review dated by day of writer identified by no { no: text   writer: member   day: date }

earn "Base" { on purchase   give 1 point per 1 GBP of net }
""",
    good="""\
event review dated by day of writer identified by no { no: text   writer: member   day: date }

earn "Base" { on purchase   give 1 point per 1 GBP of net }

earn "Review" { on review   give 10 points   once per member per calendar day }
""",
    find=_find,
)
