"""A small share of generated programs by Spark: what a data frame scored in parts gives is what the reference gives.

In: a first seed, how many pairs, how many seconds at most. Out: the pairs, what was met, findings. Kinds of programs
take turns, so that all constructs come; those whose members touch each other or share limits are counted as what cannot
be scored in parts. Of each program the events of many members go as one table with a column for each field of any kind
of event, and come back by one job; rows, effects, rejects and states are compared. Facts are a mapping or a data frame,
members go together or each alone, ids are counted or not: in turns.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, Final, Literal

import pyarrow as pa

from rules_engine import ir, spark
from rules_engine.backends.reference import Reference
from rules_engine.pipeline import load
from rules_engine.scoring import Program, ties_of
from rules_engine.tables import FeedError
from tests.earning_programs import earning_program
from tests.histories import History, history
from tests.priced_programs import priced_program
from tests.straight_programs import straight_program
from tests.strategies import FILES, seeded
from tests.trials import Finding

ROOT: Final = Path(__file__).resolve().parent.parent
MEMBERS, ROUNDS = 10, 20
SECONDS: Final = 420
"""How long a share may take: a program takes a second or two, on a busy machine some more."""
ORDER: Final = "place_of_the_row"
"""A column that no program has a field of."""
PARTS: Final = {"row": "rows", "effect": "effects", "reject": "rejects"}
KINDS: Final = ("visits", "straight", "owning", "priced", "plain", "earning", "orders", "owning")


def session(folder: Path) -> Any:
    """A local Spark that knows this project. A query of some hundred rows is not worth compiling."""
    from pyspark import sql

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    builder = sql.SparkSession.builder.master("local[2]").appName("rules-engine agreement")
    settings = {
        "spark.ui.enabled": "false", "spark.driver.memory": "1g", "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2", "spark.sql.session.timeZone": "UTC",
        "spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.ui.showConsoleProgress": "false", "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }  # fmt: skip
    for name, value in settings.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    return made


def spark_trials(first: int, pairs: int, seconds: float = SECONDS) -> tuple[Counter[str], Counter[str], list[Finding]]:
    """So many pairs, program by program, or as many as the time is enough for."""
    done, met, findings = Counter[str](), Counter[str](), list[Finding]()
    with TemporaryDirectory() as folder:
        made, end, seed = session(Path(folder)), monotonic() + seconds, first
        while done["spark"] < pairs and monotonic() < end:
            found = trial(made, seed, met)
            if isinstance(found, Finding):
                findings.append(found)
            else:
                done["spark"] += found
            seed += 1
        made.stop()
    return done, met, findings


def text_of(seed: int) -> str:
    """The program of a seed, of the kind whose turn it is."""
    match KINDS[seed % len(KINDS)]:
        case "straight":
            return straight_program(seed)
        case "earning":
            return earning_program(seed)
        case "priced":
            return priced_program(seed)
        case "visits" | "plain" | "owning" | "orders" as of:
            return seeded(seed, of)
        case other:
            raise AssertionError(other)


def trial(made: Any, seed: int, met: Counter[str]) -> int | Finding:
    """One program by Spark and by the reference: its pairs, 0 where it cannot be scored in parts, or what differs."""
    text = text_of(seed)
    program = _loaded(text)
    slow = Program(program.core, program.sources, Reference(program.core), program.fingerprint)
    table, facts = table_of(program, seed)
    try:
        said = _by_spark(made, program, table, facts, seed, met)
    except FeedError as why:
        met[f"Spark refuses: {str(why).splitlines()[0]}"] += 1
        return 0
    whole = slow.score_table(table, facts, engine="rows")
    for part, name in PARTS.items():
        wanted = sorted(_told(getattr(whole, name).drop_columns(["number"]).to_pylist()))
        got = sorted(_told(row for row in said.column(part).to_pylist() if row is not None))
        if wanted != got:
            return Finding(f"Spark: {name} differ", text, History({}, ()), _seen(wanted, got), seed)
    states = {"member": whole.states, "pool": whole.pools}
    kept = {_state(what, owner, each.to_json()) for what, found in states.items() for owner, each in found.items()}
    left = {_state(**row) for row in said.column("state").to_pylist() if row is not None}
    if kept != left:
        return Finding("Spark: states differ", text, History({}, ()), _seen(sorted(kept), sorted(left)), seed)
    met[f"program by Spark, {KINDS[seed % len(KINDS)]}"] += 1
    return len(table)


def _loaded(text: str) -> Program:
    with TemporaryDirectory() as folder:
        for name, content in FILES.items():
            (Path(folder) / name).write_bytes(content)
        (Path(folder) / "generated.rules").write_text(text, encoding="utf-8")
        return load(folder)


def _by_spark(
    made: Any, program: Program, table: pa.Table, facts: dict[str, Any], seed: int, met: Counter[str]
) -> pa.Table:
    """All that is said of the events; raises `FeedError`."""
    framed = bool(ties_of(program.core).pooled) or seed % 2 == 0
    counted = seed % 5 == 0
    placed = table.append_column(ORDER, pa.array(range(len(table))))
    events = made.createDataFrame(placed).repartition(2)
    members = made.createDataFrame(_facts_table(program, facts)) if framed else facts
    by: Literal["member", "partition"] = "member" if seed % 7 == 0 else "partition"
    scored = spark.score(events, program, members, by=by, order=ORDER, unique_ids=not counted)
    said: pa.Table = scored.said.toArrow()
    met[f"by Spark: by {by}, facts as {'a frame' if framed else 'a mapping'}"] += 1
    return said


def _told(rows: Iterable[dict[str, Any]]) -> list[str]:
    return [repr(sorted(row.items())) for row in rows]


def _state(what: str, owner: str, state: str | bytes) -> tuple[str, str, str]:
    """A state as one text, whatever came first in it."""
    return what, owner, json.dumps(json.loads(state), sort_keys=True)


def _seen(wanted: list[Any], got: list[Any]) -> str:
    differs = (f"wanted {a}\nfound  {b}" for a, b in zip(wanted, got, strict=False) if a != b)
    return next(differs, f"{len(wanted)} wanted, {len(got)} found")


# ---- events and facts as tables


def table_of(program: Program, seed: int) -> tuple[pa.Table, dict[str, Any]]:
    """Events of many members, of all kinds, as a table, and what is known of these."""
    rows, facts = list[dict[str, Any]](), dict[str, Any]()
    kinds = {kind.name: kind for kind in program.core.events if kind.schedule is None}
    for number in range(MEMBERS):
        told = history(program.core, Random(f"{seed} {number}"), ROUNDS)
        for member, known in told.members.items():
            facts[f"{member}-{number}"] = known
        rows += [_row(event, kinds[event["event"]], number) for event in told.events]
    fields = _columns(field for kind in kinds.values() for field in kind.fields)
    lines = _columns(field for kind in kinds.values() if kind.lines is not None for field in kind.lines.fields)
    if lines:
        fields["lines"] = pa.list_(pa.struct(list(lines.items())))
    schema = pa.schema([("event", pa.string()), *fields.items()])
    return _table(rows, schema), facts


def _columns(fields: Iterable[ir.FieldDef]) -> dict[str, Any]:
    found = dict[str, Any]()
    for field in fields:
        kind = _type(field)
        assert found.setdefault(field.name, kind) == kind, field.name
    return found


def _facts_table(program: Program, facts: dict[str, Any]) -> pa.Table:
    fields = _columns(program.core.member) | (
        {"tier": pa.string()} if any("tier" in each for each in facts.values()) else {}
    )
    rows = [{"member": member, **known} for member, known in facts.items()]
    return _table(rows, pa.schema([("member", pa.string()), *fields.items()]))


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(
        [{name: _cell(row[name], schema.field(name).type) for name in row} for row in rows], schema
    )


def _cell(sent: Any, kind: pa.DataType) -> Any:
    """A value as its column holds it: a number that a host may send either way stands as text."""
    if pa.types.is_list(kind) and isinstance(sent, list):
        return [_cell(each, kind.value_type) for each in sent]
    if pa.types.is_struct(kind) and isinstance(sent, dict):
        return {name: _cell(value, kind.field(name).type) for name, value in sent.items()}
    return str(sent) if pa.types.is_string(kind) and isinstance(sent, int) else sent


def _row(event: dict[str, Any], kind: ir.EventDef, number: int) -> dict[str, Any]:
    """An event of a history of its own: its id and member are named apart."""
    kept = dict(event)
    for name in (kind.identified_by, kind.owner):
        if kept.get(name) is not None:
            kept[name] = f"{kept[name]}-{number}"
    return kept


def _type(field: ir.FieldDef) -> pa.DataType:
    """How a field stands in a table."""
    if field.kind == "list":
        assert field.item is not None
        return pa.list_(_type(field.item))
    if field.bounds:
        return pa.struct([("amount", pa.string()), ("currency", pa.string())])
    if field.kind == "codes":
        return pa.list_(pa.string())
    return {"count": pa.int64(), "flag": pa.bool_()}.get(field.kind, pa.string())
