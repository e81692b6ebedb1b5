"""The ops of offers as loops, for pieces whose units nobody asks for: what is taken off, and what became of codes.

In: the state and the row, by their addresses. Out: 0; `MORE` where there is no room for results. What `taking_off.py`
does for many lanes at once is done here lane by lane. The temporaries have, by a lane's line, its part, the key by
which odd units are given, and its weight.
"""

# mypy: disable-error-code="no-untyped-call, no-any-return, untyped-decorator, return-value"

from __future__ import annotations

from typing import Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.loops import sharing as sharing
from rules_engine.backends.columnar.loops import state as at
from rules_engine.backends.columnar.loops.dividing import EXACT, quotient
from rules_engine.backends.columnar.loops.jit import helper, ints, shorts
from rules_engine.backends.columnar.loops.lines import most_are_here, register, vector
from rules_engine.backends.columnar.loops.memory import limit_row, memory_of, use, used, wrong
from rules_engine.backends.columnar.loops.numbers import not_above
from rules_engine.backends.columnar.loops.sharing import noted, taken_off, temporary, worked_out
from rules_engine.backends.columnar.loops.state import MORE, NUMPY
from rules_engine.backends.columnar.loops.units import note_all
from rules_engine.backends.columnar.tape import (
    C_ACTED,
    C_BEFORE,
    C_ELSEWHERE,
    C_OWN,
    C_UNKNOWN,
    COST,
    DAY,
    FULL,
    MISSING,
    PAID,
    SIZE,
)

D, A, B, K, M, N = 1, 2, 3, 4, 5, 6
PACKED: Final = 2**31


@helper
def spread(state: int, amount: int, total: int, first: int, size: int) -> None:
    """An amount over a lane's lines, from their weights to their parts: the weights are caps too, `total` is their sum.
    Odd units go to the largest remainders, ties to the larger weight, then to the lower rank."""
    part, rest, weight = ints(temporary(state, 0)), ints(temporary(state, 1)), ints(temporary(state, 2))
    if amount >= total:
        for j in range(size):
            part[j] = weight[j]
        return
    odd = amount
    if amount < PACKED and total < PACKED and amount * total < EXACT:
        # Products are exact as doubles, and a quotient is off by one at most, which its rest shows.
        share = 1 / np.float64(total)
        for j in range(size):
            product = amount * weight[j]
            found = int(np.float64(product) * share)
            left = product - found * total
            found += int(left >= total) - int(left < 0)
            part[j] = found
            rest[j] = (product - found * total) * PACKED + weight[j]
            odd -= found
    else:
        for j in range(size):
            product = amount * weight[j]
            found = quotient(product, total)
            part[j], rest[j] = found, product - found * total
            odd -= found
    give_odd(state, odd, first, size)


@helper
def give_odd(state: int, odd: int, first: int, size: int) -> None:
    """Give odd units to lines, the largest remainder first: to those before which fewer stand than there are units. All
    are compared with all, without a branch; only where two are equal it is looked at more closely."""
    part, rest, equal = ints(temporary(state, 0)), ints(temporary(state, 1)), np.int64(0)
    for j in range(size):
        own, before = rest[j], np.int64(0)
        for other in range(size):
            before += np.int64(rest[other] > own)
            equal += np.int64(rest[other] == own)
        part[j] += np.int64(before < odd)
    if equal > size:
        give_equal(state, odd, first, size)


@helper
def give_equal(state: int, odd: int, first: int, size: int) -> None:
    """The same where remainders are equal: then the larger weight stands before, then the lower rank."""
    part, rest, weight = ints(temporary(state, 0)), ints(temporary(state, 1)), ints(temporary(state, 2))
    rank, lines = ints(ints(state)[at.RANK]), ints(ints(state)[at.LINES])
    for j in range(size):
        larger, before = 0, 0
        for other in range(size):
            if rest[other] > rest[j]:
                larger += 1
                before += 1
            elif rest[other] == rest[j] and other != j:
                if weight[other] != weight[j]:
                    before += weight[other] > weight[j]
                else:
                    theirs, own = rank[lines[first + other]], rank[lines[first + j]]
                    before += theirs < own or (theirs == own and other < j)
        part[j] += np.int64(before < odd) - np.int64(larger < odd)


@helper
def taken(state: int, of: int, lane: int, wanted: int, total: int) -> int:
    """Cut what an effect takes off a lane's lines to limits, take it off, and say so; 1 where a price changed."""
    s = ints(state)
    effect, memory = ints(s[at.EFFECTS] + 8 * s[at.EFFECTS_WIDE] * of), memory_of(state, lane)
    pool, part, weight = ints(s[at.POOL]), ints(temporary(state, 0)), ints(temporary(state, 2))
    first, day = ints(s[at.OFFSETS])[lane], ints(register(state, DAY))[lane]
    size, low, count, cut = (
        ints(s[at.OFFSETS])[lane + 1] - first, effect[ops.EFFECT_LIMITS], effect[ops.EFFECT_COUNT], np.int64(-1),
    )  # fmt: skip
    notes = s[at.PARTS + at.AT]
    for place in range(low, low + count):
        limit = limit_row(state, pool[place])
        before, room = used(state, memory, limit, day), ints(limit)[ops.LIMIT_ROOM]
        if before != MISSING and total > room - before:
            for j in range(size):
                weight[j] = part[j]
            if s[at.PARTS]:
                note_all(state, s[at.DISCOUNTS + at.AT], first, size, temporary(state, 2), 1)
            left = max(room - before, 0)
            spread(state, left, total, first, size)
            total, cut = left, pool[place]
    if total == 0:
        s[at.PARTS + at.AT] = notes
        return 0
    if s[at.PARTS]:
        note_all(state, s[at.DISCOUNTS + at.AT], first, size, temporary(state, 0), 0)
    for place in range(low, low + count):
        if not use(state, memory, limit_row(state, pool[place]), day, total):
            wrong(state, lane, FULL)
    cost = ints(vector(state, COST))
    for j in range(size):
        cost[first + j] -= part[j]
    ints(register(state, PAID))[lane] -= total
    table, wide, place = ints(s[at.DISCOUNTS]), s[at.DISCOUNTS + at.ROOM], s[at.DISCOUNTS + at.AT]
    table[place], table[place + wide] = ints(s[at.EVENTS])[lane], effect[ops.EFFECT]
    table[place + 2 * wide], table[place + 3 * wide] = wanted, total
    table[place + 4 * wide], table[place + 5 * wide] = cut, 0
    s[at.DISCOUNTS + at.AT] = place + 1
    return 1


@helper
def hinders(state: int, effect: int) -> int:
    """What keeps a loop from working: an effect in whole steps, or no room for a discount of each lane."""
    s = ints(state)
    own = ints(s[at.EFFECTS] + 8 * s[at.EFFECTS_WIDE] * effect)
    if own[ops.EFFECT_STEPS]:
        return NUMPY
    s[at.WANTED] = s[at.ACTIVE]
    short = s[at.DISCOUNTS + at.AT] + s[at.ACTIVE] > s[at.DISCOUNTS + at.ROOM]
    if s[at.PARTS]:
        s[at.WANTED] = max(s[at.ACTIVE], ints(s[at.OFFSETS])[s[at.COUNT]] * (1 + own[ops.EFFECT_COUNT]))
        short = short or s[at.PARTS + at.AT] + s[at.WANTED] > s[at.PARTS + at.ROOM]
    return MORE if short else 0


@helper
def off_total(state: int, effect: int, lane: int, wanted: int, mask: int) -> int:
    """An amount off some lines of a lane together; 1 where a price changed."""
    s = ints(state)
    cost, chosen = ints(vector(state, COST)), ints(vector(state, max(mask, 0)))
    first, last, weight = ints(s[at.OFFSETS])[lane], ints(s[at.OFFSETS])[lane + 1], ints(temporary(state, 2))
    left = 0
    for j in range(first, last):
        value = cost[j] if mask < 0 or chosen[j] != 0 else 0
        weight[j - first] = value
        left += value
    total = min(wanted, left)
    if total <= 0:
        return 0
    spread(state, total, left, first, last - first)
    return taken(state, effect, lane, wanted, total)


@helper
def settled(state: int, to: int, shares: int) -> None:
    """Work out and take off so many shares that were noted."""
    if shares and worked_out(state, shares):
        for share in range(shares):
            tell_apart(state, share)
    taken_off(state, to, shares)


@helper
def tell_apart(state: int, share: int) -> None:
    """The parts of a share among whose lines some look alike, worked out alone."""
    start, unclear, weight = (
        ints(temporary(state, sharing.START)), shorts(temporary(state, sharing.MORE)), ints(temporary(state, 2)),
    )  # fmt: skip
    first, size, alike = start[share], start[share + 1] - start[share], np.int64(0)
    for j in range(first, first + size):
        alike += unclear[j] >> 1
        weight[j - first] = ints(temporary(state, sharing.WEIGHT))[j]
    if alike:
        amount, total = ints(temporary(state, sharing.AMOUNT))[share], ints(temporary(state, sharing.TOTAL))[share]
        spread(state, amount, total, ints(temporary(state, sharing.PLACE))[first], size)
        for j in range(size):
            ints(temporary(state, sharing.PART))[first + j] = ints(temporary(state, 0))[j]


@helper
def wants_off(state: int, shares: int, to: int, lane: int, wanted: int, mask: int, effect: int) -> int:
    """An amount off some lines of a lane: noted as one more share, or taken off at once; how many shares there are."""
    ints(to)[lane] = 0
    if wanted <= 0:
        return shares
    found = -1
    if ints(ints(state)[at.EFFECTS])[ints(state)[at.EFFECTS_WIDE] * effect + ops.EFFECT_COUNT] == 0:
        found = noted(state, shares, lane, wanted, mask, effect)
    if found < 0:
        ints(to)[lane] = off_total(state, effect, lane, wanted, mask)
        return shares
    shares += found
    if shares == sharing.SHARES:
        settled(state, to, shares)
        return 0
    return shares


def take_total(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    hindered = hinders(state, r[K])
    if hindered:
        return hindered
    lanes, wants, shares = ints(s[at.LANES]), ints(register(state, r[A])), 0
    ints(temporary(state, sharing.START))[0] = 0
    for x in range(s[at.ACTIVE]):
        shares = wants_off(state, shares, register(state, r[D]), lanes[x], wants[lanes[x]], r[B], r[K])
    settled(state, register(state, r[D]), shares)
    return 0


def pick_total(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    for entry in range(r[N]):
        hindered = hinders(state, ints(s[at.POOL])[r[K] + 3 * entry + 2])
        if hindered:
            return hindered
    lanes, paid, cost = ints(s[at.LANES]), ints(register(state, PAID)), ints(vector(state, COST))
    entries, offsets, shares = ints(s[at.POOL] + 8 * r[K]), ints(s[at.OFFSETS]), 0
    ints(temporary(state, sharing.START))[0] = 0
    for x in range(s[at.ACTIVE]):
        lane = lanes[x]
        found, most, wants = 0, np.int64(0), np.int64(0)
        for entry in range(r[N]):
            wanted, mask = ints(register(state, entries[3 * entry]))[lane], entries[3 * entry + 1]
            if wanted <= most:
                continue
            left = paid[lane]
            if mask >= 0:
                left, chosen = 0, ints(vector(state, mask))
                for j in range(offsets[lane], offsets[lane + 1]):
                    left += cost[j] if chosen[j] != 0 else 0
            if min(wanted, left) > most:
                found, most, wants = entry, min(wanted, left), wanted
        mask, effect = entries[3 * found + 1], entries[3 * found + 2]
        shares = wants_off(state, shares, register(state, r[D]), lane, wants, mask, effect)
    settled(state, register(state, r[D]), shares)
    return 0


@helper
def off_lines(state: int, row: int) -> None:
    """What is wanted off all lines of a piece, added up: all of them, since most lanes want nothing."""
    s, r = ints(state), ints(row)
    amounts, chosen, sizes = ints(vector(state, r[A])), ints(vector(state, max(r[B], 0))), ints(vector(state, SIZE))
    whole, running, total = np.int64(r[B] < 0), ints(temporary(state, 3)), np.int64(0)
    running[0] = 0
    for line in range(ints(s[at.OFFSETS])[s[at.COUNT]]):
        amount = max(amounts[line], 0) if chosen[line] | whole else 0
        total += amount if sizes[line] > 0 else 0
        running[line + 1] = total


def take_lines(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    hindered = hinders(state, r[K])
    if hindered:
        return hindered
    lanes, out, offsets = ints(s[at.LANES]), ints(register(state, r[D])), ints(s[at.OFFSETS])
    amounts, chosen, sizes = ints(vector(state, r[A])), ints(vector(state, max(r[B], 0))), ints(vector(state, SIZE))
    cost, part, weight = ints(vector(state, COST)), ints(temporary(state, 0)), ints(temporary(state, 2))
    high = ints(s[at.EFFECTS] + 8 * s[at.EFFECTS_WIDE] * r[K])[ops.EFFECT_HIGH]
    highest, running, added = ints(register(state, max(high, 0))), ints(temporary(state, 3)), most_are_here(state)
    if added:
        off_lines(state, row)
    for x in range(s[at.ACTIVE]):
        lane = lanes[x]
        first, last = offsets[lane], offsets[lane + 1]
        if added and running[first] == running[last]:
            out[lane] = 0
            continue
        wanted = 0
        for j in range(first, last):
            amount = amounts[j] if r[B] < 0 or chosen[j] != 0 else 0
            if amount < 0 or sizes[j] <= 0:
                amount = 0
            wanted += amount
            part[j - first] = amount
        out[lane] = 0
        if wanted == 0:
            continue
        if high >= 0 and wanted > highest[lane]:
            for j in range(last - first):
                weight[j] = part[j]
            left = max(highest[lane], 0)
            spread(state, left, wanted, first, last - first)
            wanted = left
        total = 0
        for j in range(first, last):
            part[j - first] = min(part[j - first], cost[j])
            total += part[j - first]
        if total > 0:
            out[lane] = taken(state, r[K], lane, wanted, total)
    return 0


# ---- codes

# `FATES` has for each lane, and each rule that was asked, its place among the presented codes and its number of
# `code_reasons`: a row is its piece's next (the row before it of its lane), the rule, the place, the reason.


def fate(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    if s[at.FATES + 1] + s[at.ACTIVE] > s[at.FATES + 2]:
        s[at.WANTED] = s[at.ACTIVE]
        return MORE
    lanes, places, reasons = ints(s[at.LANES]), ints(register(state, r[A])), ints(register(state, r[B]))
    fates, newest = ints(s[at.FATES]), ints(s[at.FATE_NEWEST])
    for x in range(s[at.ACTIVE]):
        lane, here = lanes[x], s[at.FATES + 1]
        fates[4 * here] = newest[lane]
        fates[4 * here + 1] = r[K]
        fates[4 * here + 2] = places[lane]
        fates[4 * here + 3] = reasons[lane]
        newest[lane] = here
        s[at.FATES + 1] = here + 1
    return 0


@helper
def told_of(state: int, lane: int, rule: int, place: int) -> int:
    """What became of a code that is a rule's: what the rule said last of it."""
    s = ints(state)
    fates, here = ints(s[at.FATES]), ints(s[at.FATE_NEWEST])[lane]
    while here >= 0:
        if fates[4 * here + 1] == rule:
            reason = fates[4 * here + 3]
            return C_OWN if reason == C_ACTED and fates[4 * here + 2] != place else reason
        here = fates[4 * here]
    return C_ELSEWHERE


def coded(state: int, row: int) -> int:
    s, r = ints(state), ints(row)
    lanes, events, pool = ints(s[at.LANES]), ints(s[at.EVENTS]), s[at.POOL] + 8 * r[B]
    pair = ints(s[at.RAGGED] + 16 * r[K])
    offsets, items, known, size = ints(pair[0]), ints(pair[1]), ints(pool), r[N]
    need = 0
    for x in range(s[at.ACTIVE]):
        need += offsets[events[lanes[x]] + 1] - offsets[events[lanes[x]]]
    if s[at.CODES + at.AT] + need > s[at.CODES + at.ROOM]:
        s[at.WANTED] = need
        return MORE
    table, wide, at_row = ints(s[at.CODES]), s[at.CODES + at.ROOM], s[at.CODES + at.AT]
    for x in range(s[at.ACTIVE]):
        event = events[lanes[x]]
        start = offsets[event]
        for place in range(start, offsets[event + 1]):
            value, rule, reason = items[place], np.int64(-1), np.int64(C_UNKNOWN)
            if value < 0:
                reason = -value
            else:
                above = not_above(pool, size, value)
                if above > 0 and known[above - 1] == value:
                    rule, reason = known[size + above - 1], np.int64(C_ELSEWHERE)
                for other in range(start, place):
                    if items[other] == value:
                        rule, reason = np.int64(-1), np.int64(C_BEFORE)
                if rule >= 0:
                    reason = told_of(state, lanes[x], rule, place - start)
            table[at_row], table[at_row + wide] = event, place - start
            table[at_row + 2 * wide] = rule if reason == C_ACTED else -1
            table[at_row + 3 * wide] = reason
            at_row += 1
    s[at.CODES + at.AT] = at_row
    return 0


OFFER_LOOPS: Final = {
    ops.TAKE_LINES: take_lines,
    ops.TAKE_TOTAL: take_total,
    ops.PICK_TOTAL: pick_total,
    ops.FATE: fate,
    ops.CODED: coded,
}
"""By op its loop."""
BY_UNIT: Final = (ops.TAKE_LINES, ops.TAKE_TOTAL, ops.PICK_TOTAL)
"""Those that do nothing about units."""
SHARING: Final = {ops.TAKE_TOTAL, ops.PICK_TOTAL}
"""Those that need what works out shares."""
