"""What the kernel is handed: the tape, room to work in, and where results go, as plain arrays. Few of them, since numba
takes long over functions with many: small tables stand in one, results in a row each.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Awards, Batch, Codes, Discounts, Ints, Parts, Prices, Results, Tiers
from rules_engine.backends.columnar.tape import RUNS_MAX, Tape

DEPTH: Final = 4
"""How deep groups that try their members may stand in each other."""

# ---- the tape: `rows` has the small tables one after the other, `head` where each begins ----

LIMITS, TRACKS, EFFECTS, GIVES, SECTIONS, KEYS, WAYS, HOLDINGS = range(8)
WAY_COUNT, HOLDING_COUNT, RUNGS, WHAT, DOWN, LANDING, LIFE, ENDS, AFTER = range(8, 17)

# ---- room: a row of `lines` each, and what the cursors of results are ----

PART, REST, WEIGHT, COUNTED, OFFS = range(5)
RUN_SIZE, RUN_COST, OFF_SIZE, OFF_EACH, SPARE_SIZE, SPARE_COST = range(6)
AWARDS, DISCOUNTS, PARTS, TIERS, CODES = range(5)
DONE, WHY, PRICED, NET, SHIPPING, CHARGES, TAX, TOTAL = range(8)
"""The columns of what is told of every event."""


class Tables(NamedTuple):
    """The arrays of a tape."""

    code: Ints
    pool: Ints
    rows: Ints
    head: Ints
    entries: Ints
    blocks: Ints


class Sent(NamedTuple):
    """The arrays of a batch. `listed_at` has the offsets of each ragged field in `listed`."""

    kind: Ints
    member: Ints
    day: Ints
    instant: Ints
    fields: Ints
    offsets: Ints
    lines: Ints
    rank: Ints
    listed_at: Ints
    listed: Ints
    facts: Ints
    holdouts: Ints


class Work(NamedTuple):
    """Room to work in, for one thread."""

    registers: Ints
    vectors: Ints
    row: Ints
    cursors: Ints
    room: Ints
    runs: Ints
    saved_lines: Ints
    saved_runs: Ints
    saved_rows: Ints
    found: Ints
    fates: Ints


class Out(NamedTuple):
    """Where results go: a row an event, an award, and so on; and what each line costs."""

    told: Ints
    costs: Ints
    awards: Ints
    discounts: Ints
    parts: Ints
    tiers: Ints
    codes: Ints


def tables(tape: Tape) -> Tables:
    """The arrays of a tape."""
    ladder = tape.ladder
    none = np.zeros((0, 1), np.int64)
    small = [tape.limits, tape.tracks, tape.effects, tape.gives, tape.sections, tape.keys]
    small += [none, none] if ladder is None else [ladder.ways, ladder.holdings]
    rows = np.zeros((sum(map(len, small)) + 1, 8), np.int64)
    head = []
    at = 0
    for table in small:
        head.append(at)
        rows[at : at + len(table), : table.shape[1]] = table
        at += len(table)
    head += [len(small[WAYS]), len(small[HOLDINGS])]
    if ladder is None:
        head += [0, -1, -1, 0, -1, -1, 0]
        after = np.zeros(0, np.int64)
    else:
        head += [ladder.rungs, ladder.what, ladder.down, ladder.tier, ladder.life, tape.ends, len(tape.pool)]
        after = ladder.after
    entries = np.stack([tape.entries, tape.guests, tape.by_unit], axis=1)
    return Tables(
        tape.code, np.concatenate([tape.pool, after]), rows, np.array(head, np.int64), np.ascontiguousarray(entries),
        tape.blocks,
    )  # fmt: skip


def sent(batch: Batch) -> Sent:
    """The arrays of a batch."""
    places, values, before = [], [], 0
    for offsets, found in batch.ragged:
        places.append(offsets + before)
        values.append(found)
        before += len(found)
    listed_at = np.stack(places) if places else np.zeros((0, 1), np.int64)
    listed = np.concatenate(values) if values else np.zeros(0, np.int64)
    columns = (
        batch.kind, batch.member, batch.day, batch.instant, batch.fields, batch.offsets, batch.lines, batch.rank,
        listed_at, listed, batch.facts, batch.holdouts,
    )  # fmt: skip
    return Sent(*(np.require(column, np.int64, ["C", "W"]) for column in columns))


def work(tape: Tape, lines: int) -> Work:
    """Room for events of so many lines at most."""
    lines = max(lines, 1)

    def ints(*shape: int) -> Ints:
        return np.zeros(shape, np.int64)

    holdings = 0 if tape.ladder is None else len(tape.ladder.holdings)
    found = ints(2, max(len(tape.blocks), holdings) + 1)
    return Work(
        ints(tape.registers), ints(max(tape.vectors, ops.VECTORS), lines), ints(tape.slots), ints(8), ints(5, lines),
        ints(6, lines, RUNS_MAX), ints(2 * DEPTH, 2, lines), ints(2 * DEPTH, 2, lines, RUNS_MAX),
        ints(2 * DEPTH, tape.slots + 3), found, ints(64, 3),
    )  # fmt: skip


def out(told: Ints, costs: Ints, events: int, lines: int, wants: bool) -> Out:
    """Room for the results of so many events, of so many lines at most."""
    parts = (4 * events if wants else 0) + 2 * RUNS_MAX * lines + 64
    sizes = ((4 * events + 64, 8), (3 * events + 64, 6), (parts, 4), (events // 8 + 64, 5), (events // 4 + 64, 4))
    return Out(told, costs, *(np.empty(size, np.int64) for size in sizes))


def grown(found: Out) -> Out:
    """The same results with twice the room."""
    told, costs, *rest = found
    return Out(told, costs, *(np.concatenate([column, np.empty_like(column)]) for column in rest))


def joined(found: list[tuple[Out, Ints]]) -> tuple[Out, Ints]:
    """The results of several threads as one, in the order of events."""
    tables, cursors = [], np.zeros(8, np.int64)
    moved = np.zeros(0, np.int64)
    for place, name in (
        (AWARDS, "awards"),
        (DISCOUNTS, "discounts"),
        (PARTS, "parts"),
        (TIERS, "tiers"),
        (CODES, "codes"),
    ):
        pieces = [getattr(one, name)[: ends[place]] for one, ends in found]
        if place == PARTS:
            before = np.cumsum([0, *(ends[DISCOUNTS] for _, ends in found)])
            for piece, first in zip(pieces, before, strict=False):
                piece[:, 0] = moved[piece[:, 0] + first]
        table = np.concatenate(pieces)
        order = np.argsort(table[:, 0], kind="stable")
        if place == DISCOUNTS:
            moved = np.empty(len(order), np.int64)
            moved[order] = np.arange(len(order))
        tables.append(table[order])
        cursors[place] = len(table)
    return Out(found[0][0].told, found[0][0].costs, *tables), cursors


def results(found: Out, cursors: Ints) -> Results:
    """Results as columns."""
    ends = [int(each) for each in cursors]
    told = found.told
    return Results(
        told[:, DONE].astype(np.bool_), told[:, WHY].astype(np.int16),
        Awards(*_columns(found.awards, ends[AWARDS], "iillii")),
        Discounts(*_columns(found.discounts, ends[DISCOUNTS], "iillii")),
        Parts(*_columns(found.parts, ends[PARTS], "lill")), Tiers(*_columns(found.tiers, ends[TIERS], "iiili")),
        Codes(*_columns(found.codes, ends[CODES], "iiii")),
        Prices(
            told[:, PRICED].astype(np.int32), told[:, NET], told[:, SHIPPING], told[:, CHARGES], told[:, TAX],
            told[:, TOTAL], found.costs,
        ),
    )  # fmt: skip


def _columns(table: Ints, end: int, kinds: str) -> list[Any]:
    """The columns of the first rows: `i` 32 bits wide, `l` as they stand (a view), as are all that follow."""
    found = []
    for place in range(table.shape[1]):
        column = table[:end, place]
        found.append(column.astype(np.int32) if kinds[place : place + 1] == "i" else column)
    return found
