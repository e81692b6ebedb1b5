"""L303: a part of a condition that holds always."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.conditions import sites
from rules_engine.linting.proofs import implied
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for site in sites(view):
        for at, part in enumerate(site.parts if site.every else ()):
            if implied(part.core, (), site.known):
                data = {"subject": site.subject, "part": view.words(part.core.at)}
                yield Found(site.file, part.span, data, fix=site.without(at, data["part"]))


LINT = Lint(
    "L303",
    "part-always-true",
    "a part of a condition that always holds",
    "`{part}` always holds, so it asks nothing of {subject}",
    "leave it out, or write the bound that was meant",
    "Whoever reads the rule believes in a bound that is not there. Often it is a slip of a digit, or a bound that the event's "
    "field already has.",
    bad="""\
earn "Regular" { on purchase   when channel is web and visits >= 0   give 10 points }
""",
    good="""\
earn "Regular" { on purchase   when channel is web and visits >= 1   give 10 points }
""",
    find=_find,
    fixes=True,
)
