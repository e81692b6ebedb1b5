"""What the functions of one generated module share: constants, tables, periods, helper functions.

In: requests for shared things while functions are emitted. Out: module-level source and the values that it names. Small
constants are literals in the source; tables of a rule file, imported columns and period look-ups are handed to the
module as data, so that no size of file makes the source grow.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from rules_engine import ir
from rules_engine.backends.python import clock
from rules_engine.backends.python.folding import LEAST, Folding, Known, known_of
from rules_engine.backends.python.quoting import ident
from rules_engine.backends.python.writing import Lines
from rules_engine.occurrences import Context
from rules_engine.periods import is_timed
from rules_engine.planning import Plan, plan


class Module:
    """The module under way: its helper functions and the objects in its name space."""

    def __init__(self, program: ir.Program, found: Plan | None = None) -> None:
        self.program = program
        self.helpers = Lines()
        self.globals: dict[str, Any] = {}
        self._names: dict[tuple[str, Hashable], str] = {}
        self._numbers: dict[str, int] = {}
        self._anchors = ir.anchor_reads(program)
        self.tracks = {track.name: track for track in program.tracks}
        self.units = {unit.name: unit for unit in program.units}
        self.groups = {group.name: group for group in program.groups}
        self.periods = {period.name: period for period in program.periods}
        self.imports = {found.name: found for found in program.imports}
        self.plan = found
        self._known: Known | None = None
        header = program.header
        self.context = Context(header.zone or "UTC", header.week_start, header.leap_day)

    def share(self, prefix: str, key: Hashable, word: str, make: Callable[[], Any]) -> str:
        """A module-level name for a value, made once for each key."""
        name = self._names.get((prefix, key))
        if name is None:
            name = ident(prefix, self._number(prefix), word)
            self._names[prefix, key] = name
            self.globals[name] = make()
        return name

    def helper(self, prefix: str, word: str, params: list[str], body: Lines) -> str:
        """A module-level helper function; the same body is written once."""
        key = (tuple(params), body.text())
        name = self._names.get((prefix, key))
        if name is None:
            name = ident(prefix, self._number(prefix), word)
            self._names[prefix, key] = name
            with self.helpers.block(f"def {name}({', '.join(params)}):"):
                self.helpers.extend(body)
            self.helpers.add("")
            self.helpers.add("")
        return name

    def folding(self) -> Folding | None:
        """What a function needs to write rules of one shape once; None where the program has few rules."""
        if len(self.program.rules) + len(self.program.offers) < LEAST:
            return None
        if self._known is None:
            self._known = known_of(self.program, self.plan or plan(self.program))
        return Folding(self._known)

    def _number(self, prefix: str) -> int:
        number = self._numbers[prefix] = self._numbers.get(prefix, -1) + 1
        return number

    def imported(self, name: str) -> str:
        """An imported column as a set, or an imported table as a dictionary."""
        found = self.imports[name]
        if found.keys is None:
            return self.share("import", name, name, lambda: frozenset(found.values))
        return self.share("import", name, name, lambda: dict(zip(found.keys or (), found.values, strict=True)))

    # ---- periods

    def period(self, name: str) -> ir.PeriodDef:
        """A period by name."""
        return self.periods[name]

    def timed(self, name: str) -> bool:
        """Whether a period starts or ends at a time of day."""
        return is_timed(self.periods[name].period)

    def anchor(self, key: str) -> ir.Expr:
        """The date behind an anchor's key."""
        return self._anchors[key]

    def inside(self, name: str, instant: bool) -> str:
        """The function that tells whether a day or an instant lies in a period."""
        period = self.periods[name].period
        kind = "inside_at" if instant else "inside"
        return self.share(kind, name, name, lambda: clock.inside(period, self.context, instant))

    def days_inside(self, name: str) -> str:
        """The days that were asked whether they lie in a period that hangs on nothing else, and their answers."""
        period = self.periods[name].period
        return self.share(
            "days_in", name, name, lambda: clock.Remembered(clock.inside(period, self.context, instant=False))
        )

    def occurrence(self, name: str) -> str:
        """The function that finds the first day of the occurrence that holds a day, or None."""
        period = self.periods[name].period
        return self.share("first_day", name, name, lambda: clock.first_day(period, self.context))

    def before(self, name: str) -> str:
        """The function that finds the first day of the occurrence before the one that starts on a day."""
        period = self.periods[name].period
        return self.share("before", name, name, lambda: clock.before(period, self.context))

    def edge(self, node: ir.EdgeDay) -> str:
        """The function that finds a first or last day of an occurrence."""
        period = self.periods[node.period].period
        key, word = (node.edge, node.next, node.period), f"{'next_' if node.next else ''}{node.period}"
        return self.share(node.edge, key, word, lambda: clock.edge(period, node.edge, node.next, self.context))

    def since(self, window: ir.Window) -> str:
        """The function that finds the first day that a moving window still counts."""
        return self.share("since", window, f"{window.count}_{window.unit}", lambda: clock.since(window, self.context))

    def unit_start(self, window: ir.Window) -> str:
        """The function that finds the key of a day in a window of calendar units."""
        return self.share("start", window.unit, window.unit, lambda: clock.unit_start(window.unit, self.context))
