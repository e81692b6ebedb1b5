"""The reference: scheduled events, settlement, tracks by key and what reads them, on small programs made by hand."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from rules_engine import calendar, ir
from rules_engine.backends import Evaluation
from rules_engine.backends.reference import Reference
from rules_engine.calendar import day_start, format_date, parse_date
from rules_engine.event import Event, Facts
from rules_engine.outcome import EventRefused, People, receive
from rules_engine.periods import Annual, Calendar, Every, Fixed, Lifetime, MonthDays, Once, Period
from rules_engine.state import Holding, HoldingBegan, KeyMoved, MarkSeen, Settled, State, TrackMoved, apply

AT = ir.Origin(0, 0, 0)
ZONE = "Europe/London"
JOINED = ir.MemberField(AT, "joined")
ANCHOR = "member.joined"
NET = ir.Fold(AT, "sum", ir.LineMoney(AT, "net"), None)
LINE_NET = ir.LineMoney(AT, "net")


def num(value: int, den: int = 1) -> ir.Num:
    """A number."""
    return ir.Num(AT, value, den)


def month(unit: Any = "month") -> ir.Window:
    """By calendar month, or another unit."""
    return ir.Window("period", f"calendar {unit}")


def period(name: str, body: Period) -> ir.PeriodDef:
    """A period; what hangs on the member hangs on `joined`."""
    return ir.PeriodDef(name, body, JOINED if isinstance(body, (Every, Once)) else None)


def track(name: str, window: ir.Window, value: ir.Expr | None = NET, **more: Any) -> ir.TrackDef:
    """What purchases bring: the net, unless said otherwise."""
    known = {"kind": "sum" if value is not None else "count", "events": ("purchase",), "where": None}
    return ir.TrackDef(name, name, "", **{**known, "value": value, "window": window, **more})


def read(name: str, previous: bool = False) -> ir.TrackRead:
    """A track."""
    return ir.TrackRead(AT, name, previous)


def give(value: ir.Expr) -> ir.GiveDef:
    """Points."""
    return ir.GiveDef("point", value, "down", None, None, None, None, False, None, (), None, None, (), False, AT)


def rule(key: str, on: str, *effects: ir.ActDef, kind: Any = "earn", when: ir.Expr | None = None, loop: Any = None,
         limits: tuple[ir.LimitDef, ...] = ()) -> ir.RuleDef:  # fmt: skip
    """An earn, or a reward."""
    return ir.RuleDef(key, key, "", kind, (on,), None, when, loop, effects, limits, "", (), (), AT)


def scheduled(words: str) -> ir.EventDef:
    """A scheduled event by its words: `end of calendar month, settled after 5 days`."""
    at, _, settlement = words.partition(", settled after ")
    edge, _, name = at.partition(" of ")
    count, _, unit = (settlement or "0 days").partition(" ")
    schedule = ir.ScheduleDef(edge, name, int(count), unit.removesuffix("s"))  # type: ignore[arg-type]
    return ir.EventDef(words, "", "member", "", (), None, schedule=schedule)


PURCHASE = ir.EventDef(
    "purchase", "bought", "customer", "receipt",
    (
        ir.FieldDef("receipt", "text"), ir.FieldDef("customer", "member"), ir.FieldDef("bought", "date"),
        ir.FieldDef("friend", "member", optional=True),
    ),
    ir.LinesDef(
        0, 9,
        (ir.FieldDef("kind", "text"), ir.FieldDef("size", "count"), ir.FieldDef("night", "date", optional=True),
         ir.FieldDef("amount", "money", high=1_000_000, unit="GBP", role="list")),
    ),
    list_field="amount", currency="GBP",
)  # fmt: skip
UNIT = ir.UnitDef("point", "points", 0, "", "down", (ir.UnitLife(ir.AddTime(AT, ir.Today(AT), 10, "day")),))


def program(
    rules: tuple[ir.RuleDef, ...],
    tracks: tuple[ir.TrackDef, ...] = (),
    periods: tuple[ir.PeriodDef, ...] = (),
    **more: Any,
) -> Reference:
    """A program with the scheduled events that its rules and tracks name, as a checker makes them."""
    named = [*(each.events for each in rules), *(each.events for each in tracks)]
    names = {name for events in named for name in events} - {"purchase"}
    calendars = tuple(ir.PeriodDef(f"calendar {unit}", Calendar(unit)) for unit in ("month", "quarter", "year"))
    facts = (ir.FieldDef("joined", "date", optional=True), ir.FieldDef("plan", "text", optional=True))
    known: dict[str, Any] = {
        "header": ir.Header("Small", (ir.Currency("GBP", 2, "half up"),), ZONE),
        "events": (PURCHASE, *map(scheduled, sorted(names))),
        "member": facts,
        "units": (UNIT,),
        "periods": (*periods, *calendars),
        "tracks": tracks,
        "rules": rules,
    }
    empty = dict.fromkeys(("groups", "matches", "holdouts", "imports"), ())
    return Reference(ir.Program(**{"language": 1, "files": (), "tiers": None, **empty, **known, **more}))


class Member:
    """A member of a program; scheduled events are scored only when they are asked for."""

    def __init__(self, engine: Reference, **facts: Any) -> None:
        self.engine = engine
        self.facts = {"joined": None, "plan": None, **facts}
        if isinstance(self.facts["joined"], str):
            self.facts["joined"] = parse_date(self.facts["joined"])
        self.state = State()
        self.people = People()

    def buy(self, date: str, *lines: int | tuple[Any, ...], **fields: Any) -> Evaluation:
        """A purchase of lines: an amount, or a kind and an amount, and how large it is."""
        rows = [(*each, 1)[:3] if isinstance(each, tuple) else ("food", each, 1) for each in lines]
        lines_sent = tuple({"kind": kind, "size": size, "night": None, "amount": net} for kind, net, size in rows)
        day = parse_date(date)
        sent = {"receipt": "r", "customer": "m", "bought": day, "friend": None, **fields}
        return self.score(Event("purchase", "r", "m", day, day_start(day, ZONE), sent, lines_sent, "GBP"))

    def score(self, event: Event) -> Evaluation:
        """Score an event and move the state along."""
        found = self.engine.evaluate(event, self.facts, self.state, None, self.people)
        self.state = apply(self.state, found.changes)
        receive(self.state, found.awards, event.day if event.posted is None else event.posted)
        return found

    def due(self, until: str) -> list[tuple[str, str, str]]:
        """What is due: the event, the day it is as of, the day it is posted."""
        found = self.engine.due_events(self.facts, self.state, parse_date(until), "m")
        return [(each.id.removesuffix(" of m"), format_date(each.day), format_date(each.posted or 0)) for each in found]

    def settle(self, until: str) -> list[tuple[str, int]]:
        """Score everything that is due, in order: the event's id and the points that it gave."""
        found = []
        while due := self.engine.due_events(self.facts, self.state, parse_date(until), "m"):
            found.append((due[0].id.removesuffix(" of m"), sum(each.given for each in self.score(due[0]).awards)))
        return found


def _short(event: Event) -> str:
    """The id of a scheduled event without its member."""
    return event.id.removesuffix(" of m")


# ---- what is due ----


def due_of(words: str, body: Period, seen: str, until: str, **facts: Any) -> list[tuple[str, str, str]]:
    """What is due of one scheduled event of the period P, for a member first seen on a day."""
    engine = program((rule("R", words, give(num(1))),), (), (period("P", body),))
    member = Member(engine, **facts)
    member.state = State(since=parse_date(seen))
    return member.due(until)


def days(found: list[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """As of when, and posted when."""
    return [(day, posted) for _, day, posted in found]


def test_months_end_on_their_last_day_and_are_posted_on_the_next() -> None:
    found = due_of("end of P", Calendar("month"), "2027-12-31", "2028-05-01")
    assert days(found) == [
        ("2027-12-31", "2028-01-01"),
        ("2028-01-31", "2028-02-01"),
        ("2028-02-29", "2028-03-01"),
        ("2028-03-31", "2028-04-01"),
        ("2028-04-30", "2028-05-01"),
    ]
    assert [name for name, *_ in found][:2] == ["end of P 2027-12-01", "end of P 2028-01-01"]


def test_nothing_is_due_before_it_is_posted() -> None:
    assert due_of("end of P", Calendar("month"), "2027-01-10", "2027-01-31") == []
    assert due_of("end of P, settled after 5 days", Calendar("month"), "2027-01-10", "2027-02-05") == []
    found = due_of("end of P, settled after 5 days", Calendar("month"), "2027-01-10", "2027-02-06")
    assert days(found) == [("2027-01-31", "2027-02-06")]


def test_an_anchored_month_clamps_to_short_ones() -> None:
    found = due_of("end of P", Every(1, "month", ANCHOR), "2027-01-31", "2027-05-31", joined="2027-01-31")
    assert days(found) == [
        ("2027-02-27", "2027-02-28"),
        ("2027-03-30", "2027-03-31"),
        ("2027-04-29", "2027-04-30"),
        ("2027-05-30", "2027-05-31"),
    ]


def test_a_settlement_of_months_clamps_too() -> None:
    found = due_of("end of P, settled after 1 month", MonthDays((30,)), "2027-01-01", "2027-03-31")
    assert days(found) == [("2027-01-30", "2027-02-28")]


@pytest.mark.parametrize(("leap_day", "last"), [("28 February", "2029-02-27"), ("1 March", "2029-02-28")])
def test_a_year_from_29_february(leap_day: Any, last: str) -> None:
    core = program((rule("R", "end of P", give(num(1))),), (), (period("P", Every(1, "year", ANCHOR)),)).core
    header = msgspec.structs.replace(core.header, leap_day=leap_day)
    member = Member(Reference(msgspec.structs.replace(core, header=header)), joined="2028-02-29")
    member.state = State(since=parse_date("2028-03-01"))
    assert [day for _, day, _ in member.due("2029-04-01")] == [last]


def test_a_start_is_as_of_and_posted_on_its_first_day() -> None:
    found = due_of("start of P", Calendar("month"), "2027-01-10", "2027-03-01")
    assert days(found) == [(first, first) for first in ("2027-01-01", "2027-02-01", "2027-03-01")]


def test_an_absent_anchor_has_nothing_due() -> None:
    assert due_of("end of P", Every(1, "month", ANCHOR), "2027-01-31", "2030-01-01") == []


def test_a_span_that_comes_once_ends_once() -> None:
    member = Member(program((rule("R", "end of P", give(num(7))),), (), (_first_year(),)), joined="2027-03-01")
    member.buy("2027-03-05")
    assert member.settle("2028-02-29") == []
    assert member.settle("2028-03-01") == [("end of P 2027-03-01", 7)]
    member.facts["joined"] = parse_date("2027-06-01")
    assert member.settle("2040-01-01") == []


def _first_year() -> ir.PeriodDef:
    return period("P", Once(_months(12), ANCHOR))


def _months(count: int) -> Any:
    return calendar.Duration(count, "month")


def test_a_span_that_was_over_before_the_member_was_seen_is_never_due() -> None:
    assert due_of("end of P", Once(_months(1), ANCHOR), "2027-03-01", "2030-01-01", joined="2027-01-01") == []


def test_a_lifetime_neither_ends_nor_starts() -> None:
    assert due_of("end of P", Lifetime(), "2027-03-01", "2050-01-01") == []
    assert due_of("start of P", Lifetime(), "2027-03-01", "2050-01-01") == []
    assert due_of("end of P", Fixed(parse_date("2027-01-01"), None), "2027-03-01", "2050-01-01") == []
    assert due_of("end of P, settled after 1 month", Fixed(None, None), "2027-03-01", "2050-01-01") == []
    assert due_of("start of P", Fixed(None, parse_date("2027-12-31")), "2027-03-01", "2050-01-01") == []


def test_an_occurrence_is_found_by_its_first_day() -> None:
    rules = (rule("R", "end of P", give(num(1))), rule("S", "end of calendar month", give(num(1))))
    first = parse_date("2027-01-01")
    engine = program(rules, (), (period("P", Fixed(first, None)),))
    found = engine.scheduled("end of calendar month", {}, State(), first, "m")
    assert found is not None
    assert (found.occurrence, found.day, found.posted, found.member) == (first, first + 30, first + 31, "m")
    assert found.id == "end of calendar month 2027-01-01 of m"
    assert engine.scheduled("end of calendar month", {}, State(), first + 1, "m") is None
    assert engine.scheduled("end of P", {}, State(), first, "m") is None


@given_any(
    body=st.one_of(
        st.builds(Calendar, st.sampled_from(["day", "month", "quarter", "year"])),
        st.builds(
            Every, st.integers(1, 5), st.sampled_from(["day", "week", "month", "quarter", "year"]), st.just(ANCHOR)
        ),
    ),
    joined=st.integers(parse_date("2020-01-01"), parse_date("2030-12-31")),
    seen=st.integers(parse_date("2026-01-01"), parse_date("2028-12-31")),
    later=st.integers(0, 1500),
    settlement=st.sampled_from(["", ", settled after 5 days", ", settled after 1 month"]),
)
def test_what_is_due_has_no_gaps_and_comes_in_order(
    body: Period, joined: int, seen: int, later: int, settlement: str
) -> None:
    """Occurrences of a period that covers every day follow on each other, from the one that holds the first day; one is
    due up to a day where it is posted by then; and none once all are settled."""
    words = f"end of P{settlement}"
    core = program((rule("R", words, give(num(1))),), (), (period("P", body),)).core
    engine = Reference(
        msgspec.structs.replace(core, header=msgspec.structs.replace(core.header, leap_day="28 February"))
    )
    facts: Facts = {"joined": joined}
    state, until = State(since=seen), seen + later
    found = engine.due_events(facts, state, until, "m")
    assert [each.occurrence for each in found[1:]] == [each.day + 1 for each in found[:-1]]
    assert all((each.posted or 0) <= until and each.day < (each.posted or 0) for each in found)
    if found:
        first, last = found[0], found[-1]
        assert (first.occurrence or 0) <= seen <= first.day
        middle = found[len(found) // 2].posted or 0
        before = tuple(each for each in found if (each.posted or 0) < middle)
        assert engine.due_events(facts, state, middle - 1, "m") == before
        after = State(since=seen, settled={words: last.occurrence or 0})
        assert engine.due_events(facts, after, until, "m") == ()


def test_a_season_begins_with_the_one_that_holds_the_first_day_or_the_next() -> None:
    season = Annual(11, 1, 2, 0)
    assert days(due_of("end of P", season, "2027-02-28", "2027-12-31")) == [("2027-02-28", "2027-03-01")]
    assert days(due_of("end of P", season, "2027-03-01", "2028-12-31")) == [("2028-02-29", "2028-03-01")]


def test_a_period_with_times_of_day_ends_at_its_last_instant() -> None:
    first, last = parse_date("2027-11-01"), parse_date("2027-11-11")
    body = Fixed(first, last, last_included=False, first_seconds=20 * 3600, last_seconds=10 * 3600)
    engine = program(
        (rule("R", "end of P", give(num(1))), rule("S", "start of P", give(num(1)))), (), (period("P", body),)
    )
    state = State(since=first)
    end, start = sorted(engine.due_events({}, state, last + 1, "m"), key=lambda each: each.name)
    assert (end.day, end.posted, end.instant) == (last, last + 1, day_start(last, ZONE) + 10 * 3600 - 1)
    assert (start.day, start.posted, start.instant) == (first, first, day_start(first, ZONE) + 20 * 3600)


def test_at_one_boundary_ends_come_before_starts() -> None:
    rules = tuple(
        rule(words, words, give(num(1)))
        for words in ("start of calendar month", "end of calendar quarter", "end of calendar month")
    )
    member = Member(program(rules))
    member.state = State(since=parse_date("2027-03-10"), settled={"start of calendar month": parse_date("2027-03-01")})
    assert [name for name, *_ in member.due("2027-04-01")] == [
        "end of calendar month 2027-03-01",
        "end of calendar quarter 2027-01-01",
        "start of calendar month 2027-04-01",
    ]


def test_a_member_who_was_not_seen_has_nothing_due() -> None:
    member = Member(program((rule("R", "end of calendar month", give(num(1))),)))
    assert member.due("2030-01-01") == []
    member.buy("2027-01-10")
    assert member.state.since == parse_date("2027-01-10")
    assert [name for name, *_ in member.due("2027-02-01")] == ["end of calendar month 2027-01-01"]


def test_states_of_programs_without_schedules_say_nothing_of_it() -> None:
    member = Member(program((rule("R", "purchase", give(num(1))),)))
    member.buy("2027-01-10", 100)
    assert member.state.since is None
    assert member.state.settled == {}


# ---- settling ----

MONTHLY = (track("spend", month()),)
STATEMENT = rule("Statement", "end of calendar month", give(ir.Mul(AT, num(1, 100), read("spend"))))


def test_an_end_reads_the_occurrence_that_ends() -> None:
    member = Member(program((STATEMENT,), MONTHLY))
    member.buy("2027-02-28", 1000)
    found = member.engine.due_events(member.facts, member.state, parse_date("2027-03-05"), "m")
    outcome = member.score(found[0])
    assert [each.given for each in outcome.awards] == [10]
    assert outcome.before == {"track spend": 1000}
    assert Settled("end of calendar month", None, parse_date("2027-02-01")) in outcome.changes
    assert not outcome.late


def test_what_is_given_is_earned_on_the_posted_day() -> None:
    words = "end of calendar month, settled after 5 days"
    member = Member(program((rule("R", words, give(num(3))),)))
    member.buy("2027-02-28")
    member.settle("2027-03-06")
    posted = parse_date("2027-03-06")
    assert [(lot.earned, lot.expires) for lot in member.state.lots] == [(posted, posted + 10)]


@pytest.mark.parametrize(("by", "counted"), [(None, "2028-01-01"), (ir.Today(AT), "2027-12-01")])
def test_limits_count_from_the_posted_day_unless_they_go_by_another(by: ir.Expr | None, counted: str) -> None:
    once = ir.LimitDef("R: times", 1, None, "", ir.ScopeDef(month(), by), False, AT)
    member = Member(program((rule("R", "end of calendar month", give(num(3)), limits=(once,)),)))
    member.buy("2027-12-28")
    member.settle("2028-01-01")
    assert member.state.limits == {"R: times": {parse_date(counted): 1}}


def test_a_late_event_counts_until_the_occurrence_is_settled() -> None:
    words = "end of calendar month, settled after 5 days"
    member = Member(program((rule("R", words, give(ir.Mul(AT, num(1, 100), read("spend")))),), MONTHLY))
    member.buy("2027-02-10", 1000)
    member.buy("2027-03-03", 500)
    assert member.buy("2027-02-28", 200).late
    assert member.settle("2027-03-06") == [("end of calendar month, settled after 5 days 2027-02-01", 12)]
    late = member.buy("2027-02-28", 300)
    assert late.late
    assert not [each for each in late.changes if isinstance(each, TrackMoved)]
    assert member.settle("2027-04-06") == [("end of calendar month, settled after 5 days 2027-03-01", 5)]


def test_an_event_of_the_last_day_is_late_once_that_day_is_settled() -> None:
    member = Member(program((STATEMENT,), MONTHLY))
    member.buy("2027-02-28", 1000)
    assert member.settle("2027-03-01") == [("end of calendar month 2027-02-01", 10)]
    assert member.buy("2027-02-28", 300).late
    assert member.state.tracks == {"spend": {parse_date("2027-02-01"): 1000}}


def test_a_late_event_moves_what_is_open() -> None:
    member = Member(
        program((STATEMENT,), (*MONTHLY, track("year", month("year")), track("ever", ir.Window("lifetime"))))
    )
    member.buy("2027-02-28", 1000)
    member.settle("2027-03-01")
    member.buy("2027-02-28", 300)
    tracks = member.state.tracks
    assert [tracks[name] for name in ("spend", "year", "ever")] == [
        {parse_date("2027-02-01"): 1000},
        {parse_date("2027-01-01"): 1300},
        {0: 1300},
    ]


def test_with_two_settlements_an_occurrence_is_open_until_the_later() -> None:
    rules = (
        STATEMENT,
        rule("Later", "end of calendar month, settled after 5 days", give(ir.Mul(AT, num(1, 100), read("spend")))),
    )
    member = Member(program(rules, MONTHLY))
    member.buy("2027-02-28", 1000)
    assert member.settle("2027-03-01") == [("end of calendar month 2027-02-01", 10)]
    member.buy("2027-02-28", 300)
    assert member.settle("2027-03-06") == [("end of calendar month, settled after 5 days 2027-02-01", 13)]


def test_one_occurrence_is_settled_once() -> None:
    member = Member(program((STATEMENT,), MONTHLY))
    member.buy("2027-02-28", 1000)
    event = member.engine.due_events(member.facts, member.state, parse_date("2027-03-01"), "m")[0]
    member.score(event)
    with pytest.raises(EventRefused) as refused:
        member.score(event)
    assert refused.value.faults[0].code == "V167"
    assert refused.value.faults[0].message == (
        "end of calendar month of 2027-02-01 is settled: the last one settled is that of 2027-02-01"
    )


def test_no_occurrence_is_forgotten_before_it_is_settled() -> None:
    member = Member(program((STATEMENT,), MONTHLY))
    for date in ("2027-01-05", "2027-02-05", "2027-03-05", "2027-04-05", "2027-05-05"):
        member.buy(date, 1000)
    assert len(member.state.tracks["spend"]) == 5
    assert [given for _, given in member.settle("2027-05-05")] == [10, 10, 10, 10]
    member.buy("2027-05-06", 1000)
    assert sorted(member.state.tracks["spend"]) == [parse_date("2027-04-01"), parse_date("2027-05-01")]


def test_a_moving_window_is_kept_for_what_is_yet_to_be_settled() -> None:
    window = track("recent", ir.Window("rolling", count=10, unit="day"))
    words = "end of calendar month, settled after 20 days"
    member = Member(program((rule("R", words, give(read("recent"))),), (window,)))
    member.buy("2027-01-22", 7)
    member.buy("2027-01-21", 5)
    member.buy("2027-02-19", 1)
    assert member.settle("2027-02-21") == [("end of calendar month, settled after 20 days 2027-01-01", 7)]
    member.buy("2027-02-22", 1)
    assert sorted(member.state.tracks["recent"]) == [parse_date("2027-02-19"), parse_date("2027-02-22")]


def test_previous_is_the_occurrence_before_the_one_that_ends() -> None:
    grown = ir.Add(AT, (read("spend"), ir.Mul(AT, num(-1), read("spend", previous=True))))
    member = Member(program((rule("R", "end of calendar month", give(grown)),), MONTHLY))
    member.buy("2027-01-31", 100)
    member.buy("2027-02-01", 250)
    assert [given for _, given in member.settle("2027-03-01")] == [100, 150]


def test_a_start_reads_the_month_that_begins_and_the_one_before() -> None:
    start = rule("R", "start of calendar month", give(ir.Add(AT, (read("spend", previous=True), num(1)))))
    member = Member(program((start,), MONTHLY))
    member.buy("2027-01-31", 100)
    assert member.settle("2027-02-01") == [
        ("start of calendar month 2027-01-01", 1),
        ("start of calendar month 2027-02-01", 101),
    ]


def test_the_welcome_window() -> None:
    welcome = period("welcome", Once(_months(3), ANCHOR))
    enough = ir.Cmp(AT, ">=", read("welcome_spend"), num(300_000))
    engine = program(
        (rule("Welcome credit", "end of welcome, settled after 5 days", give(num(250)), when=enough),),
        (track("welcome_spend", ir.Window("period", "welcome")),),
        (welcome,),
    )
    first, second = Member(engine, joined="2027-11-30"), Member(engine, joined="2027-11-30")
    for member in (first, second):
        member.buy("2027-12-01", 299_999)
    first.buy("2028-02-28", 1)
    second.buy("2028-02-29", 1)
    event = "end of welcome, settled after 5 days 2027-11-30"
    assert first.settle("2028-03-06") == [(event, 250)]
    assert second.settle("2028-03-06") == [(event, 0)]


def test_the_first_year_is_matched_with_what_it_gave() -> None:
    given = track("year_one", ir.Window("period", "P"), None, kind="sum", given="point", events=())
    rules = (
        rule("Base", "purchase", give(ir.Mul(AT, num(1, 100), NET))),
        rule("Match", "end of P", give(read("year_one"))),
    )
    member = Member(program(rules, (given,), (_first_year(),)), joined="2027-03-01")
    member.buy("2027-03-01", 1000)
    member.buy("2028-02-29", 500)
    member.buy("2028-03-01", 9900)
    assert member.settle("2028-03-01") == [("end of P 2027-03-01", 15)]


@pytest.mark.parametrize(("unit", "counted"), [("month", "2028-01-01"), ("year", "2027-01-01")])
def test_what_is_given_counts_on_the_posted_day_but_per_its_own_period(unit: str, counted: str) -> None:
    given = track("given", month("year"), None, kind="sum", given="point", events=())
    member = Member(program((rule("R", f"end of calendar {unit}", give(num(7)), kind="reward"),), (given,)))
    member.buy("2027-12-31")
    member.settle("2028-01-01")
    assert member.state.tracks == {"given": {parse_date(counted): 7}}


def test_what_is_given_to_somebody_else_does_not_move_the_members_track() -> None:
    given = track("given", ir.Window("lifetime"), None, kind="sum", given="point", events=())
    to_friend = msgspec.structs.replace(give(num(5)), to="friend")
    member = Member(program((rule("R", "purchase", give(num(3)), to_friend),), (given,)))
    member.people = People({"p": {"joined": None, "plan": None}}, {"p": State()})
    member.buy("2027-01-05", friend="p")
    assert member.state.tracks == {"given": {0: 3}}


def test_a_track_may_count_scheduled_events() -> None:
    rich = ir.Cmp(AT, ">=", read("spend"), num(1000))
    good = track("good", ir.Window("lifetime"), None, events=("end of calendar month",), where=rich)
    member = Member(program((rule("R", "end of calendar month", give(read("good")), kind="reward"),), (*MONTHLY, good)))
    member.buy("2027-01-05", 1000)
    member.buy("2027-02-05", 999)
    member.buy("2027-03-05", 1001)
    assert [given for _, given in member.settle("2027-04-01")] == [1, 1, 2]


def test_lots_lapse_after_the_end_and_before_the_start() -> None:
    """Ten points live through 31 January: the end of January sees them, the start of February does not."""
    seen = ir.BalanceRead(AT, "point", False)
    rules = (
        rule("Base", "purchase", give(num(10))),
        rule("End", "end of calendar month", give(ir.Mul(AT, num(10), seen))),
        rule("Start", "start of calendar month", give(ir.Mul(AT, num(1000), seen))),
    )
    member = Member(program(rules))
    member.buy("2027-01-21")
    assert member.settle("2027-02-01") == [
        ("start of calendar month 2027-01-01", 10_000),
        ("end of calendar month 2027-01-01", 100),
        ("start of calendar month 2027-02-01", 100_000),
    ]


# ---- the tier as of a day ----


def ladder(life: ir.Expr) -> ir.TiersDef:
    """Gold for whoever spent 1000 in a month; who loses it falls to Blue."""
    gold = ir.WayDef(ir.Cmp(AT, ">=", read("spend"), num(1000)), "", None, True)
    rungs = (ir.RungDef("Blue", ()), ir.RungDef("Gold", (gold,)))
    return ir.TiersDef(False, rungs, life=life, fall=ir.FallDef("down", down=1))


def golden(words: str) -> Member:
    """A member of a program that gives 100 points for each rung held at the end of a month; Gold lasts to the end of
    the month."""
    held = ir.Mul(AT, num(100), ir.TierRead(AT, "held"))
    end = ir.EdgeDay(AT, "end", False, "calendar month", ir.Today(AT, begins=True))
    member = Member(program((rule("R", words, give(ir.Add(AT, (held, num(1))))),), MONTHLY, tiers=ladder(end)))
    member.buy("2027-01-20", 1000)
    return member


LIVE = Holding("Gold", parse_date("2027-01-20"), parse_date("2027-01-31"), "Gold")


def test_the_tier_of_the_last_day_counts_at_the_end() -> None:
    member = golden("end of calendar month")
    assert [given for _, given in member.settle("2027-03-01")] == [101, 1]
    member.buy("2027-03-01")
    assert member.state.holdings == []


def test_the_tier_is_read_as_of_the_last_day_whatever_came_before_settlement() -> None:
    member = golden("end of calendar month, settled after 5 days")
    outcome = member.buy("2027-02-03", 1)
    assert member.state.holdings == [msgspec.structs.replace(LIVE, reason="")]
    assert [(each.before, each.after) for each in outcome.tiers] == [("Gold", "Blue")]
    assert member.buy("2027-02-04", 1).tiers == ()
    assert member.settle("2027-02-06") == [("end of calendar month, settled after 5 days 2027-01-01", 101)]
    assert member.state.holdings == []
    assert member.settle("2027-03-06")[0][1] == 1


def test_a_tier_that_comes_again_is_another_holding() -> None:
    member = golden("end of calendar month, settled after 5 days")
    member.buy("2027-02-03", 1000)
    again = Holding("Gold", parse_date("2027-02-03"), parse_date("2027-02-28"), "Gold")
    assert member.state.holdings == [msgspec.structs.replace(LIVE, reason=""), again]
    assert member.settle("2027-02-06")[0][1] == 101
    assert again in member.state.holdings


def test_a_holding_ends_once() -> None:
    member = golden("end of calendar month, settled after 40 days")
    member.buy("2027-02-03", 1000)
    ended = [each for each in member.buy("2027-03-01", 1).changes if isinstance(each, HoldingBegan)]
    assert [each.before for each in ended] == [
        Holding("Gold", parse_date("2027-02-03"), parse_date("2027-02-28"), "Gold")
    ]
    assert [each.reason for each in member.state.holdings] == ["", ""]


# ---- tracks by key ----

KIND = ir.LineField(AT, "kind")
NO_FUEL = ir.Cmp(AT, "!=", KIND, ir.Txt(AT, "fuel"))
USAGE = track("usage", month(), LINE_NET, by_key=KIND, key_line=True, keys_max=3)


def fold(op: Any = "sum", where: ir.Expr | None = None, top: int | None = None, previous: bool = False) -> ir.KeyFold:
    """A fold over the keys of `usage`."""
    return ir.KeyFold(AT, "usage", op, where, top, previous)


def keyed(*effects: ir.Expr, by: ir.TrackDef = USAGE, loop: ir.KeysDef | None = None) -> Member:
    """A member of a program with a track by key and a rule at the end of each month, with an effect for each value."""
    return Member(program((rule("R", "end of calendar month", *map(give, effects), loop=loop),), (by,)))


def statement(member: Member, until: str) -> list[int]:
    """What the next scheduled event gives, effect by effect."""
    return [each.given for each in member.score(_next(member, until)).awards]


def _next(member: Member, until: str) -> Event:
    return member.engine.due_events(member.facts, member.state, parse_date(until), "m")[0]


def test_a_track_by_key_keeps_a_number_for_each() -> None:
    member = keyed(fold())
    outcome = member.buy("2027-01-05", ("food", 100), ("fuel", 30), ("food", 5))
    first = parse_date("2027-01-01")
    assert [each for each in outcome.changes if isinstance(each, KeyMoved)] == [
        KeyMoved("usage", first, "food", None, 105),
        KeyMoved("usage", first, "fuel", None, 30),
    ]
    member.buy("2027-01-06", ("fuel", 3))
    assert member.state.keyed == {"usage": {first: {"food": 105, "fuel": 33}}}
    assert member.engine.due_events(member.facts, member.state, first + 31, "m")
    found = member.score(_next(member, "2027-02-01"))
    assert [each.given for each in found.awards] == [138]
    assert found.before == {"track usage of food": 105, "track usage of fuel": 33}


def test_folds_over_keys() -> None:
    large = ir.Cmp(AT, ">=", ir.KeyValue(AT), num(30))
    eligible = ir.OneOf(AT, ir.KeyRead(AT), ("fuel", "toys"))
    member = keyed(
        fold(), fold("count", large), fold(where=eligible), fold(top=1), fold(top=1, where=eligible), fold(top=2)
    )
    member.buy("2027-01-05", ("food", 100), ("fuel", 30), ("toys", 29))
    assert statement(member, "2027-02-01") == [159, 2, 59, 100, 30, 130]


def test_of_equal_keys_the_lowest_comes_first() -> None:
    loop = ir.KeysDef("usage", None, None, ir.Ordering("sorted", ir.KeyValue(AT), descending=True))
    place = ir.Choose(AT, (ir.KeyRead(AT),), tuple(
        ir.ChooseRow((ir.InTest((key,)),), num(at)) for at, key in enumerate(("books", "fuel", "toys"), 1)
    ))  # fmt: skip
    member = keyed(ir.Add(AT, (ir.Mul(AT, num(10), ir.KeyValue(AT)), place)), loop=loop)
    member.buy("2027-01-05", ("toys", 5), ("fuel", 9), ("books", 5))
    assert statement(member, "2027-02-01") == [92, 51, 53]


def test_number_keys_go_by_size() -> None:
    by = track("usage", month(), LINE_NET, by_key=ir.LineField(AT, "size"), key_line=True, keys_max=5)
    member = keyed(ir.KeyRead(AT), by=by, loop=ir.KeysDef("usage", None, None, None))
    member.buy("2027-01-05", ("food", 1, 10), ("food", 1, 9), ("food", 1, 100))
    assert statement(member, "2027-02-01") == [9, 10, 100]


def test_more_keys_than_declared_refuse_the_event() -> None:
    member = keyed(fold())
    member.buy("2027-01-05", ("a", 1), ("b", 1), ("c", 1))
    before = msgspec.json.encode(member.state)
    with pytest.raises(EventRefused) as refused:
        member.buy("2027-01-06", ("c", 1), ("d", 1))
    assert [(each.code, each.message) for each in refused.value.faults] == [
        ("V151", "`usage` holds up to 3 different values, and this event brings more")
    ]
    assert msgspec.json.encode(member.state) == before
    member.buy("2027-02-01", ("d", 1))
    assert member.state.keyed["usage"][parse_date("2027-02-01")] == {"d": 1}


def test_a_key_of_the_event() -> None:
    by = track("usage", month(), NET, by_key=ir.Field(AT, "friend"), keys_max=2)
    member = keyed(fold(), by=by)
    member.buy("2027-01-05", 10, 20, friend="p")
    member.buy("2027-01-06", 7)
    assert member.state.keyed == {"usage": {parse_date("2027-01-01"): {"p": 30}}}


def test_a_track_by_key_in_a_moving_window() -> None:
    by = track(
        "usage",
        ir.Window("rolling", count=3, unit="day"),
        LINE_NET,
        by_key=KIND,
        key_line=True,
        keys_max=2,
    )
    member = Member(program((rule("R", "purchase", give(fold())),), (by,)))
    member.buy("2027-01-05", ("a", 1), ("b", 2))
    assert [each.given for each in member.buy("2027-01-07", ("a", 4)).awards] == [3]
    assert [each.given for each in member.buy("2027-01-08", ("c", 8)).awards] == [4]
    assert sorted(member.state.keyed["usage"]) == [parse_date("2027-01-07"), parse_date("2027-01-08")]
    with pytest.raises(EventRefused):
        member.buy("2027-01-09", ("d", 8))


def test_a_late_event_brings_no_more_keys_into_a_moving_window_than_declared() -> None:
    by = msgspec.structs.replace(USAGE, window=ir.Window("rolling", count=3, unit="day"), keys_max=2)
    member = Member(program((), (by,)))
    member.buy("2027-01-05", ("a", 1))
    member.buy("2027-01-07", ("b", 1))
    with pytest.raises(EventRefused):
        member.buy("2027-01-05", ("c", 1))
    member.buy("2027-01-04", ("c", 1))


def test_previous_keys() -> None:
    member = keyed(ir.Add(AT, (fold(previous=True), num(1))))
    member.buy("2027-01-05", ("a", 10))
    member.buy("2027-02-05", ("b", 20))
    member.buy("2027-03-05", ("b", 40))
    assert statement(member, "2027-04-01") == [1]
    found = member.score(_next(member, "2027-04-01"))
    assert found.before == {"track usage of a, previous": 10}
    assert [each.given for each in found.awards] == [11]
    assert statement(member, "2027-04-01") == [21]


def test_loops_over_the_keys_of_lines() -> None:
    each_key = ir.Cmp(AT, "=", KIND, ir.KeyRead(AT))
    own = ir.Fold(AT, "sum", LINE_NET, each_key)
    loop = ir.KeysDef("", KIND, NO_FUEL, None)
    member = Member(program((rule("R", "purchase", give(own), loop=loop),)))
    outcome = member.buy("2027-01-05", ("toys", 5), ("fuel", 7), ("food", 1), ("toys", 6))
    assert [each.given for each in outcome.awards] == [1, 11]


def test_the_largest_groups_of_lines() -> None:
    top = ir.LineKeys(AT, KIND, LINE_NET, NO_FUEL, 2)
    member = Member(program((rule("R", "purchase", give(top)),)))
    outcome = member.buy("2027-01-05", ("toys", 5), ("fuel", 70), ("food", 1), ("toys", 6), ("books", 3))
    assert [each.given for each in outcome.awards] == [14]


# ---- first and last days, what is used, other people ----


def test_first_and_last_days() -> None:
    tracks = (track("first", month(), None, kind="first day"), track("last", month(), None, kind="last day"))
    lasted = ir.Add(AT, (read("last"), ir.Mul(AT, num(-1), read("first")), num(1)))
    has = ir.Has(AT, read("first"))
    rules = (rule("R", "end of calendar month", give(lasted), when=has),)
    member = Member(program(rules, tracks))
    for date in ("2027-01-20", "2027-01-05", "2027-01-12", "2027-03-31"):
        member.buy(date)
    assert [given for _, given in member.settle("2027-04-01")] == [16, 0, 1]


def test_first_and_last_days_in_a_moving_window() -> None:
    window = ir.Window("rolling", count=10, unit="day")
    tracks = (track("first", window, None, kind="first day"), track("last", window, None, kind="last day"))
    apart = ir.Add(AT, (read("last"), ir.Mul(AT, num(-1), read("first"))))
    member = Member(program((rule("R", "purchase", give(apart), kind="reward"),), tracks))
    found = [member.buy(date) for date in ("2027-01-05", "2027-01-12", "2027-01-15")]
    assert [sum(each.given for each in outcome.awards) for outcome in found] == [0, 7, 3]


def test_a_day_that_never_was_is_absent_before() -> None:
    first = track("first", ir.Window("lifetime"), None, kind="first day")
    member = Member(program((rule("R", "purchase", give(num(1)), when=ir.Has(AT, read("first"))),), (first,)))
    outcome = member.buy("1970-01-01")
    assert outcome.before == {"track first": None}
    assert not outcome.awards
    assert [each.given for each in member.buy("1970-01-05").awards] == [1]


def test_facts_of_another_person() -> None:
    plan = ir.PersonField(AT, "friend", "plan")
    same = ir.All(AT, (ir.Has(AT, ir.Field(AT, "friend")), ir.Cmp(AT, "=", plan, ir.Txt(AT, "gold"))))
    member = Member(program((rule("R", "purchase", give(num(1)), when=same),)), plan="gold")
    member.people = People({"p": {"plan": "gold"}, "q": {"plan": None}})
    assert [len(member.buy("2027-01-05", friend=friend).awards) for friend in ("p", "q", None, "m")] == [1, 0, 0, 1]
    assert member.buy("2027-01-05", friend="p").before == {"friend.plan": "gold"}
    with pytest.raises(EventRefused) as refused:
        member.buy("2027-01-05", friend="r")
    assert [(each.code, each.message) for each in refused.value.faults] == [
        ("V166", "`friend` names `r`, whose facts or state are needed and were not passed in")
    ]


def test_what_is_used_moves_a_track_after_earns_and_after_rewards() -> None:
    used = track("used", ir.Window("lifetime"), None, kind="sum", used="point", events=())
    rules = (
        rule("Base", "purchase", give(NET)),
        rule("Fee", "purchase", deduct(3), when=ir.Cmp(AT, ">=", ir.BalanceRead(AT, "point", False), num(3))),
        rule("Late fee", "purchase", deduct(4), kind="reward", when=ir.Cmp(AT, ">=", read("used"), num(3))),
    )
    member = Member(program(rules, (used,)))
    member.buy("2027-01-05", 100)
    assert member.state.tracks == {}
    member.buy("2027-01-06")
    assert member.state.tracks == {"used": {0: 7}}
    assert member.buy("2027-01-07").before["track used"] == 7


def deduct(count: int) -> ir.DeductDef:
    """Points taken."""
    return ir.DeductDef("point", num(count), None, None, None, None, None, None, False, AT)


def test_what_earns_used_is_read_by_rewards() -> None:
    rules = (
        rule("Base", "purchase", give(NET)),
        rule("Fee", "purchase", deduct(3)),
        rule("Back", "purchase", give(ir.Mul(AT, num(10), ir.UsedRead(AT, "point"))), kind="reward"),
        rule("None", "purchase", give(ir.UsedRead(AT, "point"))),
    )
    member = Member(program(rules))
    member.buy("2027-01-05", 100)
    assert [(each.rule, each.given) for each in member.buy("2027-01-06").awards] == [("Back", 30)]


def test_tracks_of_a_household_stand_in_its_state() -> None:
    shared = (
        msgspec.structs.replace(USAGE, owner="household"),
        track("spend", month(), owner="household"),
        track("mine", month()),
    )
    effects = (give(fold()), give(read("spend")), give(read("mine")))
    engine = program((rule("R", "purchase", *effects, kind="reward"),), shared, household="plan")
    member = Member(engine, plan="home")
    member.people = People(pool=State(tracks={"spend": {parse_date("2027-01-01"): 1000}}))
    outcome = member.buy("2027-01-05", ("food", 10))
    assert [each.given for each in outcome.awards] == [10, 1010, 10]
    assert outcome.household == "home"
    moved = [each for each in outcome.pool if isinstance(each, (KeyMoved, TrackMoved))]
    first = parse_date("2027-01-01")
    assert sorted(moved, key=str) == [
        KeyMoved("usage", first, "food", None, 10),
        TrackMoved("spend", first, 1000, 1010),
    ]
    assert member.state.tracks == {"mine": {first: 10}}


# ---- what is carried ----


def carry(value: ir.Expr, low: int | None = 0, high: int | None = 60) -> ir.CarryDef:
    """Nights into the next year."""
    return ir.CarryDef("nights", value, None if low is None else num(low), None if high is None else num(high), AT)


NIGHTS = track("nights", month("year"), ir.Fold(AT, "count", None, None))
MARKS = rule("Marks", "purchase", give(ir.MarkRead(AT)), kind="reward", loop=ir.MarksDef("nights", (3, 5)))


def roll_over(value: ir.Expr, *others: ir.RuleDef, low: int | None = 0, high: int | None = 60) -> Member:
    """A member of a program that carries nights over at the end of the year."""
    return Member(
        program((*others, rule("Roll", "end of calendar year", carry(value, low, high), kind="reward")), (NIGHTS,))
    )


@pytest.mark.parametrize(
    ("value", "opens"),
    [
        (ir.Add(AT, (read("nights"), num(-2))), 3),
        (ir.Add(AT, (read("nights"), num(-10))), None),
        (ir.Mul(AT, read("nights"), num(100)), 60),
        (ir.Mul(AT, read("nights"), num(1, 2)), 2),
    ],
)
def test_the_next_year_opens_with_what_is_carried(value: ir.Expr, opens: int | None) -> None:
    member = roll_over(value)
    member.buy("2027-05-05", *[1] * 5)
    member.settle("2028-01-01")
    assert member.state.tracks["nights"].get(parse_date("2028-01-01")) == opens
    assert member.state.tracks["nights"][parse_date("2027-01-01")] == 5


@pytest.mark.parametrize(("rounding", "opens"), [(None, 2), ("up", 3), ("half up", 3), ("down", 2)])
def test_what_is_carried_is_rounded_as_is_written(rounding: ir.RoundingMode | None, opens: int) -> None:
    half = msgspec.structs.replace(carry(ir.Mul(AT, read("nights"), num(1, 2))), rounding=rounding)
    member = Member(program((rule("Roll", "end of calendar year", half, kind="reward"),), (NIGHTS,)))
    member.buy("2027-05-05", *[1] * 5)
    member.settle("2028-01-01")
    assert member.state.tracks["nights"][parse_date("2028-01-01")] == opens


def test_what_is_carried_fires_no_mark() -> None:
    member = roll_over(read("nights"), MARKS)
    member.buy("2027-05-05", *[1] * 4)
    assert member.settle("2028-01-01") == [("end of calendar year 2027-01-01", 0)]
    opened = parse_date("2028-01-01")
    assert member.state.tracks["nights"][opened] == 4
    assert member.state.seen["nights"][opened] == 4
    assert [each.given for each in member.buy("2028-01-01", 1).awards] == [5]


def test_what_is_carried_late_counts_as_seen_beside_what_was_there() -> None:
    rules = (MARKS, rule("Roll", "end of calendar year, settled after 5 days", carry(read("nights")), kind="reward"))
    member = Member(program(rules, (NIGHTS,)))
    member.buy("2027-05-05", 1, 1)
    member.buy("2028-01-03", 1, 1)
    member.settle("2028-01-06")
    assert member.state.tracks["nights"] == {parse_date("2027-01-01"): 2, parse_date("2028-01-01"): 4}
    assert [each.given for each in member.buy("2028-01-07", 1).awards] == [5]


def test_what_is_carried_into_a_track_without_marks_is_not_seen() -> None:
    member = roll_over(read("nights"))
    member.buy("2027-05-05", 1)
    found = member.score(_next(member, "2028-01-01"))
    assert not [each for each in found.changes if isinstance(each, MarkSeen)]
    assert TrackMoved("nights", parse_date("2028-01-01"), 0, 1) in found.changes
