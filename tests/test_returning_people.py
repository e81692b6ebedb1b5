"""Returns where more than one state moves, and of what is presented, turned, and priced in a unit: worked by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rules_engine import EventRefused, Program, Source, load
from rules_engine.calendar import parse_date
from rules_engine.outcome import Outcome
from rules_engine.returns import Return, UnitsRestored
from rules_engine.state import Lot, State

TEXT = """
language 1
program "Family till" {
  currency GBP, rounded half up   split in proportion, odd pennies to the largest remainder
  returns by share, shortfall off balance
}
unit point, points { rounded down   lasts forever }
unit mile, miles { held by household   rounded down   lasts forever }
unit gram, grams { held by household, apart   rounded down   lasts forever   use in proportion to balance }
unit ticket, tickets { lasts forever }
member { family: text? as household }
event sale dated by day of customer identified by receipt returnable {
  receipt: text   customer: member   day: date   friend: member?   shown: tickets? up to 9   pay: grams? up to 999_999
  lines 0 to 9 { sku: text as id   pieces: count up to 99 as quantity   price: money up to 999 GBP as list each }
}
"""


def till(rules: str) -> Program:
    return load([Source("till.rules", TEXT + rules)])


def sale(*lines: tuple[str, int, str], **more: Any) -> dict[str, Any]:
    rows = [{"sku": sku, "pieces": pieces, "price": price} for sku, pieces, price in lines]
    return {"event": "sale", "receipt": "S-1", "customer": "m", "day": "2027-03-01", "lines": rows, **more}


class Family:
    """A program's members, who are all of one household."""

    def __init__(self, program: Program, *lots: Lot, pool: State | None = None) -> None:
        self.program = program
        self.states = {"m": State(lots=list(lots)), "n": State()}
        self.pool = State() if pool is None else pool
        self.facts = {"family": "Ng"}
        self.sold: tuple[Any, Outcome] | None = None
        self.returns: list[Return] = []

    def others(self, who: str) -> dict[str, dict[str, Any]]:
        return {each: {"member": self.facts, "state": state} for each, state in self.states.items() if each != who}

    def do(self, event: Mapping[str, Any]) -> Outcome:
        who = event["customer"]
        found = self.program.score(event, self.facts, self.states[who], others=self.others(who), pool=self.pool)
        for each, state in self.states.items():
            self.states[each] = self.program.apply(state, found, owner=each)
        self.pool = self.program.apply_pool(self.pool, found)
        self.sold, self.returns = (event, found), []
        return found

    def back(self, pieces: Mapping[Any, int], on: str = "2027-03-10") -> Return:
        assert self.sold is not None
        event, found = self.sold
        who = event["customer"]
        back = self.program.give_back(
            event, found, pieces, earlier=self.returns, state=self.states[who], on=on, others=self.others(who),
            pool=self.pool,
        )  # fmt: skip
        self.returns.append(back)
        for each, state in self.states.items():
            self.states[each] = self.program.apply(state, back, owner=each)
        self.pool = self.program.apply_pool(self.pool, back)
        return back


BOTH = sale(("mug", 3, "10.00"), ("pot", 1, "20.00"))


def lots(state: State) -> list[tuple[str, int, str]]:
    return [(lot.unit, lot.left, lot.holder) for lot in state.lots]


def test_units_of_a_household_leave_its_pool() -> None:
    rules = """
earn "Miles" { on sale   give 2 miles per 1 GBP of net }
track flown = sum of net, on sale, per calendar year of household
"""
    all_ = Family(till(rules))
    all_.do(BOTH)
    assert lots(all_.pool) == [("mile", 100, "")]
    back = all_.back({"mug": 1})
    assert (back.household, back.changes, lots(all_.pool)) == ("Ng", (), [("mile", 80, "")])
    assert all_.pool.tracks == {"flown": {parse_date("2027-01-01"): 40_00}}
    all_.back({"mug": 2, "pot": 1})
    assert all_.pool.lots == []


def test_units_kept_apart_come_back_to_those_whose_they_were() -> None:
    """60 and 20 grams: 40 are used in proportion, 30 and 10."""
    day = parse_date("2027-01-01")
    pool = State(
        lots=[Lot("gram", 60, day, None, None, "Old", {}, "m"), Lot("gram", 20, day, None, None, "Old", {}, "n")]
    )
    all_ = Family(till('redeem "Grams" { on sale   accept pay, worth 1 GBP per 10 grams }'), pool=pool)
    found = all_.do(BOTH | {"pay": "40"})
    assert [each.value for each in found.payments] == [4_00]
    assert lots(all_.pool) == [("gram", 30, "m"), ("gram", 10, "n")]
    back = all_.back({"mug": 3})
    assert (back.refund, back.restored) == (27_60, (UnitsRestored(0, "Grams", "gram", "accept", 24, 0),))
    all_.back({"pot": 1})
    assert all_.pool.lots == pool.lots


EATEN = """
earn "Grams" { on sale   give 1 gram per 1 GBP of net }
event eaten dated by day of customer identified by receipt {
  receipt: text   customer: member   day: date   eaten_now: grams up to 999
}
reward "Eaten" { on eaten   deduct eaten_now }
"""


def test_what_a_household_lacks_is_its_members_debt() -> None:
    all_ = Family(till(EATEN))
    all_.do(BOTH)
    sold = all_.sold
    all_.do({"event": "eaten", "receipt": "E", "customer": "m", "day": "2027-03-02", "eaten_now": "45"})
    all_.sold = sold
    all_.back({"mug": 1})
    assert (all_.pool.lots, all_.pool.debts) == ([], {"gram m": 5})


def test_another_members_award_leaves_that_members_state() -> None:
    all_ = Family(till('earn "Friend" { on sale   when has friend   give 1 point per 1 GBP of net, to friend }'))
    all_.do(BOTH | {"friend": "n"})
    assert lots(all_.states["n"]) == [("point", 50, "")]
    back = all_.back({"pot": 1})
    assert (back.changes, [type(each).__name__ for each in back.others["n"]]) == ((), ["LotTaken"])
    assert lots(all_.states["n"]) == [("point", 30, "")]
    assert all_.sold is not None
    with pytest.raises(EventRefused, match="`n`"):
        all_.program.give_back(*all_.sold, {"mug": 1}, earlier=[back], state=all_.states["m"], on="2027-03-10")


def test_the_household_has_to_be_passed_in() -> None:
    all_ = Family(till('earn "Miles" { on sale   give 2 miles per 1 GBP of net }'))
    all_.do(BOTH)
    assert all_.sold is not None
    with pytest.raises(EventRefused) as refusal:
        all_.program.give_back(*all_.sold, {"mug": 1}, state=all_.states["m"], on="2027-03-10")
    assert [fault.code for fault in refusal.value.faults] == ["V179"]


# ---- presented, turned ----

TICKETS = [Lot("ticket", 2, parse_date("2027-01-01"), None, None, "Old")]


def test_a_ticket_comes_back_with_everything_it_acted_on() -> None:
    rule = 'item offer "Free mug" { on sale   with 1 ticket   take 100% of current off each line where sku is "mug" }'
    all_ = Family(till(rule), *TICKETS)
    all_.do(BOTH | {"shown": "1"})
    assert lots(all_.states["m"]) == [("ticket", 1, "")]
    assert all_.back({"pot": 1}).restored == ()
    assert all_.back({"mug": 2}).restored == ()
    assert all_.back({"mug": 1}).restored == (UnitsRestored(0, "Free mug", "ticket", "presented", 1, 0),)
    assert all_.states["m"].lots == TICKETS


def test_a_ticket_of_an_earn_comes_back_with_the_lines_it_counted() -> None:
    rule = 'earn "Twice" { on sale   with 1 ticket   give 1 point per 1 GBP of net of lines where sku is "mug" }'
    all_ = Family(till(rule), *TICKETS)
    all_.do(BOTH | {"shown": "1"})
    assert all_.back({"pot": 1}).restored == ()
    assert [(each.unit, each.amount) for each in all_.back({"mug": 3}).restored] == [("ticket", 1)]


def test_a_ticket_of_a_rule_that_keeps_stays_used() -> None:
    rule = 'item offer "Free mug" { on sale   with 1 ticket   take 100% of current off each line   on return keep }'
    all_ = Family(till(rule), *TICKETS)
    all_.do(BOTH | {"shown": "1"})
    assert all_.back({"mug": 3, "pot": 1}).restored == ()


def test_what_was_turned_goes_back_both_ways() -> None:
    """50 points become 5 tickets where 50 GBP are bought; 20 GBP that come back undo two of five."""
    rule = 'reward "Turned" { on sale   turn every full 10 points into 1 ticket }'
    all_ = Family(till(rule), Lot("point", 50, parse_date("2027-01-01"), None, None, "Old"))
    all_.do(BOTH)
    assert lots(all_.states["m"]) == [("ticket", 5, "")]
    all_.back({"pot": 1})
    assert sorted(lots(all_.states["m"])) == [("point", 20, ""), ("ticket", 3, "")]
    all_.back({"mug": 3})
    assert lots(all_.states["m"]) == [("point", 50, "")]


# ---- priced in a unit ----

NIGHTS = """
language 1
program "Award nights" {
  split in proportion, odd pennies to the largest remainder   returns by share, shortfall off balance
}
unit point, points { rounded down   lasts forever   balance at least 0 }
event stay dated by day of guest identified by id priced by offers in points returnable {
  id: text   guest: member   day: date   lines 1 to 9 { room: text as id   nights: count up to 9 as quantity }
}
catalogue offer "Night" { on stay   automatic   price each unit at 1_000 points }
redeem "Points" { on stay   deduct net, or nothing }
"""


def test_a_price_in_points_comes_back_as_points() -> None:
    program = load([Source("nights.rules", NIGHTS)])
    state = State(lots=[Lot("point", 9_000, 20_000, None, None, "Old")])
    stay = {"event": "stay", "id": "N", "guest": "m", "day": "2027-03-01", "lines": [{"room": "a", "nights": 3}]}
    sold = program.score(stay, None, state)
    after = program.apply(state, sold)
    assert lots(after) == [("point", 6_000, "")]
    back = program.give_back(stay, sold, {"a": 2}, state=after, on="2027-03-02")
    assert (back.refund, back.paid[0].value, back.restored[0].amount) == (0, 2_000, 2_000)
    assert lots(program.apply(after, back)) == [("point", 8_000, "")]
