"""L706: a path to a tier that no test reaches."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.tested import missed
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for each in missed(view, "tier path"):
        if each.side == "met":
            data = {"tier": each.title, "words": view.words(each.at)}
            yield Found(each.at.file, (each.at.start, each.at.end), data, note=_begin(each.at, view))


def _begin(at: ir.Origin, view: View) -> str:
    """The first line of such a test, where the condition is one number of a track."""
    ways = (way.condition for rung in (view.core.tiers.rungs if view.core.tiers else ()) for way in rung.ways)
    match next((each for each in ways if each.at == at), None):
        case ir.Cmp(op=">=" | ">", left=ir.TrackRead(track=track, previous=False), right=ir.Num() as bound):
            return f"begin with `given track {track} {view.words(bound.at)}`"
        case _:
            return ""


LINT = Lint(
    "L706",
    "tier-never-reached",
    "a tier that no test reaches",
    "no test reaches {tier} by `{words}`",
    "add a test whose last event reaches it",
    "A tier is what members work for. Whether its condition counts what the terms say shows only where a test "
    "reaches it.",
    bad="""\
language 1

program "Corner Shop Club" {
  currency   GBP, rounded half up
  split      in proportion, odd pennies to the largest remainder
}

event purchase dated by day of customer identified by no {
  no: text   customer: member   day: date   codes: codes up to 3
  lines 0 to 9 { id: text as id   price: money up to 500 GBP as list }
}

track stays = count, on purchase, per calendar year

tiers { Blue   Gold when stays >= 2   lasts until end of next calendar year   then Blue }

test "the first stay" {
  when  purchase { day: 2027-03-01
    lines | id  | price    |
          | "a" | 5.00 GBP | }
  then  tier Blue
}
""",
    good="""\
language 1

program "Corner Shop Club" {
  currency   GBP, rounded half up
  split      in proportion, odd pennies to the largest remainder
}

event purchase dated by day of customer identified by no {
  no: text   customer: member   day: date   codes: codes up to 3
  lines 0 to 9 { id: text as id   price: money up to 500 GBP as list }
}

track stays = count, on purchase, per calendar year

tiers { Blue   Gold when stays >= 2   lasts until end of next calendar year   then Blue }

test "the first stay" {
  when  purchase { day: 2027-03-01
    lines | id  | price    |
          | "a" | 5.00 GBP | }
  then  tier Blue
  when  purchase { day: 2027-03-02
    lines | id  | price    |
          | "a" | 5.00 GBP | }
  then  tier Gold
}
""",
    find=_find,
    asked=True,
)
