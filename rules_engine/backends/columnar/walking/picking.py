"""Picked units, for many events at once: the cheapest, every third, the second to the fifth of each line.

In: entries (lines of events, in the order of ties), the runs of their units, what each unit cost when the rule began.
Out: the same units in runs that are cut where picks begin and end, and which of them are picked. What
`selecting.picked` gives, event by event.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rules_engine.backends.columnar import terms
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.tape import MISSING, RUNS_MAX
from rules_engine.backends.columnar.walking.sharing import before_each, totals
from rules_engine.backends.columnar.walking.units import Runs, flat

FAR = 2**32
"""More than a line has units."""


class Stretch(NamedTuple):
    """Units of entries: which entry, from which place on, how many, what each cost when the rule began."""

    entry: Ints
    start: Ints
    size: Ints
    acting: Ints


def picked(pick: list[int], runs: Runs, acting: Runs, owners: Ints, by: Ints | None) -> tuple[Runs, Ints, Flags]:
    """Runs cut at picks, 1 where units are picked by run and entry, and the entries that have too many runs. `by` is
    what entries are sorted by."""
    row = _row(acting)
    places = np.arange(len(row.entry))
    offsets = np.searchsorted(owners[row.entry], np.arange(owners[-1] + 2 if len(owners) else 1))
    kind, how, first, second, of_lines = pick[:5]
    if kind == terms.PICK_SPAN:
        before = row.start
        low, high = first - 1 - before, second - before
    elif kind == terms.PICK_EVERY:
        order = _order(how, row, owners, by)
        low, high = _every(row, order, owners, first, second)
    else:
        order = _order(how, row, owners, by) if not of_lines else _lines(how, row, owners)
        low, high = (_some_lines if of_lines else _some)(row, order, owners, offsets, pick)
    low, high = np.maximum(low, 0), np.minimum(high, row.size)
    some = places[low < high]
    return _cut(runs, row.entry[some], (row.start + low)[some], (row.start + high)[some])


def _row(runs: Runs) -> Stretch:
    """The units of all entries, in the order of entries and places."""
    at = flat(runs)
    entry = at[1]
    count = runs.sizes[at]
    ends = np.cumsum(count)
    offsets = np.searchsorted(entry, np.arange(len(runs.counts) + 1))
    starts = ends - count
    begin = np.append(starts, 0)[np.minimum(offsets[:-1], len(starts))]
    return Stretch(entry, starts - begin[entry], count, runs.values[at])


def _order(how: int, row: Stretch, owners: Ints, by: Ints | None) -> Ints:
    """The order in which units stand in a row, event by event."""
    places, owner = np.arange(len(row.entry)), owners[row.entry]
    match how:
        case terms.CHEAPEST:
            return np.lexsort((places, row.acting, owner))
        case terms.DEAREST:
            return np.lexsort((places, -row.acting, owner))
        case terms.SORTED_UP | terms.SORTED_DOWN:
            assert by is not None
            values = by[row.entry]
            down = np.where(values == MISSING, FAR * FAR // 4, -np.maximum(values, -(2**62)))
            return np.lexsort((places, values if how == terms.SORTED_UP else down, owner))
        case _:
            return places


def _some(row: Stretch, order: Ints, owners: Ints, offsets: Ints, pick: list[int]) -> tuple[Ints, Ints]:
    """The first so many of a row, or the last."""
    owner = owners[row.entry]
    total = totals(row.size, offsets)
    count = np.minimum(total, _asked(total, pick))
    low, high = np.zeros(len(row.entry), np.int64), np.zeros(len(row.entry), np.int64)
    before = before_each(row.size[order], offsets)
    since = (total - count)[owner[order]] if pick[1] == terms.LAST_ONES else 0
    low[order], high[order] = since - before, since + count[owner[order]] - before
    return low, high


def _asked(total: Ints, pick: list[int]) -> Ints:
    """How many are picked: so many, or so many for each full number of them."""
    _, _, count, per_full, *_ = pick
    found: Ints = total // per_full * count if per_full else np.full(len(total), count)
    return found


def _lines(how: int, row: Stretch, owners: Ints) -> Ints:
    """The rank of each entry among those of its event, by what its units cost together."""
    entries = len(owners)
    cost = totals(row.size * row.acting, np.searchsorted(row.entry, np.arange(entries + 1)))
    sign = {terms.CHEAPEST: 1, terms.DEAREST: -1}.get(how, 0)
    has = np.bincount(row.entry, minlength=entries) > 0
    order = np.lexsort((np.arange(entries), sign * cost, ~has, owners))
    ranks = np.empty(entries, np.int64)
    starts = np.searchsorted(owners, owners)
    ranks[order] = np.arange(entries) - starts[order]
    return ranks


def _some_lines(row: Stretch, ranks: Ints, owners: Ints, offsets: Ints, pick: list[int]) -> tuple[Ints, Ints]:
    """All units of the first so many lines, or of the last."""
    has = np.bincount(row.entry, minlength=len(owners)) > 0
    total = totals(has.astype(np.int64), np.searchsorted(owners, np.arange(len(offsets))))
    count = np.minimum(total, _asked(total, pick))
    since = total - count if pick[1] == terms.LAST_ONES else np.zeros(len(total), np.int64)
    owner = owners[row.entry]
    rank = ranks[row.entry]
    chosen = (rank >= since[owner]) & (rank < (since + count)[owner])
    return np.zeros(len(row.entry), np.int64), np.where(chosen, row.size, 0)


def _every(row: Stretch, order: Ints, owners: Ints, place: int, of: int) -> tuple[Ints, Ints]:
    """Those at one place of every group of a row. Neighbours of one line that cost the same are alike: of them, those
    at the first place of a group stand together at the start, then those at the second place, and so on."""
    owner, entry = owners[row.entry][order], row.entry[order]
    acting, count = row.acting[order], row.size[order]
    offsets = np.searchsorted(owner, np.arange(owner[-1] + 2 if len(owner) else 1))
    before = before_each(count, offsets)
    heads = np.append(np.ones(min(1, len(entry)), np.bool_), (entry[1:] != entry[:-1]) | (acting[1:] != acting[:-1]))
    group = np.cumsum(heads) - 1
    begin = before[heads][group] if len(entry) else before
    end = begin + np.bincount(group, count, minlength=0).astype(np.int64)[group] if len(entry) else before

    def up_to(nth: int, total: Ints) -> Ints:
        found: Ints = total // of * nth + np.minimum(total % of, nth)
        return found

    first, last = (up_to(nth, end) - up_to(nth, begin) for nth in (place - 1, place))
    inside = before - begin
    low, high = np.zeros(len(entry), np.int64), np.zeros(len(entry), np.int64)
    low[order], high[order] = first - inside, last - inside
    return low, high


def _cut(runs: Runs, entry: Ints, start: Ints, end: Ints) -> tuple[Runs, Ints, Flags]:
    """Runs cut where stretches of their units begin and end, and which are inside."""
    own = _row(runs)
    ends = own.entry * FAR + own.start + own.size
    cuts = np.unique(np.concatenate([ends, entry * FAR + start, entry * FAR + end]))
    cuts = cuts[cuts % FAR > 0]
    of, at = cuts // FAR, cuts % FAR
    first = np.append(np.ones(min(1, len(of)), np.bool_), of[1:] != of[:-1])
    begin = np.where(first, 0, np.append(np.zeros(min(1, len(at)), np.int64), at[:-1]))
    value = own.acting[np.searchsorted(ends, cuts)] if len(cuts) else at
    order = np.lexsort((start, entry))
    keys, stops = (entry * FAR + start)[order], (entry * FAR + end)[order]
    which = np.searchsorted(keys, of * FAR + begin, side="right") - 1
    inside = (
        (which >= 0) & (np.append(stops, 0)[np.maximum(which, 0)] >= cuts) if len(keys) else np.zeros(len(cuts), bool)
    )
    found, marks = Runs(len(runs.counts)), np.zeros((RUNS_MAX, len(runs.counts)), np.int64)
    counts = np.bincount(of, minlength=len(runs.counts))
    nth = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    fits = nth < RUNS_MAX
    found.counts = np.minimum(counts, RUNS_MAX)
    to = nth[fits], of[fits]
    found.sizes[to], found.values[to], marks[to] = (at - begin)[fits], value[fits], inside[fits]
    return found, marks, counts > RUNS_MAX
