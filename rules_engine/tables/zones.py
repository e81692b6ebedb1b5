"""Local days of many instants at once: the changes of a zone's clock as a table, looked up by bisection.

In: instants, as seconds since 1970. Out: the same days that `calendar.local_day` gives one by one. The table holds the
changes between two instants; where an instant lies beyond them, it is made anew with more room on that side.
"""

from __future__ import annotations

import numpy as np

from rules_engine.calendar import DAY_SECONDS, local_day, offset_at
from rules_engine.tables.texts import Ints

_ROOM = 400 * DAY_SECONDS
_STEP = 3600
_MANY = 4096


class Clock:
    """The clock of one zone."""

    __slots__ = ("changes", "first", "last", "offsets", "zone")

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.first = self.last = 0
        self.changes = np.zeros(0, np.int64)
        self.offsets = np.zeros(1, np.int64)

    def days(self, instants: Ints) -> Ints:
        """The local day of each instant."""
        if not len(instants):
            return instants
        low, high = int(instants.min()), int(instants.max())
        if high - low > _MANY * _ROOM // 4:  # centuries apart: some are mistakes, and a table of all changes is none
            different, places = np.unique(instants, return_inverse=True)
            return np.array([local_day(int(each), self.zone) for each in different], np.int64)[places]
        if self.first == self.last or low < self.first or high >= self.last:
            self._read(low, high)
        shift = self.offsets[np.searchsorted(self.changes, instants, side="right")]
        return np.asarray((instants + shift) // DAY_SECONDS)

    def _read(self, low: int, high: int) -> None:
        """Find all changes from some time before the first instant to some time behind the last."""
        if self.first != self.last:
            low, high = min(low, self.first), max(high, self.last)
        self.first = (low - _ROOM) // DAY_SECONDS * DAY_SECONDS
        self.last = (high + _ROOM) // DAY_SECONDS * DAY_SECONDS
        changes, offsets = [], [offset_at(self.first, self.zone)]
        before = self.first
        for after in range(self.first + DAY_SECONDS, self.last + 1, DAY_SECONDS):
            changes += self._between(before, after, offsets)
            before = after
        self.changes = np.array(changes, np.int64)
        self.offsets = np.array(offsets, np.int64)

    def _between(self, before: int, after: int, offsets: list[int]) -> list[int]:
        """The changes within a day; a clock is not changed twice within an hour."""
        found: list[int] = []
        if offset_at(after - 1, self.zone) == offsets[-1] == offset_at((before + after) // 2, self.zone):
            return found
        for start in range(before, after, _STEP):
            end = start + _STEP - 1
            if offset_at(start, self.zone) != offsets[-1]:
                found.append(start)
                offsets.append(offset_at(start, self.zone))
            if offset_at(end, self.zone) != offsets[-1]:
                found.append(self._change(start, end, offsets[-1]))
                offsets.append(offset_at(end, self.zone))
        return found

    def _change(self, before: int, after: int, old: int) -> int:
        """The first instant of a new offset, which holds at `after` and not yet at `before`."""
        while after - before > 1:
            middle = (before + after) // 2
            if offset_at(middle, self.zone) == old:
                before = middle
            else:
                after = middle
        return after
