"""Generated Python: one function for each kind of event and way in, written for the program and compiled.

In: a program. Out: a backend that scores as the reference does, many times faster. The source is readable, is kept in
`source`, and is registered in `linecache`, so that a traceback shows it. A test holds it equal to the reference.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec

from rules_engine import ir
from rules_engine.backends import Evaluation, Score
from rules_engine.backends.python import offers_choices, offers_pieces, offers_sets, offers_units, runtime, spending
from rules_engine.backends.python.bindings import bindings
from rules_engine.backends.python.folding import LEAST
from rules_engine.backends.python.module import Module
from rules_engine.backends.python.offers_plain import works_out_again
from rules_engine.backends.python.owning import Asking, Beside
from rules_engine.backends.python.quoting import comment
from rules_engine.backends.python.requests import Requests
from rules_engine.backends.python.stages import WAYS, emit_event
from rules_engine.backends.python.thinning import thinned
from rules_engine.backends.python.unsupported import owns, why_stepped_offers
from rules_engine.backends.reference import Reference
from rules_engine.event import Event, Facts
from rules_engine.outcome import Outcome, People
from rules_engine.planning import Plan, plan
from rules_engine.state import Shared, State

_numbers = count(1)
_STEPS: dict[str, Any] = {
    name: getattr(room, name)
    for room in (runtime, offers_units, offers_pieces, offers_sets, offers_choices, spending)
    for name in dir(room)
    if not name.startswith("_")
}


class Python:
    """The generated functions of one program.

    `stepped` names the kinds of event whose offers are one step of the reference, and why. `score_json` goes from bytes
    to bytes; it gives None where the request is unusual or wrong, so that the slow decoder has to look at it, and
    raises `EventRefused` where the event, the facts or the state are refused.
    """

    __slots__ = (
        "_asking",
        "_core",
        "_events",
        "_raw",
        "_requests",
        "_slow",
        "beside",
        "by_type",
        "reference",
        "score",
        "score_json",
        "source",
        "space",
        "stepped",
    )

    name = "python"

    def __init__(self, core: ir.Program, fingerprint: str = "", zones: str = "", found: Plan | None = None) -> None:
        reference = self.reference = Reference(core)
        if found is None and len(core.rules) + len(core.offers) >= LEAST:
            found = plan(core)
        thin = core if found is None else thinned(core, found)
        asked = reference if thin is core else Reference(thin)
        self._core = core
        self._requests: Requests | None = None
        self.stepped: dict[str, str] = {}
        self._asking: set[str] = set()
        self._events: dict[str, Any] = {}
        self._raw: dict[str, Score] = {}
        self.by_type: dict[type, Score] = {}
        space = _STEPS | bindings(core, reference, asked, fingerprint, zones, self.evaluate)
        self._slow: Score = space["slow_sent"]
        self.beside = Beside(core, reference, dict(space), execute)
        space["slow"] = self.beside.evaluate
        self.space = space
        self.source = self._compile(core, reference, asked, space, found)
        self.score_json: Callable[[bytes], bytes | None] = lambda content: self.requests.score(content)
        self.score: Score = _by_kind(self._raw, self.by_type, self._slow)
        if len(core.events) == 1:  # its function looks at the kind itself
            self._take(core.events[0].name, self.by_type, dict)

    def evaluate(
        self, event: Event, facts: Facts, state: State, shared: Shared | None = None, people: People | None = None
    ) -> Evaluation:
        """Score a decoded event; raises `EventRefused` where a track cannot hold what it adds."""
        found: Evaluation
        if event.name in self._asking:
            found = self._events[event.name](event, facts, state, shared, people)
        else:
            found = self._events[event.name](event, facts, state, shared)
        return found

    def opened(self, content: bytes) -> object | None:
        """The event in JSON text as a plain struct that `score` takes, or None where it cannot be read so."""
        return self.requests.opened(content)

    @property
    def requests(self) -> Requests:
        """The types of requests and their decoders, made when they are first asked for."""
        if self._requests is not None:
            return self._requests
        made = Requests(self._core, self.score)
        for name, struct in made.types.items():
            self.typed(struct)
            self._take(f"sent {name}", made.trusting, struct)
        self._requests = made
        self.score_json = made.score
        return made

    def typed(self, struct: type) -> None:
        """Take events of this struct by the quick way; its tag names their kind."""
        name = struct.__struct_config__.tag  # type: ignore[attr-defined]
        self._take(f"typed {name}", self.by_type, struct)

    def _take(self, way: str, into: dict[type, Score], struct: type) -> None:
        """Score events of a type by a function; where it is none of the quick ones, by the slow road."""
        found = into[struct] = self._raw.get(way, self._slow)
        if isinstance(found, Function):
            found.places.append((into, struct))

    def _compile(
        self, core: ir.Program, reference: Reference, asked: Reference, space: dict[str, Any], rules: Plan | None
    ) -> str:
        """Write and compile what all functions share; each function is compiled when it is first called. What hangs on
        no constant of a rule is `asked` of a program with a few rules of each shape."""
        module = Module(core, rules)
        title = f"<rules {core.header.title} {next(_numbers)}>"
        parts: list[str] = []
        functions: list[Function] = []
        for number, event in enumerate(core.events):
            why = why_stepped_offers(event, asked)
            if why:
                self.stepped[event.name] = why
            again = works_out_again(core, event)
            if why or owns(event, asked):
                self._asking.add(event.name)
                beside = self.beside.evaluate
                self._events[event.name] = _with_opening(beside, reference) if again else beside
                continue
            name, shared, ways = emit_event(module, event, asked, number)
            parts.append(shared.text())
            kept: list[tuple[dict[str, Any], str]]
            raw: dict[str, Any] = self._raw
            kept = [(self._events, event.name), (raw, event.name)]
            kept += [(raw, f"typed {event.name}"), (raw, f"sent {event.name}")]
            if again:
                self._asking.add(event.name)  # what is kept for a return has people, where there are any
                function = Function(f"{name}_event", ways["event"].text(), title, space)
                self._events[event.name] = _with_opening(_alone(function), reference)
                functions.append(function)
                continue
            for way, (found, key) in zip(WAYS, kept, strict=True):
                function = Function(f"{name}_{way}", ways[way].text(), title, space)
                function.places.append((found, key))
                found[key] = function
                functions.append(function)
        space |= module.globals
        shared_source = "\n\n".join([module.helpers.text(), *parts])
        execute(shared_source, title, space)
        return "\n\n".join([shared_source, *(function.source for function in functions)])


def _by_kind(raw: dict[str, Any], by_type: dict[type, Any], slow: Score) -> Score:
    """The way in for what a host sends: a dictionary, a typed struct, or anything that the decoder takes."""

    def score(event: object, member: object, state: State | None, shared: Shared | None = None) -> Outcome:
        if type(event) is dict:
            try:
                function = raw.get(event.get("event", ""), slow)
            except TypeError:  # the kind is no text
                function = slow
        else:
            function = by_type.get(type(event), slow)
        outcome: Outcome = function(event, member, state, shared)
        return outcome

    return score


def _with_opening(score: Asking, reference: Reference) -> Asking:
    """A function whose evaluations keep what returns are worked out again from. What a host sends is decoded for it
    first."""

    def evaluate(
        event: Event, facts: Facts, state: State, shared: Shared | None = None, people: People | None = None
    ) -> Evaluation:
        found = score(event, facts, state, shared, people)
        return msgspec.structs.replace(found, opening=reference.opening(event, facts, state, shared, people))

    return evaluate


def _alone(function: Function) -> Asking:
    """A function that asks nothing of other people."""

    def evaluate(event: Event, facts: Facts, state: State, shared: Shared | None, _: People | None) -> Evaluation:
        found: Evaluation = function(event, facts, state, shared)
        return found

    return evaluate


class Function:
    """A generated function, compiled when it is first called; what was compiled then stands in its places."""

    __slots__ = ("_made", "_space", "_title", "name", "places", "source")

    def __init__(self, name: str, source: str, title: str, space: dict[str, Any]) -> None:
        self.name = name
        self.source = source
        self._title = title
        self._space = space
        self.places: list[tuple[dict[Any, Any], Any]] = []
        self._made: Callable[..., Any] | None = None

    def __call__(self, event: Any, facts: Any, state: Any, shared: Any = None) -> Any:
        """Score an event."""
        if self._made is None:
            execute(self.source, f"{self._title[:-1]} {self.name}>", self._space)
            self._made = self._space[self.name]
            for found, key in self.places:
                found[key] = self._made
        return self._made(event, facts, state, shared)


def execute(source: str, filename: str, space: dict[str, Any]) -> None:
    """Run generated source in a name space, and let tracebacks show it."""
    filename = comment(filename)  # the title of a program may hold what no name of a file can
    exec(compile(source, filename, "exec"), space)  # noqa: S102 - every constant in it went through `quoting`
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)


__all__ = ["Python"]
