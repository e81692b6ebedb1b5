"""Expressions of the core as ops: numbers, conditions, days.

In: an expression, and where it is read. Out: a `Number`, a `Flag` or a day, worked out by rows of code. A number is a
register (or a vector, where it differs from line to line) times a fraction that is known: only where something is
rounded is there a division. A condition on an optional is read behind its `has`; what stands for an absent value in
between is never seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm
from typing import TYPE_CHECKING, Any

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.arithmetic import (
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
    either,
    lined_flag,
    on_lines,
    opposite,
    plain,
    times,
    total,
    whole,
)
from rules_engine.backends.columnar.making import Label, NotColumnar, same, unwanted
from rules_engine.backends.columnar.spans import Span
from rules_engine.decoding import bounds_of
from rules_engine.periods import anchors, is_timed

if TYPE_CHECKING:
    from rules_engine.backends.columnar.scene import Scene

BILLION = 10**9
DAYS = Span(-(10**7), 10**7)


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
        case ir.TierRead(which="held"):
            return Number(ops.TIER, 1, 1, Span(0, 1000))
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
            return _choose(expr, on)
        case ir.AddTime() | ir.EdgeDay():
            return _day(expr, on)
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
    if fold.of != "lines" or on.lined:
        raise NotColumnar(f"{on.where}: shipping lines are added up")
    inner = on.on_line()
    quick = _sum_at(fold, inner)
    if quick is not None:
        return quick
    where = True if fold.where is None else condition(fold.where, inner)
    if where is False:
        return constant(0)
    mask = -1 if where is True else lined_flag(where, on)
    if fold.op == "count":
        if mask < 0:
            return Number(ops.LINES, 1, 1, Span(0, on.lines_max))
        return Number(on.make.scalar(ops.COUNT, b=mask), 1, 1, Span(0, on.lines_max))
    if fold.op != "sum" or fold.value is None:
        raise NotColumnar(f"{on.where}: different values are counted")
    value = plain(number(fold.value, inner), on)
    if value.fixed:
        each = on_lines(value, on)
    else:
        each = on_lines(value, on)
    if each.at == ops.COST and mask < 0:
        return Number(ops.PAID, each.num, each.den, each.span)
    span = each.total if each.total is not None else each.span.some(on.lines_max)
    return Number(on.make.scalar(ops.SUM, each.at, mask), each.num, each.den, on.safe(span.with_zero()))


def _sum_at(fold: ir.Fold, on: Scene) -> Number | None:
    """Money of the lines on which a field is a constant: one row, with nothing kept in between."""
    match fold:
        case ir.Fold(op="sum", value=ir.LineMoney() as money, where=ir.Cmp(op="=", left=ir.LineField() as named,
                     right=ir.Txt(value=text))):  # fmt: skip
            each = on.money(money)
            if each.num != 1 or each.den != 1:
                return None
            at = on.make.scalar(ops.SUM_AT, each.at, on.column(named)[1], on.code(text))
            return Number(at, 1, 1, each.span)
        case _:
            return None


# ---- tables ----


def _choose(table: ir.Choose, on: Scene) -> Number:
    quick = _dense(table, on)
    if quick is not None:
        return quick
    if any(isinstance(row.value, ir.Stop) for row in table.rows):
        return _stopping(table, on)
    found: Number | None = None
    for row in reversed(table.rows):
        assert not isinstance(row.value, ir.Stop)
        value = plain(number(row.value, on), on)
        holds = passes(table, row, on)
        found = value if found is None or holds is True else either(holds, value, found, on)
    assert found is not None
    return found


def _stopping(table: ir.Choose, on: Scene) -> Number:
    """A table with rows of `no award`: where one of them is met the rule ends."""
    if on.lined or on.stopped is None:
        raise NotColumnar(f"{on.where}: a table ends a rule from inside a line")
    stops: list[ir.ChooseRow] = []
    before: list[Held] = []
    found: Number | None = None
    for row in reversed(table.rows):
        holds = passes(table, row, on)
        if isinstance(row.value, ir.Stop):
            value = constant(0)
            stops.append(row)
        else:
            value = plain(number(row.value, on), on)
        found = value if found is None or holds is True else either(holds, value, found, on)
        stop = constant(1 if isinstance(row.value, ir.Stop) else 0)
        before.append(holds)
        on.stops = stop if on.stops is None or holds is True else either(holds, stop, on.stops, on)
    assert found is not None
    if on.stops is not None and not on.stops.fixed:
        on.make.to(on.make.put(ops.WHERE, a=on.stops.at), on.stopped)
    elif on.stops is not None and on.stops.num:
        on.make.to(on.make.put(ops.JUMP), on.stopped)
    on.stops = None
    return found


def passes(table: ir.Choose, row: ir.ChooseRow, on: Scene) -> Held:
    """Whether the tests of a row hold."""
    held: list[Held] = []
    for key, test in zip(table.keys, row.tests, strict=True):
        match test:
            case ir.AnyTest():
                continue
            case ir.InTest(values=values):
                held.append(_among(key, values, on))
            case ir.RangeTest(low=low, high=high):
                found = number(key, on)
                if low is not None:
                    held.append(compared(">=", found, constant(low), on))
                if high is not None:
                    held.append(compared("<", found, constant(high), on))
    return both(held, on)


def _dense(table: ir.Choose, on: Scene) -> Number | None:
    """A table with one key whose rows are constants: one look."""
    if len(table.keys) != 1 or any(not isinstance(row.value, ir.Num) for row in table.rows):
        return None
    rows = [(row.tests[0], row.value) for row in table.rows if isinstance(row.value, ir.Num)]
    listed = [(on.code(value), amount) for test, amount in rows if isinstance(test, ir.InTest) for value in test.values]
    others = [amount for test, amount in rows if isinstance(test, ir.AnyTest)]
    if len(listed) < 1 or any(isinstance(test, ir.RangeTest) for test, _ in rows):
        return _stepped(table, rows, on)
    low, high = min(code for code, _ in listed), max(code for code, _ in listed)
    if high - low > 4096:
        return None
    found = key_of(table.keys[0], on)
    if found is None or found.den != 1 or found.num != 1 or found.fixed:
        return None
    den = lcm(*(amount.den for _, amount in rows))
    rest = others[0].num * (den // others[0].den) if others else 0
    values = dict(reversed([(code, amount.num * (den // amount.den)) for code, amount in listed]))
    pool = [values.get(code, rest) for code in range(low, high + 1)] + [rest]
    at = on.op(ops.TABLE, found.lined, found.at, k=on.make.stretch(pool), m=low, n=high - low + 1)
    return Number(at, 1, den, Span(min(pool), max(pool)), found.lined)


def _stepped(table: ir.Choose, rows: list[tuple[ir.Test, ir.Num]], on: Scene) -> Number | None:
    """The same where the rows are ranges."""
    ranges = [(test, amount) for test, amount in rows if isinstance(test, ir.RangeTest)]
    others = [amount for test, amount in rows if isinstance(test, ir.AnyTest)]
    if len(ranges) + len(others) < len(rows) or len(others) > 1:
        return None
    found = number(table.keys[0], on)
    if found.den != 1 or found.num != 1 or found.fixed or found.maybe:
        return None
    bounds = sorted({bound for test, _ in ranges for bound in (test.low, test.high) if bound is not None})
    if not bounds:
        return None
    den = lcm(*(amount.den for _, amount in rows))
    pool = []
    for sample in (bounds[0] - 1, *bounds):
        inside = [amount for test, amount in ranges if _inside(sample, test)]
        row = (inside or others or [rows[0][1]])[0]  # a value that the key cannot have lies in no row
        pool.append(row.num * (den // row.den))
    place = on.op(ops.STEP, found.lined, found.at, k=on.make.stretch(bounds), n=len(bounds))
    at = on.op(ops.TABLE, found.lined, place, k=on.make.stretch([*pool, 0]), m=0, n=len(pool))
    return Number(at, 1, den, Span(min(pool), max(pool)), found.lined)


def _inside(value: int, test: ir.RangeTest) -> bool:
    return (test.low is None or value >= test.low) and (test.high is None or value < test.high)


def key_of(expr: ir.Expr, on: Scene) -> Number | None:
    """What is compared with constants: a number, or the code of a text, or a flag."""
    if isinstance(expr, ir.Txt | ir.Flg):
        return constant(on.code(expr.value))
    if isinstance(expr, ir.All | ir.Any | ir.Not | ir.Has | ir.Cmp | ir.OneOf | ir.InPeriod | ir.HasMember):
        held = condition(expr, on)
        return constant(int(held)) if isinstance(held, bool) else Number(held.at, 1, 1, FLAG, held.lined)
    return number(expr, on)


# ---- days ----


def _day(expr: ir.AddTime | ir.EdgeDay, on: Scene) -> Number:
    """A day that follows from another: one look in the table of days."""
    inside, question = asked(expr, on)
    return looked(inside, question, on)


def asked(expr: ir.Expr, on: Scene) -> tuple[Number, tuple[Any, ...] | None]:
    """The day from which a day follows, and what is asked of it."""
    match expr:
        case ir.AddTime(day=day, count=count, unit=unit):
            base, inner = asked(day, on)
            return base, ("moved", inner, count, unit)
        case ir.EdgeDay(edge=edge, next=later, period=name, day=day):
            base, inner = asked(day, on)
            on.period(name)
            return base, ("edge", inner, edge, later, name)
        case ir.Today(begins=True) if on.ending:
            return Number(ops.DAY, 1, 1, DAYS, day=True), ("moved", None, 1, "day")
        case _:
            return number(expr, on), None


def looked(inside: Number, question: tuple[Any, ...] | None, on: Scene) -> Number:
    """The answer for a day."""
    if question is None:
        return inside
    if not inside.day:
        raise NotColumnar(f"{on.where}: a day is looked up that is worked out")
    row = on.make.day_row(*question)
    return Number(on.op(ops.OF_DAY, inside.lined, inside.at, k=row), 1, 1, DAYS, inside.lined, maybe=True)


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


def _condition(expr: ir.Expr, on: Scene) -> Held:  # noqa: C901 - one arm for each node
    match expr:
        case ir.All(parts=parts):
            return both([condition(part, on) for part in parts], on)
        case ir.Any(parts=parts):
            return opposite(both([opposite(condition(part, on), on) for part in parts], on), on)
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
        case ir.Cmp(op=op, left=left, right=right):
            one, two = key_of(left, on), key_of(right, on)
            assert one is not None
            assert two is not None
            return compared(op, one, two, on)
        case ir.OneOf(value=value, items=items):
            return _among(value, items, on)
        case ir.InImported(value=value, column=column):
            return _among(value, on.column_of(column), on)
        case ir.InField(value=value, items=ir.Field() as items, count=count):
            return on.listed(key_of(value, on), items, count)
        case ir.InPeriod(value=value, period=name, instant=False):
            on.period(name)
            base, inner = asked(value, on)
            found = looked(base, ("in", inner, name), on)
            return Flag(on.op(ops.IS, found.lined, found.at, k=1, m=0), found.lined)
        case ir.Multiple(value=value, factor=factor):
            if number(value, on).den != 1:
                raise unwanted(expr, on.where)
            times = whole(plain(number(value, on), on), 1, on)
            return Flag(on.op(ops.MULTIPLE, times.lined, times.at, k=factor), times.lined)
        case _:
            raise unwanted(expr, on.where)


def _among(expr: ir.Expr, values: Sequence[str | int | bool], on: Scene) -> Held:
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


def hangs_on(period: ir.PeriodDef) -> bool:
    """Whether a period hangs on a fact, or starts at a time of day."""
    return bool(anchors(period.period)) or is_timed(period.period)
