"""Results of columns as Arrow tables: the same rows that outcomes, one by one, would have given.

In: `Results` of a batch, and what the rows were. Out: a row for each event, a row for each effect, and what both add up
to. Amounts become text or decimals all at once; names are taken by number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from rules_engine import ir
from rules_engine.backends.columnar import Layout, Results
from rules_engine.outcome import refused_code
from rules_engine.tables.arrow import pyarrow
from rules_engine.tables.rows import Rows, Sums
from rules_engine.tables.texts import Flags, Ints
from rules_engine.tables.writing import decimals

_PLAIN_PLACES = 6


class Scope(NamedTuple):
    """The events of a batch: their numbers in the table, ids and members as texts, the number of their kind on the
    layout, how many lines each has, and for presented codes how many each has and all of them as they were sent."""

    numbers: Ints
    ids: Any
    members: Any
    kinds: Any
    lines: Ints
    code_starts: Ints
    codes: Sequence[str]


class Block(NamedTuple):
    """Rows of effects of one sort: of which event, and the columns."""

    event: Ints
    columns: dict[str, Any]


class Told:
    """How the results of one program become tables."""

    def __init__(self, core: ir.Program, layout: Layout, fingerprint: str, schemas: Any) -> None:
        self.made = Rows(core)
        self.layout = layout
        self.fingerprint = fingerprint
        self.schemas = schemas
        self.kinds = {number: name for name, number in layout.kinds.items()}
        self.units = [unit.name for unit in core.units]
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
        columns.append(pa.array([self.fingerprint]).take(pa.array(np.zeros(len(done), np.int32))))
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
        none = prices.priced < 0
        taken = np.zeros(events, np.int64)
        np.add.at(taken, results.discounts.event, results.discounts.given)
        names = [self.currency(number) for number in range(len(self.kinds))]
        currency = pa.array(names, pa.string()).take(pa.array(scope.kinds))
        if none.any():
            currency = pa.compute.if_else(pa.array(none), pa.scalar(None, pa.string()), currency)
        shift = np.array([10 ** (places - self._places(name)) for name in names], np.int64)[scope.kinds]
        amounts = (taken, prices.net, prices.shipping, prices.charges, prices.tax, prices.total)
        return [currency, *(decimals(each * shift, places, none) for each in amounts)]

    def currency(self, kind: int) -> str:
        """What the amounts of a kind of event are of."""
        return self.layout.currencies.get(self.kinds[kind], "")

    def _places(self, currency: str) -> int:
        text = self.made.amount(0, currency)
        return len(text) - text.index(".") - 1 if "." in text else 0

    # ---- a row an effect ----

    def effects(self, results: Results, scope: Scope) -> Any:
        """A row for each effect: offers, codes, awards, changes of tier, in the order of their events."""
        pa = pyarrow("tables")
        offered = self._offers(results, scope), self._codes(results, scope)
        blocks = [each for each in (*offered, self._awards(results), self._tiers(results)) if len(each.event)]
        schema = self.schemas.effects
        if not blocks:
            return schema.empty_table()
        tables = []
        for block in blocks:
            rows = len(block.event)
            own = {"number": pa.array(scope.numbers[block.event]), "event": scope.ids.take(pa.array(block.event))}
            own |= block.columns
            arrays = [own.get(field.name, None) for field in schema]
            filled = [pa.nulls(rows, f.type) if a is None else a for f, a in zip(schema, arrays, strict=True)]
            tables.append(pa.Table.from_arrays(filled, schema=schema))
        events = np.concatenate([block.event for block in blocks])
        whole = pa.concat_tables(tables)
        return whole if len(blocks) == 1 else whole.take(pa.array(np.argsort(events, kind="stable")))

    def _offers(self, results: Results, scope: Scope) -> Block:
        """A row for each line that an offer took something off; one for each offer that took nothing."""
        pa = pyarrow("tables")
        found, parts = results.discounts, results.parts
        first = np.ones(len(parts.discount), np.bool_)
        first[1:] = (parts.discount[1:] != parts.discount[:-1]) | (parts.line[1:] != parts.line[:-1])
        heads = np.flatnonzero(first)
        pieces, amounts = _grouped(parts.units, heads), _grouped(parts.units * parts.each, heads)
        of = parts.discount[heads].astype(np.int64)
        empty = np.setdiff1d(np.arange(len(found.event)), of)
        discount = np.concatenate([of, empty])
        order = np.argsort(discount, kind="stable")
        discount = discount[order]
        whole = np.concatenate([np.ones(len(of), np.bool_), np.zeros(len(empty), np.bool_)])[order]
        nothing = np.zeros(len(empty), np.int64)
        line = np.concatenate([parts.line[heads].astype(np.int64) + 1, nothing])[order]
        pieces, amounts = (np.concatenate([each, nothing])[order] for each in (pieces, amounts))
        event = found.event[discount].astype(np.int64)
        leads = np.ones(len(discount), np.bool_)
        leads[1:] = discount[1:] != discount[:-1]
        effect = found.effect[discount]
        kind = np.where(found.held[discount] > 0, "held out", "take") if len(discount) else np.zeros(0, "<U8")
        places = [self._places(self.currency(number)) for number in range(len(self.kinds))]
        places_of = np.array(places, np.int64)[scope.kinds[event]] if len(event) else np.zeros(0, np.int64)
        columns = {
            "rule": _named(pa, [each.rule for each in self.layout.effects], effect),
            "line": _masked(pa, self._line(pa, scope, event, line), ~whole),
            "kind": pa.array(kind.tolist(), pa.string()),
            "unit": _named(pa, [self.currency(n) for n in range(len(self.kinds))], scope.kinds[event]),
            "amount": _texts(pa, amounts, places_of),
            "stage": _named(pa, [each.stage for each in self.layout.effects], effect),
            "pieces": _masked(pa, pa.array(pieces), ~whole),
            "wanted": _masked(pa, _texts(pa, found.wanted[discount], places_of), ~leads),
            "cut_by": self._cut(pa, found.cut[discount]),
        }
        return Block(event, columns)

    def _line(self, pa: Any, scope: Scope, event: Ints, line: Ints) -> Any:
        """The number of the line, counted from 1, or the shipping of the event's own field, which is the last one."""
        texts = pa.array(line).cast(pa.string())
        shipped = np.array([self.kinds[n] in self.made.shipped for n in range(len(self.kinds))], np.bool_)
        if not shipped.any() or not len(event):
            return texts
        last = line == scope.lines[event] + 1
        return pa.compute.if_else(pa.array(shipped[scope.kinds[event]] & last), "shipping", texts)

    def _cut(self, pa: Any, cut: Any) -> Any:
        names = [*(limit.key for limit in self.layout.limits), None]
        return _named(pa, names, np.where(cut < 0, len(names) - 1, cut))

    def _codes(self, results: Results, scope: Scope) -> Block:
        """A row for each presented code: the rules that it set off, or why none."""
        pa = pyarrow("tables")
        found = results.codes
        if not len(found.event):
            return Block(np.zeros(0, np.int64), {})
        same = (found.event[1:] == found.event[:-1]) & (found.place[1:] == found.place[:-1])
        heads = np.flatnonzero(np.concatenate([[True], ~same]))
        event = found.event[heads].astype(np.int64)
        rules, reasons, public = [], [], []
        ends = [*heads[1:].tolist(), len(found.event)]
        sent = [scope.codes[at] for at in (scope.code_starts[event] + found.place[heads]).tolist()]
        for code, start, end in zip(sent, heads.tolist(), ends, strict=True):
            names = [self.layout.coded[each] for each in found.rule[start:end].tolist() if each >= 0]
            words = self.layout.code_reasons[int(found.reason[start])]
            use = None if names else refused_code(code, words)
            rules.append("; ".join(names) or None)
            reasons.append((use.reason or None) if use is not None else None)
            public.append((use.public or None) if use is not None else None)
        texts = {"rule": rules, "unit": sent, "reason": reasons, "public": public, "kind": ["code"] * len(sent)}
        return Block(event, {name: pa.array(values, pa.string()) for name, values in texts.items()})

    def _awards(self, results: Results) -> Block:
        pa = pyarrow("tables")
        found = results.awards
        some = np.flatnonzero((found.given != 0) | (found.wanted != 0) | (found.held != 0))
        gives = self.layout.gives
        places = {unit.name: unit.decimals for unit in self.made.units}
        give = found.give[some]
        of = np.array([places[each.unit] for each in gives] or [0], np.int64)[give] if len(some) else some
        kind = np.where(found.held[some] > 0, "held out", "give") if len(some) else np.zeros(0, "<U8")
        columns = {
            "rule": _named(pa, [each.rule for each in gives], give),
            "kind": pa.array(kind.tolist(), pa.string()),
            "unit": _named(pa, [each.unit for each in gives], give),
            "amount": _texts(pa, found.given[some], of),
            "wanted": _texts(pa, found.wanted[some], of),
            "cut_by": self._cut(pa, found.cut[some]),
        }
        return Block(found.event[some].astype(np.int64), columns)

    def _tiers(self, results: Results) -> Block:
        pa = pyarrow("tables")
        found = results.tiers
        columns = {
            "rule": _named(pa, list(self.layout.reasons), found.reason),
            "kind": pa.array(["tier"] * len(found.event), pa.string()),
            "unit": _named(pa, list(self.layout.rungs), found.after),
        }
        return Block(found.event.astype(np.int64), columns)

    # ---- sums ----

    def add_up(self, results: Results, scope: Scope) -> None:
        """What offers took off, by stage, rule and currency."""
        found = results.discounts
        some = found.given != 0
        if not some.any():
            return
        kinds = len(self.kinds)
        keys = found.effect[some].astype(np.int64) * kinds + scope.kinds[found.event[some]]
        sums = np.zeros(len(self.layout.effects) * kinds, np.int64)
        np.add.at(sums, keys, found.given[some])
        for key in np.unique(keys).tolist():
            effect = self.layout.effects[key // kinds]
            name = effect.stage, effect.rule, self.currency(key % kinds)
            self.sums.taken[name] = self.sums.taken.get(name, 0) + int(sums[key])


def _grouped(values: Ints, heads: Ints) -> Ints:
    """The sum of each group; `heads` are the places where groups begin."""
    return np.add.reduceat(values, heads) if len(heads) else np.zeros(0, np.int64)


def _named(pa: Any, names: Sequence[str | None], numbers: Any) -> Any:
    return pa.array(names, pa.string()).take(pa.array(np.asarray(numbers).astype(np.int64)))


def _masked(pa: Any, column: Any, empty: Flags) -> Any:
    if not empty.any():
        return column
    return pa.compute.if_else(pa.array(empty), pa.scalar(None, column.type), column)


def _texts(pa: Any, amounts: Ints, places: Ints) -> Any:
    """Amounts as decimal text, each with its own number of places."""
    found = pa.nulls(len(amounts), pa.string())
    for each in np.unique(places).tolist():
        if each > _PLAIN_PLACES:
            from rules_engine.values import format_decimal

            texts = pa.array([format_decimal(amount, each) for amount in amounts.tolist()], pa.string())
        else:
            texts = decimals(amounts, each).cast(pa.string())
        found = pa.compute.if_else(pa.array(places == each), texts, found)
    return found
