"""Files in and files out: real files of every ending, with every fault planted that a file can bring."""

from __future__ import annotations

import csv
import datetime as dt
import doctest
import gzip
import importlib
import json
import pkgutil
import random
import tomllib
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine import feeds
from rules_engine.feeds import conversions
from rules_engine.feeds import mapping as mapping_module
from rules_engine.state import Shared
from rules_engine.values import ROUNDINGS, Rounding

DATA = Path(__file__).parent / "data" / "feeds"
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
ROWS = [
    "536365,85123A,HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom",
    "536366,22633,WARMER,6,12/1/2010 8:28,1.85,,United Kingdom",
    '536365,71053,"LANTERN, WHITE",1,12/1/2010 8:27,3.39,17850,United Kingdom',
    "C536379,D,Discount,-1,12/1/2010 9:41,27.5,14527,United Kingdom",
    "536414,22139,,56,7/1/2011 11:52,0.335,,United Kingdom",
]


def write(path: Path, lines: Iterable[str], *, bom: bool = False, end: str = "\n") -> Path:
    """Write a file of text, packed if its name says so."""
    content = ("\ufeff" if bom else "").encode() + "".join(line + end for line in lines).encode("utf-8")
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
    return path


def mapped(tmp_path: Path, text: str) -> mapping_module.Mapping:
    """Read a mapping from text."""
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return feeds.read_mapping(path)


def retail() -> mapping_module.Mapping:
    """Read the mapping of the retail example."""
    return feeds.read_mapping(DATA / "retail.toml")


def tallied(reads: Iterable[feeds.Read]) -> tuple[feeds.Tally, list[feeds.Read]]:
    """Count everything as scored that the feed does not stop, and return what was read."""
    tally, kept = feeds.Tally(), []
    for read in reads:
        kept.append(read)
        if tally.add(read):
            tally.score(read)
    tally.check()
    return tally, kept


def faults(reads: Iterable[feeds.Read]) -> list[tuple[str | None, str, str]]:
    """Return key, code and message of what was rejected."""
    return [(read.key, read.fault.code, read.fault.message) for read in reads if read.fault is not None]


# -- CSV with a mapping --


@pytest.mark.parametrize("name", ["orders.csv", "orders.csv.gz"])
@pytest.mark.parametrize("bom", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_of_one_key_are_one_event_wherever_they_stand(tmp_path: Path, name: str, bom: bool, end: str) -> None:
    path = write(tmp_path / name, [HEADER, *ROWS, ""], bom=bom, end=end)
    tally, reads = tallied(feeds.read_events(path, mapping=retail(), ids={"purchase": "order_no"}))
    assert [(read.number, read.rows, read.key, read.set_aside) for read in reads] == [
        (1, 2, "536365", None),
        (2, 1, "536366", None),
        (4, 1, "C536379", "cancellations"),
        (5, 1, "536414", None),
    ]
    assert reads[0].fields() == {
        "order_no": "536365",
        "customer": "17850",
        "bought_at": "2010-12-01T08:26:00+00:00",
        "lines": [
            {"sku": "85123A", "pieces": 6, "amount": "15.30"},
            {"sku": "71053", "pieces": 1, "amount": "3.39"},
        ],
    }
    assert reads[0].event is not None
    assert json.loads(reads[0].event)["event"] == "purchase"
    assert "customer" not in reads[1].fields()
    assert reads[3].fields()["bought_at"] == "2011-07-01T11:52:00+01:00"
    assert reads[3].fields()["lines"][0]["amount"] == "18.76"
    assert (tally.read.events, tally.read.rows) == (4, 5)
    assert (tally.scored.events, tally.scored.rows) == (3, 4)
    assert tally.set_aside["cancellations"] == feeds.Count(events=1, rows=1)


def test_a_bad_row_rejects_its_event_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = write(
        tmp_path / "orders.csv",
        [
            HEADER,
            "1,A,x,6,12/1/2010 8:26,2.55,7,UK",
            "2,A,x,six,12/1/2010 8:26,2.55,7,UK",
            "1,A,x,6,12/1/2010 8:26,2.5.5,7,UK",
            "3,A,x,6,13/13/2010 8:26,2.55,7,UK",
            "4,A,x,6,12/1/2010 8:26,2.55,7",
            "5,A,x,6,12/1/2010 8:26,2.55,7,UK",
            "5,A,x,6,12/1/2010 8:26,2.55,8,UK",
            ",A,x,6,12/1/2010 8:26,2.55,7,UK",
            ",A,x,6,12/1/2010 8:26,2.55,7,UK",
            '6,A,"x"y,6,12/1/2010 8:26,2.55,7,UK',
            "7,A,x,6,12/1/2010 8:26,2.55,7,UK",
        ],
    )
    tally, reads = tallied(feeds.read_events(path, mapping=retail(), ids={"purchase": "order_no"}))
    assert [read.key for read in reads if read.event is not None] == ["7"]
    assert faults(reads) == [
        ("1", "bad-value", "row 3: `2.5.5` is not a number like `12.34`"),
        ("2", "bad-value", "row 2: `six` is not a whole number"),
        ("3", "bad-value", "row 4: `13/13/2010 8:26` is no date of the calendar"),
        ("4", "bad-row", "row 5 has 7 cells, and the header names 8"),
        (
            "5",
            "disagrees",
            (
                "row 7 says `8` for `CustomerID`, and row 6 of the same event says `7`; "
                'write `take = "first"` in the mapping if the first is right'
            ),
        ),
        (None, "no-key", "row 8 does not say which event it belongs to"),
        (None, "no-key", "row 9 does not say which event it belongs to"),
        (None, "bad-row", "row 10: the row is not CSV: ',' expected after '\"'"),
    ]
    assert tally.read == feeds.Count(events=9, rows=11)
    assert tally.rejected == feeds.Count(events=8, rows=10)
    fields = [read.fault.field for read in reads if read.fault is not None]
    assert fields[:3] == ["lines.amount", "lines.pieces", "bought_at"]


def test_bytes_that_are_no_text_reject_their_event_only(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(f"{HEADER}\n{ROWS[0]}\n9\xe9,S\xe9,x,1,12/1/2010 8:26,1,7,UK\n{ROWS[1]}\n".encode("latin-1"))
    _, reads = tallied(feeds.read_events(path, mapping=retail(), ids={"purchase": "order_no"}))
    assert faults(reads) == [("9?", "not-utf8", "row 2 holds bytes that are no text of the file's encoding")]
    assert len(reads) == 3


SINGLE = """
event = "sale"
zone = "Europe/London"
null = ["", "NULL"]
[source]
delimiter = ";"
encoding = "cp1252"
[fields]
id = { row_number = true }
guest = "guest"
day = { from = ["year", "month", "day"], format = "YYYY MMMM D" }
status = { from = "status", values = { Out = "stayed", "No-Show" = "missed" } }
repeated = { from = "repeated", values = { "1" = true, "0" = false } }
rate = { from = "rate", format = "decimal", decimals = 2 }
currency = { constant = "EUR" }
[[set_aside]]
name = "without a rate"
column = "rate"
empty = true
[[set_aside]]
name = "given away"
column = "rate"
is = ["0", "0.0"]
"""


def test_a_row_is_an_event_where_nothing_is_grouped(tmp_path: Path) -> None:
    path = tmp_path / "stays.csv"
    path.write_text(
        "guest;year;month;day;status;repeated;rate\n"
        "Zo\xeb;2016;February;29;Out;1;80\n"
        "NULL;2016;July;1;No-Show;0;75.500\n"
        "Al;2016;July;1;Out;0;75.505\n"
        "Al;2015;February;29;Out;0;75\n"
        "Al;2015;July;1;Outt;0;75\n"
        "Al;2015;July;1;Out;0;NULL\n"
        "Al;2015;July;1;Out;0;0.0\n",
        encoding="cp1252",
    )
    tally, reads = tallied(feeds.read_events(path, mapping=mapped(tmp_path, SINGLE), ids={"sale": "id"}))
    assert reads[0].fields() == {
        "currency": "EUR",
        "id": "1",
        "guest": "Zo\xeb",
        "day": "2016-02-29",
        "status": "stayed",
        "repeated": True,
        "rate": "80.00",
    }
    assert reads[1].fields()["rate"] == "75.50"
    assert "guest" not in reads[1].fields()
    assert faults(reads) == [
        (
            "3",
            "bad-value",
            "row 3: `75.505` has more decimals than the mapping says; write `rounding` there if they may be cut",
        ),
        ("4", "bad-value", "row 4: `2015 February 29` is no date of the calendar"),
        ("5", "bad-value", "row 5: `Outt` is not among the mapping's `values`; the nearest there is `Out`"),
    ]
    assert tally.set_aside == {"without a rate": feeds.Count(1, 1), "given away": feeds.Count(1, 1)}


GROUPED = """
event = "sale"
zone = "Europe/London"
{before}
[group]
by = ["shop", "till"]
adjacent = {adjacent}
[fields]
shop = "shop"
who = {{ from = "who", take = "{take}" }}
[lines]
number = {{ row_number = true }}
sku = "sku"
[[set_aside]]
name = "postage"
column = "sku"
is = "POST"
what = "row"
[[set_aside]]
name = "spoiled"
column = "sku"
starts_with = ["X", "Y"]
what = "event"
"""


def test_rows_are_set_aside_singly_and_events_whole(tmp_path: Path) -> None:
    path = write(
        tmp_path / "sales.csv",
        [
            "shop,till,sku,who",
            *("a,1,POST,zz", "a,1,s1,b", "a,2,s2,b", "a,2,X1,b", "a,3,POST,c", "a,1,POST,zz", "a,1,s3,b", "a,2,POST,"),
        ],
    )
    mapping = mapped(tmp_path, GROUPED.format(before="", adjacent="false", take="same"))
    tally, reads = tallied(feeds.read_events(path, mapping=mapping))
    assert [(read.key, read.rows, read.set_aside, read.dropped) for read in reads] == [
        ("a/1", 2, None, (("postage", 2),)),
        ("a/2", 3, "spoiled", ()),
        ("a/3", 0, "postage", (("postage", 1),)),
    ]
    assert reads[0].fields()["lines"] == [{"number": "2", "sku": "s1"}, {"number": "7", "sku": "s3"}]
    assert reads[0].fields()["who"] == "b"
    assert tally.read == feeds.Count(events=3, rows=8)
    assert tally.set_aside == {"postage": feeds.Count(1, 3), "spoiled": feeds.Count(1, 3)}


def test_adjacent_groups_are_let_go_and_may_not_begin_again(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", ["shop,till,sku,who", "a,1,s,b", "a,1,s,c", "a,2,s,b", "a,1,s,b"])
    mapping = mapped(tmp_path, GROUPED.format(before="", adjacent="true", take="first"))
    stream = feeds.read_events(path, mapping=mapping)
    _, reads = tallied(stream)
    assert [(read.number, read.rows) for read in reads] == [(1, 2), (3, 1), (4, 1)]
    assert faults(reads) == [
        ("a/1", "not-adjacent", "row 4 belongs to `a/1`, whose other rows stand further up: not adjacent")
    ]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), grouped=st.booleans())
def test_nothing_is_lost_and_nothing_counted_twice(
    tmp_path_factory: pytest.TempPathFactory, seed: int, grouped: bool
) -> None:
    chance = random.Random(seed)
    cells = {
        "shop": ["a", "b", ""],
        "till": ["1", "2", "3"],
        "sku": ["s", "POST", "X9", "\udce9", 'with "quotes", and comma'],
        "who": ["w", "w", "w", "v", ""],
    }
    folder = tmp_path_factory.mktemp("sales")
    made = [[chance.choice(values) for values in cells.values()] for _ in range(chance.randrange(40))]
    path = folder / "sales.csv"
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(cells)
        for row in made:
            writer.writerow(row[: chance.choice([4, 4, 4, 4, 4, 3, 1])] + ["more"] * chance.choice([0, 0, 0, 0, 1]))
    text = GROUPED.format(before="", adjacent="false", take="same")
    if not grouped:
        parts = tomllib.loads(text)
        mapping = mapping_module.Mapping.model_validate(
            {"event": "sale", "fields": {**parts["fields"], "sku": "sku"}, "set_aside": parts["set_aside"]}
        )
    else:
        mapping = mapped(folder, text)
    tally, reads = tallied(feeds.read_events(path, mapping=mapping))
    assert tally.read.rows == len(made)
    assert [read.number for read in reads] == sorted(read.number for read in reads)
    for read in reads:
        outcomes = [read.event is not None, read.fault is not None, read.set_aside is not None]
        assert outcomes.count(True) == 1
        if read.event is not None:
            orjson.loads(read.event)
        orjson.dumps(feeds.reject_row(read))


# -- the mapping itself --

MISTAKES = [
    ("", "event: is missing"),
    ('event = "e"', "fields: is missing"),
    ('event = 7\n[fields]\na = "a"', "event: must be text in quotes"),
    ('event = "e"\nzones = "UTC"\n[fields]\na = "a"', "zones: unknown key; did you mean `zone`?"),
    (
        'event = "e"\nzone = "Europe/Lundon"\n[fields]\na = "a"',
        "zone: `Europe/Lundon` is not a time zone; did you mean `Europe/London`?",
    ),
    ('event = "e"\n[fields]\na = { join = "a" }', "fields.a: needs exactly one of"),
    ('event = "e"\n[fields]\na = { from = "a", forma = "x" }', "fields.a.forma: unknown key; did you mean `format`?"),
    ('event = "e"\n[fields]\na = { from = "a", format = "decimals" }', "did you mean `decimal`?"),
    ('event = "e"\n[fields]\na = { from = "a", format = "D/M/YY" }', "stands for nothing"),
    ('event = "e"\n[fields]\na = { from = "a", format = "M/YYYY" }', "lacks the year (`YYYY`), the month (`M`) or"),
    ('event = "e"\n[fields]\na = { from = "a", format = "D.M.YYYY H" }', "has hours (`H`) without minutes"),
    (
        'event = "e"\n[fields]\na = { from = "a", format = "D.M.YYYY H:MM" }',
        "fields.a.format: a local time needs `zone`",
    ),
    ('event = "e"\n[fields]\na = { product = ["a", "b"] }', "fields.a: a `product` says its `decimals` and"),
    ('event = "e"\n[fields]\na = { product = "a", decimals = 2, rounding = "up" }', "has two columns or more"),
    (
        'event = "e"\n[fields]\na = { from = "a", format = "decimal", decimals = 2, rounding = "halfup" }',
        "fields.a.rounding: `halfup` is no rounding; did you mean `half up`?",
    ),
    ('event = "e"\n[fields]\na = { from = "a", decimals = 2 }', '`decimals` needs `format = "decimal"`'),
    ('event = "e"\n[fields]\na = { constant = 1.5 }', "fields.a.constant:"),
    ('event = "e"\n[fields]\nevent = "a"', "fields.event: `event` cannot be the name of a field here"),
    ('event = "e"\n[fields]\na = "a"\n[lines]\nb = "b"', "lines: needs `[group]`"),
    ('event = "e"\n[fields]\na = "a"\n[[set_aside]]\nname = "n"\ncolumn = "a"', "set_aside.1: needs exactly one of"),
    (
        'event = "e"\n[fields]\na = "a"\n[[set_aside]]\nname = "n"\ncolumn = "a"\nbelow = "x"',
        "set_aside.1: `below` compares numbers, and `x` is not a number",
    ),
    (
        'event = "e"\n[group]\nby = "a"\n[fields]\na = "a"\n[[set_aside]]\nname = "n"\ncolumn = "b"\nempty = true',
        'set_aside.n: say `what = "event"` or `what = "row"`',
    ),
    ('event = "e"\n[source]\nencoding = "utf-9"\n[fields]\na = "a"', "source: `utf-9` is no encoding"),
    ("event = ", "is not TOML"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_in_a_mapping_is_named_by_its_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(feeds.FeedError) as caught:
        mapped(tmp_path, text)
    assert any(message in problem for problem in caught.value.problems), caught.value.problems
    assert all(not problem.endswith(".") for problem in caught.value.problems)


def test_a_column_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    path = write(tmp_path / "orders.csv", [HEADER.replace("CustomerID", "CustomerId").replace("StockCode", "Code")])
    with pytest.raises(feeds.FeedError) as caught:
        feeds.read_events(path, mapping=retail())
    assert caught.value.problems == (
        "fields.customer: `orders.csv` has no column `CustomerID`; did you mean `CustomerId`?",
        "lines.sku: `orders.csv` has no column `StockCode`; did you mean `Code`?",
    )


def test_files_of_a_mapping_stand_below_the_folder_of_data() -> None:
    assert feeds.events_file(retail(), "data") == Path("data/online_retail/online-retail-dataset.csv.gz")
    assert feeds.members_file(retail(), "data") is None


# -- conversions --


def test_hours_that_the_clocks_skip_or_repeat() -> None:
    convert = conversions.moment("YYYY-MM-DDTHH:MM:SS", "Europe/London", None)
    with pytest.raises(ValueError, match="does not exist in Europe/London"):
        convert("2011-03-27T01:30:00")
    with pytest.raises(ValueError, match="happened twice in Europe/London"):
        convert("2011-10-30T01:30:00")
    made = [conversions.moment("YYYY-MM-DD H:MM", "Europe/London", w)("2011-10-30 1:30") for w in ("first", "second")]
    assert made == ["2011-10-30T01:30:00+01:00", "2011-10-30T01:30:00+00:00"]
    with_offset = conversions.moment("YYYY-MM-DDTHH:MM:SSZ", None, None)
    assert with_offset("2011-10-30T01:30:00-05:00") == "2011-10-30T01:30:00-05:00"


@given(
    factors=st.lists(st.decimals(-10_000, 10_000, allow_nan=False, places=3), min_size=2, max_size=3),
    decimals=st.integers(0, 4),
    rounding=st.sampled_from(ROUNDINGS),
)
def test_products_agree_with_decimal(factors: list[Decimal], decimals: int, rounding: Rounding) -> None:
    exact = Decimal(1)
    for factor in factors:
        exact *= factor
    names = {name: f"ROUND_{name.upper().replace(' ', '_')}" for name in ROUNDINGS}
    expected = exact.quantize(Decimal(1).scaleb(-decimals), rounding=names[rounding])
    made = conversions.product(decimals, rounding)(tuple(f"{factor:f}" for factor in factors))
    assert Decimal(made) == expected
    assert made == f"{expected + 0:f}"


@pytest.mark.parametrize("text", ["1e3", "1_0", "", "+1", " 1", "1.", ".5", "\u0661", "NaN", "1,5", "9" * 31])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        conversions.scaled(text)


def test_a_memo_stays_small() -> None:
    memo: conversions.Memo[int, int] = conversions.Memo(lambda number: number * 2, 10)
    assert [memo[number] for number in range(100)] == [number * 2 for number in range(100)]
    assert len(memo) <= 10


# -- without a mapping --


@pytest.mark.parametrize("name", ["events.ndjson", "events.ndjson.gz", "events.jsonl", "events.JSONL.gz"])
def test_lines_of_json_pass_as_they_are(tmp_path: Path, name: str) -> None:
    line = '{"event": "purchase", "order_no": "A1", "lines": [{"sku": "s", "price": "1.50"}]}'
    bad = ['{"event": "purchase", ', "[1]", '{"order_no": "A2"}', '{"event": 3}', ""]
    path = write(tmp_path / name, [line, *bad, line.replace("A1", "A3")], bom=True, end="\r\n")
    tally, reads = tallied(feeds.read_events(path, ids={"purchase": "order_no"}))
    assert reads[0].event == line.encode()
    assert (reads[0].kind, reads[0].key) == ("purchase", "A1")
    assert [(read.number, read.fault.code) for read in reads if read.fault is not None] == [
        (2, "bad-json"),
        (3, "no-event"),
        (4, "no-event"),
        (5, "no-event"),
    ]
    assert (reads[-1].number, reads[-1].key) == (7, "A3")
    assert tally.rejected.events == 4
    _, single = tallied(feeds.read_events(path, event="purchase", ids={"purchase": "order_no"}))
    assert [(read.number, read.key) for read in single if read.event is not None] == [(1, "A1"), (4, "A2"), (7, "A3")]


def test_columns_are_fields_without_a_mapping(tmp_path: Path) -> None:
    path = write(tmp_path / "e.csv", ["event,id,pieces,gift", "buy,1,3,true", "buy,2,,", ",3,1,false", "buy,4,x,true"])
    formats = {"buy": {"pieces": "integer", "gift": "flag"}}
    _, reads = tallied(feeds.read_events(path, ids={"buy": "id"}, formats=formats))
    assert reads[0].fields() == {"id": "1", "pieces": 3, "gift": True}
    assert reads[1].fields() == {"id": "2"}
    assert [code for _, code, _ in faults(reads)] == ["no-event", "bad-value"]
    with pytest.raises(feeds.FeedError, match="no column `event`"):
        feeds.read_events(write(tmp_path / "f.csv", ["id", "1"]))
    _, single = tallied(feeds.read_events(tmp_path / "f.csv", event="buy"))
    assert single[0].fields() == {"id": "1"}


def test_codes_and_money_of_a_currency_in_cells(tmp_path: Path) -> None:
    rows = ["id,codes,price", "1,SPRING 20; hello-10,12.50 GBP", "2,,12.50", "3,;A,12.50 pounds"]
    path = write(tmp_path / "e.csv", rows)
    formats = {"buy": {"codes": "list", "price": "money"}}
    _, reads = tallied(feeds.read_events(path, event="buy", formats=formats))
    assert reads[0].fields() == {
        "id": "1",
        "codes": ["SPRING 20", "hello-10"],
        "price": {"amount": "12.50", "currency": "GBP"},
    }
    assert reads[1].fields() == {"id": "2", "codes": [], "price": "12.50"}
    assert reads[2].fields()["price"] == {"amount": "12.50", "currency": "pounds"}


COUPONS = """
event = "buy"
null = ["", "NA"]
[fields]
id = "id"
codes = { from = ["first", "second"], format = "list" }
price = { from = ["amount", "currency"], format = "money" }
"""


def test_a_mapping_gathers_codes_and_money_from_columns(tmp_path: Path) -> None:
    rows = ["id,first,second,amount,currency", "1,A,B;C,12.50,GBP", "2,NA,B,3,JPY", "3,NA,,NA,GBP"]
    _, reads = tallied(feeds.read_events(write(tmp_path / "e.csv", rows), mapping=mapped(tmp_path, COUPONS)))
    assert [read.fields() for read in reads] == [
        {"id": "1", "codes": ["A", "B", "C"], "price": {"amount": "12.50", "currency": "GBP"}},
        {"id": "2", "codes": ["B"], "price": {"amount": "3", "currency": "JPY"}},
        {"id": "3", "codes": []},
    ]


def test_shared_counters_are_replaced_as_a_whole_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "shared.json"
    assert feeds.read_shared(path) is None
    feeds.write_shared(path, Shared({"b": {0: 1}, "a": {7: 2}}).to_json())
    assert path.read_bytes() == b'{"limits":{"a":{"7":2},"b":{"0":1}},"version":1}\n'
    assert feeds.read_shared(path) == {"version": 1, "limits": {"b": {"0": 1}, "a": {"7": 2}}}
    path.write_bytes(b"{")
    with pytest.raises(feeds.FeedError, match=r"shared counters .* is not JSON"):
        feeds.read_shared(path)
    with pytest.raises(feeds.FeedError, match="cannot be read"):
        feeds.read_shared(tmp_path)


def test_files_that_cannot_be_used_at_all(tmp_path: Path) -> None:
    cases = [
        (tmp_path / "missing.csv", "cannot be read: no such file"),
        (tmp_path / "missing.ndjson", "cannot be read: no such file"),
        (tmp_path / "missing.parquet", "cannot be read"),
        (write(tmp_path / "events.xlsx", []), "does not end in one of .csv, .csv.gz"),
        (write(tmp_path / "empty.csv", []), "is empty: its first line must name the columns"),
        (write(tmp_path / "twice.csv", ["a,event,a"]), "has two columns called `a`"),
        (write(tmp_path / "broken.parquet", ["no"]), "cannot be read as Parquet"),
        (tmp_path, "is a folder, not a file"),
    ]
    for path, message in cases:
        with pytest.raises(feeds.FeedError, match=message):
            list(feeds.read_events(path))
    whole = gzip.compress(("event\n" + "x\n" * 100_000).encode())
    (tmp_path / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(feeds.FeedError, match="is broken or cut short"):
        list(feeds.read_events(tmp_path / "cut.csv.gz"))


# -- Parquet --


def test_parquet_gives_exact_values_and_nested_lines(tmp_path: Path) -> None:
    line = pa.struct([("sku", pa.string()), ("price", pa.decimal128(9, 2)), ("pieces", pa.int32())])
    london = dt.timezone(dt.timedelta(hours=1))
    table = pa.table(
        {
            "event": pa.array(["buy", "buy", None]).dictionary_encode(),
            "id": ["1", "2", "3"],
            "day": pa.array([dt.date(2011, 2, 3), None, None]),
            "at": pa.array(
                [dt.datetime(2011, 7, 1, 9, 30, tzinfo=london), None, None], pa.timestamp("us", "Europe/London")
            ),
            "gift": [True, False, None],
            "lines": pa.array(
                [
                    [{"sku": "a", "price": Decimal("1.50"), "pieces": 2}, {"sku": "b", "price": None, "pieces": 1}],
                    None,
                    [],
                ],
                pa.list_(line),
            ),
        }
    )
    pq.write_table(table, tmp_path / "e.parquet")
    tally, reads = tallied(feeds.read_events(tmp_path / "e.parquet", ids={"buy": "id"}))
    assert reads[0].fields() == {
        "id": "1",
        "day": "2011-02-03",
        "at": "2011-07-01T08:30:00Z",
        "gift": True,
        "lines": [{"sku": "a", "price": "1.50", "pieces": 2}, {"sku": "b", "pieces": 1}],
    }
    assert reads[1].fields() == {"id": "2", "gift": False}
    assert [code for _, code, _ in faults(reads)] == ["no-event"]
    assert tally.read.events == 3


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array([1.5]), "column `x` holds floating-point numbers"),
        (pa.array([[1.5]]), r"column `x\[\]` holds floating-point numbers"),
        (pa.array([{"y": 1.5}]), "column `x.y` holds floating-point numbers"),
        (pa.array([dt.datetime(2011, 1, 1)]), "column `x` holds times without a zone"),
        (pa.array([b"x"]), "column `x` is of type `binary`, which an event cannot hold"),
    ],
)
def test_parquet_columns_that_are_refused(tmp_path: Path, column: Any, message: str) -> None:
    pq.write_table(pa.table({"event": ["e"], "x": column}), tmp_path / "e.parquet")
    with pytest.raises(feeds.FeedError, match=message):
        feeds.read_events(tmp_path / "e.parquet")


def test_a_mapping_reads_csv_json_and_parquet_alike(tmp_path: Path) -> None:
    csv_path = write(tmp_path / "o.csv", [HEADER, *ROWS])
    records = list(csv.DictReader([HEADER, *ROWS]))
    whole: list[dict[str, Any]] = [
        {**record, "Quantity": int(record["Quantity"]), "CustomerID": record["CustomerID"] or None}
        for record in records
    ]
    json_path = tmp_path / "o.ndjson"
    json_path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in whole))
    columns: dict[str, Any] = {name: [record[name] for record in whole] for name in HEADER.split(",")}
    columns["UnitPrice"] = pa.array([Decimal(price) for price in columns["UnitPrice"]], pa.decimal128(12, 3))
    columns["Description"] = pa.array([1.5] * len(whole))  # a float that the mapping does not use is let be
    pq.write_table(pa.table(columns), tmp_path / "o.parquet")
    made = [
        tallied(feeds.read_events(path, mapping=retail()))[1] for path in (csv_path, json_path, tmp_path / "o.parquet")
    ]
    assert made[0] == made[1] == made[2]


def test_json_under_a_mapping_must_hold_single_exact_values(tmp_path: Path) -> None:
    path = write(
        tmp_path / "o.ndjson", ['{"a": "x"}', '{"a": 1.50}', '{"a": [1]}', "{", "[]", '{"a": null}', '{"a": true}']
    )
    _, reads = tallied(feeds.read_events(path, mapping=mapped(tmp_path, 'event = "e"\n[fields]\na = "a"')))
    assert [read.fields() for read in reads if read.event is not None] == [{"a": "x"}, {}, {"a": "true"}]
    assert [code for _, code, _ in faults(reads)] == ["bad-row"] * 4
    assert "which is not exact; send it as text" in faults(reads)[0][2]


def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(importlib.import_module("sys").modules, "pyarrow", None)
    with pytest.raises(feeds.FeedError, match=r"install `rules-engine\[parquet\]`"):
        feeds.read_events(tmp_path / "e.parquet", event="e")
    with pytest.raises(feeds.FeedError, match=r"install `rules-engine\[parquet\]`"):
        feeds.open_writer(tmp_path / "e.parquet", ["a"])
    assert list(tmp_path.iterdir()) == []


# -- members --


def test_members_of_each_ending(tmp_path: Path) -> None:
    expected = {"m1": {"tier": "gold", "stays": 3}, "m2": {"stays": 0}}
    write(tmp_path / "m.csv", ["member,tier,stays", "m1,gold,3", "m2,,0"])
    write(tmp_path / "m.ndjson", ['{"member": "m1", "tier": "gold", "stays": 3}', '{"member": "m2", "stays": 0}'])
    pq.write_table(pa.table({"member": ["m1", "m2"], "tier": ["gold", None], "stays": [3, 0]}), tmp_path / "m.parquet")
    (tmp_path / "m.jsonl").write_bytes((tmp_path / "m.ndjson").read_bytes())
    for name in ("m.csv", "m.ndjson", "m.jsonl", "m.parquet"):
        assert feeds.read_members(tmp_path / name, formats={"stays": "integer"}) == expected, name
    text = 'event = "e"\n[fields]\na = "a"\n[members]\nfile = "m.csv"\nid = "member"\n[members.facts]\n'
    text += 'tier = { from = "tier", values = { gold = "Gold" } }'
    mapping = mapped(tmp_path, text)
    path = feeds.members_file(mapping, tmp_path)
    assert path is not None
    assert feeds.read_members(path, mapping=mapping) == {"m1": {"tier": "Gold"}, "m2": {}}


def test_a_faulty_file_of_members_is_refused_with_all_its_faults(tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv", ["member,stays", "m1,3", "m1,4", ",5", "m2,x", "m3"])
    with pytest.raises(feeds.FeedError) as caught:
        feeds.read_members(path, formats={"stays": "integer"})
    assert caught.value.problems == (
        "`m.csv`, row 2: member `m1` stands further up already",
        "`m.csv`, row 3: there is no member id in `member`",
        "`m.csv`, row 4: `stays`: `x` is not a whole number",
        "`m.csv`, row 5 has 1 cells, and the header names 2",
    )
    with pytest.raises(feeds.FeedError, match="has no column `id`"):
        feeds.read_members(path, id="id")
    write(tmp_path / "m.ndjson", ["{", '{"member": 7}', "[]"])
    with pytest.raises(feeds.FeedError) as caught:
        feeds.read_members(tmp_path / "m.ndjson")
    assert len(caught.value.problems) == 3


# -- files out --

COLUMNS = feeds.outcome_columns([("point", 0), ("voucher", 2)])
OUT = [("A1", "m1", "12", "3.50", "0.00", "f"), ("A, 2", None, "-1", None, "1.25", "f")]


def read_back(path: Path) -> list[tuple[Any, ...]]:
    """Return the rows of a written file."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        return [tuple(None if v is None else str(v) for v in row.values()) for row in table.to_pylist()]
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    if ".csv" in path.name:
        _, *rows = csv.reader(text.splitlines())
        return [tuple(cell or None for cell in row) for row in rows]
    return [tuple(json.loads(line).values()) for line in text.splitlines()]


@pytest.mark.parametrize("ending", feeds.ENDINGS)
def test_rows_come_back_from_a_file_of_each_ending(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    with feeds.open_writer(path, COLUMNS) as writer:
        for _ in range(20_000):
            for row in OUT:
                writer.write(row)
        assert not path.exists()
    assert read_back(path) == OUT * 20_000
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", feeds.ENDINGS)
def test_a_run_that_fails_leaves_the_former_file(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    path.write_bytes(b"former")

    def fail() -> None:
        with feeds.open_writer(path, COLUMNS) as writer:
            for _ in range(40_000):
                writer.write(OUT[0])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"former"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.csv.gz", "b.csv.gz"):
        with feeds.open_writer(tmp_path / name, ["x"]) as writer:
            writer.write(("1",))
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    cases = [("no/out.csv", "there is no folder"), ("folder.csv", "is a folder"), ("out.txt", "does not end in one of")]
    for name, message in cases:
        with pytest.raises(feeds.FeedError, match=message):
            feeds.open_writer(tmp_path / name, ["a"])
    with pytest.raises(feeds.FeedError, match="two columns called `member`"):
        feeds.open_writer(tmp_path / "out.csv", feeds.outcome_columns([("member", 0)]))


def test_rejects_hold_the_fault_of_the_feed_or_of_the_scorer() -> None:
    read = feeds.Read(number=3, rows=1, key="A", fault=feeds.Fault("bad-value", "row 3: no", "amount", 3))
    assert feeds.reject_row(read) == (3, "A", "bad-value", "amount", "row 3: no")
    assert len(feeds.reject_row(read)) == len(feeds.REJECT_COLUMNS)


# -- state --


def test_the_state_is_replaced_as_a_whole_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert feeds.read_state(path, version=1) is None
    feeds.write_state(path, {"m2": {"points": 5}, "m1": {}}, version=1, fingerprint="abc")
    assert feeds.read_state(path, version=1) == feeds.StateFile(1, "abc", {"m1": {}, "m2": {"points": 5}})
    before = path.read_bytes()
    with pytest.raises(TypeError):
        feeds.write_state(path, {"m1": object()}, version=1, fingerprint="abc")
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(feeds.FeedError, match="has layout 1, and this release reads layout 2"):
        feeds.read_state(path, version=2)
    for broken in (before[:-9], b"", b"[]", b'{"version": 1, "fingerprint": "x"}', b"\xff"):
        path.write_bytes(broken)
        with pytest.raises(feeds.FeedError, match="is broken"):
            feeds.read_state(path, version=1)


# -- the tally, and the examples in the docstrings --


def test_a_tally_that_does_not_add_up_says_so() -> None:
    tally = feeds.Tally()
    read = feeds.Read(number=1, rows=2, kind="e", event=b"{}")
    assert tally.add(read)
    with pytest.raises(AssertionError, match="1 events were read but 0 are accounted for"):
        tally.check()
    tally.reject(read)
    tally.check()


def test_examples_in_docstrings() -> None:
    for found in pkgutil.iter_modules(feeds.__path__, "rules_engine.feeds."):
        result = doctest.testmod(importlib.import_module(found.name))
        assert result.failed == 0, found.name
