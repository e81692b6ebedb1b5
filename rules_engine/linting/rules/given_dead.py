"""L211: a rule that goes on giving units after the day on which they end."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.calendar import format_date
from rules_engine.linting.dates import acts_on
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        days = acts_on(rule.core, view.core.header)
        for give in rule.core.effects if not days.empty else ():
            if not isinstance(give, ir.GiveDef):
                continue
            unit = view.units[give.unit]
            last = _last(give, unit)
            if last is not None and (days.last is None or days.last > last):
                data = {"title": rule.title, "unit": unit.plural or unit.name, "day": format_date(last)}
                yield Found(rule.file, rule.node.title.span, data)
                break


def _last(give: ir.GiveDef, unit: ir.UnitDef) -> int | None:
    """The written day on which what is given ends; None where its end follows the day on which it is given."""
    if give.life is not None:
        return give.life.num if isinstance(give.life, ir.Num) else None
    written = [each.day.num if isinstance(each.day, ir.Num) else None for each in unit.lives]
    known = [each for each in written if each is not None]
    if not known or (len(known) < len(written) and unit.whichever == "last"):
        return None
    return min(known) if unit.whichever == "first" else max(known)


LINT = Lint(
    "L211",
    "given-dead",
    "units that have ended when they are given",
    '"{title}" still gives {unit} after {day}, the last day on which they live',
    "write `until {day}` in the rule, or let the units last longer",
    "The units end on a written day, and the rule that gives them does not. After that day it gives what has lapsed "
    "already: the receipt shows it, and the balance never does.",
    bad="""\
unit stub, stubs counts pieces { lasts until 2027-06-30 }

earn "Stubs" { on purchase   from 2027-02-01   give 1 stub }
""",
    good="""\
unit stub, stubs counts pieces { lasts until 2027-06-30 }

earn "Stubs" { on purchase   from 2027-02-01 until 2027-05-31   give 1 stub }
""",
    find=_find,
)
