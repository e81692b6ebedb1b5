"""Turning in blocks and at a rate under limits, and the last days of lots, against oracles that try one block, one
unit, one day after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from random import Random

import pytest

from rules_engine.backends import Evaluation
from rules_engine.backends.reference import Reference
from rules_engine.calendar import format_date, parse_date
from rules_engine.decoding import decode
from rules_engine.event import Event
from rules_engine.state import Lot, LotLapsed, State
from tests.oracles import later, rounded, to_date, to_day
from tests.trials import core_of

TODAY = parse_date("2027-03-01")
TEXT = """language 1
program "Shop" {{ currency GBP, rounded half up }}
unit gift, gifts {{ rounded down   lasts forever }}
unit stamp, stamps counts pieces {{ {stamp}   remembers n: count up to 20 }}
event visit dated by at of who identified by ref {{ ref: text   who: member   at: date }}
event call dated by at of who identified by ref {{ ref: text   who: member   at: date }}
{rules}
"""


@cache
def reference(rules: str, stamp: str = "lasts forever   balance at least 0") -> Reference:
    """A small shop."""
    return Reference(core_of(TEXT.format(rules=rules, stamp=stamp)))


def visit(made: Reference, state: State, day: int = TODAY) -> Evaluation:
    """A visit of a member."""
    event = decode({"event": "visit", "ref": "v", "who": "m", "at": format_date(day)}, made.core)
    assert isinstance(event, Event), event
    return made.evaluate(event, {}, state)


def stamps(rng: Random) -> tuple[list[Lot], list[int]]:
    """Lots of stamps, and what each stamp remembers, in the order in which they are used."""
    rows = [(rng.randint(1, 4), rng.choice((0, 1, 1, 2, 3, 9))) for _ in range(rng.randint(0, 6))]
    lots = [
        Lot("stamp", left, TODAY - 30 + place, None, None, "gift", {"n": n}) for place, (left, n) in enumerate(rows)
    ]
    worths = [n for left, n in rows for _ in range(left)]
    rng.shuffle(lots)
    return lots, worths


def turned_blocks(blocks: Sequence[int], most: int) -> tuple[int, int]:
    """How many blocks are turned, and what is given: one by one, until one gives nothing or more than is left."""
    given = 0
    for number, block in enumerate(blocks):
        if not block or given + block > most:
            return number, given
        given += block
    return len(blocks), given


def found(evaluation: Evaluation) -> tuple[int, int]:
    """How many stamps were taken, and how many gifts given."""
    given = sum(each.given for each in evaluation.awards if each.unit == "gift")
    return sum(each.taken for each in evaluation.taken), given


@pytest.mark.parametrize("seed", range(24))
def test_blocks_are_turned_one_after_another(seed: int) -> None:
    """What a block gives goes by what its stamps remember, or is the same for each; limits of gifts and of stamps."""
    rng = Random(seed)
    size, each = rng.randint(1, 4), rng.choice((None, None, 1, 3))
    gifts, taken = rng.choice((5, 9, 20, 90)), rng.choice((3, 7, 10, 90))
    strict = rng.random() < 0.3
    gift = "1 gift * (sum of n of the turned stamps)" if each is None else f"{each} gifts"
    made = reference(
        f'reward "Swap" {{ on visit   turn every full {size} stamps into {gift}{", or nothing" if strict else ""}   '
        f"at most {gifts} gifts per member   at most {taken} stamps per member }}"
    )
    cut = 0
    for _ in range(40):
        lots, worths = stamps(rng)
        full = len(worths) // size
        blocks = [sum(worths[at * size : at * size + size]) if each is None else each for at in range(full)]
        count, given = turned_blocks(blocks[: min(full, taken // size)], gifts)
        cut += count < full
        if strict and count < full:
            count = given = 0
        scored = visit(made, State(lots=lots))
        assert found(scored) == (count * size, given), (lots, blocks)
        wanted = sum(blocks[: min(full, taken // size)])
        assert strict or sum(each.wanted for each in scored.awards) == wanted, (lots, blocks)
    assert cut or not strict


@pytest.mark.parametrize("seed", range(16))
def test_no_more_is_turned_than_the_gift_needs(seed: int) -> None:
    """At a rate, where a limit cuts the gift, the fewest stamps that reach it; a fixed amount whole or not at all."""
    rng = Random(seed)
    per, worth, most = rng.randint(1, 5), rng.randint(1, 4), rng.choice((1, 3, 6, 90))
    fixed = rng.choice((None, None, 2, 6))
    text = f"{fixed} stamps into {worth} gifts" if fixed else f"balance of stamps into {worth} gifts per {per} stamps"
    made = reference(f'reward "Swap" {{ on visit   turn {text}   at most {most} gifts per member }}')
    for _ in range(30):
        lots, worths = stamps(rng)
        have = len(worths)
        if fixed:
            wanted = (fixed, worth) if have >= fixed and worth <= most else (0, 0)
        else:
            wanted = fewest(lambda count: int(Fraction(count * worth, per)), have, most)
        assert found(visit(made, State(lots=lots))) == wanted, lots


def fewest(value: Callable[[int], int], have: int, most: int) -> tuple[int, int]:
    """All there is, or the fewest units whose worth is what a limit lets through."""
    given = min(value(have), most)
    if not given:
        return 0, 0
    if value(have) == given:
        return have, given
    return next(count for count in range(have + 1) if value(count) >= given), given


# ---- splits


@pytest.mark.parametrize("seed", range(12))
def test_parts_of_a_split_come_to_the_whole(seed: int) -> None:
    """Each share is rounded as its unit says, never beyond what is left; the rest, or the last, takes what remains."""
    rng = Random(seed)
    modes = [rng.choice(("down", "up", "half up", "half even")) for _ in range(3)]
    shares = [rng.randint(1, 48), rng.randint(1, 48)]
    rest = rng.choice((True, False))
    rows = [f"{name}: {share}%" for name, share in zip("ab", shares, strict=True)]
    rows.append("c: the rest" if rest else f"c: {100 - sum(shares)}%")
    made = Reference(core_of(SPLIT.format(*modes, rows="   ".join(rows))))
    for amount in (*range(1, 13), rng.randint(13, 9_000)):
        event = decode({"event": "visit", "ref": "v", "who": "m", "at": format_date(TODAY), "n": amount}, made.core)
        assert isinstance(event, Event), event
        parts = Counter({each.unit: each.given for each in made.evaluate(event, {}, State()).awards})
        left, wanted = amount, Counter[str]()
        for name, share, mode in zip("ab", shares, modes, strict=False):
            wanted[name] = min(left, rounded(Fraction(amount * share, 100), mode))
            left -= wanted[name]
        wanted["c"] = left
        assert +parts == +wanted, (rows, amount)


SPLIT = """language 1
program "Shop" {{ currency GBP, rounded half up }}
unit whole counts GBP {{ rounded down   lasts forever }}
unit a counts GBP {{ rounded {0}   lasts forever }}
unit b counts GBP {{ rounded {1}   lasts forever }}
unit c counts GBP {{ rounded {2}   lasts forever }}
event visit dated by at of who identified by ref {{ ref: text   who: member   at: date   n: count up to 9_000 }}
earn "Split" {{ on visit   give 0.01 whole * n, split into {{ {rows} }} }}
"""


# ---- last days


@pytest.mark.parametrize("which", ["first", "last"])
@pytest.mark.parametrize(("count", "unit"), [(20, "day"), (2, "month"), (1, "year")])
def test_two_lives_end_by_one_of_them(which: str, count: int, unit: str) -> None:
    """By the lot's own last day, or by the last of some events, whichever is first or last; a lot whose own life is
    forever has no end of its own."""
    rng = Random(f"{which} {count} {unit}")
    span = f"{count} {unit}{'s' if count > 1 else ''}"
    life = f"lasts for 40 days   lasts for {span} after last call, whichever is {which}"
    made = reference("", stamp=life)
    ends = set[bool]()
    for _ in range(120):
        earned, called = TODAY - rng.randint(0, 500), rng.choice((None, TODAY - rng.randint(0, 500)))
        own = rng.choice((None, earned + 39, earned + rng.randint(0, 900)))
        start = earned if called is None else max(earned, called)
        waits = to_day(later(to_date(start), count, unit)) - 1
        last = _whichever(which, own, waits)
        lot = Lot("stamp", 3, earned, None, own, "gift", {"n": 1})
        state = State(day=TODAY - 501, lots=[lot], last={} if called is None else {"call": called})
        lapsed = [each for each in visit(made, state).changes if isinstance(each, LotLapsed)]
        assert [each.day for each in lapsed] == ([last] if last is not None and last < TODAY else []), (lot, called)
        ends.add(bool(lapsed))
    assert ends == {True, False}


def _whichever(which: str, own: int | None, waits: int) -> int | None:
    if own is None:
        return waits if which == "first" else None
    return min(own, waits) if which == "first" else max(own, waits)
