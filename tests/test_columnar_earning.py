"""Earns, rewards and tracks by columns: what they can do beyond plain sums and amounts, construct by construct, and the
programmes of the corpus that use it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from rules_engine import Source, load
from rules_engine.backends.columnar import Columnar
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.anchoring import Answers
from rules_engine.backends.reference import Reference
from rules_engine.calendar import local_day
from tests.columnar_trials import always_taken_again, columnar_trials, engines, play_columns
from tests.earning_programs import earning_program
from tests.histories import history

np = pytest.importorskip("numpy")

MET = (
    "ANCHORED", "AWARD", "CODED", "CUT_LINES", "DIFFERENT", "FATE", "HELD_OUT", "KEPT_ADD", "KEPT_ADD_LINES",
    "KEPT_FORGET", "KEPT_GET", "KEPT_MANY", "KEPT_RAISE", "KEPT_SEE", "KEPT_SUM", "KEY_FOLD", "LOCAL_DAY", "ROOM_LINES",
    "SAVED", "SAY", "SPREAD_AWARD", "STREAK_READ", "STREAK_STEP", "UNDONE",
)  # fmt: skip
"""Ops of the tape that programs of `earning_programs` must have met."""

HEADER = """language 1
program "Earning" {
  currency   GBP, rounded half up
  timezone   "Europe/London"
  weeks start Monday
  29 February counts as 28 February
  split      in proportion, odd pennies to the largest remainder
}
period spring = 1 Mar to 31 May every year
period membership_year = every 1 year from member.joined
period birthday_window = 20 days before to 30 days after member.birthday every year
period evening = 17:00 to 22:00 every day
unit point, points { rounded down   lasts forever }
unit star, stars { rounded down   lasts for 90 days }
unit cash counts GBP { rounded down   lasts forever }
unit saved counts GBP { rounded down   lasts for 30 days }
event buy dated by bought_on of customer identified by no {
  no: text   bought_on: date   ordered: date   customer: member   codes: codes up to 4   sent: instant   till: text
  lines 0 to 8 {
    sku: text as id   category: toys | books | home   hot: flag   day: date   tags: list of up to 3 text
    price: money up to 500 GBP as list
  }
}
member { joined: date   birthday: date?   plan: basic | plus   circle: list of up to 3 text }
"""
EARN = 'earn "E" as e { on buy  %s }\n'
SECOND = 'earn "F" { on buy  %s }\n'
REWARD = 'reward "R" { on buy  %s }\n'

MONTHLY = "per member per calendar month"
PROGRAMS = {
    "a window of calendar units": (
        "KEPT_ADD",
        "track spend = sum of net, on buy, per the last 3 calendar months\n"
        + EARN % "when spend >= 20 GBP  give 3 points",
    ),
    "a day of a field": (
        "KEPT_ADD",
        "track spend = sum of net, on buy, per calendar month by ordered\n"
        + EARN % "when spend >= 20 GBP  give 3 points",
    ),
    "a day of each line": (
        "KEPT_ADD_LINES",
        "track toys = count of lines where category is toys, on buy, per spring by day\n"
        + REWARD % "when toys reaches 1  give 2 stars",
    ),
    "different values": (
        "KEPT_SEE",
        "track goods = distinct sku of lines up to 6 keys, on buy, per calendar month\n"
        + EARN % "when goods >= 2  give 3 points",
    ),
    "by key": (
        "KEY_FOLD",
        "track usage = sum of net by category up to 3 keys, on buy, per calendar month\n"
        + EARN % "when sum of usage >= 20 GBP and (sum of top 1 of usage ties by category) >= 9 GBP  give 3 points",
    ),
    "a streak": (
        "STREAK_STEP",
        "track weeks = streak of calendar month, on buy, per lifetime\n"
        + REWARD % "when weeks reaches 2  give 2 stars",
    ),
    "a year of the member": (
        "ANCHORED",
        "track spend = sum of net, on buy, per membership_year\n"
        + EARN % ("when spend < 90 GBP  give 3 points per full 1 GBP of net"
                  "  at most 200 points per member per membership_year"),
    ),
    "round a birthday": ("ANCHORED", EARN % "when has member.birthday and today in birthday_window  give 3 points"),
    "a time of day": ("ANCHORED", EARN % "when sent in evening  give 3 points, lasting until end of membership_year"),
    "marks": (
        "KEPT_FORGET",
        "track spend = sum of net, on buy, per calendar week\n"
        + REWARD % "for each mark of spend at 20 GBP, 60 GBP  give by mark { 20 GBP: 1 star  60 GBP: 2 stars }",
    ),
    "rates across a track": (
        "TRACK",
        "track spend = sum of net, on buy, per calendar month\n"
        + EARN % "give across spend { from 0 GBP: 1 point per 1 GBP   from 50 GBP: 2 points per 1 GBP }",
    ),
    "awards read line by line": (
        "SPREAD_AWARD",
        EARN % "give 10 points per 1 GBP of net" + SECOND % "give 50% of e of lines where day in spring",
    ),
    "limits by a day of each line": (
        "CUT_LINES", EARN % f"give 1 point per 1 GBP of net  at most 90 points {MONTHLY} by day",
    ),
    "one cut cancels several awards": (
        "UNDONE",
        EARN % ("give 2 stars  give 1 point per 1 GBP of net"
                f"  at most 90 stars per member  at most 150 points {MONTHLY}, or nothing"),
    ),
    "a split": ("AWARD", EARN % "give 5% of net, in cash, split into { cash: 33.3%  saved: the rest }"),
    "a message": ("SAY", EARN % f'give 5 points  say "Thanks"  once {MONTHLY}'),
    "a code": ("FATE", EARN % f'with code "C1"  give 5 points  once {MONTHLY}'),
    "a holdout": ("HELD_OUT", EARN % "give 5 points" + 'holdout 50% of members salt "s" from e\n'),
    "the first of a group": (
        "WHERE",
        EARN % 'when till is "a"  give 5 points  competes in g' + SECOND % "give 3 points  competes in g"
        + 'group g { first per basket in order "E", "F" }\n',
    ),
    "a list of the line, and of the member": (
        "LISTED_LINE", EARN % 'when "a" in member.circle  give 1 point * count of lines where "b" in tags',
    ),
    "a number that is not proved": (
        "GUARDED_LINES",
        "track often = count, on buy, per lifetime\n"
        + EARN % "give 100 points * (often, up to 10) per 1 GBP of net of each line",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_columns_equal_rows(name: str) -> None:
    op, rules = PROGRAMS[name]
    core = load([Source("earning.rules", HEADER + rules)]).core
    columnar, met = Columnar(core, "numpy"), Counter[str]()
    assert columnar.refused == {}
    numbers = columnar.tape.code[:, 0].tolist()
    assert op in {ops.OPS.get(each) or ops.OPS.get(each - ops.VECTOR) for each in numbers}
    for seed in range(2):
        told = history(core, Random(seed), 24)
        for engine in engines():
            play_columns(core, told, engine, met, Random(seed))
    assert met["by columns"] > 4


def test_earning_programs_are_scored_alike_by_columns() -> None:
    met = columnar_trials(range(22), "earning")
    missing = [op for op in MET if not met[f"op {op}"]]
    assert not missing, missing
    assert met["by columns"] > 200


def test_what_is_kept_by_entries_is_taken_again_from_a_state() -> None:
    assert always_taken_again(map(earning_program, range(6)))["by columns"] > 20


PROGRAMMES = (
    "birthday-window", "check-in-streak", "krisflyer-expiry", "member-day", "mci-top-two-exchanges",
    "nectar-insurance-match", "rakuten-marathon", "va-flying-club-earn",
)  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMMES)
def test_programmes_of_the_corpus(name: str) -> None:
    path = Path(f"tests/corpus/programmes/{name}.rules")
    core, met = load(path).core, Counter[str]()
    columnar = Columnar(core, "numpy")
    assert any(event.name not in columnar.refused for event in core.events)
    for seed in range(2):
        play_columns(core, history(core, Random(seed)), "numpy", met, Random(seed))
    assert met["by columns"] > 0


def test_local_days_of_moments_are_those_of_the_zone() -> None:
    core = load([Source("earning.rules", HEADER + EARN % "give 5 points")]).core
    answers = Answers(Reference(core).world, ())
    rng = Random(3)
    moments = [rng.randrange(-(10**9), 2 * 10**9) for _ in range(300)]
    moments += [day * 86_400 + shift for day in range(19_800, 19_830) for shift in (-3601, -3600, -1, 0, 1)]
    found = answers.local_days(np.array(moments, np.int64)).tolist()
    assert found == [local_day(moment, "Europe/London") for moment in moments]
