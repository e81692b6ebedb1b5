"""What must hold so that a side of a point is reached: `aims(core)` walks a program and says it for each point.

In: a core. Out: for the identity of each node or definition that is a point, where it stands: the rule or track, the
events that ask it, and the conditions that must hold before it is asked. The parts of an `and` are asked while those to
their left hold, the parts of an `or` while those to their left fail; a row of a table is taken where its tests hold and
no earlier row's do. What stands inside a filter of lines is asked of a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from rules_engine import ir

Owner = ir.RuleDef | ir.OfferDef | ir.MatchDef | ir.TrackDef | ir.WayDef | None


class Place(msgspec.Struct, frozen=True):
    """Where a point is asked: of whom, on which events, while which conditions hold, and those that hold of the line at
    hand (None: it is not asked of a line)."""

    owner: Owner
    events: tuple[str, ...]
    conditions: tuple[ir.Expr, ...] = ()
    line: tuple[ir.Expr, ...] | None = None
    lot: bool = False

    def holding(self, condition: ir.Expr | None) -> Place:
        """The same place, behind one more condition."""
        if condition is None:
            return self
        if self.line is not None and of_line(condition):
            return msgspec.structs.replace(self, line=(*self.line, condition))
        return msgspec.structs.replace(self, conditions=(*self.conditions, condition))

    def on_line(self) -> Place:
        """The same place, of a line."""
        return msgspec.structs.replace(self, line=self.line or ())


Side = Literal["holds", "fails"]


def of_line(node: ir.Expr) -> bool:
    """Whether a condition reads the line at hand."""
    stack: list[object] = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, ir.LineField | ir.LineMoney | ir.LineQuantity | ir.Basis | ir.AwardPart):
            return True
        if isinstance(one, ir.Fold | ir.Picked | ir.LineKeys):
            continue
        if isinstance(one, msgspec.Struct):
            stack += [getattr(one, name) for name in one.__struct_fields__ if name != "at"]
        elif isinstance(one, tuple):
            stack += one
    return False


def aims(core: ir.Program) -> dict[int, tuple[object, Place]]:
    """By the identity of what a point stands for: it, and where it is asked."""
    found: dict[int, tuple[object, Place]] = {}
    for node, place in _places(core):
        found.setdefault(id(node), (node, place))
    return found


def _places(core: ir.Program) -> Iterator[tuple[object, Place]]:
    rules: tuple[ir.OfferDef | ir.RuleDef | ir.MatchDef, ...] = (*core.offers, *core.rules, *core.matches)
    for rule in rules:
        yield from _rule(rule)
    groups: tuple[ir.GroupDef | ir.OfferGroupDef, ...] = (*core.groups, *core.offer_groups)
    for group in groups:
        members: list[ir.OfferDef | ir.RuleDef] = [*core.offers, *core.rules]
        first = next((each for each in members if each.group == group.name), None)
        if first is not None:
            for limit in group.limits:
                yield limit, Place(first, first.events).holding(first.when)
    sent = tuple(event.name for event in core.events if event.schedule is None)
    for track in core.tracks:
        place = Place(track, track.events or sent)
        yield from paths(track.where, place)
        behind = place.holding(track.where)
        yield from paths(track.line_where, behind.on_line())
        inner = behind.on_line().holding(track.line_where) if track.line_where is not None else behind
        yield from paths(track.value, inner)
        yield from paths(track.by_key, inner)
        yield from paths(track.by, inner)
    for rung in core.tiers.rungs if core.tiers is not None else ():
        for way in rung.ways:
            place = Place(way, sent)
            yield way, place
            yield from paths(way.condition, place)
            yield from paths(way.life, place.holding(way.condition))


def _rule(rule: ir.OfferDef | ir.RuleDef | ir.MatchDef) -> Iterator[tuple[object, Place]]:
    start = Place(rule, rule.events)
    if rule.dates is not None:
        yield rule.dates, start
    if not isinstance(rule, ir.MatchDef) and rule.code is not None:
        yield rule.code, start.holding(rule.dates)
    if not isinstance(rule, ir.MatchDef) and rule.thing is not None:
        yield rule.thing, start.holding(rule.dates)
        yield from paths(rule.thing.where, msgspec.structs.replace(start, lot=True))
    yield from paths(rule.when, start.holding(rule.dates))
    acting = start.holding(rule.dates).holding(rule.when)
    yield rule, acting
    for name in rule.__struct_fields__:
        if name not in _DONE:
            yield from paths(getattr(rule, name), acting)


_DONE = frozenset(("dates", "when", "thing", "code", "at"))


def paths(node: object, place: Place) -> Iterator[tuple[object, Place]]:  # noqa: C901 - one arm for each form
    """Everything inside a node with the place where it is asked."""
    if isinstance(node, tuple):
        for each in node:
            yield from paths(each, place)
        return
    if not isinstance(node, msgspec.Struct) or isinstance(node, ir.Origin):
        return
    yield node, place
    match node:
        case ir.All(parts=parts):
            for part in parts:
                yield from paths(part, place)
                place = place.holding(part)
        case ir.Any(parts=parts):
            for part in parts:
                yield from paths(part, place)
                place = place.holding(ir.Not(part.at, part))
        case ir.Choose():
            yield from paths(node.keys, place)
            yield from _rows(node, place)
        case ir.Fold(value=value, where=where):
            yield from paths(where, place.on_line())
            yield from paths(value, place.on_line().holding(where))
        case ir.Selection(where=where) | ir.PartDef(where=where):
            yield from paths(where, place.on_line())
            yield from _inside(node, place.on_line().holding(where), ("where",))
        case ir.GiveDef(line_where=where, each_line=each_line):
            yield from paths(where, place.on_line())
            inner = place.on_line().holding(where) if each_line else place
            yield from paths(node.value, inner)
            yield from _inside(node, place, ("line_where", "value"))
        case ir.KeysDef(where=where, key=key):
            yield from paths(where, place if key is None else place.on_line())
        case ir.AcceptDef(where=where) | ir.DeductDef(where=where) | ir.TurnDef(where=where):
            yield from paths(where, msgspec.structs.replace(place, lot=True))
            yield from _inside(node, place, ("where",))
        case ir.Across():
            for bound, rate in zip(node.bounds, node.rates, strict=True):
                read = ir.TrackRead(rate.at, node.track)
                above = ir.Cmp(rate.at, ">=", read, ir.Num(rate.at, bound))
                yield from paths(rate, place.holding(above) if bound > 0 else place)
        case _:
            yield from _inside(node, place, ())


def _inside(node: msgspec.Struct, place: Place, done: tuple[str, ...]) -> Iterator[tuple[object, Place]]:
    for name in node.__struct_fields__:
        if name != "at" and name not in done:
            yield from paths(getattr(node, name), place)


def _rows(table: ir.Choose, place: Place) -> Iterator[tuple[object, Place]]:
    """The rows of a table: each behind its tests, and behind the tests of those before that do not all hold."""
    for row in table.rows:
        taken = row_condition(table, row)
        here = place if taken is None else place.holding(taken)
        if taken is None:
            for other in table.rows:
                met = row_condition(table, other)
                here = here if met is None else here.holding(ir.Not(table.at, met))
        yield row, here
        yield from paths(row.value, here)


def row_condition(table: ir.Choose, row: ir.ChooseRow) -> ir.Expr | None:
    """The tests of a row as a condition; None where it takes everything."""
    tests = [_tested(key, test) for key, test in zip(table.keys, row.tests, strict=True)]
    parts = tuple(each for each in tests if each is not None)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else ir.All(table.at, parts)


def _tested(key: ir.Expr, test: ir.Test) -> ir.Expr | None:
    at = key.at
    match test:
        case ir.InTest(values=values):
            return ir.OneOf(at, key, values)
        case ir.RangeTest(low=low, high=high):
            ends: list[ir.Expr] = []
            ends += [] if low is None else [ir.Cmp(at, ">=", key, ir.Num(at, low))]
            ends += [] if high is None else [ir.Cmp(at, "<", key, ir.Num(at, high))]
            return ends[0] if len(ends) == 1 else ir.All(at, tuple(ends)) if ends else None
        case _:
            return None
