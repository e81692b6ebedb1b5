"""L321: an award of nothing."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        for each in rule.core.effects:
            if isinstance(each, ir.GiveDef | ir.DeductDef) and _nothing(each.value):
                verb = "gives" if isinstance(each, ir.GiveDef) else "takes"
                yield Found(rule.file, (each.at.start, each.at.end), {"title": rule.title, "verb": verb})


def _nothing(value: ir.Expr) -> bool:
    match value:
        case ir.Num(num=0) | ir.Mul(left=ir.Num(num=0)):
            return True
        case _:
            return False


LINT = Lint(
    "L321",
    "gives-nothing",
    "an award of nothing",
    '"{title}" {verb} nothing',
    "write the amount, or take the rule out",
    "A rate of zero was put in for later, or to switch a campaign off. Whoever reads the list of rules believes it is paid; "
    "`until` ends a campaign so that everybody sees it.",
    bad="""\
earn "Base" { on purchase   give 0 points per 1 GBP of net }
""",
    good="""\
earn "Base" { on purchase   give 1 point per 1 GBP of net }
""",
    find=_find,
)
