"""L115: an award that is rounded up line by line."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        for each in rule.core.effects:
            if isinstance(each, ir.GiveDef) and each.each_line and _up(each, view):
                data = {"title": rule.title, "unit": view.units[each.unit].name}
                yield Found(rule.file, (each.at.start, each.at.end), data)


def _up(give: ir.GiveDef, view: View) -> bool:
    """Whether what it gives is a fraction before it is rounded, and then rounded up."""
    whole = all(not isinstance(each, ir.Num) or each.den == 1 for each in ir.walk(give.value))
    stepped = any(isinstance(each, ir.Steps) for each in ir.walk(give.value))
    return (give.rounding or view.units[give.unit].rounding) == "up" and not whole and not stepped


LINT = Lint(
    "L115",
    "rounds-up-each-line",
    "an award rounded up on each line",
    '"{title}" rounds up on every line, so each line of a penny gives a whole {unit}',
    "round the sum instead: leave `of each line` out, or write `rounded down`",
    "Rounding up once costs less than one unit. Rounding up line by line pays for splitting a purchase into as many lines as "
    "possible.",
    bad="""\
earn "Base" { on purchase   give 1 point per 10 GBP of net of each line, rounded up }
""",
    good="""\
earn "Base" { on purchase   give 1 point per 10 GBP of net, rounded up }
""",
    find=_find,
)
