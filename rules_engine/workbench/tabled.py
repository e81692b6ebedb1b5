"""A Parquet file scored into Parquet: read, scored and written at once, in memory that does not grow with the file.

In: a program and a `Job` whose events and results are Parquet. Out: the same rows as event by event, in the order of
the file. One thread reads ahead, one scores, one writes behind. Every so many rows the run puts down where it stands;
after a kill the same command goes on from there, and what it writes is the same as without the kill.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Any

import msgspec

from rules_engine.feeds import (
    EFFECT_COLUMNS,
    REJECT_COLUMNS,
    Output,
    ParquetSource,
    Tally,
    Unfinished,
    at_row,
    folder_of,
    identity,
    write_shared,
)
from rules_engine.tables import (
    Chunk,
    Given,
    Order,
    Part,
    Rows,
    Run,
    Scan,
    Sums,
    check_schema,
    chunks,
    id_hashes,
    in_order,
    only_kind,
)
from rules_engine.workbench.memory import Memory, remember, remembered
from rules_engine.workbench.replaying import History, Progress, facts_of

if TYPE_CHECKING:
    from rules_engine.scoring import Program
    from rules_engine.workbench.batch import Job

_AHEAD, _BEHIND = 2, 1
"""Chunks that are read before they are scored, and that were scored and are not yet being written."""
_REASONS_SHOWN = 3


class Said(msgspec.Struct):
    """What is said of a run, in plain values: they outlive it where it is killed behind its end."""

    summary: dict[str, Any]
    totals: dict[str, int]
    sums: dict[str, Any]
    reasons: list[tuple[int, str]]
    remark: str
    lines: list[str]


def score_parquet(program: Program, job: Job, progress: Progress | None) -> Said:
    """Score a file; raises `FeedError` where one cannot be used. Files appear in their places only when all is done."""
    source = ParquetSource(job.events)
    event = only_kind(program)
    check_schema(source.schema, event, f"`{job.events.name}`")
    outputs = _outputs(program, job)
    work = Unfinished(folder_of(job.out.resolve()), _identity(program, job), job.afresh)
    if work.end is not None:
        work.put(work.end)
        return msgspec.convert(work.end.said, Said)
    try:
        return _Filing(program, job, source, outputs, work, progress or _silent).done()
    except BaseException:
        for output in outputs:
            output.drop()
        if work.point is None and work.end is None:
            for output in outputs:
                output.remove()
            work.close(remove=True)
        else:
            work.close(remove=False)
        raise


def _silent(what: str, done: int, total: int | None) -> None:
    """Nobody watches."""


def _outputs(program: Program, job: Job) -> list[Output]:
    """The files of rows, in the order of the tables of a `Part`; one that is not asked for has no place."""
    columns = (Rows(program.core).columns(), EFFECT_COLUMNS, REJECT_COLUMNS)
    paths = (job.out, job.effects, job.rejects)
    return [Output(path, own) for path, own in zip(paths, columns, strict=True)]


def _identity(program: Program, job: Job) -> dict[str, Any]:
    """Which run this is: what it reads and what it writes."""
    read = {name: identity(getattr(job, name)) for name in ("events", "members", "state", "shared")}
    written = {name: str(path) if (path := getattr(job, name)) else None for name in ("out", "effects", "rejects")}
    return {
        "program": program.fingerprint,
        "zones": program.zones,
        "until": job.until,
        "sort": job.sort_rows,
        **read,
        **written,
    }


class _Filing:
    """One run."""

    def __init__(
        self, program: Program, job: Job, source: ParquetSource, outputs: list[Output], work: Unfinished, told: Progress
    ) -> None:
        self.program, self.job, self.source, self.outputs, self.work = program, job, source, outputs, work
        self.told = told
        self.reasons: list[tuple[int, str]] = []
        self.parts = 0
        self.folder = work.folder / "sorting"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()

    def done(self) -> Said:
        """Score all rows, and put the whole files in their places."""
        program, job = self.program, self.job
        memory = remembered(program, job.state, job.shared)
        members = facts_of(History(job.events, job.members, None, None), program.core)
        given = Given(members, memory.states, memory.pools, memory.shared, memory.seen)
        event = only_kind(program)
        self.told("reading", 0, self.source.rows)
        order = Scan(program.core, event, id_hashes(program.core, given.ids)).order(self.source, self.folder)
        if not order.sorted:
            self.source = ParquetSource(job.events, plain=True)
        stated, effects = job.state is not None, job.effects is not None
        run = Run(program, given, event, order, keep_ids=stated, effects=effects, lots=stated, threads=job.workers)
        scheduled = any(kind.schedule is not None for kind in program.core.events)
        self.streams = order.sorted and not scheduled
        self.direct = self.streams or (order.rows <= job.sort_rows and not scheduled)
        skip = self._resumed(run)
        self._score(run, order, skip)
        if job.until is not None:
            self._late(run)
        run.summary.check()
        return self._whole(run, memory)

    # ---- scoring ----

    def _resumed(self, run: Run) -> int:
        """Go on from where the run before stood; how many rows are done already."""
        point = self.work.point
        if point is None:
            return 0
        self.reasons = [(number, words) for number, words in point.known["reasons"]]
        run.learn(point.known["run"], self.work.arrays())
        self.parts = point.parts
        return point.rows

    def _score(self, run: Run, order: Order, skip: int) -> None:
        """All rows that are not done yet; the writing goes on behind the scoring."""
        writer = _Writer(self)
        job, done, kept = self.job, skip, skip
        held: list[Part] = []
        try:
            for stretch in chunks(self.source, order, self.folder, job.sort_rows, skip):
                for chunk in _ahead(stretch):
                    made = run.begun(chunk)
                    done += len(chunk.numbers)
                    self.told("scoring", done, order.rows)
                    if self.streams:
                        writer.put(made)
                    else:
                        held.append(made())
                    if done - kept >= (job.checkpoint_rows if self.streams else job.sort_rows) and done < order.rows:
                        self._checkpoint(run, writer, held, done)
                        kept = done
            self._checkpoint(run, writer, held, None)
        finally:
            writer.close()

    def _checkpoint(self, run: Run, writer: _Writer, held: list[Part], done: int | None) -> None:
        """Write what is held, and put down where the run stands; at the end of all rows (None) there is no need to."""
        if held:
            joined = _joined(run, held)
            writer.put(lambda: joined)
            held.clear()
        writer.end_part()
        if done is not None:
            self._keep(run, done)

    def _keep(self, run: Run, rows: int) -> None:
        known, arrays = run.known()
        self.work.keep(rows, self.parts, {"run": known, "reasons": self.reasons}, arrays)

    def _late(self, run: Run) -> None:
        """What is due up to the day that was asked for."""
        assert self.job.until is not None
        part = run.settle(self.job.until)
        writer = _Writer(self)
        try:
            writer.put(lambda: part)
            writer.end_part()
        finally:
            writer.close()

    def noted(self, part: Part) -> Part:
        """Keep the first few reasons, in the order of the file."""
        rejects = part.rejects
        if not rejects.num_rows:
            return part
        few = in_order([rejects], rejects.schema).slice(0, _REASONS_SHOWN).to_pylist()
        found = [
            (
                row["number"],
                at_row(row["number"], row["message"]) if row["number"] else f"{row['event']}: {row['message']}",
            )
            for row in few
        ]
        self.reasons = sorted(self.reasons + found, key=lambda each: each[0])[:_REASONS_SHOWN]
        return part

    # ---- the end ----

    def _whole(self, run: Run, memory: Memory) -> Said:
        """Put the files together, and all of them in their places."""
        names = [f"part-{number}" for number in range(self.parts)]
        moves = []
        for output, schema in zip(self.outputs, run.schemas, strict=True):
            if output.target is not None:
                own = names if self.direct else [output.merge(names, schema)]
                moves.append((output.whole(own), output.target))
        if self.job.state is not None:
            after = Memory(dict(run.states()), memory.pools, memory.seen, memory.shared)
            moves.append((beside(self.job.state), self.job.state.resolve()))
            remember(after, moves[-1][0], self.program)
        if self.job.shared is not None:
            moves.append((beside(self.job.shared), self.job.shared.resolve()))
            write_shared(moves[-1][0], memory.shared.to_json())
        remark = "; ".join(filter(None, (self.work.remark, memory.remark)))
        summary = msgspec.to_builtins(run.summary)
        said = Said(summary, run.totals(), run.sums().listed(), self.reasons, remark, run.summary.lines())
        self.work.finish(moves, msgspec.to_builtins(said))
        return said


def beside(target: Path) -> Path:
    """Where a file is made that is written as a whole."""
    folder = folder_of(target.resolve())
    folder.mkdir(exist_ok=True)
    return folder / "whole"


def _joined(run: Run, parts: list[Part]) -> Part:
    """Parts of one stretch of time in the order of the file."""
    tables = (in_order([part[place] for part in parts], run.schemas[place]) for place in range(3))
    return Part(*tables)


def tally_of(said: Said) -> Tally:
    """The account of a run, as that of any other file."""
    tally, counts = Tally(), said.summary
    for count, name in ((tally.read, "read"), (tally.scored, "scored"), (tally.rejected, "rejected")):
        count.add(counts[name], counts[name])
    tally.scheduled, tally.refused = counts["scheduled"], counts["refused"]
    tally.check()
    return tally


def sums_of(said: Said) -> Sums:
    """What rules did, as it was counted."""
    found = Sums()
    found.add_listed(said.sums)
    return found


# ---- threads ----


def _ahead(stretch: Iterator[Chunk]) -> Iterator[Chunk]:
    """The same chunks, read ahead by a thread of their own."""
    waiting: Queue[Any] = Queue(_AHEAD)
    stopped: list[bool] = []

    def read() -> None:
        try:
            for chunk in stretch:
                waiting.put(chunk)
                if stopped:
                    return
            waiting.put(None)
        except BaseException as error:  # it belongs to whoever waits
            waiting.put(error)

    reader = Thread(target=read, daemon=True)
    reader.start()
    try:
        while (found := waiting.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        stopped.append(True)
        while reader.is_alive():
            if not waiting.empty():
                waiting.get()
            reader.join(0.01)


class _Writer:
    """A thread that makes tables of what was scored and writes them, while the next rows are scored."""

    def __init__(self, filing: _Filing) -> None:
        self.filing = filing
        self.waiting: Queue[Callable[[], Part] | None] = Queue(_BEHIND)
        self.failed: list[BaseException] = []
        self.open = False
        self.thread = Thread(target=self._write, daemon=True)
        self.thread.start()

    def put(self, made: Callable[[], Part]) -> None:
        """Write what is made by this, some time."""
        if not self.open:
            self.open = True
            for output in self.filing.outputs:
                output.begin(f"part-{self.filing.parts}", numbered=not self.filing.direct)
        self._raise()
        self.waiting.put(made)

    def end_part(self) -> None:
        """Wait until all is written, and bring the parts to the disk."""
        self.waiting.join()
        self._raise()
        if self.open or not self.filing.parts:
            if not self.open:
                for output in self.filing.outputs:
                    output.begin("part-0", numbered=not self.filing.direct)
            for output in self.filing.outputs:
                output.finish()
            self.filing.parts += 1
        self.open = False

    def close(self) -> None:
        """No more comes."""
        self.waiting.put(None)
        self.thread.join()

    def _raise(self) -> None:
        if self.failed:
            raise self.failed[0]

    def _write(self) -> None:
        while True:
            made = self.waiting.get()
            try:
                if made is None:
                    return
                if not self.failed:
                    for output, table in zip(self.filing.outputs, self.filing.noted(made()), strict=True):
                        output.write(table)
            except BaseException as error:
                self.failed.append(error)
            finally:
                self.waiting.task_done()
