"""File to file: `rules score` from Parquet to Parquet, beside reading and writing the same columns and nothing else.

In: a seeded year of orders (`batch_data`), five lines an event, texts as dictionaries, row groups of 131,072. Each way
is a process of its own; its CPU time counts, and the time by the clock, since reading, scoring and writing run beside
each other. The floor is pyarrow: read all columns of the events, write all columns of the results, settings alike (no
dictionary for ids, least and most only of what they are kept of), and once more with those that pyarrow has of itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from benchmarks import batch_data
from benchmarks.tables import Cell, Plot, Table
from benchmarks.timing import QUICK

RULES = Path(__file__).with_name("batch.rules")
FLOOR = "pyarrow: read the events, write the results"
ROWS_OF = "rules score, a row for each event"
EFFECTS = "rules score, effects as well"
BOTH = "pyarrow: the same, effects as well"
PLAIN = "pyarrow: effects as well, with settings of its own"

_TIMED = """
import json, sys, time
from pathlib import Path
folder, rules = Path(sys.argv[1]), sys.argv[2]
wall, cpu = time.perf_counter(), time.process_time()
{work}
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))
"""
_BARE = """
import pyarrow as pa, pyarrow.parquet as pq
from rules_engine.tables import EFFECT_COLUMNS
few = {"currency", "fingerprint", *(column.name for column in EFFECT_COLUMNS if column.coded)}
def write(table):
    names = table.column_names
    more = {more}
    more |= {"compression": "zstd", "row_group_size": 1 << 17, "store_schema": False}
    pq.write_table(table, folder / "again.parquet", **more)
written = [pq.read_table(folder / f"{name}.parquet") for name in {names}]
wall, cpu = time.perf_counter(), time.process_time()
for batch in pq.ParquetFile(folder / "events.parquet", pre_buffer=True).iter_batches(1 << 17):
    pass
for each in written:
    write(each)
"""
_ALIKE = """dict(
        write_batch_size=1 << 13, use_dictionary=[name for name in names if name != "event"],
        write_statistics=[name for name in names if name not in few],
    )"""


def _bare(names: tuple[str, ...], settings: str = _ALIKE) -> str:
    return _BARE.replace("{names}", repr(names)).replace("{more}", settings)


_SCORED = """
from rules_engine import load
from rules_engine.workbench import Job, score_file
program = load(rules)
more = {more}
ready = Job(events=folder / "few.parquet", out=folder / "few_out.parquet", members=folder / "members.parquet")
score_file(program, ready)  # the kernel comes from its cache on the disk, once for a process
wall, cpu = time.perf_counter(), time.process_time()
job = Job(events=folder / "events.parquet", out=folder / "out.parquet", members=folder / "members.parquet", **more)
assert score_file(program, job).tally.rejected.events == 0
"""
WAYS = {
    FLOOR: _bare(("out",)),
    ROWS_OF: _SCORED.replace("{more}", "{}"),
    BOTH: _bare(("out", "effects")),
    EFFECTS: _SCORED.replace("{more}", '{"effects": folder / "effects.parquet"}'),
    PLAIN: _bare(("out", "effects"), "{}"),
}


def run(rounds: int = 5, events: int = 400_000) -> list[Table]:
    """All ways in turns; the first round, which fills caches, does not count."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        events = events if rounds > QUICK else events // 10
        lines = _write(folder, events)
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        _once(EFFECTS, folder)
        for round_ in range(rounds + 1):
            for way in WAYS:
                spent = _once(way, folder)
                if round_ or rounds == 0:
                    found[way].append(spent)
    return [_table(found, events, lines)]


def _write(folder: Path, events: int) -> int:
    """The files that are scored; how many lines they have."""
    history = batch_data.history(events)
    table = batch_data.table(history)
    for name, rows in (("events", events), ("few", 100)):
        pq.write_table(table.slice(0, rows), folder / f"{name}.parquet", row_group_size=1 << 17, compression="zstd")
    members = batch_data.members(history)
    pq.write_table(members.rename_columns(["member", *members.column_names[1:]]), folder / "members.parquet")
    return int(history.offsets[-1])


def _once(way: str, folder: Path) -> tuple[float, float]:
    """Seconds by the clock and of CPU."""
    code = _TIMED.replace("{work}", WAYS[way])
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder), str(RULES)], check=True, stdout=subprocess.PIPE, text=True
    )
    wall, cpu = json.loads(done.stdout)
    return wall, cpu


def _table(found: dict[str, list[tuple[float, float]]], events: int, lines: int) -> Table:
    walls = {way: median(wall for wall, _ in spent) for way, spent in found.items()}
    cpus = {way: median(cpu for _, cpu in spent) for way, spent in found.items()}
    rows: list[list[Cell]] = [
        [way, walls[way], cpus[way], walls[way] / walls[floor], cpus[way] / cpus[floor], events / walls[way] / 1e6]
        for way in found
        for floor in [BOTH if way in (BOTH, EFFECTS, PLAIN) else FLOOR]
    ]
    return Table(
        "File to file",
        ["way", "s by the clock", "s of CPU", "x floor, clock", "x floor, CPU", "M events/s"],
        rows,
        [f"{events:,} events, {lines:,} lines; the ten rules of batch.rules, members with state."],
        measured={"files": walls[ROWS_OF] / walls[FLOOR]},
        plot=Plot("files", "bars", "million events a second", 5),
    )
