"""L506: a chain of `or` that a list says better."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rules_engine import tree
from rules_engine.diagnostics import Fix
from rules_engine.formatting import to_text
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View

PARTS: Final = 3


def _find(view: View) -> Iterator[Found]:
    for file, node in view.nodes(tree.Either):
        if len(node.parts) >= PARTS and (listed := _list(node)):
            fix = None if _commented(view, file, node) else Fix("write it as a list", node.span, listed)
            yield Found(file, node.span, {"list": listed}, fix=fix)


def _list(node: tree.Either) -> str:
    """`sku in ("a", "b", "c")`, where all parts ask one thing for one value each."""
    asked: set[str] = set()
    values: list[str] = []
    for part in node.parts:
        if not isinstance(part, tree.Is) or part.negated:
            return ""
        asked.add(to_text(part.left))
        values.append(to_text(part.right))
    return f"{asked.pop()} in ({', '.join(values)})" if len(asked) == 1 and len(set(values)) == len(values) else ""


def _commented(view: View, file: int, node: tree.Node) -> bool:
    """Whether a comment stands inside, which the mend would lose."""
    comments = view.checked.files[file].parsed.file.comments
    return any(node.span[0] <= each.span[0] < node.span[1] for each in comments)


LINT = Lint(
    "L506",
    "either-of-equals",
    "a chain of `or` that is a list",
    "this asks for one of several values, one after another",
    "write `{list}`",
    "A list is read at a glance and looked up at once. In a chain each part is a chance to write another field, or another "
    "comparison, unseen.",
    bad="""\
earn "Drinks" {
  on        purchase
  give      1 point per 1 GBP of net of lines where sku is "tea" or sku is "jam" or sku is "bun"
}
""",
    good="""\
earn "Drinks" { on purchase   give 1 point per 1 GBP of net of lines where sku in ("tea", "jam", "bun") }
""",
    find=_find,
    fixes=True,
)
