"""State files carried from one version of a program to the next: what is told of each part, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import rules_engine
from rules_engine.outcome import EventRefused
from rules_engine.scoring import Note
from rules_engine.state import State
from tests.test_cli import rules

OLD = """language 1

program "Inn" { currency EUR, rounded half up }

unit point, points { rounded down   lasts for 24 months }
unit stamp, stamps { rounded down   lasts forever }

event stay dated by left_on of guest identified by number {
  number: text   guest: member   left_on: date   nights: count up to 30   price: money up to 10_000 EUR as list
}

track nights_year = sum of nights, on stay, per calendar year

track houses = count, on stay, per calendar year

tiers {
  Blue
  Gold     when nights_year >= 10
  counts   from the next event
  lasts    until end of next calendar year
  then     the earned tier
}

earn "Points" {
  on        stay
  give      10 points per 1 EUR of net
  at most   5_000 points per member per calendar month
}

earn "Stamp" { on stay   give 1 stamp   once per member per calendar month }

earn "Extra" { on stay   give 5 points   at most 3 times per member }
"""

NEW = (
    OLD.replace("track nights_year", 'track slept was "nights_year"')
    .replace("when nights_year", "when slept")
    .replace("count, on stay, per calendar year", "count, on stay, per calendar quarter")
    .replace('earn "Points" {', 'earn "Points" as base was "Points" {')
    .replace("once per member per calendar month", "once per member per calendar year")
    .replace('earn "Extra" { on stay   give 5 points   at most 3 times per member }\n', "")
    .replace("lasts for 24 months", "lasts for 12 months")
    .replace("stamp, stamps { rounded", "stamp, stamps counts 2 decimals { rounded")
)


def stay(number: str, day: str, nights: int, guest: str = "g") -> dict[str, Any]:
    return {"event": "stay", "number": number, "guest": guest, "left_on": day, "nights": nights, "price": "100.00"}


@pytest.fixture
def inn(tmp_path: Path) -> Path:
    (tmp_path / "old.rules").write_text(OLD)
    (tmp_path / "new.rules").write_text(NEW)
    events = [stay("1", "2027-03-01", 6), stay("2", "2027-03-09", 5), stay("3", "2027-03-09", 1, "h")]
    (tmp_path / "stays.ndjson").write_text("".join(json.dumps(each) + "\n" for each in events))
    score(tmp_path, "old.rules", "state.json")
    return tmp_path


def score(folder: Path, program: str, state: str, events: str = "stays.ndjson") -> None:
    rules("score", program, "--events", events, "--out", "out.csv", "--state", state, cwd=folder)


def told(folder: Path, *args: str, code: int = 0) -> dict[tuple[str, str], dict[str, Any]]:
    asked = ("migrate", "old.rules", "new.rules", "--state", "state.json", "--format", "json", *args)
    found = json.loads(rules(*asked, cwd=folder, code=code).stdout)
    return {(note["what"], note["name"]): note for note in found["notes"]}


def stored(folder: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((folder / name).read_text()))


def edited(folder: Path, old: str, new: str, file: str = "new.rules") -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))


def test_every_part_is_told(inn: Path) -> None:
    found = told(inn)
    assert {key: (note["kind"], note["states"]) for key, note in found.items()} == {
        ("track", "nights_year"): ("renamed", 2),
        ("track", "houses"): ("changed", 2),
        ("tier", "Gold"): ("carried", 1),
        ("unit", "point"): ("changed", 2),
        ("unit", "stamp"): ("changed", 2),
        ("rule", "Points"): ("renamed", 2),
        ("rule", "Extra"): ("kept", 2),
        ("limit", "Points: point per calendar month"): ("renamed", 2),
        ("limit", "Stamp: times per calendar month"): ("anew", 2),
        ("limit", "Extra: times per lifetime"): ("kept", 2),
    }
    assert found["track", "nights_year"]["why"] == "`slept` now"
    assert found["track", "houses"]["why"].startswith("counted per calendar year before, per calendar quarter now")
    assert "lots keep their last days" in found["unit", "point"]["why"]
    assert "0 decimals before, 2 now" in found["unit", "stamp"]["why"]
    assert (
        "`Stamp` is limited by `times per calendar year` now"
        in (found["limit", "Stamp: times per calendar month"]["why"])
    )


def test_the_file_is_written_for_the_new_version(inn: Path) -> None:
    before = (inn / "state.json").read_bytes()
    done = rules("migrate", "old.rules", "new.rules", "--state", "state.json", "--out", "next.json", cwd=inn)
    assert done.stdout.startswith("states: 2 of members, 0 of households; events scored: 3\nrenamed ")
    assert "2 states written to next.json" in done.stderr
    assert (inn / "state.json").read_bytes() == before
    old, new = stored(inn, "state.json"), stored(inn, "next.json")
    assert new["fingerprint"] == rules_engine.load(inn / "new.rules").fingerprint != old["fingerprint"]
    mine, was = new["state"]["members"]["g"], old["state"]["members"]["g"]
    assert mine["tracks"]["slept"] == was["tracks"]["nights_year"]
    assert "nights_year" not in mine["tracks"]
    assert mine["holdings"] == was["holdings"]
    assert [lot["left"] for lot in mine["lots"] if lot["unit"] == "stamp"] == [100]  # 1 stamp in hundredths
    points = [(lot["left"], lot["expires"], lot["source"]) for lot in mine["lots"] if lot["unit"] == "point"]
    assert points == [
        (lot["left"], lot["expires"], "base" if lot["source"] == "Points" else lot["source"])
        for lot in was["lots"]
        if lot["unit"] == "point"
    ]
    assert new["state"]["events"] == old["state"]["events"]


def test_the_next_run_goes_on_from_it(inn: Path) -> None:
    rules("migrate", "old.rules", "new.rules", "--state", "state.json", "--out", "state.json", cwd=inn)
    (inn / "more.ndjson").write_text(json.dumps(stay("4", "2027-03-20", 1)) + "\n")
    done = rules("score", "new.rules", "--events", "more.ndjson", "--out", "out.csv", "--state", "state.json", cwd=inn)
    assert "another version" not in done.stderr
    mine = stored(inn, "state.json")["state"]["members"]["g"]
    assert sum(mine["tracks"]["slept"].values()) == 12
    assert sum(mine["limits"]["base: point per calendar month"].values()) == 3000


def test_nothing_is_written_without_out(inn: Path) -> None:
    before = {path.name for path in inn.iterdir()}
    done = rules("migrate", "old.rules", "new.rules", "--state", "state.json", cwd=inn)
    assert "nothing was written" in done.stderr
    assert {path.name for path in inn.iterdir()} == before


def test_the_same_version_carries_everything_as_it_is(inn: Path) -> None:
    (inn / "new.rules").write_text("# only a remark\n" + OLD)
    assert {note["kind"] for note in told(inn, "--out", "next.json").values()} == {"carried"}
    assert stored(inn, "next.json") == stored(inn, "state.json")


# ---- what is refused ----


def test_a_tier_that_is_gone_is_refused_with_the_mend(inn: Path) -> None:
    edited(inn, "Gold     when", "Plus     when")
    asked = ("migrate", "old.rules", "new.rules", "--state", "state.json", "--out", "next.json")
    done = rules(*asked, cwd=inn, code=1)
    assert "the state of `g` speaks of the tier `Gold`, which this program does not have" in done.stderr
    assert "keep the name of a tier" in done.stderr
    assert not (inn / "next.json").exists()


def test_a_track_without_was_is_refused_with_the_mend(inn: Path) -> None:
    edited(inn, 'was "nights_year" ', "")
    done = rules("migrate", "old.rules", "new.rules", "--state", "state.json", cwd=inn, code=1)
    assert 'if it was renamed, write `was "nights_year"` on it' in done.stderr


def test_decimals_are_lost_exactly_or_not_at_all(inn: Path) -> None:
    whole, parted = (rules_engine.load(inn / name) for name in ("old.rules", "new.rules"))
    there = whole.state(stored(inn, "state.json")["state"]["members"]["g"])
    carried = parted.migrate(there, whole).state
    (inn / "back.rules").write_text(OLD.replace("track nights_year", 'track nights_year was "slept"'))
    back = rules_engine.load(inn / "back.rules")
    assert [lot.left for lot in back.migrate(carried, parted).state.lots if lot.unit == "stamp"] == [1]
    carried.lots = [rules_engine.state.Lot("stamp", 150, 1, None, None, "Stamp")]
    with pytest.raises(EventRefused, match="150 of `stamp` is no whole number"):
        back.migrate(carried, parted, "g")


def test_a_state_of_another_version_is_refused(inn: Path) -> None:
    edited(inn, "10 points per 1 EUR", "11 points per 1 EUR", "old.rules")
    done = rules("migrate", "old.rules", "new.rules", "--state", "state.json", cwd=inn, code=2)
    assert "was written by another version" in done.stderr
    assert "no state file `gone.json`" in (
        rules("migrate", "old.rules", "new.rules", "--state", "gone.json", cwd=inn, code=2).stderr
    )


def test_a_broken_state_is_refused_by_its_owner(inn: Path) -> None:
    whole = stored(inn, "state.json")
    whole["state"]["members"]["h"]["lots"][0]["left"] = -5
    (inn / "state.json").write_text(json.dumps(whole))
    done = rules("migrate", "old.rules", "new.rules", "--state", "state.json", "--out", "next.json", cwd=inn, code=1)
    assert "`h`" in done.stderr
    assert "-5 is left" in done.stderr
    assert not (inn / "next.json").exists()


# ---- the call ----


def test_migrate_of_a_new_member_has_nothing_to_tell(inn: Path) -> None:
    old, new = (rules_engine.load(inn / name) for name in ("old.rules", "new.rules"))
    found = new.migrate(None, old)
    assert (found.state, found.notes) == (State(), ())
    state = old.apply(None, old.score(stay("1", "2027-03-01", 6), {}))
    kept = state.to_json()
    assert Note("renamed", "track", "nights_year", "`slept` now") in new.migrate(state, old).notes
    assert state.to_json() == kept, "the state given is left as it is"
    assert {note.kind for note in old.migrate(state, old).notes} == {"carried"}


# ---- what is kept otherwise ----

SHOP = """language 1
program "Shop" { currency EUR, rounded half up }
unit point, points { rounded down   lasts forever   remembers place: text   floor: count up to 9 }
event buy dated by day of who identified by no {
  no: text   who: member   day: date   city: text   floor: count up to 9   price: money up to 100 EUR as list
}
period season = month_days 3
track spent = sum of net, on buy, per calendar year
track bought = count by city up to 9 keys, on buy, per calendar year
earn "Point" { on buy   give 1 point, with place: city, with floor: floor }
reward "Season" { on end of season   give 1 point }
"""
SHOP = SHOP.replace("month_days 3", "day 1 of every month")


def version(text: str) -> rules_engine.Program:
    return rules_engine.load([rules_engine.Source("shop.rules", text)])


def bought(program: rules_engine.Program) -> State:
    sent = {"event": "buy", "no": "1", "who": "m", "day": "2027-03-05", "city": "Bonn", "floor": 3, "price": "50.00"}
    state = program.apply(None, program.score(sent, {}))
    (due, *_) = (each for each in program.due({}, state, "2027-04-05") if each.occurrence is not None)
    return program.apply(state, program.score(program.scheduled("m", due), {}, state))


def notes_of(old: rules_engine.Program, text: str) -> tuple[State, dict[tuple[str, str], tuple[str, str]]]:
    found = version(text).migrate(bought(old), old, "m")
    return found.state, {(note.what, note.name): (note.kind, note.why) for note in found.notes}


@pytest.mark.parametrize(
    ("before", "after", "track", "words"),
    [
        (
            "sum of net,",
            "sum of net by city up to 9 keys,",
            "spent",
            "one number was kept before, a number for each key now: `spent` begins anew",
        ),
        (
            "count by city up to 9 keys,",
            "count,",
            "bought",
            "a number for each key was kept before, one number now: `bought` begins anew",
        ),
        ("sum of net,", "last day,", "spent", "one number was kept before, a day now: `spent` begins anew"),
        ("by city", "by floor", "bought", "its keys are of another kind now: `bought` begins anew"),
    ],
)
def test_a_track_that_is_kept_otherwise_begins_anew_and_says_so(
    before: str, after: str, track: str, words: str
) -> None:
    old, text = version(SHOP), SHOP.replace(before, after)
    state, notes = notes_of(old, text)
    assert notes["track", track] == ("anew", words)
    assert not any(track in part for part in (state.tracks, state.keyed))
    other = "bought" if track == "spent" else "spent"
    assert notes["track", other][0] == "carried"
    if "day" not in after:
        with pytest.raises(EventRefused) as refused:
            version(text).state(bought(old).to_json())
        assert refused.value.faults[0].code == ("V131" if "floor" in after else "V134")


def test_fewer_keys_than_there_are_is_refused() -> None:
    old = version(SHOP)
    state = bought(old)
    state.keyed["bought"] = {day: {**kept, "Rom": 1} for day, kept in state.keyed["bought"].items()}
    with pytest.raises(EventRefused, match="2 keys of the track `bought`, and 1 are declared"):
        version(SHOP.replace("up to 9 keys", "up to 1 keys")).migrate(state, old)


def test_what_lots_no_longer_remember_is_let_go_and_said() -> None:
    old = version(SHOP)
    text = SHOP.replace("place: text   ", "").replace("with place: city, ", "")
    state, notes = notes_of(old, text)
    assert notes["unit", "point"] == (
        "changed",
        "lots no longer remember `place`: what they remembered is let go",
    )
    assert sorted(map(str, (lot.facts for lot in state.lots))) == ["{'floor': 3}", "{}"]
    with pytest.raises(EventRefused, match="remembers no such fact"):
        version(text).state(bought(old).to_json())


def test_what_lots_remember_is_carried_where_it_fits_and_refused_where_not() -> None:
    old = version(SHOP)
    wider = SHOP.replace("floor: count up to 9 }\nevent", "floor: count up to 99 }\nevent")
    _, notes = notes_of(old, wider)
    assert notes["unit", "point"][1].startswith("what lots remember as `floor` is declared otherwise")
    with pytest.raises(EventRefused, match="it is the text `Bonn`, and must be a day as a number"):
        notes_of(old, SHOP.replace("place: text", "place: date").replace("place: city", "place: day"))


def test_other_days_of_a_settled_period_are_said() -> None:
    old = version(SHOP)
    assert notes_of(old, SHOP)[1]["schedule", "end of season"] == ("carried", "")
    state, notes = notes_of(old, SHOP.replace("day 1 of", "day 3 of"))
    assert notes["schedule", "end of season"][0] == "changed"
    assert "it goes on with the first occurrence that begins after" in notes["schedule", "end of season"][1]
    assert state.settled == bought(old).settled


def test_a_schedule_whose_rule_is_gone_is_kept() -> None:
    old = version(SHOP)
    gone = "\n".join(line for line in SHOP.splitlines() if "eason" not in line)
    state, notes = notes_of(old, gone)
    assert notes["schedule", "end of season"] == ("kept", "nothing reads it any more")
    assert version(SHOP).state(state.to_json()).settled == bought(old).settled
