"""What the functions of one generated module share: constants, tables, periods, helper functions.

In: requests for shared things while functions are emitted. Out: module-level source and the values that it names. Small
constants are literals in the source; tables of a rule file, imported columns and period look-ups are handed to the
module as data, so that no size of file makes the source grow.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from rules_engine import ir
from rules_engine.backends.python.quoting import ident
from rules_engine.backends.python.writing import Lines


class Module:
    """The module under way: its helper functions and the objects in its name space."""

    def __init__(self, program: ir.Program, periods: Periods) -> None:
        self.program = program
        self.periods = periods
        self.helpers = Lines()
        self.globals: dict[str, Any] = {}
        self._names: dict[tuple[str, Hashable], str] = {}
        self.tracks = {track.name: track for track in program.tracks}
        self.rules = {rule.key: rule for rule in program.rules}
        self.units = {unit.name: unit for unit in program.units}
        self.imports = {found.name: found for found in program.imports}

    def share(self, prefix: str, key: Hashable, word: str, make: Callable[[], Any]) -> str:
        """A module-level name for a value, made once for each key."""
        name = self._names.get((prefix, key))
        if name is None:
            name = ident(prefix, sum(1 for p, _ in self._names if p == prefix), word)
            self._names[prefix, key] = name
            self.globals[name] = make()
        return name

    def helper(self, prefix: str, word: str, params: list[str], body: Lines) -> str:
        """A module-level helper function; the same body is written once."""
        key = (tuple(params), body.text())
        name = self._names.get((prefix, key))
        if name is None:
            name = ident(prefix, sum(1 for p, _ in self._names if p == prefix), word)
            self._names[prefix, key] = name
            with self.helpers.block(f"def {name}({', '.join(params)}):"):
                self.helpers.extend(body)
            self.helpers.add("")
            self.helpers.add("")
        return name

    def imported(self, name: str) -> str:
        """An imported column as a set, or an imported table as a dictionary."""
        found = self.imports[name]
        if found.keys is None:
            return self.share("import", name, name, lambda: frozenset(found.values))
        return self.share("import", name, name, lambda: dict(zip(found.keys or (), found.values, strict=True)))


class Periods:
    """How generated code asks about periods; filled by `runtime`, which knows calendars."""

    def __init__(self, program: ir.Program) -> None:
        self.program = program
        self.definitions = {period.name: period for period in program.periods}
