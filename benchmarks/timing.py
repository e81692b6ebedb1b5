"""Timing: interleaved rounds, so that what disturbs one disturbs all; medians and their spread."""

from __future__ import annotations

import gc
from collections.abc import Callable
from statistics import median
from time import process_time_ns


def measured(runs: dict[str, Callable[[], int]], rounds: int = 9) -> dict[str, tuple[float, float]]:
    """For each named run the median microseconds an event and the spread over rounds (highest less lowest, halved).

    A run scores its whole stream and gives the number of events. All runs take turns in each round.
    """
    times: dict[str, list[float]] = {name: [] for name in runs}
    for round_ in range(rounds + 1):
        for name, run in runs.items():
            gc.collect()
            gc.disable()
            start = process_time_ns()
            count = run()
            spent = process_time_ns() - start
            gc.enable()
            if round_:
                times[name].append(spent / count / 1000)
    return {name: (median(found), (max(found) - min(found)) / 2) for name, found in times.items()}
