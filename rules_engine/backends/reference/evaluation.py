"""One event, from the member's state before it to everything that follows: the order of stages, and nothing else.

1. Time moves to the event's day.
2. Offers, stage by stage; then the price is known. What the event adds to each track is worked out from it, and from
   the tracks as they were.
3. Earns. All of them see tracks, tier and balances as they were; what they give becomes lots at the end of the stage.
4. Tracks move, once: this event, and what its earns gave.
5. Tiers and matches are judged on the tracks as they are now.
6. Rewards see the tracks as they are now, and the tier held before the event unless the ladder counts at once.
7. What rewards gave moves the tracks that count it; the next event is the first to see that.

An event without a member has no state: offers act that ask nothing of the member, rules that give say so, and nothing
changes but what all members share.
"""

from __future__ import annotations

import msgspec

from rules_engine.backends import Evaluation
from rules_engine.backends.reference import limits, matches, tiers, tracks
from rules_engine.backends.reference.advancing import advance
from rules_engine.backends.reference.codes import results
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
from rules_engine.state import LastDay, Shared, State


def evaluate(
    world: World, event: Event, facts: Facts, state: State, trace: Trace | None = None, shared: Shared | None = None
) -> Evaluation:
    """Score one decoded event; raises `EventRefused` where a track cannot hold what the event adds, or where no offer
    prices it."""
    if event.member is None:
        run = Run(world, facts, State(), trace, shared)
        return _told(run, _guest(run, event), event, facts, state, shared)
    run = Run(world, facts, state, trace, shared)
    late = state.day is not None and event.day < state.day
    endings = list(advance(run, event.day))
    if trace is not None:
        trace.endings = endings
    _enter(run, event)
    with run.looking():
        before, run.opening = opening_values(run), tracks.opening(run)
        _note_opening(run)
    run_offers(run)
    run.added, brought = tracks.contributions(run), tracks.met(run)
    run.bases = tracks.bases(run)
    run_stage("earn", run)
    earned = len(run.awards)
    tracks.move(brought, run)
    with run.looking():
        _note_tracks(run)
    _judge(run)
    run_stage("reward", run)
    with run.looking():
        tracks.see(run)
    tracks.move_given(run.awards[earned:], run)
    _note_day(run, event)
    tracks.tidy(run)
    limits.tidy(run)
    found = Evaluation(tuple(run.awards), tuple(run.tiers), tuple(run.changes), before, late, tuple(run.said))
    return _told(run, found, event, facts, state, shared)


def _told(run: Run, found: Evaluation, event: Event, facts: Facts, state: State, shared: Shared | None) -> Evaluation:
    """The evaluation with what offers did."""
    if run.basket is None or event.name not in run.world.offered:
        return msgspec.structs.replace(found, reserved=tuple(run.reserved)) if run.reserved else found
    acts = {act.rule.key: act.discounts for act in run.basket.acts}
    discounts = [each for fate in run.offers for each in (*fate.withheld, *acts.get(fate.offer.key, ()))]
    return msgspec.structs.replace(
        found,
        price=price(run) if event.name in run.world.priced else None,
        discounts=tuple(discounts),
        charges=tuple(each for act in run.basket.acts for each in act.charges),
        gifts=tuple(each for act in run.basket.acts for each in act.gifts),
        codes=results(run),
        reserved=tuple(run.reserved),
        opening=opening(run.world, event, facts, state, shared),
    )


def _guest(run: Run, event: Event) -> Evaluation:
    _enter(run, event)
    run_offers(run)
    run_stage("earn", run)
    run_stage("reward", run)
    matches.begin(run)
    return Evaluation((), (), (), {}, False, tuple(run.said))


def _enter(run: Run, event: Event) -> None:
    """Set the run to the moment of the event."""
    run.event, run.member, run.source = event, event.member, event.name
    run.fields, run.lines = event.fields, event.lines
    run.today, run.instant = event.day, event.instant
    run.standing = event.day if run.state.day is None else max(event.day, run.state.day)
    run.held = held(run, run.standing)
    run.currency = event.currency or run.world.events[event.name].currency


def _judge(run: Run) -> None:
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
    if ladder.at_once:
        run.held = held(run, run.standing)


def _note_day(run: Run, event: Event) -> None:
    """Remember the last day of a kind of event, where a unit's life counts from it."""
    before = run.state.last.get(event.name)
    if event.name in run.world.waited and (before is None or before < event.day):
        run.record(LastDay(event.name, before, event.day))


def _note_opening(run: Run) -> None:
    if run.trace is not None:
        run.trace.opening = {track.name: track_value(track, run.today, Env(run)) for track in run.world.core.tracks}


def _note_tracks(run: Run) -> None:
    if run.trace is not None:
        for track in run.world.core.tracks:
            before = run.trace.opening.get(track.name, 0)
            run.trace.tracks.append(TrackNoted(track, before, track_value(track, run.today, Env(run))))
