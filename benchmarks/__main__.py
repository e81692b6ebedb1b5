"""`make bench`, or `python -m benchmarks [QUESTION ...] [--quick] [--rounds N] [--report]`.

Runs the questions that are named (all of them otherwise), prints their tables and keeps them in `out/bench`. Where all
were run, or with `--report`, writes `benchmarks/RESULTS.md`, the plots, the figures of `docs/sizing.md` and the table
of the README from what is kept: first every target with what was measured. A question that fails or needs what is not
installed is told, and the others go on; what was kept of it before a whole run counts no more.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import msgspec

from benchmarks import readme, sizing
from benchmarks.plots import draw
from benchmarks.tables import Table, markdown, text
from benchmarks.targets import measured, missed_table, targets_table

RESULTS = Path(__file__).parent / "RESULTS.md"
KEPT = RESULTS.parent.parent / "out" / "bench"


class Question(NamedTuple):
    """A module with `run(rounds)`, how many rounds it takes, and what it cannot do without."""

    module: str
    rounds: int
    needs: tuple[str, ...] = ()


QUESTIONS: dict[str, Question] = {
    "checkout": Question("checkout", 15),
    "heavy": Question("heavy", 15),
    "quantity": Question("quantity", 9),
    "forty": Question("forty", 9),
    "targeted": Question("targeted", 15),
    "peers": Question("simple", 9),
    "loading": Question("loading", 15),
    "checking": Question("checking", 3),
    "editing": Question("editing", 5, ("pygls",)),
    "memory": Question("memory", 3),
    "batch": Question("batch", 5, ("numpy", "pyarrow")),
    "batch_rules": Question("batch_rules", 5, ("numpy",)),
    "files": Question("files", 5, ("numpy", "pyarrow")),
    "processes": Question("processes", 5),
    "retail": Question("retail", 3),
    "stories": Question("stories", 3, ("numpy",)),
    "anatomy": Question("anatomy", 9),
    "batch_anatomy": Question("batch_anatomy", 5, ("numpy", "pyarrow")),
}
"""Each question by its name, in the order of the report."""

HEAD = """# Results

Written by `make bench`. CPU time, medians over rounds in which all ways take turns; the spread is half of the distance
between the quartiles. Ratios travel between machines, times do not. What a table's targets are stands in `targets.py`.

"""
PACKAGES = ("rules-engine", "msgspec", "orjson", "lark", "numpy", "numba", "pyarrow")


class Kept(msgspec.Struct):
    """What a question said, where and when; the load of the machine when it was asked, and how many seconds it took."""

    where: str
    tables: list[Table]
    load: float = 0.0
    seconds: float = 0.0


def machine() -> str:
    """Where the figures were taken."""
    names = [f"{name} {found}" for name in PACKAGES if (found := _version(name))]
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d}, {_processor()}, {os.cpu_count()} cores, {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}; {', '.join(names)}."
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def report(tables: Sequence[Table], where: str) -> str:
    """The results as a file: the targets, then all tables."""
    found = measured(tables)
    everything = [targets_table(found), missed_table(found), *tables]
    return HEAD + where + "\n\n" + "\n\n".join(markdown(table) for table in everything) + "\n"


def ask(name: str, rounds: int) -> Kept:
    """Ask one question and keep what it says."""
    where, load, start = machine(), os.getloadavg()[0], perf_counter()
    question = QUESTIONS[name]
    lacking = [each for each in question.needs if find_spec(each) is None]
    if lacking:
        said = f"Not asked, because there is no {', '.join(lacking)}."
        return Kept(where, [Table(name.capitalize(), ["question"], [], [said])])
    run = import_module(f"benchmarks.{question.module}").run
    tables = [table._replace(measured=dict(table.measured)) for table in run(rounds)]
    found = Kept(where, tables, load, perf_counter() - start)
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{name}.json").write_bytes(msgspec.json.encode(found))
    return found


def kept() -> dict[str, Kept]:
    """What was kept of each question that was asked at some time."""
    paths = {name: KEPT / f"{name}.json" for name in QUESTIONS}
    return {name: msgspec.json.decode(path.read_bytes(), type=Kept) for name, path in paths.items() if path.exists()}


def write(out: Path) -> None:
    """Write the report of all that is kept, and the plots."""
    found = kept()
    tables = [table for each in found.values() for table in each.tables]
    out.write_text(report(tables, _places(found)), encoding="utf-8")
    drawn = draw(tables)
    print(f"\nwritten to {out}, with {len(drawn)} plots", file=sys.stderr)
    if out == RESULTS:
        readme.main()
        if any(table.title == sizing.SIZES for table in tables):
            sizing.main()


def _places(found: Mapping[str, Kept]) -> str:
    """Where all was measured, how busy the machine was, and what there is nothing of."""
    if not found:
        return "Nothing was measured."
    loads, seconds = [each.load for each in found.values()], sum(each.seconds for each in found.values())
    busy = f"Processes that wanted a core before each question: {min(loads):.1f} to {max(loads):.1f}"
    lines = [*dict.fromkeys(each.where for each in found.values())]
    lines.append(f"{busy}, those of the questions before among them. {seconds / 60:.0f} minutes in all.")
    if missing := [name for name in QUESTIONS if name not in found]:
        lines.append(f"Nothing is there of: {', '.join(missing)}.")
    return "\n\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ratios against named peers, in one run.")
    parser.add_argument("which", nargs="*", metavar="|".join(QUESTIONS), help="which questions to ask (default: all)")
    parser.add_argument("--rounds", type=int, help="how many rounds (default: as each question needs)")
    parser.add_argument("--quick", action="store_true", help="two rounds each: whether it works, not how fast it is")
    parser.add_argument("--report", action="store_true", help="write the report from what is kept, besides")
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"the report (default: {RESULTS.name})")
    chosen = parser.parse_args(arguments)
    unknown = set(chosen.which) - set(QUESTIONS)
    if unknown:
        parser.error(f"there is no question {', '.join(sorted(unknown))}; there are {', '.join(QUESTIONS)}")
    print(machine(), flush=True)
    if not chosen.which and not chosen.report:
        for path in KEPT.glob("*.json"):
            path.unlink()
    failed = []
    for name in chosen.which or ([] if chosen.report else QUESTIONS):
        try:
            found = ask(name, 2 if chosen.quick else chosen.rounds or QUESTIONS[name].rounds)
        except Exception:
            traceback.print_exc()
            failed.append(name)
            continue
        for table in found.tables:
            print("\n" + text(table), flush=True)
        print(f"\n{name}: {found.seconds:.0f} s, load {found.load:.1f} before", file=sys.stderr, flush=True)
    if chosen.report or not chosen.which:
        figures = measured(table for each in kept().values() for table in each.tables)
        print("\n" + text(targets_table(figures)), flush=True)
        write(chosen.out)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
