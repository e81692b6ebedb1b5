"""The door: a program compiled to tables, and batches run through them.

In: a core, and which engine. Out: results, and memory moved along.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

import numpy as np

from rules_engine import ir
from rules_engine.backends.columnar.batch import Batch, Results
from rules_engine.backends.columnar.days import Days
from rules_engine.backends.columnar.memory import Memory
from rules_engine.backends.columnar.walking.chunks import Chunks
from rules_engine.backends.columnar.writing.compiling import compile_columns
from rules_engine.backends.reference import Reference

Engine = Literal["auto", "numba", "numpy"]


class Columnar:
    """One program. `engine` says what runs; `refused` has the kinds of event without a columnar form, and why: the
    whole program under ``""``. `watched` has the kinds of which some events are not done, and why; `reasons` are what
    a `why` of results says."""

    def __init__(self, core: ir.Program, engine: Engine = "auto", reference: Reference | None = None) -> None:
        compiled = compile_columns(core, None if reference is None else reference.world)
        self.core, self.layout, self.tape, self.refused = core, compiled.layout, compiled.tape, compiled.refused
        self.watched, self.reasons = compiled.watched, compiled.reasons
        self.engine = ("numba" if find_spec("numba") else "numpy") if engine == "auto" else engine
        self.days = Days(core, compiled.world, compiled.questions)
        self.chunks = Chunks(self.tape, self.engine == "numba")
        if self.chunks.loops is not None:
            self.days.mark = self.chunks.loops.mark

    def memory(self, lots: bool = True) -> Memory:
        """Memory for a run: nobody is known yet. Without `lots` states come without them, and what was given is not
        kept."""
        return Memory(self.layout, self.core, self.tape, lots)

    def run(self, batch: Batch, memory: Memory, parts: bool = False, threads: int = 1) -> Results:
        """Score a batch in its order and move memory along. With `parts` discounts say what they take off each unit."""
        if len(batch.member):
            memory.grow(int(batch.member.max()) + 1)
        self.days.cover(batch, self.layout, memory.rows)
        gone = np.zeros(len(memory.rows), np.int64)
        results = self.chunks.run(
            batch, self.days.table, self.days.base, memory.rows, gone, parts, threads, memory.store
        )
        memory.note(batch, results)
        return results
