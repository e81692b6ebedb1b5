"""What tests can reach of a program: its rules, conditions, dates, rows, limits, effects, paths, sets, keys and things
that are presented, as points.

In: a core. Out: `Points`, each a stretch of a rule file with the sides that tests should see of it: of a condition that
it holds and that it fails, of a rule that it acts. One text is one point, however often the core uses it; a condition
made of others by `and`, `or` and `not` is a point, and so is each of its parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from rules_engine import ir

Kind = Literal[
    "rule", "code", "thing", "dates", "condition", "row", "sets", "keys", "effect", "taking", "carry", "limit",
    "tier path",
]  # fmt: skip
Side = str

SIDES: dict[Kind, tuple[Side, ...]] = {
    "rule": ("acts",),
    "code": ("presented", "absent"),
    "thing": ("presented", "absent"),
    "dates": ("inside", "outside"),
    "condition": ("holds", "fails"),
    "row": ("taken",),
    "sets": ("formed",),
    "keys": ("found", "missing"),
    "effect": ("gives",),
    "taking": ("takes",),
    "carry": ("carries",),
    "limit": ("reached", "leaves room"),
    "tier path": ("met", "missed"),
}
"""What is to be seen of each kind of point."""

KINDS: tuple[Kind, ...] = tuple(SIDES)


class Point(msgspec.Struct, frozen=True):
    """A stretch of a rule file that tests can reach; `title` names a rule."""

    kind: Kind
    at: ir.Origin
    title: str = ""

    @property
    def sides(self) -> tuple[Side, ...]:
        """What is to be seen of it."""
        return SIDES[self.kind]


class Points:
    """The points of a program, and which of them a node or a definition of the core is, by its identity."""

    def __init__(self, core: ir.Program) -> None:
        self.core = core
        self.all: dict[Point, None] = {}
        self.of: dict[int, list[Point]] = {}
        rules: tuple[ir.OfferDef | ir.RuleDef | ir.MatchDef, ...] = (*core.offers, *core.rules, *core.matches)
        for rule in rules:
            self._rule(rule)
        groups: tuple[ir.GroupDef | ir.OfferGroupDef, ...] = (*core.groups, *core.offer_groups)
        for group in groups:
            self._limits(group.limits)
        for track in core.tracks:
            self._condition(track.where)
            self._condition(track.line_where)
            self._inside(track)
        if core.tiers is not None:
            self._tiers(core.tiers)

    def _add(self, kind: Kind, owner: object, at: ir.Origin, title: str = "") -> None:
        point = Point(kind, at, title)
        self.all[point] = None
        found = self.of.setdefault(id(owner), [])
        if point not in found:
            found.append(point)

    def _rule(self, rule: ir.OfferDef | ir.RuleDef | ir.MatchDef) -> None:
        self._add("rule", rule, rule.at, rule.title)
        if rule.dates is not None:
            self._add("dates", rule.dates, rule.dates.at)
        self._condition(rule.when)
        if not isinstance(rule, ir.MatchDef) and rule.code is not None:
            self._add("code", rule.code, rule.at, rule.title)
        if not isinstance(rule, ir.MatchDef) and rule.thing is not None:
            self._add("thing", rule.thing, rule.thing.at)
        match rule:
            case ir.OfferDef():
                if rule.sets is not None:
                    self._add("sets", rule.sets, rule.at, rule.title)
                    for part in rule.sets.parts:
                        self._condition(part.where)
                        self._effects(part.effects)
                self._effects(rule.effects)
            case ir.RuleDef():
                if isinstance(rule.loop, ir.KeysDef):
                    self._add("keys", rule.loop, rule.at, rule.title)
                self._acts(rule.effects)
            case ir.MatchDef():
                pass
        self._limits(rule.limits)
        self._inside(rule)

    def _effects(self, effects: tuple[ir.EffectDef, ...]) -> None:
        for effect in effects:
            self._add("effect", effect, effect.at)

    def _acts(self, effects: tuple[ir.ActDef, ...]) -> None:
        """What rules give, take and carry; what a turn gives, it gives where it takes."""
        for effect in effects:
            match effect:
                case ir.GiveDef():
                    self._add("effect", effect, effect.at)
                case ir.CarryDef():
                    self._add("carry", effect, effect.at)
                case _:
                    self._add("taking", effect, effect.at)

    def _limits(self, limits: tuple[ir.LimitDef, ...]) -> None:
        for limit in limits:
            self._add("limit", limit, limit.at)

    def _tiers(self, tiers: ir.TiersDef) -> None:
        for rung in tiers.rungs:
            for way in rung.ways:
                self._add("tier path", way, way.condition.at, rung.name)
                for part in _parts(way.condition):
                    self._condition(part)
                self._inside(way)

    def _condition(self, condition: ir.Expr | None) -> None:
        """A condition and the conditions that it is made of; one that cannot change is no point."""
        if condition is None or isinstance(condition, ir.Flg):
            return
        self._add("condition", condition, condition.at)
        for part in _parts(condition):
            self._condition(part)

    def _inside(self, definition: msgspec.Struct) -> None:
        """The filters and the rows of tables inside a definition."""
        for record in ir.records(definition):
            match record:
                case ir.Fold(where=where) | ir.Selection(where=where) | ir.KeyFold(where=where):
                    self._condition(where)
                case ir.KeysDef(where=where) | ir.ThingDef(where=where):
                    self._condition(where)
                case ir.AcceptDef(where=where) | ir.DeductDef(where=where) | ir.TurnDef(where=where):
                    self._condition(where)
                case ir.GiveDef(line_where=where):
                    self._condition(where)
                case ir.Choose(rows=rows):
                    for row in rows:
                        self._add("row", row, row.value.at)
                case ir.Across(rates=rates):
                    for rate in rates:
                        self._add("row", rate, rate.at)


def _parts(condition: ir.Expr) -> Iterator[ir.Expr]:
    match condition:
        case ir.All(parts=parts) | ir.Any(parts=parts):
            yield from parts
        case ir.Not(value=value):
            yield value
