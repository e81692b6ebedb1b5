"""A program with a few rules of each shape: what is asked of all rules alike is asked of these.

In: a core and its plan. Out: a core that answers as the whole one does whatever hangs on what rules are made of, and
not on their constants or their number: which tracks, facts and units they read, whether an event can be generated, and
why not. Rules that others name, and rules that act on each other by name, all stay.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from rules_engine import ir
from rules_engine.backends.python.folding import memberships
from rules_engine.planning import Plan

KEPT = 2
"""So many rules of a shape stay: a choice begins with two."""


def thinned(core: ir.Program, plan: Plan) -> ir.Program:
    """The program with so few rules; where it has few anyway, the same."""
    if len(plan.shapes) * KEPT >= len(plan.rules):
        return core
    tied = {group.name for group in core.offer_groups if not _is_free(group.policy, group.shares_claims)}
    stages: set[str] = {stage.name for stage in core.stages if not _is_free(stage.policy, False)}
    named = memberships(core)
    read = {key for rule in core.rules for key in rule.reads} | {key for offer in core.offers for key in offer.reads}
    met: Counter[object] = Counter()
    kept: set[str] = set()
    every: tuple[ir.OfferDef | ir.RuleDef, ...] = (*core.offers, *core.rules)
    fixed = [_is_tied(every[shape.rules[0]], tied, stages) for shape in plan.shapes]
    for rule, found in zip(every, plan.rules, strict=True):
        like = found.shape, named.get(rule.key)
        if met[like] < KEPT or rule.key in read or fixed[found.shape]:
            met[like] += 1
            kept.add(rule.key)
    return _with(core, kept)


def _is_free(policy: ir.PolicyDef, claiming: bool) -> bool:
    """Whether the rules of a stage or group keep nothing from each other but the turn."""
    per_basket = policy.choice == "all" or policy.per == "basket"
    return per_basket and policy.choice != "best together" and not (claiming or policy.of_codes)


def _is_tied(rule: ir.OfferDef | ir.RuleDef, groups: set[str], stages: set[str]) -> bool:
    """Whether what a rule is depends on its constants, or on which other rules there are: all of a shape alike."""
    if isinstance(rule, ir.OfferDef):
        return rule.code is not None or rule.consent is not None or rule.group in groups or rule.stage in stages
    return rule.code is not None or any(isinstance(each, ir.GiveDef) and bool(each.facts) for each in rule.effects)


def _with(core: ir.Program, kept: set[str]) -> ir.Program:
    """The program with some of its rules."""

    def some(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple([name for name in names if name in kept or name.startswith("group ")])

    def policy(of: ir.PolicyDef) -> ir.PolicyDef:
        return msgspec.structs.replace(of, order=some(of.order))

    put = msgspec.structs.replace
    return put(
        core,
        offers=tuple([each for each in core.offers if each.key in kept]),
        rules=tuple([each for each in core.rules if each.key in kept]),
        stages=tuple([put(each, policy=policy(each.policy)) for each in core.stages]),
        offer_groups=tuple([put(each, policy=policy(each.policy)) for each in core.offer_groups]),
        groups=tuple([put(each, order=some(each.order)) for each in core.groups]),
        holdouts=tuple([put(each, rules=some(each.rules)) for each in core.holdouts]),
        tracks=tuple([put(each, rules=some(each.rules)) if each.rules else each for each in core.tracks]),
        tender=some(core.tender),
    )
