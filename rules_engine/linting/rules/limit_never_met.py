"""L318: a limit that a tighter one of the same rule always meets first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from rules_engine import ir
from rules_engine.linting.proofs import content
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        idle: set[ir.Origin] = set()
        for one, other in permutations(rule.core.limits, 2):
            if other.at not in idle and one.at not in idle and _meets_first(one, other):
                idle.add(other.at)
                span = other.at.start, other.at.end
                data = {"title": rule.title, "limit": view.words(other.at), "tighter": view.words(one.at)}
                yield Found(
                    other.at.file, span, data, fix=view.without(other.at.file, span, f"take out `{data['limit']}`")
                )


def _meets_first(one: ir.LimitDef, other: ir.LimitDef) -> bool:
    """Whether a limit of all time cuts wherever one of some time would, so that the other never does."""
    same = (one.owner, one.other, content(one.keys)) == (other.owner, other.other, content(other.keys))
    if not same or one.unit != other.unit or one.or_nothing != other.or_nothing:
        return False
    least, most = (one.times, other.times) if one.times is not None else (one.amount, other.amount)
    return one.scope.window.kind == "lifetime" and least is not None and most is not None and least <= most


LINT = Lint(
    "L318",
    "limit-never-met",
    "a limit that a tighter one makes idle",
    '`{limit}` never cuts anything of "{title}": `{tighter}` stands beside it',
    "leave it out, or write the one that was meant",
    "Of two limits of the same reach the tighter one counts. The other was to be per month, or per order, and is not.",
    bad="""\
earn "Survey" {
  on        claim
  give      50 points
  once      per member
  at most   3 times per member per calendar month
}
""",
    good="""\
earn "Survey" {
  on        claim
  give      50 points
  at most   12 times per member
  at most   3 times per member per calendar month
}
""",
    find=_find,
    fixes=True,
)
