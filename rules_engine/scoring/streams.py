"""Streams of events: `score_many` scores them in the order of time and keeps the members' states.

Events that come in any order are held as they were sent until all are there, and sorted by instant, then by arrival;
events that come in order are scored one at a time, and nothing is held but states and ids.

Whose event it is has to be known before it is scored, to find the state. So an event is looked at first: its kind, its
id and its member are read, from bytes by the back end's plain structs; whatever cannot be seen so is decoded the slow
way. Where events touch other people or households, or happen by themselves, all are decoded, and `Company` scores them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import msgspec

from rules_engine.decoding import Place, attribute, fault
from rules_engine.event import Event
from rules_engine.outcome import EventRefused, Outcome, Refused, applied_in_place
from rules_engine.scoring.company import Accounts, Company, ties_of
from rules_engine.scoring.days import Day, day_number
from rules_engine.scoring.sent import in_place
from rules_engine.state import Shared, State

if TYPE_CHECKING:
    from rules_engine import ir
    from rules_engine.scoring.program import Program

_FIRST = -(2**62)

Looked: TypeAlias = tuple[str, str, str | None]
"""The kind of an event, its id and its member."""


class Kept(msgspec.Struct, frozen=True):
    """What a stream keeps up to date in place: states by member and of pools by household, the shared counters, kinds
    and ids that came."""

    states: dict[str, State]
    shared: Shared
    ids: set[tuple[str, str]] | None = None
    pools: dict[str, State] = {}


class Stream:
    """One run over a stream: the states and ids that it keeps."""

    def __init__(self, program: Program, members: Mapping[str, object], kept: Kept) -> None:
        self.program = program
        self.members = members
        self.states = Accounts(kept.states, program.checked_state)
        self.shared = kept.shared
        self.counters = program.checked_shared(kept.shared, mend=True)
        self.seen = set() if kept.ids is None else kept.ids
        self.events = {event.name: event for event in program.core.events}
        ties = ties_of(program.core)
        pools = Accounts(kept.pools, program.checked_pool)
        self.company = Company(program, ties, members, self.states, pools) if ties.any else None

    def results(self, events: Iterable[object], until: int | None = None) -> Iterator[Outcome | Refused]:
        """One result for each event, in the order given, and what happens by itself before it; at the end what is due
        up to a day."""
        if self.company is not None:
            yield from self._with_others(self.company, events, until)
            return
        for sent in events:
            yield self.result(sent)

    def _with_others(
        self, company: Company, events: Iterable[object], until: int | None
    ) -> Iterator[Outcome | Refused]:
        for sent in events:
            name = number = ""
            try:
                event = self.program.event(sent)
                name, number = event.name, event.id
                if (name, number) in self.seen:
                    raise again(name, number)
                yield from company.due_before(event, self.shared, self.counters)
                yield company.score(event, self.shared, self.counters)
                if event.occurrence is None:
                    self.seen.add((name, number))
            except EventRefused as reason:
                refused = reason.refused
                yield refused if refused.event else Refused(name, number, refused.faults)
        if until is not None:
            yield from company.settle(tuple(self.states.states), until, self.shared, self.counters)

    def result(self, sent: object, looked: Looked | None = None) -> Outcome | Refused:
        """The result of an event that touches its own member alone; one that was looked at was opened before."""
        try:
            if looked is not None:
                return self._score(sent, looked)
            event = self.opened(sent)
            return self._score(event, self.looked_at(event))
        except EventRefused as reason:
            return reason.refused

    def _score(self, event: object, looked: Looked) -> Outcome:
        name, number, member = looked
        if (name, number) in self.seen:
            raise again(name, number)
        return self.score(event, looked, None if member is None else self.members.get(member))

    def score(self, event: object, looked: Looked, facts: object) -> Outcome:
        """Score an event that was looked at and did not come before, and move its member along; raises
        `EventRefused`."""
        name, number, member = looked
        state = None if member is None else self.state_of(member, name, number)
        outcome = self.program.score_checked(event, facts, state, self.counters)
        self.seen.add((name, number))
        if outcome.reserved:
            self.shared.reserve(outcome.reserved)
        if member is not None:
            applied_in_place(self.states.made(member) if state is None else state, outcome)
        return outcome

    def state_of(self, member: str, name: str, number: str) -> State | None:
        """The state kept of a member, as far as there is one; raises `EventRefused` in the name of an event."""
        try:
            return self.states.of(member)
        except EventRefused as reason:
            raise EventRefused(Refused(name, number, reason.faults)) from None

    def opened(self, sent: object) -> Any:
        """Bytes as a plain struct or, where that fails, as a decoded event; anything else as it is."""
        if isinstance(sent, bytes | bytearray | memoryview):
            quick = self.program.backend.opened(bytes(sent))
            return quick if quick is not None else self.program.event(sent)
        return sent

    def looked_at(self, event: Any) -> Looked:
        """Kind, id and member; texts as they will be read, or by decoding where they are no plain texts."""
        if not isinstance(event, Event):
            found = self._plainly(event)
            if found is not None:
                return found
            event = self.program.event(event)
        return event.name, event.id, event.member

    def _plainly(self, event: Any) -> Looked | None:
        if type(event) is dict:
            name = event.get("event")
            kind = self.events.get(name) if type(name) is str else None
            values = None if kind is None else (event.get(kind.identified_by), event.get(kind.owner))
        else:
            kind = self._kind(event)
            values = None if kind is None else _attributes(event, kind)
        if kind is None or values is None or type(values[0]) is not str:
            return None
        if values[1] is not None and type(values[1]) is not str:
            return None
        return kind.name, values[0], values[1]

    def _kind(self, event: Any) -> ir.EventDef | None:
        config = getattr(event, "__struct_config__", None)
        return None if config is None else self.events.get(config.tag)

    def instant(self, sent: object) -> int:
        """The instant of an event; what cannot be read comes first, to be refused again."""
        try:
            event = self.opened(sent)
            return (event if isinstance(event, Event) else self.program.event(event)).instant
        except EventRefused:
            return _FIRST


class WorkerLost(RuntimeError):  # noqa: N818 - named for what happened
    """A process of `score_many(workers=...)` ended before its work did: killed, out of memory, or by a mistake of ours.
    Outcomes of events that were under way are lost, and no state was moved along: the stream can be scored again.

    >>> try:
    ...     for result in program.score_many([order], {"m-7": member}, workers=2):
    ...         print(result.totals)
    ... except WorkerLost as lost:
    ...     print(lost)
    {'point': 5}
    """


def again(name: str, number: str) -> EventRefused:
    """The refusal of an event that came before."""
    return EventRefused(Refused(name, number, (fault("V152", Place(name), "", event=name, id=number),)))


def names_in(core: ir.Program) -> msgspec.json.Decoder[Any]:
    """What finds the kind of an event (its tag) in its text, its id (`number`) and its `member`."""
    kinds = []
    for event in core.events:
        if event.schedule is None:
            fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [("number", str), ("member", str | None, None)]
            rename = {"number": event.identified_by, "member": event.owner}
            kinds.append(msgspec.defstruct(event.name, fields, rename=rename, tag=event.name, tag_field="event"))
    return msgspec.json.Decoder(Union[tuple(kinds)] if kinds else None)  # noqa: UP007


def _attributes(event: msgspec.Struct, kind: ir.EventDef) -> tuple[Any, Any]:
    return getattr(event, attribute(kind.identified_by), None), getattr(event, attribute(kind.owner), None)


def score_many(
    self: Program,
    events: Iterable[object],
    members: Mapping[str, object] | None = None,
    states: dict[str, State] | None = None,
    *,
    shared: Shared | None = None,
    pools: dict[str, State] | None = None,
    ids: set[tuple[str, str]] | None = None,
    in_order: bool = False,
    settle_until: Day | None = None,
    workers: int = 1,
) -> Iterator[Outcome | Refused]:
    """Score a stream: one result for each event, in the order of their instants, then of their arrival.

    `states` (by member), `pools` (by household) and `shared` are kept up to date in place, so pass dictionaries and
    a `Shared` to have them at the end. An id that came before (in this stream, or in `ids`) is refused. With
    `in_order` events are scored as they come, and nothing is held.

    Scheduled events are put in: before an event, whatever is posted up to its day, of everybody whom it touches; at
    the end, with `settle_until`, what is posted up to that day, of all members. Their outcomes stand among the
    results and say when they were `posted`.

    With several `workers` members are shared out over so many processes, this one included. Events are then taken some
    hundreds at a time, a list and its members' facts all at once, so their values must not be changed once they were
    given, and states stand in their dictionary when the last result was taken. Raises `ValueError` for a program whose
    members touch each other, and `WorkerLost` where a process dies.
    """
    in_place(states, dict, "states", "a dictionary of states by member")
    in_place(shared, Shared, "shared", "a `Shared`")
    in_place(pools, dict, "pools", "a dictionary of states by household")
    kept = Kept(
        {} if states is None else states,
        Shared() if shared is None else shared,
        ids,
        {} if pools is None else pools,
    )
    if workers != 1:
        from rules_engine.scoring.processes import score_over

        return score_over(self, events, members or {}, kept, in_order, workers)
    until = None if settle_until is None else day_number(settle_until)
    stream = Stream(self, members or {}, kept)
    return stream.results(events if in_order else arranged(stream, events), until)


def arranged(stream: Stream, events: Iterable[object]) -> Iterator[object]:
    """Events by their instants, then by their arrival; all are held."""
    held = sorted((stream.instant(sent), number, sent) for number, sent in enumerate(events))
    return (sent for _, _, sent in held)
