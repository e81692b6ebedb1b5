"""Spark: what a data frame scored in parts gives, row for row as one machine gives it.

What a worker does is tested without a cluster; what the driver plans, on a local one, where there are pyspark and a
Java runtime. Rows have no place in a data frame, so both sides are sorted, and the number of the event is left out.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

from rules_engine import spark  # noqa: E402
from rules_engine.pipeline import load  # noqa: E402
from rules_engine.scoring import Program  # noqa: E402
from rules_engine.source import Source  # noqa: E402
from rules_engine.tables import FeedError  # noqa: E402
from tests import spark_trials  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
HEAD = """language 1
program "Small" { currency GBP, rounded half up  timezone "Europe/London" }
unit point, points { rounded down  lasts for 12 months }
event purchase dated by bought_at of customer identified by order_no {
  order_no: text up to 40  bought_at: instant  customer: member?
  lines 0 to 20 { sku: text up to 20  pieces: count up to 100 as quantity  price: money up to 500 GBP as list each }
}
member { plan: basic | plus }
"""
PLAIN = HEAD + 'earn "Base" { on purchase  give 1 point per full 1 GBP of net }\n'
CAPPED = (
    HEAD
    + """
track spend = sum of net, on purchase, per calendar year
earn "Base" { on purchase  give 1 point per full 1 GBP of net  at most 60 points per member per calendar month }
earn "Plus" { on purchase  when has member and member.plan is plus and spend >= 50 GBP  give 7 points }
"""
)
LINE = pa.struct([("sku", pa.string()), ("pieces", pa.int32()), ("price", pa.decimal128(9, 2))])
SCHEMA = pa.schema(
    [
        ("order_no", pa.string()),
        ("bought_at", pa.timestamp("us", "UTC")),
        ("customer", pa.string()),
        ("lines", pa.list_(LINE)),
    ]
)
PARTS = ("rows", "effects", "rejects")


def _program(text: str) -> Program:
    return load([Source("small.rules", text)])


def _orders(count: int) -> Any:
    """Orders of few members in any order of time; some of guests, some that are refused, one that comes twice."""
    rows: list[dict[str, Any]] = []
    for number in range(count):
        line = {"sku": f"s{number % 7}", "pieces": 1 + number % 3, "price": f"{5 + number * 7 % 40}.{number % 100:02d}"}
        rows.append(
            {
                "order_no": f"o-{number if number != 13 else 3}",
                "bought_at": 1_800_000_000_000_000 + number * 7919 % 5000 * 3_600_000_000,
                "customer": None if number % 11 == 0 else f"m-{number % 10 if number != 13 else 3}",
                "lines": [{**line, "price": None if number % 17 == 5 else line["price"]}],
            }
        )
    texts = [
        {**row, "lines": [{**each, "price": each["price"] and _decimal(each["price"])} for each in row["lines"]]}
        for row in rows
    ]
    return pa.Table.from_pylist(texts, schema=SCHEMA)


def _decimal(text: str) -> Any:
    from decimal import Decimal

    return Decimal(text)


MEMBERS = {f"m-{number}": {"plan": "plus" if number % 2 else "basic"} for number in range(10)}


def _sorted(table: Any) -> list[str]:
    return sorted(repr(sorted(row.items())) for row in table.drop_columns(["number"]).to_pylist())


def _said(tables: list[Any], part: str) -> list[str]:
    rows = [row[part] for table in tables for row in table.to_pylist() if row[part] is not None]
    return sorted(repr(sorted(row.items())) for row in rows)


# ---- what a worker does ----


@pytest.mark.parametrize("text", [PLAIN, CAPPED])
def test_parts_of_members_say_what_the_whole_says(text: str) -> None:
    program, orders = _program(text), _orders(200)
    whole = program.score_table(orders, MEMBERS)
    job = spark.job_of(program, MEMBERS, effects=True, states=True)
    groups: dict[Any, list[int]] = {}
    for place, customer in enumerate(orders.column("customer").to_pylist()):
        groups.setdefault(customer, []).append(place)
    alone = [spark.group(job, orders.take(places)) for places in groups.values()]
    halves = [[place for places in list(groups.values())[half::2] for place in places] for half in (0, 1)]
    streamed = [
        pa.Table.from_batches(spark.stream(job, iter(orders.take(places).to_batches(max_chunksize=7))))
        for places in halves
    ]
    for said in (alone, streamed):
        for part, one in zip(PARTS, ("row", "effect", "reject"), strict=True):
            assert _said(said, one) == _sorted(getattr(whole, part)), part
        states = {
            row["state"]["owner"]: row["state"]["state"] for each in said for row in each.to_pylist() if row["state"]
        }
        assert states == {owner: state.to_json().decode() for owner, state in whole.states.items()}
    assert len(whole.rejects)
    assert len(whole.effects)


def test_what_was_damaged_on_the_way_is_refused() -> None:
    job = spark.job_of(_program(PLAIN), {}, effects=True, states=True)
    bad = spark.Job(job.digest, job.content[:-1] + b"\0", {}, effects=True, states=True)
    with pytest.raises(AssertionError, match="damaged"):
        spark.group(bad, _orders(3))


def test_state_decides_whether_events_must_come_together() -> None:
    assert spark.is_stateless(_program(PLAIN).core)
    assert not spark.is_stateless(_program(CAPPED).core)
    assert not spark.is_stateless(_program(PLAIN.replace("net }", "net  once per member }")).core)


# ---- on a cluster of one machine ----


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    pytest.importorskip("pandas", reason="pyspark needs pandas for what goes by Arrow")
    pytest.importorskip("pyspark.sql", reason="pyspark is not installed")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("there is no Java runtime")
    made = spark_trials.session(tmp_path_factory.mktemp("spark"))
    yield made
    made.stop()


def _frame(session: Any, table: Any, folder: Path) -> Any:
    pq.write_table(table, folder / "events.parquet")
    return session.read.parquet(str(folder / "events.parquet")).repartition(3)


def _collected(scored: Any, part: str) -> list[str]:
    return sorted(repr(sorted(row.asDict().items())) for row in getattr(scored, part).collect())


def test_a_small_data_frame(session: Any, tmp_path: Path) -> None:
    """Stateful by partition and by member, facts in a frame; stateless where rows are; a second run from states."""
    orders = _orders(150)
    events = _frame(session, orders, tmp_path)
    rows = [(member, facts["plan"]) for member, facts in MEMBERS.items()]
    people = session.createDataFrame(rows, "member string, plan string")
    program = _program(CAPPED)
    whole = program.score_table(orders, MEMBERS)
    scored = spark.score(events, program, people)
    scored.said.persist()
    for part in PARTS:
        assert _collected(scored, part) == _sorted(getattr(whole, part)), part
    states = {row.owner: row.state for row in scored.states.collect()}
    assert states == {owner: state.to_json().decode() for owner, state in whole.states.items()}
    alone = spark.score(events, program, MEMBERS, by="member", effects=False)
    assert _collected(alone, "rows") == _sorted(whole.rows)
    later = orders.set_column(0, "order_no", pa.array([f"later-{n}" for n in range(len(orders))]))
    later = later.set_column(
        1, "bought_at", pa.compute.add(later["bought_at"], pa.scalar(20_000 * 3600 * 10**6, pa.duration("us")))
    )
    (tmp_path / "later").mkdir()
    after = spark.score(_frame(session, later, tmp_path / "later"), program, people, scored.states, unique_ids=True)
    assert _collected(after, "rows") == _sorted(program.score_table(later, MEMBERS, whole.states).rows)
    plain = _program(PLAIN)
    assert _collected(spark.score(events, plain, MEMBERS, states=False), "rows") == _sorted(
        plain.score_table(orders, MEMBERS).rows
    )


def test_what_cannot_go_in_parts_is_refused(session: Any, tmp_path: Path) -> None:
    shared = _program(PLAIN.replace("net }", "net  at most 500 points in total }"))
    with pytest.raises(FeedError, match="all members share a limit"):
        spark.score(_frame(session, _orders(5), tmp_path), shared)
    twice = pa.concat_tables([_orders(20), _orders(20).set_column(2, "customer", pa.array(["other"] * 20))])
    with pytest.raises(FeedError, match="comes for 2 members"):
        spark.score(_frame(session, twice, tmp_path), _program(PLAIN))


@pytest.mark.parametrize("seed", [2, 3, 6])
def test_generated_programs(session: Any, seed: int) -> None:
    """Some of what `make agree --spark` tries: rows, effects, rejects and states are those of the reference."""
    met = Counter[str]()
    assert spark_trials.trial(session, seed, met) == spark_trials.MEMBERS * spark_trials.ROUNDS, met


@pytest.mark.long
def test_online_retail(session: Any, tmp_path: Path) -> None:
    """Two years of a gift shop, row for row as on one machine."""
    from examples.replay import DATA
    from examples.retail import prepare

    if not (DATA / "online_retail").exists():
        pytest.skip(f"the data set is not at {DATA}")
    program = load(ROOT / "examples" / "retail")
    events = [orjson.loads(read.event) for read in prepare.orders(DATA) if read.event is not None]
    orders = _retail(events)
    whole = program.score_table(orders)
    assert whole.summary.read == len(events) > 15_000
    placed = orders.append_column("place", pa.array(range(len(orders))))
    scored = spark.score(_frame(session, placed, tmp_path), program, order="place")
    scored.said.persist()
    for part in PARTS:
        assert _collected(scored, part) == _sorted(getattr(whole, part)), part
    assert {row.owner: row.state for row in scored.states.collect()} == {
        owner: state.to_json().decode() for owner, state in whole.states.items()
    }


def _retail(events: list[Any]) -> Any:
    """Orders as a table of texts and whole numbers."""
    names = sorted({name for event in events for name in event})
    inner = sorted({name for event in events for line in event["lines"] for name in line})
    kinds = {name: pa.int64() if name == "pieces" else pa.string() for name in inner}
    line = pa.struct(list(kinds.items()))
    schema = pa.schema([(name, pa.list_(line) if name == "lines" else pa.string()) for name in names])
    return pa.Table.from_pylist(events, schema=schema)
