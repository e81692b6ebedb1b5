"""L302: a filter that lets nothing through."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rules_engine import ir, tree
from rules_engine.linting.proofs import impossible
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View
from rules_engine.solving import Known


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        yield from _filters(f'"{rule.title}"', rule.core, view.known(rule.core.events))
    tracks = {each.name: each for each in view.core.tracks}
    for _, node in view.all(tree.TrackDecl):
        track = tracks[node.name.text]
        yield from _filters(f"`{track.name}`", track, view.known(track.events))


def _filters(subject: str, core: msgspec.Struct, known: Known) -> Iterator[Found]:
    seen: set[ir.Origin] = set()
    for each in ir.records(core):
        for name in ("where", "line_where"):
            where = getattr(each, name, None)
            if isinstance(where, ir.All) and where.at not in seen and impossible([where], known):
                seen.add(where.at)
                yield Found(where.at.file, (where.at.start, where.at.end), {"subject": subject})


LINT = Lint(
    "L302",
    "filter-never-true",
    "a filter that nothing passes",
    "nothing passes this filter of {subject}",
    "look for two parts that shut each other out; `or` may be meant where `and` is written",
    "A line has one kind, one article, one brand. A filter that asks for two of them at once selects nothing, so nothing is "
    "counted and nothing is given.",
    bad="""\
earn "Wine and toys" {
  on        purchase
  give      1 point per 1 GBP of net of lines where kind is wine and kind is toys
}
""",
    good="""\
earn "Wine and toys" {
  on        purchase
  give      1 point per 1 GBP of net of lines where kind is wine or kind is toys
}
""",
    find=_find,
)
