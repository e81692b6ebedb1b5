"""What a failing test tells: the step, the condition or the limit that made it so."""

from __future__ import annotations

import pytest

import rules_engine
from rules_engine import tree
from rules_engine.parsing import parse
from rules_engine.source import Source
from rules_engine.workbench import TestCase, failure_text, run_tests

HEAD = """language 1
program "Cafe" { currency GBP, rounded half up   split in proportion, odd pennies to the largest remainder
  stacking { basket: all in order "Ten off" } }
unit point, points { rounded down   lasts for 12 months   balance at least 0 }
unit star, stars { rounded down   lasts for 12 months   pending until 3 days later }
event purchase dated by day of customer identified by no {
  no: text   customer: member?   day: date   shop: text   codes: codes up to 3
  lines 0 to 20 { key: text as id   kind: coffee | cake   price: money up to 1_000 GBP as list }
}
event visit dated by day of customer identified by no { no: text   customer: member   day: date }
track spend = sum of net, on purchase, per calendar year
tiers {
  Blue
  Silver    when spend >= 100 GBP
  Gold      when spend >= 500 GBP
  counts    from the next event
  lasts     until end of next calendar year
  then      the earned tier
}
basket offer "Ten off" {
  on purchase   with code "TEN"   when list >= 20 GBP   take 10 GBP off the total of lines   at most 5 GBP in total
}
earn "Base" as base { on purchase   give 10 points per 1 GBP of net   at most 200 points per member per calendar month }
earn "Third" { on purchase   give 1 point per 3 GBP of net }
earn "Capped" { on purchase   give 1 point per 1 GBP of net, up to 20 points }
earn "Cakes" { on purchase   give 1 point per 1 GBP of net of lines where kind is cake }
earn "Gold extra" { on purchase   when has customer and tier is Gold   give 50 points }
earn "Once" { on purchase   give 5 points   once per member }
earn "Later" { on purchase   give 7 stars }
reward "Hello" { on purchase   when spend >= 50 GBP   say "well done" }
reward "Level" as level { on visit   deduct 100 points }
"""
BUY = """  when purchase {{ day: {day}   shop: "A"   codes: ({codes})
    lines | key | kind | price |
          | "a" | coffee | {coffee} GBP |
          | "b" | cake | {cake} GBP | }}
"""


def why(steps: str, given: str = "given member {}") -> list[str]:
    """The first finding of a test, as its sentences."""
    source = Source("cafe.rules", f'{HEAD}test "t" {{\n  {given}\n{steps}\n}}\n')
    program = rules_engine.load([source])
    (test,) = (each for each in parse(source).file.declarations if isinstance(each, tree.TestDecl))
    (result,) = run_tests(program, [TestCase(source, test)])
    return result.findings[0].data["because"].splitlines() if result.findings else []


def buy(coffee: str = "10.00", cake: str = "15.00", day: str = "2027-03-01", codes: str = "") -> str:
    return BUY.format(coffee=coffee, cake=cake, day=day, codes=codes)


CASES = (
    (
        buy() + "then base 250 points",
        (
            "the limit `at most 200 points per member per calendar month` cut 250 points to 200 points: 0 points "
            "were used since 2027-03-01, 200 points left; without it this is what the test expects"
        ),
    ),
    (
        buy() + "then base 300 points",
        "`give 10 points per 1 GBP of net` comes to 250 points: net is 25.00 GBP",
    ),
    (
        buy() + 'then "Third" 9 points',
        "25/3 points were rounded down to 8 points",
    ),
    (
        buy() + 'then "Capped" 25 points',
        (
            "the bounds and steps of `give 1 point per 1 GBP of net, up to 20 points` made 25 points 20 points; "
            "before it, this is what the test expects"
        ),
    ),
    (
        buy() + 'then "Cakes" 25 points',
        "line 1 is left out: kind is coffee, and it must be cake",
    ),
    (
        buy() + 'then "Gold extra" 50 points',
        (
            "the rule did not apply: `when has customer and tier is Gold` does not hold: tier is Blue, and it "
            "must be Gold"
        ),
    ),
    (buy() + 'then "Gold extra" not applied', None),
    (
        buy("60.00") + 'then "Hello" not applied',
        "the rule applied: `when spend >= 50 GBP` holds: spend is 75.00 GBP",
    ),
    (
        buy() + 'then "Third" not applied',
        "the rule applied: it has no condition",
    ),
    (
        buy() + 'then base 200 points, "Third" 8 points, "Capped" 20 points, "Cakes" 15 points and nothing else',
        "the step says `and nothing else`, and does not name it",
    ),
    (
        buy() + "then tier Gold",
        "Gold does not hold: spend is 25.00 GBP, and at least 500.00 GBP is required, as judged on 2027-03-01",
    ),
    (
        buy("600.00") + "then tier Gold\n  on 2029-01-01 then tier Gold",
        "Gold ended after 2028-12-31",
    ),
    (
        buy("600.00") + "then tier Gold\n  on 2029-01-01 then tier Gold",
        "the tier went from Gold to Blue on 2029-01-01 (after Gold)",
    ),
    (
        buy() + "then balance of points 200\n",
        (
            "the balance is made of 200 points from base (of 2027-03-01, valid through 2028-02-29), 20 points "
            "from Capped (of 2027-03-01, valid through 2028-02-29), 15 points from Cakes (of 2027-03-01, valid "
            "through 2028-02-29), 8 points from Third (of 2027-03-01, valid through 2028-02-29), and 1 more lot"
        ),
    ),
    (
        buy() + "then base 200 points\n  on 2028-03-02 then balance of points 248",
        "200 points from base of 2027-03-01 lapsed after 2028-02-29",
    ),
    (
        buy() + "then balance of stars 7",
        "7 stars from Later are pending until 2027-03-04, and not counted",
    ),
    (
        buy() + "then track spend 30 GBP",
        "this event took `spend` from 0.00 GBP to 25.00 GBP",
    ),
    (
        "  when visit { day: 2027-03-01 } then track spend 30 GBP",
        "`spend` is moved on purchase, and not on visit",
    ),
    (
        "  when visit { day: 2027-03-01 } then level takes 100 points",
        "100 points were asked for, and the balance left 0 points",
    ),
    (
        "  when visit { day: 2027-03-01 } then level takes 100 points",
        "the rule did not apply, nothing to give: there is not enough of it",
    ),
    (
        buy(codes='"TEN"') + 'then "Ten off" 10 GBP',
        (
            "the limit `at most 5 GBP in total` cut 10.00 GBP to 5.00 GBP: 0.00 GBP were used, 5.00 GBP left; "
            "without it this is what the test expects"
        ),
    ),
    (
        buy("5.00", "5.00", codes='"TEN"') + 'then "Ten off" 10 GBP',
        (
            "the rule did not apply: `when list >= 20 GBP` does not hold: list is 10.00 GBP, and at least 20.00 "
            "GBP is required"
        ),
    ),
    (
        buy() + 'then "Ten off" 10 GBP',
        "the rule did not apply, code not presented: none of its codes was presented",
    ),
    (
        buy(codes='"TEN"') + "then total 25 GBP",
        "net 20.00 GBP, total 20.00 GBP",
    ),
    (
        buy() + 'then "Once" 5 points\n' + buy(day="2027-03-02") + 'then "Once" 5 points',
        "the limit `once per member` left nothing of 1: 1 was used, 0 left",
    ),
)


@pytest.mark.parametrize(("steps", "sentence"), CASES, ids=range(len(CASES)))
def test_because(steps: str, sentence: str | None) -> None:
    found = why(steps)
    if sentence is None:
        assert found == []
    else:
        assert sentence in found


def test_the_nearest_cause_comes_first() -> None:
    assert why(buy() + "then base 250 points")[0].startswith("the limit `at most 200 points")


def test_a_failure_shows_sentences_and_the_tree() -> None:
    source = Source("cafe.rules", f'{HEAD}test "t" {{\n  given member {{}}\n{buy()}then base 250 points\n}}\n')
    program = rules_engine.load([source])
    (test,) = (each for each in parse(source).file.declarations if isinstance(each, tree.TestDecl))
    (result,) = run_tests(program, [TestCase(source, test)])
    text = failure_text(result.findings[0], source)
    assert '"Base" is 200 points, and the test expects 250 points' in text
    assert "  because the limit" in text
    assert "└─ at most 200 points per member per calendar month" in text
    assert result.seconds > 0


# ---- rules that only say something ----


@pytest.mark.parametrize(("coffee", "said"), [("60.00", True), ("10.00", False)])
def test_a_reward_that_only_says_something_applies_or_not(coffee: str, said: bool) -> None:
    assert (why(buy(coffee) + 'then "Hello" applied') == []) is said
    assert (why(buy(coffee) + 'then "Hello" not applied') == []) is not said


def test_applied_is_said_of_any_rule() -> None:
    assert why(buy(codes='"TEN"') + 'then base applied, "Ten off" applied, "Gold extra" not applied') == []
    assert why(buy() + 'then "Ten off" applied') != []
    assert why(buy() + 'then "Gold extra" applied') != []
    assert why("  when visit { day: 2027-03-01 } then level applied") != []


def test_what_only_says_something_is_nothing_else() -> None:
    given = '"Third" 25 points, "Capped" 20 points, "Cakes" 15 points, "Once" 5 points, "Later" 7 stars'
    text = f"then base 200 points, {given}"
    assert why(buy("60.00") + text + " and nothing else") == []


def test_nothing_is_no_amount() -> None:
    source = Source("cafe.rules", f'{HEAD}test "t" {{\n  given member {{}}\n{buy()}then "Gold extra" nothing\n}}\n')
    program = rules_engine.load([source])
    (test,) = (each for each in parse(source).file.declarations if isinstance(each, tree.TestDecl))
    (result,) = run_tests(program, [TestCase(source, test)])
    assert result.findings[0].help == "`nothing` is no amount: of a rule that does nothing write `not applied`"
