"""L202: hours of a period that the clock skips once a year."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.clocks import changes, daily_periods, skipped, words
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for file, declared, span in daily_periods(view):
        found = next((each for each in changes(view.core.header) if skipped(span, each)), None)
        if found is not None:
            yield Found(file, declared.span_.span, words(declared, found, skipped(span, found)))


LINT = Lint(
    "L202",
    "skipped-hours",
    "hours that a clock change skips",
    "on {day} the clock goes from {low} to {high}, so `{name}` {said}",
    "begin and end outside {low} to {high}",
    "When clocks go forward an hour of the local day does not exist. A time inside it stands for the moment of the "
    "change. Customers read the time on the poster, and on that day they read something else on the clock.",
    bad="""\
language 1
use shop

program "Night Shop" { currency USD, rounded half up   timezone "America/New_York" }

unit point, points { rounded down   lasts for 24 months }

period small_hours = 02:30 to 05:00 every day

earn "Night owls" { on purchase   when today in small_hours   give 5 points }

test "at three in the afternoon" {
  given member {}
  when  purchase { bought_at: 2027-05-05 15:00 }
  then  "Night owls" not applied
}

test "at night" {
  given member {}
  when  purchase { bought_at: 2027-05-05 04:00 }
  then  "Night owls" 5 points
}
""",
    good="""\
language 1
use shop

program "Night Shop" { currency USD, rounded half up   timezone "America/New_York" }

unit point, points { rounded down   lasts for 24 months }

period small_hours = 03:00 to 05:00 every day

earn "Night owls" { on purchase   when today in small_hours   give 5 points }

test "at three in the afternoon" {
  given member {}
  when  purchase { bought_at: 2027-05-05 15:00 }
  then  "Night owls" not applied
}

test "at night" {
  given member {}
  when  purchase { bought_at: 2027-05-05 04:00 }
  then  "Night owls" 5 points
}
""",
    find=_find,
)
