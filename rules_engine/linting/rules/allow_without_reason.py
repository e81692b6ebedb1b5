"""L001: a comment that allows something and does not say why."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for each in view.allows:
        if each.word and not each.reason:
            yield Found(each.file, each.span, {"code": each.word})


LINT = Lint(
    "L001",
    "allow-without-reason",
    "allowed without a reason",
    "this allows `{code}` and does not say why",
    "write the reason behind the code: `# allow: {code} the terms say so`",
    "A finding that is silenced without a reason is a finding that the next reader has to make again. A comment without a "
    "reason silences nothing.",
    bad="""\
# allow: L102
earn "Gift" { on claim   give 100 points   once per member }
""",
    good="""\
# the desk decides
earn "Gift" { on claim   give 100 points   once per member }
""",
    find=_find,
)
