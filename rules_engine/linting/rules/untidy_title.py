"""L603: a title with blanks at its ends, blanks in a row, or a full stop."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rules_engine import tree
from rules_engine.diagnostics import Fix
from rules_engine.linting.naming import Titled, titled
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View

_END: Final = re.compile(r"(?<!\.)\.$|[,;:]+$")
"""One full stop, commas and colons at the end; three dots, question marks and exclamation marks are meant."""


def _find(view: View) -> Iterator[Found]:
    for each in titled(view):
        tidy = _END.sub("", " ".join(each.title.split())).strip()
        if tidy and tidy != each.title:
            fix = _fix(each, tidy, view)
            yield Found(each.file, each.node.title.span, {"title": each.title, "tidy": tidy}, fix=fix)


def _fix(each: Titled, tidy: str, view: View) -> Fix | None:
    """The mend, where nobody else speaks of the title: not another rule, not a test, and no state."""
    span = each.node.title.span
    others = (inner for declared in view.declared for inner in tree.walk(declared.node) if isinstance(inner, tree.Text))
    if any(inner.value == each.title and inner.span != span for inner in others):
        return None
    kept = "" if each.node.name is not None or each.node.was is not None else f' was "{each.title}"'
    return Fix(f'write `"{tidy}"`', span, f'"{tidy}"{kept}') if not (each.node.was and not each.node.name) else None


LINT = Lint(
    "L603",
    "untidy-title",
    "a title with blanks or signs at its end",
    '"{title}" would read better as "{tidy}"',
    "titles have no blanks at their ends, none in a row, and no full stop",
    "A title stands in the middle of receipts and reports, and is what a rule without an `as` name is called by in "
    "states. A blank that nobody sees makes it another title.",
    bad="""\
earn "Welcome gift. " as welcome { on purchase   give 100 points   once per member }
""",
    good="""\
earn "Welcome gift" as welcome { on purchase   give 100 points   once per member }
""",
    find=_find,
    fixes=True,
)
