"""Tables of the core as ops: rows that are tested, or one look where all of them are constants.

In: a table, and where it is read. Out: a `Number`.
"""

from __future__ import annotations

from math import lcm
from typing import TYPE_CHECKING

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing import expressions
from rules_engine.backends.columnar.writing.arithmetic import (
    DAYS,
    Held,
    Number,
    both,
    compared,
    constant,
    either,
    plain,
)
from rules_engine.backends.columnar.writing.making import NotColumnar
from rules_engine.backends.columnar.writing.spans import Span

if TYPE_CHECKING:
    from rules_engine.backends.columnar.writing.scene import Scene


def choose(table: ir.Choose, on: Scene) -> Number:
    """The value of the row that an event falls on."""
    quick = _dense(table, on)
    if quick is not None:
        return quick
    if any(isinstance(row.value, ir.Stop) for row in table.rows):
        return _stopping(table, on)
    found: Number | None = None
    for row in reversed(table.rows):
        assert not isinstance(row.value, ir.Stop)
        value = expressions.key_of(row.value, on)
        assert value is not None
        if value.span != DAYS:  # a last day may be absent: then there is none
            value = plain(value, on)
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
            value = plain(expressions.number(row.value, on), on)
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
                held.append(expressions.among(key, values, on))
            case ir.RangeTest(low=low, high=high):
                found = expressions.number(key, on)
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
    found = expressions.key_of(table.keys[0], on)
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
    found = expressions.number(table.keys[0], on)
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
