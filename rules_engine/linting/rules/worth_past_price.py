"""L107: an award that is worth more than what was paid for it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View
from rules_engine.worth import worth_by

MONEY = ("list", "catalogue", "net", "paid")


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        currencies = {view.events[name].currency for name in rule.core.events}
        if not isinstance(rule.core, ir.RuleDef) or len(currencies) != 1 or not (currency := currencies.pop()):
            continue
        for give in rule.core.gives:
            rate = _rate(give)
            worth = (
                worth_by(currency, view.units[give.unit], view.core.rules, view.core.header.currencies)
                if rate
                else None
            )
            if rate and worth is not None and rate * worth.each > 1:
                percent = f"{round(rate * worth.each * 100)}%"
                span = give.value.at.start, give.value.at.end
                data = {"title": rule.title, "unit": view.units[give.unit].plural, "percent": percent}
                yield Found(give.value.at.file, span, data)


def _rate(give: ir.GiveDef) -> Fraction | None:
    """Scaled units for a minor unit of money, where an award is a plain share of it that nothing bounds."""
    part, measure = Fraction(1), give.value
    if isinstance(measure, ir.Mul) and isinstance(measure.left, ir.Num):
        part, measure = Fraction(measure.left.num, measure.left.den), measure.right
    inner = measure.value if isinstance(measure, ir.Fold) and measure.op == "sum" else measure
    plain = isinstance(inner, ir.LineMoney) and inner.base in MONEY
    return part if plain and give.high is None else None


LINT = Lint(
    "L107",
    "worth-past-price",
    "an award worth more than what was paid",
    '"{title}" gives {unit} worth {percent} of what was paid',
    "look at the rate, and at what the {unit} are worth where they pay",
    "Units are worth what they pay at the till. An award of more than the price is a slip in a zero: everything is free "
    "from the second purchase on.",
    bad="""\
redeem "Pay with points" { on purchase   accept points_offered, worth 1 GBP per 100 points }

earn "Base" { on purchase   give 1_000 points per 1 GBP of net }
""",
    good="""\
redeem "Pay with points" { on purchase   accept points_offered, worth 1 GBP per 100 points }

earn "Base" { on purchase   give 10 points per 1 GBP of net }
""",
    find=_find,
)
