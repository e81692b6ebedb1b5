"""Rules of one shape share their code on the tape, in the order of the rules: held against the rows, and by itself."""

from __future__ import annotations

from random import Random

import pytest

np = pytest.importorskip("numpy")

from benchmarks import targeted_rules  # noqa: E402 - numpy may be absent
from rules_engine.backends.columnar import Columnar  # noqa: E402
from rules_engine.backends.columnar import tape as ops  # noqa: E402
from rules_engine.backends.columnar.walking.calling import Calling  # noqa: E402
from tests.columnar_trials import columnar_trials  # noqa: E402
from tests.trials import core_of  # noqa: E402

MET = (
    "ROW_VALUE", "ROW_FIELD_IS", "ROW_SUM_AT", "ROW_AMONG", "ROW_AMONG_LINES", "TAKE_UNITS", "TAKE_LINES", "TAKE_TOTAL",
    "GIVE", "SECTION",
)  # fmt: skip


def test_programs_of_few_shapes_are_scored_alike_by_columns() -> None:
    met = columnar_trials((0, 3, 5, 8, 11, 24, 28), "shaped", 10)
    assert not [op for op in MET if not met[f"op {op}"]]
    assert met["by columns"] > 50
    assert met["by columns"] > 4 * met["why the member goes on by rows after an earlier event"]


def test_code_is_written_once_for_a_shape() -> None:
    few, many = (Columnar(core_of(targeted_rules.text(count)), "numpy") for count in (100, 400))
    assert not many.refused
    assert len(many.tape.code) == len(few.tape.code) < 100
    assert len(many.layout.gives) + len(many.layout.effects) == 400
    rows = many.tape.blocks[:, ops.BLOCK_ROW]
    assert len(rows) == 400
    assert rows.min() >= 0


@pytest.mark.parametrize("apart", [False, True])
def test_every_turn_has_an_event_once_and_every_event_its_rules_in_order(*, apart: bool) -> None:
    tape = Columnar(core_of(targeted_rules.text(100)), "numpy").tape
    for seed in range(20):
        rng = Random(seed)
        groups = [rng.sample(range(6) if seed % 2 else range(3), 1)[0] for _ in range(40)]
        pairs = sorted({(rng.randrange(9), rng.randrange(40)) for _ in range(90)})
        owner = np.array([event for event, _ in pairs])
        group = np.array([groups[rule] for _, rule in pairs])
        seen: dict[int, list[int]] = {}
        for code, places in Calling(tape).in_turns(owner, group, apart):
            assert set(group[places]) == {code}
            events = owner[places].tolist()
            assert events == sorted(set(events))
            for event, place in zip(events, places.tolist(), strict=True):
                seen.setdefault(event, []).append(place)
        assert sorted(place for some in seen.values() for place in some) == list(range(len(pairs)))
        for some in seen.values():
            expected = sorted(some, key=lambda place: (group[place], place)) if apart else sorted(some)
            assert some == expected
