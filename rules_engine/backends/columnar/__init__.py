"""The columnar back end: whole histories, columns in and columns out, on tables that many events
walk together.

In: a core, then batches of events. Out: results in columns, and the members' states in memory. A kind of event that has
no columnar form is named in `refused`; so is every event that was not done, with its reason, and whoever drives the
back end scores it row by row.
"""

from __future__ import annotations

from rules_engine.backends.columnar.batch import Batch, Results
from rules_engine.backends.columnar.columnar import Columnar
from rules_engine.backends.columnar.encoding import Texts, held_out
from rules_engine.backends.columnar.layout import Layout
from rules_engine.backends.columnar.memory import Memory
from rules_engine.backends.columnar.tape import REASONS

__all__ = ["REASONS", "Batch", "Columnar", "Layout", "Memory", "Results", "Texts", "held_out"]
