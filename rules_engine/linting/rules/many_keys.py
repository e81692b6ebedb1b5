"""L504: a track that keeps very many numbers for each member."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View

KEYS: Final = 1_000
"""A state of a thousand numbers is read and written with every event of its member."""


def _find(view: View) -> Iterator[Found]:
    for file, node in view.all(tree.TrackDecl):
        if node.keys_max is not None and node.keys_max > KEYS:
            yield Found(file, node.name.span, {"name": node.name.text, "count": f"{node.keys_max:,}"})


LINT = Lint(
    "L504",
    "many-keys",
    "a track of very many keys",
    "`{name}` may keep {count} numbers for each member",
    "keep it by something coarser: the category and not the article, or a bound that members really reach",
    "The state of a member is read and written with each event. A number for each article that somebody ever bought makes "
    "it large, and slow for everybody.",
    bad="""\
track by_article = sum of net by sku up to 5_000 keys, on purchase, per calendar year

reward "Fans" { on purchase   give 10 points * count of by_article where each >= 100 GBP }
""",
    good="""\
track by_kind = sum of net by kind up to 3 keys, on purchase, per calendar year

reward "Fans" { on purchase   give 10 points * count of by_kind where each >= 100 GBP }
""",
    find=_find,
)
