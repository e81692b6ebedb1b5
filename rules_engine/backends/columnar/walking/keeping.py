"""Memory for many members at once, in NumPy: counters, and tiers that are held, granted, ended and followed.

In: the events that stand at a row of the tape, with the memory of their members. Out: that memory, moved along. What
`steps.py` and `holding.py` do for one event, in the same order.
"""

from __future__ import annotations

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.tape import FOREVER, MISSING, SLOT_NEXT, SLOT_SEQUENCE, Ladder
from rules_engine.backends.columnar.walking.emitting import Table
from rules_engine.backends.columnar.walking.numbering import Row
from rules_engine.backends.columnar.walking.piece import Here

# ---- counters


def counted(here: Here, slot: int, keys: Ints) -> Ints:
    """What a counter holds for an occurrence of each."""
    newest = here.slot(slot) == keys
    before = here.slot(slot + 2) == keys
    return np.where(newest, here.slot(slot + 1), np.where(before, here.slot(slot + 3), 0))


def count(here: Here, slot: int, keys: Ints, more: Ints) -> None:
    """Count some more for an occurrence of each; the newest two are kept."""
    if not len(here):
        return
    here.piece.counted += 1
    memory, at = here.piece.memory, here.events
    first, second = here.slot(slot).copy(), here.slot(slot + 2).copy()
    same = first == keys
    newer = ~same & ((first == MISSING) | (keys > first))
    older = ~same & ~newer & (second == keys)
    fills = ~same & ~newer & ~older & ((second == MISSING) | (keys > second))
    values, others = here.slot(slot + 1).copy(), here.slot(slot + 3).copy()
    memory[slot + 2, at] = np.where(newer, first, np.where(fills, keys, second))
    memory[slot + 3, at] = np.where(newer, values, np.where(fills, more, others + np.where(older, more, 0)))
    memory[slot, at] = np.where(newer, keys, first)
    memory[slot + 1, at] = np.where(newer, more, values + np.where(same, more, 0))


SLOT, WINDOW = 0, 3
"""Where a row of `limits` or `tracks` has its counter, and the room of a window that moves."""


def used(here: Here, counter: Row, keys: Ints) -> Ints:
    """What a counter holds in the occurrence, or in the window, of each; `MISSING` where their day is in none."""
    slot, window = counter[SLOT], counter[WINDOW]
    if not window:
        return np.where(keys == MISSING, MISSING, counted(here, slot, keys))
    total = np.zeros(len(here), np.int64)
    for at in range(slot, slot + 2 * window, 2):
        days = here.slot(at)
        total += np.where((days != MISSING) & (days >= keys), here.slot(at + 1), 0)
    return np.where(keys == MISSING, MISSING, total)


def use(here: Here, counter: Row, keys: Ints, more: Ints) -> None:
    """Count some more on the day of each; where a window has no room for one more day, the event is not done."""
    counts = keys != MISSING
    here, keys, more = here.part(counts), keys[counts], more[counts]
    slot, window = counter[SLOT], counter[WINDOW]
    if not window:
        count(here, slot, keys, more)
        return
    here.piece.counted += 1
    memory, day = here.piece.memory, here.read(ops.DAY)
    place = np.full(len(here), -1, np.int64)
    for at in reversed(range(slot, slot + 2 * window, 2)):
        gone = (here.slot(at) != MISSING) & (here.slot(at) < keys)
        memory[at, here.numbers[gone]] = MISSING
        place = np.where(here.slot(at) == MISSING, at, place)
    for at in range(slot, slot + 2 * window, 2):
        place = np.where(here.slot(at) == day, at, place)
    here.piece.fail(here.numbers[place < 0], ops.FULL)
    kept = place >= 0
    place, numbers = place[kept], here.numbers[kept]
    new = memory[place, numbers] == MISSING
    memory[place + 1, numbers] = np.where(new, 0, memory[place + 1, numbers]) + more[kept]
    memory[place, numbers] = day[kept]


# ---- tiers


def held_rungs(here: Here, holdings: Ints, day: Ints) -> Ints:
    """The highest rung that each holds on a day."""
    rungs = np.zeros(len(here), np.int64)
    for slot, rung in holdings.tolist():
        starts = here.slot(slot)
        holds = (starts != MISSING) & (starts <= day) & (day <= here.slot(slot + 1))
        rungs = np.where(holds & (rungs < rung), rung, rungs)
    return rungs


def granted(here: Here, holdings: Ints, slot: int, begins: Ints, until: Ints) -> None:
    """Grant a holding to each, or prolong it; an end never comes nearer."""
    until = np.where(until == MISSING, FOREVER, until)
    here = here.part(until >= begins)
    if not len(here):
        return
    kept = until >= begins
    begins, until = begins[kept], until[kept]
    memory, at = here.piece.memory, here.events
    new = here.slot(slot) == MISSING
    sequence = here.slot(SLOT_SEQUENCE).copy()
    last = np.where(new, until, np.maximum(here.slot(slot + 1), until))
    longer = ~new & (until > here.slot(slot + 1))
    memory[slot + 2, at] = np.where(new, sequence, here.slot(slot + 2))
    memory[slot, at] = np.where(new, begins, here.slot(slot))
    memory[slot + 1, at] = last
    memory[SLOT_SEQUENCE, at] = sequence + new
    memory[SLOT_NEXT, at] = np.where(new, np.minimum(here.slot(SLOT_NEXT), until), here.slot(SLOT_NEXT))
    if longer.any():
        next_end(here.part(longer), holdings)


def next_end(here: Here, holdings: Ints) -> None:
    """Note the first day with which a holding of each ends."""
    first = np.full(len(here), FOREVER, np.int64)
    for slot in holdings[:, 0].tolist():
        held = here.slot(slot) != MISSING
        first = np.where(held, np.minimum(first, here.slot(slot + 1)), first)
    here.piece.memory[SLOT_NEXT, here.events] = first


def change_told(here: Here, holdings: Ints, before: Ints, since: Ints, told: Table) -> None:
    """Say whose held rung is another from a day on, and the holding that carries it: the first that begins then, else
    the first."""
    after = held_rungs(here, holdings, since)
    changed = after != before
    here, before, since, after = here.part(changed), before[changed], since[changed], after[changed]
    if not len(here):
        return
    reason = -1 - before
    best = np.full((2, len(here)), FOREVER, np.int64)
    for place, (slot, rung) in enumerate(holdings.tolist()):
        starts, order = here.slot(slot), here.slot(slot + 2)
        holds = (after == rung) & (starts != MISSING) & (starts <= since) & (since <= here.slot(slot + 1))
        later = (starts != since).astype(np.int64)
        better = holds & ((later < best[0]) | ((later == best[0]) & (order < best[1])))
        best = np.where(better, np.stack([later, order]), best)
        reason = np.where(better, place, reason)
    told.add(here.piece.events[here.numbers], before, after, since, reason)


def falls(here: Here, ladder: Ladder, told: Table) -> None:
    """At the end of a day of each: the holdings that end with it end, and what follows them begins."""
    holdings, ways = ladder.holdings, ladder.ways
    last = here.read(ops.DAY).copy()
    before = held_rungs(here, holdings, last)
    earned = np.zeros(len(here), np.int64)
    for rung, _, holds, _ in ways.tolist():
        earned = np.where((here.read(holds) != 0) & (earned < rung), rung, earned)
    ended = np.zeros((len(holdings), len(here)), np.bool_)
    order = np.zeros((len(holdings), len(here)), np.int64)
    for place, (slot, rung) in enumerate(holdings.tolist()):
        held = here.slot(slot) != MISSING
        ended[place] = held & (here.slot(slot + 1) <= last)
        order[place] = rung * FOREVER_RUNG - here.slot(slot + 2)
        here.piece.memory[slot, here.numbers[ended[place]]] = MISSING
    while ended.any():
        some: Flags = np.asarray(ended.any(axis=0))
        first = np.where(ended, order, -FOREVER).argmax(axis=0)
        ended[first[some], np.flatnonzero(some)] = False
        rung = holdings[first, 1]
        _follow(here.part(some), rung[some], last[some], earned[some], ladder)
    next_end(here, holdings)
    change_told(here, holdings, before, last + 1, told)


FOREVER_RUNG = 2**40
"""More holdings than anybody ever has."""


def _follow(here: Here, rung: Ints, last: Ints, earned: Ints, ladder: Ladder) -> None:
    """What follows the holding of a rung that ended with a day."""
    what, down, holdings = ladder.what, ladder.down, ladder.holdings
    if what < 0:
        return
    target = np.full(len(here), ladder.tier, np.int64)
    if what == 0:
        target = earned if down < 0 else np.maximum(earned, rung - down)
    elif what == 1:
        target = rung - max(down, 1)
    falls_to: Flags = target > held_rungs(here, holdings, last + 1)
    by_way: Flags = falls_to & (target == earned) if what == 0 else np.zeros(len(here), np.bool_)
    for to, holding, holds, until in ladder.ways.tolist():
        chosen: Flags = by_way & (target == to) & (here.read(holds) != 0)
        if chosen.any():
            some = here.part(chosen)
            granted(some, holdings, int(holdings[holding, 0]), last[chosen] + 1, some.read(until))
    other: Flags = falls_to & ~by_way
    if not other.any():
        return
    follows = ladder.after[np.where(other, rung * ladder.rungs + target, 0)]
    for holding in np.unique(follows[other]).tolist():
        chosen = other & (follows == holding)
        some = here.part(chosen)
        granted(some, holdings, int(holdings[holding, 0]), last[chosen] + 1, some.read(ladder.life))
