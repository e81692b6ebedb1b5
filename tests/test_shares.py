"""Loops that divide doubles: shares and quotients are those of whole numbers, to the last unit."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

pytest.importorskip("numba")

from rules_engine.allocation import spread
from rules_engine.backends.columnar.loops import sharing as sharing
from rules_engine.backends.columnar.loops import state as at
from rules_engine.backends.columnar.loops.dividing import EXACT
from rules_engine.backends.columnar.loops.jit import compiled
from rules_engine.backends.columnar.loops.numbers import divide
from rules_engine.backends.columnar.loops.state import STATE, TEMPORARIES


def shared(amounts: list[int], weights: list[list[int]]) -> tuple[list[list[int]], list[int]]:
    """What each line of some shares gets, and by line how many odd units are its own (2 more: it is not told apart)."""
    room = np.zeros((TEMPORARIES, sharing.SHARE_ROOM), np.int64)
    sizes = [len(each) for each in weights]
    flat = [weight for each in weights for weight in each]
    room[sharing.AMOUNT, : len(amounts)] = amounts
    room[sharing.TOTAL, : len(amounts)] = [sum(each) for each in weights]
    room[sharing.START, 1 : len(amounts) + 1] = np.cumsum(sizes)
    room[sharing.WEIGHT, : len(flat)] = flat
    room[sharing.OWNER, : len(flat)] = np.repeat(np.arange(len(amounts)), sizes)
    state = np.zeros(STATE, np.int64)
    state[at.TEMPORARY], state[at.TEMPORARY_ROOM] = room.ctypes.data, room.shape[1]
    alike = compiled(sharing.shared).ctypes(state.ctypes.data, len(amounts))
    more = room[sharing.MORE].view(np.uint32)[: len(flat)].tolist()
    assert bool(alike) == any(each > 1 for each in more)
    parts = np.split(room[sharing.PART, : len(flat)], np.cumsum(sizes)[:-1])
    return [each.tolist() for each in parts], more


def weights_of(rng: Random) -> list[int]:
    """Some lines: few different prices, many, or as large as products allow."""
    most = rng.choice((3, 50, 20_000, 5_000_000))
    found = [rng.randrange(most) for _ in range(rng.randint(1, sharing.NEAR + 1))]
    return found if sum(found) else [*found[1:], 1]


def test_shares_are_those_of_whole_numbers() -> None:
    rng, unclear, clear = Random(5), 0, 0
    for _ in range(400):
        weights = [weights_of(rng) for _ in range(rng.randint(1, sharing.SHARES))]
        amounts = [rng.choice((1, sum(each), rng.randint(1, sum(each)))) for each in weights]
        parts, more = shared(amounts, weights)
        for amount, own, found in zip(amounts, weights, parts, strict=True):
            told, more = more[: len(own)], more[len(own) :]
            if any(each > 1 for each in told):
                unclear += 1
                continue
            clear += 1
            assert found == spread(amount, own), (amount, own)
    assert unclear > 100
    assert clear > 4_000


def test_lines_that_look_alike_are_told() -> None:
    parts, more = shared([1, 2, 10], [[5, 5], [7, 7], [10, 10, 10]])
    assert parts[1] == [1, 1]
    assert [each > 1 for each in more] == [True, True, False, False, True, True, True]


@pytest.mark.parametrize("mode", range(4))
def test_quotients_are_those_of_whole_numbers(mode: int) -> None:
    rng = Random(mode)
    for den in (1, 2, 3, 10, 200, 999_999_937, EXACT - 1, EXACT + 1, rng.randrange(1, EXACT)):
        near = [rng.randrange(EXACT // den + 1) * den + rng.choice((-1, 0, 1, den // 2, den - 1)) for _ in range(200)]
        values = [each for each in (0, *near, EXACT - 1) if abs(each) < EXACT]
        values += [-each for each in values]
        assert divided(values, den, mode) == [rounded(each, den, mode) for each in values], den
        values.append(EXACT * 3 + 1)
        assert divided(values, den, mode) == [rounded(each, den, mode) for each in values], den


def divided(values: list[int], den: int, mode: int) -> list[int]:
    """What the loop of `DIVIDE` makes of numbers."""
    given = np.array(values, np.int64)
    out, state, row = np.zeros(len(given), np.int64), np.zeros(STATE, np.int64), np.array([0, 0, 0, 0, den, mode, 1, 0])
    state[at.A], state[at.OUT], state[at.SIZE] = given.ctypes.data, out.ctypes.data, len(given)
    assert compiled(divide).ctypes(state.ctypes.data, row.ctypes.data) == 0
    found: list[int] = out.tolist()
    return found


def rounded(value: int, den: int, mode: int) -> int:
    """The same by Python's whole numbers."""
    whole, rest = divmod(abs(value), den)
    up = (False, rest > 0, 2 * rest >= den, 2 * rest > den or (2 * rest == den and whole % 2 == 1))[mode]
    return (whole + up) * (-1 if value < 0 else 1)
