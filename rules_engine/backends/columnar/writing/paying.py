"""`accept` of redeems, as ops: what is offered, what it is worth, what it pays.

In: a rule at work, what it wants. Out: rows of code, and the register of how many units were taken.
"""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing.arithmetic import Number, compared, divided, plain, whole
from rules_engine.backends.columnar.writing.expressions import number
from rules_engine.backends.columnar.writing.making import Label, NotColumnar
from rules_engine.backends.columnar.writing.scene import Scene
from rules_engine.backends.columnar.writing.spans import Span
from rules_engine.backends.columnar.writing.ways import SIZE_MAX, Way


def accept(effect: ir.AcceptDef, wanted: int, way: Way) -> int:
    """What is offered is cut to the balance, by what the rule says and by limits; then it pays."""
    make, on = way.make, way.on
    _refuse_pay(effect, way)
    way.small(wanted)
    count = _offered(effect, wanted, way)
    cap = make.scalar(ops.SUM, on.unpaid)
    if effect.cap is not None:
        most = whole(divided(plain(number(effect.cap, on), on), "down", on), 1, on).at
        cap = way.least(cap, make.scalar(ops.AT_LEAST, most))
    asked, _ = _paying(effect, count, wanted, cap, way)
    own = way.of(effect.unit)
    if own:
        tried = way.least(count, asked)
        passed = way.let_through(effect.unit, tried)
        gap = make.scalar(ops.LINEAR, tried, passed, 1, -1)
        same = make.scalar(ops.IS, gap, m=ops.COMPARES["="])
        count = make.scalar(ops.CHOOSE, same, count, n=way.in_steps(passed, effect.steps))
    some = make.scalar(ops.IS, count, m=ops.COMPARES[">"])
    cap = way.least(cap, _value(effect, count, way))
    cap = way.where(some, way.let_through(on.event.currency, cap))
    taken, paid = _paying(effect, count, wanted, cap, way)
    full = make.scalar(ops.LINEAR, _value(effect, wanted, way), paid, 1, -1)
    if effect.or_nothing:
        way.unless_less(taken, wanted, (wanted, asked))
        less = Label()
        make.to(make.put(ops.UNLESS_IS, a=full, k=0, m=ops.COMPARES[">"]), less)
        way.nothing(wanted, asked)
        make.place(less)
    pays = make.scalar(ops.IS, paid, m=ops.COMPARES[">"])
    if effect.whole:
        pays = make.scalar(ops.AND, pays, make.scalar(ops.IS, full, m=ops.COMPARES["<="]))
    taken, paid = way.where(pays, taken), way.where(pays, paid)
    way.use(taken)
    for limit in way.of(on.event.currency):
        make.put(ops.TAKE_TIMES, a=paid, k=limit)
    way.told(wanted, asked, taken)
    make.put(ops.PAY, on.unpaid, paid, k=way.row, m=wanted, n=taken)
    return taken


def _refuse_pay(effect: ir.AcceptDef, way: Way) -> None:
    on = way.on
    worth = number(effect.worth, on) if effect.rate else None
    reasons = {
        "units pay where there is no money": on.unpaid < 0,
        "units pay for shipping, charges or taxes": _more_than_lines(on),
        "a table ends the rule": any(isinstance(each, ir.Stop) for each in ir.walk(effect)),
        "units pay for chosen lines": effect.pays is not None,
        "what a unit is worth is worked out": worth is not None and (not worth.fixed or worth.num <= 0),
        "a number could become too large": worth is not None and worth.num > 2**30,
        "a cut cancels it": effect.or_nothing and bool(way.of(effect.unit) or way.of(on.event.currency)),
    }
    for why, holds in reasons.items():
        if holds:
            raise NotColumnar(f"{on.where}: {why}")


def _more_than_lines(on: Scene) -> bool:
    event, core = on.event, on.drawing.core
    offers = [offer for offer in core.offers if event.name in offer.events]
    charges = any(isinstance(each, ir.ChargeDef) for offer in offers for each in offer.effects)
    on_top = core.header.prices == "exclude" and bool(event.tax_field)
    return charges or on_top or bool(event.shipping_field or event.shipping_flag)


def _offered(effect: ir.AcceptDef, wanted: int, way: Way) -> int:
    """What is offered, as far as the member has it and the rule takes it, in whole steps."""
    make, on = way.make, way.on
    count = way.least(wanted, way.have())
    if effect.only_from is not None:
        found = plain(number(effect.only_from, on), on)
        enough = compared(">=", Number(count, 1, 1, Span(0, SIZE_MAX)), found, on)
        if not isinstance(enough, bool):
            count = way.where(enough.at, count)
        elif not enough:
            count = way.zero
    if effect.high is not None:
        most = whole(divided(plain(number(effect.high, on), on), "down", on), 1, on).at
        count = make.scalar(ops.AT_LEAST, way.least(count, most))
    return way.in_steps(count, effect.steps)


def _value(effect: ir.AcceptDef, count: int, way: Way) -> int:
    """What so many units are worth in minor units of money."""
    on = way.on
    if not effect.rate:
        return whole(divided(plain(number(effect.worth, on), on), effect.rounding, on), 1, on).at
    worth = number(effect.worth, on)
    exact = Number(count, worth.num, worth.den, Span(0, SIZE_MAX))
    return whole(divided(exact, effect.rounding, on), 1, on).at


def _paying(effect: ir.AcceptDef, count: int, wanted: int, cap: int, way: Way) -> tuple[int, int]:
    """How many units are taken of so many, and what is credited for them."""
    make = way.make
    value = _value(effect, count, way)
    there = make.scalar(ops.AND, make.scalar(ops.IS, count, m=ops.COMPARES[">"]),
                        make.scalar(ops.IS, cap, m=ops.COMPARES[">"]))  # fmt: skip
    if not effect.rate:
        gap = make.scalar(ops.LINEAR, count, wanted, 1, -1)
        there = make.scalar(ops.AND, there, make.scalar(ops.IS, gap, m=ops.COMPARES["="]))
        return way.where(there, count), way.where(there, way.least(value, cap))
    worth = number(effect.worth, way.on)
    pool = make.stretch([worth.num, worth.den, ops.MODES[effect.rounding], effect.steps])
    units = make.scalar(ops.UNITS_FOR, count, cap, pool, int(effect.never_beyond))
    if effect.never_beyond:
        return way.where(there, units), way.where(there, _value(effect, units, way))
    return way.where(there, units), way.where(there, way.least(value, cap))
