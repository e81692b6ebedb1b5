"""Which offers are plain enough to be generated, and why others are not.

In: a program and a kind of event. Out: reasons; none where everything that its offers are made of is generated. Else
all its offers go by one step of the reference: exact, and slow.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rules_engine import ir
from rules_engine.backends.python.offers_reach import barriers
from rules_engine.backends.python.offers_tariff import tariff_of
from rules_engine.backends.python.partial import is_partial


def reasons(program: ir.Program, event: ir.EventDef) -> Iterator[str]:
    """Why the offers on a kind of event are not generated."""
    mine = [offer for offer in program.offers if event.name in offer.events]
    yield from _of_event(program, event, bool(mine))
    if not mine:
        return
    groups = {group.name: group for group in program.offer_groups}
    on = {offer.key for offer in mine}
    for stage in program.stages:
        yield from _of_policy(stage.policy, f"the {stage.name} stage", groups, on)
    for group in program.offer_groups:
        if any(offer.group == group.name for offer in mine):
            yield from _of_group(group, groups, on)
    ordered = any(stage.policy.of_codes for stage in program.stages)
    kept = barriers(program, event)
    ordered = ordered or any(group.policy.of_codes for group in program.offer_groups)
    if ordered and (kept or any(offer.consent is not None and offer.consent.rules is not None for offer in mine)):
        yield "some go together, and some in the order of codes"
    for offer in mine:
        if offer.key in kept:
            yield from (f'the offer "{offer.title}" {why}' for why in _of_kept(offer, event, groups, program))
        yield from (f'the offer "{offer.title}" {why}' for why in _of_offer(offer, program, event, groups))


def _of_event(program: ir.Program, event: ir.EventDef, offers: bool) -> Iterator[str]:
    if len(event.currencies) > 1:
        yield "it comes in several currencies"
    if event.floor_field and event.quantity_field and not event.list_each:
        yield "it has floors of lines"
    if not offers and not ir.is_priced(program, event):
        return
    if (event.priced_by_offers or not event.list_field) and tariff_of(program, event) is None:
        yield "offers price it, or nothing does"
    fields = event.lines.fields if event.lines is not None else event.fields
    for field in fields:
        if field.name in (event.list_field, event.quantity_field, event.was_field, event.floor_field) and field.low < 0:
            yield f"{field.name} may be negative"
        if field.name in (event.list_field, event.quantity_field) and field.optional:
            yield f"{field.name} may be absent"


def works_out_again(program: ir.Program, event: ir.EventDef) -> bool:
    """Whether an outcome has to keep what returns are worked out again from."""
    mine = [offer.on_return for offer in program.offers if event.name in offer.events]
    mine += [rule.on_return for rule in program.rules if event.name in rule.events]
    return event.returnable and any(each is not None and each.policy == "work out again" for each in mine)


def reads_oddly(program: ir.Program, event: ir.EventDef) -> Iterator[str]:
    """What earns and tracks read of an event's prices that only the reference reads."""
    rules = [rule for rule in program.rules if event.name in rule.events]
    tracks = [track for track in program.tracks if event.name in track.events]
    for node in ir.walk((tuple(rules), tuple(tracks))):
        if isinstance(node, ir.LineMoney) and node.side:
            yield "a rule asks for the other side of tax"
        if isinstance(node, ir.Picked) and ir.by_unit(node.select):
            yield "a rule reads picked units"
        if isinstance(node, ir.Fold) and node.of != "lines" and event.shipping_field:
            yield "a rule reads shipping"
        if isinstance(node, ir.PerCurrency | ir.CurrencyRead):
            yield "a rule goes by currency"
    if event.shipping_flag and any(track.by_line for track in tracks):
        yield "a track goes by the days of lines"


def _of_policy(policy: ir.PolicyDef, where: str, groups: dict[str, ir.OfferGroupDef], on: set[str]) -> Iterator[str]:
    entries = [entry for entry in policy.order if _met(entry, groups, on)]
    if policy.choice == "all" or len(entries) < (1 if policy.choice == "best together" else 2):
        return
    if policy.of_codes and policy.choice not in ("all", "first"):
        yield f"{where} takes the best in the order of codes"
    if policy.of_codes and policy.per != "basket":
        yield f"{where} takes the first of each {policy.per} in the order of codes"
    if policy.choice == "best together":
        yield f"{where} takes {policy.choice} per {policy.per}"
    if any(entry.startswith("group ") and entry not in on for entry in entries):
        yield f"{where} chooses among groups"


def _met(entry: str, groups: dict[str, ir.OfferGroupDef], on: set[str]) -> bool:
    if entry in on:
        return True
    group = groups.get(entry.removeprefix("group "))
    return group is not None and any(_met(each, groups, on) for each in group.policy.order)


def _of_group(group: ir.OfferGroupDef, groups: dict[str, ir.OfferGroupDef], on: set[str]) -> Iterator[str]:
    yield from _of_policy(group.policy, f"the group {group.name}", groups, on)


def _of_offer(
    offer: ir.OfferDef, program: ir.Program, event: ir.EventDef, groups: dict[str, ir.OfferGroupDef]
) -> Iterator[str]:
    group = groups.get(offer.group)
    limits = (*offer.limits, *(group.limits if group is not None else ()))
    yield from _of_set(offer, limits)
    inner = [effect for part in (offer.sets.parts if offer.sets is not None else ()) for effect in part.effects]
    discounts = [effect for effect in (*inner, *offer.effects) if isinstance(effect, ir.DiscountDef)]
    yield from _of_several(offer, discounts, limits)
    yield from _of_rivals(offer, program, group)
    for limit in limits:
        if limit.scope.by_line:
            yield "is limited by the days of lines"
        if limit.owner not in ("member", "shared", "event"):
            yield "is limited for other people"
        if not all(_is_plain_key(key, program, event) for key in limit.keys):
            yield "is limited by an unusual key"
    if group is not None and any(isinstance(key, ir.CodeRead) for limit in group.limits for key in limit.keys):
        yield "is limited by code in its group"
    yield from _of_reads(offer, event)
    for effect in discounts:
        yield from _of_discount(effect, offer, event, any(limit.times is None for limit in limits))


def _of_kept(
    offer: ir.OfferDef, event: ir.EventDef, groups: dict[str, ir.OfferGroupDef], program: ir.Program
) -> Iterator[str]:
    """What is not generated of an offer from which others may keep units."""
    if offer.code is not None:
        stage = next(stage.policy for stage in program.stages if stage.name == offer.stage)
        policies = [
            policy for policy in (stage, *(group.policy for group in groups.values())) if offer.key in policy.order
        ]
        plain = len(offer.effects) == 1 and isinstance(offer.effects[0], ir.DiscountDef) and offer.sets is None
        if not plain or any(policy.choice == "best" for policy in policies):
            yield "waits for a code, and others may keep units from it"
    for effect in offer.effects:
        if isinstance(effect, ir.DiscountDef) and any(isinstance(node, ir.Basis) for node in ir.walk(effect.high)):
            yield "is capped by what it acts on"
        if isinstance(effect, ir.DiscountDef) and event.quantity_field:
            bases = {
                node.base for node in ir.walk((effect.value, effect.low, effect.high)) if isinstance(node, ir.Basis)
            }
            if bases - ({"current", "list", "was"} if event.list_each else {"current"}):
                yield "reads of each unit what it cost before"


def _of_set(offer: ir.OfferDef, limits: tuple[ir.LimitDef, ...]) -> Iterator[str]:
    sets = offer.sets
    if sets is None:
        return
    inner = [effect for part in sets.parts for effect in part.effects]
    discounts = [*inner, *(effect for effect in offer.effects if isinstance(effect, ir.DiscountDef))]
    if any(part.ordering.how == "sorted" for part in sets.parts):
        yield "forms sets in the order of a value"
    if any(effect.select.pick is not None for effect in discounts):
        yield "picks units of sets"
    if any(effect.grain == "total" for effect in discounts):
        yield "takes off totals for each set"
    if any(effect.high is not None or effect.steps is not None or effect.only_from is not None for effect in discounts):
        yield "is capped over several sets"
    if any(effect.or_nothing for effect in inner) or any(limit.or_nothing for limit in limits):
        yield "forms sets, or nothing"
    if any(effect.or_nothing for effect in discounts):
        yield "forms sets, or nothing"


def _of_several(offer: ir.OfferDef, discounts: list[ir.DiscountDef], limits: tuple[ir.LimitDef, ...]) -> Iterator[str]:
    if any(each.split == "in proportion with tax" for each in discounts):
        yield "shares out by prices with tax"
    if any(each.steps is not None for each in discounts):
        yield "takes whole steps"
    nothing = any(limit.or_nothing for limit in limits)
    nothing = nothing or any(isinstance(each, ir.DiscountDef) and each.or_nothing for each in offer.effects)
    if nothing and len(offer.effects) > 1:
        yield "has several effects, or nothing"


def _of_rivals(offer: ir.OfferDef, program: ir.Program, group: ir.OfferGroupDef | None) -> Iterator[str]:
    stage = next(stage for stage in program.stages if stage.name == offer.stage)
    policies = (stage.policy, *([group.policy] if group else []))
    best = any(policy.choice == "best" and offer.key in policy.order for policy in policies)
    held = any(offer.key in holdout.rules for holdout in program.holdouts)
    single = len(offer.effects) == 1 and isinstance(offer.effects[0], ir.DiscountDef) and offer.sets is None
    if (best or held) and not single:
        yield "has several effects in a group that takes the best, or a holdout"
    if best and held:
        yield "is held out in a group that takes the best"
    if best and offer.says:
        yield "says something in a group that takes the best"


def _of_reads(offer: ir.OfferDef, event: ir.EventDef) -> Iterator[str]:
    filters: list[ir.Expr | None] = []
    for node in ir.records(msgspec.structs.replace(offer, limits=())):
        if isinstance(node, ir.Selection | ir.PartDef):
            filters.append(node.where)
        if isinstance(node, _UNWRITTEN):
            yield "reads what is not generated"
        if isinstance(node, ir.LineMoney | ir.Basis) and node.side:
            yield "asks for the other side of tax"
        if isinstance(node, ir.Picked) and ir.by_unit(node.select):
            yield "reads picked units"
        own = (isinstance(node, ir.Fold) and node.of != "lines") or (
            isinstance(node, ir.Picked) and node.select.of != "lines"
        )
        if own and event.shipping_field:
            yield "reads shipping"
    filters += [each.where for each in ir.records(offer.limits) if isinstance(each, ir.Selection | ir.PartDef)]
    if any(map(ir.asks_units, filters)):
        yield "asks what each unit costs"


def _is_plain_key(key: ir.Expr, program: ir.Program, event: ir.EventDef) -> bool:
    """Whether a counter's key is a value as it stands in the event or the facts."""
    match key:
        case ir.CodeRead():
            return True
        case ir.Field(name=name):
            fields = event.fields
        case ir.MemberField(name=name):
            fields = program.member
        case _:
            return False
    return any(each.name == name and each.kind in _KEYS for each in fields)


_KEYS = ("text", "choice", "flag", "count", "member", "date")

_UNWRITTEN = (ir.PerCurrency, ir.CurrencyRead, ir.CodeRead, ir.Stop, ir.AwardRead, ir.AwardPart, ir.Across)


def _of_discount(effect: ir.DiscountDef, offer: ir.OfferDef, event: ir.EventDef, limited: bool) -> Iterator[str]:
    pick = effect.select.pick
    if isinstance(pick, ir.PickEvery) and pick.ordering.how == "sorted":
        yield "picks units in the order of a value"
    if effect.verb == "price" and offer.stage == "catalogue" and limited:
        yield "sets prices in the catalogue under a limit"
    if effect.steps is not None and (limited or event.floor_field or effect.low is not None or effect.grain != "total"):
        yield "gives whole steps that something else may cut"
    if effect.only_from is not None and effect.verb == "price":
        yield "sets a price only from an amount"
    outer = [each for each in (effect.only_from, effect.high) if each is not None]
    plain = effect.grain == "total" and not is_partial(effect, offer.stage)
    outer = [] if effect.verb == "price" or plain else outer
    if any(isinstance(node, ir.Basis) for node in ir.walk(tuple(outer))):
        yield "is capped by what it acts on"
    units = event.quantity_field and (effect.grain == "unit" or pick is not None or offer.sets is not None)
    if units:
        bases = {node.base for node in ir.walk((effect.value, effect.low, effect.high)) if isinstance(node, ir.Basis)}
        if bases - ({"current", "list", "was"} if event.list_each else {"current"}):
            yield "reads of each unit what it cost before"
