"""Shipping, floors and what lines were, as ops: the carrier beyond what lines cost.

In: a scene. Out: rows of code, and where what they make stands. Shipping of the event's own field is a register beside
the lines; lines that a flag says are shipping stay lines, and are left out of what goods come to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing.arithmetic import (
    Flag,
    Number,
    both,
    constant,
    lined_flag,
    on_lines,
    plain,
    total,
)
from rules_engine.backends.columnar.writing.expressions import condition, field, number
from rules_engine.backends.columnar.writing.making import NotColumnar
from rules_engine.backends.columnar.writing.spans import Span

if TYPE_CHECKING:
    from rules_engine.backends.columnar.writing.scene import Scene

NOWHERE = ir.Origin(0, 0, 0)


def is_more(event: ir.EventDef, core: ir.Program) -> bool:
    """Whether an event costs more than its lines do: it has shipping, taxes or charges."""
    fields = (event.shipping_field, event.shipping_flag, event.tax_field, event.shipping_tax_field)
    offers = (offer for offer in core.offers if event.name in offer.events)
    return any(fields) or any(isinstance(effect, ir.ChargeDef) for offer in offers for effect in offer.effects)


def open_carrier(on: Scene) -> None:
    """What shipping costs, which lines are shipping, and what lines may not fall below; after `PRICED`."""
    event, make = on.event, on.make
    most = on.money_span().high
    if event.shipping_field:
        amount = field(ir.Field(NOWHERE, event.shipping_field), on)
        make.put(ops.SHIPPED, a=amount.at, k=most)
        on.ship_list = make.scalar(ops.COPY, ops.SHIP)
    elif on.more:
        make.put(ops.CONST, ops.SHIP)
    if on.more:
        make.put(ops.CONST, ops.CHARGED)
    if event.shipping_flag:
        loaded = field(ir.LineField(NOWHERE, event.shipping_flag), on.on_line()).at
        on.shipped = make.vector(ops.IS + ops.VECTOR, loaded, k=1, m=ops.COMPARES["="])
        on.goods = make.vector(ops.NOT + ops.VECTOR, on.shipped)
    if event.floor_field:
        on.floor = _of_lines(event.floor_field, on)


def _of_lines(name: str, on: Scene) -> int:
    """A money field of lines over all units of each, 0 where it is absent."""
    event = on.event
    loaded = plain(field(ir.LineField(NOWHERE, name), on.on_line()), on.on_line())
    if not event.quantity_field:
        return loaded.at
    if not event.list_each:
        raise NotColumnar(f"{on.where}: `{name}` is of a line with several units")
    return on.make.vector(ops.TIMES + ops.VECTOR, loaded.at, ops.SIZE, k=1)


def was(on: Scene) -> int:
    """What lines were: the vector; their list price where nobody says."""
    if not on.event.was_field:
        return ops.LIST
    key = ("was", on.event.name)
    found = on.make.kept.get(key)
    if found is None:
        inner = on.on_line()
        loaded = field(ir.LineField(NOWHERE, on.event.was_field), inner)
        at = _of_lines(on.event.was_field, on)
        if loaded.maybe:
            has = on.make.vector(ops.HAS + ops.VECTOR, loaded.at)
            at = on.make.vector(ops.CHOOSE + ops.VECTOR, has, at, n=ops.LIST)
        found = on.make.kept[key] = at
    place: int = found
    return place


# ---- reads


def of_shipping(base: ir.Base, on: Scene) -> Number:
    """What the shipping of the event's own field costs."""
    if base == "paid" and on.unpaid >= 0:
        raise NotColumnar(f"{on.where}: what was paid of shipping is read")
    if base in ("current", "net", "paid"):
        at = ops.SHIP
    elif base in ("list", "was"):
        at = on.ship_list
    else:
        at = on.ship_after.get(base, ops.SHIP)
    return Number(at, 1, 1, on.money_span())


def after(name: str, on: Scene) -> None:
    """A stage is over: what shipping then costs is kept."""
    if on.event.shipping_field:
        on.ship_after[name] = on.make.scalar(ops.COPY, ops.SHIP)


def fold(found: ir.Fold, on: Scene) -> Number:
    """A sum or count over goods, shipping or both, where an event has shipping."""
    event, inner = on.event, on.on_line()
    own = bool(event.shipping_field) and found.of != "lines"
    if own and found.where is not None:
        raise NotColumnar(f"{on.where}: a field of lines is asked of shipping")
    mask = chosen(found.of, found.where, on)
    parts: list[Number] = []
    if found.op == "count":
        if mask is not None:
            at = ops.LINES if mask < 0 else on.make.scalar(ops.COUNT, b=mask)
            parts.append(Number(at, 1, 1, Span(0, on.lines_max)))
        return total([*parts, constant(int(own))], on)
    if found.op != "sum" or found.value is None:
        raise NotColumnar(f"{on.where}: different values of shipping lines are counted")
    if own and not isinstance(found.value, ir.LineMoney):
        raise NotColumnar(f"{on.where}: a field of lines is asked of shipping")
    if mask is not None:
        value = on_lines(plain(number(found.value, inner), on), on)
        span = value.total if value.total is not None else value.span.some(on.lines_max)
        at = on.make.scalar(ops.SUM, value.at, mask)
        parts.append(Number(at, value.num, value.den, on.safe(span.with_zero())))
    if own and isinstance(found.value, ir.LineMoney):
        parts.append(number(ir.Basis(found.at, found.value.base, found.value.side), on.on_element("ship", -1)))
    return total([*parts, constant(0)], on)


def chosen(of: ir.LinesOf, where: ir.Expr | None, on: Scene) -> int | None:
    """The vector of the lines among goods, shipping or both where a condition holds; -1: all, None: never any."""
    held = True if where is None else condition(where, on.on_line())
    if held is False or (of == "shipping" and not on.event.shipping_flag):
        return None
    flag = {"lines": on.goods, "shipping": on.shipped, "both": -1}[of]
    held = held if flag < 0 else both([Flag(flag, True), held], on)
    return -1 if held is True or not isinstance(held, Flag) else lined_flag(held, on)
