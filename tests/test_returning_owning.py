"""Returns of earns, rewards and redeems: worked by hand, and refused where they cannot be.

Every program is a text that is checked; laws over random programs stand in `tests/test_returning_laws.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from textwrap import dedent
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from rules_engine import EventRefused, Program, ProgramRefused, Source, load
from rules_engine.calendar import parse_date
from rules_engine.outcome import Outcome
from rules_engine.returns import PaidBack, Return, Shortfall, UnitsRestored
from rules_engine.state import AMOUNT_MAX, Lot, LotAdded, LotRestored, LotTaken, State, TrackMoved

TEXT = """
language 1
program "Till" {{
  currency GBP, rounded half up   split in proportion, odd pennies to the largest remainder   {header}
}}
unit point, points {{ rounded down   lasts {lasts}   use oldest first   {unit} }}
event sale dated by day of customer identified by receipt returnable {{
  receipt: text   customer: member{guest}   day: date   offered: points? up to 1_000_000
  lines 0 to 9 {{
    sku: text as id   kind: food | toy   pieces: count up to 99 as quantity   price: money up to 999 GBP as list each
  }}
}}
event spent dated by day of customer identified by receipt {{
  receipt: text   customer: member   day: date   amount: points up to 1_000_000
}}
reward "Spent" {{ on spent   deduct amount }}
{rules}
"""
POINTS = 'earn "Points" { on sale   give 1 point per 1 GBP of net   on return POLICY }'
PAY = 'redeem "Pay" { on sale   accept offered, worth 1 GBP per 100 points   on return POLICY }'


def till(*rules: str, policy: str = "by share, shortfall off balance", header: str = "", unit: str = "",
         lasts: str = "forever", guest: str = "") -> Program:  # fmt: skip
    """A program of a shop with points."""
    pay = policy.partition(",")[0].replace("work out again", "by share")
    said = "\n".join(dedent(rule).replace("POLICY", pay if rule.startswith("redeem") else policy) for rule in rules)
    return load([Source("till.rules", TEXT.format(rules=said, header=header, unit=unit, lasts=lasts, guest=guest))])


def sale(
    *lines: tuple[str, int, str], day: str = "2027-03-01", offered: int | None = None, **more: Any
) -> dict[str, Any]:
    rows = [{"sku": sku, "kind": "toy", "pieces": pieces, "price": price} for sku, pieces, price in lines]
    points = None if offered is None else str(offered)
    return {"event": "sale", "receipt": "S-1", "customer": "m", "day": day, "offered": points, "lines": rows, **more}


def spent(points: int, day: str = "2027-03-02") -> dict[str, Any]:
    return {"event": "spent", "receipt": "X-1", "customer": "m", "day": day, "amount": str(points)}


class Member:
    """One member: what they did, and their state."""

    def __init__(self, program: Program, state: State | None = None) -> None:
        self.program = program
        self.state = State() if state is None else state
        self.sold: tuple[Any, Outcome] | None = None
        self.returns: list[Return] = []

    def do(self, event: Mapping[str, Any]) -> Outcome:
        found = self.program.score(event, None, self.state)
        self.state = self.program.apply(self.state, found)
        if event["event"] == "sale":
            self.sold, self.returns = (event, found), []
        return found

    def back(self, pieces: Mapping[Any, int], on: str = "2027-03-10") -> Return:
        assert self.sold is not None
        event, found = self.sold
        back = self.program.give_back(event, found, pieces, earlier=self.returns, state=self.state, on=on)
        self.returns.append(back)
        self.state = self.program.apply(self.state, back)
        return back

    @property
    def balance(self) -> int:
        """All points, less what is owed."""
        return sum(lot.left for lot in self.state.lots) - self.state.debts.get("point", 0)


THREE = sale(("mug", 3, "33.33"), ("pot", 1, "50.00"))
"""149.99: 149 points, of which the mugs carry 99.33 and the pot 49.67: 99 and 50."""


def units(back: Return) -> list[tuple[str, int]]:
    return [(each.rule, each.amount) for each in back.units]


# ---- awards ----


def test_an_award_comes_back_by_share_of_what_is_returned() -> None:
    one = Member(till(POINTS))
    sold = one.do(THREE)
    assert [(award.given, one.program.parts(THREE, award)) for award in sold.awards] == [(149, [99, 50])]
    assert [units(one.back({"mug": 1})) for _ in range(3)] == [[("Points", 33)]] * 3
    last = one.back({"pot": 1})
    assert (units(last), last.refund) == ([("Points", 50)], 50_00)
    assert (one.state.lots, one.state.debts) == ([], {})


def test_odd_units_go_with_the_first_pieces() -> None:
    one = Member(till(POINTS))
    one.do(sale(("mug", 3, "33.50")))
    assert [units(one.back({"mug": 1})) for _ in range(3)] == [[("Points", 34)], [("Points", 33)], [("Points", 33)]]


def test_an_award_without_lines_goes_by_the_money() -> None:
    one = Member(till('earn "Hello" { on sale   give 100 points   on return POLICY }'))
    one.do(THREE)
    assert [units(one.back({"mug": 1})) for _ in range(3)] == [[("Hello", 22)]] * 2 + [[("Hello", 22)]]
    assert units(one.back({"pot": 1})) == [("Hello", 34)]


def test_what_is_kept_stays() -> None:
    one = Member(till(POINTS, policy="keep"))
    one.do(THREE)
    assert units(one.back({"mug": 3, "pot": 1})) == []
    assert one.balance == 149


STEPS = 'earn "Steps" { on sale   give 10 points per full 50 GBP of net   on return POLICY }'


def test_worked_out_again_an_award_is_that_of_what_is_kept() -> None:
    """95 and 15 make 110: 20 points. The coat alone makes 10; 100 alone still make 20."""
    one = Member(till(STEPS, policy="work out again, shortfall off balance"))
    one.do(sale(("coat", 1, "95.00"), ("belt", 1, "15.00")))
    assert units(one.back({"belt": 1})) == [("Steps", 10)]
    assert units(one.back({"coat": 1})) == [("Steps", 10)]
    one.do(sale(("coat", 1, "100.00"), ("belt", 1, "10.00"), receipt="S-2"))
    assert units(one.back({"belt": 1})) == []


def test_worked_out_again_a_rule_may_give_more() -> None:
    """Small baskets earn double. What it gives more is a lot as of the event."""
    rule = (
        'earn "Small" { on sale   give by net { from 0 GBP: 50 points   from 100 GBP: 20 points }   on return POLICY }'
    )
    one = Member(till(rule, policy="work out again, shortfall off balance"))
    one.do(sale(("coat", 1, "95.00"), ("belt", 1, "15.00")))
    back = one.back({"belt": 1})
    assert units(back) == [("Small", -30)]
    assert back.changes[-1] == LotAdded(Lot("point", 30, 20878, None, None, "Small"))
    assert one.balance == 50
    assert units(one.back({"coat": 1})) == [("Small", 50)]
    assert one.balance == 0


def test_what_was_worked_out_again_frees_its_limits() -> None:
    """150 points a month: 110 are earned, 10 come back, so 50 are left."""
    rule = POINTS.replace("on return", "at most 150 points per member per calendar month   on return")
    one = Member(till(rule, policy="work out again, shortfall off balance"))
    one.do(sale(("coat", 1, "100.00"), ("belt", 1, "10.00")))
    one.back({"belt": 1})
    assert one.do(sale(("sofa", 1, "900.00"), receipt="S-2", day="2027-03-20")).awards[0].given == 50
    other = Member(till(rule))
    other.do(sale(("coat", 1, "100.00"), ("belt", 1, "10.00")))
    other.back({"belt": 1})
    assert other.do(sale(("sofa", 1, "900.00"), receipt="S-2", day="2027-03-20")).awards[0].given == 40


# ---- what was spent already ----


def with_rest(
    policy: str, *rules: str, unit: str = "", header: str = "", spend: int = 100, before: int = 0
) -> tuple[Member, Return]:
    """149 points are earned, some are spent, then everything comes back."""
    one = Member(till(POINTS, *rules, policy=policy, unit=unit, header=header))
    if before:
        one.do(sale(("old", 1, f"{before}.00"), receipt="S-0", day="2027-02-01"))
    one.do(THREE)
    one.do(spent(spend))
    return one, one.back({"mug": 3, "pot": 1})


def test_spent_points_become_a_debt() -> None:
    one, back = with_rest("by share, shortfall off balance")
    [taken] = back.units
    assert (taken.amount, taken.taken, taken.shortfall, taken.missing, taken.money) == (149, 49, "off balance", 100, 0)
    assert (back.refund, one.state.debts, one.balance) == (149_99, {"point": 100}, -100)
    assert one.do(sale(("mug", 1, "120.00"), receipt="S-2", day="2027-04-01")).awards[0].given == 120
    assert (one.state.debts, one.balance) == ({}, 20)


def test_spent_points_lower_the_refund_at_what_they_are_worth() -> None:
    one, back = with_rest("by share, shortfall off refund", PAY)
    [taken] = back.units
    assert (taken.taken, taken.missing, taken.money) == (49, 100, 1_00)
    assert (back.refund, one.state.debts, one.state.lots) == (148_99, {}, [])


def test_spent_points_are_forgiven() -> None:
    one, back = with_rest("by share, shortfall forgiven")
    [taken] = back.units
    assert (taken.taken, taken.missing, taken.forgiven, taken.shortfall) == (49, 0, 100, "forgiven")
    assert (back.refund, one.state.debts, one.state.lots) == (149_99, {}, [])


def test_other_lots_are_taken_before_anything_is_missing() -> None:
    """60 older points are used first by the spending; the award's own lot goes first on the return."""
    one, back = with_rest("by share, shortfall off balance", spend=100, before=120)
    assert [each.taken for each in back.units] == [149]
    assert [(each.lot.earned, each.count) for each in back.changes if isinstance(each, LotTaken)] == [(20878, 149)]
    assert one.balance == 20
    two, back = with_rest("by share, shortfall off balance", spend=200, before=120)
    assert [(each.taken, each.missing) for each in back.units] == [(69, 80)]
    assert two.balance == -80


def test_a_least_balance_holds_for_returns_too() -> None:
    one, back = with_rest("by share, shortfall off balance", unit="balance at least 0")
    assert [(each.taken, each.missing, each.forgiven) for each in back.units] == [(49, 0, 100)]
    assert one.state.debts == {}


def test_what_an_award_paid_off_is_owed_again() -> None:
    """30 were owed; the award of 149 paid them. Coming back, it leaves things as they were, whatever the shortfall."""
    for shortfall in ("off balance", "forgiven"):
        one = Member(till(POINTS, policy=f"by share, shortfall {shortfall}"))
        one.do(spent(30, "2027-02-01"))
        before = one.state.debts
        assert before == {"point": 30}
        one.do(THREE)
        assert (one.state.debts, one.balance) == ({}, 119)
        one.back({"mug": 3})
        assert (one.state.debts, one.balance) == ({}, 20)
        back = one.back({"pot": 1})
        assert (one.state.debts, one.state.lots) == ({"point": 30}, [])
        assert [(each.taken, each.owed) for each in back.units] == [(20, 30)]


def test_missing_units_that_a_refund_cannot_carry_lower_the_next_one() -> None:
    """The free gift card's 500 points are spent: 5.00 is missing of a refund of 3.00."""
    rule = 'earn "Gift" { on sale   when net >= 20 GBP   give 500 points   on return POLICY }'
    one = Member(till(rule, PAY, policy="work out again, shortfall off refund"))
    one.do(sale(("pen", 1, "3.00"), ("pot", 1, "18.00")))
    one.do(spent(500))
    first = one.back({"pen": 1})
    assert (first.refund, first.shortfalls) == (0, (Shortfall("off refund", 2_00),))
    second = one.back({"pot": 1})
    assert (second.refund, second.shortfalls) == (16_00, (Shortfall("off refund", -2_00),))


def test_pending_points_go_before_they_are_released() -> None:
    rule = POINTS.replace("of net", "of net, pending until 30 days after day")
    one = Member(till(rule))
    one.do(THREE)
    back = one.back({"mug": 2})
    assert [(each.amount, each.taken, each.missing) for each in back.units] == [(66, 66, 0)]
    [lot] = one.state.lots
    assert (lot.left, lot.pending) == (83, parse_date("2027-03-31"))


def test_other_pending_points_are_left_alone() -> None:
    rule = POINTS.replace("of net", "of net, pending until 30 days after day")
    one = Member(till(rule))
    one.do(THREE)
    one.do(spent(0, "2027-04-15"))
    one.do(spent(149, "2027-04-16"))
    found = one.sold
    one.do(sale(("sofa", 1, "300.00"), receipt="S-2", day="2027-04-20"))
    one.sold = found
    back = one.back({"pot": 1}, "2027-04-21")
    assert [(each.taken, each.missing) for each in back.units] == [(0, 50)]
    assert (one.state.debts, [lot.left for lot in one.state.lots]) == ({"point": 50}, [300])


def test_other_points_go_where_its_own_are_spent() -> None:
    """49 of 149 are left of the lot; the other hundred come from a later one before any is missing."""
    one = Member(till(POINTS, policy="by share, shortfall forgiven"))
    one.do(THREE)
    one.do(spent(100))
    found = one.sold
    one.do(sale(("sofa", 1, "300.00"), receipt="S-2", day="2027-03-03"))
    one.sold = found
    back = one.back({"mug": 3, "pot": 1})
    assert [(each.taken, each.missing, each.forgiven) for each in back.units] == [(149, 0, 0)]
    assert [lot.left for lot in one.state.lots] == [200]


def test_what_has_lapsed_is_not_owed() -> None:
    one = Member(till(POINTS, lasts="for 30 days"))
    one.do(THREE)
    one.do(spent(100))
    back = one.back({"mug": 3, "pot": 1}, "2027-05-01")
    assert [(each.amount, each.taken, each.missing, each.forgiven) for each in back.units] == [(149, 0, 0, 149)]
    assert one.state.debts == {}


# ---- payments ----


def test_points_and_money_come_back_as_they_were_paid() -> None:
    """500 points pay 5.00 of 20.00, on three mugs at 5 and a pot at 5: 3.75 and 1.25. A mug is worth 5.00, of which
    1.25 was paid with 125 points."""
    one = Member(till(POINTS, PAY))
    one.do(sale(("old", 1, "800.00"), receipt="S-0", day="2027-02-01"))
    sold = one.do(sale(("mug", 3, "5.00"), ("pot", 1, "5.00"), offered=500))
    assert [(each.value, each.parts) for each in sold.payments] == [(5_00, (3_75, 1_25, 0, 0))]
    assert [award.given for award in sold.awards] == [20]
    back = one.back({"mug": 1})
    assert (back.refund, back.paid) == (3_75, (PaidBack(0, "Pay", 1_25),))
    assert back.restored == (UnitsRestored(0, "Pay", "point", "accept", 125, 0),)
    assert units(back) == [("Points", 5)]
    rest = one.back({"mug": 2, "pot": 1})
    assert (rest.refund, rest.paid[0].value, rest.restored[0].amount) == (11_25, 3_75, 375)
    assert [(lot.earned, lot.left) for lot in one.state.lots] == [(parse_date("2027-02-01"), 800)]


def test_no_more_points_come_back_than_money() -> None:
    """50 off 300, worked out again, all of it paid with points: the scarf that is kept costs 101, 149 of the 250
    come back, though 165.83 were paid for the shirt."""
    less = """basket offer "Less 50" {
      on sale   automatic   when list >= 300 GBP   take 50 GBP off the total of lines
      on return work out again, shortfall off refund
    }"""
    one = Member(till(less, PAY), State(lots=[Lot("point", 30_000, 20_000, None, None, "Old")]))
    one.do(sale(("shirt", 1, "199.00"), ("scarf", 1, "101.00"), offered=30_000))
    assert one.balance == 5_000
    first = one.back({"shirt": 1})
    assert (first.refund, first.paid[0].value, first.restored[0].amount, first.shortfalls) == (0, 149_00, 14_900, ())
    assert one.back({"scarf": 1}).restored[0].amount == 10_100


def test_points_come_back_into_the_lots_they_left_the_last_used_first() -> None:
    one = Member(till(POINTS, PAY, lasts="for 1 year"))
    one.do(sale(("a", 1, "300.00"), receipt="A", day="2027-01-01"))
    one.do(sale(("b", 1, "300.00"), receipt="B", day="2027-02-01"))
    one.do(sale(("mug", 2, "2.50"), offered=500))
    back = one.back({"mug": 1})
    assert [(each.lot.earned, each.lot.left) for each in back.changes if isinstance(each, LotRestored)] == [
        (parse_date("2027-02-01"), 200), (parse_date("2027-01-01"), 50)
    ]  # fmt: skip
    assert back.refund == 0


def test_points_whose_day_has_passed_come_back_lapsed() -> None:
    one = Member(till(POINTS, PAY, lasts="for 90 days"))
    one.do(sale(("a", 1, "300.00"), receipt="A", day="2027-01-01"))
    one.do(sale(("mug", 1, "9.00"), offered=300))
    back = one.back({"mug": 1}, "2027-05-01")
    assert back.restored == (UnitsRestored(0, "Pay", "point", "accept", 300, 300),)
    assert (back.refund, one.state.lots) == (6_00, [])


def test_a_payment_that_is_kept_is_neither_refunded_nor_restored() -> None:
    one = Member(till(POINTS, PAY, policy="keep"))
    one.do(sale(("a", 1, "300.00"), receipt="A", day="2027-01-01"))
    one.do(sale(("mug", 1, "9.00"), offered=300))
    back = one.back({"mug": 1})
    assert (back.refund, back.restored, back.paid[0].value, one.balance) == (6_00, (), 3_00, 9)


def test_a_deduct_goes_back_and_what_was_owed_for_it() -> None:
    rule = 'reward "Deposit" { on sale   deduct 100 points   on return POLICY }'
    one = Member(till(rule, POINTS.replace("of net", "of net of lines where kind is food")))
    sold = one.do(sale(("mug", 2, "10.00")))
    assert [(each.taken, each.lots) for each in sold.taken] == [(100, ())]
    assert one.state.debts == {"point": 100}
    assert [(each.amount, each.lost) for each in one.back({"mug": 1}).restored] == [(50, 0)]
    one.back({"mug": 1})
    assert (one.state.debts, one.state.lots) == ({}, [])


def test_a_deduct_whose_debt_was_paid_since_is_a_new_lot() -> None:
    rule = 'reward "Deposit" { on sale   when net < 50 GBP   deduct 100 points   on return POLICY }'
    one = Member(till(rule, POINTS.replace("of net", "of net of lines where pieces > 5")))
    one.do(sale(("mug", 2, "10.00")))
    found = one.sold
    one.do(sale(("mug", 6, "50.00"), receipt="S-2", day="2027-03-05"))
    one.sold = found
    one.back({"mug": 2})
    assert (one.state.debts, one.balance) == ({}, 300)


# ---- tracks ----

TRACKS = """
track spend = sum of net, on sale, per calendar year
track orders = count, on sale, per 30 days
track earned = sum of given points, per lifetime
track paid_with = sum of used points, per lifetime
track by_sku = sum of net of lines by sku up to 9 keys, on sale, per calendar year
"""


def test_tracks_go_down_by_what_the_returned_pieces_added() -> None:
    one = Member(till(TRACKS,
                      POINTS, PAY))  # fmt: skip
    one.do(sale(("old", 1, "800.00"), receipt="S-0", day="2027-02-01"))
    before = one.state
    one.do(sale(("mug", 3, "5.00"), ("pot", 1, "5.00"), offered=500))
    one.back({"mug": 1})
    year = parse_date("2027-01-01")
    assert one.state.tracks["spend"] == {year: 815_00}
    assert one.state.tracks["earned"] == {0: 815}
    assert one.state.tracks["paid_with"] == {0: 375}
    assert one.state.keyed["by_sku"] == {year: {"old": 800_00, "mug": 10_00, "pot": 5_00}}
    assert one.state.tracks["orders"][parse_date("2027-03-01")] == 1
    one.back({"mug": 2, "pot": 1})
    assert {name: {at: n for at, n in found.items() if n} for name, found in one.state.tracks.items()} == {
        **before.tracks, "paid_with": {}
    }  # fmt: skip
    assert one.state.keyed == before.keyed


def test_a_settled_occurrence_stays_and_the_current_one_goes_down() -> None:
    settled = """
    track spend = sum of net, on sale, per calendar month
    reward "Month" { on end of calendar month   give 1 point per 10 GBP of spend }
    """
    one = Member(till(settled))
    one.do(THREE)
    for event in one.program.due_events("m", None, one.state, parse_date("2027-04-02")):
        one.state = one.program.apply(one.state, one.program.outcome(event, {}, one.state))
    found = one.sold
    one.do(sale(("sofa", 1, "300.00"), receipt="S-2", day="2027-04-05"))
    one.sold = found
    back = one.back({"mug": 1}, "2027-04-10")
    april = parse_date("2027-04-01")
    assert back.changes == (TrackMoved("spend", april, 300_00, 266_67),)
    assert back.tracks[0].occurrence == parse_date("2027-03-01")
    assert one.state.tracks["spend"][april] == 266_67
    one.back({"pot": 1}, "2027-04-10")
    assert one.state.tracks["spend"][april] == 216_67


def test_a_key_of_the_current_occurrence_stays_when_a_settled_one_comes_back() -> None:
    """A key goes with the event that brought it, and only in the occurrence to which it was brought."""
    settled = """
    track by_sku = sum of net of lines by sku up to 9 keys, on sale, per calendar month
    reward "Month" { on end of calendar month   give 1 point per 10 GBP of sum of by_sku }
    """
    one = Member(till(settled))
    one.do(sale(("mug", 1, "30.00")))
    for event in one.program.due_events("m", None, one.state, parse_date("2027-04-02")):
        one.state = one.program.apply(one.state, one.program.outcome(event, {}, one.state))
    found = one.sold
    one.do(sale(("mug", 1, "30.00"), receipt="S-2", day="2027-04-05"))
    one.sold = found
    one.back({"mug": 1}, "2027-04-10")
    assert one.state.keyed["by_sku"][parse_date("2027-04-01")] == {"mug": 0}


def test_an_unsettled_occurrence_goes_down_although_time_has_moved_on() -> None:
    settled = """
    track spend = sum of net, on sale, per calendar month
    reward "Month" { on end of calendar month, settled after 15 days   give 1 point per 10 GBP of spend }
    """
    one = Member(till(settled))
    one.do(THREE)
    assert one.back({"mug": 3}, "2027-04-10").changes == (TrackMoved("spend", parse_date("2027-03-01"), 149_99, 50_00),)
    [event] = one.program.due_events("m", None, one.state, parse_date("2027-04-20"))
    assert one.program.outcome(event, {}, one.state).totals == {"point": 5}


def test_a_track_does_not_fall_below_nothing() -> None:
    settled = """
    track spend = sum of net, on sale, per calendar month
    reward "Month" { on end of calendar month   give 1 point per 10 GBP of spend }
    """
    one = Member(till(settled))
    one.do(THREE)
    for event in one.program.due_events("m", None, one.state, parse_date("2027-04-02")):
        one.state = one.program.apply(one.state, one.program.outcome(event, {}, one.state))
    assert one.back({"mug": 1}, "2027-04-10").changes == ()


def test_a_moving_window_has_lost_what_it_left_behind() -> None:
    rule = 'earn "X" { on sale   when lately > 0 GBP   give 1 point   on return keep }'
    one = Member(till("track lately = sum of net, on sale, per 30 days", rule))
    one.do(THREE)
    found = one.sold
    one.do(sale(("sofa", 1, "300.00"), receipt="S-2", day="2027-06-05"))
    one.sold = found
    assert one.back({"mug": 1}, "2027-06-10").changes == ()


def test_marks_stay_fired() -> None:
    rule = """
    track spend = sum of net, on sale, per calendar year
    reward "Hundred" { on sale   when spend reaches 100 GBP   give 50 points   on return keep }
    """
    one = Member(till(rule))
    assert one.do(THREE).totals == {"point": 50}
    one.back({"mug": 3, "pot": 1})
    assert one.state.tracks["spend"] == {parse_date("2027-01-01"): 0}
    assert one.do(THREE | {"receipt": "S-2", "day": "2027-03-20"}).totals == {}


# ---- refusals ----


def refused(program: Program, *arguments: Any, **more: Any) -> list[str]:
    with pytest.raises(EventRefused) as reason:
        program.give_back(*arguments, **more)
    return [fault.code for fault in reason.value.faults]


def test_what_a_return_needs_is_asked_for() -> None:
    program = till(POINTS, guest="?")
    sold = program.score(THREE)
    state = program.apply(None, sold)
    assert refused(program, THREE, sold, {"mug": 1}) == ["V179"]
    assert refused(program, THREE, sold, {"mug": 1}, state=state) == ["V179"]
    assert refused(program, THREE, sold, {"mug": 1}, on="2027-03-02") == ["V179"]
    assert refused(program, THREE, sold, {"mug": 1}, state=state, on="2027-02-28") == ["V180"]
    assert refused(program, THREE, sold, {"mug": 1}, state=State(), on="2027-03-02") == ["V181"]
    assert refused(program, THREE, sold, {"mug": 1}, state=State(day=20000), on="2027-03-02") == ["V181"]
    guest = THREE | {"customer": None}
    assert program.give_back(guest, program.score(guest), {"mug": 1}).refund == 33_33


def test_a_return_of_something_else_is_refused_and_changes_nothing() -> None:
    program = till(POINTS)
    sold = program.score(THREE)
    state = program.apply(None, sold)
    before = state.to_json()
    now: dict[str, Any] = {"state": state, "on": "2027-03-02"}
    everything: dict[str | int, int] = {"mug": 3, "pot": 1}
    other = till(POINTS, STEPS)
    assert refused(other, THREE, sold, everything, **now) == ["V171"]
    assert refused(program, THREE | {"receipt": "S-9"}, sold, everything, **now) == ["V175"]
    assert refused(program, THREE | {"customer": "n"}, sold, everything, **now) == ["V175"]
    assert refused(program, THREE, sold, {"mug": 4}, **now) == ["V173"]
    done = program.give_back(THREE, sold, everything, **now)
    assert refused(program, THREE, sold, {"mug": 1}, earlier=[done], **now) == ["V173"]
    assert refused(program, THREE, sold, {"pan": 1}, **now) == ["V172"]
    assert refused(program, THREE, sold, {"mug": 1}, state={"version": 9}, on="2027-03-02") == ["V130"]
    assert state.to_json() == before


def test_a_record_that_was_tampered_with_is_refused() -> None:
    one = Member(till(POINTS, PAY))
    one.do(sale(("old", 1, "800.00"), receipt="S-0", day="2027-02-01"))
    one.do(sale(("mug", 3, "5.00"), offered=500))
    assert one.sold is not None
    event, sold = one.sold
    now: dict[str, Any] = {"state": one.state, "on": "2027-03-02"}
    lot = sold.taken[0].lots[0][0]
    wrong: list[dict[str, Any]] = [
        {"awards": (replace(sold.awards[0], unit="star"),)},
        {"awards": (replace(sold.awards[0], weights=(1, 2)),)},
        {"awards": (replace(sold.awards[0], given=-1),)},
        {"payments": (replace(sold.payments[0], parts=(500, 0)),)},
        {"payments": (replace(sold.payments[0], value=499),)},
        {"taken": (replace(sold.taken[0], lots=((lot, 501),)),)},
        {"taken": (replace(sold.taken[0], lots=((lot, 0),)),)},
    ]
    for part in wrong:
        assert refused(one.program, event, replace(sold, **part), {"mug": 1}, **now) == ["V175"], part
    assert refused(one.program, event, sold.to_json()[:-40], {"mug": 1}, **now) == ["V177"]


def test_a_return_is_applied_to_the_state_it_was_made_for() -> None:
    one = Member(till(POINTS))
    one.do(THREE)
    back = one.back({"mug": 3, "pot": 1})
    with pytest.raises(ValueError, match=r"."):
        one.program.apply(one.state, back)


def test_units_without_worth_cannot_be_taken_off_a_refund() -> None:
    """Two redeems at two rates: the program does not check, so no return has to be refused."""
    two = 'redeem "More" { on sale   when net > 500 GBP   accept offered, worth 2 GBP per 100 points   on return keep }'
    order = 'stacking { tender: all in order "Pay", "More" }'
    with pytest.raises(ProgramRefused, match="worth") as refusal:
        with_rest("by share, shortfall off refund", PAY, two, header=order)
    assert [found.code for found in refusal.value.diagnostics] == ["M285"]


def test_records_may_be_stored_and_read_back() -> None:
    one = Member(till(TRACKS, POINTS, PAY))
    one.do(sale(("old", 1, "800.00"), receipt="S-0", day="2027-02-01"))
    sold = one.do(sale(("mug", 3, "5.00"), ("pot", 1, "5.00"), offered=500))
    event = one.sold[0] if one.sold else {}
    forms: tuple[Callable[[Any], Any], ...] = (
        lambda each: each, lambda each: each.to_json(), lambda each: orjson.loads(each.to_json())
    )  # fmt: skip
    steps: list[dict[str | int, int]] = [{"mug": 1}, {"pot": 1}, {"mug": 2}]
    states = [one.state]
    for form in forms:
        state, earlier = states[0], list[Any]()
        for step in steps:
            stored = one.program.state(orjson.loads(state.to_json()))
            back = one.program.give_back(event, form(sold), step, earlier=earlier, state=stored, on="2027-03-10")
            state = one.program.apply(state, back)
            earlier.append(form(back))
        states.append(state)
    assert states[1] == states[2] == states[3]


# ---- rules that are worked out again beside redeems ----

AGAIN = (
    'earn "Points" { on sale   give 1 point per full 1 GBP of paid   on return work out again, shortfall off balance }'
)


def test_what_is_worked_out_again_has_been_paid_as_redeems_paid_it() -> None:
    """Beans for 4.00 and ham for 16.00, 5.00 of it in points: 15 points for 15.00 paid in money. The ham comes back
    with 4.00 of the points; the beans were paid with 3.00 and 1.00, which are 3 points, not a redeem of 4.00 anew."""
    one = Member(till(AGAIN, PAY), State(lots=[Lot("point", 500, 20_000, None, None, "Old")]))
    sold = one.do(sale(("beans", 2, "2.00"), ("ham", 1, "16.00"), offered=500))
    assert (sold.totals, sold.payments[0].parts) == ({"point": 15}, (100, 400, 0, 0))
    back = one.back({"ham": 1})
    assert (back.refund, back.paid[0].value, units(back)) == (12_00, 4_00, [("Points", 12)])
    assert one.balance == 400 + 3
    one.back({"beans": 2})
    assert one.balance == 500


def test_a_full_return_leaves_the_state_as_it_was() -> None:
    """Lots that were used up stand where they stood, among others of their day and of other units."""
    lots = [
        Lot("point", 50, 20_000, None, None, "A"), Lot("point", 60, 20_000, None, None, "B"),
        Lot("point", 9, 20_001, None, None, "A"),
    ]  # fmt: skip
    program = till(PAY)
    one = Member(program, State(lots=list(lots)))
    one.do(sale(("mug", 1, "1.00"), ("pot", 1, "0.15"), offered=115))
    assert [lot.left for lot in one.state.lots] == [4]
    one.back({"pot": 1})
    one.back({"mug": 1})
    assert one.state.lots == lots


def test_a_return_beyond_what_can_be_owed_or_held_is_refused() -> None:
    """Points that were spent are owed again, or come back to somebody who has as many as there can be."""
    one = Member(till(POINTS))
    one.do(sale(("mug", 1, "50.00")))
    one.do({**spent(50)})
    one.sold, one.state.debts = (sale(("mug", 1, "50.00")), one.program.score(sale(("mug", 1, "50.00")), None)), {}
    one.state.debts["point"] = AMOUNT_MAX - 49
    with pytest.raises(EventRefused, match="more of it owed, than an amount can hold"):
        one.back({"mug": 1})
    one.state.debts["point"] = AMOUNT_MAX - 50
    one.back({"mug": 1})
    assert one.state.debts == {"point": AMOUNT_MAX}
    one = Member(till(PAY), State(lots=[Lot("point", 100, 20_000, None, None, "Old")]))
    one.do(sale(("mug", 1, "1.00"), offered=100))
    one.state.lots = [Lot("point", AMOUNT_MAX - 99, 20_100, None, None, "New")]
    with pytest.raises(EventRefused, match="cannot be returned: it would leave more of `point`"):
        one.back({"mug": 1})


def test_a_return_owes_down_to_a_least_balance_below_zero() -> None:
    one = Member(till(POINTS, unit="balance at least -20"))
    one.do(sale(("mug", 1, "50.00")))
    one.do(spent(50))
    back = one.back({"mug": 1})
    assert (one.state.debts, back.units[0].missing, back.units[0].forgiven) == ({"point": 20}, 20, 30)


def test_changes_of_another_state_are_refused_in_words() -> None:
    one = Member(till(PAY), State(lots=[Lot("point", 100, 20_000, None, None, "Old")]))
    sold = one.do(sale(("mug", 1, "1.00"), offered=100))
    with pytest.raises(ValueError, match="worked out from another state than the one given"):
        one.program.apply(one.state, sold)


def test_a_day_that_is_none_refuses_the_return() -> None:
    one = Member(till(POINTS))
    one.do(THREE)
    with pytest.raises(EventRefused, match="`on` of the return: `1 March` is not a date") as refused:
        one.back({"mug": 1}, on="1 March")
    assert (refused.value.refused.event, refused.value.refused.id) == ("sale", "S-1")
