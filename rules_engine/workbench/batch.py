"""A file of events scored as a whole: `score_file` reads, orders, scores and writes, and loses no row.

Events are scored in the order of their moments, those of one moment in the order of the file: what a member reached in
March must not depend on where March stands in the file. They wait as bytes. Results are written in the order of the
file; scheduled events, which happen by themselves in between, follow in the order in which they were scored.

From Parquet to Parquet a file goes by columns (`tabled`), in memory that does not grow with it; else row by row.
"""

from __future__ import annotations

from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from rules_engine.feeds import (
    EFFECT_COLUMNS,
    REJECT_COLUMNS,
    FeedError,
    Tally,
    Writer,
    ending_of,
    open_writer,
    write_shared,
)
from rules_engine.outcome import Outcome
from rules_engine.tables import Row, Rows, Sums, pyarrow
from rules_engine.workbench.memory import remember, remembered
from rules_engine.workbench.replaying import History, Progress, Replay

if TYPE_CHECKING:
    from rules_engine.feeds import Mapping as FeedMapping
    from rules_engine.scoring import Program

Done = tuple[int, Row, tuple[Row, ...]]
"""The number of an event in its file, its row, and the rows of its effects."""

CHECKPOINT_ROWS = 1 << 21
SORT_ROWS = 1 << 20

_BEHIND = 2**62
"""The number of scheduled events, which stand in no row: behind all rows."""


class Job(msgspec.Struct, frozen=True):
    """Which files to read and write; `mapping` is a mapping that was read. Scheduled events are scored up to the day
    `until`, where there is one, else up to each member's last event. From Parquet to Parquet a run that was killed goes
    on where it stood, every `checkpoint_rows` rows; `afresh` it begins again. `sort_rows` are sorted in memory.
    `workers` are threads where events go by columns, else processes among which members are shared out."""

    events: Path
    out: Path
    members: Path | None = None
    mapping: FeedMapping | None = None
    state: Path | None = None
    shared: Path | None = None
    effects: Path | None = None
    rejects: Path | None = None
    until: int | None = None
    afresh: bool = False
    checkpoint_rows: int = CHECKPOINT_ROWS
    sort_rows: int = SORT_ROWS
    workers: int = 1


class Report(msgspec.Struct, frozen=True):
    """What became of the rows, what was given by unit and by offers, the first reasons of rejections, and a remark on
    the state; by which ways events were scored, where columns were tried."""

    tally: Tally
    totals: dict[str, int]
    reasons: tuple[str, ...]
    remark: str
    money: Sums
    paths: tuple[str, ...] = ()


def score_file(program: Program, job: Job, progress: Progress | None = None) -> Report:
    """Score a file; raises `FeedError` where a file cannot be used. Nothing is written unless everything is."""
    _apart(job)
    if _by_columns(job):
        from rules_engine.workbench.tabled import score_parquet, sums_of, tally_of

        said = score_parquet(program, job, progress)
        reasons = tuple(words for _, words in said.reasons)
        return Report(tally_of(said), said.totals, reasons, said.remark, sums_of(said), tuple(said.lines))
    made = Rows(program.core)
    memory = remembered(program, job.state, job.shared)
    money, totals = Sums(), dict.fromkeys((unit.name for unit in program.core.units), 0)
    with ExitStack() as files:
        out = files.enter_context(open_writer(job.out, made.columns()))
        effects = files.enter_context(open_writer(job.effects, EFFECT_COLUMNS)) if job.effects else None
        rejects = files.enter_context(open_writer(job.rejects, REJECT_COLUMNS)) if job.rejects else None
        replay = Replay(program, History(job.events, job.members, job.mapping, job.until), memory, rejects, job.workers)
        done: list[Done] = []
        for read, outcome in replay.results(progress):
            place = _BEHIND if read is None else read.number
            done.append((place, made.row(outcome), made.effects(outcome) if effects else ()))
            _add_up(outcome, totals)
            money.add(outcome)
        _write(done, out, effects)
        reasons = replay.refusals.written()
    if job.state is not None:
        remember(memory, job.state, program)
    if job.shared is not None:
        write_shared(job.shared, memory.shared.to_json())
    return Report(replay.tally, totals, reasons, memory.remark, money)


def _by_columns(job: Job) -> bool:
    """Whether a file goes by columns: from Parquet to Parquet, where NumPy is there."""
    if job.mapping is not None or {ending_of(job.events), ending_of(job.out)} != {".parquet"}:
        return False
    pyarrow()
    return find_spec("numpy") is not None


def _apart(job: Job) -> None:
    """No file is written that is read, or written twice; only state and shared counters are both read and written."""
    outputs = (job.out, job.effects, job.rejects, job.state, job.shared)
    written = [path for path in outputs if path is not None]
    used = [path for path in (job.events, job.members) if path is not None]
    for path in written:
        used.append(path)
        if sum(other.resolve() == path.resolve() for other in used) > 1:
            raise FeedError(f"`{path}` would be written over by this run; name another file")


# ---- out ----


def _add_up(outcome: Outcome, totals: dict[str, int]) -> None:
    for unit, amount in outcome.totals.items():
        totals[unit] += amount


def _write(done: list[Done], out: Writer, effects: Writer | None) -> None:
    """Results were found in the order of time and are written in the order of the file."""
    done.sort(key=lambda each: each[0])
    for _, row, rows in done:
        out.write(row)
        if effects is not None:
            for effect in rows:
                effects.write(effect)
