"""Totals that are taken off lines, for many lanes at once: each lane's is a share, noted first; then all are worked out
together, line by line, which takes a fraction of what a lane by itself does.

In: the state, by its address. Out: what lines cost then, and the rows that say so. The temporaries hold the shares, so
many at once, and their lines one after the other.
"""

# mypy: disable-error-code="no-untyped-call, no-any-return, untyped-decorator, return-value"

from __future__ import annotations

from typing import Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.loops import state as at
from rules_engine.backends.columnar.loops.dividing import EXACT
from rules_engine.backends.columnar.loops.jit import call, doubles, helper, inlined, ints, shorts
from rules_engine.backends.columnar.loops.lines import register, vector
from rules_engine.backends.columnar.loops.state import SHARED
from rules_engine.backends.columnar.loops.units import note
from rules_engine.backends.columnar.tape import COST, PAID

SHARES: Final = 32
"""How many are worked out at once: what they need stays next to the processor."""
NEAR: Final = 8
"""How far apart two lines of a share are at most: who has more lines is worked out alone."""
PACKED: Final = 2**31
SHARE_ROOM: Final = 512
"""How many numbers a temporary has at least: more than the lines of so many shares, and keys on both sides of them."""
FINE: Final = 2**24
LOW: Final = 2**25 - 1
"""A key is the number of a share, above 25 bits of its line's remainder: in parts of `FINE` of the whole."""
NOBODY: Final = 2**31
"""The key of no line."""
(LANE, WANTED, AMOUNT, TOTAL, EFFECT, START, RATE, ODD, WEIGHT, OWNER, PLACE, PART, KEY, UNITS, MORE) = range(4, 19)
"""Temporaries: by share its lane, what was wanted, what is taken off how much, its row of `effects`, its first line, 1
by the total, odd units; by line its weight, whose it is, its place in the piece, its part, its key, the odd units of
its share, how many of them are its own."""


@inlined
def temporary(state: int, number: int) -> int:
    """Where a temporary is."""
    return ints(state)[at.TEMPORARY] + 8 * ints(state)[at.TEMPORARY_ROOM] * number


@helper
def noted(state: int, share: int, lane: int, wanted: int, mask: int, effect: int) -> int:
    """Note what a lane wants off its lines where a mask (-1: none) is not 0: 1 where it is a share, 0 where there is
    nothing to take off, -1 where it has to be worked out alone."""
    s = ints(state)
    cost, chosen, whole = ints(vector(state, COST)), ints(vector(state, max(mask, 0))), np.int64(mask < 0)
    weight, owner, place = ints(temporary(state, WEIGHT)), ints(temporary(state, OWNER)), ints(temporary(state, PLACE))
    start, first, last = ints(temporary(state, START)), ints(s[at.OFFSETS])[lane], ints(s[at.OFFSETS])[lane + 1]
    if last - first > NEAR + 1:
        return -1
    at_line, total, bits = start[share], 0, 0
    for line in range(first, last):
        own = cost[line] if chosen[line] | whole else 0
        weight[at_line], owner[at_line], place[at_line] = own, share, line
        at_line += 1
        total += own
        bits |= own
    amount = min(wanted, total)
    if amount <= 0:
        return 0
    if bits < 0 or total >= PACKED or amount * total >= EXACT:
        return -1
    start[share + 1] = at_line
    ints(temporary(state, LANE))[share], ints(temporary(state, EFFECT))[share] = lane, effect
    ints(temporary(state, WANTED))[share], ints(temporary(state, AMOUNT))[share] = wanted, amount
    ints(temporary(state, TOTAL))[share] = total
    return 1


def shared(state: int, shares: int) -> int:
    """The parts of the lines of so many shares; 1 where somebody's odd units are for lines that look alike."""
    parts(state, shares)
    key, units, more = temporary(state, KEY), temporary(state, UNITS), temporary(state, MORE)
    lines, part = ints(temporary(state, START))[shares], ints(temporary(state, PART))
    alike = odd_units(key, units, more, lines)
    for line in range(lines):
        part[line] += shorts(more)[line] & 1
    return alike


@helper
def parts(state: int, shares: int) -> None:
    """Parts rounded down, and the keys by which odd units are given. Products are below 2^52, thus exact as doubles; a
    quotient is off by one at most, which its rest shows."""
    amount, total, rate = ints(temporary(state, AMOUNT)), ints(temporary(state, TOTAL)), doubles(temporary(state, RATE))
    weight, owner, start = ints(temporary(state, WEIGHT)), ints(temporary(state, OWNER)), ints(temporary(state, START))
    part, key, odd = ints(temporary(state, PART)), shorts(temporary(state, KEY)), ints(temporary(state, ODD))
    units, lines = shorts(temporary(state, UNITS)), start[shares]
    for share in range(shares):
        rate[share] = 1 / np.float64(total[share])
        odd[share] = amount[share]
    for line in range(lines):
        own = owner[line]
        whole, product = total[own], amount[own] * weight[line]
        found = np.int64(np.float64(product) * rate[own])
        rest = product - found * whole
        found += np.int64(rest >= whole) - np.int64(rest < 0)
        rest = product - found * whole
        part[line] = found
        odd[own] -= found
        key[line + NEAR] = np.uint32((own << 25) + np.int64(np.float64(rest) * rate[own] * FINE))
    for line in range(lines):
        units[line] = np.uint32(odd[owner[line]])
    for line in range(NEAR):
        key[line] = key[lines + NEAR + line] = NOBODY


@helper
def odd_units(keys: int, odd: int, found: int, lines: int) -> int:
    """Give odd units to those of a share's lines before which fewer stand: which have a larger remainder. Of remainders
    that differ the larger one never has the smaller key; who has the same key at the border is not told apart: 2 is
    added for these. Numbers of 32 bits, looked at in order: eight lines at once."""
    key, units, more, alike = shorts(keys), shorts(odd), shorts(found), np.uint32(0)
    for line in range(lines):
        own = key[line + NEAR]
        room, not_below, level = np.uint32((own | LOW) - own), np.uint32(0), np.uint32(0)
        for other in range(2 * NEAR + 1):
            above = np.uint32(key[line + other] - own)
            not_below = np.uint32(not_below + np.uint32(above <= room))
            level = np.uint32(level + np.uint32(above == 0))
        gets = np.uint32(np.uint32(not_below - level) < units[line])
        unclear = np.uint32(gets & np.uint32(not_below > units[line]))
        more[line] = np.uint32(gets + 2 * unclear)
        alike = np.uint32(alike | unclear)
    return np.int64(alike)


@helper
def note_shares(state: int, shares: int) -> None:
    """Note what so many shares take off lines."""
    s = ints(state)
    place, part, owner = ints(temporary(state, PLACE)), ints(temporary(state, PART)), ints(temporary(state, OWNER))
    lanes, offsets, row = ints(temporary(state, LANE)), ints(s[at.OFFSETS]), s[at.DISCOUNTS + at.AT]
    for line in range(ints(temporary(state, START))[shares]):
        if part[line] != 0:
            note(state, row + owner[line], place[line], offsets[lanes[owner[line]]], part[line], 0)


@helper
def taken_off(state: int, to: int, shares: int) -> None:
    """Take the parts of so many shares off, and say so; `to` is 1 where a price changed."""
    s = ints(state)
    cost, place, part = ints(vector(state, COST)), ints(temporary(state, PLACE)), ints(temporary(state, PART))
    if s[at.PARTS]:
        note_shares(state, shares)
    for line in range(ints(temporary(state, START))[shares]):
        cost[place[line]] -= part[line]
    lanes, wanted, amount = ints(temporary(state, LANE)), ints(temporary(state, WANTED)), ints(temporary(state, AMOUNT))
    effect, events, paid, out = (
        ints(temporary(state, EFFECT)),
        ints(s[at.EVENTS]),
        ints(register(state, PAID)),
        ints(to),
    )
    table, wide, row = ints(s[at.DISCOUNTS]), s[at.DISCOUNTS + at.ROOM], s[at.DISCOUNTS + at.AT]
    for share in range(shares):
        lane = lanes[share]
        out[lane] = 1
        paid[lane] -= amount[share]
        told = ints(s[at.EFFECTS])[s[at.EFFECTS_WIDE] * effect[share] + ops.EFFECT]
        table[row], table[row + wide], table[row + 2 * wide] = events[lane], told, wanted[share]
        table[row + 3 * wide], table[row + 4 * wide], table[row + 5 * wide] = amount[share], -1, 0
        row += 1
    s[at.DISCOUNTS + at.AT] = row


@helper
def worked_out(state: int, shares: int) -> int:
    """What `shared` says of so many shares."""
    return call(ints(ints(state)[at.LOOPS])[2 * SHARED], state, shares)
