"""L323: a list that names a value twice."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.diagnostics import Fix
from rules_engine.formatting import to_text
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for file, node in view.nodes(tree.ListOf):
        yield from _doubled(file, node)


def _doubled(file: int, node: tree.ListOf) -> Iterator[Found]:
    seen: set[str] = set()
    for at, item in enumerate(node.items):
        words = to_text(item)
        if words in seen:
            fix = (
                Fix(f"take out `{words}`", (node.items[at - 1].span[1], item.span[1]), "")
                if len(node.items) > 2
                else None
            )
            yield Found(file, item.span, {"value": words}, fix=fix)
        seen.add(words)


LINT = Lint(
    "L323",
    "value-twice",
    "a list with a value twice",
    "`{value}` stands twice in this list",
    "leave one out, or write the value that was meant",
    "One of the two was to be another article. Everybody who was promised it for that one does not get it.",
    bad="""\
earn "Three" { on purchase   give 1 point per 1 GBP of net of lines where sku in ("tea", "jam", "tea") }
""",
    good="""\
earn "Three" { on purchase   give 1 point per 1 GBP of net of lines where sku in ("tea", "jam", "bun") }
""",
    find=_find,
    fixes=True,
)
