"""Where a batch's time goes: the kernel's run of the ten rules, part by part.

In: `batch.rules` and a seeded history (`batch_data`). Out: a table of parts and one of functions. The tape of the
program is cut behind each part and ends there, so a variant does all that stands before the cut and nothing behind it;
what two neighbours differ by is the part between them, with the results that it gives put in order. An empty tape
leaves what stands around the walk: events dealt out to pieces, days looked up, pieces opened and closed. All variants
take turns. What stands around the walk is profiled besides, function by function.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import batch_data, batch_kernel
from benchmarks.profiling import by_function, shares
from benchmarks.tables import Cell, Plot, Table
from benchmarks.timing import QUICK, Timed, in_turns
from rules_engine.backends.columnar import Columnar
from rules_engine.backends.columnar import tape as ops
from rules_engine.pipeline import load
from rules_engine.scoring import Program

RULES = Path(__file__).with_name("batch.rules")
AROUND = "around the walk: dealing, opening, closing"


class Part(NamedTuple):
    """A part of the tape: its name, and the op that is the last of it wherever it stands last."""

    name: str
    last: str


PARTS = (
    Part("lists and the line offer: a tenth off fashion in spring", "TAKE_LINES"),
    Part("offers on totals, the best of two, a code; what lines cost in the end", "COSTS"),
    Part("five earns: sums, a table by tier, a month's cap, lots", "GIVE"),
    Part("the track moves, tiers are judged, what is told", ""),
)


def run(rounds: int = 5, events: int = 200_000) -> list[Table]:
    """The parts by cutting, and the functions around the walk by a profile."""
    program = load(RULES)
    found = batch_data.history(events if rounds > QUICK else events // 10)
    cuts = cuts_of(program)
    variants = {name: _way(program, found, cut) for name, cut in cuts.items()}
    times = {name: took.cpu for name, took in in_turns(variants, rounds).items()}
    return [_parts(times, found.events), _profiled(variants[AROUND], list(variants.values())[-1])]


def cuts_of(program: Program) -> dict[str, int]:
    """By name the row before which a variant ends, in order; a part whose op the tape has not is left out."""
    tape = Columnar(program.core, _engine()).tape
    names = [ops.OPS.get(op, "") for op in tape.code[:, 0].tolist()]
    begin = int(tape.entries.max())
    end = names.index("END", begin)
    found = {AROUND: begin}
    for name, last in PARTS:
        places = [row + 1 for row in range(begin, end) if names[row] == last] if last else [end]
        if places:
            found[name] = places[-1]
    assert list(found.values()) == sorted(found.values()), found
    return found


def _engine() -> Any:
    return "numba" if find_spec("numba") else "numpy"


def _way(program: Program, found: batch_data.History, cut: int) -> Callable[[], None]:
    columnar = Columnar(program.core, _engine())
    code = columnar.tape.code
    begin = int(columnar.tape.entries.max())
    end = next(row for row in range(begin, len(code)) if code[row, 0] == ops.END)
    code[cut:end] = 0
    code[cut:end, 0] = ops.END
    sent = batch_kernel.batches(columnar, found)

    def score() -> None:
        memory = columnar.memory()
        for batch in sent:
            columnar.run(batch, memory, threads=1)

    return score


def _parts(times: dict[str, Timed], events: int) -> Table:
    whole = list(times.values())[-1].median
    rows: list[list[Cell]] = []
    before = 0.0
    for name, each in times.items():
        spent = each.median - before
        rows.append([name, spent * 1e9 / events, each.spread * 1e9 / events, f"{spent / whole:.0%}"])
        before = each.median
    rows.append(["all of it", whole * 1e9 / events, "", "100%"])
    notes = [
        f"{events:,} events, one thread, engine {_engine()}. A part is what a tape cut behind it takes longer than one",
        "that is cut before it; results that it gives are put in order within it.",
    ]
    plot = Plot("batch_anatomy", "bars", "ns an event")
    return Table("Where a batch's time goes", ["part", "ns an event", "spread", "share"], rows, notes, plot=plot)


def _profiled(around: Callable[[], None], whole: Callable[[], None]) -> Table:
    """Functions by their own time, in a whole run and in one with an empty tape."""
    found, empty = by_function(whole), by_function(around)
    every = sum(found.values())
    rows = [[*row, f"{empty.get(str(row[0]), 0.0) / every:.1%}"] for row in shares(found)]
    notes = ["The walk over the tape is compiled, and one function here. Shares of the whole run, with tracing."]
    columns = ["function", "of a run", "with an empty tape"]
    return Table("Where a batch's time goes, by function (profiled)", columns, rows, notes)
