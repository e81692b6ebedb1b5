"""From rows of Arrow columns to a `Batch`: all kinds of event of a chunk, in its order.

In: a record batch. Out: `Looked`, which says of each row of which kind it is and whether it is plainly right; and, for
those rows that are to go by columns, the `Batch`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rules_engine import ir
from rules_engine.backends.columnar import Batch, Layout, Texts
from rules_engine.tables.cells import MISSING
from rules_engine.tables.lists import ranges, starts_of
from rules_engine.tables.ordering import kinds_of
from rules_engine.tables.people import People
from rules_engine.tables.reading import Kind, KindReader
from rules_engine.tables.texts import Flags, Ints
from rules_engine.tables.zones import Clock

_FEW = 4
"""Where there are at most so many times as many texts as lines, all of them are put in order at once."""


class Looked(NamedTuple):
    """The rows of a chunk. `kind` is the place among the declarations of events (-1: none that could be sent), `member`
    the number in the run (-1: a guest, or nobody knows); `good` are those that are plainly right and have a columnar
    form; `parts` have the rows of each kind that has one, and what was read of them."""

    kind: npt.NDArray[np.int32]
    member: Ints
    good: Flags
    parts: tuple[tuple[ir.EventDef, Ints, Kind], ...]


class Assembler:
    """How the rows of a program's events become batches. `refused` are the kinds without a columnar form."""

    def __init__(
        self, program: ir.Program, layout: Layout, texts: Texts, refused: dict[str, str], people: People
    ) -> None:
        self.layout = layout
        self.texts = texts
        self.people = people
        self.sendable = [kind for kind in program.events if kind.schedule is None]
        self.refused = refused
        self.in_order: list[int] = []
        self.ranks = np.zeros(1, np.int64)
        clock = Clock(program.header.zone or "UTC")
        self.readers = {
            kind.name: KindReader(kind, program, texts, clock, *self._wanted(kind))
            for kind in self.sendable
            if kind.name not in refused
        }

    def _wanted(self, kind: ir.EventDef) -> tuple[frozenset[str], frozenset[str]]:
        """The fields of an event and of its lines whose numbers are needed."""
        layout, name = self.layout, kind.name
        own = {field for event, field in (*layout.fields, *layout.ragged) if event == name}
        lines = {field for event, field in layout.line_fields if event == name}
        if kind.lines is None:
            own |= lines
        elif layout.needs_rank:
            lines |= {field.name for field in kind.lines.fields}
        return frozenset(own), frozenset(lines | {kind.line_id_field})

    # ---- looking ----

    def look(self, batch: Any, event: str | None) -> Looked:
        """Read a chunk; members that are met for the first time get their numbers."""
        rows = batch.num_rows
        kinds = np.full(rows, -1, np.int32)
        members = np.full(rows, -1, np.int64)
        good = np.zeros(rows, np.bool_)
        parts = []
        for number, places in kinds_of(batch, [kind.name for kind in self.sendable], event).items():
            kind = self.sendable[number]
            at = np.arange(rows) if places is None else places
            part = batch if places is None else batch.take(places)
            kinds[at] = number
            reader = self.readers.get(kind.name)
            if reader is None:
                continue
            found = reader.read(part)
            members[at] = self._members(found)
            good[at] = found.good
            parts.append((kind, at, found))
        return Looked(kinds, members, good, tuple(parts))

    def _members(self, found: Kind) -> Ints:
        """The numbers of the members of good events; others may be nobody's."""
        if not found.members:
            return np.full(len(found.good), -1, np.int64)
        used = np.zeros(len(found.members) + 1, np.bool_)
        used[np.where(found.good, found.member, -1)] = True
        if used[:-1].all():
            return self.people.of(found.members)[found.member]
        names = [name if use else None for name, use in zip(found.members, used.tolist(), strict=False)]
        return self.people.of(names)[found.member]

    def owner(self, looked: Looked, row: int) -> int:
        """The number of the member of one row, whether it is good or not; -1 where there is none."""
        for _, at, found in looked.parts:
            place = int(np.searchsorted(at, row))
            if place < len(at) and at[place] == row and found.members:
                number = int(found.member[place])
                name = found.members[number] if number >= 0 else None
                return -1 if name is None else int(self.people.of([name])[0])
        return -1

    # ---- a batch ----

    def batch(self, looked: Looked, rows: Ints) -> Batch:
        """The rows of a chunk that go by columns, in their order."""
        if len(looked.parts) == 1 and len(rows) == len(looked.kind):
            return self._whole(looked, *looked.parts[0])
        layout, count = self.layout, len(rows)
        place_of = np.full(len(looked.kind), -1, np.int64)
        place_of[rows] = np.arange(count)
        kinds = np.zeros(count, np.int32)
        day, instant = np.zeros(count, np.int64), np.zeros(count, np.int64)
        fields = np.full((_high(layout.fields), count), MISSING, np.int64)
        counts = np.zeros(count, np.int64)
        chosen = []
        for kind, at, found in looked.parts:
            to = place_of[at]
            own = np.flatnonzero(to >= 0)
            to = to[own]
            kinds[to] = layout.kinds[kind.name]
            day[to], instant[to] = found.day[own], found.instant[own]
            for (event, field), row in layout.fields.items():
                if event == kind.name:
                    fields[row, to] = found.fields[field][own]
            counts[to] = self._counts(kind, found)[own]
            chosen.append((kind, own, to, found))
        offsets = starts_of(counts)
        lines, rank = self._lines(chosen, offsets)
        ragged = tuple(self._ragged(number, chosen, count) for number in range(_high(layout.ragged)))
        members = looked.member[rows].astype(np.int32)
        facts, holdouts = self.people.arrays()
        return Batch(kinds, members, day, instant, fields, offsets, lines, rank, ragged, facts, holdouts)

    def _whole(self, looked: Looked, kind: ir.EventDef, at: Ints, found: Kind) -> Batch:
        """A chunk of one kind of event, all of it."""
        layout, count = self.layout, len(at)
        fields = _rows(layout.fields, kind, found.fields, count)
        counts = self._counts(kind, found)
        offsets = starts_of(counts)
        values = found.fields if found.lines is None else found.lines.fields
        lines = _rows(layout.line_fields, kind, values, int(offsets[-1]))
        ranked = layout.needs_rank and found.lines is not None
        rank = self._rank(kind, values, counts) if ranked else np.zeros(int(offsets[-1]), np.int64)
        ragged = tuple(self._ragged(number, [(kind, at, at, found)], count) for number in range(_high(layout.ragged)))
        kinds = np.full(count, layout.kinds[kind.name], np.int32)
        members = looked.member.astype(np.int32)
        facts, holdouts = self.people.arrays()
        return Batch(kinds, members, found.day, found.instant, fields, offsets, lines, rank, ragged, facts, holdouts)

    def _counts(self, kind: ir.EventDef, found: Kind) -> Ints:
        if found.lines is not None:
            return found.lines.counts
        return np.full(len(found.good), int(kind.name in self.layout.one_line), np.int64)

    def _lines(self, chosen: list[Any], offsets: Ints) -> tuple[Ints, Ints]:
        layout, total = self.layout, int(offsets[-1])
        lines = np.full((_high(layout.line_fields), total), MISSING, np.int64)
        rank = np.zeros(total, np.int64)
        for kind, own, to, found in chosen:
            counts = self._counts(kind, found)
            source = ranges(starts_of(counts)[own], counts[own])
            target = ranges(offsets[to], counts[own])
            values = found.fields if found.lines is None else found.lines.fields
            for (event, field), row in layout.line_fields.items():
                if event == kind.name:
                    lines[row, target] = values[field][source]
            if layout.needs_rank and found.lines is not None:
                rank[target] = self._rank(kind, values, counts)[source]
        return lines, rank

    def _rank(self, kind: ir.EventDef, values: dict[str, Ints], counts: Ints) -> Ints:
        """A number for each line that orders those of an event: by their ids or, where one of an event has none, by all
        their fields, what is absent first."""
        assert kind.lines is not None
        total = int(counts.sum())
        ids = values.get(kind.line_id_field)
        by_id = np.zeros(total, np.int64) if ids is None else self._ordered(kind, kind.line_id_field, ids)
        if ids is not None and not (ids == MISSING).any():
            return by_id
        event = np.repeat(np.arange(len(counts)), counts)
        lacking = np.ones(total, np.bool_) if ids is None else np.isin(event, event[ids == MISSING])
        if not lacking.any():
            return by_id
        names = [field.name for field in kind.lines.fields if field.name in values]
        keys = [self._ordered(kind, name, values[name]) for name in reversed(names)]
        by_all = np.empty(total, np.int64)
        by_all[np.lexsort((np.arange(total), *keys))] = np.arange(total)
        return np.where(lacking, by_all, by_id)

    def _ordered(self, kind: ir.EventDef, name: str, values: Ints) -> Ints:
        """Numbers in the order of the values; texts by their letters."""
        assert kind.lines is not None
        field = next(each for each in kind.lines.fields if each.name == name)
        if field.kind not in ("text", "member", "choice"):
            return values
        if len(self.texts.texts) <= _FEW * len(values):
            known = self._text_ranks()
            return known[values] if len(values) and int(values.min()) >= 0 else known[np.maximum(values, -1)]
        used, places = np.unique(values, return_inverse=True)
        texts = [self.texts.texts[code] if code != MISSING else "" for code in used.tolist()]
        order = sorted(range(len(used)), key=lambda each: (used[each] != MISSING, texts[each]))
        ranks = np.empty(len(used), np.int64)
        ranks[order] = np.arange(len(used))
        return ranks[places]

    def _text_ranks(self) -> Ints:
        """The place of every text by its letters, counted from 1, by its code; in the last place what is absent."""
        texts = self.texts.texts
        if len(self.ranks) != len(texts) + 1:
            self.in_order = sorted([*self.in_order, *range(len(self.in_order), len(texts))], key=texts.__getitem__)
            self.ranks = np.zeros(len(texts) + 1, np.int64)
            self.ranks[self.in_order] = np.arange(1, len(texts) + 1)
        return self.ranks

    def _ragged(self, number: int, chosen: list[Any], count: int) -> tuple[Ints, Ints]:
        """A field that is a list, of all kinds that have it in that row."""
        counts = np.zeros(count, np.int64)
        taken = []
        for kind, own, to, found in chosen:
            for (event, field), row in self.layout.ragged.items():
                if event == kind.name and row == number:
                    items = found.items[field]
                    counts[to] = items.counts[own]
                    taken.append((own, to, items))
        offsets = starts_of(counts)
        values = np.zeros(int(offsets[-1]), np.int64)
        for own, to, items in taken:
            source = ranges(starts_of(items.counts)[own], items.counts[own])
            values[ranges(offsets[to], items.counts[own])] = items.values[source]
        return offsets, values


def _rows(rows: dict[tuple[str, str], int], kind: ir.EventDef, values: dict[str, Ints], count: int) -> Ints:
    """The values of one kind of event by their rows; what is of other kinds is absent."""
    found = np.empty((_high(rows), count), np.int64)
    own = {row: values[field] for (event, field), row in rows.items() if event == kind.name}
    for row, to in enumerate(found):
        to[:] = own.get(row, MISSING)
    return found


def _high(rows: Any) -> int:
    return int(1 + max(rows.values(), default=-1))
