"""What a run goes on from, and what it leaves for the next: states, events that are scored already, shared counters.

In: the files of the run before. Out: a `Memory`, or a `FeedError` that says what this program cannot go on from.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from rules_engine import ir
from rules_engine.decoding import decode_shared, decode_state, encode_state
from rules_engine.feeds import FeedError, read_shared, read_state, write_state
from rules_engine.state import STATE_VERSION, Shared, State

if TYPE_CHECKING:
    from rules_engine.scoring import Program

PROBLEMS_MAX = 5


class Memory(msgspec.Struct, frozen=True):
    """What a run goes on from: states by member and of pools by household, what all members share, and the events that
    are scored already."""

    states: dict[str, State]
    pools: dict[str, State]
    seen: set[tuple[str, str]]
    shared: Shared
    remark: str = ""


class Stored(msgspec.Struct, frozen=True):
    """A state file as it stands: which program wrote it, states by member and by household, ids by kind of event."""

    fingerprint: str
    program: str
    members: Mapping[str, Any]
    pools: Mapping[str, Any]
    events: Mapping[str, list[str]]


def has_shared(core: ir.Program) -> bool:
    """Whether members share counters of some limit."""
    return any(isinstance(each, ir.LimitDef) and each.owner == "shared" for each in ir.records(core))


def nothing() -> Memory:
    """What the first run goes on from."""
    return Memory({}, {}, set(), Shared())


def stored(path: Path) -> Stored | None:
    """A state file, or None where there is none; raises `FeedError`."""
    found = read_state(path, version=STATE_VERSION)
    if found is None:
        return None
    members, pools, events = (found.state.get(name, {}) for name in ("members", "pools", "events"))
    whole = {"members", "events"} <= found.state.keys() and all(isinstance(each, Mapping) for each in (members, pools))
    if not whole or not isinstance(events, Mapping) or not all(map(_listed, events.values())):
        raise FeedError(f"the state file `{path}` does not hold members and events; nothing was scored from it")
    return Stored(found.fingerprint, found.program, members, pools, events)


def remembered(program: Program, state: Path | None, shared: Path | None) -> Memory:
    """The states, ids and shared counters of the run before; what this program cannot go on from raises
    `FeedError`."""
    counters = _shared(program, shared)
    found = stored(state) if state is not None else None
    if found is None:
        return Memory({}, {}, set(), counters)
    title = program.core.header.title
    if found.program and found.program != title:
        raise FeedError(
            f"the state file `{state}` is of another program, `{found.program}`, and this one is `{title}`; where it "
            "goes on under another name, `rules migrate` carries its states"
        )
    problems: list[str] = []
    states = _states(found.members, "member", program.core, problems)
    pools = _states(found.pools, "household", program.core, problems)
    if problems:
        raise FeedError(*(f"the state file `{state}`, {problem}" for problem in problems))
    other = found.fingerprint != program.fingerprint
    remark = "the state was written by another version of the program" if other else ""
    seen = {(kind, each) for kind, ids in found.events.items() for each in ids}
    return Memory(states, pools, seen, counters, remark)


def _states(stored: Mapping[str, Any], what: str, core: ir.Program, problems: list[str]) -> dict[str, State]:
    """The states of some owners; the first few problems are added to those found."""
    states: dict[str, State] = {}
    for owner, raw in stored.items():
        state = decode_state(raw, core, pool=what == "household")
        if isinstance(state, State):
            states[owner] = state
        elif len(problems) < PROBLEMS_MAX:
            problems += [f"{what} `{owner}`: {fault.message}" for fault in state]
    return states


def _shared(program: Program, path: Path | None) -> Shared:
    """The shared counters of the run before."""
    shared = decode_shared(read_shared(path) if path is not None else None, program.core)
    if isinstance(shared, Shared):
        return shared
    raise FeedError(*(f"the file of shared counters `{path}`: {fault.message}" for fault in shared))


def _listed(ids: object) -> bool:
    return isinstance(ids, list) and all(isinstance(each, str) for each in ids)


def remember(memory: Memory, path: Path, program: Program) -> None:
    """Write what the next run goes on from, in an order that depends on nothing else."""
    seen: dict[str, list[str]] = {}
    for kind, each in sorted(memory.seen):
        seen.setdefault(kind, []).append(each)
    kept: dict[str, Any] = {"members": memory.states, "pools": memory.pools}
    kept = {part: {owner: encode_state(each) for owner, each in owners.items()} for part, owners in kept.items()}
    kept = {part: owners for part, owners in kept.items() if owners or part == "members"}
    by = {"fingerprint": program.fingerprint, "program": program.core.header.title}
    write_state(path, {**kept, "events": seen}, version=STATE_VERSION, **by)
