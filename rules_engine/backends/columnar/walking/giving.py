"""The tape's ops on what an event is priced at, gives and moves, for many events at once.

In: the events that stand at a row, and the row. Out: registers, memory and results, moved along.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.tape import AMOUNT_MAX, MISSING
from rules_engine.backends.columnar.walking import answering, entries, keeping, owned, pricing, taking_off
from rules_engine.backends.columnar.walking.numbering import Row, among, ragged_of
from rules_engine.backends.columnar.walking.piece import Here

if TYPE_CHECKING:
    from rules_engine.backends.columnar.walking.chunks import Walk

NOT_ASKED: Final = -2

# ---- lines and numbers


def _spread_out(_: Walk, here: Here, row: Row) -> None:
    here.lay(row[1], here.read(row[2])[here.of_line])


def _sum(_: Walk, here: Here, row: Row) -> None:
    values = here.vector(row[2])
    here.write(row[1], here.summed(values if row[3] < 0 else np.where(here.chosen(row[3]), values, 0)))


def _count(_: Walk, here: Here, row: Row) -> None:
    here.write(row[1], here.sizes if row[3] < 0 else here.summed(here.vector(row[3])))


def _priced(walk: Walk, here: Here, row: Row) -> None:
    """The carrier; an absent amount counts as 0, an absent size as 1."""
    _, _, a, b, most, each, keeps, _ = row
    piece = here.piece
    lines = piece.lines[here.lines]
    amount = piece.batch.lines[a, lines]
    amount = np.where(amount == MISSING, 0, amount)
    size = np.ones(len(lines), np.int64)
    if b >= 0:
        size = piece.batch.lines[b, lines]
        size = np.where(size == MISSING, 1, size)
    amount = amount * size if each and b >= 0 else amount
    amount = amount if keeps else np.where(size <= 0, 0, amount)
    for vector, values in ((ops.COST, amount), (ops.LIST, amount), (ops.SIZE, size)):
        here.lay(vector, values)
    if walk.by_unit:
        piece.runs.counts[here.lines] = 0
    here.write(ops.PAID, here.summed(amount))
    piece.fail(here.numbers[here.summed(np.abs(amount)) > most], ops.UNSAFE)


def _sum_at(_: Walk, here: Here, row: Row) -> None:
    values = np.where(_field(here, row[3]) == row[4], here.vector(row[2]), 0)
    here.write(row[1], here.summed(values))


def _field_is(_: Walk, here: Here, row: Row) -> None:
    here.lay(row[1], _field(here, row[3]) == row[4])


def _field(here: Here, row: int) -> Ints:
    """A field of their lines."""
    found: Ints = here.piece.batch.lines[row, here.piece.lines[here.lines]]
    return found


def _has_code(walk: Walk, here: Here, row: Row) -> None:
    """The place of the first presented code that is one of some."""
    owners, places, items = ragged_of(here, row[5])
    met = np.flatnonzero(among(items, walk.pool[row[4] : row[4] + row[6]]))[::-1]
    found = np.full(len(here), -1, np.int64)
    found[owners[met]] = places[met]
    here.write(row[1], found)


# ---- limits, codes, prices


def _times_left(walk: Walk, here: Here, row: Row) -> None:
    limit = walk.limits[row[4]]
    keys = walk.keys(here, limit[ops.LIMIT_DAYS])
    before = keeping.used(here, limit, keys)
    here.write(row[1], np.where(before == MISSING, AMOUNT_MAX, limit[ops.LIMIT_ROOM] - before))


def _take_times(walk: Walk, here: Here, row: Row) -> None:
    limit, times = walk.limits[row[4]], here.read(row[2])
    keys = walk.keys(here, limit[ops.LIMIT_DAYS])
    counts = times > 0
    keeping.use(here.part(counts), limit, keys[counts], times[counts])


def _fate(_: Walk, here: Here, row: Row) -> None:
    here.piece.fates.append((here.numbers, row[4], here.read(row[2]).copy(), here.read(row[3]).copy()))


def _coded(walk: Walk, here: Here, row: Row) -> None:
    """What became of each presented code: the rule that it set off, or why it set off none. The pool has the codes of
    this kind of event, sorted, then the rule of each (-1: one of another kind of event)."""
    _, _, _, known, number, _, size, _ = row
    owners, places, items = ragged_of(here, number)
    codes, rules = walk.pool[known : known + size], walk.pool[known + size : known + 2 * size]
    met = among(items, codes) & (items >= 0)
    rule, reason = np.full(len(items), -1, np.int64), np.full(len(items), ops.C_UNKNOWN, np.int64)
    if size:
        at = np.minimum(np.searchsorted(codes, items), size - 1)
        rule, reason = np.where(met, rules[at], rule), np.where(met, ops.C_ELSEWHERE, reason)
    again = _presented_before(owners, items) & (items >= 0)
    rule, reason = np.where(again, -1, rule), np.where(again, ops.C_BEFORE, reason)
    reason = np.where(items < 0, -items, reason)
    rule = np.where(items < 0, -1, rule)
    place_of, what_of = np.zeros((2, here.piece.count), np.int64)
    for numbers, fate_rule, place, what in here.piece.fates:
        place_of[:], what_of[:] = NOT_ASKED, 0
        place_of[numbers], what_of[numbers] = place, what
        own, why = place_of[here.numbers][owners], what_of[here.numbers][owners]
        fits = (rule == fate_rule) & (own != NOT_ASKED)
        reason = np.where(fits, np.where((why == 0) & (own != places), ops.C_OWN, why), reason)
    events = here.piece.events[here.numbers]
    walk.emitted.codes.add(events[owners], places, np.where(reason == 0, rule, -1), reason)


def _presented_before(owners: Ints, items: Ints) -> Flags:
    """Which items of an event stood there before."""
    found = np.zeros(len(items), np.bool_)
    for back in range(1, int(np.bincount(owners).max(initial=0)) if len(owners) else 0):
        found[back:] |= (owners[back:] == owners[:-back]) & (items[back:] == items[:-back])
    return found


def _say(walk: Walk, here: Here, row: Row) -> None:
    walk.emitted.said.add(here.piece.events[here.numbers], row[4])


def _costs(walk: Walk, here: Here, _: Row) -> None:
    piece, cost = here.piece, here.vector(ops.COST)
    walk.cost[piece.lines[here.lines]] = cost
    events = piece.events[here.numbers]
    walk.priced[events] = 1
    walk.net[events] = walk.total[events] = here.read(ops.PAID)


def _after(_: Walk, here: Here, row: Row) -> None:
    if row[1] >= 0:
        here.lay(row[1], here.vector(ops.COST))


# ---- awards


def _give(walk: Walk, here: Here, row: Row) -> None:
    """An award: whole steps, limits, whole steps again; then it counts."""
    wanted = here.read(row[2])
    here.write(row[1], 0)
    here, wanted = here.part(wanted > 0), wanted[wanted > 0]
    if not len(here):
        return
    here.piece.fail(here.numbers[wanted > entries.HELD], ops.UNSAFE)
    give = walk.gives[row[4]]
    steps, given, cut = give[ops.GIVES_STEPS], wanted, np.full(len(here), -1, np.int64)
    if steps:
        given = given // steps * steps
    limits = walk.limits_of(give, ops.GIVES_LIMITS)
    keys = [walk.keys(here, limit[ops.LIMIT_DAYS]) for _, limit in limits]
    for (number, limit), key in zip(limits, keys, strict=True):
        before = keeping.used(here, limit, key)
        cutting = (before != MISSING) & (given > limit[ops.LIMIT_ROOM] - before)
        left = np.int64(0) if give[ops.GIVES_NOTHING] else np.maximum(limit[ops.LIMIT_ROOM] - before, 0)
        if give[ops.GIVES_NOTHING]:
            cutting &= cut < 0
        given, cut = np.where(cutting, left, given), np.where(cutting, number, cut)
    if steps:
        given = given // steps * steps
    for (_, limit), key in zip(limits, keys, strict=True):
        counts = given != 0
        keeping.use(here.part(counts), limit, key[counts], given[counts])
    here.write(row[1], given)
    pending, expires = (
        np.where(given != 0, here.read(register), MISSING) if register >= 0 else MISSING for register in row[5:7]
    )
    events = here.piece.events[here.numbers]
    walk.emitted.awards.add(events, give[ops.GIVES], wanted, given, cut, 0, pending, expires)


def _give_nothing(walk: Walk, here: Here, row: Row) -> None:
    wanted = here.read(row[2])
    here, wanted = here.part(wanted > 0), wanted[wanted > 0]
    here.piece.fail(here.numbers[wanted > AMOUNT_MAX], ops.UNSAFE)
    events = here.piece.events[here.numbers]
    walk.emitted.awards.add(events, walk.gives[row[4]][ops.GIVES], wanted, 0, row[5], 0, MISSING, MISSING)


# ---- tracks and tiers


def _track(walk: Walk, here: Here, row: Row) -> None:
    track = walk.tracks[row[4]]
    table = track[ops.TRACK_DAYS + row[5]]
    if table < 0 and row[5]:
        here.write(row[1], 0)
        return
    keys = walk.keys(here, table)
    if row[5]:
        here.write(row[1], np.where(keys == MISSING, 0, keeping.counted(here, track[ops.TRACK_SLOT], keys)))
        return
    found = keeping.used(here, track, keys)
    here.write(row[1], np.where(found == MISSING, 0, found))


def _move(walk: Walk, here: Here, row: Row) -> None:
    track, more = walk.tracks[row[4]], here.read(row[2])
    keys = walk.keys(here, track[ops.TRACK_DAYS])
    moves = more != 0
    here, keys, more = here.part(moves), keys[moves], more[moves]
    before = keeping.used(here, track, keys)
    full = (before != MISSING) & (np.abs(before + more) > row[6])
    here.piece.fail(here.numbers[full], ops.FULL)
    keeping.use(here.part(~full), track, keys[~full], more[~full])


def _grant(walk: Walk, here: Here, row: Row) -> None:
    keeping.granted(here, walk.holdings, int(walk.holdings[row[4], 0]), here.read(ops.DAY), here.read(row[2]))


def _changed(walk: Walk, here: Here, row: Row) -> None:
    day = here.read(ops.DAY)
    keeping.change_told(here, walk.holdings, here.read(ops.TIER), day, walk.emitted.tiers)
    if row[4]:
        here.write(ops.TIER, keeping.held_rungs(here, walk.holdings, day))


def _falls(walk: Walk, here: Here, _: Row) -> None:
    assert walk.ladder is not None
    keeping.falls(here, walk.ladder, walk.emitted.tiers)


def _held_out(_: Walk, here: Here, row: Row) -> None:
    here.write(row[1], here.piece.batch.holdouts[row[4], here.piece.member[here.events]])


STEPS: Final[dict[int, Callable[[Walk, Here, Row], None]]] = {
    ops.SPREAD_OUT: _spread_out,
    ops.SUM: _sum,
    ops.COUNT: _count,
    ops.PRICED: _priced,
    ops.HAS_CODE: _has_code,
    ops.TAKE_LINES: taking_off.take_lines,
    ops.TAKE_UNITS: taking_off.take_units,
    ops.TAKE_TOTAL: taking_off.take_total,
    ops.PICK_TOTAL: taking_off.pick_total,
    ops.SUM_AT: _sum_at,
    ops.FIELD_IS: _field_is,
    ops.TIMES_LEFT: _times_left,
    ops.TAKE_TIMES: _take_times,
    ops.FATE: _fate,
    ops.BEST: taking_off.begin,
    ops.TRIED: taking_off.tried,
    ops.AFTER: _after,
    ops.CODED: _coded,
    ops.COSTS: _costs,
    ops.GIVE: _give,
    ops.GIVE_NOTHING: _give_nothing,
    ops.TRACK: _track,
    ops.MOVE: _move,
    ops.GRANT: _grant,
    ops.CHANGED: _changed,
    ops.FALLS: _falls,
    ops.HELD_OUT: _held_out,
    **pricing.STEPS,
    **owned.STEPS,
    ops.SAY: _say,
    **answering.STEPS,
    **entries.STEPS,
}
"""By op, what it does."""
