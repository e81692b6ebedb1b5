"""Other people and households: what a host passes in, what comes back for each owner, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from rules_engine import EventRefused, Other, Outcome, Source, State, load
from rules_engine.outcome import Opening, Payment, People, Taken
from rules_engine.state import DebtMoved, KeyMoved, Lot, LotAdded, LotTaken, Seen, Settled, Shared
from tests.circle_program import MEMBERS, call, circle, circle_by_reference, told

ANN, BEN, CY = (MEMBERS[who] for who in ("ann", "ben", "cy"))
CALL = call("c1", "2027-01-10", callee="ben")


def _faults(sent: object = CALL, **given: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(EventRefused) as refusal:
        circle().score(sent, ANN, **given)
    return [(fault.code, fault.field, fault.message) for fault in refusal.value.faults]


# ---- what comes back ----


@pytest.mark.parametrize("ben", [Other(BEN, None), {"member": BEN, "state": None}, Other(BEN, State())])
def test_a_rule_gives_to_another(ben: Any) -> None:
    outcome = circle().score(CALL, ANN, others={"ben": ben})
    assert [(award.rule, award.given, award.to) for award in outcome.awards] == [
        ("Calling", 30, ""), ("Called", 5, "ben"), ("Shared", 200, ""),
    ]  # fmt: skip
    assert set(outcome.changes) == {"ann", "ben"}
    program = circle()
    ann, ben_now = program.apply(None, outcome), program.apply(None, outcome, owner="ben")
    assert [(lot.unit, lot.left) for lot in ann.lots] == [("point", 30)]
    assert [(lot.unit, lot.left) for lot in ben_now.lots] == [("point", 5)]
    assert program.apply(None, outcome, owner="ann") == ann
    assert program.apply(ann, outcome, owner="nobody") == ann


def test_what_is_given_to_another_counts_in_their_state() -> None:
    program, ben = circle(), State()
    for number in range(1, 5):
        outcome = program.score(call(f"c{number}", "2027-01-10", callee="ben"), ANN, others={"ben": Other(BEN, ben)})
        ben = program.apply(ben, outcome, owner="ben")
    assert sum(lot.left for lot in ben.lots) == 12
    assert [award.cut_by for award in outcome.awards if award.rule == "Called"] == [
        "Called: point per callee per calendar year"
    ]


def test_the_household_has_its_own_state() -> None:
    program = circle()
    first = program.score(call("c1", "2027-01-10"), ANN)
    assert first.household == "H"
    pool = program.apply_pool(None, first)
    second = program.score(call("c2", "2027-01-11", "ben"), BEN, None, pool=pool)
    both = program.apply_pool(pool, second)
    assert [(lot.unit, lot.left) for lot in both.lots] == [("data", 200), ("data", 200)]
    assert sum(lot.left for lot in pool.lots) == 200
    assert program.apply(None, first).lots == [Lot("point", 30, first.day, None, None, "Calling")]
    assert program.score(call("c3", "2027-01-11", "cy"), CY).household == "cy"


def test_both_ways_in_and_both_evaluators_agree() -> None:
    request = {"event": CALL, "member": ANN, "others": {"ben": {"member": BEN, "state": None}}, "pool": {"version": 1}}
    outcome = circle().score(CALL, ANN, others={"ben": Other(BEN, None)}, pool=State())
    assert circle().score_json(json.dumps(request).encode()) == outcome.to_json()
    assert circle_by_reference().score(CALL, ANN, others={"ben": Other(BEN, None)}, pool=State()) == outcome
    assert msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome) == outcome
    told_why = circle().explain(CALL, ANN, others={"ben": Other(BEN, None)})
    assert told_why.outcome == outcome


def test_without_others_nothing_is_given_to_them() -> None:
    assert circle().score(call("c1", "2027-01-10"), ANN).totals == {"point": 30, "data": 200}


# ---- what is refused ----


def test_a_person_who_was_not_passed_in_is_named() -> None:
    ((code, _, message),) = _faults()
    assert code == "V166"
    assert "`ben`" in message
    assert _faults(others={"cy": Other(CY)})[0][0] == "V166"


def test_wrong_people_are_refused_by_name() -> None:
    sent = {
        "ben": {"member": {"plan": "silver"}, "state": {"version": 2}},
        "cy": {"membr": CY},
        "": Other(),
        "dee": 3,
        "eve": {"state": {"version": 1, "lots": [_raw_lot("data")], "tracks": {"walked": {}}}},
    }
    found = _faults(others=sent)
    assert [(code, field) for code, field, _ in found] == [
        ("V108", "others.ben.member.plan"),
        ("V104", "others.ben.member.bill_day"),
        ("V130", "others.ben.state.version"),
        ("V103", "others.cy.membr"),
        ("V105", "others"),
        ("V100", "others.dee"),
        ("V132", "others.eve.state.track walked"),
        ("V133", "others.eve.state.data"),
    ]
    assert all(f"`{who}`" in message for who, (_, _, message) in zip(("ben", "ben", "ben", "cy"), found, strict=False))
    assert _faults(others=["ben"])[0][:2] == ("V100", "others")


def test_a_wrong_pool_is_refused() -> None:
    assert [fault[:2] for fault in _faults(pool={"version": 3})] == [("V130", "pool.version")]
    wrong = State(lots=[Lot("point", 5, 20_000, None, None, "Calling")], debts={"data": -5})
    assert [fault[:2] for fault in _faults(pool=wrong)] == [("V133", "pool.point"), ("V131", "pool.debts.data")]
    held = State(lots=[Lot("data", 5, 20_000, None, None, "Shared", holder="ann")])
    assert [fault[:2] for fault in _faults(pool=held)] == [("V131", "pool.lots[0]")]


def test_a_units_owner_may_not_change_in_silence() -> None:
    """A unit that is held by households now stands in the states of members that were stored before."""
    with pytest.raises(EventRefused, match="`data`, which is kept in the state of a household"):
        circle().state({"version": 1, "lots": [_raw_lot("data")]})
    with pytest.raises(EventRefused, match="`data`, which is kept in the state of a household"):
        circle().score(call("c1", "2027-01-10"), ANN, State(lots=[Lot("data", 5, 20_000, None, None, "Shared")]))


def _raw_lot(unit: str) -> dict[str, Any]:
    return {"unit": unit, "left": 5, "earned": 20_000, "pending": None, "expires": None, "source": "s"}


# ---- streams ----


def test_a_stream_keeps_everybody() -> None:
    states: dict[str, State] = {}
    pools: dict[str, State] = {}
    pairs = (("ann", "ben"), ("ben", "ann"), ("cy", "ann"))
    calls = [call(f"c{number}", f"2027-01-1{number}", *pair) for number, pair in enumerate(pairs)]
    found = list(circle().score_many(calls, MEMBERS, states, pools=pools))
    assert told(found)[0] == ("c0", "Calling 30", "Called 5 to ben", "Shared 200")
    assert _sums(states) == {"ann": 40, "ben": 35, "cy": 30}
    assert _sums(pools) == {"H": 200 + 1_000 + 200, "cy": 200}


def _sums(states: dict[str, State]) -> dict[str, int]:
    return {owner: sum(lot.left for lot in state.lots) for owner, state in states.items()}


def test_a_stream_in_pieces_is_the_stream() -> None:
    calls = [
        call(f"c{month}{day}", f"2027-{month:02}-{day:02}", who, other)
        for month in range(1, 7)
        for day, who, other in ((3, "ann", "ben"), (12, "ben", "cy"), (24, "cy", "ann"), (25, "ann", "ben"))
    ]
    a, b, p, q = (dict[str, State]() for _ in range(4))
    whole = list(circle().score_many(calls, MEMBERS, a, pools=p, settle_until="2027-08-01"))
    pieces: list[Any] = []
    for start in range(0, len(calls), 5):
        until = "2027-08-01" if start + 5 >= len(calls) else None
        pieces += circle().score_many(calls[start : start + 5], MEMBERS, b, pools=q, settle_until=until)
        b = {who: circle().state(state.to_json()) for who, state in b.items()}
        q = {home: circle().checked_pool(json.loads(pool.to_json())) for home, pool in q.items()}
    assert pieces == whole
    assert (b, q) == (a, p)
    assert list(circle_by_reference().score_many(calls, MEMBERS, settle_until="2027-08-01")) == whole


def test_what_a_stream_moves_along_must_be_movable() -> None:
    with pytest.raises(TypeError, match="`pools` is moved along in place"):
        circle().score_many([], pools=[])  # type: ignore[arg-type]


def test_a_stream_refuses_a_pool_it_cannot_read() -> None:
    pools = {"H": State(debts={"data": -1})}
    found = list(circle().score_many([call("c1", "2027-01-10"), call("c2", "2027-01-10", "cy")], MEMBERS, pools=pools))
    assert told(found)[0] == ("c1", "V131")
    assert "pool of `H`" in found[0].faults[0].message  # type: ignore[union-attr]
    assert told(found)[1] == ("c2", "Calling 30", "Shared 200")


GIFTS = """language 1
program "Gifts" { timezone "UTC" }
unit mile, miles { held by household   rounded down   lasts forever   balance at least 0 }
unit point, points { rounded down   lasts forever }
event gift dated by day of giver identified by number { number: text   giver: member   day: date   taker: member }
member { home: text? as household }
"""
GIFT = {"event": "gift", "number": "1", "giver": "ann", "day": "2027-01-10", "taker": "ben"}


@pytest.mark.parametrize(
    ("rule", "given"),
    [
        ('earn "G" { on gift   give 2 miles, to taker }', 2),
        ('reward "G" { on gift   turn balance of miles into 1 mile per 1 mile, to taker }', 5),
        ('earn "G" { on gift   give 4 points, to taker, split into { point: 25%   mile: the rest } }', 3),
    ],
)
def test_a_stream_knows_the_household_of_whoever_gets_its_units(rule: str, given: int) -> None:
    """That nothing else of the program asks for the other's facts makes no difference."""
    program = load([Source("gifts.rules", GIFTS + rule)])
    here, there = {"home": "H"}, {"home": "K"}
    full = State(lots=[Lot("mile", 5, 20_000, None, None, "G")])
    pools = {"H": full}
    (found,) = program.score_many([GIFT], {"ann": here, "ben": here}, pools=pools)
    assert isinstance(found, Outcome), found
    assert [award.given for award in found.awards if award.unit == "mile"] == [given]
    (away,) = program.score_many([GIFT], {"ann": here, "ben": there}, pools={"H": full})
    assert isinstance(away, Outcome)
    assert away.awards == (), "another household's pool is not at hand"


def test_shared_counters_stay_where_they_are() -> None:
    shared = Shared({"other: times in total": {0: 3}})
    list(circle().score_many([CALL], MEMBERS, shared=shared))
    assert shared.limits == {"other: times in total": {0: 3}}


# ---- what is stored ----


def test_what_was_paid_and_taken_is_read_back() -> None:
    """A stored outcome has everything of units in it: `give_back` reads it."""
    lot = Lot("point", 400, 20_000, None, 20_100, "Points", {"milestone": 5}, "ann")
    base = circle().score(CALL, ANN, others={"ben": Other(BEN, None)})
    opening = Opening(
        {"plan": "couples"}, State(since=3), Shared(), People({"ben": {"circle": ("a",)}}, {"ben": State()})
    )
    outcome = msgspec.structs.replace(
        base,
        payments=(Payment("Pay", "point", 500, 400, 400, (300, 100), cut_by="Pay: point per lifetime"),),
        taken=(Taken("Pay", "point", "accept", 500, 400, ((lot, 400),)),),
        pool=(LotTaken(lot, 400), LotAdded(lot), DebtMoved("point ann", 0, 7), Settled("end of month", None, 20_000)),
        changes={**base.changes, "ann": (KeyMoved("usage", 20_000, "shop", None, 5), Seen(20_000))},
        opening=opening,
    )
    assert msgspec.json.decode(outcome.to_json(), type=Outcome) == outcome
    assert msgspec.convert(json.loads(outcome.to_json()), Outcome, str_keys=True) == outcome
