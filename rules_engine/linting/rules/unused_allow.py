"""L003: a comment that allows what nobody finds."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.allowing import silences
from rules_engine.linting.raw import raw
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    from rules_engine.linting.rules import LINTS

    for each in view.allows:
        named = [lint for lint in LINTS if each.word in (lint.code, lint.name) and not lint.code.startswith("L0")]
        if (
            named
            and each.reason
            and not any(silences(each, lint, found) for lint in named for found in raw(view, lint))
        ):
            yield Found(
                each.file,
                each.span,
                {"code": each.word},
                fix=view.without(each.file, each.span, "take the comment out"),
            )


LINT = Lint(
    "L003",
    "unused-allow",
    "allows what is not found",
    "nothing here is found by `{code}`",
    "take the comment out",
    "The rule was mended and its excuse stayed. Left in place it would silence the next mistake of the same kind, which "
    "nobody has looked at.",
    bad="""\
# allow: L102 the desk decides
earn "Gift" { on claim   give 100 points   once per member }
""",
    good="""\
# allow: L102 the desk is trusted with up to 10,000 points a claim
earn "Gift" { on purchase   give goodwill }
""",
    find=_find,
    fixes=True,
)
