"""Example events with both explanations: why each program gave what it gave.

In: the events that are wanted. Out: an `Example` for each. An explanation needs the states as they stood before the
event, which a stream moves along in place. So the files are scored once more, by programs that tell of the wanted
events while they are scored, and stop when all are told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

import msgspec

from rules_engine.event import Event, Facts
from rules_engine.outcome import EventRefused, Outcome, People
from rules_engine.scoring import Program
from rules_engine.state import Shared, State
from rules_engine.workbench import History, Replay, nothing

if TYPE_CHECKING:
    from rules_engine.scoring import Explanation

_AROUND = 1
_PLACE = re.compile(r"  \([^()\n]+:\d+\)$", re.MULTILINE)
"""Where a rule stands: other lines of the file are no difference."""


class Wanted(msgspec.Struct, frozen=True):
    """An event to explain: its kind, its id, its member, its row in the file (0: it happens by itself), and in what its
    outcomes differ."""

    event: str
    id: str
    member: str | None
    row: int
    ways: tuple[str, ...]


class Example(msgspec.Struct, frozen=True):
    """An event with both explanations, as text and as JSON; empty where a program did not score it, with the reason."""

    wanted: Wanted
    old: str
    new: str
    old_json: msgspec.Raw
    new_json: msgspec.Raw

    @property
    def difference(self) -> tuple[str, ...]:
        """The lines of the explanations that differ, `-` before and `+` after, with those beside them."""
        one, other = (_PLACE.sub("", each).splitlines() for each in (self.old, self.new))
        lines = list(unified_diff(one, other, lineterm="", n=_AROUND))[3:]
        return tuple("   ..." if each.startswith("@@") else each for each in lines)


class Watched(Program):
    """A program that explains the events that are wanted while a stream scores them."""

    __slots__ = ("told", "waiting", "wanted")

    def __init__(self, program: Program, wanted: Iterable[Wanted]) -> None:
        super().__init__(program.core, program.sources, program.backend, program.fingerprint)
        self.wanted = {(each.event, each.id) for each in wanted}
        self.waiting = set(self.wanted)
        self.told: dict[tuple[str, str], Explanation | str] = {}

    def score_many(self, events: Iterable[object], *given: Any, **named: Any) -> Any:
        """The same results; what is wanted is decoded before, so that it is known when it comes."""
        return super().score_many(self._opening(events), *given, **named)

    def _opening(self, events: Iterable[object]) -> Iterator[object]:
        looks = _looking_for(number for _, number in self.wanted)
        for sent in events:
            yield self._open(sent) if not isinstance(sent, bytes) or looks(sent) else sent

    def _open(self, sent: object) -> object:
        try:
            return self.event(sent)
        except EventRefused as refusal:
            found = refusal.refused
            self._tell((found.event, found.id), "\n".join(each.message for each in found.faults))
            return sent

    def score_checked(self, event: object, member: object, state: State | None, shared: Shared | None) -> Outcome:
        """The outcome; of what is wanted the explanation as well."""
        if isinstance(event, Event) and (event.name, event.id) in self.waiting:
            return self.outcome(event, self.facts(event, member), State() if state is None else state, shared)
        return super().score_checked(event, member, state, shared)

    def outcome(
        self, event: Event, facts: Facts, state: State, shared: Shared | None = None, people: People | None = None
    ) -> Outcome:
        """The same for what was decoded before."""
        if (event.name, event.id) in self.waiting:
            self._tell((event.name, event.id), self.explain_decoded(event, facts, state, shared, people))
        return super().outcome(event, facts, state, shared, people)

    def _tell(self, key: tuple[str, str], found: Explanation | str) -> None:
        if key in self.waiting:
            self.told[key] = found
            self.waiting.discard(key)


def _looking_for(ids: Iterable[str]) -> Callable[[bytes], object]:
    """Whether some bytes may hold one of these ids; where an id can be written in several ways, any may."""
    listed = list(ids)
    if not all(re.fullmatch(r"[\w .:+-]+", each, re.ASCII) for each in listed):
        return lambda _: True
    return re.compile(b"|".join(re.escape(each.encode()) for each in listed)).search


def explained(old: Program, new: Program, history: History, wanted: tuple[Wanted, ...]) -> tuple[Example, ...]:
    """The examples, each explained by both programs."""
    if not wanted:
        return ()
    told = [_told(each, history, wanted) for each in (old, new)]
    found = []
    for each in wanted:
        (one, one_json), (other, other_json) = (_written(side.get((each.event, each.id))) for side in told)
        found.append(Example(each, one, other, one_json, other_json))
    return tuple(found)


def _told(program: Program, history: History, wanted: tuple[Wanted, ...]) -> dict[tuple[str, str], Explanation | str]:
    watched = Watched(program, wanted)
    for _ in Replay(watched, history, nothing()).every():
        if not watched.waiting:
            break
    return watched.told


def _written(told: Explanation | str | None) -> tuple[str, msgspec.Raw]:
    if told is None:
        return "not scored", msgspec.Raw(b"null")
    if isinstance(told, str):
        return f"refused: {told}", msgspec.Raw(msgspec.json.encode({"refused": told}))
    return told.text(), msgspec.Raw(told.to_json())
