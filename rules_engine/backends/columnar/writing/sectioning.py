"""Rules found by keys: where many rules stand in a row, only those run that an event's values call.

In: rules in a row, and how each is found. Out: rows of a section: its keys, each with the blocks that a value calls. A
rule that nothing finds, or something that has no column, is asked on every event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing.making import Label, NotColumnar
from rules_engine.backends.columnar.writing.shaping import RuleOf, Shaped, began, finish, forget
from rules_engine.planning import Found, Key, Plan, plan

if TYPE_CHECKING:
    from rules_engine.backends.columnar.writing.drawing import Drawing
    from rules_engine.backends.columnar.writing.scene import Scene

FEW: Final = 12
"""So many rules are asked one after the other, found or not."""
WIDE: Final = 2**20
"""A key whose values lie further apart is not looked up."""

Place = tuple[int, int]
"""Where a key's value stands, and the row there."""


def planned(core: ir.Program) -> Plan | None:
    """How the rules of a program are found; None where they are so few that nobody asks."""
    return plan(core) if len(core.rules) + len(core.offers) > FEW else None


def in_section(rules: Sequence[str], emit: Callable[[str], None], on: Scene) -> None:
    """Emit rules in their order; behind a look at keys where they are many."""
    if len(rules) <= FEW:
        for rule in rules:
            emit(rule)
        return
    make, drawing = on.make, on.drawing
    found: dict[Place, dict[int, list[int]]] = {}
    always: list[int] = []
    first = len(drawing.blocks)
    for block, rule in enumerate(rules, first):
        keys = _calls(drawing.plan.get(rule), on)
        if keys is None:
            always.append(block)
        for place, values in keys or ():
            for value in values:
                found.setdefault(place, {}).setdefault(value, []).append(block)
    drawing.blocks += [(0, -1)] * len(rules)
    section, end = len(drawing.sections), Label()
    drawing.sections.append((0,) * ops.SECTION_WIDTH)
    _preload(drawing.plan, rules, on)
    make.to(make.put(ops.SECTION, k=section), end)
    written = _written(rules, first, emit, on)
    make.place(end)
    make.changed()
    start = len(drawing.keys)
    for place, blocks in found.items():
        drawing.keys.append(_row(place, blocks, drawing))
    apart = int(all(_is_apart(rule) for rule in written))
    drawing.sections[section] = (start, len(found), first, make.stretch(always), len(always), apart)


def _written(rules: Sequence[str], first: int, emit: Callable[[str], None], on: Scene) -> list[RuleOf]:
    """Write the code of rules, one for each shape where it can be; one rule of each piece of code."""
    make, drawing = on.make, on.drawing
    written = list[RuleOf]()
    of_shape: dict[int, list[int]] = {}
    for place, rule in enumerate(rules):
        shaped = None if rule in on.awards else drawing.shapes.of.get(rule)
        of_shape.setdefault(-1 - place if shaped is None else id(shaped), []).append(place)
    for places in of_shape.values():
        some = [rules[place] for place in places]
        shaped = drawing.shapes.of.get(some[0])
        code = len(make.code)
        if len(some) > 1 and shaped is not None and _shape(shaped, some[0], emit, on):
            for place in places:
                drawing.blocks[first + place] = (code, shaped.rows[rules[place]])
            written.append(_rule(some[0], on))
            continue
        for place in places:
            drawing.blocks[first + place] = (len(make.code), -1)
            with make.scope():
                emit(rules[place])
            make.put(ops.NEXT)
            written.append(_rule(rules[place], on))
    return written


def _shape(shaped: Shaped, name: str, emit: Callable[[str], None], on: Scene) -> bool:
    """Write the code that the rules of a shape share; False where they cannot."""
    from rules_engine.backends.columnar.writing.scene import GUARDS  # which is above this

    drawing = on.drawing
    standing = drawing.shapes.standing(shaped, drawing)
    if standing is None:
        return False
    start, before = began(drawing), dict(vars(on))
    rules: dict[str, Any] = drawing.world.offers if isinstance(standing, ir.OfferDef) else drawing.world.rules
    own, rules[name] = rules[name], standing
    drawing.sharing = True
    try:
        with on.make.scope():
            emit(name)
        finish(shaped, start, drawing, GUARDS.total)
    except NotColumnar:
        forget(start, drawing)
        vars(on).update(before)
        return False
    finally:
        rules[name], drawing.sharing = own, False
    on.make.put(ops.NEXT)
    return True


def _rule(name: str, on: Scene) -> RuleOf:
    world = on.drawing.world
    return world.offers[name] if name in world.offers else world.rules[name]


_SEES_NOTHING: Final = (
    ir.Num, ir.Txt, ir.Flg, ir.Field, ir.LineField, ir.MemberField, ir.LineMoney, ir.Basis, ir.LineQuantity, ir.Today,
    ir.Now, ir.TrackRead, ir.TierRead, ir.Add, ir.Mul, ir.Steps, ir.Round, ir.Clip, ir.Largest, ir.Fold, ir.Choose,
    ir.AddTime, ir.EdgeDay, ir.All, ir.Any, ir.Not, ir.HasMember, ir.Has, ir.Cmp, ir.OneOf, ir.InImported, ir.InField,
    ir.InPeriod, ir.Multiple, ir.Stop, ir.Forever,
)  # fmt: skip
"""The nodes whose value no earn moves."""


def _is_apart(rule: RuleOf) -> bool:
    """Whether a rule neither sees what others of its section did, nor is seen."""
    if isinstance(rule, ir.OfferDef) or rule.group or rule.code is not None or rule.thing is not None or rule.says:
        return False
    gives = all(isinstance(each, ir.GiveDef) and not (each.to or each.split) for each in rule.effects)
    return gives and all(isinstance(node, _SEES_NOTHING) for node in ir.walk(rule))


def _calls(found: Found | None, on: Scene) -> list[tuple[Place, tuple[int, ...]]] | None:
    """The places and values that call a rule; None where it has to be asked on every event."""
    if found is None or not found.keys:
        return None
    calls = [_call(key, on) for key in found.keys]
    known = [call for call in calls if call is not None]
    return known if len(known) == len(calls) else None


def _call(key: Key, on: Scene) -> tuple[Place, tuple[int, ...]] | None:
    place = _place(key, on)
    if place is None or key.test != "one of":
        return None
    values = tuple(on.code(value) for value in key.values)
    return (place, values) if max(values) - min(values) <= WIDE else None


def _place(key: Key, on: Scene) -> Place | None:
    """The column that a key looks at."""
    drawing, event, name = on.drawing, on.event, key.subject.name
    world = drawing.world
    match key.subject.kind:
        case "line" if world.line_fields[event.name, name].kind not in ("codes", "list"):
            return ops.KEY_LINE, drawing.line_field(event.name, name)
        case "event" if world.fields[event.name, name].kind not in ("codes", "list"):
            return ops.KEY_EVENT, drawing.field(event.name, name)
        case "member" if not on.guest and world.facts[name].kind not in ("codes", "list"):
            return ops.KEY_FACT, drawing.fact(name)
        case "code" if event.codes_field:
            return ops.KEY_CODE, drawing.listed(event.name, event.codes_field)
        case _:
            return None


def _preload(plans: Mapping[str, Found], rules: Sequence[str], on: Scene) -> None:
    """Load the columns of lines that many of the rules are found by once, before all of them."""
    counts: dict[str, int] = {}
    for rule in rules:
        for key in plans[rule].keys if rule in plans else ():
            if key.subject.kind == "line":
                counts[key.subject.name] = counts.get(key.subject.name, 0) + 1
    for name, count in counts.items():
        if count * 4 > len(rules):
            expr = ir.LineField(ir.Origin(0, 0, 0), name)
            line = on.on_line()
            line.loaded(expr, line.column(expr)[1])


def _row(place: Place, blocks: dict[int, list[int]], drawing: Drawing) -> tuple[int, ...]:
    """One key: the starts of its values' blocks in the pool, then the blocks."""
    low, high = min(blocks), max(blocks)
    starts, called = [0], list[int]()
    for value in range(low, high + 1):
        called += blocks.get(value, ())
        starts.append(len(called))
    at = len(drawing.make.pool)
    drawing.make.pool += [*starts, *called]
    return (*place, low, high - low + 1, at)
