"""A row for each effect of a batch: what offers took off, charges, gifts, presented codes, units used, awards, tiers.

In: `Results` of a batch, and what its rows were (`Scope`). Out: one Arrow table, in the order of events; within an
event as `Rows.effects` has them. Every column is made from numbers: of rules, units and limits those that the layout
has, of amounts whole numbers; only a text that was not met before is made (`pools.py`). So no row is looked at alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rules_engine.backends.columnar import Layout, Results
from rules_engine.outcome import refused_code
from rules_engine.tables.arrow import pyarrow
from rules_engine.tables.pools import NONE, Amounts, Codes, Pool, none, ordered
from rules_engine.tables.rows import Rows
from rules_engine.tables.texts import Flags, Ints

_LINES = 256


class Scope(NamedTuple):
    """The events of a batch: their numbers in the table, ids and members as texts, the number of their kind on the
    layout, how many lines each has; for presented codes where those of each event begin, and the place of each among
    `sent`, the different ones as they were sent."""

    numbers: Ints
    ids: Any
    members: Any
    kinds: Ints
    lines: Ints
    code_starts: Ints
    codes: Ints
    sent: list[str]


class Block(NamedTuple):
    """Rows of one sort, in the order of their events: of which event each is, the codes of the columns that say
    anything, how many pieces and whether it says so."""

    event: Ints
    columns: dict[str, Codes]
    pieces: Ints | None = None
    counted: Flags | None = None


class Effects:
    """How the effects of one program become tables. `texts` are those of the run, by code."""

    def __init__(self, made: Rows, layout: Layout, schema: Any, texts: list[str]) -> None:
        self.made = made
        self.layout = layout
        self.schema = schema
        self.texts = texts
        self.pools = {name: Pool() for name in ("rule", "line", "kind", "unit", "stage", "cut_by", "reason", "public")}
        self.amounts, self.wanted = Amounts(), Amounts()
        self.names = dict(sorted((number, name) for name, number in layout.kinds.items()))
        currencies = [self.currency(number) for number in self.names]
        self.money_places = np.array([*map(self.places, currencies), 0], np.int64)
        self.shipped = np.array([*(name in made.shipped for name in self.names.values()), False], np.bool_)
        unit, rule = self.pools["unit"], self.pools["rule"]
        self.of_kind = unit.codes(currencies)
        self.stages = self.pools["stage"].codes(each.stage for each in layout.effects)
        self.effect_rules = rule.codes(each.rule for each in layout.effects)
        self.give_rules = rule.codes(each.rule for each in layout.gives)
        self.give_units = unit.codes(each.unit for each in layout.gives)
        self.cuts = self.pools["cut_by"].codes(limit.key for limit in layout.limits)
        self.tier_reasons = rule.codes(layout.reasons)
        self.tiers_after = rule.codes(f"after {rung}" for rung in layout.rungs)
        self.rungs = unit.codes(layout.rungs)
        places = {each.name: each.decimals for each in made.units}
        self.give_places = np.array([*(places[each.unit] for each in layout.gives), 0], np.int64)
        self.take_places = np.array([*(places[each.unit] for each in layout.takings), 0], np.int64)
        self.line_codes = np.zeros(0, np.int32)
        unit.codes(each.unit for each in layout.takings)
        unit.fix()

    def currency(self, kind: int) -> str:
        """What the amounts of a kind of event are of."""
        return self.layout.currencies.get(self.names[kind], "")

    def places(self, currency: str) -> int:
        """How many decimals its amounts have."""
        text = self.made.amount(0, currency)
        return len(text) - text.index(".") - 1 if "." in text else 0

    def table(self, results: Results, scope: Scope) -> Any:
        """All effects of a batch."""
        for pool in (self.amounts, self.wanted, self.pools["unit"]):
            pool.shrink()
        makers: tuple[Callable[[Results, Scope], Block], ...] = (
            self._offers, self._charges, self._gifts, self._codes,
            self._used, self._payments, self._awards, self._tiers,
        )  # fmt: skip
        blocks = [block for make in makers if len((block := make(results, scope)).event)]
        return self._joined(blocks, scope) if blocks else self.schema.empty_table()

    def _joined(self, blocks: list[Block], scope: Scope) -> Any:
        pa = pyarrow("tables")
        event = np.concatenate([block.event for block in blocks])
        order = None if len(blocks) == 1 else np.argsort(event, kind="stable")
        event = event if order is None else event[order]
        own = {
            "number": pa.array(scope.numbers[event]),
            "event": scope.ids.take(pa.array(event)),
            "pieces": self._pieces(pa, blocks, order),
        }
        pools = {**self.pools, "amount": self.amounts, "wanted": self.wanted}
        for name, pool in pools.items():
            if any(name in block.columns for block in blocks):
                codes = [block.columns.get(name, none(len(block.event))) for block in blocks]
                own[name] = pool.column(ordered(codes, order))
            else:
                own[name] = pa.nulls(len(event), self.schema.field(name).type)
        return pa.Table.from_arrays([own[field.name] for field in self.schema], schema=self.schema)

    def _pieces(self, pa: Any, blocks: list[Block], order: Ints | None) -> Any:
        found = [np.zeros(len(b.event), np.int64) if b.pieces is None else b.pieces for b in blocks]
        counted = [np.full(len(b.event), b.pieces is not None) if b.counted is None else b.counted for b in blocks]
        return pa.array(ordered(found, order), mask=~ordered(counted, order))

    # ---- the sorts ----

    def _offers(self, results: Results, scope: Scope) -> Block:
        """A row for each line that an offer took something off; one for each offer that took nothing."""
        found, parts = results.discounts, results.parts
        if not len(found.event):
            return _NOTHING
        first = np.ones(len(parts.discount), np.bool_)
        first[1:] = (parts.discount[1:] != parts.discount[:-1]) | (parts.line[1:] != parts.line[:-1])
        heads = np.flatnonzero(first)
        discount, line = parts.discount[heads].astype(np.int64), parts.line[heads].astype(np.int64)
        pieces, amounts = _grouped(parts.units, heads), _grouped(parts.units * parts.each, heads)
        whole = np.ones(len(heads), np.bool_)
        parted = np.zeros(len(found.event), np.bool_)
        parted[discount] = True
        empty = np.flatnonzero(~parted)
        if len(empty):
            order = np.argsort(np.concatenate([discount, empty]), kind="stable")
            nothing = np.zeros(len(empty), np.int64)
            discount = np.concatenate([discount, empty])[order]
            line, pieces, amounts = (np.concatenate([each, nothing])[order] for each in (line, pieces, amounts))
            whole = np.concatenate([whole, nothing != 0])[order]
        leads = np.ones(len(discount), np.bool_)
        leads[1:] = discount[1:] != discount[:-1]
        event, effect = found.event[discount].astype(np.int64), found.effect[discount]
        places = self.money_places[scope.kinds[event]]
        columns = {
            "rule": self.effect_rules[effect],
            "line": self._lines(scope, event, line, whole),
            "kind": self._held("take", found.held[discount]),
            "unit": self.of_kind[scope.kinds[event]],
            "amount": self.amounts.mixed(amounts, places),
            "stage": self.stages[effect],
            "wanted": self._leading(found.wanted, found.event, discount, leads, scope),
            "cut_by": self.cuts[found.cut[discount]],
        }
        return Block(event, columns, pieces, whole)

    def _leading(self, wanted: Ints, event: Any, discount: Ints, leads: Flags, scope: Scope) -> Codes:
        """What each discount asked for, in its first row."""
        codes = self.wanted.mixed(wanted, self.money_places[scope.kinds[event]])
        return np.where(leads, codes[discount], np.int32(NONE))

    def _lines(self, scope: Scope, event: Ints, line: Ints, whole: Flags) -> Codes:
        """The number of the line, counted from 1, or the shipping of the event's own field, which is the last one."""
        high = int(line.max(initial=0)) + 1
        if high > len(self.line_codes):
            pool = self.pools["line"]
            self.line_codes = pool.codes(str(number + 1) for number in range(max(high, _LINES)))[:-1]
        found = np.where(whole, self.line_codes[line], np.int32(NONE))
        if self.shipped.any():
            last = whole & self.shipped[scope.kinds[event]] & (line == scope.lines[event])
            found[last] = self.pools["line"].code("shipping")
        return found

    def _held(self, kind: str, held: Any) -> Codes:
        pool = self.pools["kind"]
        return np.where(held > 0, np.int32(pool.code("held out")), np.int32(pool.code(kind)))

    def _charges(self, results: Results, scope: Scope) -> Block:
        found = results.charges
        if not len(found.event):
            return _NOTHING
        event = found.event.astype(np.int64)
        columns = {
            "rule": self.pools["rule"].codes(rule for rule, _ in self.layout.charges)[found.charge],
            "kind": self._same("kind", "charge", len(event)),
            "unit": self.of_kind[scope.kinds[event]],
            "amount": self.amounts.mixed(found.amount, self.money_places[scope.kinds[event]]),
        }
        return Block(event, columns)

    def _gifts(self, results: Results, _: Scope) -> Block:
        found = results.gifts
        if not len(found.event):
            return _NOTHING
        counts = np.array([count for _, count in self.layout.gifts], np.int64)[found.gift]
        used, at = np.unique(found.sku, return_inverse=True)
        names = self.pools["unit"].codes(self.texts[each] if each >= 0 else None for each in used.tolist())
        columns = {
            "rule": self.pools["rule"].codes(rule for rule, _ in self.layout.gifts)[found.gift],
            "kind": self._same("kind", "gift", len(counts)),
            "unit": names[at],
            "amount": self.amounts.of(counts, 0),
        }
        return Block(found.event.astype(np.int64), columns, counts)

    def _codes(self, results: Results, scope: Scope) -> Block:
        """A row for each presented code: the rules that it set off, or why none."""
        found = results.codes
        if not len(found.event):
            return _NOTHING
        same = (found.event[1:] == found.event[:-1]) & (found.place[1:] == found.place[:-1])
        heads = np.flatnonzero(np.concatenate([[True], ~same]))
        event = found.event[heads].astype(np.int64)
        sent = scope.codes[scope.code_starts[event] + found.place[heads]]
        rules = self._rules_of(found.rule, heads)
        refused = rules == NONE
        reason = np.where(refused, found.reason[heads].astype(np.int64), 0)
        keys, at = np.unique(np.stack([sent, np.where(refused, reason, -1)]), axis=1, return_inverse=True)
        told = [self._use(scope.sent[text], why) for text, why in keys.T.tolist()]
        unit, words, public = (np.array(column, np.int32)[at.ravel()] for column in zip(*told, strict=True))
        kind = self._same("kind", "code", len(event))
        return Block(event, {"rule": rules, "kind": kind, "unit": unit, "reason": words, "public": public})

    def _rules_of(self, rules: Any, heads: Ints) -> Codes:
        """The names of all rules that each code set off; those that set off several are rare."""
        pool = self.pools["rule"]
        found: Codes = pool.codes(self.layout.coded)[np.maximum(rules[heads], -1)]
        ends = np.append(heads[1:], len(rules))
        for place in np.flatnonzero(ends - heads > 1).tolist():
            names = [self.layout.coded[each] for each in rules[heads[place] : ends[place]].tolist() if each >= 0]
            found[place] = pool.code("; ".join(names) or None)
        return found

    def _use(self, text: str, why: int) -> tuple[int, int, int]:
        """The codes of a presented code, of why it set nothing off, and of what is said of that."""
        pools = self.pools
        if why < 0:
            return pools["unit"].code(text), NONE, NONE
        use = refused_code(text, self.layout.code_reasons[why])
        exact, public = pools["reason"].code(use.reason or None), pools["public"].code(use.public or None)
        return pools["unit"].code(text), exact, public

    def _used(self, results: Results, _: Scope) -> Block:
        found = results.used
        if not len(found.event):
            return _NOTHING
        takings, places = self.layout.takings, self.take_places[found.taking]
        how = self.pools["kind"].codes(each.how for each in takings)[found.taking]
        columns = {
            "rule": self.pools["rule"].codes(each.rule for each in takings)[found.taking],
            "kind": np.where(found.held > 0, np.int32(self.pools["kind"].code("held out")), how),
            "unit": self.pools["unit"].codes(each.unit for each in takings)[found.taking],
            "amount": self.amounts.mixed(found.taken, places),
            "wanted": self.wanted.mixed(found.wanted, places),
            "cut_by": self.cuts[found.cut],
        }
        return Block(found.event.astype(np.int64), columns)

    def _payments(self, results: Results, scope: Scope) -> Block:
        found = results.payments
        some = np.flatnonzero(found.value != 0)
        event = found.event[some].astype(np.int64)
        columns = {
            "rule": self.pools["rule"].codes(each.rule for each in self.layout.takings)[found.taking[some]],
            "kind": self._same("kind", "payment", len(some)),
            "unit": self.of_kind[scope.kinds[event]],
            "amount": self.amounts.mixed(found.value[some], self.money_places[scope.kinds[event]]),
        }
        return Block(event, columns)

    def _awards(self, results: Results, _: Scope) -> Block:
        found = results.awards
        some = np.flatnonzero((found.given != 0) | (found.wanted != 0) | (found.held != 0))
        give = found.give[some]
        places = self.give_places[give]
        columns = {
            "rule": self.give_rules[give],
            "kind": self._held("give", found.held[some]),
            "unit": self.give_units[give],
            "amount": self.amounts.mixed(found.given[some], places),
            "wanted": self.wanted.mixed(found.wanted[some], places),
            "cut_by": self.cuts[found.cut[some]],
        }
        return Block(found.event[some].astype(np.int64), columns)

    def _tiers(self, results: Results, _: Scope) -> Block:
        found = results.tiers
        after = self.tiers_after[np.where(found.reason < 0, -1 - found.reason, 0)]
        columns = {
            "rule": np.where(found.reason < 0, after, self.tier_reasons[np.maximum(found.reason, -1)]),
            "kind": self._same("kind", "tier", len(found.event)),
            "unit": self.rungs[found.after],
        }
        return Block(found.event.astype(np.int64), columns)

    def _same(self, column: str, text: str, rows: int) -> Codes:
        return np.full(rows, self.pools[column].code(text), np.int32)


_NOTHING = Block(np.zeros(0, np.int64), {})


def _grouped(values: Ints, heads: Ints) -> Ints:
    """The sum of each group; `heads` are the places where groups begin."""
    return np.add.reduceat(values, heads) if len(heads) else np.zeros(0, np.int64)
