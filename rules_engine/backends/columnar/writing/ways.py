"""One rule that takes units, at work: the rows of code that all ways of taking share.

In: a scene, a rule, and its effect. Out: registers of what there is, of what limits let through; rows that take, and
rows that say so.
"""

from __future__ import annotations

from typing import TypeAlias

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing import awarding
from rules_engine.backends.columnar.writing.making import Label
from rules_engine.backends.columnar.writing.scene import Scene

Takes: TypeAlias = ir.DeductDef | ir.TurnDef | ir.AcceptDef

SIZE_MAX = 2**31
"""How many units are taken at once at most; more is left to the rows."""


def taking(rule: ir.RuleDef) -> tuple[Takes, ...]:
    """The effects of a rule that take units."""
    return tuple(each for each in rule.effects if isinstance(each, ir.DeductDef | ir.TurnDef | ir.AcceptDef))


def owned_units(core: ir.Program) -> frozenset[str]:
    """The units whose lots may be read, presented or taken."""
    takes = {each.unit for rule in core.rules for each in taking(rule)}
    asks = (core.rules, core.offers, core.tracks, core.tiers, core.matches, core.holdouts)
    reads = {each.unit for each in ir.walk(asks) if isinstance(each, ir.BalanceRead)}
    presented = {offer.thing.unit for offer in core.offers if offer.thing is not None}
    return frozenset(takes | reads | presented)


class Way:
    """One rule at work: its taking effect, what it gives, and where it ends."""

    def __init__(self, rule: ir.RuleDef, effect: Takes, on: Scene, end: Label) -> None:
        self.rule, self.effect, self.on, self.end, self.make = rule, effect, on, end, on.make
        self.unit = on.drawing.unit(self.effect.unit, on.where)
        self.how = {ir.DeductDef: "deduct", ir.TurnDef: "turn", ir.AcceptDef: "accept"}[type(self.effect)]
        self.row = on.drawing.taking(rule.key, self.effect.unit, self.how)
        self.limits = awarding.limits(rule, on)
        self.none = self.make.scalar(ops.CONST, k=-1)
        self.zero = self.make.scalar(ops.CONST)
        self.cut = self.make.scalar(ops.CONST, k=-1)
        self.gives: list[tuple[int, ir.GiveDef, int, int]] = []

    # ---- small words

    def have(self, exactly: bool = False) -> int:
        """What may be taken; or what there is above the floor, which may be less than nothing."""
        floor = self.on.drawing.world.units[self.effect.unit].floor or 0
        return self.make.scalar(ops.AVAILABLE, k=self.unit, m=int(exactly), n=floor)

    def of(self, unit: str) -> list[int]:
        """The limits by amount of a unit or a currency, by number."""
        return [
            self.on.drawing.limit(one, self.on.where) for one in self.limits if one.times is None and one.unit == unit
        ]

    def let_through(self, unit: str, at: int) -> int:
        """What limits let through."""
        own = self.of(unit)
        return self.make.scalar(ops.LET_THROUGH, at, self.cut, self.make.stretch(own), n=len(own)) if own else at

    def in_steps(self, at: int, steps: int | None) -> int:
        """In whole steps."""
        if not steps or steps == 1:
            return at
        full = self.make.scalar(ops.DIVIDE, at, k=steps, m=ops.MODES["down"], n=1)
        return self.make.scalar(ops.LINEAR, full, k=steps)

    def least(self, left: int, right: int) -> int:
        """The lesser."""
        return self.make.scalar(ops.LEAST, left, right)

    def where(self, flag: int, at: int) -> int:
        """The number where a flag is 1, else 0."""
        return self.make.scalar(ops.CHOOSE, flag, at, n=self.zero)

    def use(self, at: int) -> None:
        """Units are taken; limits count them."""
        own = self.of(self.effect.unit)
        self.make.put(ops.USE, a=at, b=0, k=self.unit, m=self.make.stretch(own), n=len(own))
        counts = [self.on.taken_in.get((self.rule.group, self.effect.unit), -1)]
        if self.effect.unit in self.on.used and (self.how != "turn" or self.rule.kind == "redeem"):
            counts.append(self.on.used[self.effect.unit][1])
        for now in counts:
            if now >= 0:
                self.make.put(ops.LINEAR, now, now, at, 1, 1)
        self.make.changed()

    def told(self, where: int, asked: int, taken: int) -> None:
        """What the rule took is said."""
        self.make.put(ops.TAKEN, where, asked, taken, self.row, self.cut)

    def nothing(self, where: int, asked: int) -> None:
        """The rule is cancelled: it gives and takes nothing."""
        self.told(where, asked, self.zero)
        for _, _, at, row in self.gives:
            self.make.put(ops.GIVE_NOTHING, a=at, k=row, m=-1)
        self.make.to(self.make.put(ops.JUMP), self.end)

    def unless_less(self, left: int, right: int, cancelled: tuple[int, int]) -> None:
        """Where one number is less than another the rule is cancelled."""
        go_on = Label()
        gap = self.make.scalar(ops.LINEAR, left, right, 1, -1)
        self.make.to(self.make.put(ops.UNLESS_IS, a=gap, k=0, m=ops.COMPARES["<"]), go_on)
        self.nothing(*cancelled)
        self.make.place(go_on)

    def small(self, at: int) -> None:
        """More than the rows of the tape are proved for is not done."""
        go_on = Label()
        self.make.to(self.make.put(ops.UNLESS_IS, a=at, k=SIZE_MAX, m=ops.COMPARES[">"]), go_on)
        self.make.put(ops.FAIL, k=ops.UNSAFE)
        self.make.place(go_on)
