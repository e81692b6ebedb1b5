"""Prices by columns: shipping, taxes, every mode of odd pennies, floors, picked units, charges and gifts.

The allocation in NumPy is held to the reference's over random entries; programs about prices, made from a seed, and
those that say what eight public engines compute, are scored by columns and by rows.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from rules_engine import load
from rules_engine.allocation import REMAINDERS, spread_runs
from rules_engine.backends.columnar import Columnar, Results
from tests.columnar_trials import columnar_trials, engines, play_columns
from tests.histories import history
from tests.priced_programs import priced_program
from tests.trials import Wrong, core_of

np = pytest.importorskip("numpy")

MET = ("TAKE", "SHIPPED", "TAXED", "PRICES", "RULE", "ACTED", "CHARGE", "GIFT", "QUOTIENTS")


def entries_of(rng: Random, capped: bool) -> list[tuple[int, int, int | None]]:
    """Entries of one owner: so many, their weight, their cap."""
    found = []
    for _ in range(rng.randint(0, 5)):
        weight = rng.choice((0, 1, 1, 5, rng.randint(0, 900)))
        cap = rng.choice((0, 1, 5, weight, weight, rng.randint(0, 900)))
        found.append((rng.choice((0, 1, 1, 2, 3, 7)), weight, cap if capped else None))
    return found


@pytest.mark.parametrize("mode", REMAINDERS)
@pytest.mark.parametrize("capped", [False, True])
def test_shares_of_many_owners_are_those_of_each(mode: str, capped: bool) -> None:
    from rules_engine.backends.columnar.walking.sharing import Entries, share

    for seed in range(150):
        rng = Random(seed)
        owners = [entries_of(rng, capped) for _ in range(rng.randint(1, 4))]
        amounts = [rng.choice((0, 1, rng.randint(0, 60), rng.randint(0, 5000))) for _ in owners]
        rows = [(owner, *row) for owner, entries in enumerate(owners) for row in entries]
        columns = [np.array([row[place] or 0 for row in rows], np.int64) for place in range(4)]
        entries = Entries(columns[0], columns[1], columns[2], columns[3] if capped else None)
        shares, unsafe = share(np.array(amounts, np.int64), entries, REMAINDERS.index(mode))
        assert not unsafe.any()
        for owner, (own, amount) in enumerate(zip(owners, amounts, strict=True)):
            mine = columns[0][shares.entry] == owner
            found = [
                part for count, part in zip(shares.size[mine], shares.part[mine], strict=True) for _ in range(count)
            ]
            parts = spread_runs(amount, own, mode)  # type: ignore[arg-type]
            assert found == [part for count, part in parts for _ in range(count)]


def test_shares_that_are_not_proved_safe_are_said() -> None:
    from rules_engine.backends.columnar.walking.sharing import Entries, share

    ones = np.ones(2, np.int64)
    amounts = np.array([2**40, 5], np.int64)
    shares, unsafe = share(amounts, Entries(np.arange(2), ones, ones * 2**30, None), 0)
    assert unsafe.tolist() == [True, False]
    assert shares.part.tolist() == [0, 5]


def test_programs_about_prices_are_scored_alike() -> None:
    met = columnar_trials(range(24), "priced", 10)
    missing = [op for op in MET if not met[f"op {op}"]]
    assert not missing, missing
    assert met["by columns"] > 5 * met["why this kind of event has no columnar form"]
    assert met["by columns"] > 200


def more(results: Results, part: str, field: str) -> Results:
    """The same results, with one more of something."""
    table: Any = getattr(results, part)
    return results._replace(**{part: table._replace(**{field: getattr(table, field) + 1})})


@pytest.mark.parametrize(
    ("part", "field"),
    [("prices", "net"), ("prices", "shipping"), ("prices", "charges"), ("prices", "tax"), ("prices", "total"),
     ("prices", "cost"), ("charges", "amount"), ("gifts", "event"), ("discounts", "given"), ("discounts", "wanted"),
     ("parts", "each"), ("parts", "units")],
)  # fmt: skip
def test_a_wrong_result_is_found(part: str, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Columnar.run
    monkeypatch.setattr(Columnar, "run", lambda *args, **named: more(right(*args, **named), part, field))
    kinds = set()
    for seed in range(12):
        core = core_of(priced_program(seed))
        try:
            play_columns(core, history(core, Random(seed), 8), "numpy", Counter(), Random(seed))
        except Wrong as wrong:
            kinds.add(wrong.kind)
            break
    assert any(word in kind for kind in kinds for word in ("price", "charges", "gifts", "discounts")), kinds


@pytest.mark.parametrize("engine", engines())
def test_programs_of_public_engines_are_scored_alike(engine: str) -> None:
    done, met = 0, Counter[str]()
    for number, path in enumerate(sorted(Path("tests/corpus/peer_cases").glob("*/*.rules"))):
        core = load(path).core
        columnar = Columnar(core, "numpy")
        if number % 4 != 2 * (engine == "numpy") or all(event.name in columnar.refused for event in core.events):
            continue
        told = history(core, Random(number), 6)
        done += play_columns(core, told, engine, met, Random(number)) > 0  # type: ignore[arg-type]
    assert done > 30
    assert met["by columns"] > 120
