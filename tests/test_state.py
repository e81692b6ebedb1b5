"""States: every change applied, nothing shared, and the same as its JSON."""

from __future__ import annotations

import msgspec
import pytest

from rules_engine.outcome import Award, receive
from rules_engine.state import (
    AMOUNT_MAX,
    Advanced,
    Change,
    Holding,
    HoldingBegan,
    HoldingEnded,
    KeySeen,
    LastDay,
    LimitDropped,
    LimitUsed,
    Lot,
    LotLapsed,
    MarkSeen,
    MatchMoved,
    MatchState,
    State,
    StreakMet,
    TrackDropped,
    TrackMoved,
    add_lot,
    apply,
    apply_in_place,
    copied,
)

LOT = Lot("point", 5, 10, None, 20, "base")
HELD = Holding("Gold", 1, 9, "nights")
TRIAL = MatchState("Gold", 1, 9, "trial")
WON = MatchState("Gold", 1, 9, "kept")
FULL = State(
    day=3,
    tracks={"nights": {0: 2, 5: 1}},
    keys={"brands": {0: ["city"]}},
    streaks={"weeks": {0: 7}},
    seen={"nights": {0: 2}},
    limits={"base": {0: 3}},
    holdings=[HELD],
    matches={"m": [TRIAL]},
    lots=[LOT],
    last={"stay": 3},
)


@pytest.mark.parametrize(
    ("change", "part", "after"),
    [
        (TrackMoved("nights", 5, 1, 4), "tracks", {"nights": {0: 2, 5: 4}}),
        (TrackMoved("spend", 5, 0, 4), "tracks", {"nights": {0: 2, 5: 1}, "spend": {5: 4}}),
        (TrackDropped("nights", 5, 1), "tracks", {"nights": {0: 2}}),
        (TrackDropped("nights", 0, 2), "seen", {}),
        (TrackDropped("brands", 0, 1), "keys", {}),
        (TrackDropped("weeks", 0, 1), "streaks", {}),
        (KeySeen("brands", 0, "inn"), "keys", {"brands": {0: ["city", "inn"]}}),
        (StreakMet("weeks", 0, 7, 14), "streaks", {"weeks": {0: 14}}),
        (MarkSeen("nights", 0, 2, 3), "seen", {"nights": {0: 3}}),
        (LimitUsed("base", 0, 3, 5), "limits", {"base": {0: 5}}),
        (LimitDropped("base", 0, 3), "limits", {}),
        (LotLapsed(LOT, 20), "lots", []),
        (HoldingBegan(Holding("Gold", 1, 12, "nights"), HELD), "holdings", [Holding("Gold", 1, 12, "nights")]),
        (HoldingBegan(Holding("Red", 1, None, "x"), None), "holdings", [HELD, Holding("Red", 1, None, "x")]),
        (HoldingEnded(HELD), "holdings", []),
        (MatchMoved("m", TRIAL, WON), "matches", {"m": [WON]}),
        (MatchMoved("n", None, TRIAL), "matches", {"m": [TRIAL], "n": [TRIAL]}),
        (LastDay("stay", 3, 8), "last", {"stay": 8}),
        (Advanced(3, 8), "day", 8),
    ],
)
def test_each_change(change: Change, part: str, after: object) -> None:
    before = msgspec.json.encode(FULL)
    found = apply(FULL, [change])
    assert getattr(found, part) == after
    assert msgspec.json.encode(FULL) == before, "the state that was given is left as it is"
    kept = copied(FULL)
    apply_in_place(kept, [change])
    assert kept == found


def test_what_awards_gave_becomes_lots_and_alike_ones_are_one() -> None:
    state = copied(FULL)
    receive(state, [Award("base", "point", 9, 5, expires=20), Award("base", "point", 9, 0)], 10)
    assert state.lots == [Lot("point", 10, 10, None, 20, "base")]
    receive(state, [Award("base", "point", 1, 1, expires=20)], 11)
    receive(state, [Award("base", "point", 1, 1, expires=20, facts={"mark": 3})], 11)
    assert [each.left for each in state.lots] == [10, 1, 1]


def test_what_has_lapsed_before_it_is_given_is_never_had() -> None:
    state = State()
    receive(state, [Award("base", "point", 5, 5, expires=9), Award("last", "point", 3, 3, expires=10)], 10)
    assert state.lots == [Lot("point", 3, 10, None, 10, "last")]


def test_lots_that_are_alike_but_for_their_rule_stand_as_they_came() -> None:
    """What comes back was the first of them, and is the first again."""
    lots = [LOT]
    add_lot(lots, msgspec.structs.replace(LOT, source="other"))
    add_lot(lots, msgspec.structs.replace(LOT, source="again"), first=True)
    assert [each.source for each in lots] == ["again", "base", "other"]


def test_a_lot_grows_as_far_as_an_amount_can() -> None:
    lots = [msgspec.structs.replace(LOT, left=AMOUNT_MAX - 5)]
    add_lot(lots, LOT)
    assert [each.left for each in lots] == [AMOUNT_MAX]
    add_lot(lots, msgspec.structs.replace(LOT, left=1))
    assert [each.left for each in lots] == [AMOUNT_MAX, 1]


def test_a_state_is_its_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(FULL), type=State) == FULL
    assert copied(FULL) == FULL


def test_a_new_state_is_empty_json() -> None:
    assert msgspec.json.encode(State()) == b"{}"
