"""Expressions of the core as ops: numbers, conditions, days.

In: an expression, and where it is read. Out: a `Number`, a `Flag` or a day, worked out by rows of code. A number is a
register (or a vector, where it differs from line to line) times a fraction that is known: only where something is
rounded is there a division. A condition on an optional is read behind its `has`; what stands for an absent value in
between is never seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing import dating, tabling
from rules_engine.backends.columnar.writing.arithmetic import (
    DAYS,
    FLAG,
    FLIPPED,
    Flag,
    Held,
    Number,
    against,
    both,
    bounded,
    compared,
    constant,
    divided,
    narrow,
    on_lines,
    opposite,
    plain,
    times,
    total,
    whole,
)
from rules_engine.backends.columnar.writing.making import Label, NotColumnar, same, unwanted
from rules_engine.backends.columnar.writing.rowed import (
    RowAmong,
    RowNumber,
    row_among,
    row_field_is,
    row_number,
    row_sum_at,
)
from rules_engine.backends.columnar.writing.spans import SAFE, Span
from rules_engine.decoding import bounds_of

if TYPE_CHECKING:
    from rules_engine.backends.columnar.writing.scene import Scene

BILLION = 10**9

_WEIGHTY = frozenset({ir.Fold, ir.Choose, ir.AddTime, ir.EdgeDay, ir.TrackRead, ir.InPeriod, ir.OneOf, ir.InImported})
"""What is worth remembering: the rest is as quickly worked out again."""


def number(expr: ir.Expr, on: Scene) -> Number:
    """The value of a numeric expression."""
    if type(expr) not in _WEIGHTY:
        return _number(expr, on)
    key = ("number", on.place, same(expr))
    found = on.known(key, expr)
    if found is None:
        found = _number(expr, on)
        on.keep(key, expr, found)
    result: Number = found
    return result


def _number(expr: ir.Expr, on: Scene) -> Number:  # noqa: C901 - one arm for each node
    make = on.make
    match expr:
        case ir.Num(num=num, den=den):
            return constant(num, den)
        case RowNumber():
            return row_number(expr, on)
        case ir.Field() | ir.LineField() | ir.MemberField():
            return field(expr, on)
        case ir.LineMoney() | ir.Basis() | ir.LineQuantity():
            return on.money(expr)
        case ir.Today(begins=begins):
            at = make.scalar(ops.LINEAR, ops.DAY, k=1, n=1) if begins and on.ending else ops.DAY
            return Number(at, 1, 1, DAYS, day=at == ops.DAY)
        case ir.Now():
            return Number(ops.INSTANT, 1, 1, DAYS.scaled(86_400))
        case ir.AwardRead(rule=rule):
            at = on.award(rule)
            return constant(0) if at < 0 else Number(at, 1, 1, on.guards_held())
        case ir.TrackRead(track=name, previous=previous):
            return on.track(name, previous)
        case ir.BalanceRead(unit=unit, pending=pending):
            return on.balance(unit, pending)
        case ir.UsedRead(unit=unit):
            return on.was_used(unit)
        case ir.TierRead(which="held"):
            return on.held()
        case ir.Add(parts=parts):
            return total([number(part, on) for part in parts], on)
        case ir.Mul(left=left, right=right):
            return times(number(left, on), number(right, on), on)
        case ir.Steps(value=value):
            return divided(number(value, on), "down", on)
        case ir.Round(value=value, mode=mode):
            return divided(number(value, on), mode, on)
        case ir.Clip(value=value, low=low, high=high):
            found = number(value, on)
            found = found if low is None else bounded(found, number(low, on), "most", on)
            return found if high is None else bounded(found, number(high, on), "least", on)
        case ir.Largest(items=items):
            found = number(items[0], on)
            for item in items[1:]:
                found = bounded(found, number(item, on), "most", on)
            return found
        case ir.Fold():
            return _fold(expr, on)
        case ir.Choose():
            return tabling.choose(expr, on)
        case ir.AddTime() | ir.EdgeDay():
            return dating.day(expr, on)
        case ir.DayOf(instant=instant):
            return dating.local_day(instant, on)
        case ir.Forever():
            return Number(on.make.scalar(ops.CONST, k=ops.MISSING), 1, 1, DAYS, maybe=True)
        case ir.MarkRead() if on.mark is not None:
            return constant(on.mark)
        case ir.AwardPart(rule=rule):
            return on.award_part(rule)
        case ir.Across():
            return on.across(expr)
        case ir.KeyFold():
            return on.key_fold(expr)
        case _:
            raise unwanted(expr, on.where)


# ---- reads ----


def field(expr: ir.Field | ir.LineField | ir.MemberField, on: Scene) -> Number:
    """A field of the event, the line or the member as it is sent."""
    definition, row = on.column(expr)
    span = span_of(definition)
    at = on.loaded(expr, row)
    den = BILLION if definition.kind == "rate" else 1
    return Number(at, 1, den, span, isinstance(expr, ir.LineField), maybe=definition.optional,
                  day=definition.kind == "date")  # fmt: skip


def span_of(definition: ir.FieldDef) -> Span:
    """What a field may hold."""
    match definition.kind:
        case "count" | "money" | "unit" | "rate":
            return Span(*bounds_of(definition))
        case "date":
            return DAYS
        case "instant":
            return DAYS.scaled(86_400)
        case "time":
            return Span(0, 86_400)
        case "flag":
            return FLAG
        case _:
            return Span(0, 2**31)


# ---- arithmetic ----


# ---- folds ----


def _fold(fold: ir.Fold, on: Scene) -> Number:
    if on.lined:
        return _fold(fold, on.off_line())
    if fold.of != "lines":
        return on.shipping_fold(fold)
    inner = on.on_line()
    quick = None if on.goods >= 0 else _sum_at(fold, inner)
    if quick is not None:
        return quick
    mask = on.chosen("lines", fold.where)
    if mask is None:
        return constant(0)
    if fold.op == "count":
        if mask < 0:
            return Number(ops.LINES, 1, 1, Span(0, on.lines_max))
        return Number(on.make.scalar(ops.COUNT, b=mask), 1, 1, Span(0, on.lines_max))
    if fold.op == "distinct":
        assert fold.value is not None
        each = key_of(fold.value, inner)
        assert each is not None
        at = on.make.scalar(ops.DIFFERENT, on_lines(each, on).at, mask)
        return Number(at, 1, 1, Span(0, on.lines_max))
    assert fold.value is not None
    value = plain(number(fold.value, inner), on)
    if value.fixed:
        each = on_lines(value, on)
    else:
        each = on_lines(value, on)
    if each.at == ops.COST and mask < 0:
        return Number(ops.PAID, each.num, each.den, each.span)
    if each.total is None:
        each = narrow(each, SAFE // max(on.lines_max, 1), on)
    span = each.total if each.total is not None else each.span.some(on.lines_max)
    return Number(on.make.scalar(ops.SUM, each.at, mask), each.num, each.den, on.safe(span.with_zero()))


def _sum_at(fold: ir.Fold, on: Scene) -> Number | None:
    """Money of the lines on which a field is a constant: one row, with nothing kept in between."""
    match fold:
        case ir.Fold(op="sum", value=ir.LineMoney() as money, where=ir.Cmp(op="=", left=ir.LineField() as named,
                     right=ir.Txt() | RowNumber(text=True) as text)):  # fmt: skip
            each = on.money(money)
            if each.num != 1 or each.den != 1:
                return None
            column = on.column(named)[1]
            if isinstance(text, RowNumber):
                at = row_sum_at(each.at, column, text, on)
            else:
                at = on.make.scalar(ops.SUM_AT, each.at, column, on.code(text.value))
            return Number(at, 1, 1, each.span)
        case _:
            return None


def key_of(expr: ir.Expr, on: Scene) -> Number | None:
    """What is compared with constants: a number, or the code of a text, or a flag."""
    if isinstance(expr, ir.Txt | ir.Flg):
        return constant(on.code(expr.value))
    if isinstance(expr, ir.All | ir.Any | ir.Not | ir.Has | ir.Cmp | ir.OneOf | ir.InPeriod | ir.HasMember):
        held = condition(expr, on)
        return constant(int(held)) if isinstance(held, bool) else Number(held.at, 1, 1, FLAG, held.lined)
    return number(expr, on)


# ---- conditions ----


def condition(expr: ir.Expr, on: Scene) -> Held:
    """A condition, as a flag; True or False where it is settled."""
    if not on.lined and type(expr) not in _WEIGHTY:
        return _condition(expr, on)
    key = ("flag", on.place, same(expr))
    found = on.known(key, expr)
    if found is None:
        found = _condition(expr, on)
        on.keep(key, expr, found)
    result: Held = found
    return result


def _until(settles: bool, parts: Sequence[ir.Expr], on: Scene) -> list[Held]:
    """The parts of a condition up to the first that settles it: what stands behind is never asked, so that it may ask
    what nobody has."""
    found = list[Held]()
    for part in parts:
        found.append(condition(part, on))
        if found[-1] is settles:
            break
    return found


def _condition(expr: ir.Expr, on: Scene) -> Held:  # noqa: C901 - one arm for each node
    match expr:
        case ir.All(parts=parts):
            return both(_until(False, parts, on), on)
        case ir.Any(parts=parts):
            return opposite(both([opposite(part, on) for part in _until(True, parts, on)], on), on)
        case ir.Not(value=value):
            return opposite(condition(value, on), on)
        case ir.Flg(value=value):
            return value
        case ir.HasMember():
            return not on.guest
        case ir.Has(value=ir.Field() | ir.LineField() | ir.MemberField() as value):
            definition, row = on.column(value)
            if definition.kind in ("codes", "list"):
                raise NotColumnar(f"{on.where}: it is asked whether a list is there")
            lined = isinstance(value, ir.LineField)
            return Flag(on.op(ops.HAS, lined, on.loaded(value, row)), lined) if definition.optional else True
        case ir.Field() | ir.LineField() | ir.MemberField():
            _, row = on.column(expr)
            lined = isinstance(expr, ir.LineField)
            return Flag(on.op(ops.IS, lined, on.loaded(expr, row), k=1, m=0), lined)
        case ir.Cmp(op="=", left=ir.LineField() as named, right=ir.Txt(value=text)) if on.lined:
            return Flag(on.make.vector(ops.FIELD_IS, b=on.column(named)[1], k=on.code(text)), True)
        case ir.Cmp(op="=", left=ir.LineField() as named, right=RowNumber(text=True) as text) if on.lined:
            return row_field_is(on.column(named)[1], text, on)
        case RowAmong(value=value):
            return row_among(key_of(value, on), expr, on)
        case ir.Cmp(op=op, left=left, right=right):
            one, two = key_of(left, on), key_of(right, on)
            assert one is not None
            assert two is not None
            return compared(op, one, two, on)
        case ir.Choose():
            found = tabling.choose(expr, on)
            if found.fixed:
                return bool(found.num)
            return Flag(on.op(ops.IS, found.lined, found.at, k=1, m=0), found.lined)
        case ir.OneOf(value=value, items=items):
            return among(value, items, on)
        case ir.InImported(value=value, column=column):
            return among(value, on.column_of(column), on)
        case ir.InField(value=value, items=ir.Field() | ir.LineField() | ir.MemberField() as items, count=count):
            return on.listed(key_of(value, on), items, count)
        case ir.InPeriod(value=value, period=name, instant=instant):
            if instant:
                found = dating.anchored(number(value, on), ("in", None, name), "instant", on)
            else:
                base, inner = dating.asked(value, on)
                found = dating.looked(base, ("in", inner, name), on)
            return Flag(on.op(ops.IS, found.lined, found.at, k=1, m=0), found.lined)
        case ir.Reaches():
            return on.reaches(expr)
        case ir.Multiple(value=value, factor=factor):
            if number(value, on).den != 1:
                raise unwanted(expr, on.where)
            times = whole(plain(number(value, on), on), 1, on)
            return Flag(on.op(ops.MULTIPLE, times.lined, times.at, k=factor), times.lined)
        case _:
            raise unwanted(expr, on.where)


def among(expr: ir.Expr, values: Sequence[str | int | bool], on: Scene) -> Held:
    """Whether a value is one of some constants."""
    found = key_of(expr, on)
    assert found is not None
    codes = sorted({on.code(value) for value in values})
    if found.fixed:
        return found.num in codes
    if found.num != 1 or found.den != 1:
        codes = sorted({code * found.den // found.num for code in codes if code * found.den % found.num == 0})
    if len(codes) == 1:
        return Flag(on.op(ops.IS, found.lined, found.at, k=codes[0], m=0), found.lined)
    if not codes:
        return False
    return Flag(on.op(ops.AMONG, found.lined, found.at, k=on.make.stretch(codes), n=len(codes)), found.lined)


def unless(expr: ir.Expr | None, label: Label, on: Scene) -> None:
    """Go to a label where a condition of the event does not hold."""
    if expr is None:
        return
    if isinstance(expr, ir.All):
        for part in expr.parts:
            unless(part, label, on)
        return
    make = on.make
    if isinstance(expr, ir.Cmp):
        one, two = key_of(expr.left, on), key_of(expr.right, on)
        assert one is not None
        assert two is not None
        op, left, right = (expr.op, one, two) if two.fixed else (FLIPPED[expr.op], two, one)
        if right.fixed:
            found = against(op, left, right)
            if not isinstance(found, bool):
                make.to(make.put(ops.UNLESS_IS, a=left.at, k=found[1], m=ops.COMPARES[found[0]]), label)
                return
    held = condition(expr, on)
    if held is False:
        make.to(make.put(ops.JUMP), label)
    elif isinstance(held, Flag):
        make.to(make.put(ops.UNLESS, a=held.at), label)
