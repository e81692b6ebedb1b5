"""Events that happen by themselves: at the end or the start of every occurrence of a period.

In: `end of billing_cycle, settled after 5 days`. Out: the name of the event, which is its words, and its record; both
are read off the syntax alone. Nobody sends such an event, so it has no fields: what is read on it is remembered or
declared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from rules_engine import ir, periods, tree
from rules_engine.checking.context import duration, period_of
from rules_engine.checking.infos import EventInfo
from rules_engine.values import ValueFault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules_engine.checking.context import Context

OWNER: Final = "member"
"""What names the member of a scheduled event on the wire."""


def event_names(sources: tuple[tree.EventRef, ...], declared: Iterable[str]) -> tuple[str, ...]:
    """The names of the events that sources mean, each once, as written; `any event` is all that are `declared`."""
    found: list[str] = []
    for each in sources:
        match each:
            case tree.EventSource(name=name):
                found.append(name.text)
            case tree.EdgeSource():
                found.append(schedule_name(each))
            case tree.AnyEvent():
                found += declared
            case _:
                assert_never(each)
    return tuple(dict.fromkeys(found))


def schedule_name(source: tree.EdgeSource) -> str:
    """`end of billing_cycle, settled after 5 days`."""
    return f"{source.edge} of {_period_words(source.period)}{_settled_words(source.settled)}"


def _period_words(when: tree.When) -> str:
    match when:
        case tree.PeriodRef(name=name):
            return name.text
        case tree.TrialOf(match=name):
            return f"trial of {name.text}"
        case _:
            try:
                return periods.describe(period_of(when))
            except ValueFault:
                return "no period"  # reported where the source is read


def _settled_words(settled: tree.Duration | None) -> str:
    if settled is None:
        return ""
    return f", settled after {settled.count} {settled.unit}{'' if settled.count == 1 else 's'}"


def schedule_info(source: tree.EdgeSource) -> EventInfo:
    """The record of a scheduled event."""
    settled = source.settled
    schedule = ir.ScheduleDef(
        source.edge,
        _period_words(source.period),
        0 if settled is None else settled.count,
        "day" if settled is None else settled.unit,
    )
    name = schedule_name(source)
    definition = ir.EventDef(name, "", OWNER, "", (), None, schedule=schedule)
    return EventInfo(name, definition, False, False, False, "")


def check_schedule(source: tree.EdgeSource, context: Context) -> None:
    """Report a scheduled event that never happens, or that nobody knows the day of."""
    used = context.when(source.period)
    if source.settled is not None:
        try:
            duration(source.settled)
        except ValueFault as fault:
            context.report("M120", source.settled, reason=fault.reason)
    if used is None:
        return
    why = _never(used.period, source.edge)
    if why:
        context.report("M274", source, edge=source.edge, period=used.name, why=why)


def _never(period: periods.Period, edge: str) -> str:
    """Why a period has no such edge; empty where it has."""
    match periods.unwrapped(period):
        case periods.Lifetime():
            return "it is all of time"
        case periods.Rolling() | periods.LastCalendar():
            return "it moves along with every day"
        case periods.Trial():
            return "a trial ends by the `keep` of its match"
        case periods.Daily():
            return "it begins and ends within days"
        case periods.Fixed(first=None) if edge == "start":
            return "it has no first day"
        case periods.Fixed(last=None) if edge == "end":
            return "it has no last day"
        case _:
            outer = next((key for key in periods.anchors(period) if not _lasting(key)), "")
            return f"it hangs on `{outer}`, which comes with an event" if outer else ""


def _lasting(anchor: str) -> bool:
    """Whether an anchor is known without an event: a written date, or a fact of the member."""
    return anchor[0].isdigit() or anchor.startswith("member.")
