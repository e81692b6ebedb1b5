"""L101: percentages of one price that together take all of it, or more."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import Rule, View
from rules_engine.solving import acting, meeting

STILL = ("was", "list", "catalogue")
"""Bases that stay as they are while offers take off: percentages of them add up. Those of `current` never reach all."""

MANY = 60
"""So many offers of an event, the steepest, are looked at with each other."""


def _find(view: View) -> Iterator[Found]:
    for event in view.core.events:
        if event.floor_field:
            continue
        shares = [(share, rule) for rule in view.rules if (share := _share(rule, event)) is not None]
        steepest = sorted(shares, key=lambda each: -each[0])[:MANY]
        for at in range(len(steepest)):
            yield from _together(steepest[at:], event, view)


def _together(shares: list[tuple[Fraction, Rule]], event: ir.EventDef, view: View) -> Iterator[Found]:
    """The first offer with those below it that all act together with it, as soon as nothing is left of the price."""
    total, met = Fraction(0), list[Rule]()
    if sum(share for share, _ in shares) < 1:
        return
    for share, rule in shares:
        if all(_meet(rule, each, event, view) for each in met):
            total, met = total + share, [*met, rule]
        if total >= 1:
            *first, last = sorted(met, key=lambda each: (each.file, each.node.span))
            labels = tuple(view.label(each.file, each.node.title.span, "together with this one") for each in first)
            data = {"titles": _listed(first, last), "percent": f"{round(total * 100)}%"}
            yield Found(last.file, last.node.title.span, data, labels)
            return


def _listed(first: list[Rule], last: Rule) -> str:
    return ", ".join(f'"{each.title}"' for each in first) + f' and "{last.title}"'


def _share(rule: Rule, event: ir.EventDef) -> Fraction | None:
    """Which part of its price an offer takes off a unit, where nothing holds it; one that takes all means to."""
    offer = rule.core
    if not isinstance(offer, ir.OfferDef) or event.name not in offer.events or offer.sets is not None:
        return None
    for each in offer.effects:
        match each:
            case ir.DiscountDef(verb="take", low=None, high=None, value=ir.Mul(left=ir.Num() as part, right=base)):
                if isinstance(base, ir.Basis) and base.base in STILL and each.select.pick is None:
                    return Fraction(part.num, part.den) if part.num < part.den else None
            case _:
                pass
    return None


def _meet(rule: Rule, other: Rule, event: ir.EventDef, view: View) -> bool:
    """Whether both may act on one unit: no consent, no choice and no condition stands between them."""
    one, two = rule.core, other.core
    assert isinstance(one, ir.OfferDef)
    assert isinstance(two, ir.OfferDef)
    if any(_alone(each, more) for each, more in ((one, two), (two, one))):
        return False
    if one.stage == two.stage and _chosen(one, two, view):
        return False
    if one.group and one.group == two.group and getattr(view.groups[one.group], "at_most", None) == 1:
        return False
    return meeting(acting(one), acting(two), event, "unit", view.known((event.name,))) is not None


def _alone(one: ir.OfferDef, other: ir.OfferDef) -> bool:
    return one.consent is not None and one.consent.rules is not None and other.key not in one.consent.rules


def _chosen(one: ir.OfferDef, two: ir.OfferDef, view: View) -> bool:
    """Whether a stage or a group lets one of two act, not both."""
    if one.group and one.group == two.group:
        group = view.groups[one.group]
        return isinstance(group, ir.OfferGroupDef) and (group.policy.choice != "all" or group.shares_claims)
    stage = next((each for each in view.core.stages if each.name == one.stage), None)
    return stage is not None and stage.policy.choice != "all"


LINT = Lint(
    "L101",
    "discount-past-all",
    "discounts that together take all of a price",
    "{titles} together take {percent} of the price",
    "write `never below ...` behind one of them, take a percentage of `current`, or let them choose: `competes in` a group "
    "with `best`",
    "Percentages of the list price add up, whatever was taken before. Two offers that nobody thought of together then "
    "give goods away. Percentages of `current` are of what is left, and never reach all of it.",
    bad="""\
group deals { all in order "Sale", "Clearance" }

basket offer "Sale" { on purchase   automatic   take 60% of list off each line   competes in deals }

basket offer "Clearance" {
  on        purchase
  automatic
  when      channel is web
  take      40% of list off each line where kind is toys
  competes in deals
}
""",
    good="""\
group deals { all in order "Sale", "Clearance" }

basket offer "Sale" { on purchase   automatic   take 60% of list off each line   competes in deals }

basket offer "Clearance" {
  on        purchase
  automatic
  when      channel is web
  take      40% of current off each line where kind is toys
  competes in deals
}
""",
    find=_find,
)
