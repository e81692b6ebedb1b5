"""L311: a track that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.unused import unused
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for file, node in unused(view, tree.TrackDecl, shown=tree.ExpectTrack):
        yield Found(file, node.name.span, {"name": node.name.text})


LINT = Lint(
    "L311",
    "unused-track",
    "a track that nobody uses",
    "nobody uses the track `{name}`",
    "take it out, or allow it with the reason: a host that shows it to members, say",
    "A track is kept in the state of every member. One that no rule and no tier reads, and no test looks at, costs its place and decides nothing.",
    bad="""\
track spend = sum of net, on purchase, per calendar year

earn "Base" { on purchase   give 1 point per 1 GBP of net }
""",
    good="""\
track spend = sum of net, on purchase, per calendar year

earn "Base" { on purchase   when spend >= 100 GBP   give 1 point per 1 GBP of net }
""",
    find=_find,
)
