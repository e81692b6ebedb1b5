"""L114: a fixed catalogue price that may be higher than the price was."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View

PRICES = ("was", "list", "catalogue", "current")


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        if not isinstance(rule.core, ir.OfferDef) or rule.core.stage != "catalogue":
            continue
        prices = {view.events[name].list_field for name in rule.core.events}
        if any(view.events[name].priced_by_offers for name in rule.core.events):
            continue
        for each in rule.core.effects:
            if not isinstance(each, ir.DiscountDef) or each.verb != "price" or not isinstance(each.value, ir.Num):
                continue
            if not _looks((each.select.where, rule.core.when), prices):
                data = {"title": rule.title, "price": view.words(each.value.at)}
                yield Found(each.value.at.file, (each.value.at.start, each.value.at.end), data)


def _looks(conditions: tuple[ir.Expr | None, ...], prices: set[str]) -> bool:
    """Whether conditions look at the price."""
    return any(
        (isinstance(each, ir.LineMoney | ir.Basis) and each.base in PRICES)
        or (isinstance(each, ir.LineField) and each.name in prices)
        for each in ir.walk(conditions)
    )


LINT = Lint(
    "L114",
    "price-may-rise",
    "a catalogue price that may raise",
    '"{title}" sets the price to {price}, also where it was lower',
    "write `where price > {price}` if it shall only lower",
    "In the catalogue stage `price ... at` sets the price, up or down. A promotion that makes something dearer than the shelf "
    "says is against the law in most places.",
    bad="""\
catalogue offer "Five pounds each" { on purchase   automatic   price each unit where kind is toys at 5 GBP }
""",
    good="""\
catalogue offer "Five pounds each" {
  on        purchase
  automatic
  price     each unit where kind is toys and price > 5 GBP at 5 GBP
}
""",
    find=_find,
)
