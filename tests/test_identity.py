"""Members who turn out to be one, and guests who turn out to be members: `Program.merge`, `Program.credit`."""

from __future__ import annotations

from typing import Any

import pytest

import rules_engine
from rules_engine.calendar import parse_date
from rules_engine.outcome import EventRefused, Outcome
from rules_engine.source import Source
from rules_engine.state import AMOUNT_MAX, Holding, Lot, State
from tests.test_simulate import KIOSK, purchase


@pytest.fixture(scope="module")
def kiosk() -> rules_engine.Program:
    return rules_engine.load([Source("kiosk.rules", KIOSK)])


def day(text: str) -> int:
    return parse_date(text)


def scored(program: rules_engine.Program, *events: dict[str, Any]) -> State:
    state = State()
    for event in events:
        state = program.apply(state, program.score(event, {}, state))
    return state


# ---- a guest's purchase ----


def guest(program: rules_engine.Program) -> tuple[dict[str, Any], Outcome]:
    event = purchase("9", "2027-03-02", "50.00")
    return event, program.score(event)


def test_a_guests_purchase_earns_later_and_its_price_stays(kiosk: rules_engine.Program) -> None:
    event, stored = guest(kiosk)
    state = scored(kiosk, purchase("1", "2027-03-06", "100.00", "a"))
    found = kiosk.credit(event, stored, "a", {}, state)
    assert (found.id, found.member, found.day, found.late) == ("9", "a", day("2027-03-02"), True)
    assert [(each.rule, each.given) for each in found.awards] == [("base", 450)]  # 45.00 after a tenth
    assert (found.price, found.discounts, found.charges) == (stored.price, stored.discounts, stored.charges)
    after = kiosk.apply(state, found)
    (track,) = after.tracks.values()
    assert list(track.values()) == [13500]
    assert [(lot.left, lot.earned) for lot in after.lots] == [(450, day("2027-03-02")), (900, day("2027-03-06"))]
    assert found.tiers[0].after == "Tin", "both together reach a hundred"
    assert kiosk.credit(event, stored.to_json(), "a", {}, state) == found


def test_what_is_credited_is_what_would_have_been_earned(kiosk: rules_engine.Program) -> None:
    """The prices of an offer that has changed since do not change what was bought."""
    event, stored = guest(kiosk)
    found = kiosk.credit(event, stored, "a", {})
    same = kiosk.score({**event, "customer": "a"}, {})
    assert (found.awards, found.changes, found.tiers, found.price) == (
        same.awards,
        same.changes,
        same.tiers,
        same.price,
    )


def test_prices_are_held_though_a_member_would_pay_less() -> None:
    text = KIOSK.replace("  automatic\n  take      10%", "  automatic\n  when      has member\n  take      10%")
    program = rules_engine.load([Source("kiosk.rules", text)])
    event = purchase("9", "2027-03-02", "50.00")
    found = program.credit(event, program.score(event), "a", {})
    assert found.price is not None
    assert (found.price.net, found.discounts) == (5000, ())
    assert [(each.rule, each.given) for each in found.awards] == [("base", 500)], "of the full price"


def test_every_base_is_what_it_was() -> None:
    """What a unit cost between the stages is known again, not only what it cost in the end."""
    text = KIOSK.replace("of net }\n\nearn", "of (after item of lines) }\n\nearn").replace(
        "basket offer",
        'item offer "Half" { on purchase   automatic   take 50% of current off each line }\n\nbasket offer',
        1,
    )
    program = rules_engine.load([Source("kiosk.rules", text)])
    event = purchase("9", "2027-03-02", "50.00")
    found = program.credit(event, program.score(event), "a", {})
    assert found.price is not None
    assert found.price.net == 2250
    assert [each.given for each in found.awards] == [250], "of 25.00, before the tenth"
    assert found.awards == program.score({**event, "customer": "a"}, {}).awards


def test_what_had_a_member_is_not_credited(kiosk: rules_engine.Program) -> None:
    event, stored = guest(kiosk)
    found = kiosk.credit(event, stored, "a", {})
    with pytest.raises(EventRefused, match="purchase `9` cannot be credited to `b`: it is of `a`") as refusal:
        kiosk.credit(event, found, "b", {})
    assert [fault.code for fault in refusal.value.faults] == ["V183"]
    own = purchase("9", "2027-03-02", "50.00", "a")
    with pytest.raises(EventRefused, match="it is of `a`"):
        kiosk.credit(own, stored, "b", {})


def test_an_outcome_of_something_else_is_not_credited(kiosk: rules_engine.Program) -> None:
    event, stored = guest(kiosk)
    with pytest.raises(EventRefused, match="the outcome is of purchase `9`"):
        kiosk.credit(purchase("8", "2027-03-02", "50.00"), stored, "a", {})
    other = rules_engine.load([Source("kiosk.rules", KIOSK.replace("10% of current", "20% of current"))])
    with pytest.raises(EventRefused, match="another version of the program scored it"):
        other.credit(event, stored, "a", {})
    with pytest.raises(EventRefused, match="cannot be read"):
        kiosk.credit(event, b"{}", "a", {})
    with pytest.raises(EventRefused, match="there is no member"):
        kiosk.credit(event, stored, "", {})


# ---- two who are one ----


def test_two_members_are_merged(kiosk: rules_engine.Program) -> None:
    one = scored(kiosk, purchase("1", "2027-01-10", "100.00", "a"), purchase("2", "2027-01-20", "20.00", "a", 300))
    other = scored(kiosk, purchase("3", "2027-01-05", "40.00", "b"), {**purchase("4", "2027-01-20", "9.00", "b")})
    both = kiosk.merge(one, other)
    assert [sum(days.values()) for days in both.tracks.values()] == [9000 + 1800 + 3600 + 810]
    assert sum(lot.left for lot in both.lots) == sum(lot.left for state in (one, other) for lot in state.lots)
    assert [lot.earned for lot in both.lots] == sorted(lot.earned for lot in both.lots)
    assert (both.since, both.day) == (one.since, day("2027-01-20"))
    assert [holding.tier for holding in both.holdings] == ["Tin"]
    again = kiosk.state(both.to_json())
    assert again == both
    assert one.tracks != both.tracks, "the states given are left as they are"


def test_merging_with_nobody_changes_nothing(kiosk: rules_engine.Program) -> None:
    one = scored(kiosk, purchase("1", "2027-01-10", "100.00", "a"), purchase("2", "2027-01-20", "20.00", "a", 300))
    assert kiosk.merge(one, State()) == one == kiosk.merge(State(), one)


def test_each_part_has_its_own_way(kiosk: rules_engine.Program) -> None:
    one = State(
        since=10,
        tracks={"spent": {0: 700, 9: 5}},
        seen={"spent": {0: 700}},
        debts={"point": 3},
        last={"purchase": 40},
        settled={"end of calendar year": -365},
        limits={"x": {0: 2}},
        holdings=[Holding("Tin", 5, 50, "Tin"), Holding("Tin", 1, 2, "")],
        lots=[Lot("point", 5, 20, None, None, "base"), Lot("point", 7, 30, None, None, "base")],
    )
    other = State(
        since=4,
        tracks={"spent": {0: 900}},
        seen={"spent": {0: 900, 9: 1}},
        debts={"point": 2, "star": 1},
        last={"purchase": 20},
        settled={"end of calendar year": 0},
        limits={"x": {0: 1, 9: 4}},
        holdings=[Holding("Tin", 3, None, "Tin"), Holding("Tin", 1, 2, "")],
        lots=[Lot("point", 9, 25, None, None, "base")],
    )
    both = kiosk.merge(one, other)
    assert (both.since, both.debts, both.last) == (4, {"point": 5, "star": 1}, {"purchase": 40})
    assert both.settled == {"end of calendar year": 0}
    assert both.limits == {"x": {0: 3, 9: 4}}
    assert (both.tracks, both.seen) == ({"spent": {0: 1600, 9: 5}}, {"spent": {0: 900, 9: 1}})
    assert both.holdings == [Holding("Tin", 3, None, "Tin"), Holding("Tin", 1, 2, "")]
    assert [lot.left for lot in both.lots] == [5, 9, 7]


def test_what_no_state_can_hold_is_refused(kiosk: rules_engine.Program) -> None:
    huge = State(limits={"x": {0: AMOUNT_MAX}})
    with pytest.raises(EventRefused, match="limit `x` would pass the largest number") as refusal:
        kiosk.merge(huge, State(limits={"x": {0: 1}}))
    assert [fault.code for fault in refusal.value.faults] == ["V184"]


STREAK = """language 1

program "Streak" { currency EUR, rounded half up }

unit stamp, stamps { rounded down   lasts forever }

event stay dated by left_on of guest identified by number { number: text   guest: member   left_on: date }

track in_a_row = streak of calendar month, on stay, per lifetime

track first_stay = first day, on stay, per lifetime

track last_stay = last day, on stay, per lifetime

reward "Third" { on stay   when in_a_row reaches 3 and has first_stay and has last_stay   give 1 stamp }
"""


def test_streaks_and_days_are_one_of_the_two() -> None:
    program = rules_engine.load([Source("streak.rules", STREAK)])

    def met(*days: str) -> State:
        sent = [{"event": "stay", "number": each, "guest": "a", "left_on": each} for each in days]
        return scored(program, *sent)

    one, other = met("2027-01-10", "2027-02-10"), met("2027-01-05", "2027-03-03")
    for both in (program.merge(one, other), program.merge(other, one)):
        assert list(both.tracks["in_a_row"].values()) == [1], "of the streak that was met last"
        assert both.streaks == other.streaks
        assert list(both.tracks["first_stay"].values()) == [day("2027-01-05")]
        assert list(both.tracks["last_stay"].values()) == [day("2027-03-03")]


SEEN = """language 1

program "Passport" { currency EUR, rounded half up }

unit stamp, stamps { rounded down   lasts forever }

event stay dated by left_on of guest identified by number {
  number: text   guest: member   left_on: date   house: text up to 20   price: money up to 100 EUR as list
}

track houses = distinct house up to 3 keys, on stay, per calendar year

track by_house = sum of net by house up to 3 keys, on stay, per calendar year

reward "Each month" { on end of calendar month   when sum of by_house > 0 EUR and houses > 0   give 1 stamp }
"""


@pytest.fixture(scope="module")
def passport() -> rules_engine.Program:
    return rules_engine.load([Source("passport.rules", SEEN)])


def stays(program: rules_engine.Program, guest: str, on: str, *houses: str) -> State:
    sent = [
        {"event": "stay", "number": f"{guest}{house}", "guest": guest, "left_on": on, "house": house, "price": "10.00"}
        for house in houses
    ]
    return scored(program, *sent)


def test_different_values_are_united_and_keys_added(passport: rules_engine.Program) -> None:
    both = passport.merge(stays(passport, "a", "2027-03-01", "x", "y"), stays(passport, "b", "2027-03-02", "y", "z"))
    (seen,) = both.keys["houses"].values()
    assert seen == ["x", "y", "z"]
    (keyed,) = both.keyed["by_house"].values()
    assert keyed == {"x": 1000, "y": 2000, "z": 1000}


def test_more_keys_than_a_track_declares_are_refused(passport: rules_engine.Program) -> None:
    one, other = stays(passport, "a", "2027-03-01", "x", "y"), stays(passport, "b", "2027-03-02", "v", "z")
    with pytest.raises(EventRefused, match="would have 4 different values, and holds at most 3") as refusal:
        passport.merge(one, other)
    assert len(refusal.value.faults) == 2, "both tracks are named"


def test_what_is_due_is_settled_first(passport: rules_engine.Program) -> None:
    one, other = stays(passport, "a", "2027-03-01", "x"), stays(passport, "b", "2027-04-02", "y")
    with pytest.raises(
        EventRefused, match="`end of calendar month` of 2027-03-31 is still to be settled; score it first"
    ):
        passport.merge(one, other)
    for due in passport.due({}, one, "2027-04-02"):
        one = passport.apply(one, passport.score(passport.scheduled("a", due), {}, one))
    assert sum(lot.left for lot in passport.merge(one, other).lots) == 1


def homes(how: str) -> rules_engine.Program:
    text = KIOSK.replace("star, stars { rounded down", f"star, stars {{ {how}   rounded down")
    text = text.replace('earn "A star"', 'member { home: text? as household }\n\nearn "A star"')
    return rules_engine.load([Source("kiosk.rules", text)])


def test_what_stands_in_a_pool_under_an_id_keeps_members_from_being_one() -> None:
    """A merge sees states and no pool: the lots of whoever is gone would be nobody's."""
    with pytest.raises(EventRefused, match="`star` is kept apart in the pool of a household") as refusal:
        homes("held by household, apart").merge(State(), State(), {"home": "H"}, {"home": "H"})
    assert refusal.value.faults[0].code == "V184"


@pytest.mark.parametrize("facts", [({"home": "H"}, {"home": "K"}), ({"home": "H"}, {}), ({}, {})])
def test_the_pots_of_two_households_are_not_left_behind(facts: tuple[dict[str, str], dict[str, str]]) -> None:
    program = homes("held by household")
    with pytest.raises(EventRefused, match="the pots of two households hold `star`"):
        program.merge(State(), State(since=4), *facts)
    assert program.merge(State(), State(since=4), {"home": "H"}, {"home": "H"}) == State(since=4)
