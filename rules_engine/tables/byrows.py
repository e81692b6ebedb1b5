"""Rows scored one by one, as a stream scores them: what has no columnar form, and what columns leave over.

In: rows of a record batch. Out: `Told`: what the rows of results, effects and rejects say of them, in the order of
scoring. An event is sent as JSON text, exactly as a host would, so that it is accepted or refused for the same reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec
import orjson

from rules_engine.outcome import EventRefused, Outcome, Refused
from rules_engine.scoring import Kept, Stream
from rules_engine.state import Shared, State, copied
from rules_engine.tables.arrow import records
from rules_engine.tables.columns import Row
from rules_engine.tables.rows import Rows, Sums
from rules_engine.tables.scored import GENERATED, REFERENCE, Summary

if TYPE_CHECKING:
    from rules_engine.scoring import Program

BEHIND = 2**62
"""The number of what happens by itself, which is of no row: behind all rows."""

Result: TypeAlias = Outcome | Refused
Reasons: TypeAlias = tuple[tuple[str, str | None, str], ...]
"""Code, field and message of each."""


class Sent(NamedTuple):
    """An event on its way: its number in the table, its kind and id as far as they are known, its JSON text."""

    number: int
    kind: str
    id: str | None
    content: bytes


class Told(NamedTuple):
    """Numbers and rows: of results, of effects, of reasons of refusals."""

    rows: list[tuple[int, Row]]
    effects: list[tuple[int, Row]]
    rejects: list[tuple[int, Row]]


class Given(msgspec.Struct):
    """What a run goes on from; all of it is moved along."""

    members: Mapping[str, object]
    states: dict[str, State]
    pools: dict[str, State]
    shared: Shared
    ids: set[tuple[str, str]]


class ByRows:
    """The row path of one run. `doubles` are the numbers of rows whose ids may come twice: only of those it is kept
    that they came, unless `keep_ids` asks for all."""

    def __init__(self, program: Program, given: Given, event: str | None, doubles: frozenset[int], keep_ids: bool):
        self.program = program
        self.given = given
        self.event = event
        self.doubles = doubles
        self.keep_ids = keep_ids
        self.stream = Stream(program, given.members, Kept(given.states, given.shared, given.ids, given.pools))
        self.made = Rows(program.core)
        self.id_fields = {kind.name: kind.identified_by for kind in program.core.events if kind.schedule is None}
        self.generated = program.backend.name == "python"
        self.totals = dict.fromkeys((unit.name for unit in program.core.units), 0)
        self.sums = Sums()

    def begin_again(self) -> None:
        """Read what is given anew: it was moved from elsewhere."""
        given = self.given
        stuck = self.stream.company.stuck if self.stream.company is not None else set[str]()
        self.stream = Stream(self.program, given.members, Kept(given.states, given.shared, given.ids, given.pools))
        if self.stream.company is not None:
            self.stream.company.stuck |= stuck

    # ---- in ----

    def sent(self, batch: Any, numbers: Iterable[int], told: Told, summary: Summary) -> list[Sent]:
        """The events of some rows; a row that does not say what it is, or holds no text, is rejected."""
        found: list[Sent] = []
        for number, record in zip(numbers, records(batch), strict=True):
            kind = record.pop("event", None) or self.event
            if kind is None:
                said = f"row {number} does not name its type: `event` is empty"
                self._reject(number, None, (("no-event", "event", said),), told, summary)
                continue
            key = record.get(self.id_fields[kind]) if isinstance(kind, str) and kind in self.id_fields else None
            content = orjson.dumps({"event": kind, **record})
            found.append(Sent(number, str(kind), None if key is None else str(key), content))
        return found

    def refusal(self, sent: Sent) -> Refused | None:
        """Why an event alone is refused, whoever its member is; None where it is not."""
        try:
            self.program.event(sent.content)
        except EventRefused as reason:
            return reason.refused
        return None

    # ---- scoring ----

    def score(self, events: list[Sent], told: Told, summary: Summary, effects: bool) -> None:
        """Score some events in their order, and whatever happens by itself before them."""
        for sent, result in self._results(events):
            self.take(sent, result, told, summary, effects)
            if sent is not None and not self.keep_ids and sent.number not in self.doubles:
                self.given.ids.discard((sent.kind, sent.id or ""))

    def settle(self, until: int, told: Told, summary: Summary, effects: bool) -> None:
        """Score what is due up to a day."""
        for result in self.stream.results((), until):
            self.take(None, result, told, summary, effects)

    def _results(self, events: list[Sent]) -> Iterator[tuple[Sent | None, Result]]:
        """Each result with the event that it is of, or None for what happens by itself. The result of an event is the
        last one that comes before the next event is asked for."""
        asked = -1

        def content() -> Iterator[bytes]:
            nonlocal asked
            for each in events:
                asked += 1
                yield each.content
            asked += 1

        held: tuple[int, Result] | None = None
        for result in self.stream.results(content()):
            if held is not None:
                yield (events[held[0]] if asked > held[0] else None), held[1]
            held = asked, result
        if held is not None:
            yield events[held[0]], held[1]

    # ---- out ----

    def take(self, sent: Sent | None, result: Result, told: Told, summary: Summary, effects: bool) -> None:
        """Put down one result."""
        if isinstance(result, Refused):
            reasons = tuple((fault.code, fault.field, fault.message) for fault in result.faults)
            if sent is None:
                summary.refused += 1
                summary.scheduled += 1
                told.rejects.extend((0, (0, result.id, *reason)) for reason in reasons)
            else:
                self._reject(sent.number, sent.id, reasons, told, summary)
            return
        number = BEHIND if sent is None else sent.number
        told.rows.append((number, self.made.row(result)))
        if effects:
            told.effects.extend((number, row) for row in self.made.effects(result))
        for unit, amount in result.totals.items():
            self.totals[unit] += amount
        self.sums.add(result)
        if sent is None:
            summary.scheduled += 1
        else:
            summary.scored += 1
            summary.add_path(GENERATED if self.generated else REFERENCE, 1)

    def _reject(self, number: int, key: str | None, reasons: Reasons, told: Told, summary: Summary) -> None:
        summary.rejected += 1
        told.rejects.extend((number, (number, key, *reason)) for reason in reasons)

    def refused(self, sent: Sent, refused: Refused, told: Told, summary: Summary) -> None:
        """Put down an event that was refused before it came to be scored."""
        self.take(sent, refused, told, summary, effects=False)


def own_states(states: Mapping[str, State] | None) -> dict[str, State]:
    """States to move along, apart from those that a host holds."""
    return {who: copied(state) if isinstance(state, State) else state for who, state in (states or {}).items()}
