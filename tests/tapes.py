"""Random tapes, batches and memories: what the kernel and its twin in NumPy must agree on, whatever compiling makes.

In: a seed. Out: a `Tape`, a `Batch`, rows of days, a memory. Every register and vector is written where the work of an
event begins; numbers are kept small after each op; flags are only ever 0 or 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Batch, Ints
from rules_engine.backends.columnar.tape import FOREVER, MISSING, Ladder, Tape

NUMBERS, FLAGS = (8, 9, 10, 11, 12), (13, 14, 15)
VNUMBERS, VFLAGS = (3, 4, 5, 6), (7, 8, 9)
BASE, SPAN, DAY_ROWS = 1000, 60, 3
MEMBERS, FIELDS, LINE_FIELDS = 9, 4, 5
LIMITS, TRACKS, HOLDINGS = 3, 2, 3
WINDOW = 5
COUNTERS = ops.SLOTS
HELD = COUNTERS + (LIMITS + TRACKS) * 2 * WINDOW
SLOTS = HELD + HOLDINGS * ops.HOLDING_WIDTH
MOST = 1_000_000


@dataclass
class Made:
    """A tape in the making."""

    rng: Random
    code: list[list[int]] = field(default_factory=list)
    pool: list[int] = field(default_factory=list)
    effects: list[list[int]] = field(default_factory=list)
    gives: list[list[int]] = field(default_factory=list)
    sections: list[list[int]] = field(default_factory=list)
    keys: list[list[int]] = field(default_factory=list)
    blocks: list[list[int]] = field(default_factory=list)
    units: bool = True
    guest: bool = False
    """Whose event is under way: a guest has no facts, and nothing is remembered of one."""

    def say(self, op: int, d: int = 0, a: int = 0, b: int = 0, k: int = 0, m: int = 0, n: int = 0, t: int = 0) -> int:
        """Add a row; its number."""
        self.code.append([op, d, a, b, k, m, n, t])
        return len(self.code) - 1

    def store(self, values: list[int]) -> int:
        """Put constants into the pool; where they stand."""
        self.pool += values
        return len(self.pool) - len(values)

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent


def tape_of(seed: int) -> Tape:
    """A random tape of two kinds of event, which guests may have or not."""
    made = Made(Random(seed))
    entries = [_event(made) for _ in range(2)]
    guests = [_event(made, guest=True) if made.chance(70) else -1 for _ in range(2)]
    if made.chance(15):
        entries[1] = -1
    ends = _ends(made)
    rng = made.rng
    by_unit = [
        int(any(_takes_units(made, row) for row in both if row >= 0)) or rng.randrange(2)
        for both in zip(entries, guests, strict=True)
    ]
    limits = [
        [
            COUNTERS + number * 2 * WINDOW,
            rng.randrange(-1, DAY_ROWS),
            rng.choice((0, 1, 5, 60, 700)),
            rng.choice((0, 0, WINDOW)),
        ]
        for number in range(LIMITS)
    ]
    tracks = [
        [
            COUNTERS + (LIMITS + number) * 2 * WINDOW,
            rng.randrange(-1, DAY_ROWS),
            rng.randrange(-1, DAY_ROWS),
            rng.choice((0, 0, WINDOW)),
        ]
        for number in range(TRACKS)
    ]
    effects, gives = _array(made.effects, 5), _array(made.gives, 5)
    sections, keys = _array(made.sections, ops.SECTION_WIDTH), _array(made.keys, 5)
    code, starts, others = _array(made.code, 8), np.array(entries, np.int64), np.array(guests, np.int64)
    blocks, pool = _array(made.blocks, ops.BLOCK_WIDTH), np.array(made.pool, np.int64)
    units = np.array(by_unit, np.int64)
    return Tape(
        code, pool, starts, others, ends, _array(limits, 4), _array(tracks, 4), effects, gives, sections, keys, blocks,
        units, 16, 12, SLOTS, _ladder(rng),
    )  # fmt: skip


def _takes_units(made: Made, entry: int) -> bool:
    """Whether a kind of event asks for the units of lines."""
    rows = made.code[entry:]
    end = next(place for place, row in enumerate(rows) if row[0] == ops.END)
    return any(row[0] == ops.TAKE_UNITS for row in rows[:end])


def _array(rows: list[list[int]], width: int) -> Ints:
    return np.array(rows, np.int64).reshape(len(rows), width)


def _ladder(rng: Random) -> Ladder:
    holdings = [[HELD + number * ops.HOLDING_WIDTH, rung] for number, rung in enumerate((1, 2, 2))]
    after = [[-1, -1, -1], [-1, 0, 1], [-1, 0, 2]]
    ways = [[1, 0, FLAGS[0], NUMBERS[0]], [2, 1, FLAGS[1], NUMBERS[1]], [2, 2, FLAGS[2], NUMBERS[1]]]
    what = rng.choice((-1, 0, 0, 0, 1, 2))
    landing = np.array([each for row in after for each in row], np.int64)
    return Ladder(
        3, _array(ways, 4), _array(holdings, 2), landing, what, rng.choice((-1, 1)),
        rng.choice((0, 1)), NUMBERS[2],
    )  # fmt: skip


# ---- code


def _event(made: Made, *, guest: bool = False) -> int:
    rng, made.guest = made.rng, guest
    start = len(made.code)
    made.units = made.chance(70)
    _opening(made)
    for _ in range(made.rng.randint(3, 14)):
        _statement(made, 0)
    if made.chance(70):
        codes = sorted(made.rng.sample(range(6), made.rng.randint(0, 4)))
        rules = [made.rng.choice((-1, 0, 1, 2)) for _ in codes]
        made.say(ops.CODED, b=made.store([*codes, *rules]), k=0, n=len(codes))
    if made.chance(80):
        made.say(ops.COSTS)
    if not guest:
        made.say(ops.CHANGED, k=rng.randrange(2))
        made.say(ops.GIVE, NUMBERS[2], ops.TIER, k=len(made.gives) - 1) if made.gives else None
    made.say(ops.END)
    return start


def _opening(made: Made) -> None:
    rng = made.rng
    for register in NUMBERS:
        made.say(ops.LOADED, register, k=rng.randrange(FIELDS), m=0 if made.guest else rng.randrange(2))
        if made.chance(30):
            made.say(ops.HAS, FLAGS[0], register)
        made.say(ops.OR_ZERO, register, register)
    for register in FLAGS:
        made.say(ops.IS, register, rng.choice(NUMBERS), k=rng.randint(-3, 20), m=rng.randrange(6))
    made.say(
        ops.PRICED,
        a=0,
        b=rng.choice((-1, 1, 1, 1)),
        k=rng.choice((10**9, 10**9, 20_000)),
        m=rng.randrange(2),
        n=rng.randrange(2),
    )
    for vector in VNUMBERS:
        made.say(ops.LOADED + ops.VECTOR, vector, k=rng.randrange(LINE_FIELDS))
        if made.chance(30):
            made.say(ops.HAS + ops.VECTOR, VFLAGS[0], vector)
        made.say(ops.OR_ZERO + ops.VECTOR, vector, vector)
    for vector in VFLAGS:
        made.say(ops.IS + ops.VECTOR, vector, rng.choice(VNUMBERS), k=rng.randint(-3, 20), m=rng.randrange(6))


def _ends(made: Made) -> int:
    start = len(made.code)
    for register in FLAGS:
        made.say(ops.CONST, register, k=made.rng.randrange(2))
    for register in NUMBERS:
        made.say(ops.LINEAR, register, ops.DAY, -1, k=1, n=made.rng.choice((0, 3, 9, 30)))
    if made.chance(40):
        made.say(ops.CONST, NUMBERS[1], k=MISSING)
    made.say(ops.FALLS)
    return start


def _number(made: Made) -> None:  # noqa: C901 - one arm for each op
    """A number or a flag, on registers or on lines."""
    rng, vector = made.rng, made.rng.random() < 0.5
    more, numbers, flags = (ops.VECTOR, VNUMBERS, VFLAGS) if vector else (0, NUMBERS, FLAGS)
    d, a, b, flag = rng.choice(numbers), rng.choice(numbers), rng.choice(numbers), rng.choice(flags)
    made_flag = rng.choice(flags)
    low = rng.randint(-5, 30)
    match rng.randrange(20):
        case 0:
            made.say(ops.CONST + more, d, k=low)
        case 1:
            made.say(ops.COPY + more, d, a)
        case 2:
            made.say(ops.LINEAR + more, d, a, rng.choice((-1, b)), low, rng.randint(-3, 3), rng.randint(-9, 9))
        case 3:
            made.say(ops.TIMES + more, d, a, b, k=rng.randrange(2))
        case 4:
            made.say(
                ops.DIVIDE + more, d, a, k=rng.choice((1, 2, 3, 7, 100)), m=rng.randrange(4), n=rng.choice((1, 1, 25))
            )
        case 5:
            made.say(rng.choice((ops.LEAST, ops.MOST)) + more, d, a, b)
        case 6:
            made.say(rng.choice((ops.AT_LEAST, ops.AT_MOST)) + more, d, a, k=low)
        case 7:
            made.say(ops.COMPARE + more, made_flag, a, b, m=rng.randrange(6))
        case 8:
            made.say(ops.IS + more, made_flag, a, k=low, m=rng.randrange(6))
        case 9:
            made.say(rng.choice((ops.AND, ops.OR)) + more, made_flag, flag, rng.choice(flags))
        case 10:
            made.say(ops.NOT + more, made_flag, flag)
        case 11:
            values = sorted(rng.sample(range(-5, 60), rng.choice((1, 3, 9))))
            made.say(ops.AMONG + more, made_flag, a, k=made.store(values), n=len(values))
        case 12:
            values = [rng.randint(-9, 99) for _ in range(6)]
            made.say(ops.TABLE + more, d, a, k=made.store(values), m=rng.randint(-2, 3), n=5)
        case 13:
            values = sorted(rng.sample(range(-20, 2000), 4))
            made.say(ops.STEP + more, d, a, k=made.store(values), n=4)
        case 14:
            made.say(ops.MULTIPLE + more, made_flag, a, k=rng.choice((1, 2, 5)))
        case 15:
            made.say(ops.CHOOSE + more, d, flag, a, n=b)
        case 16:
            made.say(ops.LISTED + more, made_flag, a, k=0, n=rng.choice((-1, 1, 2)))
        case 17 if not vector:
            made.say(ops.OF_DAY, d, ops.DAY, k=rng.randrange(DAY_ROWS))
            made.say(ops.OR_ZERO, d, d)
        case 17:
            made.say(ops.LOADED + more, d, k=4)
            made.say(ops.OF_DAY + more, d, d, k=rng.randrange(DAY_ROWS))
            made.say(ops.OR_ZERO + more, d, d)
        case 18 if not vector:
            made.say(
                ops.SUM_AT, rng.choice(NUMBERS), rng.choice((*VNUMBERS, ops.COST)), rng.randrange(LINE_FIELDS), low
            )
            made.say(ops.FIELD_IS, rng.choice(VFLAGS), b=rng.randrange(LINE_FIELDS), k=rng.randint(0, 4))
        case 18:
            made.say(ops.SPREAD_OUT, rng.choice(VNUMBERS), rng.choice(NUMBERS))
        case _:
            made.say(ops.SUM, rng.choice(NUMBERS), rng.choice((*VNUMBERS, ops.COST)), rng.choice((-1, *VFLAGS)))
    for register in NUMBERS if not vector else ():
        made.say(ops.AT_MOST, register, register, k=MOST)
        made.say(ops.AT_LEAST, register, register, k=-MOST)
    for each in VNUMBERS if vector else ():
        made.say(ops.AT_MOST + ops.VECTOR, each, each, k=MOST)
        made.say(ops.AT_LEAST + ops.VECTOR, each, each, k=-MOST)


def _statement(made: Made, depth: int) -> None:
    rng = made.rng
    match rng.randrange(16):
        case 0 | 1 if depth < 2:
            _branch(made, depth)
        case 2 | 3 | 4:
            _take(made)
        case 10 if depth < 2:
            _section(made, depth)
        case 11 if depth < 2:
            _best(made, depth)
        case 12:
            _fate(made)
        case 5 | 6 | 7 | 8 | 9 | 13 | 14 if made.guest:
            _take(made)
        case 5:
            limit, register = rng.randrange(LIMITS), rng.choice(NUMBERS)
            made.say(ops.TIMES_LEFT, register, k=limit)
            made.say(ops.AT_MOST, register, register, k=3)
            made.say(ops.TAKE_TIMES, a=register, k=limit)
        case 6 | 7:
            _give(made)
        case 8:
            made.say(ops.TRACK, rng.choice(NUMBERS), k=rng.randrange(TRACKS), m=rng.randrange(2))
        case 9:
            made.say(ops.MOVE, a=rng.choice(NUMBERS), k=rng.randrange(TRACKS), n=rng.choice((100, 10**9)))
        case 13:
            made.say(ops.LINEAR, NUMBERS[3], ops.DAY, -1, k=1, n=rng.choice((-1, 0, 2, 8, 25)))
            if made.chance(15):
                made.say(ops.CONST, NUMBERS[3], k=MISSING)
            made.say(ops.GRANT, a=NUMBERS[3], k=rng.randrange(HOLDINGS))
            made.say(ops.CONST, NUMBERS[3], k=rng.randint(0, 9))
        case 14:
            made.say(rng.choice((ops.COUNT, ops.COUNT)), rng.choice(NUMBERS), b=rng.choice((-1, *VFLAGS)))
            made.say(ops.AFTER, rng.choice((-1, VNUMBERS[3])))
            made.say(ops.HELD_OUT, rng.choice(FLAGS), k=0)
        case _:
            _number(made)


def _fate(made: Made) -> None:
    rng = made.rng
    codes = sorted(rng.sample(range(6), 2))
    made.say(ops.HAS_CODE, NUMBERS[0], k=made.store(codes), m=0, n=2)
    made.say(ops.CONST, NUMBERS[1], k=rng.choice((0, 0, 7, 9, 12)))
    made.say(ops.FATE, a=NUMBERS[0], b=NUMBERS[1], k=rng.randrange(3))


def _branch(made: Made, depth: int) -> None:
    rng = made.rng
    flag = rng.choice(FLAGS)
    match rng.randrange(3):
        case 0:
            row = made.say(ops.UNLESS, a=flag)
        case 1:
            row = made.say(ops.WHERE, a=flag)
        case _:
            row = made.say(ops.UNLESS_IS, a=rng.choice(NUMBERS), k=rng.randint(-3, 30), m=rng.randrange(6))
    for _ in range(rng.randint(1, 3)):
        _statement(made, depth + 1)
    if made.chance(6):
        made.say(ops.FAIL, k=ops.FAR)
    if made.chance(40):
        jump = made.say(ops.JUMP)
        made.code[row][7] = len(made.code)
        _statement(made, depth + 1)
        made.code[jump][7] = len(made.code)
    else:
        made.code[row][7] = len(made.code)


def _told(rows: list[list[int]]) -> int:
    """The number by which results tell of the next row: no row has its own number, so a mix-up of the two is seen."""
    return 7 + 3 * len(rows)


def _some_limits(made: Made) -> list[int]:
    numbers = [] if made.guest else made.rng.sample(range(LIMITS), made.rng.choice((0, 0, 1, 2)))
    return [made.store(numbers), len(numbers)]


def _take(made: Made) -> None:
    rng = made.rng
    high = rng.choice((-1, -1, NUMBERS[4]))
    made.effects.append([_told(made.effects), 0, *_some_limits(made), high])
    row, flag, chosen = len(made.effects) - 1, rng.choice(FLAGS), rng.choice((-1, *VFLAGS))
    match rng.randrange(4):
        case 3:
            entries = []
            for _ in range(rng.randint(1, 3)):
                made.effects.append([_told(made.effects), 0, *_some_limits(made), -1])
                entries += [rng.choice(NUMBERS), rng.choice((-1, *VFLAGS)), len(made.effects) - 1]
            made.say(ops.PICK_TOTAL, flag, k=made.store(entries), n=len(entries) // 3)
        case 0:
            made.say(ops.TAKE_LINES, flag, rng.choice(VNUMBERS), chosen, row)
        case 1:
            made.say(ops.TAKE_TOTAL, flag, rng.choice(NUMBERS), chosen, row)
        case 2 if made.units:
            rate = [rng.choice((0, 5, 33)), rng.choice((0, 10)), rng.choice((0, 77, 300)), 100, rng.randrange(4)]
            made.say(ops.TAKE_UNITS, flag, 0, chosen, row, n=made.store([*rate, rng.randrange(2)]))


def _give(made: Made) -> None:
    rng = made.rng
    made.gives.append([_told(made.gives), rng.choice((0, 0, 5)), *_some_limits(made), rng.randrange(2)])
    row = len(made.gives) - 1
    if made.chance(15):
        made.say(ops.GIVE_NOTHING, a=rng.choice(NUMBERS), k=row, m=rng.randrange(LIMITS))
    else:
        made.say(
            ops.GIVE,
            NUMBERS[2],
            rng.choice([each for each in NUMBERS if each != NUMBERS[2]]),
            k=row,
            m=rng.choice((-1, NUMBERS[0])),
            n=NUMBERS[1],
        )


def _section(made: Made, depth: int) -> None:
    """Blocks found by keys, or always asked: in their order, or, where they only give, each piece of code by itself."""
    rng, first = made.rng, len(made.blocks)
    apart = not made.guest and made.chance(50)
    count = rng.randint(3, 8) if apart else rng.randint(1, 4)
    numbers = list(range(first, first + count))
    made.blocks += [[0, -1] for _ in numbers]
    keys = len(made.keys)
    called_always = sorted(rng.sample(numbers, rng.randint(0, count)))
    keyed = [number for number in numbers if number not in called_always]
    for _ in range(rng.randint(0, 3)):
        values = rng.randint(1, 6)
        called = [sorted(rng.sample(keyed, rng.randint(0, len(keyed)))) for _ in range(values)]
        starts = [sum(map(len, called[:place])) for place in range(values + 1)]
        where = rng.choice((ops.KEY_EVENT, ops.KEY_LINE, ops.KEY_CODE, *([] if made.guest else [ops.KEY_FACT])))
        made.keys.append(
            [where, 0, rng.randint(-1, 3), values, made.store([*starts, *(each for some in called for each in some)])]
        )
    always = made.store(called_always)
    made.sections.append([keys, len(made.keys) - keys, 0, always, len(called_always), int(apart)])
    row = made.say(ops.SECTION, k=len(made.sections) - 1)
    shared = rng.sample(numbers, rng.randint(0, count))
    for number in numbers:
        if number in shared and number != min(shared):
            continue
        same = sorted(shared) if number in shared else [number]
        for place, other in enumerate(same):
            made.blocks[other] = [len(made.code), place if number in shared else -1]
        for _ in range(rng.randint(1, 3)):
            if number in shared:
                _of_row(made, len(same))
            if apart:
                (_give if made.chance(85) else _number)(made)
            else:
                _straight(made) if depth else _statement_without_sections(made, depth + 1)
        made.say(ops.NEXT)
    made.code[row][7] = len(made.code)


def _of_row(made: Made, rows: int) -> None:
    """Something that a row of a shape says."""
    rng = made.rng
    number, field = rng.choice(NUMBERS), rng.randrange(LINE_FIELDS)
    match rng.randrange(4):
        case 0:
            made.say(ops.ROW_VALUE, number, k=made.store([rng.randint(0, 9) for _ in range(rows)]))
        case 1:
            made.say(ops.ROW_FIELD_IS, rng.choice(VFLAGS), number, field)
        case 2:
            made.say(ops.ROW_SUM_AT, rng.choice(NUMBERS), rng.choice((*VNUMBERS, ops.COST)), field, number)
        case _:
            sets = [sorted(rng.sample(range(-5, 12), rng.randint(1, 6))) for _ in range(rows)]
            values = [row * 2**40 + value for row, some in enumerate(sets) for value in some]
            of_lines = made.chance(50)
            op, flags, read = (ops.ROW_AMONG_LINES, VFLAGS, VNUMBERS) if of_lines else (ops.ROW_AMONG, FLAGS, NUMBERS)
            made.say(op, rng.choice(flags), rng.choice(read), k=made.store(values), n=len(values))


def _statement_without_sections(made: Made, depth: int) -> None:
    """A section does not stand inside another."""
    match made.rng.randrange(5):
        case 0:
            _best(made, depth)
        case 1 if not made.guest:
            _give(made)
        case 2:
            _fate(made)
        case _:
            _straight(made)


def _straight(made: Made) -> None:
    (_take if made.chance(60) else _number)(made)


def _best(made: Made, depth: int) -> None:
    rng = made.rng
    made.say(ops.BEST, k=1)
    count = rng.randint(1, 3)
    for member in range(count):
        flag = rng.choice(FLAGS)
        made.say(ops.CONST, flag, k=0)
        row = made.say(ops.UNLESS_IS, a=rng.choice(NUMBERS), k=rng.randint(-3, 30), m=rng.randrange(6))
        for _ in range(rng.randint(1, 2)):
            _take(made)
        if depth < 2 and made.chance(20):
            _best(made, depth + 1)
        made.say(ops.CONST, flag, k=rng.choice((0, 1, 1, 1)))
        made.code[row][7] = len(made.code)
        made.say(ops.TRIED, a=flag, k=1, n=int(member + 1 == count))


# ---- batches and memories


def batch_of(seed: int, count: int = 40, day: int = BASE) -> Batch:
    """Events of a few members, some dated a little before others."""
    rng = Random(seed)

    def numbers(*shape: int, low: int = -5, high: int = 40) -> Ints:
        found = np.array([rng.randint(low, high) for _ in range(int(np.prod(shape)))], np.int64).reshape(shape)
        found[np.array([rng.random() < 0.1 for _ in range(found.size)], np.bool_).reshape(shape)] = MISSING
        return found

    sizes = [rng.choice((0, 1, 2, 3, 6)) for _ in range(count)]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    lines = numbers(LINE_FIELDS, int(offsets[-1]))
    lines[0] = [rng.choice((0, 1, 100, 333, 999, 2500, rng.randint(0, 5000))) for _ in range(int(offsets[-1]))]
    lines[1] = [rng.choice((1, 1, 2, 3, 7, 0, MISSING)) for _ in range(int(offsets[-1]))]
    lines[4] = [rng.choice((BASE, BASE + 5, BASE + 59, MISSING)) for _ in range(int(offsets[-1]))]
    days = np.array(sorted(rng.randint(day, day + 30) for _ in range(count)), np.int64)
    days -= np.array([rng.random() < 0.04 for _ in range(count)], np.int64)
    codes = [rng.choice((0, 0, 1, 2, 3)) for _ in range(count)]
    starts = np.concatenate([[0], np.cumsum(codes)]).astype(np.int64)
    items = np.array([rng.choice((-3, -1, 0, 1, 2, 3, 4, 5, 9)) for _ in range(int(starts[-1]))], np.int64)
    return Batch(
        np.array([rng.choice((0, 0, 1)) for _ in range(count)], np.int32),
        np.array([-1 if rng.random() < 0.1 else rng.randrange(MEMBERS) for _ in range(count)], np.int32),
        np.maximum(days, BASE), days * 86_400, numbers(FIELDS, count), offsets, lines,
        np.array([rng.randrange(4) for _ in range(int(offsets[-1]))], np.int64), ((starts, items),),
        numbers(FIELDS, MEMBERS), np.array([[rng.randrange(2) for _ in range(MEMBERS)]], np.int64),
    )  # fmt: skip


def days_of(seed: int) -> Ints:
    """Occurrences that begin now and then, with days in none."""
    rng, rows = Random(seed), []
    for _ in range(DAY_ROWS):
        key, row = BASE - 7, []
        for day in range(BASE, BASE + SPAN):
            if rng.random() < 0.15:
                key = day
            row.append(MISSING if rng.random() < 0.05 else key)
        rows.append(row)
    return np.array(rows, np.int64)


def memory_of() -> Ints:
    """Members of whom nothing is known."""
    found = np.zeros((MEMBERS, SLOTS), np.int64)
    found[:, ops.SLOT_DAY], found[:, ops.SLOT_NEXT] = MISSING, FOREVER
    for number in range(LIMITS + TRACKS):
        found[:, COUNTERS + number * 2 * WINDOW : COUNTERS + (number + 1) * 2 * WINDOW : 2] = MISSING
    for number in range(HOLDINGS):
        found[:, HELD + number * ops.HOLDING_WIDTH] = MISSING
    return found
