"""Offers as ops: stages, groups, what is asked of a rule, and what it takes off.

In: a scene of a priced kind of event. Out: rows of code, stage after stage. What has no columnar form is refused by
name.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.affine import affine
from rules_engine.backends.columnar.arithmetic import (
    Flag,
    Number,
    bounded,
    compared,
    constant,
    divided,
    on_lines,
    plain,
    times,
    total,
    whole,
)
from rules_engine.backends.columnar.expressions import condition, number, unless
from rules_engine.backends.columnar.making import Label, NotColumnar
from rules_engine.backends.columnar.scene import GUARDS, Scene
from rules_engine.backends.columnar.sectioning import in_section
from rules_engine.calendar import format_date, local_day
from rules_engine.spelling import normal_code

GROUP = "group "
STAGES: tuple[ir.Stage, ...] = ("catalogue", "item", "basket", "shipping")


def stages(on: Scene) -> None:
    """All stages; then what the event costs, and what became of its codes."""
    core, event = on.drawing.core, on.event
    coded = [offer for offer in core.offers if event.name in offer.events and offer.code is not None]
    if coded:
        on.presented = on.drawing.listed(event.name, event.codes_field)
    for stage in STAGES:
        members(on.drawing.world.policies[stage], on)
        name = "catalogue" if stage == "catalogue" else f"after {stage}"
        on.ended.add(name)
        if on.keeps_stages:
            on.make.put(ops.AFTER, vector := on.make.line_vector())
            on.after[name] = vector


def codes(on: Scene) -> None:
    """Say what became of the presented codes."""
    core, event = on.drawing.core, on.event
    if not event.codes_field:
        return
    row = on.drawing.listed(event.name, event.codes_field)
    rules: dict[int, int] = {}
    for offer in core.offers:
        if offer.code is None:
            continue
        here = event.name in offer.events
        for text in _texts(offer, on):
            code = on.drawing.code(text)
            if here and rules.get(code, -1) >= 0:
                raise NotColumnar(f'"{offer.title}": its code sets off another rule too')
            rules[code] = on.drawing.coded_rule(offer.key) if here else rules.get(code, -1)
    if any(each.code is not None for each in core.rules):
        raise NotColumnar(f"{event.name}: codes set off earns or rewards")
    known = sorted(rules)
    at = on.make.stretch([*known, *(rules[code] for code in known)])
    on.make.put(ops.CODED, b=at, k=row, n=len(known))


def _texts(offer: ir.OfferDef, on: Scene) -> tuple[str, ...]:
    assert offer.code is not None
    if offer.code.fact is not None:
        raise NotColumnar(f'"{offer.title}": the member has own codes')
    listed = offer.code.texts
    if offer.code.column:
        listed = (*listed, *sorted(on.drawing.world.codes[offer.code.column]))
    return tuple(dict.fromkeys(map(normal_code, listed)))


# ---- how members go together ----


def members(policy: ir.PolicyDef, on: Scene) -> int:
    """The members of a stage or group; the register that says whether one acted (-1: nobody asks)."""
    names = [name for name in policy.order if any(on.event.name in each.events for each in rules_of(name, on))]
    if policy.of_codes:
        waiting = [name for name in names if any(each.code is not None for each in rules_of(name, on))]
        if len(waiting) > 1:
            raise NotColumnar(f"{on.event.name}: offers are asked in the order of the presented codes")
        names = [*(name for name in names if name not in waiting), *waiting]
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
        return members(on.drawing.world.offer_groups[name.removeprefix(GROUP)].policy, on)
    return offer(on.drawing.world.offers[name], on)


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
    limited = int(any(limits_of(each, on) for name in names for each in rules_of(name, on)))
    on.make.put(ops.BEST, k=limited)
    for place, name in enumerate(names):
        with on.make.scope():
            acted = _member(name, on)
            on.make.put(ops.OR, found, found, acted)
            on.make.put(ops.TRIED, a=acted, k=limited, n=int(place + 1 == len(names)))
        on.make.changed()
    on.asks_acted = before
    return found


def _is_total(rule: ir.OfferDef, on: Scene) -> bool:
    """Whether all that a rule does is to take one amount off a total."""
    effect = rule.effects[0] if len(rule.effects) == 1 else None
    plain_total = isinstance(effect, ir.DiscountDef) and effect.grain == "total" and effect.steps is None
    return plain_total and rule.sets is None and rule.code is None and not limits_of(rule, on)


def _best_total(rules: Sequence[ir.OfferDef], on: Scene) -> int:
    """The best of some totals: each amount is worked out, then the one that takes most off is taken."""
    make, entries = on.make, list[int]()
    for rule in rules:
        on.where = f'"{rule.title}"'
        refuse(rule, on)
        effect = rule.effects[0]
        assert isinstance(effect, ir.DiscountDef)
        wanted, end = make.scalar(ops.CONST), Label()
        mask = _mask(effect, on)
        if mask is None:
            continue
        with make.scope():
            on.stopped = end
            unless(rule.dates, end, on)
            unless(rule.when, end, on)
            value = _total_of(effect, mask, end, on)
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
    with on.make.scope():
        on.stopped = end
        why = _set_off(rule, end, on)
        _dates(rule, end, why, on)
        limits = limits_of(rule, on)
        if on.guest and _needs_member(rule, on):
            _why(why, on.drawing.reason("members only"), on)
            on.make.to(on.make.put(ops.JUMP), end)
            limits, skipped = (), True
        else:
            skipped = False
        if not skipped:
            _asked(rule, limits, acted, end, why, on)
    on.stopped = None
    on.make.place(end)
    if why is not None:
        _tell(rule, why, on)
    on.make.changed()
    return acted


def _asked(
    rule: ir.OfferDef, limits: Sequence[ir.LimitDef], acted: int, end: Label, why: tuple[int, int] | None, on: Scene
) -> None:
    """What is asked of a rule that is set off, inside its dates, and what it then does."""
    _times(limits, end, why, on)
    _why(why, ops.C_CONDITIONS, on)
    unless(rule.when, end, on)
    _why(why, ops.C_NOTHING, on)
    by_amount = [one for one in limits if one.times is None and one.unit in ("", on.event.currency)]
    effect = rule.effects[0]
    assert isinstance(effect, ir.DiscountDef)
    _take(rule, effect, [on.drawing.limit(one, on.where) for one in by_amount], acted, end, on)
    for one in limits:
        if one.times is not None:
            on.make.put(ops.TAKE_TIMES, a=acted, k=on.drawing.limit(one, on.where))
    if why is not None:
        on.make.put(ops.CHOOSE, why[0], acted, on.make.scalar(ops.CONST, k=ops.C_ACTED), n=why[0])


_OF_MEMBER = (ir.MemberField, ir.TrackRead, ir.TierRead, ir.BalanceRead)


def _needs_member(rule: ir.OfferDef, on: Scene) -> bool:
    """Whether a rule does nothing for a guest: it counts for members, or asks something of one. Raises where it only
    may ask, or where a code would have to be told when it did."""
    if any(limit.owner == "member" for limit in limits_of(rule, on)):
        return True
    nodes = list(ir.walk((rule.when, rule.effects)))
    if not any(isinstance(node, _OF_MEMBER) for node in nodes):
        return False
    if rule.code is not None or any(isinstance(node, ir.Any | ir.Choose) for node in nodes):
        raise NotColumnar(f"{on.where}: it may ask something of a guest's member")
    return True


def _tell(rule: ir.OfferDef, why: tuple[int, int], on: Scene) -> None:
    """What became of the code, where it was presented."""
    end = Label()
    on.make.to(on.make.put(ops.UNLESS_IS, a=why[1], k=0, m=ops.COMPARES[">="]), end)
    on.make.put(ops.FATE, a=why[1], b=why[0], k=on.drawing.coded_rule(rule.key))
    on.make.place(end)


def refuse(rule: ir.OfferDef, on: Scene) -> None:
    """Raise for what offers may have that has no columnar form."""
    group = on.drawing.world.offer_groups.get(rule.group)
    effect = rule.effects[0] if rule.effects else None
    reasons = {
        "sets are formed": rule.sets is not None,
        "something has to be presented": rule.thing is not None,
        "it says something": bool(rule.says),
        "it does not go together with others": rule.consent is not None and rule.consent.rules is not None,
        "its group has room for some only": group is not None and (group.at_most is not None or group.shares_claims),
        "it has several effects": len(rule.effects) != 1,
        "it charges or adds something": not isinstance(effect, ir.DiscountDef),
        "members are held out of it": any(rule.key in each.rules for each in on.drawing.core.holdouts),
        "its code is told when an amount is used up": rule.code is not None
        and any(each.times is None for each in limits_of(rule, on)),
    }
    if isinstance(effect, ir.DiscountDef):
        reasons |= {
            "some units are picked": ir.by_unit(effect.select),
            "it is about shipping": effect.select.of != "lines" or rule.stage == "shipping",
            "it has a least price": effect.low is not None,
            "it goes by whole steps": effect.steps is not None,
            "a cut cancels it": effect.or_nothing or any(each.or_nothing for each in limits_of(rule, on)),
            "it splits evenly, or with tax": effect.split != "in proportion",
            "it sets prices in the catalogue": effect.verb == "price" and rule.stage == "catalogue",
            "units are capped together": effect.grain == "unit" and effect.high is not None,
            "it acts on sets": effect.grain == "set",
            "it takes nothing under a bound": effect.only_from is not None and effect.grain != "total",
        }
    found = next((why for why, holds in reasons.items() if holds), "")
    if found:
        raise NotColumnar(f"{on.where}: {found}")


def limits_of(rule: ir.OfferDef, on: Scene) -> tuple[ir.LimitDef, ...]:
    """The limits of a rule and its group."""
    group = on.drawing.world.offer_groups.get(rule.group)
    return (*rule.limits, *(group.limits if group is not None else ()))


def _set_off(rule: ir.OfferDef, end: Label, on: Scene) -> tuple[int, int] | None:
    """Where a rule waits for a code: the registers of why it did not act and of the code's place."""
    if rule.code is None:
        return None
    known = sorted(on.drawing.code(text) for text in _texts(rule, on))
    why = on.make.scalar(ops.CONST, k=ops.C_NOTHING)
    place = on.make.scalar(ops.HAS_CODE, k=on.make.stretch(known), m=on.presented, n=len(known))
    on.make.to(on.make.put(ops.UNLESS_IS, a=place, k=0, m=ops.COMPARES[">="]), end)
    return why, place


def _why(why: tuple[int, int] | None, reason: int, on: Scene) -> None:
    if why is not None:
        on.make.put(ops.CONST, why[0], k=reason)


def _dates(rule: ir.OfferDef, end: Label, why: tuple[int, int] | None, on: Scene) -> None:
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


# ---- one effect ----


def _mask(effect: ir.DiscountDef, on: Scene) -> int | None:
    """The vector of the lines that an effect selects; -1: all, None: never any."""
    held = True if effect.select.where is None else condition(effect.select.where, on.on_line())
    if isinstance(held, Flag):
        return held.at if held.lined else on.make.vector(ops.SPREAD_OUT, held.at)
    return -1 if held else None


def _total_of(effect: ir.DiscountDef, mask: int, end: Label, on: Scene) -> Number:
    """What an effect on a total wants, whole and capped; goes to `end` where it is under a bound."""
    element = on.on_element("total", mask)
    value = plain(number(effect.value, element), on)
    if effect.verb == "price":
        return _off_price(effect, value, element)
    if effect.only_from is not None:
        least = plain(number(effect.only_from, on), on)
        enough = compared(">=", bounded(value, _ZERO, "most", on), least, on)
        if isinstance(enough, Flag):
            on.make.to(on.make.put(ops.UNLESS, a=enough.at), end)
        elif not enough:
            on.make.to(on.make.put(ops.JUMP), end)
    value = divided(value, effect.rounding, element)
    if effect.high is None:
        return value
    high = divided(plain(number(effect.high, element), on), "down", on)
    return bounded(value, bounded(high, _ZERO, "most", on), "least", on)


def _take(rule: ir.OfferDef, effect: ir.DiscountDef, limits: list[int], acted: int, end: Label, on: Scene) -> None:
    make, mask = on.make, _mask(effect, on)
    if mask is None:
        make.to(make.put(ops.JUMP), end)
        return
    on.drawing.needs_rank = True
    if effect.grain == "unit":
        _take_units(rule, effect, mask, limits, acted, on)
        return
    if effect.grain == "total":
        value = _total_of(effect, mask, end, on)
        row = on.drawing.effect(rule.key, rule.stage, 0, (0, make.stretch(limits), len(limits), -1))
        make.put(ops.TAKE_TOTAL, acted, whole(value, 1, on).at, mask, row)
        return
    element = on.on_element("line", mask)
    value, cap = plain(number(effect.value, element), on), -1
    if effect.verb == "price":
        value = _off_price(effect, value, element)
    else:
        value = divided(value, effect.rounding, element)
        if effect.high is not None:
            cap = whole(divided(plain(number(effect.high, on.on_element("total", mask)), on), "down", on), 1, on).at
    row = on.drawing.effect(rule.key, rule.stage, 0, (0, make.stretch(limits), len(limits), cap))
    make.put(ops.TAKE_LINES, acted, whole(on_lines(value, on), 1, on).at, mask, row)


_ZERO = constant(0)


def _off_price(effect: ir.DiscountDef, value: Number, on: Scene) -> Number:
    """What a price takes off: what the element costs less the price, where that is above 0."""
    low = None if effect.low is None else plain(number(effect.low, on), on)
    high = None if effect.high is None else plain(number(effect.high, on), on)
    if low is not None or high is not None:
        raise NotColumnar(f"{on.where}: a price has bounds")
    price = bounded(divided(value, effect.rounding, on), _ZERO, "most", on)
    now = on.money(ir.Basis(_NOWHERE, "current"))
    return bounded(total([now, times(price, constant(-1), on)], on), _ZERO, "most", on)


_NOWHERE = ir.Origin(0, 0, 0)


def _take_units(rule: ir.OfferDef, effect: ir.DiscountDef, mask: int, limits: list[int], acted: int, on: Scene) -> None:
    """Each unit: an amount that is a rate of what it costs or listed at, and something fixed."""
    if effect.verb == "price" and (effect.low is not None or effect.high is not None):
        raise NotColumnar(f"{on.where}: a price has bounds")
    found = affine(effect.value)
    if found is None:
        raise NotColumnar(f"{on.where}: what each unit costs decides by a table or a field")
    if found.listed and not (on.event.list_each or not on.event.quantity_field):
        raise NotColumnar(f"{on.where}: the list price of a unit is read where lines have one for all units")
    den = lcm(*(part.denominator for part in (found.now, found.listed, found.fixed)))
    parts = [int(part * den) for part in (found.now, found.listed, found.fixed)]
    if (sum(map(abs, parts)) + 1) * GUARDS.total > 2**62:
        raise NotColumnar(f"{on.where}: a number could become too large")
    pool = [*parts, den, ops.MODES[effect.rounding], int(effect.verb == "price")]
    row = on.drawing.effect(rule.key, rule.stage, 0, (0, on.make.stretch(limits), len(limits), -1))
    on.make.put(ops.TAKE_UNITS, acted, b=mask, k=row, n=on.make.stretch(pool))
    on.by_unit = True
