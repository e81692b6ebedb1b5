"""Programs with offers left out, or in other company: cores changed by hand, for laws that compare two programs."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from rules_engine import ir


def without(core: ir.Program, gone: Collection[str]) -> ir.Program:
    """A program as if some offers had never been written."""
    groups = [_thinned(group, gone) for group in core.offer_groups]
    empty = {f"group {group.name}" for group in groups if not group.policy.order}
    stages = [msgspec.structs.replace(stage, policy=_policy(stage.policy, {*gone, *empty})) for stage in core.stages]
    holdouts = [
        msgspec.structs.replace(each, rules=tuple(rule for rule in each.rules if rule not in gone))
        for each in core.holdouts
    ]
    return msgspec.structs.replace(
        core,
        offers=tuple(offer for offer in core.offers if offer.key not in gone),
        offer_groups=tuple(group for group in groups if group.policy.order),
        stages=tuple(stage for stage in stages if stage.policy.order),
        holdouts=tuple(each for each in holdouts if each.rules),
    )


def _thinned(group: ir.OfferGroupDef, gone: Collection[str]) -> ir.OfferGroupDef:
    return msgspec.structs.replace(group, policy=_policy(group.policy, gone))


def _policy(policy: ir.PolicyDef, gone: Collection[str]) -> ir.PolicyDef:
    return msgspec.structs.replace(policy, order=tuple(name for name in policy.order if name not in gone))


def together(core: ir.Program, group: str, members: Collection[str]) -> ir.Program:
    """A program in which a group has only these members, and all of them act."""
    mine = {offer.key for offer in core.offers if offer.group == group}
    thin = without(core, mine - set(members))
    groups = tuple(
        msgspec.structs.replace(each, policy=msgspec.structs.replace(each.policy, choice="all"))
        if each.name == group
        else each
        for each in thin.offer_groups
    )
    return msgspec.structs.replace(thin, offer_groups=groups)
