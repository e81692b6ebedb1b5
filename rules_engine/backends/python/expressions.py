"""Expressions of the typed core as Python expressions.

In: an expression and a `Scope`, which says by which local names the generated function knows fields, tracks, awards and
folds. Out: a `Scaled` for numbers, days, instants and rungs; a plain expression for texts and choices; a truth value
for conditions. Optionals are read only where a `has` to the left has let through, as the checker proved, and `and` and
`or` stop early just as the reference does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, assert_never

from rules_engine import ir
from rules_engine.backends.python import numbers
from rules_engine.backends.python.given import Among, Given
from rules_engine.backends.python.numbers import Scaled, add, compared, constant, mul, rounded, steps
from rules_engine.backends.python.quoting import const


class Scope(Protocol):
    """The local names of a generated function, by what they stand for."""

    def field(self, name: str) -> Scaled: ...
    def line_field(self, name: str) -> Scaled: ...
    def line_money(self, base: str) -> Scaled: ...
    def basis(self, base: str) -> Scaled: ...
    def picked(self, node: ir.Picked) -> Scaled: ...
    def line_quantity(self) -> Scaled: ...
    def member_field(self, name: str) -> Scaled: ...
    def award(self, rule: str) -> Scaled: ...
    def award_part(self, rule: str) -> Scaled: ...
    def track(self, name: str, previous: bool) -> Scaled: ...
    def contribution(self, name: str) -> Scaled: ...
    def sliced(self, name: str) -> Scaled: ...
    def by_line(self, name: str) -> bool: ...
    def may_lack(self, expr: ir.Expr) -> bool: ...
    def balance(self, unit: str, pending: bool) -> Scaled: ...
    def tier(self, which: str) -> Scaled: ...
    def person(self, person: str, name: str) -> Scaled: ...
    def fold(self, fold: ir.Fold) -> Scaled: ...
    def reached(self, track: str) -> tuple[str, str]: ...
    def given(self, name: str) -> str: ...
    def shared(self, value: object, hint: str) -> str: ...
    def period(self, node: ir.InPeriod, value: str) -> str: ...
    def edge(self, node: ir.EdgeDay, day: str) -> str: ...


def number(expr: ir.Expr, scope: Scope) -> Scaled:  # noqa: C901 - one arm for each node
    """A number, day, instant or rung."""
    match expr:
        case ir.Num(num=num, den=den):
            return constant(num, den)
        case ir.Add(parts=parts):
            return add([number(part, scope) for part in parts])
        case ir.Mul(left=left, right=right):
            return mul(number(left, scope), number(right, scope))
        case ir.Steps(value=value):
            return steps(number(value, scope))
        case ir.Round(value=value, mode=mode):
            return rounded(number(value, scope), mode)
        case ir.Clip(value=value, low=low, high=high):
            return _clipped(number(value, scope), low, high, scope)
        case ir.Largest(items=items):
            return numbers.extreme("max", [number(item, scope) for item in items])
        case ir.Fold():
            return scope.fold(expr)
        case ir.Across():
            return _across(expr, scope)
        case ir.Choose():
            return _chosen(expr, scope)
        case ir.AddTime() | ir.EdgeDay() | ir.DayOf() | ir.Forever():
            return Scaled(_day(expr, scope))
        case ir.All() | ir.Any() | ir.Not() | ir.Has() | ir.Cmp() | ir.OneOf() | ir.InImported():
            return Scaled(f"({truth(expr, scope)})")
        case ir.InField() | ir.InPeriod() | ir.Multiple() | ir.Reaches() | ir.HasMember():
            return Scaled(f"({truth(expr, scope)})")
        case ir.Txt(value=value) | ir.Flg(value=value):
            return Scaled(const(value))
        case Given(name=name, den=den, positive=positive):
            return Scaled(scope.given(name), 1, den, positive)
        case Among():
            return Scaled(f"({truth(expr, scope)})")
        case _:
            return _read(expr, scope)


def _read(expr: ir.Expr, scope: Scope) -> Scaled:  # noqa: C901 - one arm for each node
    match expr:
        case ir.Field(name=name):
            return scope.field(name)
        case ir.LineField(name=name):
            return scope.line_field(name)
        case ir.LineMoney(base=base):
            return scope.line_money(base)
        case ir.Basis(base=base):
            return scope.basis(base)
        case ir.Picked():
            return scope.picked(expr)
        case ir.LineQuantity():
            return scope.line_quantity()
        case ir.MemberField(name=name):
            return scope.member_field(name)
        case ir.Today():
            return Scaled("day")
        case ir.Now():
            return Scaled("instant")
        case ir.AwardRead(rule=rule):
            return scope.award(rule)
        case ir.AwardPart(rule=rule):
            return scope.award_part(rule)
        case ir.TrackRead(track=track, previous=previous):
            return scope.track(track, previous)
        case ir.BalanceRead(unit=unit, pending=pending):
            return scope.balance(unit, pending)
        case ir.TierRead(which=which):
            return scope.tier(which)
        case ir.UsedRead(unit=unit):
            return Scaled(f"run.used.get({const(unit)}, 0)", positive=True)
        case ir.PersonField(person=person, name=name):
            return scope.person(person, name)
        case ir.MarkRead():
            return Scaled("mark")
        case ir.RungRead():
            return Scaled("rung")
        case ir.Imported(table=table, key=key):
            return Scaled(f"{scope.shared(table, 'import')}.get({plain(key, scope)})")
        case _:
            raise AssertionError(type(expr).__name__)


def plain(expr: ir.Expr, scope: Scope) -> str:
    """A value as stored: a whole number, a text, a flag."""
    value = number(expr, scope)
    return numbers.text(value, value.den)


def day(expr: ir.Expr, scope: Scope) -> str:
    """A day, or None for no last day."""
    return numbers.whole(number(expr, scope))


def _day(expr: ir.Expr, scope: Scope) -> str:
    match expr:
        case ir.AddTime(day=base, count=count, unit="day") if not scope.may_lack(base):
            return f"({day(base, scope)} + {count})" if count >= 0 else f"({day(base, scope)} - {-count})"
        case ir.AddTime(day=base, count=count, unit=unit):
            return f"add_time({day(base, scope)}, {count}, {unit!r})"
        case ir.EdgeDay(day=base):
            return scope.edge(expr, day(base, scope))
        case ir.DayOf(instant=instant):
            return f"local_day({plain(instant, scope)}, ZONE)"
        case ir.Forever():
            return "None"
        case _:
            raise AssertionError(type(expr).__name__)


def _clipped(value: Scaled, low: ir.Expr | None, high: ir.Expr | None, scope: Scope) -> Scaled:
    if low is not None:
        value = numbers.extreme("max", [value, number(low, scope)])
    if high is not None:
        value = numbers.extreme("min", [value, number(high, scope)])
    return value


def _across(expr: ir.Across, scope: Scope) -> Scaled:
    rates = [number(rate, scope) for rate in expr.rates]
    den = numbers.common(rates)
    bounds = scope.shared(expr.bounds, "bounds")
    before, own = scope.sliced(expr.track), scope.contribution(expr.track)
    codes = ", ".join(numbers.text(rate, den) for rate in rates)
    by_line = scope.by_line(expr.track)
    slices = f"{'slices_by_line' if by_line else 'slices'}({numbers.whole(before)}, {numbers.whole(own)}, {bounds})"
    return Scaled(f"dot({slices}, ({codes},))", 1, den)


# ---- tables


def _chosen(expr: ir.Choose, scope: Scope) -> Scaled:
    """A table: a dictionary where one key has only listed constants, else a chain of tests."""
    values = [None if isinstance(row.value, ir.Stop) else number(row.value, scope) for row in expr.rows]
    known = [value for value in values if value is not None]
    den = numbers.common(known)
    positive = all(value.positive for value in known)
    keys = [plain(key, scope) for key in expr.keys]
    simple = _constant_rows(expr, values)
    if simple is not None and len(keys) == 1:
        table = {key: value.num * (den // value.den) for key, value in simple[0].items()}
        name = scope.shared(table, "table")
        rest = simple[1].num * (den // simple[1].den) if simple[1] is not None else None
        if rest is None:
            return Scaled(f"{name}[{keys[0]}]", 1, den, positive)
        return Scaled(f"{name}.get({keys[0]}, {rest})", 1, den, positive)
    return Scaled(_chain(expr, keys, values, den), 1, den, positive)


def _constant_rows(
    expr: ir.Choose, values: list[Scaled | None]
) -> tuple[dict[str | int | bool, Scaled], Scaled | None] | None:
    """The rows as a dictionary and its rest, where every test lists constants and every value is a number known now."""
    table: dict[str | int | bool, Scaled] = {}
    rest: Scaled | None = None
    for row, value in zip(expr.rows, values, strict=True):
        if value is None or not value.constant or len(row.tests) != 1:
            return None
        match row.tests[0]:
            case ir.InTest(values=items):
                table |= dict.fromkeys(items, value)
            case ir.AnyTest():
                rest = value
            case ir.RangeTest():
                return None
            case _ as never:
                assert_never(never)
    return table, rest


def _chain(expr: ir.Choose, keys: list[str], values: list[Scaled | None], den: int) -> str:
    """`(V1 if T1 else V2 if T2 else ...)`. A key is named once, where it is first tested."""
    code = ""
    for row, value in zip(expr.rows, values, strict=True):
        test = " and ".join(t for t in map(_tested, row.tests, keys) if t)
        shown = "stop()" if value is None else numbers.text(value, den)
        if not test:
            return f"({code}{shown})"
        code += f"{shown} if {test} else "
    return f"({code}stop())"


def _tested(test: ir.Test, key: str) -> str:
    match test:
        case ir.AnyTest():
            return ""
        case ir.InTest(values=(only,)):
            return f"{key} == {const(only)}"
        case ir.InTest(values=values):
            return f"{key} in {const(values)}"
        case ir.RangeTest(low=None, high=None):
            return ""
        case ir.RangeTest(low=None, high=high):
            return f"{key} < {high}"
        case ir.RangeTest(low=low, high=None):
            return f"{key} >= {low}"
        case ir.RangeTest(low=low, high=high):
            return f"{low} <= {key} < {high}"
        case _ as never:
            assert_never(never)


# ---- conditions


def truth(expr: ir.Expr, scope: Scope) -> str:
    """A condition as a Python expression that is true or false."""
    match expr:
        case ir.All(parts=parts):
            return " and ".join(_part(part, scope, ir.Any) for part in parts) or "True"
        case ir.Any(parts=parts):
            return " or ".join(_part(part, scope, ir.All) for part in parts) or "False"
        case ir.Not(value=value):
            return f"not ({truth(value, scope)})"
        case ir.Flg(value=value):
            return str(value)
        case ir.HasMember():
            return "member is not None"
        case ir.Has(value=value):
            return f"{plain(value, scope)} is not None"
        case ir.Cmp():
            return _compared(expr, scope)
        case ir.OneOf() | ir.InImported() | ir.InField():
            return _within(expr, scope)
        case Among(value=value, name=name):
            return f"{numbers.wrap(plain(value, scope))} in {scope.given(name)}"
        case ir.InPeriod(value=value):
            return scope.period(expr, plain(value, scope))
        case ir.Multiple(value=value, factor=factor):
            inner = number(value, scope)
            return f"{numbers.wrap(numbers.text(inner, inner.den))} % {factor * inner.den} == 0"
        case ir.Reaches(track=track, bound=bound):
            seen, after = scope.reached(track)
            goal = number(bound, scope)
            return f"{seen} < {numbers.text(goal, 1)} <= {after}"
        case ir.Choose():
            return f"({_chain(expr, [plain(k, scope) for k in expr.keys], _truths(expr, scope), 1)})"
        case _:
            return plain(expr, scope)


def _truths(expr: ir.Choose, scope: Scope) -> list[Scaled | None]:
    rows = [row.value for row in expr.rows]
    return [None if isinstance(value, ir.Stop) else Scaled(f"({truth(value, scope)})") for value in rows]


def _part(expr: ir.Expr, scope: Scope, looser: Callable[..., object]) -> str:
    code = truth(expr, scope)
    return f"({code})" if isinstance(expr, ir.Any) and looser is ir.Any else code


def _compared(expr: ir.Cmp, scope: Scope) -> str:
    left, right = number(expr.left, scope), number(expr.right, scope)
    if expr.op not in ("=", "!="):
        left = Scaled(f"later({left.code})") if scope.may_lack(expr.left) else left
        right = Scaled(f"later({right.code})") if scope.may_lack(expr.right) else right
    return compared(expr.op, left, right)


def _within(expr: ir.OneOf | ir.InImported | ir.InField, scope: Scope) -> str:
    value = numbers.wrap(plain(expr.value, scope))
    match expr:
        case ir.OneOf(items=items) if len(items) == 1:
            return f"{value} == {const(items[0])}"
        case ir.OneOf(items=items) if len(items) <= 4:
            return f"{value} in {const(items)}"
        case ir.OneOf(items=items):
            return f"{value} in {scope.shared(frozenset(items), 'items')}"
        case ir.InImported(column=column):
            return f"{value} in {scope.shared(column, 'import')}"
        case ir.InField(items=items, count=count):
            within = plain(items, scope)
            return f"{value} in {within}" + ("" if count is None else f"[:{count}]")
        case _ as never:
            assert_never(never)
