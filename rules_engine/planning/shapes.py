"""Rules that differ in constants alone: one shape, and a table of their constants.

In: rules. Out: of each, a skeleton that two rules share where they say the same but for constants, and these constants
in the order of the text. Constants are numbers, texts, the items of an `in` list, the codes that set a rule off, what
it says, and the keys and titles that name a rule and its limits. What an evaluator does differently for one value and
another stays in the skeleton: signs, flags, units, periods, tables.

`refilled` goes the same way with other constants in their place, so that an evaluator can write one rule for a shape.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from rules_engine import ir

Constant: TypeAlias = "str | int | tuple[str | int | bool, ...] | None"


def skeleton_of(rule: ir.OfferDef | ir.RuleDef) -> tuple[tuple[object, ...], tuple[Constant, ...]]:
    """The skeleton of a rule, to be compared, and its constants."""
    skeleton: list[object] = []
    constants: list[Constant] = []
    _walk(rule, skeleton, constants)
    return tuple(skeleton), tuple(constants)


def _walk(value: Any, skeleton: list[object], constants: list[Constant]) -> None:
    kind: Any = type(value)
    if kind is tuple:
        skeleton.append(len(value))
        for each in value:
            _walk(each, skeleton, constants)
        return
    way = _way(kind)
    if way is None:
        skeleton.append(value)
        return
    skeleton.append(kind)
    if way.node is not None:
        found, beside = way.node(value)
        constants.extend(found)
        skeleton.extend(beside)
    elif way.fields is not None:
        _of_fields(value, *way.fields, skeleton, constants)
    if way.plain is not None:
        skeleton.extend(way.plain(value))
    if way.walked is not None:
        for each in way.walked(value):
            if each is None:
                skeleton.append(None)
            else:
                _walk(each, skeleton, constants)


def _of_fields(
    value: Any, names: tuple[str, ...], texts: str, skeleton: list[object], constants: list[Constant]
) -> None:
    for name in names:
        each = getattr(value, name)
        constants.append(each)
        skeleton.append(each is None or each == ())
    if texts:
        own = getattr(value, texts)
        constants.extend(own)
        skeleton.append(len(own))


def refilled(value: Any, take: Callable[[Any], Any]) -> Any:
    """The same rule with what `take` makes of each constant, one after the other: of a node that is one, of a field
    that holds one."""
    kind: Any = type(value)
    if kind is tuple:
        return tuple([refilled(each, take) for each in value])
    changed: dict[str, Any] = {}
    if kind in _NODES:
        value = take(value)
        kind = type(value)
    elif kind in _FIELDS:
        names, texts = _FIELDS[kind]
        changed = {name: take(getattr(value, name)) for name in names}
        if texts:
            changed[texts] = tuple([take(each) for each in getattr(value, texts)])
    walked = _names(kind)
    if walked is None:
        return value
    for name in walked[1]:
        each = getattr(value, name)
        if each is not None:
            changed[name] = refilled(each, take)
    return msgspec.structs.replace(value, **changed) if changed else value


# ---- the constants of a node, and what of them belongs to the skeleton


_Read: TypeAlias = Callable[[Any], tuple[tuple[Constant, ...], tuple[object, ...]]]


def _num(value: ir.Num) -> tuple[tuple[Constant, ...], tuple[object, ...]]:
    return ((value.num, value.den),), ((value.num > 0) - (value.num < 0),)


def _txt(value: ir.Txt) -> tuple[tuple[Constant, ...], tuple[object, ...]]:
    return (value.value,), ()


def _one_of(value: ir.OneOf) -> tuple[tuple[Constant, ...], tuple[object, ...]]:
    return (value.items,), (type(value.items[0]),)


_NODES: Final[dict[type, tuple[_Read, tuple[str, ...]]]] = {
    ir.Num: (_num, ("num", "den")),
    ir.Txt: (_txt, ("value",)),
    ir.OneOf: (_one_of, ("items",)),
}
"""Nodes that are constants, or hold one: how it is read, and the fields that it fills."""

_FIELDS: Final[dict[type, tuple[tuple[str, ...], str]]] = {
    ir.CodeDef: (("texts",), ""),
    ir.LimitDef: (("key", "times", "amount"), ""),
    ir.OfferDef: (("key", "title"), "says"),
    ir.RuleDef: (("key", "title"), "says"),
}
"""Fields that are constants, and one that is a list of them. Whether there is one, and how many, is no constant."""

_PLAIN: Final = re.compile(
    r"(?:str|int|bool|None|Literal\[[^]]*\]|tuple\[(?:str|int), \.\.\.\]|Stage|Base|Side|[A-Z]\w*Mode|[ |])+"
)


def _left_out(kind: type) -> tuple[str, ...]:
    if kind in _NODES:
        return ("at", *_NODES[kind][1])
    names, texts = _FIELDS.get(kind, ((), ""))
    return ("at", "was", texts, *names) if names else ("at",)


@cache
def _names(kind: Any) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The fields of a record that are compared as they stand, and those that are walked; None for no record. Origins
    are left out, and the key that a rule had before."""
    if not issubclass(kind, msgspec.Struct) or kind is ir.Origin:
        return None
    written = {name: str(note) for each in kind.__mro__ for name, note in vars(each).get("__annotations__", {}).items()}
    names = [name for name in kind.__struct_fields__ if name not in _left_out(kind)]
    plain = tuple(name for name in names if _PLAIN.fullmatch(written[name]))
    return plain, tuple(name for name in names if name not in plain)


class _Way(NamedTuple):
    """How a record is walked: how a node that is a constant is read, or which fields are constants; then the fields
    that are compared as they stand, and those that are walked."""

    node: _Read | None
    fields: tuple[tuple[str, ...], str] | None
    plain: Callable[[Any], tuple[Any, ...]] | None
    walked: Callable[[Any], tuple[Any, ...]] | None


@cache
def _way(kind: Any) -> _Way | None:
    """How a record is walked; None for no record."""
    names = _names(kind)
    if names is None:
        return None
    node = _NODES[kind][0] if kind in _NODES else None
    return _Way(node, _FIELDS.get(kind), *map(_reader, names))


def _reader(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]] | None:
    """What reads some fields at once; None for none."""
    if len(names) == 1:
        one = attrgetter(*names)
        return lambda value: (one(value),)
    return attrgetter(*names) if names else None
