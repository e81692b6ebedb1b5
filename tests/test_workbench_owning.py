"""Tests in rule files of what people own: balances, payments, what is taken, other people, pools, scheduled events."""

from __future__ import annotations

import pytest

import rules_engine
from rules_engine import tree
from rules_engine.diagnostics import Diagnostic, render
from rules_engine.parsing import parse
from rules_engine.source import Source
from rules_engine.workbench import TestCase, run_tests

PROGRAM = """language 1
program "Larder" {
  currency GBP, rounded half up
  timezone "Europe/London"
  split    in proportion, odd pennies to the largest remainder
  stacking { tender: all in order "Points at the till", "Vouchers" }
}
period statement = every 3 months from member.statement_start

unit point, points {
  rounded down   lasts for 12 months   use oldest first   balance at least 0
  remembers milestone: count up to 100
}
unit voucher, vouchers counts GBP { rounded down   lasts forever   balance at least 0 }
unit ticket, tickets counts pieces { lasts forever   balance at least 0 }
unit mile, miles { rounded down   lasts forever }
unit data counts 2 decimals { held by household   rounded down   lasts forever   balance at least 0 }

event purchase dated by at of customer identified by id {
  id: text   customer: member?   at: date   kind: food | toy
  points_offered: points? up to 10_000   vouchers_offered: vouchers? up to 500
  shown: tickets? up to 9   friend: member?
  lines 0 to 9 { key: text as id   pieces: count up to 99 as quantity   price: money up to 500 GBP as list each }
}
event top_up dated by at of customer identified by id {
  id: text   customer: member   at: date   gigabytes: count up to 100
}
event flight dated by at of customer identified by id {
  id: text   customer: member   at: date   distance: count up to 10_000
}
member { statement_start: date   home: text? as household   plan: single | couples   vip: flag }

track spend     = sum of net by kind up to 9 keys, on purchase, per calendar year
track visits    = count, on purchase, per calendar year
track loaded    = sum of gigabytes, on top_up, per calendar year of household
track last_trip = last day, on flight, per lifetime

redeem "Points at the till" as till {
  on      purchase
  accept  points_offered, in steps of 100 points, worth 1 GBP per 100 points, up to 50% of net
}
redeem "Vouchers" { on purchase   accept vouchers_offered, worth 1 GBP per 1 voucher }
earn "Base" as base { on purchase   give 1 point per full 1 GBP of paid of lines }
earn "Free gift" as gift { on purchase   with 1 ticket from shown   give 7 points }
earn "Bring a friend" as friends {
  on      purchase
  when    has friend and friend.plan is couples
  give    50 points, to friend, with milestone: 7
  at most 2 times per friend per calendar year
}
earn "Data" as lot { on top_up   give 1 data * gigabytes }
earn "Seat" as seat { on flight   deduct 1 mile * distance }
earn "Held" as held { on purchase   give 3 points }
reward "Statement" as statement_of {
  on      end of statement, settled after 2 days
  when    balance of points >= 150 points
  turn    every full 50 points into 0.50 vouchers
}
reward "Monthly" as monthly { on start of calendar month   give 5 points }
holdout members where member.vip, from held, till
"""

MEMBER = "given member { statement_start: 2027-01-01   plan: single   vip: no }"
FRIEND = 'given member "p" { statement_start: 2027-01-01   plan: couples   vip: no }'


def bought(price: str = "20", day: str = "2027-03-14", fields: str = "") -> str:
    return (
        f"when purchase {{ at: {day}   kind: food   {fields}\n"
        f' lines | key | pieces | price |\n | "a" | 1 | {price} GBP | }}'
    )


OFFERED = bought(fields="points_offered: 1_200 points")
VOUCHERS = bought(fields="vouchers_offered: 9 vouchers")
WITH_P = bought(fields='friend: "p"')


def findings(steps: str) -> tuple[Diagnostic, ...]:
    source = Source("owning.rules", f'{PROGRAM}test "of the test" {{\n{steps}\n}}\n')
    parsed = parse(source)
    assert parsed.diagnostics == (), render(parsed.diagnostics[0], source)
    (test,) = (each for each in parsed.file.declarations if isinstance(each, tree.TestDecl))
    (result,) = run_tests(rules_engine.load([source]), [TestCase(source, test)])
    return result.findings


def told(steps: str) -> list[str]:
    return [finding.message for finding in findings(steps)]


PASSING = (
    # paying: the value, what was taken, what is left to pay, what is left over
    (
        f"{MEMBER} given balance 1_250 points {OFFERED} "
        "then till 10 GBP, till takes 1_000 points, paid 10.00 GBP, net 20 GBP, total 20 GBP, "
        "base 10 points, balance of points 263"
    ),
    f"{MEMBER} {OFFERED} then till not applied, paid 20 GBP",
    f'{MEMBER} given balance 5.00 vouchers {VOUCHERS} then "Vouchers" 5',
    f'{MEMBER} given balance 5 GBP {VOUCHERS} then "Vouchers" takes 5 vouchers',
    # lots: from, earned on, pending, lasting, with; the order of use
    (
        f"{MEMBER} given balance 100 points, lasting until 2027-03-14 given balance 60 points, lasting forever "
        "on 2027-03-14 then balance of points 160 on 2027-03-15 then balance of points 60"
    ),
    (
        f"{MEMBER} given balance 100 points, pending until 2027-03-20 on 2027-03-14 then balance of points 0, "
        "balance of points, pending included 100 on 2027-03-21 then balance of points 100"
    ),
    (
        f"{MEMBER} given balance 100 points, earned on 2026-03-14, from base, with milestone: 20 "
        "on 2027-03-13 then balance of points 100 on 2027-03-14 then balance of points 0"
    ),
    # debts
    f"{MEMBER} given balance -40 miles on 2027-03-14 then balance of miles -40",
    f"{MEMBER} when flight {{ at: 2027-03-14   distance: 30 }} then seat takes 30 miles, balance of miles -30",
    f"{MEMBER} given balance -40 miles given balance 50 miles on 2027-03-14 then balance of miles 10",
    f"{MEMBER} given balance -40 points {bought('60')} then base 60 points, balance of points 23",
    # presented things
    (
        f"{MEMBER} given balance 2 tickets {bought(fields='shown: 1 ticket')} "
        "then gift 7 points, gift takes 1 ticket, balance of tickets 1"
    ),
    f"{MEMBER} {bought(fields='shown: 1 ticket')} then gift not applied, gift takes 0 tickets",
    # tracks by key, of a pool, days
    (
        f"{MEMBER} given track spend food 100 GBP given track spend toy 7 GBP {bought()} "
        "then track spend food 120 GBP, track spend toy 7.00 GBP, track spend 127 GBP"
    ),
    (
        f"{MEMBER} on 2027-01-01 then track last_trip absent when flight {{ at: 2027-03-14   distance: 0 }} "
        "then track last_trip 2027-03-14"
    ),
    f"{MEMBER} given track last_trip 2026-05-01 on 2027-01-01 then track last_trip 2026-05-01",
    # other people
    (f'{MEMBER} {FRIEND} {WITH_P} then friends 50 points, balance of points 23, balance of points of "p" 50'),
    f'{MEMBER} {FRIEND} given friends used 2 times of "p" {WITH_P} then friends refused',
    f'{MEMBER} {FRIEND} given friends used once of "p" {WITH_P} then friends 50 points',
    (
        f'{MEMBER} {FRIEND} given balance 9 points of "p" given track visits of "p" 3 on 2027-03-14 '
        'then balance of points of "p" 9, balance of points 0, track visits of "p" 3, track visits 0'
    ),
    # pools
    (
        'given member { statement_start: 2027-01-01  plan: single  vip: no  home: "h" } '
        'given member "p" { statement_start: 2027-01-01  plan: couples  vip: no  home: "h" } '
        "given balance 2 data given track loaded 1 when top_up { at: 2027-03-14   gigabytes: 3 } "
        'then lot 3 data, balance of data 5, balance of data of "p" 5.00, track loaded of "p" 4'
    ),
    # what happens by itself: expected on a date, run before an event; nothing of it is given twice
    (
        f"{MEMBER} given balance 160 points on 2027-03-31 then statement_of not applied "
        'on 2027-04-03 then "Statement" 1.50 vouchers, statement_of takes 150 points, monthly 5 points, '
        "balance of points 15"
    ),
    (
        f"{MEMBER} given balance 160 points {bought(day='2027-04-03')} "
        "then statement_of not applied, balance of vouchers 0"
    ),
    (
        f"{MEMBER} given balance 160 points on 2027-03-14 then balance of points 160 {bought(day='2027-04-03')} "
        "then balance of vouchers 1.50, base 20 points, held 3 points and nothing else"
    ),
    f"{MEMBER} given balance 1 point on 2027-03-14 then monthly not applied and nothing else",
    f"{MEMBER} on 2027-03-14 then monthly not applied on 2027-06-14 then monthly not applied and nothing else",
    f"{MEMBER} {bought(day='2027-03-14')} then base 20 points on 2027-04-14 then monthly 10 points",
    # held out
    (
        "given member { statement_start: 2027-01-01   plan: single   vip: yes } given balance 500 points "
        f"{bought(fields='points_offered: 500 points')} "
        "then held held out, till held out, balance of points 520, paid 20 GBP"
    ),
)


@pytest.mark.parametrize("steps", PASSING)
def test_what_holds_passes(steps: str) -> None:
    assert told(steps) == []


FAILING: tuple[tuple[str, str], ...] = (
    (
        f"{MEMBER} given balance 1_250 points {OFFERED} then till 9 GBP",
        '"Points at the till" is 10.00 GBP and takes 1_000 points, and the test expects 9 GBP',
    ),
    (
        (f"{MEMBER} given balance 1_250 points {OFFERED} then till takes 900 points, paid 9 GBP"),
        'what "Points at the till" takes is 1_000 points, and the test expects 900 points',
    ),
    (f"{MEMBER} {bought()} then paid 9 GBP", "what is paid in money is 20.00 GBP, and the test expects 9 GBP"),
    (
        f"{MEMBER} {bought()} then gift takes 1 ticket",
        'what "Free gift" takes is nothing, and the test expects 1 ticket',
    ),
    (
        f"{MEMBER} given balance 1 ticket {bought(fields='shown: 1 ticket')} then gift takes 1 mile",
        'what "Free gift" takes is of another unit, and the test expects 1 mile',
    ),
    (
        f"{MEMBER} given balance 5 points on 2027-03-14 then balance of points, pending included 4",
        "the balance of points is 5 points, and the test expects 4 points",
    ),
    (
        f'{MEMBER} {FRIEND} {WITH_P} then balance of points of "p" 51',
        'the balance of points of "p" is 50 points, and the test expects 51 points',
    ),
    (
        f"{MEMBER} given track spend food 100 GBP {bought()} then track spend food 1 GBP, track spend toy 5 GBP",
        "the track `spend` of food is 120.00 GBP, and the test expects 1 GBP",
    ),
    (
        f"{MEMBER} given track last_trip 2026-05-01 on 2027-01-01 then track last_trip absent",
        "the track `last_trip` is 2026-05-01, and the test expects absent",
    ),
    (
        f"{MEMBER} on 2027-01-01 then track last_trip 2026-05-01",
        "the track `last_trip` is absent, and the test expects",
    ),
    (
        (
            f"{MEMBER} given balance 160 points on 2027-03-14 then balance of points 160 on 2027-04-03 "
            "then monthly 5 points and nothing else"
        ),
        '"Statement" is 1.50 vouchers and takes 150 points, and the test expects nothing',
    ),
    (
        (
            f"{MEMBER} given balance 5 GBP {bought(fields='vouchers_offered: 5 vouchers')} "
            "then base 15 points, held 3 points and nothing else"
        ),
        '"Vouchers" is 5.00 GBP and takes 5.00 vouchers, and the test expects nothing',
    ),
    (
        (
            "given member { plan: single   vip: no } given balance 5 points "
            "on 2027-03-14 then balance of points 5 on 2027-04-03 then balance of points 5"
        ),
        "`statement_start` of the member is read, and the test does not give it",
    ),
    (
        f"{MEMBER} {WITH_P} then friends 50 points",
        "the event is refused: ",
    ),
    (
        f"{MEMBER} given friends used 2 times {bought()} then base 20 points",
        'this cannot be given: "Bring a friend" has no limit that counts times',
    ),
)


@pytest.mark.parametrize(("steps", "message"), FAILING)
def test_what_does_not_hold_is_told(steps: str, message: str) -> None:
    assert any(message in each for each in told(steps)), told(steps)


# ---- other programs ----

GUESTS = """
tiers from host { Blue  Gold }
unit mile, miles { rounded down   lasts forever }
event buy dated by at of who identified by id { id: text  who: member?  at: date  price: money up to 9 GBP as list }
earn "Base" { on buy  give 1 mile per full 1 GBP of net }
earn "Gold" { on buy  when tier >= Gold  give 1 mile }
test "a guest needs no tier" {
  when buy { at: 2027-01-01   price: 2 GBP } then "Base" not applied, "Gold" not applied
}"""

KEPT_OUT = """
unit mile, miles { rounded down   lasts forever }
event buy dated by at of who identified by id { id: text  who: member  at: date }
earn "Base" { on buy  give 1 mile }
reward "Monthly" { on start of calendar month  give 1 mile }
holdout 100% of members salt "s" from "Monthly"
test "what happens by itself is of the member of the last event" {
  given member {}
  given member "x" {}
  when buy { who: "x"   at: 2027-01-01 } then "Base" 1 mile
  on 2027-02-01 then "Monthly" held out, balance of miles 1
}"""

POINTS_ONLY = """
unit point, points { rounded down   lasts forever   balance at least 0 }
event stay dated by at of who identified by id priced by offers in points {
  id: text  who: member  at: date  lines 0 to 9 { night: text as id   chart: points up to 9_000 }
}
catalogue offer "Chart" { on stay  automatic  price each line at chart }
basket offer "Less" { on stay  automatic  take 100 points off the total of lines }
reward "Pay" { on stay  deduct net }
test "prices are in points" {
  given balance 900 points
  when stay { at: 2027-01-01  lines | night | chart |
                                    | "1"   | 500 points | }
  then net 400 points, line "1" 400 points, "Less" 100 points, total 400, "Pay" takes 400 points
}"""

STARTS = """
unit mile, miles { rounded down   lasts forever }
event buy dated by at of who identified by id { id: text  who: member  at: date }
earn "Base" { on buy  give 1 mile }
reward "Monthly" { on start of calendar month  give 5 miles }
test "who was there before the first step does not get once more what the month's start gave" {
  given balance 7 miles
  when buy { at: 2027-01-15 } then "Base" 1 mile, balance of miles 8
  on 2027-01-31 then "Monthly" not applied, balance of miles 8
  on 2027-02-01 then "Monthly" 5 miles, balance of miles 13
}"""

NEWCOMERS = (
    STARTS.replace("given balance 7 miles", "given member {}")
    .replace('"Monthly" not applied, balance of miles 8', '"Monthly" 5 miles, balance of miles 6')
    .replace("balance of miles 8", "balance of miles 1")
    .replace("miles 13", "miles 11")
)

RATES = """
unit point, points { rounded down   lasts forever   balance at least 0 }
event buy dated by at of who identified by id {
  id: text  who: member  at: date  offered: points up to 900  price: money up to 90 GBP or 90 EUR as list
}
redeem "Pay" { on buy  accept offered, worth by currency { GBP: 1 GBP per 100 points  EUR: 1.2 EUR per 100 points } }
test "a rate for each currency" {
  given balance 500 points
  when buy { at: 2027-01-01   offered: 200 points   price: 10 EUR } then "Pay" 2.40 EUR
  when buy { at: 2027-01-01   offered: 200 points   price: 10 GBP } then "Pay" 2 GBP
}"""


@pytest.mark.parametrize("declarations", [GUESTS, KEPT_OUT, POINTS_ONLY, STARTS, NEWCOMERS, RATES])
def test_a_program_by_itself(declarations: str) -> None:
    header = "currency GBP, EUR, rounded half up   split in proportion, odd pennies to the largest remainder"
    source = Source("alone.rules", f'language 1\nprogram "Alone" {{ {header} }}\n{declarations}\n')
    (test,) = (each for each in parse(source).file.declarations if isinstance(each, tree.TestDecl))
    program = rules_engine.load([source])
    (result,) = run_tests(program, [TestCase(source, test)])
    assert result.findings == ()
