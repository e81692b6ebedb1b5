"""What generated functions call: small steps on states and amounts that are the same for every program.

In: values that a generated function has loaded. Out: values and changes. Each mirrors a step of the reference, which
says what it means; generated code only calls these where writing the step out would gain nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from math import gcd
from operator import attrgetter
from typing import Any

import msgspec

from rules_engine.allocation import spread
from rules_engine.outcome import Award, TierChange
from rules_engine.state import (
    AMOUNT_MAX,
    Change,
    Holding,
    HoldingBegan,
    KeySeen,
    LimitDropped,
    LimitUsed,
    Lot,
    TrackDropped,
    TrackMoved,
)

TRACK_MAX = AMOUNT_MAX
_left, _given = attrgetter("left"), attrgetter("given")


class NoAward(Exception):  # noqa: N818 - control flow of generated code
    """A table reached `no award`."""


def stop() -> Any:
    """End the rule at hand."""
    raise NoAward


def cut(value: int, step: int) -> int:
    """Whole steps of a number, cut towards zero."""
    return value // step if value >= 0 else -(-value // step)


def different(values: set[Any]) -> int:
    """How many different values there are, an absent one left out."""
    return len(values) - (None in values)


def later(day: int | None) -> int:
    """A day for comparing; an absent one lies after every day."""
    return 2**62 if day is None else day


def slices(before: int, added: int, bounds: Sequence[int]) -> list[int]:
    """How much of [before, before + added) lies in each row that starts at a bound; negative on the way back."""
    low, high = (before, before + added) if added >= 0 else (before + added, before)
    sign = 1 if added >= 0 else -1
    last = len(bounds) - 1
    found = []
    for place, bound in enumerate(bounds):
        start = low if place == 0 else max(low, bound)
        end = high if place == last else min(high, bounds[place + 1])
        found.append(sign * (end - start) if start < end else 0)
    return found


def dot(left: Iterable[int], right: Iterable[int]) -> int:
    """The sum of products."""
    return sum(a * b for a, b in zip(left, right, strict=True))


def mixed(lists: Sequence[Sequence[int]], factors: Sequence[int], den: int) -> tuple[int, ...]:
    """Weights from several shares, times their least common denominator."""
    sums = [dot(column, factors) for column in zip(*lists, strict=True)]
    common = gcd(den, *sums)
    return tuple(value // common for value in sums)


def repeats(names: Iterable[Any]) -> bool:
    """Whether a name comes twice; an absent one may."""
    known = [name for name in names if name is not None]
    return len(set(known)) != len(known)


def hashed(salt: str, member: str) -> int:
    """A member's place in 10,000 parts."""
    digest = sha256(salt.encode() + b"\0" + member.encode()).digest()
    return int.from_bytes(digest[:8], "big") % 10_000


# ---- the state before the event


def held_rung(holdings: Iterable[Holding], day: int, rungs: dict[str, int]) -> int:
    """The highest rung held on a day."""
    best = 0
    for each in holdings:
        if each.start <= day and (each.until is None or day <= each.until):
            rung = rungs[each.tier]
            best = max(rung, best)
    return best


def balance(lots: Iterable[Lot], unit: str, day: int, pending: bool) -> int:
    """What a member has of a unit on a day before which nothing is due, so that every lot is live."""
    return sum(lot.left for lot in lots if lot.unit == unit and (pending or lot.pending is None or day > lot.pending))


def fresh(awards: Iterable[Award], unit: str, day: int, pending: bool, lapses: bool) -> int:
    """What this event's earns added to a balance; `lapses` where what ends before its own day is gone at once."""
    return sum(
        award.given
        for award in awards
        if award.unit == unit
        and (not lapses or award.expires is None or day <= award.expires)
        and (pending or award.pending is None or day > award.pending)
    )


def overfull(lots: Iterable[Lot], awards: Iterable[Award]) -> bool:
    """Whether awards would leave more of a unit than an amount can hold."""
    if sum(map(_left, lots)) + sum(map(_given, awards)) <= AMOUNT_MAX:
        return False
    given: dict[str, int] = {}
    for award in awards:
        given[award.unit] = given.get(award.unit, 0) + award.given
    left = {unit: sum(lot.left for lot in lots if lot.unit == unit) for unit in given}
    return any(count and left[unit] + count > AMOUNT_MAX for unit, count in given.items())


def counted(values: dict[int, int] | None, since: int, day: int) -> int:
    """A moving window's sum."""
    return sum(value for key, value in values.items() if since <= key <= day) if values else 0


def met_keys(keys: dict[int, list[str]], key: int | None, since: int | None, day: int) -> int:
    """How many different values a track has met in an occurrence, or in a moving window."""
    if since is None:
        return len(keys.get(key, ())) if key is not None else 0
    return len({value for at, values in keys.items() if since <= at <= day for value in values})


def meet(
    changes: list[Change], track: str, keys: dict[int, list[str]], key: int, values: Iterable[Any]
) -> dict[int, list[str]]:
    """Note the values that an occurrence had not met, sorted; the keys with them."""
    known = keys.get(key, [])
    new = sorted({str(int(v)) if isinstance(v, int) else v for v in values if v is not None} - set(known))
    changes.extend(KeySeen(track, key, value) for value in new)
    return {**keys, key: [*known, *new]} if new else keys


def _old(keys: Iterable[int], since: int | None, day: int) -> list[int]:
    """The occurrences that nothing can read any more: all but the newest two that have begun, or what left the
    window."""
    begun = sorted(key for key in keys if key <= day)
    return begun[:-2] if since is None else [key for key in begun if key < since]


def tidy_keys(
    changes: list[Change],
    name: str,
    before: dict[int, list[str]],
    after: dict[int, list[str]],
    since: int | None,
    day: int,
) -> None:
    """Drop occurrences of a `distinct` track that met something new."""
    if after and after is not before:
        changes.extend([TrackDropped(name, key, len(after[key])) for key in _old(after, since, day)])


def used(values: dict[int, int] | None, since: int) -> int:
    """What a moving limit has used, later days included."""
    return sum(value for key, value in values.items() if key >= since) if values else 0


# ---- amounts


def part_lists(
    awards: Sequence[tuple[int, tuple[int, ...]]], count: int, keys: Sequence[Any] | None, remainder: Any
) -> list[int]:
    """What a rule gave on each line, over all its effects."""
    total = [0] * count
    for given, weights in awards:
        if weights and given:
            parts = spread(given, weights, None, keys, remainder)
            total = [a + b for a, b in zip(total, parts, strict=True)]
    return total


def line_keys(lines: Sequence[dict[str, Any]], id_field: str, names: Sequence[str]) -> list[Any]:
    """What orders the lines of an event, whatever order they came in."""
    if id_field and all(line[id_field] is not None for line in lines):
        return [line[id_field] for line in lines]
    return [
        (*((False, 0) if line[name] is None else (True, line[name]) for name in names), place)
        for place, line in enumerate(lines)
    ]


# ---- tiers


def grant(
    holdings: list[Holding], changes: list[Change], tier: str, start: int, until: int | None, reason: str
) -> list[Holding]:
    """Grant a holding, or prolong the one of the same tier and reason; an end never comes nearer."""
    if until is not None and until < start:
        return holdings
    same = None
    for each in holdings:
        if each.tier == tier and each.reason == reason:
            same = each
    if same is not None and same.until == until:
        return holdings
    if same is None:
        began = Holding(tier, start, until, reason)
        changes.append(HoldingBegan(began, None))
        return [*holdings, began]
    if same.until is not None and (until is None or until > same.until):
        longer = msgspec.structs.replace(same, until=until)
        changes.append(HoldingBegan(longer, same))
        place = holdings.index(same)
        return [*holdings[:place], longer, *holdings[place + 1 :]]
    return holdings


def tier_changes(
    holdings: list[Holding], before: int, day: int, rungs: dict[str, int], names: Sequence[str]
) -> tuple[TierChange, ...]:
    """The change of the held tier, if there is one, and which holding carries it."""
    after = held_rung(holdings, day, rungs)
    if after == before:
        return ()
    carriers = [
        each
        for each in holdings
        if each.tier == names[after] and each.start <= day and (each.until is None or day <= each.until)
    ]
    carriers.sort(key=lambda each: each.start != day)
    reason = carriers[0].reason if carriers else f"after {names[before]}"
    return (TierChange(names[before], names[after], day, reason),)


# ---- what nothing can read any more


def tidy_track(
    changes: list[Change], name: str, values: dict[int, int] | None, moved: dict[int, int], since: int | None, day: int
) -> None:
    """Drop old occurrences of a track that moved."""
    changes.extend([TrackDropped(name, key, value) for key, value in _dropped(values or {}, moved, since, day)])


def tidy_limit(
    changes: list[Change], name: str, values: dict[int, int] | None, moved: dict[int, int], since: int | None, day: int
) -> None:
    """The same for a limit's counters."""
    if moved != values:
        changes.extend([LimitDropped(name, key, value) for key, value in _dropped(values or {}, moved, since, day)])


def _dropped(values: dict[int, int], moved: dict[int, int], since: int | None, day: int) -> Sequence[tuple[int, int]]:
    """The old occurrences of values that moved."""
    if since is None and len(values) + len(moved) <= 2:
        return ()
    after = {**values, **moved}
    return [(key, after[key]) for key in _old(after, since, day)]


# ---- rules with several effects or marks


class Act(msgspec.Struct):
    """One effect in one turn: what it wants, and what limits leave of it. `limits` are its limits by amount."""

    place: int
    unit: str
    wanted: int
    weights: tuple[int, ...]
    pending: int | None
    until: int | None
    facts: dict[str, Any]
    steps: int
    or_nothing: bool
    limits: tuple[str, ...]
    given: int = 0
    cut: str = ""


class Room(msgspec.Struct):
    """A limit as a rule meets it: how much it allows, the occurrence it counts in (None: it does not reach this event)
    or that of each line, what was used by occurrence, what the rule took."""

    limit: str
    times: int | None
    amount: int | None
    or_nothing: bool
    key: int | None
    by_line: list[int | None] | None
    used: dict[int | None, int]
    taken: dict[int, int] = {}

    def groups(self, count: int) -> dict[int, list[int]]:
        """Which parts count in which occurrence."""
        if self.by_line is None:
            return {} if self.key is None else {self.key: list(range(count))}
        found: dict[int, list[int]] = {}
        for place, key in enumerate(self.by_line):
            if key is not None:
                found.setdefault(key, []).append(place)
        return found

    def left(self, key: int) -> int:
        """What is left of an amount."""
        return max(0, (self.amount or 0) - self.used.get(key, 0) - self.taken.get(key, 0))


def serve(
    turns: Sequence[Sequence[Act]], rooms: Sequence[Room], keys: Sequence[Any] | None, odd: Any
) -> Sequence[Room]:
    """Cut what is wanted to the room of all limits, turn by turn; a cut with `or nothing` cancels everything."""
    by_times = [room for room in rooms if room.times is not None and room.key is not None]
    by_amount = [room for room in rooms if room.times is None]
    cancelled = _served(turns, by_times, by_amount, keys, odd)
    if cancelled is not None:
        for turn in turns:
            for act in turn:
                act.given, act.cut = 0, cancelled
        for room in rooms:
            room.taken = {}
    return rooms


def _served(
    turns: Sequence[Sequence[Act]], by_times: list[Room], by_amount: list[Room], keys: Sequence[Any] | None, odd: Any
) -> str | None:
    """Serve all turns; the key of the limit that cancels the rule, if one does."""
    for turn in turns:
        if not turn:
            continue
        full = next((room for room in by_times if _times(room) >= (room.times or 0)), None)
        if full is not None:
            if full.or_nothing or any(act.or_nothing for act in turn):
                return full.limit
            for act in turn:
                act.cut = full.limit
            continue
        for act in turn:
            lined = any(act.weights)
            own = [room for room in by_amount if room.limit in act.limits and (lined or room.by_line is None)]
            cancelled = _cut_act(act, own, keys, odd)
            if cancelled is not None:
                return cancelled
        if any(act.given for act in turn):
            for room in by_times:
                assert room.key is not None
                room.taken[room.key] = room.taken.get(room.key, 0) + 1
    return None


def _times(room: Room) -> int:
    assert room.key is not None
    return room.used.get(room.key, 0) + room.taken.get(room.key, 0)


def _cut_act(act: Act, own: list[Room], keys: Sequence[Any] | None, odd: Any) -> str | None:
    """Whole steps, each limit in turn, whole steps again; the key of the limit that cancels the rule, if one does."""
    amount = act.wanted // act.steps * act.steps
    parts, ties = [amount], None
    if act.weights and any(room.by_line is not None for room in own):
        parts, ties = spread(amount, act.weights, None, keys, odd), keys
    for room in own:
        before = sum(parts)
        for key, places in room.groups(len(parts)).items():
            asked = [parts[place] for place in places]
            if sum(asked) > room.left(key):
                order = None if ties is None else [ties[place] for place in places]
                for place, part in zip(places, spread(room.left(key), asked, None, order, odd), strict=True):
                    parts[place] = part
        if sum(parts) < before:
            act.cut = room.limit
            if room.or_nothing or act.or_nothing:
                return room.limit
    act.given = sum(parts) // act.steps * act.steps
    if act.given < sum(parts):
        parts = spread(act.given, parts, None, ties, odd)
    for room in own:
        for key, places in room.groups(len(parts)).items():
            taken = sum(parts[place] for place in places)
            if taken:
                room.taken[key] = room.taken.get(key, 0) + taken
    return None


def take_by_line(changes: list[Change], limit: str, counts: dict[int, int], taken: dict[int, int]) -> None:
    """Note what a rule took of a limit that goes by the days of lines."""
    for key, count in sorted(taken.items()):
        before = counts.get(key, 0)
        changes.append(LimitUsed(limit, key, before, before + count))
        counts[key] = before + count


def sums_by_line(values: Sequence[int | None], keys: Sequence[int | None]) -> dict[int, int]:
    """What an event adds to each occurrence, where each line has its own."""
    found: dict[int, int] = {}
    for value, key in zip(values, keys, strict=True):
        if value is not None and key is not None:
            found[key] = found.get(key, 0) + value
    return found


def move_by_line(
    changes: list[Change], track: str, values: dict[int, int] | None, added: dict[int, int]
) -> dict[int, int] | None:
    """Note what an event adds to each occurrence of a track; the new values, or None where one would pass its bound."""
    moved: dict[int, int] = {}
    for key, count in sorted(added.items()):
        before = values.get(key, 0) if values else 0
        if not -TRACK_MAX <= before + count <= TRACK_MAX:
            return None
        if count:
            changes.append(TrackMoved(track, key, before, before + count))
            moved[key] = before + count
    return moved


def slices_by_line(values: dict[int, int] | None, added: dict[int, int], bounds: Sequence[int]) -> list[int]:
    """The slices of a contribution that goes to several occurrences."""
    total = [0] * len(bounds)
    for key, count in sorted(added.items()):
        part = slices(values.get(key, 0) if values else 0, count, bounds)
        total = [a + b for a, b in zip(total, part, strict=True)]
    return total


def earliest(*days: int | None) -> int | None:
    """The first of several ends; None is no end."""
    return min((day for day in days if day is not None), default=None)


def latest(*days: int | None) -> int | None:
    """The last of several ends; None is no end, so it is the last of all."""
    return None if None in days else max(day for day in days if day is not None)
