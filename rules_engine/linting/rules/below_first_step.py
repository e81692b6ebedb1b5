"""L412: a rule that acts from a threshold on and gives nothing until its first full step."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rules_engine import ir
from rules_engine.linting.dates import conjuncts
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.tables import number
from rules_engine.linting.view import View
from rules_engine.lowering import meaning


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        gives = [each for each in rule.core.effects if isinstance(each, ir.GiveDef)]
        if len(gives) != 1 or gives[0].low is not None or gives[0].only_from is not None:
            continue
        give = gives[0]
        steps = _only_steps(give.value)
        for test in conjuncts(rule.core.when) if steps is not None else ():
            match test:
                case ir.Cmp(op=">=" | ">", left=read, right=ir.Num(num=num, den=den) as bound) if steps is not None:
                    at = Fraction(num, den)
                    given = number(steps.value, {meaning(read): at})
                    if at > 0 and given is not None and 0 < given < 1 and number(steps.value, {}) is None:
                        data = {"title": rule.title, "bound": view.words(bound.at)}
                        yield Found(give.at.file, (give.at.start, give.at.end), data)


def _only_steps(value: ir.Expr) -> ir.Steps | None:
    """The whole steps that an amount is made of, with factors before them; None where there is anything else."""
    match value:
        case ir.Steps():
            return value
        case ir.Mul(left=ir.Num(), right=right):
            return _only_steps(right)
        case _:
            return None


LINT = Lint(
    "L412",
    "below-first-step",
    "a threshold below the first full step",
    '"{title}" acts from {bound} on and gives nothing until its first full step',
    "let the threshold and the step be the same amount, or give without `full`",
    "The condition names one amount as the least that counts, and the step of `per full` is larger. Between the two "
    "the rule acts and gives 0: the customer has done what the poster asks and gets nothing.",
    bad="""\
earn "Tens" { on purchase   when net >= 10 GBP   give 5 points per full 20 GBP of net }
""",
    good="""\
earn "Tens" { on purchase   when net >= 20 GBP   give 5 points per full 20 GBP of net }
""",
    find=_find,
)
