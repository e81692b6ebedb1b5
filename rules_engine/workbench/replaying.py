"""A history replayed: the events of a file in the order of their moments, scored one after the other.

In: a program, the files of a `History`, what is remembered of earlier runs. Out: a result for each event, with the row
that it is of, and one for everything that happens by itself in between; every row is counted, every reason of a refusal
kept. Events wait as bytes, and nothing else is held but states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import orjson

from rules_engine import ir
from rules_engine.calendar import DAY_SECONDS, day_start, parse_date, parse_instant
from rules_engine.decoding import fact_fields
from rules_engine.feeds import FeedError, Read, Tally, Writer, at_row, read_events, read_members, reject_row
from rules_engine.outcome import Outcome, Refused
from rules_engine.values import ValueFault
from rules_engine.workbench.memory import Memory

if TYPE_CHECKING:
    from rules_engine.feeds import Mapping as FeedMapping
    from rules_engine.scoring import Program

Progress = Callable[[str, int, int | None], None]
"""What is being done, how many are done, of how many (None: not known)."""

Result: TypeAlias = Outcome | Refused

_REASONS_SHOWN = 3
_EARLIEST = -(10**12)


class History(msgspec.Struct, frozen=True):
    """Which files hold the events and the members' facts; `mapping` is a mapping that was read. Scheduled events are
    scored up to the day `until`, where there is one, else up to each member's last event."""

    events: Path
    members: Path | None = None
    mapping: FeedMapping | None = None
    until: int | None = None


class Replay:
    """One run over a history: where every row went, and why events were refused."""

    def __init__(
        self, program: Program, history: History, memory: Memory, rejects: Writer | None = None, workers: int = 1
    ) -> None:
        self.workers = workers
        self.program = program
        self.history = history
        self.memory = memory
        self.tally = Tally()
        self.refusals = Refusals(rejects)
        self.members = facts_of(history, program.core)

    def results(self, told: Progress | None = None) -> Iterator[tuple[Read | None, Outcome]]:
        """Each outcome with the event of the file that it is of, or None for what happens by itself."""
        for read, result in self.every(told):
            if isinstance(result, Outcome):
                yield read, result

    def every(self, told: Progress | None = None) -> Iterator[tuple[Read | None, Result]]:
        """The same, with what the scorer refuses in its place among them."""
        told = told or _silent
        core = self.program.core
        waiting = _ordered(_reads(core, self.history), core, self.tally, self.refusals, told)
        found = (
            _shared_out(self.program, waiting, self.members, self.memory, self.workers)
            if self.workers > 1
            else _results(self.program, waiting, self.members, self.memory, self.history.until)
        )
        for number, (read, result) in enumerate(found, 1):
            _count(read, result, self.tally)
            if isinstance(result, Refused):
                for fault in result.faults:
                    self.refusals.add(read or _none(result), fault.code, fault.field, fault.message)
            yield read, result
            if number % 1000 == 0:
                told("scoring", min(number, len(waiting)), len(waiting))
        told("scoring", len(waiting), len(waiting))
        self.tally.check()


def facts_of(history: History, core: ir.Program) -> Mapping[str, object]:
    """The members' facts by id; raises `FeedError` where their file cannot be used."""
    if history.members is None:
        return {}
    return read_members(history.members, mapping=history.mapping, formats=formats_of(fact_fields(core)))


def _silent(what: str, done: int, total: int | None) -> None:
    """Nobody watches."""


def _results(
    program: Program, waiting: list[Read], members: Mapping[str, object], memory: Memory, until: int | None
) -> Iterator[tuple[Read | None, Result]]:
    """Each result with the event of the file that it is of, or None for what happens by itself. The result of an event
    is the last one that comes before the next event is asked for."""
    asked: list[Read | None] = []

    def sent() -> Iterator[dict[str, Any] | bytes]:
        for read in waiting:
            asked.append(read)
            yield sent_event(read)
        asked.append(None)

    results = program.score_many(
        sent(), members, memory.states, pools=memory.pools, shared=memory.shared, ids=memory.seen, in_order=True,
        settle_until=until,
    )  # fmt: skip
    held: tuple[int, Result] | None = None
    for result in results:
        if held is not None:
            yield (asked[held[0]] if len(asked) - 1 > held[0] else None), held[1]
        held = len(asked) - 1, result
    if held is not None:
        yield asked[held[0]], held[1]


def _shared_out(
    program: Program, waiting: list[Read], members: Mapping[str, object], memory: Memory, workers: int
) -> Iterator[tuple[Read | None, Result]]:
    """The same over several processes: nothing happens by itself there, so each event has one result."""
    events = (sent_event(read) for read in waiting)
    try:
        results = program.score_many(
            events, members, memory.states, shared=memory.shared, ids=memory.seen, in_order=True, workers=workers
        )
    except ValueError as why:
        raise FeedError(str(why)) from None
    yield from zip(waiting, results, strict=True)


def _count(read: Read | None, result: Result, tally: Tally) -> None:
    if read is None:
        tally.scheduled += 1
        tally.refused += isinstance(result, Refused)
    elif isinstance(result, Refused):
        tally.reject(read)
    else:
        tally.score(read)


def _none(result: Refused) -> Read:
    """What a reason is of that is of no row."""
    return Read(number=0, rows=0, kind=result.event, key=result.id)


# ---- in ----


def _reads(core: ir.Program, history: History) -> Iterator[Read]:
    kinds = [event for event in core.events if event.schedule is None]
    return read_events(
        history.events,
        mapping=history.mapping,
        event=kinds[0].name if len(kinds) == 1 else None,
        ids={event.name: event.identified_by for event in kinds},
        formats={event.name: formats_of(event.fields) for event in kinds},
    )


def formats_of(fields: Sequence[ir.FieldDef]) -> dict[str, str]:
    """Fields whose cells of CSV are no texts: counts are whole numbers, flags are flags, codes stand between
    semicolons, and money that may come in several currencies says which."""
    kinds = {"count": "integer", "flag": "flag", "codes": "list"}
    found = {field.name: kinds[field.kind] for field in fields if field.kind in kinds}
    found |= {field.name: "money" for field in fields if field.bounds}
    return found | {field.name: "list" for field in fields if field.item is not None and field.item.kind == "text"}


def _ordered(reads: Iterator[Read], core: ir.Program, tally: Tally, refusals: Refusals, told: Progress) -> list[Read]:
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
        self.heads = {event.name: _head(event.dated_by) for event in core.events if event.schedule is None}
        self.zone = core.header.zone

    def of(self, read: Read) -> int:
        """Seconds since 1970, a date as the start of its local day; what cannot be read comes first and is refused
        later."""
        head = self.heads.get(read.kind or "")
        if head is None or read.event is None:
            return _EARLIEST
        try:
            return _moment(head.decode(read.event).dated, self.zone)
        except msgspec.DecodeError:
            return _EARLIEST


def _head(field: str) -> msgspec.json.Decoder[Any]:
    kind = msgspec.defstruct("Head", [("dated", Any, msgspec.field(default=None, name=field))])
    return msgspec.json.Decoder(kind)


def _moment(text: object, zone: str | None) -> int:
    if not isinstance(text, str):
        return _EARLIEST
    try:
        return _start(parse_date(text), zone) if len(text) == 10 else parse_instant(text)
    except ValueFault:
        return _EARLIEST


def _start(day: int, zone: str | None) -> int:
    return day * DAY_SECONDS if zone is None else day_start(day, zone)


def sent_event(read: Read) -> dict[str, Any] | bytes:
    """The event for the scorer, which wants its kind in it."""
    assert read.event is not None
    if b'"event"' in read.event:
        return read.event
    return {**orjson.loads(read.event), "event": read.kind}


# ---- refusals ----


class Refusals:
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
        return tuple(
            at_row(read.number, message) if read.number else f"{read.key}: {message}"
            for read, _, _, message in self.kept[:_REASONS_SHOWN]
        )
