"""A till made by hand, for tests of returns that should depend on no evaluator: a few simple offers and their receipts.

An offer here takes something off the goods, adds a fee, or gives a thing, where the goods at hand cost enough at list.
`Till.score` prices an event with them; a return that works offers out again scores the kept pieces with the same till.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Literal

import msgspec

from rules_engine import ir
from rules_engine.allocation import spread
from rules_engine.backends import Evaluation
from rules_engine.event import Event, Facts
from rules_engine.outcome import Charge, CodeUse, Discount, Gift, LinePrice, Opening, Outcome, Part, People, Price
from rules_engine.returning import Terms, give_back
from rules_engine.returns import Return, ShortfallPolicy, TakePolicy
from rules_engine.state import LimitUsed, Shared, State
from rules_engine.values import round_ratio

AT = ir.Origin(0, 0, 0)
RATE = 10**9
FINGERPRINT = "f" * 64


class Rule(msgspec.Struct, frozen=True):
    """One offer: what it does where the goods cost `least` to `most` at list. `off` is spread over the goods by what
    they cost, `percent` is taken off each line, `nth` makes the cheapest of every so many units free. `code` sets it
    off; `member` limits it to so many times per member, `budget` to so much in total."""

    key: str
    policy: TakePolicy = "by share"
    shortfall: ShortfallPolicy | None = None
    off: int = 0
    percent: int = 0
    nth: int = 0
    fee: int = 0
    gift: int = 0
    least: int = 0
    most: int = 2**60
    code: str = ""
    member: int | None = None
    budget: int | None = None
    shipping: bool = False


class Till(msgspec.Struct, frozen=True):
    """A program of such offers; `prices` says whether prices include tax."""

    rules: tuple[Rule, ...]
    prices: Literal["include", "exclude", ""] = ""
    tax_per: Literal["line", "unit"] = "line"
    each: bool = True
    currency: str = "GBP"
    returnable: bool = True

    @property
    def core(self) -> ir.Program:
        """The core with just what returns read."""
        return ir.Program(
            language=1,
            header=ir.Header(
                "Till", (ir.Currency("GBP", 2, "half up"), ir.Currency("JPY", 0, "half up")), None,
                prices=self.prices, tax_rounding="half up", tax_per=self.tax_per,
            ),
            files=("till.rules",), events=(self.kind,), member=(), units=(), periods=(), tracks=(), tiers=None,
            rules=(), groups=(), matches=(), holdouts=(), imports=(),
            offers=tuple(_offer(rule) for rule in self.rules),
        )  # fmt: skip

    @property
    def kind(self) -> ir.EventDef:
        """A purchase of lines, with shipping."""
        return ir.EventDef(
            "purchase", "day", "customer", "order_no",
            (
                ir.FieldDef("order_no", "text"), ir.FieldDef("customer", "member", optional=True),
                ir.FieldDef("day", "date"), ir.FieldDef("codes", "codes", high=9),
                ir.FieldDef("delivery", "money", optional=True, high=10**9, unit="GBP", role="shipping"),
            ),
            ir.LinesDef(0, 99, (
                ir.FieldDef("sku", "text", optional=True, role="id"),
                ir.FieldDef("pieces", "count", high=99, role="quantity"),
                ir.FieldDef("price", "money", high=10**9, unit="GBP", role="list each" if self.each else "list"),
                ir.FieldDef("rate", "rate", optional=True, role="tax rate"),
            )),
            list_field="price", list_each=self.each, quantity_field="pieces", line_id_field="sku",
            currency="" if self.currency != "GBP" else "GBP", currencies=("GBP", "JPY"), tax_field="rate",
            shipping_field="delivery", codes_field="codes", returnable=self.returnable,
        )  # fmt: skip

    @property
    def terms(self) -> Terms:
        """What a return is worked out with."""
        return Terms(self.core, FINGERPRINT, self.evaluate)

    def score(self, event: Event, state: State | None = None, shared: Shared | None = None) -> Outcome:
        """The outcome of an event; it keeps what was so before."""
        before = Opening({}, state or State(), shared or Shared())
        found = self.evaluate(event, before.facts, before.state, before.shared)
        return msgspec.structs.replace(found.outcome(event, FINGERPRINT, ""), opening=before)

    def give_back(self, event: Event, outcome: Any, returned: Mapping[Any, Any], earlier: Sequence[Any] = ()) -> Return:
        """A return of an event that this till scored."""
        return give_back(self.terms, event, outcome, returned, earlier)

    def evaluate(
        self,
        event: Event,
        facts: Facts,
        state: State,
        shared: Shared | None = None,
        people: People | None = None,
    ) -> Evaluation:
        """Price an event."""
        return _Basket(self, event, state, shared or Shared()).evaluation()


def _offer(rule: Rule) -> ir.OfferDef:
    limits = [_limit(f"{rule.key}: times", rule.member, None, "member")] if rule.member is not None else []
    limits += [_limit(f"{rule.key}: GBP in total", None, rule.budget, "shared")] if rule.budget is not None else []
    back = ir.ReturnDef(rule.policy, rule.shortfall)
    return ir.OfferDef(
        rule.key, rule.key, "", "shipping" if rule.shipping else "basket", ("purchase",), None, None, None, None, (),
        tuple(limits), "", None, back, (), (), AT,
    )  # fmt: skip


def _limit(key: str, times: int | None, amount: int | None, owner: Literal["member", "shared"]) -> ir.LimitDef:
    return ir.LimitDef(key, times, amount, "GBP", ir.ScopeDef(ir.Window("lifetime")), False, AT, owner)


class _Basket:
    """One event on its way through the till."""

    def __init__(self, till: Till, event: Event, state: State, shared: Shared) -> None:
        self.till, self.event, self.state, self.shared = till, event, state, shared
        self.units = [_number(line["pieces"]) for line in event.lines]
        self.lists = [_number(line["price"]) for line in event.lines]
        if till.each:
            self.lists = [price * units for price, units in zip(self.lists, self.units, strict=True)]
        self.rates = [_number(line.get("rate")) for line in event.lines]
        if event.fields["delivery"] is not None:
            self.units.append(1)
            self.lists.append(_number(event.fields["delivery"]))
            self.rates.append(0)
        self.nets = list(self.lists)
        self.discounts: list[Discount] = []
        self.charges: list[Charge] = []
        self.gifts: list[Gift] = []
        self.used: list[LimitUsed] = []
        self.reserved: list[LimitUsed] = []
        self.set_off: dict[str, list[str]] = {}

    def evaluation(self) -> Evaluation:
        for rule in self.till.rules:
            self.apply(rule)
        codes = self.event.fields["codes"]
        assert isinstance(codes, tuple)
        uses = tuple(CodeUse(str(code), tuple(self.set_off.get(str(code), ()))) for code in codes)
        return Evaluation(
            (), (), tuple(self.used), {}, False, (), self.price(), tuple(self.discounts), tuple(self.charges),
            tuple(self.gifts), uses, tuple(self.reserved),
        )  # fmt: skip

    def apply(self, rule: Rule) -> None:
        codes = self.event.fields["codes"]
        assert isinstance(codes, tuple)
        goods = len(self.event.lines)
        if not rule.least <= sum(self.lists[:goods]) <= rule.most or (rule.code and rule.code not in codes):
            return
        used = self.state.limits.get(f"{rule.key}: times", {}).get(0, 0)
        if rule.member is not None and (self.event.member is None or used >= rule.member):
            return
        spent = self.shared.limits.get(f"{rule.key}: GBP in total", {}).get(0, 0)
        given = self.take(rule, 2**60 if rule.budget is None else rule.budget - spent)
        if rule.fee:
            self.charges.append(Charge(rule.key, "fee", rule.fee))
        if rule.gift:
            self.gifts.append(Gift(rule.key, "mug", rule.gift))
        if not (given or rule.fee or rule.gift):
            return
        if rule.code:
            self.set_off.setdefault(rule.code, []).append(rule.key)
        if rule.member is not None:
            self.used.append(LimitUsed(f"{rule.key}: times", 0, used, used + 1))
        if rule.budget is not None:
            self.reserved.append(LimitUsed(f"{rule.key}: GBP in total", 0, spent, spent + given))

    def take(self, rule: Rule, room: int) -> int:
        """Take the offer's amounts off the lines; what it took."""
        goods = range(len(self.event.lines))
        mine = [place for place in range(len(self.nets)) if (place not in goods) == rule.shipping]
        wanted = [0] * len(self.nets)
        for place in mine:
            wanted[place] = round_ratio(self.nets[place] * rule.percent, 100, "half up")
        if rule.off:
            left = [self.nets[place] - wanted[place] for place in mine]
            for place, part in zip(mine, spread(rule.off, left, left), strict=True):
                wanted[place] += part
        for place in mine:
            if rule.nth and self.units[place]:
                each = spread(self.nets[place] - wanted[place], [1] * self.units[place])
                wanted[place] += sum(sorted(each)[: self.units[place] // rule.nth])
        amounts = spread(min(room, sum(wanted)), wanted, wanted)
        parts = [_part(place, self.units[place], amount) for place, amount in enumerate(amounts) if amount]
        self.nets = [net - amount for net, amount in zip(self.nets, amounts, strict=True)]
        if parts:
            given = sum(amounts)
            self.discounts.append(Discount(rule.key, "basket", 0, sum(wanted), given, tuple(parts)))
        return sum(amounts)

    def price(self) -> Price:
        goods = len(self.event.lines)
        taxes = [self.tax(*row) for row in zip(self.nets, self.units, self.rates, strict=True)]
        rows = zip(self.lists, self.nets, taxes, strict=True)
        charges = sum(charge.amount for charge in self.charges)
        on_top = sum(taxes) if self.till.prices == "exclude" else 0
        net, shipping = sum(self.nets[:goods]), sum(self.nets[goods:])
        lines = tuple(LinePrice(*row) for row in rows)
        return Price(self.till.currency, lines, net, shipping, charges, sum(taxes), net + shipping + charges + on_top)

    def tax(self, net: int, units: int, rate: int) -> int:
        if not self.till.prices:
            return 0
        parts = spread(net, [1] * units) if self.till.tax_per == "unit" else [net]
        if self.till.prices == "exclude":
            return sum(round_ratio(part * rate, RATE, "half up") for part in parts)
        return sum(part - round_ratio(part * RATE, RATE + rate, "half up") for part in parts)


def _part(place: int, units: int, amount: int) -> Part:
    """What is taken off a line, on its last units first, so that no unit is like the others."""
    each = spread(amount, [1] * units)[::-1]
    return Part(place, tuple((1, part) for part in each))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def purchase(
    *lines: tuple[Any, ...], delivery: int | None = None, codes: tuple[str, ...] = (), member: str | None = None,
    currency: str = "",
) -> Event:  # fmt: skip
    """An event of lines `(id, pieces, price)` or `(id, pieces, price, rate)`; the rate in percent."""
    fields: dict[str, Any] = {"order_no": "A-1", "customer": member, "day": 20_000, "codes": codes}
    fields["delivery"] = delivery
    rows = tuple(
        {"sku": line[0], "pieces": line[1], "price": line[2], "rate": line[3] * 10**7 if len(line) > 3 else None}
        for line in lines
    )
    return Event("purchase", "A-1", member, 20_000, 0, fields, rows, currency)


def in_steps(random: Random, pieces: list[Any]) -> list[dict[Any, int]]:
    """Pieces that come back one after the other, some of them together: by line how many, for each return."""
    steps: list[dict[Any, int]] = []
    while pieces:
        step: dict[Any, int] = {}
        for _ in range(random.randint(1, len(pieces))):
            piece = pieces.pop()
            step[piece] = step.get(piece, 0) + 1
        steps.append(step)
    return steps
