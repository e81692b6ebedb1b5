"""L505: a long condition that several rules spell out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rules_engine import tree
from rules_engine.formatting import to_text
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import Rule, View

PARTS: Final = 3
RULES: Final = 3


def _find(view: View) -> Iterator[Found]:
    alike: dict[str, list[Rule]] = {}
    for rule in view.rules:
        when = rule.node.when
        if isinstance(when, tree.Both | tree.Either) and len(when.parts) >= PARTS:
            alike.setdefault(to_text(when), []).append(rule)
    for first, *others in alike.values():
        if len(others) + 1 >= RULES and first.node.when is not None:
            seen = [each for each in others if each.node.when is not None]
            labels = tuple(view.label(each.file, each.node.title.span, "and here") for each in seen)
            data = {"title": first.title, "count": str(len(others))}
            yield Found(first.file, first.node.when.span, data, labels)


LINT = Lint(
    "L505",
    "repeated-condition",
    "a long condition spelt out again and again",
    'the condition of "{title}" is spelt out in {count} other rules',
    "give it a name, `define ... = ...`, and ask for the name",
    "When the terms change, one of the copies is forgotten, and some customers get one thing and not the other. A name is "
    "changed once.",
    bad="""\
earn "One" { on purchase   when channel is web and visits >= 3 and has customer   give 10 points }

earn "Two" { on purchase   when channel is web and visits >= 3 and has customer   give 2 stamps }

earn "Three" {
  on        purchase
  when      channel is web and visits >= 3 and has customer
  give      1 point per 1 GBP of net
}
""",
    good="""\
define regular = channel is web and visits >= 3 and has customer

earn "One" { on purchase   when regular   give 10 points }

earn "Two" { on purchase   when regular   give 2 stamps }

earn "Three" { on purchase   when regular   give 1 point per 1 GBP of net }
""",
    find=_find,
)
