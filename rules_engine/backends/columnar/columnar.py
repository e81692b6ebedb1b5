"""The door: a program compiled to tables, and batches run through them.

In: a core, and which engine. Out: results, and memory moved along.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import Literal

import numpy as np

from rules_engine import ir
from rules_engine.backends.columnar import arrays
from rules_engine.backends.columnar.batch import Batch, Ints, Results
from rules_engine.backends.columnar.compiling import compile_columns
from rules_engine.backends.columnar.days import Days
from rules_engine.backends.columnar.memory import Memory
from rules_engine.backends.columnar.tape import Tape
from rules_engine.backends.reference import Reference

Engine = Literal["auto", "numba", "numpy"]


class Columnar:
    """One program. `engine` says what runs; `refused` has the kinds of event without a columnar form, and why: the
    whole program under ``""``."""

    def __init__(self, core: ir.Program, engine: Engine = "auto", reference: Reference | None = None) -> None:
        world = (Reference(core) if reference is None else reference).world
        compiled = compile_columns(core, world)
        self.core, self.layout, self.tape, self.refused = core, compiled.layout, compiled.tape, compiled.refused
        self.engine = ("numba" if find_spec("numba") else "numpy") if engine == "auto" else engine
        self.days = Days(core, world, compiled.questions)
        self._tables = arrays.tables(self.tape)

    def memory(self, lots: bool = True) -> Memory:
        """Memory for a run: nobody is known yet. Without `lots` states come without them, and what was given is not
        kept."""
        return Memory(self.layout, self.core, self.tape.slots, lots)

    def run(self, batch: Batch, memory: Memory, parts: bool = False, threads: int = 1) -> Results:
        """Score a batch in its order and move memory along. With `parts` discounts say what they take off each unit."""
        if len(batch.member):
            memory.grow(int(batch.member.max()) + 1)
        self.days.cover(batch, self.layout, memory.rows)
        gone = np.zeros(len(memory.rows), np.int64)
        if self.engine == "numpy":
            from rules_engine.backends.columnar.chunks import Chunks

            results = Chunks(self.tape).run(batch, self.days.table, self.days.base, memory.rows, gone, parts)
        else:
            results = walked(self._tables, self.tape, batch, self.days, memory.rows, gone, parts, threads)
        memory.note(batch, results)
        return results


def walked(
    tables: arrays.Tables, tape: Tape, batch: Batch, days: Days | tuple[Ints, int], rows: Ints, gone: Ints,
    wants: bool = False, threads: int = 1,
) -> Results:  # fmt: skip
    """Run the kernel; each thread has members of its own. `days` are the answers and the day that they begin on."""
    columns, events = arrays.sent(batch), len(batch.kind)
    most = int(np.diff(batch.offsets).max()) if events else 0
    told, costs = np.zeros((events, 8), np.int64), np.zeros(batch.lines.shape[1], np.int64)
    table, base = (days.table, days.base) if isinstance(days, Days) else days
    orders = [np.zeros(0, np.int64)]
    if threads > 1 and events > threads:
        orders = [np.flatnonzero(columns.member % threads == thread) for thread in range(threads)]
        orders = [order for order in orders if len(order)]

    def walk_some(order: Ints) -> tuple[arrays.Out, Ints]:
        """One thread: some events, with more room for results where there is too little."""
        from rules_engine.backends.columnar.jit import forget_older, plain_loops
        from rules_engine.backends.columnar.kernel import walk

        count = len(order) or events
        work, out, at = arrays.work(tape, most), arrays.out(told, costs, count, most, wants), 0
        if not walk.signatures:
            with plain_loops():  # from no event on: it is only compiled, or read from disk
                forget_older(walk)
                walk(*tables, *columns, table, base, rows, gone, *work, *out, order, count, wants)
        while at < count:
            at = walk(*tables, *columns, table, base, rows, gone, *work, *out, order, at, wants)
            if at < count:
                out = arrays.grown(out)
        return out, work.cursors

    if len(orders) == 1:
        return arrays.results(*walk_some(orders[0]))
    with ThreadPoolExecutor(len(orders)) as pool:
        return arrays.results(*arrays.joined(list(pool.map(walk_some, orders))))
