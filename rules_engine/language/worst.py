"""What a rule gives at worst on one event, and what a unit is worth in money.

In: what a rule means, and the events that it acts on. Out: the most that it can give or take off, exact, with how it is
written; nothing where the text sets no end. The bounds are those of the fields, of the lines of a bill, of modifiers
and of limits. Nothing is assumed of conditions: that a rule is seldom met makes it no cheaper on the day it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import floor
from typing import NamedTuple

from rules_engine import ir
from rules_engine.checking import Checked, EventInfo, core_of, interval
from rules_engine.values import format_decimal
from rules_engine.worth import Worth, worth_by


class Most(NamedTuple):
    """The most of one unit (or currency) that a rule gives on one event; `amount` is None where there is no end."""

    unit: str
    decimals: int
    amount: int | None
    money: str = ""

    @property
    def words(self) -> str:
        """As a person reads it."""
        if self.amount is None:
            return f"{self.unit} without an end"
        worth = f", worth {self.money}" if self.money else ""
        return f"{_grouped(self.amount, self.decimals)} {self.unit}{worth}"


class Costs:
    """The rules of a checked program by their keys, and what they give at worst."""

    def __init__(self, checked: Checked) -> None:
        self.symbols = checked.symbols
        cores = [core_of(one) for one in checked.ones]
        self.rules = {each.key: each for each in cores if isinstance(each, (ir.RuleDef, ir.OfferDef))}
        self.units = {each.name: each for each in cores if isinstance(each, ir.UnitDef)}
        self._asked: set[str] = set()

    def of_rule(self, key: str) -> tuple[Most, ...]:
        """The most that a rule gives or takes off on one event, one for each unit or currency."""
        rule = self.rules.get(key)
        if rule is None or key in self._asked:
            return ()
        self._asked.add(key)
        found: dict[str, list[Fraction | None]] = {}
        for event in self._events(rule.events):
            totals: dict[str, list[Fraction | None]] = {}
            for unit, amount in self._effects(rule, event):
                totals.setdefault(unit, []).append(amount)
            for unit, amounts in totals.items():
                found.setdefault(unit, []).append(_sum(amounts))
        self._asked.discard(key)
        return tuple(self._most(rule, unit, amounts) for unit, amounts in found.items())

    def of_unit(self, name: str) -> Iterator[tuple[str, Most]]:
        """The rules that give a unit, by title, with the most that each gives on one event."""
        for key, rule in self.rules.items():
            for most in self.of_rule(key) if isinstance(rule, ir.RuleDef) else ():
                if most.unit == self._plural(name):
                    yield rule.title, most

    def worth_of(self, unit: str, currency: str) -> Worth | None:
        """What one of a unit is worth in a currency, at the one rate at which the program accepts it."""
        known = self.units.get(unit)
        rules = [each for each in self.rules.values() if isinstance(each, ir.RuleDef)]
        return None if known is None else worth_by(currency, known, rules, self.symbols.header.currencies.values())

    def money_of(self, unit: str, amount: int) -> str:
        """An amount of a unit in money, in the first currency of the header that it is worth something in."""
        for code, currency in self.symbols.header.currencies.items():
            worth = self.worth_of(unit, code)
            if worth is not None:
                return f"{_grouped(worth.of(amount), currency.decimals)} {code}"
        return ""

    # ---- one rule on one event ----

    def _events(self, names: Iterable[str]) -> Iterator[ir.EventDef]:
        for name in names:
            info = self.symbols.events.get(name) or self.symbols.scheduled.get(name)
            if isinstance(info, EventInfo):
                yield info.definition

    def _effects(self, rule: ir.RuleDef | ir.OfferDef, event: ir.EventDef) -> Iterator[tuple[str, Fraction | None]]:
        reads = _reads(event)
        lines = event.lines.high if event.lines else 1
        if isinstance(rule, ir.OfferDef):
            yield from self._offered(rule, event, reads, lines)
            return
        for each in ir.walk(rule):
            if isinstance(each, ir.AwardRead | ir.AwardPart):
                known = [most for most in self.of_rule(each.rule) if most.amount is not None]
                if len(known) == 1:
                    reads[f"award {each.rule}"] = (0, known[0].amount)
        times = len(rule.loop.marks) if isinstance(rule.loop, ir.MarksDef) else 1
        for effect in rule.effects:
            for give in _gives(effect):
                most = _end(give.value, give.high, reads)
                if isinstance(rule.loop, ir.KeysDef):
                    times = lines if rule.loop.track == "" else 0
                most = None if most is None or (isinstance(rule.loop, ir.KeysDef) and not times) else most * times
                yield give.unit, None if most is None else most * (lines if give.each_line else 1)

    def _offered(
        self,
        rule: ir.OfferDef,
        event: ir.EventDef,
        reads: dict[str, tuple[Fraction | int | None, Fraction | int | None]],
        lines: int,
    ) -> Iterator[tuple[str, Fraction | None]]:
        """What an offer takes off at most: never more than the price of what it touches."""
        price = _price(event)
        everything = None if price is None else Fraction(price * lines)
        effects = [each for each in rule.effects if isinstance(each, ir.DiscountDef)]
        effects += [each for part in (rule.sets.parts if rule.sets else ()) for each in part.effects]
        for effect in effects:
            each = _end(effect.value, effect.high, reads) if effect.verb == "take" else None
            many = 1 if effect.grain == "total" and rule.sets is None else None
            most = everything if each is None or many is None else each if everything is None else min(each, everything)
            yield event.currency or event.priced_unit or "money", most

    def _most(self, rule: ir.RuleDef | ir.OfferDef, unit: str, amounts: list[Fraction | None]) -> Most:
        highest = (
            None
            if any(each is None for each in amounts)
            else max((each for each in amounts if each is not None), default=Fraction(0))
        )
        limits = [each.amount for each in rule.limits if each.amount is not None and each.unit in ("", unit)]
        ends = [*limits, *([] if highest is None else [max(0, floor(highest))])]
        amount = min(ends) if ends else None
        known = self.units.get(unit)
        if known is None:
            money = self.symbols.header.currencies.get(unit)
            return Most(unit, money.decimals if money else 0, amount)
        return Most(self._plural(unit), known.decimals, amount, "" if amount is None else self.money_of(unit, amount))

    def _plural(self, unit: str) -> str:
        known = self.units.get(unit)
        return (known.plural or known.name) if known else unit


def _gives(effect: ir.ActDef) -> tuple[ir.GiveDef, ...]:
    match effect:
        case ir.GiveDef(split=()):
            return (effect,)
        case ir.TurnDef(into=into, more=more):
            return (into, *more)
        case _:
            return ()


def _end(
    value: ir.Expr, high: ir.Expr | None, reads: dict[str, tuple[Fraction | int | None, Fraction | int | None]]
) -> Fraction | None:
    ends = [interval(each, reads)[1] for each in (value, high) if each is not None]
    known = [Fraction(each) for each in ends if each is not None]
    return min(known) if known else None


def _sum(amounts: list[Fraction | None]) -> Fraction | None:
    known = [each for each in amounts if each is not None]
    return sum(known, Fraction(0)) if len(known) == len(amounts) else None


def _price(event: ir.EventDef) -> int | None:
    """The highest price of one line, in minor units."""
    fields = {each.name: each for each in (event.lines.fields if event.lines else event.fields)}
    listed = fields.get(event.list_field)
    if listed is None or listed.bounds:
        return None
    pieces = fields[event.quantity_field].high if event.list_each and event.quantity_field in fields else 1
    return listed.high * pieces


def _reads(event: ir.EventDef) -> dict[str, tuple[Fraction | int | None, Fraction | int | None]]:
    """The bounds of what an event can say, as `interval` asks for them."""
    reads: dict[str, tuple[Fraction | int | None, Fraction | int | None]] = {
        "lines": (0, event.lines.high if event.lines else 1)
    }
    for where, fields in (("field", event.fields), ("line", event.lines.fields if event.lines else ())):
        for each in fields:
            if each.kind in ("money", "count", "unit", "rate") and not each.bounds:
                scale = 10**9 if each.kind == "rate" else 1
                reads[f"{where} {each.name}"] = (
                    (Fraction(each.low, scale), Fraction(each.high, scale)) if each.high else (None, None)
                )
            if each.name == event.quantity_field:
                reads["quantity"] = (0, each.high)
    price = _price(event)
    if price is not None:
        low = next(
            (
                each.low
                for each in (event.lines.fields if event.lines else event.fields)
                if each.name == event.list_field
            ),
            0,
        )
        reads["prices"] = (min(low, 0), price)
    return reads


def _grouped(amount: int, decimals: int) -> str:
    whole, dot, part = format_decimal(amount, decimals).partition(".")
    return f"{int(whole):,}{dot}{part}".replace(",", "_")
