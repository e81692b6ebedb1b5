"""What may be absent, or not known yet, where an expression is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine import ir
from rules_engine.backends.python.passing import BASES, LATE

if TYPE_CHECKING:
    from rules_engine.backends.python.function import Function


def may_lack(expr: ir.Expr, function: Function) -> bool:
    """Whether a day may be absent where it is compared: an optional that a rule's dates name, an end that never
    comes."""
    return any(isinstance(node, ir.EdgeDay) or _is_absent_day(node, function) for node in ir.walk(expr))


def _is_absent_day(node: object, function: Function) -> bool:
    match node:
        case ir.Field(name=name):
            field = function.fields[name]
        case ir.LineField(name=name):
            field = function.line_fields[name]
        case ir.MemberField(name=name):
            field = function.facts[name]
        case _:
            return False
    return field.optional and field.kind in ("date", "instant")


def is_early(expr: ir.Expr | None, function: Function) -> bool:
    """Whether the pass over the lines can read an expression: nothing that rules make, no optional that needs a
    guard."""
    if expr is None:
        return True
    return not any(
        isinstance(node, LATE) or _moves(node, function) or is_optional(node, function) for node in ir.walk(expr)
    )


def _moves(node: object, function: Function) -> bool:
    """Whether offers move what a node reads."""
    return function.priced and isinstance(node, ir.LineMoney) and node.base in BASES


def is_optional(node: object, function: Function) -> bool:
    """Whether a node may be absent, so that a guard has to be asked first."""
    match node:
        case ir.Field(name=name):
            return function.fields[name].optional
        case ir.MemberField(name=name):
            return function.facts[name].optional
        case ir.EdgeDay() | ir.Imported():
            return True
        case ir.Choose(rows=rows):
            return any(isinstance(row.value, ir.Stop) for row in rows)
        case _:
            return False
