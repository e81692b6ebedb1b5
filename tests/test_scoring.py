"""The face of a program: score, streams, time, explanations, as a host meets them."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from rules_engine.backends import Evaluation
from rules_engine.calendar import format_date
from rules_engine.event import Event, Facts
from rules_engine.outcome import CodeUse, EventRefused, Outcome, People, Refused, TierChange
from rules_engine.scoring import Program
from rules_engine.state import LimitUsed, Shared, State
from tests.checkout_program import CHECKOUT
from tests.playing import HEAD, Guest, day, given, program

BASE = 'earn "Base" as base { on stay  give 10 points per 1 GBP of net }\n'
NIGHTS = "track nights = count of lines where kind is room, on stay, per calendar year\n"


def _stay(folio: str, out: str, amount: str = "10.00", guest: str | None = "m") -> dict[str, Any]:
    lines = [{"id": "l0", "kind": "room", "amount": amount}]
    return {"event": "stay", "folio": folio, "guest": guest, "out": out, "brand": "city", "lines": lines}


# ---- one event ----


def test_a_refused_event_says_every_reason() -> None:
    with pytest.raises(EventRefused) as refusal:
        program(BASE).score({"event": "stay", "folio": "a", "guest": "m", "out": "2027-13-01", "lines": []})
    assert {fault.field for fault in refusal.value.faults} == {"out", "brand"}
    assert refusal.value.refused.id == "a"


def test_facts_that_are_missing_are_refused() -> None:
    scored = program("member { joined: date }\n" + BASE)
    with pytest.raises(EventRefused, match="joined"):
        scored.score(_stay("a", "2027-03-01"))
    assert given(scored.score(_stay("a", "2027-03-01"), {"joined": "2020-01-01"})) == {"base": 100}
    assert scored.score(_stay("a", "2027-03-01", guest=None)).awards == ()


def test_an_outcome_names_the_program_and_is_its_json() -> None:
    scored = program(BASE)
    outcome = scored.score(_stay("a", "2027-03-01"))
    assert (outcome.fingerprint, outcome.zones) == (scored.fingerprint, scored.zones)
    assert outcome.totals == {"point": 100}
    assert json.loads(outcome.to_json())["awards"][0]["given"] == 100


def test_bytes_to_bytes() -> None:
    scored = program(BASE + NIGHTS)
    sent = {"event": _stay("a", "2027-03-01"), "state": {"version": 1, "tracks": {"nights": {"20819": 4}}}}
    found = json.loads(scored.score_json(json.dumps(sent).encode()))
    assert found["awards"][0]["given"] == 100
    assert ["track", "nights", 20819, 4, 5] in found["changes"]["m"]
    for wrong in (b"{", b"[]", b'{"evnt": 1}', b'{"event": {"event": "stay"}}', b'{"event": {}, "state": 3}'):
        assert json.loads(scored.score_json(wrong))["faults"], wrong


def test_a_track_that_would_overflow_refuses_the_event() -> None:
    scored = program("track spend = sum of net, on stay, per lifetime\n" + BASE)
    state = State(tracks={"spend": {0: 2**62 - 1_000}})
    with pytest.raises(EventRefused, match="largest number"):
        scored.score(_stay("a", "2027-03-01"), None, state)
    assert scored.score(_stay("a", "2027-03-01", "9.99"), None, state)


def test_words() -> None:
    rules = "unit cash counts GBP { rounded half up  lasts forever }\n" + BASE
    scored = program(rules)
    shown = [scored.format_amount("point", 412), scored.format_amount("points", 1), scored.format_amount("cash", 320)]
    assert shown == ["412 points", "1 point", "3.20 cash"]
    with pytest.raises(KeyError, match="no unit `miles`; the units are point, cash"):
        scored.unit("miles")
    with pytest.raises(KeyError, match="no event `stays`; the events are"):
        scored.event_schema("stays")


# ---- streams ----


def test_a_stream_is_scored_in_the_order_of_time() -> None:
    scored = program(NIGHTS + 'reward "Two" as two { on stay  when nights reaches 2  give 1 point }')
    states: dict[str, State] = {}
    events = [_stay("c", "2027-03-03"), _stay("a", "2027-03-01"), _stay("b", "2027-03-02", guest="n")]
    found = list(scored.score_many(events, states=states))
    assert [(each.id, given(each)) for each in found if isinstance(each, Outcome)] == [
        ("a", {}),
        ("b", {}),
        ("c", {"two": 1}),
    ]
    assert states["m"].tracks["nights"] == {day("2027-01-01"): 2}
    one_by_one = State()
    for each in (events[1], events[0]):
        one_by_one = scored.apply(one_by_one, scored.score(each, None, one_by_one))
    assert states["m"] == one_by_one


def test_a_stream_takes_bytes_and_refuses_what_came_before() -> None:
    scored = program(BASE)
    ids = {("stay", "z")}
    events = [json.dumps(_stay(folio, "2027-03-01")).encode() for folio in ("a", "z", "a")] + [b"{"]
    found = list(scored.score_many(events, ids=ids, in_order=True))
    assert [type(each) for each in found] == [Outcome, Refused, Refused, Refused]
    assert [fault.code for each in found if isinstance(each, Refused) for fault in each.faults] == [
        "V152",
        "V152",
        "V100",
    ]
    assert ids == {("stay", "z"), ("stay", "a")}


def test_a_refused_event_leaves_no_trace() -> None:
    scored = program("member { joined: date }\n" + BASE)
    states: dict[str, State] = {}
    ids: set[tuple[str, str]] = set()
    found = list(scored.score_many([_stay("a", "2027-03-01")], {}, states, ids=ids))
    assert isinstance(found[0], Refused)
    assert (states, ids) == ({}, set())


# ---- time ----


def test_nothing_is_due_for_a_new_member() -> None:
    scored = program(BASE)
    assert scored.due({}, None, "2027-12-31") == ()
    assert scored.advance({}, None, "2027-12-31").state.lots == []


def test_lots_lapse_after_their_last_day() -> None:
    head = HEAD.replace("rounded down   lasts forever", "rounded down   lasts for 12 months")
    guest = Guest(program(BASE, head))
    outcome = guest.stay("2027-03-01", "10")
    assert outcome.awards[0].expires == day("2028-02-29")
    assert [(each.kind, format_date(each.day)) for each in guest.program.due(None, guest.state, "2030-01-01")] == [
        ("lapse", "2028-03-01")
    ]
    assert guest.program.due(None, guest.state, "2028-02-29") == ()
    assert guest.program.advance(None, guest.state, "2028-02-29").lapsed == ()
    (lapsed,) = guest.program.advance(None, guest.state, "2028-03-01").lapsed
    assert (lapsed.lot.left, format_date(lapsed.day)) == (100, "2028-02-29")


def test_inactivity_is_counted_from_the_last_event() -> None:
    head = HEAD.replace("rounded down   lasts forever", "rounded down   lasts for 12 months after last stay")
    guest = Guest(program(BASE, head))
    guest.stay("2027-03-01", "10")
    guest.stay("2027-12-01")
    assert guest.program.advance(None, guest.state, "2028-11-30").lapsed == ()
    assert [each.lot.left for each in guest.program.advance(None, guest.state, "2028-12-01").lapsed] == [100]


@pytest.mark.parametrize(("which", "last"), [("first", "2027-12-31"), ("last", "2028-05-31")])
def test_two_lives(which: str, last: str) -> None:
    lives = f"lasts until end of calendar year  lasts for 12 months after last stay, whichever is {which}"
    head = HEAD.replace("lasts forever", lives)
    guest = Guest(program(BASE, head))
    guest.stay("2027-03-01", "10")
    guest.stay("2027-06-01")
    (due,) = guest.program.due(None, guest.state, "2040-01-01")
    assert format_date(due.day - 1) == last


def test_pending_lots_are_no_balance_until_the_day_after() -> None:
    rules = (
        'earn "Base" as base { on stay  give 10 points per 1 GBP of net, pending until 3 days after out }\n'
        'earn "Rich" as rich { on stay  when balance of points >= 100 points  give 1 point }\n'
        'earn "All" as everything { on stay  when balance of points, pending included >= 100 points  give 1 point }'
    )
    guest = Guest(program(rules))
    guest.stay("2027-03-01", "10")
    assert given(guest.stay("2027-03-04")) == {"everything": 1}
    assert given(guest.stay("2027-03-05")) == {"rich": 1, "everything": 1}


def test_rewards_see_what_earns_of_this_event_gave() -> None:
    rules = BASE + 'reward "Rich" as rich { on stay  when balance of points >= 100 points  give 1 point }'
    assert given(Guest(program(rules)).stay("2027-03-01", "10")) == {"base": 100, "rich": 1}


def test_time_in_steps_is_time_at_once() -> None:
    rules = NIGHTS + (
        "tiers { Blue  Silver when nights >= 1  Gold when nights >= 2  counts from the next event\n"
        "  lasts until end of next calendar year  then 1 tier down }"
    )
    guest = Guest(program(rules))
    guest.stay("2027-03-01", "10", "10")
    at_once = guest.program.advance(None, guest.state, "2031-06-01")
    state = guest.state
    tiers: tuple[TierChange, ...] = ()
    for year in range(2027, 2032):
        for month in (6, 12):
            found = guest.program.advance(None, state, f"{year}-{month:02d}-01")
            state, tiers = found.state, (*tiers, *found.tiers)
            if (year, month) == (2031, 6):
                assert (state, tiers) == (at_once.state, at_once.tiers)
    assert [(each.before, each.after) for each in tiers] == [("Gold", "Silver"), ("Silver", "Blue")]


# ---- why ----


def test_an_explanation_shows_how_an_amount_came_about() -> None:
    rules = """
earn "Base" as base {
  on stay  when net >= 5 GBP  give 10 points per 1 GBP of net of lines where kind is room
  at most 150 points per member per calendar month
}
"""
    guest = Guest(program(rules))
    guest.stay("2027-03-01", "10.99", "food 1")
    assert "109.9 points -> 109 points wanted (rounded down)" in guest.told
    assert "line 1: net = 10.99 GBP" in guest.told
    assert "line 2: left out: kind is food, and it must be room" in guest.told
    guest.stay("2027-03-02", "10.99")
    cut = "cut by at most 150 points per member per calendar month"
    assert f"109 points wanted (rounded down) -> 41 points given ({cut})" in guest.told
    assert "109 points used since 2027-03-01, 41 points left" in guest.told
    guest.stay("2027-03-02", "1.99")
    assert '"Base": not applied, condition: net is 1.99 GBP, and at least 5.00 GBP is required' in guest.told
    guest.stay("2027-03-02", "5")
    assert "limit reached" in guest.told


def test_an_explanation_shows_the_ladder_and_is_its_json() -> None:
    clauses = "counts from the next event  lasts for 12 months  then the earned tier"
    rules = f"{NIGHTS}tiers {{ Blue  Silver when nights >= 2  {clauses} }}\n"
    guest = Guest(program(rules + BASE))
    guest.stay("2027-03-01", "10")
    assert "Silver does not hold: nights is 1, and at least 2 is required" in guest.told
    guest.stay("2027-03-02", "10")
    assert "Blue to Silver from 2027-03-02 (Silver)" in guest.told
    explained = guest.program.explain(_stay("x", "2029-03-03"), None, guest.state)
    assert "Silver (Silver) ended after 2028-03-01" in explained.text()
    assert json.loads(explained.to_json())["rules"][0]["gives"][0]["given"] == "100 points"
    assert explained.text("base").startswith('"Base": 100 points')


def test_a_lot_is_part_of_the_balance_on_its_last_day() -> None:
    head = HEAD.replace("rounded down   lasts forever", "rounded down   lasts for 12 months")
    rules = BASE + 'earn "Rich" as rich { on stay  when balance of points >= 100 points  give 1 point }'
    for out, found in (("2028-02-29", {"rich": 1}), ("2028-03-01", {})):
        guest = Guest(program(rules, head))
        guest.stay("2027-03-01", "10")
        assert given(guest.stay(out)) == found


def test_a_define_is_told_by_its_parts() -> None:
    rules = """
define is_goods = kind is not spa and id not in ("l7", "l8")
earn "Base" as base { on stay  give 10 points per 1 GBP of net of lines where is_goods }
"""
    guest = Guest(program(rules))
    guest.stay("2027-03-01", "10", "spa 10")
    assert "line 2: left out: kind is spa, and it must not be spa" in guest.told


def test_the_receipt_has_weights_and_values_from_before() -> None:
    limited = BASE.replace(" }\n", "  at most 150 points per member per calendar year }\n")
    scored = program(NIGHTS + 'earn "Nights" { on stay  when nights >= 0  give 1 point }\n' + limited)
    first = scored.score(_stay("a", "2027-03-01"))
    second = scored.score(_stay("b", "2027-03-02"), None, scored.apply(None, first))
    assert ("base", "point", 50, (1000,)) in second.receipt.allocations
    assert second.receipt.before["track nights"] == 1
    assert [value for name, value in second.receipt.before.items() if name.startswith("limit base")] == [100]


def test_typed_events_are_scored_and_checked_like_dictionaries() -> None:
    scored = program(BASE)
    sent = _stay("a", "2027-03-01")
    kind = scored.event_type("stay")
    assert kind is scored.event_type("stay")
    assert scored.score(msgspec.convert(sent, kind)) == scored.score(sent)
    with pytest.raises(EventRefused, match="brand"):
        scored.score(msgspec.structs.replace(msgspec.convert(sent, kind), brand="palace"))
    with pytest.raises(KeyError):
        scored.event_type("voyage")


def test_an_award_that_no_amount_can_hold_refuses_the_event() -> None:
    huge = program('earn "Huge" { on stay  give 1_000_000_000_000_000_000 points per 1 GBP of net }\n')
    assert given(huge.score(_stay("a", "2027-03-01", "4.00"))) == {"Huge": 4 * 10**18}
    with pytest.raises(EventRefused, match="Huge"):
        huge.score(_stay("a", "2027-03-01", "5.00"))


def test_a_stream_takes_states_as_they_were_stored() -> None:
    scored = program(NIGHTS + BASE)
    states: dict[str, Any] = {"m": json.loads(scored.apply(None, scored.score(_stay("a", "2027-03-01"))).to_json())}
    list(scored.score_many([_stay("b", "2027-03-02")], states=states))
    assert states["m"].tracks == {"nights": {day("2027-01-01"): 2}}


# ---- shared counters: what the whole programme has used ----


class Counting:
    """A back end that lets everyone act while the shared counter is under two."""

    name = "counting"
    score = None

    def typed(self, struct: type) -> None:
        """Nothing is quick here."""

    def opened(self, content: bytes) -> object | None:
        """Nothing is quick here."""
        return None

    def score_json(self, content: bytes) -> bytes | None:
        """Nothing is quick here."""
        return None

    def evaluate(
        self,
        event: Event,
        facts: Facts,
        state: State,
        shared: Shared | None = None,
        people: People | None = None,
    ) -> Evaluation:
        """One time is reserved while there is room."""
        used = 0 if shared is None else shared.limits.get("Gift", {}).get(0, 0)
        codes = tuple(CodeUse(str(each), ("Gift",)) for each in event.fields.get("codes") or ())  # type: ignore[union-attr]
        reserved = (LimitUsed("Gift", 0, used, used + 1),) if used < 2 else ()
        return Evaluation((), (), (), {}, False, reserved=reserved, codes=codes)


ORDER = {"event": "order", "number": "O1", "placed_on": "2027-03-31", "lines": []}


def test_shared_counters_are_passed_in_and_reserved() -> None:
    counting = Program(CHECKOUT, backend=Counting())
    shared = Shared()
    for used in (0, 1):
        outcome = counting.score(ORDER, shared=shared)
        assert outcome.reserved == (LimitUsed("Gift", 0, used, used + 1),)
        assert shared.limits.get("Gift", {}).get(0, 0) == used, "scoring reserves nothing by itself"
        shared.reserve(outcome.reserved)
    assert counting.score(ORDER, shared=shared).reserved == ()
    assert counting.score(ORDER, shared=json.loads(shared.to_json())).reserved == ()
    assert counting.shared(shared.to_json()) == counting.shared(json.loads(shared.to_json())) == shared
    assert counting.shared(None) == Shared()
    with pytest.raises(EventRefused, match="layout 2; this release reads layout 1"):
        counting.score(ORDER, shared={"version": 2})
    with pytest.raises(EventRefused, match=r"what `Shared\.to_json` gave"):
        counting.shared(b"{")


def test_requests_may_bring_shared_counters() -> None:
    counting = Program(CHECKOUT, backend=Counting())
    sent = {"event": ORDER, "shared": {"version": 1, "limits": {"Gift": {"0": 1}}}}
    assert json.loads(counting.score_json(json.dumps(sent).encode()))["reserved"] == [["limit", "Gift", 0, 1, 2]]
    broken = {**sent, "shared": {"version": 1, "limits": {"Gift": {"0": -1}}}, "state": {"version": 3}}
    faults = json.loads(counting.score_json(json.dumps(broken).encode()))["faults"]
    assert [each["code"] for each in faults] == ["V130", "V158"]


def test_a_stream_keeps_shared_counters_in_place() -> None:
    counting = Program(CHECKOUT, backend=Counting())
    shared = Shared({"Gift": {0: 1}, "Elsewhere": {0: 7}})
    events = [{**ORDER, "number": f"O{number}"} for number in range(3)]
    found = list(counting.score_many([*events, events[0]], shared=shared))
    assert [len(each.reserved) for each in found if isinstance(each, Outcome)] == [1, 0, 0]
    assert len([each for each in found if isinstance(each, Refused)]) == 1
    assert shared.limits == {"Gift": {0: 2}, "Elsewhere": {0: 7}}


def test_an_outcome_without_offers_has_the_json_it_always_had() -> None:
    counting = Program(CHECKOUT, backend=Counting())
    plain = json.loads(program(BASE).score(_stay("a", "2027-03-01")).to_json())
    offers = {"price", "discounts", "charges", "gifts", "codes", "reserved"}
    assert not offers & set(plain)
    assert list(plain)[-2:] == ["said", "totals"]
    found = counting.score({**ORDER, "codes": ["spring-20"]})
    told = json.loads(found.to_json())
    assert offers <= set(told)
    assert told["codes"] == [{"code": "spring-20", "rules": ["Gift"], "reason": "", "public": ""}]
    assert msgspec.json.decode(found.to_json(), type=Outcome) == found
