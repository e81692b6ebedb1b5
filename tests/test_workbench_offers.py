"""Tests of offers in rule files: what they may expect, earlier uses, returns, and how a failure reads."""

from __future__ import annotations

import pytest

import rules_engine
from rules_engine import tree
from rules_engine.checking import check
from rules_engine.diagnostics import Diagnostic, render
from rules_engine.parsing import parse
from rules_engine.source import Source
from rules_engine.workbench import TestCase, run_tests

PROGRAM = """language 1
program "Shop" {
  currency GBP, rounded half up
  timezone "Europe/London"
  split    in proportion, odd pennies to the largest remainder
  prices   include tax
  tax      rounded half up per line
  returns  by share
  stacking {
    item:   all in order "Member price", "Three for two"
    basket: all in order welcome, spring, "Gift", fee, held
  }
}
event purchase dated by at of customer identified by id returnable {
  id: text   customer: member?   at: instant   codes: codes up to 5   freight: money up to 50 GBP as shipping
  freight_tax: rate as shipping tax rate
  lines 0 to 60 {
    key: text as id   kind: food | toy   pieces: count up to 100 as quantity
    price: money up to 5_000 GBP as list each   vat: rate as tax rate
  }
}
define spring_codes = ("SPRING-1", "SPRING-2")
item offer "Member price" {
  on purchase  automatic  when has customer  take 10% of current off each unit where kind is toy
}
item offer "Three for two" {
  on purchase  automatic
  for every set of {
    2 units where kind is food, dearest first
    1 unit where kind is food, cheapest first: take 100% of current off each unit
  }
}
basket offer "Welcome ten" as welcome {
  on purchase  with code "WELCOME-10"  when list >= 40 GBP  take 10 GBP off the total of lines
  once per member  at most 100 GBP in total
}
basket offer "Spring" as spring {
  on purchase  with code from spring_codes  take 1 GBP off the total of lines  at most 3 times in total per code
}
basket offer "Gift" { on purchase  automatic  when list >= 100 GBP  add 1 "MINI" free }
basket offer "Small order" as fee { on purchase  automatic  when list < 10 GBP  charge 2 GBP as "small order" }
basket offer "Held" as held { on purchase  automatic  when list >= 4_000 GBP  take 1 GBP off the total of lines }
shipping offer "Free shipping" { on purchase  automatic  when list >= 50 GBP  take 100% of current off each line }
member { vip: flag }
holdout members where member.vip, from held
"""
BIG = """when purchase { at: 2027-03-14 10:00  codes: ("welcome 10", "NOPE")  freight: 5 GBP  freight_tax: 20%
  lines | key | kind | pieces | price  | vat |
        | "a" | food | 3      | 20 GBP | 0%  |
        | "b" | toy  | 2      | 10 GBP | 20% | }"""
SMALL = """when purchase { at: 2027-03-14 10:00  {codes}freight: 1 GBP  freight_tax: 20%
  lines | key | kind | pieces | price      | vat |
        | "a" | food | 1      | {price} GBP | 0%  | }}"""
MEMBER = "given member { vip: no }"
VIP = "given member { vip: yes }"


def small(price: str = "20", codes: str = '"spring 1"') -> str:
    presented = f"codes: ({codes})  " if codes else ""
    return SMALL.replace("{price}", price).replace("{codes}", presented).replace("}}", "}")


def findings(steps: str, program: str = PROGRAM) -> tuple[Diagnostic, ...]:
    source = Source("offers.rules", f'{program}test "of the test" {{\n{steps}\n}}\n')
    parsed = parse(source)
    assert parsed.diagnostics == (), render(parsed.diagnostics[0], source)
    (test,) = (each for each in parsed.file.declarations if isinstance(each, tree.TestDecl))
    (result,) = run_tests(rules_engine.load([source]), [TestCase(source, test)])
    return result.findings


def told(steps: str, program: str = PROGRAM) -> list[str]:
    return [finding.message for finding in findings(steps, program)]


PASSING = (
    # what offers took, in all, on a line, on a unit, on shipping; the order of units is that of the line
    f'{MEMBER} {BIG} then "Three for two" 20 GBP, "Three for two" 20 GBP on line "a", welcome 10 GBP',
    f'{MEMBER} {BIG} then "Three for two" 20 GBP on unit 1 of line "a", "Three for two" 0 GBP on unit 3 of line "a"',
    f'{MEMBER} {BIG} then "Member price" 2 GBP, "Member price" 1 GBP on unit 2 of line "b", fee not applied',
    f'{MEMBER} {BIG} then "Free shipping" 5 GBP on shipping, "Three for two" 0 GBP on line "b"',
    # what the event costs
    f'{MEMBER} {BIG} then net 48 GBP, shipping 0 GBP, charges 0 GBP, total 48 GBP, tax 2.48 GBP, line "a" 33.10 GBP',
    f"{small('4', '')} then fee 2 GBP, charges 2 GBP, shipping 1 GBP, total 7 GBP and nothing else",
    # gifts and codes
    f'{MEMBER} {small("150", "")} then gift 1 "MINI", "Free shipping" 1 GBP and nothing else',
    f'{MEMBER} {BIG} then code "Welcome10" applied, code "nope" refused, code "nope" refused because "unknown code"',
    f'{MEMBER} {small("5")} then code "spring-1" applied, spring 1 GBP',
    # held out
    f"{VIP} {small('5_000', '')} then held held out",
    f"{small('5_000', '')} then held 1 GBP",
    # used before: by the member, by everybody, by a code
    f'{MEMBER} given welcome used once {BIG} then welcome not applied, code "welcome 10" refused because "used up"',
    f"{MEMBER} given welcome used 95 GBP {BIG} then welcome 5 GBP",
    f"{MEMBER} given welcome used 100 GBP {BIG} then welcome refused, fee not applied",
    f'given spring used 3 times with code "spring 2" {small()} then spring 1 GBP',
    f'given spring used 3 times with code "spring 1" {small()} then code "spring-1" refused because "used up"',
    f'given spring used 2 times with code "spring 1" {small()} then spring 1 GBP {small()} then spring not applied',
    # returns: by share, cumulative, and all of it
    f'{MEMBER} {BIG} then total 48 GBP when returned 1 of line "a" then refund 11.03 GBP, "Three for two" -6.67 GBP',
    (
        f"{MEMBER} {BIG} then total 48 GBP "
        'when returned all of line "b" then line "b" 14.90 GBP, refund 14.90 GBP, tax 2.48 GBP'
    ),
    (
        f'{MEMBER} {BIG} then total 48 GBP when returned 1 of line "a" then refund 11.03 GBP '
        'when returned all of line "b", 1 of line "a" then refund 25.93 GBP '
        "when returned everything then refund 11.04 GBP"
    ),
    f"{MEMBER} {BIG} then total 48 GBP when returned everything then refund 48 GBP, shortfall 0 GBP and nothing else",
    f'{MEMBER} {BIG} then total 48 GBP when returned 4 of line "a" then refused',
    f"{MEMBER} {small('20')} then total 20 GBP when returned shipping then refund 1 GBP",
)


@pytest.mark.parametrize("steps", PASSING)
def test_what_holds_passes(steps: str) -> None:
    assert told(steps) == []


FAILING = (
    (f'{MEMBER} {BIG} then "Three for two" 19 GBP', '"Three for two" is 20.00 GBP, and the test expects 19 GBP'),
    (
        f'{MEMBER} {BIG} then "Three for two" 1 GBP on unit 3 of line "a"',
        '"Three for two" on unit 3 of line "a" is 0.00 GBP, and the test expects 1 GBP',
    ),
    (
        f'{MEMBER} {BIG} then "Three for two" 1 GBP on line "z"',
        '"Three for two" on line "z" is nothing: the event has no such line, and the test expects 1 GBP',
    ),
    (f"{MEMBER} {BIG} then fee 1 GBP", '"Small order" is not applied, and the test expects 1 GBP'),
    (
        f"{small('4', '')} then fee not applied",
        '"Small order" is a charge of 2.00 GBP as "small order", and the test expects not applied',
    ),
    (f"{MEMBER} {BIG} then welcome held out", '"Welcome ten" is 10.00 GBP, and the test expects held out'),
    (f"{MEMBER} {BIG} then fee refused", '"Small order" is not applied, and the test expects refused'),
    (
        f"{MEMBER} given welcome used 100 GBP {BIG} then welcome 5 GBP",
        '"Welcome ten" is refused (nothing left under its limits), and the test expects 5 GBP',
    ),
    (f"{MEMBER} {BIG} then net 47 GBP", "net is 48.00 GBP, and the test expects 47 GBP"),
    (f"{MEMBER} {BIG} then total 47 USD", "the total is 48.00 GBP, and the test expects 47 USD"),
    (f'{MEMBER} {BIG} then line "a" 1 GBP', 'line "a" is 33.10 GBP, and the test expects 1 GBP'),
    (f'{MEMBER} {BIG} then line "c" 1 GBP', 'line "c" is not in the event, and the test expects 1 GBP'),
    (f'{MEMBER} {BIG} then gift 1 "MINI"', 'the gift "MINI" is not added, and the test expects 1 of it'),
    (
        f'{MEMBER} {BIG} then code "welcome 10" refused because "used up"',
        'the code "welcome 10" is applied by "Welcome ten", and the test expects refused because "used up"',
    ),
    (
        f'{MEMBER} {BIG} then code "nope" applied',
        'the code "nope" is refused because "unknown code", and the test expects applied',
    ),
    (
        f'{MEMBER} {BIG} then code "other" refused',
        'the code "other" is not presented by the event, and the test expects refused',
    ),
    (
        f"{MEMBER} {BIG} then refund 1 GBP",
        "the refund is nothing: nothing was returned, and the test expects 1 GBP",
    ),
    (
        f"{MEMBER} {BIG} then total 48 GBP when returned everything then refund 1 GBP",
        "the refund is 48.00 GBP, and the test expects 1 GBP",
    ),
    (
        f"{MEMBER} {BIG} then total 48 GBP when returned everything then total 1 GBP",
        "the total is not known after a return, which says `refund`, `tax` and `shortfall`, and the test expects 1 GBP",
    ),
)


@pytest.mark.parametrize(("steps", "message"), FAILING)
def test_what_does_not_hold_is_told(steps: str, message: str) -> None:
    assert told(steps) == [message]


def test_a_failing_offer_is_explained() -> None:
    (finding,) = findings(f"{MEMBER} {BIG} then fee 1 GBP")
    assert "list is 80.00 GBP, and less than 10.00 GBP is required" in finding.data["why"]


def test_a_failure_after_a_use_is_explained_as_of_that_use() -> None:
    (finding,) = findings(f'given spring used 3 times with code "spring 1" {small()} then spring 1 GBP')
    assert finding.message == '"Spring" is refused (nothing left under its limits), and the test expects 1 GBP'
    assert "3" in finding.data["why"]


def test_nothing_else_counts_discounts_charges_and_gifts() -> None:
    assert told(f"{MEMBER} {BIG} then net 48 GBP and nothing else") == [
        '"Member price" is 2.00 GBP, and the test expects nothing',
        '"Three for two" is 20.00 GBP, and the test expects nothing',
        '"Welcome ten" is 10.00 GBP, and the test expects nothing',
        '"Free shipping" is 5.00 GBP, and the test expects nothing',
    ]
    assert told(f"{small('4', '')} then total 7 GBP and nothing else") == [
        '"Small order" is a charge of 2.00 GBP as "small order", and the test expects nothing'
    ]
    assert told(f'{small("150", "")} then "Free shipping" 1 GBP and nothing else') == [
        '"Gift" is 1 "MINI" free, and the test expects nothing'
    ]


REFUSED = (
    (
        f"given spring used once {BIG} then fee not applied",
        "this cannot be given: its limit counts for each value of something; say `with code ...`",
    ),
    (
        f'{MEMBER} {BIG} then total 48 GBP when returned 4 of line "a" then refund 1 GBP',
        "the event is refused: ",
    ),
    (
        f'{MEMBER} {BIG} then total 48 GBP when returned 1 of line "z" then refund 1 GBP',
        "the event is refused: ",
    ),
)


@pytest.mark.parametrize(("steps", "message"), REFUSED)
def test_what_cannot_be_done_ends_the_test(steps: str, message: str) -> None:
    (found,) = told(steps)
    assert found.startswith(message)


def test_slips_in_tests_are_found_before_they_run() -> None:
    text = f"""{PROGRAM}
test "slips" {{
  given sprig used once
  given fee used once
  given spring used 3 GBP
  {BIG}
  then fee 5 points, total yes, line "a" 5 points, hello 1 GBP
}}
test "no event" {{ when returned everything then refund 1 GBP }}
"""
    found = [(each.code, each.message) for each in check([Source("slips.rules", text)]).diagnostics]
    assert [code for code, _ in found] == ["N101", "X107", "X107", "X105", "X105", "X105", "N101", "X106"]


# ---- events in one of several currencies ----

CURRENCIES = """language 1
program "Two" {
  currency GBP, USD, rounded half up
  timezone "Europe/London"
  split    in proportion, odd pennies to the largest remainder
  returns  by share
}
event purchase dated by at of customer identified by id returnable {
  id: text   customer: member?   at: instant   kinds: list of up to 3 text
  fee: money? up to 50 GBP or 60 USD as shipping
  deposit: money up to 50 GBP or 60 USD
  lines 0 to 60 {
    sku: text as id   pieces: count up to 100 as quantity   price: money up to 9 GBP or 80 USD as list each
  }
}
basket offer "Ten" as ten {
  on purchase  automatic  when list >= (4 GBP, 50 USD)  take (1 GBP, 12 USD) off the total of lines
  at most 100 USD in total
}
"""
DOLLARS = """when purchase { at: 2027-03-14 10:00  fee: 1 USD  kinds: ()
  lines | sku | pieces | price    |
        | "a" | 2      | 30 USD   |
        | "b" | 1      | 1.50 USD | }"""
POUNDS = """when purchase { at: 2027-03-14 10:00  kinds: ("x")
  lines | sku | pieces | price    |
        | "a" | 1      | 7 GBP    | }"""


@pytest.mark.parametrize(
    "steps",
    [
        (
            f'given ten used 90 USD {DOLLARS} then ten 10 USD, ten 4.88 USD on unit 1 of line "a", total 52.50 USD '
            'when returned 1 of line "a" then refund 25.12 USD when returned everything then refund 27.38 USD'
        ),
        f"given ten used 100 USD {POUNDS} then ten 1 GBP, net 6 GBP {DOLLARS} then ten refused, total 62.50 USD",
    ],
)
def test_money_is_of_the_currency_of_the_event(steps: str) -> None:
    assert told(steps, CURRENCIES) == []


def test_money_in_another_currency_is_not_met() -> None:
    assert told(f"{POUNDS} then ten 1 USD", CURRENCIES) == ['"Ten" is 1.00 GBP, and the test expects 1 USD']
