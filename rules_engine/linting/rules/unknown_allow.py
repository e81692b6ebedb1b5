"""L002: a comment that allows a lint that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.diagnostics import did_you_mean
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    from rules_engine.linting.rules import LINTS

    known = [each.code for each in LINTS] + [each.name for each in LINTS]
    for each in view.allows:
        if each.word not in known:
            yield Found(each.file, each.span, {"code": each.word}, note=did_you_mean(each.word, known))


LINT = Lint(
    "L002",
    "unknown-allow",
    "allows what is no lint",
    "there is no lint `{code}` to allow",
    "`rules lint --list` shows all of them",
    "A misspelt code silences nothing, and nobody notices until the finding comes back.",
    bad="""\
# allow: L999 the desk decides
earn "Gift" { on claim   give 100 points   once per member }
""",
    good="""\
earn "Gift" { on claim   give 100 points   once per member }
""",
    find=_find,
)
