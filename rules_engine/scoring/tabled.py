"""`Program.score_table`: what a program does to a whole table of events at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from rules_engine.scoring.days import Day, day_number
from rules_engine.state import Shared, State

if TYPE_CHECKING:
    from rules_engine.scoring.program import Program
    from rules_engine.tables import Scored


def score_table(
    self: Program,
    events: Any,
    members: Mapping[str, object] | None = None,
    state: Mapping[str, State] | None = None,
    *,
    shared: Shared | None = None,
    pools: Mapping[str, State] | None = None,
    ids: set[tuple[str, str]] | None = None,
    settle_until: Day | None = None,
    effects: bool = True,
    engine: Literal["auto", "numba", "numpy", "rows"] = "auto",
    threads: int = 1,
) -> Scored:
    """Score a `pyarrow.Table`, or a `RecordBatchReader`, of events in the order of their instants, then of their rows:
    the same as `score_many` gives one by one.

    A row is an event: a column for each field, `lines` a list of structs, `event` its kind where there are several.
    Amounts are exact decimals or text, never floats. `members` are facts by id, `state` the states by member that an
    earlier run gave (`Scored.states`), `pools` those of households; nothing that is passed in is changed but `shared`.
    `ids` are kinds and ids that came before. Without `effects` only a row for each event is made.

    What has a columnar form is scored by columns, the rest by rows; `summary` says how many and why. `engine` chooses
    what runs the columns (`rows`: none), on so many `threads`. Raises `FeedError` where a column cannot hold exact
    values, or pyarrow is not there; a wrong row is among the `rejects`.
    """
    from rules_engine.tables import score_table

    until = None if settle_until is None else day_number(settle_until)
    return score_table(
        self, events, members, state, shared=shared, pools=pools, ids=ids, settle_until=until, effects=effects,
        engine=engine, threads=threads,
    )  # fmt: skip
