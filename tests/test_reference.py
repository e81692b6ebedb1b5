"""What rules mean, computed by hand: one construct a test, the numbers in the test."""

from __future__ import annotations

import msgspec
import pytest

from rules_engine import ir
from rules_engine.outcome import EventRefused
from rules_engine.scoring import Program
from tests.playing import MEMBER, Guest, day, given, program

BASE = 'earn "Base" as base { on stay  give 10 points per 1 GBP of net }\n'


# ---- amounts ----


@pytest.mark.parametrize(
    ("amount", "points"),
    [
        ("10 points per 1 GBP of net", 329),  # 3 x 10.99 = 32.97, rounded down
        ("1 point per full 5 GBP of net", 6),
        ("10% of (net / 1 GBP * 100 points)", 329),
        ("10 points per 1 GBP of net, rounded up", 330),
        ("10 points per 1 GBP of net, rounded half up", 330),
        ("10 points per 1 GBP of net, up to 100 points", 100),
        ("10 points per 1 GBP of net, never below 400 points", 400),
        ("10 points per 1 GBP of net, in steps of 50 points", 300),
        ("10 points per 1 GBP of net, only from 330 points", 0),
        ("10 points per 1 GBP of net, only from 329 points", 329),
        ("3 points per 1 of count of lines, only from 9 points", 9),
        ("10 points per 1 GBP of net plus 5 points", 334),
        ("7 points per 1 GBP of net plus 0.5 points per 1 GBP of net", 247),  # 230.79 + 16.485, one rounding
        ("10 points of each line", 30),
        ("0.3 points of each line", 0),
        ("by brand { resort: 1 point   city or inn: 2 points } per 1 GBP of net", 65),
        ("by brand { resort: 1 point   otherwise: nothing } per 1 GBP of net", 0),
        ('1 point per 1 GBP of net of lines where id is "l1"', 10),
        ("1 point per 1 of count of lines", 3),
    ],
)
def test_amounts(amount: str, points: int) -> None:
    guest = Guest(program(f'earn "A" as a {{ on stay  give {amount} }}'))
    assert given(guest.stay("2027-03-01", "10.99", "10.99", "10.99")).get("a", 0) == points


def test_rounding_never_passes_the_cap() -> None:
    rules = (
        'earn "A" as a { on stay  give 1 point per 1 GBP of net, up to 1% of (net / 1 GBP * 45 points), rounded up }'
    )
    assert given(Guest(program(rules)).stay("2027-03-01", "10")) == {"a": 4}  # the cap is 4.5 points


def test_a_negative_amount_is_nothing_to_give() -> None:
    guest = Guest(program(BASE))
    outcome = guest.stay("2027-03-01", "-10.99")
    assert outcome.awards == ()
    assert "nothing to give" in guest.told


def test_an_absent_offer_is_not_given() -> None:
    guest = Guest(program('earn "Desk" as desk_points { on stay  give desk }'))
    assert guest.stay("2027-03-01").awards == ()
    assert given(guest.stay("2027-03-01", desk=40)) == {"desk_points": 40}


@pytest.mark.parametrize(
    ("amounts", "base", "parts"),
    [(("10.99", "10.99", "10.99"), 329, (110, 110, 109)), (("19.99", "0.01", "19.99"), 399, (200, 0, 199))],
)
def test_the_parts_of_an_award(amounts: tuple[str, ...], base: int, parts: tuple[int, ...]) -> None:
    """The golden cases of the one allocation: what falls on each line, and what a rule reads of it."""
    rules = "".join(
        f'earn "P{n}" as p{n} {{ on stay  give 100% of base of lines where id is "l{n}" }}\n' for n in range(3)
    )
    guest = Guest(program(BASE + rules))
    outcome = guest.stay("2027-03-01", *amounts)
    expected = {"base": base} | {f"p{n}": part for n, part in enumerate(parts)}
    assert given(outcome) == {name: amount for name, amount in expected.items() if amount}
    award = outcome.awards[0]
    event = {"event": "stay", "folio": "x", "guest": "m", "out": "2027-03-01", "brand": "city"}
    lines = [{"id": f"l{n}", "kind": "room", "amount": amount} for n, amount in enumerate(amounts)]
    assert guest.program.parts({**event, "lines": lines}, award) == list(parts)


def test_the_order_of_lines_moves_nothing() -> None:
    """Odd points go by the lines' ids: `l0` has its odd point wherever it stands."""
    rules = BASE + 'earn "First" as first { on stay  give 100% of base of lines where id is "l0" }'
    event = {"event": "stay", "folio": "x", "guest": "m", "out": "2027-03-01", "brand": "city"}
    lines = [{"id": f"l{n}", "kind": "room", "amount": "10.99"} for n in range(3)]
    scored = program(rules)
    for turned in (lines, lines[::-1], [*lines[1:], lines[0]]):
        assert given(scored.score({**event, "lines": turned})) == {"base": 329, "first": 110}


def test_a_rule_reads_what_was_given_and_not_what_was_wanted() -> None:
    rules = BASE.replace(" }", "  at most 100 points per member per calendar year }")
    guest = Guest(program(rules + 'earn "Half" as half { on stay  give 50% of base }'))
    assert given(guest.stay("2027-03-01", "8")) == {"base": 80, "half": 40}
    assert given(guest.stay("2027-03-01", "8")) == {"base": 20, "half": 10}
    assert given(guest.stay("2027-03-01", "8")) == {}


# ---- conditions ----

MONTH = "period birthday_month = calendar month of member.birthday every year\n"


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("brand is city", True),
        ("brand is not city", False),
        ("brand in (inn, resort)", False),
        ("not brand in (inn, resort) and net >= 10 GBP", True),
        ("net > 30 GBP", False),
        ("net is 30 GBP", True),
        ("has booked", False),
        ("has booked and booked < today or net >= 30 GBP", True),
        ("count of lines is 3", True),
        ("count of lines is multiple of 2", False),
        ("(count of lines where kind is food) >= 1", True),
        ("(net of lines where kind is room) >= 20.01 GBP", False),
        ("distinct kind of lines is 2", True),
        ("today from 2027-03-01", True),
        ("today before 2027-03-01", False),
        ("has member and member.resident", True),
        ("has member and member.level >= 7", True),
        ("has member and has member.birthday", False),
        ("has member and member.joined before 2020-01-01", False),
        ("has member and has member.birthday and today in birthday_month", False),
    ],
)
def test_conditions(condition: str, holds: bool) -> None:
    scored = program(MEMBER + f'{MONTH}earn "A" as a {{ on stay  when {condition}  give 1 point }}')
    guest = Guest(scored, {"joined": "2020-02-01", "resident": True, "level": 7})
    assert bool(guest.stay("2027-03-01", "10", "10", "food 10").awards) is holds


def test_dates_include_their_ends() -> None:
    scored = program('earn "A" as a { on stay from 2027-03-01 until 2027-03-31  give 1 point }')
    fine = [bool(Guest(scored).stay(out).awards) for out in ("2027-02-28", "2027-03-01", "2027-03-31", "2027-04-01")]
    assert fine == [False, True, True, False]


def test_a_table_that_says_no_award_stops_the_whole_rule() -> None:
    rules = 'earn "A" as a { on stay  give 5 points  give by brand { resort: 1 point  otherwise: no award } }'
    guest = Guest(program(rules))
    assert guest.stay("2027-03-01").awards == ()
    assert "no award" in guest.told
    assert given(guest.stay("2027-03-01", brand="resort")) == {"a": 6}


def test_a_guest_gets_nothing_and_changes_nothing() -> None:
    guest = Guest(program(BASE + "track nights = count of lines, on stay, per calendar year"), member=None)
    outcome = guest.stay("2027-03-01", "100")
    assert (outcome.awards, outcome.changes, outcome.before) == ((), {}, {})
    assert "no member" in guest.told


# ---- tracks ----

NIGHTS = "track nights = count of lines where kind is room, on stay, per calendar year\n"


def test_earns_see_tracks_before_and_rewards_after() -> None:
    rules = NIGHTS + (
        'earn "E" as e { on stay  when nights >= 2  give 1 point }\n'
        'reward "R" as r { on stay  when nights >= 2  give 1 point }'
    )
    guest = Guest(program(rules))
    assert given(guest.stay("2027-03-01", "10", "10")) == {"r": 1}
    assert given(guest.stay("2027-03-02", "10")) == {"e": 1, "r": 1}
    assert given(guest.stay("2028-03-02", "10")) == {}
    assert guest.state.tracks == {"nights": {day("2027-01-01"): 3, day("2028-01-01"): 1}}


def test_only_the_newest_two_occurrences_are_kept() -> None:
    guest = Guest(program(NIGHTS + 'reward "R" as r { on stay  when previous nights >= 2  give 1 point }'))
    assert given(guest.stay("2025-03-01", "10", "10")) == {}
    assert given(guest.stay("2026-03-01", "10")) == {"r": 1}
    assert given(guest.stay("2027-03-01", "10")) == {}
    assert sorted(guest.state.tracks["nights"]) == [day("2026-01-01"), day("2027-01-01")]


def test_a_late_event_moves_its_own_occurrence() -> None:
    guest = Guest(program(NIGHTS + 'reward "R" as r { on stay  when nights >= 2  give 1 point }'))
    guest.stay("2026-12-30", "10")
    guest.stay("2027-01-05", "10")
    assert not guest.stay("2027-01-05").late
    outcome = guest.stay("2026-12-31", "10")
    assert outcome.late
    assert given(outcome) == {"r": 1}
    assert guest.state.tracks["nights"] == {day("2026-01-01"): 2, day("2027-01-01"): 1}
    assert guest.state.day == day("2027-01-05")


def test_what_earns_give_counts_now_and_what_rewards_give_counts_next() -> None:
    rules = (
        "track got = sum of given point, per calendar year\n"
        f"{BASE}"
        'reward "R" as r { on stay  give 5 points }\n'
        'reward "Seen" as seen { on stay  when got >= 15 points  give 1 point }'
    )
    guest = Guest(program(rules))
    assert given(guest.stay("2027-03-01", "1")) == {"base": 10, "r": 5}
    assert guest.state.tracks["got"] == {day("2027-01-01"): 15}
    assert given(guest.stay("2027-03-02")) == {"r": 5, "seen": 1}


def test_rolling_windows_move_in_whole_days() -> None:
    rules = 'track recent = count, on stay, per 30 days\nreward "R" as r { on stay  when recent >= 2  give 1 point }'
    guest = Guest(program(rules))
    assert given(guest.stay("2027-03-01")) == {}
    assert given(guest.stay("2027-03-30")) == {"r": 1}  # the 30th day counts
    assert given(guest.stay("2027-04-29")) == {}  # 30 days after 30 March
    assert sorted(guest.state.tracks["recent"]) == [day("2027-04-29")]


def test_the_last_calendar_months_count_the_current_one() -> None:
    rules = (
        "track recent = count, on stay, per the last 3 calendar months\n"
        'reward "R" as r { on stay  when recent >= 2  give 1 point }'
    )
    guest = Guest(program(rules))
    assert given(guest.stay("2027-01-31")) == {}
    assert given(guest.stay("2027-03-31")) == {"r": 1}
    assert given(guest.stay("2027-06-01")) == {}  # April to June


def test_streaks() -> None:
    rules = (
        "track weeks = streak of calendar week, on stay, per lifetime\n"
        'earn "Before" as before { on stay  when weeks >= 1  give 1 point }\n'
        'reward "Three" as three { on stay  when weeks reaches 3  give 100 points }'
    )
    guest = Guest(program(rules))
    monday = day("2027-03-01")
    weeks = [0, 0, 1, 1, 2, 3, 5]  # two stays in each of the first weeks, and later a week is missed
    found = [given(guest.stay(_date(monday + 7 * week))) for week in weeks]
    assert found == [{}, *[{"before": 1}] * 3, {"before": 1, "three": 100}, {"before": 1}, {}]
    assert list(guest.state.tracks["weeks"].values()) == [1]


def test_distinct_values() -> None:
    rules = (
        "track brands = count, on stay, per calendar year\n"
        'reward "Two" as two { on stay  when brands reaches 2  give 1 point }'
    )
    core = program(rules).core
    brand = ir.Field(ir.Origin(0, 0, 0), "brand")
    brands = msgspec.structs.replace(core.tracks[0], kind="distinct", value=brand, keys_max=2)
    guest = Guest(Program(msgspec.structs.replace(core, tracks=(brands,))))
    assert given(guest.stay("2027-03-01", "1")) == {}
    assert given(guest.stay("2027-03-02", "1")) == {}
    assert given(guest.stay("2027-03-03", "1", brand="inn")) == {"two": 1}
    with pytest.raises(EventRefused, match="up to 2 different values"):
        guest.stay("2027-03-04", "1", brand="resort")


def test_lines_go_to_the_occurrence_of_their_own_day() -> None:
    rules = (
        "track nights = count of lines where has night, on stay, per calendar year by night\n"
        'reward "R" as r { on stay  when nights >= 1  give 1 point }'
    )
    guest = Guest(program(rules))
    guest.stay("2027-01-02", "room 2026-12-31 10", "room 2027-01-01 10", "food 5")
    assert guest.state.tracks["nights"] == {day("2026-01-01"): 1, day("2027-01-01"): 1}


# ---- marks ----


def test_one_event_may_reach_several_marks_and_each_once() -> None:
    rules = (
        NIGHTS
        + 'reward "M" as m {\n  on stay  for each mark of nights at 2, 3, 5\n'
        + "  give by mark { 3: 30 points  otherwise: 1 point }\n}"
    )
    guest = Guest(program(rules))
    assert given(guest.stay("2027-03-01", "10")) == {}
    outcome = guest.stay("2027-03-02", "10", "10", "10")
    assert [award.given for award in outcome.awards] == [1, 30]
    assert given(guest.stay("2027-03-03", "10")) == {"m": 1}
    assert given(guest.stay("2027-03-04", "10")) == {}
    assert given(guest.stay("2028-03-04", "10", "10")) == {"m": 1}


def test_a_mark_fires_once_even_if_the_track_falls_back() -> None:
    rules = (
        "track spend = sum of net, on stay, per calendar year\n"
        'reward "R" as r { on stay  when spend reaches 100 GBP  give 1 point }'
    )
    guest = Guest(program(rules))
    assert given(guest.stay("2027-03-01", "100")) == {"r": 1}
    assert given(guest.stay("2027-03-02", "-50")) == {}
    assert given(guest.stay("2027-03-03", "60")) == {}
    assert given(guest.stay("2028-03-03", "100")) == {"r": 1}


# ---- tables ----


@pytest.mark.parametrize(("proof", "points"), [(0, 1), (9, 1), (10, 2), (19, 2), (20, 3)])
def test_a_row_runs_from_its_bound_to_the_next(proof: int, points: int) -> None:
    rules = 'earn "A" as a { on ask  give by proof { from 0: 1 point  from 10: 2 points  from 20: 3 points } }'
    assert given(Guest(program(rules)).ask("2027-03-01", proof=proof)) == {"a": points}


def test_marks_are_seen_on_events_that_move_or_ask() -> None:
    rules = """
period own_year = every 1 year from member.joined
track own = count of lines, on stay, per own_year
reward "R" as r { on stay  when own reaches 2  give 1 point }
reward "S" as s { on ask  give 1 point }
"""
    guest = Guest(program(MEMBER + rules), {"joined": "2020-02-01", "resident": True, "level": 7})
    guest.ask("2027-03-01")
    assert guest.state.seen == {}
    guest.stay("2027-03-02", "10")
    assert guest.state.seen == {"own": {day("2027-02-01"): 1}}


# ---- slices ----


def test_slices_begin_at_their_bound_to_the_penny() -> None:
    rules = """
track spend = sum of net, on stay, per calendar year
unit cash counts GBP { rounded half up  lasts forever }
earn "A" as a { on stay  give across spend { from 0 GBP: 100%  from 60 GBP: 0%  from 100 GBP: 100% }, in cash }
"""
    guest = Guest(program(rules))
    assert given(guest.stay("2027-01-05", "59.99")) == {"a": 59_99}
    assert given(guest.stay("2027-01-05", "40.02")) == {"a": 2}
    assert given(guest.stay("2028-01-05", "100")) == {"a": 60_00}
    assert given(guest.stay("2029-01-05", "101")) == {"a": 61_00}


def test_the_event_that_crosses_is_split() -> None:
    rules = (
        "track spend = sum of net, on stay, per calendar year\n"
        'earn "A" as a { on stay  give across spend { from 0 GBP: 6%  from 6_000 GBP: 1% }, in cash }\n'
        "unit cash counts GBP { rounded half up  lasts forever }"
    )
    guest = Guest(program(rules))
    assert given(guest.stay("2027-01-05", "3000", "2900")) == {"a": 354_00}
    assert given(guest.stay("2027-02-05", "250")) == {"a": 7_50}  # 100 at 6%, 150 at 1%
    assert given(guest.stay("2028-02-05", "250")) == {"a": 15_00}


# ---- holdouts ----


def test_a_member_held_out_gets_nothing_and_uses_no_limit() -> None:
    rules = BASE + 'earn "More" as more { on stay  give 100% of base }\nholdout 100% of members salt "s" from "Base"'
    guest = Guest(program(rules))
    outcome = guest.stay("2027-03-01", "10")
    assert [(each.rule, each.wanted, each.given, each.held_out) for each in outcome.awards] == [("base", 100, 0, True)]
    assert guest.state.lots == []
    assert "held out" in guest.told


def test_holdouts_by_share_are_the_hash_of_salt_and_id() -> None:
    from hashlib import sha256

    scored = program(BASE + 'holdout 30% of members salt "spring" from "Base"')
    edge = next(
        n for n in range(10**6) if int.from_bytes(sha256(b"spring\0m%d" % n).digest()[:8], "big") % 10_000 == 3_000
    )
    for number in (*range(40), edge):
        place = int.from_bytes(sha256(b"spring\0m%d" % number).digest()[:8], "big") % 10_000
        outcome = Guest(scored, member=f"m{number}").stay("2027-03-01", "10")
        assert outcome.awards[0].held_out is (place < 3_000)


# ---- what is said ----


def test_a_rule_says_what_it_says_where_it_acts() -> None:
    rules = 'reward "Thanks" as thanks { on stay  when net >= 10 GBP  say "Thank you"  once per member }'
    guest = Guest(program(rules))
    assert [each.text for each in guest.stay("2027-03-01", "10").said] == ["Thank you"]
    assert guest.stay("2027-03-02", "10").said == ()


# ---- what an outcome tells ----


def test_the_values_before_are_all_that_the_rules_can_read() -> None:
    rules = (
        NIGHTS
        + MEMBER
        + (
            "period anniversary = every 1 year from member.joined\n"
            "track spend = sum of net, on stay, per anniversary\n"
            "tiers { Blue  Gold when nights >= 2  lasts for 12 months  then the earned tier }\n"
            'earn "A" as a { on stay  when spend >= 1 GBP and balance of points >= 0 points  give 1 point }\n'
            'earn "B" as b { on ask  when member.resident  give 1 point }'
        )
    )
    guest = Guest(program(rules), {"joined": "2020-02-01", "resident": True, "level": 7})
    outcome = guest.stay("2027-03-01", "10", "10")
    assert outcome.before == {
        "balance of point": 0, "member.joined": day("2020-02-01"), "tier": "Blue", "track nights": 0, "track spend": 0,
    }  # fmt: skip
    assert guest.ask("2027-03-01").before["member.resident"] is True
    assert "balance of point" not in guest.ask("2027-03-01").before


def _date(number: int) -> str:
    from rules_engine.calendar import format_date

    return format_date(number)


def test_a_reward_slices_what_the_event_added() -> None:
    """Rewards see tracks after the event, and a slice still lies on what the track was before it."""
    rules = """
track spend = sum of net, on stay, per calendar year
unit cash counts GBP { rounded half up  lasts forever }
reward "A" as a { on stay  give across spend { from 0 GBP: 1%  from 390 GBP: 8% }, in cash }
"""
    guest = Guest(program(rules))
    assert given(guest.stay("2027-03-01", "482")) == {"a": 3_90 + 7_36}
    assert given(guest.stay("2027-03-01", "100")) == {"a": 8_00}
