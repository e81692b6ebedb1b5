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
from typing import Any, Final, TypeAlias

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
    constant, plain, inner = way
    skeleton.append(kind)
    if constant is not None:
        constant(value, skeleton, constants)
    if plain is not None:
        skeleton.append(plain(value))
    if inner is not None:
        for each in inner(value):
            if each is None or each == ():
                skeleton.append(each)
            else:
                _walk(each, skeleton, constants)


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


_Read: TypeAlias = Callable[[Any, list[object], list[Constant]], None]


def _num(value: ir.Num, skeleton: list[object], constants: list[Constant]) -> None:
    constants.append((value.num, value.den))
    skeleton.append((value.num > 0) - (value.num < 0))


def _txt(value: ir.Txt, _: list[object], constants: list[Constant]) -> None:
    constants.append(value.value)


def _one_of(value: ir.OneOf, skeleton: list[object], constants: list[Constant]) -> None:
    constants.append(value.items)
    skeleton.append(type(value.items[0]))


def _of_fields(names: tuple[str, ...], texts: str) -> _Read:
    """What reads a record with some fields that are constants, and one that is a list of them."""
    read, own = _reader(names), attrgetter(texts) if texts else None
    assert read is not None

    def of(value: Any, skeleton: list[object], constants: list[Constant]) -> None:
        for each in read(value):
            constants.append(each)
            skeleton.append(each is None or each == ())
        if own is not None:
            found = own(value)
            constants.extend(found)
            skeleton.append(len(found))

    return of


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


def inner_fields(kind: type) -> tuple[str, ...] | None:
    """The fields of a record that may hold records; None for no record."""
    found = _names(kind)
    return None if found is None else found[1]


_Way: TypeAlias = "tuple[_Read | None, Callable[[Any], Any] | None, Callable[[Any], tuple[Any, ...]] | None]"
"""How a record is walked: what reads its constants, the fields that are compared as they stand, and those that are
walked."""


@cache
def _way(kind: Any) -> _Way | None:
    """How a record is walked; None for no record."""
    names = _names(kind)
    if names is None:
        return None
    constant = _NODES[kind][0] if kind in _NODES else _of_fields(*_FIELDS[kind]) if kind in _FIELDS else None
    plain, inner = names
    return constant, attrgetter(*plain) if plain else None, _reader(inner)


def _reader(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]] | None:
    """What reads some fields at once; None for none."""
    if len(names) == 1:
        one = attrgetter(*names)
        return lambda value: (one(value),)
    return attrgetter(*names) if names else None
