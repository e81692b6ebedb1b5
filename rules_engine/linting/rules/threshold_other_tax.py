"""L106: a threshold on one side of tax, and an amount on the other."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.proofs import parts
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View

WORDS = {"with": "with tax", "without": "without tax"}


def _find(view: View) -> Iterator[Found]:
    bare = {"include": "with", "exclude": "without"}.get(view.core.header.prices, "")
    if not bare:
        return
    for rule in view.rules:
        paid = _sides(rule.core.effects, bare)
        for part in parts(rule.core.when):
            asked = _sides(part, bare)
            if isinstance(part, ir.Cmp) and len(asked) == len(paid) == 1 and asked != paid:
                data = {"title": rule.title, "asked": WORDS[min(asked)], "paid": WORDS[min(paid)]}
                yield Found(part.at.file, (part.at.start, part.at.end), data)


def _sides(value: object, bare: str) -> set[str]:
    """The tax sides of the money that is read; money as the prices are is on the side of the header."""
    read = (each for each in ir.walk(value) if isinstance(each, ir.LineMoney | ir.Basis | ir.Picked))
    return {each.side or bare for each in read if not isinstance(each, ir.Picked) or each.base is not None}


LINT = Lint(
    "L106",
    "threshold-other-tax",
    "a threshold on one side of tax, an amount on the other",
    '"{title}" asks for money {asked} and pays by money {paid}',
    "write both on one side of tax",
    "The two sides differ by a fifth. Where terms say one amount, the threshold and the award mean the same money; a "
    "mixture pays too early or too late, and nobody sees why.",
    bad="""\
language 1

program "Till" { currency GBP, rounded half up   prices include tax   tax rounded half up per line }

unit point, points { rounded down   lasts forever }

event order dated by day of customer identified by order_no {
  order_no: text   customer: member   day: date
  lines 0 to 50 { price: money up to 500 GBP as list   vat: rate as tax rate }
}

earn "Big basket" { on order   when net >= 50 GBP   give 1 point per 1 GBP of net without tax }
""",
    good="""\
language 1

program "Till" { currency GBP, rounded half up   prices include tax   tax rounded half up per line }

unit point, points { rounded down   lasts forever }

event order dated by day of customer identified by order_no {
  order_no: text   customer: member   day: date
  lines 0 to 50 { price: money up to 500 GBP as list   vat: rate as tax rate }
}

earn "Big basket" { on order   when net without tax >= 50 GBP   give 1 point per 1 GBP of net without tax }
""",
    find=_find,
)
