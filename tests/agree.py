"""`make agree N=100000`: so many generated pairs of a program and an event through every evaluator.

    python -m tests.agree N [--seed S] [--events E] [--histories H] [--workers 2] [--of KIND] [--columnar] [--spark]
                            [--kept FILE]

A pair is an event that the reference and another back end scored alike: generated Python, columns with NumPy or with
numba, Spark. Batches of programs take turns, by their seeds alone: of visits, of orders with offers on them, of orders
with plain offers, of members who own, pay and settle, and of kinds that go by columns; `--columnar` and `--of` choose
some of them. Of each program there are several histories, since making a program costs as much as scoring one. With
`--spark` a small share goes by a local Spark at the end, for some minutes at most.

Prints a line as it goes, then the pairs by back end, what was covered and which nodes of programs never were, and every
kind of finding with its seeds and a minimal reproduction. With `--kept` what was done stands in a file after each
batch, and the same command goes on from there. Leaves with 1 where there was any finding.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, deque
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any, Final, NamedTuple, get_args

from tests.columnar_trials import columnar_trial, engines, fault_of
from tests.exercised import BY, WAYS, held_by, never_met, table
from tests.strategies import Of
from tests.trials import EVENTS, Finding, shrunk, trial

BATCH = 10
HISTORIES = 4
ROWS: Final[tuple[str, ...]] = ("visits", "plain", "owning", "visits", "plain", "owning", "orders")
COLUMNS: Final[tuple[str, ...]] = ("straight", "earning", "priced", "ranging")
COLUMNAR: Final = (*(f"columnar {of}" for of in COLUMNS * 2), *(f"columnar {of}" for of in get_args(Of)))
"""What takes turns with `--columnar`: mostly programs that columns can do."""
ALL: Final = tuple(
    each
    for number in range(len(ROWS) * len(COLUMNAR))
    for each in (ROWS[number % len(ROWS)], COLUMNAR[number % len(COLUMNAR)])
)
SPARK_SHARE: Final = 100
"""Of so many pairs one goes by Spark, or fewer, as many as some minutes are enough for."""


class Done(NamedTuple):
    """What a batch came to: pairs by back end, what was met, findings."""

    pairs: Counter[str]
    met: Counter[str]
    findings: list[Finding]


class Kept:
    """All that was done so far, in memory and in a file."""

    def __init__(self, seed: int, path: Path | None) -> None:
        self.path, self.next = path, seed
        self.pairs, self.met = Counter[str](), Counter[str]()
        self.findings: dict[str, list[Finding]] = {}
        self.seeds: dict[str, list[str]] = {}
        if path is not None and path.is_file():
            kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            self.next, self.pairs, self.met = kept["next"], Counter(kept["pairs"]), Counter(kept["met"])
            self.seeds = kept["seeds"]

    def add(self, done: Done, start: int) -> None:
        """The next batch, which began with this seed."""
        self.pairs, self.met, self.next = self.pairs + done.pairs, self.met + done.met, start + BATCH
        for each in done.findings:
            if each.kind not in self.findings:
                print(f"\r{each.kind}: seed {each.seed} of {each.of}", flush=True)
            self.findings.setdefault(each.kind, []).append(each)
            self.seeds.setdefault(each.kind, []).append(f"{each.seed} of {each.of}")
        if self.path is not None:
            kept = {"next": self.next, "pairs": self.pairs, "met": self.met, "seeds": self.seeds}
            beside = self.path.with_suffix(".new")
            beside.write_text(json.dumps(kept), encoding="utf-8")
            beside.replace(self.path)

    def line(self, began: float, before: int) -> str:
        """How far it is."""
        total, spent = sum(self.pairs.values()), monotonic() - began
        told = ", ".join(f"{name} {count:,}" for name, count in sorted(self.pairs.items()))
        return f"{total:>9,} pairs ({told}), {(total - before) / max(spent, 1):.0f} a second, next seed {self.next}"


def main() -> int:
    """Run, and say what came of it."""
    parser = argparse.ArgumentParser(prog="agree", description=__doc__.partition("\n")[0])
    parser.add_argument("pairs", type=int, nargs="?", default=20_000)
    parser.add_argument("--seed", type=int, default=1_000_000, help="the first program's seed")
    parser.add_argument("--events", type=int, default=EVENTS, help="events in each history")
    parser.add_argument("--histories", type=int, default=HISTORIES, help="histories of each program")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--of", choices=(*get_args(Of), *COLUMNAR, "all"), default="all")
    parser.add_argument("--columnar", action="store_true", help="only what goes by columns")
    parser.add_argument("--spark", action="store_true", help="a small share by a local Spark too")
    parser.add_argument("--kept", type=Path, help="where what was done is kept, and read again")
    chosen = parser.parse_args()
    kinds = COLUMNAR if chosen.columnar else ALL if chosen.of == "all" else (chosen.of,)
    kept = Kept(chosen.seed, chosen.kept)
    began, before = monotonic(), sum(kept.pairs.values())
    with ProcessPoolExecutor(chosen.workers) as pool:
        waiting, ahead = deque[tuple[int, Future[Done]]](), kept.next
        while waiting or sum(kept.pairs.values()) < chosen.pairs:
            while len(waiting) < 2 * chosen.workers and sum(kept.pairs.values()) < chosen.pairs:
                of = kinds[ahead // BATCH % len(kinds)]
                waiting.append((ahead, pool.submit(batch, ahead, chosen.events, chosen.histories, of)))
                ahead += BATCH
            start, done = waiting.popleft()
            kept.add(done.result(), start)
            print(f"\r{kept.line(began, before)}", end="", flush=True)
    if chosen.spark:
        from tests.spark_trials import spark_trials

        kept.add(Done(*spark_trials(kept.next, chosen.pairs // SPARK_SHARE)), kept.next)
    print(f"\r{kept.line(began, before)}; {monotonic() - began:.0f} s")
    _print(kept)
    return 1 if kept.seeds else 0


def batch(start: int, events: int, histories: int, of: str) -> Done:
    """Some programs after each other."""
    done = Done(Counter(), Counter(), [])
    for seed in range(start, start + BATCH):
        name, found = _tried(seed, done, events, histories, of)
        if isinstance(found, Finding):
            done.findings.append(found)
        else:
            done.pairs[name] += found
    done.pairs["python"] += done.met.pop("by rows", 0)
    return done


def _tried(seed: int, done: Done, events: int, histories: int, of: str) -> tuple[str, int | Finding]:
    """One seed of a kind, and by which back end; of columns the engines take turns."""
    kind, _, rest = of.partition(" ")
    if kind == "columnar":
        engine = engines()[seed % len(engines())]
        return engine, columnar_trial(seed, done.met, [engine], rest, events)
    formatted = seed % 4 == 0
    found = trial(seed, done.met, events=events, histories=histories, format_too=formatted, of=of)  # type: ignore[arg-type]
    return "python", found


def _print(kept: Kept) -> None:
    rest = {name: count for name, count in kept.met.items() if BY not in name}
    print(f"\ncovered: {len(rest)} constructs and results")
    for name, count in sorted(rest.items()):
        print(f"  {count:>9,}  {name}")
    print("\nby the reference and", *table(kept.met), sep="\n  ")
    every = held_by(kept.met, WAYS)
    for told, ways in (("generated Python", WAYS[:1]), ("columns", WAYS[-2:])):
        print(f"\nnever by {told}: {', '.join(sorted(every - held_by(kept.met, ways))) or 'none'}")
    print(f"\nnodes of programs never met: {', '.join(never_met(kept.met)) or 'none'}")
    total = sum(len(found) for found in kept.seeds.values())
    print(f"\ndisagreements and faults: {total} of {len(kept.seeds)} kinds")
    for kind, seeds in sorted(kept.seeds.items(), key=lambda each: -len(each[1])):
        print(f"\n{'=' * 20} {len(seeds)} x {kind}; seeds {', '.join(seeds[:10])}")
        if kind in kept.findings:
            found = kept.findings[kind][0]
            fault = fault_of(engines()[0], found.seed) if kind.startswith("columns") else None
            print(shrunk(found, fault=fault))


if __name__ == "__main__":
    sys.exit(main())
