"""Days, zones and periods: examples that a reader can check by hand, then agreement with scans day by day."""

from datetime import date
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine import calendar as c
from rules_engine import periods as p
from rules_engine.calendar import Duration, parse_date, parse_instant, parse_time
from rules_engine.occurrences import (
    Context,
    Occurrence,
    contains,
    end_of,
    end_of_next,
    next_occurrence,
    occurrence,
    occurrences,
    start_of,
    start_of_next,
)
from rules_engine.values import ValueFault
from tests import oracles

LONDON, NEW_YORK = "Europe/London", "America/New_York"
ZONES = (
    LONDON,
    NEW_YORK,
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Nuuk",
    "UTC",
)
LEAP_DAYS: tuple[c.LeapDay, ...] = ("28 February", "1 March")

days = st.integers(parse_date("1996-01-01"), parse_date("2105-12-31"))
near_leap = st.sampled_from(
    ["2000-02-29", "2024-02-29", "2027-02-28", "2028-02-29", "2100-02-28", "2100-03-01", "2027-01-31"]
)
interesting = days | near_leap.map(parse_date)
instants = st.integers(parse_instant("1975-01-01T00:00:00Z"), parse_instant("2105-01-01T00:00:00Z"))
zones = st.sampled_from(ZONES)


def day(text: str) -> int:
    return parse_date(text)


def span(found: Occurrence | None) -> tuple[str, str] | None:
    """First and last day, as a reader counts them."""
    return None if found is None else (c.format_date(found.first_day), c.format_date(found.end_day - 1))


# ---- days and months


@given(st.integers(c.FIRST_DAY, c.END_DAY - 1))
def test_days_are_dates(number: int) -> None:
    here = date.fromordinal(number + date(1970, 1, 1).toordinal())
    assert c.civil(number) == (here.year, here.month, here.day)
    assert c.day_of(*c.civil(number)) == number
    assert c.format_date(number) == here.isoformat()
    assert parse_date(here.isoformat()) == number
    assert c.weekday(number) == here.weekday()


@given(st.integers(-(10**8), 10**8), st.integers(-100_000, 100_000))
def test_no_date_is_out_of_range(number: int, months: int) -> None:
    assert c.day_of(*c.civil(number)) == number
    moved = c.add_months(number, months)
    assert c.month_number(moved) - c.month_number(number) == months
    assert 0 <= c.civil(number)[2] - c.civil(moved)[2] <= 3 or c.civil(moved)[2] == c.civil(number)[2]
    assert c.civil(number + 146_097)[0] == c.civil(number)[0] + 400


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2027-01-31", 1, "2027-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2027-03-31", -1, "2027-02-28"),
        ("2027-01-31", -2, "2026-11-30"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", -48, "2024-02-29"),
        ("2027-12-15", 1, "2028-01-15"),
        ("2027-01-15", -1, "2026-12-15"),
        ("2027-05-31", 0, "2027-05-31"),
    ],
)
def test_adding_months_clamps(start: str, months: int, end: str) -> None:
    assert c.format_date(c.add_months(day(start), months)) == end


@given(interesting, st.integers(-60, 60), st.sampled_from(c.DURATION_UNITS))
def test_durations_agree_with_steps(start: int, count: int, unit: c.DurationUnit) -> None:
    wanted = oracles.to_day(oracles.later(oracles.to_date(start), count, unit))
    assert c.add_duration(start, Duration(count, unit)) == wanted
    assert c.subtract_duration(start, Duration(-count, unit)) == wanted
    if unit == "year":
        assert c.add_months(start, 12 * count) == wanted


@given(interesting, st.integers(1990, 2110), st.sampled_from(LEAP_DAYS))
def test_anniversaries(anchor: int, year: int, leap_day: c.LeapDay) -> None:
    born = oracles.to_date(anchor)
    assert oracles.to_date(c.anniversary(anchor, year, leap_day)) == oracles.in_year(
        year, born.month, born.day, leap_day
    )


# ---- text


@pytest.mark.parametrize(
    "text",
    ["2027-3-1", "20270301", "2027-W09-1", "2027-060", " 2027-03-01", "2027-03-01\n", "2027/03/01", "٢٠٢٧-٠٣-٠١", "",
     "2027-02-29", "2027-13-01", "2027-00-01", "2027-04-31", "2027-04-00", "0000-01-01", "2027-03-01T00:00:00Z",
     "-027-01-01"],
)  # fmt: skip
def test_dates_that_are_refused(text: str) -> None:
    with pytest.raises(ValueFault):
        parse_date(text)


@pytest.mark.parametrize("sent", [None, 20270301, date(2027, 3, 1), 1.5])
def test_only_text_is_read(sent: object) -> None:
    for read in (parse_date, parse_time, parse_instant):
        with pytest.raises(ValueFault):
            read(sent)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["24:00", "7:00", "07:60", "07:00:60", "0700", "07", "07:00:00.5", "٠٧:٠٠", "07:00Z"])
def test_times_that_are_refused(text: str) -> None:
    with pytest.raises(ValueFault):
        parse_time(text)


@given(st.integers(0, 86_399))
def test_times_survive_text(seconds: int) -> None:
    assert parse_time(c.format_time(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00+00:00", 0),
        ("1970-01-01T05:30:01+05:30", 1),
        ("1969-12-31T16:00:00-08:00", 0),
        ("2027-03-31T18:30:00+02:00", 1_806_510_600),
    ],
)
def test_instants_that_are_read(text: str, instant: int) -> None:
    assert parse_instant(text) == instant


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2027-03-31T18:30:00", "has no offset"),
        ("2027-03-31T18:30:00.5Z", "fractions of a second"),
        ("2027-03-31T18:30:00,5+01:00", "fractions of a second"),
        ("2027-03-31T18:30:00-00:00", "means unknown"),
        ("2027-03-31T18:30:00+24:00", "an offset that does not exist"),
        ("2027-03-31T18:30:00+01:60", "an offset that does not exist"),
        ("2027-03-31T24:00:00Z", "a day ends at 00:00 of the next"),
        ("2027-03-31T23:59:60Z", "times run from"),
        ("2027-02-29T00:00:00Z", "February 2027 has 28 days"),
        ("2027-03-31 18:30:00Z", "is not an instant"),
        ("2027-03-31t18:30:00z", "is not an instant"),
        ("20270331T183000Z", "is not an instant"),
        ("2027-W13-3T18:30:00Z", "is not an instant"),
        ("2027-03-31T18:30Z", "is not an instant"),
        ("2027-03-31T18:30:00+0200", "is not an instant"),
        ("2027-03-31T18:30:00+02", "is not an instant"),
        ("20271103", "is not an instant"),
        ("2027-03-31", "is not an instant"),
        ("", "is not an instant"),
    ],
)
def test_instants_that_are_refused(text: str, why: str) -> None:
    with pytest.raises(ValueFault, match=why):
        parse_instant(text)


@given(instants, zones)
def test_instants_survive_text(instant: int, zone: str) -> None:
    text = c.format_instant(instant, zone)
    assert parse_instant(text) == instant
    assert text.startswith(oracles.clock(instant, zone).isoformat())


# ---- zones


@given(instants, zones)
def test_the_clock_on_the_wall(instant: int, zone: str) -> None:
    shown = oracles.clock(instant, zone)
    assert c.local_day(instant, zone) == oracles.to_day(shown.date())


CHANGES = [
    ("2027-03-28", LONDON, 23), ("2027-10-31", LONDON, 25), ("2027-06-01", LONDON, 24), ("2027-03-14", NEW_YORK, 23),
    ("2027-11-07", NEW_YORK, 25), ("2026-04-24", "Africa/Cairo", 23), ("2026-10-29", "Africa/Cairo", 25),
    ("2011-12-30", "Pacific/Apia", 0), ("2027-01-01", "Asia/Shanghai", 24),
]  # fmt: skip


@pytest.mark.parametrize(("text", "zone", "hours"), CHANGES)
def test_days_of_other_lengths(text: str, zone: str, hours: int) -> None:
    assert c.day_start(day(text) + 1, zone) - c.day_start(day(text), zone) == hours * 3600
    assert c.day_start(day(text), zone) == oracles.first_instant(day(text), 0, zone)


@given(
    st.sampled_from(CHANGES),
    st.integers(-1, 1),
    st.integers(0, 86_399) | st.sampled_from([0, 3600, 5400, 7200, 10_800]),
)
@settings(max_examples=60, deadline=None)
def test_local_times_around_changes(change: tuple[str, str, int], beside: int, seconds: int) -> None:
    text, zone, _ = change
    assert c.local_instant(day(text) + beside, seconds, zone) == oracles.first_instant(
        day(text) + beside, seconds, zone
    )


@given(st.sampled_from(CHANGES), st.integers(-100_000, 200_000))
def test_the_clock_around_changes(change: tuple[str, str, int], seconds: int) -> None:
    text, zone, _ = change
    instant = c.day_start(day(text), zone) + seconds
    assert c.local_day(instant, zone) == oracles.to_day(oracles.clock(instant, zone).date())


def test_zones_far_away_in_time_repeat() -> None:
    late, cycle = day("9999-12-31"), 146_097
    for number in (late, late + 1, late + 10 * cycle + 200):
        hour = c.day_start(number, LONDON) - number * 86_400
        assert hour == c.day_start(number - cycle, LONDON) - (number - cycle) * 86_400
        assert c.local_day(c.day_start(number, LONDON), LONDON) == number
    assert c.local_day(c.day_start(c.FIRST_DAY - 5, LONDON), LONDON) == c.FIRST_DAY - 5
    summer = day("9999-07-01") * 86_400
    assert c.offset_at(summer, LONDON) == c.offset_at(summer + cycle * 86_400, LONDON) == 3600
    assert c.offset_at(day("9999-12-31") * 86_400 + 40_000, "Asia/Tokyo") == 9 * 3600


@pytest.mark.parametrize(
    "name", ["", "London", "europe/london", "../zones", "/etc/localtime", "Europe/London/", "zones"]
)
def test_zones_that_do_not_exist(name: str) -> None:
    with pytest.raises(ValueFault, match="is not a time zone"):
        c.local_day(0, name)


def test_zone_names_and_version() -> None:
    assert {LONDON, "UTC", "Asia/Shanghai"} <= set(c.zone_names())
    assert c.zone_version()[:2] == "20"


# ---- periods, by example

OFF_PEAK = p.Annual(11, 1, 2, 28)
NIGHT = p.Daily(parse_time("23:00"), parse_time("07:00"))
FESTIVAL = p.Fixed(
    day("2027-11-01"), day("2027-11-12"), last_included=False, first_seconds=parse_time("20:00"), last_seconds=0
)
ANCHOR = "member.joined"
WEEK_AROUND = p.Around(Duration(7, "day"), Duration(7, "day"), ANCHOR)


def ctx(
    anchor: str = "2027-01-31", leap_day: c.LeapDay = "28 February", weeks_start: int = 0, zone: str = LONDON
) -> Context:
    return Context(zone=zone, weeks_start=weeks_start, leap_day=leap_day, anchors={ANCHOR: day(anchor)})


@pytest.mark.parametrize(
    ("period", "at", "context", "wanted"),
    [
        (OFF_PEAK, "2027-01-15", ctx(), ("2026-11-01", "2027-02-28")),
        (OFF_PEAK, "2028-02-28", ctx(), ("2027-11-01", "2028-02-28")),
        (OFF_PEAK, "2028-02-29", ctx(), None),
        (OFF_PEAK, "2027-10-31", ctx(), None),
        (p.Annual(11, 1, 2, 0), "2028-02-29", ctx(), ("2027-11-01", "2028-02-29")),
        (p.Annual(11, 1, 2, 29), "2027-03-01", ctx(), None),
        (p.Annual(11, 1, 2, 29), "2027-03-01", ctx(leap_day="1 March"), ("2026-11-01", "2027-03-01")),
        (p.Annual(2, 29, 2, 29), "2027-02-28", ctx(), ("2027-02-28", "2027-02-28")),
        (p.Annual(2, 29, 2, 29), "2027-02-28", ctx(leap_day="1 March"), None),
        (p.Annual(3, 1, 2, 29), "2027-03-01", ctx(leap_day="1 March"), ("2027-03-01", "2028-02-29")),
        (p.Annual(3, 1, 2, 29), "2026-12-01", ctx(leap_day="1 March"), ("2026-03-01", "2027-02-28")),
        (p.Annual(2, 29, 2, 28), "2026-12-01", ctx(), ("2026-02-28", "2027-02-27")),
        (p.Annual(2, 29, 2, 0), "2027-03-01", ctx(leap_day="1 March"), ("2027-03-01", "2027-03-01")),
        (p.Annual(2, 29, 2, 0), "2028-02-29", ctx(leap_day="1 March"), ("2028-02-29", "2028-02-29")),
        (p.Annual(12, 20, 1, 3), "2027-01-03", ctx(), ("2026-12-20", "2027-01-03")),
        (p.Every(1, "month", ANCHOR), "2027-02-27", ctx(), ("2027-01-31", "2027-02-27")),
        (p.Every(1, "month", ANCHOR), "2027-02-28", ctx(), ("2027-02-28", "2027-03-30")),
        (p.Every(1, "month", ANCHOR), "2027-03-31", ctx(), ("2027-03-31", "2027-04-29")),
        (p.Every(3, "month", ANCHOR), "2026-12-01", ctx(), ("2026-10-31", "2027-01-30")),
        (p.Every(1, "year", ANCHOR), "2027-02-28", ctx("2024-02-29"), ("2027-02-28", "2028-02-28")),
        (p.Every(1, "year", ANCHOR), "2027-02-28", ctx("2024-02-29", "1 March"), ("2026-03-01", "2027-02-28")),
        (p.Every(12, "month", ANCHOR), "2027-02-28", ctx("2024-02-29", "1 March"), ("2027-02-28", "2028-02-28")),
        (p.Every(2, "year", ANCHOR), "2023-12-31", ctx("2024-01-01"), ("2022-01-01", "2023-12-31")),
        (p.Every(10, "day", ANCHOR), "2027-02-09", ctx(), ("2027-01-31", "2027-02-09")),
        (p.Every(2, "week", ANCHOR), "2027-01-30", ctx(), ("2027-01-17", "2027-01-30")),
        (WEEK_AROUND, "2028-12-28", ctx("1990-01-03"), ("2028-12-27", "2029-01-10")),
        (WEEK_AROUND, "2029-01-10", ctx("1990-01-03"), ("2028-12-27", "2029-01-10")),
        (WEEK_AROUND, "2029-01-11", ctx("1990-01-03"), None),
        (p.UnitOf("month", ANCHOR), "2027-02-10", ctx("2000-02-29", "1 March"), ("2027-02-01", "2027-02-28")),
        (p.UnitOf("month", ANCHOR), "2027-03-01", ctx("2000-02-29", "1 March"), None),
        (p.UnitOf("day", ANCHOR), "2027-03-01", ctx("2000-02-29", "1 March"), ("2027-03-01", "2027-03-01")),
        (p.UnitOf("week", ANCHOR), "2026-12-28", ctx("1990-01-01"), ("2026-12-28", "2027-01-03")),
        (p.MonthDays((8, 18, 28)), "2027-02-28", ctx(), ("2027-02-28", "2027-02-28")),
        (p.MonthDays((31,)), "2027-04-30", ctx(), None),
        (p.MonthDays((1, 2, 3, 30, 31)), "2027-03-31", ctx(), ("2027-03-30", "2027-03-31")),
        (p.MonthDays((27, 28, 29, 30, 31)), "2027-02-28", ctx(), ("2027-02-27", "2027-02-28")),
        (p.Weekdays((4, 5)), "2027-03-06", ctx(), ("2027-03-05", "2027-03-06")),
        (p.Weekdays((6, 0)), "2027-03-08", ctx(), ("2027-03-07", "2027-03-08")),
        (p.Weekdays((5, 6)), "2027-03-07", ctx(weeks_start=6), ("2027-03-06", "2027-03-07")),
        (p.Once(Duration(6, "month"), ANCHOR), "2027-01-31", ctx(), ("2027-01-31", "2027-07-30")),
        (p.Once(Duration(6, "month"), ANCHOR), "2027-07-31", ctx(), None),
        (p.Once(Duration(6, "month"), ANCHOR), "2027-01-30", ctx(), None),
        (p.Fixed(day("2027-01-10"), day("2027-02-28")), "2027-02-28", ctx(), ("2027-01-10", "2027-02-28")),
        (p.Fixed(day("2027-01-10"), day("2027-02-28"), last_included=False), "2027-02-28", ctx(), None),
        (p.Fixed(ANCHOR, None), "2027-01-31", ctx(), ("2027-01-31", "9999-12-31")),
        (p.Fixed(None, ANCHOR), "2027-02-01", ctx(), None),
        (p.Fixed(day("2027-05-01"), ANCHOR), "2027-05-01", ctx(), None),
        (p.Calendar("week"), "2027-03-07", ctx(), ("2027-03-01", "2027-03-07")),
        (p.Calendar("week"), "2027-03-07", ctx(weeks_start=6), ("2027-03-07", "2027-03-13")),
        (p.Calendar("quarter"), "2027-12-31", ctx(), ("2027-10-01", "2027-12-31")),
        (p.Calendar("year"), "2028-02-29", ctx(), ("2028-01-01", "2028-12-31")),
        (p.Rolling(Duration(12, "month")), "2028-02-29", ctx(), ("2027-03-01", "2028-02-29")),
        (p.Rolling(Duration(1, "month")), "2027-03-31", ctx(), ("2027-03-01", "2027-03-31")),
        (p.Rolling(Duration(90, "day")), "2027-03-31", ctx(), ("2027-01-01", "2027-03-31")),
        (p.LastCalendar(3, "month"), "2027-01-15", ctx(), ("2026-11-01", "2027-01-31")),
        (p.LastCalendar(1, "year"), "2027-01-15", ctx(), ("2027-01-01", "2027-12-31")),
        (p.LastCalendar(2, "week"), "2027-03-03", ctx(), ("2027-02-22", "2027-03-07")),
        (p.Lifetime(), "2027-03-03", ctx(), ("0001-01-01", "9999-12-31")),
        (p.Except(OFF_PEAK, (p.Annual(12, 20, 1, 3),)), "2027-01-03", ctx(), None),
        (p.Except(OFF_PEAK, (p.Annual(12, 20, 1, 3),)), "2027-01-04", ctx(), ("2026-11-01", "2027-02-28")),
        (p.Named("quiet", p.Except(OFF_PEAK, (p.Weekdays((6,)),))), "2027-01-03", ctx(), None),
        (p.Host("working", ((10, 12), (12, 15))), "1970-01-13", ctx(), ("1970-01-13", "1970-01-15")),
        (p.Host("working", ((10, 12), (14, 15))), "1970-01-13", ctx(), None),
        (p.Host("working", ()), "1970-01-13", ctx(), None),
        (p.Trial("challenge"), "1970-01-13", ctx(), None),
        (p.Trial("challenge"), "1970-01-13", Context(trials={"challenge": ((12, 20),)}), ("1970-01-13", "1970-01-20")),
    ],
)  # fmt: skip
def test_occurrences_by_example(period: p.Period, at: str, context: Context, wanted: tuple[str, str] | None) -> None:
    assert span(occurrence(period, day(at), context)) == wanted
    assert contains(period, day(at), context) == (wanted is not None)


@pytest.mark.parametrize(
    ("period", "at", "ends", "next_ends"),
    [
        (p.Calendar("month"), "2028-02-10", "2028-02-29", "2028-03-31"),
        (p.Calendar("year"), "2027-12-31", "2027-12-31", "2028-12-31"),
        (p.Every(1, "year", ANCHOR), "2027-01-30", "2027-01-30", "2028-01-30"),
        (OFF_PEAK, "2027-05-01", "2028-02-28", "2028-02-28"),
        (OFF_PEAK, "2027-12-01", "2028-02-28", "2029-02-28"),
        (p.Except(OFF_PEAK, (p.Weekdays((0, 1, 2)),)), "2027-12-01", "2028-02-28", "2029-02-28"),
        (p.Once(Duration(6, "month"), ANCHOR), "2026-01-01", "2027-07-30", "2027-07-30"),
        (p.Once(Duration(6, "month"), ANCHOR), "2027-02-01", "2027-07-30", None),
        (p.Once(Duration(6, "month"), ANCHOR), "2028-01-01", None, None),
        (p.Rolling(Duration(1, "month")), "2028-01-01", "2028-01-01", None),
        (p.Lifetime(), "2028-01-01", "9999-12-31", None),
        (p.Host("working", ((10, 12), (14, 15))), "1970-01-01", "1970-01-12", "1970-01-12"),
        (p.Host("working", ((10, 12), (14, 15))), "1970-01-11", "1970-01-12", "1970-01-15"),
        (p.Host("working", ((10, 12), (14, 15))), "1970-01-13", "1970-01-15", "1970-01-15"),
        (p.Around(Duration(4, "month"), Duration(1, "day"), ANCHOR), "2027-12-01", "2028-02-01", "2029-02-01"),
        (p.MonthDays((31,)), "2027-03-31", "2027-03-31", "2027-05-31"),
        (p.Weekdays((5, 6)), "2027-03-07", "2027-03-07", "2027-03-14"),
        (p.Fixed(day("2027-05-01"), ANCHOR), "2027-01-01", None, None),
        (p.Host("working", ((10, 12), (14, 15))), "1970-01-15", "1970-01-15", None),
    ],
)
def test_end_of_and_end_of_next(period: p.Period, at: str, ends: str | None, next_ends: str | None) -> None:
    found, after = end_of(period, day(at), ctx()), end_of_next(period, day(at), ctx())
    assert (found and c.format_date(found)) == ends
    assert (after and c.format_date(after)) == next_ends


def test_start_of_and_start_of_next() -> None:
    at = day("2027-05-05")
    assert c.format_date(start_of(p.Calendar("quarter"), at, ctx()) or 0) == "2027-04-01"
    assert c.format_date(start_of_next(p.Calendar("quarter"), at, ctx()) or 0) == "2027-07-01"
    assert start_of_next(p.Lifetime(), at, ctx()) is None
    assert start_of(p.Fixed(None, at - 1), at, ctx()) is None


@pytest.mark.parametrize(
    ("period", "at", "inside"),
    [
        (NIGHT, "2027-03-28T23:00:00+01:00", True),
        (NIGHT, "2027-03-28T22:59:59+01:00", False),
        (NIGHT, "2027-03-28T06:59:59+01:00", True),
        (NIGHT, "2027-03-28T07:00:00+01:00", False),
        (NIGHT, "2027-10-31T06:59:59Z", True),
        (FESTIVAL, "2027-11-01T19:59:59Z", False),
        (FESTIVAL, "2027-11-01T20:00:00Z", True),
        (FESTIVAL, "2027-11-11T23:59:59Z", True),
        (FESTIVAL, "2027-11-12T00:00:00Z", False),
        (p.Daily(parse_time("01:00"), parse_time("02:00")), "2027-10-31T01:30:00+01:00", True),
        (p.Daily(parse_time("01:00"), parse_time("02:00")), "2027-10-31T01:30:00Z", True),
        (p.Daily(parse_time("00:00"), parse_time("01:30")), "2027-10-31T01:15:00+01:00", True),
        (p.Daily(parse_time("00:00"), parse_time("01:30")), "2027-10-31T01:15:00Z", False),
        (p.Except(NIGHT, (p.Weekdays((6,)),)), "2027-03-28T06:00:00+01:00", False),
        (p.Except(p.Calendar("day"), (NIGHT,)), "2027-03-29T06:00:00+01:00", False),
        (p.Except(p.Calendar("day"), (NIGHT,)), "2027-03-29T07:00:00+01:00", True),
        (p.Daily(parse_time("18:00"), 0), "2027-03-29T23:59:59+01:00", True),
        (p.Daily(parse_time("18:00"), 0), "2027-03-30T00:00:00+01:00", False),
    ],
)
def test_timed_periods_compare_instants(period: p.Period, at: str, inside: bool) -> None:
    instant = parse_instant(at)
    assert p.is_timed(period)
    assert contains(period, c.local_day(instant, LONDON), ctx(), instant) == inside


def test_a_timed_period_does_not_answer_for_a_day_alone() -> None:
    with pytest.raises(ValueFault, match="a date alone"):
        contains(NIGHT, day("2027-03-28"), ctx())
    with pytest.raises(ValueFault, match="a date alone"):
        next_occurrence(FESTIVAL, day("2027-03-28"), ctx())


def test_a_night_belongs_to_the_day_on_which_it_starts() -> None:
    instant = parse_instant("2027-03-28T06:00:00+01:00")
    found = occurrence(NIGHT, day("2027-03-28"), ctx(), instant)
    assert span(found) == ("2027-03-27", "2027-03-28")
    assert found is not None
    assert (found.ends_at or 0) - (found.starts_at or 0) == 7 * 3600
    after = next_occurrence(NIGHT, day("2027-03-28"), ctx(), instant)
    assert span(after) == ("2027-03-28", "2027-03-29")
    assert end_of(NIGHT, day("2027-03-28"), ctx(), instant) == day("2027-03-28")


def test_the_next_night_starts_after_the_instant() -> None:
    starts = parse_instant("2027-03-29T23:00:00+01:00")
    assert span(next_occurrence(NIGHT, day("2027-03-29"), ctx(), starts - 1)) == ("2027-03-29", "2027-03-30")
    assert span(next_occurrence(NIGHT, day("2027-03-29"), ctx(), starts)) == ("2027-03-30", "2027-03-31")
    evening = p.Daily(parse_time("18:00"), 0)
    assert span(occurrence(evening, day("2027-03-29"), ctx(), starts)) == ("2027-03-29", "2027-03-29")


def test_a_timed_period_that_ends_before_it_starts_does_not_occur() -> None:
    reversed_by_facts = p.Fixed(day("2027-05-01"), ANCHOR, last_included=False, first_seconds=0)
    assert list(occurrences(reversed_by_facts, 0, c.END_DAY, ctx())) == []


def test_a_daily_span_that_the_clock_skips_does_not_occur() -> None:
    skipped = p.Daily(parse_time("01:10"), parse_time("01:50"))
    found = [each.first_day for each in occurrences(skipped, day("2027-03-27"), day("2027-03-30"), ctx())]
    assert found == [day("2027-03-27"), day("2027-03-29")]


def test_instants_of_an_occurrence() -> None:
    march = occurrence(p.Calendar("month"), day("2027-03-05"), ctx())
    assert march is not None
    start, end = march.instants(LONDON)
    assert [c.format_instant(each, LONDON) for each in (start, end - 1)] == [
        "2027-03-01T00:00:00Z",
        "2027-03-31T23:59:59+01:00",
    ]
    festival = next(iter(occurrences(FESTIVAL, 0, c.END_DAY, ctx())))
    assert festival.instants(LONDON) == (festival.starts_at, festival.ends_at)
    assert span(festival) == ("2027-11-01", "2027-11-11")


def test_today_s_window_holds_another_date() -> None:
    window = occurrence(p.LastCalendar(3, "month"), day("2027-05-20"), ctx())
    assert window is not None
    assert [window.holds(day(text)) for text in ("2027-02-28", "2027-03-01", "2027-05-31")] == [False, True, True]


# ---- periods, against the scans

units = st.sampled_from(p.CALENDAR_UNITS)
month_days = st.integers(1, 12).flatmap(
    lambda month: st.tuples(st.just(month), st.integers(1, c.month_days(2000, month)))
)
edges = month_days | st.sampled_from([(2, 28), (2, 29), (3, 1), (12, 31), (1, 1)])
annual = st.builds(
    lambda first, last: p.Annual(*first, *last), edges, edges | st.integers(1, 12).map(lambda month: (month, 0))
)
short = st.builds(Duration, st.integers(0, 40), st.just("day")) | st.builds(
    Duration, st.integers(0, 4), st.just("month")
)
recurring: st.SearchStrategy[p.Period] = st.one_of(
    annual,
    st.builds(p.Every, st.integers(1, 13), st.sampled_from(c.DURATION_UNITS), st.just(ANCHOR)),
    st.builds(p.Around, short, short, st.just(ANCHOR)),
    st.builds(p.UnitOf, units, st.just(ANCHOR)),
    st.builds(p.MonthDays, st.lists(st.integers(1, 31), min_size=1, max_size=9).map(tuple)),
    st.builds(p.Weekdays, st.sets(st.integers(0, 6), min_size=1, max_size=6).map(tuple)),
    st.builds(p.Calendar, units),
)
contexts = st.builds(
    lambda anchor, leap_day, weeks_start: Context(LONDON, weeks_start, leap_day, {ANCHOR: anchor}),
    interesting, st.sampled_from(LEAP_DAYS), st.integers(0, 6),
)  # fmt: skip


@given(recurring, interesting, contexts)
@settings(max_examples=300, deadline=None)
def test_occurrences_agree_with_the_scan(period: p.Period, at: int, context: Context) -> None:
    assert context.weeks_start is not None
    assert context.leap_day is not None
    anchor = oracles.to_date(context.anchors[ANCHOR])
    scan = oracles.scan(period, anchor, context.weeks_start, context.leap_day)
    found, after = occurrence(period, at, context), next_occurrence(period, at, context)
    assert (found and (found.first_day, found.end_day)) == scan.occurrence(at)
    assert contains(period, at, context) == scan.inside(oracles.to_date(at))
    if after is None or after.first_day - at < oracles.SCAN_DAYS:
        assert (after and after.first_day) == scan.next_first(at)


@given(recurring, interesting, contexts)
@settings(max_examples=150, deadline=None)
def test_occurrences_do_not_overlap(period: p.Period, at: int, context: Context) -> None:
    found = list(occurrences(period, at, at + 900, context))
    for before, after in pairwise(found):
        assert before.first_day < before.end_day <= after.first_day < after.end_day
    for each in found[:4]:
        for number in (each.first_day, (each.first_day + each.end_day) // 2, each.end_day - 1):
            assert occurrence(period, number, context) == each
    assert all(at <= each.first_day < at + 900 for each in found)
    if p.covers_every_day(period):
        assert all(contains(period, number, context) for number in range(at, at + 900, 7))
        assert all(before.end_day == after.first_day for before, after in pairwise(found))


@given(annual, contexts)
@settings(max_examples=100, deadline=None)
def test_covering_every_day_is_exact_for_annual_spans(period: p.Annual, context: Context) -> None:
    start = day("2027-01-01")
    holds_all = all(contains(period, number, context) for number in range(start, start + 2 * 366))
    if p.covers_every_day(period):
        assert holds_all
    elif not p.needs_leap_day(period):
        assert not holds_all


@given(recurring, st.lists(recurring, max_size=2), interesting, contexts)
@settings(max_examples=100, deadline=None)
def test_except_removes_days_and_never_splits(
    base: p.Period, removed: list[p.Period], at: int, context: Context
) -> None:
    period = p.Named("it", p.Except(base, tuple(removed)))
    inside = contains(base, at, context) and not any(contains(each, at, context) for each in removed)
    assert contains(period, at, context) == inside
    assert occurrence(period, at, context) == (occurrence(base, at, context) if inside else None)
    assert next_occurrence(period, at, context) == next_occurrence(base, at, context)


@given(interesting, st.builds(Duration, st.integers(1, 30), st.sampled_from(c.DURATION_UNITS)))
def test_windows_end_today_and_start_after_the_day_a_duration_ago(at: int, duration: Duration) -> None:
    window = occurrence(p.Rolling(duration), at, Context())
    ago = oracles.to_day(oracles.later(oracles.to_date(at), -duration.count, duration.unit))
    assert window == Occurrence(ago + 1, at + 1)


@given(interesting, st.integers(1, 30), units, st.integers(0, 6))
def test_the_last_n_units_are_n_units_in_a_row(at: int, count: int, unit: p.CalendarUnit, weeks_start: int) -> None:
    context = Context(weeks_start=weeks_start)
    window = occurrence(p.LastCalendar(count, unit), at, context)
    assert window is not None
    inside = list(occurrences(p.Calendar(unit), window.first_day, window.end_day, context))
    assert len(inside) == count
    assert inside[0].first_day == window.first_day
    assert inside[-1] == occurrence(p.Calendar(unit), at, context)


@given(st.sampled_from(CHANGES), st.integers(-100_000, 200_000), st.integers(0, 47), st.integers(0, 47))
@settings(max_examples=100, deadline=None)
def test_daily_spans_around_changes(change: tuple[str, str, int], seconds: int, start: int, end: int) -> None:
    if start == end:
        return
    text, zone, _ = change
    period, instant = p.Daily(start * 1800, end * 1800), c.day_start(day(text), zone) + seconds
    at = oracles.to_day(oracles.clock(instant, zone).date())
    spans = [
        (oracles.first_instant(near, start * 1800, zone), oracles.first_instant(near + (end < start), end * 1800, zone))
        for near in (at - 1, at, at + 1)
    ]
    assert contains(period, at, Context(zone), instant) == any(first <= instant < last for first, last in spans)


# ---- what the checker asks

EVERY_FORM: list[tuple[p.Period, str]] = [
    (OFF_PEAK, "1 Nov to 28 Feb every year"),
    (p.Annual(11, 1, 2, 0), "1 Nov to end of Feb every year"),
    (NIGHT, "23:00 to 07:00 every day"),
    (p.Every(1, "year", ANCHOR), "every 1 year from member.joined"),
    (p.Every(3, "month", ANCHOR), "every 3 months from member.joined"),
    (p.Around(Duration(7, "day"), Duration(1, "week"), ANCHOR),
     "7 days before to 1 week after member.joined every year"),
    (p.UnitOf("month", ANCHOR), "calendar month of member.joined every year"),
    (p.MonthDays((8, 18, 28)), "day 8, 18, 28 of every month"),
    (p.Weekdays((4, 5)), "Friday, Saturday of every week"),
    (p.Once(Duration(6, "month"), ANCHOR), "6 months from member.joined"),
    (FESTIVAL, "from 2027-11-01 at 20:00 before 2027-11-12 at 00:00"),
    (p.Fixed(day("2027-01-10"), day("2027-02-28")), "from 2027-01-10 until 2027-02-28"),
    (p.Fixed(None, ANCHOR), "until member.joined"),
    (p.Calendar("quarter"), "calendar quarter"),
    (p.Lifetime(), "lifetime"),
    (p.Rolling(Duration(12, "month")), "12 months"),
    (p.LastCalendar(3, "month"), "the last 3 calendar months"),
    (p.Trial("challenge"), "trial of challenge"),
    (p.Host("working_days", ((3, 4),)), "from host"),
    (p.Named("off_peak", OFF_PEAK), "off_peak"),
    (p.Except(OFF_PEAK, (p.Annual(12, 20, 1, 3), p.Named("weekend", p.Weekdays((5, 6))))),
     "1 Nov to 28 Feb every year except 20 Dec to 3 Jan every year except weekend"),
]  # fmt: skip


@pytest.mark.parametrize(("period", "words"), EVERY_FORM)
def test_every_form_is_described_and_survives_json(period: p.Period, words: str) -> None:
    assert p.describe(period) == words
    assert msgspec.json.decode(msgspec.json.encode(period), type=p.Period) == period
    assert hash(period) == hash(msgspec.json.decode(msgspec.json.encode(period), type=p.Period))


def test_every_form_is_tried() -> None:
    forms = set(p.Period.__args__)
    assert {type(period) for period, _ in EVERY_FORM} == forms


@pytest.mark.parametrize(
    ("period", "anchors", "weeks", "leap", "timed", "every_day"),
    [
        (p.Calendar("week"), (), True, False, False, True),
        (p.Calendar("month"), (), False, False, False, True),
        (p.LastCalendar(2, "week"), (), True, False, False, True),
        (p.Every(1, "year", "b"), ("b",), False, True, False, True),
        (p.Every(1, "week", "b"), ("b",), False, False, False, True),
        (p.UnitOf("week", "b"), ("b",), True, True, False, False),
        (p.UnitOf("month", "b"), ("b",), False, False, False, False),
        (p.UnitOf("year", "b"), ("b",), False, False, False, True),
        (p.Around(Duration(1, "day"), Duration(1, "day"), "b"), ("b",), False, True, False, False),
        (p.Fixed("b", "a"), ("a", "b"), False, False, False, False),
        (p.Fixed(None, None), (), False, False, False, True),
        (p.Annual(2, 29, 3, 5), (), False, True, False, False),
        (p.Annual(3, 1, 2, 29), (), False, True, False, True),
        (p.Annual(1, 1, 12, 0), (), False, False, False, True),
        (
            p.Except(p.Once(Duration(1, "day"), "b"), (p.Every(1, "year", "a"), NIGHT)),
            ("a", "b"),
            False,
            True,
            True,
            False,
        ),
        (p.Except(p.Calendar("day"), ()), (), False, False, False, True),
        (p.Fixed(0, 3, False, None, 60), (), False, False, True, False),
        (p.Rolling(Duration(1, "day")), (), False, False, False, True),
    ],
)
def test_what_the_checker_asks(
    period: p.Period, anchors: tuple[str, ...], weeks: bool, leap: bool, timed: bool, every_day: bool
) -> None:
    named = p.Named("it", period)
    assert p.anchors(named) == anchors
    assert p.needs_weeks_start(named) == weeks
    assert p.needs_leap_day(named) == leap
    assert p.is_timed(named) == timed
    assert p.covers_every_day(named) == every_day


@pytest.mark.parametrize(
    ("build", "args", "why"),
    [
        (p.Annual, (2, 30, 3, 1), "there is no 30 February"),
        (p.Annual, (3, 1, 4, 31), "there is no 31 April"),
        (p.Annual, (13, 1, 4, 1), "there is no"),
        (p.Annual, (3, 0, 4, 1), "there is no 0 March"),
        (p.Daily, (3600, 3600), "must end at another time"),
        (p.Every, (0, "month", "a"), "at least 1"),
        (p.Rolling, (Duration(0, "day"),), "at least 1"),
        (p.LastCalendar, (0, "month"), "at least 1"),
        (p.Around, (Duration(182, "day"), Duration(183, "day"), "a"), "shorter than a year"),
        (p.Around, (Duration(6, "month"), Duration(6, "month"), "a"), "shorter than a year"),
        (p.MonthDays, ((32,),), "from 1 to 31"),
        (p.MonthDays, ((),), "from 1 to 31"),
        (p.Weekdays, ((7,),), "from Monday to Sunday"),
        (p.Weekdays, ((0, 1, 2, 3, 4, 5, 6),), "write `calendar week`"),
        (p.Fixed, (5, 4), "ends before it starts"),
        (p.Fixed, (5, 5, False), "ends before it starts"),
        (p.Fixed, (5, 5, True, None, 60), "with a time write `before`"),
        (p.Host, ("days", ((5, 5),)), "in order"),
        (p.Host, ("days", ((5, 7), (6, 8))), "in order"),
    ],
)
def test_what_cannot_be_meant_is_refused(build: type, args: tuple[object, ...], why: str) -> None:
    with pytest.raises(ValueFault, match=why):
        build(*args)


def test_a_window_of_one_day_less_than_a_year_is_allowed() -> None:
    assert p.Around(Duration(182, "day"), Duration(182, "day"), "a").anchor == "a"
