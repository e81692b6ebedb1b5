"""L320: a table all of whose rows say the same."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for file, table in view.nodes(tree.TableBy):
        first, *rest = (row.value for row in table.rows)
        if rest and all(tree.same(first, value) for value in rest):
            words = " ".join(view.text(file, first.span).split())
            yield Found(file, table.span, {"value": words})


LINT = Lint(
    "L320",
    "table-of-one-value",
    "a table whose rows say the same",
    "every row of this table says `{value}`",
    "write `{value}` without the table, or the values that were meant",
    "Rows were copied and never changed. Terms that promise different rates are paid at one.",
    bad="""\
earn "Rate" {
  on        purchase
  give      by channel { store: 1 point   web: 1 point   app: 1 point } per 1 GBP of net
}
""",
    good="""\
earn "Rate" {
  on        purchase
  give      by channel { store: 1 point   web: 2 points   app: 2 points } per 1 GBP of net
}
""",
    find=_find,
)
