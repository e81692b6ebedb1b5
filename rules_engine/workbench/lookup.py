"""One member's facts and state out of the files that `rules score` reads and writes, to explain one of its events."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rules_engine import ir
from rules_engine.decoding import fact_fields
from rules_engine.feeds import ENDINGS, FeedError, read_members
from rules_engine.workbench.replaying import formats_of


def owner_of(event: object, core: ir.Program) -> str | None:
    """The member of an event as it was sent; None for a guest, or where the event does not say."""
    if not isinstance(event, Mapping):
        return None
    kind = next((each for each in core.events if each.name == event.get("event")), None)
    owner = event.get(kind.owner) if kind is not None else None
    return owner if isinstance(owner, str) else None


def is_table(path: str) -> bool:
    """Whether a file holds many members, by its ending; JSON holds one."""
    return path.lower().endswith(ENDINGS)


def stored_facts(path: str, owner: str | None, core: ir.Program) -> dict[str, Any]:
    """The facts of one member in a file of members; raises `FeedError` where it is not among them."""
    members = read_members(Path(path), formats=formats_of(fact_fields(core)))
    if owner is None:
        return {}
    if owner not in members:
        raise FeedError(f"`{path}` has no member `{owner}`")
    return members[owner]


def stored_state(raw: object, owner: str | None) -> object:
    """The state of one member in what a state file holds: the file of a run, or the state of one member alone."""
    if isinstance(raw, Mapping) and "fingerprint" in raw and isinstance(raw.get("state"), Mapping):
        members = raw["state"].get("members")
        return members.get(owner) if isinstance(members, Mapping) else None
    return raw
