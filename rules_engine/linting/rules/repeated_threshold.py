"""L409: the same threshold written out in many rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View
from rules_engine.source import Span

MANY = 4


def _find(view: View) -> Iterator[Found]:
    places: dict[str, list[tuple[int, Span]]] = defaultdict(list)
    for rule in view.rules:
        mine: dict[str, Span] = {}
        for node in tree.walk(rule.node.when) if rule.node.when is not None else ():
            if isinstance(node, tree.Compare) and isinstance(
                node.right, (tree.MoneyLit, tree.QuantityLit, tree.Number)
            ):
                mine.setdefault(" ".join(view.text(rule.file, node.span).split()), node.span)
        for words, span in mine.items():
            places[words].append((rule.file, span))
    for words, found in places.items():
        if len(found) >= MANY:
            labels = tuple(view.label(file, span, "here too") for file, span in found[1:])
            yield Found(*found[0], {"words": words, "count": str(len(found))}, labels)


LINT = Lint(
    "L409",
    "repeated-threshold",
    "a threshold written out in many rules",
    "`{words}` stands in {count} rules",
    "give it a name, `define NAME = {words}`, and ask for the name",
    "The day on which the threshold moves, somebody changes three of the four. A name is changed once, and says what"
    " the number is for.",
    bad="""\
earn "A" { on purchase   when net >= 75 GBP and channel is web   give 1 point }

earn "B" { on purchase   when net >= 75 GBP and channel is app   give 2 points }

earn "C" { on purchase   when net >= 75 GBP and channel is store   give 3 points }

earn "D" { on purchase   when net >= 75 GBP and visits >= 3   give 4 points }
""",
    good="""\
define enough = net >= 75 GBP

earn "A" { on purchase   when enough and channel is web   give 1 point }

earn "B" { on purchase   when enough and channel is app   give 2 points }

earn "C" { on purchase   when enough and channel is store   give 3 points }

earn "D" { on purchase   when enough and visits >= 3   give 4 points }
""",
    find=_find,
)
