"""Offers as ops: stages, groups, what is asked of a rule, and what it takes off.

In: a scene of a priced kind of event. Out: rows of code, stage after stage. What has no columnar form is refused by
name.
"""

from __future__ import annotations

from collections.abc import Sequence

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing import effects, leaving, presenting, shipping
from rules_engine.backends.columnar.writing.arithmetic import (
    whole,
)
from rules_engine.backends.columnar.writing.expressions import unless
from rules_engine.backends.columnar.writing.making import Label, NotColumnar
from rules_engine.backends.columnar.writing.scene import Scene
from rules_engine.backends.columnar.writing.sectioning import in_section
from rules_engine.calendar import format_date, local_day

GROUP = "group "
STAGES: tuple[ir.Stage, ...] = ("catalogue", "item", "basket", "shipping")


def stages(on: Scene) -> None:
    """All stages; then what the event costs, and what became of its codes."""
    core, event = on.drawing.core, on.event
    coded = [offer for offer in core.offers if event.name in offer.events and offer.code is not None]
    if coded:
        on.presented = on.drawing.listed(event.name, event.codes_field)
    here = [offer for stage in STAGES for offer in _in_order(on.drawing.world.policies[stage], on)]
    listing = [offer for offer in here if _lists(offer)]
    for offer in here:
        others = here if _lists(offer) else listing
        if any(on.drawing.apart(offer, other) for other in others if other is not offer):
            on.acted[offer.key] = on.make.scalar(ops.CONST)
        presenting.opened(offer, on)
    for stage in STAGES:
        _together(on.drawing.world.policies[stage], on)
        name = "catalogue" if stage == "catalogue" else f"after {stage}"
        on.ended.add(name)
        if on.keeps_stages:
            on.make.put(ops.AFTER, vector := on.make.line_vector())
            on.after[name] = vector
            shipping.after(name, on)
    presenting.taken(on)


def _lists(offer: ir.OfferDef) -> bool:
    """Whether an offer lists those that it goes together with."""
    return offer.consent is not None and offer.consent.rules is not None


def _in_order(policy: ir.PolicyDef, on: Scene) -> tuple[ir.OfferDef, ...]:
    """The rules of a stage on this kind of event, in the order in which they are asked."""
    return tuple(each for name in policy.order for each in rules_of(name, on) if on.event.name in each.events)


def codes(on: Scene) -> None:
    """Say what became of the presented codes."""
    core, event = on.drawing.core, on.event
    if not event.codes_field:
        return
    row = on.drawing.listed(event.name, event.codes_field)
    rules: dict[int, int] = {}
    both: tuple[ir.OfferDef | ir.RuleDef, ...] = (*core.offers, *core.rules)
    for offer in both:
        if offer.code is None:
            continue
        here = event.name in offer.events
        for text in presenting.texts_of(offer, on):
            code = on.drawing.code(text)
            if here and rules.get(code, -1) >= 0:
                raise NotColumnar(f'"{offer.title}": its code sets off another rule too')
            rules[code] = on.drawing.coded_rule(offer.key) if here else rules.get(code, -1)
    known = sorted(rules)
    at = on.make.stretch([*known, *(rules[code] for code in known)])
    on.make.put(ops.CODED, b=at, k=row, n=len(known))


# ---- how members go together ----


def members(policy: ir.PolicyDef, on: Scene) -> int:
    """The members of a stage or group; the register that says whether one acted (-1: nobody asks)."""
    names = [name for name in policy.order if any(on.event.name in each.events for each in rules_of(name, on))]
    if policy.of_codes:
        waiting = [name for name in names if any(each.code is not None for each in rules_of(name, on))]
        names = [*(name for name in names if name not in waiting), *waiting]
        if len(waiting) > 1:
            if policy.choice != "all" or len(waiting) > TURNS_MAX or any(name.startswith(GROUP) for name in waiting):
                raise NotColumnar(f"{on.event.name}: offers are asked in the order of the presented codes")
            return _in_turn(names, waiting, on)
    if policy.choice != "all":
        coded = [name for name in names if not name.startswith(GROUP) and rules_of(name, on)[0].code is not None]
        why = f"{on.event.name}: a group of rules with codes takes the {policy.choice}"
        leaving.left([on.drawing.world.offers[name] for name in coded], why, on)
        names = [name for name in names if name not in coded]
    if policy.per != "basket" and policy.choice in ("first", "best"):
        raise NotColumnar(f"{on.event.name}: the {policy.choice} of a group is chosen per {policy.per}")
    match policy.choice:
        case "all":
            return _all(names, on)
        case "first":
            return _first(names, on)
        case "best":
            return _best(names, on)
        case _:
            raise NotColumnar(f"{on.event.name}: the best together of a group are chosen")


def rules_of(name: str, on: Scene) -> tuple[ir.OfferDef, ...]:
    """The rules of a member."""
    if not name.startswith(GROUP):
        return (on.drawing.world.offers[name],)
    order = on.drawing.world.offer_groups[name.removeprefix(GROUP)].policy.order
    return tuple(each for member in order for each in rules_of(member, on))


def _member(name: str, on: Scene) -> int:
    """One member; the register that says whether it acted."""
    if name.startswith(GROUP):
        return _together(on.drawing.world.offer_groups[name.removeprefix(GROUP)].policy, on)
    rule = on.drawing.world.offers[name]
    return leaving.written(lambda: offer(rule, on), (rule,), on)


def _together(policy: ir.PolicyDef, on: Scene) -> int:
    """The members of a stage or group, where they go together in a way that columns know."""
    return leaving.written(lambda: members(policy, on), _in_order(policy, on), on)


def _all(names: Sequence[str], on: Scene) -> int:
    if len(names) == 1:
        return _member(names[0], on)
    found = on.make.scalar(ops.CONST)

    def one(name: str) -> None:
        with on.make.scope():
            acted = _member(name, on)
            if on.asks_acted:
                on.make.put(ops.OR, found, found, acted)

    # A group is asked by itself: what is found are rules.
    row: list[str] = []
    for name in [*names, ""]:
        if name and not name.startswith(GROUP):
            row.append(name)
            continue
        in_section(row, one, on)
        row = []
        if name:
            one(name)
    return found


def _in_turn(names: Sequence[str], waiting: Sequence[str], on: Scene) -> int:
    """Rules that wait for codes in the order in which these are presented, after the others: each stands once in each
    turn, and acts in its own. One without its code has no turn."""
    make = on.make
    others = [name for name in names if name not in waiting]
    found = _all(others, on) if others else make.scalar(ops.CONST)
    found = make.scalar(ops.COPY, found)
    places = [presenting.place_of(on.drawing.world.offers[name], on) for name in waiting]
    turns = []
    for number, place in enumerate(places):
        turn = make.scalar(ops.CONST)
        for other, its in enumerate(places):
            if other != number:
                before = make.scalar(ops.COMPARE, its, place, m=ops.COMPARES["<" if number < other else "<="])
                there = make.scalar(ops.IS, its, k=0, m=ops.COMPARES[">="])
                make.put(ops.LINEAR, turn, turn, make.scalar(ops.AND, before, there), 1, 1)
        absent = make.scalar(ops.IS, place, k=0, m=ops.COMPARES["<"])
        make.put(ops.LINEAR, turn, turn, absent, 1, len(places))
        turns.append(turn)
    for time in range(len(waiting)):
        for name, turn in zip(waiting, turns, strict=True):
            end = Label()
            make.to(make.put(ops.UNLESS_IS, a=turn, k=time, m=ops.COMPARES["="]), end)
            with make.scope():
                make.put(ops.OR, found, found, _member(name, on))
            make.place(end)
            make.changed()
    return found


TURNS_MAX = 4
"""Of how many rules that wait for codes the order is followed: each stands on the tape as many times."""


def _first(names: Sequence[str], on: Scene) -> int:
    if any(each.code is not None for name in names for each in rules_of(name, on)):
        raise NotColumnar(f"{on.event.name}: a group of rules with codes takes the first")
    found, end = on.make.scalar(ops.CONST), Label()
    before, on.asks_acted = on.asks_acted, True
    for name in names:
        on.make.put(ops.COPY, found, _member(name, on))
        on.make.to(on.make.put(ops.WHERE, a=found), end)
    on.asks_acted = before
    on.make.place(end)
    return found


def _best(names: Sequence[str], on: Scene) -> int:
    """Every member is tried from the same start."""
    if any(each.code is not None for name in names for each in rules_of(name, on)):
        raise NotColumnar(f"{on.event.name}: a group of rules with codes takes the best")
    rules = [rule for name in names if not name.startswith(GROUP) for rule in rules_of(name, on)]
    asking = on.guest and any(_needs_member(rule, on) for rule in rules)
    if len(rules) == len(names) and not asking and all(_is_total(rule, on) for rule in rules):
        return _best_total(rules, on)
    found = on.make.scalar(ops.CONST)
    before, on.asks_acted = on.asks_acted, True
    tried, on.trying = on.trying, True
    limited = int(any(limits_of(each, on) for name in names for each in rules_of(name, on)))
    on.make.put(ops.BEST, k=limited, m=int(on.more))
    for place, name in enumerate(names):
        with on.make.scope():
            acted = _member(name, on)
            on.make.put(ops.OR, found, found, acted)
            on.make.put(ops.TRIED, a=acted, k=limited, m=int(on.more), n=int(place + 1 == len(names)))
        on.make.changed()
    on.asks_acted, on.trying = before, tried
    return found


def _is_total(rule: ir.OfferDef, on: Scene) -> bool:
    """Whether all that a rule does is to take one amount off a total."""
    effect = rule.effects[0] if len(rule.effects) == 1 else None
    plain_total = isinstance(effect, ir.DiscountDef) and effect.grain == "total" and effects.is_plain(effect, on)
    return (
        plain_total
        and rule.key not in on.acted
        and not rule.says
        and rule.sets is None
        and rule.thing is None
        and rule.code is None
        and not limits_of(rule, on)
        and not _refused(rule, on)
    )


def _best_total(rules: Sequence[ir.OfferDef], on: Scene) -> int:
    """The best of some totals: each amount is worked out, then the one that takes most off is taken."""
    make, entries = on.make, list[int]()
    for rule in rules:
        on.where = f'"{rule.title}"'
        refuse(rule, on)
        effect = rule.effects[0]
        assert isinstance(effect, ir.DiscountDef)
        wanted, end = make.scalar(ops.CONST), Label()
        mask = effects.mask_of(effect, on)
        if mask is None:
            continue
        with make.scope():
            on.stopped = end
            unless(rule.dates, end, on)
            unless(rule.when, end, on)
            value = effects.total_of(effect, "total", mask, end, on)
            make.put(ops.COPY, wanted, whole(value, 1, on).at)
        on.stopped = None
        make.place(end)
        row = on.drawing.effect(rule.key, rule.stage, 0, (0, 0, 0, -1))
        entries += [wanted, mask, row]
    on.drawing.needs_rank = True
    acted = make.scalar(ops.PICK_TOTAL, k=make.stretch(entries), n=len(entries) // 3)
    make.changed()
    return acted


# ---- one offer ----


def offer(rule: ir.OfferDef, on: Scene) -> int:
    """One rule; the register that says whether it acted."""
    on.where = f'"{rule.title}"'
    refuse(rule, on)
    acted, end = on.make.scalar(ops.CONST), Label()
    several, picks, place = len(rule.effects) > 1, False, -1
    if several:
        picks = any(isinstance(each, ir.DiscountDef) and each.select.pick for each in rule.effects[1:])
        on.make.put(ops.RULE, k=(place := len(on.make.code)), m=int(picks))
        on.by_unit = on.by_unit or picks
    with on.make.scope():
        on.stopped = end
        why = _set_off(rule, end, on)
        dates(rule, end, why, on)
        limits = limits_of(rule, on)
        if on.guest and _needs_member(rule, on):
            _why(why, on.drawing.reason("members only"), on)
            on.make.to(on.make.put(ops.JUMP), end)
            limits, skipped = (), True
        else:
            skipped = False
        if not skipped:
            _asked(rule, limits, acted, end, why, place if several and picks else -1, on)
    on.stopped = None
    on.make.place(end)
    if several:
        on.make.put(ops.ACTED, a=acted, k=place)
    if why is not None:
        tell(rule, why, on)
    on.make.changed()
    if rule.says:
        silent = Label()
        on.make.to(on.make.put(ops.UNLESS, a=acted), silent)
        for text in rule.says:
            on.make.put(ops.SAY, k=on.drawing.says(rule.key, text))
        on.make.place(silent)
    if rule.key in on.acted:
        on.make.put(ops.OR, on.acted[rule.key], on.acted[rule.key], acted)
    presenting.acts(rule, acted, on)
    return acted


def _apart(rule: ir.OfferDef, end: Label, why: tuple[int, int] | None, on: Scene) -> None:
    """Where a rule acted that this one does not go together with, this one does not act."""
    offers = on.drawing.world.offers
    for key, acted in on.acted.items():
        if key != rule.key and on.drawing.apart(rule, offers[key]):
            _why(why, on.drawing.reason(f"shut out by {offers[key].title}"), on)
            on.make.to(on.make.put(ops.WHERE, a=acted), end)


def _asked(
    rule: ir.OfferDef,
    limits: Sequence[ir.LimitDef],
    acted: int,
    end: Label,
    why: tuple[int, int] | None,
    acting: int,
    on: Scene,
) -> None:
    """What is asked of a rule that is set off, inside its dates, and what it then does."""
    presenting.asked(rule, end, on)
    _times(limits, end, why, on)
    _apart(rule, end, why, on)
    _why(why, ops.C_CONDITIONS, on)
    unless(rule.when, end, on)
    _why(why, ops.C_NOTHING, on)
    by_amount = [one for one in limits if one.times is None and one.unit in ("", on.event.currency)]
    rows = [on.drawing.limit(one, on.where) for one in by_amount]
    for number, effect in enumerate(rule.effects):
        did = effects.run(effects.Doing(rule, number, rows, len(rule.effects) > 1, acting), effect, on)
        on.make.put(ops.OR, acted, acted, did)
    for one in limits:
        if one.times is not None:
            on.make.put(ops.TAKE_TIMES, a=acted, k=on.drawing.limit(one, on.where))
    if why is not None:
        on.make.put(ops.CHOOSE, why[0], acted, on.make.scalar(ops.CONST, k=ops.C_ACTED), n=why[0])


_OF_MEMBER = (ir.MemberField, ir.TrackRead, ir.TierRead, ir.BalanceRead)


def _needs_member(rule: ir.OfferDef, on: Scene) -> bool:
    """Whether a rule does nothing for a guest: it counts for members, or asks something of one. Raises where it only
    may ask, or where a code would have to be told when it did."""
    if rule.thing is not None or any(limit.owner == "member" for limit in limits_of(rule, on)):
        return True
    nodes = list(ir.walk((rule.when, rule.effects)))
    if not any(isinstance(node, _OF_MEMBER) for node in nodes):
        return False
    if rule.code is not None or any(isinstance(node, ir.Any | ir.Choose) for node in nodes):
        raise NotColumnar(f"{on.where}: it may ask something of a guest's member")
    return True


def tell(rule: ir.OfferDef | ir.RuleDef, why: tuple[int, int], on: Scene) -> None:
    """What became of the code, where it was presented."""
    end = Label()
    on.make.to(on.make.put(ops.UNLESS_IS, a=why[1], k=0, m=ops.COMPARES[">="]), end)
    on.make.put(ops.FATE, a=why[1], b=why[0], k=on.drawing.coded_rule(rule.key))
    on.make.place(end)


def refuse(rule: ir.OfferDef, on: Scene) -> None:
    """Raise for what offers may have that has no columnar form."""
    found = _refused(rule, on)
    if found:
        raise NotColumnar(f"{on.where}: {found}")


def _refused(rule: ir.OfferDef, on: Scene) -> str:
    """What an offer has that has no columnar form."""
    group = on.drawing.world.offer_groups.get(rule.group)
    by_amount = any(each.times is None for each in limits_of(rule, on))
    others = [each for each in on.drawing.core.offers if each is not rule and on.event.name in each.events]
    stops = [any(isinstance(node, ir.Stop) for node in ir.walk(effect)) for effect in rule.effects]
    reasons = {
        "sets are formed": rule.sets is not None,
        presenting.refused(rule, on): True,
        "it does not go together with others on the same unit or line": any(
            on.drawing.apart(rule, each) in ("unit", "line") for each in others
        ),
        "the best of rules is chosen that do not all go together": on.trying
        and any(on.drawing.apart(rule, each) for each in others),
        "its group has room for some only": group is not None and (group.at_most is not None or group.shares_claims),
        "a table ends it after an effect": any(stops[1:]),
        "members are held out of it": any(rule.key in each.rules for each in on.drawing.core.holdouts),
        "its code is told when an amount is used up": rule.code is not None and by_amount,
        "a cut cancels it": any(each.or_nothing for each in limits_of(rule, on)),
    }
    found = next((why for why, holds in reasons.items() if why and holds), "")
    for effect in rule.effects:
        if not found and isinstance(effect, ir.DiscountDef):
            found = effects.refused(rule, effect, by_amount, on)
    return found


def limits_of(rule: ir.OfferDef, on: Scene) -> tuple[ir.LimitDef, ...]:
    """The limits of a rule and its group."""
    group = on.drawing.world.offer_groups.get(rule.group)
    return (*rule.limits, *(group.limits if group is not None else ()))


def _set_off(rule: ir.OfferDef, end: Label, on: Scene) -> tuple[int, int] | None:
    """Where a rule waits for a code: the registers of why it did not act and of the code's place."""
    if rule.code is None:
        return None
    why = on.make.scalar(ops.CONST, k=ops.C_NOTHING)
    place = presenting.place_of(rule, on)
    on.make.to(on.make.put(ops.UNLESS_IS, a=place, k=0, m=ops.COMPARES[">="]), end)
    return why, place


def _why(why: tuple[int, int] | None, reason: int, on: Scene) -> None:
    if why is not None:
        on.make.put(ops.CONST, why[0], k=reason)


def dates(rule: ir.OfferDef | ir.RuleDef, end: Label, why: tuple[int, int] | None, on: Scene) -> None:
    """Go to `end` outside its dates."""
    parts = rule.dates.parts if isinstance(rule.dates, ir.All) else (rule.dates,)
    for part in parts:
        if why is not None and part is not None:
            _why(why, on.drawing.reason(_outside(part, on)), on)
        unless(part, end, on)


def _outside(part: ir.Expr, on: Scene) -> str:
    """What a code is told that came outside the dates of its rule."""
    if not isinstance(part, ir.Cmp) or not isinstance(part.right, ir.Num):
        return "conditions not met"
    last = part.right.num - 1 if part.op == "<" else part.right.num
    left = part.left
    moment = isinstance(left, ir.Now)
    if isinstance(left, ir.Field):
        moment = on.drawing.world.fields[on.event.name, left.name].kind == "instant"
    if moment:
        last = local_day(last, on.drawing.world.zone)
    return f"not before {format_date(last)}" if part.op in (">=", ">") else f"ended on {format_date(last)}"


def _times(limits: Sequence[ir.LimitDef], end: Label, why: tuple[int, int] | None, on: Scene) -> None:
    for limit in limits:
        if limit.times is not None:
            _why(why, ops.C_USED, on)
            left = on.make.scalar(ops.TIMES_LEFT, k=on.drawing.limit(limit, on.where))
            on.make.to(on.make.put(ops.UNLESS_IS, a=left, k=1, m=ops.COMPARES[">="]), end)
