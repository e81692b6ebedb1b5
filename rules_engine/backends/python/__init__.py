"""Generated Python: one function for each kind of event, written for the program and compiled.

In: a program. Out: a backend that evaluates as the reference does, many times faster. The source is readable, is kept
in `source`, and is registered in `linecache`, so that a traceback shows it. A test holds it equal to the reference.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from itertools import count
from typing import Any

from rules_engine import ir
from rules_engine.backends import Evaluation, Score
from rules_engine.backends.python import runtime
from rules_engine.backends.python.module import Module
from rules_engine.backends.python.quiet import quiet_check
from rules_engine.backends.python.stages import emit_event
from rules_engine.backends.python.unsupported import reason
from rules_engine.backends.reference import Reference
from rules_engine.calendar import add_duration, local_day, local_seconds
from rules_engine.event import Event, Facts
from rules_engine.outcome import Award, Said
from rules_engine.state import Advanced, LastDay, LimitUsed, MarkSeen, State, StreakMet, TrackMoved
from rules_engine.values import round_ratio

_numbers = count(1)

_NAMES: dict[str, Any] = {
    each.__name__: each
    for each in (
        Advanced, Award, Evaluation, LastDay, LimitUsed, MarkSeen, Said, StreakMet, TrackMoved,
        local_day, local_seconds, round_ratio,
    )
}  # fmt: skip
_NAMES |= {name: getattr(runtime, name) for name in dir(runtime) if not name.startswith("_")}


class Python:
    """The generated functions of one program. `delegated` names the kinds of event that the reference scores, and why."""

    __slots__ = ("_functions", "_reference", "delegated", "source")

    name = "python"
    score: Score | None = None

    def __init__(self, core: ir.Program) -> None:
        self._reference = Reference(core)
        self.delegated: dict[str, str] = {}
        self._functions: dict[str, Callable[[Event, Facts, State], Evaluation]] = {}
        self.source = self._compile(core)

    def evaluate(self, event: Event, facts: Facts, state: State) -> Evaluation:
        """Score a decoded event; raises `EventRefused` where a track cannot hold what it adds."""
        return self._functions[event.name](event, facts, state)

    def _compile(self, core: ir.Program) -> str:
        module, reads = Module(core), self._reference.world.reads
        parts, names = [], {}
        for number, event in enumerate(core.events):
            why = reason(core, event, tuple(reads[event.name]))
            if why:
                self.delegated[event.name] = why
                self._functions[event.name] = self._reference.evaluate
                continue
            names[event.name], lines = emit_event(module, event, tuple(reads[event.name]), number)
            parts.append(lines.text())
        source = "\n\n".join([module.helpers.text(), *parts])
        space = _NAMES | module.globals | _settings(core, self._reference)
        filename = f"<rules {core.header.title} {next(_numbers)}>"
        exec(compile(source, filename, "exec"), space)  # noqa: S102 - every constant in it went through `quoting`
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        self._functions |= {event: space[name] for event, name in names.items()}
        return source


def _settings(core: ir.Program, reference: Reference) -> dict[str, Any]:
    """What every generated function may name besides its own constants."""
    ladder = core.tiers
    names = tuple(rung.name for rung in ladder.rungs) if ladder is not None else ()
    silent = not any(rule.says for rule in core.rules)
    nobody = Evaluation((), (), (), {}, False, ())
    return {
        "ZONE": core.header.zone or "UTC",
        "REMAINDER": core.header.remainder,
        "TIERS": names,
        "RUNGS": {name: place for place, name in enumerate(names)},
        "NONE": {},
        "slow": reference.evaluate,
        "guest": (lambda *_: nobody) if silent else reference.evaluate,
        "quiet": quiet_check(core, reference.world),
        "add_time": _add_time,
    }


def _add_time(day: int | None, count: int, unit: Any) -> int | None:
    from rules_engine.calendar import Duration

    return None if day is None else add_duration(day, Duration(count, unit))


__all__ = ["Python"]
