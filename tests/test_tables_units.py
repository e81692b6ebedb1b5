"""What offers take off each unit, found behind the walk: the same as where units are looked at on the way."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks import batch_data
from rules_engine import load
from rules_engine.scoring import Program
from rules_engine.tables import Scored

BATCH = Path(__file__).resolve().parent.parent / "benchmarks" / "batch.rules"
LIMITS = {
    "10% of list off each line where category is fashion and for_day in spring": (
        "10% of list off each line where category is not toys\n  at most 3 GBP per member per calendar month"
    ),
    "5 GBP off the total of lines\n": (
        "5 GBP off the total of lines\n  at most 7 GBP per member per calendar month\n"
        "  at most 23 GBP per member per calendar year\n"
    ),
}
EVENTS = 3_000

pytestmark = pytest.mark.skipif(find_spec("numba") is None, reason="loops need numba")


def _program(folder: Path, changes: dict[str, str]) -> Program:
    text = BATCH.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    path = folder / "units.rules"
    path.write_text(text, encoding="utf-8")
    return load(path)


def _scored(program: Program, engine: str, threads: int = 1) -> Scored:
    history = batch_data.history(EVENTS, members=40)
    facts = {f"member-{number}": batch_data.facts(history, number) for number in range(history.members)}
    found: Scored = program.score_table(batch_data.table(history), facts, engine=engine, threads=threads)  # type: ignore[arg-type]
    assert found.summary.paths == {"columnar" if engine != "rows" else "generated Python": EVENTS}
    return found


@pytest.mark.parametrize("changes", [{}, LIMITS], ids=["plain", "limits of money"])
def test_units_behind_the_walk_are_those_on_the_way(tmp_path: Path, changes: dict[str, str]) -> None:
    program = _program(tmp_path, changes)
    rows = _scored(program, "rows").effects
    for engine, threads in (("numba", 1), ("numba", 2), ("numpy", 1)):
        assert _scored(program, engine, threads).effects.equals(rows), (engine, threads)
    cut = [each for each in rows.column("cut_by").to_pylist() if each and re.search(r"Season|Spend", each)]
    assert bool(cut) == bool(changes)


def test_some_units_of_a_line_have_nothing_taken_off(tmp_path: Path) -> None:
    """A penny off three units is off one of them: `pieces` counts that one."""
    found = _scored(_program(tmp_path, LIMITS), "numba").effects.to_pylist()
    taken = [row for row in found if row["kind"] == "take" and row["pieces"]]
    assert any(row["amount"] == "0.01" and row["pieces"] == 1 for row in taken)
