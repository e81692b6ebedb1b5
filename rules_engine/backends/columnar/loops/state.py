"""Where everything stands in the state that loops are handed: whole numbers, and addresses of further ones.

In: nothing. Out: places. A loop works on the lanes (events of a piece) that stand at its row: `ACTIVE` of them, by
number in `LANES`, ascending. Their lines, `LINE_COUNT` of them, are at `LINE_PLACES` in the piece; those of the x-th
lane here begin at `STARTS[x]` among these. An op on numbers finds them one after the other, lanes or lines: `SIZE`
numbers at `A`, `B`, `C`, which it reads, and at `OUT`, which it writes; `INDEX` is where each is in its columns.
"""

from __future__ import annotations

from typing import Final

# fmt: off
(COUNT, ACTIVE, WHOLE, LANES, LINE_COUNT, LINE_PLACES, STARTS, HAS_LINES, A, B, C, OUT, SIZE, INDEX) = range(14)
(PC, NEXT_JOIN, FRAME, FRAME_COUNT, RESUME, FAILED, WHY, ENDED, LOOPS, CODE, POOL) = range(14, 25)
(REGISTERS, REGISTER_ROOM, VECTORS, VECTOR_ROOM, MEMORY, SLOTS, TEMPORARY, TEMPORARY_ROOM) = range(25, 33)
(EVENTS, MEMBERS, OFFSETS, LINES, LINE_LANES, RANK) = range(33, 39)
(ALL_LANES, ALL_LINES, LANE_BUFFER, LINE_BUFFER, START_BUFFER) = range(39, 44)
(DAYS, DAYS_WIDE, BASE, HOLDINGS, HOLDING_COUNT) = range(44, 49)
(LIMITS, LIMITS_WIDE, TRACKS, TRACKS_WIDE, EFFECTS, EFFECTS_WIDE, GIVES, GIVES_WIDE) = range(49, 57)
(FIELDS, FIELDS_WIDE, LINE_FIELDS, LINE_FIELDS_WIDE, FACTS, FACTS_WIDE, HOLDOUTS, HOLDOUTS_WIDE) = range(57, 65)
(RAGGED, COSTS, NET, TOTAL, PRICED) = range(65, 70)
(AWARDS, DISCOUNTS, TIERS, CODES, FATES) = range(70, 85, 3)
# fmt: on
(FATE_NEWEST, ASKS, WANTED) = range(85, 88)
(KEPT, GONE, START, BATCH_OFFSETS, BATCH_MEMBERS, BATCH_DAYS, BATCH_INSTANTS, DONE, TOLD_WHY) = range(88, 97)
SECTIONS: Final = 97
"""The state of sections (`turning.py`)."""
PARTS: Final = 98
"""What is taken off lines (`units.py`); nothing stands there where nobody asks for it."""
"""Why a loop stopped: `NUMPY` has to do its row, or it wants room for so many rows of results."""
NUMPY, MORE = 1, 2
AT, ROOM = 1, 2
"""Behind the address of a table of results: how many rows there are, and how many there is room for."""
STATE: Final = 104
"""How many places there are."""

NEVER: Final = 2**62
"""The row at which a lane goes on that has ended."""
TEMPORARIES: Final = 19
READ_A, READ_B, READ_C, READ_INDEX, READ_LANE, READ_LINES = 1, 2, 4, 8, 16, 32
"""What an op reads."""
SHARED: Final = 255
"""Where the table of loops has the one that works out shares (`sharing.py`): no op."""
