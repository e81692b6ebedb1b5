"""Another process that scores: what travels between it and this one, and the work that it does.

In, there: a program as its core in MessagePack, then messages of events, facts and states. Out: a message of results
for each, and the states of its members at the end. Messages are bytes behind their length, on the pipes of `python -c`.
Events and facts are plain values, written by `marshal`, which knows no classes and runs nothing; all else is read by
type.
"""

from __future__ import annotations

import marshal
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from queue import SimpleQueue
from subprocess import PIPE
from threading import Thread
from typing import IO, Any, Final

import msgspec

from rules_engine import ir
from rules_engine.event import Event
from rules_engine.outcome import EventRefused, Outcome, Refused
from rules_engine.scoring.streams import Kept, Stream, WorkerLost
from rules_engine.state import Shared, State

# ---- what travels ----


class Start(msgspec.Struct, frozen=True):
    """What a process begins with: a program, the back end that scores it, and the shared counters as they are."""

    core: ir.Program
    fingerprint: str
    backend: str
    shared: Shared


class Results(msgspec.Struct, frozen=True):
    """What became of one run in one process, by the place of each event in it. Outcomes are read one by one."""

    outcomes: list[bytes]
    refused: dict[int, Refused]
    failed: str = ""


class Ended(msgspec.Struct, frozen=True):
    """The states of a process's members, at the end."""

    states: dict[str, State]


encode: Final = msgspec.msgpack.Encoder().encode
_start: Final = msgspec.msgpack.Decoder(Start)
_results: Final = msgspec.msgpack.Decoder(Results)
_outcome: Final = msgspec.msgpack.Decoder(Outcome)
ended_of: Final = msgspec.msgpack.Decoder(Ended)
state_of: Final = msgspec.msgpack.Decoder(State)
_event: Final = msgspec.msgpack.Decoder(Event)


def write(pipe: IO[bytes], content: bytes) -> None:
    """Sends one message, its length before it."""
    pipe.write(len(content).to_bytes(8, "big"))
    pipe.write(content)
    pipe.flush()


def _read(pipe: IO[bytes]) -> bytes | None:
    """The next message; None where the pipe ended, in the middle of one or between two."""
    head = pipe.read(8)
    size = int.from_bytes(head, "big")
    content = pipe.read(size) if len(head) == 8 else b""
    return content if len(head) == 8 and len(content) == size else None


def told(results: Iterable[Outcome | Refused]) -> bytes:
    """Results as they travel, or why they cannot be made."""
    outcomes: list[bytes] = []
    refused: dict[int, Refused] = {}
    try:
        for at, each in enumerate(results):
            if isinstance(each, Outcome):
                outcomes.append(encode(each))
            else:
                refused[at] = each
    except Exception:  # told where the stream is read
        from traceback import format_exc

        return encode(Results([], {}, format_exc()))
    return encode(Results(outcomes, refused))


def found_in(content: bytes) -> Iterator[Outcome | Refused]:
    """Results that travelled, in order; raises `WorkerLost` where they could not be made."""
    found = _results.decode(content)
    if found.failed:
        raise WorkerLost(f"another process failed:\n{found.failed}")
    outcomes = iter(found.outcomes)
    for at in range(len(found.outcomes) + len(found.refused)):
        yield found.refused[at] if at in found.refused else _outcome.decode(next(outcomes))


def lost(code: int, under_way: int) -> WorkerLost:
    """The error for a process that ended with a code, below zero by a signal."""
    how = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
    return WorkerLost(f"another process {how}; {under_way} of its events were under way, and no state was moved along")


def _travelling(sent: object) -> object:
    """An event as it travels, if it is made of plain values; one that was decoded is a tuple of its bytes."""
    if isinstance(sent, Event):
        return (encode(sent),)
    if isinstance(sent, msgspec.Struct):
        return msgspec.to_builtins(sent)
    return bytes(sent) if isinstance(sent, bytearray | memoryview) else sent


def dumped(values: Any) -> bytes | None:
    """Plain values as bytes; None for anything else."""
    try:
        return marshal.dumps(values)
    except ValueError:
        return None


_CODE: Final = "import sys; sys.path[:] = {path!r}; from rules_engine.scoring.workers import serve; serve()"


class Worker:
    """Another process, seen from here. A thread takes in what it writes, so that neither waits for the other."""

    def __init__(self, start: bytes) -> None:
        command = [sys.executable, "-c", _CODE.format(path=sys.path)]
        self.process = subprocess.Popen(command, stdin=PIPE, stdout=PIPE)  # noqa: S603 - this interpreter, our code
        self.answers: SimpleQueue[bytes | None] = SimpleQueue()
        self.sent = 0
        self._events: list[object] = []
        self._places: list[int] = []
        self._facts: dict[str, bytes] = {}
        self._states: dict[str, bytes] = {}
        self._reader = Thread(target=self._take_in, daemon=True)
        self._reader.start()
        self._write(start)

    def introduce(self, member: str, facts: bytes, state: bytes | None) -> None:
        """Put a member's facts, and its state, into the next message."""
        self._facts[member] = facts
        if state is not None:
            self._states[member] = state

    def add(self, place: int, event: object) -> None:
        """Put the event of a place in the run into the next message."""
        self._places.append(place)
        self._events.append(event)

    def send(self, places: list[Refused | int], decoded: Callable[[object], Event]) -> None:
        """Send the message. What is not made of plain values travels as it was decoded; the place in the run of what
        cannot be decoded gets the refusal."""
        events = [_travelling(each) for each in self._events]
        content = dumped((self._facts, self._states, events))
        if content is None:
            events = []
            for place, event in zip(self._places, self._events, strict=True):
                try:
                    whole = dumped(_travelling(event)) is not None
                    events.append(_travelling(event if whole else decoded(event)))
                except EventRefused as reason:
                    places[place] = reason.refused
            content = marshal.dumps((self._facts, self._states, events))
        self.sent += len(events)
        self._write(content)
        self._facts, self._states, self._events, self._places = {}, {}, [], []

    def received(self) -> Iterator[Outcome | Refused]:
        """The results of the oldest message that was sent, in its order; waits for them when the first is taken."""
        for result in found_in(self._answer()):
            self.sent -= 1
            yield result

    def ended(self) -> dict[str, State]:
        """The states of its members, at the end."""
        self._write(b"")
        return ended_of.decode(self._answer()).states

    def stop(self) -> None:
        """End it, whatever it is doing."""
        self.process.kill()
        self.process.wait()
        self._reader.join()  # its pipe has ended
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError, ValueError):
                if pipe is not None:
                    pipe.close()

    def _take_in(self) -> None:
        pipe = self.process.stdout
        assert pipe is not None
        content: bytes | None = b""
        while content is not None:
            try:
                content = _read(pipe)
            except (OSError, ValueError):  # closed from here
                content = None
            self.answers.put(content)

    def _answer(self) -> bytes:
        content = self.answers.get()
        if content is None:
            raise self._lost()
        return content

    def _write(self, content: bytes) -> None:
        pipe = self.process.stdin
        assert pipe is not None
        try:
            write(pipe, content)
        except OSError:
            raise self._lost() from None

    def _lost(self) -> WorkerLost:
        return lost(self.process.wait(), self.sent)


# ---- there ----


def serve() -> None:
    """The work of another process: messages in, results out, until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started it decides
    source, target = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints does not disturb the results
    content = _read(source)
    if content is None:
        return
    stream = _stream(_start.decode(content))
    while (content := _read(source)) is not None:
        write(target, _scored(stream, content) if content else encode(Ended(stream.states.states)))


def _stream(start: Start) -> Stream:
    from rules_engine.scoring.program import Program

    program = Program(start.core, {}, BACKENDS[start.backend](start), start.fingerprint)
    return Stream(program, {}, Kept({}, start.shared))


def _python(start: Start) -> Any:
    from rules_engine.backends.python import Python
    from rules_engine.calendar import zone_version

    return Python(start.core, start.fingerprint, zone_version() if start.core.header.zone else "")


def _reference(start: Start) -> None:
    """A program without a back end is scored by the reference."""


BACKENDS: Final[dict[str, Callable[[Start], Any]]] = {"python": _python, "reference": _reference}
"""The back ends by name: each made anew for a program."""


def _scored(stream: Stream, content: bytes) -> bytes:
    """What becomes of a message."""
    return told(_results_of(stream, content))


def _results_of(stream: Stream, content: bytes) -> Iterator[Outcome | Refused]:
    facts, states, events = marshal.loads(content)  # noqa: S302 - from the process that started this one
    members: Any = stream.members
    members.update((member, marshal.loads(each)) for member, each in facts.items())  # noqa: S302
    stream.states.states.update((member, state_of.decode(each)) for member, each in states.items())
    yield from stream.results(_event.decode(each[0]) if type(each) is tuple else each for each in events)
    stream.seen.clear()  # which ids came is known where the stream is read
