"""The ladder and matches: holdings that begin, are prolonged, end and are followed, on the day."""

from __future__ import annotations

import pytest

from tests.playing import Guest, day, given, program

TRACKS = (
    "track nights = count of lines where kind is room, on stay, per calendar year\n"
    "track spend = sum of net, on stay, per calendar year\n"
    "track life = count of lines where kind is room, on stay, per lifetime\n"
)


def _ladder(clauses: str, rungs: str = "Silver when nights >= 2  Gold when nights >= 4") -> str:
    return f"{TRACKS}tiers {{ Blue  {rungs}  {clauses} }}\n"


YEAR = "counts from the next event  lasts until end of next calendar year"
ENDS = "lasts until end of next calendar year"


def test_a_tier_counts_from_the_next_event() -> None:
    rules = _ladder(f"{YEAR}  then the earned tier") + (
        'reward "R" as r { on stay  when tier >= Silver  give 1 point }\n'
        'earn "E" as e { on stay  when tier >= Silver  give 1 point }'
    )
    guest = Guest(program(rules))
    outcome = guest.stay("2027-03-01", "10", "10")
    assert given(outcome) == {}
    assert [(each.before, each.after, each.since) for each in outcome.tiers] == [("Blue", "Silver", day("2027-03-01"))]
    assert given(guest.stay("2027-03-01", "food 10")) == {"e": 1, "r": 1}


def test_a_tier_may_count_at_once_for_rewards() -> None:
    rules = _ladder(f"counts at once  {ENDS}  then the earned tier") + (
        'reward "R" as r { on stay  when tier >= Silver  give 1 point }\n'
        'earn "E" as e { on stay  when tier >= Silver  give 1 point }'
    )
    assert given(Guest(program(rules)).stay("2027-03-01", "10", "10")) == {"r": 1}


def test_a_holding_lasts_through_its_last_day() -> None:
    guest = Guest(program(_ladder(f"{YEAR}  then the earned tier")))
    guest.stay("2027-03-01", "10", "10")
    assert guest.tier("2028-12-31") == "Silver"
    assert guest.tier("2029-01-01") == "Blue"
    assert guest.state.holdings == []


def test_an_end_never_comes_nearer() -> None:
    rules = _ladder(
        "then the earned tier",
        "Gold when nights >= 2, lasts for 12 months, or when spend >= 500 GBP as money, lasts for 3 months",
    )
    guest = Guest(program(rules))
    guest.stay("2027-03-01", "10", "10")
    guest.stay("2027-04-01", "10")
    guest.stay("2027-05-01", "food 500")
    assert [(each.reason, each.start, each.until) for each in guest.state.holdings] == [
        ("Gold", day("2027-03-01"), day("2028-04-30")),
        ("money", day("2027-05-01"), day("2027-07-31")),
    ]


@pytest.mark.parametrize(
    ("then", "tiers"),
    [
        ("then the earned tier", ["Gold", "Blue", "Blue"]),
        ("then 1 tier down", ["Gold", "Silver", "Blue"]),
        ("then 2 tiers down", ["Gold", "Blue", "Blue"]),
        ("then Silver", ["Gold", "Silver", "Silver"]),
        ("then the earned tier, at most 1 down", ["Gold", "Silver", "Blue"]),
    ],
)
def test_what_follows_a_holding(then: str, tiers: list[str]) -> None:
    guest = Guest(program(_ladder(f"{YEAR}  {then}")))
    guest.stay("2027-03-01", *["10"] * 4)
    assert [guest.tier(f"{year}-06-01") for year in (2028, 2029, 2030)] == tiers


def test_the_earned_tier_is_what_was_earned_since() -> None:
    guest = Guest(program(_ladder(f"{YEAR}  then the earned tier")))
    guest.stay("2027-03-01", *["10"] * 4)
    guest.stay("2028-03-01", *["10"] * 2)
    assert [guest.tier(f"{year}-01-01") for year in (2029, 2030)] == ["Silver", "Blue"]


def test_what_every_tier_needs_excepts_paths_for_ever() -> None:
    rungs = "Silver when nights >= 2  Gold when nights >= 4, or when life >= 6 as for_life, lasts forever"
    guest = Guest(program(_ladder(f"every tier needs spend >= 1_000 GBP  {YEAR}  then the earned tier", rungs)))
    guest.stay("2027-03-01", *["10"] * 4)
    assert guest.tier("2027-03-02") == "Blue"
    guest.stay("2027-03-03", "10", "10")
    assert guest.tier("2040-01-01") == "Gold"
    assert [each.reason for each in guest.state.holdings] == ["for_life"]


def test_tiers_judged_at_the_end_of_a_period() -> None:
    rules = _ladder("judged on end of calendar year  lasts until end of next calendar year  then the earned tier")
    guest = Guest(program(rules))
    guest.stay("2027-03-01", "10", "10")
    assert guest.tier("2027-12-31") == "Blue"
    assert guest.tier("2028-01-01") == "Silver"
    assert [each.start for each in guest.state.holdings] == [day("2028-01-01")]
    guest.stay("2028-03-01", "10", "10")
    assert guest.tier("2029-06-01") == "Silver"
    assert guest.tier("2030-01-01") == "Blue"
    assert guest.state.day == day("2030-01-01")


MATCH = (
    _ladder(f"{YEAR}  then the earned tier")
    + """track trial_nights = count of lines where kind is room, on stay, per trial of challenge
match "Status match" as challenge {
  on asked_for
  when proof >= 1
  matches by level { "Silver": Silver  "Gold" or "Black": Gold  otherwise: no award }
  trial for 90 days
  keep KEEP
  lasts until end of next calendar year
  then the earned tier
  once per member per 3 years
}
earn "E" as e { on stay  give by tier { Gold: 3 points  Silver: 2 points  otherwise: 1 point } }
"""
).replace("asked_for", "ask")
GRADES = "highest tier if by rung { Silver: trial_nights >= 1  Gold: trial_nights >= 3 }"
GRADED = program(MATCH.replace("KEEP", GRADES))
WHOLE = program(MATCH.replace("KEEP", "matched tier if trial_nights >= 2"))


def test_a_trial_lends_the_matched_tier() -> None:
    guest = Guest(GRADED)
    assert guest.ask("2027-03-01", proof=0).tiers == ()
    assert guest.ask("2027-03-01", proof=1, level="Bronze").tiers == ()
    assert [each.after for each in guest.ask("2027-03-01", proof=1).tiers] == ["Gold"]
    assert given(guest.stay("2027-05-29", "food 1")) == {"e": 3}  # the 90th day
    assert given(guest.stay("2027-05-30", "food 1")) == {"e": 1}


def test_a_graded_trial_keeps_the_highest_tier_that_was_proved() -> None:
    guest = Guest(GRADED)
    guest.ask("2027-03-01", proof=1)
    guest.stay("2027-03-02", "10")
    assert guest.tier("2027-05-29") == "Gold"  # Silver is proved, and only judged at the end
    assert guest.tier("2027-05-30") == "Silver"
    assert [(each.tier, each.start, each.until) for each in guest.state.holdings] == [
        ("Silver", day("2027-05-30"), day("2028-12-31"))
    ]
    assert guest.state.matches["challenge"][0].status == "kept"


def test_a_trial_that_is_won_ends_at_once() -> None:
    guest = Guest(WHOLE)
    guest.ask("2027-03-01", proof=1)
    outcome = guest.stay("2027-03-02", "10", "10")
    assert outcome.tiers == ()
    assert ("Gold", day("2027-03-02"), day("2028-12-31")) in [(e.tier, e.start, e.until) for e in guest.state.holdings]
    assert guest.state.matches["challenge"][0].status == "kept"
    assert guest.tier("2028-12-31") == "Gold"


def test_a_trial_that_is_lost_leaves_what_was_earned() -> None:
    guest = Guest(WHOLE)
    guest.stay("2027-02-01", "10", "10")
    guest.ask("2027-03-01", proof=1)
    assert guest.until("2027-05-30") == [("Gold", "Silver")]
    assert guest.state.matches["challenge"][0].status == "ended"


def test_a_match_is_locked_out_for_a_while() -> None:
    guest = Guest(WHOLE)
    assert guest.ask("2027-03-01", proof=1).tiers
    assert guest.until("2028-03-01") == [("Gold", "Blue")]
    assert not guest.ask("2028-03-01", proof=1).tiers
    assert "limit reached" in guest.told
    assert guest.ask("2030-03-02", proof=1).tiers


def test_the_trial_s_own_event_does_not_count_in_it() -> None:
    guest = Guest(GRADED)
    guest.stay("2027-03-01", "10")
    guest.ask("2027-03-01", proof=1)
    guest.stay("2027-03-01", "10")
    assert list(guest.state.tracks["trial_nights"].values()) == [1]


def test_what_a_match_gave_is_followed_by_what_the_match_says() -> None:
    """The ladder goes one tier down; the match, whose holding it was, says `then the earned tier`."""
    soft = MATCH.replace("then the earned tier }", "then 1 tier down }").replace("KEEP", GRADES)
    guest = Guest(program(soft))
    guest.ask("2027-03-01", proof=1)
    guest.stay("2027-03-02", "10", "10", "10")
    kept = [each for each in guest.state.holdings if each.reason == "challenge"]
    assert [(each.tier, each.until) for each in kept] == [("Gold", day("2028-12-31"))]
    assert guest.tier("2028-12-31") == "Gold"
    assert guest.tier("2029-01-01") == "Blue"


def test_a_tier_may_last_a_single_day() -> None:
    guest = Guest(program(_ladder("counts from the next event  lasts for 1 day  then the earned tier")))
    guest.stay("2027-03-01", "10", "10")
    assert guest.tier("2027-03-01") == "Silver"
    assert [(each.start, each.until) for each in guest.state.holdings] == [(day("2027-03-01"), day("2027-03-01"))]


def test_a_trial_can_be_won_on_its_last_day() -> None:
    guest = Guest(WHOLE)
    guest.ask("2027-03-01", proof=1)
    guest.stay("2027-05-29", "10", "10")
    assert guest.state.matches["challenge"][0].status == "kept"


def test_the_highest_tier_that_was_proved_is_tried_first() -> None:
    rungs = "Silver when nights >= 20  Gold when nights >= 40  Top when nights >= 60"
    grades = "highest tier if by rung { Silver: trial_nights >= 1  Gold: trial_nights >= 2  Top: trial_nights >= 9 }"
    rules = MATCH.replace("Silver when nights >= 2  Gold when nights >= 4", rungs).replace("KEEP", grades)
    rules = rules.replace('"Gold" or "Black": Gold', '"Gold" or "Black": Top').replace(
        "Gold: 3 points", "Gold or Top: 3 points"
    )
    guest = Guest(program(rules))
    guest.ask("2027-03-01", proof=1)
    guest.stay("2027-03-02", "10", "10")
    assert guest.tier("2027-05-29") == "Top"
    assert guest.tier("2027-05-30") == "Gold"


def test_of_two_paths_met_at_once_the_first_written_is_the_reason() -> None:
    rungs = "Silver when nights >= 2 as by_nights, or when spend >= 20 GBP as by_spend"
    guest = Guest(program(_ladder(f"{YEAR}  then the earned tier", rungs)))
    assert [each.reason for each in guest.stay("2027-03-01", "10", "10").tiers] == ["by_nights"]
    guest = Guest(program(_ladder(f"{YEAR}  then the earned tier", rungs)))
    assert [each.reason for each in guest.stay("2027-03-01", "food 20").tiers] == ["by_spend"]


def test_a_late_event_meets_the_tier_as_it_stands() -> None:
    rules = _ladder(f"{YEAR}  then 1 tier down") + 'earn "E" as e { on stay  when tier is Silver  give 1 point }'
    guest = Guest(program(rules))
    guest.stay("2026-03-01", *["10"] * 4)
    guest.stay("2028-01-05", "food 1")
    outcome = guest.stay("2027-12-30", "food 1")
    assert outcome.late
    assert given(outcome) == {"e": 1}
