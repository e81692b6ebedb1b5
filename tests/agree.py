"""`make agree N=100000`: so many generated pairs of a program and an event through every evaluator.

    python -m tests.agree N [--seed S] [--events E] [--workers 2] [--of visits|orders|plain|owning|columnar|all]

Batches of programs take turns: of visits, of orders with offers on them, of orders with plain offers, of members who
own, pay and settle, and straight ones that go by columns too, with both engines; `--columnar`: these, and programs of
the other kinds by columns as far as they go. Prints a line as it goes, then the numbers, what was covered, and every
kind of finding with a minimal reproduction. Leaves with 1 where there was any.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from time import monotonic
from typing import Final, get_args

from tests.columnar_trials import columnar_trial, engines
from tests.strategies import Of
from tests.trials import EVENTS, Finding, shrunk, trial

BATCH = 20
OF: Final[tuple[str, ...]] = (*get_args(Of), "columnar")
COLUMNAR: Final = ("columnar", "columnar", "columnar", *(f"columnar {of}" for of in get_args(Of)))
"""What takes turns with `--columnar`: mostly programs that columns can do."""


def main() -> int:
    """Run, and say what came of it."""
    parser = argparse.ArgumentParser(prog="agree", description=__doc__.partition("\n")[0])
    parser.add_argument("pairs", type=int, nargs="?", default=20_000)
    parser.add_argument("--seed", type=int, default=1_000_000, help="the first program's seed")
    parser.add_argument("--events", type=int, default=EVENTS, help="events in each program's history")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--of", choices=(*OF, "all"), default="all")
    parser.add_argument("--columnar", action="store_true", help="by columns too, with every engine")
    chosen = parser.parse_args()
    programs = -(-chosen.pairs // chosen.events)
    starts = range(chosen.seed, chosen.seed + programs, BATCH)
    last = chosen.seed + programs
    kinds = COLUMNAR if chosen.columnar else OF if chosen.of == "all" else (chosen.of,)
    of = [kinds[number % len(kinds)] for number in range(len(starts))]
    began, pairs, met = monotonic(), 0, Counter[str]()
    findings: dict[str, list[Finding]] = {}
    with ProcessPoolExecutor(chosen.workers) as pool:
        for done, (some, seen, found) in enumerate(
            pool.map(batch, starts, [last] * len(starts), [chosen.events] * len(starts), of), 1
        ):
            pairs, met = pairs + some, met + seen
            for finding in found:
                if finding.kind not in findings:
                    print(f"\r{finding.kind}: seed {finding.seed} of {finding.of}", flush=True)
                findings.setdefault(finding.kind, []).append(finding)
            print(f"\r{min(done * BATCH, programs):>7,} programs  {pairs:>9,} pairs", end="", flush=True)
    print(f"  {monotonic() - began:.0f} s")
    _print(met, findings)
    return 1 if findings else 0


def batch(start: int, last: int, events: int, of: str) -> tuple[int, Counter[str], list[Finding]]:
    """Some programs after each other: pairs, what was met, findings."""
    met, pairs, findings = Counter[str](), 0, []
    for seed in range(start, min(start + BATCH, last)):
        found = _tried(seed, met, events, of)
        if isinstance(found, Finding):
            findings.append(found)
        else:
            pairs += found
    return pairs, met, findings


def _tried(seed: int, met: Counter[str], events: int, of: str) -> int | Finding:
    """One seed of a kind; `columnar` and what follows it goes by columns too."""
    kind, _, rest = of.partition(" ")
    if kind == "columnar":
        return columnar_trial(seed, met, engines(), rest or "straight", events)
    return trial(seed, met, events=events, of=of)  # type: ignore[arg-type]


def _print(met: Counter[str], findings: dict[str, list[Finding]]) -> None:
    print(f"\ncovered: {len(+met)} constructs and results")
    for name, count in sorted(met.items()):
        print(f"  {count:>9,}  {name}")
    total = sum(len(found) for found in findings.values())
    print(f"\ndisagreements and faults: {total} of {len(findings)} kinds")
    for kind, found in sorted(findings.items(), key=lambda each: -len(each[1])):
        print(f"\n{'=' * 20} {len(found)} x {kind}; seeds {', '.join(str(each.seed) for each in found[:10])}")
        print(shrunk(found[0]))


if __name__ == "__main__":
    sys.exit(main())
