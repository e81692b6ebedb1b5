"""L305: a condition that is written twice."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.conditions import sites
from rules_engine.linting.proofs import content
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for site in sites(view):
        seen: set[str] = set()
        for at, part in enumerate(site.parts):
            said = content(part.core)
            if said in seen:
                data = {"subject": site.subject, "part": view.words(part.core.at)}
                yield Found(site.file, part.span, data, fix=site.without(at, data["part"]))
            seen.add(said)


LINT = Lint(
    "L305",
    "same-part-twice",
    "the same condition twice",
    "`{part}` stands twice in the condition of {subject}",
    "leave one out, or write what was meant beside it",
    "A copied part was to become another one. As it stands the second asks nothing.",
    bad="""\
earn "Online" { on purchase   when channel is web or channel is web   give 10 points }
""",
    good="""\
earn "Online" { on purchase   when channel is web or channel is app   give 10 points }
""",
    find=_find,
    fixes=True,
)
