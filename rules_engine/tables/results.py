"""Results of columns as Arrow tables: the same rows that outcomes, one by one, would have given.

In: `Results` of a batch, and what the rows were. Out: a row for each event, a row for each effect (`effects.py`), and
what both add up to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rules_engine import ir
from rules_engine.backends.columnar import Layout, Results
from rules_engine.tables.arrow import pyarrow
from rules_engine.tables.effects import Effects, Scope
from rules_engine.tables.rows import Rows, Sums
from rules_engine.tables.texts import Ints
from rules_engine.tables.writing import decimals

_DENSE = 1 << 16


class Told:
    """How the results of one program become tables."""

    def __init__(self, core: ir.Program, layout: Layout, fingerprint: str, schemas: Any, texts: list[str]) -> None:
        self.made = Rows(core)
        self.layout = layout
        self.fingerprint = fingerprint
        self.schemas = schemas
        self.kinds = {number: name for name, number in layout.kinds.items()}
        self.units = [unit.name for unit in core.units]
        self.effects = Effects(self.made, layout, schemas.effects, texts)
        self.sums = Sums()
        self.totals = dict.fromkeys(self.units, 0)

    # ---- a row an event ----

    def rows(self, results: Results, scope: Scope) -> Any:
        """A row for each event that is done."""
        pa = pyarrow("tables")
        done = results.done
        columns: list[Any] = [pa.array(scope.numbers), scope.ids, scope.members]
        given = self._given(results, len(done))
        for unit, amounts in zip(self.made.units, given, strict=True):
            columns.append(decimals(amounts, unit.decimals))
            self.totals[unit.name] += int(amounts.sum())
        columns += self._prices(pa, results, scope)
        whose = pa.array(np.zeros(len(done), np.int32))
        columns.append(pa.DictionaryArray.from_arrays(whose, pa.array([self.fingerprint])))
        table = pa.Table.from_arrays(columns, schema=self.schemas.rows)
        return table if done.all() else table.filter(pa.array(done))

    def _given(self, results: Results, events: int) -> list[Ints]:
        """What was given of each unit."""
        found = [np.zeros(events, np.int64) for _ in self.units]
        units = np.array([self.units.index(each.unit) for each in self.layout.gives], np.int64)
        of = units[results.awards.give] if len(units) else np.zeros(0, np.int64)
        for number, amounts in enumerate(found):
            mine = of == number
            np.add.at(amounts, results.awards.event[mine], results.awards.given[mine])
        return found

    def _prices(self, pa: Any, results: Results, scope: Scope) -> list[Any]:
        places = self.made.money_decimals
        events = len(scope.numbers)
        if not self.made.priced:
            return [decimals(np.zeros(events, np.int64), places)]
        prices = results.prices
        none = prices.priced <= 0
        taken = np.zeros(events, np.int64)
        np.add.at(taken, results.discounts.event, results.discounts.given)
        names = [self.effects.currency(number) for number in range(len(self.kinds))]
        kinds = pa.array(scope.kinds.astype(np.int32), mask=none if none.any() else None)
        currency = pa.DictionaryArray.from_arrays(kinds, pa.array(names, pa.string()))
        shift = np.array([10 ** (places - self.effects.places(name)) for name in names], np.int64)[scope.kinds]
        amounts = (taken, prices.net, prices.shipping, prices.charges, prices.tax, prices.total)
        return [currency, *(decimals(each * shift, places, none) for each in amounts)]

    # ---- sums ----

    def add_up(self, results: Results, scope: Scope) -> None:
        """What rules did beside giving: taken off, charged, added, used and paid."""
        layout, sums, kinds = self.layout, self.sums, scope.kinds
        found, charges, gifts, used, paid = (
            results.discounts, results.charges, results.gifts, results.used, results.payments,
        )  # fmt: skip
        off, takings = layout.effects, layout.takings
        currency = [self.effects.currency(number) for number in range(len(self.kinds))]
        some = found.given != 0
        taken = found.effect[some], kinds[found.event[some]], found.given[some]
        _add(sums.taken, taken, lambda n, of: (off[n].stage, off[n].rule, currency[of]))
        charged = charges.charge, kinds[charges.event], charges.amount
        _add(sums.charged, charged, lambda n, of: (layout.charges[n][0], currency[of]))
        added = gifts.gift, gifts.sku, np.array([count for _, count in layout.gifts] or [0], np.int64)[gifts.gift]
        _add(sums.gifts, added, lambda n, of: (layout.gifts[n][0], self.effects.texts[of]))
        _add(sums.used, (used.taking, used.taking, used.taken), lambda n, _: (takings[n].unit, takings[n].rule))
        payments = paid.taking, kinds[paid.event], paid.value
        _add(sums.paid, payments, lambda n, of: (takings[n].rule, currency[of]))


def _add(sums: dict[Any, int], found: tuple[Any, Any, Ints], name: Callable[[int, int], Any]) -> None:
    """Add amounts up by what two numbers name."""
    first, second, amounts = found
    if not len(amounts):
        return
    wide = int(second.max()) + 1
    keys = first.astype(np.int64) * wide + second
    high = int(keys.max()) + 1
    used, at = np.unique(keys, return_inverse=True) if high > _DENSE else (np.arange(high), keys)
    added, there = np.zeros(len(used), np.int64), np.zeros(len(used), np.bool_)
    np.add.at(added, at, amounts)
    there[at] = True
    for key, amount in zip(used[there].tolist(), added[there].tolist(), strict=True):
        named = name(key // wide, key % wide)
        sums[named] = sums.get(named, 0) + amount
