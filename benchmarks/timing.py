"""Timing: interleaved rounds, so that what disturbs one disturbs all; medians and their spread.

Times are CPU times of this process and its threads: the machine may be shared. The wall is told besides, for threads.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import perf_counter, process_time, process_time_ns
from typing import Any, Final, NamedTuple, TypeVar

Name = TypeVar("Name")
Made = TypeVar("Made")
Given = TypeVar("Given")

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


class Took(NamedTuple):
    """Seconds that one whole run took: of CPU, and the least of the wall."""

    cpu: Timed
    wall: float


def in_turns(ways: Mapping[Name, Callable[[], object]], rounds: int) -> dict[Name, Took]:
    """What each way takes as a whole. All take turns in each round, and the first round does not count."""
    cpu: dict[Name, list[float]] = {name: [] for name in ways}
    wall: dict[Name, list[float]] = {name: [] for name in ways}
    for round_ in range(rounds + 1):
        for name, way in ways.items():
            gc.collect()
            begun, started = process_time(), perf_counter()
            way()
            spent, waited = process_time() - begun, perf_counter() - started
            if round_:
                cpu[name].append(spent)
                wall[name].append(waited)
    return {name: Took(summary(times), min(wall[name])) for name, times in cpu.items()}


def in_steps(
    make: Callable[[], Made], between: Callable[[Made], Given], use: Callable[[Made, Given], object], rounds: int
) -> Timed:
    """CPU seconds of making something and of using it; what comes between does not count, nor does the first round."""
    times = []
    for _ in range(rounds + 1):
        gc.collect()
        start = process_time()
        made = make()
        spent = process_time() - start
        given = between(made)
        start = process_time()
        use(made, given)
        times.append(spent + process_time() - start)
    return summary(times[1:])


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
