"""Clock changes for lints: on which days the clock of a zone is changed, and which hours that skips or doubles.

In: a zone and days. Out: `Change`s. A change is found where a local day is not 24 hours long; its moment lies where the
offset of the zone changes, found by halving.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rules_engine import ir, tree
from rules_engine.calendar import DAY_SECONDS, day_start, format_date, format_time, offset_at
from rules_engine.linting.dates import terms, window
from rules_engine.linting.view import View
from rules_engine.periods import Daily, unwrapped

YEARS = 3 * 366


class Change(msgspec.Struct, frozen=True):
    """A change of clocks on a local day: forward, and the times from `low` to `high` do not exist; or back, and they
    come twice. Times are seconds since midnight; they may pass the end of the day."""

    day: int
    low: int
    high: int
    forward: bool


def change_on(day: int, zone: str) -> Change | None:
    """The change of clocks on a local day, if there is one.

    >>> change_on(20_905, "Europe/London"), change_on(20_906, "Europe/London")
    (Change(day=20905, low=3600, high=7200, forward=True), None)
    """
    # Where midnight itself is skipped the day begins with the change, so the moment before it is asked.
    start, end = day_start(day, zone) - 1, day_start(day + 1, zone)
    before, after = offset_at(start, zone), offset_at(end - 1, zone)
    if before == after:
        return None
    low, high = start, end - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset_at(middle, zone) == before else (low, middle)
    shown, then = (high + offset - day * DAY_SECONDS for offset in (before, after))
    return Change(day, min(shown, then), max(shown, then), after > before)


def changes(header: ir.Header) -> Iterator[Change]:
    """The changes in the first three years of the terms, or of the sample."""
    days = window(terms(header))
    for day in days[:YEARS] if header.zone is not None else ():
        found = change_on(day, header.zone or "")
        if found is not None:
            yield found


def daily_periods(view: View) -> Iterator[tuple[int, tree.PeriodDecl, Daily]]:
    """The declared periods of hours, each with its file."""
    periods = {each.name: unwrapped(each.period) for each in view.core.periods}
    for file, declared in view.all(tree.PeriodDecl):
        span = periods.get(declared.name.text)
        if isinstance(span, Daily):
            yield file, declared, span


def skipped(span: Daily, change: Change) -> str:
    """What becomes of some hours on a day on which the clock goes forward; empty where nothing surprises.

    >>> skipped(Daily(5_400, 18_000), Change(20_905, 3_600, 7_200, True))
    'begins at 02:00'
    """
    start, end = span.start_seconds, span.end_seconds
    if not change.forward:
        return ""
    if change.low <= start < end <= change.high:
        return "does not come at all"
    if change.low < start < change.high:
        return f"begins at {format_time(change.high)}"
    if change.low < end < change.high:
        return f"ends at {format_time(change.high)}"
    return ""


def doubled(span: Daily, change: Change) -> str:
    """What becomes of some hours on a day on which the clock goes back; empty where clock and period agree."""
    start, end = span.start_seconds, span.end_seconds
    if change.forward:
        return ""
    if change.low < start < change.high:
        return f"holds from the first {format_time(start)}, and when the clock shows {format_time(change.low)} again"
    if change.low < end < change.high:
        return f"ends at the first {format_time(end)}, and not when the clock shows {format_time(change.low)} again"
    return ""


def words(declared: tree.PeriodDecl, change: Change, said: str) -> dict[str, str]:
    """What fills the wording of a lint on hours."""
    low, high = format_time(change.low), format_time(change.high)
    return {"name": declared.name.text, "day": format_date(change.day), "low": low, "high": high, "said": said}
