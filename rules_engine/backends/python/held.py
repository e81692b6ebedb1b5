"""Lines that have a certain value in a field, where the value is a constant of a row: the pass notes lines by their
values.

In: a condition of lines that holds a field to such a constant. Out: code for the numbers of these lines, and for sums
and counts over them, which then cost what these lines cost and not what all do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.backends.python import expressions
from rules_engine.backends.python.given import Given
from rules_engine.backends.python.numbers import Scaled
from rules_engine.backends.python.passing import folds
from rules_engine.backends.python.quoting import ident
from rules_engine.backends.python.writing import Lines

if TYPE_CHECKING:
    from rules_engine.backends.python.function import Function

Held: TypeAlias = tuple[str, Given, list[ir.Expr]]
"""A field of lines, the constant that it is held to, and what else the condition asks."""


def held_to(where: ir.Expr | None) -> Held | None:
    """What a condition of lines holds to a constant of a row; None where it holds nothing so."""
    parts = list(_parts(where))
    for place, part in enumerate(parts):
        match part:
            case ir.Cmp(op="=", left=ir.LineField(name=name), right=Given() as given):
                return name, given, parts[:place] + parts[place + 1 :]
            case _:
                continue
    return None


def _parts(where: ir.Expr | None) -> Iterator[ir.Expr]:
    if isinstance(where, ir.All):
        for part in where.parts:
            yield from _parts(part)
    elif where is not None:
        yield where


def at_value(
    function: Function, op: str, where: ir.Expr | None, value: ir.Expr | None, of: ir.LinesOf
) -> Scaled | None:
    """A count, or the sum of a column, over such lines; None where it is neither."""
    if held_to(where) is None or op == "distinct":
        return None
    if op == "count" or value is None:
        return Scaled(f"len({function.places(where, of)})", positive=True)
    if not isinstance(value, ir.LineMoney | ir.LineField | ir.LineQuantity):
        return None
    found = expressions.number(value, function)
    if not found.code.isidentifier():
        return None
    code = sum_over(function.column(found.code), function.places(where, of))
    return msgspec.structs.replace(found, code=code)


def sum_over(column: str, places: str) -> str:
    """The sum of a list over some lines."""
    return f"sum(map({column}.__getitem__, {places}))"


def weights_at(function: Function, where: ir.Expr | None, value: Scaled) -> str | None:
    """The weights of such lines, 0 on all others; None where they are no plain column."""
    if where is None or function.nested or function.event.shipping_field or value.den != 1 or value.num != 1:
        return None
    plain = value.code in ("amount", "one_cost", "pieces") or value.code in function.passing.fields.values()
    if held_to(where) is None:  # the pass can note the lines of any other condition that it can read
        plain = value.code in ("amount", "one_cost") and function.early(where) and not folds(where)
        plain = plain and not function.event.shipping_flag
    return f"weights_at({function.column(value.code)}, {function.places(where)})" if plain else None


class LineTable:
    """What the values of one field of lines are good for: the rules that each block finds by them, and whether lines
    are noted by them. One look-up a line serves all; a value that nobody waits for ends there."""

    def __init__(self, function: Function, field: str) -> None:
        self.function = function
        self.local = function.line_field(field).code
        self.rows: dict[object, list[tuple[int, ...]]] = {}
        self.slots = 0
        number = len(function.line_tables)
        name = function.module.share("by", (function, "lines", number), field, lambda: self.rows.get)
        self.got = ident("got", number)
        self.test = f"({self.got} := {name}({self.local})) is not None"
        self.at = ident("at", number, field)
        self.noting = False

    def finds(self, hits: str, table: dict[object, tuple[int, ...]]) -> None:
        """Let the values of a line find rules."""
        for row in self.rows.values():
            row.append(())
        for value, places in table.items():
            self._row(value, 1)[self.slots] = places
        self._do(f"{hits} += {self.got}[{self.slots}]")
        self.slots += 1

    def notes(self, values: Iterable[object]) -> str:
        """Note lines by their values, these among them; the name of the lines by value."""
        for value in values:
            self._row(value, 0)
        if not self.noting:
            self.noting = self.function.passing.placed = True
            self.function.passing.starts.append(f"{self.at} = {{}}")
            self._do(f"{self.at}.setdefault({self.local}, []).append(place)")
        return self.at

    def _row(self, value: object, more: int) -> list[tuple[int, ...]]:
        found = self.rows.get(value)
        if found is None:
            found = self.rows[value] = [()] * (self.slots + more)
        return found

    def _do(self, statement: str) -> None:
        self.function.passing.body.setdefault(self.test, []).append(statement)


def line_table(function: Function, field: str) -> LineTable:
    """The table of a field of lines."""
    found: LineTable | None = function.line_tables.get(field)
    if found is None:
        found = function.line_tables[field] = LineTable(function, field)
    return found


def held_places(function: Function, name: str, given: Given, others: list[ir.Expr]) -> str:
    """The numbers of the lines that have the value, and of which all else holds."""
    assert function.folding is not None
    table = line_table(function, name).notes(function.folding.columns[given.name])
    code = f"{function.read(table)}.get({function.given(given.name)}, ())"
    if not others:
        return code
    names: dict[str, None] = {}
    function.trail.append(names)
    test = " and ".join(f"({expressions.truth(each, function)})" for each in others)
    function.trail.pop()
    columns, params = function.columns(names)
    if columns == ["place"]:
        return f"({code} if {test} else ())"
    body = Lines()
    each = ", ".join(f"{function.column(column)}[place]" for column in columns)
    body.add(f"return [place for place in held for {', '.join(columns)}, in (({each},),) if {test}]")
    return function.call("places", body, columns, params, "held").replace("(held", f"({code}", 1)
