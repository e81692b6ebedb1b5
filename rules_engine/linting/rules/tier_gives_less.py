"""L400: a table by tier in which a higher tier gives less than the one below it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.tables import Amount, amounts, beside, order, row_for, tables_in
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    seen: set[ir.Origin] = set()
    for amount in amounts(view):
        for table in tables_in(amount.value):
            if isinstance(table, ir.Choose) and table.at not in seen:
                seen.add(table.at)
                for at, key in enumerate(table.keys):
                    if isinstance(key, ir.TierRead):
                        yield from _falls(table, at, amount, view)


def _falls(table: ir.Choose, at: int, amount: Amount, view: View) -> Iterator[Found]:
    assert view.core.tiers is not None
    rungs = view.core.tiers.rungs
    found: dict[ir.Origin, Found] = {}
    for others in beside(table, at):
        rows = [row_for(table, at, rung, others) for rung in range(len(rungs))]
        for (low, below), (high, above) in pairwise((n, row) for n, row in enumerate(rows) if row is not None):
            if order(below.value, above.value) != (-1 if amount.more else 1):
                continue
            if _otherwise(above) and not _rises(rows[:high], amount):
                continue
            place = above.value.at
            data = {"above": rungs[high].name, "below": rungs[low].name, "title": amount.rule.title}
            data["what"] = "gives less than" if amount.more else "costs more than"
            found[place] = Found(place.file, (place.start, place.end), data)
    yield from found.values()


def _otherwise(row: ir.ChooseRow) -> bool:
    return all(isinstance(test, ir.AnyTest) for test in row.tests)


def _rises(rows: list[ir.ChooseRow | None], amount: Amount) -> bool:
    """Whether values go up below the row that closes the table: one tier alone that gets something is meant."""
    named = [row for row in rows if row is not None and not _otherwise(row)]
    return any(order(one.value, other.value) == (1 if amount.more else -1) for one, other in pairwise(named))


LINT = Lint(
    "L400",
    "tier-gives-less",
    "a tier that gives less than the one below",
    'in "{title}" `{above}` {what} `{below}`, the tier below it',
    "mend the row of `{above}`, or add one where `otherwise` speaks for it",
    "Members work for a higher tier. Where it gives less they are worse off for having reached it, and the first of "
    "them to notice will say so in public. Most often a tier was added and a table forgotten: it falls under "
    "`otherwise`.",
    bad="""\
track stays = count, on purchase, per calendar year

tiers {
  Blue
  Silver    when stays >= 5
  Gold      when stays >= 20
  lasts     until end of next calendar year
  then      Blue
}

earn "Tier bonus" { on purchase   give by tier { Blue: 10 points   Silver: 25 points   Gold: 20 points } }
""",
    good="""\
track stays = count, on purchase, per calendar year

tiers {
  Blue
  Silver    when stays >= 5
  Gold      when stays >= 20
  lasts     until end of next calendar year
  then      Blue
}

earn "Tier bonus" { on purchase   give by tier { Blue: 10 points   Silver: 25 points   Gold: 50 points } }
""",
    find=_find,
)
