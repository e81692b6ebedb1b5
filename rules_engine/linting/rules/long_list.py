"""L502: a long list of texts inside a rule file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View

ITEMS: Final = 40
"""More than so many articles are a file that somebody keeps, and not a condition."""


def _find(view: View) -> Iterator[Found]:
    for file, node in view.nodes(tree.ListOf):
        if len(node.items) > ITEMS and isinstance(node.items[0], tree.Text):
            yield Found(file, node.span, {"count": f"{len(node.items):,}"})


LINT = Lint(
    "L502",
    "long-list",
    "a long list inside a rule",
    "this list has {count} texts",
    'put them in a file: `define articles = column "sku" of "articles.csv"`, and ask `sku in articles`',
    "A long list is somebody's file that was pasted in. It is read and checked with every edit, nobody sees what changed in it, "
    "and the next version has to be pasted again. A column of a CSV file is looked up as fast, however long it is.",
    bad="""\
define teas = ("a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14", "a15",
              "a16", "a17", "a18", "a19", "a20", "a21", "a22", "a23", "a24", "a25", "a26", "a27", "a28",
              "a29", "a30", "a31", "a32", "a33", "a34", "a35", "a36", "a37", "a38", "a39", "a40", "a41")

earn "Teas" { on purchase   give 1 point per 1 GBP of net of lines where sku in teas }
""",
    good="""\
define teas = ("a1", "a2", "a3")

earn "Teas" { on purchase   give 1 point per 1 GBP of net of lines where sku in teas }
""",
    find=_find,
)
