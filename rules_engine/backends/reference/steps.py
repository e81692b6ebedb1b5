"""The steps of one event, for a back end that writes out most of an event itself and does the rest as is done here.

In: an event, and what that back end found: whole amounts, what the event adds to tracks, the price that offers left.
Out: a run, and in the end its evaluation. The run is the reference's own; each change that anybody appends to
`run.changes` is made at once, so that a step finds everything as it is. What a step means is said where it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from rules_engine import ir
from rules_engine.backends import Evaluation
from rules_engine.backends.reference import (
    evaluation,
    limits,
    money,
    people,
    presented,
    rules,
    schedules,
    tender,
    tiers,
    tracks,
)
from rules_engine.backends.reference.carrier import Act, Basket, Runs, joined, size_of, zipped
from rules_engine.backends.reference.codes import results
from rules_engine.backends.reference.lots import balance
from rules_engine.backends.reference.money import open_basket
from rules_engine.backends.reference.opening import opening_values
from rules_engine.backends.reference.reading import seen_before, track_read
from rules_engine.backends.reference.run import Book, Env, Run
from rules_engine.backends.reference.staging import run_offers
from rules_engine.backends.reference.trace import OfferNoted
from rules_engine.backends.reference.world import World
from rules_engine.event import Event, Facts, FieldValue
from rules_engine.outcome import Charge, CodeUse, Discount, Gift, People, Price, TierChange, Value
from rules_engine.state import Change, LimitUsed, Shared, State, apply_in_place


class Made(list[Change]):
    """Changes of a state that are made when they are noted."""

    __slots__ = ("_state",)

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state

    def append(self, change: Change) -> None:
        """Note a change and make it."""
        super().append(change)
        apply_in_place(self._state, (change,))

    def extend(self, changes: Iterable[Change]) -> None:
        """Note and make several."""
        for change in changes:
            self.append(change)


class _LiveBook(Book):
    """A book in which it is enough to note a change."""

    __slots__ = ()

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.changes = Made(self.state)

    def record(self, change: Change) -> None:
        self.changes.append(change)


class Steps:
    """The steps of a program's events."""

    def __init__(self, world: World) -> None:
        self.world = world

    # ---- the way in and out ----

    def begin(self, event: Event, facts: Facts, state: State, shared: Shared | None, people: People | None) -> Run:
        """A run at the moment of an event, time moved to its day; raises `EventRefused` where it is settled already."""
        schedules.refuse_settled(event, state)
        run = Run(self.world, facts, state, None, shared, people, _LiveBook)
        run.late = schedules.is_late(event, state, self.world)
        evaluation.arrive(run, event)
        return run

    def finish(self, run: Run, counters: Mapping[str, ir.LimitDef]) -> None:
        """What follows the last stage: which day it was, what is settled, what nothing can read any more. `counters`
        are those that were moved elsewhere."""
        event = run.event
        assert event is not None
        evaluation.note_day(run, event)
        schedules.note(run)
        if run.state.holdings:
            tiers.tidy(run)
        tracks.tidy(run)
        for name, limit in counters.items():
            run.counters.setdefault(name, limit)
        if run.counters:
            limits.tidy(run)

    def close(
        self,
        run: Run,
        changed: tuple[TierChange, ...],
        before: dict[str, Value],
        coded: bool,
        price: Price | None = None,
        discounts: tuple[Discount, ...] = (),
        charges: tuple[Charge, ...] = (),
        gifts: tuple[Gift, ...] = (),
        codes: tuple[CodeUse, ...] = (),
        reserved: Sequence[LimitUsed] = (),
    ) -> Evaluation:
        """The evaluation: what the run holds, with the changes of tier and what offers did."""
        return Evaluation(
            tuple(run.awards),
            changed,
            tuple(run.changes),
            before,
            run.late,
            tuple(run.said),
            price,
            discounts,
            charges,
            gifts,
            results(run) if coded else codes,
            (*reserved, *run.reserved),
            None,
            tuple(run.payments),
            tuple(run.taken),
            run.household,
            tuple(run.pool.changes),
            {member: tuple(book.changes) for member, book in run.others.items() if book.changes},
        )

    def opened(self, run: Run) -> dict[str, Value]:
        """What rules can read of the member before the event, by name."""
        return opening_values(run)

    # ---- rules ----

    def foresee(self, run: Run) -> None:
        """What the event adds to the tracks that redeems slice."""
        evaluation.foresee(tuple(rule for rule in self.world.core.rules if rule.kind == "redeem"), run)

    def serve(self, run: Run, member: str, rule: ir.RuleDef, winners: dict[str, str]) -> None:
        """A rule at its turn."""
        rules.serve(member, rule, winners, run)

    def end_stage(self, run: Run, awards: int, taken: int) -> None:
        """What a stage gave and took, from these numbers on."""
        rules.end_stage(awards, taken, run)

    def given(self, run: Run, rule: str, start: int) -> list[tuple[int, tuple[int, ...]]]:
        """What a rule gave among the awards from a number on, with its weights."""
        return [(award.given, award.weights) for award in run.awards[start:] if award.rule == rule]

    def balance(self, run: Run, unit: str, pending: bool) -> int:
        """What the member has of a unit."""
        return balance(unit, pending, run)

    def person(self, run: Run, person: str, name: str) -> FieldValue:
        """A fact of the person whom a field names; raises `EventRefused` where nothing is known of them."""
        return people.fact(person, name, run)

    # ---- things that offers ask for ----

    def missing(self, run: Run, thing: ir.ThingDef) -> str:
        """Why an offer that asks for a thing does not act; empty where it may."""
        run.offering = True
        found = presented.missing(thing, Env(run))
        run.offering = False
        return found

    def present(self, run: Run, offer: ir.OfferDef) -> None:
        """An offer acted: its thing is taken when all offers are done."""
        acts = () if run.basket is None else run.basket.acts
        run.basket = Basket((), (*acts, Act(offer, ())))

    def keep_out(self, run: Run, offer: ir.OfferDef) -> None:
        """An offer would have acted, but its member is held out."""
        run.offers.append(OfferNoted(offer, held_out=True))

    def hand_in(self, run: Run) -> None:
        """Once all offers are done: take what those that acted ask for."""
        run.basket = Basket(()) if run.basket is None else run.basket
        presented.commit(run)
        run.basket = None

    # ---- offers ----

    def enter(self, event: Event, facts: Facts, shared: Shared | None, people: People | None) -> Run:
        """A run at the moment of an event without a member."""
        run = Run(self.world, facts, State(), None, shared, people)
        evaluation.enter(run, event)
        return run

    def offer(self, run: Run) -> tuple[Price | None, tuple[Discount, ...], tuple[Charge, ...], tuple[Gift, ...]]:
        """All stages of offers: what the event then costs, where it is priced, and what they did; raises
        `EventRefused` where offers make the price and one is missing."""
        assert run.event is not None
        if run.member is not None:
            evaluation.foresee(self.world.core.offers, run)
        run_offers(run)
        assert run.basket is not None
        run.basket = run.basket.acting
        return money.price(run) if run.event.name in self.world.priced else None, *evaluation.offered(run)

    def costs(self, run: Run, base: ir.Base) -> list[int]:
        """A money base of every line, the event's own shipping last."""
        assert run.basket is not None
        return [sum(count * unit.base(base) for count, unit in runs) for runs in run.basket.lines]

    def codes(self, run: Run) -> tuple[CodeUse, ...]:
        """What became of each presented code."""
        return results(run)

    # ---- money ----

    def open_basket(self, run: Run) -> None:
        """The units of the lines, where no offer acts on them."""
        open_basket(run)

    def hold_price(
        self, run: Run, price: Price, cost: Sequence[int], uneven: Mapping[int, tuple[tuple[int, int], ...]]
    ) -> None:
        """The basket as offers left it: what each line costs, or each unit where they differ."""
        run.price = price
        open_basket(run)
        assert run.basket is not None
        lines = [_costing(runs, uneven.get(place), cost[place]) for place, runs in enumerate(run.basket.lines)]
        run.basket = Basket(tuple(lines))

    def pay(self, run: Run, cost: Sequence[int]) -> list[int]:
        """What is paid of each line in money, once all redeems have acted."""
        tender.settle(run)
        paid = [payment.parts for payment in run.payments if not payment.held_out]
        return [each - sum(parts[place] for parts in paid) for place, each in enumerate(cost)] if paid else [*cost]

    # ---- tracks ----

    def track(self, run: Run, track: ir.TrackDef, previous: bool) -> int | None:
        """A track as rules read it."""
        return track_read(track, run.today, Env(run), previous)

    def seen_before(self, run: Run, track: ir.TrackDef) -> int:
        """What rewards saw of a track before this event."""
        return seen_before(track, Env(run))

    def added(self, run: Run, name: str) -> dict[int, int] | None:
        """What the event adds to a track by occurrence; None where it does not move it."""
        return tracks.contributions(run, frozenset((name,))).get(name)

    def brought(self, run: Run) -> tracks.Met:
        """What the event brings to tracks that are no sums."""
        return tracks.met(run)

    def bases(self, run: Run) -> None:
        """What each track is where the event adds to it, for rules that slice."""
        run.bases = tracks.bases(run)

    def move(self, run: Run, brought: tracks.Met | None) -> None:
        """The one move of the tracks; raises `EventRefused` where one cannot hold it."""
        tracks.move(_NOTHING if brought is None else brought, run)

    def see(self, run: Run) -> None:
        """Remember what this reward stage saw of marked tracks."""
        tracks.see(run)

    def move_given(self, run: Run, awards: int, taken: int) -> None:
        """What rewards gave and took moves the tracks that count it."""
        tracks.move_given(run.awards[awards:], run, run.taken[taken:])

    # ---- tiers ----

    def lasts(self, run: Run, tier: str, reason: str, until: int | None) -> bool:
        """Whether a path's holding is there already, and no shorter than it would be."""
        same = [each.until for each in run.state.holdings if each.tier == tier and each.reason == reason]
        return bool(same) and not any(tiers.is_later(until, each) for each in same)

    def judge(self, run: Run) -> None:
        """Tiers, trials, and the matches that begin."""
        assert run.event is not None
        evaluation.judge(run, run.event)


_NOTHING = tracks.Met((), (), (), ())


def _costing(runs: Runs, uneven: tuple[tuple[int, int], ...] | None, cost: int) -> Runs:
    """The units of a line at what they cost now."""
    size = size_of(runs)
    if not size:
        return runs
    now = ((size, cost // size),) if uneven is None else uneven
    return joined((count, replace(unit, now=each, acting=each)) for count, unit, each in zipped(runs, now))
