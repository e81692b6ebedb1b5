"""Rules that take units, as ops: `deduct`, `turn`, and `accept` of redeems.

In: a scene and a rule. Out: rows of code. What is taken is looked at first, since it alone may cancel the rule; then it
is taken, and what the rule gives follows. How much is asked, cut and taken is that of the reference's `taking.py` and
`tender.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing import awarding
from rules_engine.backends.columnar.writing.arithmetic import Number, divided, plain, times, whole
from rules_engine.backends.columnar.writing.expressions import number, unless
from rules_engine.backends.columnar.writing.making import Label, NotColumnar
from rules_engine.backends.columnar.writing.paying import accept
from rules_engine.backends.columnar.writing.scene import Scene
from rules_engine.backends.columnar.writing.spans import Span
from rules_engine.backends.columnar.writing.ways import SIZE_MAX, Takes, Way, owned_units, taking


def rule(each: ir.RuleDef, on: Scene) -> None:
    """A rule that takes units."""
    on.where = f'"{each.title}"'
    _refuse(each, on)
    end = Label()
    with on.make.scope():
        on.stopped = end
        unless(each.dates, end, on)
        unless(each.when, end, on)
        ways = [Way(each, effect, on, end) for effect in taking(each)]
        wanted = [_wanted(way) for way in ways]
        _prepare(ways[0])
        _times(ways, wanted)
        acted = ways[0].zero
        for way, at in zip(ways, wanted, strict=True):
            acted = on.make.scalar(ops.LINEAR, acted, _acted(way, at), 1, 1)
        _given(ways[0], acted)
    on.make.place(end)
    on.stopped = None


def _acted(way: Way, wanted: int) -> int:
    """The register of how much was taken."""
    match way.effect:
        case ir.DeductDef() as deduct:
            return _deduct(deduct, wanted, way)
        case ir.TurnDef() as turn:
            return _turn(turn, wanted, way)
        case ir.AcceptDef() as paid:
            return accept(paid, wanted, way)
        case _:
            assert_never(way.effect)


def _may_cancel(effect: Takes, on: Scene) -> bool:
    """Whether what comes between cancels the whole rule."""
    match effect:
        case ir.DeductDef():
            return effect.or_nothing or on.drawing.world.units[effect.unit].floor is not None
        case ir.TurnDef():
            return False
        case ir.AcceptDef():
            return effect.or_nothing
        case _:
            assert_never(effect)


def _refuse(each: ir.RuleDef, on: Scene) -> None:
    core, effects = on.drawing.core, taking(each)
    units = [effect.unit for effect in effects]
    group = on.drawing.world.groups.get(each.group)
    owned = [limit for limit in awarding.limits(each, on) if limit.times is None and limit.unit in units]
    cancels = any(limit.or_nothing for limit in awarding.limits(each, on))
    gives = {give.unit for give in each.gives}
    reasons = {
        "it waits for a code": each.code is not None,
        "something has to be presented": each.thing is not None,
        "it loops over marks or keys": each.loop is not None,
        "it says something": bool(each.says),
        "members are held out of it": any(each.key in holdout.rules for holdout in core.holdouts),
        "it gives to another member": any(give.to for give in each.gives),
        "it splits what it gives": any(give.split for give in each.gives),
        "its units remember facts": any(give.facts for give in each.gives),
        "it carries an amount on": any(isinstance(one, ir.CarryDef) for one in each.effects),
        "one cut cancels several takings": len(effects) > 1 and any(_may_cancel(one, on) for one in effects),
        "several takings meet one limit": len(effects) > 1 and bool(awarding.limits(each, on)),
        "what it takes hangs on what lots remember": any(one.where is not None for one in effects),
        "its group takes the first": group is not None and group.choice == "first",
        "a cut cancels it": cancels or any(give.or_nothing for give in each.gives),
        "it gives what it takes": bool(gives & set(units)) and bool(owned),
        "only the first of all redeems acts": each.kind == "redeem" and core.tender_choice == "first",
    }
    found = next((why for why, holds in reasons.items() if holds), "")
    if found:
        raise NotColumnar(f"{on.where}: {found}")


def _wanted(way: Way) -> int:
    """The register of what the effect wants, whole and not below nothing."""
    on = way.on
    match way.effect:
        case ir.DeductDef() as deduct:
            mode = deduct.rounding or on.drawing.world.units[deduct.unit].rounding or "down"
            at = awarding.formed(number(deduct.value, on), deduct, mode, on)
        case ir.TurnDef(amount=value) | ir.AcceptDef(offered=value):
            at = whole(divided(plain(number(value, on), on), "down", on), 1, on).at
    return on.make.scalar(ops.AT_LEAST, at)


def _prepare(way: Way) -> None:
    """What the rule gives beside, and its rows."""
    on, rule = way.on, way.rule
    for place, effect in enumerate(rule.effects):
        if isinstance(effect, ir.GiveDef):
            own = way.of(effect.unit)
            row = (effect.steps or 0, way.make.stretch(own), len(own), 0)
            at = awarding.amount(effect, on)
            way.gives.append((place, effect, at, on.drawing.give(rule.key, effect.unit, place, row)))


def _times(ways: Sequence[Way], wanted: Sequence[int]) -> None:
    """Where no time is left the rule takes and gives nothing; it says which limit it was."""
    way, make = ways[0], ways[0].make
    for limit in way.limits:
        if limit.times is None:
            continue
        number_of = way.on.drawing.limit(limit, way.on.where)
        left, go_on = make.scalar(ops.TIMES_LEFT, k=number_of), Label()
        make.to(make.put(ops.UNLESS_IS, a=left, k=1, m=ops.COMPARES["<"]), go_on)
        for _, _, at, row in way.gives:
            make.put(ops.GIVE_NOTHING, a=at, k=row, m=number_of)
        cut = make.scalar(ops.CONST, k=number_of)
        for each, at in zip(ways, wanted, strict=True):
            if each.how == "accept":
                make.put(ops.TAKEN, at, way.zero, way.zero, each.row, cut)
        make.to(make.put(ops.JUMP), way.end)
        make.place(go_on)


def _given(way: Way, acted: int) -> None:
    """What the rule gives beside; it has acted where it gave or took something."""
    make = way.make
    for _, give, at, row in way.gives:
        pending, expires = awarding.lasting(give, way.on)
        register = make.scalar(ops.GIVE, at, k=row, m=pending, n=expires)
        awarding.count(way.rule, give, register, way.on)
        acted = make.scalar(ops.LINEAR, acted, register, 1, 1)
    by_times = [limit for limit in way.limits if limit.times is not None]
    if by_times:
        once = make.scalar(ops.IS, acted, m=ops.COMPARES[">"])
        for limit in by_times:
            make.put(ops.TAKE_TIMES, a=once, k=way.on.drawing.limit(limit, way.on.where))


# ---- deduct


def _deduct(effect: ir.DeductDef, wanted: int, way: Way) -> int:
    """What is asked is taken wholly or not at all, cut by limits; what is missing is owed where the unit allows it."""
    floor = way.on.drawing.world.units[effect.unit].floor
    have, asked = way.have(), wanted
    if isinstance(effect.high, ir.BalanceRead) and effect.high.unit == effect.unit:
        asked = way.least(asked, have)
    asked = way.in_steps(asked, effect.steps)
    if floor is not None:
        if floor < 0:
            have = way.make.scalar(ops.MOST, have, way.have(exactly=True))
        way.unless_less(have, asked, (asked, asked))
    passed = way.in_steps(way.let_through(effect.unit, asked), effect.steps)
    if effect.or_nothing:
        if way.of(effect.unit):
            raise NotColumnar(f"{way.on.where}: a cut cancels it")
        way.unless_less(passed, wanted, (asked, asked))
    way.use(passed)
    way.told(asked, asked, passed)
    return passed


# ---- turn


def _turn(effect: ir.TurnDef, wanted: int, way: Way) -> int:
    """As much is taken as there is, and what it is worth is given for it."""
    gifts = (effect.into, *effect.more)
    _refuse_gifts(gifts, way)
    if effect.every_full:
        return _blocks(effect, gifts, way)
    return _at_once(effect, gifts, wanted, way)


def _refuse_gifts(gifts: Sequence[ir.GiveDef], way: Way) -> None:
    for give in gifts:
        reasons = {
            "a table ends the rule": any(isinstance(each, ir.Stop) for each in ir.walk(give)),
            "what it gives for units is bounded": give.high is not None or give.low is not None or bool(give.steps),
            "what it gives for units is limited": any(
                one.times is None and one.unit == give.unit for one in way.limits
            ),
            "a cut cancels it": give.or_nothing,
            "it gives to another member": bool(give.to),
            "it splits what it gives": bool(give.split),
            "its units remember facts": bool(give.facts),
            "what it gives goes by the lots that it takes": any(
                isinstance(each, ir.TurnedSum | ir.LotField) for each in ir.walk((give.value, give.life, give.pending))
            ),
        }
        for why, holds in reasons.items():
            if holds:
                raise NotColumnar(f"{way.on.where}: {why}")


def _blocks(effect: ir.TurnDef, gifts: Sequence[ir.GiveDef], way: Way) -> int:
    """Whole blocks; what is given for each is the same."""
    make, on = way.make, way.on
    block = plain(number(effect.amount, on), on)
    size = block.num // block.den if block.fixed else 0
    if size <= 0:
        raise NotColumnar(f"{on.where}: the size of a block is worked out")
    have = way.have()
    way.small(have)
    asked = way.in_steps(have, size)
    may = way.in_steps(way.let_through(effect.unit, asked), size)
    blocks = make.scalar(ops.DIVIDE, may, k=size, m=ops.MODES["down"], n=1)
    worths = [make.scalar(ops.AT_LEAST, awarding.amount(give, on)) for give in gifts]
    some = _any(worths, way)
    into = [make.scalar(ops.TIMES, each, blocks, k=1) for each in worths]
    taken = way.where(some, may)
    way.use(taken)
    way.told(asked, asked, taken)
    return _turned(gifts, into, into, taken, way)


def _at_once(effect: ir.TurnDef, gifts: Sequence[ir.GiveDef], wanted: int, way: Way) -> int:
    """All that may be taken; a gift that does not go by what is taken is for the whole amount or for nothing."""
    make, on = way.make, way.on
    way.small(wanted)
    may = way.let_through(effect.unit, way.least(wanted, way.have()))
    into = []
    for give in gifts:
        if effect.per is None:
            into.append(make.scalar(ops.AT_LEAST, awarding.amount(give, on)))
            continue
        per = plain(number(effect.per, on), on)
        if not per.fixed or per.num <= 0:
            raise NotColumnar(f"{on.where}: what it turns at a time is worked out")
        exact = times(number(give.value, on), Number(may, per.den, per.num, Span(0, SIZE_MAX)), on)
        mode = give.rounding or on.drawing.world.units[give.unit].rounding or "down"
        into.append(make.scalar(ops.AT_LEAST, whole(divided(plain(exact, on), mode, on), 1, on).at))
        if give.only_from is not None:
            raise NotColumnar(f"{on.where}: what it gives for units is bounded")
    some = _any(into, way)
    if effect.per is None:
        gap = make.scalar(ops.LINEAR, may, wanted, 1, -1)
        some = make.scalar(ops.AND, some, make.scalar(ops.IS, gap, m=ops.COMPARES[">="]))
    taken = way.where(some, may)
    moved = make.scalar(ops.IS, taken, m=ops.COMPARES[">"])
    given = [way.where(moved, each) for each in into]
    way.use(taken)
    way.told(wanted, wanted, taken)
    return _turned(gifts, into, given, taken, way)


def _any(registers: Sequence[int], way: Way) -> int:
    """1 where one of some numbers is above 0."""
    flags = [way.make.scalar(ops.IS, each, m=ops.COMPARES[">"]) for each in registers]
    found = flags[0]
    for other in flags[1:]:
        found = way.make.scalar(ops.OR, found, other)
    return found


def _turned(gifts: Sequence[ir.GiveDef], into: Sequence[int], given: Sequence[int], taken: int, way: Way) -> int:
    """What is given for units that were turned."""
    drawing, rule = way.on.drawing, way.rule
    place = rule.effects.index(way.effect)
    for number_of, (give, wanted, some) in enumerate(zip(gifts, into, given, strict=True)):
        pending, expires = awarding.lasting(give, way.on)
        row = drawing.give(rule.key, give.unit, place + number_of, (0, 0, 0, 0))
        way.make.put(ops.TURNED, way.cut, wanted, some, row, pending, expires)
        awarding.count(rule, give, some, way.on)
    return taken


# ---- stages


def stage_ends(stage: int, on: Scene) -> None:
    """What a stage gave comes in, and what it took is seen by the stages after it."""
    if not owned_units(on.drawing.sample):
        return
    mine = [rule for rule in on.drawing.sample.rules if on.event.name in rule.events]
    booked = any(each.kind != "redeem" and (each.thing is not None or bool(taking(each))) for each in mine)
    on.make.put(ops.RECEIVE, k=int(booked), m=stage)
    for total, now in on.used.values():
        on.make.put(ops.LINEAR, total, total, now, 1, 1)
        on.make.put(ops.CONST, now)
    for now in on.taken_in.values():
        on.make.put(ops.CONST, now)
    on.make.changed()


def open_stages(on: Scene) -> None:
    """What the rules of an event read of what was taken."""
    mine = [rule for rule in on.drawing.sample.rules if on.event.name in rule.events]
    groups = {(rule.group, each.unit) for rule in mine for each in taking(rule) if rule.group and rule.kind != "redeem"}
    for key in sorted(groups):
        on.taken_in[key] = on.make.scalar(ops.CONST)
    names = {each.unit for each in ir.walk(tuple(mine)) if isinstance(each, ir.UsedRead)}
    for name in sorted(names):
        on.used[name] = on.make.scalar(ops.CONST), on.make.scalar(ops.CONST)
    if any(rule.kind == "redeem" for rule in mine) and on.priced:
        on.unpaid = on.make.vector(ops.AT_LEAST + ops.VECTOR, ops.COST)


__all__ = ["open_stages", "owned_units", "rule", "stage_ends", "taking"]
