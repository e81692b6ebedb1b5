"""L609: a declared name that is a word of the language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rules_engine.linting.naming import named
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View

WORDS: Final = frozenset(
    {
        "any",
        "catalogue",
        "code",
        "count",
        "currency",
        "current",
        "each",
        "lifetime",
        "lines",
        "list",
        "mark",
        "member",
        "net",
        "no",
        "nothing",
        "otherwise",
        "paid",
        "rung",
        "shipping",
        "tier",
        "today",
        "was",
        "yes",
    }
)
"""Words that can stand by themselves where a value stands."""


def _find(view: View) -> Iterator[Found]:
    for each in named(view):
        if each.name in WORDS:
            yield Found(each.file, each.span, {"kind": each.kind, "name": each.name})


LINT = Lint(
    "L609",
    "name-of-a-word",
    "a name that the language has a meaning for",
    "this {kind} is called `{name}`, a word that rules have a meaning for",
    "give it a name of its own",
    "No word is reserved, so the name is allowed, and from then on the word means something else in this program "
    "than in every other one, and than on the language page.",
    bad="""\
define net = 5

earn "Five" { on purchase   give 1 point * net }
""",
    good="""\
define basket_bonus = 5

earn "Five" { on purchase   give 1 point * basket_bonus }
""",
    find=_find,
)
