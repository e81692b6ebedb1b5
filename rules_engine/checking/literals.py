"""Values of tests: what a test writes for a field, as the event would carry it.

In: a value as written and the field it is for. Out: the canonical value (minor units, days, instants, rungs), or None
where it does not fit, which is reported.
"""

from __future__ import annotations

from fractions import Fraction

from rules_engine import ir, tree
from rules_engine.calendar import day_start
from rules_engine.checking import expressions, monies, names
from rules_engine.checking.env import Env
from rules_engine.diagnostics import Fix
from rules_engine.event import FieldValue
from rules_engine.types import Codes, Date, Instant, ListOf, Member, Money, Rate, Text, Type, Unknown, describe

RATE_SCALE = 10**9


def constant(node: tree.Expr, field: ir.FieldDef, env: Env) -> FieldValue:
    """A test's value for a field; None and a finding where it does not fit."""
    kind = names.type_of_field(field, env)
    match kind:
        case Codes():
            return _items(node, Text(), env)
        case ListOf(item=item):
            return _items(node, item, env)
        case _:
            return single(node, kind, env)


def _items(node: tree.Expr, kind: Type, env: Env) -> tuple[int | str, ...] | None:
    match node:
        case tree.ListOf(items=items):
            nodes = items
        case tree.Bracket(value=value, mods=()):
            nodes = (value,)
        case _:
            nodes = (node,)
    values = [single(item, kind, env) for item in nodes]
    return tuple(value for value in values if isinstance(value, (int, str)))


def single(node: tree.Expr, kind: Type, env: Env) -> int | str | bool | None:
    """A test's value of a type; None and a finding where it does not fit."""
    if isinstance(kind, (Text, Member)):
        return _text(node, kind, env)
    if isinstance(kind, Instant):
        return _instant(node, env)
    if isinstance(kind, Money) and kind.several:
        return _in_one_of(node, kind, env)
    found = expressions.constant_of(node, kind, env)
    if not isinstance(found, Fraction):
        return found
    exact = found * RATE_SCALE if isinstance(kind, Rate) else found
    if exact.denominator != 1:
        env.report("T313", node, text=str(found), reason=f"{describe(kind)} is counted in whole numbers here")
        return None
    return int(exact)


def _in_one_of(node: tree.Expr, kind: Money, env: Env) -> int | None:
    """Money of an event that comes in several currencies: the amount in the one that the test writes."""
    found = expressions.value(node, env, kind)
    if isinstance(found.type, Unknown):
        return None
    if not isinstance(found.type, Money) or not isinstance(found.expr, ir.Num):
        env.report("T302", node, left=describe(kind), right=describe(found.type))
        return None
    return found.expr.num if monies.comes_in(found.type.currency, kind, node, env) else None


def _text(node: tree.Expr, kind: Type, env: Env) -> str | None:
    if isinstance(node, tree.Text):
        return node.value
    fix = None
    if isinstance(node, (tree.Path, tree.Number)):
        fix = Fix("put it in quotes", node.span, f'"{node.text}"')
    env.report("T302", node, left=describe(kind), right="this", fix=fix, note="a text stands in quotes")
    return None


def _instant(node: tree.Expr, env: Env) -> int | None:
    found = expressions.value(node, env)
    if isinstance(found.type, Instant) and isinstance(found.expr, ir.Num):
        return found.expr.num
    if isinstance(found.type, Date) and isinstance(found.expr, ir.Num):
        zone = env.context.header().zone
        env.context.need("timezone", node)
        return None if zone is None else day_start(found.expr.num, zone)
    if not isinstance(found.type, Unknown):
        env.report("T302", node, left="a moment", right=describe(found.type), note="write `2027-11-05 10:00`")
    return None
