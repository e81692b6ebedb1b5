"""What is done around a walk, as loops: events dealt out to pieces; piece after piece opened, walked and closed.

In: addresses; of a piece the state (`state.py`), of the others a few numbers that are told with each. Out: arrays that
are filled.

Dealing. A piece has no two events of one member, and a member's events come in their order. So an event goes to the
first piece behind its member's last that has room: pieces stay near the order of the batch, whose lines are then read
one after the other, and all but the last are full.
"""

# mypy: disable-error-code="no-untyped-call, no-any-return, untyped-decorator, return-value"

from __future__ import annotations

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.loops import state as at
from rules_engine.backends.columnar.loops.jit import call, helper, ints
from rules_engine.backends.columnar.loops.lines import register
from rules_engine.backends.columnar.loops.memory import held_rung, memory_of
from rules_engine.backends.columnar.loops.state import MORE, NEVER
from rules_engine.backends.columnar.tape import (
    DAY,
    FOREVER,
    INSTANT,
    LINES,
    MISSING,
    PAID,
    SLOT_DAY,
    SLOT_NEXT,
    TIER,
    UNKNOWN,
)

(DEAL_COUNT, DEAL_ORDER, DEAL_MEMBER, DEAL_CLASS, DEAL_CLASSES, DEAL_SIZE, DEAL_LAST, DEAL_FILLED, DEAL_PIECE,
 DEAL_OPEN, DEAL_SORTED) = range(11)  # fmt: skip
(WALK_STAGE, WALK_NEXT, WALK_PIECES, WALK_STARTS, WALK_DEALT, WALK_CLASSES, WALK_ROWS, WALK_TABLES, WALK_ADVANCE,
 WALK_ROW) = range(10)  # fmt: skip
NEXT_PIECE, GOING, CLOSING = range(3)
"""What comes next in a walk."""
DONE, PASSES, STOPPED, GROWS = range(4)
"""Why a walk came back: nothing is left; days have to pass first for some of a piece; it stopped at a row whose op has
no loop; there is no room for results."""


def deal(numbers: int, _: int) -> int:
    """Events to pieces: how many pieces there are; `DEAL_FILLED` is where each begins then. Pieces of class c are those
    that leave c when divided by the number of classes. `DEAL_LAST` is -1 for every member, before and after."""
    s = ints(numbers)
    order, members, classes = ints(s[DEAL_ORDER]), ints(s[DEAL_MEMBER]), ints(s[DEAL_CLASS])
    last, filled, pieces, opened = ints(s[DEAL_LAST]), ints(s[DEAL_FILLED]), ints(s[DEAL_PIECE]), ints(s[DEAL_OPEN])
    step, size, most = s[DEAL_CLASSES], s[DEAL_SIZE], 0
    for x in range(s[DEAL_COUNT]):
        event = order[x]
        member, of = members[event], classes[event]
        piece = opened[of]
        if member >= 0 and last[member] >= piece:
            piece = last[member] + 1
            piece += (of - piece) % step
        while filled[piece] == size:
            if piece == opened[of]:
                opened[of] += step
            piece += step
        filled[piece] += 1
        pieces[x] = piece
        if member >= 0:
            last[member] = piece
        most = max(most, piece + 1)
    begins = 0
    for piece in range(most + 1):
        begins, filled[piece] = begins + filled[piece], begins
    into = ints(s[DEAL_SORTED])
    for x in range(s[DEAL_COUNT]):
        into[filled[pieces[x]]] = order[x]
        filled[pieces[x]] += 1
    for piece in range(most, 0, -1):
        filled[piece] = filled[piece - 1]
    filled[0] = 0
    for x in range(s[DEAL_COUNT]):
        if members[order[x]] >= 0:
            last[members[order[x]]] = -1
    return most


@helper
def lay_lines(state: int) -> None:
    """Where the lines of a piece are."""
    s = ints(state)
    events, offsets, lines, lanes = ints(s[at.EVENTS]), ints(s[at.OFFSETS]), ints(s[at.LINES]), ints(s[at.LINE_LANES])
    begins, sizes, found = ints(s[at.BATCH_OFFSETS]), ints(register(state, LINES)), 0
    for x in range(s[at.COUNT]):
        offsets[x] = found
        first = begins[events[x]]
        size = begins[events[x] + 1] - first
        sizes[x] = size
        for line in range(size):
            lines[found + line] = first + line
            lanes[found + line] = x
        found += size
    offsets[s[at.COUNT]] = found


@helper
def remembered(state: int, lane: int, member: int) -> None:
    """A member's memory, as a lane's; a guest's is empty."""
    s = ints(state)
    row = ints(memory_of(state, lane))
    if member < 0:
        for slot in range(s[at.SLOTS]):
            row[slot] = 0
        row[SLOT_DAY], row[SLOT_NEXT] = MISSING, FOREVER
    else:
        kept = ints(s[at.KEPT] + 8 * s[at.SLOTS] * member)
        for slot in range(s[at.SLOTS]):
            row[slot] = kept[slot]


@helper
def open_piece(state: int) -> bool:
    """Lanes for the events of a piece, and who of them may go; all start at one row. True where days pass first."""
    s = ints(state)
    lay_lines(state)
    events, members, why, ended = ints(s[at.EVENTS]), ints(s[at.MEMBERS]), ints(s[at.WHY]), ints(s[at.ENDED])
    day, instant, paid = ints(register(state, DAY)), ints(register(state, INSTANT)), ints(register(state, PAID))
    tier, of_batch, gone, days = (
        ints(register(state, TIER)),
        ints(s[at.BATCH_MEMBERS]),
        ints(s[at.GONE]),
        ints(s[at.DAYS]),
    )
    dates, instants, resume, base = ints(s[at.BATCH_DAYS]), ints(s[at.BATCH_INSTANTS]), ints(s[at.RESUME]), s[at.BASE]
    newest, passes, start = ints(s[at.FATE_NEWEST]), False, s[at.START]
    for x in range(s[at.COUNT]):
        event = events[x]
        member = of_batch[event]
        members[x], why[x], ended[x], resume[x], newest[x] = member, 0, 0, NEVER, -1
        day[x], instant[x], paid[x] = dates[event], instants[event], 0
        if member >= 0 and gone[member] != 0:
            why[x] = ops.GONE
        elif start < 0:
            why[x] = ops.GUEST if member < 0 else ops.KIND
        if why[x]:
            continue
        remembered(state, x, member)
        row = ints(memory_of(state, x))
        if row[SLOT_DAY] != MISSING and day[x] < row[SLOT_DAY]:
            why[x] = ops.LATE
        elif row[SLOT_NEXT] < day[x]:
            place = row[SLOT_NEXT] - base
            if place < 0 or (s[at.DAYS_WIDE] > 0 and days[min(place, s[at.DAYS_WIDE] - 1)] == UNKNOWN):
                why[x] = ops.FAR
            else:
                passes = True
        else:
            resume[x] = start
            row[SLOT_DAY] = day[x]
            tier[x] = held_rung(state, memory_of(state, x), day[x]) if member >= 0 else 0
    return passes


@helper
def close_piece(state: int) -> None:
    """Keep the memory of those that are done; the others' members go on by rows."""
    s = ints(state)
    events, members, why, ended = ints(s[at.EVENTS]), ints(s[at.MEMBERS]), ints(s[at.WHY]), ints(s[at.ENDED])
    done, whys, priced, gone = ints(s[at.DONE]), ints(s[at.TOLD_WHY]), ints(s[at.PRICED]), ints(s[at.GONE])
    for x in range(s[at.COUNT]):
        event, member = events[x], members[x]
        whys[event] = why[x]
        if ended[x] == 0 or why[x] != 0:
            priced[event] = 0
            if member >= 0:
                gone[member] = 1
            continue
        done[event] = 1
        if member >= 0:
            row, kept = ints(memory_of(state, x)), ints(s[at.KEPT] + 8 * s[at.SLOTS] * member)
            for slot in range(s[at.SLOTS]):
                kept[slot] = row[slot]


@helper
def next_piece(walk: int, state: int) -> int:
    """Go on to the next piece, and open it: what comes next, or why the walk comes back."""
    w, s = ints(walk), ints(state)
    starts = ints(w[WALK_STARTS])
    while w[WALK_NEXT] < w[WALK_PIECES] and starts[w[WALK_NEXT]] == starts[w[WALK_NEXT] + 1]:
        w[WALK_NEXT] += 1
    piece = w[WALK_NEXT]
    if piece == w[WALK_PIECES]:
        return DONE
    w[WALK_NEXT] = piece + 1
    s[at.EVENTS], s[at.COUNT] = w[WALK_DEALT] + 8 * starts[piece], starts[piece + 1] - starts[piece]
    of = ints(w[WALK_CLASSES])[ints(s[at.EVENTS])[0]]
    s[at.START], s[at.LOOPS] = ints(w[WALK_ROWS])[of], ints(w[WALK_TABLES])[of]
    s[at.FATES + at.AT] = 0
    if open_piece(state):
        w[WALK_STAGE] = CLOSING
        return PASSES
    s[at.PC] = s[at.NEXT_JOIN] = max(s[at.START], 0)
    s[at.ACTIVE], s[at.FRAME], s[at.FRAME_COUNT] = 1, s[at.ALL_LANES], s[at.COUNT]
    w[WALK_STAGE] = GOING
    return DONE


def through(walk: int, state: int) -> int:
    """Piece after piece, for as long as ops have loops and results have room: why it came back. What it is called for
    is `WALK_STAGE`; where it stopped is `WALK_ROW`, of the piece before `WALK_NEXT`."""
    w, s = ints(walk), ints(state)
    while True:
        if w[WALK_STAGE] == NEXT_PIECE:
            why = next_piece(walk, state)
            if why != DONE or w[WALK_STAGE] == NEXT_PIECE:
                return why
        if w[WALK_STAGE] == GOING:
            s[at.ASKS] = 0
            w[WALK_ROW] = call(w[WALK_ADVANCE], state, 0)
            if s[at.ASKS] == MORE:
                return GROWS
            w[WALK_STAGE] = CLOSING
            if w[WALK_ROW] >= 0:
                return STOPPED
        close_piece(state)
        w[WALK_STAGE] = NEXT_PIECE
