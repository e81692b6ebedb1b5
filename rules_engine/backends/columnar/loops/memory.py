"""The ops on memory as loops: counters, windows, tiers that are held; and what is given.

In: the state and the row, by their addresses. Out: 0; `MORE` where there is no room for results. What `keeping.py` and
`giving.py` do for many lanes at once is done here lane by lane.
"""

# mypy: disable-error-code="no-untyped-call, no-any-return, untyped-decorator, return-value"

from __future__ import annotations

from typing import Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.loops import state as at
from rules_engine.backends.columnar.loops.jit import helper, inlined, ints
from rules_engine.backends.columnar.loops.lines import register
from rules_engine.backends.columnar.loops.state import MORE
from rules_engine.backends.columnar.tape import (
    AMOUNT_MAX,
    DAY,
    FOREVER,
    FULL,
    MISSING,
    SLOT_NEXT,
    SLOT_SEQUENCE,
    TIER,
    UNSAFE,
)
from rules_engine.backends.columnar.walking.entries import HELD

D, A, B, K, M, N = 1, 2, 3, 4, 5, 6


@inlined
def memory_of(state: int, lane: int) -> int:
    """Where a lane's row of memory is."""
    return ints(state)[at.MEMORY] + 8 * ints(state)[at.SLOTS] * lane


@inlined
def limit_row(state: int, number: int) -> int:
    """A row of the limits."""
    return ints(state)[at.LIMITS] + 8 * ints(state)[at.LIMITS_WIDE] * number


@inlined
def track_row(state: int, number: int) -> int:
    """A row of the tracks."""
    return ints(state)[at.TRACKS] + 8 * ints(state)[at.TRACKS_WIDE] * number


@inlined
def on_day(state: int, question: int, day: int) -> int:
    """The answer to a question at a day; a lifetime's occurrence is 0."""
    s = ints(state)
    return ints(s[at.DAYS])[s[at.DAYS_WIDE] * max(question, 0) + day - s[at.BASE]] if question >= 0 else 0


# ---- counters


@helper
def counted(memory: int, slot: int, key: int) -> int:
    """What a counter holds for an occurrence."""
    row = ints(memory)
    if row[slot] == key:
        return row[slot + 1]
    return row[slot + 3] if row[slot + 2] == key else 0


@helper
def used(state: int, memory: int, counter: int, day: int) -> int:
    """What a counter (its row in `limits` or `tracks`) holds on a day, or in its window; `MISSING` where the day is in
    none."""
    of, row = ints(counter), ints(memory)
    slot, window = of[0], of[3]
    key = on_day(state, of[1], day)
    if key == MISSING:
        return MISSING
    if window == 0:
        return counted(memory, slot, key)
    total = 0
    for place in range(slot, slot + 2 * window, 2):
        if row[place] != MISSING and row[place] >= key:
            total += row[place + 1]
    return total


@helper
def count(memory: int, slot: int, key: int, more: int) -> None:
    """Count some more for an occurrence; the newest two are kept."""
    row = ints(memory)
    if row[slot] == key:
        row[slot + 1] += more
    elif row[slot] == MISSING or key > row[slot]:
        row[slot + 2], row[slot + 3] = row[slot], row[slot + 1]
        row[slot], row[slot + 1] = key, more
    elif row[slot + 2] == key:
        row[slot + 3] += more
    elif row[slot + 2] == MISSING or key > row[slot + 2]:
        row[slot + 2], row[slot + 3] = key, more


@helper
def use(state: int, memory: int, counter: int, day: int, more: int) -> bool:
    """Count some more on a day; false where a window has more days than there is room for."""
    of, row = ints(counter), ints(memory)
    slot, window = of[0], of[3]
    key = on_day(state, of[1], day)
    if key == MISSING:
        return True
    if window == 0:
        count(memory, slot, key, more)
        return True
    free = place = -1
    for each in range(slot, slot + 2 * window, 2):
        if row[each] != MISSING and row[each] < key:
            row[each] = MISSING
        if row[each] == day:
            place = each
        if row[each] == MISSING and free < 0:
            free = each
    if place >= 0:
        row[place + 1] += more
    elif free >= 0:
        row[free], row[free + 1] = day, more
    return place >= 0 or free >= 0


@inlined
def wrong(state: int, lane: int, reason: int) -> None:
    """A lane is not done."""
    ints(ints(state)[at.WHY])[lane] = reason
    ints(state)[at.FAILED] = 1


def times_left(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    lanes, out, day = ints(s[at.LANES]), ints(register(state, r[D])), ints(register(state, DAY))
    limit = limit_row(state, r[K])
    room = ints(limit)[ops.LIMIT_ROOM]
    for x in range(s[at.ACTIVE]):
        lane = lanes[x]
        before = used(state, memory_of(state, lane), limit, day[lane])
        out[lane] = AMOUNT_MAX if before == MISSING else room - before
    return 0


def take_times(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    lanes, times, day = ints(s[at.LANES]), ints(register(state, r[A])), ints(register(state, DAY))
    limit = limit_row(state, r[K])
    for x in range(s[at.ACTIVE]):
        lane = lanes[x]
        if times[lane] > 0 and not use(state, memory_of(state, lane), limit, day[lane], times[lane]):
            wrong(state, lane, FULL)
    return 0


def track(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    lanes, out, day = ints(s[at.LANES]), ints(register(state, r[D])), ints(register(state, DAY))
    counter = track_row(state, r[K])
    before, slot = ints(counter)[ops.TRACK_BEFORE], ints(counter)[ops.TRACK_SLOT]
    for x in range(s[at.ACTIVE]):
        lane = lanes[x]
        if r[M] == 0:
            found = used(state, memory_of(state, lane), counter, day[lane])
        else:
            key = on_day(state, before, day[lane]) if before >= 0 else MISSING
            found = counted(memory_of(state, lane), slot, key) if key != MISSING else 0
        out[lane] = 0 if found == MISSING else found
    return 0


def move(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    lanes, moves, day = ints(s[at.LANES]), ints(register(state, r[A])), ints(register(state, DAY))
    counter, most = track_row(state, r[K]), r[N]
    slot, window = ints(counter)[ops.TRACK_SLOT], ints(counter)[ops.TRACK_WINDOW]
    for x in range(s[at.ACTIVE]):
        lane = lanes[x]
        more, memory = moves[lane], memory_of(state, lane)
        if more == 0:
            continue
        newest = ints(memory + 8 * slot)
        if (
            window == 0
            and newest[0] == on_day(state, ints(counter)[ops.TRACK_DAYS], day[lane])
            and newest[0] != MISSING
        ):
            newest[1] += more
            if abs(newest[1]) > most:
                wrong(state, lane, FULL)
            continue
        before = used(state, memory, counter, day[lane])
        full = before != MISSING and abs(before + more) > most
        if full or not use(state, memory, counter, day[lane], more):
            wrong(state, lane, FULL)
    return 0


# ---- tiers


@helper
def held_rung(state: int, memory: int, day: int) -> int:
    """The highest rung held on a day."""
    s, row = ints(state), ints(memory)
    holdings, rung = ints(s[at.HOLDINGS]), 0
    for each in range(s[at.HOLDING_COUNT]):
        first, last = row[holdings[2 * each]], row[holdings[2 * each] + 1]
        held = np.int64(first != MISSING) & np.int64(first <= day) & np.int64(day <= last)
        rung = max(rung, held * holdings[2 * each + 1])
    return rung


@helper
def next_end(state: int, memory: int) -> None:
    """Note the first day with which a holding ends."""
    s, row = ints(state), ints(memory)
    holdings = ints(s[at.HOLDINGS])
    row[SLOT_NEXT] = FOREVER
    for each in range(s[at.HOLDING_COUNT]):
        slot = holdings[2 * each]
        if row[slot] != MISSING and row[slot + 1] < row[SLOT_NEXT]:
            row[SLOT_NEXT] = row[slot + 1]


@helper
def granted(state: int, memory: int, slot: int, begins: int, until: int) -> None:
    """Grant a holding, or prolong it; an end never comes nearer."""
    row = ints(memory)
    if until == MISSING:
        until = FOREVER
    if until < begins:
        return
    if row[slot] == MISSING:
        row[slot], row[slot + 1], row[slot + 2] = begins, until, row[SLOT_SEQUENCE]
        row[SLOT_SEQUENCE] += 1
        row[SLOT_NEXT] = min(row[SLOT_NEXT], until)
    elif until > row[slot + 1]:
        row[slot + 1] = until
        next_end(state, memory)


def grant(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    lanes, until, day = ints(s[at.LANES]), ints(register(state, r[A])), ints(register(state, DAY))
    slot = ints(s[at.HOLDINGS])[2 * r[K]]
    for x in range(s[at.ACTIVE]):
        granted(state, memory_of(state, lanes[x]), slot, day[lanes[x]], until[lanes[x]])
    return 0


@helper
def carrier(state: int, memory: int, rung: int, since: int) -> int:
    """The holding of a rung that carries it on a day: the first that begins then, else the first; -1: none."""
    s, row = ints(state), ints(memory)
    holdings, found = ints(s[at.HOLDINGS]), -1
    for each in range(s[at.HOLDING_COUNT]):
        slot = holdings[2 * each]
        if holdings[2 * each + 1] != rung or row[slot] == MISSING or not row[slot] <= since <= row[slot + 1]:
            continue
        if found >= 0:
            other = holdings[2 * found]
            later, found_later = row[slot] != since, row[other] != since
            if later > found_later or (later == found_later and row[slot + 2] >= row[other + 2]):
                continue
        found = each
    return found


def changed(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    lanes, tier, day = ints(s[at.LANES]), ints(register(state, TIER)), ints(register(state, DAY))
    events = ints(s[at.EVENTS])
    if s[at.TIERS + at.AT] + s[at.ACTIVE] > s[at.TIERS + at.ROOM]:
        s[at.WANTED] = s[at.ACTIVE]
        return MORE
    table, wide, place = ints(s[at.TIERS]), s[at.TIERS + at.ROOM], s[at.TIERS + at.AT]
    for x in range(s[at.ACTIVE]):
        lane = lanes[x]
        memory = memory_of(state, lane)
        now = held_rung(state, memory, day[lane])
        if now != tier[lane]:
            found = carrier(state, memory, now, day[lane])
            table[place] = events[lane]
            table[place + wide] = tier[lane]
            table[place + 2 * wide] = now
            table[place + 3 * wide] = day[lane]
            table[place + 4 * wide] = found if found >= 0 else -1 - tier[lane]
            place += 1
        if r[K]:
            tier[lane] = now
    s[at.TIERS + at.AT] = place
    return 0


def held_out(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    lanes, out, members = ints(s[at.LANES]), ints(register(state, r[D])), ints(s[at.MEMBERS])
    holdouts = ints(s[at.HOLDOUTS] + 8 * s[at.HOLDOUTS_WIDE] * r[K])
    for x in range(s[at.ACTIVE]):
        out[lanes[x]] = holdouts[members[lanes[x]]]
    return 0


# ---- what is given


@helper
def cut_to(state: int, memory: int, give: int, day: int, wanted: int) -> int:
    """What the limits of an award let through; the last one that cut it is noted."""
    s, g = ints(state), ints(give)
    pool, given, steps = ints(s[at.POOL]), wanted, g[ops.GIVES_STEPS]
    s[at.WANTED] = -1
    if steps:
        given = given // steps * steps
    for place in range(g[ops.GIVES_LIMITS], g[ops.GIVES_LIMITS] + g[ops.GIVES_COUNT]):
        limit = limit_row(state, pool[place])
        before = used(state, memory, limit, day)
        room = ints(limit)[ops.LIMIT_ROOM]
        if before != MISSING and given > room - before:
            given, s[at.WANTED] = max(room - before, 0), pool[place]
            if g[ops.GIVES_NOTHING]:
                given = 0
                break
    return given // steps * steps if steps else given


@helper
def counts(state: int, memory: int, give: int, day: int, given: int) -> bool:
    """Count an award under its limits; false where one has no room for its day."""
    g, pool, fits = ints(give), ints(ints(state)[at.POOL]), True
    for place in range(g[ops.GIVES_LIMITS], g[ops.GIVES_LIMITS] + g[ops.GIVES_COUNT]):
        fits = use(state, memory, limit_row(state, pool[place]), day, given) and fits
    return fits


def give(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    if s[at.AWARDS + at.AT] + s[at.ACTIVE] > s[at.AWARDS + at.ROOM]:
        s[at.WANTED] = s[at.ACTIVE]
        return MORE
    lanes, wants, out = ints(s[at.LANES]), ints(register(state, r[A])), ints(register(state, r[D]))
    day, events = ints(register(state, DAY)), ints(s[at.EVENTS])
    own = s[at.GIVES] + 8 * s[at.GIVES_WIDE] * r[K]
    pending, expires = ints(register(state, max(r[M], 0))), ints(register(state, max(r[N], 0)))
    table, wide, number = ints(s[at.AWARDS]), s[at.AWARDS + at.ROOM], ints(own)[ops.GIVES]
    limited = ints(own)[ops.GIVES_COUNT] != 0 or ints(own)[ops.GIVES_STEPS] != 0
    place = s[at.AWARDS + at.AT]
    for x in range(s[at.ACTIVE]):
        lane = lanes[x]
        wanted = max(wants[lane], 0)
        if wanted > HELD:
            wrong(state, lane, UNSAFE)
        given, cut = wanted, np.int64(-1)
        if limited and wanted:
            memory = memory_of(state, lane)
            given = cut_to(state, memory, own, day[lane], wanted)
            cut = s[at.WANTED]
            if given and not counts(state, memory, own, day[lane], given):
                wrong(state, lane, FULL)
        table[place] = events[lane]
        table[place + wide] = number
        table[place + 2 * wide] = wanted
        table[place + 3 * wide] = given
        table[place + 4 * wide] = cut
        table[place + 5 * wide] = 0
        table[place + 6 * wide] = pending[lane] if given and r[M] >= 0 else MISSING
        table[place + 7 * wide] = expires[lane] if given and r[N] >= 0 else MISSING
        place += np.int64(wanted > 0)
        out[lane] = given
    s[at.AWARDS + at.AT] = place
    return 0


MEMORY_LOOPS: Final = {
    ops.TIMES_LEFT: times_left,
    ops.TAKE_TIMES: take_times,
    ops.TRACK: track,
    ops.MOVE: move,
    ops.GRANT: grant,
    ops.CHANGED: changed,
    ops.HELD_OUT: held_out,
    ops.GIVE: give,
}
"""By op its loop."""
