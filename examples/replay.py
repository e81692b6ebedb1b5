"""What the examples share: a file goes through its mapping into the engine, and every row of it is accounted for."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rules_engine.feeds import Read, Tally
from rules_engine.outcome import Outcome, Refused
from rules_engine.returns import Return
from rules_engine.scoring import Program
from rules_engine.state import LotLapsed, State

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

    def run(
        self, reads: Iterable[Read], before: Callable[[Read], None] | None = None
    ) -> Iterator[tuple[Read, Outcome]]:
        """Yield each event that was scored, with its outcome. `before` is called before each event is scored; with it,
        the events have to come in the order of time."""
        waiting: dict[str, Read] = {}
        events = self._events(reads, waiting, before)
        for outcome in self.program.score_many(events, self.members, self.states, in_order=before is not None):
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

    def _events(
        self, reads: Iterable[Read], waiting: dict[str, Read], before: Callable[[Read], None] | None
    ) -> Iterator[bytes]:
        for read in reads:
            if self.tally.add(read):
                assert read.key is not None
                assert read.event is not None
                assert read.key not in waiting, f"the id {read.key} stands twice"
                waiting[read.key] = read
                if before is not None:
                    before(read)
                yield read.event
            elif read.fault is not None:
                self.refusals.append((read, read.fault.message))


class Books:
    """What each member was given of each unit, what was taken back, used and lost by lapsing: in all, it has to come to
    what is there.

    A unit stands under the member's id and its name.
    """

    def __init__(self) -> None:
        self.given: Counter[tuple[str, str]] = Counter()
        self.back: Counter[tuple[str, str]] = Counter()
        self.used: Counter[tuple[str, str]] = Counter()
        self.lapsed: Counter[tuple[str, str]] = Counter()

    def add(self, outcome: Outcome) -> None:
        """Count an event."""
        member = outcome.member or ""
        for award in outcome.awards:
            self.given[award.to or member, award.unit] += award.given
        for taken in outcome.taken:
            self.used[member, taken.unit] += taken.taken
        self._lapses(member, outcome.changes.get(member, ()))

    def take_back(self, returned: Return) -> None:
        """Count a return; what it forgives is not taken back."""
        member = returned.member or ""
        for each in returned.units:
            self.back[each.to or member, each.unit] += each.amount - each.forgiven
        for restored in returned.restored:
            self.used[member, restored.unit] -= restored.amount - restored.lost
        self._lapses(member, returned.changes)

    def _lapses(self, member: str, changes: Iterable[object]) -> None:
        for change in changes:
            if isinstance(change, LotLapsed):
                self.lapsed[member, change.lot.unit] += change.lot.left

    def wrong(self, states: Mapping[str, State]) -> list[str]:
        """Where given - taken back - used - lapsed is not outstanding - owed, a line each."""
        there, owed = _owned(states)
        there.subtract(owed)
        should = Counter(self.given)
        for less in (self.back, self.used, self.lapsed):
            should.subtract(less)
        keys = sorted(key for key in {*should, *there} if should[key] != there[key])
        return [f"member {key[0]} has {there[key]:,} of {key[1]}, and it should be {should[key]:,}" for key in keys]

    def text(self, states: Mapping[str, State]) -> str:
        """The equation with the sums of all members."""
        there, owed = _owned(states)
        less = (("taken back", self.back), ("used", self.used), ("lapsed", self.lapsed))
        left = "".join(f" - {counts.total():,} {name}" for name, counts in less)
        return f"{self.given.total():,} given{left} = {there.total():,} outstanding - {owed.total():,} owed"


def _owned(states: Mapping[str, State]) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """What lies in lots, and what is owed."""
    there, owed = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for member, state in states.items():
        for lot in state.lots:
            there[member, lot.unit] += lot.left
        owed.update({(member, unit): count for unit, count in state.debts.items()})
    return there, owed


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
