"""Scheduled events: which occurrences of each are due for a member, and what has been settled.

Nobody sends these events of their own accord: `on end of P` happens once for each occurrence of P, *as of* its last
instant, and is *posted* on the day after it, or so long after that day as the schedule says; `on start of P` is as of
and posted on the first day. Whoever keeps the states asks what is due and scores it.

A member's schedules begin with the occurrence that holds the first day on which the member was seen, or else the next
to come. A span that comes once (`first_year`) is settled once, whatever becomes of the fact it hangs on; a span without
an end, or a start that lies before all dates, never comes. A period whose fact is absent has nothing due.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from rules_engine import ir
from rules_engine.backends.reference import times
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.world import World
from rules_engine.calendar import END_DAY, FIRST_DAY, format_date
from rules_engine.codes import CODES
from rules_engine.event import Event
from rules_engine.occurrences import Occurrence, current_or_next, occurrences
from rules_engine.outcome import EventRefused, Fault, Refused
from rules_engine.periods import Fixed, Lifetime, Once, unwrapped
from rules_engine.state import Seen, Settled, State

# ---- what is due ----


def due(run: Run, until: int) -> tuple[Event, ...]:
    """The scheduled events posted on a day up to and including another that are not settled, in the order in which they
    are to be scored: by the day they are posted; of one day ends, then starts, by name and by occurrence."""
    found = []
    for place, kind in enumerate(run.world.schedules):
        events = (_happening(kind, each, run) for each in _unsettled(kind, until, run))
        found += [
            (_posted(each), _edge(kind), place, each) for each in takewhile(lambda at: _posted(at) <= until, events)
        ]
    found.sort(key=lambda each: each[:3])
    return tuple(event for *_, event in found)


def scheduled(kind: ir.EventDef, occurrence: int, run: Run) -> Event | None:
    """The event of the occurrence that starts on a day; None where none does, or where it has no such edge."""
    found = _starting(kind, occurrence, occurrence, run)
    return next((_happening(kind, each, run) for each in found), None)


def upcoming(kind: ir.EventDef, run: Run) -> Event | None:
    """The first event that is not settled, however far ahead; None where none comes."""
    last = run.world.core.header.terms_until
    found = _unsettled(kind, END_DAY if last is None else last, run)
    return next((_happening(kind, each, run) for each in found), None)


def end_of(kind: ir.EventDef, occurrence: int, run: Run) -> int:
    """The first day after the occurrence that starts on a day; `END_DAY` where none does."""
    found = next(_starting(kind, occurrence, occurrence, run), None)
    return END_DAY if found is None else found.end_day


def _edge(kind: ir.EventDef) -> int:
    return 0 if _schedule(kind).edge == "end" else 1


def _schedule(kind: ir.EventDef) -> ir.ScheduleDef:
    assert kind.schedule is not None, f"`{kind.name}` is sent"
    return kind.schedule


def _posted(event: Event) -> int:
    return event.day if event.posted is None else event.posted


def _unsettled(kind: ir.EventDef, until: int, run: Run) -> Iterator[Occurrence]:
    """The occurrences that are not settled and start on a day up to another, in order. Those whose edge lies outside
    the program's terms are for another version of it to settle."""
    header, low, high = run.world.core.header, FIRST_DAY, END_DAY
    low = low if header.terms_from is None else header.terms_from
    high = high if header.terms_until is None else header.terms_until
    for each in _begun(kind, until, run):
        if low <= (each.end_day - 1 if _schedule(kind).edge == "end" else each.first_day) <= high:
            yield each


def _begun(kind: ir.EventDef, until: int, run: Run) -> Iterator[Occurrence]:
    """The same, whatever the terms."""
    settled, since = run.state.settled.get(kind.name), run.state.since
    period = run.world.periods[_schedule(kind).period].period
    if settled is not None:
        if not isinstance(unwrapped(period), (Once, Fixed)):
            yield from _starting(kind, settled + 1, until, run)
        return
    found = times.context(period, Env(run))
    first = None if since is None or found is None else current_or_next(period, since, found)
    if first is not None:
        yield from _starting(kind, first.first_day, until, run)


def _starting(kind: ir.EventDef, since: int, until: int, run: Run) -> Iterator[Occurrence]:
    """The occurrences that start on a day between two, both included, and have the edge that the schedule is about."""
    schedule = _schedule(kind)
    period = run.world.periods[schedule.period].period
    found = times.context(period, Env(run))
    if found is None or isinstance(unwrapped(period), Lifetime):
        return
    for each in occurrences(period, since, until + 1, found):
        if each.end_day < END_DAY if schedule.edge == "end" else each.first_day > FIRST_DAY:
            yield each


def _happening(kind: ir.EventDef, found: Occurrence, run: Run) -> Event:
    """The event at an edge of an occurrence."""
    schedule, (starts, ends) = _schedule(kind), found.instants(run.world.zone)
    at_end = schedule.edge == "end"
    of = f" of {run.member}" if run.member else ""
    day, follows = (found.end_day - 1, found.end_day) if at_end else (found.first_day, found.first_day)
    return Event(
        name=kind.name,
        id=f"{kind.name} {format_date(found.first_day)}{of}",
        member=run.member,
        day=day,
        instant=ends - 1 if at_end else starts,
        fields={},
        lines=(),
        posted=times.moved(follows, schedule.count, schedule.unit),
        occurrence=found.first_day,
    )


# ---- scoring one, or any event, where there are schedules ----


def reach(event: Event, world: World) -> int:
    """The day to which time moves before an event is scored: its own; of the end of a period the day before it is
    posted, since what expires at that boundary comes after it; of a start the day it is posted."""
    schedule = world.events[event.name].schedule
    if schedule is None:
        return event.day
    return _posted(event) - 1 if schedule.edge == "end" else _posted(event)


def is_late(event: Event, state: State, world: World) -> bool:
    """Whether the member's time is past the day of an event."""
    return state.day is not None and reach(event, world) < state.day


def refuse_settled(event: Event, state: State) -> None:
    """Raise `EventRefused` for a scheduled event of an occurrence that is settled, or passed over."""
    settled = state.settled.get(event.name)
    if event.occurrence is not None and settled is not None and event.occurrence <= settled:
        data = {"event": event.name, "day": format_date(event.occurrence), "last": format_date(settled)}
        fault = Fault("V167", "occurrence", CODES["V167"].message.format_map(data))
        raise EventRefused(Refused(event.name, event.id, (fault,)))


def note(run: Run) -> None:
    """Remember the first day on which a member is seen, and which occurrence this event settles."""
    event = run.event
    if event is None or run.member is None or not run.world.schedules:
        return
    if run.state.since is None:
        run.record(Seen(event.day))
    if event.occurrence is not None:
        run.record(Settled(event.name, run.state.settled.get(event.name), event.occurrence))


def is_own(window: ir.Window, run: Run) -> bool:
    """Whether the event at hand is at an edge of the very period by which something is kept."""
    kind = run.event_kind()
    schedule = None if kind is None else kind.schedule
    return schedule is not None and window.kind == "period" and window.period == schedule.period


def is_closed(track: ir.TrackDef, occurrence: int, run: Run) -> bool:
    """Whether an occurrence of a track moves no more, since every scheduled event at the end of its period has settled
    it."""
    if track.window.kind != "period":
        return False
    settled = [run.state.settled.get(name) for name in run.world.closing[track.window.period]]
    return bool(settled) and all(last is not None and occurrence <= last for last in settled)


def is_read(first_day: int, last_day: int, run: Run) -> bool:
    """Whether a scheduled event is yet to come as of one of some days that have passed."""
    with run.looking():
        return any(
            first_day <= _happening(kind, each, run).day <= last_day
            for kind in run.world.schedules
            for each in _unsettled(kind, last_day, run)
        )


def horizon(run: Run) -> int:
    """The earliest day as of which tracks may still be read: the first unsettled edge, if it has passed, else the day
    that time has reached."""
    if not run.world.schedules:
        return run.standing
    days = [run.standing]
    with run.looking():
        for kind in run.world.schedules:
            first = next(_unsettled(kind, run.standing, run), None)
            if first is not None:
                days.append(_happening(kind, first, run).day)
    return min(days)
