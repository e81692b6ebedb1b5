"""Tracks where an event stands once so many of its pieces have come back.

A track of what events bring goes down by what the event added, less what the pieces that are kept would have added at
what they still cost; once all has come back, by all of it. One that reads what only the time of the event knew (another
track, a balance) goes down with the money that has come back. A track of what rules give, or of what is used, goes down
by what is no longer given or used. Different values, streaks and days say that something happened, and stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from rules_engine import ir
from rules_engine.backends.reference import Brought, Costs, Reference
from rules_engine.returning.bought import Bought
from rules_engine.returning.keeping import kept_event
from rules_engine.returning.standings import Standing, everything, first_parts
from rules_engine.returning.units import UnitStanding, money_share, paid_on_line, part_of
from rules_engine.state import KeyMoved, State, TrackMoved

Tracks: TypeAlias = dict[tuple[str, int, str], int]
"""What comes back of tracks: by the track, the occurrence that the event moved, and the key."""


def tracks_back(
    bought: Bought, counts: Sequence[int], stands: Standing, units: UnitStanding, state: State, reference: Reference
) -> Tracks:
    """How far each track goes down in all."""
    moved = _moved(bought)
    kept: dict[str, Brought] = {}
    if not everything(bought, counts) and any(not _of_units(track) for track in moved_tracks(bought)):
        event, places = kept_event(bought, counts)
        costs = [_costs(bought, place, counts[place], stands) for place in places]
        kept = reference.brought(event, bought.outcome.before, state, costs)
    found: Tracks = {}
    for (name, occurrence, key), added in moved.items():
        track = next(each for each in bought.terms.core.tracks if each.name == name)
        if _of_units(track):
            back = min(added, _units_back(track, bought, units))
        elif everything(bought, counts):
            back = added
        elif name in kept:
            own = kept[name]
            stays = own.get((occurrence, key), own.get((None, key), 0))
            back = max(0, min(added, added - stays)) if added >= 0 else min(0, max(added, added - stays))
        else:
            back = part_of(added, money_share(bought, counts, stands))
        found[name, occurrence, key] = back
    return found


def moved_tracks(bought: Bought) -> list[ir.TrackDef]:
    """The sums and counts that this kind of event can move."""
    return [
        track
        for track in bought.terms.core.tracks
        if track.kind in ("sum", "count")
        and (bought.kind.name in track.events or (_of_units(track) and not track.events))
    ]


def _of_units(track: ir.TrackDef) -> bool:
    return bool(track.given or track.used)


def _moved(bought: Bought) -> Tracks:
    """What the event added to each of them."""
    mine = {track.key: track.name for track in moved_tracks(bought)}
    found: Tracks = {}
    for change in (*bought.outcome.changes.get(bought.event.member or "", ()), *bought.outcome.pool):
        match change:
            case TrackMoved(track=name, occurrence=at, before=before, after=after) if name in mine:
                key = mine[name], at, ""
            case KeyMoved(track=name, occurrence=at, key=word, before=old, after=after) if name in mine:
                key, before = (mine[name], at, word), old or 0
            case _:
                continue
        found[key] = found.get(key, 0) + after - before
    return found


def fresh_keys(bought: Bought) -> set[tuple[str, int, str]]:
    """The keys of tracks, by their occurrence, that came with the event."""
    changes = (*bought.outcome.changes.get(bought.event.member or "", ()), *bought.outcome.pool)
    names = {track.key: track.name for track in moved_tracks(bought)}
    return {
        (names[each.track], each.occurrence, each.key)
        for each in changes
        if isinstance(each, KeyMoved) and each.before is None and each.track in names
    }


def _units_back(track: ir.TrackDef, bought: Bought, units: UnitStanding) -> int:
    """What is no longer given to the member, or used, of a track's unit, by the rules that it names."""
    if track.given:
        moved = [(slot.unit, slot.rule, count) for slot, count in units.slots.items() if not slot.to]
    else:
        taken = bought.given.taken
        moved = [(taken[number].unit, taken[number].rule, count) for number, count in units.taken.items()]
    unit = track.given or track.used
    return sum(count for each, rule, count in moved if each == unit and (not track.rules or rule in track.rules))


def _costs(bought: Bought, place: int, count: int, stands: Standing) -> Costs:
    """What the kept pieces of a line cost."""
    line = bought.lines[place]
    net = line.net - stands.nets[place]
    paid, undone = paid_on_line(bought, place, stands)
    return Costs(line.list - first_parts(line.list, line.units, count), net, net - paid + undone)
