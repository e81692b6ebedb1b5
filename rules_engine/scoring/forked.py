"""A list of events scored by several processes that are forked once it is there, so that only results travel.

In: all events of a stream, in order, and how many processes there are, this one included. Out: what one process gives.
Each process has the list, the facts and the states as they were when it began, and scores the events of its members as
a stream of their own; whoever reads takes each result from the process that scores it.

First all events are looked at, for whose they are. Members of whom one has an id that came of another are scored here,
where one comes after the other. Results travel as messages of some events, and each is decoded when it is taken. A
process that is ahead waits once its pipe, and what is kept of it here, are full.

A process is forked only where nothing of the host's can be in the middle of something: on Linux, with no other thread
of Python. There it runs this package and nothing else: events and facts are plain, handlers of signals are put back,
and what the host made is neither collected nor ended.
"""

from __future__ import annotations

import fcntl
import gc
import os
import select
import signal
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NoReturn

import msgspec

from rules_engine.outcome import EventRefused, Outcome, Refused
from rules_engine.scoring.streams import Kept, Looked, Stream, names_in
from rules_engine.scoring.workers import Ended, encode, ended_of, found_in, lost, told, write
from rules_engine.state import State, copied

if TYPE_CHECKING:
    from rules_engine.scoring.program import Program

RUN: Final = 32
"""Events whose results travel at once."""

HERE_COST, THERE_COST, TAKEN_COST = 20, 24, 7
"""What an event costs that is scored here; what one that is scored elsewhere costs there, and here."""

PIPE_BYTES: Final = 1 << 20
READ_BYTES: Final = 1 << 16
KEPT_BYTES: Final = 64 << 20
"""What a pipe holds of results, what is read of it at once, and what is kept here before another process waits."""

POLLED: Final = 256
"""Events after which pipes are looked at, so that none stays full while this process is at its own events."""


def can_fork(events: object, members: object, kept: Kept) -> bool:
    """Whether a stream can be shared out over forks of this process."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    plain = type(members) is dict and type(kept.states) is dict and type(kept.ids) in (set, type(None))
    if not plain or not isinstance(events, list | tuple):
        return False
    assert isinstance(members, dict)
    kinds: set[type] = {*map(type, events), *map(type, members.values()), type(events)}
    return all(kind.__module__ == "builtins" or issubclass(kind, msgspec.Struct) for kind in kinds)


def score_forked(
    program: Program, events: Sequence[object], members: Mapping[str, object], kept: Kept, workers: int
) -> Iterator[Outcome | Refused]:
    """One result for each event, as from one process; states and ids are moved along when the last one was given.
    Raises `WorkerLost` where a process ends before."""
    share = _Share(program, events, members, kept, workers)
    forks: list[_Fork] = []
    try:
        for home in range(1, workers):
            forks.append(_Fork(share, home, forks))
        stream = share.stream(_copies(kept.states, share.homes))
        yield from share.merged(stream, forks)
        for states in [stream.states.met(), *(fork.ended() for fork in forks)]:
            kept.states.update(states)
        if kept.ids is not None:
            kept.ids.update(stream.seen)
    finally:
        for fork in forks:
            fork.stop()


def _copies(states: Mapping[str, State], homes: Mapping[str, int]) -> dict[str, State]:
    """The states of members who are scored here: those of the host stay as they are until all is done."""
    here = {member: state for member, state in states.items() if homes.get(member) == 0}
    return {member: copied(state) if isinstance(state, State) else state for member, state in here.items()}


# ---- whose events are ----

_NOBODY: Final[Looked] = ("", "", None)
"""Whose an event is that will be refused: nobody's."""


class _Share:
    """A stream, and who scores what of it; 0 is the process that reads it."""

    def __init__(
        self, program: Program, events: Sequence[object], members: Mapping[str, object], kept: Kept, workers: int
    ) -> None:
        self.program = program
        self.events = events
        self.members = members
        self.kept = kept
        looking = Looking(Stream(program, members, Kept({}, kept.shared)))
        self.looked = list(map(looking.at, events))
        names = [each[:2] for each in self.looked]
        different = set(names)
        self.came = different & kept.ids if kept.ids else set[tuple[str, str]]()
        again = {name for name, count in Counter(names).items() if count > 1} if len(different) < len(names) else set()
        self.homes: dict[str, int] = {}
        self.places: list[int] = []
        self.numbers: list[list[int]] = [[] for _ in range(workers)]
        self._place(_shared(self.looked, again), again, workers)

    def _place(self, here: set[str], again: set[tuple[str, str]], workers: int) -> None:
        """Share members out, and the events of guests: each to the process that has the least to do."""
        loads = [0] * workers
        homes: dict[str | None, int] = dict.fromkeys(here, 0)
        counts = Counter(map(_MEMBER, self.looked))
        del counts[None]
        for member, count in counts.items():
            _burden(loads, homes.setdefault(member, loads.index(min(loads))), count)
        for each in self.looked:
            home = homes.get(each[2])
            if home is None:
                home = 0 if each[:2] in again else loads.index(min(loads))
                _burden(loads, home, 1)
            self.places.append(home)
        self.homes = homes  # type: ignore[assignment]
        for number, home in enumerate(self.places):
            self.numbers[home].append(number)

    def stream(self, states: dict[str, State]) -> Stream:
        """A stream that goes on from some states."""
        return Stream(self.program, self.members, Kept(states, self.kept.shared, set(self.came)))

    def own(self, stream: Stream, home: int) -> Iterator[Outcome | Refused]:
        """The results that a process makes, in order. What has to be opened is looked at once more. What is of another
        process is not touched: a page that is written to, if only to count who refers to it, is copied."""
        for number in self.numbers[home]:
            sent, looked = self.events[number], self.looked[number]
            opened = looked is not _NOBODY and not isinstance(sent, bytes | bytearray | memoryview)
            yield stream.result(sent, looked if opened else None)

    def merged(self, stream: Stream, forks: Sequence[_Fork]) -> Iterator[Outcome | Refused]:
        """All results, in order; own ones are scored when they are taken."""
        ways = [self.own(stream, 0), *(fork.results() for fork in forks)]
        for number, place in enumerate(self.places):
            result = next(ways[place])
            if place and isinstance(result, Outcome):
                stream.seen.add((result.event, result.id))
            if not number % POLLED:
                for fork in forks:
                    fork.take_in(KEPT_BYTES)
            yield result


_MEMBER: Final = itemgetter(2)


def _burden(loads: list[int], home: int, count: int) -> None:
    """Put events on a process."""
    loads[home] += count * (THERE_COST if home else HERE_COST)
    loads[0] += count * TAKEN_COST if home else 0


def _shared(looked: Iterable[Looked], again: set[tuple[str, str]]) -> set[str]:
    """The members of events whose names come more than once, where not all are of one member."""
    whose: dict[tuple[str, str], set[str | None]] = {}
    for each in looked if again else ():
        if each[:2] in again:
            whose.setdefault(each[:2], set()).add(each[2])
    return {member for found in whose.values() if len(found) > 1 for member in found if member is not None}


class Looking:
    """Whose events are, by as little of each as tells it."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.names = names_in(stream.program.core)

    def at(self, sent: object) -> Looked:
        """The kind of an event, its id and its member; of one that will be refused nobody's."""
        try:
            if isinstance(sent, bytes):
                with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    found = self.names.decode(sent)
                    return found.__struct_config__.tag, found.number, found.member
            return self.stream.looked_at(self.stream.opened(sent))
        except EventRefused:
            return _NOBODY


# ---- the others ----


class _Fork:
    """Another process, seen from here."""

    def __init__(self, share: _Share, home: int, others: Iterable[_Fork]) -> None:
        self.left = len(share.numbers[home])
        self.content = bytearray()
        self.pipe, target = os.pipe()
        fcntl.fcntl(target, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads of libraries, which hold nothing of Python
            self.process = os.fork()
        if not self.process:
            _serve(share, home, target, (self.pipe, *(other.pipe for other in others)))
        os.close(target)
        os.set_blocking(self.pipe, False)
        self.poll = select.poll()
        self.poll.register(self.pipe, select.POLLIN)

    def results(self) -> Iterator[Outcome | Refused]:
        """Its results in order; waits for them."""
        while self.left:
            for result in found_in(self._answer()):
                self.left -= 1
                yield result

    def ended(self) -> dict[str, State]:
        """The states of its members, at the end."""
        return ended_of.decode(self._answer()).states

    def take_in(self, most: int) -> bool:
        """Take in what stands in the pipe, up to so many bytes in all; False where the other end is closed."""
        while len(self.content) < most:
            try:
                found = os.read(self.pipe, READ_BYTES)
            except BlockingIOError:
                return True
            if not found:
                return False
            self.content += found
        return True

    def stop(self) -> None:
        """End it, whatever it is doing."""
        os.close(self.pipe)
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        self._waited()

    def _answer(self) -> bytes:
        """The next message: bytes behind their length."""
        self._whole(8)
        size = self._whole(8 + int.from_bytes(self.content[:8], "big"))
        found = bytes(self.content[8:size])
        del self.content[:size]
        return found

    def _whole(self, size: int) -> int:
        """Wait until so many bytes are there."""
        while len(self.content) < size:
            if not self.take_in(size):
                raise lost(self._waited(), self.left)
            if len(self.content) < size:
                self.poll.poll()
        return size

    def _waited(self) -> int:
        """The code with which it ended; 0 where a handler of the host's took it."""
        with suppress(ChildProcessError):
            return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        return 0


def _serve(share: _Share, home: int, target: int, others: Iterable[int]) -> NoReturn:
    """The work of another process: its results and states are written, and it is gone."""
    try:
        gc.freeze()
        gc.set_threshold(100_000)
        _forget_handlers()
        for pipe in others:
            os.close(pipe)
        stream = share.stream(share.kept.states)
        results = share.own(stream, home)
        with open(target, "wb") as results_out:
            for _ in range(0, len(share.numbers[home]), RUN):
                write(results_out, told(islice(results, RUN)))
            write(results_out, encode(Ended(stream.states.met())))
    finally:
        os._exit(0)


def _forget_handlers() -> None:
    """Signals end this process, but for an interrupt: there the one that reads the stream decides."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else signal.SIG_DFL)


__all__ = ["can_fork", "score_forked"]
