"""Which kinds of event go beside a run of the reference, and why the offers of some go by one step of it.

A few constructs of offers are rare at a checkout and intricate: they are not generated. Where an event meets one of
them the reference runs all its offers, as one step beside the generated function; `Python.stepped` names these kinds of
event and the reason for each. What is intricate in owning, paying and settling goes by single steps: see
`owning_stages`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules_engine import ir
from rules_engine.backends.python.offers_plain import reads_oddly
from rules_engine.backends.python.offers_plain import reasons as offers_reasons
from rules_engine.backends.python.owning_parts import limit_reason
from rules_engine.backends.python.owning_plain import reasons as owning_reasons
from rules_engine.backends.python.owning_plain import why_owning
from rules_engine.backends.reference import Reference


def why_stepped_offers(event: ir.EventDef, reference: Reference) -> str:
    """Why the offers of a kind of event go by one step of the reference; empty where they are generated."""
    return next(_reasons(event, reference), "") if event.name in reference.world.offered else ""


def _reasons(event: ir.EventDef, reference: Reference) -> Iterator[str]:
    program = reference.core
    yield from owning_reasons(event, reference)
    yield from offers_reasons(program, event)
    named = {rule.group for rule in program.offers if event.name in rule.events}
    for group in program.offer_groups:
        each = group.policy.choice == "best" and group.policy.per != "basket"
        if group.name in named and each and (group.limits or group.at_most is not None):
            yield f"the group {group.name} has limits, and gives each {group.policy.per} to the best"
    for limit in _limits(program.offers, program.offer_groups, event):
        why = limit_reason(limit, program)
        if why:
            yield why


def owns(event: ir.EventDef, reference: Reference) -> bool:
    """Whether a kind of event always goes beside a run of the reference, though its offers are generated."""
    if len(event.currencies) > 1:
        return True
    return any(True for _ in (*reads_oddly(reference.core, event), *why_owning(event, reference)))


def _limits(
    rules: Iterable[ir.OfferDef], groups: Iterable[ir.OfferGroupDef], event: ir.EventDef
) -> Iterator[ir.LimitDef]:
    """The limits that the offers of an event meet: their own, and those of their groups."""
    shared = {group.name: group.limits for group in groups}
    for rule in rules:
        if event.name in rule.events:
            yield from rule.limits
            yield from shared.get(rule.group, ())
