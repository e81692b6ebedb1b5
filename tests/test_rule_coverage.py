"""What tests in rule files reach of the rules: every kind of point, both sides, nothing that did not happen."""

from __future__ import annotations

import rules_engine
from rules_engine import tree
from rules_engine.parsing import parse
from rules_engine.source import Source
from rules_engine.workbench import Coverage, FileCoverage, TestCase, run_tests, total

HEAD = """language 1
use shop
program "Covered" {
  currency GBP, rounded half up   timezone "Europe/London"   split evenly, odd pennies to the largest remainder
}
unit point, points { rounded down   lasts forever }
track spend = sum of net, on purchase, per calendar year
tiers { Blue   Gold when spend >= 1_000 GBP   lasts forever   then Blue }
define large = net >= 100 GBP
"""
BOUGHT = """  when purchase {{ bought_at: {day} 10:00  channel: {channel}
    lines | category | pieces | price |
          | {category} | 1 | {price} GBP | }}
"""


ORDER = """event order dated by at of customer identified by id {
  id: text  customer: member?  at: instant  codes: codes up to 3
  lines 0 to 9 {
    key: text as id  category: text  pieces: count up to 9 as quantity  price: money up to 99 GBP as list each
  }
}
"""


def ordered(price: str, codes: str = "", category: str = '"tea"', pieces: str = "1") -> str:
    """An order of one line, as a step of a test."""
    presented = f"codes: ({codes})" if codes else ""
    return (
        f"  when order {{ at: 2027-03-14 10:00  {presented}\n    lines | category | pieces | price |\n"
        f"          | {category} | {pieces} | {price} GBP | }}\n  then tier Blue"
    )


def covered(rules: str, *steps: str) -> FileCoverage:
    """What the steps, each a test of its own, reach of the rules."""
    tests = "".join(f'test "{number}" {{\n  given member {{}}\n{step}\n}}\n' for number, step in enumerate(steps))
    source = Source("covered.rules", HEAD + rules + "\n" + tests)
    program = rules_engine.load([source])
    coverage = Coverage(program.core)
    declared = [each for each in parse(source).file.declarations if isinstance(each, tree.TestDecl)]
    for result in run_tests(program, [TestCase(source, each) for each in declared], coverage):
        assert result.passed, result.findings
    (file,) = (each for each in coverage.files({source.name: source}) if each.file == source.name)
    return file


def bought(price: str, channel: str = "web", category: str = '"tea"', day: str = "2027-03-14") -> str:
    return BOUGHT.format(price=price, channel=channel, category=category, day=day) + "  then tier Blue"


def missed(file: FileCoverage, kind: str) -> list[tuple[str, str]]:
    return [(each.what, each.side) for each in file.missed if each.kind == kind]


def test_a_condition_behind_an_and_that_was_not_asked_did_nothing() -> None:
    rules = 'earn "A" { on purchase  when channel is web and large  give 1 point }'
    file = covered(rules, bought("5", "store"))
    parts = missed(file, "condition")
    assert ("`channel is web`", "holds") in parts
    assert ("`channel is web`", "fails") not in parts
    assert [side for what, side in parts if "and" not in what and "channel" not in what] == ["holds", "fails"]
    assert missed(file, "rule") == [('"A"', "acts")]
    assert missed(file, "effect") == [("`give 1 point`", "gives")]


def test_everything_reached_is_all() -> None:
    rules = 'earn "A" { on purchase  when channel is web or not large  give 1 point }'
    file = covered(rules, bought("5"), bought("5", "store"), bought("150", "store"), bought("150"))
    assert missed(file, "condition") == []
    assert file.kinds["rule"].percent == file.kinds["effect"].percent == file.kinds["condition"].percent == 100


def test_each_use_of_a_definition_is_a_point() -> None:
    rules = 'earn "A" { on purchase  when large  give 1 point }\nearn "B" { on purchase  when large  give 1 point }'
    file = covered(rules, bought("5"), bought("150"))
    assert file.kinds["condition"].all == file.kinds["condition"].covered == 4


def test_dates_inside_and_outside() -> None:
    rules = 'earn "A" { on purchase from 2027-03-01 until 2027-03-31  give 1 point }'
    assert missed(covered(rules, bought("5")), "dates") == [("`from 2027-03-01 until 2027-03-31`", "outside")]
    assert missed(covered(rules, bought("5", day="2027-04-01")), "dates") == [
        ("`from 2027-03-01 until 2027-03-31`", "inside")
    ]
    assert missed(covered(rules, bought("5"), bought("5", day="2027-04-01")), "dates") == []


def test_rows_of_tables() -> None:
    rules = 'earn "A" { on purchase  give by channel { web: 3 points  store: no award  otherwise: nothing } }'
    assert missed(covered(rules, bought("5")), "row") == [
        ("`store: no award`", "taken"),
        ("`otherwise: nothing`", "taken"),
    ]
    assert missed(covered(rules, bought("5"), bought("5", "store"), bought("5", "app")), "row") == []


def test_slices_of_a_track_are_rows() -> None:
    rules = """unit cashback counts GBP { rounded down  lasts forever }
earn "A" { on purchase  give across spend { from 0 GBP: 1%  from 100 GBP: 2% }, in cashback }"""
    assert missed(covered(rules, bought("50")), "row") == [("`from 100 GBP: 2%`", "taken")]
    assert missed(covered(rules, bought("150")), "row") == []


def test_limits_reached_and_not() -> None:
    rules = 'earn "A" { on purchase  give 1 point per full 1 GBP of net  at most 100 points per member }'
    assert missed(covered(rules, bought("50")), "limit") == [("`at most 100 points per member`", "reached")]
    assert missed(covered(rules, bought("101")), "limit") == [("`at most 100 points per member`", "leaves room")]
    assert missed(covered(rules, bought("101"), bought("50")), "limit") == []


def test_times_reached_and_not() -> None:
    rules = 'earn "A" { on purchase  give 1 point  once per member }'
    twice = bought("5").replace("  then tier Blue", "  then tier Blue\n" + bought("5"))
    assert missed(covered(rules, bought("5")), "limit") == [("`once per member`", "reached")]
    assert missed(covered(rules, twice), "limit") == []


def test_paths_to_a_tier() -> None:
    rules = 'earn "A" { on purchase  give 1 point }'
    assert missed(covered(rules, bought("5")), "tier path") == [("Gold `spend >= 1_000 GBP`", "met")]
    gold = bought("2_000").replace("tier Blue", "tier Gold")
    assert missed(covered(rules, bought("5"), gold), "tier path") == []


def test_filters_of_lines_hold_and_fail() -> None:
    rules = 'earn "A" { on purchase  give 1 point per full 1 GBP of net of lines where category is "tea" }'
    assert missed(covered(rules, bought("5")), "condition") == [('`category is "tea"`', "fails")]
    assert missed(covered(rules, bought("5"), bought("5", category='"coal"')), "condition") == []


def test_shares_add_up() -> None:
    rules = 'earn "A" { on purchase  when large  give 1 point }'
    file = covered(rules, bought("5"))
    assert file.share.all == sum(each.all for each in file.kinds.values())
    assert file.share.all - file.share.covered == len(file.missed)
    assert total([file, file]).all == 2 * file.share.all
    assert all(each.line > 0 for each in file.missed)


# ---- offers ----


def test_an_offer_its_code_and_its_limits() -> None:
    rules = (
        'basket offer "A" as a { on order  with code "SPRING"  when list >= 10 GBP  take 1 GBP off the total of lines '
        "  at most 1 times in total }"
    )
    file = covered(ORDER + rules, ordered("5", '"other"'))
    assert missed(file, "code") == [('the code of "A"', "presented")]
    assert ("`list >= 10 GBP`", "fails") in missed(file, "condition")
    file = covered(ORDER + rules, ordered("5", '"spring"'), ordered("50", '"spring"'), ordered("50", '"other"'))
    assert [each for kind in ("rule", "code", "condition", "effect") for each in missed(file, kind)] == []
    assert missed(file, "limit") == [("`at most 1 times in total`", "reached")]
    used = "given a used once\n" + ordered("50", '"spring"')
    file = covered(ORDER + rules, used)
    assert missed(file, "limit") == [("`at most 1 times in total`", "leaves room")]
    assert missed(file, "rule") == [('"A"', "acts")]


def test_sets_formed_and_not() -> None:
    rules = (
        'item offer "A" { on order  automatic  '
        'for every set of { 2 units where category is "tea", cheapest first: take 1 GBP off each unit } }'
    )
    file = covered(ORDER + rules, ordered("50"))
    assert missed(file, "sets") == [('the sets of "A"', "formed")]
    assert missed(file, "effect") == [("`take 1 GBP off each unit`", "gives")]
    assert missed(file, "condition") == [('`category is "tea"`', "fails")]
    file = covered(ORDER + rules, ordered("50", pieces="2"), ordered("5", category='"coal"'))
    assert file.missed == tuple(each for each in file.missed if each.kind == "tier path")


def test_charges_gifts_and_filters() -> None:
    rules = (
        'basket offer "A" { on order  automatic  take 1 GBP off each line where category is "tea"  '
        'charge 1 GBP as "fee"  add 1 "MINI" free }'
    )
    file = covered(ORDER + rules, ordered("50"), ordered("50", category='"coal"'))
    assert [each for kind in ("rule", "condition", "effect") for each in missed(file, kind)] == []


OWNING = """language 1
program "Owned" {
  currency GBP, rounded half up   timezone "Europe/London"   split evenly, odd pennies to the largest remainder
}
unit point, points { rounded down   lasts forever   balance at least 0 }
unit ticket, tickets counts pieces { lasts forever }
event order dated by at of customer identified by id {
  id: text  customer: member  at: date  offered: points? up to 900  shown: tickets? up to 9
  lines 0 to 9 { category: text  price: money up to 99 GBP as list }
}
track spend = sum of net by category up to 9 keys, on order, per calendar month
redeem "Pay" { on order  accept offered, worth 1 GBP per 10 points  at most 50 points per member }
earn "Ticket" { on order  with 1 ticket from shown  give 3 points }
reward "Month" { on end of calendar month  for each category of spend  give 5 points }
reward "Down" {
  on end of calendar month  when balance of points > 100 points  turn every full 100 points into 1 ticket
}
reward "Carry" { on end of calendar month  carry 1 into orders }
track orders = count, on order, per calendar month
"""


def owning(*steps: str) -> FileCoverage:
    tests = "".join(f'test "{number}" {{\n{step}\n}}\n' for number, step in enumerate(steps))
    source = Source("owned.rules", OWNING + tests)
    program = rules_engine.load([source])
    coverage = Coverage(program.core)
    declared = [each for each in parse(source).file.declarations if isinstance(each, tree.TestDecl)]
    for result in run_tests(program, [TestCase(source, each) for each in declared], coverage):
        assert result.passed, result.findings
    (file,) = (each for each in coverage.files({source.name: source}) if each.file == source.name)
    return file


def paid(price: str, fields: str = "", day: str = "2027-03-14") -> str:
    return f'when order {{ at: {day}  {fields}\n lines | category | price |\n | "tea" | {price} GBP | }} '


def test_what_takes_and_carries_and_loops_counts_like_the_rest() -> None:
    nothing = owning(f'given member {{}} {paid("10")} then "Pay" not applied')
    assert missed(nothing, "taking") == [
        ("`accept offered, worth 1 GBP per 10 points`", "takes"),
        ("`turn every full 100 points into 1 ticket`", "takes"),
    ]
    assert missed(nothing, "carry") == [("`carry 1 into orders`", "carries")]
    assert missed(nothing, "keys") == [('the keys of "Month"', "found"), ('the keys of "Month"', "missing")]
    assert missed(nothing, "thing") == [("`with 1 ticket from shown`", "presented")]
    month = "on 2027-05-01 then balance of tickets"
    all_of_it = owning(
        "given member {} given balance 150 points given balance 1 ticket "
        f"{paid('60', 'offered: 60 points  shown: 1 ticket')} "
        f'then "Pay" 5 GBP, "Ticket" 3 points {month} 1',
        f'given member {{}} given balance 50 points {paid("10", "offered: 10 points")} then "Pay" 1 GBP {month} 0',
    )
    assert missed(all_of_it, "carry") == missed(all_of_it, "keys") == missed(all_of_it, "thing") == []
    assert missed(all_of_it, "limit") == []
