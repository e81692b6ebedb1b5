"""What is remembered about one owner, and how it changes.

In: a state and the changes of an outcome. Out: the next state. A state is a plain value: integers, texts and containers
of them, equal to its own JSON. Days count from 1970-01-01, amounts are minor or scaled units. Time moves a state only by
`advance`; nothing here reads a clock.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

STATE_VERSION = 1


class Holding(msgspec.Struct, frozen=True):
    """A tier held from a day up to and including another (None: for good), and why: a path, a match, a fall."""

    tier: str
    start: int
    until: int | None
    reason: str


class MatchState(msgspec.Struct, frozen=True):
    """A status match of the past or on trial: the matched tier, when it began, the trial's last day, how it ended
    (`trial`, `kept`, `ended`), and the event's fields that its later judgement reads."""

    tier: str
    start: int
    trial_until: int
    status: str
    facts: dict[str, int | str | bool | None] = {}


class Lot(msgspec.Struct, frozen=True):
    """Units given together: what is left, the day they were earned, the last day they are pending and the last day they
    are valid (None: not pending, for ever), the rule that gave them, remembered facts."""

    unit: str
    left: int
    earned: int
    pending: int | None
    expires: int | None
    source: str
    facts: dict[str, int | str | bool | None] = {}


class State(msgspec.Struct, omit_defaults=True):
    """The state of one owner. A new owner's state is `State()`.

    `day` is the last day it was advanced to. `tracks` holds values by occurrence (its first day; 0 for a lifetime; the
    day itself in rolling windows); `keys` the distinct values seen, `seen` what rewards last saw of a track, `limits` what
    was used by counter and occurrence, `last` the last day of each kind of event.
    """

    version: int = STATE_VERSION
    day: int | None = None
    tracks: dict[str, dict[int, int]] = {}
    keys: dict[str, dict[int, list[str]]] = {}
    seen: dict[str, dict[int, int]] = {}
    limits: dict[str, dict[int, int]] = {}
    holdings: list[Holding] = []
    matches: dict[str, list[MatchState]] = {}
    lots: list[Lot] = []
    last: dict[str, int] = {}


class TrackMoved(msgspec.Struct, frozen=True, array_like=True, tag="track"):
    """A track's occurrence went from `before` to `after`."""

    track: str
    occurrence: int
    before: int
    after: int


class TrackDropped(msgspec.Struct, frozen=True, array_like=True, tag="track dropped"):
    """An occurrence that nothing can read any more."""

    track: str
    occurrence: int
    before: int


class KeySeen(msgspec.Struct, frozen=True, array_like=True, tag="key"):
    """A `distinct` track met a new value."""

    track: str
    occurrence: int
    value: str


class MarkSeen(msgspec.Struct, frozen=True, array_like=True, tag="seen"):
    """What the reward stage saw of a track."""

    track: str
    occurrence: int
    before: int
    after: int


class LimitUsed(msgspec.Struct, frozen=True, array_like=True, tag="limit"):
    """A limit's counter went from `before` to `after`."""

    limit: str
    occurrence: int
    before: int
    after: int


class LimitDropped(msgspec.Struct, frozen=True, array_like=True, tag="limit dropped"):
    """A counter of a window that has passed."""

    limit: str
    occurrence: int
    before: int


class LotGiven(msgspec.Struct, frozen=True, array_like=True, tag="lot"):
    """A lot was given; one of the same unit, days, source and facts grows instead."""

    lot: Lot


class LotLapsed(msgspec.Struct, frozen=True, array_like=True, tag="lapsed"):
    """A lot reached its end with something left; `day` is the last day it was valid."""

    lot: Lot
    day: int


class HoldingBegan(msgspec.Struct, frozen=True, array_like=True, tag="holding"):
    """A holding was granted, or one of the same tier and reason was prolonged (`before` is the old one)."""

    holding: Holding
    before: Holding | None


class HoldingEnded(msgspec.Struct, frozen=True, array_like=True, tag="holding ended"):
    """A holding's last day has passed, or its match's trial was judged."""

    holding: Holding


class MatchMoved(msgspec.Struct, frozen=True, array_like=True, tag="match"):
    """A match began or was judged."""

    match: str
    before: MatchState | None
    after: MatchState


class LastDay(msgspec.Struct, frozen=True, array_like=True, tag="last"):
    """The last day of a kind of event."""

    event: str
    before: int | None
    after: int


class Advanced(msgspec.Struct, frozen=True, array_like=True, tag="day"):
    """Time moved to a day."""

    before: int | None
    after: int


Change: TypeAlias = (
    TrackMoved
    | TrackDropped
    | KeySeen
    | MarkSeen
    | LimitUsed
    | LimitDropped
    | LotGiven
    | LotLapsed
    | HoldingBegan
    | HoldingEnded
    | MatchMoved
    | LastDay
    | Advanced
)
