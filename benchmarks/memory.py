"""What a loaded program holds: resident memory of a process that loads thousands of rules from the cache.

In: the generated program of `checking.py`. Each program is loaded in a process of its own, which says after each step
what it holds, beside an interpreter that has only imported the engine. Texts, core, tables and functions are what the
steps add; the last row is all of it, after the first event.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.baskets import baskets, facts
from benchmarks.checking import rules, source_of
from benchmarks.loading import environment_of
from benchmarks.tables import Cell, Table
from benchmarks.timing import Timed, summary

COUNTS = (100, 1_000, 10_000)
IMPORTED, WHOLE = "the engine, imported", "all of a program, after an event"
_STEPS = """
import gc, resource, sys
import rules_engine.backends.python, rules_engine.scoring
from rules_engine import artefacts, pipeline
def step(name):
    gc.collect()
    pages = int(open("/proc/self/statm").read().split()[1])
    print(f"{pages * resource.getpagesize() / 2**20}\\t{name}")
step("IMPORTED")
files = pipeline._files(sys.argv[1])
step("the text")
artefact = artefacts.kept(artefacts.key_of(files.sources), files.folder)
assert artefact is not None
step("the core, and how rules are found")
program = pipeline._program(artefact, files)
step("tables, and functions as text")
program.score(EVENT, FACTS)
step("what the first event compiles and remembers")
"""


def run(rounds: int = 3, counts: tuple[int, ...] = COUNTS) -> list[Table]:
    """Programs of several sizes; none where the system does not say what a process holds."""
    if not Path("/proc/self/statm").exists():
        return []
    with TemporaryDirectory() as folder:
        found = {count: _measured(count, Path(folder), rounds) for count in counts}
    names = [*next(iter(found.values())), WHOLE]
    rows: list[list[Cell]] = [[name, *(_cell(found[count], name) for count in counts)] for name in names]
    steps = (
        "The first row is a process with nothing loaded, each other row what a step adds; texts stay for explaining."
    )
    notes = [steps, f"Medians of {rounds} processes; what a step needed for a moment counts where Python keeps it."]
    most = max(counts)
    return [
        Table(
            "Memory of a loaded program",
            ["MB", *(f"{count:,} rules" for count in counts)],
            rows,
            notes,
            {"memory": _whole(found[most])},
        )
    ]


def _cell(steps: dict[str, Timed], name: str) -> Cell:
    return _whole(steps) if name == WHOLE else steps[name].median


def _whole(steps: dict[str, Timed]) -> float:
    return sum(each.median for name, each in steps.items() if name != IMPORTED)


def _measured(count: int, folder: Path, rounds: int) -> dict[str, Timed]:
    """What each step adds, for a program of that many rules."""
    file = folder / f"{count}.rules"
    file.write_text(source_of(rules(count)).text, encoding="utf-8")
    environment = environment_of(folder)
    kept = "import sys; from rules_engine import pipeline; pipeline.compile_core(sys.argv[1])"
    subprocess.run([sys.executable, "-c", kept, str(file)], check=True, env=environment)
    code = _STEPS.replace("IMPORTED", IMPORTED).replace("EVENT", repr(baskets(1)[0])).replace("FACTS", repr(facts(0)))
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, "-c", code, str(file)], check=True, capture_output=True, text=True, env=environment
        )
        before = 0.0
        for line in done.stdout.splitlines():
            held, name = line.split("\t")
            found.setdefault(name, []).append(float(held) - before)
            before = float(held)
    return {name: summary(each) for name, each in found.items()}
