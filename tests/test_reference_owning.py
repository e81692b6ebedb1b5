"""What owning and paying mean, computed by hand: one construct a test, the numbers in the test.

Every case is scored twice, with and without a trace, and its outcome is applied: the next states of the member, of the
household and of others must be those with which the run ended.
"""

from __future__ import annotations

from functools import cache
from random import Random
from textwrap import dedent
from typing import Any

import pytest
from msgspec.structs import replace

from rules_engine import checking, ir, lowering
from rules_engine.backends import Evaluation
from rules_engine.backends.reference import Reference, RuleNoted, Trace, evaluation
from rules_engine.backends.reference.run import Run
from rules_engine.calendar import parse_date
from rules_engine.decoding import decode
from rules_engine.event import Facts
from rules_engine.outcome import Award, EventRefused, Outcome, Payment, People, applied
from rules_engine.source import Source
from rules_engine.state import Lot, State, apply

HEAD = """language 1
program "Shop" {
  currency GBP, rounded half up   timezone "Europe/London"
  split in proportion, odd pennies to the largest remainder
  SETTINGS
}
unit point, points { rounded down   lasts forever   balance at least 0 }
unit coin, coins { rounded down   lasts forever   use soonest first }
unit voucher, vouchers counts GBP { rounded half up   lasts forever   use soonest first   balance at least 0 }
unit choice, choices counts pieces { lasts forever   remembers milestone: count up to 100 }
unit ticket, tickets counts pieces { lasts forever   use soonest first }
unit cash counts GBP { rounded half up   lasts forever }
unit dream counts GBP { rounded half up   lasts forever }
unit mile, miles { held by household   rounded down   lasts forever   balance at least 0 }
unit gram, grams {
  held by household, apart   rounded down   lasts forever   use in proportion to balance   balance at least 0
}
event purchase dated by at of customer identified by id {
  id: text   customer: member?   at: date   codes: codes up to 5   friend: member?
  post: money? up to 100 GBP as shipping   post_vat: rate as shipping tax rate
  points_offered: points? up to 100_000   coins_offered: coins? up to 100_000   vouchers_offered: vouchers? up to 500
  grams_offered: grams? up to 100_000   miles_offered: miles? up to 100_000   shown: tickets? up to 8
  lines 0 to 60 {
    key: text as id   kind: food | toy   shop: text   pieces: count up to 10_000 as quantity   vat: rate as tax rate
    price: money up to 5_000 GBP as list each
  }
}
event award_night dated by at of customer identified by id priced by offers in points {
  id: text   customer: member   at: date
  lines 0 to 60 { key: text as id   night: text }
}
event visit dated by at of customer identified by id {
  id: text   customer: member   at: date   milestone: count up to 100   asked: points? up to 100_000   friend: member?
}
member { family: text? as household   staff: flag }
"""
TAX = "prices include tax   tax rounded half up per line"
TEN = (("a", "food", 1, "10.00"),)


def day(written: str) -> int:
    """A date as days since 1970."""
    return parse_date(written)


TODAY = day("2027-03-01")


@cache
def core_of(rules: str, settings: str) -> ir.Program:
    """A program from rule text; without a word on tax, prices include it."""
    head = HEAD.replace("SETTINGS", settings if "prices" in settings else f"{TAX} {settings}")
    checked = checking.check([Source("shop.rules", head + dedent(rules))])
    assert checked.ok, [f"{each.code} {each.message}" for each in checked.diagnostics]
    return lowering.lower(checked)


class Scored:
    """An evaluation with its trace, and the states that it leads to."""

    def __init__(self, found: Evaluation, outcome: Outcome, trace: Trace, after: State, people: People) -> None:
        self.found, self.outcome, self.after = found, outcome, after
        self.fates: dict[str, RuleNoted] = {fate.rule.title: fate for fate in trace.rules}
        self.pool = apply(people.pool or State(), outcome.pool)
        self.others = {member: apply(people.states[member], found.others[member]) for member in found.others}

    def left(self, unit: str) -> list[int]:
        """What is left in the member's lots of a unit, in their order."""
        return [lot.left for lot in self.after.lots if lot.unit == unit]

    def given(self) -> dict[str, int]:
        """What each rule gave, over all its awards."""
        found: dict[str, int] = {}
        for award in self.found.awards:
            found[award.rule] = found.get(award.rule, 0) + award.given
        return found

    def taken(self) -> dict[str, int]:
        """What each rule took."""
        found: dict[str, int] = {}
        for each in self.found.taken:
            found[each.rule] = found.get(each.rule, 0) + each.taken
        return found

    def paid(self) -> list[tuple[int, int]]:
        """Of each payment, the units taken and their value."""
        return [(each.taken, each.value) for each in self.found.payments]


def buy(rules: str, *lines: tuple[Any, ...], settings: str = "", lots: tuple[Lot, ...] = (), **rest: Any) -> Scored:
    """Score a purchase of lines such as ("a", "food", 7, "2.00", {"vat": "0.2"}) by a member with some lots."""
    return score(core_of(rules, settings), purchase(*lines), lots, **rest)


def purchase(*lines: tuple[Any, ...]) -> dict[str, Any]:
    """A purchase as it is sent."""
    sent = [
        {
            "key": key,
            "kind": kind,
            "shop": "A",
            "pieces": pieces,
            "price": price,
            "vat": "0",
            **(more[0] if more else {}),
        }
        for key, kind, pieces, price, *more in lines or TEN
    ]
    return {"event": "purchase", "codes": [], "post_vat": "0", "lines": sent}


def visit(rules: str, *, settings: str = "", lots: tuple[Lot, ...] = (), **rest: Any) -> Scored:
    """Score a visit of a member with some lots."""
    return score(core_of(rules, settings), {"event": "visit", "milestone": 0}, lots, **rest)


def score(
    core: ir.Program, raw: dict[str, Any], lots: tuple[Lot, ...], *, state: State | None = None,
    facts: dict[str, Any] | None = None, people: People | None = None, **fields: Any,
) -> Scored:  # fmt: skip
    """Score any event, and apply what came of it."""
    event = decode({"id": "e1", "customer": "m-1", "at": "2027-03-01", **raw, **fields}, core)
    assert not isinstance(event, tuple), event
    before = state or State(lots=list(lots))
    others, told = people or People(), {"family": None, "staff": False, **(facts or {})}
    trace, reference = Trace(), Reference(core)
    with pytest.MonkeyPatch.context() as patch:
        runs: list[Run] = []

        def kept(*given: Any) -> Run:
            runs.append(Run(*given))
            return runs[-1]

        patch.setattr(evaluation, "Run", kept)
        found = reference.traced(event, told, before, trace, None, others)
    assert found == reference.evaluate(event, told, before, None, others)
    outcome = found.outcome(event, "", "")
    after = applied(before, outcome)
    assert after == runs[0].state
    scored = Scored(found, outcome, trace, after, others)
    assert scored.pool == runs[0].pool.state
    assert scored.others == {member: book.state for member, book in runs[0].others.items() if book.changes}
    return scored


def lot(unit: str, left: int, earned: str = "2027-01-01", ends: str = "", pending: str = "", **more: Any) -> Lot:
    """A lot of a member."""
    return Lot(
        unit, left, day(earned), day(pending) if pending else None, day(ends) if ends else None,
        more.pop("source", "base"), more.pop("facts", {}), more.pop("holder", ""),
    )  # fmt: skip


PAY = 'redeem "Pay" { on purchase  accept points_offered, worth 1 GBP per 100 points }\n'
SPEND = 'redeem "Spend" { on visit  when has asked  deduct asked }\n'


# ---- lots ----


class TestOrderOfUse:
    """Which lots are used, and in which order."""

    def test_oldest_first_then_by_last_day_then_by_arrival(self) -> None:
        lots = (
            lot("point", 10, "2027-01-02", "2027-06-30"),
            lot("point", 20, "2027-01-01"),
            lot("point", 30, "2027-01-01", "2028-01-01"),
            lot("point", 40, "2027-01-01", "2027-12-31"),
            lot("point", 50, "2027-01-01", "2028-01-01", source="b"),
        )
        found = visit(SPEND, lots=lots, asked="145")
        assert [(each.left, count) for each, count in found.found.taken[0].lots] == [
            (40, 40),
            (30, 30),
            (50, 50),
            (20, 20),
            (10, 5),
        ]
        assert found.left("point") == [5]

    def test_soonest_first_then_by_day_earned(self) -> None:
        lots = (
            lot("coin", 10),
            lot("coin", 20, "2027-01-02", "2027-12-31"),
            lot("coin", 30, "2027-01-01", "2027-12-31"),
        )
        found = buy(
            'redeem "Pay" { on purchase  accept coins_offered, worth 1 GBP per 100 coins }',
            lots=lots,
            coins_offered="35",
        )
        assert found.left("coin") == [10, 15]
        assert found.paid() == [(35, 35)]

    def test_pending_and_lapsed_lots_are_not_used(self) -> None:
        lots = (
            lot("point", 1, pending="2027-03-01"),
            lot("point", 2, pending="2027-02-28"),
            lot("point", 4, ends="2027-03-01"),
            lot("point", 8, ends="2027-02-28"),
        )
        assert visit(SPEND, lots=lots, asked="7").fates["Spend"].why == "nothing to give"
        found = visit(SPEND, lots=lots, asked="6")
        assert found.taken() == {"Spend": 6}
        assert found.left("point") == [1]

    def test_lots_where_a_remembered_field_fits(self) -> None:
        rule = (
            'reward "Pick" { on visit  turn 1 choice where choice.milestone is milestone into 500 points, or nothing }'
        )
        lots = (lot("choice", 1, facts={"milestone": 20}), lot("choice", 1, facts={"milestone": 40}))
        found = visit(rule, lots=lots, milestone=40)
        assert [each.facts for each in found.after.lots] == [{"milestone": 20}, {}]
        assert found.left("point") == [500]
        assert visit(rule, lots=lots, milestone=30).fates["Pick"].why == "nothing to give"


# ---- deduct ----


class TestDeduct:
    """`deduct`, with and without a floor."""

    def test_a_fixed_amount_is_never_cut_by_the_balance(self) -> None:
        rule = 'redeem "Fee" { on visit  deduct 50 points }'
        assert visit(rule, lots=(lot("point", 50),)).left("point") == []
        found = visit(rule, lots=(lot("point", 49),))
        assert (found.fates["Fee"].why, found.left("point")) == ("nothing to give", [49])
        assert [(each.wanted, each.taken) for each in found.found.taken] == [(50, 0)]

    def test_up_to_the_balance_takes_what_is_there(self) -> None:
        rule = 'redeem "Fee" { on visit  deduct 50 points, up to balance of points }'
        assert visit(rule, lots=(lot("point", 30),)).taken() == {"Fee": 30}

    def test_without_a_floor_the_rest_is_a_debt(self) -> None:
        found = visit('redeem "Fee" { on visit  deduct 50 coins }', lots=(lot("coin", 30),))
        assert (found.left("coin"), found.after.debts) == ([], {"coin": 20})

    def test_what_is_given_later_pays_the_debt_first(self) -> None:
        rules = 'earn "Daily" { on visit  give 30 coins }'
        found = visit(rules, state=State(debts={"coin": 20}))
        assert (found.given(), found.left("coin"), found.after.debts) == ({"Daily": 30}, [10], {})
        found = visit(rules, state=State(debts={"coin": 40}))
        assert (found.given(), found.left("coin"), found.after.debts) == ({"Daily": 30}, [], {"coin": 10})
        assert [award.booked for award in found.found.awards] == [True]

    def test_a_deduct_that_has_not_enough_stops_the_whole_rule(self) -> None:
        rule = 'reward "Trade" { on visit  deduct 50 points  give 1 ticket }'
        assert visit(rule, lots=(lot("point", 49),)).left("ticket") == []
        assert visit(rule, lots=(lot("point", 51),)).left("ticket") == [1]

    def test_what_a_cancelled_rule_took_comes_back(self) -> None:
        rule = 'redeem "Fees" { on purchase  accept coins_offered, worth 1 GBP per 100 coins  deduct 100 points }'
        lots = (lot("coin", 50), lot("point", 99))
        found = buy(rule, lots=lots, coins_offered="50")
        assert (found.fates["Fees"].why, found.after.lots, found.paid()) == ("nothing to give", list(lots), [])
        assert [(each.wanted, each.taken, each.lots) for each in found.found.taken] == [(50, 0, ()), (100, 0, ())]

    def test_two_deducts_of_a_rule_take_one_after_the_other(self) -> None:
        rule = 'redeem "Fees" { on visit  deduct 60 points  deduct 50 points, up to balance of points }'
        assert visit(rule, lots=(lot("point", 100),)).left("point") == []

    def test_limits_cut_what_is_taken(self) -> None:
        rule = 'redeem "Fee" { on visit  deduct asked  at most 30 points per member per calendar year }'
        found = visit(rule, lots=(lot("point", 100),), asked="50")
        assert found.taken() == {"Fee": 30}
        assert found.found.taken[0].cut_by == "Fee: point per calendar year"
        again = visit(rule, state=found.after, asked="50", id="e2")
        assert (again.taken(), again.left("point")) == ({"Fee": 0}, [70])

    def test_what_an_earn_gave_can_be_taken_by_a_reward(self) -> None:
        rules = 'earn "Daily" { on visit  give 30 points }\nreward "Fee" { on visit  deduct 25 points }'
        found = visit(rules)
        assert (found.left("point"), found.found.awards[0].booked) == ([5], True)


# ---- turn ----


class TestTurn:
    """`turn A into B`."""

    STATEMENT = 'reward "Statement" { on visit  turn every full 50 points into 0.50 vouchers MORE }'

    def test_every_full_leaves_the_remainder(self) -> None:
        found = visit(self.STATEMENT.replace("MORE", ""), lots=(lot("point", 70), lot("point", 65, "2027-01-02")))
        assert (found.left("point"), found.left("voucher")) == ([35], [100])

    def test_limits_leave_whole_blocks(self) -> None:
        rule = self.STATEMENT.replace("MORE", " at most 1.20 vouchers per member per calendar year")
        found = visit(rule, lots=(lot("point", 170),))
        assert (found.left("point"), found.left("voucher")) == ([70], [100])

    def test_every_block_sees_what_its_lots_remember(self) -> None:
        gift = "1 point * (sum of milestone of the turned choices)"
        rule = f'reward "Swap" {{ on visit  turn every full 2 choices into {gift} }}'
        lots = tuple(lot("choice", count, f"2027-01-0{at}", facts={"milestone": at}) for at, count in ((1, 3), (2, 2)))
        found = visit(rule, lots=lots)  # 1 + 1, then 1 + 2; one choice stays
        assert (found.left("choice"), found.left("point")) == ([1], [5])

    def test_per_rounds_once_and_limits_take_the_least_that_is_worth_it(self) -> None:
        rule = 'reward "Swap" { on visit  turn balance of points into 2 coins per 3 points MORE }'
        found = visit(rule.replace("MORE", ""), lots=(lot("point", 100),))
        assert (found.left("point"), found.left("coin")) == ([], [66])
        found = visit(rule.replace("MORE", " at most 33 coins per member per calendar year"), lots=(lot("point", 100),))
        assert (found.left("point"), found.left("coin")) == ([50], [33])  # 50 points are worth 33 coins, 49 only 32

    @pytest.mark.parametrize(
        ("bounds", "has", "left", "given"),
        [
            (", in steps of 5 coins", 2345, 345, 10),  # 11 coins: two whole steps, for 2,000 points
            (", in steps of 5 coins", 2080, 80, 10),  # 10.4 coins
            (", in steps of 5 coins", 999, 999, 0),
            (", up to 7 coins", 2345, 945, 7),
            (", up to 10 coins", 2080, 80, 10),
            ("", 2345, 0, 11),  # rounding alone cuts nothing of what is taken
            (", in steps of 5 coins  at most 12 coins per member per calendar year", 3100, 1100, 10),
        ],
    )
    def test_what_bounds_cut_of_a_gift_is_not_taken(self, bounds: str, has: int, left: int, given: int) -> None:
        rule = f'reward "Swap" {{ on visit  turn balance of points into 5 coins per 1_000 points{bounds} }}'
        found = visit(rule, lots=(lot("point", has),))
        assert (sum(found.left("point")), sum(found.left("coin"))) == (left, given)

    def test_a_table_gives_one_unit_or_another(self) -> None:
        rule = """
reward "Pick" {
  on visit
  turn 100 points into by milestone { 1: 5 coins  2: 1 ticket  otherwise: nothing }
}"""
        lots = (lot("point", 150),)
        found = visit(rule, lots=lots, milestone=1)
        assert [found.left(unit) for unit in ("point", "coin", "ticket")] == [[50], [5], []]
        found = visit(rule, lots=lots, milestone=2)
        assert [found.left(unit) for unit in ("point", "coin", "ticket")] == [[50], [], [1]]
        found = visit(rule, lots=lots, milestone=3)
        assert (found.fates["Pick"].why, found.left("point")) == ("nothing to give", [150])

    def test_a_fixed_gift_is_for_all_or_nothing(self) -> None:
        rule = 'reward "Swap" { on visit  turn 100 points into 1 ticket }'
        found = visit(rule, lots=(lot("point", 99),))
        assert (found.fates["Swap"].why, found.left("point"), found.left("ticket")) == ("nothing to give", [99], [])


# ---- paying ----


class TestAccept:
    """`accept ..., worth ...`."""

    def test_all_that_is_offered_where_it_fits(self) -> None:
        found = buy(PAY, lots=(lot("point", 900),), points_offered="250")
        assert found.found.payments == (Payment("Pay", "point", 250, 250, 250, (250, 0, 0, 0)),)
        assert found.outcome.price is not None
        assert (found.outcome.price.total, found.outcome.to_pay) == (1000, 750)

    def test_the_smallest_that_reaches_the_room_is_credited_exactly(self) -> None:
        rule = PAY.replace("offered,", "offered, in steps of 30 points,")
        assert buy(rule, lots=(lot("point", 9000),), points_offered="2000").paid() == [(1020, 1000)]

    def test_never_beyond_takes_the_largest_that_does_not_overshoot(self) -> None:
        rule = PAY.replace("offered,", "offered, in steps of 30 points,").replace(
            "100 points }", "100 points, never beyond }"
        )
        assert buy(rule, lots=(lot("point", 9000),), points_offered="2000").paid() == [(990, 990)]

    def test_a_value_is_rounded_as_written(self) -> None:
        rule = 'redeem "Pay" { on purchase  accept points_offered, worth 1 GBP per 300 points, rounded down }'
        assert buy(rule, lots=(lot("point", 900),), points_offered="5").paid() == [(5, 1)]
        assert buy(rule, lots=(lot("point", 900),), points_offered="2").fates["Pay"].why == "nothing to give"

    def test_more_than_the_balance_is_cut_to_whole_steps(self) -> None:
        rule = PAY.replace("offered,", "offered, in steps of 100 points,")
        assert buy(rule, lots=(lot("point", 450),), points_offered="700").paid() == [(400, 400)]

    def test_only_from(self) -> None:
        rule = PAY.replace("offered,", "offered, only from 500 points,")
        assert buy(rule, lots=(lot("point", 900),), points_offered="499").paid() == []
        assert buy(rule, lots=(lot("point", 900),), points_offered="500").paid() == [(500, 500)]

    def test_up_to_what_is_offered_and_up_to_the_value(self) -> None:
        rule = PAY.replace("offered,", "offered, up to 300 points,")
        assert buy(rule, lots=(lot("point", 900),), points_offered="800").paid() == [(300, 300)]
        rule = PAY.replace("100 points }", "100 points, up to 50% of net }")
        assert buy(rule, lots=(lot("point", 900),), points_offered="800").paid() == [(500, 500)]

    def test_never_beyond_takes_what_fits_exactly(self) -> None:
        rule = PAY.replace("offered,", "offered, in steps of 100 points,").replace("points }", "points, never beyond }")
        assert buy(rule, lots=(lot("point", 9000),), points_offered="2000").paid() == [(1000, 1000)]

    def test_what_is_owed_cannot_be_spent(self) -> None:
        rule = 'redeem "Pay" { on purchase  accept coins_offered, worth 1 GBP per 100 coins }'
        found = buy(rule, state=State(lots=[lot("coin", 100)], debts={"coin": 30}), coins_offered="100")
        assert (found.paid(), found.left("coin"), found.after.debts) == ([(70, 70)], [30], {"coin": 30})

    def test_nothing_offered(self) -> None:
        assert buy(PAY, lots=(lot("point", 900),)).fates["Pay"].why == "nothing offered"
        assert buy(PAY, lots=(lot("point", 900),), points_offered="0").fates["Pay"].why == "nothing offered"

    def test_a_table_is_indivisible_and_the_excess_is_lost(self) -> None:
        rule = """redeem "Levels" {
          on purchase
          accept coins_offered, worth by coins_offered { 100 coins: 5 GBP  400 coins: 25 GBP  otherwise: no award }
        }"""
        lots = (lot("coin", 500),)
        assert buy(rule, lots=lots, coins_offered="100").paid() == [(100, 500)]
        assert buy(rule, lots=lots, coins_offered="400").paid() == [(400, 1000)]
        assert buy(rule, lots=lots, coins_offered="200").fates["Levels"].why == "no award"
        short = buy(rule, lots=(lot("coin", 99),), coins_offered="100")
        assert (short.fates["Levels"].why, short.left("coin")) == ("nothing to give", [99])

    def test_or_nothing_on_the_worth(self) -> None:
        rule = 'redeem "Voucher" { on purchase  accept vouchers_offered, worth 1 GBP per 1 voucher, or nothing }'
        assert buy(rule, lots=(lot("voucher", 1500),), vouchers_offered="15.00").paid() == []
        assert buy(rule, lots=(lot("voucher", 1500),), vouchers_offered="9.50").paid() == [(950, 950)]

    def test_limits_of_the_unit(self) -> None:
        lots = (lot("point", 900),)
        rule = PAY.replace("100 points }", "100 points  at most 300 points per member per calendar year }")
        assert buy(rule, lots=lots, points_offered="800").paid() == [(300, 300)]

    def test_a_limit_of_money(self) -> None:
        core = core_of(PAY.replace("100 points }", "100 points  at most 300 points per member per calendar year }"), "")
        rule = core.rules[0]
        limit = replace(rule.limits[0], unit="GBP", amount=400)
        core = replace(core, rules=(replace(rule, limits=(limit,)),))
        found = score(core, purchase(), (lot("point", 900),), points_offered="800")
        assert (found.paid(), found.found.payments[0].cut_by) == ([(400, 400)], limit.key)
        again = score(core, purchase(), (), state=found.after, points_offered="100", id="e2")
        assert (again.paid(), again.taken()) == ([], {"Pay": 0})

    def test_charges_are_paid_too(self) -> None:
        fee = 'basket offer "Fee" { on purchase  automatic  charge 2 GBP as "fee"  }\n'
        found = buy(fee + PAY, lots=(lot("point", 9000),), points_offered="600")
        assert found.found.payments[0].parts == (500, 0, 100, 0)

    def test_a_group_of_redeems_takes_the_first_that_pays(self) -> None:
        rules = """
group either { first per basket in order "Vouchers", "Pay" }
redeem "Vouchers" { on purchase  accept vouchers_offered, worth 1 GBP per 1 voucher  competes in either }
redeem "Pay" { on purchase  accept points_offered, worth 1 GBP per 100 points  competes in either }
redeem "Coins" { on purchase  accept coins_offered, worth 1 GBP per 100 coins }
"""
        settings = 'stacking { tender: all in order either, "Coins" }'
        lots = (lot("point", 900), lot("voucher", 700), lot("coin", 100))
        offered = {"points_offered": "400", "coins_offered": "100"}
        found = buy(rules, settings=settings, lots=lots, vouchers_offered="7.00", **offered)
        assert found.paid() == [(700, 700), (100, 100)]
        assert (found.fates["Pay"].why, found.fates["Pay"].by, found.fates["Pay"].group) == (
            "lost",
            "Vouchers",
            "either",
        )
        assert buy(rules, settings=settings, lots=lots, **offered).paid() == [(400, 400), (100, 100)]

    def test_two_redeems_in_their_order(self) -> None:
        rules = 'redeem "Vouchers" { on purchase  accept vouchers_offered, worth 1 GBP per 1 voucher }\n' + PAY
        lots = (lot("point", 900), lot("voucher", 700))
        offered = {"points_offered": "900", "vouchers_offered": "7.00"}
        both = 'stacking { tender: all in order "Vouchers", "Pay" }'
        assert buy(rules, settings=both, lots=lots, **offered).paid() == [(700, 700), (300, 300)]
        other = 'stacking { tender: all in order "Pay", "Vouchers" }'
        assert buy(rules, settings=other, lots=lots, **offered).paid() == [(900, 900), (100, 100)]
        first = 'stacking { tender: first per basket in order "Pay", "Vouchers" }'
        found = buy(rules, settings=first, lots=lots, **offered)
        assert found.paid() == [(900, 900)]
        assert (found.fates["Vouchers"].why, found.fates["Vouchers"].by) == ("lost", "Pay")

    def test_goods_shipping_and_tax_on_top_are_paid(self) -> None:
        found = buy(
            PAY, ("a", "food", 1, "10.00", {"vat": "0.2"}), ("b", "food", 1, "5.00"),
            settings=TAX.replace("include", "exclude"), lots=(lot("point", 9000),), points_offered="1000", post="3.00",
        )  # fmt: skip
        assert found.found.payments[0].parts == (500, 250, 150, 0, 100)
        full = buy(PAY, post="3.00", lots=(lot("point", 9000),), points_offered="9000")
        assert (full.paid(), full.outcome.to_pay) == ([(1300, 1300)], 0)

    def test_only_the_lines_that_its_cap_names_are_paid(self) -> None:
        rule = PAY.replace("100 points }", "100 points, up to 50% of net of lines where kind is food }")
        found = buy(
            rule, ("a", "toy", 1, "10.00"), ("b", "food", 1, "6.00"), lots=(lot("point", 900),), points_offered="800"
        )
        assert found.found.payments[0].parts == (0, 300, 0, 0, 0)

    def test_two_members_of_a_redeem_share_the_room(self) -> None:
        rule = """redeem "Both" {
          on purchase
          accept vouchers_offered, worth 1 GBP per 1 voucher
          accept points_offered, worth 1 GBP per 100 points
        }"""
        lots = (lot("point", 900), lot("voucher", 700))
        assert buy(rule, lots=lots, points_offered="900", vouchers_offered="7.00").paid() == [(700, 700), (300, 300)]


class TestPaid:
    """`paid` of a line is its `net` less its parts."""

    LINES = (("a", "food", 1, "10.99"), ("b", "food", 3, "10.99"), ("c", "toy", 1, "0.01"))

    def test_odd_pennies_go_to_the_largest_remainders(self) -> None:
        rules = (
            PAY + 'earn "Base" as base { on purchase  give 1 point per 0.01 GBP of paid of lines where kind is food }'
        )
        found = buy(rules, *self.LINES, lots=(lot("point", 5000),), points_offered="1000")
        # 1000 over 1099, 3297 and 1: 249.94, 749.83 and 0.23
        assert found.found.payments[0].parts == (250, 750, 0, 0, 0, 0)
        assert found.given() == {"base": 1099 - 250 + 3297 - 750}

    def test_units_of_a_line_share_its_part(self) -> None:
        rules = PAY + 'earn "Dear" { on purchase  give 1 point per 0.01 GBP of paid of the dearest 1 unit }'
        found = buy(rules, ("a", "food", 3, "10.00"), lots=(lot("point", 5000),), points_offered="1000")
        assert found.given() == {"Dear": 666}  # 334, 333 and 333 are paid with points

    def test_a_track_counts_what_was_paid(self) -> None:
        rules = PAY + "track money_spent = sum of paid, on purchase, per lifetime"
        found = buy(rules, lots=(lot("point", 5000),), points_offered="250")
        assert found.after.tracks == {"money_spent": {0: 750}}

    def test_used_is_seen_by_earns(self) -> None:
        rules = PAY + 'earn "Stars" { on purchase  when used points is 0  give 1 coin }'
        assert buy(rules, lots=(lot("point", 500),), points_offered="1").given() == {}
        assert buy(rules, lots=(lot("point", 500),)).given() == {"Stars": 1}

    def test_what_is_turned_is_not_used(self) -> None:
        rules = """
earn "Swap" { on visit  turn every full 50 points into 1 ticket }
reward "Unused" { on visit  when used points is 0  give 1 coin }
"""
        assert visit(rules, lots=(lot("point", 60),)).given() == {"Swap": 1, "Unused": 1}
        rules = rules.replace("turn every full 50 points into 1 ticket", "deduct 50 points")
        assert visit(rules, lots=(lot("point", 60),)).given() == {}

    def test_balances_move_between_stages(self) -> None:
        rules = PAY + 'earn "Rest" { on purchase  when balance of points >= 400 points  give 1 coin }'
        assert buy(rules, lots=(lot("point", 500),), points_offered="101").given() == {}
        assert buy(rules, lots=(lot("point", 500),), points_offered="100").given() == {"Rest": 1}


def test_an_offer_slices_what_the_event_will_add_to_a_track() -> None:
    rules = """
track pieces_bought = sum of pieces, on purchase, per lifetime
item offer "Bulk" {
  on purchase  automatic  take across pieces_bought { from 0: 0 GBP per 1  from 5: 1 GBP per 1 } off the total of lines
}
"""
    first = buy(rules, ("a", "food", 4, "10.00"))
    assert first.outcome.discounts == ()
    found = buy(rules, ("a", "food", 4, "10.00"), state=first.after, id="e2")
    assert [each.given for each in found.outcome.discounts] == [300]  # pieces 6, 7 and 8


class TestPricedInUnits:
    """An event whose amounts are of a unit."""

    RULES = """
catalogue offer "Chart" {
  on award_night  automatic  price each line at by night { "peak": 900 points  otherwise: 500 points }
}
basket offer "Tenth off" { on award_night  automatic  take 10% of current off the total of lines }
redeem "In points" { on award_night  deduct net, or nothing }
"""

    def night(self, *nights: str, has: int) -> Scored:
        """Score an award stay."""
        lines = [{"key": f"k{at}", "night": night} for at, night in enumerate(nights)]
        core = core_of(self.RULES, "")
        return score(core, {"event": "award_night", "lines": lines}, (lot("point", has),))

    def test_the_price_is_deducted(self) -> None:
        found = self.night("peak", "low", has=1500)
        assert found.outcome.price is not None
        assert (found.outcome.price.currency, found.outcome.price.net) == ("point", 1260)
        assert (found.taken(), found.left("point")) == ({"In points": 1260}, [240])

    def test_who_has_not_enough_keeps_everything(self) -> None:
        found = self.night("peak", "low", has=1259)
        assert (found.fates["In points"].why, found.left("point")) == ("nothing to give", [1259])


class TestScheduled:
    """What is given at the end of a period is earned on the day it is posted."""

    RULE = """
unit bonus, bonuses { rounded down   lasts for 1 month }
reward "Statement" {
  on end of calendar month, settled after 5 days
  deduct 10 points
  give 3 bonuses, pending until 2 days after today
  at most 5 bonuses per member per calendar quarter
}
"""

    def test_lots_lives_and_limits_count_from_the_posted_day(self) -> None:
        core = core_of(self.RULE.replace(", pending until 2 days after today", ""), "")
        reference = Reference(core)
        state = State(lots=[lot("point", 25)], day=TODAY, since=TODAY)
        facts: Facts = {"family": None, "staff": False}
        event = reference.scheduled(
            "end of calendar month, settled after 5 days", facts, state, day("2027-03-01"), "m-1"
        )
        assert event is not None
        found = reference.evaluate(event, facts, state, None, People())
        after = applied(state, found.outcome(event, "", ""))
        assert [(each.left, each.unit) for each in after.lots] == [(15, "point"), (3, "bonus")]
        assert (after.lots[1].earned, after.lots[1].expires) == (day("2027-04-06"), day("2027-05-05"))
        assert after.limits == {"Statement: bonus per calendar quarter": {day("2027-04-01"): 3}}


# ---- presented things ----


class TestThings:
    """`with 1 ticket`."""

    FREE = (
        'item offer "Free toy" { on purchase  with 1 ticket  take 100% of current off each line where kind is toy }\n'
    )
    LINES = (("a", "food", 1, "10.00"), ("b", "toy", 1, "4.00"))

    def test_what_is_presented_and_owned_is_taken(self) -> None:
        found = buy(self.FREE, *self.LINES, lots=(lot("ticket", 2),), shown="1")
        assert found.outcome.price is not None
        assert (found.outcome.price.net, found.left("ticket"), found.taken()) == (1000, [1], {"Free toy": 1})

    def test_not_presented_not_owned_nothing_to_give(self) -> None:
        for lots, shown, lines in (
            ((lot("ticket", 2),), None, self.LINES),
            ((), "1", self.LINES),
            ((lot("ticket", 1),), "1", TEN),
        ):
            found = buy(self.FREE, *lines, lots=lots, shown=shown)
            assert found.outcome.price is not None
            assert found.outcome.price.net == sum(1000 if line[1] == "food" else 400 for line in lines)
            assert (found.left("ticket"), found.taken()) == ([each.left for each in lots], {})

    def test_a_thing_is_handed_in_once(self) -> None:
        twice = self.FREE + self.FREE.replace("Free toy", "Free food").replace("is toy", "is food")
        order = 'stacking { item: all in order "Free toy", "Free food" }'
        found = buy(twice, *self.LINES, settings=order, lots=(lot("ticket", 2),), shown="1")
        assert (found.taken(), found.left("ticket")) == ({"Free toy": 1}, [1])
        found = buy(twice, *self.LINES, settings=order, lots=(lot("ticket", 1),), shown="2")
        assert (found.taken(), found.left("ticket")) == ({"Free toy": 1}, [])
        found = buy(twice, *self.LINES, settings=order, lots=(lot("ticket", 2),), shown="2")
        assert (found.taken(), found.left("ticket")) == ({"Free toy": 1, "Free food": 1}, [])

    def test_a_limit_that_is_reached_takes_no_thing(self) -> None:
        rule = 'earn "Double" { on purchase  with 1 ticket  give 2 points  at most 2 points per member }'
        found = buy(rule, lots=(lot("ticket", 2),), shown="1")
        assert (found.given(), found.left("ticket")) == ({"Double": 2}, [1])
        found = buy(rule, state=found.after, shown="1", id="e2")
        assert (found.given(), found.left("ticket")) == ({"Double": 0}, [1])

    def test_on_an_earn(self) -> None:
        rule = 'earn "Double" { on purchase  with 1 ticket  give 2 points per 1 GBP of net }'
        found = buy(rule, lots=(lot("ticket", 1),), shown="1")
        assert (found.given(), found.left("ticket")) == ({"Double": 20}, [])
        assert buy(rule, lots=(lot("ticket", 1),)).fates["Double"].why == "not presented"
        assert buy(rule, shown="1").fates["Double"].why == "too few"


# ---- pools and people ----


class TestPools:
    """Units of a household."""

    def test_one_pot_for_all(self) -> None:
        rules = """
          redeem "Pay" { on purchase  accept miles_offered, worth 1 GBP per 100 miles }
          earn "Miles" { on purchase  give 1 mile per full 1 GBP of paid }
        """
        pool = State(lots=[lot("mile", 400), lot("mile", 300, ends="2027-02-28")])
        found = buy(rules, people=People(pool=pool), facts={"family": "f-1"}, miles_offered="700")
        assert found.paid() == [(400, 400)]  # the others lapsed
        assert [each.left for each in found.pool.lots] == [6]
        assert (found.outcome.household, found.left("mile")) == ("f-1", [])

    def test_without_a_household_the_member_is_a_pool_of_one(self) -> None:
        found = buy('earn "Miles" { on purchase  give 1 mile per full 1 GBP of net }')
        assert (found.outcome.household, [each.left for each in found.pool.lots]) == ("m-1", [10])

    def test_apart_in_proportion_to_balance(self) -> None:
        rule = 'redeem "Pay" { on purchase  accept grams_offered, worth 1 GBP per 100 grams }'
        pool = State(
            lots=[lot("gram", 100, holder="m-1"), lot("gram", 200, holder="m-2"), lot("gram", 33, holder="m-3")]
        )
        found = buy(rule, people=People(pool=pool), facts={"family": "f-1"}, grams_offered="100")
        # 30.03, 60.06 and 9.91: the odd one to m-3
        assert [(each.holder, each.left) for each in found.pool.lots] == [("m-1", 70), ("m-2", 140), ("m-3", 23)]

    def test_apart_the_balance_is_the_members_own(self) -> None:
        rules = 'earn "Rich" { on purchase  when balance of grams >= 150 grams  give 7 grams }'
        pool = State(lots=[lot("gram", 100, holder="m-1"), lot("gram", 200, holder="m-2")])
        assert buy(rules, people=People(pool=pool)).given() == {}
        found = buy(rules, people=People(pool=pool), customer="m-2")
        assert [(each.holder, each.left) for each in found.pool.lots][-1] == ("m-2", 7)

    def test_apart_debts_are_each_members_own(self) -> None:
        rules = """
unit salt, salts { held by household, apart   rounded down   lasts forever }
reward "Fee" { on visit  when milestone is 1  deduct 5 salts }
earn "Daily" { on visit  when milestone is 2  give 3 salts }
"""
        pool = State(lots=[lot("salt", 2, holder="m-1"), lot("salt", 9, holder="m-2")])
        found = visit(rules, people=People(pool=pool), facts={"family": "f"}, milestone=1)
        assert ([each.left for each in found.pool.lots], found.pool.debts) == ([9], {"salt m-1": 3})
        other = visit(rules, people=People(pool=found.pool), facts={"family": "f"}, milestone=2, customer="m-2")
        assert ([each.left for each in other.pool.lots], other.pool.debts) == ([9, 3], {"salt m-1": 3})
        own = visit(rules, people=People(pool=found.pool), facts={"family": "f"}, milestone=2)
        assert ([each.left for each in own.pool.lots], own.pool.debts) == ([9], {})

    def test_in_proportion_what_is_owed_does_not_count(self) -> None:
        rule = 'redeem "Pay" { on purchase  accept grams_offered, worth 1 GBP per 100 grams }'
        lots = [lot("gram", 100, holder="m-1"), lot("gram", 200, holder="m-2")]
        pool = State(lots=lots, debts={"gram m-2": 100})
        found = buy(rule, people=People(pool=pool), facts={"family": "f-1"}, grams_offered="300")
        assert found.paid() == [(200, 200)]
        assert [(each.holder, each.left) for each in found.pool.lots] == [("m-2", 100)]

    def test_limits_per_household(self) -> None:
        rules = 'earn "Welcome" { on visit  give 5 points  once per household }'
        first = visit(rules, facts={"family": "f-1"})
        assert first.given() == {"Welcome": 5}
        found = visit(rules, facts={"family": "f-1"}, people=People(pool=first.pool), customer="m-2")
        assert found.given() == {"Welcome": 0}


class TestPeople:
    """Awards to somebody else."""

    FRIEND = """earn "Bring a friend" {
      on visit  when has friend  give 500 points, to friend  at most 2 times per friend per calendar year
    }"""

    def test_the_friend_receives_it_and_the_limit_counts_there(self) -> None:
        state = State()
        for number, given in enumerate((500, 500, 0)):
            people = People(states={"m-9": state})
            found = visit(self.FRIEND, people=people, friend="m-9", id=f"e{number}")
            assert found.given() == {"Bring a friend": given}
            assert (found.left("point"), found.after.limits) == ([], {})
            state = found.others.get("m-9", state)
        assert [each.left for each in state.lots] == [1000]
        assert found.found.awards == (
            Award("Bring a friend", "point", 500, 0, cut_by=found.found.awards[0].cut_by, to="m-9"),
        )

    def test_nobody_named_and_nobody_passed_in(self) -> None:
        assert visit(self.FRIEND).fates["Bring a friend"].why == "condition"
        with pytest.raises(EventRefused, match="`friend` names `m-9`"):
            visit(self.FRIEND, friend="m-9")

    def test_units_of_a_household_stay_in_it(self) -> None:
        rule = 'earn "Share" { on visit  when has friend  give 5 grams, to friend }'

        def share(theirs: str | None) -> Scored:
            people = People({"m-9": {"family": theirs}}, {"m-9": State()})
            return visit(rule, people=people, facts={"family": "f-1"}, friend="m-9")

        assert [(each.holder, each.left) for each in share("f-1").pool.lots] == [("m-9", 5)]
        assert share("f-2").fates["Share"].why == "another household"
        assert share(None).fates["Share"].why == "another household"

    def test_who_names_themselves_simply_receives_it(self) -> None:
        found = visit(self.FRIEND, friend="m-1")
        assert (found.left("point"), [award.to for award in found.found.awards]) == ([500], [""])


# ---- awards ----


class TestAwards:
    """Splits, groups, loops and holdouts."""

    def test_split_into_with_the_rest(self) -> None:
        rule = 'earn "Split" { on purchase  give 5% of net, split into { cash: 40%  dream: the rest } }'
        found = buy(rule, ("a", "food", 1, "10.10"))  # 0.505 is 0.51: 0.204 is 0.20, 0.31 remain
        assert (found.left("cash"), found.left("dream")) == ([20], [31])

    def test_shares_that_come_to_all_lose_nothing(self) -> None:
        rule = 'earn "Split" { on purchase  give 5% of net, split into { cash: 50%  dream: 50% } }'
        found = buy(rule, ("a", "food", 1, "10.10"))  # 0.51: 0.255 is 0.26, 0.25 remain
        assert (found.left("cash"), found.left("dream")) == ([26], [25])

    def test_of_a_group_the_first_that_acts(self) -> None:
        rules = """
          group best { first per basket in order "Large", "Small" }
          earn "Small" { on purchase  give 1 point  competes in best }
          earn "Large" { on purchase  when net >= 20 GBP  give 5 points  competes in best }
        """
        assert buy(rules).given() == {"Small": 1}
        found = buy(rules, ("a", "food", 1, "20.00"))
        assert found.given() == {"Large": 5}
        fate = found.fates["Small"]
        assert (fate.why, fate.by, fate.group) == ("lost", "Large", "best")

    def test_an_ordered_group_sees_what_its_earlier_rules_took(self) -> None:
        rules = """
          group fees { all in order "First", "Second" }
          reward "First" { on visit  deduct 60 points  competes in fees }
          reward "Second" { on visit  when balance of points >= 60 points  deduct 60 points  competes in fees }
          reward "Rich" { on visit  when balance of points >= 100 points  give 1 coin }
        """
        found = visit(rules, lots=(lot("point", 100),))
        assert (found.fates["Second"].why, found.left("point")) == ("condition", [40])
        assert found.given() == {"Rich": 1}

    def test_a_turn_for_each_key_of_the_lines(self) -> None:
        rule = 'earn "Shops" { on purchase  for each shop of lines  give 1 point per full 1 GBP of net of each }'
        found = buy(
            rule,
            ("a", "food", 1, "1.60", {"shop": "B"}),
            ("b", "food", 1, "1.60"),
            ("c", "food", 1, "1.60", {"shop": "B"}),
        )
        assert [award.given for award in found.found.awards] == [1, 3]
        assert [award.weights for award in found.found.awards] == [(0, 160, 0), (160, 0, 160)]

    @pytest.mark.parametrize(("order", "first"), [("", "A"), (" highest first", "B")])
    def test_turns_in_the_order_of_the_keys(self, order: str, first: str) -> None:
        rule = f"""earn "Shops" {{
          on purchase  for each shop of lines, sorted by shop{order}  give 1 point per full 1 GBP of net of each
          at most 2 points per member per calendar year
        }}"""
        found = buy(rule, ("a", "food", 1, "2.00", {"shop": "B"}), ("b", "food", 1, "3.00", {"shop": "A"}))
        lines = {"A": (0, 300), "B": (200, 0)}
        assert [award.weights for award in found.found.awards if award.given] == [lines[first]]

    def test_a_debt_is_paid_by_what_ends_first_whatever_the_order_of_the_text(self) -> None:
        rules = [
            'earn "Short" { on visit  give 30 vouchers, lasting for 1 month }',
            'earn "Long" { on visit  give 30 vouchers }',
        ]
        for text in (rules, rules[::-1]):
            found = visit("\n".join(text), state=State(debts={"voucher": 4000}))
            assert [(each.left, each.source) for each in found.after.lots] == [(2000, "Long")]

    def test_members_held_out_take_nothing_and_it_is_known_what(self) -> None:
        rules = PAY + 'holdout members where member.staff, from "Pay"'
        found = buy(rules, lots=(lot("point", 500),), points_offered="200", facts={"staff": True})
        assert [(each.wanted, each.taken, each.held_out) for each in found.found.taken] == [(200, 0, True)]
        assert [(each.offered, each.value, each.held_out) for each in found.found.payments] == [(200, 0, True)]
        assert (found.left("point"), found.outcome.to_pay) == ([500], 1000)

    def test_a_code_sets_off_an_earn(self) -> None:
        rule = 'earn "Hello" { on purchase  with code "HI"  give 5 points  once per member }'
        found = buy(rule, codes=["hi", "ho"])
        assert found.given() == {"Hello": 5}
        assert [(code.rules, code.reason) for code in found.found.codes] == [(("Hello",), ""), ((), "unknown code")]
        assert buy(rule).fates["Hello"].why == "code not presented"
        again = buy(rule, state=found.after, codes=["HI"], id="e2")
        assert [code.reason for code in again.found.codes] == ["used up"]

    def test_a_limit_by_key(self) -> None:
        rule = """
earn "Shops" {
  on purchase
  for each shop of lines
  give 1 point per full 1 GBP of net of each
  at most 12 points per member per shop per calendar year
}"""
        first = buy(rule, ("a", "food", 1, "10.00"), ("b", "food", 1, "5.00", {"shop": "B"}))
        assert [award.given for award in first.found.awards] == [10, 5]
        found = buy(
            rule, ("a", "food", 1, "10.00"), ("b", "food", 1, "5.00", {"shop": "B"}), state=first.after, id="e2"
        )
        assert [award.given for award in found.found.awards] == [2, 5]

    def test_a_limit_per_line(self) -> None:
        rule = 'earn "Base" { on purchase  give 1 point per 1 GBP of net  at most 8 points per line }'
        assert buy(rule, ("a", "food", 1, "10.00"), ("b", "food", 1, "5.00")).given() == {"Base": 13}


def test_guests_own_nothing() -> None:
    rules = PAY + 'earn "Base" { on purchase  give 1 point per 1 GBP of paid }'
    found = buy_as_guest(rules)
    assert found == {"Pay": "no member", "Base": "no member"}


def buy_as_guest(rules: str) -> dict[str, str]:
    """Why the rules do not act on a guest's purchase."""
    core = core_of(rules, "")
    event = decode(
        {"event": "purchase", "id": "e1", "at": "2027-03-01", "codes": [], "post_vat": "0", "lines": []}, core
    )
    assert not isinstance(event, tuple)
    trace = Trace()
    found = Reference(core).traced(event, {}, State(), trace)
    assert (found.payments, found.taken, found.pool) == ((), (), ())
    return {fate.rule.title: fate.why for fate in trace.rules}


# ---- everything together ----

EVERYTHING = """
redeem "Coins" { on purchase  accept coins_offered, in steps of 7 coins, worth 1 GBP per 30 coins, up to 50% of net }
redeem "Pay" { on purchase  accept points_offered, worth 1 GBP per 100 points, never beyond }
redeem "Miles" { on purchase  accept miles_offered, worth 1 GBP per 10 miles }
redeem "Grams" {
  on purchase  accept grams_offered, worth 1 GBP per 10 grams  at most 40 grams per member per calendar month
}
item offer "Free toy" { on purchase  with 1 ticket  take 100% of current off each line where kind is toy }
earn "Base" as base { on purchase  give 3 points per 1 GBP of paid  at most 900 points per member per calendar month }
earn "Coins back" { on purchase  give 1 coin per 2 GBP of net, pending until 3 days after at }
earn "Pots" { on purchase  give 2 miles per 1 GBP of net }
earn "Own pots" { on purchase  give 2 grams per 1 GBP of net }
earn "Friend" {
  on purchase  when has friend  give 5 points, to friend  at most 20 points per friend per calendar month
}
reward "Fee" { on visit  deduct 30 coins  competes in fees }
reward "Swap" { on visit  turn every full 200 points into 1 ticket  competes in fees }
reward "Spend" { on visit  when has asked  deduct asked  competes in fees }
group fees { all in order "Fee", "Swap", "Spend" }
"""


def anything(random: Random, number: int, member: str, other: str) -> dict[str, Any]:
    """Some purchase or visit of a member, who may name another."""
    month, at = divmod(number, 34)
    date = f"2027-{1 + month:02d}-{1 + at * 28 // 34:02d}"
    raw: dict[str, Any] = {"at": date, "id": f"e{number}", "customer": member}
    if random.random() < 0.3:
        return {**raw, "event": "visit", "milestone": 0, "asked": random.choice([None, "3", "80"])}
    lines = [
        (
            f"l{at}",
            random.choice(["food", "toy"]),
            random.randint(1, 4),
            f"{random.randint(1, 90)}.{random.randint(10, 99)}",
        )
        for at in range(random.randint(0, 4))
    ]
    units = ("points", "coins", "miles", "grams")
    raw |= {f"{unit}_offered": random.choice([None, "0", "5", "60", "700"]) for unit in units}
    raw |= {"shown": random.choice([None, "1", "2"]), "friend": random.choice([None, other])}
    return {**raw, **(purchase(*lines) if lines else {**purchase(), "lines": []})}


def outstanding(unit: str, owners: tuple[State, ...]) -> int:
    """What all owners have of a unit, less what they owe."""
    held = sum(each.left for state in owners for each in state.lots if each.unit == unit)
    owed = sum(count for state in owners for name, count in state.debts.items() if name.split(" ")[0] == unit)
    return held - owed


def test_lots_and_debts_always_add_up() -> None:
    """Given - taken = outstanding - owed, for every unit, whatever comes; lots are never empty or negative."""
    core = core_of(EVERYTHING, 'stacking { tender: all in order "Coins", "Pay", "Miles", "Grams" }')
    random = Random(20270301)
    states = {member: State() for member in ("m-1", "m-2")}
    pool, moved, acted = State(), dict.fromkeys(("point", "coin", "mile", "gram", "ticket"), 0), set[str]()
    for number in range(400):
        member, other = random.sample(["m-1", "m-2"], 2)
        raw, people = anything(random, number, member, other), People({}, {other: states[other]}, pool)
        found = score(core, raw, (), state=states[member], facts={"family": "f"}, people=people)
        states[member], pool = found.after, found.pool
        states[other] = found.others.get(other, states[other])
        for award in found.found.awards:
            moved[award.unit] += award.given
        for each in found.found.taken:
            moved[each.unit] -= each.taken
            assert each.taken == sum(count for _, count in each.lots) or each.unit == "coin"
        acted |= {rule for counts in (found.given(), found.taken()) for rule, count in counts.items() if count}
        owners = (*states.values(), pool)
        assert all(each.left > 0 for state in owners for each in state.lots)
        assert moved == {unit: outstanding(unit, owners) for unit in moved}, number
        assert found.outcome.to_pay is None or found.outcome.to_pay >= 0
    assert len(acted) == 13
