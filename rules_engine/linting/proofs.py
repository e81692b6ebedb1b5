"""What can be proved of conditions, for lints.

In: core conditions and the events that they are asked on. Out: whether they can hold together. A lint speaks only where
there is a proof; where the search is given up, or something is not known, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from rules_engine import ir
from rules_engine.solving import Domain, Known, Range, TooLarge, Values, key_of, witness

if TYPE_CHECKING:
    from rules_engine.linting.view import RuleCore

NOWHERE = ir.Origin(0, 0, 0)


def known_of(program: ir.Program, events: Iterable[ir.EventDef]) -> Known:
    """The values that the reads of a condition can have, on any of these events."""
    bounds = _fields(events) | {f"member.{each.name}": domain_of(each) for each in program.member}
    counted = {each.name for each in program.tracks if each.kind in ("count", "distinct", "streak")}

    def known(read: ir.Expr) -> Domain | None:
        match read:
            case ir.TierRead():
                rungs = len(program.tiers.rungs) if program.tiers is not None else 0
                return Values(tuple(range(rungs))) if rungs else None
            case ir.Today():
                return Range(program.header.terms_from, program.header.terms_until)
            case ir.TrackRead(track=name):
                return Range(0, None) if name in counted else None
            case ir.Fold(op="count" | "distinct") | ir.LineQuantity():
                return Range(0, None)
            case _:
                return bounds.get(key_of(read))

    return known


def _fields(events: Iterable[ir.EventDef]) -> dict[str, Domain | None]:
    """The domains of fields by their keys; a field that two events bound unlike has none."""
    found: dict[str, Domain | None] = {}
    for event in events:
        named = [("field", each) for each in event.fields]
        named += [("line", each) for each in (event.lines.fields if event.lines is not None else event.fields)]
        for kind, field in named:
            key, domain = f"{kind} {field.name}", domain_of(field)
            found[key] = domain if found.get(key, domain) == domain else None
    return found


def domain_of(field: ir.FieldDef) -> Domain | None:
    """The values of a field, where its declaration bounds them."""
    match field.kind:
        case "choice":
            return Values(field.choices)
        case "flag":
            return Values((True, False))
        case "count" | "money" | "unit" if not field.bounds and field.high > field.low:
            return Range(field.low, field.high)
        case _:
            return None


def impossible(conditions: Sequence[ir.Expr], known: Known) -> bool:
    """Whether it is proved that conditions never hold together.

    >>> at = ir.Origin(0, 0, 0)
    >>> low, high = (ir.Cmp(at, op, ir.Field(at, "n"), ir.Num(at, 3)) for op in ("<", ">"))
    >>> impossible([low, high], lambda read: None), impossible([low], lambda read: None)
    (True, False)
    """
    try:
        return witness(conditions, known) is None
    except TooLarge:
        return False


def opposite(condition: ir.Expr) -> ir.Expr:
    """The opposite of a condition."""
    return condition.value if isinstance(condition, ir.Not) else ir.Not(condition.at, condition)


def implied(condition: ir.Expr, by: Sequence[ir.Expr], known: Known) -> bool:
    """Whether it is proved that a condition holds wherever others do."""
    return impossible([*by, opposite(condition)], known)


def gates(rule: RuleCore) -> tuple[ir.Expr, ...]:
    """What must hold for a rule to act: its dates and the parts of its condition."""
    return (*parts(rule.dates), *parts(rule.when))


def parts(condition: ir.Expr | None) -> tuple[ir.Expr, ...]:
    """The parts that must all hold; none where there is no condition."""
    if condition is None:
        return ()
    return condition.parts if isinstance(condition, ir.All) else (condition,)


def number(expr: ir.Expr | None) -> tuple[int, int] | None:
    """A constant as a numerator and a denominator, or None."""
    return (expr.num, expr.den) if isinstance(expr, ir.Num) else None


def content(value: object) -> str:
    """What a part of the core says, wherever its text stands: without origins, titles and names of its own.

    >>> content(ir.Num(ir.Origin(0, 3, 4), 5)) == content(ir.Num(ir.Origin(1, 0, 1), 5))
    True
    """
    if isinstance(value, msgspec.Struct):
        inner = [content(getattr(value, name)) for name in value.__struct_fields__ if name not in ("at", "key")]
        return f"{type(value).__name__}({','.join(inner)})"
    if isinstance(value, tuple):
        return f"({','.join(map(content, value))})"
    return repr(value)


def limits_of(rule: RuleCore, groups: Mapping[str, ir.GroupDef | ir.OfferGroupDef]) -> tuple[ir.LimitDef, ...]:
    """The limits that hold a rule: its own and its group's."""
    group = groups.get(rule.group)
    return (*rule.limits, *(group.limits if group is not None else ()))
