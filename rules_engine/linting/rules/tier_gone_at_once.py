"""L212: a tier that ends with the very period in which it is reached."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir, tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    tiers = view.core.tiers
    windows = {each.name: each.window for each in view.core.tracks}
    for file, node in view.all(tree.TiersDecl):
        for rung, written in zip(tiers.rungs if tiers is not None else (), node.rungs, strict=False):
            for way, path in zip(rung.ways, written.ways, strict=False):
                life = way.life or (tiers.life if tiers is not None else None)
                if not isinstance(life, ir.EdgeDay) or life.edge != "end" or life.next:
                    continue
                reads = {
                    each.track: windows[each.track].period
                    for each in ir.walk(way.condition)
                    if isinstance(each, ir.TrackRead) and not each.previous and windows[each.track].kind == "period"
                }
                track = next((name for name, period in reads.items() if period == life.period), None)
                if track is not None and isinstance(life.day, ir.Today):
                    data = {"tier": rung.name, "track": track, "period": life.period}
                    yield Found(file, path.condition.span, data)


LINT = Lint(
    "L212",
    "tier-gone-at-once",
    "a tier that ends with the period that earned it",
    "`{tier}` is reached by `{track}` and ends with the same {period}",
    "write `lasts until end of next {period}`",
    "Who needs the whole period to reach the tier loses it on its last day: the more work it was, the shorter it "
    "lasts. Most programmes let a tier last until the end of the next one.",
    bad="""\
track stays = count, on purchase, per calendar year

tiers { Blue   Gold when stays >= 20   lasts until end of calendar year   then Blue }
""",
    good="""\
track stays = count, on purchase, per calendar year

tiers { Blue   Gold when stays >= 20   lasts until end of next calendar year   then Blue }
""",
    find=_find,
)
