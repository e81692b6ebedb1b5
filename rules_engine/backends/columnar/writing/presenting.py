"""Offers for which something has to be presented, as ops: whether it is there, and taking it once all offers are done.

In: a scene and an offer. Out: rows of code. One rule a kind of event may ask for units of one kind, or from one field;
where several do, what one of them had is missing to the next, and these are left to the rows.
"""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing.making import Label, NotColumnar
from rules_engine.backends.columnar.writing.scene import Scene
from rules_engine.spelling import normal_code


def refused(rule: ir.OfferDef, on: Scene) -> str:
    """Why what has to be presented has no columnar form; empty where nothing has to be, or it has one."""
    thing = rule.thing
    if thing is None:
        return ""
    core, name = on.drawing.core, on.event.name
    every: tuple[ir.RuleDef | ir.OfferDef, ...] = (*core.offers, *core.rules)
    others = [each.thing for each in every if each is not rule and name in each.events and each.thing is not None]
    reads = [each for each in ir.walk(core.rules) if isinstance(each, ir.UsedRead) and each.unit == thing.unit]
    met = any(thing.unit == other.unit or thing.field == other.field for other in others)
    plain = thing.where is None and rule.code is None and not (reads or met or on.trying)
    return "" if plain else "something has to be presented"


def opened(rule: ir.OfferDef, on: Scene) -> None:
    """Room for whether an offer acted."""
    if rule.thing is not None and not on.guest and not refused(rule, on):
        on.things[rule.key] = on.make.scalar(ops.CONST)


def asked(rule: ir.OfferDef, end: Label, on: Scene) -> None:
    """Go to the end where nothing is presented, or the member has too little."""
    thing = rule.thing
    if thing is None:
        return
    make, drawing = on.make, on.drawing
    definition, row = on.column(ir.Field(thing.at, thing.field))
    sent = on.loaded(ir.Field(thing.at, thing.field), row)
    sent = make.scalar(ops.OR_ZERO, sent) if definition.optional else sent
    enough = ops.COMPARES[">="]
    make.to(make.put(ops.UNLESS_IS, a=sent, k=thing.count, m=enough), end)
    floor = drawing.world.units[thing.unit].floor or 0
    have = make.scalar(ops.AVAILABLE, k=drawing.unit(thing.unit, on.where), n=floor)
    make.to(make.put(ops.UNLESS_IS, a=have, k=thing.count, m=enough), end)


def acts(rule: ir.OfferDef, acted: int, on: Scene) -> None:
    """Remember that an offer acted."""
    if rule.key in on.things:
        on.takes += [rule.key] if rule.key not in on.takes else []
        on.make.put(ops.OR, on.things[rule.key], on.things[rule.key], acted)


def taken(on: Scene) -> None:
    """Once all offers are done: what those that acted asked for is taken, and seen by the stages after them."""
    make, drawing = on.make, on.drawing
    for key in on.takes:
        acted, thing = on.things[key], drawing.world.offers[key].thing
        assert thing is not None
        with make.scope():
            count = make.scalar(ops.LINEAR, acted, k=thing.count)
            none = make.scalar(ops.CONST, k=-1)
            unit, row = drawing.unit(thing.unit, on.where), drawing.taking(key, thing.unit, "presented")
            make.put(ops.USE, a=count, b=0, k=unit, m=make.stretch([]), n=0)
            make.put(ops.TAKEN, count, count, count, row, none)
    if on.takes:
        make.put(ops.RECEIVE, k=0, m=0)
        make.changed()


def texts_of(offer: ir.OfferDef | ir.RuleDef, on: Scene) -> tuple[str, ...]:
    """The codes that set a rule off, in normal spelling."""
    assert offer.code is not None
    if offer.code.fact is not None:
        raise NotColumnar(f'"{offer.title}": the member has own codes')
    listed = offer.code.texts
    if offer.code.column:
        listed = (*listed, *sorted(on.drawing.world.codes[offer.code.column]))
    return tuple(dict.fromkeys(map(normal_code, listed)))


def place_of(rule: ir.OfferDef | ir.RuleDef, on: Scene) -> int:
    """The place of a rule's code among the presented ones; -1: it is not there."""
    known = sorted(on.drawing.code(text) for text in texts_of(rule, on))
    return on.make.scalar(ops.HAS_CODE, k=on.make.stretch(known), m=on.presented, n=len(known))


__all__ = ["acts", "asked", "opened", "place_of", "refused", "taken", "texts_of"]
