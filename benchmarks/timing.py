"""Timing: interleaved rounds, so that what disturbs one disturbs all; medians and their spread.

Times are CPU times of this process and its threads, not of the wall: the machine may be shared.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import process_time_ns
from typing import Any, Final, NamedTuple

QUICK: Final = 2
"""With so few rounds only whether it works is asked: fewer events, smaller programs."""


class Run(NamedTuple):
    """Something to time: `prepare` makes the inputs anew before each round, untimed, `one` takes each of them.

    New inputs matter: a text that was hashed in an earlier round would be cheaper than any text from outside.
    """

    prepare: Callable[[], Sequence[Any]]
    one: Callable[[Any], object]


class Timed(NamedTuple):
    """What rounds gave: the median, and half of the distance between the quartiles."""

    median: float
    spread: float


def measured(runs: Mapping[str, Run], rounds: int) -> dict[str, Timed]:
    """Microseconds for one input of each run. All runs take turns in each round, and the first round does not count."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for round_ in range(rounds + 1):
        for name, run in runs.items():
            spent = _spent(run)
            if round_:
                times[name].append(spent)
    return {name: summary(found) for name, found in times.items()}


def _spent(run: Run) -> float:
    inputs, one = run.prepare(), run.one
    gc.collect()
    gc.disable()
    start = process_time_ns()
    for each in inputs:
        one(each)
    spent = process_time_ns() - start
    gc.enable()
    return spent / len(inputs) / 1000


def summary(times: Sequence[float]) -> Timed:
    """The median and the spread of some times.

    >>> summary([5, 1, 2, 3, 4])
    Timed(median=3, spread=1.0)
    """
    ordered = sorted(times)
    quarter = len(ordered) // 4
    return Timed(median(ordered), (ordered[-1 - quarter] - ordered[quarter]) / 2)


class Child(NamedTuple):
    """What a child process cost: CPU milliseconds, and the most memory it held, in MB."""

    milliseconds: float
    megabytes: float


_WATCH = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


def child(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Child:
    """Run a command to its end, and say what it cost; raises where it fails.

    A small process stands between: a child counts the memory of the process that it was forked from as its own.
    """
    watched = [sys.executable, "-S", "-c", _WATCH, *command]
    done = subprocess.run(watched, check=True, stdout=subprocess.PIPE, env=environment)
    code, seconds, kilobytes = json.loads(done.stdout)
    if code:
        raise subprocess.CalledProcessError(code, command)
    return Child(seconds * 1000, kilobytes / 1024)
