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
        'earn "A" { on visit   give 10 }',
        "T308", "`10 coins`; or in another unit: `points`",
        'earn "A" { on visit   give 10 coins }',
    ),
    (
        'earn "A" { on visit   give n }',
        "T308", "`1 coin * n`; or in another unit: `points`",
        'earn "A" { on visit   give 1 coin * n }',
    ),
    (
        'earn "A" { on purchase   when shop is "north"   give 1 point }',
        "N211", '`count of (lines where shop is "...") >= 1`',
        'earn "A" { on purchase   when count of (lines where shop is "north") >= 1   give 1 point }',
    ),
    (
        'earn "A" { on purchase   when kind is food   give 1 point }',
        "N211", "`net of lines where kind is food`",
        'earn "A" { on purchase   give 1 point per 1 GBP of net of lines where kind is food }',
    ),
    (
        'earn "A" { on purchase   when net >= 2GBP   give 1 point }',
        "P147", "`2 GBP`",
        'earn "A" { on purchase   when net >= 2 GBP   give 1 point }',
    ),
    (
        'earn "A" { on visit   give 3 extra points }',
        "P103", "leave it out",
        'earn "A" { on visit   give 3 points }',
    ),
    (
        'earn "A" { on visit   when today in sundays   give 1 point }',
        "N201", "`period sundays = Sunday of every week`, and ask `today in sundays`",
        "period sundays = Sunday of every week",
    ),
    (
        'earn "A" { on visit   when today in weekdays   give 1 point }',
        "N201", "`period weekdays = Monday, Tuesday, Wednesday, Thursday, Friday of every week`",
        "period weekdays = Monday, Tuesday, Wednesday, Thursday, Friday of every week",
    ),
    (
        'earn "A" { on visit   when member.plan is gold   give 1 point }',
        "N201", 'in quotes: `"gold"`',
        'earn "A" { on visit   when member.plan is "gold"   give 1 point }',
    ),
    (
        'earn "A" { on purchase   give 1 point per full 2 pounds of net }',
        "N208", "`GBP`",
        'earn "A" { on purchase   give 1 point per full 2 GBP of net }',
    ),
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


@pytest.mark.parametrize(
    ("wrong", "mended"),
    [
        ("on visit   give 3 extra points", "on visit   give 3 points"),
        ("on visit   give 3points", "on visit   give 3 points"),
        ("on visit from 1 March 2027   give 3 points", "on visit from 2027-03-01   give 3 points"),
        ("on visit from March 1st, 2027   give 3 points", "on visit from 2027-03-01   give 3 points"),
        ("on visit from 2027-3-1   give 3 points", "on visit from 2027-03-01   give 3 points"),
        (
            "on visit from 2027-03-01 to 2027-03-09   give 3 points",
            "on visit from 2027-03-01 until 2027-03-09   give 3 points",
        ),
        ("on purchase   when net > 2GBP   give 3 points", "on purchase   when net > 2 GBP   give 3 points"),
        ("on visit   give 3 points max 9 points per member", "on visit   give 3 points at most 9 points per member"),
    ],
)
def test_the_mend_of_a_habit_is_made(wrong: str, mended: str) -> None:
    text = f'{HEAD}earn "A" {{ {wrong} }}\n'
    [found] = check([Source("t.rules", text)]).diagnostics
    assert found.fix is not None
    (start, end), new = found.fix.span, found.fix.text
    assert text[:start] + new + text[end:] == f'{HEAD}earn "A" {{ {mended} }}\n'


@pytest.mark.parametrize(
    "wrong",
    [
        'on purchase   when shop is "north"   give 1 point',
        "on purchase   when before 11:00   give 1 point",
        "on purchase   give double points",
        "on purchase   give 10 points net",
    ],
)
def test_what_has_no_single_mend_has_none(wrong: str) -> None:
    [found] = check([Source("t.rules", f'{HEAD}earn "A" {{ {wrong} }}\n')]).diagnostics
    assert found.fix is None
    assert "of lines` for the sum" not in found.help


@pytest.mark.parametrize(
    ("asked", "hours"),
    [
        ("before 11:00", "00:00 to 11:00"),
        ("after 5pm", "17:00 to 00:00"),
        ("today in mine and before 9am", "00:00 to 09:00"),
        ("time is between 12am and 12pm", "00:00 to 12:00"),
    ],
)
def test_a_time_of_day_is_a_period(asked: str, hours: str) -> None:
    text = HEAD.replace("{ currency GBP", '{ timezone "Europe/London"   currency GBP').replace(
        "day: date ", "day: instant "
    )
    [found] = check(
        [Source("t.rules", f'{text}earn "A" {{ on purchase   when {asked}   give 1 point }}\n')]
    ).diagnostics
    period = f"period these_hours = {hours} every day"
    assert found.code == "P161"
    assert f"`{period}`" in found.help
    right = f'{text}{period}\nearn "A" {{ on purchase   when today in these_hours   give 1 point }}\n'
    assert [each.code for each in check([Source("t.rules", right)]).diagnostics] == []


def test_near_names_are_of_the_sort_that_is_needed() -> None:
    """A unit is no answer where a period is missing."""
    [found] = check([Source("t.rules", HEAD + 'reward "A" { on end of pont   give 1 coin }\n')]).diagnostics
    assert (found.code, found.note, found.fix) == ("N101", "", None)


@pytest.mark.parametrize(("anchor", "asked"), [("2025-04-01", False), ("2024-02-29", True), ("member.joined", True)])
def test_29_february_is_asked_for_only_where_it_can_fall(anchor: str, asked: bool) -> None:
    found = check([Source("t.rules", HEAD + f"period mine = every 1 year from {anchor}\n")]).diagnostics
    assert [each.code for each in found] == (["S113"] if asked else [])
