"""One event, from the member's state before it to everything that follows: the order of stages, and nothing else.

1. Time moves to the event's day; for a scheduled event to the day it is posted.
2. Offers, stage by stage; then the price is known.
3. Redeems, in their order: each pays of what those before it left to pay, with what they left in lots.
4. What the event adds to each track is worked out, from the price, what was paid, and the tracks as they were; for
   tracks that offers or redeems slice, also before these.
5. Earns. All of them see tracks and tier as they were; what they give becomes lots at the end of the stage.
6. Tracks move, once: this event, what its earns gave, and what was taken so far.
7. Tiers and matches are judged on the tracks as they are now.
8. Rewards see the tracks as they are now, and the tier held before the event unless the ladder counts at once.
9. What rewards gave and took moves the tracks that count it; the next event is the first to see that.

Inside a stage balances do not move, but for rules of one ordered group and for redeems, which see what was taken
before them.

An event without a member has no state: offers act that ask nothing of the member, rules that give say so, and nothing
changes but what all members share.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rules_engine import ir
from rules_engine.backends import Evaluation
from rules_engine.backends.reference import limits, matches, pools, schedules, tender, tiers, tracks
from rules_engine.backends.reference.advancing import advance
from rules_engine.backends.reference.codes import results
from rules_engine.backends.reference.holding import Spent, hold, spend
from rules_engine.backends.reference.money import price
from rules_engine.backends.reference.opening import opening_values
from rules_engine.backends.reference.reading import held, track_value
from rules_engine.backends.reference.receipts import opening
from rules_engine.backends.reference.rules import run_stage
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.staging import run_offers
from rules_engine.backends.reference.trace import Trace, TrackNoted
from rules_engine.backends.reference.world import World
from rules_engine.event import Event, Facts
from rules_engine.outcome import Charge, Discount, Gift, Outcome, People
from rules_engine.state import LastDay, Shared, State


def evaluate(
    world: World,
    event: Event,
    facts: Facts,
    state: State,
    trace: Trace | None = None,
    shared: Shared | None = None,
    people: People | None = None,
    fixed: Outcome | None = None,
    spent: Spent | None = None,
) -> Evaluation:
    """Score one decoded event; raises `EventRefused` where a track cannot hold what the event adds, or where no offer
    prices it. With `fixed` its prices are those of that outcome: no offer and no redeem acts. With `spent` offers act,
    and redeems have acted already."""
    if event.member is None:
        run = Run(world, facts, State(), trace, shared, people)
        return _told(run, _guest(run, event), event, facts, state, shared)
    schedules.refuse_settled(event, state)
    run = Run(world, facts, state, trace, shared, people)
    run.late = schedules.is_late(event, state, world)
    arrive(run, event)
    with run.looking():
        before, run.opening = opening_values(run), tracks.opening(run)
        _note_opening(run)
    if fixed is None:
        _price(run, spent)
    else:
        hold(fixed, run)
    run.added, brought = tracks.contributions(run), tracks.met(run)
    run.bases = tracks.bases(run)
    run_stage("earn", run)
    earned, taken = len(run.awards), len(run.taken)
    tracks.move(brought, run)
    with run.looking():
        _note_tracks(run)
    judge(run, event)
    run_stage("reward", run)
    with run.looking():
        tracks.see(run)
    tracks.move_given(run.awards[earned:], run, run.taken[taken:])
    note_day(run, event)
    schedules.note(run)
    tiers.tidy(run)
    tracks.tidy(run)
    limits.tidy(run)
    found = Evaluation(tuple(run.awards), tuple(run.tiers), tuple(run.changes), before, run.late, tuple(run.said))
    if fixed is not None:
        return msgspec.structs.replace(_owned(run, found), reserved=tuple(run.reserved))
    return _told(run, _owned(run, found), event, facts, state, shared)


def _price(run: Run, spent: Spent | None) -> None:
    """Offers and redeems: what the event costs, and what is paid of it. Picks of what comes after offers go by what
    they left."""
    foresee(run.world.core.offers, run)
    run_offers(run)
    if run.basket is not None:
        run.basket = run.basket.acting
    if spent is None:
        foresee(tuple(rule for rule in run.world.core.rules if rule.kind == "redeem"), run)
        run_stage("redeem", run)
    else:
        spend(spent, run)
    tender.settle(run)


def foresee(rules: Sequence[ir.OfferDef | ir.RuleDef], run: Run) -> None:
    """What the event adds to the tracks that offers, or redeems, slice: worked out before them, as they see it."""
    assert run.event is not None
    mine = tuple(rule for rule in rules if run.event.name in rule.events)
    names = frozenset(node.track for node in ir.walk(mine) if isinstance(node, ir.Across))
    if names:
        run.added = tracks.contributions(run, names)
        run.bases = tracks.bases(run)


def arrive(run: Run, event: Event) -> None:
    """Move time, and set the run to the moment of the event. The tier that a scheduled event reads is the one that was
    held as of its day."""
    endings, reach = list(advance(run, event.day)), schedules.reach(event, run.world)
    as_of = 0 if event.posted is None else held(run, event.day)
    if reach != event.day:
        endings += advance(run, reach)
    if run.trace is not None:
        run.trace.endings = endings
    enter(run, event)
    pools.enter(run, run.standing)
    if event.posted is not None:
        run.held = as_of


def _owned(run: Run, found: Evaluation) -> Evaluation:
    """The evaluation with what was paid and taken, and with what happened to others."""
    others = {member: tuple(book.changes) for member, book in run.others.items() if book.changes}
    return msgspec.structs.replace(
        found,
        payments=tuple(run.payments),
        taken=tuple(run.taken),
        household=run.household,
        pool=tuple(run.pool.changes),
        others=others,
    )


def _told(run: Run, found: Evaluation, event: Event, facts: Facts, state: State, shared: Shared | None) -> Evaluation:
    """The evaluation with what offers did, and with what a return needs."""
    if run.basket is None or event.name not in run.world.offered:
        coded = any(rule.code is not None and event.name in rule.events for rule in run.world.core.rules)
        return msgspec.structs.replace(
            found,
            reserved=tuple(run.reserved),
            codes=results(run) if coded else (),
            opening=opening(run.world, event, facts, state, shared, run.people),
        )
    discounts, charges, gifts = offered(run)
    return msgspec.structs.replace(
        found,
        price=price(run) if event.name in run.world.priced else None,
        discounts=discounts,
        charges=charges,
        gifts=gifts,
        codes=results(run),
        reserved=tuple(run.reserved),
        opening=opening(run.world, event, facts, state, shared, run.people),
    )


def offered(run: Run) -> tuple[tuple[Discount, ...], tuple[Charge, ...], tuple[Gift, ...]]:
    """What offers took off, charged and added, in the order in which they were asked."""
    assert run.basket is not None
    acts = {act.rule.key: act.discounts for act in run.basket.acts}
    discounts = [each for fate in run.offers for each in (*fate.withheld, *acts.get(fate.offer.key, ()))]
    charges = tuple(each for act in run.basket.acts for each in act.charges)
    return tuple(discounts), charges, tuple(each for act in run.basket.acts for each in act.gifts)


def _guest(run: Run, event: Event) -> Evaluation:
    enter(run, event)
    run_offers(run)
    for kind in ("redeem", "earn", "reward"):
        run_stage(kind, run)
    matches.begin(run)
    return Evaluation((), (), (), {}, False, tuple(run.said))


def enter(run: Run, event: Event) -> None:
    """Set the run to the moment of the event."""
    run.event, run.member, run.source = event, event.member, event.name
    run.fields, run.lines = event.fields, event.lines
    run.today, run.instant = event.day, event.instant
    run.posted = event.day if event.posted is None else event.posted
    run.standing = max(schedules.reach(event, run.world), run.state.day or event.day)
    run.held = held(run, run.standing)
    kind = run.world.events[event.name]
    run.currency = event.currency or kind.currency or kind.priced_unit


def judge(run: Run, event: Event) -> None:
    """Tiers, then trials, then the matches that this event begins."""
    ladder = run.world.core.tiers
    if ladder is None:
        return
    before = held(run, run.standing)
    if not ladder.from_host and not ladder.review:
        tiers.judge(ladder, run, run.standing)
    if not ladder.from_host:
        matches.judge_early(run)
        matches.begin(run)
        tiers.note_change(before, run.standing, run)
    if ladder.at_once and event.posted is None:
        run.held = held(run, run.standing)


def note_day(run: Run, event: Event) -> None:
    """Remember the last day of a kind of event, where a unit's life counts from it."""
    before = run.state.last.get(event.name)
    if event.name in run.world.waited and (before is None or before < event.day):
        run.record(LastDay(event.name, before, event.day))
    pools.note_day(run, event.name, event.day)


def _note_opening(run: Run) -> None:
    if run.trace is not None:
        run.trace.opening = {track.name: track_value(track, run.today, Env(run)) for track in run.world.core.tracks}


def _note_tracks(run: Run) -> None:
    if run.trace is not None:
        for track in run.world.core.tracks:
            before = run.trace.opening.get(track.name, 0)
            run.trace.tracks.append(TrackNoted(track, before, track_value(track, run.today, Env(run))))
