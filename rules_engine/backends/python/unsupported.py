"""Which kinds of event are handed to the reference, and why; and which of the others go beside a run of the reference.

A few constructs of offers are rare at a checkout and intricate: they are not generated. An event that meets one of them
is scored by the reference, which is exact and slow; `Python.delegated` names these kinds of event and the reason for
each. What is intricate in owning, paying and settling goes by single steps: see `owning_stages`.
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


def reason(event: ir.EventDef, reference: Reference) -> str:
    """Why a kind of event is not generated; empty where it is."""
    return next(_reasons(event, reference), "")


def _reasons(event: ir.EventDef, reference: Reference) -> Iterator[str]:
    program = reference.core
    yield from owning_reasons(event, reference)
    yield from offers_reasons(program, event)
    for limit in _limits(program.offers, program.offer_groups, event):
        why = limit_reason(limit, program)
        if why:
            yield why


def owns(event: ir.EventDef, reference: Reference) -> bool:
    """Whether a kind of event always goes beside a run of the reference."""
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
