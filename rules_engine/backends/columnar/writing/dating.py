"""Days that follow from other days, as ops: one look in the table of days, or what hangs on facts worked out.

In: an expression that is a day, and where it is read. Out: a `Number`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.anchoring import Answers, hangs, periods_of
from rules_engine.backends.columnar.writing import expressions
from rules_engine.backends.columnar.writing.arithmetic import (
    DAYS,
    Number,
    on_lines,
    whole,
)
from rules_engine.backends.columnar.writing.making import NotColumnar

if TYPE_CHECKING:
    from rules_engine.backends.columnar.writing.scene import Scene


def day(expr: ir.AddTime | ir.EdgeDay, on: Scene) -> Number:
    """A day that follows from another: one look in the table of days."""
    inside, question = asked(expr, on)
    return looked(inside, question, on)


def local_day(instant: ir.Expr, on: Scene) -> Number:
    """The local day of a moment: the event's own is known."""
    if isinstance(instant, ir.Now) or (isinstance(instant, ir.Field) and instant.name == on.event.dated_by):
        return Number(ops.DAY, 1, 1, DAYS, day=True)
    found = whole(expressions.number(instant, on), 1, on)
    op = ops.LOCAL_DAY_LINES if found.lined else ops.LOCAL_DAY
    at = on.make.vector(op, found.at) if found.lined else on.make.scalar(op, found.at)
    return Number(at, 1, 1, DAYS, found.lined, maybe=found.maybe)


def asked(expr: ir.Expr, on: Scene) -> tuple[Number, tuple[Any, ...] | None]:
    """The day from which a day follows, and what is asked of it."""
    match expr:
        case ir.AddTime(day=day, count=count, unit=unit):
            base, inner = asked(day, on)
            return base, ("moved", inner, count, unit)
        case ir.EdgeDay(edge=edge, next=later, period=name, day=day):
            base, inner = asked(day, on)
            return base, ("edge", inner, edge, later, name)
        case ir.Today(begins=True) if on.ending:
            return Number(ops.DAY, 1, 1, DAYS, day=True), ("moved", None, 1, "day")
        case _:
            return expressions.number(expr, on), None


def looked(inside: Number, question: tuple[Any, ...] | None, on: Scene) -> Number:
    """The answer for a day: one look in the table of days, unless it hangs on facts, or the day is worked out."""
    if question is None:
        return inside
    key = ("looked", inside.at, question) if inside.day and inside.at == ops.DAY else None
    found: Number | None = None if key is None else on.make.kept.get(key)
    if found is None:
        if inside.day and not any(hangs(on.drawing.world, name) for name in periods_of(question)):
            row = on.make.day_row(*question)
            at = on.op(ops.OF_DAY, inside.lined, inside.at, k=row)
            found = Number(at, 1, 1, DAYS, inside.lined, maybe=True)
        else:
            found = anchored(inside, question, "day", on)
        if key is not None:
            on.make.kept[key] = found
    return found


def anchored(inside: Number, question: tuple[Any, ...], of: str, on: Scene) -> Number:
    """The answer for a day, or an instant, and the facts that its periods hang on."""
    world, make = on.drawing.world, on.make
    asked = Answers(world, [(question, of)])
    facts = [_anchor(world.anchors[key], on) for key in asked.facts(question)]
    if of == "day" and asked.timed(question):
        if on.ending:
            raise NotColumnar(f"{on.where}: what ends is looked up at a time of day")
        facts.append(Number(ops.INSTANT, 1, 1, DAYS))
    number_of = on.drawing.ask(question, of)
    lined = inside.lined or any(fact.lined for fact in facts)
    inside = whole(inside, 1, on)
    if not lined:
        at = make.scalar(
            ops.ANCHORED, inside.at, k=number_of, m=len(facts), n=make.stretch([fact.at for fact in facts])
        )
        return Number(at, 1, 1, DAYS, maybe=True)
    places = make.stretch([-1 - fact.at if fact.lined else fact.at for fact in facts])
    at = make.vector(ops.ANCHORED_LINES, on_lines(inside, on).at, k=number_of, m=len(facts), n=places)
    return Number(at, 1, 1, DAYS, True, maybe=True)


def _anchor(node: ir.Expr, on: Scene) -> Number:
    """A day that a period hangs on: of the member, of the event, of the line, or one that is written."""
    rows = [set(own) for own in on.drawing.day_rows]
    found = whole(expressions.number(node, on), 1, on)
    for own, before in zip(on.drawing.day_rows, rows, strict=True):
        own &= before  # nobody looks it up in the table of days
    return found
