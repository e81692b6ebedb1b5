"""Tariffs: a kind of event whose prices one plain offer makes, so that a price is worked out with its line.

In: an event that is priced by offers. Out: that offer, if there is one: it alone is in the catalogue, acts on every
line, and its price follows from the line, the event and the member's facts. What each line lists at is then known
before any other offer acts.
"""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.python import expressions, numbers
from rules_engine.backends.python.function import Function
from rules_engine.backends.python.offers_reach import barriers, refusing
from rules_engine.backends.python.passing import LATE
from rules_engine.backends.python.quoting import const
from rules_engine.outcome import Discount


def tariff_of(program: ir.Program, event: ir.EventDef) -> ir.OfferDef | None:
    """The offer that makes the prices of an event, where it is so plain."""
    others = (event.list_field, event.quantity_field, event.was_field, event.floor_field, event.shipping_field)
    if not event.priced_by_offers or any(others) or event.shipping_flag or len(event.currencies) > 1:
        return None
    mine = [offer for offer in program.offers if event.name in offer.events]
    found = [offer for offer in mine if offer.stage == "catalogue"]
    if len(found) != 1 or not _is_plain(found[0]):
        return None
    key = found[0].key
    asked = {each.maker for found in barriers(program, event).values() for each in found}
    asked |= {name for names in refusing(mine).values() for name in names}
    held = any(key in holdout.rules for holdout in program.holdouts)
    return None if held or key in asked or key in barriers(program, event) else found[0]


def _is_plain(offer: ir.OfferDef) -> bool:
    """Whether an offer prices every line, whatever else there is."""
    effect = offer.effects[0] if len(offer.effects) == 1 else None
    if not isinstance(effect, ir.DiscountDef) or effect.verb != "price" or effect.grain != "line":
        return False
    asked = (offer.code, offer.thing, offer.dates, offer.when, offer.sets, effect.low, effect.high, effect.only_from)
    plain = not any(each is not None for each in asked) and not (offer.limits or offer.group or offer.says)
    whole = effect.select.where is None and effect.select.pick is None and effect.select.of == "lines"
    return plain and whole and effect.steps is None and not effect.or_nothing and _is_known(effect.value)


def _is_known(value: ir.Expr) -> bool:
    """Whether a price can be worked out before any rule is asked."""
    unknown = (*LATE, ir.Basis, ir.LineMoney, ir.Fold, ir.Picked, ir.PerCurrency, ir.CurrencyRead, ir.CodeRead)
    return not any(
        isinstance(node, (*unknown, ir.LineKeys, ir.KeyFold))
        or (isinstance(node, ir.Choose) and any(isinstance(row.value, ir.Stop) for row in node.rows))
        for node in ir.walk(value)
    )


def set_tariff(function: Function) -> ir.OfferDef | None:
    """Let a function work out each line's price in its pass, where a tariff makes it; the tariff."""
    offer = tariff_of(function.module.program, function.event) if function.priced else None
    if offer is None:
        return None
    effect = offer.effects[0]
    assert isinstance(effect, ir.DiscountDef)
    names: dict[str, None] = {}
    function.trail.append(names)
    value = expressions.number(effect.value, function)
    function.trail.pop()
    function.early_names |= names
    whole = numbers.whole(numbers.rounded(value, effect.rounding))
    function.tariff = whole if value.positive else f"max({whole}, 0)"
    noted = Discount(offer.key, offer.stage, 0, 0, 0)
    function.tariff_noted = function.module.share("tariff", const(offer.key), offer.title, lambda: noted)
    return offer
