"""Suggested tests: each parses, checks and passes; they reach what they say, and what is not reached is named."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import rules_engine
from rules_engine import tree
from rules_engine.cli.test import command
from rules_engine.formatting import format_source
from rules_engine.parsing import parse
from rules_engine.source import Source
from rules_engine.workbench import (
    Suggested,
    TestCase,
    Tested,
    appended,
    place_of,
    run_path,
    run_tests,
    suggested,
)
from rules_engine.workbench.coverage import Coverage
from rules_engine.workbench.suggesting import suggest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/*.rules") if path.stem == path.parent.name)
PROGRAMMES = sorted((ROOT / "tests/corpus/programmes").glob("*.rules"))
SHARE = {"examples": 90, "programmes": 85}
"""Percent of everything that is reached from nothing at least; measured are more, on a machine that is not busy."""
SECONDS = 60.0
PROGRAM = """language 1

program "Cafe" { currency GBP, rounded half up   split in proportion, odd points to the largest remainder }

unit point, points { rounded down   lasts for 12 months   balance at least 0 }

event purchase dated by day of customer identified by no {
  no: text   customer: member   day: date   shop: text   guests: count up to 9
  lines 0 to 20 { kind: coffee | cake | toy   price: money up to 100 GBP as list }
}

member { joined: date   student: flag   birthday: date? }

track spend = sum of net, on purchase, per calendar year

tiers {
  Blue
  Silver    when spend >= 100 GBP
  Gold      when spend >= 500 GBP
  counts    from the next event
  lasts     until end of next calendar year
  then      the earned tier
}

period summer = 1 Jun to 31 Aug every year

"""


def program(tmp_path: Path, rules: str) -> Tested:
    path = tmp_path / "cafe.rules"
    path.write_text(PROGRAM + rules)
    return run_path(str(path), cover=True)


def found(tmp_path: Path, rules: str) -> Suggested:
    """What is suggested for some rules; all that is suggested stands in the file behind it."""
    tested = program(tmp_path, rules)
    assert tested.findings == ()
    search = suggested(tested, SECONDS)
    holds(tested, search)
    return search


def holds(tested: Tested, search: Suggested) -> None:
    """Every suggestion is in the one shape, stands beside the program's own tests, and passes; what they reach is what
    they say, and what is left is what is named."""
    for each in search.suggestions:
        source = Source("one", appended("", [each]))
        parsed = parse(source)
        assert parsed.diagnostics == ()
        assert format_source(source, parsed) == source.text
        (test,) = (one for one in parsed.file.declarations if isinstance(one, tree.TestDecl))
        assert test.title.value == each.title
        assert each.reaches
    place = place_of(tested)
    before = place.read_text() if place.exists() else None
    place.write_text(appended(before or "", search.suggestions))
    try:
        again = run_path(tested.path, cover=True)
    finally:
        if before is None:
            place.unlink()
        else:
            place.write_text(before)
    assert again.findings == ()
    failed = [result for result in again.results if not result.passed]
    assert [(each.case.title, each.findings[0].message) for each in failed] == []
    titles = [result.case.title for result in again.results]
    assert len(titles) == len(set(titles))
    covered, all_ = (sum(getattr(each.share, name) for each in again.files) for name in ("covered", "all"))
    assert (covered, all_) == (search.after.covered, search.after.all)
    missed = {(each.what, each.side) for file in again.files for each in file.missed}
    assert missed == {(each.missed.what, each.missed.side) for each in search.unsolved}
    assert all(each.reason for each in search.unsolved)


CONDITIONS = (
    "net >= 40 GBP",
    "net > 30 GBP and net < 31 GBP",
    'net >= 40 GBP and shop is not "A" and guests is 3',
    'shop in ("A", "B") or guests >= 8',
    "not (guests < 2 or guests > 5)",
    "tier is Gold",
    "tier is not Blue and spend >= 150 GBP",
    "spend >= 400 GBP and spend < 405 GBP",
    "balance of points >= 2_000 points",
    "count of (lines where kind is cake) >= 3 and count of (lines where kind is toy) is 0",
    "(net of lines where kind is toy) >= 250 GBP",
    "today in summer and member.student",
    "has member.birthday and member.birthday before 2000-01-01",
    "today before 30 days after member.joined",
    "today from 2029-02-01 and today until 2029-02-02",
    "guests is multiple of 4",
    "previous spend >= 20 GBP",
)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_conditions_are_solved_both_ways(tmp_path: Path, condition: str) -> None:
    search = found(tmp_path, f'earn "A" {{ on purchase   when {condition}   give 5 points }}\n')
    assert search.unsolved == ()
    assert search.before.covered == 0
    assert search.after.percent == 100


RULES = (
    'earn "Rows" { on purchase   give by net { from 0 GBP: 1 point   from 50 GBP: 2 points   from 90 GBP: 3 points } }',
    'earn "By" { on purchase   give by shop, guests { "A", 0: 1 point   "A", from 1: 2 points   otherwise: nothing } }',
    'earn "Rows" { on purchase   give by tier { Blue: nothing   Silver: no award   Gold: 7 points } }',
    'earn "Limits" { on purchase   give 1 point per 1 GBP of net   at most 500 points per member per calendar month }',
    'earn "Limits" { on purchase   give 5 points   at most 3 times per member }',
    'earn "Dates" { on purchase   from 2027-05-01 until 2027-05-02   give 5 points }',
    'earn "Lines" { on purchase   give 1 point per 1 GBP of net of each line where kind is toy and price >= 20 GBP }',
    'reward "Marks" { on purchase   for each mark of spend at 50 GBP, 70 GBP   give 5 points }',
    'reward "Reaches" { on purchase   when spend reaches 250 GBP   say "Well done" }',
    'reward "Takes" { on purchase   deduct 700 points }',
    """reward "Turns" { on end of calendar month   turn every full 100 points into 1 ticket }
unit ticket, tickets counts pieces { lasts forever }""",
)


@pytest.mark.parametrize("rules", RULES)
def test_rules_are_reached(tmp_path: Path, rules: str) -> None:
    search = found(tmp_path, rules + "\n")
    assert [(each.missed.what, each.missed.side) for each in search.unsolved] == []


def test_a_suggestion_says_what_comes_out(tmp_path: Path) -> None:
    search = found(
        tmp_path, 'earn "Gold extra" { on purchase   when tier is Gold and net >= 40 GBP   give 50 points }\n'
    )
    text = next(each.text for each in search.suggestions if any(one.kind == "rule" for one in each.reaches))
    assert "given member { tier: Gold }" in text
    assert '"Gold extra" 50 points' in text
    assert "40.00 GBP" in text, "the number of the condition, not any above it"
    assert "joined" not in text, "what nothing reads is left out"


def test_what_cannot_hold_is_said_to_be_so(tmp_path: Path) -> None:
    search = found(tmp_path, 'earn "A" { on purchase   when net >= 40 GBP and net < 30 GBP   give 5 points }\n')
    reasons = {each.missed.what: each.reason for each in search.unsolved}
    assert reasons['"A"'] == "its conditions cannot hold together, so that no event reaches it"
    assert "`net < 30 GBP`" in reasons


def test_without_time_nothing_is_found(tmp_path: Path) -> None:
    tested = program(tmp_path, 'earn "A" { on purchase   give 5 points }\n')
    search = suggested(tested, 0)
    assert search.suggestions == ()
    assert {each.reason for each in search.unsolved} == {"no time was left"}


def test_a_program_that_is_covered_gets_nothing(tmp_path: Path) -> None:
    tested = program(tmp_path, 'earn "A" { on purchase   give 5 points }\n')
    place = place_of(tested)
    place.write_text(appended(place.read_text(), suggested(tested, SECONDS).suggestions))
    assert suggested(run_path(tested.path, cover=True), SECONDS).suggestions == ()


# ---- what suggested tests hold ----

HELD = """earn "Base" as base { on purchase   give 1 point per full 1 GBP of net }

earn "Tier points" { on purchase   give by tier { Silver: 25%   Gold: 50%   otherwise: nothing } of base }

earn "Morning coffee" {
  on        purchase
  when      today in summer and shop is "A" and count of (lines where kind is coffee) >= 2
  give      50 points
  at most   100 points per member per calendar month
}
"""
CHANGED = {
    "Silver: 25%": "Silver: 75%",
    "Gold: 50%": "Gold: 55%",
    "otherwise: nothing": "otherwise: 10%",
    "today in summer and ": "",
    'shop is "A" and ': "",
    " and count of (lines where kind is coffee) >= 2": "",
    "where kind is coffee) >= 2": "where kind is coffee) > 2",
    "where kind is coffee": "where kind is cake",
    "  at most   100 points per member per calendar month\n": "",
    "spend >= 100 GBP": "spend > 100 GBP",
}
"""Changes of the rules that a test should notice."""


@cache
def suggestions() -> tuple[str, str]:
    """A program, and the tests that are suggested for it."""
    text = PROGRAM + HELD
    program = rules_engine.load([Source("cafe.rules", text)])
    search = suggest(program, [], Coverage(program.core), program.sources, SECONDS)
    assert search.after.percent == 100
    return text, appended("", search.suggestions)


def failures(text: str, tests: str) -> int:
    source = Source("tests.rules", tests)
    program = rules_engine.load([Source("cafe.rules", text)])
    cases = [TestCase(source, each) for each in parse(source).file.declarations if isinstance(each, tree.TestDecl)]
    return sum(not result.passed for result in run_tests(program, cases))


@pytest.mark.parametrize("old", CHANGED)
def test_a_change_of_the_rules_is_noticed(old: str) -> None:
    text, tests = suggestions()
    assert text.count(old) == 1
    assert failures(text, tests) == 0
    assert failures(text.replace(old, CHANGED[old]), tests) > 0


def test_where_nothing_holds_a_side_it_is_reached_all_the_same(tmp_path: Path) -> None:
    search = found(tmp_path, 'earn "A" { on purchase   when guests >= 2 or guests >= 3   give 5 points }\n')
    assert "`guests >= 3`" in {each.what for one in search.suggestions for each in one.reaches}
    assert all(each.missed.what == "`guests >= 3`" for each in search.unsolved)


# ---- published programmes ----


@cache
def measured(path: Path) -> Suggested:
    """What is suggested for a programme without its tests."""
    program = rules_engine.load(path)
    return suggest(program, [], Coverage(program.core), program.sources, SECONDS)


@pytest.mark.long
@pytest.mark.parametrize(("paths", "name"), [(EXAMPLES, "examples"), (PROGRAMMES, "programmes")])
def test_from_nothing_most_is_reached(paths: list[Path], name: str) -> None:
    shares = [measured(path).after for path in paths]
    assert sum(each.covered for each in shares) * 100 >= SHARE[name] * sum(each.all for each in shares)


@pytest.mark.long
@pytest.mark.parametrize("path", EXAMPLES + PROGRAMMES, ids=lambda path: path.stem)
def test_every_suggestion_holds(path: Path, tmp_path: Path) -> None:
    """Beside the program's own tests: whatever they do not reach."""
    import shutil

    place = tmp_path / path.name
    if path.is_dir():
        shutil.copytree(path, place)
    else:
        shutil.copy(path, place)
        for each in path.parent.glob("*.csv"):
            shutil.copy(each, tmp_path)
    tested = run_path(str(place), cover=True)
    holds(tested, suggested(tested, SECONDS))


# ---- the command ----


def run(*args: str, code: int = 0) -> Result:
    done = CliRunner().invoke(command, list(args), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def test_the_command_writes_into_the_file(tmp_path: Path) -> None:
    tested = program(tmp_path, 'earn "A" { on purchase   when net >= 40 GBP   give 5 points }\n')
    shown = run(tested.path, "--suggest").stdout
    assert Path(tested.path).read_text() == tested.sources[tested.path].text, "nothing is written that nobody asked for"
    assert shown.count('test "suggested: ') == len(suggested(tested, SECONDS).suggestions)
    assert "suggested: coverage from 0% (0 of 8) to 100% (8 of 8)" in shown
    written = run(tested.path, "--suggest", "--write").stdout
    assert f"added to {tested.path}" in written
    assert "100% (8 of 8)" in run(tested.path, "--coverage").stdout
    run(tested.path, "--coverage-min", "100")


def test_a_file_keeps_its_line_ends(tmp_path: Path) -> None:
    tested = program(tmp_path, 'earn "A" { on purchase   give 5 points }\n')
    path = Path(tested.path)
    before = path.read_bytes().replace(b"\n", b"\r\n")
    path.write_bytes(before)
    run(tested.path, "--suggest", "--write")
    after = path.read_bytes()
    assert after.startswith(before)
    assert len(after) > len(before)
    assert after.count(b"\n") == after.count(b"\r\n")


def test_a_folder_gets_a_file_of_tests(tmp_path: Path) -> None:
    program(tmp_path, 'earn "A" { on purchase   give 5 points }\n')
    run(str(tmp_path), "--suggest", "--write")
    assert (tmp_path / "tests.rules").read_text().startswith("language 1\n\ntest ")
    run(str(tmp_path), "--coverage-min", "100")


def test_for_programs(tmp_path: Path) -> None:
    tested = program(tmp_path, 'earn "A" { on purchase   when net >= 40 GBP and net < 30 GBP   give 5 points }\n')
    told = json.loads(run(tested.path, "--suggest", "--format", "json").stdout)
    (suggestions,) = told["suggestions"]
    assert told["tests"] == []
    assert suggestions["program"] == tested.path
    assert suggestions["after"]["covered"] == suggestions["after"]["all"] - len(suggestions["unsolved"])
    assert {"file", "line", "kind", "what", "side", "reason"} == set(suggestions["unsolved"][0])
    assert all(parse(Source("x", each["text"])).diagnostics == () for each in suggestions["tests"])


@pytest.mark.parametrize(
    "options", [("--write",), ("--seconds", "5"), ("--watch", "--suggest"), ("--watch", "--format", "json")]
)
def test_what_does_not_go_together(tmp_path: Path, options: tuple[str, ...]) -> None:
    from rules_engine.cli.console import CannotRun

    tested = program(tmp_path, 'earn "A" { on purchase   give 5 points }\n')
    with pytest.raises(CannotRun):
        CliRunner().invoke(command, [tested.path, *options], catch_exceptions=False, standalone_mode=False)
