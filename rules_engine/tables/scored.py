"""What scoring a table gives: tables, states and a summary.

In: nothing; `scoring` fills them. Out: `Scored`, and `Summary`, which accounts for every row and says by which way it
was scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from rules_engine.state import State

COLUMNAR = "columnar"
GENERATED = "generated Python"
REFERENCE = "reference"


class Summary(msgspec.Struct):
    """Where every row went: read = scored + rejected. `paths` says by which way the scored ones were scored; `fallen`
    has, by reason, how many of them had to go by rows although there are columns. Events that happened by themselves
    are counted apart. `engine` is what runs columns: numba, numpy, or nothing.

    >>> summary = Summary(read=3, scored=2, rejected=1, paths={"columnar": 2})
    >>> summary.check()
    >>> print(summary.text())
    3 events read: 2 scored, 1 rejected
    by columns: 2
    """

    read: int = 0
    scored: int = 0
    rejected: int = 0
    scheduled: int = 0
    refused: int = 0
    paths: dict[str, int] = {}
    fallen: dict[str, int] = {}
    engine: str = ""
    remark: str = ""

    def check(self) -> None:
        """Assert that nothing was lost and nothing was counted twice."""
        assert self.read == self.scored + self.rejected, f"{self.read} rows, {self.scored} + {self.rejected} known of"

    def add_path(self, path: str, count: int) -> None:
        """Count events scored by one way."""
        if count:
            self.paths[path] = self.paths.get(path, 0) + count

    def fall(self, reason: str, count: int = 1) -> None:
        """Count events that had to go by rows."""
        self.fallen[reason] = self.fallen.get(reason, 0) + count

    def lines(self) -> list[str]:
        """By which way the events were scored, and why some had to go by rows."""
        engine = f" ({self.engine})" if self.engine and self.paths.get(COLUMNAR) else ""
        names = {COLUMNAR: f"by columns{engine}", GENERATED: "by generated Python", REFERENCE: "by the reference"}
        found = [f"{words}: {self.paths[path]:,}" for path, words in names.items() if self.paths.get(path)]
        ordered = sorted(self.fallen.items(), key=lambda each: (-each[1], each[0]))
        found += [f"  by rows, since {why}: {count:,}" for why, count in ordered]
        return found + ([self.remark] if self.remark else [])

    def text(self) -> str:
        """The whole summary."""
        head = f"{self.read:,} events read: {self.scored:,} scored, {self.rejected:,} rejected"
        return "\n".join([head, *self.lines()])


class Scored(msgspec.Struct, frozen=True):
    """A scored table. `rows` has a row for each scored event, `effects` one for each thing that a rule gave or took,
    `rejects` one for each reason of a refusal: as `rules score` writes them, in the order of the table that was scored;
    `number` is the place of the event there, counted from 1 (null: it happened by itself). `states` are those of all
    members after their last events, made when they are asked for; `pools` those of households.

    >>> import pyarrow
    >>> scored = program.score_table(pyarrow.Table.from_pylist([order]), {"m-7": member})
    >>> scored.rows.column("point").to_pylist(), scored.summary.read
    ([Decimal('5')], 1)
    """

    rows: Any
    effects: Any
    rejects: Any
    states: Mapping[str, State]
    pools: Mapping[str, State]
    summary: Summary


class States(Mapping[str, State]):
    """The states of members, those of columns made when they are asked for."""

    def __init__(self, by_rows: Mapping[str, State], columns: Mapping[str, int], state_of: Any) -> None:
        self._by_rows = by_rows
        self._columns = columns
        self._state_of = state_of

    def __getitem__(self, member: str) -> State:
        if member in self._columns:
            state: State = self._state_of(self._columns[member])
            return state
        return self._by_rows[member]

    def __iter__(self) -> Iterator[str]:
        yield from self._columns
        yield from self._by_rows

    def __len__(self) -> int:
        return len(self._columns) + len(self._by_rows)
