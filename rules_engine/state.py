"""What is remembered about one owner, and how it changes.

In: a state and the changes of an outcome. Out: the next state. A state is a plain value: integers, texts and containers
of them, equal to its own JSON. Days count from 1970-01-01, amounts are minor or scaled units. Time moves a state only
by `advance`; nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias, TypeVar, assert_never

import msgspec

STATE_VERSION = 1
AMOUNT_MAX = 2**62 - 1
"""No amount and no track passes this."""


class Holding(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A tier held from a day up to and including another (None: for good), and why: a path, a match, a fall.

    >>> [(holding.tier, holding.until - holding.start) for holding in state.holdings]
    [('Gold', 183)]
    """

    tier: str
    start: int
    until: int | None
    reason: str


class MatchState(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A status match of the past or on trial: the matched tier, when it began, the trial's last day, how it ended
    (`trial`, `kept`, `ended`), and the event's fields that its later judgement reads."""

    tier: str
    start: int
    trial_until: int
    status: str
    facts: dict[str, int | str | bool | None] = {}


class Lot(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Units given together: what is left, the day they were earned, the last day they are pending and the last day they
    are valid (None: not pending, for ever), the rule that gave them, remembered facts; in a pool kept apart, whose they
    are.

    >>> [(lot.left, lot.unit, lot.source) for lot in state.lots]
    [(5, 'point', 'Points')]
    """

    unit: str
    left: int
    earned: int
    pending: int | None
    expires: int | None
    source: str
    facts: dict[str, int | str | bool | None] = {}
    holder: str = ""


class State(msgspec.Struct, omit_defaults=True, weakref=True):
    """The state of one owner. A new owner's state is `State()`.

    `day` is the last day it was advanced to. `tracks` holds values by occurrence (its first day; 0 for a lifetime; the
    day itself in rolling windows); `keys` the distinct values seen, `streaks` the first day of the last period that a
    streak met, `seen` what rewards last saw of a track, `limits` what was used by counter and occurrence, `last` the
    last day of those kinds of event that a unit's life counts from. `since` is the day the owner was first seen,
    `settled` the first day of the last occurrence settled by scheduled event, `keyed` what tracks by key hold, `debts`
    what is owed of a unit (in a pool kept apart under `UNIT HOLDER`).

    >>> program.state(state.to_json()) == state
    True
    """

    version: int = STATE_VERSION
    day: int | None = None
    tracks: dict[str, dict[int, int]] = {}
    keys: dict[str, dict[int, list[str]]] = {}
    streaks: dict[str, dict[int, int]] = {}
    seen: dict[str, dict[int, int]] = {}
    limits: dict[str, dict[int, int]] = {}
    holdings: list[Holding] = []
    matches: dict[str, list[MatchState]] = {}
    lots: list[Lot] = []
    last: dict[str, int] = {}
    since: int | None = None
    settled: dict[str, int] = {}
    keyed: dict[str, dict[int, dict[str, int]]] = {}
    debts: dict[str, int] = {}

    def to_json(self) -> bytes:
        """The state as JSON text, to be stored; `Program.state` reads it back."""
        return msgspec.json.encode({"version": self.version, **msgspec.to_builtins(self, str_keys=True)})


class Shared(msgspec.Struct, omit_defaults=True):
    """What the whole programme has used of the limits that all members share (`in total`, uses of a code): by counter
    and occurrence. The host keeps it in one place, passes it in and applies what an outcome reserved.

    >>> Shared.from_json(Shared({"Hello 20: times in total": {0: 3}}).to_json()).limits
    {'Hello 20: times in total': {0: 3}}
    """

    limits: dict[str, dict[int, int]] = {}
    version: int = STATE_VERSION

    def to_json(self) -> bytes:
        """The counters as JSON text."""
        return msgspec.json.encode({"version": self.version, **msgspec.to_builtins(self, str_keys=True)})

    @staticmethod
    def from_json(stored: bytes) -> Shared:
        """Read back what `to_json` gave; raises `msgspec.ValidationError` for anything else."""
        return msgspec.json.decode(stored, type=Shared)

    def reserve(self, reserved: Iterable[LimitUsed]) -> None:
        """Move the counters along, in place, by what an outcome reserved."""
        for change in reserved:
            used = self.limits.setdefault(change.limit, {})
            used[change.occurrence] = used.get(change.occurrence, 0) + change.after - change.before


class TrackMoved(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="track"):
    """A track's occurrence went from `before` to `after`."""

    track: str
    occurrence: int
    before: int
    after: int


class TrackDropped(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="track dropped"):
    """An occurrence that nothing can read any more."""

    track: str
    occurrence: int
    before: int


class KeySeen(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="key"):
    """A `distinct` track met a new value."""

    track: str
    occurrence: int
    value: str


class StreakMet(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="streak"):
    """A streak met another period: the first day of the one it met before, and of this one."""

    track: str
    occurrence: int
    before: int | None
    after: int


class MarkSeen(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="seen"):
    """What the reward stage saw of a track; `before` is None where it had not seen this occurrence."""

    track: str
    occurrence: int
    before: int | None
    after: int


class LimitUsed(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="limit"):
    """A limit's counter went from `before` to `after`."""

    limit: str
    occurrence: int
    before: int
    after: int


class LimitDropped(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="limit dropped"):
    """A counter of a window that has passed."""

    limit: str
    occurrence: int
    before: int


class LotLapsed(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="lapsed"):
    """A lot reached its end with something left; `day` is the last day it was valid."""

    lot: Lot
    day: int


class LotTaken(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="taken"):
    """So many units were taken from a lot, which stood as it is here."""

    lot: Lot
    count: int


class LotAdded(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="added"):
    """A lot came in other than as the plain award of its owner: booked by its event, or new with a return."""

    lot: Lot


class LotRestored(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="restored"):
    """Units came back by a return into the lot from which they were taken, or a lot that was used up came back."""

    lot: Lot


class DebtMoved(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="debt"):
    """What is owed of a unit went from `before` to `after`."""

    unit: str
    before: int
    after: int


class KeyMoved(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="keyed"):
    """A track by key went from `before` to `after` for one key; `before` is None where the key is new."""

    track: str
    occurrence: int
    key: str
    before: int | None
    after: int


class KeyDropped(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="key dropped"):
    """A key of a track that came with an event and went with its return."""

    track: str
    occurrence: int
    key: str
    before: int


class Settled(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="settled"):
    """A scheduled event was scored for the occurrence that begins on `after`."""

    schedule: str
    before: int | None
    after: int


class Seen(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="since"):
    """The owner was seen for the first time."""

    day: int


class HoldingBegan(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="holding"):
    """A holding was granted, or one of the same tier and reason was prolonged (`before` is the old one)."""

    holding: Holding
    before: Holding | None


class HoldingEnded(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="holding ended"):
    """A holding's last day has passed, or its match's trial was judged."""

    holding: Holding


class MatchMoved(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="match"):
    """A match began or was judged."""

    match: str
    before: MatchState | None
    after: MatchState


class LastDay(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="last"):
    """The last day of a kind of event."""

    event: str
    before: int | None
    after: int


class Advanced(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="day"):
    """Time moved to a day."""

    before: int | None
    after: int


Change: TypeAlias = (
    TrackMoved
    | TrackDropped
    | KeySeen
    | StreakMet
    | MarkSeen
    | LimitUsed
    | LimitDropped
    | LotLapsed
    | LotTaken
    | LotAdded
    | LotRestored
    | DebtMoved
    | KeyMoved
    | KeyDropped
    | Settled
    | Seen
    | HoldingBegan
    | HoldingEnded
    | MatchMoved
    | LastDay
    | Advanced
)


def apply(state: State, changes: Iterable[Change]) -> State:
    """The next state; the one given is left as it is.

    >>> moved = apply(State(), [TrackMoved("nights", 20819, 0, 3)])
    >>> moved.tracks
    {'nights': {20819: 3}}
    """
    after = copied(state)
    apply_in_place(after, changes)
    return after


def copied(state: State) -> State:
    """A copy that shares nothing that can change. Most states have few of all these: what is empty costs nothing."""
    keys, matches, keyed = state.keys, state.matches, state.keyed
    return State(
        version=state.version,
        day=state.day,
        tracks=_copied(state.tracks),
        keys={name: {day: list(seen) for day, seen in values.items()} for name, values in keys.items()} if keys else {},
        streaks=_copied(state.streaks),
        seen=_copied(state.seen),
        limits=_copied(state.limits),
        holdings=state.holdings.copy(),
        matches={name: list(found) for name, found in matches.items()} if matches else {},
        lots=state.lots.copy(),
        last=state.last.copy(),
        since=state.since,
        settled=state.settled.copy(),
        keyed={name: {day: dict(kept) for day, kept in values.items()} for name, values in keyed.items()}
        if keyed
        else {},
        debts=state.debts.copy(),
    )


def _copied(values: dict[str, dict[int, int]]) -> dict[str, dict[int, int]]:
    return {name: found.copy() for name, found in values.items()} if values else {}


def apply_in_place(state: State, changes: Iterable[Change]) -> None:
    """Move a state along, for a stream that keeps it; changes come in the order in which scoring made them."""
    for change in changes:
        _apply_one(state, change)


def _apply_one(state: State, change: Change) -> None:  # noqa: C901 - one row a kind of change
    match change:  # what is most common comes first
        case Advanced(after=day):
            state.day = day
        case LimitUsed(limit=name, occurrence=day, after=value):
            state.limits.setdefault(name, {})[day] = value
        case TrackMoved(track=name, occurrence=day, after=value):
            state.tracks.setdefault(name, {})[day] = value
        case TrackDropped(track=name, occurrence=day):
            _drop(state.tracks, name, day)
            _drop(state.keyed, name, day)
            _drop(state.keys, name, day)
            _drop(state.streaks, name, day)
            _drop(state.seen, name, day)
        case KeySeen(track=name, occurrence=day, value=key):
            state.keys.setdefault(name, {}).setdefault(day, []).append(key)
        case StreakMet(track=name, occurrence=day, after=value):
            state.streaks.setdefault(name, {})[day] = value
        case MarkSeen(track=name, occurrence=day, after=value):
            state.seen.setdefault(name, {})[day] = value
        case LimitDropped(limit=name, occurrence=day):
            _drop(state.limits, name, day)
        case LotLapsed(lot=lot):
            state.lots.remove(lot)
        case LotTaken(lot=lot, count=count):
            take_lot(state.lots, lot, count)
        case LotAdded(lot=lot):
            add_lot(state.lots, lot)
        case LotRestored(lot=lot):
            add_lot(state.lots, lot, first=True)
        case DebtMoved(unit=name, after=value):
            if value:
                state.debts[name] = value
            else:
                state.debts.pop(name, None)
        case KeyMoved(track=name, occurrence=day, key=key, after=value):
            state.keyed.setdefault(name, {}).setdefault(day, {})[key] = value
        case KeyDropped(track=name, occurrence=day, key=key):
            del state.keyed[name][day][key]
        case Settled(schedule=name, after=value):
            state.settled[name] = value
        case Seen(day=day):
            state.since = day
        case HoldingBegan(holding=holding, before=before):
            _replace(state.holdings, before, holding)
        case HoldingEnded(holding=holding):
            state.holdings.remove(holding)
        case MatchMoved(match=name, before=before_match, after=after):
            _replace(state.matches.setdefault(name, []), before_match, after)
        case LastDay(event=name, after=day):
            state.last[name] = day
        case _:
            assert_never(change)


_Item = TypeVar("_Item")
_Values = TypeVar("_Values")


def _drop(values: dict[str, dict[int, _Values]], name: str, day: int) -> None:
    found = values.get(name)
    if found is not None:
        found.pop(day, None)
        if not found:
            del values[name]


def _replace(items: list[_Item], before: _Item | None, after: _Item) -> None:
    if before is None:
        items.append(after)
    else:
        items[items.index(before)] = after


def add_lot(lots: list[Lot], lot: Lot, *, first: bool = False) -> None:
    """Add a lot; one that differs only in what is left grows instead. Lots stand by the day they were earned, those of
    one day by unit, holder and last days, those that are alike in all this as they came. What is used up was the
    `first` of these, and comes back as the first: so taking and giving back leaves everything as it was. One whose last
    day has passed before it was earned is never had."""
    if lot.expires is not None and lot.expires < lot.earned:
        return
    place = len(lots)
    while place and lots[place - 1].earned > lot.earned:
        place -= 1
    for at in range(place - 1, -1, -1):
        other = lots[at]
        if other.earned < lot.earned:
            break
        if same_lot(other, lot) and other.left + lot.left <= AMOUNT_MAX:
            lots[at] = msgspec.structs.replace(other, left=other.left + lot.left)
            return
        if _rank(other) >= _rank(lot) if first else _rank(other) > _rank(lot):
            place = at
    lots.insert(place, lot)


def _rank(lot: Lot) -> tuple[str, str, bool, int, int]:
    """Where a lot stands among those of its day; never ending comes last."""
    return lot.unit, lot.holder, lot.expires is None, lot.expires or 0, lot.pending or 0


def take_lot(lots: list[Lot], lot: Lot, count: int) -> None:
    """Take units from a lot; an empty lot is gone. Raises `ValueError` where there is no such lot."""
    place = lots.index(lot)
    if count == lot.left:
        del lots[place]
    else:
        lots[place] = msgspec.structs.replace(lot, left=lot.left - count)


def same_lot(lot: Lot, other: Lot) -> bool:
    """Whether two lots differ only in what is left, so that they are kept as one."""
    return (
        lot.unit == other.unit
        and lot.earned == other.earned
        and lot.source == other.source
        and lot.pending == other.pending
        and lot.expires == other.expires
        and lot.facts == other.facts
        and lot.holder == other.holder
    )
