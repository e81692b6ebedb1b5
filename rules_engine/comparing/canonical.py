"""One form for all ways of writing the same: what two programs are compared in.

In: a core. Out: the same core with every condition and every sum in one form, every list whose order means nothing
sorted, and, of the old program, the names that the new one says were renamed.

The form is reached by laws that hold for every event: `and` and `or` in any order and depth, twice the same part, a
double `not`, `not` taken inside, `100 < net` for `net > 100`, `x is a or x is b` for a list, sums and products in any
order, rows of a table in any order (they are disjoint). Whether two different forms hold alike is not searched for:
then both texts are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from rules_engine import ir
from rules_engine.lowering import meaning

T = TypeVar("T")

MIRRORED: Final[dict[str, Any]] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""A comparison with its sides changed."""
OPPOSITE: Final[dict[str, Any]] = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
"""A comparison that holds where the other does not."""
_CONSTANT: Final = ir.Num | ir.Txt | ir.Flg | ir.PerCurrency


class Renames(msgspec.Struct, frozen=True):
    """Old names and what they are called now: keys of rules, names of tracks, of imported columns and tables."""

    rules: Mapping[str, str] = {}
    tracks: Mapping[str, str] = {}
    imports: Mapping[str, str] = {}


def canonical(core: ir.Program, renames: Renames) -> ir.Program:
    """A program in the form in which it is compared."""

    def change(one: msgspec.Struct) -> msgspec.Struct:
        return normal(renamed(one, renames))

    return rebuilt(core, change)


def same(one: object, other: object) -> bool:
    """Whether two parts in this form mean the same, wherever they stand."""
    return one is other or _bytes(one) == _bytes(other)


def _bytes(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        return meaning(value)
    return tuple(map(_bytes, value)) if isinstance(value, tuple) else value


def rebuilt(value: T, change: Callable[[msgspec.Struct], msgspec.Struct]) -> T:
    """A value with every record in it changed, inner ones first."""
    made: Any = value
    if isinstance(value, tuple):
        made = tuple([rebuilt(each, change) if isinstance(each, tuple | msgspec.Struct) else each for each in value])
    elif isinstance(value, msgspec.Struct) and not isinstance(value, ir.Origin):
        fields: dict[str, Any] = {}
        for name in value.__struct_fields__:
            held = getattr(value, name)
            if isinstance(held, tuple | msgspec.Struct):
                fields[name] = rebuilt(held, change)
        made = change(replace(value, **fields) if fields else value)
    return made  # type: ignore[no-any-return]


# ---- names ----

_ONE: Final[dict[type, tuple[tuple[str, str], ...]]] = {
    ir.AwardRead: (("rule", "rules"),),
    ir.AwardPart: (("rule", "rules"),),
    ir.TrackRead: (("track", "tracks"),),
    ir.KeyFold: (("track", "tracks"),),
    ir.Across: (("track", "tracks"),),
    ir.Reaches: (("track", "tracks"),),
    ir.CarryDef: (("track", "tracks"),),
    ir.MarksDef: (("track", "tracks"),),
    ir.KeysDef: (("track", "tracks"),),
    ir.Imported: (("table", "imports"),),
    ir.InImported: (("column", "imports"),),
    ir.CodeDef: (("column", "imports"),),
    ir.ImportDef: (("name", "imports"),),
}
"""Fields that hold one name."""

_MANY: Final[dict[type, tuple[str, ...]]] = {
    ir.TrackDef: ("rules",),
    ir.RuleDef: ("reads",),
    ir.OfferDef: ("reads",),
    ir.ConsentDef: ("rules",),
    ir.PolicyDef: ("order",),
    ir.GroupDef: ("order",),
    ir.HoldoutDef: ("rules",),
    ir.Program: ("tender",),
}
"""Fields that hold keys of rules."""


def renamed(one: msgspec.Struct, names: Renames) -> msgspec.Struct:
    """A record with the names of the new program in it."""
    for field, what in _ONE.get(type(one), ()):
        known: Mapping[str, str] = getattr(names, what)
        if getattr(one, field) in known:
            one = replace(one, **{field: known[getattr(one, field)]})
    for field in _MANY.get(type(one), ()) if names.rules else ():
        listed = getattr(one, field)
        if listed:
            one = replace(one, **{field: tuple(names.rules.get(each, each) for each in listed)})
    if isinstance(one, ir.LimitDef) and names.rules:
        owner = one.key.split(": ", 1)[0]
        for old, new in names.rules.items():
            if owner == old:
                one = replace(one, key=new + one.key[len(old) :])
    if isinstance(one, ir.RuleDef | ir.OfferDef | ir.MatchDef) and one.key in names.rules:
        one = replace(one, key=names.rules[one.key])
    if isinstance(one, ir.TrackDef) and one.name in names.tracks:
        one = replace(one, name=names.tracks[one.name], key=names.tracks[one.name])
    return one


# ---- forms ----


def normal(one: msgspec.Struct) -> msgspec.Struct:
    """A record in its one form, whose parts are in theirs."""
    match one:
        case ir.All(at=at, parts=parts):
            return _joined(ir.All, at, parts)
        case ir.Any(at=at, parts=parts):
            return _joined(ir.Any, at, parts)
        case ir.Not(at=at, value=value):
            return opposite(at, value)
        case ir.Cmp():
            return _compared(one)
        case ir.OneOf(items=items):
            return replace(one, items=tuple(sorted(set(items), key=_typed)))
        case ir.Add(at=at, parts=parts):
            return ir.Add(at, _ordered(inner for each in parts for inner in _parts(each, ir.Add)))
        case ir.Mul():
            return _product(one)
        case ir.Largest(at=at, items=items):
            return ir.Largest(at, _ordered(items))
        case ir.Choose(at=at, keys=keys, rows=rows):
            return ir.Choose(at, keys, tuple(sorted(rows, key=_row)))
        case ir.InTest(values=values):
            return ir.InTest(tuple(sorted(set(values), key=_typed)))
        case ir.PerCurrency(at=at, amounts=amounts):
            return ir.PerCurrency(at, tuple(sorted(amounts, key=lambda each: each[0])))
        case ir.EventDef():
            return replace(one, fields=_named(one.fields), lines=_lines(one))
        case ir.RuleDef() | ir.OfferDef() | ir.MatchDef() | ir.TrackDef():
            return replace(one, events=tuple(sorted(one.events)))
        case _:
            return one


def opposite(at: ir.Origin, value: ir.Expr) -> ir.Expr:
    """What holds where a condition in its form does not."""
    match value:
        case ir.Not(value=inner):
            return inner
        case ir.Flg(value=flag):
            return ir.Flg(at, not flag)
        case ir.Cmp(op=op, left=left, right=right):
            return ir.Cmp(at, OPPOSITE[op], left, right)
        case ir.All(parts=parts):
            return _joined(ir.Any, at, tuple(opposite(each.at, each) for each in parts))
        case ir.Any(parts=parts):
            return _joined(ir.All, at, tuple(opposite(each.at, each) for each in parts))
        case _:
            return ir.Not(at, value)


def _joined(kind: type[ir.All | ir.Any], at: ir.Origin, parts: Iterable[ir.Expr]) -> ir.Expr:
    flat = [inner for each in parts for inner in _parts(each, kind)]
    if kind is ir.Any:
        flat = _listed(flat)
    unlike = {meaning(each): each for each in flat}
    if len(unlike) == 1:
        return next(iter(unlike.values()))
    return kind(at, _ordered(unlike.values()))


def _listed(parts: Iterable[ir.Expr]) -> list[ir.Expr]:
    """Parts of an `or`, those that ask one value for texts put together."""
    found: dict[object, ir.Expr] = {}
    for number, each in enumerate(parts):
        if isinstance(each, ir.OneOf) and all(isinstance(item, str) for item in each.items):
            key: object = meaning(each.value)
            known = found.get(key)
            items = (*known.items, *each.items) if isinstance(known, ir.OneOf) else each.items
            found[key] = replace(each, items=tuple(sorted(set(items), key=_typed)))
        else:
            found[number] = each
    return list(found.values())


def _compared(one: ir.Cmp) -> ir.Expr:
    """A comparison with what is constant on the right; with texts, as a list of one."""
    swapped, constant = isinstance(one.left, _CONSTANT), isinstance(one.right, _CONSTANT)
    if (swapped and not constant) or (swapped == constant and meaning(one.right) < meaning(one.left)):
        one = ir.Cmp(one.at, MIRRORED[one.op], one.right, one.left)
    if isinstance(one.right, ir.Txt) and one.op in {"=", "!="}:
        among = ir.OneOf(one.at, one.left, (one.right.value,))
        return among if one.op == "=" else ir.Not(one.at, among)
    return one


def _product(one: ir.Mul) -> ir.Expr:
    """A product: its number first, then its factors in order."""
    number, factors, at = Fraction(1), list[ir.Expr](), None
    for each in (*_parts(one.left, ir.Mul), *_parts(one.right, ir.Mul)):
        if isinstance(each, ir.Num):
            number *= Fraction(each.num, each.den)
            at = each.at
        else:
            factors.append(each)
    terms = [*_ordered(factors)]
    if at is not None:
        terms.insert(0, ir.Num(at, number.numerator, number.denominator))
    made = terms[0]
    for each in terms[1:]:
        made = ir.Mul(one.at, made, each)
    return made


def _parts(one: ir.Expr, kind: type) -> tuple[ir.Expr, ...]:
    """The parts of a node of some kind, of nodes of that kind in it as well; another node is its own part."""
    if isinstance(one, ir.Mul) and kind is ir.Mul:
        return (*_parts(one.left, kind), *_parts(one.right, kind))
    return one.parts if isinstance(one, ir.All | ir.Any | ir.Add) and type(one) is kind else (one,)


def _ordered(parts: Iterable[ir.Expr]) -> tuple[ir.Expr, ...]:
    return tuple(sorted(parts, key=meaning))


def _lines(event: ir.EventDef) -> ir.LinesDef | None:
    """The lines of an event. Without an id lines are told apart by their fields in order, which decides between lines
    that are equal otherwise: then the order stays."""
    lines = event.lines
    if lines is None or not any(each.name == event.line_id_field and not each.optional for each in lines.fields):
        return lines
    return replace(lines, fields=_named(lines.fields))


def _named(fields: tuple[ir.FieldDef, ...]) -> tuple[ir.FieldDef, ...]:
    return tuple(sorted(fields, key=lambda each: each.name))


def _row(row: ir.ChooseRow) -> tuple[bool, bytes]:
    """Rows by what they ask, `otherwise` last."""
    return all(isinstance(each, ir.AnyTest) for each in row.tests), meaning(row)


def _typed(value: object) -> tuple[str, Any]:
    return type(value).__name__, value
