"""Days and occurrences as a run sees them: anchors, periods, and the windows of tracks and limits."""

from __future__ import annotations

from collections.abc import Iterable

from rules_engine import ir
from rules_engine.backends.reference.run import Env, Run
from rules_engine.calendar import Duration, DurationUnit, add_duration, local_day, subtract_duration
from rules_engine.occurrences import (
    EDGES,
    Context,
    Occurrence,
    contains,
    occurrence,
    occurrences,
)
from rules_engine.periods import Calendar, CalendarUnit, LastCalendar, Period, anchors

EVER = 0
"""The key of the one occurrence of a lifetime, and of what windows have seen."""


def context(period: Period, env: Env) -> Context | None:
    """What a period needs to know; None where the fact that it hangs on is absent."""
    found: dict[str, int] = {}
    for key in anchors(period):
        day = _anchor(env.run.world.anchors[key], env)
        if day is None:
            return None
        found[key] = day
    base = env.run.world.calendar
    trials = {match: tuple(_trials(env.run, match)) for match in env.run.state.matches}
    return Context(base.zone, base.weeks_start, base.leap_day, found, trials)


def _anchor(node: ir.Expr, env: Env) -> int | None:
    """An anchor is a date of the member, of the event or of the line at hand, or one that is written."""
    match node:
        case ir.Num(num=written):
            day: object = written
        case ir.MemberField(name=name):
            day = env.run.facts.get(name)
        case ir.Field(name=name):
            day = env.run.fields.get(name)
        case ir.LineField(name=name) if env.line is not None:
            day = env.line[name]
        case ir.DayOf(instant=ir.Field(name=name)):
            moment = env.run.fields.get(name)
            day = local_day(moment, env.run.world.zone) if isinstance(moment, int) else None
        case _:
            raise AssertionError(f"{type(node).__name__} is no anchor")
    assert day is None or isinstance(day, int)
    return day


def _trials(run: Run, match: str) -> list[tuple[int, int]]:
    """The trials of a match that are not yet judged, as [first day, end day)."""
    return [(each.start, each.trial_until + 1) for each in run.state.matches.get(match, ()) if each.status == "trial"]


def in_period(name: str, value: int, instant: bool, env: Env) -> bool:
    """Whether a period holds a day, or an instant."""
    period = env.run.world.periods[name].period
    found = context(period, env)
    if found is None:
        return False
    if instant:
        return contains(period, local_day(value, found.zone), found, value)
    return contains(period, value, found)


def edge(node: ir.EdgeDay, day: int, env: Env) -> int | None:
    """A first or last day; None where no such occurrence comes."""
    period = env.run.world.periods[node.period].period
    found = context(period, env)
    return None if found is None else EDGES[node.edge, node.next](period, day, found, env.run.instant)


def occurrence_of(period: str, day: int, env: Env) -> Occurrence | None:
    """The occurrence of a named period that holds a day; a period that starts at a time of day is asked the event's."""
    definition = env.run.world.periods[period].period
    found = context(definition, env)
    return None if found is None else occurrence(definition, day, found, env.run.instant)


def key_of(window: ir.Window, day: int, env: Env) -> int | None:
    """Under which day a window keeps what happens on a day; None where it keeps nothing then."""
    match window.kind:
        case "lifetime":
            return EVER
        case "rolling":
            return day
        case "last":
            return _unit_start(window, day, env)
        case "trial":
            return next((first for first, end in reversed(_trials(env.run, window.period)) if first <= day < end), None)
        case "period":
            found = occurrence_of(window.period, day, env)
            return None if found is None else found.first_day


def keys_back(window: ir.Window, day: int, env: Env) -> int | None:
    """The first day whose key a moving window still counts on a day; None where the window does not move."""
    if window.kind == "rolling":
        return subtract_duration(day, Duration(window.count, duration_unit(window.unit))) + 1
    if window.kind == "last":
        found = occurrence(LastCalendar(window.count, calendar_unit(window.unit)), day, env.run.world.calendar)
        assert found is not None
        return found.first_day
    return None


def moves(window: ir.Window) -> bool:
    """Whether a window slides with the day instead of having occurrences."""
    return window.kind in ("rolling", "last")


def outdated(window: ir.Window, values: Iterable[int], env: Env, read_from: int | None = None) -> list[int]:
    """The keys that nothing can read any more: days that left a moving window, and occurrences older than the newest
    two that have begun. Time is what the state has reached, or the earliest day as of which something is yet to be
    read."""
    day = env.run.standing if read_from is None else read_from
    begun = sorted(key for key in values if key <= day)
    since = keys_back(window, day, env)
    return begun[:-2] if since is None else [key for key in begun if key < since]


def previous_key(window: ir.Window, day: int, env: Env) -> int | None:
    """The key of the occurrence before the one that holds a day."""
    if window.kind != "period":
        return None
    found = occurrence_of(window.period, day, env)
    if found is None:
        return None
    return last_before(window.period, found.first_day, env)


def last_before(period: str, first_day: int, env: Env) -> int | None:
    """The first day of the occurrence that comes before the one that starts on a day; None where there is none.

    Occurrences are looked for backwards in doubling steps, as far as a century.
    """
    definition = env.run.world.periods[period].period
    found = context(definition, env)
    reach = 1
    while found is not None and reach <= 36_525 * 2:
        starts = [each.first_day for each in occurrences(definition, first_day - reach, first_day, found)]
        if starts:
            return starts[-1]
        reach *= 2
    return None


def _unit_start(window: ir.Window, day: int, env: Env) -> int:
    found = occurrence(Calendar(calendar_unit(window.unit)), day, env.run.world.calendar)
    assert found is not None
    return found.first_day


def duration_unit(unit: ir.TimeUnit) -> DurationUnit:
    """A unit of whole days; hours and minutes never measure days."""
    assert unit != "hour", "a span of days is not measured in hours"
    assert unit != "minute", "a span of days is not measured in minutes"
    return unit


def calendar_unit(unit: ir.TimeUnit) -> CalendarUnit:
    """A unit of the calendar."""
    return duration_unit(unit)


def moved(day: int, count: int, unit: ir.TimeUnit) -> int:
    """A day moved by a span; months clamp to the month's end."""
    return add_duration(day, Duration(count, duration_unit(unit)))
