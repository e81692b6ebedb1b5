"""What scoring an event gives back: awards, tier changes, changes of state, and the receipt that returns are made from.

In: nothing; evaluators make outcomes. Out: `Outcome`, a frozen value equal to its JSON. Amounts are integers scaled by
their unit's decimals; `Program.unit(name)` tells the decimals, and `Outcome.totals` sums by unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, NoReturn, TypeAlias

import msgspec

from rules_engine.currencies import CURRENCY_DECIMALS
from rules_engine.event import Facts
from rules_engine.state import Change, LimitUsed, Lot, Shared, State, add_lot, apply, apply_in_place

Value: TypeAlias = int | str | bool | None


class NoFacts(dict[str, Value]):
    """A dictionary that stays empty, so that all who remember nothing can share it. Its copies are plain.

    >>> NO_FACTS == {}, NO_FACTS.copy()
    (True, {})
    """

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("what an award remembers cannot be changed")

    __setitem__ = setdefault = update = __ior__ = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, ()


NO_FACTS: Final = NoFacts()


class Award(msgspec.Struct, frozen=True, gc=False):
    """Units that a rule gives: `wanted` before limits, `given` after them.

    `weights` are the rule's measure on each line, exact weights times their least common denominator: the receipt from
    which `Program.parts` spreads what was given; empty where the award has no lines. With `held_out` the member is in a
    holdout: nothing was given, and `wanted` says what would have been. `cut_by` is the key of the last limit that cut.
    An award that gave something is a lot of its member, earned on the event's day: `pending` and `expires` are its last
    days, `facts` what it remembers. `to` names another member who received it. A `booked` award is not simply such a
    lot at the end of its event: what became of it stands among the changes.

    >>> award = outcome.awards[0]
    >>> award.rule, award.unit, award.wanted, award.given
    ('Points', 'point', 8, 5)
    """

    rule: str
    unit: str
    wanted: int
    given: int
    weights: tuple[int, ...] = ()
    held_out: bool = False
    cut_by: str = ""
    pending: int | None = None
    expires: int | None = None
    facts: dict[str, Value] = NO_FACTS
    to: str = ""
    booked: bool = False

    def lot(self, day: int) -> Lot:
        """The lot that the award became on the day of its event."""
        return Lot(self.unit, self.given, day, self.pending, self.expires, self.rule, self.facts)


class Taken(msgspec.Struct, frozen=True, gc=False):
    """Units that a rule takes: `wanted` before the balance and limits, `taken` after them, from these `lots` (as they
    stood, and how many of each); what is beyond them became a debt. `how` says by what: `deduct`, `turn`, `accept`, or
    `presented`.

    >>> spent = visit.taken[0]
    >>> spent.rule, spent.unit, spent.taken, spent.how
    ('Pay with points', 'point', 400, 'accept')
    """

    rule: str
    unit: str
    how: str
    wanted: int
    taken: int
    lots: tuple[tuple[Lot, int], ...] = ()
    held_out: bool = False
    cut_by: str = ""


class Payment(msgspec.Struct, frozen=True, gc=False):
    """What a redeem paid: `value` in minor units, for `taken` of the `offered` units. `parts` say what of it each line
    was paid with: a part for each of the price's lines (the shipping of the event's own field last), one for the
    charges, one for the tax on top.

    >>> payment = visit.payments[0]
    >>> payment.rule, payment.taken, payment.value
    ('Pay with points', 400, 400)
    """

    rule: str
    unit: str
    offered: int
    taken: int
    value: int
    parts: tuple[int, ...] = ()
    held_out: bool = False
    cut_by: str = ""


class Said(msgspec.Struct, frozen=True):
    """A message that a rule says where it acts."""

    rule: str
    text: str


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an effect takes off a line: amounts per unit, as runs of (units, minor units off each), in the order of the
    line's units; the counts add up to the line's quantity. `line` counts from 0; the shipping of an event's own field
    is the line after the last.

    >>> part = outcome.discounts[0].parts[0]
    >>> part.line, part.runs, part.amount
    (0, ((2, 150),), 300)
    """

    line: int
    runs: tuple[tuple[int, int], ...]

    @property
    def amount(self) -> int:
        """What the effect takes off the whole line."""
        return sum(count * each for count, each in self.runs)


class Discount(msgspec.Struct, frozen=True, gc=False):
    """What one effect of an offer takes off: `wanted` before room and limits, `given` after, the sum of its `parts`.

    A price raised in the catalogue stage is a negative discount. `effect` counts the rule's effects from 0, in the
    order of the text (those of a set's parts first). With `held_out` nothing was given: there is a record for each rule
    that a member was held out of, with 0 wanted where it would have charged or added something, but taken nothing.
    `cut_by` is the key of the last limit that cut.

    >>> discount = outcome.discounts[0]
    >>> discount.rule, discount.stage, discount.given
    ('Ten percent', 'basket', 300)
    """

    rule: str
    stage: str
    effect: int
    wanted: int
    given: int
    parts: tuple[Part, ...] = ()
    held_out: bool = False
    cut_by: str = ""


class Charge(msgspec.Struct, frozen=True):
    """A fee that a rule adds, in minor units."""

    rule: str
    label: str
    amount: int


class Gift(msgspec.Struct, frozen=True):
    """Things that a rule adds for nothing."""

    rule: str
    sku: str
    count: int


class CodeUse(msgspec.Struct, frozen=True):
    """What became of a presented code, as it was presented. `rules` are those that it set off and that acted; where
    there is none, `reason` says exactly why (for the operator) and `public` coarsely (for whoever typed it).

    >>> [(code.code, code.reason, code.public) for code in refused.codes]
    [('SPRING', 'unknown code', 'not valid')]
    """

    code: str
    rules: tuple[str, ...] = ()
    reason: str = ""
    public: str = ""


_PUBLIC: Final = {
    "too long": "not valid",
    "blank": "not valid",
    "unprintable": "not valid",
    "presented before": "already used",
    "unknown code": "not valid",
    "not before": "not yet valid",
    "ended on": "expired",
    "used up": "already used",
    "members only": "not for this order",
    "conditions not met": "not for this order",
    "shut out by": "does not combine",
    "lost to": "does not combine",
    "group is full": "does not combine",
    "nothing offered": "not for this order",
    "nothing to give": "not for this order",
    "no amount in": "not for this order",
    "held out": "not for this order",
    "not for this event": "not for this order",
}
"""What whoever typed a code is told, by how the exact reason begins."""


def refused_code(code: str, reason: str) -> CodeUse:
    """A code that set nothing off, for an exact reason.

    >>> refused_code("SPRING", "ended on 2027-02-28").public
    'expired'
    """
    return CodeUse(code, (), reason, _public(reason))


@lru_cache(256)
def _public(reason: str) -> str:
    return next(word for start, word in _PUBLIC.items() if reason.startswith(start))


class LinePrice(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line's money in minor units: before offers, after them, and the tax: included in `net` where prices include
    tax, on top of it where they do not."""

    list: int
    net: int
    tax: int


class Price(msgspec.Struct, frozen=True, gc=False):
    """What the event costs after offers, in minor units of `currency`: a price for each line and, last, for the
    shipping of the event's own field if it has one. `net` is the sum over goods, `shipping` over shipping lines,
    `charges` the fees; `total` is what is to be paid, tax included, before redeems pay any of it (`Outcome.to_pay`).
    Where an event is priced in a unit, that unit stands in `currency`.

    >>> price = outcome.price
    >>> price.net, price.tax, price.total
    (2700, 0, 2700)
    """

    currency: str
    lines: tuple[LinePrice, ...]
    net: int
    shipping: int
    charges: int
    tax: int
    total: int


class TierChange(msgspec.Struct, frozen=True):
    """The held tier went from one rung to another; `since` is the first day on the new one, `reason` the path, the
    match or the fall that led there.

    >>> [(change.before, change.after, change.reason) for change in outcome.tiers]
    [('Blue', 'Gold', 'Gold')]
    """

    before: str
    after: str
    since: int
    reason: str


class Receipt(msgspec.Struct, frozen=True):
    """What a return is worked out from: how each award falls on the event's lines, and what was so before the event.

    `allocations` has, for each award in order, its rule, unit, what was given and its weight on each line;
    `Program.parts` spreads the one over the others. `before` holds what the rules could read of the member, and under
    `limit KEY` what each limit that moved had used.
    """

    allocations: tuple[tuple[str, str, int, tuple[int, ...]], ...]
    before: dict[str, Value]


class People(msgspec.Struct, frozen=True):
    """Whom an event touches besides its member: by member id the facts and states of the others that its fields name,
    and the state of the member's household. Nothing in it is changed.

    >>> People().pool is None
    True
    """

    facts: dict[str, Facts] = {}
    states: dict[str, State] = {}
    pool: State | None = None


class Opening(msgspec.Struct, frozen=True):
    """What the rules of a kind of event could read before it, once time had moved to its day: the member's facts and
    state, and the counters that all members share. From it a return works out again what the pieces that are kept would
    have cost, whatever has happened since."""

    facts: Facts
    state: State
    shared: Shared
    people: People = People()


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """The result of one event.

    `changes` hold, by owner, everything that `apply` needs, each with its value before; `before` holds what the rules
    of this kind of event can read of the owner: tracks, tier, balances and facts. `late` says that the event is dated
    before the day its owner's state had reached. `fingerprint` names the program, `zones` the time-zone data.
    `price` is what the event costs, None where no offer and no tax is about its money. `reserved` moves the counters
    that the whole programme shares (`Shared`). `opening` is there where a return may have to work offers out again.
    `payments` and `taken` say what redeems and other rules took; `pool` are the changes of the `household`'s state.
    A scheduled event is of the day it is as of; what it gives is earned on the day it is `posted`.

    >>> outcome.member, outcome.totals, outcome.before["track spend"]
    ('m-7', {'point': 5}, 0)
    >>> outcome.fingerprint == program.fingerprint
    True
    """

    event: str
    id: str
    member: str | None
    day: int
    awards: tuple[Award, ...]
    tiers: tuple[TierChange, ...]
    changes: dict[str, tuple[Change, ...]]
    before: dict[str, Value]
    fingerprint: str
    zones: str
    late: bool = False
    said: tuple[Said, ...] = ()
    price: Price | None = None
    discounts: tuple[Discount, ...] = ()
    charges: tuple[Charge, ...] = ()
    gifts: tuple[Gift, ...] = ()
    codes: tuple[CodeUse, ...] = ()
    reserved: tuple[LimitUsed, ...] = ()
    opening: Opening | None = None
    payments: tuple[Payment, ...] = ()
    taken: tuple[Taken, ...] = ()
    household: str = ""
    pool: tuple[Change, ...] = ()
    posted: int | None = None

    @property
    def totals(self) -> dict[str, int]:
        """What was given, by unit."""
        return totals_of(self.awards)

    @property
    def to_pay(self) -> int | None:
        """What is left to pay in money, in minor units: the price's total less what redeems paid; None without a
        price, or where the event is priced in a unit, which rules deduct."""
        if self.price is None or self.price.currency not in CURRENCY_DECIMALS:
            return None
        return self.price.total - sum(each.value for each in self.payments)

    @property
    def receipt(self) -> Receipt:
        """Allocations and before-values together."""
        mine = self.changes.get(self.member or "", ())
        used = {f"limit {each.limit}": each.before for each in reversed(mine) if isinstance(each, LimitUsed)}
        allocations = tuple((each.rule, each.unit, each.given, each.weights) for each in self.awards)
        return Receipt(allocations, {**self.before, **used})

    def to_json(self) -> bytes:
        """The outcome as JSON text, with `totals`, what was given by unit. What offers did stands in it where the event
        was priced or came with codes."""
        if _offered(self) == UNOFFERED:
            return _encoded(Told(*_plain(self), totals_of(self.awards)))
        return _encoded(ToldWithOffers(*_plain(self), *_offered(self), totals_of(self.awards)))


def totals_of(awards: Iterable[Award]) -> dict[str, int]:
    """What awards gave, by unit."""
    sums: dict[str, int] = {}
    for award in awards:
        if award.given:
            unit = award.unit
            sums[unit] = sums[unit] + award.given if unit in sums else award.given
    return sums


_FIRST: Final = Outcome.__struct_fields__.index("price")
_PLAIN, _OFFERED = Outcome.__struct_fields__[:_FIRST], Outcome.__struct_fields__[_FIRST:]
_plain, _offered = attrgetter(*_PLAIN), attrgetter(*_OFFERED)
UNOFFERED: Final = Outcome.__struct_defaults__[-len(_OFFERED) :]
"""What stands in an outcome, from its price on, that offers have no part in."""
_encoded: Final = msgspec.json.Encoder().encode


def _told(name: str, fields: Iterable[str]) -> type[msgspec.Struct]:
    return msgspec.defstruct(name, [(each, Any) for each in fields], gc=False)


Told: Final = _told("Told", (*_PLAIN, "totals"))
ToldWithOffers: Final = _told("ToldWithOffers", (*_PLAIN, *_OFFERED, "totals"))
"""An outcome as it is told in JSON, with and without what offers did."""


def _plainly(name: str, kind: type[msgspec.Struct], usual: str) -> type[msgspec.Struct]:
    """A struct told as `kind` is whose fields from `usual` on say nothing: their text is written once, and stands as
    the value of the first of them. It may have the field before them left out, where that has a default."""
    fields, defaults = kind.__struct_fields__, kind.__struct_defaults__
    usuals = dict(zip(fields[-len(defaults) :], defaults, strict=True))
    place = fields.index(usual)
    rest = _encoded({each: usuals[each] for each in fields[place:]})
    text = msgspec.Raw(rest[len(_encoded({usual: 0})) - 2 : -1])
    own: list[Any] = [(each, Any, usuals[each]) if each in usuals else (each, Any) for each in fields[:place]]
    return msgspec.defstruct(name, [*own, (usual, Any, text)], gc=False)


ToldAward: Final = _plainly("ToldAward", Award, "held_out")
ToldDiscount: Final = _plainly("ToldDiscount", Discount, "held_out")
"""Awards and discounts that no limit cut, as they are told in JSON."""
encoded_told: Final = _encoded


def encoded(found: Any) -> bytes:
    """The JSON text of an outcome, or of what a function of the way `sent` tells."""
    return found.to_json() if type(found) is Outcome else _encoded(found)


def applied(state: State, outcome: Outcome) -> State:
    """The state of an outcome's member after it; the state given is left as it is. A guest has none."""
    after = apply(state, outcome.changes.get(outcome.member or "", ()))
    receive(after, outcome.awards, _earned(outcome))
    return after


def applied_in_place(state: State, outcome: Outcome) -> None:
    """Move a member's state along, for a stream that keeps it."""
    apply_in_place(state, outcome.changes.get(outcome.member or "", ()))
    receive(state, outcome.awards, _earned(outcome))


def _earned(outcome: Outcome) -> int:
    """The day on which what an outcome gives is earned."""
    return outcome.day if outcome.posted is None else outcome.posted


_RULE: Final = attrgetter("rule")


def receive(state: State, awards: Iterable[Award], day: int) -> None:
    """Add what awards of one event gave to a state's lots: by the keys of their rules, so that no order of the text
    decides which is used first; those of one rule as it gives them."""
    for award in sorted(awards, key=_RULE):
        if award.given and not award.booked:
            add_lot(state.lots, award.lot(day))


class Fault(msgspec.Struct, frozen=True):
    """Why an event, a fact or a state was refused: the code of the wording, where (event, field, line) and what.

    >>> Fault("V104", "lines[2].price", "`price` of line 2 is missing").code
    'V104'
    """

    code: str
    field: str
    message: str


class Refused(msgspec.Struct, frozen=True):
    """An event that was refused at the boundary: nothing was scored and nothing changes.

    >>> again = list(program.score_many([order, order], {"m-7": member}))[1]
    >>> again.id, again.faults[0].message
    ('A-1', 'purchase `A-1` was scored before; send each event once')
    """

    event: str
    id: str
    faults: tuple[Fault, ...]


class EventRefused(ValueError):  # noqa: N818 - the event was refused, the engine did not fail
    """Raised by `Program.score` where an event, its member's facts or their state cannot be taken; says every reason.

    >>> try:
    ...     program.score({**order, "channel": "fax"}, member)
    ... except EventRefused as refusal:
    ...     [(fault.code, fault.field) for fault in refusal.faults]
    [('V108', 'channel')]
    """

    def __init__(self, refused: Refused) -> None:
        super().__init__("; ".join(fault.message for fault in refused.faults))
        self.refused = refused
        self.faults = refused.faults
