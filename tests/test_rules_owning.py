"""What redeems, and earns and rewards that take, turn, split and carry, become; and mends that make a program check."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from rules_engine import ir
from rules_engine.checking import check
from rules_engine.diagnostics import Diagnostic
from rules_engine.lowering import lower
from rules_engine.source import Source

HEAD = """language 1
program "Shop" {{
  currency GBP, rounded half up   timezone "Europe/London"
  split in proportion, odd pennies to the largest remainder   {settings}
}}
unit point, points {{ rounded down   lasts forever   balance at least 0 }}
unit star, stars {{ lasts forever }}
unit cash counts GBP {{ rounded half up   lasts forever }}
unit dream counts GBP {{ rounded half up   lasts forever }}
unit choice, choices counts pieces {{ lasts forever   remembers milestone: count up to 100   gone: flag? }}
unit ticket, tickets counts pieces {{ lasts forever }}
event buy dated by day of who identified by id {returnable} {{
  id: text   who: member?   day: date   friend: member?   points_in: points? up to 1_000   stars_in: stars? up to 50
  presented: tickets? up to 4   codes: codes up to 4
  lines 0 to 9 {{ key: text as id   shop: text   food: flag   price: money up to 500 GBP as list }}
}}
event pick dated by day of who identified by id {{
  id: text   who: member   day: date   what: a | b | c   at: count up to 90
}}
event night dated by day of who identified by id priced by offers in points {{ id: text   who: member   day: date }}
track spend   = sum of net, on buy, per calendar year
track by_shop = sum of net of lines by shop up to 9 keys, on buy, per calendar month
"""


def text_of(rules: str, settings: str = "", returnable: str = "") -> str:
    return HEAD.format(settings=settings, returnable=returnable) + rules


def findings(rules: str, settings: str = "", returnable: str = "") -> tuple[Diagnostic, ...]:
    return check([Source("a.rules", text_of(rules, settings, returnable))]).diagnostics


def core(rules: str, settings: str = "", returnable: str = "") -> ir.Program:
    checked = check([Source("a.rules", text_of(rules, settings, returnable))])
    assert checked.diagnostics == ()
    return lower(checked)


def rule(rules: str, title: str = "A", settings: str = "", returnable: str = "") -> ir.RuleDef:
    return next(each for each in core(rules, settings, returnable).rules if each.title == title)


def only(found: ir.RuleDef) -> ir.ActDef:
    (effect,) = found.effects
    return effect


HERE = ir.Origin(0, 0, 0)


def bare(node: ir.Expr | None) -> ir.Expr | None:
    """A node without its place."""
    return None if node is None else replace(node, at=HERE)


def num(value: int, den: int = 1) -> ir.Num:
    return ir.Num(HERE, value, den)


# ---- paying ----


def accepted(text: str, on: str = "buy") -> ir.AcceptDef:
    found = rule(f'redeem "A" {{ on {on}   {text} }}\n')
    effect = only(found)
    assert isinstance(effect, ir.AcceptDef)
    assert found.kind == "redeem"
    return effect


def test_a_rate_is_the_value_of_one_scaled_unit() -> None:
    found = accepted("accept points_in, worth 1 GBP per 100 points")
    assert (found.unit, found.rate, bare(found.worth), found.rounding) == ("point", True, num(1), "half up")
    assert (found.steps, found.cap, found.pays, found.only_from, found.high) == (1, None, None, None, None)
    assert accepted("accept points_in, worth 1 GBP per 150 points, rounded down").worth == replace(
        num(2, 3), at=accepted("accept points_in, worth 1 GBP per 150 points, rounded down").worth.at
    )


def test_what_is_offered_is_bounded_in_its_unit_and_the_worth_in_money() -> None:
    found = accepted(
        "accept points_in, only from 50 points, in steps of 10 points, up to 500 points, worth 1 GBP per 100 points, "
        "up to 50% of net of lines where food, never beyond, rounded down"
    )
    assert (bare(found.only_from), found.steps, bare(found.high)) == (num(50), 10, num(500))
    assert found.never_beyond
    assert found.rounding == "down"
    assert found.pays is not None
    assert (found.pays.of, bare(found.pays.where)) == ("lines", ir.LineField(HERE, "food"))
    assert found.cap is not None


def test_a_limit_of_lines_pays_lines_and_one_of_everything_everything() -> None:
    assert accepted("accept points_in, worth 1 GBP per 100 points, up to 50% of net").pays is None
    found = accepted("accept points_in, worth 1 GBP per 100 points, up to 50% of net of lines").pays
    assert found is not None
    assert (found.of, found.where) == ("lines", None)


def test_a_define_of_lines_pays_what_it_stands_for() -> None:
    defines = "define foods = net of lines where food\ndefine half = 50% of foods\n"
    text = f'redeem "A" {{ on buy   accept points_in, worth 1 GBP per 100 points, up to half }}\n{defines}'
    effect = only(rule(text))
    assert isinstance(effect, ir.AcceptDef)
    assert effect.pays is not None
    assert bare(effect.pays.where) == ir.LineField(HERE, "food")


def test_or_nothing_before_the_worth_is_about_what_is_offered_and_behind_it_about_the_value() -> None:
    before = accepted("accept points_in, or nothing, worth 1 GBP per 100 points")
    behind = accepted("accept points_in, worth 1 GBP per 100 points, or nothing")
    assert (before.or_nothing, before.whole) == (True, False)
    assert (behind.or_nothing, behind.whole) == (False, True)


def test_a_chart_is_no_rate_and_a_table_of_rates_is_one() -> None:
    chart = accepted("accept points_in, worth by points_in { 100 points: 5 GBP   otherwise: no award }")
    assert not chart.rate
    assert isinstance(chart.worth, ir.Choose)
    dated = accepted(
        "accept points_in, worth by today { from 2027-01-01: 1 GBP per 100 points   otherwise: 1 GBP per 50 points }"
    )
    assert dated.rate
    assert isinstance(dated.worth, ir.Choose)
    assert [bare(row.value) for row in dated.worth.rows if not isinstance(row.value, ir.Stop)] == [num(1), num(2)]


def test_what_is_offered_alone_may_be_absent() -> None:
    found = accepted("accept points_in, worth 1 GBP per 100 points").offered
    assert isinstance(found, ir.Choose)
    assert isinstance(found.keys[0], ir.Has)
    assert isinstance(accepted("accept balance of points, worth 1 GBP per 100 points").offered, ir.BalanceRead)
    assert bare(accepted("accept 50 points, worth 5 GBP").offered) == num(50)


def test_an_event_with_a_redeem_is_priced() -> None:
    program = core('redeem "A" { on buy   accept points_in, worth 1 GBP per 100 points }\n')
    assert [each.name for each in program.events if ir.is_priced(program, each)] == ["buy"]


def test_an_event_priced_in_a_unit_is_paid_by_taking_it() -> None:
    found = rule(
        'catalogue offer "Price" { on night   automatic   price each line at 50 points }\n'
        'redeem "A" { on night   deduct net, or nothing }\n'
    )
    effect = only(found)
    assert isinstance(effect, ir.DeductDef)
    assert (effect.unit, effect.or_nothing) == ("point", True)


# ---- taking, turning ----


def test_deduct_is_formed_as_an_award() -> None:
    effect = only(rule('earn "A" { on pick   deduct 5 points * at, up to balance of points, in steps of 10 points }\n'))
    assert isinstance(effect, ir.DeductDef)
    assert (effect.unit, effect.steps, effect.or_nothing) == ("point", 10, False)
    assert isinstance(effect.high, ir.BalanceRead)


def turned(text: str, more: str = "") -> ir.TurnDef:
    effect = only(rule(f'reward "A" {{ on pick   turn {text} }}\n{more}'))
    assert isinstance(effect, ir.TurnDef)
    return effect


def test_a_turn_of_full_blocks() -> None:
    found = turned("every full 50 points into 0.50 cash, lasting for 30 days")
    assert (found.unit, found.every_full, bare(found.amount), found.per) == ("point", True, num(50), None)
    assert (found.into.unit, bare(found.into.value)) == ("cash", num(50))
    assert found.into.life is not None


def test_a_turn_in_proportion() -> None:
    found = turned("balance of points into 3 stars per 2 points, rounded down")
    assert (found.into.unit, bare(found.into.value), bare(found.per)) == ("star", num(3, 2), num(1))
    assert found.into.rounding == "down"


def test_a_turn_into_one_unit_or_another_has_an_award_for_each() -> None:
    found = turned("5 points into by what { a: 1 star   b: 2 tickets   c: nothing }")
    assert (found.into.unit, [each.unit for each in found.more]) == ("star", ["ticket"])
    for award, values in ((found.into, [1, 0, 0]), (found.more[0], [0, 2, 0])):
        assert isinstance(award.value, ir.Choose)
        assert [bare(row.value) for row in award.value.rows if not isinstance(row.value, ir.Stop)] == [
            num(each) for each in values
        ]


def test_lots_are_chosen_by_what_they_remember() -> None:
    giver = 'earn "Given" as given_one { on pick   give 1 choice, with milestone: at }\n'
    found = turned("1 choice where choice.milestone is at and choice.source is given_one into 1 star", giver)
    assert isinstance(found.where, ir.All)
    left, right = found.where.parts
    assert isinstance(left, ir.Cmp)
    assert bare(left.left) == ir.LotField(HERE, "milestone")
    assert isinstance(right, ir.Cmp)
    assert (bare(right.left), bare(right.right)) == (ir.LotField(HERE, "source"), ir.Txt(HERE, "given_one"))


def test_what_some_award_leaves_out_is_asked_for() -> None:
    giver = 'earn "Given" { on pick   give 1 choice, with milestone: at }\n'
    filters = "has choice.gone and choice.gone"
    found = turned(f"1 choice where {filters} into 1 star", giver)
    assert isinstance(found.where, ir.All)
    assert bare(found.where.parts[1]) == ir.LotField(HERE, "gone")
    assert isinstance(found.where.parts[0], ir.Has)
    without = f'reward "A" {{ on pick   turn 1 choice where choice.milestone is 5 into 1 star }}\n{giver}'
    assert findings(without) == ()
    leaves_out = without + 'earn "Out" { on pick   give 1 choice }\n'
    assert [each.code for each in findings(leaves_out)] == ["T310"]


def test_sums_over_what_is_turned() -> None:
    giver = 'earn "Given" { on pick   give 1 choice, with milestone: at }\n'
    found = turned("every full 5 choices into 10 points * (sum of milestone of the turned choices)", giver)
    assert any(isinstance(each, ir.TurnedSum) and each.field == "milestone" for each in ir.walk(found.into))


# ---- giving ----


def given(text: str, on: str = "buy") -> ir.RuleDef:
    return rule(f'earn "A" {{ on {on}   {text} }}\n')


def test_a_split_has_a_row_for_each_unit() -> None:
    effect = only(given("give 5% of net, split into { cash: 40%   dream: the rest }"))
    assert isinstance(effect, ir.GiveDef)
    assert effect.unit == "cash"
    assert [(row.unit, bare(row.share)) for row in effect.split] == [("cash", num(2, 5)), ("dream", None)]
    assert effect.shares != ()


def test_somebody_else_is_named_by_a_field() -> None:
    found = given("when has friend   give 5 points, to friend   at most 10 times per friend per calendar year")
    effect = only(found)
    assert isinstance(effect, ir.GiveDef)
    assert effect.to == "friend"
    (limit,) = found.limits
    assert (limit.owner, limit.other, limit.keys, limit.key) == (
        "other", "friend", (), "A: times per friend per calendar year",
    )  # fmt: skip


def test_a_field_beside_the_member_counts_each_of_its_values() -> None:
    (limit,) = given("when has friend   give 5 points   at most 3 times per member per friend").limits
    assert (limit.owner, [bare(each) for each in limit.keys]) == ("member", [ir.Field(HERE, "friend")])
    assert limit.key == "A: times per friend per lifetime"


def test_limits_of_a_household_and_of_each_line() -> None:
    found = given("give 1 point per 1 GBP of net   at most 5 points per household   at most 3 points per line")
    household, line = found.limits
    assert (household.owner, household.key) == ("household", "A: point per household per lifetime")
    assert (line.owner, line.scope.by_line, line.amount) == ("event", True, 3)


def test_at_the_edge_of_a_period_its_limit_counts_in_the_period_that_ended() -> None:
    text = (
        "give 5 points   at most 9 points per member per calendar month   at most 9 points per member per calendar year"
    )
    month, year = given(text, "end of calendar month, settled after 5 days").limits
    assert bare(month.scope.by) == ir.Today(HERE)
    assert year.scope.by is None


def test_a_table_of_several_units_gives_each_by_itself() -> None:
    found = given("give by what { a: 5 points   b: 1 star   c: nothing }", "pick")
    assert [each.unit for each in found.gives] == ["point", "star"]


def test_a_code_sets_an_earn_off() -> None:
    assert given('with code "hello"   give 5 points').code == ir.CodeDef(texts=("HELLO",))


@pytest.mark.parametrize("text", ["give 5 points", "deduct 5 points"])
def test_what_is_presented(text: str) -> None:
    found = given(f"with 2 tickets   {text}").thing
    assert found is not None
    assert (found.unit, found.count, found.field, found.where) == ("ticket", 2, "presented", None)


def test_offers_take_what_is_presented() -> None:
    program = core('item offer "A" { on buy   with 1 ticket from presented   take 1 GBP off each line }\n')
    (offer,) = program.offers
    assert offer.thing is not None
    assert (offer.thing.unit, offer.code) == ("ticket", None)


# ---- loops, carrying ----


def test_a_loop_over_the_keys_of_lines() -> None:
    found = given(
        "for each shop of lines where food, sorted by shop highest first   give 1 point per full 1 GBP of net of each"
    )
    loop = found.loop
    assert isinstance(loop, ir.KeysDef)
    assert (loop.track, bare(loop.key), bare(loop.where)) == (
        "", ir.LineField(HERE, "shop"), ir.LineField(HERE, "food"),
    )  # fmt: skip
    assert loop.ordering is not None
    assert (loop.ordering.how, loop.ordering.descending) == ("sorted", True)
    (fold,) = [each for each in ir.walk(found.gives[0].value) if isinstance(each, ir.Fold)]
    assert isinstance(fold.where, ir.All)
    own, same = fold.where.parts
    assert bare(own) == ir.LineField(HERE, "food")
    assert isinstance(same, ir.Cmp)
    assert (bare(same.left), bare(same.right)) == (ir.LineField(HERE, "shop"), ir.KeyRead(HERE))


def test_a_loop_over_the_keys_of_a_track() -> None:
    found = rule(
        'reward "A" { on buy   for each shop of by_shop, sorted by each   give 1 point per full 5 GBP of each }\n'
    )
    loop = found.loop
    assert isinstance(loop, ir.KeysDef)
    assert (loop.track, loop.key) == ("by_shop", None)
    assert any(isinstance(each, ir.KeyValue) for each in ir.walk(found.effects))


def test_a_limit_by_the_key_of_a_loop() -> None:
    found = given("for each shop of lines   give 1 point   at most 5 points per member per shop per calendar month")
    (limit,) = found.limits
    assert [bare(each) for each in limit.keys] == [ir.KeyRead(HERE)]


def test_carrying_says_how_a_fraction_is_rounded() -> None:
    text = "carry 50% of spend into spend, never below 0 GBP, up to 60 GBP, rounded down"
    effect = only(rule(f'reward "A" {{ on end of calendar year   {text} }}\n'))
    assert isinstance(effect, ir.CarryDef)
    assert (effect.track, effect.rounding, bare(effect.low), bare(effect.high)) == ("spend", "down", num(0), num(6_000))


# ---- orders ----

TWO = (
    'redeem "Points" { on buy   accept points_in, worth 1 GBP per 100 points }\n'
    'redeem "Stars"  { on buy   accept stars_in, worth 1 GBP per 1 star }\n'
)


def test_the_tender_stage_has_the_order_of_its_row() -> None:
    program = core(TWO, 'stacking { tender: first per basket in order "Stars", "Points" }')
    assert (program.tender, program.tender_choice) == (("Stars", "Points"), "first")


def test_redeems_need_an_order_where_they_can_meet() -> None:
    (found,) = findings(TWO)
    assert (found.code, found.data["row"]) == ("M290", 'tender: all in order "Points", "Stars"')
    assert found.fix is not None
    text = text_of(TWO)
    start, end = found.fix.span
    mended = check([Source("a.rules", text[:start] + found.fix.text + text[end:])])
    assert mended.diagnostics == ()
    apart = TWO.replace("on buy   accept points_in", 'on buy   when id is "1"   accept points_in')
    apart = apart.replace("on buy   accept stars_in", 'on buy   when id is "2"   accept stars_in')
    assert core(apart).tender == ("Points", "Stars")


def test_a_group_orders_its_redeems() -> None:
    grouped = (
        TWO.replace(" }\n", "   competes in paying }\n")
        + 'group paying { first per basket in order "Stars", "Points" }\n'
    )
    program = core(grouped)
    assert program.tender == ("group paying",)
    assert [(each.order, each.choice) for each in program.groups] == [(("Stars", "Points"), "first")]
    assert [each.key for each in program.rules] == ["Stars", "Points"]


@pytest.mark.parametrize("kind", ["earn", "reward"])
def test_two_that_take_one_unit_need_a_group(kind: str) -> None:
    two = (
        f'{kind} "A" {{ on pick   when what is a   deduct 5 points }}\n'
        f'{kind} "B" {{ on pick   when at > 5   turn 5 points into 1 star }}\n'
    )
    (found,) = findings(two)
    assert found.code == "M291"
    assert (found.data["one"], found.data["other"], found.data["unit"]) == ("A", "B", "points")
    grouped = two.replace(" }\n", "   competes in takers }\n") + found.data["group"] + "\n"
    assert findings(grouped) == ()
    assert findings(two.replace("when at > 5", "when what is b")) == ()
    assert findings(two.replace("deduct 5 points", "deduct 5 stars")) == ()


def test_what_is_presented_is_taken_too() -> None:
    two = 'earn "A" { on buy   with 1 ticket   give 5 points }\nearn "B" { on buy   with 1 ticket   give 5 stars }\n'
    (found,) = findings(two)
    assert (found.code, found.data["unit"]) == ("M291", "tickets")
    offers = (
        'item offer "A" { on buy   with 1 ticket   take 1 GBP off each line where food }\n'
        'item offer "B" { on buy   with 1 ticket   take 1 GBP off each line where not food }\n'
    )
    assert [each.code for each in findings(offers)] == ["M231"]
    assert findings(offers.replace("with 1 ticket", "automatic")) == ()


def test_offers_are_limited_by_household() -> None:
    program = core('item offer "A" { on buy   automatic   take 1 GBP off each line   once per household }\n')
    (limit,) = program.offers[0].limits
    assert (limit.owner, limit.key) == ("household", "A: times per household per lifetime")


def test_paying_lines_needs_a_split() -> None:
    text = text_of('redeem "A" { on buy   accept points_in, worth 1 GBP per 100 points }\n')
    without = text.replace("  split in proportion, odd pennies to the largest remainder", "")
    assert [each.code for each in check([Source("a.rules", without)]).diagnostics] == ["S114"]


def test_a_define_may_hold_a_rate() -> None:
    text = 'redeem "A" { on buy   accept points_in, worth rate }\ndefine rate = 1 GBP per 100 points\n'
    effect = only(rule(text))
    assert isinstance(effect, ir.AcceptDef)
    assert (effect.rate, bare(effect.worth)) == (True, num(1))


# ---- returns ----


@pytest.mark.parametrize(
    ("own", "header", "expected"),
    [
        ("", "returns by share, shortfall off balance", ir.ReturnDef("by share", "off balance")),
        ("on return by share", "returns keep", None),
        ("on return by share, shortfall forgiven", "returns keep", ir.ReturnDef("by share", "forgiven")),
        ("on return keep", "returns by share", ir.ReturnDef("keep")),
        ("", "returns keep", ir.ReturnDef("keep")),
    ],
)
def test_returns_of_awards_say_what_is_done_about_what_was_spent(
    own: str, header: str, expected: ir.ReturnDef | None
) -> None:
    text = f'earn "A" {{ on buy   give 5 points   {own} }}\n'
    if expected is None:
        assert [each.code for each in findings(text, header, "returnable")] == ["M298"]
    else:
        assert rule(text, "A", header, "returnable").on_return == expected


def test_returns_of_redeems_and_offers_under_a_header_about_awards() -> None:
    redeem = 'redeem "A" { on buy   accept points_in, worth 1 GBP per 100 points }\n'
    assert rule(redeem, "A", "returns work out again, shortfall off refund", "returnable").on_return == ir.ReturnDef(
        "by share"
    )
    offer = 'item offer "A" { on buy   automatic   take 1 GBP off each line }\n'
    (found,) = core(offer, "returns by share, shortfall off balance", "returnable").offers
    assert found.on_return == ir.ReturnDef("by share")


# ---- mends ----


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('earn "A" { on buy   automatic   give 5 points }\n', "M292"),
        ('earn "A" { on buy   give 5% of net, split into { cash: 40%   dream: 50% } }\n', "T410"),
        ('reward "A" { on buy   for each brand of by_shop   give 1 point }\n', "T416"),
        ('reward "A" { on buy   carry 50% of spend into spend }\n', "T314"),
        ('redeem "A" { on buy   accept points_in, worth 1 GBP per 100 points   on return work out again }\n', "M299"),
        ('earn "A" { on buy   give 5 points   at most 5 times per calendar year }\n', "M173"),
    ],
)
def test_a_mend_makes_the_program_check(text: str, code: str) -> None:
    whole = text_of(text)
    (found,) = check([Source("a.rules", whole)]).diagnostics
    assert found.code == code
    assert found.fix is not None
    start, end = found.fix.span
    assert check([Source("a.rules", whole[:start] + found.fix.text + whole[end:])]).diagnostics == ()
