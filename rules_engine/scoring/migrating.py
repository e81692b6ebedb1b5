"""A state carried from one version of a program to the next, and what becomes of each part of it.

In: both cores, and a state that fits the old one. Out: a `Migration`: the state as the new version goes on from it, and
a note for each part of it; or the faults for which it cannot be carried. Names follow `was`, as they do whenever a
state is read. Amounts of a unit whose decimals changed are counted anew, exactly or not at all. What the new version
does not read is kept as it is, so that a rule that comes back goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, Literal, TypeAlias, TypeVar

import msgspec
from msgspec.structs import replace

from rules_engine import ir
from rules_engine.decoding import Place, States, declared, decode_shared, decode_state, fault, key_kind, shape_of
from rules_engine.lowering import meaning
from rules_engine.outcome import EventRefused, Refused
from rules_engine.state import Shared, State

_Key = TypeVar("_Key")
Kind: TypeAlias = Literal["renamed", "carried", "changed", "anew", "kept"]


class Note(msgspec.Struct, frozen=True, order=True):
    """What became of one part of a state: `carried` as it was, `renamed`, `changed` (what it means is another now),
    `anew` (its count begins anew), or `kept` though nothing reads it any more. `what` is a track, a limit, a unit, a
    match, a tier, a rule that lots came from, a schedule or a kind of event; `why` says more.

    >>> [(note.kind, note.what, note.name) for note in program.migrate(state, program).notes[1:]]
    [('carried', 'tier', 'Gold'), ('carried', 'track', 'spend'), ('carried', 'unit', 'point')]
    """

    kind: Kind
    what: str
    name: str
    why: str = ""


class Migration(msgspec.Struct, frozen=True):
    """A state as another version of its program goes on from it, and what became of its parts.

    >>> program.migrate(state, program).state == state
    True
    """

    state: State
    notes: tuple[Note, ...]


def carried(old: ir.Program, new: ir.Program, states: States, stored: object, who: str) -> Migration:
    """Carry a state of whatever origin, read by the old version's reader of members' or of households' states."""
    known = State() if stored is None else states.read(stored, who)
    if not isinstance(known, State):
        raise EventRefused(Refused("", "", known))
    return migrate(old, new, known, who, pool=states.pools)


def migrate(old: ir.Program, new: ir.Program, state: State, who: str = "", *, pool: bool = False) -> Migration:
    """Carry a state; raises `EventRefused` with every reason why the new version cannot go on from it."""
    found = decode_state(_rescaled(old, new, _let_go(old, new, state), who), new, who, pool=pool)
    if not isinstance(found, State):
        raise EventRefused(Refused("", "", found))
    notes = {
        *_tracks(old, new, state),
        *_limits(old, new, state.limits),
        *_units(old, new, state),
        *_rules(old, new, state),
    }
    return Migration(found, tuple(sorted((*notes, *_others(old, new, state)), key=_order)))


def migrate_shared(old: ir.Program, new: ir.Program, stored: object) -> tuple[Shared, dict[Note, int]]:
    """Carry the counters that all members share, and say of each limit what became of it, with how many counters it
    has: one for each value of its keys. Raises `EventRefused` where they cannot be read, or not counted anew.

    Counters of no limit of the old version are of another program, which keeps its own in the same place.
    """
    known = decode_shared(stored, old)
    if not isinstance(known, Shared):
        raise EventRefused(Refused("", "", known))
    owners = _owners(old)
    limits = _shifted(
        known.limits,
        _limit_shifts(known.limits, owners, _unit_shifts(old, new)),
        _Exact(Place("the shared counters"), "V158"),
    )
    found = decode_shared(Shared(limits, known.version), new)
    if not isinstance(found, Shared):
        raise EventRefused(Refused("", "", found))
    counted = Counter(_without_keys(name, owners, old) for name in known.limits)
    notes = [replace(note, what="shared limit") for note in _limits(old, new, counted)]
    other = "no limit of this program: it stays, for another that uses the same file"
    notes = [note if _words(note.name, owners)[0] else replace(note, why=other) for note in notes]
    return found, {note: counted[note.name] for note in sorted(notes, key=_order)}


def _without_keys(name: str, owners: Iterable[str], core: ir.Program) -> str:
    """A counter called as its limit is, without the values of keys that follow."""
    owner, words = _words(name, owners)
    limit = _limit(words, owner, core)
    return limit.key if limit is not None else name


_KINDS: tuple[Kind, ...] = ("renamed", "changed", "anew", "kept", "carried")


def _order(note: Note) -> tuple[int, str, str]:
    return _KINDS.index(note.kind), note.what, note.name


# ---- tracks ----


def _tracks(old: ir.Program, new: ir.Program, state: State) -> Iterator[Note]:
    before = {track.key: track for track in old.tracks}
    after = {track.key: track for track in new.tracks}
    renamed = _present(new)
    anew = _reshaped(old, new)
    for name in {*state.tracks, *state.keys, *state.streaks, *state.seen, *state.keyed}:
        now = renamed.get(name, name)
        if name in anew:
            was, shape = shape_of(before[name]), shape_of(after[now])
            words = f"{was} was kept before, {shape} now" if was != shape else "its keys are of another kind now"
            yield Note("anew", "track", name, f"{words}: `{now}` begins anew")
            continue
        yield _carried("track", name, now, tuple(_redefined(before.get(name), after.get(now), old, new)))


def _present(core: ir.Program) -> dict[str, str]:
    """The present name of each renamed track."""
    return {track.was: track.key for track in core.tracks if track.was}


def _reshaped(old: ir.Program, new: ir.Program) -> frozenset[str]:
    """The tracks, by their old names, of which another thing is kept now, so that none of their numbers is carried."""
    after, renamed = {track.key: track for track in new.tracks}, _present(new)
    found = ((track, after.get(renamed.get(track.key, track.key))) for track in old.tracks)
    return frozenset(track.key for track, now in found if now is not None and _form(track, old) != _form(now, new))


def _form(track: ir.TrackDef, core: ir.Program) -> tuple[str, str]:
    """What a track keeps, and by keys of which kind."""
    return shape_of(track), "" if track.by_key is None else key_kind(track, declared(core))


def _carried(what: str, name: str, now: str, changes: tuple[str, ...]) -> Note:
    """The note of something that is there in both versions."""
    if now != name:
        return Note("renamed", what, name, "; ".join((f"`{now}` now", *changes)))
    return Note("changed" if changes else "carried", what, name, "; ".join(changes))


def _redefined(
    before: ir.TrackDef | None, after: ir.TrackDef | None, old: ir.Program, new: ir.Program
) -> Iterator[str]:
    """What is another in a track's definition. What was counted is never counted again."""
    if before is None or after is None:
        return
    windows = [_window(track.window, core) for track, core in ((before, old), (after, new))]
    if windows[0] != windows[1]:
        words = f"counted {windows[0][0]} before, {windows[1][0]} now"
        if windows[0][0] == windows[1][0]:
            words = f"its period `{before.window.period}` has other days now"
        yield f"{words}: what was counted stays in the occurrences that begin on its days"
    if before.decimals != after.decimals:
        yield f"{before.decimals} decimals before, {after.decimals} now"
    if _meaning(before) != _meaning(after):
        yield "it counts something else now; what was counted stays"


def _meaning(track: ir.TrackDef) -> bytes:
    return meaning(replace(track, name="", key="", was="", window=ir.Window("lifetime"), decimals=0, keys_max=0))


def _window(window: ir.Window, core: ir.Program) -> tuple[str, bytes]:
    """How a track or a limit is kept over time: in words, and with the days of its period."""
    period = next((each for each in core.periods if each.name == window.period), None)
    match window.kind:
        case "period":
            words = f"per {window.period}"
        case "rolling":
            words = f"over rolling {window.count} {window.unit}s"
        case "last":
            words = f"over the last {window.count} calendar {window.unit}s"
        case "lifetime":
            words = "for life"
        case "trial":
            words = f"per trial of {window.period}"
    return words, meaning(period)


# ---- limits ----


def _limits(old: ir.Program, new: ir.Program, names: Iterable[str]) -> Iterator[Note]:
    """Counters are found by the words of their limits: where these changed the count begins anew."""
    before, after = _owners(old), _owners(new)
    for name in names:
        owner, words = _words(name, before)
        now = next((each for each, was in after.items() if owner in (was, each)), "")
        if not owner or not now:
            yield Note("kept", "limit", name, "nothing reads it any more")
            continue
        found = _limit(words, now, new)
        if found is None:
            yield _begun_anew(name, words, now, new)
            continue
        same = _limit(words, owner, old)
        changes = tuple(_other_window(same, found, old, new)) if same is not None else ()
        yield _carried("limit", name, f"{now}: {words}", changes)


def _words(name: str, owners: Iterable[str]) -> tuple[str, str]:
    """Whose limit a counter is of, and the limit's words; nobody's where no owner is known by that name."""
    owner = next((each for each in owners if name.startswith(f"{each}: ")), "")
    return owner, name.removeprefix(f"{owner}: ")


def _owners(core: ir.Program) -> dict[str, str]:
    """Rules, matches, offers and groups that may have limits, and what each was called before."""
    rules: tuple[ir.RuleDef | ir.MatchDef | ir.OfferDef, ...] = (*core.rules, *core.matches, *core.offers)
    found = {rule.key: rule.was for rule in rules}
    groups: tuple[ir.GroupDef | ir.OfferGroupDef, ...] = (*core.groups, *core.offer_groups)
    found |= {limit.key.split(": ")[0]: "" for group in groups for limit in group.limits}
    return dict(sorted(found.items(), key=lambda each: -len(each[0])))


def _of_owner(owner: str, core: ir.Program) -> Iterator[ir.LimitDef]:
    for record in ir.records((core.rules, core.matches, core.offers, core.groups, core.offer_groups)):
        if isinstance(record, ir.LimitDef) and record.key.startswith(f"{owner}: "):
            yield record


def _limit(words: str, owner: str, core: ir.Program) -> ir.LimitDef | None:
    """The limit of an owner that counts under such words; the values of keys follow a limit's words."""
    for limit in _of_owner(owner, core):
        own = limit.key.removeprefix(f"{owner}: ")
        if words == own or (limit.keys and words.startswith(f"{own} ")):
            return limit
    return None


def _begun_anew(name: str, words: str, owner: str, core: ir.Program) -> Note:
    """A counter whose limit has other words now, or is gone."""
    unit = words.split(" ")[0]
    mine = [limit.key.removeprefix(f"{owner}: ") for limit in _of_owner(owner, core)]
    others = [own for own in mine if own.split(" ")[0] == unit] or mine
    if not others:
        return Note("kept", "limit", name, "nothing reads it any more")
    return Note("anew", "limit", name, f"`{owner}` is limited by `{', '.join(others)}` now, and its count begins anew")


def _other_window(before: ir.LimitDef, after: ir.LimitDef, old: ir.Program, new: ir.Program) -> Iterator[str]:
    if _window(before.scope.window, old)[1] != _window(after.scope.window, new)[1]:
        yield f"its period `{after.scope.window.period}` has other days now: its count begins anew where they differ"


# ---- units ----


def _units(old: ir.Program, new: ir.Program, state: State) -> Iterator[Note]:
    before, after = ({unit.name: unit for unit in core.units} for core in (old, new))
    for name in {lot.unit for lot in state.lots} | {_unit_of(name) for name in state.debts}:
        if name in before and name in after:
            yield _carried("unit", name, name, tuple(_other_unit(before[name], after[name])))


def _other_unit(before: ir.UnitDef, after: ir.UnitDef) -> Iterator[str]:
    if before.decimals != after.decimals:
        yield f"{before.decimals} decimals before, {after.decimals} now: every amount is counted anew"
    if _lives(before) != _lives(after):
        waiting = any(life.after_last for life in (*before.lives, *after.lives))
        kept = "a life after the last event holds for all lots at once" if waiting else "lots keep their last days"
        yield f"its life is another: {kept}"
    if before.use != after.use:
        yield f"used {before.use} before, {after.use} now"
    if before.floor != after.floor:
        yield "its least balance is another"
    now = {field.name: field for field in after.remembers}
    for field in before.remembers:
        if field.name not in now:
            yield f"lots no longer remember `{field.name}`: what they remembered is let go"
        elif replace(now[field.name], optional=field.optional) != field:
            yield f"what lots remember as `{field.name}` is declared otherwise; what they remember fits it"


def _lives(unit: ir.UnitDef) -> tuple[object, ...]:
    return unit.whichever, *map(meaning, unit.lives)


# ---- the rest ----


def _rules(old: ir.Program, new: ir.Program, state: State) -> Iterator[Note]:
    """Rules that lots came from, and matches."""
    rules = {rule.was: rule.key for rule in new.rules if rule.was}
    there = {rule.key for rule in new.rules}
    for source in {lot.source for lot in state.lots}:
        now = rules.get(source, source)
        if now != source:
            yield Note("renamed", "rule", source, f"`{now}` now; lots say that they came from it")
        elif source not in there and any(source == rule.key for rule in old.rules):
            yield Note("kept", "rule", source, "it is gone, and lots say that they came from it")
    matches = {match.was: match.key for match in new.matches if match.was}
    there = {match.key for match in new.matches}
    for name in state.matches:
        now = matches.get(name, name)
        gone = Note("kept", "match", name, "it is gone: a trial goes on to its last day, and then ends")
        yield _carried("match", name, now, ()) if now in there else gone


def _others(old: ir.Program, new: ir.Program, state: State) -> Iterator[Note]:
    """Tiers, schedules, and kinds of event whose last day is known."""
    before, after = ([] if core.tiers is None else [rung.name for rung in core.tiers.rungs] for core in (old, new))
    moved = before != after
    for tier in {holding.tier for holding in state.holdings}:
        why = f"the ladder is {', '.join(after)} now; holdings keep their last days" if moved else ""
        yield Note("changed" if moved else "carried", "tier", tier, why)
    events = {event.name for event in new.events}
    for what, names in (("schedule", state.settled), ("kind of event", state.last)):
        for name in names:
            if name in events:
                moved = what == "schedule" and _period_of(name, old) != _period_of(name, new)
                yield Note("changed" if moved else "carried", what, name, _OTHER_DAYS if moved else "")
            else:
                yield Note("kept", what, name, "nothing reads it any more")


_OTHER_DAYS: Final = (
    "its period has other days now: it goes on with the first occurrence that begins after the last that was settled"
)


def _period_of(schedule: str, core: ir.Program) -> bytes:
    """The days of the period of a schedule; nothing where the program has it not."""
    name = next((each.schedule.period for each in core.events if each.name == schedule and each.schedule), "")
    return meaning(next((each for each in core.periods if each.name == name), None))


# ---- amounts in other decimals ----


def _rescaled(old: ir.Program, new: ir.Program, state: State, who: str) -> State:
    """The state with the amounts of units and tracks whose decimals changed counted in the new ones; raises
    `EventRefused` where that is not exact."""
    units = _unit_shifts(old, new)
    names = {track.key: track.was or track.key for track in new.tracks}
    tracks = _shifts(
        {track.key: track.decimals for track in old.tracks},
        {names[track.key]: track.decimals for track in new.tracks},
    )
    if not units and not tracks:
        return state
    limits = _limit_shifts(state.limits, _owners(old), units)
    exact = _Exact(Place(f"the state of `{who}`" if who else "the state"))
    return replace(
        state,
        lots=[replace(lot, left=exact(lot.left, units.get(lot.unit, 0), lot.unit)) for lot in state.lots],
        debts={name: exact(owed, units.get(_unit_of(name), 0), name) for name, owed in state.debts.items()},
        limits=_shifted(state.limits, limits, exact),
        tracks=_shifted(state.tracks, tracks, exact),
        seen=_shifted(state.seen, tracks, exact),
        keyed={
            name: {day: _moved(values, tracks.get(name, 0), exact, name) for day, values in days.items()}
            for name, days in state.keyed.items()
        },
    )


def _let_go(old: ir.Program, new: ir.Program, state: State) -> State:
    """The state without the numbers of tracks that begin anew, and without what lots no longer remember."""
    anew = _reshaped(old, new)
    known = {unit.name: {field.name for field in unit.remembers} for unit in new.units}
    forgotten = {
        unit.name: {field.name for field in unit.remembers} - known[unit.name]
        for unit in old.units
        if unit.name in known
    }
    parts = {part: _without(getattr(state, part), anew) for part in ("tracks", "keys", "streaks", "seen", "keyed")}
    lots = [replace(lot, facts=_without(lot.facts, forgotten.get(lot.unit, ()))) for lot in state.lots]
    return replace(state, lots=lots, **parts)


def _without(named: Mapping[str, _Key], names: Collection[str]) -> dict[str, _Key]:
    return {name: value for name, value in named.items() if name not in names}


def _unit_shifts(old: ir.Program, new: ir.Program) -> dict[str, int]:
    return _shifts({unit.name: unit.decimals for unit in old.units}, {unit.name: unit.decimals for unit in new.units})


def _limit_shifts(names: Iterable[str], owners: Iterable[str], units: Mapping[str, int]) -> dict[str, int]:
    """The counters of amounts whose unit is counted anew."""
    words = {name: _words(name, owners)[1].split(" ")[0] for name in names}
    return {name: units[unit] for name, unit in words.items() if unit in units}


def _shifts(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """How many decimals more each name has now; those that have as many are left out."""
    return {name: places - before[name] for name, places in after.items() if before.get(name, places) != places}


def _shifted(
    values: Mapping[str, Mapping[int, int]], shifts: Mapping[str, int], exact: _Exact
) -> dict[str, dict[int, int]]:
    return {name: _moved(days, shifts.get(name, 0), exact, name) for name, days in values.items()}


def _moved(values: Mapping[_Key, int], shift: int, exact: _Exact, name: str) -> dict[_Key, int]:
    return {key: exact(value, shift, name) for key, value in values.items()}


class _Exact:
    """Counts an amount in more or fewer decimals; raises `EventRefused` where something would be lost."""

    def __init__(self, place: Place, code: str = "V131") -> None:
        self.place = place
        self.code = code

    def __call__(self, amount: int, shift: int, name: str) -> int:
        if shift >= 0:
            return int(amount * 10**shift)
        whole, rest = divmod(amount, 10**-shift)
        if rest:
            reason = f"{amount} of `{name}` is no whole number in the fewer decimals that it has now"
            raise EventRefused(Refused("", "", (fault(self.code, self.place, name, reason=reason),)))
        return int(whole)


def _unit_of(debt: str) -> str:
    """The unit of a debt, which in a pool kept apart says whose it is."""
    return debt.split(" ", 1)[0]
