"""What an effect of an offer does, as ops: a discount, a charge, a gift.

In: a scene, a rule and its effect. Out: rows of code. Discounts of the plain form have ops of their own; all others
are one row of `TAKE`, which does what the reference does in the reference's order.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm

import msgspec

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar import terms
from rules_engine.backends.columnar.writing import taxes
from rules_engine.backends.columnar.writing.affine import affine
from rules_engine.backends.columnar.writing.arithmetic import (
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
from rules_engine.backends.columnar.writing.expressions import field, number
from rules_engine.backends.columnar.writing.making import Label, NotColumnar
from rules_engine.backends.columnar.writing.scene import GUARDS, Scene

NOWHERE = ir.Origin(0, 0, 0)
ZERO = constant(0)
CHARGE_MAX = 2**40
GRAINS = {"unit": terms.BY_UNIT, "line": terms.BY_LINE, "total": terms.BY_TOTAL}
SPLITS = {"in proportion": terms.IN_PROPORTION, "evenly": terms.EVENLY, "in proportion with tax": terms.WITH_TAX}


class Doing(msgspec.Struct, frozen=True):
    """An effect at work: its rule, its number there, the limits by amount, whether it tells what it wanted; where what
    units cost when the rule began is kept (-1: nothing has moved since)."""

    rule: ir.OfferDef
    number: int
    limits: Sequence[int]
    tells: bool
    acting: int = -1


def run(doing: Doing, effect: ir.EffectDef, on: Scene) -> int:
    """One effect; the register that says whether it changed something."""
    acted, end = on.make.scalar(ops.CONST), Label()
    with on.make.scope():
        match effect:
            case ir.DiscountDef():
                _discount(doing, effect, acted, end, on)
            case ir.ChargeDef():
                _charge(doing, effect, acted, on)
            case ir.GiftDef():
                _gift(doing, effect, acted, on)
    on.make.place(end)
    on.make.changed()
    return acted


def _charge(doing: Doing, effect: ir.ChargeDef, acted: int, on: Scene) -> None:
    value = bounded(number(effect.value, on), ZERO, "most", on)
    value = whole(divided(value, effect.rounding, on), 1, on)
    if value.span.high > CHARGE_MAX:
        raise NotColumnar(f"{on.where}: a number could become too large")
    on.make.put(ops.CHARGE, acted, value.at, k=on.drawing.charge(doing.rule.key, effect.label))


def _gift(doing: Doing, effect: ir.GiftDef, acted: int, on: Scene) -> None:
    match effect.sku:
        case ir.Txt(value=text):
            at = on.make.scalar(ops.CONST, k=on.drawing.code(text))
        case ir.Field(name=name) if on.drawing.world.fields[on.event.name, name].kind in ("text", "choice", "enum"):
            at = field(effect.sku, on).at
        case _:
            raise NotColumnar(f"{on.where}: what is added is worked out")
    on.make.put(ops.GIFT, acted, at, k=on.drawing.gift(doing.rule.key, effect.count))


# ---- discounts


def refused(rule: ir.OfferDef, effect: ir.DiscountDef, limited: bool, on: Scene) -> str:
    """Why a discount of a rule that is limited by amount, or not, has no columnar form; empty where it has one."""
    raises = effect.verb == "price" and rule.stage == "catalogue" and not _never_raises(effect)
    pick = effect.select.pick
    reasons = {
        "some units are picked": pick is not None and not _may_pick(effect, pick, on),
        "some units are picked, up to a bound that they have": pick is not None
        and effect.high is not None
        and any(isinstance(node, ir.Basis) for node in ir.walk(effect.high)),
        "units are chosen by what one costs": ir.asks_units(effect.select.where)
        and (pick is not None or not _may_choose(effect, on)),
        "a cut cancels it": effect.or_nothing,
        "it acts on sets": effect.grain == "set",
        "it takes nothing under a bound": effect.only_from is not None and effect.grain != "total",
        "each unit has a least price": effect.low is not None and effect.grain == "unit",
        "a price may be raised": raises
        and (effect.grain != "unit" or effect.steps is not None or limited or on.money_span().low < 0),
        "units of lines and of shipping have a price together": effect.grain == "unit"
        and _of(effect, on) != terms.OF_LINES,
    }
    return next((why for why, holds in reasons.items() if holds), "")


def is_plain(effect: ir.DiscountDef, on: Scene) -> bool:
    """Whether a discount has an op of its own: off lines alone, in proportion to what they cost, with odd units to the
    largest remainders and nothing to mind but what lines cost."""
    unusual = (
        on.drawing.core.header.remainder != "largest",
        on.floor >= 0,
        on.money_span().low < 0,
        _of(effect, on) != terms.OF_LINES,
        effect.split != "in proportion",
        effect.low is not None and effect.verb == "take",
        effect.steps is not None,
        ir.by_unit(effect.select),
        effect.grain == "unit" and effect.high is not None and effect.verb == "take",
    )
    return not any(unusual)


def _of(effect: ir.DiscountDef, on: Scene) -> int:
    """Whether an effect is about lines, about the shipping of the event's own field, or about both."""
    if not on.event.shipping_field or effect.select.of == "lines":
        return terms.OF_LINES
    return terms.OF_BOTH if effect.select.of == "both" or on.event.shipping_flag else terms.OF_SHIPPING


def _never_raises(effect: ir.DiscountDef) -> bool:
    """Whether a price is a share of what something costs, so that it is never more."""
    found = affine(effect.value) if effect.low is None else None
    return found is not None and not found.listed and not found.fixed and 0 <= found.now <= 1


def mask_of(effect: ir.DiscountDef, on: Scene) -> int | None:
    """The vector of the lines that an effect selects; -1: all, None: never any."""
    where = effect.select.where
    found = _by_cost(where, on) if ir.asks_units(where) else None
    return on.chosen(effect.select.of, where if found is None else found[0])


def _discount(doing: Doing, effect: ir.DiscountDef, acted: int, end: Label, on: Scene) -> None:
    make, of = on.make, _of(effect, on)
    mask = mask_of(effect, on) if of != terms.OF_SHIPPING else -1
    if mask is None and of == terms.OF_LINES:
        make.to(make.put(ops.JUMP), end)
        return
    if mask is None:
        of = terms.OF_SHIPPING
    on.drawing.needs_rank = True
    raises = effect.verb == "price" and doing.rule.stage == "catalogue" and not _never_raises(effect)
    if doing.tells or raises or not is_plain(effect, on):
        _take(doing, effect, of, -1 if mask is None else mask, raises, acted, end, on)
        return
    assert mask is not None
    if effect.grain == "unit":
        pool = make.stretch(_rates(effect, on))
        make.put(ops.TAKE_UNITS, acted, b=mask, k=_row(doing, -1, 0, on), n=pool)
        on.by_unit = True
    elif effect.grain == "total":
        value = total_of(effect, "total", mask, end, on)
        make.put(ops.TAKE_TOTAL, acted, whole(value, 1, on).at, mask, _row(doing, -1, 0, on))
    else:
        value = _each(effect, on.on_element("line", mask), on)
        cap = _cap(effect, "total", mask, on)
        make.put(ops.TAKE_LINES, acted, whole(on_lines(value, on), 1, on).at, mask, _row(doing, cap, 0, on))


def _row(doing: Doing, cap: int, steps: int, on: Scene) -> int:
    limits = on.make.stretch(list(doing.limits))
    rule = doing.rule
    return on.drawing.effect(rule.key, rule.stage, doing.number, (steps, limits, len(doing.limits), cap))


def _take(
    doing: Doing, effect: ir.DiscountDef, of: int, mask: int, raises: bool, acted: int, end: Label, on: Scene
) -> None:
    """One row of `TAKE`."""
    make, what = on.make, [-1] * terms.TAKE_WIDTH
    everything = {terms.OF_LINES: "total", terms.OF_SHIPPING: "ship", terms.OF_BOTH: "all"}[of]
    lines, own = of != terms.OF_SHIPPING, of != terms.OF_LINES
    cap = -1 if effect.grain == "total" else _cap(effect, everything, mask, on)
    if ir.by_unit(effect.select):
        cap, pick = _cap(effect, everything, mask, on), effect.select.pick
        what[terms.TAKE_PICK] = make.stretch(_choice(effect, on) if pick is None else _pick(doing, pick, on))
        what[terms.TAKE_RATES : terms.TAKE_RATES + 6] = _rates(effect, on)
        on.by_unit = True
    elif effect.grain == "total":
        what[terms.TAKE_AMOUNT] = whole(total_of(effect, everything, mask, end, on), 1, on).at
        what[terms.TAKE_LEAST] = _least(effect, on.on_element(everything, mask), on)
    elif effect.grain == "line":
        line, ship = on.on_element("line", mask), on.on_element("ship", -1)
        if lines:
            what[terms.TAKE_AMOUNT] = whole(on_lines(_each(effect, line, on), on), 1, on).at
            what[terms.TAKE_LEAST] = _least(effect, line, on)
        if own:
            what[terms.TAKE_SHIP_AMOUNT] = whole(_each(effect, ship, on), 1, on).at
            what[terms.TAKE_SHIP_LEAST] = _least(effect, ship, on)
    else:
        what[terms.TAKE_RATES : terms.TAKE_RATES + 6] = _rates(effect, on)
        on.by_unit = True
    if effect.split == "in proportion with tax":
        _weigh(what, lines, own, on)
    what[terms.TAKE_GRAIN], what[terms.TAKE_OF], what[terms.TAKE_SPLIT] = GRAINS[effect.grain], of, SPLITS[effect.split]
    what[terms.TAKE_FLOOR], what[terms.TAKE_MOST] = on.floor, GUARDS.total
    what[terms.TAKE_TELLS], what[terms.TAKE_RAISES] = (
        int(doing.tells),
        int(raises) * (2 if on.event.shipping_field else 1),
    )
    make.put(ops.TAKE, acted, b=mask, k=_row(doing, cap, effect.steps or 0, on), n=make.stretch(what))


def _may_pick(effect: ir.DiscountDef, pick: ir.Pick, on: Scene) -> bool:
    """Whether picked units have a columnar form: an amount that is a rate of what they cost, no bounds of its own."""
    ordering = pick.ordering if isinstance(pick, ir.PickEvery) else None
    plain_order = ordering is None or ordering.how != "sorted"
    if ordering is not None and isinstance(ordering.by, ir.LineField):
        kind = on.drawing.world.line_fields[on.event.name, ordering.by.name].kind
        plain_order = kind in ("count", "money", "date")
    bounds = effect.low is not None or effect.only_from is not None
    return (
        affine(effect.value, _listed(on)) is not None
        and plain_order
        and not bounds
        and _of(effect, on) == terms.OF_LINES
    )


def _may_choose(effect: ir.DiscountDef, on: Scene) -> bool:
    """Whether units that are chosen by what one costs have a columnar form."""
    capped = effect.high is not None and any(isinstance(node, ir.Basis) for node in ir.walk(effect.high))
    bounds = effect.low is not None or effect.only_from is not None or capped
    known = _by_cost(effect.select.where, on) is not None and affine(effect.value, _listed(on)) is not None
    return known and not bounds and _of(effect, on) == terms.OF_LINES


def _choice(effect: ir.DiscountDef, on: Scene) -> list[int]:
    """The numbers of a choice by what units cost."""
    found = _by_cost(effect.select.where, on)
    assert found is not None
    return [terms.PICK_WHERE, terms.BY_PLACE, on.make.stretch(found[1]), len(found[1]) // 4, 0, -1, -1]


def _pick(doing: Doing, pick: ir.Pick, on: Scene) -> list[int]:
    """The numbers of a pick."""
    orders = {"cheapest": terms.CHEAPEST, "dearest": terms.DEAREST, "last": terms.LAST_ONES}
    match pick:
        case ir.PickSome():
            numbers = [terms.PICK_SOME, orders.get(pick.which, terms.BY_PLACE), pick.count, pick.per_full or 0]
            return [*numbers, int(pick.of == "line"), -1, doing.acting]
        case ir.PickSpan(first=first, last=last):
            return [terms.PICK_SPAN, terms.BY_PLACE, first, last, 0, -1, doing.acting]
        case ir.PickEvery(place=place, of=of, ordering=ordering):
            by, how = -1, orders.get(ordering.how, terms.BY_PLACE)
            if isinstance(ordering.by, ir.LineField):
                by = field(ordering.by, on.on_line()).at
                how = terms.SORTED_DOWN if ordering.descending else terms.SORTED_UP
            return [terms.PICK_EVERY, how, place, of, 0, by, doing.acting]


def _listed(on: Scene) -> frozenset[str]:
    """The money bases of a unit that are what it listed at: of the catalogue, where no offer of it is on the event."""
    early = any(each.stage == "catalogue" and on.event.name in each.events for each in on.drawing.core.offers)
    names = {"list"} | (set() if early else {"catalogue"}) | (set() if on.event.was_field else {"was"})
    return frozenset(names)


def _by_cost(where: ir.Expr | None, on: Scene) -> tuple[ir.Expr | None, list[int]] | None:
    """A condition as what it asks of the line, and comparisons of what a unit costs: numbers for now, list price and a
    constant, whose sum compares to 0 as the fourth says. None: it is not that simple."""
    parts = where.parts if isinstance(where, ir.All) else (where,)
    lines = tuple(part for part in parts if part is not None and not ir.asks_units(part))
    numbers: list[int] = []
    for part in parts:
        if part is None or not ir.asks_units(part):
            continue
        sides = [affine(side, _listed(on)) for side in (part.left, part.right)] if isinstance(part, ir.Cmp) else [None]
        one, two = sides[0], sides[-1]
        if not isinstance(part, ir.Cmp) or one is None or two is None:
            return None
        found = [one.now - two.now, one.listed - two.listed, one.fixed - two.fixed]
        den = lcm(*(each.denominator for each in found))
        whole_found = [int(each * den) for each in found]
        if (found[1] and not (on.event.list_each or not on.event.quantity_field)) or (
            sum(map(abs, whole_found)) * GUARDS.total > 2**62
        ):
            return None
        numbers += [*whole_found, ops.COMPARES[part.op]]
    rest = None if not lines or where is None else lines[0] if len(lines) == 1 else ir.All(where.at, lines)
    return rest, numbers


def _weigh(what: list[int], lines: bool, own: bool, on: Scene) -> None:
    """What lines and shipping weigh, with tax."""
    if on.drawing.core.header.prices != "exclude":
        what[terms.TAKE_FACTOR] = on.make.vector(ops.CONST + ops.VECTOR, k=1)
        what[terms.TAKE_SHIP_FACTOR] = on.make.scalar(ops.CONST, k=1)
        return
    one = constant(taxes.FINE)
    if lines:
        what[terms.TAKE_FACTOR] = on_lines(taxes.factor(False, on) or one, on).at
    if own:
        what[terms.TAKE_SHIP_FACTOR] = whole(taxes.factor(True, on) or one, 1, on).at


def _least(effect: ir.DiscountDef, element: Scene, on: Scene) -> int:
    """What an element costs at least, whole; -1 where there is no bound."""
    if effect.verb != "take" or effect.low is None:
        return -1
    low = divided(plain(number(effect.low, element), on), "up", on)
    if low.span.low * low.num < 0 and not low.fixed:
        low = bounded(low, ZERO, "most", on)
    found = whole(on_lines(low, on) if element.lined else low, 1, on)
    return found.at


def _each(effect: ir.DiscountDef, element: Scene, on: Scene) -> Number:
    """What is to be taken off a line, or off shipping."""
    value = plain(number(effect.value, element), on)
    return _off_price(effect, value, element) if effect.verb == "price" else divided(value, effect.rounding, element)


def _cap(effect: ir.DiscountDef, everything: str, mask: int, on: Scene) -> int:
    """The most that a `take` takes in all: its register; -1 where there is none."""
    if effect.verb != "take" or effect.high is None:
        return -1
    high = divided(plain(number(effect.high, on.on_element(everything, mask)), on), "down", on)
    return whole(high, 1, on).at


def total_of(effect: ir.DiscountDef, grain: str, mask: int, end: Label, on: Scene) -> Number:
    """What an effect on a total wants, whole and capped; goes to `end` where it is under a bound."""
    element = on.on_element(grain, mask)
    value = plain(number(effect.value, element), on)
    if effect.only_from is not None:
        if effect.verb == "price":
            raise NotColumnar(f"{on.where}: it takes nothing under a bound")
        least = plain(number(effect.only_from, on), on)
        enough = compared(">=", bounded(value, ZERO, "most", on), least, on)
        if isinstance(enough, Flag):
            on.make.to(on.make.put(ops.UNLESS, a=enough.at), end)
        elif not enough:
            on.make.to(on.make.put(ops.JUMP), end)
    if effect.verb == "price":
        return _off_price(effect, value, element)
    value = divided(value, effect.rounding, element)
    if effect.high is None:
        return value
    high = divided(plain(number(effect.high, element), on), "down", on)
    return bounded(value, bounded(high, ZERO, "most", on), "least", on)


def _off_price(effect: ir.DiscountDef, value: Number, on: Scene) -> Number:
    """What a price takes off: what the element costs less the price, where that is above 0."""
    low = None if effect.low is None else plain(number(effect.low, on), on)
    high = None if effect.high is None else plain(number(effect.high, on), on)
    if low is not None:
        value = bounded(value, low, "most", on)
    if high is not None:
        value = bounded(value, high, "least", on)
    price = divided(bounded(value, ZERO, "most", on), effect.rounding, on)
    if low is not None:
        price = bounded(price, divided(low, "up", on), "most", on)
    if high is not None:
        price = bounded(price, divided(high, "down", on), "least", on)
    price = bounded(price, ZERO, "most", on)
    now = on.money(ir.Basis(NOWHERE, "current"))
    return bounded(total([now, times(price, constant(-1), on)], on), ZERO, "most", on)


def _rates(effect: ir.DiscountDef, on: Scene) -> list[int]:
    """Each unit: an amount that is a rate of what it costs or listed at, and something fixed."""
    if effect.verb == "price" and (effect.low is not None or effect.high is not None):
        raise NotColumnar(f"{on.where}: a price has bounds")
    found = affine(effect.value, _listed(on))
    if found is None:
        raise NotColumnar(f"{on.where}: what each unit costs decides by a table or a field")
    if found.listed and not (on.event.list_each or not on.event.quantity_field):
        raise NotColumnar(f"{on.where}: the list price of a unit is read where lines have one for all units")
    den = lcm(*(part.denominator for part in (found.now, found.listed, found.fixed)))
    parts = [int(part * den) for part in (found.now, found.listed, found.fixed)]
    if (sum(map(abs, parts)) + 1) * GUARDS.total > 2**62:
        raise NotColumnar(f"{on.where}: a number could become too large")
    return [*parts, den, ops.MODES[effect.rounding], int(effect.verb == "price")]
