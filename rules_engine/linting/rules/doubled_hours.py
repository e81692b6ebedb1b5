"""L203: hours of a period that the clock shows twice once a year."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.clocks import changes, daily_periods, doubled, skipped, words
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for file, declared, span in daily_periods(view):
        changed = tuple(changes(view.core.header))
        found = next((each for each in changed if doubled(span, each)), None)
        if found is not None and not any(skipped(span, each) for each in changed):
            yield Found(file, declared.span_.span, words(declared, found, doubled(span, found)))


LINT = Lint(
    "L203",
    "doubled-hours",
    "hours that a clock change shows twice",
    "on {day} the clock shows {low} to {high} twice, so `{name}` {said}",
    "begin and end outside {low} to {high}",
    "When clocks go back an hour of the local day comes twice. A time inside it stands for its first coming. A "
    "customer who sees the same time on the clock an hour later is treated otherwise than the poster says.",
    bad="""\
language 1
use shop

program "Night Shop" { currency USD, rounded half up   timezone "America/New_York" }

unit point, points { rounded down   lasts for 24 months }

period late_show = 21:00 to 01:30 every day

earn "Night owls" { on purchase   when today in late_show   give 5 points }

test "at three in the afternoon" {
  given member {}
  when  purchase { bought_at: 2027-05-05 15:00 }
  then  "Night owls" not applied
}

test "at night" {
  given member {}
  when  purchase { bought_at: 2027-05-05 23:00 }
  then  "Night owls" 5 points
}
""",
    good="""\
language 1
use shop

program "Night Shop" { currency USD, rounded half up   timezone "America/New_York" }

unit point, points { rounded down   lasts for 24 months }

period late_show = 21:00 to 01:00 every day

earn "Night owls" { on purchase   when today in late_show   give 5 points }

test "at three in the afternoon" {
  given member {}
  when  purchase { bought_at: 2027-05-05 15:00 }
  then  "Night owls" not applied
}

test "at night" {
  given member {}
  when  purchase { bought_at: 2027-05-05 23:00 }
  then  "Night owls" 5 points
}
""",
    find=_find,
)
