"""Which offers keep units from which others, as far as it is known before an event comes.

In: a program and a kind of event. Out: by offer, in the order in which the reference tells of them, the offers asked
before it that keep units from it: in groups with `first per unit` or `first per line`, by claims, by consent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from rules_engine import ir

Per: TypeAlias = Literal["unit", "line", "basket"]
_STAGES: Final = ("catalogue", "item", "basket", "shipping")
_WIDTHS: Final = ("unit", "line", "basket")


class Barrier(msgspec.Struct, frozen=True):
    """An offer keeps another from the units, or lines, that it changed or claimed; `why` begins what a code is told."""

    maker: str
    per: Per
    changes: bool
    claims: bool
    why: str


def denied(one: ir.OfferDef, two: ir.OfferDef) -> Per | None:
    """On what two offers do not go together: the widest that a list names which leaves the other out."""
    named = [
        this.consent.on
        for this, that in ((one, two), (two, one))
        if this.consent is not None and this.consent.rules is not None and that.key not in this.consent.rules
    ]
    return max(named, key=_WIDTHS.index) if named else None


def is_listing(offer: ir.OfferDef) -> bool:
    """Whether an offer lists those that it goes together with."""
    return offer.consent is not None and offer.consent.rules is not None


def refusing(offers: Sequence[ir.OfferDef]) -> dict[str, tuple[str, ...]]:
    """By rule, the rules that it does not go together with on the same basket. Only lists keep rules apart."""
    listing = [offer for offer in offers if is_listing(offer)]
    return {
        offer.key: others
        for offer in (offers if listing else ())
        if (
            others := tuple(
                other.key
                for other in (offers if is_listing(offer) else listing)
                if other is not offer and denied(offer, other) == "basket"
            )
        )
    }


def barriers(program: ir.Program, event: ir.EventDef) -> dict[str, tuple[Barrier, ...]]:
    """By offer what may stand between it and some units."""
    offers = {offer.key: offer for offer in program.offers if event.name in offer.events}
    groups = {group.name: group for group in program.offer_groups}
    policies = {stage.name: stage.policy for stage in program.stages}
    asked = [
        each for name in _STAGES if name in policies for each in _asked(policies[name], groups) if each[0] in offers
    ]
    found = {}
    listing: list[int] = []
    for place, (key, policy) in enumerate(asked):
        own: list[Barrier] = []
        group = groups.get(offers[key].group)
        claiming = group is not None and group.shares_claims
        if policy.choice == "first" and policy.per != "basket":
            own += [Barrier(each, policy.per, True, False, "lost to") for each, of in asked[:place] if of is policy]
        for number in range(place) if claiming or is_listing(offers[key]) else listing:
            other, of = asked[number]
            if of is policy and policy.choice == "best":
                continue  # all start from the same basket
            on = denied(offers[key], offers[other])
            if on == "unit" or on == "line":
                own.append(Barrier(other, on, True, True, "shut out by"))
            if claiming and offers[other].group == offers[key].group:
                own.append(Barrier(other, "unit", False, True, "lost to"))
        if any(each.changes or offers[each.maker].sets is not None for each in own):
            found[key] = tuple(own)
        if is_listing(offers[key]):
            listing.append(place)
    return found


def _asked(policy: ir.PolicyDef, groups: dict[str, ir.OfferGroupDef]) -> Iterator[tuple[str, ir.PolicyDef]]:
    """The offers of a stage or group in the order in which they are asked, each with the policy that it stands in."""
    for entry in policy.order:
        group = groups.get(entry.removeprefix("group ")) if entry.startswith("group ") else None
        if group is None:
            yield entry, policy
        else:
            yield from _asked(group.policy, groups)
