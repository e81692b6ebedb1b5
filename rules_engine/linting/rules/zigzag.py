"""L404: a table whose values go up, down and up again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.tables import amounts, order, tables_in
from rules_engine.linting.view import View

READS = (ir.Basis, ir.LineMoney, ir.Fold, ir.Picked, ir.LineQuantity, ir.TrackRead, ir.BalanceRead, ir.AwardRead)


def _find(view: View) -> Iterator[Found]:
    seen: set[ir.Origin] = set()
    for amount in amounts(view):
        for table in tables_in(amount.value):
            if table.at not in seen:
                seen.add(table.at)
                turn = _turn(_values(table))
                if turn is not None:
                    place = turn.at
                    data = {"title": amount.rule.title, "row": view.words(place)}
                    yield Found(place.file, (place.start, place.end), data)


def _values(table: ir.Choose | ir.Across) -> list[ir.Expr | ir.Stop]:
    """The values of the rows `from` one number to the next, in that order."""
    if isinstance(table, ir.Across):
        return list(table.rates)
    if len(table.keys) > 1 or not isinstance(table.keys[0], READS):
        return []
    rows = [(row.tests[0].low, row.value) for row in table.rows if isinstance(row.tests[0], ir.RangeTest)]
    return [value for _, value in sorted(rows, key=lambda row: (row[0] is not None, row[0] or 0))]


def _turn(values: list[ir.Expr | ir.Stop]) -> ir.Expr | ir.Stop | None:
    """The value at which the second turn of direction is made: the one out of line is the one before."""
    last, turns = 0, 0
    for one, other in pairwise(values):
        step = order(one, other)
        if step is None:
            return None
        if step and last and step != last:
            turns += 1
            if turns == 2:
                return one
        last = step or last
    return None


LINT = Lint(
    "L404",
    "zigzag",
    "a table that goes up, down and up again",
    'in "{title}" the values turn twice; `{row}` is out of line with its neighbours',
    "see whether a figure was mistyped",
    "Values by amount rise, or fall, or rise to a middle band. One that turns twice has most often a figure with a "
    "digit too few or two rows that changed places.",
    bad="""\
earn "Steps" {
  on        purchase
  give      by visits_so_far { from 0: 10 points   from 5: 20 points   from 10: 3 points   from 20: 40 points }
}

track visits_so_far = count, on purchase, per lifetime
""",
    good="""\
earn "Steps" {
  on        purchase
  give      by visits_so_far { from 0: 10 points   from 5: 20 points   from 10: 30 points   from 20: 40 points }
}

track visits_so_far = count, on purchase, per lifetime
""",
    find=_find,
)
