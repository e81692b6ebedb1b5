"""From a core to a tape: kind of event after kind of event, each in the order of the reference.

In: a core. Out: `Compiled`: the layout, the tape, the questions asked of days, and the kinds of event that have no
columnar form, with the reason of each. What concerns all members at once refuses the whole program.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from rules_engine import ir
from rules_engine.allocation import REMAINDERS
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.anchoring import Answers
from rules_engine.backends.columnar.layout import Layout
from rules_engine.backends.columnar.tape import Ladder, Tape
from rules_engine.backends.columnar.writing import (
    acting,
    awarding,
    guests,
    leaving,
    marking,
    offers,
    owning,
    shipping,
    taking,
    taxes,
)
from rules_engine.backends.columnar.writing.drawing import Drawing
from rules_engine.backends.columnar.writing.making import NotColumnar, matrix
from rules_engine.backends.columnar.writing.scene import GUARDS, NeedsStages, Scene
from rules_engine.backends.columnar.writing.sectioning import in_section, planned
from rules_engine.backends.reference import Reference, World, in_order
from rules_engine.planning import Plan, sampled


class Compiled(msgspec.Struct, frozen=True):
    """A program in its columnar form. `refused` has the kinds of event without one; the whole program under ``""``.
    `watched` has the kinds of which some events are not done, and why; `reasons` what a `why` of results says."""

    layout: Layout
    tape: Tape
    questions: tuple[tuple[object, ...], ...]
    refused: dict[str, str]
    world: World
    watched: dict[str, tuple[str, ...]]
    reasons: tuple[str, ...]


def compile_columns(core: ir.Program, world: World | None = None, found: Plan | None = None) -> Compiled:
    """Compile a core; `world` is its program by name, `found` its plan, where these were made before."""
    found = planned(core) if found is None else found
    if world is None:
        # What hangs on no constant of a rule is asked of one rule of each shape.
        world = Reference(core, None if found is None else sampled(core, found)).world
    drawing = Drawing(core, world, found)
    refused: dict[str, str] = {}
    whole = next(program_reasons(core), "")
    if whole:
        refused[""] = whole
    ladder, start = None, -1
    if core.tiers is not None and not core.tiers.from_host and not whole:
        try:
            _ladder(drawing)
        except NotColumnar as reason:
            whole = refused[""] = str(reason)
    entries = [-1] * len(core.events)
    without = [-1] * len(core.events)
    by_unit = [0] * len(core.events)
    for place, event in enumerate(core.events):
        try:
            if whole:
                raise NotColumnar(whole)
            entries[place], by_unit[place] = _written(event, drawing)
        except NotColumnar as reason:
            refused[event.name] = str(reason)
            drawing.watched.pop(event.name, None)
            _forget(drawing)
            continue
        try:
            without[place], _ = _written(event, drawing, guest=True) if _has_guests(event) else (-1, 0)
        except NotColumnar as reason:
            refused[f"{event.name} of a guest"] = str(reason)
            _forget(drawing)
    if core.tiers is not None and not core.tiers.from_host and not whole:
        ladder, start = _ladder(drawing)
    return _done(drawing, entries, without, by_unit, ladder, start, refused)


def _has_guests(event: ir.EventDef) -> bool:
    """Whether an event may come without a member."""
    return any(field.name == event.owner and field.optional for field in event.fields)


def _written(event: ir.EventDef, drawing: Drawing, guest: bool = False) -> tuple[int, int]:
    try:
        return _event(event, drawing, guest)
    except NeedsStages:
        return _event(event, drawing, guest, keeps_stages=True)


def _done(
    drawing: Drawing, entries: list[int], without: list[int], by_unit: list[int], ladder: Ladder | None, start: int,
    refused: dict[str, str],
) -> Compiled:  # fmt: skip
    make = drawing.make
    drawing.store_all()
    tape = Tape(
        code=matrix(make.code or [(ops.END,) + (0,) * 7], 8),
        pool=np.array(make.pool or [0], np.int64),
        entries=np.array(entries, np.int64),
        guests=np.array(without, np.int64),
        ends=start,
        limits=matrix(drawing.limit_rows, ops.LIMIT_WIDTH),
        tracks=matrix(drawing.track_rows, ops.TRACK_WIDTH),
        effects=matrix(drawing.effect_rows, ops.EFFECT_WIDTH),
        gives=matrix(drawing.give_rows, ops.GIVES_WIDTH),
        sections=matrix(drawing.sections, ops.SECTION_WIDTH),
        keys=matrix(drawing.keys, ops.KEY_WIDTH),
        blocks=matrix(drawing.blocks, ops.BLOCK_WIDTH),
        by_unit=np.array(by_unit, np.int64),
        registers=make.registers_max,
        vectors=make.vectors_max,
        slots=make.slots,
        ladder=ladder,
        units=matrix(drawing.unit_rows, ops.UNIT_WIDTH),
        kept_gives=matrix(drawing.kept_gives(), 2),
        asked=Answers(drawing.world, tuple(drawing.asked)),
        remainder=REMAINDERS.index(drawing.core.header.remainder),
    )
    watched = {name: tuple(found) for name, found in drawing.watched.items()}
    done = frozenset(event.name for event in drawing.core.events if event.name not in refused)
    return Compiled(
        drawing.layout(done), tape, tuple(make.days), refused, drawing.world, watched, tuple(drawing.reasons)
    )


def _forget(drawing: Drawing) -> None:
    """A kind of event was given up half-way: its code stays, nobody goes there."""
    make = drawing.make
    make.registers, make.vectors, make.kept = ops.REGISTERS, ops.VECTORS, {}


# ---- what refuses a program, or a kind of event ----


def program_reasons(core: ir.Program) -> Iterator[str]:
    """Why a whole program goes by rows."""
    for unit in core.units:
        if unit.owner != "member":
            yield f"a {unit.name} belongs to a household"
    if any(track.owner != "member" for track in core.tracks):
        yield "members of a household share a track"
    owners = {limit.owner for limit in _limits((*core.rules, *core.offers), core)}
    if owners & {"household", "other"}:
        yield "a limit counts for another member"


def _limits(rules: Sequence[ir.RuleDef | ir.OfferDef], core: ir.Program) -> Iterator[ir.LimitDef]:
    """The limits of some rules and offers, and of their groups."""
    groups = {each.name: each.limits for each in core.groups} | {each.name: each.limits for each in core.offer_groups}
    for rule in rules:
        yield from rule.limits
        yield from groups.get(rule.group, ())


def event_reasons(event: ir.EventDef) -> Iterator[str]:
    """Why a kind of event goes by rows, as far as its declaration says so."""
    reasons = {
        "it comes in several currencies": len(event.currencies) > 1,
        "it is priced in a unit": bool(event.priced_unit),
        "offers make its prices": event.priced_by_offers,
        "it happens by itself": event.schedule is not None,
        "its owner may be absent, or is nobody": not event.owner,
    }
    for why, holds in reasons.items():
        if holds:
            yield f"{event.name}: {why}"
    if event.shipping_field and not event.list_field:
        yield f"{event.name}: it has shipping and no lines that cost something"


# ---- a kind of event ----


def _event(event: ir.EventDef, drawing: Drawing, guest: bool = False, keeps_stages: bool = False) -> tuple[int, int]:
    """The code of a kind of event: where it begins, and whether it goes by units."""
    for reason in event_reasons(event):
        raise NotColumnar(reason)
    make, core = drawing.make, drawing.core
    make.registers, make.vectors, make.kept = ops.REGISTERS, ops.VECTORS, {}
    start = len(make.code)
    on = Scene(drawing, event, guest)
    on.keeps_stages = keeps_stages
    if not guest:
        owning.begin(on)
    _carrier(event, on)
    coded = any(rule.code is not None and event.name in rule.events for rule in core.rules)
    if coded:
        on.presented = drawing.listed(event.name, event.codes_field)
    acting.enter(on)
    read = {name for rule in core.rules for name in rule.reads}
    for rule in core.rules:
        if rule.key in read and event.name in rule.events:
            on.awards[rule.key] = make.scalar(ops.CONST)
    if event.name in drawing.world.offered:
        offers.stages(on)
        if event.name in drawing.world.priced:
            taxes.costs(on) if on.more else make.put(ops.COSTS)
    if guest:
        guests.told(event, on)
    else:
        _earned(event, on)
    on.where = event.name
    if event.name in drawing.world.offered or coded:
        offers.codes(on)
    make.put(ops.END)
    return start, int(on.by_unit)


def _earned(event: ir.EventDef, on: Scene) -> None:
    """What follows the price, for a member: earns, tracks, tiers, rewards."""
    make, drawing, core = on.make, on.drawing, on.drawing.core
    rules = drawing.world.rules
    taking.open_stages(on)
    on.stage = "redeem"
    redeems = [each for _, each in in_order("redeem", event.name, drawing.world)]
    for each in redeems:
        _rule(each, on)
    if redeems:
        taking.stage_ends(1, on)
    on.stage = ""
    marking.open_marks(on)
    moved = awarding.contributions(on)
    earns = [rule.key for rule in core.rules if rule.kind == "earn" and event.name in rule.events]
    in_section(earns, lambda key: _rule(rules[key], on), on)
    taking.stage_ends(2, on)
    awarding.move(moved, on)
    awarding.judge(on)
    owning.matches(on)
    make.changed()
    acting.begin(on)
    rewards = [rule.key for rule in core.rules if rule.kind == "reward" and event.name in rule.events]
    in_section(rewards, lambda key: _rule(rules[key], on), on)
    taking.stage_ends(3, on)
    owning.end(on)
    marking.see(on)
    if on.given_tracks:
        awarding.move([], on)
    marking.forget(on)


def _rule(rule: ir.RuleDef, on: Scene) -> None:
    """A rule that takes units, or one that only gives."""

    def emit() -> int:
        (taking.rule if taking.taking(rule) else awarding.rule)(rule, on)
        return -1

    on.group = rule.group
    leaving.written(emit, (rule,), on)
    on.group = ""


def _carrier(event: ir.EventDef, on: Scene) -> None:
    """What lines cost, where the event has money."""
    if not event.list_field:
        return
    drawing = on.drawing
    listed = drawing.line_field(event.name, event.list_field)
    size = drawing.line_field(event.name, event.quantity_field) if event.quantity_field else -1
    raw = int(event.name not in drawing.world.offered and not drawing.world.picks)
    on.make.put(ops.PRICED, 0, listed, size, GUARDS.total, int(event.list_each and size >= 0), raw)
    on.priced = True
    if event.name in drawing.world.offered:
        shipping.open_carrier(on)


def _ladder(drawing: Drawing) -> tuple[Ladder | None, int]:
    """The code at the end of a day on which holdings end."""
    tiers, make = drawing.core.tiers, drawing.make
    assert tiers is not None
    make.registers, make.vectors, make.kept = ops.REGISTERS, ops.VECTORS, {}
    start = len(make.code)
    on = Scene(drawing, drawing.core.events[0], ending=True)
    owning.spans(on)
    ways, life = awarding.ends(on)
    count = len(tiers.rungs)
    after = [-1] * (count * count)
    fall = tiers.fall
    for rung in range(count):
        for target in range(rung + 1 if fall is not None and fall.what != "tier" else count):
            if fall is not None and rung and target:
                after[rung * count + target] = drawing.holding(
                    tiers.rungs[target].name, f"after {tiers.rungs[rung].name}"
                )
    rungs = {rung.name: place for place, rung in enumerate(tiers.rungs)}
    what = -1 if fall is None else ("earned", "down", "tier").index(fall.what)
    ladder = Ladder(
        rungs=count,
        ways=matrix(ways, 4),
        holdings=matrix([(each.slot, rungs[each.tier]) for each in drawing.held], 2),
        after=np.array(after, np.int64),
        what=what,
        down=-1 if fall is None or fall.down is None else fall.down,
        tier=0 if fall is None or fall.tier is None else fall.tier,
        life=life,
    )
    return ladder, start


__all__ = ["Compiled", "World", "compile_columns"]
