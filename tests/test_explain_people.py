"""`rules explain` of events that touch others: their facts and states, and the pool of a household, out of files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from rules_engine.decoding import Other
from tests.circle_program import MEMBERS, RULES, call, circle
from tests.test_cli import rules

CALLS = [
    call("C-1", "2027-01-10", "ann", "ben"),
    call("C-2", "2027-01-11", "cy", "ann", 45),
    call("C-3", "2027-01-12", "ben", "ann"),
    call("C-4", "2027-01-13", "ann", "ben"),
    call("C-5", "2027-01-14", "cy", "ben"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "circle.rules").write_text(RULES)
    facts = [{"member": who, **known} for who, known in MEMBERS.items()]
    (tmp_path / "members.ndjson").write_text("".join(json.dumps(each) + "\n" for each in facts))
    return tmp_path


def told(folder: Path, event: dict[str, Any], *args: str, code: int = 0) -> Any:
    (folder / "event.json").write_text(json.dumps(event))
    asked = ("explain", "circle.rules", "--event", "event.json", *args)
    if code:
        return rules(*asked, cwd=folder, code=code).stderr
    return json.loads(rules(*asked, "--format", "json", cwd=folder).stdout)


def test_every_event_of_a_run_is_explained_as_it_was_scored(folder: Path) -> None:
    run = ("--members", "members.ndjson", "--state", "state.json", "--effects", "effects.csv", "--out", "out.csv")
    cut = set()
    for sent in CALLS:
        files = ["--member", "members.ndjson"]
        files += ["--state", "state.json"] if (folder / "state.json").exists() else []
        awards = told(folder, sent, *files)["outcome"]["awards"]
        (folder / "event.ndjson").write_text(json.dumps(sent) + "\n")
        rules("score", "circle.rules", "--events", "event.ndjson", *run, cwd=folder)
        with (folder / "effects.csv").open() as file:
            rows = [row for row in csv.DictReader(file) if row["event"] == sent["record"]]
        given = [(row["rule"], row["amount"], row["cut_by"]) for row in rows]
        assert [(each["rule"], written(each), each.get("cut_by", "")) for each in awards] == given, sent["record"]
        cut |= {limit for _, _, limit in given if limit}
    assert cut == {"Called: point per callee per calendar year"}, "the limit in the callee's state is met"


def written(award: dict[str, Any]) -> str:
    return f"{award['given'] / 100:.2f}" if award["unit"] == "data" else str(award["given"])


def others(**states: Any) -> str:
    return json.dumps({who: {"member": MEMBERS[who], "state": state} for who, state in states.items()})


def test_others_and_pool_are_those_of_the_call(folder: Path) -> None:
    program = circle()
    first = program.score(CALLS[0], MEMBERS["ann"], others={"ben": Other(MEMBERS["ben"], None)})
    anns, bens = program.apply(None, first), program.apply(None, first, owner="ben")
    home = program.apply_pool(None, first)
    wanted = program.explain(CALLS[3], MEMBERS["ann"], anns, others={"ben": Other(MEMBERS["ben"], bens)}, pool=home)
    (folder / "ann.json").write_text(json.dumps(MEMBERS["ann"]))
    (folder / "anns.json").write_bytes(anns.to_json())
    (folder / "home.json").write_bytes(home.to_json())
    (folder / "others.json").write_text(others(ben=json.loads(bens.to_json())))
    files = ("--member", "ann.json", "--state", "anns.json", "--others", "others.json", "--pool", "home.json")
    found = told(folder, CALLS[3], *files)
    assert found == json.loads(wanted.to_json())
    assert "2.00 data" in json.dumps(found["balances"]), "what the pool holds"


def test_a_table_of_others_stands_beside_one_member(folder: Path) -> None:
    (folder / "ann.json").write_text(json.dumps(MEMBERS["ann"]))
    by_table = told(folder, CALLS[0], "--member", "ann.json", "--others", "members.ndjson")
    assert by_table == told(folder, CALLS[0], "--member", "members.ndjson")
    (folder / "others.json").write_text(json.dumps({"ben": {"member": MEMBERS["cy"], "state": None}}))
    overruled = told(folder, CALLS[0], "--member", "members.ndjson", "--others", "others.json")
    called = next(rule for rule in overruled["rules"] if rule["rule"] == "Called")
    assert called["gives"] == []
    assert "plan" in called["because"]


def test_whoever_is_not_known_is_named(folder: Path) -> None:
    (folder / "ann.json").write_text(json.dumps(MEMBERS["ann"]))
    stderr = told(folder, CALLS[0], "--member", "ann.json", code=1)
    assert stderr == "error: `callee` names `ben`, whose facts or state are needed and were not passed in\n"
    (folder / "others.json").write_text(json.dumps({"ben": {"member": MEMBERS["ben"]}}))
    assert "whose facts or state are needed" in (
        told(folder, CALLS[0], "--member", "ann.json", "--others", "others.json", code=1)
    )


@pytest.mark.parametrize(
    ("option", "content", "said"),
    [
        ("--others", "[1]", "an object of people by member id"),
        (
            "--others",
            '{"ben": {"plan": "couples"}}',
            "`plan` of the member `ben` is not declared; the parts are `member`, `state`",
        ),
        ("--others", '{"ben": {"member": {"plan": "couples", "bill_day": "x"}}}', "`bill_day` of the member `ben`"),
        ("--others", '{"ben": {"state": {"version": 9}}}', "the state of `ben` has layout 9"),
        ("--others", "{", "the file of other people `file.json` is not JSON"),
        ("--pool", '{"version": 1, "lots": 5}', "error: `lots` of the pool: there must be a list"),
        ("--pool", '{"version": 1, "tracks": {"gone": {}}}', "gone"),
    ],
)
def test_files_that_cannot_be_used_are_refused(folder: Path, option: str, content: str, said: str) -> None:
    (folder / "file.json").write_text(content)
    stderr = told(folder, CALLS[0], "--member", "members.ndjson", option, "file.json", code=2)
    assert said in stderr


def test_the_state_of_a_run_holds_everybody(folder: Path) -> None:
    """The limit per callee stands in the callee's state; the household's units in its own."""
    (folder / "events.ndjson").write_text("".join(json.dumps(each) + "\n" for each in CALLS[:3]))
    run = ("--events", "events.ndjson", "--members", "members.ndjson", "--state", "state.json", "--out", "out.csv")
    rules("score", "circle.rules", *run, cwd=folder)
    (folder / "ann.json").write_text(json.dumps(MEMBERS["ann"]))
    (folder / "others.json").write_text(json.dumps({"ben": {"member": MEMBERS["ben"]}}))
    asked = ("--member", "ann.json", "--others", "others.json")
    full = told(folder, CALLS[3], *asked, "--state", "state.json")
    called = next(rule for rule in full["rules"] if rule["rule"] == "Called")
    assert [(limit["used"], limit["room"]) for limit in called["limits"]] == [("5 points", "7 points")]
    assert "data of the household H: 14.00 data -> 16.00 data" in "".join(
        rules("explain", "circle.rules", "--event", "event.json", *asked, "--state", "state.json", cwd=folder).stdout
    )
    kept = json.loads((folder / "state.json").read_text())
    kept["state"]["pools"] = {}
    (folder / "pools.json").write_text(json.dumps(kept))
    bare = rules(
        "explain", "circle.rules", "--event", "event.json", *asked, "--state", "state.json", "--pool", "pools.json",
        cwd=folder,
    ).stdout  # fmt: skip
    assert "data of the household H: 0.00 data -> 2.00 data" in bare
