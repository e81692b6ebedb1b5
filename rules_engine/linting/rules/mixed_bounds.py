"""L415: a ladder that includes the bound for one tier and leaves it out for another."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir, tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View
from rules_engine.lowering import meaning


def _find(view: View) -> Iterator[Found]:
    tiers = view.core.tiers
    for file, _ in view.all(tree.TiersDecl):
        tests = [
            each
            for rung in (tiers.rungs if tiers is not None else ())
            for way in rung.ways
            for each in ir.walk(way.condition)
            if isinstance(each, ir.Cmp) and isinstance(each.left, ir.TrackRead) and isinstance(each.right, ir.Num)
        ]
        for each in tests:
            alike = [other for other in tests if meaning(other.left) == meaning(each.left) and other.op == ">="]
            if each.op == ">" and alike:
                label = view.label(file, (alike[0].at.start, alike[0].at.end), "and here the bound is enough")
                data = {"words": view.words(each.at), "bound": view.words(each.right.at)}
                yield Found(file, (each.at.start, each.at.end), data, (label,))


LINT = Lint(
    "L415",
    "mixed-bounds",
    "a ladder of `>` and `>=`",
    "`{words}` leaves {bound} itself out, and another tier includes its number",
    "write `>=` for all tiers",
    "One tier is reached at its number, another one after it. Nobody remembers which, and the page for customers "
    "says `from` of both.",
    bad="""\
track stays = count, on purchase, per calendar year

tiers { Blue   Silver when stays >= 10   Gold when stays > 25   lasts until end of next calendar year   then Blue }
""",
    good="""\
track stays = count, on purchase, per calendar year

tiers { Blue   Silver when stays >= 10   Gold when stays >= 25   lasts until end of next calendar year   then Blue }
""",
    find=_find,
)
