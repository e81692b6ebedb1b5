"""Tracks: what is remembered of a member over time.

In: a `track` declaration and the context of the check. Out: `TrackInfo` for all who read it, from the syntax alone, and
the `ir.TrackDef`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rules_engine import ir, tree

from .infos import EventInfo, MatchInfo, PeriodInfo, TrackInfo, UnitInfo

if TYPE_CHECKING:
    from .context import Context

Kind = Literal["sum", "count", "distinct", "streak", ""]


def track_info(declared: tree.TrackDecl, file: int, context: Context) -> TrackInfo:
    """What a reader of the track needs to know; nothing is reported."""
    return TrackInfo(
        declared.name.text,
        _kind(declared.fold),
        window_of(declared.per, context),
        tuple(each.name.text for each in declared.on if isinstance(each, tree.EventSource)),
        _given(declared.fold, context),
        declared.key is not None,
        track_not_yet(declared),
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
        case _:
            return ""


def _given(fold: tree.Expr, context: Context) -> str:
    if isinstance(fold, tree.SumOf) and isinstance(fold.measure, tree.FlowOf) and fold.measure.which == "given":
        unit = context.find(fold.measure.unit.text)
        return unit.name if isinstance(unit, UnitInfo) else ""
    return ""


def track_not_yet(declared: tree.TrackDecl) -> str:
    """What of the track no evaluator runs, in the user's words; empty if all runs."""
    if declared.key is not None:
        return "a track by key"
    if declared.household:
        return "a track of the household"
    if any(isinstance(each, tree.EdgeSource) for each in declared.on):
        return "a track on the end or start of a period"
    match declared.fold:
        case tree.SumOf(measure=tree.FlowOf(which="used")):
            return "a track of units used"
        case tree.EdgeDay():
            return "a track of the first or last day"
        case tree.SumOf(measure=tree.TopOf()) | tree.TopOf():
            return "`top`"
        case _:
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
            return ir.Window("trial", used.period.match)
        case tree.Rolling(length=length):
            return ir.Window("rolling", "", length.count, length.unit)
        case tree.LastCalendar(count=count, unit=unit):
            return ir.Window("last", "", count, unit)
