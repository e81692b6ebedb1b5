"""A file of events scored as a whole: order, accounting, state from run to run."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import orjson
import pytest

from rules_engine.feeds import FeedError
from rules_engine.scoring import Program
from rules_engine.workbench import Job, Report, score_file
from tests.small_program import CORE

MEMBERS = '{"member": "m", "joined": "2020-01-01", "resident": false}\n'


def purchase(receipt: str, at: str, amount: str, **changes: Any) -> dict[str, Any]:
    lines = [{"kind": "food", "amount": amount}]
    base = {"receipt": receipt, "customer": "m", "bought_at": at, "codes": [], "channel": "web", "lines": lines}
    return base | changes


def score(tmp_path: Path, events: list[Any], state: bool = False) -> tuple[Report, list[dict[str, str]]]:
    source = tmp_path / "events.ndjson"
    source.write_bytes(b"\n".join(each if isinstance(each, bytes) else orjson.dumps(each) for each in events) + b"\n")
    (tmp_path / "members.ndjson").write_text(MEMBERS)
    job = Job(
        events=source,
        out=tmp_path / "out.csv",
        members=tmp_path / "members.ndjson",
        effects=tmp_path / "effects.csv",
        rejects=tmp_path / "rejects.csv",
        state=tmp_path / "state.json" if state else None,
    )
    report = score_file(Program(CORE), job)
    return report, rows(tmp_path / "out.csv")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


EVENTS = [
    purchase("late", "2027-06-01T12:00:00Z", "100.00"),
    purchase("first", "2027-05-01T12:00:00+01:00", "1000.00"),
    {**purchase("named", "2027-07-01T12:00:00Z", "10.00"), "event": "purchase"},
]


def test_events_are_scored_in_the_order_of_their_moments_and_written_in_that_of_the_file(tmp_path: Path) -> None:
    report, out = score(tmp_path, EVENTS)
    assert [(row["event"], row["point"]) for row in out] == [("late", "2000"), ("first", "10000"), ("named", "200")]
    assert report.totals == {"point": 12_200}
    effects = rows(tmp_path / "effects.csv")
    assert [(row["event"], row["rule"], row["kind"], row["amount"]) for row in effects] == [
        ("late", "base", "give", "1000"),
        ("late", "Gold", "give", "1000"),
        ("first", "base", "give", "10000"),
        ("first", "Gold", "tier", ""),
        ("named", "base", "give", "100"),
        ("named", "Gold", "give", "100"),
    ]


def test_every_row_is_accounted_for_and_refusals_say_all_reasons(tmp_path: Path) -> None:
    wrong = purchase("wrong", "2027-05-01T12:00:00Z", "1.005", channel="telex")
    stranger = purchase("stranger", "2027-05-01T12:00:00Z", "1.00", customer="nobody")
    twice = purchase("late", "2027-06-02T12:00:00Z", "1.00")
    report, out = score(tmp_path, [*EVENTS, wrong, b"{", stranger, twice])
    tally = report.tally
    assert (tally.read.events, tally.scored.events, tally.rejected.events) == (7, 3, 4)
    assert len(out) == 3
    rejects = rows(tmp_path / "rejects.csv")
    assert [(row["number"], row["event"], row["field"]) for row in rejects] == [
        ("4", "wrong", "channel"),
        ("4", "wrong", "lines[1].amount"),
        ("5", "", ""),
        ("6", "stranger", "joined"),
        ("6", "stranger", "resident"),
        ("7", "late", ""),
    ]


def test_two_runs_with_a_state_are_as_one(tmp_path: Path) -> None:
    whole, _ = score(tmp_path, EVENTS)
    first, _ = score(tmp_path, [EVENTS[1]], state=True)
    second, out = score(tmp_path, [EVENTS[0], EVENTS[1], EVENTS[2]], state=True)
    assert first.totals["point"] + second.totals["point"] == whole.totals["point"]
    assert second.tally.rejected.events == 1  # scored in the first run already
    assert [row["event"] for row in out] == ["late", "named"]


BROKEN_STATES = (
    (b"{", "is broken"),
    (b'{"version":1,"fingerprint":"x","state":{}}', "does not hold members and events"),
    (b'{"version":1,"fingerprint":"x","state":{"members":{},"events":{"purchase":[1]}}}', "does not hold"),
    (
        b'{"version":1,"fingerprint":"x","state":{"members":{"m":{"version":1,"tracks":{"x":{"0":1}}}},"events":{}}}',
        "member `m`: the state speaks of the track `x`",
    ),
)


@pytest.mark.parametrize(("content", "words"), BROKEN_STATES)
def test_a_broken_state_stops_the_run_and_keeps_what_was_written(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "out.csv").write_text("before")
    (tmp_path / "state.json").write_bytes(content)
    with pytest.raises(FeedError, match=words):
        score(tmp_path, EVENTS, state=True)
    assert (tmp_path / "out.csv").read_text() == "before"
    assert (tmp_path / "state.json").read_bytes() == content


def test_a_state_of_another_program_is_remarked_on(tmp_path: Path) -> None:
    empty = {"version": 1, "fingerprint": "x", "state": {"members": {}, "events": {}}}
    (tmp_path / "state.json").write_bytes(orjson.dumps(empty))
    report, _ = score(tmp_path, EVENTS, state=True)
    assert report.remark == "the state was written by another version of the program"


def test_what_is_read_is_never_written_over(tmp_path: Path) -> None:
    source = tmp_path / "events.ndjson"
    source.write_bytes(orjson.dumps(EVENTS[0]))
    for job in (
        Job(events=source, out=source),
        Job(events=source, out=tmp_path / "out.csv", rejects=tmp_path / "out.csv"),
        Job(events=source, out=tmp_path / "out.csv", state=tmp_path / "x" / ".." / "events.ndjson"),
    ):
        with pytest.raises(FeedError, match="would be written over by this run"):
            score_file(Program(CORE), job)


def test_the_first_reasons_are_shown(tmp_path: Path) -> None:
    report, _ = score(tmp_path, [purchase("wrong", "2027-05-01T12:00:00Z", "1.005", channel="telex")] * 3)
    assert len(report.reasons) == 3
    assert report.reasons[0].startswith("row 1: `channel` of purchase cannot be the text `telex`")
