"""How a value inside a rule is shown: money with its decimals and currency, units by name, days as dates.

The core has no dimensions: they were checked before it was made. What a number counts is found again from the node that
gave it: a field says what it holds, a track what it adds up, an award what it gives. A product of a rate counts what
its effect gives, so the effect's unit is handed down.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import Val, World
from rules_engine.calendar import format_date, format_instant, format_time
from rules_engine.values import format_decimal


class Measure(msgspec.Struct, frozen=True):
    """What a number counts: nothing special, money or a unit with its decimals, a rate, a moment, a rung."""

    kind: Literal["plain", "money", "unit", "rate", "day", "instant", "time", "rung"] = "plain"
    unit: str = ""
    decimals: int = 0


PLAIN = Measure()
DAY = Measure("day")
FIELD_DAY = Measure("day", "field")
"""A day that may be absent; any other day that is not there never comes."""

RUNG = Measure("rung")


class Measures:
    """The measures of one program's nodes, on one kind of event."""

    def __init__(self, world: World, event: str, currency: str = "") -> None:
        self.world = world
        self.event = event
        kind = world.events.get(event)
        self.currency = currency or (kind.currency or kind.priced_unit if kind is not None else "")
        self.each = self.key = PLAIN
        """What the numbers of the keys count that a rule loops over, and what the keys are."""

    def of(self, node: ir.Expr | ir.Stop) -> Measure:  # noqa: C901 - one arm for each node
        """What the value of a node counts."""
        world = self.world
        match node:
            case ir.Field(name=name):
                return self.field(world.fields.get((self.event, name)))
            case ir.LineField(name=name):
                return self.field(world.line_fields.get((self.event, name)))
            case ir.MemberField(name=name) | ir.PersonField(name=name):
                return self.field(world.facts.get(name))
            case ir.LineMoney() | ir.Basis() | ir.PerCurrency() | ir.Picked(base=str()):
                return self.money(self.currency)
            case ir.AwardRead(rule=rule) | ir.AwardPart(rule=rule):
                return self.unit(next(filter(None, map(_given, world.rules[rule].effects)), ""))
            case ir.TrackRead(track=track):
                return self.track(world.tracks[track])
            case ir.BalanceRead(unit=unit) | ir.UsedRead(unit=unit):
                return self.unit(unit)
            case ir.KeyFold(track=track, op="sum"):
                return self.track(world.tracks[track])
            case ir.KeyValue():
                return self.each
            case ir.KeyRead():
                return self.key
            case ir.LineKeys(value=value):
                return self.of(value)
            case ir.TierRead() | ir.RungRead():
                return RUNG
            case ir.Today() | ir.AddTime() | ir.EdgeDay() | ir.DayOf():
                return DAY
            case ir.Now():
                return Measure("instant")
            case ir.Add(parts=parts) | ir.Largest(items=parts):
                return self.first(parts)
            case ir.Clip(value=value) | ir.Round(value=value) | ir.Fold(op="sum", value=value) if value is not None:
                return self.of(value)
            case ir.Choose(rows=rows):
                return self.first(tuple(row.value for row in rows))
            case _:
                return PLAIN

    def first(self, nodes: tuple[ir.Expr | ir.Stop, ...]) -> Measure:
        """What the first of some values counts that counts anything special."""
        return next((found for node in nodes if (found := self.of(node)) != PLAIN), PLAIN)

    def field(self, field: ir.FieldDef | None) -> Measure:
        match field:
            case None:
                return PLAIN
            case ir.FieldDef(kind="money", unit=currency):
                return self.money(currency or self.currency)
            case ir.FieldDef(kind="unit", unit=unit):
                return self.unit(unit)
            case ir.FieldDef(kind="date"):
                return FIELD_DAY
            case ir.FieldDef(kind="instant"):
                return Measure("instant")
            case ir.FieldDef(kind="time"):
                return Measure("time")
            case ir.FieldDef(kind="rate"):
                return Measure("rate")
            case ir.FieldDef(kind="tier"):
                return RUNG
            case _:
                return PLAIN

    def money(self, currency: str) -> Measure:
        """Money of a currency, or the unit that takes its place; without one, of the program's only one."""
        listed = self.world.core.header.currencies
        for each in listed:
            if each.code == currency or (not currency and len(listed) == 1):
                return Measure("money", each.code, each.decimals)
        return self.unit(currency)

    def unit(self, name: str) -> Measure:
        """A declared unit."""
        unit = self.world.units.get(name)
        return PLAIN if unit is None else Measure("unit", unit.name, unit.decimals)

    def track(self, track: ir.TrackDef) -> Measure:
        """What a track adds up: money, a unit, or a plain count; or the day that it keeps."""
        if track.kind in ("first day", "last day"):
            return FIELD_DAY
        if not track.unit:
            return PLAIN
        found = self.unit(track.unit)
        return found if found != PLAIN else self.money(track.unit)

    def show(self, value: Val, measure: Measure) -> str:
        """A value in words; a number is exact, as a decimal where it has an end, else as a fraction."""
        if value is None:
            return "for ever" if measure == DAY else "absent"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, str):
            return value
        if isinstance(value, tuple):
            return ", ".join(map(str, value)) or "none"
        return self._number(Fraction(value), measure)

    def _number(self, value: Fraction, measure: Measure) -> str:
        whole = value.numerator
        match measure.kind:
            case "money":
                return f"{decimal(value / 10**measure.decimals, measure.decimals)} {measure.unit}"
            case "unit":
                return self.amount(value, measure.unit)
            case "day":
                return format_date(whole)
            case "instant":
                return format_instant(whole, self.world.zone)
            case "time":
                return format_time(whole)
            case "rung":
                tiers = self.world.core.tiers
                return tiers.rungs[whole].name if tiers is not None and 0 <= whole < len(tiers.rungs) else str(whole)
            case "rate":
                return f"{decimal(value * 100)}%"
            case _:
                return decimal(value)

    def amount(self, value: Fraction | int, unit: str) -> str:
        """An amount of a unit, with its word."""
        found = self.world.units[unit]
        number = decimal(Fraction(value) / 10**found.decimals, found.decimals)
        return f"{number} {found.name if number == '1' or not found.plural else found.plural}"


def _given(effect: ir.ActDef) -> str:
    """The unit that an effect gives; empty where it gives none."""
    match effect:
        case ir.TurnDef(into=give) | (ir.GiveDef() as give):
            return give.unit
        case _:
            return ""


def decimal(value: Fraction, least: int = 0) -> str:
    """An exact number: with at least so many decimals, or as a fraction where no decimals would do.

    >>> decimal(Fraction(3297, 10)), decimal(Fraction(40), 2), decimal(Fraction(1, 3))
    ('329.7', '40.00', '1/3')
    """
    for places in range(least, least + 18):
        scaled = value * 10**places
        if scaled.denominator == 1:
            return format_decimal(scaled.numerator, places)
    return f"{value.numerator}/{value.denominator}"
