"""L113: a cap that no step meets."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.fixed import shown
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        for each in rule.core.effects:
            if isinstance(each, ir.GiveDef | ir.DeductDef) and each.steps and isinstance(each.high, ir.Num):
                high = each.high.num // each.high.den
                if high % each.steps:
                    data = {
                        "title": rule.title,
                        "cap": view.words(each.high.at),
                        "real": shown(high - high % each.steps, each.unit, view),
                    }
                    yield Found(each.high.at.file, (each.high.at.start, each.high.at.end), data)


LINT = Lint(
    "L113",
    "cap-between-steps",
    "a cap between two steps",
    '"{title}" says `up to {cap}`, and in its steps the most is {real}',
    "write a cap that is a whole number of steps",
    "Steps are counted under the cap, so the cap that is written is never reached. Terms that are written from the rule "
    "promise it.",
    bad="""\
earn "Base" { on purchase   give 1 point per 1 GBP of net, up to 120 points, in steps of 50 points }
""",
    good="""\
earn "Base" { on purchase   give 1 point per 1 GBP of net, up to 150 points, in steps of 50 points }
""",
    find=_find,
)
