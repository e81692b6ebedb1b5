"""The order in which the rows of a table are scored: that of their moments, equal ones as they stand.

In: a source of record batches that can be read twice. The first time only ids and dates are read: they say whether the
rows stand in the order of time already, and which ids may come twice. Where they stand in order, the second reading is
the scoring, a chunk at a time, and nothing is held. Where they do not, they are sorted: in memory where they are few,
else by way of files on disk, each of which holds the rows of one stretch of time and fits into memory. (Stretches of
time and not shares of members: so that whatever happens between members, such as an id that comes again with another
member, happens in the one order in which `score_many` scores.) Out: chunks of rows in the order of scoring, each row
with its number in the table.

Per row sixteen bytes are held; beyond `HELD_ROWS` these stand in files, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from rules_engine import ir
from rules_engine.calendar import day_start
from rules_engine.tables.arrow import pyarrow, text
from rules_engine.tables.cells import MISSING, Cell
from rules_engine.tables.lists import is_text
from rules_engine.tables.texts import NOWHERE, Hashes, Ints, hashes

CHUNK_ROWS = 1 << 16
SORT_ROWS = 1 << 20
HELD_ROWS = 1 << 24
_NUMBER = "\x00number"
"""The column that carries the number of a row through a file; no field is called so."""
_PIECES = 16
_SAMPLE = 1 << 16


class Source(Protocol):
    """Rows that can be read twice."""

    @property
    def schema(self) -> Any:
        """The Arrow schema."""
        ...

    def batches(self, rows: int, columns: list[str] | None = None, skip: int = 0) -> Iterator[Any]:
        """All rows behind the first `skip`, or some columns of them, as record batches of at most so many rows."""
        ...


class Chunk(NamedTuple):
    """Rows in the order of scoring, and the number of each in the table, counted from 1."""

    numbers: Ints
    batch: Any


class Numbers:
    """Whole numbers, one for each row; many of them stand in a file."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / name
        self.parts: list[npt.NDArray[Any]] = []
        self.held = 0
        self.filed = False

    def add(self, numbers: npt.NDArray[Any]) -> None:
        """Some more."""
        self.parts.append(numbers)
        self.held += len(numbers)
        if self.held > HELD_ROWS:
            self._write()

    def _write(self) -> None:
        with self.path.open("ab") as stream:
            for part in self.parts:
                part.tofile(stream)
        self.parts, self.held, self.filed = [], 0, True

    def array(self, kind: Any) -> npt.NDArray[Any]:
        """All of them, in memory or mapped from the file."""
        if not self.filed:
            return np.concatenate([np.zeros(0, kind), *self.parts])
        self._write()
        return np.memmap(self.path, kind, "r")


class Order(NamedTuple):
    """What the first reading found: how many rows, whether they stand in order, the moment of each, and the numbers of
    those whose ids may come twice."""

    rows: int
    sorted: bool
    moments: Ints
    doubles: Ints


class Scan:
    """The first reading: kinds, ids and dates."""

    def __init__(self, core: ir.Program, event: str | None, known: Hashes) -> None:
        self.kinds = [kind for kind in core.events if kind.schedule is None]
        self.event = event
        self.zone = core.header.zone or "UTC"
        self.known = known
        self.dated = {
            kind.name: Cell(field, core, NOWHERE) for kind in self.kinds for field in kind.fields
            if field.name == kind.dated_by
        }  # fmt: skip

    def columns(self, schema: Any) -> list[str]:
        """The columns that are read."""
        wanted = {"event"} | {name for kind in self.kinds for name in (kind.identified_by, kind.dated_by)}
        return [name for name in schema.names if name in wanted]

    def order(self, source: Source, folder: Path) -> Order:
        """Read all rows of a source once."""
        moments, ids = Numbers(folder, "moments"), Numbers(folder, "ids")
        last, in_order, rows = -(2**62), True, 0
        for batch in source.batches(CHUNK_ROWS, self.columns(source.schema)):
            found, known = self._moments(batch, last)
            in_order = in_order and bool((np.diff(found, prepend=last) >= 0).all())
            last = int(found[-1]) if len(found) else last
            moments.add(found)
            ids.add(known)
            rows += batch.num_rows
        doubles = self._doubles(ids.array(np.uint64))
        return Order(rows, in_order, moments.array(np.int64), doubles + 1)

    def _moments(self, batch: Any, last: int) -> tuple[Ints, Hashes]:
        """The moment and the hash of the id of each row. What cannot be dated will be refused: it stands where it
        stands."""
        found = np.full(batch.num_rows, MISSING, np.int64)
        ids = np.zeros(batch.num_rows, np.uint64)
        for number, rows in kinds_of(batch, [kind.name for kind in self.kinds], self.event).items():
            part = batch if rows is None else batch.take(rows)
            at = slice(None) if rows is None else rows
            kind = self.kinds[number]
            found[at] = self._dated(kind, part)
            ids[at] = _ids(kind, number, part)
        empty = found == MISSING
        if empty.any():
            places = np.where(empty, -1, np.arange(len(found)))
            places = np.maximum.accumulate(places)
            found = np.where(places < 0, last, found[np.maximum(places, 0)])
        return found, ids

    def _dated(self, kind: ir.EventDef, batch: Any) -> Ints:
        if kind.dated_by not in batch.schema.names:
            return np.full(batch.num_rows, MISSING, np.int64)
        cell = self.dated[kind.name]
        cells = cell.cells(batch.column(kind.dated_by))
        if cell.field.kind == "instant":
            return np.where(cells.good, cells.values, MISSING)
        different, places = np.unique(np.where(cells.good, cells.values, MISSING), return_inverse=True)
        starts = [MISSING if day == MISSING else day_start(day, self.zone) for day in different.tolist()]
        return np.array(starts, np.int64)[places]

    def _doubles(self, ids: Hashes) -> Ints:
        """The places of ids whose hashes come more than once, or came before."""
        found = [np.zeros(0, np.int64)]
        pieces = 1 if len(ids) <= HELD_ROWS else _PIECES
        for piece in range(pieces):
            own = ids if pieces == 1 else _piece(ids, piece)
            ordered = np.sort(own)
            again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
            again = np.union1d(again, self.known)
            if len(again):
                for start in range(0, len(ids), HELD_ROWS):
                    found.append(start + np.flatnonzero(np.isin(ids[start : start + HELD_ROWS], again)))
        return np.unique(np.concatenate(found))


def _piece(ids: Hashes, piece: int) -> Hashes:
    """The share of the hashes that begins with the same bits."""
    shift = np.uint64(64 - (_PIECES - 1).bit_length())
    parts = (ids[start : start + HELD_ROWS] for start in range(0, len(ids), HELD_ROWS))
    return np.concatenate([part[(part >> shift) == piece] for part in parts])


def _ids(kind: ir.EventDef, number: int, batch: Any) -> Hashes:
    pa = pyarrow("tables")
    if kind.identified_by not in batch.schema.names:
        return np.zeros(batch.num_rows, np.uint64)
    column = batch.column(kind.identified_by)
    if pa.types.is_nested(column.type):
        return np.zeros(batch.num_rows, np.uint64)
    plain = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    return hashes(column if plain else text(pa, column), number)


def id_hashes(core: ir.Program, ids: set[tuple[str, str]]) -> Hashes:
    """The hashes of kinds and ids that came before."""
    pa = pyarrow("tables")
    kinds = [kind.name for kind in core.events if kind.schedule is None]
    found = [np.zeros(0, np.uint64)]
    for number, kind in enumerate(kinds if ids else []):
        found.append(hashes(pa.array([each for name, each in ids if name == kind], pa.string()), number))
    return np.unique(np.concatenate(found))


def kinds_of(batch: Any, kinds: list[str], event: str | None) -> dict[int, Ints | None]:
    """The rows of each kind of event (None: all rows); rows of no kind are not there."""
    pa = pyarrow("tables")
    default = kinds.index(event) if event in kinds else -1
    if "event" not in batch.schema.names:
        return {default: None} if default >= 0 else {}
    column = batch.column("event")
    if not is_text(pa, column.type):
        return {default: None} if default >= 0 and column.null_count == len(column) else {}
    plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    places = pa.compute.index_in(plain, value_set=pa.array(kinds, plain.type)).fill_null(-1)
    if default >= 0:
        empty = pa.compute.equal(plain, "").fill_null(True)
        places = pa.compute.if_else(empty, default, places)
    numbers = places.to_numpy(zero_copy_only=False)
    present = np.unique(numbers)
    if len(present) == 1 and present[0] >= 0:
        return {int(present[0]): None}
    return {int(each): np.flatnonzero(numbers == each) for each in present if each >= 0}


# ---- chunks ----


def chunks(
    source: Source, order: Order, folder: Path, sort_rows: int = SORT_ROWS, skip: int = 0
) -> Iterator[Iterator[Chunk]]:
    """All rows in the order of scoring, behind the first `skip`, in stretches that follow each other; within a stretch
    the numbers may stand in any order, between them, too, unless the rows were in order."""
    if order.sorted:
        yield _as_they_stand(source, skip)
        return
    left = _Left(skip)
    for stretch in _stretched(source, order, folder, sort_rows):
        yield left.behind(stretch)


class _Left:
    """Leaves out the first rows of what follows each other."""

    def __init__(self, skip: int) -> None:
        self.skip = skip

    def behind(self, stretch: Iterator[Chunk]) -> Iterator[Chunk]:
        """What is not left out."""
        for chunk in stretch:
            rows = len(chunk.numbers)
            if self.skip < rows:
                yield Chunk(chunk.numbers[self.skip :], chunk.batch.slice(self.skip)) if self.skip else chunk
            self.skip = max(0, self.skip - rows)


def _stretched(source: Source, order: Order, folder: Path, sort_rows: int) -> Iterator[Iterator[Chunk]]:
    if order.rows <= sort_rows:
        pa = pyarrow("tables")
        table = pa.Table.from_batches(source.batches(CHUNK_ROWS), source.schema)
        yield _sorted(table, np.arange(1, order.rows + 1), order.moments)
    else:
        yield from _by_files(source, order, folder, sort_rows)


def _as_they_stand(source: Source, skip: int) -> Iterator[Chunk]:
    first = 1 + skip
    for batch in source.batches(CHUNK_ROWS, None, skip):
        yield Chunk(np.arange(first, first + batch.num_rows), batch)
        first += batch.num_rows


def _sorted(table: Any, numbers: Ints, moments: Ints) -> Iterator[Chunk]:
    pa = pyarrow("tables")
    places, table = np.argsort(moments, kind="stable"), united(table)
    for start in range(0, len(places), CHUNK_ROWS):
        part = places[start : start + CHUNK_ROWS]
        batches = table.take(pa.array(part)).combine_chunks().to_batches()
        assert len(batches) == 1, "a table of one chunk is one batch"
        yield Chunk(numbers[part], batches[0])


def _by_files(source: Source, order: Order, folder: Path, sort_rows: int) -> Iterator[Iterator[Chunk]]:
    pa = pyarrow("tables")
    count = -(-order.rows // max(1, sort_rows // 2))
    bounds = _bounds(order, count)
    schema = source.schema.append(pa.field(_NUMBER, pa.int64()))
    paths = [folder / f"stretch-{number}.arrows" for number in range(count)]
    writers = [pa.ipc.new_stream(str(path), schema) for path in paths]
    first = 0
    for batch in source.batches(CHUNK_ROWS):
        numbers = np.arange(first, first + batch.num_rows)
        stretch = _stretches(bounds, order.moments[first : first + batch.num_rows], numbers)
        whole = pa.RecordBatch.from_arrays([*batch.columns, pa.array(numbers + 1)], schema=schema)
        for each in np.unique(stretch).tolist():
            writers[each].write_batch(whole.take(pa.array(np.flatnonzero(stretch == each))))
        first += batch.num_rows
    for writer in writers:
        writer.close()
    for path in paths:
        with pa.OSFile(str(path)) as stream:
            table = pa.ipc.open_stream(stream).read_all()
        path.unlink()
        numbers = table.column(_NUMBER).to_numpy()
        yield _sorted(table.drop_columns([_NUMBER]), numbers, order.moments[numbers - 1])


def _bounds(order: Order, count: int) -> tuple[Ints, Ints]:
    """Where stretches begin: moments and, among rows of one moment, places; from an even sample of the rows."""
    places = np.arange(0, order.rows, max(1, order.rows // _SAMPLE))
    moments = np.asarray(order.moments[places])
    by = np.lexsort((places, moments))
    at = by[np.arange(1, count) * len(by) // count]
    return moments[at], places[at]


def _stretches(bounds: tuple[Ints, Ints], moments: Ints, places: Ints) -> Ints:
    """The number of the stretch that each row belongs to."""
    starts, firsts = bounds
    found = np.searchsorted(starts, moments, side="left")
    upto = np.searchsorted(starts, moments, side="right")
    for low, high in {(int(a), int(b)) for a, b in zip(found[found < upto], upto[found < upto], strict=True)}:
        at = np.flatnonzero((found == low) & (upto == high))
        found[at] += np.searchsorted(firsts[low:high], places[at], side="right")
    return found


def work_folder() -> TemporaryDirectory[str]:
    """A folder for what does not fit into memory, gone when it is closed."""
    return TemporaryDirectory(prefix="rules-engine-")


def united(table: Any) -> Any:
    """A table with one dictionary for all chunks of a column, so that its rows can be put in another order; plain texts
    where a dictionary holds a null, since Arrow cannot join those."""
    pa = pyarrow("tables")
    try:
        return table.unify_dictionaries()
    except pa.ArrowException:
        return table.cast(pa.schema([field.with_type(_plain(pa, field.type)) for field in table.schema]))


def _plain(pa: Any, kind: Any) -> Any:
    """A type without dictionaries in it."""
    types = pa.types
    if types.is_dictionary(kind):
        return kind.value_type
    if types.is_list(kind) or types.is_large_list(kind):
        inner = kind.value_field.with_type(_plain(pa, kind.value_type))
        return pa.large_list(inner) if types.is_large_list(kind) else pa.list_(inner)
    return pa.struct([field.with_type(_plain(pa, field.type)) for field in kind]) if types.is_struct(kind) else kind
