"""Tiers in memory: what is held, what is granted, what ends and what follows it. Steps of the kernel.

In: a member's row of memory. Out: the row, moved along, and changes of the held rung among the results.
"""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from rules_engine.backends.columnar.arrays import (
    AFTER,
    DOWN,
    HOLDING_COUNT,
    HOLDINGS,
    LANDING,
    LIFE,
    RUNGS,
    TIERS,
    WAY_COUNT,
    WAYS,
    WHAT,
)
from rules_engine.backends.columnar.batch import Ints
from rules_engine.backends.columnar.jit import compiled
from rules_engine.backends.columnar.tape import DAY, FOREVER, MISSING, SLOT_NEXT, SLOT_SEQUENCE


@compiled
def held_rung(row: Ints, rows: Ints, head: Ints, day: int) -> int:
    """The highest rung held on a day."""
    rung = 0
    for h in range(head[HOLDINGS], head[HOLDINGS] + head[HOLDING_COUNT]):
        slot = rows[h, 0]
        if row[slot] != MISSING and row[slot] <= day <= row[slot + 1] and rows[h, 1] > rung:
            rung = rows[h, 1]
    return rung


@compiled
def next_end(row: Ints, rows: Ints, head: Ints) -> None:
    """Note the first day with which a holding ends."""
    row[SLOT_NEXT] = FOREVER
    for h in range(head[HOLDINGS], head[HOLDINGS] + head[HOLDING_COUNT]):
        slot = rows[h, 0]
        if row[slot] != MISSING and row[slot + 1] < row[SLOT_NEXT]:
            row[SLOT_NEXT] = row[slot + 1]


@compiled
def granted(row: Ints, rows: Ints, head: Ints, holding: int, begins: int, until: int) -> None:
    """Grant a holding, or prolong it; an end never comes nearer."""
    slot = rows[head[HOLDINGS] + holding, 0]
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
        next_end(row, rows, head)


@compiled
def change_told(
    row: Ints, rows: Ints, head: Ints, before: int, since: int, event: int, cursors: Ints, tiers: Ints
) -> None:
    """Say that the held rung is another from a day on, and the holding that carries it: the first that begins then,
    else the first."""
    after = held_rung(row, rows, head, since)
    if after == before:
        return
    carrier = -1
    for h in range(head[HOLDINGS], head[HOLDINGS] + head[HOLDING_COUNT]):
        slot = rows[h, 0]
        if rows[h, 1] != after or row[slot] == MISSING or not row[slot] <= since <= row[slot + 1]:
            continue
        if carrier < 0:
            carrier = h
            continue
        own, other = row[slot] != since, row[rows[carrier, 0]] != since
        if own < other or (own == other and row[slot + 2] < row[rows[carrier, 0] + 2]):
            carrier = h
    place = cursors[TIERS]
    cursors[TIERS] = place + 1
    tiers[place, 0], tiers[place, 1], tiers[place, 2], tiers[place, 3] = event, before, after, since
    tiers[place, 4] = carrier - head[HOLDINGS] if carrier >= 0 else -1 - before


@compiled
def falls(  # noqa: C901 - what follows a holding, case by case
    row: Ints, rows: Ints, head: Ints, pool: Ints, r: Ints, event: int, chosen: Ints, cursors: Ints,
          tiers: Ints) -> None:  # fmt: skip
    """End the holdings whose last day this is, from the highest rung down, and let follow what follows."""
    last = r[DAY]
    before = held_rung(row, rows, head, last)
    rungs, what, down, tier = head[RUNGS], head[WHAT], head[DOWN], head[LANDING]
    earned = 0
    for way in range(head[WAYS], head[WAYS] + head[WAY_COUNT]):
        if r[rows[way, 2]] != 0 and rows[way, 0] > earned:
            earned = rows[way, 0]
    ended = 0
    for h in range(head[HOLDINGS], head[HOLDINGS] + head[HOLDING_COUNT]):
        slot = rows[h, 0]
        if row[slot] != MISSING and row[slot + 1] <= last:
            # By rung, the highest first; of one rung in the order in which they came.
            at = ended
            while at > 0:
                other = chosen[0, at - 1]
                if rows[other, 1] > rows[h, 1] or (
                    rows[other, 1] == rows[h, 1] and row[rows[other, 0] + 2] < row[slot + 2]
                ):
                    break
                chosen[0, at] = other
                at -= 1
            chosen[0, at] = h
            ended += 1
    for e in range(ended):
        row[rows[chosen[0, e], 0]] = MISSING
    for e in range(ended):
        rung = rows[chosen[0, e], 1]
        if what < 0:
            continue
        target = tier
        if what == 0:
            target = earned if down < 0 else max(earned, rung - down)
        elif what == 1:
            target = rung - max(down, 1)
        if target <= held_rung(row, rows, head, last + 1):
            continue
        if what == 0 and target == earned:
            for way in range(head[WAYS], head[WAYS] + head[WAY_COUNT]):
                if rows[way, 0] == target and r[rows[way, 2]] != 0:
                    granted(row, rows, head, rows[way, 1], last + 1, r[rows[way, 3]])
        else:
            granted(row, rows, head, pool[head[AFTER] + rung * rungs + target], last + 1, r[head[LIFE]])
    next_end(row, rows, head)
    change_told(row, rows, head, before, last + 1, event, cursors, tiers)
