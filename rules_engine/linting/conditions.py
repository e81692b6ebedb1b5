"""The places of a program where several conditions stand side by side, as written and as they are run.

In: a view. Out: each `and` and `or` of a rule or a track, whose parts can be told apart in the text. A part that a
define brings along with others is left out: it is there for everybody who uses the define.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from rules_engine import ir, tree
from rules_engine.diagnostics import Fix
from rules_engine.linting.proofs import parts
from rules_engine.linting.view import View
from rules_engine.solving import Known
from rules_engine.source import Span


class Part(msgspec.Struct, frozen=True, eq=False):
    """One part: what it means, and where it is written."""

    core: ir.Expr
    span: Span


class Site(msgspec.Struct, frozen=True, eq=False):
    """Conditions that stand side by side: the file, what they belong to in words, whether all must hold, the parts that
    are written, what else holds there, and what values reads can have."""

    file: int
    subject: str
    every: bool
    parts: tuple[Part, ...]
    given: tuple[ir.Expr, ...]
    known: Known

    def without(self, at: int, words: str) -> Fix:
        """The mend that takes a part, of these words, out with the word that joins it."""
        start, end = self.parts[at].span
        title = f"take out `{words}`"
        if at > 0:
            start = self.parts[at - 1].span[1]
        else:
            end = self.parts[1].span[0]
        return Fix(title, (start, end), "")


def sites(view: View) -> tuple[Site, ...]:
    """All such places, outer ones before inner ones."""
    if view.sites is None:
        view.sites = tuple(_sites(view))
    return view.sites


def _sites(view: View) -> Iterator[Site]:
    for rule in view.rules:
        known = view.known(rule.core.events)
        yield from _inside(rule.file, f'"{rule.title}"', rule.node, rule.core, parts(rule.core.dates), known)
    tracks = {each.name: each for each in view.core.tracks}
    for file, node in view.all(tree.TrackDecl):
        track = tracks[node.name.text]
        yield from _inside(file, f"`{track.name}`", node, track, (), view.known(track.events))


def _inside(
    file: int, subject: str, node: tree.Node, core: msgspec.Struct, dates: tuple[ir.Expr, ...], known: Known
) -> Iterator[Site]:
    written = [each for each in tree.walk(node) if isinstance(each, tree.Both | tree.Either)]
    if not written:
        return
    spans = {part.span: each for each in written for part in each.parts}
    for each in ir.walk(core):
        if isinstance(each, ir.All | ir.Any) and (made := _site_parts(each, spans)):
            given = dates if each is getattr(core, "when", None) else ()
            yield Site(file, subject, isinstance(each, ir.All), made, given, known)


def _site_parts(joined: ir.All | ir.Any, spans: dict[Span, tree.Both | tree.Either]) -> tuple[Part, ...]:
    """The parts, where each of them, and nothing but it, is written at its place in one `and` or `or`."""
    places = Counter((part.at.start, part.at.end) for part in joined.parts)
    homes = {id(spans.get(place)) for place in places}
    if len(homes) != 1 or len(places) != len(joined.parts) or next(iter(places)) not in spans:
        return ()
    return tuple(Part(part, (part.at.start, part.at.end)) for part in joined.parts)
