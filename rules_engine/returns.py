"""What a return takes back: the money to refund, what it does to each line, and what is no longer earned or used.

In: nothing; `returning` makes these. Out: `Return`, a frozen value equal to its JSON. Amounts are minor units of the
return's currency, units are scaled, and both are those of this return alone: what came back before it is in the earlier
returns of the event.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from rules_engine.outcome import Charge, Gift
from rules_engine.state import Change, LimitUsed, Lot, State, apply_in_place, copied

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


class UnitsBack(msgspec.Struct, frozen=True):
    """What a return takes back of an award: `amount` units, below zero where the rule gives more on what is kept.

    `lot` is the award as it was given, to the member or `to` another. Of the amount, `taken` units leave lots (the
    award's own, then others in order of use), `owed` are owed again, as the award had paid them off. What is then
    missing falls on the `shortfall`: `off balance` it becomes a debt, `off refund` it lowers the refund by `money`, and
    what is `forgiven` is dropped: by that word, because a balance may not fall so low, or because it has lapsed. The
    four come to the amount.
    """

    rule: str
    unit: str
    policy: TakePolicy
    amount: int
    lot: Lot
    to: str = ""
    taken: int = 0
    owed: int = 0
    shortfall: ShortfallPolicy | None = None
    missing: int = 0
    money: int = 0
    forgiven: int = 0


class UnitsRestored(msgspec.Struct, frozen=True, gc=False):
    """Units that come back into the lots from which a rule took them; `lost` of them come back lapsed. `number` counts
    what the event took from 0."""

    number: int
    rule: str
    unit: str
    how: str
    amount: int
    lost: int = 0


class PaidBack(msgspec.Struct, frozen=True, gc=False):
    """What of a redeem's payment was paid on what comes back, in money: it is not refunded. `number` counts the event's
    payments from 0."""

    number: int
    rule: str
    value: int


class TrackBack(msgspec.Struct, frozen=True, gc=False):
    """What of a track was added by what comes back, in the occurrence and for the key where it was added; the changes
    say where it is taken off."""

    track: str
    occurrence: int
    key: str
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
    are not paid, less what was `paid` with units and what `units` are missing. `tax` is by how much the tax of the sale
    goes down; it may go up, where a kept line now costs more. `gifts` are those no longer earned, `codes` those that
    set nothing off any more, as they were presented. `units` are taken back, `restored` ones come back, `tracks` go
    down. `changes`, `pool` (of the `household`) and `others` lead from the states that were passed in to those after
    the return, which is of the day `on`. Counters in them and in `reserved` (of the whole programme) say by how much
    they move: from what was used once the event was scored to what is left of it now.

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
    changes: tuple[Change, ...] = ()
    reserved: tuple[LimitUsed, ...] = ()
    on: int | None = None
    units: tuple[UnitsBack, ...] = ()
    restored: tuple[UnitsRestored, ...] = ()
    paid: tuple[PaidBack, ...] = ()
    tracks: tuple[TrackBack, ...] = ()
    household: str = ""
    pool: tuple[Change, ...] = ()
    others: dict[str, tuple[Change, ...]] = {}

    def to_json(self) -> bytes:
        """The return as JSON text, to be stored: the next return of the event needs it."""
        return msgspec.json.encode(self)


def restored(state: State, returned: Return, owner: str | None = None) -> State:
    """The state of a return's member after it, or of another member whom it touched; the state given is left as it is.
    A counter never falls below zero, and one whose time has passed stays forgotten. Raises `ValueError` where the
    state is not the one that the return was worked out from."""
    own = owner is None or owner == returned.member
    return moved_on(state, returned.changes if own else returned.others.get(owner or "", ()))


def moved_on(state: State, changes: Iterable[Change]) -> State:
    """The state after changes of a return."""
    after = copied(state)
    for change in changes:
        if not isinstance(change, LimitUsed):
            apply_in_place(after, (change,))
            continue
        used = after.limits.get(change.limit, {})
        if change.occurrence in used:
            used[change.occurrence] = max(0, used[change.occurrence] + change.after - change.before)
    return after
