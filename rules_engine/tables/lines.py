"""The lines of one kind of event: a column of lists of structs, read at once.

In: the column. Out: `Lines`: for each event how many there are and whether all of them are as they should be, for each
field its numbers, line after line.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rules_engine import ir
from rules_engine.tables.arrow import pyarrow
from rules_engine.tables.cells import MISSING, Cell, Cells, absent
from rules_engine.tables.lists import Lists, fails, opened, starts_of
from rules_engine.tables.texts import NOWHERE, Flags, Ints, Pool

_NEAR = 16
"""Events of so many lines have each line compared with each; those of more have their lines sorted."""


class Lines(NamedTuple):
    """The lines of some events: how many each has, the numbers of each field, and which events are good."""

    counts: Ints
    fields: dict[str, Ints]
    good: Flags


class LineReader:
    """How the lines of one kind of event are read; texts of fields that are not wanted get no codes."""

    def __init__(self, kind: ir.EventDef, program: ir.Program, pool: Pool, wanted: frozenset[str]) -> None:
        assert kind.lines is not None
        self.kind = kind
        self.low, self.high = kind.lines.low, kind.lines.high
        self.listed = {f.name: Lists(f, program, NOWHERE) for f in kind.lines.fields if f.kind in ("list", "codes")}
        self.cells = {
            f.name: Cell(f, program, pool if f.name in wanted else NOWHERE)
            for f in kind.lines.fields
            if f.name not in self.listed
        }

    def read(self, column: Any) -> Lines:
        """All lines of a column."""
        pa = pyarrow("tables")
        counts, good, flat = opened(pa, column, optional=False)
        if flat is None or not pa.types.is_struct(flat.type):
            none = {name: np.zeros(0, np.int64) for name in self.cells}
            empty = good & (counts == 0) & (self.low == 0)
            return Lines(np.zeros(len(counts), np.int64), none, empty)
        good = good & (counts >= self.low) & (counts <= self.high)
        found = self._fields(flat)
        each = np.ones(len(flat), np.bool_)
        for cells in found.values():
            each &= cells.good
        each &= self._known(flat)
        fields = {name: _told(found[name]) for name in self.cells}
        good = good & ~fails(each, counts)
        name = self.kind.line_id_field
        if name:
            good = good & ~doubled(fields[name], counts)
        return Lines(counts, fields, good)

    def _fields(self, flat: Any) -> dict[str, Cells]:
        names = [field.name for field in flat.type]
        parts = dict(zip(names, flat.flatten(), strict=True))
        found: dict[str, Cells] = {}
        for name, cell in self.cells.items():
            part = parts.get(name)
            found[name] = absent(cell.field, len(flat)) if part is None else cell.cells(part)
        for name, lists in self.listed.items():
            part = parts.get(name)
            items = None if part is None else lists.items(part)
            good = absent(lists.field, len(flat)).good if items is None else items.good
            found[name] = Cells(np.zeros(len(flat), np.int64), good)
        return found

    def _known(self, flat: Any) -> Flags:
        """Where a line is one, and says nothing that is no field of it."""
        good = np.ones(len(flat), np.bool_)
        if flat.null_count:
            good &= flat.is_valid().to_numpy(zero_copy_only=False)
        for field, part in zip(flat.type, flat.flatten(), strict=True):
            if field.name not in self.cells and field.name not in self.listed:
                good &= part.is_null().to_numpy(zero_copy_only=False)
        return good


def _told(cells: Cells) -> Ints:
    """The numbers of a field, 0 where they would say nothing: a mistake in one line has no part in sums of others."""
    return cells.values if cells.good.all() else np.where(cells.good, cells.values, 0)


def doubled(ids: Ints, counts: Ints) -> Flags:
    """Which events have two lines of one id; a line without one is like no other."""
    found = np.zeros(len(counts), np.bool_)
    if not len(ids):
        return found
    starts = starts_of(counts)
    for step in range(1, min(int(counts.max()), _NEAR)):
        same = np.flatnonzero(ids[step:] == ids[:-step])
        if len(same):
            same = same[ids[same] != MISSING]
            first, second = (np.searchsorted(starts, places, side="right") - 1 for places in (same, same + step))
            found[first[first == second]] = True
    for place in np.flatnonzero(counts > _NEAR):
        own = ids[starts[place] : starts[place + 1]]
        own = np.sort(own[own != MISSING])
        found[place] = bool((own[1:] == own[:-1]).any())
    return found
