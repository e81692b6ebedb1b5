"""What has to hold of an event for a condition to hold, or for an amount to be more than nothing: as keys.

In: an expression of the core. Out: facts, each of which follows from it: a `Key` that is met, or an `Either`, of whose
sides one holds. An index needs only one of them, and asks the whole condition afterwards, so a fact may say less than
the expression; it never says more.

- `and` gives the facts of its parts, and bounds of one subject meet in a window. `or` is an `Either`. A negation is
  pushed inwards; on a closed enumeration it is the other values.
- An amount is more than nothing where its factors are, where one of its terms is. A sum over lines is where there is
  such a line, so the condition of the lines speaks of a line (`per line`). A row of a table is reached where its tests
  hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.planning.shapes import inner_fields
from rules_engine.planning.subjects import Key, Subject

BILLION: Final = 10**9


class Either(msgspec.Struct, frozen=True, gc=False):
    """One of its sides holds; each side is facts that hold together. `at` is the text that says so."""

    sides: tuple[tuple[Needed, ...], ...]
    at: ir.Origin


Needed: TypeAlias = "Key | Either"

_FLIPPED: Final = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE: Final = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}

_STEADY: Final = (
    ir.Num, ir.Txt, ir.Flg, ir.HasMember, ir.Today, ir.Now, ir.CurrencyRead, ir.Add, ir.Mul, ir.Steps, ir.Round,
    ir.Clip,
    ir.Largest, ir.AddTime, ir.DayOf, ir.All, ir.Any, ir.Not, ir.Has, ir.Cmp, ir.OneOf, ir.InImported, ir.InField,
    ir.InPeriod, ir.Multiple, ir.LineQuantity, ir.LineField,
)  # fmt: skip
"""Nodes that all rules of a stage see alike, and that can be read without a guard."""


class Scope(msgspec.Struct, frozen=True):
    """What a rule reads: the fields of its events, of their lines and of members. `offers` and `redeems` move what
    lines cost while they run; a rule `taking` turns sees balances move."""

    fields: dict[str, tuple[ir.FieldDef, ...]]
    lines: dict[str, tuple[ir.FieldDef, ...]]
    facts: dict[str, tuple[ir.FieldDef, ...]]
    tracks: dict[str, ir.TrackDef]
    offers: bool
    taking: bool
    numbers: dict[ir.Expr, Subject | None]


def holding(expr: ir.Expr | None, scope: Scope, of_line: bool = False) -> tuple[Needed, ...]:
    """The facts that follow from a condition."""
    if expr is None:
        return ()
    return _windows(_holding(expr, scope, of_line, False))


def _holding(  # noqa: C901 - one arm for each node
    expr: ir.Expr, scope: Scope, of_line: bool, inverted: bool
) -> Iterator[Needed]:
    match expr:
        case ir.All(parts=parts) if not inverted:
            for part in parts:
                yield from _holding(part, scope, of_line, inverted)
        case ir.Any(parts=parts) if inverted:
            for part in parts:
                yield from _holding(part, scope, of_line, inverted)
        case ir.All(parts=parts) | ir.Any(parts=parts):
            sides = [_windows(_holding(part, scope, of_line, inverted)) for part in parts]
            if all(sides):
                yield Either(tuple(sides), expr.at)
        case ir.Not(value=value):
            for each in _holding(value, scope, of_line, not inverted):
                yield msgspec.structs.replace(each, at=expr.at)
        case ir.Cmp():
            yield from _compared(expr, scope, of_line, inverted)
        case ir.OneOf(value=value, items=items):
            yield from _among(value, items, expr.at, scope, inverted)
        case ir.InField(value=ir.Txt(value=text), items=items) if not inverted:
            subject = _field(items, scope)
            if subject is not None:
                yield Key(subject[0], "contains", (text,), at=expr.at)
        case ir.Field() | ir.MemberField() | ir.LineField():
            subject = _field(expr, scope)
            if subject is not None and all(each.kind == "flag" for each in subject[1]):
                yield Key(subject[0], "one of", (not inverted,), at=expr.at)
        case ir.Has() | ir.InPeriod() | ir.Multiple() | ir.HasMember() | ir.InImported() if not of_line:
            yield from _asked(expr, scope, inverted)
        case _:
            return


def _asked(expr: ir.Expr, scope: Scope, inverted: bool) -> Iterator[Key]:
    """A condition of the event, for its own sake."""
    if is_steady(expr, scope, guarded=isinstance(expr, ir.Has)):
        yield Key(Subject("condition", expr=bare(expr)), "one of", (not inverted,), at=expr.at)


def _among(
    value: ir.Expr, items: tuple[str | int | bool, ...], at: ir.Origin, scope: Scope, inverted: bool
) -> Iterator[Key]:
    subject = _subject(value, scope)
    if subject is None:
        return
    found, fields = subject
    if inverted:
        others = _others(fields, items)
        if others is not None:
            yield Key(found, "one of", others, at=at)
    elif not _scale(fields) > 1:
        yield Key(found, "one of", items, at=at)


def _others(
    fields: tuple[ir.FieldDef, ...], items: tuple[str | int | bool, ...]
) -> tuple[str | int | bool, ...] | None:
    """The other values of a closed enumeration; None where it is open."""
    if not fields or any(each.kind not in ("choice", "flag") for each in fields):
        return None
    every: dict[str | int | bool, None] = {}
    for field in fields:
        every |= dict.fromkeys((False, True) if field.kind == "flag" else field.choices)
    return tuple(each for each in every if each not in items)


def _compared(expr: ir.Cmp, scope: Scope, of_line: bool, inverted: bool) -> Iterator[Needed]:
    left, right, op = expr.left, expr.right, expr.op
    if isinstance(left, ir.Num | ir.Txt | ir.Flg):
        left, right, op = right, left, _FLIPPED[op]  # type: ignore[assignment]
    if inverted:
        op = _OPPOSITE[op]  # type: ignore[assignment]
    match right:
        case ir.Txt(value=value) | ir.Flg(value=value):
            yield from _among(left, (value,), expr.at, scope, op == "!=")
        case ir.Num():
            yield from _bounded(left, op, right, expr.at, scope, of_line)
        case _:
            if not of_line and not inverted and is_steady(expr, scope):
                yield from _asked(expr, scope, inverted)


def _bounded(left: ir.Expr, op: str, right: ir.Num, at: ir.Origin, scope: Scope, of_line: bool) -> Iterator[Needed]:
    """A number held to a constant: as a bound of its own, and, of one that is to be more than nothing, by what makes
    it."""
    subject = _subject(left, scope)
    if subject is not None:
        found, fields = subject
        num, den = right.num * _scale(fields), right.den
        low, high = _bounds(op, num, den)
        if op == "=" and num % den == 0:
            yield Key(found, "one of", (num // den,), at=at)
        elif low is not None and not _may_be_absent(fields):
            yield Key(found, "within", low=low, at=at)
        elif high is not None:
            yield Key(found, "within", high=high, at=at)
    if isinstance(left, ir.Fold | ir.Mul | ir.Add | ir.Picked) and (
        (op in (">=", "=") and right.num > 0) or (op == ">" and right.num >= 0)
    ):
        yield from positive(left, scope, of_line)


def _bounds(op: str, num: int, den: int) -> tuple[int | None, int | None]:
    match op:
        case ">=":
            return -(-num // den), None
        case ">":
            return num // den + 1, None
        case "<=":
            return None, num // den + 1
        case "<":
            return None, -(-num // den)
        case _:
            return None, None


def _scale(fields: tuple[ir.FieldDef, ...]) -> int:
    return BILLION if any(each.kind == "rate" for each in fields) else 1


def _may_be_absent(fields: tuple[ir.FieldDef, ...]) -> bool:
    """Whether a day that is absent may be compared: it lies after every day."""
    return any(each.optional and each.kind in ("date", "instant") for each in fields)


def _windows(needed: Iterable[Needed]) -> tuple[Needed, ...]:
    """Bounds of one subject meet in a window, values in those that all of them name; the text of the first stands for
    all. Of lines each fact may hold on another one."""
    every = tuple(needed)
    if len(every) < 2:
        return every
    found: list[Needed] = []
    met: dict[tuple[Subject, str], Key] = {}
    for each in every:
        if isinstance(each, Either) or each.test == "contains" or each.subject.kind in ("line", "code"):
            found.append(each)
            continue
        place = each.subject, each.test
        known = met.get(place)
        met[place] = each if known is None else _both(known, each)
    return (*found, *met.values())


def _both(one: Key, other: Key) -> Key:
    if one.test == "one of":
        values = tuple([value for value in one.values if value in other.values])
        return msgspec.structs.replace(one, values=values) if values else one
    low = max((low for low in (one.low, other.low) if low is not None), default=None)
    high = min((high for high in (one.high, other.high) if high is not None), default=None)
    return Key(one.subject, "within", (), low, high, one.at)


# ---- what is looked at


def _subject(expr: ir.Expr, scope: Scope) -> tuple[Subject, tuple[ir.FieldDef, ...]] | None:
    match expr:
        case ir.Field() | ir.MemberField() | ir.LineField():
            return _field(expr, scope)
        case ir.Today(begins=False):
            return Subject("today"), ()
        case ir.Now():
            return Subject("now"), ()
        case ir.CurrencyRead():
            return Subject("currency"), ()
        case ir.TrackRead() | ir.BalanceRead() | ir.TierRead() | ir.Fold():
            found = _number(bare(expr), scope)
            return None if found is None else (found, ())
    return None


def _number(expr: ir.Expr, scope: Scope) -> Subject | None:
    """The one subject of all numbers that say the same; None where rules may see it differently."""
    if expr not in scope.numbers:
        fits = is_steady(expr, scope) and _is_whole(expr, scope)
        scope.numbers[expr] = Subject("number", expr=expr) if fits else None
    return scope.numbers[expr]


def _field(expr: ir.Expr, scope: Scope) -> tuple[Subject, tuple[ir.FieldDef, ...]] | None:
    match expr:
        case ir.Field(name=name):
            return Subject("event", name), scope.fields[name]
        case ir.MemberField(name=name):
            return Subject("member", name), scope.facts[name]
        case ir.LineField(name=name):
            return Subject("line", name), scope.lines[name]
        case _:
            return None


def _is_whole(expr: ir.Expr, scope: Scope) -> bool:
    """Whether a number is whole as it is kept."""
    match expr:
        case ir.Fold(op="sum", value=ir.LineMoney(side="") | ir.LineQuantity()):
            return True
        case ir.Fold(op="sum", value=ir.LineField(name=name)):
            return _scale(scope.lines[name]) == 1
        case ir.Fold(op="sum"):
            return False
        case ir.TrackRead(track=track):
            return scope.tracks[track].kind not in ("first day", "last day")
        case _:
            return True


def is_steady(expr: ir.Expr, scope: Scope, guarded: bool = False) -> bool:
    """Whether all rules of the stage see an expression alike, and it can be read where no guard was asked."""
    return all(_steady(node, scope, guarded) for node in ir.walk(expr))


def _steady(node: ir.Node, scope: Scope, guarded: bool) -> bool:
    match node:
        case ir.Field(name=name):
            return guarded or not any(each.optional for each in scope.fields[name])
        case ir.MemberField(name=name):
            return guarded or not any(each.optional for each in scope.facts[name])
        case ir.LineMoney(base=base):
            return base in ("list", "was") or not scope.offers
        case ir.BalanceRead():
            return not (scope.offers or scope.taking)
        case ir.Today(begins=begins):
            return not begins
        case ir.TierRead(which=which):
            return which == "held"
        case ir.TrackRead() | ir.Fold():
            return True
        case _:
            return isinstance(node, _STEADY)


def bare(expr: ir.Expr) -> ir.Expr:
    """The same expression without its origins, so that it equals another that says the same."""
    found: Any = _bare(expr)
    return found  # type: ignore[no-any-return]


NOWHERE: Final = ir.Origin(0, 0, 0)


def _bare(value: Any) -> Any:
    kind = type(value)
    if kind is tuple:
        return tuple([_bare(each) for each in value])
    inner = inner_fields(kind)
    if inner is None:
        return value
    changed = {name: _bare(each) for name in inner if (each := getattr(value, name)) is not None}
    if "at" in kind.__struct_fields__:
        changed["at"] = NOWHERE
    return msgspec.structs.replace(value, **changed) if changed else value


# ---- amounts


def positive(expr: ir.Expr, scope: Scope, of_line: bool = False) -> tuple[Needed, ...]:
    """The facts that follow from an amount that is more than nothing."""
    match expr:
        case ir.Mul(left=left, right=right):
            return (*positive(left, scope, of_line), *positive(right, scope, of_line))
        case ir.Steps(value=value) | ir.Round(value=value):
            return positive(value, scope, of_line)
        case ir.Clip(value=value, low=low):
            return positive(value, scope, of_line) if low is None or never(low) else ()
        case ir.Add(parts=parts) | ir.Largest(items=parts):
            return either([positive(part, scope, of_line) for part in parts if not never(part)], expr.at)
        case ir.Fold(where=where, of="lines"):
            return holding(where, scope, of_line=True)
        case ir.Picked(select=ir.Selection(where=where, of="lines")):
            return holding(where, scope, of_line=True)
        case ir.Choose():
            rows = [_row(expr, row, scope, of_line) for row in expr.rows if not _stops(row)]
            return either(rows, expr.at)
        case _:
            return ()


def _stops(row: ir.ChooseRow) -> bool:
    return isinstance(row.value, ir.Stop) or never(row.value)


def _row(table: ir.Choose, row: ir.ChooseRow, scope: Scope, of_line: bool) -> tuple[Needed, ...]:
    found: list[Needed] = []
    for key, test in zip(table.keys, row.tests, strict=True):
        subject = _subject(key, scope)
        if subject is None or _scale(subject[1]) > 1:
            continue
        match test:
            case ir.InTest(values=values):
                found.append(Key(subject[0], "one of", values, at=table.at))
            case ir.RangeTest(low=low, high=high) if not _may_be_absent(subject[1]):
                found.append(Key(subject[0], "within", (), low, high, at=table.at))
            case _:
                continue
    assert not isinstance(row.value, ir.Stop)
    return (*found, *positive(row.value, scope, of_line))


def never(expr: ir.Expr) -> bool:
    """Whether an amount is plainly nothing, or less."""
    return isinstance(expr, ir.Num) and expr.num <= 0


def either(sides: list[tuple[Needed, ...]], at: ir.Origin) -> tuple[Needed, ...]:
    """What follows where one of some sides holds."""
    if not sides or not all(sides):
        return ()
    return sides[0] if len(sides) == 1 else (Either(tuple(sides), at),)
