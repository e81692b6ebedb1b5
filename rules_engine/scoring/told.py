"""What an explanation says: plain values, equal to their JSON.

Amounts and days are words already, as a person reads them; `Explanation.outcome` has the numbers.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from rules_engine.outcome import Outcome


class ValueTold(msgspec.Struct, frozen=True):
    """A part of a rule as it is written, its value, the line (from 1) where it was read on one, what it was made of."""

    text: str
    value: str
    line: int | None = None
    inner: tuple[ValueTold, ...] = ()


class GiveTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """An effect: `exact` before rounding, `wanted` before limits, `given` after them; what fell on each line; the other
    member who receives it, the units that it is split into, and in a loop the `key` that it is for."""

    text: str
    unit: str
    exact: str
    wanted: str
    given: str
    rounded: str
    mark: int | None
    cut_by: str
    parts: tuple[str, ...]
    pending: str
    expires: str
    values: tuple[ValueTold, ...]
    to: str = ""
    split: tuple[str, ...] = ()
    key: str = ""


class UsedTold(msgspec.Struct, frozen=True):
    """Units that were used of a lot: the day it was earned, the rule that gave it, the last day it would have been
    valid, what it remembers, in a pool kept apart whose it was."""

    amount: str
    earned: str
    source: str
    expires: str
    facts: tuple[str, ...] = ()
    holder: str = ""


class TakeTold(msgspec.Struct, frozen=True):
    """What a rule took: of an `accept` what was `offered` and what was to pay (`room`), of a `turn` how many blocks;
    `cuts` say what came between, `lots` what was used. Of a member who is held out `taken` and `value` say what it
    would have been."""

    text: str
    kind: Literal["accept", "deduct", "turn", "presented"]
    wanted: str
    taken: str
    value: str = ""
    room: str = ""
    blocks: int | None = None
    cuts: tuple[str, ...] = ()
    lots: tuple[UsedTold, ...] = ()
    values: tuple[ValueTold, ...] = ()
    key: str = ""


class CarryTold(msgspec.Struct, frozen=True):
    """What a rule carried into the next occurrence of a track."""

    text: str
    track: str
    exact: str
    carried: str
    values: tuple[ValueTold, ...]


class LimitTold(msgspec.Struct, frozen=True):
    """A limit as the rule met it: what it allows, what was used in the occurrence that starts on `since`, what was
    asked and let through.
    """

    text: str
    since: str
    used: str
    room: str
    asked: str
    passed: str


class RuleTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule or match: whether it acted, why not (`why` in a word, `because` in a sentence), all values it read, what
    it gave, took and carried. `paid` is what a redeem paid."""

    rule: str
    title: str
    kind: str
    place: str
    applied: bool
    why: str
    because: str
    values: tuple[ValueTold, ...]
    gives: tuple[GiveTold, ...]
    limits: tuple[LimitTold, ...]
    takes: tuple[TakeTold, ...] = ()
    carries: tuple[CarryTold, ...] = ()
    paid: str = ""


class TrackTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """A track before and after the event, in the occurrence that holds the event's day; of one by key the numbers that
    moved stand in `keys`, the largest first."""

    track: str
    before: str
    after: str
    keys: tuple[TrackTold, ...] = ()


class WayTold(msgspec.Struct, frozen=True):
    """A path to a tier as it was judged: whether it holds, and if not what is missing."""

    tier: str
    way: str
    day: str
    holds: bool
    because: str
    values: tuple[ValueTold, ...]


class LotTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """Units that the member now has: pending through a day, valid through a day, or for spans after the last of some
    events (with both, as the unit's `whichever` says). `to` says who has them else: another member, the household."""

    amount: str
    source: str
    pending: str
    expires: str
    spans: tuple[str, ...] = ()
    to: str = ""


class BalanceTold(msgspec.Struct, frozen=True):
    """A balance that was taken from, or owed, before and after the event, pending lots left out; `household` where it
    is a pool's. What was owed before, and is now."""

    unit: str
    before: str
    after: str
    owed_before: str = ""
    owed_after: str = ""
    household: str = ""


class PaymentTold(msgspec.Struct, frozen=True):
    """What a redeem paid, for how much of what, and on which lines."""

    rule: str
    title: str
    value: str
    taken: str
    parts: tuple[str, ...]


class EffectTold(msgspec.Struct, frozen=True):
    """An effect of an offer: of how many things its amount was formed, `exact` before rounding, `wanted` before room
    and limits, `given` after them; `room` above the floors of what it may touch. `cut` says what came between, `parts`
    what fell on each line. Of a gift, `given` is what was added."""

    text: str
    kind: str
    elements: int
    exact: str
    wanted: str
    given: str
    rounded: str
    room: str
    cut: str
    cut_by: str
    parts: tuple[str, ...]
    values: tuple[ValueTold, ...]


class OfferTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """An offer: whether it acted, why not (`why` in a word, `because` in a sentence), the code that set it off, how
    many sets it formed, and all values it read."""

    rule: str
    title: str
    stage: str
    place: str
    applied: bool
    why: str
    because: str
    code: str
    sets: int
    values: tuple[ValueTold, ...]
    effects: tuple[EffectTold, ...]
    limits: tuple[LimitTold, ...]
    takes: tuple[TakeTold, ...] = ()


class StepTold(msgspec.Struct, frozen=True):
    """What a line costs after a stage, and what each offer of that stage took off it."""

    stage: str
    price: str
    taken: tuple[str, ...]


class LineTold(msgspec.Struct, frozen=True):
    """A line from its list price, over the stages that changed it, to what it costs, and the tax in it or on it."""

    line: str
    list: str
    steps: tuple[StepTold, ...]
    net: str
    tax: str


class CodeTold(msgspec.Struct, frozen=True):
    """A presented code: the offers that it set off, else the exact reason, and the public one."""

    code: str
    rules: tuple[str, ...]
    reason: str
    public: str


class PriceTold(msgspec.Struct, frozen=True):
    """What is to be paid, and how it comes about: each line, fees, gifts."""

    lines: tuple[LineTold, ...]
    charges: tuple[str, ...]
    gifts: tuple[str, ...]
    net: str
    shipping: str
    charged: str
    tax: str
    total: str


class Explanation(msgspec.Struct, frozen=True):
    """Everything that happened to one event, in words and amounts; `outcome` is what `score` gives. What a scheduled
    event gives is earned on the day it is `posted`; `paid` is what is left to pay in money after `payments`;
    `lapsing` is what the member or the household loses within 30 days, if it is not used.

    >>> why = program.explain(order, member)
    >>> why.rules[0].rule, why.rules[0].gives[0].given, why.outcome.totals
    ('Points', '5 points', {'point': 5})
    """

    event: str
    id: str
    member: str | None
    day: str
    late: bool
    passed: tuple[str, ...]
    rules: tuple[RuleTold, ...]
    tracks: tuple[TrackTold, ...]
    tiers: tuple[str, ...]
    ways: tuple[WayTold, ...]
    lots: tuple[LotTold, ...]
    outcome: Outcome
    offers: tuple[OfferTold, ...] = ()
    codes: tuple[CodeTold, ...] = ()
    price: PriceTold | None = None
    payments: tuple[PaymentTold, ...] = ()
    paid: str = ""
    balances: tuple[BalanceTold, ...] = ()
    household: str = ""
    posted: str = ""
    lapsing: tuple[str, ...] = ()

    def text(self, rule: str = "") -> str:
        """The explanation as a tree for a person; with `rule` (its key) of that rule alone."""
        from rules_engine.scoring.telling import told

        return told(self, rule)

    def to_json(self) -> bytes:
        """The explanation as JSON text; what offers did stands in it where the event was priced or came with codes,
        what was paid and taken where something was."""
        encoded = msgspec.json.encode(self)
        for end in (_WITHOUT_OWNING, _WITHOUT_OFFERS):
            encoded = encoded.removesuffix(end) + b"}" if encoded.endswith(end) else encoded
        return encoded


_WITHOUT_OWNING = b',"payments":[],"paid":"","balances":[],"household":"","posted":"","lapsing":[]}'
_WITHOUT_OFFERS = b',"offers":[],"codes":[],"price":null}'
