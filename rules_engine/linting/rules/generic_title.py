"""L610: a program whose title could be any program's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rules_engine import tree
from rules_engine.linting.naming import plain
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View

GENERIC: Final = frozenset(
    {
        "demo",
        "example",
        "foo",
        "loyalty",
        "loyaltyprogram",
        "loyaltyprogramme",
        "mycompany",
        "myprogram",
        "myprogramme",
        "myshop",
        "new",
        "newprogram",
        "program",
        "programme",
        "promotions",
        "rewards",
        "rules",
        "sample",
        "test",
        "testprogram",
        "title",
        "todo",
        "untitled",
    }
)


def _find(view: View) -> Iterator[Found]:
    for file, node in view.all(tree.Program):
        if plain(node.title.value) in GENERIC:
            yield Found(file, node.title.span, {"title": node.title.value})


LINT = Lint(
    "L610",
    "generic-title",
    "a program called like any other",
    'the program is called "{title}"',
    "name it as customers know it",
    "The title heads every page, report and explanation that is made of the program. A word left from a template "
    "says nothing there.",
    bad="""\
language 1
use shop

program "My program" { currency GBP, rounded half up   timezone "Europe/London" }

unit point, points { rounded down   lasts forever }

earn "Base" { on purchase   give 1 point per 1 GBP of net }

test "five pounds" {
  given member {}
  when  purchase { bought_at: 2027-03-01 10:00
    lines | sku   | pieces | price    |
          | "tea" | 1      | 5.00 GBP | }
  then  "Base" 5 points
}
""",
    good="""\
language 1
use shop

program "Corner Shop Club" { currency GBP, rounded half up   timezone "Europe/London" }

unit point, points { rounded down   lasts forever }

earn "Base" { on purchase   give 1 point per 1 GBP of net }

test "five pounds" {
  given member {}
  when  purchase { bought_at: 2027-03-01 10:00
    lines | sku   | pieces | price    |
          | "tea" | 1      | 5.00 GBP | }
  then  "Base" 5 points
}
""",
    find=_find,
)
