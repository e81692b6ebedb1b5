"""Streams of events: `score_many` scores them in the order of time and keeps the members' states.

Events that come in any order are held as they were sent until all are there, and sorted by instant, then by arrival;
events that come in order are scored one at a time, and nothing is held but states and ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from rules_engine.decoding import Place, fault
from rules_engine.event import Event, Facts
from rules_engine.outcome import EventRefused, Outcome, Refused, applied_in_place
from rules_engine.state import State

if TYPE_CHECKING:
    from rules_engine.scoring.program import Program

_FIRST = -(2**62)


def score_many(
    program: Program,
    events: Iterable[object],
    members: Mapping[str, object],
    states: dict[str, State],
    ids: set[tuple[str, str]] | None,
    in_order: bool,
) -> Iterator[Outcome | Refused]:
    """One result for each event; `states` and `ids` are kept up to date in place."""
    seen = set() if ids is None else ids
    decoded_facts: dict[str, Facts] = {}
    for sent in events if in_order else _sorted(program, events):
        try:
            event = program.event(sent)
            yield _score(program, event, members, states, seen, decoded_facts)
        except EventRefused as reason:
            yield reason.refused


def _score(
    program: Program,
    event: Event,
    members: Mapping[str, object],
    states: dict[str, State],
    seen: set[tuple[str, str]],
    decoded_facts: dict[str, Facts],
) -> Outcome:
    if (event.name, event.id) in seen:
        again = fault("V152", Place(event.name), "", event=event.name, id=event.id)
        raise EventRefused(Refused(event.name, event.id, (again,)))
    facts: Facts = {}
    state = State()
    if event.member is not None:
        if event.member not in decoded_facts:
            decoded_facts[event.member] = program.facts(event, members.get(event.member))
        facts = decoded_facts[event.member]
        state = states.get(event.member, state)
    outcome = program.outcome(event, facts, state)
    seen.add((event.name, event.id))
    if event.member is not None:
        applied_in_place(states.setdefault(event.member, state), outcome)
    return outcome


def _sorted(program: Program, events: Iterable[object]) -> Iterator[object]:
    """In the order of instants, then of arrival; what cannot be read comes first, to be refused again."""
    held = sorted((_instant(program, sent), number, sent) for number, sent in enumerate(events))
    return (sent for _, _, sent in held)


def _instant(program: Program, sent: object) -> int:
    try:
        return program.event(sent).instant
    except EventRefused:
        return _FIRST
