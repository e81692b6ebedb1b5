"""What was bought, as a return sees it: lines of so many alike pieces, what each cost, and what each offer did.

In: the program, an event and its outcome, which fit each other. Out: `Bought`. Where no offer and no tax was about the
event's money, it cost its list prices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.backends import Evaluation
from rules_engine.backends.reference import Reference
from rules_engine.event import Event, Facts, FieldValue
from rules_engine.outcome import Award, Charge, CodeUse, Discount, Gift, LinePrice, Outcome, People, Price, Taken
from rules_engine.state import Change, LimitUsed, Shared, State

Evaluate: TypeAlias = Callable[[Event, Facts, State, Shared | None, People | None], Evaluation]
Counter: TypeAlias = tuple[str, int]
"""A limit's counter: its name and the occurrence."""
Beside: TypeAlias = tuple[str, int, str]
"""The same of somebody else: of another member by id, or of the household (no id)."""


class Terms(msgspec.Struct, frozen=True):
    """The program that scored the event: its core, its fingerprint, how it scores a decoded event, and the reference,
    which knows how units and tracks go back."""

    core: ir.Program
    fingerprint: str
    evaluate: Evaluate
    reference: Reference | None = None


class Line(msgspec.Struct, frozen=True):
    """One line: how many alike pieces, what they cost before offers and after them, the tax, its rate in billionths."""

    id: str
    units: int
    list: int
    net: int
    tax: int
    rate: int
    shipping: bool


class Given(msgspec.Struct, frozen=True):
    """What rules did on some basket: list prices and each offer's discount by place of the line, charges and gifts by
    rule and name, the rules that each code set off, by how much counters moved: the member's, those that all share,
    those of others and of the household; awards, and what was taken."""

    lists: dict[int, int] = {}
    discounts: dict[str, dict[int, int]] = {}
    charges: dict[tuple[str, str], int] = {}
    gifts: dict[tuple[str, str], int] = {}
    codes: dict[str, tuple[str, ...]] = {}
    used: dict[Counter, int] = {}
    shared: dict[Counter, int] = {}
    beside: dict[Beside, int] = {}
    awards: tuple[Award, ...] = ()
    taken: tuple[Taken, ...] = ()


class Bought(msgspec.Struct, frozen=True):
    """An event that was scored, ready to be returned: what each rule gave, and what is to be done with it (`offers` and
    `rules` have those that can act on this kind of event)."""

    terms: Terms
    kind: ir.EventDef
    event: Event
    outcome: Outcome
    offers: dict[str, ir.OfferDef]
    rules: dict[str, ir.RuleDef]
    lines: tuple[Line, ...]
    given: Given
    currency: str
    total: int

    def policy(self, rule: str) -> ir.ReturnDef:
        """What a return takes back of a rule: of one that says nothing, an offer's share, and nothing of others."""
        own = self.rules.get(rule)
        if own is not None:
            return own.on_return or KEEP
        offer = self.offers.get(rule)
        return offer.on_return if offer is not None and offer.on_return is not None else BY_SHARE

    @property
    def again(self) -> tuple[str, ...]:
        """The rules that are worked out again."""
        return tuple(rule for rule in (*self.offers, *self.rules) if self.policy(rule).policy == "work out again")

    @property
    def refundable(self) -> int:
        """All that can ever be refunded: what was paid, less the charges that are kept."""
        kept = sum(amount for (rule, _), amount in self.given.charges.items() if self.policy(rule).policy == "keep")
        return self.total - kept

    @property
    def taxed_on_top(self) -> bool:
        """Whether tax comes on top of the prices."""
        return self.terms.core.header.prices == "exclude"


BY_SHARE = ir.ReturnDef("by share")
KEEP = ir.ReturnDef("keep")


def bought(terms: Terms, event: Event, outcome: Outcome) -> Bought:
    """The event as a return sees it; event and outcome fit."""
    kind = kind_of(terms.core, event)
    price = outcome.price or _plain(kind, event)
    offers = {offer.key: offer for offer in terms.core.offers if event.name in offer.events}
    rules = {rule.key: rule for rule in terms.core.rules if event.name in rule.events}
    mine = outcome.changes.get(event.member or "", ())
    others = {who: changes for who, changes in outcome.changes.items() if who != event.member}
    given = given_of(outcome, mine, others, range(len(price.lines)))
    lines = tuple(_lines(kind, event, price))
    return Bought(terms, kind, event, outcome, offers, rules, lines, given, price.currency, price.total)


def kind_of(core: ir.Program, event: Event) -> ir.EventDef:
    """The declaration of an event."""
    return next(each for each in core.events if each.name == event.name)


def given_of(
    found: Outcome | Evaluation,
    changes: Iterable[Change],
    others: Mapping[str, Iterable[Change]],
    places: Sequence[int],
) -> Given:
    """What rules did, to the member (`changes`) and to `others`; `places` are the places on the receipt of the lines
    that were scored."""
    lists = [line.list for line in found.price.lines] if found.price is not None else []
    return Given(
        lists=dict(zip(places, lists, strict=False)),
        discounts=_discounts(found.discounts, places),
        charges=_charges(found.charges),
        gifts=_gifts(found.gifts),
        codes=_codes(found.codes),
        used=moved(counters(changes)),
        shared=moved(found.reserved),
        beside=moved_beside({"": found.pool, **others}),
        awards=tuple(each for each in found.awards if each.given),
        taken=tuple(each for each in found.taken if each.taken),
    )


def _discounts(discounts: Iterable[Discount], places: Sequence[int]) -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for each in discounts:
        for part in each.parts if not each.held_out else ():
            lines = found.setdefault(each.rule, {})
            lines[places[part.line]] = lines.get(places[part.line], 0) + part.amount
    return found


def _charges(charges: Iterable[Charge]) -> dict[tuple[str, str], int]:
    return _summed(((each.rule, each.label), each.amount) for each in charges)


def _gifts(gifts: Iterable[Gift]) -> dict[tuple[str, str], int]:
    return _summed(((each.rule, each.sku), each.count) for each in gifts)


def _codes(codes: Iterable[CodeUse]) -> dict[str, tuple[str, ...]]:
    return {each.code: each.rules for each in codes if each.rules}


def moved(changes: Iterable[LimitUsed]) -> dict[Counter, int]:
    """By how much counters moved."""
    found: dict[Counter, int] = {}
    for each in changes:
        counter = (each.limit, each.occurrence)
        found[counter] = found.get(counter, 0) + each.after - each.before
    return found


def moved_beside(changes: Mapping[str, Iterable[Change]]) -> dict[Beside, int]:
    """The same of others and of the household, by whose they are."""
    return {(*key, who): count for who, own in changes.items() for key, count in moved(counters(own)).items()}


def counters(changes: Iterable[Change]) -> list[LimitUsed]:
    """The changes of counters."""
    return [each for each in changes if isinstance(each, LimitUsed)]


def _summed(amounts: Iterable[tuple[tuple[str, str], int]]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for key, amount in amounts:
        found[key] = found.get(key, 0) + amount
    return found


# ---- lines ----


def _lines(kind: ir.EventDef, event: Event, price: Price) -> Iterable[Line]:
    for line, cost in zip(event.lines, price.lines, strict=False):
        name, shipping = line_id(kind, line), bool(kind.shipping_flag and line.get(kind.shipping_flag))
        rate = whole(line, kind.tax_field)
        yield Line(name, units_of(kind, line), cost.list, cost.net, cost.tax, rate, shipping)
    for cost in price.lines[len(event.lines) :]:
        rate = whole(event.fields, kind.shipping_tax_field)
        yield Line("", 1, cost.list, cost.net, cost.tax, rate, True)


def line_id(kind: ir.EventDef, line: Mapping[str, FieldValue]) -> str:
    """The id of a line; empty where it has none."""
    found = line.get(kind.line_id_field) if kind.line_id_field else None
    return "" if found is None else str(found)


def units_of(kind: ir.EventDef, line: Mapping[str, FieldValue]) -> int:
    """How many pieces a line has."""
    return whole(line, kind.quantity_field) if kind.quantity_field else 1


def whole(values: Mapping[str, FieldValue], name: str) -> int:
    """A number of an event or a line; 0 where there is none."""
    found = values.get(name) if name else None
    return found if isinstance(found, int) else 0


def list_of(kind: ir.EventDef, line: Mapping[str, FieldValue]) -> int:
    """What a line costs before offers, where the event says it."""
    return whole(line, kind.list_field) * (units_of(kind, line) if kind.list_each else 1)


def _plain(kind: ir.EventDef, event: Event) -> Price:
    """The price of an event that no offer and no tax is about: its list prices."""
    amounts = [list_of(kind, line) for line in event.lines]
    lines = tuple(LinePrice(amount, amount, 0) for amount in amounts)
    return Price(event.currency or kind.currency, lines, sum(amounts), 0, 0, 0, sum(amounts))
