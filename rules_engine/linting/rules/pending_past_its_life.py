"""L210: units that have lapsed when they stop being pending."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir, tree
from rules_engine.linting.dates import SAMPLE, context, day_value
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View
from rules_engine.periods import Period

CYCLE = 1461
"""Days of four years: every date once."""


def _find(view: View) -> Iterator[Found]:
    periods = {each.name: each.period for each in view.core.periods}
    for file, node in view.all(tree.UnitDecl):
        unit = view.units[node.name.text]
        days = _dead(unit, unit.pending, None, periods, view)
        if days:
            clause = next((each.span for each in node.clauses if isinstance(each, tree.PendingUntil)), node.name.span)
            yield Found(file, clause, {"unit": unit.plural or unit.name, "when": _when(days)})
    for rule in view.rules:
        for give in rule.core.effects:
            if isinstance(give, ir.GiveDef) and (give.pending is not None or give.life is not None):
                unit = view.units[give.unit]
                days = _dead(unit, give.pending or unit.pending, give.life, periods, view)
                if days:
                    place = (give.pending or give.life or give).at
                    data = {"unit": unit.plural or unit.name, "when": _when(days)}
                    yield Found(place.file, (place.start, place.end), data)


def _when(days: int) -> str:
    return "whenever they are given" if days == CYCLE else "where they are given on some days"


def _dead(
    unit: ir.UnitDef, pending: ir.Expr | None, life: ir.Expr | None, periods: dict[str, Period], view: View
) -> int:
    """On how many days of four years a lot would be given that lapses before it counts."""
    lives: list[ir.Expr | None] = [life] if life is not None else [each.day for each in unit.lives]
    if pending is None or not lives:
        return 0
    return sum(
        _lapses(lives, unit.whichever, pending, day, periods, view) for day in range(SAMPLE[0], SAMPLE[0] + CYCLE)
    )


def _lapses(
    lives: list[ir.Expr | None], whichever: str, pending: ir.Expr, day: int, periods: dict[str, Period], view: View
) -> bool:
    ctx = context(view.core.header)
    lasts = [None if each is None else day_value(each, day, periods, ctx) for each in lives]
    known = [each for each in lasts if each is not None]
    counts_after = day_value(pending, day, periods, ctx)
    if counts_after is None or not known or (len(known) < len(lasts) and whichever == "last"):
        return False
    return (min(known) if whichever == "first" else max(known)) <= counts_after


LINT = Lint(
    "L210",
    "pending-past-its-life",
    "units that lapse while they are pending",
    "{unit} lapse before they can be used, {when}",
    "let them last longer, or be pending for less",
    "A unit that is pending is not in the balance yet, and its life runs all the same. Where it ends first, the "
    "member is told of units that are never there to be used.",
    bad="""\
unit token, tokens counts pieces { lasts for 10 days   pending until 14 days later }

earn "Tokens" { on purchase   give 1 token }
""",
    good="""\
unit token, tokens counts pieces { lasts for 30 days   pending until 14 days later }

earn "Tokens" { on purchase   give 1 token }
""",
    find=_find,
)
