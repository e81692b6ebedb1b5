"""What a function under way collects of the pass over the lines, and which nodes of the core that pass cannot read."""

from __future__ import annotations

import msgspec

from rules_engine import ir
from rules_engine.backends.python.given import Among, Given
from rules_engine.backends.python.numbers import Scaled

BILLION = 10**9
BASES: dict[str, str] = {
    "current": "cost",
    "net": "cost",
    "paid": "cost",
    "catalogue": "cost_catalogue",
    "after item": "cost_item",
    "after basket": "cost_basket",
    "after shipping": "cost_shipping",
}
"""The list that holds what each line costs, by the base of money that reads it."""
LATE = (
    ir.AwardRead,
    ir.AwardPart,
    ir.MarkRead,
    ir.RungRead,
    ir.BalanceRead,
    ir.TrackRead,
    ir.TierRead,
    ir.Reaches,
    ir.Across,
    ir.UsedRead,
    ir.PersonField,
    Given,
    Among,
)
"""Nodes that the pass cannot read: what rules make, and what rows of a shape hold."""


NOWHERE = ir.Origin(0, 0, 0)


class Pass(msgspec.Struct):
    """What the one pass over the lines does: statements by condition (empty: always), starts, and columns kept."""

    starts: list[str] = []
    body: dict[str, list[str]] = {}
    columns: dict[str, str] = {}
    fields: dict[str, str] = {}
    after: list[str] = []
    money: bool = False
    quantity: bool = False
    whole: bool = False
    was: bool = False
    tax: bool = False
    floor: bool = False
    placed: bool = False


def folds(expr: ir.Expr | None) -> bool:
    """Whether an expression on a line reads something of all lines."""
    return expr is not None and any(isinstance(node, ir.Fold) for node in ir.walk(expr))


def of_field(field: ir.FieldDef, code: str) -> Scaled:
    """A field as a number: a rate is an integer of billionths."""
    if field.kind == "rate":
        return Scaled(code, 1, BILLION, field.low >= 0)
    return Scaled(code, positive=field.kind in ("count", "money", "unit") and field.low >= 0)


def hashable(value: object) -> tuple[object, ...]:
    """A value as a key."""
    if isinstance(value, dict):
        return tuple(value.items())
    return (value,)
