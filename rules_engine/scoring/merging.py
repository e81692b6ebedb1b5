"""Two members made one: what both have is added up, what both reached is kept.

In: a core and two states that fit it, everything that was due of both settled. Out: the state of the one who stays, or
the reasons why they cannot be one. Nothing is lost and nothing is given twice.

    tracks            added, occurrence by occurrence and key by key; different values united; a first day the earlier,
                      a last day the later; of streaks the one met last, of equal ones the longer
    marks seen        the higher: a mark that one of them reached does not fire again
    limits            added: what both used is used
    holdings          united; of one tier for one reason from the earlier start to the later end
    lots, matches     united; debts added
    since             the earlier; the last day of events, what was settled, and the day reached: the later
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from rules_engine import ir
from rules_engine.calendar import format_date
from rules_engine.decoding import Place, fault
from rules_engine.event import Facts
from rules_engine.outcome import EventRefused, Refused
from rules_engine.state import AMOUNT_MAX, Holding, Lot, MatchState, State, add_lot, copied

if TYPE_CHECKING:
    from rules_engine.backends.reference import Reference

_Key = TypeVar("_Key")


def merge(reference: Reference, states: tuple[State, State], facts: tuple[Facts, Facts]) -> State:
    """The state of both together; raises `EventRefused` with every reason."""
    _at_home(reference.core, facts)
    _settled(reference, tuple(zip(facts, states, strict=True)))
    one, other = states
    tracks = {track.key: track for track in reference.core.tracks}
    merged = State(
        day=_latest(one.day, other.day),
        tracks=_tracks(one, other, tracks),
        keys=_united(one.keys, other.keys),
        streaks=_each(one.streaks, other.streaks, max),
        seen=_each(one.seen, other.seen, max),
        limits=_each(one.limits, other.limits, _sum),
        holdings=_holdings(one.holdings, other.holdings),
        matches=_matches(one.matches, other.matches),
        lots=_lots(one.lots, other.lots),
        last=_later(one.last, other.last),
        since=_earliest(one.since, other.since),
        settled=_later(one.settled, other.settled),
        keyed=_keyed(one, other),
        debts=_added(one.debts, other.debts),
    )
    faults = tuple(
        fault("V184", Place("the state"), "", reason=why, advice=mend) for why, mend in _beyond(merged, tracks)
    )
    if faults:
        raise EventRefused(Refused("", "", faults))
    return merged


def _at_home(core: ir.Program, facts: tuple[Facts, Facts]) -> None:
    """Raise `EventRefused` where what a member owns may stand in a pool that stays behind: under the member's id, or in
    the pot of another household. A merge sees states and no pool."""
    held = [unit for unit in core.units if unit.owner == "household"]
    apart = next((unit.name for unit in held if unit.apart), None)
    homes = [each.get(core.household) for each in facts]
    if apart is not None:
        why = f"`{apart}` is kept apart in the pool of a household, where lots say whose they are"
        mend = "keep both members, or let one hand over to the other what stands there"
    elif held and (homes[0] != homes[1] or not homes[0]):
        why = f"the pots of two households hold `{held[0].name}`"
        mend = "bring both into one household first, and pass facts that name it"
    else:
        return
    raise EventRefused(Refused("", "", (fault("V184", Place("the state"), "", reason=why, advice=mend),)))


def _settled(reference: Reference, members: tuple[tuple[Facts, State], ...]) -> None:
    """Raise `EventRefused` where something is due of a member by the day that either has reached."""
    day = max((state.day for _, state in members if state.day is not None), default=0)
    for facts, state in members:
        for event in reference.due_events(facts, state, day):
            why = f"`{event.name}` of {format_date(event.day)} is still to be settled"
            wrong = fault("V184", Place("the state"), "", reason=why, advice="score it first")
            raise EventRefused(Refused(event.name, event.id, (wrong,)))


def _sum(one: int, other: int) -> int:
    return one + other


def _added(one: Mapping[_Key, int], other: Mapping[_Key, int]) -> dict[_Key, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in (*one, *(key for key in other if key not in one))}


def _later(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {key: max(values[key] for values in (one, other) if key in values) for key in {**one, **other}}


def _latest(one: int | None, other: int | None) -> int | None:
    return max((day for day in (one, other) if day is not None), default=None)


def _earliest(one: int | None, other: int | None) -> int | None:
    return min((day for day in (one, other) if day is not None), default=None)


def _each(
    one: Mapping[str, Mapping[int, int]], other: Mapping[str, Mapping[int, int]], how: Callable[[int, int], int]
) -> dict[str, dict[int, int]]:
    """Values by name and occurrence: one of them where only one has it, else what `how` makes of both."""
    found = {name: dict(values) for name, values in one.items()}
    for name, values in other.items():
        mine = found.setdefault(name, {})
        for day, value in values.items():
            mine[day] = how(mine[day], value) if day in mine else value
    return found


# ---- tracks ----


def _tracks(one: State, other: State, tracks: Mapping[str, ir.TrackDef]) -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for name in {**one.tracks, **other.tracks}:
        mine, theirs = ({name: state.tracks.get(name, {})} for state in (one, other))
        if tracks[name].kind == "streak":
            found[name] = _streaks(name, one, other)
        else:
            found |= _each(mine, theirs, {"first day": min, "last day": max}.get(tracks[name].kind, _sum))
    return found


def _streaks(name: str, one: State, other: State) -> dict[int, int]:
    """Of each occurrence the streak that was met last, of equal ones the longer."""
    found: dict[int, int] = {}
    for day in {**one.tracks.get(name, {}), **other.tracks.get(name, {})}:
        both = (state for state in (one, other) if day in state.tracks.get(name, {}))
        found[day] = max((state.streaks.get(name, {}).get(day, 0), state.tracks[name][day]) for state in both)[1]
    return found


def _united(
    one: Mapping[str, Mapping[int, list[str]]], other: Mapping[str, Mapping[int, list[str]]]
) -> dict[str, dict[int, list[str]]]:
    found = {name: {day: list(seen) for day, seen in values.items()} for name, values in one.items()}
    for name, values in other.items():
        for day, seen in values.items():
            mine = found.setdefault(name, {}).setdefault(day, [])
            mine += [value for value in seen if value not in mine]
    return found


def _keyed(one: State, other: State) -> dict[str, dict[int, dict[str, int]]]:
    found = copied(one).keyed
    for name, days in other.keyed.items():
        for day, values in days.items():
            mine = found.setdefault(name, {})
            mine[day] = _added(mine.get(day, {}), values)
    return found


# ---- holdings, matches, lots ----


def _holdings(one: list[Holding], other: list[Holding]) -> list[Holding]:
    """Those that hold are one where tier and reason are one; those that have ended are all kept."""
    found = list(one)
    for holding in other:
        same = [each for each in found if holding.reason and (each.tier, each.reason) == (holding.tier, holding.reason)]
        if not same:
            found += [] if holding in found else [holding]
            continue
        (mine,) = same[:1]
        ends = None if mine.until is None or holding.until is None else max(mine.until, holding.until)
        found[found.index(mine)] = replace(mine, start=min(mine.start, holding.start), until=ends)
    return found


def _matches(one: dict[str, list[MatchState]], other: dict[str, list[MatchState]]) -> dict[str, list[MatchState]]:
    both = {name: [*one.get(name, ()), *other.get(name, ())] for name in {**one, **other}}
    return {name: sorted(found, key=lambda match: match.start) for name, found in both.items()}


def _lots(one: list[Lot], other: list[Lot]) -> list[Lot]:
    """All lots by the day they were earned, the first member's before the other's."""
    found: list[Lot] = []
    for lot in sorted((*one, *other), key=lambda lot: lot.earned):
        add_lot(found, lot)
    return found


# ---- what cannot be ----


def _beyond(merged: State, tracks: Mapping[str, ir.TrackDef]) -> Iterator[tuple[str, str]]:
    """What no state can hold: amounts beyond the largest, more keys than a track declares."""
    amounts = [("limit", merged.limits), ("track", merged.tracks)]
    amounts += [("track", {name: _keys(values)}) for name, days in merged.keyed.items() for values in days.values()]
    for what, found in amounts:
        for name, days in found.items():
            if any(abs(value) > AMOUNT_MAX for value in days.values()):
                yield f"{what} `{name}` would pass the largest number that it can hold", "keep them apart"
    for name, owed in merged.debts.items():
        if owed > AMOUNT_MAX:
            yield f"the debt of `{name}` would pass the largest number", "keep them apart"
    counts = [(name, len(values)) for name, days in merged.keyed.items() for values in days.values()]
    counts += [(name, len(seen)) for name, days in merged.keys.items() for seen in days.values()]
    for name, count in dict.fromkeys(counts):
        if count > tracks[name].keys_max:
            most = tracks[name].keys_max
            yield f"track `{name}` would have {count} different values, and holds at most {most}", "let it hold more"


def _keys(values: Mapping[str, int]) -> dict[int, int]:
    return dict(enumerate(values.values()))
