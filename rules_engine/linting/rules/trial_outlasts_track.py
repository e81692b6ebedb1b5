"""L209: a trial that is judged by a track which begins anew before the trial ends."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir, tree
from rules_engine.linting.dates import SAMPLE, context, day_value
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View, key_of
from rules_engine.periods import Calendar, unwrapped

LONGEST = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


def _find(view: View) -> Iterator[Found]:
    cores = {each.key: each for each in view.core.matches}
    lengths = {each.name: _length(each, view) for each in view.core.tracks}
    periods = {each.name: each.period for each in view.core.periods}
    for file, node in view.all(tree.MatchDecl):
        core = cores[key_of(node)]
        last = day_value(core.trial, SAMPLE[0], periods, context(view.core.header))
        for each in ir.walk(core.keep) if last is not None else ():
            if isinstance(each, ir.TrackRead) and last is not None:
                length = lengths[each.track]
                if length is not None and length < last - SAMPLE[0] + 1:
                    place = node.keep.span if node.keep is not None else node.title.span
                    yield Found(file, place, {"title": core.title, "track": each.track, "days": str(length)})


def _length(track: ir.TrackDef, view: View) -> int | None:
    """How many days a track holds at most; None: as many as there are."""
    window = track.window
    if window.kind == "rolling" and window.unit in LONGEST:
        return window.count * LONGEST[window.unit]
    if window.kind == "period":
        period = next(unwrapped(each.period) for each in view.core.periods if each.name == window.period)
        return LONGEST[period.unit] if isinstance(period, Calendar) else None
    return None


LINT = Lint(
    "L209",
    "trial-outlasts-track",
    "a trial longer than what it is judged by",
    '"{title}" is kept by `{track}`, which holds {days} days at most, and its trial is longer',
    "keep the track `per trial of` the match",
    "At the end of a trial the track is read as it stands then. A track per calendar month has forgotten the first "
    "months of a trial of ninety days, so what a member did at its beginning does not count.",
    bad="""\
track stays = count, on purchase, per calendar month

tiers { Blue   Gold when stays >= 20   lasts until end of next calendar year   then Blue }

match "Status match" as challenge {
  on        claim
  matches   by member.segment { "Gold": Gold   otherwise: no award }
  trial     for 90 days
  keep      matched tier if stays >= 5
  lasts     until end of next calendar year
  then      Blue
  once      per member
}
""",
    good="""\
track stays = count, on purchase, per calendar month

track in_trial = count, on purchase, per trial of challenge

tiers { Blue   Gold when stays >= 20   lasts until end of next calendar year   then Blue }

match "Status match" as challenge {
  on        claim
  matches   by member.segment { "Gold": Gold   otherwise: no award }
  trial     for 90 days
  keep      matched tier if in_trial >= 5
  lasts     until end of next calendar year
  then      Blue
  once      per member
}
""",
    find=_find,
)
