"""L317: a unit that rules take and that no rule gives."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir, tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    given, taken = set[str](), dict[str, str]()
    for rule in view.cores:
        if rule.thing is not None:
            taken.setdefault(rule.thing.unit, rule.title)
        for each in ir.records(rule.effects):
            if isinstance(each, ir.GiveDef):
                given |= {each.unit, *(row.unit for row in each.split)}
            elif isinstance(each, ir.AcceptDef | ir.DeductDef | ir.TurnDef):
                taken.setdefault(each.unit, rule.title)
    for file, node in view.all(tree.UnitDecl):
        name = node.name.text
        if name in taken and name not in given and not _held(view, name):
            yield Found(file, node.name.span, {"name": name, "title": taken[name]})


def _held(view: View, unit: str) -> bool:
    """Whether a test gives a member some of it to begin with: then it comes from somewhere else."""
    words = {view.units[unit].name, view.units[unit].plural, view.units[unit].currency}
    for _, test in view.tests:
        for each in tree.walk(test):
            if isinstance(each, tree.GivenBalance):
                value = each.value
                if (value.unit.text if isinstance(value, tree.QuantityLit) else value.currency) in words:
                    return True
    return False


LINT = Lint(
    "L317",
    "unit-never-given",
    "a unit that rules take and none gives",
    '"{title}" takes `{name}`, and no rule gives any',
    "write the rule that gives it, or allow it with the reason: members bring it along, say",
    "Nobody ever has one, so the rule that takes it never acts.",
    bad="""\
unit ticket, tickets counts pieces { lasts forever   balance at least 0 }

earn "Trip" { on claim   deduct 1 ticket   give 10 points   once per member }
""",
    good="""\
unit ticket, tickets counts pieces { lasts forever   balance at least 0 }

earn "Trip" { on claim   deduct 1 ticket   give 10 points   once per member }

earn "Ticket" { on purchase   when net >= 100 GBP   give 1 ticket }
""",
    find=_find,
)
