"""`score_table`: a table of events in, tables of what was given out.

In: a `pyarrow.Table`, a record batch, or a reader of record batches. Out: `Scored`. A reader is read once: its batches
stand in a file until they are scored, so that what is held is a chunk, the states, and what is given back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rules_engine.state import Shared, State
from rules_engine.tables.arrow import check_schema, pyarrow
from rules_engine.tables.byrows import BEHIND, Given, own_states
from rules_engine.tables.columns import FeedError
from rules_engine.tables.ordering import SORT_ROWS, Scan, Source, chunks, id_hashes, united, work_folder
from rules_engine.tables.running import Engine, Run
from rules_engine.tables.scored import Scored
from rules_engine.tables.writing import NUMBER, in_order, plain

if TYPE_CHECKING:
    from rules_engine.scoring import Program


class Held:
    """A table in memory."""

    def __init__(self, table: Any) -> None:
        self.table = united(table)
        self.schema = self.table.schema

    def batches(self, rows: int, columns: list[str] | None = None, skip: int = 0) -> Iterator[Any]:
        """All rows, or some columns of them."""
        table = (self.table if columns is None else self.table.select(columns)).slice(skip)
        yield from (batch for batch in table.to_batches(max_chunksize=rows) if batch.num_rows)


class Filed:
    """The batches of a reader, put in a file as they come."""

    def __init__(self, reader: Any, folder: Path) -> None:
        pa = pyarrow("tables")
        self.schema = reader.schema
        self.path = folder / "events.arrows"
        with pa.ipc.new_stream(str(self.path), self.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)

    def batches(self, rows: int, columns: list[str] | None = None, skip: int = 0) -> Iterator[Any]:
        """All rows, or some columns of them."""
        assert not skip, "a reader is not gone on with"
        pa = pyarrow("tables")
        with pa.OSFile(str(self.path)) as stream:
            for batch in pa.ipc.open_stream(stream):
                found = batch if columns is None else batch.select(columns)
                for start in range(0, found.num_rows, rows):
                    yield found.slice(start, rows)


def score_table(
    program: Program,
    events: Any,
    members: Mapping[str, object] | None,
    state: Mapping[str, State] | None,
    *,
    shared: Shared | None = None,
    pools: Mapping[str, State] | None = None,
    ids: set[tuple[str, str]] | None = None,
    settle_until: int | None = None,
    effects: bool = True,
    engine: Engine = "auto",
    threads: int = 1,
) -> Scored:
    """Score a table; see `Program.score_table`."""
    pyarrow("tables")
    event = only_kind(program)
    check_schema(_schema(events), event, "the table")
    counters = Shared() if shared is None else shared
    given = Given(members or {}, own_states(state), own_states(pools), counters, set(ids or ()))
    with work_folder() as name:
        source = _source(events, Path(name))
        order = Scan(program.core, event, id_hashes(program.core, given.ids)).order(source, Path(name))
        run = Run(program, given, event, order, effects=effects, engine=engine, threads=at_least_one(threads))
        parts = [run.score(chunk) for stretch in chunks(source, order, Path(name), SORT_ROWS) for chunk in stretch]
        if settle_until is not None:
            parts.append(run.settle(settle_until))
    run.summary.check()
    tables = [in_order([part[place] for part in parts], run.schemas[place]) for place in range(3)]
    rows, found, rejects = (plain(_unnumbered(table)) for table in tables)
    return Scored(rows, found, rejects, run.states(), given.pools, run.summary)


def at_least_one(threads: int) -> int:
    """How many threads walk the columns; raises `ValueError` for what is no number of them."""
    if threads < 1:
        raise ValueError(f"`threads` is how many threads score, this one included, not {threads}")
    return threads


def only_kind(program: Program) -> str | None:
    """The kind of event that a row is where it does not say so: the only one that can be sent."""
    kinds = [event.name for event in program.core.events if event.schedule is None]
    return kinds[0] if len(kinds) == 1 else None


def _schema(events: Any) -> Any:
    pa = pyarrow("tables")
    if isinstance(events, pa.Table | pa.RecordBatch | pa.RecordBatchReader):
        return events.schema
    raise TypeError("events are a pyarrow.Table, a RecordBatch or a RecordBatchReader")


def _source(events: Any, folder: Path) -> Source:
    pa = pyarrow("tables")
    try:
        if isinstance(events, pa.RecordBatchReader):
            return Filed(events, folder)
        return Held(events if isinstance(events, pa.Table) else pa.Table.from_batches([events]))
    except (OSError, pa.ArrowException) as error:
        raise FeedError(f"the events cannot be read: {error}") from None


def _unnumbered(table: Any) -> Any:
    """A table in which what is of no row has no number."""
    pa = pyarrow("tables")
    compute = pa.compute
    numbers = table.column(NUMBER)
    none = compute.or_(compute.equal(numbers, BEHIND), compute.equal(numbers, 0))
    return table.set_column(0, NUMBER, compute.if_else(none, pa.scalar(None, pa.int64()), numbers))
