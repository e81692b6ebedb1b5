"""The members of a run by number: their facts as columns, and who of them goes by rows.

In: ids of members as they are met. Out: a number for each, and the arrays of facts and holdouts that a `Batch` has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rules_engine.backends.columnar import Layout, Memory, Texts, held_out
from rules_engine.decoding import decode_facts
from rules_engine.outcome import EventRefused
from rules_engine.scoring import Program
from rules_engine.state import State
from rules_engine.tables.cells import MISSING
from rules_engine.tables.texts import Flags, Ints

FACTS_REFUSED = "the facts of the member are refused"
STATE_REFUSED = "the state of the member has no columns"

_FIRST_ROOM = 1024
_NEW = -2
_KNOWN_MAX = 1 << 16


class People:
    """Everybody whom a run has met."""

    def __init__(
        self,
        program: Program,
        layout: Layout,
        texts: Texts,
        memory: Memory,
        given: tuple[Mapping[str, object], dict[str, State]],
    ) -> None:
        self.program = program
        self.layout = layout
        self.texts = texts
        self.memory = memory
        self.members, self.states = given
        self.numbers: dict[str, int] = {}
        self.names: list[str] = []
        self.facts = np.full((1 + max(layout.facts.values(), default=-1), 0), MISSING, np.int64)
        self.holdouts = np.zeros((len(layout.holdouts), 0), np.int64)
        self.fallen = np.zeros(0, np.bool_)
        self.seen = np.zeros(0, np.bool_)
        self.reasons: dict[int, str] = {}
        self._known: dict[Any, Ints | None] = {}

    def of(self, names: list[str | None]) -> Ints:
        """The numbers of some members, -1 for none."""
        get = self.numbers.get
        found = np.array([*(get(name, _NEW) for name in names), -1], np.int64)  # type: ignore[arg-type]
        for place in np.flatnonzero(found == _NEW).tolist():
            name = names[place]
            if name is not None:
                known = get(name)  # it may stand twice among the new ones
                found[place] = self._met(name) if known is None else known
            else:
                found[place] = -1
        return found

    def _met(self, name: str) -> int:
        number = self.numbers[name] = len(self.names)
        self.names.append(name)
        if number >= len(self.fallen):
            self._grow(max(_FIRST_ROOM, 2 * number))
        facts = self._facts(name)
        if facts is None:
            self.fall(number, FACTS_REFUSED)
        else:
            self.facts[:, number] = facts
        for row, holdout in enumerate(self.layout.holdouts):
            self.holdouts[row, number] = held_out(holdout, name)
        if name in self.states and not self._taken(number, name):
            self.fall(number, STATE_REFUSED)
        return number

    def _grow(self, room: int) -> None:
        more = room - len(self.fallen)
        self.facts = np.pad(self.facts, ((0, 0), (0, more)), constant_values=MISSING)
        self.holdouts = np.pad(self.holdouts, ((0, 0), (0, more)))
        self.fallen = np.pad(self.fallen, (0, more))
        self.seen = np.pad(self.seen, (0, more))
        self.memory.grow(room)

    def _facts(self, name: str) -> Ints | None:
        """The numbers of a member's facts; None where they are refused. Many members have the same."""
        sent = self.members.get(name)
        key = tuple(sent.items()) if type(sent) is dict else sent
        try:
            if key in self._known:
                return self._known[key]
        except TypeError:  # something in it is a list
            return self._read(sent)
        if len(self._known) > _KNOWN_MAX:
            self._known.clear()
        found = self._known[key] = self._read(sent)
        return found

    def _read(self, sent: object) -> Ints | None:
        facts = decode_facts({} if sent is None else sent, self.program.core)
        if not isinstance(facts, dict):
            return None
        found = np.full(len(self.facts), MISSING, np.int64)
        for fact, row in self.layout.facts.items():
            found[row] = self.texts.value(facts.get(fact))
        return found

    def _taken(self, number: int, name: str) -> bool:
        """Whether the state that a member comes with is in the columns now."""
        try:
            state = self.program.checked_state(self.states[name], name)
        except EventRefused:
            return False
        self.states[name] = state
        self.seen[number] = True
        return self.memory.take(number, state)

    def fall(self, number: int, reason: str) -> None:
        """A member goes by rows from now on: its state leaves the columns."""
        if self.fallen[number]:
            return
        self.fallen[number] = True
        self.reasons[number] = reason
        if self.seen[number] and reason != STATE_REFUSED:
            self.states[self.names[number]] = self.memory.state_of(number)

    def meet_again(self, names: list[str], seen: Flags, fallen: Flags) -> None:
        """Everybody whom an earlier part of the run had met, by number; their states stand elsewhere already."""
        states, self.states = self.states, {}
        self.of(list(names))
        self.states = states
        self.seen[: len(names)], self.fallen[: len(names)] = seen, fallen

    def in_columns(self) -> dict[str, int]:
        """Those whose states stand in columns."""
        there = np.flatnonzero(self.seen[: len(self.names)] & ~self.fallen[: len(self.names)])
        return {self.names[number]: number for number in there.tolist()}

    def arrays(self) -> tuple[Any, Any]:
        """Facts and holdouts of all, by number."""
        return self.facts, self.holdouts
