"""Rules that have no columnar form, among rules that have: where one may act, the event is left to the rows.

In: a scene, a rule, and what writes it. Out: the rule's rows of code; where there are none, rows that ask what is asked
first of the rule (its code, dates, what has to be presented, its condition, how many units its sets need) and do
nothing more with an event for which all of it holds. What did not act changes nothing and says nothing, so that other
events go on as if the rule were not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import TYPE_CHECKING, TypeAlias

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing.expressions import unless
from rules_engine.backends.columnar.writing.making import Label, NotColumnar, same
from rules_engine.backends.columnar.writing.presenting import place_of
from rules_engine.backends.columnar.writing.shaping import began, forget

if TYPE_CHECKING:
    from rules_engine.backends.columnar.writing.scene import Scene

Rule: TypeAlias = ir.RuleDef | ir.OfferDef


def written(emit: Callable[[], int], rules: tuple[Rule, ...], on: Scene) -> int:
    """Write some rules, or a group of them; the register that says whether one acted. Rules of a shape are tried by
    themselves before."""
    if on.drawing.sharing:
        return emit()
    drawing, make = on.drawing, on.make
    start, before, mark = began(drawing), _copied(vars(on)), make.mark()
    try:
        return emit()
    except NotColumnar as reason:
        forget(start, drawing)
        vars(on).update(before)
        make.back(mark)
        left(rules, str(reason), on)
        return make.scalar(ops.CONST)


def left(rules: Sequence[Rule], why: str, on: Scene) -> None:
    """An event on which one of some rules may act is left to the rows."""
    number = on.drawing.left(on.event.name, why)
    for rule in rules:
        _leave(rule, number, on)


def _copied(found: dict[str, object]) -> dict[str, object]:
    return {name: copy(each) if isinstance(each, dict | list | set) else each for name, each in found.items()}


def _leave(rule: Rule, reason: int, on: Scene) -> None:
    """An event on which a rule may act is not done."""
    make, end = on.make, Label()
    with make.scope():
        on.stopped = end
        if rule.code is not None:
            make.to(_presented(rule, on), end)
        else:
            if on.guest and rule.thing is not None:
                return
            for part in _parts(rule, on):
                _asked(part, end, on)
        make.put(ops.FAIL, k=reason)
    on.stopped = None
    make.place(end)
    make.changed()


def _presented(rule: Rule, on: Scene) -> int:
    """The row that goes on elsewhere where no code of a rule is presented."""
    return on.make.put(ops.UNLESS_IS, a=place_of(rule, on), k=0, m=ops.COMPARES[">="])


def _parts(rule: Rule, on: Scene) -> list[ir.Expr]:
    """What has to hold for a rule to act, as far as it is known."""
    at, found = rule.at, list[ir.Expr]()
    found += [rule.dates] if rule.dates is not None else []
    if rule.thing is not None:
        found += _sent(ir.Field(at, rule.thing.field), rule.thing.count, on)
    found += [rule.when] if rule.when is not None else []
    if isinstance(rule, ir.OfferDef) and rule.sets is not None and not _may_be_below_nothing(on):
        found += _units(rule.sets, at)
    match rule.effects:
        case (ir.AcceptDef(offered=ir.Field() as field),):
            found += _sent(field, 1, on)
    return found


def _sent(field: ir.Field, least: int, on: Scene) -> list[ir.Expr]:
    """That a field of the event says so many."""
    there: list[ir.Expr] = [ir.Has(field.at, field)]
    optional = on.drawing.world.fields[on.event.name, field.name].optional
    return [*(there if optional else []), ir.Cmp(field.at, ">=", field, ir.Num(field.at, least))]


def _may_be_below_nothing(on: Scene) -> bool:
    """Whether a line may have fewer units than none."""
    name = on.event.quantity_field
    return bool(name) and on.drawing.world.line_fields[on.event.name, name].low < 0


def _units(sets: ir.SetsDef, at: ir.Origin) -> list[ir.Expr]:
    """That there are as many units as a set needs, of each condition of its parts."""
    parts = sets.parts[:1] if sets.partial else sets.parts
    counts: dict[object, tuple[ir.Expr | None, int]] = {}
    for part in parts:
        key = same(part.where)
        counts[key] = part.where, counts.get(key, (None, 0))[1] + (1 if sets.partial else part.count)
    units = ir.LineQuantity(at)
    return [ir.Cmp(at, ">=", ir.Fold(at, "sum", units, where), ir.Num(at, count)) for where, count in counts.values()]


def _asked(part: ir.Expr, end: Label, on: Scene) -> None:
    """Go to the end where a condition does not hold; one without a columnar form is not asked."""
    make = on.make
    start, before, mark = len(make.code), _copied(vars(on)), make.mark()
    try:
        unless(part, end, on)
    except NotColumnar:
        del make.code[start:]
        end.rows = [row for row in end.rows if row < start]
        make.back(mark)
        vars(on).update(before)


__all__ = ["left", "written"]
