"""What is known of the people of one event, out of the files that `rules score` reads and writes, to explain it.

In: an event as it is sent, and what the files hold. Out: its explanation, with the other people and the pool of the
household passed in as a stream passes them in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from rules_engine.decoding import decode_state, fact_fields
from rules_engine.event import Event, Facts
from rules_engine.feeds import ENDINGS, FeedError, read_members
from rules_engine.outcome import EventRefused, People, Refused
from rules_engine.scoring import Accounts, Company, ties_of
from rules_engine.state import Shared, State
from rules_engine.workbench.replaying import formats_of

if TYPE_CHECKING:
    from rules_engine import ir
    from rules_engine.scoring import Explanation, Program


TABLES = ("member", "others")


class Known(msgspec.Struct, frozen=True):
    """What files say of one event's people: one member's facts, what `--state` names (the file of a run, or one
    member's state), others by member id as `Program.score` takes them, the household's state or the file of a run,
    shared counters. `tables` are paths of files of members, instead of `member` and of `others`."""

    member: object = None
    state: object = None
    others: Any = None
    pool: object = None
    shared: Any = None
    tables: Mapping[str, str] = {}


def is_table(path: str) -> bool:
    """Whether a file holds many members, by its ending; JSON holds one."""
    return path.lower().endswith(ENDINGS)


Asked: TypeAlias = "tuple[Event, Facts, State, Shared, People | None]"
"""One event and everybody whom it touches, decoded, as `Program.explain_decoded` and `Program.near_decoded` take it."""


def explained(program: Program, sent: object, known: Known) -> Explanation:
    """Why an event, as it is sent, gives what it gives, as the files have everybody whom it touches.

    Raises `FeedError` for files that the program cannot go on from, `EventRefused` for the event.
    """
    return program.explain_decoded(*asked(program, sent, known))


def asked(program: Program, sent: object, known: Known) -> Asked:
    """An event, as it is sent, and everybody whom it touches, as the files have them; raises as `explained` does."""
    tables = {name: _members(path, program.core) for name, path in known.tables.items()}
    of_run = _of_run(known.state, "members") if _is_run(known.state) else None
    with _of_files():
        shared = program.shared(known.shared)
        state = program.state(known.state if of_run is None else None)
    event = program.event(sent)
    member = known.member
    if "member" in tables and event.member is not None:
        if event.member not in tables["member"]:
            raise FeedError(f"`{known.tables['member']}` has no member `{event.member}`")
        member = tables["member"][event.member]
    facts = program.facts(event, member)
    members = {who: each for name in TABLES for who, each in tables.get(name, {}).items()} if tables else None
    with _of_files():
        state = state if of_run is None else program.state(of_run.get(event.member or ""))
        people = _people(program, event, facts, known, members)
    return event, facts, state, shared, people


@contextmanager
def _of_files() -> Iterator[None]:
    """What is refused of a state, of counters or of other people is a fault of their files."""
    try:
        yield
    except EventRefused as refusal:
        raise FeedError(*(fault.message for fault in refusal.faults)) from None


def _members(path: str, core: ir.Program) -> dict[str, Any]:
    return read_members(Path(path), formats=formats_of(fact_fields(core)))


def _people(
    program: Program, event: Event, facts: Facts, known: Known, members: Mapping[str, Any] | None
) -> People | None:
    """The others whom an event names and the pool of its household; None where the files hold neither.

    A file of members and that of a run are asked as a stream asks them; what `others` and `pool` say goes before it.
    """
    said = program.people(event, known.others)
    run = known.state if _is_run(known.state) else None
    pools = known.pool if _is_run(known.pool) else run
    pool = None if known.pool is None or pools is known.pool else program.checked_pool(known.pool)
    if said is None and pool is None and members is None and pools is None:
        return None
    states = Accounts(_of_run(run, "members"), partial(_read, program.core))
    shared = Accounts(_of_run(pools, "pools"), partial(_read, program.core, pool=True))
    found = Company(program, ties_of(program.core), members or {}, states, shared).people(event, facts)
    said = said or People()
    return People(
        (found.facts if members is not None else {}) | said.facts,
        (found.states if members is not None or run is not None else {}) | said.states,
        found.pool if pool is None else pool,
    )


def _is_run(raw: object) -> bool:
    return isinstance(raw, Mapping) and "fingerprint" in raw and isinstance(raw.get("state"), Mapping)


def _of_run(raw: Any, part: str) -> dict[str, Any]:
    """States by owner, as the file of a run holds them; none where there is no file."""
    found = raw["state"].get(part) if raw is not None else None
    return dict(found) if isinstance(found, Mapping) else {}


def _read(core: ir.Program, stored: object, owner: str, *, pool: bool = False) -> State:
    state = decode_state(stored, core, owner, pool=pool)
    if isinstance(state, State):
        return state
    raise EventRefused(Refused("", "", state))
