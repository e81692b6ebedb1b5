"""L322: two names for the same."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.formatting import to_text
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    seen: dict[str, tuple[int, tree.DefineDecl]] = {}
    for file, node in view.all(tree.DefineDecl):
        if isinstance(node.value, tree.Column):
            continue
        here, first = seen.setdefault(to_text(node.value), (file, node))
        if first is not node:
            label = view.label(here, first.name.span, "the other one")
            yield Found(file, node.name.span, {"name": node.name.text, "other": first.name.text}, (label,))


LINT = Lint(
    "L322",
    "same-define-twice",
    "two names for the same",
    "`{name}` says the same as `{other}`",
    "keep one of them",
    "Rules that ask for one and rules that ask for the other agree today. When one of the two is changed, half of the rules "
    "are forgotten.",
    bad="""\
define regular = visits >= 10

define loyal = visits >= 10

earn "Regular" { on purchase   when regular   give 10 points }

earn "Loyal" { on purchase   when loyal and channel is web   give 10 points }
""",
    good="""\
define regular = visits >= 10

define loyal = visits >= 20

earn "Regular" { on purchase   when regular   give 10 points }

earn "Loyal" { on purchase   when loyal and channel is web   give 10 points }
""",
    find=_find,
)
