"""The one allocation: exact, under caps, and indifferent to the order of lines."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.allocation import REMAINDERS, Remainder, spread, spread_runs
from tests import oracles

small = st.integers(0, 12)
amounts = st.integers(-60, 60) | st.integers(-(10**12), 10**12)
remainders = st.sampled_from(REMAINDERS)


@st.composite
def problems(draw: st.DrawFn) -> tuple[int, list[int], list[int] | None, list[int]]:
    weights = draw(st.lists(small | st.integers(-3, 10**9), max_size=9))
    count = len(weights)
    caps = draw(st.none() | st.lists(small | st.integers(-3, 10**9), min_size=count, max_size=count))
    keys = draw(st.permutations(range(count)))
    return draw(amounts), weights, caps, list(keys)


@pytest.mark.parametrize(
    ("amount", "weights", "caps", "parts"),
    [
        (329, [1099, 1099, 1099], None, [110, 110, 109]),
        (399, [1999, 1, 1999], None, [200, 0, 199]),
        (-329, [1099, 1099, 1099], None, [-110, -110, -109]),
        (1000, [1, 1, 1], None, [334, 333, 333]),
        (100, [7], None, [100]),
        (100, [7], [30], [30]),
        (100, [0], None, [0]),
        (100, [0, 0], [50, 50], [0, 0]),
        (100, [], None, []),
        (0, [1, 2], None, [0, 0]),
        (100, [0, 5, 0], None, [0, 100, 0]),
        (100, [1, 1, 1], [10, 40, 90], [10, 40, 50]),
        (100, [1, 1, 1], [10, 20, 30], [10, 20, 30]),
        (90, [1, 2, 3], [15, 100, 100], [15, 30, 45]),
        (90, [1, 2, 3], [14, 100, 100], [14, 30, 46]),
        (10, [5, 5], [0, 100], [0, 10]),
        (10, [-5, 5], None, [0, 10]),
        (10, [5, 5], [-1, 100], [0, 10]),
    ],
)
def test_examples(amount: int, weights: list[int], caps: list[int] | None, parts: list[int]) -> None:
    assert spread(amount, weights, caps) == parts


@pytest.mark.parametrize(
    ("remainder", "parts"),
    [
        ("largest", [286, 286, 428]),
        ("first", [286, 286, 428]),
        ("last", [285, 285, 430]),
        ("last rounded", [286, 286, 428]),
        ("running", [286, 285, 429]),
    ],
)
def test_who_gets_the_odd_pennies(remainder: Remainder, parts: list[int]) -> None:
    assert spread(1000, [2, 2, 3], remainder=remainder) == parts


@pytest.mark.parametrize(
    ("remainder", "parts"),
    [
        ("largest", [167, 167, 167, 167, 166, 166]),
        ("first", [167, 167, 167, 167, 166, 166]),
        ("last", [166, 166, 166, 166, 166, 170]),
        ("running", [167, 166, 167, 167, 166, 167]),
    ],
)
def test_several_odd_pennies(remainder: Remainder, parts: list[int]) -> None:
    assert spread(1000, [1] * 6, remainder=remainder) == parts


def test_ties_go_to_the_larger_weight_and_then_to_the_lower_key() -> None:
    assert spread(5, [1, 3, 1, 3, 2], keys="edcba") == [0, 2, 0, 2, 1]
    assert spread(1, [1, 1, 1], keys=["b", "a", "c"]) == [0, 1, 0]
    assert spread(2, [1, 3]) == [0, 2]
    assert spread(1, [1, 1], keys=[("x", 2), ("x", 1)]) == [0, 1]


def test_the_last_takes_what_fits_and_passes_on_the_rest() -> None:
    assert spread(14, [3, 3, 3, 3, 3], [9, 9, 9, 9, 3], remainder="last") == [2, 2, 2, 5, 3]
    assert spread(1000, [1, 1, 1], keys=[3, 2, 1], remainder="last") == [334, 333, 333]


@pytest.mark.parametrize("remainder", REMAINDERS)
def test_a_share_that_is_just_the_cap_has_room_for_no_odd_penny(remainder: Remainder) -> None:
    """The first of three, or the second behind one that is full, comes to its cap; the odd penny is another's."""
    odd = [0, 1] if remainder == "last" else [1, 0]
    assert spread(2, [2, 1, 1], [1, 9, 9], None, remainder) == [1, *odd]
    assert spread(3, [4, 2, 1, 1], [1, 1, 9, 9], None, remainder) == [1, 1, *odd]
    assert expanded(spread_runs(2, [(1, 2, 1), (2, 1, 9)], remainder)) == [1, *odd]


@given(problems(), remainders)
def test_agrees_with_the_oracle(
    problem: tuple[int, list[int], list[int] | None, list[int]], remainder: Remainder
) -> None:
    amount, weights, caps, keys = problem
    assert spread(amount, weights, caps, keys, remainder) == oracles.spread(amount, weights, caps, keys, remainder)
    in_order = list(range(len(weights)))
    assert spread(amount, weights, caps, None, remainder) == oracles.spread(amount, weights, caps, in_order, remainder)


@given(problems(), remainders)
def test_laws(problem: tuple[int, list[int], list[int] | None, list[int]], remainder: Remainder) -> None:
    amount, weights, caps, keys = problem
    parts = spread(amount, weights, caps, keys, remainder)
    has_weight = [i for i, weight in enumerate(weights) if weight > 0]
    room = abs(amount) if caps is None else sum(max(caps[i], 0) for i in has_weight)
    assert abs(sum(parts)) == (min(abs(amount), room) if has_weight else 0)
    assert [-part for part in parts] == spread(-amount, weights, caps, keys, remainder)
    for i, part in enumerate(parts):
        assert part == 0 or i in has_weight
        assert part * amount >= 0
        assert caps is None or abs(part) <= max(caps[i], 0)
    if remainder not in ("last", "last rounded"):
        for part, share in zip(parts, oracles.exact_shares(abs(amount), weights, caps), strict=True):
            assert abs(abs(part) - share) < 1 or (remainder == "first" and abs(part) == share + 1)


@given(problems(), remainders, st.randoms())
def test_the_order_of_lines_moves_nothing(
    problem: tuple[int, list[int], list[int] | None, list[int]], remainder: Remainder, random: Any
) -> None:
    amount, weights, caps, keys = problem
    order = list(range(len(weights)))
    random.shuffle(order)
    mixed_caps = None if caps is None else [caps[i] for i in order]
    mixed = spread(amount, [weights[i] for i in order], mixed_caps, [keys[i] for i in order], remainder)
    assert mixed == [spread(amount, weights, caps, keys, remainder)[i] for i in order]


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=20), st.integers(1, 10**6))
def test_doubling_all_weights_moves_nothing(weights: list[int], amount: int) -> None:
    assert spread(amount, weights) == spread(amount, [2 * weight for weight in weights])


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError):
        spread(10, [1, 2], caps=[1])


# ---- equal entries as runs


@st.composite
def runs(draw: st.DrawFn) -> list[tuple[int, int, int | None]]:
    """Runs of (count, weight, cap), with caps or without."""
    capped = draw(st.booleans())
    weight = st.integers(-1, 3) | st.integers(0, 2000)
    cap = st.integers(-1, 9) | st.integers(0, 2000)
    one = st.tuples(st.integers(0, 7), weight, cap if capped else st.none())
    return draw(st.lists(one, max_size=6))


def expanded(found: list[tuple[int, int]]) -> list[int]:
    """The parts entry by entry."""
    return [part for count, part in found for _ in range(count)]


def test_runs_by_hand() -> None:
    """Ties go to the larger weight; the last takes what fits and passes the rest on; caps fill first."""
    assert spread_runs(2, [(1, 1, None), (1, 3, None)]) == [(1, 0), (1, 2)]
    assert spread_runs(5, [(1, 1, None), (1, 3, None), (1, 1, None), (1, 3, None), (1, 2, None)]) == [
        (1, 0), (1, 2), (1, 0), (1, 2), (1, 1),
    ]  # fmt: skip
    assert spread_runs(14, [(4, 3, 9), (1, 3, 3)], "last") == [(3, 2), (1, 5), (1, 3)]
    assert spread_runs(100, [(2, 1, 10), (1, 1, 90)]) == [(2, 10), (1, 80)]
    assert spread_runs(10, [(3, 0, 5), (2, 1, 2)]) == [(3, 0), (2, 2)]


@settings(max_examples=400)
@given(st.integers(-60, 200) | st.integers(0, 30_000), runs(), remainders)
def test_runs_are_their_entries(amount: int, entries: list[tuple[int, int, int | None]], remainder: Remainder) -> None:
    """Runs get what their entries would get one by one, by the oracle and by the other routine."""
    weights = [weight for count, weight, _ in entries for _ in range(count)]
    caps = [cap for count, _, cap in entries for _ in range(count) if cap is not None]
    held = caps if len(caps) == len(weights) else None
    found = spread_runs(amount, entries, remainder)
    assert sum(count for count, _ in found) == len(weights)
    assert all(count > 0 for count, _ in found)
    assert all(one[1] != other[1] for one, other in pairwise(found))
    assert expanded(found) == spread(amount, weights, held, None, remainder)
    assert expanded(found) == oracles.spread(amount, weights, held, list(range(len(weights))), remainder)


@given(st.integers(-60, 2000), runs(), remainders, st.randoms())
def test_how_runs_are_cut_moves_nothing(
    amount: int, entries: list[tuple[int, int, int | None]], remainder: Remainder, random: Any
) -> None:
    cut = []
    for count, weight, cap in entries:
        first = random.randint(0, count)
        cut += [(first, weight, cap), (count - first, weight, cap)]
    assert spread_runs(amount, cut, remainder) == spread_runs(amount, entries, remainder)


@pytest.mark.parametrize("remainder", ["largest", "first", "last"])
def test_a_long_run_stays_short(remainder: Remainder) -> None:
    """The cost is that of the runs: ten million equal units fall into a handful of runs."""
    found = spread_runs(123_456_789, [(10_000_000, 1999, 1999), (3, 50, 20), (5_000_000, 7, 7)], remainder)
    assert len(found) <= 6
    assert sum(count * part for count, part in found) == 123_456_789
