"""The functions that go beside a run of the reference, each written and compiled when its first event comes.

In: a program. Out: what scores an event of a kind that owns, pays or settles, and any other event whose member's state
is unusual: something is owed, or not settled, a trial runs, or time is past the event's day.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, TypeAlias

from rules_engine import ir
from rules_engine.backends import Evaluation
from rules_engine.backends.python.module import Module
from rules_engine.backends.python.owning_stages import Owning
from rules_engine.backends.python.quoting import ident
from rules_engine.backends.reference import Reference, Steps
from rules_engine.event import Event, Facts
from rules_engine.outcome import People
from rules_engine.state import Shared, State

Asking: TypeAlias = Callable[[Event, Facts, State, Shared | None, People | None], Evaluation]
Execute: TypeAlias = Callable[[str, str, dict[str, Any]], None]

_numbers = count(1)


class Beside:
    """The functions of one program, by kind of event; `space` is what generated code may name."""

    __slots__ = ("_core", "_execute", "_made", "_reference", "_space", "sources")

    def __init__(self, core: ir.Program, reference: Reference, space: dict[str, Any], execute: Execute) -> None:
        self._core = core
        self._reference = reference
        self._space = space
        self._execute = execute
        self._made: dict[str, Asking] = {}
        self.sources: dict[str, str] = {}

    def evaluate(
        self, event: Event, facts: Facts, state: State, shared: Shared | None = None, people: People | None = None
    ) -> Evaluation:
        """Score a decoded event; raises `EventRefused`."""
        made = self._made.get(event.name)
        if made is None:
            made = self._made[event.name] = self._make(event.name)
        return made(event, facts, state, shared, people)

    def _make(self, name: str) -> Asking:
        """The function of a kind of event: written, or where that cannot be, the reference."""
        number, event = next((at, each) for at, each in enumerate(self._core.events) if each.name == name)
        module, title = Module(self._core), ident("owning", number, name)
        shared, ways = Owning(module, event, self._reference).emit(title)
        source = "\n\n".join([module.helpers.text(), shared.text(), ways["event"].text()])
        space = self._space | {"steps": Steps(self._reference.world)} | module.globals
        self._execute(source, f"<rules {self._core.header.title} {title} {next(_numbers)}>", space)
        self.sources[name] = source
        made: Asking = space[f"{title}_event"]
        return made
