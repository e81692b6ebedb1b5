"""What a scored file says of each event, and of all of them: rows of amounts, rows of effects, sums of money.

In: outcomes. Out: rows as the writers take them, amounts as decimal text with the decimals of their unit or currency.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rules_engine import ir
from rules_engine.currencies import CURRENCY_DECIMALS
from rules_engine.feeds import Column, outcome_columns
from rules_engine.outcome import Award, Discount, Outcome, Part
from rules_engine.values import format_decimal

Row = tuple[str | int | None, ...]


class Sums:
    """What offers did over all events: taken off by stage, rule and currency, charged by rule and currency, gifts by
    what they are."""

    def __init__(self) -> None:
        self.taken: dict[tuple[str, str, str], int] = {}
        self.charged: dict[tuple[str, str], int] = {}
        self.gifts: dict[tuple[str, str], int] = {}

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
        return format_decimal(minor, decimals)

    # ---- effects: event, rule, line, kind, unit, amount, stage, pieces ----

    def effects(self, outcome: Outcome) -> tuple[Row, ...]:
        """A row for each award, each part of a discount, each charge and gift, each change of tier."""
        return (*self._offers(outcome), *self._awards(outcome.id, outcome.awards), *_tiers(outcome))

    def _offers(self, outcome: Outcome) -> Iterator[Row]:
        price, number = outcome.price, outcome.id
        currency = price.currency if price is not None else ""
        last = len(price.lines) - 1 if price is not None and outcome.event in self.shipped else None
        for each in outcome.discounts:
            if each.held_out:
                yield (number, each.rule, None, "held out", currency, self.amount(0, currency), each.stage, None)
            for part in each.parts:
                yield self._part(number, each, part, "shipping" if part.line == last else str(part.line + 1), currency)
        for charge in outcome.charges:
            amount = self.amount(charge.amount, currency)
            yield (number, charge.rule, None, "charge", currency, amount, None, None)
        for gift in outcome.gifts:
            yield (number, gift.rule, None, "gift", gift.sku, str(gift.count), None, gift.count)

    def _part(self, number: str, discount: Discount, part: Part, line: str, currency: str) -> Row:
        pieces = sum(count for count, each in part.runs if each)
        amount = self.amount(part.amount, currency)
        return (number, discount.rule, line, "take", currency, amount, discount.stage, pieces)

    def _awards(self, number: str, awards: Sequence[Award]) -> Iterator[Row]:
        for award in awards:
            if award.given or award.held_out:
                kind = "held out" if award.held_out else "give"
                amount = format_decimal(award.given, self.unit_decimals[award.unit])
                yield (number, award.rule, None, kind, award.unit, amount, None, None)


def _tiers(outcome: Outcome) -> Iterator[Row]:
    for change in outcome.tiers:
        yield (outcome.id, change.reason, None, "tier", change.after, None, None, None)


def money_lines(sums: Sums, core: ir.Program) -> Iterator[str]:
    """What offers did over a whole file, for a person: in all, then by stage and rule."""
    made = Rows(core)
    charged = {("", *key): amount for key, amount in sums.charged.items()}
    for title, amounts in (("taken off", sums.taken), ("charged", charged)):
        for currency in sorted({key[2] for key in amounts}):
            mine = sorted((_STAGES.index(key[0]), *key) for key in amounts if key[2] == currency)
            total = sum(amount for key, amount in amounts.items() if key[2] == currency)
            yield f"{title}: {made.amount(total, currency)} {currency}"
            for _, stage, rule, _ in mine:
                amount = made.amount(amounts[stage, rule, currency], currency)
                yield f'  {stage}{", " if stage else ""}"{rule}": {amount} {currency}'
    for (rule, sku), count in sorted(sums.gifts.items()):
        yield f'added free: {count} {sku} ("{rule}")'


_STAGES = ("", "catalogue", "item", "basket", "shipping")
