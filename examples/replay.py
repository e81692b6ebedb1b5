"""What the examples share: a file goes through its mapping into the engine, and every row of it is accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rules_engine.feeds import Read, Tally
from rules_engine.outcome import Outcome, Refused
from rules_engine.scoring import Program
from rules_engine.state import State

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def data_folder(named: Path | None, folder: str) -> Path | None:
    """The folder of data sets: the one named, else the one beside the project; None where the data set is not there."""
    data = named or DATA
    return data if (data / folder).is_dir() else None


def announce(name: str, data: Path | None) -> None:
    """Say which data is about to be scored."""
    print(f"scoring the {name} data set ..." if data else f"scoring the sample ({name} is not here) ...")


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
                self.refusals.append((read, "; ".join(fault.message for fault in outcome.faults)))
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
                waiting[read.key] = read
                yield read.event
            elif read.fault is not None:
                self.refusals.append((read, read.fault.message))


class Sums:
    """Points summed by a label, with the number of events that got any."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.points: Counter[str] = Counter()

    def add(self, label: str, points: int) -> None:
        """Count an event, with its points."""
        self.events[label] += 1
        self.points[label] += points

    def table(self, head: str, labels: Sequence[str] | None = None) -> str:
        """The sums as a table of text, sorted by label unless an order is given."""
        rows = [(label, self.events[label], self.points[label]) for label in labels or sorted(self.events)]
        width = max(len(head), *(len(label) for label, _, _ in rows)) if rows else len(head)
        lines = [f"{head:{width}} {'events':>10} {'points':>14}"]
        lines += [f"{label:{width}} {events:>10,} {points:>14,}" for label, events, points in rows]
        return "\n".join(lines)


def refused(refusals: Sequence[tuple[Read, str]], most: int = 5) -> str:
    """The first refusals, a line each; empty where there are none."""
    lines = [f"  row {read.number}, {read.kind} {read.key}: {why}" for read, why in refusals[:most]]
    if len(refusals) > most:
        lines.append(f"  and {len(refusals) - most:,} more")
    return "\n".join(["rejected:", *lines]) if lines else ""
