"""Time: what happens to a member between events, in the order of its days.

What ends with a day is done as of that day's last instant, and what follows begins on the next: first tiers are
reviewed, where the ladder is judged at the ends of periods; then trials are judged, then holdings end, then lots
lapse. Days on which nothing ends cost nothing. Every step ends something for good or passes the end of a period, so
there are finitely many.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.backends.reference import matches, tiers, times
from rules_engine.backends.reference.reading import held, last_day
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.trace import Ending
from rules_engine.calendar import day_start
from rules_engine.occurrences import next_occurrence, occurrence
from rules_engine.state import Advanced, LotLapsed


def advance(run: Run, to_day: int) -> Iterator[Ending]:
    """Move time to a day and hand back, before each is done, what ends on the way; the last step is taken when the
    iterator is spent."""
    reached = run.state.day
    while True:
        due = sorted(each for each in endings(run, reached) if each.day < to_day)
        if not due:
            break
        today = [each for each in due if each.day == due[0].day]
        yield from today
        _end_day(today, run)
        reached = max(today[0].day + 1, reached or today[0].day + 1)
    if run.state.day is None or run.state.day < to_day:
        run.record(Advanced(run.state.day, to_day))


def endings(run: Run, reached: int | None) -> Iterator[Ending]:
    """Everything that is going to end, as far as is known now."""
    for key, trials in run.state.matches.items():
        yield from (Ending(each.trial_until, "trial", key) for each in trials if each.status == "trial")
    for holding in run.state.holdings:
        if holding.until is not None and holding.reason and not _is_trial(holding.reason, holding.until, run):
            yield Ending(holding.until, "tier", holding.tier)
    for lot in run.state.lots:
        last = last_day(lot, run)
        if last is not None:
            yield Ending(last, "lapse", lot.unit)
    if reached is not None:
        yield from _review(run, reached)


def _is_trial(reason: str, until: int, run: Run) -> bool:
    return any(each.status == "trial" and each.trial_until == until for each in run.state.matches.get(reason, ()))


def _review(run: Run, reached: int) -> Iterator[Ending]:
    ladder = run.world.core.tiers
    if ladder is None or not ladder.review:
        return
    period = run.world.periods[ladder.review].period
    found = times.context(period, Env(run))
    if found is not None:
        held_now = occurrence(period, reached, found) or next_occurrence(period, reached, found)
        if held_now is not None:
            yield Ending(held_now.end_day - 1, "review", ladder.review)


def _end_day(today: list[Ending], run: Run) -> None:
    """One day's end. A review, where there is one, may prolong what would end."""
    last, kinds = today[0].day, {each.kind for each in today}
    ladder = run.world.core.tiers
    run.today = run.standing = last
    run.instant = day_start(last + 1, run.world.zone) - 1
    before = run.held = held(run, last)
    if "review" in kinds and ladder is not None:
        tiers.judge(ladder, run, last + 1)
    if "trial" in kinds:
        matches.judge_at_end(last, run)
    if "tier" in kinds or "trial" in kinds:
        tiers.end_holdings(last, run)
    if "lapse" in kinds:
        for lot in [each for each in run.state.lots if last_day(each, run) == last]:
            run.record(LotLapsed(lot, last))
    tiers.note_change(before, last + 1, run)
