"""The kernel: it walks the tape for every event. Compiled by numba once for an installation, and kept on disk.

In: the arrays of a tape, a batch, memory, room to work in and room for results. Out: results and memory, filled. The
ops are described in `tape.py`, one by one. `walk` is one long function on purpose: its chain of comparisons becomes a
jump table, and nothing is handed from function to function but what loops.
"""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.arrays import (
    AWARDS,
    CODES,
    COUNTED,
    DISCOUNTS,
    ENDS,
    GIVES,
    LIMITS,
    PARTS,
    TIERS,
    TRACKS,
)
from rules_engine.backends.columnar.batch import Ints
from rules_engine.backends.columnar.holding import change_told, falls, granted, held_rung
from rules_engine.backends.columnar.jit import compiled
from rules_engine.backends.columnar.offering import best_total, member_done, taken_off, tell_codes
from rules_engine.backends.columnar.sections import gathered
from rules_engine.backends.columnar.steps import among, compared, counted, divided, steps_of, use, used
from rules_engine.backends.columnar.tape import MISSING, UNKNOWN

# fmt: off
END, JUMP, UNLESS, WHERE, UNLESS_IS = ops.END, ops.JUMP, ops.UNLESS, ops.WHERE, ops.UNLESS_IS
SECTION, NEXT, FAIL = ops.SECTION, ops.NEXT, ops.FAIL
CONST, COPY, LINEAR, TIMES, DIVIDE = ops.CONST, ops.COPY, ops.LINEAR, ops.TIMES, ops.DIVIDE
LEAST, MOST, AT_MOST, AT_LEAST = ops.LEAST, ops.MOST, ops.AT_MOST, ops.AT_LEAST
COMPARE, IS, AND, OR, NOT = ops.COMPARE, ops.IS, ops.AND, ops.OR, ops.NOT
AMONG, HAS, OR_ZERO, TABLE, STEP, OF_DAY = ops.AMONG, ops.HAS, ops.OR_ZERO, ops.TABLE, ops.STEP, ops.OF_DAY
MULTIPLE, CHOOSE, LISTED, LOADED = ops.MULTIPLE, ops.CHOOSE, ops.LISTED, ops.LOADED
V = ops.VECTOR
V_CONST, V_COPY, V_LINEAR, V_TIMES, V_DIVIDE = V + CONST, V + COPY, V + LINEAR, V + TIMES, V + DIVIDE
V_LEAST, V_MOST, V_AT_MOST, V_AT_LEAST = V + LEAST, V + MOST, V + AT_MOST, V + AT_LEAST
V_COMPARE, V_IS, V_AND, V_OR, V_NOT, V_AMONG = V + COMPARE, V + IS, V + AND, V + OR, V + NOT, V + AMONG
V_HAS, V_OR_ZERO, V_TABLE, V_STEP, V_OF_DAY = V + HAS, V + OR_ZERO, V + TABLE, V + STEP, V + OF_DAY
V_MULTIPLE, V_CHOOSE, V_LISTED, V_LOADED = V + MULTIPLE, V + CHOOSE, V + LISTED, V + LOADED
SPREAD_OUT, SUM, SUM_AT, FIELD_IS, COUNT = ops.SPREAD_OUT, ops.SUM, ops.SUM_AT, ops.FIELD_IS, ops.COUNT
PRICED, HAS_CODE, AFTER, CODED, COSTS = ops.PRICED, ops.HAS_CODE, ops.AFTER, ops.CODED, ops.COSTS
TAKE_LINES, TAKE_UNITS, TAKE_TOTAL, PICK_TOTAL = ops.TAKE_LINES, ops.TAKE_UNITS, ops.TAKE_TOTAL, ops.PICK_TOTAL
TIMES_LEFT, TAKE_TIMES, FATE, BEST, TRIED = ops.TIMES_LEFT, ops.TAKE_TIMES, ops.FATE, ops.BEST, ops.TRIED
GIVE, GIVE_NOTHING, TRACK, MOVE = ops.GIVE, ops.GIVE_NOTHING, ops.TRACK, ops.MOVE
GRANT, CHANGED, FALLS, HELD_OUT = ops.GRANT, ops.CHANGED, ops.FALLS, ops.HELD_OUT
COST, LIST, SIZE = ops.COST, ops.LIST, ops.SIZE
DAY, INSTANT, TIER, LINES, PAID = ops.DAY, ops.INSTANT, ops.TIER, ops.LINES, ops.PAID
SLOT_DAY, SLOT_NEXT, AMOUNT_MAX, RUNS_MAX = ops.SLOT_DAY, ops.SLOT_NEXT, ops.AMOUNT_MAX, ops.RUNS_MAX
# fmt: on
GROW = -1
"""Room for results has run out: the event is done again with more."""


@compiled
def walk(  # noqa: C901 - a chain of ops, one arm each
         code: Ints, pool: Ints, rows: Ints, head: Ints, entries: Ints, blocks: Ints,
         kinds: Ints, members: Ints, on_day: Ints, instants: Ints, fields: Ints, offsets: Ints, lines: Ints, rank: Ints,
         listed_at: Ints, listed: Ints, facts: Ints, holdouts: Ints,
         days: Ints, base: int, memory: Ints, gone: Ints,
         r: Ints, v: Ints, row: Ints, cursors: Ints, room: Ints, runs: Ints, saved_lines: Ints,
         saved_runs: Ints, saved_rows: Ints, chosen: Ints, told_codes: Ints,
         told: Ints, costs: Ints, awards: Ints, discounts: Ints, parts: Ints, tiers: Ints, codes: Ints,
         order: Ints, start: int, wants: bool) -> int:  # fmt: skip
    """Score events from the place `start` of `order` on (empty: all, in order); where it stopped."""
    span = days.shape[1]
    limits, tracks, gives = head[LIMITS], head[TRACKS], head[GIVES]
    events = len(order) if len(order) else len(kinds)
    for x in range(start, events):
        i = order[x] if len(order) else x
        m = members[i]
        kind = kinds[i]
        pc = entries[kind, 0] if m >= 0 else entries[kind, 1]
        if pc < 0 or (m >= 0 and gone[m] != 0):
            told[i, 1] = ops.GUEST if m < 0 else ops.GONE if gone[m] != 0 else ops.KIND
            if m >= 0:
                gone[m] = 1
            continue
        day = on_day[i]
        row[SLOT_DAY], row[SLOT_NEXT] = MISSING, ops.FOREVER
        if m >= 0:
            for s in range(len(row)):
                row[s] = memory[m, s]
        if row[SLOT_DAY] != MISSING and day < row[SLOT_DAY]:
            told[i, 1] = ops.LATE
            gone[m] = 1
            continue
        award_start, discount_start, part_start = cursors[AWARDS], cursors[DISCOUNTS], cursors[PARTS]
        tier_start, code_start = cursors[TIERS], cursors[CODES]
        first = offsets[i]
        n = offsets[i + 1] - first
        r[INSTANT] = instants[i]
        r[LINES] = n
        r[DAY] = day
        if row[SLOT_NEXT] < day:
            if row[SLOT_NEXT] < base or (len(days) and days[0, row[SLOT_NEXT] - base] == UNKNOWN):
                told[i, 1] = ops.FAR
                gone[m] = 1
                continue
            r[DAY] = row[SLOT_NEXT]
            pc = head[ENDS]
        else:
            row[SLOT_DAY] = day
            r[TIER] = held_rung(row, rows, head, day) if m >= 0 else 0
        by_unit = wants or entries[kind, 2] != 0
        fates = depth = found = at = 0
        section_end = 0
        why = ops.DONE
        while True:
            op = code[pc, 0]
            d, a, c, k = code[pc, 1], code[pc, 2], code[pc, 3], code[pc, 4]
            if op == END:
                break
            if op == JUMP:
                pc = code[pc, 7]
                continue
            if op == UNLESS:
                if r[a] == 0:
                    pc = code[pc, 7]
                    continue
            elif op == WHERE:
                if r[a] != 0:
                    pc = code[pc, 7]
                    continue
            elif op == UNLESS_IS:
                if not compared(r[a], k, code[pc, 5]):
                    pc = code[pc, 7]
                    continue
            elif op == SECTION:
                found = gathered(rows, head, k, pool, fields, lines, facts, listed_at, listed, i, m, first, n, chosen)
                section_end = code[pc, 7]
                at = 0
                if found == 0:
                    pc = section_end
                else:
                    pc = blocks[chosen[0, 0]]
                continue
            elif op == NEXT:
                at += 1
                if at >= found:
                    pc = section_end
                else:
                    pc = blocks[chosen[0, at]]
                continue
            elif op == FAIL:
                why = k
                break
            elif op == CONST:
                r[d] = k
            elif op == COPY:
                r[d] = r[a]
            elif op == LINEAR:
                value = r[a] * k + code[pc, 6]
                if c >= 0:
                    value += r[c] * code[pc, 5]
                r[d] = value
            elif op == TIMES:
                if k == 1 and r[a] != 0 and abs(r[c]) > AMOUNT_MAX // abs(r[a]):
                    why = ops.UNSAFE
                    break
                r[d] = r[a] * r[c]
            elif op == DIVIDE:
                r[d] = divided(r[a] * code[pc, 6], k, code[pc, 5])
            elif op == LEAST:
                r[d] = min(r[a], r[c])
            elif op == MOST:
                r[d] = max(r[a], r[c])
            elif op == AT_MOST:
                r[d] = min(r[a], k)
            elif op == AT_LEAST:
                r[d] = max(r[a], k)
            elif op == COMPARE:
                r[d] = np.int64(compared(r[a], r[c], code[pc, 5]))
            elif op == IS:
                r[d] = np.int64(compared(r[a], k, code[pc, 5]))
            elif op == AND:
                r[d] = r[a] & r[c]
            elif op == OR:
                r[d] = r[a] | r[c]
            elif op == NOT:
                r[d] = 1 - r[a]
            elif op == AMONG:
                r[d] = np.int64(among(pool, k, code[pc, 6], r[a]) >= 0)
            elif op == HAS:
                r[d] = np.int64(r[a] != MISSING)
            elif op == OR_ZERO:
                r[d] = 0 if r[a] == MISSING else r[a]
            elif op == TABLE:
                place = r[a] - code[pc, 5]
                size = code[pc, 6]
                r[d] = pool[k + place] if 0 <= place < size else pool[k + size]
            elif op == STEP:
                r[d] = steps_of(pool, k, code[pc, 6], r[a])
            elif op == OF_DAY:
                place = r[a] - base
                if 0 <= place < span and days[k, place] != UNKNOWN:
                    r[d] = days[k, place]
                elif r[a] == MISSING:
                    r[d] = MISSING
                else:
                    why = ops.FAR
                    break
            elif op == MULTIPLE:
                r[d] = np.int64(r[a] % k == 0)
            elif op == CHOOSE:
                r[d] = r[c] if r[a] != 0 else r[code[pc, 6]]
            elif op == LISTED:
                begins, last = listed_at[k, i], listed_at[k, i + 1]
                if code[pc, 6] >= 0:
                    last = min(last, begins + code[pc, 6])
                r[d] = 0
                for s in range(begins, last):
                    if listed[s] == r[a]:
                        r[d] = 1
            elif op == LOADED:
                r[d] = facts[k, m] if code[pc, 5] else fields[k, i]
            elif op == V_CONST:
                for j in range(n):
                    v[d, j] = k
            elif op == V_COPY:
                for j in range(n):
                    v[d, j] = v[a, j]
            elif op == V_LINEAR:
                more, other = code[pc, 6], code[pc, 5]
                if c >= 0:
                    for j in range(n):
                        v[d, j] = v[a, j] * k + v[c, j] * other + more
                else:
                    for j in range(n):
                        v[d, j] = v[a, j] * k + more
            elif op == V_TIMES:
                if k == 1:
                    for j in range(n):
                        if v[a, j] != 0 and abs(v[c, j]) > AMOUNT_MAX // abs(v[a, j]):
                            why = ops.UNSAFE
                    if why:
                        break
                for j in range(n):
                    v[d, j] = v[a, j] * v[c, j]
            elif op == V_DIVIDE:
                mode, other = code[pc, 5], code[pc, 6]
                for j in range(n):
                    v[d, j] = divided(v[a, j] * other, k, mode)
            elif op == V_LEAST:
                for j in range(n):
                    v[d, j] = min(v[a, j], v[c, j])
            elif op == V_MOST:
                for j in range(n):
                    v[d, j] = max(v[a, j], v[c, j])
            elif op == V_AT_MOST:
                for j in range(n):
                    v[d, j] = min(v[a, j], k)
            elif op == V_AT_LEAST:
                for j in range(n):
                    v[d, j] = max(v[a, j], k)
            elif op == V_COMPARE:
                for j in range(n):
                    v[d, j] = np.int64(compared(v[a, j], v[c, j], code[pc, 5]))
            elif op == V_IS:
                how = code[pc, 5]
                if how == 0:
                    for j in range(n):
                        v[d, j] = np.int64(v[a, j] == k)
                else:
                    for j in range(n):
                        v[d, j] = np.int64(compared(v[a, j], k, how))
            elif op == V_AND:
                for j in range(n):
                    v[d, j] = v[a, j] & v[c, j]
            elif op == V_OR:
                for j in range(n):
                    v[d, j] = v[a, j] | v[c, j]
            elif op == V_NOT:
                for j in range(n):
                    v[d, j] = 1 - v[a, j]
            elif op == V_AMONG:
                for j in range(n):
                    v[d, j] = np.int64(among(pool, k, code[pc, 6], v[a, j]) >= 0)
            elif op == V_HAS:
                for j in range(n):
                    v[d, j] = np.int64(v[a, j] != MISSING)
            elif op == V_OR_ZERO:
                for j in range(n):
                    v[d, j] = 0 if v[a, j] == MISSING else v[a, j]
            elif op == V_TABLE:
                low, size = code[pc, 5], code[pc, 6]
                for j in range(n):
                    place = v[a, j] - low
                    v[d, j] = pool[k + place] if 0 <= place < size else pool[k + size]
            elif op == V_STEP:
                for j in range(n):
                    v[d, j] = steps_of(pool, k, code[pc, 6], v[a, j])
            elif op == V_OF_DAY:
                for j in range(n):
                    place = v[a, j] - base
                    if 0 <= place < span and days[k, place] != UNKNOWN:
                        v[d, j] = days[k, place]
                    elif v[a, j] == MISSING:
                        v[d, j] = MISSING
                    else:
                        why = ops.FAR
                if why:
                    break
            elif op == V_MULTIPLE:
                for j in range(n):
                    v[d, j] = np.int64(v[a, j] % k == 0)
            elif op == V_CHOOSE:
                other = code[pc, 6]
                for j in range(n):
                    v[d, j] = v[c, j] if v[a, j] != 0 else v[other, j]
            elif op == V_LISTED:
                begins, last = listed_at[k, i], listed_at[k, i + 1]
                if code[pc, 6] >= 0:
                    last = min(last, begins + code[pc, 6])
                for j in range(n):
                    v[d, j] = 0
                    for s in range(begins, last):
                        if listed[s] == v[a, j]:
                            v[d, j] = 1
            elif op == V_LOADED:
                for j in range(n):
                    v[d, j] = lines[k, first + j]
            elif op == SPREAD_OUT:
                for j in range(n):
                    v[d, j] = r[a]
            elif op == SUM:
                value = 0
                if c >= 0:
                    for j in range(n):
                        if v[c, j] != 0:
                            value += v[a, j]
                else:
                    for j in range(n):
                        value += v[a, j]
                r[d] = value
            elif op == COUNT:
                value = n
                if c >= 0:
                    value = 0
                    for j in range(n):
                        value += v[c, j]
                r[d] = value
            elif op == PRICED:
                value = 0
                each = code[pc, 5]
                for j in range(n):
                    amount = lines[a, first + j]
                    size = 1
                    if amount == MISSING:
                        amount = 0
                    if c >= 0:
                        size = lines[c, first + j]
                        if size == MISSING:
                            size = 1
                        if each:
                            amount *= size
                    if size <= 0 and code[pc, 6] == 0:
                        amount = 0
                    value += abs(amount)
                    v[COST, j] = amount
                    v[LIST, j] = amount
                    v[SIZE, j] = size
                    room[COUNTED, j] = 0
                if value > k:
                    why = ops.UNSAFE
                    break
                r[PAID] = 0
                for j in range(n):
                    r[PAID] += v[COST, j]
            elif op == SUM_AT:
                value = 0
                for j in range(n):
                    if lines[c, first + j] == k:
                        value += v[a, j]
                r[d] = value
            elif op == FIELD_IS:
                for j in range(n):
                    v[d, j] = np.int64(lines[c, first + j] == k)
            elif op == HAS_CODE:
                begins, last = listed_at[code[pc, 5], i], listed_at[code[pc, 5], i + 1]
                r[d] = -1
                for s in range(begins, last):
                    if among(pool, k, code[pc, 6], listed[s]) >= 0:
                        r[d] = s - begins
                        break
            elif TAKE_LINES <= op <= TAKE_TOTAL or op == PICK_TOTAL:
                if cursors[DISCOUNTS] == len(discounts) or cursors[PARTS] + RUNS_MAX * n > len(parts):
                    why = GROW
                    break
                how, pointer = op - TAKE_LINES, code[pc, 6]
                if op == PICK_TOTAL:
                    how = 2
                    k, a, c = best_total(pool, k, pointer, n, r, v)
                acted = 0
                if k >= 0:
                    acted = taken_off(how, k, a, c, pointer, i, n, first, rank, r, v, row, days, base, pool, rows, head,
                                      room, runs, cursors, discounts, parts, by_unit, wants)  # fmt: skip
                    if acted < 0:
                        why = -acted
                        break
                r[d] = acted
            elif op == TIMES_LEFT:
                value = used(row, rows, limits + k, days, r[DAY] - base)
                r[d] = AMOUNT_MAX if value == MISSING else rows[limits + k, 2] - value
            elif op == TAKE_TIMES:
                if r[a] > 0 and not use(row, rows, limits + k, days, r[DAY] - base, r[DAY], r[a]):
                    why = ops.FULL
                    break
            elif op == FATE:
                if fates == len(told_codes):
                    why = ops.RAGGED
                    break
                told_codes[fates, 0], told_codes[fates, 1], told_codes[fates, 2] = k, r[a], r[c]
                fates += 1
            elif BEST <= op <= TRIED:
                what = 0 if op == BEST else 1 + code[pc, 6]
                depth -= 0 if op == BEST else 1
                member_done(what, depth, r[a], n, r, v, row, room, runs, saved_lines, saved_runs, saved_rows, cursors,
                            discounts, parts, by_unit, k != 0)  # fmt: skip
                if what != 2:
                    depth += 1
            elif op == AFTER:
                if d >= 0:
                    for j in range(n):
                        v[d, j] = v[COST, j]
            elif op == CODED:
                begins, last = listed_at[k, i], listed_at[k, i + 1]
                if cursors[CODES] + last - begins > len(codes):
                    why = GROW
                    break
                tell_codes(i, begins, last, listed, fates, told_codes, cursors, codes, pool, c, code[pc, 6])
            elif op == COSTS:
                for j in range(n):
                    costs[first + j] = v[COST, j]
                told[i, 2] = 1
                told[i, 3] = r[PAID]
                told[i, 7] = r[PAID]
            elif GIVE <= op <= GIVE_NOTHING:
                if op == GIVE:
                    r[d] = 0
                if r[a] > 0:
                    place = cursors[AWARDS]
                    if place == len(awards):
                        why = GROW
                        break
                    wanted = given = r[a]
                    if wanted > AMOUNT_MAX:
                        why = ops.UNSAFE
                        break
                    cut = -1
                    if op == GIVE:
                        steps = rows[gives + k, 1]
                        if steps:
                            given = given // steps * steps
                        low, some = rows[gives + k, 2], rows[gives + k, 3]
                        for s in range(low, low + some):
                            limit = limits + pool[s]
                            before = used(row, rows, limit, days, r[DAY] - base)
                            if before != MISSING and given > rows[limit, 2] - before:
                                given, cut = max(rows[limit, 2] - before, 0), pool[s]
                                if rows[gives + k, 4]:
                                    given = 0
                                    break
                        if steps:
                            given = given // steps * steps
                        for s in range(low, low + some if given else low):
                            if not use(row, rows, limits + pool[s], days, r[DAY] - base, r[DAY], given):
                                why = ops.FULL
                        if why:
                            break
                        r[d] = given
                    else:
                        given, cut = 0, code[pc, 5]
                    cursors[AWARDS] = place + 1
                    pending, expires = code[pc, 5], code[pc, 6]
                    awards[place, 0] = i
                    awards[place, 1] = rows[gives + k, 0]
                    awards[place, 2] = wanted
                    awards[place, 3] = given
                    awards[place, 4] = cut
                    awards[place, 5] = 0
                    awards[place, 6] = r[pending] if given and pending >= 0 and op == GIVE else MISSING
                    awards[place, 7] = r[expires] if given and expires >= 0 and op == GIVE else MISSING
            elif op == TRACK:
                if code[pc, 5] == 0:
                    value = used(row, rows, tracks + k, days, r[DAY] - base)
                else:
                    table = rows[tracks + k, 2]
                    key = days[table, r[DAY] - base] if table >= 0 else MISSING
                    value = counted(row, rows[tracks + k, 0], key) if key != MISSING else 0
                r[d] = 0 if value == MISSING else value
            elif op == MOVE:
                if r[a] != 0:
                    value = used(row, rows, tracks + k, days, r[DAY] - base)
                    if value != MISSING and abs(value + r[a]) > code[pc, 6]:
                        why = ops.FULL
                        break
                    if not use(row, rows, tracks + k, days, r[DAY] - base, r[DAY], r[a]):
                        why = ops.FULL
                        break
            elif op == GRANT:
                granted(row, rows, head, k, r[DAY], r[a])
            elif op == CHANGED:
                if cursors[TIERS] == len(tiers):
                    why = GROW
                    break
                change_told(row, rows, head, r[TIER], r[DAY], i, cursors, tiers)
                if k:
                    r[TIER] = held_rung(row, rows, head, r[DAY])
            elif op == FALLS:
                if cursors[TIERS] == len(tiers):
                    why = GROW
                    break
                falls(row, rows, head, pool, r, i, chosen, cursors, tiers)
                if row[SLOT_NEXT] < day:
                    r[DAY] = row[SLOT_NEXT]
                    pc = head[ENDS]
                else:
                    r[DAY] = day
                    row[SLOT_DAY] = day
                    r[TIER] = held_rung(row, rows, head, day)
                    pc = entries[kind, 0]
                continue
            elif op == HELD_OUT:
                r[d] = holdouts[k, m]
            pc += 1
        if why != ops.DONE:
            cursors[AWARDS], cursors[DISCOUNTS], cursors[PARTS] = award_start, discount_start, part_start
            cursors[TIERS], cursors[CODES] = tier_start, code_start
            told[i, 2] = 0
            if why == GROW:
                return x
            told[i, 1] = why
            if m >= 0:
                gone[m] = 1
            continue
        if m >= 0:
            for s in range(len(row)):
                memory[m, s] = row[s]
        told[i, 0] = 1
    return events
