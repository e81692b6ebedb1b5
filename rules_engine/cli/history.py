"""Which events a command reads, and until when: options that `rules score` and `rules simulate` share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rules_engine.cli.console import CannotRun

if TYPE_CHECKING:
    from rules_engine.feeds import Mapping
    from rules_engine.scoring import Program


def last_day(until: str | None) -> int | None:
    """The day of `--until`."""
    from rules_engine.calendar import parse_date
    from rules_engine.values import ValueFault

    try:
        return None if until is None else parse_date(until)
    except ValueFault as fault:
        raise CannotRun(f"`--until`: {fault.reason}") from None


def events_file(named: str | None, plan: Mapping | None, data: str | None) -> Path:
    """The file of events: the one that is named, else that of the mapping."""
    from rules_engine import feeds

    if named:
        return Path(named)
    if plan is None:
        raise CannotRun("say which events to score: `--events FILE`, or a `--mapping` that names a file")
    return feeds.events_file(plan, data)


def facts_needed(ready: Program) -> set[str]:
    """The facts that a program must have of every member."""
    return {field.name for field in ready.core.member if not field.optional}
