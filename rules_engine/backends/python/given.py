"""Constants that rules of one shape differ in, as nodes of the core: they stand in local names of the generated
function."""

from __future__ import annotations

from rules_engine import ir


class Given(ir.Node, frozen=True):
    """A text, or the number `name / den`. Of a number is known whether it is not negative (`positive`) and, then,
    whether it is never above 1 (`part`)."""

    name: str
    den: int = 1
    positive: bool = False
    part: bool = False


class Among(ir.Node, frozen=True):
    """Whether a value is among the constants that `name` holds."""

    value: ir.Expr
    name: str
