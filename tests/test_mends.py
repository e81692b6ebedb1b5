"""What a message advises works when it is typed: a wrong text, its code, a piece of its help, and the mended text."""

from __future__ import annotations

import pytest

from rules_engine.checking import check
from rules_engine.source import Source

HEAD = """language 1
program "T" { currency GBP, rounded half up   split in proportion, odd pennies to the largest remainder }
event purchase dated by day of customer identified by no {
  no: text   customer: member   day: date   points_in: points? up to 1_000   n: count up to 10
  lines 0 to 60 { id: text as id   shop: text   kind: food | gift   price: money up to 1_000 GBP as list }
}
event visit dated by day of customer identified by no { no: text   customer: member   day: date   n: count up to 50 }
member { joined: date   plan: text   home: text? as household }
unit point, points { rounded down   lasts for 24 months   balance at least 0 }
unit coin, coins { rounded down   lasts forever }
unit cash counts GBP { rounded half up   lasts forever }
unit dream counts GBP { rounded half up   lasts forever }
track by_shop = sum of price of lines by shop up to 9 keys, on purchase, per calendar year
"""

MENDS: tuple[tuple[str, str, str, str], ...] = (
    (
        'item offer "A" { on purchase   automatic   take 50% of current off each line   at most 10 GBP per line }',
        "M294", "`take (10% of current, up to ...) off each line`",
        'item offer "A" { on purchase   automatic   take (50% of current, up to 10 GBP) off each line }',
    ),
    (
        'reward "A" { on visit   turn every 50 points into 1 coin }',
        "P147", "`turn every full`",
        'reward "A" { on visit   turn every full 50 points into 1 coin }',
    ),
    (
        'earn "A" { on purchase   give 5% of net, split into { cash: 40%   dream: rest } }',
        "N201", "`the rest`",
        'earn "A" { on purchase   give 5% of net, split into { cash: 40%   dream: the rest } }',
    ),
    (
        "unit gram, grams { rounded down   lasts forever   balance at least zero }",
        "M149", "`0`",
        "unit gram, grams { rounded down   lasts forever   balance at least 0 }",
    ),
    (
        'reward "A" { on visit   deduct 5 points, up to balance }',
        "N201", "`balance of points`",
        'reward "A" { on visit   deduct 5 points, up to balance of points }',
    ),
    (
        'redeem "A" { on purchase   accept points, worth 1 GBP per 100 points }',
        "N205", "`balance of points`, `10 points` or the field `points_in`",
        'redeem "A" { on purchase   accept points_in, worth 1 GBP per 100 points }',
    ),
    (
        'earn "A" { on purchase   with 1 gem   give 1 coin }',
        "N208", "`unit gem, gems { rounded down   lasts forever }`",
        "unit gem, gems { rounded down   lasts forever }",
    ),
    (
        'reward "A" { on end of calendar month settled after 5 days   give 1 coin }',
        "P102", "`,`",
        'reward "A" { on end of calendar month, settled after 5 days   give 1 coin }',
    ),
    (
        'earn "A" { on purchase   for each shop of by   give 1 coin }',
        "T416", "`for each shop of by_shop`",
        'earn "A" { on purchase   for each shop of by_shop   give 1 coin }',
    ),
    (
        "track kinds = sum of price of lines by kind up to 0 keys, on purchase, per calendar year",
        "M276", "`by kind up to 80 keys`",
        "track kinds = sum of price of lines by kind up to 80 keys, on purchase, per calendar year",
    ),
    (
        'reward "A" { on purchase   carry 5 GBP into by_shop }',
        "T407", "`track by_shop = ..., per calendar year`",
        ("track sums = sum of net, on purchase, per calendar year\n"
        'reward "A" { on end of calendar year   carry sums - 5 GBP into sums, never below 0 GBP, rounded down }'),
    ),
    (
        "unit gem, gems counts pieces { lasts forever   remembers n: count up to 9   remembers shop: text }",
        "P112", "`remembers n: count up to 9   shop: text`",
        "unit gem, gems counts pieces { lasts forever   remembers n: count up to 9   shop: text }",
    ),
    (
        'redeem "A" { on purchase   accept points_in, worth 1 GBP per 100 points, up to 50% }',
        "T349", "`of net`",
        'redeem "A" { on purchase   accept points_in, worth 1 GBP per 100 points, up to 50% of net }',
    ),
    (
        'earn "A" { on purchase   give 1% of net, in cash   at most 50 GBP per member }',
        "T305", "in a unit that the rule gives",
        'earn "A" { on purchase   give 1% of net, in cash   at most 50 cash per member }',
    ),
    (
        "track seen = last day, on visit, per lifetime\nperiod mine = every 1 month from seen",
        "T320", "`member.joined`",
        "period mine = every 1 month from member.joined",
    ),
)  # fmt: skip


@pytest.mark.parametrize(("wrong", "code", "help_text", "right"), MENDS, ids=[f"{each[1]} {each[0]}" for each in MENDS])
def test_the_help_works_when_it_is_typed(wrong: str, code: str, help_text: str, right: str) -> None:
    first = check([Source("t.rules", HEAD + wrong + "\n")]).diagnostics
    assert [found.code for found in first] == [code]
    assert help_text in first[0].help
    assert check([Source("t.rules", HEAD + right + "\n")]).diagnostics == ()


def test_near_names_are_of_the_sort_that_is_needed() -> None:
    """A unit is no answer where a period is missing."""
    [found] = check([Source("t.rules", HEAD + 'reward "A" { on end of pont   give 1 coin }\n')]).diagnostics
    assert (found.code, found.note, found.fix) == ("N101", "", None)


@pytest.mark.parametrize(("anchor", "asked"), [("2025-04-01", False), ("2024-02-29", True), ("member.joined", True)])
def test_29_february_is_asked_for_only_where_it_can_fall(anchor: str, asked: bool) -> None:
    found = check([Source("t.rules", HEAD + f"period mine = every 1 year from {anchor}\n")]).diagnostics
    assert [each.code for each in found] == (["S113"] if asked else [])
