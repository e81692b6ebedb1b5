"""Taxes as ops: what an event costs with them, and prices that are read with tax.

In: a scene. Out: rows of code. Rates are billionths. Where a price is read with tax, and so is a fraction, rates count
in hundredths of a percent, and an event with a finer one goes by rows: else next to no product would fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing.arithmetic import Number, plain
from rules_engine.backends.columnar.writing.expressions import BILLION, field
from rules_engine.backends.columnar.writing.making import NotColumnar
from rules_engine.backends.columnar.writing.spans import Span, product

if TYPE_CHECKING:
    from rules_engine.backends.columnar.writing.scene import Scene

FINE = 10_000
RATE_MAX = 10
"""The highest rate that a price is read with; an event with a higher one goes by rows."""
NOWHERE = ir.Origin(0, 0, 0)


def costs(on: Scene) -> None:
    """What the event costs, with all that is not lines."""
    event, header = on.event, on.drawing.core.header
    tax = -1
    if event.tax_field or event.shipping_tax_field:
        lines = _rate(on, False)
        own = _rate(on, True)
        mode = ops.MODES[header.tax_rounding or "half up"]
        include, by_unit = int(header.prices == "include"), int(header.tax_per == "unit")
        on.by_unit = on.by_unit or bool(by_unit)
        a = -1 if lines is None else lines.at
        b = -1 if own is None else own.at
        tax = on.make.scalar(ops.TAXED, a, b, include, mode, by_unit)
    on.make.put(ops.PRICES, a=tax, b=on.shipped, m=int(header.prices == "exclude"))


def _rate(on: Scene, own: bool) -> Number | None:
    """The rate of lines, or of shipping, 0 where it is absent; None where there is none."""
    event = on.event
    if own:
        if not event.shipping_tax_field or not event.shipping_field:
            return None
        return plain(field(ir.Field(NOWHERE, event.shipping_tax_field), on), on)
    if not event.tax_field:
        return None
    inner = on.on_line()
    return plain(field(ir.LineField(NOWHERE, event.tax_field), inner), inner)


def sided(found: Number, side: ir.Side, own: bool, on: Scene) -> Number:
    """A price on lines, or of shipping, with tax or without."""
    prices = on.drawing.core.header.prices
    if not side or (prices, side) not in (("include", "without"), ("exclude", "with")):
        return found
    if side == "without":
        raise NotColumnar(f"{on.where}: prices that include tax are read without")
    rate = factor(own, on)
    if rate is None:
        return found
    span = on.safe(product(found.span, rate.span))
    return Number(on.op(ops.TIMES, not own, found.at, rate.at), 1, FINE, span, not own, span)


def factor(own: bool, on: Scene) -> Number | None:
    """One and the rate, of lines or of shipping, in ten-thousandths; None where there is no rate."""
    key = ("factor", own)
    found = on.make.kept.get(key)
    if found is None:
        rate = _rate(on, own)
        if rate is None:
            return None
        make, op = on.make, ops.QUOTIENT if own else ops.QUOTIENTS
        high = min(max(0, rate.span.high) // (BILLION // FINE), RATE_MAX * FINE)
        asked = make.scalar if own else make.vector
        at = asked(op, rate.at, k=BILLION // FINE, n=high)
        at = on.op(ops.LINEAR, not own, at, k=1, n=FINE)
        found = on.make.kept[key] = Number(at, 1, 1, Span(0, FINE + high), not own)
    result: Number = found
    return result
