"""`rules doc`: every rule is told, nothing of it is left out, and the calendar is what scoring does."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

import rules_engine
from rules_engine import pipeline, tree
from rules_engine.checking import Checked
from rules_engine.cli import rules
from rules_engine.describing import Page, html, markdown, page_of, rules_on
from rules_engine.describing.said import CLOSE, OPEN, Entry, Grid, Item, Section, Sentences, Year, quoted
from rules_engine.describing.words import named, phrase
from rules_engine.lowering import lower
from rules_engine.source import Source
from tests.test_pages import Read

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "data" / "doc"
PROGRAMS = [
    *sorted(each for each in (ROOT / "examples").iterdir() if list(each.glob("*.rules"))),
    *sorted((ROOT / "tests" / "corpus" / "programmes").glob("*.rules")),
]
LITERALS = (tree.MoneyLit, tree.QuantityLit, tree.Percent, tree.DateLit, tree.Number, tree.TimeLit)


@cache
def checked(path: Path) -> Checked:
    found = pipeline.check(path)
    assert found.ok
    return found


@cache
def page(path: Path) -> Page:
    return page_of(checked(path), lower(checked(path)))


def entries(shown: Page) -> dict[str, str]:
    found = [block for section in shown.sections for block in section.blocks if isinstance(block, Entry)]
    return {each.key: "\n".join(each.points) for each in found}


def own(path: Path) -> list[tree.Declaration]:
    files = [each for each in checked(path).files if not each.source.name.startswith("vocabulary/")]
    return [each for file in files for each in file.parsed.file.declarations]


def test_there_are_all_programs() -> None:
    assert len(PROGRAMS) >= 18 + 73


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_every_rule_is_told_with_every_number_in_it(path: Path) -> None:
    """A rule's amounts, bounds and dates all stand among its sentences."""
    core, told = lower(checked(path)), entries(page(path))
    keys = {each.key for each in core.rules} | {each.key for each in core.offers} | {each.key for each in core.matches}
    assert keys <= set(rules_on(page(path)))
    for rule in own(path):
        if isinstance(rule, tree.RuleDecl | tree.MatchDecl):
            key = rule.name.text if rule.name is not None else rule.title.value
            for literal in (each for each in tree.walk(rule) if isinstance(each, LITERALS)):
                assert phrase(literal) in told[key], f"{key} does not say {phrase(literal)}"


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_every_name_is_told(path: Path) -> None:
    shown = markdown(page(path)).replace("\\", "")
    for each in own(path):
        match each:
            case tree.TrackDecl() | tree.PeriodDecl() | tree.DefineDecl() | tree.TableDecl():
                assert f"- {named(each.name.text)}: " in shown
            case tree.UnitDecl():
                assert f"### {named((each.plural or each.name).text)} " in shown
            case tree.TiersDecl():
                assert all(named(rung.name.text) in shown for rung in each.rungs)
            case tree.GroupDecl():
                assert f"Group {named(each.name.text)}: " in shown
            case tree.HoldoutDecl():
                assert "kept out of" in shown
            case _:
                pass


@pytest.mark.parametrize("name", ["hotel", "shop", "grocery"])
def test_pages_are_as_recorded(name: str, update_golden: bool) -> None:
    shown, golden = markdown(page(ROOT / "examples" / name)), GOLDEN / f"{name}.md"
    if update_golden:
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


# ---- one program, looked at closely ----

SHOP = """language 1
program "Kiosk" {
  currency GBP, rounded half up
  split in proportion, odd pennies to the largest remainder
  stacking { basket: best per basket }
}
event order dated by on of customer identified by no {
  no: text   customer: member?   on: date
  lines 1 to 10 { price: money up to 1000 GBP as list }
}
unit point, points { rounded down   lasts for 1 year }
period summer = 1 Jun to 31 Aug every year except 10 Jul to 12 Jul every year
period weekend = Saturday, Sunday of every week
basket offer "Spring" { on order   from 2027-03-05 until 2027-04-10   automatic   take 5 GBP off the total of lines }
earn "Summer" { on order   when today in summer   give 1 point }
earn "Not at weekends" { on order   when not (today in weekend) and list >= 1 GBP   give 1 point }
earn "Either" { on order   when today in weekend or today >= 2027-12-01   give 1 point }
earn "Always" { on order   when list >= 1 GBP   give 1 point }
earn "Before spring" { on order   when today < 2027-03-05   give 1 point }
"""


def kiosk(text: str = SHOP) -> tuple[Page, rules_engine.Program]:
    sources = [Source("kiosk.rules", text)]
    program = rules_engine.load(sources)
    return page_of(pipeline.check(sources), program.core), program


def test_the_calendar_is_what_scoring_does() -> None:
    """Every day of the year: a rule's bar covers it exactly where an order of that day gets something from it."""
    shown, program = kiosk()
    (year,) = [block for section in shown.sections for block in section.blocks if isinstance(block, Year)]
    assert year.year == 2027
    days = {bar.name: {day for start, end in bar.spans for day in range(start, end)} for bar in year.bars}
    acted: dict[str, set[int]] = {name: set() for name in days}
    for day in range(365):
        on = (date(2027, 1, 1) + timedelta(days=day)).isoformat()
        outcome = program.score({"event": "order", "no": "1", "customer": "m", "on": on, "lines": [{"price": "20.00"}]})
        for rule in [each.rule for each in outcome.awards] + [each.rule for each in outcome.discounts]:
            if rule in acted:
                acted[rule].add(day)
    assert set(days) == {"Spring", "Summer", "Not at weekends", "Either", "Before spring", "summer", "weekend"}
    assert {name: days[name] for name in days if name[0].isupper()} == {x: acted[x] for x in acted if x[0].isupper()}
    assert all(acted[name] for name in acted if name[0].isupper())


def test_days_that_begin_or_end_at_a_time() -> None:
    """A day on which a rule runs for some hours is in its bar; the day before it begins is not."""
    text = SHOP.replace("on: date", "on: instant").replace(
        "rounded half up\n", 'rounded half up   timezone "Europe/London"\n'
    )
    text += 'earn "Night" { on order   from 2027-03-05 at 00:00 before 2027-03-08 at 10:00   give 1 point }\n'
    (year,) = [block for section in kiosk(text)[0].sections for block in section.blocks if isinstance(block, Year)]
    (night,) = [bar for bar in year.bars if bar.name == "Night"]
    assert night.spans == ((31 + 28 + 4, 31 + 28 + 8),)


def test_rates_are_read_for_each_tier() -> None:
    (rates,) = [block for block in page(ROOT / "examples" / "hotel").sections[2].blocks if isinstance(block, Grid)]
    assert rates.head == ("", "Blue", "Silver", "Gold")
    assert rates.rows[1][0] == "Tier bonus"
    assert [each.split()[0] for each in rates.rows[1][1:]] == ["nothing", "10%", "25%"]
    assert rates.rows[0][2:] == ("the same", "the same")


def test_which_offers_do_not_go_together() -> None:
    text = SHOP.replace("off the total of lines }", "off the total of lines   combines with nothing }")
    text += 'basket offer "Code" { on order   with code "X"   take 1 GBP off the total of lines }\n'
    text = text.replace("on: date", "on: date   codes: codes? up to 3")
    text = text.replace("best per basket", 'best per basket in order "Spring", "Code"')
    shown, _ = kiosk(text)
    (section,) = [each for each in shown.sections if each.title == "What combines with what"]
    (grid,) = [block for block in section.blocks if isinstance(block, Grid)]
    assert dict(zip(grid.head[1:], grid.rows[0][1:], strict=True)) == {"Spring": "", "Code": "not on one order"}
    (said,) = [item.text for block in section.blocks if isinstance(block, Sentences) for item in block.items]
    assert said.startswith("Basket offers: only the one that takes most off does, for each order")


def test_what_has_no_sentence_is_quoted_and_marked() -> None:
    rule = tree.RuleDecl  # a whole rule is no phrase: it stands as the formatter writes it
    (one, *_) = [each for each in own(ROOT / "examples" / "hotel") if isinstance(each, rule)]
    assert phrase(one).startswith(OPEN + 'earn "Points"')
    assert phrase(one).endswith(CLOSE)
    shown = Page("x", (Section("Odd", (Sentences((Item(f"Says {quoted('a ` b <i>')}"),)),)),))
    assert "- Says `` a ` b <i> ``" in markdown(shown)
    assert "<code>a ` b &lt;i&gt;</code>" in html(shown)
    assert quoted(f"a{OPEN}b{CLOSE}") == f"{OPEN}ab{CLOSE}", "a rule file cannot mark anything itself"


def test_no_text_of_a_rule_file_is_markup() -> None:
    evil = "<img src=x> | `b` \\ *c*"
    text = SHOP.replace('"Spring"', f'"{evil.replace(chr(92), chr(92) * 2)}"')
    shown, _ = kiosk(text)
    read = Read(html(shown))
    assert "img" not in read.tags
    assert "<img src=x> | `b`" in read.text
    assert "<img" not in markdown(shown).replace("\\<", "")
    assert "\\<img src=x\\> \\| \\`b\\`" in markdown(shown)


def test_the_command_writes_both_forms(tmp_path: Path) -> None:
    (tmp_path / "kiosk.rules").write_text(SHOP)
    run = CliRunner()
    done = run.invoke(rules, ["doc", str(tmp_path / "kiosk.rules")])
    assert done.exit_code == 0
    assert done.output.startswith("# Kiosk\n")
    asked = [
        "doc",
        str(tmp_path / "kiosk.rules"),
        "--format",
        "html",
        "-o",
        str(tmp_path / "kiosk.html"),
        "--year",
        "2028",
    ]
    assert run.invoke(rules, asked).exit_code == 0
    written = (tmp_path / "kiosk.html").read_text()
    assert "2028-06-01 to 2028-07-09" in written
    assert not [value for name, value in Read(written).attributes if name == "src"]


# ---- conditions of the tier ----

TIERED = """tiers {
  Basic
  Silver when spend >= 300 GBP
  Gold when spend >= 1000 GBP
  counts at once
  lasts until end of next calendar year
  then the earned tier
}
track spend = sum of net, on order, per calendar year
define high = tier in (Silver, Gold)
define big = net >= 100 GBP
"""
MORNINGS = "period mornings = 08:00 to 12:00 every day\n"
NEVER, BIG = "nothing", "1 point, only if the price after offers is at least 100 GBP"


@pytest.mark.parametrize(
    ("condition", "cells"),
    [
        ("tier is Gold", (NEVER, NEVER, "1 point")),
        ("tier is not Gold", ("1 point", "the same", NEVER)),
        ("tier in (Basic, Gold)", ("1 point", NEVER, "1 point")),
        ("tier not in (Basic, Gold)", (NEVER, "1 point", NEVER)),
        ("tier >= Silver", (NEVER, "1 point", "the same")),
        ("tier > Silver", (NEVER, NEVER, "1 point")),
        ("tier < Silver", ("1 point", NEVER, NEVER)),
        ("high", (NEVER, "1 point", "the same")),
        ("not high", ("1 point", NEVER, NEVER)),
        ("high and big", (NEVER, "1 point", "the same")),
        ("not (tier < Gold and tier > Basic)", ("1 point", NEVER, "1 point")),
        ("tier is Gold or net >= 100 GBP", (BIG, "the same", "1 point")),
        ("(tier is Gold and net >= 1 GBP) or tier is Silver", (NEVER, "1 point", BIG.replace("100", "1"))),
    ],
)
def test_a_tier_that_cannot_meet_the_condition_earns_nothing(condition: str, cells: tuple[str, ...]) -> None:
    shown, program = kiosk(SHOP + TIERED + f'earn "Tiered" {{ on order   when {condition}   give 1 point }}\n')
    assert program.core.tiers is not None
    (grid,) = [block for each in shown.sections if each.title == "What is earned" for block in each.blocks[:1]]
    assert isinstance(grid, Grid)
    assert [row[1:] for row in grid.rows if row[0] == "Tiered"] == [cells]
    assert [row[1:] for row in grid.rows if row[0] == "Always"] == [("1 point", "the same", "the same")]


def test_hours_are_hours_of_the_day() -> None:
    text = SHOP.replace("on: date", "on: instant").replace(
        "rounded half up\n", 'rounded half up   timezone "Europe/London"\n'
    )
    shown, _ = kiosk(text + MORNINGS + 'earn "Early" { on order   when today in mornings   give 1 point }\n')
    assert "Only if the time of day is in mornings" in entries(shown)["Early"]
    assert "Only if the day is in summer" in entries(shown)["Summer"]
