"""What is declared and read of owning: units in pools, tracks by key and of days, people, events that happen by
themselves, prices in a unit, and what they are in the core.

Mistakes stand in `corpus/errors/owning_declared.rules` and `owning_reads.rules`.
"""

from __future__ import annotations

import pytest

from rules_engine import ir
from rules_engine.checking import Checker, check
from rules_engine.checking.changes import changed_names
from rules_engine.lowering import fingerprint, lower
from rules_engine.source import Source

HEADER = """language 1
program "Owning" {
  currency GBP, rounded half up   weeks start Monday   split in proportion, odd pence to the first
}
period cycle    = every 1 month from member.joined
period festival = from 2027-11-01 until 2027-11-11
unit point, points { rounded down   lasts forever }
event purchase dated by bought_on of customer identified by order_no {
  order_no: text   customer: member   bought_on: date   booked_on: date   shop: text   friend: member?   seller: member
  lines 0 to 9 { sku: text   night: date   brand: text?   price: money up to 500 GBP as list }
}
event visit dated by seen_on of visitor identified by visit_no { visit_no: text   visitor: member   seen_on: date }
event award_stay dated by check_in of guest identified by folio priced by offers in points {
  folio: text   guest: member   check_in: date   category: count up to 9   lines 0 to 60 { night: date }
}
member { joined: date   home: text? as household   circle: list of up to 9 text   number: text   nick: text? }
track by_shop = sum of net by shop up to 80 keys, on purchase, per calendar month
"""


def core(text: str = "") -> ir.Program:
    result = check([Source("a.rules", HEADER + text)])
    assert [(each.code, each.message) for each in result.diagnostics if each.severity == "error"] == []
    return lower(result)


def track(text: str) -> ir.TrackDef:
    return core(f"track it = {text}\n").tracks[-1]


def condition(text: str) -> ir.Expr:
    """What a condition on a purchase is in the core."""
    found = core(f'earn "Rule" {{ on purchase   when {text}   give 1 point }}\n').rules[0].when
    assert found is not None
    return found


def bare(node: object) -> str:
    """A node as its kinds and names alone: origins are left out."""
    if isinstance(node, tuple):
        return "(" + " ".join(map(bare, node)) + ")"
    if not isinstance(node, ir.Node):
        return repr(node)
    parts = [bare(getattr(node, each)) for each in node.__struct_fields__ if each != "at"]
    return f"{type(node).__name__}[{' '.join(parts)}]"


# ---- units ----


@pytest.mark.parametrize(
    ("clauses", "owner", "apart", "use", "floor"),
    [
        ("", "member", False, "oldest first", None),
        ("held by member", "member", False, "oldest first", None),
        ("held by household   balance at least 0", "household", False, "oldest first", 0),
        ("held by household, apart   use soonest first", "household", True, "soonest first", None),
        (
            "held by household, apart   use in proportion to balance",
            "household",
            True,
            "in proportion to balance",
            None,
        ),
        ("balance at least -5.00 GBP", "member", False, "oldest first", -500),
    ],
)
def test_who_holds_a_unit_how_it_is_used_and_what_is_left(
    clauses: str, owner: str, apart: bool, use: str, floor: int | None
) -> None:
    kind = "counts GBP " if "GBP" in clauses else ""
    unit = core(f"unit thing {kind}{{ rounded down   lasts forever   {clauses.replace(' GBP', '')} }}\n").units[-1]
    assert (unit.owner, unit.apart, unit.use, unit.floor) == (owner, apart, use, floor)


def test_a_unit_remembers_what_it_says() -> None:
    text = "remembers milestone: count up to 100   paid: money? up to 500 GBP   colour: red | blue"
    unit = core(f"unit badge, badges {{ lasts forever   {text} }}\n").units[-1]
    assert [(each.name, each.kind, each.optional, each.high) for each in unit.remembers] == [
        ("milestone", "count", False, 100),
        ("paid", "money", True, 50_000),
        ("colour", "choice", False, 0),
    ]


def test_the_household_is_a_fact_with_a_role() -> None:
    assert core().household == "home"
    result = check([Source("a.rules", HEADER.replace(" as household", ""))])
    assert lower(result).household == ""


# ---- tracks ----


def test_a_track_by_a_field_of_the_event() -> None:
    made = core().tracks[0]
    assert (made.keys_max, made.key_line, bare(made.by_key)) == (80, False, "Field['shop']")
    assert isinstance(made.value, ir.Fold)


def test_a_track_by_a_field_of_the_lines_adds_up_line_by_line() -> None:
    made = track("sum of net of lines where has brand by brand up to 9 keys, on purchase, per calendar year")
    assert (made.key_line, bare(made.by_key)) == (True, "LineField['brand']")
    assert (bare(made.value), bare(made.line_where)) == ("LineMoney['net' '']", "Has[LineField['brand']]")


def test_a_count_of_lines_by_key_adds_one_for_each() -> None:
    made = track("count of lines by sku up to 9 keys, on purchase, per calendar year")
    assert (made.kind, made.key_line, bare(made.value), made.line_where) == ("count", True, "Num[1 1]", None)


def test_a_count_of_events_by_key_has_no_value() -> None:
    made = track("count by shop up to 9 keys, on purchase, per lifetime")
    assert (made.kind, made.key_line, made.value) == ("count", False, None)


def test_key_and_occurrence_may_both_be_of_the_line() -> None:
    made = track("sum of net of lines by sku up to 9 keys, on purchase, per calendar month by night")
    assert (made.by_line, made.key_line, bare(made.value)) == (True, True, "LineMoney['net' '']")


def test_a_key_of_the_event_beside_a_date_of_the_lines() -> None:
    made = track("sum of net of lines by shop up to 9 keys, on purchase, per calendar month by night")
    assert (made.by_line, made.key_line, bare(made.value)) == (True, False, "LineMoney['net' '']")


def test_a_track_of_what_was_used() -> None:
    made = track("sum of used points, per calendar year")
    assert (made.kind, made.used, made.given, made.events, made.unit) == ("sum", "point", "", (), "point")


@pytest.mark.parametrize(("words", "kind"), [("first day", "first day"), ("last day", "last day")])
def test_a_track_of_a_day(words: str, kind: str) -> None:
    made = track(f"{words}, on purchase or visit, per lifetime of household")
    assert (made.kind, made.events, made.owner) == (kind, ("purchase", "visit"), "household")


def test_a_track_on_any_event_is_on_all_that_are_declared() -> None:
    text = 'reward "Late" { on end of calendar year   give 1 point }\ntrack it = count, on any event, per lifetime\n'
    assert core(text).tracks[-1].events == ("purchase", "visit", "award_stay")


# ---- events that happen by themselves ----


def test_scheduled_events_stand_once_after_the_declared_ones() -> None:
    text = """
track golds = count, on end of calendar year, per lifetime
reward "Yearly" { on end of calendar year   give 1 point }
reward "Match" { on end of cycle, settled after 5 days   give 1 point }
reward "Gift" { on start of festival or visit   give 1 point }
"""
    program = core(text)
    assert [(each.name, each.schedule) for each in program.events[3:]] == [
        ("end of calendar year", ir.ScheduleDef("end", "calendar year")),
        ("end of cycle, settled after 5 days", ir.ScheduleDef("end", "cycle", 5, "day")),
        ("start of festival", ir.ScheduleDef("start", "festival")),
    ]
    assert {(each.owner, each.fields, each.lines) for each in program.events[3:]} == {("member", (), None)}
    assert {rule.key: rule.events for rule in program.rules}["Gift"] == ("start of festival", "visit")
    assert "calendar year" in {each.name for each in program.periods}


def test_a_settlement_changes_the_name_and_the_fingerprint() -> None:
    texts = (
        "end of cycle",
        "end of cycle, settled after 5 days",
        "end of cycle, settled after 1 month",
        "start of cycle",
    )
    made = [core(f'reward "R" {{ on {text}   give 1 point }}\n') for text in texts]
    assert [program.events[-1].name for program in made] == list(texts)
    assert len({fingerprint(program) for program in made}) == len(made)


def test_what_is_remembered_is_read_on_a_scheduled_event() -> None:
    text = """
define in_all = (sum of by_shop, up to 50 GBP)
reward "R" { on end of cycle   when has member.nick and in_all >= 5 GBP and today in festival   give 1 point }
"""
    made = core(text).rules[0]
    assert isinstance(made.when, ir.All)
    assert [type(part) for part in made.when.parts] == [ir.Has, ir.Cmp, ir.InPeriod]


@pytest.mark.parametrize(("events", "codes"), [("end of birthday", []), ("visit or end of birthday", ["T310", "T310"])])
def test_an_event_that_hangs_on_a_fact_proves_it(events: str, codes: list[str]) -> None:
    text = (
        HEADER.replace("joined: date ", "joined: date   born: date? ")
        + f"""
period birthday = calendar month of member.born every year
reward "R" {{ on {events}   when today in birthday and member.born before 2000-01-01   give 1 point }}
"""
    )
    text = text.replace("weeks start Monday", "weeks start Monday   29 February counts as 28 February")
    assert [each.code for each in check([Source("a.rules", text)]).diagnostics] == codes


def test_a_new_event_concerns_whoever_is_on_any_event() -> None:
    text = HEADER + "track it = count, on any event, per lifetime\n"
    checker = Checker()
    assert checker.check([Source("a.rules", text)]).ok
    more = text + "event call dated by on of by identified by id { id: text   by: member   on: date }\n"
    assert lower(checker.recheck("a.rules", more)).tracks[-1].events[-1] == "call"


def test_a_rule_on_any_event_says_something_else_when_there_is_another() -> None:
    text = HEADER + 'earn "Any" { on any event   give 1 point }\n'
    more = text + "event call dated by on of by identified by id { id: text   by: member   on: date }\n"
    before, after = (check([Source("a.rules", each)]).symbols for each in (text, more))
    assert ("title", "Any") in (changed_names(before, after) or ())


def test_a_renamed_period_is_missed_by_its_schedules() -> None:
    text = HEADER + 'reward "R" { on end of cycle   give 1 point }\n'
    checker = Checker()
    assert checker.check([Source("a.rules", text)]).ok
    renamed = text.replace("period cycle", "period circle")
    found = checker.recheck("a.rules", renamed).diagnostics
    assert found == check([Source("a.rules", renamed)]).diagnostics
    assert [each.code for each in found] == ["N101"]


# ---- reads ----


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("sum of by_shop >= 5 GBP", "KeyFold['by_shop' 'sum' None None False]"),
        ("sum of previous by_shop >= 5 GBP", "KeyFold['by_shop' 'sum' None None True]"),
        (
            '(sum of by_shop where shop is "A") >= 5 GBP',
            "KeyFold['by_shop' 'sum' Cmp['=' KeyRead[] Txt['A']] None False]",
        ),
        (
            "(count of by_shop where each >= 1 GBP) >= 5",
            "KeyFold['by_shop' 'count' Cmp['>=' KeyValue[] Num[100 1]] None False]",
        ),
        (
            "sum of top 2 of by_shop ties by shop >= 5 GBP",
            "KeyFold['by_shop' 'sum' None 2 False]",
        ),
        (
            '(sum of top 1 of by_shop ties by shop where shop is not "A") >= 5 GBP',
            "KeyFold['by_shop' 'sum' Cmp['!=' KeyRead[] Txt['A']] 1 False]",
        ),
        (
            "sum of top 2 of sku of lines by net ties by sku >= 5 GBP",
            "LineKeys[LineField['sku'] LineMoney['net' ''] None 2]",
        ),
        (
            '(sum of top 2 of sku of lines by net ties by sku where sku is not "A") >= 5 GBP',
            "LineKeys[LineField['sku'] LineMoney['net' ''] Cmp['!=' LineField['sku'] Txt['A']] 2]",
        ),
        ("used points is 0", "UsedRead['point']"),
        ("balance of points, pending included >= 5 points", "BalanceRead['point' True]"),
    ],
)
def test_folds_over_keys_and_what_was_used(text: str, node: str) -> None:
    found = condition(text)
    assert isinstance(found, ir.Cmp)
    assert bare(found.left) == node


def test_a_key_of_the_track_hides_a_field_of_the_event() -> None:
    """`shop` is the track's key inside its `where`, and the event's field outside."""
    found = condition('shop is "B" and (count of by_shop where shop is "A") >= 1')
    assert bare(found).startswith(
        "All[(Cmp['=' Field['shop'] Txt['B']] Cmp['>=' KeyFold['by_shop' 'count' Cmp['=' KeyRead[]"
    )


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ('seller.number is "1"', "Cmp['=' PersonField['seller' 'number'] Txt['1']]"),
        (
            "has friend and friend.number in first 5 of member.circle",
            "All[(Has[Field['friend']] InField[PersonField['friend' 'number'] MemberField['circle'] 5])]",
        ),
        (
            "has friend.nick and friend.nick is member.number",
            (
                "All[(Has[Field['friend']] Has[PersonField['friend' 'nick']]"
                " Cmp['=' PersonField['friend' 'nick'] MemberField['number']])]"
            ),
        ),
        (
            "has friend and has friend.nick",
            "All[(Has[Field['friend']] Has[PersonField['friend' 'nick']])]",
        ),
        ("has friend.number", "Has[Field['friend']]"),
        ("has seller.nick", "Has[PersonField['seller' 'nick']]"),
    ],
)
def test_facts_of_other_people(text: str, node: str) -> None:
    assert bare(condition(text)) == node


def test_a_day_is_asked_for_before_it_is_read() -> None:
    text = """
track bought = first day, on purchase, per lifetime
earn "Rule" { on purchase   when has bought and today from 30 days after bought   give 1 point }
"""
    found = core(text).rules[0].when
    assert bare(found) == (
        "All[(Has[TrackRead['bought' False]] Cmp['>=' Today[False] AddTime[TrackRead['bought' False] 30 'day']])]"
    )


# ---- loops ----


def test_inside_a_loop_each_is_the_lines_of_the_key() -> None:
    text = 'earn "Rule" { on purchase   for each sku of lines   give 1 point per 1 GBP of paid of each }\n'
    rule = core(text).rules[0]
    (give,) = rule.gives
    same = "Cmp['=' LineField['sku'] KeyRead[]]"
    assert [bare(each.where) for each in give.shares] == [same]
    assert same in bare(give.value)


def test_inside_a_loop_over_a_track_each_is_its_number() -> None:
    text = 'reward "Rule" { on end of festival   for each shop of by_shop   give 1 point per 1 GBP of each }\n'
    (give,) = core(text).rules[0].gives
    assert "KeyValue[]" in bare(give.value)
    assert give.shares == ()


# ---- prices in a unit ----


def test_an_event_priced_in_a_unit_has_amounts_of_it() -> None:
    text = """
catalogue offer "Award nights" { on award_stay   automatic
  price each line at by category { 1: 2_000 points   2: 3_000 points   otherwise: no award } }
basket offer "Half" { on award_stay   automatic   when current >= 5_000 points
  take 50% of current off each line, up to 900 points }
redeem "Paid in points" { on award_stay   deduct net, or nothing }
"""
    program = core(text)
    event = next(each for each in program.events if each.name == "award_stay")
    assert (event.priced_unit, event.currency, event.currencies, event.priced_by_offers) == ("point", "", (), True)
    price, take = (offer.effects[0] for offer in program.offers)
    assert isinstance(price, ir.DiscountDef)
    assert isinstance(take, ir.DiscountDef)
    assert isinstance(price.value, ir.Choose)
    assert [bare(row.value) for row in price.value.rows] == ["Num[2000 1]", "Num[3000 1]", "Stop[]"]
    assert (price.rounding, take.rounding, bare(take.high)) == ("down", "down", "Num[900 1]")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("price each line at 5 GBP", "T305"),
        ("price each line at 10%", "T349"),
        ("take 5 GBP off each line", "T305"),
    ],
)
def test_money_is_no_amount_of_an_event_priced_in_a_unit(text: str, code: str) -> None:
    offer = f'catalogue offer "Award" {{ on award_stay   automatic   {text} }}\n'
    assert [each.code for each in check([Source("a.rules", HEADER + offer)]).diagnostics] == [code]


# ---- order in the program ----


def test_redeems_come_first_in_the_order_of_their_stage() -> None:
    stacking = '  stacking { tender: all in order "Second", "First" } }'
    text = """
earn "Earned" { on visit   give 1 point }
unit coin, coins { rounded down   lasts forever }
event sale dated by on of by identified by id {
  id: text   by: member   on: date   asked: points? up to 9   more: coins? up to 9   price: money up to 9 GBP as list
}
redeem "First" { on sale   accept asked, worth 1 GBP per 1 point   on return keep }
redeem "Second" { on sale   accept more, worth 1 GBP per 1 coin   on return keep }
"""
    header = HEADER.replace("to the first\n}", f"to the first\n{stacking}")
    program = lower(check([Source("a.rules", header + text)]))
    assert (program.tender, program.tender_choice) == (("Second", "First"), "all")
    assert [rule.kind for rule in program.rules] == ["redeem", "redeem", "earn"]
    other = lower(check([Source("a.rules", header.replace('"Second", "First"', '"First", "Second"') + text)]))
    assert fingerprint(other) != fingerprint(program)


# ---- what is known of numbers ----


@pytest.mark.parametrize(
    ("key", "zero"),
    [
        ("(count of by_shop where each >= 1 GBP)", "0"),
        ("sum of by_shop", "0 GBP"),
        ("used points", "0 points"),
        ("balance of points", "0 points"),
        ("(sum of top 1 of sku of lines by net ties by sku)", "0 GBP"),
    ],
)
def test_a_table_needs_no_row_below_what_can_be(key: str, zero: str) -> None:
    core(f'earn "Rule" {{ on purchase   give by {key} {{ from {zero}: 1 point }} }}\n')


def test_a_balance_that_may_be_owed_needs_a_row_below_zero() -> None:
    table = 'earn "Rule" { on purchase   give by balance of points { from 0 points: 1 point } }\n'
    fine = 'earn "Rule" { on purchase   give by balance of points { from 0 points: 1 point   otherwise: nothing } }\n'
    takes = 'reward "Taken" { on visit   deduct 5 points }\n'
    checker = Checker()
    assert checker.check([Source("a.rules", HEADER + table)]).ok
    found = checker.recheck("a.rules", HEADER + table + takes).diagnostics
    assert [each.code for each in found] == ["C401"]
    assert checker.recheck("a.rules", HEADER + fine + takes).ok


def test_each_of_a_loop_is_as_low_as_its_track() -> None:
    table = "give by each { from 0 GBP: 1 point   from 5 GBP: 2 points }"
    core(f'reward "Rule" {{ on end of festival   for each shop of by_shop   {table} }}\n')
