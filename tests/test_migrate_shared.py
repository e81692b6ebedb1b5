"""What `rules migrate` makes of the counters that all members share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.test_cli import rules
from tests.test_migrate import stored

SPRING = """language 1

program "Spring" { currency EUR, rounded half up   split in proportion, odd pennies to the largest remainder }

unit star, stars { rounded down   lasts forever }

event stay dated by left_on of guest identified by number {
  number: text   guest: member   left_on: date   codes: codes up to 3   agent: text
  lines 0 to 9 { id: text as id   pieces: count up to 9 as quantity   price: money up to 900 EUR as list each }
}

define listed = column "code" of "codes.csv"

basket offer "Spring" {
  on        stay
  with      code from listed
  take      10% of current off the total of lines
  once      per code in total
  at most   500 EUR in total per calendar year
}

earn "Stars" { on stay   give 3 stars   at most 1_000 stars per agent in total per calendar month }
"""


def booked(number: str, code: str, agent: str = "x") -> dict[str, Any]:
    lines = [{"id": "a", "pieces": 1, "price": "100.00"}]
    return {
        "event": "stay", "number": number, "guest": "g", "left_on": "2027-03-01", "codes": [code], "agent": agent,
        "lines": lines,
    }  # fmt: skip


@pytest.fixture
def spring(tmp_path: Path) -> Path:
    (tmp_path / "codes.csv").write_text("code\nA1\nB2\nC3\n")
    (tmp_path / "old.rules").write_text(SPRING)
    (tmp_path / "new.rules").write_text(
        SPRING.replace('basket offer "Spring"', 'basket offer "May" was "Spring"')
        .replace("500 EUR in total per calendar year", "700 EUR in total per calendar quarter")
        .replace("star, stars { rounded", "star, stars counts 2 decimals { rounded")
    )
    events = [booked("1", "A1"), booked("2", "B2"), booked("3", "A1", "y")]
    (tmp_path / "stays.ndjson").write_text("".join(json.dumps(each) + "\n" for each in events))
    files = ("--events", "stays.ndjson", "--out", "out.csv", "--state", "state.json", "--shared", "shared.json")
    rules("score", "old.rules", *files, cwd=tmp_path)
    return tmp_path


SHARED = ("migrate", "old.rules", "new.rules", "--shared", "shared.json")


def test_shared_counters_are_carried_under_their_present_names(spring: Path) -> None:
    before = stored(spring, "shared.json")["limits"]
    assert set(before) == {
        "Spring: times in total per code A1",
        "Spring: times in total per code B2",
        "Spring: EUR in total per calendar year",
        "Stars: star in total per agent per calendar month x",
        "Stars: star in total per agent per calendar month y",
    }
    done = rules(*SHARED, "--state", "state.json", "--out", "s.json", "--shared-out", "next.json", cwd=spring)
    assert "5 counters written to next.json" in done.stderr
    after = stored(spring, "next.json")["limits"]
    assert after.pop("Spring: EUR in total per calendar year") == before["Spring: EUR in total per calendar year"]
    assert after.pop("May: times in total per code A1") == {"0": 1}
    assert after.pop("May: times in total per code B2") == {"0": 1}
    stars = "Stars: star in total per agent per calendar month"
    assert {who: list(after.pop(f"{stars} {who}").values()) for who in "xy"} == {"x": [600], "y": [300]}
    assert not after
    (spring / "more.ndjson").write_text(json.dumps(booked("4", "a-1")) + "\n")
    files = ("--events", "more.ndjson", "--out", "out.csv", "--effects", "effects.csv", "--shared", "next.json")
    rules("score", "new.rules", *files, "--state", "s.json", cwd=spring)
    assert "used up" in (spring / "effects.csv").read_text(), "a code that was used stays used"


def test_each_shared_limit_is_told_once(spring: Path) -> None:
    found = json.loads(rules(*SHARED, "--format", "json", cwd=spring).stdout)
    assert found["counters"] == 5
    assert [(each["kind"], each["what"], each["name"], each["counters"]) for each in found["shared"]] == [
        ("renamed", "shared limit", "Spring: times in total per code", 2),
        ("anew", "shared limit", "Spring: EUR in total per calendar year", 1),
        ("carried", "shared limit", "Stars: star in total per agent per calendar month", 2),
    ]
    text = rules(*SHARED, cwd=spring)
    assert text.stdout.startswith(
        "shared counters: 5\nrenamed  shared limit `Spring: times in total per code` (2 counters)"
    )
    assert "nothing was written: say `--shared-out FILE`" in text.stderr


def test_counters_of_another_program_stay(spring: Path) -> None:
    shared = stored(spring, "shared.json")
    shared["limits"]["Elsewhere: times in total"] = {"0": 7}
    (spring / "shared.json").write_text(json.dumps(shared))
    found = json.loads(rules(*SHARED, "--shared-out", "next.json", "--format", "json", cwd=spring).stdout)
    (note,) = (each for each in found["shared"] if each["name"].startswith("Elsewhere"))
    assert (note["kind"], note["why"]) == (
        "kept",
        "no limit of this program: it stays, for another that uses the same file",
    )
    assert stored(spring, "next.json")["limits"]["Elsewhere: times in total"] == {"0": 7}


def test_shared_counters_are_remarked_on_where_they_are_left_out(spring: Path) -> None:
    done = rules("migrate", "old.rules", "new.rules", "--state", "state.json", cwd=spring)
    assert "say `--shared FILE` beside `--state`" in done.stderr


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("migrate", "old.rules", "new.rules"), 2, "`--state FILE`, `--shared FILE` or both"),
        (("migrate", "old.rules", "new.rules", "--shared", "gone.json"), 2, "there is no file of shared counters"),
        ((*SHARED, "--out", "next.json"), 2, "no file with the state was named"),
        ((*SHARED, "--state", "state.json", "--out", "shared.json"), 2, "`shared.json` would be written over"),
        ((*SHARED, "--state", "state.json", "--shared-out", "state.json"), 2, "`state.json` would be written over"),
        (
            (*SHARED, "--state", "state.json", "--out", "n.json", "--shared-out", "n.json"),
            2,
            "`n.json` would be written over",
        ),
        (("migrate", "new.rules", "old.rules", "--shared", "cents.json", "--shared-out", "n.json"), 1, "no whole"),
        (("migrate", "old.rules", "new.rules", "--shared", "broken.json", "--shared-out", "n.json"), 1, "less than"),
    ],
)  # fmt: skip
def test_nothing_is_written_of_what_cannot_be_carried(
    spring: Path, args: tuple[str, ...], code: int, said: str
) -> None:
    limit = "Stars: star in total per agent per calendar month x"
    (spring / "cents.json").write_text(json.dumps({"version": 1, "limits": {limit: {"20000": 150}}}))
    (spring / "broken.json").write_text(json.dumps({"version": 1, "limits": {limit: {"20000": -1}}}))
    before = {path.name: path.read_bytes() for path in spring.iterdir()}
    assert said in rules(*args, cwd=spring, code=code).stderr
    assert {path.name: path.read_bytes() for path in spring.iterdir()} == before


# ---- another program ----


def test_a_state_of_another_program_is_refused_and_migrate_carries_it(spring: Path) -> None:
    renamed = (spring / "old.rules").read_text().replace('program "Spring"', 'program "Summer"')
    (spring / "summer.rules").write_text(renamed)
    before = (spring / "state.json").read_bytes()
    run = ("--events", "stays.ndjson", "--out", "out.csv", "--shared", "shared.json", "--state")
    done = rules("score", "summer.rules", *run, "state.json", cwd=spring, code=2)
    assert "`state.json` is of another program, `Spring`, and this one is `Summer`" in done.stderr
    assert "`rules migrate` carries its states" in done.stderr
    assert (spring / "state.json").read_bytes() == before
    rules("migrate", "old.rules", "summer.rules", "--state", "state.json", "--out", "next.json", cwd=spring)
    assert "was scored before" in rules("score", "summer.rules", *run, "next.json", cwd=spring, code=1).stderr
