"""A file of events scored as a whole: `score_file` reads, orders, scores and writes, and loses no row.

Events are scored in the order of their moments, those of one moment in the order of the file: what a member reached in
March must not depend on where March stands in the file. They wait as bytes. Results are written in the order of the
file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

from rules_engine import ir
from rules_engine.calendar import parse_date, parse_instant
from rules_engine.decoding import decode_shared, decode_state, encode_state, fact_fields
from rules_engine.feeds import (
    EFFECT_COLUMNS,
    REJECT_COLUMNS,
    FeedError,
    Read,
    Tally,
    Writer,
    at_row,
    open_writer,
    read_events,
    read_members,
    read_shared,
    read_state,
    reject_row,
    write_shared,
    write_state,
)
from rules_engine.outcome import Outcome, Refused
from rules_engine.state import STATE_VERSION, Shared, State
from rules_engine.values import ValueFault
from rules_engine.workbench.rows import Row, Rows, Sums

if TYPE_CHECKING:
    from rules_engine.feeds import Mapping as FeedMapping
    from rules_engine.scoring import Program

Progress = Callable[[str, int, int | None], None]
"""What is being done, how many are done, of how many (None: not known)."""

Done = tuple[int, Row, tuple[Row, ...]]
"""The number of an event in its file, its row, and the rows of its effects."""

_DAY_SECONDS = 86_400
_REASONS_SHOWN = 3
_EARLIEST = -(10**12)


class Job(msgspec.Struct, frozen=True):
    """Which files to read and write; `mapping` is a mapping that was read."""

    events: Path
    out: Path
    members: Path | None = None
    mapping: FeedMapping | None = None
    state: Path | None = None
    shared: Path | None = None
    effects: Path | None = None
    rejects: Path | None = None


class Report(msgspec.Struct, frozen=True):
    """What became of the rows, what was given by unit and by offers, the first reasons of rejections, and a remark on
    the state."""

    tally: Tally
    totals: dict[str, int]
    reasons: tuple[str, ...]
    remark: str
    money: Sums


class Memory(msgspec.Struct, frozen=True):
    """What a run goes on from: states by member, what all members share, and the events that are scored already."""

    states: dict[str, State]
    seen: set[tuple[str, str]]
    shared: Shared
    remark: str = ""


def score_file(program: Program, job: Job, progress: Progress | None = None) -> Report:
    """Score a file; raises `FeedError` where a file cannot be used. Nothing is written unless everything is."""
    told = progress or _silent
    core = program.core
    made = Rows(core)
    _apart(job)
    members = (
        read_members(job.members, mapping=job.mapping, formats=formats_of(fact_fields(core))) if job.members else {}
    )
    memory = _remembered(program, job)
    tally, money, totals = Tally(), Sums(), dict.fromkeys((unit.name for unit in core.units), 0)
    with ExitStack() as files:
        out = files.enter_context(open_writer(job.out, made.columns()))
        effects = files.enter_context(open_writer(job.effects, EFFECT_COLUMNS)) if job.effects else None
        refusals = _Refusals(files.enter_context(open_writer(job.rejects, REJECT_COLUMNS)) if job.rejects else None)
        waiting = _ordered(_reads(core, job), core, tally, refusals, told)
        sent = (_sent(read) for read in waiting)
        results = program.score_many(sent, members, memory.states, shared=memory.shared, ids=memory.seen, in_order=True)
        done: list[Done] = []
        for number, (read, result) in enumerate(zip(waiting, results, strict=True), 1):
            if isinstance(result, Refused):
                tally.reject(read)
                for fault in result.faults:
                    refusals.add(read, fault.code, fault.field, fault.message)
            else:
                tally.score(read)
                done.append((read.number, made.row(result), made.effects(result) if effects else ()))
                _add_up(result, totals)
                money.add(result)
            if number % 1000 == 0:
                told("scoring", number, len(waiting))
        told("scoring", len(waiting), len(waiting))
        _write(done, out, effects)
        reasons = refusals.written()
        tally.check()
    if job.state is not None:
        _remember(memory, job.state, program.fingerprint)
    if job.shared is not None:
        write_shared(job.shared, memory.shared.to_json())
    return Report(tally, totals, reasons, memory.remark, money)


def _apart(job: Job) -> None:
    """No file is written that is read, or written twice; only state and shared counters are both read and written."""
    outputs = (job.out, job.effects, job.rejects, job.state, job.shared)
    written = [path for path in outputs if path is not None]
    used = [path for path in (job.events, job.members) if path is not None]
    for path in written:
        used.append(path)
        if sum(other.resolve() == path.resolve() for other in used) > 1:
            raise FeedError(f"`{path}` would be written over by this run; name another file")


def _silent(what: str, done: int, total: int | None) -> None:
    """Nobody watches."""


# ---- in ----


def _reads(core: ir.Program, job: Job) -> Iterator[Read]:
    only = core.events[0].name if len(core.events) == 1 else None
    return read_events(
        job.events,
        mapping=job.mapping,
        event=only,
        ids={event.name: event.identified_by for event in core.events},
        formats={event.name: formats_of(event.fields) for event in core.events},
    )


def formats_of(fields: Sequence[ir.FieldDef]) -> dict[str, str]:
    """Fields whose cells of CSV are no texts: counts are whole numbers, flags are flags, codes stand between
    semicolons, and money that may come in several currencies says which."""
    kinds = {"count": "integer", "flag": "flag", "codes": "list"}
    found = {field.name: kinds[field.kind] for field in fields if field.kind in kinds}
    found |= {field.name: "money" for field in fields if field.bounds}
    return found | {field.name: "list" for field in fields if field.item is not None and field.item.kind == "text"}


def _ordered(reads: Iterator[Read], core: ir.Program, tally: Tally, refusals: _Refusals, told: Progress) -> list[Read]:
    """The events to score in the order of their moments; what the feed itself rejects is written at once."""
    moments = _Moments(core)
    waiting: list[tuple[int, int, Read]] = []
    for number, read in enumerate(reads, 1):
        if tally.add(read):
            waiting.append((moments.of(read), number, read))
        elif read.fault is not None:
            refusals.add(read, read.fault.code, read.fault.field, read.fault.message)
        if number % 5000 == 0:
            told("reading", number, None)
    waiting.sort(key=lambda each: each[:2])
    return [read for _, _, read in waiting]


class _Moments:
    """The moment of an event, from the one field that dates it."""

    def __init__(self, core: ir.Program) -> None:
        self.heads = {event.name: _head(event.dated_by) for event in core.events}

    def of(self, read: Read) -> int:
        """Seconds since 1970, a date as its midnight; what cannot be read comes first and is refused later."""
        head = self.heads.get(read.kind or "")
        if head is None or read.event is None:
            return _EARLIEST
        try:
            return _moment(head.decode(read.event).dated)
        except msgspec.DecodeError:
            return _EARLIEST


def _head(field: str) -> msgspec.json.Decoder[Any]:
    kind = msgspec.defstruct("Head", [("dated", Any, msgspec.field(default=None, name=field))])
    return msgspec.json.Decoder(kind)


def _moment(text: object) -> int:
    if not isinstance(text, str):
        return _EARLIEST
    try:
        return parse_date(text) * _DAY_SECONDS if len(text) == 10 else parse_instant(text)
    except ValueFault:
        return _EARLIEST


def _sent(read: Read) -> dict[str, Any] | bytes:
    """The event for the scorer, which wants its kind in it."""
    assert read.event is not None
    if b'"event"' in read.event:
        return read.event
    return {**orjson.loads(read.event), "event": read.kind}


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


class _Refusals:
    """Reasons of rejections: all of them to a file, if there is one, and the first few to show."""

    def __init__(self, writer: Writer | None) -> None:
        self.writer = writer
        self.kept: list[tuple[Read, str, str | None, str]] = []

    def add(self, read: Read, code: str, field: str | None, message: str) -> None:
        """One reason why an event is rejected; an event may have several."""
        self.kept.append((read, code, field, message))

    def written(self) -> tuple[str, ...]:
        """Write all of them in the order of the file; the first few, to show."""
        self.kept.sort(key=lambda each: each[0].number)
        for read, code, field, message in self.kept if self.writer is not None else ():
            assert self.writer is not None
            self.writer.write(reject_row(read, code, field, message))
        return tuple(at_row(read.number, message) for read, _, _, message in self.kept[:_REASONS_SHOWN])


# ---- what is remembered between runs ----


def _remembered(program: Program, job: Job) -> Memory:
    """The states, ids and shared counters of the run before; what this program cannot go on from raises
    `FeedError`."""
    path, shared = job.state, _shared(program, job.shared)
    found = read_state(path, version=STATE_VERSION) if path is not None else None
    if found is None:
        return Memory({}, set(), shared)
    owners, seen = found.state.get("members"), found.state.get("events")
    if not isinstance(owners, Mapping) or not isinstance(seen, Mapping) or not all(map(_listed, seen.values())):
        raise FeedError(f"the state file `{path}` does not hold members and events; nothing was scored from it")
    states: dict[str, State] = {}
    problems: list[str] = []
    for owner, raw in owners.items():
        state = decode_state(raw, program.core)
        if isinstance(state, State):
            states[owner] = state
        else:
            problems += [f"the state file `{path}`, member `{owner}`: {fault.message}" for fault in state]
        if len(problems) >= 5:
            break
    if problems:
        raise FeedError(*problems)
    other = found.fingerprint != program.fingerprint
    remark = "the state was written by another version of the program" if other else ""
    return Memory(states, {(kind, each) for kind, ids in seen.items() for each in ids}, shared, remark)


def _shared(program: Program, path: Path | None) -> Shared:
    """The shared counters of the run before."""
    shared = decode_shared(read_shared(path) if path is not None else None, program.core)
    if isinstance(shared, Shared):
        return shared
    raise FeedError(*(f"the file of shared counters `{path}`: {fault.message}" for fault in shared))


def _listed(ids: object) -> bool:
    return isinstance(ids, list) and all(isinstance(each, str) for each in ids)


def _remember(memory: Memory, path: Path, fingerprint: str) -> None:
    seen: dict[str, list[str]] = {}
    for kind, each in sorted(memory.seen):
        seen.setdefault(kind, []).append(each)
    owners = {owner: encode_state(state) for owner, state in memory.states.items()}
    write_state(path, {"members": owners, "events": seen}, version=STATE_VERSION, fingerprint=fingerprint)
