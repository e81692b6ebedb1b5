"""Events that nobody sends: when they are due, how they are scored by hand and in a stream, and what is refused."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from rules_engine import Due, EventRefused, Refused, State, load
from rules_engine.calendar import format_date, parse_date
from rules_engine.feeds import FeedError
from rules_engine.source import Source
from rules_engine.workbench import Job, Report, score_file
from tests.circle_program import BILL, MEMBERS, PACKAGE, RULES, call, circle, circle_by_reference, told
from tests.test_cli import rules as command

ANN = MEMBERS["ann"]


def _ann(*days: str) -> State:
    """Ann's state after calls on some days, nothing settled."""
    state = State()
    for number, day in enumerate(days):
        state = circle().apply(state, circle().score(call(f"c{number}", day), ANN, state))
    return state


def _due(state: State | None, until: str) -> list[tuple[str, str, str, str]]:
    return [
        (each.kind, format_date(each.day), each.what, "" if each.occurrence is None else format_date(each.occurrence))
        for each in circle().due(ANN, state, until)
    ]


# ---- what is due ----


def test_schedules_begin_with_the_occurrence_in_which_a_member_is_first_seen() -> None:
    assert _due(None, "2027-12-31") == []
    assert _due(_ann("2027-01-10"), "2027-03-10") == [
        ("event", "2027-01-01", PACKAGE, "2027-01-01"),
        ("event", "2027-02-01", PACKAGE, "2027-02-01"),
        ("event", "2027-02-08", BILL, "2027-01-05"),
        ("event", "2027-03-01", PACKAGE, "2027-03-01"),
        ("event", "2027-03-08", BILL, "2027-02-05"),
    ]
    assert _due(_ann("2027-01-10"), "2027-02-07")[-1][1] == "2027-02-01"


def test_what_is_due_is_scored_in_order_and_settled() -> None:
    program, state = circle(), _ann("2027-01-10", "2027-01-31")
    for due in program.due(ANN, state, "2027-02-28"):
        outcome = program.score(program.scheduled("ann", due), ANN, state)
        assert outcome.posted == due.day
        state = program.apply(state, outcome)
    assert _due(state, "2027-02-28") == []
    assert (outcome.event, outcome.totals, format_date(outcome.day)) == (BILL, {"point": 6}, "2027-02-04")
    assert [format_date(lot.earned) for lot in state.lots if lot.source == "Bill"] == ["2027-02-08"]
    assert _due(state, "2027-03-02") == [("event", "2027-03-01", PACKAGE, "2027-03-01")]


def test_at_one_day_ends_come_first_then_what_ends_then_starts() -> None:
    rules = RULES.replace(", settled after 3 days", "").replace(
        "unit point, points { rounded down   lasts forever }", "unit point, points { rounded down   lasts for 22 days }"
    )
    program = load([Source("circle.rules", rules)])
    facts = {**ANN, "bill_day": "2027-01-01"}
    state = program.apply(None, program.score(call("c", "2027-01-10"), facts))
    assert [(due.kind, due.what) for due in program.due(facts, state, "2027-02-01")] == [
        ("event", PACKAGE), ("event", "end of bill_month"), ("lapse", "point"), ("event", PACKAGE),
    ]  # fmt: skip


def test_another_delay_settles_nothing_twice() -> None:
    program, state = circle(), _ann("2027-01-10", "2027-01-31")
    for due in program.due(ANN, state, "2027-02-28"):
        state = program.apply(state, program.score(program.scheduled("ann", due), ANN, state))
    later = load([Source("circle.rules", RULES.replace(", settled after 3 days", ", settled after 4 days"))])
    carried = later.state(state.to_json())
    asked = [(due.what, due.occurrence) for due in later.due(ANN, carried, "2027-03-12") if due.kind == "event"]
    bill = BILL.replace("3 days", "4 days")
    known = [(due.what, due.occurrence) for due in program.due(ANN, state, "2027-03-12") if due.kind == "event"]
    assert asked == [(bill if what == BILL else what, day) for what, day in known]
    assert bill in {what for what, _ in asked}


def test_two_delays_side_by_side_are_two_schedules() -> None:
    early, state = "end of bill_month", _ann("2027-01-10", "2027-01-31")
    both = RULES + 'reward "Early" { on end of bill_month   give 1 point }\n'
    program = load([Source("circle.rules", both)])
    first = next(due for due in program.due(ANN, state, "2027-02-28") if due.what == early)
    state = program.apply(state, program.score(program.scheduled("ann", first), ANN, state))
    assert state.settled.keys() == {early}
    assert program.state(state.to_json()).settled == state.settled


def test_only_events_are_sent() -> None:
    with pytest.raises(ValueError, match="a lapse is no event"):
        circle().scheduled("ann", Due("lapse", 20_000, "point"))


# ---- one event by hand ----

SENT = {"event": BILL, "member": "ann", "occurrence": "2027-01-05"}


def test_every_way_in_takes_a_scheduled_event() -> None:
    state = _ann("2027-01-10")
    outcome = circle().score(SENT, ANN, state)
    assert (outcome.totals, outcome.id) == ({"point": 3}, f"{BILL} 2027-01-05 of ann")
    request = {"event": SENT, "member": ANN, "state": json.loads(state.to_json())}
    assert circle().score_json(json.dumps(request).encode()) == outcome.to_json()
    assert circle_by_reference().score(SENT, ANN, state) == outcome
    assert circle().score(circle().event(json.dumps(SENT).encode()), ANN, state) == outcome
    assert circle().score(SENT, ANN, state, pool=State()) == outcome
    assert circle().explain(SENT, ANN, state).outcome == outcome


def test_a_scheduled_event_has_a_type_and_a_schema() -> None:
    state, kind = _ann("2027-01-10"), circle().event_type(BILL)
    sent = kind(member="ann", occurrence="2027-01-05")
    assert circle().score(sent, ANN, state) == circle().score(SENT, ANN, state)
    assert circle().event_schema(BILL)["required"] == ["event", "member", "occurrence"]


def test_a_member_who_was_never_seen_may_begin_with_a_scheduled_event() -> None:
    start = {"event": PACKAGE, "member": "ann", "occurrence": "2027-03-01"}
    outcome = circle().score(start, ANN)
    assert outcome.totals == {"data": 1_000}
    assert circle().apply(None, outcome).since == parse_date("2027-03-01")


@pytest.mark.parametrize(
    ("sent", "code", "field", "words"),
    [
        ({"occurrence": "2027-01-06"}, "V165", "occurrence", "no bill_month of the member begins on that day"),
        ({"occurrence": "2027-02-05"}, "V165", "occurrence", "the one of 2027-01-05 comes first"),
        ({"occurrence": "2026-12-05"}, "V165", "occurrence", "the member was first seen on 2027-01-10"),
        ({"occurrence": "2027-1-5"}, "V106", "occurrence", "is not a date"),
        ({"occurrence": None}, "V104", "occurrence", "is missing"),
        ({"occurrence": 20_823}, "V105", "occurrence", "cannot be the number"),
        ({"member": None}, "V104", "member", "is missing"),
        ({"member": ""}, "V114", "member", "is empty"),
        ({"minutes": 3}, "V103", "minutes", "is not declared"),
        ({"event": "end of bill_month"}, "V102", "event", "not an event of this program"),
    ],
)
def test_a_scheduled_event_that_cannot_be_is_refused(sent: dict[str, Any], code: str, field: str, words: str) -> None:
    with pytest.raises(EventRefused) as refusal:
        circle().score({**SENT, **sent}, ANN, _ann("2027-01-10"))
    (fault,) = refusal.value.faults
    assert (fault.code, fault.field) == (code, field)
    assert words in fault.message


def test_an_occurrence_is_settled_once() -> None:
    state = _ann("2027-01-10")
    state = circle().apply(state, circle().score(SENT, ANN, state))
    with pytest.raises(EventRefused) as refusal:
        circle().score(SENT, ANN, state)
    assert [fault.code for fault in refusal.value.faults] == ["V167"]


def test_a_period_that_hangs_on_an_absent_fact_says_so() -> None:
    program = load([Source("circle.rules", RULES.replace("bill_day: date ", "bill_day: date? "))])
    state = program.apply(None, program.score(call("c", "2027-01-10"), ANN))
    with pytest.raises(EventRefused, match="hangs on `bill_day`, which is not known of the member; send the member's"):
        program.score(SENT, {"plan": "couples"}, state)


def test_the_terms_hold_for_scheduled_events_too() -> None:
    rules = RULES.replace('timezone "UTC"', 'timezone "UTC"   terms from 2027-02-01 until 2027-03-31')
    program = load([Source("circle.rules", rules)])
    state = State(since=parse_date("2027-01-10"))
    assert [format_date(due.occurrence or 0) for due in program.due(ANN, state, "2027-06-30")] == [
        "2027-02-01", "2027-01-05", "2027-03-01", "2027-02-05",
    ]  # fmt: skip
    with pytest.raises(EventRefused) as refusal:
        program.score({"event": PACKAGE, "member": "ann", "occurrence": "2027-04-01"}, ANN, state)
    assert [fault.code for fault in refusal.value.faults] == ["V165"]
    assert "these terms do not hold then" in refusal.value.faults[0].message


# ---- streams ----


def test_a_stream_puts_in_what_is_due() -> None:
    states: dict[str, State] = {}
    calls = [call("c1", "2027-01-10"), call("c2", "2027-02-08"), call("c3", "2027-02-09", "cy")]
    found = list(circle().score_many(calls, MEMBERS, states, settle_until="2027-03-01"))
    assert told(found) == [
        ("c1", "Calling 30", "Shared 200"),
        ("sta ann 2027-01-01", "Package 1000"),
        ("sta ann 2027-02-01", "Package 1000"),
        ("end ann 2027-02-08", "Bill 3"),
        ("c2", "Calling 30", "Shared 200"),
        ("c3", "Calling 30", "Shared 200"),
        ("sta cy 2027-02-01", "Package 1000"),
        ("sta ann 2027-03-01", "Package 1000"),
        ("sta cy 2027-03-01", "Package 1000"),
    ]
    assert states["ann"].settled == {PACKAGE: parse_date("2027-03-01"), BILL: parse_date("2027-01-05")}


def test_those_who_share_a_pool_are_settled_first() -> None:
    """What another of the household brings by itself is there for a call that names nobody."""
    found = list(circle().score_many([call("c1", "2027-01-10"), call("c2", "2027-02-03", "ben")], MEMBERS))
    assert [each[0] for each in told(found)] == ["c1", "sta ann 2027-01-01", "sta ann 2027-02-01", "c2"]
    states = {"ann": _ann("2027-01-10"), "cy": _ann("2027-01-10")}
    again = list(circle().score_many([call("c2", "2027-02-03", "ben")], MEMBERS, states))
    assert [each[0] for each in told(again)] == ["sta ann 2027-01-01", "sta ann 2027-02-01", "c2"]


def test_what_is_due_of_somebody_unknown_is_told_once() -> None:
    states = {"gus": _ann("2027-01-10")}
    calls = [call(f"c{number}", "2027-02-03", callee="gus") for number in range(2)]
    found = list(circle().score_many(calls, MEMBERS, states, settle_until="2027-03-01"))
    assert [each.id for each in found if isinstance(each, Refused)] == ["gus", "c0", "c1"]
    assert {fault.code for each in found[1:] if isinstance(each, Refused) for fault in each.faults} == {"V166"}


def test_a_late_call_moves_its_bill_until_it_is_settled() -> None:
    calls = [call("c1", "2027-01-10"), call("c2", "2027-02-06"), call("late", "2027-02-04"), call("c3", "2027-02-08")]
    found = list(circle().score_many(calls, MEMBERS, in_order=True))
    assert ("end ann 2027-02-08", "Bill 6") in told(found)
    after = [*calls, call("later", "2027-02-03")]
    assert list(circle().score_many(after, MEMBERS, in_order=True))[-1].late  # type: ignore[union-attr]


def test_what_a_host_scored_by_hand_is_not_put_in_again() -> None:
    found = list(
        circle().score_many([call("c1", "2027-01-10"), SENT, call("c2", "2027-02-20"), SENT], MEMBERS, in_order=True)
    )
    assert [each for each in told(found) if each[0].startswith("end ann")] == [("end ann 2027-02-08", "Bill 3")]
    assert isinstance(found[-1], Refused)
    assert found[-1].faults[0].code == "V167"


def test_a_schedule_that_is_refused_waits_and_loses_nothing() -> None:
    facts = {**MEMBERS, "ann": {"plan": "gold", "bill_day": "2027-01-05"}}
    states = {"ann": _ann("2027-01-10")}
    before = states["ann"].to_json()
    found = list(circle().score_many([call("c2", "2027-02-20")], facts, states, settle_until="2027-04-01"))
    assert [(each.id, each.faults[0].code) for each in found if isinstance(each, Refused)] == [
        ("c2", "V108"),
        ("ann", "V108"),
    ]
    assert states["ann"].to_json() == before
    again = list(circle().score_many([call("c2", "2027-02-20")], MEMBERS, states))
    assert [each[0] for each in told(again)] == ["sta ann 2027-01-01", "sta ann 2027-02-01", "end ann 2027-02-08", "c2"]


# ---- files ----


def _scored(folder: Path, calls: list[dict[str, Any]], until: int | None = None) -> tuple[Report, list[dict[str, str]]]:
    (folder / "calls.ndjson").write_text("".join(json.dumps(each) + "\n" for each in calls))
    facts = [{"member": who, **known} for who, known in MEMBERS.items()]
    (folder / "members.ndjson").write_text("".join(json.dumps(each) + "\n" for each in facts))
    job = Job(
        events=folder / "calls.ndjson",
        members=folder / "members.ndjson",
        out=folder / "out.csv",
        state=folder / "state.json",
        rejects=folder / "rejects.csv",
        until=until,
    )
    return score_file(circle(), job), _rows(folder / "out.csv")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


CALLS = [call("c3", "2027-02-20", callee="ben"), call("c1", "2027-01-10"), call("c2", "2027-02-09", "ben", minutes=9)]


def test_a_file_counts_scheduled_events_apart(tmp_path: Path) -> None:
    report, rows = _scored(tmp_path, CALLS, until=parse_date("2027-03-31"))
    assert (report.tally.read.events, report.tally.scored.events, report.tally.scheduled) == (3, 3, 9)
    assert [row["event"] for row in rows[:3]] == ["c3", "c1", "c2"]
    assert [row["member"] for row in rows[3:]].count("ben") == 4
    assert report.tally.summary().splitlines()[-1].split() == ["scheduled", "9"]
    stream: list[Any] = list(circle().score_many(CALLS, MEMBERS, settle_until="2027-03-31"))
    assert report.totals["point"] == sum(each.totals.get("point", 0) for each in stream)


def test_files_go_on_from_pools_and_settlements(tmp_path: Path) -> None:
    whole, piece = tmp_path / "whole", tmp_path / "piece"
    for folder in (whole, piece):
        folder.mkdir()
    _scored(whole, CALLS, until=parse_date("2027-03-31"))
    _scored(piece, CALLS[1:2])
    _, rows = _scored(piece, [CALLS[2], CALLS[0]], until=parse_date("2027-03-31"))
    assert [row["event"] for row in rows[:2]] == ["c2", "c3"]
    assert (piece / "state.json").read_bytes() == (whole / "state.json").read_bytes()
    assert json.loads((whole / "state.json").read_text())["state"]["pools"].keys() == {"H"}


def test_a_broken_pool_stops_the_run(tmp_path: Path) -> None:
    _scored(tmp_path, CALLS)
    kept = json.loads((tmp_path / "state.json").read_text())
    kept["state"]["pools"]["H"]["lots"][0]["left"] = -1
    (tmp_path / "state.json").write_text(json.dumps(kept))
    with pytest.raises(FeedError, match=r"household `H`: `lots\[0\]` of the pool: -1 is left"):
        _scored(tmp_path, CALLS)


def test_a_refused_settlement_is_a_reason_of_no_row(tmp_path: Path) -> None:
    _scored(tmp_path, CALLS[1:2])
    kept = json.loads((tmp_path / "state.json").read_text())
    kept["state"]["members"]["gus"] = {**kept["state"]["members"]["ann"]}
    (tmp_path / "state.json").write_text(json.dumps(kept))
    report, _ = _scored(tmp_path, CALLS[2:], until=parse_date("2027-03-31"))
    assert report.tally.refused == 1
    assert [(row["number"], row["event"], row["code"]) for row in _rows(tmp_path / "rejects.csv")] == [
        ("0", "gus", "V104"), ("0", "gus", "V104"),
    ]  # fmt: skip
    assert report.reasons[0].startswith("gus: ")


def test_the_command_settles_until_a_day(tmp_path: Path) -> None:
    _scored(tmp_path, CALLS)
    (tmp_path / "circle.rules").write_text(RULES)
    given = ["score", "circle.rules", "--events", "calls.ndjson", "--members", "members.ndjson", "--out", "o.csv"]
    run = command(*given, "--until", "2027-03-31", cwd=tmp_path)
    assert re.search(r"^scheduled +9$", run.stdout, re.MULTILINE)
    wrong = command(*given, "--until", "March", cwd=tmp_path, code=2)
    assert "`March` is not a date" in wrong.stderr
