"""A state file and shared counters carried to another version of their program: all of it, or nothing.

In: both programs and the files that the old one left. Out: a `Carried`: what became of each part, and of how many
states and counters; files for the new version are written where all can be carried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from rules_engine.feeds import FeedError, read_shared, write_shared
from rules_engine.outcome import EventRefused
from rules_engine.scoring import Note, migrate_shared
from rules_engine.state import Shared, State
from rules_engine.workbench.memory import PROBLEMS_MAX, Memory, Stored, remember, stored

if TYPE_CHECKING:
    from rules_engine.scoring import Program


class Files(msgspec.Struct, frozen=True):
    """Which files to read, and where what is carried goes (None: nowhere): states with events, shared counters."""

    state: Path | None = None
    out: Path | None = None
    shared: Path | None = None
    shared_out: Path | None = None


class Carried(msgspec.Struct, frozen=True):
    """What became of the files: how many states of members and of households and how many events and shared counters
    there are, each note with the number of states that it is of, those of shared limits with the number of counters,
    and the first reasons why some cannot be carried."""

    members: int
    pools: int
    events: int
    counters: int
    notes: tuple[tuple[Note, int], ...]
    limits: tuple[tuple[Note, int], ...]
    problems: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """The report for a person."""
        if self.members or self.pools or self.events or not self.counters:
            yield f"states: {self.members:,} of members, {self.pools:,} of households; events scored: {self.events:,}"
        yield from (_line(note, count, "state") for note, count in self.notes)
        if self.counters:
            yield f"shared counters: {self.counters:,}"
        yield from (_line(note, count, "counter") for note, count in self.limits)

    def to_json(self) -> dict[str, Any]:
        """The same for a program."""
        notes = [{**msgspec.to_builtins(note), "states": count} for note, count in self.notes]
        limits = [{**msgspec.to_builtins(note), "counters": count} for note, count in self.limits]
        counts = {"members": self.members, "households": self.pools, "events": self.events, "counters": self.counters}
        return {**counts, "notes": notes, "shared": limits, "problems": list(self.problems)}


def _line(note: Note, count: int, of: str) -> str:
    why = f": {note.why}" if note.why else ""
    return f"{note.kind:8} {note.what} `{note.name}` ({count:,} {of}{'' if count == 1 else 's'}){why}"


def migrate_files(old: Program, new: Program, files: Files) -> Carried:
    """Carry a state file, shared counters or both: all of it or nothing. Raises `FeedError` where a file cannot be
    read, or the state file is none of the old version's."""
    _apart(files)
    found = _stored(old, files.state)
    counts, problems = Counter[Note](), list[str]()
    states = _carried(found.members, (old, new), False, counts, problems)
    pools = _carried(found.pools, (old, new), True, counts, problems)
    shared, limits = _shared(old, new, files.shared, problems)
    if files.out is not None and not problems:
        seen = {(kind, each) for kind, ids in found.events.items() for each in ids}
        remember(Memory(states, pools, seen, Shared()), files.out, new)
    if files.shared_out is not None and not problems:
        write_shared(files.shared_out, shared.to_json())
    events = sum(len(ids) for ids in found.events.values())
    counters = sum(limits.values())
    notes = sorted(counts.items(), key=lambda each: (KINDS.index(each[0].kind), each[0]))
    return Carried(
        len(found.members), len(found.pools), events, counters, tuple(notes), tuple(limits.items()),
        tuple(problems[:PROBLEMS_MAX]),
    )  # fmt: skip


def _apart(files: Files) -> None:
    """What is written is one file, or two that are not each other's."""
    for out, inputs, needed in ((files.out, files.state, "state"), (files.shared_out, files.shared, "shared counters")):
        if out is not None and inputs is None:
            raise FeedError(f"nothing can be written to `{out}`: no file with the {needed} was named")
    places = [(files.out, (files.shared, files.shared_out)), (files.shared_out, (files.state,))]
    for out, others in places:
        if out is not None and any(each is not None and each.resolve() == out.resolve() for each in others):
            raise FeedError(f"`{out}` would be written over by this run; name another file")


def _stored(old: Program, state: Path | None) -> Stored:
    if state is None:
        return Stored(old.fingerprint, "", {}, {}, {})
    found = stored(state)
    if found is None:
        raise FeedError(f"there is no state file `{state}`")
    if found.fingerprint != old.fingerprint:
        written = found.fingerprint[:12]
        raise FeedError(
            f"the state file `{state}` was written by another version ({written}) than `{old.core.header.title}` as it "
            f"stands there ({old.fingerprint[:12]})"
        )
    return found


def _shared(old: Program, new: Program, path: Path | None, problems: list[str]) -> tuple[Shared, dict[Note, int]]:
    """The shared counters as the new version goes on from them, and of each limit what became of its counters."""
    if path is None:
        return Shared(), {}
    found = read_shared(path)
    if found is None:
        raise FeedError(f"there is no file of shared counters `{path}`")
    try:
        return migrate_shared(old.core, new.core, found)
    except EventRefused as refusal:
        problems += [fault.message for fault in refusal.faults]
        return Shared(), {}


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
