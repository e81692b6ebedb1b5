"""Paying with units: what an `accept` takes of what is offered, what it is worth, and on which lines that falls.

The room is what is still to pay: goods and shipping after offers, charges, tax where prices exclude it, less what
earlier redeems paid. What is offered is cut to the balance, then by `only from`, `in steps of`, `up to` and limits.

With a rate, all that is offered is taken where its value fits; else the smallest amount in whole steps whose value
reaches the room, and exactly the room is credited; with `never beyond` the largest whose value does not pass it. A
value that is no rate stands for all that is offered: all of it is taken, and the excess is lost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec

from rules_engine import ir
from rules_engine.allocation import spread, spread_runs
from rules_engine.backends.reference import lots, money
from rules_engine.backends.reference.acts import Act, Meter, NotApplied, use
from rules_engine.backends.reference.allotment import line_keys
from rules_engine.backends.reference.carrier import joined, zipped
from rules_engine.backends.reference.expressions import amount, number, selected
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.taking import smallest, usable
from rules_engine.backends.reference.trace import Cut, noting
from rules_engine.outcome import Payment
from rules_engine.values import round_fraction


def accept(effect: ir.AcceptDef, act: Act, meter: Meter) -> None:
    """Take units and credit their value; raises `NotApplied` where a cut cancels the rule."""
    run, offered = act.at.run, act.wanted.amount
    found = usable(effect.unit, effect.where, act.at)
    count = _offered(effect, lots.available(effect.unit, found, run), act)
    unpaid = _unpaid(effect.pays, act.at)
    act.room = cap = sum(unpaid)
    with noting(run.trace, act.inner):
        most, worth = amount(effect.cap, act.at), number(effect.worth, act.at)
    bound: Cut = "room" if most is None or most >= cap else "up to"
    cap = cap if most is None else min(cap, max(0, math.floor(most)))

    def value(units: int) -> int:
        return round_fraction(worth * units if effect.rate else worth, effect.rounding)

    if count and value(count) > cap:
        act.cut(bound)
    act.asked, act.value = _paying(effect, count, cap, value, act)
    count = _limited(effect, count, act, meter)
    cap = meter.let_through(run.currency, min(cap, value(count)), act, effect.or_nothing) if count else 0
    taken, paid = _paying(effect, count, cap, value, act)
    full = value(offered) > paid
    if effect.or_nothing and (taken < offered or full):
        raise NotApplied("nothing to give")
    if not paid or (effect.whole and full):
        act.value = 0
        return
    act.taken, act.value = taken, paid
    act.parts = use(act.rule, effect.unit, taken, found, run)
    meter.count(effect.unit, taken, act)
    meter.count(run.currency, paid, act)
    parts = spread(paid, unpaid, unpaid, _keys(run), run.world.core.header.remainder)
    run.payments.append(Payment(act.rule, effect.unit, offered, taken, paid, tuple(parts), False, act.cut_by))


def _offered(effect: ir.AcceptDef, have: int, act: Act) -> int:
    """What is offered, as far as the member has it and the rule takes it, in whole steps."""
    count = min(act.wanted.amount, have)
    if count < act.wanted.amount:
        act.cut("balance")
    with noting(act.at.run.trace, act.inner):
        least, most = amount(effect.only_from, act.at), amount(effect.high, act.at)
    if least is not None and count < least:
        act.cut("only from")
        return 0
    if most is not None and most < count:
        act.cut("up to")
        count = max(0, math.floor(most))
    whole = count // effect.steps * effect.steps
    if whole < count:
        act.cut("steps")
    return whole


def _limited(effect: ir.AcceptDef, count: int, act: Act, meter: Meter) -> int:
    """What limits of the unit let through of what would be taken, in whole steps."""
    asked = min(count, act.asked)
    passed = meter.let_through(effect.unit, asked, act, effect.or_nothing)
    return count if passed == asked else passed // effect.steps * effect.steps


def _paying(effect: ir.AcceptDef, count: int, cap: int, value: Callable[[int], int], act: Act) -> tuple[int, int]:
    """How many units are taken of so many, and what is credited for them."""
    if not count or cap <= 0:
        return 0, 0
    if not effect.rate:
        return (count, min(value(count), cap)) if count == act.wanted.amount else (0, 0)
    if value(count) <= cap:
        return count, value(count)
    steps = count // effect.steps
    if effect.never_beyond:
        beyond = smallest(steps, lambda step: value(step * effect.steps) > cap)
        taken = (beyond - 1) * effect.steps
        return taken, value(taken)
    return smallest(steps, lambda step: value(step * effect.steps) >= cap) * effect.steps, cap


# ---- what is to pay ----


def _unpaid(pays: ir.Selection | None, env: Env) -> list[int]:
    """What is still to pay of each line, of the event's own shipping, of charges and of tax on top; of chosen lines
    no more than what is chosen of them costs."""
    run = env.run
    if run.basket is None:
        return []
    price = money.price(run) if run.price is None else run.price
    on_top = price.tax if run.world.core.header.prices == "exclude" else 0
    left = [*(line.net for line in price.lines), price.charges, on_top]
    for payment in _made(run):
        left = [rest - part for rest, part in zip(left, payment.parts, strict=True)]
    left = [max(0, rest) for rest in left]
    if pays is None:
        return left
    chosen = [0] * len(left)
    with noting(run.trace, []):
        for piece in selected(pays, env):
            chosen[piece.line] += piece.count * piece.unit.now
    return [min(rest, own) for rest, own in zip(left, chosen, strict=True)]


def _made(run: Run) -> list[Payment]:
    """The payments that were made; a member who is held out pays nothing."""
    return [payment for payment in run.payments if not payment.held_out]


def _keys(run: Run) -> Sequence[tuple[int, object]]:
    """What orders what is to pay: the lines, the event's own shipping, charges, tax."""
    kind = run.event_kind()
    assert kind is not None
    keys = line_keys(kind, run.lines)
    return [(0, key) for key in keys] + [(place, 0) for place in range(1, len(run.places) - len(keys) + 3)]


def settle(run: Run) -> None:
    """Once all redeems have acted: what was paid in money of each unit, by the one allocation over its line."""
    paid = _made(run)
    if run.basket is None or not paid:
        return
    lines = []
    for place, runs in enumerate(run.basket.lines):
        part = sum(payment.parts[place] for payment in paid)
        weights = [(count, unit.now, None) for count, unit in runs]
        shares = spread_runs(part, weights, run.world.core.header.remainder)
        lines.append(
            joined(
                (count, msgspec.structs.replace(unit, paid=unit.now - share))
                for count, unit, share in zipped(runs, shares)
            )
        )
    run.basket = msgspec.structs.replace(run.basket, lines=tuple(lines))
