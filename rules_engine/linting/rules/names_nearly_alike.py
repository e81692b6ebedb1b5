"""L608: two names that differ by one letter."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.naming import Named, named, one_letter_apart
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View

LEAST = 5
"""Shorter words are often a letter apart and meant so: `gold` and `cold`, `mqm` and `mqs`."""


def _find(view: View) -> Iterator[Found]:
    before: dict[int, list[Named]] = {}
    for each in named(view):
        length = len(each.name)
        for other in [name for near in (length - 1, length, length + 1) for name in before.get(near, ())]:
            if _mistaken(each.name, other.name) and other.kind + each.kind != "unitunit":
                label = view.label(other.file, other.span, f"the {other.kind}")
                data = {"one": f"{each.kind} `{each.name}`", "other": f"{other.kind} `{other.name}`"}
                yield Found(each.file, each.span, data, (label,))
        before.setdefault(length, []).append(each)


def _mistaken(one: str, other: str) -> bool:
    """Whether one word of two names is a letter apart, and long enough for nobody to see it; the others are the
    same."""
    words, theirs = one.split("_"), other.split("_")
    if len(words) != len(theirs):
        return min(len(one), len(other)) >= LEAST and one.replace("_", "") == other.replace("_", "")
    odd = [(mine, yours) for mine, yours in zip(words, theirs, strict=True) if mine != yours]
    return len(odd) == 1 and min(map(len, odd[0])) >= LEAST and one_letter_apart(*odd[0])


LINT = Lint(
    "L608",
    "names-nearly-alike",
    "names that are one letter apart",
    "the {one} and the {other} are one letter apart",
    "give one of the two a name that nobody mistakes for the other",
    "A slip of the finger in a rule gives the name of something else, and the program still checks.",
    bad="""\
define large_basket = net >= 100 GBP

define large_baskit = visits >= 3

earn "Big" { on purchase   when large_basket or large_baskit   give 5 points }
""",
    good="""\
define large_basket = net >= 100 GBP

define often_here = visits >= 3

earn "Big" { on purchase   when large_basket or often_here   give 5 points }
""",
    find=_find,
)
