"""L503: a long table of texts inside a rule file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View

ROWS: Final = 40
"""More than so many articles are a file that somebody keeps, and not a table of terms."""


def _find(view: View) -> Iterator[Found]:
    for file, node in view.nodes(tree.TableBy):
        if len(node.rows) > ROWS and _texts(node):
            yield Found(file, node.span, {"count": f"{len(node.rows):,}"})


def _texts(table: tree.TableBy) -> bool:
    """Whether it is one text for another: what a CSV file can say."""
    cells = (row.cells[0] for row in table.rows if row.cells)
    return len(table.keys) == 1 and all(
        isinstance(cell, tree.OneOfCell) and all(isinstance(value, tree.Text) for value in cell.values)
        for cell in cells
    )


LINT = Lint(
    "L503",
    "long-table",
    "a long table inside a rule",
    "this table has {count} rows",
    'put the texts in a file and keep the few values here: `table class by sku from "classes.csv"`, then a table by `class`',
    "A table of articles is somebody's file that was pasted in. Kept as a file it can be exchanged without touching a rule, and "
    "the rule shows what it is about: the few classes and their rates.",
    bad="""\
table rate by sku {
  "a1":      2
  "a2":      3
  "a3":      1
  "a4":      2
  "a5":      3
  "a6":      1
  "a7":      2
  "a8":      3
  "a9":      1
  "a10":     2
  "a11":     3
  "a12":     1
  "a13":     2
  "a14":     3
  "a15":     1
  "a16":     2
  "a17":     3
  "a18":     1
  "a19":     2
  "a20":     3
  "a21":     1
  "a22":     2
  "a23":     3
  "a24":     1
  "a25":     2
  "a26":     3
  "a27":     1
  "a28":     2
  "a29":     3
  "a30":     1
  "a31":     2
  "a32":     3
  "a33":     1
  "a34":     2
  "a35":     3
  "a36":     1
  "a37":     2
  "a38":     3
  "a39":     1
  "a40":     2
  "a41":     3
  otherwise: 1
}

earn "Rates" { on purchase   give 1 point * rate per 1 GBP of net of each line }
""",
    good="""\
table rate by sku { "a1": 2   "a2": 3   otherwise: 1 }

earn "Rates" { on purchase   give 1 point * rate per 1 GBP of net of each line }
""",
    find=_find,
)
