"""`make bench`, or `python -m benchmarks [checkout heavy quantity forty loading checking retail] [--rounds N]`.

Runs the benchmarks that are named (all of them otherwise), prints their tables and, where all were run, writes
`benchmarks/RESULTS.md`.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks import checking, checkout, forty, heavy, loading, quantity, retail
from benchmarks.tables import Table, markdown, text

RESULTS = Path(__file__).parent / "RESULTS.md"
QUESTIONS: dict[str, tuple[Callable[[int], list[Table]], int]] = {
    "checkout": (checkout.run, 9),
    "heavy": (heavy.run, 9),
    "quantity": (quantity.run, 9),
    "forty": (forty.run, 9),
    "loading": (loading.run, 15),
    "checking": (checking.run, 3),
    "retail": (retail.run, 3),
}
"""Each benchmark, and how many rounds it takes."""

HEAD = """# Results

Written by `make bench`. CPU time, medians over rounds in which all ways take turns; the spread is half of the distance
between the quartiles. Ratios travel between machines, times do not. An aim is what prototypes reached before the engine
was built; where there is none, none was set.

"""
PACKAGES = ("rules-engine", "msgspec", "orjson", "lark")


def machine() -> str:
    """Where the figures were taken."""
    names = [f"{name} {version(name)}" for name in PACKAGES]
    cores = os.cpu_count()
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, {cores} cores, load {load:.1f}, {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}; {', '.join(names)}."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def report(tables: Sequence[Table], where: str) -> str:
    """The results as a file."""
    return HEAD + where + "\n\n" + "\n\n".join(markdown(table) for table in tables) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ratios against named peers, in one run.")
    parser.add_argument("which", nargs="*", metavar="|".join(QUESTIONS), help="which benchmarks to run (default: all)")
    parser.add_argument("--rounds", type=int, help="how many rounds (default: as each benchmark needs)")
    parser.add_argument("--out", type=Path, help=f"the file to write (default: {RESULTS.name}, where all are run)")
    chosen = parser.parse_args(arguments)
    unknown = set(chosen.which) - set(QUESTIONS)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(QUESTIONS)}")
    tables: list[Table] = []
    where = machine()
    print(where, flush=True)
    for name in chosen.which or QUESTIONS:
        run, rounds = QUESTIONS[name]
        found = run(chosen.rounds or rounds)
        tables += found
        for table in found:
            print("\n" + text(table), flush=True)
    out = chosen.out or (None if chosen.which else RESULTS)
    if out is not None:
        out.write_text(report(tables, where), encoding="utf-8")
        print(f"\nwritten to {out}", file=sys.stderr)


if __name__ == "__main__":
    main()
