"""`score_many` over several processes: members are shared out, each process scores the events of its own.

In: a stream, and how many processes there are, this one included. Out: what one process would give, in the same order,
and the same states. A member belongs to one process from its first event on, so a program where members touch each
other (shared counters, other people, households, events that happen by themselves) is refused: `why_alone` says why.

A list is shared out over forks of this process where that can be (`forked.py`), and nothing of what follows is needed.

This process reads the stream, looks whose event each is, and scores a part of the members itself, so only the rest
travels. What travels: the program as its core, in MessagePack read by type; events and facts of plain values by
`marshal`, which knows no classes and runs nothing; outcomes and states in MessagePack again. What is made of anything
else (a `Decimal`) is scored here, or travels as it was decoded. Events are taken and sent in runs, and results are put
in order run by run. An id that is still under way somewhere is waited for, so that it is scored once.

The others (`workers.py`) are started as `python -c` on pipes: no module of the host is imported again, whatever it runs
at import. They end when their pipe does. One that dies is an error (`WorkerLost`), and no state is moved along then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

import msgspec

from rules_engine import ir
from rules_engine.outcome import EventRefused, Outcome, Refused
from rules_engine.scoring.company import Accounts, ties_of
from rules_engine.scoring.forked import can_fork, score_forked
from rules_engine.scoring.streams import Kept, Looked, Stream, again, arranged, names_in
from rules_engine.scoring.workers import BACKENDS, Start, Worker, dumped, encode, state_of

if TYPE_CHECKING:
    from rules_engine.scoring.program import Program

RUN: Final = 256
"""Events that are sent, and put in order, at once."""

AHEAD: Final = 4
"""Runs that are sent before the first of them is waited for."""

HERE_COST, SENT_COST, TRAVEL_COST = 20, 9, 24
"""What an event costs that is scored here; what one that is scored elsewhere costs here, and there."""


def why_alone(core: ir.Program) -> str:
    """Why members of a program cannot be shared out over processes; empty where they can."""
    for each in ir.records((core.rules, core.offers, core.groups, core.offer_groups, core.matches)):
        if isinstance(each, ir.LimitDef) and each.owner == "shared":
            return f"all members share what the limit of {each.key} counts"
    ties = ties_of(core)
    if ties.pooled:
        return "members of a household share what it keeps"
    if ties.gives or ties.reads:
        return "members read facts of others, or give to them"
    if ties.scheduled:
        return f"`{next(iter(ties.scheduled))}` happens by itself, in its turn among the events of all members"
    return ""


def score_over(
    program: Program, events: Iterable[object], members: Mapping[str, object], kept: Kept, in_order: bool, workers: int
) -> Iterator[Outcome | Refused]:
    """One result for each event, as from one process. States stand in their dictionary when the last result was given.

    Raises `ValueError` for a program whose members cannot be shared out, `WorkerLost` where a process dies.
    """
    if workers < 1:
        raise ValueError(f"`workers` is how many processes score, this one included, not {workers}")
    why = why_alone(program.core)
    if why:
        raise ValueError(f"this program is scored in one process: {why}")
    if program.backend.name not in BACKENDS:
        raise ValueError(f"the back end `{program.backend.name}` is not known to other processes")
    if not in_order:
        events = list(arranged(Stream(program, members, kept), events))
    if can_fork(events, members, kept):
        return score_forked(program, cast("Sequence[object]", events), members, kept, workers)
    return _Sharing(program, members, kept, workers).results(events)


# ---- here ----


class _Run:
    """A run of events under way: a result for each, or where it will come from."""

    def __init__(self) -> None:
        self.places: list[Refused | int] = []
        """By event: a refusal already, or the number of the process that scores it; 0 is this one."""
        self.own: list[tuple[object, Looked, object]] = []
        self.names: list[tuple[str, str]] = []
        """By event: its kind and its id; empty for one that was refused when it came."""
        self.sent: list[int] = []

    def refuse(self, refused: Refused) -> None:
        """Put an event that is refused already."""
        self.places.append(refused)
        self.names.append(("", ""))


class _Sharing:
    """One stream, shared out."""

    def __init__(self, program: Program, members: Mapping[str, object], kept: Kept, workers: int) -> None:
        self.kept = kept
        self.stored = Accounts(kept.states, program.checked_state)
        self.own = Stream(program, members, Kept({}, kept.shared, set()))
        self.before = kept.ids if kept.ids is not None else set[tuple[str, str]]()
        self.names = names_in(program.core)
        self.homes: dict[str, int] = {}
        self.facts: dict[str, object] = {}
        self.loads = [0] * workers
        self.under_way: set[tuple[str, str]] = set()
        self.workers: list[Worker] = []

    def results(self, events: Iterable[object]) -> Iterator[Outcome | Refused]:
        """All results, in order; the other processes live as long as this generator."""
        try:
            start = encode(
                Start(
                    self.own.program.core, self.own.program.fingerprint, self.own.program.backend.name, self.own.shared
                )
            )
            self.workers += [Worker(start) for _ in self.loads[1:]]
            yield from self._runs(events)
            for worker in self.workers:
                self.own.states.states.update(worker.ended())
            self.kept.states.update(self.own.states.states)
            self.before |= self.own.seen
        finally:
            for worker in self.workers:
                worker.stop()

    def _runs(self, events: Iterable[object]) -> Iterator[Outcome | Refused]:
        waiting: deque[_Run] = deque()
        run = _Run()
        for sent in events:
            looked = self._looked_at(sent)
            if not isinstance(looked, Refused) and looked[1][:2] in self.under_way:
                self._send(run)  # whether it is scored there decides what becomes of this one
                for each in (*waiting, run):
                    yield from self._done(each)
                waiting.clear()
                run = _Run()
            self._place(sent, looked, run)
            if len(run.places) == RUN:
                self._send(run)
                waiting.append(run)
                run = _Run()
                if len(waiting) > AHEAD:
                    yield from self._done(waiting.popleft())
        self._send(run)
        for each in (*waiting, run):
            yield from self._done(each)

    # -- out

    def _looked_at(self, sent: object) -> tuple[object, Looked] | Refused:
        """The event as it was opened, with its kind, its id and its member; or the refusal that it gets. Text of a
        member who lives elsewhere is opened there: here it is enough to see whose it is."""
        try:
            if isinstance(sent, bytes):
                seen = self._seen(sent)
                if seen is not None:
                    return sent, seen
            event = self.own.opened(sent)
            return event, self.own.looked_at(event)
        except EventRefused as reason:
            return reason.refused

    def _seen(self, sent: bytes) -> Looked | None:
        """The names in the text of a new event of a member who lives elsewhere; None for any other."""
        try:
            found = self.names.decode(sent)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        looked = found.__struct_config__.tag, found.number, found.member
        known = any(looked[:2] in ids for ids in (self.before, self.own.seen, self.under_way))
        return looked if found.member is not None and self.homes.get(found.member) and not known else None

    def _place(self, sent: object, looked: tuple[object, Looked] | Refused, run: _Run) -> None:
        """Give an event to a process."""
        if isinstance(looked, Refused):
            run.refuse(looked)
            return
        event, (name, number, member) = looked
        try:
            if (name, number) in self.before or (name, number) in self.own.seen:
                raise again(name, number)
            home = self._home(name, number, member)
        except EventRefused as reason:
            run.refuse(reason.refused)
            return
        if home:
            self._keep_up(member, home)
            self.workers[home - 1].add(len(run.places), sent)
            self.loads[home] += TRAVEL_COST
            self.loads[0] += SENT_COST
        else:
            run.own.append((event, looked[1], None if member is None else self.own.members.get(member)))
            self.loads[0] += HERE_COST
        self.under_way.add((name, number))
        run.names.append((name, number))
        run.places.append(home)

    def _home(self, name: str, number: str, member: str | None) -> int:
        """The process of a member; a new one's, and a guest's, is the one with the least to do. Raises `EventRefused`
        for a member's state."""
        home = None if member is None else self.homes.get(member)
        if home is not None:
            return home
        home = self.loads.index(min(self.loads))
        if member is not None:
            home = self.homes[member] = self._introduce(member, self._stored(member, name, number), home)
        return home

    def _stored(self, member: str, name: str, number: str) -> bytes | None:
        """A member's state as the stream began with it."""
        try:
            state = self.stored.of(member)
        except EventRefused as reason:
            raise EventRefused(Refused(name, number, reason.faults)) from None
        return None if state is None else encode(state)

    def _introduce(self, member: str, state: bytes | None, home: int) -> int:
        """Send a member's facts and state to its process; where its facts are not made of plain values, that is this
        one."""
        facts = self.own.members.get(member)
        packed = dumped(facts) if home else None
        if packed is not None:
            self.facts[member] = facts
            self.workers[home - 1].introduce(member, packed, state)
            return home
        if state is not None:
            self.own.states.states[member] = state_of.decode(state)
        return 0

    def _keep_up(self, member: str | None, home: int) -> None:
        """Send facts that are others than they were."""
        if member is None:
            return
        facts = self.own.members.get(member)
        if facts is not self.facts[member]:
            packed = dumped(facts)
            if packed is None:
                raise TypeError(f"the facts of {member!r} changed into what cannot be sent to another process")
            self.facts[member] = facts
            self.workers[home - 1].introduce(member, packed, None)

    def _send(self, run: _Run) -> None:
        """Send what was put together for a run."""
        for number, worker in enumerate(self.workers, 1):
            if number in run.places:
                run.sent.append(number)
                worker.send(run.places, self.own.program.event)

    # -- back

    def _done(self, run: _Run) -> Iterator[Outcome | Refused]:
        """The results of a run, in order. Each is made when it is taken: thousands that wait would cost what they cost
        again, in the collector."""
        own = iter(run.own)
        found = {number: self.workers[number - 1].received() for number in run.sent}
        for place, name in zip(run.places, run.names, strict=True):
            if isinstance(place, Refused):
                result: Outcome | Refused = place
            else:
                result = next(found[place]) if place else self._scored(*next(own))
            self.under_way.discard(name)
            if isinstance(result, Outcome):
                self.own.seen.add(name)
            yield result

    def _scored(self, event: object, looked: Looked, facts: object) -> Outcome | Refused:
        try:
            return self.own.score(event, looked, facts)
        except EventRefused as reason:
            return reason.refused


__all__ = ["score_over", "why_alone"]
