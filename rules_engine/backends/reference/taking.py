"""`deduct` and `turn`: units taken, and units changed into others.

A deduct is formed as an award is. Where its unit has a floor and there is not that much above it, nothing is taken and
the rule does not act: a fixed amount is never cut by the balance. Without a floor the missing part becomes a debt.

A turn takes as much of its amount as there is, and gives for it what `into` says: for all of it, for each `per`, or for
each full block, which is taken in the order of use and sees by itself what its lots remember. What limits, `up to` and
`in steps of` cut of the gift is not taken of the amount.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import lots
from rules_engine.backends.reference.acts import Act, Meter, NotApplied, use
from rules_engine.backends.reference.amounts import Wanted, clips, stepped, turned
from rules_engine.backends.reference.expressions import amount, number, truth
from rules_engine.backends.reference.lots import Parts
from rules_engine.backends.reference.run import Env
from rules_engine.backends.reference.trace import noting
from rules_engine.state import AMOUNT_MAX, Lot


def usable(unit: str, where: ir.Expr | None, env: Env) -> list[Lot]:
    """The lots that a rule may take: those that may be used, where its condition holds."""
    found = lots.usable(unit, env.run)
    if where is None:
        return found
    with noting(env.run.trace, []):
        return [lot for lot in found if truth(where, msgspec.structs.replace(env, lot=lot))]


# ---- deduct ----


def deduct(effect: ir.DeductDef, act: Act, meter: Meter) -> None:
    """Take what is asked, where it is there, cut by limits; raises `NotApplied` where it is not."""
    run, asked = act.at.run, act.wanted.amount
    found = usable(effect.unit, effect.where, act.at)
    have = lots.available(effect.unit, found, run)
    if isinstance(effect.high, ir.BalanceRead) and effect.high.unit == effect.unit and asked > have:
        act.cut("balance")
        asked = have
    asked = _stepped(asked, effect.steps, act)
    act.asked = asked
    floor = run.world.units[effect.unit].floor
    if effect.where is None and floor is not None and floor < 0:
        have = max(have, lots.above(effect.unit, run))
    may_owe = floor is None and effect.where is None
    if asked > have and not may_owe:
        act.cut("balance")
        raise NotApplied("nothing to give")
    passed = _stepped(meter.let_through(effect.unit, asked, act, effect.or_nothing), effect.steps, act)
    if effect.or_nothing and passed < act.wanted.amount:
        raise NotApplied("nothing to give")
    act.taken = passed
    if passed:
        act.parts = use(act.rule, effect.unit, passed, found, run)
        meter.count(effect.unit, passed, act)


def _stepped(amount: int, steps: int | None, act: Act) -> int:
    whole = amount if steps is None else amount // steps * steps
    if whole < amount:
        act.cut("steps")
    return whole


# ---- turn ----


def turn(effect: ir.TurnDef, act: Act, meter: Meter) -> None:
    """Take units and give others for them; raises `NotApplied` where a cut cancels the rule."""
    run = act.at.run
    found = usable(effect.unit, effect.where, act.at)
    have = lots.available(effect.unit, found, run)
    asked = act.wanted.amount
    act.asked = have // asked * asked if effect.every_full else asked
    may = min(have, act.asked)
    if may < act.asked:
        act.cut("balance")
    may = meter.let_through(effect.unit, may, act, effect.into.or_nothing)
    planned = lots.plan(effect.unit, may, found, run)
    if effect.every_full:
        act.taken, act.gifts = _blocks(effect, may // asked, planned, act, meter)
    else:
        act.taken, act.gifts = _whole(effect, planned, act, meter)
    act.given = sum(act.gifts)
    if effect.into.or_nothing and act.taken < act.asked:
        raise NotApplied("nothing to give")
    if act.taken:
        act.parts = use(act.rule, effect.unit, act.taken, found, run)
        meter.count(effect.unit, act.taken, act)
        for give, count in zip(gifts_of(effect), act.gifts, strict=True):
            meter.count(give.unit, count, act, meter.counter(give))


def gifts_of(effect: ir.TurnDef) -> tuple[ir.GiveDef, ...]:
    """What a turn gives: one award, or where a table gives one unit or another, one for each unit."""
    return (effect.into, *effect.more)


def _passed(effect: ir.TurnDef, wanted: Sequence[int], act: Act, meter: Meter) -> tuple[int, ...]:
    """What limits let through of each award, in whole steps."""
    return tuple(
        stepped(meter.let_through(give.unit, each, act, effect.into.or_nothing, meter.counter(give)), give)
        for give, each in zip(gifts_of(effect), wanted, strict=True)
    )


def _blocks(effect: ir.TurnDef, count: int, planned: Parts, act: Act, meter: Meter) -> tuple[int, tuple[int, ...]]:
    """Whole blocks, each with what is given for it; `up to`, steps and limits hold for all of them together, and a
    block whose gift they would cut is not turned."""
    size = act.wanted.amount
    if _by_lots(effect):
        worths = [_worth(effect, part, act) for part in _cut_up(planned, size, count)]
    else:
        worths = [_worth(effect, _first(planned, size), act)] * min(count, 1)
    rounds = 1 if _by_lots(effect) else count
    act.into = _added(effect, worths, rounds, act)
    passed = _passed(effect, _bounded(effect, planned, act), act, meter)
    full, given = 0, tuple(0 for _ in passed)
    best = full, given
    for worth in worths:
        times = _times(worth, given, passed, rounds)
        times -= 0 if rounds == 1 else times % _in_steps(effect, worth)
        full, given = full + times, tuple(so + each.amount * times for so, each in zip(given, worth, strict=True))
        if all(stepped(some, give) == some for some, give in zip(given, gifts_of(effect), strict=True)):
            best = full, given
        if times < rounds:
            break
    return best[0] * size, best[1]


def _bounded(effect: ir.TurnDef, planned: Parts, act: Act) -> list[int]:
    """What all blocks would give, as far as `up to` allows."""
    inside = msgspec.structs.replace(act.at, turned=planned)
    found = []
    for give, each in zip(gifts_of(effect), act.into, strict=True):
        with noting(inside.run.trace, []):
            high = amount(give.high, inside)
        if high is not None and high < each.amount:
            act.cut("up to")
        found.append(each.amount if high is None else min(each.amount, max(0, math.floor(high))))
    return found


def _in_steps(effect: ir.TurnDef, worth: tuple[Wanted, ...]) -> int:
    """How many equal blocks make whole steps of everything that they give."""
    gifts = zip(gifts_of(effect), worth, strict=True)
    return math.lcm(*(give.steps // math.gcd(give.steps, each.amount) for give, each in gifts if give.steps))


def _times(worth: tuple[Wanted, ...], given: tuple[int, ...], passed: tuple[int, ...], rounds: int) -> int:
    """How many times over a block may be turned; never, where it gives nothing."""
    if not any(each.amount for each in worth):
        return 0
    left = ((most - so) // each.amount for each, so, most in zip(worth, given, passed, strict=True) if each.amount)
    return min(rounds, *left)


def _added(effect: ir.TurnDef, worths: Sequence[tuple[Wanted, ...]], rounds: int, act: Act) -> tuple[Wanted, ...]:
    """What all blocks would give."""
    found = []
    for place in range(len(gifts_of(effect))):
        exact = sum((worth[place].exact or Fraction() for worth in worths), Fraction()) * rounds
        amount = sum(worth[place].amount for worth in worths) * rounds
        if amount > AMOUNT_MAX:
            raise act.at.run.refused("V153", "", rule=act.rule)
        found.append(Wanted(exact, amount, ()))
    return tuple(found)


def _by_lots(effect: ir.TurnDef) -> bool:
    """Whether what is given goes by what the lots remember, or how many they are."""
    values = tuple(give.value for give in gifts_of(effect))
    return any(isinstance(node, ir.TurnedSum) for node in ir.walk(values))


def _whole(effect: ir.TurnDef, planned: Parts, act: Act, meter: Meter) -> tuple[int, tuple[int, ...]]:
    """All that may be taken, or where limits, `up to` or steps cut the gift, the least whose worth is what they leave.
    A gift that does not go by what is taken is for the whole amount or for nothing."""
    size = sum(count for _, count in planned)
    full = act.into = _worth(effect, planned, act)
    passed = _passed(effect, [each.amount for each in full], act, meter)
    uncut = all(most == each.amount for most, each in zip(passed, full, strict=True))
    by_size = effect.per is not None or _by_lots(effect)
    if not any(passed) or (not by_size and (size < act.wanted.amount or not uncut)):
        return 0, tuple(0 for _ in passed)
    formed_whole = not any(clips(give, each, act.at) for give, each in zip(gifts_of(effect), full, strict=True))
    if uncut and (formed_whole or not by_size):
        return size, passed

    def reaches(count: int) -> bool:
        worth = _worth(effect, _first(planned, count), act)
        return all(each.amount >= most for each, most in zip(worth, passed, strict=True))

    return smallest(size, reaches), passed


def smallest(high: int, holds: Callable[[int], bool]) -> int:
    """The smallest number from 0 to `high` for which something holds that holds for all larger ones too."""
    low = 0
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _worth(effect: ir.TurnDef, parts: Parts, act: Act) -> tuple[Wanted, ...]:
    """What is given for these parts of lots."""
    inside = msgspec.structs.replace(act.at, turned=parts)
    per = None if effect.per is None else number(effect.per, inside)
    times = None if per is None else sum(count for _, count in parts) / per
    gifts = gifts_of(effect)
    if effect.every_full:  # what bounds all blocks together bounds none of them
        gifts = tuple(msgspec.structs.replace(give, high=None, steps=None) for give in gifts)
    with noting(inside.run.trace, [] if act.into else act.inner):
        return tuple(turned(give, times, inside) for give in gifts)


def _first(parts: Parts, count: int) -> Parts:
    """The first so many units of parts of lots."""
    found = []
    for lot, some in parts:
        own = min(some, count)
        count -= own
        if own:
            found.append((lot, own))
    return tuple(found)


def _cut_up(parts: Parts, size: int, count: int) -> list[Parts]:
    """Parts of lots as blocks of so many units, in their order."""
    blocks: list[list[tuple[Lot, int]]] = [[] for _ in range(count)]
    at = 0
    for lot, some in parts:
        while some:
            own = min(some, size - at % size)
            if at // size >= count:
                break
            blocks[at // size].append((lot, own))
            at, some = at + own, some - own
    return [tuple(block) for block in blocks]
