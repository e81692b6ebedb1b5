"""Rows scored by columns: whatever of a chunk has a columnar form, and word of what has none.

In: a chunk. Out: `Done`: tables of what was scored, and the rows that are left for the row path, in their order. A
member goes by rows from the first event on that columns cannot take: an event of a kind without a columnar form, one
that is accepted but not plainly right, one that the columns cannot do for sure. Guests, who have no state, go by rows
one by one. Of rows whose ids may come twice the exact ids are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rules_engine.backends.columnar import Columnar, Results, Texts
from rules_engine.scoring import Program
from rules_engine.tables.arrow import pyarrow, text
from rules_engine.tables.assembling import Assembler, Looked
from rules_engine.tables.byrows import ByRows, Sent
from rules_engine.tables.byrows import Told as Rejected
from rules_engine.tables.effects import Scope
from rules_engine.tables.lists import Items, ranges, starts_of
from rules_engine.tables.ordering import Chunk
from rules_engine.tables.people import People
from rules_engine.tables.results import Told
from rules_engine.tables.scored import COLUMNAR, Summary
from rules_engine.tables.texts import Flags, Ints
from rules_engine.tables.writing import Schemas

ODD = "the event is written in a way that is read one by one"
DOUBLE = "the id comes again with another member"


class Done(NamedTuple):
    """What columns made of a chunk: what makes its tables of results and of effects, in any thread, chunk after chunk;
    and the events that are left."""

    tables: Callable[[], tuple[Any, Any]]
    left: list[Sent]


class ByColumns:
    """The columnar path of one run, beside its row path."""

    def __init__(
        self,
        program: Program,
        columnar: Columnar,
        by_rows: ByRows,
        doubles: Ints,
        schemas: Schemas,
        effects: bool,
        lots: bool,
        threads: int,
    ) -> None:
        core = program.core
        self.threads = threads
        self.program = program
        self.columnar = columnar
        self.by_rows = by_rows
        self.doubles = doubles
        self.effects = effects
        self.schemas = schemas
        self.layout = columnar.layout
        self.texts = Texts(self.layout.texts)
        self.memory = columnar.memory(lots=lots or bool(columnar.refused))
        self.memory.texts = self.texts
        given = by_rows.given
        self.people = People(program, self.layout, self.texts, self.memory, (given.members, given.states))
        self.assembler = Assembler(core, self.layout, self.texts, columnar.refused, self.people)
        self.told = Told(core, self.layout, program.fingerprint, schemas, self.texts.texts)
        self.reasons = columnar.reasons

    def score(self, chunk: Chunk, rejected: Rejected, summary: Summary) -> Done:
        """Score what can be scored by columns; the rest is left, its members' states made ready for the row path."""
        looked = self.assembler.look(chunk.batch, self.by_rows.event)
        work = _Work(self, chunk, looked, rejected, summary)
        return work.done()

    # ---- to go on later ----

    def known(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """All that was learned, to be stored: plain values and arrays."""
        people, count = self.people, len(self.people.names)
        values = {
            "names": people.names,
            "reasons": [[number, why] for number, why in people.reasons.items()],
            "totals": self.told.totals,
            "sums": self.told.sums.listed(),
            "texts": self.texts.texts[len(self.layout.texts) :],
        }
        arrays = {f"memory {name}": column for name, column in self.memory.arrays().items()}
        return values, {**arrays, "seen": people.seen[:count], "fallen": people.fallen[:count]}

    def learn(self, values: dict[str, Any], arrays: dict[str, Any]) -> None:
        """Go on from what `known` gave."""
        for each in values["texts"]:  # memory may name them by their codes
            self.texts.code(each)
        self.people.meet_again(values["names"], arrays["seen"], arrays["fallen"])
        self.people.reasons.update((number, why) for number, why in values["reasons"])
        kept = {name.removeprefix("memory "): each for name, each in arrays.items() if name.startswith("memory ")}
        self.memory.load(kept)
        self.memory.grow(len(self.people.fallen))
        self.told.totals.update(values["totals"])
        self.told.sums.add_listed(values["sums"])


class _Work:
    """One chunk."""

    def __init__(self, of: ByColumns, chunk: Chunk, looked: Looked, rejected: Rejected, summary: Summary) -> None:
        self.of, self.chunk, self.looked, self.rejected, self.summary = of, chunk, looked, rejected, summary
        self.rows = len(chunk.numbers)
        self.doubled = np.isin(chunk.numbers, of.doubles, assume_unique=True) if len(of.doubles) else _none(self.rows)
        self.sent: dict[int, Sent] = {}
        self.gone: dict[int, tuple[int, str]] = {}
        """By member the row from which it goes by rows, and why."""
        self.alone: dict[int, str] = {}
        """Rows of guests that go by rows, and why."""
        self.lost: set[int] = set()
        """Rows that are rejected without anybody's state being asked."""

    # ---- which rows go by columns ----

    def done(self) -> Done:
        """Sort the rows out, score, and say what is left."""
        fallen = self.of.people.fallen
        member = self.looked.member
        columns = self.looked.good.copy()
        here = columns & (member >= 0)
        columns[here] &= ~fallen[member[here]]
        self._others(np.flatnonzero(~self.looked.good))
        again = self._doubles(np.flatnonzero(self.doubled & columns))
        columns[sorted(again)] = False
        columns &= ~self._cut()
        rows = np.flatnonzero(columns)
        tables = self._scored(rows)
        columns[rows[~self.finished]] = False
        self._fall(rows)
        left = [row for row in np.flatnonzero(~columns).tolist() if row not in self.lost]
        self._open(left)
        for row in left:
            if row not in again:
                self.summary.fall(self._why(row))
        return Done(tables, [self.sent[row] for row in left if row in self.sent])

    def _why(self, row: int) -> str:
        """Why a row goes by rows."""
        found = self.alone.get(row)
        if found is None:
            member = self._owner(row)
            found = self.of.people.reasons.get(member) if member >= 0 else None
        return found or ODD

    def _others(self, rows: Ints) -> None:
        """Rows that are not plainly right: most are refused, and nobody is touched; those who would be scored go by
        rows, and their members with them from there on."""
        if not len(rows):
            return
        self._open(rows.tolist())
        refused = self.of.columnar.refused
        for row in rows.tolist():
            sent = self.sent.get(row)
            if sent is None:
                self.lost.add(row)
                continue
            if bool(self.doubled[row]):  # the row path knows best whether it came before
                if self.of.by_rows.refusal(sent) is None:
                    self._leave(row, ODD)
                continue
            refusal = self.of.by_rows.refusal(sent)
            if refusal is not None:
                self.of.by_rows.refused(sent, refusal, self.rejected, self.summary)
                self.lost.add(row)
            else:
                self._leave(row, refused.get(sent.kind) or ODD)

    def _leave(self, row: int, reason: str) -> None:
        """The member of a row goes by rows from it on."""
        member = self._owner(row)
        if member < 0:
            self.alone[row] = reason
        elif member not in self.gone or self.gone[member][0] > row:
            self.gone[member] = (row, reason)

    def _owner(self, row: int) -> int:
        known = int(self.looked.member[row])
        if known >= 0:
            return known
        number = int(self.looked.kind[row])
        if number < 0:
            return -1
        kind = self.of.assembler.sendable[number]
        batch = self.chunk.batch
        if kind.owner not in batch.schema.names:
            return -1
        name = batch.column(kind.owner)[row].as_py()
        return int(self.of.people.of([name])[0]) if isinstance(name, str) else -1

    def _doubles(self, rows: Ints) -> set[int]:
        """Rows whose ids came before: they are left for the row path, which refuses them, and stay without effect on
        anybody. Where the first of them is of another member, that member goes by rows."""
        again: set[int] = set()
        first: dict[tuple[str, str], int] = {}
        for row, key in zip(rows.tolist(), self._keys(rows), strict=True):
            if key in self.of.by_rows.given.ids:
                again.add(row)
            elif key in first:
                again.add(row)
                if self.looked.member[first[key]] != self.looked.member[row]:
                    self._leave(row, DOUBLE)
            else:
                first[key] = row
        return again

    def _keys(self, rows: Ints) -> list[tuple[str, str]]:
        """Kind and id of some rows."""
        pa = pyarrow("tables")
        found: list[tuple[str, str]] = []
        for row in rows.tolist():
            kind = self.of.assembler.sendable[int(self.looked.kind[row])]
            column = self.chunk.batch.column(kind.identified_by).slice(row, 1)
            found.append((kind.name, text(pa, column)[0].as_py()))
        return found

    def _cut(self) -> Flags:
        """The rows of members who go by rows, from where they do."""
        cut = _none(self.rows)
        if not self.gone:
            return cut
        since = np.full(len(self.of.people.fallen) + 1, self.rows, np.int64)
        for gone, (row, _) in self.gone.items():
            since[gone] = row
        member = self.looked.member
        return np.asarray((member >= 0) & (np.arange(self.rows) >= since[member]))

    # ---- scoring ----

    def _scored(self, rows: Ints) -> Callable[[], tuple[Any, Any]]:
        of = self.of
        empty = of.schemas.rows.empty_table(), of.schemas.effects.empty_table()
        if not len(rows):
            self.finished = _none(0)
            return lambda: empty
        batch = of.assembler.batch(self.looked, rows)
        results: Results = of.columnar.run(batch, of.memory, parts=of.effects, threads=of.threads)
        self.finished, self.why = results.done, results.why
        self.summary.scored += int(self.finished.sum())
        self.summary.add_path(COLUMNAR, int(self.finished.sum()))
        members = self.looked.member[rows[self.finished]]
        of.people.seen[members[members >= 0]] = True
        keep = rows if of.by_rows.keep_ids else rows[self.doubled[rows]]
        finished = np.isin(keep, rows[self.finished], assume_unique=True)
        of.by_rows.given.ids.update(self._keys(keep[finished]))

        scope = self._scope(rows, batch.offsets)

        def tables() -> tuple[Any, Any]:  # holds what was given, and nothing of the chunk
            of.told.add_up(results, scope)
            return of.told.rows(results, scope), of.told.effects.table(results, scope) if of.effects else empty[1]

        return tables

    def _scope(self, rows: Ints, offsets: Ints) -> Scope:
        pa = pyarrow("tables")
        ids, members, places = [], [], []
        counts = np.zeros(self.rows, np.int64)
        spelt: list[tuple[Ints, Items]] = []
        batch, whole = self.chunk.batch, len(rows) == self.rows
        for kind, at, found in self.looked.parts:
            own = at if whole else at[np.isin(at, rows, assume_unique=True)]
            names = [name for name in (kind.identified_by, kind.owner) if name in batch.schema.names]
            part = batch.select(names)
            part = part if len(own) == self.rows else part.take(pa.array(own))
            ids.append(text(pa, part.column(kind.identified_by)))
            members.append(
                text(pa, part.column(kind.owner)) if kind.owner in names else pa.nulls(len(own), pa.string())
            )
            places.append(own)
            items = found.items.get(kind.codes_field) if kind.codes_field else None
            if items is not None and items.sent:
                counts[at] = items.counts
                spelt.append((at, items))
        columns = [pa.chunked_array(each).combine_chunks() for each in (ids, members)]
        if len(places) > 1:
            order = pa.array(np.argsort(np.concatenate(places), kind="stable"))
            columns = [each.take(order) for each in columns]
        layout = self.of.layout
        number = [layout.kinds.get(kind.name, -1) for kind in self.of.assembler.sendable]
        codes, sent = _spelt(spelt, counts, rows)
        ids_, members_ = columns
        kinds, starts = np.array(number)[self.looked.kind[rows]], starts_of(counts[rows])
        return Scope(self.chunk.numbers[rows], ids_, members_, kinds, np.diff(offsets), starts, codes, sent)

    # ---- falling back ----

    def _fall(self, rows: Ints) -> None:
        """Those who go by rows from now on take their states with them."""
        people = self.of.people
        for member, (_, reason) in self.gone.items():
            people.fall(member, reason)
        for place in np.flatnonzero(~self.finished).tolist():
            member = int(self.looked.member[rows[place]])
            if member >= 0:
                people.fall(member, self.of.reasons[int(self.why[place])])
            else:
                self.alone[int(rows[place])] = self.of.reasons[int(self.why[place])]

    def _open(self, rows: list[int]) -> None:
        """Read some rows as they would be sent."""
        rows = [row for row in rows if row not in self.sent]
        if not rows:
            return
        whole = len(rows) == self.rows
        pa = pyarrow("tables")
        batch = self.chunk.batch if whole else self.chunk.batch.take(pa.array(rows))
        numbers = self.chunk.numbers[rows]
        found = self.of.by_rows.sent(batch, numbers.tolist(), self.rejected, self.summary)
        at = {int(number): row for number, row in zip(numbers.tolist(), rows, strict=True)}
        self.sent |= {at[each.number]: each for each in found}


def _none(rows: int) -> Flags:
    return np.zeros(rows, np.bool_)


def _spelt(parts: list[tuple[Ints, Items]], counts: Ints, rows: Ints) -> tuple[Ints, list[str]]:
    """The presented codes of some rows, one after the other, by their places among the different ones."""
    starts = starts_of(counts)
    whole, sent = np.zeros(int(starts[-1]), np.int64), list[str]()
    for at, items in parts:
        whole[ranges(starts[at], items.counts)] = items.spelt + len(sent)
        sent += items.sent
    return whole[ranges(starts[rows], counts[rows])], sent
