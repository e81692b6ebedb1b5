"""How a member stands and what comes next: `Program.preview`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rules_engine import EventRefused, Preview, State
from rules_engine.calendar import format_date
from rules_engine.state import Holding, Lot
from tests.circle_program import BILL, MEMBERS, PACKAGE, call, circle
from tests.playing import day, program

LADDER = """member { level: count up to 9   resident: flag   joined: date }
unit mile, miles { rounded down   lasts for 2 months   pending until 10 days after today }
unit cash counts GBP { rounded half up   lasts forever }
track nights = count of lines where kind is room, on stay, per calendar year
track spend = sum of net, on stay, per calendar year
tiers {
  Red
  Silver    when nights >= 5 or spend >= 500 GBP
  Gold      when nights >= 20 and member.resident, or when spend > 2_000 GBP as big_spender
  Black     when member.level >= 8
  counts at once   lasts until end of next calendar year   then the earned tier
}
earn "Miles" { on stay   give 1 mile per 1 GBP of net }
earn "Cash" { on stay   give 10% of net, in cash }
"""
FACTS = {"level": 3, "resident": False, "joined": "2020-01-01"}


def _stay(folio: str, out: str, amount: str) -> dict[str, Any]:
    lines = [{"id": "l0", "kind": "room", "amount": amount}]
    return {"event": "stay", "folio": folio, "guest": "m", "out": out, "brand": "city", "lines": lines}


def _state(*stays: tuple[str, str]) -> State:
    state, scored = State(), program(LADDER)
    for number, (out, amount) in enumerate(stays):
        state = scored.apply(state, scored.score(_stay(f"s{number}", out, amount), FACTS, state))
    return state


def _preview(on: str, *stays: tuple[str, str], **facts: Any) -> Preview:
    return program(LADDER).preview({**FACTS, **facts}, _state(*stays), on)


def test_what_every_tier_needs_is_missing_behind_a_guard_too() -> None:
    ladder = """member { plan: text? }
unit mile, miles { rounded down   lasts forever }
track nights = count of lines where kind is room, on stay, per calendar year
track spend = sum of net, on stay, per calendar year
tiers {
  Red
  Gold     when has member.plan and nights >= 20
  every tier needs spend >= 10 GBP
  counts at once   lasts until end of next calendar year   then the earned tier
}
"""
    told = []
    for facts in ({"plan": "X"}, {}):
        (path,) = program(ladder).preview(facts, None, "2027-03-10").next
        told.append([[each.shown for each in ways] for ways in path.missing])
    needs = "10.00 GBP more of spend"
    assert told == [[["20 more of nights", needs]], [["member.plan is absent", needs]]]


def test_every_path_upwards_says_what_is_missing() -> None:
    found = _preview("2027-03-10", ("2027-03-01", "100.00"), ("2027-03-02", "99.50"))
    assert (found.tier, found.until) == ("Red", None)
    told = [(path.way, [[(each.what, each.missing) for each in ways] for ways in path.missing]) for path in found.next]
    assert told == [
        ("Silver", [[("nights", 3)], [("spend", 30_050)]]),
        ("Gold", [[("nights", 18), ("", None)]]),
        ("big_spender", [[("spend", 180_051)]]),
        ("Black", [[("member.level", 5)]]),
    ]
    nights, spend = (each for (each,) in found.next[0].missing)
    assert (nights.has, nights.needs, nights.unit, nights.shown) == (2, 5, "", "3 more of nights")
    assert (spend.has, spend.needs, spend.unit, spend.shown) == (19_950, 50_000, "GBP", "300.50 GBP more of spend")


def test_what_stands_behind_an_absent_fact_is_not_asked() -> None:
    rules = LADDER.replace("joined: date", "joined: date   partner: count? up to 9").replace(
        "member.level >= 8", "has member.partner and member.partner <= 3 or not (nights < 4 or spend < 100 GBP)"
    )
    scored = program(rules)
    (ways,) = (path.missing for path in scored.preview(FACTS, None, "2027-01-01").next if path.tier == "Black")
    assert [[each.shown for each in alternative] for alternative in ways] == [
        ["member.partner is absent"],
        ["nights is 0, and at least 4 is required", "spend is 0.00 GBP, and at least 100.00 GBP is required"],
    ]


def test_only_the_tiers_above_are_told_and_a_path_may_hold_already() -> None:
    found = _preview("2027-06-01", ("2027-03-01", "600.00"), level=9)
    assert (found.tier, format_date(found.until or 0)) == ("Silver", "2028-12-31")
    assert [(path.tier, path.holds) for path in found.next] == [("Gold", False), ("Gold", False), ("Black", True)]
    assert found.next[2].missing == ()


def test_a_new_period_begins_at_nothing() -> None:
    assert _preview("2028-01-01", ("2027-03-01", "499.00")).next[0].missing[1][0].has == 0


def test_balances_what_is_pending_and_what_lapses() -> None:
    found = _preview("2027-03-12", ("2027-03-01", "100.00"), ("2027-03-05", "50.00"), ("2027-03-05", "25.00"))
    miles, cash = (next(each for each in found.balances if each.unit == unit) for unit in ("mile", "cash"))
    assert (miles.amount, [(amount, format_date(until)) for amount, until in miles.pending]) == (
        100, [(75, "2027-03-15")],
    )  # fmt: skip
    assert (cash.amount, cash.owed, cash.pending, cash.shown) == (1_750, 0, (), "17.50 cash")
    assert [(each.unit, each.amount, format_date(each.day)) for each in found.lapsing] == [
        ("mile", 100, "2027-04-30"), ("mile", 75, "2027-05-04"),
    ]  # fmt: skip


def test_the_words_and_the_json() -> None:
    found = _preview("2027-03-12", ("2027-03-01", "100.00"), ("2027-03-05", "50.00"))
    assert found.text().splitlines() == [
        "tier Red",
        "to Silver: 3 more of nights; or 350.00 GBP more of spend",
        "to Gold: 18 more of nights and `member.resident` does not hold",
        "to Gold by big_spender: 1850.01 GBP more of spend",
        "to Black: 5 more of member.level",
        "0 points",
        "100 miles, 50 miles pending through 2027-03-15",
        "15.00 cash",
        "100 miles lapse after 2027-04-30",
        "50 miles lapse after 2027-05-04",
    ]
    assert json.loads(found.to_json())["next"][0]["missing"][0][0]["what"] == "nights"


def test_time_moves_but_nothing_changes() -> None:
    state = State(
        day=day("2027-01-01"),
        holdings=[Holding("Gold", day("2027-01-01"), day("2027-02-28"), "Gold")],
        lots=[Lot("mile", 30, day("2027-01-01"), None, day("2027-02-28"), "Miles")],
    )
    before = state.to_json()
    scored = program(LADDER)
    assert scored.preview(FACTS, state, "2027-02-28").tier == "Gold"
    after = scored.preview(FACTS, state, "2027-03-01")
    assert (after.tier, after.lapsing) == ("Red", ())
    assert state.to_json() == before
    assert scored.preview(FACTS, state, "2026-01-01").day == day("2027-01-01")
    assert [due.what for due in scored.preview(FACTS, state, "2027-02-01", until="2027-03-01").due] == ["mile", "Gold"]


def test_scheduled_events_and_the_pool_are_in_sight() -> None:
    scored, ann = circle(), MEMBERS["ann"]
    outcome = scored.score(call("c", "2027-01-10"), ann)
    state, pool = scored.apply(None, outcome), scored.apply_pool(None, outcome)
    found = scored.preview(ann, state, "2027-01-11", until="2027-02-10", pool=pool)
    assert [(each.unit, each.amount) for each in found.balances] == [("point", 30), ("data", 200)]
    assert [(due.what, format_date(due.day)) for due in found.due if due.kind == "event"] == [
        (PACKAGE, "2027-01-01"), (PACKAGE, "2027-02-01"), (BILL, "2027-02-08"),
    ]  # fmt: skip
    assert f"2027-02-08: {BILL} of 2027-01-05" in found.text()
    assert scored.preview(ann, state, "2027-01-11").balances[1].amount == 0


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(EventRefused, match="resident"):
        program(LADDER).preview({"level": 3, "joined": "2020-01-01"}, None, "2027-01-01")
    with pytest.raises(EventRefused, match="layout 2"):
        program(LADDER).preview(FACTS, {"version": 2}, "2027-01-01")
    with pytest.raises(EventRefused, match="the pool has layout 2"):
        circle().preview(MEMBERS["ann"], None, "2027-01-01", pool={"version": 2})
