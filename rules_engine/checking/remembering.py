"""Whether what a lot is given to remember fits what its unit remembers, whatever an event says.

In: the value as written and its core, and the fact that is declared. Out: whether each value that it can have lies
within the declared bounds; an event with any other is refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir, tree
from rules_engine.checking import keys
from rules_engine.checking.env import Env
from rules_engine.formatting import to_text
from rules_engine.values import format_decimal


def bounded(value: tree.Expr, expr: ir.Expr, field: ir.FieldDef, env: Env) -> None:
    """Warn of a value that may go beyond what is remembered: an event that brings such a one is refused."""
    if field.kind == "text":
        within = all(length <= field.high for length in _lengths(expr, env))
    elif field.kind in ("count", "unit", "money", "rate"):
        within = _within(value, expr, field, env)
    else:
        return
    if not within:
        env.report("M284", value, name=field.name, bounds=_bounds(field), mend=_mend(value, field))


def _bounds(field: ir.FieldDef) -> str:
    return (
        f"{field.high} letters"
        if field.kind == "text"
        else f"{_shown(field.low, field)} to {_shown(field.high, field)}"
    )


def _mend(value: tree.Expr, field: ir.FieldDef) -> str:
    if field.kind == "text":
        return f"let the unit remember more: `{field.name}: text up to 500`"
    money = f" {field.unit}" if field.kind == "money" else ""
    return f"write `({to_text(value)}, up to {_shown(field.high, field)}{money})`, or let the unit remember more"


def _within(value: tree.Expr, expr: ir.Expr, field: ir.FieldDef, env: Env) -> bool:
    if isinstance(value, tree.Mark):
        return all(field.low <= each <= field.high for each in env.marks)
    low, high = keys.bounds_of(expr, env)
    least, most = keys.field_bounds(field)
    most = field.high if most is None else most
    return low is not None and high is not None and least is not None and low >= least and high <= most


def _lengths(expr: ir.Expr, env: Env) -> Iterator[int]:
    """How long the texts are that a value is made of."""
    for each in ir.walk(expr):
        match each:
            case ir.Txt(value=text):
                yield len(text)
            case ir.Field(name=name):
                yield from (field.high for event in env.events for field in event.fields if field.name == name)
            case ir.LineField(name=name):
                lines = [field for event in env.events if event.lines for field in event.lines.fields]
                yield from (field.high for field in lines if field.name == name)
            case ir.MemberField(name=name) | ir.PersonField(name=name):
                fact = env.context.member(name)
                yield from () if fact is None else (fact.high,)
            case _:
                pass


def _shown(bound: int, field: ir.FieldDef) -> str:
    return format_decimal(bound, field.decimals) if field.decimals else f"{bound:_}"
