"""A file of events scored as a whole: order, accounting, state from run to run."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from rules_engine import Source, load
from rules_engine.feeds import FeedError
from rules_engine.scoring import Program
from rules_engine.state import Lot, State
from rules_engine.tables import Sums
from rules_engine.workbench import Job, Report, money_lines, score_file
from tests.checkout_rules import TEXT, line, order
from tests.small_program import CORE

MEMBERS = '{"member": "m", "joined": "2020-01-01", "resident": false}\n'


def purchase(receipt: str, at: str, amount: str, **changes: Any) -> dict[str, Any]:
    lines = [{"kind": "food", "amount": amount}]
    base = {"receipt": receipt, "customer": "m", "bought_at": at, "codes": [], "channel": "web", "lines": lines}
    return base | changes


def score(tmp_path: Path, events: list[Any], state: bool = False) -> tuple[Report, list[dict[str, str]]]:
    source = tmp_path / "events.ndjson"
    source.write_bytes(b"\n".join(each if isinstance(each, bytes) else orjson.dumps(each) for each in events) + b"\n")
    (tmp_path / "members.ndjson").write_text(MEMBERS)
    job = Job(
        events=source,
        out=tmp_path / "out.csv",
        members=tmp_path / "members.ndjson",
        effects=tmp_path / "effects.csv",
        rejects=tmp_path / "rejects.csv",
        state=tmp_path / "state.json" if state else None,
    )
    report = score_file(Program(CORE), job)
    return report, rows(tmp_path / "out.csv")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


EVENTS = [
    purchase("late", "2027-06-01T12:00:00Z", "100.00"),
    purchase("first", "2027-05-01T12:00:00+01:00", "1000.00"),
    {**purchase("named", "2027-07-01T12:00:00Z", "10.00"), "event": "purchase"},
]


def test_events_are_scored_in_the_order_of_their_moments_and_written_in_that_of_the_file(tmp_path: Path) -> None:
    report, out = score(tmp_path, EVENTS)
    assert [(row["event"], row["point"]) for row in out] == [("late", "2000"), ("first", "10000"), ("named", "200")]
    assert report.totals == {"point": 12_200}
    effects = rows(tmp_path / "effects.csv")
    assert [(row["event"], row["rule"], row["kind"], row["amount"]) for row in effects] == [
        ("late", "base", "give", "1000"),
        ("late", "Gold", "give", "1000"),
        ("first", "base", "give", "10000"),
        ("first", "Gold", "tier", ""),
        ("named", "base", "give", "100"),
        ("named", "Gold", "give", "100"),
    ]


def test_every_row_is_accounted_for_and_refusals_say_all_reasons(tmp_path: Path) -> None:
    wrong = purchase("wrong", "2027-05-01T12:00:00Z", "1.005", channel="telex")
    stranger = purchase("stranger", "2027-05-01T12:00:00Z", "1.00", customer="nobody")
    twice = purchase("late", "2027-06-02T12:00:00Z", "1.00")
    report, out = score(tmp_path, [*EVENTS, wrong, b"{", stranger, twice])
    tally = report.tally
    assert (tally.read.events, tally.scored.events, tally.rejected.events) == (7, 3, 4)
    assert len(out) == 3
    rejects = rows(tmp_path / "rejects.csv")
    assert [(row["number"], row["event"], row["field"]) for row in rejects] == [
        ("4", "wrong", "channel"),
        ("4", "wrong", "lines[1].amount"),
        ("5", "", ""),
        ("6", "stranger", "joined"),
        ("6", "stranger", "resident"),
        ("7", "late", ""),
    ]


def test_two_runs_with_a_state_are_as_one(tmp_path: Path) -> None:
    whole, _ = score(tmp_path, EVENTS)
    first, _ = score(tmp_path, [EVENTS[1]], state=True)
    second, out = score(tmp_path, [EVENTS[0], EVENTS[1], EVENTS[2]], state=True)
    assert first.totals["point"] + second.totals["point"] == whole.totals["point"]
    assert second.tally.rejected.events == 1  # scored in the first run already
    assert [row["event"] for row in out] == ["late", "named"]


BROKEN_STATES = (
    (b"{", "is broken"),
    (b'{"version":1,"fingerprint":"x","state":{}}', "does not hold members and events"),
    (b'{"version":1,"fingerprint":"x","state":{"members":{},"events":{"purchase":[1]}}}', "does not hold"),
    (
        b'{"version":1,"fingerprint":"x","state":{"members":{"m":{"version":1,"tracks":{"x":{"0":1}}}},"events":{}}}',
        "member `m`: the state speaks of the track `x`",
    ),
)


@pytest.mark.parametrize(("content", "words"), BROKEN_STATES)
def test_a_broken_state_stops_the_run_and_keeps_what_was_written(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "out.csv").write_text("before")
    (tmp_path / "state.json").write_bytes(content)
    with pytest.raises(FeedError, match=words):
        score(tmp_path, EVENTS, state=True)
    assert (tmp_path / "out.csv").read_text() == "before"
    assert (tmp_path / "state.json").read_bytes() == content


def test_a_state_of_another_program_is_remarked_on(tmp_path: Path) -> None:
    empty = {"version": 1, "fingerprint": "x", "state": {"members": {}, "events": {}}}
    (tmp_path / "state.json").write_bytes(orjson.dumps(empty))
    report, _ = score(tmp_path, EVENTS, state=True)
    assert report.remark == "the state was written by another version of the program"


def test_what_is_read_is_never_written_over(tmp_path: Path) -> None:
    source = tmp_path / "events.ndjson"
    source.write_bytes(orjson.dumps(EVENTS[0]))
    for job in (
        Job(events=source, out=source),
        Job(events=source, out=tmp_path / "out.csv", rejects=tmp_path / "out.csv"),
        Job(events=source, out=tmp_path / "out.csv", state=tmp_path / "x" / ".." / "events.ndjson"),
    ):
        with pytest.raises(FeedError, match="would be written over by this run"):
            score_file(Program(CORE), job)


def test_the_first_reasons_are_shown(tmp_path: Path) -> None:
    report, _ = score(tmp_path, [purchase("wrong", "2027-05-01T12:00:00Z", "1.005", channel="telex")] * 3)
    assert len(report.reasons) == 3
    assert report.reasons[0].startswith("row 1: `channel` of purchase cannot be the text `telex`")


# ---- offers: prices, effects, shared counters ----

DELIVERY = {"amount": "4.50", "currency": "GBP"}
ORDERS = [
    {
        **order("O1", line("a", "toy", 3, "20.00"), line("b", "food", 1, "7.99"), codes=("spring-20",)),
        "delivery": DELIVERY,
    },
    {**order("O2", *(line(key, "food", 5, "10.00") for key in "abc")), "delivery": DELIVERY},
    order("O3", line("a", "food", 2, "9000", "JPY"), codes=("SPRING20",)),
    order("O4", line("a", "food", 2, "9.00"), codes=("SPRING20",)),
    order("O5", line("a", "food", 2, "9.00"), line("b", "food", 1, "9", "JPY")),
]


def checked_out(tmp_path: Path, events: list[Any], ending: str = ".csv", shared: Path | None = None) -> Report:
    source = tmp_path / "orders.ndjson"
    source.write_bytes(b"\n".join(map(orjson.dumps, events)) + b"\n")
    out, effects = tmp_path / f"out{ending}", tmp_path / f"effects{ending}"
    job = Job(events=source, out=out, effects=effects, rejects=tmp_path / "rejects.csv", shared=shared)
    return score_file(load([Source("checkout.rules", TEXT)]), job)


def test_a_row_says_what_an_event_costs(tmp_path: Path) -> None:
    checked_out(tmp_path, ORDERS)
    told = [{name: value for name, value in row.items() if name != "fingerprint"} for row in rows(tmp_path / "out.csv")]
    assert list(told[0].values()) == ["O1", "", "GBP", "21.60", "46.39", "4.50", "0.00", "8.48", "50.89"]
    assert list(told[0]) == [
        "event", "member", "currency", "discount", "net", "shipping", "charges", "tax", "total",
    ]  # fmt: skip
    assert list(told[2].values()) == ["O3", "", "JPY", "3600", "14400", "0", "0", "2400", "14400"]
    (reject,) = rows(tmp_path / "rejects.csv")
    assert (reject["event"], reject["code"], reject["field"]) == ("O5", "V154", "lines[2].price")


EFFECT_NAMES = ("event", "rule", "line", "kind", "unit", "amount", "stage", "pieces", "wanted", "cut_by")


def test_effects_have_a_row_for_each_part_of_a_discount(tmp_path: Path) -> None:
    checked_out(tmp_path, ORDERS[:2])
    found = rows(tmp_path / "effects.csv")
    assert list(found[0]) == [*EFFECT_NAMES, "reason", "public"]
    assert [tuple(row[name] for name in EFFECT_NAMES) for row in found] == [
        ("O1", "Second half price", "1", "take", "GBP", "10.00", "item", "1", "10.00", ""),
        ("O1", "Spring", "1", "take", "GBP", "10.00", "basket", "3", "11.60", ""),
        ("O1", "Spring", "2", "take", "GBP", "1.60", "basket", "1", "", ""),
        ("O1", "Spring", "", "code", "spring-20", "", "", "", "", ""),
        ("O2", "Big basket", "1", "take", "GBP", "5.00", "basket", "5", "15.00", ""),
        ("O2", "Big basket", "2", "take", "GBP", "5.00", "basket", "5", "", ""),
        ("O2", "Big basket", "3", "take", "GBP", "5.00", "basket", "5", "", ""),
        ("O2", "Free delivery", "shipping", "take", "GBP", "4.50", "shipping", "1", "4.50", ""),
        ("O2", "Wrapping", "", "charge", "GBP", "2.00", "", "", "", ""),
        ("O2", "Mug", "", "gift", "MUG", "1", "", "1", "", ""),
    ]


CODES = ("NIX", "summer", "spring20", "SPRING-20", "-")


@pytest.mark.parametrize("ending", [".csv", ".ndjson", ".parquet"])
def test_every_presented_code_has_a_row(tmp_path: Path, ending: str) -> None:
    checked_out(tmp_path, [order("O1", line("a", "food", 1, "50.00"), codes=CODES)], ending)
    names = ("rule", "unit", "reason", "public")
    found = [tuple(row[name] for name in names) for row in read(tmp_path / f"effects{ending}") if row["kind"] == "code"]
    assert found == [
        ("", "NIX", "unknown code", "not valid"),
        ("", "summer", "lost to Spring", "does not combine"),
        ("Spring", "spring20", "", ""),
        ("", "SPRING-20", "presented before", "already used"),
        ("", "-", "blank", "not valid"),
    ]


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a file of any ending, an absent value as an empty text."""
    if path.suffix == ".csv":
        return rows(path)
    lines = path.read_bytes().splitlines() if path.suffix == ".ndjson" else []
    found = [orjson.loads(each) for each in lines] if lines else pq.read_table(path).to_pylist()
    return [{name: "" if value is None else str(value) for name, value in row.items()} for row in found]


CUT = """language 1

program "Cut" {
  currency  GBP, rounded half up
  split     in proportion, odd pennies to the largest remainder
  stacking  { basket: all in order "Tenth" }
}

event order dated by placed_on of customer identified by number {
  number: text   customer: member   placed_on: date
  lines 0 to 9 { id: text as id   price: money up to 900 GBP as list }
}

unit point, points { rounded down   lasts forever }

earn "Points" { on order   give 1 point per full 1 GBP of net   at most 30 points per member per calendar month }
basket offer "Tenth" {
  on order   automatic   take 10% of current off the total of lines   at most 8 GBP per member
}
"""


def test_what_was_wanted_and_the_limit_that_cut_are_kept(tmp_path: Path) -> None:
    lines = [{"id": "a", "price": "20.00"}, {"id": "b", "price": "30.00"}]
    sent = {"event": "order", "customer": "m", "placed_on": "2027-03-31", "lines": lines}
    source, out, effects = (tmp_path / name for name in ("orders.ndjson", "out.csv", "effects.csv"))
    source.write_bytes(b"\n".join(orjson.dumps({**sent, "number": f"O{number}"}) for number in range(3)) + b"\n")
    score_file(load([Source("cut.rules", CUT)]), Job(events=source, out=out, effects=effects))
    names = ("event", "rule", "line", "amount", "wanted", "cut_by")
    budget, points = "Tenth: GBP per lifetime", "Points: point per calendar month"
    assert [tuple(row[name] for name in names) for row in rows(effects)] == [
        ("O0", "Tenth", "1", "2.00", "5.00", ""),
        ("O0", "Tenth", "2", "3.00", "", ""),
        ("O0", "Points", "", "30", "45", points),
        ("O1", "Tenth", "1", "1.20", "5.00", budget),
        ("O1", "Tenth", "2", "1.80", "", budget),
        ("O1", "Points", "", "0", "47", points),
        ("O2", "Points", "", "0", "50", points),
    ]


def test_parquet_holds_the_same_money(tmp_path: Path) -> None:
    checked_out(tmp_path, ORDERS)
    checked_out(tmp_path, ORDERS, ".parquet")
    for name in ("out", "effects"):
        table = pq.read_table(tmp_path / f"{name}.parquet").to_pylist()
        plain = rows(tmp_path / f"{name}.csv")
        texts = [{key: "" if value is None else str(value) for key, value in row.items()} for row in table]
        amounts = {"discount", "net", "shipping", "charges", "tax", "total"} if name == "out" else set()
        for mine, theirs in zip(texts, plain, strict=True):
            assert {**mine, **dict.fromkeys(amounts, "")} == {**theirs, **dict.fromkeys(amounts, "")}
            assert [Decimal(mine[key]) for key in amounts] == [Decimal(theirs[key]) for key in amounts]


def test_money_is_summed_by_stage_and_rule(tmp_path: Path) -> None:
    report = checked_out(tmp_path, ORDERS)
    assert list(money_lines(report.money, load([Source("checkout.rules", TEXT)]).core)) == [
        "taken off: 41.10 GBP",
        '  item, "Second half price": 10.00 GBP',
        '  basket, "Big basket": 15.00 GBP',
        '  basket, "Spring": 11.60 GBP',
        '  shipping, "Free delivery": 4.50 GBP',
        "taken off: 3600 JPY",
        '  basket, "Big basket": 1600 JPY',
        '  basket, "Spring": 2000 JPY',
        "charged: 2.00 GBP",
        '  "Wrapping": 2.00 GBP',
        'added free: 2 MUG ("Mug")',
    ]


def test_shared_counters_go_from_file_to_file(tmp_path: Path) -> None:
    shared = tmp_path / "shared.json"
    checked_out(tmp_path, ORDERS[:1], shared=shared)
    assert orjson.loads(shared.read_bytes()) == {"limits": {"Spring: times in total": {"0": 1}}, "version": 1}
    checked_out(tmp_path, ORDERS[2:4], shared=shared)
    assert orjson.loads(shared.read_bytes())["limits"] == {"Spring: times in total": {"0": 2}}
    assert [row["discount"] for row in rows(tmp_path / "out.csv")] == ["3600", "0.00"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[", "is not JSON"),
        (b'{"version": 2}', "layout 2"),
        (b'{"version": 1, "limits": {"a": {"0": -1}}}', "nothing"),
    ],
)
def test_broken_shared_counters_stop_the_run(tmp_path: Path, content: bytes, words: str) -> None:
    shared = tmp_path / "shared.json"
    shared.write_bytes(content)
    with pytest.raises(FeedError, match=f"shared counters .*{words}"):
        checked_out(tmp_path, ORDERS, shared=shared)
    assert shared.read_bytes() == content
    assert not (tmp_path / "out.csv").exists()


def test_shared_counters_are_never_written_over_something_else(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="would be written over by this run"):
        checked_out(tmp_path, ORDERS, shared=tmp_path / "out.csv")


def test_orders_in_csv(tmp_path: Path) -> None:
    """Without lines, an event is a row: codes between semicolons, money with its currency."""
    flat = re.sub(r"lines 0 to 60 \{\n    id: text as id|  \}\n(?=\}\n\ngroup)", "", TEXT)
    source = tmp_path / "orders.csv"
    source.write_text(
        "number,placed_at,codes,delivery_tax,kind,pieces,price,tax\n"
        "O1,2027-03-31T12:00:00Z,spring-20; NIX,20%,food,2,9.00 GBP,20%\n"
        "O2,2027-03-31T12:00:00Z,,20%,food,2,900 JPY,20%\n"
        "O3,2027-03-31T12:00:00Z,,20%,food,2,9.00,20%\n"
    )
    job = Job(events=source, out=tmp_path / "out.csv", rejects=tmp_path / "rejects.csv")
    score_file(load([Source("orders.rules", flat)]), job)
    assert [(row["currency"], row["discount"], row["net"]) for row in rows(tmp_path / "out.csv")] == [
        ("GBP", "3.60", "14.40"),
        ("JPY", "0", "1800"),
    ]
    assert [row["code"] for row in rows(tmp_path / "rejects.csv")] == ["V156"]


PAYING = """language 1
program "Till" { currency GBP, rounded half up   split in proportion, odd pennies to the largest remainder }
unit point, points { rounded down   lasts forever   balance at least 0 }
event sale dated by day of customer identified by receipt {
  receipt: text   customer: member   day: date   pay: points? up to 10_000   friend: member?
  lines 0 to 9 { sku: text as id   price: money up to 99 GBP as list }
}
redeem "Pay" { on sale   accept pay, worth 1 GBP per 100 points }
earn "Points" { on sale   give 10 points per full 1 GBP of paid }
earn "Friend" { on sale   when has friend   give 5 points, to friend }
"""


def test_what_units_paid_has_rows_of_its_own(tmp_path: Path) -> None:
    sale = {"event": "sale", "customer": "m", "day": "2027-03-01", "lines": [{"sku": "a", "price": "20.00"}]}
    events = [{**sale, "receipt": "1"}, {**sale, "receipt": "2", "day": "2027-03-02", "pay": 150, "friend": "f"}]
    (tmp_path / "events.ndjson").write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in events))
    job = Job(events=tmp_path / "events.ndjson", out=tmp_path / "out.csv", effects=tmp_path / "effects.csv")
    score_file(load([Source("till.rules", PAYING)]), job)
    found = [each for each in rows(tmp_path / "effects.csv") if each["event"] == "2"]
    shown = ("rule", "kind", "unit", "amount", "wanted", "reason")
    assert [tuple(each[name] for name in shown) for each in found] == [
        ("Pay", "accept", "point", "150", "150", ""),
        ("Pay", "payment", "GBP", "1.50", "", ""),
        ("Points", "give", "point", "180", "180", ""),
        ("Friend", "give", "point", "5", "5", "to f"),
    ]  # fmt: skip


OWNED = """language 1
program "Till" { currency GBP, rounded half up }
unit point, points { rounded down   lasts forever   balance at least 0 }
unit ticket, tickets counts pieces { lasts forever }
event buy dated by at of who identified by id {
  id: text   who: member   at: date   offered: points up to 900   price: money up to 90 GBP as list
}
redeem "Pay" { on buy   accept offered, worth 1 GBP per 100 points }
reward "Swap" { on buy   turn every full 50 points into 1 ticket }
"""


def test_the_sums_say_what_was_paid_with_units_and_what_was_taken() -> None:
    program = load([Source("till.rules", OWNED)])
    state, sums = State(lots=[Lot("point", 420, 0, None, None, "Points")]), Sums()
    for name, offered in (("1", "150"), ("2", "0")):
        event = {"event": "buy", "id": name, "who": "m", "at": f"2027-01-0{name}", "offered": offered, "price": "5.00"}
        outcome = program.score(event, {}, state)
        state = program.apply(state, outcome)
        sums.add(outcome)
    assert list(money_lines(sums, program.core)) == [
        "paid with units: 1.50 GBP",
        '  "Pay": 1.50 GBP',
        "taken: 400 points",
        '  "Pay": 150 points',
        '  "Swap": 250 points',
    ]


FAR_EAST = """
language 1
program "Far east" { currency NZD, rounded half up   timezone "Pacific/Auckland" }
unit point, points { rounded down   lasts forever }
event stay dated by night of guest identified by stay_no { stay_no: text up to 9   night: date   guest: member }
event visit dated by at of guest identified by visit_no { visit_no: text up to 9   at: instant   guest: member }
earn "Welcome" { on stay or visit   give 5 points   once per member }
"""


def test_a_date_stands_where_its_local_day_begins(tmp_path: Path) -> None:
    """A visit at 1:00 on 11 May comes after a stay of that day, though it was still 10 May in Greenwich."""
    visit = {"event": "visit", "visit_no": "v", "at": "2027-05-10T13:00:00Z", "guest": "m"}
    stay = {"event": "stay", "stay_no": "s", "night": "2027-05-11", "guest": "m"}
    (tmp_path / "events.ndjson").write_bytes(orjson.dumps(visit) + b"\n" + orjson.dumps(stay) + b"\n")
    job = Job(events=tmp_path / "events.ndjson", out=tmp_path / "out.csv")
    score_file(load([Source("far_east.rules", FAR_EAST)]), job)
    assert [(row["event"], row["point"]) for row in rows(tmp_path / "out.csv")] == [("v", "0"), ("s", "5")]
