"""L413: a tier that is reached no later than the one below it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rules_engine import ir, tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View
from rules_engine.lowering import meaning


def _find(view: View) -> Iterator[Found]:
    tiers = view.core.tiers
    for file, _ in view.all(tree.TiersDecl):
        before: dict[bytes, tuple[Fraction, str, ir.Num]] = {}
        for rung in tiers.rungs if tiers is not None else ():
            mine: dict[bytes, tuple[Fraction, str, ir.Num]] = {}
            for way in rung.ways:
                match way.condition:
                    case ir.Cmp(op=">=" | ">", left=read, right=ir.Num(num=num, den=den) as bound) if way.needs:
                        mine[meaning(read)] = (Fraction(num, den), rung.name, bound)
            for asked, (needed, name, bound) in mine.items():
                least, below, other = before.get(asked, (needed - 1, "", bound))
                if needed <= least:
                    words = view.words(bound.at)
                    label = view.label(file, (other.at.start, other.at.end), f"{below} needs this")
                    data = {"above": name, "below": below, "words": words}
                    yield Found(file, (bound.at.start, bound.at.end), data, (label,))
            before |= mine


LINT = Lint(
    "L413",
    "tier-needs-less",
    "a tier that needs no more than the one below",
    "`{above}` needs {words}, no more than `{below}` below it",
    "let each tier need more than the one before it, or let the two change places",
    "Who reaches the lower tier has reached the higher one already, so nobody is ever in the lower one. Two numbers "
    "changed places, or a tier was added at the wrong end.",
    bad="""\
track stays = count, on purchase, per calendar year

tiers { Blue   Silver when stays >= 25   Gold when stays >= 10   lasts until end of next calendar year   then Blue }
""",
    good="""\
track stays = count, on purchase, per calendar year

tiers { Blue   Silver when stays >= 10   Gold when stays >= 25   lasts until end of next calendar year   then Blue }
""",
    find=_find,
)
