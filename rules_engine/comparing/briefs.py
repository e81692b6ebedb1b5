"""One outcome, as far as two programs are compared by it: small enough to wait for its counterpart.

In: an outcome, or a refusal. Out: a `Brief`: the amounts by rule, and everything else that a member would notice. What
differs in names alone (a rule that was renamed) is the same; state, versions and weights on lines are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

import msgspec

from rules_engine.outcome import Outcome, Refused

Sum: TypeAlias = tuple[str, str, str]
"""A rule, the unit or currency, and what of it: given, used, discounts, charged, paid."""

REFUSED: Final = "refused by one of them"
AMOUNTS: Final = "amounts"
PRICE: Final = "price"
TIERS: Final = "tiers"
OTHER: Final = "dates of units, gifts, codes or messages"


class Brief(msgspec.Struct, frozen=True):
    """What an outcome comes to: amounts by rule, and the rest. `to_pay` is the currency and what is left to pay;
    `dates` say of each rule and unit when what it gave comes and goes, and to whom."""

    event: str
    id: str
    member: str | None
    amounts: dict[Sum, int] = {}
    to_pay: tuple[str, int] = ("", 0)
    tiers: tuple[tuple[str, str], ...] = ()
    dates: dict[tuple[str, str], tuple[object, ...]] = {}
    rest: tuple[object, ...] = ()
    refused: tuple[tuple[str, str], ...] | None = None

    @property
    def nothing(self) -> bool:
        """Whether nothing came of it."""
        return not (self.amounts or self.tiers or self.rest or self.to_pay[0])


def brief(result: Outcome | Refused, renamed: Mapping[str, str]) -> Brief:
    """An outcome in brief, its rules called as the new program calls them."""
    if isinstance(result, Refused):
        faults = tuple((each.code, each.message) for each in result.faults)
        return Brief(result.event, result.id, None, refused=faults)
    amounts: dict[Sum, int] = {}
    for (rule, of, column), amount in _amounts(result):
        key = renamed.get(rule, rule), of, column
        amounts[key] = amounts.get(key, 0) + amount
    tiers = tuple((each.before, each.after) for each in result.tiers)
    left = result.to_pay
    to_pay = ("", 0) if left is None or result.price is None else (result.price.currency, left)
    dates: dict[tuple[str, str], tuple[object, ...]] = {}
    for award in result.awards:
        if award.given:
            lot = award.pending, award.expires, award.to
            key_of = renamed.get(award.rule, award.rule), award.unit
            dates[key_of] = (*dates.get(key_of, ()), lot)
    return Brief(result.event, result.id, result.member, amounts, to_pay, tiers, dates, tuple(_rest(result, renamed)))


def _amounts(outcome: Outcome) -> Iterator[tuple[Sum, int]]:
    for award in outcome.awards:
        if award.given:
            yield (award.rule, award.unit, "given"), award.given
    for taken in outcome.taken:
        if taken.taken and not taken.held_out:
            yield (taken.rule, taken.unit, "used"), taken.taken
    currency = outcome.price.currency if outcome.price is not None else ""
    for discount in outcome.discounts:
        if discount.given and not discount.held_out:
            yield (discount.rule, currency, "discounts"), discount.given
    for charge in outcome.charges:
        yield (charge.rule, currency, "charged"), charge.amount
    for payment in outcome.payments:
        if payment.value and not payment.held_out:
            yield (payment.rule, currency, "paid"), payment.value


def _rest(outcome: Outcome, renamed: Mapping[str, str]) -> Iterator[object]:
    """What members notice besides amounts and dates: gifts, codes, messages."""
    for gift in outcome.gifts:
        yield renamed.get(gift.rule, gift.rule), gift.sku, gift.count
    for code in outcome.codes:
        yield code.code, tuple(renamed.get(each, each) for each in code.rules), code.public
    for said in outcome.said:
        yield renamed.get(said.rule, said.rule), said.text


def _dated(old: Brief, new: Brief) -> bool:
    """Whether what both gave comes or goes on other days, or to others."""
    return any(old.dates[key] != new.dates[key] for key in old.dates.keys() & new.dates.keys())


def unlike(old: Brief, new: Brief) -> tuple[str, ...]:
    """In what two outcomes of one event differ; nothing where they are the same to everybody."""
    if (old.refused is None) != (new.refused is None):
        return (REFUSED,)
    found = (
        (AMOUNTS, old.amounts != new.amounts),
        (PRICE, old.to_pay != new.to_pay),
        (TIERS, old.tiers != new.tiers),
        (OTHER, old.rest != new.rest or _dated(old, new)),
    )
    return tuple(word for word, differs in found if differs)
