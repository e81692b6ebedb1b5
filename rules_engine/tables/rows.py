"""What a scored file or table says of each event: rows of amounts, rows of effects, and sums over all of them.

In: outcomes. Out: rows as the writers take them, amounts as decimal text with the decimals of their unit or currency.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from rules_engine import ir
from rules_engine.currencies import CURRENCY_DECIMALS
from rules_engine.outcome import Award, CodeUse, Discount, Outcome, Part
from rules_engine.tables.columns import Column, Row, outcome_columns
from rules_engine.values import format_decimal

_SUMS: Final = ("taken", "charged", "gifts", "used", "paid")


class Sums:
    """What rules did over all events, beside what they gave: taken off by stage, rule and currency, charged by rule and
    currency, gifts by what they are, units used by unit and rule, paid with them by rule and currency."""

    def __init__(self) -> None:
        self.taken: dict[tuple[str, str, str], int] = {}
        self.charged: dict[tuple[str, str], int] = {}
        self.gifts: dict[tuple[str, str], int] = {}
        self.used: dict[tuple[str, str], int] = {}
        self.paid: dict[tuple[str, str], int] = {}

    def add(self, outcome: Outcome) -> None:
        """Count one event."""
        currency = outcome.price.currency if outcome.price is not None else ""
        for discount in outcome.discounts:
            if discount.given:
                key = discount.stage, discount.rule, currency
                self.taken[key] = self.taken.get(key, 0) + discount.given
        for charge in outcome.charges:
            self.charged[charge.rule, currency] = self.charged.get((charge.rule, currency), 0) + charge.amount
        for gift in outcome.gifts:
            self.gifts[gift.rule, gift.sku] = self.gifts.get((gift.rule, gift.sku), 0) + gift.count
        for each in outcome.taken:
            self.used[each.unit, each.rule] = self.used.get((each.unit, each.rule), 0) + each.taken
        for paid in outcome.payments:
            self.paid[paid.rule, currency] = self.paid.get((paid.rule, currency), 0) + paid.value

    def add_all(self, other: Sums) -> None:
        """Count what others counted."""
        for name in _SUMS:
            mine = getattr(self, name)
            for key, amount in getattr(other, name).items():
                mine[key] = mine.get(key, 0) + amount

    def listed(self) -> dict[str, list[Any]]:
        """All of it as plain values."""
        return {name: [[list(key), amount] for key, amount in getattr(self, name).items()] for name in _SUMS}

    def add_listed(self, found: dict[str, list[Any]]) -> None:
        """Count what `listed` gave."""
        for name in _SUMS:
            mine = getattr(self, name)
            for key, amount in found[name]:
                mine[tuple(key)] = mine.get(tuple(key), 0) + amount


class Rows:
    """Rows of the outcomes of one program."""

    def __init__(self, core: ir.Program) -> None:
        self.units = core.units
        self.unit_decimals = {unit.name: unit.decimals for unit in core.units}
        self.decimals = {each.code: each.decimals for each in core.header.currencies}
        self.money_decimals = max(self.decimals.values(), default=2)
        self.priced = any(ir.is_priced(core, event) for event in core.events)
        self.shipped = {event.name for event in core.events if event.shipping_field}

    def columns(self) -> Sequence[Column]:
        """The columns of a row an event."""
        units = [(unit.name, unit.decimals) for unit in self.units]
        return outcome_columns(units, self.money_decimals, self.priced)

    def row(self, outcome: Outcome) -> Row:
        """What an event gave and, where it was priced, what it costs."""
        given = outcome.totals
        amounts = [format_decimal(given.get(unit.name, 0), unit.decimals) for unit in self.units]
        return (outcome.id, outcome.member, *amounts, *self._price(outcome), outcome.fingerprint)

    def _price(self, outcome: Outcome) -> Row:
        price = outcome.price
        if not self.priced:
            return (format_decimal(0, self.money_decimals),)
        if price is None:
            return (None,) * 7
        taken = sum(discount.given for discount in outcome.discounts)
        amounts = (taken, price.net, price.shipping, price.charges, price.tax, price.total)
        return (price.currency, *(self.amount(each, price.currency) for each in amounts))

    def amount(self, minor: int, currency: str) -> str:
        """An amount of money as a decimal number."""
        decimals = self.decimals.get(currency, CURRENCY_DECIMALS.get(currency, self.money_decimals))
        return format_decimal(minor, self.unit_decimals.get(currency, decimals))

    def units_of(self, amount: int, name: str) -> str:
        """An amount of a unit as a person reads it: `412 points`."""
        unit = next(each for each in self.units if each.name == name)
        word = unit.name if amount == 10**unit.decimals or not unit.plural else unit.plural
        return f"{format_decimal(amount, unit.decimals)} {word}"

    # ---- effects: event, rule, line, kind, unit, amount, stage, pieces, wanted, cut_by, reason, public ----

    def effects(self, outcome: Outcome) -> tuple[Row, ...]:
        """A row for each award, each part of a discount, each charge and gift, each presented code, what was taken of
        units and what they paid, each change of tier."""
        offered = (*self._offers(outcome), *map(_code, outcome.codes), *self._used(outcome))
        rows = (*offered, *self._awards(outcome.awards), *_tiers(outcome))
        return tuple((outcome.id, *row) for row in rows)

    def _offers(self, outcome: Outcome) -> Iterator[Row]:
        price = outcome.price
        currency = price.currency if price is not None else ""
        last = len(price.lines) - 1 if price is not None and outcome.event in self.shipped else None
        for each in outcome.discounts:
            wanted = self.amount(each.wanted, currency)
            if each.held_out or not each.parts:
                kind, nothing = "held out" if each.held_out else "take", self.amount(0, currency)
                yield (each.rule, None, kind, currency, nothing, each.stage, None, wanted, each.cut_by or None, *_NONE)
            for number, part in enumerate(each.parts):
                line = "shipping" if part.line == last else str(part.line + 1)
                yield self._part(each, part, line, currency, None if number else wanted)
        for charge in outcome.charges:
            amount = self.amount(charge.amount, currency)
            yield (charge.rule, None, "charge", currency, amount, None, None, *_WHOLE)
        for gift in outcome.gifts:
            yield (gift.rule, None, "gift", gift.sku, str(gift.count), None, gift.count, *_WHOLE)

    def _part(self, discount: Discount, part: Part, line: str, currency: str, wanted: str | None) -> Row:
        pieces = sum(count for count, each in part.runs if each)
        amount = self.amount(part.amount, currency)
        cut_by = discount.cut_by or None
        return (discount.rule, line, "take", currency, amount, discount.stage, pieces, wanted, cut_by, *_NONE)

    def _used(self, outcome: Outcome) -> Iterator[Row]:
        for each in outcome.taken:
            kind = "held out" if each.held_out else each.how
            taken, wanted = (
                format_decimal(amount, self.unit_decimals[each.unit]) for amount in (each.taken, each.wanted)
            )
            yield (each.rule, None, kind, each.unit, taken, None, None, wanted, each.cut_by or None, *_NONE)
        currency = outcome.price.currency if outcome.price is not None else ""
        for paid in outcome.payments:
            if paid.value:
                yield (paid.rule, None, "payment", currency, self.amount(paid.value, currency), None, None, *_WHOLE)

    def _awards(self, awards: Sequence[Award]) -> Iterator[Row]:
        for award in awards:
            if award.given or award.wanted or award.held_out:
                kind = "held out" if award.held_out else "give"
                amounts = (format_decimal(each, self.unit_decimals[award.unit]) for each in (award.given, award.wanted))
                given, wanted = amounts
                to = f"to {award.to}" if award.to else None
                yield (award.rule, None, kind, award.unit, given, None, None, wanted, award.cut_by or None, to, None)


_NONE: Final = (None, None)
"""No reason, exact and public: it is no code."""
_WHOLE: Final = (None, None, *_NONE)
"""No limit cuts it either."""


def _code(use: CodeUse) -> Row:
    """What became of a presented code: the rules that it set off, or why none."""
    rules = "; ".join(use.rules) or None
    return (rules, None, "code", use.code, *(None,) * 5, use.reason or None, use.public or None)


def _tiers(outcome: Outcome) -> Iterator[Row]:
    for change in outcome.tiers:
        yield (change.reason, None, "tier", change.after, None, None, None, *_WHOLE)
