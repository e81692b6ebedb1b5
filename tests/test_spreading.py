"""The allocation in NumPy gives what the one allocation gives."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.allocation import spread
from rules_engine.backends.columnar.walking.spreading import spread_lines

entries = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3)), min_size=1, max_size=6)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(entries, st.floats(0, 1)), min_size=1, max_size=8))
def test_many_events_at_once_are_spread_as_each_alone(events: list[tuple[list[tuple[int, int]], float]]) -> None:
    amounts, weights, of_entry, ranks, expected = [], [], [], [], []
    for number, (lines, share) in enumerate(events):
        own = [weight for weight, _ in lines]
        keys = [(key, place) for place, (_, key) in enumerate(lines)]
        order = {place: rank for rank, place in enumerate(sorted(range(len(keys)), key=keys.__getitem__))}
        amount = int(share * sum(own))
        amounts.append(amount)
        weights += own
        of_entry += [number] * len(own)
        ranks += [order[place] for place in range(len(own))]
        expected += spread(amount, own, own, keys)
    arrays = [np.array(each, np.int64) for each in (amounts, weights, of_entry, ranks)]
    assert spread_lines(*arrays).tolist() == expected
