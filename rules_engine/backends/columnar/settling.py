"""What comes to a member by itself, and when for the first time.

In: the day on which members were first seen, what of them was settled, the facts that periods hang on. Out: the first
day that is later than an event that nobody sent. Up to it a member's own events are all there is; from it on the member
goes by rows, where such events are put in.
"""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.columnar.batch import Ints
from rules_engine.backends.columnar.tape import FOREVER, MISSING
from rules_engine.backends.reference import Reference
from rules_engine.calendar import END_DAY
from rules_engine.event import Facts
from rules_engine.periods import anchors, unwrapped
from rules_engine.state import State

REACHES = (45, 400, 4_000)
"""How many days ahead is looked, in turn."""
LONGEST = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366, "hour": 1, "minute": 1}


def facts_of(core: ir.Program) -> tuple[str, ...]:
    """The facts that the periods of scheduled events hang on."""
    periods = {period.name: period.period for period in core.periods}
    reads = ir.anchor_reads(core)
    names = set()
    for event in core.events:
        if event.schedule is not None:
            keys = anchors(unwrapped(periods[event.schedule.period]))
            names |= {each.name for key in keys if isinstance(each := reads[key], ir.MemberField)}
    return tuple(sorted(names))


class Settling:
    """The schedules of one program."""

    def __init__(self, core: ir.Program) -> None:
        self.core, self.names = core, facts_of(core)
        self.edges = {event.name: event.schedule for event in core.events if event.schedule is not None}
        self.delay = max((each.count * LONGEST[each.unit] for each in self.edges.values()), default=0) + 2
        self._reference: Reference | None = None
        self._known: dict[tuple[int, ...], int] = {}

    def first(self, since: int, values: tuple[int, ...]) -> int:
        """The first day that is too late for a member who was first seen on a day, by the values of their facts."""
        key = (since, *values)
        if key not in self._known:
            facts: Facts = {
                name: None if value == MISSING else value for name, value in zip(self.names, values, strict=True)
            }
            self._known[key] = self.after(State(since=since, day=since), facts)
        return self._known[key]

    def after(self, state: State, facts: Facts) -> int:
        """The same for a state."""
        if self._reference is None:
            self._reference = Reference(self.core)
        assert state.since is not None
        begin = max(state.since, state.day or state.since, *state.settled.values())
        for reach in REACHES:
            found = self._earliest(state, facts, min(begin + reach, END_DAY))
            if found is not None:
                again = self._earliest(state, facts, min(found + self.delay, END_DAY))
                return found if again is None else min(found, again)
        return begin + REACHES[-1]

    def _earliest(self, state: State, facts: Facts, until: int) -> int | None:
        assert self._reference is not None
        due = self._reference.due_events(facts, state, until)
        return min((each.day + (self.edges[each.name].edge == "end") for each in due), default=None)

    def firsts(self, since: Ints, columns: list[Ints]) -> list[int]:
        """`first` of several."""
        return [
            self.first(day, tuple(values))
            for day, *values in zip(since.tolist(), *(each.tolist() for each in columns), strict=True)
        ]


__all__ = ["FOREVER", "Settling", "facts_of"]
