"""Fields of an event, a line, a person, as rules read them, and the money of a line."""

from __future__ import annotations

from fractions import Fraction

from rules_engine import ir
from rules_engine.backends.reference import money
from rules_engine.backends.reference.carrier import pieces_of
from rules_engine.backends.reference.run import Env, Line, Val
from rules_engine.event import FieldValue
from rules_engine.values import RATE_DECIMALS_MAX

BILLION = 10**RATE_DECIMALS_MAX


def exact(value: FieldValue, field: ir.FieldDef | None) -> Val:
    """A rate is an integer of billionths, and is read as the fraction that it is."""
    is_rate = field is not None and field.kind == "rate"
    return Fraction(value, BILLION) if is_rate and isinstance(value, int) else value


def canonical(value: Val, field: ir.FieldDef) -> int | str | bool | Fraction | None:
    """The value as a state keeps it, the other way round; a fraction where that is no whole number."""
    assert not isinstance(value, tuple)
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        return value
    whole = Fraction(value) * (BILLION if field.kind == "rate" else 1)
    return whole.numerator if whole.denominator == 1 else whole


def line_of(env: Env) -> Line:
    """The line at hand."""
    assert env.line is not None, "a field of a line is read on a line"
    return env.line


def line_money(base: ir.Base, side: ir.Side, env: Env) -> Fraction | int:
    """A money base of the line at hand. Where nothing is about an event's money every base is the list price."""
    run = env.run
    event = run.event_kind()
    assert event is not None
    if run.basket is not None:
        return money.sum_of(pieces_of(env.number, run.basket.lines[env.number]), base, side, run)
    price = line_of(env).get(event.was_field) if base == "was" and event.was_field else None
    price = (line_of(env).get(event.list_field, 0) or 0) if price is None else price
    assert isinstance(price, int)
    return price * line_quantity(env) if event.list_each else price


def line_quantity(env: Env) -> int:
    """The units of the line at hand; 1 where no field says how many."""
    event = env.run.event_kind()
    assert event is not None
    pieces = line_of(env).get(event.quantity_field, 1) if event.quantity_field else 1
    assert isinstance(pieces, int)
    return pieces
