"""Tables in and tables out: events as Arrow columns, and what was given as Arrow columns.

In: a program and record batches of events, in any order. Out: a row for each event, a row for each effect, a row for
each reason of a refusal, and the states of the members: the same as `Program.score_many` gives one by one. What needs
NumPy is imported when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from rules_engine.tables.arrow import check_schema, check_type, pyarrow, records, text
from rules_engine.tables.columns import EFFECT_COLUMNS, REJECT_COLUMNS, Column, FeedError, Row, outcome_columns
from rules_engine.tables.rows import Rows, Sums
from rules_engine.tables.scored import Scored, Summary

if TYPE_CHECKING:
    from rules_engine.tables.byrows import Given
    from rules_engine.tables.ordering import Chunk, Order, Scan, chunks, id_hashes
    from rules_engine.tables.running import Run, by_rows, some_by_rows
    from rules_engine.tables.scoring import only_kind, score_table
    from rules_engine.tables.writing import NUMBER, Part, in_order, merged, plain, schema_of

__all__ = [
    "EFFECT_COLUMNS",
    "NUMBER",
    "REJECT_COLUMNS",
    "Chunk",
    "Column",
    "FeedError",
    "Given",
    "Order",
    "Part",
    "Row",
    "Rows",
    "Run",
    "Scan",
    "Scored",
    "Summary",
    "Sums",
    "by_rows",
    "check_schema",
    "check_type",
    "chunks",
    "id_hashes",
    "in_order",
    "merged",
    "only_kind",
    "outcome_columns",
    "plain",
    "pyarrow",
    "records",
    "schema_of",
    "score_table",
    "some_by_rows",
    "text",
]

_LATER = {
    "byrows": ("Given",),
    "ordering": ("Chunk", "Order", "Scan", "chunks", "id_hashes"),
    "running": ("Run", "by_rows", "some_by_rows"),
    "scoring": ("only_kind", "score_table"),
    "writing": ("NUMBER", "Part", "in_order", "merged", "plain", "schema_of"),
}


def __getattr__(name: str) -> Any:
    for module, names in _LATER.items():
        if name in names:
            if find_spec("numpy") is None:
                raise FeedError("tables need NumPy: install `rules-engine[batch]`")
            return getattr(import_module(f"rules_engine.tables.{module}"), name)
    raise AttributeError(name)
