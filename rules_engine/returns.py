"""What a return takes back: the money to refund, what it does to each line, and what is no longer earned or used.

In: nothing; `returning` makes these. Out: `Return`, a frozen value equal to its JSON. Amounts are minor units of the
return's currency, and those of this return alone: what came back before it is in the earlier returns of the event.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from rules_engine.outcome import Charge, Gift
from rules_engine.state import LimitUsed, State, copied

TakePolicy: TypeAlias = Literal["keep", "by share", "work out again"]
ShortfallPolicy: TypeAlias = Literal["off refund", "off balance", "forgiven"]


class ReturnedLine(msgspec.Struct, frozen=True, gc=False):
    """What a return does to one line: `count` pieces come back, and `net` is given back for it. `tax` is in `net` where
    prices include tax, and comes on top of it where they do not.

    A line that is kept has `count` 0; its `net` is below zero where it costs more without what came back. `line` counts
    from 0; the shipping of an event's own field is the line after the last. `id` is empty where lines have none.
    """

    line: int
    id: str
    count: int
    net: int
    tax: int


class TakenBack(msgspec.Struct, frozen=True, gc=False):
    """What a return takes back of an offer's discount: below zero where the offer gives more on what is kept."""

    rule: str
    policy: TakePolicy
    amount: int


class Shortfall(msgspec.Struct, frozen=True, gc=False):
    """What is missing because a refund is never below zero. `off refund`: it lowers later refunds of the same event;
    `off balance`: the host takes it from a balance; `forgiven`: it is dropped. Below zero, it is worked off: by a later
    refund, by the host, which gives it back to the balance, or because there is no more to refund."""

    policy: ShortfallPolicy
    amount: int


class Return(msgspec.Struct, frozen=True):
    """One return of an event's things; `number` counts the returns of the event from 1.

    `refund` is what is paid back now, never below zero: what the `lines` and `charges` come to, and `shortfalls`, which
    are not paid. `tax` is by how much the tax of the sale goes down; it may go up, where a kept line now costs more.
    `gifts` are those no longer earned, `codes` those that set nothing off any more, as they were presented. `changes`
    and `reserved` restore counters of the member and of the whole programme: what was used once the event was scored,
    and what is left of it now. They say by how much: counters may have moved since.

    >>> till = load([Source("till.rules", '''
    ... language 1
    ... program "Till" { currency GBP, rounded half up   split in proportion, odd pennies to the largest remainder }
    ... event sale dated by day of customer identified by receipt returnable {
    ...   receipt: text   customer: member?   day: date
    ...   lines 0 to 9 { sku: text as id   pieces: count up to 9 as quantity   price: money up to 99 GBP as list each }
    ... }
    ... basket offer "Less 5" { on sale   automatic   take 5 GBP off the total of lines   on return by share }
    ... ''')])
    >>> mugs = {"sku": "mug", "pieces": 3, "price": "10.00"}
    >>> sale = {"event": "sale", "receipt": "R-1", "day": "2027-03-01", "lines": [mugs]}
    >>> sold = till.score(sale)
    >>> returned = till.give_back(sale, sold, {"mug": 1})
    >>> returned.refund, [(taken.rule, taken.amount) for taken in returned.taken]
    (833, [('Less 5', 167)])
    >>> till.give_back(sale, sold, {"mug": 2}, earlier=[returned]).refund
    1667
    """

    event: str
    id: str
    member: str | None
    number: int
    fingerprint: str
    currency: str
    refund: int
    tax: int
    lines: tuple[ReturnedLine, ...] = ()
    taken: tuple[TakenBack, ...] = ()
    charges: tuple[Charge, ...] = ()
    gifts: tuple[Gift, ...] = ()
    codes: tuple[str, ...] = ()
    shortfalls: tuple[Shortfall, ...] = ()
    changes: tuple[LimitUsed, ...] = ()
    reserved: tuple[LimitUsed, ...] = ()

    def to_json(self) -> bytes:
        """The return as JSON text, to be stored: the next return of the event needs it."""
        return msgspec.json.encode(self)


def restored(state: State, returned: Return) -> State:
    """The state of a return's member after it; the state given is left as it is. A counter never falls below zero, and
    one whose time has passed stays forgotten."""
    after = copied(state)
    for change in returned.changes:
        used = after.limits.get(change.limit, {})
        if change.occurrence in used:
            used[change.occurrence] = max(0, used[change.occurrence] + change.after - change.before)
    return after
