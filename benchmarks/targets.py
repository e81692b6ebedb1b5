"""What is asked of the speed, in one table. A table of results says by key what it measured; this joins the two."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks.tables import Cell, Table


class Target(NamedTuple):
    """One figure that is asked for: in words, the bound, and whether it is the most or the least that is allowed.
    `profile` begins the titles of the tables that say where its time goes."""

    words: str
    bound: float
    most: bool = True
    unit: str = "x"
    profile: str = ""


_HAND = "a careful function by hand with the same outcome and no checks"
TARGETS: dict[str, Target] = {
    "checkout typed": Target(
        f"ten earns, a typed event, beside {_HAND}", 1.2, profile="Where a checkout call's time goes"
    ),
    "checkout dict": Target(
        "ten earns, a dictionary, beside the same function", 1.5, profile="Where a checkout call's time goes"
    ),
    "checkout bytes": Target(
        "ten earns, bytes to bytes, beside bare orjson in and out",
        1.8,
        profile="Where a call's time goes from bytes to bytes",
    ),
    "heavy typed": Target(
        f"ten offers and earns, a typed event, beside {_HAND}",
        1.2,
        profile="Where a call's time goes from bytes to bytes, with offers",
    ),
    "heavy dict": Target(
        "ten offers and earns, a dictionary, beside the same function",
        1.5,
        profile="Where a call's time goes from bytes to bytes, with offers",
    ),
    "heavy bytes": Target(
        "ten offers and earns, bytes to bytes, beside bare orjson in and out",
        3.5,
        profile="Where a call's time goes from bytes to bytes, with offers",
    ),
    "growth": Target("10,000 targeted rules beside 10 with as many hits", 1.5, profile="Targeted rules"),
    "zen 100": Target(
        "100 simple rules: zen-engine's best path beside ours, which checks and gives whole outcomes",
        3,
        False,
        profile="Where a checkout call's time goes",
    ),
    "zen 1000": Target("1,000 simple rules: the same", 3, False, profile="Where a checkout call's time goes"),
    "zen 5000": Target("5,000 simple rules: the same", 3, False, profile="Where a checkout call's time goes"),
    "other peers": Target(
        "100, 1,000 and 5,000 simple rules: the fastest of all other engines beside ours",
        1,
        False,
        profile="Where a checkout call's time goes",
    ),
    "cold": Target("10,000 rules loaded cold, beside lark's bare parse with positions", 0.7, profile="A cold check"),
    "warm": Target(
        "10,000 rules loaded from the cache, beside cold", 0.1, profile="Start: where the time of a warm start goes"
    ),
    "editing": Target(
        "an edit in 1,000 rules, the dearest kind, beside a full check",
        0.05,
        profile="An edit in a file of a thousand rules",
    ),
    "memory": Target("10,000 rules in memory", 100, True, " MB", profile="Memory of a loaded program"),
    "kernel numpy": Target(
        "batch, one thread: the kernel beside the best NumPy by hand", 3, False, profile="Where a batch's time goes"
    ),
    "kernel duckdb": Target(
        "batch: the kernel on as many threads beside DuckDB by hand", 5, False, profile="Where a batch's time goes"
    ),
    "kernel polars": Target(
        "batch: the kernel on as many threads beside Polars by hand", 5, False, profile="Where a batch's time goes"
    ),
    "kernel growth": Target(
        "batch: the speed with 10,000 rules beside that with 10", 0.5, False, profile="Batch: the kernel and more rules"
    ),
    "batch rules": Target(
        "batch: the speed with 10,000 rules of which each event meets nine of its own, beside ten",
        0.5,
        False,
        profile="Batch: targeted rules",
    ),
    "batch rules ready": Target(
        "batch: 1,000 such rules ready, the plan made too",
        100,
        True,
        " ms",
        profile="Batch: where the time goes until 1,000 rules are ready",
    ),
    "kernel threads": Target(
        "batch: the speed on two threads beside one", 1.7, False, profile="Where a batch's time goes"
    ),
    "kernel ready": Target(
        "batch: 1,000 rules ready, once the kernel is compiled",
        100,
        True,
        " ms",
        profile="Batch: where the time goes until 1,000 rules are ready",
    ),
    "files": Target(
        "Parquet in and out, beside bare reading and writing of the same columns", 1.7, profile="File to file"
    ),
    "processes": Target("`score_many` over two processes beside one", 1.6, False, profile="A stream over processes"),
    "stories": Target(
        "batch: events of a story that fall back to rows, of the story with most", 5, True, "%", profile="Stories"
    ),
}
"""Every target by its key, in the order in which they are told."""
TRIED: dict[str, str] = tomllib.loads((Path(__file__).parent / "tried.toml").read_text(encoding="utf-8"))
"""Where the time goes of what may miss its target, and what was tried."""


def measured(tables: Iterable[Table]) -> dict[str, float]:
    """What tables measured, by target; a key that is no target is our mistake."""
    found = {key: value for table in tables for key, value in table.measured.items()}
    assert not set(found) - set(TARGETS), set(found) - set(TARGETS)
    return found


def is_met(key: str, value: float) -> bool:
    """Whether a figure keeps to its bound.

    >>> is_met("warm", 0.1), is_met("warm", 0.11), is_met("processes", 1.6)
    (True, False, True)
    """
    target = TARGETS[key]
    return value <= target.bound if target.most else value >= target.bound


def missed_table(found: Mapping[str, float]) -> Table:
    """What missed its target, where its time goes, and what was tried."""
    missed = [key for key, value in found.items() if not is_met(key, value)]
    rows: list[list[Cell]] = [
        [TARGETS[key].words, f"{found[key]:.3g}{TARGETS[key].unit}", TRIED.get(key, ""), TARGETS[key].profile]
        for key in missed
    ]
    columns = ["what", "measured", "where the time goes, and what was tried", "its profile, below"]
    return Table("What was missed", columns, rows, [] if rows else ["Nothing."])


def targets_table(found: Mapping[str, float]) -> Table:
    """Every target with what was measured; losses stand as plainly as wins."""
    rows: list[list[Cell]] = []
    for key, target in TARGETS.items():
        asked = f"{'at most' if target.most else 'at least'} {target.bound:g}{target.unit}"
        if key in found:
            rows.append(
                [target.words, asked, f"{found[key]:.3g}{target.unit}", "met" if is_met(key, found[key]) else "MISSED"]
            )
        else:
            rows.append([target.words, asked, "", "not measured"])
    met = sum(is_met(key, value) for key, value in found.items())
    notes = [f"{met} met, {len(found) - met} missed, {len(TARGETS) - len(found)} not measured."]
    return Table("Targets", ["what", "asked", "measured", ""], rows, notes)
