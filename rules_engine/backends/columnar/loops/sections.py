"""Sections as a loop: which rules the values of events call, and their turns, without leaving compiled code.

In: the state and the row, by their addresses; at `SECTIONS` the state of `turning.py`. Out: 0; `MORE` where there is no
room, `NUMPY` where a rule of the section that somebody meets has an op without a loop.

A pair is a lane and a block that it calls. The pairs of a lane stand one after the other, by block. A turn is one piece
of code, for the lanes whose next pair is of it: it runs as a frame of its own, by `advance`, to which the row of the
section is handed back afterwards. `calling.py` says in which order turns go, and does the same in NumPy.
"""

# mypy: disable-error-code="no-untyped-call, no-any-return, untyped-decorator"

from __future__ import annotations

from typing import Final

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.loops import state as at
from rules_engine.backends.columnar.loops import turning as its
from rules_engine.backends.columnar.loops.jit import call, helper, ints
from rules_engine.backends.columnar.loops.lines import register
from rules_engine.backends.columnar.loops.state import AT, MORE, NUMPY, ROOM
from rules_engine.backends.columnar.tape import (
    KEY_CODE,
    KEY_EVENT,
    KEY_FACT,
    KEY_LINE,
    KEY_WIDTH,
    ROW,
    SECTION_WIDTH,
    UNSAFE,
)

K, T = 4, 7
SHIFT: Final = 2**32
"""A pair's place is the number of its piece of code times this, and how many pairs of its lane stand before it."""


# ---- who is met


@helper
def looked_up(state: int, x: int, key: int, value: int, found: int) -> int:
    """Note the blocks that a value calls, if any, behind those that were found; how many there are then."""
    s, g, k = ints(state), ints(ints(state)[at.SECTIONS]), ints(key)
    low, values = k[ops.KEY_LOW], k[ops.KEY_VALUES]
    if value < low or value >= low + values:
        return found
    place = value - low
    starts = ints(s[at.POOL] + 8 * k[ops.KEY_STARTS])
    blocks, owners, hits, room = (
        ints(s[at.POOL] + 8 * (k[ops.KEY_STARTS] + values + 1)), ints(g[its.OWNERS]), ints(g[its.HITS]),
        g[its.PAIR_ROOM],
    )  # fmt: skip
    for each in range(starts[place], starts[place + 1]):
        if found < room:
            owners[found], hits[found] = x, blocks[each]
        found += 1
    return found


@helper
def met(state: int, key: int, found: int) -> int:
    """Look up the values of the lanes here that a key looks at."""
    s, k = ints(state), ints(key)
    lanes, events, where, row = ints(s[at.LANES]), ints(s[at.EVENTS]), k[ops.KEY_WHERE], k[ops.KEY_ROW]
    low, values = k[ops.KEY_LOW], k[ops.KEY_VALUES]
    if where == KEY_LINE:
        offsets, lines = ints(s[at.OFFSETS]), ints(s[at.LINES])
        field = ints(s[at.LINE_FIELDS] + 8 * s[at.LINE_FIELDS_WIDE] * row)
        for x in range(s[at.ACTIVE]):
            for line in range(offsets[lanes[x]], offsets[lanes[x] + 1]):
                value = field[lines[line]]
                if low <= value < low + values:
                    found = looked_up(state, x, key, value, found)
    elif where == KEY_EVENT:
        field = ints(s[at.FIELDS] + 8 * s[at.FIELDS_WIDE] * row)
        for x in range(s[at.ACTIVE]):
            found = looked_up(state, x, key, field[events[lanes[x]]], found)
    elif where == KEY_FACT:
        field, members = ints(s[at.FACTS] + 8 * s[at.FACTS_WIDE] * row), ints(s[at.MEMBERS])
        for x in range(s[at.ACTIVE]):
            found = looked_up(state, x, key, field[members[lanes[x]]], found)
    elif where == KEY_CODE:
        pair = ints(s[at.RAGGED] + 16 * row)
        starts, items = ints(pair[0]), ints(pair[1])
        for x in range(s[at.ACTIVE]):
            event = events[lanes[x]]
            for item in range(starts[event], starts[event + 1]):
                found = looked_up(state, x, key, items[item], found)
    return found


@helper
def in_order(values: int, count: int) -> None:
    """Sort some numbers, which are mostly few."""
    own, gap = ints(values), count // 2
    while gap > 0:
        for place in range(gap, count):
            value, to = own[place], place
            while to >= gap and own[to - gap] > value:
                own[to] = own[to - gap]
                to -= gap
            own[to] = value
        gap //= 2


@helper
def by_lane(state: int, section: int, found: int) -> None:
    """Bring the pairs that were found together by lane, with those of rules that are always asked: by block, each
    once."""
    s, g, c = ints(state), ints(ints(state)[at.SECTIONS]), ints(section)
    starts, owners, hits, pairs = ints(g[its.STARTS]), ints(g[its.OWNERS]), ints(g[its.HITS]), ints(g[its.PAIRS])
    active, always, asked = s[at.ACTIVE], c[ops.SECTION_ALWAYS_COUNT], ints(s[at.POOL] + 8 * c[ops.SECTION_ALWAYS])
    for x in range(active + 1):
        starts[x] = 0
    for each in range(found):
        starts[owners[each] + 1] += 1
    for x in range(active):
        starts[x + 1] += starts[x] + always
    for x in range(active):
        for each in range(always):
            pairs[starts[x] + each] = asked[each]
        starts[x] += always
    for each in range(found):
        pairs[starts[owners[each]]] = hits[each]
        starts[owners[each]] += 1
    # Each start is now where the stretch of its lane ends.
    begin, to = 0, 0
    for x in range(active):
        end = starts[x]
        in_order(g[its.PAIRS] + 8 * begin, end - begin)
        starts[x] = to
        for each in range(begin, end):
            if to == starts[x] or pairs[each] != pairs[to - 1]:
                pairs[to] = pairs[each]
                to += 1
        begin = end
    starts[active] = to


# ---- turns


@helper
def placed(state: int, section: int) -> int:
    """The place of each pair; who waits, and what every piece of code waits for. How many rows the results may have."""
    s, g = ints(state), ints(ints(state)[at.SECTIONS])
    starts, pairs, places, groups = ints(g[its.STARTS]), ints(g[its.PAIRS]), ints(g[its.PLACES]), ints(g[its.GROUPS])
    left, heads, present, rows = ints(g[its.LEFT]), ints(g[its.HEADS]), ints(g[its.PRESENT]), 0
    lanes, here, waits = ints(s[at.LANES]), ints(g[its.HERE]), 0
    next_, ends, who = ints(g[its.NEXT]), ints(g[its.ENDS]), ints(g[its.WHO])
    apart, different = ints(section)[ops.SECTION_APART], 0
    for x in range(s[at.ACTIVE]):
        here[x] = lanes[x]
        for each in range(starts[x], starts[x + 1]):
            group = groups[pairs[each]]
            places[each] = group * SHIFT + each - starts[x]
            rows += ints(g[its.EMITS])[group]
            if left[group] == 0:
                present[different] = group
                different += 1
            left[group] += 1
        if starts[x + 1] > starts[x]:
            if apart:
                in_order(g[its.PLACES] + 8 * starts[x], starts[x + 1] - starts[x])
            who[waits], next_[waits], ends[waits] = x, starts[x], starts[x + 1]
            heads[places[starts[x]] // SHIFT] += 1
            waits += 1
    g[its.WAITS], g[its.DIFFERENT] = waits, different
    return rows


@helper
def forgotten(state: int) -> None:
    """Nobody waits for any piece of code."""
    g = ints(ints(state)[at.SECTIONS])
    for each in range(g[its.DIFFERENT]):
        group = ints(g[its.PRESENT])[each]
        ints(g[its.LEFT])[group] = ints(g[its.HEADS])[group] = 0


@helper
def chosen(state: int, apart: int) -> int:
    """The piece of code whose turn it is."""
    g = ints(ints(state)[at.SECTIONS])
    left, heads, present, different = ints(g[its.LEFT]), ints(g[its.HEADS]), ints(g[its.PRESENT]), 0
    best, most, whole = -1, 0, 0
    for each in range(g[its.DIFFERENT]):
        group = present[each]
        if left[group] == 0:
            continue
        present[different] = group
        different += 1
        if heads[group] == 0:
            continue
        own = 1 if heads[group] == left[group] else 0
        if apart:
            if best < 0 or group < best:
                best = group
        elif own > whole or (own == whole and (heads[group] > most or (heads[group] == most and group < best))):
            best, most, whole = group, heads[group], own
    g[its.DIFFERENT] = different
    return best


@helper
def framed(state: int, group: int) -> int:
    """The lanes whose turn it is, with the rows of their rules; how many there are. They go on to what they wait for
    then."""
    s, g = ints(state), ints(ints(state)[at.SECTIONS])
    starts, pairs, places, here = ints(g[its.STARTS]), ints(g[its.PAIRS]), ints(g[its.PLACES]), ints(g[its.HERE])
    next_, ends, who, row_of = ints(g[its.NEXT]), ints(g[its.ENDS]), ints(g[its.WHO]), ints(g[its.ROWS])
    frame, ranks, rows, heads = ints(g[its.FRAME]), ints(g[its.RANKS]), ints(register(state, ROW)), ints(g[its.HEADS])
    resume, code, found, stay = ints(s[at.RESUME]), ints(g[its.CODES])[group], 0, 0
    for each in range(g[its.WAITS]):
        x, place, end = who[each], next_[each], ends[each]
        if places[place] // SHIFT == group:
            lane, rank = here[x], places[place] % SHIFT
            frame[found], ranks[found], resume[lane] = lane, rank, code
            found += 1
            row = row_of[pairs[starts[x] + rank]]
            if row >= 0:
                rows[lane] = row
            place += 1
            if place < end:
                heads[places[place] // SHIFT] += 1
        if place < end:
            who[stay], next_[stay], ends[stay] = x, place, end
            stay += 1
    heads[group] -= found
    ints(g[its.LEFT])[group] -= found
    g[its.WAITS] = stay
    return found


@helper
def walked(state: int, group: int, count: int) -> None:
    """A frame walks a piece of code to its end."""
    s, g = ints(state), ints(ints(state)[at.SECTIONS])
    code = ints(g[its.CODES])[group]
    s[at.FRAME], s[at.FRAME_COUNT] = g[its.FRAME], count
    s[at.PC], s[at.NEXT_JOIN], s[at.ACTIVE] = code, code, 0
    if call(g[its.ADVANCE], state, 0) >= 0:  # which no op in such a section does: who meets it goes by rows
        for x in range(count):
            ints(s[at.WHY])[ints(g[its.FRAME])[x]] = UNSAFE


@helper
def numbered(state: int, table: int, begin: int, count: int, shaped: int, ranks: int) -> None:
    """The results of a turn, from a row on: those of shapes get their rules' numbers; their ranks are noted from
    `ranks` on, where it is not below 0."""
    s, g = ints(state), ints(ints(state)[at.SECTIONS])
    column, room, events, rows = ints(s[table]), s[table + ROOM], ints(s[at.EVENTS]), ints(register(state, ROW))
    frame, own, told, x = ints(g[its.FRAME]), ints(g[its.RANKS]), ints(g[its.TOLD]), 0
    for each in range(begin, s[table + AT]):
        event = column[each]
        if x >= count or events[frame[x]] > event:
            x = 0
        while x + 1 < count and events[frame[x]] != event:
            x += 1
        if shaped:
            column[room + each] += rows[frame[x]]
        if ranks >= 0:
            told[ranks + each - begin] = own[x]


@helper
def by_rank(state: int, begin: int) -> None:
    """Put awards from a row on into the order of their ranks."""
    s, g = ints(state), ints(ints(state)[at.SECTIONS])
    told, to, copy, counts = ints(g[its.TOLD]), ints(g[its.TO]), ints(g[its.COPY]), ints(g[its.COUNTS])
    count, most = s[at.AWARDS + AT] - begin, 0
    for each in range(count):
        most = max(most, told[each])
    for rank in range(most + 2):
        counts[rank] = 0
    for each in range(count):
        counts[told[each] + 1] += 1
    for rank in range(most + 1):
        counts[rank + 1] += counts[rank]
    for each in range(count):
        to[each] = counts[told[each]]
        counts[told[each]] += 1
    for width in range(its.AWARD_WIDTH):
        column = ints(s[at.AWARDS] + 8 * (s[at.AWARDS + ROOM] * width + begin))
        for each in range(count):
            copy[each] = column[each]
        for each in range(count):
            column[to[each]] = copy[each]


@helper
def has_room(state: int, rows: int) -> bool:
    """Whether there is room for so many rows of results."""
    s = ints(state)
    s[at.WANTED] = rows
    fits = ints(s[at.SECTIONS])[its.PAIR_ROOM] >= rows
    for table in (at.AWARDS, at.DISCOUNTS, at.TIERS, at.CODES, at.FATES):
        fits = fits and s[table + AT] + rows <= s[table + ROOM]
    return fits


@helper
def turns(state: int, apart: int) -> None:
    """Every turn."""
    s, g = ints(state), ints(ints(state)[at.SECTIONS])
    first, ran = s[at.AWARDS + AT], 0
    while g[its.WAITS]:
        group = chosen(state, apart)
        count = framed(state, group)
        awards, discounts = s[at.AWARDS + AT], s[at.DISCOUNTS + AT]
        walked(state, group, count)
        shaped = ints(g[its.SHAPED])[group]
        if shaped or apart:
            numbered(state, at.AWARDS, awards, count, shaped, awards - first if apart else -1)
        if shaped:
            numbered(state, at.DISCOUNTS, discounts, count, 1, -1)
        ran += 1
    if apart and ran > 1:
        by_rank(state, first)


def section(state: int, row: int) -> int:
    s, g, r = ints(state), ints(ints(state)[at.SECTIONS]), ints(row)
    own = g[its.TABLE] + 8 * SECTION_WIDTH * r[K]
    sections, found = ints(own), 0
    for key in range(sections[ops.SECTION_KEYS], sections[ops.SECTION_KEYS] + sections[ops.SECTION_KEY_COUNT]):
        found = met(state, g[its.KEYS] + 8 * KEY_WIDTH * key, found)
    active = s[at.ACTIVE]
    most = found + active * sections[ops.SECTION_ALWAYS_COUNT]
    if most > g[its.PAIR_ROOM]:
        s[at.WANTED], g[its.PAIRS_WANTED] = 0, most
        return MORE
    frame, frame_count, join = s[at.FRAME], s[at.FRAME_COUNT], s[at.NEXT_JOIN]
    if most:
        looped = g[its.LOOPED] if s[at.LOOPS] == g[its.BY_LINE] else g[its.LOOPED_BY_UNIT]
        how = ints(looped)[r[K]]
        if how == 0 or (how == its.TAKES_OFF and s[at.PARTS] != 0):
            return NUMPY
        by_lane(state, own, found)
        rows = placed(state, own)
        if not has_room(state, rows):
            forgotten(state)
            g[its.PAIRS_WANTED] = rows
            return MORE
        turns(state, sections[ops.SECTION_APART])
        s[at.FRAME], s[at.FRAME_COUNT] = frame, frame_count
        lanes = ints(g[its.HERE])
    else:
        lanes = ints(s[at.LANES])
    resume = ints(s[at.RESUME])
    for x in range(active):
        resume[lanes[x]] = r[T]
    s[at.NEXT_JOIN] = min(join, r[T])
    s[at.ACTIVE] = 0
    return 0


SECTION_LOOPS: Final = {ops.SECTION: section}
"""By op its loop."""
