"""A small share of generated programs by Spark: what a data frame scored in parts gives is what the reference gives.

In: a first seed, how many pairs. Out: the pairs, what was met, findings. Each program is one whose members do not touch
each other and share nothing; its events of one kind go as a table of texts, flags and whole numbers, of many members.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from rules_engine import ir, spark
from rules_engine.backends.reference import Reference
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.source import Source
from rules_engine.tables import FeedError
from tests.histories import History, history
from tests.straight_programs import straight_program
from tests.trials import Finding

ROOT: Final = Path(__file__).resolve().parent.parent
MEMBERS, ROUNDS, KIND = 10, 20, "buy"


def session(folder: Path) -> Any:
    """A local Spark that knows this project."""
    from pyspark import sql

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    builder = sql.SparkSession.builder.master("local[2]").appName("rules-engine agreement")
    settings = {
        "spark.ui.enabled": "false", "spark.driver.memory": "1g", "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "3", "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }  # fmt: skip
    for name, value in settings.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    return made


def spark_trials(first: int, pairs: int) -> tuple[Counter[str], Counter[str], list[Finding]]:
    """So many pairs, program by program."""
    done, met, findings = Counter[str](), Counter[str](), list[Finding]()
    with TemporaryDirectory() as folder:
        made = session(Path(folder))
        for seed in range(first, first + pairs):
            if done["spark"] >= pairs:
                break
            found = _trial(made, seed, Path(folder) / str(seed), met)
            if isinstance(found, Finding):
                findings.append(found)
            else:
                done["spark"] += found
        made.stop()
    return done, met, findings


def _trial(made: Any, seed: int, folder: Path, met: Counter[str]) -> int | Finding:
    """One program: rows and effects by Spark, and by the reference."""
    text = straight_program(seed)
    program = load([Source("generated.rules", text)])
    slow = Program(program.core, program.sources, Reference(program.core), program.fingerprint)
    table, facts = table_of(program, seed)
    folder.mkdir()
    placed = table.append_column("place", pa.array(range(len(table))))
    pq.write_table(placed, folder / "events.parquet")
    whole = slow.score_table(table, facts, engine="rows")
    try:
        scored = spark.score(
            made.read.parquet(str(folder / "events.parquet")).repartition(3), program, facts, order="place"
        )
        scored.said.persist()
        for part in ("rows", "effects", "rejects"):
            wanted = sorted(
                repr(sorted(row.items())) for row in getattr(whole, part).drop_columns(["number"]).to_pylist()
            )
            got = sorted(repr(sorted(row.asDict().items())) for row in getattr(scored, part).collect())
            if wanted != got:
                seen = next(
                    (f"{a}\n{b}" for a, b in zip(wanted, got, strict=False) if a != b), f"{len(wanted)}, {len(got)}"
                )
                return Finding(f"Spark: {part} differ", text, History({}, ()), seen, seed)
    except FeedError as why:
        met[f"not in parts: {why}"] += 1
        return 0
    met["program by Spark"] += 1
    return len(table)


def table_of(program: Program, seed: int) -> tuple[pa.Table, dict[str, Any]]:
    """Events of many members as a table, and what is known of these."""
    kind = next(event for event in program.core.events if event.name == KIND)
    assert kind.lines is not None
    rows, facts = list[dict[str, Any]](), dict[str, Any]()
    for number in range(MEMBERS):
        told = history(program.core, Random(f"{seed} {number}"), ROUNDS)
        for member, known in told.members.items():
            facts[f"{member}-{number}"] = known
        rows += [_row(event, kind, number) for event in told.events if event["event"] == KIND]
    line = pa.struct([(each.name, _type(each)) for each in kind.lines.fields])
    fields = [(each.name, _type(each)) for each in kind.fields]
    return pa.Table.from_pylist(
        rows, schema=pa.schema([("event", pa.string()), *fields, ("lines", pa.list_(line))])
    ), facts


def _row(event: dict[str, Any], kind: ir.EventDef, number: int) -> dict[str, Any]:
    """An event of a history of its own: its id and member are named apart."""
    kept = dict(event)
    for name in (kind.identified_by, kind.owner):
        if kept.get(name) is not None:
            kept[name] = f"{kept[name]}-{number}"
    return kept


def _type(field: ir.FieldDef) -> pa.DataType:
    """How a field stands in a table."""
    if field.kind in ("list", "codes"):
        return pa.list_(pa.string())
    return {"count": pa.int64(), "flag": pa.bool_()}.get(field.kind, pa.string())
