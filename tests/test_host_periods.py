"""Periods `from host`: days and stretches in files beside the rule files, and what is wrong with such files."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules_engine import Outcome, Program, ProgramRefused, load

RULES = """language 1
program "Bank" { currency GBP, rounded half up }
event sale dated by day of who identified by no {
  no: text   who: member   day: date   price: money up to 900 GBP as list
}
unit point, points { rounded down   lasts forever }
period bank_days = from host
period cycle = from host
track spent = sum of net, on sale, per cycle by day
earn "Days" { on sale   when today in bank_days   give 10 points   at most 15 points per member per bank_days }
reward "Cycle" { on end of cycle   when spent >= 20 GBP   give 100 points }
"""
DAYS = "day\n2027-03-04\n2027-03-01\n2027-03-02\n2027-03-02\n"
CYCLES = "first,last\n2027-03-18,2027-04-12\n2027-03-01,2027-03-17\n"


def bank(folder: Path, days: str = DAYS, cycles: str = CYCLES) -> Program:
    (folder / "bank.rules").write_text(RULES)
    (folder / "bank_days.csv").write_text(days)
    (folder / "cycle.csv").write_text(cycles)
    return load(folder)


def test_days_in_a_row_are_one_occurrence_and_rows_are_one_each(tmp_path: Path) -> None:
    program = bank(tmp_path)
    sales = [
        {"event": "sale", "no": str(day), "who": "a", "day": f"2027-03-{day:02}", "price": "10.00"}
        for day in (1, 2, 3, 4, 18)
    ]
    given = dict[str, int]()
    for outcome in program.score_many(sales, {"a": {}}):
        assert isinstance(outcome, Outcome)
        given[outcome.id] = sum(award.given for award in outcome.awards)
    assert [given[str(day)] for day in (1, 2, 3, 4, 18)] == [10, 5, 0, 10, 0]
    assert sum(given.values()) - 25 == 100, "the first cycle ended with 40 GBP, and nothing else gives"


def test_other_days_are_another_program(tmp_path: Path) -> None:
    first = bank(tmp_path).fingerprint
    assert bank(tmp_path, DAYS + "2027-03-05\n").fingerprint != first
    assert bank(tmp_path).fingerprint == first


@pytest.mark.parametrize(
    ("cycles", "words"),
    [
        ("first,last\n2027-03-01,2027-03-17\n2027-03-17,2027-04-01\n", "without overlap"),
        ("first,last\n2027-03-17,2027-03-01\n", "not empty"),
        ("first,last\n2027-03-17,soon\n", "row 2"),
        ("start,end\n2027-03-17,2027-03-18\n", "no column `first`"),
        ("day\n", "it has no days"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, cycles: str, words: str) -> None:
    with pytest.raises(ProgramRefused, match=words):
        bank(tmp_path, cycles=cycles)
