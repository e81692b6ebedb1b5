"""Which rules of a section an event's values call: looked up by key, in the order of the rules.

In: the keys of a section, an event. Out: the numbers of the blocks that are candidates. A key that is met calls its
rules; each is called once, however many of its keys are met.
"""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from rules_engine.backends.columnar.arrays import KEYS, SECTIONS
from rules_engine.backends.columnar.batch import Ints
from rules_engine.backends.columnar.jit import inlined
from rules_engine.backends.columnar.tape import KEY_CODE, KEY_EVENT, KEY_FACT, KEY_LINE


@inlined
def gathered(rows: Ints, head: Ints, k: int, pool: Ints, fields: Ints, lines: Ints, facts: Ints, listed_at: Ints,
             listed: Ints, i: int, m: int, first: int, n: int, found: Ints) -> int:  # fmt: skip
    """How many candidates there are; their blocks stand in `found[0]`, ascending; `found[1]` marks them in between."""
    made = 0
    at = head[SECTIONS] + k
    for s in range(rows[at, 3], rows[at, 3] + rows[at, 4]):
        found[0, made] = pool[s]
        made += 1
    for key in range(head[KEYS] + rows[at, 0], head[KEYS] + rows[at, 0] + rows[at, 1]):
        where, place, low, values, starts = rows[key, 0], rows[key, 1], rows[key, 2], rows[key, 3], rows[key, 4]
        begin, end = 0, 1
        if where == KEY_LINE:
            begin, end = first, first + n
        elif where == KEY_CODE:
            begin, end = listed_at[place, i], listed_at[place, i + 1]
        elif where == KEY_FACT and m < 0:
            end = 0
        for j in range(begin, end):
            if where == KEY_LINE:
                value = lines[place, j]
            elif where == KEY_EVENT:
                value = fields[place, i]
            elif where == KEY_FACT:
                value = facts[place, m]
            else:
                value = listed[j]
            value -= low
            if value < 0 or value >= values:
                continue
            for s in range(pool[starts + value], pool[starts + value + 1]):
                block = pool[starts + values + 1 + s]
                if found[1, block] == 0:
                    found[1, block] = 1
                    to = made
                    while to > 0 and found[0, to - 1] > block:
                        found[0, to] = found[0, to - 1]
                        to -= 1
                    found[0, to] = block
                    made += 1
    for s in range(made):
        found[1, found[0, s]] = 0
    return made
