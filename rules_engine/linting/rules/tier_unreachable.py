"""L316: a tier whose conditions nobody can meet."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir, tree
from rules_engine.linting.proofs import impossible
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    tiers = view.core.tiers
    known = view.known(())
    for file, node in view.all(tree.TiersDecl):
        for rung, core in zip(node.rungs, tiers.rungs if tiers is not None else (), strict=True):
            if core.ways and all(impossible(_needed(way, tiers), known) for way in core.ways):
                yield Found(file, rung.name.span, {"tier": rung.name.text})


def _needed(way: ir.WayDef, tiers: ir.TiersDef | None) -> list[ir.Expr]:
    """What must hold for a way to lead to its rung."""
    common = tiers.needs if tiers is not None and way.needs else None
    return [way.condition, *([common] if common is not None else [])]


LINT = Lint(
    "L316",
    "tier-unreachable",
    "a tier that nobody can reach",
    "nobody reaches `{tier}`: its condition never holds",
    "look for two parts that shut each other out",
    "A tier is what members are told to strive for. One whose condition is a contradiction stays empty.",
    bad="""\
track visits_made = count, on purchase, per calendar year

tiers {
  Blue
  Gold      when visits_made >= 50 and visits_made < 10
  judged    after every event
  counts    from the next event
  lasts     until end of next calendar year
  then      the earned tier
}
""",
    good="""\
track visits_made = count, on purchase, per calendar year

tiers {
  Blue
  Gold      when visits_made >= 50
  judged    after every event
  counts    from the next event
  lasts     until end of next calendar year
  then      the earned tier
}
""",
    find=_find,
)
