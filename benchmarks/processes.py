"""`score_many` over several processes, beside one.

In: `batch.rules` and a year of purchases, a list of dictionaries and one of JSON bytes, in order. Both ways take turns;
results and states are compared first. What counts is time on the wall, since that is what several processes are for: on
a machine that does something else besides, the least of the rounds says most, and CPU time says what sharing costs.
What two cores give at that time is measured in every round as well: a loop that only counts, in one process and in as
many as score. Beside that a ratio says what is ours.
"""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

import msgspec

from benchmarks import batch_data
from benchmarks.tables import Cell, Table
from rules_engine.pipeline import load
from rules_engine.scoring import Program

RULES = Path(__file__).parent / "batch.rules"
CHECKED = 2_000
"""Events of which all results are compared."""


class Spent(NamedTuple):
    """Seconds: on the wall, of this process, of the others."""

    wall: float
    here: float
    there: float


def run(rounds: int = 3, events: int = 60_000, workers: int = 2) -> list[Table]:
    """Two forms of events, one process and several in turns."""
    program = load(RULES)
    history = batch_data.history(events)
    members = {f"member-{number}": batch_data.facts(history, number) for number in range(history.members)}
    plain: list[Any] = list(batch_data.sent(history))
    forms: dict[str, list[Any]] = {
        "dictionaries": plain,
        "JSON bytes": [msgspec.json.encode(each) for each in plain],
    }
    rows: list[list[Cell]] = []
    ratios = []
    gc.freeze()
    for form, sent in forms.items():
        _compared(program, sent[:CHECKED], members, workers)
        one, several, cores = _turns(lambda count, sent=sent: _spent(program, sent, members, count), rounds, workers)  # type: ignore[misc]
        ratios.append(_least(one).wall / _least(several).wall)
        for name, found in ((f"{form}, one process", one), (f"{form}, {workers} processes", several)):
            least = _least(found)
            micro = 1e6 / events
            gained = _least(one).wall / least.wall
            rows.append([name, *(each * micro for each in least), gained, "" if found is one else gained / cores])
    gc.unfreeze()
    taken = (
        f"{events:,} events of {history.members:,} members by `batch.rules`; microseconds for an event, of the round"
    )
    load_now = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} when it ended"
    notes = [
        f"{taken} with the least wall of {rounds}; the start of the others is in it.",
        "The last column is beside a loop that only counts, in as many processes at the same time.",
        f"{load_now}: where something else runs besides, several processes have less to share.",
    ]
    columns = ["way", "wall us", "CPU here", "CPU there", "x one", "x what cores gave"]
    return [Table("A stream over processes", columns, rows, notes, {"processes": min(ratios)})]


def _turns(once: Callable[[int], Spent], rounds: int, workers: int) -> tuple[Sequence[Spent], Sequence[Spent], float]:
    """What one process and several spent, and how many times the work of one core so many cores did at that time."""
    found = [(once(1), once(workers), _counted(1), _counted(workers)) for _ in range(rounds)]
    one, several, single, together = zip(*found, strict=True)
    return one, several, workers * min(single) / min(together)


_COUNT = """
import time
start = time.perf_counter()
for each in range(20_000_000):
    pass
print(time.perf_counter() - start)
"""


def _counted(processes: int) -> float:
    """How long so many processes count, on the wall: the longest of them."""
    command = [sys.executable, "-c", _COUNT]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    return max(float(each.communicate()[0]) for each in started)


def _least(found: Sequence[Spent]) -> Spent:
    return min(found, key=lambda each: each.wall)


def _spent(program: Program, sent: list[Any], members: dict[str, Any], workers: int) -> Spent:
    gc.collect()
    children, wall, here = _others(), perf_counter(), process_time()
    for _ in program.score_many(sent, members, {}, in_order=True, workers=workers):
        pass
    return Spent(perf_counter() - wall, process_time() - here, _others() - children)


def _others() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _compared(program: Program, sent: list[Any], members: dict[str, Any], workers: int) -> None:
    """The same results and the same states."""
    made = []
    for count in (1, workers):
        states: dict[str, Any] = {}
        results = list(program.score_many(sent, members, states, in_order=True, workers=count))
        made.append((results, states))
    assert made[0] == made[1]
