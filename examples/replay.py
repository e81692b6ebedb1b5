"""What the examples share: a file goes through its mapping into the engine, and every row of it is accounted for."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rules_engine.feeds import Read, Tally
from rules_engine.outcome import Outcome, Refused
from rules_engine.scoring import Program
from rules_engine.state import State

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def options(about: str, folder: str, out: Path | None = None) -> argparse.ArgumentParser:
    """The options of an example: where the data is, or to take the sample, and where to write."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--data", type=Path, help=f"the folder that holds {folder}/ (default: ../shared/data)")
    parser.add_argument("--sample", action="store_true", help="take the sample, even where the data is")
    if out is not None:
        parser.add_argument("--out", type=Path, default=out, help=f"the file to write (default: {out})")
    return parser


def data_folder(chosen: argparse.Namespace, folder: str) -> Path | None:
    """Find the data set, and say which data is scored; None: the sample."""
    data: Path = chosen.data or DATA
    if chosen.sample:
        print("scoring the sample ...", flush=True)
    elif (data / folder).is_dir():
        print(f"scoring the data set {folder} ...", flush=True)
        return data
    else:
        print(f"scoring the sample, because the data set {folder} is not here ...", flush=True)
    return None


class Replay:
    """Scores the events of a file in the order of time, and counts where each went.

    After the run, `tally` holds the counts, `states` the state of every member, `refusals` what was refused and why.
    """

    def __init__(self, program: Program, members: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.program = program
        self.members = members
        self.tally = Tally()
        self.states: dict[str, State] = {}
        self.refusals: list[tuple[Read, str]] = []

    def run(self, reads: Iterable[Read]) -> Iterator[tuple[Read, Outcome]]:
        """Yield each event that was scored, with its outcome."""
        waiting: dict[str, Read] = {}
        for outcome in self.program.score_many(self._events(reads, waiting), self.members, self.states):
            read = waiting.pop(outcome.id)
            if isinstance(outcome, Refused):
                self.tally.reject(read)
                more = f" (and {len(outcome.faults) - 1} more faults)" if len(outcome.faults) > 1 else ""
                self.refusals.append((read, outcome.faults[0].message + more))
            else:
                self.tally.score(read)
                yield read, outcome
        assert not waiting, f"{len(waiting)} events have no outcome"
        self.tally.check()

    def _events(self, reads: Iterable[Read], waiting: dict[str, Read]) -> Iterator[bytes]:
        for read in reads:
            if self.tally.add(read):
                assert read.key is not None
                assert read.event is not None
                assert read.key not in waiting, f"the id {read.key} stands twice"
                waiting[read.key] = read
                yield read.event
            elif read.fault is not None:
                self.refusals.append((read, read.fault.message))


def titles(program: Program) -> dict[str, str]:
    """The titles of rules by their keys, in the order in which the rules run."""
    return {rule.key: rule.title for rule in program.core.rules}


def tiers(program: Program) -> list[str]:
    """The names of the tiers, lowest first."""
    return [rung.name for rung in program.core.tiers.rungs] if program.core.tiers else []


class Sums:
    """Points summed by a label, and the number of events they are from."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.points: Counter[str] = Counter()

    def add(self, label: str, points: int) -> None:
        """Count an event, with its points."""
        self.events[label] += 1
        self.points[label] += points

    def table(self, head: str, order: Sequence[str] = ()) -> str:
        """The sums as a table of text: labels in the order given, then the others by their names."""
        known = [label for label in order if label in self.events]
        labels = [*known, *sorted(self.events.keys() - known)]
        rows = [(label, self.events[label], self.points[label]) for label in labels]
        width = max(len(label) for label in [head, *labels])
        lines = [f"{head:{width}} {'events':>10} {'points':>14}"]
        lines += [f"{label:{width}} {events:>10,} {points:>14,}" for label, events, points in rows]
        return "\n".join(lines)


def refused(refusals: Sequence[tuple[Read, str]], most: int = 5) -> str:
    """The first refusals, a line each; empty where there are none."""
    lines = [f"  row {read.number}, {read.kind} {read.key}: {why}" for read, why in refusals[:most]]
    if len(refusals) > most:
        lines.append(f"  and {len(refusals) - most:,} more")
    return "\n".join(["rejected:", *lines]) if lines else ""
