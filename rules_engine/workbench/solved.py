"""Scenes in which conditions hold: the conditions are solved, and each solution is put into a scene.

In: conditions that must hold, of the event and of one of its lines, and a scene to start from. Out: scenes, the first
solution first, then those in which one of its choices is made otherwise. What `solving.witness` finds are values of
reads; what it cannot look into (a day in a season, two reads that are compared) it decides as true or false, and `Hand`
makes it so. That no values exist is a proof: `Never` is raised.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from rules_engine import ir
from rules_engine.calendar import local_instant
from rules_engine.solving import AnyText, Domain, Range, TooLarge, Values, key_of, witness
from rules_engine.workbench.aims import Place
from rules_engine.workbench.placing import Hand
from rules_engine.workbench.scenes import Cast, Scene, bounds_of, usual_day, usual_line

ALTERNATIVES: Final = 6
"""How many other solutions are looked for."""


class Never(Exception):  # noqa: N818 - a proof, no fault
    """No values of what is read make the conditions true."""


def solutions(place: Place, scene: Scene, cast: Cast) -> Iterator[Scene]:
    """Scenes in which the conditions of a place hold, as far as can be said before they run. Raises `Never`."""
    for values in _values(place.conditions, scene, cast):
        found = scene.copy()
        _put(values, Hand(found, cast, place.owner))
        if place.line is None:
            yield found
            continue
        yield from _on_line(place, found, cast)


def _on_line(place: Place, scene: Scene, cast: Cast) -> Iterator[Scene]:
    """The same, and some line on which the conditions of lines hold: the first one, else one more."""
    event = cast.event(scene.event)
    assert place.line is not None
    for values in _values(place.line, scene, cast):
        for more in (False, True):
            found = scene.copy()
            if event.lines is not None and (more or not found.lines):
                if len(found.lines) >= event.lines.high:
                    continue
                found.lines.append(usual_line(event, usual_day(cast.core), cast.core, found.currency))
            line = len(found.lines) - 1 if more else 0
            _put(values, Hand(found, cast, place.owner, line))
            yield found


Found = list[tuple[ir.Expr, Any]]


def _values(conditions: Sequence[ir.Expr], scene: Scene, cast: Cast) -> Iterator[Found]:
    """Reads with the values that they should have: one solution, then others that forbid one of its values."""
    if not conditions:
        yield []
        return
    plain = [solvable(each) for each in conditions]
    nodes: Iterator[Any] = (node for each in plain for node in ir.walk(each))
    reads: dict[str, ir.Expr] = {key_of(node): node for node in nodes}

    def known(node: ir.Expr) -> Domain | None:
        return domain_of(node, scene, cast)

    try:
        first = witness(plain, known)
    except TooLarge:
        return
    if first is None:
        raise Never
    yield [(reads[key], value) for key, value in first.values.items() if key in reads]
    for key, value in list(first.values.items())[:ALTERNATIVES]:
        if key not in reads:
            continue
        node = reads[key]
        try:
            other = witness([*plain, ir.Not(node.at, ir.OneOf(node.at, node, (value,)))], known)
        except TooLarge:
            continue
        if other is not None:
            yield [(reads[each], found) for each, found in other.values.items() if each in reads]


def solvable(node: ir.Expr) -> ir.Expr:
    """A condition whose parts the solver can all decide: what it cannot look into is a read that is true or false."""
    match node:
        case ir.All(parts=parts):
            return ir.All(node.at, tuple(map(solvable, parts)))
        case ir.Any(parts=parts):
            return ir.Any(node.at, tuple(map(solvable, parts)))
        case ir.Not(value=value):
            return ir.Not(node.at, solvable(value))
        case ir.Flg() | ir.OneOf() | ir.Field() | ir.LineField() | ir.MemberField():
            return node
        case ir.Cmp(left=left, right=right) if _constant(left) or _constant(right):
            return node
        case ir.Choose(keys=keys, rows=rows):
            tests = [[test for row in rows for test in row.tests[at : at + 1]] for at in range(len(keys))]
            return msgspec.structs.replace(
                node,
                keys=tuple(_key(key, tested) for key, tested in zip(keys, tests, strict=True)),
                rows=tuple(
                    row if isinstance(row.value, ir.Stop) else msgspec.structs.replace(row, value=solvable(row.value))
                    for row in rows
                ),
            )
        case _:
            return ir.OneOf(node.at, node, (True,))


def _key(key: ir.Expr, tests: Sequence[ir.Test]) -> ir.Expr:
    """A key of a table; one that is a condition is a read that is true or false."""
    flags = any(isinstance(test, ir.InTest) and any(isinstance(v, bool) for v in test.values) for test in tests)
    return solvable(key) if flags else key


def _constant(node: ir.Expr) -> bool:
    return isinstance(node, ir.Num | ir.Txt | ir.Flg)


def domain_of(node: ir.Expr, scene: Scene, cast: Cast) -> Domain | None:
    """The values that a read can have in a test."""
    core = cast.core
    match node:
        case ir.Field() | ir.LineField() | ir.MemberField():
            field = Hand(scene, cast, None).field_of(node)
            return None if field is None else _domain(field, scene)
        case ir.TierRead():
            return Range(0, len(core.tiers.rungs) - 1) if core.tiers is not None else None
        case ir.TrackRead() | ir.BalanceRead() | ir.Fold(op="count" | "distinct") | ir.KeyFold() | ir.MarkRead():
            return Range(0, None)
        case ir.LineMoney() | ir.Basis() | ir.Fold() | ir.Picked():
            return Range(0, None)
        case ir.LineQuantity():
            return Range(1, None)
        case ir.Today():
            return Range(core.header.terms_from, core.header.terms_until)
        case ir.Now():
            first, last = core.header.terms_from, core.header.terms_until
            return Range(
                None if first is None else local_instant(first, 0, cast.zone),
                None if last is None else local_instant(last + 1, 0, cast.zone) - 1,
            )
        case ir.CurrencyRead():
            return Values(cast.event(scene.event).currencies or tuple(each.code for each in core.header.currencies))
        case _:
            return None


def _domain(field: ir.FieldDef, scene: Scene) -> Domain | None:
    match field.kind:
        case "choice":
            return Values(field.choices)
        case "flag":
            return Values((False, True))
        case "count" | "money" | "unit":
            return Range(*bounds_of(field, scene.currency))
        case "text" | "member":
            return AnyText()
        case _:
            return None


def _put(values: Found, hand: Hand) -> None:
    """Put values into a scene: who it is and when first, then facts and fields, then lines and sums."""
    for node, value in sorted(values, key=lambda each: _rank(each[0])):
        if isinstance(value, bool) and not isinstance(node, ir.Field | ir.LineField | ir.MemberField):
            hand.make(node, value)
        else:
            hand.put(node, value)


def _rank(node: ir.Expr) -> int:
    match node:
        case ir.HasMember():
            return 0
        case ir.Today() | ir.CurrencyRead():
            return 1
        case ir.Now():
            return 2
        case ir.Fold(op="count" | "distinct"):
            return 6
        case ir.Fold() | ir.Picked():
            return 7
        case ir.LineMoney() | ir.Basis():
            return 8
        case ir.Has():
            return 3
        case ir.Field() | ir.MemberField() | ir.LineField():
            return 4
        case _:
            return 5
