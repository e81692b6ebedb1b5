"""A run over the chunks of a table: what has columns goes by columns, the rest by rows, and both are put together.

In: chunks of rows in the order of scoring. Out: a `Part` for each: rows of results, of effects and of rejects as Arrow
tables, each with the number of its event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from rules_engine import ir
from rules_engine.backends.columnar import Columnar
from rules_engine.decoding import decode_state, encode_state
from rules_engine.scoring import ties_of
from rules_engine.state import Shared, State
from rules_engine.tables.bycolumns import ByColumns
from rules_engine.tables.byrows import ByRows, Given, Told
from rules_engine.tables.ordering import Chunk, Order
from rules_engine.tables.rows import Sums
from rules_engine.tables.scored import States, Summary
from rules_engine.tables.texts import Ints
from rules_engine.tables.writing import Part, in_order, schemas, table_of

if TYPE_CHECKING:
    from rules_engine.scoring import Program


Engine = Literal["auto", "numba", "numpy", "rows"]
"""What runs columns: numba or, without it, NumPy; `rows` runs none."""
ASKED = "rows were asked for"
DUE = "an event that happens by itself is due"
WITHOUT_NUMBA = "numba is not installed: columns go through NumPy, which takes longer; install `rules-engine[batch]`"


_KEPT_MAX = 8
_kept: dict[tuple[int, str], Columnar] = {}
_keeping = Lock()


def columnar_of(core: ir.Program, engine: Literal["auto", "numba", "numpy"]) -> Columnar:
    """The columns of a program, kept for the latest few programs; they hold the program, so its id stays its own. What
    follows from days is worked out as days are met, so every run has a table of days of its own, which begins with what
    is known; answers do not change, so it does not matter who puts one down."""
    key = id(core), engine
    with _keeping:
        found = _kept.get(key)
        if found is None:
            for old in list(_kept)[: 1 - _KEPT_MAX]:
                _kept.pop(old, None)
            found = _kept[key] = Columnar(core, engine)
        own = copy(found)
        own.days = copy(found.days)
    return own


def by_rows(program: Program) -> dict[str, str]:
    """Why kinds of event go row by row, by their names; those that are not named have a columnar form."""
    kinds = [kind.name for kind in program.core.events if kind.schedule is None]
    why = _together(program)
    if why:
        return dict.fromkeys(kinds, why)
    refused = columnar_of(program.core, "auto").refused
    return {kind: refused.get(kind) or refused[""] for kind in kinds if "" in refused or kind in refused}


def some_by_rows(program: Program) -> dict[str, tuple[str, ...]]:
    """Why some events of kinds that have a columnar form go row by row all the same, by these kinds."""
    if by_rows(program).keys() >= {kind.name for kind in program.core.events if kind.schedule is None}:
        return {}
    return columnar_of(program.core, "auto").watched


class Run:
    """One run: it goes from chunk to chunk, and keeps states and sums. Where nobody asks for states at the end, members
    need no `lots`."""

    def __init__(
        self,
        program: Program,
        given: Given,
        event: str | None,
        order: Order,
        keep_ids: bool = False,
        effects: bool = True,
        engine: Engine = "auto",
        lots: bool = True,
        threads: int = 1,
    ) -> None:
        self.program = program
        self.given = given
        self.effects = effects
        self.schemas = schemas(program.core)
        self.summary = Summary(paths={}, fallen={})
        self.by_rows = ByRows(program, given, event, frozenset(order.doubles.tolist()), keep_ids)
        self.by_columns: ByColumns | None = None
        self.why = _together(program) if engine != "rows" else ASKED
        if engine == "rows" or self.why:
            return
        columnar = columnar_of(program.core, engine)
        kinds = [kind.name for kind in program.core.events if kind.schedule is None]
        self.why = columnar.refused.get("", "")
        if self.why or all(kind in columnar.refused for kind in kinds):
            self.why = self.why or "; ".join(sorted(set(columnar.refused.values())))
            return
        self.summary.engine = columnar.engine
        if columnar.engine == "numpy" and engine == "auto":
            self.summary.remark = WITHOUT_NUMBA
        self.by_columns = ByColumns(
            program, columnar, self.by_rows, order.doubles, self.schemas, effects, lots, threads
        )

    def score(self, chunk: Chunk) -> Part:
        """Score a chunk."""
        return self.begun(chunk)()

    def begun(self, chunk: Chunk) -> Callable[[], Part]:
        """Score a chunk; what is given back makes its tables. It may be called in another thread, while the next chunk
        is scored: each once, in their order."""
        told = Told([], [], [])
        self.summary.read += len(chunk.numbers)
        if self.by_columns is None:
            sent = self.by_rows.sent(chunk.batch, chunk.numbers.tolist(), told, self.summary)
            if self.why != ASKED:
                self.summary.fall(self.why, len(sent))
            self.by_rows.score(sent, told, self.summary, self.effects)
            return lambda: self._part(told)
        done = self.by_columns.score(chunk, told, self.summary)
        self.by_rows.score(done.left, told, self.summary, self.effects)
        numbers, tables = chunk.numbers, done.tables
        return lambda: self._both(numbers, tables, told)

    def _both(self, numbers: Ints, tables: Callable[[], tuple[Any, Any]], told: Told) -> Part:
        """What columns and rows made of a chunk, in its order."""
        rows, effects = tables()
        part = self._part(told)
        if not told.rows:
            return Part(rows, effects, part.rejects)
        places = {number: place for place, number in enumerate(numbers.tolist())}
        rows = in_order([rows, part.rows], self.schemas.rows, places)
        return Part(rows, in_order([effects, part.effects], self.schemas.effects, places), part.rejects)

    def settle(self, until: int) -> Part:
        """Score what is due up to a day, at the end of all events."""
        told = Told([], [], [])
        if self.by_columns is not None:
            for number in self.by_columns.memory.due_by(until).tolist():
                self.by_columns.people.fall(number, DUE)
        self.by_rows.settle(until, told, self.summary, self.effects)
        return self._part(told)

    def states(self) -> Mapping[str, State]:
        """The states of all members as they stand."""
        if self.by_columns is None:
            return self.given.states
        there = self.by_columns.people.in_columns()
        rest = {who: state for who, state in self.given.states.items() if who not in there}
        return States(rest, there, self.by_columns.memory.state_of)

    def totals(self) -> dict[str, int]:
        """What was given, by unit."""
        found = dict(self.by_rows.totals)
        for unit, amount in (self.by_columns.told.totals if self.by_columns is not None else {}).items():
            found[unit] += amount
        return found

    def sums(self) -> Sums:
        """What rules did beside that."""
        found = self.by_rows.sums
        if self.by_columns is not None:
            found = Sums()
            found.add_all(self.by_rows.sums)
            found.add_all(self.by_columns.told.sums)
        return found

    # ---- to go on later ----

    def known(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """All that the run has learned, to be stored: plain values and arrays."""
        given, by_rows = self.given, self.by_rows
        company = by_rows.stream.company
        kept = {
            "summary": msgspec.to_builtins(self.summary),
            "totals": by_rows.totals,
            "sums": by_rows.sums.listed(),
            "states": {who: encode_state(program_state(self.program, each)) for who, each in given.states.items()},
            "pools": {who: encode_state(program_state(self.program, each)) for who, each in given.pools.items()},
            "shared": given.shared.to_json().decode(),
            "ids": sorted(given.ids),
            "stuck": sorted(company.stuck) if company is not None else [],
        }
        if self.by_columns is None:
            return kept, {}
        values, arrays = self.by_columns.known()
        return {**kept, "columns": values}, arrays

    def learn(self, kept: dict[str, Any], arrays: dict[str, Any]) -> None:
        """Go on from what `known` gave."""
        given, by_rows, core = self.given, self.by_rows, self.program.core
        self.summary = msgspec.convert(kept["summary"], Summary)
        by_rows.totals.update(kept["totals"])
        by_rows.sums.add_listed(kept["sums"])
        for part, owned in (("states", given.states), ("pools", given.pools)):
            owned.clear()
            for who, raw in kept[part].items():
                state = decode_state(raw, core, pool=part == "pools")
                assert isinstance(state, State), f"`{who}` was stored by this program"
                owned[who] = state
        shared = Shared.from_json(kept["shared"].encode())
        for name in shared.__struct_fields__:
            setattr(given.shared, name, getattr(shared, name))
        given.ids.clear()
        given.ids.update((kind, number) for kind, number in kept["ids"])
        if by_rows.stream.company is not None:
            by_rows.stream.company.stuck.update(kept["stuck"])
        by_rows.begin_again()
        if self.by_columns is not None:
            self.by_columns.learn(kept["columns"], arrays)

    def _part(self, told: Told) -> Part:
        rejects = sorted(((number, row[1:]) for number, row in told.rejects), key=lambda each: each[0])
        return Part(
            table_of(self.schemas.rows, told.rows),
            table_of(self.schemas.effects, told.effects),
            table_of(self.schemas.rejects, rejects),
        )


def program_state(program: Program, state: object) -> State:
    """A state that a host gave, as it is kept."""
    return state if isinstance(state, State) else program.checked_state(state)


def _together(program: Program) -> str:
    """Why no member can be scored without the others, where it is so. Kinds of event that read facts of others, or meet
    a limit that all share, have no columnar form, and the row path takes them in their order."""
    ties = ties_of(program.core)
    if ties.pooled:
        return "members of a household have something in common"
    return "events of a member touch other members" if ties.gives else ""
