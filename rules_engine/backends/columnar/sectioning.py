"""Rules found by keys: where many rules stand in a row, only those run that an event's values call.

In: rules in a row, and how each is found. Out: rows of a section: its keys, each with the blocks that a value calls. A
rule that nothing finds, or something that has no column, is asked on every event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.making import Label
from rules_engine.planning import Found, Key, plan

if TYPE_CHECKING:
    from rules_engine.backends.columnar.drawing import Drawing
    from rules_engine.backends.columnar.scene import Scene

FEW: Final = 12
"""So many rules are asked one after the other, found or not."""
WIDE: Final = 2**20
"""A key whose values lie further apart is not looked up."""

Place = tuple[int, int]
"""Where a key's value stands, and the row there."""


def planned(core: ir.Program) -> dict[str, Found]:
    """How each rule is found."""
    return {each.rule: each for each in plan(core).rules}


def in_section(rules: Sequence[str], emit: Callable[[str], None], on: Scene) -> None:
    """Emit rules in their order; behind a look at keys where they are many."""
    if len(rules) <= FEW:
        for rule in rules:
            emit(rule)
        return
    make, drawing = on.make, on.drawing
    found: dict[Place, dict[int, list[int]]] = {}
    always: list[int] = []
    calls: list[list[tuple[Place, tuple[int, ...]]] | None] = []
    for rule in rules:
        calls.append(_calls(drawing.plan.get(rule), on))
    _preload(drawing.plan, rules, on)
    section, end = len(drawing.sections), Label()
    drawing.sections.append((0, 0, 0, 0, 0))
    make.to(make.put(ops.SECTION, k=section), end)
    first = len(drawing.blocks)
    for rule, keys in zip(rules, calls, strict=True):
        block = len(drawing.blocks)
        drawing.blocks.append(len(make.code))
        if keys is None:
            always.append(block)
        for place, values in keys or ():
            for value in values:
                found.setdefault(place, {}).setdefault(value, []).append(block)
        with make.scope():
            emit(rule)
        make.put(ops.NEXT)
    make.place(end)
    make.changed()
    start = len(drawing.keys)
    for place, blocks in found.items():
        drawing.keys.append(_row(place, blocks, drawing))
    drawing.sections[section] = (start, len(found), first, make.stretch(always), len(always))


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
