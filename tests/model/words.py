"""Expressions over a basket of single units."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import groupby
from typing import Any, TypeAlias

from rules_engine import ir
from rules_engine.event import Event, Facts
from tests import oracles

BILLION = 10**9


Ask: TypeAlias = Callable[[ir.Expr, int | None], Any]
"""What is remembered, and days: the value of a node that has nothing to do with money, on a line or on none."""


class Unread(Exception):  # noqa: N818 - says that the model has no opinion
    """A node that the model does not read."""


class NoAmount(Exception):  # noqa: N818
    """There is no amount in the event's currency."""


class NoAward(Exception):  # noqa: N818
    """A table said `no award`."""


class NoMember(Exception):  # noqa: N818
    """Something of a guest was asked."""


@dataclass(eq=False)
class Unit:
    """One unit; `line` counts from 0 (the event's own shipping is the line after the last), `place` from 1."""

    number: int
    line: int
    place: int
    key: Any
    fields: dict[str, Any] | None
    shipping: bool
    was: int
    list: int
    floor: int
    rate: Fraction


@dataclass
class Cost:
    """What each unit costs now, cost when the rule at hand began to act, and cost after stages that are over."""

    now: list[int]
    acting: list[int]
    after: dict[str, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """Where an expression is read: the event, the units, what they cost, the line and the element at hand."""

    core: ir.Program
    kind: ir.EventDef
    event: Event
    facts: Facts
    units: tuple[Unit, ...]
    cost: Cost
    ask: Ask
    line: int | None = None
    element: tuple[Unit, ...] | None = None
    code: str | None = None

    def on(self, line: int) -> Scene:
        """The same on a line."""
        return replace(self, line=line)

    def fields(self) -> dict[str, Any]:
        """The fields of the line at hand."""
        if self.line is None:
            raise Unread("a line field where no line is")
        return self.event.fields if self.kind.lines is None else self.event.lines[self.line]

    def lines(self, of: str) -> list[list[Unit]]:
        """The lines of goods, of shipping or of both, each as its units; a line may have none."""
        count = len(self.event.lines) if self.kind.lines is not None else 1
        found = []
        for number in range(count + bool(self.kind.shipping_field)):
            own = number == count
            flag = self.kind.shipping_flag
            shipping = own or bool(flag and self.on(number).fields()[flag])
            if of == "both" or (of == "shipping") == shipping:
                found.append((number, [unit for unit in self.units if unit.line == number]))
        return [units for _, units in found if units]


def money(units: list[Unit] | tuple[Unit, ...], base: str, side: str, scene: Scene) -> Fraction:
    """A money base over units, with its tax side."""
    total = Fraction(0)
    for unit in units:
        amount = _base(unit, base, scene)
        prices = scene.core.header.prices
        if prices == "include" and side == "without":
            total += Fraction(amount) / (1 + unit.rate)
        elif prices == "exclude" and side == "with":
            total += amount * (1 + unit.rate)
        else:
            total += amount
    return total


def _base(unit: Unit, base: str, scene: Scene) -> int:
    match base:
        case "was":
            return unit.was
        case "list":
            return unit.list
        case "current" | "net" | "paid":
            return scene.cost.now[unit.number]
        case _:
            stage = base.removeprefix("after ")
            if stage not in scene.cost.after:
                raise Unread(f"{base} before its stage")
            return scene.cost.after[stage][unit.number]


def number(expr: ir.Expr, scene: Scene) -> Fraction:
    """A number."""
    found = value(expr, scene)
    assert isinstance(found, int | Fraction)
    return Fraction(found)


def truth(expr: ir.Expr | None, scene: Scene) -> bool:
    """A condition."""
    return expr is None or bool(value(expr, scene))


def _field(name: str, fields: dict[str, Any], declared: tuple[ir.FieldDef, ...]) -> Any:
    found = fields[name]
    if next(each.kind for each in declared if each.name == name) == "rate" and found is not None:
        return Fraction(found, BILLION)
    return found


def value(expr: ir.Expr, scene: Scene) -> Any:  # noqa: C901 - one arm for each node
    """The value of an expression."""
    kind, event = scene.kind, scene.event
    match expr:
        case ir.Num(num=num, den=den):
            return Fraction(num, den)
        case ir.Txt(value=found) | ir.Flg(value=found):
            return found
        case ir.Field(name=name):
            return _field(name, event.fields, kind.fields)
        case ir.LineField(name=name):
            return _field(name, scene.fields(), kind.lines.fields if kind.lines is not None else kind.fields)
        case ir.LineMoney(base=base, side=side):
            return money([unit for unit in scene.units if unit.line == scene.line], base, side, scene)
        case ir.LineQuantity():
            return len([unit for unit in scene.units if unit.line == scene.line])
        case ir.Basis(base=base, side=side):
            units = scene.element
            if units is None:
                units = tuple(unit for units in scene.lines("lines") for unit in units)
            return money(units, base, side, scene)
        case ir.PerCurrency(amounts=amounts):
            for currency, amount in amounts:
                if currency == event.currency:
                    return Fraction(amount.num, amount.den)
            raise NoAmount
        case ir.CurrencyRead():
            return event.currency
        case ir.CodeRead():
            return scene.code
        case ir.HasMember():
            return event.member is not None
        case ir.MemberField(name=name):
            if event.member is None:
                raise NoMember
            return _field(name, scene.facts, scene.core.member)
        case (
            ir.Today() | ir.Now() | ir.TrackRead() | ir.BalanceRead() | ir.TierRead() | ir.AddTime() | ir.EdgeDay()
            | ir.DayOf() | ir.Imported()
        ):  # fmt: skip
            return scene.ask(expr, scene.line)
        case ir.Add(parts=parts):
            return sum((number(part, scene) for part in parts), Fraction(0))
        case ir.Mul(left=left, right=right):
            return number(left, scene) * number(right, scene)
        case ir.Steps(value=inner):
            return math.trunc(number(inner, scene))
        case ir.Round(value=inner, mode=mode):
            return oracles.rounded(number(inner, scene), mode)
        case ir.Clip(value=inner, low=low, high=high):
            return clipped(number(inner, scene), low, high, scene)
        case ir.Largest(items=items):
            return max(number(item, scene) for item in items)
        case ir.Fold():
            return _fold(expr, scene)
        case ir.Picked(base=base, side=side, select=select, within=within):
            chosen = selected(select, scene, list(scene.element or ()) if within else list(scene.units))
            return len(chosen) if base is None else money(chosen, base, side, scene)
        case ir.Choose():
            return _choose(expr, scene)
        case _:
            return _holds(expr, scene)


def clipped(amount: Fraction, low: ir.Expr | None, high: ir.Expr | None, scene: Scene) -> Fraction:
    """Not below the one, then not above the other."""
    if low is not None:
        amount = max(amount, number(low, scene))
    return min(amount, number(high, scene)) if high is not None else amount


def _holds(expr: ir.Expr, scene: Scene) -> bool:
    match expr:
        case ir.All(parts=parts):
            return all(truth(part, scene) for part in parts)
        case ir.Any(parts=parts):
            return any(truth(part, scene) for part in parts)
        case ir.Not(value=inner):
            return not truth(inner, scene)
        case ir.Has(value=inner):
            return value(inner, scene) is not None
        case ir.Cmp(op=op, left=left, right=right):
            one, other = value(left, scene), value(right, scene)
            if op in ("=", "!="):
                return bool(one == other) == (op == "=")
            return bool({"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[op])
        case ir.OneOf(value=inner, items=items):
            return value(inner, scene) in items
        case ir.InImported(value=inner, column=column):
            return value(inner, scene) in next(each.values for each in scene.core.imports if each.name == column)
        case ir.InField(value=inner, items=items_of, count=count):
            return value(inner, scene) in value(items_of, scene)[:count]
        case ir.Multiple(value=inner, factor=factor):
            return number(inner, scene) % factor == 0
        case ir.InPeriod() | ir.Reaches():
            return bool(scene.ask(expr, scene.line))
        case _:
            raise Unread(type(expr).__name__)


def _fold(fold: ir.Fold, scene: Scene) -> Any:
    count = len(scene.event.lines) if scene.kind.lines is not None else 1
    places = [scene.on(number) for number in range(count)]
    flag = scene.kind.shipping_flag
    if fold.of != "both":
        places = [each for each in places if bool(flag and each.fields()[flag]) == (fold.of == "shipping")]
    places = [each for each in places if truth(fold.where, each)]
    if scene.kind.shipping_field and fold.of != "lines":
        places.append(scene.on(count))
    if fold.op == "count":
        return len(places)
    assert fold.value is not None
    if fold.op == "sum":
        return sum((number(fold.value, each) for each in places), Fraction(0))
    return len({value(fold.value, each) for each in places} - {None})


def _choose(table: ir.Choose, scene: Scene) -> Any:
    for row in table.rows:
        if all(_passes(test, key, scene) for test, key in zip(row.tests, table.keys, strict=True)):
            if isinstance(row.value, ir.Stop):
                raise NoAward
            return value(row.value, scene)
    raise AssertionError("tables are complete")


def _passes(test: ir.Test, key: ir.Expr, scene: Scene) -> bool:
    match test:
        case ir.AnyTest():
            return True
        case ir.InTest(values=values):
            return value(key, scene) in values
        case ir.RangeTest(low=low, high=high):
            found = value(key, scene)
            return found is not None and (low is None or found >= low) and (high is None or found < high)


# ---- selections


def selected(select: ir.Selection, scene: Scene, reach: list[Unit]) -> list[Unit]:
    """The units that a selection means, of those within reach, in the order of lines."""
    wanted = [unit for units in scene.lines(select.of) for unit in units]
    found = [unit for unit in reach if unit in wanted and asked(select.where, unit, scene)]
    return picked(select.pick, in_line(found), scene)


def asked(where: ir.Expr | None, unit: Unit, scene: Scene) -> bool:
    """A condition of a unit and of its line; the event's own shipping is not asked."""
    return unit.fields is None or truth(where, replace(scene.on(unit.line), element=(unit,)))


def in_line(units: list[Unit]) -> list[Unit]:
    """By line id, then place; the event's own shipping last."""
    return sorted(units, key=lambda unit: (unit.fields is None, unit.key, unit.place))


def ordered(units: list[Unit], ordering: ir.Ordering, scene: Scene) -> list[Unit]:
    """Units in an order; ties by line id, then place."""
    row, cost = in_line(units), scene.cost.acting
    match ordering.how:
        case "line":
            return row
        case "cheapest":
            return sorted(row, key=lambda unit: cost[unit.number])
        case "dearest":
            return sorted(row, key=lambda unit: -cost[unit.number])
        case "sorted":
            assert ordering.by is not None
            by = ordering.by
            found = [(None if unit.fields is None else value(by, scene.on(unit.line)), unit) for unit in row]
            return sorted_by(found, ordering.descending)


def sorted_by(found: list[tuple[Any, Unit]], descending: bool) -> list[Unit]:
    """By value, ascending with absent values first, or descending with absent values last; ties stay as they stand."""
    absent = [unit for worth, unit in found if worth is None]
    values = sorted({worth for worth, _ in found if worth is not None}, reverse=descending)
    present = [unit for each in values for worth, unit in found if worth == each]
    return present + absent if descending else absent + present


def picked(pick: ir.Pick | None, row: list[Unit], scene: Scene) -> list[Unit]:
    """What is picked of a row of units."""
    match pick:
        case None:
            return row
        case ir.PickSpan(first=first, last=last):
            places = dict[int, int]()
            found = []
            for unit in row:
                places[unit.line] = places.get(unit.line, 0) + 1
                if first <= places[unit.line] <= last:
                    found.append(unit)
            return found
        case ir.PickEvery(place=place, of=of, ordering=ordering):
            numbered = enumerate(ordered(row, ordering, scene))
            found = []
            for _, alike in groupby(numbered, key=lambda each: (each[1].line, scene.cost.acting[each[1].number])):
                own = list(alike)
                inside = sorted(number % of for number, _ in own)
                found += [unit for (_, unit), at in zip(own, inside, strict=True) if at == place - 1]
            return in_line(found)
        case ir.PickSome(of="unit"):
            return in_line(_some(pick, [[unit] for unit in row], scene))
        case ir.PickSome():
            lines = [[unit for unit in row if unit.line == line] for line in dict.fromkeys(unit.line for unit in row)]
            return in_line(_some(pick, lines, scene))


def _some(pick: ir.PickSome, row: list[list[Unit]], scene: Scene) -> list[Unit]:
    count = pick.count if pick.per_full is None else pick.count * (len(row) // pick.per_full)

    def cost(units: list[Unit]) -> int:
        return sum(scene.cost.acting[unit.number] for unit in units)

    if pick.which == "cheapest":
        row = sorted(row, key=cost)
    elif pick.which == "dearest":
        row = sorted(row, key=lambda units: -cost(units))
    elif pick.which == "last":
        row = row[::-1]
    return [unit for units in row[:count] for unit in units]
