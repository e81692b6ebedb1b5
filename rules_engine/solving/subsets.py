"""How many sets of rules go together, and which rules would have to be separated.

In: how many members there are, and the pairs that refuse one another. Out: the number of subsets without a refusing
pair, counted up to a bound. Each such subset is visited once, so the count costs no more than the bound times the
number of members.
"""

from __future__ import annotations

from collections.abc import Collection

SUBSETS_MAX = 4_096
"""How many subsets `best together` may try."""


def consenting(members: int, refusals: Collection[tuple[int, int]], bound: int = SUBSETS_MAX) -> int:
    """The number of subsets in which nobody refuses another, the empty one among them; `bound + 1` where there are
    more than the bound.

    >>> consenting(3, []), consenting(3, [(0, 1), (1, 2), (0, 2)]), consenting(13, [])
    (8, 4, 4097)
    """
    against = [0] * members
    for one, other in refusals:
        against[one] |= 1 << other
        against[other] |= 1 << one
    found = 0
    waiting = [(0, 0)]
    while waiting and found <= bound:
        start, refused = waiting.pop()
        found += 1
        waiting += [(each + 1, refused | against[each]) for each in range(start, members) if not refused >> each & 1]
    return min(found, bound + 1)


def separable(members: int, refusals: Collection[tuple[int, int]], bound: int = SUBSETS_MAX) -> tuple[int, ...]:
    """The fewest of the most compatible members that bring the count under the bound if they refuse one another.

    >>> separable(13, [])
    (0, 1, 2)
    """
    refused = [sum(each in pair for pair in refusals) for each in range(members)]
    order = sorted(range(members), key=lambda each: (refused[each], each))
    for count in range(2, members + 1):
        apart = sorted(order[:count])
        pairs = {(one, other) for one in apart for other in apart if one < other}
        if consenting(members, {*refusals, *pairs}, bound) <= bound:
            return tuple(apart)
    return tuple(range(members))
