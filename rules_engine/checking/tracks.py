"""Tracks: what is remembered of a member over time.

In: a `track` declaration and the context of the check. Out: `TrackInfo` for all who read it, from the syntax alone, and
the `ir.TrackDef`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, assert_never

from rules_engine import ir, periods, tree
from rules_engine.checking.elaboration import env_for, fold
from rules_engine.checking.infos import PeriodInfo, TrackInfo, UnitInfo
from rules_engine.checking.schedules import check_schedule, event_names, schedule_name
from rules_engine.checking.units import known_event

if TYPE_CHECKING:
    from rules_engine.checking.context import Context

Kind = Literal["sum", "count", "distinct", "streak", "first day", "last day", ""]

ANY: Final = "any event"


def track_info(declared: tree.TrackDecl, file: int, context: Context) -> TrackInfo:
    """What a reader of the track needs to know; nothing is reported."""
    return TrackInfo(
        declared.name.text,
        _kind(declared.fold),
        window_of(declared.per, context),
        event_names(declared.on, context.symbols.events),
        _given(declared.fold, context),
        declared.key is not None,
        declared,
        file,
    )


def _kind(fold: tree.Expr) -> Kind:
    match fold:
        case tree.SumOf():
            return "sum"
        case tree.CountOf():
            return "count"
        case tree.DistinctOf():
            return "distinct"
        case tree.StreakOf():
            return "streak"
        case tree.EdgeDay(which=which):
            return "first day" if which == "first" else "last day"
        case _:
            return ""


def _given(fold: tree.Expr, context: Context) -> str:
    if isinstance(fold, tree.SumOf) and isinstance(fold.measure, tree.FlowOf):
        unit = context.find(fold.measure.unit.text)
        return unit.name if isinstance(unit, UnitInfo) else ""
    return ""


def window_of(per: tree.When, context: Context) -> ir.Window | None:
    """How a track or a limit is kept over time; None after an error."""
    used = context.when(per)
    if used is None:
        return None
    match per:
        case tree.CalendarSpan() | tree.PeriodRef():
            return ir.Window("period", used.name)
        case tree.Lifetime():
            return ir.Window("lifetime")
        case tree.TrialOf():
            assert isinstance(used.period, periods.Trial)
            return ir.Window("trial", used.period.match)
        case tree.Rolling(length=length):
            return ir.Window("rolling", "", length.count, length.unit)
        case tree.LastCalendar(count=count, unit=unit):
            return ir.Window("last", "", count, unit)


def uncovered(
    per: tree.When, by: tree.Path | None, guards: tuple[tree.Expr | None, ...], context: Context
) -> periods.Period | None:
    """The period, if an event may fall outside it and the text neither names a date (`by`) nor asks `today in P`."""
    if by is not None or not isinstance(per, tree.PeriodRef):
        return None
    found = context.find(per.name.text)
    if not isinstance(found, PeriodInfo) or found.period is None or periods.covers_every_day(found.period):
        return None
    if guards and all(_asks_in(each, per.name.text) for each in guards):
        return None
    return found.period


def _asks_in(guard: tree.Expr | None, name: str) -> bool:
    """Whether a condition can only hold inside the period."""
    match guard:
        case tree.Both(parts=parts):
            return any(_asks_in(each, name) for each in parts)
        case tree.In(right=tree.Path() | tree.PeriodRef() as right, negated=False):
            return (right.text if isinstance(right, tree.Path) else right.name.text) == name
        case _:
            return False


def track_def(declared: tree.TrackDecl, context: Context) -> ir.TrackDef | None:
    """The track, or None after an error."""
    events = known_events(declared.on, context)
    window = window_of(declared.per, context)
    parts = fold(declared, env_for(context, events, "track"))
    _check(declared, window, context)
    if parts is None or window is None:
        return None
    name = declared.name.text
    return ir.TrackDef(
        name,
        name,
        declared.was.value if declared.was else "",
        parts.kind,
        events,
        parts.where,
        parts.value,
        window,
        parts.line_where,
        parts.by,
        parts.by_line,
        parts.given,
        parts.rules,
        parts.streak,
        parts.keys_max,
        parts.unit,
        parts.decimals,
        parts.used,
        parts.by_key,
        parts.key_line,
        "household" if declared.household else "member",
    )


def _check(declared: tree.TrackDecl, window: ir.Window | None, context: Context) -> None:
    """What the text of a track must say besides its fold."""
    kind = _kind(declared.fold)
    if not declared.on and not (kind == "sum" and isinstance(declared.fold, tree.SumOf) and _flow(declared.fold)):
        context.report("M130", declared.name, name=declared.name.text)
    if kind == "streak" and window is not None and window.kind in ("rolling", "last"):
        context.report("M131", declared.per)
    if declared.by is not None and window is not None and window.kind in ("lifetime", "trial"):
        context.report("M132", declared.by, window="a lifetime" if window.kind == "lifetime" else "a trial")
    sent = any(not _edge_of(each, declared.per) for each in declared.on)
    outside = uncovered(declared.per, declared.by, (declared.where,), context) if sent else None
    if outside is not None:
        name = periods.describe(outside)
        fix = None
        if declared.where is None:
            fix = context.insert(
                f"count only what is inside `{name}`", declared.on[-1].span[1], f" where today in {name}"
            )
        context.report("M133", declared.per, period=name, fix=fix)


def _edge_of(source: tree.EventRef, per: tree.When) -> bool:
    """Whether an event is an edge of the track's own period, and so never falls outside it."""
    return isinstance(source, tree.EdgeSource) and tree.same(source.period, per)


def _flow(fold: tree.SumOf) -> bool:
    return isinstance(fold.measure, tree.FlowOf)


def known_events(sources: tuple[tree.EventRef, ...], context: Context) -> tuple[str, ...]:
    """The names of events, those that happen by themselves by their words; what is unknown, or stands twice, is
    reported."""
    names: set[str] = set()
    for each in sources:
        match each:
            case tree.EventSource(name=name):
                known_event(name, context)
                word = name.text
            case tree.EdgeSource():
                check_schedule(each, context)
                word = schedule_name(each)
            case tree.AnyEvent():
                word = ANY
            case _:
                assert_never(each)
        if word in names or (isinstance(each, tree.EventSource) and ANY in names):
            context.report("M160", each, what=f"`on {word}`")
        names.add(word)
    return event_names(sources, context.events() if ANY in names else ())
