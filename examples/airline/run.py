"""Score every row of the airline's activity, and compare the points with those the airline booked.

    python examples/airline/run.py [--data DIR | --sample] [--out FILE.csv]

The file written has a row for each row read, in the same order: Loyalty Number, Year, Month and the engine's points.
The engine never sees the airline's own column, "Points Accumulated": it is read again here, to compare. Without the
data set it runs on the small sample that stands here.
"""

from __future__ import annotations

import csv
import gzip
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path

from examples.replay import Replay, data_folder, options, refused
from rules_engine.feeds import events_file, members_file, read_events, read_mapping, read_members
from rules_engine.pipeline import load
from rules_engine.values import format_decimal

HERE = Path(__file__).parent
COLUMNS = ("Loyalty Number", "Year", "Month")


def files(data: Path | None) -> tuple[Path, Path]:
    """The file of activity and that of members: real ones, or the sample's."""
    mapping = read_mapping(HERE / "mapping.toml")
    if data is None:
        return HERE / "sample.csv", HERE / "sample_members.csv"
    members = members_file(mapping, data)
    assert members is not None
    return events_file(mapping, data), members


def score(activity: Path, members: Path, rows: slice = slice(None)) -> tuple[Replay, list[str]]:
    """Score a file, or some of its rows; the points of each in the order of the file, empty where it was refused."""
    mapping = read_mapping(HERE / "mapping.toml")
    program = load(HERE / "airline.rules")
    decimals = program.unit("point").decimals
    replay = Replay(program, read_members(members, mapping=mapping))
    reads = read_events(activity, mapping=mapping, ids={"activity": "row"})
    points: dict[int, str] = {}
    for read, outcome in replay.run(islice(reads, rows.start, rows.stop)):
        points[read.number] = format_decimal(outcome.totals.get("point", 0), decimals)
    first = (rows.start or 0) + 1
    return replay, [points.get(number, "") for number in range(first, first + replay.tally.read.rows)]


def booked(activity: Path) -> Iterator[dict[str, str]]:
    """The rows of the file as they stand, the airline's own points among them."""
    opened = gzip.open if activity.suffix == ".gz" else open
    with opened(activity, "rt", encoding="utf-8-sig", newline="") as text:
        yield from csv.DictReader(text)


def write(out: Path, activity: Path, points: list[str]) -> int:
    """Write the points beside what identifies the row; return how many equal the airline's own."""
    out.parent.mkdir(parents=True, exist_ok=True)
    equal = 0
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow((*COLUMNS, "points"))
        for row, given in zip(booked(activity), points, strict=True):
            writer.writerow((*(row[column] for column in COLUMNS), given))
            equal += given != "" and Decimal(given) == Decimal(row["Points Accumulated"])
    return equal


def main(arguments: list[str]) -> int:
    """Run the example; 1 if a row differs."""
    about = "Score every row of the airline's activity, and compare the points with those it booked."
    chosen = options(about, "airline_loyalty", Path("out/airline_points.csv")).parse_args(arguments)
    data = data_folder(chosen, "airline_loyalty")
    started = time.perf_counter()
    activity, members = files(data)
    replay, points = score(activity, members)
    seconds = time.perf_counter() - started
    equal = write(chosen.out, activity, points)
    print(f"\n{replay.tally.summary()}\n")
    if replay.refusals:
        print(refused(replay.refusals) + "\n")
    print(f"{equal:,} of {len(points):,} rows equal the points that the airline booked")
    print(f"scored in {seconds:.1f} seconds; written to {chosen.out}")
    return 0 if equal == len(points) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
