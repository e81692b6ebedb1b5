"""What combines with what: how the offers of a stage and the rules of a group go together, and which pairs do not.

In: the core. Out: sentences, and a table of the offers that do not all go together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rules_engine import ir
from rules_engine.backends.reference import denied
from rules_engine.describing.said import Block, Grid, Item, Sentences, bare
from rules_engine.describing.words import named, several

_STAGES: Final = {
    "catalogue": "Catalogue prices",
    "item": "Item offers",
    "basket": "Basket offers",
    "shipping": "Shipping offers",
}
_CHOICES: Final = {
    "all": "all of them act",
    "first": "only the first that acts does",
    "best": "only the one that takes most off does",
    "best together": "those act that take most off together",
}
_WIDTHS: Final = {"unit": "piece", "line": "line", "basket": "order"}
_OFFERS_MAX: Final = 14


def combining(core: ir.Program) -> tuple[Block, ...]:
    """How rules go together; nothing where there is nothing to say."""
    sentences = [Item(each) for each in _sentences(core)]
    blocks: list[Block] = [Sentences(tuple(sentences))] if sentences else []
    table = _pairs(core)
    return (*blocks, table) if table is not None else tuple(blocks)


def _sentences(core: ir.Program) -> Iterator[str]:
    titles = {rule.key: f"“{bare(rule.title)}”" for rule in core.rules}
    titles |= {offer.key: f"“{bare(offer.title)}”" for offer in core.offers}
    for stage in core.stages:
        members = [each for each in core.offers if each.stage == stage.name]
        if len(members) > 1:
            yield f"{_STAGES[stage.name]}: {_policy(stage.policy, titles)}"
    for group in core.offer_groups:
        yield f"Group {named(group.name)}: {_policy(group.policy, titles)}"
        if group.shares_claims:
            yield f"Group {named(group.name)}: a piece that one of them has used is used for all"
        if group.at_most is not None:
            yield f"Group {named(group.name)}: at most {group.at_most} of them act on one order"
    for earned in core.groups:
        choice = "all of them act" if earned.choice == "all" else "only the first that gives something does"
        yield f"Group {named(earned.name)}: {choice}, in the order {several(titles[each] for each in earned.order)}"
    if len(core.tender) > 1:
        choice = "all of them" if core.tender_choice == "all" else "only the first that can"
        yield f"Paying with units: {choice}, in the order {several(_ordered(core.tender, titles))}"


def _policy(policy: ir.PolicyDef, titles: dict[str, str]) -> str:
    per = f", for each {_WIDTHS[policy.per]}" if policy.choice != "all" else ""
    order = f", in the order {several(_ordered(policy.order, titles))}" if len(policy.order) > 1 else ""
    codes = ", codes in the order in which they are given" if policy.of_codes else ""
    return f"{_CHOICES[policy.choice]}{per}{order}{codes}"


def _ordered(order: tuple[str, ...], titles: dict[str, str]) -> Iterator[str]:
    for key in order:
        yield titles.get(key, f"group {named(key.removeprefix('group '))}")


def _pairs(core: ir.Program) -> Grid | None:
    """Which offers go together, where not all do and the table can be read."""
    offers = core.offers
    if not 1 < len(offers) <= _OFFERS_MAX or all(each.consent is None or each.consent.rules is None for each in offers):
        return None
    rows = [(bare(one.title), *("" if one is two else _pair(one, two) for two in offers)) for one in offers]
    return Grid(("combines with", *(bare(each.title) for each in offers)), tuple(rows))


def _pair(one: ir.OfferDef, two: ir.OfferDef) -> str:
    width = denied(one, two)
    return "yes" if width is None else f"not on one {_WIDTHS[width]}"
