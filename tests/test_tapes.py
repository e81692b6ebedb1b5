"""The ops as NumPy functions and as loops do the same on random tapes: row for row, and slot for slot of memory."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Batch, Ints, Results
from rules_engine.backends.columnar.tape import Tape
from rules_engine.backends.columnar.walking import chunks
from rules_engine.backends.columnar.walking.chunks import Chunks
from tests import tapes

pytest.importorskip("numba")
from rules_engine.backends.columnar.loops import room, turning


def walked(tape: Tape, loops: bool, batch: Batch, days: Ints, memory: Ints, gone: Ints, parts: bool) -> dict[str, Any]:
    """What the walker makes of a batch."""
    return named(Chunks(tape, loops).run(batch, days, tapes.BASE, memory, gone, parts))


def named(results: Results) -> dict[str, Any]:
    """The columns of results by name."""
    found: dict[str, Any] = {"done": results.done.tolist(), "why": results.why.tolist()}
    for table in ("awards", "discounts", "parts", "tiers", "codes"):
        for name, values in getattr(results, table)._asdict().items():
            found[f"{table.removesuffix('s')}_{name}"] = values.tolist()
    return found | {name: values.tolist() for name, values in results.prices._asdict().items()}


def compared(seed: int, met: Counter[str]) -> None:
    """Three batches after each other, through both."""
    tape, days = tapes.tape_of(seed), tapes.days_of(seed)
    memories = [tapes.memory_of(), tapes.memory_of()]
    gone = [np.zeros(tapes.MEMBERS, np.int64), np.zeros(tapes.MEMBERS, np.int64)]
    for turn in range(2):
        batch = tapes.batch_of(seed * 3 + turn, day=tapes.BASE + 15 * turn)
        parts = seed % 2 == 0
        one = walked(tape, True, batch, days, memories[0], gone[0], parts)
        other = walked(tape, False, batch, days, memories[1], gone[1], parts)
        done = one["done"]
        for name, values in one.items():
            expected, seen = values, other[name]
            if name == "cost":
                owner = np.repeat(np.arange(len(done)), np.diff(batch.offsets))
                expected, seen = ([v for v, o in zip(each, owner, strict=True) if done[o]] for each in (values, seen))
            elif name in ("net", "total"):
                expected, seen = ([v for v, d in zip(each, done, strict=True) if d] for each in (values, seen))
            assert expected == seen, f"seed {seed}, turn {turn}: {name}"
        assert gone[0].tolist() == gone[1].tolist(), f"seed {seed}: gone"
        assert memories[0].tolist() == memories[1].tolist(), f"seed {seed}: memory"
        met.update(f"why {why}" for why in one["why"])
        for table in ("award_event", "discount_event", "part_line", "tier_event", "code_event"):
            met[table] += len(one[table])
        met["guest"] += sum(done for done, member in zip(one["done"], batch.member.tolist(), strict=True) if member < 0)
    met.update(ops.OPS.get(op, "") for op in set(tape.code[:, 0].tolist()))
    loops = Chunks(tape, True).loops
    assert loops is not None
    for looped, section in zip(loops.sections.looped.tolist(), tape.sections.tolist(), strict=True):
        how = "apart" if section[ops.SECTION_APART] else "in order"
        met[f"section {how}, {'by loops' if looped else 'by NumPy'}"] += 1


def test_random_tapes_are_walked_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "PIECE", 7)
    met = Counter[str]()
    for seed in range(40):
        compared(seed, met)
    for name in ("award_event", "discount_event", "part_line", "tier_event", "code_event"):
        assert met[name] > 20, name
    for how in ("apart", "in order"):
        assert met[f"section {how}, by loops"] > 5, met
        assert met[f"section {how}, by NumPy"] > 5, met
    assert met["guest"] > 20
    for why in (ops.LATE, ops.UNSAFE, ops.FULL, ops.FAR):
        assert met[f"why {why}"], why


def test_random_tapes_that_need_more_room_are_walked_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is room for no pair of an event and a rule at first, and for hardly a result."""
    monkeypatch.setattr(turning, "ROOMY", 0)
    monkeypatch.setattr(room, "ROWS", 1)
    monkeypatch.setattr(room, "PER_EVENT", {"discounts": 0})
    met = Counter[str]()
    for seed in range(40, 60):
        compared(seed, met)
    assert met["section apart, by loops"] > 2, met
    assert met["award_event"] > 20
