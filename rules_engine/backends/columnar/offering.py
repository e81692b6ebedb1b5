"""What offers take off, as steps of the kernel: by line, by unit, of a total; the best of a group; codes.

In: what is wanted, the carrier (what each line costs, and where needed the runs of its units). Out: the carrier
lowered, and discounts among the results. Each returns 1 where a price changed, 0 where none did, and the reason, below
zero, where the event cannot be done.
"""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from rules_engine.backends.columnar.arrays import (
    CODES,
    COUNTED,
    DISCOUNTS,
    EFFECTS,
    LIMITS,
    OFF_EACH,
    OFF_SIZE,
    OFFS,
    PART,
    PARTS,
    RUN_COST,
    RUN_SIZE,
    SPARE_COST,
    SPARE_SIZE,
    WEIGHT,
)
from rules_engine.backends.columnar.batch import Ints
from rules_engine.backends.columnar.jit import compiled, inlined
from rules_engine.backends.columnar.steps import among, divided, lowered, opened, spread, spread_units, use, used
from rules_engine.backends.columnar.tape import (
    C_ACTED,
    C_BEFORE,
    C_ELSEWHERE,
    C_OWN,
    C_UNKNOWN,
    COST,
    DAY,
    FULL,
    LIST,
    MISSING,
    PAID,
    RAGGED,
    SIZE,
)


@inlined
def taken_off(  # noqa: C901 - one step after the other, inlined
    how: int, k: int, a: int, c: int, p: int, i: int, n: int, first: int, rank: Ints, r: Ints, v: Ints,
              row: Ints, days: Ints, base: int, pool: Ints, rows: Ints, head: Ints, room: Ints, runs: Ints,
              cursors: Ints, discounts: Ints, parts: Ints, by_unit: bool, wants: bool) -> int:  # fmt: skip
    """Off each line (`how` 0), each unit (1), or some lines together (2): what is wanted, then the limits, the carrier,
    the results."""
    k += head[EFFECTS]
    wanted = total = 0
    if how == 0:
        wanted, total = _off_lines(k, a, c, n, first, rank, r, v, rows, room)
    elif how == 1:
        wanted, total = _off_units(p, c, n, v, pool, room, runs)
    else:
        wanted = r[a]
        limit = 0
        for j in range(n):
            room[WEIGHT, j] = v[COST, j] if c < 0 or v[c, j] != 0 else 0
            limit += room[WEIGHT, j]
        total = min(wanted, limit)
        if total > 0:
            spread(total, limit, n, room, rank, first)
    if total <= 0:
        return 0
    if by_unit and how != 1 and not _units(n, v, room, runs):
        return -RAGGED
    low, limits, cut, place = rows[k, 2], rows[k, 3], -1, r[DAY] - base
    for s in range(low, low + limits):
        at = head[LIMITS] + pool[s]
        before = used(row, rows, at, days, place)
        if before != MISSING and total > rows[at, 2] - before:
            total, cut = max(rows[at, 2] - before, 0), pool[s]
            _cut(total, n, first, rank, room)
            if by_unit and not _units_cut(n, room, runs):
                return -RAGGED
    if total == 0:
        return 0
    for s in range(low, low + limits):
        if not use(row, rows, head[LIMITS] + pool[s], days, place, r[DAY], total):
            return -FULL
    place = cursors[DISCOUNTS]
    r[PAID] -= total
    for j in range(n):
        if room[PART, j] == 0:
            continue
        v[COST, j] -= room[PART, j]
        if by_unit:
            if not lowered(j, room, runs):
                return -RAGGED
            if wants:
                _told(place, j, room, runs, cursors, parts)
    cursors[DISCOUNTS] = place + 1
    discounts[place, 0], discounts[place, 1] = i, rows[k, 0]
    discounts[place, 2], discounts[place, 3] = wanted, total
    discounts[place, 4], discounts[place, 5] = cut, 0
    return 1


@compiled
def _off_lines(k: int, a: int, c: int, n: int, first: int, rank: Ints, r: Ints, v: Ints, rows: Ints,
               room: Ints) -> tuple[int, int]:  # fmt: skip
    """An amount off each line: what is wanted, and what there is."""
    wanted = total = 0
    for j in range(n):
        amount = v[a, j] if c < 0 or v[c, j] != 0 else 0
        if amount < 0 or v[SIZE, j] <= 0:
            amount = 0
        wanted += amount
        room[PART, j] = amount
    high = rows[k, 4]
    if high >= 0 and wanted > r[high]:
        most = max(r[high], 0)
        _cut(most, n, first, rank, room)
        wanted = most
    for j in range(n):
        if room[PART, j] > v[COST, j]:
            room[PART, j] = v[COST, j]
        total += room[PART, j]
    return wanted, total


@compiled
def _off_units(p: int, c: int, n: int, v: Ints, pool: Ints, room: Ints, runs: Ints) -> tuple[int, int]:
    """An amount off each unit, or a price for it."""
    wanted = total = 0
    for j in range(n):
        room[PART, j] = room[OFFS, j] = 0
        if v[SIZE, j] <= 0 or (c >= 0 and v[c, j] == 0):
            continue
        opened(j, v[COST, j], v[SIZE, j], room, runs)
        listed = divided(v[LIST, j], v[SIZE, j], 0)
        for s in range(room[COUNTED, j]):
            now, size = runs[RUN_COST, j, s], runs[RUN_SIZE, j, s]
            value = now * pool[p] + listed * pool[p + 1] + pool[p + 2]
            off = divided(max(value, 0), pool[p + 3], pool[p + 4])
            if pool[p + 5]:
                off = max(now - off, 0)
            wanted += off * size
            off = min(off, now)
            runs[OFF_SIZE, j, s], runs[OFF_EACH, j, s] = size, off
            room[PART, j] += off * size
        room[OFFS, j] = room[COUNTED, j]
        total += room[PART, j]
    return wanted, total


@compiled
def _cut(left: int, n: int, first: int, rank: Ints, room: Ints) -> None:
    """What lines are to have taken off cut to what is left: in proportion to it."""
    total = 0
    for j in range(n):
        room[WEIGHT, j] = room[PART, j]
        total += room[PART, j]
    spread(left, total, n, room, rank, first)


@compiled
def _units(n: int, v: Ints, room: Ints, runs: Ints) -> bool:
    """What each line has taken off, on its units; false where they become too different."""
    for j in range(n):
        room[OFFS, j] = 0
        if room[PART, j] > 0:
            opened(j, v[COST, j], v[SIZE, j], room, runs)
            room[OFFS, j] = spread_units(room[PART, j], room[COUNTED, j], j, runs, RUN_SIZE, RUN_COST)
            if room[OFFS, j] < 0:
                return False
    return True


@compiled
def _units_cut(n: int, room: Ints, runs: Ints) -> bool:
    """The same where lines were cut: the units' amounts before are weights and caps."""
    for j in range(n):
        made = room[OFFS, j]
        if made == 0:
            continue
        for s in range(made):
            runs[SPARE_SIZE, j, s], runs[SPARE_COST, j, s] = runs[OFF_SIZE, j, s], runs[OFF_EACH, j, s]
        room[OFFS, j] = spread_units(room[PART, j], made, j, runs, SPARE_SIZE, SPARE_COST)
        if room[OFFS, j] < 0:
            return False
    return True


@compiled
def _told(discount: int, j: int, room: Ints, runs: Ints, cursors: Ints, parts: Ints) -> None:
    """The parts of a discount on a line: runs of equal amounts, those of nothing left out."""
    before = 0
    for s in range(room[OFFS, j]):
        each, size = runs[OFF_EACH, j, s], runs[OFF_SIZE, j, s]
        if each and size:
            at = cursors[PARTS]
            if each == before:
                parts[at - 1, 2] += size
            else:
                parts[at, 0], parts[at, 1], parts[at, 2], parts[at, 3] = discount, j, size, each
                cursors[PARTS] = at + 1
        if size:
            before = each


# ---- the best of a group ----


@compiled
def best_total(pool: Ints, at: int, count: int, n: int, r: Ints, v: Ints) -> tuple[int, int, int]:
    """Of some totals the one that takes most off, as (row of effects, register, vector); -1 where none takes any."""
    found, most = -1, 0
    for entry in range(count):
        wanted, mask = r[pool[at + 3 * entry]], pool[at + 3 * entry + 1]
        if wanted <= most:
            continue
        left = r[PAID]
        if mask >= 0:
            left = 0
            for j in range(n):
                if v[mask, j] != 0:
                    left += v[COST, j]
        if min(wanted, left) > most:
            found, most = entry, min(wanted, left)
    if found < 0:
        return -1, 0, 0
    return pool[at + 3 * found + 2], pool[at + 3 * found], pool[at + 3 * found + 1]


@compiled
def _saved(place: int, n: int, v: Ints, row: Ints, room: Ints, runs: Ints, saved_lines: Ints, saved_runs: Ints,
           saved_rows: Ints, by_unit: bool, limited: bool) -> None:  # fmt: skip
    for j in range(n):
        saved_lines[place, 0, j] = v[COST, j]
        if by_unit:
            saved_lines[place, 1, j] = room[COUNTED, j]
            for s in range(room[COUNTED, j]):
                saved_runs[place, 0, j, s], saved_runs[place, 1, j, s] = runs[RUN_SIZE, j, s], runs[RUN_COST, j, s]
    if limited:
        for s in range(len(row)):
            saved_rows[place, s] = row[s]


@compiled
def _restored(place: int, n: int, v: Ints, row: Ints, room: Ints, runs: Ints, saved_lines: Ints, saved_runs: Ints,
              saved_rows: Ints, by_unit: bool, limited: bool) -> None:  # fmt: skip
    for j in range(n):
        v[COST, j] = saved_lines[place, 0, j]
        if by_unit:
            room[COUNTED, j] = saved_lines[place, 1, j]
            for s in range(room[COUNTED, j]):
                runs[RUN_SIZE, j, s], runs[RUN_COST, j, s] = saved_runs[place, 0, j, s], saved_runs[place, 1, j, s]
    if limited:
        for s in range(len(row)):
            row[s] = saved_rows[place, s]


@inlined
def member_done(what: int, depth: int, acted: int, n: int, r: Ints, v: Ints, row: Ints, room: Ints, runs: Ints,
                saved_lines: Ints, saved_runs: Ints, saved_rows: Ints, cursors: Ints, discounts: Ints, parts: Ints,
                by_unit: bool, limited: bool) -> None:  # fmt: skip
    """Begin a group that tries its members (0), a member was tried (1), the last was (2)."""
    start, best, end = 2 * depth, 2 * depth + 1, len(row)
    if what == 0:
        _saved(start, n, v, row, room, runs, saved_lines, saved_runs, saved_rows, by_unit, limited)
        saved_rows[start, end], saved_rows[start, end + 1] = cursors[DISCOUNTS], cursors[PARTS]
        saved_rows[best, end], saved_rows[best, end + 1], saved_rows[best, end + 2] = (
            cursors[DISCOUNTS],
            cursors[PARTS],
            -1,
        )
        saved_rows[start, end + 2] = r[PAID]
        return
    better = False
    if acted:
        off = saved_rows[start, end + 2] - r[PAID]
        better = off > saved_rows[best, end + 2]
        if better:
            # The results of this try stand behind those of the best before it: they take their place.
            shift = saved_rows[best, end] - saved_rows[start, end]
            for s in range(saved_rows[best, end], cursors[DISCOUNTS]):
                for field in range(discounts.shape[1]):
                    discounts[s - shift, field] = discounts[s, field]
            back = saved_rows[best, end + 1] - saved_rows[start, end + 1]
            for s in range(saved_rows[best, end + 1], cursors[PARTS]):
                parts[s - back, 0] = parts[s, 0] - shift
                for field in range(1, 4):
                    parts[s - back, field] = parts[s, field]
            saved_rows[best, end], saved_rows[best, end + 1], saved_rows[best, end + 2] = (
                cursors[DISCOUNTS] - shift,
                cursors[PARTS] - back,
                off,
            )
            if what == 1:
                _saved(best, n, v, row, room, runs, saved_lines, saved_runs, saved_rows, by_unit, limited)
    cursors[DISCOUNTS], cursors[PARTS] = saved_rows[best, end], saved_rows[best, end + 1]
    if what == 1 or not better:
        r[PAID] = saved_rows[start, end + 2]
        if what == 2 and saved_rows[best, end + 2] >= 0:
            r[PAID] -= saved_rows[best, end + 2]
        back_to = best if what == 2 and saved_rows[best, end + 2] >= 0 else start
        _restored(back_to, n, v, row, room, runs, saved_lines, saved_runs, saved_rows, by_unit, limited)


# ---- codes ----


@compiled
def tell_codes(i: int, start: int, end: int, listed: Ints, fates: int, told: Ints, cursors: Ints, codes: Ints,
               pool: Ints, known: int, size: int) -> None:  # fmt: skip
    """What became of each presented code: a row for the rule that it set off, or for why it set off none. `pool` has
    the codes of the program, sorted, then the rule of each (-1: of another kind of event)."""
    for s in range(start, end):
        value, rule, reason = listed[s], -1, C_UNKNOWN
        if value < 0:
            reason = -value
        else:
            place = among(pool, known, size, value)
            if place >= 0:
                rule, reason = pool[place + size], C_ELSEWHERE
            for other in range(start, s):
                if listed[other] == value:
                    rule, reason = -1, C_BEFORE
        if rule >= 0:
            for f in range(fates):
                if told[f, 0] == rule:
                    reason = told[f, 2]
                    if reason == C_ACTED and told[f, 1] != s - start:
                        reason = C_OWN
        at = cursors[CODES]
        cursors[CODES] = at + 1
        codes[at, 0], codes[at, 1] = i, s - start
        codes[at, 2], codes[at, 3] = rule if reason == C_ACTED else -1, reason
