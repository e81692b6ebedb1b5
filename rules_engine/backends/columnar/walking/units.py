"""The units of lines in NumPy: runs of units that cost the same, and what is taken off them.

In: lines, each with its runs (how many units, what each costs), and amounts. Out: the runs lowered. A run's place is
the outer axis, so that every step is one over many lines. Most lines have one
run or two.
"""

from __future__ import annotations

import numpy as np

from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.tape import RUNS_MAX
from rules_engine.backends.columnar.walking.sharing import FIRST, LARGEST, Entries, Shares, share


class Runs:
    """Runs of units of some lines: `sizes[r, line]`, `values[r, line]`, and how many runs each line has."""

    def __init__(self, lines: int) -> None:
        self.counts = np.zeros(lines, np.int64)
        self.sizes = np.zeros((RUNS_MAX, lines), np.int64)
        self.values = np.zeros((RUNS_MAX, lines), np.int64)

    def of(self, lines: Ints) -> Runs:
        """The runs of some lines, apart."""
        found = Runs(0)
        found.counts, found.sizes, found.values = self.counts[lines], self.sizes[:, lines], self.values[:, lines]
        return found

    def put(self, lines: Ints, other: Runs) -> None:
        """Put runs in the place of those of some lines."""
        self.counts[lines], self.sizes[:, lines], self.values[:, lines] = other.counts, other.sizes, other.values

    @property
    def most(self) -> int:
        """The most runs that a line has."""
        return int(self.counts.max()) if len(self.counts) else 0

    def push(self, chosen: Flags, sizes: Ints, values: Ints) -> None:
        """One more run for the chosen lines."""
        at = np.flatnonzero(chosen)
        self.sizes[self.counts[at], at] = sizes[at]
        self.values[self.counts[at], at] = values[at]
        self.counts[at] += 1


def open_runs(runs: Runs, lines: Ints, cost: Ints, size: Ints, mode: int = LARGEST) -> Flags:
    """The runs of lines that have none written yet: their units cost the same, and odd pennies go to the first ones, or
    as the mode says; and which lines would have too many runs."""
    fresh = np.flatnonzero((runs.counts[lines] == 0) & (size > 0))
    lines, cost, size = lines[fresh], cost[fresh], size[fresh]
    each = np.abs(cost) // np.maximum(size, 1)
    more = np.abs(cost) - each * size
    sign = np.where(cost < 0, -1, 1)
    found = Runs(len(lines))
    plain = (more == 0) | (mode in (LARGEST, FIRST))
    found.push(plain & (more > 0), more, sign * (each + 1))
    found.push(plain, size - more, sign * each)
    failed = np.zeros(len(runs.counts), np.bool_)
    some = np.flatnonzero(~plain)
    if len(some):
        ones = np.ones(len(some), np.int64)
        shares, _ = share(np.abs(cost[some]), Entries(np.arange(len(some)), size[some], ones, None), mode)
        own, own_failed = _runs_of(shares, shares.entry, len(some))
        own.values *= sign[some]
        found.put(some, own)
        failed[lines[some[own_failed]]] = True
    runs.put(lines, found)
    return failed


def parts_of_units(amounts: Ints, runs: Runs, weights: Ints, caps: Ints, mode: int) -> tuple[Runs, Flags]:
    """Amounts over the units of lines, in any mode; `weights` and `caps` are of the units of each run. And which lines
    have too many runs for it, or numbers that are not proved safe."""
    lines = len(amounts)
    at = flat(runs)
    line = at[1]
    shares, unsafe = share(amounts, Entries(line, runs.sizes[at], weights[at], np.maximum(caps[at], 0)), mode)
    found, failed = _runs_of(shares, line[shares.entry], lines)
    return found, failed | unsafe


def cut_runs(runs: Runs, owners: Ints, amounts: Ints, mode: int) -> tuple[Runs, Flags, Flags]:
    """Amounts of the units of lines cut to what owners of several lines have left; lines that have too many runs for
    it, and owners whose numbers are not proved safe."""
    at = flat(runs)
    line = at[1]
    own = np.maximum(runs.values[at], 0)
    shares, unsafe = share(amounts, Entries(owners[line], runs.sizes[at], own, own), mode)
    found, failed = _runs_of(shares, line[shares.entry], len(runs.counts))
    return found, failed, unsafe


def flat(runs: Runs) -> tuple[Ints, Ints]:
    """The places and lines of all runs, line by line."""
    place, line = np.nonzero((np.arange(RUNS_MAX)[:, None] < runs.counts) & (runs.sizes > 0))
    order = np.lexsort((place, line))
    return place[order], line[order]


def _runs_of(shares: Shares, line: Ints, lines: int) -> tuple[Runs, Flags]:
    """Shares of lines as runs; and which have too many."""
    found = Runs(lines)
    counts = np.bincount(line, minlength=lines)
    place = np.arange(len(line)) - np.repeat(np.cumsum(counts) - counts, counts)
    fits = place < RUNS_MAX
    found.counts = np.minimum(counts, RUNS_MAX)
    found.sizes[place[fits], line[fits]], found.values[place[fits], line[fits]] = shares.size[fits], shares.part[fits]
    return found, counts > RUNS_MAX


def spread_units(amounts: Ints, runs: Runs) -> tuple[Runs, Flags]:
    """Amounts over the units of lines, by weights that are caps too; and which lines have too many runs for it."""
    count, found = runs.most, Runs(len(amounts))
    used = [np.arange(len(amounts)) * 0 + place < runs.counts for place in range(count)]
    sizes = [np.where(used[place], runs.sizes[place], 0) for place in range(count)]
    weights = [np.where(used[place], runs.values[place], 0) for place in range(count)]
    total = sum((size * weight for size, weight in zip(sizes, weights, strict=True)), np.zeros(len(amounts), np.int64))
    full = amounts >= total
    below = np.maximum(total, 1)
    parts = [np.where(full, weight, amounts * weight // below) for weight in weights]
    rests = [np.where(full, 0, amounts * weight - part * total) for weight, part in zip(weights, parts, strict=True)]
    odd = np.where(full, 0, amounts - sum(size * part for size, part in zip(sizes, parts, strict=True)))
    failed = np.zeros(len(amounts), np.bool_)
    for r in range(count):
        before = np.zeros(len(amounts), np.int64)
        for s in range(count):
            if s != r:
                same = rests[s] == rests[r]
                first = (weights[s] > weights[r]) | ((weights[s] == weights[r]) & (s < r))
                before += np.where(used[s] & ((rests[s] > rests[r]) | (same & first)), sizes[s], 0)
        more = np.clip(odd - before, 0, sizes[r])
        failed |= used[r] & ~full & (runs.counts > 1) & (found.counts + 2 > RUNS_MAX)
        found.push(used[r] & ~failed & (more > 0), more, parts[r] + 1)
        found.push(used[r] & ~failed & (full | (sizes[r] > more)), sizes[r] - more, parts[r])
    return found, failed


def lower(runs: Runs, off: Runs) -> tuple[Runs, Flags]:
    """Take amounts in runs off the units of lines; and which lines have too many runs for it."""
    lines = np.arange(len(runs.counts))
    found, failed = Runs(len(lines)), np.zeros(len(lines), np.bool_)
    r, s = np.zeros(len(lines), np.int64), np.zeros(len(lines), np.int64)
    left, more = runs.sizes[0].copy(), np.where(off.counts > 0, off.sizes[0], 0)
    while True:
        going = (r < runs.counts) & ~failed
        if not going.any():
            return found, failed
        inside = s < off.counts
        both = np.where(inside, np.minimum(left, more), left)
        own = np.minimum(r, RUNS_MAX - 1)
        taken = np.where(inside, off.values[np.minimum(s, RUNS_MAX - 1), lines], 0)
        _add(found, going & (both > 0), both, runs.values[own, lines] - taken, failed)
        left, more = left - both, more - both
        done = left == 0
        r = r + done
        left = np.where(done, np.where(r < runs.counts, runs.sizes[np.minimum(r, RUNS_MAX - 1), lines], 0), left)
        done = inside & (more == 0)
        s = s + done
        more = np.where(done, np.where(s < off.counts, off.sizes[np.minimum(s, RUNS_MAX - 1), lines], 0), more)


def _add(found: Runs, chosen: Flags, sizes: Ints, values: Ints, failed: Flags) -> None:
    """One more run, or a longer last one where it costs the same."""
    last = np.maximum(found.counts - 1, 0)
    lines = np.arange(len(found.counts))
    same = chosen & (found.counts > 0) & (found.values[last, lines] == values)
    found.sizes[last[same], lines[same]] += sizes[same]
    full = chosen & ~same & (found.counts == RUNS_MAX)
    failed |= full
    found.push(chosen & ~same & ~full, sizes, values)
