"""One kind of event, read from columns: what is plainly right is made canonical at once, the rest is pointed at.

In: the rows of a record batch that are of one kind. Out: `Rows`: the numbers of every field, the day and the instant of
each event, its member, and where the row path would take the whole event as it stands. What is not good here may still
be accepted there, for a reason that is too rare to look at here: it is asked one by one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rules_engine import ir
from rules_engine.calendar import day_start
from rules_engine.tables.arrow import pyarrow
from rules_engine.tables.cells import Cell, Cells, absent
from rules_engine.tables.lines import LineReader, Lines
from rules_engine.tables.lists import Items, Lists, fails, is_text
from rules_engine.tables.texts import NOWHERE, Flags, Ints, Pool, plain_ids, words
from rules_engine.tables.zones import Clock

_ROOM = 2**61
_ID_MAX = 256


class Kind(NamedTuple):
    """The events of one kind: the numbers of each field, of each list, of the lines; the day and the instant; the
    member as a place among `members` (-1: a guest); and which events are good."""

    fields: dict[str, Ints]
    items: dict[str, Items]
    lines: Lines | None
    day: Ints
    instant: Ints
    member: Ints
    members: list[str | None]
    good: Flags


class KindReader:
    """How events of one kind are read. `wanted` and `wanted_lines` are the fields of the event and of its lines whose
    numbers somebody reads."""

    def __init__(
        self,
        kind: ir.EventDef,
        program: ir.Program,
        pool: Pool,
        clock: Clock,
        wanted: frozenset[str] = frozenset(),
        wanted_lines: frozenset[str] = frozenset(),
    ) -> None:
        self.kind = kind
        self.clock = clock
        self.header = program.header
        self.priced = ir.is_priced(program, kind)
        pools = {field.name: pool if field.name in wanted else NOWHERE for field in kind.fields}
        listed = [field for field in kind.fields if field.kind in ("list", "codes")]
        self.listed = {field.name: Lists(field, program, pools[field.name]) for field in listed}
        plain = [field for field in kind.fields if field.name not in self.listed]
        self.cells = {field.name: Cell(field, program, pools[field.name]) for field in plain}
        self.wanted = wanted
        self.lines = LineReader(kind, program, pool, wanted_lines) if kind.lines is not None else None
        self.dated = self.cells[kind.dated_by]
        self.starts: dict[int, int] = {}

    def read(self, batch: Any) -> Kind:
        """All events of a batch."""
        rows = batch.num_rows
        names = set(batch.schema.names)
        good = self._nothing_else(batch)
        fields: dict[str, Ints] = {}
        for name, cell in self.cells.items():
            column = batch.column(name) if name in names else None
            cells = self._cells(name, cell, column, rows)
            fields[name] = cells.values
            good &= cells.good
        items = {}
        for name, lists in self.listed.items():
            found = items[name] = self._items(lists, batch.column(name) if name in names else None, rows)
            good &= found.good
        lines = None
        if self.lines is not None:
            lines = self.lines.read(batch.column("lines")) if "lines" in names else self._no_lines(rows)
            good &= lines.good
        if self.priced:
            good &= self._price(fields, lines)
        day, instant = self._moments(fields[self.kind.dated_by], good)
        good &= self._inside(day)
        member, members = self._members(batch, names)
        return Kind(fields, items, lines, day, instant, member, members, good)

    # ---- fields ----

    def _cells(self, name: str, cell: Cell, column: Any, rows: int) -> Cells:
        """One field; an id is never empty, and one that nobody reads is only looked at."""
        if column is None:
            return absent(cell.field, rows)
        pa = pyarrow("tables")
        if name != self.kind.identified_by or not is_text(pa, column.type):
            return cell.cells(column)
        if name not in self.wanted and not pa.types.is_dictionary(column.type):
            good = plain_ids(column, cell.field.high or _ID_MAX)
            odd = np.flatnonzero(~good)
            if len(odd):
                good[odd] = self._ids(pa, cell, column.take(pa.array(odd))).good
            return Cells(np.zeros(rows, np.int64), good)
        return self._ids(pa, cell, column)

    def _ids(self, pa: Any, cell: Cell, column: Any) -> Cells:
        cells = cell.cells(column)
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        filled = pa.compute.greater(pa.compute.binary_length(plain), 0).fill_null(False)
        return Cells(cells.values, cells.good & filled.to_numpy(zero_copy_only=False))

    def _items(self, lists: Lists, column: Any, rows: int) -> Items:
        if column is not None:
            return lists.items(column)
        nothing = np.zeros(0, np.int64)
        return Items(np.zeros(rows, np.int64), nothing, absent(lists.field, rows).good, [], nothing)

    def _nothing_else(self, batch: Any) -> Flags:
        """Where no column says anything that is no field of this kind."""
        known = {"event", *self.cells, *self.listed, *(("lines",) if self.lines is not None else ())}
        good = np.ones(batch.num_rows, np.bool_)
        for name in batch.schema.names:
            if name not in known:
                good &= batch.column(name).is_null().to_numpy(zero_copy_only=False)
        return good

    def _no_lines(self, rows: int) -> Lines:
        assert self.lines is not None
        none = {name: np.zeros(0, np.int64) for name in self.lines.cells}
        return Lines(np.zeros(rows, np.int64), none, np.zeros(rows, np.bool_))

    def _members(self, batch: Any, names: set[str]) -> tuple[Ints, list[str | None]]:
        owner = self.kind.owner
        pa = pyarrow("tables")
        if owner not in names or not is_text(pa, batch.column(owner).type):
            return np.full(batch.num_rows, -1, np.int64), []
        return words(batch.column(owner))

    # ---- the event as a whole ----

    def _moments(self, dated: Ints, good: Flags) -> tuple[Ints, Ints]:
        """The local day and the instant of each event; of those that are not good some day or other."""
        safe = np.where(good, dated, 0)
        if self.dated.field.kind == "instant":
            return self.clock.days(safe), safe
        different, places = np.unique(safe, return_inverse=True)
        for day in different.tolist():
            if day not in self.starts:
                self.starts[day] = day_start(day, self.clock.zone)
        return safe, np.array([self.starts[day] for day in different.tolist()], np.int64)[places]

    def _inside(self, day: Ints) -> Flags:
        """Whether a day lies within the terms that the header writes."""
        since, until = self.header.terms_from, self.header.terms_until
        good = np.ones(len(day), np.bool_)
        if since is not None:
            good &= day >= since
        if until is not None:
            good &= day <= until
        return good

    def _price(self, fields: dict[str, Ints], lines: Lines | None) -> Flags:
        """Where the money of an event has pieces, and is small enough to be added up here."""
        kind = self.kind
        inside = fields if lines is None else lines.fields
        counts = np.ones(len(fields[kind.dated_by]), np.int64) if lines is None else lines.counts
        good = np.ones(len(counts), np.bool_)
        if kind.list_field and int(counts.sum()):
            pieces = inside[kind.quantity_field] if kind.quantity_field else np.ones(1, np.int64)
            bad = self._unsafe(inside[kind.list_field], pieces, int(counts.max()))
            if bad is not None:
                good = ~fails(~bad, counts)
        if kind.shipping_field:
            good &= np.asarray(fields[kind.shipping_field] <= _ROOM)
        return good

    def _unsafe(self, amount: Ints, pieces: Ints, lines_max: int) -> Flags | None:
        """Which lines have money without pieces, or more of it than can be added up over so many lines; None where no
        line has."""
        each = self.kind.list_each
        most = _ROOM // (max(int(pieces.max()), 1) * lines_max if each else lines_max)
        if int(pieces.min()) > 0 and -most <= int(amount.min()) and int(amount.max()) <= most:
            return None
        bad = (pieces < 0) | ((pieces == 0) & (amount != 0) & (not each))
        return np.asarray(bad | (amount > most) | (amount < -most))
