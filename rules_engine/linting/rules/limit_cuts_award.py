"""L110: a limit that leaves a part of a fixed award."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.fixed import fixed_awards, shown
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for rule, give, limit in fixed_awards(view):
        assert limit.amount is not None
        rest = limit.amount % give.amount
        if limit.amount > give.amount and rest and not limit.or_nothing and not give.or_nothing:
            data = {
                "title": rule.title,
                "amount": shown(give.amount, limit.unit, view),
                "limit": shown(limit.amount, limit.unit, view),
                "rest": shown(rest, limit.unit, view),
            }
            yield Found(limit.at.file, (limit.at.start, limit.at.end), data)


LINT = Lint(
    "L110",
    "limit-cuts-award",
    "a limit that cuts the last award",
    '"{title}" gives {amount} at a time, and under {limit} the last time leaves {rest}',
    "write a limit that is a multiple of the award, count in `times`, or write `or nothing` behind the limit",
    "The terms promise the whole award. The customer for whom the limit runs out gets an odd part of it, and calls the desk.",
    bad="""\
earn "Claim" { on claim   give 300 points   at most 1_000 points per member }
""",
    good="""\
earn "Claim" { on claim   give 300 points   at most 900 points per member }
""",
    find=_find,
)
