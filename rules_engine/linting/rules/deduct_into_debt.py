"""L117: a deduction that may leave a member in debt."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        for each in rule.core.effects:
            if (
                isinstance(each, ir.DeductDef)
                and view.units[each.unit].floor is None
                and not _asks(rule.core, each.unit)
            ):
                unit = view.units[each.unit]
                data = {"title": rule.title, "unit": unit.name, "units": unit.plural}
                yield Found(rule.file, (each.at.start, each.at.end), data)


def _asks(rule: ir.RuleDef | ir.OfferDef, unit: str) -> bool:
    """Whether the rule looks at the balance before it takes."""
    return any(isinstance(each, ir.BalanceRead) and each.unit == unit for each in ir.walk((rule.when, rule.effects)))


LINT = Lint(
    "L117",
    "deduct-into-debt",
    "a deduction that may go below zero",
    '"{title}" takes {units} that the member may not have',
    "write `balance at least 0` in the unit `{unit}`, or ask for `balance of {units}` first",
    "Without a least balance a deduction is owed: what the member earns next goes into the debt. Where the terms say "
    "nothing of debts, that is a complaint.",
    bad="""\
earn "Fee" { on claim   deduct 100 points }
""",
    good="""\
earn "Fee" { on claim   when balance of points >= 100 points   deduct 100 points }
""",
    find=_find,
)
