"""Loops are handed raw addresses: what they point at lives as long as they run; rooms are left and entered again."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from typing import Any, Literal

import numpy as np
import pytest

from benchmarks import batch, batch_data, batch_kernel, batch_rules, targeted_rules
from rules_engine.backends.columnar import Columnar, Results
from rules_engine.pipeline import load

pytest.importorskip("numba")
from rules_engine.backends.columnar.loops import room, turning
from rules_engine.backends.columnar.walking import gathering, store, telling
from tests.columnar_trials import columnar_trial
from tests.guarded import Guarded
from tests.trials import Finding, core_of

EVENTS = 3_000


@pytest.fixture(scope="module")
def columnar() -> Columnar:
    return Columnar(load(batch.RULES).core, "numba")


@pytest.fixture(scope="module")
def found() -> batch_data.History:
    return batch_data.history(EVENTS)


def columns(results: Any) -> list[np.ndarray[Any, Any]]:
    """All columns of results, one after the other."""
    return [results] if isinstance(results, np.ndarray) else [each for part in results for each in columns(part)]


def same(results: list[Results], expected: list[Results]) -> None:
    for mine, theirs in zip(results, expected, strict=True):
        for one, other in zip(columns(mine), columns(theirs), strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype


def scored(columnar: Columnar, found: batch_data.History, chunk: int, threads: int = 1) -> list[Results]:
    memory = columnar.memory()
    sent = batch_kernel.batches(columnar, found, chunk)
    return [columnar.run(each, memory, parts=True, threads=threads) for each in sent]


@pytest.mark.parametrize("chunk", [50, EVENTS])
def test_loops_are_numpy(columnar: Columnar, found: batch_data.History, chunk: int) -> None:
    same(scored(columnar, found, chunk), scored(Columnar(columnar.core, "numpy"), found, chunk))


@pytest.mark.parametrize("threads", [2, 4])
def test_small_batches_beside_threads_that_allocate(
    columnar: Columnar, found: batch_data.History, threads: int
) -> None:
    """Whatever a loop was handed and nobody holds is soon another's: small arrays of all sizes come and go."""
    expected, over = scored(columnar, found, 50), Event()

    def allocate() -> None:
        while not over.is_set():
            held = [np.full(count, -1) for count in range(1, 64)]
            assert all((each == -1).all() for each in held[::16])

    beside = [Thread(target=allocate) for _ in range(2)]
    for each in beside:
        each.start()
    try:
        same(scored(columnar, found, 50, threads), expected)
    finally:
        over.set()
        for each in beside:
            each.join()


def test_one_program_is_run_by_several_at_once(columnar: Columnar, found: batch_data.History) -> None:
    expected = scored(columnar, found, 100)
    with ThreadPoolExecutor(3) as pool:
        for results in pool.map(lambda chunk: scored(columnar, found, chunk), [100] * 3):
            same(results, expected)


def test_results_that_need_more_room_are_the_same(
    columnar: Columnar, found: batch_data.History, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = scored(columnar, found, EVENTS)
    monkeypatch.setattr(room, "ROWS", 1)
    monkeypatch.setattr(room, "PER_EVENT", {"discounts": 0})
    short = Columnar(columnar.core, "numba")
    same(scored(short, found, EVENTS), expected)
    same(scored(short, found, EVENTS, 2), expected)


@pytest.mark.parametrize("parts", [False, True])
def test_sections_that_need_more_room_are_the_same(monkeypatch: pytest.MonkeyPatch, *, parts: bool) -> None:
    """Each event meets some nine rules of a hundred; there is room for no pair of them at first."""
    core, events = core_of(targeted_rules.text(100)), batch_rules.Events(100, 700)

    def run(engine: Literal["numba", "numpy"], threads: int = 1) -> Results:
        columnar = Columnar(core, engine)
        return columnar.run(batch_rules.batch(columnar, events), columnar.memory(), parts=parts, threads=threads)

    expected = run("numpy")
    assert len(expected.awards.event) + len(expected.discounts.event) > 7 * 700
    same([run("numba")], [expected])
    monkeypatch.setattr(turning, "ROOMY", 0)
    monkeypatch.setattr(room, "ROWS", 1)
    monkeypatch.setattr(room, "PER_EVENT", {"discounts": 0})
    same([run("numba")], [expected])
    same([run("numba", 2)], [expected])


def test_a_room_is_entered_again_with_nothing_of_who_left_it(columnar: Columnar, found: batch_data.History) -> None:
    memory = columnar.memory()
    with_parts = [columnar.run(each, memory, parts=True) for each in batch_kernel.batches(columnar, found, 700)]
    kept = [np.copy(each) for results in with_parts for each in columns(results)]
    plain = columnar.memory()
    for each in batch_kernel.batches(columnar, found, 700):
        assert not len(columnar.run(each, plain).parts.discount)
    for one, other in zip(kept, [each for results in with_parts for each in columns(results)], strict=True):
        np.testing.assert_array_equal(one, other)
    assert all(not {place for place in room.OF_BATCH if place in left.kept} for left in columnar.chunks.rooms)


@pytest.mark.parametrize("of", ["straight", "priced", "earning", "owning", "shaped"])
def test_nothing_is_written_beside_an_array(monkeypatch: pytest.MonkeyPatch, of: str) -> None:
    """Generated programs, with little room at first: each array that a loop may write to has marks around it."""
    monkeypatch.setattr(turning, "ROOMY", 0)
    monkeypatch.setattr(room, "ROWS", 1)
    monkeypatch.setattr(room, "PER_EVENT", {"discounts": 0})
    guarded = Guarded(monkeypatch, room, turning, gathering, store, telling)
    for seed in range(3):
        found = columnar_trial(seed, Counter(), ("numba",), of, 12)
        assert not isinstance(found, Finding), str(found)
    guarded.check()
