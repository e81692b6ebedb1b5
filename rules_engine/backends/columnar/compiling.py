"""From a core to a tape: kind of event after kind of event, each in the order of the reference.

In: a core. Out: `Compiled`: the layout, the tape, the questions asked of days, and the kinds of event that have no
columnar form, with the reason of each. What concerns all members at once refuses the whole program.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from rules_engine import ir
from rules_engine.backends.columnar import awarding, offers
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.drawing import Drawing
from rules_engine.backends.columnar.layout import Layout
from rules_engine.backends.columnar.making import NotColumnar, matrix
from rules_engine.backends.columnar.scene import GUARDS, NeedsStages, Scene
from rules_engine.backends.columnar.sectioning import in_section
from rules_engine.backends.columnar.tape import Ladder, Tape
from rules_engine.backends.reference import Reference, World


class Compiled(msgspec.Struct, frozen=True):
    """A program in its columnar form. `refused` has the kinds of event without one; the whole program under ``""``."""

    layout: Layout
    tape: Tape
    questions: tuple[tuple[object, ...], ...]
    refused: dict[str, str]


def compile_columns(core: ir.Program, world: World | None = None) -> Compiled:
    """Compile a core; `world` is its program by name, where that was prepared before."""
    drawing = Drawing(core, Reference(core).world if world is None else world)
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
    guests = [-1] * len(core.events)
    by_unit = [0] * len(core.events)
    for place, event in enumerate(core.events):
        try:
            if whole:
                raise NotColumnar(whole)
            entries[place], by_unit[place] = _written(event, drawing)
        except NotColumnar as reason:
            refused[event.name] = str(reason)
            _forget(drawing)
            continue
        try:
            guests[place], _ = _written(event, drawing, guest=True) if _has_guests(event) else (-1, 0)
        except NotColumnar as reason:
            refused[f"{event.name} of a guest"] = str(reason)
            _forget(drawing)
    if core.tiers is not None and not core.tiers.from_host and not whole:
        ladder, start = _ladder(drawing)
    return _done(drawing, entries, guests, by_unit, ladder, start, refused)


def _has_guests(event: ir.EventDef) -> bool:
    """Whether an event may come without a member."""
    return any(field.name == event.owner and field.optional for field in event.fields)


def _written(event: ir.EventDef, drawing: Drawing, guest: bool = False) -> tuple[int, int]:
    try:
        return _event(event, drawing, guest)
    except NeedsStages:
        return _event(event, drawing, guest, keeps_stages=True)


def _done(
    drawing: Drawing, entries: list[int], guests: list[int], by_unit: list[int], ladder: Ladder | None, start: int,
    refused: dict[str, str],
) -> Compiled:  # fmt: skip
    make = drawing.make
    tape = Tape(
        code=matrix(make.code or [(ops.END,) + (0,) * 7], 8),
        pool=np.array(make.pool or [0], np.int64),
        entries=np.array(entries, np.int64),
        guests=np.array(guests, np.int64),
        ends=start,
        limits=matrix(drawing.limit_rows, ops.LIMIT_WIDTH),
        tracks=matrix(drawing.track_rows, ops.TRACK_WIDTH),
        effects=matrix(drawing.effect_rows, ops.EFFECT_WIDTH),
        gives=matrix(drawing.give_rows, ops.GIVES_WIDTH),
        sections=matrix(drawing.sections, ops.SECTION_WIDTH),
        keys=matrix(drawing.keys, ops.KEY_WIDTH),
        blocks=np.array(drawing.blocks, np.int64),
        by_unit=np.array(by_unit, np.int64),
        registers=make.registers_max,
        vectors=make.vectors_max,
        slots=make.slots,
        ladder=ladder,
    )
    done = frozenset(event.name for event in drawing.core.events if event.name not in refused)
    return Compiled(drawing.layout(done), tape, tuple(make.days), refused)


def _forget(drawing: Drawing) -> None:
    """A kind of event was given up half-way: its code stays, nobody goes there."""
    make = drawing.make
    make.registers, make.vectors, make.kept = ops.REGISTERS, ops.VECTORS, {}


# ---- what refuses a program, or a kind of event ----


def program_reasons(core: ir.Program) -> Iterator[str]:
    """Why a whole program goes by rows."""
    if core.household:
        yield "members of a household share what they have"
    if any(event.schedule is not None for event in core.events):
        yield "scheduled events happen to members by themselves"
    if core.matches:
        yield "status matches are judged on every event"
    if core.header.remainder != "largest":
        yield "odd units do not go to the largest remainders"
    for unit in core.units:
        if any(life.after_last for life in unit.lives):
            yield f"what a {unit.name} lasts counts from the last of some events"
        if unit.owner != "member":
            yield f"a {unit.name} belongs to a household"
    owners: list[tuple[ir.LimitDef, ...]] = [rule.limits for rule in core.rules]
    owners += [offer.limits for offer in core.offers]
    owners += [group.limits for group in core.groups]
    owners += [group.limits for group in core.offer_groups]
    limits = [limit for limited in owners for limit in limited]
    if any(limit.owner == "shared" for limit in limits):
        yield "all members share a limit"
    if any(limit.owner in ("household", "other") for limit in limits):
        yield "a limit counts for another member"


def event_reasons(event: ir.EventDef, drawing: Drawing) -> Iterator[str]:
    """Why a kind of event goes by rows, as far as its declaration says so."""
    core, world = drawing.core, drawing.world
    rules = [rule for rule in core.rules if event.name in rule.events]
    reasons = {
        "units pay for it": any(rule.kind == "redeem" for rule in rules),
        "it comes in several currencies": len(event.currencies) > 1,
        "it is priced in a unit": bool(event.priced_unit),
        "it has taxes": bool(event.tax_field or event.shipping_tax_field),
        "it has shipping": bool(event.shipping_field or event.shipping_flag),
        "prices have a floor": bool(event.floor_field),
        "offers make its prices": event.priced_by_offers,
        "marks of a track are reached": bool(world.marked[event.name]),
        "its last day is remembered": event.name in world.waited,
        "its owner may be absent, or is nobody": not event.owner,
    }
    for why, holds in reasons.items():
        if holds:
            yield f"{event.name}: {why}"
    fields = world.line_fields
    bounds = [fields[event.name, name] for name in (event.list_field, event.quantity_field) if name]
    if any(field.low < 0 for field in bounds):
        yield f"{event.name}: prices or numbers of pieces may lie below zero"


# ---- a kind of event ----


def _event(event: ir.EventDef, drawing: Drawing, guest: bool = False, keeps_stages: bool = False) -> tuple[int, int]:
    """The code of a kind of event: where it begins, and whether it goes by units."""
    for reason in event_reasons(event, drawing):
        raise NotColumnar(reason)
    make, core = drawing.make, drawing.core
    make.registers, make.vectors, make.kept = ops.REGISTERS, ops.VECTORS, {}
    start = len(make.code)
    on = Scene(drawing, event, guest)
    on.keeps_stages = keeps_stages
    _carrier(event, on)
    read = {name for rule in core.rules for name in rule.reads}
    for rule in core.rules:
        if rule.key in read and event.name in rule.events:
            on.awards[rule.key] = make.scalar(ops.CONST)
    if event.name in drawing.world.offered:
        offers.stages(on)
        on.where = event.name
        offers.codes(on)
        if event.name in drawing.world.priced:
            make.put(ops.COSTS)
    if guest:
        make.put(ops.END)
        return start, int(on.by_unit)
    _earned(event, on)
    make.put(ops.END)
    return start, int(on.by_unit)


def _earned(event: ir.EventDef, on: Scene) -> None:
    """What follows the price, for a member: earns, tracks, tiers, rewards."""
    make, drawing, core = on.make, on.drawing, on.drawing.core
    moved = awarding.contributions(on)
    rules = drawing.world.rules
    earns = [rule.key for rule in core.rules if rule.kind == "earn" and event.name in rule.events]
    in_section(earns, lambda key: awarding.rule(rules[key], on), on)
    awarding.move(moved, on)
    awarding.judge(on)
    make.changed()
    rewards = [rule.key for rule in core.rules if rule.kind == "reward" and event.name in rule.events]
    in_section(rewards, lambda key: awarding.rule(rules[key], on), on)
    if on.given_tracks:
        awarding.move([], on)


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


def _ladder(drawing: Drawing) -> tuple[Ladder | None, int]:
    """The code at the end of a day on which holdings end."""
    tiers, make = drawing.core.tiers, drawing.make
    assert tiers is not None
    make.registers, make.vectors, make.kept = ops.REGISTERS, ops.VECTORS, {}
    start = len(make.code)
    on = Scene(drawing, drawing.core.events[0], ending=True)
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
