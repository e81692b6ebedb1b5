"""A scheduled event as a host sends it, by the first day of its occurrence: put in its place in time.

In: the event, its member's facts and state. Out: the event with the moment that it is as of and the day it is posted,
or a refusal: because no occurrence begins on that day, or because it is not its turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine import ir
from rules_engine.calendar import format_date
from rules_engine.decoding import Place, fault
from rules_engine.event import Event, Facts
from rules_engine.outcome import EventRefused, Refused
from rules_engine.periods import anchors, unwrapped
from rules_engine.state import State

if TYPE_CHECKING:
    from rules_engine.backends.reference import Reference


def placed(reference: Reference, event: Event, facts: Facts, state: State) -> Event:
    """The event, dated; raises `EventRefused`. One that is settled already is left to its scoring to refuse."""
    assert event.occurrence is not None
    assert event.member is not None
    header = reference.core.header
    found = reference.scheduled(event.name, facts, state, event.occurrence, event.member)
    if found is None:
        raise _refused(event, *_nowhere(reference, event, facts))
    since, until = header.terms_from, header.terms_until
    if (since is not None and found.day < since) or (until is not None and found.day > until):
        raise _refused(event, "these terms do not hold then", "score it with the version of the program for that day")
    if state.since is None or state.settled.get(event.name, event.occurrence - 1) >= event.occurrence:
        return found
    assert found.posted is not None
    due = reference.due_events(facts, state, found.posted, event.member)
    first = next((each.occurrence for each in due if each.name == event.name), None)
    if first == event.occurrence:
        return found
    seen = f"the member was first seen on {format_date(state.since)}, after it"
    stands = seen if first is None else f"the one of {format_date(first)} comes first"
    raise _refused(event, stands, "score what `Program.due` lists, in its order")


def _nowhere(reference: Reference, event: Event, facts: Facts) -> tuple[str, str]:
    """Why there is no such occurrence, and what to do about it."""
    schedule = reference.world.events[event.name].schedule
    assert schedule is not None
    period = reference.world.periods[schedule.period]
    reads = (reference.world.anchors[key] for key in anchors(unwrapped(period.period)))
    absent = [each.name for each in reads if isinstance(each, ir.MemberField) and facts.get(each.name) is None]
    if absent:
        return f"it hangs on `{absent[0]}`, which is not known of the member", f"send the member's `{absent[0]}`"
    return f"no {schedule.period} of the member begins on that day", "send what `Program.due` lists"


def _refused(event: Event, reason: str, advice: str) -> EventRefused:
    day = format_date(event.day if event.occurrence is None else event.occurrence)
    wrong = fault("V165", Place(event.name), "occurrence", reason=reason, advice=advice, found=day)
    return EventRefused(Refused(event.name, event.id, (wrong,)))
