"""A state file carried to another version of its program: every state of it, or nothing.

In: both programs and the file that the old one left. Out: a `Carried`: what became of each part, and of how many
states; the file for the new version is written where all can be carried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from rules_engine.feeds import FeedError
from rules_engine.outcome import EventRefused
from rules_engine.scoring import Note
from rules_engine.state import Shared, State
from rules_engine.workbench.memory import PROBLEMS_MAX, Memory, remember, stored

if TYPE_CHECKING:
    from rules_engine.scoring import Program


class Carried(msgspec.Struct, frozen=True):
    """What became of a state file: how many states of members and of households it has and how many events, each note
    with the number of states that it is of, and the first reasons why some cannot be carried."""

    members: int
    pools: int
    events: int
    notes: tuple[tuple[Note, int], ...]
    problems: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """The report for a person."""
        yield f"states: {self.members:,} of members, {self.pools:,} of households; events scored: {self.events:,}"
        for note, count in self.notes:
            states = "1 state" if count == 1 else f"{count:,} states"
            why = f": {note.why}" if note.why else ""
            yield f"{note.kind:8} {note.what} `{note.name}` ({states}){why}"

    def to_json(self) -> dict[str, Any]:
        """The same for a program."""
        notes = [
            {"kind": note.kind, "what": note.what, "name": note.name, "why": note.why, "states": count}
            for note, count in self.notes
        ]
        counts = {"members": self.members, "households": self.pools, "events": self.events}
        return {**counts, "notes": notes, "problems": list(self.problems)}


def migrate_file(old: Program, new: Program, state: Path, out: Path | None = None) -> Carried:
    """Carry a state file; raises `FeedError` where it cannot be read, or is none of the old version's."""
    found = stored(state)
    if found is None:
        raise FeedError(f"there is no state file `{state}`")
    if found.fingerprint != old.fingerprint:
        written = found.fingerprint[:12]
        raise FeedError(
            f"the state file `{state}` was written by another version ({written}) than `{old.core.header.title}` as it "
            f"stands there ({old.fingerprint[:12]})"
        )
    counts, problems = Counter[Note](), list[str]()
    states = _carried(found.members, (old, new), False, counts, problems)
    pools = _carried(found.pools, (old, new), True, counts, problems)
    if out is not None and not problems:
        seen = {(kind, each) for kind, ids in found.events.items() for each in ids}
        remember(Memory(states, pools, seen, Shared()), out, new.fingerprint)
    events = sum(len(ids) for ids in found.events.values())
    notes = sorted(counts.items(), key=lambda each: (KINDS.index(each[0].kind), each[0]))
    return Carried(len(found.members), len(found.pools), events, tuple(notes), tuple(problems[:PROBLEMS_MAX]))


KINDS = ("renamed", "changed", "anew", "kept", "carried")


def _carried(
    stored: Mapping[str, Any], programs: tuple[Program, Program], pool: bool, counts: Counter[Note], problems: list[str]
) -> dict[str, State]:
    old, new = programs
    states: dict[str, State] = {}
    for owner, raw in stored.items():
        try:
            found = new.migrate(raw, old, owner, pool=pool)
        except EventRefused as refusal:
            problems += [fault.message for fault in refusal.faults]
            continue
        states[owner] = found.state
        counts.update(found.notes)
    return states
