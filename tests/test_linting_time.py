"""Lints of days and hours, held against what the engine itself does: clocks minute by minute, seasons day by day."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.backends.reference import Reference
from rules_engine.calendar import day_start, format_date, offset_at, parse_date, parse_time
from rules_engine.diagnostics import render
from rules_engine.linting import lint
from rules_engine.linting.clocks import Change, change_on, doubled, skipped
from rules_engine.linting.dates import Days, window
from rules_engine.linting.prelude import example
from rules_engine.lowering import fingerprint
from rules_engine.occurrences import Context, contains
from rules_engine.periods import Annual, Daily
from rules_engine.scoring import Program
from rules_engine.workbench import TestCase, run_tests
from tests.test_linting_fair import example_of

ZONES = (
    "Europe/London", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "America/Santiago",
    "Asia/Kolkata", "Africa/Casablanca",
)  # fmt: skip
DAY_MINUTES = 1440


def _codes(text: str, *select: str) -> list[str]:
    return [found.code for found in lint(example(text), select=select)]


# ---- clocks ----


def _shown(day: int, zone: str) -> list[int]:
    """The minute that the clock shows at each minute of a local day."""
    instants = range(day_start(day, zone), day_start(day + 1, zone), 60)
    return [(each + offset_at(each, zone) - day * 86_400) // 60 for each in instants]


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(ZONES), st.integers(parse_date("2026-01-01"), parse_date("2028-12-31")))
def test_a_change_is_what_the_clock_shows_never_or_twice(zone: str, day: int) -> None:
    shown = _shown(day, zone)
    odd = {minute for minute in range(DAY_MINUTES) if shown.count(minute) != 1}
    found = change_on(day, zone)
    assert odd == (set() if found is None else set(range(found.low // 60, found.high // 60)) & set(range(DAY_MINUTES)))
    if found is not None and odd:
        assert found.forward == (min(odd) not in shown)


def test_every_change_of_a_year_is_found() -> None:
    """Changes are rare, so they are looked up on their own days: two a year where clocks are changed."""
    for zone in ZONES:
        days = range(parse_date("2027-01-01"), parse_date("2028-01-01"))
        found = [day for day in days if change_on(day, zone) is not None]
        assert found == [day for day in days if len(_shown(day, zone)) != DAY_MINUTES], zone


MINUTES = st.integers(0, 47).map(lambda half: half * 1_800)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([zone for zone in ZONES if zone != "Asia/Kolkata"]), MINUTES, MINUTES, st.booleans())
def test_doubled_hours_are_where_the_clock_and_the_period_disagree(
    zone: str, start: int, end: int, forward: bool
) -> None:
    days = range(parse_date("2027-01-01"), parse_date("2028-12-31"))
    change = next((each for day in days if (each := change_on(day, zone)) and each.forward is forward), None)
    if start == end or change is None or change.high > 86_400:
        return
    span, ctx = Daily(start, end), Context(zone)
    inside = [contains(span, change.day, ctx, each) for each in _instants(change.day, zone)]
    by_clock = [_reads(minute * 60, span) for minute in _shown(change.day, zone)]
    if not forward:
        assert bool(doubled(span, change)) == (inside != by_clock)
        assert not skipped(span, change)
        return
    times = {minute * 60 for minute in _shown(change.day, zone)}
    never = start < end and not any(inside)
    inner = any(each not in times and each - 60 not in times and each != change.low for each in (start, end))
    assert bool(skipped(span, change)) == (never or inner)
    assert not doubled(span, change)


def _instants(day: int, zone: str) -> range:
    return range(day_start(day, zone), day_start(day + 1, zone), 60)


def _reads(seconds: int, span: Daily) -> bool:
    if span.start_seconds < span.end_seconds:
        return span.start_seconds <= seconds < span.end_seconds
    return seconds >= span.start_seconds or seconds < span.end_seconds


def test_hours_that_only_hold_the_change_are_left_alone() -> None:
    change = change_on(parse_date("2027-03-28"), "Europe/London")
    assert change == Change(parse_date("2027-03-28"), parse_time("01:00"), parse_time("02:00"), True)
    assert [skipped(Daily(parse_time(one), parse_time(other)), change) for one, other in (
        ("23:00", "07:00"), ("01:00", "05:00"), ("00:00", "02:00"), ("01:00", "02:00"), ("01:15", "01:45"),
    )] == ["", "", "", "does not come at all", "does not come at all"]  # fmt: skip


# ---- seasons ----

DATES = st.integers(parse_date("2025-01-01"), parse_date("2025-12-31"))  # no 29 February for two years and more
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _day_month(day: int) -> str:
    _, month, number = format_date(day).split("-")
    return f"{int(number)} {MONTHS[int(month) - 1]}"


def _annual(first: int, last: int) -> Annual:
    return Annual(*(int(part) for day in (first, last) for part in format_date(day).split("-")[1:]))


@settings(max_examples=30, deadline=None)
@given(DATES, st.integers(1, 120), st.integers(-3, 3), st.integers(1, 120))
def test_seasons_are_found_where_one_day_is_in_neither_or_in_both(
    first: int, length: int, gap: int, other: int
) -> None:
    """One season, and another that begins `gap` days after it: every day of a year is looked at."""
    begins = first + length + gap
    spans = [(first, first + length - 1), (begins, begins + other - 1)]
    periods = [_annual(*span) for span in spans]
    text = "".join(
        f"period {name} = {_day_month(one)} to {_day_month(two)} every year\n\n"
        for name, (one, two) in zip(("one", "other"), spans, strict=True)
    )
    found = _codes(text, "L205", "L206")
    ctx = Context("Europe/London", 0, "28 February")
    year = range(first, first + 365)
    mine, theirs = ([contains(period, day, ctx) for day in year] for period in periods)
    neither = [n for n in range(365) if not mine[n] and not theirs[n]]
    sides = [{(mine[n - 1], theirs[(n + 1) % 365]), (theirs[n - 1], mine[(n + 1) % 365])} for n in neither]
    assert ("L205" in found) == any((True, True) in each for each in sides)
    if length > 1 and other > 1:
        assert ("L206" in found) == (sum(one and two for one, two in zip(mine, theirs, strict=True)) == 1)


def test_a_day_that_a_third_season_holds_is_no_gap() -> None:
    low, high = "period low = 1 Nov to 14 Mar every year\n", "period high = 16 Mar to 31 Oct every year\n"
    rule = 'earn "{0}" {{ on purchase   when today in {0}   give {1} points }}\n'
    text = f"{low}\n{high}\n" + rule.format("low", 2) + "\n" + rule.format("high", 3)
    (found,) = lint(example(text), select=["L205"])
    assert found.message == "`15 Mar` lies between `low` and `high`, and in neither"
    third = "\nperiod ides = 15 Mar to 15 Mar every year\n\n" + rule.format("ides", 9)
    assert _codes(text + third, "L205") == []


def test_rules_are_seasons_only_where_they_do_the_same() -> None:
    one = 'earn "One" { on purchase   from 2027-03-01 until 2027-03-30   give 10 points }\n\n'
    other = 'earn "Two" { on purchase   from 2027-04-01 until 2027-04-30   give 20 points }\n'
    assert _codes(one + other, "L205") == ["L205"]
    assert _codes(one + other.replace("20 points", "1 point per 1 GBP of net"), "L205") == []
    assert _codes(one + other.replace("give", "when channel is web   give"), "L205") == []
    assert _codes(one.replace("until 2027-03-30", "before 2027-04-01") + other, "L205") == []


def test_29_february_is_missed_only_where_there_is_one() -> None:
    rule = '\n\nearn "Winter" { on purchase   when today in winter   give 10 points }\n'
    winter = "period winter = 1 Dec to 28 Feb every year"
    assert _codes(winter + rule, "L207") == ["L207"]
    leap = "\n\nperiod leap = 29 Feb to 29 Feb every year" + rule.replace("Winter", "Leap").replace("winter", "leap")
    assert _codes(winter + leap + rule, "L207") == []
    head = (
        'language 1\nuse shop\n\nprogram "Short Terms" {{ currency GBP, rounded half up   timezone "UTC"   {0} }}\n\n'
    )
    unit = "unit point, points { rounded down   lasts forever }\n\n"
    for terms, codes in (
        ("terms from 2026-01-01 until 2027-12-31", []),
        ("terms from 2027-01-01 until 2028-12-31", ["L207"]),
    ):
        assert _codes(head.format(terms) + unit + winter + rule, "L207") == codes


# ---- days on which rules act ----


def test_never_active_looks_at_terms_dates_and_condition() -> None:
    rule = 'earn "A" {{ on purchase   {0}   give 10 points }}\n'
    assert _codes(rule.format("from 2027-01-01 until 2027-06-30   when today from 2027-07-01"), "L200") == ["L200"]
    assert _codes(rule.format("from 2027-01-01 until 2027-06-30   when today from 2027-06-30"), "L200") == []
    assert _codes(rule.format("from 2027-06-30 at 10:00 until 2027-07-02   when today until 2027-06-30"), "L200") == []
    assert _codes(rule.format("from 2027-06-30 at 10:00 until 2027-07-02   when today before 2027-06-30"), "L200") == [
        "L200"
    ]


def test_a_window_of_days_is_bounded() -> None:
    assert len(window(Days())) == 8 * 365 + 2
    assert len(window(Days(0, None))) == len(window(Days(None, 0))) == len(window(Days()))
    assert window(Days(5, 9)) == range(5, 10)
    assert window(Days(None, 9))[-1] == 9
    assert len(window(Days(0, 3_000_000))) < 12_000  # a typed year 9999 costs no more than four samples


def test_units_that_lapse_while_pending_are_never_in_a_balance() -> None:
    """What the lint says is what happens: on no day after the purchase is there a token to be used."""
    text = "unit token, tokens counts pieces {{ lasts for {0} days   pending until 14 days later }}\n\n"
    rule = 'earn "Tokens" { on purchase   give 1 token }\n'
    for days, codes in ((14, ["L210"]), (15, ["L210"]), (16, [])):
        assert _codes(text.format(days) + rule, "L210") == codes, days
        assert _always_nothing(text.format(days) + rule, 40) == bool(codes), days


def _always_nothing(text: str, days: int) -> bool:
    """Whether the balance is 0 on every day after a purchase, as a test of the rule file sees it."""
    first = parse_date("2027-03-01")
    steps = "\n".join(f"  on    {format_date(first + day)}\n  then  balance of tokens 0" for day in range(1, days))
    test = f"""
test "never there" {{
  given member {{ joined: 2027-01-01   plan: basic }}
  when  purchase {{ order_no: "1"   bought_at: 2027-03-01 10:00   channel: web   visits: 1 }}
  then  "Tokens" 1 token
{steps}
}}
"""
    view = example(text + test)
    program = Program(view.core, view.checked.sources, Reference(view.core), fingerprint(view.core))
    (result,) = run_tests(program, [TestCase(view.source(file), test) for file, test in view.tests])
    codes = {each.code for each in result.findings}
    assert codes <= {"X510"}, [render(each, result.case.source) for each in result.findings]
    return result.passed


def test_a_row_is_out_of_time_from_the_day_after() -> None:
    """A row ends on the day before the next begins; the rule's own days include both ends."""
    rule = 'earn "A" {{ on purchase   from 2027-03-10 until {0}   give by today {{ {1}   otherwise: nothing }} }}\n'
    rows = "from 2027-01-01: 5 points   from {0}: 10 points"
    for until, begins, found in (
        ("2027-06-30", "2027-03-10", 1), ("2027-06-30", "2027-03-11", 0), ("2027-06-30", "2027-06-30", 0),
        ("2027-06-29", "2027-06-30", 1),
    ):  # fmt: skip
        assert len(_codes(rule.format(until, rows.format(begins)), "L208")) == found, (until, begins)


def test_units_are_dead_from_the_day_after_their_last() -> None:
    text = "unit stub, stubs counts pieces {{ lasts until 2027-06-30 }}\n\n{0}"
    rule = 'earn "Stubs" {{ on purchase   {0}   give 1 stub{1} }}\n'
    for dates, life, codes in (
        ("until 2027-06-30", "", []),
        ("until 2027-07-01", "", ["L211"]),
        ("from 2027-01-01", "", ["L211"]),
        ("until 2027-07-01", ", lasting for 30 days", []),
        ("until 2027-05-02", ", lasting until 2027-05-01", ["L211"]),
    ):
        assert _codes(text.format(rule.format(dates, life)), "L211") == codes, (dates, life)


def test_of_two_lives_the_one_that_counts_is_asked() -> None:
    lives = "lasts until 2027-06-30   lasts for 30 days after last purchase, whichever is {0}"
    rule = 'earn "Stubs" { on purchase   from 2027-02-01   give 1 stub }\n'
    for which, codes in (("first", ["L211"]), ("last", [])):
        assert _codes(f"unit stub, stubs counts pieces {{ {lives.format(which)} }}\n\n{rule}", "L211") == codes


def test_an_edge_falls_on_the_last_day_of_its_period() -> None:
    rule = 'reward "Thanks" {{ on {0}   from {1} until {2}   give 5 points }}\n'
    for edge, first, last, codes in (
        ("end of calendar quarter", "2027-01-01", "2027-03-30", ["L216"]),
        ("end of calendar quarter", "2027-01-01", "2027-03-31", []),
        ("end of calendar quarter", "2027-03-31", "2027-04-15", []),
        ("end of calendar quarter", "2027-04-01", "2027-04-15", ["L216"]),
        ("start of calendar quarter", "2027-04-01", "2027-04-15", []),
        ("start of calendar quarter", "2027-04-02", "2027-06-30", ["L216"]),
        ("end of calendar year", "2027-12-31", "2028-01-01", []),
    ):
        assert _codes(rule.format(edge, first, last), "L216") == codes, (edge, first, last)


def test_rules_that_read_each_other_need_a_day_in_common() -> None:
    base = 'earn "Base" as base {{ on purchase   until {0}   give 1 point per 1 GBP of net }}\n\n'
    bonus = 'earn "Bonus" { on purchase   from 2027-07-01   give 50% of base }\n'
    assert _codes(base.format("2027-06-30") + bonus, "L213") == ["L213"]
    assert _codes(base.format("2027-07-01") + bonus, "L213") == []


def test_a_trial_may_be_as_long_as_what_it_is_judged_by() -> None:
    text = example_of("L209")
    assert _codes(text, "L209") == ["L209"]
    for days, codes in ((31, []), (32, ["L209"])):
        assert _codes(text.replace("for 90 days", f"for {days} days"), "L209") == codes, days
    assert _codes(text.replace("per calendar month", "per calendar year"), "L209") == []
    assert _codes(text.replace("per calendar month", "per 60 days"), "L209") == ["L209"]


def test_hours_that_begin_where_doubled_ones_begin_are_left_alone() -> None:
    change = change_on(parse_date("2027-10-31"), "Europe/London")
    assert change is not None
    told = [
        bool(doubled(Daily(parse_time(one), parse_time(other)), change))
        for one, other in (
            ("01:00", "05:00"),
            ("01:15", "05:00"),
            ("02:00", "05:00"),
            ("22:00", "01:00"),
            ("22:00", "02:00"),
        )
    ]
    assert told == [False, True, False, False, False]


def test_a_season_of_one_day_inside_another_is_no_slip() -> None:
    text = "period day = 1 Mar to 1 Mar every year\n\nperiod spring = 1 Mar to 30 Apr every year\n"
    assert _codes(text, "L206") == []
    assert _codes(text.replace("1 Mar to 1 Mar", "27 Feb to 1 Mar"), "L206") == ["L206"]
