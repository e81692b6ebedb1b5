"""Scenes near a scene: what a solution leaves open, tried in turn, the least change first.

In: a scene in which the conditions of a point hold, and the point. Out: scenes that present the rule's code, own what
it takes, have used up its limits, cost ten times as much, happen twice, or let time pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rules_engine import ir
from rules_engine.workbench import billing
from rules_engine.workbench.aims import Place, row_condition
from rules_engine.workbench.placing import Hand
from rules_engine.workbench.scenes import Cast, Scene, bounds_of, usual, usual_line
from rules_engine.workbench.wire import decimals_of

_AT: Final = ir.Origin(0, 0, 0)
OWNED: Final = 10_000
"""How many of each unit a member is given who is to have enough of it."""
DAYS: Final = (1, 40, 100, 370, 760)
"""After how many days a period has ended, a lot lapsed, a tier been judged."""
FACTORS: Final = (10, 100, 3, 1000)


def ready(scene: Scene, place: Place, cast: Cast, kind: str, side: str, node: object = None) -> Scene:
    """A scene with all that the rule at hand asks for: its code, its thing, what it takes, somebody it gives to."""
    found = scene.copy()
    hand = Hand(found, cast, place.owner)
    owner = place.owner
    if isinstance(owner, ir.RuleDef | ir.OfferDef):
        if owner.code is not None:
            _code(owner.code, hand, present=(kind, side) != ("code", "absent"))
        if owner.thing is not None and (kind, side) != ("thing", "absent"):
            found.fields[owner.thing.field] = owner.thing.count
            own(found, owner.thing.unit, cast)
    if isinstance(owner, ir.OfferDef) and owner.sets is not None:
        _sets(owner.sets, hand)
    if isinstance(owner, ir.OfferDef) and hand.event.shipping_field:
        hand.present(ir.Field(_AT, hand.event.shipping_field), truth=True)
    if isinstance(node, ir.LimitDef) and node.scope.by is None and node.scope.window.kind == "period":
        hand.make(ir.InPeriod(_AT, ir.Today(_AT), node.scope.window.period, False), truth=True)
    if isinstance(node, ir.LimitDef) and node.scope.by is not None and node.scope.window.kind == "period":
        for number in range(len(found.lines)):
            hand.on(number).make(ir.InPeriod(_AT, node.scope.by, node.scope.window.period, False), truth=True)
    if kind in ("rule", "effect", "limit") and isinstance(owner, ir.RuleDef | ir.OfferDef):
        _kept(owner, hand)
    if isinstance(owner, ir.RuleDef):
        _acting(owner, hand)
    return found


def _acting(rule: ir.RuleDef, hand: Hand) -> None:
    """Whoever a rule gives to is named; what it takes is there, and offered."""
    found, cast = hand.scene, hand.cast
    for node in ir.walk(rule.effects):
        if isinstance(node, ir.Across):
            hand.moves(node.track)
    for effect in rule.effects:
        match effect:
            case ir.GiveDef(to=to) if to:
                hand.present(ir.Field(_AT, to), truth=True)
            case ir.AcceptDef(unit=unit, offered=offered):
                own(found, unit, cast)
                for node in ir.walk(offered):
                    if isinstance(node, ir.Field):
                        _offer(node.name, hand)
            case ir.DeductDef(unit=unit) | ir.TurnDef(unit=unit):
                own(found, unit, cast)
            case _:
                pass


def _kept(owner: ir.RuleDef | ir.OfferDef, hand: Hand) -> None:
    """The first line is one that the filters of the effects keep."""
    if hand.event.lines is None:
        return
    effects = owner.effects[:1] if isinstance(owner, ir.RuleDef) or owner.sets is None else ()
    for each in ir.records(tuple(effects)):
        match each:
            case ir.Fold(where=where) | ir.Selection(where=where) | ir.GiveDef(line_where=where) if where is not None:
                billing.matching(hand, where)
            case _:
                pass


def own(scene: Scene, unit: str, cast: Cast) -> None:
    """The member has enough of a unit."""
    if scene.facts is None:
        scene.facts = {}
    known = next((each for each in cast.core.units if each.name == unit), None)
    amount = OWNED * 10 ** (known.decimals if known is not None else 0)
    scene.balances.setdefault(unit, amount)


def _offer(name: str, hand: Hand) -> None:
    """The event offers units to pay with, as many as it may, up to a few hundred."""
    field = hand.cast.field(hand.scene, name)
    if field is not None and field.kind == "unit" and not hand.scene.fields.get(name):
        _, high = bounds_of(field, hand.scene.currency)
        hand.scene.fields[name] = min(high, 500 * 10 ** decimals_of(field.unit, hand.core))


def _code(code: ir.CodeDef, hand: Hand, present: bool) -> None:
    """The event presents a code that sets the rule off, or none."""
    event = hand.event
    name = event.codes_field or next((field.name for field in event.fields if field.kind == "codes"), "")
    if not name:
        return
    if not present:
        hand.scene.fields[name] = ()
        return
    column = next((each.values for each in hand.core.imports if each.name == code.column), ())
    text = (*code.texts, *column[:1], "OWN1")[0]
    if code.fact is not None and not code.texts and not column:
        hand.put(code.fact, text)
    hand.scene.fields[name] = (text,)


def _sets(sets: ir.SetsDef, hand: Hand) -> None:
    """A line for each part of a set, with enough pieces."""
    event, scene = hand.event, hand.scene
    if event.lines is None:
        return
    lines = []
    for part in sets.parts:
        line = (
            dict(scene.lines[0]) if scene.lines else usual_line(event, hand.cast.day(scene), hand.core, scene.currency)
        )
        lines += [line] if event.quantity_field else [dict(line) for _ in range(part.count)]
        if event.quantity_field:
            line[event.quantity_field] = max(part.count, int(line.get(event.quantity_field) or 1))
    scene.lines = lines[: event.lines.high]
    at = 0
    for part in sets.parts:
        count = 1 if event.quantity_field else part.count
        for number in range(at, min(at + count, len(scene.lines))):
            if part.where is not None:
                Hand(scene, hand.cast, hand.owner, number).make(part.where, truth=True)
        at += count


def nearby(scene: Scene, place: Place, cast: Cast, kind: str, node: object) -> Iterator[Scene]:
    """Scenes near a scene, the least change first."""
    if isinstance(node, ir.LimitDef):
        matched = _matched(scene, place.owner, cast) if isinstance(place.owner, ir.MatchDef) else iter(())
        for one in (scene, *matched):
            yield from _repeated(one, node.times)
            for used in _used(one, node, place, cast):
                yield used
                yield from _dearer(used, cast)
                yield from _pieces(used, cast)
    elif isinstance(place.owner, ir.MatchDef):
        yield from _matched(scene, place.owner, cast)
    if isinstance(node, ir.KeysDef):
        changed = scene.copy()
        changed.lines = []
        yield changed
    yield from _dearer(scene, cast)
    yield from _scaled(scene, cast)
    yield from _tracks(scene)
    yield from _pieces(scene, cast)
    yield from _later(scene, kind)
    yield from _owning(scene, cast)
    yield from _repeated(scene, None)
    yield from _empty(scene, cast)
    for more in _scaled(scene, cast):
        yield from _pieces(more, cast)


def _used(scene: Scene, limit: ir.LimitDef, place: Place, cast: Cast) -> Iterator[Scene]:
    """What the limit counts was used before: all of it, all but one."""
    owner = place.owner
    if not isinstance(owner, ir.RuleDef | ir.OfferDef | ir.MatchDef) or limit.owner == "event":
        return
    if limit.scope.by is not None or not all(isinstance(key, ir.CodeRead) for key in limit.keys):
        return  # a test cannot give what such a limit has counted
    person = str(scene.fields.get(limit.other) or "") if limit.owner == "other" else ""
    most = limit.times if limit.times is not None else limit.amount or 0
    scale = 1 if limit.times is not None else 10 ** decimals_of(limit.unit, cast.core)
    for left in (0, scale):
        changed = scene.copy()
        if changed.facts is None and limit.owner != "shared":
            changed.facts = {}
        times = most - left if limit.times is not None else None
        if most > left:
            changed.used[owner.key] = (times, 0 if times is not None else most - left, limit.unit, person)
            yield changed


def _matched(scene: Scene, match: ir.MatchDef, cast: Cast) -> Iterator[Scene]:
    """Each tier that a match gives, on trial and judged."""
    for row in match.rung.rows if isinstance(match.rung, ir.Choose) else ():
        met = row_condition(match.rung, row) if isinstance(match.rung, ir.Choose) else None
        changed = scene.copy()
        if met is not None and Hand(changed, cast, match).make(met, truth=True):
            yield changed
            for days in (100, 370):
                later = changed.copy()
                later.until = (-days,)
                yield later


def _dearer(scene: Scene, cast: Cast) -> Iterator[Scene]:
    """List prices alone ten times as high."""
    event = cast.event(scene.event)
    changed = scene.copy()
    for values in changed.lines if event.lines is not None else [changed.fields]:
        field = cast.field(scene, event.list_field, line=event.lines is not None)
        value = values.get(event.list_field)
        if field is not None and isinstance(value, int):
            values[event.list_field] = min(value * 10, bounds_of(field, scene.currency)[1])
    yield changed


def _repeated(scene: Scene, times: int | None) -> Iterator[Scene]:
    for count in (2, 3) if times is None else ((times + 1,) if times < 8 else ()):
        changed = scene.copy()
        changed.times = count
        yield changed


def _scaled(scene: Scene, cast: Cast) -> Iterator[Scene]:
    """The same at other prices, and with other numbers."""
    event = cast.event(scene.event)
    for factor in FACTORS:
        changed = scene.copy()
        records: list[tuple[dict[str, Any], bool]] = [
            (changed.fields, False),
            *((line, True) for line in changed.lines),
        ]
        for values, line in records:
            for name, value in values.items():
                field = cast.field(scene, name, line=line)
                if field is None or field.kind not in ("money", "count", "unit") or not isinstance(value, int):
                    continue
                if name in (event.floor_field, event.was_field, event.quantity_field, event.shipping_field):
                    continue
                low, high = bounds_of(field, scene.currency)
                values[name] = min(max(value * factor, low), high)
        changed.balances = {unit: amount * factor for unit, amount in scene.balances.items()}
        yield changed


def _tracks(scene: Scene) -> Iterator[Scene]:
    """The tracks that are given a little lower, or not at all: what the event adds itself comes on top."""
    if not scene.tracks:
        return
    for name, value in scene.tracks.items():
        for less in (value - 1, value // 2, value * 9 // 10, 0, value + 1, value * 2):
            changed = scene.copy()
            changed.tracks[name] = max(0, less)
            if less <= 0:
                del changed.tracks[name]
            yield changed


def _pieces(scene: Scene, cast: Cast) -> Iterator[Scene]:
    """More pieces, more lines alike."""
    event = cast.event(scene.event)
    for count in (2, 3, 5, 10):
        changed = scene.copy()
        if event.quantity_field and event.lines is not None:
            field = cast.field(scene, event.quantity_field, line=True)
            for line in changed.lines:
                line[event.quantity_field] = min(count, field.high) if field is not None else count
            yield changed
        elif event.lines is not None and scene.lines and len(scene.lines) * count <= event.lines.high:
            changed.lines = [dict(line) for line in scene.lines for _ in range(count)]
            yield changed


def _later(scene: Scene, kind: str) -> Iterator[Scene]:
    """Time passes behind the event."""
    for days in DAYS if kind != "dates" else ():
        changed = scene.copy()
        changed.until = (*scene.until, -days)
        yield changed


def _owning(scene: Scene, cast: Cast) -> Iterator[Scene]:
    """The member has some of everything; every tier in turn."""
    if scene.facts is None:
        return
    for rung in range(1, len(cast.core.tiers.rungs) if cast.core.tiers is not None else 1):
        changed = scene.copy()
        changed.tier = rung
        yield changed
    changed = scene.copy()
    for unit in cast.core.units:
        own(changed, unit.name, cast)
    yield changed
    optional = scene.copy()
    for field in cast.event(scene.event).fields:
        if field.optional and field.name not in optional.fields and field.name != cast.event(scene.event).owner:
            Hand(optional, cast, None).present(ir.Field(_AT, field.name), truth=True)
    for fact in cast.core.member:
        if optional.facts is not None and optional.facts.get(fact.name) is None:
            optional.facts[fact.name] = usual(fact, cast.day(scene), cast.core, scene.currency)
    yield optional


def _empty(scene: Scene, cast: Cast) -> Iterator[Scene]:
    """Nothing on the bill; a guest."""
    event = cast.event(scene.event)
    if event.lines is not None and event.lines.low == 0 and scene.lines:
        changed = scene.copy()
        changed.lines = []
        yield changed
    guest = scene.copy()
    if Hand(guest, cast, None).member(truth=False):
        yield guest
