"""Limits: how much room an owner has left, and how what is wanted is cut to it.

A limit counts for the member, their household, another member whom the event names, the whole programme, or this event
alone. Its counter stands with its owner; where it has keys, their values follow its name.

A rule's amounts are cut in this order: its limits by times, its limits by amount, then those of its group, each in the
order of the text. What a rule takes is noted in `Taken` and becomes a change only when the whole rule has acted, so
that `or nothing` can forget it.

An amount is a list of parts. Usually it has one; where a limit goes by a day of each line, it has one for each line,
and every limit groups the parts by the occurrence it counts them in. Within an occurrence the parts are cut in
proportion, by the one allocation. A part whose day is absent, or in no occurrence of the period, counts against
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import msgspec

from rules_engine import ir
from rules_engine.allocation import spread
from rules_engine.backends.reference import times
from rules_engine.backends.reference.expressions import day, evaluate, on_lines
from rules_engine.backends.reference.run import Book, Env, Run
from rules_engine.backends.reference.trace import LimitNoted, noting
from rules_engine.state import LimitDropped, LimitUsed


class Counter(msgspec.Struct, frozen=True, order=True):
    """Where something counts: the kind of owner, another member's id, the counter's name, the key of an occurrence."""

    owner: str
    person: str
    name: str
    occurrence: int


class Taken(msgspec.Struct):
    """What a rule has taken from its limits so far."""

    counts: dict[Counter, int] = {}
    limits: dict[str, ir.LimitDef] = {}

    def add(self, limit: ir.LimitDef, counter: Counter, count: int) -> None:
        """Take some more."""
        self.limits[counter.name] = limit
        self.counts[counter] = self.counts.get(counter, 0) + count


def limits_of(rule: ir.RuleDef, env: Env) -> tuple[list[ir.LimitDef], list[ir.LimitDef]]:
    """The limits that a rule meets, by times and by amount, in the order in which they are asked."""
    group = env.run.world.groups.get(rule.group)
    shared = group.limits if group is not None else ()
    times_limits = [limit for limit in (*rule.limits, *shared) if limit.times is not None]
    return times_limits, [limit for limit in (*rule.limits, *shared) if limit.times is None]


def time_left(limit: ir.LimitDef, taken: Taken, env: Env) -> bool:
    """Whether a rule may act once more under a limit by times."""
    assert limit.times is not None
    counter = counter_of(limit, env)
    if counter is None:
        return True
    room = limit.times - used(limit, counter, taken, env)
    _note(env, limit, counter.occurrence, limit.times - room, room, 1, min(1, max(0, room)))
    return room >= 1


def take_time(limit: ir.LimitDef, taken: Taken, env: Env) -> None:
    """Count one time."""
    counter = counter_of(limit, env)
    if counter is not None:
        taken.add(limit, counter, 1)


def cut(limit: ir.LimitDef, parts: list[int], keys: Sequence[Any], taken: Taken, env: Env) -> list[int]:
    """The parts of an amount cut to the room of one limit."""
    assert limit.amount is not None
    after = list(parts)
    for counter, places in _grouped(limit, len(parts), env).items():
        asked = sum(parts[place] for place in places)
        before = used(limit, counter, taken, env)
        room = max(0, limit.amount - before)
        _note(env, limit, counter.occurrence, before, room, asked, min(asked, room))
        if asked > room:
            some = [parts[place] for place in places]
            cuts = spread(room, some, None, [keys[place] for place in places], env.run.world.core.header.remainder)
            for place, part in zip(places, cuts, strict=True):
                after[place] = part
    return after


def cut_whole(limit: ir.LimitDef, asked: int, taken: Taken, env: Env) -> int:
    """An amount of one part cut to the room of one limit."""
    return cut(limit, [asked], [0], taken, env)[0]


def take_amount(limit: ir.LimitDef, parts: Sequence[int], taken: Taken, env: Env) -> None:
    """Count what was given against a limit by amount."""
    for counter, places in _grouped(limit, len(parts), env).items():
        given = sum(parts[place] for place in places)
        if given:
            taken.add(limit, counter, given)


def _grouped(limit: ir.LimitDef, count: int, env: Env) -> dict[Counter, list[int]]:
    """Which parts count in which occurrence."""
    if not limit.scope.by_line:
        counter = counter_of(limit, env)
        return {} if counter is None else {counter: list(range(count))}
    found: dict[Counter, list[int]] = {}
    for on in on_lines(env):
        counter = counter_of(limit, on)
        if counter is not None:
            found.setdefault(counter, []).append(on.number)
    return found


def counter_of(limit: ir.LimitDef, env: Env) -> Counter | None:
    """Where a limit counts; None where it counts nothing: its day is absent or in no occurrence, or a key is absent."""
    with noting(env.run.trace, []):
        values = [evaluate(key, env) for key in limit.keys]
    person = env.run.fields.get(limit.other) if limit.owner == "other" else ""
    occurrence = scope_key(limit, env)
    if occurrence is None or person is None or any(value is None for value in values):
        return None
    return Counter(limit.owner, str(person), " ".join([limit.key, *map(text_of, values)]), occurrence)


def text_of(value: object) -> str:
    """A key's value as it stands in the name of a counter."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, int | Fraction) else str(value)


def scope_key(limit: ir.LimitDef, env: Env) -> int | None:
    """The occurrence that a limit counts in; None where it counts nothing. Per line it counts each line by itself."""
    if limit.scope.by_line and limit.scope.by is None:
        return env.number
    with noting(env.run.trace, []):
        when = env.run.posted if limit.scope.by is None else day(limit.scope.by, env)
    return None if when is None else times.key_of(limit.scope.window, when, env)


def used(limit: ir.LimitDef, counter: Counter, taken: Taken, env: Env) -> int:
    """What was used before, the rule's own takings included.

    A moving window counts its days up to the one at hand, and later ones too: a late event finds no room that is gone.
    """
    counts = dict(_counted(counter, env.run))
    for own, count in taken.counts.items():
        if (own.owner, own.person, own.name) == (counter.owner, counter.person, counter.name):
            counts[own.occurrence] = counts.get(own.occurrence, 0) + count
    since = times.keys_back(limit.scope.window, counter.occurrence, env)
    if since is None:
        return counts.get(counter.occurrence, 0)
    return sum(count for at, count in counts.items() if at >= since)


def _counted(counter: Counter, run: Run) -> Mapping[int, int]:
    """What was used by occurrence: of the owner's own counter, or of the programme's with what this event reserved."""
    if counter.owner == "event":
        return {at.occurrence: count for at, count in run.counted.items() if at.name == counter.name}
    if counter.owner != "shared":
        return _book(counter, run).state.limits.get(counter.name, {})
    reserved = {each.occurrence: each.after for each in run.reserved if each.limit == counter.name}
    return {**run.shared.limits.get(counter.name, {}), **reserved}


def _book(counter: Counter, run: Run) -> Book:
    if counter.owner == "household":
        return run.pool
    return run.book_of(counter.person) if counter.owner == "other" else run.book


def commit(taken: Taken, run: Run) -> None:
    """Make what a rule took into changes of its owners' states, and into what is reserved of shared counters."""
    for counter, count in sorted(taken.counts.items()):
        if counter.owner == "event":
            run.counted[counter] = run.counted.get(counter, 0) + count
            continue
        before = _counted(counter, run).get(counter.occurrence, 0)
        moved = LimitUsed(counter.name, counter.occurrence, before, before + count)
        if counter.owner == "shared":
            run.reserved.append(moved)
        else:
            _book(counter, run).record(moved)
            run.counters.setdefault(counter.name, taken.limits[counter.name])


def tidy(run: Run) -> None:
    """Drop, of the counters that moved, the occurrences that nothing can read any more; those of offers come last."""
    own = {limit.key for limit in run.world.limits}
    counters = sorted(run.counters.items(), key=lambda each: (each[1].key not in own, each[0]))
    for book in (run.book, run.pool, *(book for _, book in sorted(run.others.items()))):
        moved = {change.limit for change in book.changes if isinstance(change, LimitUsed)}
        for counter, limit in counters:
            if counter in moved:
                counts = book.state.limits[counter]
                for key in times.outdated(limit.scope.window, counts, Env(run)):
                    book.record(LimitDropped(counter, key, counts[key]))


def _note(env: Env, limit: ir.LimitDef, key: int, before: int, room: int, asked: int, passed: int) -> None:
    if env.run.trace is not None:
        env.run.trace.limits.append(LimitNoted(limit, key, before, room, asked, passed))
