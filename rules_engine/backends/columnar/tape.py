"""The tape: a program as rows of whole numbers, which events walk together.

In: nothing; compiling makes a `Tape`. Out: what the walker reads, whether an op is a function of NumPy or a loop.
Everything is int64; an absent optional is `MISSING`, a flag 0 or 1, a text its code in the pool of texts, a rate
billionths.

**Machine.** An event has registers `R`, vectors `V` with a value for each of its lines, and its member's row of memory
`L`. Three vectors are the carrier of money: `V[COST]` what each line costs now, `V[LIST]` what it listed at, `V[SIZE]`
its units. A row of `code` is `(op, d, a, b, k, m, n, t)`: `d` is written, `a` and `b` are read, `k`, `m` and `n` are
constants, `t` is the row to go to. Jumps go forward. `pool` holds constants, `pool[k : k + n]`; sets in it are sorted.
Fractions are scaled: whoever compiles keeps the denominator, and only `DIVIDE` divides.

**Times.** The work of an event begins at `entries[kind]` (a guest's at `guests[kind]`) and ends with `END`. `ends` is
where the work at the end of a day begins, on which holdings end. Nothing of an event is kept unless it reaches `END`.

**Units of a line.** Unless a rule makes its units differ, a line's units cost `V[COST] / V[SIZE]` each; where that is
no whole number, the first ones cost one more. What is taken off a line is spread over its units by the one allocation.
Which units have which price is kept as runs of (units, price) beside the line; a walker that is asked for no parts may
leave them out for kinds of event whose `by_unit` is 0.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

Ints = npt.NDArray[np.int64]

MISSING: Final = -(2**63)
UNKNOWN: Final = MISSING + 1
"""In `days`: nobody worked that day out."""
FOREVER: Final = 2**62
"""The last day of what has none, in memory."""
AMOUNT_MAX: Final = 2**62 - 1
RUNS_MAX: Final = 12
"""How many runs of equal units a line may have."""

COST: Final = 0
LIST: Final = 1
SIZE: Final = 2
VECTORS: Final = 3
"""The first vector that is free."""

DAY: Final = 0
INSTANT: Final = 1
TIER: Final = 2
LINES: Final = 3
PAID: Final = 4
ROW: Final = 5
SHIP: Final = 6
CHARGED: Final = 7
REGISTERS: Final = 8
"""`R[DAY]`, `R[INSTANT]`, the rung held before the event, the number of lines, what all lines cost at the moment (every
op that moves `V[COST]` moves it too), the row of a rule among those of its shape; what the shipping of the event's own
field costs at the moment, and what was charged (both only where the tape writes them); then the first register that is
free."""

# ---- compares and roundings ----

COMPARES: Final = {"=": 0, "!=": 1, "<": 2, "<=": 3, ">": 4, ">=": 5}
MODES: Final = {"down": 0, "up": 1, "half up": 2, "half even": 3}
"""On the magnitude; the sign is put back."""

# ---- ops: the flow ----

END: Final = 0
"""The event is done."""
JUMP: Final = 1
"""Go to t."""
UNLESS: Final = 2
"""Go to t where R[a] is 0."""
WHERE: Final = 3
"""Go to t where R[a] is not 0."""
UNLESS_IS: Final = 4
"""Go to t unless R[a] compares to k as m says."""
SECTION: Final = 5
"""Rules found by keys: row k of `sections`. Its blocks that are candidates run, in the order of their numbers; each
ends with `NEXT`. Then go to t. Rules of one shape share their code: a block is where its code begins, and its row,
which `R[ROW]` is then. What such code adds to `awards` and `discounts` is numbered from its own number on, by row."""
NEXT: Final = 6
"""The next candidate of the section, or its t."""
FAIL: Final = 7
"""The event is not done, for reason k."""

# ---- ops: numbers (for one number; the same with vectors is `VECTOR` higher and reads and writes V) ----

VECTOR: Final = 32
CONST: Final = 8
"""d = k."""
COPY: Final = 9
"""d = a. `COPY + VECTOR` copies a vector."""
LINEAR: Final = 10
"""d = a * k + b * m + n; b may be -1."""
TIMES: Final = 11
"""d = a * b. With k = 1 it is not proved that it fits: past `AMOUNT_MAX` the event is not done."""
DIVIDE: Final = 12
"""d = a * n / k, rounded as m says (`MODES`)."""
LEAST: Final = 13
"""d = the lesser of a and b."""
MOST: Final = 14
"""d = the greater of a and b."""
AT_MOST: Final = 15
"""d = the lesser of a and k."""
AT_LEAST: Final = 16
"""d = the greater of a and k."""
COMPARE: Final = 17
"""d = 1 where a compares to b as m says, else 0."""
IS: Final = 18
"""d = 1 where a compares to k as m says, else 0."""
AND: Final = 19
OR: Final = 20
"""d = a and b, a or b, of flags."""
NOT: Final = 21
"""d = 1 - a."""
AMONG: Final = 22
"""d = 1 where a is in pool[k : k + n]."""
HAS: Final = 23
"""d = 1 where a is not `MISSING`."""
OR_ZERO: Final = 24
"""d = a, or 0 where a is `MISSING`."""
TABLE: Final = 25
"""d = pool[k + a - m] where 0 <= a - m < n, else pool[k + n]."""
STEP: Final = 26
"""d = how many of pool[k : k + n] are not above a."""
OF_DAY: Final = 27
"""d = `days[k]` at the day a. Where a is not among the days that were worked out (`UNKNOWN`), the event is not done;
`MISSING` gives `MISSING`."""
MULTIPLE: Final = 28
"""d = 1 where a is a whole multiple of k."""
CHOOSE: Final = 29
"""d = b where a is not 0, else n (a register, or a vector)."""
LISTED: Final = 30
"""d = 1 where a is among the items of the event's ragged field k, its first n (n < 0: all)."""
LOADED: Final = 31
"""d = field k of the event (of each line); `LOADED` with m = 1 is fact k of the member."""

# ---- ops: between lines and numbers ----

SPREAD_OUT: Final = 64
"""V[d] = R[a] on each line."""
SUM: Final = 65
"""R[d] = the sum of V[a] over the lines where V[b] is not 0 (b = -1: all)."""
COUNT: Final = 66
"""R[d] = how many lines V[b] is not 0 on (b = -1: all)."""
PRICED: Final = 67
"""The carrier: V[LIST] = V[COST] = line field a, times line field b where m is 1; V[SIZE] = line field b (b = -1: 1).
With n = 0 a line without units costs nothing. Where the sum of the magnitudes passes k the event is not done. An
absent amount or size counts as 0 and 1."""
HAS_CODE: Final = 68
"""R[d] = the place among the presented codes of the first that is in pool[k : k + n]; -1: none. Ragged field m."""

# ---- ops: offers; k is a row of `effects`, R[d] = 1 where a price changed ----

TAKE_LINES: Final = 69
"""Take V[a], where above 0, off each line where V[b] is not 0 (b = -1: all) that has units, at most what it costs."""
TAKE_UNITS: Final = 70
"""Of each unit of those lines: `(now * pool[n] + list * pool[n + 1] + pool[n + 2]) / pool[n + 3]`, rounded as
pool[n + 4] says, is taken off, or is (pool[n + 5] = 1) its price where that is not more than it costs. t = 1: of the
row, at `n + 6 * R[ROW]`; the rounding, and whether it is a price, are the first row's."""
TAKE_TOTAL: Final = 71
"""Take R[a] off the lines where V[b] is not 0, at most what they cost: in proportion to what they cost, by the one
allocation with largest remainders."""
TIMES_LEFT: Final = 72
"""R[d] = how many times limit k lets a rule act."""
TAKE_TIMES: Final = 73
"""Count R[a] times under limit k."""
FATE: Final = 74
"""The coded rule k was asked for the code at the place R[a] of the presented ones; R[b] is the number of what became
of it among `layout.code_reasons`, 0 where it acted."""
BEST: Final = 75
"""The members of a group are tried one after the other, each from here; each ends with `TRIED`, the last has n = 1.
k = 1 (also of `TRIED`): rules among them count limits, so that memory goes back too. m = 1: `R[SHIP]` and `R[CHARGED]`
go back too."""
TRIED: Final = 76
"""A member has been tried. n = 1: go on with the one that took most off, the first of equal ones; none where none
acted."""
AFTER: Final = 77
"""A stage of offers is over: V[d] = V[COST] (d = -1: nobody reads it)."""
CODED: Final = 78
"""Say what became of the presented codes (ragged field k). pool[b : b + n] are the codes of the program, sorted, then
as many numbers: the coded rule of each (-1: of another kind of event)."""
COSTS: Final = 79
"""Say what the event costs."""

PICK_TOTAL: Final = 91
"""Of the n entries (register, vector, row of `effects`) at pool[k]: `TAKE_TOTAL` of the one that takes most off, the
first of equal ones. A register that is not above 0 takes part in nothing. R[d] = 1 where one acted."""
SUM_AT: Final = 92
"""R[d] = the sum of V[a] over the lines whose field b is k."""

FIELD_IS: Final = 93
"""V[d] = 1 where the line's field b is k, else 0."""

# ---- ops: earns and what follows ----

GIVE: Final = 80
"""Row k of `gives`: R[a], where above 0, is wanted; it is cut by steps and limits; R[d] = what is given. R[m] and R[n]
are the last days pending and valid (-1: none)."""
GIVE_NOTHING: Final = 81
"""Row k of `gives`: R[a], where above 0, is wanted, and nothing given, cut by limit m."""
TRACK: Final = 82
"""R[d] = track k in the occurrence that holds R[DAY]; m = 1: in the one before."""
MOVE: Final = 83
"""Track k moves by R[a], in the occurrence of R[DAY]. Where it then passes n in magnitude the event is not done."""
GRANT: Final = 84
"""Holding k is granted from R[DAY] to R[a] (`MISSING`: for good), or prolonged."""
CHANGED: Final = 85
"""Say whether the held rung is another than `R[TIER]`. k = 1: `R[TIER]` is the new one from here on."""
FALLS: Final = 86
"""At the end of day R[DAY]: the holdings that end with it end, and what follows them begins: see `Ladder`."""
HELD_OUT: Final = 87
"""R[d] = 1 where row k of the members' holdouts says so."""
SAY: Final = 88
"""Message k of `layout.says` is said."""
CHARGE: Final = 89
"""Charge k of `layout.charges`: R[a], where above 0. R[d] = 1 where something was charged."""
GIFT: Final = 90
"""Gift k of `layout.gifts`, text R[a] (`MISSING`: none). R[d] = 1 where something was added."""

# ---- ops: prices that have more than lines ----

SHIPPED: Final = 100
"""The carrier: R[SHIP] = R[a], 0 where absent. Where it and the lines pass k in magnitude the event is not done."""
TAKE: Final = 101
"""The general effect: row k of `effects`, and what is taken off which entries in pool[n : n + terms.TAKE_WIDTH].
V[b] chooses among lines (-1: all)."""
TAXED: Final = 102
"""R[d] = the tax on what lines and shipping cost: V[a] are the rates of lines in billionths, R[b] that of shipping (-1:
none); rounded as m says. k = 1: prices include it. n = 1: it is worked out for each unit."""
PRICES: Final = 103
"""Say what the event costs, with what `COSTS` leaves out: R[a] is the tax, on top of prices where m is 1 (-1: none);
V[b] has the lines that are shipping (-1: none)."""
RULE: Final = 104
"""An offer begins whose effects tell what they want though nothing was given; k numbers the places where one does.
With m = 1 what units cost now is kept under that number."""
ACTED: Final = 105
"""The end of that offer: what it told stays where R[a] is not 0."""
QUOTIENT: Final = 106
"""R[d] = R[a] / k, which has to be whole and at most n in magnitude: where it is not, the event is not done."""
QUOTIENTS: Final = 107
"""The same of vectors."""

# ---- ops: what a rule has in its row, where rules of one shape share their code ----

ROW_VALUE: Final = 200
"""R[d] = pool[k + R[ROW]]."""
ROW_FIELD_IS: Final = 201
"""V[d] = 1 where the line's field b is R[a], else 0."""
ROW_SUM_AT: Final = 202
"""R[d] = the sum of V[a] over the lines whose field b is R[k]."""
ROW_AMONG: Final = 203
"""R[d] = 1 where R[a] is in the set of the row. pool[k : k + n] has the sets of all rows, sorted: row times 2^40, plus
the value, which is less than 2^39 in magnitude."""
ROW_AMONG_LINES: Final = 204
"""The same of vectors."""

# ---- ops: what members own; k is a row of `units`, unless it is said otherwise ----

BALANCE: Final = 160
"""R[d] = what the member has of a unit on R[DAY], debts taken off; m has bit 1: pending lots count too, bit 2: what
this stage took is gone already."""
AVAILABLE: Final = 161
"""R[d] = what may be taken of a unit: what there is, debts taken off, above n, and not below 0; m = 1: it may lie below
0, and above what there is."""
LET_THROUGH: Final = 162
"""R[d] = what the limits pool[k : k + n] let through of R[a]; R[b] is the last one that cut it, else as it was."""
USE: Final = 163
"""R[a], where above 0, is taken of unit k, in its order of use; what is missing is owed. It counts under the limits
pool[m : m + n]."""
TAKEN: Final = 164
"""Say, where R[d] is above 0, that taking k of `layout.takings` asked for R[a] and took R[b], cut by limit R[m]; n = 1:
the member is held out."""
TURNED: Final = 165
"""Row k of `gives`, for units that were turned: R[a], where above 0, is wanted, R[b] given, cut by limit R[d]; R[m] and
R[n] as of `GIVE`."""
RECEIVE: Final = 166
"""A stage is over: what it gave comes in, debts are paid of it. m is the stage's number; k = 1: the order of stages
counts."""
PAY: Final = 167
"""Redeem k of `layout.takings` pays R[a], where above 0, of what V[d] has still to be paid, which it lowers. R[m] was
offered, R[n] taken."""
UNITS_FOR: Final = 169
"""R[d] = the least whole steps of R[a] units that are worth R[b], R[a] where all are worth no more. pool[k] has the
worth of a unit, num and den, its rounding, and the step; m = 1: the most steps that are worth no more."""
SPAN: Final = 170
"""Lots that were earned up to memory k are gone: row a of `days` is the last day whose lots are, where nothing has
prolonged them since; pool[m : m + n] are the memories of the last days that prolong them."""
DUE: Final = 171
"""Memory k is the day on which the member was first seen, the next one the first day that is too late for them: then
the event is not done. pool[m : m + n] are the rows of facts that this hangs on."""
NOTE_DAY: Final = 168
"""Memory k is R[DAY], unless it is later."""

# ---- ops: what hangs on facts, and what is kept by occurrence (in NumPy only)

ANCHORED: Final = 130
"""R[d] = answer k of `asked`, asked of the day (or instant) R[a] and of R[pool[n]], R[pool[n + 1]] ...: the m facts
that its periods hang on, then the event's instant where it hangs on that."""
ANCHORED_LINES: Final = 131
"""The same on lines: V[d], V[a]; a fact is a register, or, below 0, the vector -1 - fact."""
LOCAL_DAY: Final = 132
LOCAL_DAY_LINES: Final = 133
"""R[d] (V[d]) = the local day of the instant R[a] (V[a])."""
KEPT_SUM: Final = 134
"""R[d] = what block k holds for the occurrence R[a] (m = 0), from the day R[a] on up to `R[DAY]` (m = 1), from the day
R[a] on (m = 2)."""
KEPT_ADD: Final = 135
"""Block k grows by R[a] in the occurrence R[b] (under the key R[m], unless m = -1; with d = 1 a new key counts though
nothing is added). Then what nobody can read is forgotten: what lies before R[n], or (n = -1) all but the newest two
occurrences that have begun."""
KEPT_ADD_LINES: Final = 136
"""The same with V[a], V[b] and V[m], for each line."""
KEPT_GET: Final = 137
"""R[d] = the value in block k for the occurrence R[a]; `MISSING` where there is none. With m = 1 the least, with m = 2
the greatest of those from R[a] on up to `R[DAY]`."""
KEPT_RAISE: Final = 138
"""In block k the value of the occurrence R[b] becomes R[a], where that is greater; 0 is not noted where none stands.
With m = 1 where it is less, and with m = 2 where it is greater, 0 too; then as after `KEPT_ADD`."""
KEPT_FORGET: Final = 139
"""Block k forgets the occurrences that block n does not hold."""
KEPT_SEE: Final = 140
"""Block k meets the values V[a] on the lines where V[m] is not 0 (-1: all), in the occurrences V[b]; then as after
`KEPT_ADD`."""
KEPT_MANY: Final = 141
"""R[d] = how many different values block k has met in the occurrence R[a] (m = 0), or from R[a] on (m = 1)."""
STREAK_STEP: Final = 142
"""Block k, in the occurrence R[b]: a period that begins with the day R[a] is met; the one before it began with R[m].
Then as after `KEPT_ADD`."""
STREAK_READ: Final = 143
"""R[d] = the periods met in a row in the occurrence R[b] of block k; 0 once one was missed: R[a] and R[m] as above."""
SAVED: Final = 144
"""The slots of memory in the n blocks at pool[k] are noted."""
UNDONE: Final = 145
"""They are again what they were at the row that `SAVED` them."""
AWARD: Final = 146
"""Row k of `gives`: R[a] was wanted, where above 0, and R[b] given; R[d] is the limit that cut it (-1: none did); m and
n as of `GIVE`; d = -1: the member is held out."""
SPREAD_AWARD: Final = 147
"""V[d] grows by R[a] spread over the lines by the weights V[b]: the one allocation with largest remainders."""
KEY_FOLD: Final = 148
"""R[d] = the sum (or, with m = 1, the number) of what block k holds for each key, of the n largest (-1: of all), in the
occurrence R[a] (b = -1), or from R[a] on up to `R[DAY]`."""
GUARDED: Final = 154
GUARDED_LINES: Final = 155
"""R[d] (V[d]) = R[a] (V[a]), which is at most k in magnitude, or absent; else the event is not done."""
ROOM_LINES: Final = 152
"""V[d] = m less what block k holds for the occurrence V[a]; `AMOUNT_MAX` where that is `MISSING`."""
CUT_LINES: Final = 153
"""V[d] = V[a], where the lines of an occurrence V[b] have more in all than the room V[m] spread anew, so that they fill
it."""
LISTED_LINE: Final = 150
"""V[d] = 1 where V[a] is among the items of the line's list k, its first n (n < 0: all)."""
LISTED_FACT: Final = 151
"""R[d] = 1 where R[a] is among the items of the member's list k, its first n (n < 0: all); m = 1: vectors."""
DIFFERENT: Final = 149
"""R[d] = how many different values V[a] has on the lines where V[b] is not 0 (-1: all); absent ones are none."""

_OTHERS = ("MISSING", "UNKNOWN", "FOREVER", "AMOUNT_MAX", "RUNS_MAX", "COST", "LIST", "SIZE", "VECTORS", "DAY",
           "INSTANT", "TIER", "LINES", "PAID", "ROW", "SHIP",
           "CHARGED", "REGISTERS", "VECTOR")  # fmt: skip
OPS: Final = {
    value: name
    for name, value in list(globals().items())
    if name.isupper() and isinstance(value, int) and name not in _OTHERS
}
"""The names of ops by number."""

# ---- tables ----

# One row of `limits`: its counter in memory, the row of `days` that finds its occurrence (-1: a lifetime), how much.
# and, of a window that moves, for how many days memory has room (0: occurrences). Then `days` finds its first day.
LIMIT_SLOT, LIMIT_DAYS, LIMIT_ROOM, LIMIT_WINDOW, LIMIT_WIDTH = 0, 1, 2, 3, 4
# One row of `tracks`: its counter in memory, the row of `days` (-1: a lifetime), of the occurrence before (-1: none).
# and the room of a window, as of a limit.
TRACK_SLOT, TRACK_DAYS, TRACK_BEFORE, TRACK_WINDOW, TRACK_WIDTH = 0, 1, 2, 3, 4
WINDOW_DAYS = 32
"""For how many days a window has room; a member with more goes on by rows."""
# One row of `effects`: the effect's number on the layout, whole steps (0: none), its limits by amount in `pool`.
EFFECT, EFFECT_STEPS, EFFECT_LIMITS, EFFECT_COUNT, EFFECT_HIGH, EFFECT_WIDTH = 0, 1, 2, 3, 4, 5
# One row of `gives`: the award's number on the layout, steps, limits in `pool`, 1 where a cut cancels it.
GIVES, GIVES_STEPS, GIVES_LIMITS, GIVES_COUNT, GIVES_NOTHING, GIVES_WIDTH = 0, 1, 2, 3, 4, 5
# A block, at a place in `pool`: its first slot, how many entries it has room for, slots an entry, and the most keys of
# an occurrence (0: as many as there is room for). An entry is an occurrence (`MISSING`: free), a value and a key; of
# different values the number of the event that met it and the value; of a streak the value and the period last met.
KEPT_SLOT, KEPT_ROOM, KEPT_WIDTH, KEPT_MOST = 0, 1, 2, 3
# One row of `sections`: keys in `keys` (from, count); blocks in `blocks` from; always asked (from, count) in pool; 1
# where no rule of the section can see what another did, so that only their results have to be in order.
SECTION_KEYS, SECTION_KEY_COUNT, SECTION_BLOCKS, SECTION_ALWAYS, SECTION_ALWAYS_COUNT = 0, 1, 2, 3, 4
SECTION_APART, SECTION_WIDTH = 5, 6
# One row of `blocks`: the row of code where it begins, the row of its rule among those of its shape (-1: it has none).
BLOCK_CODE, BLOCK_ROW, BLOCK_WIDTH = 0, 1, 2
# One row of `keys`: where its value stands (`KEY_EVENT`, ...), the row there, first value, values, place in `pool` of
# starts (values + 1 of them), to which the members' block numbers follow.
KEY_WHERE, KEY_ROW, KEY_LOW, KEY_VALUES, KEY_STARTS, KEY_WIDTH = 0, 1, 2, 3, 4, 5
KEY_EVENT, KEY_LINE, KEY_FACT, KEY_CODE = 0, 1, 2, 3

# One row of `units`: 1 where the soonest to end is used first, the memory of what is owed (-1: nothing can be), the
# memory of the day up to which lots are gone (-1: none), and 1 where those with an end of their own are not.
UNIT_SOONEST, UNIT_DEBT, UNIT_GONE, UNIT_APART, UNIT_WIDTH = 0, 1, 2, 3, 4
NO_UNITS: Final = np.zeros((0, UNIT_WIDTH), np.int64)

# ---- memory: one row a member ----

SLOT_DAY: Final = 0
"""The day that the member has reached; `MISSING`: never seen."""
SLOT_NEXT: Final = 1
"""The first day with which a holding ends, `FOREVER`: none does."""
SLOT_SEQUENCE: Final = 2
"""How many holdings there have been."""
SLOTS: Final = 3
# A counter (a track, a limit) is four slots: the newest occurrence and its value, the one before and its value;
# an occurrence is `MISSING` where there is none. A window is `WINDOW_DAYS` pairs of a day (`MISSING`: free) and its
# value, in no order; days before the window are forgotten when it moves. A holding is three: first day (`MISSING`:
# not held), last day (`FOREVER`), its number in the order in which holdings came.
COUNTER_WIDTH: Final = 4
HOLDING_WIDTH: Final = 3

# ---- why an event is not done ----

REASONS: Final = (
    "",
    "the member goes on by rows after an earlier event",
    "the event is dated before the day that its member has reached",
    "an amount is too large to be proved safe",
    "a track or limit has passed what a number can hold",
    "a date lies outside the days that were worked out",
    "the units of a line have too many different prices",
    "guests are scored by rows",
    "this kind of event has no columnar form",
    "a status match may begin",
    "an event that happens by itself comes before it",
)
DONE, GONE, LATE, UNSAFE, FULL, FAR, RAGGED, GUEST, KIND, MATCH, BY_ITSELF = range(11)

CODE_REASONS: Final = (
    "", "too long", "blank", "unprintable", "presented before", "unknown code", "not for this event", "used up",
    "lost to the rule itself", "nothing to give", "conditions not met", "held out",
)  # fmt: skip
"""The reasons that codes of any program may have; the reasons of a program's own rules follow on its layout."""
(C_ACTED, C_LONG, C_BLANK, C_UNPRINTABLE, C_BEFORE, C_UNKNOWN, C_ELSEWHERE, C_USED, C_OWN, C_NOTHING, C_CONDITIONS,
 C_HELD) = range(12)  # fmt: skip


class Ladder(Struct, frozen=True):
    """What `FALLS` needs. `ways`: a row a path, from the lowest rung up: its rung, its holding, the register that says
    whether it holds, the register of its last day. `after`: by rung that a holding ends on and rung that it falls to
    (`rungs` x `rungs`), the holding (-1: none). `what` 0 the earned tier (at most `down` lower, -1: any), 1 `down`
    rungs, 2 the rung `tier`; -1: nothing follows. `life` is the register of the ladder's own last day. `holdings`: a
    row a holding: its slot, its rung."""

    rungs: int
    ways: Ints
    holdings: Ints
    after: Ints
    what: int
    down: int
    tier: int
    life: int


class Tape(Struct, frozen=True):
    """The tables of one program. `days` are the rows that a `days.Days` fills; `registers`, `vectors` and `slots` say
    how many there are; `ladder` is there where tiers are judged. `kept_gives` has, by row of `gives`' numbers, the row
    of `units` whose lots are kept (-1: none), and the number of its source."""

    code: Ints
    pool: Ints
    entries: Ints
    guests: Ints
    ends: int
    limits: Ints
    tracks: Ints
    effects: Ints
    gives: Ints
    sections: Ints
    keys: Ints
    blocks: Ints
    by_unit: Ints
    registers: int
    vectors: int
    slots: int
    ladder: Ladder | None
    remainder: int = 0
    units: Ints = NO_UNITS
    kept_gives: Ints = NO_UNITS
    asked: Any = None
    """The `anchoring.Answers`: what follows from a day and from facts."""
