"""What is done once for a whole batch, as loops: the rows of results put in order, the days marked that it has.

In: a few numbers, by their address: how many rows of a table (`ROWS`), where their events are (`EVENTS`), which events
are done (`DONE`), where the next row of each event goes (`NEXT`). Out: arrays that are filled.
"""

# mypy: disable-error-code="no-untyped-call, no-any-return, untyped-decorator, return-value"

from __future__ import annotations

from rules_engine.backends.columnar.loops.jit import ints, shorts

ROWS, EVENTS, DONE, NEXT, PLACES, COLUMN, INTO, NARROW = range(8)


def counted_rows(numbers: int, _: int) -> int:
    """How many rows each event that is done has, more than `NEXT` has."""
    s = ints(numbers)
    events, done, sizes = ints(s[EVENTS]), ints(s[DONE]), ints(s[NEXT])
    for x in range(s[ROWS]):
        if done[events[x]] != 0:
            sizes[events[x]] += 1
    return 0


def placed_rows(numbers: int, _: int) -> int:
    """Where each row goes, in `PLACES`; -1 where its event is not done."""
    s = ints(numbers)
    events, done, following, places = ints(s[EVENTS]), ints(s[DONE]), ints(s[NEXT]), ints(s[PLACES])
    for x in range(s[ROWS]):
        event = events[x]
        if done[event] != 0:
            places[x] = following[event]
            following[event] += 1
        else:
            places[x] = -1
    return 0


def column_put(numbers: int, _: int) -> int:
    """A column put where its rows go; `NARROW` are those of 32 bits."""
    s = ints(numbers)
    places, column, into, narrow = ints(s[PLACES]), ints(s[COLUMN]), ints(s[INTO]), shorts(s[INTO])
    if s[NARROW] != 0:
        for x in range(s[ROWS]):
            if places[x] >= 0:
                narrow[places[x]] = column[x]
    else:
        for x in range(s[ROWS]):
            if places[x] >= 0:
                into[places[x]] = column[x]
    return 0


MARK_COUNT, MARK_DAYS, MARK_FIRST, MARK_MARKS, MARK_WIDE = range(5)


def marked_days(numbers: int, _: int) -> int:
    """Mark the days that a column has, those from `MARK_FIRST` on for which there is a mark."""
    s = ints(numbers)
    days, marks, first, wide = ints(s[MARK_DAYS]), ints(s[MARK_MARKS]), s[MARK_FIRST], s[MARK_WIDE]
    for x in range(s[MARK_COUNT]):
        if first <= days[x] < first + wide:
            marks[days[x] - first] = 1
    return 0
