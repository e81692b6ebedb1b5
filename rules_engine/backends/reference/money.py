"""Money of units: bases with their tax side, the carrier as an event brings it, tax and the price after offers.

Tax is worked out after all offers, per line or per unit. Prices without tax: the tax is the rounded product. Prices
with tax: the net is rounded and the tax is the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from rules_engine import ir
from rules_engine.allocation import spread_runs
from rules_engine.backends.reference.allotment import line_keys
from rules_engine.backends.reference.carrier import Basket, Piece, Place, Runs, Unit, joined, zipped
from rules_engine.backends.reference.run import Run
from rules_engine.event import FieldValue
from rules_engine.outcome import LinePrice, Price
from rules_engine.values import RATE_DECIMALS_MAX, round_fraction

BILLION = 10**RATE_DECIMALS_MAX


def sum_of(pieces: Iterable[Piece], base: ir.Base, side: ir.Side, run: Run) -> Fraction | int:
    """A money base over units; exact, as a tax side makes fractions."""
    if not side:
        return sum(piece.count * piece.unit.base(base) for piece in pieces)
    factors = [factor(place, side, run.world.core.header) for place in run.places]
    return sum((piece.count * piece.unit.base(base) * factors[piece.line] for piece in pieces), Fraction())


def factor(place: Place, side: ir.Side, header: ir.Header) -> Fraction:
    """From the price as it is to the price of a tax side."""
    if header.prices == "include" and side == "without":
        return 1 / (1 + place.rate)
    return 1 + place.rate if header.prices == "exclude" and side == "with" else Fraction(1)


# ---- the carrier as it is before offers ----


def open_basket(run: Run) -> None:
    """Make every line of the event at hand into units."""
    kind = run.event_kind()
    assert kind is not None
    keys = line_keys(kind, run.lines)
    ranks = {place: rank for rank, place in enumerate(sorted(range(len(keys)), key=keys.__getitem__))}
    places = [
        Place(number, ranks[number], line, bool(kind.shipping_flag) and line[kind.shipping_flag] is True, False,
              _rate(line.get(kind.tax_field) if kind.tax_field else None))
        for number, line in enumerate(run.lines)
    ]  # fmt: skip
    lines = [_line_runs(place, kind, run.world.core.header) for place in places]
    if kind.shipping_field:
        rate = _rate(run.fields.get(kind.shipping_tax_field) if kind.shipping_tax_field else None)
        places.append(Place(len(lines), len(lines), {}, True, True, rate))
        amount = _whole(run.fields.get(kind.shipping_field)) or 0
        lines.append(((1, Unit(None, amount, 0, amount)),))
    run.places, run.basket = tuple(places), Basket(tuple(lines)).acting


def _rate(value: FieldValue) -> Fraction:
    return Fraction(_whole(value) or 0, BILLION)


def _whole(value: FieldValue) -> int | None:
    assert value is None or isinstance(value, int)
    return value


def _line_runs(place: Place, kind: ir.EventDef, header: ir.Header) -> Runs:
    size = _whole(place.fields.get(kind.quantity_field)) if kind.quantity_field else 1
    count = max(0, 1 if size is None else size)

    def each(field: str) -> list[tuple[int, int | None]]:
        amount = _whole(place.fields.get(field)) if field else None
        if amount is None or kind.list_each:
            return [(count, amount)]
        return [*spread_runs(amount, [(count, 1, None)], header.remainder)]

    listed = each(kind.list_field) if kind.list_field or kind.priced_by_offers else [(count, 0)]
    pairs = [(some, (was, price)) for some, was, price in zipped(each(kind.was_field), listed)]
    return joined(
        (some, Unit(was, price, floor or 0, price or 0))
        for some, (was, price), floor in zipped(pairs, each(kind.floor_field))
    )


# ---- the price after offers ----


def unpriced(run: Run) -> Place | None:
    """The first line with a unit that no offer priced."""
    assert run.basket is not None
    return next(
        (place for place in run.places for _, unit in run.basket.lines[place.number] if unit.list is None),
        None,
    )


def price(run: Run) -> Price:
    """What the event costs as it stands."""
    assert run.basket is not None
    header = run.world.core.header
    lines = tuple(_line_price(place, run.basket.lines[place.number], header) for place in run.places)
    net = sum(line.net for place, line in zip(run.places, lines, strict=True) if not place.shipping)
    shipping = sum(line.net for place, line in zip(run.places, lines, strict=True) if place.shipping)
    charges = sum(charge.amount for act in run.basket.acts for charge in act.charges)
    tax = sum(line.tax for line in lines)
    on_top = tax if header.prices == "exclude" else 0
    return Price(run.currency, lines, net, shipping, charges, tax, net + shipping + charges + on_top)


def _line_price(place: Place, runs: Runs, header: ir.Header) -> LinePrice:
    listed, net = (sum(count * unit.base(base) for count, unit in runs) for base in ("list", "net"))
    if header.tax_per == "unit":
        return LinePrice(listed, net, sum(count * _tax(unit.now, place.rate, header) for count, unit in runs))
    return LinePrice(listed, net, _tax(net, place.rate, header))


def _tax(amount: int, rate: Fraction, header: ir.Header) -> int:
    mode = header.tax_rounding or "half up"
    if header.prices == "include":
        return amount - round_fraction(amount / (1 + rate), mode)
    return round_fraction(amount * rate, mode)
