"""Limits: how much room a member, or the whole programme, has left, and how what is wanted is cut to it.

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
from typing import Any

import msgspec

from rules_engine import ir
from rules_engine.allocation import spread
from rules_engine.backends.reference import times
from rules_engine.backends.reference.expressions import day, on_lines
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.trace import LimitNoted, noting
from rules_engine.state import LimitDropped, LimitUsed

Counter = tuple[str, int]
"""A limit's key and the key of an occurrence."""


class Taken(msgspec.Struct):
    """What a rule has taken from its limits so far; `shared` are the keys of those that the whole programme shares."""

    counts: dict[Counter, int] = {}
    shared: set[str] = set()

    def add(self, limit: ir.LimitDef, key: int, count: int) -> None:
        """Take some more."""
        if limit.owner == "shared":
            self.shared.add(limit.key)
        self.counts[limit.key, key] = self.counts.get((limit.key, key), 0) + count


def limits_of(rule: ir.RuleDef, env: Env) -> tuple[list[ir.LimitDef], list[ir.LimitDef]]:
    """The limits that a rule meets, by times and by amount, in the order in which they are asked."""
    group = env.run.world.groups.get(rule.group)
    shared = group.limits if group is not None else ()
    times_limits = [limit for limit in (*rule.limits, *shared) if limit.times is not None]
    return times_limits, [limit for limit in (*rule.limits, *shared) if limit.times is None]


def time_left(limit: ir.LimitDef, taken: Taken, env: Env) -> bool:
    """Whether a rule may act once more under a limit by times."""
    assert limit.times is not None
    key = scope_key(limit, env)
    if key is None:
        return True
    room = limit.times - used(limit, key, taken, env)
    _note(env, limit, key, limit.times - room, room, 1, min(1, max(0, room)))
    return room >= 1


def take_time(limit: ir.LimitDef, taken: Taken, env: Env) -> None:
    """Count one time."""
    key = scope_key(limit, env)
    if key is not None:
        taken.add(limit, key, 1)


def cut(limit: ir.LimitDef, parts: list[int], keys: Sequence[Any], taken: Taken, env: Env) -> list[int]:
    """The parts of an amount cut to the room of one limit."""
    assert limit.amount is not None
    after = list(parts)
    for key, places in _grouped(limit, len(parts), env).items():
        asked = sum(parts[place] for place in places)
        before = used(limit, key, taken, env)
        room = max(0, limit.amount - before)
        _note(env, limit, key, before, room, asked, min(asked, room))
        if asked > room:
            some = [parts[place] for place in places]
            cuts = spread(room, some, None, [keys[place] for place in places], env.run.world.core.header.remainder)
            for place, part in zip(places, cuts, strict=True):
                after[place] = part
    return after


def take_amount(limit: ir.LimitDef, parts: Sequence[int], taken: Taken, env: Env) -> None:
    """Count what was given against a limit by amount."""
    for key, places in _grouped(limit, len(parts), env).items():
        given = sum(parts[place] for place in places)
        if given:
            taken.add(limit, key, given)


def _grouped(limit: ir.LimitDef, count: int, env: Env) -> dict[int, list[int]]:
    """Which parts count in which occurrence."""
    if not limit.scope.by_line:
        key = scope_key(limit, env)
        return {} if key is None else {key: list(range(count))}
    found: dict[int, list[int]] = {}
    for on in on_lines(env):
        key = scope_key(limit, on)
        if key is not None:
            found.setdefault(key, []).append(on.number)
    return found


def scope_key(limit: ir.LimitDef, env: Env) -> int | None:
    """The occurrence that a limit counts in; None where it counts nothing."""
    with noting(env.run.trace, []):
        when = env.run.today if limit.scope.by is None else day(limit.scope.by, env)
    return None if when is None else times.key_of(limit.scope.window, when, env)


def used(limit: ir.LimitDef, key: int, taken: Taken, env: Env) -> int:
    """What was used before, the rule's own takings included.

    A moving window counts its days up to the one at hand, and later ones too: a late event finds no room that is gone.
    """
    counts = _counted(limit.key, limit.owner == "shared", env.run)
    since = times.keys_back(limit.scope.window, key, env)
    if since is None:
        return counts.get(key, 0) + taken.counts.get((limit.key, key), 0)
    own = sum(count for (name, at), count in taken.counts.items() if name == limit.key and at >= since)
    return sum(count for at, count in counts.items() if at >= since) + own


def _counted(name: str, shared: bool, run: Run) -> Mapping[int, int]:
    """What was used by occurrence: of the member's own counter, or of the programme's with what this event reserved."""
    if not shared:
        return run.state.limits.get(name, {})
    reserved = {each.occurrence: each.after for each in run.reserved if each.limit == name}
    return {**run.shared.limits.get(name, {}), **reserved}


def commit(taken: Taken, run: Run) -> None:
    """Make what a rule took into changes of state, and into what is reserved of shared counters."""
    for (name, key), count in sorted(taken.counts.items()):
        shared = name in taken.shared
        before = _counted(name, shared, run).get(key, 0)
        moved = LimitUsed(name, key, before, before + count)
        if shared:
            run.reserved.append(moved)
        else:
            run.record(moved)


def tidy(run: Run) -> None:
    """Drop, of the counters that moved, the occurrences that nothing can read any more."""
    moved = {change.limit for change in run.changes if isinstance(change, LimitUsed)}
    for limit in run.world.limits:
        if limit.key in moved:
            counts = run.state.limits[limit.key]
            for key in times.outdated(limit.scope.window, counts, Env(run)):
                run.record(LimitDropped(limit.key, key, counts[key]))
    for counter, limit in sorted(run.counters.items()):
        if limit.owner == "member":
            counts = run.state.limits[counter]
            for key in times.outdated(limit.scope.window, counts, Env(run)):
                run.record(LimitDropped(counter, key, counts[key]))


def _note(env: Env, limit: ir.LimitDef, key: int, before: int, room: int, asked: int, passed: int) -> None:
    if env.run.trace is not None:
        env.run.trace.limits.append(LimitNoted(limit, key, before, room, asked, passed))
