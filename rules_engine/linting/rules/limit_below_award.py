"""L111: a limit that no award fits under."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.fixed import fixed_awards, shown
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for rule, give, limit in fixed_awards(view):
        assert limit.amount is not None
        if limit.amount < give.amount:
            data = {
                "title": rule.title,
                "amount": shown(give.amount, limit.unit, view),
                "limit": shown(limit.amount, limit.unit, view),
                "got": "nothing" if limit.or_nothing or give.or_nothing else shown(limit.amount, limit.unit, view),
            }
            yield Found(limit.at.file, (limit.at.start, limit.at.end), data)


LINT = Lint(
    "L111",
    "limit-below-award",
    "a limit smaller than one award",
    '"{title}" says {amount}, and its limit of {limit} lets {got} through',
    "raise the limit, or say the smaller amount",
    "No customer ever gets what the rule says. Either the amount or the limit has a slip in it, and whoever reads the rule "
    "alone promises too much.",
    bad="""\
earn "Claim" { on claim   give 500 points   at most 50 points per member }
""",
    good="""\
earn "Claim" { on claim   give 500 points   at most 5_000 points per member }
""",
    find=_find,
)
