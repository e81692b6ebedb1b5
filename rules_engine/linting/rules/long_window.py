"""L507: a window of years that moves on every day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rules_engine import ir, tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View

DAYS: Final = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
DAYS_MAX: Final = 400
"""A window of a year is common; a state of several hundred days more is not."""


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        for limit in rule.core.limits:
            if (days := _days(limit.scope.window)) > DAYS_MAX:
                data = {"subject": f'a limit of "{rule.title}"', "days": f"{days:,}"}
                yield Found(limit.at.file, (limit.at.start, limit.at.end), data)
    tracks = {each.name: each for each in view.core.tracks}
    for file, node in view.all(tree.TrackDecl):
        if (days := _days(tracks[node.name.text].window)) > DAYS_MAX:
            yield Found(file, node.name.span, {"subject": f"`{node.name.text}`", "days": f"{days:,}"})


def _days(window: ir.Window) -> int:
    return window.count * DAYS.get(window.unit, 0) if window.kind == "rolling" else 0


LINT = Lint(
    "L507",
    "long-window",
    "a window of years that moves on every day",
    "{subject} keeps a number for each of up to {days} days, for each member",
    "count by `calendar year`, by a period of the member's own, or in `the last 24 calendar months`",
    "What a moving window holds has to be known day by day, because each day one of them falls out. Over years that is the "
    "largest part of a member's state.",
    bad="""\
track spend = sum of net, on purchase, per 3 years

earn "Loyal" { on purchase   when spend >= 5_000 GBP   give 1 point per 1 GBP of net }
""",
    good="""\
track spend = sum of net, on purchase, per the last 36 calendar months

earn "Loyal" { on purchase   when spend >= 5_000 GBP   give 1 point per 1 GBP of net }
""",
    find=_find,
)
