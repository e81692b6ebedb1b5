"""The retail example from end to end: `rules score` on a file of orders, beside walking that file with `csv.reader`.

In: the data set where it is (541,909 rows), or else the made-up sample, repeated with other ids until it is as large.
Each run is a process of its own, with bytecode and a warm cache; its CPU time counts, and the most memory it held. A
third process decodes, scores and writes nothing: so one sees what reading costs, and what scoring, and what writing.
"""

from __future__ import annotations

import csv
import gzip
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.loading import environment_of
from benchmarks.tables import Cell, Table
from benchmarks.timing import Child, child, summary

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "retail"
DATA = ROOT.parent / "shared" / "data" / "online_retail" / "online-retail-dataset.csv.gz"
WALK = "csv.reader over every row"
READ = "read the orders as events (feeds)"
SCORE = "read and score, nothing written"
COMMAND = "rules score, a row for each order"

_OPEN = """
import csv, gzip, sys
path = sys.argv[1]
opened = gzip.open if path.endswith(".gz") else open
stream = opened(path, "rt", newline="", encoding="utf-8")
"""
_READS = """
import sys
from pathlib import Path
from rules_engine.feeds import read_events, read_mapping
mapping = read_mapping(Path(sys.argv[2]) / "mapping.toml")
reads = read_events(Path(sys.argv[1]), mapping=mapping, ids={"purchase": "order_no"})
"""
_SCORES = """
from rules_engine.pipeline import load
for _ in load(sys.argv[2]).score_many(read.event for read in reads if read.event is not None): pass
"""
_COMMAND = """
import contextlib, io, sys
from rules_engine.cli import main
events, folder, out = sys.argv[1:]
files = {"events": events, "mapping": folder + "/mapping.toml", "out": out, "rejects": out + ".rejects.csv"}
sys.argv = ["rules", "score", folder, *(word for name, path in files.items() for word in ("--" + name, path))]
said = io.StringIO()
try:
    with contextlib.redirect_stderr(said):
        main()
except SystemExit as end:
    if end.code not in (0, 1):  # 1: the sample has orders that are rejected
        sys.exit(said.getvalue())
"""
CODES = {
    WALK: _OPEN + "for row in csv.reader(stream): pass\n",
    READ: _READS + "for read in reads: pass\n",
    SCORE: _READS + _SCORES,
    COMMAND: _COMMAND,
}


def run(rounds: int = 3, rows: int = 100_000) -> list[Table]:
    """All processes in turns. `rows`: how large the sample is made where the data set is missing, or is not wanted."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        events, count = events_file(folder, rows)
        found: dict[str, list[Child]] = {way: [] for way in CODES}
        for round_ in range(rounds + 1):
            for way in CODES:
                spent = _run(way, events, folder)
                if round_ or rounds == 0:
                    found[way].append(spent)
        return [_table(found, events, count)]


def _run(way: str, events: Path, folder: Path) -> Child:
    places = [str(events), str(EXAMPLE), str(folder / "points.csv")]
    return child([sys.executable, "-c", CODES[way], *places], environment_of(folder))


def events_file(folder: Path, rows: int) -> tuple[Path, int]:
    """The file to score and its number of rows: the data set where `rows` asks for many, or the sample repeated."""
    if DATA.exists() and rows >= 100_000:
        with gzip.open(DATA, "rt", newline="", encoding="utf-8") as stream:
            return DATA, sum(1 for _ in csv.reader(stream)) - 1
    with (EXAMPLE / "sample.csv").open(newline="", encoding="utf-8") as stream:
        head, *sample = csv.reader(stream)
    path, count = folder / "events.csv", 0
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(head)
        while count < rows:
            writer.writerows(_again(sample, count))
            count += len(sample)
    return path, count


def _again(sample: list[list[str]], offset: int) -> list[list[str]]:
    """The sample once more: other orders by other customers; an order's letter stays, as it tells a cancellation."""
    shift = offset // len(sample)
    again = []
    for order, *rest, customer, country in sample:
        letter, number = order.rstrip("0123456789"), order.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        again.append(
            [
                f"{letter}{int(number) + shift * 1_000_000}",
                *rest,
                customer and f"{int(customer) + shift * 100_000}",
                country,
            ]
        )
    return again


def _table(found: dict[str, list[Child]], events: Path, count: int) -> Table:
    times = {way: summary([each.milliseconds for each in all_]) for way, all_ in found.items()}
    rows: list[list[Cell]] = []
    for way, all_ in found.items():
        each = times[way]
        rows.append(
            [
                way,
                each.median / 1000,
                each.spread / 1000,
                each.median / times[WALK].median,
                each.median * 1000 / count,
                max(one.megabytes for one in all_),
            ]
        )
    notes = [f"{events.name}, {count:,} rows; CPU seconds of a process; the start of the process is part of it."]
    columns = ["process", "s", "spread", "x csv.reader", "us a row", "peak MB"]
    return Table("Retail example, end to end", columns, rows, notes)
