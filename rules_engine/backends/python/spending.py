"""What rules that were found took of limits: noted while they run, and told at the end in the order of the reference.

In: of each limit that moved its name, its counter, the occurrence, and what it counts. Out: changes of state, by the
names of limits, so that nobody can see which rules were found by an index and which were asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

from rules_engine.backends.python.offers_units import by_counter
from rules_engine.backends.python.runtime import tidy_limit
from rules_engine.state import LimitUsed

Spent: TypeAlias = tuple[str, str, str, int, int, int]
"""A limit, whose it is, the name of its counter, the occurrence, what was counted there, what an offer took."""

Moved: TypeAlias = "tuple[bool, str, str, Mapping[int, int] | None, dict[int, int], int | None]"
"""Whether offers meet a limit, the limit, its counter, the stored counts, those that moved, and since when it
counts."""


def weights_at(column: Sequence[int], places: Iterable[int]) -> Sequence[int]:
    """The weights of some lines, 0 on all others."""
    found = [0] * len(column)
    for place in places:
        found[place] = column[place]
    return found


def commit_limits(spent: list[Spent], changes: list[Any], reserved: list[Any]) -> None:
    """Make what offers took into changes of the member, and of what all share."""
    spent.sort(key=itemgetter(0))
    for _, owner, name, key, count, taken in spent:
        (changes if owner == "member" else reserved).append(LimitUsed(name, key, count, count + taken))


def tidy_limits(changes: list[Any], moved: list[Moved], day: int, keyed: bool) -> None:
    """Drop counters that nothing can read any more, of the limits that moved; those that offers meet come last, by
    their counters where these hang on `keyed` values."""
    moved.sort(key=itemgetter(0, 1))
    place = None
    for offered, _, name, values, after, since in moved:
        if offered and place is None:
            place = len(changes)
        tidy_limit(changes, name, values, after, since, day)  # type: ignore[arg-type]
    if keyed and place is not None:
        by_counter(changes, place)
