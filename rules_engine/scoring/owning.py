"""What an event took, paid, carried and owed, in words.

In: the interpreter's notes, the outcome, and the states before and after it. Out: `TakeTold`, `CarryTold`,
`PaymentTold`, `BalanceTold`: which lots were used, what cut a payment, what is left of a balance.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final, Literal

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import Readings, RuleNoted, TakenNoted
from rules_engine.calendar import format_date
from rules_engine.event import Event, Facts
from rules_engine.outcome import Outcome, People, Taken, applied
from rules_engine.scoring.measures import PLAIN, Measures
from rules_engine.scoring.texts import Texts
from rules_engine.scoring.told import BalanceTold, CarryTold, PaymentTold, TakeTold, TrackTold, UsedTold, ValueTold
from rules_engine.scoring.valuing import Values, without_whole
from rules_engine.state import Change, DebtMoved, KeyMoved, Lot, LotAdded, LotRestored, LotTaken, State, apply

_SHOWN: Final = 12
"""So many keys of a track are told."""


class Opened(msgspec.Struct, frozen=True):
    """The member and the household before an event."""

    facts: Facts
    state: State
    people: People


class OwningTeller:
    """Turns what is noted of taking and paying into words, for one event and its outcome."""

    def __init__(self, event: Event, outcome: Outcome, values: Values, before: Opened) -> None:
        self.event = event
        self.outcome = outcome
        self.values = values
        self.measures: Measures = values.measures
        self.texts: Texts = values.texts
        self.world = values.world
        self.before = before
        self.money = self.measures.money(self.measures.currency)

    def _amount(self, count: int, unit: str) -> str:
        return self.measures.amount(count, unit)

    # ---- rules ----

    def takes(self, noted: RuleNoted) -> Iterator[TakeTold]:
        """What a rule took, in the order of its effects, then what was presented."""
        mine = [each for each in self.outcome.taken if each.rule == noted.rule.key]
        recorded = [each for each in mine if each.how != "presented"]
        for take in noted.takes:
            is_recorded = take.wanted if isinstance(take.effect, ir.AcceptDef) else take.asked
            found = recorded.pop(0) if is_recorded and recorded else None
            yield self._take(take, found)
        yield from self.presented(noted.rule.key)

    def presented(self, rule: str) -> Iterator[TakeTold]:
        """What was presented for a rule, and used up."""
        for each in self.outcome.taken:
            if each.rule == rule and each.how == "presented" and not each.held_out:
                amount = self._amount(each.taken, each.unit)
                yield TakeTold("", "presented", self._amount(each.wanted, each.unit), amount, lots=self._lots(each))

    def _take(self, noted: TakenNoted, found: Taken | None) -> TakeTold:
        effect, unit = noted.effect, noted.effect.unit
        whole = effect.every_full if isinstance(effect, ir.TurnDef) else False
        accepts = isinstance(effect, ir.AcceptDef)
        return TakeTold(
            text=self.texts.of(effect.at),
            kind=_kind(effect),
            wanted=self._amount(noted.wanted, unit),
            taken=self._amount(noted.taken, unit),
            value=self.measures.show(noted.value, self.money) if accepts else "",
            room=self.measures.show(noted.room, self.money) if accepts else "",
            blocks=noted.taken // noted.wanted if whole and noted.wanted else None,
            cuts=tuple(dict.fromkeys(self.texts.limit(noted.cut_by) if cut == "limit" else cut for cut in noted.cuts)),
            lots=() if found is None else self._lots(found),
            values=self._values(noted),
            key="" if noted.key is None else self.measures.show(noted.key, self.measures.key),
        )

    def _values(self, noted: TakenNoted) -> tuple[ValueTold, ...]:
        """What an amount was formed from; what it is worth, and the bound of that, are money."""
        effect, unit = noted.effect, self.measures.unit(noted.effect.unit)
        if not isinstance(effect, ir.AcceptDef):
            return without_whole(self.values.told(noted.inner, unit))
        money = (effect.cap, effect.worth)
        told = [
            self.values.told([each], self.money if any(each.node is node for node in money) else unit)
            for each in noted.inner
        ]
        return tuple(value for values in told for value in values)

    def _lots(self, found: Taken) -> tuple[UsedTold, ...]:
        return tuple(self._used(lot, count) for lot, count in found.lots)

    def _used(self, lot: Lot, count: int) -> UsedTold:
        fields = {field.name: field for field in self.world.units[lot.unit].remembers}
        facts = [
            f"{name} {self.measures.show(value, self.measures.field(fields.get(name)))}"
            for name, value in lot.facts.items()
        ]
        ends = "" if lot.expires is None else format_date(lot.expires)
        amount = self._amount(count, lot.unit)
        return UsedTold(amount, format_date(lot.earned), lot.source, ends, tuple(facts), lot.holder)

    def carries(self, noted: RuleNoted) -> Iterator[CarryTold]:
        """What a rule carried over."""
        for each in noted.carries:
            measure = self.measures.track(self.world.tracks[each.effect.track])
            yield CarryTold(
                self.texts.of(each.effect.at),
                each.effect.track,
                "" if each.exact is None else self.measures.show(each.exact, measure),
                self.measures.show(each.carried, measure),
                without_whole(self.values.told(each.inner, measure)),
            )

    def paid(self, rule: str) -> str:
        """What a redeem paid; empty for any other rule."""
        mine = [each.value for each in self.outcome.payments if each.rule == rule and not each.held_out]
        return self.measures.show(sum(mine), self.money) if mine else ""

    def absent(self, rule: ir.RuleDef | ir.OfferDef, why: str) -> str:
        """What was presented and what is there, where a rule asks for more."""
        thing = rule.thing
        if thing is None:
            return ""
        sent = self.event.fields.get(thing.field)
        shown = sent if isinstance(sent, int) else 0
        have = self.readings(self.before.state, self.before.people.pool).balance(thing.unit)
        wanted = self._amount(thing.count, thing.unit)
        if why == "not presented":
            return f"it asks for {wanted}, and the event presents {'no more' if shown else 'none'}"
        return (
            f"it asks for {wanted}; {self._amount(shown, thing.unit)} presented, {self._amount(have, thing.unit)} there"
        )

    # ---- the whole event ----

    def payments(self) -> Iterator[PaymentTold]:
        """What redeems paid."""
        titles = {rule.key: rule.title for rule in self.world.core.rules}
        for each in self.outcome.payments:
            if each.held_out:
                continue
            value, taken = self.measures.show(each.value, self.money), self._amount(each.taken, each.unit)
            parts = [
                f"{self._place(n)}: {self.measures.show(part, self.money)}" for n, part in enumerate(each.parts) if part
            ]
            yield PaymentTold(each.rule, titles.get(each.rule, each.rule), value, taken, tuple(parts))

    def _place(self, number: int) -> str:
        """A line, the event's own shipping, the charges, the tax on top."""
        lines = len(self.event.lines)
        price = self.outcome.price
        priced = lines if price is None else len(price.lines)
        if number < lines:
            return f"line {number + 1}"
        return "shipping" if number < priced else ("charges", "tax")[min(number - priced, 1)]

    def left(self) -> str:
        """What is left to pay in money, where a redeem paid something."""
        left, paid = self.outcome.to_pay, any(each.value for each in self.outcome.payments)
        return self.measures.show(left, self.money) if left is not None and paid else ""

    def readings(self, state: State, pool: State | None) -> Readings:
        """What a state says on the day of the event, or on the day that the member had reached."""
        day = max(self.event.day, self.before.state.day or self.event.day)
        day = max(day, self.event.posted or day)
        facts, people = dict(self.before.facts), People(pool=pool)
        return Readings(self.world, facts, state, day, None, people, self.event.member)

    def balances(self) -> Iterator[BalanceTold]:
        """Balances that were taken from, or that were or are owed."""
        member, before = self.event.member, self.before
        if member is None:
            return
        pool = State() if before.people.pool is None else before.people.pool
        now, earlier = self.readings(applied(before.state, self.outcome), apply(pool, self.outcome.pool)), None
        for unit in self.world.core.units:
            shared = unit.owner == "household"
            changes = self.outcome.pool if shared else self.outcome.changes.get(member, ())
            if not any(_moves(change, unit.name) for change in changes):
                continue
            earlier = earlier or self.readings(before.state, pool)
            owed = [
                change for change in changes if isinstance(change, DebtMoved) and change.unit.split(" ")[0] == unit.name
            ]
            yield BalanceTold(
                unit.plural or unit.name,
                self._amount(earlier.balance(unit.name), unit.name),
                self._amount(now.balance(unit.name), unit.name),
                self._amount(owed[0].before, unit.name) if owed else "",
                self._amount(owed[-1].after, unit.name) if owed else "",
                self.outcome.household if shared else "",
            )

    def keys(self, track: ir.TrackDef) -> tuple[TrackTold, ...]:
        """The numbers of a track by key that this event moved, the largest first."""
        member = self.event.member or ""
        changes = self.outcome.pool if track.owner == "household" else self.outcome.changes.get(member, ())
        found: dict[str, tuple[int, int]] = {}
        for change in changes:
            if isinstance(change, KeyMoved) and change.track == track.key:
                before = found[change.key][0] if change.key in found else change.before or 0
                found[change.key] = before, change.after
        show, measure = self.measures.show, self.measures.track(track)
        ranked = sorted(found.items(), key=lambda each: (-each[1][1], each[0]))[:_SHOWN]
        return tuple(
            TrackTold(self._key(key, track), show(before, measure), show(after, measure))
            for key, (before, after) in ranked
        )

    def _key(self, word: str, track: ir.TrackDef) -> str:
        """A key as a person reads it: a day as a date, a tier by its name."""
        measure = PLAIN if track.by_key is None else self.measures.of(track.by_key)
        return word if measure == PLAIN else self.measures.show(Fraction(word), measure)


def _moves(change: Change, unit: str) -> bool:
    match change:
        case LotTaken(lot=lot) | LotAdded(lot=lot) | LotRestored(lot=lot):
            return lot.unit == unit
        case DebtMoved(unit=name):
            return name.split(" ")[0] == unit
        case _:
            return False


def _kind(effect: ir.AcceptDef | ir.DeductDef | ir.TurnDef) -> Literal["accept", "deduct", "turn"]:
    match effect:
        case ir.AcceptDef():
            return "accept"
        case ir.DeductDef():
            return "deduct"
        case ir.TurnDef():
            return "turn"
