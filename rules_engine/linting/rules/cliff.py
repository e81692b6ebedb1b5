"""L403: an amount by what is bought in which buying more gives less."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.tables import amounts, number, order, tables_in
from rules_engine.linting.view import View
from rules_engine.lowering import meaning

OWN = (ir.Basis, ir.LineMoney, ir.Fold, ir.Picked, ir.LineQuantity)
"""What an event itself holds: money and pieces of its lines."""


def _find(view: View) -> Iterator[Found]:
    seen: set[ir.Origin] = set()
    for amount in amounts(view):
        for table in tables_in(amount.value) if amount.more else ():
            if isinstance(table, ir.Choose) and len(table.keys) == 1 and isinstance(table.keys[0], OWN):
                for row in _falls(table, amount.value):
                    if row.value.at not in seen:
                        seen.add(row.value.at)
                        place = row.value.at
                        data = {"title": amount.rule.title, "row": view.words(place)}
                        yield Found(place.file, (place.start, place.end), data)


def _falls(table: ir.Choose, whole: ir.Expr) -> Iterator[ir.ChooseRow]:
    """The rows at whose beginning the amount falls."""
    rows = [(row, row.tests[0].low, row) for row in table.rows if isinstance(row.tests[0], ir.RangeTest)]
    for (_, _, below), (_, low, above) in pairwise(rows):
        if low is None:
            continue
        read = meaning(table.keys[0])
        less, more = (number(whole, {read: Fraction(each)}) for each in (low - 1, low))
        if less is not None and more is not None:
            if more < less:
                yield above
        elif order(below.value, above.value) == -1:
            yield above


LINT = Lint(
    "L403",
    "cliff",
    "buying more gives less",
    'in "{title}" the amount falls where the row `{row}` begins: who buys a little more gets less',
    "let the rows rise, or give each row's rate on its own slice with `across` a track",
    "A rate that falls with the basket, laid on the whole basket, gives a larger basket less than a smaller one. "
    "Customers split their baskets, and those who do not know are treated worse for buying more.",
    bad="""\
earn "Big spender" {
  on        purchase
  give      by net { from 0 GBP: 5 points   from 100 GBP: 3 points } per 1 GBP of net
}
""",
    good="""\
earn "Big spender" {
  on        purchase
  give      by net { from 0 GBP: 3 points   from 100 GBP: 5 points } per 1 GBP of net
}
""",
    find=_find,
)
