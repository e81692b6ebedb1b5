"""Tables in and tables out: the same, to the last digit, as the events one by one."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import batch_data
from rules_engine import ir, load
from rules_engine.calendar import local_day, zone_names
from rules_engine.decoding import Wrong, fact_fields, reading
from rules_engine.feeds import read_events, read_mapping, read_members
from rules_engine.feeds.joining import joined
from rules_engine.outcome import Outcome, Refused
from rules_engine.scoring import Program
from rules_engine.tables import FeedError, Rows, Scored, ordering
from rules_engine.tables.arrow import records, values
from rules_engine.tables.cells import MISSING, Cell
from rules_engine.tables.lines import doubled
from rules_engine.tables.texts import NOWHERE, hashes, plain_ids
from rules_engine.tables.zones import Clock
from rules_engine.values import ValueFault
from rules_engine.workbench import Job, score_file
from rules_engine.workbench.replaying import formats_of
from tests.small_program import CORE

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/sample.ndjson"))
BATCH = ROOT / "benchmarks" / "batch.rules"
ENGINES = ("rows", "numpy", *(("numba",) if find_spec("numba") else ()))
ZONES = random.Random(7).sample(zone_names(), 25)


# ---- values ----

_KINDS: dict[str, dict[str, Any]] = {
    "text": {"high": 6},
    "member": {"high": 6},
    "date": {},
    "time": {},
    "instant": {},
    "flag": {},
    "count": {"low": -3, "high": 900},
    "rate": {"low": 0, "high": 10**9},
    "money": {"low": -5_00, "high": 5_000_00, "decimals": 2, "unit": "GBP"},
    "unit": {"low": 0, "high": 10**6, "unit": "point"},
    "choice": {"choices": ("web", "app")},
    "tier": {},
}
_WORDS = st.sampled_from(
    ["web", "app", "", "a", "caf\u00e9", "x\ty", "long text", "12.50", "12.5", "12", "-1", "1e3", " 1", "0.005", "25%",
     "2027-03-31", "2027-02-30", "20270331", "07:30", "07:30:15", "24:00", "2027-03-31T18:30:00Z", "Gold", "true",
     "2027-03-31T18:30:00+02:00", "2027-03-31T18:30:00-00:00", "2027-03-31T18:30:00.5Z", "1_0", "\u0663"]
)  # fmt: skip
_DAYS = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))
_WHOLE = st.one_of(st.integers(-5, 1000), st.sampled_from([2**62, -(2**63), 2**63 - 1]))
_TYPES: list[tuple[Any, Any]] = [
    (pa.string(), _WORDS),
    (pa.large_string(), _WORDS),
    (pa.int8(), st.integers(-128, 127)),
    (pa.int64(), _WHOLE),
    (pa.uint64(), st.one_of(st.integers(0, 1000), st.sampled_from([2**62, 2**64 - 1]))),
    (pa.bool_(), st.booleans()),
    (pa.date32(), _DAYS),
    (pa.date64(), _DAYS),
    (pa.time32("s"), st.times().map(lambda each: each.replace(microsecond=0))),
    (pa.time64("us"), st.times()),
    (pa.timestamp("s", "UTC"), st.integers(-(2**36), 2**36)),
    (pa.timestamp("us", "Europe/London"), st.integers(-(2**50), 2**50)),
    (pa.timestamp("us", "UTC"), st.integers(-(2**20), 2**31).map(lambda each: each * 10**6)),
    (pa.decimal128(9, 2), st.decimals(-999, 9999, places=2)),
    (pa.decimal128(38, 0), st.integers(-(10**20), 10**20).map(Decimal)),
    (pa.decimal128(18, 9), st.decimals(0, 2, places=9)),
    (pa.decimal128(20, 3), st.decimals(-9, 99, places=3)),
    (pa.decimal256(40, 2), st.decimals(-9, 99, places=2)),
    (pa.null(), st.none()),
    (pa.struct([("amount", pa.string()), ("currency", pa.string())]),
     st.fixed_dictionaries({"amount": _WORDS, "currency": st.sampled_from(["GBP", "EUR", None])})),
    (pa.list_(pa.string()), st.lists(_WORDS, max_size=2)),
]  # fmt: skip


class _Pool:
    """Codes in the order in which they come."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def code(self, text: str) -> int:
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text)

    def presented(self, text: str) -> int:
        return self.code(text)


@st.composite
def _columns(draw: st.DrawFn) -> Any:
    kind, each = draw(st.sampled_from(_TYPES))
    sent = draw(st.lists(st.one_of(st.none(), each), min_size=0, max_size=8))
    column = pa.array(sent, kind)
    plain = pa.types.is_string(kind) or pa.types.is_date32(kind) or pa.types.is_decimal128(kind)
    if plain and draw(st.booleans()):
        column = column.dictionary_encode()
    start = draw(st.integers(0, len(column)))
    return column.slice(start)


@pytest.mark.parametrize("kind", _KINDS)
@settings(max_examples=150, deadline=None)
@given(column=_columns(), optional=st.booleans())
def test_a_column_is_read_as_each_of_its_values_is(kind: str, column: Any, optional: bool) -> None:
    field = ir.FieldDef("field", kind, optional=optional, **_KINDS[kind])  # type: ignore[arg-type]
    pool = _Pool()
    found = Cell(field, CORE, pool).cells(column)
    read = reading(field, CORE)
    for sent, number, good in zip(values(pa, column), found.values.tolist(), found.good.tolist(), strict=True):
        try:
            expected = None if sent is None else read(sent)
        except (Wrong, ValueFault):
            assert not good, f"{sent!r} is refused"
            continue
        assert good == (expected is not None or optional), f"{sent!r} is taken"
        if expected is None:
            assert number == MISSING
        else:
            assert (pool.texts[number] if isinstance(expected, str) else number) == expected
    looked = Cell(field, CORE, NOWHERE).cells(column)
    assert looked.good.tolist() == found.good.tolist(), "what is only looked at is taken alike"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1))
def test_hashes_differ_where_texts_do_and_plain_ids_are_ids(texts: list[str]) -> None:
    column = pa.array(["x", *texts]).slice(1)
    found = hashes(column, 1).tolist()
    assert len({*found}) == len({*texts})
    for text, good in zip(texts, plain_ids(column, 10).tolist(), strict=True):
        assert good == (0 < len(text) <= 10 and text.isascii() and text.isprintable())


@given(st.lists(st.lists(st.integers(0, 30), max_size=25), max_size=6))
def test_lines_of_one_id_are_found(events: list[list[int]]) -> None:
    counts = np.array([len(each) for each in events], np.int64)
    ids = np.array([each or MISSING for own in events for each in own], np.int64)
    expected = [max(Counter(each for each in own if each).values(), default=1) > 1 for own in events]
    assert doubled(ids, counts).tolist() == expected


@pytest.mark.parametrize("zone", [*ZONES, "Europe/London", "Africa/Casablanca", "Pacific/Apia"])
def test_local_days_are_those_of_the_calendar(zone: str) -> None:
    rng, clock = np.random.default_rng(3), Clock(zone)
    for low, high in ((1_700_000_000, 1_760_000_000), (0, 2_000_000_000), (-(10**12), 10**11)):
        instants = rng.integers(low, high, 300)
        assert clock.days(instants).tolist() == [local_day(each, zone) for each in instants.tolist()]
    near = (clock.changes[:, None] + np.array([-1, 0, 1])).ravel()
    assert clock.days(near).tolist() == [local_day(each, zone) for each in near.tolist()]


def test_parts_of_a_second_are_refused_in_their_own_rows_alone() -> None:
    column = pa.array([1_500_000, 2_000_000, None], pa.timestamp("us", "UTC"))
    assert values(pa, column) == ["1970-01-01T00:00:01.500000Z", "1970-01-01T00:00:02Z", None]
    small = pa.array([Decimal("0E-9"), Decimal("0.000000001")], pa.decimal128(18, 9))
    assert values(pa, small) == ["0.000000000", "0.000000001"]


# ---- the examples ----


@cache
def _example(path: Path) -> tuple[Program, list[dict[str, Any]], dict[str, Any]]:
    program = load(path)
    events = [orjson.loads(line) for line in (path / "sample.ndjson").read_bytes().splitlines() if line.strip()]
    formats = formats_of(fact_fields(program.core))
    members = {
        who: facts
        for found in path.glob("sample_members.*")
        for who, facts in read_members(found, formats=formats).items()
    }
    return program, events, members


def _table(events: list[dict[str, Any]]) -> Any:
    names = dict.fromkeys(name for event in events for name in event)
    return pa.table({name: [event.get(name) for event in events] for name in names})


def _typed(program: Program, table: Any) -> Any:
    """The same with columns of days, instants, decimals and few texts as such."""
    fields = {field.name: field for kind in program.core.events for field in kind.fields}
    for name in table.column_names:
        kind = fields[name].kind if name in fields else "choice" if name == "event" else ""
        column = table.column(name)
        try:
            if kind == "instant":
                column = pa.array([None if t is None else dt.datetime.fromisoformat(t) for t in column.to_pylist()])
                column = column.cast(pa.timestamp("us", "UTC"))
            elif kind == "date":
                column = column.cast(pa.date32())
            elif kind == "money" and pa.types.is_string(column.type):
                column = pa.chunked_array([pa.array([None if t is None else Decimal(t) for t in column.to_pylist()])])
            elif kind in ("choice", "member"):
                column = column.dictionary_encode()
        except (ValueError, ArithmeticError, pa.ArrowException):
            continue
        if not isinstance(column, pa.ChunkedArray):
            column = pa.chunked_array([column])
        if not pa.types.is_decimal(column.type) or column.type.scale <= 2:
            table = table.set_column(table.column_names.index(name), name, column)
    return table


def _same(scored: Scored, program: Program, events: list[dict[str, Any]], members: dict[str, Any]) -> None:
    """A scored table says what the stream of the same events says."""
    states: dict[str, Any] = {}
    only = next(kind.name for kind in program.core.events if kind.schedule is None)
    results = list(program.score_many([{"event": only, **event} for event in events], members, states))
    made = Rows(program.core)
    names = [column.name for column in made.columns()]
    outcomes = [each for each in results if isinstance(each, Outcome)]
    sent = [each for each in outcomes if each.posted is None]
    rows = scored.rows.to_pylist()
    expected = Counter(_plain(made.row(each)) for each in outcomes)
    assert Counter(_plain(tuple(row[name] for name in names)) for row in rows) == expected
    effects = Counter(_plain(row) for each in outcomes for row in made.effects(each))
    kept = [name for name in scored.effects.column_names if name != "number"]
    assert Counter(_plain(tuple(row[name] for name in kept)) for row in scored.effects.to_pylist()) == effects
    numbers = [row["number"] for row in rows if row["number"] is not None]
    assert numbers == sorted(numbers)
    assert len(numbers) == len(sent)
    ids = {kind.name: kind.identified_by for kind in program.core.events if kind.schedule is None}
    for row in rows:
        if row["number"] is not None:
            event = events[row["number"] - 1]
            assert event[ids[event.get("event") or next(iter(ids))]] == row["event"]
    faults = Counter(
        (fault.code, fault.field, fault.message)
        for each in results
        if isinstance(each, Refused)
        for fault in each.faults
    )
    assert Counter((row["code"], row["field"], row["message"]) for row in scored.rejects.to_pylist()) == faults
    assert dict(scored.states) == states
    summary = scored.summary
    assert summary.read == len(events) == summary.scored + summary.rejected
    assert sum(summary.paths.values()) == summary.scored == len(numbers)


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(Decimal(each) if isinstance(each, str) and _is_number(each) else each for each in row)


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit() and text.isascii()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_scored_as_a_table_is_the_stream_of_its_events(path: Path, engine: str) -> None:
    program, events, members = _example(path)
    table = _typed(program, _table(events))
    scored = program.score_table(table, members, engine=engine)  # type: ignore[arg-type]
    _same(scored, program, events, members)


RETAIL = ROOT / "examples" / "retail"
ONLINE_RETAIL = ROOT.parent / "shared" / "data" / "online_retail" / "online-retail-dataset.csv.gz"


@pytest.mark.parametrize("source", [RETAIL / "sample.csv", ONLINE_RETAIL], ids=["sample", "data set"])
def test_retail_orders_as_a_table_are_the_stream_of_them(source: Path) -> None:
    if not source.exists():
        pytest.skip(f"there is no data set: {source.name}")
    program = load(RETAIL)
    reads = read_events(source, mapping=read_mapping(RETAIL / "mapping.toml"), ids={"purchase": "order_no"})
    events = [orjson.loads(read.event) for read in islice(reads, 1500) if read.event is not None]
    _same(program.score_table(_typed(program, _table(events))), program, events, {})


# ---- a history with states ----


@cache
def _batch() -> Program:
    return load(BATCH)


def _orders(count: int, seed: int, people: int = 40) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Orders of a year in any order, some of them wrong, some sent again, some of guests; and everybody's facts."""
    rng = random.Random(seed)
    events: list[dict[str, Any]] = []
    for number in range(count):
        at = dt.datetime(2027, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=rng.randrange(365 * 86_400))
        lines = [
            {
                "sku": f"sku-{rng.randrange(3) if rng.random() < 0.01 else place * 10 + rng.randrange(10)}",
                "category": rng.choice(["grocery", "toys", "home", "books", "fashion"]),
                "for_day": f"2027-{rng.randrange(1, 13):02d}-10",
                "pieces": rng.randrange(0 if rng.random() < 0.02 else 1, 5),
                "price": f"{rng.randrange(200)}.{rng.randrange(100):02d}" if rng.random() < 0.99 else "1.005",
            }
            for place in range(rng.randrange(0, 6))
        ]
        event = {
            "order_no": f"order-{number}",
            "bought_at": at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "customer": f"m-{rng.randrange(people)}",
            "channel": rng.choice(["web", "app", "store"]) if rng.random() < 0.99 else "fax",
            "codes": rng.choices([[], ["hello-10"], ["HELLO10", "x"], ["  "]], [8, 1, 1, 1])[0],
            "lines": lines,
        }
        if rng.random() < 0.02 and events:
            event = {**rng.choice(events), **({"customer": "m-1"} if rng.random() < 0.5 else {})}
        events.append(event)
    members = {f"m-{n}": {"joined": "2025-03-01", "plan": rng.choice(["basic", "plus"])} for n in range(people - 2)}
    members[f"m-{people - 2}"] = {"joined": "soon", "plan": "basic"}
    return events, members


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", range(3))
def test_a_history_as_a_table_is_the_stream_of_its_events(seed: int, engine: str) -> None:
    events, members = _orders(600, seed)
    _same(_batch().score_table(_table(events), members, engine=engine), _batch(), events, members)  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ENGINES)
def test_chunks_and_stretches_do_not_show(monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    events, members = _orders(500, 11)
    whole = _batch().score_table(_table(events), members, engine=engine)  # type: ignore[arg-type]
    monkeypatch.setattr(ordering, "CHUNK_ROWS", 37)
    monkeypatch.setattr("rules_engine.tables.scoring.SORT_ROWS", 90)
    table = _table(events)
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=50))
    parts = _batch().score_table(reader, members, engine=engine)  # type: ignore[arg-type]
    for name in ("rows", "effects", "rejects"):
        assert getattr(parts, name).equals(getattr(whole, name)), name
    assert dict(parts.states) == dict(whole.states)
    assert parts.summary.read == whole.summary.read


@pytest.mark.parametrize("engine", ENGINES)
def test_two_tables_with_the_states_between_are_as_one(engine: str) -> None:
    events, members = _orders(400, 5)
    events = [event for event in events if event["bought_at"]]
    events.sort(key=lambda event: event["bought_at"])
    events = list({event["order_no"]: event for event in events}.values())
    whole = _batch().score_table(_table(events), members, engine=engine)  # type: ignore[arg-type]
    first = _batch().score_table(_table(events[:200]), members, engine=engine)  # type: ignore[arg-type]
    second = _batch().score_table(_table(events[200:]), members, first.states, engine=engine)  # type: ignore[arg-type]
    assert dict(second.states) == dict(whole.states)
    together = pa.concat_tables([each.effects.drop_columns(["number"]) for each in (first, second)])
    assert together.equals(whole.effects.drop_columns(["number"]))


def test_without_effects_rows_are_the_same() -> None:
    events, members = _orders(100, 2)
    table = _table(events)
    few, whole = (_batch().score_table(table, members, effects=each) for each in (False, True))
    assert few.rows.equals(whole.rows)
    assert not few.effects.num_rows


def test_the_summary_says_which_way_events_went() -> None:
    events, members = _orders(300, 4)
    summary = _batch().score_table(_table(events), members).summary
    text = summary.text()
    assert f"{summary.read:,} events read" in text
    assert sum(summary.fallen.values()) >= summary.scored - summary.paths["columnar"]
    asked = _batch().score_table(_table(events), members, engine="rows").summary
    assert asked.fallen == {}
    assert set(asked.paths) == {"generated Python"}


# ---- what is wrong with a table ----

_GOOD: dict[str, Any] = {
    "order_no": ["a"],
    "bought_at": pa.array([0], pa.timestamp("s", "UTC")),
    "customer": ["m-1"],
    "channel": ["web"],
    "codes": pa.array([[]], pa.list_(pa.string())),
    "lines": pa.array([[]], pa.list_(pa.struct([("sku", pa.string())]))),
}
_WRONG: list[tuple[dict[str, Any], str]] = [
    ({"price": [1.5]}, "column `price` holds floating-point numbers"),
    ({"bought_at": pa.array([0], pa.timestamp("s"))}, "column `bought_at` holds times without a zone"),
    ({"customer": [b"x"]}, "column `customer` is of type `binary`"),
    ({"codes": pa.array([[b"x"]])}, r"column `codes\[\]` is of type `binary`"),
]
_REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"order_no": [None]}, "V104", "order_no"),
    ({"order_no": [""]}, "V114", "order_no"),
    ({"order_no": ["x" * 100_000]}, "V112", "order_no"),
    ({"channel": ["fax"]}, "V108", "channel"),
    ({"channel": [{"a": "web"}]}, "V105", "channel"),
    ({"lines": ["none"]}, "V105", "lines"),
    ({"lines": pa.nulls(1)}, "V104", "lines"),
    ({"lines": pa.array([[None]], pa.list_(pa.struct([("sku", pa.string())])))}, "V100", "lines[1]"),
    ({"colour": ["red"]}, "V103", "colour"),
    ({"bought_at": ["yesterday"]}, "V106", "bought_at"),
    ({"event": ["sale"]}, "V102", "event"),
]


@pytest.mark.parametrize(("changed", "words"), _WRONG)
def test_columns_that_cannot_be_exact_are_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(FeedError, match=words):
        _batch().score_table(pa.table(_GOOD | changed))


@pytest.mark.parametrize(("changed", "code", "field"), _REFUSED)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_wrong_row_is_rejected_for_the_reasons_of_the_row_path(
    changed: dict[str, Any], code: str, field: str, engine: str
) -> None:
    table = pa.table(_GOOD | changed)
    scored = _batch().score_table(table, {"m-1": {"joined": "2025-03-01", "plan": "basic"}}, engine=engine)  # type: ignore[arg-type]
    assert (scored.summary.read, scored.summary.rejected) == (1, 1)
    record = records(table.to_batches()[0])[0]
    result = next(iter(_batch().score_many([{"event": "purchase"} | record], {})))
    assert isinstance(result, Refused)
    found = [(row["code"], row["field"]) for row in scored.rejects.to_pylist()]
    assert (code, field) in found


def test_empty_tables_and_missing_columns() -> None:
    table = pa.table(_GOOD)
    assert _batch().score_table(table.slice(0, 0)).summary.read == 0
    scored = _batch().score_table(table.drop_columns(["channel"]))
    assert [row["code"] for row in scored.rejects.to_pylist()].count("V104") >= 1
    twice = pa.Table.from_arrays([*table.columns, table.column(0)], names=[*table.column_names, "order_no"])
    with pytest.raises(FeedError, match="two columns called `order_no`"):
        _batch().score_table(twice)
    with pytest.raises(TypeError, match=r"pyarrow\.Table"):
        _batch().score_table([{"order_no": "a"}])


def test_a_text_that_is_none_is_a_feed_error() -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(np.array([0, 1], np.int32)), pa.py_buffer(b"\xff")]
    )
    with pytest.raises(FeedError, match="`order_no` holds bytes that are no text"):
        _batch().score_table(pa.table(_GOOD | {"order_no": broken}))


_LINE = {"sku": "a", "category": "toys", "for_day": dt.date(2027, 3, 1), "pieces": 2, "price": Decimal("35.00")}
_AT = 1_803_978_000


def _line_type(**changed: Any) -> Any:
    kinds = {"sku": pa.string(), "category": pa.string(), "for_day": pa.date32(), "pieces": pa.int32()}
    return pa.struct(list((kinds | {"price": pa.decimal128(9, 2)} | changed).items()))


def _lines(*lines: Sequence[dict[str, Any] | None] | None, **kinds: Any) -> Any:
    """A column of four events' lines: these, then plain ones."""
    return pa.array([*lines, *[[_LINE]] * (4 - len(lines))], pa.list_(_line_type(**kinds)))


def _priced(kind: Any, *prices: Any) -> dict[str, Any]:
    return {"lines": _lines(*([_LINE | {"price": price}] for price in prices), price=kind)}


def _pieces(kind: Any, *counts: Any) -> dict[str, Any]:
    return {"lines": _lines(*([_LINE | {"pieces": count}] for count in counts), pieces=kind)}


def _times(unit: str, zone: str | None, *numbers: int | None) -> dict[str, Any]:
    return {"bought_at": pa.array(numbers, pa.int64()).cast(pa.timestamp(unit, zone))}


def _coded(name: str, places: Any, words: list[Any]) -> dict[str, Any]:
    return {name: pa.DictionaryArray.from_arrays(places, pa.array(words))}


_WORDS = pa.string()
_ODD: dict[str, tuple[dict[str, Any], list[tuple[int, str]]]] = {
    "plain": ({}, []),
    "a null among lines": ({"lines": _lines([_LINE, None])}, [(1, "V100")]),
    "null lines": ({"lines": _lines(None)}, [(1, "V104")]),
    "a line twice": ({"lines": _lines([_LINE, _LINE])}, [(1, "V118")]),
    "lines of numbers": ({"lines": pa.array([[1]] * 4)}, [(row, "V100") for row in range(1, 5)]),
    "large lists": ({"lines": _lines([_LINE]).cast(pa.large_list(_line_type()))}, []),
    "no price": (_priced(pa.decimal128(9, 2), None), [(1, "V104")]),
    "a negative price": (_priced(pa.decimal128(9, 2), Decimal("-0.01")), [(1, "V107")]),
    "negative zeros": (_priced(_WORDS, "-0.00", "-0", "0.00", "35"), []),
    "no numbers": (_priced(_WORDS, "NaN", "Infinity", "1e2", "35"), [(1, "V106"), (2, "V106"), (3, "V106")]),
    "too many places": (
        _priced(pa.decimal128(12, 3), *[Decimal("35.000")] * 4),
        [(row, "V106") for row in range(1, 5)],
    ),
    "fewer places": (_priced(pa.decimal128(12, 0), *[Decimal(35)] * 4), []),
    "wide decimals": (_priced(pa.decimal256(50, 2), Decimal("-5.00")), [(1, "V107")]),
    "narrow decimals": (_priced(pa.decimal32(7, 2), None, Decimal("7.00")), [(1, "V104")]),
    "decimals of 64 bits": (_priced(pa.decimal64(12, 2), Decimal("9999999.00")), [(1, "V107")]),
    "whole prices": (_priced(pa.int64(), *[35] * 4), [(row, "V109") for row in range(1, 5)]),
    "a huge count": (_pieces(pa.int64(), 2**62), [(1, "V107")]),
    "a count beyond 63 bits": (_pieces(pa.uint64(), 2**63 + 1), [(1, "V107")]),
    "counts as flags": (_pieces(pa.bool_(), True, False, True, True), [(row, "V105") for row in range(1, 5)]),
    "nanoseconds": (_times("ns", "UTC", _AT * 10**9, _AT * 10**9 + 1, _AT * 10**9, None), [(2, "V106"), (4, "V104")]),
    "seconds elsewhere": (_times("s", "+05:30", _AT, _AT + 1, _AT - 1, _AT), []),
    "times far away": (_times("us", "UTC", 1 - 2**63, _AT * 10**6, 2**63 - 1, 0), [(1, "V106"), (3, "V106")]),
    "days for times": ({"bought_at": pa.array([dt.date(2027, 3, 1)] * 4)}, [(row, "V106") for row in range(1, 5)]),
    "times falling": (_times("s", "UTC", _AT + 9, _AT + 5, _AT - 86_400 * 400, _AT), []),
    "a null in a dictionary": (_coded("channel", pa.array([0, 1, None, 0]), ["web", None]), [(2, "V104"), (3, "V104")]),
    "places without a sign": (_coded("channel", pa.array([0, 1, None, 0], pa.uint8()), ["web", "app"]), [(3, "V104")]),
    "a member twice in a dictionary": (_coded("customer", pa.array([0, 1, 1, 0]), ["m-1", "m-1"]), []),
    "an empty id in a dictionary": (
        _coded("order_no", pa.array([0, 1, 2, 2]), ["a", "", "b"]),
        [(2, "V114"), (4, "V152")],
    ),
    "ids again": ({"order_no": ["a", "a", "b", "a"]}, [(2, "V152"), (4, "V152")]),
    "ids of numbers": ({"order_no": [1, 2, 3, 4]}, [(row, "V105") for row in range(1, 5)]),
    "members of numbers": ({"customer": [1, None, 1, 1]}, [(1, "V105"), (2, "V104"), (3, "V105"), (4, "V105")]),
    "what is no field": ({"colour": pa.array([None, "red", None, None])}, [(2, "V103")]),
    "no channel at all": ({"channel": pa.nulls(4)}, [(row, "V104") for row in range(1, 5)]),
}


@pytest.mark.parametrize(("changed", "refused"), _ODD.values(), ids=_ODD)
@pytest.mark.parametrize("chunks", ["one chunk", "many", "none"])
def test_odd_columns_are_taken_or_rejected_as_rows_are(
    changed: dict[str, Any], refused: list[tuple[int, str]], chunks: str
) -> None:
    plain = {
        "order_no": ["a-1", "a-2", "a-3", "a-4"], **_times("us", "UTC", *[_AT * 10**6] * 4),
        "customer": ["m-1"] * 4, "channel": ["web"] * 4,
        "codes": pa.array([[]] * 4, pa.list_(pa.string())), "lines": _lines(),
    }  # fmt: skip
    table = pa.table(plain | changed)
    if chunks == "many":
        table = pa.concat_tables([table.slice(0, 1), table.slice(1, 0), table.slice(1)])
    elif chunks == "none":
        table = pa.table(
            {n: pa.chunked_array([], c.type) for n, c in zip(table.column_names, table.columns, strict=True)}
        )
    members = {"m-1": {"joined": "2025-03-01", "plan": "basic"}}
    scored = _batch().score_table(table, members, engine="numpy")
    expected = _batch().score_table(table, members, engine="rows")
    for part in ("rows", "effects", "rejects"):
        assert getattr(scored, part).equals(getattr(expected, part)), part
    assert dict(scored.states) == dict(expected.states)
    found = [(row["number"], row["code"]) for row in scored.rejects.to_pylist()]
    assert found == ([] if chunks == "none" else refused)
    assert scored.summary.read == table.num_rows


def test_one_absurd_count_does_not_send_others_by_rows() -> None:
    table = pa.table(
        {
            "order_no": ["a-1", "a-2"], **_times("s", "UTC", _AT, _AT), "customer": ["m-1", "m-2"],
            "channel": ["web"] * 2, "codes": pa.array([[]] * 2, pa.list_(pa.string())),
            "lines": _pieces(pa.int64(), 2**62)["lines"].slice(0, 2),
        }
    )  # fmt: skip
    facts = {"joined": "2025-03-01", "plan": "basic"}
    scored = _batch().score_table(table, {"m-1": facts, "m-2": facts}, engine="numpy")
    assert (scored.summary.paths, scored.summary.fallen) == ({"columnar": 1}, {})


@pytest.mark.parametrize("engine", ENGINES)
def test_threads_are_as_one(engine: str) -> None:
    events, members = _orders(500, 12)
    one, two = (
        _batch().score_table(_table(events), members, engine=engine, threads=threads)  # type: ignore[arg-type]
        for threads in (1, 2)
    )
    assert one.rows.equals(two.rows)
    assert one.effects.equals(two.effects)
    assert dict(one.states) == dict(two.states)
    with pytest.raises(ValueError, match="not 0"):
        _batch().score_table(_table(events), members, threads=0)


def test_two_threads_may_score_tables_by_one_program() -> None:
    """Each run has its own table of days, whatever days the other meets meanwhile."""
    program = load(BATCH)
    halves = []
    for year in (2027, 2031):
        events, members = _orders(300, year)
        moved = [event | {"bought_at": str(event["bought_at"]).replace("2027", str(year))} for event in events]
        halves.append((_table(moved), members))
    expected = [program.score_table(table, members, engine="numpy").rows for table, members in halves]
    found: dict[int, list[Any]] = {0: [], 1: []}

    def score(place: int) -> None:
        table, members = halves[place]
        found[place] += [program.score_table(table, members, engine="numpy").rows for _ in range(3)]

    threads = [Thread(target=score, args=(place,)) for place in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for place, rows in found.items():
        assert len(rows) == 3
        assert all(each.equals(expected[place]) for each in rows)


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(FeedError, match=r"install `rules-engine\[parquet\]`"):
        _batch().score_table(None)


# ---- files ----


def _filed(folder: Path, events: list[dict[str, Any]], members: dict[str, Any], group: int = 100) -> None:
    folder.mkdir(exist_ok=True)
    pq.write_table(_table(events), folder / "events.parquet", row_group_size=group)
    facts = [{"member": who, **facts} for who, facts in members.items()]
    (folder / "members.ndjson").write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in facts))
    (folder / "events.ndjson").write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in events))


def _job(folder: Path, events: str = "events.parquet", out: str = "out.parquet", **more: Any) -> Job:
    names = {"effects": "effects.parquet", "rejects": "rejects.csv", "state": "state.json"}
    rest = {name: folder / each for name, each in names.items()}
    return Job(events=folder / events, out=folder / out, members=folder / "members.ndjson", **{**rest, **more})


_FILES = ("out.parquet", "effects.parquet", "rejects.csv", "state.json")


@pytest.mark.parametrize("sort_rows", [1 << 20, 60])
@pytest.mark.parametrize("in_order", [True, False])
def test_a_file_by_columns_is_the_file_by_rows(tmp_path: Path, in_order: bool, sort_rows: int) -> None:
    events, members = _orders(400, 21)
    if in_order:
        events.sort(key=lambda event: str(event["bought_at"]))
    _filed(tmp_path, events, members)
    report = score_file(_batch(), _job(tmp_path, checkpoint_rows=90, sort_rows=sort_rows))
    by_rows = tmp_path / "rows"
    _filed(by_rows, events, members)
    expected = score_file(_batch(), _job(by_rows, events="events.ndjson"))
    assert report.tally.summary() == expected.tally.summary()
    assert (report.totals, report.reasons) == (expected.totals, expected.reasons)
    assert vars_of(report.money) == vars_of(expected.money)
    for name in ("out.parquet", "effects.parquet"):
        assert pq.read_table(tmp_path / name).equals(pq.read_table(by_rows / name)), name
    for name in ("rejects.csv", "state.json"):
        assert (tmp_path / name).read_bytes() == (by_rows / name).read_bytes(), name
    assert not list(tmp_path.glob(".*"))


def test_rows_over_processes_are_the_rows_of_one(tmp_path: Path) -> None:
    events, members = _orders(300, 5)
    _filed(tmp_path, events, members)
    files = {}
    for workers in (1, 2):
        job = _job(tmp_path, events="events.ndjson", out="out.csv", effects=tmp_path / "effects.csv", workers=workers)
        report = score_file(_batch(), job)
        names = ("out.csv", "effects.csv", "rejects.csv", "state.json")
        files[workers] = [report.tally.summary(), *((tmp_path / name).read_bytes() for name in names)]
        for name in names:
            (tmp_path / name).unlink()
    assert files[1] == files[2]


def test_members_who_touch_each_other_are_not_shared_out(tmp_path: Path) -> None:
    text = BATCH.read_text().replace("up to 20 GBP\n  once      per member", "up to 20 GBP\n  at most 9 times in total")
    (tmp_path / "shared.rules").write_text(text)
    events, members = _orders(5, 5)
    _filed(tmp_path, events, members)
    job = _job(tmp_path, events="events.ndjson", out="out.csv", effects=None, workers=2)
    with pytest.raises(FeedError, match="scored in one process"):
        score_file(load(tmp_path / "shared.rules"), job)


def vars_of(sums: Any) -> dict[str, Any]:
    """What rules did, by name."""
    return dict(vars(sums))


_RUN = """
import sys
from pathlib import Path
from rules_engine import load
from rules_engine.tables import ordering
from rules_engine.workbench import Job, score_file
ordering.CHUNK_ROWS = 200
folder, rules, sort_rows, slow = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
if slow == "slow":
    import time
    from rules_engine.tables.running import Run
    begun = Run.begun
    Run.begun = lambda self, chunk: (time.sleep(0.02), begun(self, chunk))[1]
names = {"effects": "effects.parquet", "rejects": "rejects.csv", "state": "state.json"}
job = Job(events=folder / "events.parquet", out=folder / "out.parquet", members=folder / "members.ndjson",
          checkpoint_rows=400, sort_rows=sort_rows, **{name: folder / each for name, each in names.items()})
print("ready", flush=True)
report = score_file(load(rules), job)
print(report.remark, *report.paths, flush=True)
"""


def _runs(folder: Path, sort_rows: int, seconds: float | None) -> tuple[int, str]:
    """Run in a process of its own; kill it some time after it has put down where it stands once more."""
    command = [
        sys.executable,
        "-c",
        _RUN,
        str(folder),
        str(BATCH),
        str(sort_rows),
        "fast" if seconds is None else "slow",
    ]
    before = _stood(folder)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as run:
        assert run.stdout is not None
        run.stdout.readline()
        if seconds is not None:
            while _stood(folder) in (before, 0) and run.poll() is None:
                time.sleep(0.001)
            time.sleep(seconds)
            os.kill(run.pid, signal.SIGKILL)
        said = run.stdout.read()
        return run.wait(), said


def _stood(folder: Path) -> int:
    """When a run last put down where it stands; 0: never, or there is none."""
    try:
        return (folder / ".out.parquet.unfinished" / "point.json").stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@pytest.mark.parametrize("in_order", [pytest.param(True, marks=pytest.mark.long), False])
def test_a_killed_run_goes_on_and_writes_the_same(tmp_path: Path, in_order: bool) -> None:
    events, members = _orders(4000, 33, people=200)
    if in_order:
        events.sort(key=lambda event: str(event["bought_at"]))
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    for folder in (whole, cut):
        _filed(folder, events, members, group=1000)
    sort_rows = 1 << 20 if in_order else 800
    code, said = _runs(whole, sort_rows, None)
    assert code == 0
    assert "by columns" in said
    assert min(pq.ParquetFile(whole / "effects.parquet").metadata.num_rows, (whole / "rejects.csv").stat().st_size) > 99
    rng, killed, remarks = random.Random(in_order), 0, ""
    for _ in range(3):
        code, said = _runs(cut, sort_rows, rng.uniform(0, 0.04))
        remarks += said
        if (cut / "out.parquet").exists() and not list(cut.glob(".*")):  # it was whole when it was killed, if it was
            code = 0
            break
        killed += code == -signal.SIGKILL
        assert not [name for name in ("out.parquet", "state.json") if (cut / name).exists()] or _is_ending(cut)
    else:
        code, said = _runs(cut, sort_rows, None)
        remarks += said
    assert code == 0
    assert killed, "at least one kill met the run"
    assert "went on behind row" in remarks, "a kill behind a checkpoint is gone on from"
    for name in _FILES:
        ours, theirs = cut / name, whole / name
        if name.endswith(".parquet"):
            assert pq.read_table(ours).equals(pq.read_table(theirs)), name
        else:
            assert ours.read_bytes() == theirs.read_bytes(), name
    assert not list(cut.glob(".*"))


def _is_ending(folder: Path) -> bool:
    return (folder / ".out.parquet.unfinished" / "end.json").exists()


def test_an_unfinished_run_of_other_files_is_not_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events, members = _orders(300, 8)
    events.sort(key=lambda event: str(event["bought_at"]))
    _filed(tmp_path, events, members)
    monkeypatch.setattr(ordering, "CHUNK_ROWS", 50)
    job = _job(tmp_path, checkpoint_rows=100, state=None)
    _break_off(monkeypatch, job, after=4)
    assert (tmp_path / ".out.parquet.unfinished" / "point.json").exists()
    assert "went on behind row 100" in score_file(_batch(), job).remark
    expected = pq.read_table(tmp_path / "out.parquet")
    _break_off(monkeypatch, job, after=4)
    assert score_file(_batch(), _job(tmp_path, checkpoint_rows=100, state=None, afresh=True)).remark == ""
    assert pq.read_table(tmp_path / "out.parquet").equals(expected)
    _break_off(monkeypatch, job, after=4)
    _filed(tmp_path, events[:250], members)
    assert "this one began again" in score_file(_batch(), job).remark
    assert len(pq.read_table(tmp_path / "out.parquet")) < len(expected)


def test_a_run_killed_among_its_moves_is_ended_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events, members = _orders(120, 9)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    for folder in (whole, cut):
        _filed(folder, events, members)
    expected = score_file(_batch(), _job(whole))
    with monkeypatch.context() as patch:
        moved: list[Path] = []
        replace = Path.replace

        def some(self: Path, target: Any) -> Any:
            if ".unfinished" in str(self) and ".unfinished" not in str(target):
                moved.append(self)
                if len(moved) > 2:
                    raise KeyboardInterrupt
            return replace(self, target)

        patch.setattr(Path, "replace", some)
        with pytest.raises(KeyboardInterrupt):
            score_file(_batch(), _job(cut))
    report = score_file(_batch(), _job(cut))
    assert (report.totals, report.tally.summary()) == (expected.totals, expected.tally.summary())
    for name in _FILES[2:]:
        assert (cut / name).read_bytes() == (whole / name).read_bytes()
    assert not list(cut.glob(".*"))


def _break_off(monkeypatch: pytest.MonkeyPatch, job: Job, after: int) -> None:
    """Run up to some chunk."""
    from rules_engine.tables.running import Run

    begun, left = Run.begun, [after]

    def some(self: Run, chunk: Any) -> Any:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return begun(self, chunk)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "begun", some)
        with pytest.raises(KeyboardInterrupt):
            score_file(_batch(), job)


def test_a_truncated_file_is_said_to_be_broken_and_leaves_nothing(tmp_path: Path) -> None:
    events, members = _orders(300, 8)
    _filed(tmp_path, events, members)
    content = (tmp_path / "events.parquet").read_bytes()
    (tmp_path / "events.parquet").write_bytes(content[: len(content) // 2])
    with pytest.raises(FeedError, match="cannot be read as Parquet"):
        score_file(_batch(), _job(tmp_path))
    middle = len(content) // 3
    (tmp_path / "events.parquet").write_bytes(content[:middle] + b"\0" * 400 + content[middle + 400 :])
    with pytest.raises(FeedError, match="is broken or cut short"):
        score_file(_batch(), _job(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.ndjson", "events.parquet", "members.ndjson"]


def test_files_are_joined_without_reading_their_rows(tmp_path: Path) -> None:
    tables = []
    for number, rows in enumerate((1000, 0, 70_000)):
        columns = {"text": [f"x{each % 50}" for each in range(rows)], "none": pa.array([None] * rows, pa.int64())}
        columns["amount"] = pa.array([Decimal(each) / 100 for each in range(rows)], pa.decimal128(38, 2))
        tables.append(
            pa.table(
                columns, pa.schema([("text", pa.string()), ("none", pa.int64()), ("amount", pa.decimal128(38, 2))])
            )
        )
        pq.write_table(tables[-1], tmp_path / f"{number}.parquet", row_group_size=20_000, compression="zstd")
    with (tmp_path / "whole.parquet").open("wb") as stream:
        joined([tmp_path / f"{number}.parquet" for number in range(3)], stream)
    assert pq.read_table(tmp_path / "whole.parquet").equals(pa.concat_tables(tables))
    assert pq.ParquetFile(tmp_path / "whole.parquet").metadata.num_rows == 71_000
    (tmp_path / "0.parquet").write_bytes(b"PAR1")
    with (tmp_path / "whole.parquet").open("wb") as stream, pytest.raises(FeedError, match="no whole Parquet file"):
        joined([tmp_path / "0.parquet"], stream)


_HELD = """
import sys
from functools import partial
from pathlib import Path
from rules_engine import load
from rules_engine.tables import Run, ordering
from rules_engine.workbench import Job, score_file
import rules_engine.workbench.tabled as tabled
ordering.CHUNK_ROWS = 1 << 12
tabled.Run = partial(Run, engine="numpy")  # numba may have to compile, which takes more memory than all else
folder = Path(sys.argv[2])
job = Job(events=folder / "events.parquet", out=folder / "out.parquet", effects=folder / "effects.parquet",
          members=folder / "members.parquet", sort_rows=1 << 13)
def told(what, done, total):
    print(what, done, Path("/proc/self/statm").read_text().split()[1], sep=";")
assert score_file(load(sys.argv[1]), job, told).tally.rejected.events == 0
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is told in /proc")
@pytest.mark.parametrize("shuffled", [pytest.param(False, marks=pytest.mark.long), True])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, shuffled: bool) -> None:
    """Once a run is under way it holds what it holds: what is done does not stay behind."""
    count = 200_000
    found = batch_data.history(count, members=300)
    table = batch_data.table(found)
    if shuffled:
        table = table.take(pa.array(np.random.default_rng(1).permutation(count)))
    pq.write_table(table, tmp_path / "events.parquet", row_group_size=1 << 13)
    people = batch_data.members(found)
    pq.write_table(people.rename_columns(["member", *people.column_names[1:]]), tmp_path / "members.parquet")
    command = [sys.executable, "-c", _HELD, str(BATCH), str(tmp_path)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout
    assert pq.ParquetFile(tmp_path / "out.parquet").metadata.num_rows == count
    rows = [line.split(";") for line in said.splitlines()]
    held = [(int(done) / count, int(pages) * 4096 / 1e6) for what, done, pages in rows if what == "scoring"]
    early = [size for share, size in held if 0.4 < share < 0.6]
    late = [size for share, size in held if share > 0.8]
    assert len(early) >= 5
    grown = median(late) - median(early)
    assert grown < 0.3 * table.nbytes / 1e6, f"{grown:.0f} MB more of {table.nbytes / 1e6:.0f} MB of events: {held}"
